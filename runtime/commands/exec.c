/* SPDX-License-Identifier: Apache-2.0 */
/* exec: a process beside the container's own, in its namespaces, under its filter and its jail. What it shall be is said by a file
 * (--process) or by options, for which the container's own process is the pattern. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cgroups/cgroups.h"
#include "commands.h"
#include "runtime/caller/caller.h"
#include "runtime/life/life.h"

static int check_state(const struct rt_call *c, struct rt_container *k, const struct jail_plan *plan, struct err *e)
{
	switch (k->status) {
	case STATUS_STOPPED:
		return err_set(e, ESRCH, "cannot exec in a stopped container");
	case STATUS_CREATING:
		return err_set(e, EBUSY, "cannot exec in a container that is still being created");
	case STATUS_PAUSED:
		if (!c->o.ignore_paused)
			return err_set(e, EBUSY, "cannot exec in a paused container (use --ignore-paused to override)");
		break;
	case STATUS_CREATED:
	case STATUS_RUNNING:
		break;
	}
	/* A cgroup above is not the container's, which is not paused then; but its processes stand still, too. */
	if (k->state.cgroup_path && !c->o.ignore_paused && cg_check_thawed(k->state.cgroup_path, e) < 0)
		return -e->code;
	if (plan->engine != JAIL_NONE && rt_store_status(&k->store, &k->state) == STATUS_CREATED)
		return err_set(e, EBUSY,
			       "cannot exec in a container that is not started: the jail of policy %s begins with it",
			       plan->policy);
	return 0;
}

static int read_plan(struct rt_call *c, struct rt_container *k, struct jail_plan *ret, struct err *e)
{
	AUTO_FREE char *blob = NULL;
	struct err own = {0};
	size_t len;
	int r = rt_store_read_plan(&k->store, &blob, &len, &own);

	if (r == -ENOENT && k->status == STATUS_CREATING)
		return 0;
	if (r >= 0)
		r = jail_blob_read(blob, len, &c->arena, ret);
	if (r == -EPROTONOSUPPORT)
		return err_set(e, -r, "container %s was created by another version of jailrun: start it anew",
			       c->args[0]);
	if (r < 0)
		return err_set(e, -r, "read what the container was created with: %s",
			       own.code ? own.text : "the file 'plan' in its state is damaged");
	return 0;
}

/* ---- options, over the container's own process ---- */

static int parse_id(const char *s, const char *option, uint32_t *ret, struct err *e)
{
	uint64_t v;

	/* 4294967295 is -1, which to setresuid(2) means "as it is". */
	if (parse_u64(s, 10, &v) < 0 || v >= UINT32_MAX)
		return err_set(e, EINVAL, "%s: '%.64s' is no id: a number from 0 to 4294967294", option, s);
	*ret = (uint32_t)v;
	return 0;
}

static int set_user(struct rt_call *c, struct jail_seal *s, struct err *e)
{
	char *uid, *gid;
	int r;

	if (!c->o.user)
		return 0;
	uid = arena_strdup(&c->arena, c->o.user);
	if (!uid)
		return err_set(e, ENOMEM, "out of memory");
	gid = strchr(uid, ':');
	if (gid)
		*gid++ = '\0';
	r = parse_id(uid, "--user", &s->uid, e);
	return r < 0 || !gid ? r : parse_id(gid, "--user", &s->gid, e);
}

static int add_groups(struct rt_call *c, struct jail_seal *s, struct err *e)
{
	const struct strv *more = &c->o.additional_gids;
	uint32_t *groups;

	if (!more->n)
		return 0;
	groups = arena_alloc(&c->arena, (s->n_groups + more->n) * sizeof(*groups));
	if (!groups)
		return err_set(e, ENOMEM, "out of memory");
	if (s->n_groups)
		memcpy(groups, s->groups, s->n_groups * sizeof(*groups));
	s->groups = groups;
	for (size_t i = 0; i < more->n; i++)
		if (parse_id(more->v[i], "--additional-gids", &groups[s->n_groups++], e) < 0)
			return -EINVAL;
	return 0;
}

/* What was for the container's own process alone. */
static bool is_private(const char *variable)
{
	static const char *const names[] = {"LISTEN_FDS=", "LISTEN_PID=", "LISTEN_FDNAMES=", "NOTIFY_SOCKET="};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_starts(variable, names[i]))
			return true;
	return false;
}

