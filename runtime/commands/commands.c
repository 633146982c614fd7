/* SPDX-License-Identifier: Apache-2.0 */
/* The commands and their options: the one table from which come parsing, help, the manual page's lists and completion. */
#include "commands.h"
#include "runtime/host/host.h"

#define GLOBAL(field) .offset = offsetof(struct rt_globals, field)
#define OPTION(field) .offset = offsetof(struct rt_options, field)

/* clang-format off */
static const struct rt_option global_options[] = {
	{"debug", 0, NULL, "say what is being done", NULL, RT_BOOL, false, GLOBAL(debug)},
	{"log", 0, "FILE", "write errors to FILE too, and with --debug everything", NULL, RT_STRING, false, GLOBAL(log)},
	{"log-format", 0, "text|json", "form of that file (default: text)", "text|json", RT_STRING, false, GLOBAL(log_format)},
	{"root", 0, "DIR", "where the state of containers is kept (default: /run/jailrun, for users $XDG_RUNTIME_DIR/jailrun)", NULL, RT_STRING, false, GLOBAL(root)},
	{"systemd-cgroup", 0, NULL, "the same as --cgroup-manager systemd", NULL, RT_BOOL, false, GLOBAL(systemd_cgroup)},
	{"cgroup-manager", 0, "cgroupfs|systemd|disabled", "who makes the cgroup (default: cgroupfs)",
	 "cgroupfs|systemd|disabled", RT_STRING, false, GLOBAL(cgroup_manager)},
	{"rootless", 0, "true|false|auto", "do without a cgroup that may not be made: always, never, or for users (default: auto)",
	 "true|false|auto", RT_STRING, false, GLOBAL(rootless)},
	{"policy", 0, "NAME|FILE|none", "policy of the jail around the workload", NULL, RT_STRING, false, GLOBAL(policy)},
	{"policy-dir", 0, "DIR", "where policies are looked up by name (default: " RT_POLICY_DIR ")", NULL, RT_STRING, false,
	 GLOBAL(policy_dir)},
	{"audit", 0, "FILE|journald:|syslog:", "append a JSON line for each denial to FILE, - for stderr, or send it to the log of the host",
	 NULL, RT_STRING, false, GLOBAL(audit)},
	{"admin-config", 0, "FILE", "the administrator's configuration (default: " RT_ADMIN_FILE ")", NULL, RT_STRING, false,
	 GLOBAL(admin_config)},
	{"help", 'h', NULL, "show this help", NULL, RT_BOOL, false, GLOBAL(help)},
	{"version", 'v', NULL, "show the version", NULL, RT_BOOL, false, GLOBAL(version)},
	{"dump-options", 0, NULL, "list all options for programs", NULL, RT_BOOL, true, GLOBAL(dump_options)},
	{0},
};

static const struct rt_option common_options[] = {
	{"help", 'h', NULL, "show the help of this command", NULL, RT_BOOL, false, OPTION(help)},
	{0},
};

#define BUNDLE_OPTION \
	{"bundle", 'b', "DIR", "directory of the bundle (default: the working directory)", NULL, RT_STRING, false, OPTION(bundle)}
/* For the tests. */
#define FAULT_OPTIONS \
	{"fail-step", 0, "STEP", "let this step fail", NULL, RT_STRING, true, OPTION(fail_step)}, \
	{"die-step", 0, "STEP", "kill the runtime at this step", NULL, RT_STRING, true, OPTION(die_step)}
/* What shapes a container. */
#define SHAPE_OPTIONS \
	BUNDLE_OPTION, \
	{"config", 'f', "FILE", "configuration to use instead of the bundle's config.json", NULL, RT_STRING, false, OPTION(config)}, \
	{"no-pivot", 0, NULL, "move the root instead of pivot_root, for a rootfs on a ramdisk", NULL, RT_BOOL, false, \
	 OPTION(no_pivot)}, \
	{"no-new-keyring", 0, NULL, "keep the caller's session keyring", NULL, RT_BOOL, false, OPTION(no_new_keyring)}, \
	{"preserve-fds", 0, "N", "hand N more file descriptors to the container, from 3 on", NULL, RT_UINT, false, \
	 OPTION(preserve_fds)}
