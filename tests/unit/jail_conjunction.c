/* SPDX-License-Identifier: Apache-2.0 */
/* Two policies at once: each call gets the stricter of what the two say alone, in the filter that the kernel runs and in the
 * table that the helper looks at. */
#include "jail_util.h"

#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>

#define X86 AUDIT_ARCH_I386
#define X64 AUDIT_ARCH_X86_64

enum rank { PASS, LOG, CHECK, REFUSE, TRAP, KILL };

struct answer {
	enum rank rank;
	int err;
	const struct jail_rule *rule; /* NULL: without one */
	const char *policy;
};

struct fixture {
	struct arena a;
	struct spec_config config;
	struct err e;
};

static int plan_of(struct fixture *x, const char *one, const char *two, struct jail_plan *ret)
{
	struct spec_policy first, second;
	struct jail_options o = {.id = "c1"};
	int r;

	x->e = (struct err){0};
	x->config.process.capabilities.set = true; /* none: some would undo network rules */
	assert_int_equal(spec_policy_parse(one, strlen(one), "one", &x->a, &first, &x->e), 0);
	if (two) {
		assert_int_equal(spec_policy_parse(two, strlen(two), "two", &x->a, &second, &x->e), 0);
		o.floor = &second;
	}
	r = jail_plan(&x->config, &first, &host, &o, &x->a, ret, &x->e);
	return r;
}

static void make(struct fixture *x, const char *one, const char *two, struct jail_plan *ret)
{
	int r = plan_of(x, one, two, ret);

	if (r)
		fail_msg("%s & %s: %s: %s", one, two ? two : "", x->e.path, x->e.text);
}

static struct answer of_rule(const struct jail_plan *p, const struct jail_rule *r)
{
	static const enum rank ranks[] = {
	    [JAIL_TRAP_REFUSE] = REFUSE, [JAIL_TRAP_KILL] = KILL,   [JAIL_TRAP_LOG] = LOG,
	    [JAIL_TRAP_EXEC] = CHECK,    [JAIL_TRAP_CLONE] = CHECK, [JAIL_TRAP_TARGET] = CHECK,
	    [JAIL_TRAP_SIGSYS] = TRAP,   [JAIL_TRAP_COUNT] = CHECK};
	struct answer a = {ranks[r->trap], r->err, r, p->policies[r->policy].name};

	return a;
}

/* What the filter does; where it asks the helper, what the helper's table says, which has to be the same rule. */
static struct answer answer(const struct jail_plan *p, uint32_t arch, int nr, const uint64_t args[6])
{
	uint32_t ret = p->filter.len ? run_bpf(&p->filter, arch, nr, args) : SECCOMP_RET_ALLOW;
	int i = jail_rule_find(p, arch, nr, args);

	switch (ret & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		return (struct answer){PASS, 0, NULL, NULL};
	case SECCOMP_RET_LOG:
		return (struct answer){LOG, 0, NULL, NULL};
	case SECCOMP_RET_KILL_PROCESS:
		return (struct answer){KILL, 0, NULL, NULL};
	case SECCOMP_RET_ERRNO:
		return (struct answer){REFUSE, (int)(ret & SECCOMP_RET_DATA), NULL, NULL};
	case SECCOMP_RET_TRAP:
		break;
	case SECCOMP_RET_TRACE:
		assert_int_equal(ret & SECCOMP_RET_DATA, JAIL_TRACE_DATA);
		break;
	default:
		assert_int_equal(ret, SECCOMP_RET_USER_NOTIF);
	}
	assert_uint_in_range(i, 0, p->n_rules - 1);
	return of_rule(p, &p->rules[i]);
}

static bool is_guard(const struct answer *a)
{
	static const char *const names[] = {"self", "engine", "signals.to_init", "signals.protect"};

	for (size_t i = 0; a->rule && i < ARRAY_LEN(names); i++)
		if (str_eq(a->rule->name, names[i]))
			return true;
	return !a->rule && a->rank == REFUSE && a->err == ENOSYS;
}

