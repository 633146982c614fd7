/* SPDX-License-Identifier: Apache-2.0 */
/* The container's cgroup (v2), by cgroupfs or by systemd, and resctrl beside it. In the order of a container's life:
 *   ask     cg_probe, cg_probe_units, cg_try
 *   plan    cg_plan, cg_plan_split, cg_plan_network, cg_plan_print
 *   make    cg_create, cg_limit, cg_devices, cg_network_maps, cg_network, cg_own, cg_release; cg_unmake takes it back
 *   go in   cg_hand_down, cg_enter, cg_enter_beside
 *   live    cg_pids, cg_kill, cg_freeze, cg_check_thawed, cg_update
 *   count   cg_stats, cg_usage, cg_oom_open
 *   end     cg_hurry, cg_remove, cg_unit_remove
 *   cg_rdt_* the same for resctrl
 * A function that returns 0 or -errno says in e what failed and why. */
#ifndef CGROUPS_CGROUPS_H
#define CGROUPS_CGROUPS_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "spec/spec.h"

enum cg_layout { CG_NONE, CG_UNIFIED, CG_HYBRID };
enum cg_manager { CG_CGROUPFS, CG_SYSTEMD, CG_DISABLED };
/* Whether to do without a cgroup that cannot be made: where there is no privilege, always, never. */
enum cg_rootless { CG_ROOTLESS_AUTO, CG_ROOTLESS_TRUE, CG_ROOTLESS_FALSE };

struct cg_facts {
	enum cg_layout layout;     /* hybrid: v1 controllers with a v2 tree beside them */
	const char *mount;         /* where the v2 tree is mounted, or NULL */
	const char *self;          /* the runtime's own cgroup in it, "/…" */
	struct strv controllers;   /* those that can be had: cgroup.controllers of the place that the plan would use */
	bool writable;             /* a cgroup can be made at the place that the plan would use */
	bool privileged;           /* CAP_SYS_ADMIN in the first user namespace: eBPF programs can be attached */
	const char *base;          /* below the mount, "/…" or NULL for its top: where "jailrun/ID" goes */
	enum cg_rootless rootless; /* the caller's word, AUTO from cg_probe */
	bool count;                /* the caller's word: what can be counted is, also where nothing is limited */
	bool user;                 /* cg_probe_units: the manager is that of the user, not the system's */
	uint32_t uid;              /* of the caller */
	const char *units;         /* cg_probe_units: the cgroup of that manager, "" or "/…" */
	struct strv of_top;        /* those of the tree's top */
};

/* One property of a unit: cgroups/systemd/unit.h. */
struct cg_property;

/* The unit of systemd that stands for a container's cgroup. */
struct cg_unit {
	const char *name; /* "jailrun-ID.scope"; NULL: none, the cgroup is jailrun's own */
	bool user;        /* it belongs to the user's manager, not to the system's */
};

/* One file of the container's cgroup and what is written there. */
struct cg_write {
	const char *file, *value;
	const char *controller;         /* NULL: none is needed */
	const char *field;              /* the property of config.json it comes from */
	const char *or_file, *or_value; /* instead, where the kernel or the device does not have file; or NULL */
	const char *usage;              /* a file of the same unit that must not be above value, or NULL */
	bool optional;                  /* nothing is lost where the kernel does not have file */
	bool same;                      /* a file of the host that must hold value already: compared, not written */
	/* Where the plan has a box: what the same file has there, as it was asked for (value is what the cgroup around it
	 * has); NULL: nothing. */
	const char *box;
	bool in_box; /* value is for the box, where the plan has one, and for that alone */
};

/* A program of the network rules, and where it is attached. Its maps' fds are put in when it is loaded. */
struct cg_net_program {
	const char *name, *hook;          /* hook: "connect4", as bpf(2) calls the way to be attached */
	uint32_t type, attach;            /* BPF_PROG_TYPE_*, BPF_CGROUP_* */
	uint32_t set;                     /* of whose rules it is: index of the set, */
	const char *policy;               /* and its name */
	bool kill;                        /* who is refused is killed, too */
	bool watch;                       /* nobody is refused: it is only reported */
	bool bind;                        /* of the rules on bind, else of those on connect */
	const struct spec_net_list *list; /* the rules; NULL: it has none */
	struct bpf_insn *insns;
	size_t n;
};

