/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources of config.json: config-linux.md of the specification, Control groups. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "spec/field.h"

#define R struct spec_resources

/* ---- devices ---- */

static bool is_access(const char *s)
{
	return !s[0] || s[strcspn(s, "rwm")];
}

static const struct pattern device_access = {is_access, "a composition of r, w and m"};
static const struct word rule_type_words[] = {{"a", 'a'}, {"c", 'c'}, {"b", 'b'}, {NULL}};

#define D struct spec_device_rule
static const struct field device_rule_fields[] = {
    FIELD("allow", get_bool, D, allow, .required = true),
    FIELD("type", get_word_char, D, type, .words = rule_type_words),
    FIELD_INT("major", get_opt_i64, D, major, -1, UINT32_MAX),
    FIELD_INT("minor", get_opt_i64, D, minor, -1, UINT32_MAX),
    FIELD("access", get_string, D, access, .pattern = &device_access),
};

static int check_device_rule(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	D *d = obj;
	char known[sizeof("rwm")], *end = known;

	(void)v;
	if (!d->type)
		d->type = 'a';
	if (!d->access || !d->access[strspn(d->access, "rwm")])
		return 0;
	/* Other letters have never meant anything in runc and crun, so there are configurations with them. */
	for (const char *c = "rwm"; *c; c++)
		if (strchr(d->access, *c))
			*end++ = *c;
	*end = '\0';
	log_warn("linux.resources.devices: access \"%s\": only r, w and m are known: it counts as \"%s\"",
		 shown(d->access).s, known);
	d->access = arena_strdup(rd->arena, known);
	return d->access ? 0 : err_set(e, ENOMEM, "out of memory");
}

static const struct table device_rule_table = {
    TABLE_FIELDS(device_rule_fields),
    .size = sizeof(D),
    .check = check_device_rule,
};

/* ---- memory, cpu, pids ---- */

static const struct field memory_fields[] = {
    FIELD_INT("limit", get_opt_i64, R, memory.limit, -1, INT64_MAX),
    FIELD_INT("reservation", get_opt_i64, R, memory.reservation, -1, INT64_MAX),
    FIELD_INT("swap", get_opt_i64, R, memory.swap, -1, INT64_MAX),
    FIELD_INT("kernel", get_opt_i64, R, memory.kernel, -1, INT64_MAX),
    FIELD_INT("kernelTCP", get_opt_i64, R, memory.kernel_tcp, -1, INT64_MAX),
    FIELD_INT("swappiness", get_opt_u64, R, memory.swappiness, 0, 100),
    FIELD("disableOOMKiller", get_opt_bool, R, memory.disable_oom_killer),
    FIELD("useHierarchy", get_opt_bool, R, memory.use_hierarchy),
    FIELD("checkBeforeUpdate", get_opt_bool, R, memory.check_before_update),
};

/* swap is memory and swap together: less than the memory alone, or without it, means nothing. */
static int check_memory(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	const R *r = obj;

	if (!r->memory.swap.set || r->memory.swap.v <= 0)
		return 0;
	if (!r->memory.limit.set || r->memory.limit.v <= 0)
		bad(rd, v, e, EINVAL, "is a limit of memory and swap together, and needs memory.limit beside it");
	else if (r->memory.swap.v < r->memory.limit.v)
		bad(rd, v, e, EINVAL, "is a limit of memory and swap together, and must not be less than memory.limit");
	else
		return 0;
	err_ctx(e, "swap");
	return -EINVAL;
}

static const struct table memory_table = {TABLE_FIELDS(memory_fields), SET_AT(R, memory.set), .check = check_memory};

static const struct field cpu_fields[] = {
    FIELD_INT("shares", get_opt_u64, R, cpu.shares, 0, UINT64_MAX),
    FIELD_INT("quota", get_opt_i64, R, cpu.quota, -1, INT64_MAX),
    FIELD_INT("burst", get_opt_u64, R, cpu.burst, 0, UINT64_MAX),
    FIELD_INT("period", get_opt_u64, R, cpu.period, 0, UINT64_MAX),
    FIELD_INT("realtimeRuntime", get_opt_i64, R, cpu.realtime_runtime, -1, INT64_MAX),
    FIELD_INT("realtimePeriod", get_opt_u64, R, cpu.realtime_period, 0, UINT64_MAX),
    FIELD("cpus", get_string, R, cpu.cpus, .pattern = &cpu_list),
    FIELD("mems", get_string, R, cpu.mems, .pattern = &cpu_list),
    FIELD_INT("idle", get_opt_i64, R, cpu.idle, 0, 1),
};

