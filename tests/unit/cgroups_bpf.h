/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a device program as the kernel would, strictly: an instruction, register or jump that a device program has no
 * reason to use ends the process. For the unit test and the fuzz target. */
#ifndef TESTS_UNIT_CGROUPS_BPF_H
#define TESTS_UNIT_CGROUPS_BPF_H

#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define BPF_CHECK(ok)                                                                                                  \
	do {                                                                                                           \
		if (!(ok)) {                                                                                           \
			fprintf(stderr, "instruction %zu (code %#x): %s\n", pc, i->code, #ok);                         \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

/* access: mask of BPF_DEVCG_ACC_*, type: BPF_DEVCG_DEV_*. Returns r0. */
static inline uint64_t bpf_run(const struct bpf_insn *prog, size_t n, uint32_t type, uint32_t access, uint32_t major,
			       uint32_t minor)
{
	const uint32_t ctx[3] = {access << 16 | type, major, minor};
	uint64_t reg[11] = {0};
	unsigned int set = 1u << 1; /* registers with a value: r1, the context */

	for (size_t pc = 0; pc < n; pc++) {
		const struct bpf_insn *i = &prog[pc];
		uint64_t imm = (uint64_t)(int64_t)i->imm;

		BPF_CHECK(i->dst_reg < 6 && i->src_reg < 6);
		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			BPF_CHECK(i->src_reg == 1 && i->off >= 0 && i->off <= 8 && i->off % 4 == 0);
			reg[i->dst_reg] = ctx[i->off / 4];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			BPF_CHECK(set & (1u << i->src_reg));
			reg[i->dst_reg] = reg[i->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			reg[i->dst_reg] = imm;
			break;
		case BPF_ALU64 | BPF_AND | BPF_K:
			BPF_CHECK(set & (1u << i->dst_reg));
			reg[i->dst_reg] &= imm;
			break;
		case BPF_ALU64 | BPF_RSH | BPF_K:
			BPF_CHECK((set & (1u << i->dst_reg)) && imm < 64);
			reg[i->dst_reg] >>= imm;
			break;
		case BPF_JMP | BPF_EXIT:
			BPF_CHECK(set & 1);
			return reg[0];
		default: {
			int jump = 0;

			BPF_CHECK(i->off >= 0 && pc + 1 + (size_t)i->off < n);
			BPF_CHECK(i->code == (BPF_JMP | BPF_JA) || (set & (1u << i->dst_reg)));
			if (i->code == (BPF_JMP | BPF_JA))
				jump = 1;
			else if (i->code == (BPF_JMP | BPF_JNE | BPF_K))
				jump = reg[i->dst_reg] != imm;
			else if (i->code == (BPF_JMP32 | BPF_JNE | BPF_K))
				jump = (uint32_t)reg[i->dst_reg] != (uint32_t)imm;
			else if (i->code == (BPF_JMP | BPF_JSET | BPF_K))
				jump = (reg[i->dst_reg] & imm) != 0;
			else
				BPF_CHECK(!"an instruction that device programs do not use");
			pc += jump ? (size_t)i->off : 0;
			continue;
		}
		}
		set |= 1u << i->dst_reg;
	}
	fprintf(stderr, "the program ran off its end\n");
	abort();
}

#endif
