/* SPDX-License-Identifier: Apache-2.0 */
/* The policies of backend.ai-jail: lists of calls, counts, and the environment. They are YAML; JSON is YAML, too, and read where no YAML is. */
#include "import.h"
#include "yaml_json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "spec/field.h"
#include "spec/policy/files.h"

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

/* Its "*" goes through "/". Of a list that is not there is told apart. */
static bool is_all(const struct strv *list)
{
	static const char *const all[] = {"*", "/*", "**", "/**"};
	bool is = !list->v;

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		is |= strv_has(list, all[i]);
	return is;
}

/* There, and empty: no path is right. */
static bool is_none(const struct strv *list)
{
	return list->v && !list->n;
}

static void add_calls(struct draft *d, const D *doc, const struct strv *names, struct strv *ret)
{
	const bool no_access = is_none(&doc->paths.access), no_chmod = is_none(&doc->paths.chmod);

	for (size_t i = 0; i < names->n; i++) {
		const char *name = names->v[i];

		if ((no_access && str_has_word("access faccessat faccessat2", name)) ||
		    (no_chmod && str_has_word("chmod fchmodat fchmodat2", name)) ||
		    (doc->forks >= 0 && str_eq(name, "clone3")) || strv_has(ret, name))
			continue;
		list_add(d, ret, name);
	}
}

static void take_calls(struct draft *d, const D *doc)
{
	/* It follows these by ptrace(2), whatever the lists say. */
	static char *needed[] = {(char *)"execve", (char *)"exit_group", (char *)"exit"};
	struct spec_seccomp_rule r = {.action = (char *)"SCMP_ACT_ALLOW"};
	/* The C library takes clone then, which is counted. */
	struct spec_seccomp_rule none = {.action = (char *)"SCMP_ACT_ERRNO", .errno_ret = {true, ENOSYS}};

	d->calls = (struct spec_seccomp){.set = true, .default_action = (char *)"SCMP_ACT_ERRNO"};
	list_add(d, &d->calls.architectures, d->how->arch);
	add_calls(d, doc, &doc->allowed, &r.names);
	/* It asks of these where they lead, and lets them go on. */
	add_calls(d, doc, &doc->traced, &r.names);
	add_calls(d, doc, &(struct strv){needed, ARRAY_LEN(needed)}, &r.names);
	if (doc->forks >= 0 && (strv_has(&doc->allowed, "clone3") || strv_has(&doc->traced, "clone3"))) {
		list_add(d, &none.names, "clone3");
		rule_add(d, &none);
	}
	rule_add(d, &r);
	if (doc->diff)
		left_out(d, "diff_to_default: what backend.ai-jail allows by itself is not known here; add it to "
			    "allowed_syscalls, preserved_env_keys and extra_envs");
	else if (!doc->traced.n)
		left_out(d, "traced_syscalls: its own list is not known here; add open, openat and what else programs "
			    "need to allowed_syscalls");
}

/* A star behind "/dir/" is all that is below. Other patterns have no like in `files`. */
static void open_path(struct draft *d, const char *pattern)
{
	size_t n = strlen(pattern);
	char *path = arena_strdup(d->arena, pattern);
	bool tree = false;

	for (const char *const *end = (const char *const[]){"/**/*", "/**", "/*", NULL}; path && *end && !tree; end++) {
		size_t k = strlen(*end);

		tree = n >= k && str_eq(pattern + n - k, *end);
		if (tree)
			path[n - k + 1] = '\0';
	}
	if (!path)
		return;
	/* No path that it looks up ends in "/". */
	if (strpbrk(path, "*?[") || !files_can_name(path) || (!tree && path[n - 1] == '/')) {
		left_out(d, "whitelist_paths.OP_OPEN: '%s' is nothing that `files` can name: it cannot be opened",
			 shown(pattern).s);
		return;
	}
	files_add(d, FILES_READ, path);
	files_add(d, FILES_WRITE, path);
	if (!tree)
		return;
	files_add(d, FILES_CREATE, path);
	files_add(d, FILES_LIST, path);
}

static void take_open(struct draft *d, const struct strv *paths)
{
	static const enum spec_file_right rights[] = {FILES_READ, FILES_WRITE, FILES_CREATE, FILES_LIST};

	d->files.set = true;
	for (size_t i = 0; i < ARRAY_LEN(rights); i++)
		d->files.list[rights[i]].set = true;
	for (size_t i = 0; i < paths->n; i++)
		open_path(d, paths->v[i]);
	left_out(d, "whitelist_paths.OP_OPEN: a tree of `files` has its own directory, too, and lets O_PATH and "
		    "devices such as /dev/null "
		    "through. What is executed, its loader and its libraries have to be in files.read: add them");
}

