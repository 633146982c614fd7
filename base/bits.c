/* SPDX-License-Identifier: Apache-2.0 */
#include "bits.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define LONG_BITS (8 * sizeof(long))
#define BLANKS    " \t\n"

static char *trim(char *s)
{
	size_t len;

	s += strspn(s, BLANKS);
	for (len = strlen(s); len && strchr(BLANKS, s[len - 1]); len--)
		s[len - 1] = '\0';
	return s;
}

static int parse_bit(char *s, uint64_t *ret, struct err *e)
{
	const char *number = trim(s);
	int r = parse_u64(number, 10, ret);

	if (r == 0 && *ret >= BITS_MAX)
		r = -ERANGE;
	if (r == -ERANGE)
		return err_set(e, ERANGE, "'%.40s' is beyond the last number that can be, %d", number, BITS_MAX - 1);
	return r < 0 ? err_set(e, EINVAL, "'%.40s' is no number; lists look like \"0-3,7\"", number) : 0;
}

/* "3" or "0-3": the text is changed. */
static int parse_range(char *s, uint64_t *ret_first, uint64_t *ret_last, struct err *e)
{
	char *last = strchr(s, '-');
	int r;

	if (last)
		*last++ = '\0';
	r = parse_bit(s, ret_first, e);
	if (r < 0)
		return r;
	*ret_last = *ret_first;
	if (last && (r = parse_bit(last, ret_last, e)) < 0)
		return r;
	if (*ret_last < *ret_first)
		return err_set(e, EINVAL, "the range %u-%u goes backwards", (unsigned int)*ret_first,
			       (unsigned int)*ret_last);
	return 0;
}

int bits_parse(const char *list, struct arena *a, struct bits *ret, struct err *e)
{
	char *rest = arena_strdup(a, list), *part;
	unsigned long *v = arena_alloc(a, BITS_MAX / 8);
	uint64_t first, last;

	*ret = (struct bits){0};
	if (!rest || !v)
		return err_set(e, ENOMEM, "out of memory");
	while ((part = str_field(&rest, ","))) {
		int r;

		part = trim(part);
		if (!*part)
			continue;
		r = parse_range(part, &first, &last, e);
		if (r < 0)
			return r;
		for (uint64_t i = first; i <= last; i++)
			v[i / LONG_BITS] |= 1ul << i % LONG_BITS;
		if (last / LONG_BITS >= ret->n)
			ret->n = last / LONG_BITS + 1;
	}
	if (!ret->n)
		return err_set(e, EINVAL, "the list is empty");
	ret->v = v;
	return 0;
}

bool bits_has(const struct bits *b, size_t i)
{
	return i / LONG_BITS < b->n && (b->v[i / LONG_BITS] >> i % LONG_BITS & 1);
}

size_t bits_count(const struct bits *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += (size_t)__builtin_popcountl(b->v[i]);
	return n;
}

char *bits_list(const struct bits *b, struct arena *a)
{
	AUTO_BUF text = {0};

	for (size_t i = 0; i < b->n * LONG_BITS; i++) {
		size_t first = i;

		if (!bits_has(b, i))
			continue;
		while (bits_has(b, i + 1))
			i++;
		buf_printf(&text, first == i ? "%s%zu" : "%s%zu-%zu", text.len ? "," : "", first, i);
	}
	return text.failed ? NULL : arena_strdup(a, text.data ? text.data : "");
}
