/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy says of the environment, as the helper takes it; and what becomes of one, for people. */
#include "jail/internal.h"

#include <errno.h>
#include <string.h>

int policy_take_env(const struct spec_policy_env *env, struct arena *a, struct jail_policy *ret)
{
	const struct spec_map *set = &env->assign;

	ret->env_rules = env->set;
	ret->env_keep_all = !env->keep.v;
	ret->env_keep = env->keep;
	ret->env_drop = env->drop;
	ret->env_set.v = arena_alloc(a, (set->n + 1) * sizeof(char *));
	if (!ret->env_set.v)
		return -ENOMEM;
	for (size_t i = 0; i < set->n; i++)
		if (!(ret->env_set.v[ret->env_set.n++] = arena_printf(a, "%s=%s", set->v[i].key, set->v[i].value)))
			return -ENOMEM;
	return 0;
}

/* Whether a policy sets the variable of the assignment. */
static bool is_set(const struct jail_plan *p, const char *assignment)
{
	for (uint64_t i = 0; i < p->n_policies; i++)
		if (strv_has(&p->policies[i].env_set, assignment))
			return true;
	return false;
}

static void print_names(const struct jail_plan *p, bool set, struct jsonw *w, const char *key)
{
	const struct strv *env = &p->seal.env;

	jw_array(w, key);
	for (size_t i = 0; i < env->n; i++)
		if (is_set(p, env->v[i]) == set)
			jw_fmt(w, NULL, "%.*s", (int)strcspn(env->v[i], "="), env->v[i]);
	jw_array_end(w);
}

void policy_print_env(const struct jail_plan *p, struct jsonw *w)
{
	bool any = false;

	for (uint64_t i = 0; i < p->n_policies; i++)
		any |= p->policies[i].env_rules;
	if (!any)
		return;
	jw_object(w, "env");
	print_names(p, false, w, "kept");
	print_names(p, true, w, "set");
	jw_strv(w, "dropped", &p->env_dropped);
	jw_object_end(w);
}
