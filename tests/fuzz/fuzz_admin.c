/* SPDX-License-Identifier: Apache-2.0 */
/* The administrator's configuration: whatever the text, an answer, and an error that names where. */
#include <stdlib.h>

#include "spec/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct spec_admin s;
	struct err e = {0};
	int r = spec_admin_parse((const char *)data, size, "admin", &a, &s, &e);

	if (r < 0 && (e.code != -r || !e.text[0] || !str_starts(e.path, "admin")))
		abort();
	/* What is a floor can be looked up, and a file has a name. */
	if (r == 0 && ((s.floor && !spec_is_policy_name(s.floor)) || (s.audit.to == SPEC_AUDIT_FILE && !s.audit.path)))
		abort();
	arena_free(&a);
	return 0;
}
