/* SPDX-License-Identifier: Apache-2.0 */
/* Where things go in the rootfs: found or made without ever leaving it, and from then on known by fd. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "namespaces/internal.h"

#define MAX_LINKS 40 /* as the kernel's own limit */

bool target_is_own(const struct ns_run *r, const char *path)
{
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX];
	int fd;

	if (!r->made)
		return false;
	snprintf(parent, sizeof(parent), "%.*s", slash > path ? (int)(slash - path) : 1, path);
	fd = path_open_in(r->rootfs_fd, parent, O_PATH | O_DIRECTORY, RESOLVE_NO_XDEV, NULL);
	if (fd >= 0)
		close(fd);
	return fd != -EXDEV;
}

int target_made(void *arg, const char *path, bool is_dir, struct err *e)
{
	struct ns_run *r = arg;

	return target_is_own(r, path) ? r->made(r->made_arg, path, is_dir, e) : 0;
}

/* Images have dangling links (/etc/resolv.conf -> ../run/…) that a mount should follow: replaces the first of them in
 * path by what it points at. Returns 1 when there was one, 0, -errno. */
static int follow_dangling(int rootfs, char path[PATH_MAX], struct err *e)
{
	char prefix[PATH_MAX], link[PATH_MAX], *next;
	int n = 0;

	for (size_t i = 1, len = strlen(path); i <= len; i++) {
		AUTO_CLOSE int fd = -1;
		struct arena a = {0};

		if (path[i] != '/' && path[i] != '\0')
			continue;
		snprintf(prefix, sizeof(prefix), "%.*s", (int)i, path);
		fd = path_open_in(rootfs, prefix, O_PATH, 0, NULL);
		if (fd != -ENOENT) {
			if (fd >= 0)
				continue;
			errno = -fd;
			return err_errno(e, "open '%s' in the rootfs", prefix);
		}
		fd = path_open_in(rootfs, prefix, O_PATH | O_NOFOLLOW, 0, NULL);
		if (fd < 0)
			return 0; /* nothing is there */
		n = (int)readlinkat(fd, "", link, sizeof(link) - 1);
		if (n <= 0)
			return err_set(e, ENOENT, "'%s' in the rootfs changes while it is looked at", prefix);
		link[n] = '\0';
		*strrchr(prefix, '/') = '\0';
		next = link[0] == '/' ? arena_printf(&a, "%s%s", link, path + i)
				      : arena_printf(&a, "%s/%s%s", prefix, link, path + i);
		next = next ? path_clean(&a, next) : NULL;
		n = next && strlen(next) < PATH_MAX - 1;
		if (n)
			strcpy(path, next);
		arena_free(&a);
		return n ? 1 : err_set(e, ENAMETOOLONG, "path of a link in the rootfs");
	}
	return 0;
}

static int make(struct ns_run *r, const char *path, bool is_dir, struct err *e)
{
	char real[PATH_MAX];
	int fd, n = 0;

	if (strlen(path) >= sizeof(real) - 1)
		return err_set(e, ENAMETOOLONG, "path of %zu bytes", strlen(path));
	strcpy(real, path);
	while ((fd = follow_dangling(r->rootfs_fd, real, e)) > 0)
		if (n++ == MAX_LINKS)
			return err_set(e, ELOOP, "'%s' in the rootfs: too many symbolic links", path);
	if (fd < 0)
		return fd;
	if (is_dir)
		fd = path_mkdirs_in(r->rootfs_fd, real, 0755, target_made, r, e);
	else
		fd = path_mkfile_in(r->rootfs_fd, real, 0644, target_made, r, e);
	return fd;
}

