/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of the life table that the runtime itself runs. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "life.h"
#include "runtime/caller/caller.h"
#include "runtime/state/state.h"
#include "steps.h"

#define SMALL_MEMORY (1 << 20) /* bytes of a limit */

/* The first state is written at once: it says where the cgroup will be, so that `delete --force` finds everything of a
 * create that was killed. */
int parent_reserve(struct life *l, struct err *e)
{
	l->ns_run.made = rt_store_made;
	l->ns_run.mounted = rt_store_mounted;
	l->ns_run.made_arg = &l->store;
	return rt_store_reserve(l->root, l->id, &l->state, &l->store, e);
}

void parent_reserve_undo(struct life *l)
{
	if (l->store.dir_fd < 0)
		return;
	rt_unmake(l->root, &l->store, l->ns.rootfs, false);
	rt_store_remove(&l->store, NULL);
}

/* Under `create` it is `start` that listens: the word comes from the workload. */
int parent_notify(struct life *l, struct err *e)
{
	int r = rt_notify_prepare(&l->store, e);

	return r < 0 || !l->start_now ? r : rt_notify_bind(&l->notify, &l->store, e);
}

int parent_audit(struct life *l, struct err *e)
{
	if (l->report && rt_report_ask(l->report, e) < 0)
		return -e->code;
	return rt_audit_open(&l->audit, l->store.dir_fd, &l->audit_fd, &l->audit_dir_fd, e);
}

int parent_jail_socket(struct life *l, struct err *e)
{
	l->join_fd = rt_store_listen(&l->store, RT_JAIL_SOCKET, e);
	return l->join_fd < 0 ? l->join_fd : 0;
}

int parent_keep_plan(struct life *l, struct err *e)
{
	AUTO_BUF blob = {0};

	jail_blob_write(&l->jail, &blob);
	if (blob.failed)
		return err_set(e, ENOMEM, "out of memory for the plan of the helper");
	return rt_store_keep_plan(&l->store, &blob, e);
}

int parent_sources(struct life *l, struct err *e)
{
	int r = ns_sources(&l->ns, &l->ns_run, e);

	l->state.mounts_shared = l->ns_run.inherits_mounts;
	return r;
}

int parent_cgroup(struct life *l, struct err *e)
{
	const mode_t mask = umask(022); /* programs of other users look their limits up there */
	int r = cg_create(&l->cg, &l->cg_run, e);

	umask(mask);
	l->ns_run.cgroup_dir_fd = l->cg_run.box_fd >= 0 ? l->cg_run.box_fd : l->cg_run.dir_fd;
	if (r >= 0 && l->report)
		rt_report_cgroup(l->report, l);
	return r >= 0 && life_counts_cpu(l) ? life_open_cpu(l, e) : r;
}

void parent_cgroup_undo(struct life *l)
{
	cg_unmake(&l->cg, &l->cg_run);
}

int parent_cgroup_limit(struct life *l, struct err *e)
{
	return cg_limit(&l->cg, &l->cg_run, e);
}

int parent_cgroup_release(struct life *l, struct err *e)
{
	return cg_release(&l->cg, &l->cg_run, e);
}

int parent_cgroup_split(struct life *l, struct err *e)
{
	return cg_hand_down(l->cg.path, l->cg.box, e);
}

/* Engines look where the first process is when `create` returns, and take it that this is the container's cgroup, whose statistics they
 * show: up to here it was. */
int parent_cgroup_move(struct life *l, struct err *e)
{
	int r = cg_hand_down(l->state.cgroup_path, l->state.cgroup_box, e);

	if (r < 0)
		return r;
	l->cg_run.box_fd = cg_enter(l->state.cgroup_box, NULL, e);
	return l->cg_run.box_fd < 0 ? l->cg_run.box_fd : 0;
}

/* Where the first process is born. */
static int birth_fd(const struct life *l)
{
	return l->start_now && l->cg_run.jail_fd >= 0 ? l->cg_run.jail_fd : l->cg_run.dir_fd;
}

int parent_cgroup_owner(struct life *l, struct err *e)
{
	return cg_own(&l->cg_run, (uint32_t)l->ns.cgroup_owner.v, e);
}

int parent_cgroup_devices(struct life *l, struct err *e)
{
	return cg_devices(&l->cg, &l->cg_run, e);
}

int parent_network_maps(struct life *l, struct err *e)
{
	return cg_network_maps(&l->cg_run, e);
}

int parent_cgroup_network(struct life *l, struct err *e)
{
	return cg_network(&l->cg, &l->cg_run, l->pid, e);
}

void parent_network_undo(struct life *l)
{
	cg_network_undo(&l->cg, &l->cg_run);
}

int parent_rdt(struct life *l, struct err *e)
{
	return cg_rdt_create(&l->rdt, &l->rdt_run, e);
}

void parent_rdt_undo(struct life *l)
{
	cg_rdt_unmake(&l->rdt, &l->rdt_run);
}

/* Before its first child and its program: both inherit the class. */
int parent_rdt_enter(struct life *l, struct err *e)
{
	return cg_rdt_enter(l->rdt.path, l->rdt.monitor, l->pid, e);
}

