/* SPDX-License-Identifier: Apache-2.0 */
/* bpf(2): programs that are loaded, stand at a cgroup and leave it again; maps that they share with a process; the ring over which
 * they report. What a program says is up to who makes it. */
#ifndef BASE_BPF_H
#define BASE_BPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct bpf_insn;

/* A program as it is loaded. */
struct bpf_program {
	const char *name;      /* in the kernel's list of programs, and how it is found again: below BPF_OBJ_NAME_LEN */
	const char *what;      /* for messages: "the device program" */
	uint32_t type, attach; /* BPF_PROG_TYPE_*, BPF_CGROUP_* */
	bool needs_attach;     /* the type's programs are for one way to be attached */
	const struct bpf_insn *insns;
	size_t n;
};

/* Returns the program's fd (close-on-exec) or -errno; the verifier's own words are in e. */
int bpf_load(const struct bpf_program *p, struct err *e);

/* Attaches a program (fd) to the cgroup, beside others above, in and below it: each of them must agree. old: the fd of the one in
 * whose place it comes, in one step, or -1. path: the cgroup's, for messages. Returns 0 or -errno. */
int bpf_attach(const struct bpf_program *p, int fd, int dir_fd, int old, const char *path, struct err *e);

/* A program of that name that is attached to this cgroup: others (systemd's, say) stand beside it. Returns its fd, -ENOENT or -errno. */
int bpf_find(const struct bpf_program *p, int dir_fd);

/* Takes a program (fd) off the cgroup. One that is not there is no error. */
void bpf_detach(const struct bpf_program *p, int fd, int dir_fd);

/* A map as it is made. */
struct bpf_map {
	const char *name;    /* in the kernel's list of maps: below BPF_OBJ_NAME_LEN */
	uint32_t type;       /* BPF_MAP_TYPE_* */
	uint32_t key, value; /* bytes of each; 0 for a ring */
	uint32_t
	    entries; /* how many there can be; for a ring the bytes of its records, a power of two and whole pages */
};

/* Returns the map's fd (close-on-exec) or -errno. */
int bpf_map_new(const struct bpf_map *m, struct err *e);

/* Writes or reads one element; key and value are as large as the map says. Return 0 or -errno (-ENOENT: there is none). */
int bpf_map_set(int fd, const void *key, const void *value);
int bpf_map_get(int fd, const void *key, void *ret_value);

/* The reading end of a ring (Documentation/bpf/ringbuf.rst), mapped. It lives as long as the process. */
struct bpf_ring {
	const unsigned char *records; /* mapped twice in a row, so that none has a seam */
	const unsigned long *produced;
	unsigned long *consumed;
	size_t size; /* bytes for records */
};

/* Maps the ring of fd, which was made with `size` entries. All that the process can write there is how far it has read. Returns 0 or
 * -errno. */
int bpf_ring_map(int fd, size_t size, struct bpf_ring *ret);

/* Copies the next record that is `len` bytes long into ret and goes on behind it; others, and those that a program has thrown away,
 * are passed over. Returns true; false when there is none, or one that is still being written: the kernel makes fd readable
 * when that is done. */
bool bpf_ring_next(struct bpf_ring *r, void *ret, size_t len);

/* Whether anything stands in it that was not read yet. */
bool bpf_ring_pending(const struct bpf_ring *r);

#endif
