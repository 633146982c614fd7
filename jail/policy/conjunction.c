/* SPDX-License-Identifier: Apache-2.0 */
/* Two policies, each of which has to allow, as one list of rules: for each pair of rules that one call can fall under, a rule with
 * the conditions of both and the stricter of their verdicts, in the order of the first list and within it of the second. So the
 * first match of the pairs is the pair of the first matches, and neither the filter nor the helper has to know of two. */
#include "builder.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

enum rank { RANK_ALLOW, RANK_LOG, RANK_SET, RANK_CHECK, RANK_REFUSE, RANK_TRAP, RANK_KILL };

static enum rank rank(const struct verdict *v)
{
	if (v->trap < 0)
		return v->ret == SECCOMP_RET_ALLOW ? RANK_ALLOW : v->ret == SECCOMP_RET_LOG ? RANK_LOG : RANK_REFUSE;
	switch ((enum jail_trap)v->trap) {
	case JAIL_TRAP_LOG:
		return RANK_LOG;
	case JAIL_TRAP_EXEC:
	case JAIL_TRAP_CLONE:
	case JAIL_TRAP_TARGET:
	case JAIL_TRAP_COUNT:
		return RANK_CHECK;
	case JAIL_TRAP_SET:
		return RANK_SET;
	case JAIL_TRAP_RETURN:
		return RANK_REFUSE;
	case JAIL_TRAP_SIGSYS:
		return RANK_TRAP;
	case JAIL_TRAP_KILL:
		return RANK_KILL;
	case JAIL_TRAP_REFUSE:
		break;
	}
	return RANK_REFUSE;
}

static bool same_verdict(const struct verdict *a, const struct verdict *b)
{
	return a->policy == b->policy && a->trap == b->trap && a->ret == b->ret && a->err == b->err &&
	       str_eq(a->rule, b->rule) && a->note.policy == b->note.policy && str_eq(a->note.rule, b->note.rule) &&
	       a->note.err == b->note.err && a->note.kill == b->note.kill && a->note.trap == b->note.trap;
}

/* Of two notes, what would be refused goes before what is only used. */
static bool says_more(const struct jail_note *a, const struct jail_note *b)
{
	return a->rule && (!b->rule || (b->allowed && !a->allowed));
}

/* What goes on may have a note of the other one. */
static struct verdict stricter(const struct verdict *x, const struct verdict *y)
{
	/* What has no name is no rule: it leaves the word to the other. */
	const struct verdict *high = rank(y) > rank(x) || (rank(y) == rank(x) && !x->rule) ? y : x,
			     *low = high == x ? y : x;
	struct verdict v = *high;

	if (rank(high) <= RANK_CHECK && says_more(&low->note, &v.note))
		v.note = low->note;
	return v;
}

/* What one logs and the other checks would be checked, and not logged. */
static int check_log(struct builder *b, const char *syscall, const struct verdict *x, const struct verdict *y)
{
	enum rank low = rank(x), high = rank(y);
	const struct verdict *log = low == RANK_LOG ? x : y, *check = log == x ? y : x;
	const struct verdict *set = low == RANK_SET ? x : y, *beside = set == x ? y : x;

	if ((low == RANK_SET || high == RANK_SET) && (rank(beside) == RANK_SET || rank(beside) == RANK_CHECK ||
						      (rank(beside) == RANK_LOG && !beside->note.rule)))
		return err_set(
		    b->e, ENOTSUP,
		    "policy %s: %s: the arguments of %s cannot be replaced, since policy %s logs, checks or replaces "
		    "them as well (%s): remove one of the two",
		    b->plan->policies[set->policy].name, set->rule, syscall ? syscall : "calls",
		    b->plan->policies[beside->policy].name, beside->rule);
	if (log->note.rule || ((low != RANK_LOG || high != RANK_CHECK) && (low != RANK_CHECK || high != RANK_LOG)))
		return 0;
	return err_set(
	    b->e, ENOTSUP,
	    "policy %s: %s: SCMP_ACT_LOG of %s, which policy %s checks (%s): it would not be logged; remove it",
	    b->plan->policies[log->policy].name, log->rule, syscall ? syscall : "calls",
	    b->plan->policies[check->policy].name, check->rule);
}

