/* SPDX-License-Identifier: Apache-2.0 */
/* The host around the kernel: control groups, security modules, capabilities and limits, the ids of users. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "host.h"

/* ---- control groups ---- */

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static void add_layout(struct doctor *d)
{
	static const char *const remedy =
	    "boot with systemd.unified_cgroup_hierarchy=1, or mount cgroup2 at /sys/fs/cgroup";
	const struct cg_facts *f = &d->cg;

	if (f->layout == CG_NONE)
		doctor_add(d, d->rootless ? DOCTOR_NO : DOCTOR_BAD, "cgroup.layout", remedy,
			   "no cgroup v2 tree is mounted");
	else if (f->layout == CG_HYBRID)
		doctor_add(d, DOCTOR_NO, "cgroup.layout", remedy, "hybrid: v1 controllers, and v2 at %s", f->mount);
	else
		doctor_add(d, DOCTOR_OK, "cgroup.layout", NULL, "v2 at %s", f->mount);
}

/* A limit of these is what goes missing with the controller. */
static const struct {
	const char *name, *limits;
} controllers[] = {
    {"cpu", "linux.resources.cpu"},    {"cpuset", "linux.resources.cpu.cpus and mems"},
    {"io", "linux.resources.blockIO"}, {"memory", "linux.resources.memory"},
    {"pids", "linux.resources.pids"},  {"hugetlb", "linux.resources.hugepageLimits"},
    {"rdma", "linux.resources.rdma"},  {"misc", "linux.resources.unified[\"misc.*\"]"},
};

/* Where a controller is that is not in the v2 tree: /proc/cgroups has the number of its v1 hierarchy. */
static const char *place_of(const char *controllers_text, const char *name)
{
	unsigned int hierarchy, enabled;
	char line[64];
	const char *p;

	snprintf(line, sizeof(line), "\n%s\t", str_eq(name, "io") ? "blkio" : name);
	p = controllers_text ? strstr(controllers_text, line) : NULL;
	if (!p || sscanf(p + strlen(line), "%u %*u %u", &hierarchy, &enabled) != 2)
		return "this kernel does not have it";
	if (!enabled)
		return "it is switched off (cgroup_disable=)";
	return hierarchy ? "it is in cgroup v1" : "it is not given to this part of the tree";
}

static void add_controllers(struct doctor *d)
{
	const char *delegate = d->rootless
				   ? "Delegate=yes in the unit of the user's manager (systemd)"
				   : "enable it in cgroup.subtree_control of the cgroups above, or in what made "
				     "this container";
	AUTO_FREE char *text = NULL;
	char id[48];

	(void)file_read(AT_FDCWD, "/proc/cgroups", 65536, &text, NULL, NULL);
	for (size_t i = 0; i < ARRAY_LEN(controllers); i++) {
		const char *name = controllers[i].name;
		const char *place = place_of(text, name);

		snprintf(id, sizeof(id), "cgroup.controller.%s", name);
		if (strv_has(&d->cg.controllers, name))
			doctor_add(d, DOCTOR_OK, id, NULL, "limits of %s can be set", controllers[i].limits);
		else
			doctor_add(d, DOCTOR_NO, id,
				   strstr(place, "v1")     ? "cgroup_no_v1=all on the kernel's command line"
				   : strstr(place, "part") ? delegate
							   : NULL,
				   "%s: limits of %s are refused", place, controllers[i].limits);
	}
}

static void add_abilities(struct doctor *d)
{
	const struct cg_abilities *c = &d->cgroup;
	char why[sizeof(struct err)];

	if (c->make.code) {
		doctor_add(d, d->rootless ? DOCTOR_NO : DOCTOR_BAD, "cgroup.make",
			   d->rootless
			       ? "delegate one: Delegate=yes in a systemd unit, or chown by root (cgroups(7))"
			       : "in a container, give it a cgroup tree that may be written to (docker, podman: "
				 "--privileged); jailrun --cgroup-manager disabled does without",
			   "no cgroup can be made (%s): no limits, no freezer", err_str(&c->make, why, sizeof(why)));
		return;
	}
	doctor_add(d, DOCTOR_OK, "cgroup.make", NULL, "containers have theirs below %s%s/jailrun", d->cg.mount,
		   d->cg.base ? d->cg.base : "");
	doctor_add(d, c->kill ? DOCTOR_OK : DOCTOR_NO, "cgroup.kill", c->kill ? NULL : "Linux 5.14 has it",
		   c->kill ? "cgroup.kill" : "no cgroup.kill: a container is frozen to be killed");
	doctor_add(d, c->freeze ? DOCTOR_OK : DOCTOR_NO, "cgroup.freeze", c->freeze ? NULL : "Linux 5.2 has it",
		   c->freeze ? "containers can be paused" : "no cgroup.freeze: containers cannot be paused");
}

