/* SPDX-License-Identifier: Apache-2.0 */
/* limits.execs and limits.syscalls: how often a call was made, by all processes together. A place is taken before the call goes on, by this
 * process alone, so that no two take the last one. */
#include "calls.h"

#include <errno.h>
#include <stdio.h>

static int64_t taken[JAIL_POLICIES][1 + POLICY_COUNTS_MAX];

/* False: it does not go on. */
static bool violates(struct helper *h, uint32_t policy, size_t counter, const struct jail_rule *rule, struct denial *d)
{
	static char name[96], allow[128];
	struct denial full = *d;

	if (counter)
		snprintf(name, sizeof(name), "limits.syscalls.%.64s", rule->syscall);
	else
		snprintf(name, sizeof(name), "%s", jail_bound_name(BOUND_EXECS));
	snprintf(allow, sizeof(allow), "raise %s", name);
	full.policy = policy;
	full.rule = name;
	full.from = rule;
	full.err = EAGAIN;
	full.allow = allow;
	if (audit_violation(h, &full))
		return true;
	*d = full;
	return false;
}

static void add(const struct helper *h, const struct jail_rule *rule, int by)
{
	int64_t max;

	for (uint64_t i = 0; i < h->plan.n_policies; i++)
		for (size_t k = 0; k < jail_counters(&h->plan.policies[i]); k++)
			if (jail_counter_is(&h->plan.policies[i], k, rule->syscall, &max))
				taken[i][k] += by;
}

bool calls_take(struct helper *h, const struct jail_rule *rule, struct denial *d)
{
	int64_t max;

	for (uint32_t i = 0; i < h->plan.n_policies && rule->syscall; i++)
		for (size_t k = 0; k < jail_counters(&h->plan.policies[i]); k++)
			if (jail_counter_is(&h->plan.policies[i], k, rule->syscall, &max) && taken[i][k] >= max &&
			    !violates(h, i, k, rule, d))
				return false;
	if (rule->syscall)
		add(h, rule, 1);
	return true;
}

void calls_give_back(const struct helper *h, const struct jail_rule *rule)
{
	if (rule->syscall)
		add(h, rule, -1);
}
