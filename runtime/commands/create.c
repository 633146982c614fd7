/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "runtime/life/life.h"

int cmd_create(struct rt_call *c, struct err *e)
{
	struct life l;
	int r;

	life_init(&l, &life_of_container);
	r = rt_prepare(c, NULL, c->args[0], NULL, &l, e);
	if (r >= 0)
		r = life_create(&l, e);
	rt_foreground_end(&l.signals);
	life_close(&l);
	return r;
}
