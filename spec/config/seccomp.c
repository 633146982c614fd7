/* SPDX-License-Identifier: Apache-2.0 */
/* linux.seccomp of config.json, which is also "syscalls" of a policy: config-linux.md of the specification, Seccomp. */
#include <errno.h>

#include "spec/field.h"
#include "spec/policy/response.h"

const struct word seccomp_action_words[] = {
    {"SCMP_ACT_KILL"},  {"SCMP_ACT_KILL_PROCESS"}, {"SCMP_ACT_KILL_THREAD"}, {"SCMP_ACT_TRAP"},   {"SCMP_ACT_ERRNO"},
    {"SCMP_ACT_TRACE"}, {"SCMP_ACT_ALLOW"},        {"SCMP_ACT_LOG"},         {"SCMP_ACT_NOTIFY"}, {NULL},
};
/* Those that a policy's rule can have. */
static const struct word policy_action_words[] = {
    {"SCMP_ACT_ALLOW"},       {"SCMP_ACT_ERRNO"}, {"SCMP_ACT_KILL"}, {"SCMP_ACT_KILL_PROCESS"},
    {"SCMP_ACT_KILL_THREAD"}, {"SCMP_ACT_LOG"},   {"SCMP_ACT_TRAP"}, {NULL},
};
static const struct word operator_words[] = {
    {"SCMP_CMP_NE"}, {"SCMP_CMP_LT"}, {"SCMP_CMP_LE"},        {"SCMP_CMP_EQ"},
    {"SCMP_CMP_GE"}, {"SCMP_CMP_GT"}, {"SCMP_CMP_MASKED_EQ"}, {NULL},
};
static const struct word arch_words[] = {
    {"SCMP_ARCH_X86"},     {"SCMP_ARCH_X86_64"},   {"SCMP_ARCH_X32"},         {"SCMP_ARCH_ARM"},
    {"SCMP_ARCH_AARCH64"}, {"SCMP_ARCH_MIPS"},     {"SCMP_ARCH_MIPS64"},      {"SCMP_ARCH_MIPS64N32"},
    {"SCMP_ARCH_MIPSEL"},  {"SCMP_ARCH_MIPSEL64"}, {"SCMP_ARCH_MIPSEL64N32"}, {"SCMP_ARCH_PPC"},
    {"SCMP_ARCH_PPC64"},   {"SCMP_ARCH_PPC64LE"},  {"SCMP_ARCH_S390"},        {"SCMP_ARCH_S390X"},
    {"SCMP_ARCH_PARISC"},  {"SCMP_ARCH_PARISC64"}, {"SCMP_ARCH_RISCV64"},     {"SCMP_ARCH_LOONGARCH64"},
    {"SCMP_ARCH_M68K"},    {"SCMP_ARCH_SH"},       {"SCMP_ARCH_SHEB"},        {NULL},
};
static const struct word flag_words[] = {
    {"SECCOMP_FILTER_FLAG_TSYNC"},
    {"SECCOMP_FILTER_FLAG_LOG"},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW"},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"},
    {NULL},
};

#define A struct spec_seccomp_arg
static const struct field arg_fields[] = {
    FIELD_REQ_INT("index", get_u32, A, index, 0, 5),
    FIELD_REQ_INT("value", get_u64, A, value, 0, UINT64_MAX),
    FIELD_INT("valueTwo", get_u64, A, value_two, 0, UINT64_MAX),
    FIELD("op", get_string, A, op, .required = true, .words = operator_words),
};
const struct table seccomp_arg_table = {TABLE_FIELDS(arg_fields), .size = sizeof(A)};

/* Only these two actions carry a number; the kernel keeps 16 bits of it, and takes 4095 as the last errno. */
static int check_errno(struct reader *rd, const struct json *v, const char *action, const struct opt_u64 *n,
		       const char *key, struct err *e)
{
	if (!n->set || str_eq(action, "SCMP_ACT_TRACE") || (str_eq(action, "SCMP_ACT_ERRNO") && n->v <= 4095))
		return 0;
	if (str_eq(action, "SCMP_ACT_ERRNO"))
		bad(rd, v, e, EINVAL, "must be an errno from 0 to 4095");
	else
		bad(rd, v, e, EINVAL, "only SCMP_ACT_ERRNO and SCMP_ACT_TRACE take it, %s does not", action);
	err_ctx(e, "%s", key);
	return -EINVAL;
}

/* The other two are refused later, with the reason. */
static PARSER(get_policy_action)
{
	struct field any = *f;

	if (v->type == JSON_STRING && (str_eq(v->text, "SCMP_ACT_NOTIFY") || str_eq(v->text, "SCMP_ACT_TRACE")))
		any.words = seccomp_action_words;
	return get_string(rd, &any, v, obj, e);
}

