/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a process that is executed in a container, up to its program: rows as in table.c. A copy of the runtime joins all
 * namespaces but the one for pids, which is that of its next child; executed there, the helper makes this child. So no
 * process of the container ever sees the host's program, or the host's fds. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "steps.h"

/* init: workload. The pid namespace of the workload is that of the outer init's child. */
static int inner_pid(const struct life *l, pid_t *ret, struct err *e)
{
	AUTO_FREE char *text = NULL;
	char path[64];
	int r;

	*ret = l->state.pid;
	if (!life_outer_init(l))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)l->state.pid, (int)l->state.pid);
	r = file_read(AT_FDCWD, path, 1u << 20, &text, NULL, e);
	if (r < 0)
		return r;
	*ret = atoi(text);
	return *ret > 0 ? 0 : err_set(e, ESRCH, "the container has ended");
}

static int open_namespaces(struct life *l, struct err *e)
{
	pid_t of_pidns, still;
	int r = inner_pid(l, &of_pidns, e);

	l->ns.cgroup_late = l->state.cgroup_box != NULL;
	l->ns_run.inherits_mounts = l->state.mounts_shared;
	if (r >= 0)
		r = ns_enter_open(l->state.pid, of_pidns, l->arena, &l->ns, &l->ns_run, e);
	/* Asked after: a number that was given to another process meanwhile has led to that one. */
	if (!rt_state_alive(&l->state) || (r >= 0 && (inner_pid(l, &still, e) < 0 || still != of_pidns))) {
		*e = (struct err){0};
		return err_set(e, ESRCH, "container not running: no such process");
	}
	return r;
}

static int connect_jail(struct life *l, struct err *e)
{
	l->peer_fd = rt_store_connect(&l->store, RT_JAIL_SOCKET, e);
	return l->peer_fd < 0 ? l->peer_fd : 0;
}

/* The cgroup below path that the container's workload is in, where path itself can hold no process. */
static int open_beside(struct life *l, const char *path, bool children, struct err *e)
{
	struct cg_facts facts;
	int r = cg_probe(l->arena, &facts, e);

	return r < 0 ? r : cg_enter_beside(&facts, path, l->state.pid, children, l->arena, e);
}

/* The process in between is made where the helper is: it shall count for nothing in the box, in which it makes the one that becomes
 * the program. */
static int open_box(struct life *l, struct err *e)
{
	l->cg_run.dir_fd = cg_enter(l->state.cgroup_path, CG_JAIL, e);
	if (l->cg_run.dir_fd < 0)
		return l->cg_run.dir_fd;
	l->cg_run.box_fd = cg_enter(l->state.cgroup_box, l->exec_cgroup, e);
	if (l->cg_run.box_fd >= 0 && !l->exec_cgroup && cg_is_inner(l->cg_run.box_fd)) {
		fd_close_p(&l->cg_run.box_fd);
		l->cg_run.box_fd = open_beside(l, l->state.cgroup_box, true, e);
	}
	return l->cg_run.box_fd < 0 ? l->cg_run.box_fd : 0;
}

static int open_cgroup(struct life *l, struct err *e)
{
	int r = l->state.cgroup_box ? open_box(l, e) : cg_enter(l->state.cgroup_path, l->exec_cgroup, e);

	if (r < 0)
		return l->exec_cgroup ? err_ctx(e, "--cgroup") : r;
	if (!l->state.cgroup_box)
		l->cg_run.dir_fd = r;
	return 0;
}

static void say_affinity(const struct bits *cpus)
{
	AUTO_BUF mask = {0};

	for (size_t i = cpus->n; i-- > 0;)
		buf_printf(&mask, mask.len ? "%016lx" : "%lx", cpus->v[i]);
	log_debug("nsexec container setup: affinity: 0x%s", mask.data);
}

/* execCPUAffinity.initial is for the time before the process is in the container's cgroup, in which it is born: it inherits. */
static pid_t clone_on_cpus(struct life *l, struct err *e)
{
	const struct bits *cpus = &l->config.process.exec_cpu_affinity.initial;
	struct bits before = {cpus->v ? arena_alloc(l->arena, BITS_MAX / 8) : NULL, BITS_MAX / 8};
	long size = before.v ? syscall(SYS_sched_getaffinity, 0, before.n, before.v) : 0;
	pid_t pid;

	if (size < 0 || (cpus->v && !before.v))
		return err_errno(e, "sched_getaffinity");
	if (cpus->v && syscall(SYS_sched_setaffinity, 0, cpus->n * sizeof(*cpus->v), cpus->v) < 0) {
		err_errno(e, "sched_setaffinity: is one of these CPUs online and in the runtime's own cpuset?");
		return err_ctx(e, "process.execCPUAffinity.initial");
	}
	if (cpus->v)
		say_affinity(cpus);
	pid = proc_clone(0, l->cg_run.dir_fd, &l->pidfd);
	if (pid != 0 && cpus->v)
		syscall(SYS_sched_setaffinity, 0, size, before.v);
	return pid;
}

