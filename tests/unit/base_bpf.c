/* SPDX-License-Identifier: Apache-2.0 */
/* base/bpf.h against the kernel: a program that writes its numbers into a ring, run by BPF_PROG_TEST_RUN. Where bpf(2) is for
 * root alone the tests are skipped without it. */
#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base.h"

#define RING 65536u /* whole pages everywhere */
#define WORD 0x4a61696cu

static int map_or_skip(const struct bpf_map *m)
{
	struct err e = {0};
	int fd = bpf_map_new(m, &e);

	if (fd == -EPERM || fd == -ENOSYS)
		skip();
	if (fd < 0)
		fail_msg("%s", e.text);
	return fd;
}

static void test_map(void **state)
{
	const struct bpf_map m = {"test_map", BPF_MAP_TYPE_HASH, .key = 4, .value = 8, .entries = 2};
	const uint32_t key = 7, other = 8;
	const uint64_t value = UINT64_C(0x1234567890);
	uint64_t got = 0;
	AUTO_CLOSE int fd = map_or_skip(&m);

	(void)state;
	assert_int_equal(bpf_map_get(fd, &key, &got), -ENOENT);
	assert_int_equal(bpf_map_set(fd, &key, &value), 0);
	assert_int_equal(bpf_map_get(fd, &key, &got), 0);
	assert_true(got == value);
	assert_int_equal(bpf_map_get(fd, &other, &got), -ENOENT);
}

static void test_map_errors(void **state)
{
	const struct bpf_map good = {"test_map", BPF_MAP_TYPE_ARRAY, .key = 4, .value = 8, .entries = 1};
	const struct bpf_map bad = {"test_map", BPF_MAP_TYPE_ARRAY, .key = 3, .value = 8, .entries = 1};
	const struct bpf_map bad_ring = {"test_ring", BPF_MAP_TYPE_RINGBUF, .entries = 100};
	struct err e = {0};
	AUTO_CLOSE int fd = map_or_skip(&good);

	(void)state;
	assert_int_equal(bpf_map_new(&bad, &e), -EINVAL);
	assert_string_equal(e.text, "make the map test_map (bpf(2)): Invalid argument (EINVAL)");
	e = (struct err){0};
	assert_int_equal(bpf_map_new(&bad_ring, &e), -EINVAL);
	assert_non_null(strstr(e.text, "ring buffers are in Linux from 5.8 on"));
}

/* Writes one record of `len` bytes, WORD at its beginning, into the ring. */
static int load_writer(int ring, int len, struct err *e)
{
	const struct bpf_insn insns[] = {
	    {BPF_ST | BPF_MEM | BPF_DW, 10, 0, -8, WORD},
	    {BPF_ST | BPF_MEM | BPF_DW, 10, 0, -16, WORD},
	    {BPF_LD | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, ring},
	    {0},
	    {BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0},
	    {BPF_ALU64 | BPF_K, 2, 0, 0, -16}, /* BPF_ADD is 0 */
	    {BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, len},
	    {BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, 0},
	    {BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_output},
	    {BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1},
	    {BPF_JMP | BPF_EXIT},
	};
	const struct bpf_program p = {
	    .name = "test_writer",
	    .what = "the writer",
	    .type = BPF_PROG_TYPE_CGROUP_SKB,
	    .attach = BPF_CGROUP_INET_EGRESS,
	    .needs_attach = true,
	    .insns = insns,
	    .n = ARRAY_LEN(insns),
	};

	return bpf_load(&p, e);
}

static void run(int prog)
{
	unsigned char packet[64] = {0};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)prog;
	attr.test.data_in = (uint64_t)(uintptr_t)packet;
	attr.test.data_size_in = sizeof(packet);
	attr.test.repeat = 1;
	assert_int_equal(syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)), 0);
}

static void test_ring(void **state)
{
	const struct bpf_map m = {"test_ring", BPF_MAP_TYPE_RINGBUF, .entries = RING};
	AUTO_CLOSE int fd = map_or_skip(&m), eight = -1, sixteen = -1;
	struct bpf_ring ring;
	struct err e = {0};
	uint32_t got[2];
	int n = 0;

	(void)state;
	eight = load_writer(fd, 8, &e);
	sixteen = load_writer(fd, 16, &e);
	if (eight < 0 || sixteen < 0)
		fail_msg("%s", e.text);
	assert_int_equal(bpf_ring_map(fd, RING, &ring), 0);
	assert_false(bpf_ring_pending(&ring));
	assert_false(bpf_ring_next(&ring, got, sizeof(got)));
	/* More than fit: twice round the seam, and those of another length are passed over. */
	for (size_t i = 0; i < 2 * RING / 16; i++) {
		run(eight);
		if (i % 50 == 0)
			run(sixteen);
		if (i % 100 == 99)
			for (; bpf_ring_next(&ring, got, sizeof(got)); n++)
				assert_int_equal(got[0], WORD);
	}
	while (bpf_ring_next(&ring, got, sizeof(got)))
		n++;
	assert_int_equal(n, 2 * RING / 16);
	assert_false(bpf_ring_pending(&ring));
}

/* The verifier's own words come along. */
static void test_refused(void **state)
{
	const struct bpf_map m = {"test_map", BPF_MAP_TYPE_ARRAY, .key = 4, .value = 8, .entries = 1};
	const struct bpf_insn insns[] = {{BPF_ALU64 | BPF_MOV | BPF_X, 0, 5, 0, 0}, {BPF_JMP | BPF_EXIT}};
	const struct bpf_program p = {
	    .name = "test_bad",
	    .what = "the bad program",
	    .type = BPF_PROG_TYPE_CGROUP_SKB,
	    .insns = insns,
	    .n = ARRAY_LEN(insns),
	};
	AUTO_CLOSE int fd = map_or_skip(&m);
	struct err e = {0};

	(void)state;
	assert_int_equal(bpf_load(&p, &e), -EACCES);
	assert_non_null(strstr(e.text, "load the bad program (2 instructions, bpf(2)): the verifier says"));
	assert_non_null(strstr(e.text, "R5 !read_ok"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_map),
	    cmocka_unit_test(test_map_errors),
	    cmocka_unit_test(test_ring),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
