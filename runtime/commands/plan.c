/* SPDX-License-Identifier: Apache-2.0 */
/* plan: what create would do, without doing it. */
#include "commands.h"
#include "runtime/life/life.h"

int cmd_plan(struct rt_call *c, struct err *e)
{
	AUTO_BUF out = {0};
	struct jsonw w = {.out = &out, .indent = 2};
	struct life l;
	int r;

	life_init(&l, &life_of_container);
	l.foreground = true;
	r = rt_prepare(c, c->n_args > 0 ? c->args[0] : NULL, "plan", "default", &l, e);
	if (r >= 0) {
		jw_object(&w, NULL);
		ns_plan_print(&l.ns, &w, "namespaces");
		cg_plan_print(&l.cg, &w, "cgroup");
		if (l.rdt.path)
			cg_rdt_plan_print(&l.rdt, &w, "intelRdt");
		jail_plan_print(&l.jail, &w, "jail");
		if (l.jail.engine != JAIL_NONE)
			rt_audit_print(&l.audit, &l.jail.audit, &w, "audit");
		jw_object_end(&w);
		buf_str(&out, "\n");
		r = rt_print(&out, e);
		if (r == 0)
			life_foresee(&l);
	}
	life_close(&l);
	return r;
}
