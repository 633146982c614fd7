/* SPDX-License-Identifier: Apache-2.0 */
/* The draft of a policy, and what of it the language can say. */
#include "import.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"

#define ERRNO_MAX 4095

/* Room for one more, in a list that has n: it doubles when n is a power of two. NULL: no memory. */
static void *room_for(struct draft *d, void *v, size_t n, size_t size)
{
	void *more;

	if (n & (n - 1))
		return v;
	more = arena_alloc(d->arena, (n ? n * 2 : 1) * size + size);
	if (!more)
		d->failed = true;
	else if (n)
		memcpy(more, v, n * size);
	return more;
}

void list_add(struct draft *d, struct strv *list, const char *s)
{
	char **v = room_for(d, list->v, list->n, sizeof(*v));
	char *own = s ? arena_strdup(d->arena, s) : NULL;

	if (!v || !own) {
		d->failed = true;
		return;
	}
	list->v = v;
	v[list->n++] = own;
	v[list->n] = NULL;
}

void files_add(struct draft *d, enum spec_file_right right, const char *path)
{
	struct spec_file_list *list = &d->files.list[right];

	list->set = true;
	if (!strv_has(&list->paths, path))
		list_add(d, &list->paths, path);
}

const char *const *import_forks(const char *arch)
{
	static const char *const calls[] = {"fork", "vfork", "clone", NULL};

	/* These came when clone was there already. */
	return str_has_word("SCMP_ARCH_AARCH64 SCMP_ARCH_RISCV64 SCMP_ARCH_LOONGARCH64", arch) ? calls + 2 : calls;
}

struct spec_seccomp_rule *rule_add(struct draft *d, const struct spec_seccomp_rule *r)
{
	struct spec_seccomp_rule *v = room_for(d, d->calls.rules, d->calls.n_rules, sizeof(*v));

	if (!v)
		return NULL;
	d->calls.rules = v;
	v[d->calls.n_rules] = *r;
	return &v[d->calls.n_rules++];
}

void left_out(struct draft *d, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap); /* NOLINT(clang-analyzer-valist.Uninitialized): it is, above */
	va_end(ap);
	if (!strv_has(&d->left_out, text))
		list_add(d, &d->left_out, text);
}

int errno_named(const char *name)
{
	for (int n = 1; n <= ERRNO_MAX; n++)
		if (str_eq(errno_name(n), name))
			return n;
	return -1;
}

/* Policies have fewer actions. What they lack becomes what the kernel would do where nobody listens. */
static void settle_action(struct draft *d, char **action, struct opt_u64 *n, bool other)
{
	static char refuse[] = "SCMP_ACT_ERRNO", allow[] = "SCMP_ACT_ALLOW";

	if (str_eq(*action, "SCMP_ACT_NOTIFY") || str_eq(*action, "SCMP_ACT_TRACE")) {
		left_out(d, "%s: a policy asks no agent and no tracer; such calls fail with ENOSYS", *action);
		*action = refuse;
		*n = (struct opt_u64){true, ENOSYS};
	} else if (other && str_eq(*action, "SCMP_ACT_LOG")) {
		left_out(d, "defaultAction: a policy does not log by default; other calls go through unlogged");
		*action = allow;
	}
	if (!str_eq(*action, refuse))
		n->set = false;
}

/* A name that libseccomp does not know is skipped by engines. In a policy that is an error where the rule refuses. */
static void settle_names(struct draft *d, struct spec_seccomp_rule *r)
{
	bool refuses = !str_eq(r->action, "SCMP_ACT_ALLOW");
	size_t n = 0;

	for (size_t i = 0; i < r->names.n; i++) {
		if (!refuses || d->how->has_call(r->names.v[i])) {
			r->names.v[n++] = r->names.v[i];
			continue;
		}
		if (str_eq(d->calls.default_action, "SCMP_ACT_ALLOW"))
			left_out(d, "%s: this libseccomp has no such call, so it cannot be refused", r->names.v[i]);
	}
	r->names.n = n;
	if (r->names.v)
		r->names.v[n] = NULL;
}

void draft_settle(struct draft *d)
{
	size_t n = 0;

	if (!d->calls.set)
		return;
	settle_action(d, &d->calls.default_action, &d->calls.default_errno_ret, true);
	for (size_t i = 0; i < d->calls.n_rules; i++) {
		struct spec_seccomp_rule *r = &d->calls.rules[i];

		settle_action(d, &r->action, &r->errno_ret, false);
		settle_names(d, r);
		if (r->names.n)
			d->calls.rules[n++] = *r;
	}
	d->calls.n_rules = n;
}
