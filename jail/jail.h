/* SPDX-License-Identifier: Apache-2.0 */
/* The seal (the irreversible last steps of the container's process) and the jail around the workload. A policy becomes a plan, the plan
 * goes as a blob to the helper, and the helper (helper/, a static program of its own that is embedded in the runtime and executed
 * from a sealed copy) enforces it. In the order of a container's life:
 *   ask            jail_probe
 *   plan           jail_plan, jail_plan_print (policy/: rules; seccomp/: rules to BPF; seal/: process.* and capabilities)
 *   hand over      jail_blob_write, jail_helper_open, jail_handover (handover/)
 *   take over      jail_handover_parse, jail_blob_read: the helper's side
 *   decide         jail_rule_find, jail_exec_allowed, jail_exec_judge, jail_limit, jail_stricter: from the plan alone (policy/rules.c, programs.c); jail_judge, jail_compare (policy/judge.c, compare.c)
 *   exec           jail_seal_process, jail_plan_exec, jail_check_caps, jail_plan_hiding
 *   tell           jail_features, jail_mechanisms, jail_policy_review, jail_builtin_policy, jail_cap_number, jail_cap_name, jail_calls
 * helper/steps/ has its rows of the life table, helper/engines/ how it polices. */
#ifndef JAIL_JAIL_H
#define JAIL_JAIL_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "spec/spec.h"

/* ---- what the helper is told ---- */

/* A compiled seccomp filter. */
struct jail_bpf {
	struct sock_filter *insns;
	uint16_t len;
	uint32_t flags; /* SECCOMP_FILTER_FLAG_* */
};

/* The last steps before the workload's first instruction. */
struct jail_seal {
	struct strv args, env;
	char *cwd;
	uint32_t uid, gid, *groups;
	uint64_t n_groups;
	bool set_groups; /* false where setgroups is denied (rootless, single-id maps) */
	struct opt_u64 umask;
	struct spec_rlimit *rlimits;
	uint64_t n_rlimits;
	bool set_caps;
	uint64_t caps[CAPS_COUNT]; /* bit n: capability n */
	bool no_new_privs;
	bool terminal; /* stdin is the controlling terminal to be */
	/* Of a process that is executed in a container alone: its CPUs before it joins the cgroup, and after. */
	struct bits initial_affinity, affinity;
	struct opt_i64 oom_score_adj; /* what `exec` writes; for the container the runtime has */
	struct spec_scheduler scheduler;
	struct opt_u64 io_priority; /* as ioprio_set(2) takes it */
	char *apparmor, *selinux;   /* profile and label from execve(2) on, or NULL */
	/* From here on: of linux.*, of the hooks and of the command line. */
	struct opt_u64 personality; /* PER_* */
	struct {
		bool set;
		int mode; /* MPOL_* with MPOL_F_* */
		struct bits nodes;
	} mempolicy;
	bool new_keyring;
	bool listen_pid;         /* LISTEN_PID is in env and gets the pid of the process that executes the workload */
	uint32_t preserve_fds;   /* fds 3 .. 3+n-1 stay open */
	struct jail_bpf seccomp; /* linux.seccomp, len 0: none; a listener that it makes is an agent's */
	struct spec_hook_list start_hooks; /* hooks.startContainer */
	char *hook_state;                  /* the state document on the hooks' stdin */
};

enum jail_engine {
	JAIL_NONE,   /* no policy: the workload is the container's PID 1 */
	JAIL_NOTIFY, /* rules in BPF alone; refused calls are reported through a listener (seccomp_unotify(2)) when the
			filter's flags ask for one; they do not where that is impossible: then nothing is reported */
	JAIL_TRACE,  /* PTRACE_SEIZE and SECCOMP_RET_TRACE: exec rules, counts, protected processes */
};

