/* SPDX-License-Identifier: Apache-2.0 */
/* config.json's process object as the last steps of a process: the container's first, or one that is executed in it. */
#include "jail/internal.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <string.h>

#define DEADLINE_MIN 1024 /* DL_SCALE of the kernel: the least runtime that it can account for */

static int deadline_check(const struct spec_scheduler *s, struct err *e)
{
	const uint64_t period = s->period ? s->period : s->deadline;
	const char *field = "runtime";

	if (s->runtime < DEADLINE_MIN)
		err_set(e, EINVAL, "SCHED_DEADLINE needs %d nanoseconds at least, not %llu", DEADLINE_MIN,
			(unsigned long long)s->runtime);
	else if (s->runtime > s->deadline)
		err_set(e, EINVAL, "must not exceed the deadline, which is %llu (sched(7))",
			(unsigned long long)s->deadline);
	else if ((field = "deadline") && s->deadline > period)
		err_set(e, EINVAL, "must not exceed the period, which is %llu (sched(7))", (unsigned long long)period);
	else if ((field = "period") && period > INT64_MAX)
		err_set(e, EINVAL, "must be below 2^63, not %llu", (unsigned long long)period);
	else
		return 0;
	err_ctx(e, "%s", field);
	return -EINVAL;
}

/* What sched_setattr(2) would refuse without a word, at `create` already. */
static int scheduler_check(const struct spec_scheduler *s, struct err *e)
{
	const uint64_t keep = SCHED_FLAG_KEEP_POLICY | SCHED_FLAG_KEEP_PARAMS;

	if (s->policy == 4) {
		err_set(e, ENOTSUP, "SCHED_ISO is a reserved name, no Linux kernel has that policy");
		err_ctx(e, "policy");
		return -ENOTSUP;
	}
	if (s->flags & keep)
		return 0;
	if ((s->policy == SCHED_FIFO || s->policy == SCHED_RR) && !s->priority) {
		err_set(e, EINVAL, "%s needs a priority from 1 to 99", spec_sched_name(s->policy));
		err_ctx(e, "priority");
		return -EINVAL;
	}
	return s->policy == SCHED_DEADLINE ? deadline_check(s, e) : 0;
}

int jail_check_labels(const struct spec_process *p, const struct jail_facts *f, struct err *e)
{
	if (p->apparmor_profile && !lsm_has_apparmor(f->apparmor)) {
		err_set(e, ENOTSUP,
			"this kernel runs without AppArmor, and cannot confine by profile '%.128s'; remove it",
			p->apparmor_profile);
		err_ctx(e, "process.apparmorProfile");
		return -ENOTSUP;
	}
	if (p->apparmor_profile && f->apparmor == LSM_ASK && lsm_check_profile(p->apparmor_profile, e) < 0)
		return -ENOENT;
	if (p->selinux_label && !lsm_has_selinux(f->selinux)) {
		err_set(e, ENOTSUP,
			"this kernel runs without SELinux or a policy of it, and knows no label '%.128s'; remove it",
			p->selinux_label);
		err_ctx(e, "process.selinuxLabel");
		return -ENOTSUP;
	}
	return 0;
}

int jail_seal_process(const struct spec_process *p, const struct jail_facts *f, const struct jail_options *o,
		      struct jail_seal *ret, struct err *e)
{
	int r;

	if (p->scheduler.set && (r = scheduler_check(&p->scheduler, e)) < 0) {
		err_ctx(e, "process.scheduler");
		return r;
	}
	if ((r = jail_check_labels(p, f, e)) < 0)
		return r;
	ret->args = p->args;
	ret->env = p->env;
	ret->cwd = p->cwd;
	ret->uid = p->user.uid;
	ret->gid = p->user.gid;
	ret->groups = p->user.additional_gids;
	ret->n_groups = p->user.n_additional_gids;
	ret->set_groups = !o->keep_groups; /* the runtime finds out whether the user namespace allows it */
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
	ret->initial_affinity = p->exec_cpu_affinity.initial;
	ret->affinity = p->exec_cpu_affinity.final;
	ret->oom_score_adj = p->oom_score_adj;
	ret->scheduler = p->scheduler;
	ret->io_priority = (struct opt_u64){
	    p->io_priority.set,
	    (uint64_t)IOPRIO_PRIO_VALUE(p->io_priority.class, p->io_priority.priority),
	};
	ret->apparmor = p->apparmor_profile;
	ret->selinux = p->selinux_label;
	return 0;
}

int seal_plan(const struct spec_config *c, const struct jail_facts *f, const struct jail_options *o, struct arena *a,
	      struct jail_seal *ret, struct err *e)
{
	const struct spec_linux *l = &c->linux_;
	int r;

	*ret = (struct jail_seal){0};
	r = jail_seal_process(&c->process, f, o, ret, e);
	if (r < 0)
		return r;
	ret->personality = (struct opt_u64){l->personality.set, (uint64_t)l->personality.domain};
	ret->mempolicy.set = l->memory_policy.set;
	ret->mempolicy.mode = l->memory_policy.mode | (int)l->memory_policy.flags;
	ret->mempolicy.nodes = l->memory_policy.nodes;
	ret->new_keyring = !o->no_new_keyring;
	ret->preserve_fds = o->preserve_fds;
	ret->listen_pid = o->listen_pid;
	ret->start_hooks = c->hooks[HOOK_START_CONTAINER];
	return oci_filter(&l->seccomp, f, o->cache_dir, a, &ret->seccomp, e);
}

int jail_plan_exec(struct jail_plan *plan, const struct spec_process *p, const struct jail_facts *f,
		   const struct jail_options *o, struct err *e)
{
	struct jail_seal *s = &plan->seal;
	const struct jail_seal of_container = *s;
	int r = jail_seal_process(p, f, o, s, e);

	if (r < 0)
		return r;
	if (!p->capabilities.set) {
		s->set_caps = of_container.set_caps;
		memcpy(s->caps, of_container.caps, sizeof(s->caps));
	}
	if (!p->apparmor_profile)
		s->apparmor = of_container.apparmor;
	if (!p->selinux_label)
		s->selinux = of_container.selinux;
	s->preserve_fds = o->preserve_fds;
	s->listen_pid = o->listen_pid;
	s->start_hooks.n = 0;
	return 0;
}
