/* SPDX-License-Identifier: Apache-2.0 */
/* A policy becomes rules: guards, then the policy's own in their order, then the checks of what they allow, then the
 * default. Each rule is made once for each ABI, so that another ABI is no way round it. */
#include "builder.h"
#include "guards.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>

/* What goes on by socketcall(2) or ipc(2) may be a call that is counted: each of these has a rule of its own before. */
static int add_counted_in(struct builder *b, uint32_t token, const char *syscall, const struct conditions *c,
			  const struct verdict *v)
{
	struct abi_call whole, part;

	if (abi_find(token, syscall, &whole) != 1 || whole.nr < 0)
		return 0;
	for (uint64_t i = 0; i < b->plan->n_policies; i++)
		for (uint64_t k = 0; k < b->plan->policies[i].n_counts; k++) {
			const char *counted = b->plan->policies[i].counts[k].syscall;
			struct conditions mux = *c;
			struct jail_rule_arg a;
			int r;

			if (abi_find(token, counted, &part) != 1 || part.mux_nr != whole.nr)
				continue;
			a = (struct jail_rule_arg){0, JAIL_MASKED_EQ, part.mux_mask, part.mux_call};
			r = builder_add_condition(b, &mux, &a);
			if (r >= 0)
				r = builder_add_number(b, token, part.mux_nr, counted, &mux, v);
			if (r < 0)
				return r;
		}
	return 0;
}

/* Adds a rule of the policy for one ABI: below the checks when it allows. */
static int add_variant(struct builder *b, uint32_t token, const char *syscall, const struct conditions *c,
		       const struct verdict *v)
{
	if (verdict_lets(v) || v->note.rule) {
		int r;

		b->note = v->note.rule ? &v->note : NULL;
		r = guards_add(b, jail_checks, GUARDS_ALL, syscall, token, c);
		b->note = NULL;
		if (r < 0)
			return r;
		r = add_counted_in(b, token, syscall, c, v);
		if (r < 0)
			return r;
	}
	return builder_add_call(b, token, syscall, c, v);
}

/* args[first..first+n) have to hold together. */
static int add_together(struct builder *b, uint32_t token, const char *syscall, const struct spec_seccomp_arg *args,
			size_t n, const struct verdict *v)
{
	/* What is only logged goes on: wherever it is not certain that the rule is about a call, the next one decides. */
	bool goes_on = (v->trap == JAIL_TRAP_LOG && !v->note.rule) || (v->trap < 0 && v->ret == SECCOMP_RET_LOG) ||
		       verdict_lets(v);
	struct conditions c = {0};
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++) {
		const struct word *op = word_find(seccomp_operators, args[i].op);
		struct jail_rule_arg a = {args[i].index, 0, args[i].value, args[i].value_two};

		if (args[i].index > 5 || !op)
			return err_set(b->e, EINVAL, "args[%zu]: index is 0 to 5, op one of the SCMP_CMP_*", i);
		a.op = op->value;
		switch (abi_read_arg(token, syscall, !goes_on, &a)) {
		case ARG_READ:
			r = builder_add_condition(b, &c, &a);
			break;
		case ARG_ALWAYS:
			break;
		case ARG_NEVER:
			return 0;
		}
	}
	return r < 0 ? r : add_variant(b, token, syscall, &c, v);
}

/* clone3 cannot be looked at, its flags being in memory. The C library tries it for each thread, and takes clone where it gets ENOSYS:
 * nothing is missing then, so that nothing is reported. */
static struct verdict call_verdict(const struct verdict *v, const char *syscall)
{
	struct verdict ret = *v;

	if (v->trap == JAIL_TRAP_REFUSE && v->err == ENOSYS && str_eq(syscall, "clone3")) {
		ret.trap = -1;
		ret.ret = SECCOMP_RET_ERRNO | (uint32_t)ENOSYS;
	}
	return ret;
}

/* Whoever comes out of these is not who went in: its registers could not be put back. */
static bool makes_tasks(const char *syscall)
{
	static const char *const names[] = {"clone", "clone3", "execve",       "execveat",
					    "fork",  "vfork",  "rt_sigreturn", "sigreturn"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(names[i], syscall))
			return true;
	return false;
}

