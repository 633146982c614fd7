/* SPDX-License-Identifier: Apache-2.0 */
/* From the runtime's process to the helper's: the numbers that the helper needs travel on its command line. Both ends
 * walk one table. */
#include "jail/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Stands in argv[0], so that the process has a name in ps. */
#define HELPER_NAME "jailrun-init"

static const char *const role_names[] = {
    [JAIL_ROLE_INIT] = "init", [JAIL_ROLE_OUTER] = "outer", [JAIL_ROLE_INNER] = "inner", [JAIL_ROLE_EXEC] = "exec"};

static const struct field {
	const char *name;
	size_t offset;
	bool is_fd;
} fields[] = {
    {"blob", offsetof(struct jail_handover, blob_fd), true},
    {"sync", offsetof(struct jail_handover, sync_fd), true},
    {"start", offsetof(struct jail_handover, start_fd), true},
    {"audit", offsetof(struct jail_handover, audit_fd), true},
    {"audit_dir", offsetof(struct jail_handover, audit_dir_fd), true},
    {"ring", offsetof(struct jail_handover, ring_fd), true},
    {"join", offsetof(struct jail_handover, join_fd), true},
    {"peer_fd", offsetof(struct jail_handover, peer_fd), true},
    {"cgroup", offsetof(struct jail_handover, cgroup_fd), true},
    {"cgroup_ns", offsetof(struct jail_handover, cgroup_ns_fd), true},
    {"end", offsetof(struct jail_handover, end_fd), true},
    {"cpu", offsetof(struct jail_handover, cpu_fd), true},
    {"cpus", offsetof(struct jail_handover, cpus), false},
    {"cpu_alone", offsetof(struct jail_handover, cpu_alone), false},
    {"peer", offsetof(struct jail_handover, peer), false},
    {"fail", offsetof(struct jail_handover, fail_step), false},
    {"fail_after", offsetof(struct jail_handover, fail_after), false},
    {"die", offsetof(struct jail_handover, die_step), false},
};
_Static_assert(sizeof(pid_t) == sizeof(int), "a pid is stored through an int pointer");

#define MAX_ARGS (ARRAY_LEN(fields) + 4) /* name, role, trace, NULL */

static int value_of(const struct jail_handover *h, const struct field *f)
{
	return *(const int *)((const char *)h + f->offset);
}

int jail_handover(int helper_fd, const struct jail_handover *h, struct err *e)
{
	char text[ARRAY_LEN(fields)][32], trace[] = "trace=1";
	char *argv[MAX_ARGS], *envp[] = {NULL};
	size_t n = 0;

	if ((size_t)h->role >= ARRAY_LEN(role_names))
		return err_set(e, EINVAL, "hand over to the jail's helper: there is no role %d", (int)h->role);
	argv[n++] = (char[]){HELPER_NAME};
	argv[n++] = (char *)role_names[h->role];
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		int v = value_of(h, &fields[i]);

		snprintf(text[i], sizeof(text[i]), "%s=%d", fields[i].name, v);
		argv[n++] = text[i];
		if (fields[i].is_fd && v >= 0 && fcntl(v, F_SETFD, 0) < 0)
			return err_errno(e, "hand over to the jail's helper: its %s fd %d", fields[i].name, v);
	}
	if (h->trace_steps)
		argv[n++] = trace;
	argv[n] = NULL;
	fexecve(helper_fd, argv, envp);
	return err_errno(e, "execute the jail's helper from its sealed copy");
}

/* Takes "name=value" into its field. */
static int parse_one(const char *arg, struct jail_handover *h)
{
	const char *eq = strchr(arg, '=');
	int64_t v;

	if (!eq || parse_i64(eq + 1, 10, &v) < 0 || v < -1 || v > INT_MAX)
		return -EINVAL;
	if (str_starts(arg, "trace=")) {
		h->trace_steps = v == 1;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (strncmp(arg, fields[i].name, (size_t)(eq - arg)) != 0 || fields[i].name[eq - arg])
			continue;
		*(int *)((char *)h + fields[i].offset) = (int)v;
		return 0;
	}
	return -EINVAL;
}

int jail_handover_parse(int argc, char **argv, struct jail_handover *ret)
{
	size_t role = 0;

	*ret = (struct jail_handover){
	    .blob_fd = -1, .sync_fd = -1, .start_fd = -1, .audit_fd = -1, .ring_fd = -1, .join_fd = -1, .peer_fd = -1};
	ret->audit_dir_fd = ret->peer = ret->fail_step = ret->fail_after = ret->die_step = -1;
	ret->cpu_fd = ret->cgroup_fd = ret->cgroup_ns_fd = ret->end_fd = -1;
	if (argc < 2)
		return -EINVAL;
	while (role < ARRAY_LEN(role_names) && strcmp(argv[1], role_names[role]) != 0)
		role++;
	if (role == ARRAY_LEN(role_names))
		return -EINVAL;
	ret->role = (enum jail_role)role;
	for (int i = 2; i < argc; i++) {
		int r = parse_one(argv[i], ret);

		if (r < 0)
			return r;
	}
	return ret->blob_fd < 0 || ret->sync_fd < 0 ? -EINVAL : 0;
}
