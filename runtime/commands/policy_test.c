/* SPDX-License-Identifier: Apache-2.0 */
/* policy test: what becomes of one call, one program or one address under a policy. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "commands.h"
#include "runtime/host/host.h"
#include "runtime/life/life.h"

struct answer {
	enum jail_says says;
	int err;
	uint32_t policy;   /* whose word it is: 0 the one that was asked, 1 the floor */
	const char *rule;  /* key path */
	const char *entry; /* of a list: the one that decides, or NULL */
	const char *why;   /* or NULL */
};

struct asked {
	struct doctor d;
	struct spec_policy policies[JAIL_POLICIES];
	size_t n;
	struct jail_plan plan;
	struct answer answer; /* rule NULL: none yet */
	const char **words;   /* behind the kind of call */
	int n_words;
};

static int mistake(struct err *e, const char *what)
{
	return err_set(e, EINVAL, "%s", what);
}

/* What the strictest of all that look at it says; of like ones the first. */
static void say(struct asked *q, enum jail_says says, int err, uint32_t policy, const char *rule, const char *entry,
		const char *why)
{
	if (q->answer.rule && says <= q->answer.says)
		return;
	q->answer = (struct answer){says, err, policy, rule, entry, why};
}

/* The refusal of a list, which mode and on_violation may make another thing. */
static void refuse(struct asked *q, int err, uint32_t policy, const char *rule, const char *entry, const char *why)
{
	const struct spec_response how = jail_response(&q->plan.policies[policy], rule);

	if (jail_goes_on(&how))
		say(q, JAIL_SAYS_LOG, 0, policy, rule, entry, why);
	else
		say(q, how.violation == POLICY_KILL ? JAIL_SAYS_KILL : JAIL_SAYS_REFUSE, how.err ? how.err : err,
		    policy, rule, entry, why);
}

/* ---- a system call ---- */

/* What has to be said of a verdict, or NULL. */
static const char *remark(const struct jail_judgement *j)
{
	static const char *const checks[] = {
	    [JAIL_TRAP_EXEC] = "if the program may be executed: ask by `exec PATH`",
	    [JAIL_TRAP_CLONE] = "as long as there is a place",
	    [JAIL_TRAP_TARGET] = "unless it is aimed at a protected process",
	    [JAIL_TRAP_COUNT] = "as often as limits say",
	};

	if (!j->rule || str_eq(j->rule->name, "syscalls.architectures"))
		return "programs of this ABI are killed: name it in syscalls.architectures";
	return j->says == JAIL_SAYS_CHECK && j->rule->trap < ARRAY_LEN(checks) ? checks[j->rule->trap] : NULL;
}

static int judge_call(struct asked *q, uint32_t abi, const char *name, uint64_t args[6], struct err *e)
{
	struct jail_judgement j;
	struct jail_call call;
	int r = jail_call_named(abi, name, &call, e);

	if (r < 0)
		return r;
	if (call.number < 0 && call.mux < 0)
		return err_set(e, EINVAL, "this ABI has no system call '%s': name another by --arch", name);
	if (call.number < 0) {
		memset(args, 0, 6 * sizeof(*args)); /* they lie in memory, where no filter looks */
		args[0] = (uint64_t)call.mux_call;
		call.number = call.mux;
	}
	r = jail_judge(&q->plan, jail_abi_arch(abi), (int)call.number, args, &j, e);
	if (r < 0)
		return r;
	say(q, j.says, j.err, j.rule ? j.rule->policy : 0, j.rule ? j.rule->name : "syscalls.architectures", NULL,
	    remark(&j));
	return 0;
}

static int native(uint32_t *ret, struct err *e)
{
	return jail_abi_find("native", ret, e);
}

static int judge_native(struct asked *q, const char *name, uint64_t a0, uint64_t a1, struct err *e)
{
	uint64_t args[6] = {a0, a1};
	uint32_t abi;
	int r = native(&abi, e);

	return r < 0 ? r : judge_call(q, abi, name, args, e);
}

static int ask_syscall(struct asked *q, struct err *e)
{
	const char *arch = q->d.call->o.arch ? q->d.call->o.arch : "native";
	uint64_t args[6] = {0};
	uint32_t abi;

	if (q->n_words > 7)
		return mistake(e, "a system call has six arguments");
	for (int i = 1; i < q->n_words; i++) {
		int64_t negative;

		if (parse_u64(q->words[i], 0, &args[i - 1]) == 0)
			continue;
		if (parse_i64(q->words[i], 0, &negative) < 0)
			return err_set(e, EINVAL, "argument '%s' is no number, as in 5, 0x10 or -- -1", q->words[i]);
		args[i - 1] = (uint64_t)negative;
	}
	if (jail_abi_find(arch, &abi, e) < 0)
		return err_ctx(e, "--arch");
	return judge_call(q, abi, q->words[0], args, e);
}

/* ---- a program ---- */