/* What a trapped call means to the engine. */
enum jail_trap {
	JAIL_TRAP_REFUSE, /* report, errno */
	JAIL_TRAP_KILL,   /* report, SIGKILL to the process */
	JAIL_TRAP_LOG,    /* report (`note`, where the rule has one), let it go on */
	JAIL_TRAP_EXEC,   /* execve, execveat: early readable errno; PTRACE_EVENT_EXEC has the last word */
	JAIL_TRAP_CLONE,  /* fork, vfork, clone: counts */
	JAIL_TRAP_TARGET, /* the argument `arg` names a process: refuse protected ones */
	JAIL_TRAP_RETURN, /* report, and the result `value` without the call */
	JAIL_TRAP_SET,    /* report, and let it go on with other arguments */
	JAIL_TRAP_SIGSYS, /* the filter itself sends SIGSYS to the caller; trace reports it */
	JAIL_TRAP_COUNT, /* limits.execs, limits.syscalls: goes on while there is a place; what other traps let go on is counted, too */
};

/* A rule of a policy that does not enforce it, and is to be reported before the call comes to its trap. */
struct jail_note {
	char *rule; /* its name; NULL: there is none */
	uint32_t policy;
	uint32_t mode; /* enum policy_mode */
	int32_t err;   /* what it would be refused with; 0: it is logged, or allowed */
	bool kill, trap,
	    allowed; /* trap: it would get SIGSYS; allowed: what is reported is its first use, of a policy that learns */
};

#define X32_BIT          0x40000000u /* __X32_SYSCALL_BIT: x32 shares AUDIT_ARCH_X86_64 */
#define JAIL_ANY_CALL    (-1)
#define JAIL_FOREIGN     (-2)     /* each call of an ABI that is not there */
#define JAIL_FOREIGN_X32 (-3)     /* likewise, where that is x32 */
#define JAIL_NAME_KEY    "%x %d " /* AUDIT_ARCH_*, number */
#define JAIL_RULE_ARGS   12       /* conditions of one rule: those of two policies may come together */
struct jail_rule {
	char *
	    name; /* of the policy: "syscalls.syscalls[2]", "exec", "limits", "signals.to_init"; "self", "engine": always there */
	char *syscall;
	uint32_t arch; /* AUDIT_ARCH_* */
	int32_t
	    nr; /* with the x32 bit where it is one; JAIL_ANY_CALL: what syscalls.defaultAction refuses; JAIL_FOREIGN* */
	uint32_t policy; /* index of the policy that it is of */
	uint32_t trap;   /* enum jail_trap */
	int32_t err;     /* errno of a refusal */
	uint32_t arg;    /* JAIL_TRAP_TARGET: index of the argument with the pid */
	struct jail_note note;
	uint64_t value; /* JAIL_TRAP_RETURN: the result */
	uint32_t set;   /* JAIL_TRAP_SET: bit n, argument n becomes to[n] */
	uint64_t to[6];
	uint32_t n_args;
	struct jail_rule_arg {
		uint32_t index, op; /* enum jail_op */
		uint64_t a, b; /* MASKED_EQ: mask, value; else value, and the lower bits that are compared, 0: all */
	} args[JAIL_RULE_ARGS];
};
static inline bool jail_rule_foreign(const struct jail_rule *r)
{
	return r->nr == JAIL_FOREIGN || r->nr == JAIL_FOREIGN_X32;
}
enum jail_op {
	JAIL_NE = 1,
	JAIL_LT,
	JAIL_LE,
	JAIL_EQ,
	JAIL_GE,
	JAIL_GT,
	JAIL_MASKED_EQ
}; /* as libseccomp's scmp_compare */

/* An entry of exec.allow or exec.deny that has terms. */
struct jail_exec_entry {
	bool deny;
	char *path, *target; /* target: what the path leads to by links; NULL: no link is in it */
	char *sha256;        /* as sha256sum(1) has it; NULL: any */
	struct strv argv;    /* patterns; none: any */
	int64_t times;       /* -1: any number */
	uint32_t counter;    /* where there are times: below EXEC_TIMES_MAX */
	uint32_t as;         /* enum spec_exec_as */
};

