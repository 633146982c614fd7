/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a program may be executed: from the plan and from facts that were gathered before, and from nothing else. */
#include "jail/jail.h"

#include <string.h>

/* One component against one of a pattern; `*` and `?` stand for any bytes. */
static bool component_matches(const char *p, size_t n_p, const char *s, size_t n_s)
{
	size_t i = 0, k = 0, star = SIZE_MAX, from = 0;

	while (k < n_s) {
		if (i < n_p && p[i] == '*') {
			star = i++;
			from = k;
		} else if (i < n_p && (p[i] == '?' || p[i] == s[k])) {
			i++;
			k++;
		} else if (star != SIZE_MAX) {
			i = star + 1;
			k = ++from;
		} else {
			return false;
		}
	}
	while (i < n_p && p[i] == '*')
		i++;
	return i == n_p;
}

bool jail_matches(const char *pattern, const char *s, size_t n)
{
	return component_matches(pattern, strlen(pattern), s, n);
}

/* Whether p begins with the component of two stars: any number of components. */
static bool is_deep(const char *p)
{
	return strncmp(p, "/**", 3) == 0 && (!p[3] || p[3] == '/');
}

/* Both begin with '/'. A pattern with '/' at its end is a tree: what lies below it, not itself. Where something does not match, the
 * last "**" takes one component more: an earlier one need not. */
static bool pattern_matches(const char *p, const char *s)
{
	const char *deep = NULL, *from = NULL; /* behind the last "**", and what it has not taken */

	for (;;) {
		size_t n_p = *p ? strcspn(p + 1, "/") : 0, n_s = *s ? strcspn(s + 1, "/") : 0;

		if (is_deep(p)) {
			deep = p += 3;
			from = s;
			if (!*p)
				return n_s > 0;
		} else if (*p && !n_p && n_s) {
			return true;
		} else if (!*p && !*s) {
			return true;
		} else if (n_p && *s && component_matches(p + 1, n_p, s + 1, n_s)) {
			p += n_p + 1;
			s += n_s + 1;
		} else if (deep && *from) {
			from += 1 + strcspn(from + 1, "/");
			p = deep;
			s = from;
		} else {
			return false;
		}
	}
}

/* The dynamic loader runs any file that it is given, also one that may not be executed. */
static bool is_loader(const char *path)
{
	static const char *const names[] = {"ld-*.so*", "ld64.so*", "ld.so*"};
	const char *base = strrchr(path, '/');

	base = base ? base + 1 : path;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (component_matches(names[i], strlen(names[i]), base, strlen(base)))
			return true;
	return false;
}

/* As the kernel names a file. */
static bool is_name_of_file(const char *path)
{
	return path_is_clean(path) && path[strlen(path) - 1] != '/';
}

bool jail_exec_denied(const struct jail_policy *p, const char *path)
{
	for (size_t i = 0; i < p->exec_deny.n; i++)
		if (pattern_matches(p->exec_deny.v[i], path))
			return true;
	return false;
}

/* The loader only by its own path. */
static bool is_named(const char *pattern, const char *path, bool loader)
{
	return loader ? strcmp(pattern, path) == 0 : pattern_matches(pattern, path);
}

bool jail_exec_allowed(const struct jail_policy *p, const char *path, const char **ret_why)
{
	const char *why = NULL;
	bool loader = is_loader(path), allowed = false;

	if (!is_name_of_file(path))
		why = "not a plain absolute path";
	else if (jail_exec_denied(p, path))
		why = "in exec.deny";
	for (size_t i = 0; !why && !allowed && i < p->exec_allow.n; i++)
		allowed = is_named(p->exec_allow.v[i], path, loader);
	if (!why && !allowed)
		why = loader ? "the dynamic loader, which exec.allow must name by its own path" : "not in exec.allow";
	if (ret_why)
		*ret_why = why;
	return !why;
}

bool jail_has_exec_entries(const struct jail_plan *p)
{
	bool has = false;

	for (uint64_t i = 0; i < p->n_policies; i++)
		has |= p->policies[i].n_exec_entries > 0;
	return has;
}

bool jail_has_exec_sha256(const struct jail_plan *p)
{
	bool has = false;

	for (uint64_t i = 0; i < p->n_policies; i++)
		for (uint64_t k = 0; k < p->policies[i].n_exec_entries; k++)
			has |= p->policies[i].exec_entries[k].sha256 != NULL;
	return has;
}

bool jail_exec_allows_none(const struct jail_policy *p)
{
	bool none = p->exec_allow.n == 0;

	for (uint64_t i = 0; i < p->n_exec_entries; i++)
		none &= p->exec_entries[i].deny;
	return none;
}

bool jail_exec_has_interpreters(const struct jail_policy *p)
{
	bool has = false;

	for (uint64_t i = 0; i < p->n_exec_entries; i++)
		has |=
		    p->exec_entries[i].as == EXEC_AS_INTERPRETER || (p->exec_entries[i].deny && p->exec_entries[i].as);
	return has;
}

/* In exec.deny a tree has its loaders, too. */
static bool entry_is_about(const struct jail_exec_entry *x, const char *path)
{
	bool loader = !x->deny && is_loader(path);

	return is_named(x->path, path, loader) || (x->target && is_named(x->target, path, loader));
}

