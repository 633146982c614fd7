/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a container: rows in the order of time, one row has one reason. walk.c walks it. */
#include "steps.h"

static bool has_limits(const struct life *l)
{
	return l->cg.n_writes > 0;
}

/* As planned, since both sides must know: cg_run.holder is the runtime's alone. */
static bool has_holder(const struct life *l)
{
	return l->cg.unit.name != NULL;
}

/* Under `create` the first process is to be in the container's own cgroup when that returns: `start` hands the limits down. */
static bool splits_now(const struct life *l)
{
	return l->cg.box && l->start_now && (l->cg.n_writes > 0 || l->cg.shown);
}

static bool splits_late(const struct life *l)
{
	return l->state.cgroup_box && l->start_now && l->state.created;
}

static bool has_rdt(const struct life *l)
{
	return l->rdt.path != NULL;
}

static bool has_devices(const struct life *l)
{
	return l->cg.devices;
}

static bool has_network_rules(const struct life *l)
{
	return l->cg.n_network > 0;
}

static bool makes_userns(const struct life *l)
{
	return l->ns.clone_flags & spec_ns_flag(NS_USER);
}

static bool joins(const struct life *l)
{
	for (int i = 0; i < NS_COUNT; i++)
		if (l->ns.join[i])
			return true;
	return false;
}

static bool has_rest(const struct life *l)
{
	return l->ns.rest_flags != 0;
}

static bool new_netns(const struct life *l)
{
	return l->ns.clone_flags & spec_ns_flag(NS_NETWORK);
}

static bool has_names(const struct life *l)
{
	return l->config.hostname || l->config.domainname;
}

static bool shows_rootfs(const struct life *l)
{
	return l->ns.show_rootfs;
}

static bool has_sysctl(const struct life *l)
{
	return l->config.linux_.sysctl.n > 0;
}

static bool has_net_devices(const struct life *l)
{
	return l->config.linux_.n_net_devices > 0;
}

static bool has_program(const struct life *l)
{
	return l->config.process.set;
}

static bool gives_cgroup(const struct life *l)
{
	return l->ns.cgroup_owner.set && l->cg.path;
}

static bool has_propagation(const struct life *l)
{
	return l->ns.propagation != 0;
}

static bool has_notify(const struct life *l)
{
	return l->notify.host != NULL;
}

static bool starts_now(const struct life *l)
{
	return l->start_now;
}

static bool starts_later(const struct life *l)
{
	return !l->start_now;
}

static bool creates_and_starts(const struct life *l)
{
	return l->start_now && !l->state.created;
}

#define WHEN_HOOKS(name, kind)                                                                                         \
	static bool name(const struct life *l)                                                                         \
	{                                                                                                              \
		return l->config.hooks[kind].n > 0;                                                                    \
	}
WHEN_HOOKS(has_prestart, HOOK_PRESTART)
WHEN_HOOKS(has_create_runtime, HOOK_CREATE_RUNTIME)
WHEN_HOOKS(has_create_container, HOOK_CREATE_CONTAINER)
WHEN_HOOKS(has_start_container, HOOK_START_CONTAINER)

static bool has_poststart(const struct life *l)
{
	return l->state.hooks[HOOK_POSTSTART].n > 0;
}

/* The limits come before the clone: the container's process is born under them. The device program is for the workload:
 * it is made while the child mounts. */
