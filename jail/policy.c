/* SPDX-License-Identifier: Apache-2.0 */
/* A policy becomes rules: guards, then the policy's own in their order, then the checks of what they allow, then the
 * default. Each rule is made once for each ABI, so that another ABI is no way round it. */
#include "guards.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>

struct builder {
	const struct spec_policy *policy;
	struct jail_plan *plan;
	struct gen gen;
	size_t room;   /* of plan->rules */
	uint32_t when; /* enum guard_when of this plan */
	bool reported; /* the engine gets trapped calls; false: no listener is to be had */
	struct err *e;
};

/* What shall become of a call. */
struct verdict {
	const char *rule;
	int trap;     /* enum jail_trap, or -1: `ret` as it is */
	uint32_t ret; /* SECCOMP_RET_* */
	int err;
	uint32_t arg;
};

struct conditions {
	uint32_t n;
	struct jail_rule_arg v[6];
};

static int no_memory(struct builder *b)
{
	return err_set(b->e, ENOMEM, "plan of policy %s: out of memory", b->policy->name);
}

static int add_condition(struct builder *b, struct conditions *c, const struct jail_rule_arg *a)
{
	if (c->n == ARRAY_LEN(c->v))
		return err_set(b->e, ENOTSUP, "more than %zu conditions come together for one call; use fewer args",
			       ARRAY_LEN(c->v));
	c->v[c->n++] = *a;
	return 0;
}

