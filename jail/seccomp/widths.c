/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel takes of an argument. It casts each register to the type that the call declares before it looks at it: a compare
 * of all 64 bits can be got round by the bits that fall away. */
#include "jail/internal.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

struct call_widths {
	const char *name, *args;
};

#include "widths_table.h"

static int by_name(const void *name, const void *entry)
{
	return strcmp(name, ((const struct call_widths *)entry)->name);
}

static const struct call_widths *find_in(const struct call_widths *v, size_t n, const char *name)
{
	return bsearch(name, v, n, sizeof(*v), by_name);
}
#define FIND_IN(table, name) find_in((table), ARRAY_LEN(table), (name))

/* The letter of the table, or 0: not known there. */
static char letter(const struct call_widths *c, uint32_t index)
{
	return c && index < strlen(c->args) ? c->args[index] : 0;
}

static struct arg_width of_letter(char c)
{
	switch (c) {
	case 'h':
		return (struct arg_width){16, 16};
	case 'i':
		return (struct arg_width){32, 32};
	case 'l':
		return (struct arg_width){64, 64};
	default:
		return (struct arg_width){32, 64};
	}
}

/* Registers of 32 bits, whatever seccomp_data has above them: 64-bit programs come here by int 0x80, with all of theirs. */
static struct arg_width narrow_width(uint32_t token, const char *syscall, uint32_t index)
{
	const struct call_widths *c =
	    token == SCMP_ARCH_ARM ? FIND_IN(arm_widths, syscall) : FIND_IN(i386_widths, syscall);
	bool known = token == SCMP_ARCH_ARM || token == SCMP_ARCH_X86;

	if (letter(c, index) == 'h')
		return (struct arg_width){16, known ? 16 : 32};
	return (struct arg_width){32, 32};
}

struct arg_width abi_arg_width(uint32_t token, const char *syscall, uint32_t index)
{
	const struct call_widths *c = token == SCMP_ARCH_X32 ? FIND_IN(x32_widths, syscall) : NULL;
	struct arg_width w;

	if (token != SCMP_ARCH_X32 && !(token & __AUDIT_ARCH_64BIT))
		return narrow_width(token, syscall, index);
	w = of_letter(letter(c ? c : FIND_IN(common_widths, syscall), index));
	if (token != SCMP_ARCH_X86_64 && token != SCMP_ARCH_X32 && token != SCMP_ARCH_AARCH64)
		w = (struct arg_width){w.least < 64 ? w.least : 32, 64};
	return w;
}

/* The compare with a mask, of the lower bits of an argument. The upper bits of the value that is wanted are those of a number without a
 * sign, or of a negative one; else no argument has it. */
static enum arg_reading read_masked(struct jail_rule_arg *a, uint64_t bits)
{
	uint64_t upper = a->a & ~bits, top = bits ^ (bits >> 1);

	if (a->b & ~a->a)
		return ARG_NEVER;
	if (a->b & ~bits) {
		if ((a->b & ~bits) != upper || ((a->a & top) && !(a->b & top)))
			return ARG_NEVER;
		a->a |= top;
		a->b |= top;
	}
	a->a &= bits;
	a->b &= bits;
	return a->a ? ARG_READ : ARG_ALWAYS;
}

/* Whether a number can be what an argument of so many bits is. A negative one may be written with as many bits as its author liked. */
static bool is_negative(uint64_t v, uint64_t bits)
{
	const uint64_t sign = ~(bits >> 1);

	return bits != UINT64_MAX && ((v & sign) == sign || (v & sign) == (sign & COMPARE_32));
}

static bool fits(uint64_t v, uint64_t bits)
{
	return !(v & ~bits) || is_negative(v, bits);
}

static uint64_t bits_of(uint32_t width)
{
	return width == 64 ? UINT64_MAX : (1ull << width) - 1;
}

/* What does not fit is more than any value there is; as a negative number it is one of them. An order that refuses holds where it
 * does for either, else where it does for both. */
static enum arg_reading read_order(const struct jail_rule_arg *a, uint64_t bits, bool refuses)
{
	bool less = a->op == JAIL_LT || a->op == JAIL_LE;

	if (is_negative(a->a, bits) && less != refuses)
		return ARG_READ;
	return less ? ARG_ALWAYS : ARG_NEVER;
}

/* The condition as it is for an argument of which the kernel takes so many bits. */
static enum arg_reading read_as(struct jail_rule_arg *a, uint32_t width, bool refuses)
{
	const uint64_t bits = bits_of(width);

	if (a->op == JAIL_MASKED_EQ)
		return width == 64 ? ARG_READ : read_masked(a, bits);
	if (width == 64) {
		a->b = 0;
		return ARG_READ;
	}
	if (a->op == JAIL_EQ || a->op == JAIL_NE) {
		if (!fits(a->a, bits))
			return a->op == JAIL_EQ ? ARG_NEVER : ARG_ALWAYS;
	} else if (a->a & ~bits) {
		enum arg_reading r = read_order(a, bits, refuses);

		if (r != ARG_READ)
			return r;
	}
	if (a->op == JAIL_EQ)
		*a = (struct jail_rule_arg){a->index, JAIL_MASKED_EQ, bits, a->a & bits};
	else
		*a = (struct jail_rule_arg){a->index, a->op, a->a & bits, bits};
	return ARG_READ;
}

/* Whether a condition can be about an argument of so many bits. */
static bool is_for(const struct jail_rule_arg *a, uint64_t bits)
{
	if (a->op == JAIL_MASKED_EQ)
		return !(a->b & ~bits) && (a->a & bits);
	return a->op == JAIL_EQ || a->op == JAIL_NE ? fits(a->a, bits) : !(a->a & ~bits);
}

enum arg_reading abi_read_arg(uint32_t token, const char *syscall, bool refuses, struct jail_rule_arg *a)
{
	struct arg_width w = abi_arg_width(token, syscall, a->index);
	const uint64_t bits = bits_of(w.least);
	bool less;

	if (a->op == JAIL_MASKED_EQ && a->a == UINT64_MAX)
		*a = (struct jail_rule_arg){a->index, JAIL_EQ, a->b, 0};
	if (w.least == w.most || !is_for(a, bits))
		return read_as(a, w.most, refuses);
	/* Of a number that fits: these hold of the lower bits whenever they hold of all, the others the other way round. */
	less = a->op == JAIL_EQ || a->op == JAIL_MASKED_EQ || a->op == JAIL_LT || a->op == JAIL_LE;
	return read_as(a, less == refuses ? w.least : w.most, refuses);
}
