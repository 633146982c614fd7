/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a seccomp filter as the kernel does: what it will say of a call can be known before it is loaded. */
#include "jail/jail.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

/* One instruction of classic BPF as seccomp(2) admits it, but for the jumps and returns. */
static bool run_plain(const struct sock_filter *f, const struct seccomp_data *d, uint32_t *a, uint32_t *x,
		      uint32_t mem[BPF_MEMWORDS])
{
	uint32_t v = BPF_SRC(f->code) == BPF_X ? *x : f->k;

	if (BPF_CLASS(f->code) == BPF_ALU) {
		switch (BPF_OP(f->code)) {
		case BPF_AND:
			*a &= v;
			return true;
		case BPF_OR:
			*a |= v;
			return true;
		case BPF_ADD:
			*a += v;
			return true;
		case BPF_SUB:
			*a -= v;
			return true;
		case BPF_RSH:
			*a = v < 32 ? *a >> v : 0;
			return true;
		case BPF_LSH:
			*a = v < 32 ? *a << v : 0;
			return true;
		default:
			return false;
		}
	}
	switch (f->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		if (f->k > sizeof(*d) - sizeof(*a))
			return false;
		memcpy(a, (const char *)d + f->k, sizeof(*a));
		return true;
	case BPF_LD | BPF_IMM:
		*a = f->k;
		return true;
	case BPF_LDX | BPF_IMM:
		*x = f->k;
		return true;
	case BPF_LD | BPF_MEM:
		*a = mem[f->k % BPF_MEMWORDS];
		return true;
	case BPF_ST:
		mem[f->k % BPF_MEMWORDS] = *a;
		return true;
	case BPF_MISC | BPF_TAX:
		*x = *a;
		return true;
	case BPF_MISC | BPF_TXA:
		*a = *x;
		return true;
	default:
		return false;
	}
}

static uint32_t run(const struct jail_bpf *bpf, const struct seccomp_data *d)
{
	uint32_t a = 0, x = 0, mem[BPF_MEMWORDS] = {0};

	for (uint32_t pc = 0; pc < bpf->len; pc++) {
		const struct sock_filter *f = &bpf->insns[pc];
		uint32_t v = BPF_SRC(f->code) == BPF_X ? x : f->k;
		bool yes;

		if (BPF_CLASS(f->code) == BPF_RET)
			return BPF_RVAL(f->code) == BPF_A ? a : f->k;
		if (BPF_CLASS(f->code) != BPF_JMP) {
			if (!run_plain(f, d, &a, &x, mem))
				return SECCOMP_RET_KILL_PROCESS;
			continue;
		}
		switch (BPF_OP(f->code)) {
		case BPF_JA:
			pc += f->k;
			continue;
		case BPF_JEQ:
			yes = a == v;
			break;
		case BPF_JGT:
			yes = a > v;
			break;
		case BPF_JGE:
			yes = a >= v;
			break;
		case BPF_JSET:
			yes = a & v;
			break;
		default:
			return SECCOMP_RET_KILL_PROCESS;
		}
		pc += yes ? f->jt : f->jf;
	}
	return SECCOMP_RET_KILL_PROCESS;
}

uint32_t jail_bpf_run(const struct jail_bpf *bpf, uint32_t arch, int nr, const uint64_t args[6])
{
	struct seccomp_data d = {.nr = nr, .arch = arch};

	memcpy(d.args, args, sizeof(d.args));
	return bpf->len ? run(bpf, &d) : SECCOMP_RET_ALLOW;
}

bool jail_bpf_lets(uint32_t ret)
{
	ret &= SECCOMP_RET_ACTION_FULL;
	return ret == SECCOMP_RET_ALLOW || ret == SECCOMP_RET_LOG;
}

bool jail_bpf_refuses(uint32_t ret)
{
	uint32_t err = ret & SECCOMP_RET_DATA;

	return (ret & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO && err && err != ENOSYS;
}

int jail_profile_refuses(const struct jail_plan *p, uint32_t arch, int nr, const uint64_t args[6])
{
	uint32_t ret = p->joined.len ? jail_bpf_run(&p->seal.seccomp, arch, nr, args) : SECCOMP_RET_ALLOW;

	return jail_bpf_refuses(ret) ? (int)(ret & SECCOMP_RET_DATA) : 0;
}

const struct jail_bpf *jail_loaded_filter(const struct jail_plan *p)
{
	return p->joined.len ? &p->joined : &p->filter;
}

bool jail_loads_first(const struct jail_plan *p, bool policy, uint32_t arch, int nr_seccomp)
{
	const struct jail_bpf *oci = &p->seal.seccomp, *own = &p->filter;
	const uint64_t args[6] = {SECCOMP_SET_MODE_FILTER, policy ? oci->flags : own->flags};
	uint32_t ret = jail_bpf_run(policy ? own : oci, arch, nr_seccomp, args), action = ret & SECCOMP_RET_ACTION_FULL;

	/* Who answers for the policy lets the calls of a process through that is no workload yet. */
	return jail_bpf_lets(ret) ||
	       (policy && (action == SECCOMP_RET_TRACE ||
			   (action == SECCOMP_RET_USER_NOTIF && (own->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))));
}