static int check_cpu(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	const R *r = obj;

	if (!r->cpu.burst.set || !r->cpu.quota.set || r->cpu.quota.v <= 0 || r->cpu.burst.v <= (uint64_t)r->cpu.quota.v)
		return 0;
	bad(rd, v, e, EINVAL, "must not be larger than cpu.quota: it is %" PRIu64 ", the quota %" PRId64,
	    r->cpu.burst.v, r->cpu.quota.v);
	err_ctx(e, "burst");
	return -EINVAL;
}

static const struct table cpu_table = {TABLE_FIELDS(cpu_fields), SET_AT(R, cpu.set), .check = check_cpu};

static const struct field pids_fields[] = {FIELD_INT("limit", get_opt_i64, R, pids_limit, -1, INT64_MAX)};
static const struct table pids_table = {TABLE_FIELDS(pids_fields)};

/* ---- block I/O ---- */

#define W struct spec_blkio_weight
static const struct field blkio_weight_fields[] = {
    FIELD_REQ_INT("major", get_i64, W, major, 0, UINT32_MAX),
    FIELD_REQ_INT("minor", get_i64, W, minor, 0, UINT32_MAX),
    FIELD_INT("weight", get_opt_u64, W, weight, 0, UINT16_MAX),
    FIELD_INT("leafWeight", get_opt_u64, W, leaf_weight, 0, UINT16_MAX),
};

static int check_blkio_weight(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	const W *w = obj;

	if (w->weight.set || w->leaf_weight.set)
		return 0;
	return bad(rd, v, e, EINVAL, "must have weight, leafWeight or both");
}

static const struct table blkio_weight_table = {
    TABLE_FIELDS(blkio_weight_fields),
    .size = sizeof(W),
    .check = check_blkio_weight,
};

static const struct field blkio_rate_fields[] = {
    FIELD_REQ_INT("major", get_i64, struct spec_blkio_rate, major, 0, UINT32_MAX),
    FIELD_REQ_INT("minor", get_i64, struct spec_blkio_rate, minor, 0, UINT32_MAX),
    FIELD_REQ_INT("rate", get_u64, struct spec_blkio_rate, rate, 0, UINT64_MAX),
};
static const struct table blkio_rate_table = {TABLE_FIELDS(blkio_rate_fields), .size = sizeof(struct spec_blkio_rate)};

#define RATES(k, list) FIELD_LIST(k, get_objects, R, block_io.list.v, block_io.list.n, .table = &blkio_rate_table)
static const struct field blkio_fields[] = {
    FIELD_INT("weight", get_opt_u64, R, block_io.weight, 0, UINT16_MAX),
    FIELD_INT("leafWeight", get_opt_u64, R, block_io.leaf_weight, 0, UINT16_MAX),
    FIELD_LIST("weightDevice", get_objects, R, block_io.weight_device, block_io.n_weight_device,
	       .table = &blkio_weight_table),
    RATES("throttleReadBpsDevice", read_bps),
    RATES("throttleWriteBpsDevice", write_bps),
    RATES("throttleReadIOPSDevice", read_iops),
    RATES("throttleWriteIOPSDevice", write_iops),
};
static const struct table blkio_table = {TABLE_FIELDS(blkio_fields), SET_AT(R, block_io.set)};

/* ---- huge pages, network, rdma, unified ---- */

/* ^[1-9][0-9]*[KMG]B$, in any case */
static bool is_page_size(const char *s)
{
	if (*s < '1' || *s > '9')
		return false;
	s += strspn(s, "0123456789");
	return *s && strchr("KMGkmg", *s) && strcasecmp(s + 1, "B") == 0;
}

/* A file of the cgroup's directory. */
static bool is_file_name(const char *s)
{
	return *s && !strchr(s, '/') && !str_eq(s, ".") && !str_eq(s, "..");
}

