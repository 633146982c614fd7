/* SPDX-License-Identifier: Apache-2.0 */
/* Bits that the kernel does not take are no way round a compare: every argument of every call that libseccomp knows, under the
 * filter and under jail_rule_find, in policies and in linux.seccomp. */
#include "jail_util.h"

#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>

#define MAX_NAMES 700
#define AT_ONCE   90 /* the rules of so many calls in three ABIs are one program */

struct fixture {
	struct arena kept, a;
	struct strv names;
	uint32_t archs[MAX_ARCHS];
	size_t n_archs;
};

struct rule {
	uint32_t index, op;
	uint64_t value, two;
};

static const char *op_name(uint32_t op)
{
	for (const struct word *w = seccomp_operators; w->name; w++)
		if (w->value == op)
			return w->name;
	return NULL;
}

static bool compare(uint32_t op, uint64_t v, uint64_t a, uint64_t b)
{
	return op == JAIL_NE   ? v != a
	       : op == JAIL_LT ? v < a
	       : op == JAIL_LE ? v <= a
	       : op == JAIL_EQ ? v == a
	       : op == JAIL_GE ? v >= a
	       : op == JAIL_GT ? v > a
			       : (v & a) == b;
}

/* Whether the rule holds of what is left of v. -1 written in 64 bits is the -1 of any width where two are compared for being equal. */
static bool holds_in(const struct rule *r, uint64_t v, uint32_t width)
{
	uint64_t bits = width == 64 ? UINT64_MAX : (1ull << width) - 1;
	bool equal = r->op == JAIL_EQ || r->op == JAIL_NE;

	return compare(r->op, v & bits, equal && r->value == UINT64_MAX ? bits : r->value, r->two);
}

/* Any: in one of the widths that an argument may have; else in all. */
static bool holds(const struct rule *r, uint64_t v, struct arg_width w, bool any)
{
	bool least = holds_in(r, v, w.least), most = holds_in(r, v, w.most);

	return any ? least || most : least && most;
}

static void find_names(struct fixture *x, uint32_t native)
{
	x->n_archs = arch_family(native, x->archs);
	x->names = (struct strv){.v = arena_alloc(&x->kept, MAX_NAMES * sizeof(char *))};
	for (size_t k = 0; k < x->n_archs; k++)
		for (int nr = 0; nr < 600; nr++) {
			int base = arch_is_x32(x->archs[k]) ? (int)X32_BIT : 0;
			char *name = seccomp_syscall_resolve_num_arch(x->archs[k], base + nr);

			/* Those that every policy lets through have no arguments; what io_uring is refused for are others. */
			if (name && !strstr(name, "sigreturn") && !str_eq(name, "restart_syscall") &&
			    !strstr(name, "io_uring") && !strv_has(&x->names, name)) {
				assert_uint_in_range(x->names.n, 0, MAX_NAMES - 1);
				x->names.v[x->names.n++] = arena_strdup(&x->kept, name);
			}
			free(name);
		}
	assert_uint_in_range(x->names.n, 250, MAX_NAMES);
}

/* The rule for names[first..], as the object `syscalls` of a policy, or as linux.seccomp. */
static char *document(struct fixture *x, const struct rule *r, size_t first, bool refuse)
{
	char *names = arena_strdup(&x->a, ""), *archs = names;

	for (size_t i = first; i < x->names.n && i < first + AT_ONCE; i++)
		names = arena_printf(&x->a, "%s%s\"%s\"", names, i > first ? "," : "", x->names.v[i]);
	for (size_t i = 0; i < x->n_archs; i++)
		archs = arena_printf(&x->a, "%s%s\"%s\"", archs, i ? "," : "", arch_name(x->archs[i]));
	return arena_printf(&x->a,
			    "{\"defaultAction\":\"SCMP_ACT_%s\",\"architectures\":[%s],\"syscalls\":[{\"names\":[%s],"
			    "\"action\":\"SCMP_ACT_%s\",\"args\":[{\"index\":%u,\"op\":\"%s\",\"value\":%llu,"
			    "\"valueTwo\":%llu}]}]}",
			    refuse ? "ALLOW" : "ERRNO", archs, names, refuse ? "ERRNO" : "ALLOW", r->index,
			    op_name(r->op), (unsigned long long)r->value, (unsigned long long)r->two);
}

