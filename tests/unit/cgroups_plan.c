/* SPDX-License-Identifier: Apache-2.0 */
/* The plan, from synthetic facts: where the cgroup goes, what is written, what is refused and in which words. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cgroups/cgroups.h"
#include "cgroups/limits/limits.h"

static char *all[] = {"cpuset", "cpu", "io", "memory", "hugetlb", "pids", "rdma", "misc", NULL};
static char *few[] = {"hugetlb", NULL};

static const struct cg_facts unified = {CG_UNIFIED, "/sys/fs/cgroup", "/user.slice", {all, 8}, true, true};
static const struct cg_facts hybrid = {CG_HYBRID, "/sys/fs/cgroup/unified", "/", {few, 1}, true, true};
static const struct cg_facts bare = {CG_UNIFIED, "/sys/fs/cgroup", "/", {few, 1}, true, true};
static const struct cg_facts nothing = {CG_UNIFIED, "/sys/fs/cgroup", "/", {NULL, 0}, true, true};
static const struct cg_facts none = {CG_NONE, NULL, "/", {NULL, 0}, false, true};
static const struct cg_facts user = {CG_UNIFIED, "/sys/fs/cgroup", "/user.slice", {all, 8}, false, false};
static const struct cg_facts user_none = {CG_NONE, NULL, "/", {NULL, 0}, false, false};
static const struct cg_facts delegated = {CG_UNIFIED, "/sys/fs/cgroup", "/", {all, 8}, true, false};
static const struct cg_facts own_part = {CG_UNIFIED, "/sys/fs/cgroup", "/mine/session", {all, 8}, true,
					 false,      .base = "/mine"};
static const struct cg_facts little_part = {CG_HYBRID, "/sys/fs/cgroup", "/mine/session",   {NULL, 0}, true,
					    false,     .base = "/mine",  .of_top = {all, 8}};
static const struct cg_facts user_must = {
    CG_UNIFIED, "/sys/fs/cgroup", "/", {all, 8}, false, false, .rootless = CG_ROOTLESS_FALSE};
static const struct cg_facts root_may = {
    CG_UNIFIED, "/sys/fs/cgroup", "/", {all, 8}, false, true, .rootless = CG_ROOTLESS_TRUE};

#define I64(x)                                                                                                         \
	{                                                                                                              \
		true, (x)                                                                                              \
	}

struct golden {
	const char *name;
	const struct cg_facts *facts;
	char *path;
	struct spec_resources r;
	enum cg_manager manager;
	bool userns;
	const char *want; /* "path file=value …", or "field: text" of the error */
	int err;
};

#define HYBRID(c)                                                                                                      \
	"the " c " controller is not available in cgroup v2 on this host (it is bound to cgroup v1, the v2 tree is "   \
	"/sys/fs/cgroup/unified); remove the limit, or boot with systemd.unified_cgroup_hierarchy=1"

#define OFF(c)                                                                                                         \
	"the " c " controller is not available in cgroup v2 on this host (/sys/fs/cgroup/cgroup.controllers does not " \
	"list it); remove the limit, or enable it: cgroup_disable= of the kernel's command line, or "                  \
	"cgroup.subtree_control of the cgroup above"
#define NO_KERNEL_MEMORY                                                                                               \
	"cgroup v2 counts the kernel's memory with all other and has no limit for it alone; limit both with "          \
	"memory.limit"
/* Refused also where nothing else would be. */
#define REFUSED(property, part, why)                                                                                   \
	{                                                                                                              \
		"refused: " property, &user, NULL, {.set = true, part}, .userns = true, .err = -ENOTSUP,               \
									.want = "linux.resources." property ": " why   \
	}

static struct spec_hugepage huge_pages[] = {{(char *)"2MB", 4194304}, {(char *)"1GB", 0}};
static struct spec_blkio_weight weights[] = {
    {8, 0, I64(10), I64(0)}, {8, 16, I64(1000), {0}}, {8, 32, I64(1001), {0}}, {8, 48, {0}, I64(10)}};
static struct spec_blkio_rate rates[] = {{8, 0, 600}, {8, 16, 0}};
static struct spec_rdma rdmas[] = {{(char *)"mlx5_1", I64(3), I64(10000)},
				   {(char *)"mlx4_0", {0}, I64(0)},
				   {(char *)"rxe3", I64(UINT32_MAX), {0}},
				   {(char *)"a b", I64(1), {0}}};
