/* SPDX-License-Identifier: Apache-2.0 */
/* The environment that policies leave of the one that a program was to have. The helper is linked with it: it adds HOME. */
#include "jail/jail.h"

#include <errno.h>
#include <string.h>

static bool any_matches(const struct strv *patterns, const char *name, size_t len)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (jail_matches(patterns->v[i], name, len))
			return true;
	return false;
}

static bool keeps(const struct jail_policy *p, const char *name, size_t len)
{
	return (p->env_keep_all || any_matches(&p->env_keep, name, len)) && !any_matches(&p->env_drop, name, len);
}

bool jail_env_keeps(const struct jail_plan *p, const char *name)
{
	for (uint64_t i = 0; i < p->n_policies; i++)
		if (p->policies[i].env_rules && !keeps(&p->policies[i], name, strlen(name)))
			return false;
	return true;
}

/* Whether the list assigns to the variable that the assignment is to. */
static bool assigns(const struct strv *list, const char *assignment, size_t name_len)
{
	for (size_t i = 0; i < list->n; i++)
		if (strncmp(list->v[i], assignment, name_len) == 0 && list->v[i][name_len] == '=')
			return true;
	return false;
}

static int apply_one(const struct jail_policy *p, struct arena *a, struct strv *env, struct strv *dropped)
{
	struct strv left = {.v = arena_alloc(a, (env->n + p->env_set.n + 1) * sizeof(char *))};

	if (!left.v)
		return -ENOMEM;
	for (size_t i = 0; i < env->n; i++) {
		size_t len = strcspn(env->v[i], "=");

		if (assigns(&p->env_set, env->v[i], len))
			continue;
		if (keeps(p, env->v[i], len))
			left.v[left.n++] = env->v[i];
		else if (!(dropped->v[dropped->n++] = arena_strndup(a, env->v[i], len)))
			return -ENOMEM;
	}
	for (size_t i = 0; i < p->env_set.n; i++)
		left.v[left.n++] = p->env_set.v[i];
	*env = left;
	return 0;
}

int jail_env_apply(struct jail_plan *p, struct arena *a, struct err *e)
{
	struct strv *env = &p->seal.env, *dropped = &p->env_dropped;
	size_t room = env->n + 1;

	for (uint64_t i = 0; i < p->n_policies; i++)
		room += p->policies[i].env_set.n;
	*dropped = (struct strv){.v = arena_alloc(a, room * sizeof(char *))};
	if (!dropped->v)
		return err_set(e, ENOMEM, "out of memory");
	for (uint64_t i = 0; i < p->n_policies; i++)
		if (p->policies[i].env_rules && apply_one(&p->policies[i], a, env, dropped) < 0)
			return err_set(e, ENOMEM, "out of memory");
	return 0;
}
