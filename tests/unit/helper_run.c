/* SPDX-License-Identifier: Apache-2.0 */
#include "helper_run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#else
#define NATIVE AUDIT_ARCH_AARCH64
#endif

#define MAX_RULES 64

static struct jail_rule rules[MAX_RULES];
static struct sock_filter insns[4 + 2 * MAX_RULES];
static char *env[] = {"PATH=/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/", NULL};

void trial_init(struct trial *t, char **args)
{
	struct jail_seal *s;

	memset(t, 0, sizeof(*t));
	memset(rules, 0, sizeof(rules));
	t->h = (struct jail_handover){.blob_fd = -1,
				      .sync_fd = -1,
				      .start_fd = -1,
				      .audit_fd = -1,
				      .audit_dir_fd = -1,
				      .join_fd = -1,
				      .ring_fd = -1,
				      .end_fd = -1,
				      .peer_fd = -1,
				      .cgroup_fd = -1,
				      .cgroup_ns_fd = -1};
	t->h.fail_step = t->h.die_step = -1;
	t->tty = -1;
	t->plan.id = (char *)"test";
	t->plan.policy = (char *)"tested";
	t->plan.policies[0] = (struct jail_policy){.name = (char *)"tested", .max_processes = -1, .max_threads = -1};
	memset(t->plan.policies[0].bounds, 0xff, sizeof(t->plan.policies[0].bounds)); /* -1: none */
	t->plan.n_policies = 1;
	t->plan.rules = rules;
	s = &t->plan.seal;
	s->args.v = args;
	while (args[s->args.n])
		s->args.n++;
	s->env = (struct strv){env, 2};
	s->cwd = (char *)"/";
	s->set_caps = true;
	for (int cap = 0; cap < 64 && prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (prctl(PR_CAPBSET_READ, cap) == 1)
			for (int i = 0; i < CAPS_INHERITABLE; i++)
				s->caps[i] |= 1ull << cap;
	s->caps[CAPS_PERMITTED] = s->caps[CAPS_EFFECTIVE];
}

struct jail_rule *trial_rule(struct trial *t, const char *name, const char *syscall, int nr, enum jail_trap trap)
{
	struct jail_rule *r = &rules[t->plan.n_rules++];

	*r = (struct jail_rule){
	    .name = (char *)name, .syscall = (char *)syscall, .arch = NATIVE, .nr = nr, .trap = trap, .err = EPERM};
	return r;
}

void trial_engine(struct trial *t, enum jail_engine engine)
{
	size_t n = 0;

	insns[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < t->plan.n_rules; i++) {
		uint32_t ret = engine == JAIL_TRACE ? SECCOMP_RET_TRACE | JAIL_TRACE_DATA : SECCOMP_RET_USER_NOTIF;

		insns[n++] =
		    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)t->plan.rules[i].nr, 0, 1);
		insns[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, ret);
	}
	insns[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	t->plan.engine = engine;
	t->plan.filter = (struct jail_bpf){.insns = insns, .len = (uint16_t)n};
	if (engine == JAIL_NOTIFY)
		t->plan.filter.flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
}

void trial_trace(struct trial *t)
{
	trial_rule(t, "exec", "execve", SYS_execve, JAIL_TRAP_EXEC)->err = EACCES;
	trial_rule(t, "exec", "execveat", SYS_execveat, JAIL_TRAP_EXEC)->err = EACCES;
	trial_rule(t, "limits", "clone", SYS_clone, JAIL_TRAP_CLONE);
	trial_rule(t, "limits", "clone3", SYS_clone3, JAIL_TRAP_CLONE);
#ifdef SYS_fork
	trial_rule(t, "limits", "fork", SYS_fork, JAIL_TRAP_CLONE);
	trial_rule(t, "limits", "vfork", SYS_vfork, JAIL_TRAP_CLONE);
#endif
	trial_rule(t, "signals.protect", "kill", SYS_kill, JAIL_TRAP_TARGET);
	trial_rule(t, "signals.protect", "tkill", SYS_tkill, JAIL_TRAP_TARGET);
	trial_rule(t, "signals.protect", "tgkill", SYS_tgkill, JAIL_TRAP_TARGET);
	trial_rule(t, "signals.protect", "pidfd_open", SYS_pidfd_open, JAIL_TRAP_TARGET);
	trial_rule(t, "signals.protect", "prlimit64", SYS_prlimit64, JAIL_TRAP_TARGET);
	trial_rule(t, "signals.protect", "ptrace", SYS_ptrace, JAIL_TRAP_TARGET)->arg = 1;
	trial_engine(t, JAIL_TRACE);
}

void trial_allow(struct trial *t, char **paths)
{
	t->plan.policies[0].exec_rules = true;
	t->plan.policies[0].exec_allow.v = paths;
	while (paths[t->plan.policies[0].exec_allow.n])
		t->plan.policies[0].exec_allow.n++;
}

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

static int listen_start(char path[64])
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(path, 64, "/tmp/helper-run.%d", (int)getpid());
	strcpy(sa.sun_path, path);
	unlink(path);
	must(bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 && listen(fd, 4) == 0, "listen");
	return fd;
}

static int connect_start(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(sa.sun_path, path);
	must(connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0, "connect");
	return fd;
}

