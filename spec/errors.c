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

	if (x->source != y->source)
		return x->source > y->source ? 1 : -1;
	return (x->line > y->line) - (x->line < y->line);
}

int read_errors(const struct reader *how, const struct table *t, struct json *root, void *obj, size_t size,
		struct spec_errors *ret)
{
	const struct json *culprit = NULL;
	struct reader own = *how;
	struct spec_error *one;
	int r = 0, first = 0;

	own.culprit = &culprit;
	own.all = true;
	*ret = (struct spec_errors){.v = arena_alloc(own.arena, ERRORS_MAX * sizeof(*ret->v))};
	if (!ret->v)
		return -ENOMEM;
	for (; r == 0 && ret->n < ERRORS_MAX; ret->n++) {
		one = &ret->v[ret->n];
		culprit = NULL;
		memset(obj, 0, size);
		if (read_object(&own, t, root, obj, &one->err) == 0)
			break;
		first = first ? first : -one->err.code;
		one->line = culprit ? line_of(&own, culprit) : 0;
		one->source = culprit ? culprit->source : 0;
		if (!culprit || culprit == root || culprit->wrong)
			r = -one->err.code;
		else
			((struct json *)culprit)->wrong = 1; /* of the caller's tree, which is not const */
	}
	ret->more = ret->n == ERRORS_MAX;
	qsort(ret->v, ret->n, sizeof(*ret->v), by_line);
	return first;
}