#define SYSCALLS(d, list) "\"syscalls\":{\"defaultAction\":\"SCMP_ACT_" d "\",\"syscalls\":[" list "]}"
#define LIFE              "\"execve\",\"exit\",\"exit_group\"" /* without which a policy is refused */
#define ON(names, action) "{\"names\":[" names "],\"action\":\"SCMP_ACT_" action "\"}"
#define IF(names, action, i, v, op)                                                                                    \
	"{\"names\":[" names "],\"action\":\"SCMP_ACT_" action "\",\"args\":[{\"index\":" i ",\"value\":" v            \
	",\"op\":\"SCMP_CMP_" op "\"}]}"

static const char *const policies[] = {
    "{}",
    "{\"on_violation\":\"kill\"}",
    "{\"signals\":{\"to_init\":\"refuse\"}}",
    "{" SYSCALLS("ALLOW", ON("\"mkdir\",\"socket\"", "ERRNO")) "}",
    "{" SYSCALLS("ALLOW", IF("\"socket\"", "ERRNO", "0", "2", "EQ") "," ON("\"rmdir\"", "KILL_PROCESS")) "}",
    "{" SYSCALLS("ALLOW", IF("\"socket\"", "ALLOW", "0", "1", "EQ") "," IF("\"socket\"", "KILL", "1", "2",
									   "GT") "," ON("\"socket\"", "ERRNO")) "}",
    "{" SYSCALLS("ERRNO",
		 ON("\"read\"," LIFE ",\"clone\",\"kill\",\"prlimit64\"", "ALLOW") "," IF(
		     "\"socket\"", "ALLOW", "0", "3", "LE") "," IF("\"write\"", "KILL", "2", "4294967296", "GE")) "}",
    "{" SYSCALLS("KILL_PROCESS",
		 IF("\"socket\",\"write\"", "ALLOW", "2", "1", "NE") "," ON(LIFE ",\"read\"", "ALLOW")) "}",
    "{\"on_violation\":\"kill\"," SYSCALLS("ERRNO", ON(LIFE ",\"read\",\"write\",\"socket\",\"mkdir\"", "ALLOW")) "}",
    "{" SYSCALLS("ALLOW", ON("\"write\",\"mkdir\"", "LOG") "," IF("\"rmdir\"", "LOG", "0", "0", "EQ")) "}",
    "{" SYSCALLS("ALLOW", ON("\"mkdir\"", "TRAP") "," IF("\"socket\"", "TRAP", "0", "2", "EQ") "," ON("\"socket\"",
												      "ERRNO")) "}",
    "{\"exec\":{\"allow\":[\"/bin/\"]}}",
    "{\"exec\":{},\"limits\":{\"processes\":5}}",
    "{\"limits\":{\"threads\":3}}",
    "{\"on_violation\":\"kill\",\"limits\":{\"processes\":4,\"threads\":9}}",
    "{\"signals\":{\"protect\":[\"/bin/guard\"]}}",
    "{\"network\":{\"connect\":{}}}",
    "{\"network\":{\"families\":[\"unix\",\"packet\"]}}",
    "{\"network\":{\"connect\":{},\"families\":[\"unix\",\"inet\",\"netlink\",\"alg\"]}}",
    "{\"on_violation\":\"kill\",\"network\":{\"bind\":{},\"families\":[\"inet\",\"alg\"]}}",
    "{\"on_violation\":\"kill\",\"network\":{\"bind\":{}}," SYSCALLS("ALLOW",
								     IF("\"socket\"", "ERRNO", "1", "2", "EQ")) "}",
    /* What is watched loosens nothing of the other, whichever is which. */
    "{\"mode\":\"watch\",\"signals\":{\"to_init\":\"refuse\"},\"limits\":{\"processes\":1}}",
    "{\"mode\":\"watch\",\"signals\":{\"protect\":[\"/a\"]},"
    "\"exec\":{\"allow\":[],\"mode\":\"enforce\"}," SYSCALLS("ERRNO", ON("\"read\"", "ALLOW")) "}",
    "{\"mode\":\"learn\"," SYSCALLS("KILL_PROCESS", ON("\"read\",\"fork\"", "ALLOW")) "}",
    "{\"on_violation\":\"log\",\"signals\":{\"to_init\":\"refuse\",\"on_violation\":\"EIO\"}," SYSCALLS(
	"ALLOW", IF("\"socket\",\"kill\"", "ERRNO", "0", "1", "EQ") "," ON("\"mkdir\"", "ERRNO")) "}",
    "{\"init\":\"workload\"}",
    "{\"init\":\"workload\",\"exec\":{\"deny\":[\"/bin/x\"]}," SYSCALLS(
	"ERRNO", ON(LIFE ",\"fork\"", "ALLOW") "," IF("\"clone\"", "ALLOW", "0", "65536", "NE")) "}",
};

