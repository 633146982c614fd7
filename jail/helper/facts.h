/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy that learns has been told: each fact once. */
#ifndef JAIL_HELPER_FACTS_H
#define JAIL_HELPER_FACTS_H

#include "audit.h"

/* Whether it is new. exe: who it was of, or NULL. The facts are counted in `ret_full`, once, when there is no room for more. */
bool fact_is_new(const struct denial *d, const char *exe, bool *ret_full);
/* The last one that was new has not been told: the next of its kind is new again. */
void fact_forget(void);

#endif
