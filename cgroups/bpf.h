/* SPDX-License-Identifier: Apache-2.0 */
/* Inside cgroups/ only: programs, loaded and attached to a cgroup. */
#ifndef CGROUPS_BPF_H
#define CGROUPS_BPF_H

#include <linux/bpf.h>

#include "base/base.h"

/* A program as it is loaded. */
struct cg_bpf {
	const char *name;      /* in the kernel's list of programs, and how it is found again: below BPF_OBJ_NAME_LEN */
	const char *what;      /* for messages: "the device program" */
	uint32_t type, attach; /* BPF_PROG_TYPE_*, BPF_CGROUP_* */
	bool needs_attach;     /* the type's programs are for one way to be attached */
	const struct bpf_insn *insns;
	size_t n;
};

/* bpf(2). attr: the whole union, zero where nothing is said. */
long cg_bpf_call(int cmd, union bpf_attr *attr);
/* Returns the program's fd or -errno; the verifier's own words are in e. */
int cg_bpf_load(const struct cg_bpf *p, struct err *e);
/* Attaches a program (fd) to the cgroup, beside others above, in and below it: each of them must agree. old: the fd of the one in
 * whose place it comes, in one step, or -1. path: the cgroup's, for messages. Returns 0 or -errno. */
int cg_bpf_attach(const struct cg_bpf *p, int fd, int dir_fd, int old, const char *path, struct err *e);
void cg_bpf_detach(const struct cg_bpf *p, int fd, int dir_fd);
/* A program of that name that is attached to this cgroup: others (systemd's, say) stand beside it. Returns its fd, -ENOENT or -errno. */
int cg_bpf_find(const struct cg_bpf *p, int dir_fd);

#endif
