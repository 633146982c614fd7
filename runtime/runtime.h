/* SPDX-License-Identifier: Apache-2.0 */
/* One call of jailrun: what the command line said, and the commands that it can name. */
#ifndef RUNTIME_RUNTIME_H
#define RUNTIME_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "cgroups/cgroups.h"
#include "spec/spec.h"
#include "store.h"

#define RT_POLICY_DIR "/etc/jailrun/policies"

struct rt_globals {
	bool debug, help, version, dump_options;
	bool systemd_cgroup;
	const char *log;            /* file, or NULL */
	const char *log_format;     /* "text" or "json" */
	const char *root;           /* the state root: resolved by rt_cli_finish, never NULL after it */
	const char *rootless;       /* "true", "false" or "auto" */
	const char *cgroup_manager; /* "cgroupfs", "systemd", "disabled" */
	const char *policy;         /* name, file or "none"; NULL: not said */
	const char *policy_dir;     /* NULL: not said */
	const char *audit;          /* file, "journald:[SOCKET]", "syslog:[SOCKET]", "-" for stderr; NULL: not said */
	const char *admin_config;   /* file; NULL: not said */
};

/* Options of the commands; one that a command does not have stays as it is here: false, NULL or 0. */
struct rt_options {
	bool help;
	/* create, run; bundle also spec, plan */
	const char *bundle; /* NULL: not said; the default is the working directory */
	const char *config; /* file instead of BUNDLE/config.json */
	const char *console_socket, *pidfd_socket, *pid_file;
	bool no_pivot, no_new_keyring;
	uint64_t preserve_fds;
	bool trace_steps;
	const char *fail_step, *die_step; /* tests */
	/* run */
	bool detach, keep, no_subreaper;
	const char *report; /* NULL: none */
	/* exec */
	const char *cwd, *user, *process, *cgroup, *apparmor, *process_label;
	struct strv env, cap, additional_gids;
	bool tty, no_new_privs, ignore_paused;
	/* kill, delete, list, ps, spec */
	bool all, force, quiet, rootless;
	const char *format; /* "table" or "json"; of doctor "text" or "json" */
	/* events */
	const char *interval; /* a duration as Go writes it; NULL: 5s */
	bool stats;
	/* install */
	bool write, remove, make_default;
	const char *file, *name, *path, *policy; /* NULL: not said */
	/* update: as they were written; NULL: not said */
	struct rt_update {
		const char *resources;
		const char *blkio_weight, *cpu_period, *cpu_quota, *cpu_burst, *cpu_share, *cpu_idle, *cpu_rt_period,
		    *cpu_rt_runtime, *cpuset_cpus, *cpuset_mems, *memory, *memory_reservation, *memory_swap,
		    *pids_limit, *l3_cache_schema, *mem_bw_schema;
	} update;
};

struct rt_call {
	const struct rt_table *table; /* of the commands that it could name (cli.h) */
	char **argv;                  /* of main, to execute this call once more (sealed.c); NULL in tests */
	const struct rt_command *command;
	struct rt_globals g;
	struct rt_options o;
	enum cg_manager manager;
	struct opt_bool no_root; /* rt_is_rootless, once it was asked */
	const char **args;       /* positional, n_args of them, NULL-terminated */
	int n_args;
	struct arena arena;
};

/* A container that exists, with its status of this moment. Start with RT_CONTAINER_INIT. */
struct rt_container {
	struct rt_store store;
	struct spec_state state;
	enum spec_status status;
};
#define RT_CONTAINER_INIT ((struct rt_container){.store = RT_STORE_INIT})
#define AUTO_CONTAINER    __attribute__((cleanup(rt_container_close))) struct rt_container

/* Opens and reads it; the strings of the state live in c->arena. Returns 0, -ENOENT "container does not exist", -errno. */
int rt_container_open(struct rt_call *c, const char *id, enum rt_lock lock, struct rt_container *ret, struct err *e);
/* Reads the state again, after the wait for a lock. */
int rt_container_reload(struct rt_call *c, struct rt_container *k, struct err *e);
/* Opens one whose first process lives, and takes the exclusive lock. Returns 0; -ESRCH "container not running"; -EINVAL while it
 * is still being created, at once; otherwise as rt_container_open. */
int rt_container_alive(struct rt_call *c, const char *id, struct rt_container *ret, struct err *e);
/* -ENOTSUP for a container without a cgroup; what: what cannot be done then, as in "nothing can be frozen". */
int rt_container_cgroup(const struct rt_container *k, const char *what, struct err *e);
void rt_container_close(struct rt_container *k);

/* The commands. Each returns the exit status of the call (0; of a foreground run: that of the container) or -errno. */
int cmd_complete(struct rt_call *c, struct err *e);
int cmd_completion(struct rt_call *c, struct err *e);
int cmd_create(struct rt_call *c, struct err *e);
int cmd_delete(struct rt_call *c, struct err *e);
int cmd_doctor(struct rt_call *c, struct err *e);
int cmd_events(struct rt_call *c, struct err *e);
int cmd_exec(struct rt_call *c, struct err *e);
int cmd_features(struct rt_call *c, struct err *e);
int cmd_help(struct rt_call *c, struct err *e);
int cmd_install(struct rt_call *c, struct err *e);
int cmd_kill(struct rt_call *c, struct err *e);
int cmd_life(struct rt_call *c, struct err *e);
int cmd_list(struct rt_call *c, struct err *e);
int cmd_pause(struct rt_call *c, struct err *e);
int cmd_plan(struct rt_call *c, struct err *e);
int cmd_ps(struct rt_call *c, struct err *e);
int cmd_resume(struct rt_call *c, struct err *e);
int cmd_run(struct rt_call *c, struct err *e);
int cmd_spec(struct rt_call *c, struct err *e);
int cmd_start(struct rt_call *c, struct err *e);
int cmd_state(struct rt_call *c, struct err *e);
int cmd_update(struct rt_call *c, struct err *e);

/* No root of the host: another user, or the root of a user namespace. */
bool rt_is_rootless(struct rt_call *c);

/* The name of a user by /etc/passwd (no NSS: this may be a static program), or the number. NULL: no memory. */
const char *rt_user_name(uid_t uid, struct arena *a);

/* Where the caller's own configuration files are: XDG_CONFIG_HOME, else HOME's .config; NULL when neither is said. */
const char *rt_user_config(struct arena *a);

/* What --version prints, one "key: value" a line after "jailrun version X". */
void rt_version(struct buf *out);

/* Writes text to stdout, whole. Returns 0 or -errno. */
int rt_print(const struct buf *text, struct err *e);

#endif
