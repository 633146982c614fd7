/* SPDX-License-Identifier: Apache-2.0 */
/* limits that end the container. Asked in every turn of the loop, whatever else there is to do; what they measure goes on whether they
 * are asked or not. */
#include "limits.h"

#include <signal.h>

#include "audit.h"

#define MS 1000 /* microseconds */

static uint64_t began;
static int over = -1;

void limits_begin(void)
{
	if (!began)
		began = now_us();
}

int limits_over(void)
{
	return over;
}

/* No process of the namespace, or of one below, is left out, stopped or not; the end of this process, which is its first, kills who
 * could be born meanwhile. */
static void end_all(struct helper *h, enum policy_bound which, int policy)
{
	static const char *const allow[POLICY_BOUNDS] = {[BOUND_WALL] = "raise limits.wall"};

	if (h->first)
		kill(-1, SIGKILL);
	audit_denial(h, &(struct denial){.policy = (uint32_t)policy,
					 .rule = jail_bound_name(which),
					 .target = NO_TARGET,
					 .kill = true,
					 .allow = allow[which]});
	over = (int)which;
	h->status = SIGKILL;
	h->ended = true;
}

static int wait_ms(uint64_t us)
{
	return us > (uint64_t)INT_MAX ? INT_MAX / MS : (int)(us / MS) + 1;
}

/* What is not enforced is told of once. Returns the milliseconds until one of them is over, or -1. */
static int watch(struct helper *h, uint64_t past)
{
	static bool told[JAIL_POLICIES];
	int next = -1;

	for (uint32_t i = 0; i < h->plan.n_policies; i++) {
		const struct spec_response how = jail_response(&h->plan.policies[i], "limits");
		const int64_t wall = h->plan.policies[i].bounds[BOUND_WALL];

		if (told[i] || wall < 0 || !jail_goes_on(&how))
			continue;
		told[i] = past >= (uint64_t)wall;
		if (told[i])
			(void)audit_violation(h, &(struct denial){.policy = i,
								  .rule = jail_bound_name(BOUND_WALL),
								  .target = NO_TARGET,
								  .kill = true,
								  .allow = "raise limits.wall"});
		else if (next < 0 || wait_ms((uint64_t)wall - past) < next)
			next = wait_ms((uint64_t)wall - past);
	}
	return next;
}

int limits_tick(struct helper *h)
{
	int64_t wall;
	int of = jail_bound(&h->plan, BOUND_WALL, &wall), next;
	uint64_t past;

	if (!began)
		return -1;
	past = now_us() - began;
	next = watch(h, past);
	if (of < 0)
		return next;
	if (past < (uint64_t)wall) {
		int left = wait_ms((uint64_t)wall - past);

		return next < 0 || left < next ? left : next;
	}
	end_all(h, BOUND_WALL, of);
	return 0;
}