static const int calls[] = {SYS_read, SYS_write, SYS_mkdir, SYS_rmdir, SYS_socket, SYS_connect, SYS_clone, SYS_clone3,
			    SYS_fork, SYS_vfork, SYS_execve, SYS_execveat, SYS_kill, SYS_prlimit64, SYS_fcntl,
			    SYS_tgkill, SYS_pidfd_open, SYS_setpriority, SYS_bpf,
			    /* of x86: mkdir, socketcall, socket, kill */
			    39, 102, 359, 37, 5000};
static const uint64_t values[] = {0,  1,       2,       3,        4,          8,           17,        16,
				  38, 0x10000, 0x10011, 0x800000, 1ull << 32, 0x100000001, UINT64_MAX};

static bool nr_is_socket(uint32_t arch, int nr)
{
	return arch == X64 ? nr == SYS_socket : nr == 102 || nr == 359;
}

static void compare(const struct jail_plan *one, const struct jail_plan *two, const struct jail_plan *both,
		    uint32_t arch, int nr, const uint64_t args[6], const char *what)
{
	struct answer a = answer(one, arch, nr, args), b = answer(two, arch, nr, args),
		      c = answer(both, arch, nr, args);
	const struct answer *want = b.rank > a.rank ? &b : &a;

	/* An ABI that the tracer of one does not let in; what keeps the jail standing goes before all rules. */
	if (c.rank == KILL && !c.rule && both->engine == JAIL_TRACE && arch != X64)
		return;
	if (nr == SYS_bpf && arch == X64 && c.rule && str_eq(c.rule->name, "network"))
		return;
	if (is_guard(&c) && c.rank >= REFUSE)
		return;
	/* Where one wants the workload as PID 1, nothing in its namespace is the jail's. */
	if (both->init == POLICY_INIT_WORKLOAD && (is_guard(&a) || is_guard(&b)))
		return;
	if (c.rank != want->rank)
		fail_msg("%s: %u/%d (%#llx, %#llx, %#llx): %d and %d give %d", what, arch, nr,
			 (unsigned long long)args[0], (unsigned long long)args[1], (unsigned long long)args[2], a.rank,
			 b.rank, c.rank);
	if (!want->rule || !c.rule || want->rank < CHECK)
		return;
	/* An ABI that one lacks is there for none, whatever the other one says of its calls. */
	if (jail_rule_foreign(c.rule))
		return;
	/* The checks of sockets are made once for both: of reasons as strict it may be another. */
	if (nr_is_socket(arch, nr) && str_starts(c.rule->name, "network")) {
		assert_int_equal((str_eq(c.policy, "one") ? a : b).rank, c.rank);
		return;
	}
	assert_int_equal(c.err, want->err);
	assert_string_equal(c.rule->name, want->rule->name);
	/* A plan of its own calls it "one"; the second policy is called so only beside another. */
	assert_string_equal(c.policy, want == &a ? "one" : "two");
}

static void pairs(void **state)
{
	struct fixture *x = *state;
	size_t compared = 0;

	for (size_t i = 0; i < ARRAY_LEN(policies); i++)
		for (size_t k = 0; k < ARRAY_LEN(policies); k++) {
			struct jail_plan one, two, both;
			char what[32];
			int r = plan_of(x, policies[i], policies[k], &both);

			snprintf(what, sizeof(what), "%zu & %zu", i, k);
			if (r == -ENOTSUP) /* see the tests below */
				continue;
			if (r)
				fail_msg("%s: %s", what, x->e.text);
			make(x, policies[i], NULL, &one);
			make(x, policies[k], NULL, &two);
			for (size_t n = 0; n < ARRAY_LEN(calls) * 2; n++)
				for (size_t v = 0; v < ARRAY_LEN(values) * ARRAY_LEN(values); v++) {
					uint64_t a0 = values[v % ARRAY_LEN(values)], a1 = values[v / ARRAY_LEN(values)];

					compare(&one, &two, &both, n % 2 ? X86 : X64, calls[n / 2],
						ARGS(a0, a1, a1, a0), what);
					compared++;
				}
			arena_free(&x->a);
		}
	assert_uint_in_range(compared, 1000000, SIZE_MAX);
}

