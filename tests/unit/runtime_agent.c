/* SPDX-License-Identifier: Apache-2.0 */
/* The listener's way to its agent: what the agent gets, and that without one no process goes on. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/life/steps.h"

#define WENT_ON 7 /* exit status of a process that was told that the agent has its listener */

/* What the process under the filter does after the answer to its word. */
enum conduct { LOADS, DIES, FAILS };

struct fixture {
	char dir[32], path[64];
	int server;  /* the agent's socket */
	int gate[2]; /* the process does not load its filter before a byte comes */
	int sock;    /* to the process */
	pid_t pid;
	struct wire m;
	int pidfd;
	struct spec_state state;
	struct err e;
};

static void load_filter(void)
{
	struct sock_filter f[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
				  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdirat, 0, 1),
				  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
				  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog prog = {ARRAY_LEN(f), f};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
}

static _Noreturn void process(struct fixture *x, int sock, enum conduct conduct)
{
	int memory = memfd_create("word", MFD_CLOEXEC), self = proc_pidfd_open(getpid()), next;
	struct wire m = {.kind = WIRE_LISTENER, .row = memory};
	const volatile char *word;
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (ftruncate(memory, 1) < 0)
		_exit(1);
	word = mmap(NULL, 1, PROT_READ, MAP_SHARED, memory, 0);
	next = dup(memory);
	close(next);
	m.value = next;
	wire_send(sock, &m, self);
	if (wire_recv(sock, &m, NULL) != 1 || m.kind != WIRE_LISTENER)
		_exit(2);
	if (read(x->gate[0], &byte, 1) != 1 || conduct == DIES)
		_exit(3);
	if (conduct == FAILS) {
		wire_send(sock, &(struct wire){.kind = WIRE_ERR, .err = {.code = EINVAL}}, -1);
		pause();
	}
	load_filter();
	while (!*word)
		;
	_exit(WENT_ON);
}

static void begin(struct fixture *x, enum conduct conduct)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	x->pid = fork();
	if (x->pid == 0) {
		close(pair[0]);
		process(x, pair[1], conduct);
	}
	close(pair[1]);
	x->sock = pair[0];
	assert_int_equal(wire_recv(x->sock, &x->m, &x->pidfd), 1);
}

static int introduce(struct fixture *x)
{
	return rt_agent_introduce(&x->state, STATUS_CREATING, x->sock, &x->m, x->pidfd, &x->e);
}

