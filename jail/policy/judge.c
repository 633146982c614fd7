/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a call, for who asks before there is a container: the filter that would be loaded is run, and the rules tell which of
 * them it was. */
#include "jail/internal.h"

#include <errno.h>

uint32_t jail_abi_arch(uint32_t abi)
{
	return arch_audit(abi);
}

/* What the engine makes of a call that the filter has trapped. */
static enum jail_says says_engine(const struct jail_rule *r)
{
	switch ((enum jail_trap)r->trap) {
	case JAIL_TRAP_LOG:
		return JAIL_SAYS_LOG;
	case JAIL_TRAP_EXEC:
	case JAIL_TRAP_CLONE:
	case JAIL_TRAP_TARGET:
	case JAIL_TRAP_COUNT:
		return JAIL_SAYS_CHECK;
	case JAIL_TRAP_SET:
		return JAIL_SAYS_ALLOW;
	case JAIL_TRAP_RETURN:
		return JAIL_SAYS_REFUSE;
	case JAIL_TRAP_SIGSYS:
		return JAIL_SAYS_TRAP;
	case JAIL_TRAP_KILL:
		return JAIL_SAYS_KILL;
	case JAIL_TRAP_REFUSE:
		break;
	}
	return JAIL_SAYS_REFUSE;
}

int jail_judge(const struct jail_plan *p, uint32_t arch, int nr, const uint64_t args[6], struct jail_judgement *ret,
	       struct err *e)
{
	const struct jail_plan told = {.rules = p->told.rules, .n_rules = p->told.n};
	const uint32_t says = jail_bpf_run(&p->filter, arch, nr, args);
	const int i = jail_rule_find(&told, arch, nr, args);

	*ret = (struct jail_judgement){.err = (int)(says & SECCOMP_RET_DATA)};
	if (i >= 0 && p->told.rets[i] == says)
		ret->rule = &p->told.rules[i];
	else if (says != SECCOMP_RET_KILL_PROCESS) /* but for an ABI that is not there */
		return err_set(e, EINVAL, "the filter says %#x of call %d, and no rule says so: an error of jailrun",
			       says, nr);
	switch (says & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		ret->says = JAIL_SAYS_ALLOW;
		break;
	case SECCOMP_RET_LOG:
		ret->says = JAIL_SAYS_LOG;
		break;
	case SECCOMP_RET_ERRNO:
		ret->says = JAIL_SAYS_REFUSE;
		break;
	case SECCOMP_RET_TRAP:
		ret->says = JAIL_SAYS_TRAP;
		break;
	case SECCOMP_RET_TRACE:
	case SECCOMP_RET_USER_NOTIF:
		ret->says = says_engine(ret->rule);
		ret->err = ret->rule->err;
		break;
	default:
		ret->says = JAIL_SAYS_KILL;
	}
	return 0;
}
