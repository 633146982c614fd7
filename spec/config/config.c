/* SPDX-License-Identifier: Apache-2.0 */
/* config.json but for its "linux" object: config.md of the specification. */
#include <errno.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>

#include "spec/field.h"

static bool is_number(const char **s)
{
	size_t n = strspn(*s, "0123456789");
	bool ok = n == 1 || (n > 1 && **s != '0');

	*s += n;
	return ok;
}

/* Identifiers with dots between them: the tail of a version. */
static bool is_tail(const char **s)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-";

	for (;;) {
		size_t n = strspn(*s, letters);

		*s += n;
		if (!n)
			return false;
		if (**s != '.')
			return true;
		(*s)++;
	}
}

/* SemVer 2.0.0, major version 1: within it the specification is compatible both ways. */
static bool is_version(const char *s)
{
	if (!str_starts(s, "1."))
		return false;
	s += 2;
	if (!is_number(&s) || *s++ != '.' || !is_number(&s))
		return false;
	if (*s == '-') {
		s++;
		if (!is_tail(&s))
			return false;
	}
	if (*s == '+') {
		s++;
		if (!is_tail(&s))
			return false;
	}
	return *s == '\0';
}

static const struct pattern version = {is_version, "a version 1.x.y of the OCI runtime specification"};

/* ---- process ---- */

#define P struct spec_process

static const struct field console_size_fields[] = {
    FIELD("height", get_opt_u64, P, console_height, .required = true, .max = UINT64_MAX),
    FIELD("width", get_opt_u64, P, console_width, .required = true, .max = UINT64_MAX),
};
static const struct table console_size_table = {TABLE_FIELDS(console_size_fields)};

static const struct field user_fields[] = {
    FIELD_INT("uid", get_u32, struct spec_user, uid, 0, ID_MAX),
    FIELD_INT("gid", get_u32, struct spec_user, gid, 0, ID_MAX),
    FIELD_INT("umask", get_opt_u64, struct spec_user, umask, 0, UINT32_MAX),
    FIELD_LIST("additionalGids", get_u32s, struct spec_user, additional_gids, n_additional_gids, .max = ID_MAX),
};

/* umask(2) looks at the permission bits alone. */
static int check_user(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	struct spec_user *u = obj;

	(void)rd;
	(void)v;
	(void)e;
	u->umask.v &= 0777;
	return 0;
}

/* The specification requires uid and gid; every runtime takes 0 for one that is left out. */
static const struct table user_table = {TABLE_FIELDS(user_fields), .check = check_user};

/* Names of capabilities are not checked: those that the kernel does not know are warnings (config.md, Linux Process). */
#define CAPS(k, set) FIELD(k, get_strv, struct spec_capabilities, list[set], .pattern = &filled)
static const struct field capabilities_fields[] = {
    CAPS("bounding", CAPS_BOUNDING),   CAPS("effective", CAPS_EFFECTIVE), CAPS("inheritable", CAPS_INHERITABLE),
    CAPS("permitted", CAPS_PERMITTED), CAPS("ambient", CAPS_AMBIENT),
};
static const struct table capabilities_table = {
    TABLE_FIELDS(capabilities_fields),
    SET_AT(struct spec_capabilities, set),
};

static const struct field rlimit_fields[] = {
    FIELD("type", get_word, struct spec_rlimit, type, .required = true, .words = rlimit_words),
    FIELD_REQ_INT("hard", get_u64, struct spec_rlimit, hard, 0, UINT64_MAX),
    FIELD_REQ_INT("soft", get_u64, struct spec_rlimit, soft, 0, UINT64_MAX),
};

static int check_rlimit(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	const struct spec_rlimit *l = obj;

	if (l->soft <= l->hard)
		return 0;
	bad(rd, v, e, EINVAL, "must not exceed the hard limit (setrlimit(2)); lower it, or raise hard");
	err_ctx(e, "soft");
	return -EINVAL;
}

static const struct table rlimit_table = {
    TABLE_FIELDS(rlimit_fields),
    .size = sizeof(struct spec_rlimit),
    .check = check_rlimit,
};

