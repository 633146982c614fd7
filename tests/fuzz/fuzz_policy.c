/* SPDX-License-Identifier: Apache-2.0 */
/* A policy: whatever the text, an answer, and an error that names where. */
#include <stdlib.h>

#include "spec/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct spec_errors all;
	struct spec_policy p;
	struct err e = {0};
	int r = spec_policy_parse((const char *)data, size, "policy", &a, &p, &e);

	if (r < 0 && (e.code != -r || !e.text[0] || !str_starts(e.path, "policy")))
		abort();
	if (r == 0 && !p.name)
		abort();
	/* The same answer where all errors are wanted, and each of them has a text. */
	if ((spec_policy_check((const char *)data, size, &a, &p, &all) < 0) != (r < 0) || (all.n > 0) != (r < 0))
		abort();
	for (size_t i = 0; i < all.n; i++)
		if (!all.v[i].err.code || !all.v[i].err.text[0])
			abort();
	arena_free(&a);
	return 0;
}
