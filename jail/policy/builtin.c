/* SPDX-License-Identifier: Apache-2.0 */
/* The policies that need no file. docs/policy.md says what they do; their texts are those of jail/policy/builtin/, put in when
 * jailrun is built. */
#include "jail/jail.h"

#include <string.h>

static const struct {
	const char *name, *text;
} policies[] = {
#include "jail/policy/builtin.inc"
};

const char *jail_builtin_policy(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(policies); i++)
		if (strcmp(name, policies[i].name) == 0)
			return policies[i].text;
	return NULL;
}

const char *jail_builtin_name(size_t i)
{
	return i < ARRAY_LEN(policies) ? policies[i].name : NULL;
}
