/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share. Nothing here is for other folders. */
#ifndef JAIL_INTERNAL_H
#define JAIL_INTERNAL_H

#include <linux/seccomp.h>

#include "jail.h"

#define ERRNO_MAX    4095 /* SECCOMP_RET_ERRNO carries no more: MAX_ERRNO of the kernel */
#define MAX_ARCHS    24
#define CALL_NUMBERS 600         /* of each ABI; Linux 6.18 has 470, and x32 some of its own up to 547 */
#define COMPARE_32   0xffffffffu /* mask of an int argument: the kernel does not look at the upper half */

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5) /* Linux 5.19 */
#endif

/* ---- arch.c: names of the specification, tokens of libseccomp, values of seccomp_data.arch ---- */

/* 0 when unknown. A token is the AUDIT_ARCH_* value but for x32, which has none. */
uint32_t arch_token(const char *name);
/* The same, with an error (-EINVAL) that names the version of libseccomp for what it does not know. */
int arch_find(const char *name, uint32_t *ret, struct err *e);
const char *arch_name(uint32_t token);
uint32_t arch_audit(uint32_t token);
bool arch_is_x32(uint32_t token);
/* This ABI and the others that the same kernel runs. Returns how many. */
size_t arch_family(uint32_t token, uint32_t ret[MAX_ARCHS]);
/* Where a rule is for all calls that no other names, their names go into the plan: names.c. Returns 0, -ENOMEM. */
int jail_name_calls(uint32_t native, struct arena *a, struct jail_plan *p);
void arch_names(struct arena *a, struct strv *ret);

/* The names of the specification's actions, operators and flags, and their values. */
struct word {
	const char *name;
	uint32_t value;
};
extern const struct word seccomp_actions[], seccomp_operators[], seccomp_flags[];
const struct word *word_find(const struct word *table, const char *name);
void word_names(const struct word *table, struct arena *a, struct strv *ret);

/* How system call `name` is made in an ABI: by number, and on some also through a multiplexer (socketcall(2), ipc(2)),
 * whose arg 0 & mask is `call`. */
struct abi_call {
	int nr, mux_nr; /* -1: not so */
	uint32_t mux_mask, mux_call;
};
/* Returns 1, 0 when the ABI has none of that name, -ENOENT when no ABI has, -ENOTSUP for a multiplexer that is not
 * known here. */
int abi_find(uint32_t token, const char *name, struct abi_call *ret);

/* Where the flags of clone(2) are. */
uint32_t abi_clone_flags(uint32_t token);

/* ---- widths.c: how many bits of an argument the kernel takes ---- */

/* 16, 32 or 64. They differ where it is by what the call is for, or not known: calls and ABIs that the table lacks. */
struct arg_width {
	uint32_t least, most;
};
struct arg_width abi_arg_width(uint32_t token, const char *syscall, uint32_t index);

/* Turns a condition as a policy has it, of all 64 bits, into one on what the kernel takes. Where that is not known it holds, in a rule
 * that refuses, when it does for either width, else when it does for both; a number that is too large for the lesser is
 * compared with the greater. Numbers have no sign; a negative one may be written in 32 or 64 bits. */
enum arg_reading {
	ARG_READ,   /* *a is it */
	ARG_ALWAYS, /* holds for each value that there can be */
	ARG_NEVER,
};
enum arg_reading abi_read_arg(uint32_t token, const char *syscall, bool refuses, struct jail_rule_arg *a);

/* ---- gen.c: rules to BPF, the first match of a call wins ---- */

struct gen_rule {
	uint32_t audit;
	int32_t nr;
	uint32_t ret; /* SECCOMP_RET_* with data */
	uint32_t n_args;
	struct jail_rule_arg args[JAIL_RULE_ARGS];
	size_t seq; /* kept by gen_add */
};
struct gen {
	struct arena *a;
	struct gen_rule *rules;
	size_t n, room;
	uint32_t archs[MAX_ARCHS]; /* tokens */
	size_t n_archs;
	uint32_t default_ret, bad_arch_ret;
};
int gen_add(struct gen *g, const struct gen_rule *r);
int gen_finish(struct gen *g, struct jail_bpf *ret, struct err *e);

/* ---- oci.c, oci_gen.c, oci_agent.c, enosys.c, cache.c: linux.seccomp ---- */

