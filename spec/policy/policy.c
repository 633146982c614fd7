/* SPDX-License-Identifier: Apache-2.0 */
/* Jail policies: strict, so that a mistyped rule is an error and never a rule that is missing. */
#include <errno.h>
#include <string.h>

#include "spec/policy/env.h"
#include "spec/policy/exec.h"
#include "spec/policy/extends.h"
#include "spec/policy/files.h"
#include "spec/policy/limits.h"
#include "spec/policy/network.h"
#include "spec/policy/response.h"
#include "spec/policy/said.h"
#include "spec/policy/tables.h"

#define P struct spec_policy

static const struct word init_words[] = {{"jail", POLICY_INIT_JAIL}, {"workload", POLICY_INIT_WORKLOAD}, {NULL}};
static const struct word profile_words[] = {
    {"silent", POLICY_PROFILE_SILENT}, {"report", POLICY_PROFILE_REPORT}, {NULL}};
static const struct word to_init_words[] = {{"forward", false}, {"refuse", true}, {NULL}};

static PARSER(get_to_init)
{
	struct {
		int refuse;
	} in = {0};
	struct field inner = *f;
	int r;

	inner.at = 0;
	r = get_word(rd, &inner, v, &in, e);
	if (r == 0)
		*(bool *)field_at(obj, f->at) = in.refuse != 0;
	return r;
}

static const struct field signals_fields[] = {
    FIELD("to_init", get_to_init, P, signals.refuse_to_init, .words = to_init_words),
    FIELD("protect", get_strv, P, signals.protect, .pattern = &rule_path),
    RESPONSE_FIELDS(P, signals.response),
};
static const struct table signals_table = {TABLE_FIELDS(signals_fields), .check = check_section};

static const struct field policy_fields[] = {
    FIELD("$schema", get_string, P, schema),
    FIELD("name", get_string, P, name, .min = 1, .max = 64),
    FIELD("description", get_string, P, description),
    FIELD("extends", get_str_or_strv, P, extends, .pattern = &filled, .min = 1),
    FIELD("init", get_word, P, init, .words = init_words),
    RESPONSE_FIELDS(P, response),
    FIELD("syscalls", get_object, P, syscalls, .table = &policy_seccomp_table),
    FIELD("profile", get_word, P, profile, .words = profile_words),
    {.key = "exec", .parse = get_object, .table = &exec_table},
    {.key = "signals", .parse = get_object, .table = &signals_table},
    FIELD("network", get_object, P, network, .table = &network_table),
    FIELD("env", get_object, P, env, .table = &env_table),
    FIELD("files", get_object, P, files, .table = &files_table),
    {.key = "limits", .parse = get_object, .table = &limits_table},
};

static const struct table policy_table;

static int check_policy(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	static const char why[] = "nobody would answer its notifications; use SCMP_ACT_ERRNO";
	P *p = obj;

	if (str_eq(p->syscalls.default_action, "SCMP_ACT_NOTIFY")) {
		bad(rd, v, e, ENOTSUP, "%s", why);
		err_ctx(e, "syscalls.defaultAction");
		return -ENOTSUP;
	}
	for (size_t i = 0; i < p->syscalls.n_rules; i++) {
		if (!str_eq(p->syscalls.rules[i].action, "SCMP_ACT_NOTIFY"))
			continue;
		bad(rd, v, e, ENOTSUP, "%s", why);
		err_ctx(e, "syscalls.syscalls[%zu].action", i);
		return -ENOTSUP;
	}
	return rd->tell ? said_of(rd, &policy_table, v, &p->said, e) : 0;
}

static const struct table policy_table = {TABLE_FIELDS(policy_fields), .check = check_policy};

#define LATER(t, k)                                                                                                    \
	{                                                                                                              \
		&(t), (k), ENOTSUP, "this version of jailrun cannot enforce it yet; remove it"                         \
	}
#define DOCKER(t, k)                                                                                                   \
	{                                                                                                              \
		&(t), (k), ENOTSUP,                                                                                    \
		    "belongs to Docker's own form of profiles; make a policy of it: jailrun policy import FILE"        \
	}
/* A profile where a policy should be. */
#define PROFILE(k)                                                                                                     \
	{                                                                                                              \
		&policy_table, (k), EINVAL, "belongs to a seccomp profile; put the profile below \"syscalls\""         \
	}
/* What others call it. */
#define MEANT(t, k, is)                                                                                                \
	{                                                                                                              \
		&(t), (k), EINVAL, "is no key here; the nearest known key is \"" is "\""                               \
	}