static struct spec_pair unifieds[] = {
    {(char *)"memory.high", (char *)"1"},      {(char *)"io.max", (char *)"8:0 rbps=1\n8:16 wiops=2\n"},
    {(char *)"cgroup.max.depth", (char *)"3"}, {(char *)"cpuset.cpus", (char *)""},
    {(char *)"nonsense.max", (char *)"1"},     {(char *)"memory", (char *)"1"},
    {(char *)"cgroup.procs", (char *)"0"},
};

static const struct golden goldens[] = {
    {"default path", &unified, NULL, {0}, .want = "/sys/fs/cgroup/jailrun/c1 devices"},
    {"empty path", &unified, "", {0}, .want = "/sys/fs/cgroup/jailrun/c1 devices"},
    {"docker", &unified, "/docker/0123abcd", {0}, .want = "/sys/fs/cgroup/docker/0123abcd devices"},
    {"containerd, hybrid", &hybrid, "/default/id1", {0}, .want = "/sys/fs/cgroup/unified/default/id1 devices"},
    {"podman",
     &hybrid,
     "/libpod_parent/libpod-77",
     {0},
     .want = "/sys/fs/cgroup/unified/libpod_parent/libpod-77 devices"},
    {"relative", &unified, "a/b", {0}, .want = "/sys/fs/cgroup/jailrun/a/b devices"},
    {"unclean", &unified, "//a/./b//", {0}, .want = "/sys/fs/cgroup/a/b devices"},
    {"a colon in a name", &unified, "/kubepods/pod:x:y", {0}, .want = "/sys/fs/cgroup/kubepods/pod:x:y devices"},
    {"out of the tree",
     &unified,
     "/a/../../b",
     {0},
     .err = -EINVAL,
     .want = "linux.cgroupsPath: '/a/../../b': '..' is not allowed"},
    {"relative out of the tree",
     &unified,
     "..",
     {0},
     .err = -EINVAL,
     .want = "linux.cgroupsPath: '..': '..' is not allowed"},
    {"the root",
     &unified,
     "/",
     {0},
     .err = -EINVAL,
     .want = "linux.cgroupsPath: '/' is the root of the tree, in which a container cannot be"},
    {"the root in disguise",
     &unified,
     "/./",
     {0},
     .err = -EINVAL,
     .want = "linux.cgroupsPath: '/./' is the root of the tree, in which a container cannot be"},
    {"systemd's path, a name here",
     &unified,
     "system.slice:docker:0123",
     {0},
     .want = "/sys/fs/cgroup/jailrun/system.slice:docker:0123 devices"},
    {"systemd's manager",
     &unified,
     NULL,
     {0},
     .manager = CG_SYSTEMD,
     .want = "/sys/fs/cgroup/system.slice/jailrun-c1.scope devices"},
    {"systemd's manager, a path",
     &unified,
     "/docker/0123",
     {0},
     .manager = CG_SYSTEMD,
     .err = -EINVAL,
     .want =
	 "linux.cgroupsPath: expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got "
	 "\"/docker/0123\" instead (that is a path, for the cgroupfs manager); each of the three may be empty, or the "
	 "whole be left out"},
    {"systemd's manager, limits of which the host has no controller",
     &hybrid,
     NULL,
     {.set = true, .pids_limit = I64(5)},
     .manager = CG_SYSTEMD,
     .err = -ENOTSUP,
     .want = "linux.resources.pids.limit: " HYBRID("pids")},
    {"systemd's manager, without a tree",
     &none,
     NULL,
     {0},
     .manager = CG_SYSTEMD,
     .err = -ENOTSUP,
     .want = "no cgroup v2 tree is mounted: mount one at /sys/fs/cgroup"},
    {"disabled", &unified, "/x", {0}, .manager = CG_DISABLED, .want = "- (cgroups are disabled)"},
    {"disabled, with a limit",
     &unified,
     NULL,
     {.set = true, .pids_limit = I64(5)},
     .manager = CG_DISABLED,
     .err = -ENOTSUP,
     .want = "linux.resources.pids.limit: cgroups are disabled (--cgroup-manager disabled); remove the limit"},
    {"user namespace of root", &unified, NULL, {0}, .userns = true, .want = "/sys/fs/cgroup/jailrun/c1 devices"},

    {"no tree, root",
     &none,
     NULL,
     {0},
     .err = -ENOTSUP,
     .want =
	 "no cgroup v2 tree is mounted: mount one at /sys/fs/cgroup, or say --cgroup-manager disabled to do without "
	 "cgroup, limits and device rules"},
    {"no tree, user", &user_none, NULL, {0}, .want = "- (no cgroup is made)"},
    {"no tree, user, limit",
     &user_none,
     NULL,
     {.set = true, .pids_limit = I64(5)},
     .err = -ENOTSUP,
     .want =
	 "linux.resources.pids.limit: no cgroup v2 tree is mounted; remove the limit, or mount one at /sys/fs/cgroup"},
    {"user", &user, NULL, {0}, .userns = true, .want = "- (no cgroup is made)"},
    {"user, limit",
     &user,
     NULL,
     {.set = true, .memory = {.set = true, .limit = I64(1 << 20)}},
     .userns = true,
     .err = -ENOTSUP,
     .want = "linux.resources.memory.limit: cannot set memory limit: container could not join or create cgroup: "
	     "/sys/fs/cgroup cannot be written by this user: without permission to make "
	     "cgroups there can be no limits and no linux.cgroupsPath; remove them, or have a cgroup delegated"},
    {"user, no limit meant",
     &user,
     NULL,
     {.set = true, .memory = {.set = true, .limit = I64(-1)}, .pids_limit = I64(-1)},
     .userns = true,
     .want = "- (no cgroup is made)"},
    {"user, path of his own",
     &user,
     "/user.slice/mine",
     {0},
     .userns = true,
     .want = "/sys/fs/cgroup/user.slice/mine (the container is in a user namespace, where no device node can be made)"},
    {"a part of the tree is the user's",
     &own_part,
     NULL,
     {0},
     .userns = true,
     .want = "/sys/fs/cgroup/mine/jailrun/c1 (the container is in a user namespace, where no device node can be made)"},
    {"and a relative path is below it",
     &own_part,
     "pod/a",
     {0},
     .userns = true,
     .want =
	 "/sys/fs/cgroup/mine/jailrun/pod/a (the container is in a user namespace, where no device node can be made)"},
    {"--rootless false",
     &user_must,
     NULL,
     {0},
     .userns = true,
     .want = "/sys/fs/cgroup/jailrun/c1 (the container is in a user namespace, where no device node can be made)"},
    {"--rootless true", &root_may, NULL, {0}, .want = "- (no cgroup is made)"},
    {"--rootless true and a path", &root_may, "/a", {0}, .want = "/sys/fs/cgroup/a devices"},
    {"delegated",
     &delegated,
     NULL,
     {.set = true, .pids_limit = I64(5)},
     .want =
	 "/sys/fs/cgroup/jailrun/c1 pids.max=5 (only CAP_SYS_ADMIN of the first user namespace can attach a program; "
	 "without it no device node can be made either)"},

    {"all of it",
     &unified,
     NULL,
     {.set = true,
      .memory = {.set = true,
		 .limit = I64(67108864),
		 .reservation = I64(33554432),
		 .swap = I64(134217728),
		 .check_before_update = {true, true}},
      .cpu = {.set = true,
	      .shares = I64(2048),
	      .quota = I64(50000),
	      .period = I64(200000),
	      .burst = I64(10000),
	      .idle = I64(1),
	      .cpus = "0-1",
	      .mems = "0"},
      .pids_limit = I64(32)},
     .want =
	 "/sys/fs/cgroup/jailrun/c1 memory.max=67108864>=memory.current memory.swap.max=67108864>=memory.swap.current "
	 "memory.low=33554432 cpu.weight=174 "
	 "cpu.max=50000 200000 cpu.max.burst=10000 cpu.idle=1 cpuset.cpus=0-1 cpuset.mems=0 pids.max=32 devices"},
    {"zeros are absent to engines",
     &hybrid,
     NULL,
     {.set = true,
      .memory = {.set = true, .limit = I64(0), .reservation = I64(0), .swap = I64(0)},
      .cpu = {.set = true, .shares = I64(0), .quota = I64(0), .period = I64(0), .cpus = "", .mems = ""}},
     .want = "/sys/fs/cgroup/unified/jailrun/c1 devices"},
    {"no limit needs no controller",
     &hybrid,
     NULL,
     {.set = true,
      .memory = {.set = true, .limit = I64(-1), .swap = I64(-1)},
      .cpu = {.set = true, .shares = I64(1024), .quota = I64(-1), .burst = I64(0), .idle = I64(0)},
      .pids_limit = I64(-1)},
     .want = "/sys/fs/cgroup/unified/jailrun/c1 devices"},
    {"no limit, said",
     &unified,
     NULL,
     {.set = true,
      .memory = {.set = true, .limit = I64(-1)},
      .cpu = {.set = true, .quota = I64(-1)},
      .pids_limit = I64(-1)},
     .want = "/sys/fs/cgroup/jailrun/c1 memory.max=max memory.swap.max=max cpu.max=max 100000 pids.max=max devices"},
    {"quota alone",
     &unified,
     NULL,
     {.set = true, .cpu = {.set = true, .quota = I64(5000)}},
     .want = "/sys/fs/cgroup/jailrun/c1 cpu.max=5000 100000 devices"},
    {"period alone",
     &unified,
     NULL,
     {.set = true, .cpu = {.set = true, .period = I64(5000)}},
     .want = "/sys/fs/cgroup/jailrun/c1 cpu.max=max 5000 devices"},
    {"swap as much as memory: none",
     &unified,
     NULL,
     {.set = true, .memory = {.set = true, .limit = I64(4096), .swap = I64(4096)}},
     .want = "/sys/fs/cgroup/jailrun/c1 memory.max=4096 memory.swap.max=0 devices"},
    {"no tasks",
     &unified,
     NULL,
     {.set = true, .pids_limit = I64(0)},
     .want = "/sys/fs/cgroup/jailrun/c1 pids.max=1 devices"},

    {"hybrid, memory",
     &hybrid,
     NULL,
     {.set = true, .memory = {.set = true, .limit = I64(4096)}},
     .err = -ENOTSUP,
     .want = "linux.resources.memory.limit: " HYBRID("memory")},
    {"hybrid, weight",
     &hybrid,
     NULL,
     {.set = true, .cpu = {.set = true, .shares = I64(1025)}},
     .err = -ENOTSUP,
     .want = "linux.resources.cpu.shares: " HYBRID("cpu")},
    {"hybrid, cpus",
     &hybrid,
     NULL,
     {.set = true, .cpu = {.set = true, .cpus = "0"}},
     .err = -ENOTSUP,
     .want = "linux.resources.cpu.cpus: " HYBRID("cpuset")},
    {"hybrid, no tasks",
     &hybrid,
     NULL,
     {.set = true, .pids_limit = I64(0)},
     .err = -ENOTSUP,
     .want = "linux.resources.pids.limit: " HYBRID("pids")},
    {"controller off",
     &bare,
     NULL,
     {.set = true, .pids_limit = I64(7)},
     .err = -ENOTSUP,
     .want =
	 "linux.resources.pids.limit: the pids controller is not available in cgroup v2 on this host "
	 "(/sys/fs/cgroup/cgroup.controllers does not list it); remove the limit, or enable it: cgroup_disable= of the "
	 "kernel's command line, or cgroup.subtree_control of the cgroup above"},

    {"controller not delegated",
     &little_part,
     NULL,
     {.set = true, .pids_limit = I64(7)},
     .err = -ENOTSUP,
     .want = "linux.resources.pids.limit: the pids controller is not available to this caller: it was not delegated "
	     "(/sys/fs/cgroup/mine/cgroup.controllers does not list it); remove the limit, or have it delegated: "
	     "Delegate= of "
	     "the unit (of user@.service for a user's), or cgroup.subtree_control of the cgroup above"},

    {"memory -2",
     &unified,
     NULL,
     {.set = true, .memory = {.set = true, .limit = I64(-2)}},
     .err = -EINVAL,
     .want = "linux.resources.memory.limit: -2 is no number of bytes, and not -1 (no limit)"},
    {"swap below memory",
     &unified,
     NULL,
     {.set = true, .memory = {.set = true, .limit = I64(4096), .swap = I64(4095)}},
     .err = -EINVAL,
     .want = "linux.resources.memory.swap: 4095 is memory and swap together: less than memory.limit (4096)"},
    {"swap alone",
     &unified,
     NULL,
     {.set = true, .memory = {.set = true, .swap = I64(4096)}},
     .err = -EINVAL,
     .want =
	 "linux.resources.memory.swap: the sum of memory and swap is limited, memory is not: set memory.limit as well"},
    {"burst above quota",
     &unified,
     NULL,
     {.set = true, .cpu = {.set = true, .quota = I64(1000), .burst = I64(1001)}},
     .err = -EINVAL,
     .want = "linux.resources.cpu.burst: 1001 is more than cpu.quota (1000)"},
    {"idle 2",
     &unified,
     NULL,
     {.set = true, .cpu = {.set = true, .idle = I64(2)}},
     .err = -EINVAL,
     .want = "linux.resources.cpu.idle: 2 is neither 0 (normal) nor 1 (SCHED_IDLE)"},
    {"cpus",
     &unified,
     NULL,
     {.set = true, .cpu = {.set = true, .cpus = "0;1"}},
     .err = -EINVAL,
     .want = "linux.resources.cpu.cpus: '0;1' is no list of numbers and ranges, as in 0-3,7"},
    {"pids -2",
     &unified,
     NULL,
     {.set = true, .pids_limit = I64(-2)},
     .err = -EINVAL,
     .want = "linux.resources.pids.limit: -2 is no number of tasks, and not -1 (no limit)"},

    {"huge pages",
     &unified,
     NULL,
     {.set = true, .hugepages = huge_pages, .n_hugepages = 2},
     .want = "/sys/fs/cgroup/jailrun/c1 hugetlb.2MB.max=4194304 hugetlb.2MB.rsvd.max?=4194304 hugetlb.1GB.max?=0 "
	     "hugetlb.1GB.rsvd.max?=0 devices"},
    {"huge pages, as Kubernetes asks for none, without the controller",
     &nothing,
     NULL,
     {.set = true, .hugepages = huge_pages + 1, .n_hugepages = 1},
     .want = "/sys/fs/cgroup/jailrun/c1 devices"},
    {"huge pages, without the controller",
     &nothing,
     NULL,
     {.set = true, .hugepages = huge_pages, .n_hugepages = 1},
     .err = -ENOTSUP,
     .want = "linux.resources.hugepageLimits[0]: " OFF("hugetlb")},
    {"block weights",
     &unified,
     NULL,
     {.set = true, .block_io = {.set = true, .weight = I64(500), .weight_device = weights, .n_weight_device = 2}},
     .want = "/sys/fs/cgroup/jailrun/c1 io.bfq.weight=500|io.weight=4950 io.bfq.weight=8:0 10|io.weight=8:0 1 "
	     "io.bfq.weight=8:16 1000|io.weight=8:16 10000 devices"},
    {"block weights of engines that ask for none",
     &hybrid,
     NULL,
     {.set = true, .block_io = {.set = true, .weight = I64(0), .leaf_weight = I64(0)}},
     .want = "/sys/fs/cgroup/unified/jailrun/c1 devices"},
    {"a block weight below what is",
     &unified,
     NULL,
     {.set = true, .block_io = {.set = true, .weight = I64(9)}},
     .err = -EINVAL,
     .want = "linux.resources.blockIO.weight: 9 is not from 10 to 1000"},
    {"a block weight above what is",
     &unified,
     NULL,
     {.set = true, .block_io = {.set = true, .weight_device = weights + 2, .n_weight_device = 1}},
     .err = -EINVAL,
     .want = "linux.resources.blockIO.weightDevice[0]: 1001 is not from 10 to 1000"},
    {"leaf weight",
     &unified,
     NULL,
     {.set = true, .block_io = {.set = true, .leaf_weight = I64(10)}},
     .err = -ENOTSUP,
     .want = "linux.resources.blockIO.leafWeight: " CG_NO_LEAF_WEIGHT},
    {"leaf weight of a device",
     &unified,
     NULL,
     {.set = true, .block_io = {.set = true, .weight_device = weights, .n_weight_device = 4}},
     .err = -EINVAL,
     .want = "linux.resources.blockIO.weightDevice[2]: 1001 is not from 10 to 1000"},
    {"leaf weight of a device alone",
     &unified,
     NULL,
     {.set = true, .block_io = {.set = true, .weight_device = weights + 3, .n_weight_device = 1}},
     .err = -ENOTSUP,
     .want = "linux.resources.blockIO.weightDevice[0].leafWeight: " CG_NO_LEAF_WEIGHT},
    {"rates",
     &unified,
     NULL,
     {.set = true,
      .block_io = {.set = true,
		   .read_bps = {rates, 2},
		   .write_bps = {rates, 1},
		   .read_iops = {rates, 1},
		   .write_iops = {rates + 1, 1}}},
     .want = "/sys/fs/cgroup/jailrun/c1 io.max=8:0 rbps=600 io.max=8:16 rbps=max io.max=8:0 wbps=600 io.max=8:0 "
	     "riops=600 io.max=8:16 wiops=max devices"},
    {"rates, hybrid",
     &hybrid,
     NULL,
     {.set = true, .block_io = {.set = true, .write_iops = {rates, 1}}},
     .err = -ENOTSUP,
     .want = "linux.resources.blockIO.throttleWriteIOPSDevice[0]: " HYBRID("io")},
    {"no rate needs no controller",
     &hybrid,
     NULL,
     {.set = true, .block_io = {.set = true, .write_iops = {rates + 1, 1}}},
     .want = "/sys/fs/cgroup/unified/jailrun/c1 devices"},
    {"rdma",
     &unified,
     NULL,
     {.set = true, .rdma = rdmas, .n_rdma = 3},
     .want = "/sys/fs/cgroup/jailrun/c1 rdma.max=mlx5_1 hca_handle=3 hca_object=10000 rdma.max=mlx4_0 hca_object=0 "
	     "rdma.max=rxe3 hca_handle=max devices"},
    {"rdma, a name with a blank",
     &unified,
     NULL,
     {.set = true, .rdma = rdmas + 3, .n_rdma = 1},
     .err = -EINVAL,
     .want = "linux.resources.rdma: 'a b' is no name of a device"},
    {"rdma, hybrid",
     &hybrid,
     NULL,
     {.set = true, .rdma = rdmas, .n_rdma = 1},
     .err = -ENOTSUP,
     .want = "linux.resources.rdma[\"mlx5_1\"]: " HYBRID("rdma")},
    {"unified comes last",
     &unified,
     NULL,
     {.set = true, .pids_limit = I64(5), .unified = {unifieds, 4}},
     .want = "/sys/fs/cgroup/jailrun/c1 pids.max=5 memory.high=1 io.max=8:0 rbps=1 io.max=8:16 wiops=2 "
	     "cgroup.max.depth=3 cpuset.cpus=\n devices"},
    {"unified, core files need no controller",
     &hybrid,
     NULL,
     {.set = true, .unified = {unifieds + 2, 1}},
     .want = "/sys/fs/cgroup/unified/jailrun/c1 cgroup.max.depth=3 devices"},
    {"unified, hybrid",
     &hybrid,
     NULL,
     {.set = true, .unified = {unifieds, 1}},
     .err = -ENOTSUP,
     .want = "linux.resources.unified[\"memory.high\"]: " HYBRID("memory")},
    {"unified, no controller at all",
     &unified,
     NULL,
     {.set = true, .unified = {unifieds + 4, 1}},
     .err = -ENOTSUP,
     .want = "linux.resources.unified[\"nonsense.max\"]: " OFF("nonsense")},
    {"unified, no name of a file",
     &unified,
     NULL,
     {.set = true, .unified = {unifieds + 5, 1}},
     .err = -EINVAL,
     .want = "linux.resources.unified[\"memory\"]: is no file of a controller: these are called CONTROLLER.NAME"},
    {"unified, processes",
     &unified,
     NULL,
     {.set = true, .unified = {unifieds + 6, 1}},
     .err = -EINVAL,
     .want = "linux.resources.unified[\"cgroup.procs\"]: is no setting: it moves, stops or ends processes"},
    {"unified, rootless",
     &user,
     NULL,
     {.set = true, .unified = {unifieds + 2, 1}},
     .err = -ENOTSUP,
     .want = "linux.resources.unified[\"cgroup.max.depth\"]: cannot set cgroup limit: container could not join or "
	     "create cgroup: /sys/fs/cgroup cannot be written by this user: without "
	     "permission to make cgroups there can be no limits and no linux.cgroupsPath; remove them, or have a "
	     "cgroup delegated"},
    {"swappiness is the host's",
     &user,
     NULL,
     {.set = true, .memory = {.set = true, .swappiness = I64(60)}},
     .want = "- /proc/sys/vm/swappiness==60 (no cgroup is made)"},
    {"the end of idling comes before the weight",
     &unified,
     NULL,
     {.set = true, .cpu = {.set = true, .idle = I64(0), .shares = I64(2)}},
     .want = "/sys/fs/cgroup/jailrun/c1 cpu.idle=0 cpu.weight=1 devices"},
    {"what has no effect",
     &unified,
     NULL,
     {.set = true,
      .memory = {.set = true,
		 .kernel = I64(-1),
		 .kernel_tcp = I64(0),
		 .use_hierarchy = {true, true},
		 .disable_oom_killer = {true, false}},
      .cpu = {.set = true, .realtime_runtime = I64(-1), .realtime_period = I64(0)},
      .network = {.set = true, .class_id = I64(0)}},
     .want = "/sys/fs/cgroup/jailrun/c1 devices"},
    REFUSED("memory.kernel", .memory = {.kernel = I64(1)}, NO_KERNEL_MEMORY),
    REFUSED("memory.kernelTCP", .memory = {.kernel_tcp = I64(1)}, NO_KERNEL_MEMORY),
    REFUSED("memory.disableOOMKiller", .memory = {.disable_oom_killer = I64(true)},
	    "in cgroup v2 the OOM killer cannot be switched off; remove it or set it to false"),
    REFUSED("cpu.realtimeRuntime", .cpu = {.realtime_runtime = I64(1)},
	    "real-time bandwidth is of cgroup v1 alone, cgroup v2 has none; remove it"),
    REFUSED("cpu.realtimePeriod", .cpu = {.realtime_period = I64(1)},
	    "real-time bandwidth is of cgroup v1 alone, cgroup v2 has none; remove it"),
    REFUSED("network.classID", .network = {.class_id = I64(1)},
	    "net_cls is of cgroup v1 alone; remove it, and match the container's packets by its cgroup (nftables: "
	    "socket cgroupv2)"),
    REFUSED("network.priorities", .network = {.n_priorities = 1},
	    "net_prio is of cgroup v1 alone; remove it, and set priorities by nftables (socket cgroupv2)"),
};

