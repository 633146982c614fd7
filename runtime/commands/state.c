/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/state/state.h"
#include "commands.h"

int cmd_state(struct rt_call *c, struct err *e)
{
	AUTO_CONTAINER k = RT_CONTAINER_INIT;
	AUTO_BUF out = {0};
	struct jsonw w = {.out = &out, .indent = 2};
	int r = rt_as_owner(c, c->args[0], e);

	if (r >= 0)
		r = rt_container_open(c, c->args[0], RT_LOCK_NONE, &k, e);

	if (r < 0)
		return r;
	spec_state_print(&k.state, k.status, true, &w);
	buf_str(&out, "\n");
	return rt_print(&out, e);
}
