/* SPDX-License-Identifier: Apache-2.0 */
/* Inside cgroups/ only: eBPF programs, instruction by instruction. All jumps lead forward: one is emitted first, and lands when the
 * place is there to which it leads. Pure. */
#ifndef CGROUPS_CODE_H
#define CGROUPS_CODE_H

#include <linux/bpf.h>

#include "base/base.h"

#define CODE_MAX 32000 /* instructions of a program: a jump's offset is a signed 16-bit number */

/* A program that is being made. What does not fit into size is counted alone. */
struct code {
	struct bpf_insn *v;
	size_t n, size;
	bool packets; /* for who makes it: it looks at packets, not at calls */
	bool learns;  /* likewise: what it allows is reported, too */
};

/* Makes room for size instructions. Returns 0 or -ENOMEM. */
int code_start(struct code *c, size_t size, struct arena *a, struct err *e);

/* Adds an instruction of these fields (struct bpf_insn). Returns its place, for land(). */
size_t emit(struct code *c, uint8_t code, uint8_t dst, uint8_t src, int off, int64_t imm);

/* Adds a call of a helper, BPF_FUNC_*: its arguments are in r1 to r5, which are gone after it; what it returns is in r0. */
void emit_call(struct code *c, int helper);

/* The jump at this place leads to the next instruction. */
void land(struct code *c, size_t jump);

/* A few jumps that go to the same place: kept until they land. */
struct jumps {
	size_t v[8];
	size_t n;
};
void jump_to(struct jumps *j, size_t jump);
void land_all(struct code *c, struct jumps *j);

/* Places that many jumps lead to are marked in these until they are known. */
enum { TO_REFUSAL = -1, TO_RULES = -2, TO_NETWORK = -3, TO_ALLOWANCE = -4 };
void emit_goto(struct code *c, int mark);
void land_marked(struct code *c, int mark);

/* The program, without the parts that no way leads to, which the verifier would refuse. Returns the number of instructions, -E2BIG or
 * -ENOMEM. */
int code_finish(struct code *c, struct arena *a, struct bpf_insn **ret, struct err *e);

#endif
