/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a seccomp filter as the kernel does, for the tests of what compiles them. */
#ifndef TESTS_UNIT_JAIL_UTIL_H
#define TESTS_UNIT_JAIL_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

#include "jail/internal.h"
#include "range.h"

/* Every jump has to stay inside: what the kernel's checker would refuse fails the test. */
static inline uint32_t run_bpf(const struct jail_bpf *f, uint32_t arch, int nr, const uint64_t args[6])
{
	struct seccomp_data d = {.nr = nr, .arch = arch};
	uint32_t a = 0, pc = 0;

	memcpy(d.args, args, sizeof(d.args));
	for (;;) {
		const struct sock_filter *i = &f->insns[pc++];
		bool yes;

		assert_uint_in_range(pc, 1, f->len);
		switch (i->code) {
		case BPF_RET | BPF_K:
			return i->k;
		case BPF_LD | BPF_W | BPF_ABS:
			assert_uint_in_range(i->k, 0, sizeof(d) - 4);
			memcpy(&a, (const char *)&d + i->k, 4);
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			continue;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = a == i->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			yes = a > i->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = a >= i->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			yes = a & i->k;
			break;
		default:
			fail_msg("instruction %u has code %#x", pc - 1, i->code);
			return 0;
		}
		pc += yes ? i->jt : i->jf;
	}
}

#define ARGS(...) ((const uint64_t[6]){__VA_ARGS__})

#define ALL_FLAGS                                                                                                      \
	(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW |                        \
	 SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)

static const struct jail_facts host = {
    .arch = AUDIT_ARCH_X86_64, .caps = (1ull << 41) - 1, .last_cap = 40, .seccomp_flags = ALL_FLAGS};

#endif