static const struct pattern page_size = {is_page_size, "a size such as 64KB, 2MB or 1GB"};
static const struct pattern file_name = {is_file_name, "the name of a file of the cgroup"};

static const struct field hugepage_fields[] = {
    FIELD("pageSize", get_string, struct spec_hugepage, page_size, .required = true, .pattern = &page_size),
    FIELD_REQ_INT("limit", get_u64, struct spec_hugepage, limit, 0, UINT64_MAX),
};

/* As the kernel names its files: hugetlb.2MB.max. */
static int check_hugepage(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	struct spec_hugepage *h = obj;

	(void)rd;
	(void)v;
	(void)e;
	for (char *s = h->page_size; *s; s++)
		*s = (char)toupper((unsigned char)*s);
	return 0;
}

static const struct table hugepage_table = {
    TABLE_FIELDS(hugepage_fields),
    .size = sizeof(struct spec_hugepage),
    .check = check_hugepage,
};

static const struct field net_prio_fields[] = {
    FIELD("name", get_string, struct spec_net_prio, name, .required = true),
    FIELD_REQ_INT("priority", get_u32, struct spec_net_prio, priority, 0, UINT32_MAX),
};
static const struct table net_prio_table = {TABLE_FIELDS(net_prio_fields), .size = sizeof(struct spec_net_prio)};

static const struct field network_fields[] = {
    FIELD_INT("classID", get_opt_u64, R, network.class_id, 0, UINT32_MAX),
    FIELD_LIST("priorities", get_objects, R, network.priorities, network.n_priorities, .table = &net_prio_table),
};
static const struct table network_table = {TABLE_FIELDS(network_fields), SET_AT(R, network.set)};

static const struct field rdma_fields[] = {
    FIELD_INT("hcaHandles", get_opt_u64, struct spec_rdma, hca_handles, 0, UINT32_MAX),
    FIELD_INT("hcaObjects", get_opt_u64, struct spec_rdma, hca_objects, 0, UINT32_MAX),
};

static int check_rdma(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	const struct spec_rdma *r = obj;

	if (r->hca_handles.set || r->hca_objects.set)
		return 0;
	return bad(rd, v, e, EINVAL, "must have hcaHandles, hcaObjects or both");
}

static const struct table rdma_table = {
    TABLE_FIELDS(rdma_fields),
    .size = sizeof(struct spec_rdma),
    .check = check_rdma,
};

/* ---- the whole ---- */

#define RESOURCES_FIELDS(memory_of)                                                                                    \
	FIELD_LIST("devices", get_objects, R, devices, n_devices, .table = &device_rule_table),                        \
	    {.key = "memory", .parse = get_object, .table = (memory_of)},                                              \
	    {.key = "cpu", .parse = get_object, .table = &cpu_table},                                                  \
	    {.key = "pids", .parse = get_object, .table = &pids_table},                                                \
	    {.key = "blockIO", .parse = get_object, .table = &blkio_table},                                            \
	    FIELD_LIST("hugepageLimits", get_objects, R, hugepages, n_hugepages, .table = &hugepage_table),            \
	    {.key = "network", .parse = get_object, .table = &network_table},                                          \
	    FIELD_LIST("rdma", get_object_map, R, rdma, n_rdma, .table = &rdma_table),                                 \
	    FIELD("unified", get_map, R, unified, .pattern = &file_name),

static const struct field resources_fields[] = {RESOURCES_FIELDS(&memory_table)};
const struct table resources_table = {TABLE_FIELDS(resources_fields), SET_AT(R, set)};

/* For update: the memory limit that swap is compared with may be the present one. */
static const struct table memory_update_table = {TABLE_FIELDS(memory_fields), SET_AT(R, memory.set)};
static const struct field update_fields[] = {RESOURCES_FIELDS(&memory_update_table)};
static const struct table update_table = {TABLE_FIELDS(update_fields), SET_AT(R, set)};

int spec_resources_parse(const char *text, size_t len, const char *name, struct arena *a, struct spec_resources *ret,
			 struct err *e)
{
	struct reader rd = {.arena = a};

	*ret = (struct spec_resources){0};
	return read_document(&rd, &update_table, text, len, name, ret, e);
}
