/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules: bytes become rules, the rules a program, and the program must say what the oracle says. Ten bytes a rule:
 * allow, type, access, what is set, major and minor (three bytes each, small numbers often). */
#include <stdint.h>
#include <stdlib.h>

#include "cgroups/cgroups.h"
#include "tests/unit/cgroups_bpf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RULE_SIZE 10
#define RULES_MAX 64

static int64_t number(const uint8_t *p)
{
	/* The first byte picks the range: rules meet often, yet all of 64 bits is reached. */
	switch (p[0] & 7) {
	case 0:
		return -1;
	case 1:
		return (int64_t)p[1] << 24 | p[2];
	case 2:
		return (int64_t)((uint64_t)p[1] << 56 | p[2]);
	default:
		return p[1] & 15;
	}
}

static struct spec_device_rule rule_of(const uint8_t *p)
{
	static char *const accesses[] = {"", "r", "w", "rw", "m", "rm", "wm", "rwm"};

	return (struct spec_device_rule){
	    .allow = p[0] & 1,
	    .type = "abc"[p[1] % 3],
	    .major = {p[3] & 1, number(p + 4)},
	    .minor = {p[3] & 2, number(p + 7)},
	    .access = p[2] & 8 ? NULL : accesses[p[2] & 7],
	};
}

static void compare(const struct spec_device_rule *rules, size_t n, const struct bpf_insn *prog, size_t len,
		    int64_t major, int64_t minor)
{
	static const char letters[] = {
	    [BPF_DEVCG_ACC_MKNOD] = 'm', [BPF_DEVCG_ACC_READ] = 'r', [BPF_DEVCG_ACC_WRITE] = 'w'};

	for (uint32_t type = BPF_DEVCG_DEV_BLOCK; type <= BPF_DEVCG_DEV_CHAR; type++) {
		bool one[5] = {false};

		for (unsigned int bit = 1; bit <= 4; bit <<= 1)
			one[bit] = cg_device_allowed(rules, n, type == BPF_DEVCG_DEV_BLOCK ? 'b' : 'c', major, minor,
						     letters[bit]);
		for (uint32_t access = 1; access <= 7; access++) {
			bool want = (!(access & 1) || one[1]) && (!(access & 2) || one[2]) && (!(access & 4) || one[4]);

			if (bpf_run(prog, len, type, access, (uint32_t)major, (uint32_t)minor) != want)
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spec_device_rule rules[RULES_MAX];
	struct bpf_insn *prog = NULL;
	struct arena a = {0};
	struct err e = {0};
	size_t n = 0;
	int len;

	for (; n < RULES_MAX && (n + 1) * RULE_SIZE <= size; n++)
		rules[n] = rule_of(data + n * RULE_SIZE);
	len = cg_device_program(rules, n, &a, &prog, &e);
	/* Refused: a number below -1. */
	for (size_t i = 0; len > 0 && i <= n; i++) {
		int64_t major = i < n && rules[i].major.set ? rules[i].major.v : 1;
		int64_t minor = i < n && rules[i].minor.set ? rules[i].minor.v : 3;

		/* The kernel's numbers have 32 bits. */
		compare(rules, n, prog, (size_t)len, (uint32_t)major, (uint32_t)minor);
		compare(rules, n, prog, (size_t)len, (uint32_t)major, (uint32_t)(minor + 1));
	}
	arena_free(&a);
	return 0;
}
