/* SPDX-License-Identifier: Apache-2.0 */
/* Where a process that is executed in a container is born. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "cgroups/cgroups.h"
#include "cgroups/tree.h"

int cg_enter(const char *path, const char *below, struct err *e)
{
	const struct open_how how = {
	    .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	AUTO_CLOSE int dir = cg_open(path, e);
	long fd;

	if (dir == -ENOENT)
		return err_set(e, ENOENT, "the container's cgroup %s is gone", path);
	while (below && *below == '/')
		below++;
	if (dir < 0 || !below || !*below)
		return take_fd(&dir);
	fd = syscall(SYS_openat2, dir, below, &how, sizeof(how));
	if (fd < 0 && errno == EXDEV)
		return err_set(e, EXDEV, "bad sub cgroup path: '%s' leads out of the container's cgroup %s", below,
			       path);
	return fd < 0 ? err_errno(e, "open '%s' below the container's cgroup %s", below, path) : (int)fd;
}

bool cg_is_inner(int dir_fd)
{
	char text[256];

	return cg_read(dir_fd, "cgroup.subtree_control", text, sizeof(text)) > 1;
}

/* The processes to look at, "PID PID …": pid itself, or its children. */
static int candidates(pid_t pid, bool children, char **ret, struct err *e)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	if (children)
		return file_read(AT_FDCWD, path, 1u << 20, ret, NULL, e);
	snprintf(path, sizeof(path), "%d", (int)pid);
	*ret = strdup(path);
	return *ret ? 0 : err_set(e, ENOMEM, "out of memory");
}

int cg_enter_beside(const struct cg_facts *f, const char *path, pid_t pid, bool children, struct arena *a,
		    struct err *e)
{
	const char *below = path + strlen(f->mount), *now = "/";
	AUTO_FREE char *list = NULL;
	char *rest, *who;
	int r = candidates(pid, children, &list, e);

	if (r < 0)
		return r;
	rest = list;
	while ((who = str_field(&rest, " ")))
		if (*who && cg_of_process(who, a, &now, NULL) >= 0 && path_is_below(now, below))
			return cg_enter(path, now + strlen(below), e);
	return err_set(e, EBUSY, "the container's cgroup %s has children with controllers, and can hold no process",
		       path);
}
