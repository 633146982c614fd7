/* SPDX-License-Identifier: Apache-2.0 */
/* The decisions that the helper takes from the plan: which rule a trapped call fell under, and whether a program may be
 * executed. */
#include "jail/jail.h"

#include <linux/seccomp.h>
#include <string.h>

static bool holds(const struct jail_rule_arg *c, const uint64_t args[6])
{
	uint64_t v = args[c->index];

	if (c->op != JAIL_MASKED_EQ && c->b)
		v &= c->b;
	switch ((enum jail_op)c->op) {
	case JAIL_NE:
		return v != c->a;
	case JAIL_LT:
		return v < c->a;
	case JAIL_LE:
		return v <= c->a;
	case JAIL_EQ:
		return v == c->a;
	case JAIL_GE:
		return v >= c->a;
	case JAIL_GT:
		return v > c->a;
	case JAIL_MASKED_EQ:
		return (v & c->a) == c->b;
	}
	return false;
}

int jail_rule_find(const struct jail_plan *p, uint32_t arch, int nr, const uint64_t args[6])
{
	for (uint64_t i = 0; i < p->n_rules; i++) {
		const struct jail_rule *r = &p->rules[i];
		uint32_t k = 0;

		if (r->nr != JAIL_ANY_CALL && (r->nr != nr || r->arch != arch))
			continue;
		while (k < r->n_args && holds(&r->args[k], args))
			k++;
		if (k == r->n_args)
			return (int)i;
	}
	return -1;
}

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

/* Absolute, with no component that is empty, "." or "..": as the kernel names a file. */
static bool is_clean(const char *path)
{
	if (*path != '/' || !path[1])
		return false;
	while (*path == '/') {
		size_t n = strcspn(++path, "/");

		if (!n || (n == 1 && path[0] == '.') || (n == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		path += n;
	}
	return true;
}

bool jail_has_agent(const struct jail_plan *p)
{
	return p->seal.seccomp.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER;
}

bool jail_has_exec_rules(const struct jail_plan *p)
{
	bool has = false;

	for (uint64_t i = 0; i < p->n_policies; i++)
		has |= p->policies[i].exec_rules;
	return has;
}

bool jail_has_protect(const struct jail_plan *p)
{
	bool has = false;

	for (uint64_t i = 0; i < p->n_policies; i++)
		has |= p->policies[i].protect.n > 0;
	return has;
}

struct spec_response jail_response(const struct jail_policy *p, const char *rule)
{
	static const struct {
		const char *name;
		enum policy_section section;
	} sections[] = {
	    {"exec", POLICY_EXEC}, {"network", POLICY_NETWORK}, {"signals", POLICY_SIGNALS}, {"limits", POLICY_LIMITS}};
	const struct spec_response *top = &p->response[POLICY_SYSCALLS];
	size_t n = strcspn(rule, ".");

	if (str_eq(rule, "self") || str_eq(rule, "engine"))
		return (struct spec_response){POLICY_ENFORCE,
					      top->violation == POLICY_KILL ? POLICY_KILL : POLICY_ERRNO, 0};
	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		if (strlen(sections[i].name) == n && strncmp(sections[i].name, rule, n) == 0)
			return p->response[sections[i].section];
	return *top;
}

bool jail_goes_on(const struct spec_response *r)
{
	return r->mode == POLICY_WATCH || r->mode == POLICY_LEARN || r->violation == POLICY_LOG;
}

static int strictness(const struct jail_policy *p, const char *rule)
{
	const struct spec_response r = jail_response(p, rule);

	return jail_goes_on(&r) ? 0 : r.violation == POLICY_KILL ? 2 : 1;
}

int jail_stricter(const struct jail_plan *p, const char *rule, int i, int k)
{
	if (i < 0 || k < 0)
		return i < 0 ? k : i;
	return strictness(&p->policies[k], rule) > strictness(&p->policies[i], rule) ? k : i;
}

int jail_limit(const struct jail_plan *p, bool threads, int64_t *ret_max)
{
	int of = -1;

	*ret_max = -1;
	for (uint64_t i = 0; i < p->n_policies; i++) {
		int64_t max = threads ? p->policies[i].max_threads : p->policies[i].max_processes;

		if (max < 0 || (of >= 0 && max > *ret_max))
			continue;
		of = max == *ret_max ? jail_stricter(p, "limits", of, (int)i) : (int)i;
		*ret_max = max;
	}
	return of;
}

const char *jail_bound_name(enum policy_bound which)
{
	static const char *const names[POLICY_BOUNDS] = {
	    [BOUND_WALL] = "limits.wall",
	    [BOUND_OPEN_FILES] = "limits.open_files",
	    [BOUND_FILE_SIZE] = "limits.file_size",
	};

	return (size_t)which < ARRAY_LEN(names) ? names[which] : NULL;
}

int jail_bound(const struct jail_plan *p, enum policy_bound which, int64_t *ret_max)
{
	int of = -1;

	*ret_max = -1;
	for (uint64_t i = 0; i < p->n_policies; i++) {
		const struct spec_response how = jail_response(&p->policies[i], "limits");
		int64_t max = p->policies[i].bounds[which];

		if (jail_goes_on(&how) || max < 0 || (of >= 0 && max >= *ret_max))
			continue;
		of = (int)i;
		*ret_max = max;
	}
	return of;
}

bool jail_exec_denied(const struct jail_policy *p, const char *path)
{
	for (size_t i = 0; i < p->exec_deny.n; i++)
		if (pattern_matches(p->exec_deny.v[i], path))
			return true;
	return false;
}

bool jail_exec_allowed(const struct jail_policy *p, const char *path, const char **ret_why)
{
	const char *why = NULL;
	bool loader = is_loader(path), allowed = false;

	if (!is_clean(path))
		why = "not a plain absolute path";
	else if (jail_exec_denied(p, path))
		why = "in exec.deny";
	for (size_t i = 0; !why && !allowed && i < p->exec_allow.n; i++)
		allowed = loader ? strcmp(p->exec_allow.v[i], path) == 0 : pattern_matches(p->exec_allow.v[i], path);
	if (!why && !allowed)
		why = loader ? "the dynamic loader, which exec.allow must name by its own path" : "not in exec.allow";
	if (ret_why)
		*ret_why = why;
	return !why;
}