static const struct refused refused[] = {
    MEANT(policy_table, "seccomp", "syscalls"),
    MEANT(policy_table, "net", "network"),
    MEANT(policy_table, "filesystem", "files"),
    MEANT(policy_table, "paths", "files"),
    MEANT(policy_table, "environment", "env"),
    MEANT(policy_table, "programs", "exec"),
    MEANT(policy_table, "resources", "limits"),
    MEANT(policy_table, "include", "extends"),
    MEANT(policy_table, "base", "extends"),
    MEANT(limits_table, "timeout", "wall"),
    MEANT(limits_table, "time", "wall"),
    MEANT(limits_table, "pids", "processes"),
    MEANT(limits_table, "nproc", "processes"),
    MEANT(limits_table, "nofile", "open_files"),
    MEANT(limits_table, "fsize", "file_size"),
    MEANT(network_table, "listen", "bind"),
    MEANT(network_table, "egress", "connect"),
    PROFILE("defaultAction"),
    PROFILE("defaultErrnoRet"),
    PROFILE("architectures"),
    LATER(policy_table, "stop_at"),
    {&network_table, "names", ENOTSUP,
     "this version of jailrun cannot enforce it yet; allow addresses in network.connect, or a proxy's alone that knows "
     "names"},
    LATER(network_table, "unix"),
    {&limits_table, "output", ENOTSUP,
     "cannot be counted: what a process writes is seen by no one who could stop it in time, to a file that is mapped, "
     "to a "
     "pipe or by a process that is gone; use limits.file_size with limits.open_files, and a tmpfs with a size"},
    LATER(policy_seccomp_table, "listenerPath"),
    LATER(policy_seccomp_table, "listenerMetadata"),
    DOCKER(policy_seccomp_table, "archMap"),
    DOCKER(policy_rule_table, "name"),
    DOCKER(policy_rule_table, "comment"),
    DOCKER(policy_rule_table, "includes"),
    DOCKER(policy_rule_table, "excludes"),
    DOCKER(policy_rule_table, "minKernel"),
    {NULL},
};

int spec_policy_check(const struct spec_text *t, const struct spec_bases *bases, struct arena *a,
		      struct spec_policy *ret, struct spec_errors *errors)
{
	struct reader rd = {.arena = a, .strict = true, .refused = refused, .tell = true};
	struct policy_tree tree = {0};
	struct err e = {0};
	int r = policy_tree_read(&tree, t, bases, a, &e);

	if (r == 0) {
		rd.sources = tree.sources;
		r = read_errors(&rd, &policy_table, tree.root, ret, sizeof(*ret), errors);
		for (size_t i = 0; i < errors->n; i++)
			errors->v[i].name = tree.sources[errors->v[i].source].name;
		ret->extends = tree.under;
	} else {
		*ret = (struct spec_policy){0};
		*errors = (struct spec_errors){.v = arena_alloc(a, sizeof(*errors->v)), .n = 1};
		if (errors->v)
			*errors->v = (struct spec_error){tree.line, tree.wrong != 0, tree.sources[tree.wrong].name, e};
		else
			errors->n = 0;
	}
	arena_free(&tree.nodes);
	return r;
}

int spec_policy_read(const struct spec_text *t, const struct spec_bases *bases, struct arena *a,
		     struct spec_policy *ret, struct err *e)
{
	struct reader rd = {.arena = a, .strict = true, .refused = refused};
	const struct json *culprit = NULL;
	struct policy_tree tree = {0};
	struct err own = {0};
	int r;

	*ret = (struct spec_policy){0};
	r = policy_tree_read(&tree, t, bases, a, &own);
	if (r == 0) {
		rd.sources = tree.sources;
		rd.culprit = &culprit;
		r = read_object(&rd, &policy_table, tree.root, ret, &own);
		tree.wrong = culprit ? culprit->source : 0;
	}
	arena_free(&tree.nodes);
	ret->extends = tree.under;
	if (r < 0) {
		err_document(e, &own, tree.sources[tree.wrong].name);
		return r;
	}
	if (!ret->name)
		ret->name = arena_strdup(a, t->name);
	return ret->name ? 0 : err_set(e, ENOMEM, "no memory left");
}

int spec_policy_parse(const char *text, size_t len, const char *name, struct arena *a, struct spec_policy *ret,
		      struct err *e)
{
	const struct spec_text t = {text, len, name, NULL, name};

	return spec_policy_read(&t, NULL, a, ret, e);
}

const struct table *policy_top_table(void)
{
	return &policy_table;
}

const struct refused *policy_refused_keys(void)
{
	return refused;
}

int spec_policy_keys(struct arena *a, struct strv *ret, struct err *e)
{
	return said_keys(&policy_table, refused, a, ret, e);
}
