/* SPDX-License-Identifier: Apache-2.0 */
/* What the documents say, as plain structs. A document is read whole, checked, and never looked at again:
 *   config.json      spec_config_load, spec_config_parse, spec_resources_parse, spec_process_parse (config/), of the OCI runtime
 *                    specification 1.3.0; spec_config_template writes one; names of what is in it: spec_ns_name and others (names.c)
 *   a policy         spec_policy_parse, spec_policy_read, spec_policy_check, spec_policy_keys, spec_list_parse (policy/)
 *   the administrator's configuration    spec_admin_parse (admin.c)
 *   a container's state    spec_state_write, spec_state_parse, spec_state_print (state.c)
 *   engines' configuration    spec_engine_parse, spec_engine_change (engine/)
 *   the features document    spec_features_print (features.c)
 * Each stands on field.c, which reads an object by a table of its keys, and on json.c or toml.c. Everything that a reader returns
 * lives in the arena that it was given; its errors name the document and the key. */
#ifndef SPEC_SPEC_H
#define SPEC_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

#define SPEC_VERSION     "1.3.0"     /* of the specification that this implements */
#define SPEC_VERSION_MIN "1.0.0"     /* the oldest ociVersion that is accepted */
#define SPEC_FILE_MAX    (16u << 20) /* bytes of a config.json, policy or state that are read at the most */

/* ---- config.json (OCI runtime specification) ---- */

/* Optional scalars: whether the document has them, and the value. */
struct opt_bool {
	bool set, v;
};
struct opt_i64 {
	bool set;
	int64_t v;
};
struct opt_u64 {
	bool set;
	uint64_t v;
};

struct spec_idmap {
	uint32_t container_id, host_id, size;
};
struct spec_idmaps {
	struct spec_idmap *v;
	size_t n;
};

/* A map of strings, in the order of the document. */
struct spec_pair {
	char *key, *value;
};
struct spec_map {
	struct spec_pair *v;
	size_t n;
};

struct spec_rlimit {
	int type; /* RLIMIT_* */
	uint64_t soft, hard;
};

struct spec_user {
	uint32_t uid, gid;
	struct opt_u64 umask;
	uint32_t *additional_gids;
	size_t n_additional_gids;
};

enum spec_cap_set { CAPS_BOUNDING, CAPS_EFFECTIVE, CAPS_INHERITABLE, CAPS_PERMITTED, CAPS_AMBIENT, CAPS_COUNT };
struct spec_capabilities {
	bool set;
	struct strv list[CAPS_COUNT];
};

struct spec_scheduler {
	bool set;
	int policy; /* SCHED_* */
	int32_t nice, priority;
	uint64_t flags; /* SCHED_FLAG_* */
	uint64_t runtime, deadline, period;
};

struct spec_process {
	bool set;
	bool terminal;
	struct opt_u64 console_height, console_width;
	struct spec_user user;
	struct strv args, env;
	char *cwd;
	struct spec_capabilities capabilities;
	struct spec_rlimit *rlimits;
	size_t n_rlimits;
	bool no_new_privileges;
	char *apparmor_profile, *selinux_label;
	struct opt_i64 oom_score_adj;
	struct spec_scheduler scheduler;
	struct {
		bool set;
		int class, priority;
	} io_priority; /* IOPRIO_CLASS_* (1..3), 0..7 */
	struct {
		bool set;
		struct bits initial, final; /* of CPUs; v NULL: not given */
	} exec_cpu_affinity;
};

struct spec_mount {
	char *destination, *type, *source;
	struct strv options;
	struct spec_idmaps uid_mappings, gid_mappings;
};

struct spec_hook {
	char *path;
	struct strv args, env;
	struct opt_i64 timeout; /* seconds */
};
struct spec_hook_list {
	struct spec_hook *v;
	size_t n;
};
enum spec_hook_kind {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
	HOOK_COUNT
};

enum spec_ns { NS_MOUNT, NS_PID, NS_NETWORK, NS_UTS, NS_IPC, NS_USER, NS_CGROUP, NS_TIME, NS_COUNT };
struct spec_namespace {
	bool set;
	char *path; /* NULL: a new one */
};

struct spec_device {
	char *path;
	char type; /* 'c', 'b' or 'p'; 'u' becomes 'c' */
	int64_t major, minor;
	struct opt_u64 file_mode, uid, gid;
};

struct spec_device_rule {
	bool allow;
	char type;                   /* 'a', 'c', 'b' */
	struct opt_i64 major, minor; /* not set, or -1: any */
	char *access;                /* of "rwm"; NULL: all */
};