/* A policy that the workload is under, but for its rules on calls. Where there are two, each has to allow. */
struct jail_policy {
	char *name;
	struct strv extends; /* for people, not handed over: the documents that it stands on, the undermost first */
	struct spec_response response[POLICY_SECTIONS]; /* nothing unsaid; what rules on calls say is in the rules */
	bool exec_rules, exec_memfd;
	bool rewrites; /* there are rules that replace arguments or results; for the plan alone, not handed over */
	struct strv exec_allow, exec_deny;
	struct spec_files files;
	struct jail_exec_entry *exec_entries;
	uint64_t n_exec_entries;
	bool refuse_to_init;
	struct strv protect;
	bool env_rules, env_keep_all;
	struct strv env_keep, env_drop, env_set; /* patterns of names; assignments, "NAME=value" */
	uint64_t families;        /* of sockets: a bit for each AF_* that there may be; all: nothing is said */
	struct strv family_names; /* as network.families names them, for people: not handed over */
	bool network; /* there are network rules, which the runtime sees to: the filter closes what goes round them */
	bool net_connect, net_bind; /* there are rules on these, for who learns */
	char *io_uring; /* for people, not handed over: the call for which the filter closes io_uring, or NULL */
	int64_t max_processes, max_threads; /* -1: no limit */
	int64_t bounds[POLICY_BOUNDS];      /* likewise */
	struct jail_count {
		char *syscall;
		int64_t max;
	} * counts; /* how often a call may be made */
	uint64_t n_counts;
};
#define JAIL_POLICIES 2 /* the chosen one, and the administrator's floor */

/* How a line of the audit stream is written to its fd. */
enum jail_audit_form {
	JAIL_AUDIT_LINES,    /* as it is */
	JAIL_AUDIT_JOURNALD, /* a datagram in systemd-journald's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL) */
	JAIL_AUDIT_SYSLOG,   /* a datagram in the form of RFC 3164 */
};
struct jail_audit {
	uint32_t form;           /* enum jail_audit_form */
	int64_t utc_offset;      /* seconds of local time east of UTC: syslog has no other */
	struct strv annotations; /* that go into each line: keys and values in turn */
	char *socket; /* name of the daemon's socket in audit_dir_fd, for when the daemon was restarted; NULL: none */
};

/* Data of the policy's SECCOMP_RET_TRACE. Another one is of a filter of the workload's own. It chooses no rule. */
#define JAIL_TRACE_DATA 0x6a61

/* All rules in the order in which they are tried, those too that let a call through; the last is for all calls that no other is about. For
 * people, not handed over. */
struct jail_told {
	struct jail_rule *rules; /* of one that is not trapped, trap has no meaning */
	uint32_t *rets;          /* what the filter answers: SECCOMP_RET_* with data */
	uint64_t n;
};

struct jail_plan {
	char *id;        /* of the container, for the audit stream */
	char *policy;    /* its name, "chosen+floor" for two; NULL for none */
	bool userns;     /* the container is in a user namespace */
	uint32_t engine; /* enum jail_engine */
	uint32_t init;   /* enum policy_init */
	struct jail_policy policies[JAIL_POLICIES];
	uint64_t n_policies;
	struct jail_bpf filter; /* the policy's own; traps are RET_TRACE with JAIL_TRACE_DATA, or USER_NOTIF */
	struct jail_bpf
	    joined; /* `profile: report`: seal.seccomp and filter as one, which is loaded in the place of both; len 0: none */
	struct jail_rule *rules;
	uint64_t n_rules;
	struct jail_told told;   /* where jail_options.tell asked for it */
	struct strv env_dropped; /* for people, not handed over: names */
	struct strv names;       /* of the calls that syscalls.defaultAction refuses: JAIL_NAME_KEY and the name */
	bool
	    cgroup_ns; /* the workload's process makes its cgroup namespace: it is born in another cgroup than the helper */
	bool hide_init; /* by Landlock: the workload has CAP_SYS_PTRACE, which opens /proc/1/mem else */
	struct jail_audit audit;
	struct jail_seal seal;
};

/* ---- making the plan (in the runtime) ---- */

struct jail_facts {
	uint32_t arch; /* AUDIT_ARCH_* of this host */
	uint64_t caps; /* permitted and bounding of the runtime: what can be granted */
	uint64_t last_cap;
	int landlock_abi;       /* 0: no Landlock */
	uint32_t seccomp_flags; /* SECCOMP_FILTER_FLAG_* that seccomp(2) takes */
	int no_listener; /* the errno with which a filter around the runtime keeps a listener from it; 0: none does */
	enum lsm_fact apparmor, selinux;
};
int jail_probe(struct jail_facts *ret, struct err *e);

