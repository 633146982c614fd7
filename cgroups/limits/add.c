/* SPDX-License-Identifier: Apache-2.0 */
/* One more write for the plan, or why it cannot be had here. Pure: no system calls. */
#include <errno.h>

#include "cgroups/limits/limits.h"

#define ROOTLESS_HINT                                                                                                  \
	"without permission to make cgroups there can be no limits and no linux.cgroupsPath; remove them, or have a "  \
	"cgroup delegated"

/* Why a limit cannot be had here. Says where the controller is, and what to do. */
static int refuse(const struct planning *pl, const char *controller)
{
	const struct cg_facts *f = pl->f;
	/* Whose cgroup.controllers were looked at. */
	const char *place = f->units && pl->p->manager == CG_SYSTEMD ? f->units : f->base ? f->base : "";

	if (pl->p->manager == CG_DISABLED)
		return err_set(pl->e, ENOTSUP, "cgroups are disabled (--cgroup-manager disabled); remove the limit");
	if (f->layout == CG_NONE)
		return err_set(pl->e, ENOTSUP,
			       "no cgroup v2 tree is mounted; remove the limit, or mount one at /sys/fs/cgroup");
	if (!pl->p->path)
		return err_set(
		    pl->e, ENOTSUP,
		    "cannot set %s limit: container could not join or create cgroup: %s cannot be written by this "
		    "user: " ROOTLESS_HINT,
		    controller, f->mount);
	if (*place && strv_has(&f->of_top, controller))
		return err_set(pl->e, ENOTSUP,
			       "the %s controller is not available to this caller: it was not delegated "
			       "(%s%s/cgroup.controllers does "
			       "not list it); remove the limit, or have it delegated: Delegate= of the unit (of "
			       "user@.service for a "
			       "user's), or cgroup.subtree_control of the cgroup above",
			       controller, f->mount, place);
	if (f->layout == CG_HYBRID)
		return err_set(
		    pl->e, ENOTSUP,
		    "the %s controller is not available in cgroup v2 on this host (it is bound to cgroup v1, "
		    "the v2 tree is %s); remove the limit, or boot with systemd.unified_cgroup_hierarchy=1",
		    controller, f->mount);
	return err_set(
	    pl->e, ENOTSUP,
	    "the %s controller is not available in cgroup v2 on this host (%s%s/cgroup.controllers does not list "
	    "it); remove the limit, or enable it: cgroup_disable= of the kernel's command line, or "
	    "cgroup.subtree_control of the cgroup above",
	    controller, f->mount, place);
}

int cg_plan_add(struct planning *pl, int ask, struct cg_write w)
{
	const char *field = arena_printf(pl->a, "linux.resources.%s", w.field);
	bool there = pl->p->path && (!w.controller || strv_has(&pl->f->controllers, w.controller));

	if (!w.file || !w.value || !field || (w.or_file && !w.or_value))
		return err_set(pl->e, ENOMEM, "out of memory");
	/* The host's own setting is compared also where no cgroup is made. */
	if (!there && !w.same) {
		if (ask == ASK_DEFAULT)
			return 0;
		refuse(pl, w.controller ? w.controller : "cgroup");
		return err_ctx(pl->e, "%s", field);
	}
	w.field = field;
	pl->p->writes[pl->p->n_writes++] = w;
	return 0;
}
