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
	uint64_t at, argv; /* of the path in the tracee's memory, and of the arguments */
	bool wide;         /* pointers there have 64 bits */
	bool again;        /* final, of a program that was looked at before and was executed once more */
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
	/* Of the program, and of its script, by each policy: jail_exec_verdict. Only PID 1 counts. */
	uint64_t counters[2][JAIL_POLICIES];
	char why[160], allow[96], path[PATH_MAX];
	struct look_notes notes;
};

/* Why a program may not be executed, and who says so. */
struct refusal {
	const char *why, *allow;
	uint32_t policy;
};

/* ---- image.c ---- */

/* One look. It may wait for the workload as long as that likes. */
void look(struct helper *h, const struct look_ask *ask, struct look_answer *ret);
/* A final look by PID 1 itself, for when no scout can be had: what it cannot see without waiting is refused. Returns whether the program
 * may run. */
bool look_without_waiting(struct helper *h, const struct look_ask *ask, struct look_answer *ret);
/* ---- look.c ---- */

/* What is known of a file beside its path. */
struct look_facts {
	unsigned int as; /* bit n: it may be executed as enum spec_exec_as n */
	bool guess;
	bool strict; /* also by policies that only watch, and without a note */
	const char *sha256;
	const struct strv *argv[EXEC_AS_SCRIPT + 1]; /* as that; NULL: not known */
	bool more;
	uint64_t counters[JAIL_POLICIES]; /* comes out */
};

/* What the policies say of one open file; first: it is a process's first program. path: its name, for the report. ret_same, when it is not
 * NULL: the file in the view, or -1 where it is none of it. Waits for nobody. */
bool look_may_run(struct helper *h, bool first, int fd, struct look_facts *f, char *path, size_t size,
		  struct refusal *ret, int *ret_same);

/* Notes of the look that is under way, of policies that do not enforce. */
void look_notes_begin(void);
void look_note(uint32_t policy, bool allowed, const char *allow, const char *path);
void look_notes_end(struct look_notes *ret);
/* What cannot be judged is refused by whoever enforces; where nobody does, it is noted. */
bool look_unknown_may_run(struct helper *h, const char *path, struct refusal *by);

/* A string of the tracee. Returns its length or -errno. */
ssize_t look_string(pid_t tid, uint64_t from, char *text, size_t size);
/* What the kernel was told to execute, as it stands in the new program: the file that it meant, or two, where that cannot be
 * told. proc: the path is one of the process's own descriptors, or of procfs. False: it cannot be read. */
struct script {
	char name[PATH_MAX];
	bool proc;
	int fds[2]; /* O_PATH, or -1 */
};
bool look_script(struct helper *h, pid_t tid, struct script *ret);
/* Opens what the tracee means by path, relative to dirfd (AT_FDCWD: its working directory). */
int look_open(struct helper *h, pid_t tid, int dirfd, const char *path, bool nofollow);
/* From here on nothing that has to be waited for may be looked at; and whether that is so. */
void look_make_haste(bool on);
bool look_is_hasty(void);

/* ---- terms.c ---- */

/* Before the call: what can be found out for the terms of entries. fd: the file, name: what the caller wrote. */
void terms_guess(struct helper *h, const struct look_ask *ask, int fd, char *name, struct look_facts *f);
/* After it: whether the new program, and its script, may run by all terms. */
bool terms_may_run(struct helper *h, const struct look_ask *ask, struct look_answer *ret, struct refusal *by);
/* Whether this kernel keeps the file of a running program from being written. */
int terms_arm(struct helper *h, struct err *e);
/* PID 1: takes what the answer needs of the counters, all or nothing; take is false: only asks. */
bool terms_count(struct helper *h, const struct look_answer *a, bool take, struct refusal *ret);

/* The policy whose `exec` is the strictest, 0 where none has one. *ret_enforced: whether one of them is enforced. */
uint32_t look_authority(const struct helper *h, bool *ret_enforced);

/* ---- loader.c ---- */

/* Whether the ELF interpreter that a new program came with may run; program: an O_PATH fd of the program's file. path: for the report,
 * when it is false. */
bool loader_may_run(struct helper *h, pid_t tid, int program, char *path, size_t size, const char **ret_why);

#endif
