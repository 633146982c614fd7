/* SPDX-License-Identifier: Apache-2.0 */
/* What `doctor` finds out, as a list of lines. Each doctor_* looks at one part of the host and changes nothing on it. */
#ifndef RUNTIME_DOCTOR_H
#define RUNTIME_DOCTOR_H

#include "jail/jail.h"
#include "namespaces/namespaces.h"
#include "runtime.h"

enum doctor_mark {
	DOCTOR_OK,
	DOCTOR_NO,   /* something cannot be had */
	DOCTOR_BAD,  /* nothing works without it */
	DOCTOR_NONE, /* not there, and nobody need miss it; or not to be known */
};

struct doctor_line {
	struct doctor_line *next;
	const char *id; /* "kernel.clone3" */
	const char *text;
	const char *remedy; /* or NULL */
	enum doctor_mark mark;
};

struct doctor {
	struct rt_call *call;
	struct doctor_line *first, **tail;
	bool failed; /* no memory */
	bool rootless;
	struct ns_facts ns;
	struct cg_facts cg;
	struct cg_abilities cgroup;
	struct jail_facts jail;
	/* Found on the way, for what policies need: 0, or -errno. */
	int helper, filter, listener, trace;
};

/* Adds a line. remedy: what can be done about it, or NULL. */
void doctor_add(struct doctor *d, enum doctor_mark mark, const char *id, const char *remedy, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* "ENOSYS" for -ENOSYS. */
static inline const char *doctor_why(int r)
{
	return errno_name(-r);
}

void doctor_kernel(struct doctor *d);
void doctor_cgroups(struct doctor *d);
void doctor_security(struct doctor *d);
void doctor_user(struct doctor *d);
void doctor_engines(struct doctor *d);
void doctor_policies(struct doctor *d);

#endif
