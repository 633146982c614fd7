/* SPDX-License-Identifier: Apache-2.0 */
/* Names of calls for the audit stream. A rule for one call has its name; syscalls.defaultAction is about all others, and the helper has no
 * table of names. So the plan brings one, where there is such a rule. */
#include "jail/internal.h"

#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>

#define NUMBERS 600 /* of each ABI; Linux 6.18 has 470, and x32 some of its own up to 547 */

static bool needs_names(const struct jail_plan *p)
{
	for (uint64_t i = 0; i < p->n_rules; i++)
		if (p->rules[i].nr == JAIL_ANY_CALL)
			return true;
	return false;
}

static int name_abi(uint32_t token, struct arena *a, struct strv *ret)
{
	for (int i = 0; i < NUMBERS; i++) {
		int nr = arch_is_x32(token) ? (int)((uint32_t)i | X32_BIT) : i;
		char *name = seccomp_syscall_resolve_num_arch(token, nr);
		char *entry = name ? arena_printf(a, JAIL_NAME_KEY "%s", arch_audit(token), nr, name) : NULL;
		bool known = name;

		free(name);
		if (known && !entry)
			return -ENOMEM;
		if (known)
			ret->v[ret->n++] = entry;
	}
	return 0;
}

int jail_name_calls(uint32_t native, struct arena *a, struct jail_plan *p)
{
	uint32_t family[MAX_ARCHS];
	size_t n = arch_family(native, family);

	if (!needs_names(p))
		return 0;
	p->names.v = arena_alloc(a, (n * NUMBERS + 1) * sizeof(char *));
	if (!p->names.v)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (name_abi(family[i], a, &p->names) < 0)
			return -ENOMEM;
	return 0;
}