static void plan_text(const struct cg_plan *p, struct buf *b)
{
	buf_str(b, p->path ? p->path : "-");
	for (size_t i = 0; i < p->n_writes; i++) {
		const struct cg_write *w = &p->writes[i];

		buf_printf(b, " %s%s%s%s", w->file, w->optional ? "?" : "", w->same ? "==" : "=", w->value);
		if (w->or_file)
			buf_printf(b, "|%s=%s", w->or_file, w->or_value);
		if (w->usage)
			buf_printf(b, ">=%s", w->usage);
	}
	if (p->devices)
		buf_str(b, " devices");
	else
		buf_printf(b, " (%s)", p->no_devices);
}

static void test_goldens(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(goldens); i++) {
		const struct golden *g = &goldens[i];
		struct spec_config c = {.linux_ = {.set = true, .resources = g->r, .cgroups_path = g->path}};
		struct arena a = {0};
		struct cg_plan p;
		struct err e = {0};
		AUTO_BUF b = {0};
		char text[1200];
		int r = cg_plan(&c, g->facts, g->manager, "c1", g->userns, &a, &p, &e);

		if (r < 0)
			buf_str(&b, err_str(&e, text, sizeof(text)));
		else
			plan_text(&p, &b);
		if (r != g->err || strcmp(b.data, g->want) != 0)
			fail_msg("%s: %d\n  is   %s\n  want %s", g->name, r, b.data, g->want);
		if (r == 0 && p.devices)
			assert_true(p.n_program > 10 && p.program != NULL);
		arena_free(&a);
	}
}

