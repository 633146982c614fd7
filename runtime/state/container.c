/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "cgroups/cgroups.h"
#include "state.h"

int rt_container_reload(struct rt_call *c, struct rt_container *k, struct err *e)
{
	int r = rt_store_load(&k->store, &c->arena, &k->state, e);

	if (r < 0)
		return r;
	k->status = rt_store_status(&k->store, &k->state);
	/* Also one that is created, as in runc: it must be resumed before it can be started. */
	if ((k->status == STATUS_RUNNING || k->status == STATUS_CREATED) && k->state.cgroup_path &&
	    cg_frozen(k->state.cgroup_path))
		k->status = STATUS_PAUSED;
	return 0;
}

int rt_container_open(struct rt_call *c, const char *id, enum rt_lock lock, struct rt_container *ret, struct err *e)
{
	int r;

	*ret = RT_CONTAINER_INIT;
	r = rt_store_open(c->g.root, id, lock, &ret->store, e);
	return r < 0 ? r : rt_container_reload(c, ret, e);
}

int rt_container_alive(struct rt_call *c, const char *id, struct rt_container *ret, struct err *e)
{
	int r = rt_container_open(c, id, RT_LOCK_NONE, ret, e);

	/* create holds the lock until it is done: not waited for. */
	if (r == 0 && ret->status == STATUS_CREATING)
		return err_set(e, EINVAL, "container not running: it is still being created");
	if (r == 0)
		r = rt_store_lock(&ret->store, RT_LOCK_EXCLUSIVE, e);
	if (r == 0)
		r = rt_container_reload(c, ret, e);
	if (r == 0 && (ret->status == STATUS_STOPPED || ret->status == STATUS_CREATING))
		return err_set(e, ESRCH, "container not running");
	return r;
}

int rt_container_cgroup(const struct rt_container *k, const char *what, struct err *e)
{
	if (k->state.cgroup_path)
		return 0;
	return err_set(e, ENOTSUP, "container %s has no cgroup, without which %s; it was made %s", k->state.id, what,
		       str_eq(k->state.cgroup_manager, "disabled") ? "with --cgroup-manager disabled"
								   : "by a user who may not make one");
}

void rt_container_close(struct rt_container *k)
{
	rt_store_close(&k->store);
}
