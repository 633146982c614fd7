/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at programs, for the rules of `exec`. */
#ifndef JAIL_HELPER_LOOK_H
#define JAIL_HELPER_LOOK_H

#include "jail/helper/helper.h"

struct look_ask {
	uint32_t number;
	pid_t tid;
	bool final; /* at PTRACE_EVENT_EXEC; else at the call */
	bool first; /* a process's first program */
	bool seen;  /* final: the path was that of the program itself: it is no script */
	int dirfd, flags;
	uint64_t at; /* of the path in the tracee's memory */
};

/* What a policy says of a program that it does not enforce its rules on. */
#define LOOK_NOTES 6
struct look_note {
	uint32_t policy;
	bool allowed;
	char allow[96], path[704]; /* no more of a path would come into a line */
};
struct look_notes {
	uint32_t n;
	struct look_note v[LOOK_NOTES];
};

struct look_answer {
	uint32_t number, policy;
	bool ok, known; /* known: dev and ino are those of the file at the path */
	int err;
	uint64_t dev, ino;
	char why[160], allow[96], path[PATH_MAX];
	struct look_notes notes;
};

/* Why a program may not be executed, and who says so. */
struct refusal {
	const char *why, *allow;
	uint32_t policy;
};

/* One look. It may wait for the workload as long as that likes. */
void look(struct helper *h, const struct look_ask *ask, struct look_answer *ret);
/* A final look by PID 1 itself, for when no scout can be had: what it cannot see without waiting is refused. Returns whether the program
 * may run. */
bool look_without_waiting(struct helper *h, const struct look_ask *ask, struct look_answer *ret);
/* What the policies say of one open file; first: it is a process's first program. path: its name, for the report. ret_same, when it is not
 * NULL: the file in the view, or -1 where it is none of it. Waits for nobody. */
bool look_may_run(struct helper *h, bool first, int fd, char *path, size_t size, struct refusal *ret, int *ret_same);

/* The policy whose `exec` is the strictest, 0 where none has one. *ret_enforced: whether one of them is enforced. */
uint32_t look_authority(const struct helper *h, bool *ret_enforced);

/* ---- loader.c ---- */

/* Whether the ELF interpreter that a new program came with may run; program: an O_PATH fd of the program's file. path: for the report,
 * when it is false. */
bool loader_may_run(struct helper *h, pid_t tid, int program, char *path, size_t size, const char **ret_why);

#endif
