/* SPDX-License-Identifier: Apache-2.0 */
/* config.json's process object as the last steps of a process: the container's first, or one that is executed in it. */
#include "internal.h"

int jail_seal_process(const struct spec_process *p, const struct jail_facts *f, const struct jail_options *o,
		      struct arena *a, struct jail_seal *ret, struct err *e)
{
	int r;

	(void)a;
	(void)e;
	*ret = (struct jail_seal){.args = p->args, .env = p->env, .cwd = p->cwd};
	ret->uid = p->user.uid;
	ret->gid = p->user.gid;
	ret->groups = p->user.additional_gids;
	ret->n_groups = p->user.n_additional_gids;
	ret->set_groups = true; /* the runtime finds out whether the user namespace allows it */
	ret->umask = p->user.umask;
	ret->rlimits = p->rlimits;
	ret->n_rlimits = p->n_rlimits;
	ret->set_caps = p->capabilities.set;
	if (ret->set_caps) {
		r = caps_plan(&p->capabilities, f, o->userns, ret->caps);
		if (r < 0)
			return r;
	}
	ret->no_new_privs = p->no_new_privileges;
	ret->terminal = p->terminal;
	return 0;
}

int seal_plan(const struct spec_config *c, const struct jail_facts *f, const struct jail_options *o, struct arena *a,
	      struct jail_seal *ret, struct err *e)
{
	int r = jail_seal_process(&c->process, f, o, a, ret, e);

	if (r < 0)
		return r;
	ret->new_keyring = !o->no_new_keyring;
	ret->preserve_fds = o->preserve_fds;
	ret->listen_pid = o->listen_pid;
	ret->start_hooks = c->hooks[HOOK_START_CONTAINER];
	return oci_filter(&c->linux_.seccomp, f, o->cache_dir, a, &ret->seccomp, e);
}