static const uint64_t garbage[] = {
    0, 1ull << 15, 1ull << 16, 1ull << 31, 1ull << 32, 1ull << 63, 0xffffffff00000000ull, 0xffffffffffff0000ull};

/* Values beside the rule's, with bits on top. */
static uint64_t probe(const struct rule *r, size_t i)
{
	uint64_t v = r->op == JAIL_MASKED_EQ ? r->two : r->value;

	return (v + i / ARRAY_LEN(garbage) - 1) ^ garbage[i % ARRAY_LEN(garbage)];
}
#define PROBES (3 * ARRAY_LEN(garbage))

static const struct rule rules[] = {
    {0, JAIL_EQ, 5, 0},
    {0, JAIL_NE, 5, 0},
    {0, JAIL_LT, 5, 0},
    {0, JAIL_LE, 5, 0},
    {0, JAIL_GT, 5, 0},
    {0, JAIL_GE, 5, 0},
    {0, JAIL_EQ, 0, 0},
    {0, JAIL_EQ, 0xffff, 0},
    {0, JAIL_NE, 0xffff, 0},
    {0, JAIL_LT, 0x8000, 0},
    {0, JAIL_LE, 0xffff, 0},
    {0, JAIL_GT, 0xffff, 0},
    {0, JAIL_GE, 0x8000, 0},
    {0, JAIL_EQ, UINT64_MAX, 0},
    {0, JAIL_NE, UINT64_MAX, 0},
    {0, JAIL_MASKED_EQ, UINT64_MAX, 5},
    {0, JAIL_MASKED_EQ, 0xffffffff, 5},
    {0, JAIL_MASKED_EQ, 0xff, 5},
};

struct subject {
	const struct rule *rule;
	const struct jail_plan *plan; /* NULL: */
	const struct jail_bpf *filter;
	bool refuse;
};

/* Whether the call goes through. In linux.seccomp what is written is of 64 bits, and nothing of that is loosened; but libseccomp takes 32
 * bits for what is written where it takes an ABI's registers for that: there it is only known what must not be. */
static bool expected(const struct subject *s, struct arg_width w, uint32_t arch, int nr, uint64_t v, bool allowed)
{
	bool narrow =
	    arch == AUDIT_ARCH_I386 || arch == AUDIT_ARCH_ARM || (arch == AUDIT_ARCH_X86_64 && nr >= (int)X32_BIT);
	bool taken = holds(s->rule, v, w, s->refuse), written = holds_in(s->rule, v, 64);

	if (s->plan)
		return taken != s->refuse;
	if (narrow && v > 0xffff)
		return taken != s->refuse && allowed;
	return s->refuse ? !(written || taken) : written && taken;
}

static void check_call(const struct subject *s, struct arg_width w, uint32_t arch, int nr, uint64_t v)
{
	uint64_t args[6] = {0};
	bool allowed;

	args[s->rule->index] = v;
	allowed = run_bpf(s->plan ? &s->plan->filter : s->filter, arch, nr, args) == SECCOMP_RET_ALLOW;
	if (allowed != expected(s, w, arch, nr, v, allowed))
		fail_msg("call %d of %x: arg%u (%u to %u bits) = %#llx, rule %s %#llx: %s", nr, arch, s->rule->index,
			 w.least, w.most, (unsigned long long)v, op_name(s->rule->op),
			 (unsigned long long)s->rule->value, allowed ? "allowed" : "refused");
	/* It is asked about refused calls only: what allows is not in its table, and the default is. */
	if (s->plan)
		assert_int_equal(jail_rule_find(s->plan, arch, nr, args) >= 0, !s->refuse || !allowed);
}