struct cg_plan {
	enum cg_manager manager;
	const char *path; /* absolute directory of the container's cgroup; NULL: none is made */
	const char *mount;
	/* Where path is divided: the workload's own cgroup in it, beside one for the jail's helper; NULL: all are in path
	 * itself. */
	const char *box;
	bool shown; /* the caller's word: the container may write there, and gets every controller to hand on */
	struct opt_u64
	    root; /* uid of the host that the helper has when it is not the runtime's: it makes the workload in box */
	struct cg_write *writes;
	size_t n_writes;
	bool count;             /* the controllers that count are handed down as well, where they can be had */
	bool count_all;         /* so are all others, as by runc and crun */
	bool devices;           /* a device program is attached */
	const char *no_devices; /* why none is, when devices is false */
	struct strv
	    device_rules; /* the program's rules as text: the last one that matches wins, no match is a refusal */
	struct bpf_insn *program; /* BPF_PROG_TYPE_CGROUP_DEVICE */
	size_t n_program;
	struct cg_unit unit;            /* the systemd manager's */
	const char *slice;              /* in which the unit is */
	struct cg_property *properties; /* beside those that follow from the writes */
	size_t n_properties;
	struct cg_net_program *network; /* attached in this order */
	size_t n_network;
};

#define CG_BOX  "box"  /* holds the workload, and what is exec'd */
#define CG_JAIL "jail" /* holds the helper, and what made the container */

struct cg_run {
	int dir_fd;      /* of the container's cgroup, O_DIRECTORY; -1: none */
	int ring_fd;     /* where the programs of network rules report whom they refuse (struct wire_denied), or -1 */
	int state_fd;    /* their map of a few numbers, or -1 */
	int box_fd;      /* of the workload's cgroup in it; -1: it is not divided */
	int jail_fd;     /* and of the helper's */
	bool made;       /* this call made the directory */
	bool divided;    /* this call made the two in it */
	size_t made_len; /* so many bytes of the plan's path name the topmost directory that this call made; 0: none */
	pid_t holder;    /* a process that keeps a scope alive until the container's first is born in it; 0: none */
};

/* ---- Ask: what this host has (probe.c, try.c) ---- */

/* "cgroupfs", "systemd" or "disabled": as --cgroup-manager takes it, and the state keeps it. */
const char *cg_manager_name(enum cg_manager manager);

/* Whether this program was built with the systemd manager. */
bool cg_has_systemd(void);

/* What this host has, by a few system calls. A caller who may not write to the top of the tree has its own part of it for
 * base, when that is delegated (cgroups(7)): the cgroup above its own, which holds no process and so can have limits below
 * it, else its own.
 * Reads /proc/self/mountinfo's cgroup lines (or the well-known places, by statfs, first), /proc/self/cgroup and
 * cgroup.controllers. Returns 0 or -errno; no cgroup at all is CG_NONE, not an error. */
int cg_probe(struct arena *a, struct cg_facts *ret, struct err *e);

/* For the systemd manager, after cg_probe: whose manager it is, where its units are, and which controllers they can have:
 * f->user, units and controllers. Returns 0 or -errno. */
int cg_probe_units(struct cg_facts *f, struct arena *a, struct err *e);

/* What a cgroup can on this host. */
struct cg_abilities {
	/* Why none can be made, no program of device rules and none of network rules attached, systemd's manager not asked; code 0: it can. */
	struct err make, devices, network, systemd;
	bool kill, freeze;
};

/* Finds it out in an empty cgroup where containers have theirs, which it removes again; enables no controller. */
void cg_try(const struct cg_facts *f, struct arena *a, struct cg_abilities *ret);

/* ---- Plan: what will be done, and no system call yet (plan.c, limits/, programs/, systemd/) ---- */

/* Pure. Where the cgroup goes (linux.cgroupsPath, or /jailrun/ID; relative paths go below /jailrun; for the systemd manager
 * "slice:prefix:name"), what is written, the unit's properties, and the device program. A limit whose controller is not in
 * the v2 tree is an error that names the property, the controller and where it is; a value that means "no limit" (-1) needs no controller. A caller without privileges who
 * may not write to the tree and asks for neither a limit nor a path gets no cgroup, as from runc. userns: the container is
 * in a user namespace. Returns 0, -EINVAL, -ENOTSUP, -E2BIG, -ENOMEM. */
