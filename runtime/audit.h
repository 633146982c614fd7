/* SPDX-License-Identifier: Apache-2.0 */
/* Where denials go. */
#ifndef RUNTIME_AUDIT_H
#define RUNTIME_AUDIT_H

#include "jail/jail.h"
#include "runtime.h"

struct rt_audit {
	enum { RT_AUDIT_STATE, RT_AUDIT_STDERR, RT_AUDIT_FILE, RT_AUDIT_JOURNALD, RT_AUDIT_SYSLOG, RT_AUDIT_NONE } to;
	const char *path; /* of the file or the socket */
	const char *real; /* of a socket: without links */
	const char *said; /* who says so, for messages: "--audit" or "audit.path" */
};

/* --audit, else the administrator's configuration, else the terminal for a run by hand and the state directory for all others. */
int rt_audit_choose(struct rt_call *c, const struct spec_admin *admin, bool by_hand, struct rt_audit *ret,
		    struct err *e);

/* What the helper has to know of it: the form of its lines, and the annotations in them, of which only those that the
 * administrator's patterns (or the usual ones) select, and not more of each than a line can bear. */
int rt_audit_plan(struct rt_call *c, struct rt_audit *a, const struct spec_admin *admin,
		  const struct spec_map *annotations, struct jail_audit *ret, struct err *e);

/* Opens it: *ret_fd is -1 for none. *ret_dir_fd: by which the helper finds a daemon again that was restarted, or -1. Returns 0 or -errno. */
int rt_audit_open(const struct rt_audit *a, int state_dir_fd, int *ret_fd, int *ret_dir_fd, struct err *e);

/* For `plan`; prints nothing for what nobody chose. */
void rt_audit_print(const struct rt_audit *a, const struct jail_audit *j, struct jsonw *w, const char *key);

#endif
