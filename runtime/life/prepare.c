/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "life.h"
#include "runtime/caller/caller.h"
#include "runtime/host/host.h"
#include "steps.h"

static int load_config(struct rt_call *c, struct life *l, struct err *e)
{
	AUTO_CLOSE int bundle = open(l->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO_FREE char *text = NULL;
	size_t len;
	int r;

	if (bundle < 0)
		return err_errno(e, "open bundle '%s'", l->bundle);
	if (!c->o.config && !file_is_there(bundle, "config.json") && errno == ENOENT)
		return err_set(e, ENOENT,
			       "JSON specification file config.json not found in '%s'; name the bundle's directory by "
			       "--bundle, or make one by jailrun spec",
			       l->bundle);
	if (!c->o.config)
		return spec_config_load(bundle, &c->arena, &l->config, e);
	r = file_read(AT_FDCWD, c->o.config, SPEC_FILE_MAX, &text, &len, e);
	if (r >= 0)
		r = spec_config_parse(text, len, c->o.config, &c->arena, &l->config, e);
	return r < 0 ? err_file(e, "--config") : 0;
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

static void fill_state(struct rt_call *c, struct life *l)
{
	struct spec_state *s = &l->state;
	char now[NOW_UTC_SIZE];

	s->id = (char *)l->id;
	s->bundle = (char *)l->bundle;
	s->rootfs = (char *)l->ns.rootfs;
	s->created_at = arena_strdup(&c->arena, now_utc(now, 9));
	s->owner_uid = geteuid();
	s->owner = (char *)rt_user_name(geteuid(), &c->arena);
	s->cgroup_manager = (char *)cg_manager_name(l->cg.manager);
	s->cgroup_path = (char *)l->cg.path;
	if (s->cgroup_path && !l->cg.unit.name)
		s->cgroup_above = (char *)cg_above(s->cgroup_path, &c->arena);
	s->cgroup_unit = (char *)l->cg.unit.name;
	s->cgroup_user = l->cg.unit.user;
	s->cgroup_box = (char *)l->cg.box;
	s->rdt_path = (char *)l->rdt.path;
	s->rdt_remove = l->rdt.remove;
	s->rdt_monitor = (char *)l->rdt.monitor;
	s->policy = l->jail.policy;
	s->pid_shared = shares_pids(&l->config);
	s->notify = l->notify.host != NULL;
	s->annotations = l->config.annotations;
	memcpy(s->hooks, l->config.hooks, sizeof(s->hooks));
}

/* As runc: one of the three, or else the one of the session. */
static int have_terminal(struct err *e)
{
	AUTO_CLOSE int fd = -1;

	for (int i = 0; i <= 2; i++)
		if (isatty(i))
			return 0;
	fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0)
		return 0;
	return err_errno(
	    e, "process.terminal is set, but jailrun has no terminal to show the container's on (unset it, or give "
	       "a --console-socket): open /dev/tty");
}

int rt_check_terminal(const struct rt_call *c, const struct life *l, struct err *e)
{
	bool terminal = l->config.process.terminal;

	if (terminal && !l->foreground && !c->o.console_socket)
		return err_set(e, EINVAL, "cannot allocate tty if jailrun will detach without setting console socket");
	if (c->o.console_socket && (!terminal || l->foreground))
		return err_set(e, EINVAL, "cannot use console socket if jailrun will not detach or allocate tty");
	/* exec -t works through pipes as well: its caller has asked for it in this very call. */
	return terminal && l->foreground && !l->table->executes ? have_terminal(e) : 0;
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

static int probe_cgroups(struct rt_call *c, struct cg_facts *ret, struct err *e)
{
	int r = cg_probe(&c->arena, ret, e);

	if (r >= 0 && c->manager == CG_SYSTEMD)
		r = cg_probe_units(ret, &c->arena, e);
	ret->count = c->o.report != NULL;
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

static bool needs_cgroup(const struct rt_policies *p)
{
	static const enum policy_bound bounds[] = {BOUND_MEMORY, BOUND_CPU, BOUND_IDLE};
	bool any = false;

	for (size_t i = 0; i < ARRAY_LEN(bounds); i++)
		any |= (p->has && p->chosen.bounds[bounds[i]].set) || (p->has_floor && p->floor.bounds[bounds[i]].set);
	return any;
}

static int plan_cgroup(struct rt_call *c, struct life *l, const struct rt_policies *p, const struct cg_facts *f,
		       struct err *e)
{
	int r = life_plan_memory(&l->config.linux_.resources, p, &c->arena, e);

	if (r < 0)
		return r;
	r = cg_plan(&l->config, f, c->manager, l->id, l->ns.userns, &c->arena, &l->cg, e);
	return r < 0 ? life_memory_error(p, e) : 0;
}

/* All sets of rules that the container is under; each has to agree. Numbered as the policies of the jail's plan. */
static int plan_network(struct rt_call *c, struct life *l, const struct rt_policies *p, const struct cg_facts *f,
			struct err *e)
{
	const struct spec_policy *const policies[] = {&p->chosen, &p->floor};
	const bool has[] = {p->has, p->has_floor};
	struct cg_net_set sets[ARRAY_LEN(policies)] = {0};
	int r;

	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		const struct spec_response how = spec_policy_response(policies[i], POLICY_NETWORK);

		sets[i] = (struct cg_net_set){has[i] ? &policies[i]->network : NULL, policies[i]->name,
					      .kill = how.violation == POLICY_KILL,
					      .watch = how.mode != POLICY_ENFORCE || how.violation == POLICY_LOG,
					      .learn = how.mode == POLICY_LEARN};
	}
	r = cg_plan_network(sets, ARRAY_LEN(sets), f, &c->arena, &l->cg, e);

	/* Whoever can write to cgroups above leaves the one at which the rules stand. */
	l->ns.guard_cgroups |= l->cg.n_network > 0 || needs_cgroup(p);
	return r;
}

/* crun's annotation, which Podman writes for --group-add keep-groups: setgroups(2) is left out. */
static int plan_groups(struct life *l, const struct spec_admin *admin, struct err *e)
{
	static const char key[] = "run.oci.keep_original_groups";

	l->ns.keep_groups = spec_map_get(&l->config.annotations, key) != NULL;
	if (!l->ns.keep_groups || !admin->annotations.set || admin->annotations.v)
		return 0;
	return err_set(e, EPERM,
		       "config.json: annotations[\"%s\"]: the administrator's configuration says that annotations are "
		       "not heard (\"annotations\": false): leave it out",
		       key);
}

/* Where somebody has said where denials go, and none can come. */
static void warn_of_silence(const struct life *l)
{
	const struct jail_bpf *f = &l->jail.filter;

	if (l->jail.engine == JAIL_NOTIFY && f->len && !(f->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) &&
	    (l->audit.to == RT_AUDIT_FILE || l->audit.to == RT_AUDIT_JOURNALD || l->audit.to == RT_AUDIT_SYSLOG))
		log_warn(
		    "policy %s holds, but its denials are not reported here: see why_not_reported in `jailrun plan`",
		    l->jail.policy);
}

static int plan_jail(struct rt_call *c, struct life *l, const struct spec_admin *admin,
		     const struct rt_policies *policies, struct err *e)
{
	struct jail_options o = {
	    .id = l->id,
	    .cache_dir = cache_dir(c),
	    .no_new_keyring = c->o.no_new_keyring,
	    .userns = l->ns.userns,
	    .keep_groups = l->ns.keep_groups,
	    .preserve_fds = (uint32_t)c->o.preserve_fds + (uint32_t)l->listen_fds,
	    .listen_pid = l->listen_fds > 0,
	    .floor = policies->has_floor ? &policies->floor : NULL,
	};
	struct jail_facts facts;
	int r = rt_audit_plan(c, &l->audit, admin, &l->config.annotations, &o.audit, e);

	if (r < 0 || (r = jail_probe(&facts, e)) < 0)
		return r;
	r = jail_plan(&l->config, policies->has ? &policies->chosen : NULL, &facts, &o, &c->arena, &l->jail, e);
	if (r < 0 || (r = life_policy_links(l, &c->arena, e)) < 0)
		return r;
	if (l->jail.seal.seccomp.len)
		log_debug("seccomp filter flags: %u", l->jail.seal.seccomp.flags);
	warn_of_silence(l);
	return 0;
}

/* What policies deny is masked like linux.maskedPaths: of two, all. */
static int hide_files(struct rt_call *c, struct life *l, const struct rt_policies *p, struct err *e)
{
	const struct spec_files *files[] = {p->has ? &p->chosen.files : NULL, p->has_floor ? &p->floor.files : NULL};
	struct strv *masked = &l->config.linux_.masked_paths, all = {0};
	size_t n = masked->n;

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		n += files[i] ? files[i]->deny.n : 0;
	if (n == masked->n)
		return 0;
	all.v = arena_alloc(&c->arena, (n + 1) * sizeof(char *));
	if (!all.v)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = 0; i < masked->n; i++)
		all.v[all.n++] = masked->v[i];
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		for (size_t k = 0; files[i] && k < files[i]->deny.n; k++)
			all.v[all.n++] = files[i]->deny.v[k];
	*masked = all;
	return 0;
}

/* The uid of the host that the container's root is; in the runtime's own user namespace that is the runtime. */
static uint64_t root_of(const struct life *l, const struct cg_facts *f)
{
	const struct spec_idmaps *maps = &l->config.linux_.uid_mappings;

	for (size_t i = 0; l->ns.userns && i < maps->n; i++)
		if (maps->v[i].container_id == 0)
			return maps->v[i].host_id;
	return f->uid;
}

/* The helper gets a cgroup of its own beside the workload's. Not when it is in a cgroup namespace that somebody else has made, out of
 * which it could make no process, nor as somebody whom the caller alone knows. */
static int split_cgroup(struct rt_call *c, struct life *l, const struct cg_facts *f, struct err *e)
{
	int r;

	if (!life_has_jail(l) || l->ns.join[NS_CGROUP] || l->ns.join[NS_USER])
		return 0;
	l->cg.shown = l->ns.cgroup_shown;
	r = cg_plan_split(f, root_of(l, f), &l->cg, &c->arena, e);
	l->ns.cgroup_late = l->jail.cgroup_ns = l->cg.box && (l->ns.rest_flags & spec_ns_flag(NS_CGROUP));
	return r;
}

static void warn_of_strays(const struct life *l)
{
	if (shares_pids(&l->config) && !l->cg.path)
		log_warn("linux.namespaces: the container has neither a pid namespace of its own nor a cgroup: what "
			 "its processes leave behind can be neither found nor killed. Such configuration is strongly "
			 "discouraged; add {\"type\": \"pid\"}");
}

/* Where chroot(2) alone confines: what is known to leave it. */
static void warn_of_chroot(const struct life *l)
{
	const uint64_t leave = 1ULL << CAP_SYS_CHROOT | 1ULL << CAP_SYS_ADMIN | 1ULL << CAP_SYS_PTRACE;

	if (!l->config.linux_.namespaces[NS_MOUNT].set && l->jail.seal.caps[CAPS_BOUNDING] & leave)
		log_warn(
		    "linux.namespaces: without a mount namespace a chroot alone confines the container, and "
		    "CAP_SYS_CHROOT, CAP_SYS_ADMIN or CAP_SYS_PTRACE, of which process.capabilities.bounding has one, "
		    "leaves it; take it out, or add {\"type\": \"mount\"}");
}

int rt_prepare(struct rt_call *c, const char *bundle, const char *id, const char *default_policy, struct life *l,
	       struct err *e)
{
	struct rt_policies policies;
	struct spec_admin admin;
	struct ns_facts ns_facts;
	struct cg_facts cg_facts;
	char path[PATH_MAX];
	int r;

	if (!bundle)
		bundle = c->o.bundle ? c->o.bundle : ".";
	if (!realpath(bundle, path))
		return err_errno(e, "make it, or name another by --bundle: bundle '%s'", bundle);
	l->bundle = arena_strdup(&c->arena, path);
	l->root = c->g.root;
	l->id = id;
	l->console_socket = c->o.console_socket;
	l->pidfd_socket = c->o.pidfd_socket;
	l->pid_file = c->o.pid_file;
	l->trace = c->o.trace_steps;
	if ((r = rt_check_fds(c, l, e)) < 0 || (r = load_config(c, l, e)) < 0 ||
	    (r = rt_run_sealed(c, shares_pids(&l->config), e)) < 0)
		return r;
	if (!l->config.process.set && l->start_now) /* create can do without: runtime.md, Start */
		return err_set(e, EINVAL, "config.json: process: is required to run a container");
	if ((r = rt_annotations_check(&l->config.annotations, e)) < 0 || /* once: not before another program runs */
	    (r = rt_check_terminal(c, l, e)) < 0 || (r = rt_admin_load(c, &admin, NULL, e)) < 0 ||
	    (r = rt_policies_choose(c, &l->config.annotations, &admin, default_policy, shares_pids(&l->config),
				    &policies, e)) < 0 ||
	    (r = rt_audit_choose(c, &admin, l->foreground && default_policy, &l->audit, e)) < 0)
		return r;
	if ((r = rt_listen_env(l->listen_fds, &c->arena, &l->config.process.env, e)) < 0 ||
	    (r = rt_notify_plan(l->root, id, &l->config, &c->arena, &l->notify, e)) < 0 ||
	    (r = hide_files(c, l, &policies, e)) < 0 || (r = ns_probe(&ns_facts, e)) < 0 ||
	    (r = ns_plan(&l->config, &ns_facts, l->bundle, c->o.no_pivot, &c->arena, &l->ns, e)) < 0 ||
	    (r = probe_cgroups(c, &cg_facts, e)) < 0 || (r = plan_cgroup(c, l, &policies, &cg_facts, e)) < 0 ||
	    (r = plan_network(c, l, &policies, &cg_facts, e)) < 0 || (r = plan_rdt(c, l, e)) < 0 ||
	    (r = plan_groups(l, &admin, e)) < 0 || (r = plan_jail(c, l, &admin, &policies, e)) < 0 ||
	    (r = life_plan_cpu(l, e)) < 0 || (r = split_cgroup(c, l, &cg_facts, e)) < 0)
		return r;
	warn_of_strays(l);
	warn_of_chroot(l);
	fill_state(c, l);
	if ((r = fill_agent(c, l, e)) < 0)
		return r;
	if ((r = life_set_fail(l, c->o.fail_step, e)) < 0)
		return r;
	return life_set_die(l, c->o.die_step, e);
}