struct jail_options {
	const char *id;
	const char *cache_dir; /* of compiled filters; NULL: none */
	bool no_new_keyring;
	bool userns;
	bool keep_groups; /* the caller's groups stay, and process.user.additionalGids is not looked at */
	uint32_t preserve_fds;
	bool listen_pid;
	struct jail_audit audit;
	bool tell;                       /* plan.told is wanted */
	const struct spec_policy *floor; /* has to allow as well; NULL: none */
};

/* The built-in policy of that name, as text in the policy format; NULL: there is none. */
const char *jail_builtin_policy(const char *name);
/* Their names, by the alphabet; NULL behind the last. */
const char *jail_builtin_name(size_t i);

/* What is wrong with one name of one rule of a policy, for who writes policies. Returns 0; -EINVAL for what jail_plan would refuse;
 * 1 where it just means nothing: it is allowed, and libseccomp has no such call, or its args hold for no value. *e says it. */
int jail_policy_review(const struct spec_policy *p, size_t rule, size_t name, struct err *e);
/* Whether a rule before it (the same one: it has the name twice) decides about all that this name of this rule is about. */
bool jail_policy_shadowed(const struct spec_policy *p, size_t rule, size_t name, size_t *ret_by);

/* From config.json and a policy (NULL: none) to the plan. No system calls but for the cache of compiled filters, and for
 * what facts leave to be asked. Capability names
 * that are unknown or cannot be granted are warned about and left out, as config.md asks. Returns 0, -EINVAL, -ENOTSUP, -EPERM (a
 * filter of linux.seccomp under which nothing could run). */
int jail_plan(const struct spec_config *c, const struct spec_policy *policy, const struct jail_facts *f,
	      const struct jail_options *o, struct arena *a, struct jail_plan *ret, struct err *e);

/* What `process` says of the seal, for the container's first process or for one that is executed in it: its fields up to
 * `selinux` are set anew, the others stay as they are in *ret. The strings stay the document's. Of the options only userns
 * and keep_groups are looked at. execCPUAffinity.final is taken over: jail_plan leaves it out again, since it is not for a container's first
 * process. Capabilities as in jail_plan. Returns 0, -EINVAL, -ENOTSUP (a label without its security module), -ENOENT
 * (no such profile). */
int jail_seal_process(const struct spec_process *p, const struct jail_facts *f, const struct jail_options *o,
		      struct jail_seal *ret, struct err *e);

/* Turns a container's plan, as it was kept, into that of a process that is executed in the container: the process is p, linux.*
 * and the policy stay what they are, and so do capabilities and labels where p says nothing of them (as in runc). p's strings
 * stay the document's. Returns 0, -EINVAL, -ENOTSUP. */
int jail_plan_exec(struct jail_plan *plan, const struct spec_process *p, const struct jail_facts *f,
		   const struct jail_options *o, struct err *e);

/* Whether this kernel can confine by p's AppArmor profile and SELinux label. Returns 0, -ENOTSUP, -ENOENT. */
int jail_check_labels(const struct spec_process *p, const struct jail_facts *f, struct err *e);

/* Decides plan.hide_init by the engine and by the seal's capabilities: to be asked again when the seal is another. Warns when the kernel
 * cannot hide PID 1 from a workload that has CAP_SYS_PTRACE. */
void jail_plan_hiding(const struct jail_facts *f, struct jail_plan *p);

/* Refuses capabilities by which a process could undo network rules or signals.protect, where there are any: to be asked again when the seal is another.
 * Returns 0, -ENOTSUP. */
int jail_check_caps(const struct jail_plan *p, const struct jail_facts *f, struct err *e);

