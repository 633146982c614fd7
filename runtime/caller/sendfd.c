/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "caller.h"

int rt_connect(const char *path, const struct timeval *patience, struct err *e)
{
	AUTO_CLOSE int dir_fd = -1, fd = -1;
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	const char *name = strrchr(path, '/');
	char dir[PATH_MAX];
	int n;

	name = name ? name + 1 : path;
	n = snprintf(dir, sizeof(dir), "%.*s.", (int)(name - path), path);
	if (n >= (int)sizeof(dir))
		return err_set(e, ENAMETOOLONG, "path of the socket '%.64s...'", path);
	dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* Not in the words for ENOENT, as in base/out.c. */
	if (dir_fd < 0 && errno == ENOENT)
		return err_set(e, ENOENT,
			       "the directory of the socket '%s' is not there (ENOENT); make it, or name another",
			       path);
	if (dir_fd < 0)
		return err_errno(e, "open the directory of '%s'", path);
	n = snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d/%s", dir_fd, name);
	if (n >= (int)sizeof(sa.sun_path))
		return err_set(e, ENAMETOOLONG, "name of the socket '%s': longer than %zu bytes", path,
			       sizeof(sa.sun_path) - 20);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(e, "socket");
	if (patience && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, patience, sizeof(*patience)) < 0)
		return err_errno(e, "SO_SNDTIMEO");
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return errno == ENOENT || errno == ECONNREFUSED
			   ? err_set(e, errno, "nobody listens at the socket '%s' (%s); start who takes it first", path,
				     errno_name(errno))
			   : err_errno(e, "connect to '%s'", path);
	return take_fd(&fd);
}

int rt_send_fd(const char *path, const char *name, int fd, struct err *e)
{
	AUTO_CLOSE int sock = rt_connect(path, NULL, e);
	int r;

	if (sock < 0)
		return sock;
	r = fd_send(sock, name, strlen(name), fd);
	return r < 0 ? err_set(e, -r, "send %s to '%s': %s", name, path, strerror(-r)) : 0;
}
