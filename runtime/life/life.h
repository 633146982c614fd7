/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a container, and of a process that is executed in one: a table of rows that the runtime and the first process both
 * walk. table.c is the place to start reading. */
#ifndef RUNTIME_LIFE_H
#define RUNTIME_LIFE_H

#include <sys/resource.h>
#include <sys/types.h>

#include "base/base.h"
#include "cgroups/cgroups.h"
#include "jail/jail.h"
#include "namespaces/namespaces.h"
#include "runtime/caller/caller.h"
#include "runtime/host/host.h"
#include "runtime/runtime.h"
#include "runtime/state/state.h"
#include "spec/spec.h"

/* Who runs a row: the runtime (parent), the container's first process (child) before it executes the helper, the helper
 * as supervisor (jail), and the helper in the process that becomes the workload. */
enum role { ROLE_PARENT = 'P', ROLE_CHILD = 'C', ROLE_JAIL = 'J', ROLE_WORKLOAD = 'W' };

#define LIFE_MAX_ROWS 64

struct rt_report;
struct step; /* a row: steps.h */

/* A life: rows in the order of time. */
struct life_table {
	const struct step *rows;
	int n;
	bool executes; /* a process in a container that is there */
};
extern const struct life_table life_of_container, life_of_exec;

/* Shared by both sides, so that the child's times need no message. */
struct life_times {
	uint32_t us[LIFE_MAX_ROWS];
	bool ran[LIFE_MAX_ROWS];
};

struct life {
	const struct life_table *table; /* the one that is walked */

	/* What is asked. */
	const char *root, *id, *bundle; /* bundle: absolute */
	const char *console_socket, *pidfd_socket, *pid_file;
	struct rt_audit audit;
	struct rt_report *report; /* `run --report`, or NULL */
	int listen_fds;           /* fds from 3 on that the caller's LISTEN_FDS passes to the workload */
	bool start_now;           /* `run`: the workload starts without waiting for `start` */
	bool foreground;          /* `run` without --detach */
	const char *exec_cgroup;  /* `exec`: below the container's, or NULL */
	struct arena *arena;      /* `exec`: for what is found out on the way */

	/* The plan. */
	struct spec_config config;
	struct ns_plan ns;
	struct cg_plan cg;
	struct cg_rdt_plan rdt;
	struct jail_plan jail;
	struct spec_state state;

	/* What is held on the way. Both sides have copies; each closes its own. */
	struct rt_store store;
	struct ns_run ns_run;
	struct cg_run cg_run;
	struct cg_rdt_run rdt_run;
	struct rt_notify notify;
	struct rt_foreground signals; /* held back from the first row on */
	int sock;                     /* to the other side */
	int start_fd;                 /* listening: the helper's, until `start` comes */
	int join_fd;                  /* listening: the helper's, for processes of `exec` */
	int audit_fd, audit_dir_fd, console_fd;
	int cpu_fd; /* where the workload's CPU time is counted, or -1 */
	int helper_fd, blob_fd;
	int peer_fd; /* init: workload: the inner's end of the socket between outer and inner */
	pid_t pid;
	int pidfd;
	bool ready;   /* the helper waits for its start: from here on a silent end is the workload's execution */
	bool started; /* WIRE_START is sent: the other side now ends by executing the workload */

	/* --trace-steps, and the tests' injected failures. */
	bool trace;
	struct life_times *times;
	int fail_row, die_row; /* -1: none */
	bool fail_after;
};

/* ---- from a call to a plan; what can be refused is refused before anything is done: prepare.c, sealed.c ---- */

/* Reads config.json and the policy, looks at the host, and makes the plans of all folders. bundle NULL: --bundle, or the working
 * directory. default_policy: the policy where nobody speaks, or NULL for none. Returns 0 or -errno. */
int rt_prepare(struct rt_call *c, const char *bundle, const char *id, const char *default_policy, struct life *l,
	       struct err *e);

/* Limits of policies on memory (bounds.c). Lowers what linux.resources says, at create and by update: what the engine asks for is no error.
 * Returns 0, -ENOMEM. */
int life_bound_memory(struct spec_resources *r, uint64_t most, struct arena *a, struct err *e);

/* A terminal and --console-socket go together as in runc: -EINVAL with its words. For exec, too. */
int rt_check_terminal(const struct rt_call *c, const struct life *l, struct err *e);
/* That the fds of LISTEN_FDS (l->listen_fds) and of --preserve-fds are open; all others are closed at the next exec.
 * Returns 0 or -errno. */
int rt_check_fds(const struct rt_call *c, struct life *l, struct err *e);

/* Where others are in the container's pid namespace they see its first process before that executes the helper: it must
 * not be the host's program that /proc/PID/exe leads to (CVE-2019-5736). Executes this call once more, from a sealed copy
 * in memory, when pid_shared and this is not that copy yet. Returns 0 or -errno. */
