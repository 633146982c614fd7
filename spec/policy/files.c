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
	return path_is_clean(s) && !strpbrk(s, "*?");
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

static int check_path(struct reader *rd, const struct field *f, const struct json *v, const char *path, void *arg,
		      struct err *e)
{
	(void)arg;
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
	int r = get_strv_each(rd, f, v, &list->paths, check_path, NULL, e);

	list->set = r == 0;
	return r;
}

static int check_hidden(struct reader *rd, const struct field *f, const struct json *j, const char *path, void *arg,
			struct err *e)
{
	if (str_eq(path, "/"))
		return bad(rd, j, e, EINVAL, "the root cannot be hidden: leave a list empty for that");
	return check_path(rd, f, j, path, arg, e);
}

/* Where they are is looked up like all others. */
static PARSER(get_deny)
{
	return get_strv_each(rd, f, v, field_at(obj, f->at), check_hidden, NULL, e);
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
