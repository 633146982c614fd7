/* SPDX-License-Identifier: Apache-2.0 */
/* The "linux" object of config.json but for resources and seccomp: config-linux.md of the specification. */
#include <errno.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/personality.h>

#include "spec/field.h"

#define L struct spec_linux

/* ---- namespaces ---- */

struct ns_entry {
	int type;
	char *path;
};

static const struct field namespace_fields[] = {
    FIELD("type", get_word, struct ns_entry, type, .required = true, .words = ns_words),
    FIELD("path", get_string, struct ns_entry, path, .pattern = &absolute_path),
};
static const struct table namespace_table = {TABLE_FIELDS(namespace_fields), .size = sizeof(struct ns_entry)};

/* The array becomes one slot for each type. */
static PARSER(get_namespaces)
{
	struct spec_namespace *slot = field_at(obj, f->at);
	size_t i = 0;

	if (v->type != JSON_ARRAY)
		return bad(rd, v, e, EINVAL, "must be an array of objects, not %s", json_type_name(v->type));
	for (const struct json *j = v->first; j; j = j->next, i++) {
		struct ns_entry entry = {0};
		int r = read_object(rd, &namespace_table, j, &entry, e);

		if (r == 0 && slot[entry.type].set) {
			r = bad(rd, j, e, EINVAL, "there is a namespace of type %s already; leave one out",
				ns_words[entry.type].name);
			err_ctx(e, "type");
		}
		if (r < 0) {
			err_ctx(e, "[%zu]", i);
			return r;
		}
		slot[entry.type] = (struct spec_namespace){true, entry.path};
	}
	return 0;
}

/* ---- devices, network devices, clocks ---- */

static const struct word device_type_words[] = {{"c", 'c'}, {"b", 'b'}, {"u", 'c'}, {"p", 'p'}, {NULL}};

#define D struct spec_device
static const struct field device_fields[] = {
    FIELD("path", get_string, D, path, .required = true, .pattern = &absolute_path),
    FIELD("type", get_word_char, D, type, .required = true, .words = device_type_words),
    FIELD_INT("major", get_i64, D, major, 0, 0xfff), /* 12 and 20 bits: what mknod(2) would cut off silently */
    FIELD_INT("minor", get_i64, D, minor, 0, 0xfffff),
    FIELD_INT("fileMode", get_opt_u64, D, file_mode, 0, 0177777), /* Podman sends a whole st_mode */
    FIELD_INT("uid", get_opt_u64, D, uid, 0, ID_MAX),
    FIELD_INT("gid", get_opt_u64, D, gid, 0, ID_MAX),
};

static int check_device(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	static const char *const numbers[] = {"major", "minor"};
	const D *d = obj;

	for (size_t i = 0; d->type != 'p' && i < ARRAY_LEN(numbers); i++) {
		const struct json *n = json_get(v, numbers[i]);

		if (n && n->type != JSON_NULL)
			continue;
		bad(rd, v, e, EINVAL, "is required unless type is p");
		err_ctx(e, "%s", numbers[i]);
		return -EINVAL;
	}
	return 0;
}

static const struct table device_table = {TABLE_FIELDS(device_fields), .size = sizeof(D), .check = check_device};

static const struct field net_device_fields[] = {
    FIELD("name", get_string, struct spec_net_device, name, .max = 15), /* IFNAMSIZ - 1 */
};
static const struct table net_device_table = {TABLE_FIELDS(net_device_fields), .size = sizeof(struct spec_net_device)};

#define T struct spec_time_offset
static const struct field time_offset_fields[] = {
    FIELD_INT("secs", get_i64, T, secs, INT64_MIN, INT64_MAX),
    FIELD_INT("nanosecs", get_u32, T, nanosecs, 0, 999999999),
};
static const struct table time_offset_table = {TABLE_FIELDS(time_offset_fields), SET_AT(T, set)};

static const struct field clock_fields[] = {
    FIELD("boottime", get_object, L, boottime, .table = &time_offset_table),
    FIELD("monotonic", get_object, L, monotonic, .table = &time_offset_table),
};
static const struct table clock_table = {
    TABLE_FIELDS(clock_fields),
    .closed = "time namespaces know the clocks boottime and monotonic",
};

/* ---- Intel RDT, memory policy, personality ---- */

static bool is_bandwidth_schema(const char *s)
{
	return str_starts(s, "MB:") && !strchr(s, '\n');
}

static bool is_clos_id(const char *s)
{
	return str_eq(s, "/") || (!strchr(s, '/') && !str_eq(s, ".") && !str_eq(s, ".."));
}

static const struct pattern bandwidth_schema = {is_bandwidth_schema, "a single line that begins with MB:"};
static const struct pattern clos_id = {is_clos_id, "the name of a directory or \"/\""};

