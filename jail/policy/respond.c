/* SPDX-License-Identifier: Apache-2.0 */
/* `mode` and `on_violation`: what becomes of the verdict of a rule on calls. */
#include "builder.h"

#include <linux/seccomp.h>

static void make_note(struct verdict *v, const struct spec_response *how)
{
	v->note = (struct jail_note){.rule = (char *)v->rule,
				     .policy = v->policy,
				     .mode = (uint32_t)how->mode,
				     .err = v->trap == JAIL_TRAP_REFUSE ? v->err : 0,
				     .kill = v->trap == JAIL_TRAP_KILL,
				     .trap = v->trap == JAIL_TRAP_SIGSYS,
				     .allowed = v->trap < 0 && v->ret == SECCOMP_RET_ALLOW};
	v->trap = JAIL_TRAP_LOG;
	v->ret = 0;
	v->err = 0;
}

void builder_respond(struct verdict *v, const struct spec_response *how, bool own_err)
{
	bool refuses = v->trap == JAIL_TRAP_REFUSE || v->trap == JAIL_TRAP_KILL || v->trap == JAIL_TRAP_SIGSYS;

	if (refuses && how->violation == POLICY_KILL)
		v->trap = JAIL_TRAP_KILL;
	else if (v->trap == JAIL_TRAP_REFUSE && how->violation == POLICY_TRAP)
		v->trap = JAIL_TRAP_SIGSYS;
	else if (v->trap == JAIL_TRAP_REFUSE && how->err && !own_err)
		v->err = how->err;
	if ((refuses || v->trap == JAIL_TRAP_RETURN || v->trap == JAIL_TRAP_SET) && how->mode != POLICY_ENFORCE) {
		make_note(v, how);
	} else if (v->trap == JAIL_TRAP_REFUSE && how->violation == POLICY_LOG) {
		make_note(v, how);
		v->note.err = 0;
	} else if (!refuses && how->mode == POLICY_LEARN) {
		make_note(v, how);
	}
}

bool verdict_lets(const struct verdict *v)
{
	return (v->trap < 0 && v->ret == SECCOMP_RET_ALLOW) || (v->trap == JAIL_TRAP_LOG && v->note.allowed);
}
