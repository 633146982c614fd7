/* SPDX-License-Identifier: Apache-2.0 */
/* policy: the group of commands that look at policies; alone it names them. */
#include "commands.h"

int cmd_policy(struct rt_call *c, struct err *e)
{
	AUTO_BUF text = {0};

	rt_help(c->table, c->command, &text);
	return rt_print(&text, e);
}