bool jail_exec_wants_sha256(const struct jail_plan *p, const char *path)
{
	for (uint64_t i = 0; i < p->n_policies; i++)
		for (uint64_t k = 0; k < p->policies[i].n_exec_entries; k++)
			if (p->policies[i].exec_entries[k].sha256 &&
			    entry_is_about(&p->policies[i].exec_entries[k], path))
				return true;
	return false;
}

enum holds { HOLDS, HOLDS_NOT, UNKNOWN };

/* Each pattern stands for an argument, but for "**" at the end. */
static enum holds argv_holds(const struct strv *patterns, const struct jail_exec_facts *f)
{
	size_t i = 0;

	if (!f->argv)
		return UNKNOWN;
	for (; i < patterns->n; i++) {
		const char *pattern = patterns->v[i];

		if (strcmp(pattern, "**") == 0)
			return HOLDS;
		if (i == f->argv->n)
			return f->more ? UNKNOWN : HOLDS_NOT;
		if (!component_matches(pattern, strlen(pattern), f->argv->v[i], strlen(f->argv->v[i])))
			return HOLDS_NOT;
	}
	return i == f->argv->n && !f->more ? HOLDS : HOLDS_NOT;
}

/* The terms in which an entry does not hold, in the order in which they are told. */
enum unmet { UNMET_NONE, UNMET_AS, UNMET_SHA256, UNMET_ARGV };

/* What is not known holds for a denial, and does not for what is allowed: where it only is a guess, the other way round. */
static enum unmet unmet(const struct jail_exec_entry *x, const struct jail_exec_facts *f)
{
	bool benefit = f->guess != x->deny;
	enum holds h = HOLDS;

	if (x->as != EXEC_AS_ANY && x->as != (uint32_t)f->as)
		return UNMET_AS;
	/* What a script's interpreter reads later is not what was hashed. */
	if (x->sha256 && f->as == EXEC_AS_SCRIPT)
		return UNMET_SHA256;
	if (x->sha256)
		h = !f->sha256 ? UNKNOWN : strcmp(x->sha256, f->sha256) == 0 ? HOLDS : HOLDS_NOT;
	if (h == HOLDS_NOT || (h == UNKNOWN && !benefit))
		return UNMET_SHA256;
	h = x->argv.n ? argv_holds(&x->argv, f) : HOLDS;
	return h == HOLDS_NOT || (h == UNKNOWN && !benefit) ? UNMET_ARGV : UNMET_NONE;
}

static void refuse(struct jail_exec_verdict *ret, const char *why, const char *allow)
{
	*ret = (struct jail_exec_verdict){.why = why, .allow = allow};
}

static void refuse_unmet(struct jail_exec_verdict *ret, const struct jail_exec_facts *f, enum unmet u)
{
	static const char *const as[] = {[EXEC_AS_ANY] = "in exec.allow, but not so",
					 [EXEC_AS_PROGRAM] = "in exec.allow, but not as a program of its own",
					 [EXEC_AS_INTERPRETER] = "in exec.allow, but not as an interpreter",
					 [EXEC_AS_SCRIPT] = "in exec.allow, but not as a script"};

	switch (u) {
	case UNMET_AS:
		refuse(ret, as[f->as], "take \"as\" out of its entry in exec.allow");
		break;
	case UNMET_SHA256:
		if (f->as == EXEC_AS_SCRIPT)
			refuse(ret, "in exec.allow by its sha256, which is not for scripts",
			       "name the script in exec.allow without sha256");
		else
			refuse(ret, "in exec.allow, but with another sha256",
			       "put the file's own sha256 into its entry in exec.allow");
		break;
	case UNMET_ARGV:
		refuse(ret, "in exec.allow, but with other arguments",
		       "have argv of its entry in exec.allow match them");
		break;
	case UNMET_NONE:
		break;
	}
}

void jail_exec_judge(const struct jail_policy *p, const struct jail_exec_facts *f, struct jail_exec_verdict *ret)
{
	bool by_path = jail_exec_allowed(p, f->path, &ret->why);
	enum unmet least = UNMET_NONE;
	uint64_t counters = 0;

	for (uint64_t i = 0; i < p->n_exec_entries; i++)
		if (p->exec_entries[i].deny && entry_is_about(&p->exec_entries[i], f->path) &&
		    unmet(&p->exec_entries[i], f) == UNMET_NONE) {
			refuse(ret, "in exec.deny", "take what names it out of exec.deny");
			return;
		}
	*ret = (struct jail_exec_verdict){.ok = by_path, .why = ret->why};
	if (by_path)
		return;
	ret->allow = jail_exec_denied(p, f->path) ? "take what names it out of exec.deny" : "name it in exec.allow";
	if (!is_name_of_file(f->path) || jail_exec_denied(p, f->path))
		return;
	for (uint64_t i = 0; i < p->n_exec_entries; i++) {
		const struct jail_exec_entry *x = &p->exec_entries[i];
		enum unmet u = UNMET_NONE;

		if (x->deny || !entry_is_about(x, f->path))
			continue;
		u = unmet(x, f);
		least = u > least ? u : least;
		if (u != UNMET_NONE)
			continue;
		ret->ok = true;
		if (x->times < 0) {
			ret->counters = 0;
			return;
		}
		counters |= 1ull << x->counter;
	}
	ret->counters = counters;
	if (!ret->ok)
		refuse_unmet(ret, f, least);
}
