/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroups/bpf.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#define PROGS_MAX 64 /* as many as the kernel attaches to one cgroup: BPF_CGROUP_MAX_PROGS */

long cg_bpf_call(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* A program that the verifier refuses is a bug of ours, or too new for the kernel: its last words are worth the second try. */
static int explain_load(const struct cg_bpf *p, union bpf_attr *attr, struct err *e)
{
	char log[1u << 16] = "";
	const int code = errno;
	size_t len;

	if (e && (code == EINVAL || code == EACCES || code == E2BIG)) {
		attr->log_level = 1;
		attr->log_buf = (uint64_t)(uintptr_t)log;
		attr->log_size = sizeof(log);
		cg_bpf_call(BPF_PROG_LOAD, attr);
	}
	len = strlen(log);
	errno = code;
	if (!len)
		return err_errno(e, "load %s (%u instructions, bpf(2))", p->what, attr->insn_cnt);
	return err_errno(e, "load %s (%u instructions, bpf(2)): the verifier says …%s", p->what, attr->insn_cnt,
			 log + (len > 400 ? len - 400 : 0));
}

int cg_bpf_load(const struct cg_bpf *p, struct err *e)
{
	union bpf_attr attr;
	int fd;

	/* Not by initialisers: the kernel wants the whole union zero. */
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = p->type;
	attr.expected_attach_type = p->needs_attach ? p->attach : 0;
	attr.insns = (uint64_t)(uintptr_t)p->insns;
	attr.insn_cnt = (uint32_t)p->n;
	attr.license = (uint64_t)(uintptr_t) "GPL";
	memcpy(attr.prog_name, p->name, strnlen(p->name, sizeof(attr.prog_name) - 1));
	fd = (int)cg_bpf_call(BPF_PROG_LOAD, &attr);
	return fd < 0 ? explain_load(p, &attr, e) : fd;
}

static bool has_name(int fd, const char *name)
{
	struct bpf_prog_info info;
	union bpf_attr attr;

	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uint64_t)(uintptr_t)&info;
	return cg_bpf_call(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 && str_eq(info.name, name);
}

int cg_bpf_find(const struct cg_bpf *p, int dir_fd)
{
	uint32_t ids[PROGS_MAX] = {0};
	union bpf_attr attr;
	uint32_t n;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)dir_fd;
	attr.query.attach_type = p->attach;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attr.query.prog_cnt = PROGS_MAX;
	if (cg_bpf_call(BPF_PROG_QUERY, &attr) < 0)
		return -errno;
	n = attr.query.prog_cnt;
	for (uint32_t i = 0; i < n && i < PROGS_MAX; i++) {
		AUTO_CLOSE int fd = -1;

		memset(&attr, 0, sizeof(attr));
		attr.prog_id = ids[i];
		fd = (int)cg_bpf_call(BPF_PROG_GET_FD_BY_ID, &attr);
		if (fd >= 0 && has_name(fd, p->name))
			return take_fd(&fd);
	}
	return -ENOENT;
}

int cg_bpf_attach(const struct cg_bpf *p, int fd, int dir_fd, int old, const char *path, struct err *e)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)dir_fd;
	attr.attach_bpf_fd = (uint32_t)fd;
	attr.attach_type = p->attach;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (old >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)old;
	}
	if (cg_bpf_call(BPF_PROG_ATTACH, &attr) < 0)
		return err_errno(e, "attach %s to %s", p->what, path);
	return 0;
}

void cg_bpf_detach(const struct cg_bpf *p, int fd, int dir_fd)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)dir_fd;
	attr.attach_bpf_fd = (uint32_t)fd;
	attr.attach_type = p->attach;
	(void)cg_bpf_call(BPF_PROG_DETACH, &attr);
}
