/* SPDX-License-Identifier: Apache-2.0 */
/* linux.seccomp without libseccomp, for the profiles that it compiles wrongly: where a call has several rules with
 * conditions, and one of them is an order (<, <=, >, >=), releases up to 2.6.0 let calls through that no rule allows
 * (GHSA-4q85-33p6-j5g6); and the last errno is none to it. As there, a rule without conditions goes before those of the
 * same call that have some.
 *
 * And for those whose compares of 64 bits can be got round by bits that the kernel does not take. The specification says nothing of the
 * width, runc compares all 64 bits. So whatever a rule says of all 64 stands, and is only made stricter: what lets more through
 * than the default does has to hold for what the kernel takes as well; what lets less through holds also where it does for that
 * alone, but after all other rules of the call, so that it takes no call from a stricter one. */
#include "jail/internal.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

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

/* How much less than all a call may do. */
static int strictness(uint32_t action)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		return 0;
	case SECCOMP_RET_LOG:
		return 1;
	case SECCOMP_RET_TRACE:
	case SECCOMP_RET_USER_NOTIF:
		return 2;
	default:
		return 3;
	}
}

/* Whether libseccomp would compare something else than what the kernel takes of the argument: it goes by the ABI alone. */
static bool reads_less(uint32_t token, const char *name, struct jail_rule_arg a, bool stricter)
{
	const bool narrow = !(token & __AUDIT_ARCH_64BIT), masked = a.op == JAIL_MASKED_EQ;
	struct arg_width w = abi_arg_width(token, name, a.index);
	bool less = masked || a.op == JAIL_EQ || a.op == JAIL_LT || a.op == JAIL_LE;

	if (narrow && w.most > 32) /* x32 */
		return true;
	if (w.least >= (narrow ? 32 : 64) || (masked && !(a.a >> w.least)))
		return false;
	return less == stricter || abi_read_arg(token, name, stricter, &a) != ARG_READ;
}

static bool rule_reads_less(const struct spec_seccomp_rule *s, uint32_t token, bool stricter)
{
	for (size_t i = 0; i < s->n_args; i++) {
		const struct word *op = word_find(seccomp_operators, s->args[i].op);
		struct jail_rule_arg a = {s->args[i].index, op ? op->value : 0, s->args[i].value, s->args[i].value_two};

		for (size_t k = 0; op && s->args[i].index < 6 && k < s->names.n; k++)
			if (reads_less(token, s->names.v[k], a, stricter))
				return true;
	}
	return false;
}

bool oci_gen_wanted(const struct spec_seccomp *s, const uint32_t *archs, size_t n_archs, uint32_t default_action)
{
	if (is_last_errno(&s->default_errno_ret))
		return true;
	for (size_t i = 0; i < s->n_rules; i++) {
		const struct spec_seccomp_rule *r = &s->rules[i];
		int than = strictness(default_action), is;
		uint32_t action;

		if (is_last_errno(&r->errno_ret) || (has_order(r) && shares_call(s, r)))
			return true;
		if (oci_action(r->action, &r->errno_ret, &action, NULL) < 0)
			continue;
		is = strictness(action);
		for (size_t k = 0; is != than && k < n_archs; k++)
			if (rule_reads_less(r, archs[k], is > than))
				return true;
	}
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

/* What of an argument is compared. */
enum reading {
	AS_WRITTEN, /* all 64 bits */
	AS_TAKEN,   /* what the kernel takes */
	AS_BOTH,    /* both have to hold */
};

static int take_args(const struct spec_seccomp_rule *s, size_t first, size_t n, struct gen_rule *r, struct err *e)
{
	r->n_args = 0;
	for (size_t i = first; i < first + n; i++) {
		const struct word *op = word_find(seccomp_operators, s->args[i].op);

		if (s->args[i].index > 5 || !op) {
			err_set(e, EINVAL, "index is 0 to 5, op one of the SCMP_CMP_*");
			return err_ctx(e, "args[%zu]", i);
		}
		r->args[r->n_args++] = (struct jail_rule_arg){s->args[i].index, op->value, s->args[i].value,
							      op->value == JAIL_MASKED_EQ ? s->args[i].value_two : 0};
	}
	return 0;
}

/* The conditions of `written`, of at most six arguments, for one call. False: they never hold. */
static bool read_args(uint32_t token, const char *name, enum reading how, const struct gen_rule *written,
		      struct gen_rule *ret)
{
	*ret = *written;
	if (how == AS_WRITTEN)
		return true;
	ret->n_args = 0;
	for (uint32_t i = 0; i < written->n_args; i++) {
		struct jail_rule_arg all = written->args[i], taken = all;
		bool implied = all.op == JAIL_EQ;

		switch (abi_read_arg(token, name, how == AS_TAKEN, &taken)) {
		case ARG_NEVER:
			return false;
		case ARG_ALWAYS:
			break;
		case ARG_READ:
			implied |= memcmp(&all, &taken, sizeof(all)) == 0;
			if (how == AS_TAKEN || !implied)
				ret->args[ret->n_args++] = taken;
			break;
		}
		if (how == AS_BOTH)
			ret->args[ret->n_args++] = all;
	}
	return true;
}

static int add_rule(struct gen *g, const struct spec_seccomp_rule *s, uint32_t action, enum reading how, struct err *e)
{
	size_t ways = rule_has_alternatives(s) ? s->n_args : 1, each = ways > 1 ? 1 : s->n_args;
	int r = 0;

	for (size_t way = 0; way < ways && r == 0; way++) {
		struct gen_rule written = {.ret = action}, rule;

		r = take_args(s, way, each, &written, e);
		for (size_t i = 0; i < g->n_archs; i++)
			for (size_t k = 0; k < s->names.n && r == 0; k++)
				if (read_args(g->archs[i], s->names.v[k], how, &written, &rule))
					r = add(g, g->archs[i], s->names.v[k], &rule, e);
	}
	return r;
}

/* Rules without conditions, those with some, and what the stricter ones refuse besides. */
enum pass { PLAIN, WITH_ARGS, BESIDES };

static int add_in(struct gen *g, const struct spec_seccomp_rule *s, enum pass pass, struct err *e)
{
	uint32_t action;
	int r = oci_action(s->action, &s->errno_ret, &action, e), is, than = strictness(g->default_ret);

	if (r < 0 || action == g->default_ret || (s->n_args > 0) != (pass != PLAIN))
		return r;
	is = strictness(action);
	if (pass == BESIDES)
		return is > than ? add_rule(g, s, action, AS_TAKEN, e) : 0;
	return add_rule(g, s, action, is < than ? AS_BOTH : AS_WRITTEN, e);
}

int oci_gen(const struct spec_seccomp *s, const uint32_t *archs, size_t n_archs, uint32_t default_action,
	    struct arena *a, struct jail_bpf *ret, struct err *e)
{
	struct gen g = {.a = a, .default_ret = default_action, .bad_arch_ret = SECCOMP_RET_KILL_THREAD};

	for (size_t i = 0; i < n_archs; i++)
		g.archs[g.n_archs++] = archs[i];
	for (enum pass pass = PLAIN; pass <= BESIDES; pass++)
		for (size_t i = 0; i < s->n_rules; i++)
			if (add_in(&g, &s->rules[i], pass, e) < 0)
				return err_ctx(e, "syscalls[%zu]", i);
	return gen_finish(&g, ret, e);
}
