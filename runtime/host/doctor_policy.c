/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy can enforce here, and whether the administrator's policies can be enforced. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

static const struct {
	const char *key, *mechanism;
	unsigned int needs;
} keys[] = {
    {"default", "the helper as PID 1, a seccomp filter", JAIL_NEEDS_FILTER},
    {"syscalls", "a seccomp filter", JAIL_NEEDS_FILTER},
    {"reports", "a seccomp listener", JAIL_NEEDS_FILTER | JAIL_NEEDS_LISTENER},
    {"exec", "ptrace with seccomp: judged at PTRACE_EVENT_EXEC", JAIL_NEEDS_FILTER | JAIL_NEEDS_TRACE},
    {"limits", "the helper's clock, rlimits", JAIL_NEEDS_FILTER},
    {"limits.processes", "ptrace with seccomp: forks are counted", JAIL_NEEDS_FILTER | JAIL_NEEDS_TRACE},
    {"limits.syscalls", "a seccomp listener: calls are counted", JAIL_NEEDS_FILTER | JAIL_NEEDS_LISTENER},
    {"signals.protect", "ptrace with seccomp: the target is looked at", JAIL_NEEDS_FILTER | JAIL_NEEDS_TRACE},
    {"files", "rulesets of Landlock", JAIL_NEEDS_FILTER | JAIL_NEEDS_LANDLOCK | JAIL_NEEDS_LANDLOCK_TRUNCATE},
    {"network", "eBPF programs at the container's cgroup", JAIL_NEEDS_NETWORK},
};

/* 0 where Landlock can hold the right. */
static int lacks_right(const struct doctor *d, enum spec_file_right right)
{
	return d->jail.landlock_abi >= jail_file_rights[right].abi ? 0 : -EOPNOTSUPP;
}

/* What `jailrun spec` writes. */
static int usual_config(const struct doctor *d, struct spec_config *ret, struct err *e)
{
	AUTO_BUF text = {0};

	spec_config_template(&text, d->rootless, geteuid(), getegid());
	if (text.failed)
		return err_set(e, ENOMEM, "out of memory");
	return spec_config_parse(text.data, text.len, "config.json", &d->call->arena, ret, e);
}

/* Plans a cgroup as create does; memory: with a limit of it. */
static int plan_cgroup(const struct doctor *d, bool memory, struct err *e)
{
	/* What systemd would say is not asked for the sake of one answer. */
	enum cg_manager manager = d->call->manager == CG_DISABLED ? CG_DISABLED : CG_CGROUPFS;
	struct spec_config config = {0};
	struct cg_plan plan = {0};
	int r = usual_config(d, &config, e);

	if (r == 0 && memory) {
		struct spec_resources *to = &config.linux_.resources;

		to->set = to->memory.set = to->memory.limit.set = true;
		to->memory.limit.v = 1 << 30;
	}
	if (r == 0)
		r = cg_plan(&config, &d->cg, manager, "doctor", d->rootless, &d->call->arena, &plan, e);
	if (r < 0)
		return r;
	return plan.path ? 0 : err_set(e, ENOTSUP, "a container has no cgroup here");
}

static int lacks_cgroup(const struct doctor *d, bool memory)
{
	struct err e = {0};

	return plan_cgroup(d, memory, &e);
}

int doctor_lacks(const struct doctor *d, unsigned int needs, const char **ret_line)
{
	const struct {
		unsigned int need;
		int r;
		const char *line;
	} found[] = {
	    {JAIL_NEEDS_FILTER, d->helper ? d->helper : d->filter, d->helper ? "kernel.helper" : "kernel.seccomp"},
	    {JAIL_NEEDS_LISTENER, d->listener, "kernel.seccomp-notify"},
	    {JAIL_NEEDS_TRACE, d->trace, "kernel.ptrace"},
	    {JAIL_NEEDS_LANDLOCK, lacks_right(d, FILES_READ), "kernel.landlock"},
	    {JAIL_NEEDS_LANDLOCK_TRUNCATE, lacks_right(d, FILES_WRITE), "kernel.landlock"},
	    {JAIL_NEEDS_LANDLOCK_IOCTL, lacks_right(d, FILES_IOCTL), "kernel.landlock"},
	    {JAIL_NEEDS_NETWORK, -d->cgroup.network.code, "cgroup.ebpf-network"},
	    {JAIL_NEEDS_CGROUP, needs & JAIL_NEEDS_CGROUP ? lacks_cgroup(d, false) : 0, "cgroup.make"},
	    {JAIL_NEEDS_MEMORY, needs & JAIL_NEEDS_MEMORY ? lacks_cgroup(d, true) : 0, "cgroup.controller.memory"},
	};

	for (size_t i = 0; i < ARRAY_LEN(found); i++)
		if (needs & found[i].need && found[i].r < 0) {
			*ret_line = found[i].line;
			return found[i].r;
		}
	return 0;
}

