/* SPDX-License-Identifier: Apache-2.0 */
/* From what is written into the cgroup to the same in systemd's words: systemd writes the files of its units too, at every
 * daemon-reload for one, and must write the same. Pure: no system calls. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "cgroups/systemd/unit.h"

#define SEC_US        1000000u
#define PERCENT_US    10000u /* systemd keeps CPUQuota= in percent of one CPU */
#define PER_WRITE_MAX 4      /* io.max: two rates each of bytes and of operations */

struct making {
	const char *value;
	struct arena *a;
	struct cg_property *list;
	size_t n;
	struct err *e;
};

/* A file of the cgroup, and the property that says the same; keys: those of a line "MAJ:MIN KEY=VALUE…". */
struct mapping {
	const char *file;
	int (*make)(struct making *m, const struct mapping *row);
	const char *property;
	unsigned int since;
	struct key {
		const char *word, *property;
	} keys[PER_WRITE_MAX];
};

size_t cg_property_put(struct cg_property *list, size_t n, struct cg_property p)
{
	size_t i = 0;

	while (i < n && !(str_eq(list[i].name, p.name) && (p.kind != KIND_DEVICE || str_eq(list[i].text, p.text))))
		i++;
	list[i] = p;
	return i < n ? n : n + 1;
}

static int put(struct making *m, struct cg_property p)
{
	m->n = cg_property_put(m->list, m->n, p);
	return 0;
}

static int no_memory(struct making *m)
{
	return err_set(m->e, ENOMEM, "out of memory");
}

/* base: files that are one number are read by the kernel in any base, words of a list as decimal numbers. */
static bool number_of(const char *text, int base, uint64_t *ret)
{
	*ret = CG_NO_LIMIT;
	return str_eq(text, "max") || parse_size(text, base, ret) == 0;
}

static int make_number(struct making *m, const struct mapping *row)
{
	struct cg_property p = {.name = row->property, .kind = KIND_UINT64, .since = row->since};

	return number_of(m->value, 0, &p.number) ? put(m, p) : 0;
}

/* systemd's word for idle is the weight 0. What ends the idling gives the weight of a fresh cgroup. */
static int make_idle(struct making *m, const struct mapping *row)
{
	const bool idle = str_eq(m->value, "1");

	return put(m, (struct cg_property){.name = row->property,
					   .kind = KIND_UINT64,
					   .since = idle ? row->since : 0,
					   .number = idle ? 0 : 100});
}

/* Rounded up to whole percents, as by runc: of parts of one systemd would make nothing at the next daemon-reload, and of less
 * than one percent no limit at all. */
static int make_quota(struct making *m, const struct mapping *row)
{
	char *rest = arena_strdup(m->a, m->value), *quota = str_field(&rest, " "), *period = str_field(&rest, " ");
	uint64_t q, p = SEC_US / 10;

	if (!quota)
		return no_memory(m);
	if (!number_of(quota, 10, &q) || (period && (!number_of(period, 10, &p) || !p || p > SEC_US)))
		return 0;
	if (q != CG_NO_LIMIT) {
		if (q > CG_NO_LIMIT / SEC_US - SEC_US)
			return 0;
		q = (q * SEC_US + p - 1) / p;
		q = (q + PERCENT_US - 1) / PERCENT_US * PERCENT_US;
	}
	put(m, (struct cg_property){.name = row->property, .kind = KIND_UINT64, .number = q});
	return !period
		   ? 0
		   : put(m, (struct cg_property){
				.name = "CPUQuotaPeriodUSec", .kind = KIND_UINT64, .since = row->since, .number = p});
}

/* "0-3,7" as a bit for each. */
static int make_set(struct making *m, const struct mapping *row)
{
	struct bits set;
	uint8_t *bytes;
	size_t n;

	/* A list that the kernel would not take is the kernel's to refuse. */
	if (bits_parse(m->value, m->a, &set, NULL) < 0)
		return 0;
	n = set.n * sizeof(*set.v);
	bytes = arena_alloc(m->a, n);
	if (!bytes)
		return no_memory(m);
	for (size_t i = 0; i < n * 8; i++)
		bytes[i / 8] |= (uint8_t)(bits_has(&set, i) << i % 8);
	while (n && !bytes[n - 1])
		n--;
	return put(m,
		   (struct cg_property){
		       .name = row->property, .kind = KIND_BYTES, .since = row->since, .bytes = bytes, .n_bytes = n});
}

