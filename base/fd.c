/* SPDX-License-Identifier: Apache-2.0 */
#include "fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

void fd_close_p(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

void mem_free_p(void *p)
{
	free(*(void **)p);
}

int fd_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

const char *fd_line_end(int fd)
{
	struct termios t;

	return tcgetattr(fd, &t) == 0 && (t.c_oflag & (OPOST | ONLCR)) != (OPOST | ONLCR) ? "\r\n" : "\n";
}

int fd_send(int sock, const void *data, size_t len, int fd)
{
	struct iovec iov = {.iov_base = (void *)data, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	union {
		struct cmsghdr align;
		char data[CMSG_SPACE(sizeof(int))];
	} control = {0};
	ssize_t n;

	if (fd >= 0) {
		struct cmsghdr *c;

		msg.msg_control = control.data;
		msg.msg_controllen = sizeof(control.data);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == (ssize_t)len ? 0 : -EIO;
}

/* expected: how much there is, as far as is known; 0: not at all. */
static int read_all(int fd, size_t expected, size_t max, char **ret_data, size_t *ret_len)
{
	size_t size = expected ? expected + 1 : 4096, used = 0;
	AUTO_FREE char *data = NULL;

	for (;;) {
		ssize_t n;

		if (!data || used + 1 >= size) {
			char *more;

			if (data)
				size *= 2;
			more = realloc(data, size + 1);
			if (!more)
				return -ENOMEM;
			data = more;
		}
		n = read(fd, data + used, size - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
		if (used > max)
			return -EFBIG;
	}
	data[used] = '\0';
	*ret_data = data;
	data = NULL;
	if (ret_len)
		*ret_len = used;
	return 0;
}

int fd_read_all(int fd, size_t max, char **ret_data, size_t *ret_len)
{
	return read_all(fd, 0, max, ret_data, ret_len);
}

int file_read(int dirfd, const char *path, size_t max, char **ret_data, size_t *ret_len, struct err *e)
{
	AUTO_CLOSE int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	int r;

	if (fd < 0)
		return err_errno(e, "open '%s'", path);
	if (fstat(fd, &st) < 0)
		return err_errno(e, "stat '%s'", path);
	if (S_ISDIR(st.st_mode))
		return err_set(e, EISDIR, "'%s' is a directory", path);
	if (st.st_size > 0 && (size_t)st.st_size > max)
		return err_set(e, EFBIG, "'%s' is larger than %zu bytes", path, max);
	r = read_all(fd, st.st_size > 0 ? (size_t)st.st_size : 0, max, ret_data, ret_len);
	if (r == -ENOMEM)
		return err_set(e, ENOMEM, "read '%s': out of memory", path);
	if (r == -EFBIG)
		return err_set(e, EFBIG, "'%s' is larger than %zu bytes", path, max);
	errno = -r;
	return r < 0 ? err_errno(e, "read '%s'", path) : 0;
}

int file_write(int dirfd, const char *path, const char *data, struct err *e)
{
	AUTO_CLOSE int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = strlen(data);
	ssize_t n;

	if (fd < 0)
		return err_errno(e, "open '%s' for writing", path);
	do
		n = write(fd, data, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(e, "write '%.128s' to '%s'", data, path);
	if ((size_t)n != len)
		return err_set(e, EIO, "write to '%s': %zd of %zu bytes were taken", path, n, len);
	return 0;
}

bool file_is_there(int dirfd, const char *path)
{
	struct stat st;

	return fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int fd_path(int fd, char ret[PATH_MAX])
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(fd == AT_FDCWD ? "/proc/self/cwd" : link, ret, PATH_MAX - 1);
	if (n < 0)
		return -errno;
	ret[n] = '\0';
	return 0;
}

int err_no_room_at(struct err *e, int dirfd)
{
	char dir[PATH_MAX];

	if (!e || (e->code != ENOSPC && e->code != EDQUOT))
		return e ? -e->code : -EIO;
	return fd_path(dirfd, dir) < 0 ? -e->code : err_no_room(e, dir);
}

int file_replace(int dirfd, const char *name, const void *data, size_t len, mode_t mode, struct err *e)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
	AUTO_CLOSE int fd = -1;
	char tmp[288];
	int r;

	snprintf(tmp, sizeof(tmp), "%.255s.tmp.%d", name, (int)getpid());
	/* What is there is of one who was killed, or of somebody who knew the name in a directory for all (--pid-file /tmp/…) and
	 * would own what is written. */
	fd = openat(dirfd, tmp, flags, mode);
	if (fd < 0 && errno == EEXIST && unlinkat(dirfd, tmp, 0) == 0)
		fd = openat(dirfd, tmp, flags, mode);
	if (fd < 0) {
		r = err_errno(e, "create '%s'", tmp);
		err_no_room_at(e, dirfd);
		return r;
	}
	r = fd_write_all(fd, data, len);
	if (r < 0) {
		errno = -r;
		err_errno(e, "write '%s'", tmp);
	} else if (renameat(dirfd, tmp, dirfd, name) < 0) {
		r = err_errno(e, "rename '%s' to '%s'", tmp, name);
	}
	if (r < 0) {
		err_no_room_at(e, dirfd);
		unlinkat(dirfd, tmp, 0);
	}
	return r;
}

/* Where the procfs is that of a pid namespace which this process is not in, as for a process of `exec`: each number. */
static int cloexec_each(unsigned int first, struct err *e)
{
	const rlim_t least = 4096, most = 1u << 20;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return err_errno(e, "RLIMIT_NOFILE");
	if (limit.rlim_max > most)
		return err_set(e, ENOSYS,
			       "close_range(2) is refused, and there is no /proc/self/fd instead; RLIMIT_NOFILE "
			       "allows too many descriptors to try each");
	for (unsigned int fd = first; fd < (limit.rlim_max < least ? least : limit.rlim_max); fd++)
		(void)fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

static int cloexec_by_proc(unsigned int first, struct err *e)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *d;

	if (!dir)
		return cloexec_each(first, e);
	while ((d = readdir(dir))) {
		char *end;
		unsigned long fd = strtoul(d->d_name, &end, 10);

		if (d->d_name[0] == '.' || *end || fd < first)
			continue;
		fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	}
	closedir(dir);
	return 0;
}

int fd_cloexec_from(unsigned int first, struct err *e)
{
	if (syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	if (errno == ENOSYS || errno == EINVAL || errno == EPERM) /* EPERM: a seccomp filter around this program */
		return cloexec_by_proc(first, e);
	return err_errno(e, "close_range from %u", first);
}
