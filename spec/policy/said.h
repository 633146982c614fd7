/* SPDX-License-Identifier: Apache-2.0 */
/* Inside spec/ only. */
#ifndef SPEC_POLICY_SAID_H
#define SPEC_POLICY_SAID_H

#include "spec/field.h"

/* What the object v says, key by key, as the table t has the keys. Returns 0 or -ENOMEM. */
int said_of(const struct reader *rd, const struct table *t, const struct json *v, struct spec_said_list *ret,
	    struct err *e);

/* The keys that there can be, but for those that are refused. Returns 0 or -ENOMEM. */
int said_keys(const struct table *t, const struct refused *refused, struct arena *a, struct strv *ret, struct err *e);

#endif