#define CREATE_OPTIONS \
	SHAPE_OPTIONS, \
	{"console-socket", 0, "SOCKET", "send the master of the terminal to this AF_UNIX socket", NULL, RT_STRING, false, \
	 OPTION(console_socket)}, \
	{"pidfd-socket", 0, "SOCKET", "send a pidfd of the container's first process to this AF_UNIX socket", NULL, RT_STRING, \
	 false, OPTION(pidfd_socket)}, \
	{"pid-file", 0, "FILE", "write the pid of the container's first process to FILE", NULL, RT_STRING, false, \
	 OPTION(pid_file)}, \
	{"trace-steps", 0, NULL, "print what each step of the container's life took, in microseconds", NULL, RT_BOOL, false, \
	 OPTION(trace_steps)}, \
	FAULT_OPTIONS

static const struct rt_option create_options[] = {CREATE_OPTIONS, {0}};
static const struct rt_option plan_options[] = {SHAPE_OPTIONS, {0}};
static const struct rt_option run_options[] = {
	CREATE_OPTIONS,
	{"detach", 'd', NULL, "return when the container runs", NULL, RT_BOOL, false, OPTION(detach)},
	{"keep", 0, NULL, "do not delete the container when it has ended", NULL, RT_BOOL, false, OPTION(keep)},
	{"report", 0, "FILE", "write to FILE, - for stderr, how the container ended and what it used, as JSON", NULL, RT_STRING, false,
	 OPTION(report)},
	{"no-subreaper", 0, NULL, "do not become the reaper of the container's orphans", NULL, RT_BOOL, false,
	 OPTION(no_subreaper)},
	{0},
};
static const struct rt_option start_options[] = {FAULT_OPTIONS, {0}};
static const struct rt_option delete_options[] = {
	{"force", 'f', NULL, "kill the container when it runs; no error when there is none", NULL, RT_BOOL, false, OPTION(force)},
	{0},
};
#define FORMAT_OPTION \
	{"format", 'f', "text|json", "form of the answer (default: text)", "text|json", RT_STRING, false, OPTION(format)}
static const struct rt_option doctor_options[] = {FORMAT_OPTION, {0}};
static const struct rt_option events_options[] = {
	{"interval", 0, "DURATION", "show the statistics every DURATION (default: 5s)", NULL, RT_STRING, false, OPTION(interval)},
	{"stats", 0, NULL, "show the statistics once and end", NULL, RT_BOOL, false, OPTION(stats)},
	{0},
};
static const struct rt_option kill_options[] = {
	{"all", 'a', NULL, "signal all processes of the container", NULL, RT_BOOL, true, OPTION(all)},
	{0},
};
static const struct rt_option exec_options[] = {
	{"detach", 'd', NULL, "return when the program runs", NULL, RT_BOOL, false, OPTION(detach)},
	{"tty", 't', NULL, "give it a terminal", NULL, RT_BOOL, false, OPTION(tty)},
	{"user", 'u', "UID[:GID]", "run as this user (numbers)", NULL, RT_STRING, false, OPTION(user)},
	{"additional-gids", 'g', "GID", "a further group; may be repeated", NULL, RT_LIST, false, OPTION(additional_gids)},
	{"cwd", 0, "DIR", "its working directory", NULL, RT_STRING, false, OPTION(cwd)},
	{"env", 'e', "NAME=VALUE", "a variable of its environment; may be repeated", NULL, RT_LIST, false, OPTION(env)},
	{"cap", 'c', "CAP", "a capability more than the container's process has; may be repeated", NULL, RT_LIST, false,
	 OPTION(cap)},
	{"no-new-privs", 0, NULL, "it can gain no privileges by executing programs", NULL, RT_BOOL, false,
	 OPTION(no_new_privs)},
	{"apparmor", 0, "PROFILE", "AppArmor profile that confines it", NULL, RT_STRING, false, OPTION(apparmor)},
	{"process-label", 0, "LABEL", "SELinux label that it runs under", NULL, RT_STRING, false, OPTION(process_label)},
	{"process", 'p', "FILE", "take all of this from FILE, the process object of a config.json", NULL, RT_STRING, false,
	 OPTION(process)},
	{"cgroup", 0, "PATH", "start it in this cgroup below the container's", NULL, RT_STRING, false, OPTION(cgroup)},
	{"ignore-paused", 0, NULL, "also in a paused container; it runs when that is resumed", NULL, RT_BOOL, false,
	 OPTION(ignore_paused)},
	{"console-socket", 0, "SOCKET", "send the master of the terminal to this AF_UNIX socket", NULL, RT_STRING, false,
	 OPTION(console_socket)},
	{"pidfd-socket", 0, "SOCKET", "send a pidfd of the process to this AF_UNIX socket", NULL, RT_STRING, false,
	 OPTION(pidfd_socket)},
	{"pid-file", 0, "FILE", "write the pid of the process to FILE", NULL, RT_STRING, false, OPTION(pid_file)},
	{"preserve-fds", 0, "N", "hand N more file descriptors to it, from 3 on", NULL, RT_UINT, false, OPTION(preserve_fds)},
	{"trace-steps", 0, NULL, "print what each step of its life took, in microseconds", NULL, RT_BOOL, false,
	 OPTION(trace_steps)},
	FAULT_OPTIONS,
	{0},
};
static const struct rt_option install_options[] = {
	{"write", 'w', NULL, "do it; what was there is kept beside it", NULL, RT_BOOL, false, OPTION(write)},
	{"remove", 0, NULL, "take the runtime out of the configuration again", NULL, RT_BOOL, false, OPTION(remove)},
	{"default", 0, NULL, "make it the runtime of all containers that name none", NULL, RT_BOOL, false, OPTION(make_default)},
	{"policy", 0, "NAME|FILE|none", "policy of its containers (default: default)", NULL, RT_STRING, false, OPTION(policy)},
	{"name", 0, "RUNTIME", "the runtime's name (default: jailrun)", NULL, RT_STRING, false, OPTION(name)},
	{"path", 0, "FILE", "the runtime's program (default: this one)", NULL, RT_STRING, false, OPTION(path)},
	{"file", 0, "FILE", "configuration file (default: the engine's own)", NULL, RT_STRING, false, OPTION(file)},
	{0},
};
static const struct rt_option list_options[] = {
	{"format", 'f', "table|json", "form of the list (default: table)", "table|json", RT_STRING, false, OPTION(format)},
	{"quiet", 'q', NULL, "only the IDs", NULL, RT_BOOL, false, OPTION(quiet)},
	{0},
};
static const struct rt_option policy_check_options[] = {FORMAT_OPTION, {0}};
#define OF_BUNDLE_OPTION \
	{"bundle", 'b', "DIR", "the bundle whose rootfs and config.json it is for", NULL, RT_STRING, false, OPTION(bundle)}
