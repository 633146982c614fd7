/* SPDX-License-Identifier: Apache-2.0 */
/* Rules on their way into the plan and its filter, each made once for both. */
#include "builder.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

int builder_no_memory(struct builder *b)
{
	return err_set(b->e, ENOMEM, "plan of policy %s: out of memory", b->policy->name);
}

int builder_add_condition(struct builder *b, struct conditions *c, const struct jail_rule_arg *a)
{
	if (c->n == ARRAY_LEN(c->v))
		return err_set(b->e, ENOTSUP, "more than %zu conditions come together for one call; use fewer args",
			       ARRAY_LEN(c->v));
	c->v[c->n++] = *a;
	return 0;
}

/* SECCOMP_RET_* of a trap. Which rule it is, the engine finds out by the call. -ENOTSUP: nobody would hear of what is watched. */
static int trap_ret(const struct builder *b, const struct verdict *v, uint32_t *ret)
{
	if (v->trap == JAIL_TRAP_SIGSYS) /* by the kernel alone, which says the call's number and ABI */
		*ret = SECCOMP_RET_TRAP | (uint32_t)v->err;
	else if (b->plan->engine == JAIL_TRACE)
		*ret = SECCOMP_RET_TRACE | JAIL_TRACE_DATA;
	else if (b->reported)
		*ret = SECCOMP_RET_USER_NOTIF;
	else if (v->trap == JAIL_TRAP_LOG && v->note.rule && v->note.mode != POLICY_ENFORCE)
		return err_set(b->e, ENOTSUP,
			       "policy %s watches, and nothing can be reported here: no listener can be had: the "
			       "kernel has none (seccomp_unotify(2)), config.json takes it, or a filter around jailrun "
			       "has it or refuses it; a policy with `exec` needs none",
			       b->plan->policies[v->note.policy].name);
	else if (v->trap == JAIL_TRAP_LOG)
		*ret = SECCOMP_RET_LOG;
	else if (v->trap == JAIL_TRAP_KILL)
		*ret = SECCOMP_RET_KILL_PROCESS;
	else
		*ret = SECCOMP_RET_ERRNO | (uint32_t)v->err;
	return 0;
}

static struct jail_rule *new_rule(struct builder *b)
{
	struct jail_plan *p = b->plan;

	if (p->n_rules == b->room) {
		size_t room = b->room ? b->room * 2 : 64;
		struct jail_rule *more = arena_alloc(b->gen.a, room * sizeof(*more));

		if (!more)
			return NULL;
		if (p->n_rules)
			memcpy(more, p->rules, p->n_rules * sizeof(*more));
		p->rules = more;
		b->room = room;
	}
	return &p->rules[p->n_rules++];
}

static int tell(struct builder *b, const struct jail_rule *r, uint32_t ret)
{
	struct jail_told *t = &b->plan->told;

	if (!b->tell)
		return 0;
	if (t->n == b->told) {
		size_t room = b->told ? b->told * 2 : 256;
		struct jail_told more = {arena_alloc(b->gen.a, room * sizeof(*more.rules)),
					 arena_alloc(b->gen.a, room * sizeof(*more.rets)), t->n};

		if (!more.rules || !more.rets)
			return builder_no_memory(b);
		for (uint64_t i = 0; i < t->n; i++) {
			more.rules[i] = t->rules[i];
			more.rets[i] = t->rets[i];
		}
		*t = more;
		b->told = room;
	}
	t->rules[t->n] = *r;
	t->rets[t->n++] = ret;
	return 0;
}

static struct jail_rule rule_of(const struct verdict *v)
{
	struct jail_rule r = {.nr = JAIL_ANY_CALL,
			      .policy = v->policy,
			      .trap = (uint32_t)v->trap,
			      .err = v->err,
			      .arg = v->arg,
			      .note = v->note};

	r.name = (char *)v->rule;
	if (v->trap == JAIL_TRAP_RETURN)
		r.value = (uint64_t)v->from->result.v;
	for (size_t i = 0; v->trap == JAIL_TRAP_SET && i < v->from->n_set; i++) {
		r.set |= 1u << v->from->set[i].index;
		r.to[v->from->set[i].index] = v->from->set[i].value;
	}
	return r;
}

/* A call that limits counts goes nowhere uncounted. What another trap lets go on is counted there. */
static int count(struct builder *b, const struct call_rule *from, struct verdict *v)
{
	if (v->trap >= 0 || !from->syscall || !jail_counts(b->plan, from->syscall))
		return 0;
	if (v->ret == SECCOMP_RET_LOG)
		return err_set(
		    b->e, ENOTSUP,
		    "policy %s: %s: SCMP_ACT_LOG of %s, which limits count: it would not be counted; remove it",
		    b->plan->policies[v->policy].name, v->rule, from->syscall);
	if (v->ret == SECCOMP_RET_ALLOW) {
		v->trap = JAIL_TRAP_COUNT;
		v->rule = "limits.syscalls";
		v->err = EAGAIN;
	}
	return 0;
}

