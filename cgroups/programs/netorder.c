/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroups/programs/netorder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int by_network(const struct spec_net_rule *a, const struct spec_net_rule *b)
{
	if (a->family != b->family)
		return a->family - b->family;
	if (a->bits != b->bits)
		return b->bits - a->bits;
	return memcmp(a->addr, b->addr, sizeof(a->addr));
}

bool net_same_network(const struct spec_net_rule *a, const struct spec_net_rule *b)
{
	return by_network(a, b) == 0;
}

static int closer(const void *va, const void *vb)
{
	const struct net_ordered *a = va, *b = vb;
	const int network = by_network(a->rule, b->rule), ports_a = a->rule->last - a->rule->first,
		  ports_b = b->rule->last - b->rule->first;

	if (network)
		return network;
	if (ports_a != ports_b)
		return ports_a - ports_b;
	if (!a->rule->protocol != !b->rule->protocol)
		return !a->rule->protocol - !b->rule->protocol;
	return a->allows - b->allows;
}

int net_order(const struct spec_net_list *l, struct arena *a, struct net_order *ret)
{
	const size_t n = l->deny.n + l->allow.n;

	*ret = (struct net_order){.opens = !l->allow.set && l->deny.n};
	ret->v = arena_alloc(a, (n + 1) * sizeof(*ret->v));
	if (!ret->v)
		return -ENOMEM;
	for (size_t i = 0; i < l->deny.n; i++)
		ret->v[ret->n++] = (struct net_ordered){&l->deny.v[i], false};
	for (size_t i = 0; i < l->allow.n; i++)
		ret->v[ret->n++] = (struct net_ordered){&l->allow.v[i], true};
	qsort(ret->v, n, sizeof(*ret->v), closer);
	return 0;
}
