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

int limits_tick(struct helper *h)
{
	int64_t wall;
	int of = jail_bound(&h->plan, BOUND_WALL, &wall);
	uint64_t now;

	if (of < 0 || !began)
		return -1;
	now = now_us();
	if (now - began < (uint64_t)wall)
		return wait_ms((uint64_t)wall - (now - began));
	end_all(h, BOUND_WALL, of);
	return 0;
}