/* Random allow-lists, refusals and conditions on few calls, so that they meet. */
static uint64_t seed = 7;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

static const char *random_policy(struct fixture *x)
{
	static const char *const names[] = {"socket", "write", "mkdir", "ioctl", "connect"};
	static const char *const actions[] = {"ALLOW", "ERRNO", "KILL_PROCESS", "ALLOW", "LOG"};
	static const char *const ops[] = {"EQ", "NE", "LT", "LE", "GT", "GE", "MASKED_EQ"};
	static const char *const modes[] = {"", "", "", "", "\"mode\":\"watch\",", "\"mode\":\"learn\","};
	char text[8192];
	int n = snprintf(text, sizeof(text), "{%s%s\"syscalls\":{\"defaultAction\":\"SCMP_ACT_%s\",\"syscalls\":[",
			 rnd(4) ? "" : "\"on_violation\":\"kill\",", modes[rnd(6)], actions[rnd(3)]);

	for (uint32_t i = rnd(8) + 1; i > 0; i--) {
		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      "{\"names\":[\"%s\"],\"action\":\"SCMP_ACT_%s\",%s\"args\":[", names[rnd(5)],
			      actions[rnd(5)], rnd(6) ? "" : "\"mode\":\"learn\",");
		for (uint32_t k = 0, m = rnd(3); k < m; k++)
			n += snprintf(text + n, sizeof(text) - (size_t)n,
				      "%s{\"index\":%u,\"value\":%u,\"valueTwo\":%u,\"op\":\"SCMP_CMP_%s\"}",
				      k ? "," : "", k, rnd(4), rnd(4), ops[rnd(7)]);
		n += snprintf(text + n, sizeof(text) - (size_t)n, "]},");
	}
	snprintf(text + n, sizeof(text) - (size_t)n, ON(LIFE, "ALLOW") "]}}");
	return arena_strdup(&x->a, text);
}

static void random_pairs(void **state)
{
	static const int numbers[] = {SYS_socket, SYS_write, SYS_mkdir, SYS_ioctl, SYS_connect, 102,
				      359,        362,       4,         39,        54};
	struct fixture *x = *state;

	for (int round = 0; round < 300; round++) {
		const char *p = random_policy(x), *q = random_policy(x), *what = arena_printf(&x->a, "%s & %s", p, q);
		struct jail_plan one, two, both;

		make(x, p, NULL, &one);
		make(x, q, NULL, &two);
		make(x, p, q, &both);
		for (size_t n = 0; n < ARRAY_LEN(numbers) * 2; n++)
			for (uint64_t v = 0; v < 25; v++)
				compare(&one, &two, &both, n % 2 ? X86 : X64, numbers[n / 2], ARGS(v % 5, v / 5, v % 5),
					what);
		arena_free(&x->a);
	}
}

