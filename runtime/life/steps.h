/* SPDX-License-Identifier: Apache-2.0 */
/* Inside life/: the rows of the tables, one function each, and what the two sides' walking has in common. */
#ifndef RUNTIME_STEPS_H
#define RUNTIME_STEPS_H

#include "life.h"

struct step {
	char role;
	const char *name;
	bool (*when)(const struct life *l); /* NULL: always */
	int (*run)(struct life *l, struct err *e);
	void (*undo)(struct life *l); /* after a failure; also of the row that failed */
	bool beside;                  /* of the runtime: runs beside the child's rows, nobody waits for it */
	bool clones;                  /* makes the other side, which does not wait before */
};

/* How every life ends: what the helper does in the process that becomes the workload. */
/* clang-format off */
#define LIFE_SEAL_ROWS \
	{'W', "seal.labels", NULL, NULL, NULL}, \
	{'W', "seal.session", NULL, NULL, NULL}, \
	{'W', "seal.rlimits", NULL, NULL, NULL}, \
	{'W', "seal.schedule", NULL, NULL, NULL}, \
	{'W', "seal.user", NULL, NULL, NULL}, \
	{'W', "seal.caps", NULL, NULL, NULL}, \
	{'W', "seal.fds", NULL, NULL, NULL}, \
	{'W', "seal.seccomp", NULL, NULL, NULL}, \
	{'W', "exec", NULL, NULL, NULL}
/* clang-format on */

/* The index of a row in the table that is walked, -1 when there is none of that name. */
int life_row(const struct life *l, const char *name);

/* Walks the rows [from, to) that are this side's; returns 0 or -errno with e->step set. */
int life_walk(struct life *l, char side, int from, int to, struct err *e);

/* Waits until the other side gives the baton (ret 0) or, for until_closed, closes its end after executing the workload. */
int life_wait(struct life *l, bool until_closed, struct err *e);

/* For --die-step, in the child: has the runtime kill itself here, and goes with it. */
void life_die(struct life *l, int row);

/* Conditions that rows of both tables have. */
bool life_has_jail(const struct life *l);
bool life_has_oom_score(const struct life *l);
bool life_in_userns(const struct life *l);
bool life_outer_init(const struct life *l);
bool life_gives_stdio(const struct life *l);

/* A new pair of sockets between the two sides: l->sock, and the other side's. parent.c */
int life_pair(struct life *l, int *ret_theirs, struct err *e);
/* The other side's first words, in a process that was just cloned. child.c */
_Noreturn void life_born(struct life *l, int *theirs);
/* Puts off what the caller of the runtime has, and the container is not to have. inherited.c */
void child_forget_caller(const struct life *l);
/* Writes process.oomScoreAdj to that file of a procfs. parent.c */
int life_oom_score(const struct life *l, const char *file, struct err *e);

/* parent.c: rows of the runtime. */
int parent_reserve(struct life *l, struct err *e);
void parent_reserve_undo(struct life *l);
int parent_notify(struct life *l, struct err *e);
int parent_audit(struct life *l, struct err *e);
int parent_jail_socket(struct life *l, struct err *e);
int parent_keep_plan(struct life *l, struct err *e);
int parent_sources(struct life *l, struct err *e);
int parent_cgroup(struct life *l, struct err *e);
void parent_cgroup_undo(struct life *l);
int parent_cgroup_limit(struct life *l, struct err *e);
int parent_cgroup_release(struct life *l, struct err *e);
int parent_cgroup_split(struct life *l, struct err *e);
int parent_cgroup_move(struct life *l, struct err *e);
int parent_cgroup_owner(struct life *l, struct err *e);
int parent_cgroup_devices(struct life *l, struct err *e);
int parent_network_maps(struct life *l, struct err *e);
int parent_cgroup_network(struct life *l, struct err *e);
void parent_network_undo(struct life *l);
int parent_rdt(struct life *l, struct err *e);
void parent_rdt_undo(struct life *l);
int parent_rdt_enter(struct life *l, struct err *e);
int parent_clone(struct life *l, struct err *e);
void parent_clone_undo(struct life *l);
int parent_note_pid(struct life *l, struct err *e);
int parent_idmap(struct life *l, struct err *e);
int parent_oom(struct life *l, struct err *e);
int parent_net_devices(struct life *l, struct err *e);
void parent_net_devices_undo(struct life *l);
int parent_hooks_prestart(struct life *l, struct err *e);
int parent_hooks_create_runtime(struct life *l, struct err *e);
int parent_created(struct life *l, struct err *e);
void parent_created_undo(struct life *l);
int parent_announce(struct life *l, struct err *e);
int parent_start(struct life *l, struct err *e);
int parent_hooks_poststart(struct life *l, struct err *e);