int cg_plan(const struct spec_config *c, const struct cg_facts *f, enum cg_manager manager, const char *id, bool userns,
	    struct arena *a, struct cg_plan *ret, struct err *e);

/* Pure. For a container whose helper lives on, on a host where its cgroup can limit memory, processes or CPU time: divides that
 * cgroup in two, so that the limits bind the workload and never the helper. path/box holds the workload, and has the limits as they were
 * asked for; path/jail holds the helper; path bounds both, with a share for the helper on top. Other controllers' limits stay with path
 * alone. root: the uid of the host that the helper has. Without the right to let it make processes in path/box nothing is divided.
 * Returns 0 or -ENOMEM. */
int cg_plan_split(const struct cg_facts *f, uint64_t root, struct cg_plan *p, struct arena *a, struct err *e);

/* The network rules of a policy. */
struct cg_net_set {
	const struct spec_network *rules; /* NULL, or not set: none */
	const char *policy;               /* its name, for messages */
	bool kill;                        /* who is refused is killed, too */
	bool watch, learn;                /* nobody is refused, it is only reported; learn: and so is what is allowed */
};

/* Adds programs for these rules to a plan: each set has its own, and all of them have to agree. Pure. Returns 0; -ENOTSUP, -EPERM where
 * no program can be attached (no cgroup, no privilege), which for rules is an error; -E2BIG, -ENOMEM. */
int cg_plan_network(const struct cg_net_set *sets, size_t n, const struct cg_facts *f, struct arena *a,
		    struct cg_plan *p, struct err *e);

/* What the programs would say of one address. */
struct cg_net_ask {
	bool bind; /* else connect, or a send with an address */
	int family;
	uint8_t protocol, addr[16]; /* in the order of the network; four of them for AF_INET */
	uint16_t port;
};
struct cg_net_answer {
	bool allowed;
	const struct spec_net_rule *rule; /* that decides; NULL: none is about it */
};
/* Pure. Returns 0 or -ENOMEM. */
int cg_net_judge(const struct spec_net_list *l, const struct cg_net_ask *ask, struct arena *a,
		 struct cg_net_answer *ret);

/* The plan as one object under key, for `jailrun plan` and its golden tests: stable, no fds, no pids. */
void cg_plan_print(const struct cg_plan *p, struct jsonw *w, const char *key);

/* Compiles device rules (linux.resources.devices) into an eBPF program: pure. runc's default devices come after the
 * rules; of all of them the last one that matches wins, for each of r, w and m by itself; what none matches is refused,
 * so that an empty list means the default devices alone. Returns the number of instructions, -EINVAL, -E2BIG, -ENOMEM. */
int cg_device_program(const struct spec_device_rule *rules, size_t n, struct arena *a, struct bpf_insn **ret,
		      struct err *e);

/* What the rules and the default devices say of one access ('r', 'w' or 'm'), evaluated straight from the list: the
 * oracle of the tests. */
bool cg_device_allowed(const struct spec_device_rule *rules, size_t n, char type, int64_t major, int64_t minor,
		       char access);

/* ---- Make: before and beside the clone (create.c, write.c, programs/) ---- */

/* Makes the directory (and its parents) or has systemd start the unit, enables the controllers down to it, opens it. An
 * existing cgroup that holds processes, one that is frozen or below such a one, and an existing unit, are refused, -EBUSY. A scope is held by a process of jailrun's until
 * cg_release. Returns 0 or -errno; on failure what was made is removed. */
int cg_create(const struct cg_plan *p, struct cg_run *r, struct err *e);

/* Writes the limits, and compares what is the host's. A value that the kernel refuses is reported with the property, the file and the
 * value. Returns 0, -EBUSY (memory.checkBeforeUpdate), -ENOTSUP or -errno. */
int cg_limit(const struct cg_plan *p, struct cg_run *r, struct err *e);

/* Loads and attaches the device program. Returns 0 or -errno; the verifier's own words are in e. */
int cg_devices(const struct cg_plan *p, struct cg_run *r, struct err *e);

/* Makes the maps of the network programs: r->ring_fd is for the supervisor of the workload, in which it is mapped. Returns 0 or -errno. */
int cg_network_maps(struct cg_run *r, struct err *e);