/* A variable that is there already is replaced: of two of a name programs see the first. */
static int add_env(struct rt_call *c, struct jail_seal *s, struct err *e)
{
	const struct strv *more = &c->o.env;
	struct strv env = {.v = arena_alloc(&c->arena, (s->env.n + more->n + 1) * sizeof(char *))};

	if (!env.v)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = 0; i < s->env.n; i++)
		if (!is_private(s->env.v[i]))
			env.v[env.n++] = s->env.v[i];
	for (size_t i = 0; i < more->n; i++) {
		size_t len = strcspn(more->v[i], "=") + 1, k = 0;

		if (!spec_is_variable(more->v[i]))
			return err_set(e, EINVAL, "--env: must be of the form NAME=VALUE, not \"%.64s\"", more->v[i]);
		while (k < env.n && strncmp(env.v[k], more->v[i], len) != 0)
			k++;
		env.v[k] = more->v[i];
		env.n += k == env.n;
	}
	s->env = env;
	return 0;
}

static int no_capability(const char *name, struct err *e)
{
	const char *near = jail_cap_nearest(name);

	return err_set(e, EINVAL, "--cap: '%.64s' is no capability; %s%s%s", name,
		       near ? "did you mean " : "capabilities(7) has their names", near ? near : "", near ? "?" : "");
}

/* As runc: bounding, effective and permitted; ambient where the container's own process has it inheritable. In a user namespace
 * whoever joins it has them all. */
static int add_caps(struct rt_call *c, const struct jail_facts *f, bool userns, struct jail_seal *s, struct err *e)
{
	for (size_t i = 0; i < c->o.cap.n; i++) {
		const char *name = c->o.cap.v[i];
		int cap = jail_cap_number(name);
		uint64_t bit;

		if (cap < 0)
			return no_capability(name, e);
		bit = UINT64_C(1) << cap;
		if (userns ? (uint64_t)cap > f->last_cap : !(f->caps & bit))
			return err_set(e, EPERM, "--cap: %s cannot be granted: this runtime does not have it itself",
				       name);
		s->set_caps = true;
		s->caps[CAPS_BOUNDING] |= bit;
		s->caps[CAPS_EFFECTIVE] |= bit;
		s->caps[CAPS_PERMITTED] |= bit;
		s->caps[CAPS_AMBIENT] |= s->caps[CAPS_INHERITABLE] & bit;
	}
	return 0;
}

static int set_labels(struct rt_call *c, const struct jail_facts *f, struct jail_seal *s, struct err *e)
{
	const struct spec_process p = {
	    .apparmor_profile = (char *)c->o.apparmor,
	    .selinux_label = (char *)c->o.process_label,
	};

	if (p.apparmor_profile)
		s->apparmor = p.apparmor_profile;
	if (p.selinux_label)
		s->selinux = p.selinux_label;
	return jail_check_labels(&p, f, e);
}

static int seal_by_options(struct rt_call *c, const struct jail_facts *f, struct jail_plan *plan, struct err *e)
{
	struct jail_seal *s = &plan->seal;
	int r;

	if (c->n_args < 2)
		return err_set(e, EINVAL, "exec: name the program to execute, or say --process FILE");
	s->args = (struct strv){(char **)c->args + 1, (size_t)c->n_args - 1};
	if (c->o.cwd && *c->o.cwd != '/')
		return err_set(e, EINVAL, "--cwd: '%.64s' is no absolute path", c->o.cwd);
	if (c->o.cwd)
		s->cwd = (char *)c->o.cwd;
	s->terminal = c->o.tty;
	s->no_new_privs |= c->o.no_new_privs;
	if ((r = set_user(c, s, e)) < 0 || (r = add_groups(c, s, e)) < 0 || (r = add_env(c, s, e)) < 0 ||
	    (r = set_labels(c, f, s, e)) < 0)
		return r;
	return add_caps(c, f, plan->userns, s, e);
}

/* ---- a file ---- */

static int check_alone(const struct rt_call *c, struct err *e)
{
	const struct {
		const char *name;
		bool said;
	} options[] = {
	    {"--cwd", c->o.cwd},           {"--env", c->o.env.n},
	    {"--user", c->o.user},         {"--additional-gids", c->o.additional_gids.n},
	    {"--cap", c->o.cap.n},         {"--no-new-privs", c->o.no_new_privs},
	    {"--apparmor", c->o.apparmor}, {"--process-label", c->o.process_label},
	    {"a program", c->n_args > 1},
	};

	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (options[i].said)
			return err_set(e, EINVAL, "exec: %s beside --process: say it in the file '%.128s'",
				       options[i].name, c->o.process);
	return 0;
}

