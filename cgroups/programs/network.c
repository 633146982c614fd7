/* SPDX-License-Identifier: Apache-2.0 */
/* The network rules of a policy: which programs there are, and how they come to stand at the container's cgroup. They are attached so
 * that others may stand beside them and below, and all have to agree: nothing in the container can take them off or replace them. */
#include "cgroups/programs/network.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

static const struct kind {
	const char *name, *hook;
	uint32_t attach;
	int family; /* 0: a program that looks at packets */
	bool bind;
} kinds[] = {
    {"jailrun_conn4", "connect4", BPF_CGROUP_INET4_CONNECT, AF_INET, false},
    {"jailrun_conn6", "connect6", BPF_CGROUP_INET6_CONNECT, AF_INET6, false},
    {"jailrun_send4", "sendmsg4", BPF_CGROUP_UDP4_SENDMSG, AF_INET, false},
    {"jailrun_send6", "sendmsg6", BPF_CGROUP_UDP6_SENDMSG, AF_INET6, false},
    {"jailrun_egress", "inet_egress", BPF_CGROUP_INET_EGRESS, 0, false},
    {"jailrun_bind4", "bind4", BPF_CGROUP_INET4_BIND, AF_INET, true},
    {"jailrun_bind6", "bind6", BPF_CGROUP_INET6_BIND, AF_INET6, true},
    {"jailrun_ingress", "inet_ingress", BPF_CGROUP_INET_INGRESS, 0, true},
};

static int add_program(const struct kind *k, const struct cg_net_rules *r, const char *policy, struct arena *a,
		       struct cg_plan *p, struct err *e)
{
	struct cg_net_program *program = &p->network[p->n_network];
	struct spec_net_list *list = arena_alloc(a, sizeof(*list)); /* the policy itself need not live on */
	int n;

	if (!list)
		return err_set(e, ENOMEM, "out of memory");
	*list = *r->list;
	*program = (struct cg_net_program){
	    .name = k->name,
	    .hook = k->hook,
	    .type = k->family ? BPF_PROG_TYPE_CGROUP_SOCK_ADDR : BPF_PROG_TYPE_CGROUP_SKB,
	    .attach = k->attach,
	    .set = r->set,
	    .policy = policy,
	    .kill = r->kill && !r->watch,
	    .watch = r->watch,
	    .bind = r->bind,
	    .list = k->family || k->bind ? list : NULL,
	};
	n = k->family ? cg_net_program(r, k->family, a, &program->insns, e)
	    : k->bind ? cg_net_ingress_program(list, a, &program->insns, e)
		      : cg_net_egress_program(a, &program->insns, e);
	if (n < 0) {
		err_ctx(e, "network.%s", k->bind ? "bind" : "connect");
		return n;
	}
	program->n = (size_t)n;
	p->n_network++;
	return 0;
}

static bool has_kind(const struct cg_plan *p, const struct kind *k)
{
	for (size_t i = 0; i < p->n_network; i++)
		if (p->network[i].attach == k->attach)
			return true;
	return false;
}

/* Where rules cannot be had there is no container: one without them is not what was asked for. */
static int check_place(const struct cg_facts *f, const struct cg_plan *p, struct err *e)
{
	if (p->manager == CG_DISABLED)
		return err_set(e, ENOTSUP,
			       "the rules stand at the container's cgroup, and --cgroup-manager disabled makes none");
	if (!p->path)
		return err_set(e, ENOTSUP,
			       "the rules stand at the container's cgroup, and none can be made here (rootless)");
	if (!f->privileged)
		return err_set(
		    e, EPERM,
		    "the rules are programs at the container's cgroup, which only CAP_SYS_ADMIN of the first "
		    "user namespace may attach: not to be had without root");
	return 0;
}

static bool has_rules(const struct cg_net_set *s)
{
	return s->rules && spec_net_has_rules(s->rules);
}

static int add_set(const struct cg_net_set *s, uint32_t index, struct arena *a, struct cg_plan *p, struct err *e)
{
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		const struct spec_net_list *list = kinds[k].bind ? &s->rules->bind : &s->rules->connect;
		const struct cg_net_rules r = {list, kinds[k].bind, s->kill, index, s->watch, s->learn};
		/* This program knows no rules: one will do. */
		bool once = kinds[k].attach == BPF_CGROUP_INET_EGRESS && has_kind(p, &kinds[k]);
		/* What drops packets tells nobody. */
		bool silent = s->watch && !kinds[k].family;
		int n = list->set && !once && !silent ? add_program(&kinds[k], &r, s->policy, a, p, e) : 0;

		if (n < 0)
			return n;
	}
	return 0;
}

