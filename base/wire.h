/* SPDX-License-Identifier: Apache-2.0 */
/* The one message between the roles of a container's life: over a SOCK_SEQPACKET pair between the runtime and the
 * container's first process, and over the socket on which a created container waits for `start`. */
#ifndef BASE_WIRE_H
#define BASE_WIRE_H

#include <stdint.h>
#include <sys/types.h>

#include "err.h"

enum wire_kind {
	WIRE_BATON = 1, /* row: the next row to run is yours */
	WIRE_ERR,       /* err: a row of mine failed; undo */
	WIRE_FD,        /* one fd comes along; row says for which */
	WIRE_TIME,      /* row took value microseconds (--trace-steps) */
	WIRE_PID,       /* value: pid of a process made for the other; row: of one that died unborn */
	WIRE_START,     /* run the workload; the fd, if one comes along: the cgroup that it is born in */
	WIRE_DIE,       /* tests only: kill yourself here */
	WIRE_LISTENER, /* a filter with a listener for an agent will be loaded. The sender's pidfd comes along; value: the
			 * number that the listener will have there; row: that of a memory file in which a non-zero byte says
			 * that the agent has it. No filter is loaded before the answer, which is another of this kind. */
	WIRE_JOIN,     /* a process that is exec'd asks the jail's supervisor in; the fd: its socket to the runtime */
	WIRE_PEER, /* from such a process: the fd is our end of a pair of which it alone has the other; to be used from now on */
	WIRE_SIGNAL, /* from the runtime to the jail's supervisor: send the signal `value` to the main process. Answered by another one */
};

struct wire {
	uint32_t kind;
	int32_t row;   /* index in the life table */
	int64_t value; /* as kind says */
	struct err err;
};

/* What a program of the network rules says over its ring (a BPF map) to the supervisor: one refusal. The layout is that of the program. */
struct wire_denied {
	uint64_t lost;     /* so many before this one found no room */
	uint32_t tid, pid; /* in the pid namespace of the container's first process; 0: the caller is in another one */
	uint32_t host_pid; /* in the host's */
	uint32_t family;   /* AF_INET, AF_INET6 */
	uint8_t addr[16];  /* as in a packet; four bytes of it for AF_INET */
	char comm[16];     /* of the caller; NUL-terminated */
	uint32_t port;     /* in the host's byte order */
	uint32_t protocol; /* IPPROTO_* */
	uint32_t rule;     /* enum wire_denied_rule */
	uint32_t set;      /* number of the set of rules */
};
enum wire_denied_rule { WIRE_DENIED_CONNECT, WIRE_DENIED_BIND };
#define WIRE_ALLOWED   0x100u      /* with the rule: nobody was refused, it is told to who learns */
#define WIRE_RING_SIZE (64u << 10) /* bytes of the ring for records; each takes 8 more than its size */

/* Sends m, and fd along with it when fd >= 0. Returns 0 or -errno (-EPIPE: the other side is gone; no SIGPIPE). */
int wire_send(int sock, const struct wire *m, int fd);

/* Waits for the next message. *ret_fd: the fd that came along (close-on-exec), or -1; ret_fd may be NULL, then none is
 * taken. Returns 1, 0 at the end (the other side closed), -EBADMSG for what is no such message, -errno. */
int wire_recv(int sock, struct wire *m, int *ret_fd);

/* As wire_recv, of a socket with SO_PASSCRED: *ret_pid is the sender, numbered as in our own pid namespace (unix(7),
 * SCM_CREDENTIALS; the kernel's word, not the sender's), or 0 when it cannot be seen from here. */
int wire_recv_from(int sock, struct wire *m, int *ret_fd, pid_t *ret_pid);

#endif