static int add_call(struct builder *b, const struct spec_seccomp_rule *s, const char *syscall,
		    const struct verdict *said)
{
	const struct verdict own = call_verdict(said, syscall), *v = &own;
	bool known = false, split = rule_has_alternatives(s);
	int r = 0;

	if (v->trap == JAIL_TRAP_SET && (guards_check(b, syscall) || makes_tasks(syscall)))
		return err_set(
		    b->e, ENOTSUP,
		    "the arguments of %s cannot be replaced: it makes processes or programs, or another key of "
		    "this policy checks it",
		    syscall);
	if (v->trap == JAIL_TRAP_LOG && !v->note.rule && guards_check(b, syscall))
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
	if (verdict_lets(v)) {
		log_debug("policy %s: %s: libseccomp knows no system call '%s'", b->policy->name, v->rule, syscall);
		return 0;
	}
	return call_unknown(syscall, ", so it cannot be refused", b->e);
}

static int action_verdict(struct builder *b, const char *action, const struct opt_u64 *errno_ret, struct verdict *v)
{
	const struct word *w = word_find(seccomp_actions, action);

	v->policy = b->at;
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
	case SECCOMP_RET_TRAP:
		v->trap = JAIL_TRAP_SIGSYS;
		v->err = 0;
		return 0;
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_KILL_PROCESS:
		v->trap = JAIL_TRAP_KILL;
		return 0;
	default:
		return err_set(b->e, ENOTSUP,
			       "%s is not for policies: use SCMP_ACT_ERRNO, TRAP, KILL_PROCESS, LOG or ALLOW", action);
	}
}

static int add_rules(struct builder *b)
{
	const struct spec_seccomp *s = &b->policy->syscalls;

	for (size_t i = 0; i < s->n_rules; i++) {
		struct verdict v = {.rule = arena_printf(b->gen.a, "syscalls.syscalls[%zu]", i)};
		const struct spec_response how = spec_response_in(&s->rules[i].response, &b->policy->response);
		int r =
		    v.rule ? action_verdict(b, s->rules[i].action, &s->rules[i].errno_ret, &v) : builder_no_memory(b);

		v.from = &s->rules[i];
		if (r >= 0 && s->rules[i].result.set)
			v.trap = JAIL_TRAP_RETURN;
		if (r >= 0 && s->rules[i].n_set)
			v.trap = JAIL_TRAP_SET;
		if (v.trap == JAIL_TRAP_RETURN || v.trap == JAIL_TRAP_SET)
			v.err = 0;
		if (r >= 0)
			builder_respond(&v, &how, s->rules[i].errno_ret.set);
		for (size_t k = 0; k < s->rules[i].names.n && r >= 0; k++)
			r = add_call(b, &s->rules[i], s->rules[i].names.v[k], &v);
		if (r < 0)
			return err_ctx(b->e, "syscalls.syscalls[%zu]", i);
	}
	return 0;
}

static int add_kernels_own(struct builder *b)
{
	const struct verdict allow = {
	    .rule = "syscalls.defaultAction", .policy = b->at, .trap = -1, .ret = SECCOMP_RET_ALLOW};
	const struct conditions none = {0};
	int r = 0;

	for (size_t i = 0; i < b->gen.n_archs; i++)
		for (size_t k = 0; policy_unasked[k] && r >= 0; k++)
			r = builder_add_call(b, b->gen.archs[i], policy_unasked[k], &none, &allow);
	return r;
}