/* Loads and attaches the network programs. Who is refused is reported by the pid in the pid namespace of process `init`. Returns 0, or
 * -errno with none attached. */
int cg_network(const struct cg_plan *p, struct cg_run *r, pid_t init, struct err *e);

/* Gives the container's cgroup (its box, where it is divided) to uid (of the host): the directory and those of its files that
 * /sys/kernel/cgroup/delegate lists (config-linux.md, Cgroup ownership). Returns 0 or -errno. */
int cg_own(const struct cg_run *r, uint32_t uid, struct err *e);

/* Once the container's first process is in it: ends the process that held the scope, unless what the plan counts is to be read when
 * the container has ended (cg_usage); then cg_let_go ends it, and the limit of processes is one more. Returns 0 or -errno. */
int cg_release(const struct cg_plan *p, struct cg_run *r, struct err *e);

/* Ends the process that holds a scope, if there is one. May be called twice. */
void cg_let_go(struct cg_run *r);

/* Takes the network programs off and closes the maps. Never fails, and may be called twice. */
void cg_network_undo(const struct cg_plan *p, struct cg_run *r);

/* Takes cg_create back: kills what is in the cgroup, closes dir_fd, and removes what this run made, nothing else. For a
 * create that failed later. Never fails, and may be called twice. */
void cg_unmake(const struct cg_plan *p, struct cg_run *r);

/* Closes the fds of the cgroup and the two in it; the maps are cg_network_undo's. May be called twice. */
void cg_run_close(struct cg_run *r);

/* ---- Go in: where a process is born (hand_down.c, enter.c) ---- */

/* For a cgroup that is divided (box: as in the plan), before its workload starts and after each change of path's limits: moves
 * what is in path itself to path/jail, gives path/box the controllers that path's limits need, and the limits without the helper's share.
 * May be called again at any time. Where nothing is limited nothing is moved. Returns 0 or -errno. */
int cg_hand_down(const char *path, const char *box, struct err *e);

/* Opens the container's cgroup, or one below it (NULL: none), for a process to be born in: CLONE_INTO_CGROUP. Never leaves the
 * container's. Returns the fd or -errno. */
int cg_enter(const char *path, const char *below, struct err *e);

/* Whether the cgroup can hold no process any more (cgroup-v2.rst, No Internal Process Constraint). */
bool cg_is_inner(int dir_fd);

/* Opens the cgroup below path that process pid or, with children, a child of it is in: where path itself can hold none any more,
 * as under systemd in the container. Returns the fd or -errno. */
int cg_enter_beside(const struct cg_facts *f, const char *path, pid_t pid, bool children, struct arena *a,
		    struct err *e);

/* ---- Live: signals, freezing, new limits (remove.c, freeze.c, update.c) ---- */

/* The pids in the cgroup and below. *ret is malloc'ed; returns their number or -errno. */
int cg_pids(const char *path, pid_t **ret, struct err *e);

/* Sends sig to all processes of the cgroup and of those below it but `except` (0: to all). SIGKILL by cgroup.kill, with a
 * freeze-and-kill fallback, spares nobody. Returns 0 or -errno; no such cgroup is 0. */
int cg_kill(const char *path, int sig, pid_t except, struct err *e);

/* True when the cgroup is frozen or about to be (cgroup.freeze); one that is not there is not. */
bool cg_frozen(const char *path);

/* Which cgroup keeps the processes of the one at path frozen: the nearest one whose cgroup.freeze is 1, from path upwards. False: none
 * (or its name is longer than size). */
bool cg_frozen_by(const char *path, char *ret, size_t size);

/* A process that is born in a frozen cgroup, or below one, stands still without a word. Returns 0; -EBUSY, and e names the cgroup. */
int cg_check_thawed(const char *path, struct err *e);

/* Freezes or thaws all processes of the cgroup and below, and waits until the kernel says that they are (cgroup.events).
 * SIGKILL goes through. Returns 0; -ENOENT when there is no such cgroup; -ETIMEDOUT when they would not be frozen within 10
 * seconds: they are thawed again; -EBUSY when a cgroup above keeps them frozen; -errno. */
int cg_freeze(const char *path, bool frozen, struct err *e);

