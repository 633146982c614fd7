/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a policy, and of what it extends: found, judged by whose it is, read. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"
#include "jail/jail.h"

/* A policy of the directory. One that the command line gives by its path is the caller's to judge. */
static int read_named(struct rt_call *c, const char *path, char **ret, size_t *ret_len, struct err *e)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int r = fd < 0 ? err_errno(e, "open '%s'", path) : rt_admin_check_owner(c, fd, path, e);

	if (r < 0)
		return r;
	r = fd_read_all(fd, SPEC_FILE_MAX, ret, ret_len);
	return r < 0 ? err_set(e, -r, "read '%s': %s", path, strerror(-r)) : 0;
}

/* What was meant, of the policies that there are. */
static int no_policy(const char *dir, const char *name, const char *path, struct err *e)
{
	char near[NAME_MAX + 1] = "";
	size_t least = SIZE_MAX;
	const struct dirent *d;
	DIR *list;

	if (path == name)
		return err_set(e, ENOENT, "policy: there is no file '%s'; make it, or name another one", name);
	if (strlen(name) > 5 && str_eq(name + strlen(name) - 5, ".json"))
		return err_set(e, ENOENT,
			       "policy: there is no file '%s' here; make it, name another one by a path with a slash "
			       "in it, or one of %s by its name without \".json\"",
			       name, dir);
	for (size_t i = 0; jail_builtin_name(i); i++)
		if (str_nearer(name, jail_builtin_name(i), &least))
			strcpy(near, jail_builtin_name(i));
	list = opendir(dir);
	while (list && (d = readdir(list))) {
		const char *dot = strrchr(d->d_name, '.');
		char word[NAME_MAX + 1];

		if (!dot || !str_eq(dot, ".json"))
			continue;
		snprintf(word, sizeof(word), "%.*s", (int)(dot - d->d_name), d->d_name);
		if (str_nearer(name, word, &least))
			strcpy(near, word);
	}
	if (list)
		closedir(list);
	if (near[0])
		return err_set(e, ENOENT, "policy '%s' is not built in, and there is no '%s'; did you mean %s?", name,
			       path, near);
	return err_set(
	    e, ENOENT,
	    "policy '%s' is not built in, and there is no '%s'; put the file there, or say a path with a slash in it, "
	    "default, or none",
	    name, path);
}