/* Each write names its property and its controller: the errors of cg_limit and the enabling go by them. */
static void test_fields(void **state)
{
	struct spec_config c = {
	    .linux_.resources = {.set = true, .cpu = {.set = true, .period = I64(5000)}, .pids_limit = I64(3)}};
	struct arena a = {0};
	struct cg_plan p;
	struct err e = {0};

	(void)state;
	assert_int_equal(cg_plan(&c, &unified, CG_CGROUPFS, "c1", false, &a, &p, &e), 0);
	assert_int_equal(p.n_writes, 2);
	assert_string_equal(p.writes[0].field, "linux.resources.cpu.period");
	assert_string_equal(p.writes[0].controller, "cpu");
	assert_string_equal(p.writes[1].field, "linux.resources.pids.limit");
	assert_string_equal(p.writes[1].controller, "pids");
	assert_string_equal(p.mount, "/sys/fs/cgroup");
	arena_free(&a);
}

/* Rules are read where no program is attached, too. */
static void test_bad_rule(void **state)
{
	struct spec_device_rule rule = {.allow = true, .type = 'c', .access = (char *)"x"};
	struct spec_config c = {.linux_.resources = {.set = true, .devices = &rule, .n_devices = 1}};
	const struct cg_facts *const facts[] = {&unified, &user};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
		struct arena a = {0};
		struct cg_plan p;
		struct err e = {0};

		assert_int_equal(cg_plan(&c, facts[i], CG_CGROUPFS, "c1", false, &a, &p, &e), -EINVAL);
		assert_string_equal(e.path, "linux.resources.devices[0]");
		arena_free(&a);
	}
}