/* A rule of the policy that names these calls has gone before. Where the engine or network rules close io_uring, it is done. */
static int close_uring(struct builder *b)
{
	static const char *const names[] = {"io_uring_setup", "io_uring_enter", "io_uring_register"};
	const struct verdict enosys = {
	    .rule = "engine", .policy = b->at, .trap = -1, .ret = SECCOMP_RET_ERRNO | (uint32_t)ENOSYS, .err = ENOSYS};
	const struct conditions none = {0};
	bool closed = b->plan->engine == JAIL_TRACE;
	int r = 0;

	for (uint64_t i = 0; i < b->plan->n_policies; i++)
		closed |= b->plan->policies[i].network || b->plan->policies[i].families != UINT64_MAX ||
			  b->plan->policies[i].files.list[FILES_IOCTL].set;
	if (closed || !b->plan->policies[b->at].io_uring)
		return 0;
	for (size_t i = 0; i < b->gen.n_archs; i++)
		for (size_t k = 0; k < ARRAY_LEN(names) && r >= 0; k++)
			r = builder_add_call(b, b->gen.archs[i], names[k], &none, &enosys);
	return r;
}

/* A counted call has rules of its own, also where only the default lets it go on. */
static int add_counted(struct builder *b, const struct verdict *other)
{
	const struct conditions none = {0};
	struct verdict v = *other;

	if (v.trap >= 0 ? v.trap != JAIL_TRAP_LOG : v.ret != SECCOMP_RET_ALLOW)
		return 0;
	v.rule = "limits.syscalls"; /* of two lists, what is as the rest is left out */
	for (uint64_t i = 0; i < b->plan->n_policies; i++) {
		const struct jail_policy *p = &b->plan->policies[i];
		const char *names[POLICY_COUNTS_MAX + 2] = {"execve", "execveat"};
		size_t n = p->bounds[BOUND_EXECS] >= 0 ? 2 : 0;

		for (uint64_t k = 0; k < p->n_counts; k++)
			names[n++] = p->counts[k].syscall;
		for (size_t k = 0; k < n; k++)
			for (size_t a = 0; a < b->gen.n_archs; a++) {
				int r = builder_add_call(b, b->gen.archs[a], names[k], &none, &v);

				if (r < 0)
					return r;
			}
	}
	return 0;
}

static int add_default(struct builder *b)
{
	const struct spec_seccomp *s = &b->policy->syscalls;
	struct verdict v = {.rule = "syscalls.defaultAction", .policy = b->at, .trap = -1, .ret = SECCOMP_RET_ALLOW};
	const struct conditions none = {0};
	int r = 0;

	if (s->set) {
		r = action_verdict(b, s->default_action, &s->default_errno_ret, &v);
		if (r >= 0 && v.ret == SECCOMP_RET_LOG)
			r = err_set(b->e, ENOTSUP,
				    "SCMP_ACT_LOG is not for the default: use ALLOW, ERRNO or KILL_PROCESS");
		if (r < 0)
			return err_ctx(b->e, "syscalls.defaultAction");
		builder_respond(&v, &b->plan->policies[b->at].response[POLICY_SYSCALLS], s->default_errno_ret.set);
	}
	r = close_uring(b);
	b->note = v.note.rule ? &v.note : NULL;
	if (r >= 0 && (verdict_lets(&v) || v.note.rule))
		r = guards_add(b, jail_checks, GUARDS_ALL, NULL, 0, &none);
	b->note = NULL;
	if (r >= 0 && !verdict_lets(&v))
		r = add_kernels_own(b);
	if (r >= 0)
		r = add_counted(b, &v);
	if (r < 0)
		return r;
	if (!b->into)
		return builder_emit_other(b, &v);
	b->into->other = v;
	return 0;
}

/* The policy by which an ABI is not there, -1: it is. Where no list says so it is the engine, and so the policy that needs it. */
static int foreign_by(const struct builder *b, const struct spec_policy *const *p, uint32_t token)
{
	int by = -1;

	for (uint64_t i = 0; i < b->plan->n_policies; i++) {
		const struct strv *l = &p[i]->syscalls.architectures;

		if (l->n ? !strv_has(l, arch_name(token)) : (guards_when(b->plan, &b->plan->policies[i]) & WHEN_TRACE))
			return (int)i;
		if (!l->n && b->plan->engine == JAIL_TRACE && by < 0)
			by = (int)i;
	}
	return by;
}

/* The ABIs whose calls are filtered; those of any other are killed. By the engine, which reports it, but where a filter of config.json gives
 * calls to an agent: its answer would go before that of the engine, and not before the kernel's. */
