/* SPDX-License-Identifier: Apache-2.0 */
/* The compiled filter says of each call what the policy's text says: for every system call of each ABI, and every value at which a
 * condition changes its mind, against an evaluator that goes through the rules one by one. It shares with the compiler the numbers of
 * calls and the widths of their arguments, which have tests of their own. */
#include "jail_util.h"

#include <errno.h>
#include <stdio.h>

struct verdict {
	enum jail_says says;
	int err;
	char rule[48];
};

struct world {
	struct arena a;
	struct spec_config config;
	struct spec_policy policy;
	struct jail_plan plan;
	size_t compared, by_rules;
};

/* ---- the evaluator ---- */

static bool compares(const struct spec_seccomp_arg *c, uint64_t v)
{
	static const char *const ops[] = {"NE", "LT", "LE", "EQ", "GE", "GT"};
	const char *op = c->op + strlen("SCMP_CMP_");
	const bool holds[] = {v != c->value, v<c->value, v <= c->value, v == c->value, v >= c->value, v> c->value};

	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		if (str_eq(op, ops[i]))
			return holds[i];
	return (v & c->value) == (c->value_two & c->value);
}

static uint64_t lower(uint64_t v, uint32_t width)
{
	return width == 64 ? v : v & ((1ull << width) - 1);
}

/* Of what the kernel takes of the argument. Where that is not known, a rule that lets through has to hold for either width. */
static bool holds(const struct spec_seccomp_arg *c, uint32_t abi, const char *name, bool lets, const uint64_t args[6])
{
	const struct arg_width w = abi_arg_width(abi, name, c->index);
	const bool least = compares(c, lower(args[c->index], w.least)),
		   most = compares(c, lower(args[c->index], w.most));

	return lets ? least && most : least || most;
}

static bool rule_holds(const struct spec_seccomp_rule *r, uint32_t abi, const char *name, const uint64_t args[6])
{
	const bool lets = str_eq(r->action, "SCMP_ACT_ALLOW") || str_eq(r->action, "SCMP_ACT_LOG");
	bool any = false, all = true, either = false;

	for (size_t i = 0; i < r->n_args; i++) {
		bool yes = holds(&r->args[i], abi, name, lets, args);

		any |= yes;
		all &= yes;
		for (size_t k = 0; k < i; k++)
			either |= r->args[k].index == r->args[i].index;
	}
	return either ? any : all;
}

/* Whether the rule is about the call, by its own number or by that of a multiplexer, whose arguments nobody sees. */
static bool speaks(const struct spec_seccomp_rule *r, uint32_t abi, int nr, const uint64_t args[6])
{
	for (size_t i = 0; i < r->names.n; i++) {
		struct abi_call call;

		if (abi_find(abi, r->names.v[i], &call) <= 0)
			continue;
		if (call.nr == nr && call.nr >= 0 && rule_holds(r, abi, r->names.v[i], args))
			return true;
		if (call.mux_nr == nr && call.mux_nr >= 0 && (args[0] & call.mux_mask) == call.mux_call &&
		    !(r->n_args && str_eq(r->action, "SCMP_ACT_ALLOW")))
			return true;
	}
	return false;
}

static struct verdict does(const char *action, const struct opt_u64 *err)
{
	struct verdict v = {.says = JAIL_SAYS_ALLOW};

	if (str_eq(action, "SCMP_ACT_LOG"))
		v.says = JAIL_SAYS_LOG;
	else if (strncmp(action, "SCMP_ACT_KILL", 13) == 0)
		v.says = JAIL_SAYS_KILL;
	else if (str_eq(action, "SCMP_ACT_ERRNO")) {
		v.says = JAIL_SAYS_REFUSE;
		v.err = err->set ? (int)err->v : EPERM;
	} else {
		assert_string_equal(action, "SCMP_ACT_ALLOW");
	}
	return v;
}

