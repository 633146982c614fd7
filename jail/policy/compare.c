/* SPDX-License-Identifier: Apache-2.0 */
/* Two plans, call by call: every system call of each ABI of this host, with the values at which a condition of either changes its mind. */
#include "jail/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CLASSES    8     /* pairs of verdicts that are told of one call */
#define VALUES_MAX 64    /* of one argument */
#define TRIES_MAX  50000 /* of one call */

struct values {
	uint64_t v[VALUES_MAX];
	size_t n;
};

/* One call in both plans. */
struct comparison {
	const struct jail_plan *plans[2];
	struct values args[6];
	struct jail_difference found[CLASSES];
	size_t n_found, tries;
};

static void add_value(struct values *l, uint64_t v)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i] == v)
			return;
	if (l->n < VALUES_MAX)
		l->v[l->n++] = v;
}

/* The values about which one condition decides, and those beside them. */
static void add_condition(struct values *l, const struct jail_rule_arg *c)
{
	const uint64_t width = c->op == JAIL_MASKED_EQ || !c->b ? UINT64_MAX : c->b;

	if (c->op == JAIL_MASKED_EQ) {
		add_value(l, c->b);
		add_value(l, c->b ^ (c->a & -c->a)); /* its lowest bit turned */
		add_value(l, c->b | ~c->a);
		return;
	}
	add_value(l, c->a);
	add_value(l, (c->a + 1) & width);
	add_value(l, (c->a - 1) & width);
}

static void boundaries(const struct jail_plan *p, uint32_t arch, int nr, struct values args[6])
{
	for (uint64_t i = 0; i < p->told.n; i++) {
		const struct jail_rule *r = &p->told.rules[i];

		for (uint32_t k = 0; r->nr == nr && r->arch == arch && k < r->n_args; k++)
			add_condition(&args[r->args[k].index], &r->args[k]);
	}
}

static bool alike(const struct jail_judgement *a, const struct jail_judgement *b)
{
	return a->says == b->says && (a->says != JAIL_SAYS_REFUSE || a->err == b->err);
}

static void note(struct comparison *c, const struct jail_judgement j[2], const uint64_t args[6])
{
	size_t i = 0;

	while (i < c->n_found && !(alike(&c->found[i].says[0], &j[0]) && alike(&c->found[i].says[1], &j[1])))
		i++;
	if (i == CLASSES)
		return;
	if (i == c->n_found) {
		c->found[i] = (struct jail_difference){.says = {j[0], j[1]}};
		memcpy(c->found[i].args, args, sizeof(c->found[i].args));
		c->n_found++;
	}
	c->found[i].times++;
}

static int try(struct comparison *c, uint32_t arch, int nr, const uint64_t args[6], struct err *e)
{
	struct jail_judgement j[2];

	for (int i = 0; i < 2; i++)
		if (jail_judge(c->plans[i], arch, nr, args, &j[i], e) < 0)
			return -EINVAL;
	c->tries++;
	if (!alike(&j[0], &j[1]))
		note(c, j, args);
	return 0;
}

/* All values of all arguments with each other, as far as there is time for them. */
static int try_all(struct comparison *c, uint32_t arch, int nr, struct err *e)
{
	uint64_t args[6] = {0};
	size_t at[6] = {0};
	int r = 0, i = 0;

	while (r == 0 && i < 6 && c->tries < TRIES_MAX) {
		for (i = 0; i < 6; i++)
			args[i] = c->args[i].v[at[i]];
		r = try(c, arch, nr, args, e);
		for (i = 0; i < 6 && ++at[i] == c->args[i].n; i++)
			at[i] = 0;
	}
	return r;
}

static int compare_call(const struct jail_plan *a, const struct jail_plan *b, uint32_t abi,
			const struct jail_call *call, jail_compare_fn *fn, void *arg, struct err *e)
{
	struct comparison c = {.plans = {a, b}};
	const uint32_t arch = arch_audit(abi);
	const int nr = (int)call->number;
	int r;

	for (int i = 0; i < 6; i++)
		add_value(&c.args[i], 0);
	boundaries(a, arch, nr, c.args);
	boundaries(b, arch, nr, c.args);
	r = try_all(&c, arch, nr, e);
	for (size_t i = 0; i < c.n_found && r >= 0; i++) {
		c.found[i].syscall = call->name;
		c.found[i].abi = abi;
		c.found[i].always = c.found[i].times == c.tries;
		r = fn(arg, &c.found[i]);
	}
	return r;
}

const char *jail_difference_call(const struct jail_difference *d, struct arena *a)
{
	AUTO_BUF text = {0};
	int n = 6;

	if (!d->syscall || d->always)
		return d->syscall ? d->syscall : "all of this ABI";
	while (n > 1 && !d->args[n - 1])
		n--;
	buf_str(&text, d->syscall);
	for (int i = 0; i < n; i++)
		buf_printf(&text, "%s%#" PRIx64, i ? ", " : "(", d->args[i]);
	buf_str(&text, ")");
	return text.failed ? NULL : arena_strdup(a, text.data);
}

/* A number that no call has. */
static bool has_abi(const struct jail_plan *p, uint32_t abi)
{
	const uint64_t args[6] = {0};
	struct jail_judgement j;

	return jail_judge(p, arch_audit(abi), arch_is_x32(abi) ? (int)(X32_BIT | 5000) : 5000, args, &j, NULL) < 0 ||
	       (j.rule && !str_eq(j.rule->name, "syscalls.architectures"));
}

size_t jail_family(uint32_t ret[JAIL_ABIS])
{
	uint32_t all[JAIL_ABIS];

	jail_abis(all);
	return arch_family(all[0], ret);
}

int jail_compare(const struct jail_plan *a, const struct jail_plan *b, struct arena *arena, jail_compare_fn *fn,
		 void *arg, struct err *e)
{
	uint32_t family[JAIL_ABIS];
	const size_t n = jail_family(family);
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++) {
		const bool in_a = has_abi(a, family[i]), in_b = has_abi(b, family[i]);
		struct jail_calls calls;

		if (!in_a && !in_b)
			continue;
		if (in_a != in_b) {
			const struct jail_difference whole = {
			    .abi = family[i],
			    .always = true,
			    .says = {{.says = in_a ? JAIL_SAYS_ALLOW : JAIL_SAYS_KILL},
				     {.says = in_b ? JAIL_SAYS_ALLOW : JAIL_SAYS_KILL}}};

			r = fn(arg, &whole);
			continue;
		}
		r = jail_calls(family[i], arena, &calls, e);
		for (size_t k = 0; r >= 0 && k < calls.n; k++)
			if (calls.v[k].number >= 0)
				r = compare_call(a, b, family[i], &calls.v[k], fn, arg, e);
	}
	return r;
}
