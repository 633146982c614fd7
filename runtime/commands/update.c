/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/cgroups.h"
#include "commands.h"
#include "runtime/life/life.h"
#include "runtime/state/state.h"

/* How the value of an option is written; the struct of the resources has the type beside it. */
enum form {
	FORM_UINT,  /* struct opt_u64 */
	FORM_INT,   /* struct opt_i64 */
	FORM_BYTES, /* struct opt_i64 */
	FORM_TEXT,  /* char * */
};

#define ROW(option, name, form, member, field)                                                                         \
	{                                                                                                              \
		option, form, offsetof(struct rt_update, name), offsetof(struct spec_resources, member), field         \
	}
static const struct row {
	const char *option;
	enum form form;
	size_t from, to;
	const char *field; /* of linux.resources */
} rows[] = {
    ROW("blkio-weight", blkio_weight, FORM_UINT, block_io.weight, "blockIO.weight"),
    ROW("cpu-period", cpu_period, FORM_UINT, cpu.period, "cpu.period"),
    ROW("cpu-quota", cpu_quota, FORM_INT, cpu.quota, "cpu.quota"),
    ROW("cpu-burst", cpu_burst, FORM_UINT, cpu.burst, "cpu.burst"),
    ROW("cpu-share", cpu_share, FORM_UINT, cpu.shares, "cpu.shares"),
    ROW("cpu-idle", cpu_idle, FORM_INT, cpu.idle, "cpu.idle"),
    ROW("cpu-rt-period", cpu_rt_period, FORM_UINT, cpu.realtime_period, "cpu.realtimePeriod"),
    ROW("cpu-rt-runtime", cpu_rt_runtime, FORM_INT, cpu.realtime_runtime, "cpu.realtimeRuntime"),
    ROW("cpuset-cpus", cpuset_cpus, FORM_TEXT, cpu.cpus, "cpu.cpus"),
    ROW("cpuset-mems", cpuset_mems, FORM_TEXT, cpu.mems, "cpu.mems"),
    ROW("memory", memory, FORM_BYTES, memory.limit, "memory.limit"),
    ROW("memory-reservation", memory_reservation, FORM_BYTES, memory.reservation, "memory.reservation"),
    ROW("memory-swap", memory_swap, FORM_BYTES, memory.swap, "memory.swap"),
    ROW("pids-limit", pids_limit, FORM_INT, pids_limit, "pids.limit"),
};

static int take(const struct row *row, const char *text, void *to)
{
	struct opt_u64 *u = to;
	struct opt_i64 *i = to;

	switch (row->form) {
	case FORM_UINT:
		u->set = true;
		return parse_u64(text, 10, &u->v);
	case FORM_INT:
		i->set = true;
		return parse_i64(text, 10, &i->v);
	case FORM_BYTES:
		i->set = true;
		return rt_size_bytes(text, &i->v);
	case FORM_TEXT:
		*(const char **)to = text;
		return 0;
	}
	return -EINVAL;
}

static int from_options(const struct rt_update *u, struct spec_resources *ret, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *text = *(const char *const *)((const char *)u + rows[i].from);

		if (!text || !*text) /* as in runc, an option that is empty is not there */
			continue;
		if (take(&rows[i], text, (char *)ret + rows[i].to) < 0)
			return err_set(e, EINVAL,
				       rows[i].form == FORM_BYTES
					   ? "invalid value for %s: invalid size: '%.64s' (as in 64m, 1.5g or -1)"
					   : "invalid value for %s: parsing \"%.64s\": invalid syntax",
				       rows[i].option, text);
		ret->set = ret->memory.set = ret->cpu.set = ret->block_io.set = true;
	}
	return 0;
}

#define RESOURCES "linux.resources."

/* "memory.limit" of a message is what the caller knows as --memory. */
static void option_in(const struct row *row, char *text, size_t size)
{
	char *at = strstr(text, row->field), rest[sizeof(((struct err *)NULL)->text)];

	if (!at || (at > text && at[-1] == '/')) /* cpu.idle is a file of the cgroup, too */
		return;
	snprintf(rest, sizeof(rest), "%s", at + strlen(row->field));
	snprintf(at, size - (size_t)(at - text), "--%s%s", row->option, rest);
}

/* An error of the limits names the field of config.json; the caller has said an option, or the field in a file. */
static int name_source(const struct rt_update *u, struct err *e)
{
	const bool field = str_starts(e->path, RESOURCES);
	const char *file = u->resources;

	if (!e->code || !field)
		return -e->code;
	memmove(e->path, e->path + strlen(RESOURCES), strlen(e->path + strlen(RESOURCES)) + 1);
	if (file && *file) {
		err_file(e, str_eq(file, "-") ? "standard input" : file);
		return err_file(e, "--resources");
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (str_eq(e->path, rows[i].field))
			option_in(&rows[i], e->path, sizeof(e->path));
		option_in(&rows[i], e->text, sizeof(e->text));
	}
	return -e->code;
}