/* stdio.c */
int parent_stdio(struct life *l, struct err *e);

/* child.c: rows of the container's first process. */
/* From here on nobody but who has CAP_SYS_PTRACE in the runtime's own user namespace may look into this process. */
int child_hide(struct err *e);
int child_guard(struct life *l, struct err *e);
int child_inner(struct life *l, struct err *e);
int child_join(struct life *l, struct err *e);
int child_rest(struct life *l, struct err *e);
int child_become_root(struct life *l, struct err *e);
int child_loopback(struct life *l, struct err *e);
int child_uts(struct life *l, struct err *e);
int child_rootfs(struct life *l, struct err *e);
int child_rootfs_show(struct life *l, struct err *e);
int child_mounts(struct life *l, struct err *e);
int child_dev(struct life *l, struct err *e);
int child_sysctl(struct life *l, struct err *e);
int child_hooks_create_container(struct life *l, struct err *e);
int child_pivot(struct life *l, struct err *e);
int child_masks(struct life *l, struct err *e);
int child_stdio(struct life *l, struct err *e);
int child_propagation(struct life *l, struct err *e);
/* The terminal, when there is to be one, made by that function; and whom stdin, stdout and stderr belong to. */
int child_terminal(struct life *l,
		   int (*make)(const struct ns_plan *, struct ns_run *, int *ret_master, int *ret_slave, struct err *),
		   struct err *e);
int child_find_program(struct life *l, struct err *e);
int child_enter(struct life *l, struct err *e);

/* The state document that hooks read on stdin; pid as the hook sees it. */
int life_hook_state(const struct life *l, enum spec_status status, pid_t pid, struct buf *out, struct err *e);

/* Whether the hard limits of process.rlimits can be had by this caller: tries each on itself, and puts its own back. Returns 0, -EPERM,
 * -EINVAL (a limit that this kernel has not). rlimits.c */
int life_check_rlimits(const struct jail_seal *s, struct err *e);
/* Raises the hard limits of pid (0: its own) to those that the program will have, before a user namespace takes the right to. What
 * fails is said by seal.rlimits. */
void life_raise_rlimits(const struct jail_seal *s, pid_t pid);

/* The agent that answers the calls of SCMP_ACT_NOTIFY (config-linux.md, Seccomp: listenerPath). agent.c
 *
 * Answers WIRE_LISTENER: m came over sock, with the pidfd of a process that is about to load a filter. Connects to the agent
 * at s->seccomp_listener_path, lets the process go on, fetches the listener from it, and sends that to the agent with the
 * container process state, in which the container is `status`. Only then the process can execute its program: on failure it is
 * killed. Returns 0, also when the process failed meanwhile (its last word is waiting in sock); -errno. */
int rt_agent_introduce(const struct spec_state *s, enum spec_status status, int sock, const struct wire *m, int pidfd,
		       struct err *e);

/* Puts beside each entry of exec.allow, exec.deny and signals.protect what it leads to by links of the container's rootfs, and warns of
 * those that never match. Returns 0, -ENOMEM. links.c */
int life_policy_links(struct life *l, struct arena *a, struct err *e);
/* Warns of entries whose path the rootfs lacks: in a list for many images that is no fault, so only `plan` asks. */
void life_policy_absent(const struct life *l);

/* ---- bounds.c: limits of policies that need the cgroup ---- */

struct rt_policies;
/* Before cg_plan: the least of the policies' limits.memory into linux.resources. Returns 0, -ENOMEM. */
int life_plan_memory(struct spec_resources *r, const struct rt_policies *p, struct arena *a, struct err *e);
/* An error of cg_plan, said of the policy where it is about its limit. Returns -errno. */
int life_memory_error(const struct rt_policies *p, struct err *e);
/* Returns 0; -ENOTSUP: there is no cgroup to count in. */
int life_plan_cpu(const struct life *l, struct err *e);
bool life_counts_cpu(const struct life *l);
int life_open_cpu(struct life *l, struct err *e);

#endif