static const char *clone_hint(const struct life *l, int r)
{
	switch (-r) {
	case EPERM:
		if (geteuid() != 0 && !l->ns.userns)
			return "; without root a container needs a user namespace: add {\"type\": \"user\"} to "
			       "linux.namespaces, and maps, as in jailrun spec --rootless";
		return "; namespaces other than user ones need CAP_SYS_ADMIN, user ones may be forbidden by "
		       "kernel.unprivileged_userns_clone, an LSM, or a seccomp filter around the runtime";
	case EACCES:
		return "; to move a process into the container's cgroup takes the right to write to cgroup.procs of "
		       "the "
		       "one above both, the caller's and the container's (cgroups(7), Delegation Containment): let "
		       "linux.cgroupsPath be below the cgroup that was delegated, and the caller be in it (with a user "
		       "manager of "
		       "systemd: systemd-run --user --scope jailrun …)";
	case ENOSPC:
	case EUSERS:
		return "; a limit of /proc/sys/user/max_*_namespaces is reached";
	case ENOSYS:
		return "; a seccomp filter around the runtime hides clone3(2) and clone(2)";
	case EAGAIN:
		return "; a limit on processes (RLIMIT_NPROC, pids.max) is reached";
	case EINVAL:
		return "; a namespace type of linux.namespaces is not in this kernel, or CLONE_INTO_CGROUP is not "
		       "(Linux before 5.7)";
	default:
		return "";
	}
}

/* In the process between: joins, and makes the container's process as its own sibling. Returns 0 in the latter. */
static pid_t join_and_clone(struct life *l, uint64_t flags, struct err *e)
{
	pid_t pid;

	/* From setns on who has CAP_SYS_PTRACE in that user namespace may look, before the change of uid there would hide this
	 * process. Without root its oom_score_adj could not be written then. */
	if (l->ns.join[NS_USER] && geteuid() == 0 && child_hide(e) < 0)
		return -e->code;
	if (l->ns.join[NS_USER])
		life_raise_rlimits(&l->jail.seal, 0);
	if (ns_join_first(&l->ns, &l->ns_run, e) < 0)
		return -e->code;
	pid = proc_clone(flags | CLONE_PARENT, birth_fd(l), NULL);
	if (pid < 0)
		err_set(e, -pid, "clone3: %s (%s)%s", strerror(-pid), errno_name(-pid), clone_hint(l, pid));
	return pid;
}

/* Namespaces that must be joined before the clone (ns_joins_first) are not joined by the runtime itself: a process in
 * between does it, reports the pid over a socket of its own, since the container's process talks over the other one at
 * once, and is gone. */
static pid_t clone_joined(struct life *l, uint64_t flags, struct err *e)
{
	struct wire m = {.kind = WIRE_PID};
	int pair[2], status, r;
	pid_t middle;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(e, "socketpair");
	middle = proc_clone(0, -1, NULL);
	if (middle == 0) {
		pid_t pid = join_and_clone(l, flags, &m.err);

		close(pair[0]);
		if (pid != 0) {
			m.kind = pid < 0 ? WIRE_ERR : WIRE_PID;
			m.value = pid;
			m.row = proc_unborn();
			wire_send(pair[1], &m, -1);
			_exit(0);
		}
		close(pair[1]);
		return 0;
	}
	close(pair[1]);
	r = middle < 0 ? middle : wire_recv(pair[0], &m, NULL);
	close(pair[0]);
	if (middle < 0)
		return err_set(e, -middle, "clone3: %s", strerror(-middle));
	proc_wait(middle, &status, 0);
	if (r > 0 && m.row > 0)
		proc_wait(m.row, NULL, 0);
	if (r > 0 && m.kind == WIRE_PID)
		return (pid_t)m.value;
	if (r > 0)
		*e = m.err;
	return err_set(e, EPIPE, "join the namespaces of linux.namespaces: the process that does it was killed");
}

int life_pair(struct life *l, int *ret_theirs, struct err *e)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(e, "socketpair");
	l->sock = pair[0];
	*ret_theirs = pair[1];
	return 0;
}

/* Whoever writes the helper's copy pays for it. The container's process would, and there may be no room. */
static int copy_helper(struct life *l, struct err *e)
{
	const struct opt_i64 *limit = &l->config.linux_.resources.memory.limit;

	if (l->jail.engine != JAIL_NONE || l->jail.userns || !limit->set || limit->v < 0 || limit->v >= SMALL_MEMORY)
		return 0;
	l->helper_fd = jail_helper_open(e);
	return l->helper_fd < 0 ? l->helper_fd : 0;
}

