/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "state.h"

static int ns_open(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether the process is in the namespace or in one below it: from its own up, to where the kernel lets nobody look. */
static bool is_inside(pid_t pid, const struct stat *ns)
{
	int fd = ns_open(pid), above;
	bool found = false;
	struct stat st;

	while (fd >= 0 && !found) {
		found = fstat(fd, &st) == 0 && same(&st, ns);
		above = found ? -1 : ioctl(fd, NS_GET_PARENT);
		close(fd);
		fd = above;
	}
	return found;
}

static int walk(const struct stat *ns, pid_t **ret, struct err *e)
{
	DIR *dir = opendir("/proc");
	size_t n = 0, size = 0;
	struct dirent *d;
	int64_t pid;

	if (!dir)
		return err_errno(e, "open /proc");
	while ((d = readdir(dir))) {
		if (parse_i64(d->d_name, 10, &pid) < 0 || !is_inside((pid_t)pid, ns))
			continue;
		if (n == size) {
			pid_t *more = realloc(*ret, (size = size ? size * 2 : 64) * sizeof(**ret));

			if (!more) {
				closedir(dir);
				return err_set(e, ENOMEM, "out of memory");
			}
			*ret = more;
		}
		(*ret)[n++] = (pid_t)pid;
	}
	closedir(dir);
	return (int)n;
}

int rt_pidns_pids(pid_t init, pid_t **ret, struct err *e)
{
	AUTO_CLOSE int fd = ns_open(init), own = ns_open(getpid());
	struct stat ns, mine;
	int r;

	*ret = NULL;
	if (fd < 0 && errno == ENOENT)
		return err_set(e, ESRCH, "container not running");
	if (fd < 0 || own < 0 || fstat(fd, &ns) < 0 || fstat(own, &mine) < 0)
		return err_errno(e, "open the pid namespace of process %d", (int)init);
	if (same(&ns, &mine))
		return err_set(e, ENOTSUP,
			       "the container has neither a cgroup nor a pid namespace of its own: which processes "
			       "are its own is not known");
	r = walk(&ns, ret, e);
	if (r < 0) {
		free(*ret);
		*ret = NULL;
	}
	return r;
}
