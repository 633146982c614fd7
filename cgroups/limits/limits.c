/* SPDX-License-Identifier: Apache-2.0 */
/* From linux.resources to what will be written: the properties that are one value. Pure: no system calls. */
#include "cgroups/limits/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cgroups/limits/weight.h"

#define CPU_PERIOD_DEFAULT 100000 /* cgroup-v2.rst, cpu.max */
#define CPU_SHARES_DEFAULT 1024   /* what every cgroup has; containerd asks for it by default */
#define SWAPPINESS         "/proc/sys/vm/swappiness"

/* A row makes the value that is written for one property. Returns enum ask or -EINVAL, -ENOMEM. */
struct limit {
	const char *field, *controller, *file;
	int (*value)(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e);
	const char *usage; /* for memory.checkBeforeUpdate */
	bool same;
};

static int say(struct arena *a, const char **ret, int64_t v)
{
	*ret = v == -1 ? "max" : arena_printf(a, "%" PRId64, v);
	return *ret ? ASK_WRITE : -ENOMEM;
}

/* A number of bytes: 0 is "not set" to engines and runc, -1 is no limit. */
static int say_bytes(const struct opt_i64 *v, struct arena *a, const char **ret, struct err *e)
{
	if (!v->set || v->v == 0)
		return ASK_NOTHING;
	if (v->v < -1)
		return err_set(e, EINVAL, "%" PRId64 " is no number of bytes, and not -1 (no limit)", v->v);
	return say(a, ret, v->v);
}

static int memory_limit(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	int ask = say_bytes(&r->memory.limit, a, ret, e);

	return ask == ASK_WRITE && r->memory.limit.v == -1 ? ASK_DEFAULT : ask;
}

static int memory_reservation(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	return say_bytes(&r->memory.reservation, a, ret, e);
}

/* The specification counts memory and swap together, cgroup v2 counts swap alone. */
static int memory_swap(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	const int64_t limit = r->memory.limit.set ? r->memory.limit.v : 0;
	const int64_t swap = r->memory.swap.set ? r->memory.swap.v : 0;

	if (swap < -1)
		return err_set(e, EINVAL, "%" PRId64 " is no number of bytes, and not -1 (no limit)", swap);
	/* As in cgroup v1, memory without limit takes the limit off swap, too. */
	if (swap == -1 || (swap == 0 && limit == -1)) {
		say(a, ret, -1);
		return ASK_DEFAULT;
	}
	if (swap == 0)
		return ASK_NOTHING;
	if (limit <= 0)
		return err_set(e, EINVAL,
			       "the sum of memory and swap is limited, memory is not: set memory.limit as well");
	if (swap < limit)
		return err_set(e, EINVAL,
			       "%" PRId64 " is memory and swap together: less than memory.limit (%" PRId64 ")", swap,
			       limit);
	return say(a, ret, swap - limit);
}

/* cgroup v2 swaps by vm.swappiness, everywhere: that value alone can be honoured, and is compared before the start. */
static int memory_swappiness(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	(void)e;
	return !r->memory.swappiness.set ? ASK_NOTHING : say(a, ret, (int64_t)r->memory.swappiness.v);
}

static int cpu_shares(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	(void)e;
	if (!r->cpu.shares.set || r->cpu.shares.v == 0)
		return ASK_NOTHING;
	if (say(a, ret, (int64_t)cg_weight_of_shares(r->cpu.shares.v)) < 0)
		return -ENOMEM;
	return r->cpu.shares.v == CPU_SHARES_DEFAULT ? ASK_DEFAULT : ASK_WRITE;
}

static int cpu_quota(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	const int64_t quota = r->cpu.quota.set ? r->cpu.quota.v : 0;
	const uint64_t period = r->cpu.period.set && r->cpu.period.v ? r->cpu.period.v : CPU_PERIOD_DEFAULT;

	(void)e;
	if (quota == 0 && (!r->cpu.period.set || r->cpu.period.v == 0))
		return ASK_NOTHING;
	*ret = quota > 0 ? arena_printf(a, "%" PRId64 " %" PRIu64, quota, period)
			 : arena_printf(a, "max %" PRIu64, period);
	if (!*ret)
		return -ENOMEM;
	return quota > 0 ? ASK_WRITE : ASK_DEFAULT;
}

