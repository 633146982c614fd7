/* SPDX-License-Identifier: Apache-2.0 */
/* same_filter CONFIG POLICY: whether linux.seccomp of a config.json and the rules of a policy say the same of every call of every ABI, with
 * each value that one of them compares an argument with, and those beside it. Prints the differences, at most twenty, and how many calls it
 * made. Two are none: runc's ENOSYS for calls that are newer than all that the list names, and what a policy allows unasked. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jail/internal.h"

#define VALUES 24

struct sides {
	struct jail_bpf engine, policy;
	const struct spec_seccomp *s[2];
	uint32_t other; /* what the policy says of calls that it does not name */
	unsigned long calls, differences;
};

static void *must(void *p)
{
	if (!p)
		exit(3);
	return p;
}

static void die(const struct err *e)
{
	fprintf(stderr, "same_filter: %s: %s\n", e->path, e->text);
	exit(3);
}

/* Who is killed, a thread or all of them, is not asked: a jail always kills the process. */
static uint32_t plain(uint32_t ret)
{
	return (ret & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_KILL_THREAD ? SECCOMP_RET_KILL_PROCESS : ret;
}

static size_t add_value(uint64_t v[VALUES], size_t n, uint64_t value)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] == value)
			return n;
	if (n < VALUES)
		v[n++] = value;
	return n;
}

/* What argument `index` of a call is compared with, in 32 bits: above them a policy compares what the kernel takes. */
static size_t values_of(const struct sides *x, const char *call, uint32_t index, uint64_t v[VALUES])
{
	size_t n = add_value(v, 0, 0);

	for (size_t side = 0; side < 2; side++)
		for (size_t i = 0; i < x->s[side]->n_rules; i++) {
			const struct spec_seccomp_rule *r = &x->s[side]->rules[i];

			for (size_t k = 0; k < r->n_args && strv_has(&r->names, call); k++) {
				if (r->args[k].index != index)
					continue;
				for (int d = -1; d <= 1; d++) {
					n = add_value(v, n, (uint32_t)(r->args[k].value + (uint64_t)d));
					n = add_value(v, n, (uint32_t)(r->args[k].value_two + (uint64_t)d));
				}
				n = add_value(v, n, (uint32_t)~r->args[k].value);
			}
		}
	return n;
}

static void compare(struct sides *x, uint32_t arch, int nr, int newest, const char *call, const uint64_t args[6])
{
	uint32_t engine = plain(jail_bpf_run(&x->engine, arch, nr, args)),
		 policy = plain(jail_bpf_run(&x->policy, arch, nr, args));

	x->calls++;
	if (engine == policy || (jail_bpf_lets(policy) && policy_allows_unasked(call)))
		return;
	if (engine == (SECCOMP_RET_ERRNO | (uint32_t)ENOSYS) && policy == x->other && nr > newest)
		return;
	if (x->differences++ < 20)
		printf("%s (%#x %d): args %#llx %#llx %#llx: engine %#x, policy %#x\n", call, arch, nr,
		       (unsigned long long)args[0], (unsigned long long)args[1], (unsigned long long)args[2], engine,
		       policy);
}

static void all_args(struct sides *x, uint32_t arch, int nr, int newest, const char *call, uint32_t index,
		     uint64_t args[6])
{
	uint64_t v[VALUES];
	size_t n;

	if (index == 6) {
		compare(x, arch, nr, newest, call, args);
		return;
	}
	n = values_of(x, call, index, v);
	for (size_t i = 0; i < n; i++) {
		args[index] = v[i];
		all_args(x, arch, nr, newest, call, index + 1, args);
	}
	args[index] = 0;
}

static void all_calls(struct sides *x, uint32_t abi, struct arena *a)
{
	struct jail_calls list;
	struct err e = {0};
	uint64_t args[6] = {0};
	int newest = -1;

	if (jail_calls(abi, a, &list, &e) < 0)
		die(&e);
	for (size_t i = 0; i < list.n; i++)
		for (size_t k = 0; k < x->s[0]->n_rules; k++)
			if (strv_has(&x->s[0]->rules[k].names, list.v[i].name) && list.v[i].number > newest)
				newest = (int)list.v[i].number;
	for (size_t i = 0; i < list.n; i++)
		all_args(x, arch_audit(abi), (int)list.v[i].number, newest, list.v[i].name, 0, args);
}

static void read_both(char **files, struct arena *a, struct spec_config *config, struct spec_policy *policy)
{
	char *text = NULL;
	struct err e = {0};
	size_t len = 0;

	if (file_read(AT_FDCWD, files[0], SPEC_FILE_MAX, &text, &len, &e) < 0 ||
	    spec_config_parse(text, len, files[0], a, config, &e) < 0)
		die(&e);
	free(text);
	if (file_read(AT_FDCWD, files[1], SPEC_FILE_MAX, &text, &len, &e) < 0 ||
	    spec_policy_parse(text, len, files[1], a, policy, &e) < 0)
		die(&e);
	free(text);
}

int main(int argc, char **argv)
{
	struct arena a = {0};
	struct err e = {0};
	struct jail_facts f;
	struct jail_options o = {.id = "same"};
	struct jail_plan *engine = must(arena_alloc(&a, sizeof(*engine))), *jail = must(arena_alloc(&a, sizeof(*jail)));
	struct spec_config *config = must(arena_alloc(&a, sizeof(*config))),
			   *bare = must(arena_alloc(&a, sizeof(*bare)));
	struct spec_policy *policy = must(arena_alloc(&a, sizeof(*policy)));
	uint32_t family[MAX_ARCHS];
	struct sides x = {.calls = 0};

	if (argc != 3)
		return 3;
	read_both(argv + 1, &a, config, policy);
	if (jail_probe(&f, &e) < 0)
		die(&e);
	/* Nobody is asked: so the filters themselves have the errnos. */
	f.seccomp_flags &= ~(uint32_t)SECCOMP_FILTER_FLAG_NEW_LISTENER;
	bare->linux_.seccomp = config->linux_.seccomp;
	bare->process.capabilities.set = true;
	policy->init = POLICY_INIT_WORKLOAD;
	if (jail_plan(bare, NULL, &f, &o, &a, engine, &e) < 0)
		die(&e);
	bare->linux_.seccomp.set = false;
	if (jail_plan(bare, policy, &f, &o, &a, jail, &e) < 0)
		die(&e);
	x.engine = engine->seal.seccomp;
	x.policy = jail->filter;
	x.s[0] = &config->linux_.seccomp;
	x.s[1] = &policy->syscalls;
	x.other = plain(jail_bpf_run(&x.policy, f.arch, 100000, (const uint64_t[6]){0}));
	for (size_t i = 0, n = arch_family(f.arch, family); i < n; i++)
		all_calls(&x, family[i], &a);
	printf("%lu calls, %lu differ\n", x.calls, x.differences);
	arena_free(&a);
	return x.differences > 0;
}
