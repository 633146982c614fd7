/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of guards.c as rules of a plan: which of them it wants, and whose refusal each is. */
#include "builder.h"
#include "guards.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

/* The guards that a policy asks for. */
uint32_t guards_when(const struct jail_plan *plan, const struct jail_policy *p)
{
	bool jail = plan->init == POLICY_INIT_JAIL, trace = (plan->engine == JAIL_TRACE && jail_has_counts(p)) ||
							    p->exec_rules || p->max_processes >= 0 ||
							    p->max_threads >= 0 || p->protect.n > 0 || p->rewrites;

	return (jail ? WHEN_SELF : 0) | (jail && p->refuse_to_init ? WHEN_TO_INIT : 0) | (trace ? WHEN_TRACE : 0) |
	       (p->protect.n ? WHEN_PROTECT : 0) | (p->exec_rules ? WHEN_EXEC : 0) |
	       (p->max_processes >= 0 ? WHEN_PROCESSES : 0) | (p->max_threads >= 0 ? WHEN_THREADS : 0) |
	       (p->network ? WHEN_NETWORK : 0) | (p->families != UINT64_MAX ? WHEN_FAMILIES : 0) |
	       (jail_exec_has_interpreters(p) ? WHEN_SCRIPTS : 0) | (spec_files_has_lists(&p->files) ? WHEN_FILES : 0) |
	       (p->files.list[FILES_EXECUTE].set ? WHEN_FILES_EXECUTE : 0) |
	       (p->files.list[FILES_IOCTL].set ? WHEN_FILES_IOCTL : 0);
}

/* Whose refusal it is, where more than one policy asks for the guard. */
static uint32_t guard_policy(const struct builder *b, const struct guard *g)
{
	int of = -1;

	if (g->of || !b->both)
		return g->of ? g->of - 1u : b->at;
	for (uint64_t i = 0; i < b->plan->n_policies; i++)
		if (guards_when(b->plan, &b->plan->policies[i]) & g->when)
			of = jail_stricter(b->plan, g->rule, of, (int)i);
	return of < 0 ? 0 : (uint32_t)of;
}

static struct spec_response guard_response(const struct builder *b, const struct guard *g)
{
	return jail_response(&b->plan->policies[guard_policy(b, g)], g->rule);
}

static struct verdict guard_verdict(const struct builder *b, const struct guard *g)
{
	const struct spec_response how = guard_response(b, g);
	struct verdict v = {.rule = g->rule, .policy = guard_policy(b, g), .trap = -1, .err = EPERM};

	switch ((enum guard_does)g->does) {
	case DO_ENOSYS:
		v.ret = SECCOMP_RET_ERRNO | (uint32_t)ENOSYS;
		if (!jail_goes_on(&how))
			break;
		v.trap = JAIL_TRAP_REFUSE;
		v.err = ENOSYS;
		break;
	case DO_PASS:
		v.ret = SECCOMP_RET_ALLOW;
		break;
	case DO_REFUSE:
		v.trap = JAIL_TRAP_REFUSE;
		v.err = g->about ? g->about : EPERM;
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
		v.arg = g->about;
		break;
	}
	if (v.trap == JAIL_TRAP_REFUSE)
		builder_respond(&v, &how, g->about || v.err == ENOSYS);
	if (b->note && v.trap < 0) /* DO_PASS: nothing else is said of the call */
		v.trap = JAIL_TRAP_LOG;
	if (b->note && !v.note.rule)
		v.note = *b->note;
	return v;
}

/* A guard in one ABI, beside the conditions of a rule of the policy. */
static int add_guard(struct builder *b, uint32_t token, const struct guard *g, const struct conditions *with)
{
	struct conditions c = *with;
	struct verdict v = guard_verdict(b, g);

	for (uint32_t i = 0; i < g->n_args; i++) {
		struct jail_rule_arg a = g->args[i];
		int r;

		if (str_eq(g->syscall, "clone"))
			a.index = abi_clone_flags(token);
		r = builder_add_condition(b, &c, &a);
		if (r < 0)
			return r;
	}
	return builder_add_call(b, token, g->syscall, &c, &v);
}

static bool is_wanted(const struct builder *b, const struct guard *g, enum guards_which which)
{
	struct spec_response how;

	if (!(g->when & b->when) || which == GUARDS_ALL)
		return g->when & b->when;
	how = guard_response(b, g);
	return jail_goes_on(&how) == (which == GUARDS_WATCHED);
}

/* Those of the table that are for this plan, and for `syscall` (NULL: all). Returns how many there were. */
int guards_add(struct builder *b, const struct guard *table, enum guards_which which, const char *syscall,
	       uint32_t only_arch, const struct conditions *with)
{
	int n = 0;

	for (const struct guard *g = table; g->syscall; g++) {
		if ((syscall && strcmp(syscall, g->syscall) != 0) || !is_wanted(b, g, which))
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

static bool has_check_in(const struct builder *b, const struct guard *table, const char *syscall)
{
	for (const struct guard *g = table; g && g->syscall; g++)
		if ((g->when & b->when) && strcmp(syscall, g->syscall) == 0)
			return true;
	return false;
}

bool guards_check(const struct builder *b, const char *syscall)
{
	return has_check_in(b, jail_checks, syscall) || has_check_in(b, b->families, syscall);
}