/* SECCOMP_RET_* with its data; -EINVAL, -ENOTSUP. */
int oci_action(const char *name, const struct opt_u64 *errno_ret, uint32_t *ret, struct err *e);
/* The name of a system call that is nearest to s, of the host's own ABI; NULL: none is near. The buffer is static. names.c */
const char *syscall_nearest(const char *s);
/* The error of a name that no ABI has, with the nearest; so: what follows from it. Returns -EINVAL. names.c */
int call_unknown(const char *name, const char *so, struct err *e);
/* Puts the policy's file before the path of an error that was found in it. policy.c */
int policy_file(const struct spec_policy *p, struct err *e);

/* env: into *ret, which has nothing of it yet. Returns 0 or -ENOMEM. Prints names, no values. */
int policy_take_env(const struct spec_policy_env *env, struct arena *a, struct jail_policy *ret);
void policy_print_env(const struct jail_plan *p, struct jsonw *w);
bool rule_has_alternatives(const struct spec_seccomp_rule *s);

/* Whether libseccomp would get this profile wrong, or it could be got round by bits that the kernel does not take; and the compiler
 * for it then. archs[0] is the host's. */
bool oci_gen_wanted(const struct spec_seccomp *s, const uint32_t *archs, size_t n_archs, uint32_t default_action);
int oci_gen(const struct spec_seccomp *s, const uint32_t *archs, size_t n_archs, uint32_t default_action,
	    struct arena *a, struct jail_bpf *ret, struct err *e);

/* Compiles, or takes from the cache. ret->len 0: no filter. */
int oci_filter(const struct spec_seccomp *s, const struct jail_facts *f, const char *cache_dir, struct arena *a,
	       struct jail_bpf *ret, struct err *e);

/* Refuses a profile that gives a call to an agent which the policy's tracer has to judge. */
int oci_agent_check(const struct jail_plan *p, const struct jail_facts *f, struct err *e);

/* `profile: report`: makes plan.joined. Returns 0, -ENOTSUP, -ENOMEM. */
int jail_profile_join(struct jail_plan *p, struct arena *a, struct err *e);

/* Puts before the filter: ENOSYS for calls with a number above all that the profile names. */
int enosys_prepend(const struct spec_seccomp *s, const uint32_t *archs, size_t n_archs, struct arena *a,
		   struct jail_bpf *f, struct err *e);

/* The cache never fails: false and nothing are the answers to any trouble. */
bool cache_load(const char *dir, const struct buf *key, struct arena *a, struct jail_bpf *ret);
void cache_store(const char *dir, const struct buf *key, const struct jail_bpf *f);

/* ---- policy.c, caps.c, seal.c ---- */

/* Of n policies, 1 or 2, each of which has to allow. tell: plan.told is wanted. */
int policy_plan(const struct spec_policy *const *p, size_t n, const struct spec_config *c, const struct jail_facts *f,
		bool tell, struct arena *a, struct jail_plan *ret, struct err *e);
/* Whether a list of what is allowed has this call without naming it. */
bool policy_allows_unasked(const char *syscall);
/* Whether io_uring can do this call, and the policy has not named io_uring itself. */
bool uring_has(const struct spec_seccomp *s, const char *call);
/* Whether io_uring could do what the policy refuses and does not allow by naming io_uring_setup: then 1, and *ret says what, for
 * people. 0: not so; -1: no memory. */
int uring_closed(const struct spec_seccomp *s, struct arena *a, char **ret);
/* files.c: whether this host can hold the file rules of a policy. Returns 0, -ENOTSUP. */
int files_check(const struct spec_policy *p, const struct spec_config *c, enum policy_init init,
		const struct jail_facts *f, struct err *e);
/* needs.c: refuses filters under which no program could start, end, or tell that it could not start; the error names the call.
 * Returns 0, -EINVAL, -EPERM. */
int jail_check_needs(const struct jail_plan *p, const struct jail_facts *f, struct err *e);
int caps_plan(const struct spec_capabilities *c, const struct jail_facts *f, bool userns, uint64_t ret[CAPS_COUNT]);
int seal_plan(const struct spec_config *c, const struct jail_facts *f, const struct jail_options *o, struct arena *a,
	      struct jail_seal *ret, struct err *e);

#endif
