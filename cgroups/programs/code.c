/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroups/programs/code.h"

#include <errno.h>
#include <string.h>

int code_start(struct code *c, size_t size, struct arena *a, struct err *e)
{
	*c = (struct code){.size = size, .v = arena_alloc(a, size * sizeof(*c->v))};
	return c->v ? 0 : err_set(e, ENOMEM, "out of memory");
}

size_t emit(struct code *c, uint8_t code, uint8_t dst, uint8_t src, int off, int64_t imm)
{
	if (c->n < c->size)
		c->v[c->n] = (struct bpf_insn){code, dst, src, (int16_t)off, (int32_t)imm};
	return c->n++;
}

void land(struct code *c, size_t jump)
{
	if (jump < c->size)
		c->v[jump].off = (int16_t)(c->n - jump - 1);
}

void emit_call(struct code *c, int helper)
{
	emit(c, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}

void jump_to(struct jumps *j, size_t jump)
{
	if (j->n < ARRAY_LEN(j->v))
		j->v[j->n++] = jump;
}

void land_all(struct code *c, struct jumps *j)
{
	for (size_t i = 0; i < j->n; i++)
		land(c, j->v[i]);
	j->n = 0;
}

void emit_goto(struct code *c, int mark)
{
	emit(c, BPF_JMP | BPF_JA, 0, 0, mark, 0);
}

void land_marked(struct code *c, int mark)
{
	for (size_t i = 0; i < c->n && i < c->size; i++)
		if (c->v[i].code == (BPF_JMP | BPF_JA) && c->v[i].off == mark)
			land(c, i);
}

/* The verifier refuses a program with a part that no way leads to, as behind a rule that matches everything: it is taken out. All jumps
 * lead forward. */
static int sweep(struct code *c, struct arena *a, struct err *e)
{
	uint16_t *place =
	    arena_alloc(a, (c->n + 1) * sizeof(*place)); /* 0: not reached; else 1 + the place that it gets */
	size_t n = 0;

	if (!place)
		return err_set(e, ENOMEM, "out of memory");
	memset(place, 0, (c->n + 1) * sizeof(*place));
	place[0] = 1;
	for (size_t i = 0; i < c->n; i++) {
		const struct bpf_insn *v = &c->v[i];
		const uint8_t class = BPF_CLASS(v->code), op = BPF_OP(v->code);
		const bool jumps = (class == BPF_JMP || class == BPF_JMP32) && op != BPF_CALL && op != BPF_EXIT;

		if (!place[i])
			continue;
		if (jumps)
			place[i + 1 + (size_t)v->off] = 1;
		if (!jumps || op != BPF_JA)
			place[i + 1] = place[i + 1] || !(class == BPF_JMP && op == BPF_EXIT);
	}
	for (size_t i = 0; i < c->n; i++)
		place[i] = place[i] ? (uint16_t)++n : 0;
	for (size_t i = 0; i < c->n; i++) {
		struct bpf_insn v = c->v[i];

		if (!place[i])
			continue;
		if (v.off && (BPF_CLASS(v.code) == BPF_JMP || BPF_CLASS(v.code) == BPF_JMP32))
			v.off = (int16_t)(place[i + 1 + (size_t)v.off] - place[i] - 1);
		c->v[place[i] - 1] = v;
	}
	c->n = n;
	return 0;
}

int code_finish(struct code *c, struct arena *a, struct bpf_insn **ret, struct err *e)
{
	if (c->n > CODE_MAX || c->n > c->size)
		return err_set(e, E2BIG, "the rules make %zu instructions; at most %d fit", c->n, CODE_MAX);
	if (sweep(c, a, e) < 0)
		return -ENOMEM;
	*ret = c->v;
	return (int)c->n;
}