static struct verdict evaluate(const struct spec_policy *p, uint32_t abi, const char *name, int nr,
			       const uint64_t args[6])
{
	const struct spec_seccomp *s = &p->syscalls;
	struct verdict v = {.says = JAIL_SAYS_ALLOW, .rule = "syscalls.defaultAction"};

	for (size_t i = 0; i < s->n_rules; i++)
		if (speaks(&s->rules[i], abi, nr, args)) {
			v = does(s->rules[i].action, &s->rules[i].errno_ret);
			snprintf(v.rule, sizeof(v.rule), "syscalls.syscalls[%zu]", i);
			return v;
		}
	if (s->set && !str_eq(name, "rt_sigreturn") && !str_eq(name, "sigreturn") && !str_eq(name, "restart_syscall")) {
		v = does(s->default_action, &s->default_errno_ret);
		snprintf(v.rule, sizeof(v.rule), "syscalls.defaultAction");
	}
	return v;
}

/* ---- all calls ---- */

static void compare(struct world *w, uint32_t abi, const char *name, int nr, const uint64_t args[6], bool guarded)
{
	const struct verdict want = evaluate(&w->policy, abi, name, nr, args);
	struct jail_judgement got;
	struct err e = {0};

	if (jail_judge(&w->plan, arch_audit(abi), nr, args, &got, &e))
		fail_msg("%s %s: %s", arch_name(abi), name, e.text);
	w->compared++;
	if (!got.rule) {
		fail_msg("%s %s: the ABI is not there", arch_name(abi), name);
		return;
	}
	if (strncmp(got.rule->name, "syscalls.", 9) != 0) {
		/* What comes with a policy unwritten: before its rules, or where these allow. */
		if (guarded || (strncmp(name, "io_uring_", 9) == 0 && str_eq(got.rule->name, "engine") &&
				str_eq(want.rule, "syscalls.defaultAction")))
			return;
	}
	w->by_rules++;
	if (got.says != want.says || (want.says == JAIL_SAYS_REFUSE && got.err != want.err) ||
	    strcmp(got.rule->name, want.rule) != 0)
		fail_msg("%s %s (%#llx, %#llx, %#llx): the filter says %d, errno %d, by %s; the policy says %d, errno "
			 "%d, by %s",
			 arch_name(abi), name, (unsigned long long)args[0], (unsigned long long)args[1],
			 (unsigned long long)args[2], got.says, got.err, got.rule->name, want.says, want.err,
			 want.rule);
}

#define VALUES 40
struct values {
	uint64_t v[VALUES];
	size_t n;
};

static void add_value(struct values *l, uint64_t v)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i] == v)
			return;
	if (l->n < VALUES)
		l->v[l->n++] = v;
}

/* About each condition of a rule that names the call, and what a narrower register would make of it. */
static void boundaries(const struct spec_policy *p, uint32_t abi, int nr, struct values args[6])
{
	for (size_t i = 0; i < p->syscalls.n_rules; i++) {
		const struct spec_seccomp_rule *r = &p->syscalls.rules[i];

		for (size_t k = 0; k < r->names.n; k++) {
			struct abi_call call;

			if (abi_find(abi, r->names.v[k], &call) <= 0)
				continue;
			if (call.mux_nr == nr) {
				add_value(&args[0], call.mux_call);
				add_value(&args[0], call.mux_call | 1ull << 32);
			}
			for (size_t n = 0; call.nr == nr && n < r->n_args; n++) {
				const struct spec_seccomp_arg *c = &r->args[n];
				struct values *l = &args[c->index];

				add_value(l, c->value);
				add_value(l, c->value + 1);
				add_value(l, c->value - 1);
				add_value(l, c->value | 1ull << 16);
				add_value(l, c->value | 1ull << 32);
				add_value(l, c->value_two);
				add_value(l, UINT64_MAX);
			}
		}
	}
}

static void compare_call(struct world *w, uint32_t abi, const char *name, int nr, bool guarded)
{
	struct values values[6] = {0};
	size_t at[6] = {0}, i = 0;
	uint64_t args[6];

	for (i = 0; i < 6; i++)
		add_value(&values[i], 0);
	boundaries(&w->policy, abi, nr, values);
	do {
		for (i = 0; i < 6; i++)
			args[i] = values[i].v[at[i]];
		compare(w, abi, name, nr, args, guarded);
		for (i = 0; i < 6 && ++at[i] == values[i].n; i++)
			at[i] = 0;
	} while (i < 6);
}