int builder_emit(struct builder *b, const struct call_rule *plain)
{
	struct call_rule counted = *plain;
	const struct call_rule *from = &counted;
	const int r = count(b, plain, &counted.v);

	struct gen_rule g = {.audit = from->audit, .nr = from->nr, .ret = from->v.ret, .n_args = from->c.n};
	struct jail_rule rule = rule_of(&from->v);

	if (r < 0)
		return r;

	memcpy(g.args, from->c.v, sizeof(g.args));
	memcpy(rule.args, from->c.v, sizeof(rule.args));
	rule.n_args = from->c.n;
	rule.arch = from->audit;
	rule.nr = from->nr;
	rule.syscall = (char *)from->syscall;
	if (from->v.trap >= 0) {
		struct jail_rule *place = new_rule(b);

		if (trap_ret(b, &from->v, &g.ret) < 0)
			return -ENOTSUP;
		if (!place)
			return builder_no_memory(b);
		*place = rule;
	}
	if (tell(b, &rule, g.ret) < 0)
		return -ENOMEM;
	return gen_add(&b->gen, &g) < 0 ? builder_no_memory(b) : 0;
}

int builder_emit_foreign(struct builder *b, uint32_t token, uint32_t policy)
{
	struct verdict v = {.rule = "syscalls.architectures", .policy = policy, .trap = JAIL_TRAP_KILL, .err = EPERM};
	struct jail_rule rule = rule_of(&v), *r;

	if (trap_ret(b, &v, &b->gen.bad_arch_ret) < 0)
		return -ENOTSUP;
	rule.arch = arch_audit(token);
	rule.nr = arch_is_x32(token) ? JAIL_FOREIGN_X32 : JAIL_FOREIGN;
	r = new_rule(b);
	if (!r)
		return builder_no_memory(b);
	*r = rule;
	return tell(b, &rule, b->gen.bad_arch_ret);
}

int builder_emit_other(struct builder *b, const struct verdict *v)
{
	const struct jail_rule rule = rule_of(v);
	struct jail_rule *r;

	b->gen.default_ret = v->ret;
	if (v->trap >= 0) {
		if (trap_ret(b, v, &b->gen.default_ret) < 0)
			return -ENOTSUP;
		r = new_rule(b);
		if (!r)
			return builder_no_memory(b);
		*r = rule;
	}
	return tell(b, &rule, b->gen.default_ret);
}

static int keep(struct builder *b, const struct call_rule *r)
{
	struct call_list *l = b->into;

	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 128;
		struct call_rule *more = arena_alloc(b->gen.a, room * sizeof(*more));

		if (!more)
			return builder_no_memory(b);
		if (l->n)
			memcpy(more, l->v, l->n * sizeof(*more));
		l->v = more;
		l->room = room;
	}
	l->v[l->n] = *r;
	l->v[l->n].seq = l->n;
	l->n++;
	return 0;
}

int builder_add(struct builder *b, const struct call_rule *r)
{
	return b->into ? keep(b, r) : builder_emit(b, r);
}

int builder_add_number(struct builder *b, uint32_t token, int nr, const char *syscall, const struct conditions *c,
		       const struct verdict *v)
{
	struct call_rule r = {arch_audit(token), nr, syscall, *c, *v, 0};

	return builder_add(b, &r);
}

int builder_add_call(struct builder *b, uint32_t token, const char *syscall, const struct conditions *c,
		     const struct verdict *v)
{
	const struct conditions none = {0};
	struct abi_call call;
	int r = abi_find(token, syscall, &call);

	if (r == -ENOTSUP)
		return err_set(b->e, ENOTSUP, "%s is multiplexed on %s, which this version cannot filter", syscall,
			       arch_name(token));
	if (r <= 0)
		return 0;
	if (call.nr >= 0)
		r = builder_add_number(b, token, call.nr, syscall, c, v);
	if (r >= 0 && call.mux_nr >= 0 && !(c->n && verdict_lets(v))) {
		struct conditions mux = none;

		/* Of such a call arguments cannot be replaced. */
		struct verdict refuse = *v;

		refuse.trap = JAIL_TRAP_REFUSE;
		refuse.err = EPERM;
		if (v->trap == JAIL_TRAP_SET)
			v = &refuse;
		mux.v[mux.n++] = (struct jail_rule_arg){0, JAIL_MASKED_EQ, call.mux_mask, call.mux_call};
		r = builder_add_number(b, token, call.mux_nr, syscall, &mux, v);
	}
	return r < 0 ? r : 0;
}