static void print(const struct spec_config *c, const struct cg_facts *f, struct buf *b)
{
	struct jsonw w = {.out = b};
	struct arena a = {0};
	struct cg_plan p;
	struct err e = {0};

	assert_int_equal(cg_plan(c, f, CG_CGROUPFS, "c1", true, &a, &p, &e), 0);
	jw_object(&w, NULL);
	cg_plan_print(&p, &w, "cgroups");
	jw_object_end(&w);
	arena_free(&a);
}

static void test_print(void **state)
{
	struct spec_device_rule rules[] = {{false, 'a', {0}, {0}, NULL}, {true, 'b', I64(8), {0}, (char *)"mr"}};
	struct spec_config c = {
	    .linux_.resources = {.set = true, .devices = rules, .n_devices = 2, .pids_limit = I64(9)}};
	struct spec_config empty = {0};
	AUTO_BUF b = {0};
	AUTO_BUF b2 = {0};

	(void)state;
	print(&c, &unified, &b);
	assert_non_null(strstr(b.data, "\"manager\""));
	assert_non_null(strstr(b.data, "\"/sys/fs/cgroup/jailrun/c1\""));
	assert_non_null(strstr(b.data, "\"linux.resources.pids.limit\""));
	assert_non_null(strstr(b.data, "\"deny a *:* rwm\""));
	assert_non_null(strstr(b.data, "\"allow b 8:* rm\""));
	assert_non_null(strstr(b.data, "\"allow c 136:* rwm\""));
	print(&empty, &user, &b2);
	assert_non_null(strstr(b2.data, "null"));
	assert_non_null(strstr(b2.data, "\"no cgroup is made\""));
}