int parent_clone(struct life *l, struct err *e)
{
	bool joined = ns_joins_first(&l->ns);
	uint64_t flags = l->ns.clone_flags;
	AUTO_CLOSE int theirs = -1;

	if (life_pair(l, &theirs, e) < 0 || copy_helper(l, e) < 0)
		return -e->code;
	if (!l->start_now && (l->start_fd = rt_store_listen(&l->store, RT_START_SOCKET, e)) < 0)
		return l->start_fd;
	l->pid = joined ? clone_joined(l, flags, e) : proc_clone(flags, birth_fd(l), &l->pidfd);
	if (l->pid == 0)
		life_born(l, &theirs);
	if (l->pid < 0 && !joined)
		return err_set(e, -l->pid, "clone3: %s (%s)%s", strerror(-l->pid), errno_name(-l->pid),
			       clone_hint(l, l->pid));
	if (l->pid < 0)
		return l->pid;
	if (joined && (l->pidfd = proc_pidfd_open(l->pid)) < 0)
		return err_set(e, -l->pidfd, "pidfd_open: %s", strerror(-l->pidfd));
	l->state.pid = l->pid;
	if (proc_start_time(l->pid, &l->state.pid_start, NULL) < 0)
		l->state.pid_start = 0; /* gone already: the wait for the baton will say how */
	return 0;
}

/* Once the workload has been started, `delete --force` must know whom to kill. */
int parent_note_pid(struct life *l, struct err *e)
{
	return rt_store_write(&l->store, &l->state, e);
}

void parent_clone_undo(struct life *l)
{
	int status;

	if (l->pid <= 0)
		return;
	if (l->pidfd >= 0)
		proc_pidfd_signal(l->pidfd, SIGKILL);
	else
		kill(l->pid, SIGKILL); /* our own child, not waited for: the pid is still its */
	proc_wait(l->pid, &status, 0);
	l->pid = 0;
}

int parent_idmap(struct life *l, struct err *e)
{
	life_raise_rlimits(&l->jail.seal, l->pid);
	return ns_idmap_write(&l->ns, l->pid, e);
}

int life_oom_score(const struct life *l, const char *file, struct err *e)
{
	char value[24];

	snprintf(value, sizeof(value), "%lld", (long long)l->config.process.oom_score_adj.v);
	return file_write(AT_FDCWD, file, value, e) < 0 ? err_ctx(e, "process.oomScoreAdj") : 0;
}

/* Through the runtime's own procfs, which the container cannot have replaced. */
int parent_oom(struct life *l, struct err *e)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)l->pid);
	return life_oom_score(l, path, e);
}

int parent_net_devices(struct life *l, struct err *e)
{
	return ns_net_devices(&l->ns, &l->ns_run, l->pid, e);
}

void parent_net_devices_undo(struct life *l)
{
	ns_net_devices_undo(&l->ns_run);
}

static int run_hooks(struct life *l, enum spec_hook_kind kind, enum spec_status status, struct err *e)
{
	AUTO_BUF state = {0};
	int r = life_hook_state(l, status, l->state.pid, &state, e);

	return r < 0 ? r : rt_hooks_run(&l->state.hooks[kind], kind, l->state.bundle, state.data, e);
}

int parent_hooks_prestart(struct life *l, struct err *e)
{
	return run_hooks(l, HOOK_PRESTART, STATUS_CREATING, e);
}

int parent_hooks_create_runtime(struct life *l, struct err *e)
{
	return run_hooks(l, HOOK_CREATE_RUNTIME, STATUS_CREATING, e);
}

/* The pid file: no newline, since callers read it by Atoi, and there all at once. */
static int write_pid_file(struct life *l, struct err *e)
{
	struct out out;
	char pid[16];
	int r = out_open(l->pid_file, &out, e);

	snprintf(pid, sizeof(pid), "%d", (int)l->pid);
	if (r >= 0)
		r = out_write(&out, pid, strlen(pid), 0644, e);
	out_close(&out);
	return r < 0 ? err_ctx(e, "--pid-file") : 0;
}

int parent_announce(struct life *l, struct err *e)
{
	int r = 0;

	if (l->pidfd_socket && (r = rt_send_fd(l->pidfd_socket, "pidfd", l->pidfd, e)) < 0)
		err_ctx(e, "--pidfd-socket");
	if (r >= 0 && l->pid_file)
		r = write_pid_file(l, e);
	return r;
}

int parent_created(struct life *l, struct err *e)
{
	int r;

	l->state.created = true;
	r = rt_store_write(&l->store, &l->state, e);
	return r < 0 ? r : parent_announce(l, e);
}

void parent_created_undo(struct life *l)
{
	if (l->pid_file)
		out_remove(l->pid_file);
}

int parent_start(struct life *l, struct err *e)
{
	int r = rt_store_started(&l->store, e);

	if (r < 0)
		return r;
	l->started = true;
	r = wire_send(l->sock, &(struct wire){.kind = WIRE_START}, l->cg_run.box_fd);
	/* What the helper died of is waiting in the socket. */
	return r < 0 && r != -EPIPE ? err_set(e, -r, "tell the container to start: %s", strerror(-r)) : 0;
}

int parent_hooks_poststart(struct life *l, struct err *e)
{
	int r = run_hooks(l, HOOK_POSTSTART, STATUS_RUNNING, e);

	if (r < 0 && l->pidfd >= 0) /* runtime.md, Lifecycle 9: the container is stopped */
		proc_pidfd_signal(l->pidfd, SIGKILL);
	return r;
}