static int put_device(struct making *m, const char *property, const char *device, uint64_t number)
{
	const char *path = arena_printf(m->a, "/dev/block/%s", device);

	return !path ? no_memory(m)
		     : put(m,
			   (struct cg_property){.name = property, .kind = KIND_DEVICE, .number = number, .text = path});
}

/* What systemd makes of an IOWeight for io.bfq.weight, turned round: 100 is 100, 10000 is 1000. */
static uint64_t from_bfq(uint64_t weight)
{
	return weight <= 100 ? weight : 100 + (weight - 100) * 11;
}

/* "N", "default N", "MAJ:MIN N", "MAJ:MIN default". */
static int make_weight(struct making *m, const struct mapping *row)
{
	char *rest = arena_strdup(m->a, m->value), *first = str_field(&rest, " "), *second = str_field(&rest, " ");
	const char *text = second ? second : first;
	uint64_t v = 100;

	if (!first)
		return no_memory(m);
	if (!str_eq(text, "default") && !number_of(text, 10, &v))
		return 0;
	v = str_eq(row->file, "io.bfq.weight") ? from_bfq(v) : v;
	if (second && strchr(first, ':'))
		return put_device(m, "IODeviceWeight", first, v);
	return put(m, (struct cg_property){.name = row->property, .kind = KIND_UINT64, .number = v});
}

static int make_keys(struct making *m, const struct mapping *row)
{
	char *rest = arena_strdup(m->a, m->value), *device = str_field(&rest, " "), *word;
	uint64_t v;
	int r = device ? 0 : no_memory(m);

	while (r == 0 && (word = str_field(&rest, " "))) {
		char *value = strchr(word, '=');

		if (!value)
			continue;
		*value++ = '\0';
		for (size_t i = 0; r == 0 && i < ARRAY_LEN(row->keys); i++)
			if (str_eq(word, row->keys[i].word) && number_of(value, 10, &v))
				r = put_device(m, row->keys[i].property, device, v);
	}
	return r;
}

/* What is not here systemd knows no word for, and leaves alone: hugetlb, rdma, misc, cpu.max.burst … */
static const struct mapping mappings[] = {
    {"memory.min", make_number, "MemoryMin", 240},
    {"memory.low", make_number, "MemoryLow"},
    {"memory.high", make_number, "MemoryHigh"},
    {"memory.max", make_number, "MemoryMax"},
    {"memory.swap.max", make_number, "MemorySwapMax"},
    {"memory.zswap.max", make_number, "MemoryZSwapMax", 253},
    {"pids.max", make_number, "TasksMax"},
    {"cpu.weight", make_number, "CPUWeight"},
    {"cpu.idle", make_idle, "CPUWeight", 252},
    {"cpu.max", make_quota, "CPUQuotaPerSecUSec", 242},
    {"cpuset.cpus", make_set, "AllowedCPUs", 244},
    {"cpuset.mems", make_set, "AllowedMemoryNodes", 244},
    {"io.weight", make_weight, "IOWeight"},
    {"io.bfq.weight", make_weight, "IOWeight"},
    {"io.max", make_keys,
     .keys = {{"rbps", "IOReadBandwidthMax"},
	      {"wbps", "IOWriteBandwidthMax"},
	      {"riops", "IOReadIOPSMax"},
	      {"wiops", "IOWriteIOPSMax"}}},
    {"io.latency", make_keys, .keys = {{"target", "IODeviceLatencyTargetUSec"}}},
};

int cg_properties_of(const struct cg_plan *p, bool own, struct arena *a, struct cg_property **ret, struct err *e)
{
	struct making m = {.a = a, .e = e, .n = own ? p->n_properties : 0};

	m.list = *ret = arena_alloc(a, (m.n + p->n_writes * PER_WRITE_MAX + 1) * sizeof(**ret));
	if (!m.list)
		return no_memory(&m);
	for (size_t i = 0; i < m.n; i++)
		m.list[i] = p->properties[i];
	for (size_t i = 0; i < p->n_writes; i++) {
		const struct cg_write *w = &p->writes[i];
		/* Which of the two it will be shows when it is written; systemd writes both, the second one as it is told. */
		const char *file = w->or_file ? w->or_file : w->file;
		int r = 0;

		m.value = w->or_file ? w->or_value : w->value;
		for (size_t k = 0; r == 0 && !w->same && !(p->box && w->in_box) && k < ARRAY_LEN(mappings); k++)
			if (str_eq(file, mappings[k].file))
				r = mappings[k].make(&m, &mappings[k]);
		if (r < 0)
			return r;
	}
	return (int)m.n;
}

