/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of one cgroup's directory. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "cgroups/tree.h"

int cg_open(const char *path, struct err *e)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat here, above;
	struct statfs fs;

	if (fd < 0)
		return errno == ENOENT ? -ENOENT : err_errno(e, "open cgroup '%s'", path);
	if (fstatfs(fd, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
		return err_set(e, EINVAL, "'%s' is no cgroup v2", path);
	if (fstat(fd, &here) < 0 || fstatat(fd, "..", &above, 0) < 0)
		return err_errno(e, "stat cgroup '%s'", path);
	if (here.st_dev != above.st_dev)
		return err_set(e, EINVAL, "'%s' is the root of a cgroup tree, not a container's cgroup", path);
	return take_fd(&fd);
}

static int event_of(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = text; p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		if (strncmp(p, key, len) == 0 && p[len] == ' ')
			return p[len + 1] - '0';
	return -1;
}

int cg_event(int dir_fd, const char *key)
{
	char text[256];

	return cg_read(dir_fd, "cgroup.events", text, sizeof(text)) < 0 ? -1 : event_of(text, key);
}

bool cg_wait_event(int dir_fd, const char *key, int value, uint64_t deadline)
{
	AUTO_CLOSE int fd = openat(dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLPRI};
		uint64_t now = now_us();
		char text[256];
		ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

		if (n < 0) /* removed by somebody else: nothing is in it */
			return value == 0 && (errno == ENODEV || errno == ENOENT);
		text[n] = '\0';
		if (event_of(text, key) == value)
			return true;
		if (now >= deadline)
			return false;
		/* Reading armed it: a change since then wakes at once (cgroup-v2.rst, "[Un]populated Notification"). */
		poll(&p, 1, (int)((deadline - now + 999) / 1000));
	}
}

ssize_t cg_read(int dir_fd, const char *file, char *buf, size_t size)
{
	AUTO_CLOSE int fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return n;
}

DIR *cg_opendir(int dir_fd)
{
	AUTO_CLOSE int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir)
		take_fd(&fd);
	return dir;
}

const char *cg_type(int dir_fd, char ret[CG_TYPE_SIZE])
{
	if (cg_read(dir_fd, "cgroup.type", ret, CG_TYPE_SIZE) < 0)
		ret[0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	return ret;
}

int cg_make_threaded(int dir_fd, const char *path, struct err *e)
{
	char type[CG_TYPE_SIZE];

	if (!str_eq(cg_type(dir_fd, type), "domain invalid") ||
	    file_write(dir_fd, "cgroup.type", "threaded", NULL) == 0)
		return 0;
	return err_errno(
	    e, "cgroup %s is below a threaded one, and cannot be made threaded; let linux.cgroupsPath be elsewhere",
	    path);
}

bool cg_holds_processes(int dir_fd)
{
	char text[64], type[CG_TYPE_SIZE];
	ssize_t n;

	if (!*cg_type(dir_fd, type) || str_eq(type, "threaded"))
		return false;
	n = cg_read(dir_fd, "cgroup.procs", text, sizeof(text));
	return n > 0;
}

int cg_read_procs(int dir_fd, char **ret, struct err *e)
{
	struct err own = {0};
	int r = file_read(dir_fd, "cgroup.procs", 64u << 20, ret, NULL, &own);

	if (r == -EOPNOTSUPP) {
		own = (struct err){0};
		r = file_read(dir_fd, "cgroup.threads", 64u << 20, ret, NULL, &own) < 0 ? -own.code : 1;
	}
	if (r < 0 && e)
		*e = own;
	return r;
}

int cg_own_dir(int dir_fd, uint32_t uid, struct err *e)
{
	char list[4096] = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n", *rest = list, *name;
	AUTO_FREE char *text = NULL;

	if (file_read(AT_FDCWD, "/sys/kernel/cgroup/delegate", sizeof(list) - 1, &text, NULL, NULL) == 0)
		rest = text;
	if (fchown(dir_fd, uid, (gid_t)-1) < 0)
		return err_errno(e, "give the container's cgroup to uid %u", uid);
	while ((name = str_field(&rest, "\n")))
		if (*name && fchownat(dir_fd, name, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
			return err_errno(e, "give %s of the container's cgroup to uid %u", name, uid);
	return 0;
}
