/* SPDX-License-Identifier: Apache-2.0 */
/* install: the runtime in the configuration of an engine. What is to be done is known whole before the first byte is written. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "runtime/host/host.h"

struct engine {
	const char *file;      /* of root */
	const char *user_file; /* of a user, below XDG_CONFIG_HOME; NULL: it needs root */
	/* What has to be done after a change; NULL: nothing. A reload does not do for what is removed. */
	const char *reload, *restart, *user_reload;
	const char *use;      /* %s: the runtime's name */
	const char *conflict; /* what to do when the file has such a table already */
	bool args;            /* a runtime has arguments there */
};

static const struct engine engines[ENGINE_COUNT] = {
    [ENGINE_DOCKER] = {.file = "/etc/docker/daemon.json",
		       .user_file = "docker/daemon.json",
		       .reload = "systemctl reload docker",
		       .restart = "systemctl restart docker",
		       .user_reload = "systemctl --user restart docker",
		       .use = "docker run --runtime %s ...",
		       .conflict = "edit it by hand",
		       .args = true},
    [ENGINE_CONTAINERD] = {.file = "/etc/containerd/config.toml",
			   .reload = "systemctl restart containerd",
			   .restart = "systemctl restart containerd",
			   .use = "a RuntimeClass with `handler: %s`",
			   .conflict = "leave --default out, choose another --name, or edit the file by hand"},
    [ENGINE_PODMAN] = {.file = "/etc/containers/containers.conf.d/jailrun.conf",
		       .user_file = "containers/containers.conf.d/jailrun.conf",
		       .use = "podman --runtime %s run ...",
		       .conflict = "name a file of its own in /etc/containers/containers.conf.d by --file"},
    [ENGINE_CRIO] = {.file = "/etc/crio/crio.conf.d/10-jailrun.conf",
		     .reload = "systemctl restart crio",
		     .restart = "systemctl restart crio",
		     .use = "a RuntimeClass with `handler: %s`",
		     .conflict = "name a file of its own in /etc/crio/crio.conf.d by --file"},
};

/* Where CRI-O's packages have it. */
static const char *const conmons[] = {"/usr/libexec/crio/conmon", "/usr/bin/conmon", "/usr/local/bin/conmon"};

static enum spec_engine find_engine(const char *name)
{
	enum spec_engine i = ENGINE_DOCKER;

	while (i < ENGINE_COUNT && !str_eq(spec_engine_name(i), name))
		i++;
	return i;
}

static int find_file(struct rt_call *c, const struct engine *engine, const char **ret, struct err *e)
{
	const char *config = rt_user_config(&c->arena);
	char cwd[PATH_MAX];

	*ret = engine->file;
	if (c->o.file && *c->o.file != '/') {
		if (!getcwd(cwd, sizeof(cwd)))
			return err_errno(e, "find the working directory, for --file '%s'", c->o.file);
		*ret = arena_printf(&c->arena, "%s/%s", cwd, c->o.file);
	} else if (c->o.file) {
		*ret = c->o.file;
	} else if (geteuid() != 0) {
		if (!engine->user_file)
			return err_set(e, EPERM, "%s is root's: call it as root, or name a file by --file",
				       engine->file);
		if (!config)
			return err_set(
			    e, ENOENT,
			    "neither XDG_CONFIG_HOME nor HOME says where your files are: name one by --file");
		*ret = arena_printf(&c->arena, "%s/%s", config, engine->user_file);
	}
	return *ret ? 0 : err_set(e, ENOMEM, "out of memory");
}

/* The program that engines shall execute: one that is there, by its absolute path. */
static int find_program(struct rt_call *c, const char **ret, struct err *e)
{
	const char *path = c->o.path;
	char self[PATH_MAX];
	ssize_t n;

	if (!path) {
		n = readlink("/proc/self/exe", self, sizeof(self) - 1);
		if (n < 0)
			return err_errno(e, "read /proc/self/exe: name the program by --path");
		self[n] = '\0';
		path = arena_strdup(&c->arena, self);
	}
	if (path && *path != '/')
		return err_set(e, EINVAL, "--path '%s': must be absolute: engines have another working directory",
			       path);
	if (path && access(path, X_OK) < 0)
		return err_errno(e, "--path '%s': a program that can be executed", path);
	*ret = path;
	return path ? 0 : err_set(e, ENOMEM, "out of memory");
}

