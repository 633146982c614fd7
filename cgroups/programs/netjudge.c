/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs of network rules say of one address, for who asks before there is a container. tests/unit/cgroups_network.c proves that
 * they say the same. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "cgroups/cgroups.h"
#include "cgroups/programs/netorder.h"

static bool is_zero(const uint8_t addr[16])
{
	static const uint8_t zero[16];

	return memcmp(addr, zero, sizeof(zero)) == 0;
}

static bool about_port(const struct spec_net_rule *rule, const struct cg_net_ask *q)
{
	return (!rule->protocol || rule->protocol == q->protocol) && q->port >= rule->first && q->port <= rule->last;
}

static bool about_address(const struct spec_net_rule *rule, const struct cg_net_ask *q)
{
	if (rule->family != q->family)
		return false;
	for (unsigned int bit = 0; bit < rule->bits; bit++)
		if (((rule->addr[bit / 8] ^ q->addr[bit / 8]) >> (7 - bit % 8)) & 1)
			return false;
	return true;
}

/* The first rule that denies the port somewhere, and is not taken back by a closer one for the very same network. */
static const struct spec_net_rule *denied_somewhere(const struct net_order *o, const struct cg_net_ask *q)
{
	const struct spec_net_rule *decided = NULL; /* the last network of which the closest rule allows the port */

	for (size_t i = 0; i < o->n; i++) {
		const struct spec_net_rule *rule = o->v[i].rule;

		if ((q->family == AF_INET && rule->family != AF_INET) || !about_port(rule, q) ||
		    (decided && net_same_network(decided, rule)))
			continue;
		if (!o->v[i].allows)
			return rule;
		decided = rule;
	}
	return NULL;
}

/* The rule that allows the wildcard of this family, or NULL. */
static const struct spec_net_rule *wildcard_allowed(const struct net_order *o, const struct cg_net_ask *q, int family)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i].allows && o->v[i].rule->family == family && is_zero(o->v[i].rule->addr) &&
		    about_port(o->v[i].rule, q))
			return o->v[i].rule;
	return NULL;
}

/* The wildcard takes every address; that of IPv6 takes IPv4 as well. */
static void judge_wildcard(const struct net_order *o, const struct cg_net_ask *q, struct cg_net_answer *ret)
{
	ret->rule = denied_somewhere(o, q);
	ret->allowed = !ret->rule && o->opens;
	if (ret->rule || o->opens)
		return;
	ret->rule = wildcard_allowed(o, q, AF_INET);
	if (ret->rule && q->family == AF_INET6)
		ret->rule = wildcard_allowed(o, q, AF_INET6);
	ret->allowed = ret->rule != NULL;
}

/* As the kernel will take it: an IPv4 address in IPv6 is one, and to connect to none is to connect to this host. */
static struct cg_net_ask canonical(const struct cg_net_ask *ask)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct cg_net_ask q = *ask;

	if (q.family == AF_INET6 && memcmp(q.addr, mapped, sizeof(mapped)) == 0) {
		q.family = AF_INET;
		memmove(q.addr, q.addr + 12, 4);
		memset(q.addr + 4, 0, 12);
	}
	if (!q.bind && is_zero(q.addr)) {
		if (q.family == AF_INET)
			q.addr[0] = 127;
		q.addr[q.family == AF_INET ? 3 : 15] = 1;
	}
	return q;
}

int cg_net_judge(const struct spec_net_list *l, const struct cg_net_ask *ask, struct arena *a,
		 struct cg_net_answer *ret)
{
	const struct cg_net_ask q = canonical(ask);
	struct net_order o;

	*ret = (struct cg_net_answer){.allowed = true};
	if (!l->set)
		return 0;
	if (net_order(l, a, &o) < 0)
		return -ENOMEM;
	if (q.bind && is_zero(q.addr)) {
		judge_wildcard(&o, &q, ret);
		return 0;
	}
	ret->allowed = o.opens;
	for (size_t i = 0; i < o.n && !ret->rule; i++)
		if (about_address(o.v[i].rule, &q) && about_port(o.v[i].rule, &q)) {
			ret->rule = o.v[i].rule;
			ret->allowed = o.v[i].allows;
		}
	return 0;
}
