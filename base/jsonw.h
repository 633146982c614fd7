/* SPDX-License-Identifier: Apache-2.0 */
/* Writes JSON into a struct buf. The reader is spec's; this half is here because the jail's helper, which knows no
 * yajl, writes its audit lines with it. */
#ifndef BASE_JSONW_H
#define BASE_JSONW_H

#include <stdbool.h>
#include <stdint.h>

#include "str.h"

/* Start with {.out = &buf, .indent = 0 (one line) or 2}. key is NULL inside arrays and at the top. */
struct jsonw {
	struct buf *out;
	unsigned int indent;
	unsigned int depth;
	bool comma;
};

/* Opens and closes an object or array: its members are what is written in between. */
void jw_object(struct jsonw *w, const char *key);
void jw_object_end(struct jsonw *w);
void jw_array(struct jsonw *w, const char *key);
void jw_array_end(struct jsonw *w);
/* A string; bytes that are no UTF-8 come out as U+FFFD. NULL writes null. */
void jw_str(struct jsonw *w, const char *key, const char *value);
/* As jw_str, of len bytes: a NUL may be among them. */
void jw_strn(struct jsonw *w, const char *key, const char *value, size_t len);
/* A string as by printf(3). */
void jw_fmt(struct jsonw *w, const char *key, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A whole number. */
void jw_int(struct jsonw *w, const char *key, int64_t value);
void jw_uint(struct jsonw *w, const char *key, uint64_t value);
/* A number with two digits after the point. */
void jw_real(struct jsonw *w, const char *key, double value);
/* true or false; null. */
void jw_bool(struct jsonw *w, const char *key, bool value);
void jw_null(struct jsonw *w, const char *key);
/* An array of strings. */
void jw_strv(struct jsonw *w, const char *key, const struct strv *list);

#endif
