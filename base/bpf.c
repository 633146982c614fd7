/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "str.h"

#define PROGS_MAX 64 /* as many as the kernel attaches to one cgroup: BPF_CGROUP_MAX_PROGS */

/* attr: the whole union, zero where nothing is said. */
static long call(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* A program that the verifier refuses is a bug of ours, or too new for the kernel: its last words are worth the second try. */
static int explain_load(const struct bpf_program *p, union bpf_attr *attr, struct err *e)
{
	char log[1u << 16] = "";
	const int code = errno;
	size_t len;

	if (e && (code == EINVAL || code == EACCES || code == E2BIG)) {
		attr->log_level = 1;
		attr->log_buf = (uint64_t)(uintptr_t)log;
		attr->log_size = sizeof(log);
		call(BPF_PROG_LOAD, attr);
	}
	len = strlen(log);
	errno = code;
	if (!len)
		return err_errno(e, "load %s (%u instructions, bpf(2))", p->what, attr->insn_cnt);
	return err_errno(e, "load %s (%u instructions, bpf(2)): the verifier says …%s", p->what, attr->insn_cnt,
			 log + (len > 400 ? len - 400 : 0));
}

int bpf_load(const struct bpf_program *p, struct err *e)
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
	fd = (int)call(BPF_PROG_LOAD, &attr);
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
	return call(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 && str_eq(info.name, name);
}

int bpf_find(const struct bpf_program *p, int dir_fd)
{
	uint32_t ids[PROGS_MAX] = {0};
	union bpf_attr attr;
	uint32_t n;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)dir_fd;
	attr.query.attach_type = p->attach;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attr.query.prog_cnt = PROGS_MAX;
	if (call(BPF_PROG_QUERY, &attr) < 0)
		return -errno;
	n = attr.query.prog_cnt;
	for (uint32_t i = 0; i < n && i < PROGS_MAX; i++) {
		AUTO_CLOSE int fd = -1;

		memset(&attr, 0, sizeof(attr));
		attr.prog_id = ids[i];
		fd = (int)call(BPF_PROG_GET_FD_BY_ID, &attr);
		if (fd >= 0 && has_name(fd, p->name))
			return take_fd(&fd);
	}
	return -ENOENT;
}

int bpf_attach(const struct bpf_program *p, int fd, int dir_fd, int old, const char *path, struct err *e)
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
	if (call(BPF_PROG_ATTACH, &attr) < 0)
		return err_errno(e, "attach %s to %s", p->what, path);
	return 0;
}

void bpf_detach(const struct bpf_program *p, int fd, int dir_fd)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)dir_fd;
	attr.attach_bpf_fd = (uint32_t)fd;
	attr.attach_type = p->attach;
	(void)call(BPF_PROG_DETACH, &attr);
}

/* ---- maps ---- */

int bpf_map_new(const struct bpf_map *m, struct err *e)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = m->type;
	attr.key_size = m->key;
	attr.value_size = m->value;
	attr.max_entries = m->entries;
	memcpy(attr.map_name, m->name, strnlen(m->name, sizeof(attr.map_name) - 1));
	fd = (int)call(BPF_MAP_CREATE, &attr);
	return fd >= 0 ? fd
		       : err_errno(e, "make the map %s (bpf(2))%s", m->name,
				   errno == EINVAL && m->type == BPF_MAP_TYPE_RINGBUF
				       ? "; ring buffers are in Linux from 5.8 on"
				       : "");
}

static int element(int cmd, int fd, const void *key, const void *value)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)fd;
	attr.key = (uint64_t)(uintptr_t)key;
	attr.value = (uint64_t)(uintptr_t)value;
	return call(cmd, &attr) < 0 ? -errno : 0;
}

int bpf_map_set(int fd, const void *key, const void *value)
{
	return element(BPF_MAP_UPDATE_ELEM, fd, key, value);
}

int bpf_map_get(int fd, const void *key, void *ret_value)
{
	return element(BPF_MAP_LOOKUP_ELEM, fd, key, ret_value);
}

/* ---- the ring ---- */

int bpf_ring_map(int fd, size_t size, struct bpf_ring *ret)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *ring;

	ret->consumed = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ring = mmap(NULL, page + 2 * size, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (ret->consumed == MAP_FAILED || ring == MAP_FAILED)
		return -errno;
	ret->produced = (const unsigned long *)(const void *)ring;
	ret->records = ring + page;
	ret->size = size;
	return 0;
}

bool bpf_ring_pending(const struct bpf_ring *r)
{
	return *r->consumed < __atomic_load_n(r->produced, __ATOMIC_ACQUIRE);
}

bool bpf_ring_next(struct bpf_ring *r, void *ret, size_t len)
{
	bool found = false;

	while (!found && bpf_ring_pending(r)) {
		const uint32_t *head = (const uint32_t *)(const void *)(r->records + (*r->consumed & (r->size - 1)));
		uint32_t n = __atomic_load_n(head, __ATOMIC_ACQUIRE);

		if (n & BPF_RINGBUF_BUSY_BIT)
			return false;
		found = n == len; /* without BPF_RINGBUF_DISCARD_BIT */
		if (found)
			memcpy(ret, head + BPF_RINGBUF_HDR_SZ / sizeof(*head), len);
		n &= ~(uint32_t)BPF_RINGBUF_DISCARD_BIT;
		__atomic_store_n(r->consumed, *r->consumed + (n + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8, __ATOMIC_RELEASE);
	}
	return found;
}
