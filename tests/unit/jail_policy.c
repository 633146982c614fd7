/* SPDX-License-Identifier: Apache-2.0 */
/* Policies to plans: for each ABI and argument, the filter and jail_rule_find have to agree on which rule it is. */
#include "jail_util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>

#define X86  AUDIT_ARCH_I386
#define X64  AUDIT_ARCH_X86_64
#define LIFE "\"execve\",\"exit\",\"exit_group\"" /* without which a policy is refused */

struct fixture {
	struct arena a;
	struct spec_policy policy;
	struct spec_config config;
	struct jail_facts facts;
	struct jail_plan plan;
	struct err e;
};

static int try_plan(struct fixture *x, const char *text)
{
	const struct jail_options o = {.id = "c1"};

	x->facts = x->facts.arch ? x->facts : host;
	assert_int_equal(spec_policy_parse(text, strlen(text), "test", &x->a, &x->policy, &x->e), 0);
	return jail_plan(&x->config, &x->policy, &x->facts, &o, &x->a, &x->plan, &x->e);
}

static void make(struct fixture *x, const char *text)
{
	int r = try_plan(x, text);

	if (r)
		fail_msg("%d %s: %s", r, x->e.path, x->e.text);
}

/* The name of the rule that a call falls under; NULL: it is let through; "ENOSYS", "kill", "log" without a rule. Checks that the
 * filter and the table agree. */
static const char *verdict(const struct fixture *x, uint32_t arch, int nr, const uint64_t args[6])
{
	uint32_t ret = run_bpf(&x->plan.filter, arch, nr, args);
	int i = jail_rule_find(&x->plan, arch, nr, args);

	switch (ret & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		return NULL;
	case SECCOMP_RET_LOG:
		return "log";
	case SECCOMP_RET_KILL_PROCESS:
		return "kill";
	case SECCOMP_RET_ERRNO:
		return (ret & SECCOMP_RET_DATA) == ENOSYS ? "ENOSYS" : "errno";
	case SECCOMP_RET_TRACE:
		assert_int_equal(ret & SECCOMP_RET_DATA, JAIL_TRACE_DATA);
		assert_true(i >= 0);
		break;
	default:
		assert_int_equal(ret, SECCOMP_RET_USER_NOTIF);
	}
	assert_uint_in_range(i, 0, x->plan.n_rules - 1);
	return x->plan.rules[i].name;
}

#define IS(name, arch, nr, ...)                                                                                        \
	assert_string_equal(verdict(x, arch, nr, ARGS(__VA_ARGS__)) ? verdict(x, arch, nr, ARGS(__VA_ARGS__)) : "-",   \
			    name)
#define PASSES(arch, nr, ...) IS("-", arch, nr, __VA_ARGS__)

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

static void name_caps(struct fixture *x, enum spec_cap_set set, const char *cap)
{
	static char *v[2];

	v[0] = (char *)cap;
	x->config.process.capabilities.set = true;
	x->config.process.capabilities.list[set] = (struct strv){v, cap ? 1 : 0};
}

static void builtin_default(void **state)
{
	struct fixture *x = *state;

	assert_null(jail_builtin_policy("nosuch"));
	make(x, jail_builtin_policy("default"));
	assert_string_equal(x->plan.policy, "default");
	assert_int_equal(x->plan.engine, JAIL_NOTIFY);
	assert_true(x->plan.filter.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER);
	IS("self", X64, SYS_prlimit64, 1, 0, 1);
	IS("self", X64, SYS_prlimit64, 0x700000001, 0, 1); /* an int: the upper half is not looked at */
	PASSES(X64, SYS_prlimit64, 1, 0, 0);
	PASSES(X64, SYS_prlimit64, 0, 0, 1);
	PASSES(X64, SYS_prlimit64, 2, 0, 1);
	IS("self", X86, 340, 1, 0, 1);
	IS("self", X64, (int)(X32_BIT | 302), 1, 0, 1);
	IS("self", X64, SYS_ptrace, 0x4206, 1);
	PASSES(X64, SYS_ptrace, 0x4206, 2);
	IS("self", X64, SYS_process_vm_writev, 1);
	IS("self", X64, (int)(X32_BIT | 540), 1); /* x32's own number of process_vm_writev */
	IS("self", X64, SYS_sched_setaffinity, 1);
	PASSES(X64, SYS_sched_setaffinity, 0);
	IS("self", X64, SYS_setpriority, 0, 1, 19);
	IS("self", X64, SYS_setpriority, 1, 1, 19);
	PASSES(X64, SYS_setpriority, 2, 1, 19); /* a user */
	IS("self", X64, SYS_kcmp, 7, 1);
	IS("self", X64, SYS_pidfd_open, 1);
	PASSES(X64, SYS_pidfd_open, 2);
	IS("syscalls.syscalls[0]", X64, SYS_ioctl, 0, 0x5412);
	IS("syscalls.syscalls[0]", X64, SYS_ioctl, 0, 0xabc00005412);
	IS("syscalls.syscalls[0]", X86, 54, 0, 0x5412);
	IS("syscalls.syscalls[0]", X64, (int)(X32_BIT | 514), 0, 0x5412);
	IS("syscalls.syscalls[1]", X64, SYS_ioctl, 0, 0x541c);
	PASSES(X64, SYS_ioctl, 0, 0x5413);
	PASSES(X64, SYS_kill, 1, 1); /* forwarded */
	PASSES(X64, SYS_clone3);
	PASSES(X64, SYS_io_uring_setup);
	PASSES(X64, SYS_execve);
	IS("kill", AUDIT_ARCH_AARCH64, 1);
}