static int cpu_burst(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	if (!r->cpu.burst.set)
		return ASK_NOTHING;
	if (r->cpu.quota.set && r->cpu.quota.v > 0 && r->cpu.burst.v > (uint64_t)r->cpu.quota.v)
		return err_set(e, EINVAL, "%" PRIu64 " is more than cpu.quota (%" PRId64 ")", r->cpu.burst.v,
			       r->cpu.quota.v);
	*ret = arena_printf(a, "%" PRIu64, r->cpu.burst.v);
	return !*ret ? -ENOMEM : r->cpu.burst.v ? ASK_WRITE : ASK_DEFAULT;
}

static int idle_is(const struct spec_resources *r, int64_t wanted, const char **ret, struct err *e)
{
	if (!r->cpu.idle.set)
		return ASK_NOTHING;
	if (r->cpu.idle.v != 0 && r->cpu.idle.v != 1)
		return err_set(e, EINVAL, "%" PRId64 " is neither 0 (normal) nor 1 (SCHED_IDLE)", r->cpu.idle.v);
	*ret = wanted ? "1" : "0";
	return r->cpu.idle.v != wanted ? ASK_NOTHING : wanted ? ASK_WRITE : ASK_DEFAULT;
}

static int cpu_not_idle(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	(void)a;
	return idle_is(r, 0, ret, e);
}

static int cpu_idle(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	(void)a;
	return idle_is(r, 1, ret, e);
}

static int list_of_numbers(const char *s, const char **ret, struct err *e)
{
	if (!s || !*s)
		return ASK_NOTHING;
	if (s[strspn(s, "0123456789,- ")])
		return err_set(e, EINVAL, "'%.64s' is no list of numbers and ranges, as in 0-3,7", s);
	*ret = s;
	return ASK_WRITE;
}

static int cpu_cpus(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	(void)a;
	return list_of_numbers(r->cpu.cpus, ret, e);
}

static int cpu_mems(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	(void)a;
	return list_of_numbers(r->cpu.mems, ret, e);
}

static int pids_limit(const struct spec_resources *r, struct arena *a, const char **ret, struct err *e)
{
	if (!r->pids_limit.set)
		return ASK_NOTHING;
	if (r->pids_limit.v < -1)
		return err_set(e, EINVAL, "%" PRId64 " is no number of tasks, and not -1 (no limit)", r->pids_limit.v);
	/* 0 forbids every fork, and so does 1; but with 0 the kernel would not let the first process be cloned into the
	 * cgroup either. */
	if (r->pids_limit.v == 0) {
		*ret = "1";
		return ASK_WRITE;
	}
	return say(a, ret, r->pids_limit.v) < 0 ? -ENOMEM : r->pids_limit.v == -1 ? ASK_DEFAULT : ASK_WRITE;
}

/* In the order of writing: an idle group takes no weight, so that what ends the idling comes before cpu.weight and what
 * begins it after; cpu.max comes before its burst. */
static const struct limit limits[] = {
    {"memory.limit", "memory", "memory.max", memory_limit, "memory.current"},
    {"memory.swap", "memory", "memory.swap.max", memory_swap, "memory.swap.current"},
    {"memory.reservation", "memory", "memory.low", memory_reservation},
    {"memory.swappiness", NULL, SWAPPINESS, memory_swappiness, .same = true},
    {"cpu.idle", "cpu", "cpu.idle", cpu_not_idle},
    {"cpu.shares", "cpu", "cpu.weight", cpu_shares},
    {"cpu.quota", "cpu", "cpu.max", cpu_quota},
    {"cpu.burst", "cpu", "cpu.max.burst", cpu_burst},
    {"cpu.idle", "cpu", "cpu.idle", cpu_idle},
    {"cpu.cpus", "cpuset", "cpuset.cpus", cpu_cpus},
    {"cpu.mems", "cpuset", "cpuset.mems", cpu_mems},
    {"pids.limit", "pids", "pids.max", pids_limit},
};

/* ---- what cgroup v2 does not have ---- */

