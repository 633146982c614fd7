/* SPDX-License-Identifier: Apache-2.0 */
/* seal.seccomp: linux.seccomp and the policy's filter. The first that is loaded judges the loading of the second; so they are
 * asked beforehand, by running them. What comes after is judged by both: linux.seccomp was asked about it when the plan was
 * made (jail/policy/needs.c), and who answers for the policy lets a process pass that has not executed its program yet. Where
 * linux.seccomp makes a listener for an agent, nothing but execve comes after: any other call might be one that waits for an
 * agent who has no listener yet. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jail/helper/arch.h"
#include "jail/helper/engines/engine.h"

#define MAX_TURNS (1u << 31) /* half a minute, or more: the runtime is dead */

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

static long seccomp_load(const struct jail_bpf *bpf, unsigned long flags)
{
	struct sock_fprog prog = {.len = bpf->len, .filter = bpf->insns};

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

static const char *load_hint(void)
{
	switch (errno) {
	case EACCES:
		return "; without CAP_SYS_ADMIN it needs process.noNewPrivileges";
	case EBUSY:
		return "; a filter that the runtime itself runs under has a listener, and the kernel takes no second "
		       "one";
	default:
		return "";
	}
}

static bool has_agent(const struct helper *h)
{
	return h->plan.seal.seccomp.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER;
}

/* Tells the runtime where the listener will be, and waits until the agent is there. What is opened here ends at exec. */
static int announce_to_agent(struct helper *h, struct err *e)
{
	struct wire m = {.kind = WIRE_LISTENER};
	int memory = memfd_data("agent-has-it", e), self = proc_pidfd_open(getpid()), next, r;
	void *p;

	if (memory < 0)
		return memory;
	if (self < 0 || ftruncate(memory, 1) < 0)
		return err_errno(e, "prepare for the agent of SCMP_ACT_NOTIFY");
	p = mmap(NULL, 1, PROT_READ, MAP_SHARED, memory, 0);
	next = dup(memory); /* the lowest number that is free: the listener's */
	if (p == MAP_FAILED || next < 0)
		return err_errno(e, "prepare for the agent of SCMP_ACT_NOTIFY");
	close(next);
	m.row = memory;
	m.value = next;
	r = wire_send(h->sock, &m, self);
	if (r >= 0)
		r = wire_recv(h->sock, &m, NULL);
	if (r <= 0 || m.kind != WIRE_LISTENER) /* it has said why, where it still can */
		return err_set(e, ECONNABORTED, "the runtime brings no agent for SCMP_ACT_NOTIFY");
	h->agent_has_it = p;
	return 0;
}

/* By turning round: there is no call that no profile gives to the agent. */
static void wait_for_agent(const struct helper *h)
{
	for (uint32_t turns = 0; !__atomic_load_n(h->agent_has_it, __ATOMIC_ACQUIRE); turns++) {
		if (turns == MAX_TURNS)
			__builtin_trap();
		arch_pause();
	}
}

int load_oci_filter(struct helper *h, struct err *e)
{
	const struct jail_bpf *bpf = &h->plan.seal.seccomp;

	if (!bpf->len)
		return 0;
	if (has_agent(h) && !h->agent_has_it && announce_to_agent(h, e) < 0)
		return err_ctx(e, "linux.seccomp");
	if (seccomp_load(bpf, bpf->flags) < 0) {
		err_errno(e, "load the filter of linux.seccomp (%u instructions)%s", bpf->len, load_hint());
		return err_ctx(e, "linux.seccomp");
	}
	if (has_agent(h))
		wait_for_agent(h);
	return 0;
}

/* Without one, where the host or linux.seccomp leaves none, the policy's filter refuses by itself. */
static bool wants_listener(const struct helper *h)
{
	return jail_loaded_filter(&h->plan)->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER;
}

/* The listener goes to the supervisor. A policy that traps sendmsg makes this very call wait for an answer: then the
 * supervisor, told of the number beforehand, fetches the listener itself, and lets the call go on. */
static void announce_listener(struct helper *h, bool sendmsg_trapped)
{
	int next = dup(h->peer); /* the lowest number that is free: the listener's */

	if (next < 0)
		return;
	close(next);
	if (sendmsg_trapped)
		wire_send(h->peer, &(struct wire){.kind = WIRE_PID, .value = next}, -1);
}

static int load_with_listener(struct helper *h, const struct jail_bpf *bpf, struct err *e)
{
	const unsigned long killable = SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	const uint64_t send[6] = {(uint64_t)h->peer, 0, MSG_NOSIGNAL};
	bool trapped = !jail_bpf_lets(jail_bpf_run(bpf, ARCH_NATIVE, SYS_sendmsg, send));
	unsigned long flags = bpf->flags | killable;
	long fd;
	int r;

	announce_listener(h, trapped);
	fd = seccomp_load(bpf, flags);
	if (fd < 0 && errno == EINVAL) /* before Linux 5.19 */
		fd = seccomp_load(bpf, flags & ~killable);
	if (fd < 0)
		return err_errno(e, "load the filter of policy %s (%u instructions)%s", h->plan.policy, bpf->len,
				 load_hint());
	r = wire_send(h->peer, &(struct wire){.kind = WIRE_FD}, (int)fd);
	return r < 0 && !trapped ? err_set(e, -r, "give the listener to the supervisor: %s", strerror(-r)) : 0;
}

static int load_policy_filter(struct helper *h, struct err *e)
{
	const struct jail_bpf *bpf = jail_loaded_filter(&h->plan);
	int r = wait_for_go(h, e);

	if (r < 0 || !bpf->len)
		return r;
	if (wants_listener(h))
		return load_with_listener(h, bpf, e);
	if (seccomp_load(bpf, bpf->flags) != 0)
		return err_errno(e, "load the filter of policy %s (%u instructions)%s", h->plan.policy, bpf->len,
				 load_hint());
	return 0;
}

static int load_both(struct helper *h, struct err *e)
{
	bool oci_first = jail_loads_first(&h->plan, false, ARCH_NATIVE, SYS_seccomp),
	     policy_first = jail_loads_first(&h->plan, true, ARCH_NATIVE, SYS_seccomp);
	int r;

	if (h->plan.joined.len)
		return load_policy_filter(h, e);
	if (oci_first && !(policy_first && has_agent(h))) {
		r = load_oci_filter(h, e);
		return r < 0 ? r : load_policy_filter(h, e);
	}
	r = load_policy_filter(h, e);
	return r < 0 ? r : load_oci_filter(h, e);
}

int step_seccomp(struct helper *h, struct err *e)
{
	int r = find_program(h, e); /* the filters may refuse the search */

	if (r >= 0)
		r = stay_alone(h, e);
	if (r >= 0) /* before the filters, which may refuse the call; what comes after opens nothing */
		r = files_restrict(h, e);
	if (r >= 0 && has_agent(h) && (r = wait_for_go(h, e)) >= 0 && (r = announce_to_agent(h, e)) < 0)
		err_ctx(e, "linux.seccomp");
	if (r < 0)
		return r;
	return h->engine ? load_both(h, e) : load_oci_filter(h, e);
}
