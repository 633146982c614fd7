/* SPDX-License-Identifier: Apache-2.0 */
/* tmpcopyup: the content of a directory of the rootfs into the tmpfs that will cover it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "namespaces/internal.h"

#define MAX_DEPTH 100 /* fds are held on the way down */

static int copy_dir(int from, int to, int depth, struct err *e);

static int copy_data(int in, int out, const char *name, struct err *e)
{
	char data[65536];
	ssize_t n;

	while ((n = read(in, data, sizeof(data))) != 0) {
		int r = n < 0 ? -errno : fd_write_all(out, data, (size_t)n);

		if (r == -EINTR)
			continue;
		if (r < 0) {
			errno = -r;
			return err_errno(e, "tmpcopyup: copy '%s'", name);
		}
	}
	return 0;
}

static int copy_link(int from, int to, const char *name, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n >= 0)
		target[n] = '\0';
	if (n < 0 || symlinkat(target, to, name) < 0)
		return err_errno(e, "tmpcopyup: copy link '%s'", name);
	return 0;
}

/* Owner before mode: a chown takes the set-id bits away. */
static int copy_attributes(int to, const char *name, const struct stat *st, struct err *e)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};

	if (fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(e, "tmpcopyup: owner of '%s'", name);
	if (!S_ISLNK(st->st_mode) && fchmodat(to, name, st->st_mode & 07777, 0) < 0)
		return err_errno(e, "tmpcopyup: mode of '%s'", name);
	utimensat(to, name, times, AT_SYMLINK_NOFOLLOW);
	return 0;
}

static int copy_entry(int from, int to, const char *name, int depth, struct err *e)
{
	AUTO_CLOSE int in = -1, out = -1;
	struct stat st;
	int r = 0;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(e, "tmpcopyup: stat '%s'", name);
	if (S_ISLNK(st.st_mode)) {
		r = copy_link(from, to, name, e);
	} else if (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode)) {
		const int dir = S_ISDIR(st.st_mode) ? O_DIRECTORY : 0;

		if (dir && mkdirat(to, name, 0700) < 0)
			return err_errno(e, "tmpcopyup: make '%s'", name);
		in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | dir);
		out =
		    openat(to, name,
			   O_NOFOLLOW | O_CLOEXEC | (dir ? O_RDONLY | O_DIRECTORY : O_WRONLY | O_CREAT | O_EXCL), 0600);
		if (in < 0 || out < 0)
			return err_errno(e, "tmpcopyup: open '%s'", name);
		r = dir ? copy_dir(in, out, depth + 1, e) : copy_data(in, out, name, e);
	} else if (mknodat(to, name, st.st_mode, st.st_rdev) < 0) {
		return err_errno(e, "tmpcopyup: make node '%s'", name);
	}
	return r < 0 ? r : copy_attributes(to, name, &st, e);
}

static int copy_dir(int from, int to, int depth, struct err *e)
{
	int r = 0, fd = fcntl(from, F_DUPFD_CLOEXEC, 0);
	struct dirent *d;
	DIR *dir;

	if (depth > MAX_DEPTH)
		r = err_set(e, ELOOP, "tmpcopyup: more than %d directories deep", MAX_DEPTH);
	dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir) {
		r = err_errno(e, "tmpcopyup: read a directory");
		fd_close_p(&fd);
		return r;
	}
	while (r == 0 && (d = readdir(dir)))
		if (!str_eq(d->d_name, ".") && !str_eq(d->d_name, ".."))
			r = copy_entry(from, to, d->d_name, depth, e);
	closedir(dir);
	return r;
}

int copy_up(int from, int to, struct err *e)
{
	return copy_dir(from, to, 0, e);
}
