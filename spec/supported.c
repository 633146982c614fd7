/* SPDX-License-Identifier: Apache-2.0 */
/* What is parsed but not applied yet: refused by name, never ignored. What has no effect, as engines write it ("blockIO":
 * {}), passes. */
#include <errno.h>
#include <stdio.h>

#include "field.h"

/* A limit that is neither "none" (-1) nor "unset" (0). */
static bool limits(struct opt_i64 v)
{
	return v.set && v.v > 0;
}

static bool positive(struct opt_u64 v)
{
	return v.set && v.v;
}

#define USED(name, expr)                                                                                               \
	static bool name(const struct spec_config *c)                                                                  \
	{                                                                                                              \
		const struct spec_process *p = &c->process;                                                            \
		const struct spec_linux *l = &c->linux_;                                                               \
		const struct spec_resources *r = &c->linux_.resources;                                                 \
                                                                                                                       \
		(void)p, (void)l, (void)r;                                                                             \
		return expr;                                                                                           \
	}
USED(scheduler, p->scheduler.set)
USED(io_priority, p->io_priority.set)
USED(apparmor, p->apparmor_profile != NULL)
USED(selinux, p->selinux_label != NULL)
USED(mount_label, l->mount_label != NULL)
USED(net_devices, l->n_net_devices > 0)
USED(memory_policy, l->memory_policy.set)
USED(personality, l->personality.set && (!str_eq(l->personality.domain, "LINUX") || l->personality.flags.n))
USED(intel_rdt, l->intel_rdt.set)
USED(blkio_weight, positive(r->block_io.weight))
USED(blkio_leaf_weight, positive(r->block_io.leaf_weight))
USED(blkio_weight_device, r->block_io.n_weight_device > 0)
USED(blkio_read_bps, r->block_io.read_bps.n > 0)
USED(blkio_write_bps, r->block_io.write_bps.n > 0)
USED(blkio_read_iops, r->block_io.read_iops.n > 0)
USED(blkio_write_iops, r->block_io.write_iops.n > 0)
USED(hugepages, r->n_hugepages > 0)
USED(class_id, positive(r->network.class_id))
USED(net_priorities, r->network.n_priorities > 0)
USED(rdma, r->n_rdma > 0)
USED(unified, r->unified.n > 0)
USED(kernel_memory, limits(r->memory.kernel))
USED(kernel_tcp_memory, limits(r->memory.kernel_tcp))
USED(swappiness, r->memory.swappiness.set)
USED(no_oom_killer, r->memory.disable_oom_killer.v)
USED(realtime_runtime, limits(r->cpu.realtime_runtime))
USED(realtime_period, positive(r->cpu.realtime_period))
USED(notify, str_eq(l->seccomp.default_action, "SCMP_ACT_NOTIFY"))
USED(listener, l->seccomp.listener_path != NULL)

static const char use_other[] = "use another action than SCMP_ACT_NOTIFY";

static const struct {
	const char *path;
	bool (*used)(const struct spec_config *c);
	const char *hint; /* instead of "remove it", or NULL */
} not_applied[] = {
    {"process.scheduler", scheduler},
    {"process.ioPriority", io_priority},
    {"process.apparmorProfile", apparmor},
    {"process.selinuxLabel", selinux},
    {"linux.mountLabel", mount_label},
    {"linux.netDevices", net_devices},
    {"linux.memoryPolicy", memory_policy},
    {"linux.personality", personality},
    {"linux.intelRdt", intel_rdt},
    {"linux.resources.blockIO.weight", blkio_weight},
    {"linux.resources.blockIO.leafWeight", blkio_leaf_weight},
    {"linux.resources.blockIO.weightDevice", blkio_weight_device},
    {"linux.resources.blockIO.throttleReadBpsDevice", blkio_read_bps},
    {"linux.resources.blockIO.throttleWriteBpsDevice", blkio_write_bps},
    {"linux.resources.blockIO.throttleReadIOPSDevice", blkio_read_iops},
    {"linux.resources.blockIO.throttleWriteIOPSDevice", blkio_write_iops},
    {"linux.resources.hugepageLimits", hugepages},
    {"linux.resources.network.classID", class_id},
    {"linux.resources.network.priorities", net_priorities},
    {"linux.resources.rdma", rdma},
    {"linux.resources.unified", unified},
    {"linux.resources.memory.kernel", kernel_memory, "limit all memory with memory.limit"},
    {"linux.resources.memory.kernelTCP", kernel_tcp_memory, "limit all memory with memory.limit"},
    {"linux.resources.memory.swappiness", swappiness},
    {"linux.resources.memory.disableOOMKiller", no_oom_killer,
     "cgroup v2 has no such switch; remove it or set it to false"},
    {"linux.resources.cpu.realtimeRuntime", realtime_runtime},
    {"linux.resources.cpu.realtimePeriod", realtime_period},
    {"linux.seccomp.listenerPath", listener},
    {"linux.seccomp.defaultAction", notify, use_other},
};

static int refuse(struct err *e, const char *path, const char *hint)
{
	struct err own = {0};

	err_set(&own, ENOTSUP, "parsed, but this version of jailrun does not apply it yet; %s",
		hint ? hint : "remove it");
	err_ctx(&own, "config.json: %s", path);
	if (e && !e->code)
		*e = own;
	return -ENOTSUP;
}

int spec_config_supported(const struct spec_config *c, struct err *e)
{
	const struct spec_seccomp *s = &c->linux_.seccomp;

	for (size_t i = 0; i < ARRAY_LEN(not_applied); i++)
		if (not_applied[i].used(c))
			return refuse(e, not_applied[i].path, not_applied[i].hint);
	for (size_t i = 0; i < s->n_rules; i++) {
		char path[64];

		if (!str_eq(s->rules[i].action, "SCMP_ACT_NOTIFY"))
			continue;
		snprintf(path, sizeof(path), "linux.seccomp.syscalls[%zu].action", i);
		return refuse(e, path, use_other);
	}
	return 0;
}