int cg_plan_network(const struct cg_net_set *sets, size_t n, const struct cg_facts *f, struct arena *a,
		    struct cg_plan *p, struct err *e)
{
	int r = 0;

	p->network = arena_alloc(a, n * ARRAY_LEN(kinds) * sizeof(*p->network));
	if (!p->network)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = 0; i < n && r >= 0; i++) {
		if (!has_rules(&sets[i]))
			continue;
		r = check_place(f, p, e);
		if (r < 0)
			err_ctx(e, "network");
		else
			r = add_set(&sets[i], (uint32_t)i, a, p, e);
		if (r < 0)
			err_ctx(e, "policy %s", sets[i].policy);
	}
	return r;
}

static void print_rules(struct jsonw *w, const char *key, const struct spec_net_rules *rules)
{
	if (!rules->set)
		return;
	jw_array(w, key);
	for (size_t i = 0; i < rules->n; i++)
		if (i == 0 || rules->v[i].text != rules->v[i - 1].text)
			jw_str(w, NULL, rules->v[i].text);
	jw_array_end(w);
}

void cg_network_print(const struct cg_plan *p, struct jsonw *w)
{
	if (!p->n_network)
		return;
	jw_object(w, "network");
	jw_str(w, "mechanism", "eBPF programs at the cgroup, asked with the kernel's own copy of the address");
	jw_bool(w, "race_free", true);
	jw_array(w, "programs");
	for (size_t i = 0; i < p->n_network; i++) {
		const struct cg_net_program *program = &p->network[i];

		jw_object(w, NULL);
		jw_str(w, "hook", program->hook);
		jw_str(w, "policy", program->policy);
		if (program->watch)
			jw_str(w, "does", "report, and let it go on");
		if (program->list)
			jw_str(w, "rules", program->bind ? "network.bind" : "network.connect");
		jw_uint(w, "instructions", program->n);
		/* Those behind a first one of the same set and list have the same. */
		if (program->list &&
		    (program->attach == BPF_CGROUP_INET4_CONNECT || program->attach == BPF_CGROUP_INET4_BIND)) {
			print_rules(w, "deny", &program->list->deny);
			print_rules(w, "allow", &program->list->allow);
		}
		jw_object_end(w);
	}
	jw_array_end(w);
	jw_object_end(w);
}

int cg_network_maps(struct cg_run *r, struct err *e)
{
	static const struct bpf_map ring = {"jailrun_ring", BPF_MAP_TYPE_RINGBUF, .entries = WIRE_RING_SIZE};
	static const struct bpf_map state = {
	    .name = "jailrun_state",
	    .type = BPF_MAP_TYPE_ARRAY,
	    .key = sizeof(uint32_t),
	    .value = sizeof(struct cg_net_state),
	    .entries = 1,
	};

	r->ring_fd = bpf_map_new(&ring, e);
	if (r->ring_fd >= 0)
		r->state_fd = bpf_map_new(&state, e);
	if (r->ring_fd < 0 || r->state_fd < 0)
		return err_ctx(e, "network");
	return 0;
}

static int tell_pidns(const struct cg_run *r, pid_t init, struct err *e)
{
	struct cg_net_state state = {0};
	uint32_t key = 0;
	char path[48];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)init);
	if (stat(path, &st) < 0)
		return err_errno(e, "stat '%s'", path);
	/* The kernel's own form of the number. */
	state.pidns_dev = (uint64_t)major(st.st_dev) << 20 | minor(st.st_dev);
	state.pidns_ino = st.st_ino;
	return bpf_map_set(r->state_fd, &key, &state) < 0 ? err_errno(e, "write to the map of the rules") : 0;
}

/* What a kernel's programs of this type may not know yet, the newest first: the pid in the container (Linux 6.10), then who calls at
 * all (6.1). Without it a report says less. */
static const int optional[] = {BPF_FUNC_get_ns_current_pid_tgid, BPF_FUNC_get_current_comm,
			       BPF_FUNC_get_current_pid_tgid};

static bool is_left_out(const struct bpf_insn *i, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (i->code == (BPF_JMP | BPF_CALL) && i->src_reg == 0 && i->imm == optional[k])
			return true;
	return false;
}

