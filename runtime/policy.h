/* SPDX-License-Identifier: Apache-2.0 */
/* Which policies a container is under. */
#ifndef RUNTIME_POLICY_H
#define RUNTIME_POLICY_H

#include "admin.h"

/* A policy by its name (built in, or NAME.json in dir) or, for the command line alone, by its path. One of dir has to be root's or the
 * caller's, and nobody else's to write to. Returns 0, -ENOENT, -EPERM, -EINVAL, -errno. */
int rt_policy_load(struct rt_call *c, const char *dir, const char *name, bool by_path, struct spec_policy *ret,
		   struct err *e);

struct rt_policies {
	struct spec_policy chosen, floor;
	bool has, has_floor; /* a floor beside `chosen`; where the floor is all there is, it is the chosen one */
};

/* --policy, which alone decides; else the annotation `jailrun.policy`, the administrator's default, or fallback (NULL: none), over the
 * administrator's floor. shares_pids: the container has no pid namespace of its own, in which a jail could stand. Returns 0,
 * -EPERM for what an annotation may not, -ENOENT, -ENOTSUP, -EINVAL. */
int rt_policies_choose(struct rt_call *c, const struct spec_map *annotations, const struct spec_admin *admin,
		       const char *fallback, bool shares_pids, struct rt_policies *ret, struct err *e);

#endif
