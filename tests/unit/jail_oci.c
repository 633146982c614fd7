/* SPDX-License-Identifier: Apache-2.0 */
/* linux.seccomp: the compiled filter against a plain reading of the profile, and the cache. */
#include "jail_util.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define X86 AUDIT_ARCH_I386
#define X64 AUDIT_ARCH_X86_64

static const char *const paths[] = {"tests/data/seccomp-docker-size.json"};

struct fixture {
	struct arena a;
	struct spec_config config;
	struct spec_seccomp *s;
	char dir[64];
	struct err e;
};

static void parse(struct fixture *x, const char *seccomp)
{
	const char *text = arena_printf(
	    &x->a, "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},\"linux\":{\"seccomp\":%s}}", seccomp);

	if (spec_config_parse(text, strlen(text), "config.json", &x->a, &x->config, &x->e) != 0)
		fail_msg("%s: %s", x->e.path, x->e.text);
	x->s = &x->config.linux_.seccomp;
}

static void parse_docker(struct fixture *x)
{
	const char *top = getenv("srcdir") ? getenv("srcdir") : ".";
	char *text;

	assert_int_equal(file_read(AT_FDCWD, arena_printf(&x->a, "%s/%s", top, paths[0]), 1 << 20, &text, NULL, &x->e),
			 0);
	parse(x, text);
	free(text);
}

static int setup(void **state)
{
	struct fixture *x = test_calloc(1, sizeof(*x));

	strcpy(x->dir, "/tmp/jail_oci.XXXXXX");
	assert_non_null(mkdtemp(x->dir));
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;
	char cmd[96];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", x->dir);
	assert_int_equal(system(cmd), 0);
	arena_free(&x->a);
	test_free(x);
	return 0;
}

static struct jail_bpf compile(struct fixture *x, const char *cache)
{
	struct jail_bpf f;
	int r = oci_filter(x->s, &host, cache, &x->a, &f, &x->e);

	if (r)
		fail_msg("%d %s: %s", r, x->e.path, x->e.text);
	return f;
}

#define RETURNS(f, v, arch, nr, ...) assert_int_equal(run_bpf(&(f), arch, nr, ARGS(__VA_ARGS__)), v)

