/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations that ask a runtime for something: what jailrun does not do is said, so that nobody takes it for done. */
#include <errno.h>
#include <string.h>

#include "host.h"

#define OWN  "jailrun."
#define CRUN "run.oci."

/* crun.1, Extensions to OCI. */
static const struct annotation {
	const char *key;
	const char *same;    /* the value with which nothing is asked for, or NULL */
	const char *instead; /* NULL: it is honoured */
} crun[] = {
    {CRUN "delegate-cgroup", "", "the container's processes stay in the cgroup of linux.cgroupsPath"},
    {CRUN "hooks.stderr", "", "what a hook says is in the error when it fails; let the hook itself write to a file"},
    {CRUN "hooks.stdout", "", "what a hook says is in the error when it fails; let the hook itself write to a file"},
    {CRUN "keep_original_groups", NULL, NULL},
    {CRUN "mount_context_type", "context", "linux.mountLabel is always given as context="},
    {CRUN "pidfd_receiver", "", "name the socket by create --pidfd-socket"},
    {CRUN "seccomp.plugins", "", "name an agent in linux.seccomp.listenerPath"},
    {CRUN "seccomp.receiver", "", "name the agent in linux.seccomp.listenerPath"},
    {CRUN "seccomp_bpf_data", "", "the filter is that of linux.seccomp"},
    {CRUN "seccomp_fail_unknown_syscall", NULL, "system calls that are not known here are left out of linux.seccomp"},
    {CRUN "systemd.force_cgroup_v1", "", "cgroup v1 is not used; take an image whose systemd knows cgroup v2"},
    {CRUN "systemd.subgroup", "", "the container's processes stay in the cgroup of its unit"},
};

static void warn_of(const struct spec_pair *p)
{
	const struct annotation *known = NULL;

	for (size_t i = 0; i < ARRAY_LEN(crun); i++)
		if (str_eq(p->key, crun[i].key))
			known = &crun[i];
	if (known && (!known->instead || str_eq(p->value, known->same)))
		return;
	log_warn("annotations[\"%.200s\"]: is crun's, and not honoured here: %s", p->key,
		 known ? known->instead : "leave it out");
}

int rt_annotations_check(const struct spec_map *annotations, struct err *e)
{
	for (size_t i = 0; i < annotations->n; i++) {
		const struct spec_pair *p = &annotations->v[i];

		if (str_starts(p->key, OWN) && !str_eq(p->key, RT_ANNOTATION_POLICY))
			return err_set(e, EINVAL,
				       "config.json: annotations[\"%.200s\"]: is not known; those that begin with " OWN
				       " are jailrun's own, and the nearest is " RT_ANNOTATION_POLICY,
				       p->key);
		/* Whoever asks for a machine around it would have a container. */
		if (str_eq(p->key, CRUN "handler") && *p->value)
			return err_set(
			    e, ENOTSUP,
			    "config.json: annotations[\"%s\"]: handler '%.64s' is not here, and process.args would "
			    "be executed as in any container: leave it out, or take a runtime that has it",
			    p->key, p->value);
		if (str_starts(p->key, CRUN))
			warn_of(p);
	}
	return 0;
}