struct spec_blkio_rate {
	int64_t major, minor;
	uint64_t rate;
};
struct spec_blkio_rates {
	struct spec_blkio_rate *v;
	size_t n;
};
struct spec_blkio_weight {
	int64_t major, minor;
	struct opt_u64 weight, leaf_weight;
};

struct spec_resources {
	bool set;
	struct spec_device_rule *devices;
	size_t n_devices;
	struct {
		bool set;
		struct opt_i64 limit, reservation, swap, kernel, kernel_tcp;
		struct opt_u64 swappiness;
		struct opt_bool disable_oom_killer, use_hierarchy, check_before_update;
	} memory;
	struct {
		bool set;
		struct opt_u64 shares, burst, period, realtime_period;
		struct opt_i64 quota, realtime_runtime, idle;
		char *cpus, *mems;
	} cpu;
	struct opt_i64 pids_limit;
	struct {
		bool set;
		struct opt_u64 weight, leaf_weight;
		struct spec_blkio_weight *weight_device;
		size_t n_weight_device;
		struct spec_blkio_rates read_bps, write_bps, read_iops, write_iops;
	} block_io;
	struct spec_hugepage {
		char *page_size;
		uint64_t limit;
	} * hugepages;
	size_t n_hugepages;
	struct {
		bool set;
		struct opt_u64 class_id;
		struct spec_net_prio {
			char *name;
			uint32_t priority;
		} * priorities;
		size_t n_priorities;
	} network;
	struct spec_rdma {
		char *device;
		struct opt_u64 hca_handles, hca_objects;
	} * rdma;
	size_t n_rdma;
	struct spec_map unified;
};

/* One rule in the shape of linux.seccomp.syscalls[], which policies share. Names of actions, operators, architectures
 * and flags stay strings here (checked against the specification's lists): only jail/ knows libseccomp. */
struct spec_seccomp_arg {
	uint32_t index;
	uint64_t value, value_two;
	char *op;
};
/* What becomes of a call that a rule of a policy refuses. A part that does not say it has that of what is around it. */
enum policy_mode {
	POLICY_MODE_UNSAID,
	POLICY_ENFORCE,
	POLICY_WATCH, /* it is reported, and goes on */
	POLICY_LEARN, /* likewise, and so is the first use of what is allowed */
};
enum policy_violation {
	POLICY_VIOLATION_UNSAID,
	POLICY_ERRNO, /* it fails */
	POLICY_KILL,  /* its process is killed */
	POLICY_LOG,   /* it is reported, and goes on */
	POLICY_TRAP,  /* rules on calls alone: the caller gets SIGSYS */
};
struct spec_response {
	int mode, violation; /* enum policy_mode, enum policy_violation */
	int err;             /* POLICY_ERRNO: the errno, 0: the rule's own */
};

struct spec_seccomp_set {
	uint32_t index;
	uint64_t value;
};
struct spec_seccomp_rule {
	struct strv names;
	char *action;
	struct opt_u64 errno_ret;
	struct spec_seccomp_arg *args;
	size_t n_args;
	/* Of a policy's rules alone. */
	struct spec_response response;
	struct spec_seccomp_set *set; /* arguments that are replaced */
	size_t n_set;
	struct opt_i64 result; /* "return": what the call gives without being made */
};
struct spec_seccomp {
	bool set;
	char *default_action;
	struct opt_u64 default_errno_ret;
	struct strv architectures, flags;
	char *listener_path, *listener_metadata;
	struct spec_seccomp_rule *rules;
	size_t n_rules;
};

struct spec_net_device {
	char *host_name, *name; /* name NULL: the host's */
};

struct spec_linux {
	bool set;
	struct spec_idmaps uid_mappings, gid_mappings;
	struct spec_map sysctl;
	struct spec_resources resources;
	char *cgroups_path;
	struct spec_namespace namespaces[NS_COUNT];
	struct spec_device *devices;
	size_t n_devices;
	struct spec_net_device *net_devices;
	size_t n_net_devices;
	struct spec_seccomp seccomp;
	char *rootfs_propagation; /* private, shared, slave, unbindable, each also with r before it; or NULL */
	struct strv masked_paths, readonly_paths;
	char *mount_label;
	struct {
		bool set;
		char *clos_id, *l3_cache_schema, *mem_bw_schema;
		struct strv schemata;
		bool enable_monitoring;
	} intel_rdt;
	struct {
		bool set;
		int mode;       /* MPOL_* */
		uint64_t flags; /* MPOL_F_* */
		struct bits nodes;
	} memory_policy;
	struct {
		bool set;
		int domain;        /* PER_* */
		struct strv flags; /* always empty: the specification has none yet */
	} personality;
	struct spec_time_offset {
		bool set;
		int64_t secs;
		uint32_t nanosecs;
	} boottime, monotonic;
};

