/* SPDX-License-Identifier: Apache-2.0 */
/* policy check: whether policies are right, and can be enforced here. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "runtime/host/host.h"

struct finding {
	struct finding *next;
	const char *field, *text; /* field: "" where it is about the whole */
	const char *of;           /* the document, where it is one that the policy extends; else NULL */
	size_t line;              /* 0: not known */
};
struct findings {
	struct finding *first, **tail;
};

/* One policy, and what was found of it. */
struct checked {
	const char *asked, *file; /* file: NULL for a built-in one, and where there is none */
	struct strv extends, unenforced;
	struct findings errors, warnings;
};

/* Without the file before its field, and the line before its text, which stand elsewhere. */
static int add(struct rt_call *c, const struct checked *k, struct findings *list, const struct err *what, size_t line,
	       const char *of, struct err *e)
{
	struct finding *f = arena_alloc(&c->arena, sizeof(*f));
	size_t file = k->file && str_starts(what->path, k->file) ? strlen(k->file) : 0;
	const char *field = what->path + file, *text = what->text;
	char prefix[40];

	if (file && str_starts(field, ": "))
		field += 2;
	snprintf(prefix, sizeof(prefix), "line %zu: ", line);
	if (line && str_starts(text, prefix))
		text += strlen(prefix);
	if (!f || !(f->field = arena_strdup(&c->arena, field)) || !(f->text = arena_strdup(&c->arena, text)))
		return err_set(e, ENOMEM, "out of memory");
	f->line = line;
	f->of = of;
	*list->tail = f;
	list->tail = &f->next;
	return 0;
}

/* Names that mean nothing, or are refused. */
static int review_names(struct rt_call *c, const struct spec_policy *p, struct checked *k, struct err *e)
{
	const struct spec_seccomp *s = &p->syscalls;
	int r = 0;

	for (size_t i = 0; i < s->n_rules; i++)
		for (size_t n = 0; n < s->rules[i].names.n && r == 0; n++) {
			struct err what = {0};
			int found = jail_policy_review(p, i, n, &what);

			if (found)
				r = add(c, k, found < 0 ? &k->errors : &k->warnings, &what, 0, NULL, e);
		}
	return r;
}

/* The plan, and the host. */
static int review_whole(struct doctor *d, const struct spec_policy *p, struct checked *k, const char **ret_engine,
			struct err *e)
{
	struct rt_call *c = d->call;
	struct jail_plan plan = {0};
	struct err what = {0};

	if (doctor_plan(d, p, &plan, &what) < 0)
		return add(c, k, &k->errors, &what, 0, NULL, e);
	*ret_engine = jail_engine_name(plan.engine);
	if (spec_net_has_rules(&p->network))
		cg_try(&d->cg, &c->arena, &d->cgroup);
	if (doctor_enforces(d, p, &plan, &what) == 0)
		return 0;
	err_before(&what, "cannot be enforced here: ");
	return add(c, k, &k->warnings, &what, 0, NULL, e);
}

static int check(struct doctor *d, const char *dir, struct checked *k, const char **ret_engine, struct err *e)
{
	struct rt_call *c = d->call;
	struct spec_policy policy = {0};
	struct spec_errors errors = {0};
	struct err what = {0};
	int r = rt_policy_check(c, dir, k->asked, &policy, &errors, &what);

	k->file = policy.file;
	k->extends = policy.extends;
	if (r < 0)
		return add(c, k, &k->errors, &what, 0, NULL, e);
	for (size_t i = 0; i < errors.n && r == 0; i++)
		r = add(c, k, &k->errors, &errors.v[i].err, errors.v[i].line,
			errors.v[i].source ? errors.v[i].name : NULL, e);
	if (r < 0 || errors.n)
		return r;
	r = rt_policy_unenforced(c, &policy, &k->unenforced, e);
	if (r == 0)
		r = review_names(c, &policy, k, e);
	return r < 0 || k->errors.first ? r : review_whole(d, &policy, k, ret_engine, e);
}

static void print_list(const struct checked *k, const struct findings *list, const char *kind, struct buf *out)
{
	for (const struct finding *f = list->first; f; f = f->next) {
		buf_str(out, f->of ? f->of : k->file ? k->file : k->asked);
		if (f->line)
			buf_printf(out, ":%zu", f->line);
		buf_printf(out, ": %s: %s%s%s\n", kind, f->field, f->field[0] ? ": " : "", f->text);
	}
}

static void print_text(const struct checked *k, const char *engine, struct buf *out)
{
	print_list(k, &k->errors, "error", out);
	print_list(k, &k->warnings, "warning", out);
	if (!k->errors.first && !k->warnings.first)
		buf_printf(out, "%s: ok, engine %s\n", k->file ? k->file : k->asked, engine);
	if (k->unenforced.n)
		buf_printf(out, "%s: by its mode only reported, and not enforced: ", k->file ? k->file : k->asked);
	for (size_t i = 0; i < k->unenforced.n; i++)
		buf_printf(out, "%s%s", k->unenforced.v[i], i + 1 < k->unenforced.n ? ", " : "\n");
	for (size_t i = 0; i < k->extends.n; i++)
		buf_printf(out, "%s: extends %s\n", k->file ? k->file : k->asked, k->extends.v[i]);
}

static void json_list(struct jsonw *w, const char *key, const struct findings *list)
{
	jw_array(w, key);
	for (const struct finding *f = list->first; f; f = f->next) {
		jw_object(w, NULL);
		if (f->of)
			jw_str(w, "file", f->of);
		if (f->line)
			jw_uint(w, "line", f->line);
		if (f->field[0])
			jw_str(w, "field", f->field);
		jw_str(w, "text", f->text);
		jw_object_end(w);
	}
	jw_array_end(w);
}

static void print_json(const struct checked *k, const char *engine, struct buf *out)
{
	struct jsonw w = {.out = out};

	jw_object(&w, NULL);
	jw_str(&w, "policy", k->asked);
	jw_str(&w, "file", k->file);
	jw_bool(&w, "ok", !k->errors.first);
	jw_strv(&w, "extends", &k->extends);
	jw_str(&w, "engine", engine);
	jw_strv(&w, "not_enforced", &k->unenforced);
	json_list(&w, "errors", &k->errors);
	json_list(&w, "warnings", &k->warnings);
	jw_object_end(&w);
	buf_str(out, "\n");
}

/* Exit status: 0; 1 an error; 2 a warning, and no error. */
int cmd_policy_check(struct rt_call *c, struct err *e)
{
	struct doctor d = {.call = c, .tail = &d.first, .rootless = rt_is_rootless(c)};
	struct spec_admin admin = {0};
	bool errors = false, warnings = false;
	AUTO_BUF out = {0};
	int r;

	if ((r = rt_admin_load(c, &admin, NULL, e)) < 0 || (r = cg_probe(&c->arena, &d.cg, e)) < 0 ||
	    (r = jail_probe(&d.jail, e)) < 0)
		return r;
	doctor_jail(&d);
	for (int i = 0; i < c->n_args; i++) {
		struct checked k = {.asked = c->args[i]};
		const char *engine = NULL;

		k.errors.tail = &k.errors.first;
		k.warnings.tail = &k.warnings.first;
		r = check(&d, rt_policy_dir(c, &admin), &k, &engine, e);
		if (r < 0)
			return r;
		errors |= k.errors.first != NULL;
		warnings |= k.warnings.first != NULL;
		(str_eq(c->o.format, "json") ? print_json : print_text)(&k, engine, &out);
	}
	r = rt_print(&out, e);
	return r < 0 ? r : errors ? 1 : warnings ? 2 : 0;
}
