/* SPDX-License-Identifier: Apache-2.0 */
/* The state: what is read comes out the same when it is written and read again. */
#include <stdlib.h>

#include "spec/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct spec_state s, t;
	struct err e = {0};
	struct buf one = {0}, two = {0};
	int r = spec_state_parse((const char *)data, size, &a, &s, &e);

	if (r < 0 && (e.code != -r || !e.text[0] || !str_starts(e.path, "state.json")))
		abort();
	if (r == 0) {
		spec_state_write(&s, &one);
		if (spec_state_parse(one.data, one.len, &a, &t, &e) != 0)
			abort();
		spec_state_write(&t, &two);
		if (one.failed || two.failed || !str_eq(one.data, two.data))
			abort();
	}
	buf_free(&one);
	buf_free(&two);
	arena_free(&a);
	return 0;
}