static int by_call(const void *p, const void *q)
{
	const struct call_rule *x = p, *y = q;

	if (x->audit != y->audit)
		return x->audit < y->audit ? -1 : 1;
	if (x->nr != y->nr)
		return x->nr < y->nr ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static int by_number(const void *p, const void *q)
{
	const struct call_rule *x = p, *y = q;

	if (x->audit != y->audit)
		return x->audit < y->audit ? -1 : 1;
	return x->nr < y->nr ? -1 : x->nr > y->nr;
}

/* The rules of a sorted list that are about r's number, up to the first without conditions. */
static const struct call_rule *rules_for(const struct call_list *l, const struct call_rule *r, size_t *ret_n)
{
	const struct call_rule *end = l->v + l->n, *at;

	*ret_n = 0;
	at = l->n ? bsearch(r, l->v, l->n, sizeof(*l->v), by_number) : NULL;
	if (!at)
		return NULL;
	while (at > l->v && by_number(at - 1, r) == 0)
		at--;
	while (at + *ret_n < end && by_number(at + *ret_n, r) == 0)
		if (!at[(*ret_n)++].c.n)
			break;
	return at;
}

static bool has_condition(const struct conditions *c, const struct jail_rule_arg *a)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (memcmp(&c->v[i], a, sizeof(*a)) == 0)
			return true;
	return false;
}

/* One pair: x's rule, or where it is NULL its list's `other`, with one of y's. */
static int emit_pair(struct builder *b, const struct call_rule *x, const struct call_rule *y, const struct verdict *v)
{
	struct call_rule both = x ? *x : *y;

	both.v = *v;
	for (uint32_t i = 0; x && i < y->c.n; i++) {
		int r = has_condition(&both.c, &y->c.v[i]) ? 0 : builder_add_condition(b, &both.c, &y->c.v[i]);

		if (r < 0)
			return r;
	}
	return builder_add(b, &both);
}

/* All pairs of one rule of x (or, where it is NULL, of x's `other`) with y[0..n) and y's `other`. What comes last and says no more than the
 * rest does is left out. */
static int emit_pairs(struct builder *b, const struct call_rule *x, const struct verdict *vx, const struct call_rule *y,
		      size_t n, const struct verdict *other)
{
	const struct verdict rest = stricter(vx, other);
	struct verdict v;
	size_t used = n;
	int r = check_log(b, x ? x->syscall : NULL, vx, other);

	for (size_t i = 0; i < n && r >= 0; i++)
		r = check_log(b, y[i].syscall, vx, &y[i].v);
	for (; used > 0; used--) {
		v = stricter(vx, &y[used - 1].v);
		/* A call that is counted needs a rule of its own. */
		if (!same_verdict(&v, &rest) || (y[used - 1].syscall && jail_counts(b->plan, y[used - 1].syscall)))
			break;
	}
	for (size_t i = 0; i < used && r >= 0; i++) {
		v = stricter(vx, &y[i].v);
		r = emit_pair(b, x, &y[i], &v);
	}
	if (x && r >= 0 && !(used && !y[used - 1].c.n)) {
		struct call_rule alone = *x;

		alone.v = rest;
		r = builder_add(b, &alone);
	}
	return r;
}

int conjunction(struct builder *b, struct call_list *x, struct call_list *y)
{
	const struct verdict other = stricter(&x->other, &y->other);
	const struct call_rule *with, *own;
	int r = check_log(b, NULL, &x->other, &y->other);
	size_t n, n_own;

	if (x->n)
		qsort(x->v, x->n, sizeof(*x->v), by_call);
	if (y->n)
		qsort(y->v, y->n, sizeof(*y->v), by_call);
	for (size_t i = 0; i < x->n && r >= 0; i++) {
		with = rules_for(y, &x->v[i], &n);
		r = emit_pairs(b, &x->v[i], &x->v[i].v, with, n, &y->other);
	}
	for (size_t i = 0, same; i < y->n && r >= 0; i += same) {
		for (same = 1; i + same < y->n && by_number(&y->v[i], &y->v[i + same]) == 0;)
			same++;
		own = rules_for(x, &y->v[i], &n_own);
		if (own && !own[n_own - 1].c.n) /* which leaves nothing to x's `other` */
			continue;
		with = rules_for(y, &y->v[i], &n);
		r = emit_pairs(b, NULL, &x->other, with, n, &y->other);
	}
	if (r >= 0 && b->into)
		b->into->other = other;
	else if (r >= 0)
		r = builder_emit_other(b, &other);
	return r < 0 ? r : 0;
}
