/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules as an eBPF program. The kernel asks it at each open and mknod of a device node; cgroup v2 has no other
 * interface for devices. */
#include "cgroups/programs/devices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cgroups/programs/code.h"

#define ANY       (-1)
#define ACC_ALL   (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define RULES_MAX 1024 /* more of them may be too much for the verifier: a million steps */
#define TYPE_C    BPF_DEVCG_DEV_CHAR
#define TYPE_B    BPF_DEVCG_DEV_BLOCK
#define TYPE_A    (TYPE_B | TYPE_C)

struct rule {
	bool allow;
	unsigned int type;    /* mask of BPF_DEVCG_DEV_* (1 and 2) */
	int64_t major, minor; /* or ANY */
	unsigned int access;  /* mask of BPF_DEVCG_ACC_* */
};

/* runc's, in its order (libcontainer/specconv, AllowedDevices): any node may be made, these may be used. */
static const struct rule defaults[] = {
    {true, TYPE_C, ANY, ANY, BPF_DEVCG_ACC_MKNOD},
    {true, TYPE_B, ANY, ANY, BPF_DEVCG_ACC_MKNOD},
    {true, TYPE_C, 1, 3, ACC_ALL},     /* null */
    {true, TYPE_C, 1, 8, ACC_ALL},     /* random */
    {true, TYPE_C, 1, 7, ACC_ALL},     /* full */
    {true, TYPE_C, 5, 0, ACC_ALL},     /* tty */
    {true, TYPE_C, 1, 5, ACC_ALL},     /* zero */
    {true, TYPE_C, 1, 9, ACC_ALL},     /* urandom */
    {true, TYPE_C, 5, 1, ACC_ALL},     /* console */
    {true, TYPE_C, 136, ANY, ACC_ALL}, /* pts */
    {true, TYPE_C, 5, 2, ACC_ALL},     /* ptmx */
};

static int access_mask(const char *s)
{
	int mask = 0;

	if (!s)
		return ACC_ALL;
	for (; *s; s++)
		switch (*s) {
		case 'r':
			mask |= BPF_DEVCG_ACC_READ;
			break;
		case 'w':
			mask |= BPF_DEVCG_ACC_WRITE;
			break;
		case 'm':
			mask |= BPF_DEVCG_ACC_MKNOD;
			break;
		default:
			return -EINVAL;
		}
	/* Engines in Go leave "" out of their JSON: to them it is the same as an absent one. */
	return mask ? mask : ACC_ALL;
}

static unsigned int type_mask(char type)
{
	return type == 'c' ? TYPE_C : type == 'b' ? TYPE_B : TYPE_A;
}

static int64_t number(const struct opt_i64 *v)
{
	return v->set ? v->v : ANY;
}

static int read_rule(const struct spec_device_rule *d, struct rule *ret, struct err *e)
{
	int access = access_mask(d->access);

	if (access < 0)
		return err_set(e, EINVAL, "access '%s' is no composition of r, w and m", d->access);
	if (d->type && !strchr("abc", d->type))
		return err_set(e, EINVAL, "type '%c' is none of a, b and c", d->type);
	if (number(&d->major) < ANY || number(&d->minor) < ANY)
		return err_set(e, EINVAL, "major and minor are numbers from 0 on, or -1 for any");
	*ret = (struct rule){d->allow, type_mask(d->type), number(&d->major), number(&d->minor), (unsigned int)access};
	return 0;
}

/* True when every access that b speaks of is also spoken of by a. */
static bool covers(const struct rule *a, const struct rule *b)
{
	return (a->type & b->type) == b->type && (a->major == ANY || a->major == b->major) &&
	       (a->minor == ANY || a->minor == b->minor) && (a->access & b->access) == b->access;
}

static bool covered(const struct rule *list, size_t n, const struct rule *r)
{
	for (size_t i = 0; i < n; i++)
		if (covers(&list[i], r))
			return true;
	return false;
}

/* All rules, the strongest (last) first, without those that can never matter. *ret_allow: what becomes of an access
 * that none of them settles. */
static int collect(const struct spec_device_rule *rules, size_t n, struct rule *list, bool *ret_allow, struct err *e)
{
	static const struct rule everything = {false, TYPE_A, ANY, ANY, ACC_ALL};
	size_t used = 0, total = n + ARRAY_LEN(defaults);
	bool open = true;

	*ret_allow = false;
	for (size_t i = 0; i < total; i++) {
		struct rule r = {0};

		if (i < ARRAY_LEN(defaults)) {
			r = defaults[ARRAY_LEN(defaults) - 1 - i];
		} else if (read_rule(&rules[total - 1 - i], &r, e) < 0) {
			return err_ctx(e, "linux.resources.devices[%zu]", total - 1 - i);
		}
		/* The rest is read all the same: what is wrong in it is an error. */
		if (!open || r.major > UINT32_MAX || r.minor > UINT32_MAX || covered(list, used, &r))
			continue;
		if (covers(&r, &everything)) {
			*ret_allow = r.allow;
			open = false;
		} else {
			list[used++] = r;
		}
	}
	while (used && list[used - 1].allow == *ret_allow)
		used--;
	return (int)used;
}

