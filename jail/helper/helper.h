/* SPDX-License-Identifier: Apache-2.0 */
/* The jail's helper: what its files share. One process is one struct helper; the supervisor and the process that becomes
 * the workload have a copy each after the fork. */
#ifndef JAIL_HELPER_HELPER_H
#define JAIL_HELPER_HELPER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/base.h"
#include "jail/jail.h"

struct jail_engine_ops;

struct helper {
	struct jail_handover h;
	struct jail_plan plan;
	struct arena arena;
	const struct jail_engine_ops *engine; /* NULL: the workload is not supervised */
	int sock;                             /* to the runtime that waits for the workload to run, or -1 */
	int peer;      /* between the supervisor and the process that becomes the workload, or -1 */
	int signal_fd; /* all signals, once they are blocked; or -1 */
	int cgroup_fd; /* until the workload's process is made: the cgroup that it is born in; or -1: this one's own */
	int proc_fd;   /* a procfs that the workload cannot cover, or -1 */
	int view_fd;   /* the tree of the policy's paths, or -1 */
	int rulesets[JAIL_POLICIES]; /* of Landlock, for the file rules of each policy; or -1 */
	pid_t main;                  /* the process that becomes the workload */
	bool first;                  /* this process is PID 1 of a pid namespace */
	bool workload;               /* this process is it */
	bool go;                     /* the supervisor has said that it is ready */
	bool ended;                  /* the main process is gone, with this status */
	int status;
	const unsigned char
	    *agent_has_it;      /* shared with the runtime: not 0 when linux.seccomp's listener is with its agent */
	char program[PATH_MAX]; /* what exec will execute */
	char why[400];          /* it does not work, found out before the filters may refuse the look; or "" */
};

/* tell.c */
_Noreturn void helper_fail(struct helper *h, struct err *e);

/* The rows. wait.c, hooks.c, fork.c, join.c, labels.c, seal.c, schedule.c, filter.c, exec.c */
int step_wait_start(struct helper *h, struct err *e);
int step_hooks(struct helper *h, struct err *e);
int step_arm(struct helper *h, struct err *e);
int step_fork(struct helper *h, struct err *e);
int step_labels(struct helper *h, struct err *e);
int step_clone_exec(struct helper *h, struct err *e);
int step_join(struct helper *h, struct err *e);
int step_session(struct helper *h, struct err *e);
int step_rlimits(struct helper *h, struct err *e);
int step_schedule(struct helper *h, struct err *e);
int step_user(struct helper *h, struct err *e);
int step_caps(struct helper *h, struct err *e);
int step_fds(struct helper *h, struct err *e);
int step_seccomp(struct helper *h, struct err *e);
int step_exec(struct helper *h, struct err *e);

/* Waits for the supervisor's word; what comes along with the first one becomes h->sock. fork.c */
int wait_for_go(struct helper *h, struct err *e);
/* The supervisor's word, when all of its rows are done. */
int give_go(struct helper *h, struct err *e);
/* A procfs of this pid namespace that is mounted nowhere, so that nothing can cover its files. Returns the fd or -errno. fork.c */
int private_proc(void);
/* In a process that was just born in a cgroup of its own: that one becomes the root of what it sees. fd: of the namespace that
 * does it, or -1, when there is none yet. fork.c */
int enter_cgroup_ns(const struct helper *h, int fd, struct err *e);
/* For `exec`: waits until the runtime knows this process, which is on its own from here on. join.c */
int stay_alone(struct helper *h, struct err *e);
/* Makes h->rulesets, of the tree as it is now. files.c */
int files_arm(struct helper *h, struct err *e);
/* To a process that is to be under them, and its side: the next message that brings none of them. Both as wire_send and wire_recv. files.c */
int files_send(const struct helper *h, int sock);
int files_receive(struct helper *h, struct wire *m, int *ret_fd);
/* Puts this process under them. files.c */
int files_restrict(struct helper *h, struct err *e);
/* Finds the program as execvp would and puts it into h->program. exec.c */
int find_program(struct helper *h, struct err *e);
/* Loads linux.seccomp alone, for hooks. filter.c */
int load_oci_filter(struct helper *h, struct err *e);
/* Blocks all signals and opens h->signal_fd, unless that was done before. wait.c */
int open_signals(struct helper *h, struct err *e);
/* Lets go of all that only the life before the workload needs, and confines this process. self.c */
int confine_self(struct helper *h, struct err *e);
/* Runs until the main process ends; never returns. loop.c */
_Noreturn void supervise(struct helper *h);

#endif
