/* SPDX-License-Identifier: Apache-2.0 */
#include "prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "activation.h"
#include "sealed.h"

#define ANNOTATION_POLICY "jailrun.policy"

static int load_config(struct rt_call *c, struct life *l, struct err *e)
{
	AUTO_CLOSE int bundle = open(l->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_FREE char *text = NULL;
	size_t len;
	int r;

	if (bundle < 0)
		return err_errno(e, "open bundle '%s'", l->bundle);
	if (!c->o.config)
		return spec_config_load(bundle, &c->arena, &l->config, e);
	r = file_read(AT_FDCWD, c->o.config, SPEC_FILE_MAX, &text, &len, e);
	return r < 0 ? r : spec_config_parse(text, len, c->o.config, &c->arena, &l->config, e);
}

static bool is_policy_name(const char *s)
{
	return *s && *s != '.' && !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")];
}

int rt_policy_load(struct rt_call *c, const char *name, bool by_path, struct spec_policy *ret, struct err *e)
{
	AUTO_FREE char *text = NULL;
	const char *path = name, *builtin;
	size_t len;
	int r;

	if (is_policy_name(name)) {
		path = arena_printf(&c->arena, "%s/%s.json", c->g.policy_dir, name);
		if (!path)
			return err_set(e, ENOMEM, "out of memory");
		builtin = access(path, F_OK) < 0 ? jail_builtin_policy(name) : NULL;
		if (builtin) {
			r = spec_policy_parse(builtin, strlen(builtin), name, &c->arena, ret, e);
			ret->builtin = r >= 0;
			return r;
		}
		if (by_path && access(path, F_OK) < 0 && access(name, F_OK) == 0)
			path = name;
	} else if (!by_path) {
		return err_set(e, EINVAL, "'%s' is no policy name: an annotation names one of %s, it gives no path",
			       name, c->g.policy_dir);
	}
	r = file_read(AT_FDCWD, path, SPEC_FILE_MAX, &text, &len, e);
	if (r == -ENOENT) {
		*e = (struct err){0};
		return err_set(e, ENOENT, "policy '%s' is not built in, and there is no '%s'", name, path);
	}
	return r < 0 ? r : spec_policy_parse(text, len, name, &c->arena, ret, e);
}

/* --policy, else the annotation, else what the command stands for. An annotation is untrusted: it can ask for a policy, and
 * never for none. */
static int choose_policy(struct rt_call *c, const struct life *l, const char *fallback, struct spec_policy *p,
			 bool *ret_has, struct err *e)
{
	const char *asked = spec_map_get(&l->config.annotations, ANNOTATION_POLICY);
	int r;

	*ret_has = !str_eq(c->g.policy, "none") && (c->g.policy || asked || fallback);
	if (!*ret_has)
		return 0;
	if (c->g.policy)
		return rt_policy_load(c, c->g.policy, true, p, e);
	if (!asked)
		return rt_policy_load(c, fallback, false, p, e);
	if (str_eq(asked, "none"))
		return err_set(e, EPERM,
			       "config.json: annotations[\"" ANNOTATION_POLICY
			       "\"]: an annotation cannot switch the jail off; use --policy none");
	r = rt_policy_load(c, asked, false, p, e);
	if (r < 0)
		err_ctx(e, "config.json: annotations[\"" ANNOTATION_POLICY "\"]");
	return r;
}

/* Compiled filters outlive containers: a directory that is only ours, or none. */
static const char *cache_dir(struct rt_call *c)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");

	if (geteuid() == 0 && !rt_is_rootless(c))
		return "/var/cache/jailrun";
	return xdg && *xdg ? arena_printf(&c->arena, "%s/jailrun-cache", xdg) : NULL;
}

