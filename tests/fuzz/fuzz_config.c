/* SPDX-License-Identifier: Apache-2.0 */
/* config.json: whatever the text, an answer, and an error that names where. */
#include <stdlib.h>

#include "spec/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct spec_config c;
	struct err e = {0};
	int r = spec_config_parse((const char *)data, size, "config.json", &a, &c, &e);

	if (r < 0 && (e.code != -r || !e.text[0] || !str_starts(e.path, "config.json")))
		abort();
	arena_free(&a);
	return 0;
}
