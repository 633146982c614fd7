/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs of network rules refuse, told over the ring that they write to (base/bpf.h). It can be written to from
 * here, but is only read: what stands in it is the kernel's word. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "net.h"

#define BATCH 64 /* records of one turn: a flood of them keeps nothing from its turn */

static struct bpf_ring ring;
static uint64_t lost;

int net_open(struct helper *h, struct err *e)
{
	return h->h.ring_fd >= 0 && bpf_ring_map(h->h.ring_fd, WIRE_RING_SIZE, &ring) < 0
		   ? err_errno(e, "map the ring of the network rules")
		   : 0;
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

	uint32_t rule = d->rule & ~WIRE_ALLOWED;
	struct denial report;

	if (rule >= ARRAY_LEN(rules) || d->set >= h->plan.n_policies)
		return;
	inet_ntop(d->family == AF_INET6 ? AF_INET6 : AF_INET, d->addr, address, sizeof(address));
	snprintf(comm, sizeof(comm), "%.*s", (int)sizeof(comm) - 1, d->comm);
	report = (struct denial){
	    .policy = d->set,
	    .rule = rules[rule].name,
	    .tid = (pid_t)d->tid,
	    .host_pid = (pid_t)d->host_pid,
	    .comm = comm,
	    .address = address,
	    .port = (int)d->port,
	    .protocol = d->protocol == IPPROTO_TCP ? "tcp" : "udp",
	    .target = NO_TARGET,
	};
	if (d->rule & WIRE_ALLOWED) {
		report.allowed = true;
		report.mode = POLICY_LEARN;
		audit_denial(h, &report);
	} else {
		report.err = EPERM;
		report.allow = rules[rule].allow;
		(void)audit_violation(h, &report);
	}
	if (d->lost > lost)
		audit_lost(d->lost - lost);
	lost = d->lost > lost ? d->lost : lost;
}

bool net_hear(struct helper *h)
{
	struct wire_denied d;

	for (int i = 0; i < BATCH && bpf_ring_next(&ring, &d, sizeof(d)); i++)
		report(h, &d);
	return bpf_ring_pending(&ring);
}
