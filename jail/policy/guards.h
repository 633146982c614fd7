/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that come with a policy without being written in it. */
#ifndef JAIL_GUARDS_H
#define JAIL_GUARDS_H

#include "jail/internal.h"

/* When a guard is there: any of its bits is one of the plan's. */
enum guard_when {
	WHEN_SELF = 1,       /* the helper is PID 1 of the workload's pid namespace */
	WHEN_TO_INIT = 2,    /* signals.to_init is "refuse" */
	WHEN_TRACE = 4,      /* the engine is JAIL_TRACE */
	WHEN_PROTECT = 8,    /* signals.protect */
	WHEN_EXEC = 16,      /* exec rules */
	WHEN_PROCESSES = 32, /* limits.processes */
	WHEN_THREADS = 64,   /* limits.threads */
	WHEN_NETWORK = 128,  /* network rules */
	WHEN_FAMILIES = 256, /* not every family of sockets */
	WHEN_SCRIPTS = 512,  /* exec has interpreters that are for allowed scripts alone */
	WHEN_FILES = 1024,   /* file rules */
	WHEN_FILES_EXECUTE = 2048,
	WHEN_FILES_IOCTL = 4096,
};

enum guard_does {
	DO_REFUSE, /* reported */
	DO_ENOSYS, /* not reported: the C library has another way, and takes it */
	DO_PASS,   /* no more checks */
	DO_EXEC,
	DO_CLONE,
	DO_TARGET,
};

struct guard {
	const char *rule, *syscall;
	uint16_t when;
	uint8_t does;
	uint8_t about; /* DO_TARGET: index of the argument; DO_REFUSE: the errno, 0 for EPERM */
	uint8_t n_args;
	struct jail_rule_arg args[4];
	uint8_t of; /* 1 + index of the policy whose it is; 0: of the one that it is made for */
};

/* Guards go before the policy's own rules: nothing can allow what they refuse. Checks go after them, on what is allowed. Both end
 * with an entry that has no syscall; the first that matches wins. */
extern const struct guard jail_guards[], jail_checks[];

/* Checks that refuse the sockets of families that a policy of the plan does not let be, as a table like those; one is for all policies. NULL:
 * no memory is left. */
const struct guard *family_checks(const struct jail_plan *plan, struct arena *a);

/* ---- guarding.c ---- */

/* Which of them: all, those that refuse, or those that are but reported. */
enum guards_which { GUARDS_ALL, GUARDS_ENFORCED, GUARDS_WATCHED };

struct builder;
struct conditions;

/* The guards that a policy asks for: bits of enum guard_when. */
uint32_t guards_when(const struct jail_plan *plan, const struct jail_policy *p);
/* Adds those of the table that are for this plan, and for `syscall` (NULL: all), beside the conditions of a rule. Returns how many there
 * were, or -errno. */
int guards_add(struct builder *b, const struct guard *table, enum guards_which which, const char *syscall,
	       uint32_t only_arch, const struct conditions *with);
/* Whether a check is about the call. */
bool guards_check(const struct builder *b, const char *syscall);

#endif
