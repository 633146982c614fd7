/* SPDX-License-Identifier: Apache-2.0 */
/* life: the rows of a container's life, or of a process that is executed in it. */
#include <errno.h>

#include "commands.h"
#include "runtime/life/life.h"

int cmd_life(struct rt_call *c, struct err *e)
{
	AUTO_BUF out = {0};

	if (c->n_args > 0 && !str_eq(c->args[0], "exec"))
		return err_set(e, EINVAL, "life: '%.64s': say nothing, for the container's rows, or exec", c->args[0]);
	life_print_rows(c->n_args > 0 ? &life_of_exec : &life_of_container, &out);
	return rt_print(&out, e);
}
