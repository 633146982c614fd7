/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the specification and of engines, and what the kernel calls them. */
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <sys/resource.h>

#include "field.h"

const struct word ns_words[] = {
    {"mount", NS_MOUNT}, {"pid", NS_PID},       {"network", NS_NETWORK}, {"uts", NS_UTS}, {"ipc", NS_IPC},
    {"user", NS_USER},   {"cgroup", NS_CGROUP}, {"time", NS_TIME},       {NULL},
};

static const uint64_t ns_flags[NS_COUNT] = {
    [NS_MOUNT] = CLONE_NEWNS, [NS_PID] = CLONE_NEWPID,   [NS_NETWORK] = CLONE_NEWNET,   [NS_UTS] = CLONE_NEWUTS,
    [NS_IPC] = CLONE_NEWIPC,  [NS_USER] = CLONE_NEWUSER, [NS_CGROUP] = CLONE_NEWCGROUP, [NS_TIME] = CLONE_NEWTIME,
};

#define WORD(what) {"RLIMIT_" #what, RLIMIT_##what},
const struct word rlimit_words[] = {RLIMITS(WORD){NULL}};
#undef WORD

const struct word sched_words[] = {
    {"SCHED_OTHER", SCHED_NORMAL},
    {"SCHED_FIFO", SCHED_FIFO},
    {"SCHED_RR", SCHED_RR},
    {"SCHED_BATCH", SCHED_BATCH},
    {"SCHED_ISO", 4}, /* reserved, but no Linux has it: no macro */
    {"SCHED_IDLE", SCHED_IDLE},
    {"SCHED_DEADLINE", SCHED_DEADLINE},
    {NULL},
};

const struct word mempolicy_words[] = {
    {"MPOL_DEFAULT", MPOL_DEFAULT},       {"MPOL_BIND", MPOL_BIND},
    {"MPOL_INTERLEAVE", MPOL_INTERLEAVE}, {"MPOL_WEIGHTED_INTERLEAVE", 6}, /* Linux 6.9 */
    {"MPOL_PREFERRED", MPOL_PREFERRED},   {"MPOL_PREFERRED_MANY", 5},      /* Linux 5.15 */
    {"MPOL_LOCAL", MPOL_LOCAL},           {NULL},
};
const struct word mempolicy_flag_words[] = {
    {"MPOL_F_NUMA_BALANCING", 1 << 13}, /* Linux 5.12 */
    {"MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES},
    {"MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES},
    {NULL},
};

static const char *name_of(const struct word *words, int value)
{
	for (const struct word *w = words; w->name; w++)
		if (w->value == value)
			return w->name;
	return NULL;
}

const char *spec_ns_name(enum spec_ns ns)
{
	return ns_words[ns].name;
}

uint64_t spec_ns_flag(enum spec_ns ns)
{
	return ns_flags[ns];
}

const char *spec_hook_name(enum spec_hook_kind kind)
{
	return hooks_table.fields[kind].key;
}

const char *spec_sched_name(int policy)
{
	return name_of(sched_words, policy);
}

const char *spec_mempolicy_name(int mode)
{
	return name_of(mempolicy_words, mode);
}

const char *spec_status_name(enum spec_status s)
{
	static const char *const names[] = {
	    [STATUS_CREATING] = "creating", [STATUS_CREATED] = "created", [STATUS_RUNNING] = "running",
	    [STATUS_PAUSED] = "paused",     [STATUS_STOPPED] = "stopped",
	};

	return names[s];
}

const char *spec_engine_name(enum spec_engine engine)
{
	static const char *const names[] = {
	    [ENGINE_DOCKER] = "docker",
	    [ENGINE_CONTAINERD] = "containerd",
	    [ENGINE_PODMAN] = "podman",
	    [ENGINE_CRIO] = "crio",
	};

	return names[engine];
}

const char *spec_map_get(const struct spec_map *m, const char *key)
{
	for (size_t i = 0; i < m->n; i++)
		if (str_eq(m->v[i].key, key))
			return m->v[i].value;
	return NULL;
}