/* SECCOMP_RET_* of a trap that is rule `index`. */
static uint32_t trap_ret(const struct builder *b, const struct verdict *v, uint64_t index)
{
	if (b->plan->engine == JAIL_TRACE)
		return SECCOMP_RET_TRACE | (uint32_t)index;
	if (b->reported)
		return SECCOMP_RET_USER_NOTIF;
	if (v->trap == JAIL_TRAP_KILL || b->plan->kill_on_violation)
		return SECCOMP_RET_KILL_PROCESS;
	return SECCOMP_RET_ERRNO | (uint32_t)v->err;
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

/* One rule for one number of one ABI. */
static int add_one(struct builder *b, uint32_t token, int nr, const char *syscall, const struct conditions *c,
		   const struct verdict *v)
{
	struct gen_rule g = {.audit = arch_audit(token), .nr = nr, .ret = v->ret, .n_args = c->n};

	memcpy(g.args, c->v, sizeof(g.args));
	if (v->trap >= 0) {
		struct jail_rule *r;

		if (b->plan->n_rules >= TRACE_RULES)
			return err_set(b->e, E2BIG, "policy %s makes more than %d rules", b->policy->name, TRACE_RULES);
		g.ret = trap_ret(b, v, b->plan->n_rules);
		r = new_rule(b);
		if (!r)
			return no_memory(b);
		*r = (struct jail_rule){
		    .arch = g.audit, .nr = nr, .trap = (uint32_t)v->trap, .err = v->err, .arg = v->arg, .n_args = c->n};
		r->name = (char *)v->rule;
		r->syscall = (char *)syscall;
		memcpy(r->args, c->v, sizeof(r->args));
	}
	return gen_add(&b->gen, &g) < 0 ? no_memory(b) : 0;
}

/* One rule for one ABI, by whichever way the call is made there. The arguments of a multiplexed call lie in memory:
 * where a rule asks about them, such a call is not allowed, and refused whole. */
static int add_for(struct builder *b, uint32_t token, const char *syscall, const struct conditions *c,
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
		r = add_one(b, token, call.nr, syscall, c, v);
	if (r >= 0 && call.mux_nr >= 0 && !(c->n && v->trap < 0 && v->ret == SECCOMP_RET_ALLOW)) {
		struct conditions mux = none;

		mux.v[mux.n++] = (struct jail_rule_arg){0, JAIL_MASKED_EQ, call.mux_mask, call.mux_call};
		r = add_one(b, token, call.mux_nr, syscall, &mux, v);
	}
	return r < 0 ? r : 0;
}

static struct verdict guard_verdict(const struct guard *g)
{
	struct verdict v = {.rule = g->rule, .trap = -1, .err = EPERM, .arg = g->target};

	switch ((enum guard_does)g->does) {
	case DO_ENOSYS:
		v.ret = SECCOMP_RET_ERRNO | (uint32_t)ENOSYS;
		break;
	case DO_PASS:
		v.ret = SECCOMP_RET_ALLOW;
		break;
	case DO_REFUSE:
		v.trap = JAIL_TRAP_REFUSE;
		break;
	case DO_EXEC:
		v.trap = JAIL_TRAP_EXEC;
		v.err = EACCES;
		break;
	case DO_CLONE:
		v.trap = JAIL_TRAP_CLONE;
		v.err = EAGAIN;
		break;
	case DO_TARGET:
		v.trap = JAIL_TRAP_TARGET;
		break;
	}
	return v;
}

/* A guard in one ABI, beside the conditions of a rule of the policy. */
static int add_guard(struct builder *b, uint32_t token, const struct guard *g, const struct conditions *with)
{
	struct conditions c = *with;
	struct verdict v = guard_verdict(g);

	for (uint32_t i = 0; i < g->n_args; i++) {
		struct jail_rule_arg a = g->args[i];
		int r;

		if (str_eq(g->syscall, "clone"))
			a.index = abi_clone_flags(token);
		r = add_condition(b, &c, &a);
		if (r < 0)
			return r;
	}
	return add_for(b, token, g->syscall, &c, &v);
}

/* Those of the table that are for this plan, and for `syscall` (NULL: all). Returns how many there were. */
static int add_guards(struct builder *b, const struct guard *table, const char *syscall, uint32_t only_arch,
		      const struct conditions *with)
{
	int n = 0;

	for (const struct guard *g = table; g->syscall; g++) {
		if (!(g->when & b->when) || (syscall && strcmp(syscall, g->syscall) != 0))
			continue;
		n++;
		for (size_t i = 0; i < b->gen.n_archs; i++) {
			int r;

			if (only_arch && b->gen.archs[i] != only_arch)
				continue;
			r = add_guard(b, b->gen.archs[i], g, with);
			if (r < 0)
				return r;
		}
	}
	return n;
}

static bool has_check(const struct builder *b, const char *syscall)
{
	for (const struct guard *g = jail_checks; g->syscall; g++)
		if ((g->when & b->when) && strcmp(syscall, g->syscall) == 0)
			return true;
	return false;
}

/* The kernel looks only at the lower half of an int argument, so that a compare of all 64 bits can be got round by bits
 * in the upper. Adds to c what settles it. Returns true when those bits have to be a second way for a refusal to match. */
static bool compare_int(struct builder *b, struct conditions *c, struct jail_rule_arg *a, bool refuses, int *r)
{

	const struct jail_rule_arg narrow = {a->index, JAIL_LE, COMPARE_32, 0};

	if (a->op == JAIL_EQ) {
		*a = (struct jail_rule_arg){a->index, JAIL_MASKED_EQ, COMPARE_32, (uint32_t)a->a};
	} else if (a->op == JAIL_MASKED_EQ) {
		a->a &= COMPARE_32;
		a->b &= COMPARE_32;
	} else if (!refuses) {
		*r = add_condition(b, c, &narrow);
	} else {
		return a->op == JAIL_LT || a->op == JAIL_LE;
	}
	return false;
}

/* Adds a rule of the policy for one ABI: below the checks when it allows. */
static int add_variant(struct builder *b, uint32_t token, const char *syscall, const struct conditions *c,
		       const struct verdict *v)
{
	if (v->trap < 0 && v->ret == SECCOMP_RET_ALLOW) {
		int r = add_guards(b, jail_checks, syscall, token, c);

		if (r < 0)
			return r;
	}
	return add_for(b, token, syscall, c, v);
}

/* args[first..first+n) have to hold together. */
static int add_together(struct builder *b, uint32_t token, const char *syscall, const struct spec_seccomp_arg *args,
			size_t n, const struct verdict *v)
{
	bool refuses = v->trap >= 0 || v->ret != SECCOMP_RET_ALLOW;
	struct conditions c = {0};
	uint32_t wide = 0;
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++) {
		const struct word *op = word_find(seccomp_operators, args[i].op);
		struct jail_rule_arg a = {args[i].index, 0, args[i].value, args[i].value_two};

		if (args[i].index > 5 || !op)
			return err_set(b->e, EINVAL, "args[%zu]: index is 0 to 5, op one of the SCMP_CMP_*", i);
		a.op = op->value;
		if (abi_arg_is_int(syscall, a.index) && compare_int(b, &c, &a, refuses, &r))
			wide |= 1u << c.n;
		if (r >= 0)
			r = add_condition(b, &c, &a);
	}
	for (uint32_t i = 0; i < c.n && r >= 0; i++) {
		struct conditions upper = c;

		if (!(wide >> i & 1))
			continue;
		upper.v[i] = (struct jail_rule_arg){c.v[i].index, JAIL_GT, COMPARE_32, 0};
		r = add_variant(b, token, syscall, &upper, v);
	}
	return r < 0 ? r : add_variant(b, token, syscall, &c, v);
}