/* The plan's program with its maps, and without the first n of the optional calls. */
static void fill_in(const struct cg_net_program *program, const struct cg_run *r, size_t n, struct bpf_insn *out)
{
	const int fds[CG_NET_MAPS] = {[CG_NET_RING] = r->ring_fd, [CG_NET_STATE] = r->state_fd};

	memcpy(out, program->insns, program->n * sizeof(*out));
	for (size_t i = 0; i < program->n; i++) {
		if (out[i].code == CG_LD_IMM64 && out[i].src_reg == BPF_PSEUDO_MAP_FD)
			out[i].imm = fds[out[i].imm];
		else if (is_left_out(&out[i], n))
			out[i] = (struct bpf_insn){BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0};
	}
}

static struct bpf_program as_bpf(const struct cg_net_program *p, const struct bpf_insn *insns)
{
	return (struct bpf_program){
	    .name = p->name,
	    .what = "the program of the network rules",
	    .type = p->type,
	    .attach = p->attach,
	    .needs_attach = true,
	    .insns = insns,
	    .n = p->n,
	};
}

/* left_out: how many of the optional calls the kernel is known not to have. */
static int load(const struct cg_net_program *program, const struct cg_run *r, struct arena *a, size_t *left_out,
		struct err *e)
{
	struct bpf_insn *insns = arena_alloc(a, program->n * sizeof(*insns));
	const struct bpf_program bpf = as_bpf(program, insns);
	bool last;
	int fd;

	if (!insns)
		return err_set(e, ENOMEM, "out of memory");
	do {
		last = *left_out == ARRAY_LEN(optional);
		fill_in(program, r, *left_out, insns);
		fd = bpf_load(&bpf, last && !program->kill ? e : NULL);
	} while (fd < 0 && !last && ++*left_out);
	if (fd < 0 && program->kill)
		return err_set(e, ENOTSUP,
			       "on_violation \"kill\" cannot be had for network rules: this kernel does not let their "
			       "programs send a signal (%s); use \"errno\"",
			       errno_name(-fd));
	return fd;
}

static int attach_one(const struct cg_plan *p, const struct cg_net_program *program, const struct cg_run *r,
		      size_t *left_out, struct err *e)
{
	const struct bpf_program bpf = as_bpf(program, program->insns);
	struct arena a = {0};
	AUTO_CLOSE int fd = load(program, r, &a, left_out, e);

	arena_free(&a);
	return fd < 0 ? fd : bpf_attach(&bpf, fd, r->dir_fd, -1, p->path, e);
}

/* Before Linux 5.15 a socket forgets its cgroup of v2 for good as soon as somebody uses net_cls or net_prio of v1. */
static int check_sockets(struct err *e)
{
	AUTO_FREE char *text = NULL;
	struct utsname u = {0};
	char *rest = u.release;
	const char *major_text, *minor_text;
	int64_t version = 0, minor_version = 0;
	int r = file_read(AT_FDCWD, "/proc/self/cgroup", 1u << 20, &text, NULL, e);

	if (r < 0)
		return r;
	uname(&u);
	major_text = str_field(&rest, ".");
	minor_text = str_field(&rest, ".-");
	if (!strstr(text, "net_cls") && !strstr(text, "net_prio"))
		return 0;
	if (major_text && minor_text && parse_i64(major_text, 10, &version) == 0 &&
	    parse_i64(minor_text, 10, &minor_version) == 0 && (version > 5 || (version == 5 && minor_version >= 15)))
		return 0;
	return err_set(
	    e, ENOTSUP,
	    "network rules need Linux 5.15 where net_cls or net_prio of cgroup v1 are mounted: before, these "
	    "take sockets out of their cgroup");
}

int cg_network(const struct cg_plan *p, struct cg_run *r, pid_t init, struct err *e)
{
	size_t left_out = 0;
	int result = check_sockets(e);

	if (result >= 0)
		result = tell_pidns(r, init, e);

	for (size_t i = 0; i < p->n_network && result >= 0; i++) {
		result = attach_one(p, &p->network[i], r, &left_out, e);
		if (result < 0)
			err_ctx(e, "policy %s: network (%s)", p->network[i].policy, p->network[i].hook);
	}
	if (result < 0)
		cg_network_undo(p, r);
	return result;
}

/* With the cgroup they go by themselves; one that was there before stays. */
void cg_network_undo(const struct cg_plan *p, struct cg_run *r)
{
	for (size_t i = 0; i < p->n_network && r->dir_fd >= 0; i++) {
		const struct bpf_program bpf = as_bpf(&p->network[i], p->network[i].insns);
		AUTO_CLOSE int fd = bpf_find(&bpf, r->dir_fd);

		if (fd >= 0)
			bpf_detach(&bpf, fd, r->dir_fd);
	}
	fd_close_p(&r->ring_fd);
	fd_close_p(&r->state_fd);
}
