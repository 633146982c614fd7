/* SPDX-License-Identifier: Apache-2.0 */
/* policy lint: what is right in a policy, and yet is hardly meant. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "runtime/host/host.h"
#include "runtime/life/life.h"

struct remark {
	struct remark *next;
	const char *key, *text;
	const struct spec_said *place; /* or NULL */
};

#define LOOSER_MAX 64

struct linted {
	struct doctor d;
	struct spec_policy policy, usual; /* usual: the policy `default` */
	struct jail_plan plan, usual_plan;
	struct remark *first, **tail;
	struct strv looser; /* calls that only `default` refuses; room for LOOSER_MAX */
};

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "out of memory");
}

static int add(struct linted *k, const char *key, const char *text, struct err *e)
{
	struct remark *r = arena_alloc(&k->d.call->arena, sizeof(*r));

	if (!r || !key || !text)
		return no_memory(e);
	*r = (struct remark){.key = key, .text = text, .place = spec_said_find(&k->policy.said, key, NULL)};
	*k->tail = r;
	k->tail = &r->next;
	return 0;
}

/* ---- rules on system calls ---- */

static int lint_rules(struct linted *k, struct err *e)
{
	const struct spec_seccomp *s = &k->policy.syscalls;
	struct arena *a = &k->d.call->arena;
	int r = 0;

	for (size_t i = 0; i < s->n_rules; i++)
		for (size_t n = 0; n < s->rules[i].names.n && r == 0; n++) {
			const char *key = arena_printf(a, "syscalls.syscalls[%zu]", i), *name = s->rules[i].names.v[n];
			struct err what = {0};
			size_t by;

			if (jail_policy_review(&k->policy, i, n, &what) > 0)
				r = add(k, key, arena_strdup(a, what.text), e);
			else if (!jail_policy_shadowed(&k->policy, i, n, &by))
				continue;
			else if (by == i)
				r = add(k, key, arena_printf(a, "names %s twice", name), e);
			else
				r = add(k, key,
					arena_printf(a,
						     "never decides about %s: syscalls.syscalls[%zu] matches all of it "
						     "before; put this one first, or take it out",
						     name, by),
					e);
		}
	return r;
}

/* ---- entries of lists of programs ---- */

/* A program that an entry is about and hardly another is. */
static const char *sample(struct linted *k, const char *entry)
{
	AUTO_BUF text = {0};

	for (const char *p = entry; *p; p++)
		buf_add(&text, *p == '*' || *p == '?' ? "\1" : p, 1);
	if (text.len && text.data[text.len - 1] == '/')
		buf_str(&text, "\1");
	return text.failed || !text.data ? NULL : arena_strdup(&k->d.call->arena, text.data);
}

/* Whether the other entries of the list do without this one. */
static bool is_spare(const struct strv *l, size_t at, const char *path)
{
	for (size_t i = 0; i < l->n; i++) {
		struct jail_policy other = {.exec_allow = {&l->v[i], 1}};

		if ((i < at || !str_eq(l->v[i], l->v[at])) && i != at && jail_exec_allowed(&other, path, NULL))
			return true;
	}
	return false;
}

/* The entry of a list at which it stands in the document. */
static const char *key_of(const struct linted *k, const char *list, const char *entry)
{
	const struct spec_said *s = spec_said_find(&k->policy.said, list, entry);

	return s ? s->key : list;
}

static int lint_programs(struct linted *k, struct err *e)
{
	const struct jail_policy *p = &k->plan.policies[0];
	const struct strv *lists[] = {&k->policy.exec.allow, &k->policy.exec.deny};
	static const char *const names[] = {"exec.allow", "exec.deny"};
	struct arena *a = &k->d.call->arena;
	int r = 0;

	for (size_t l = 0; l < 2; l++)
		for (size_t i = 0; i < lists[l]->n && r == 0; i++) {
			const char *entry = lists[l]->v[i], *key = key_of(k, names[l], entry), *path = sample(k, entry);

			if (!path)
				return no_memory(e);
			if (l == 0 && jail_exec_denied(p, path))
				r = add(k, key,
					arena_printf(a,
						     "'%s' is denied by exec.deny, which goes first: it allows nothing",
						     entry),
					e);
			else if (is_spare(lists[l], i, path))
				r = add(k, key, arena_printf(a, "'%s' is spare: another entry is about it, too", entry),
					e);
		}
	return r;
}

