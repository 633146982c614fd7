/* SPDX-License-Identifier: Apache-2.0 */
/* uring: makes a directory and a socket by io_uring, without the system calls of these names. Names what worked. */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MKDIRAT 37 /* IORING_OP_*, which older headers lack */
#define SOCKET  45

static int ring;
static struct io_uring_params params;
static char *sq, *cq;
static struct io_uring_sqe *sqes;

static unsigned int *in(char *base, unsigned int offset)
{
	return (unsigned int *)(void *)(base + offset);
}

/* What the operation returned: a number, or -errno. */
static int operate(const struct io_uring_sqe *sqe)
{
	unsigned int head = *in(cq, params.cq_off.head), mask = *in(cq, params.cq_off.ring_mask);
	const struct io_uring_cqe *cqes = (const void *)(cq + params.cq_off.cqes);

	sqes[0] = *sqe;
	in(sq, params.sq_off.array)[*in(sq, params.sq_off.tail) & *in(sq, params.sq_off.ring_mask)] = 0;
	__atomic_add_fetch(in(sq, params.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -errno;
	__atomic_store_n(in(cq, params.cq_off.head), head + 1, __ATOMIC_RELEASE);
	return cqes[head & mask].res;
}

int main(void)
{
	struct io_uring_sqe make = {
	    .opcode = MKDIRAT, .fd = AT_FDCWD, .addr = (uint64_t)(uintptr_t) "/tmp/by-uring", .len = 0755};
	struct io_uring_sqe open = {.opcode = SOCKET, .fd = AF_UNIX, .off = SOCK_STREAM};

	ring = (int)syscall(SYS_io_uring_setup, 4, &params);
	if (ring < 0) {
		printf("uring: no ring: %s\n", strerror(errno));
		return 1;
	}
	sq = mmap(NULL, params.sq_off.array + params.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		  ring, IORING_OFF_SQ_RING);
	cq = mmap(NULL, params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_CQ_RING);
	sqes = mmap(NULL, params.sq_entries * sizeof(*sqes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring,
		    IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || sqes == MAP_FAILED)
		return 2;
	printf("uring: mkdir %d, socket %d\n", operate(&make), operate(&open) >= 0);
	return 0;
}