/* Each call of the document's names in each ABI, and each probe. */
static size_t check_calls(const struct fixture *x, const struct subject *s, size_t first)
{
	size_t n = 0;

	for (size_t i = first; i < x->names.n && i < first + AT_ONCE; i++)
		for (size_t k = 0; k < x->n_archs; k++) {
			struct arg_width w = abi_arg_width(x->archs[k], x->names.v[i], s->rule->index);
			struct abi_call call;

			if (abi_find(x->archs[k], x->names.v[i], &call) != 1 || call.nr < 0)
				continue;
			for (size_t p = 0; p < PROBES; p++, n++)
				check_call(s, w, arch_audit(x->archs[k]), call.nr, probe(s->rule, p));
		}
	return n;
}

static void compile(struct fixture *x, const char *text, bool oci, const struct jail_facts *f, struct jail_plan *plan,
		    struct jail_bpf *filter)
{
	struct spec_policy *policy = arena_alloc(&x->a, sizeof(*policy));
	struct spec_config *config = arena_alloc(&x->a, sizeof(*config));
	struct err e = {0};
	int r;

	if (oci) {
		text = arena_printf(
		    &x->a, "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"},\"linux\":{\"seccomp\":%s}}", text);
		r = spec_config_parse(text, strlen(text), "config.json", &x->a, config, &e);
		r = r < 0 ? r : oci_filter(&config->linux_.seccomp, f, NULL, &x->a, filter, &e);
	} else {
		text = arena_printf(&x->a, "{\"init\":\"workload\",\"syscalls\":%s}", text);
		r = spec_policy_parse(text, strlen(text), "test", &x->a, policy, &e);
		/* Rules alone: a policy that refuses execve(2) would be none. */
		*plan = (struct jail_plan){.engine = JAIL_NONE};
		r = r < 0 ? r
			  : policy_plan((const struct spec_policy *[]){policy}, 1, config, f, false, &x->a, plan, &e);
	}
	if (r < 0)
		fail_msg("%s: %s", e.path, e.text);
}

static void run_rules(uint32_t native, bool oci)
{
	struct fixture x = {.names = {0}};
	struct jail_facts facts = host;
	size_t n = 0;

	facts.arch = native;
	find_names(&x, native);
	for (size_t i = 0; i < ARRAY_LEN(rules) * 6 * 2; i++)
		for (size_t first = 0; first < x.names.n; first += AT_ONCE) {
			struct rule r = rules[i / 12];
			struct jail_plan plan;
			struct jail_bpf filter;
			const struct subject s = {&r, oci ? NULL : &plan, &filter, i & 1};

			r.index = i / 2 % 6;
			compile(&x, document(&x, &r, first, s.refuse), oci, &facts, &plan, &filter);
			n += check_calls(&x, &s, first);
			arena_free(&x.a);
		}
	print_message("%s, %s: %zu calls\n", arch_name(native), oci ? "linux.seccomp" : "policies", n);
	arena_free(&x.kept);
}

static void policies(void **state)
{
	(void)state;
	run_rules(AUDIT_ARCH_X86_64, false);
	run_rules(AUDIT_ARCH_AARCH64, false);
	run_rules(AUDIT_ARCH_RISCV64, false); /* an ABI without a table */
}

static void profiles(void **state)
{
	(void)state;
	run_rules(AUDIT_ARCH_X86_64, true);
	run_rules(AUDIT_ARCH_AARCH64, true);
}

#define WIDTH(token, name, index, l, m)                                                                                \
	do {                                                                                                           \
		struct arg_width w = abi_arg_width(token, name, index);                                                \
		assert_int_equal(w.least, l);                                                                          \
		assert_int_equal(w.most, m);                                                                           \
	} while (0)