static void add_program(struct doctor *d, const char *id, const struct err *e, const char *what, const char *lacking)
{
	char why[sizeof(struct err)];

	if (!e->code)
		doctor_add(d, DOCTOR_OK, id, NULL, "%s can be attached", what);
	else
		doctor_add(d, DOCTOR_NO, id,
			   d->rootless           ? "root of the host can"
			   : d->cgroup.make.code ? "it takes a cgroup: see cgroup.make"
						 : "a kernel with CONFIG_CGROUP_BPF, and CAP_SYS_ADMIN or CAP_BPF",
			   "%s: %s (%s)", what, lacking, err_str(e, why, sizeof(why)));
}

static void add_systemd(struct doctor *d)
{
	char why[sizeof(struct err)];

	if (!d->cgroup.systemd.code)
		doctor_add(d, DOCTOR_OK, "cgroup.systemd", NULL, "its manager can be asked: --systemd-cgroup");
	else
		doctor_add(d, DOCTOR_NONE, "cgroup.systemd", NULL, "--systemd-cgroup is refused: %s",
			   err_str(&d->cgroup.systemd, why, sizeof(why)));
}

/* The memory controller's files are in every cgroup that has it, but for the top. */
static void add_swap(struct doctor *d)
{
	char file[512];

	if (!strv_has(&d->cg.controllers, "memory") || str_eq(d->cg.self, "/")) {
		doctor_add(d, DOCTOR_NONE, "cgroup.swap", NULL,
			   "not to be known without a cgroup that has the memory controller");
		return;
	}
	snprintf(file, sizeof(file), "%s%s/memory.max", d->cg.mount, d->cg.self);
	if (!exists(file)) {
		doctor_add(d, DOCTOR_NONE, "cgroup.swap", NULL, "not to be known: %s is not there", file);
		return;
	}
	snprintf(file, sizeof(file), "%s%s/memory.swap.max", d->cg.mount, d->cg.self);
	if (exists(file))
		doctor_add(d, DOCTOR_OK, "cgroup.swap", NULL, "swap is accounted for");
	else
		doctor_add(d, DOCTOR_NO, "cgroup.swap", "boot with swapaccount=1",
			   "swap is not: memory.swap is refused");
}

void doctor_cgroups(struct doctor *d)
{
	struct spec_linux rdt = {.intel_rdt = {.set = true}};
	struct cg_rdt_facts facts;

	add_layout(d);
	cg_try(&d->cg, &d->call->arena, &d->cgroup);
	if (d->cg.layout != CG_NONE) {
		add_abilities(d);
		add_controllers(d);
		add_swap(d);
		add_systemd(d);
	}
	add_program(d, "cgroup.ebpf-devices", &d->cgroup.devices, "device rules (eBPF)",
		    "what devices a container may use is not limited beyond its ids");
	add_program(d, "cgroup.ebpf-network", &d->cgroup.network, "network rules (eBPF)",
		    "a policy with network is refused");
	if (cg_rdt_probe(&rdt, "doctor", &d->call->arena, &facts, NULL) == 0 && facts.mount)
		doctor_add(d, DOCTOR_OK, "resctrl", NULL, "at %s", facts.mount);
	else
		doctor_add(d, DOCTOR_NONE, "resctrl", NULL, "not mounted: linux.intelRdt is refused");
}

/* ---- security modules, capabilities, limits ---- */

static void add_limit(struct doctor *d, const char *id, int type)
{
	struct rlimit l;
	char value[32];

	if (getrlimit((__rlimit_resource_t)type, &l) < 0)
		return;
	snprintf(value, sizeof(value), "%llu", (unsigned long long)l.rlim_max);
	if (l.rlim_max == RLIM_INFINITY)
		doctor_add(d, DOCTOR_OK, id, NULL, "unlimited");
	else if (d->jail.caps & 1ull << CAP_SYS_RESOURCE)
		doctor_add(d, DOCTOR_OK, id, NULL, "%s, more by CAP_SYS_RESOURCE", value);
	else
		doctor_add(d, DOCTOR_NO, id, NULL,
			   "%s at the most: without CAP_SYS_RESOURCE, process.rlimits above are refused", value);
}

