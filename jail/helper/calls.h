/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAIL_HELPER_CALLS_H
#define JAIL_HELPER_CALLS_H

#include "audit.h"

/* A call that fell under this rule, before it goes on: takes a place in each counter that it is counted by. d: the caller and the call. False:
 * one is full; it has been reported, d->kill and d->err say what becomes of the call, and nothing is taken. */
bool calls_take(struct helper *h, const struct jail_rule *rule, struct denial *d);
/* It did not go on after all. */
void calls_give_back(const struct helper *h, const struct jail_rule *rule);

#endif
