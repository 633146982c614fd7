/* SPDX-License-Identifier: Apache-2.0 */
/* TOML 1.0 as a flat list of what it defines: enough to look up keys, to refuse a broken file by its line, and to see that nothing is
 * defined twice. Internal to spec/. */
#ifndef SPEC_TOML_H
#define SPEC_TOML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"

#define TOML_FILE_MAX  (1u << 20)
#define TOML_ITEMS_MAX 20000
#define TOML_DEPTH_MAX 64

/* Paths: each key behind a TOML_KEY, the number of an element of an array behind a TOML_ELEMENT. */
#define TOML_KEY     "\x1f"
#define TOML_ELEMENT "\x1e"

enum toml_type {
	TOML_IMPLIED, /* a table that only the ones below it name */
	TOML_TABLE,   /* by a header */
	TOML_DOTTED,  /* a table by a dotted key */
	TOML_TABLES,  /* an array of tables, [[x]] */
	TOML_INLINE,
	TOML_ARRAY,
	TOML_STRING,
	TOML_BOOL,
	TOML_NUMBER, /* also a date */
};

struct toml_item {
	struct toml_item *next;
	const char *path;
	const char *key;  /* the last of the path */
	const char *text; /* of a string its value, of a boolean or number as it is written; else NULL */
	size_t line;      /* from 1 */
	size_t count;     /* of tables in TOML_TABLES */
	uint32_t hash;    /* of path */
	enum toml_type type;
};

struct toml {
	struct toml_item *first, **tail;
	size_t n;
};

/* Items live in the arena, in the order of the text. Errors say the line. Returns 0, -EINVAL, -EFBIG or -ENOMEM. */
int toml_parse(const char *text, size_t len, struct arena *a, struct toml *ret, struct err *e);

/* By its whole path, or NULL. */
const struct toml_item *toml_get(const struct toml *t, const char *path);

/* s as a basic string of TOML, in its quotes. */
void toml_quote(const char *s, struct buf *out);

#endif