static void add_key(struct doctor *d, const char *key, const char *mechanism, unsigned int needs)
{
	const char *line = NULL;
	int r = doctor_lacks(d, needs, &line);
	char id[48];

	snprintf(id, sizeof(id), "policy.key.%s", key);
	if (r < 0)
		doctor_add(d, DOCTOR_NO, id, NULL, "cannot be enforced: %s (%s: %s)", mechanism, line, doctor_why(r));
	else
		doctor_add(d, DOCTOR_OK, id, NULL, "%s", mechanism);
}

static int plan_network(struct doctor *d, const struct spec_policy *policy, struct err *e)
{
	struct spec_config config = {0};
	const struct cg_net_set set = {.rules = &policy->network, .policy = policy->name};
	struct arena *a = &d->call->arena;
	struct cg_plan plan;
	int r;

	if (d->cgroup.network.code)
		return err_set(e, d->cgroup.network.code, "network: %s", d->cgroup.network.text);
	r = usual_config(d, &config, e);
	if (r == 0)
		r = cg_plan(&config, &d->cg, CG_CGROUPFS, "doctor", d->rootless, a, &plan, e);
	return r < 0 ? r : cg_plan_network(&set, 1, &d->cg, a, &plan, e);
}

int doctor_plan(struct doctor *d, const struct spec_policy *policy, struct jail_plan *ret, struct err *e)
{
	return doctor_plan_told(d, policy, NULL, false, ret, e);
}

int doctor_plan_told(struct doctor *d, const struct spec_policy *policy, const struct spec_policy *floor, bool tell,
		     struct jail_plan *ret, struct err *e)
{
	struct jail_options o = {.id = "doctor", .userns = d->rootless, .floor = floor, .tell = tell};
	struct spec_config config = {0};
	int r = usual_config(d, &config, e);

	config.process.user.uid = 65534; /* what a policy cannot hold root to is told where a bundle asks for it */
	return r < 0 ? r : jail_plan(&config, policy, &d->jail, &o, &d->call->arena, ret, e);
}

/* What of `limits` needs the container's cgroup. */
static int enforces_limits(const struct doctor *d, const struct spec_policy *policy, struct err *e)
{
	static const enum policy_bound bounds[] = {BOUND_CPU, BOUND_IDLE, BOUND_MEMORY};
	const struct spec_response how = spec_policy_response(policy, POLICY_LIMITS);

	for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
		const bool memory = bounds[i] == BOUND_MEMORY;
		struct err why = {0};

		/* Memory that is only watched is not set. */
		if (!policy->bounds[bounds[i]].set || (memory && jail_goes_on(&how)) ||
		    plan_cgroup(d, memory, &why) >= 0)
			continue;
		/* without the field of config.json, which nobody wrote */
		return err_set(e, why.code, "%s: %s", jail_bound_name(bounds[i]), why.text);
	}
	return 0;
}

int doctor_enforces(struct doctor *d, const struct spec_policy *policy, const struct jail_plan *plan, struct err *e)
{
	int filter = d->helper ? d->helper : d->filter;

	if (filter < 0)
		return err_set(e, -filter, "needs %s (doctor: kernel.%s: %s)",
			       d->helper ? "a helper as PID 1" : "a seccomp filter", d->helper ? "helper" : "seccomp",
			       doctor_why(filter));
	if (plan->engine == JAIL_TRACE && d->trace < 0)
		return err_set(e, -d->trace, "needs the engine trace (kernel.ptrace: %s)", doctor_why(d->trace));
	if (enforces_limits(d, policy, e) < 0)
		return -e->code;
	return spec_net_has_rules(&policy->network) ? plan_network(d, policy, e) : 0;
}

