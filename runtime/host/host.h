/* SPDX-License-Identifier: Apache-2.0 */
/* The host that the call is on: what its administrator has said, what it can do, and the configuration of its engines. */
#ifndef RUNTIME_HOST_H
#define RUNTIME_HOST_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/base.h"
#include "jail/jail.h"
#include "namespaces/namespaces.h"
#include "runtime/runtime.h"

/* ---- the administrator's configuration: found, judged by whose it is, read: admin.c ---- */

#define RT_POLICY_DIR "/etc/jailrun/policies"
#define RT_ADMIN_FILE "/etc/jailrun/jailrun.json"

/* Reads --admin-config; else, for users, jailrun/jailrun.json of their own configuration; else RT_ADMIN_FILE. One that is
 * not there says nothing, unless it was named. ret_path (NULL: not wanted): the file that was read, or NULL. Returns 0; -EPERM for
 * a file that others than root and the caller can write to; -EINVAL. The strings live in c->arena. */
int rt_admin_load(struct rt_call *c, struct spec_admin *ret, const char **ret_path, struct err *e);

/* The file that it looks at first: where the caller's own configuration belongs. */
const char *rt_admin_file(struct rt_call *c);

/* Whoever can write to such a file decides what holds for others' containers. Returns 0; -EPERM for one that is not root's or the
 * caller's, or that others can write to; -EINVAL for no regular file. path: for the message. */
int rt_admin_check_owner(struct rt_call *c, int fd, const char *path, struct err *e);

/* Where policies are looked up by name. */
const char *rt_policy_dir(const struct rt_call *c, const struct spec_admin *a);

/* ---- annotations: annotations.c ---- */

#define RT_ANNOTATION_POLICY "jailrun.policy"

/* Refuses one of jailrun's own prefix that is not known: what was meant, a policy perhaps, would not hold, and nobody would see
 * it. Warns of those of crun that are not honoured. Returns 0 or -EINVAL. */
int rt_annotations_check(const struct spec_map *annotations, struct err *e);

/* ---- which policies a container is under: policy.c ---- */

/* The text of a policy, found as rt_policy_load does. */
struct rt_policy_text {
	const char *text;
	size_t len;
	const char *file; /* NULL: built in */
	char *own;        /* text, where it is to be freed */
	const char *id;   /* the file, whatever its path; or the name of a built-in one */
};
#define AUTO_POLICY_TEXT __attribute__((cleanup(rt_policy_text_free))) struct rt_policy_text
int rt_policy_read(struct rt_call *c, const char *dir, const char *name, bool by_path, struct rt_policy_text *ret,
		   struct err *e);
void rt_policy_text_free(struct rt_policy_text *t);

/* Who asks for a policy, and so how it can be named. */
enum rt_policy_way {
	RT_BY_NAME,       /* the administrator's configuration */
	RT_BY_PATH,       /* the command line: by a path too */
	RT_BY_ANNOTATION, /* whoever wrote config.json: what it extends has names too, no paths */
};

/* How what a policy extends is found: a name as rt_policy_load's, a path from the directory of the file that it stands in. Each file has to
 * be root's or the caller's, and nobody else's to write to. */
struct rt_bases { /* its arg */
	struct rt_call *call;
	const char *dir;
	enum rt_policy_way way;
};
int rt_policy_find_base(void *arg, const struct spec_text *by, const char *name, struct spec_text *ret, struct err *e);
/* As the two above want it. The text has to live on. name: as it was asked for. */
struct spec_text rt_policy_spec_text(const struct rt_policy_text *t, const char *name);

/* As rt_policy_load by a name or path, with all errors of the text in *errors: these are no failure. Returns 0, -ENOENT, -EPERM,
 * -errno. */
int rt_policy_check(struct rt_call *c, const char *dir, const char *name, struct spec_policy *ret,
		    struct spec_errors *errors, struct err *e);

/* The same, for who looks at right ones: the first error of the text is the error. *ret says what it says. */
int rt_policy_told(struct rt_call *c, const char *dir, const char *name, struct spec_policy *ret, struct err *e);

/* After one of these two: what of the policy is reported and goes on, by its mode: sections, of syscalls also single rules.
 * Returns 0, -ENOMEM. */
int rt_policy_unenforced(struct rt_call *c, const struct spec_policy *p, struct strv *ret, struct err *e);