/* guarded: there are rules beside those of the policy's text. */
static void check_policy(struct world *w, const char *text, bool guarded)
{
	const struct jail_options o = {.id = "c1", .tell = true};
	uint32_t family[MAX_ARCHS];
	size_t n = arch_family(host.arch, family);
	struct err e = {0};

	w->config.process.capabilities.set = true;
	if (spec_policy_parse(text, strlen(text), "p", &w->a, &w->policy, &e) ||
	    jail_plan(&w->config, &w->policy, &host, &o, &w->a, &w->plan, &e))
		fail_msg("%s: %s: %s", text, e.path, e.text);
	if (w->plan.engine == JAIL_TRACE)
		n = 1;
	for (size_t i = 0; i < n; i++) {
		struct jail_calls calls;

		assert_int_equal(jail_calls(family[i], &w->a, &calls, &e), 0);
		assert_uint_in_range(calls.n, 300, 1000);
		for (size_t k = 0; k < calls.n; k++)
			if (calls.v[k].number >= 0)
				compare_call(w, family[i], calls.v[k].name, (int)calls.v[k].number, guarded);
		compare_call(w, family[i], "none", (int)((arch_is_x32(family[i]) ? X32_BIT : 0) | 1999), guarded);
	}
	arena_free(&w->a);
}

static void built_in(void **state)
{
	static const char *const names[] = {"default", "compute", "judge", "python", "node", "build", "agent"};
	struct world w = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (jail_builtin_policy(names[i]))
			check_policy(&w, jail_builtin_policy(names[i]), true);
	assert_uint_in_range(w.by_rules, 1000, SIZE_MAX);
}

/* ---- generated ones ---- */

static uint64_t seed = 11;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

/* Calls that are multiplexed in one ABI, that have arguments of 16, 32 and 64 bits and of no known width, and that are in few ABIs. */
static void generate(struct buf *out)
{
	static const char *const names[] = {"socket", "connect", "ioctl",  "write",   "chmod",
					    "setuid", "semget",  "mmap",   "open",    "fcntl",
					    "kill",   "umask",   "stat64", "openat2", "prctl"};
	static const char *const actions[] = {"ALLOW", "ERRNO", "KILL_PROCESS", "LOG", "ERRNO", "ALLOW"};
	static const char *const ops[] = {"EQ", "NE", "LT", "LE", "GT", "GE", "MASKED_EQ"};
	static const char *const defaults[] = {"ALLOW", "ERRNO", "KILL_PROCESS"};

	/* With the workload as PID 1 and nothing but `syscalls` there is no rule that is not in the text. */
	buf_printf(out, "{\"init\":\"workload\",\"syscalls\":{\"defaultAction\":\"SCMP_ACT_%s\",\"syscalls\":[",
		   defaults[rnd(3)]);
	for (uint32_t i = rnd(10) + 1; i > 0; i--) {
		const char *action = actions[rnd(6)];

		buf_printf(out, "{\"names\":[\"%s\",\"%s\"],\"action\":\"SCMP_ACT_%s\",", names[rnd(15)],
			   names[rnd(15)], action);
		if (rnd(3) == 0 && str_eq(action, "ERRNO"))
			buf_printf(out, "\"errnoRet\":%u,", rnd(40) + 1);
		buf_str(out, "\"args\":[");
		for (uint32_t k = 0, m = rnd(4); k < m; k++) {
			uint32_t op = rnd(7), value = rnd(3) ? rnd(5) + 1 : 0x5400 + rnd(32);

			buf_printf(out, "%s{\"index\":%u,\"value\":%u,\"valueTwo\":%u,\"op\":\"SCMP_CMP_%s\"}",
				   k ? "," : "", rnd(3), value, op == 6 ? value & rnd(8) : 0, ops[op]);
		}
		buf_str(out, "]},");
	}
	buf_str(out, "{\"names\":[\"execve\",\"exit\",\"exit_group\"],\"action\":\"SCMP_ACT_ALLOW\"}]}}");
}

static void generated(void **state)
{
	struct world w = {0};

	(void)state;
	for (int i = 0; i < 80; i++) {
		AUTO_BUF text = {0};

		generate(&text);
		check_policy(&w, text.data, false);
	}
	assert_uint_in_range(w.compared, 100000, SIZE_MAX);
	assert_uint_in_range(w.by_rules, w.compared * 9 / 10, w.compared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(built_in),
	    cmocka_unit_test(generated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
