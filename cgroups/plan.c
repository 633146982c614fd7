/* SPDX-License-Identifier: Apache-2.0 */
/* From linux.cgroupsPath and linux.resources to what will be made and written. Pure: no system calls. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cgroups/cgroups.h"
#include "cgroups/devices.h"
#include "cgroups/weight.h"

#define CPU_PERIOD_DEFAULT 100000 /* cgroup-v2.rst, cpu.max */
#define CPU_SHARES_DEFAULT 1024   /* what every cgroup has; containerd asks for it by default */
#define ROOTLESS_HINT                                                                                                  \
	"without permission to make cgroups there can be no limits and no linux.cgroupsPath; remove them, or have a "  \
	"cgroup delegated"

/* What a property asks for. */
enum ask {
	ASK_NOTHING, /* absent, or the value that runc takes for absent */
	ASK_DEFAULT, /* what a fresh cgroup has anyway: needs no controller, is written where there is one */
	ASK_WRITE,
};

/* A row makes the value that is written for one property. Returns enum ask or -EINVAL, -ENOMEM. */
struct limit {
	const char *field, *controller, *file;
	int (*value)(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e);
};

static int say(struct arena *a, const char **ret, int64_t v)
{
	*ret = v == -1 ? "max" : arena_printf(a, "%" PRId64, v);
	return *ret ? ASK_WRITE : -ENOMEM;
}

/* A number of bytes: 0 is "not set" to engines and runc, -1 is no limit. */
static int say_bytes(const struct opt_i64 *v, struct arena *a, const char **ret, struct err *e)
{
	if (!v->set || v->v == 0)
		return ASK_NOTHING;
	if (v->v < -1)
		return err_set(e, EINVAL, "%" PRId64 " is no number of bytes, and not -1 (no limit)", v->v);
	return say(a, ret, v->v);
}

static int memory_limit(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	int ask = say_bytes(&r->memory.limit, a, ret, e);

	return ask == ASK_WRITE && r->memory.limit.v == -1 ? ASK_DEFAULT : ask;
}

static int memory_reservation(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	return say_bytes(&r->memory.reservation, a, ret, e);
}

/* The specification counts memory and swap together, cgroup v2 counts swap alone. */
static int memory_swap(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	const int64_t limit = r->memory.limit.set ? r->memory.limit.v : 0;
	const int64_t swap = r->memory.swap.set ? r->memory.swap.v : 0;

	if (swap < -1)
		return err_set(e, EINVAL, "%" PRId64 " is no number of bytes, and not -1 (no limit)", swap);
	/* As in cgroup v1, memory without limit takes the limit off swap, too. */
	if (swap == -1 || (swap == 0 && limit == -1)) {
		say(a, ret, -1);
		return ASK_DEFAULT;
	}
	if (swap == 0)
		return ASK_NOTHING;
	if (limit <= 0)
		return err_set(e, EINVAL,
			       "the sum of memory and swap is limited, memory is not: set memory.limit as well");
	if (swap < limit)
		return err_set(e, EINVAL,
			       "%" PRId64 " is memory and swap together: less than memory.limit (%" PRId64 ")", swap,
			       limit);
	return say(a, ret, swap - limit);
}

static int cpu_shares(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	(void)e;
	if (!r->cpu.shares.set || r->cpu.shares.v == 0)
		return ASK_NOTHING;
	if (say(a, ret, (int64_t)cg_weight_of_shares(r->cpu.shares.v)) < 0)
		return -ENOMEM;
	return r->cpu.shares.v == CPU_SHARES_DEFAULT ? ASK_DEFAULT : ASK_WRITE;
}

