/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as bytes, and back: what the helper gets in a sealed memfd. Each put_x stands beside its get_x, in the same
 * order of fields. */
#include "jail/jail.h"

#include <errno.h>

/* "JAI", and the number of the format: to be raised with every change of what is put. */
#define MAGIC       0x4a414900u
#define FORMAT      11u
#define FORMAT_MASK 0xffu

/* A count that is followed by elements of at least `least` bytes each; one that cannot be true sets bad. */
static uint64_t get_count(struct blob *b, size_t least)
{
	uint64_t n = blob_get_u64(b);

	if (b->bad || n > (size_t)(b->end - b->p) / least) {
		b->bad = true;
		return 0;
	}
	return n;
}

/* Room for n elements; NULL (and bad, when there is no memory) for none. */
static void *get_room(struct blob *b, uint64_t n, size_t size)
{
	void *p = n ? arena_alloc(b->arena, n * size) : NULL;

	if (n && !p)
		b->bad = true;
	return p;
}

/* Every flag is one of the two values that were put: anything else is no blob of ours. */
static bool get_bool(struct blob *b)
{
	uint32_t v = blob_get_u32(b);

	if (v > 1)
		b->bad = true;
	return v == 1;
}

static uint32_t get_enum(struct blob *b, uint32_t max)
{
	uint32_t v = blob_get_u32(b);

	if (v > max)
		b->bad = true;
	return b->bad ? 0 : v;
}

/* A list of strings, none of which is NULL. */
static void get_strv(struct blob *b, struct strv *ret)
{
	blob_get_strv(b, ret);
	for (size_t i = 0; i < ret->n; i++)
		if (!ret->v[i])
			b->bad = true;
}

/* A string that must be there. */
static char *get_str(struct blob *b)
{
	char *s = blob_get_str(b);

	if (!s)
		b->bad = true;
	return s;
}

static void put_opt_u64(struct buf *out, const struct opt_u64 *o)
{
	blob_put_u32(out, o->set);
	blob_put_u64(out, o->v);
}

static void get_opt_u64(struct blob *b, struct opt_u64 *ret)
{
	ret->set = get_bool(b);
	ret->v = blob_get_u64(b);
}

static void put_bpf(struct buf *out, const struct jail_bpf *f)
{
	blob_put_u32(out, f->flags);
	blob_put_bytes(out, f->insns, f->len * sizeof(struct sock_filter));
}

static void get_bpf(struct blob *b, struct jail_bpf *ret)
{
	const void *p;
	size_t len;

	ret->flags = blob_get_u32(b);
	p = blob_get_bytes(b, &len);
	if (len % sizeof(struct sock_filter) || len / sizeof(struct sock_filter) > BPF_MAXINSNS) {
		b->bad = true;
		return;
	}
	ret->insns = get_room(b, len, 1);
	if (!ret->insns)
		return;
	__builtin_memcpy(ret->insns, p, len); /* the bytes of the blob are not aligned */
	ret->len = (uint16_t)(len / sizeof(struct sock_filter));
}

static void put_hooks(struct buf *out, const struct spec_hook_list *l)
{
	blob_put_u64(out, l->n);
	for (size_t i = 0; i < l->n; i++) {
		const struct spec_hook *h = &l->v[i];

		blob_put_str(out, h->path);
		blob_put_strv(out, &h->args);
		blob_put_u32(out, h->env.v != NULL); /* an empty environment is one, too */
		blob_put_strv(out, &h->env);
		blob_put_u32(out, h->timeout.set);
		blob_put_u64(out, (uint64_t)h->timeout.v);
	}
}

static void get_hooks(struct blob *b, struct spec_hook_list *ret)
{
	uint64_t n = get_count(b, 36);

	ret->v = get_room(b, n, sizeof(*ret->v));
	for (ret->n = 0; ret->n < n && !b->bad; ret->n++) {
		struct spec_hook *h = &ret->v[ret->n];
		bool has_env;

		h->path = get_str(b);
		get_strv(b, &h->args);
		has_env = get_bool(b);
		get_strv(b, &h->env);
		if (!has_env)
			h->env.v = NULL;
		h->timeout.set = get_bool(b);
		h->timeout.v = (int64_t)blob_get_u64(b);
	}
}