static int plan_by_file(struct rt_call *c, const struct jail_facts *f, struct life *l, struct err *e)
{
	struct spec_process *p = &l->config.process;
	struct jail_options o = {.userns = l->jail.userns,
				 .preserve_fds = l->jail.seal.preserve_fds,
				 .keep_groups = !l->jail.seal.set_groups};
	AUTO_FREE char *text = NULL;
	size_t len;
	int r = check_alone(c, e);

	if (r < 0)
		return r;
	r = file_read(AT_FDCWD, c->o.process, SPEC_FILE_MAX, &text, &len, e);
	if (r >= 0)
		r = spec_process_parse(text, len, c->o.process, &c->arena, p, e);
	if (r < 0)
		return err_file(e, "--process");
	p->terminal |= c->o.tty;
	return jail_plan_exec(&l->jail, p, f, &o, e);
}

/* ---- the command ---- */

static int plan_process(struct rt_call *c, struct life *l, struct err *e)
{
	struct jail_seal *s = &l->jail.seal;
	struct spec_process *p = &l->config.process;
	struct jail_facts facts;
	int r = jail_probe(&facts, e);

	l->ns.keep_groups = !s->set_groups;
	s->preserve_fds = (uint32_t)c->o.preserve_fds + (uint32_t)l->listen_fds;
	if (r >= 0)
		r = c->o.process ? plan_by_file(c, &facts, l, e) : seal_by_options(c, &facts, &l->jail, e);
	if (r >= 0)
		r = jail_check_caps(&l->jail, &facts, e);
	if (r >= 0)
		r = rt_listen_env(l->listen_fds, &c->arena, &s->env, e);
	if (r >= 0)
		r = jail_env_apply(&l->jail, &c->arena, e);
	if (r < 0)
		return r;
	s->listen_pid = l->listen_fds > 0;
	s->start_hooks.n = 0;
	p->args = s->args;
	p->env = s->env;
	p->cwd = s->cwd;
	p->user.uid = s->uid;
	p->user.n_additional_gids = s->n_groups;
	p->terminal = s->terminal;
	p->oom_score_adj = s->oom_score_adj;
	p->exec_cpu_affinity.initial = s->initial_affinity;
	jail_plan_hiding(&facts, &l->jail);
	return rt_check_terminal(c, l, e);
}

static int prepare(struct rt_call *c, struct life *l, struct err *e)
{
	AUTO_CONTAINER k = RT_CONTAINER_INIT;
	int r = rt_check_fds(c, l, e);

	l->foreground = !c->o.detach;
	l->console_socket = c->o.console_socket;
	l->pidfd_socket = c->o.pidfd_socket;
	l->pid_file = c->o.pid_file;
	l->trace = c->o.trace_steps;
	l->exec_cgroup = c->o.cgroup;
	l->ns.config = &l->config;
	l->arena = &c->arena;
	if (r < 0 || (r = rt_container_open(c, c->args[0], RT_LOCK_NONE, &k, e)) < 0 ||
	    (r = rt_run_sealed(c, k.state.pid_shared, e)) < 0 || (r = read_plan(c, &k, &l->jail, e)) < 0 ||
	    (r = check_state(c, &k, &l->jail, e)) < 0)
		return r;
	if (c->o.cgroup && strchr(c->o.cgroup, ':'))
		return err_set(e, EINVAL, "--cgroup: '%.64s': cgroup v2 has one tree: leave the controller out",
			       c->o.cgroup);
	if (c->o.cgroup && !k.state.cgroup_path)
		return err_set(e, EINVAL, "--cgroup: container %s has no cgroup", c->args[0]);
	l->state = k.state;
	l->store = k.store;
	k.store = RT_STORE_INIT;
	if ((r = plan_process(c, l, e)) < 0 || (r = life_set_fail(l, c->o.fail_step, e)) < 0)
		return r;
	return life_set_die(l, c->o.die_step, e);
}

int cmd_exec(struct rt_call *c, struct err *e)
{
	struct life l;
	int r;

	life_init(&l, &life_of_exec);
	r = prepare(c, &l, e);
	if (r >= 0) {
		r = life_exec(&l, e);
		if (r >= 0 && l.foreground)
			r = rt_foreground_wait(&l.signals, l.pid, l.pidfd, l.console_fd, e);
		rt_foreground_end(&l.signals);
	}
	life_close(&l);
	return r;
}
