/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler of policy rules against a plain reading of the same rules. */
#include "jail_util.h"

#include <errno.h>

#define N_RULES 400

static uint64_t seed = 1;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

static const uint64_t values[] = {
    0,          1,          2,           0x7fffffff,         0x80000000,         0xfffffffe,
    0xffffffff, 1ull << 32, 0x100000001, 0x7fffffffffffffff, 0xffffffff00000000, UINT64_MAX};

static bool holds(const struct jail_rule_arg *c, uint64_t v)
{
	if (c->op != JAIL_MASKED_EQ && c->b)
		v &= c->b;
	return c->op == JAIL_NE   ? v != c->a
	       : c->op == JAIL_LT ? v < c->a
	       : c->op == JAIL_LE ? v <= c->a
	       : c->op == JAIL_EQ ? v == c->a
	       : c->op == JAIL_GE ? v >= c->a
	       : c->op == JAIL_GT ? v > c->a
				  : (v & c->a) == c->b;
}

static uint32_t expected(const struct gen_rule *rules, size_t n, uint32_t other, uint32_t arch, int nr,
			 const uint64_t args[6])
{
	for (size_t i = 0; i < n; i++) {
		uint32_t k = 0;

		if (rules[i].audit != arch || rules[i].nr != nr)
			continue;
		while (k < rules[i].n_args && holds(&rules[i].args[k], args[rules[i].args[k].index]))
			k++;
		if (k == rules[i].n_args)
			return rules[i].ret;
	}
	return other;
}

/* The second value: of a masked compare; of the others it says which bits are compared. */
static struct jail_rule_arg condition(uint32_t index, uint32_t op, size_t first, size_t second)
{
	static const uint64_t lower[] = {0, 0xffff, 0xffffffff};
	struct jail_rule_arg c = {index, op, values[first], values[second]};

	if (op == JAIL_MASKED_EQ)
		return c;
	c.b = lower[second % ARRAY_LEN(lower)];
	c.a &= c.b ? c.b : UINT64_MAX;
	return c;
}

static struct gen new_gen(struct arena *a)
{
	struct gen g = {.a = a, .default_ret = SECCOMP_RET_ALLOW, .bad_arch_ret = SECCOMP_RET_KILL_PROCESS};

	g.archs[g.n_archs++] = AUDIT_ARCH_X86_64;
	g.archs[g.n_archs++] = AUDIT_ARCH_I386;
	g.archs[g.n_archs++] = arch_token("SCMP_ARCH_X32");
	return g;
}

/* Each operator with each value against each argument. */
static void operators(void **state)
{
	(void)state;
	for (uint32_t op = JAIL_NE; op <= JAIL_MASKED_EQ; op++)
		for (size_t v = 0; v < ARRAY_LEN(values) * ARRAY_LEN(values); v++) {
			struct gen_rule r = {.audit = AUDIT_ARCH_X86_64, .nr = 5, .ret = 0x50000, .n_args = 1};
			struct arena a = {0};
			struct gen g = new_gen(&a);
			struct jail_bpf f = {0};

			r.args[0] = condition(v % 6, op, v / ARRAY_LEN(values), v % ARRAY_LEN(values));
			assert_int_equal(gen_add(&g, &r), 0);
			assert_int_equal(gen_finish(&g, &f, NULL), 0);
			for (size_t i = 0; i < ARRAY_LEN(values); i++) {
				uint64_t args[6] = {0};

				args[v % 6] = values[i];
				assert_int_equal(run_bpf(&f, AUDIT_ARCH_X86_64, 5, args),
						 expected(&r, 1, SECCOMP_RET_ALLOW, AUDIT_ARCH_X86_64, 5, args));
				assert_int_equal(run_bpf(&f, AUDIT_ARCH_X86_64, 6, args), SECCOMP_RET_ALLOW);
			}
			arena_free(&a);
		}
}

static struct gen_rule random_rule(void)
{
	struct gen_rule r = {.audit = rnd(2) ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_I386, .nr = (int)rnd(150)};

