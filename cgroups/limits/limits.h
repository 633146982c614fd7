/* SPDX-License-Identifier: Apache-2.0 */
/* Inside cgroups/ only: from linux.resources to the files that are written. */
#ifndef CGROUPS_LIMITS_H
#define CGROUPS_LIMITS_H

#include "cgroups/cgroups.h"

#define CG_NO_LEAF_WEIGHT                                                                                              \
	"in cgroup v2 no process competes with child cgroups, so that there is no weight for it; remove it"

/* What a property asks for. */
enum ask {
	ASK_NOTHING, /* absent, or the value that runc takes for absent */
	ASK_DEFAULT, /* what a fresh cgroup has anyway: needs no controller, is written where there is one */
	ASK_WRITE,
};

/* One call of cg_plan_limits. */
struct planning {
	const struct spec_resources *r;
	const struct cg_facts *f;
	struct arena *a;
	struct cg_plan *p;
	struct err *e;
};

/* Adds w to the plan as ask says (ASK_WRITE or ASK_DEFAULT); its field is without "linux.resources.". Returns 0, -ENOTSUP
 * when the controller that w needs is not there, -ENOMEM when one of w's strings is missing. */
int cg_plan_add(struct planning *pl, int ask, struct cg_write w);

/* What is a list or a map: huge pages, block I/O, rdma and, last of all, unified. */
int cg_plan_lists(struct planning *pl);
/* How many writes these can make at the most. */
size_t cg_plan_lists_max(const struct spec_resources *r);

/* All of linux.resources but the device rules into p->writes, in the order of writing; what cgroup v2 does not have is
 * refused. p->manager, path and mount are set. Returns 0, -EINVAL, -ENOTSUP, -ENOMEM. */
int cg_plan_limits(const struct spec_resources *r, const struct cg_facts *f, struct arena *a, struct cg_plan *p,
		   struct err *e);

/* The device program of the rules into p, or why there is none (plan.c). Returns 0, -EINVAL, -E2BIG, -ENOMEM. */
int cg_plan_devices(const struct spec_resources *r, const struct cg_facts *f, bool userns, struct arena *a,
		    struct cg_plan *p, struct err *e);

#endif
