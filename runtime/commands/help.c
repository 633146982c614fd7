/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

int cmd_help(struct rt_call *c, struct err *e)
{
	AUTO_BUF text = {0};

	rt_help(c->table, rt_command_named(c->table, c->args, c->n_args), &text);
	return rt_print(&text, e);
}
