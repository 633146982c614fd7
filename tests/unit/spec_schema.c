/* SPDX-License-Identifier: Apache-2.0 */
/* docs/policy.schema.json against the tables that read a policy: each key of the one stands in the other, and the words of each. What is
 * amiss is told all at once, with what to write. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec/policy/tables.h"

#define FILE_NAME "docs/policy.schema.json"

struct walk {
	const struct json *root;
	struct buf said; /* what is amiss */
	size_t keys;
};

/* Words of the parser that a policy may not have: the compiler refuses them. */
static const char *const not_for_policies[] = {"SCMP_ACT_TRAP", "SCMP_ACT_TRACE", "SCMP_ACT_NOTIFY"};

static void amiss(struct walk *w, const char *path, const char *key, const char *what)
{
	buf_printf(&w->said, "\n  %s%s%s: %s", path, *path ? "." : "", key, what);
}

/* The schema that it refers to, or itself. */
static const struct json *target(const struct walk *w, const struct json *s)
{
	static const char prefix[] = "#/$defs/";
	const struct json *ref = s->type == JSON_OBJECT ? json_get(s, "$ref") : NULL;
	const struct json *defs = json_get(w->root, "$defs");

	if (!ref)
		return s;
	assert_true(ref->type == JSON_STRING && str_starts(ref->text, prefix));
	s = json_get(defs, ref->text + strlen(prefix));
	if (!s)
		fail_msg(FILE_NAME ": there is no %s", ref->text);
	return s;
}

/* The first schema with the keyword: this one, one of its alternatives, or that of its elements or members. */
static const struct json *with(const struct walk *w, const struct json *s, const char *keyword)
{
	static const char *const inside[] = {"items", "additionalProperties", "anyOf", "oneOf"};

	s = target(w, s);
	if (s->type == JSON_OBJECT && json_get(s, keyword))
		return s;
	for (size_t i = 0; i < ARRAY_LEN(inside) && s->type == JSON_OBJECT; i++) {
		const struct json *in = json_get(s, inside[i]), *found = NULL;

		if (in && in->type == JSON_OBJECT)
			found = with(w, in, keyword);
		else if (in && in->type == JSON_ARRAY)
			for (const struct json *j = in->first; j && !found; j = j->next)
				found = with(w, j, keyword);
		if (found)
			return found;
	}
	return NULL;
}

static bool has_word(const struct json *list, const char *word)
{
	for (const struct json *j = list->first; j; j = j->next)
		if (j->type == JSON_STRING && str_eq(j->text, word))
			return true;
	return false;
}

static bool is_word(const struct word *words, const char *s)
{
	while (words->name && !str_eq(words->name, s))
		words++;
	return words->name != NULL;
}

static void compare_words(struct walk *w, const struct field *f, const struct json *s, const char *path)
{
	const struct json *at = with(w, s, "enum"), *list = at ? json_get(at, "enum") : NULL;
	char what[256];

	if (!list) {
		amiss(w, path, f->key, "the parser takes one of a list of words: say them in \"enum\"");
		return;
	}
	for (const struct word *x = f->words; x->name; x++) {
		bool refused = false;

		for (size_t i = 0; i < ARRAY_LEN(not_for_policies); i++)
			refused |= str_eq(x->name, not_for_policies[i]);
		snprintf(what, sizeof(what), "the parser takes \"%s\": add it to \"enum\"", x->name);
		if (!refused && !has_word(list, x->name))
			amiss(w, path, f->key, what);
	}
	for (const struct json *j = list->first; j; j = j->next) {
		snprintf(what, sizeof(what), "the parser does not take \"%s\": take it out of \"enum\"",
			 j->type == JSON_STRING ? j->text : "");
		if (j->type == JSON_STRING && !is_word(f->words, j->text))
			amiss(w, path, f->key, what);
	}
}

static const struct field *field_of(const struct table *t, const char *key)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_eq(t->fields[i].key, key))
			return &t->fields[i];
	return NULL;
}

static bool is_refused(const struct table *t, const char *key)
{
	for (const struct refused *x = policy_refused_keys(); x->table; x++)
		if (x->table == t && str_eq(x->key, key))
			return true;
	return false;
}

static void compare(struct walk *w, const struct table *t, const struct json *s, const char *path);

