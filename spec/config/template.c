/* SPDX-License-Identifier: Apache-2.0 */
/* The config.json to start from, which is runc's but for the hostname. */
#include <string.h>

#include "spec/field.h"

#define LIST_MAX 8

struct mount_line {
	const char *destination, *type, *source;
	const char *options[LIST_MAX];
};

static const struct mount_line mounts[] = {
    {"/proc", "proc", "proc", {NULL}},
    {"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
    {"/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
    {"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
    {"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}},
    {"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}},
    {"/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}},
};
/* A user namespace without the host's network namespace may not mount sysfs. */
static const struct mount_line rootless_sys = {"/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"}};

static const char *const capabilities[] = {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};
static const enum spec_ns namespaces[] = {NS_PID, NS_NETWORK, NS_IPC, NS_UTS, NS_MOUNT, NS_CGROUP};
static const char *const masked[] = {
    "/proc/acpi",       "/proc/asound",      "/proc/kcore",       "/proc/keys",    "/proc/latency_stats",
    "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi",
};
static const char *const readonly[] = {
    "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

static void write_list(struct jsonw *w, const char *key, const char *const *list, size_t n)
{
	jw_array(w, key);
	for (size_t i = 0; i < n; i++)
		jw_str(w, NULL, list[i]);
	jw_array_end(w);
}

static void write_process(struct jsonw *w)
{
	static const char *const sets[] = {"bounding", "effective", "permitted"};
	static const char *const args[] = {"sh"};
	static const char *const env[] = {
	    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	    "TERM=xterm",
	};

	jw_object(w, "process");
	jw_bool(w, "terminal", true);
	jw_object(w, "user");
	jw_uint(w, "uid", 0);
	jw_uint(w, "gid", 0);
	jw_object_end(w);
	write_list(w, "args", args, ARRAY_LEN(args));
	write_list(w, "env", env, ARRAY_LEN(env));
	jw_str(w, "cwd", "/");
	jw_object(w, "capabilities");
	for (size_t i = 0; i < ARRAY_LEN(sets); i++)
		write_list(w, sets[i], capabilities, ARRAY_LEN(capabilities));
	jw_object_end(w);
	jw_array(w, "rlimits");
	jw_object(w, NULL);
	jw_str(w, "type", "RLIMIT_NOFILE");
	jw_uint(w, "hard", 1024);
	jw_uint(w, "soft", 1024);
	jw_object_end(w);
	jw_array_end(w);
	jw_bool(w, "noNewPrivileges", true);
	jw_object_end(w);
}

static void write_mount(struct jsonw *w, const struct mount_line *m, bool rootless)
{
	jw_object(w, NULL);
	jw_str(w, "destination", m->destination);
	jw_str(w, "type", m->type);
	jw_str(w, "source", m->source);
	if (m->options[0]) {
		jw_array(w, "options");
		for (size_t i = 0; i < LIST_MAX && m->options[i]; i++)
			if (!rootless || !str_starts(m->options[i], "gid=")) /* an id that is not mapped */
				jw_str(w, NULL, m->options[i]);
		jw_array_end(w);
	}
	jw_object_end(w);
}

static void write_idmap(struct jsonw *w, const char *key, uint32_t host_id)
{
	jw_array(w, key);
	jw_object(w, NULL);
	jw_uint(w, "containerID", 0);
	jw_uint(w, "hostID", host_id);
	jw_uint(w, "size", 1);
	jw_object_end(w);
	jw_array_end(w);
}

static void write_namespace(struct jsonw *w, enum spec_ns ns)
{
	jw_object(w, NULL);
	jw_str(w, "type", spec_ns_name(ns));
	jw_object_end(w);
}

static void write_linux(struct jsonw *w, bool rootless, uint32_t uid, uint32_t gid)
{
	jw_object(w, "linux");
	if (rootless) {
		write_idmap(w, "uidMappings", uid);
		write_idmap(w, "gidMappings", gid);
	} else {
		jw_object(w, "resources");
		jw_array(w, "devices");
		jw_object(w, NULL);
		jw_bool(w, "allow", false);
		jw_str(w, "access", "rwm");
		jw_object_end(w);
		jw_array_end(w);
		jw_object_end(w);
	}
	jw_array(w, "namespaces");
	for (size_t i = 0; i < ARRAY_LEN(namespaces); i++)
		if (!rootless || namespaces[i] != NS_NETWORK)
			write_namespace(w, namespaces[i]);
	if (rootless)
		write_namespace(w, NS_USER);
	jw_array_end(w);
	write_list(w, "maskedPaths", masked, ARRAY_LEN(masked));
	write_list(w, "readonlyPaths", readonly, ARRAY_LEN(readonly));
	jw_object_end(w);
}

void spec_config_template(struct buf *out, bool rootless, uint32_t uid, uint32_t gid)
{
	struct jsonw w = {.out = out, .indent = 4};

	jw_object(&w, NULL);
	jw_str(&w, "ociVersion", SPEC_VERSION);
	write_process(&w);
	jw_object(&w, "root");
	jw_str(&w, "path", "rootfs");
	jw_bool(&w, "readonly", true);
	jw_object_end(&w);
	jw_str(&w, "hostname", "jailrun");
	jw_array(&w, "mounts");
	for (size_t i = 0; i < ARRAY_LEN(mounts); i++)
		if (rootless && str_eq(mounts[i].destination, rootless_sys.destination))
			write_mount(&w, &rootless_sys, true);
		else
			write_mount(&w, &mounts[i], rootless);
	jw_array_end(&w);
	write_linux(&w, rootless, uid, gid);
	jw_object_end(&w);
	buf_str(out, "\n");
}