/* The end of the process: its status, or minus the signal that killed it. */
static int end_of(struct fixture *x)
{
	int status;

	assert_int_equal(proc_wait(x->pid, &status, 0), x->pid);
	x->pid = 0;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int setup(void **state)
{
	struct fixture *x = test_calloc(1, sizeof(*x));
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	strcpy(x->dir, "/tmp/jailrun-agent.XXXXXX");
	assert_non_null(mkdtemp(x->dir));
	snprintf(x->path, sizeof(x->path), "%s/agent", x->dir);
	strcpy(sa.sun_path, x->path);
	x->server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(x->server, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(x->server, 4), 0);
	assert_int_equal(pipe(x->gate), 0);
	assert_int_equal(write(x->gate[1], "", 1), 1);
	x->state = (struct spec_state){.id = "c",
				       .pid = 77,
				       .bundle = "/b",
				       .seccomp_listener_path = x->path,
				       .seccomp_listener_metadata = "meta"};
	x->pidfd = x->sock = -1;
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	if (x->pid > 0) {
		kill(x->pid, SIGKILL);
		end_of(x);
	}
	close(x->server);
	close(x->gate[0]);
	close(x->gate[1]);
	fd_close_p(&x->sock);
	fd_close_p(&x->pidfd);
	unlink(x->path);
	rmdir(x->dir);
	test_free(x);
	return 0;
}

/* One connection of the runtime, to its end: the text, and the only fd that came along. */
static size_t take(int server, void *text, size_t size, int *ret_fd)
{
	int conn = accept(server, NULL, NULL);
	size_t len = 0;
	ssize_t n;

	*ret_fd = -1;
	do {
		struct iovec iov = {(char *)text + len, size - len};
		char control[CMSG_SPACE(4 * sizeof(int))] = {0};
		struct msghdr msg = {
		    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
		struct cmsghdr *c;

		n = recvmsg(conn, &msg, 0);
		c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
		if (c && (c->cmsg_len != CMSG_LEN(sizeof(int)) || *ret_fd >= 0))
			return 0;
		if (c)
			memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	close(conn);
	return len;
}

static bool is_listener(int fd)
{
	uint64_t id = 0;

	return ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) < 0 && errno == ENOENT;
}

static void introduced(void **state)
{
	struct fixture *x = *state;
	char text[1024] = "", want[1024];
	int fd;

	begin(x, LOADS);
	assert_int_equal(introduce(x), 0);
	take(x->server, text, sizeof(text) - 1, &fd);
	snprintf(want, sizeof(want),
		 "{\"ociVersion\":\"1.3.0\",\"fds\":[\"seccompFd\"],\"pid\":%d,\"metadata\":\"meta\",\"state\":{"
		 "\"ociVersion\":\"1.3.0\","
		 "\"id\":\"c\",\"pid\":77,\"status\":\"creating\",\"bundle\":\"/b\"}}",
		 (int)x->pid);
	assert_string_equal(text, want);
	assert_true(is_listener(fd));
	assert_false(is_listener(x->server));
	close(fd);
	assert_int_equal(end_of(x), WENT_ON);
}

/* More than a socket takes at once; the agent reads meanwhile. */
static void large_state(void **state)
{
	const size_t size = 600000;
	struct fixture *x = *state;
	struct spec_pair pair = {(char *)"org.example", test_calloc(size + 1, 1)};
	pid_t reader;
	int status;

	memset(pair.value, 'x', size);
	x->state.annotations = (struct spec_map){&pair, 1};
	reader = fork();
	if (reader == 0) {
		char *text = calloc(2, size);
		int fd;
		size_t n = text ? take(x->server, text, 2 * size, &fd) : 0;

		_exit(n > size && n < size + 400 && is_listener(fd) && memcmp(text + n - 4, "\"}}}", 4) == 0 ? 0 : 1);
	}
	begin(x, LOADS);
	assert_int_equal(introduce(x), 0);
	assert_int_equal(proc_wait(reader, &status, 0), reader);
	assert_int_equal(status, 0);
	assert_int_equal(end_of(x), WENT_ON);
	test_free(pair.value);
}

/* It takes the connection and closes it; only then the process loads its filter. */
static void agent_that_closes(void **state)
{
	struct fixture *x = *state;
	pid_t closer;
	char byte;

	assert_int_equal(read(x->gate[0], &byte, 1), 1);
	closer = fork();
	if (closer == 0) {
		close(accept(x->server, NULL, NULL));
		_exit(write(x->gate[1], "", 1) != 1);
	}
	begin(x, LOADS);
	assert_int_equal(introduce(x), -EPIPE);
	assert_string_equal(x->e.path, "linux.seccomp.listenerPath");
	assert_string_equal(x->e.step, "seal.seccomp");
	assert_non_null(strstr(x->e.text, "send the listener to the seccomp agent"));
	assert_int_equal(end_of(x), -SIGKILL);
	assert_int_equal(proc_wait(closer, NULL, 0), closer);
}

static void no_agent(void **state)
{
	struct fixture *x = *state;

	x->state.seccomp_listener_path = "/nothing/agent";
	begin(x, LOADS);
	assert_int_equal(introduce(x), -ENOENT);
	assert_non_null(strstr(x->e.text, "failed to connect with seccomp agent"));
	assert_int_equal(end_of(x), -SIGKILL);
	x->e = (struct err){0};
	x->state.seccomp_listener_path = NULL;
	fd_close_p(&x->sock);
	fd_close_p(&x->pidfd);
	begin(x, LOADS);
	assert_int_equal(introduce(x), -EINVAL);
	assert_int_equal(end_of(x), -SIGKILL);
}

static void no_process(void **state)
{
	struct fixture *x = *state;
	char text[64];
	struct wire m;
	int fd;

	begin(x, DIES);
	assert_int_equal(introduce(x), 0);
	assert_int_equal(take(x->server, text, sizeof(text), &fd), 0);
	assert_int_equal(end_of(x), 3);
	fd_close_p(&x->sock);
	fd_close_p(&x->pidfd);

	assert_int_equal(write(x->gate[1], "", 1), 1);
	begin(x, FAILS);
	assert_int_equal(introduce(x), 0);
	assert_int_equal(take(x->server, text, sizeof(text), &fd), 0);
	assert_int_equal(wire_recv(x->sock, &m, NULL), 1); /* its last word is still to be read */
	assert_int_equal(m.kind, WIRE_ERR);

	fd_close_p(&x->pidfd);
	assert_int_equal(introduce(x), -EBADMSG);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(introduced), T(large_state), T(agent_that_closes), T(no_agent),
					   T(no_process)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