static int add_call(struct builder *b, const struct spec_seccomp_rule *s, const char *syscall, const struct verdict *v)
{
	bool known = false, split = rule_has_alternatives(s);
	int r = 0;

	if (v->trap == JAIL_TRAP_LOG && has_check(b, syscall))
		return err_set(b->e, ENOTSUP,
			       "%s is checked by another key of this policy already, which SCMP_ACT_LOG would "
			       "switch off; remove it",
			       syscall);
	for (size_t i = 0; i < b->gen.n_archs && r >= 0; i++) {
		uint32_t token = b->gen.archs[i];
		struct abi_call call;

		known |= abi_find(token, syscall, &call) != -ENOENT;
		for (size_t k = 0; split && k < s->n_args && r >= 0; k++)
			r = add_together(b, token, syscall, &s->args[k], 1, v);
		if (!split)
			r = add_together(b, token, syscall, s->args, s->n_args, v);
	}
	if (r < 0 || known)
		return r;
	if (v->trap < 0 && v->ret == SECCOMP_RET_ALLOW) {
		log_debug("policy %s: %s: libseccomp knows no system call '%s'", b->policy->name, v->rule, syscall);
		return 0;
	}
	return err_set(b->e, EINVAL, "libseccomp %u.%u.%u knows no system call '%s', so it cannot be refused",
		       seccomp_version()->major, seccomp_version()->minor, seccomp_version()->micro, syscall);
}

static int action_verdict(struct builder *b, const char *action, const struct opt_u64 *errno_ret, struct verdict *v)
{
	const struct word *w = word_find(seccomp_actions, action);

	v->trap = -1;
	v->err = errno_ret->set ? (int)(errno_ret->v & 0xffff) : EPERM;
	if (v->err > ERRNO_MAX)
		return err_set(b->e, EINVAL, "an errno is at most %d", ERRNO_MAX);
	switch (w ? w->value : SECCOMP_RET_USER_NOTIF) {
	case SECCOMP_RET_ALLOW:
		v->ret = SECCOMP_RET_ALLOW;
		return 0;
	case SECCOMP_RET_LOG:
		if (b->plan->engine == JAIL_TRACE)
			v->trap = JAIL_TRAP_LOG;
		v->ret = SECCOMP_RET_LOG;
		return 0;
	case SECCOMP_RET_ERRNO:
		v->trap = JAIL_TRAP_REFUSE;
		return 0;
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_KILL_PROCESS:
		v->trap = JAIL_TRAP_KILL;
		return 0;
	default:
		return err_set(b->e, ENOTSUP, "%s is not for policies: use SCMP_ACT_ERRNO, KILL_PROCESS, LOG or ALLOW",
			       action);
	}
}