/* The common case: all but the last component is there. Returns the fd, or -EEXIST and others when it is not so. */
static int make_last(struct ns_run *r, const char *path, bool is_dir, struct err *e)
{
	const char *slash = strrchr(path, '/');
	AUTO_CLOSE int dir = -1, file = -1;
	char parent[PATH_MAX];
	bool own = true;
	int result;

	snprintf(parent, sizeof(parent), "%.*s", slash > path ? (int)(slash - path) : 1, path);
	dir = path_open_in(r->rootfs_fd, parent, O_PATH | O_DIRECTORY, RESOLVE_NO_XDEV, NULL);
	if (dir == -EXDEV) {
		own = false;
		dir = path_open_in(r->rootfs_fd, parent, O_PATH | O_DIRECTORY, 0, NULL);
	}
	if (dir < 0)
		return dir;
	if (own && r->made) {
		if (file_is_there(dir, slash + 1))
			return -EEXIST;
		result = r->made(r->made_arg, path, is_dir, e);
		if (result < 0)
			return result;
	}
	if (is_dir) {
		if (mkdirat(dir, slash + 1, 0755) < 0)
			return -errno;
	} else {
		file = openat(dir, slash + 1, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (file < 0)
			return -errno;
	}
	result = openat(dir, slash + 1, O_PATH | O_NOFOLLOW | O_CLOEXEC | (is_dir ? O_DIRECTORY : 0));
	return result < 0 ? -errno : result;
}

static int open_or_make(struct ns_run *r, const char *path, bool is_dir, bool no_symlinks, bool *ret_made,
			struct err *e)
{
	const uint64_t resolve = no_symlinks ? RESOLVE_NO_SYMLINKS : 0;
	const int flags = O_PATH | (is_dir ? O_DIRECTORY : 0);
	int fd = strlen(path) >= PATH_MAX ? -ENAMETOOLONG : path_open_in(r->rootfs_fd, path, flags, resolve, NULL);

	if (ret_made)
		*ret_made = fd == -ENOENT;
	if (fd == -ENOENT) {
		fd = make_last(r, path, is_dir, e);
		if (fd >= 0)
			return fd;
		if (e && e->code)
			return -e->code;
		fd = make(r, path, is_dir, e);
		if (fd < 0) {
			if (r->rootfs)
				err_no_room(e, r->rootfs);
			if (fd == -EROFS && str_starts(path, "/sys/fs/cgroup/"))
				err_after(e,
					  ": the container has cgroup v2 alone there; leave out what is of cgroup v1");
			return fd;
		}
		/* What was made is where path leads, or the mount would go somewhere else. */
		fd_close_p(&fd);
		fd = path_open_in(r->rootfs_fd, path, flags, resolve, NULL);
	}
	if (fd == -ELOOP && no_symlinks)
		return err_set(e, ELOOP,
			       "'%s' must be mounted on ordinary directory, and in the rootfs it is a symbolic link or "
			       "behind one: "
			       "correct the rootfs",
			       path);
	if (fd == -ENOTDIR)
		return err_set(e, ENOTDIR,
			       "'%s' in the rootfs is not a directory, or behind a file; name another place, or "
			       "correct the rootfs",
			       path);
	if (fd < 0) {
		errno = -fd;
		return err_errno(e, "open '%s' in the rootfs", path);
	}
	return fd;
}

/* What is made is for everybody in the container, whatever the caller's umask. */
int target_open(struct ns_run *r, const char *path, bool is_dir, bool no_symlinks, bool *ret_made, struct err *e)
{
	const mode_t mask = umask(022);
	int fd = open_or_make(r, path, is_dir, no_symlinks, ret_made, e);

	umask(mask);
	return fd;
}

int target_parent(struct ns_run *r, const char *path, const char **ret_name, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX];

	snprintf(parent, sizeof(parent), "%.*s", slash > path ? (int)(slash - path) : 1, path);
	*ret_name = slash + 1;
	return target_open(r, parent, true, false, NULL, e);
}

int target_open_link(struct ns_run *r, const char *path, bool is_dir, struct err *e)
{
	int fd = path_open_in(r->rootfs_fd, path, O_PATH | O_NOFOLLOW, 0, NULL);

	return fd >= 0 ? fd : target_open(r, path, is_dir, false, NULL, e);
}

int target_link(struct ns_run *r, const char *path, int fd, struct err *e)
{
	char to[PATH_MAX] = "", there[PATH_MAX] = "";
	const char *name;
	AUTO_CLOSE int dir = target_parent(r, path, &name, e);

	if (dir < 0)
		return dir;
	if (readlinkat(fd, "", to, sizeof(to) - 1) < 0)
		return err_errno(e, "read the link that is the source of '%s'", path);
	if (readlinkat(dir, name, there, sizeof(there) - 1) >= 0 && str_eq(there, to))
		return 0;
	if (*there || file_is_there(dir, name))
		return err_set(e, EEXIST, "'%s' is in the rootfs, and is no link to '%.128s' like the source", path,
			       to);
	if (target_made(r, path, false, e) < 0)
		return -e->code;
	return symlinkat(to, dir, name) < 0 ? err_errno(e, "make the link '%s' in the rootfs", path) : 0;
}
