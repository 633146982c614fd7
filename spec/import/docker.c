/* SPDX-License-Identifier: Apache-2.0 */
/* The seccomp profiles of Docker and Podman: linux.seccomp of the specification with keys by which one file serves all hosts, which the
 * engine resolves before it calls the runtime. */
#include "import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/field.h"

struct when {
	struct strv caps, arches;
	char *min_kernel;
};
struct profile_rule {
	struct strv names;
	char *name, *action, *comment, *errno_name;
	struct opt_u64 errno_ret;
	struct spec_seccomp_arg *args;
	size_t n_args;
	struct when includes, excludes;
};
struct arch_map {
	char *arch;
	struct strv sub;
};
struct profile {
	char *default_action, *default_errno_name, *listener_path, *listener_metadata;
	struct opt_u64 default_errno_ret;
	struct strv architectures, flags;
	struct arch_map *maps;
	size_t n_maps;
	struct profile_rule *rules;
	size_t n_rules;
};

static const struct field when_fields[] = {
    FIELD("caps", get_strv, struct when, caps),
    FIELD("arches", get_strv, struct when, arches),
    FIELD("minKernel", get_string, struct when, min_kernel),
};
static const struct table when_table = {TABLE_FIELDS(when_fields)};

#define R struct profile_rule
static const struct field rule_fields[] = {
    FIELD("names", get_strv, R, names, .pattern = &filled),
    FIELD("name", get_string, R, name),
    FIELD("action", get_string, R, action, .required = true, .words = seccomp_action_words),
    FIELD("comment", get_string, R, comment),
    FIELD_INT("errnoRet", get_opt_u64, R, errno_ret, 0, UINT16_MAX),
    FIELD("errno", get_string, R, errno_name),
    FIELD_LIST("args", get_objects, R, args, n_args, .table = &seccomp_arg_table),
    FIELD("includes", get_object, R, includes, .table = &when_table),
    FIELD("excludes", get_object, R, excludes, .table = &when_table),
};
static const struct table rule_table = {TABLE_FIELDS(rule_fields), .size = sizeof(R)};

static const struct field map_fields[] = {
    FIELD("architecture", get_string, struct arch_map, arch, .required = true),
    FIELD("subArchitectures", get_strv, struct arch_map, sub),
};
static const struct table map_table = {TABLE_FIELDS(map_fields), .size = sizeof(struct arch_map)};

#define F struct profile
static const struct field profile_fields[] = {
    FIELD("defaultAction", get_string, F, default_action, .required = true, .words = seccomp_action_words),
    FIELD_INT("defaultErrnoRet", get_opt_u64, F, default_errno_ret, 0, UINT16_MAX),
    FIELD("defaultErrno", get_string, F, default_errno_name),
    FIELD("architectures", get_strv, F, architectures),
    FIELD_LIST("archMap", get_objects, F, maps, n_maps, .table = &map_table),
    FIELD("flags", get_strv, F, flags),
    FIELD("listenerPath", get_string, F, listener_path),
    FIELD("listenerMetadata", get_string, F, listener_metadata),
    FIELD_LIST("syscalls", get_objects, F, rules, n_rules, .table = &rule_table),
};
static const struct table profile_table = {TABLE_FIELDS(profile_fields)};

/* Go's names, which the profiles use. Where they differ from the specification's, in small letters. */
static const char *engine_arch(const char *arch, char ret[32])
{
	static const char *const names[][2] = {{"x86_64", "amd64"}, {"aarch64", "arm64"}, {"loongarch64", "loong64"}};
	const char *own = str_starts(arch, "SCMP_ARCH_") ? arch + strlen("SCMP_ARCH_") : arch;
	size_t n = 0;

	for (; n < 31 && own[n]; n++)
		ret[n] = own[n] >= 'A' && own[n] <= 'Z' ? (char)(own[n] - 'A' + 'a') : own[n];
	ret[n] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(ret, names[i][0]))
			snprintf(ret, 32, "%s", names[i][1]);
	return ret;
}

/* 1: this kernel is at least that; 0; -EINVAL. */
static int kernel_is(const struct draft *d, const char *min)
{
	unsigned long major, minor;
	char *end;

	if (*min < '0' || *min > '9')
		return -EINVAL;
	major = strtoul(min, &end, 10);
	if (*end != '.' || end[1] < '0' || end[1] > '9')
		return -EINVAL;
	minor = strtoul(end + 1, &end, 10);
	if (*end)
		return -EINVAL;
	return d->how->kernel[0] > major || (d->how->kernel[0] == major && d->how->kernel[1] >= minor);
}