#define S struct spec_seccomp_rule
#define RULE_FIELDS(parser, action_words)                                                                              \
	FIELD("names", get_strv, S, names, .required = true, .min = 1, .pattern = &filled),                            \
	    FIELD("action", parser, S, action, .required = true, .words = (action_words)),                             \
	    FIELD_INT("errnoRet", get_opt_u64, S, errno_ret, 0, UINT16_MAX),                                           \
	    FIELD_LIST("args", get_objects, S, args, n_args, .table = &seccomp_arg_table)
static const struct field rule_fields[] = {RULE_FIELDS(get_string, seccomp_action_words)};
#define V struct spec_seccomp_set
static const struct field set_arg_fields[] = {
    FIELD_REQ_INT("index", get_u32, V, index, 0, 5),
    FIELD_REQ_INT("value", get_u64, V, value, 0, UINT64_MAX),
};
static const struct table set_arg_table = {TABLE_FIELDS(set_arg_fields), .size = sizeof(V)};
static const struct field set_fields[] = {
    FIELD_LIST("args", get_objects, S, set, n_set, .table = &set_arg_table, .required = true),
};

static int check_set(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	const S *s = obj;
	uint32_t seen = 0;

	for (size_t i = 0; i < s->n_set; i++) {
		if (seen >> s->set[i].index & 1) {
			bad(rd, v, e, EINVAL, "sets argument %u twice", s->set[i].index);
			return err_ctx(e, "args[%zu].index", i);
		}
		seen |= 1u << s->set[i].index;
	}
	return seen ? 0 : bad(rd, v, e, EINVAL, "sets nothing: name an argument in args");
}

static const struct table set_table = {TABLE_FIELDS(set_fields), .check = check_set};
static const struct field policy_rule_fields[] = {
    RULE_FIELDS(get_policy_action, policy_action_words),
    RULE_RESPONSE_FIELDS(S, response),
    {.key = "set", .parse = get_object, .table = &set_table},
    FIELD_INT("return", get_opt_i64, S, result, -4095, INT64_MAX),
};

static int check_rule(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	const S *s = obj;

	return check_errno(rd, v, s->action, &s->errno_ret, "errnoRet", e);
}

const struct table seccomp_rule_table = {TABLE_FIELDS(rule_fields), .size = sizeof(S), .check = check_rule};

static int check_policy_rule(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	const S *s = obj;
	int r = check_rule(rd, v, obj, e);

	if (r < 0)
		return r;
	if (s->n_set && (s->result.set || !str_eq(s->action, "SCMP_ACT_ALLOW") || s->response.mode)) {
		bad(rd, v, e, EINVAL,
		    "replaces arguments of a call that is made: it goes with SCMP_ACT_ALLOW, and with no mode and no "
		    "\"return\"");
		return err_ctx(e, "set");
	}
	if (s->result.set && (!str_eq(s->action, "SCMP_ACT_ERRNO") || s->errno_ret.set || s->response.violation)) {
		bad(rd, v, e, EINVAL,
		    "is the result of a call that is not made: it goes with SCMP_ACT_ERRNO, and with no errnoRet and "
		    "no "
		    "on_violation");
		return err_ctx(e, "return");
	}
	return check_response(rd, v, s, e);
}

const struct table policy_rule_table = {TABLE_FIELDS(policy_rule_fields), .size = sizeof(S),
					.check = check_policy_rule};

#define F struct spec_seccomp
#define SECCOMP_FIELDS(parser, action_words, rule_table)                                                               \
	FIELD("defaultAction", parser, F, default_action, .required = true, .words = (action_words)),                  \
	    FIELD_INT("defaultErrnoRet", get_opt_u64, F, default_errno_ret, 0, UINT16_MAX),                            \
	    FIELD("architectures", get_strv, F, architectures, .words = arch_words),                                   \
	    FIELD("flags", get_strv, F, flags, .words = flag_words),                                                   \
	    FIELD("listenerPath", get_string, F, listener_path),                                                       \
	    FIELD("listenerMetadata", get_string, F, listener_metadata),                                               \
	    FIELD_LIST("syscalls", get_objects, F, rules, n_rules, .table = &(rule_table))
static const struct field seccomp_fields[] = {SECCOMP_FIELDS(get_string, seccomp_action_words, seccomp_rule_table)};
static const struct field policy_fields[] = {SECCOMP_FIELDS(get_policy_action, policy_action_words, policy_rule_table)};

static int check_seccomp(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	const F *s = obj;

	if (s->listener_metadata && !s->listener_path) {
		bad(rd, v, e, EINVAL, "must not be set without listenerPath");
		err_ctx(e, "listenerMetadata");
		return -EINVAL;
	}
	return check_errno(rd, v, s->default_action, &s->default_errno_ret, "defaultErrnoRet", e);
}

const struct table seccomp_table = {TABLE_FIELDS(seccomp_fields), SET_AT(F, set), .check = check_seccomp};
const struct table policy_seccomp_table = {TABLE_FIELDS(policy_fields), SET_AT(F, set), .check = check_seccomp};
