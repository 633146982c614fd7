/* SPDX-License-Identifier: Apache-2.0 */
/* A policy: whatever the text, an answer, and an error that names where. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spec/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is extended is the text again: by the same name a circle, by another one until it is too deep. */
static int find(void *arg, const struct spec_text *by, const char *name, struct spec_text *ret, struct err *e)
{
	(void)by;
	if (strlen(name) > 8)
		return err_set(e, ENOENT, "not there");
	*ret = *(const struct spec_text *)arg;
	ret->name = ret->id = name;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct spec_errors all;
	struct spec_policy p;
	struct err e = {0};
	struct spec_text t = {(const char *)data, size, "policy", NULL, "policy"};
	const struct spec_bases bases = {find, &t};
	int r = spec_policy_read(&t, &bases, &a, &p, &e);

	if (r < 0 && (e.code != -r || !e.text[0] || !e.path[0]))
		abort();
	if (r == 0 && !p.name)
		abort();
	/* The same answer where all errors are wanted, and each of them has a text. */
	if ((spec_policy_check(&t, &bases, &a, &p, &all) < 0) != (r < 0) || (all.n > 0) != (r < 0))
		abort();
	for (size_t i = 0; i < all.n; i++)
		if (!all.v[i].err.code || !all.v[i].err.text[0])
			abort();
	arena_free(&a);
	return 0;
}
