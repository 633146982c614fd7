/* SPDX-License-Identifier: Apache-2.0 */
#include "str.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool buf_room(struct buf *b, size_t more)
{
	size_t size = b->size ? b->size : 256;
	char *data;

	if (b->failed)
		return false;
	while (size - b->len <= more)
		size *= 2;
	if (size == b->size)
		return true;
	data = realloc(b->data, size);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->size = size;
	return true;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (!buf_room(b, len))
		return;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n >= 0 && buf_room(b, (size_t)n)) {
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	} else {
		b->failed = true;
	}
	va_end(again);
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}

#define BLOCK_SIZE (16u * 1024)

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	max_align_t data[];
};

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b = a->head;
	void *p;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (!b || b->size - b->used < size) {
		size_t want = size > BLOCK_SIZE / 4 ? size : BLOCK_SIZE;

		b = calloc(1, sizeof(*b) + want);
		if (!b)
			return NULL;
		b->size = want;
		if (a->head && want == size) { /* a large one: keep filling the present block */
			b->next = a->head->next;
			a->head->next = b;
		} else {
			b->next = a->head;
			a->head = b;
		}
	}
	p = (char *)b->data + b->used;
	b->used += size;
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *p = arena_alloc(a, len + 1);

	if (p && len)
		memcpy(p, s, len);
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p = NULL;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n >= 0)
		p = arena_alloc(a, (size_t)n + 1);
	if (p)
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

void arena_free(struct arena *a)
{
	while (a->head) {
		struct arena_block *b = a->head;

		a->head = b->next;
		free(b);
	}
}

bool strv_has(const struct strv *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->v[i], s))
			return true;
	return false;
}

/* The number at the beginning of s; *ret_end is what stands behind it. */
static int parse_digits(const char *s, int base, uint64_t *ret, char **ret_end)
{
	unsigned long long v;

	if (*s < '0' || *s > '9')
		return -EINVAL;
	errno = 0;
	v = strtoull(s, ret_end, base);
	*ret = v;
	return -errno;
}

int parse_u64(const char *s, int base, uint64_t *ret)
{
	uint64_t v;
	char *end;
	int r = parse_digits(s, base, &v, &end);

	if (r < 0)
		return r;
	if (*end)
		return -EINVAL;
	*ret = v;
	return 0;
}

int parse_size(const char *s, int base, uint64_t *ret)
{
	static const char units[] = "kmgtpe";
	const char *unit;
	uint64_t v;
	char *end;
	int r = parse_digits(s, base, &v, &end);

	if (r < 0)
		return r;
	unit = *end ? strchr(units, *end | 0x20) : NULL;
	if (*end && (!unit || end[1]))
		return -EINVAL;
	if (unit && __builtin_mul_overflow(v, UINT64_C(1) << (10 * (unit - units + 1)), &v))
		return -ERANGE;
	*ret = v;
	return 0;
}

int parse_i64(const char *s, int base, int64_t *ret)
{
	uint64_t v = 0;
	int r = parse_u64(s + (*s == '-'), base, &v);

	if (r < 0)
		return r;
	if (v > (uint64_t)INT64_MAX + (*s == '-'))
		return -ERANGE;
	*ret = *s == '-' ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

bool str_has_word(const char *list, const char *word)
{
	const size_t len = word ? strlen(word) : 0;

	for (const char *p = list; *p; p += strspn(p, " \n")) {
		const size_t n = strcspn(p, " \n");

		if (n && n == len && memcmp(p, word, n) == 0)
			return true;
		p += n;
	}
	return false;
}

char *str_field(char **s, const char *sep)
{
	char *start = *s;

	if (!start)
		return NULL;
	*s = strpbrk(start, sep);
	if (*s)
		*(*s)++ = '\0';
	return start;
}

size_t str_distance(const char *a, const char *b)
{
	size_t row[40], n = strlen(b);

	if (n >= ARRAY_LEN(row))
		return SIZE_MAX;
	for (size_t i = 0; i <= n; i++)
		row[i] = i;
	for (size_t k = 1; *a; a++, k++) {
		size_t corner = row[0];

		row[0] = k;
		for (size_t i = 1; i <= n; i++) {
			size_t best = corner + (*a != b[i - 1]);

			corner = row[i];
			if (row[i] + 1 < best)
				best = row[i] + 1;
			if (row[i - 1] + 1 < best)
				best = row[i - 1] + 1;
			row[i] = best;
		}
	}
	return row[n];
}

/* Letters that have changed places are one mistake. */
static bool same_letters(const char *a, const char *b)
{
	int n[256] = {0};

	if (strlen(a) != strlen(b))
		return false;
	for (; *a; a++, b++) {
		n[(unsigned char)*a]++;
		n[(unsigned char)*b]--;
	}
	for (size_t i = 0; i < ARRAY_LEN(n); i++)
		if (n[i])
			return false;
	return true;
}

bool str_nearer(const char *word, const char *known, size_t *least)
{
	size_t d = strlen(word) < 80 ? str_distance(word, known) : SIZE_MAX;

	if (d == 2 && same_letters(word, known))
		d = 1;
	if (d >= *least || d > 2 || 2 * d >= strlen(known))
		return false;
	*least = d;
	return true;
}