/* Where the container's own cgroup has become an inner node. */
static pid_t clone_beside(struct life *l, struct err *e)
{
	fd_close_p(&l->cg_run.dir_fd);
	l->cg_run.dir_fd = open_beside(l, l->state.cgroup_path, false, e);
	return l->cg_run.dir_fd < 0 ? l->cg_run.dir_fd : clone_on_cpus(l, e);
}

static int clone_middle(struct life *l, struct err *e)
{
	AUTO_CLOSE int theirs = -1;

	if (life_pair(l, &theirs, e) < 0)
		return -e->code;
	/* Nothing is to be said from here on: the end of the socket is the program's beginning. */
	l->started = true;
	l->pid = clone_on_cpus(l, e);
	if (l->pid == -EBUSY && l->cg_run.dir_fd >= 0 && l->cg_run.box_fd < 0 && !l->exec_cgroup)
		l->pid = clone_beside(l, e);
	if (l->pid == 0)
		life_born(l, &theirs);
	if (l->pid < 0)
		return err_set(e, -l->pid, "make a process in the container's cgroup: %s (%s)%s", strerror(-l->pid),
			       errno_name(-l->pid), l->pid == -EAGAIN ? "; a limit on processes is reached" : "");
	return 0;
}

static int enter(struct life *l, struct err *e)
{
	int r = child_hide(e);

	if (r < 0)
		return r;
	if (l->ns.userns)
		life_raise_rlimits(&l->jail.seal, 0);
	return ns_enter(&l->ns, &l->ns_run, e);
}

static int enter_mount(struct life *l, struct err *e)
{
	return ns_enter_mount(&l->ns, &l->ns_run, e);
}

static int oom_score(struct life *l, struct err *e)
{
	return life_oom_score(l, "/proc/self/oom_score_adj", e);
}

static int terminal(struct life *l, struct err *e)
{
	return child_terminal(l, ns_terminal, e);
}

static bool in_resctrl(const struct life *l)
{
	return l->state.rdt_path;
}

/* The runtime itself: what it makes is born there. */
static int enter_resctrl(struct life *l, struct err *e)
{
	return cg_rdt_enter(l->state.rdt_path, l->state.rdt_monitor, getpid(), e);
}

static bool has_cgroup(const struct life *l)
{
	return l->state.cgroup_path;
}

static const struct step rows[] = {
    {'P', "ns.open", NULL, open_namespaces, NULL},
    {'P', "stdio.owner", life_gives_stdio, parent_stdio, NULL},
    {'P', "jail.connect", life_has_jail, connect_jail, NULL},
    {'P', "cgroup.open", has_cgroup, open_cgroup, NULL},
    {'P', "resctrl.enter", in_resctrl, enter_resctrl, NULL},
    {'P', "clone", NULL, clone_middle, parent_clone_undo, .clones = true},
    {'C', "guard", NULL, child_guard, NULL},
    {'C', "oom.score", life_has_oom_score, oom_score, NULL},
    {'C', "ns.join", NULL, enter, NULL},
    {'C', "ns.become_root", life_in_userns, child_become_root, NULL},
    {'C', "ns.mount", NULL, enter_mount, NULL},
    {'C', "stdio", NULL, terminal, NULL},
    {'C', "exec.find", NULL, child_find_program, NULL},
    {'C', "jail.enter", NULL, child_enter, NULL}, /* executes the helper */
    {'J', "clone.exec", NULL, NULL, NULL},
    {'W', "jail.join", NULL, NULL, NULL},
    LIFE_SEAL_ROWS,
    {'P', "pid.file", NULL, parent_announce, parent_created_undo}, /* never of one that failed: conmon waits for it */
};
_Static_assert(ARRAY_LEN(rows) <= LIFE_MAX_ROWS, "the table outgrew its times");
const struct life_table life_of_exec = {rows, ARRAY_LEN(rows), .executes = true};