/* By what a key of a policy is held (mechanisms.c). */
enum {
	JAIL_NEEDS_FILTER = 1, /* a seccomp filter, and the helper */
	JAIL_NEEDS_LISTENER = 2,
	JAIL_NEEDS_TRACE = 4,   /* what asks for it makes the engine JAIL_TRACE */
	JAIL_NEEDS_NETWORK = 8, /* eBPF programs at the container's cgroup */
	JAIL_NEEDS_LANDLOCK = 16,
	JAIL_NEEDS_LANDLOCK_TRUNCATE = 32,
	JAIL_NEEDS_LANDLOCK_IOCTL = 64,
	JAIL_NEEDS_CGROUP = 128, /* one of the container's own */
	JAIL_NEEDS_MEMORY = 256, /* the memory controller in it */
};
#define JAIL_KEY_SELF    "self" /* keys of what comes with a policy unwritten */
#define JAIL_KEY_ENGINE  "engine"
#define JAIL_KEY_REPORTS "reports"
struct jail_mechanism {
	const char *key;       /* NULL ends the table; a key may have more than one row */
	const char *mechanism; /* a word or two */
	bool race_free;
	const char *why;    /* it is race-free, or not */
	const char *cost;   /* as measured */
	unsigned int needs; /* JAIL_NEEDS_*: of the host */
	const char *test;   /* the file that proves it */
};
const struct jail_mechanism *jail_mechanisms(void);
/* The next row of a key, after one (NULL: the first). Of an object that is there and empty, such as "exec", the first below it. NULL: there is
 * none. */
const struct jail_mechanism *jail_mechanism(const char *key, const struct jail_mechanism *after);

void jail_plan_print(const struct jail_plan *p, struct jsonw *w, const char *key);
/* "none", "notify", "trace", of enum jail_engine. */
const char *jail_engine_name(uint32_t engine);

/* Whether linux.seccomp makes a listener, which has to go to an agent (WIRE_LISTENER). */
bool jail_has_agent(const struct jail_plan *p);

/* Lists for `features`. */
void jail_features(struct arena *a, struct spec_features *ret);

/* The capability that somebody meant who wrote name: letters swapped, in small letters, or without CAP_; NULL: none is near. */
const char *jail_cap_nearest(const char *name);

/* "CAP_CHOWN" -> 0, -1 when unknown; and back (NULL: unknown). */
int jail_cap_number(const char *name);
const char *jail_cap_name(int cap);

/* ---- system calls by the tables of libseccomp, for people: seccomp/calls.c ---- */

#define JAIL_ABIS 24

/* The ABIs that it knows, the host's own first. Returns how many. */
size_t jail_abis(uint32_t ret[JAIL_ABIS]);
/* "x86_64"; NULL: no memory. */
const char *jail_abi_name(uint32_t abi, struct arena *a);
/* By such a name, by the specification's ("SCMP_ARCH_X86_64"), or "native". Returns 0 or -EINVAL. */
int jail_abi_find(const char *name, uint32_t *ret, struct err *e);

struct jail_call {
	const char *name;
	int64_t number;    /* as in seccomp_data.nr, with the bit of x32; -1: it has none */
	int mux, mux_call; /* the call through which it can be made too, and the number that tells it there; -1: none */
};
struct jail_calls {
	struct jail_call *v;
	size_t n;
};

/* All of an ABI, by their numbers. Returns 0, -ENOMEM. */
int jail_calls(uint32_t abi, struct arena *a, struct jail_calls *ret, struct err *e);
/* Those of an ABI that a list does not name, the newest first, and the newest that it names (its name is NULL: it names none). Left out
 * is what no kernel answers any more, and of a policy what it allows unasked. Returns 0, -ENOMEM. */
int jail_calls_unnamed(uint32_t abi, const struct spec_list *list, struct arena *a, struct jail_calls *ret,
		       struct jail_call *ret_newest, struct err *e);
/* Whether a call that a list does not name fails. */
bool jail_list_refuses(const struct spec_list *list);
/* "2.5.4": whose tables they are. NULL: no memory. */
const char *jail_libseccomp(struct arena *a);
/* One by its name; this ABI may lack it. Returns 0; -EINVAL, with the nearest name, when no ABI has it. */
int jail_call_named(uint32_t abi, const char *name, struct jail_call *ret, struct err *e);
/* One by its number, for x32 also without its bit. Returns 0, -EINVAL, -ENOMEM. */
int jail_call_numbered(uint32_t abi, uint64_t number, struct arena *a, struct jail_call *ret, struct err *e);

