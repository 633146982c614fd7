/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JAIL_HELPER_LIMITS_H
#define JAIL_HELPER_LIMITS_H

#include "helper.h"

/* The first program runs: times count from here on. May be called again. */
void limits_begin(void);
/* Ends the container (h->ended) when a limit is reached. Returns the milliseconds until it wants to be asked again, or -1. */
int limits_tick(struct helper *h);
/* The limit for which the container was ended, enum policy_bound; -1: none. */
int limits_over(void);

#endif
