/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

int cmd_help(struct rt_call *c, struct err *e)
{
	AUTO_BUF text = {0};

	rt_help(c->table, c->n_args ? rt_command_find(c->table, c->args[0]) : NULL, &text);
	return rt_print(&text, e);
}