/* Each is right, by itself and beside any other, and is what it says; what its rules do is for tests/integration/gallery.t. */
static void builtins(void **state)
{
	struct fixture *x = *state;
	size_t n = 0;

	name_caps(x, CAPS_BOUNDING, NULL);
	for (const char *name; (name = jail_builtin_name(n)); n++) {
		make(x, jail_builtin_policy(name));
		assert_string_equal(x->plan.policy, name);
		assert_int_equal(x->plan.engine, str_eq(name, "judge") ? JAIL_TRACE : JAIL_NOTIFY);
		IS("self", X64, SYS_prlimit64, 1, 0, 1);
		IS(str_eq(name, "compute") ? "syscalls.defaultAction" : "syscalls.syscalls[0]", X64, SYS_ioctl, 0,
		   0x5412);
		if (str_eq(name, "default"))
			continue;
		/* Not reported: a program makes as many threads as it likes. */
		IS("ENOSYS", X64, SYS_clone3);
		if (!str_eq(name, "judge")) /* which counts them */
			PASSES(X64, SYS_clone, 0x3d0f00);
	}
	assert_true(n >= 7);
}

static void to_init_refused(void **state)
{
	struct fixture *x = *state;

	make(x, "{\"signals\":{\"to_init\":\"refuse\"}}");
	assert_int_equal(x->plan.engine, JAIL_NOTIFY);
	IS("signals.to_init", X64, SYS_kill, 1, 15);
	PASSES(X64, SYS_kill, 2, 15);
	PASSES(X64, SYS_kill, (uint64_t)-1, 15);
	IS("signals.to_init", X64, SYS_tgkill, 9, 1, 15);
	IS("signals.to_init", X64, SYS_tgkill, 1, 9, 15);
	IS("signals.to_init", X86, 37, 1, 15);
	IS("signals.to_init", X64, SYS_rt_sigqueueinfo, 1);
	IS("signals.to_init", X64, (int)(X32_BIT | 524), 1);
	IS("signals.to_init", X64, SYS_fcntl, 3, 8, 1);
	PASSES(X64, SYS_fcntl, 3, 8, 2);
	PASSES(X64, SYS_fcntl, 3, 8, (uint64_t)-2);
	IS("signals.to_init", X64, SYS_fcntl, 3, 8, (uint64_t)-1);
	IS("signals.to_init", X64, SYS_fcntl, 3, 15);
	IS("signals.to_init", X86, 221, 3, 15);
	IS("signals.to_init", X64, SYS_ioctl, 3, 0x8901);
	IS("signals.to_init", X64, SYS_ioctl, 3, 0x8902);
	IS("ENOSYS", X64, SYS_pidfd_send_signal, 5, 15);
}

static const char *const deny_mail = "{\"network\":{\"connect\":{\"deny\":[\"*:25\"]}}}";

/* Which sockets there can be beside network rules; SOCK_CLOEXEC and SOCK_NONBLOCK come along with the kind. */
static void network_sockets(void **state)
{
	static const struct {
		uint64_t args[3];
		int err; /* 0: passes */
	} rows[] = {
	    {{1, 1, 0}, 0},
	    {{1, 5 | 02000000, 0}, 0},
	    {{2, 1, 0}, 0},
	    {{2, 1 | 02004000, 6}, 0},
	    {{2, 2, 0}, 0},
	    {{10, 2, 17}, 0},
	    {{10, 1, 6}, 0},
	    {{0x100000002, 1, 0x500000006}, 0}, /* ints */
	    {{16, 3, 0}, 0},                    /* netlink, routes */
	    {{16, 3, 12}, EAFNOSUPPORT},        /* netlink, netfilter */
	    {{2, 1, 262}, EPROTONOSUPPORT},     /* MPTCP */
	    {{2, 1, 132}, EPROTONOSUPPORT},     /* SCTP */
	    {{2, 2, 136}, EPROTONOSUPPORT},     /* UDP-Lite */
	    {{10, 2, 58}, EPROTONOSUPPORT},     /* ping */
	    {{2, 3, 6}, EPROTONOSUPPORT},       /* raw */
	    {{2, 3 | 02000000, 17}, EPROTONOSUPPORT},
	    {{2, 10, 3}, EPROTONOSUPPORT}, /* SOCK_PACKET */
	    {{2, 1, 17}, EPROTONOSUPPORT},
	    {{17, 3, 0}, EAFNOSUPPORT}, /* packet */
	    {{38, 5, 0}, EAFNOSUPPORT}, /* ALG */
	    {{40, 1, 0}, EAFNOSUPPORT}, /* vsock */
	    {{0, 1, 0}, EAFNOSUPPORT},
	};
	static const struct {
		uint32_t arch;
		int nr;
	} calls[] = {{X64, SYS_socket}, {X64, (int)(X32_BIT | SYS_socket)}, {X86, 359}};
	struct fixture *x = *state;

	name_caps(x, CAPS_BOUNDING, NULL);
	make(x, deny_mail);
	assert_int_equal(x->plan.engine, JAIL_NOTIFY);
	assert_true(x->plan.policies[0].network);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t k = 0; k < ARRAY_LEN(calls); k++) {
			const uint64_t *a = rows[i].args, args[6] = {a[0], a[1], a[2]};
			const char *rule = verdict(x, calls[k].arch, calls[k].nr, args);
			int at = jail_rule_find(&x->plan, calls[k].arch, calls[k].nr, args);

			if (rows[i].err ? !str_eq(rule, "network") || x->plan.rules[at].err != rows[i].err : !!rule)
				fail_msg("row %zu, call %zu: %s", i, k, rule ? rule : "passes");
		}
	IS("network", X86, 102, 1); /* socketcall: its arguments are in memory */
	PASSES(X86, 102, 3);
	PASSES(X64, SYS_socketpair, 1, 1);
	IS("network", X64, SYS_socketpair, 30, 5);
	IS("network", X64, SYS_bpf, 9);
	IS("ENOSYS", X64, SYS_io_uring_setup);
	PASSES(X64, SYS_connect, 3);
}

