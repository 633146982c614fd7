/* SPDX-License-Identifier: Apache-2.0 */
#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "str.h"

#define LINKS_MAX 40 /* as the kernel's own limit */

/* The directory of path, with all links resolved. */
static int real_dir(const char *path, char real[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path + 1) : 1, slash ? path : ".");
	return realpath(dir, real) ? 0 : -errno;
}

/* The number of an open file of this process, or -1: name in the directory dir is none. */
static int fd_number(const char *dir, const char *name)
{
	char own[PATH_MAX];
	uint64_t n;

	if (!realpath("/proc/self/fd", own) || strcmp(dir, own) != 0) {
		if (!realpath("/proc/thread-self/fd", own) || strcmp(dir, own) != 0)
			return -1;
	}
	return parse_u64(name, 10, &n) == 0 && n <= INT_MAX ? (int)n : -1;
}

/* Who may write to a directory for all may not choose by a link which file of ours is written. */
static bool may_follow(int dir_fd, const struct stat *link)
{
	struct stat dir;

	if (fstat(dir_fd, &dir) < 0)
		return false;
	return !(dir.st_mode & S_ISVTX) || !(dir.st_mode & S_IWOTH) || link->st_uid == geteuid() ||
	       link->st_uid == dir.st_uid;
}

/* What the link of o means, as a path. */
static int follow(const struct out *o, const char *dir, const struct stat *link, char path[PATH_MAX], struct err *e)
{
	char target[PATH_MAX];
	ssize_t n;

	if (!may_follow(o->dir_fd, link))
		return err_set(e, EACCES,
			       "'%s' in the directory '%s', to which everybody can write, is a link of somebody else; "
			       "remove it, or name another file",
			       o->name, dir);
	n = readlinkat(o->dir_fd, o->name, target, sizeof(target) - 1);
	if (n < 0)
		return err_errno(e, "read the link '%s'", path);
	target[n] = '\0';
	n = target[0] == '/' ? snprintf(path, PATH_MAX, "%s", target) : snprintf(path, PATH_MAX, "%s/%s", dir, target);
	return n >= PATH_MAX ? err_set(e, ENAMETOOLONG, "the link '%s' leads to a name that is too long", o->name) : 0;
}

/* One step: returns 1 when what path names is found, 0 when path is to be looked at again. */
static int step(char path[PATH_MAX], bool open_it, struct out *o, struct err *e)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char dir[PATH_MAX];
	struct stat st;
	int r = real_dir(path, dir), n;

	/* Not in the words for ENOENT: engines take them, wherever they stand, for a missing program of the container. */
	if (r == -ENOENT)
		return err_set(e, ENOENT,
			       "open '%s': its directory is not there (ENOENT); make it, or name another file", path);
	if (r < 0)
		return err_set(e, -r, "the directory of '%s': %s", path, strerror(-r));
	n = fd_number(dir, name);
	if (n >= 0) {
		o->fd = fcntl(n, F_DUPFD_CLOEXEC, 3);
		if (o->fd < 0)
			return err_errno(e, "'%s': fd %d is not open", path, n);
		snprintf(o->name, sizeof(o->name), "fd %d", n);
		return 1;
	}
	fd_close_p(&o->dir_fd);
	o->dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (o->dir_fd < 0)
		return err_errno(e, "open directory '%s'", dir);
	if (!*name || strlen(name) > NAME_MAX || str_eq(name, ".") || str_eq(name, ".."))
		return err_set(e, EISDIR, "'%s' names no file", path);
	snprintf(o->name, sizeof(o->name), "%s", name);
	if (fstatat(o->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 1 : err_errno(e, "stat '%s'", path);
	if (S_ISLNK(st.st_mode))
		return follow(o, dir, &st, path, e);
	if (S_ISREG(st.st_mode))
		return 1;
	if (!open_it) {
		fd_close_p(&o->dir_fd);
		return 1;
	}
	o->fd = openat(o->dir_fd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	if (o->fd < 0 && errno == EISDIR)
		return err_set(e, EISDIR, "'%s' is a directory (EISDIR); name a file in it", path);
	return o->fd < 0 ? err_errno(e, "open '%s'", path) : 1;
}

static int find(const char *path, bool open_it, struct out *ret, struct err *e)
{
	char at[PATH_MAX];
	int r = 0;

	*ret = OUT_INIT;
	if (!*path || snprintf(at, sizeof(at), "%s", path) >= (int)sizeof(at))
		return err_set(e, ENOENT, "'%s' names no file", path);
	for (int i = 0; i < LINKS_MAX && r == 0; i++)
		r = step(at, open_it, ret, e);
	if (r == 0)
		r = err_set(e, ELOOP, "'%s': links lead to each other", path);
	if (r < 0)
		out_close(ret);
	else if (ret->fd >= 0)
		fd_close_p(&ret->dir_fd);
	return r < 0 ? r : 0;
}

int out_open(const char *path, struct out *ret, struct err *e)
{
	return find(path, true, ret, e);
}

int out_try(const struct out *o, mode_t mode, struct err *e)
{
	static const char block[4096]; /* as much as any file takes of the disk */
	AUTO_CLOSE int fd = -1;
	char name[288];
	int r = 0;

	if (o->fd >= 0)
		return 0;
	snprintf(name, sizeof(name), "%.200s.new.%d", o->name, (int)getpid());
	fd = openat(o->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0) {
		r = err_errno(e, "make a file beside '%s'", o->name);
	} else if ((r = fd_write_all(fd, block, sizeof(block))) < 0) {
		errno = -r;
		err_errno(e, "write a file beside '%s'", o->name);
	}
	if (r < 0)
		err_no_room_at(e, o->dir_fd);
	if (fd >= 0)
		unlinkat(o->dir_fd, name, 0);
	return r;
}

int out_write(const struct out *o, const void *data, size_t len, mode_t mode, struct err *e)
{
	int r;

	if (o->fd < 0)
		return file_replace(o->dir_fd, o->name, data, len, mode, e);
	r = fd_write_all(o->fd, data, len);
	return r < 0 ? err_set(e, -r, "write '%s': %s", o->name, strerror(-r)) : 0;
}

void out_remove(const char *path)
{
	struct out o;

	/* Opened, a pipe that nobody reads would hold us up. */
	if (find(path, false, &o, NULL) < 0)
		return;
	if (o.fd < 0 && o.dir_fd >= 0)
		unlinkat(o.dir_fd, o.name, 0);
	out_close(&o);
}

void out_close(struct out *o)
{
	fd_close_p(&o->dir_fd);
	fd_close_p(&o->fd);
}

int out_append(const char *path, mode_t mode, struct err *e)
{
	char dir[PATH_MAX];
	struct out o = OUT_INIT;
	int fd;

	if (*path && out_open(path, &o, NULL) == 0 && o.fd >= 0)
		return o.fd;
	out_close(&o);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, mode);
	/* Not in the words for ENOENT: engines take them, wherever they stand, for a missing program of the container. */
	if (fd < 0 && errno == ENOENT && *path && real_dir(path, dir) < 0)
		return err_set(e, ENOENT,
			       "open '%s': its directory is not there (ENOENT); make it, or name another file", path);
	return fd < 0 ? err_errno(e, "open '%s'", path) : fd;
}
