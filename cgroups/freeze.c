/* SPDX-License-Identifier: Apache-2.0 */
/* The freezer of cgroup v2 (cgroup-v2.rst, cgroup.freeze). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "cgroups/cgroups.h"
#include "cgroups/tree.h"

#define TRY_US (2u * 1000 * 1000)
#define TRIES  5

bool cg_frozen(const char *path)
{
	AUTO_CLOSE int fd = cg_open(path, NULL);
	char text[16];

	return fd >= 0 && cg_read(fd, "cgroup.freeze", text, sizeof(text)) > 0 && text[0] == '1';
}

bool cg_frozen_by(const char *path, char *ret, size_t size)
{
	char *slash;

	if ((size_t)snprintf(ret, size, "%s", path) >= size)
		return false;
	/* The top of the tree, and what is above its mount, has no such file. */
	for (; !cg_frozen(ret); *slash = '\0')
		if (!(slash = strrchr(ret, '/')) || slash == ret)
			return false;
	return true;
}

int cg_check_thawed(const char *path, struct err *e)
{
	char above[PATH_MAX];

	if (!cg_frozen_by(path, above, sizeof(above)))
		return 0;
	if (str_eq(path, above))
		return err_set(e, EBUSY, "cgroup %s is frozen: no process could run in it (cgroup.freeze)", path);
	return err_set(e, EBUSY,
		       "no process could run in cgroup %s: %s above it is frozen; write 0 to its cgroup.freeze, or "
		       "resume the container that it belongs to",
		       path, above);
}

/* Several tries: a task that waits in the kernel for an answer of another one (the jail's helper has some of those) is
 * not frozen before it has it, and never when the other one was frozen first. Thawed for a moment, both get on. */
static int freeze(int dir_fd, const char *path, struct err *e)
{
	for (int i = 0; i < TRIES; i++) {
		if (i > 0 && file_write(dir_fd, "cgroup.freeze", "0", NULL) == 0)
			poll(NULL, 0, 10);
		if (file_write(dir_fd, "cgroup.freeze", "1", NULL) < 0)
			return err_errno(e, "freeze cgroup '%s' (cgroup.freeze)", path);
		if (cg_wait_event(dir_fd, "frozen", 1, now_us() + TRY_US))
			return 0;
	}
	file_write(dir_fd, "cgroup.freeze", "0", NULL);
	return err_set(
	    e, ETIMEDOUT,
	    "cgroup '%s' was not frozen within %d seconds: a process in it sleeps in the kernel; it is thawed again",
	    path, TRIES * TRY_US / 1000000);
}

int cg_freeze(const char *path, bool frozen, struct err *e)
{
	AUTO_CLOSE int fd = cg_open(path, e);
	char above[PATH_MAX];

	if (fd == -ENOENT)
		return err_set(e, ENOENT, "there is no cgroup '%s'", path);
	if (fd < 0)
		return fd;
	if (frozen)
		return freeze(fd, path, e);
	if (file_write(fd, "cgroup.freeze", "0", NULL) < 0)
		return err_errno(e, "thaw cgroup '%s' (cgroup.freeze)", path);
	if (cg_wait_event(fd, "frozen", 0, now_us() + TRY_US))
		return 0;
	if (cg_frozen_by(path, above, sizeof(above)))
		return err_set(e, EBUSY, "cgroup '%s' stays frozen: %s above it is frozen as well", path, above);
	return err_set(e, EBUSY, "cgroup '%s' stays frozen: one above it is frozen as well", path);
}
