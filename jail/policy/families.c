/* SPDX-License-Identifier: Apache-2.0 */
/* network.families as checks of socket(2) and socketpair(2): what lies between the families that there may be is refused. */
#include "guards.h"

#include <errno.h>
#include <sys/socket.h>

#define FAMILIES 64 /* those from here on are refused as one */

/* The policy that refuses the family, the stricter of more than one; -1: none does. */
static int refuses(const struct jail_plan *plan, uint32_t family)
{
	int of = -1;

	for (uint64_t i = 0; i < plan->n_policies; i++) {
		const uint64_t mask = plan->policies[i].families;

		if (mask != UINT64_MAX && (family >= FAMILIES || !(mask >> family & 1)))
			of = jail_stricter(plan, "network", of, (int)i);
	}
	return of;
}

static void add(struct guard *ret, size_t *n, const struct jail_plan *plan, int of, struct guard g)
{
	static const char *const calls[] = {"socket", "socketpair"};

	g.rule = plan->policies[of].family_names.v ? "network.families" : "network";
	g.of = (uint8_t)(of + 1);
	g.when = WHEN_FAMILIES;
	g.does = DO_REFUSE;
	g.about = EAFNOSUPPORT;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		g.syscall = calls[i];
		ret[(*n)++] = g;
	}
}

const struct guard *family_checks(const struct jail_plan *plan, struct arena *a)
{
	/* A range for each family and one behind, the packets' row, and the end; for two calls. */
	struct guard *ret = arena_alloc(a, 2 * (FAMILIES + 3) * sizeof(*ret));
	int of = refuses(plan, AF_PACKET);
	bool kinds = false;
	size_t n = 0;

	if (!ret)
		return NULL;
	for (uint32_t from = 0, to; from <= FAMILIES; from = to) {
		const int whose = refuses(plan, from);
		struct guard g = {0};

		for (to = from + 1; to <= FAMILIES && refuses(plan, to) == whose;)
			to++;
		if (from)
			g.args[g.n_args++] = (struct jail_rule_arg){0, JAIL_GE, from, COMPARE_32};
		if (to <= FAMILIES)
			g.args[g.n_args++] = (struct jail_rule_arg){0, JAIL_LT, to, COMPARE_32};
		if (whose >= 0)
			add(ret, &n, plan, whose, g);
	}
	for (uint64_t i = 0; i < plan->n_policies; i++)
		kinds |= plan->policies[i].network;
	/* The kernel still makes a packet socket of IPv4's SOCK_PACKET. Beside network rules no such kind is let through. */
	if (of >= 0 && !kinds && refuses(plan, AF_INET) < 0)
		add(ret, &n, plan, of,
		    (struct guard){
			.n_args = 2,
			.args = {{0, JAIL_MASKED_EQ, COMPARE_32, AF_INET}, {1, JAIL_MASKED_EQ, 0xf, SOCK_PACKET}},
		    });
	ret[n] = (struct guard){0};
	return ret;
}