/* What `update` asks for, in the living cgroup at path (absolute; NULL: the container has none): planned as at create, so
 * that what is absent stays as it is, -1 takes a limit off, and what cannot be had is refused in the same words.
 * memory.swap without memory.limit counts with the present memory.max; cpu.period and cpu.quota keep the present other
 * half. Controllers are enabled down to it, and to its box when it is divided (box: as in the plan). Device rules that are given
 * (n_devices) replace the program in one step. The properties of its unit, if it has one, follow. Either all of it is done, or
 * what was written is put back and e names property, file and value. Returns 0 or -errno. */
int cg_update(const struct spec_resources *r, const struct cg_facts *f, const char *path, const char *box,
	      const struct cg_unit *unit, struct arena *a, struct err *e);

/* ---- Count: what it uses, and what it has used (stats.c, usage.c, watch.c) ---- */

/* Pressure stall information (Documentation/accounting/psi.rst): percent, and microseconds in total. */
struct cg_psi_line {
	double avg10, avg60, avg300;
	uint64_t total;
};
struct cg_psi {
	bool set; /* the kernel tells */
	struct cg_psi_line some, full;
};
struct cg_memory {
	uint64_t limit, usage, max, failcnt; /* bytes; failcnt: how often the limit was met */
};
struct cg_io {
	unsigned int major, minor;
	uint64_t read_bytes, write_bytes, reads, writes;
};
struct cg_huge {
	const char *size; /* "2MB" */
	uint64_t usage, limit, failcnt;
};

/* What a cgroup and those below it have used. What this host does not count is 0, NULL or not set. */
struct cg_stats {
	struct {
		uint64_t total, kernel, user, periods, throttled_periods, throttled_time; /* times in nanoseconds */
		struct cg_psi psi;
	} cpu;
	const char *cpus, *mems; /* that can be used: "0-3" */
	struct {
		uint64_t cache;
		struct cg_memory usage, swap; /* swap: memory and swap together */
		struct cg_raw {
			const char *key;
			uint64_t value;
		} * raw; /* memory.stat */
		size_t n_raw;
		struct cg_psi psi;
	} memory;
	struct {
		uint64_t current, limit, peak; /* limit 0: none */
	} pids;
	struct {
		struct cg_io *devices;
		size_t n_devices;
		struct cg_psi psi;
	} io;
	struct cg_huge huge[8]; /* processors know up to four sizes */
	size_t n_huge;
};

/* Reads them; memory and processes are those of box (as in the plan), where path is divided. Returns 0; -ENOENT when there is no
 * such cgroup; -ENOMEM. */
int cg_stats(const char *path, const char *box, struct arena *a, struct cg_stats *ret, struct err *e);

/* As members of the object that is open in w, in the words of `runc events`: cpu, cpuset, memory, pids, blkio, hugetlb. */
void cg_stats_print(const struct cg_stats *s, struct jsonw *w);

/* What the container's cgroup has used in its life; what this host does not count, or not in this cgroup, is not set. */
struct cg_usage {
	struct opt_u64 user_us, system_us;
	struct opt_u64 periods, throttled_periods, throttled_us; /* cpu.max */
	struct opt_u64 memory_peak, swap_peak;                   /* bytes: memory.peak, memory.swap.peak */
	struct opt_u64 tasks_peak;                               /* pids.peak */
	struct opt_u64 oom_kills;
	struct opt_u64 read_bytes, write_bytes; /* of block devices */
};

/* Reads them, the workload's alone where the plan has a box. Returns 0; -ENOENT when there is no such cgroup; -errno. */
int cg_usage(const struct cg_plan *p, const struct cg_run *r, struct cg_usage *ret);

/* For a cgroup that was there before: takes off what it had used then; of peaks it is not known whose they are. */
void cg_usage_since(struct cg_usage *u, const struct cg_usage *before);

/* memory.events of a cgroup, for poll(2): POLLPRI when a count changes after cg_oom_count has read it. Returns the fd;
 * -ENOENT, and e is left alone, where the memory controller does not count; -ENODEV when there is no such cgroup; -errno. */
int cg_oom_open(const char *path, struct err *e);

/* How many processes the kernel has killed because the cgroup was out of memory. -ENODEV: the cgroup is gone. */
int64_t cg_oom_count(int fd);

/* ---- End (remove.c, systemd/scope.c) ---- */

/* For processes that have been killed and are long in ending, which takes CPU time: takes the bounds on it off the cgroup and
 * the workload's in it. Nobody shall live in it after that. Never fails. */