/* Groups by type, then by major number; a wildcard after the numbers. */
static int by_device(const void *va, const void *vb)
{
	const struct rule *a = va, *b = vb;
	const int64_t keys[][2] = {{a->type, b->type},
				   {a->major == ANY, b->major == ANY},
				   {a->major, b->major},
				   {a->minor == ANY, b->minor == ANY},
				   {a->minor, b->minor}};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (keys[i][0] != keys[i][1])
			return keys[i][0] < keys[i][1] ? -1 : 1;
	return 0;
}

/* Rules that say the same of neighbours become one: accesses of one device, or block and character of one number. All
 * of list have the same verdict, so that their order means nothing. Returns how many are left. */
static size_t merge(struct rule *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n;) {
			struct rule *a = &list[i], *b = &list[j];
			bool same = a->major == b->major && a->minor == b->minor;

			if (same && (a->type == b->type || a->access == b->access)) {
				a->type |= b->type;
				a->access |= b->access;
				*b = list[--n];
				j = i + 1; /* what a has become may fit an earlier one */
			} else {
				j++;
			}
		}
	qsort(list, n, sizeof(*list), by_device);
	return n;
}

/* r0: the answer, 1 from the start. r2: the accesses that are not settled yet. r3: type. r4, r5: major, minor. */
static size_t emit_skip_unless(struct code *c, uint8_t reg, int64_t value)
{
	return emit(c, BPF_JMP32 | BPF_JNE | BPF_K, reg, 0, 0, value);
}