/* What the policy itself says of sockets holds, and cannot open what network closes. */
static void network_beside_syscalls(void **state)
{
	struct fixture *x = *state;

	name_caps(x, CAPS_BOUNDING, NULL);
	make(x, "{\"network\":{\"bind\":{}},\"syscalls\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
		"{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"value\":1,\"op\":"
		"\"SCMP_CMP_EQ\"}]},"
		"{\"names\":[\"socket\",\"bpf\"],\"action\":\"SCMP_ACT_ALLOW\"}]}}");
	IS("syscalls.syscalls[0]", X64, SYS_socket, 1, 1, 0);
	PASSES(X64, SYS_socket, 2, 1, 0);
	IS("network", X64, SYS_socket, 2, 3, 0);
	IS("network", X64, SYS_socket, 17, 3, 0);
	IS("network", X64, SYS_bpf, 0);
}

/* network.families, alone and beside rules on addresses: every family by every way, with bits on top that are not looked at. */
static void network_families(void **state)
{
	static const struct {
		const char *text;
		uint64_t mask;
		const char *rule;
		bool rules;
	} rows[] = {
	    {"{\"network\":{\"families\":[]}}", 0, "network.families", false},
	    {"{\"network\":{\"families\":[\"unix\"]}}", 2, "network.families", false},
	    {"{\"network\":{\"families\":[\"AF_INET\",\"inet6\",\"alg\",\"mctp\"]}}",
	     1 << 2 | 1 << 10 | 1ull << 38 | 1ull << 45, "network.families", false},
	    {"{\"network\":{\"connect\":{},\"families\":[\"unix\",\"inet\",\"alg\"]}}", 1 << 1 | 1 << 2 | 1ull << 38,
	     "network.families", true},
	    {"{\"network\":{\"connect\":{}}}", SPEC_NET_FAMILIES, "network", true},
	    {"{}", UINT64_MAX, NULL, false},
	};
	static const uint64_t far[] = {64, 65, 0x7fffffff, 0x80000000, 0xffffffff};
	static const struct {
		uint32_t arch;
		int nr;
	} calls[] = {
	    {X64, SYS_socket}, {X64, SYS_socketpair}, {X64, (int)(X32_BIT | SYS_socket)}, {X86, 359}, {X86, 360}};
	struct fixture *x = *state;

	name_caps(x, CAPS_BOUNDING, NULL);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		make(x, rows[i].text);
		assert_int_equal(x->plan.engine, JAIL_NOTIFY);
		assert_true(x->plan.policies[0].network == rows[i].rules);
		for (size_t k = 0; k < ARRAY_LEN(calls); k++)
			for (uint64_t n = 0; n < 64 + ARRAY_LEN(far); n++) {
				const uint64_t family = n < 64 ? n : far[n - 64], args[6] = {family | 5ull << 32, 1, 0};
				const bool passes = !rows[i].rule || (n < 64 && rows[i].mask >> n & 1);
				const char *rule = verdict(x, calls[k].arch, calls[k].nr, args);

				if (passes ? !!rule : !str_eq(rule, rows[i].rule))
					fail_msg("%s: call %zu, family %llu: %s", rows[i].text, k,
						 (unsigned long long)family, rule ? rule : "passes");
			}
		IS(rows[i].rule ? rows[i].rule : "-", X86, 102, 1); /* socketcall */
		IS(!rows[i].rule   ? "-"
		   : rows[i].rules ? "network"
				   : "network.families",
		   X64, SYS_socket, 2, 10 | 02000000, 0);
		IS(rows[i].rule ? "ENOSYS" : "-", X64, SYS_io_uring_setup);
		IS(rows[i].rules ? "network" : "-", X64, SYS_bpf, 9);
		if (rows[i].mask >> 2 & 1)
			IS(rows[i].rules ? "network" : "-", X64, SYS_socket, 2, 3, 0); /* raw */
	}
}

static void network_capabilities(void **state)
{
	static const struct {
		const char *cap;
		bool userns, refused;
	} rows[] = {
	    {"CAP_NET_ADMIN", false, true},  {"CAP_NET_ADMIN", true, true},        {"CAP_SYS_ADMIN", false, true},
	    {"CAP_SYS_ADMIN", true, false},  {"CAP_DAC_READ_SEARCH", false, true}, {"CAP_NET_RAW", false, false},
	    {"CAP_SYS_MODULE", false, true},
	};
	struct fixture *x = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows) * 2; i++) {
		const bool refused = rows[i / 2].refused;
		const struct jail_options o = {.id = "c1", .userns = rows[i / 2].userns};

		x->e = (struct err){0};
		x->config = (struct spec_config){0};
		name_caps(x, i % 2 ? CAPS_BOUNDING : CAPS_PERMITTED, rows[i / 2].cap);
		assert_int_equal(spec_policy_parse(deny_mail, strlen(deny_mail), "test", &x->a, &x->policy, NULL), 0);
		assert_int_equal(jail_plan(&x->config, &x->policy, &host, &o, &x->a, &x->plan, &x->e),
				 refused ? -ENOTSUP : 0);
		if (refused && (!str_eq(x->e.path, "process.capabilities") || !strstr(x->e.text, rows[i / 2].cap)))
			fail_msg("row %zu: %s: %s", i, x->e.path, x->e.text);
	}
	/* None named is all of the runtime's. */
	x->config = (struct spec_config){0};
	x->e = (struct err){0};
	assert_int_equal(try_plan(x, deny_mail), -ENOTSUP);
}

