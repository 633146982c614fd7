/* SPDX-License-Identifier: Apache-2.0 */
/* limits.execs and limits.syscalls: which counters a call is counted by. The first of a policy's is that of execs. */
#include "jail/jail.h"

size_t jail_counters(const struct jail_policy *p)
{
	return 1 + p->n_counts;
}

bool jail_counter_is(const struct jail_policy *p, size_t i, const char *syscall, int64_t *ret_max)
{
	*ret_max = i ? p->counts[i - 1].max : p->bounds[BOUND_EXECS];
	if (i)
		return str_eq(p->counts[i - 1].syscall, syscall);
	return *ret_max >= 0 && (str_eq(syscall, "execve") || str_eq(syscall, "execveat"));
}

bool jail_has_counts(const struct jail_policy *p)
{
	return p->n_counts || p->bounds[BOUND_EXECS] >= 0;
}

bool jail_counts(const struct jail_plan *p, const char *syscall)
{
	int64_t max;

	for (uint64_t i = 0; i < p->n_policies; i++)
		for (size_t k = 0; k < jail_counters(&p->policies[i]); k++)
			if (jail_counter_is(&p->policies[i], k, syscall, &max))
				return true;
	return false;
}
