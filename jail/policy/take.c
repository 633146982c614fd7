/* SPDX-License-Identifier: Apache-2.0 */
/* What of a policy is no rule on calls, from its document to the plan. */
#include "builder.h"

#include <errno.h>

int policy_file(const struct spec_policy *p, struct err *e)
{
	return err_file(e, p->file ? p->file : p->name);
}

const char *const policy_unasked[] = {"rt_sigreturn", "sigreturn", "restart_syscall", NULL};

bool policy_allows_unasked(const char *syscall)
{
	for (size_t i = 0; policy_unasked[i]; i++)
		if (str_eq(policy_unasked[i], syscall))
			return true;
	return false;
}

/* Those that count get counters of their own. Returns 0, -ENOMEM. */
static int take_entries(const struct spec_policy *p, struct arena *a, struct jail_policy *ret)
{
	uint32_t counter = 0;

	ret->exec_entries = p->exec.n_entries ? arena_alloc(a, p->exec.n_entries * sizeof(*ret->exec_entries)) : NULL;
	if (p->exec.n_entries && !ret->exec_entries)
		return -ENOMEM;
	for (size_t i = 0; i < p->exec.n_entries; i++) {
		const struct spec_exec_entry *x = &p->exec.entries[i];

		ret->exec_entries[ret->n_exec_entries++] = (struct jail_exec_entry){
		    .deny = x->deny,
		    .path = x->path,
		    .sha256 = x->sha256,
		    .argv = x->argv,
		    .times = x->times.set ? (int64_t)x->times.v : -1,
		    .counter = x->times.set ? counter++ : 0,
		    .as = (uint32_t)x->as,
		};
	}
	return 0;
}

int policy_take_counts(const struct spec_policy *p, const struct jail_facts *f, struct arena *a,
		       struct jail_policy *ret, struct err *e)
{
	uint32_t family[MAX_ARCHS];
	size_t n_family = arch_family(f->arch, family);

	ret->counts = arena_alloc(a, (p->n_counts + 1) * sizeof(*ret->counts));
	if (!ret->counts)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = 0; i < p->n_counts; i++) {
		const char *name = p->counts[i].syscall;
		bool known = false;
		struct abi_call call;

		for (size_t k = 0; k < n_family; k++)
			known |= abi_find(family[k], name, &call) != -ENOENT;
		if (!known)
			call_unknown(name, ", so it cannot be counted", e);
		else if (policy_allows_unasked(name))
			err_set(e, EINVAL, "%s cannot be counted: the kernel itself makes programs call it", name);
		else if (str_eq(name, "socketcall") || str_eq(name, "ipc"))
			err_set(e, EINVAL, "%s is many calls: count those that are made by it, by their own names",
				name);
		if (e && e->code) {
			err_ctx(e, "limits.syscalls");
			return policy_file(p, e);
		}
		ret->counts[ret->n_counts++] = (struct jail_count){(char *)name, (int64_t)p->counts[i].max};
		if (!ret->io_uring && uring_has(&p->syscalls, name))
			ret->io_uring = arena_printf(a, "%s, which limits.syscalls counts", name);
	}
	return 0;
}

int policy_take(const struct spec_policy *p, struct arena *a, struct jail_policy *ret, struct err *e)
{
	static char root[] = "/", *everything[] = {root, NULL};

	*ret = (struct jail_policy){.name = p->name, .max_processes = -1, .max_threads = -1};
	ret->extends = p->extends;
	for (int i = 0; i < POLICY_SECTIONS; i++)
		ret->response[i] = spec_policy_response(p, (enum policy_section)i);
	ret->exec_rules = p->exec.set;
	for (size_t i = 0; i < p->syscalls.n_rules; i++)
		ret->rewrites |= p->syscalls.rules[i].n_set || p->syscalls.rules[i].result.set;
	ret->exec_memfd = p->exec.memfd;
	ret->exec_deny = p->exec.deny;
	/* `deny` alone is a list of exceptions. An `allow` that is there and empty allows nothing. */
	ret->exec_allow =
	    p->exec.allow.v || !(p->exec.deny.n || p->exec.denies) ? p->exec.allow : (struct strv){everything, 1};
	ret->refuse_to_init = p->signals.refuse_to_init;
	ret->protect = p->signals.protect;
	ret->network = spec_net_has_rules(&p->network);
	ret->net_connect = p->network.connect.set;
	ret->net_bind = p->network.bind.set;
	ret->families = p->network.families.set ? p->network.families.mask
			: ret->network          ? SPEC_NET_FAMILIES
						: UINT64_MAX;
	ret->family_names = p->network.families.names;
	ret->files = p->files;
	if (p->max_processes.set)
		ret->max_processes = (int64_t)p->max_processes.v;
	if (p->max_threads.set)
		ret->max_threads = (int64_t)p->max_threads.v;
	for (size_t i = 0; i < POLICY_BOUNDS; i++)
		ret->bounds[i] = p->bounds[i].set ? (int64_t)p->bounds[i].v : -1;
	return policy_take_env(&p->env, a, ret) < 0 || take_entries(p, a, ret) < 0 ? err_set(e, ENOMEM, "out of memory")
										   : 0;
}

int policy_choose_init(const struct spec_policy *const *p, size_t n, struct jail_plan *ret, struct err *e)
{
	enum policy_init init = POLICY_INIT_UNSAID;

	for (size_t i = 0; i < n; i++) {
		enum policy_init said = p[i]->init;

		/* Two that hold together: what one refuses to do to PID 1 the other cannot make mean nothing. */
		if (said == POLICY_INIT_UNSAID && n > 1 && p[i]->signals.refuse_to_init)
			said = POLICY_INIT_JAIL;
		if (said == POLICY_INIT_UNSAID)
			continue;
		if (init != POLICY_INIT_UNSAID && init != said)
			return err_set(e, ENOTSUP,
				       "policies %s and %s both hold for this container, and disagree about `init` "
				       "(signals.to_init "
				       "\"refuse\" asks for \"jail\"); leave it out of one of them",
				       p[0]->name, p[i]->name);
		init = said;
	}
	ret->init = init == POLICY_INIT_UNSAID ? POLICY_INIT_JAIL : init;
	return 0;
}
