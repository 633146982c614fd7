/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text as a small tree. Internal to spec/: json.c is the only file that knows yajl. */
#ifndef SPEC_JSON_H
#define SPEC_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

#define JSON_DEPTH_MAX  64         /* arrays and objects inside each other */
#define JSON_SOURCES    64         /* texts that a tree can be made of */
#define JSON_VALUES_MAX (1u << 20) /* of one text: bounds the memory that a file of SPEC_FILE_MAX bytes can ask for */

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
	struct json *next; /* the next element or member, in the order of the text */
	const char *key;   /* of a member; NULL for elements and the root */
	union {
		char *text; /* JSON_STRING: its value; JSON_NUMBER: as it is written, so that 64 bits stay exact */
		struct json *first; /* JSON_ARRAY, JSON_OBJECT */
		bool truth;         /* JSON_BOOL */
	};
	uint32_t offset;         /* in the text, behind its first token */
	unsigned int count : 21; /* of elements or members */
	unsigned int source : 6; /* 0 here: which text, of a tree that is made of many (policy/extends.c) */
	unsigned int wrong : 1;  /* never set here: field.c has told its error, and does not look at it again */
	enum json_type type : 4; /* 32 bytes in all: a page of memory costs as much as reading 100 values */
};

enum json_flags {
	JSON_COMMENTS = 1, /* C and C++ comments are allowed */
	JSON_STRICT = 2,   /* a key that an object has twice is an error; else the last one wins, as in Go */
};

/* Parses text of len bytes (at most SPEC_FILE_MAX). Nodes, keys and numbers live in `nodes`, the values of strings in
 * `strings`, so that these can outlive the tree. Errors say line and column. Refused beside bad grammar: invalid
 * UTF-8, escapes of U+0000 and of half a surrogate pair, too much depth or too many values. Returns 0, -EINVAL, -EFBIG
 * or -ENOMEM. */
int json_parse(const char *text, size_t len, unsigned int flags, struct arena *nodes, struct arena *strings,
	       const struct json **ret, struct err *e);

/* The member of an object by its key, or NULL. */
const struct json *json_get(const struct json *object, const char *key);

/* The line (from 1) of a byte of the text. */
size_t json_line(const char *text, size_t offset);

/* "a string", "an object" … */
const char *json_type_name(enum json_type type);

#endif
