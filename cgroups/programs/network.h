/* SPDX-License-Identifier: Apache-2.0 */
/* Inside cgroups/ only: network rules as programs. */
#ifndef CGROUPS_NETWORK_H
#define CGROUPS_NETWORK_H

#include "cgroups/cgroups.h"

#define CG_LD_IMM64 (BPF_LD | BPF_DW) /* BPF_IMM is 0 */

/* The maps of the programs: what stands for their fds until they are loaded. */
enum cg_net_map { CG_NET_RING, CG_NET_STATE, CG_NET_MAPS };

/* The one element of CG_NET_STATE. */
struct cg_net_state {
	uint64_t lost;                 /* refusals for which the ring had no room */
	uint64_t pidns_dev, pidns_ino; /* of the pid namespace whose numbers are reported */
};

/* One list of rules as a program. */
struct cg_net_rules {
	const struct spec_net_list *list;
	bool bind, kill;   /* bind: else connect, sendmsg. kill: who is refused is killed, too */
	uint32_t set;      /* number of the set of rules, for the report */
	bool watch, learn; /* nobody is refused, it is only reported; learn: and so is what is allowed */
};

/* Compiles rules for a BPF_PROG_TYPE_CGROUP_SOCK_ADDR program of one family: pure. Its maps' fds are the numbers above. Returns the
 * number of instructions, -E2BIG, -ENOMEM. */
int cg_net_program(const struct cg_net_rules *r, int family, struct arena *a, struct bpf_insn **ret, struct err *e);
/* The BPF_PROG_TYPE_CGROUP_SKB program that goes with rules on connect. */
int cg_net_egress_program(struct arena *a, struct bpf_insn **ret, struct err *e);
/* The one that goes with rules on bind: asks them about requests for TCP connections. */
int cg_net_ingress_program(const struct spec_net_list *l, struct arena *a, struct bpf_insn **ret, struct err *e);

/* As a member of the plan's object, when there are any. */
void cg_network_print(const struct cg_plan *p, struct jsonw *w);

#endif