/* ---- handing it over ---- */

/* Both ends of the blob; the helper is linked with the second. It begins with the number of its format, since it is kept
 * with the container: reading returns 0, -EPROTONOSUPPORT for a format of another version of this runtime, -EBADMSG for what is no blob,
 * or a damaged one. */
void jail_blob_write(const struct jail_plan *p, struct buf *out);
int jail_blob_read(const void *data, size_t len, struct arena *a, struct jail_plan *ret);

/* The helper's program, to be executed: exec_copy of base/fd.h. */
int jail_helper_open(struct err *e);

/* The rule that a trapped call fell under: the first that matches, as in the filter. Returns its index, or -1 for a
 * call that the policy did not trap. */
int jail_rule_find(const struct jail_plan *p, uint32_t arch, int nr, const uint64_t args[6]);

/* What a filter says of a call: SECCOMP_RET_* with its data. One of no instructions allows; what cannot be made out counts as a kill. */
uint32_t jail_bpf_run(const struct jail_bpf *bpf, uint32_t arch, int nr, const uint64_t args[6]);
/* Whether the answer is a refusal that people want to hear of. ENOSYS is none: a C library takes another way then. */
bool jail_bpf_refuses(uint32_t ret);
/* `profile: report`: the errno with which linux.seccomp refuses the call; 0 where it does not, or where that is not reported. */
int jail_profile_refuses(const struct jail_plan *p, uint32_t arch, int nr, const uint64_t args[6]);
/* The filter that the helper loads for the policy. */
const struct jail_bpf *jail_loaded_filter(const struct jail_plan *p);
/* Whether the kernel lets a call go on after this answer, without asking anybody. */
bool jail_bpf_lets(uint32_t ret);
/* What becomes of a call under a plan that was told: by its filter, which is run, and by which rule. */
enum jail_says {
	JAIL_SAYS_ALLOW,
	JAIL_SAYS_LOG,
	JAIL_SAYS_CHECK, /* the engine looks at what the call is about: the rule says how */
	JAIL_SAYS_REFUSE,
	JAIL_SAYS_TRAP, /* the caller gets SIGSYS */
	JAIL_SAYS_KILL,
};
struct jail_judgement {
	enum jail_says says;
	int err;                      /* of a refusal */
	const struct jail_rule *rule; /* that decides; NULL: the ABI is not there */
};
/* arch: AUDIT_ARCH_*. Returns 0; -EINVAL where plan.told and the filter do not agree, which would be an error of this program. */
int jail_judge(const struct jail_plan *p, uint32_t arch, int nr, const uint64_t args[6], struct jail_judgement *ret,
	       struct err *e);
/* Of a call, two verdicts that are not the same: of the first plan, and of the second. */
struct jail_difference {
	const char *syscall; /* NULL: all of the ABI */
	uint32_t abi;
	struct jail_judgement says[2];
	bool always;      /* whatever its arguments are; else with these, for instance: */
	uint64_t args[6]; /* those that no condition is about are 0 */
	size_t times;     /* with how many of the arguments that were tried */
};
/* "socket(0x10, 0x3)": the arguments up to the last that is not 0. NULL: no memory. */
const char *jail_difference_call(const struct jail_difference *d, struct arena *a);
typedef int jail_compare_fn(void *arg, const struct jail_difference *d);
/* Tries every system call of this host's ABIs with the values at which conditions of either plan change their mind (policy/compare.c). Both
 * were told. Returns 0, or what fn returns below 0; -EINVAL, -ENOMEM. */
int jail_compare(const struct jail_plan *a, const struct jail_plan *b, struct arena *arena, jail_compare_fn *fn,
		 void *arg, struct err *e);
/* Those that this host runs, its own first. Returns how many. */
size_t jail_family(uint32_t ret[JAIL_ABIS]);
/* AUDIT_ARCH_* of an ABI as jail_abis has it. */
uint32_t jail_abi_arch(uint32_t abi);

/* Whether linux.seccomp's filter, or the policy's, can be loaded first: it lets seccomp(2) load the other one after it. */
bool jail_loads_first(const struct jail_plan *p, bool policy, uint32_t arch, int nr_seccomp);