/* The first entry of a list that is about the path by itself. */
static const char *entry_of(const struct jail_policy *p, bool deny, const char *path)
{
	const struct strv *l = deny ? &p->exec_deny : &p->exec_allow;

	for (size_t i = 0; i < l->n; i++) {
		struct jail_policy alone = {0};

		*(deny ? &alone.exec_deny : &alone.exec_allow) = (struct strv){&l->v[i], 1};
		if (deny ? jail_exec_denied(&alone, path) : jail_exec_allowed(&alone, path, NULL))
			return l->v[i];
	}
	return NULL;
}

/* Of what entries ask beside the path only `as` is known here. */
static void judge_path(struct asked *q, const char *path, enum spec_exec_as as)
{
	for (uint32_t i = 0; i < q->plan.n_policies; i++) {
		const struct jail_policy *p = &q->plan.policies[i];
		const struct jail_exec_facts f = {.path = path, .as = as, .guess = true};
		bool deny = p->exec_rules && jail_exec_denied(p, path);
		struct jail_exec_verdict v;

		if (!p->exec_rules)
			continue;
		jail_exec_judge(p, &f, &v);
		if (v.ok && jail_exec_allowed(p, path, NULL))
			say(q, JAIL_SAYS_CHECK, 0, i, "exec.allow", entry_of(p, false, path), NULL);
		else if (v.ok)
			say(q, JAIL_SAYS_CHECK, 0, i, "exec.allow", NULL, "where the other terms of its entry hold");
		else
			refuse(q, EACCES, i, deny || str_eq(v.why, "in exec.deny") ? "exec.deny" : "exec.allow",
			       deny ? entry_of(p, true, path) : NULL,
			       jail_exec_allows_none(p) ? "only the first program may be executed, and that once"
							: v.why);
	}
}

static int ask_exec(struct asked *q, struct err *e)
{
	struct rt_call *c = q->d.call;
	struct life_program program = {.path = q->words[0]};
	const char *path = program.path;
	struct life l;
	int r = 0;

	if (*path != '/')
		return mistake(e, "exec: the program's path is absolute");
	if (c->o.bundle) { /* whose links the entries may go through */
		life_init(&l, &life_of_container);
		l.foreground = true;
		c->g.policy = c->args[0];
		r = rt_prepare(c, c->o.bundle, "test", NULL, &l, e);
		for (uint64_t i = 0; r >= 0 && i < l.jail.n_policies && i < q->plan.n_policies; i++)
			q->plan.policies[i] = l.jail.policies[i];
		if (r >= 0)
			r = life_program(&l, path, &c->arena, &program, e);
		life_close(&l);
	}
	if (r >= 0)
		r = judge_native(q, "execve", 0, 0, e);
	if (r < 0)
		return r;
	if (q->answer.says == JAIL_SAYS_CHECK) /* the lists have the word */
		q->answer.says = JAIL_SAYS_ALLOW;
	judge_path(q, program.path, program.interpreter ? EXEC_AS_SCRIPT : EXEC_AS_PROGRAM);
	if (program.interpreter)
		judge_path(q, program.interpreter, EXEC_AS_INTERPRETER);
	return 0;
}

/* ---- an address ---- */

static int ask_address(struct asked *q, bool bind, struct err *e)
{
	struct spec_net_rule rules[2];
	struct cg_net_ask ask = {.bind = bind};
	struct arena *a = &q->d.call->arena;
	int r = spec_net_rule_parse(q->words[0], a, rules, e);

	if (r < 0)
		return r;
	if (r != 1 || !rules[0].protocol || rules[0].first != rules[0].last ||
	    rules[0].bits != (rules[0].family == AF_INET ? 32 : 128))
		return mistake(e, "one address is asked about: tcp:10.0.0.1:443, udp:[2001:db8::1]:53");
	ask.family = rules[0].family;
	ask.protocol = rules[0].protocol;
	ask.port = rules[0].first;
	memcpy(ask.addr, rules[0].addr, sizeof(ask.addr));
	r = judge_native(q, "socket", (uint64_t)ask.family, ask.protocol == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM, e);
	if (r >= 0)
		r = judge_native(q, bind ? "bind" : "connect", 0, 0, e);
	for (uint32_t i = 0; i < q->n && r >= 0; i++) {
		const struct spec_net_list *l = bind ? &q->policies[i].network.bind : &q->policies[i].network.connect;
		struct cg_net_answer answer;
		const char *key, *entry;

		if (!l->set)
			continue;
		if (cg_net_judge(l, &ask, a, &answer) < 0)
			return err_set(e, ENOMEM, "out of memory");
		entry = answer.rule ? answer.rule->text : NULL;
		key = arena_printf(a, "network.%s%s", bind ? "bind" : "connect",
				   !entry           ? ""
				   : answer.allowed ? ".allow"
						    : ".deny");
		if (!key)
			return err_set(e, ENOMEM, "out of memory");
		if (answer.allowed)
			say(q, JAIL_SAYS_CHECK, 0, i, key, entry, entry ? NULL : "no rule is about it");
		else
			refuse(q, EPERM, i, key, entry, entry ? NULL : "it is not in the list of what is allowed");
	}
	return r;
}

/* ---- the answer ---- */

