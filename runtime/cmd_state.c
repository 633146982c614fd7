/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "cgroups/cgroups.h"
#include "runtime.h"

int rt_container_reload(struct rt_call *c, struct rt_container *k, struct err *e)
{
	int r = rt_store_load(&k->store, &c->arena, &k->state, e);

	if (r < 0)
		return r;
	k->status = rt_store_status(&k->store, &k->state, false);
	if (k->status == STATUS_RUNNING && k->state.cgroup_path && cg_frozen(k->state.cgroup_path))
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

void rt_container_close(struct rt_container *k)
{
	rt_store_close(&k->store);
}

int cmd_state(struct rt_call *c, struct err *e)
{
	AUTO_CONTAINER k = RT_CONTAINER_INIT;
	AUTO_BUF out = {0};
	struct jsonw w = {.out = &out, .indent = 2};
	int r = rt_container_open(c, c->args[0], RT_LOCK_NONE, &k, e);

	if (r < 0)
		return r;
	spec_state_print(&k.state, k.status, true, &w);
	buf_str(&out, "\n");
	return rt_print(&out, e);
}