/* What the engine calls the program with: --policy, which goes before annotations and the administrator's configuration. Where that
 * has a word on every container, and nobody says otherwise, it is left to it. */
static int find_args(struct rt_call *c, struct strv *ret, struct err *e)
{
	const char *policy = c->o.policy ? c->o.policy : "default";
	struct spec_admin admin;
	char real[PATH_MAX];
	struct spec_policy p;
	int r = rt_admin_load(c, &admin, NULL, e);

	if (r < 0)
		return r;
	if (!c->o.policy && (admin.default_policy || admin.floor))
		return 0;
	ret->v = arena_alloc(&c->arena, 3 * sizeof(*ret->v));
	if (!str_eq(policy, "none") && rt_policy_load(c, rt_policy_dir(c, &admin), policy, RT_BY_PATH, &p, e) < 0)
		return err_ctx(e, "--policy");
	/* One that was found by its path, as engines have another working directory. */
	if (strchr(policy, '/') && realpath(policy, real))
		policy = arena_strdup(&c->arena, real);
	if (!ret->v || !policy)
		return err_set(e, ENOMEM, "out of memory");
	ret->v[ret->n++] = "--policy";
	ret->v[ret->n++] = (char *)policy;
	return 0;
}

/* Where an engine gives its runtimes no arguments, the policy is the administrator's default: a configuration that is not there yet is made,
 * one that is there is its owner's. ret_text stays empty where there is nothing to do. */
static int plan_default(struct rt_call *c, struct rt_config_file *f, struct buf *ret_text, struct buf *note,
			struct err *e)
{
	const char *policy = c->o.policy ? c->o.policy : "default", *path, *own = rt_admin_file(c);
	struct jsonw w = {.out = ret_text, .indent = 2};
	struct spec_admin admin;
	struct spec_policy p;
	int r = rt_admin_load(c, &admin, &path, e);

	if (r < 0)
		return r;
	if ((!c->o.policy && admin.floor) ||
	    (admin.default_policy && (!c->o.policy || str_eq(admin.default_policy, policy))))
		return 0;
	if (c->o.policy && (path || c->o.file))
		return err_set(e, EEXIST,
			       "--policy: %s gives a runtime no arguments: say \"defaultPolicy\": \"%s\" in %s",
			       c->args[0], policy, path ? path : own);
	if (path || c->o.file) {
		buf_printf(
		    note,
		    "no policy: %s has no defaultPolicy; containers whose annotation asks for none have no jail\n",
		    path ? path : own);
		return 0;
	}
	if (!spec_is_policy_name(policy))
		return err_set(
		    e, EINVAL,
		    "--policy '%s': %s gives a runtime no arguments, and a defaultPolicy is a name: put it into %s",
		    policy, c->args[0], rt_policy_dir(c, &admin));
	if (!str_eq(policy, "none") && rt_policy_load(c, rt_policy_dir(c, &admin), policy, RT_BY_NAME, &p, e) < 0)
		return err_ctx(e, "--policy");
	r = rt_config_read(own, &c->arena, f, e);
	jw_object(&w, NULL);
	jw_str(&w, "defaultPolicy", policy);
	jw_object_end(&w);
	buf_str(ret_text, "\n");
	return r;
}

static int fill_edit(struct rt_call *c, const struct engine *engine, struct spec_engine_edit *edit, struct err *e)
{
	int r = 0;

	*edit = (struct spec_engine_edit){.name = c->o.name ? c->o.name : "jailrun", .make_default = c->o.make_default};
	if (c->o.remove)
		return c->o.make_default || c->o.policy || c->o.path
			   ? err_set(e, EINVAL, "--remove stands with --file, --name and --write alone")
			   : 0;
	for (size_t i = 0; i < ARRAY_LEN(conmons) && !edit->conmon; i++)
		if (access(conmons[i], X_OK) == 0)
			edit->conmon = conmons[i];
	r = find_program(c, &edit->path, e);
	return r == 0 && engine->args ? find_args(c, &edit->args, e) : r;
}

/* Where to look for a denial: who runs with --rm would look in vain. */
static void say_denials(struct rt_call *c, struct buf *out)
{
	struct spec_admin admin;
	const char *own = rt_admin_file(c);

	if (own && rt_admin_load(c, &admin, NULL, &(struct err){0}) == 0 && admin.audit.to == SPEC_AUDIT_UNSAID)
		buf_printf(out,
			   "denials: in audit.jsonl of the container's state directory until it is deleted; "
			   "\"audit\" in %s keeps them elsewhere\n",
			   own);
}