static void add_policy(struct doctor *d, const char *dir, const char *name)
{
	struct spec_policy policy = {0};
	char id[280], why[sizeof(struct err)];
	struct jail_plan plan = {0};
	struct err e = {0};
	int r = rt_policy_load(d->call, dir, name, RT_BY_NAME, &policy, &e);

	snprintf(id, sizeof(id), "policy.%s", name);
	if (r == 0)
		r = doctor_plan(d, &policy, &plan, &e);
	if (r == 0)
		r = doctor_enforces(d, &policy, &plan, &e);
	if (r < 0)
		doctor_add(d, DOCTOR_NO, id, NULL, "%s", err_str(&e, why, sizeof(why)));
	else
		doctor_add(d, DOCTOR_OK, id, NULL, "engine %s%s%s", jail_engine_name(plan.engine),
			   policy.description ? ": " : "", policy.description ? policy.description : "");
}

static int is_policy(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return end && end != entry->d_name && str_eq(end, ".json");
}

static void add_directory(struct doctor *d, const char *path)
{
	struct dirent **list;
	int n = scandir(path, &list, is_policy, alphasort);

	if (n < 0) {
		doctor_add(d, errno == ENOENT ? DOCTOR_NONE : DOCTOR_NO, "policies", NULL,
			   "%s: %s: there are the built-in ones", path,
			   errno == ENOENT ? "is not there" : errno_name(errno));
		return;
	}
	doctor_add(d, DOCTOR_OK, "policies", NULL, "%s: %d", path, n);
	for (int i = 0; i < n; i++) {
		list[i]->d_name[strlen(list[i]->d_name) - strlen(".json")] = '\0';
		add_policy(d, path, list[i]->d_name);
		free(list[i]);
	}
	free(list);
}

/* One that is not there. What else may be wrong with it is told where the policies are. */
static void check_named(struct doctor *d, const char *dir, const char *id, const char *name)
{
	struct spec_policy policy;
	char why[sizeof(struct err)];
	struct err e = {0};

	if (name && rt_policy_load(d->call, dir, name, RT_BY_NAME, &policy, &e) < 0)
		doctor_add(d, DOCTOR_BAD, id, NULL, "%s", err_str(&e, why, sizeof(why)));
}

/* What the administrator says of all containers. Returns the directory of policies. */
static const char *add_configuration(struct doctor *d)
{
	static const char *const to[] = {[SPEC_AUDIT_UNSAID] = "its state directory",
					 [SPEC_AUDIT_FILE] = "a file",
					 [SPEC_AUDIT_JOURNALD] = "journald",
					 [SPEC_AUDIT_SYSLOG] = "syslog",
					 [SPEC_AUDIT_NONE] = "nowhere"};
	struct spec_admin admin = {.audit.to = SPEC_AUDIT_UNSAID};
	char why[sizeof(struct err)];
	struct err e = {0};
	const char *path, *dir;

	if (rt_admin_load(d->call, &admin, &path, &e) < 0)
		doctor_add(d, DOCTOR_BAD, "configuration", "until it is right no container can be created", "%s",
			   err_str(&e, why, sizeof(why)));
	else if (!path)
		doctor_add(d, DOCTOR_NONE, "configuration", NULL,
			   "%s is not there: each container has what its caller says", RT_ADMIN_FILE);
	else
		doctor_add(d, DOCTOR_OK, "configuration", NULL,
			   "%s: default policy %s, floor %s, annotations are %s, denials go to %s", path,
			   admin.default_policy ? admin.default_policy : "none", admin.floor ? admin.floor : "none",
			   admin.annotations.set && !admin.annotations.v ? "refused" : "heard", to[admin.audit.to]);
	dir = rt_policy_dir(d->call, &admin);
	if (!str_eq(admin.default_policy, "none"))
		check_named(d, dir, "configuration.defaultPolicy", admin.default_policy);
	check_named(d, dir, "configuration.floor", admin.floor);
	return dir;
}

void doctor_policies(struct doctor *d)
{
	const char *dir;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		add_key(d, keys[i].key, keys[i].mechanism, keys[i].needs);
	dir = add_configuration(d);
	for (size_t i = 0; jail_builtin_name(i); i++)
		add_policy(d, dir, jail_builtin_name(i));
	add_directory(d, dir);
}
