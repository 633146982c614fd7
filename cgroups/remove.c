/* SPDX-License-Identifier: Apache-2.0 */
/* What ends a container: signals to all of its processes, and the end of its cgroup. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "cgroups/cgroups.h"
#include "cgroups/tree.h"

#define WAIT_US   (5u * 1000 * 1000)
#define HURRY_US  200000
#define DEPTH_MAX 64

struct pids {
	pid_t *v;
	size_t n, size;
};

static int add_pid(struct pids *l, pid_t pid)
{
	if (l->n == l->size) {
		size_t size = l->size ? l->size * 2 : 64;
		pid_t *v = realloc(l->v, size * sizeof(*v));

		if (!v)
			return -ENOMEM;
		l->v = v;
		l->size = size;
	}
	l->v[l->n++] = pid;
	return 0;
}

/* Of a thread: its process, or 0 when it is gone, or when the process is in the list. */
static pid_t process_of(pid_t tid, const struct pids *l)
{
	AUTO_FREE char *text = NULL;
	char path[32], *tgid;
	int64_t pid = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	if (file_read(AT_FDCWD, path, 65536, &text, NULL, NULL) < 0 || !(tgid = strstr(text, "\nTgid:\t")))
		return 0;
	tgid += strlen("\nTgid:\t");
	tgid[strcspn(tgid, "\n")] = '\0';
	if (parse_i64(tgid, 10, &pid) < 0)
		return 0;
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i] == pid)
			return 0;
	return (pid_t)pid;
}

static int read_pids(int dir_fd, struct pids *l)
{
	AUTO_FREE char *text = NULL;
	char *rest, *line;
	const int threads = cg_read_procs(dir_fd, &text, NULL);

	if (threads == -EOPNOTSUPP || threads == -ENODEV || threads == -ENOENT)
		return 0;
	if (threads < 0)
		return threads;
	rest = text;
	while ((line = str_field(&rest, "\n"))) {
		int64_t pid;
		int r;

		/* 0 stands for a process of a pid namespace that is out of sight. */
		if (parse_i64(line, 10, &pid) < 0 || pid <= 0)
			continue;
		if (threads && (pid = process_of((pid_t)pid, l)) == 0)
			continue;
		r = add_pid(l, (pid_t)pid);
		if (r < 0)
			return r;
	}
	return 0;
}

/* dir_fd: taken over. Recursion is bounded: who may make cgroups in the container could nest them for ever. */
static int walk_pids(int dir_fd, unsigned int depth, struct pids *l)
{
	int r = depth > DEPTH_MAX ? -ELOOP : read_pids(dir_fd, l);
	DIR *dir = r < 0 ? NULL : fdopendir(dir_fd);
	struct dirent *d;

	if (!dir) {
		r = r < 0 ? r : -errno;
		close(dir_fd);
		return r;
	}
	while (r == 0 && (d = readdir(dir))) {
		int fd;

		if (d->d_type != DT_DIR || d->d_name[0] == '.')
			continue;
		fd = openat(dirfd(dir), d->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0)
			r = walk_pids(fd, depth + 1, l);
		else if (errno != ENOENT)
			r = -errno;
	}
	closedir(dir);
	return r;
}

int cg_pids(const char *path, pid_t **ret, struct err *e)
{
	struct pids l = {0};
	int fd = cg_open(path, e), r;

	*ret = NULL;
	if (fd == -ENOENT)
		return err_set(e, ENOENT, "there is no cgroup '%s'", path);
	if (fd < 0)
		return fd;
	r = walk_pids(fd, 0, &l);
	if (r < 0) {
		free(l.v);
		return err_set(e, -r, "read the processes of cgroup '%s': %s", path,
			       r == -ELOOP ? "cgroups are nested too deeply" : strerror(-r));
	}
	*ret = l.v;
	return (int)l.n;
}

static int signal_all(const char *path, int sig, pid_t except, struct err *e)
{
	AUTO_FREE pid_t *pids = NULL;
	int n = cg_pids(path, &pids, e);

	for (int i = 0; pids && i < n; i++)
		if (pids[i] != except && kill(pids[i], sig) < 0 && errno != ESRCH)
			return err_errno(e, "send %s to process %d of cgroup '%s'", signal_name(sig), (int)pids[i],
					 path);
	return n < 0 ? n : 0;
}

/* Before Linux 5.14: frozen, they cannot fork away from the list while it is read. SIGKILL reaches frozen ones, too. */
static int freeze_and_kill(int dir_fd, const char *path, struct err *e)
{
	const uint64_t deadline = now_us() + WAIT_US;
	int r;

	file_write(dir_fd, "cgroup.freeze", "1", NULL);
	do
		r = signal_all(path, SIGKILL, 0, e);
	while (r == 0 && !cg_wait_event(dir_fd, "populated", 0, now_us() + 10000) && now_us() < deadline);
	file_write(dir_fd, "cgroup.freeze", "0", NULL);
	return r == -ENOENT ? 0 : r;
}

static int kill_all(int dir_fd, const char *path, struct err *e)
{
	if (file_write(dir_fd, "cgroup.kill", "1", NULL) == 0 || errno == ENODEV)
		return 0;
	if (errno == ENOENT || errno == EOPNOTSUPP)
		return freeze_and_kill(dir_fd, path, e);
	return err_errno(e, "kill the processes of cgroup '%s'", path);
}