static void put_rlimits(struct buf *out, const struct spec_rlimit *v, uint64_t n)
{
	blob_put_u64(out, n);
	for (uint64_t i = 0; i < n; i++) {
		blob_put_u32(out, (uint32_t)v[i].type);
		blob_put_u64(out, v[i].soft);
		blob_put_u64(out, v[i].hard);
	}
}

static uint64_t get_rlimits(struct blob *b, struct spec_rlimit **ret)
{
	uint64_t n = get_count(b, 20);

	*ret = get_room(b, n, sizeof(**ret));
	for (uint64_t i = 0; i < n && !b->bad; i++) {
		(*ret)[i].type = (int)blob_get_u32(b);
		(*ret)[i].soft = blob_get_u64(b);
		(*ret)[i].hard = blob_get_u64(b);
	}
	return n;
}

static void put_bits(struct buf *out, const struct bits *b)
{
	blob_put_bytes(out, b->v, b->n * sizeof(*b->v));
}

static void get_bits(struct blob *b, struct bits *ret)
{
	size_t len;
	const void *p = blob_get_bytes(b, &len);

	if (len % sizeof(*ret->v) || len > BITS_MAX / 8) {
		b->bad = true;
		return;
	}
	ret->v = get_room(b, len, 1);
	if (!ret->v)
		return;
	__builtin_memcpy(ret->v, p, len);
	ret->n = len / sizeof(*ret->v);
}

static void put_scheduler(struct buf *out, const struct spec_scheduler *s)
{
	blob_put_u32(out, s->set);
	blob_put_u32(out, (uint32_t)s->policy);
	blob_put_u32(out, (uint32_t)s->nice);
	blob_put_u32(out, (uint32_t)s->priority);
	blob_put_u64(out, s->flags);
	blob_put_u64(out, s->runtime);
	blob_put_u64(out, s->deadline);
	blob_put_u64(out, s->period);
}

static void get_scheduler(struct blob *b, struct spec_scheduler *ret)
{
	ret->set = get_bool(b);
	ret->policy = (int)blob_get_u32(b);
	ret->nice = (int32_t)blob_get_u32(b);
	ret->priority = (int32_t)blob_get_u32(b);
	ret->flags = blob_get_u64(b);
	ret->runtime = blob_get_u64(b);
	ret->deadline = blob_get_u64(b);
	ret->period = blob_get_u64(b);
}

static void put_seal(struct buf *out, const struct jail_seal *s)
{
	blob_put_strv(out, &s->args);
	blob_put_strv(out, &s->env);
	blob_put_str(out, s->cwd);
	blob_put_u32(out, s->uid);
	blob_put_u32(out, s->gid);
	blob_put_u64(out, s->n_groups);
	for (uint64_t i = 0; i < s->n_groups; i++)
		blob_put_u32(out, s->groups[i]);
	blob_put_u32(out, s->set_groups);
	put_opt_u64(out, &s->umask);
	put_rlimits(out, s->rlimits, s->n_rlimits);
	blob_put_u32(out, s->set_caps);
	for (int i = 0; i < CAPS_COUNT; i++)
		blob_put_u64(out, s->caps[i]);
	blob_put_u32(out, s->no_new_privs);
	blob_put_u32(out, s->terminal);
	put_bits(out, &s->initial_affinity);
	put_bits(out, &s->affinity);
	blob_put_u32(out, s->oom_score_adj.set);
	blob_put_u64(out, (uint64_t)s->oom_score_adj.v);
	put_scheduler(out, &s->scheduler);
	put_opt_u64(out, &s->io_priority);
	blob_put_str(out, s->apparmor);
	blob_put_str(out, s->selinux);
	put_opt_u64(out, &s->personality);
	blob_put_u32(out, s->mempolicy.set);
	blob_put_u32(out, (uint32_t)s->mempolicy.mode);
	put_bits(out, &s->mempolicy.nodes);
	blob_put_u32(out, s->new_keyring);
	blob_put_u32(out, s->preserve_fds);
	blob_put_u32(out, s->listen_pid);
	put_bpf(out, &s->seccomp);
	put_hooks(out, &s->start_hooks);
	blob_put_str(out, s->hook_state);
}