/* config.json, whole. */
struct spec_config {
	char *oci_version;
	struct spec_process process;
	struct {
		bool set;
		char *path;
		bool readonly;
	} root;
	char *hostname, *domainname;
	struct spec_mount *mounts;
	size_t n_mounts;
	struct spec_hook_list hooks[HOOK_COUNT];
	struct spec_map annotations;
	struct spec_linux linux_; /* "linux" is a macro of gnu C */
};

/* Reads and validates config.json (text of len bytes; name for messages). Types, ranges, required properties,
 * enumerations and patterns are those of the specification; errors name the path of the property, as in
 * "config.json: linux.resources.memory.limit: must be an integer, not a string". Unknown properties are ignored
 * (config.md, Extensibility); null and, for strings that are optional, "" count as absent, and of a key that is there
 * twice the last one is taken, as engines in Go expect. Returns 0 or -EINVAL (-EFBIG, -ENOMEM). */
int spec_config_parse(const char *text, size_t len, const char *name, struct arena *a, struct spec_config *ret,
		      struct err *e);

/* As spec_config_parse, of the file BUNDLE/config.json. The error for a missing one is runc's:
 * "JSON specification file config.json not found". */
int spec_config_load(int bundle_fd, struct arena *a, struct spec_config *ret, struct err *e);

/* Reads a document that is linux.resources alone, as `update` takes it: the same properties and rules, but for limits whose
 * other half may stand as it is (memory.swap without memory.limit). name leads the errors. Returns as spec_config_parse. */
int spec_resources_parse(const char *text, size_t len, const char *name, struct arena *a, struct spec_resources *ret,
			 struct err *e);

/* Reads a process object alone (config.md, Process), as `exec --process` is given one. Returns as spec_config_parse. */
int spec_process_parse(const char *text, size_t len, const char *name, struct arena *a, struct spec_process *ret,
		       struct err *e);

/* Adds the config.json that `jailrun spec` writes to out; rootless: for a user without root, with uid/gid mapped to root. */
void spec_config_template(struct buf *out, bool rootless, uint32_t uid, uint32_t gid);

/* "mount" for NS_MOUNT, and CLONE_NEWNS for it. */
const char *spec_ns_name(enum spec_ns ns);
uint64_t spec_ns_flag(enum spec_ns ns);

/* "prestart" for HOOK_PRESTART. */
const char *spec_hook_name(enum spec_hook_kind kind);

/* "SCHED_OTHER" for SCHED_OTHER, "MPOL_BIND" for MPOL_BIND; NULL for a number that has no name. */
const char *spec_sched_name(int policy);
const char *spec_mempolicy_name(int mode);

/* The value of an annotation, or NULL. */
const char *spec_map_get(const struct spec_map *m, const char *key);

#include "spec/policy/policy.h"

/* ---- the administrator's configuration (docs/configuration.md) ---- */

enum spec_audit { SPEC_AUDIT_UNSAID, SPEC_AUDIT_FILE, SPEC_AUDIT_JOURNALD, SPEC_AUDIT_SYSLOG, SPEC_AUDIT_NONE };

struct spec_admin {
	const char *file;            /* where it was read from, for messages: set by who read it */
	char *default_policy;        /* name or "none"; NULL: not said */
	char *floor;                 /* name, or NULL */
	char *policy_dir;            /* absolute; NULL: not said */
	struct opt_bool annotations; /* whether they are heard */
	struct {
		int to;                  /* enum spec_audit */
		char *path;              /* absolute: the file, or the socket; NULL: not said */
		struct strv annotations; /* patterns of those that go into each line; v is NULL: not said */
	} audit;
};

/* Reads it, as strictly as a policy. Returns 0 or -EINVAL, -ENOMEM. */
int spec_admin_parse(const char *text, size_t len, const char *name, struct arena *a, struct spec_admin *ret,
		     struct err *e);

/* ---- the container's state on disk, and as `state`, `list` and hooks show it ---- */

enum spec_status { STATUS_CREATING, STATUS_CREATED, STATUS_RUNNING, STATUS_PAUSED, STATUS_STOPPED };
/* "creating" for STATUS_CREATING: the words of runtime.md, State. */
const char *spec_status_name(enum spec_status s);

