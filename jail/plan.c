/* SPDX-License-Identifier: Apache-2.0 */
/* The facts of this host, and the plan as a whole. */
#include "internal.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LANDLOCK_VERSION    1u /* LANDLOCK_CREATE_RULESET_VERSION */
#define LANDLOCK_ABI_SCOPES 6  /* Linux 6.12 */

/* Flags are looked at before the pointer: EFAULT says that they are known. */
static bool takes_flags(unsigned long flags)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

static uint32_t probe_flags(void)
{
	const unsigned long listener = SECCOMP_FILTER_FLAG_NEW_LISTENER,
			    killable = SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	const unsigned long single[] = {SECCOMP_FILTER_FLAG_TSYNC, SECCOMP_FILTER_FLAG_LOG,
					SECCOMP_FILTER_FLAG_SPEC_ALLOW, listener};
	const unsigned long all = listener | killable | SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	unsigned long flags = 0;

	if (takes_flags(all)) /* one question will do for Linux 5.19; TSYNC is the oldest, and goes with no listener */
		return (uint32_t)(all | SECCOMP_FILTER_FLAG_TSYNC);
	for (size_t i = 0; i < ARRAY_LEN(single); i++)
		flags |= takes_flags(single[i]) ? single[i] : 0;
	return (uint32_t)(flags | (takes_flags(listener | killable) ? killable : 0));
}

/* In a child: a listener of one's own. */
static int try_listener(void)
{
	struct sock_filter allow = {.code = BPF_RET | BPF_K, .k = SECCOMP_RET_ALLOW};
	struct sock_fprog prog = {.len = 1, .filter = &allow};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog) < 0)
		return errno;
	return 0;
}

/* The filters around a process have one listener, or refuse it. Only who runs under a filter has to ask. Returns 0 or an errno. */
static int listener_kept_by(void)
{
	int status = 0;
	pid_t pid;

	if (!proc_is_filtered())
		return 0;
	pid = proc_clone(0, -1, NULL);
	if (pid == 0)
		_exit(try_listener());
	if (pid < 0 || proc_wait(pid, &status, 0) < 0)
		return EAGAIN;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM; /* a filter may kill for it */
}

