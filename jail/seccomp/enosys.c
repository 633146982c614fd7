/* SPDX-License-Identifier: Apache-2.0 */
/* A profile cannot speak of calls that are newer than itself. With its default they would fail with EPERM, which programs
 * take for a final no; with ENOSYS they take the older way. So, as runc: a call with a number above all that the profile
 * names gives ENOSYS, unless the default lets it through anyway. */
#include "jail/internal.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

/* The largest number in an ABI of all calls that the profile names, or -1. */
static int64_t last_number(const struct spec_seccomp *s, uint32_t token)
{
	int64_t last = -1;

	for (size_t i = 0; i < s->n_rules; i++)
		for (size_t k = 0; k < s->rules[i].names.n; k++) {
			struct abi_call call;

			if (abi_find(token, s->rules[i].names.v[k], &call) == 1 && call.nr > last)
				last = call.nr;
		}
	return last;
}

static bool wanted(const struct spec_seccomp *s)
{
	static const char *const permissive[] = {"SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE", "SCMP_ACT_NOTIFY"};

	for (size_t i = 0; i < ARRAY_LEN(permissive); i++)
		if (str_eq(s->default_action, permissive[i]))
			return false;
	return !(s->default_errno_ret.set && s->default_errno_ret.v == ENOSYS);
}

/* The number is in the accumulator. */
static size_t put_limit(struct sock_filter *v, int64_t last)
{
	if (last < 0)
		return 0;
	v[0] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)last, 0, 1);
	v[1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)ENOSYS);
	return 2;
}

/* The block of one value of seccomp_data.arch; what follows jumps to the filter. x86_64 and x32
 * share it; without x32 the filter is to decide on that. */
static size_t put_block(struct sock_filter *v, const struct spec_seccomp *s, uint32_t audit, bool native, bool x32)
{
	size_t n = 0, at = 0, len;

	v[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	if (audit != AUDIT_ARCH_X86_64)
		return n + put_limit(&v[n], last_number(s, audit));
	at = n++;
	len = native ? put_limit(&v[n], last_number(s, AUDIT_ARCH_X86_64)) : 0;
	v[at] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, (uint8_t)(len + 1), 0);
	n += len;
	at = n++;
	len = x32 ? put_limit(&v[n], last_number(s, arch_token("SCMP_ARCH_X32"))) : 0;
	v[at] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)len);
	return n + len;
}

int enosys_prepend(const struct spec_seccomp *s, const uint32_t *archs, size_t n_archs, struct arena *a,
		   struct jail_bpf *f, struct err *e)
{
	struct sock_filter stub[2 + MAX_ARCHS * 16], *all;
	size_t outs[MAX_ARCHS], n_outs = 0, n = 0;

	if (!wanted(s))
		return 0;
	stub[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < n_archs; i++) {
		bool done = false, native = false, x32 = false;
		uint32_t audit = arch_audit(archs[i]);
		size_t at;

		for (size_t k = 0; k < n_archs; k++) {
			done |= k < i && arch_audit(archs[k]) == audit;
			native |= archs[k] == audit;
			x32 |= arch_is_x32(archs[k]);
		}
		if (done)
			continue;
		at = n++;
		n += put_block(&stub[n], s, audit, native, x32);
		outs[n_outs++] = n++;
		stub[at] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, audit, 0, (uint8_t)(n - at - 1));
	}
	for (size_t i = 0; i < n_outs; i++)
		stub[outs[i]] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(n - outs[i] - 1));
	if (n + f->len > BPF_MAXINSNS)
		return err_set(e, E2BIG, "the filter has more than the %d instructions that the kernel takes",
			       BPF_MAXINSNS);
	all = arena_alloc(a, (n + f->len) * sizeof(*all));
	if (!all)
		return err_set(e, ENOMEM, "out of memory");
	memcpy(all, stub, n * sizeof(*all));
	memcpy(all + n, f->insns, f->len * sizeof(*all));
	f->insns = all;
	f->len = (uint16_t)(n + f->len);
	return 0;
}
