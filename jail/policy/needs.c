/* SPDX-License-Identifier: Apache-2.0 */
/* What every workload needs, asked of the filters before anything is started: a policy that refuses it cannot work, and a program
 * that cannot end would try for ever. Only the host's own ABI is asked about: which one a program is of is known when it is there. */
#include "jail/internal.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/socket.h>

#define POINTER  0x7ffc00001000u /* as good as any: a rule that tells pointers apart means nothing */
#define STATUSES 256

static int number(const struct jail_facts *f, const char *name)
{
	struct abi_call call;

	return abi_find(f->arch, name, &call) == 1 ? call.nr : -1;
}

/* Whether the policy lets a call go on, or leaves it to a check of which more than numbers decide. *ret_rule: what it falls under else. */
static bool policy_lets(const struct jail_plan *p, const struct jail_facts *f, int nr, const uint64_t args[6],
			const struct jail_rule **ret_rule)
{
	uint32_t ret = jail_bpf_run(&p->filter, f->arch, nr, args), action = ret & SECCOMP_RET_ACTION_FULL;
	const struct jail_rule *r;
	int i;

	if (jail_bpf_lets(ret))
		return true;
	i = jail_rule_find(p, f->arch, nr, args);
	*ret_rule = r = i < 0 ? NULL : &p->rules[i];
	return r && (action == SECCOMP_RET_TRACE || action == SECCOMP_RET_USER_NOTIF) &&
	       (r->trap == JAIL_TRAP_LOG || r->trap == JAIL_TRAP_EXEC ||
		(r->trap == JAIL_TRAP_COUNT && nr == number(f, "execve")));
}

static int refuse(const struct jail_plan *p, const struct jail_rule *r, const char *call, const char *by_which,
		  struct err *e)
{
	const char *name = r && r->policy < p->n_policies ? p->policies[r->policy].name : p->policy;

	if (r && r->nr != JAIL_ANY_CALL)
		return err_set(e, EINVAL, "policy %s refuses %s(2) by %s, %s: allow it there", name, call, r->name,
			       by_which);
	return err_set(e, EINVAL, "policy %s refuses %s(2), %s: name it in syscalls.syscalls with SCMP_ACT_ALLOW", name,
		       call, by_which);
}

static int check_end(const struct jail_plan *p, const struct jail_facts *f, const char *call, const char *by_which,
		     struct err *e)
{
	const struct jail_rule *rule = NULL;
	int nr = number(f, call);

	for (uint64_t status = 0; nr >= 0 && status < STATUSES; status++)
		if (!policy_lets(p, f, nr, (const uint64_t[6]){status}, &rule))
			return refuse(p, rule, call, by_which, e);
	return 0;
}

static int check_policy(const struct jail_plan *p, const struct jail_facts *f, struct err *e)
{
	const uint64_t exec[6] = {POINTER, POINTER, POINTER}, send[6] = {3, POINTER, MSG_NOSIGNAL};
	const struct jail_rule *rule = NULL;
	int r;

	if (!p->filter.len)
		return 0;
	if (!policy_lets(p, f, number(f, "execve"), exec, &rule))
		return refuse(p, rule, "execve", "by which every program starts", e);
	r = check_end(p, f, "exit_group", "by which every program ends", e);
	if (r >= 0)
		r = check_end(p, f, "exit", "by which every thread ends", e);
	if (r >= 0 && (jail_bpf_run(&p->filter, f->arch, number(f, "sendmsg"), send) & SECCOMP_RET_ACTION_FULL) ==
			  SECCOMP_RET_TRAP)
		return err_set(
		    e, EINVAL,
		    "policy %s traps sendmsg(2), by which jailrun itself hands over and tells what failed before the "
		    "program has begun: it has no handler for SIGSYS; use SCMP_ACT_ERRNO there",
		    p->policy);
	if (r < 0 || p->engine != JAIL_NOTIFY || (p->filter.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
		return r;
	/* Where nobody is asked, the filter judges the jail's own last calls too. */
	return policy_lets(p, f, number(f, "sendmsg"), send, &rule)
		   ? 0
		   : refuse(p, rule, "sendmsg",
			    "by which it is told that a program could not be executed, and the policy has no listener "
			    "here that could let that pass (see why_not_reported in `jailrun plan`)",
			    e);
}

/* An answer with which a program just goes on. */
static bool goes_on(uint32_t ret)
{
	ret &= SECCOMP_RET_ACTION_FULL;
	return ret == SECCOMP_RET_ERRNO || ret == SECCOMP_RET_TRACE;
}

static int check_oci(const struct jail_plan *p, const struct jail_facts *f, struct err *e)
{
	const uint64_t exec[6] = {POINTER, POINTER, POINTER}, send[6] = {3, POINTER, MSG_NOSIGNAL}, end[6] = {0};
	const struct jail_bpf *oci = &p->seal.seccomp;
	uint32_t ret = jail_bpf_run(oci, f->arch, number(f, "execve"), exec);

	if (!jail_bpf_lets(ret) && !(jail_has_agent(p) && (ret & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF))
		return err_set(e, EPERM, "the filter refuses execve(2): no workload can start");
	if (goes_on(jail_bpf_run(oci, f->arch, number(f, "exit_group"), end)) &&
	    goes_on(jail_bpf_run(oci, f->arch, number(f, "exit"), end)))
		return err_set(e, EPERM,
			       "the filter refuses exit_group(2) and exit(2): no program could end; allow them");
	if (!p->filter.len || p->joined.len) /* of one filter nothing is asked on the way to the first program */
		return 0;
	if ((p->filter.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) &&
	    !jail_bpf_lets(jail_bpf_run(oci, f->arch, number(f, "sendmsg"), send)))
		return err_set(
		    e, EPERM,
		    "the filter refuses sendmsg(2), by which the listener of policy %s is handed over: allow it",
		    p->policy);
	if (!jail_loads_first(p, false, f->arch, number(f, "seccomp")) &&
	    !jail_loads_first(p, true, f->arch, number(f, "seccomp")))
		return err_set(
		    e, EPERM,
		    "the filter and that of policy %s both refuse seccomp(2): neither can be loaded after the other; "
		    "allow it in one of them",
		    p->policy);
	return 0;
}

int jail_check_needs(const struct jail_plan *p, const struct jail_facts *f, struct err *e)
{
	int r = p->engine == JAIL_NONE ? 0 : check_policy(p, f, e);

	if (r < 0 || !p->seal.seccomp.len)
		return r;
	return check_oci(p, f, e) < 0 ? err_ctx(e, "linux.seccomp") : 0;
}
