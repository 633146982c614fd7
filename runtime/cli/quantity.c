/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli.h"

/* A decimal number without sign or exponent; *s goes behind it. */
static int number(const char **s, double *ret)
{
	size_t digits = strspn(*s, "0123456789"), len = digits;
	char text[64];

	if ((*s)[len] == '.') {
		size_t more = strspn(*s + len + 1, "0123456789");

		len += 1 + more;
		digits += more;
	}
	if (!digits || len >= sizeof(text))
		return -EINVAL;
	memcpy(text, *s, len);
	text[len] = '\0';
	*ret = strtod(text, NULL);
	*s += len;
	return 0;
}

int rt_duration_ns(const char *s, uint64_t *ret)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
	double sum = 0, v;

	if (str_eq(s, "0")) {
		*ret = 0;
		return 0;
	}
	if (!*s)
		return -EINVAL;
	while (*s) {
		size_t i, len;

		if (number(&s, &v) < 0)
			return -EINVAL;
		len = strcspn(s, ".0123456789");
		for (i = 0; i < ARRAY_LEN(units); i++)
			if (strlen(units[i].name) == len && strncmp(s, units[i].name, len) == 0)
				break;
		if (i == ARRAY_LEN(units))
			return -EINVAL;
		sum += v * units[i].ns;
		s += len;
	}
	if (sum >= (double)INT64_MAX)
		return -EINVAL;
	*ret = (uint64_t)sum;
	return 0;
}

int rt_size_bytes(const char *s, int64_t *ret)
{
	static const char letters[] = "kmgtp";
	const char *letter;
	double v, unit = 1;

	if (parse_i64(s, 10, ret) == 0)
		return *ret >= -1 ? 0 : -EINVAL;
	if (number(&s, &v) < 0)
		return -EINVAL;
	s += *s == ' ';
	letter = *s ? strchr(letters, *s | 0x20) : NULL;
	if (letter) {
		for (const char *p = letters; p <= letter; p++)
			unit *= 1024;
		s += 1;
		s += (*s == 'i' || *s == 'I') && (s[1] == 'b' || s[1] == 'B');
	}
	s += *s == 'b' || *s == 'B';
	if (*s || v * unit >= (double)INT64_MAX)
		return -EINVAL;
	*ret = (int64_t)(v * unit);
	return 0;
}
