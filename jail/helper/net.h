/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAIL_HELPER_NET_H
#define JAIL_HELPER_NET_H

#include "helper.h"

/* Maps the ring of the network rules, where there is one: later this process may not any more. */
int net_open(struct helper *h, struct err *e);
/* Reports what stands in the ring, or as much of it as is good for one turn: true when there is more. */
bool net_hear(struct helper *h);

#endif
