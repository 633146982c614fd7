/* SPDX-License-Identifier: Apache-2.0 */
/* SCMP_ACT_NOTIFY beside a policy's tracer. Of the answers of two filters to a call the kernel takes the stricter one, and
 * SECCOMP_RET_USER_NOTIF goes before SECCOMP_RET_TRACE: a call that the agent lets go on is never seen by the tracer. */
#include "jail/internal.h"

#include <errno.h>
#include <linux/audit.h>
#include <stdlib.h>
#include <string.h>

#define LAST_NUMBER 1023 /* above all that there are; all others are treated alike */

/* What is known of the accumulator before an instruction that can be reached. */
struct state {
	bool reached, known;
	uint32_t a;
};

static void flow(struct state *to, struct state from)
{
	from.reached = true;
	if (to->reached && (!to->known || !from.known || to->a != from.a))
		from.known = false;
	*to = from;
}

static bool jumps(const struct sock_filter *i, uint32_t a)
{
	switch (BPF_OP(i->code)) {
	case BPF_JEQ:
		return a == i->k;
	case BPF_JGT:
		return a > i->k;
	case BPF_JGE:
		return a >= i->k;
	default:
		return a & i->k;
	}
}

/* One instruction's effect on the states of those that may follow; all jumps lead forward. */
static void step(const struct sock_filter *i, struct state *at, uint32_t arch, uint32_t nr)
{
	struct state now = *at;

	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
		now.known = i->code == (BPF_LD | BPF_W | BPF_ABS) &&
			    (i->k == offsetof(struct seccomp_data, nr) || i->k == offsetof(struct seccomp_data, arch));
		now.a = i->k == offsetof(struct seccomp_data, nr) ? nr : arch;
		break;
	case BPF_ALU:
		if (i->code == (BPF_ALU | BPF_AND | BPF_K))
			now.a &= i->k;
		else
			now.known = false;
		break;
	case BPF_JMP:
		if (BPF_OP(i->code) == BPF_JA) {
			flow(at + 1 + i->k, now);
			return;
		}
		if (!now.known || BPF_SRC(i->code) == BPF_X || jumps(i, now.a))
			flow(at + 1 + i->jt, now);
		if (!now.known || BPF_SRC(i->code) == BPF_X || !jumps(i, now.a))
			flow(at + 1 + i->jf, now);
		return;
	case BPF_MISC: /* from X, which is not followed */
		now.known = false;
		break;
	default:
		break;
	}
	flow(at + 1, now);
}

/* Whether the filter can give this action to a call, whatever its arguments. */
static bool can_give(const struct jail_bpf *f, uint32_t arch, uint32_t nr, struct state *states, uint32_t action)
{
	memset(states, 0, (f->len + 1u) * sizeof(*states));
	states[0].reached = true;
	for (uint32_t pc = 0; pc < f->len; pc++) {
		if (!states[pc].reached)
			continue;
		if (BPF_CLASS(f->insns[pc].code) != BPF_RET)
			step(&f->insns[pc], &states[pc], arch, nr);
		else if ((f->insns[pc].k & SECCOMP_RET_ACTION_FULL) == action)
			return true;
	}
	return false;
}

/* The rule by which the tracer has to judge the call, or NULL. What exec.* forbids is judged once more when the program is there,
 * whoever let the call go on; it is counted at the call alone. */
static const struct jail_rule *tracers_rule(const struct jail_plan *p, uint32_t arch, uint32_t nr)
{
	for (uint64_t i = 0; i < p->n_rules; i++) {
		const struct jail_rule *r = &p->rules[i];

		if (r->nr != JAIL_ANY_CALL && (r->arch != arch || (uint32_t)r->nr != nr))
			continue;
		if (r->trap != JAIL_TRAP_EXEC || jail_counts(p, r->syscall))
			return r;
		if (!r->n_args) /* no other is reached */
			break;
	}
	return NULL;
}

static int refuse(const struct jail_plan *p, const struct jail_rule *r, uint32_t nr, struct err *e)
{
	if (r->syscall)
		err_set(e, ENOTSUP,
			"SCMP_ACT_NOTIFY gives %s to the agent, whose answer would go before that of policy %s (%s); "
			"leave the call to one of them",
			r->syscall, p->policy, r->name);
	else
		err_set(
		    e, ENOTSUP,
		    "SCMP_ACT_NOTIFY gives system call %u to the agent, whose answer would go before that of policy %s "
		    "(%s); allow the call there, or leave it to the policy",
		    nr & ~X32_BIT, p->policy, r->name);
	return err_ctx(e, "linux.seccomp");
}

int oci_agent_check(const struct jail_plan *p, const struct jail_facts *f, struct err *e)
{
	uint32_t family[MAX_ARCHS];
	size_t n = arch_family(f->arch, family);
	const struct jail_rule *by = NULL;
	struct state *states;

	if (!jail_has_agent(p) || p->engine != JAIL_TRACE)
		return 0;
	states = calloc(BPF_MAXINSNS + 1, sizeof(*states));
	if (!states)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = 0; i < n && !by; i++)
		for (uint32_t nr = 0; nr <= LAST_NUMBER && !by; nr++) {
			uint32_t full = nr | (arch_is_x32(family[i]) ? X32_BIT : 0), audit = arch_audit(family[i]);

			if (can_give(&p->seal.seccomp, audit, full, states, SECCOMP_RET_USER_NOTIF) &&
			    can_give(&p->filter, audit, full, states, SECCOMP_RET_TRACE))
				by = tracers_rule(p, audit, full);
			if (by)
				refuse(p, by, full, e);
		}
	free(states);
	return by ? -ENOTSUP : 0;
}