static const struct word sched_flag_words[] = {
    {"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},   {"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
    {"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},         {"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
    {"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},       {"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
    {"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX}, {NULL},
};

static const struct field scheduler_fields[] = {
    FIELD("policy", get_word, struct spec_scheduler, policy, .required = true, .words = sched_words),
    FIELD_INT("nice", get_int, struct spec_scheduler, nice, -20, 19),
    FIELD_INT("priority", get_int, struct spec_scheduler, priority, 0, 99),
    FIELD("flags", get_word_bits, struct spec_scheduler, flags, .words = sched_flag_words),
    FIELD_INT("runtime", get_u64, struct spec_scheduler, runtime, 0, UINT64_MAX),
    FIELD_INT("deadline", get_u64, struct spec_scheduler, deadline, 0, UINT64_MAX),
    FIELD_INT("period", get_u64, struct spec_scheduler, period, 0, UINT64_MAX),
};

/* What a policy does not know would be ignored. */
static int check_scheduler(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	const struct spec_scheduler *s = obj;
	const char *field = s->runtime ? "runtime" : s->deadline ? "deadline" : s->period ? "period" : NULL;

	if (field && s->policy != SCHED_DEADLINE) {
		bad(rd, v, e, EINVAL, "can only be given for SCHED_DEADLINE, not for %s", spec_sched_name(s->policy));
		return err_ctx(e, "%s", field);
	}
	if (s->priority && s->policy != SCHED_FIFO && s->policy != SCHED_RR) {
		bad(rd, v, e, EINVAL, "can only be given for SCHED_FIFO and SCHED_RR, not for %s",
		    spec_sched_name(s->policy));
		return err_ctx(e, "priority");
	}
	return 0;
}

static const struct table scheduler_table = {
    TABLE_FIELDS(scheduler_fields),
    SET_AT(struct spec_scheduler, set),
    .check = check_scheduler,
};

static const struct word ioprio_words[] = {
    {"IOPRIO_CLASS_RT", IOPRIO_CLASS_RT},
    {"IOPRIO_CLASS_BE", IOPRIO_CLASS_BE},
    {"IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE},
    {NULL},
};
static const struct field io_priority_fields[] = {
    FIELD("class", get_word, P, io_priority.class, .required = true, .words = ioprio_words),
    FIELD_INT("priority", get_int, P, io_priority.priority, 0, 7),
};
static const struct table io_priority_table = {TABLE_FIELDS(io_priority_fields), SET_AT(P, io_priority.set)};

static const struct field affinity_fields[] = {
    FIELD("initial", get_bits, P, exec_cpu_affinity.initial),
    FIELD("final", get_bits, P, exec_cpu_affinity.final),
};
static const struct table affinity_table = {TABLE_FIELDS(affinity_fields), SET_AT(P, exec_cpu_affinity.set)};

bool spec_is_variable(const char *s)
{
	return s[0] != '=' && strchr(s, '=');
}

static const struct pattern variable = {spec_is_variable, "of the form NAME=VALUE"};

static const struct field process_fields[] = {
    FIELD("terminal", get_bool, P, terminal),
    {.key = "consoleSize", .parse = get_object, .table = &console_size_table},
    FIELD("user", get_object, P, user, .table = &user_table),
    FIELD("args", get_strv, P, args, .required = true, .min = 1),
    FIELD("env", get_strv, P, env, .pattern = &variable),
    FIELD("cwd", get_string, P, cwd, .required = true, .pattern = &absolute_path),
    FIELD("capabilities", get_object, P, capabilities, .table = &capabilities_table),
    FIELD_LIST("rlimits", get_objects, P, rlimits, n_rlimits, .table = &rlimit_table),
    FIELD("noNewPrivileges", get_bool, P, no_new_privileges),
    FIELD("apparmorProfile", get_string, P, apparmor_profile),
    FIELD_INT("oomScoreAdj", get_opt_i64, P, oom_score_adj, -1000, 1000),
    FIELD("scheduler", get_object, P, scheduler, .table = &scheduler_table),
    FIELD("selinuxLabel", get_string, P, selinux_label),
    {.key = "ioPriority", .parse = get_object, .table = &io_priority_table},
    {.key = "execCPUAffinity", .parse = get_object, .table = &affinity_table},
};

struct variable {
	char *text;
	size_t name_len, at;
};

static int variable_compare(const void *a, const void *b)
{
	const struct variable *x = a, *y = b;
	int r = memcmp(x->text, y->text, x->name_len < y->name_len ? x->name_len : y->name_len);

	if (r == 0)
		r = (x->name_len > y->name_len) - (x->name_len < y->name_len);
	return r ? r : (x->at > y->at) - (x->at < y->at);
}

/* Of two variables of one name the last counts, as in runc and crun: the container's programs would see the first, or either. */
static int env_settle(struct strv *env)
{
	AUTO_FREE struct variable *list = env->n > 1 ? malloc(env->n * sizeof(*list)) : NULL;
	size_t n = 0;

	if (env->n < 2)
		return 0;
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < env->n; i++)
		list[i] = (struct variable){env->v[i], strcspn(env->v[i], "="), i};
	qsort(list, env->n, sizeof(*list), variable_compare);
	for (size_t i = 0; i + 1 < env->n; i++)
		if (list[i].name_len == list[i + 1].name_len &&
		    memcmp(list[i].text, list[i + 1].text, list[i].name_len) == 0)
			env->v[list[i].at] = NULL;
	for (size_t i = 0; i < env->n; i++)
		if (env->v[i])
			env->v[n++] = env->v[i];
	env->n = n;
	return 0;
}

static int check_process(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	P *p = obj;
	uint64_t seen = 0;

	if (p->terminal && (p->console_height.v > UINT16_MAX || p->console_width.v > UINT16_MAX)) {
		bad(rd, v, e, EINVAL, "must be an integer from 0 to %u, which is all that terminals have", UINT16_MAX);
		return err_ctx(e, "consoleSize.%s", p->console_height.v > UINT16_MAX ? "height" : "width");
	}
	for (size_t i = 0; i < p->n_rlimits; i++) {
		uint64_t bit = UINT64_C(1) << p->rlimits[i].type;

		if (seen & bit) {
			bad(rd, v, e, EINVAL, "there is an entry for %s already; leave one out",
			    rlimit_name(p->rlimits[i].type));
			err_ctx(e, "rlimits[%zu].type", i);
			return -EINVAL;
		}
		seen |= bit;
	}
	return env_settle(&p->env) < 0 ? err_set(e, ENOMEM, "out of memory") : 0;
}

static const struct table process_table = {TABLE_FIELDS(process_fields), SET_AT(P, set), .check = check_process};

/* ---- root, mounts ---- */

static const struct field root_fields[] = {
    FIELD("path", get_string, struct spec_config, root.path, .required = true),
    FIELD("readonly", get_bool, struct spec_config, root.readonly),
};
static const struct table root_table = {TABLE_FIELDS(root_fields), SET_AT(struct spec_config, root.set)};

#define M struct spec_mount
static const struct field mount_fields[] = {
    FIELD("destination", get_string, M, destination, .required = true),
    FIELD("type", get_string, M, type),
    FIELD("source", get_string, M, source),
    FIELD("options", get_strv, M, options),
    FIELD_LIST("uidMappings", get_objects, M, uid_mappings.v, uid_mappings.n, .table = &idmap_table),
    FIELD_LIST("gidMappings", get_objects, M, gid_mappings.v, gid_mappings.n, .table = &idmap_table),
};

static int check_mount(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	const M *m = obj;
	const char *missing = m->uid_mappings.n ? "gidMappings" : "uidMappings";

	if (!m->uid_mappings.n == !m->gid_mappings.n)
		return 0;
	bad(rd, v, e, EINVAL, "is required, because %s is there", m->uid_mappings.n ? "uidMappings" : "gidMappings");
	err_ctx(e, "%s", missing);
	return -EINVAL;
}

static const struct table mount_table = {TABLE_FIELDS(mount_fields), .size = sizeof(M), .check = check_mount};

/* ---- the whole ---- */

#define C struct spec_config
static const struct field config_fields[] = {
    FIELD("ociVersion", get_string, C, oci_version, .required = true, .pattern = &version),
    FIELD("process", get_object, C, process, .table = &process_table),
    {.key = "root", .parse = get_object, .required = true, .table = &root_table},
    FIELD("hostname", get_string, C, hostname, .max = 64), /* __NEW_UTS_LEN */
    FIELD("domainname", get_string, C, domainname, .max = 64),
    FIELD_LIST("mounts", get_objects, C, mounts, n_mounts, .table = &mount_table),
    FIELD("hooks", get_object, C, hooks, .table = &hooks_table),
    FIELD("annotations", get_map, C, annotations, .pattern = &filled),
    FIELD("linux", get_object, C, linux_, .table = &linux_table),
};
static const struct table config_table = {TABLE_FIELDS(config_fields)};

int spec_config_parse(const char *text, size_t len, const char *name, struct arena *a, struct spec_config *ret,
		      struct err *e)
{
	struct reader rd = {.arena = a};

	*ret = (struct spec_config){0};
	return read_document(&rd, &config_table, text, len, name, ret, e);
}

int spec_process_parse(const char *text, size_t len, const char *name, struct arena *a, struct spec_process *ret,
		       struct err *e)
{
	struct reader rd = {.arena = a};

	*ret = (struct spec_process){.set = true};
	return read_document(&rd, &process_table, text, len, name, ret, e);
}

int spec_config_load(int bundle_fd, struct arena *a, struct spec_config *ret, struct err *e)
{
	static const char name[] = "config.json";
	AUTO_FREE char *text = NULL;
	struct err own = {0};
	size_t len = 0;
	int r = file_read(bundle_fd, name, SPEC_FILE_MAX, &text, &len, &own);

	if (r == -ENOENT)
		return err_set(e, ENOENT, "JSON specification file config.json not found");
	if (r < 0)
		return err_set(e, own.code, "%s", own.text);
	return spec_config_parse(text, len, name, a, ret, e);
}