static void protect_capabilities(void **state)
{
	static const struct {
		const char *cap;
		bool userns, refused;
	} rows[] = {
	    {"CAP_SYS_PTRACE", false, true}, {"CAP_SYS_PTRACE", true, true}, {"CAP_SYS_BOOT", true, true},
	    {"CAP_SYS_ADMIN", false, true},  {"CAP_SYS_ADMIN", true, false}, {"CAP_PERFMON", false, true},
	    {"CAP_SYS_NICE", false, false},  {"CAP_KILL", false, false},     {"CAP_DAC_OVERRIDE", false, false},
	};
	static const char guard[] = "{\"signals\":{\"protect\":[\"/usr/bin/guard\"]}}";
	struct fixture *x = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows) * 2; i++) {
		const bool refused = rows[i / 2].refused;
		const struct jail_options o = {.id = "c1", .userns = rows[i / 2].userns};

		x->e = (struct err){0};
		x->config = (struct spec_config){0};
		name_caps(x, i % 2 ? CAPS_BOUNDING : CAPS_PERMITTED, rows[i / 2].cap);
		assert_int_equal(spec_policy_parse(guard, strlen(guard), "test", &x->a, &x->policy, NULL), 0);
		assert_int_equal(jail_plan(&x->config, &x->policy, &host, &o, &x->a, &x->plan, &x->e),
				 refused ? -ENOTSUP : 0);
		if (refused && (!str_eq(x->e.path, "process.capabilities") || !strstr(x->e.text, rows[i / 2].cap) ||
				!strstr(x->e.text, "signals.protect")))
			fail_msg("row %zu: %s: %s", i, x->e.path, x->e.text);
	}
}

/* The workload is a PID 1 of its own: what it calls 1 is itself. */
static void init_workload(void **state)
{
	struct fixture *x = *state;

	make(x, "{\"init\":\"workload\",\"signals\":{\"to_init\":\"refuse\"}}");
	assert_int_equal(x->plan.filter.len, 0);
	assert_int_equal(x->plan.n_rules, 0);
	assert_int_equal(x->plan.engine, JAIL_NOTIFY);
}

static void trace(void **state)
{
	struct fixture *x = *state;

	make(x, "{\"exec\":{\"allow\":[\"/usr/bin/\"]},\"limits\":{\"processes\":5,\"threads\":7}}");
	assert_int_equal(x->plan.engine, JAIL_TRACE);
	assert_int_equal(x->plan.policies[0].max_processes, 5);
	assert_int_equal(x->plan.policies[0].max_threads, 7);
	assert_false(x->plan.filter.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER);
	IS("exec", X64, SYS_execve);
	IS("exec", X64, SYS_execveat);
	IS("limits", X64, SYS_fork);
	IS("limits", X64, SYS_vfork);
	IS("limits", X64, SYS_clone, 17);
	IS("limits", X64, SYS_clone, 0x10000);
	IS("engine", X64, SYS_clone, 0x00800000 | 17);
	IS("ENOSYS", X64, SYS_clone3);
	IS("ENOSYS", X64, SYS_io_uring_setup);
	IS("ENOSYS", X64, SYS_io_uring_enter);
	IS("engine", X64, SYS_seccomp, 1, 8);
	IS("engine", X64, SYS_seccomp, 0x100000001, 0xff00000009);
	PASSES(X64, SYS_seccomp, 1, 1);
	IS("engine", X64, SYS_ptrace, 0);
	IS("engine", X64, SYS_ptrace, 16, 44);
	PASSES(X64, SYS_ptrace, 7, 44);
	IS("syscalls.architectures", X86, 11);
	IS("syscalls.architectures", X64, (int)(X32_BIT | 520));
	PASSES(X64, SYS_kill, 5, 9);
	PASSES(X64, SYS_pidfd_open, 5);
}

static void processes_only(void **state)
{
	struct fixture *x = *state;

	make(x, "{\"limits\":{\"processes\":5}}");
	IS("limits", X64, SYS_clone, 17);
	PASSES(X64, SYS_clone, 0x10000);
	PASSES(X64, SYS_execve);
}

