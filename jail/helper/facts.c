/* SPDX-License-Identifier: Apache-2.0 */
/* A fact is a call by a program, a path, an address. They are kept as hashes, and no more of them than there is room for: a workload that
 * makes new ones without an end gets no more memory for them. */
#include "facts.h"

#include <string.h>

#define ROOM (1u << 16) /* places of the table; half of them may be taken */

static uint64_t table[ROOM];
static uint32_t n, last;
static bool told_full;

/* Arguments that say what the call is: its kind, its family, its command. Bit n: argument n. */
static const struct {
	const char *syscall;
	uint32_t args;
} kinds[] = {{"socket", 7}, {"socketpair", 7}, {"ioctl", 2},   {"prctl", 1},   {"personality", 1}, {"keyctl", 1},
	     {"bpf", 1},    {"ptrace", 1},     {"seccomp", 1}, {"unshare", 1}, {"setns", 2}};

static uint64_t mix(uint64_t x, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		x = (x ^ ((v >> (8 * i)) & 0xff)) * 0x100000001b3u;
	return x;
}

static uint64_t mix_text(uint64_t x, const char *s)
{
	while (s && *s)
		x = (x ^ (unsigned char)*s++) * 0x100000001b3u;
	return mix(x, 0x100);
}

static uint32_t kind_args(const struct denial *d)
{
	for (size_t i = 0; d->name && i < ARRAY_LEN(kinds); i++)
		if (str_eq(kinds[i].syscall, d->name))
			return kinds[i].args;
	return 0;
}

static uint64_t hash_of(const struct denial *d, const char *exe)
{
	uint64_t x = mix_text(mix(0xcbf29ce484222325u, d->policy), d->path || d->address ? d->rule : exe);
	uint32_t args = kind_args(d);

	if (d->path || d->address)
		return mix(mix_text(mix_text(mix_text(x, d->path), d->address), d->protocol), (uint64_t)d->port) | 1;
	x = mix(mix(mix_text(x, d->rule), d->arch), (uint64_t)d->nr);
	for (int i = 0; i < 6; i++)
		if (args >> i & 1)
			x = mix(x, d->args[i] & 0xffffffffu);
	return x | 1;
}

bool fact_is_new(const struct denial *d, const char *exe, bool *ret_full)
{
	uint64_t x = hash_of(d, exe);

	*ret_full = false;
	for (last = (uint32_t)(x >> 20) % ROOM; table[last]; last = (last + 1) % ROOM)
		if (table[last] == x)
			return false;
	if (n >= ROOM / 2) {
		*ret_full = !told_full;
		told_full = true;
		return false;
	}
	table[last] = x;
	n++;
	return true;
}

void fact_forget(void)
{
	table[last] = 0; /* nothing has come behind it yet */
	n--;
}