static const struct step rows[] = {
    {'P', "state.reserve", NULL, parent_reserve, parent_reserve_undo},
    {'P', "notify.socket", has_notify, parent_notify, NULL},
    {'P', "audit.open", life_has_jail, parent_audit, NULL},
    {'P', "jail.socket", life_has_jail, parent_jail_socket, NULL},
    {'P', "sources.open", NULL, parent_sources, NULL},
    {'P', "cgroup.create", NULL, parent_cgroup, parent_cgroup_undo},
    {'P', "cgroup.limit", has_limits, parent_cgroup_limit, NULL},
    {'P', "cgroup.split", splits_now, parent_cgroup_split, NULL},
    {'P', "cgroup.owner", gives_cgroup, parent_cgroup_owner, NULL},
    {'P', "resctrl.create", has_rdt, parent_rdt, parent_rdt_undo},
    /* Before the clone: one of them goes to the helper. */
    {'P', "network.maps", has_network_rules, parent_network_maps, parent_network_undo},
    {'P', "clone", NULL, parent_clone, parent_clone_undo, .clones = true},
    {'P', "cgroup.release", has_holder, parent_cgroup_release, NULL, .beside = true},
    {'P', "state.pid", starts_now, parent_note_pid, NULL, .beside = true},
    {'P', "plan.keep", NULL, parent_keep_plan, NULL, .beside = true},
    {'P', "cgroup.devices", has_devices, parent_cgroup_devices, NULL, .beside = true},
    {'P', "cgroup.network", has_network_rules, parent_cgroup_network, parent_network_undo, .beside = true},
    {'C', "guard", NULL, child_guard, NULL},
    {'C', "ns.join", joins, child_join, NULL},
    {'P', "idmap.write", makes_userns, parent_idmap, NULL},
    {'P', "stdio.owner", life_gives_stdio, parent_stdio, NULL},
    {'P', "oom.score", life_has_oom_score, parent_oom, NULL},
    {'P', "resctrl.enter", has_rdt, parent_rdt_enter, NULL},
    {'P', "net.devices", has_net_devices, parent_net_devices, parent_net_devices_undo},
    {'C', "ns.rest", has_rest, child_rest, NULL},
    {'C', "ns.become_root", life_in_userns, child_become_root, NULL},
    {'C', "clone.inner", life_outer_init, child_inner, NULL},
    {'C', "net.loopback", new_netns, child_loopback, NULL},
    {'C', "uts", has_names, child_uts, NULL},
    {'C', "rootfs.prepare", NULL, child_rootfs, NULL},
    {'C', "mounts", NULL, child_mounts, NULL},
    {'C', "dev", NULL, child_dev, NULL},
    {'C', "sysctl", has_sysctl, child_sysctl, NULL},
    {'C', "rootfs.show", shows_rootfs, child_rootfs_show, NULL},
    {'P', "hooks.prestart", has_prestart, parent_hooks_prestart, NULL},
    {'P', "hooks.createRuntime", has_create_runtime, parent_hooks_create_runtime, NULL},
    {'C', "hooks.createContainer", has_create_container, child_hooks_create_container, NULL},
    {'C', "rootfs.pivot", NULL, child_pivot, NULL},
    {'C', "masks", NULL, child_masks, NULL},
    {'C', "stdio", NULL, child_stdio, NULL},
    {'C', "rootfs.propagation", has_propagation, child_propagation, NULL},
    {'C', "exec.find", has_program, child_find_program, NULL},
    {'C', "jail.enter", NULL, child_enter, NULL}, /* executes the helper */
    {'P', "state.created", starts_later, parent_created, parent_created_undo},
    /* -- `create` returns here; `start` goes on -- */
    {'P', "cgroup.move", splits_late, parent_cgroup_move, NULL, .beside = true},
    /* `run` says it in advance, after all that it has to do itself: the helper finds the word when it is ready. */
    {'P', "start", starts_now, parent_start, NULL, .beside = true},
    /* The helper's rows: jail_steps[] of jail/handover/steps.c, in its order. */
    {'J', "wait.start", NULL, NULL, NULL},
    {'J', "hooks.startContainer", has_start_container, NULL, NULL},
    {'J', "policy.arm", NULL, NULL, NULL},
    {'J', "fork", NULL, NULL, NULL},
    LIFE_SEAL_ROWS,
    {'P', "state.running", creates_and_starts, parent_created, parent_created_undo},
    {'P', "hooks.poststart", has_poststart, parent_hooks_poststart, NULL},
};
_Static_assert(ARRAY_LEN(rows) <= LIFE_MAX_ROWS, "the table outgrew its times");
const struct life_table life_of_container = {rows, ARRAY_LEN(rows)};
