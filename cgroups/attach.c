/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the device program and attaches it to a cgroup. */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include "cgroups/tree.h"

#define NAME      "jailrun_devices"
#define PROGS_MAX 64 /* as many as the kernel attaches to one cgroup: BPF_CGROUP_MAX_PROGS */

_Static_assert(sizeof(NAME) <= BPF_OBJ_NAME_LEN, "the name of the program is too long");

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* A program that the verifier refuses is a bug of ours: its last words are worth the second try. */
static int explain_load(union bpf_attr *attr, struct err *e)
{
	char log[1u << 16] = "";
	const int code = errno;
	size_t len;

	if (code == EINVAL || code == EACCES || code == E2BIG) {
		attr->log_level = 1;
		attr->log_buf = (uint64_t)(uintptr_t)log;
		attr->log_size = sizeof(log);
		bpf(BPF_PROG_LOAD, attr);
	}
	len = strlen(log);
	errno = code;
	if (!len)
		return err_errno(e, "load the device program (%u instructions, bpf(2))", attr->insn_cnt);
	return err_errno(e, "load the device program (%u instructions, bpf(2)): the verifier says …%s", attr->insn_cnt,
			 log + (len > 400 ? len - 400 : 0));
}

static int load(const struct cg_plan *p, struct err *e)
{
	union bpf_attr attr;
	int fd;

	/* Not by initialisers: the kernel wants the whole union zero. */
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uint64_t)(uintptr_t)p->program;
	attr.insn_cnt = (uint32_t)p->n_program;
	attr.license = (uint64_t)(uintptr_t) "GPL";
	memcpy(attr.prog_name, NAME, sizeof(NAME));
	fd = (int)bpf(BPF_PROG_LOAD, &attr);
	return fd < 0 ? explain_load(&attr, e) : fd;
}

static bool is_ours(int fd)
{
	struct bpf_prog_info info;
	union bpf_attr attr;

	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uint64_t)(uintptr_t)&info;
	return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 && str_eq(info.name, NAME);
}

/* The program that jailrun attached to this cgroup: others (systemd's, say) stand beside it. Returns its fd, -ENOENT or
 * -errno. */
static int find_ours(int dir_fd)
{
	uint32_t ids[PROGS_MAX] = {0};
	union bpf_attr attr;
	uint32_t n;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)dir_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attr.query.prog_cnt = PROGS_MAX;
	if (bpf(BPF_PROG_QUERY, &attr) < 0)
		return -errno;
	n = attr.query.prog_cnt;
	for (uint32_t i = 0; i < n && i < PROGS_MAX; i++) {
		AUTO_CLOSE int fd = -1;

		memset(&attr, 0, sizeof(attr));
		attr.prog_id = ids[i];
		fd = (int)bpf(BPF_PROG_GET_FD_BY_ID, &attr);
		if (fd >= 0 && is_ours(fd))
			return take_fd(&fd);
	}
	return -ENOENT;
}

int cg_attach(const struct cg_plan *p, int dir_fd, bool replace, struct err *e)
{
	AUTO_CLOSE int fd = load(p, e), old = -1;
	union bpf_attr attr;

	if (fd < 0)
		return err_ctx(e, "linux.resources.devices");
	if (replace && (old = find_ours(dir_fd)) < 0 && old != -ENOENT) {
		err_set(e, -old, "ask for the device program of %s: %s", p->path, strerror(-old));
		return err_ctx(e, "linux.resources.devices");
	}
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)dir_fd;
	attr.attach_bpf_fd = (uint32_t)fd;
	attr.attach_type = BPF_CGROUP_DEVICE;
	/* With others above and below it: each of them must agree to an access. */
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (old >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)old;
	}
	if (bpf(BPF_PROG_ATTACH, &attr) < 0) {
		err_errno(e, "attach the device program to %s", p->path);
		return err_ctx(e, "linux.resources.devices");
	}
	return 0;
}

int cg_devices(const struct cg_plan *p, struct cg_run *r, struct err *e)
{
	return p->devices && r->dir_fd >= 0 ? cg_attach(p, r->dir_fd, false, e) : 0;
}
