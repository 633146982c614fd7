/* SPDX-License-Identifier: Apache-2.0 */
/* Inside cgroups/ only: what is handed down from the container's cgroup to that of its workload. */
#ifndef CGROUPS_SPLIT_H
#define CGROUPS_SPLIT_H

#include "cgroups/cgroups.h"

/* What the container's cgroup may take beyond the limit of the workload: the helper, its tables of a workload of ten
 * thousands of tasks, what hooks leave; processes of hooks and those that bring others in by exec. And one processor. */
#define CG_SHARE_MEMORY (UINT64_C(8) << 20)
#define CG_SHARE_PIDS   64

/* A file that the workload's cgroup has as well. */
struct cg_handed {
	const char *file, *controller;
	const char *fresh; /* what it holds in a new cgroup */
	uint64_t share;    /* so much more has the container's cgroup */
};
/* Puts the values for the box beside those for the container's cgroup, which get the share. Returns 0 or -ENOMEM. */
int cg_split_writes(struct cg_plan *p, struct arena *a, struct err *e);

extern const struct cg_handed cg_handed[];
extern const size_t cg_n_handed;

#define CG_VALUE_MAX 48
/* What the container's cgroup has in file when the workload's is to have value, and the way back (in buf, when it is another).
 * NULL: no memory. */
const char *cg_with_share(const char *file, const char *value, struct arena *a);
const char *cg_without_share(const char *file, const char *value, char buf[CG_VALUE_MAX]);

#endif