static int add_rules(struct builder *b)
{
	const struct spec_seccomp *s = &b->policy->syscalls;

	for (size_t i = 0; i < s->n_rules; i++) {
		struct verdict v = {.rule = arena_printf(b->gen.a, "syscalls.syscalls[%zu]", i)};
		int r = v.rule ? action_verdict(b, s->rules[i].action, &s->rules[i].errno_ret, &v) : no_memory(b);

		for (size_t k = 0; k < s->rules[i].names.n && r >= 0; k++)
			r = add_call(b, &s->rules[i], s->rules[i].names.v[k], &v);
		if (r < 0)
			return err_ctx(b->e, "syscalls.syscalls[%zu]", i);
	}
	return 0;
}

static int add_default(struct builder *b)
{
	const struct spec_seccomp *s = &b->policy->syscalls;
	struct verdict v = {.rule = "syscalls.defaultAction"};
	const struct conditions none = {0};
	struct jail_rule *rule;
	int r;

	b->gen.default_ret = SECCOMP_RET_ALLOW;
	if (s->set) {
		r = action_verdict(b, s->default_action, &s->default_errno_ret, &v);
		if (r >= 0 && v.ret == SECCOMP_RET_LOG)
			r = err_set(b->e, ENOTSUP,
				    "SCMP_ACT_LOG is not for the default: use ALLOW, ERRNO or KILL_PROCESS");
		if (r < 0)
			return err_ctx(b->e, "syscalls.defaultAction");
	}
	if (!s->set || v.trap < 0) {
		r = add_guards(b, jail_checks, NULL, 0, &none);
		return r < 0 ? r : 0;
	}
	b->gen.default_ret = trap_ret(b, &v, b->plan->n_rules);
	rule = new_rule(b);
	if (!rule)
		return no_memory(b);
	*rule = (struct jail_rule){.name = (char *)v.rule, .nr = JAIL_ANY_CALL, .trap = (uint32_t)v.trap, .err = v.err};
	return 0;
}

/* The ABIs whose calls are filtered; those of any other are killed. */
static int choose_archs(struct builder *b, uint32_t native)
{
	const struct strv *l = &b->policy->syscalls.architectures;
	uint32_t family[MAX_ARCHS];
	size_t n = arch_family(native, family);

	b->gen.archs[b->gen.n_archs++] = native;
	for (size_t i = 0; i < l->n; i++) {
		uint32_t token;

		if (arch_find(l->v[i], &token, b->e) < 0)
			return err_ctx(b->e, "syscalls.architectures[%zu]", i);
	}
	for (size_t k = 1; k < n; k++)
		if (l->n ? strv_has(l, arch_name(family[k])) : b->plan->engine != JAIL_TRACE)
			b->gen.archs[b->gen.n_archs++] = family[k];
	return 0;
}