static const struct field rdt_fields[] = {
    FIELD("closID", get_string, L, intel_rdt.clos_id, .pattern = &clos_id),
    FIELD("schemata", get_strv, L, intel_rdt.schemata, .pattern = &one_line),
    FIELD("l3CacheSchema", get_string, L, intel_rdt.l3_cache_schema, .pattern = &one_line),
    FIELD("memBwSchema", get_string, L, intel_rdt.mem_bw_schema, .pattern = &bandwidth_schema),
    FIELD("enableMonitoring", get_bool, L, intel_rdt.enable_monitoring),
};
static const struct table rdt_table = {TABLE_FIELDS(rdt_fields), SET_AT(L, intel_rdt.set)};

static const struct field memory_policy_fields[] = {
    FIELD("mode", get_word, L, memory_policy.mode, .required = true, .words = mempolicy_words,
	  .called = "invalid memory policy mode"),
    FIELD("nodes", get_bits, L, memory_policy.nodes, .called = "invalid memory policy node"),
    FIELD("flags", get_word_bits, L, memory_policy.flags, .words = mempolicy_flag_words,
	  .called = "invalid memory policy flag"),
};

/* What set_mempolicy(2) would refuse without a word. */
static int check_memory_policy(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	const L *l = obj;
	const int mode = l->memory_policy.mode;
	const uint64_t both = MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES;
	const char *name = spec_mempolicy_name(mode);
	bool none = mode == MPOL_DEFAULT || mode == MPOL_LOCAL;

	if (none && l->memory_policy.nodes.v) {
		bad(rd, v, e, EINVAL, "must not be given: %s mode requires 0 nodes but got %zu", name,
		    bits_count(&l->memory_policy.nodes));
		return err_ctx(e, "nodes");
	}
	if (!none && mode != MPOL_PREFERRED && !l->memory_policy.nodes.v) {
		bad(rd, v, e, EINVAL, "%s needs one node at least", name);
		return err_ctx(e, "nodes");
	}
	if ((l->memory_policy.flags & both) == both) {
		bad(rd, v, e, EINVAL, "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
		return err_ctx(e, "flags");
	}
	if ((l->memory_policy.flags & both) && !l->memory_policy.nodes.v) {
		bad(rd, v, e, EINVAL,
		    "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES are about nodes, and there are none");
		return err_ctx(e, "flags");
	}
	return 0;
}

static const struct table memory_policy_table = {
    TABLE_FIELDS(memory_policy_fields),
    SET_AT(L, memory_policy.set),
    .check = check_memory_policy,
};

static const struct word domain_words[] = {{"LINUX", PER_LINUX}, {"LINUX32", PER_LINUX32}, {NULL}};
static const struct field personality_fields[] = {
    FIELD("domain", get_word, L, personality.domain, .required = true, .words = domain_words),
    FIELD("flags", get_strv, L, personality.flags),
};

static int check_personality(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	const L *l = obj;

	if (!l->personality.flags.n)
		return 0;
	bad(rd, v, e, EINVAL, "the specification has no flags for a personality yet: it must be empty, or not there");
	return err_ctx(e, "flags");
}

static const struct table personality_table = {
    TABLE_FIELDS(personality_fields),
    SET_AT(L, personality.set),
    .check = check_personality,
};

/* ---- the whole ---- */

/* The specification names four; engines also write the recursive ones of mount(8). */
static const struct word propagation_words[] = {
    {"private"}, {"shared"}, {"slave"}, {"unbindable"}, {"rprivate"}, {"rshared"}, {"rslave"}, {"runbindable"}, {NULL},
};

static const struct field linux_fields[] = {
    FIELD_LIST("uidMappings", get_objects, L, uid_mappings.v, uid_mappings.n, .table = &idmap_table),
    FIELD_LIST("gidMappings", get_objects, L, gid_mappings.v, gid_mappings.n, .table = &idmap_table),
    FIELD("sysctl", get_map, L, sysctl, .pattern = &filled),
    FIELD("resources", get_object, L, resources, .table = &resources_table),
    FIELD("cgroupsPath", get_string, L, cgroups_path),
    FIELD("namespaces", get_namespaces, L, namespaces),
    FIELD_LIST("devices", get_objects, L, devices, n_devices, .table = &device_table),
    FIELD_LIST("netDevices", get_object_map, L, net_devices, n_net_devices, .table = &net_device_table),
    FIELD("seccomp", get_object, L, seccomp, .table = &seccomp_table),
    FIELD("rootfsPropagation", get_string, L, rootfs_propagation, .words = propagation_words),
    FIELD("maskedPaths", get_strv, L, masked_paths, .pattern = &filled),
    FIELD("readonlyPaths", get_strv, L, readonly_paths, .pattern = &filled),
    FIELD("mountLabel", get_string, L, mount_label),
    {.key = "intelRdt", .parse = get_object, .table = &rdt_table},
    {.key = "memoryPolicy", .parse = get_object, .table = &memory_policy_table},
    {.key = "personality", .parse = get_object, .table = &personality_table},
    {.key = "timeOffsets", .parse = get_object, .table = &clock_table},
};
const struct table linux_table = {TABLE_FIELDS(linux_fields), SET_AT(L, set)};