/* The writes of `jailrun plan`, whole. */
static void test_print_writes(void **state)
{
	struct spec_config c = {
	    .linux_.resources = {
		.set = true,
		.memory = {.set = true, .limit = I64(4096), .swappiness = I64(60), .check_before_update = {true, true}},
		.block_io = {.set = true, .weight = I64(10)},
		.hugepages = huge_pages + 1,
		.n_hugepages = 1,
		.unified = {unifieds + 2, 1}}};
	AUTO_BUF b = {0};

	(void)state;
	print(&c, &delegated, &b);
	assert_string_equal(
	    b.data,
	    "{\"cgroups\":{\"manager\":\"cgroupfs\",\"path\":\"/sys/fs/cgroup/jailrun/c1\",\"writes\":["
	    "{\"file\":\"memory.max\",\"value\":\"4096\",\"notBelow\":\"memory.current\",\"field\":\"linux.resources."
	    "memory.limit\"},"
	    "{\"compared\":\"/proc/sys/vm/swappiness\",\"value\":\"60\",\"field\":\"linux.resources.memory."
	    "swappiness\"},"
	    "{\"file\":\"hugetlb.1GB.max\",\"value\":\"0\",\"optional\":true,\"field\":\"linux.resources."
	    "hugepageLimits[0]\"},"
	    "{\"file\":\"hugetlb.1GB.rsvd.max\",\"value\":\"0\",\"optional\":true,\"field\":\"linux.resources."
	    "hugepageLimits[0]\"},"
	    "{\"file\":\"io.bfq.weight\",\"value\":\"10\",\"orFile\":\"io.weight\",\"orValue\":\"1\",\"field\":\"linux."
	    "resources.blockIO.weight\"},"
	    "{\"file\":\"cgroup.max.depth\",\"value\":\"3\",\"field\":\"linux.resources.unified[\\\"cgroup.max."
	    "depth\\\"]"
	    "\"}],\"devices\":{\"program\":false,\"why\":\"the container is in a user namespace, where no device node "
	    "can be made\"}}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_goldens), cmocka_unit_test(test_fields),       cmocka_unit_test(test_bad_rule),
	    cmocka_unit_test(test_print),   cmocka_unit_test(test_print_writes),
	};

	return cmocka_run_group_tests_name("cgroups: the plan", tests, NULL, NULL);
}