static int from_file(struct rt_call *c, const char *file, struct spec_resources *ret, struct err *e)
{
	const bool standard = str_eq(file, "-");
	AUTO_CLOSE int fd = standard ? dup(STDIN_FILENO) : open(file, O_RDONLY | O_CLOEXEC);
	const char *name = standard ? "standard input" : file;
	AUTO_FREE char *text = NULL;
	size_t len;
	int r;

	if (fd < 0)
		return err_errno(e, "open '%s'", name);
	r = fd_read_all(fd, SPEC_FILE_MAX, &text, &len);
	if (r < 0)
		return err_set(e, -r, "read '%s': %s", name, strerror(-r));
	return spec_resources_parse(text, len, name, &c->arena, ret, e);
}

static int by_file(struct rt_call *c, const char *file, struct spec_resources *ret, struct err *e)
{
	return from_file(c, file, ret, e) < 0 ? err_file(e, "--resources") : 0;
}

/* Options beside the file would go unheard. */
static int check_alone(const struct rt_update *u, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (*(const char *const *)((const char *)u + rows[i].from))
			return err_set(e, EINVAL, "--resources holds all that is updated: leave out --%s",
				       rows[i].option);
	return 0;
}

/* runc's words; a container that was made without linux.intelRdt has its processes in the class of everybody. */
static int check_rdt(const struct rt_update *u, const struct spec_state *s, struct err *e)
{
	static const char why[] = "the container was made without linux.intelRdt";

	if (u->l3_cache_schema && !s->rdt_path)
		return err_set(e, ENOTSUP, "Intel RDT/CAT: l3 cache schema is not enabled: %s", why);
	if (u->mem_bw_schema && !s->rdt_path)
		return err_set(e, ENOTSUP, "Intel RDT/MBA: memory bandwidth schema is not enabled: %s", why);
	return 0;
}

/* A policy's limit holds for as long as the container lives: what is asked for above it becomes it, as at create. */
static int bound_memory(struct rt_call *c, struct rt_container *k, struct spec_resources *r, struct err *e)
{
	const bool asks = r->memory.limit.set && r->memory.limit.v != 0;
	AUTO_FREE char *blob = NULL;
	struct jail_plan plan;
	int64_t most;
	size_t len;
	int n;

	if (!k->state.policy || (!asks && !spec_map_get(&r->unified, "memory.max")))
		return 0;
	n = rt_store_read_plan(&k->store, &blob, &len, e);
	if (n < 0)
		return n;
	if (jail_blob_read(blob, len, &c->arena, &plan) < 0)
		return err_set(e, EBADMSG,
			       "what policy %s says of memory cannot be read: the file 'plan' in the container's state "
			       "is damaged, or of another version of jailrun",
			       k->state.policy);
	return jail_bound(&plan, BOUND_MEMORY, &most) < 0 ? 0 : life_bound_memory(r, (uint64_t)most, &c->arena, e);
}

int cmd_update(struct rt_call *c, struct err *e)
{
	const struct rt_update *u = &c->o.update;
	AUTO_CONTAINER k = RT_CONTAINER_INIT;
	struct spec_resources resources = {0};
	struct cg_facts facts;
	struct cg_unit unit;
	int r;

	r = rt_container_alive(c, c->args[0], &k, e);
	if (r == 0)
		r = check_rdt(u, &k.state, e);
	if (r == 0 && u->resources && *u->resources)
		r = check_alone(u, e) < 0 ? -EINVAL : by_file(c, u->resources, &resources, e);
	else if (r == 0)
		r = from_options(u, &resources, e);
	if (r == 0)
		r = rt_container_cgroup(&k, "no limit can be set", e);
	if (r == 0)
		r = bound_memory(c, &k, &resources, e);
	unit = (struct cg_unit){k.state.cgroup_unit, k.state.cgroup_user};
	if (r == 0)
		r = cg_probe(&c->arena, &facts, e);
	if (r == 0 && unit.name)
		r = cg_probe_units(&facts, &c->arena, e);
	if (r == 0 && resources.set)
		r = cg_update(&resources, &facts, k.state.cgroup_path, k.state.cgroup_box, &unit, &c->arena, e);
	if (r < 0)
		name_source(u, e);
	if (r == 0 && (u->l3_cache_schema || u->mem_bw_schema))
		r = cg_rdt_update(k.state.rdt_path, u->l3_cache_schema, u->mem_bw_schema, e);
	return r;
}
