/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict.h"

#include <errno.h>

int verdict_room(const struct jail_plan *plan, const struct task_counts *counts, enum task_slot slot)
{
	bool thread = slot == SLOT_THREAD;
	int64_t alive = (thread ? counts->threads : counts->processes) + counts->reserved[slot];
	int of = -1;

	for (int i = 0; i < (int)plan->n_policies; i++) {
		const struct jail_policy *p = &plan->policies[i];
		int64_t max = thread ? p->max_threads : p->max_processes;

		if (max >= 0 && alive >= max)
			of = jail_stricter(plan, "limits", of, i);
	}
	return of;
}

int verdict_target(const struct jail_plan *plan, const struct target_facts *f, uint32_t *ret_policy)
{
	int by = -1;

	if (f->means == MEANS_SOMEBODY || (f->means == MEANS_PROTECTED && !f->policies))
		return 0;
	/* Not run: until it ran, a protected process could have a child of that number. */
	if (f->means == MEANS_NOBODY)
		return ESRCH;
	for (int i = 0; i < (int)plan->n_policies; i++)
		if (f->means == MEANS_UNKNOWN ? plan->policies[i].protect.n || !jail_has_protect(plan)
					      : f->policies >> i & 1)
			by = jail_stricter(plan, "signals", by, i);
	*ret_policy = by < 0 ? 0 : (uint32_t)by;
	return EPERM;
}