/* Without root: a user namespace around, in which this user is root. The child waits until its maps are written. */
static void write_maps(pid_t pid)
{
	char path[64], map[64];
	struct err e = {0};

	snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
	(void)file_write(AT_FDCWD, path, "deny", &e);
	snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
	snprintf(map, sizeof(map), "0 %u 1", geteuid());
	must(file_write(AT_FDCWD, path, map, &e) == 0, "uid_map");
	snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)pid);
	snprintf(map, sizeof(map), "0 %u 1", getegid());
	must(file_write(AT_FDCWD, path, map, &e) == 0, "gid_map");
}

static void mount_proc(void)
{
	must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "private");
	must(mount("proc", "/proc", "proc", 0, NULL) == 0, "mount /proc");
}

static void child(struct trial *t, int helper, int out, int go)
{
	struct err e = {0};
	int pair[2];
	pid_t pid;
	char byte;

	must(read(go, &byte, 1) == 1, "wait for the maps");
	if (t->tty >= 0)
		dup2(t->tty, 0);
	dup2(t->tty >= 0 ? t->tty : out, 1);
	dup2(t->tty >= 0 ? t->tty : out, 2);
	if (t->outer) {
		must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
		pid = proc_clone(CLONE_NEWPID, -1, NULL);
		must(pid >= 0, "clone of the inner namespace");
		t->h.role = pid ? JAIL_ROLE_OUTER : JAIL_ROLE_INNER;
		t->h.peer_fd = pair[pid ? 0 : 1];
		t->h.peer = pid ? pid : -1;
		close(pair[pid ? 1 : 0]);
		if (pid == 0) {
			t->h.start_fd = t->h.audit_fd = -1;
			mount_proc();
		}
	} else {
		mount_proc();
	}
	jail_handover(helper, &t->h, &e);
	fprintf(stderr, "handover: %s\n", e.text);
	_exit(99);
}

/* The runtime's side of the wire, until the workload runs. */
static void start(struct trial *t, int sock, const char *path)
{
	struct wire m;
	uint64_t begin = 0;
	int conn = sock;

	while (wire_recv(conn, &m, NULL) == 1) {
		if (m.kind == WIRE_BATON && t->created) {
			wire_send(conn, &(struct wire){.kind = WIRE_BATON}, -1);
			close(conn);
			conn = connect_start(path);
		}
		if (m.kind == WIRE_BATON) {
			begin = now_us();
			wire_send(conn, &(struct wire){.kind = WIRE_START}, -1);
		} else if (m.kind == WIRE_ERR) {
			t->err = m.err;
		} else if (m.kind == WIRE_TIME) {
			t->times++;
		} else if (m.kind == WIRE_DIE) {
			t->died = true;
			break;
		}
	}
	t->start_us = now_us() - begin;
	close(conn);
}

static void drain(struct trial *t, int out, int audit)
{
	struct {
		int fd;
		char *text;
		size_t len;
	} from[2] = {{out, t->out, 0}, {audit, t->audit, 0}};
	char waste[4096];

	while (from[0].fd >= 0 || from[1].fd >= 0) {
		struct pollfd p[2] = {{.fd = from[0].fd, .events = POLLIN}, {.fd = from[1].fd, .events = POLLIN}};

		if (poll(p, 2, 60000) == 0) {
			fprintf(stderr, "the container does not end\n");
			kill(t->pid, SIGKILL);
			return;
		}
		for (int i = 0; i < 2; i++) {
			ssize_t n;

			if (!p[i].revents)
				continue;
			if (from[i].len < sizeof(t->out) - 1)
				n = read(from[i].fd, from[i].text + from[i].len, sizeof(t->out) - 1 - from[i].len);
			else
				n = read(from[i].fd, waste, sizeof(waste)) > 0 ? 0 : -1;
			if (n < 0 || (n == 0 && from[i].len < sizeof(t->out) - 1)) {
				close(from[i].fd);
				from[i].fd = -1;
			} else {
				from[i].len += (size_t)n;
			}
		}
	}
}

void trial_run(struct trial *t)
{
	int sync[2], out[2], audit[2], go[2], helper, listening = -1;
	const uint64_t userns = geteuid() ? CLONE_NEWUSER : 0;
	struct err e = {0};
	char path[64];
	AUTO_BUF blob = {0};

	jail_blob_write(&t->plan, &blob);
	helper = jail_helper_open(&e);
	must(helper >= 0, "helper");
	t->h.blob_fd = memfd_sealed("plan", blob.data, blob.len, &e);
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sync) == 0, "socketpair");
	must(pipe2(out, O_CLOEXEC) == 0 && pipe2(audit, O_CLOEXEC) == 0 && pipe2(go, O_CLOEXEC) == 0, "pipe");
	t->h.sync_fd = sync[1];
	t->h.audit_fd = audit[1];
	if (t->created)
		t->h.start_fd = listening = listen_start(path);
	fflush(NULL);
	t->pid = proc_clone(CLONE_NEWPID | CLONE_NEWNS | userns, -1, NULL);
	must(t->pid >= 0, "clone");
	if (t->pid == 0)
		child(t, helper, out[1], go[0]);
	if (userns)
		write_maps(t->pid);
	must(write(go[1], "", 1) == 1, "let the child go on");
	close(go[0]);
	close(go[1]);
	close(sync[1]);
	close(out[1]);
	close(audit[1]);
	close(helper);
	close(t->h.blob_fd);
	start(t, sync[0], path);
	if (listening >= 0) {
		close(listening);
		unlink(path);
	}
	if (t->during)
		t->during(t->pid, t->arg);
	drain(t, out[0], audit[0]);
	must(proc_wait(t->pid, &t->status, 0) == t->pid, "wait");
}

int trial_code(const struct trial *t)
{
	return proc_exit_code(t->status);
}