/* What state.json in the container's state directory holds. */
struct spec_state {
	char *id;
	pid_t pid;             /* of the container's init, 0 while there is none */
	uint64_t pid_start;    /* its start time (proc_start_time) */
	bool created;          /* create has finished; false: it was interrupted or still runs */
	char *bundle, *rootfs; /* absolute */
	char *created_at;      /* RFC 3339 with nanoseconds, UTC */
	char *owner;           /* user name, or the uid */
	uint32_t owner_uid;
	char *cgroup_manager; /* "cgroupfs", "systemd", "disabled" */
	char *cgroup_path;    /* absolute path of the directory, or NULL */
	char *cgroup_above; /* the directory above it that was there before, when others in between were not; or NULL */
	char *cgroup_unit;  /* of systemd, "NAME.scope", or NULL */
	bool cgroup_user;   /* the unit is one of the user's manager */
	char *rdt_path;     /* directory of its resctrl class of service, or NULL */
	bool rdt_remove;    /* that one goes with the container */
	char *rdt_monitor;  /* directory of its resctrl monitoring group, or NULL */
	char *policy;       /* name, or NULL */
	bool mounts_shared; /* it has no mount namespace of its own: a chroot confines it */
	bool pid_shared;    /* it has no pid namespace of its own: its first process may end before the others */
	char *cgroup_box;   /* of the workload's own cgroup in it, where the helper has another; or NULL */
	/* Where the listeners of its filter go (linux.seccomp); NULL: it makes none. */
	char *seccomp_listener_path, *seccomp_listener_metadata;
	bool notify; /* the container has a socket for sd_notify(3) */
	struct spec_map annotations;
	struct spec_hook_list hooks[HOOK_COUNT]; /* those that run after create: start*, post* */
};

/* Adds state.json to out. */
void spec_state_write(const struct spec_state *s, struct buf *out);
/* Reads state.json; keys that are not known are ignored. Returns 0 or -EINVAL, -EFBIG, -ENOMEM. */
int spec_state_parse(const char *text, size_t len, struct arena *a, struct spec_state *ret, struct err *e);

/* The document of `jailrun state` and of hooks (runtime.md, State), plus runc's rootfs, created and owner when
 * full. pid is s->pid, but 0 when stopped. */
void spec_state_print(const struct spec_state *s, enum spec_status status, bool full, struct jsonw *w);

/* The container process state (config-linux.md, Seccomp) that goes to an agent along with one fd, the listener. pid: of
 * the process under the filter, which need not be the container's init. */
void spec_process_state_print(const struct spec_state *s, enum spec_status status, pid_t pid, struct jsonw *w);

/* ---- the configuration of the engines that start runtimes ---- */

enum spec_engine { ENGINE_DOCKER, ENGINE_CONTAINERD, ENGINE_PODMAN, ENGINE_CRIO, ENGINE_COUNT };
/* "docker" for ENGINE_DOCKER. */
const char *spec_engine_name(enum spec_engine engine);

/* A runtime as an engine's configuration registers it. */
struct spec_engine_runtime {
	char *name;
	char *path;       /* NULL: not said, the engine knows it */
	struct strv args; /* before the engine's own; Docker alone has them */
	bool systemd_cgroup;
	size_t line;
};
struct spec_engine_config {
	struct spec_engine_runtime *runtimes;
	size_t n_runtimes;
	char *default_runtime; /* NULL: not said */
	bool cri_disabled;     /* containerd: nothing reads the runtimes */
};

/* Reads daemon.json of Docker (JSON), config.toml of containerd, containers.conf of Podman or crio.conf (TOML); empty ones too. name leads
 * the errors, which say the line. Of containerd's versions 1 to 3 are known. Returns 0, -EINVAL, -ENOTSUP, -EFBIG, -ENOMEM. */
int spec_engine_parse(enum spec_engine engine, const char *text, size_t len, const char *name, struct arena *a,
		      struct spec_engine_config *ret, struct err *e);

struct spec_engine_edit {
	const char *name;   /* of the runtime: letters, digits, - and _ */
	const char *path;   /* of the program; NULL: take the runtime out of the configuration */
	struct strv args;   /* for Docker */
	bool make_default;  /* of all containers */
	const char *conmon; /* its path, for CRI-O; NULL: CRI-O looks for it */
};

/* The document with that change, into out; what is not concerned stays byte for byte. In JSON the members are changed, in TOML one block
 * at the end, between two lines of comment, holds all that jailrun has put there. A change that changes nothing gives
 * the same text. Returns as spec_engine_parse, and -EEXIST where the document has, in another place, what would be put there. */
int spec_engine_change(enum spec_engine engine, const char *text, size_t len, const char *name,
		       const struct spec_engine_edit *edit, struct arena *a, struct buf *out, struct err *e);

/* ---- the features document (features.md, features-linux.md) ---- */

/* What is known to jail/ comes in as lists. */
struct spec_features {
	struct strv capabilities, seccomp_actions, seccomp_operators, seccomp_archs, seccomp_known_flags,
	    seccomp_supported_flags, mount_options;
	bool seccomp, systemd;
	const char *version, *commit, *libseccomp;
};
/* Adds the document to out. */
void spec_features_print(const struct spec_features *f, struct buf *out);

#endif
