/* SPDX-License-Identifier: Apache-2.0 */
/* From the documents of policies to rules: what policy.c and conjunction.c share. */
#ifndef JAIL_BUILDER_H
#define JAIL_BUILDER_H

#include "jail/internal.h"

/* What shall become of a call. */
struct verdict {
	const char *rule;
	uint32_t policy; /* index of the policy that says so */
	int trap;        /* enum jail_trap, or -1: `ret` as it is */
	uint32_t ret;    /* SECCOMP_RET_* */
	int err;
	uint32_t arg;
	const struct spec_seccomp_rule *from; /* of JAIL_TRAP_RETURN and JAIL_TRAP_SET */
	struct jail_note note;                /* of what it refuses and lets go on all the same */
};

struct conditions {
	uint32_t n;
	struct jail_rule_arg v[JAIL_RULE_ARGS];
};

/* A rule for one number of one ABI. */
struct call_rule {
	uint32_t audit;
	int nr;
	const char *syscall;
	struct conditions c;
	struct verdict v;
	size_t seq; /* its place in the list */
};

/* The rules of one policy, the first that matches wins; `other`: what becomes of all other calls. */
struct call_list {
	struct call_rule *v;
	size_t n, room;
	struct verdict other;
};

struct builder {
	const struct spec_policy *policy; /* whose rules are being made, */
	uint32_t at;                      /* and its index */
	struct call_list *into;           /* where they go; NULL: into the plan, as they come */
	struct jail_plan *plan;
	struct gen gen;
	size_t room;                  /* of plan->rules */
	size_t told;                  /* of plan->told */
	bool tell;                    /* it is wanted */
	uint32_t when;                /* enum guard_when of what is being made */
	const struct guard *families; /* with WHEN_FAMILIES: its checks of sockets */
	bool both;                    /* what is being made stands for all policies that ask for it */
	const struct jail_note *note; /* of the rule that lets a call come to the checks that are being made, or NULL */
	bool reported;                /* the engine gets trapped calls; false: no listener is to be had */
	struct err *e;
};

/* ---- builder.c ---- */

int builder_no_memory(struct builder *b);
int builder_add_condition(struct builder *b, struct conditions *c, const struct jail_rule_arg *a);
/* Puts a rule where the builder's rules go. */
int builder_add(struct builder *b, const struct call_rule *r);
/* Puts a rule into the plan and its filter. */
int builder_emit(struct builder *b, const struct call_rule *plain);
/* Has calls of an ABI that is not there reported, by whose list it is not: then the process is killed, by the engine in the place of the
 * kernel. To be asked before there are other rules. */
int builder_emit_foreign(struct builder *b, uint32_t token, uint32_t policy);
/* Puts what becomes of calls that no rule is about into both. */
int builder_emit_other(struct builder *b, const struct verdict *v);

/* One rule for one number of one ABI. */
int builder_add_number(struct builder *b, uint32_t token, int nr, const char *syscall, const struct conditions *c,
		       const struct verdict *v);
/* One rule for one ABI, by whichever way the call is made there. The arguments of a multiplexed call lie in memory: where a rule asks
 * about them, such a call is not allowed, and refused whole. */
int builder_add_call(struct builder *b, uint32_t token, const char *syscall, const struct conditions *c,
		     const struct verdict *v);

/* ---- take.c ---- */

/* The kernel itself makes a program call these, in the midst of others: a list that forgot them would break what it allows. */
extern const char *const policy_unasked[];

/* All but counts. Returns 0, -ENOMEM. */
int policy_take(const struct spec_policy *p, struct arena *a, struct jail_policy *ret, struct err *e);
/* limits.syscalls; after io_uring was looked at. Returns 0, -EINVAL, -ENOMEM. */
int policy_take_counts(const struct spec_policy *p, const struct jail_facts *f, struct arena *a,
		       struct jail_policy *ret, struct err *e);
/* Who is PID 1: a policy that does not say it goes with one that does. Returns 0, -ENOTSUP. */
int policy_choose_init(const struct spec_policy *const *p, size_t n, struct jail_plan *ret, struct err *e);

/* ---- conjunction.c ---- */

/* Makes of a refusal what the policy says of its violations: a kill, another errno, or a note. own_err: the rule says which errno. Of
 * what is allowed, or logged, it makes a note where the policy learns. respond.c */
void builder_respond(struct verdict *v, const struct spec_response *how, bool own_err);
/* Whether the rule that a verdict is of lets calls through: they come to the checks. */
bool verdict_lets(const struct verdict *v);

/* The rules of both lists as one, to where the builder's rules go: of a call, the stricter of what the two say. Where both are as strict,
 * that of x. The lists are sorted on the way. Returns 0 or -errno. */
int conjunction(struct builder *b, struct call_list *x, struct call_list *y);

#endif
