/* SPDX-License-Identifier: Apache-2.0 */
/* The facts of this host, and the plan as a whole. */
#include "internal.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define FLAG_WAIT_KILLABLE  (1ul << 5) /* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, Linux 5.19 */
#define LANDLOCK_VERSION    1u         /* LANDLOCK_CREATE_RULESET_VERSION */
#define LANDLOCK_ABI_SCOPES 6          /* Linux 6.12 */

int jail_probe(struct jail_facts *ret, struct err *e)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};
	uint32_t action = SECCOMP_RET_USER_NOTIF;
	uint64_t bounding = 0;
	int cap = 0, has;

	*ret = (struct jail_facts){.arch = seccomp_arch_native()};
	if (syscall(SYS_capget, &head, data) < 0)
		return err_errno(e, "capget");
	for (; cap < 64 && (has = prctl(PR_CAPBSET_READ, cap, 0, 0, 0)) >= 0; cap++)
		bounding |= (uint64_t)(has > 0) << cap;
	ret->last_cap = cap ? (uint64_t)cap - 1 : 0;
	ret->caps = ((uint64_t)data[1].permitted << 32 | data[0].permitted) & bounding;
	ret->landlock_abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION);
	if (ret->landlock_abi < 0)
		ret->landlock_abi = 0;
	ret->user_notif = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
	/* Flags are looked at before the pointer: EFAULT says that they are known. */
	ret->wait_killable = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				     SECCOMP_FILTER_FLAG_NEW_LISTENER | FLAG_WAIT_KILLABLE, NULL) < 0 &&
			     errno == EFAULT;
	return 0;
}

/* With CAP_SYS_PTRACE the workload may open the memory of PID 1, non-dumpable or not. It may not out of a Landlock domain
 * that PID 1 is not in; one that has scopes alone forbids nothing else that an ordinary program does. */
void jail_plan_hiding(const struct jail_facts *f, struct jail_plan *p)
{
	const struct jail_seal *s = &p->seal;
	const uint64_t ptrace = 1ull << CAP_SYS_PTRACE;

	if (p->engine == JAIL_NONE || p->init != POLICY_INIT_JAIL || !s->set_caps ||
	    !((s->caps[CAPS_BOUNDING] | s->caps[CAPS_PERMITTED]) & ptrace))
		return;
	p->hide_init = f->landlock_abi >= LANDLOCK_ABI_SCOPES;
	if (!p->hide_init)
		log_warn("process.capabilities: CAP_SYS_PTRACE lets the workload into the memory of the jail: hiding "
			 "it takes "
			 "Landlock ABI %d (Linux 6.12), and this kernel has %d; leave the capability out",
			 LANDLOCK_ABI_SCOPES, f->landlock_abi);
}

int jail_plan(const struct spec_config *c, const struct spec_policy *policy, const struct jail_facts *f,
	      const struct jail_options *o, struct arena *a, struct jail_plan *ret, struct err *e)
{
	int r;

	*ret = (struct jail_plan){.engine = JAIL_NONE, .max_processes = -1, .max_threads = -1};
	if (o->id) {
		ret->id = arena_strdup(a, o->id);
		if (!ret->id)
			return err_set(e, ENOMEM, "out of memory");
	}
	r = seal_plan(c, f, o, a, &ret->seal, e);
	if (r < 0 || !policy)
		return r;
	r = policy_plan(policy, c, f, a, ret, e);
	if (r < 0)
		return r;
	jail_plan_hiding(f, ret);
	return 0;
}

void jail_features(struct arena *a, struct spec_features *ret)
{
	const struct scmp_version *v = seccomp_version();
	struct jail_facts f;
	struct strv caps = {.v = arena_alloc(a, 65 * sizeof(char *))};
	int last = jail_probe(&f, NULL) == 0 ? (int)f.last_cap : CAP_LAST_CAP;

	for (int cap = 0; caps.v && cap <= last; cap++) {
		const char *name = jail_cap_name(cap);

		if (name)
			caps.v[caps.n++] = (char *)name;
	}
	ret->capabilities = caps;
	ret->seccomp = true;
	word_names(seccomp_actions, a, &ret->seccomp_actions);
	word_names(seccomp_operators, a, &ret->seccomp_operators);
	arch_names(a, &ret->seccomp_archs);
	word_names(seccomp_flags, a, &ret->seccomp_known_flags);
	ret->seccomp_supported_flags = ret->seccomp_known_flags;
	ret->libseccomp = arena_printf(a, "%u.%u.%u", v->major, v->minor, v->micro);
}