int rt_run_sealed(const struct rt_call *c, bool pid_shared, struct err *e);

/* ---- the walk: life.c, walk.c ---- */

/* Nothing is held yet. table: the one that will be walked. */
void life_init(struct life *l, const struct life_table *table);
/* Lets go of what this process holds; the container stays. */
void life_close(struct life *l);

/* Chooses the row that shall fail, for --fail-step: "NAME" before it runs, "+NAME" after. Returns 0 or -EINVAL. */
int life_set_fail(struct life *l, const char *name, struct err *e);
/* Chooses the row after which the runtime kills itself, for --die-step. Returns 0 or -EINVAL. */
int life_set_die(struct life *l, const char *name, struct err *e);

/* The walks. Each holds signals back, until rt_foreground_end. With `trace` those of create and of exec print role, name and
 * microseconds of each row that ran on stderr.
 *
 * From the first row to the end of `create` (start_now: of `run`, before its waiting). On failure every row that ran is undone,
 * last first, and e says which one failed. Returns 0 or -errno. */
int life_create(struct life *l, struct err *e);

/* For `plan`: warns of what `create` would refuse as the host is now: limits, root.path, sources of mounts, namespaces by path, sysctls,
 * hooks, the agent, the program. Changes nothing. foresee.c */
void life_foresee(struct life *l);

/* What stands at a path of the bundle's rootfs, links followed, and the interpreter that it names if it is a script. */
struct life_program {
	const char *path, *interpreter; /* NULL: none */
	bool directory;
};
/* For `policy test`, after rt_prepare: path is absolute. What lies below a mount stays as it was asked for. Returns 0 or -errno. program.c */
int life_program(const struct life *l, const char *path, struct arena *a, struct life_program *ret, struct err *e);

/* Walks the rows of `start`. state and store are those of a created container, sock is connected to its helper. */
int life_start(struct life *l, struct err *e);

/* Walks the rows of `exec`: store and state are those of a container that runs, the plan is the process's. On failure nothing of it is
 * left. Returns 0 or -errno. */
int life_exec(struct life *l, struct err *e);

/* Waits until the service manager, if there is one, has heard that main_pid is ready. The container is everybody's meanwhile, and
 * a signal ends the wait as it ends any program. */
void life_wait_ready(struct life *l, pid_t main_pid);

/* Role and name of each row, a line each. */
void life_print_rows(const struct life_table *t, struct buf *out);

/* ---- `run --report FILE`: how it ended and what it used, as JSON: report.c ---- */

struct rt_report {
	const char *path; /* as it was said */
	struct out out;
	int told[2];                  /* a pipe: where there is a jail, its helper says how the main process ended */
	uint64_t opened_us, begin_us; /* now_us(): the call's begin, the workload's; 0: it never began */
	uint64_t end_us;
	bool ended; /* the container ran and ended; else it failed */
	int code, signal;
	const char *limit; /* of the policy, for which the jail ended it: "limits.wall"; or NULL */
	struct rusage used;
	bool reused; /* its cgroup was there before, and had used so much: */
	struct cg_usage before, usage;
};
#define RT_REPORT_INIT ((struct rt_report){.out = OUT_INIT, .told = {-1, -1}})
#define AUTO_REPORT    __attribute__((cleanup(rt_report_close))) struct rt_report

/* Before anything is done: whether the file can be written. A regular file, or one that is not there, is replaced in one step at the
 * end; a pipe, a device or an open file of /dev/fd is written to, and links are followed (base/out.h); "-" is stderr. Returns 0 or
 * -errno; -EINVAL for a container that is not waited for. */
int rt_report_open(struct rt_report *r, const char *path, bool foreground, struct err *e);
void rt_report_close(struct rt_report *r);

/* Where there is a jail: makes the pipe, of which the helper gets one end. Its exit status alone does not tell a death by a signal from
 * an exit with 128 and more. Returns 0 or -errno. */
int rt_report_ask(struct rt_report *r, struct err *e);
/* What is noted on the way: the cgroup was made, the workload was executed, and (before the cgroup is removed) the container ended with
 * this status. */
void rt_report_cgroup(struct rt_report *r, const struct life *l);
void rt_report_started(struct rt_report *r);
/* Whether what lives has to be looked at: a jail that is PID 1 waits for all others itself. */
bool rt_report_looks(const struct life *l);
void rt_report_ended(struct rt_report *r, struct life *l, int code);

/* Writes the document. result is the call's, and e its error when it is below 0. Returns result, or -errno when the file could not be
 * written. */
int rt_report_write(struct rt_report *r, const char *id, int result, struct err *e);

#endif