static void protect(void **state)
{
	struct fixture *x = *state;

	name_caps(x, CAPS_BOUNDING, NULL);
	make(x, "{\"signals\":{\"protect\":[\"/usr/bin/guard\"]}}");
	assert_int_equal(x->plan.engine, JAIL_TRACE);
	IS("signals.protect", X64, SYS_kill, 5, 9);
	IS("signals.protect", X64, SYS_kill, 0, 9);
	IS("signals.protect", X64, SYS_prlimit64, 5, 1, 1);
	PASSES(X64, SYS_prlimit64, 0, 1, 1);
	PASSES(X64, SYS_prlimit64, 5, 1, 0);
	IS("self", X64, SYS_prlimit64, 1, 1, 1);
	IS("ENOSYS", X64, SYS_pidfd_open, 5);
	IS("self", X64, SYS_pidfd_open, 1);
	IS("ENOSYS", X64, SYS_pidfd_send_signal);
	IS("signals.protect", X64, SYS_pidfd_getfd);
	IS("signals.protect", X64, SYS_fcntl, 3, 8, 5);
	IS("signals.protect", X64, SYS_fcntl, 3, 15, 5);
	assert_int_equal(x->plan.rules[jail_rule_find(&x->plan, X64, SYS_fcntl, ARGS(3, 8, (uint64_t)-5))].trap,
			 JAIL_TRAP_REFUSE);
	PASSES(X64, SYS_fcntl, 3, 1, 5);
	PASSES(X64, SYS_fcntl, 3, 8, 0);
	IS("signals.protect", X64, SYS_fcntl, 3, 10, 9);
	PASSES(X64, SYS_fcntl, 3, 10, 0);
	IS("signals.protect", X64, SYS_fcntl, 3, 4, 020000 | 04000);
	PASSES(X64, SYS_fcntl, 3, 4, 04000);
	IS("signals.protect", X64, SYS_fcntl, 3, 1024, 0);
	IS("signals.protect", X64, SYS_fcntl, 3, 1024, 1);
	PASSES(X64, SYS_fcntl, 3, 1024, 2);
	IS("signals.protect", X64, SYS_fcntl, 3, 1026, 4);
	IS("signals.protect", X64, SYS_ioctl, 3, 0x5452);
	IS("signals.protect", X64, SYS_ioctl, 3, 0x8901);
	IS("signals.protect", X64, SYS_clone, 0x200 | 17);
	IS("signals.protect", X64, SYS_clone, 0x80000000u | 17);
	IS("signals.protect", X64, SYS_clone, 0x40000 | 17);
	PASSES(X64, SYS_clone, 0x3d0f00);
	PASSES(X64, SYS_clone, 0x4100 | 17);
	IS("signals.protect", X64, SYS_keyctl, 18);
	PASSES(X64, SYS_keyctl, 1);
	IS("signals.protect", X64, SYS_prctl, 62, 2, 5);
	PASSES(X64, SYS_prctl, 15);
	PASSES(X64, SYS_setpriority, 0, 0, 5);
	IS("signals.protect", X64, SYS_setpriority, 0, 7, 5);
	IS("signals.protect", X64, SYS_setpriority, 1, 0, 5);
	assert_int_equal(x->plan.rules[jail_rule_find(&x->plan, X64, SYS_setpriority, ARGS(0, 7))].arg, 1);
	assert_int_equal(x->plan.rules[jail_rule_find(&x->plan, X64, SYS_fcntl, ARGS(3, 8, 5))].trap, JAIL_TRAP_REFUSE);
	assert_int_equal(x->plan.rules[jail_rule_find(&x->plan, X64, SYS_prctl, ARGS(62, 2, 5))].trap,
			 JAIL_TRAP_TARGET);
}

/* What a policy allows is still checked; what it refuses is refused; the order of its rules counts. */
static void own_rules(void **state)
{
	struct fixture *x = *state;

	make(x, "{\"exec\":{\"allow\":[\"/\"]},\"syscalls\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":["
		"{\"names\":[" LIFE ",\"read\",\"clone3\",\"ptrace\"],\"action\":\"SCMP_ACT_ALLOW\"},"
		"{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,\"value\":0,\"op\":\"SCMP_"
		"CMP_EQ\"}]},"
		"{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"},"
		"{\"names\":[\"write\"],\"action\":\"SCMP_ACT_LOG\"},"
		"{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":30}]}}");
	IS("exec", X64, SYS_execve);
	IS("syscalls.defaultAction", X64, SYS_execveat);
	PASSES(X64, SYS_read);
	IS("ENOSYS", X64, SYS_clone3);
	IS("engine", X64, SYS_ptrace, 0);
	PASSES(X64, SYS_ptrace, 7);
	PASSES(X64, SYS_kill, 5, 0);
	PASSES(X64, SYS_kill, 5, 1ull << 32);
	IS("syscalls.syscalls[2]", X64, SYS_kill, 5, 9);
	IS("syscalls.syscalls[3]", X64, SYS_write);
	IS("syscalls.syscalls[4]", X64, SYS_mkdir);
	IS("syscalls.defaultAction", X64, SYS_rmdir);
	IS("syscalls.defaultAction", X64, 5000);
	assert_int_equal(x->plan.rules[jail_rule_find(&x->plan, X64, SYS_mkdir, ARGS(0))].err, 30);
	assert_int_equal(x->plan.rules[jail_rule_find(&x->plan, X64, SYS_kill, ARGS(5, 9))].trap, JAIL_TRAP_KILL);
	assert_int_equal(x->plan.rules[jail_rule_find(&x->plan, X64, SYS_write, ARGS(0))].trap, JAIL_TRAP_LOG);
}

/* Compares of int arguments cannot be got round by their upper halves, whichever way the rule decides. */
static void int_arguments(void **state)
{
	static const char refuse[] =
	    "{\"syscalls\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"socket\"],"
	    "\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"value\":%d,\"op\":\"SCMP_CMP_%s\"}]}]}}";
	static const char allow[] =
	    "{\"syscalls\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"socket\"],"
	    "\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":%d,\"op\":\"SCMP_CMP_%s\"}]},"
	    "{\"names\":[" LIFE "],\"action\":\"SCMP_ACT_ALLOW\"}]}}";
	static const char *const ops[] = {"EQ", "NE", "LT", "LE", "GT", "GE"};
	struct fixture *x = *state;

	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		for (uint32_t v = 0; v < 5; v++) {
			bool holds = i == 0   ? v == 2
				     : i == 1 ? v != 2
				     : i == 2 ? v < 2
				     : i == 3 ? v <= 2
				     : i == 4 ? v > 2
					      : v >= 2;

			make(x, arena_printf(&x->a, refuse, 2, ops[i]));
			if (holds) {
				IS("syscalls.syscalls[0]", X64, SYS_socket, v);
				IS("syscalls.syscalls[0]", X64, SYS_socket, v | 1ull << 32);
			} else {
				PASSES(X64, SYS_socket, v);
			}
			IS("syscalls.syscalls[0]", X86, 102, 1, 0x1234); /* socketcall(SYS_SOCKET): refused whole */
			PASSES(X86, 102, 2, 0x1234);
			make(x, arena_printf(&x->a, allow, 2, ops[i]));
			if (holds) {
				PASSES(X64, SYS_socket, v);
			} else {
				IS("syscalls.defaultAction", X64, SYS_socket, v);
				IS("syscalls.defaultAction", X64, SYS_socket, v | 1ull << 32);
			}
			IS("syscalls.defaultAction", X86, 102, 1, 0x1234);
		}
}

