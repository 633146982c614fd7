/* SPDX-License-Identifier: Apache-2.0 */
/* For `doctor`: what a cgroup can here, by doing it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/systemd/bus.h"
#include "cgroups/tree.h"

/* Programs that refuse everything, which is nobody's in an empty cgroup. */
static void try_network(const struct cg_facts *f, struct arena *a, struct cg_plan *plan, struct cg_run *run,
			struct err *e)
{
	const struct spec_network nothing = {
	    .set = true, .connect = {.set = true, .allow.set = true}, .bind = {.set = true, .allow.set = true}};
	const struct cg_net_set set = {.rules = &nothing, .policy = "of the probe"};

	if (cg_plan_network(&set, 1, f, a, plan, e) >= 0 && cg_network_maps(run, e) >= 0)
		(void)cg_network(plan, run, getpid(), e);
	cg_network_undo(plan, run);
}

static void try_systemd(const struct cg_facts *f, struct arena *a, struct err *e)
{
	struct cg_facts units = *f;
	AUTO_BUS *bus = NULL;

	if (cg_probe_units(&units, a, e) == 0)
		(void)cg_bus_open(units.user, &bus, e);
}

void cg_try(const struct cg_facts *f, struct arena *a, struct cg_abilities *ret)
{
	struct cg_run run = {.dir_fd = -1, .ring_fd = -1, .state_fd = -1};
	struct spec_config none = {0};
	struct cg_plan plan;
	char id[32];
	int r;

	*ret = (struct cg_abilities){.kill = false};
	try_systemd(f, a, &ret->systemd);
	snprintf(id, sizeof(id), "doctor-%d", (int)getpid());
	r = cg_plan(&none, f, CG_CGROUPFS, id, false, a, &plan, &ret->make);
	if (r == 0 && !plan.path)
		r = err_set(&ret->make, EACCES, "no part of the tree may be written to");
	if (r == 0)
		r = cg_create(&plan, &run, &ret->make);
	if (r < 0) {
		ret->devices = ret->network = ret->make;
		return;
	}
	ret->kill = file_is_there(run.dir_fd, "cgroup.kill");
	ret->freeze = file_is_there(run.dir_fd, "cgroup.freeze");
	if (!plan.devices)
		err_set(&ret->devices, EPERM, "%s", plan.no_devices);
	else
		(void)cg_devices(&plan, &run, &ret->devices);
	try_network(f, a, &plan, &run, &ret->network);
	cg_unmake(&plan, &run);
}
