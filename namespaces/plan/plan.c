/* SPDX-License-Identifier: Apache-2.0 */
/* From config.json and facts to what will be done: namespaces, ids, names. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include "namespaces/internal.h"

#define CGROUP2_MAGIC 0x63677270

/* The first user namespace has a number of its own, which is never given again (PROC_USER_INIT_INO). */
#define USER_INIT_INO 0xEFFFFFFDU

static bool has_cgroup2(void)
{
	static const char *const places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	struct statfs st;

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (statfs(places[i], &st) == 0 && st.f_type == CGROUP2_MAGIC)
			return true;
	return false;
}

/* The kernel's names of the namespaces, in /proc/PID/ns. */
static const char *const proc_names[NS_COUNT] = {
    [NS_MOUNT] = "mnt", [NS_PID] = "pid",   [NS_NETWORK] = "net",   [NS_UTS] = "uts",
    [NS_IPC] = "ipc",   [NS_USER] = "user", [NS_CGROUP] = "cgroup", [NS_TIME] = "time",
};

const char *ns_proc_name(enum spec_ns ns)
{
	return proc_names[ns];
}

/* 0, older than all, when it cannot be told. */
static unsigned int kernel_version(void)
{
	unsigned int major, minor;
	struct utsname name;

	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2 || minor >= NS_KERNEL(1, 0))
		return 0;
	return NS_KERNEL(major, minor);
}

