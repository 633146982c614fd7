/* SPDX-License-Identifier: Apache-2.0 */
/* Whether this host can hold the file rules of a policy. */
#include "jail/internal.h"

#include <errno.h>

#define NEAREST                                                                                                        \
	"nearest to it: \"ro\" mounts and linux.readonlyPaths against writing, linux.maskedPaths against reading, "    \
	"`exec` "                                                                                                      \
	"against programs"

static int check_right(const struct spec_files *files, int right, const struct jail_facts *f, struct err *e)
{
	const struct jail_file_right *r = &jail_file_rights[right];

	if (!files->list[right].set || f->landlock_abi >= r->abi)
		return 0;
	if (f->landlock_abi == 0)
		err_set(e, ENOTSUP,
			"takes Landlock, and this kernel has none: it is not built in, not among lsm=, or a sandbox "
			"around jailrun keeps it away; %s",
			NEAREST);
	else
		err_set(e, ENOTSUP, "%s takes Landlock ABI %d (Linux %s), and this kernel has %d; %s", r->why, r->abi,
			r->since, f->landlock_abi, NEAREST);
	err_ctx(e, "files.%s", r->name);
	return -ENOTSUP;
}

int files_check(const struct spec_policy *p, const struct spec_config *c, enum policy_init init,
		const struct jail_facts *f, struct err *e)
{
	const struct spec_response how = spec_policy_response(p, POLICY_FILES);
	int r = 0;

	for (int i = 0; p->files.set && i < FILES_RIGHTS && r >= 0; i++)
		r = check_right(&p->files, i, f, e);
	if (r < 0 || !p->files.set)
		return r;
	if (p->files.deny.n && (!c->linux_.namespaces[NS_MOUNT].set || c->linux_.namespaces[NS_MOUNT].path)) {
		err_set(e, ENOTSUP,
			"what is denied is hidden by mounts, and the container has no mount namespace of its own: add "
			"{\"type\": "
			"\"mount\"} to linux.namespaces");
		err_ctx(e, "files.deny");
		return -ENOTSUP;
	}
	if (how.mode != POLICY_ENFORCE)
		err_set(
		    e, ENOTSUP,
		    "Landlock refuses without a word, and can neither watch nor learn; say \"mode\": \"enforce\" in "
		    "files, or take files out");
	else if (how.violation != POLICY_ERRNO || (how.err && how.err != EACCES))
		err_set(e, ENOTSUP,
			"a refusal by Landlock is EACCES and nothing else; say \"on_violation\": \"errno\" in files");
	else if (init == POLICY_INIT_WORKLOAD && !c->linux_.namespaces[NS_MOUNT].set)
		err_set(e, ENOTSUP,
			"with init: \"workload\" the jail finds the container's files in its mount namespace, and "
			"linux.namespaces has none: add {\"type\": \"mount\"}");
	else
		return 0;
	err_ctx(e, "files");
	return -ENOTSUP;
}
