/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the jail's helper without the runtime, in new pid and mount namespaces on the host's own root file system. */
#ifndef TESTS_UNIT_HELPER_RUN_H
#define TESTS_UNIT_HELPER_RUN_H

#include "jail/jail.h"

#define ARGV(...) ((char *[]){__VA_ARGS__, NULL})

struct trial {
	struct jail_plan plan;
	struct jail_handover h;
	bool outer;                           /* init: workload */
	bool created;                         /* wait for `start` on a listening socket */
	void (*during)(pid_t pid, void *arg); /* called once the workload runs */
	void *arg;
	int tty; /* its stdin, stdout and stderr; -1: a pipe for the output */
	/* What came of it. */
	pid_t pid;
	int status;        /* as waitpid gives it */
	struct err err;    /* of a WIRE_ERR */
	bool died;         /* WIRE_DIE came */
	int times;         /* WIRE_TIMEs that came */
	uint64_t start_us; /* from the start to the end-of-file at exec */
	char out[65536], audit[65536];
};

/* A plan that runs args as root with all capabilities that there are. */
void trial_init(struct trial *t, char **args);
/* Adds a rule and its trap to the policy's filter. flag_arg >= 0: only when args[flag_arg] & mask == value. */
struct jail_rule *trial_rule(struct trial *t, const char *name, const char *syscall, int nr, enum jail_trap trap);
/* Makes the filter of the rules for the engine. */
void trial_engine(struct trial *t, enum jail_engine engine);
/* All that the trace engine polices by itself: exec, clone, kill and friends. */
void trial_trace(struct trial *t);
void trial_allow(struct trial *t, char **paths);
void trial_run(struct trial *t);
int trial_code(const struct trial *t);

#endif
