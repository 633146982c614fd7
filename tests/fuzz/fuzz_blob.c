/* SPDX-License-Identifier: Apache-2.0 */
/* The blob that the helper reads: whatever the bytes, a plan that can be written again, or an error. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jail/jail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t args[6] = {1, 2, 3, 4, 5, 6};
	struct arena a = {0};
	struct jail_plan p;
	int r = jail_blob_read(data, size, &a, &p);

	if (r != 0 && r != -EBADMSG && r != -EPROTONOSUPPORT)
		abort();
	if (r == 0) {
		struct buf out = {0};

		jail_blob_write(&p, &out);
		if (out.failed || out.len != size || memcmp(out.data, data, size) != 0)
			abort();
		buf_free(&out);
		jail_rule_find(&p, 0xc000003e, 59, args);
		jail_exec_allowed(&p.policies[0], "/usr/bin/env", NULL);
	}
	arena_free(&a);
	return 0;
}
