/* SPDX-License-Identifier: Apache-2.0 */
/* The decisions on calls that the helper takes from the plan. */
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

static bool is_about(const struct jail_rule *r, uint32_t arch, int nr)
{
	switch (r->nr) {
	case JAIL_ANY_CALL:
		return true;
	case JAIL_FOREIGN:
		return r->arch == arch;
	case JAIL_FOREIGN_X32:
		return r->arch == arch && ((uint32_t)nr & X32_BIT);
	default:
		return r->arch == arch && r->nr == nr;
	}
}

int jail_rule_find(const struct jail_plan *p, uint32_t arch, int nr, const uint64_t args[6])
{
	for (uint64_t i = 0; i < p->n_rules; i++) {
		const struct jail_rule *r = &p->rules[i];
		uint32_t k = 0;

		if (!is_about(r, arch, nr))
			continue;
		while (k < r->n_args && holds(&r->args[k], args))
			k++;
		if (k == r->n_args)
			return (int)i;
	}
	return -1;
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
	} sections[] = {{"exec", POLICY_EXEC},
			{"network", POLICY_NETWORK},
			{"signals", POLICY_SIGNALS},
			{"limits", POLICY_LIMITS},
			{"files", POLICY_FILES}};
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
	    [BOUND_MEMORY] = "limits.memory",
	    [BOUND_CPU] = "limits.cpu",
	    [BOUND_IDLE] = "limits.idle",
	    [BOUND_EXECS] = "limits.execs",
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