int cg_kill(const char *path, int sig, pid_t except, struct err *e)
{
	AUTO_CLOSE int fd = cg_open(path, e);
	struct err own = {0};
	int r;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (sig == SIGKILL)
		return kill_all(fd, path, e);
	r = signal_all(path, sig, except, &own);
	if (r < 0 && r != -ENOENT && e && !e->code)
		*e = own;
	return r == -ENOENT ? 0 : r;
}

static void lift_cpu(int dir_fd)
{
	(void)file_write(dir_fd, "cpu.idle", "0", NULL);
	(void)file_write(dir_fd, "cpu.max", "max", NULL);
	(void)file_write(dir_fd, "cpuset.cpus", "\n", NULL); /* elsewhere there may be time */
}

void cg_hurry(const char *path)
{
	AUTO_CLOSE int fd = cg_open(path, NULL), box = -1;

	if (fd < 0)
		return;
	lift_cpu(fd);
	box = openat(fd, CG_BOX, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (box >= 0)
		lift_cpu(box);
}

/* Removes the children of dir_fd that are empty; *ret_child: one that is not, or -1. */
static int prune(int dir_fd, int *ret_child, bool *ret_progress)
{
	DIR *dir = cg_opendir(dir_fd);
	struct dirent *d;
	int r = 0;

	*ret_child = -1;
	if (!dir)
		return -errno;
	while (r == 0 && *ret_child < 0 && (d = readdir(dir))) {
		if (d->d_type != DT_DIR || d->d_name[0] == '.')
			continue;
		if (unlinkat(dir_fd, d->d_name, AT_REMOVEDIR) == 0 || errno == ENOENT) {
			*ret_progress = true;
			continue;
		}
		if (errno != EBUSY) {
			r = -errno;
			continue;
		}
		*ret_child = openat(dir_fd, d->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (*ret_child < 0 && errno != ENOENT)
			r = -errno;
	}
	closedir(dir);
	return r;
}

/* Depth first, but by "..": who could make cgroups in the container may have nested them deeper than there are fds. */
static int remove_below(int top, uint64_t deadline)
{
	AUTO_CLOSE int cur = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t depth = 0;

	if (cur < 0)
		return -errno;
	for (;;) {
		bool progress = false;
		int next, r = prune(cur, &next, &progress);

		if (r < 0)
			return r;
		if (next < 0 && !depth)
			return 0;
		if (now_us() > deadline) {
			fd_close_p(&next);
			return -EBUSY;
		}
		if (next < 0) {
			/* A leaf that would not go: the kernel has not let go of its last process yet. */
			if (!progress)
				poll(NULL, 0, 1);
			next = openat(cur, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			if (next < 0)
				return -errno;
			depth--;
		} else {
			depth++;
		}
		close(cur);
		cur = next;
	}
}

/* Empty parents, as long as jailrun made them: those with its mark or, where above is given, those below that. A neighbour's
 * cgroup in one of them makes rmdir fail, and a neighbour who is about to make one tries again (cg_create). */
static void remove_parents(const char *path, const char *above)
{
	char dir[PATH_MAX], *slash;

	if ((size_t)snprintf(dir, sizeof(dir), "%s", path) >= sizeof(dir))
		return;
	while ((slash = strrchr(dir, '/')) && slash != dir) {
		*slash = '\0';
		if (above && strlen(dir) <= strlen(above))
			return;
		if (((!above && getxattr(dir, CG_MADE, NULL, 0) < 0) || rmdir(dir) < 0) && errno != ENOENT)
			return;
	}
}

const char *cg_above(const char *path, struct arena *a)
{
	char *dir = arena_strdup(a, path), *slash;

	for (int missing = 0; dir && (slash = strrchr(dir, '/')) && slash != dir; missing++) {
		*slash = '\0';
		if (access(dir, F_OK) == 0)
			return missing ? dir : NULL;
	}
	return NULL;
}

void cg_remove_unmarked(const char *path, const char *above)
{
	remove_parents(path, above);
}

/* Returns 0 when the directory is gone. */
static int remove_one(const char *path)
{
	return rmdir(path) == 0 || errno == ENOENT ? 0 : -errno;
}

int cg_remove(const char *path, struct err *e)
{
	const uint64_t deadline = now_us() + WAIT_US;
	AUTO_CLOSE int fd = cg_open(path, e);
	int r = 0;

	if (fd < 0 && fd != -ENOENT)
		return fd;
	if (fd >= 0)
		r = remove_one(path);
	if (r == -EBUSY) {
		int pause_ms = 1;

		r = kill_all(fd, path, e);
		if (r < 0)
			return r;
		if (!cg_wait_event(fd, "populated", 0, now_us() + HURRY_US))
			cg_hurry(path);
		cg_wait_event(fd, "populated", 0, deadline);
		while ((r = remove_below(fd, deadline)) == 0 && (r = remove_one(path)) == -EBUSY &&
		       now_us() < deadline) {
			poll(NULL, 0, pause_ms);
			pause_ms = pause_ms < 50 ? pause_ms * 2 : pause_ms;
		}
	}
	if (r == -EBUSY && cg_event(fd, "populated") == 1)
		return err_set(e, EBUSY, "cgroup '%s' still holds processes after SIGKILL (they sleep in the kernel)",
			       path);
	if (r < 0)
		return err_set(e, -r, "remove cgroup '%s': %s (%s)", path, strerror(-r), errno_name(-r));
	remove_parents(path, NULL);
	return 0;
}
