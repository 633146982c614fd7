/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a listener: the filter is loaded in the process, and from then on any of its calls may be one that waits for the
 * agent. So the process takes part only before; the runtime fetches the listener out of it, and the process goes on by a byte
 * in shared memory, for which it needs no call. */
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "runtime/caller/caller.h"
#include "steps.h"

#define PATIENCE_S 10      /* with the agent, and with the loading of the filter */
#define CHUNK      0x10000 /* bytes that a stream socket takes at once */

/* As this process's procfs numbers it. */
static pid_t pid_of(int pidfd, struct err *e)
{
	AUTO_FREE char *text = NULL;
	char path[48], *line;
	int64_t pid;
	int r;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	r = file_read(AT_FDCWD, path, 4096, &text, NULL, e);
	if (r < 0)
		return r;
	line = strstr(text, "\nPid:\t");
	if (line)
		line[strcspn(line + 1, "\n") + 1] = '\0';
	if (!line || parse_i64(line + strlen("\nPid:\t"), 10, &pid) < 0 || pid <= 0)
		return err_set(e, ESRCH, "the process ended before it had its filter");
	return (pid_t)pid;
}

static int get_fd(int pidfd, int number)
{
	return (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
}

static int fetch_error(struct err *e)
{
	return err_errno(e, "pidfd_getfd of the listener%s",
			 errno == ENOSYS  ? "; it is missing in kernels before Linux 5.6"
			 : errno == EPERM ? "; it needs the rights of ptrace(2), which an LSM may refuse"
					  : "");
}

/* Whether it is a listener: no other file knows this request. */
static bool is_listener(int fd)
{
	uint64_t none = 0;

	return ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &none) < 0 && errno == ENOENT;
}

/* The filter is loaded within microseconds. *ret stays -1 when the process has said, or ended, something instead. */
static int fetch_listener(int pidfd, int number, int sock, int *ret, struct err *e)
{
	const struct timespec pause = {.tv_nsec = 50000};
	uint64_t end = now_us() + PATIENCE_S * 1000000ull;

	for (;;) {
		struct pollfd p = {.fd = sock, .events = POLLIN};
		AUTO_CLOSE int fd = get_fd(pidfd, number);

		if (fd >= 0 && is_listener(fd)) {
			*ret = take_fd(&fd);
			return 0;
		}
		if (fd < 0 && errno == ESRCH)
			return 0;
		if (fd < 0 && errno != EBADF)
			return fetch_error(e);
		if (ppoll(&p, 1, &pause, NULL) > 0)
			return 0;
		if (now_us() > end)
			return err_set(e, ETIMEDOUT, "the process did not load its filter within %d s", PATIENCE_S);
	}
}

static int connect_agent(const char *path, struct err *e)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct err why = {0};
	int fd;

	if (!path)
		return err_set(e, EINVAL, "the state of the container names no agent");
	fd = rt_connect(path, &patience, &why);
	return fd < 0 ? err_set(e, -fd, "failed to connect with seccomp agent: %s", why.text) : fd;
}

static int send_state(int conn, const struct buf *state, int listener, struct err *e)
{
	int r = 0;

	for (size_t at = 0; at < state->len && r == 0; at += CHUNK) {
		size_t n = state->len - at;

		r = fd_send(conn, state->data + at, n < CHUNK ? n : CHUNK, at ? -1 : listener);
	}
	return r < 0 ? err_set(e, -r, "send the listener to the seccomp agent: %s", strerror(-r)) : 0;
}

static int introduce(const struct spec_state *s, enum spec_status status, int sock, const struct wire *m, int pidfd,
		     struct err *e)
{
	AUTO_CLOSE int memory = pidfd < 0 ? -1 : get_fd(pidfd, m->row), conn = -1, listener = -1;
	AUTO_BUF state = {0};
	pid_t pid;
	int r;

	if (pidfd < 0)
		return err_set(e, EBADMSG, "no pidfd came with the word of the listener");
	if (memory < 0)
		return fetch_error(e);
	pid = pid_of(pidfd, e);
	if (pid < 0)
		return pid;
	spec_process_state_print(s, status, pid, &(struct jsonw){.out = &state});
	if (state.failed)
		return err_set(e, ENOMEM, "out of memory for the container process state");
	conn = connect_agent(s->seccomp_listener_path, e);
	if (conn < 0)
		return conn;
	r = wire_send(sock, &(struct wire){.kind = WIRE_LISTENER}, -1);
	if (r == -EPIPE)
		return 0;
	if (r < 0)
		return err_set(e, -r, "tell the process to load its filter: %s", strerror(-r));
	r = fetch_listener(pidfd, (int)m->value, sock, &listener, e);
	if (r < 0 || listener < 0)
		return r;
	r = send_state(conn, &state, listener, e);
	if (r < 0)
		return r;
	return pwrite(memory, "\1", 1, 0) < 0 ? err_errno(e, "tell the process that the agent has its listener") : 0;
}

int rt_agent_introduce(const struct spec_state *s, enum spec_status status, int sock, const struct wire *m, int pidfd,
		       struct err *e)
{
	int r = introduce(s, status, sock, m, pidfd, e);

	if (r >= 0)
		return 0;
	if (pidfd >= 0)
		proc_pidfd_signal(pidfd, SIGKILL);
	if (!e->step[0])
		snprintf(e->step, sizeof(e->step), "seal.seccomp");
	err_ctx(e, "linux.seccomp.listenerPath");
	return r;
}