static void compare_key(struct walk *w, const struct field *f, const struct json *s, const char *path)
{
	const struct json *description = json_get(s, "description");
	const struct json *object = f->table ? with(w, s, "properties") : NULL;
	char below[200];

	w->keys++;
	if (!description || description->type != JSON_STRING || strlen(description->text) < 10)
		amiss(w, path, f->key, "say in \"description\" what it is");
	if (f->words)
		compare_words(w, f, s, path);
	snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "", f->key);
	if (object)
		compare(w, f->table, object, below);
	else if (f->table)
		amiss(w, path, f->key, "the parser reads an object there: say its keys in \"properties\"");
}

static void compare(struct walk *w, const struct table *t, const struct json *s, const char *path)
{
	const struct json *properties = json_get(s, "properties"), *more = json_get(s, "additionalProperties");

	if (!more || more->type != JSON_BOOL || more->truth)
		amiss(w, path, "", "an unknown key is an error: say \"additionalProperties\": false");
	for (size_t i = 0; i < t->n; i++) {
		const struct json *one = json_get(properties, t->fields[i].key);

		if (is_refused(t, t->fields[i].key))
			continue;
		if (one)
			compare_key(w, &t->fields[i], one, path);
		else
			amiss(w, path, t->fields[i].key,
			      "the parser knows it: add it to \"properties\", with a \"description\" and its type");
	}
	for (const struct json *m = properties->first; m; m = m->next)
		if (!field_of(t, m->key) || is_refused(t, m->key))
			amiss(w, path, m->key,
			      "the parser does not know it: take it out, or add it to the table; a field that is read "
			      "by a parser of its own names the table of its objects in .table");
}

/* Where one is another text, with `from` replaced by `to`. */
static void walk_text(const char *from, const char *to, struct walk *w)
{
	const char *dir = getenv("TOP_SRCDIR") ? getenv("TOP_SRCDIR") : "../..";
	struct arena a = {0};
	struct err e = {0};
	AUTO_FREE char *text = NULL;
	AUTO_BUF changed = {0};
	char path[512], *at;
	size_t len;

	snprintf(path, sizeof(path), "%s/" FILE_NAME, dir);
	assert_int_equal(file_read(AT_FDCWD, path, SPEC_FILE_MAX, &text, &len, &e), 0);
	at = from ? strstr(text, from) : text;
	if (!at)
		fail_msg("the control is outdated: %s is not in " FILE_NAME, from);
	buf_add(&changed, text, (size_t)(at - text));
	buf_printf(&changed, "%s%s", from ? to : "", at + (from ? strlen(from) : 0));
	if (json_parse(changed.data, changed.len, JSON_STRICT, &a, &a, &w->root, &e) < 0)
		fail_msg(FILE_NAME ": %s", e.text);
	compare(w, policy_top_table(), w->root, "");
	arena_free(&a);
}

static void same_keys(void **state)
{
	struct walk w = {0};

	(void)state;
	walk_text(NULL, NULL, &w);
	if (w.said.len) {
		fprintf(stderr,
			FILE_NAME " and the tables of spec/policy are not the same:%s\nGive the key its examples in "
				  "tests/integration/policy_schema.t, too.\n",
			w.said.data); /* which may be more than fail_msg has room for */
		fail();
	}
	assert_true(w.keys > 30);
	buf_free(&w.said);
}

/* It sees what is missing, too much, misspelt. */
static void controls(void **state)
{
	static const struct {
		const char *from, *to, *want;
	} rows[] = {
	    {"\"memfd\": {", "\"memdf\": {", "exec.memfd: the parser knows it"},
	    {"\"memfd\": {", "\"memdf\": {", "exec.memdf: the parser does not know it"},
	    {"\"errnoRet\": {", "\"errno\": {", "syscalls.syscalls.errnoRet: the parser knows it"},
	    {"\"description\": \"The comparison.\",", "", "syscalls.syscalls.args.op: say in \"description\""},
	    {"[\"jail\", \"workload\", null]", "[\"jail\", null]", "init: the parser takes \"workload\""},
	    {"[\"jail\", \"workload\", null]", "[\"jail\", \"workload\", \"x\"]",
	     "init: the parser does not take \"x\""},
	    {"\"additionalProperties\": false,", "", ": an unknown key is an error"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct walk w = {0};

		walk_text(rows[i].from, rows[i].to, &w);
		if (!w.said.data || !strstr(w.said.data, rows[i].want))
			fail_msg("%s: no '%s' in:%s", rows[i].from, rows[i].want, w.said.data ? w.said.data : "");
		buf_free(&w.said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(same_keys),
	    cmocka_unit_test(controls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
