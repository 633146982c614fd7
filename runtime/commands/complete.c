/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

int cmd_complete(struct rt_call *c, struct err *e)
{
	AUTO_BUF out = {0};

	rt_complete(c, c->args, c->n_args, &out);
	return rt_print(&out, e);
}