/* Where the listeners of a profile that makes some go. As in runc, a relative path is relative to the bundle. */
static int fill_agent(struct rt_call *c, struct life *l, struct err *e)
{
	const struct spec_seccomp *p = &l->config.linux_.seccomp;
	struct spec_state *s = &l->state;

	if (!jail_has_agent(&l->jail))
		return 0;
	s->seccomp_listener_metadata = p->listener_metadata;
	s->seccomp_listener_path =
	    *p->listener_path == '/' ? p->listener_path : arena_printf(&c->arena, "%s/%s", l->bundle, p->listener_path);
	return s->seccomp_listener_path ? 0 : err_set(e, ENOMEM, "out of memory");
}

static bool shares_pids(const struct spec_config *c)
{
	const struct spec_namespace *ns = &c->linux_.namespaces[NS_PID];

	return !ns->set || ns->path;
}

static void fill_state(struct rt_call *c, struct life *l, const struct spec_policy *policy)
{
	struct spec_state *s = &l->state;
	char now[NOW_UTC_SIZE];

	s->id = (char *)l->id;
	s->bundle = (char *)l->bundle;
	s->rootfs = (char *)l->ns.rootfs;
	s->created_at = arena_strdup(&c->arena, now_utc(now, 9));
	s->owner_uid = geteuid();
	s->owner = (char *)rt_user_name(geteuid(), &c->arena);
	s->cgroup_manager = (char *)c->g.cgroup_manager;
	s->cgroup_path = (char *)l->cg.path;
	s->rdt_path = (char *)l->rdt.path;
	s->rdt_remove = l->rdt.remove;
	s->rdt_monitor = (char *)l->rdt.monitor;
	s->policy = policy ? policy->name : NULL;
	s->pid_shared = shares_pids(&l->config);
	s->notify = l->notify.host != NULL;
	s->annotations = l->config.annotations;
	memcpy(s->hooks, l->config.hooks, sizeof(s->hooks));
}

int rt_check_terminal(const struct rt_call *c, const struct life *l, struct err *e)
{
	bool terminal = l->config.process.terminal;

	if (terminal && !l->foreground && !c->o.console_socket)
		return err_set(e, EINVAL, "cannot allocate tty if jailrun will detach without setting console socket");
	if (c->o.console_socket && (!terminal || l->foreground))
		return err_set(e, EINVAL, "cannot use console socket if jailrun will not detach or allocate tty");
	return 0;
}

/* First those of LISTEN_FDS, then as many as --preserve-fds says. */
int rt_check_fds(const struct rt_call *c, struct life *l, struct err *e)
{
	int listen = rt_listen_fds(e);
	uint64_t end = 3 + (uint64_t)(listen > 0 ? listen : 0) + c->o.preserve_fds;

	if (listen < 0)
		return listen;
	if (c->o.preserve_fds > INT_MAX)
		return err_set(e, EBADF, "--preserve-fds: %llu are more than there can be",
			       (unsigned long long)c->o.preserve_fds);
	for (uint64_t fd = 3 + (uint64_t)listen; fd < end; fd++)
		if (fcntl((int)fd, F_GETFD) < 0)
			return err_set(e, EBADF, "--preserve-fds: fd %llu is not open", (unsigned long long)fd);
	l->listen_fds = listen;
	return fd_cloexec_from((unsigned int)end, e);
}

/* The jail is PID 1 of a pid namespace. In one that is shared with others there is none to protect, so the built-in policy
 * has nothing to do; rules that somebody wrote would go unenforced. */
static int check_pid_namespace(const struct life *l, struct spec_policy *policy, bool *has_policy, struct err *e)
{
	if (!*has_policy || !shares_pids(&l->config))
		return 0;
	if (policy->builtin) {
		log_debug("policy %s: the pid namespace is shared, there is no jail", policy->name);
		*has_policy = false;
		return 0;
	}
	return err_set(
	    e, ENOTSUP,
	    "config.json: linux.namespaces: policy %s needs a pid namespace of the container's own, in which "
	    "the jail is PID 1; add {\"type\": \"pid\"} without a path, or use --policy none",
	    policy->name);
}

