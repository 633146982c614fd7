/* SPDX-License-Identifier: Apache-2.0 */
/* Policy rules to BPF. Not by libseccomp: there, the order of rules with overlapping arguments is not defined, a rule
 * without arguments swallows the others of its call, and releases up to 2.6.0 merge 64-bit compares wrongly. Here the
 * first rule that matches wins, which is what jail_rule_find() goes by as well.
 *
 * The program: the architecture, then a binary search over intervals of system call numbers that share a verdict; each
 * leaf ends in returns, so that every jump stays within its own half and a half can be moved as it is. */
#include "jail/internal.h"

#include <endian.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#define LOW  (BYTE_ORDER == LITTLE_ENDIAN ? 0 : 4)
#define HIGH (4 - LOW)

/* System call numbers from `start` up to the next interval's. */
struct interval {
	uint32_t start;
	const struct gen_rule *rules; /* n of them, then ret */
	size_t n;
	uint32_t ret;
};

struct prog {
	struct sock_filter v[BPF_MAXINSNS];
	size_t n;
	bool full;
};

int gen_add(struct gen *g, const struct gen_rule *r)
{
	if (g->n == g->room) {
		size_t room = g->room ? g->room * 2 : 128;
		struct gen_rule *more = arena_alloc(g->a, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		if (g->n)
			memcpy(more, g->rules, g->n * sizeof(*more));
		g->rules = more;
		g->room = room;
	}
	g->rules[g->n] = *r;
	g->rules[g->n].seq = g->n;
	g->n++;
	return 0;
}

static size_t put(struct prog *p, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (p->n == BPF_MAXINSNS) {
		p->full = true;
		return 0;
	}
	p->v[p->n] = (struct sock_filter){code, jt, jf, k};
	return p->n++;
}

static void put_ret(struct prog *p, uint32_t ret)
{
	put(p, BPF_RET | BPF_K, ret, 0, 0);
}

static void put_load(struct prog *p, size_t offset)
{
	put(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* The jumps of one rule that go to the next: at most two for each condition. */
struct misses {
	struct {
		size_t at;
		bool on_true;
	} v[2 * JAIL_RULE_ARGS];
	size_t n;
};

static void put_jump(struct prog *p, uint16_t op, uint32_t k, uint8_t jt, uint8_t jf)
{
	put(p, BPF_JMP | op | BPF_K, k, jt, jf);
}

static void put_miss(struct prog *p, struct misses *m, uint16_t op, uint32_t k, bool on_true, uint8_t other)
{
	m->v[m->n].at = put(p, BPF_JMP | op | BPF_K, k, on_true ? 0 : other, on_true ? other : 0);
	m->v[m->n++].on_true = on_true;
}

static void put_masked(struct prog *p, struct misses *m, size_t offset, uint32_t mask, uint32_t value)
{
	if (!mask)
		return;
	put_load(p, offset);
	if (mask != UINT32_MAX)
		put(p, BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
	put_miss(p, m, BPF_JEQ, value, false, 0);
}

/* An order, or NE, of the lower bits alone. */
static void put_lower(struct prog *p, struct misses *m, size_t offset, const struct jail_rule_arg *c)
{
	uint16_t op = c->op == JAIL_EQ || c->op == JAIL_NE   ? BPF_JEQ
		      : c->op == JAIL_GE || c->op == JAIL_LT ? BPF_JGE
							     : BPF_JGT;

	put_load(p, offset);
	if (c->b != UINT32_MAX)
		put(p, BPF_ALU | BPF_AND | BPF_K, (uint32_t)c->b, 0, 0);
	put_miss(p, m, op, (uint32_t)c->a, c->op == JAIL_NE || c->op == JAIL_LT || c->op == JAIL_LE, 0);
}

/* Falls through when the condition holds. The numbers are how many instructions a jump skips. */
static void put_condition(struct prog *p, struct misses *m, const struct jail_rule_arg *c)
{
	size_t at = offsetof(struct seccomp_data, args) + c->index * sizeof(uint64_t);
	uint32_t hi = (uint32_t)(c->a >> 32), lo = (uint32_t)c->a;
	uint64_t mask = c->op == JAIL_EQ ? UINT64_MAX : c->a, value = c->op == JAIL_EQ ? c->a : c->b;

	if (c->op != JAIL_MASKED_EQ && c->b) {
		put_lower(p, m, at + LOW, c);
		return;
	}
	if (c->op == JAIL_EQ || c->op == JAIL_MASKED_EQ) {
		put_masked(p, m, at + HIGH, (uint32_t)(mask >> 32), (uint32_t)(value >> 32));
		put_masked(p, m, at + LOW, (uint32_t)mask, (uint32_t)value);
		return;
	}
	put_load(p, at + HIGH);
	if (c->op == JAIL_NE) {
		put_jump(p, BPF_JEQ, hi, 0, 2);
		put_load(p, at + LOW);
		put_miss(p, m, BPF_JEQ, lo, true, 0);
	} else if (c->op == JAIL_GE || c->op == JAIL_GT) {
		put_jump(p, BPF_JGT, hi, 3, 0);
		put_miss(p, m, BPF_JEQ, hi, false, 0);
		put_load(p, at + LOW);
		put_miss(p, m, c->op == JAIL_GE ? BPF_JGE : BPF_JGT, lo, false, 0);
	} else { /* JAIL_LT, JAIL_LE */
		put_miss(p, m, BPF_JGT, hi, true, 0);
		put_jump(p, BPF_JEQ, hi, 0, 2);
		put_load(p, at + LOW);
		put_miss(p, m, c->op == JAIL_LT ? BPF_JGE : BPF_JGT, lo, true, 0);
	}
}

/* A masked compare with bits outside its mask holds for nothing. */
static bool never(const struct gen_rule *r)
{
	for (uint32_t i = 0; i < r->n_args; i++)
		if (r->args[i].op == JAIL_MASKED_EQ && (r->args[i].b & ~r->args[i].a))
			return true;
	return false;
}

static void put_rule(struct prog *p, const struct gen_rule *r)
{
	struct misses m = {.n = 0};

	if (never(r))
		return;
	for (uint32_t i = 0; i < r->n_args; i++)
		put_condition(p, &m, &r->args[i]);
	put_ret(p, r->ret);
	for (size_t i = 0; i < m.n && !p->full; i++) {
		uint8_t skip = (uint8_t)(p->n - m.v[i].at - 1);

		if (m.v[i].on_true)
			p->v[m.v[i].at].jt = skip;
		else
			p->v[m.v[i].at].jf = skip;
	}
}

static void put_intervals(struct prog *p, const struct interval *v, size_t n)
{
	size_t at, half = n / 2, len;

	if (n == 1) {
		for (size_t i = 0; i < v->n; i++)
			put_rule(p, &v->rules[i]);
		put_ret(p, v->ret);
		return;
	}
	at = put(p, BPF_JMP | BPF_JGE | BPF_K, v[half].start, 0, 0);
	put_intervals(p, v, half);
	len = p->n - at - 1;
	if (len <= UINT8_MAX) {
		p->v[at].jt = (uint8_t)len;
	} else { /* out of reach: by way of a long jump */
		put(p, 0, 0, 0, 0);
		if (p->full)
			return;
		memmove(&p->v[at + 2], &p->v[at + 1], len * sizeof(*p->v));
		p->v[at].jf = 1;
		p->v[at + 1] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)len);
	}
	put_intervals(p, v + half, n - half);
}

static bool same_verdict(const struct interval *a, const struct interval *b)
{
	return !a->n && !b->n && a->ret == b->ret;
}

static void add_interval(struct interval *v, size_t *n, const struct interval *next)
{
	if (*n && v[*n - 1].start == next->start)
		--*n;
	if (!*n || !same_verdict(&v[*n - 1], next))
		v[(*n)++] = *next;
}

/* The rules r[0..n) of one number, as an interval: up to the first that has no conditions. */
static struct interval one_number(const struct gen_rule *r, size_t n, uint32_t default_ret)
{
	struct interval iv = {.start = (uint32_t)r->nr, .rules = r, .ret = default_ret};

	for (; iv.n < n; iv.n++)
		if (!r[iv.n].n_args) {
			iv.ret = r[iv.n].ret;
			break;
		}
	return iv;
}

/* Which half of AUDIT_ARCH_X86_64 the program knows: the other is a foreign ABI. -1 is no system call of either. */
static void add_x86_edges(const struct gen *g, uint32_t audit, bool x32, struct interval *v, size_t *n)
{
	bool has = false;

	for (size_t i = 0; i < g->n_archs; i++)
		has |= arch_audit(g->archs[i]) == audit && arch_is_x32(g->archs[i]) == x32;
	add_interval(v, n,
		     &(struct interval){.start = x32 ? X32_BIT : 0, .ret = has ? g->default_ret : g->bad_arch_ret});
}

static int put_arch(struct prog *p, const struct gen *g, uint32_t audit, const struct gen_rule *r, size_t n)
{
	struct interval *v = arena_alloc(g->a, (2 * n + 4) * sizeof(*v));
	size_t n_iv = 0;
	bool x86 = audit == AUDIT_ARCH_X86_64, edge = !x86;

	if (!v)
		return -ENOMEM;
	if (x86)
		add_x86_edges(g, audit, false, v, &n_iv);
	else
		add_interval(v, &n_iv, &(struct interval){.start = 0, .ret = g->default_ret});
	for (size_t i = 0, same; i < n; i += same) {
		struct interval iv;

		if (!edge && (uint32_t)r[i].nr >= X32_BIT) {
			add_x86_edges(g, audit, true, v, &n_iv);
			edge = true;
		}
		for (same = 1; i + same < n && r[i + same].nr == r[i].nr;)
			same++;
		iv = one_number(&r[i], same, g->default_ret);
		add_interval(v, &n_iv, &iv);
		add_interval(v, &n_iv, &(struct interval){.start = iv.start + 1, .ret = g->default_ret});
	}
	if (!edge)
		add_x86_edges(g, audit, true, v, &n_iv);
	if (x86)
		add_interval(v, &n_iv,
			     &(struct interval){.start = UINT32_MAX, .ret = SECCOMP_RET_ERRNO | (uint32_t)ENOSYS});
	put_load(p, offsetof(struct seccomp_data, nr));
	put_intervals(p, v, n_iv);
	return 0;
}

static int by_call(const void *x, const void *y)
{
	const struct gen_rule *a = x, *b = y;

	if (a->audit != b->audit)
		return a->audit < b->audit ? -1 : 1;
	if (a->nr != b->nr)
		return a->nr < b->nr ? -1 : 1;
	return a->seq < b->seq ? -1 : 1;
}

/* Whether an earlier entry of the list has the same value in seccomp_data.arch. */
static bool seen(const struct gen *g, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (arch_audit(g->archs[k]) == arch_audit(g->archs[i]))
			return true;
	return false;
}

int gen_finish(struct gen *g, struct jail_bpf *ret, struct err *e)
{
	struct prog *p = arena_alloc(g->a, sizeof(*p));
	int r = p ? 0 : -ENOMEM;

	if (g->n)
		qsort(g->rules, g->n, sizeof(*g->rules), by_call);
	if (p)
		put_load(p, offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < g->n_archs && r == 0; i++) {
		uint32_t audit = arch_audit(g->archs[i]);
		size_t first = 0, n = 0, at;

		if (seen(g, i))
			continue;
		while (first < g->n && g->rules[first].audit != audit)
			first++;
		while (first + n < g->n && g->rules[first + n].audit == audit)
			n++;
		put_jump(p, BPF_JEQ, audit, 1, 0);
		at = put(p, BPF_JMP | BPF_JA, 0, 0, 0);
		r = put_arch(p, g, audit, n ? &g->rules[first] : NULL, n);
		p->v[at].k = (uint32_t)(p->n - at - 1);
	}
	if (r < 0)
		return err_set(e, -r, "compile the policy's filter: out of memory");
	put_ret(p, g->bad_arch_ret);
	if (p->full)
		return err_set(
		    e, E2BIG,
		    "the policy's rules need more than the %d instructions that the kernel takes; name fewer calls "
		    "or architectures",
		    BPF_MAXINSNS);
	ret->insns = p->v;
	ret->len = (uint16_t)p->n;
	return 0;
}