/* What the table has to say: without it the checks above would hold of a table of longs. */
static void widths(void **state)
{
	(void)state;
	WIDTH(SCMP_ARCH_X86_64, "socket", 0, 32, 32);
	WIDTH(SCMP_ARCH_X86_64, "chmod", 1, 16, 16);
	WIDTH(SCMP_ARCH_X86_64, "mmap", 1, 64, 64);
	WIDTH(SCMP_ARCH_X86_64, "clone", 0, 32, 32); /* a long that is cut down to an int */
	WIDTH(SCMP_ARCH_X86_64, "prctl", 1, 32, 64);
	WIDTH(SCMP_ARCH_X86_64, "setreuid", 1, 32, 32);
	WIDTH(SCMP_ARCH_X86_64, "nosuch", 0, 32, 64);
	WIDTH(SCMP_ARCH_X86_64, "getpid", 0, 32, 64);
	WIDTH(SCMP_ARCH_X86, "setreuid", 1, 16, 16);
	WIDTH(SCMP_ARCH_X86, "setreuid32", 1, 32, 32);
	WIDTH(SCMP_ARCH_X86, "mmap2", 1, 32, 32);
	WIDTH(SCMP_ARCH_X86, "nosuch", 0, 32, 32);
	WIDTH(SCMP_ARCH_X32, "ioctl", 2, 32, 32);
	WIDTH(SCMP_ARCH_X32, "chmod", 1, 16, 16);
	WIDTH(SCMP_ARCH_AARCH64, "fchmodat", 2, 16, 16);
	WIDTH(SCMP_ARCH_ARM, "chown", 2, 16, 16);
	WIDTH(SCMP_ARCH_RISCV64, "socket", 0, 32, 64);
	WIDTH(SCMP_ARCH_RISCV64, "fchmodat", 2, 16, 64);
	WIDTH(SCMP_ARCH_S390, "setreuid", 1, 16, 32);
}

/* A number that no argument has, and one that may be meant as negative: the way that refuses more. */
static void too_large(void **state)
{
	static const struct {
		uint32_t op, width;
		uint64_t value;
		enum arg_reading refuses, allows;
	} cases[] = {
	    {JAIL_EQ, 32, 0x100000005, ARG_NEVER, ARG_NEVER},    {JAIL_NE, 32, 0x100000005, ARG_ALWAYS, ARG_ALWAYS},
	    {JAIL_GT, 32, 0x100000005, ARG_NEVER, ARG_NEVER},    {JAIL_LE, 32, 0x100000005, ARG_ALWAYS, ARG_ALWAYS},
	    {JAIL_LT, 32, UINT64_MAX - 4, ARG_ALWAYS, ARG_READ}, {JAIL_GE, 32, UINT64_MAX - 4, ARG_READ, ARG_NEVER},
	    {JAIL_EQ, 32, UINT64_MAX - 4, ARG_READ, ARG_READ},   {JAIL_EQ, 16, 0xfffffffb, ARG_READ, ARG_READ},
	    {JAIL_EQ, 16, 70000, ARG_NEVER, ARG_NEVER},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (int refuses = 0; refuses < 2; refuses++) {
			struct jail_rule_arg a = {1, cases[i].op, cases[i].value, 77};
			const char *name = cases[i].width == 16 ? "chmod" : "listen";
			enum arg_reading want = refuses ? cases[i].refuses : cases[i].allows;

			assert_int_equal(abi_read_arg(SCMP_ARCH_X86_64, name, refuses, &a), want);
			if (want == ARG_READ)
				assert_int_equal(a.op == JAIL_MASKED_EQ ? a.b : a.a,
						 cases[i].value & (cases[i].width == 16 ? 0xffff : 0xffffffff));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(widths), cmocka_unit_test(too_large),
					   cmocka_unit_test(policies), cmocka_unit_test(profiles)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