static void get_seal(struct blob *b, struct jail_seal *s)
{
	get_strv(b, &s->args);
	get_strv(b, &s->env);
	s->cwd = blob_get_str(b);
	s->uid = blob_get_u32(b);
	s->gid = blob_get_u32(b);
	s->n_groups = get_count(b, sizeof(uint32_t));
	s->groups = get_room(b, s->n_groups, sizeof(*s->groups));
	for (uint64_t i = 0; i < s->n_groups && !b->bad; i++)
		s->groups[i] = blob_get_u32(b);
	s->set_groups = get_bool(b);
	get_opt_u64(b, &s->umask);
	s->n_rlimits = get_rlimits(b, &s->rlimits);
	s->set_caps = get_bool(b);
	for (int i = 0; i < CAPS_COUNT; i++)
		s->caps[i] = blob_get_u64(b);
	s->no_new_privs = get_bool(b);
	s->terminal = get_bool(b);
	get_bits(b, &s->initial_affinity);
	get_bits(b, &s->affinity);
	s->oom_score_adj.set = get_bool(b);
	s->oom_score_adj.v = (int64_t)blob_get_u64(b);
	get_scheduler(b, &s->scheduler);
	get_opt_u64(b, &s->io_priority);
	s->apparmor = blob_get_str(b);
	s->selinux = blob_get_str(b);
	get_opt_u64(b, &s->personality);
	s->mempolicy.set = get_bool(b);
	s->mempolicy.mode = (int)blob_get_u32(b);
	get_bits(b, &s->mempolicy.nodes);
	s->new_keyring = get_bool(b);
	s->preserve_fds = blob_get_u32(b);
	s->listen_pid = get_bool(b);
	get_bpf(b, &s->seccomp);
	get_hooks(b, &s->start_hooks);
	s->hook_state = blob_get_str(b);
}

static void put_note(struct buf *out, const struct jail_note *n)
{
	blob_put_str(out, n->rule);
	blob_put_u32(out, n->policy);
	blob_put_u32(out, n->mode);
	blob_put_u32(out, (uint32_t)n->err);
	blob_put_u32(out, n->kill);
	blob_put_u32(out, n->trap);
	blob_put_u32(out, n->allowed);
}

static void get_note(struct blob *b, struct jail_note *n)
{
	n->rule = blob_get_str(b);
	n->policy = get_enum(b, JAIL_POLICIES - 1);
	n->mode = get_enum(b, POLICY_LEARN);
	n->err = (int32_t)blob_get_u32(b);
	n->kill = get_bool(b);
	n->trap = get_bool(b);
	n->allowed = get_bool(b);
}

static void put_rule(struct buf *out, const struct jail_rule *r)
{
	blob_put_str(out, r->name);
	blob_put_str(out, r->syscall);
	blob_put_u32(out, r->arch);
	blob_put_u32(out, (uint32_t)r->nr);
	blob_put_u32(out, r->policy);
	blob_put_u32(out, r->trap);
	blob_put_u32(out, (uint32_t)r->err);
	blob_put_u32(out, r->arg);
	put_note(out, &r->note);
	blob_put_u64(out, r->value);
	blob_put_u32(out, r->set);
	for (int i = 0; i < 6; i++)
		blob_put_u64(out, r->to[i]);
	blob_put_u32(out, r->n_args);
	for (uint32_t i = 0; i < r->n_args; i++) {
		blob_put_u32(out, r->args[i].index);
		blob_put_u32(out, r->args[i].op);
		blob_put_u64(out, r->args[i].a);
		blob_put_u64(out, r->args[i].b);
	}
}

static void get_rule(struct blob *b, struct jail_rule *r)
{
	r->name = get_str(b);
	r->syscall = blob_get_str(b);
	r->arch = blob_get_u32(b);
	r->nr = (int32_t)blob_get_u32(b);
	r->policy = get_enum(b, JAIL_POLICIES - 1);
	r->trap = get_enum(b, JAIL_TRAP_COUNT);
	r->err = (int32_t)blob_get_u32(b);
	r->arg = get_enum(b, 5);
	get_note(b, &r->note);
	r->value = blob_get_u64(b);
	r->set = get_enum(b, 63);
	for (int i = 0; i < 6; i++)
		r->to[i] = blob_get_u64(b);
	r->n_args = get_enum(b, ARRAY_LEN(r->args));
	for (uint32_t i = 0; i < r->n_args; i++) {
		r->args[i].index = get_enum(b, 5);
		r->args[i].op = get_enum(b, JAIL_MASKED_EQ);
		r->args[i].a = blob_get_u64(b);
		r->args[i].b = blob_get_u64(b);
	}
}