void cg_hurry(const char *path);

/* Kills what is left in it and removes it with all below it; waits up to a few seconds for the kernel to let go. Parents
 * that jailrun made and that are empty now go too (never the mount itself). Returns 0 or -errno. */
int cg_remove(const char *path, struct err *e);

/* Which of the directories that path needs above it is the lowest that is there: those below it are to be made. NULL when
 * none is missing. */
const char *cg_above(const char *path, struct arena *a);

/* After cg_remove, for a container whose making was interrupted: a directory may have been made that no mark tells of yet. Removes
 * those between above, which was there before, and path, as far as they are empty. */
void cg_remove_unmarked(const char *path, const char *above);

/* Has systemd stop the unit of a container whose processes are gone and forget it, also where it has failed; name NULL and one that
 * is gone already are 0. Returns 0 or -errno. */
int cg_unit_remove(const struct cg_unit *unit, struct err *e);

/* ---- resctrl (Intel RDT), linux.intelRdt: ask, plan, make, go in, live, end (resctrl/) ---- */

struct cg_rdt_facts {
	const char *mount; /* where resctrl is mounted, or NULL */
	bool exists;       /* the directory of closID, or of the container's id where there is none */
};

struct cg_rdt_plan {
	const char *mount;    /* of resctrl */
	const char *path;     /* the class of service, an absolute directory; NULL: linux.intelRdt is not set */
	const char *monitor;  /* the monitoring group in it, or NULL */
	bool make;            /* path is to be made */
	bool compare;         /* path is there already: its schemata must say what the first n_compared lines say */
	bool remove;          /* path goes with the container */
	const char *lines[3]; /* for `schemata`, one write each: l3CacheSchema, memBwSchema, schemata */
	size_t n_lines, n_compared;
};

struct cg_rdt_run {
	bool made, monitored; /* which of the plan's two directories this call made */
};

/* Facts of this host, when linux.intelRdt is set. Returns 0 (no resctrl is no error here) or -errno. */
int cg_rdt_probe(const struct spec_linux *l, const char *id, struct arena *a, struct cg_rdt_facts *ret, struct err *e);

/* Pure. The rules of config-linux.md, IntelRdt. Returns 0; -ENOTSUP without resctrl; -ENOENT when closID names nothing
 * and no schema is given to make it with; -EINVAL, -ENOMEM. */
int cg_rdt_plan(const struct spec_linux *l, const struct cg_rdt_facts *f, const char *id, struct arena *a,
		struct cg_rdt_plan *ret, struct err *e);
/* The plan as one object under key, for `jailrun plan`. */
void cg_rdt_plan_print(const struct cg_rdt_plan *p, struct jsonw *w, const char *key);

/* Makes or compares the class, writes its schemata, makes the monitoring group. Returns 0; -EEXIST when a class that is
 * shared says something else, or the monitoring group is there; -errno. On failure what was made is removed. */
int cg_rdt_create(const struct cg_rdt_plan *p, struct cg_rdt_run *r, struct err *e);

/* Takes cg_rdt_create back. Never fails, and may be called twice. */
void cg_rdt_unmake(const struct cg_rdt_plan *p, struct cg_rdt_run *r);

/* Puts a process of one thread into the class and, when monitor is not NULL, into that group; its children are born
 * there. Returns 0 or -errno. */
int cg_rdt_enter(const char *path, const char *monitor, pid_t pid, struct err *e);

/* New schemata for the container's class (update --l3-cache-schema, --mem-bw-schema); each may be NULL. path NULL: the
 * container has none, -ENOTSUP. Both or none. Returns 0 or -errno. */
int cg_rdt_update(const char *path, const char *l3_cache_schema, const char *mem_bw_schema, struct err *e);

/* What the class is given and the group (monitor, NULL: the class itself) has used, as members of the object that is open in w,
 * in the words of `runc events`: l3_cache_schema, mem_bw_schema, mbm_stats, cmt_stats. path NULL: nothing. */
void cg_rdt_stats_print(const char *path, const char *monitor, struct jsonw *w);

/* Removes the groups that were made for a container (NULL: that one was not). Returns 0, also when they are gone. */
int cg_rdt_remove(const char *path, const char *monitor, struct err *e);

#endif
