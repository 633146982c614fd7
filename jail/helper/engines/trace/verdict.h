/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts of the trace engine: from facts that were gathered before, and from nothing else. No system calls, no tracee. Whether a program
 * may be executed is jail_exec_allowed, and which rule a call falls under jail_rule_find (jail/jail.h). */
#ifndef JAIL_HELPER_VERDICT_H
#define JAIL_HELPER_VERDICT_H

#include "jail/jail.h"
#include "task.h"

/* Whether there is room for one more of a kind. Returns -1 when there is, else the index of the policy whose limit it would break. */
int verdict_room(const struct jail_plan *plan, const struct task_counts *counts, enum task_slot slot);

/* Whom a number in a call means at this moment. */
struct target_facts {
	enum {
		MEANS_NOBODY,   /* nobody has the number */
		MEANS_SOMEBODY, /* others than the protected, or the caller itself */
		MEANS_PROTECTED,
		MEANS_UNKNOWN, /* it could not be found out: as if it were protected by every policy */
	} means;
	unsigned int policies; /* MEANS_PROTECTED: bit n, by policy n */
};
/* Returns 0: the call may go on; ESRCH: it gets that, without being run; EPERM: it is refused, by policy *ret_policy. */
int verdict_target(const struct jail_plan *plan, const struct target_facts *f, uint32_t *ret_policy);

#endif