static const struct rt_option policy_diff_options[] = {FORMAT_OPTION, {0}};
static const struct rt_option policy_explain_options[] = {OF_BUNDLE_OPTION, FORMAT_OPTION, {0}};
static const struct rt_option policy_import_options[] = {
	{"from", 0, "docker|backend.ai|minijail|sandbox-runtime", "what the file is (default: what it looks like)", "docker|backend.ai|minijail|sandbox-runtime", RT_STRING, false,
	 OPTION(from)},
	{"caps", 0, "LIST", "capabilities that the container will have, with commas between, or all or none (default: those that Docker and "
	 "Podman both give)", NULL, RT_STRING, false, OPTION(caps)},
	{"arch", 0, "ARCH", "of the host that it is for (default: native, this one's)", NULL, RT_STRING, false, OPTION(arch)},
	{"kernel", 0, "VERSION", "of that host (default: this one's)", NULL, RT_STRING, false, OPTION(kernel)},
	{"home", 0, "DIR", "what ~ is in the container", NULL, RT_STRING, false, OPTION(home)},
	{"cwd", 0, "DIR", "where paths without / begin in the container", NULL, RT_STRING, false, OPTION(cwd)},
	{"output", 'o', "FILE", "write the policy to FILE, which must not be there yet (default: standard output)", NULL, RT_STRING, false,
	 OPTION(output)},
	{0},
};
static const struct rt_option policy_learn_options[] = {
	{"collapse", 0, "N", "allow a directory's tree where so many of its programs were executed, 0: never (default: 8)", NULL, RT_STRING, false,
	 OPTION(collapse)},
	{"name", 0, "NAME", "name of the policy (default: learnt)", NULL, RT_STRING, false, OPTION(name)},
	FORMAT_OPTION,
	{0},
};
static const struct rt_option policy_names_options[] = {
	{"arch", 0, "ARCH", "of this ABI, or of all (default: native, the host's own)", NULL, RT_STRING, false, OPTION(arch)},
	FORMAT_OPTION,
	{0},
};
static const struct rt_option policy_test_options[] = {
	{"floor", 0, "FILE|NAME", "a policy that holds beside it, as the administrator's floor does", NULL, RT_STRING, false, OPTION(floor)},
	{"arch", 0, "ARCH", "a system call of this ABI (default: native, the host's own)", NULL, RT_STRING, false, OPTION(arch)},
	OF_BUNDLE_OPTION,
	FORMAT_OPTION,
	{0},
};
static const struct rt_option policy_update_check_options[] = {
	{"newer", 0, NULL, "only calls that are newer than each that the list names", NULL, RT_BOOL, false, OPTION(newer)},
	{"arch", 0, "ARCH", "of this ABI (default: native, the host's own)", NULL, RT_STRING, false, OPTION(arch)},
	FORMAT_OPTION,
	{0},
};
static const struct rt_option ps_options[] = {
	{"format", 'f', "table|json", "lines of ps(1), or the PIDs as JSON (default: table)", "table|json", RT_STRING, false,
	 OPTION(format)},
	{0},
};
static const struct rt_option spec_options[] = {
	BUNDLE_OPTION,
	{"rootless", 0, NULL, "for a user without root", NULL, RT_BOOL, false, OPTION(rootless)},
	{0},
};
#define UPDATE_OPTION(name, arg, help, hidden, field) {name, 0, arg, help, NULL, RT_STRING, hidden, OPTION(update.field)}
static const struct rt_option update_options[] = {
	{"resources", 'r', "FILE", "take all from FILE, - for standard input: linux.resources, as in config.json", NULL, RT_STRING,
	 false, OPTION(update.resources)},
	UPDATE_OPTION("blkio-weight", "N", "share of the block devices' time, 10 to 1000", false, blkio_weight),
	UPDATE_OPTION("cpu-period", "MICROSECONDS", "period of the CPU limit", false, cpu_period),
	UPDATE_OPTION("cpu-quota", "MICROSECONDS", "CPU time in each period, -1 for no limit", false, cpu_quota),
	UPDATE_OPTION("cpu-burst", "MICROSECONDS", "unused CPU time that may be used up later, beyond the quota", false, cpu_burst),
	UPDATE_OPTION("cpu-share", "N", "share of the CPU time, 2 to 262144; 1024 is common", false, cpu_share),
	UPDATE_OPTION("cpu-idle", "0|1", "1: run only when nobody else would", false, cpu_idle),
	UPDATE_OPTION("cpu-rt-period", "MICROSECONDS", "period of real-time tasks", true, cpu_rt_period),
	UPDATE_OPTION("cpu-rt-runtime", "MICROSECONDS", "CPU time of real-time tasks in each period", true, cpu_rt_runtime),
	UPDATE_OPTION("cpuset-cpus", "LIST", "CPUs that may be used, as in 0-3,7", false, cpuset_cpus),
	UPDATE_OPTION("cpuset-mems", "LIST", "memory nodes that may be used", false, cpuset_mems),
	UPDATE_OPTION("memory", "SIZE", "memory limit, as in 64m, -1 for none", false, memory),
	UPDATE_OPTION("memory-reservation", "SIZE", "memory that is kept from being reclaimed", false, memory_reservation),
	UPDATE_OPTION("memory-swap", "SIZE", "limit of memory and swap together, -1 for no limit of swap", false, memory_swap),
	UPDATE_OPTION("pids-limit", "N", "greatest number of tasks, -1 for no limit", false, pids_limit),
	UPDATE_OPTION("l3-cache-schema", "SCHEMA", "Intel RDT: part of the L3 cache", false, l3_cache_schema),
	UPDATE_OPTION("mem-bw-schema", "SCHEMA", "Intel RDT: memory bandwidth", false, mem_bw_schema),
	{0},
};
static const struct rt_option no_options[] = {{0}};