static int choose_archs(struct builder *b, const struct spec_policy *const *p, uint32_t native)
{
	uint32_t family[MAX_ARCHS];
	size_t n = arch_family(native, family);
	bool asked = b->reported && !jail_has_agent(b->plan);

	for (uint64_t i = 0; i < b->plan->n_policies; i++)
		for (size_t k = 0; k < p[i]->syscalls.architectures.n; k++) {
			uint32_t token;

			if (arch_find(p[i]->syscalls.architectures.v[k], &token, b->e) < 0) {
				err_ctx(b->e, "syscalls.architectures[%zu]", k);
				return policy_file(p[i], b->e);
			}
		}
	b->gen.archs[b->gen.n_archs++] = native;
	for (size_t k = 1; k < n; k++) {
		int by = foreign_by(b, p, family[k]);

		if (by < 0)
			b->gen.archs[b->gen.n_archs++] = family[k];
		else if (asked && builder_emit_foreign(b, family[k], (uint32_t)by) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* What a policy says of the flags; -EINVAL. */
static int flags_of(struct builder *b, const struct strv *l, uint32_t *ret)
{
	*ret = l->v ? 0 : SECCOMP_FILTER_FLAG_SPEC_ALLOW; /* runc's default */
	for (size_t i = 0; l->v && i < l->n; i++) {
		const struct word *w = word_find(seccomp_flags, l->v[i]);

		if (!w) {
			err_set(b->e, EINVAL, "'%s' is not known", l->v[i]);
			return err_ctx(b->e, "syscalls.flags[%zu]", i);
		}
		*ret |= w->value & (SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	}
	return 0;
}

/* Mitigations are off where each policy lets them be. */
static int choose_flags(struct builder *b, const struct spec_policy *const *p, const struct jail_facts *f)
{
	uint32_t flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW, own;

	for (uint64_t i = 0; i < b->plan->n_policies; i++) {
		int r = flags_of(b, &p[i]->syscalls.flags, &own);

		if (r < 0)
			return r;
		flags |= own & SECCOMP_FILTER_FLAG_LOG;
		flags &= own | ~(uint32_t)SECCOMP_FILTER_FLAG_SPEC_ALLOW;
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

/* Whose checks of sockets stand for both, being the same. All pairs of them would be too many instructions. */
static bool has_socket_checks(const struct jail_plan *plan, uint32_t index)
{
	int of = -1;

	for (uint64_t i = 0; i < plan->n_policies; i++)
		if (plan->policies[i].network)
			of = jail_stricter(plan, "network", of, (int)i);
	return of == (int)index;
}

/* The rules of one policy, in their order. */
static int add_policy(struct builder *b, const struct spec_policy *p, uint32_t index, struct call_list *into)
{
	int r;

	b->policy = p;
	b->at = index;
	b->into = into;
	b->when = guards_when(b->plan, &b->plan->policies[index]);
	if (!has_socket_checks(b->plan, index))
		b->when &= ~(uint32_t)WHEN_NETWORK;
	r = add_rules(b);
	if (r >= 0)
		r = add_default(b);
	return r < 0 ? policy_file(p, b->e) : 0;
}

/* What was gathered goes into the plan. */
static int emit_list(struct builder *b, const struct call_list *l)
{
	int r = 0;

	b->into = NULL;
	for (size_t i = 0; i < l->n && r >= 0; i++)
		r = builder_emit(b, &l->v[i]);
	return r < 0 ? r : builder_emit_other(b, &l->other);
}

/* Each of the policies has to allow. What is watched stands beside all of them, so that nothing is let through by it; and so do the checks
 * of families, which are those of all policies. */
static int add_lists(struct builder *b, const struct spec_policy *const *p, struct call_list *beside)
{
	struct call_list lists[JAIL_POLICIES] = {0}, first = {0};
	uint64_t n = b->plan->n_policies;
	int r = 0;

	for (uint32_t i = 0; i < n && r >= 0; i++)
		r = add_policy(b, p[i], i, &lists[i]);
	if (r < 0)
		return r;
	if (!beside->n) {
		first = lists[0];
	} else {
		b->into = &first;
		r = conjunction(b, beside, &lists[0]);
	}
	b->into = NULL;
	if (r < 0)
		return r;
	return n == 1 ? emit_list(b, &first) : conjunction(b, &first, &lists[1]);
}

static int add_all(struct builder *b, const struct spec_policy *const *p)
{
	struct call_list beside = {.other = {.trap = -1, .ret = SECCOMP_RET_ALLOW}};
	const struct conditions none = {0};
	int r;

	b->policy = p[0];
	b->when = 0;
	b->both = true;
	for (uint64_t i = 0; i < b->plan->n_policies; i++)
		b->when |= guards_when(b->plan, &b->plan->policies[i]);
	r = guards_add(b, jail_guards, GUARDS_ENFORCED, NULL, 0, &none);
	if (r >= 0) {
		b->into = &beside;
		r = guards_add(b, jail_guards, GUARDS_WATCHED, NULL, 0, &none);
	}
	if (r >= 0 && (b->when & WHEN_FAMILIES)) {
		b->families = family_checks(b->plan, b->gen.a);
		r = b->families ? guards_add(b, b->families, GUARDS_ALL, NULL, 0, &none) : builder_no_memory(b);
	}
	b->into = NULL;
	b->both = false;
	if (r < 0)
		return r;
	return b->plan->n_policies == 1 && !beside.n ? add_policy(b, p[0], 0, NULL) : add_lists(b, p, &beside);
}

int policy_plan(const struct spec_policy *const *p, size_t n, const struct spec_config *c, const struct jail_facts *f,
		bool tell, struct arena *a, struct jail_plan *ret, struct err *e)
{
	struct builder b = {.policy = p[0], .plan = ret, .e = e, .gen = {.a = a}, .tell = tell};
	uint32_t when = 0;
	const bool listener = (f->seccomp_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) && !jail_has_agent(ret);
	bool wanted = false, counts = false;
	int r = policy_choose_init(p, n, ret, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		if ((r = policy_take(p[i], a, &ret->policies[ret->n_policies], e)) < 0)
			return r;
		if ((r = files_check(p[i], c, ret->init, f, e)) < 0) {
			policy_file(p[i], e);
			return r;
		}
		if (uring_closed(&p[i]->syscalls, a, &ret->policies[ret->n_policies++].io_uring) < 0)
			return builder_no_memory(&b);
		if ((r = policy_take_counts(p[i], f, a, &ret->policies[i], e)) < 0)
			return r;
		counts |= jail_has_counts(&ret->policies[i]);
		when |= guards_when(ret, &ret->policies[i]);
		wanted |= p[i]->syscalls.set || p[i]->profile == POLICY_PROFILE_REPORT;
	}
	ret->policy = n == 1 ? p[0]->name : arena_printf(a, "%s+%s", p[0]->name, p[1]->name);
	if (!ret->policy)
		return builder_no_memory(&b);
	/* Who is to count has to be asked. */
	ret->engine = when & WHEN_TRACE || (counts && !listener) ? JAIL_TRACE : JAIL_NOTIFY;
	/* There can be one listener only for the filters of a process. */
	b.reported = ret->engine == JAIL_TRACE || listener;
	b.gen.bad_arch_ret = SECCOMP_RET_KILL_PROCESS;
	r = check_oci(c, ret, e);
	if (r >= 0)
		r = choose_archs(&b, p, f->arch);
	if (r >= 0)
		r = choose_flags(&b, p, f);
	if (r >= 0)
		r = add_all(&b, p);
	if (r < 0)
		return r;
	/* Nothing to filter, and no ABI that was named out: no filter. */
	if (!b.gen.n && b.gen.default_ret == SECCOMP_RET_ALLOW && !wanted) {
		ret->filter = (struct jail_bpf){0};
		return 0;
	}
	r = gen_finish(&b.gen, &ret->filter, e);
	return r < 0 ? r : oci_agent_check(ret, f, e);
}