static int cpu_quota(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	const int64_t quota = r->cpu.quota.set ? r->cpu.quota.v : 0;
	const uint64_t period = r->cpu.period.set && r->cpu.period.v ? r->cpu.period.v : CPU_PERIOD_DEFAULT;

	(void)e;
	if (quota == 0 && (!r->cpu.period.set || r->cpu.period.v == 0))
		return ASK_NOTHING;
	*ret = quota > 0 ? arena_printf(a, "%" PRId64 " %" PRIu64, quota, period)
			 : arena_printf(a, "max %" PRIu64, period);
	if (!*ret)
		return -ENOMEM;
	return quota > 0 ? ASK_WRITE : ASK_DEFAULT;
}

static int cpu_burst(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	if (!r->cpu.burst.set)
		return ASK_NOTHING;
	if (r->cpu.quota.set && r->cpu.quota.v > 0 && r->cpu.burst.v > (uint64_t)r->cpu.quota.v)
		return err_set(e, EINVAL, "%" PRIu64 " is more than cpu.quota (%" PRId64 ")", r->cpu.burst.v,
			       r->cpu.quota.v);
	*ret = arena_printf(a, "%" PRIu64, r->cpu.burst.v);
	return !*ret ? -ENOMEM : r->cpu.burst.v ? ASK_WRITE : ASK_DEFAULT;
}

static int cpu_idle(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	if (!r->cpu.idle.set)
		return ASK_NOTHING;
	if (r->cpu.idle.v != 0 && r->cpu.idle.v != 1)
		return err_set(e, EINVAL, "%" PRId64 " is neither 0 (normal) nor 1 (SCHED_IDLE)", r->cpu.idle.v);
	(void)a;
	*ret = r->cpu.idle.v ? "1" : "0";
	return r->cpu.idle.v ? ASK_WRITE : ASK_DEFAULT;
}

static int list_of_numbers(const char *s, const char **ret, struct err *e)
{
	if (!s || !*s)
		return ASK_NOTHING;
	if (s[strspn(s, "0123456789,- ")])
		return err_set(e, EINVAL, "'%.64s' is no list of numbers and ranges, as in 0-3,7", s);
	*ret = s;
	return ASK_WRITE;
}

static int cpu_cpus(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	(void)a;
	return list_of_numbers(r->cpu.cpus, ret, e);
}

static int cpu_mems(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	(void)a;
	return list_of_numbers(r->cpu.mems, ret, e);
}

static int pids_limit(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	if (!r->pids_limit.set)
		return ASK_NOTHING;
	if (r->pids_limit.v < -1)
		return err_set(e, EINVAL, "%" PRId64 " is no number of tasks, and not -1 (no limit)", r->pids_limit.v);
	/* 0 forbids every fork, and so does 1; but with 0 the kernel would not let the first process be cloned into the
	 * cgroup either. */
	if (r->pids_limit.v == 0) {
		*ret = "1";
		return ASK_WRITE;
	}
	return say(a, ret, r->pids_limit.v) < 0 ? -ENOMEM : r->pids_limit.v == -1 ? ASK_DEFAULT : ASK_WRITE;
}

/* In the order of writing: cpu.weight before cpu.idle (an idle group takes no weight), cpu.max before its burst. */
static const struct limit limits[] = {
    {"memory.limit", "memory", "memory.max", memory_limit},
    {"memory.swap", "memory", "memory.swap.max", memory_swap},
    {"memory.reservation", "memory", "memory.low", memory_reservation},
    {"cpu.shares", "cpu", "cpu.weight", cpu_shares},
    {"cpu.quota", "cpu", "cpu.max", cpu_quota},
    {"cpu.burst", "cpu", "cpu.max.burst", cpu_burst},
    {"cpu.idle", "cpu", "cpu.idle", cpu_idle},
    {"cpu.cpus", "cpuset", "cpuset.cpus", cpu_cpus},
    {"cpu.mems", "cpuset", "cpuset.mems", cpu_mems},
    {"pids.limit", "pids", "pids.max", pids_limit},
};

