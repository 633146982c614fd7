/* SPDX-License-Identifier: Apache-2.0 */
/* The key `exec`: paths, and objects of a path with terms. */
#include <errno.h>
#include <string.h>

#include "spec/policy/exec.h"
#include "spec/policy/response.h"

/* What a path of an exec rule has to look like to match anything: absolute, no empty, "." or ".." component. "**" is a
 * component. */
static bool is_rule_path(const char *s)
{
	const char *deep = s;

	while ((deep = strstr(deep, "**")) && deep > s && deep[-1] == '/' && (deep[2] == '/' || !deep[2]))
		deep += 2;
	return !deep && path_is_clean(s);
}

const struct pattern rule_path = {
    is_rule_path, "an absolute path without empty, \".\" and \"..\" components, with \"**\" as a whole one alone"};

#define P struct spec_policy
#define E struct spec_exec_entry

static bool is_sha256(const char *s)
{
	return strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

static const struct pattern sha256 = {is_sha256,
				      "the 64 digits of a SHA-256 in small letters, as sha256sum(1) prints it"};
static const struct word as_words[] = {
    {"program", EXEC_AS_PROGRAM}, {"interpreter", EXEC_AS_INTERPRETER}, {"script", EXEC_AS_SCRIPT}, {NULL}};

static const struct field entry_fields[] = {
    FIELD("path", get_string, E, path, .required = true, .pattern = &rule_path),
    FIELD("sha256", get_string, E, sha256, .min = 1, .pattern = &sha256),
    FIELD("argv", get_strv, E, argv, .min = 1),
    FIELD_INT("times", get_opt_u64, E, times, 1, INT32_MAX),
    FIELD("as", get_word, E, as, .words = as_words),
};

static int check_entry(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	const E *x = obj;

	for (size_t i = 0; i + 1 < x->argv.n; i++)
		if (strcmp(x->argv.v[i], "**") == 0) {
			bad(rd, v, e, EINVAL, "\"**\" stands for all further arguments: it has to be the last one");
			err_ctx(e, "argv[%zu]", i);
			return -EINVAL;
		}
	if (!x->sha256 || x->as != EXEC_AS_SCRIPT)
		return 0;
	bad(rd, v, e, EINVAL,
	    "a script cannot be held to its bytes: its interpreter opens it once more, after the look; keep it where "
	    "the "
	    "workload cannot write");
	err_ctx(e, "sha256");
	return -EINVAL;
}

static const struct table entry_table = {TABLE_FIELDS(entry_fields), .size = sizeof(E), .check = check_entry};

/* Room for n more. */
static int make_room(struct reader *rd, P *p, size_t n, struct err *e)
{
	E *more = arena_alloc(rd->arena, (p->exec.n_entries + n + 1) * sizeof(*more));

	if (!more)
		return err_set(e, ENOMEM, "no memory left");
	if (p->exec.n_entries)
		memcpy(more, p->exec.entries, p->exec.n_entries * sizeof(*more));
	p->exec.entries = more;
	return 0;
}

/* One that is an object. What has no terms is a path like others. */
static int get_entry(struct reader *rd, const struct json *j, P *p, bool deny, struct strv *paths, struct err *e)
{
	E *x = &p->exec.entries[p->exec.n_entries];
	int r;

	*x = (E){.deny = deny};
	r = read_object(rd, &entry_table, j, x, e);
	if (r < 0)
		return r;
	if (deny && x->times.set) {
		bad(rd, j, e, EINVAL, "is for exec.allow: what is denied is so every time");
		err_ctx(e, "times");
		return -EINVAL;
	}
	if (x->sha256 || x->argv.v || x->times.set || x->as)
		p->exec.n_entries++;
	else if (x->path)
		paths->v[paths->n++] = x->path;
	return 0;
}

/* Paths go to the list of the key, objects to exec.entries. */
static int get_list(struct reader *rd, const struct field *f, const struct json *v, P *p, bool deny, struct err *e)
{
	const struct field path = {.pattern = &rule_path};
	struct strv *paths = field_at(p, f->at);
	int r;

	if (v->type != JSON_ARRAY)
		return bad(rd, v, e, EINVAL, "must be an array of strings and objects, not %s",
			   json_type_name(v->type));
	paths->n = 0;
	paths->v = arena_alloc(rd->arena, (v->count + 1) * sizeof(char *));
	if (!paths->v)
		return err_set(e, ENOMEM, "no memory left");
	r = make_room(rd, p, v->count, e);
	if (r < 0)
		return r;
	for (const struct json *j = v->first; j; j = j->next) {
		if (j->wrong)
			continue;
		if (j->type == JSON_OBJECT)
			r = get_entry(rd, j, p, deny, paths, e);
		else
			r = get_string(rd, &path, j, &paths->v[paths->n], e);
		if (r < 0)
			return err_index(e, v, j);
		paths->n += j->type != JSON_OBJECT;
	}
	return 0;
}

static PARSER(get_allow)
{
	return get_list(rd, f, v, obj, false, e);
}

static PARSER(get_deny)
{
	P *p = obj;

	p->exec.denies = v->type == JSON_ARRAY && v->count;
	return get_list(rd, f, v, p, true, e);
}

static const struct field exec_fields[] = {
    FIELD("allow", get_allow, P, exec.allow, .table = &entry_table),
    FIELD("deny", get_deny, P, exec.deny, .table = &entry_table),
    FIELD("memfd", get_bool, P, exec.memfd),
    RESPONSE_FIELDS(P, exec.response),
};

static int check_exec(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	const P *p = obj;
	size_t times = 0;

	for (size_t i = 0; i < p->exec.n_entries; i++)
		times += p->exec.entries[i].times.set;
	if (times <= EXEC_TIMES_MAX)
		return 0;
	return bad(rd, v, e, EINVAL, "has \"times\" in %zu entries; %d are the most", times, EXEC_TIMES_MAX);
}

const struct table exec_table = {TABLE_FIELDS(exec_fields), SET_AT(P, exec.set), .check = check_exec};