static void take_paths(struct draft *d, const struct paths *p)
{
	const struct {
		const char *name;
		const struct strv *list;
	} ops[] = {{"OP_OPEN", &p->open},
		   {"OP_ACCESS", &p->access},
		   {"OP_EXEC", &p->exec},
		   {"OP_STAT", &p->stat},
		   {"OP_CHMOD", &p->chmod}};

	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		if (!ops[i].list->v)
			left_out(d,
				 "whitelist_paths.%s: is not there, and backend.ai-jail has no rule without it: all "
				 "paths are let "
				 "through",
				 ops[i].name);
	if (!is_all(&p->open))
		take_open(d, &p->open);
	if (!is_all(&p->access) && !is_none(&p->access))
		left_out(d, "whitelist_paths.OP_ACCESS: `files` has no rules on access(2): all paths are let through");
	if (!is_all(&p->stat))
		left_out(d, "whitelist_paths.OP_STAT: `files` has no rules on stat(2): all paths are let through");
	if (!is_all(&p->chmod) && !is_none(&p->chmod))
		left_out(d, "whitelist_paths.OP_CHMOD: `files` has no rules on chmod(2): all paths are let through; "
			    "use \"ro\" mounts, or take "
			    "the call out of the allowed ones");
}

static void take_execs(struct draft *d, const D *doc)
{
	if (doc->execs < 0 || is_all(&doc->paths.exec))
		return;
	d->execs = (struct opt_u64){true, (uint64_t)doc->execs};
	if (is_none(&doc->paths.exec))
		return;
	left_out(d, "whitelist_paths.OP_EXEC: it says which programs may execute others; `exec` says which may be "
		    "executed: write that");
	left_out(d, "exec_allowance: limits.execs counts all execs, those by the programs of OP_EXEC, too: raise it by "
		    "what they need");
}

static void take_counts(struct draft *d, const D *doc)
{
	const uint64_t most = doc->children > 1 ? (uint64_t)doc->children : 1;
	size_t calls = 0;

	if (doc->children >= 0) {
		d->processes = (struct opt_u64){true, most};
		d->threads = (struct opt_u64){true, most - 1};
	}
	if (doc->children > 1)
		left_out(d,
			 "max_child_procs: it counts processes and threads together, a policy each by itself: there "
			 "can be %" PRIu64
			 " more threads; linux.resources.pids.limit in config.json counts them together",
			 most - 1);
	if (doc->forks < 0)
		return;
	d->forks = (struct opt_u64){true, (uint64_t)doc->forks};
	for (const char *const *s = import_forks(d->how->arch); *s; s++)
		calls++;
	if (doc->forks > 0 && calls > 1)
		left_out(d, "fork_allowance: it counts fork, vfork and clone together, a policy each by itself: there "
			    "can be as many of each");
}

static int bad_env(struct draft *d, size_t i, const char *s)
{
	err_set(d->e, EINVAL, "'%s' is not NAME=VALUE", shown(s).s);
	err_ctx(d->e, "extra_envs[%zu]", i);
	return err_file(d->e, d->how->file);
}

/* Of two with one name the last holds. */
static bool is_set_later(const struct strv *envs, size_t i)
{
	const size_t n = strcspn(envs->v[i], "=") + 1;

	for (size_t k = i + 1; k < envs->n; k++)
		if (strncmp(envs->v[k], envs->v[i], n) == 0)
			return true;
	return false;
}

static int take_env(struct draft *d, const D *doc)
{
	d->env.set = true;
	for (size_t i = 0; i < doc->preserved.n; i++) {
		const char *key = doc->preserved.v[i];

		if (strpbrk(key, "*?"))
			left_out(d, "preserved_env_keys: '%s' would be a pattern in a policy: it is not kept",
				 shown(key).s);
		else if (*key && !strchr(key, '=')) /* no variable has such a name */
			list_add(d, &d->env.keep, key);
	}
	for (size_t i = 0; i < doc->extra.n; i++) {
		const char *s = doc->extra.v[i];

		if (!spec_is_variable(s))
			return bad_env(d, i, s);
		if (s[strcspn(s, "=*?")] != '=')
			left_out(d, "extra_envs: '%s' has * or ? in its name: it is not set", shown(s).s);
		else if (!is_set_later(&doc->extra, i))
			list_add(d, &d->env.assign, s);
	}
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
	take_execs(d, &doc);
	take_counts(d, &doc);
	return take_env(d, &doc);
}