/* ---- entries that are inherited ---- */

/* "exec.allow", of "exec.allow[2]". */
static size_t list_length(const char *key)
{
	const char *end = strrchr(key, '[');

	return end ? (size_t)(end - key) : strlen(key);
}

static bool is_same_entry(const struct spec_said *a, const struct spec_said *b)
{
	const size_t n = list_length(a->key);

	return a->part && b->part && n == list_length(b->key) && strncmp(a->key, b->key, n) == 0 &&
	       str_eq(a->text, b->text);
}

/* Who writes down less than there is below may have meant to have no more. Rules on system calls and programs are looked at above. */
static int lint_inherited(struct linted *k, struct err *e)
{
	const struct spec_said_list *l = &k->policy.said;
	int r = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct spec_said *own = &l->v[i];

		if (!own->part || own->of || str_starts(own->key, "syscalls.syscalls[") ||
		    str_starts(own->key, "exec."))
			continue;
		for (size_t n = 0; n < l->n && r == 0; n++) {
			if (!l->v[n].of || !is_same_entry(own, &l->v[n]))
				continue;
			r = add(k, own->key,
				arena_printf(&k->d.call->arena,
					     "%s adds nothing: inherited from %s; lists are put together, null takes "
					     "one away",
					     own->text, l->v[n].of),
				e);
			break;
		}
	}
	return r;
}

/* ---- with a bundle: entries for what is not there ---- */

static int lint_present(struct linted *k, const struct life *l, const char *list, const struct strv *entries,
			struct err *e)
{
	struct arena *a = &k->d.call->arena;
	int r = 0;

	if (!list)
		return no_memory(e);
	for (size_t i = 0; i < entries->n && r == 0; i++) {
		const size_t len = strlen(entries->v[i]), tree = len > 1 && entries->v[i][len - 1] == '/';
		const char *path = arena_strndup(a, entries->v[i], len - tree);
		struct life_program program;
		struct err what = {0};

		if (!path)
			return no_memory(e);
		if (strpbrk(path, JAIL_WILDCARDS) || len == 1)
			continue;
		if (life_program(l, path, a, &program, &what) < 0)
			r = add(k, key_of(k, list, entries->v[i]),
				arena_printf(a, "the container has no such thing, or a link to nothing: %s", what.text),
				e);
		else if (program.directory && !tree)
			r = add(k, key_of(k, list, entries->v[i]),
				arena_printf(a,
					     "'%s' is a directory, and the entry is about a file: write \"%s/\" for "
					     "the tree",
					     path, path),
				e);
	}
	return r;
}

static int lint_bundle(struct linted *k, struct err *e)
{
	struct rt_call *c = k->d.call;
	struct life l;
	int r;

	life_init(&l, &life_of_container);
	l.foreground = true;
	c->g.policy = c->args[0];
	r = rt_prepare(c, c->o.bundle, "lint", NULL, &l, e);
	if (r >= 0)
		r = lint_present(k, &l, "exec.allow", &k->policy.exec.allow, e);
	if (r >= 0)
		r = lint_present(k, &l, "exec.deny", &k->policy.exec.deny, e);
	if (r >= 0)
		r = lint_present(k, &l, "signals.protect", &k->policy.signals.protect, e);
	for (int i = 0; i < FILES_RIGHTS && r >= 0; i++)
		r = lint_present(k, &l, arena_printf(&c->arena, "files.%s", jail_file_rights[i].name),
				 &k->policy.files.list[i].paths, e);
	life_close(&l);
	return r < 0 ? r : 0;
}

/* ---- beside the policy `default` ---- */

/* "ioctl(0, 0x5412)": the arguments up to the last that is not 0. */
static int note_looser(void *arg, const struct jail_difference *d)
{
	struct linted *k = arg;
	const char *text;

	if (d->says[0].says < JAIL_SAYS_REFUSE || d->says[1].says >= JAIL_SAYS_REFUSE || !d->syscall ||
	    k->looser.n == LOOSER_MAX)
		return 0;
	text = jail_difference_call(d, &k->d.call->arena);
	if (!text)
		return -ENOMEM;
	if (!strv_has(&k->looser, text)) /* else it is that of another ABI */
		k->looser.v[k->looser.n++] = (char *)text;
	return 0;
}

