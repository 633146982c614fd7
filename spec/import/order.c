/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of linux.seccomp have no order. libseccomp leaves out those that say what the default says; of a call, a rule without
 * conditions decides alone, the first of them; else each with conditions holds where they do. So a policy has those without first. Only
 * where two with conditions hold for one call, and say different things, which of them decides depends on libseccomp's tree: that is told. */
#include "import.h"

#include <stdint.h>

/* The values that a condition holds for, as an interval; a mask and NE have none. */
static bool interval(const struct spec_seccomp_arg *a, uint64_t *lo, uint64_t *hi)
{
	*lo = 0;
	*hi = UINT64_MAX;
	if (str_eq(a->op, "SCMP_CMP_EQ"))
		*lo = *hi = a->value;
	else if (str_eq(a->op, "SCMP_CMP_GE"))
		*lo = a->value;
	else if (str_eq(a->op, "SCMP_CMP_LE"))
		*hi = a->value;
	else if (str_eq(a->op, "SCMP_CMP_GT") && a->value < UINT64_MAX)
		*lo = a->value + 1;
	else if (str_eq(a->op, "SCMP_CMP_LT") && a->value > 0)
		*hi = a->value - 1;
	else
		return false;
	return true;
}

static bool is_masked(const struct spec_seccomp_arg *a)
{
	return str_eq(a->op, "SCMP_CMP_MASKED_EQ");
}

/* Whether no value satisfies both; false where that is not plain. */
static bool contradict(const struct spec_seccomp_arg *a, const struct spec_seccomp_arg *b)
{
	uint64_t lo_a, hi_a, lo_b, hi_b;
	bool in_a = interval(a, &lo_a, &hi_a), in_b = interval(b, &lo_b, &hi_b);

	if (a->index != b->index)
		return false;
	if (in_a && in_b)
		return hi_a < lo_b || hi_b < lo_a;
	if (is_masked(a) && is_masked(b))
		return ((a->value_two ^ b->value_two) & a->value & b->value) != 0;
	if (in_b && lo_b == hi_b)
		return contradict(b, a);
	if (!in_a || lo_a != hi_a)
		return false;
	return is_masked(b) ? (lo_a & b->value) != b->value_two : str_eq(b->op, "SCMP_CMP_NE") && lo_a == b->value;
}

static bool has_alternatives(const struct spec_seccomp_rule *r)
{
	for (size_t i = 0; i < r->n_args; i++)
		for (size_t k = 0; k < i; k++)
			if (r->args[i].index == r->args[k].index)
				return true;
	return false;
}

/* Conditions [i, i+n) against [k, k+m): each n holds together. */
static bool apart(const struct spec_seccomp_arg *x, size_t n, const struct spec_seccomp_arg *y, size_t m)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < m; k++)
			if (contradict(&x[i], &y[k]))
				return true;
	return false;
}

static bool may_meet(const struct spec_seccomp_rule *x, const struct spec_seccomp_rule *y)
{
	size_t x_ways = has_alternatives(x) ? x->n_args : 1, y_ways = has_alternatives(y) ? y->n_args : 1;
	size_t x_n = x_ways > 1 ? 1 : x->n_args, y_n = y_ways > 1 ? 1 : y->n_args;

	for (size_t i = 0; i < x_ways; i++)
		for (size_t k = 0; k < y_ways; k++)
			if (!apart(&x->args[i], x_n, &y->args[k], y_n))
				return true;
	return false;
}

static bool same_action(const char *x, const struct opt_u64 *x_errno, const char *y, const struct opt_u64 *y_errno)
{
	const uint64_t eperm = 1;

	return str_eq(x, y) && (!str_eq(x, "SCMP_ACT_ERRNO") ||
				(x_errno->set ? x_errno->v : eperm) == (y_errno->set ? y_errno->v : eperm));
}

static bool has_plain(const struct draft *d, size_t n, const char *call)
{
	for (size_t i = 0; i < n; i++)
		if (strv_has(&d->calls.rules[i].names, call))
			return true;
	return false;
}

static void check_meeting(struct draft *d, size_t plain)
{
	const struct spec_seccomp_rule *v = d->calls.rules;

	for (size_t i = plain; i < d->calls.n_rules; i++)
		for (size_t k = plain; k < i; k++) {
			if (same_action(v[i].action, &v[i].errno_ret, v[k].action, &v[k].errno_ret) ||
			    !may_meet(&v[i], &v[k]))
				continue;
			for (size_t n = 0; n < v[i].names.n; n++)
				if (strv_has(&v[k].names, v[i].names.v[n]) && !has_plain(d, plain, v[i].names.v[n]))
					left_out(d,
						 "%s: two rules whose conditions can both hold say different things; "
						 "here the one that stands first in the file decides, in an engine "
						 "libseccomp",
						 v[i].names.v[n]);
		}
}

/* Where it is refused by default alone, a policy would say ENOSYS of io_uring by itself. */
static void name_uring(struct draft *d)
{
	static const char *const names[] = {"io_uring_setup", "io_uring_enter", "io_uring_register"};
	struct spec_seccomp_rule r = {.action = d->calls.default_action, .errno_ret = d->calls.default_errno_ret};

	if (str_eq(r.action, "SCMP_ACT_ALLOW") || str_eq(r.action, "SCMP_ACT_LOG"))
		return;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!has_plain(d, d->calls.n_rules, names[i]))
			list_add(d, &r.names, names[i]);
	if (r.names.n)
		rule_add(d, &r);
}

void order_rules(struct draft *d, struct spec_seccomp_rule *rules, size_t n)
{
	size_t plain = 0;

	for (int pass = 0; pass < 2; pass++) {
		plain = pass ? d->calls.n_rules : 0;
		for (size_t i = 0; i < n; i++)
			if ((rules[i].n_args > 0) == (pass > 0) &&
			    !same_action(rules[i].action, &rules[i].errno_ret, d->calls.default_action,
					 &d->calls.default_errno_ret))
				rule_add(d, &rules[i]);
	}
	check_meeting(d, plain);
	name_uring(d);
}