/* What is no rule on calls: least limits, both lists of programs, whose refusal it is. */
static void the_rest(void **state)
{
	struct fixture *x = *state;
	struct jail_plan p;
	int64_t max;
	const char *one = "{\"limits\":{\"processes\":5,\"threads\":2},\"exec\":{\"allow\":[\"/bin/\"]}}",
		   *two = "{\"on_violation\":\"kill\",\"limits\":{\"processes\":3},\"exec\":{\"deny\":[\"/bin/x\"]},"
			  "\"signals\":{\"protect\":[\"/a\"]}}";

	make(x, one, two, &p);
	assert_string_equal(p.policy, "one+two");
	assert_int_equal(p.engine, JAIL_TRACE);
	assert_int_equal(jail_limit(&p, false, &max), 1);
	assert_int_equal(max, 3);
	assert_int_equal(jail_limit(&p, true, &max), 0);
	assert_int_equal(max, 2);
	assert_true(jail_exec_allowed(&p.policies[0], "/bin/x", NULL));
	assert_false(jail_exec_allowed(&p.policies[1], "/bin/x", NULL));
	assert_true(jail_has_protect(&p) && jail_has_exec_rules(&p));
	assert_int_equal(jail_stricter(&p, "exec", 0, 1), 1);
	assert_int_equal(jail_stricter(&p, "exec", 1, 0), 1);
	assert_int_equal(jail_stricter(&p, "exec", -1, 0), 0);
	assert_int_equal(jail_stricter(&p, "exec", -1, -1), -1);
	/* The same limit in both is the stricter one's. */
	make(x, "{\"limits\":{\"processes\":3}}", two, &p);
	assert_int_equal(jail_limit(&p, false, &max), 1);
	make(x, "{\"limits\":{\"wall\":5,\"file_size\":0,\"open_files\":64}}",
	     "{\"limits\":{\"wall\":\"4s\",\"file_size\":1}}", &p);
	assert_int_equal(jail_bound(&p, BOUND_WALL, &max), 1);
	assert_int_equal(max, 4000000);
	assert_int_equal(jail_bound(&p, BOUND_FILE_SIZE, &max), 0);
	assert_int_equal(max, 0);
	assert_int_equal(jail_bound(&p, BOUND_OPEN_FILES, &max), 0);
	assert_int_equal(max, 64);
	assert_int_equal(p.engine, JAIL_NOTIFY);
	/* What one counts is asked about, whatever else both say of it; what one refuses is not. */
	make(x, "{\"limits\":{\"syscalls\":{\"mkdir\":1,\"socket\":1},\"execs\":1}}",
	     "{\"exec\":{},\"syscalls\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"socket\"],"
	     "\"action\":\"SCMP_ACT_ERRNO\"}]}}",
	     &p);
	assert_int_equal(p.rules[jail_rule_find(&p, X64, SYS_mkdir, ARGS(0))].trap, JAIL_TRAP_COUNT);
	assert_int_equal(p.rules[jail_rule_find(&p, X64, SYS_execve, ARGS(0))].trap, JAIL_TRAP_EXEC);
	assert_int_equal(p.rules[jail_rule_find(&p, X64, SYS_socket, ARGS(0))].trap, JAIL_TRAP_REFUSE);
	assert_true(jail_counts(&p, "execve") && jail_counts(&p, "mkdir") && !jail_counts(&p, "rmdir"));
	make(x, "{\"limits\":{\"syscalls\":{\"mkdir\":1}}}", "{}", &p);
	assert_int_equal(p.engine, JAIL_NOTIFY);
	assert_int_equal(run_bpf(&p.filter, X64, SYS_mkdir, ARGS(0)), SECCOMP_RET_USER_NOTIF);
	assert_int_equal(run_bpf(&p.filter, X86, 39, ARGS(0)), SECCOMP_RET_USER_NOTIF);
	assert_int_equal(run_bpf(&p.filter, X64, SYS_rmdir, ARGS(0)), SECCOMP_RET_ALLOW);
	/* A multiplexed one, too, that the other allows by the name of the whole. */
	for (int floor = 0; floor < 2; floor++) {
		const char *counts = "{\"limits\":{\"syscalls\":{\"socket\":1}}}",
			   *whole = "{\"syscalls\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":["
				    "\"socketcall\"],\"action\":\"SCMP_ACT_ALLOW\"}]}}";
		const struct jail_rule *r;

		make(x, floor ? whole : counts, floor ? counts : whole, &p);
		assert_int_equal(run_bpf(&p.filter, X86, 102, ARGS(3)), SECCOMP_RET_ALLOW);
		assert_int_equal(run_bpf(&p.filter, X86, 102, ARGS(1)), SECCOMP_RET_USER_NOTIF);
		r = &p.rules[jail_rule_find(&p, X86, 102, ARGS(1))];
		assert_int_equal(r->trap, JAIL_TRAP_COUNT);
		assert_string_equal(r->syscall, "socket");
	}
	/* Also where the checks of families stand beside the policies. */
	for (int floor = 0; floor < 3; floor++) {
		const char *counts = "{\"limits\":{\"syscalls\":{\"mkdir\":1}},\"network\":{\"families\":[\"unix\"]}}";

		make(x, floor == 2 ? "{}" : counts, floor == 0 ? NULL : floor == 1 ? "{}" : counts, &p);
		assert_int_equal(run_bpf(&p.filter, X64, SYS_mkdir, ARGS(0)), SECCOMP_RET_USER_NOTIF);
		assert_int_equal(p.rules[jail_rule_find(&p, X64, SYS_mkdir, ARGS(0))].trap, JAIL_TRAP_COUNT);
	}
	make(x, "{}", "{}", &p);
	assert_int_equal(jail_bound(&p, BOUND_WALL, &max), -1);
	assert_int_equal(max, -1);
	assert_int_equal(jail_limit(&p, false, &max), -1);
	assert_false(jail_has_protect(&p) || jail_has_exec_rules(&p));
	make(x, "{}", "{\"init\":\"workload\"}", &p);
	assert_int_equal(p.init, POLICY_INIT_WORKLOAD);
	make(x, "{\"syscalls\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\"]}}", "{}",
	     &p);
	assert_int_equal(run_bpf(&p.filter, X86, 1, ARGS(0)), SECCOMP_RET_ALLOW);
	assert_int_equal(run_bpf(&p.filter, X64, 0x40000001, ARGS(0)), SECCOMP_RET_USER_NOTIF);
	assert_int_equal(p.rules[jail_rule_find(&p, X64, 0x40000001, ARGS(0))].trap, JAIL_TRAP_KILL);
	assert_int_equal(jail_rule_find(&p, X64, 1, ARGS(0)), -1);
	make(x, "{\"syscalls\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[]}}", "{}", &p);
	assert_false(p.filter.flags & SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	make(x, "{}", "{}", &p);
	assert_true(p.filter.flags & SECCOMP_FILTER_FLAG_SPEC_ALLOW);
}

/* Printed with the name of the policy that each rule is of. */
static void printed(void **state)
{
	struct fixture *x = *state;
	AUTO_BUF out = {0};
	struct jsonw w = {.out = &out, .indent = 2};
	struct jail_plan p;

	make(x, policies[3], policies[4], &p);
	jail_plan_print(&p, &w, NULL);
	assert_non_null(strstr(out.data, "\"policy\": \"one+two\""));
	assert_non_null(strstr(out.data, "\"policies\": ["));
	assert_non_null(strstr(out.data, "\"policy\": \"two\",\n      \"rule\": \"syscalls.syscalls[1]\""));
	out.len = 0;
	make(x, policies[3], NULL, &p);
	jail_plan_print(&p, &w, NULL);
	assert_null(strstr(out.data, "\"policies\""));
}

static void disagree(void **state)
{
	static const struct {
		const char *one, *two, *in_error;
	} bad[] = {
	    {"{\"init\":\"jail\"}", "{\"init\":\"workload\"}", "disagree about `init`"},
	    {"{\"init\":\"workload\"}", "{\"signals\":{\"to_init\":\"refuse\"}}", "asks for \"jail\""},
	    {"{\"exec\":{}}", "{" SYSCALLS("ALLOW", ON("\"execve\"", "LOG")) "}",
	     "policy two: syscalls.syscalls[0]: SCMP_ACT_LOG of execve, which policy one checks (exec)"},
	    {"{" SYSCALLS("ALLOW", ON("\"clone\"", "LOG")) "}", "{\"limits\":{\"processes\":3}}", "policy one"},
	};
	struct fixture *x = *state;
	struct jail_plan p;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(plan_of(x, bad[i].one, bad[i].two, &p), -ENOTSUP);
		if (!strstr(x->e.text, bad[i].in_error))
			fail_msg("%s", x->e.text);
	}
	make(x, "{\"init\":\"jail\"}", "{\"init\":\"jail\"}", &p);
	/* What the second has wrong is told with its name. */
	assert_int_equal(plan_of(x, "{}", "{" SYSCALLS("ALLOW", ON("\"opne\"", "ERRNO")) "}", &p), -EINVAL);
	assert_string_equal(x->e.path, "two: syscalls.syscalls[0]");
}

static int setup(void **state)
{
	*state = test_calloc(1, sizeof(struct fixture));
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	arena_free(&x->a);
	test_free(x);
	return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(pairs), T(random_pairs), T(the_rest), T(printed), T(disagree)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
