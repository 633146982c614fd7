/* SPDX-License-Identifier: Apache-2.0 */
/* By what each key of a policy is held, as a table: the one place that says it to people. tests/unit/jail_mechanisms.c proves that each key
 * of the parser has a row, and that the tests are there. */
#include "jail/jail.h"

#include <string.h>

#define FILTER   JAIL_NEEDS_FILTER
#define TRACE    (JAIL_NEEDS_FILTER | JAIL_NEEDS_TRACE)
#define LISTENER JAIL_NEEDS_LISTENER
#define NETWORK  JAIL_NEEDS_NETWORK
#define FILES    (JAIL_NEEDS_FILTER | JAIL_NEEDS_LANDLOCK)

/* Costs were measured on Linux 6.18, x86_64: the lesser on a busy machine, where both sides share a CPU, the greater on an idle one with
 * a wake-up across CPUs. */
#define COST_BPF     "+0.02 to 0.13 us for a call that is compared"
#define COST_REFUSED COST_BPF "; one that is refused +4 to 16 us"
#define COST_EXEC    "execve +12 to 45 us, all of a spawn +40 to 94 us"
#define COST_FORK    "fork +30 to 94 us"
#define COST_THREAD  "a thread +25 us"
#define COST_TARGET  "kill and its like +5 to 17 us"
#define COST_NET     "+0.17 us for a connect, a bind or a send with an address"
#define COST_OPEN    "+1 to 3 us for an open, the more the deeper the path"
#define COST_NONE    "none"

#define ON_SCALARS "the kernel compares what is in the registers, and never what a pointer leads to"
#define BY_IMAGE                                                                                                       \
	"when the kernel has the new program in place, and not one instruction of it has run, its own path is "        \
	"judged once more"

#define BY_TREE                                                                                                        \
	"the kernel asks where the file lies that it has found; paths of rules are looked up before the workload runs"
#define BY_HAND "the first program is given no other environment; what it gives its own children is its own"

