/* SPDX-License-Identifier: Apache-2.0 */
/* Two cgroups below the container's own: one for the workload, which has the limits, and one for the jail's helper, which they
 * shall not reach. The container's own bounds both. Pure: no system calls. */
#include "cgroups/limits/split.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CPU_PERIOD_DEFAULT 100000 /* cgroup-v2.rst, cpu.max */
#define CPU_QUOTA_MAX      (UINT64_C(1) << 40)

/* In the order of writing; what is not here stays with the container's cgroup alone, and holds for all below it. */
const struct cg_handed cg_handed[] = {
    {"memory.min", "memory", "0"},
    {"memory.low", "memory", "0"},
    {"memory.high", "memory", "max", CG_SHARE_MEMORY},
    {"memory.max", "memory", "max", CG_SHARE_MEMORY},
    {"memory.swap.high", "memory", "max"},
    {"memory.swap.max", "memory", "max"},
    {"memory.zswap.max", "memory", "max"},
    {"memory.zswap.writeback", "memory", "1"},
    {"memory.oom.group", "memory", "0"},
    {"pids.max", "pids", "max", CG_SHARE_PIDS},
    {"cpu.idle", "cpu", "0"},
    {"cpu.weight", "cpu", "100"},
    {"cpu.max", "cpu", "max 100000"},
    {"cpu.max.burst", "cpu", "0"},
    {"cpu.uclamp.min", "cpu", "0.00"},
    {"cpu.uclamp.max", "cpu", "max"},
    {"cpuset.cpus", "cpuset", ""},
    {"cpuset.mems", "cpuset", ""},
};
const size_t cg_n_handed = ARRAY_LEN(cg_handed);

static const struct cg_handed *find(const char *file)
{
	for (size_t i = 0; i < cg_n_handed; i++)
		if (str_eq(file, cg_handed[i].file))
			return &cg_handed[i];
	return NULL;
}

/* Blanks before it are let pass by the kernel, and by some files a "+". Fails for "max", too. */
static int number(const char *text, uint64_t *ret)
{
	return parse_size(text + strspn(text, " \t\n+"), 0, ret);
}

/* cpu.max, "QUOTA PERIOD": the helper, which is one thread, may have a processor for itself. False: there is no limit. */
static bool quota_of(const char *value, uint64_t *ret_quota, uint64_t *ret_period)
{
	*ret_period = CPU_PERIOD_DEFAULT; /* of a new cgroup, where the value does not say */
	return sscanf(value, "%" SCNu64 " %" SCNu64, ret_quota, ret_period) >= 1 && *ret_quota <= CPU_QUOTA_MAX;
}

const char *cg_with_share(const char *file, const char *value, struct arena *a)
{
	const struct cg_handed *h = find(file);
	uint64_t v, period;

	if (str_eq(file, "cpu.max") && quota_of(value, &v, &period))
		return arena_printf(a, "%" PRIu64 " %" PRIu64, v + period, period);
	/* What is no number, or more than there can be, is the kernel's to judge. */
	if (!h || !h->share || number(value, &v) < 0 || v > INT64_MAX - h->share)
		return value;
	return arena_printf(a, "%" PRIu64, v + h->share);
}

const char *cg_without_share(const char *file, const char *value, char buf[CG_VALUE_MAX])
{
	const struct cg_handed *h = find(file);
	uint64_t v, period;

	if (str_eq(file, "cpu.max") && quota_of(value, &v, &period) && v > period) {
		snprintf(buf, CG_VALUE_MAX, "%" PRIu64 " %" PRIu64, v - period, period);
		return buf;
	}
	if (!h || !h->share || number(value, &v) < 0 || v <= h->share)
		return value;
	snprintf(buf, CG_VALUE_MAX, "%" PRIu64, v - h->share);
	return buf;
}

static int split_write(struct cg_write *w, struct arena *a, struct err *e)
{
	if (w->same)
		return 0;
	if (!w->controller) {
		w->in_box = true;
		return 0;
	}
	if (!find(w->file))
		return 0;
	w->box = w->value;
	w->value = cg_with_share(w->file, w->value, a);
	return w->value ? 0 : err_set(e, ENOMEM, "out of memory");
}

int cg_split_writes(struct cg_plan *p, struct arena *a, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n_writes; i++)
		r = split_write(&p->writes[i], a, e);
	return r;
}

/* What is in a slice is systemd's, which would take controllers back that it has not handed down itself. */
static bool is_slice(const char *unit)
{
	const char *dot = unit ? strrchr(unit, '.') : NULL;

	return dot && str_eq(dot, ".slice");
}

int cg_plan_split(const struct cg_facts *f, uint64_t root, struct cg_plan *p, struct arena *a, struct err *e)
{
	static const char *const reasons[] = {"memory", "pids", "cpu"};
	bool any = false;

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		any |= strv_has(&f->controllers, reasons[i]);
	if (!p->path || !any || (root != f->uid && f->uid != 0) || is_slice(p->unit.name))
		return 0;
	p->root = (struct opt_u64){root != f->uid, root};
	p->box = arena_printf(a, "%s/" CG_BOX, p->path);
	return p->box ? cg_split_writes(p, a, e) : err_set(e, ENOMEM, "out of memory");
}
