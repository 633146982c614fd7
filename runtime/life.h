/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a container as one table that the runtime and the container's first process both walk. */
#ifndef RUNTIME_LIFE_H
#define RUNTIME_LIFE_H

#include <sys/types.h>

#include "audit.h"
#include "base/base.h"
#include "cgroups/cgroups.h"
#include "foreground.h"
#include "jail/jail.h"
#include "namespaces/namespaces.h"
#include "notify.h"
#include "spec/spec.h"
#include "store.h"

/* Who runs a row: the runtime (parent), the container's first process (child) before it executes the helper, the helper
 * as supervisor (jail), and the helper in the process that becomes the workload. */
enum role { ROLE_PARENT = 'P', ROLE_CHILD = 'C', ROLE_JAIL = 'J', ROLE_WORKLOAD = 'W' };

#define LIFE_MAX_ROWS 64

struct rt_report;
struct step; /* a row: life_steps.h */

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

/* table: the one that will be walked. */
void life_init(struct life *l, const struct life_table *table);
void life_close(struct life *l);

/* Chooses the row that shall fail, for --fail-step: "NAME" before it runs, "+NAME" after. Returns 0 or -EINVAL. */
int life_set_fail(struct life *l, const char *name, struct err *e);
/* Chooses the row after which the runtime kills itself, for --die-step. Returns 0 or -EINVAL. */
int life_set_die(struct life *l, const char *name, struct err *e);

/* Walks from the first row to the end of `create` (start_now: of `run`, before its waiting). On failure every row that
 * ran is undone, last first, and e says which one failed. Returns 0 or -errno. */
int life_create(struct life *l, struct err *e);

/* Walks the rows of `start`. state and store are those of a created container, sock is connected to its helper. */
int life_start(struct life *l, struct err *e);

/* Walks the rows of `exec`: store and state are those of a container that runs, the plan is the process's. On failure nothing of it is
 * left. Returns 0 or -errno. */
int life_exec(struct life *l, struct err *e);

/* --trace-steps: role, name and microseconds of each row that ran, on stderr. */
void life_print_times(const struct life *l);

/* Role and name of each row, a line each. */
void life_print_rows(const struct life_table *t, struct buf *out);

#endif
