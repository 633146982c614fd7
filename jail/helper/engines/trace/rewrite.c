/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that replace arguments or results, in the registers of a call that stands at its stop: no other thread reaches these. After
 * the stop the kernel asks all filters again, about the new arguments; the policies' own refusals that a tracer carries out are
 * asked for here. */
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>

#include "jail/helper/arch.h"
#include "trace.h"

static void tell(struct helper *h, const struct trapped *c, const char *does)
{
	struct denial d = {.rule = c->rule->name, .does = does, .target = NO_TARGET};

	trace_fill(c, &d);
	audit_denial(h, &d);
}

/* The rule that these arguments fall under, where it is one that refuses, or checks; NULL: they go on. */
static const struct jail_rule *refusal_of(struct helper *h, const struct trapped *c, const uint64_t args[6])
{
	const struct jail_rule *r;
	int i;

	if ((jail_bpf_run(jail_loaded_filter(&h->plan), c->arch, c->nr, args) & SECCOMP_RET_ACTION_FULL) !=
	    SECCOMP_RET_TRACE)
		return NULL; /* the kernel sees to it */
	i = jail_rule_find(&h->plan, c->arch, c->nr, args);
	r = i < 0 ? NULL : &h->plan.rules[i];
	return r && (r->trap == JAIL_TRAP_SET || r->trap == JAIL_TRAP_LOG || r->trap == JAIL_TRAP_COUNT) ? NULL : r;
}

enum answer rewrite_call(struct helper *h, const struct trapped *c, const struct jail_rule **ret_rule)
{
	struct task *t = task_find(c->tid);
	uint64_t args[6];
	int err;

	*ret_rule = NULL;
	if (c->own) /* it gets ENOSYS in any case */
		return ANSWER_GO;
	if (c->rule->trap == JAIL_TRAP_RETURN) {
		tell(h, c, "return");
		if (arch_cancel_syscall(c->tid, (int64_t)c->rule->value) < 0)
			kill(c->tgid, SIGKILL);
		return ANSWER_DONE;
	}
	memcpy(args, c->args, sizeof(args));
	for (int i = 0; i < 6; i++)
		if (c->rule->set >> i & 1)
			args[i] = c->rule->to[i];
	/* Of one filter with linux.seccomp the kernel's second question comes to nothing: the answer is once more to ask. */
	err = audit_profile(h, c->tid, c->arch, c->nr, args);
	if (err) {
		trace_cancel(c, err);
		return ANSWER_DONE;
	}
	*ret_rule = refusal_of(h, c, args);
	if (*ret_rule)
		return ANSWER_DONE;
	tell(h, c, "set");
	for (int i = 0; i < 6; i++)
		if ((c->rule->set >> i & 1) && arch_set_argument(c->tid, c->arch, i, args[i]) < 0)
			kill(c->tgid, SIGKILL);
	if (t) {
		t->rewritten = c->rule->set;
		t->rewritten_arch = c->arch;
		memcpy(t->former, c->args, sizeof(t->former));
	}
	return ANSWER_COUNT;
}

void rewrite_undo(struct task *t)
{
	int first = 0;

#if defined(__aarch64__)
	first = 1; /* the first one's register has the result */
#endif
	for (int i = first; i < 6; i++)
		if (t->rewritten >> i & 1)
			(void)arch_set_argument(t->tid, t->rewritten_arch, i, t->former[i]);
	t->rewritten = 0;
}