/* The calls that `default` refuses and the plan does not. */
static int find_looser(struct linted *k, const struct jail_plan *plan, struct strv *ret, struct err *e)
{
	int r;

	k->looser = (struct strv){.v = arena_alloc(&k->d.call->arena, LOOSER_MAX * sizeof(char *))};
	if (!k->looser.v)
		return no_memory(e);
	r = jail_compare(&k->usual_plan, plan, &k->d.call->arena, note_looser, k, e);
	*ret = k->looser;
	return r < 0 && !e->code ? no_memory(e) : r;
}

/* Of all, those that are in the list beside (has), or are not. NULL: none. */
static char *list_text(struct linted *k, const struct strv *all, const struct strv *beside, bool has)
{
	AUTO_BUF list = {0};

	for (size_t i = 0; i < all->n; i++)
		if (strv_has(beside, all->v[i]) == has)
			buf_printf(&list, "%s%s", list.len ? ", " : "", all->v[i]);
	return list.len ? arena_strdup(&k->d.call->arena, list.failed ? "" : list.data) : NULL;
}

static int lint_looser(struct linted *k, struct err *e)
{
	struct arena *a = &k->d.call->arena;
	struct strv looser = {0}, enforced;
	char *by_mode, *others;
	int r = find_looser(k, &k->plan, &looser, e);

	enforced = looser;
	if (r >= 0 && looser.n && k->policy.response.mode > POLICY_ENFORCE) {
		struct spec_policy strict = k->policy;
		struct jail_plan plan = {0};

		strict.response.mode = POLICY_ENFORCE;
		r = doctor_plan_told(&k->d, &strict, NULL, true, &plan, e);
		if (r >= 0)
			r = find_looser(k, &plan, &enforced, e);
	}
	if (r < 0)
		return r;
	by_mode = list_text(k, &looser, &enforced, false);
	others = list_text(k, &looser, &enforced, true);
	if (by_mode)
		r = add(k, "mode",
			arena_printf(a,
				     "looser than the policy default, which refuses %s: by this mode it is only "
				     "reported",
				     by_mode),
			e);
	if (r >= 0 && others)
		r = add(k, "syscalls",
			arena_printf(a,
				     "looser than the policy default, which refuses %s; take that over by "
				     "\"extends\": \"default\"",
				     others),
			e);
	return r;
}

/* ---- what the C library asks for ---- */

static const struct {
	const char *call, *why;
	bool enosys; /* it does without after ENOSYS alone */
} library[] = {
    {"mmap", "no dynamic program starts", false},
    {"mprotect", "no dynamic program starts", false},
    {"brk", "memory comes by mmap alone, slowly", false},
    {"openat", "no dynamic program starts", false},
    {"read", "no dynamic program starts", false},
    {"close", "files stay open", false},
    {"newfstatat", "no dynamic program starts", false},
    {"arch_prctl", "no program of this C library starts", false},
    {"munmap", "memory is not given back", false},
    {"rt_sigaction", "no handlers of signals", false},
    {"rt_sigprocmask", "no threads and no children", false},
    {"futex", "threads cannot wait for each other", false},
    {"clone3", "it falls back on clone after ENOSYS alone", true},
    {"statx", "it falls back after ENOSYS alone", true},
    {"faccessat2", "it falls back after ENOSYS alone", true},
};

static int lint_library(struct linted *k, struct err *e)
{
	const uint64_t args[6] = {0};
	uint32_t abi;
	int r = jail_abi_find("native", &abi, e);

	for (size_t i = 0; i < ARRAY_LEN(library) && r >= 0; i++) {
		struct jail_judgement j;
		struct jail_call call;

		if (jail_call_named(abi, library[i].call, &call, NULL) < 0 || call.number < 0)
			continue;
		r = jail_judge(&k->plan, jail_abi_arch(abi), (int)call.number, args, &j, e);
		/* A rule that names the call was meant. */
		if (r < 0 || j.says < JAIL_SAYS_REFUSE || !j.rule || !str_eq(j.rule->name, "syscalls.defaultAction") ||
		    (library[i].enosys && j.says == JAIL_SAYS_REFUSE && j.err == ENOSYS))
			continue;
		r = add(k, "syscalls.defaultAction",
			arena_printf(&k->d.call->arena, "refuses %s, which the C library calls: %s", library[i].call,
				     library[i].why),
			e);
	}
	return r;
}

