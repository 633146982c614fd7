/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of exec and signals.protect that go through a link mean what it leads to, too: the kernel names a program by its own path. Where
 * they lead is for the caller to say: the runtime sees the rootfs, and the helper the container's tree. */
#include "jail/jail.h"

#include <errno.h>

struct leads {
	struct arena *a;
	jail_lead_fn *fn;
	void *arg;
};

static int add_targets(const struct leads *l, const char *key, struct strv *list, struct err *e)
{
	struct strv both = {.v = arena_alloc(l->a, (2 * list->n + 1) * sizeof(char *))};

	if (!both.v)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = 0; i < list->n; i++) {
		char *to = NULL;
		int r = l->fn(l->arg, key, list->v[i], &to, e);

		if (r < 0)
			return r;
		both.v[both.n++] = list->v[i];
		if (to && !strv_has(list, to) && !strv_has(&both, to))
			both.v[both.n++] = to;
	}
	if (both.n > list->n)
		*list = both;
	return 0;
}

int jail_policy_follow(struct jail_policy *p, struct arena *a, jail_lead_fn *fn, void *arg, struct err *e)
{
	const struct leads l = {a, fn, arg};
	int r = add_targets(&l, "exec.allow", &p->exec_allow, e);

	if (r >= 0)
		r = add_targets(&l, "exec.deny", &p->exec_deny, e);
	if (r >= 0)
		r = add_targets(&l, "signals.protect", &p->protect, e);
	for (uint64_t i = 0; i < p->n_exec_entries && r >= 0; i++) {
		struct jail_exec_entry *x = &p->exec_entries[i];

		if (!x->target)
			r = fn(arg, x->deny ? "exec.deny" : "exec.allow", x->path, &x->target, e);
	}
	return r < 0 ? r : 0;
}