static int choose_flags(struct builder *b, const struct jail_facts *f)
{
	const struct strv *l = &b->policy->syscalls.flags;
	uint32_t flags = l->v ? 0 : SECCOMP_FILTER_FLAG_SPEC_ALLOW; /* runc's default */

	for (size_t i = 0; l->v && i < l->n; i++) {
		const struct word *w = word_find(seccomp_flags, l->v[i]);

		if (!w) {
			err_set(b->e, EINVAL, "'%s' is not known", l->v[i]);
			return err_ctx(b->e, "syscalls.flags[%zu]", i);
		}
		flags |= w->value & (SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	}
	if (b->plan->engine == JAIL_NOTIFY && b->reported)
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER |
			 (f->seccomp_flags & (uint32_t)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	b->plan->filter.flags = flags;
	return 0;
}

/* What the engine would take for its own. */
static int check_oci(const struct spec_config *c, const struct jail_plan *p, struct err *e)
{
	const struct spec_seccomp *s = &c->linux_.seccomp;
	bool trace = str_eq(s->default_action, "SCMP_ACT_TRACE");

	for (size_t i = 0; i < s->n_rules; i++)
		trace |= str_eq(s->rules[i].action, "SCMP_ACT_TRACE");
	if (!s->set || !trace || p->engine != JAIL_TRACE)
		return 0;
	err_set(e, ENOTSUP,
		"SCMP_ACT_TRACE needs a tracer, and under policy %s that is the jail, which knows nothing of it; use "
		"SCMP_ACT_ERRNO, or another policy",
		p->policy);
	return err_ctx(e, "linux.seccomp");
}

static void take_policy(const struct spec_policy *p, struct jail_plan *ret)
{
	static char root[] = "/", *everything[] = {root, NULL};

	ret->policy = p->name;
	ret->init = p->init;
	ret->kill_on_violation = p->on_violation == POLICY_KILL;
	ret->exec_rules = p->exec.set;
	ret->exec_memfd = p->exec.memfd;
	ret->exec_deny = p->exec.deny;
	/* `deny` alone is a list of exceptions. An `allow` that is there and empty allows nothing. */
	ret->exec_allow = p->exec.allow.v || !p->exec.deny.n ? p->exec.allow : (struct strv){everything, 1};
	ret->refuse_to_init = p->signals.refuse_to_init;
	ret->protect = p->signals.protect;
	if (p->max_processes.set)
		ret->max_processes = (int64_t)p->max_processes.v;
	if (p->max_threads.set)
		ret->max_threads = (int64_t)p->max_threads.v;
}

static uint32_t when_of(const struct jail_plan *p)
{
	bool jail = p->init == POLICY_INIT_JAIL;

	return (jail ? WHEN_SELF : 0) | (jail && p->refuse_to_init ? WHEN_TO_INIT : 0) |
	       (p->engine == JAIL_TRACE ? WHEN_TRACE : 0) | (p->protect.n ? WHEN_PROTECT : 0) |
	       (p->exec_rules ? WHEN_EXEC : 0) | (p->max_processes >= 0 ? WHEN_PROCESSES : 0) |
	       (p->max_threads >= 0 ? WHEN_THREADS : 0);
}

int policy_plan(const struct spec_policy *p, const struct spec_config *c, const struct jail_facts *f, struct arena *a,
		struct jail_plan *ret, struct err *e)
{
	struct builder b = {.policy = p, .plan = ret, .e = e, .gen = {.a = a}};
	const struct conditions none = {0};
	int r;

	if (p->network.set) { /* the rules that enforce it are to come */
		err_set(e, ENOTSUP, "this version of jailrun cannot enforce it yet; remove it");
		return err_ctx(e, "policy %s: network", p->name);
	}
	take_policy(p, ret);
	ret->engine = ret->exec_rules || ret->max_processes >= 0 || ret->max_threads >= 0 || ret->protect.n
			  ? JAIL_TRACE
			  : JAIL_NOTIFY;
	/* There can be one listener only for the filters of a process. */
	b.reported = ret->engine == JAIL_TRACE ||
		     ((f->seccomp_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) && !jail_has_agent(ret));
	b.when = when_of(ret);
	b.gen.bad_arch_ret = SECCOMP_RET_KILL_PROCESS;
	r = check_oci(c, ret, e);
	if (r >= 0)
		r = choose_archs(&b, f->arch);
	if (r >= 0)
		r = choose_flags(&b, f);
	if (r >= 0)
		r = add_guards(&b, jail_guards, NULL, 0, &none);
	if (r >= 0)
		r = add_rules(&b);
	if (r >= 0)
		r = add_default(&b);
	if (r < 0)
		return r;
	/* Nothing to filter, and no ABI that was named out: no filter. */
	if (!b.gen.n && b.gen.default_ret == SECCOMP_RET_ALLOW && !p->syscalls.set) {
		ret->filter = (struct jail_bpf){0};
		return 0;
	}
	r = gen_finish(&b.gen, &ret->filter, e);
	return r < 0 ? r : oci_agent_check(ret, f, e);
}