	if (r.audit == AUDIT_ARCH_X86_64 && rnd(2))
		r.nr |= (int)X32_BIT;
	r.ret = rnd(4) ? SECCOMP_RET_ERRNO | rnd(5) : SECCOMP_RET_ALLOW;
	r.n_args = rnd(4);
	for (uint32_t i = 0; i < r.n_args; i++)
		r.args[i] = condition(rnd(6), JAIL_NE + rnd(7), rnd(ARRAY_LEN(values)), rnd(ARRAY_LEN(values)));
	return r;
}

/* Large random sets: the first match wins; long jumps. */
static void random_sets(void **state)
{
	(void)state;
	for (int round = 0; round < 20; round++) {
		static struct gen_rule rules[N_RULES];
		struct arena a = {0};
		struct gen g = new_gen(&a);
		struct jail_bpf f = {0};

		for (size_t i = 0; i < N_RULES; i++) {
			rules[i] = random_rule();
			assert_int_equal(gen_add(&g, &rules[i]), 0);
		}
		assert_int_equal(gen_finish(&g, &f, NULL), 0);
		assert_uint_in_range(f.len, 1000, BPF_MAXINSNS);
		for (int k = 0; k < 3000; k++) {
			struct gen_rule probe = random_rule();
			uint64_t args[6];

			for (int i = 0; i < 6; i++)
				args[i] = values[rnd(ARRAY_LEN(values))];
			assert_int_equal(run_bpf(&f, probe.audit, probe.nr, args),
					 expected(rules, N_RULES, SECCOMP_RET_ALLOW, probe.audit, probe.nr, args));
		}
		arena_free(&a);
	}
}

/* ABIs that are not named are killed; -1 is no call. */
static void foreign(void **state)
{
	struct arena a = {0};
	struct gen g = new_gen(&a);
	struct jail_bpf f = {0};
	struct gen_rule r = {.audit = AUDIT_ARCH_X86_64, .nr = 0, .ret = SECCOMP_RET_ERRNO | 1};

	(void)state;
	g.n_archs = 1;
	assert_int_equal(gen_add(&g, &r), 0);
	assert_int_equal(gen_finish(&g, &f, NULL), 0);
	assert_int_equal(run_bpf(&f, AUDIT_ARCH_X86_64, 0, ARGS(0)), SECCOMP_RET_ERRNO | 1);
	assert_int_equal(run_bpf(&f, AUDIT_ARCH_X86_64, 1, ARGS(0)), SECCOMP_RET_ALLOW);
	assert_int_equal(run_bpf(&f, AUDIT_ARCH_X86_64, X32_BIT - 1, ARGS(0)), SECCOMP_RET_ALLOW);
	assert_int_equal(run_bpf(&f, AUDIT_ARCH_X86_64, X32_BIT, ARGS(0)), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(run_bpf(&f, AUDIT_ARCH_X86_64, (int)(X32_BIT | 512), ARGS(0)), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(run_bpf(&f, AUDIT_ARCH_X86_64, -2, ARGS(0)), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(run_bpf(&f, AUDIT_ARCH_X86_64, -1, ARGS(0)), SECCOMP_RET_ERRNO | ENOSYS);
	assert_int_equal(run_bpf(&f, AUDIT_ARCH_I386, 1, ARGS(0)), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(run_bpf(&f, AUDIT_ARCH_AARCH64, 1, ARGS(0)), SECCOMP_RET_KILL_PROCESS);
	arena_free(&a);
}

static void too_long(void **state)
{
	struct arena a = {0};
	struct gen g = new_gen(&a);
	struct jail_bpf f = {0};
	struct err e = {0};

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct gen_rule r = {.audit = AUDIT_ARCH_X86_64, .nr = i, .ret = SECCOMP_RET_ERRNO | 1, .n_args = 1};

		r.args[0] = (struct jail_rule_arg){0, JAIL_EQ, 5, 0};
		assert_int_equal(gen_add(&g, &r), 0);
	}
	assert_int_equal(gen_finish(&g, &f, &e), -E2BIG);
	assert_int_equal(e.code, E2BIG);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(operators),
	    cmocka_unit_test(random_sets),
	    cmocka_unit_test(foreign),
	    cmocka_unit_test(too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