/* Of these there is a process. */
#define ALIVE (1 << STATUS_CREATED | 1 << STATUS_RUNNING | 1 << STATUS_PAUSED)

static const struct rt_command commands[] = {
	{"complete", "[WORD...]", "list what may stand for the last word, for the shells' completion", no_options, 0, RT_ANY_ARGS,
	 false, cmd_complete, .options_first = true, .hidden = true},
	{"completion", "bash|zsh|fish", "print a script that completes the command line in this shell", no_options, 1, 1, false,
	 cmd_completion},
	{"create", "CONTAINER", "create a container", create_options, 1, 1, true, cmd_create},
	{"delete", "CONTAINER", "delete what a container leaves behind", delete_options, 1, 1, false, cmd_delete},
	{"doctor", "", "show what this host has of what jailrun can use, and what is missing", doctor_options, 0, 0, false,
	 cmd_doctor},
	{"events", "CONTAINER", "show statistics and out-of-memory kills of a container until it ends, as JSON", events_options,
	 1, 1, false, cmd_events, .states = ALIVE},
	{"exec", "CONTAINER [PROGRAM [ARGUMENT]...]", "execute a program in a container that runs", exec_options, 1, RT_ANY_ARGS, false,
	 cmd_exec, .options_first = true, .failure = 255},
	{"features", "", "show what this runtime can do, as JSON", no_options, 0, 0, false, cmd_features},
	{"help", "[COMMAND [COMMAND]]", "show help", no_options, 0, 2, false, cmd_help, .names_command = true},
	{"install", "docker|containerd|podman|crio", "show how an engine is told of this runtime, or tell it", install_options, 1, 1,
	 false, cmd_install},
	{"kill", "CONTAINER [SIGNAL]", "send a signal (default: SIGTERM) to the container's first process", kill_options, 1, 2,
	 false, cmd_kill, .states = ALIVE},
	{"life", "[exec]", "list the steps of a container's life, or of a process executed in it", no_options, 0, 1, false,
	 cmd_life},
	{"list", "", "list the containers below the state root", list_options, 0, 0, false, cmd_list},
	{"pause", "CONTAINER", "freeze all processes of a container", no_options, 1, 1, false, cmd_pause,
	 .states = 1 << STATUS_CREATED | 1 << STATUS_RUNNING},
	{"plan", "[BUNDLE]", "show what would be done for a bundle, as JSON, and warn of what create would refuse now; needs no root", plan_options, 0, 1, true, cmd_plan},
	{"policy", "COMMAND", "look at policies, and at what they are made of", no_options, 0, 0, false, cmd_policy, .group = true},
	{"policy check", "FILE|NAME...", "check that policies are right, and can be enforced on this host", policy_check_options,
	 1, RT_ANY_ARGS, false, cmd_policy_check},
	{"policy diff", "FILE|NAME FILE|NAME", "show what becomes possible and what impossible from one policy to another", policy_diff_options,
	 2, 2, false, cmd_policy_diff, .failure_of = cmd_policy_test_failure},
	{"policy explain", "[FILE|NAME]", "show by what each rule of a policy is held, what it costs, and what this host lacks", policy_explain_options,
	 0, 1, false, cmd_policy_explain},
	{"policy import", "FILE", "make a policy of a seccomp profile, or of another sandbox's policy", policy_import_options, 1, 1, false,
	 cmd_policy_import},
	{"policy learn", "FILE...", "make a policy of what programs did, from audit streams of mode learn", policy_learn_options,
	 1, RT_ANY_ARGS, false, cmd_policy_learn},
	{"policy lint", "FILE|NAME", "look for what is right in a policy, and hardly meant", policy_explain_options,
	 1, 1, false, cmd_policy_lint},
	{"policy names", "[SYSCALL|NUMBER]...", "list system calls with their numbers, as libseccomp knows them", policy_names_options,
	 0, RT_ANY_ARGS, false, cmd_policy_names},
	{"policy test", "FILE|NAME syscall|exec|connect|bind WORD...", "ask what becomes of a system call, a program or an address under a policy", policy_test_options,
	 3, RT_ANY_ARGS, false, cmd_policy_test, .failure_of = cmd_policy_test_failure},
	{"policy update-check", "FILE|NAME...", "list system calls that a policy or a seccomp profile refuses without naming them", policy_update_check_options,
	 1, RT_ANY_ARGS, false, cmd_policy_update_check, .failure = 2},
	{"ps", "CONTAINER [PS OPTIONS]", "show the processes of a container by ps(1), whose options follow (default: -ef)",
	 ps_options, 1, RT_ANY_ARGS, false, cmd_ps, .options_first = true, .states = ALIVE},
	{"resume", "CONTAINER", "let the processes of a paused container go on", no_options, 1, 1, false, cmd_resume,
	 .states = 1 << STATUS_PAUSED},
	{"run", "[BUNDLE] [CONTAINER]", "create and start a container, and wait for its end", run_options, 0, 2, true, cmd_run,
	 .failure_of = cmd_run_failure},
	{"spec", "", "write a config.json to start from", spec_options, 0, 0, false, cmd_spec},
	{"start", "CONTAINER", "run the program of a created container", start_options, 1, 1, false, cmd_start,
	 .states = 1 << STATUS_CREATED},
	{"state", "CONTAINER", "show the state of a container, as JSON", no_options, 1, 1, false, cmd_state},
	{"update", "CONTAINER", "change the limits of a container", update_options, 1, 1, false, cmd_update,
	 .states = ALIVE},
	{0},
};
/* clang-format on */

const struct rt_table rt_commands = {global_options, common_options, commands};