/* ---- a unit's own ---- */

/* containers and runc have it so: a scope that has failed is not kept, and no target waits for it or ends it. */
static size_t of_itself(const struct cg_plan *p, const char *description, const char *const slice[], bool scope,
			struct cg_property *list)
{
	static const char *const accounting[] = {"CPUAccounting", "MemoryAccounting", "IOAccounting",
						 "TasksAccounting"};
	size_t n = 0;

	list[n++] = (struct cg_property){"Description", KIND_STRING, .text = description};
	if (scope) {
		list[n++] = (struct cg_property){"Slice", KIND_STRING, .text = p->slice};
		list[n++] = (struct cg_property){"Delegate", KIND_BOOL, .number = true};
	} else {
		list[n++] = (struct cg_property){"Wants", KIND_STRINGS, .list = {(char **)(uintptr_t)slice, 1}};
	}
	list[n++] = (struct cg_property){"DefaultDependencies", KIND_BOOL, .number = false};
	list[n++] = (struct cg_property){"CollectMode", KIND_STRING, .since = 236, .text = "inactive-or-failed"};
	for (size_t i = 0; i < ARRAY_LEN(accounting); i++)
		list[n++] = (struct cg_property){accounting[i], KIND_BOOL, .number = true};
	return n;
}
#define OF_ITSELF_MAX 9

static bool has_prefix(const char *key)
{
	return str_starts(key, CG_ANNOTATION);
}

int cg_plan_properties(const struct spec_map *annotations, const char *id, struct arena *a, struct cg_plan *p,
		       struct err *e)
{
	const char *description = arena_printf(a, "jailrun container %s", id);
	const char **slice = arena_alloc(a, 2 * sizeof(*slice));
	size_t n;
	int r;

	p->properties = arena_alloc(a, (OF_ITSELF_MAX + annotations->n) * sizeof(*p->properties));
	if (!description || !slice || !p->properties)
		return err_set(e, ENOMEM, "out of memory");
	slice[0] = p->slice;
	n = of_itself(p, description, slice, cg_is_scope(&p->unit), p->properties);
	for (size_t i = 0; i < annotations->n; i++) {
		const struct spec_pair *pair = &annotations->v[i];
		struct cg_property one;

		if (!has_prefix(pair->key))
			continue;
		r = cg_property_of_annotation(pair->key + strlen(CG_ANNOTATION), pair->value, a, &one, e);
		if (r < 0)
			return err_ctx(e, "annotations[\"%s\"]", pair->key);
		n = cg_property_put(p->properties, n, one);
	}
	p->n_properties = n;
	return 0;
}

void cg_property_print(const struct cg_property *p, struct jsonw *w)
{
	static const char *const types[] = {"b", "i", "t", "s", "as", "ay", "a(st)"};

	jw_object(w, NULL);
	jw_str(w, "name", p->name);
	jw_str(w, "type", types[p->kind]);
	if (p->kind == KIND_BOOL)
		jw_bool(w, "value", p->number);
	else if (p->kind == KIND_STRINGS)
		jw_strv(w, "value", &p->list);
	else if (p->kind == KIND_STRING)
		jw_str(w, "value", p->text);
	if (p->kind == KIND_DEVICE)
		jw_str(w, "device", p->text);
	if ((p->kind == KIND_UINT64 || p->kind == KIND_DEVICE) && p->number == CG_NO_LIMIT)
		jw_str(w, "value", "infinity");
	else if (p->kind == KIND_INT32 || p->kind == KIND_UINT64 || p->kind == KIND_DEVICE)
		jw_uint(w, "value", p->number);
	if (p->kind == KIND_BYTES) {
		jw_array(w, "value");
		for (size_t i = 0; i < p->n_bytes; i++)
			jw_uint(w, NULL, p->bytes[i]);
		jw_array_end(w);
	}
	jw_object_end(w);
}