static int bad_kernel(struct draft *d, const char *key, const char *version)
{
	err_set(d->e, EINVAL, "'%s' is no version such as 4.8", version);
	return err_ctx(d->e, "%s.minKernel", key);
}

/* Whether the rule is for this host and container: 1, 0, -EINVAL. */
static int is_for(struct draft *d, const struct profile_rule *r)
{
	const struct when *in = &r->includes, *out = &r->excludes;
	char own[32];
	const char *arch = engine_arch(d->how->arch, own);
	int with = in->min_kernel ? kernel_is(d, in->min_kernel) : 1,
	    without = out->min_kernel ? kernel_is(d, out->min_kernel) : 0;

	if (with < 0)
		return bad_kernel(d, "includes", in->min_kernel);
	if (without < 0)
		return bad_kernel(d, "excludes", out->min_kernel);
	if (!with || without || strv_has(&out->arches, arch) || (in->arches.n && !strv_has(&in->arches, arch)))
		return 0;
	for (size_t i = 0; i < out->caps.n; i++)
		if (strv_has(&d->how->caps, out->caps.v[i]))
			return 0;
	for (size_t i = 0; i < in->caps.n; i++)
		if (!strv_has(&d->how->caps, in->caps.v[i]))
			return 0;
	return 1;
}

/* Podman's word for an errno goes before the number. */
static int take_errno(struct draft *d, const char *name, struct opt_u64 *n, const char *key)
{
	int named = name ? errno_named(name) : 0;

	if (named < 0) {
		err_set(d->e, EINVAL, "'%s' is no errno that jailrun knows by name; write its number", name);
		return err_ctx(d->e, "%s", key);
	}
	if (name)
		*n = (struct opt_u64){true, (uint64_t)named};
	return 0;
}

static int take_rule(struct draft *d, struct profile_rule *r, struct spec_seccomp_rule *ret)
{
	if (r->name && r->names.n)
		return err_set(d->e, EINVAL, "has both name and names: engines take one of them");
	if (r->name)
		list_add(d, &r->names, r->name);
	if (!r->names.n)
		return err_set(d->e, EINVAL, "names no call: give it names");
	*ret = (struct spec_seccomp_rule){
	    .names = r->names, .action = r->action, .errno_ret = r->errno_ret, .args = r->args, .n_args = r->n_args};
	return take_errno(d, r->errno_name, &ret->errno_ret, "errno");
}

static int take_rules(struct draft *d, struct profile *p)
{
	struct spec_seccomp_rule *rules = arena_alloc(d->arena, (p->n_rules + 1) * sizeof(*rules));
	size_t n = 0;

	if (!rules)
		return err_set(d->e, ENOMEM, "no memory left");
	for (size_t i = 0; i < p->n_rules; i++) {
		int r = is_for(d, &p->rules[i]);

		if (r > 0)
			r = take_rule(d, &p->rules[i], &rules[n++]);
		if (r < 0)
			return err_ctx(d->e, "syscalls[%zu]", i);
	}
	order_rules(d, rules, n);
	return 0;
}

static int take_architectures(struct draft *d, const struct profile *p)
{
	struct strv *list = &d->calls.architectures;

	if (p->architectures.n && p->n_maps)
		return err_set(d->e, EINVAL, "has both architectures and archMap: engines take one of them");
	for (size_t i = 0; i < p->architectures.n; i++)
		list_add(d, list, p->architectures.v[i]);
	for (size_t i = 0; i < p->n_maps && !list->n; i++) {
		if (!str_eq(p->maps[i].arch, d->how->arch))
			continue;
		list_add(d, list, p->maps[i].arch);
		for (size_t k = 0; k < p->maps[i].sub.n; k++)
			list_add(d, list, p->maps[i].sub.v[k]);
	}
	/* The one that the host has is always there; without a list, in an engine, it is alone. */
	if (!list->n)
		list_add(d, list, d->how->arch);
	return 0;
}

int import_docker(struct draft *d)
{
	struct reader rd = {.arena = d->arena};
	struct profile p = {0};
	int r = read_document(&rd, &profile_table, d->text, d->len, d->how->file, &p, d->e);

	if (r < 0)
		return r;
	d->calls = (struct spec_seccomp){.set = true,
					 .default_action = p.default_action,
					 .default_errno_ret = p.default_errno_ret,
					 .flags = p.flags};
	if (p.listener_path || p.listener_metadata)
		left_out(d, "listenerPath: a policy asks no agent");
	r = take_errno(d, p.default_errno_name, &d->calls.default_errno_ret, "defaultErrno");
	if (r >= 0)
		r = take_architectures(d, &p);
	if (r >= 0)
		r = take_rules(d, &p);
	return r < 0 ? err_file(d->e, d->how->file) : 0;
}