static void multiplexed(void **state)
{
	struct fixture *x = *state;

	make(x, "{\"syscalls\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"connect\",\"semop\","
		"\"shmat\"],"
		"\"action\":\"SCMP_ACT_ERRNO\"}]}}");
	IS("syscalls.syscalls[0]", X86, 102, 3);
	IS("syscalls.syscalls[0]", X86, 362);
	PASSES(X86, 102, 1);
	IS("syscalls.syscalls[0]", X86, 117, 1);
	IS("syscalls.syscalls[0]", X86, 117, 0x10001); /* a version in the upper half */
	IS("syscalls.syscalls[0]", X86, 117, 21);
	IS("syscalls.syscalls[0]", X86, 397);
	PASSES(X86, 117, 2);
}

/* A profile of Docker's size is valid as it is. */
static void docker_size(void **state)
{
	const char *top = getenv("srcdir") ? getenv("srcdir") : ".";
	struct fixture *x = *state;
	char *text;

	assert_int_equal(file_read(AT_FDCWD, arena_printf(&x->a, "%s/tests/data/seccomp-docker-size.json", top),
				   1 << 20, &text, NULL, NULL),
			 0);
	make(x, arena_printf(&x->a, "{\"syscalls\":%s}", text));
	free(text);
	assert_uint_in_range(x->plan.filter.len, 100, 1500);
	PASSES(X64, SYS_read);
	PASSES(X64, SYS_recvfrom);
	PASSES(X86, 102, 10); /* recv, which is nowhere else */
	PASSES(X64, SYS_clone, 17);
	IS("syscalls.defaultAction", X64, SYS_clone, 0x10000000);
	IS("syscalls.defaultAction", X64, SYS_mount);
	IS("syscalls.defaultAction", X86, 21);
	IS("self", X64, SYS_ptrace, 0x4206, 1);
	PASSES(X64, SYS_ptrace, 0x4206, 2);
}

static void refused_policies(void **state)
{
	static const struct {
		const char *text, *path;
		int code;
	} bad[] = {
	    {"{\"syscalls\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"opne\"],\"action\":"
	     "\"SCMP_ACT_ERRNO\"}]}}",
	     "syscalls.syscalls[0]", EINVAL},
	    {"{\"syscalls\":{\"defaultAction\":\"SCMP_ACT_TRACE\"}}", "syscalls.defaultAction", ENOTSUP},
	    {"{\"syscalls\":{\"defaultAction\":\"SCMP_ACT_LOG\"}}", "syscalls.defaultAction", ENOTSUP},
	    {"{\"syscalls\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],\"action\":"
	     "\"SCMP_ACT_TRACE\"}]}}",
	     "syscalls.syscalls[0]", ENOTSUP},
	    {"{\"exec\":{},\"syscalls\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"execve\"],"
	     "\"action\":\"SCMP_ACT_LOG\"}]}}",
	     "syscalls.syscalls[0]", ENOTSUP},
	};
	struct fixture *x = *state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		x->e = (struct err){0};
		assert_int_equal(try_plan(x, bad[i].text), -bad[i].code);
		assert_string_equal(x->e.path + strlen("test: "), bad[i].path);
	}
	/* Unknown ones in an allow-list are only not allowed. */
	x->e = (struct err){0};
	make(x, "{\"syscalls\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[" LIFE ",\"new_call\"],"
		"\"action\":\"SCMP_ACT_ALLOW\"}]}}");
}

static void without_listener(void **state)
{
	struct fixture *x = *state;

	x->facts = host;
	x->facts.seccomp_flags &= ~SECCOMP_FILTER_FLAG_NEW_LISTENER;
	make(x, jail_builtin_policy("default"));
	assert_false(x->plan.filter.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER);
	IS("errno", X64, SYS_prlimit64, 1, 0, 1);
	x->facts = host;
	x->config.linux_.seccomp =
	    (struct spec_seccomp){.set = true, .default_action = "SCMP_ACT_ALLOW", .listener_path = "/run/agent.sock"};
	make(x, "{}"); /* the profile does not use the path */
	assert_true(x->plan.filter.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER);
	x->config.linux_.seccomp.default_action = "SCMP_ACT_NOTIFY";
	make(x, "{\"on_violation\":\"kill\"}");
	assert_false(x->plan.filter.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER);
	IS("kill", X64, SYS_prlimit64, 1, 0, 1);
}

static void none(void **state)
{
	const struct jail_options o = {.id = "c1"};
	struct fixture *x = *state;

	assert_int_equal(jail_plan(&x->config, NULL, &host, &o, &x->a, &x->plan, &x->e), 0);
	assert_int_equal(x->plan.engine, JAIL_NONE);
	assert_int_equal(x->plan.filter.len, 0);
	assert_int_equal(x->plan.n_policies, 0);
}

/* A list of exceptions leaves the rest allowed; an empty allow-list does not. */
static void exec_deny_alone(void **state)
{
	struct fixture *x = *state;

	make(x, "{\"exec\":{\"deny\":[\"/bin/evil\"]}}");
	assert_false(jail_exec_allowed(&x->plan.policies[0], "/bin/evil", NULL));
	assert_true(jail_exec_allowed(&x->plan.policies[0], "/bin/good", NULL));
	assert_false(jail_exec_allowed(&x->plan.policies[0], "/lib64/ld-linux-x86-64.so.2", NULL));
	make(x, "{\"exec\":{\"allow\":[],\"deny\":[\"/bin/evil\"]}}");
	assert_false(jail_exec_allowed(&x->plan.policies[0], "/bin/good", NULL));
}

static void oci_trace_under_trace(void **state)
{
	struct fixture *x = *state;

	x->config.linux_.seccomp = (struct spec_seccomp){.set = true, .default_action = "SCMP_ACT_TRACE"};
	assert_int_equal(try_plan(x, "{\"exec\":{}}"), -ENOTSUP);
	assert_string_equal(x->e.path, "linux.seccomp");
}

