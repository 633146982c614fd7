/* SPDX-License-Identifier: Apache-2.0 */
/* Inside cgroups/ only: in which order network rules are asked. Pure. */
#ifndef CGROUPS_NETORDER_H
#define CGROUPS_NETORDER_H

#include "base/base.h"
#include "spec/spec.h"

/* The rules of both lists: of those that match, the first decides. Those for one and the same network stand together. */
struct net_order {
	struct net_ordered {
		const struct spec_net_rule *rule;
		bool allows;
	} * v;
	size_t n;
	bool opens; /* what no rule is about is allowed */
};

/* The closest first: the longest prefix, then the fewest ports, then a named protocol, then what denies. 0 or -ENOMEM. */
int net_order(const struct spec_net_list *l, struct arena *a, struct net_order *ret);

bool net_same_network(const struct spec_net_rule *a, const struct spec_net_rule *b);

#endif
