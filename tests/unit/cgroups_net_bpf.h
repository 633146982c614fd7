/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a program of network rules as the kernel would, strictly: what it has no reason to use, and what the verifier would not let
 * pass (a register without a value, memory that is not its own), ends the process. */
#ifndef TESTS_UNIT_CGROUPS_NET_BPF_H
#define TESTS_UNIT_CGROUPS_NET_BPF_H

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroups/programs/network.h"
#include "cgroups_bpf.h"

/* What the program works on, and what it did. */
struct net_run {
	struct bpf_sock_addr ctx;
	unsigned char packet[64];
	size_t packet_len; /* 0: it is no program for packets */
	struct bpf_sock sock;
	struct cg_net_state state;
	bool ring_full;
	struct wire_denied record;
	int records, signal;
	/* the machine */
	uint64_t reg[11];
	unsigned int set;
	_Alignas(8) unsigned char stack[512];
};

static inline bool net_within(uint64_t at, size_t size, const void *base, size_t len)
{
	return at >= (uint64_t)(uintptr_t)base && at + size <= (uint64_t)(uintptr_t)base + len;
}

static inline bool net_readable(const struct net_run *r, uint64_t at, size_t size)
{
	return net_within(at, size, r->stack, sizeof(r->stack)) || net_within(at, size, &r->state, sizeof(r->state)) ||
	       (r->packet_len ? size == 4 && at == (uint64_t)(uintptr_t)&r->sock.state
			      : net_within(at, size, &r->ctx, sizeof(r->ctx)));
}

/* Of the context an address alone may be written, by words. */
static inline bool net_writable(const struct net_run *r, uint64_t at, size_t size)
{
	return net_within(at, size, r->stack, sizeof(r->stack)) ||
	       (!r->packet_len && size == 4 &&
		net_within(at, size, &r->ctx.user_ip4, sizeof(r->ctx.user_ip4) + sizeof(r->ctx.user_ip6)));
}

