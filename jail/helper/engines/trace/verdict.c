/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict.h"

#include <errno.h>

int verdict_room(const struct jail_plan *plan, const struct task_counts *counts, enum task_slot slot)
{
	bool thread = slot == SLOT_THREAD;
	int64_t max, alive = thread ? counts->threads : counts->processes;
	int of = jail_limit(plan, thread, &max);

	return of >= 0 && alive + counts->reserved[slot] >= max ? of : -1;
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
		if (f->means == MEANS_UNKNOWN || (f->policies >> i & 1))
			by = jail_stricter(plan, by, i);
	*ret_policy = by < 0 ? 0 : (uint32_t)by;
	return EPERM;
}