/* Why a limit cannot be had here, or NULL. Says where the controller is, and what to do. */
static int refuse(const struct limit *l, const struct cg_facts *f, const struct cg_plan *p, struct err *e)
{
	if (p->manager == CG_DISABLED)
		return err_set(e, ENOTSUP, "cgroups are disabled (--cgroup-manager disabled); remove the limit");
	if (f->layout == CG_NONE)
		return err_set(e, ENOTSUP,
			       "no cgroup v2 tree is mounted; remove the limit, or mount one at /sys/fs/cgroup");
	if (!p->path)
		return err_set(e, ENOTSUP, "%s cannot be written by this user: " ROOTLESS_HINT, f->mount);
	if (f->layout == CG_HYBRID)
		return err_set(
		    e, ENOTSUP,
		    "the %s controller is not available in cgroup v2 on this host (it is bound to cgroup v1, "
		    "the v2 tree is %s); remove the limit, or boot with systemd.unified_cgroup_hierarchy=1",
		    l->controller, f->mount);
	return err_set(
	    e, ENOTSUP,
	    "the %s controller is not available in cgroup v2 on this host (%s/cgroup.controllers does not list "
	    "it); remove the limit, or enable it: cgroup_disable= of the kernel's command line, or "
	    "cgroup.subtree_control of the cgroup above",
	    l->controller, f->mount);
}

static int plan_writes(const struct spec_resources *r, const struct cg_facts *f, struct arena *a, struct cg_plan *p,
		       struct err *e)
{
	p->writes = arena_alloc(a, sizeof(limits) / sizeof(limits[0]) * sizeof(*p->writes));
	if (!p->writes)
		return err_set(e, ENOMEM, "out of memory");
	if (!r->set)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		const struct limit *l = &limits[i];
		bool there = p->path && strv_has(&f->controllers, l->controller);
		const char *field = arena_printf(a, "linux.resources.%s", l->field), *value = NULL;
		int ask = l->value(r, a, &value, e);

		/* cpu.max is of two properties. */
		if (l->value == cpu_quota && field && !(r->cpu.quota.set && r->cpu.quota.v))
			field = "linux.resources.cpu.period";
		if (ask == -ENOMEM || !field)
			return err_set(e, ENOMEM, "out of memory");
		if (ask == ASK_WRITE && !there)
			ask = refuse(l, f, p, e);
		if (ask < 0)
			return err_ctx(e, "%s", field);
		if (ask != ASK_NOTHING && there)
			p->writes[p->n_writes++] = (struct cg_write){l->file, value, l->controller, field};
	}
	return 0;
}

/* Two colons and no slash before them: systemd's way to name a scope, "slice:prefix:name". */
static bool is_systemd_path(const char *path)
{
	const char *colon = path[0] == '/' ? NULL : strchr(path, ':');

	colon = colon ? strchr(colon + 1, ':') : NULL;
	return colon && !strchr(colon + 1, ':');
}

static int check_path(const char *path, struct err *e)
{
	bool named = false;

	if (is_systemd_path(path))
		return err_set(
		    e, EINVAL,
		    "'%.100s' has the form of the systemd cgroup manager (slice:prefix:name), which this version "
		    "does not have; let the caller use its cgroupfs manager",
		    path);
	for (const char *p = path; *p;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && p[0] == '.' && p[1] == '.')
			return err_set(e, EINVAL, "'%.100s': '..' is not allowed", path);
		if (len > 255)
			return err_set(e, EINVAL, "'%.100s…': a name is longer than 255 bytes", path);
		if (memchr(p, '\n', len))
			return err_set(e, EINVAL, "a cgroup's name cannot hold a line feed");
		if (len && !(len == 1 && p[0] == '.'))
			named = true;
		p += len + (p[len] == '/');
	}
	if (!named)
		return err_set(e, EINVAL, "'%s' is the root of the tree, in which a container cannot be", path);
	return 0;
}

static int plan_path(const char *wanted, const struct cg_facts *f, const char *id, struct arena *a, struct cg_plan *p,
		     struct err *e)
{
	const char *below;

