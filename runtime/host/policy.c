/* SPDX-License-Identifier: Apache-2.0 */
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
	if (str_nearer(name, "default", &least))
		strcpy(near, "default");
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
		ret->text = access(path, F_OK) < 0 ? jail_builtin_policy(name) : NULL;
		if (ret->text) {
			ret->len = strlen(ret->text);
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
	return r;
}

void rt_policy_text_free(struct rt_policy_text *t)
{
	free(t->own);
	*t = (struct rt_policy_text){0};
}

int rt_policy_load(struct rt_call *c, const char *dir, const char *name, bool by_path, struct spec_policy *ret,
		   struct err *e)
{
	AUTO_POLICY_TEXT text = {0};
	int r = rt_policy_read(c, dir, name, by_path, &text, e);

	if (r < 0)
		return r;
	r = spec_policy_parse(text.text, text.len, text.file ? text.file : name, &c->arena, ret, e);
	ret->file = text.file;
	ret->builtin = r >= 0 && !text.file;
	if (r >= 0 && text.file && str_eq(ret->name, text.file)) /* it gives itself none */
		ret->name = arena_strdup(&c->arena, name);
	return r < 0 || ret->name ? r : err_set(e, ENOMEM, "out of memory");
}

int rt_policy_check(struct rt_call *c, const char *dir, const char *name, struct spec_policy *ret,
		    struct spec_errors *errors, struct err *e)
{
	AUTO_POLICY_TEXT text = {0};
	int r = rt_policy_read(c, dir, name, true, &text, e);

	if (r < 0)
		return r;
	(void)spec_policy_check(text.text, text.len, &c->arena, ret, errors);
	ret->file = text.file;
	ret->builtin = !text.file;
	if (!ret->name)
		ret->name = arena_strdup(&c->arena, name);
	return errors->v && ret->name ? 0 : err_set(e, ENOMEM, "out of memory");
}

int rt_policy_told(struct rt_call *c, const char *dir, const char *name, struct spec_policy *ret, struct err *e)
{
	struct spec_errors errors = {0};
	int r = rt_policy_check(c, dir, name, ret, &errors, e);

	if (r < 0 || !errors.n)
		return r;
	*e = errors.v[0].err;
	err_file(e, ret->file ? ret->file : name);
	return -e->code;
}

/* An annotation is untrusted: it can ask for a policy, and never for none. */
static int check_asked(const char *asked, const struct spec_admin *admin, struct err *e)
{
	if (admin->annotations.set && !admin->annotations.v)
		return err_set(
		    e, EPERM,
		    "the administrator's configuration says that annotations are not heard (\"annotations\": false): "
		    "leave it out");
	if (str_eq(asked, "none"))
		return err_set(e, EPERM, "an annotation cannot switch the jail off; use --policy none");
	return 0;
}

static int add_floor(struct rt_call *c, const char *dir, const char *floor, const char *chosen, struct rt_policies *ret,
		     struct err *e)
{
	int r;

	if (!floor || (chosen && str_eq(floor, chosen)))
		return 0;
	r = rt_policy_load(c, dir, floor, false, ret->has ? &ret->floor : &ret->chosen, e);
	if (r < 0)
		return err_ctx(e, "floor");
	ret->has_floor = ret->has;
	ret->has = true;
	return 0;
}

/* The jail is PID 1 of a pid namespace. In one that is shared with others there is none to protect, so the built-in policy
 * has nothing to do; rules that somebody wrote would go unenforced. */
static int check_pid_namespace(struct rt_policies *p, struct err *e)
{
	const struct spec_policy *written = !p->chosen.builtin                  ? &p->chosen
					    : p->has_floor && !p->floor.builtin ? &p->floor
										: NULL;

	if (!written) {
		log_debug("policy %s: the pid namespace is shared, there is no jail", p->chosen.name);
		p->has = p->has_floor = false;
		return 0;
	}
	return err_set(
	    e, ENOTSUP,
	    "config.json: linux.namespaces: policy %s needs a pid namespace of the container's own, in which "
	    "the jail is PID 1; add {\"type\": \"pid\"} without a path, or use --policy none",
	    written->name);
}

int rt_policies_choose(struct rt_call *c, const struct spec_map *annotations, const struct spec_admin *admin,
		       const char *fallback, bool shares_pids, struct rt_policies *ret, struct err *e)
{
	const char *asked = spec_map_get(annotations, RT_ANNOTATION_POLICY), *dir = rt_policy_dir(c, admin), *name;
	int r = 0;

	*ret = (struct rt_policies){.has = false};
	name = c->g.policy ? c->g.policy : asked ? asked : admin->default_policy ? admin->default_policy : fallback;
	if (!c->g.policy && asked)
		r = check_asked(asked, admin, e);
	ret->has = name && !str_eq(name, "none");
	if (r >= 0 && ret->has)
		r = rt_policy_load(c, dir, name, c->g.policy != NULL, &ret->chosen, e);
	if (r < 0 && !c->g.policy && asked)
		return err_ctx(e, "config.json: annotations[\"" RT_ANNOTATION_POLICY "\"]");
	if (r < 0 && !c->g.policy && admin->default_policy) {
		err_ctx(e, "defaultPolicy");
		return err_file(e, admin->file);
	}
	if (r >= 0 && !c->g.policy)
		r = add_floor(c, dir, admin->floor, ret->has ? name : NULL, ret, e);
	if (r < 0 && str_starts(e->path, "floor"))
		err_file(e, admin->file);
	if (r < 0 || !ret->has || !shares_pids)
		return r;
	return check_pid_namespace(ret, e);
}