/* A limit that is neither "none" (-1) nor "unset" (0). */
static bool limited(struct opt_i64 v)
{
	return v.set && v.v > 0;
}

static bool positive(struct opt_u64 v)
{
	return v.set && v.v;
}

#define USED(name, expr)                                                                                               \
	static bool name(const struct spec_resources *r)                                                               \
	{                                                                                                              \
		return expr;                                                                                           \
	}
USED(uses_kernel_memory, limited(r->memory.kernel))
USED(uses_kernel_tcp, limited(r->memory.kernel_tcp))
USED(uses_no_oom_killer, r->memory.disable_oom_killer.v)
USED(uses_rt_runtime, limited(r->cpu.realtime_runtime))
USED(uses_rt_period, positive(r->cpu.realtime_period))
USED(uses_leaf_weight, positive(r->block_io.leaf_weight))
USED(uses_class_id, positive(r->network.class_id))
USED(uses_net_prio, r->network.n_priorities > 0)

#define NO_KERNEL_MEMORY                                                                                               \
	"cgroup v2 counts the kernel's memory with all other and has no limit for it alone; limit both with "          \
	"memory.limit"
#define NO_REALTIME "real-time bandwidth is of cgroup v1 alone, cgroup v2 has none; remove it"

/* runc says nothing about most of these on cgroup v2; but a limit that does not hold is no limit. Not here:
 * memory.useHierarchy, since cgroup v2 counts in no other way. */
static const struct {
	const char *field;
	bool (*used)(const struct spec_resources *r);
	const char *why;
} refused[] = {
    {"memory.kernel", uses_kernel_memory, NO_KERNEL_MEMORY},
    {"memory.kernelTCP", uses_kernel_tcp, NO_KERNEL_MEMORY},
    {"memory.disableOOMKiller", uses_no_oom_killer,
     "in cgroup v2 the OOM killer cannot be switched off; remove it or set it to false"},
    {"cpu.realtimeRuntime", uses_rt_runtime, NO_REALTIME},
    {"cpu.realtimePeriod", uses_rt_period, NO_REALTIME},
    {"blockIO.leafWeight", uses_leaf_weight, CG_NO_LEAF_WEIGHT},
    {"network.classID", uses_class_id,
     "net_cls is of cgroup v1 alone; remove it, and match the container's packets by its cgroup (nftables: socket "
     "cgroupv2)"},
    {"network.priorities", uses_net_prio,
     "net_prio is of cgroup v1 alone; remove it, and set priorities by nftables (socket cgroupv2)"},
};

/* ---- the plan ---- */

static int plan_values(struct planning *pl)
{
	const struct spec_resources *r = pl->r;

	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (refused[i].used(r)) {
			err_set(pl->e, ENOTSUP, "%s", refused[i].why);
			return err_ctx(pl->e, "linux.resources.%s", refused[i].field);
		}
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		const struct limit *l = &limits[i];
		struct cg_write w = {.file = l->file, .controller = l->controller, .field = l->field, .same = l->same};
		int ask = l->value(r, pl->a, &w.value, pl->e);

		/* cpu.max is of two properties. */
		if (l->value == cpu_quota && !(r->cpu.quota.set && r->cpu.quota.v))
			w.field = "cpu.period";
		if (l->usage && r->memory.check_before_update.v)
			w.usage = l->usage;
		if (ask == -ENOMEM)
			return err_set(pl->e, ENOMEM, "out of memory");
		if (ask < 0)
			return err_ctx(pl->e, "linux.resources.%s", w.field);
		if (ask != ASK_NOTHING && (ask = cg_plan_add(pl, ask, w)) < 0)
			return ask;
	}
	return 0;
}

int cg_plan_limits(const struct spec_resources *r, const struct cg_facts *f, struct arena *a, struct cg_plan *p,
		   struct err *e)
{
	struct planning pl = {r, f, a, p, e};
	int n;

	p->writes = arena_alloc(a, (ARRAY_LEN(limits) + cg_plan_lists_max(r)) * sizeof(*p->writes));
	if (!p->writes)
		return err_set(e, ENOMEM, "out of memory");
	if (!r->set)
		return 0;
	n = plan_values(&pl);
	return n < 0 ? n : cg_plan_lists(&pl);
}