	if (wanted && check_path(wanted, e) < 0)
		return err_ctx(e, "linux.cgroupsPath");
	if (f->layout == CG_NONE) {
		if (!wanted && !f->privileged)
			return 0;
		/* A container of root without a cgroup could open every device. */
		return err_set(
		    e, ENOTSUP,
		    "no cgroup v2 tree is mounted: mount one at /sys/fs/cgroup, or say --cgroup-manager disabled "
		    "to do without cgroup, limits and device rules");
	}
	/* What lies below a given path may be delegated even where the mount is not. */
	if (!wanted && !f->writable && !f->privileged)
		return 0;
	below = wanted && wanted[0] == '/' ? wanted : arena_printf(a, "/jailrun/%s", wanted ? wanted : id);
	below = below ? path_clean(a, below) : NULL;
	p->path = below ? arena_printf(a, "%s%s", f->mount, below) : NULL;
	p->mount = f->mount;
	return p->path ? 0 : err_set(e, ENOMEM, "out of memory");
}

static int plan_devices(const struct spec_resources *r, const struct cg_facts *f, bool userns, struct arena *a,
			struct cg_plan *p, struct err *e)
{
	int n;

	if (p->manager == CG_DISABLED)
		p->no_devices = "cgroups are disabled";
	else if (!p->path)
		p->no_devices = "no cgroup is made";
	else if (!f->privileged && userns)
		p->no_devices = "the container is in a user namespace, where no device node can be made";
	else if (!f->privileged)
		p->no_devices = "only CAP_SYS_ADMIN of the first user namespace can attach a program; without it no "
				"device node can be made either";
	/* Rules that make no sense are an error also where they go unused. */
	n = cg_device_program(r->devices, r->n_devices, a, &p->program, e);
	if (n < 0)
		return n;
	if (p->no_devices) {
		p->program = NULL;
		return 0;
	}
	p->devices = true;
	p->n_program = (size_t)n;
	return cg_device_rules_text(r->devices, r->n_devices, a, &p->device_rules, e);
}

int cg_plan(const struct spec_config *c, const struct cg_facts *f, enum cg_manager manager, const char *id, bool userns,
	    struct arena *a, struct cg_plan *ret, struct err *e)
{
	const char *wanted = c->linux_.cgroups_path;
	int r = 0;

	*ret = (struct cg_plan){.manager = manager};
	if (manager == CG_SYSTEMD)
		return err_set(
		    e, ENOTSUP,
		    "the systemd cgroup manager is not in this version; leave out --systemd-cgroup (let the caller "
		    "use its cgroupfs manager)");
	if (manager == CG_CGROUPFS)
		r = plan_path(wanted && *wanted ? wanted : NULL, f, id, a, ret, e);
	if (r == 0)
		r = plan_writes(&c->linux_.resources, f, a, ret, e);
	if (r == 0)
		r = plan_devices(&c->linux_.resources, f, userns, a, ret, e);
	return r;
}

void cg_plan_print(const struct cg_plan *p, struct jsonw *w, const char *key)
{
	static const char *const managers[] = {
	    [CG_CGROUPFS] = "cgroupfs", [CG_SYSTEMD] = "systemd", [CG_DISABLED] = "disabled"};

	jw_object(w, key);
	jw_str(w, "manager", managers[p->manager]);
	jw_str(w, "path", p->path);
	jw_array(w, "writes");
	for (size_t i = 0; i < p->n_writes; i++) {
		jw_object(w, NULL);
		jw_str(w, "file", p->writes[i].file);
		jw_str(w, "value", p->writes[i].value);
		jw_str(w, "field", p->writes[i].field);
		jw_object_end(w);
	}
	jw_array_end(w);
	jw_object(w, "devices");
	jw_bool(w, "program", p->devices);
	if (p->devices) {
		jw_uint(w, "instructions", p->n_program);
		jw_strv(w, "rules", &p->device_rules);
	} else {
		jw_str(w, "why", p->no_devices);
	}
	jw_object_end(w);
	jw_object_end(w);
}
