/* SPDX-License-Identifier: Apache-2.0 */
/* linux.seccomp by libseccomp, with runc's reading of the specification (config-linux.md, Seccomp): unknown calls are
 * skipped, the host's ABI is always there, conditions on one argument twice are alternatives. Where that would not hold, or
 * not against bits that the kernel does not take, by oci_gen.c. */
#include "jail/internal.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define FORMAT 3 /* of what oci_filter makes of the same input; raise it with every change of that */

static const struct {
	uint32_t op;
	enum scmp_compare cmp;
} compares[] = {{JAIL_NE, SCMP_CMP_NE},
		{JAIL_LT, SCMP_CMP_LT},
		{JAIL_LE, SCMP_CMP_LE},
		{JAIL_EQ, SCMP_CMP_EQ},
		{JAIL_GE, SCMP_CMP_GE},
		{JAIL_GT, SCMP_CMP_GT},
		{JAIL_MASKED_EQ, SCMP_CMP_MASKED_EQ}};

/* Everything that the filter is made of. */
static void make_key(const struct spec_seccomp *s, uint32_t arch, struct buf *key)
{
	const struct scmp_version *v = seccomp_version();

	blob_put_u32(key, FORMAT);
	blob_put_u32(key, v->major << 16 | v->minor << 8 | v->micro);
	blob_put_u32(key, arch);
	blob_put_str(key, s->default_action);
	blob_put_u64(key, s->default_errno_ret.set ? s->default_errno_ret.v : UINT64_MAX);
	blob_put_strv(key, &s->architectures);
	blob_put_u32(key, s->flags.v != NULL);
	blob_put_strv(key, &s->flags);
	blob_put_u64(key, s->n_rules);
	for (size_t i = 0; i < s->n_rules; i++) {
		const struct spec_seccomp_rule *r = &s->rules[i];

		blob_put_strv(key, &r->names);
		blob_put_str(key, r->action);
		blob_put_u64(key, r->errno_ret.set ? r->errno_ret.v : UINT64_MAX);
		blob_put_u64(key, r->n_args);
		for (size_t k = 0; k < r->n_args; k++) {
			blob_put_u32(key, r->args[k].index);
			blob_put_u64(key, r->args[k].value);
			blob_put_u64(key, r->args[k].value_two);
			blob_put_str(key, r->args[k].op);
		}
	}
}

/* Those whose calls this kernel runs: what a filter says of others is never asked. The native one comes first. */
static int find_archs(const struct spec_seccomp *s, uint32_t native, uint32_t ret[MAX_ARCHS], size_t *ret_n,
		      struct err *e)
{
	uint32_t family[MAX_ARCHS];
	size_t n = 0, n_family = arch_family(native, family);
	bool wanted[MAX_ARCHS] = {true};

	for (size_t i = 0; i < s->architectures.n; i++) {
		uint32_t token;

		if (arch_find(s->architectures.v[i], &token, e) < 0)
			return err_ctx(e, "architectures[%zu]", i);
		for (size_t k = 0; k < n_family; k++)
			wanted[k] |= family[k] == token;
	}
	for (size_t k = 0; k < n_family; k++)
		if (wanted[k])
			ret[n++] = family[k];
	*ret_n = n;
	return 0;
}

static bool gives_to_agent(const struct spec_seccomp *s)
{
	bool notify = str_eq(s->default_action, "SCMP_ACT_NOTIFY");

	for (size_t i = 0; i < s->n_rules; i++)
		notify |= str_eq(s->rules[i].action, "SCMP_ACT_NOTIFY");
	return notify;
}

static int check_flag(const char *name, const struct jail_facts *f, bool agent, uint32_t *ret, struct err *e)
{
	const struct word *w = word_find(seccomp_flags, name);

	if (!w)
		return err_set(e, EINVAL, "'%s' is no flag of seccomp", name);
	if (w->value == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV && !agent)
		return err_set(e, EINVAL, "%s is for calls that wait for an agent, and no action is SCMP_ACT_NOTIFY",
			       name);
	if (!(f->seccomp_flags & w->value))
		return err_set(e, ENOTSUP, "seccomp(2) of this kernel has no %s; leave it out", name);
	*ret = w->value;
	return 0;
}

