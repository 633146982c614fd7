/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "caller.h"

#define DIRECTORY     "notify"
#define SOCKET        DIRECTORY "/notify.sock"
#define INSIDE        "/run/notify"
#define BARRIER_S     30 /* runc's patience with a manager that knows no BARRIER */
#define DATAGRAM_SIZE 4096
#define BATCH         64

static int add_mount(const char *source, struct spec_config *config, struct arena *a, struct err *e)
{
	static char *options[] = {"bind", "nosuid", "noexec", "nodev", "ro"};
	struct spec_mount *v = arena_alloc(a, (config->n_mounts + 1) * sizeof(*v));

	if (!v || !source)
		return err_set(e, ENOMEM, "out of memory for the mount of " INSIDE);
	if (config->n_mounts)
		memcpy(v, config->mounts, config->n_mounts * sizeof(*v));
	v[config->n_mounts] = (struct spec_mount){.destination = (char *)INSIDE,
						  .type = (char *)"bind",
						  .source = (char *)source,
						  .options = {options, ARRAY_LEN(options)}};
	config->mounts = v;
	config->n_mounts++;
	return 0;
}

static const char *host_of_env(void)
{
	const char *host = getenv("NOTIFY_SOCKET");

	return host && *host ? host : NULL;
}

int rt_notify_plan(const char *root, const char *id, struct spec_config *config, struct arena *a, struct rt_notify *ret,
		   struct err *e)
{
	int r;

	*ret = (struct rt_notify){.host = host_of_env(), .fd = -1};
	if (!ret->host)
		return 0;
	r = add_mount(arena_printf(a, "%s/%s/" DIRECTORY, root, id), config, a, e);
	return r < 0 ? r : rt_env_set(&config->process.env, "NOTIFY_SOCKET=" INSIDE "/notify.sock", a, e);
}

/* The container's users, whoever they are, must get to the socket. That they alone do is the work of the state directory
 * around it. */
int rt_notify_prepare(struct rt_store *s, struct err *e)
{
	if (mkdirat(s->dir_fd, DIRECTORY, 0755) < 0 || fchmodat(s->dir_fd, DIRECTORY, 0755, 0) < 0)
		return err_errno(e, "make the directory " DIRECTORY " of container %s", s->id);
	return 0;
}

int rt_notify_bind(struct rt_notify *n, struct rt_store *s, struct err *e)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	AUTO_CLOSE int fd = -1;

	if (!n->host && !(n->host = host_of_env()))
		return 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(e, "socket for " SOCKET);
	/* Of a start that failed. */
	if (unlinkat(s->dir_fd, SOCKET, 0) < 0 && errno != ENOENT)
		return err_errno(e, "remove " SOCKET " of container %s", s->id);
	snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d/" SOCKET, s->dir_fd);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || fchmodat(s->dir_fd, SOCKET, 0777, 0) < 0)
		return err_errno(e, "bind " SOCKET " of container %s", s->id);
	n->fd = take_fd(&fd);
	return 0;
}

/* "/path" or "@abstract". Returns the fd or -errno. */
static int connect_host(const char *path)
{
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	size_t len = strlen(path);

	if (fd < 0)
		return -errno;
	if (*path != '/' && *path != '@')
		return -EAFNOSUPPORT;
	if (len >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	memcpy(sa.sun_path, path, len);
	if (*path == '@')
		sa.sun_path[0] = '\0';
	if (connect(fd, (struct sockaddr *)&sa, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		return -errno;
	return take_fd(&fd);
}

/* The manager closes its end of the pipe when it has seen all that came before (sd_notify_barrier(3)). */
static int barrier(int sock, int seconds)
{
	AUTO_CLOSE int theirs = -1, ours = -1;
	struct pollfd p = {.events = 0};
	int pair[2], r;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	p.fd = ours;
	r = fd_send(sock, "BARRIER=1", strlen("BARRIER=1"), theirs);
	if (r < 0 || !seconds)
		return r;
	fd_close_p(&theirs);
	do
		r = poll(&p, 1, seconds * 1000);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		log_warn("NOTIFY_SOCKET: no acknowledgement (BARRIER=1) came in %d seconds", seconds);
	return r < 0 ? -errno : 0;
}

static int tell_host(const char *host, const char *ready, pid_t main_pid, int barrier_s)
{
	AUTO_CLOSE int sock = connect_host(host);
	char text[DATAGRAM_SIZE + 2];
	int n = snprintf(text, sizeof(text), "%s\n", ready), r;

	if (sock < 0)
		return sock;
	r = fd_send(sock, text, (size_t)n, -1);
	if (r < 0)
		return r;
	n = snprintf(text, sizeof(text), "MAINPID=%d\n", (int)main_pid);
	r = fd_send(sock, text, (size_t)n, -1);
	return r < 0 ? r : barrier(sock, barrier_s);
}

void rt_notify_read(struct rt_notify *n, pid_t main_pid, int barrier_s)
{
	char text[DATAGRAM_SIZE + 1], *rest, *line;
	ssize_t len;
	int r;

	/* Not more than this at once: who writes without end must not keep the caller from all else. */
	for (int i = 0; i < BATCH; i++) {
		/* An fd that comes along is not taken, and so is closed: that is the answer to a barrier of the container's.
		 * What comes after READY is read for that, and lest senders wait. */
		len = recv(n->fd, text, DATAGRAM_SIZE, MSG_DONTWAIT);
		if (len < 0)
			return;
		text[len] = '\0';
		for (rest = text; !n->done && (line = str_field(&rest, "\n"));) {
			if (!str_starts(line, "READY="))
				continue;
			n->done = true;
			r = tell_host(n->host, line, main_pid, barrier_s);
			if (r < 0)
				log_warn("NOTIFY_SOCKET: tell '%s' that the container is ready: %s", n->host,
					 strerror(-r));
		}
	}
}

void rt_notify_wait(struct rt_notify *n, pid_t main_pid, int pidfd)
{
	struct pollfd fds[] = {{.fd = n->fd, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}};

	while (n->fd >= 0 && !n->done) {
		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			return;
		if (fds[0].revents)
			rt_notify_read(n, main_pid, BARRIER_S);
		else if (fds[1].revents) /* nothing is left to be read, and nobody to write */
			return;
	}
}
