/* SPDX-License-Identifier: Apache-2.0 */
/* All errors of a document. It is read again without each value that was wrong, until the rest is right. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "field.h"

#define ERRORS_MAX 100

static int by_line(const void *a, const void *b)
{
	const struct spec_error *x = a, *y = b;

	return (x->line > y->line) - (x->line < y->line);
}

int read_errors(const struct reader *how, const struct table *t, const char *text, size_t len, void *obj, size_t size,
		struct spec_errors *ret)
{
	struct spec_error *one;
	const struct json *root, *culprit = NULL;
	struct reader own = *how, *rd = &own;
	struct arena nodes = {0};
	int r, first;

	own.text = text;
	own.culprit = &culprit;
	*ret = (struct spec_errors){.v = arena_alloc(rd->arena, ERRORS_MAX * sizeof(*ret->v))};
	if (!ret->v)
		return -ENOMEM;
	one = ret->v;
	r = json_parse(text, len, rd->strict ? JSON_COMMENTS | JSON_STRICT : 0, &nodes, rd->arena, &root, &one->err);
	first = r;
	for (ret->n = r < 0; r == 0 && ret->n < ERRORS_MAX; ret->n++) {
		one = &ret->v[ret->n];
		culprit = NULL;
		memset(obj, 0, size);
		if (read_object(rd, t, root, obj, &one->err) == 0)
			break;
		first = first ? first : -one->err.code;
		one->line = culprit ? json_line(text, culprit->offset) : 0;
		if (!culprit || culprit == root || culprit->wrong)
			r = -one->err.code;
		else
			((struct json *)culprit)->wrong = 1; /* the nodes are this function's own */
	}
	ret->more = ret->n == ERRORS_MAX;
	qsort(ret->v, ret->n, sizeof(*ret->v), by_line);
	arena_free(&nodes);
	return first;
}
