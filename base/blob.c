/* SPDX-License-Identifier: Apache-2.0 */
#include "blob.h"

#include <string.h>

#define NO_STRING UINT32_MAX

void blob_put_u32(struct buf *b, uint32_t v)
{
	buf_add(b, &v, sizeof(v));
}

void blob_put_u64(struct buf *b, uint64_t v)
{
	buf_add(b, &v, sizeof(v));
}

void blob_put_bytes(struct buf *b, const void *data, size_t len)
{
	if (len >= NO_STRING) {
		b->failed = true;
		return;
	}
	blob_put_u32(b, (uint32_t)len);
	buf_add(b, data, len);
}

void blob_put_str(struct buf *b, const char *s)
{
	if (s)
		blob_put_bytes(b, s, strlen(s));
	else
		blob_put_u32(b, NO_STRING);
}

void blob_put_strv(struct buf *b, const struct strv *l)
{
	blob_put_u64(b, l->n);
	for (size_t i = 0; i < l->n; i++)
		blob_put_str(b, l->v[i]);
}

static const void *get(struct blob *b, size_t len)
{
	const void *p = b->p;

	if (b->bad || (size_t)(b->end - b->p) < len) {
		b->bad = true;
		return NULL;
	}
	b->p += len;
	return p;
}

uint32_t blob_get_u32(struct blob *b)
{
	const void *p = get(b, sizeof(uint32_t));
	uint32_t v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

uint64_t blob_get_u64(struct blob *b)
{
	const void *p = get(b, sizeof(uint64_t));
	uint64_t v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

const void *blob_get_bytes(struct blob *b, size_t *ret_len)
{
	uint32_t len = blob_get_u32(b);
	const void *p;

	*ret_len = 0;
	if (b->bad || len == NO_STRING)
		return NULL;
	p = get(b, len);
	if (p)
		*ret_len = len;
	return p;
}

char *blob_get_str(struct blob *b)
{
	size_t len;
	const void *p = blob_get_bytes(b, &len);
	char *s = p ? arena_strndup(b->arena, p, len) : NULL;

	if (p && !s)
		b->bad = true;
	return s;
}

void blob_get_strv(struct blob *b, struct strv *ret)
{
	uint64_t n = blob_get_u64(b);

	*ret = (struct strv){0};
	if (b->bad || n > (size_t)(b->end - b->p) / sizeof(uint32_t)) {
		b->bad = true;
		return;
	}
	ret->v = arena_alloc(b->arena, (n + 1) * sizeof(char *));
	if (!ret->v) {
		b->bad = true;
		return;
	}
	for (ret->n = 0; ret->n < n; ret->n++)
		ret->v[ret->n] = blob_get_str(b);
}
