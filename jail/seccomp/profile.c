/* SPDX-License-Identifier: Apache-2.0 */
/* `profile: report`. Of two filters the kernel takes the stricter answer, and an errno of linux.seccomp goes before any question to the
 * supervisor: nobody hears of it. So both become one filter. linux.seccomp's part comes first, and is asked about every call: what it
 * refuses goes to the supervisor, who asks it again (jail_profile_refuses), and what it allows goes on to the policy's part. */
#include "jail/internal.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

static int refuse(struct err *e, const char *why)
{
	err_set(e, ENOTSUP, "%s", why);
	return err_ctx(e, "profile");
}

static int join(const struct jail_bpf *oci, const struct jail_bpf *own, uint32_t trap, struct arena *a,
		struct jail_bpf *ret, struct err *e)
{
	size_t n = (size_t)oci->len + own->len;

	if (n > BPF_MAXINSNS)
		return refuse(e, "linux.seccomp and the policy together need more instructions than the kernel takes "
				 "of one filter; take \"report\" out, or make one of them smaller");
	ret->insns = arena_alloc(a, n * sizeof(*ret->insns));
	if (!ret->insns)
		return err_set(e, ENOMEM, "out of memory");
	ret->len = (uint16_t)n;
	memcpy(ret->insns, oci->insns, oci->len * sizeof(*ret->insns));
	memcpy(ret->insns + oci->len, own->insns, own->len * sizeof(*ret->insns));
	for (uint32_t i = 0; i < oci->len; i++) {
		struct sock_filter *f = &ret->insns[i];

		if (BPF_CLASS(f->code) != BPF_RET)
			continue;
		if (f->code != (BPF_RET | BPF_K) || f->k == SECCOMP_RET_LOG)
			return refuse(
			    e, "SCMP_ACT_LOG in linux.seccomp goes to the kernel's log, and cannot be reported; take "
			       "\"report\" out");
		if ((f->k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE)
			return refuse(
			    e,
			    "SCMP_ACT_TRACE in linux.seccomp gives calls to a tracer, and one filter would not ask the "
			    "policy about them; take \"report\" out");
		if (jail_bpf_refuses(f->k))
			f->k = trap;
		else if (f->k == SECCOMP_RET_ALLOW)
			*f = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, oci->len - i - 1);
	}
	return 0;
}

int jail_profile_join(struct jail_plan *p, struct arena *a, struct err *e)
{
	const struct jail_bpf *oci = &p->seal.seccomp, *own = &p->filter;
	bool listener = own->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER;
	int r;

	if (jail_has_agent(p))
		return refuse(
		    e, "linux.seccomp gives calls to an agent (SCMP_ACT_NOTIFY), whose answers nobody else hears; take "
		       "\"report\" out");
	if (!oci->len || (p->engine == JAIL_NOTIFY && !listener)) /* then nothing is reported, and the plan says why */
		return 0;
	r = join(oci, own, p->engine == JAIL_TRACE ? SECCOMP_RET_TRACE | JAIL_TRACE_DATA : SECCOMP_RET_USER_NOTIF, a,
		 &p->joined, e);
	if (r < 0)
		return r;
	p->joined.flags = own->flags | (oci->flags & SECCOMP_FILTER_FLAG_LOG);
	if (!(oci->flags & SECCOMP_FILTER_FLAG_SPEC_ALLOW))
		p->joined.flags &= ~(uint32_t)SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	return 0;
}