static inline size_t net_size(const struct bpf_insn *i)
{
	switch (BPF_SIZE(i->code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	case BPF_W:
		return 4;
	default:
		return 8;
	}
}

static inline void net_call(struct net_run *r, const struct bpf_insn *i, size_t pc)
{
	uint64_t *reg = r->reg;

	switch (i->imm) {
	case BPF_FUNC_map_lookup_elem:
		BPF_CHECK(reg[1] == CG_NET_STATE && net_readable(r, reg[2], 4) && *(uint32_t *)(uintptr_t)reg[2] == 0);
		reg[0] = (uint64_t)(uintptr_t)&r->state;
		break;
	case BPF_FUNC_get_current_pid_tgid:
		reg[0] = 4711ull << 32 | 4712;
		break;
	case BPF_FUNC_get_ns_current_pid_tgid:
		BPF_CHECK(reg[1] == r->state.pidns_dev && reg[2] == r->state.pidns_ino && reg[4] == 8 &&
			  net_writable(r, reg[3], 8));
		memcpy((void *)(uintptr_t)reg[3], &(struct bpf_pidns_info){.pid = 12, .tgid = 11}, 8);
		reg[0] = 0;
		break;
	case BPF_FUNC_get_current_comm:
		BPF_CHECK(reg[2] == 16 && net_writable(r, reg[1], 16));
		memcpy((void *)(uintptr_t)reg[1], "caller\0\0\0\0\0\0\0\0\0", 16);
		reg[0] = 0;
		break;
	case BPF_FUNC_ringbuf_output:
		BPF_CHECK(reg[1] == CG_NET_RING && reg[3] == sizeof(r->record) && net_readable(r, reg[2], reg[3]) &&
			  reg[4] == 0);
		if (!r->ring_full) {
			memcpy(&r->record, (void *)(uintptr_t)reg[2], sizeof(r->record));
			r->records++;
		}
		reg[0] = r->ring_full ? (uint64_t)-11 : 0;
		break;
	case BPF_FUNC_send_signal:
		r->signal = (int)reg[1];
		reg[0] = 0;
		break;
	case BPF_FUNC_skb_load_bytes:
		BPF_CHECK(r->packet_len && reg[1] == (uint64_t)(uintptr_t)&r->ctx && net_writable(r, reg[3], reg[4]));
		reg[0] = (uint64_t)-14;
		if (reg[2] + reg[4] <= r->packet_len) {
			memcpy((void *)(uintptr_t)reg[3], r->packet + reg[2], reg[4]);
			reg[0] = 0;
		}
		break;
	default:
		BPF_CHECK(!"a helper that these programs do not use");
	}
	r->set = (r->set & ~0x3fu) | 1; /* r1 to r5 are gone */
}

static inline void net_alu(struct net_run *r, const struct bpf_insn *i, size_t pc)
{
	const bool wide = BPF_CLASS(i->code) == BPF_ALU64;
	uint64_t *d = &r->reg[i->dst_reg], v = (uint64_t)(int64_t)i->imm;

	if (BPF_SRC(i->code) == BPF_X && BPF_OP(i->code) != BPF_END) {
		BPF_CHECK(r->set >> i->src_reg & 1);
		v = r->reg[i->src_reg];
	}
	BPF_CHECK(i->dst_reg != 10 && (BPF_OP(i->code) == BPF_MOV || (r->set >> i->dst_reg & 1)));
	switch (BPF_OP(i->code)) {
	case BPF_MOV:
		*d = v;
		break;
	case BPF_ADD:
		*d += v;
		break;
	case BPF_SUB:
		*d -= v;
		break;
	case BPF_XOR:
		*d ^= v;
		break;
	case BPF_AND:
		*d &= v;
		break;
	case BPF_LSH:
		BPF_CHECK(v < 64);
		*d <<= v;
		break;
	case BPF_RSH:
		BPF_CHECK(v < (wide ? 64 : 32));
		*d = (wide ? *d : (uint32_t)*d) >> v;
		break;
	case BPF_END:
		BPF_CHECK(!wide && BPF_SRC(i->code) == BPF_TO_BE && (i->imm == 16 || i->imm == 32));
		*d = i->imm == 16 ? htons((uint16_t)*d) : htonl((uint32_t)*d);
		break;
	default:
		BPF_CHECK(!"arithmetic that these programs do not use");
	}
	if (!wide && BPF_OP(i->code) != BPF_END)
		*d = (uint32_t)*d;
	r->set |= 1u << i->dst_reg;
}

static inline void net_memory(struct net_run *r, const struct bpf_insn *i, size_t pc)
{
	const bool load = BPF_CLASS(i->code) == BPF_LDX;
	const size_t size = net_size(i);
	const uint8_t base = load ? i->src_reg : i->dst_reg;
	uint64_t at = r->reg[base] + (uint64_t)(int64_t)i->off, v;

	BPF_CHECK(r->set >> base & 1);
	if (i->code == (BPF_STX | BPF_ATOMIC | BPF_DW)) {
		BPF_CHECK(i->imm == BPF_ADD && at == (uint64_t)(uintptr_t)&r->state.lost);
		r->state.lost += r->reg[i->src_reg];
		return;
	}
	BPF_CHECK(BPF_MODE(i->code) == BPF_MEM && at % size == 0);
	/* The socket of a packet: the kernel puts the address into the program in this place. */
	if (load && r->packet_len && at == (uint64_t)(uintptr_t)&r->ctx + offsetof(struct __sk_buff, sk) && size == 8) {
		r->reg[i->dst_reg] = (uint64_t)(uintptr_t)&r->sock;
		r->set |= 1u << i->dst_reg;
		return;
	}
	BPF_CHECK(load ? net_readable(r, at, size) : net_writable(r, at, size));
	if (load) {
		v = 0;
		memcpy(&v, (void *)(uintptr_t)at, size); /* little-endian, as the tests' machines are */
		r->reg[i->dst_reg] = v;
		r->set |= 1u << i->dst_reg;
		return;
	}
	BPF_CHECK(BPF_CLASS(i->code) == BPF_ST || (r->set >> i->src_reg & 1));
	v = BPF_CLASS(i->code) == BPF_ST ? (uint64_t)(int64_t)i->imm : r->reg[i->src_reg];
	memcpy((void *)(uintptr_t)at, &v, size);
}

static inline bool net_jumps(const struct net_run *r, const struct bpf_insn *i, size_t pc)
{
	uint64_t a = r->reg[i->dst_reg], b = (uint64_t)(int64_t)i->imm;

	if (BPF_OP(i->code) == BPF_JA)
		return true;
	BPF_CHECK((r->set >> i->dst_reg & 1) && BPF_SRC(i->code) == BPF_K);
	if (BPF_CLASS(i->code) == BPF_JMP32) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (BPF_OP(i->code)) {
	case BPF_JEQ:
		return a == b;
	case BPF_JNE:
		return a != b;
	case BPF_JLT:
		return a < b;
	case BPF_JGT:
		return a > b;
	default:
		BPF_CHECK(!"a jump that these programs do not use");
	}
	return false;
}

/* The verifier refuses what no way leads to. All jumps lead forward. */
static inline void net_check_reached(const struct bpf_insn *prog, size_t n)
{
	unsigned char *reached = calloc(n + 1, 1);

	reached[0] = 1;
	for (size_t pc = 0; pc < n; pc++) {
		const struct bpf_insn *i = &prog[pc];
		const bool jump = BPF_CLASS(i->code) == BPF_JMP || BPF_CLASS(i->code) == BPF_JMP32;

		BPF_CHECK(reached[pc]);
		if (i->code == (BPF_JMP | BPF_EXIT))
			continue;
		if (jump && BPF_OP(i->code) != BPF_CALL) {
			BPF_CHECK(i->off >= 0 && pc + 1 + (size_t)i->off < n);
			reached[pc + 1 + (size_t)i->off] = 1;
		}
		if (i->code != (BPF_JMP | BPF_JA))
			reached[pc + 1] = 1;
	}
	free(reached);
}

/* Returns r0, whether the kernel lets the call or the packet go on. */
static inline bool net_run(struct net_run *r, const struct bpf_insn *prog, size_t n)
{
	r->set = 1u << 1 | 1u << 10;
	r->reg[1] = (uint64_t)(uintptr_t)&r->ctx;
	r->reg[10] = (uint64_t)(uintptr_t)r->stack + sizeof(r->stack);
	for (size_t pc = 0; pc < n; pc++) {
		const struct bpf_insn *i = &prog[pc];

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			BPF_CHECK(i->code == CG_LD_IMM64 && i->src_reg == BPF_PSEUDO_MAP_FD);
			r->reg[i->dst_reg] = (uint64_t)i->imm;
			r->set |= 1u << i->dst_reg;
			pc++;
			break;
		case BPF_LDX:
		case BPF_ST:
		case BPF_STX:
			net_memory(r, i, pc);
			break;
		case BPF_ALU:
		case BPF_ALU64:
			net_alu(r, i, pc);
			break;
		default:
			if (i->code == (BPF_JMP | BPF_EXIT)) {
				BPF_CHECK((r->set & 1) && r->reg[0] <= 1);
				return r->reg[0];
			}
			if (i->code == (BPF_JMP | BPF_CALL)) {
				net_call(r, i, pc);
			} else if (net_jumps(r, i, pc)) {
				BPF_CHECK(i->off >= 0 && pc + 1 + (size_t)i->off < n);
				pc += (size_t)i->off;
			}
		}
	}
	fprintf(stderr, "the program ran off its end\n");
	abort();
}

#endif