static void say_next(struct rt_call *c, const struct engine *engine, const char *name, struct buf *out)
{
	const char *reload = geteuid() != 0 ? engine->user_reload : c->o.remove ? engine->restart : engine->reload;

	if (!c->o.write)
		buf_str(out, "nothing was written: --write does it\n");
	if (reload)
		buf_printf(out, "then: %s\n", reload);
	if (c->o.remove)
		return;
	buf_str(out, "use: ");
	for (const char *p = engine->use; *p; p++) {
		if (p[0] == '%' && p[1] == 's') {
			buf_str(out, name);
			p++;
		} else {
			buf_add(out, p, 1);
		}
	}
	buf_str(out, "\n");
	say_denials(c, out);
}

/* Shows or writes one file. Returns whether it changes, or -errno. */
static int carry_out(struct rt_call *c, const struct rt_config_file *f, const struct buf *text, struct buf *out,
		     struct err *e)
{
	const char *backup;
	int r;

	if (text->len == f->len && (!f->len || memcmp(text->data, f->text, f->len) == 0)) {
		buf_printf(out, "%s: nothing to change\n", f->path);
		return 0;
	}
	if (!c->o.write) {
		buf_printf(out, "==> %s <==\n", f->path);
		buf_add(out, text->data, text->len);
		if (text->len && text->data[text->len - 1] != '\n')
			buf_str(out, "\n");
		return 1;
	}
	r = rt_config_write(f, text, &c->arena, &backup, e);
	if (r < 0)
		return r;
	buf_printf(out, "%s: %s", f->path, text->len ? "written" : "removed");
	if (backup)
		buf_printf(out, "; what was there: %s", backup);
	buf_str(out, "\n");
	return 1;
}

/* The engine's file as it will be. */
static int plan_file(struct rt_call *c, enum spec_engine id, struct rt_config_file *f, struct buf *ret_text,
		     struct buf *note, struct err *e)
{
	const struct engine *engine = &engines[id];
	struct spec_engine_config config;
	struct spec_engine_edit edit;
	const char *path;
	int r;

	if ((r = find_file(c, engine, &path, e)) < 0 || (r = fill_edit(c, engine, &edit, e)) < 0 ||
	    (r = rt_config_read(path, &c->arena, f, e)) < 0)
		return r;
	r = spec_engine_change(id, f->text, f->len, path, &edit, &c->arena, ret_text, e);
	if (r == -EEXIST) {
		struct err why = *e;

		*e = (struct err){0};
		err_set(e, EEXIST, "%s: %s", why.text, engine->conflict);
		return err_ctx(e, "%s", path);
	}
	if (r < 0 || !ret_text->len)
		return r;
	r = spec_engine_parse(id, ret_text->data, ret_text->len, path, &c->arena, &config, e);
	if (r == 0 && config.cri_disabled)
		buf_printf(note, "%s: disabled_plugins has the CRI plugin: Kubernetes finds no runtime there\n", path);
	return r;
}

int cmd_install(struct rt_call *c, struct err *e)
{
	enum spec_engine id = find_engine(c->args[0]);
	AUTO_BUF text = {0}, admin_text = {0}, out = {0}, next = {0};
	struct rt_config_file f, admin;
	int r, changes, made = 0;

	if (id == ENGINE_COUNT)
		return err_set(e, EINVAL, "install: '%.64s' is no engine: it takes docker, containerd, podman or crio",
			       c->args[0]);
	r = plan_file(c, id, &f, &text, &next, e);
	if (r == 0 && !engines[id].args && !c->o.remove)
		r = plan_default(c, &admin, &admin_text, &next, e);
	/* First the policy: no engine shall know the runtime without it. */
	if (r == 0 && admin_text.len)
		made = carry_out(c, &admin, &admin_text, &out, e);
	changes = r < 0 || made < 0 ? 0 : carry_out(c, &f, &text, &out, e);
	if (r < 0 || made < 0 || changes < 0)
		return r < 0 ? r : made < 0 ? made : changes;
	r = rt_print(&out, e);
	if (r < 0)
		return r;
	if (changes || made)
		say_next(c, &engines[id], c->o.name ? c->o.name : "jailrun", &next);
	if (next.len)
		(void)fd_write_all(STDERR_FILENO, next.data, next.len);
	return 0;
}
