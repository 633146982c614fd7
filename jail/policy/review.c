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
