/* SPDX-License-Identifier: Apache-2.0 */
/* The namespaces of a container that runs, for a process that is executed in it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "internal.h"

/* Where chroot(2) confines the container, its root is that of its first process. */
static int open_root(pid_t pid, struct ns_run *r, struct err *e)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	r->rootfs_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r->rootfs_fd < 0 ? err_errno(e, "open the container's root %s", path) : 0;
}

int ns_enter_open(pid_t pid, pid_t pid_of_pidns, struct arena *a, struct ns_plan *p, struct ns_run *r, struct err *e)
{
	for (int i = 0; i < NS_COUNT; i++) {
		enum spec_ns ns = (enum spec_ns)i;
		const char *path =
		    arena_printf(a, "/proc/%d/ns/%s", (int)(ns == NS_PID ? pid_of_pidns : pid), ns_proc_name(ns));
		const char *own = arena_printf(a, "/proc/self/ns/%s", ns_proc_name(ns));
		struct stat theirs, ours;

		if (!path || !own)
			return err_set(e, ENOMEM, "out of memory");
		if (stat(own, &ours) < 0) /* this kernel has none of that kind */
			continue;
		r->join_fds[i] = open(path, O_RDONLY | O_CLOEXEC);
		/* It keeps its number until all of its pid namespace are gone and waited for, but none of these. */
		if (r->join_fds[i] < 0 && errno == ENOENT)
			return err_set(e, ESRCH, "container not running: its first process is ending");
		if (r->join_fds[i] < 0 || fstat(r->join_fds[i], &theirs) < 0)
			return err_errno(e, "open '%s' of the container's process", path);
		if (ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev) {
			fd_close_p(&r->join_fds[i]);
			continue;
		}
		p->join[i] = path;
	}
	p->userns = p->join[NS_USER] != NULL;
	if (r->inherits_mounts)
		return open_root(pid, r, e);
	/* Its root would be the caller's own. */
	return p->join[NS_MOUNT] ? 0 : err_set(e, ENOTSUP, "the container has no mount namespace of its own");
}

int ns_enter(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	return ns_join_first(p, r, e) < 0 ? -e->code : ns_join(p, r, e);
}

int ns_enter_mount(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	if (join_one(p, r, NS_MOUNT, e) < 0)
		return -e->code;
	if (r->inherits_mounts)
		return fchdir(r->rootfs_fd) < 0 || chroot(".") < 0 ? err_errno(e, "enter the container's root") : 0;
	r->rootfs_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r->rootfs_fd < 0 ? err_errno(e, "open the container's root") : 0;
}