/* What of the policies there is at all. */
bool jail_has_exec_rules(const struct jail_plan *p);
bool jail_has_files(const struct jail_plan *p); /* policy/rights.c */
bool jail_has_protect(const struct jail_plan *p);

/* The least of the policies' limits on processes or threads. Returns the index of the policy that it is of, or -1: no limit. */
int jail_limit(const struct jail_plan *p, bool threads, int64_t *ret_max);

/* The counters of a policy (policy/counts.c): how many there are, and whether one of them counts this call (NULL: none does). */
size_t jail_counters(const struct jail_policy *p);
bool jail_counter_is(const struct jail_policy *p, size_t i, const char *syscall, int64_t *ret_max);
bool jail_has_counts(const struct jail_policy *p);
/* Whether any policy's does. */
bool jail_counts(const struct jail_plan *p, const char *syscall);

/* "limits.wall" */
const char *jail_bound_name(enum policy_bound which);
/* The least of those that are enforced. Returns the index of the policy that it is of, or -1: none has it. */
int jail_bound(const struct jail_plan *p, enum policy_bound which, int64_t *ret_max);

/* What becomes of a violation of this rule ("exec", "limits.wall": by the first component). What keeps the jail standing ("self", "engine")
 * is enforced whatever the policy says. */
struct spec_response jail_response(const struct jail_policy *p, const char *rule);
/* Whether what violates it goes on, and is but reported. */
bool jail_goes_on(const struct spec_response *r);

/* Of policies i and k, both of which refuse by a rule of this name, the one that the refusal is by: the stricter one, else the first. -1: none. */
int jail_stricter(const struct jail_plan *p, const char *rule, int i, int k);

/* Whether the paths alone of exec.allow and exec.deny let this program be executed; path is absolute and resolved, as /proc/PID/exe gives
 * it. *ret_why (NULL: not wanted): NULL, or a constant text for the report. */
bool jail_exec_allowed(const struct jail_policy *p, const char *path, const char **ret_why);

/* Whether it is a path of exec.deny that forbids it, which goes before exec.allow. */
bool jail_exec_denied(const struct jail_policy *p, const char *path);

/* What is known of a file that the kernel executes. policy/programs.c */
struct jail_exec_facts {
	const char *path;        /* as above */
	enum spec_exec_as as;    /* not EXEC_AS_ANY */
	bool guess;              /* there will be another look: what is not known is as it has to be */
	const char *sha256;      /* NULL: not known */
	const struct strv *argv; /* NULL: not known */
	bool more;               /* argv is not all */
};
struct jail_exec_verdict {
	bool ok;
	uint64_t counters;       /* bit n: it may be if counter n has not reached its entry's times; 0: it may be */
	const char *why, *allow; /* constant texts: why not, and which change of the policy would allow it */
};
void jail_exec_judge(const struct jail_policy *p, const struct jail_exec_facts *f, struct jail_exec_verdict *ret);
/* Whether an entry for this path asks for the hash. */
bool jail_exec_wants_sha256(const struct jail_plan *p, const char *path);
bool jail_has_exec_entries(const struct jail_plan *p);
bool jail_has_exec_sha256(const struct jail_plan *p);
/* There are interpreters that are for allowed scripts alone. */
bool jail_exec_has_interpreters(const struct jail_policy *p);
/* exec.allow is there, and empty: nothing may be executed but a first program. */
bool jail_exec_allows_none(const struct jail_policy *p);

/* Whether a name or another text of n bytes matches the pattern: `*` and `?` stand for any bytes. */
bool jail_matches(const char *pattern, const char *s, size_t n);

/* Whether all policies leave the variable in the environment of a program that has it. */
bool jail_env_keeps(const struct jail_plan *p, const char *name);
/* Makes the environment of the seal what they leave of it, and sets what they set: of two, the second's word is the last. Returns 0 or
 * -ENOMEM. */