int jail_probe(struct jail_facts *ret, struct err *e)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};
	uint64_t bounding = 0;
	int cap = 0, has;

	*ret = (struct jail_facts){.arch = seccomp_arch_native(), .apparmor = LSM_ASK, .selinux = LSM_ASK};
	if (syscall(SYS_capget, &head, data) < 0)
		return err_errno(e, "capget");
	for (; cap < 64 && (has = prctl(PR_CAPBSET_READ, cap, 0, 0, 0)) >= 0; cap++)
		bounding |= (uint64_t)(has > 0) << cap;
	ret->last_cap = cap ? (uint64_t)cap - 1 : 0;
	ret->caps = ((uint64_t)data[1].permitted << 32 | data[0].permitted) & bounding;
	ret->landlock_abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION);
	if (ret->landlock_abi < 0)
		ret->landlock_abi = 0;
	ret->seccomp_flags = probe_flags();
	if (ret->seccomp_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)
		ret->no_listener = listener_kept_by();
	if (ret->no_listener)
		ret->seccomp_flags &=
		    ~(uint32_t)(SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
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

/* The helper judges paths by a copy of the tree, which an unbindable root has not; it can do without where nobody may mount. */
static int check_tree(const struct jail_plan *p, const struct spec_config *c, struct err *e)
{
	const char *how = c->linux_.rootfs_propagation;

	if (!how || !strstr(how, "unbindable") || !(p->seal.caps[CAPS_BOUNDING] >> CAP_SYS_ADMIN & 1) ||
	    (!jail_has_exec_rules(p) && !jail_has_protect(p)))
		return 0;
	err_set(e, ENOTSUP,
		"\"%s\" and CAP_SYS_ADMIN, which lets the workload mount over the paths of policy %s (exec, "
		"signals.protect): these could not be judged: choose \"private\", or leave the capability out",
		how, p->policy);
	err_ctx(e, "linux.rootfsPropagation");
	return -ENOTSUP;
}

/* The files of a protected process are root's in /proc, and so those of a workload that is root; but where whoever may not trace a process
 * does not see it (proc(5), Linux 5.8). */
static void warn_of_proc(const struct spec_config *c, const struct jail_plan *p)
{
	/* At exec another user keeps what is ambient. */
	bool root = p->seal.uid == 0 || (p->seal.set_caps && (p->seal.caps[CAPS_AMBIENT] >> CAP_DAC_OVERRIDE & 1));

	if (!root || !jail_has_protect(p))
		return;
	for (size_t i = 0; i < c->n_mounts; i++)
		if (c->mounts[i].type && str_eq(c->mounts[i].type, "proc") &&
		    (strv_has(&c->mounts[i].options, "hidepid=4") ||
		     strv_has(&c->mounts[i].options, "hidepid=ptraceable")))
			return;
	log_warn("policy %s: signals.protect: as root the workload may write /proc/PID/oom_score_adj and the like of "
		 "protected processes: give the mount of /proc the option hidepid=4, or run as another user",
		 p->policy);
}

int jail_plan(const struct spec_config *c, const struct spec_policy *policy, const struct jail_facts *f,
	      const struct jail_options *o, struct arena *a, struct jail_plan *ret, struct err *e)
{
	const struct spec_policy *const policies[JAIL_POLICIES] = {policy, o->floor};
	int r;

	*ret = (struct jail_plan){.engine = JAIL_NONE, .userns = o->userns, .audit = o->audit};
	if (o->id) {
		ret->id = arena_strdup(a, o->id);
		if (!ret->id)
			return err_set(e, ENOMEM, "out of memory");
	}
	r = seal_plan(c, f, o, a, &ret->seal, e);
	if (r < 0)
		return r;
	if (!policy)
		return jail_check_needs(ret, f, e);
	r = policy_plan(policies, o->floor ? 2 : 1, c, f, o->tell, a, ret, e);
	if (r >= 0)
		r = jail_env_apply(ret, a, e);
	if (r >= 0 &&
	    (policy->profile == POLICY_PROFILE_REPORT || (o->floor && o->floor->profile == POLICY_PROFILE_REPORT)))
		r = jail_profile_join(ret, a, e);
	if (r >= 0 && jail_name_calls(f->arch, a, ret) < 0)
		r = err_set(e, ENOMEM, "out of memory");
	if (r >= 0)
		r = jail_check_caps(ret, f, e);
	if (r >= 0)
		r = jail_check_needs(ret, f, e);
	if (r == -EINVAL && !e->path[0] && !o->floor && policy->file && !str_eq(policy->file, policy->name))
		policy_file(policy, e);
	if (r >= 0)
		r = check_tree(ret, c, e);
	if (r < 0)
		return r;
	jail_plan_hiding(f, ret);
	warn_of_proc(c, ret);
	return 0;
}

void jail_features(struct arena *a, struct spec_features *ret)
{
	const struct scmp_version *v = seccomp_version();
	struct jail_facts f;
	struct strv caps = {.v = arena_alloc(a, 65 * sizeof(char *))};
	bool probed = jail_probe(&f, NULL) == 0;
	int last = probed ? (int)f.last_cap : CAP_LAST_CAP;

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
	ret->seccomp_supported_flags =
	    (struct strv){.v = arena_alloc(a, (ret->seccomp_known_flags.n + 1) * sizeof(char *))};
	for (const struct word *w = seccomp_flags; ret->seccomp_supported_flags.v && w->name; w++)
		if (probed && (f.seccomp_flags & w->value))
			ret->seccomp_supported_flags.v[ret->seccomp_supported_flags.n++] = (char *)w->name;
	ret->libseccomp = arena_printf(a, "%u.%u.%u", v->major, v->minor, v->micro);
}
