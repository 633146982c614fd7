/* SPDX-License-Identifier: Apache-2.0 */
/* Where a process that is executed in a container is born. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
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
	return fd < 0 ? err_errno(e, "open '%s' below the container's cgroup %s", below, path) : (int)fd;
}

int cg_enter_beside(const struct cg_facts *f, const char *path, pid_t pid, struct err *e)
{
	AUTO_FREE char *text = NULL;
	const size_t mount_len = strlen(f->mount);
	char file[32], *line, *end;
	int r;

	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	r = file_read(AT_FDCWD, file, 1u << 20, &text, NULL, e);
	if (r < 0)
		return r;
	line = str_starts(text, "0::") ? text : strstr(text, "\n0::");
	if (line) {
		line = strchr(line, '/');
		end = line + strcspn(line, "\n");
		*end = '\0';
		if (path_is_below(line, path + mount_len))
			return cg_enter(path, line + strlen(path + mount_len), e);
	}
	return err_set(e, EBUSY, "the container's cgroup %s has children with controllers, and can hold no process",
		       path);
}
