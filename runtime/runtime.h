/* SPDX-License-Identifier: Apache-2.0 */
/* One call of jailrun: what the command line said, and what every room asks of it. */
#ifndef RUNTIME_RUNTIME_H
#define RUNTIME_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "cgroups/cgroups.h"
#include "spec/spec.h"

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
	const char *format; /* "table" or "json"; of doctor and policy "text" or "json" */
	/* policy names, policy test, policy update-check, policy import */
	const char *arch;  /* NULL: the host's own */
	const char *floor; /* a policy that holds as well; NULL: none */
	bool newer;
	const char *caps, *kernel, *from, *output, *home; /* NULL: not said */
	const char *collapse;                             /* policy learn; NULL: not said */
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
	bool root_given;         /* --root; g.root is the default else */
	struct opt_bool no_root; /* rt_is_rootless, once it was asked */
	const char **args;       /* positional, n_args of them, NULL-terminated */
	int n_args;
	struct arena arena;
};

/* No root of the host: another user, or the root of a user namespace. */
bool rt_is_rootless(struct rt_call *c);

/* The name of a user by /etc/passwd (no NSS: this may be a static program), or the number. NULL: no memory. */
const char *rt_user_name(uid_t uid, struct arena *a);

/* Where the caller's own configuration files are: XDG_CONFIG_HOME, else HOME's .config; NULL when neither is said. */
const char *rt_user_config(struct arena *a);

/* Writes text to stdout, whole. Returns 0 or -errno. */
int rt_print(const struct buf *text, struct err *e);

/* ---- a seccomp filter around jailrun: outer.c ---- */

/* Adds to out which calls such a filter refuses, where it is the likely cause of e: "; likely cause: …". Nothing where there is no
 * filter, or where e has another kind of cause. */
void rt_outer_hint(const struct err *e, struct buf *out);

#endif
