/* SPDX-License-Identifier: Apache-2.0 */
/* The administrator's configuration: strict as a policy is, since a mistyped floor would be none. */
#include <errno.h>
#include <string.h>

#include "field.h"

#define A struct spec_admin

static bool is_name(const char *s)
{
	return spec_is_policy_name(s) && !str_eq(s, "none");
}

static const struct pattern policy_name = {is_name,
					   "the name of a policy (letters, digits, '_', '-' and '.', not \"none\")"};
static const struct pattern policy_or_none = {spec_is_policy_name,
					      "the name of a policy (letters, digits, '_', '-' and '.') or \"none\""};

static const struct word audit_words[] = {{"file", SPEC_AUDIT_FILE},
					  {"journald", SPEC_AUDIT_JOURNALD},
					  {"syslog", SPEC_AUDIT_SYSLOG},
					  {"none", SPEC_AUDIT_NONE},
					  {NULL}};

static const struct field audit_fields[] = {
    FIELD("to", get_word, A, audit.to, .words = audit_words, .required = true),
    FIELD("path", get_string, A, audit.path, .pattern = &absolute_path),
    FIELD("annotations", get_strv, A, audit.annotations, .pattern = &filled),
};

static int check_audit(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	const A *a = obj;

	if (a->audit.to == SPEC_AUDIT_FILE && !a->audit.path)
		return bad(rd, v, e, EINVAL, "\"to\" is \"file\": \"path\" has to name it");
	if (a->audit.to == SPEC_AUDIT_NONE && a->audit.path)
		return bad(rd, v, e, EINVAL, "\"to\" is \"none\": there is nothing to write to \"path\"");
	return 0;
}

static const struct table audit_table = {TABLE_FIELDS(audit_fields), .check = check_audit};

static const struct field admin_fields[] = {
    FIELD("defaultPolicy", get_string, A, default_policy, .pattern = &policy_or_none, .min = 1),
    FIELD("floor", get_string, A, floor, .pattern = &policy_name, .min = 1),
    FIELD("policyDir", get_string, A, policy_dir, .pattern = &absolute_path, .min = 1),
    FIELD("annotations", get_opt_bool, A, annotations),
    {.key = "audit", .parse = get_object, .table = &audit_table},
};
static const struct table admin_table = {TABLE_FIELDS(admin_fields)};

bool spec_is_policy_name(const char *s)
{
	return *s && *s != '.' && !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")];
}

int spec_admin_parse(const char *text, size_t len, const char *name, struct arena *a, struct spec_admin *ret,
		     struct err *e)
{
	struct reader rd = {.arena = a, .strict = true};

	*ret = (struct spec_admin){.audit.to = SPEC_AUDIT_UNSAID};
	return read_document(&rd, &admin_table, text, len, name, ret, e);
}