/* The file by its numbers, so that no other path makes it another one. */
static char *file_id(struct rt_call *c, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return arena_strdup(&c->arena, path);
	return arena_printf(&c->arena, "/%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
}

int rt_policy_read(struct rt_call *c, const char *dir, const char *name, bool by_path, struct rt_policy_text *ret,
		   struct err *e)
{
	const char *path = name;
	int r;

	*ret = (struct rt_policy_text){0};

	if (spec_is_policy_name(name)) {
		path = arena_printf(&c->arena, "%s/%s.json", dir, name);
		if (!path)
			return err_set(e, ENOMEM, "out of memory");
		r = access(path, F_OK) < 0 ? errno : 0;
		/* What cannot be seen may be a stricter one of that name. */
		if (r && r != ENOENT && r != ENOTDIR && jail_builtin_policy(name)) {
			err_set(
			    e, r,
			    "%s (%s): whether the built-in policy has another one in its place cannot be told; make "
			    "the directory searchable, or name another with --policy-dir",
			    strerror(r), errno_name(r));
			return err_file(e, path);
		}
		ret->text = r ? jail_builtin_policy(name) : NULL;
		if (ret->text) {
			ret->len = strlen(ret->text);
			ret->id = name;
			return 0;
		}
		if (by_path && access(path, F_OK) < 0 && access(name, F_OK) == 0)
			path = name;
	} else if (!by_path) {
		return err_set(e, EINVAL, "'%s' is no policy name: an annotation names one of %s, it gives no path",
			       name, dir);
	}
	r = path == name ? file_read(AT_FDCWD, path, SPEC_FILE_MAX, &ret->own, &ret->len, e)
			 : read_named(c, path, &ret->own, &ret->len, e);
	if (r == -ENOENT) {
		*e = (struct err){0};
		return no_policy(dir, name, path, e);
	}
	ret->file = path;
	ret->text = ret->own;
	ret->id = r < 0 ? NULL : file_id(c, path);
	return r < 0 || ret->id ? r : err_set(e, ENOMEM, "out of memory");
}

struct spec_text rt_policy_spec_text(const struct rt_policy_text *t, const char *name)
{
	return (struct spec_text){t->text, t->len, t->file ? t->file : name, t->file, t->id};
}

void rt_policy_text_free(struct rt_policy_text *t)
{
	free(t->own);
	*t = (struct rt_policy_text){0};
}

/* Makes it live as long as the call. */
static int keep(struct rt_call *c, const struct rt_policy_text *t, const char *name, struct spec_text *ret,
		struct err *e)
{
	*ret = rt_policy_spec_text(t, name);
	if (t->own)
		ret->text = arena_strndup(&c->arena, t->own, t->len);
	return ret->text ? 0 : err_set(e, ENOMEM, "out of memory");
}

static int find_path(struct rt_call *c, const struct spec_text *by, const char *name, struct spec_text *ret,
		     struct err *e)
{
	const char *slash = by->file && *name != '/' ? strrchr(by->file, '/') : NULL;
	int dir = slash ? (int)(slash + 1 - by->file) : 0;
	AUTO_POLICY_TEXT text = {.file = arena_printf(&c->arena, "%.*s%s", dir, dir ? by->file : "", name)};
	int r;

	if (!text.file)
		return err_set(e, ENOMEM, "out of memory");
	r = read_named(c, text.file, &text.own, &text.len, e);
	if (r == -ENOENT) {
		*e = (struct err){0};
		return err_set(e, ENOENT,
			       "there is no file '%s': a path starts at the directory of the file that extends it",
			       text.file);
	}
	if (r < 0)
		return r;
	text.text = text.own;
	text.id = file_id(c, text.file);
	return text.id ? keep(c, &text, name, ret, e) : err_set(e, ENOMEM, "out of memory");
}

/* A policy of the directory that extends its own name means the built-in one, in whose place it is. */
static bool means_builtin(struct rt_call *c, const struct rt_bases *b, const struct spec_text *by, const char *name)
{
	const char *path = arena_printf(&c->arena, "%s/%s.json", b->dir, name);

	return path && by->id && jail_builtin_policy(name) && str_eq(file_id(c, path), by->id);
}

/* A file that stands beside the one that names it without a slash. NULL: there is none. */
static const char *file_beside(struct rt_call *c, const struct spec_text *by, const char *name)
{
	const char *slash = by->file ? strrchr(by->file, '/') : NULL;
	int dir = slash ? (int)(slash + 1 - by->file) : 0;
	static const char *const ends[] = {"", ".json"};

	for (size_t i = 0; by->file && i < ARRAY_LEN(ends); i++) {
		const char *file = arena_printf(&c->arena, "./%s%s", name, ends[i]);
		const char *path = file ? arena_printf(&c->arena, "%.*s%s", dir, by->file, file) : NULL;

		if (path && access(path, F_OK) == 0)
			return file;
	}
	return NULL;
}

int rt_policy_find_base(void *arg, const struct spec_text *by, const char *name, struct spec_text *ret, struct err *e)
{
	const struct rt_bases *b = arg;
	struct rt_call *c = b->call;
	AUTO_POLICY_TEXT text = {0};
	int r;

	if (strchr(name, '/') && b->way == RT_BY_ANNOTATION)
		return err_set(e, EPERM,
			       "'%s' is a path: a policy that an annotation asks for can extend names alone, of %s and "
			       "of what is built in",
			       name, b->dir);
	if (strchr(name, '/'))
		return find_path(c, by, name, ret, e);
	if (!spec_is_policy_name(name))
		return err_set(e, EINVAL, "'%s' is no policy name; write a file with a slash, ./%s", name, name);
	if (means_builtin(c, b, by, name)) {
		text.text = jail_builtin_policy(name);
		text.len = strlen(text.text);
		text.id = name;
	} else if ((r = rt_policy_read(c, b->dir, name, false, &text, e)) < 0) {
		const char *beside = r == -ENOENT && b->way == RT_BY_PATH ? file_beside(c, by, name) : NULL;

		if (!beside)
			return r;
		*e = (struct err){0};
		return err_set(e, ENOENT, "%s has no policy '%s'; write \"%s\" for the file beside", b->dir, name,
			       beside);
	}
	return keep(c, &text, name, ret, e);
}