static void put_entry(struct buf *out, const struct jail_exec_entry *x)
{
	blob_put_u32(out, x->deny);
	blob_put_str(out, x->path);
	blob_put_str(out, x->target);
	blob_put_str(out, x->sha256);
	blob_put_strv(out, &x->argv);
	blob_put_u64(out, (uint64_t)x->times);
	blob_put_u32(out, x->counter);
	blob_put_u32(out, x->as);
}

static void get_entry(struct blob *b, struct jail_exec_entry *x)
{
	x->deny = get_bool(b);
	x->path = get_str(b);
	x->target = blob_get_str(b);
	x->sha256 = blob_get_str(b);
	get_strv(b, &x->argv);
	x->times = (int64_t)blob_get_u64(b);
	x->counter = get_enum(b, EXEC_TIMES_MAX - 1);
	x->as = get_enum(b, EXEC_AS_SCRIPT);
}

static void put_files(struct buf *out, const struct spec_files *f)
{
	blob_put_u32(out, f->set);
	for (int i = 0; i < FILES_RIGHTS; i++) {
		blob_put_u32(out, f->list[i].set);
		blob_put_strv(out, &f->list[i].paths);
	}
	blob_put_strv(out, &f->deny);
}

static void get_files(struct blob *b, struct spec_files *ret)
{
	ret->set = get_bool(b);
	for (int i = 0; i < FILES_RIGHTS; i++) {
		ret->list[i].set = get_bool(b);
		get_strv(b, &ret->list[i].paths);
		for (size_t k = 0; k < ret->list[i].paths.n && !b->bad; k++)
			b->bad = ret->list[i].paths.v[k][0] != '/';
	}
	get_strv(b, &ret->deny);
}

static void put_policy(struct buf *out, const struct jail_policy *p)
{
	blob_put_str(out, p->name);
	for (int i = 0; i < POLICY_SECTIONS; i++) {
		blob_put_u32(out, (uint32_t)p->response[i].mode);
		blob_put_u32(out, (uint32_t)p->response[i].violation);
		blob_put_u32(out, (uint32_t)p->response[i].err);
	}
	blob_put_u32(out, p->exec_rules);
	blob_put_u32(out, p->exec_memfd);
	blob_put_strv(out, &p->exec_allow);
	blob_put_strv(out, &p->exec_deny);
	blob_put_u64(out, p->n_exec_entries);
	for (uint64_t i = 0; i < p->n_exec_entries; i++)
		put_entry(out, &p->exec_entries[i]);
	blob_put_u32(out, p->refuse_to_init);
	blob_put_u32(out, p->network);
	blob_put_u32(out, p->net_connect);
	blob_put_u32(out, p->net_bind);
	blob_put_strv(out, &p->protect);
	blob_put_u32(out, p->env_rules);
	blob_put_u32(out, p->env_keep_all);
	blob_put_strv(out, &p->env_keep);
	blob_put_strv(out, &p->env_drop);
	blob_put_strv(out, &p->env_set);
	put_files(out, &p->files);
	blob_put_u64(out, (uint64_t)p->max_processes);
	blob_put_u64(out, (uint64_t)p->max_threads);
	for (size_t i = 0; i < POLICY_BOUNDS; i++)
		blob_put_u64(out, (uint64_t)p->bounds[i]);
	blob_put_u64(out, p->n_counts);
	for (uint64_t i = 0; i < p->n_counts; i++) {
		blob_put_str(out, p->counts[i].syscall);
		blob_put_u64(out, (uint64_t)p->counts[i].max);
	}
}

static void get_policy(struct blob *b, struct jail_policy *p)
{
	p->name = get_str(b);
	for (int i = 0; i < POLICY_SECTIONS; i++) {
		p->response[i].mode = (int)get_enum(b, POLICY_LEARN);
		p->response[i].violation = (int)get_enum(b, POLICY_LOG);
		p->response[i].err = (int)get_enum(b, 4095);
	}
	p->exec_rules = get_bool(b);
	p->exec_memfd = get_bool(b);
	get_strv(b, &p->exec_allow);
	get_strv(b, &p->exec_deny);
	p->n_exec_entries = get_count(b, 36);
	p->exec_entries = get_room(b, p->n_exec_entries, sizeof(*p->exec_entries));
	for (uint64_t i = 0; i < p->n_exec_entries && !b->bad; i++)
		get_entry(b, &p->exec_entries[i]);
	p->refuse_to_init = get_bool(b);
	p->network = get_bool(b);
	p->net_connect = get_bool(b);
	p->net_bind = get_bool(b);
	get_strv(b, &p->protect);
	p->env_rules = get_bool(b);
	p->env_keep_all = get_bool(b);
	get_strv(b, &p->env_keep);
	get_strv(b, &p->env_drop);
	get_strv(b, &p->env_set);
	get_files(b, &p->files);
	p->max_processes = (int64_t)blob_get_u64(b);
	p->max_threads = (int64_t)blob_get_u64(b);
	for (size_t i = 0; i < POLICY_BOUNDS; i++)
		p->bounds[i] = (int64_t)blob_get_u64(b);
	p->n_counts = get_count(b, 12);
	if (p->n_counts > POLICY_COUNTS_MAX)
		b->bad = true;
	p->counts = get_room(b, p->n_counts, sizeof(*p->counts));
	for (uint64_t i = 0; i < p->n_counts && !b->bad; i++) {
		p->counts[i].syscall = get_str(b);
		p->counts[i].max = (int64_t)blob_get_u64(b);
	}
}

