/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy says of the environment of the container's programs. */
#include <string.h>

#include "spec/policy/env.h"

#define E struct spec_policy_env

static bool is_name_pattern(const char *s)
{
	return *s && !strchr(s, '=');
}

static bool is_name(const char *s)
{
	return *s && !s[strcspn(s, "=*?")];
}

static const struct pattern name_pattern = {is_name_pattern,
					    "the name of a variable, in which * and ? stand for any characters"};
static const struct pattern name = {is_name, "the name of a variable, without =, * and ?"};

static const struct field env_fields[] = {
    FIELD("keep", get_strv, E, keep, .pattern = &name_pattern),
    FIELD("set", get_map, E, assign, .pattern = &name),
    FIELD("drop", get_strv, E, drop, .pattern = &name_pattern),
};
const struct table env_table = {TABLE_FIELDS(env_fields), SET_AT(E, set)};