static int probe_cgroups(struct rt_call *c, struct cg_facts *ret, struct err *e)
{
	int r = cg_probe(&c->arena, ret, e);

	ret->rootless = str_eq(c->g.rootless, "true")    ? CG_ROOTLESS_TRUE
			: str_eq(c->g.rootless, "false") ? CG_ROOTLESS_FALSE
							 : CG_ROOTLESS_AUTO;
	return r;
}

static int plan_rdt(struct rt_call *c, struct life *l, struct err *e)
{
	struct cg_rdt_facts facts;
	int r = cg_rdt_probe(&l->config.linux_, l->id, &c->arena, &facts, e);

	return r < 0 ? r : cg_rdt_plan(&l->config.linux_, &facts, l->id, &c->arena, &l->rdt, e);
}

static int plan_jail(struct rt_call *c, struct life *l, const struct spec_policy *policy, struct err *e)
{
	struct jail_options o = {
	    .id = l->id,
	    .cache_dir = cache_dir(c),
	    .no_new_keyring = c->o.no_new_keyring,
	    .userns = l->ns.userns,
	    .preserve_fds = (uint32_t)c->o.preserve_fds + (uint32_t)l->listen_fds,
	    .listen_pid = l->listen_fds > 0,
	};
	struct jail_facts facts;
	int r = jail_probe(&facts, e);

	return r < 0 ? r : jail_plan(&l->config, policy, &facts, &o, &c->arena, &l->jail, e);
}

int rt_prepare(struct rt_call *c, const char *bundle, const char *id, const char *default_policy, struct life *l,
	       struct err *e)
{
	struct spec_policy policy = {0};
	struct ns_facts ns_facts;
	struct cg_facts cg_facts;
	char path[PATH_MAX];
	bool has_policy;
	int r;

	if (!bundle)
		bundle = c->o.bundle ? c->o.bundle : ".";
	if (!realpath(bundle, path))
		return err_errno(e, "bundle '%s'", bundle);
	l->bundle = arena_strdup(&c->arena, path);
	l->root = c->g.root;
	l->id = id;
	l->console_socket = c->o.console_socket;
	l->pidfd_socket = c->o.pidfd_socket;
	l->pid_file = c->o.pid_file;
	l->audit = c->g.audit;
	l->trace = c->o.trace_steps;
	if ((r = rt_check_fds(c, l, e)) < 0 || (r = load_config(c, l, e)) < 0 ||
	    (r = rt_run_sealed(c, shares_pids(&l->config), e)) < 0)
		return r;
	if (!l->config.process.set && l->start_now) /* create can do without: runtime.md, Start */
		return err_set(e, EINVAL, "config.json: process: is required to run a container");
	if ((r = rt_check_terminal(c, l, e)) < 0 ||
	    (r = choose_policy(c, l, default_policy, &policy, &has_policy, e)) < 0 ||
	    (r = check_pid_namespace(l, &policy, &has_policy, e)) < 0)
		return r;
	if ((r = rt_listen_env(l->listen_fds, &c->arena, &l->config.process.env, e)) < 0 ||
	    (r = rt_notify_plan(l->root, id, &l->config, &c->arena, &l->notify, e)) < 0 ||
	    (r = ns_probe(&ns_facts, e)) < 0 ||
	    (r = ns_plan(&l->config, &ns_facts, l->bundle, c->o.no_pivot, &c->arena, &l->ns, e)) < 0 ||
	    (r = probe_cgroups(c, &cg_facts, e)) < 0 ||
	    (r = cg_plan(&l->config, &cg_facts, c->manager, id, l->ns.userns, &c->arena, &l->cg, e)) < 0 ||
	    (r = plan_rdt(c, l, e)) < 0 || (r = plan_jail(c, l, has_policy ? &policy : NULL, e)) < 0)
		return r;
	fill_state(c, l, has_policy ? &policy : NULL);
	if ((r = fill_agent(c, l, e)) < 0)
		return r;
	if ((r = life_set_fail(l, c->o.fail_step, e)) < 0)
		return r;
	return life_set_die(l, c->o.die_step, e);
}