static void add_capabilities(struct doctor *d)
{
	AUTO_BUF missing = {0};

	for (uint64_t cap = 0; cap <= d->jail.last_cap; cap++)
		if (!(d->jail.caps & 1ull << cap))
			buf_printf(&missing, " %s", jail_cap_name((int)cap) ? jail_cap_name((int)cap) : "?");
	if (d->rootless)
		doctor_add(d, DOCTOR_OK, "capabilities", NULL, "all of a user namespace of one's own");
	else if (!missing.len)
		doctor_add(d, DOCTOR_OK, "capabilities", NULL, "all can be granted");
	else
		doctor_add(d, DOCTOR_NO, "capabilities", NULL, "these cannot be granted:%s", missing.data);
}

static void add_module(struct doctor *d, const char *id, bool runs, const char *field)
{
	if (runs)
		doctor_add(d, DOCTOR_OK, id, NULL, "runs");
	else
		doctor_add(d, DOCTOR_NONE, id, NULL, "does not run: %s is refused", field);
}

static void add_modules(struct doctor *d)
{
	AUTO_FREE char *text = NULL;

	if (file_read(AT_FDCWD, "/sys/kernel/security/lsm", 4096, &text, NULL, NULL) == 0)
		doctor_add(d, DOCTOR_OK, "security.modules", NULL, "%s", text);
	else
		doctor_add(d, DOCTOR_NONE, "security.modules", NULL, "not to be known: securityfs is not mounted");
}

void doctor_security(struct doctor *d)
{
	add_modules(d);
	add_module(d, "security.apparmor", lsm_has_apparmor(d->jail.apparmor), "process.apparmorProfile");
	add_module(d, "security.selinux", lsm_has_selinux(d->jail.selinux), "process.selinuxLabel");
	add_capabilities(d);
	add_limit(d, "limit.nofile", RLIMIT_NOFILE);
	add_limit(d, "limit.nproc", RLIMIT_NPROC);
	add_limit(d, "limit.memlock", RLIMIT_MEMLOCK);
}

/* ---- users ---- */

/* How many ids the file grants to the user, by name or by number: NAME:FIRST:COUNT, a line each. */
static uint64_t granted(const char *file, const char *name, uid_t uid)
{
	AUTO_FREE char *text = NULL;
	char number[16], *rest, *line;
	uint64_t sum = 0, count;

	if (file_read(AT_FDCWD, file, 1u << 20, &text, NULL, NULL) < 0)
		return 0;
	snprintf(number, sizeof(number), "%u", uid);
	rest = text;
	while ((line = str_field(&rest, "\n"))) {
		const char *who = str_field(&line, ":"), *first = str_field(&line, ":");

		if (who && first && line && (str_eq(who, name) || str_eq(who, number)) &&
		    parse_u64(line, 10, &count) == 0)
			sum += count;
	}
	return sum;
}

static bool in_path(const char *program)
{
	const char *path = getenv("PATH");
	char file[512];

	for (path = path ? path : "/usr/bin:/bin"; *path; path += strcspn(path, ":"), path += *path == ':') {
		int len = (int)strcspn(path, ":");

		snprintf(file, sizeof(file), "%.*s/%s", len, path, program);
		if (access(file, X_OK) == 0)
			return true;
	}
	return false;
}

void doctor_user(struct doctor *d)
{
	const char *name = rt_user_name(geteuid(), &d->call->arena);
	uint64_t uids = granted("/etc/subuid", name, geteuid()), gids = granted("/etc/subgid", name, geteuid());

	if (!d->rootless) {
		doctor_add(d, DOCTOR_OK, "user", NULL, "root: every id can be mapped");
		return;
	}
	doctor_add(d, DOCTOR_OK, "user", NULL, "%s (%u), without root: the own id can be mapped", name, geteuid());
	if (in_path("newuidmap") && in_path("newgidmap"))
		doctor_add(d, DOCTOR_OK, "user.newuidmap", NULL, "newuidmap and newgidmap");
	else
		doctor_add(d, DOCTOR_NO, "user.newuidmap", "install the package uidmap",
			   "newuidmap or newgidmap is not in PATH: no id but the own can be mapped");
	if (uids && gids)
		doctor_add(d, DOCTOR_OK, "user.subids", NULL, "/etc/subuid grants %llu ids, /etc/subgid %llu",
			   (unsigned long long)uids, (unsigned long long)gids);
	else
		doctor_add(d, DOCTOR_NO, "user.subids",
			   "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER",
			   "/etc/subuid grants %llu ids, /etc/subgid %llu: no id but the own can be mapped",
			   (unsigned long long)uids, (unsigned long long)gids);
}
