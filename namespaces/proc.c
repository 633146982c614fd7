/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "internal.h"

#define PROC_ROOT_INO 1

/* The container's own /proc, when it is what it looks like: the root of a procfs. */
static int proc_mounted(struct ns_run *r, struct err *e)
{
	AUTO_CLOSE int fd = path_open_in(r->rootfs_fd, "/proc", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS, e);
	struct statfs fs;
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return err_errno(e, "stat the container's /proc");
	if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != PROC_ROOT_INO)
		return err_set(e, EINVAL, "the container's /proc is no procfs");
	return take_fd(&fd);
}

int proc_private(struct ns_run *r, struct err *e)
{
	struct err first = {0}, second = {0};

	if (r->proc_fd >= 0)
		return r->proc_fd;
	r->proc_fd =
	    mnt_new("proc", "proc", NULL, false, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, &first);
	if (r->proc_fd < 0) /* nested: what covers parts of the outer /proc forbids a new one */
		r->proc_fd = proc_mounted(r, &second);
	if (r->proc_fd < 0)
		return err_set(e, first.code, "no procfs can be trusted: a private one: %s; the container's: %s",
			       first.text, second.text);
	return r->proc_fd;
}
