/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a container as one table that the runtime and the container's first process both walk. */
#ifndef RUNTIME_LIFE_H
#define RUNTIME_LIFE_H

#include <sys/types.h>

#include "base/base.h"
#include "cgroups/cgroups.h"
#include "jail/jail.h"
#include "namespaces/namespaces.h"
#include "spec/spec.h"

/* Who runs a row: the runtime; the container's first process, before it executes the helper; the helper, as
 * supervisor (J) or as the process that becomes the workload (W). */
enum role { ROLE_P = 'P', ROLE_C = 'C', ROLE_J = 'J', ROLE_W = 'W' };

struct life {
	/* What is asked. */
	const char *id;
	const char *bundle; /* absolute */
	const char *console_socket, *pid_file;
	bool started_now; /* `run`: the workload starts without waiting for `start` */
	bool foreground;  /* `run` without --detach */
	uint32_t preserve_fds;

	/* The plan. */
	struct spec_config config;
	struct ns_plan ns;
	struct cg_plan cg;
	struct jail_plan jail;
	struct spec_state state;

	/* What is held on the way. */
	int store_fd; /* the state directory, locked */
	struct ns_run ns_run;
	struct cg_run cg_run;
	int sock; /* to the other side; in the runtime and in the container's process each its own end */
	int start_fd, audit_fd, console_fd;
	pid_t pid;
	int pidfd;
	int signals_fd; /* of the signals that interrupt a create */
	int helper_fd, blob_fd;
	int outer_fd;    /* init: workload: the inner's end of the socket to the outer */
	bool exec_begun; /* the helper was told to go on to the workload */

	/* For tests and for --trace-steps. */
	bool trace;
	struct life_times *times; /* shared with the container's process */
	int fail_row, die_row;    /* -1: none */
	bool fail_after;
	struct arena *arena;
};

/* Sets the fds to -1 and the rows to none. */
void life_init(struct life *l, struct arena *a);
void life_close(struct life *l);

/* Finds the row "NAME" ("+NAME": after it has run) for --fail-step. Returns 0 or -EINVAL. */
int life_set_fail(struct life *l, const char *name, struct err *e);
int life_set_die(struct life *l, const char *name, struct err *e);

/* Walks the rows of the runtime from the first one to the end of create, or of `run`. On failure every row that ran is undone, last
 * first, the container's process is killed and waited for, and e says in which row it was. Returns 0 or -errno. */
int life_create(struct life *l, struct err *e);

/* Walks the rows of `start`: l->state, l->store_fd and l->sock (connected to the waiting helper) are set. */
int life_start(struct life *l, struct err *e);

/* --trace-steps: a line a row on stderr: role, name, microseconds. */
void life_print_times(const struct life *l);

/* `jailrun life`: role and name of each row, a line each. */
void life_print_rows(struct buf *out);

#endif