static const char *const says[] = {
    [JAIL_SAYS_ALLOW] = "allow",  [JAIL_SAYS_LOG] = "log",   [JAIL_SAYS_CHECK] = "allow",
    [JAIL_SAYS_REFUSE] = "errno", [JAIL_SAYS_TRAP] = "trap", [JAIL_SAYS_KILL] = "kill",
};

/* Where the rule stands in its policy's document: the entry, or the key; NULL: it comes unwritten. */
static const struct spec_said *place_of(const struct asked *q)
{
	const struct answer *a = &q->answer;

	return a->rule ? spec_said_find(&q->policies[a->policy].said, a->rule, a->entry) : NULL;
}

static void print_text(const struct asked *q, const struct spec_said *place, struct buf *out)
{
	const struct answer *a = &q->answer;
	const struct spec_policy *p = &q->policies[a->policy];
	const char *file = place && place->of ? place->of : p->file;

	buf_str(out, says[a->says]);
	if (a->says == JAIL_SAYS_REFUSE)
		buf_printf(out, " %s", errno_name(a->err));
	buf_printf(out, ": %s of policy %s", place ? place->key : a->rule, p->name);
	if (place && file)
		buf_printf(out, " (%s:%zu)", file, place->line);
	if (a->why)
		buf_printf(out, ": %s", a->why);
	buf_str(out, "\n");
	if (place)
		buf_printf(out, "    %.160s%s\n", place->text, strlen(place->text) > 160 ? "..." : "");
	else if (a->entry)
		buf_printf(out, "    \"%s\", through a link\n", a->entry);
}

static void print_json(const struct asked *q, const struct spec_said *place, struct buf *out)
{
	const struct answer *a = &q->answer;
	const struct spec_policy *p = &q->policies[a->policy];
	struct jsonw w = {.out = out};

	jw_object(&w, NULL);
	jw_str(&w, "verdict", says[a->says]);
	jw_bool(&w, "allowed", a->says < JAIL_SAYS_REFUSE);
	if (a->says == JAIL_SAYS_REFUSE)
		jw_str(&w, "errno", errno_name(a->err));
	jw_str(&w, "policy", p->name);
	jw_str(&w, "rule", place ? place->key : a->rule);
	jw_str(&w, "file", place && place->of ? place->of : p->file);
	if (place) {
		jw_uint(&w, "line", place->line);
		jw_str(&w, "says", place->text);
	}
	if (a->entry)
		jw_str(&w, "entry", a->entry);
	if (a->why)
		jw_str(&w, "why", a->why);
	jw_object_end(&w);
	buf_str(out, "\n");
}

static int load(struct asked *q, struct err *e)
{
	struct rt_call *c = q->d.call;
	struct spec_admin admin = {0};
	const char *dir;
	int r;

	if ((r = rt_admin_load(c, &admin, NULL, e)) < 0 || (r = jail_probe(&q->d.jail, e)) < 0)
		return r;
	dir = rt_policy_dir(c, &admin);
	q->n = c->o.floor ? 2 : 1;
	r = rt_policy_told(c, dir, c->args[0], &q->policies[0], e);
	if (r >= 0 && c->o.floor)
		r = rt_policy_told(c, dir, c->o.floor, &q->policies[1], e);
	if (r < 0)
		return r;
	return doctor_plan_told(&q->d, &q->policies[0], c->o.floor ? &q->policies[1] : NULL, true, &q->plan, e);
}

static int ask(struct asked *q, const char *kind, struct err *e)
{
	if (str_eq(kind, "syscall"))
		return ask_syscall(q, e);
	if (q->d.call->o.arch)
		return mistake(e, "--arch is for `syscall`");
	if (q->n_words != 1)
		return mistake(e, "exec takes one path, connect and bind take one address");
	if (str_eq(kind, "exec"))
		return ask_exec(q, e);
	if (q->d.call->o.bundle)
		return mistake(e, "--bundle is for `exec`");
	if (str_eq(kind, "connect") || str_eq(kind, "bind"))
		return ask_address(q, str_eq(kind, "bind"), e);
	return err_set(e, EINVAL, "'%s' is nothing that can be asked: syscall, exec, connect or bind is", kind);
}

int cmd_policy_test_failure(const struct rt_call *c, bool mistaken)
{
	(void)c;
	(void)mistaken;
	return 2;
}

/* Exit status: 0 allowed, 1 refused, 2 a failure of any kind. */
int cmd_policy_test(struct rt_call *c, struct err *e)
{
	struct asked q = {.d = {.call = c, .tail = &q.d.first, .rootless = rt_is_rootless(c)}};
	const struct spec_said *place;
	AUTO_BUF out = {0};
	int r = load(&q, e);

	q.words = c->args + 2;
	q.n_words = c->n_args - 2;
	if (r >= 0)
		r = ask(&q, c->args[1], e);
	if (r < 0)
		return r;
	place = place_of(&q);
	(str_eq(c->o.format, "json") ? print_json : print_text)(&q, place, &out);
	r = rt_print(&out, e);
	return r < 0 ? r : q.answer.says >= JAIL_SAYS_REFUSE;
}