/* A listenerPath that no action uses is ignored: config-linux.md, Seccomp. */
static int find_flags(const struct spec_seccomp *s, const struct jail_facts *f, uint32_t *ret, struct err *e)
{
	bool agent = gives_to_agent(s);

	/* runc's default when the property is absent */
	*ret = s->flags.v ? 0 : SECCOMP_FILTER_FLAG_SPEC_ALLOW & f->seccomp_flags;
	for (size_t i = 0; s->flags.v && i < s->flags.n; i++) {
		uint32_t flag = 0;

		if (check_flag(s->flags.v[i], f, agent, &flag, e) < 0)
			return err_ctx(e, "flags[%zu]", i);
		*ret |= flag;
	}
	/* The process that loads it has one thread, and with a listener the kernel takes no TSYNC. */
	*ret &= ~(uint32_t)SECCOMP_FILTER_FLAG_TSYNC;
	if (!agent)
		return 0;
	if (!s->listener_path) {
		err_set(e, EINVAL, "SCMP_ACT_NOTIFY needs it: the socket of the agent that answers the calls");
		return err_ctx(e, "listenerPath");
	}
	if (f->no_listener)
		return err_set(
		    e, ENOTSUP,
		    "SCMP_ACT_NOTIFY: a filter that jailrun itself runs under %s; run it outside of that, or "
		    "choose another action",
		    f->no_listener == EBUSY ? "has a listener (an outer jail, a sandbox), and the kernel takes "
					      "no second one"
					    : "refuses a listener");
	if (!(f->seccomp_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
		return err_set(e, ENOTSUP,
			       "SCMP_ACT_NOTIFY: seccomp(2) of this kernel has no listeners (Linux before 5.0)");
	*ret |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	return 0;
}

static int find_compare(const struct spec_seccomp_arg *a, struct scmp_arg_cmp *ret, struct err *e)
{
	const struct word *op = word_find(seccomp_operators, a->op);

	if (a->index > 5)
		return err_set(e, EINVAL, "index %u: a system call has arguments 0 to 5", a->index);
	for (size_t i = 0; op && i < ARRAY_LEN(compares); i++)
		if (compares[i].op == op->value) {
			*ret = (struct scmp_arg_cmp){a->index, compares[i].cmp, a->value, a->value_two};
			return 0;
		}
	return err_set(e, EINVAL, "'%s' is no operator of seccomp", a->op ? a->op : "");
}

static int add_call(scmp_filter_ctx ctx, uint32_t action, const char *name, const struct scmp_arg_cmp *v,
		    unsigned int n, struct err *e)
{
	int nr = seccomp_syscall_resolve_name(name), r;

	if (nr == __NR_SCMP_ERROR) {
		log_debug("linux.seccomp: libseccomp knows no system call '%s': skipped", name);
		return 0;
	}
	r = seccomp_rule_add_array(ctx, action, nr, n, v);
	return r < 0 ? err_set(e, -r, "libseccomp: rule for %s: %s", name, strerror(-r)) : 0;
}

static int add_rule(scmp_filter_ctx ctx, const struct spec_seccomp_rule *s, uint32_t default_action, struct arena *a,
		    struct err *e)
{
	struct scmp_arg_cmp *v = arena_alloc(a, (s->n_args + 1) * sizeof(*v));
	bool alternatives = rule_has_alternatives(s);
	uint32_t action;
	int r = oci_action(s->action, &s->errno_ret, &action, e);

	if (r < 0 || action == default_action) /* which libseccomp does not take */
		return r;
	if (!v)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = 0; i < s->n_args; i++) {
		r = find_compare(&s->args[i], &v[i], e);
		if (r < 0)
			return err_ctx(e, "args[%zu]", i);
	}
	for (size_t k = 0; k < s->names.n && r == 0; k++) {
		for (size_t i = 0; alternatives && i < s->n_args && r == 0; i++)
			r = add_call(ctx, action, s->names.v[k], &v[i], 1, e);
		if (!alternatives)
			r = add_call(ctx, action, s->names.v[k], v, (unsigned int)s->n_args, e);
	}
	return r;
}

/* The program, through a memfd: libseccomp 2.5 writes to files only. */
static int export_bpf(scmp_filter_ctx ctx, struct arena *a, struct jail_bpf *ret, struct err *e)
{
	AUTO_CLOSE int fd = memfd_data("seccomp", e);
	off_t len;
	int r;

	if (fd < 0)
		return fd;
	r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return err_set(e, -r, "libseccomp: seccomp_export_bpf: %s", strerror(-r));
	len = lseek(fd, 0, SEEK_END);
	if (len < 0)
		return err_errno(e, "size of the filter");
	if ((size_t)len > BPF_MAXINSNS * sizeof(*ret->insns))
		return err_set(e, E2BIG, "the filter has more than the %d instructions that the kernel takes",
			       BPF_MAXINSNS);
	ret->insns = arena_alloc(a, (size_t)len);
	if (!ret->insns)
		return err_set(e, ENOMEM, "out of memory");
	if (pread(fd, ret->insns, (size_t)len, 0) != len)
		return err_errno(e, "read the filter");
	ret->len = (uint16_t)((size_t)len / sizeof(*ret->insns));
	return 0;
}

static int set_up(scmp_filter_ctx ctx, const struct spec_seccomp *s, uint32_t default_action, const uint32_t *archs,
		  size_t n_archs, struct arena *a, struct err *e)
{
	int r = 0;

	if (archs[0] != seccomp_arch_native()) {
		r = seccomp_arch_add(ctx, archs[0]);
		if (r == 0)
			r = seccomp_arch_remove(ctx, seccomp_arch_native());
	}
	for (size_t i = 1; i < n_archs && r == 0; i++)
		r = seccomp_arch_add(ctx, archs[i]);
	if (r == 0)
		r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a binary tree */
	if (r < 0)
		return err_set(e, -r, "libseccomp: %s", strerror(-r));
	for (size_t i = 0; i < s->n_rules; i++) {
		r = add_rule(ctx, &s->rules[i], default_action, a, e);
		if (r < 0)
			return err_ctx(e, "syscalls[%zu]", i);
	}
	return 0;
}

static int compile(const struct spec_seccomp *s, uint32_t native, struct arena *a, struct jail_bpf *ret, struct err *e)
{
	uint32_t archs[MAX_ARCHS] = {0}, default_action = 0;
	scmp_filter_ctx ctx;
	size_t n_archs = 0;
	int r = oci_action(s->default_action, &s->default_errno_ret, &default_action, e);

	if (r < 0)
		return err_ctx(e, "defaultAction");
	r = find_archs(s, native, archs, &n_archs, e);
	if (r < 0)
		return r;
	if (oci_gen_wanted(s, archs, n_archs, default_action)) {
		r = oci_gen(s, archs, n_archs, default_action, a, ret, e);
		return r < 0 ? r : enosys_prepend(s, archs, n_archs, a, ret, e);
	}
	ctx = seccomp_init(default_action);
	if (!ctx)
		return err_set(e, ENOTSUP, "libseccomp does not take %s as the default action here", s->default_action);
	r = set_up(ctx, s, default_action, archs, n_archs, a, e);
	if (r == 0)
		r = export_bpf(ctx, a, ret, e);
	seccomp_release(ctx);
	return r < 0 ? r : enosys_prepend(s, archs, n_archs, a, ret, e);
}

int oci_filter(const struct spec_seccomp *s, const struct jail_facts *f, const char *cache_dir, struct arena *a,
	       struct jail_bpf *ret, struct err *e)
{
	AUTO_BUF key = {0};
	int r;

	*ret = (struct jail_bpf){0};
	if (!s->set)
		return 0;
	r = find_flags(s, f, &ret->flags, e); /* the kernel may be another than that of a cached filter */
	make_key(s, f->arch, &key);
	if (r == 0 && cache_dir && !key.failed && cache_load(cache_dir, &key, a, ret))
		return 0;
	if (r == 0)
		r = compile(s, f->arch, a, ret, e);
	if (r < 0) {
		err_ctx(e, "linux.seccomp");
		return r == -ENOTSUP || r == -ENOMEM ? r : -EINVAL;
	}
	if (cache_dir && !key.failed)
		cache_store(cache_dir, &key, ret);
	return 0;
}
