/* SPDX-License-Identifier: Apache-2.0 */
/* The file rules of a policy: trees ("/dir/") and paths, for each right a list. */
#include <errno.h>
#include <string.h>

#include "spec/policy/files.h"
#include "spec/policy/response.h"

#define F struct spec_files

/* In the place of n_at: the list is about directories. */
#define OF_TREES 1

/* As the kernel would name it. A name with * or ? cannot be told from a pattern, which no rule of Landlock can be. */
static bool is_file_path(const char *s)
{
	if (*s != '/' || strpbrk(s, "*?"))
		return false;
	while (*s) {
		size_t n = strcspn(++s, "/");

		if ((n == 0 && *s) || (n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.'))
			return false;
		s += n;
	}
	return true;
}

static const struct pattern file_path = {is_file_path, "an absolute path without empty, \".\" and \"..\" components, "
						       "\"*\" and \"?\", with \"/\" at its end for a whole tree"};

/* What is a link to another place for each process has no place when the container starts. */
static bool is_of_caller(const char *s)
{
	static const char *const names[] = {"/proc/self", "/proc/thread-self", "/dev/fd",
					    "/dev/stdin", "/dev/stdout",       "/dev/stderr"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t n = strlen(names[i]);

		if (strncmp(s, names[i], n) == 0 && (s[n] == '/' || !s[n]))
			return true;
	}
	return false;
}

bool files_can_name(const char *path)
{
	return is_file_path(path) && !is_of_caller(path);
}

static int check_path(struct reader *rd, const struct field *f, const struct json *v, const char *path, struct err *e)
{
	if (is_of_caller(path))
		return bad(rd, v, e, EINVAL,
			   "\"%s\" is another file for each process, and the place is looked up once, before the "
			   "first one runs: name \"/proc/\"; what a program is given open needs no rule",
			   shown(path).s);
	if (f->n_at == OF_TREES && path[strlen(path) - 1] != '/')
		return bad(rd, v, e, EINVAL, "\"%s\" is no tree, and %s is about directories: write \"%s/\"",
			   shown(path).s, f->key, shown(path).s);
	return 0;
}

static PARSER(get_paths)
{
	struct spec_file_list *list = field_at(obj, f->at);
	const struct json *j = v->type == JSON_ARRAY ? v->first : NULL;
	struct field strings = *f;
	int r;

	strings.at = 0;
	r = get_strv(rd, &strings, v, &list->paths, e);
	if (r < 0)
		return r;
	list->set = true;
	for (size_t i = 0; j && i < list->paths.n; i++, j = j->next) {
		r = j->wrong ? 0 : check_path(rd, f, j, list->paths.v[i], e);
		if (r < 0) {
			err_ctx(e, "[%zu]", i);
			return r;
		}
	}
	return 0;
}

/* Where they are is looked up like all others. */
static PARSER(get_deny)
{
	const struct strv *paths = field_at(obj, f->at);
	const struct json *j = v->type == JSON_ARRAY ? v->first : NULL;
	int r = get_strv(rd, f, v, obj, e);

	for (size_t i = 0; j && i < paths->n && r >= 0; i++, j = j->next) {
		if (j->wrong)
			continue;
		r = str_eq(paths->v[i], "/")
			? bad(rd, j, e, EINVAL, "the root cannot be hidden: leave a list empty for that")
			: check_path(rd, f, j, paths->v[i], e);
		if (r < 0)
			err_ctx(e, "[%zu]", i);
	}
	return r;
}

#define LIST(key, right, ...) FIELD(key, get_paths, F, list[right], .pattern = &file_path, __VA_ARGS__)
static const struct field files_fields[] = {
    RESPONSE_FIELDS(F, response),
    FIELD("deny", get_deny, F, deny, .pattern = &file_path, .min = 1),
    LIST("read", FILES_READ),
    LIST("write", FILES_WRITE),
    LIST("create", FILES_CREATE, .n_at = OF_TREES),
    LIST("execute", FILES_EXECUTE),
    LIST("list", FILES_LIST, .n_at = OF_TREES),
    LIST("ioctl", FILES_IOCTL),
};

static int check_files(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	const F *files = obj;

	if (spec_files_has_lists(files) || files->deny.v)
		return 0;
	return bad(rd, v, e, EINVAL, "says nothing: name read, write, create, execute, list, ioctl or deny");
}

const struct table files_table = {TABLE_FIELDS(files_fields), SET_AT(F, set), .check = check_files};