static void docker_size(void **state)
{
	const uint32_t eperm = SECCOMP_RET_ERRNO | EPERM, enosys = SECCOMP_RET_ERRNO | ENOSYS;
	struct fixture *x = *state;
	struct jail_bpf f;

	parse_docker(x);
	f = compile(x, NULL);
	assert_int_equal(f.flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	RETURNS(f, SECCOMP_RET_ALLOW, X64, SYS_read, 0);
	RETURNS(f, eperm, X64, SYS_mount, 0);
	RETURNS(f, eperm, X64, SYS_bpf, 0);
	RETURNS(f, enosys, X64, SYS_clone3, 0);
	RETURNS(f, SECCOMP_RET_ALLOW, X64, SYS_clone, 17);
	RETURNS(f, eperm, X64, SYS_clone, 0x10000000);
	RETURNS(f, SECCOMP_RET_ALLOW, X64, SYS_socket, 2);
	RETURNS(f, eperm, X64, SYS_socket, 40);
	RETURNS(f, eperm, X64, SYS_socket, 0x100000028); /* an int: 40 to the kernel */
	RETURNS(f, SECCOMP_RET_ALLOW, X64, SYS_personality, 0x20000);
	RETURNS(f, eperm, X64, SYS_personality, 0x40000);
	RETURNS(f, SECCOMP_RET_ALLOW, X64, SYS_personality, 0xffffffff);
	RETURNS(f, eperm, X64, SYS_personality, 0xffffffffffffffff);
	/* Newer than the profile, in each ABI. */
	RETURNS(f, SECCOMP_RET_ALLOW, X64, 449, 0);
	RETURNS(f, enosys, X64, 500, 0);
	RETURNS(f, enosys, X64, X32_BIT - 1, 0);
	RETURNS(f, enosys, X86, 500, 0);
	RETURNS(f, SECCOMP_RET_ALLOW, X86, 3, 0);
	RETURNS(f, eperm, X86, 21, 0);
	RETURNS(f, enosys, X64, (int)(X32_BIT | 900), 0);
	RETURNS(f, SECCOMP_RET_ALLOW, X64, (int)X32_BIT, 0);
	RETURNS(f, eperm, X64, (int)(X32_BIT | 165), 0);
	RETURNS(f, SECCOMP_RET_KILL_THREAD, AUDIT_ARCH_AARCH64, 1, 0);
}

/* Every call of three ABIs, as one walks through the names. */
static void every_call(void **state)
{
	static const struct {
		uint32_t token, arch;
		int base;
	} abis[] = {{SCMP_ARCH_X86_64, X64, 0}, {SCMP_ARCH_X86, X86, 0}, {SCMP_ARCH_X32, X64, X32_BIT}};
	struct fixture *x = *state;
	struct jail_bpf f;

	parse_docker(x);
	f = compile(x, NULL);
	for (size_t k = 0; k < ARRAY_LEN(abis); k++)
		for (int nr = 0; nr < 449; nr++) {
			char *name = seccomp_syscall_resolve_num_arch(abis[k].token, abis[k].base + nr);
			uint32_t ret = run_bpf(&f, abis[k].arch, abis[k].base + nr, ARGS(0));
			bool direct = strv_has(&x->s->rules[0].names, name);

			/* libseccomp 2.5.4 does not know all direct numbers of x86's multiplexed calls. */
			if (direct)
				assert_int_equal(ret, SECCOMP_RET_ALLOW);
			else if (name && !str_eq(name, "socket") && !str_eq(name, "personality") &&
				 !str_eq(name, "clone") && !str_eq(name, "clone3"))
				assert_true(ret == (SECCOMP_RET_ERRNO | EPERM) || ret == (SECCOMP_RET_ERRNO | ENOSYS));
			free(name);
		}
}

static bool holds(const struct spec_seccomp_arg *c, uint64_t v)
{
	switch (word_find(seccomp_operators, c->op)->value) {
	case JAIL_NE:
		return v != c->value;
	case JAIL_LT:
		return v < c->value;
	case JAIL_LE:
		return v <= c->value;
	case JAIL_EQ:
		return v == c->value;
	case JAIL_GE:
		return v >= c->value;
	case JAIL_GT:
		return v > c->value;
	default:
		return (v & c->value) == c->value_two;
	}
}

static const uint64_t values[] = {0,           1,           0x7fffffff,  0xffffffff,         1ull << 32,
				  0x100000001, 0x1ffffffff, 0x200000000, 0xffffffff00000000, UINT64_MAX};

/* One condition: each operator, value and argument (64 bits). */
static void one_condition(void **state)
{
	struct fixture *x = *state;

	for (const struct word *op = seccomp_operators; op->name; op++)
		for (size_t v = 0; v < ARRAY_LEN(values); v++) {
			struct jail_bpf f;

			parse(
			    x,
			    arena_printf(
				&x->a,
				"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"lseek\"],\"action\":"
				"\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,\"value\":%llu,\"valueTwo\":%llu,\"op\":\"%"
				"s\"}]}]}",
				(unsigned long long)values[v], (unsigned long long)(values[v] & 0xf0000000f),
				op->name));
			f = compile(x, NULL);
			for (size_t i = 0; i < ARRAY_LEN(values); i++) {
				uint32_t ret = run_bpf(&f, X64, SYS_lseek, ARGS(0, values[i]));

				assert_int_equal(ret == SECCOMP_RET_ALLOW, holds(&x->s->rules[0].args[0], values[i]));
			}
		}
}

/* Two rules for one call, where libseccomp up to 2.6.0 loses conditions: what no rule allows must not be let through. */
static void two_rules(void **state)
{
	struct fixture *x = *state;
	int wrong = 0, open = 0;

	for (const struct word *o1 = seccomp_operators; o1->name; o1++)
		for (const struct word *o2 = seccomp_operators; o2->name; o2++)
			for (size_t v = 0; v < ARRAY_LEN(values) * ARRAY_LEN(values); v++) {
				uint64_t v1 = values[v / ARRAY_LEN(values)], v2 = values[v % ARRAY_LEN(values)];
				struct arena keep = x->a;
				struct jail_bpf f;

				x->a = (struct arena){0};
				parse(x, arena_printf(&x->a,
						      "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":["
						      "\"lseek\"],\"action\":"
						      "\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,\"value\":%llu,"
						      "\"valueTwo\":%llu,\"op\":\"%s\"}]},"
						      "{\"names\":[\"lseek\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{"
						      "\"index\":1,\"value\":%llu,"
						      "\"valueTwo\":%llu,\"op\":\"%s\"}]}]}",
						      (unsigned long long)v1, (unsigned long long)v1, o1->name,
						      (unsigned long long)v2, (unsigned long long)v2, o2->name));
				f = compile(x, NULL);
				for (size_t i = 0; i < ARRAY_LEN(values); i++) {
					bool allows =
					    run_bpf(&f, X64, SYS_lseek, ARGS(0, values[i])) == SECCOMP_RET_ALLOW;
					bool should = holds(&x->s->rules[0].args[0], values[i]) ||
						      holds(&x->s->rules[1].args[0], values[i]);

					wrong += allows != should;
					open += allows && !should;
				}
				arena_free(&x->a);
				x->a = keep;
			}
	if (wrong)
		print_message("%d wrong, %d of them let through\n", wrong, open);
	assert_int_equal(wrong, 0);
}

/* What the kernel takes of an argument makes a profile stricter, and takes no call from another rule. */
static void stricter_only(void **state)
{
	const uint32_t eperm = SECCOMP_RET_ERRNO | EPERM, through = SECCOMP_RET_ALLOW;
	struct fixture *x = *state;
	struct jail_bpf f;

	parse(x,
	      "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_LOG\","
	      "\"args\":[{\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_EQ\"}]},{\"names\":[\"socket\"],\"action\":"
	      "\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":1,\"value\":9,\"op\":\"SCMP_CMP_EQ\"}]}]}");
	f = compile(x, NULL);
	RETURNS(f, SECCOMP_RET_LOG, X64, SYS_socket, 5, 9); /* the first, as it is written */
	RETURNS(f, SECCOMP_RET_LOG, X64, SYS_socket, 5, 8);
	RETURNS(f, SECCOMP_RET_LOG, X64, SYS_socket, 0x100000005, 8);
	RETURNS(f, eperm, X64, SYS_socket, 0x100000005, 9); /* as of 64 bits: the second */
	RETURNS(f, eperm, X64, SYS_socket, 6, 0x800000000009);
	RETURNS(f, through, X64, SYS_socket, 6, 8);
	/* Two conditions: each of what the kernel takes. */
	parse(x, "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\"],\"syscalls\":[{\"names\":"
		 "[\"socket\"],\"action\":\"SCMP_ACT_ERRNO\","
		 "\"args\":[{\"index\":0,\"value\":16,\"op\":\"SCMP_CMP_EQ\"},{\"index\":2,\"value\":9,\"op\":"
		 "\"SCMP_CMP_GE\"}]}]}");
	f = compile(x, NULL);
	RETURNS(f, eperm, X64, SYS_socket, 16, 0, 9);
	RETURNS(f, eperm, X64, SYS_socket, 0x100000010, 0, 0x8000000000000009);
	RETURNS(f, through, X64, SYS_socket, 0x100000010, 0, 8);
	RETURNS(f, through, X64, SYS_socket, 17, 0, 9);
	RETURNS(f, eperm, X86, 359, 0x100000010, 0, 9); /* int 0x80 with a full register */
	/* A rule that allows has to hold of both. */
	parse(
	    x,
	    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\","
	    "\"args\":[{\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_GT\"},{\"index\":2,\"value\":9,\"op\":"
	    "\"SCMP_CMP_EQ\"}]}]}");
	f = compile(x, NULL);
	RETURNS(f, through, X64, SYS_socket, 6, 0, 9);
	RETURNS(f, through, X64, SYS_socket, 0x100000006, 0, 9);
	RETURNS(f, eperm, X64, SYS_socket, 0x100000005, 0, 9);
	RETURNS(f, eperm, X64, SYS_socket, 6, 0, 0x100000009);
}

static void permissive_default(void **state)
{
	struct fixture *x = *state;
	struct jail_bpf f;

	parse(x, "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[],\"syscalls\":[{\"names\":[\"nosuch\",\"mkdir\"],"
		 "\"action\":"
		 "\"SCMP_ACT_ERRNO\",\"errnoRet\":30}]}");
	f = compile(x, NULL);
	RETURNS(f, SECCOMP_RET_ALLOW, X64, 5000, 0);
	RETURNS(f, SECCOMP_RET_ERRNO | EROFS, X64, SYS_mkdir, 0);
	RETURNS(f, SECCOMP_RET_KILL_THREAD, X86, 39, 0);
	parse(x, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"nosuch\",\"mkdir\"],\"action\":"
		 "\"SCMP_ACT_ERRNO\"}]}");
	f = compile(x, NULL); /* the same action as the default: nothing to add */
	RETURNS(f, SECCOMP_RET_ERRNO | EPERM, X64, SYS_mkdir, 0);
	parse(x, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"lseek\"],\"action\":\"SCMP_ACT_"
		 "ALLOW\",\"args\":["
		 "{\"index\":1,\"value\":3,\"op\":\"SCMP_CMP_EQ\"},{\"index\":1,\"value\":5,\"op\":\"SCMP_CMP_EQ\"},"
		 "{\"index\":2,\"value\":7,\"op\":\"SCMP_CMP_EQ\"}]}]}");
	f = compile(x, NULL); /* alternatives */
	RETURNS(f, SECCOMP_RET_ALLOW, X64, SYS_lseek, 0, 3, 0);
	RETURNS(f, SECCOMP_RET_ALLOW, X64, SYS_lseek, 0, 5, 0);
	RETURNS(f, SECCOMP_RET_ALLOW, X64, SYS_lseek, 0, 0, 7);
	RETURNS(f, SECCOMP_RET_ERRNO | EPERM, X64, SYS_lseek, 0, 0, 0);
}

static int try_oci(struct fixture *x, const struct jail_facts *facts, const char *cache, struct jail_bpf *ret)
{
	x->e = (struct err){0};
	return oci_filter(x->s, facts, cache, &x->a, ret, &x->e);
}

#define NOTIFY(more)                                                                                                   \
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\"," more                                                                  \
	"\"syscalls\":[{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}"
#define LISTENER "\"listenerPath\":\"/run/agent\","

static void agent(void **state)
{
	struct jail_facts old = host;
	struct fixture *x = *state;
	struct jail_bpf f;
	char cache[96];

	snprintf(cache, sizeof(cache), "%s/cache", x->dir);
	parse(x,
	      NOTIFY(LISTENER "\"flags\":[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\",\"SECCOMP_FILTER_FLAG_TSYNC\"],"));
	for (int cached = 0; cached < 2; cached++) {
		f = compile(x, cache);
		assert_int_equal(f.flags, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
		RETURNS(f, SECCOMP_RET_USER_NOTIF, X64, SYS_mkdir, 0);
		RETURNS(f, SECCOMP_RET_ALLOW, X64, SYS_rmdir, 0);
	}
	/* The kernel is asked even where the filter is at hand. */
	old.seccomp_flags &= ~SECCOMP_FILTER_FLAG_NEW_LISTENER;
	assert_int_equal(try_oci(x, &old, cache, &f), -ENOTSUP);
	assert_non_null(strstr(x->e.text, "no listeners"));
	parse(x, NOTIFY());
	assert_int_equal(try_oci(x, &host, cache, &f), -EINVAL);
	assert_string_equal(x->e.path, "linux.seccomp.listenerPath");
	/* As the default there is no call that is newer than the profile. */
	parse(x, "{\"defaultAction\":\"SCMP_ACT_NOTIFY\"," LISTENER
		 "\"syscalls\":[{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_ALLOW\"}]}");
	f = compile(x, NULL);
	assert_int_equal(f.flags, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	RETURNS(f, SECCOMP_RET_USER_NOTIF, X64, 5000, 0);
	RETURNS(f, SECCOMP_RET_ALLOW, X64, SYS_mkdir, 0);
	/* config-linux.md: without the action the path is ignored. */
	parse(x, "{" LISTENER "\"defaultAction\":\"SCMP_ACT_ALLOW\"}");
	assert_false(compile(x, NULL).flags & SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

static void flags(void **state)
{
	struct fixture *x = *state;
	struct jail_bpf f;

	for (const struct word *w = seccomp_flags; w->name; w++) {
		struct jail_facts without = host;

		parse(x, arena_printf(&x->a,
				      "{\"defaultAction\":\"SCMP_ACT_NOTIFY\"," LISTENER
				      "\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\",\"%s\"]}",
				      w->name));
		assert_int_equal(try_oci(x, &host, NULL, &f), 0);
		assert_int_equal(f.flags,
				 SECCOMP_FILTER_FLAG_NEW_LISTENER | (w->value & ~(uint32_t)SECCOMP_FILTER_FLAG_TSYNC));
		without.seccomp_flags &= ~w->value;
		assert_int_equal(try_oci(x, &without, NULL, &f), -ENOTSUP);
		assert_non_null(strstr(x->e.text, w->name));
		assert_string_equal(x->e.path, w->value == SECCOMP_FILTER_FLAG_TSYNC ? "linux.seccomp.flags[0]"
										     : "linux.seccomp.flags[1]");
		x->s->default_action = "SCMP_ACT_LOG";
		assert_int_equal(try_oci(x, &host, NULL, &f),
				 w->value == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV ? -EINVAL : 0);
	}
	/* runc's default is none where the kernel has it not. */
	parse(x, "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}");
	assert_int_equal(compile(x, NULL).flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	assert_int_equal(try_oci(x, &(struct jail_facts){.arch = X64}, NULL, &f), 0);
	assert_int_equal(f.flags, 0);
}

static void actions(void **state)
{
	static const struct {
		const char *rule;
		uint32_t ret;
	} cases[] = {
	    {"\"SCMP_ACT_KILL\"", SECCOMP_RET_KILL_THREAD},
	    {"\"SCMP_ACT_KILL_THREAD\"", SECCOMP_RET_KILL_THREAD},
	    {"\"SCMP_ACT_KILL_PROCESS\"", SECCOMP_RET_KILL_PROCESS},
	    {"\"SCMP_ACT_TRAP\"", SECCOMP_RET_TRAP},
	    {"\"SCMP_ACT_LOG\"", SECCOMP_RET_LOG},
	    {"\"SCMP_ACT_ALLOW\"", SECCOMP_RET_ALLOW},
	    {"\"SCMP_ACT_ERRNO\"", SECCOMP_RET_ERRNO | EPERM},
	    {"\"SCMP_ACT_ERRNO\",\"errnoRet\":0", SECCOMP_RET_ERRNO},
	    {"\"SCMP_ACT_ERRNO\",\"errnoRet\":4095", SECCOMP_RET_ERRNO | 4095},
	    {"\"SCMP_ACT_TRACE\"", SECCOMP_RET_TRACE | EPERM},
	    {"\"SCMP_ACT_TRACE\",\"errnoRet\":65535", SECCOMP_RET_TRACE | 65535},
	};
	struct fixture *x = *state;

	/* For one call, and as the default. */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct jail_bpf f;
		char *text = arena_printf(&x->a,
					  "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":7,"
					  "\"syscalls\":[{\"names\":[\"mkdir\"],\"action\":%s}]}",
					  cases[i].rule);

		parse(x, text);
		f = compile(x, NULL);
		RETURNS(f, cases[i].ret, X64, SYS_mkdir, 0);
		RETURNS(f, SECCOMP_RET_ERRNO | 7, X64, SYS_read, 0);
		x->s->default_action = x->s->rules[0].action;
		x->s->default_errno_ret = x->s->rules[0].errno_ret;
		x->s->n_rules = 0;
		f = compile(x, NULL);
		RETURNS(f, cases[i].ret, X64, SYS_read, 0);
	}
}

/* Those of other processors need no code: the kernel runs none of their calls. */
static void architectures(void **state)
{
	static const char *const names[] = {
	    "SCMP_ARCH_X86",     "SCMP_ARCH_X86_64",   "SCMP_ARCH_X32",         "SCMP_ARCH_ARM",
	    "SCMP_ARCH_AARCH64", "SCMP_ARCH_MIPS",     "SCMP_ARCH_MIPS64",      "SCMP_ARCH_MIPS64N32",
	    "SCMP_ARCH_MIPSEL",  "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC",
	    "SCMP_ARCH_PPC64",   "SCMP_ARCH_PPC64LE",  "SCMP_ARCH_S390",        "SCMP_ARCH_S390X",
	    "SCMP_ARCH_PARISC",  "SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64",     "SCMP_ARCH_LOONGARCH64",
	    "SCMP_ARCH_M68K",    "SCMP_ARCH_SH",       "SCMP_ARCH_SHEB"};
	struct fixture *x = *state;
	struct jail_bpf f;
	int known = 0;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		bool own = i < 3;
		int r;

		parse(x, arena_printf(&x->a,
				      "{\"defaultAction\":\"SCMP_ACT_LOG\",\"architectures\":[\"%s\"],\"syscalls\":[{"
				      "\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_TRAP\"}]}",
				      names[i]));
		r = try_oci(x, &host, NULL, &f);
		if (arch_token(names[i])) {
			known++;
			assert_int_equal(r, 0);
			RETURNS(f, SECCOMP_RET_TRAP, X64, SYS_mkdir, 0);
			RETURNS(f, str_eq(names[i], "SCMP_ARCH_X86") ? SECCOMP_RET_TRAP : SECCOMP_RET_KILL_THREAD, X86,
				39, 0);
			continue;
		}
		assert_false(own);
		assert_int_equal(r, -EINVAL);
		assert_string_equal(x->e.path, "linux.seccomp.architectures[0]");
		assert_non_null(strstr(x->e.text, names[i]));
		assert_non_null(strstr(x->e.text, "libseccomp 2."));
	}
	assert_uint_in_range(known, 19, ARRAY_LEN(names));
}

static bool same(const struct jail_bpf *a, const struct jail_bpf *b)
{
	return a->len == b->len && a->flags == b->flags && !memcmp(a->insns, b->insns, a->len * sizeof(*a->insns));
}

static int only_file(const char *dir, char *ret, size_t size)
{
	char cmd[128];
	FILE *p;
	int n = 0;

	snprintf(cmd, sizeof(cmd), "find %s -type f", dir);
	p = popen(cmd, "r");
	assert_non_null(p);
	while (fgets(ret, (int)size, p))
		n++;
	pclose(p);
	ret[strcspn(ret, "\n")] = '\0';
	return n;
}

static void cached(void **state)
{
	struct fixture *x = *state;
	char cache[96], file[256], other[256];
	struct jail_bpf f, g;
	uint64_t t[3];

	snprintf(cache, sizeof(cache), "%s/cache", x->dir);
	parse_docker(x);
	t[0] = now_us();
	f = compile(x, cache);
	t[1] = now_us();
	g = compile(x, cache);
	t[2] = now_us();
	print_message("three ABIs: %u instructions, compiled in %u us, cached %u us\n", f.len, (unsigned)(t[1] - t[0]),
		      (unsigned)(t[2] - t[1]));
	assert_true(same(&f, &g));
	assert_int_equal(only_file(cache, file, sizeof(file)), 1);
	assert_true(t[2] - t[1] < (t[1] - t[0]) / 4); /* it was the cache */

	/* Anything else that went in makes another file. */
	x->s->default_errno_ret.v = 13;
	g = compile(x, cache);
	assert_false(same(&f, &g));
	assert_int_equal(only_file(cache, other, sizeof(other)), 2);
}

/* A file of another key under this key's name, and every damaged byte, bring nothing in. */
static void tampered(void **state)
{
	struct fixture *x = *state;
	char cache[96], file[256];
	struct jail_bpf f, g;
	AUTO_BUF key = {0}, other = {0};
	char *data;
	size_t len;

	snprintf(cache, sizeof(cache), "%s/cache", x->dir);
	parse(x, "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_"
		 "ERRNO\"}]}");
	f = compile(x, NULL);
	buf_str(&key, "the key");
	buf_str(&other, "the kez");
	cache_store(cache, &key, &f);
	assert_true(cache_load(cache, &key, &x->a, &g));
	assert_true(same(&f, &g));
	assert_false(cache_load(cache, &other, &x->a, &g));
	assert_int_equal(only_file(cache, file, sizeof(file)), 1);
	assert_int_equal(file_read(AT_FDCWD, file, 1 << 20, &data, &len, NULL), 0);
	for (size_t i = 0; i < len; i++) {
		data[i] ^= 1;
		assert_int_equal(file_replace(AT_FDCWD, file, data, len, 0600, NULL), 0);
		assert_false(cache_load(cache, &key, &x->a, &g));
		data[i] ^= 1;
		assert_int_equal(truncate(file, (off_t)i), 0);
		assert_false(cache_load(cache, &key, &x->a, &g));
	}
	free(data);
}

/* A cache that cannot be trusted or written is as none. */
static void bad_directory(void **state)
{
	struct fixture *x = *state;
	char cache[96], link_to[96], file[256];
	struct jail_bpf f;

	parse(x, "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_"
		 "ERRNO\"}]}");
	snprintf(cache, sizeof(cache), "%s/open", x->dir);
	snprintf(link_to, sizeof(link_to), "%s/link", x->dir);
	assert_int_equal(mkdir(cache, 0700), 0);
	assert_int_equal(chmod(cache, 0770), 0);
	assert_int_equal(symlink("open", link_to), 0);
	f = compile(x, cache);
	assert_int_equal(only_file(cache, file, sizeof(file)), 0);
	assert_int_equal(chmod(cache, 0700), 0);
	f = compile(x, link_to);
	assert_int_equal(only_file(cache, file, sizeof(file)), 0);
	f = compile(x, "/proc/nosuch/cache");
	RETURNS(f, SECCOMP_RET_ERRNO | EPERM, X64, SYS_mkdir, 0);
	f = compile(x, cache); /* the control */
	assert_int_equal(only_file(cache, file, sizeof(file)), 1);
}

/* `profile: report`: one filter that says of each call what the kernel makes of two, but that refusals by the profile ask. */
static void joined_says_what_both_say(struct fixture *x, const char *policy, uint32_t trap)
{
	struct jail_plan p;
	struct spec_policy pol;
	uint64_t asked = 0, let = 0;

	if (spec_policy_parse(policy, strlen(policy), "p", &x->a, &pol, &x->e) != 0 ||
	    jail_plan(&x->config, &pol, &host, &(struct jail_options){0}, &x->a, &p, &x->e) != 0) {
		fail_msg("%s: %s", x->e.path, x->e.text);
		return;
	}
	assert_int_equal(p.joined.len, p.seal.seccomp.len + p.filter.len);
	for (uint32_t i = 0; i < 3 * 1024 * 6; i++) {
		uint32_t n = i % 1024, abi = i / 1024 % 3, arch = abi == 1 ? X86 : X64;
		int nr = (int)(abi == 2 ? n | X32_BIT : n);
		const uint64_t arg = i / 3072 * 8, args[6] = {arg, arg, arg};
		uint32_t oci = run_bpf(&p.seal.seccomp, arch, nr, args), both = run_bpf(&p.joined, arch, nr, args);
		bool refused =
		    (oci & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO && (oci & SECCOMP_RET_DATA) != ENOSYS;

		assert_int_equal(jail_profile_refuses(&p, arch, nr, args), refused ? oci & SECCOMP_RET_DATA : 0);
		assert_int_equal(both, refused                    ? trap
				       : oci == SECCOMP_RET_ALLOW ? run_bpf(&p.filter, arch, nr, args)
								  : oci);
		asked += refused;
		let += both == SECCOMP_RET_ALLOW;
	}
	assert_uint_in_range(asked, 100, 10000);
	assert_uint_in_range(let, 1000, 20000);
}

static void joined(void **state)
{
	struct fixture *x = *state;

	parse_docker(x);
	joined_says_what_both_say(x, "{\"profile\":\"report\"}", SECCOMP_RET_USER_NOTIF);
	joined_says_what_both_say(x, "{\"profile\":\"report\",\"limits\":{\"processes\":5}}",
				  SECCOMP_RET_TRACE | JAIL_TRACE_DATA);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(docker_size),   T(every_call),    T(one_condition),
	    T(two_rules),     T(stricter_only), T(permissive_default),
	    T(agent),         T(flags),         T(actions),
	    T(architectures), T(cached),        T(tampered),
	    T(bad_directory), T(joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