/* ---- the answer ---- */

static const char *file_of(const struct linted *k, const struct remark *r)
{
	return r->place && r->place->of ? r->place->of : k->policy.file ? k->policy.file : k->policy.name;
}

static void print_text(const struct linted *k, const struct err *wrong, struct buf *out)
{
	if (wrong)
		buf_printf(out, "error: %s%s%s\n", wrong->path, wrong->path[0] ? ": " : "", wrong->text);
	for (const struct remark *r = k->first; r; r = r->next) {
		buf_str(out, file_of(k, r));
		if (r->place)
			buf_printf(out, ":%zu", r->place->line);
		buf_printf(out, ": warning: %s: %s\n", r->key, r->text);
	}
	if (!wrong && !k->first)
		buf_printf(out, "%s: clean\n", k->policy.file ? k->policy.file : k->policy.name);
}

static void print_json(const struct linted *k, const struct err *wrong, struct buf *out)
{
	struct jsonw w = {.out = out};

	jw_object(&w, NULL);
	jw_str(&w, "policy", k->d.call->args[0]);
	jw_str(&w, "file", k->policy.file);
	jw_bool(&w, "ok", !wrong);
	if (wrong)
		jw_fmt(&w, "error", "%s%s%s", wrong->path, wrong->path[0] ? ": " : "", wrong->text);
	jw_array(&w, "warnings");
	for (const struct remark *r = k->first; r; r = r->next) {
		jw_object(&w, NULL);
		jw_str(&w, "file", file_of(k, r));
		if (r->place)
			jw_uint(&w, "line", r->place->line);
		jw_str(&w, "field", r->key);
		jw_str(&w, "text", r->text);
		jw_object_end(&w);
	}
	jw_array_end(&w);
	jw_object_end(&w);
	buf_str(out, "\n");
}

static int lint(struct linted *k, struct err *e)
{
	static int (*const parts[])(struct linted *, struct err *) = {lint_rules, lint_programs, lint_inherited,
								      lint_looser, lint_library};
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(parts) && r >= 0; i++)
		r = parts[i](k, e);
	return r >= 0 && k->d.call->o.bundle ? lint_bundle(k, e) : r;
}

static int load(struct linted *k, const char *dir, struct err *e)
{
	struct rt_call *c = k->d.call;
	int r = rt_policy_told(c, dir, c->args[0], &k->policy, e);

	if (r >= 0)
		r = doctor_plan_told(&k->d, &k->policy, NULL, true, &k->plan, e);
	return r < 0 ? r : 0;
}

/* Exit status: 0 clean, 1 an error, 2 a warning and no error. */
int cmd_policy_lint(struct rt_call *c, struct err *e)
{
	struct linted k = {.d = {.call = c, .tail = &k.d.first, .rootless = rt_is_rootless(c)}};
	const char *usual = jail_builtin_policy("default");
	struct spec_admin admin = {0};
	struct err wrong = {0};
	AUTO_BUF out = {0};
	int r;

	k.tail = &k.first;
	if ((r = rt_admin_load(c, &admin, NULL, e)) < 0 || (r = jail_probe(&k.d.jail, e)) < 0 ||
	    (r = spec_policy_parse(usual, strlen(usual), "default", &c->arena, &k.usual, e)) < 0 ||
	    (r = doctor_plan_told(&k.d, &k.usual, NULL, true, &k.usual_plan, e)) < 0)
		return r;
	r = load(&k, rt_policy_dir(c, &admin), &wrong);
	if (r == 0 && (r = lint(&k, e)) < 0)
		return r;
	(str_eq(c->o.format, "json") ? print_json : print_text)(&k, wrong.code ? &wrong : NULL, &out);
	r = rt_print(&out, e);
	return r < 0 ? r : wrong.code ? 1 : k.first ? 2 : 0;
}
