/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with the rules of a policy, one by one: the compiler (policy.c) stops at the first that it refuses, and says nothing of
 * those that mean nothing. */
#include "jail/internal.h"

#include <errno.h>
#include <seccomp.h>

static bool arg_never_holds(uint32_t token, const char *syscall, bool goes_on, const struct spec_seccomp_arg *arg)
{
	const struct word *op = word_find(seccomp_operators, arg->op);
	struct jail_rule_arg a = {arg->index, op ? op->value : JAIL_EQ, arg->value, arg->value_two};

	return abi_read_arg(token, syscall, !goes_on, &a) == ARG_NEVER;
}

/* In one ABI. */
static bool never_holds(uint32_t token, const char *syscall, const struct spec_seccomp_rule *s)
{
	bool goes_on = str_eq(s->action, "SCMP_ACT_ALLOW") || str_eq(s->action, "SCMP_ACT_LOG");
	size_t n = 0;

	for (size_t i = 0; i < s->n_args; i++)
		n += arg_never_holds(token, syscall, goes_on, &s->args[i]);
	return n && (n == s->n_args || !rule_has_alternatives(s));
}

int jail_policy_review(const struct spec_policy *p, size_t rule, size_t name, struct err *e)
{
	const struct spec_seccomp_rule *s = &p->syscalls.rules[rule];
	bool allows = str_eq(s->action, "SCMP_ACT_ALLOW"), known = false, holds = false;
	const char *syscall = s->names.v[name];
	uint32_t family[MAX_ARCHS];
	size_t n = arch_family(seccomp_arch_native(), family);

	for (size_t i = 0; i < n; i++) {
		struct abi_call call;

		known |= abi_find(family[i], syscall, &call) != -ENOENT;
		holds |= !never_holds(family[i], syscall, s);
	}
	if (known && holds)
		return 0;
	if (!known)
		call_unknown(syscall, allows ? ", so nothing is allowed by it" : ", so it cannot be refused", e);
	else
		err_set(e, EINVAL, "its args hold for no value that the kernel takes of %s", syscall);
	err_ctx(e, "syscalls.syscalls[%zu].names[%zu]", rule, name);
	return known || allows ? 1 : -EINVAL;
}

static bool same_arg(const struct spec_seccomp_arg *a, const struct spec_seccomp_arg *b)
{
	return a->index == b->index && a->value == b->value && a->value_two == b->value_two && str_eq(a->op, b->op);
}

/* Whether all conditions of a are among those of b, so that a matches what b does. */
static bool is_wider(const struct spec_seccomp_rule *a, const struct spec_seccomp_rule *b)
{
	for (size_t i = 0; i < a->n_args; i++) {
		size_t k = 0;

		while (k < b->n_args && !same_arg(&a->args[i], &b->args[k]))
			k++;
		if (k == b->n_args)
			return false;
	}
	return true;
}

static bool lets(const struct spec_seccomp_rule *s)
{
	return str_eq(s->action, "SCMP_ACT_ALLOW") || str_eq(s->action, "SCMP_ACT_LOG");
}

/* Whether a rule leaves nothing of a call to one that comes later. */
static bool covers(const struct spec_policy *p, const struct spec_seccomp_rule *a, const struct spec_seccomp_rule *b)
{
	const struct spec_response around = spec_policy_response(p, POLICY_SYSCALLS),
				   how = spec_response_in(&a->response, &around);

	if (!str_eq(a->action, "SCMP_ACT_ALLOW") && jail_goes_on(&how))
		return false;
	if (!a->n_args)
		return true;
	if (rule_has_alternatives(a) || rule_has_alternatives(b))
		return false;
	/* Of an argument whose width is not known, and of a multiplexed call, a rule that lets through takes less. */
	return is_wider(a, b) && (!lets(a) || lets(b));
}

bool jail_policy_shadowed(const struct spec_policy *p, size_t rule, size_t name, size_t *ret_by)
{
	const struct spec_seccomp_rule *r = p->syscalls.rules;
	const char *syscall = r[rule].names.v[name];

	for (size_t i = 0; i < rule; i++)
		if (strv_has(&r[i].names, syscall) && covers(p, &r[i], &r[rule])) {
			*ret_by = i;
			return true;
		}
	for (size_t k = 0; k < name; k++)
		if (str_eq(r[rule].names.v[k], syscall)) {
			*ret_by = rule;
			return true;
		}
	return false;
}
