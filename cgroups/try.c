/* SPDX-License-Identifier: Apache-2.0 */
/* For `doctor`: what a cgroup can here, by doing it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "cgroups/tree.h"

/* Loads a program that allows everything, attaches it, and takes it off. */
static int try_program(int dir_fd, uint32_t type, uint32_t attach)
{
	const struct bpf_insn allow[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1},
	    {.code = BPF_JMP | BPF_EXIT},
	};
	AUTO_CLOSE int prog = -1;
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.expected_attach_type = type == BPF_PROG_TYPE_CGROUP_DEVICE ? 0 : attach;
	attr.insns = (uint64_t)(uintptr_t)allow;
	attr.insn_cnt = ARRAY_LEN(allow);
	attr.license = (uint64_t)(uintptr_t) "GPL";
	prog = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (prog < 0)
		return -errno;
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)dir_fd;
	attr.attach_bpf_fd = (uint32_t)prog;
	attr.attach_type = attach;
	if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)) < 0)
		return -errno;
	(void)syscall(SYS_bpf, BPF_PROG_DETACH, &attr, sizeof(attr));
	return 0;
}

void cg_try(const struct cg_facts *f, struct arena *a, struct cg_abilities *ret)
{
	struct cg_run run = {.dir_fd = -1};
	struct spec_config none = {0};
	struct cg_plan plan;
	char id[32];
	int r;

	*ret = (struct cg_abilities){.devices = -ENOENT, .network = -ENOENT};
	snprintf(id, sizeof(id), "doctor-%d", (int)getpid());
	r = cg_plan(&none, f, CG_CGROUPFS, id, false, a, &plan, &ret->make);
	if (r == 0 && !plan.path)
		r = err_set(&ret->make, EACCES, "there is none that may be written to");
	if (r == 0)
		r = cg_create(&plan, &run, &ret->make);
	if (r < 0)
		return;
	ret->kill = faccessat(run.dir_fd, "cgroup.kill", F_OK, 0) == 0;
	ret->freeze = faccessat(run.dir_fd, "cgroup.freeze", F_OK, 0) == 0;
	ret->devices = try_program(run.dir_fd, BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE);
	ret->network = try_program(run.dir_fd, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT);
	cg_unmake(&plan, &run);
}
