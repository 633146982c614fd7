/* SPDX-License-Identifier: Apache-2.0 */
/* Plain values in one run of bytes, for what the runtime hands to the jail's helper. Both are of one build: no
 * versions, native byte order; yet the reader checks every length. */
#ifndef BASE_BLOB_H
#define BASE_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "str.h"

/* Puts a number behind what is in b. What has no memory sets b->failed, as in str.h. */
void blob_put_u32(struct buf *b, uint32_t v);
void blob_put_u64(struct buf *b, uint64_t v);
/* A run of bytes with its length before it. */
void blob_put_bytes(struct buf *b, const void *data, size_t len);
/* A string that may be NULL. */
void blob_put_str(struct buf *b, const char *s);
/* A list of strings with its length before it. */
void blob_put_strv(struct buf *b, const struct strv *l);

/* Reads what was put, in the same order. The first thing that does not fit sets `bad`; from then on everything reads
 * as 0 or NULL. Strings and lists are copied into the arena. */
struct blob {
	const unsigned char *p, *end;
	struct arena *arena;
	bool bad;
};

/* The next number; 0 when there is none. */
uint32_t blob_get_u32(struct blob *b);
uint64_t blob_get_u64(struct blob *b);
/* The next run of bytes, in place: it lives as long as what is read. NULL and length 0 when there is none. */
const void *blob_get_bytes(struct blob *b, size_t *ret_len);
/* The next string or list of strings; NULL, or an empty list, when there is none. */
char *blob_get_str(struct blob *b);
void blob_get_strv(struct blob *b, struct strv *ret);

#endif