/* A policy by its name (built in, or NAME.json in dir) or, for the command line alone, by its path, on what it extends. One of dir has to be
 * root's or the caller's, and nobody else's to write to. Returns 0, -ENOENT, -EPERM, -EINVAL, -errno. */
int rt_policy_load(struct rt_call *c, const char *dir, const char *name, enum rt_policy_way way,
		   struct spec_policy *ret, struct err *e);

struct rt_policies {
	struct spec_policy chosen, floor;
	bool has, has_floor; /* a floor beside `chosen`; where the floor is all there is, it is the chosen one */
};

/* --policy, which alone decides; else the annotation `jailrun.policy`, the administrator's default, or fallback (NULL: none), over the
 * administrator's floor. shares_pids: the container has no pid namespace of its own, in which a jail could stand. Returns 0,
 * -EPERM for what an annotation may not, -ENOENT, -ENOTSUP, -EINVAL. */
int rt_policies_choose(struct rt_call *c, const struct spec_map *annotations, const struct spec_admin *admin,
		       const char *fallback, bool shares_pids, struct rt_policies *ret, struct err *e);

/* ---- where denials go: audit.c ---- */

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

/* Opens it: *ret_fd is -1 for none. *ret_dir_fd: by which the helper finds a daemon again that was restarted, or -1. Returns 0 or
 * -errno. */
int rt_audit_open(const struct rt_audit *a, int state_dir_fd, int *ret_fd, int *ret_dir_fd, struct err *e);

/* For `plan`; prints nothing for what nobody chose. */
void rt_audit_print(const struct rt_audit *a, const struct jail_audit *j, struct jsonw *w, const char *key);

/* ---- `doctor`: what the host has, as a list of lines: doctor*.c ---- */

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

/* Each looks at one part of the host, adds its lines, and changes nothing. The last one needs what the others have found. */
void doctor_kernel(struct doctor *d);
void doctor_cgroups(struct doctor *d);
void doctor_security(struct doctor *d);
void doctor_user(struct doctor *d);
void doctor_engines(struct doctor *d);
void doctor_policies(struct doctor *d);

/* The plan of a policy, for what `jailrun spec` writes. Of d, the facts of the jail alone are looked at. Returns 0, -EINVAL, -ENOTSUP,
 * -EPERM. */
int doctor_plan(struct doctor *d, const struct spec_policy *policy, struct jail_plan *ret, struct err *e);
/* The same under a floor (NULL: none), and with plan.told where tell says so. */
int doctor_plan_told(struct doctor *d, const struct spec_policy *policy, const struct spec_policy *floor, bool tell,
		     struct jail_plan *ret, struct err *e);
/* Of what doctor_kernel finds out what policies need, without lines. */
void doctor_jail(struct doctor *d);
/* Which of what a key needs (JAIL_NEEDS_*) the host lacks, after one of these two, cg_probe and, for network rules, cg_try: the line of
 * `doctor` that says more goes into *ret_line. Returns 0, or the reason as -errno. */
int doctor_lacks(const struct doctor *d, unsigned int needs, const char **ret_line);
/* Why this host cannot enforce it, after one of these two, cg_probe and, for network rules, cg_try. Returns 0 or -errno. */
int doctor_enforces(struct doctor *d, const struct spec_policy *policy, const struct jail_plan *plan, struct err *e);

/* ---- `install`: files of configuration that are others' too: install_file.c ---- */

struct rt_config_file {
	const char *path;   /* as it was named, absolute */
	const char *target; /* the file itself, links followed */
	bool exists, linked;
	struct stat st;
	char *text; /* "" where there is none; in the arena */
	size_t len;
};

/* Reads it as it is; that there is none is no error. Returns 0; -ENOENT for a link that leads nowhere; -EINVAL for what is no regular file;
 * -errno. */
int rt_config_read(const char *path, struct arena *a, struct rt_config_file *ret, struct err *e);

/* Replaces it by text, in one step: mode, owner and extended attributes stay. What was there stays beside it as
 * FILE.jailrun-backup-TIME (ret_backup; NULL: there was nothing), which no later call overwrites. An empty text takes the file
 * away. Missing directories are made. Returns 0 or -errno: then all is as it was. -EBUSY: the file is not what was read any more. */
int rt_config_write(const struct rt_config_file *f, const struct buf *text, struct arena *a, const char **ret_backup,
		    struct err *e);

#endif
