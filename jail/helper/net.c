/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs of network rules refuse, told over the ring that they write to (a BPF map of type RINGBUF; its layout is that of
 * Documentation/bpf/ringbuf.rst). The ring can be written to from here, but is only read: what stands in it is the kernel's word. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "audit.h"
#include "net.h"

#define BATCH 64 /* records of one turn: a flood of them keeps nothing from its turn */

static const unsigned char *records; /* mapped twice in a row, so that none has a seam */
static unsigned long *consumed;
static const unsigned long *produced;
static uint64_t lost;

int net_open(struct helper *h, struct err *e)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *ring;

	if (h->h.ring_fd < 0)
		return 0;
	consumed = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, h->h.ring_fd, 0);
	ring = mmap(NULL, page + 2 * (size_t)WIRE_RING_SIZE, PROT_READ, MAP_SHARED, h->h.ring_fd, (off_t)page);
	if (consumed == MAP_FAILED || ring == MAP_FAILED)
		return err_errno(e, "map the ring of the network rules");
	produced = (const unsigned long *)(const void *)ring;
	records = ring + page;
	return 0;
}

static void report(struct helper *h, const struct wire_denied *d)
{
	static const struct {
		const char *name, *allow;
	} rules[] = {
	    [WIRE_DENIED_CONNECT] = {"network.connect", "name the address and port in network.connect.allow"},
	    [WIRE_DENIED_BIND] = {"network.bind", "name the address and port in network.bind.allow"},
	};
	char address[INET6_ADDRSTRLEN] = "?", comm[sizeof(d->comm)];

	if (d->rule >= ARRAY_LEN(rules) || d->set >= h->plan.n_policies)
		return;
	inet_ntop(d->family == AF_INET6 ? AF_INET6 : AF_INET, d->addr, address, sizeof(address));
	snprintf(comm, sizeof(comm), "%.*s", (int)sizeof(comm) - 1, d->comm);
	audit_denial(h, &(struct denial){
			    .policy = d->set,
			    .rule = rules[d->rule].name,
			    .tid = (pid_t)d->tid,
			    .host_pid = (pid_t)d->host_pid,
			    .comm = comm,
			    .address = address,
			    .port = (int)d->port,
			    .protocol = d->protocol == IPPROTO_TCP ? "tcp" : "udp",
			    .target = NO_TARGET,
			    .err = EPERM,
			    .kill = h->plan.policies[d->set].kill_on_violation,
			    .allow = rules[d->rule].allow,
			});
	if (d->lost > lost)
		audit_lost(d->lost - lost);
	lost = d->lost > lost ? d->lost : lost;
}

bool net_hear(struct helper *h)
{
	unsigned long at = *consumed;

	for (int i = 0; i < BATCH && at < __atomic_load_n(produced, __ATOMIC_ACQUIRE); i++) {
		const uint32_t *head = (const uint32_t *)(const void *)(records + (at & (WIRE_RING_SIZE - 1)));
		uint32_t len = __atomic_load_n(head, __ATOMIC_ACQUIRE);
		struct wire_denied d;

		if (len & BPF_RINGBUF_BUSY_BIT) /* being written; the kernel wakes this process when it is done */
			break;
		if (!(len & BPF_RINGBUF_DISCARD_BIT) && len == sizeof(d)) {
			memcpy(&d, head + BPF_RINGBUF_HDR_SZ / sizeof(*head), sizeof(d));
			report(h, &d);
		}
		len &= ~(uint32_t)(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		at += (len + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
		__atomic_store_n(consumed, at, __ATOMIC_RELEASE);
	}
	return at < __atomic_load_n(produced, __ATOMIC_ACQUIRE);
}