static void emit_exit(struct code *c, bool allow)
{
	if (!allow)
		emit(c, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
	emit(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* An access needs every right that it asks for: an allowed one is crossed out until none is left, a denied one ends it. */
static void emit_verdict(struct code *c, const struct rule *r)
{
	if (r->access == ACC_ALL) {
		emit_exit(c, r->allow);
	} else if (r->allow) {
		emit(c, BPF_ALU64 | BPF_AND | BPF_K, 2, 0, 0, ACC_ALL & ~r->access);
		emit(c, BPF_JMP | BPF_JNE | BPF_K, 2, 0, 1, 0);
		emit_exit(c, true);
	} else {
		emit(c, BPF_JMP | BPF_JSET | BPF_K, 2, 0, 1, r->access);
		emit(c, BPF_JMP | BPF_JA, 0, 0, 2, 0);
		emit_exit(c, false);
	}
}

/* Sorted rules of one verdict: the type is asked once for all that share it, and so is the major number. */
static void emit_rules(struct code *c, const struct rule *list, size_t n)
{
	for (size_t i = 0; i < n;) {
		const unsigned int type = list[i].type;
		size_t end_type = type == TYPE_A ? SIZE_MAX : emit_skip_unless(c, 3, type);

		while (i < n && list[i].type == type) {
			const int64_t major = list[i].major;
			size_t end_major = major == ANY ? SIZE_MAX : emit_skip_unless(c, 4, major);

			for (; i < n && list[i].type == type && list[i].major == major; i++) {
				size_t end = list[i].minor == ANY ? SIZE_MAX : emit_skip_unless(c, 5, list[i].minor);

				emit_verdict(c, &list[i]);
				if (end != SIZE_MAX)
					land(c, end);
			}
			if (end_major != SIZE_MAX)
				land(c, end_major);
		}
		if (end_type != SIZE_MAX)
			land(c, end_type);
	}
}

static void emit_start(struct code *c)
{
	/* struct bpf_cgroup_dev_ctx: access_type is access << 16 | type. */
	emit(c, BPF_LDX | BPF_MEM | BPF_W, 2, 1, offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
	emit(c, BPF_ALU64 | BPF_MOV | BPF_X, 3, 2, 0, 0);
	emit(c, BPF_ALU64 | BPF_AND | BPF_K, 3, 0, 0, 0xffff);
	emit(c, BPF_ALU64 | BPF_RSH | BPF_K, 2, 0, 0, 16);
	emit(c, BPF_LDX | BPF_MEM | BPF_W, 4, 1, offsetof(struct bpf_cgroup_dev_ctx, major), 0);
	emit(c, BPF_LDX | BPF_MEM | BPF_W, 5, 1, offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1);
}

int cg_device_program(const struct spec_device_rule *rules, size_t n, struct arena *a, struct bpf_insn **ret,
		      struct err *e)
{
	struct rule *list;
	struct code c;
	bool allow;
	int used;

	if (n > RULES_MAX)
		return err_set(e, E2BIG, "linux.resources.devices: %zu rules; at most %d fit into a program", n,
			       RULES_MAX);
	list = arena_alloc(a, (n + ARRAY_LEN(defaults)) * sizeof(*list));
	/* A rule takes at most seven instructions, the rest ten. */
	if (!list || code_start(&c, 7 * (n + ARRAY_LEN(defaults)) + 10, a, e) < 0)
		return err_set(e, ENOMEM, "out of memory");
	used = collect(rules, n, list, &allow, e);
	if (used < 0)
		return used;
	emit_start(&c);
	for (size_t i = 0; i < (size_t)used;) {
		size_t end = i + 1;

		while (end < (size_t)used && list[end].allow == list[i].allow)
			end++;
		emit_rules(&c, list + i, merge(list + i, end - i));
		i = end;
	}
	emit_exit(&c, allow);
	if (c.n > CODE_MAX || c.n > c.size)
		return err_set(e, E2BIG, "linux.resources.devices: the rules make %zu instructions; at most %d fit",
			       c.n, CODE_MAX);
	*ret = c.v;
	return (int)c.n;
}

static void print_number(struct buf *b, int64_t v)
{
	if (v == ANY)
		buf_str(b, "*");
	else
		buf_printf(b, "%lld", (long long)v);
}

static char *rule_text(struct arena *a, const struct rule *r)
{
	AUTO_BUF b = {0};

	buf_printf(&b, "%s %c ", r->allow ? "allow" : "deny", r->type == TYPE_A ? 'a' : r->type == TYPE_C ? 'c' : 'b');
	print_number(&b, r->major);
	buf_str(&b, ":");
	print_number(&b, r->minor);
	buf_printf(&b, " %s%s%s", r->access & BPF_DEVCG_ACC_READ ? "r" : "", r->access & BPF_DEVCG_ACC_WRITE ? "w" : "",
		   r->access & BPF_DEVCG_ACC_MKNOD ? "m" : "");
	return b.failed ? NULL : arena_strdup(a, b.data);
}

int cg_device_rules_text(const struct spec_device_rule *rules, size_t n, struct arena *a, struct strv *ret,
			 struct err *e)
{
	ret->n = 0;
	ret->v = arena_alloc(a, (n + ARRAY_LEN(defaults) + 1) * sizeof(*ret->v));
	if (!ret->v)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = 0; i < n + ARRAY_LEN(defaults); i++) {
		struct rule r = {0};

		if (i >= n)
			r = defaults[i - n];
		else if (read_rule(&rules[i], &r, e) < 0)
			return err_ctx(e, "linux.resources.devices[%zu]", i);
		ret->v[ret->n] = rule_text(a, &r);
		if (!ret->v[ret->n++])
			return err_set(e, ENOMEM, "out of memory");
	}
	return 0;
}

static bool matches(unsigned int rule_type, int64_t rule_major, int64_t rule_minor, unsigned int type, int64_t major,
		    int64_t minor)
{
	return (rule_type & type) && (rule_major == ANY || rule_major == major) &&
	       (rule_minor == ANY || rule_minor == minor);
}

bool cg_device_allowed(const struct spec_device_rule *rules, size_t n, char type, int64_t major, int64_t minor,
		       char access)
{
	const char one[] = {access, '\0'};
	const int bit = access_mask(one);
	bool allowed = false;

	for (size_t i = 0; i < n; i++) {
		const struct spec_device_rule *d = &rules[i];

		if (matches(type_mask(d->type), number(&d->major), number(&d->minor), type_mask(type), major, minor) &&
		    (access_mask(d->access) & bit))
			allowed = d->allow;
	}
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
		if (matches(defaults[i].type, defaults[i].major, defaults[i].minor, type_mask(type), major, minor) &&
		    (defaults[i].access & (unsigned int)bit))
			allowed = defaults[i].allow;
	return allowed;
}

int cg_devices_attach(const struct cg_plan *p, int dir_fd, bool replace, struct err *e)
{
	const struct bpf_program program = {
	    .name = "jailrun_devices",
	    .what = "the device program",
	    .type = BPF_PROG_TYPE_CGROUP_DEVICE,
	    .attach = BPF_CGROUP_DEVICE,
	    .insns = p->program,
	    .n = p->n_program,
	};
	AUTO_CLOSE int fd = bpf_load(&program, e), old = -1;
	int r = fd;

	if (r >= 0 && replace && (old = bpf_find(&program, dir_fd)) < 0 && old != -ENOENT)
		r = err_set(e, -old, "ask for the device program of %s: %s", p->path, strerror(-old));
	if (r >= 0)
		r = bpf_attach(&program, fd, dir_fd, old, p->path, e);
	if (r < 0)
		err_ctx(e, "linux.resources.devices");
	return r;
}

int cg_devices(const struct cg_plan *p, struct cg_run *r, struct err *e)
{
	return p->devices && r->dir_fd >= 0 ? cg_devices_attach(p, r->dir_fd, false, e) : 0;
}
