/* SPDX-License-Identifier: Apache-2.0 */
/* linux.seccomp without libseccomp, for the profiles that it compiles wrongly: where a call has several rules with
 * conditions, and one of them is an order (<, <=, >, >=), releases up to 2.6.0 let calls through that no rule allows
 * (GHSA-4q85-33p6-j5g6); and the last errno is none to it. As there, a rule without conditions goes before those of the
 * same call that have some. */
#include "internal.h"

#include <errno.h>
#include <linux/seccomp.h>

static bool has_order(const struct spec_seccomp_rule *r)
{
	for (size_t i = 0; i < r->n_args; i++) {
		const struct word *op = word_find(seccomp_operators, r->args[i].op);

		if (op && op->value != JAIL_EQ && op->value != JAIL_NE && op->value != JAIL_MASKED_EQ)
			return true;
	}
	return false;
}

/* Whether another rule with conditions, or this one's alternatives, share a call with it. */
static bool shares_call(const struct spec_seccomp *s, const struct spec_seccomp_rule *r)
{
	for (size_t i = 0; i < s->n_rules; i++)
		for (size_t k = 0; s->rules[i].n_args && &s->rules[i] != r && k < s->rules[i].names.n; k++)
			if (strv_has(&r->names, s->rules[i].names.v[k]))
				return true;
	return rule_has_alternatives(r);
}

static bool is_last_errno(const struct opt_u64 *n)
{
	return n->set && n->v == ERRNO_MAX;
}

bool oci_gen_wanted(const struct spec_seccomp *s)
{
	if (is_last_errno(&s->default_errno_ret))
		return true;
	for (size_t i = 0; i < s->n_rules; i++)
		if (is_last_errno(&s->rules[i].errno_ret) || (has_order(&s->rules[i]) && shares_call(s, &s->rules[i])))
			return true;
	return false;
}

static int add(struct gen *g, uint32_t token, const char *name, const struct gen_rule *like, struct err *e)
{
	const uint32_t act = like->ret & SECCOMP_RET_ACTION_FULL;
	struct gen_rule r = *like;
	struct abi_call call;
	int found = abi_find(token, name, &call), bad = 0;

	if (found == -ENOTSUP)
		return err_set(e, ENOTSUP, "%s is multiplexed on %s, which this version cannot filter", name,
			       arch_name(token));
	if (found <= 0)
		return 0;
	r.audit = arch_audit(token);
	r.nr = call.nr;
	if (call.nr >= 0)
		bad = gen_add(g, &r);
	/* The arguments of a multiplexed call lie in memory: what depends on them is not allowed. */
	if (call.mux_nr >= 0 &&
	    !(r.n_args && (act == SECCOMP_RET_ALLOW || act == SECCOMP_RET_LOG || act == SECCOMP_RET_TRACE))) {
		r.nr = call.mux_nr;
		r.n_args = 1;
		r.args[0] = (struct jail_rule_arg){0, JAIL_MASKED_EQ, call.mux_mask, call.mux_call};
		bad |= gen_add(g, &r);
	}
	return bad ? err_set(e, ENOMEM, "out of memory") : 0;
}

static int take_args(const struct spec_seccomp_rule *s, size_t first, size_t n, struct gen_rule *r, struct err *e)
{
	r->n_args = 0;
	for (size_t i = first; i < first + n; i++) {
		const struct word *op = word_find(seccomp_operators, s->args[i].op);

		if (s->args[i].index > 5 || !op) {
			err_set(e, EINVAL, "index is 0 to 5, op one of the SCMP_CMP_*");
			return err_ctx(e, "args[%zu]", i);
		}
		r->args[r->n_args++] =
		    (struct jail_rule_arg){s->args[i].index, op->value, s->args[i].value, s->args[i].value_two};
	}
	return 0;
}

static int add_rule(struct gen *g, const struct spec_seccomp_rule *s, uint32_t action, struct err *e)
{
	size_t ways = rule_has_alternatives(s) ? s->n_args : 1, each = ways > 1 ? 1 : s->n_args;
	int r = 0;

	for (size_t way = 0; way < ways && r == 0; way++) {
		struct gen_rule rule = {.ret = action};

		r = take_args(s, way, each, &rule, e);
		for (size_t i = 0; i < g->n_archs; i++)
			for (size_t k = 0; k < s->names.n && r == 0; k++)
				r = add(g, g->archs[i], s->names.v[k], &rule, e);
	}
	return r;
}

int oci_gen(const struct spec_seccomp *s, const uint32_t *archs, size_t n_archs, uint32_t default_action,
	    struct arena *a, struct jail_bpf *ret, struct err *e)
{
	struct gen g = {.a = a, .default_ret = default_action, .bad_arch_ret = SECCOMP_RET_KILL_THREAD};

	for (size_t i = 0; i < n_archs; i++)
		g.archs[g.n_archs++] = archs[i];
	for (int with_args = 0; with_args < 2; with_args++)
		for (size_t i = 0; i < s->n_rules; i++) {
			const struct spec_seccomp_rule *rule = &s->rules[i];
			uint32_t action;
			int r = oci_action(rule->action, &rule->errno_ret, &action, e);

			if (r == 0 && (rule->n_args > 0) == with_args && action != default_action)
				r = add_rule(&g, rule, action, e);
			if (r < 0)
				return err_ctx(e, "syscalls[%zu]", i);
		}
	return gen_finish(&g, ret, e);
}