int ns_probe(struct ns_facts *ret, struct err *e)
{
	AUTO_CLOSE int dir = open("/proc/self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	*ret = (struct ns_facts){.euid = geteuid(), .egid = getegid(), .selinux = LSM_ASK};
	if (dir < 0)
		return err_errno(e, "open /proc/self/ns: is /proc mounted?");
	for (int i = 0; i < NS_COUNT; i++)
		ret->kernel_has[i] = fstatat(dir, proc_names[i], &st, AT_SYMLINK_NOFOLLOW) == 0;
	ret->in_userns = fstatat(dir, proc_names[NS_USER], &st, 0) == 0 && st.st_ino != USER_INIT_INO;
	ret->kernel = kernel_version();
	ret->has_cgroup2 = has_cgroup2();
	return 0;
}

static int plan_namespaces(const struct spec_config *c, const struct ns_facts *f, struct ns_plan *p, struct err *e)
{
	const struct spec_namespace *ns = c->linux_.namespaces;
	const uint64_t later = CLONE_NEWCGROUP | CLONE_NEWTIME;

	for (int i = 0; i < NS_COUNT; i++) {
		const char *name = spec_ns_name((enum spec_ns)i);
		uint64_t flag = spec_ns_flag((enum spec_ns)i);

		if (!ns[i].set)
			continue;
		if (!f->kernel_has[i]) {
			err_set(e, ENOTSUP, "this kernel has no %s namespaces", name);
			return err_ctx(e, "linux.namespaces[%s]", name);
		}
		if (ns[i].path && ns[i].path[0] != '/') {
			err_set(e, EINVAL, "'%.128s' must be absolute", ns[i].path);
			return err_ctx(e, "linux.namespaces[%s].path", name);
		}
		p->join[i] = ns[i].path;
		if (!ns[i].path)
			*(flag & later ? &p->rest_flags : &p->clone_flags) |= flag;
	}
	p->userns = ns[NS_USER].set;
	return 0;
}

static int needs(const struct spec_config *c, enum spec_ns ns, const char *field, struct err *e)
{
	if (c->linux_.namespaces[ns].set)
		return 0;
	err_set(e, EINVAL, "needs a new or joined %s namespace in linux.namespaces", spec_ns_name(ns));
	return err_ctx(e, "%s", field);
}

static int plan_names(const struct spec_config *c, const struct ns_facts *f, const struct ns_plan *p, struct err *e)
{
	const struct spec_linux *l = &c->linux_;
	int r = 0;

	if (c->hostname && *c->hostname)
		r = needs(c, NS_UTS, "hostname", e);
	if (r == 0 && c->domainname && *c->domainname)
		r = needs(c, NS_UTS, "domainname", e);
	if (r == 0 && (l->boottime.set || l->monotonic.set)) {
		r = needs(c, NS_TIME, "linux.timeOffsets", e);
		if (r == 0 && p->join[NS_TIME]) {
			err_set(e, EINVAL, "a joined time namespace has its offsets already");
			r = err_ctx(e, "linux.timeOffsets");
		}
	}
	if (r == 0 && ((l->boottime.set && l->boottime.nanosecs > 999999999) ||
		       (l->monotonic.set && l->monotonic.nanosecs > 999999999))) {
		err_set(e, EINVAL, "nanosecs must be at most 999999999");
		r = err_ctx(e, "linux.timeOffsets");
	}
	if (r == 0 && l->mount_label && !lsm_has_selinux(f->selinux)) {
		r = err_set(
		    e, ENOTSUP,
		    "this kernel runs without SELinux or a policy of it, and knows no label '%.128s'; remove it",
		    l->mount_label);
		err_ctx(e, "linux.mountLabel");
	}
	for (size_t i = 0; r == 0 && i < l->sysctl.n; i++)
		if ((r = sysctl_check(l->sysctl.v[i].key, p, f->kernel, e)) < 0)
			err_ctx(e, "linux.sysctl[\"%s\"]", l->sysctl.v[i].key);
	return r;
}

static const struct {
	const char *name;
	uint64_t flags;
} propagations[] = {
    {"shared", MS_SHARED},
    {"slave", MS_SLAVE},
    {"private", MS_PRIVATE},
    {"unbindable", MS_UNBINDABLE},
    {"rshared", MS_SHARED | MS_REC},
    {"rslave", MS_SLAVE | MS_REC},
    {"rprivate", MS_PRIVATE | MS_REC},
    {"runbindable", MS_UNBINDABLE | MS_REC},
};

static int plan_rootfs(const struct spec_config *c, const char *bundle, struct arena *a, struct ns_plan *p,
		       struct err *e)
{
	const char *word = c->linux_.rootfs_propagation, *path = c->root.path;

	if (!c->root.set || !path || !*path) {
		err_set(e, EINVAL, "required: the directory of the container's root file system");
		return err_ctx(e, "root.path");
	}
	p->rootfs = *path == '/' ? arena_strdup(a, path) : arena_printf(a, "%s/%s", bundle, path);
	/* Without "..", which after a symlink is not what it looks like, the name can be made clean. */
	if (p->rootfs && !strstr(p->rootfs, ".."))
		p->rootfs = path_clean(a, p->rootfs);
	if (!p->rootfs)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = 0; word && i < ARRAY_LEN(propagations); i++)
		if (str_eq(word, propagations[i].name))
			p->propagation = propagations[i].flags;
	if (word && !p->propagation) {
		err_set(e, EINVAL, "'%.32s' is none of shared, slave, private, unbindable and their r… forms", word);
		return err_ctx(e, "linux.rootfsPropagation");
	}
	return 0;
}

int ns_plan(const struct spec_config *c, const struct ns_facts *f, const char *bundle, bool no_pivot, struct arena *a,
	    struct ns_plan *ret, struct err *e)
{
	int r;

	*ret = (struct ns_plan){.config = c, .bundle = bundle, .no_pivot = no_pivot};
	ret->show_rootfs =
	    c->hooks[HOOK_PRESTART].n || c->hooks[HOOK_CREATE_RUNTIME].n || c->hooks[HOOK_CREATE_CONTAINER].n;
	r = plan_namespaces(c, f, ret, e);
	ret->rootless = ret->userns || f->in_userns || f->euid != 0;
	if (r == 0)
		r = idmap_plan(c, ret, e);
	if (r == 0)
		r = plan_names(c, f, ret, e);
	if (r == 0)
		r = net_devices_plan(c, f, e);
	if (r == 0)
		r = plan_rootfs(c, bundle, a, ret, e);
	if (r == 0)
		r = plan_mounts(c, f, a, ret, e);
	if (r == 0)
		r = plan_devices(c, a, ret, e);
	if (r == 0 && !c->linux_.namespaces[NS_MOUNT].set)
		r = inherited_check(ret, e);
	return r;
}