void jail_blob_write(const struct jail_plan *p, struct buf *out)
{
	blob_put_u32(out, MAGIC | FORMAT);
	blob_put_str(out, p->id);
	blob_put_str(out, p->policy);
	blob_put_u32(out, p->userns);
	blob_put_u32(out, p->engine);
	blob_put_u32(out, p->init);
	blob_put_u64(out, p->n_policies);
	for (uint64_t i = 0; i < p->n_policies; i++)
		put_policy(out, &p->policies[i]);
	put_bpf(out, &p->filter);
	put_bpf(out, &p->joined);
	blob_put_u64(out, p->n_rules);
	for (uint64_t i = 0; i < p->n_rules; i++)
		put_rule(out, &p->rules[i]);
	blob_put_strv(out, &p->names);
	blob_put_u32(out, p->cgroup_ns);
	blob_put_u32(out, p->hide_init);
	blob_put_u32(out, p->audit.form);
	blob_put_u64(out, (uint64_t)p->audit.utc_offset);
	blob_put_strv(out, &p->audit.annotations);
	blob_put_str(out, p->audit.socket);
	put_seal(out, &p->seal);
}

int jail_blob_read(const void *data, size_t len, struct arena *a, struct jail_plan *ret)
{
	const unsigned char *p = data;
	struct blob b = {.p = p, .end = p + len, .arena = a};
	uint32_t magic;

	*ret = (struct jail_plan){0};
	magic = blob_get_u32(&b);
	if ((magic & ~FORMAT_MASK) != MAGIC)
		return -EBADMSG;
	if ((magic & FORMAT_MASK) != FORMAT)
		return -EPROTONOSUPPORT;
	ret->id = blob_get_str(&b);
	ret->policy = blob_get_str(&b);
	ret->userns = get_bool(&b);
	ret->engine = get_enum(&b, JAIL_TRACE);
	ret->init = get_enum(&b, POLICY_INIT_WORKLOAD);
	ret->n_policies = get_count(&b, 24);
	if (ret->n_policies > JAIL_POLICIES)
		b.bad = true;
	for (uint64_t i = 0; i < ret->n_policies && !b.bad; i++)
		get_policy(&b, &ret->policies[i]);
	get_bpf(&b, &ret->filter);
	get_bpf(&b, &ret->joined);
	ret->n_rules = get_count(&b, 32);
	ret->rules = get_room(&b, ret->n_rules, sizeof(*ret->rules));
	for (uint64_t i = 0; i < ret->n_rules && !b.bad; i++)
		get_rule(&b, &ret->rules[i]);
	get_strv(&b, &ret->names);
	ret->cgroup_ns = get_bool(&b);
	ret->hide_init = get_bool(&b);
	ret->audit.form = get_enum(&b, JAIL_AUDIT_SYSLOG);
	ret->audit.utc_offset = (int64_t)blob_get_u64(&b);
	get_strv(&b, &ret->audit.annotations);
	ret->audit.socket = blob_get_str(&b);
	if (ret->audit.annotations.n % 2)
		b.bad = true;
	get_seal(&b, &ret->seal);
	for (uint64_t i = 0; i < ret->n_rules && !b.bad; i++)
		b.bad = ret->rules[i].policy >= ret->n_policies || ret->rules[i].note.policy >= ret->n_policies;
	if (b.bad || b.p != b.end) {
		*ret = (struct jail_plan){0};
		return -EBADMSG;
	}
	return 0;
}
