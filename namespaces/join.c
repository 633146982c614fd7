/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces that exist already, and those that can only be made late. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include "internal.h"

#define CLOCK_MOST (INT64_MAX / 1000000000 / 2) /* seconds: KTIME_SEC_MAX / 2, kernel/time/namespace.c */

static const char *name_of(int type)
{
	for (int i = 0; i < NS_COUNT; i++)
		if (spec_ns_flag((enum spec_ns)i) == (uint64_t)type)
			return spec_ns_name((enum spec_ns)i);
	return "other";
}

static int join_check(int fd, enum spec_ns ns, const char *path, struct err *e)
{
	int type = ioctl(fd, NS_GET_NSTYPE);

	if (type < 0)
		return err_set(e, EINVAL, "'%.128s' is no namespace", path);
	if ((uint64_t)type != spec_ns_flag(ns))
		return err_set(e, EINVAL, "'%.128s' is a %s namespace, not a %s one", path, name_of(type),
			       spec_ns_name(ns));
	return 0;
}

/* True when the namespace at fd is the runtime's own. */
static bool is_own(int fd, const char *proc_name)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstatat(AT_FDCWD, proc_name, &b, 0) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

/* A joined namespace that turns out to be the host's must not be written to. */
static int sysctl_guard(const struct ns_plan *p, const struct ns_run *r, struct err *e)
{
	static const struct {
		enum spec_ns ns;
		const char *proc_name;
	} of[] = {{NS_NETWORK, "/proc/self/ns/net"},
		  {NS_IPC, "/proc/self/ns/ipc"},
		  {NS_PID, "/proc/self/ns/pid"},
		  {NS_UTS, "/proc/self/ns/uts"},
		  {NS_USER, "/proc/self/ns/user"}};
	const struct spec_map *m = &p->config->linux_.sysctl;

	for (size_t k = 0; m->n && k < ARRAY_LEN(of); k++) {
		struct ns_plan without = *p;
		struct spec_config config = *p->config;

		if (!p->join[of[k].ns] || !is_own(r->join_fds[of[k].ns], of[k].proc_name))
			continue;
		config.linux_.namespaces[of[k].ns].set = false;
		without.config = &config;
		for (size_t i = 0; i < m->n; i++)
			if (sysctl_check(m->v[i].key, &without, UINT_MAX, e) < 0)
				return err_ctx(e, "linux.sysctl[\"%s\"]", m->v[i].key);
	}
	return 0;
}

/* By path or by no entry at all. In the namespace of pid 1, which a caller may not be in, nobody's root is to be changed. */
static int inherit_mounts(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	const int fd = r->join_fds[NS_MOUNT];

	r->inherits_mounts =
	    !p->config->linux_.namespaces[NS_MOUNT].set || (fd >= 0 && is_own(fd, "/proc/self/ns/mnt"));
	if (r->inherits_mounts) {
		fd_close_p(&r->join_fds[NS_MOUNT]);
		return inherited_check(p, e);
	}
	if (fd < 0 || !is_own(fd, "/proc/1/ns/mnt"))
		return 0;
	err_set(e, EINVAL,
		"'%.128s' is the mount namespace of pid 1 and not the caller's: to make a container's root in it would "
		"change the host's; leave the path out, or call jailrun in that namespace",
		p->join[NS_MOUNT]);
	return err_ctx(e, "linux.namespaces[mount].path");
}

