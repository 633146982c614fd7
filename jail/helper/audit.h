/* SPDX-License-Identifier: Apache-2.0 */
/* The audit stream: a JSON line for each call that the policy refused. */
#ifndef JAIL_HELPER_AUDIT_H
#define JAIL_HELPER_AUDIT_H

#include "helper.h"

struct denial {
	uint32_t policy;              /* index of the policy that the rule is of */
	const char *rule;             /* name in the policy: "exec", "limits", "syscalls.rules[2]" */
	const struct jail_rule *from; /* the trap that it came by, or NULL */
	pid_t tid;                    /* the caller, as the helper sees it; 0: the kernel's signal, no call */
	const char *name;             /* of the call, when it is known; filled in here */
	uint32_t arch;                /* of the call, with from */
	int nr;
	uint64_t args[6];
	const char *path; /* exec: what was to be executed, or NULL */
	/* network: where to; the caller's name, which may be gone when this is read */
	const char *address, *protocol, *comm;
	int port;
	pid_t host_pid;    /* the caller's in the host's pid namespace, when tid is 0 */
	int signal;        /* of a refused signal, or 0 */
	int64_t target;    /* pid argument, as the caller named it; INT64_MIN: none */
	int err;           /* errno that the caller gets; 0 with kill or log */
	bool kill;         /* the caller's process is killed */
	bool trap;         /* the caller gets SIGSYS */
	const char *does;  /* what becomes of it else, or NULL */
	bool log;          /* it goes on by on_violation */
	bool allowed;      /* nothing refuses it: a policy that learns hears of its first use */
	uint32_t mode;     /* enum policy_mode, when the policy does not enforce the rule: it goes on */
	const char *allow; /* how to allow it */
};
#define NO_TARGET INT64_MIN

void audit_denial(struct helper *h, const struct denial *d);
/* Reports what violates a rule, with what the policy says of it: fills in kill, log, mode and, where on_violation names one, err. Returns
 * whether it goes on. */
bool audit_violation(struct helper *h, struct denial *d);
/* Reports a rule's note; d has the caller and the call. */
void audit_note(struct helper *h, const struct denial *d, const struct jail_note *note);
/* `profile: report`: if linux.seccomp refuses the call, reports that, and returns its errno; else 0. args: of the call. */
int audit_profile(struct helper *h, pid_t tid, uint32_t arch, int nr, const uint64_t args[6]);
/* Which change of the policy would allow the call that a rule's trap has caught. */
const char *audit_how_to_allow(const struct jail_rule *rule);
/* So many denials came to nobody's ears. */
void audit_lost(uint64_t n);
/* Milliseconds until audit_flush has something to say, or -1. */
int audit_timeout(void);
/* Reports what was counted instead of written. last: at the end, all of it. */
void audit_flush(struct helper *h, bool last);

#endif
