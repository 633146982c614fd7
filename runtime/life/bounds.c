/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of policies that need the container's cgroup: memory, which the kernel keeps there, and those of CPU time, which is counted there. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "life.h"
#include "runtime/host/host.h"
#include "steps.h"

#define FIELD_MEMORY "linux.resources.memory.limit"

/* The least of the policies' limits. Returns the name of the policy that it is of; NULL: there is none. */
static const char *least(const struct rt_policies *p, enum policy_bound which, uint64_t *ret)
{
	const struct spec_policy *const all[] = {p->has ? &p->chosen : NULL, p->has_floor ? &p->floor : NULL};
	const char *of = NULL;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		const struct opt_u64 *b = all[i] ? &all[i]->bounds[which] : NULL;
		struct spec_response how;

		if (!b || !b->set || (of && b->v >= *ret))
			continue;
		how = spec_policy_response(all[i], POLICY_LIMITS);
		if (jail_goes_on(&how))
			continue;
		of = all[i]->name;
		*ret = b->v;
	}
	return of;
}

int life_bound_memory(struct spec_resources *r, uint64_t most, struct arena *a, struct err *e)
{
	const bool limited = r->memory.limit.set && r->memory.limit.v > 0;

	for (size_t i = 0; i < r->unified.n; i++) {
		struct spec_pair *u = &r->unified.v[i];
		uint64_t v;

		if (!str_eq(u->key, "memory.max") || (parse_size(u->value, 10, &v) == 0 && v <= most))
			continue;
		u->value = arena_printf(a, "%" PRIu64, most);
		if (!u->value)
			return err_set(e, ENOMEM, "out of memory");
	}
	if (limited && (uint64_t)r->memory.limit.v <= most)
		return 0;
	/* Swap is that of config.json, which gives it and memory together. */
	if (limited && r->memory.swap.set && r->memory.swap.v >= r->memory.limit.v)
		r->memory.swap.v -= r->memory.limit.v - (int64_t)most;
	r->set = r->memory.set = true;
	r->memory.limit.set = true;
	r->memory.limit.v = (int64_t)most;
	return 0;
}

int life_plan_memory(struct spec_resources *r, const struct rt_policies *p, struct arena *a, struct err *e)
{
	uint64_t most = 0;

	return least(p, BOUND_MEMORY, &most) ? life_bound_memory(r, most, a, e) : 0;
}

int life_memory_error(const struct rt_policies *p, struct err *e)
{
	uint64_t most = 0;
	const char *of = least(p, BOUND_MEMORY, &most);
	struct err why = *e;

	if (!of || !str_eq(e->path, FIELD_MEMORY))
		return -e->code;
	*e = (struct err){0};
	err_set(e, why.code,
		"%s. The nearest that can be had is RLIMIT_AS, for each process by itself (process.rlimits)", why.text);
	return err_ctx(e, "policy %.64s: limits.memory", of);
}

/* Also of a policy that only watches. */
static const char *wants(const struct jail_plan *p, enum policy_bound which)
{
	for (uint64_t i = 0; i < p->n_policies; i++)
		if (p->policies[i].bounds[which] >= 0)
			return p->policies[i].name;
	return NULL;
}

int life_plan_cpu(const struct life *l, struct err *e)
{
	static const struct {
		enum policy_bound which;
		const char *nearest;
	} rows[] = {{BOUND_CPU, "limits.wall, and RLIMIT_CPU for each process by itself (process.rlimits)"},
		    {BOUND_IDLE, "limits.wall"}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *of = wants(&l->jail, rows[i].which);

		if (!of || l->cg.path)
			continue;
		err_set(e, ENOTSUP,
			"CPU time of all processes together is counted by a cgroup, and this container has none. The "
			"nearest that can be had is %s",
			rows[i].nearest);
		return err_ctx(e, "policy %.64s: %s", of, jail_bound_name(rows[i].which));
	}
	return 0;
}

bool life_counts_cpu(const struct life *l)
{
	return wants(&l->jail, BOUND_CPU) || wants(&l->jail, BOUND_IDLE);
}

int life_open_cpu(struct life *l, struct err *e)
{
	int dir = l->cg_run.box_fd >= 0 ? l->cg_run.box_fd : l->cg_run.dir_fd;

	l->cpu_fd = openat(dir, "cpu.stat", O_RDONLY | O_CLOEXEC);
	return l->cpu_fd < 0 ? err_errno(e, "open cpu.stat of cgroup %s, in which CPU time is counted", l->cg.path) : 0;
}
