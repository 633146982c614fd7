/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "cgroups/cgroups.h"
#include "commands.h"
#include "runtime/state/state.h"

int cmd_pause(struct rt_call *c, struct err *e)
{
	AUTO_CONTAINER k = RT_CONTAINER_INIT;
	int r = rt_container_alive(c, c->args[0], &k, e);

	/* One that is paused does not run either: runc's word for it. */
	if (r == 0 && k.status == STATUS_PAUSED)
		r = err_set(e, EINVAL, "container not running or created: paused");
	if (r == 0)
		r = rt_container_cgroup(&k, "its processes cannot be frozen", e);
	return r < 0 ? r : cg_freeze(k.state.cgroup_path, true, e);
}

int cmd_resume(struct rt_call *c, struct err *e)
{
	AUTO_CONTAINER k = RT_CONTAINER_INIT;
	int r = rt_container_open(c, c->args[0], RT_LOCK_NONE, &k, e);

	if (r == 0 && k.status != STATUS_PAUSED)
		return err_set(e, EINVAL, "container not paused");
	if (r == 0)
		r = rt_store_lock(&k.store, RT_LOCK_EXCLUSIVE, e);
	return r < 0 ? r : cg_freeze(k.state.cgroup_path, false, e);
}
