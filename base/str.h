/* SPDX-License-Identifier: Apache-2.0 */
/* Growing strings, arenas, and strict numbers. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* A growing, always NUL-terminated string. Start with {0}; free with buf_free. An allocation that fails sets `failed`
 * and the later calls do nothing, so that only the end needs a check. */
struct buf {
	char *data;
	size_t len, size;
	bool failed;
};
#define AUTO_BUF __attribute__((cleanup(buf_free))) struct buf

/* Adds bytes, a string, or a text as by printf(3), behind what is there. */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_str(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Frees it: it is empty then, and may be used again. */
void buf_free(struct buf *b);

/* Memory that is freed all at once. Start with {0}. */
struct arena {
	struct arena_block *head;
};

/* Zeroed memory of size bytes, aligned for any type, or NULL when there is none. */
void *arena_alloc(struct arena *a, size_t size);
/* A copy of the string (of len bytes of it, with a NUL after them), or a text as by printf(3); NULL when there is no memory. */
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Frees all that was allocated in it: it is empty then, and may be used again. */
void arena_free(struct arena *a);

/* A NULL-terminated list of strings with its length; v may be NULL when n is 0. */
struct strv {
	char **v;
	size_t n;
};

/* True when s is in the list. */
bool strv_has(const struct strv *l, const char *s);

/* Strict numbers: the whole string, no sign for the unsigned, no blanks, no overflow. base 0 takes 0x and 0 prefixes.
 * Return 0, -EINVAL or -ERANGE. */
int parse_u64(const char *s, int base, uint64_t *ret);
int parse_i64(const char *s, int base, int64_t *ret);

/* A number as the kernel's files take it: as parse_u64, and perhaps one of K, M, G, T, P, E after it, of either case: 4096, 4k, 0x1000 (in
 * base 0). Returns 0, -EINVAL or -ERANGE. */
int parse_size(const char *s, int base, uint64_t *ret);

/* Whether word is one of those in list, which have blanks or line ends between them. None of them is empty. */
bool str_has_word(const char *list, const char *word);

/* Splits the next field off *s at any char of sep; returns NULL at the end. Changes the string. */
char *str_field(char **s, const char *sep);

static inline bool str_eq(const char *a, const char *b)
{
	return a == b || (a && b && __builtin_strcmp(a, b) == 0);
}

static inline bool str_starts(const char *s, const char *prefix)
{
	return __builtin_strncmp(s, prefix, __builtin_strlen(prefix)) == 0;
}

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The edit distance of two short words (Levenshtein). */
size_t str_distance(const char *a, const char *b);
/* Whether known is what somebody meant who wrote word, and is nearer than what was found before; *least: SIZE_MAX at first. */
bool str_nearer(const char *word, const char *known, size_t *least);

#endif