int jail_env_apply(struct jail_plan *p, struct arena *a, struct err *e);
/* A right to files, by Landlock. */
#define JAIL_LANDLOCK_REFER (1ull << 13) /* to move and link to another directory; in every ruleset */
struct jail_file_right {
	const char *name;         /* its key below `files` */
	uint64_t access, of_file; /* LANDLOCK_ACCESS_FS_*: of a tree, and of one file */
	int abi;                  /* from which on Landlock has them */
	const char *since, *why;  /* the kernel of that ABI, and what it is needed for */
	bool by_links;            /* an entry may go through a link of the rootfs */
};
extern const struct jail_file_right jail_file_rights[FILES_RIGHTS];

#define JAIL_WILDCARDS "*?" /* characters of an entry that stand for others */

/* Where an entry of exec or signals.protect leads to by links: *ret stays NULL where that is itself, or cannot be known. Returns 0, or
 * below 0 with *e. */
typedef int jail_lead_fn(void *arg, const char *key, const char *entry, char **ret, struct err *e);
/* Puts beside each such entry of a policy what fn says that it leads to (policy/targets.c). Returns 0, -ENOMEM, or what fn returns below 0. */
int jail_policy_follow(struct jail_policy *p, struct arena *a, jail_lead_fn *fn, void *arg, struct err *e);

/* How the helper is started: its fds, as numbers on its command line; -1 where there is none. */
enum jail_role {
	JAIL_ROLE_INIT, /* PID 1: supervises the workload it forks, or becomes the workload when the plan's engine is JAIL_NONE */
	JAIL_ROLE_OUTER, /* PID 1 of the outer pid namespace (init: workload): supervises the child `peer` that it already has */
	JAIL_ROLE_INNER, /* that child: seals itself and executes the workload when the outer says so */
	JAIL_ROLE_EXEC, /* for `exec`: in the container's namespaces but for its pid namespace; its sibling, made there, joins the jail, seals itself and executes a program */
};
/* How it ended. */
struct jail_end {
	int status; /* of the main process, as from wait(2) */
	int bound;  /* the limit for which the container was ended (enum policy_bound), or -1 */
};
struct jail_handover {
	enum jail_role role;
	int blob_fd;      /* sealed memfd with jail_blob_write's bytes */
	int sync_fd;      /* to the runtime: WIRE_* messages; open until the workload is executed */
	int start_fd;     /* listening socket that `start` connects to; -1: WIRE_START comes over sync_fd */
	int audit_fd;     /* JSON lines, or -1 */
	int audit_dir_fd; /* the directory of the daemon's socket, a mount that is attached nowhere, or -1 */
	int ring_fd;      /* of the programs of network rules: struct wire_denied; or -1 */
	int join_fd;      /* listening socket on which processes that are exec'd ask the supervisor in, or -1 */
	int peer_fd;      /* socket between outer and inner; EXEC: to the supervisor, when there is one; or -1 */
	int cgroup_fd;    /* EXEC: the cgroup that the process is born in, when it is not this one's own; or -1 */
	int cgroup_ns_fd; /* EXEC: the cgroup namespace that it joins then, or -1 */
	int end_fd;       /* a pipe that takes a struct jail_end at the end, or -1 */
	int cpu_fd;       /* cpu.stat of the workload's cgroup, or -1 */
	int cpus;         /* there are at the most on this host */
	int cpu_alone;    /* 1: this process is in another cgroup */
	pid_t peer;       /* OUTER: the inner's pid */
	bool trace_steps;
	int fail_step, fail_after; /* tests: index into jail_steps that shall fail, or -1 */
	int die_step;              /* tests: kill the runtime at this row (WIRE_DIE), or -1 */
};

/* Executes the helper in this process: returns -errno only. */
int jail_handover(int helper_fd, const struct jail_handover *h, struct err *e);
int jail_handover_parse(int argc, char **argv, struct jail_handover *ret);

/* The rows that the helper runs, in order: names for the life table. role: 'J' the supervisor, 'C' the process that becomes
 * the workload; 'E' that process for `exec`, before those of 'C'. */
struct jail_step_name {
	char role;
	const char *name;
};
extern const struct jail_step_name jail_steps[];
/* In messages over sync_fd the rows of the helper are JAIL_ROW and the index in jail_steps[]. */
#define JAIL_ROW 1000
extern const int jail_n_steps;

#endif
