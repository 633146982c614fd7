/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls that a document names, whatever it is: a policy, a config.json, or a seccomp profile, of which Docker's and
 * containers-common's have keys of their own. What is not asked for is not looked at. */
#include <errno.h>

#include "spec/field.h"

struct list_rule {
	struct strv names;
	char *name; /* Docker's of old */
};
struct profile {
	char *default_action;
	struct list_rule *rules;
	size_t n_rules;
};

static const struct field rule_fields[] = {
    FIELD("names", get_strv, struct list_rule, names),
    FIELD("name", get_string, struct list_rule, name),
};
static const struct table rule_table = {TABLE_FIELDS(rule_fields), .size = sizeof(struct list_rule)};

static const struct field profile_fields[] = {
    FIELD("defaultAction", get_string, struct profile, default_action, .required = true),
    FIELD_LIST("syscalls", get_objects, struct profile, rules, n_rules, .table = &rule_table),
};
static const struct table profile_table = {TABLE_FIELDS(profile_fields)};

/* As a config.json has it. */
static const struct field linux_fields[] = {
    {.key = "seccomp", .parse = get_object, .table = &profile_table},
};
static const struct table in_linux_table = {TABLE_FIELDS(linux_fields)};
static const struct field config_fields[] = {
    {.key = "linux", .parse = get_object, .table = &in_linux_table},
};
static const struct table config_table = {TABLE_FIELDS(config_fields)};

/* Of a text that is no JSON: a policy, whose reader says what is wrong. */
static enum spec_list_form form_of(const char *text, size_t len)
{
	enum spec_list_form form = LIST_POLICY;
	struct arena a = {0};
	const struct json *root;

	if (json_parse(text, len, JSON_COMMENTS, &a, &a, &root, NULL) == 0 && root->type == JSON_OBJECT)
		form = json_get(root, "ociVersion") || json_get(root, "linux") ? LIST_CONFIG
		       : json_get(root, "defaultAction")                       ? LIST_PROFILE
									       : LIST_POLICY;
	arena_free(&a);
	return form;
}

/* n: at the most. */
static int list_start(struct spec_list *l, size_t n, struct arena *a, struct err *e)
{
	l->names.v = arena_alloc(a, (n + 1) * sizeof(char *));
	return l->names.v ? 0 : err_set(e, ENOMEM, "no memory left");
}

static int take_profile(const struct profile *p, struct arena *a, struct spec_list *ret, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_rules; i++)
		n += p->rules[i].names.n + 1;
	if (list_start(ret, n, a, e) < 0)
		return -ENOMEM;
	ret->default_action = p->default_action;
	for (size_t i = 0; i < p->n_rules; i++) {
		for (size_t k = 0; k < p->rules[i].names.n; k++)
			ret->names.v[ret->names.n++] = p->rules[i].names.v[k];
		if (p->rules[i].name)
			ret->names.v[ret->names.n++] = p->rules[i].name;
	}
	return 0;
}

static int take_policy(const struct spec_policy *p, struct arena *a, struct spec_list *ret, struct err *e)
{
	const struct spec_seccomp *s = &p->syscalls;
	size_t n = 0;

	for (size_t i = 0; i < s->n_rules; i++)
		n += s->rules[i].names.n;
	if (list_start(ret, n, a, e) < 0)
		return -ENOMEM;
	ret->default_action = s->default_action;
	for (size_t i = 0; i < s->n_rules; i++)
		for (size_t k = 0; k < s->rules[i].names.n; k++)
			ret->names.v[ret->names.n++] = s->rules[i].names.v[k];
	return 0;
}

int spec_list_parse(const struct spec_text *t, const struct spec_bases *bases, struct arena *a, struct spec_list *ret,
		    struct err *e)
{
	struct reader rd = {.arena = a};
	struct profile profile = {0};
	struct spec_policy policy;
	int r;

	*ret = (struct spec_list){.form = form_of(t->text, t->len)};
	if (ret->form == LIST_POLICY) {
		r = spec_policy_read(t, bases, a, &policy, e);
		return r < 0 ? r : take_policy(&policy, a, ret, e);
	}
	r = read_document(&rd, ret->form == LIST_CONFIG ? &config_table : &profile_table, t->text, t->len, t->name,
			  &profile, e);
	return r < 0 ? r : take_profile(&profile, a, ret, e);
}