/* An agent that lets a call go on would take it from the tracer. */
static void agent_beside_tracer(void **state)
{
	static const struct {
		const char *policy, *call; /* NULL: SCMP_ACT_NOTIFY for all */
		const char *in_error;      /* NULL: they go together */
	} cases[] = {
	    {"{\"exec\":{}}", "mkdir", NULL},
	    {"{\"exec\":{}}", "execve", NULL}, /* judged once more at its end */
	    {"{\"exec\":{},\"limits\":{\"execs\":2}}", "execve", "gives execve to the agent"},
	    {"{\"exec\":{},\"limits\":{\"syscalls\":{\"mkdir\":2}}}", "execve", NULL},
	    {"{\"limits\":{\"syscalls\":{\"mkdir\":2}}}", "mkdir", "gives mkdir to the agent"},
	    {"{\"exec\":{}}", "clone3", NULL}, /* ENOSYS is the stricter answer */
	    {"{\"exec\":{}}", "ptrace", "gives ptrace to the agent"},
	    {"{\"limits\":{\"processes\":3}}", "fork", "policy test (limits)"},
	    {"{\"limits\":{\"processes\":3}}", "write", NULL},
	    {"{\"signals\":{\"protect\":[\"/a\"]}}", "kill", "gives kill to the agent"},
	    {"{\"exec\":{},\"syscalls\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[" LIFE
	     ",\"mkdir\"],"
	     "\"action\":\"SCMP_ACT_ALLOW\"}]}}",
	     "mkdir", NULL},
	    {"{\"exec\":{},\"syscalls\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[" LIFE
	     ",\"mkdir\"],"
	     "\"action\":\"SCMP_ACT_ALLOW\"}]}}",
	     "rmdir", "gives system call 84 to the agent"},
	    {"{\"exec\":{},\"syscalls\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mkdir\"],"
	     "\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":1,\"value\":448,\"op\":\"SCMP_CMP_EQ\"}]}]}}",
	     "mkdir", "syscalls.syscalls[0]"},
	    {"{\"exec\":{}}", NULL, "to the agent"},
	    {"{\"signals\":{\"to_init\":\"refuse\"}}", "kill", NULL}, /* no tracer */
	};
	struct fixture *x = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *names[] = {(char *)cases[i].call, NULL};
		struct spec_seccomp_rule rule = {.names = {names, 1}, .action = "SCMP_ACT_NOTIFY"};
		int r;

		x->config.linux_.seccomp = (struct spec_seccomp){.set = true,
								 .default_action = "SCMP_ACT_ALLOW",
								 .listener_path = "/run/agent",
								 .rules = &rule,
								 .n_rules = cases[i].call ? 1 : 0};
		if (!cases[i].call)
			x->config.linux_.seccomp.default_action = "SCMP_ACT_NOTIFY";
		x->e = (struct err){0};
		r = try_plan(x, cases[i].policy);
		if (r != (cases[i].in_error ? -ENOTSUP : 0))
			fail_msg("case %zu: %d %s", i, r, x->e.text);
		if (cases[i].in_error && !strstr(x->e.text, cases[i].in_error))
			fail_msg("case %zu: '%s' has no '%s'", i, x->e.text, cases[i].in_error);
		assert_string_equal(x->e.path, cases[i].in_error ? "linux.seccomp" : "");
	}
}

#define ONE(action, names)    "{\"names\":[" names "],\"action\":\"SCMP_ACT_" action "\"}"
#define LIST(standard, rules) "{\"syscalls\":{\"defaultAction\":\"SCMP_ACT_" standard "\",\"syscalls\":[" rules "]}}"
#define WHEN_0(action, name, value)                                                                                    \
	"{\"names\":[" name "],\"action\":\"SCMP_ACT_" action "\",\"args\":[{\"index\":0,\"value\":" value             \
	",\"op\":\"SCMP_CMP_EQ\"}]}"

/* What cannot start, or cannot end, is refused before it is tried. */
static void without_an_end(void **state)
{
	static const struct {
		const char *policy, *in_error; /* NULL: it works */
	} cases[] = {
	    {LIST("ERRNO", ONE("ALLOW", LIFE)), NULL},
	    {LIST("ERRNO", ONE("ALLOW", "\"execve\",\"exit\"")),
	     "policy test refuses exit_group(2), by which every program ends: name it in syscalls.syscalls with "
	     "SCMP_ACT_ALLOW"},
	    {LIST("KILL_PROCESS", ONE("ALLOW", "\"execve\",\"exit_group\"")),
	     "refuses exit(2), by which every thread ends"},
	    {LIST("ERRNO", ONE("ALLOW", "\"exit\",\"exit_group\"")),
	     "refuses execve(2), by which every program starts"},
	    {LIST("ALLOW", ONE("ERRNO", "\"exit_group\"")), "refuses exit_group(2) by syscalls.syscalls[0]"},
	    {LIST("ALLOW", ONE("LOG", LIFE)), NULL},
	    {LIST("ALLOW", WHEN_0("ERRNO", "\"exit_group\"", "255")), "by syscalls.syscalls[0]"},
	    {LIST("ALLOW", WHEN_0("ERRNO", "\"mkdir\"", "255")), NULL},
	    {"{\"exec\":{\"allow\":[\"/\"]},\"syscalls\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[" ONE(
		 "ALLOW", LIFE) "]}}",
	     NULL},
	    {"{\"exec\":{\"allow\":[\"/\"]},\"syscalls\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[" ONE(
		 "ALLOW", "\"exit\",\"exit_group\"") "]}}",
	     "execve(2)"},
	};
	struct fixture *x = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int r;

		x->e = (struct err){0};
		r = try_plan(x, cases[i].policy);
		assert_int_equal(r, cases[i].in_error ? -EINVAL : 0);
		if (cases[i].in_error && !strstr(x->e.text, cases[i].in_error))
			fail_msg("case %zu: '%s' has no '%s'", i, x->e.text, cases[i].in_error);
	}
	/* Where nobody is asked, the filter judges the jail's own last words. */
	x->facts = host;
	x->facts.seccomp_flags &= ~SECCOMP_FILTER_FLAG_NEW_LISTENER;
	x->e = (struct err){0};
	assert_int_equal(try_plan(x, LIST("ERRNO", ONE("ALLOW", LIFE))), -EINVAL);
	assert_non_null(strstr(x->e.text, "refuses sendmsg(2)"));
	make(x, LIST("ERRNO", ONE("ALLOW", LIFE ",\"sendmsg\"")));
}