static const struct jail_mechanism table[] = {
    {"name", "none", true, "it is for reports", COST_NONE, 0, "tests/unit/spec_policy.c"},
    {"$schema", "none", true, "it is for editors", COST_NONE, 0, "tests/unit/spec_policy.c"},
    {"description", "none", true, "it is for people", COST_NONE, 0, "tests/unit/spec_policy.c"},
    {"extends", "none", true, "what is extended is held as what it says is", COST_NONE, 0, "tests/unit/spec_extends.c"},
    {"init", "pid namespace", true, "the helper is PID 1, of the workload's namespace or of one around it",
     "once, at create", FILTER, "tests/integration/policy.t"},
    {"on_violation", "the rule's own", true, "what refuses kills as well", COST_NONE, 0,
     "tests/integration/policy_mode.t"},
    {"mode", "the rule's own", true, "watch and learn report what the rules say, and hold nothing", COST_NONE, 0,
     "tests/integration/policy_mode.t"},
    {"profile", "BPF", true, "linux.seccomp is asked again about what is in the registers", COST_REFUSED, LISTENER,
     "tests/integration/policy_profile.t"},
    {"syscalls.defaultAction", "BPF", true, ON_SCALARS, COST_REFUSED, FILTER, "tests/unit/jail_evaluator.c"},
    {"syscalls.defaultErrnoRet", "BPF", true, ON_SCALARS, COST_NONE, FILTER, "tests/unit/jail_policy.c"},
    {"syscalls.architectures", "BPF", true, "the kernel tells the filter the ABI of each call", COST_NONE, FILTER,
     "tests/unit/jail_policy.c"},
    {"syscalls.flags", "seccomp(2)", true, "flags of the filter", COST_NONE, FILTER, "tests/unit/jail_policy.c"},
    {"syscalls.syscalls", "BPF", true, ON_SCALARS, COST_REFUSED, FILTER, "tests/unit/jail_evaluator.c"},
    {"exec.allow", "trace", true, BY_IMAGE, COST_EXEC, TRACE, "tests/attacks/exec.t"},
    {"exec.deny", "trace", true, BY_IMAGE, COST_EXEC, TRACE, "tests/attacks/exec.t"},
    {"exec.memfd", "trace", true, BY_IMAGE, COST_EXEC, TRACE, "tests/attacks/exec_file.t"},
    {"exec.mode", "the rule's own", true, "as mode", COST_NONE, TRACE, "tests/integration/policy_mode.t"},
    {"exec.on_violation", "the rule's own", true, "as on_violation", COST_NONE, TRACE,
     "tests/integration/policy_mode.t"},
    {"signals.to_init", "BPF", true, ON_SCALARS, COST_REFUSED, FILTER, "tests/attacks/to_init.t"},
    {"signals.protect", "trace", true,
     "the target is a number in a register, and cannot become another process before the call has ended; pidfds are "
     "closed",
     COST_TARGET, TRACE, "tests/attacks/protect.t"},
    {"signals.mode", "the rule's own", true, "as mode", COST_NONE, FILTER, "tests/integration/policy_mode.t"},
    {"signals.on_violation", "the rule's own", true, "as on_violation", COST_NONE, FILTER,
     "tests/integration/policy_mode.t"},
    {"env.keep", "execve(2)", true, BY_HAND, COST_NONE, 0, "tests/integration/policy_env.t"},
    {"env.set", "execve(2)", true, BY_HAND, COST_NONE, 0, "tests/integration/policy_env.t"},
    {"env.drop", "execve(2)", true, BY_HAND, COST_NONE, 0, "tests/integration/policy_env.t"},
    {"network.connect.allow", "cgroup eBPF", true, "the kernel asks with the address that it has copied and will use",
     COST_NET, NETWORK, "tests/integration/network_policy.t"},
    {"network.connect.deny", "cgroup eBPF", true, "the kernel asks with the address that it has copied and will use",
     COST_NET, NETWORK, "tests/integration/network_policy.t"},
    {"network.bind.allow", "cgroup eBPF", true, "the kernel asks with the address that it has copied and will use",
     COST_NET, NETWORK, "tests/integration/network_policy.t"},
    {"network.bind.deny", "cgroup eBPF", true, "the kernel asks with the address that it has copied and will use",
     COST_NET, NETWORK, "tests/integration/network_policy.t"},
    {"network.families", "BPF", true, ON_SCALARS, COST_REFUSED, FILTER, "tests/unit/jail_policy.c"},
    {"network.mode", "the rule's own", true, "as mode", COST_NONE, NETWORK, "tests/integration/policy_mode.t"},
    {"network.on_violation", "the rule's own", true, "as on_violation", COST_NONE, NETWORK,
     "tests/integration/policy_mode.t"},
    {"files.deny", "mounts", true, "mounted over before the workload runs, which may not mount", COST_NONE, FILTER,
     "tests/integration/files_deny.t"},
    {"files.mode", "the rule's own", true, "it is enforced, or an error", COST_NONE, FILES, "tests/unit/jail_files.c"},
    {"files.on_violation", "the rule's own", true, "it is EACCES, or an error", COST_NONE, FILES,
     "tests/unit/jail_files.c"},
    {"files.read", "Landlock", true, BY_TREE, COST_OPEN, FILES, "tests/attacks/files.t"},
    {"files.write", "Landlock", true, BY_TREE, COST_OPEN, FILES | JAIL_NEEDS_LANDLOCK_TRUNCATE,
     "tests/attacks/files.t"},
    {"files.create", "Landlock", true, BY_TREE, COST_OPEN, FILES, "tests/attacks/files.t"},
    {"files.execute", "Landlock", true, BY_TREE, COST_OPEN, FILES, "tests/attacks/files.t"},
    {"files.list", "Landlock", true, BY_TREE, COST_OPEN, FILES, "tests/attacks/files.t"},
    {"files.ioctl", "Landlock", true, BY_TREE, COST_OPEN, FILES | JAIL_NEEDS_LANDLOCK_IOCTL,
     "tests/integration/files_policy.t"},
    {"limits.processes", "trace", true, "the place is taken before the call goes on", COST_FORK, TRACE,
     "tests/attacks/counts.t"},
    {"limits.threads", "trace", true, "the place is taken before the call goes on", COST_THREAD, TRACE,
     "tests/attacks/counts.t"},
    {"limits.wall", "clock", true, "time goes on whatever they do, and PID 1, which looks at it, is out of their reach",
     COST_NONE, FILTER, "tests/attacks/limits.t"},
    {"limits.execs", "listener", true, "the place is taken before the call goes on", "an execve +4 to 16 us", LISTENER,
     "tests/integration/policy_counts.t"},
    {"limits.syscalls", "listener", true, "the place is taken before the call goes on",
     "a call that is counted +4 to 16 us", LISTENER, "tests/integration/policy_counts.t"},
    {"limits.cpu", "clock, cgroup", true,
     "the kernel counts the CPU time of the cgroup, which nothing leaves, and PID 1 looks at it", COST_NONE,
     FILTER | JAIL_NEEDS_CGROUP, "tests/attacks/limits.t"},
    {"limits.idle", "clock, cgroup", true,
     "the kernel counts the CPU time of the cgroup, which nothing leaves, and PID 1 looks at it", COST_NONE,
     FILTER | JAIL_NEEDS_CGROUP, "tests/integration/policy_limits.t"},
    {"limits.memory", "cgroup", true, "memory.max of the container's cgroup, which nothing leaves", COST_NONE,
     FILTER | JAIL_NEEDS_CGROUP | JAIL_NEEDS_MEMORY, "tests/vm/limits/memory.sh"},
    {"limits.open_files", "rlimit", true, "the kernel's own; the capability that raises it is refused", COST_NONE,
     FILTER, "tests/attacks/limits.t"},
    {"limits.file_size", "rlimit", true, "the kernel's own; the capability that raises it is refused", COST_NONE,
     FILTER, "tests/attacks/limits.t"},
    {"limits.mode", "the rule's own", true, "as mode", COST_NONE, TRACE, "tests/integration/policy_mode.t"},
    {"limits.on_violation", "the rule's own", true, "as on_violation", COST_NONE, TRACE,
     "tests/integration/policy_mode.t"},
    /* What comes with a policy unwritten. */
    {JAIL_KEY_SELF, "BPF", true, ON_SCALARS, COST_BPF, FILTER, "tests/attacks/pid1.t"},
    {JAIL_KEY_ENGINE, "BPF", true, ON_SCALARS, COST_BPF, TRACE, "tests/attacks/self.t"},
    {JAIL_KEY_REPORTS, "listener", true, "they decide nothing: the filter has refused", COST_NONE, LISTENER,
     "tests/integration/audit_words.t"},
    {NULL},
};

/* "exec" stands for "exec.allow", and "syscalls.syscalls" for "syscalls.syscalls[2]". */
static bool is_about(const struct jail_mechanism *m, const char *key, size_t len)
{
	return strncmp(m->key, key, len) == 0 && (!m->key[len] || m->key[len] == '.');
}

const struct jail_mechanism *jail_mechanism(const char *key, const struct jail_mechanism *after)
{
	size_t len = strcspn(key, "[");

	for (const struct jail_mechanism *m = after ? after + 1 : table; m->key; m++) {
		/* Of an object that is there and empty, the first. */
		if (is_about(m, key, len) && (!m->key[len] || !after))
			return m;
	}
	return NULL;
}

const struct jail_mechanism *jail_mechanisms(void)
{
	return table;
}
