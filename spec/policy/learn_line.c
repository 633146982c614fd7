/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of an audit stream become facts. */
#include "spec/policy/learn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spec/field.h"

#define CUT_FROM 690 /* a path of so many bytes may have been cut in its line */
#define INT_MASK 0xffffffffu

/* A line, as far as it is looked at. */
struct line {
	char *container, *policy, *rule, *mode, *syscall, *arch, *exe, *path, *address, *protocol, *action, *allow;
	struct strv args, learns;
	uint64_t port;
	struct opt_u64 lost;
};
#define L struct line
static const struct field line_fields[] = {
    FIELD("container", get_string, L, container),
    FIELD("policy", get_string, L, policy),
    FIELD("rule", get_string, L, rule),
    FIELD("mode", get_string, L, mode),
    FIELD("syscall", get_string, L, syscall),
    FIELD("arch", get_string, L, arch),
    FIELD("exe", get_string, L, exe),
    FIELD("path", get_string, L, path),
    FIELD("address", get_string, L, address),
    FIELD("protocol", get_string, L, protocol),
    FIELD("action", get_string, L, action),
    FIELD("allow", get_string, L, allow),
    FIELD("args", get_strv, L, args),
    FIELD("learns", get_strv, L, learns),
    FIELD_INT("port", get_u64, L, port, 0, UINT16_MAX),
    FIELD_INT("lost", get_opt_u64, L, lost, 0, INT64_MAX),
};
static const struct table line_table = {TABLE_FIELDS(line_fields)};

/* As the helper tells them apart (jail/helper/facts.c). Of socket's kind the flags do not count. */
static const struct call_kind kinds[] = {
    {"socket", 3, {{0, INT_MASK}, {1, 0xf}, {2, INT_MASK}}},
    {"socketpair", 3, {{0, INT_MASK}, {1, 0xf}, {2, INT_MASK}}},
    {"ioctl", 1, {{1, INT_MASK}}},
    {"prctl", 1, {{0, INT_MASK}}},
    {"personality", 1, {{0, INT_MASK}}},
    {"keyctl", 1, {{0, INT_MASK}}},
    {"bpf", 1, {{0, INT_MASK}}},
    {"ptrace", 1, {{0, INT_MASK}}},
    {"seccomp", 1, {{0, INT_MASK}}},
    {"unshare", 1, {{0, INT_MASK}}},
    {"setns", 1, {{1, INT_MASK}}},
};

const struct call_kind *learn_call_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eq(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "no memory left");
}

static int add(struct spec_learn *l, const struct fact *f, struct err *e)
{
	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 256;
		struct fact *more = arena_alloc(l->arena, room * sizeof(*more));

		if (!more)
			return no_memory(e);
		if (l->n)
			memcpy(more, l->facts, l->n * sizeof(*more));
		l->facts = more;
		l->room = room;
	}
	l->facts[l->n++] = *f;
	return 0;
}

static int add_word(struct spec_learn *l, struct strv *list, const char *word, struct err *e)
{
	char **more;

	if (strv_has(list, word))
		return 0;
	more = arena_alloc(l->arena, (list->n + 2) * sizeof(*more));
	if (!more)
		return no_memory(e);
	if (list->n)
		memcpy(more, list->v, list->n * sizeof(*more));
	more[list->n] = (char *)word;
	list->v = more;
	list->n++;
	return 0;
}

static int doubt(struct spec_learn *l, struct err *e, const char *text)
{
	return text ? add_word(l, &l->doubts, text, e) : no_memory(e);
}

static int take_call(struct spec_learn *l, const struct line *k, struct err *e)
{
	const struct call_kind *kind = learn_call_kind(k->syscall);
	struct fact f = {.kind = FACT_CALL, .what = k->syscall, .exe = k->exe ? k->exe : ""};

	if (str_eq(k->syscall, "unknown"))
		return doubt(l, e, "a call is newer than libseccomp, and cannot be named in a policy");
	for (uint32_t i = 0; kind && i < kind->n; i++) {
		uint32_t at = kind->args[i].index;

		if (at >= k->args.n || !k->args.v[at])
			return err_set(e, EINVAL, "args: argument %u of %s is not there", at, k->syscall);
		f.args[i] = strtoull(k->args.v[at], NULL, 16) & kind->args[i].mask;
	}
	if (k->arch && add_word(l, &l->archs, k->arch, e) < 0)
		return -ENOMEM;
	return add(l, &f, e);
}

static int take_exec(struct spec_learn *l, const struct line *k, struct err *e)
{
	const struct fact f = {.kind = FACT_EXEC, .what = k->path, .exe = ""};
	size_t n = strlen(k->path);

	if (k->allow && str_starts(k->allow, "set exec.memfd")) {
		l->memfd = true;
		return 0;
	}
	if (k->path[0] != '/' || n >= CUT_FROM || strpbrk(k->path, "*?") || strstr(k->path, "\xef\xbf\xbd"))
		return doubt(
		    l, e,
		    arena_printf(l->arena, "'%.60s%s' cannot be named in exec.allow", k->path, n > 60 ? "..." : ""));
	return add(l, &f, e);
}

static int take_address(struct spec_learn *l, const struct line *k, struct err *e)
{
	const struct fact f = {.kind = str_eq(k->rule, "network.bind") ? FACT_BIND : FACT_CONNECT,
			       .what = k->address,
			       .exe = "",
			       .protocol = k->protocol && str_eq(k->protocol, "tcp") ? "tcp" : "udp",
			       .port = k->port};

	return add(l, &f, e);
}

/* What a key of the policy refuses to a call that is allowed by others. */
static int take_denial(struct spec_learn *l, const struct line *k, struct err *e)
{
	if (str_starts(k->rule, "signals") || str_starts(k->rule, "limits"))
		return 0; /* these keys are not of what is learnt: the new policy has none */
	return doubt(l, e,
		     arena_printf(l->arena, "%s: %s would be refused by this key in any case", k->rule,
				  k->syscall ? k->syscall
				  : k->path  ? k->path
					     : "what it is about"));
}

static int take(struct spec_learn *l, const struct line *k, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < k->learns.n && r == 0; i++)
		r = add_word(l, &l->sections, k->learns.v[i], e);
	if (k->learns.n)
		l->runs++;
	if (r < 0 || !k->rule || k->learns.n)
		return r;
	if (k->address)
		return take_address(l, k, e);
	if (str_eq(k->rule, "exec") && k->path)
		return take_exec(l, k, e);
	if (k->syscall && (r = take_call(l, k, e)) < 0)
		return r;
	return str_starts(k->rule, "syscalls.") ? 0 : take_denial(l, k, e);
}

int spec_learn_line(struct spec_learn *l, const char *text, size_t len, struct err *e)
{
	struct reader rd = {.arena = l->arena};
	struct line k = {0};
	int r = read_document(&rd, &line_table, text, len, "line", &k, e);

	if (r < 0)
		return r;
	if (k.lost.set)
		return doubt(l, e,
			     "lines were lost: the destination did not take them, or there were too many facts; "
			     "what they said is not learnt");
	if (!str_eq(k.mode, "learn")) {
		if (k.action && !str_eq(k.action, "log") && !k.mode && !str_eq(k.rule, "self") &&
		    !str_eq(k.rule, "engine"))
			return doubt(l, e,
				     arena_printf(l->arena,
						  "policy %s, which was enforced, refused something (%s): what "
						  "came after it is not what is done without",
						  k.policy ? k.policy : "?", k.rule ? k.rule : "?"));
		return 0;
	}
	return take(l, &k, e);
}