/* What the kernel itself makes programs call is in every list, unless a rule names it. */
static void kernels_own_calls(void **state)
{
	struct fixture *x = *state;

	make(x, LIST("KILL_PROCESS", ONE("ALLOW", LIFE)));
	PASSES(X64, SYS_rt_sigreturn);
	PASSES(X64, SYS_restart_syscall);
	PASSES(X86, 119);
	IS("syscalls.defaultAction", X64, SYS_getpid);
	make(x, LIST("ERRNO", ONE("ALLOW", LIFE) "," ONE("ERRNO", "\"rt_sigreturn\"")));
	IS("syscalls.syscalls[1]", X64, SYS_rt_sigreturn);
}

/* io_uring does not do what a rule refuses. */
static void uring(void **state)
{
	static const struct {
		const char *policy;
		bool closed;
		const char *says;
	} cases[] = {
	    {LIST("ALLOW", ONE("ERRNO", "\"mkdir\"")), true, "mkdir, which syscalls.syscalls[0] refuses"},
	    {LIST("ALLOW", WHEN_0("KILL_PROCESS", "\"socket\"", "38")), true, "socket, which syscalls.syscalls[0]"},
	    {LIST("ALLOW", ONE("ERRNO", "\"kexec_load\"")), false, NULL},
	    {LIST("ALLOW", ONE("LOG", "\"mkdir\"")), false, NULL},
	    {LIST("ALLOW", ONE("ALLOW", "\"mkdir\"") "," ONE("ERRNO", "\"mkdir\"")), false, NULL},
	    {LIST("ALLOW", ONE("ALLOW", "\"io_uring_setup\"") "," ONE("ERRNO", "\"mkdir\"")), false, NULL},
	    {LIST("ALLOW", ONE("ERRNO", "\"ioctl\"")), true, "ioctl, which syscalls.syscalls[0]"},
	    {LIST("ERRNO", ONE("ALLOW", LIFE)), true, "open, which syscalls.defaultAction refuses"},
	};
	struct fixture *x = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *is = cases[i].closed ? "ENOSYS" : "-";
		AUTO_BUF out = {0};
		struct jsonw w = {.out = &out, .indent = 2};

		make(x, cases[i].policy);
		IS(is, X64, SYS_io_uring_setup);
		IS(is, X64, SYS_io_uring_enter);
		IS(is, X64, SYS_io_uring_register);
		IS(is, X86, SYS_io_uring_setup);
		jail_plan_print(&x->plan, &w, NULL);
		assert_int_equal(strstr(out.data, "\"io_uring\"") != NULL, cases[i].closed);
		if (cases[i].says)
			assert_non_null(strstr(out.data, cases[i].says));
	}
	make(x, LIST("ALLOW", ONE("ERRNO", "\"io_uring_setup\",\"mkdir\"")));
	IS("syscalls.syscalls[0]", X64, SYS_io_uring_setup); /* what is named is answered as it says */
}

static void printed(void **state)
{
	struct fixture *x = *state;
	AUTO_BUF out = {0};
	struct jsonw w = {.out = &out, .indent = 2};

	make(x, jail_builtin_policy("default"));
	jail_plan_print(&x->plan, &w, NULL);
	assert_non_null(strstr(out.data, "\"SCMP_ARCH_X32\""));
	assert_non_null(strstr(out.data, "(int) arg0 == 0x1"));
	assert_non_null(strstr(out.data, "\"race_free\": true"));
	make(x,
	     "{\"syscalls\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mkdir\"],\"action\":"
	     "\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":1,\"value\":511,\"op\":\"SCMP_CMP_GT\"}]},{\"names\":[\"lseek\"],"
	     "\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"value\":3,\"op\":\"SCMP_CMP_NE\"},{\"index\":1,"
	     "\"value\":4,\"op\":\"SCMP_CMP_LT\"}]}]}}");
	out.len = 0;
	jail_plan_print(&x->plan, &w, NULL);
	assert_non_null(strstr(out.data, "(arg1 & 0xffff) > 0x1ff"));
	assert_non_null(strstr(out.data, "(int) arg0 != 0x3"));
	assert_non_null(strstr(out.data, "\"arg1 < 0x4\""));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(builtin_default),
	    T(builtins),
	    T(to_init_refused),
	    T(network_sockets),
	    T(network_beside_syscalls),
	    T(network_families),
	    T(network_capabilities),
	    T(protect_capabilities),
	    T(init_workload),
	    T(trace),
	    T(processes_only),
	    T(protect),
	    T(own_rules),
	    T(int_arguments),
	    T(multiplexed),
	    T(docker_size),
	    T(refused_policies),
	    T(without_listener),
	    T(none),
	    T(exec_deny_alone),
	    T(oci_trace_under_trace),
	    T(agent_beside_tracer),
	    T(without_an_end),
	    T(kernels_own_calls),
	    T(uring),
	    T(printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