int join_open(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	for (int i = 0; i < NS_COUNT; i++) {
		const char *path = p->join[i];
		int result = 0;

		if (!path)
			continue;
		r->join_fds[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (r->join_fds[i] < 0)
			result = err_errno(e, "open '%.128s'", path);
		else
			result = join_check(r->join_fds[i], (enum spec_ns)i, path, e);
		if (result < 0)
			return err_ctx(e, "linux.namespaces[%s].path", spec_ns_name((enum spec_ns)i));
	}
	r->host_net = !(p->clone_flags & CLONE_NEWNET) &&
		      (!p->join[NS_NETWORK] || is_own(r->join_fds[NS_NETWORK], "/proc/self/ns/net"));
	return inherit_mounts(p, r, e) < 0 ? -e->code : sysctl_guard(p, r, e);
}

int join_one(const struct ns_plan *p, struct ns_run *r, enum spec_ns ns, struct err *e)
{
	if (!p->join[ns] || r->join_fds[ns] < 0) /* ns_join_first has it already */
		return 0;
	if (setns(r->join_fds[ns], (int)spec_ns_flag(ns)) < 0) {
		err_errno(e, "join '%.128s'", p->join[ns]);
		return err_ctx(e, "linux.namespaces[%s].path", spec_ns_name(ns));
	}
	fd_close_p(&r->join_fds[ns]);
	return 0;
}

/* True when the namespace at fd belongs to the user namespace that is joined: its rights come with that one. */
static bool is_owned(int fd, int userns_fd)
{
	AUTO_CLOSE int owner = ioctl(fd, NS_GET_USERNS);
	struct stat a, b;

	return owner >= 0 && userns_fd >= 0 && fstat(owner, &a) == 0 && fstat(userns_fd, &b) == 0 &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

bool ns_joins_first(const struct ns_plan *p)
{
	if (p->join[NS_USER] || p->join[NS_PID])
		return true;
	for (int i = 0; p->clone_flags & CLONE_NEWUSER && i < NS_COUNT; i++)
		if (p->join[i] && i != NS_MOUNT)
			return true;
	return false;
}

int ns_join_first(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	static const enum spec_ns order[] = {NS_NETWORK, NS_IPC, NS_UTS, NS_CGROUP, NS_TIME, NS_PID};

	for (size_t i = 0; p->userns && i < ARRAY_LEN(order); i++) {
		const enum spec_ns ns = order[i];

		if (r->join_fds[ns] < 0 || is_owned(r->join_fds[ns], r->join_fds[NS_USER]) ||
		    (ns == NS_CGROUP && p->cgroup_late))
			continue;
		if (setns(r->join_fds[ns], (int)spec_ns_flag(ns)) == 0)
			fd_close_p(&r->join_fds[ns]);
		else if (errno != EPERM) /* EPERM: perhaps with the rights of the user namespace */
			return join_one(p, r, ns, e);
	}
	return join_one(p, r, NS_USER, e) < 0 || join_one(p, r, NS_PID, e) < 0 ? -e->code : 0;
}

int ns_join(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	/* user, pid and what is not of that user namespace were joined before the clone. The mount namespace comes last, by ns_rootfs_prepare: after it
	 * no path of the host is there any more, and no procfs that could be trusted. */
	static const enum spec_ns order[] = {NS_NETWORK, NS_IPC, NS_UTS, NS_CGROUP, NS_TIME};

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (!(order[i] == NS_CGROUP && p->cgroup_late) && join_one(p, r, order[i], e) < 0)
			return -e->code;
	fd_close_p(&r->join_fds[NS_USER]);
	fd_close_p(&r->join_fds[NS_PID]);
	return 0;
}

/* After a change of ids this process is not dumpable, and its files in /proc belong to the host's root, which the root of
 * a user namespace is not. It may be dumpable for the moment of one open: with a new pid namespace no process of the
 * container exists yet that could look. */
static int open_timens_offsets(const struct ns_plan *p)
{
	int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC), dumpable;

	if (fd >= 0 || errno != EACCES || !(p->clone_flags & CLONE_NEWPID))
		return fd;
	dumpable = prctl(PR_GET_DUMPABLE);
	prctl(PR_SET_DUMPABLE, 1);
	fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	prctl(PR_SET_DUMPABLE, dumpable == 1);
	return fd;
}

/* Whether this offset is one that the kernel refuses with ERANGE: says so, and returns true. */
static bool beyond(const struct spec_time_offset *o, clockid_t clock, const char *name, struct err *e)
{
	struct timespec now;
	long long secs = o->secs;

	if (!o->set || clock_gettime(clock, &now) < 0)
		return false;
	if (secs < 0 && now.tv_sec + secs < 0)
		err_set(
		    e, ERANGE,
		    "secs of %lld would make the clock negative, which is at %lld now: take an offset of %lld or more",
		    secs, (long long)now.tv_sec, -(long long)now.tv_sec);
	else if (secs > CLOCK_MOST - now.tv_sec)
		err_set(
		    e, ERANGE,
		    "secs of %lld is too large: the kernel's clocks count to %lld seconds, half of which it keeps for "
		    "timers: take a smaller one",
		    secs, 2LL * CLOCK_MOST);
	else
		return false;
	err_ctx(e, "%s", name);
	return true;
}

static int time_offsets(const struct ns_plan *p, struct err *e)
{
	const struct spec_linux *l = &p->config->linux_;
	AUTO_CLOSE int fd = -1;
	struct statfs fs;
	char text[160];
	int n = 0;

	if (!l->boottime.set && !l->monotonic.set)
		return 0;
	if (l->monotonic.set)
		n = snprintf(text, sizeof(text), "monotonic %lld %u\n", (long long)l->monotonic.secs,
			     l->monotonic.nanosecs);
	if (l->boottime.set)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "boottime %lld %u\n", (long long)l->boottime.secs,
			      l->boottime.nanosecs);
	fd = open_timens_offsets(p);
	if (fd < 0)
		return err_errno(e, "open /proc/self/timens_offsets");
	if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return err_set(e, EINVAL, "/proc/self/timens_offsets is no file of a procfs");
	if (write(fd, text, (size_t)n) == n)
		return 0;
	if (errno != ERANGE)
		return err_errno(e, "write to /proc/self/timens_offsets");
	return beyond(&l->monotonic, CLOCK_MONOTONIC, "monotonic", e) ||
		       beyond(&l->boottime, CLOCK_BOOTTIME, "boottime", e)
		   ? -e->code
		   : err_errno(e, "write to /proc/self/timens_offsets");
}

static int new_time(const struct ns_plan *p, struct err *e)
{
	AUTO_CLOSE int fd = -1;

	/* unshare(2) makes it for the children alone; it can be entered once the offsets stand (time_namespaces(7)). */
	if (unshare(CLONE_NEWTIME) < 0)
		return err_errno(e, "make a time namespace");
	if (time_offsets(p, e) < 0)
		return err_ctx(e, "linux.timeOffsets");
	fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, "open /proc/self/ns/time_for_children");
	if (setns(fd, CLONE_NEWTIME) < 0)
		return err_errno(e, "enter the new time namespace");
	return 0;
}

int ns_rest(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	(void)r;
	if (p->rest_flags & CLONE_NEWCGROUP && !p->cgroup_late && unshare(CLONE_NEWCGROUP) < 0)
		return err_errno(e, "make a cgroup namespace");
	if (p->rest_flags & CLONE_NEWTIME)
		return new_time(p, e);
	return 0;
}
