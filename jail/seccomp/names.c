/* SPDX-License-Identifier: Apache-2.0 */
/* Names of calls for the audit stream. A rule for one call has its name; syscalls.defaultAction is about all others, and a foreign ABI has no
 * rules. The helper has no table of names. So the plan brings one, where there is such a rule. */
#include "jail/internal.h"

#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>

static bool needs_names(const struct jail_plan *p, uint32_t token)
{
	for (uint64_t i = 0; i < p->n_rules; i++) {
		const struct jail_rule *r = &p->rules[i];

		if (r->nr == JAIL_ANY_CALL || (jail_rule_foreign(r) && r->arch == arch_audit(token) &&
					       (r->nr == JAIL_FOREIGN_X32) == arch_is_x32(token)))
			return true;
	}
	return p->joined.len; /* linux.seccomp may refuse any call */
}

static int name_abi(uint32_t token, struct arena *a, struct strv *ret)
{
	for (int i = 0; i < CALL_NUMBERS; i++) {
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

	for (size_t i = 0; i < n; i++) {
		if (!needs_names(p, family[i]))
			continue;
		if (!p->names.v)
			p->names.v = arena_alloc(a, (n * CALL_NUMBERS + 1) * sizeof(char *));
		if (!p->names.v || name_abi(family[i], a, &p->names) < 0)
			return -ENOMEM;
	}
	return 0;
}

const char *syscall_nearest(const char *s)
{
	static char near[48];
	size_t least = SIZE_MAX;

	near[0] = '\0';
	for (int nr = 0; nr < CALL_NUMBERS; nr++) {
		AUTO_FREE char *name = seccomp_syscall_resolve_num_arch(seccomp_arch_native(), nr);

		if (name && str_nearer(s, name, &least))
			snprintf(near, sizeof(near), "%s", name);
	}
	return near[0] ? near : NULL;
}

int call_unknown(const char *name, const char *so, struct err *e)
{
	const char *near = syscall_nearest(name);

	return err_set(e, EINVAL, "libseccomp %u.%u.%u knows no system call '%s'%s; %s%s%s", seccomp_version()->major,
		       seccomp_version()->minor, seccomp_version()->micro, name, so,
		       near ? "did you mean " : "correct the name, or take it out", near ? near : "", near ? "?" : "");
}
