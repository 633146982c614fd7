/* SPDX-License-Identifier: Apache-2.0 */
/* The policies of backend.ai-jail: lists of calls, counts, and the environment. They are YAML; JSON is YAML, too, and read where no YAML is. */
#include "import.h"
#include "yaml_json.h"

#include <errno.h>

#include "spec/field.h"

struct paths {
	struct strv open, access, exec, stat, chmod;
};
struct document {
	bool diff;
	struct paths paths;
	int64_t execs, forks, children; /* -1: no limit */
	struct strv extra, preserved, traced, allowed;
};

/* As the program's enumeration names them, and as its older configurations do. */
#define PATHS(key, old, member) FIELD(key, get_strv, struct paths, member), FIELD(old, get_strv, struct paths, member)
static const struct field path_fields[] = {
    PATHS("OpOpen", "OP_OPEN", open), PATHS("OpAccess", "OP_ACCESS", access), PATHS("OpExec", "OP_EXEC", exec),
    PATHS("OpStat", "OP_STAT", stat), PATHS("OpChmod", "OP_CHMOD", chmod),
};
static const struct table paths_table = {TABLE_FIELDS(path_fields)};

#define D struct document
static const struct field fields[] = {
    FIELD("diff_to_default", get_bool, D, diff),
    FIELD("whitelist_paths", get_object, D, paths, .table = &paths_table),
    FIELD_INT("exec_allowance", get_i64, D, execs, -1, INT32_MAX),
    FIELD_INT("fork_allowance", get_i64, D, forks, -1, INT32_MAX),
    FIELD_INT("max_child_procs", get_i64, D, children, -1, INT32_MAX - 1),
    FIELD("extra_envs", get_strv, D, extra),
    FIELD("preserved_env_keys", get_strv, D, preserved),
    FIELD("traced_syscalls", get_strv, D, traced),
    FIELD("allowed_syscalls", get_strv, D, allowed),
};
static const struct table table = {TABLE_FIELDS(fields)};

static bool is_all(const struct strv *list)
{
	return !list->n || strv_has(list, "*") || strv_has(list, "/*");
}

static void take_calls(struct draft *d, const D *doc)
{
	static const char *const needed[] = {"execve", "exit_group", "exit"};
	struct spec_seccomp_rule r = {.action = (char *)"SCMP_ACT_ALLOW"};

	d->calls = (struct spec_seccomp){.set = true, .default_action = (char *)"SCMP_ACT_ERRNO"};
	list_add(d, &d->calls.architectures, d->how->arch);
	for (size_t i = 0; i < doc->allowed.n; i++)
		list_add(d, &r.names, doc->allowed.v[i]);
	/* It asks of these where they lead, and lets them go on. */
	for (size_t i = 0; i < doc->traced.n; i++)
		if (!strv_has(&r.names, doc->traced.v[i]))
			list_add(d, &r.names, doc->traced.v[i]);
	/* It follows these by ptrace(2), whatever the lists say. */
	for (size_t i = 0; i < ARRAY_LEN(needed); i++)
		if (!strv_has(&r.names, needed[i]))
			list_add(d, &r.names, needed[i]);
	rule_add(d, &r);
	if (doc->diff)
		left_out(d, "diff_to_default: what backend.ai-jail allows by itself is not known here; add it to "
			    "allowed_syscalls, preserved_env_keys and extra_envs");
	else if (!doc->traced.n)
		left_out(d, "traced_syscalls: its own list is not known here; add open, openat and what else programs "
			    "need to allowed_syscalls");
}

static void take_paths(struct draft *d, const struct paths *p)
{
	static const char rules[] =
	    "rules on paths of files are for `files` of a policy, or for mounts; nothing of it holds";

	if (!is_all(&p->open))
		left_out(d, "whitelist_paths.OP_OPEN: %s", rules);
	if (!is_all(&p->access))
		left_out(d, "whitelist_paths.OP_ACCESS: %s", rules);
	if (!is_all(&p->stat))
		left_out(d, "whitelist_paths.OP_STAT: %s", rules);
	if (!is_all(&p->chmod))
		left_out(d, "whitelist_paths.OP_CHMOD: %s", rules);
	if (!is_all(&p->exec))
		left_out(d,
			 "whitelist_paths.OP_EXEC: it says which programs may execute others; `exec` says which may be "
			 "executed: write that");
}

static void take_counts(struct draft *d, const D *doc)
{
	if (doc->children >= 0)
		d->processes = (struct opt_u64){true, (uint64_t)doc->children + 1};
	if (doc->execs >= 0 && !is_all(&doc->paths.exec))
		left_out(
		    d, "exec_allowance: a count of the execs of programs that OP_EXEC does not name; see limits.execs");
	if (doc->forks >= 0)
		left_out(d,
			 "fork_allowance: a count of all forks there ever were; limits.processes counts those alive");
}

static int take_env(struct draft *d, const D *doc)
{
	d->env.set = true;
	d->env.keep = doc->preserved;
	for (size_t i = 0; i < doc->extra.n; i++)
		if (!spec_is_variable(doc->extra.v[i])) {
			err_set(d->e, EINVAL, "'%s' is not NAME=VALUE", shown(doc->extra.v[i]).s);
			err_ctx(d->e, "extra_envs[%zu]", i);
			return err_file(d->e, d->how->file);
		}
	d->env.assign = doc->extra;
	return 0;
}

int import_backend(struct draft *d)
{
	struct reader rd = {.arena = d->arena};
	D doc = {.execs = 0, .forks = -1, .children = -1};
	AUTO_BUF json = {0};
	const struct json *root;
	struct arena own = {0};
	int r = 0;

	if (json_parse(d->text, d->len, 0, &own, &own, &root, NULL) < 0) {
		r = yaml_to_json(d->text, d->len, d->arena, &json, d->e);
		if (r < 0)
			err_file(d->e, d->how->file);
	} else {
		buf_add(&json, d->text, d->len);
	}
	arena_free(&own);
	if (r >= 0)
		r = read_document(&rd, &table, json.data ? json.data : "", json.len, d->how->file, &doc, d->e);
	if (r < 0)
		return r;
	take_calls(d, &doc);
	take_paths(d, &doc.paths);
	take_counts(d, &doc);
	return take_env(d, &doc);
}
