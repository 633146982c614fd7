/* SPDX-License-Identifier: Apache-2.0 */
#include "field.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

size_t line_of(const struct reader *rd, const struct json *v)
{
	return json_line(rd->sources ? rd->sources[v->source].text : rd->text, v->offset);
}

int bad(const struct reader *rd, const struct json *v, struct err *e, int code, const char *fmt, ...)
{
	char what[sizeof(e->text)] = "";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap); /* NOLINT(clang-analyzer-valist.Uninitialized): it is, above */
	va_end(ap);
	if (rd->culprit)
		*rd->culprit = v;
	if (rd->strict)
		return err_set(e, code, "line %zu: %s", line_of(rd, v), what);
	return err_set(e, code, "%s", what);
}

int err_index(struct err *e, const struct json *list, const struct json *element)
{
	size_t i = 0;

	for (const struct json *j = list->first; j != element; j = j->next)
		i += j->source == element->source;
	return err_ctx(e, "[%zu]", i);
}

struct shown shown(const char *s)
{
	struct shown r;
	size_t n = strnlen(s, sizeof(r.s));
	bool cut = n == sizeof(r.s);

	if (cut)
		for (n = sizeof(r.s) - 4; n && ((unsigned char)s[n] & 0xc0) == 0x80;) /* not inside a character */
			n--;
	for (size_t i = 0; i < n; i++)
		r.s[i] = (unsigned char)s[i] < 0x20 || s[i] == 0x7f ? '?' : s[i];
	snprintf(r.s + n, sizeof(r.s) - n, "%s", cut ? "..." : "");
	return r;
}

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "no memory left");
}

static int wrong_type(const struct reader *rd, const struct json *v, const char *want, struct err *e)
{
	return bad(rd, v, e, EINVAL, "must be %s, not %s", want, json_type_name(v->type));
}

/* ---- numbers ---- */

static bool is_integer(const char *s)
{
	s += *s == '-';
	return s[strspn(s, "0123456789")] == '\0';
}

static int out_of_range(struct reader *rd, const struct field *f, const struct json *v, struct err *e)
{
	if (f->min < 0)
		return bad(rd, v, e, EINVAL, "must be an integer from %" PRId64 " to %" PRIu64 ", not %s", f->min,
			   f->max, shown(v->text).s);
	return bad(rd, v, e, EINVAL, "must be an integer from %" PRIu64 " to %" PRIu64 ", not %s", (uint64_t)f->min,
		   f->max, shown(v->text).s);
}

/* An integer of either sign, as sign and magnitude. */
static int get_number(struct reader *rd, const struct field *f, const struct json *v, bool *ret_negative,
		      uint64_t *ret_magnitude, struct err *e)
{
	uint64_t m;
	bool negative;

	if (v->type != JSON_NUMBER)
		return wrong_type(rd, v, "an integer", e);
	if (!is_integer(v->text))
		return bad(rd, v, e, EINVAL, "must be an integer, not %s", shown(v->text).s);
	negative = v->text[0] == '-';
	if (parse_u64(v->text + negative, 10, &m) < 0)
		return out_of_range(rd, f, v, e);
	negative = negative && m;
	if (negative ? f->min >= 0 || m > 0 - (uint64_t)f->min : m > f->max || (f->min > 0 && m < (uint64_t)f->min))
		return out_of_range(rd, f, v, e);
	*ret_negative = negative;
	*ret_magnitude = m;
	return 0;
}

static int get_signed(struct reader *rd, const struct field *f, const struct json *v, int64_t *ret, struct err *e)
{
	uint64_t m = 0;
	bool negative = false;
	int r = get_number(rd, f, v, &negative, &m, e);

	if (r == 0)
		*ret = (int64_t)(negative ? 0 - m : m);
	return r;
}

PARSER(get_int)
{
	int64_t n;
	int r = get_signed(rd, f, v, &n, e);

	if (r == 0)
		*(int *)field_at(obj, f->at) = (int)n;
	return r;
}

PARSER(get_i64)
{
	return get_signed(rd, f, v, field_at(obj, f->at), e);
}

PARSER(get_opt_i64)
{
	struct opt_i64 *o = field_at(obj, f->at);
	int r = get_signed(rd, f, v, &o->v, e);

	o->set = r == 0;
	return r;
}

PARSER(get_u64)
{
	bool negative;

	return get_number(rd, f, v, &negative, field_at(obj, f->at), e);
}

PARSER(get_opt_u64)
{
	struct opt_u64 *o = field_at(obj, f->at);
	bool negative;
	int r = get_number(rd, f, v, &negative, &o->v, e);

	o->set = r == 0;
	return r;
}

PARSER(get_u32)
{
	uint64_t n;
	bool negative;
	int r = get_number(rd, f, v, &negative, &n, e);

	if (r == 0)
		*(uint32_t *)field_at(obj, f->at) = (uint32_t)n;
	return r;
}

PARSER(get_u32s)
{
	uint32_t **list = field_at(obj, f->at);
	size_t *n = field_at(obj, f->n_at);
	uint64_t value = 0;
	bool negative;

	if (v->type != JSON_ARRAY)
		return wrong_type(rd, v, "an array of integers", e);
	*list = arena_alloc(rd->arena, (v->count + 1) * sizeof(**list));
	if (!*list)
		return no_memory(e);
	*n = 0;
	for (const struct json *j = v->first; j; j = j->next) {
		int r = get_number(rd, f, j, &negative, &value, e);

		if (r < 0)
			return err_index(e, v, j);
		(*list)[(*n)++] = (uint32_t)value;
	}
	return 0;
}

/* ---- booleans ---- */

PARSER(get_bool)
{
	if (v->type != JSON_BOOL)
		return wrong_type(rd, v, "true or false", e);
	*(bool *)field_at(obj, f->at) = v->truth;
	return 0;
}

PARSER(get_opt_bool)
{
	struct opt_bool *o = field_at(obj, f->at);

	if (v->type != JSON_BOOL)
		return wrong_type(rd, v, "true or false", e);
	*o = (struct opt_bool){true, v->truth};
	return 0;
}

/* ---- strings ---- */

static const struct word *find_word(const struct word *w, const char *s)
{
	while (w->name && !str_eq(w->name, s))
		w++;
	return w->name ? w : NULL;
}

/* What somebody meant who wrote s, or NULL: a word with its letters swapped, in another case, or cut off at either end. */
static const char *nearest_word(const struct word *w, const char *s)
{
	const char *near = NULL;
	size_t least = SIZE_MAX, len = strlen(s);

	for (; w->name; w++) {
		size_t n = strlen(w->name);

		if (strcasecmp(s, w->name) == 0)
			return w->name;
		if (str_nearer(s, w->name, &least) ||
		    (!near && len > 2 && len < n &&
		     (strncasecmp(s, w->name, len) == 0 || strcasecmp(s, w->name + n - len) == 0)))
			near = w->name;
	}
	return near;
}

static int not_a_word(const struct reader *rd, const struct word *w, const struct json *v, struct err *e)
{
	const char *near = nearest_word(w, v->text);
	char list[600];
	size_t n = 0;

	for (list[0] = '\0'; w->name && n < sizeof(list) - 1; w++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "", w->name);
	return bad(rd, v, e, EINVAL, "must be one of %s, not \"%s\"%s%s%s", list, shown(v->text).s,
		   near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

/* The string v, checked against what the field asks of each string. */
static int check_string(struct reader *rd, const struct field *f, const struct json *v, struct err *e)
{
	if (v->type != JSON_STRING)
		return wrong_type(rd, v, "a string", e);
	if (f->words && !find_word(f->words, v->text))
		return not_a_word(rd, f->words, v, e);
	if (f->pattern && !f->pattern->ok(v->text))
		return bad(rd, v, e, EINVAL, "must be %s, not \"%s\"", f->pattern->what, shown(v->text).s);
	return 0;
}

PARSER(get_string)
{
	size_t len;
	int r;

	if (v->type == JSON_STRING && !v->text[0] && !rd->strict) {
		if (f->required)
			return bad(rd, v, e, EINVAL, "must not be empty");
		return 0; /* how engines in Go write what they do not want */
	}
	r = check_string(rd, f, v, e);
	if (r < 0)
		return r;
	len = strlen(v->text);
	if (len < (uint64_t)f->min)
		return bad(rd, v, e, EINVAL, "must not be empty");
	if (f->max && len > f->max)
		return bad(rd, v, e, EINVAL, "must have %" PRIu64 " characters at the most, not %zu", f->max, len);
	*(char **)field_at(obj, f->at) = v->text;
	return 0;
}

static int word_value(struct reader *rd, const struct field *f, const struct json *v, int64_t *ret, struct err *e)
{
	int r = check_string(rd, f, v, e);

	if (r == 0)
		*ret = find_word(f->words, v->text)->value;
	return r;
}

PARSER(get_word)
{
	int64_t value;
	int r = word_value(rd, f, v, &value, e);

	if (r == 0)
		*(int *)field_at(obj, f->at) = (int)value;
	return r;
}

PARSER(get_word_char)
{
	int64_t value;
	int r;

	if (v->type == JSON_STRING && !v->text[0] && !f->required)
		return 0;
	r = word_value(rd, f, v, &value, e);
	if (r == 0)
		*(char *)field_at(obj, f->at) = (char)value;
	return r;
}

PARSER(get_word_bits)
{
	uint64_t *bits = field_at(obj, f->at);
	int64_t value = 0;

	if (v->type != JSON_ARRAY)
		return wrong_type(rd, v, "an array of strings", e);
	for (const struct json *j = v->first; j; j = j->next) {
		int r = word_value(rd, f, j, &value, e);

		if (r < 0)
			return err_index(e, v, j);
		*bits |= (uint64_t)value;
	}
	return 0;
}

PARSER(get_bits)
{
	struct err own = {0};
	int r;

	if (v->type != JSON_STRING)
		return wrong_type(rd, v, "a string", e);
	if (!v->text[0])
		return 0;
	r = bits_parse(v->text, rd->arena, field_at(obj, f->at), &own);
	return r < 0 ? bad(rd, v, e, r == -ENOMEM ? ENOMEM : EINVAL, "%s", own.text) : 0;
}

PARSER(get_strv)
{
	struct strv *list = field_at(obj, f->at);

	if (v->type != JSON_ARRAY)
		return wrong_type(rd, v, "an array of strings", e);
	if (v->count < (uint64_t)f->min)
		return bad(rd, v, e, EINVAL, "must have at least one entry");
	list->n = 0;
	list->v = arena_alloc(rd->arena, (v->count + 1) * sizeof(char *));
	if (!list->v)
		return no_memory(e);
	for (const struct json *j = v->first; j; j = j->next) {
		static char nothing[] = "";
		int r = j->wrong ? 0 : check_string(rd, f, j, e);

		if (r < 0)
			return err_index(e, v, j);
		list->v[list->n++] = j->wrong ? nothing : j->text;
	}
	return 0;
}

int get_strv_each(struct reader *rd, const struct field *f, const struct json *v, struct strv *ret,
		  each_string_fn *each, void *arg, struct err *e)
{
	struct field strings = *f;
	size_t i = 0;
	int r;

	strings.at = 0;
	r = get_strv(rd, &strings, v, ret, e);
	if (r < 0)
		return r;
	for (const struct json *j = v->first; j; j = j->next, i++)
		if (!j->wrong && each(rd, f, j, ret->v[i], arg, e) < 0)
			return err_index(e, v, j);
	return 0;
}

PARSER(get_str_or_strv)
{
	struct strv *list = field_at(obj, f->at);
	int r;

	if (v->type == JSON_ARRAY)
		return get_strv(rd, f, v, obj, e);
	if (v->type != JSON_STRING)
		return wrong_type(rd, v, "a string or an array of strings", e);
	r = check_string(rd, f, v, e);
	if (r < 0)
		return r;
	*list = (struct strv){arena_alloc(rd->arena, 2 * sizeof(char *)), 1};
	if (!list->v)
		return no_memory(e);
	list->v[0] = v->text;
	return 0;
}

PARSER(get_map)
{
	struct spec_map *map = field_at(obj, f->at);

	if (v->type != JSON_OBJECT)
		return wrong_type(rd, v, "an object of strings", e);
	map->n = 0;
	map->v = arena_alloc(rd->arena, (v->count + 1) * sizeof(*map->v));
	if (!map->v)
		return no_memory(e);
	for (const struct json *m = v->first; m; m = m->next) {
		int r = 0;

		if (!f->pattern->ok(m->key))
			r = bad(rd, m, e, EINVAL, "each key must be %s", f->pattern->what);
		else if (m->type != JSON_STRING)
			r = wrong_type(rd, m, "a string", e);
		if (r < 0) {
			err_ctx(e, "[\"%s\"]", shown(m->key).s);
			return r;
		}
		map->v[map->n].value = m->text;
		map->v[map->n].key = arena_strdup(rd->arena, m->key);
		if (!map->v[map->n++].key)
			return no_memory(e);
	}
	return 0;
}

/* ---- objects ---- */

PARSER(get_object)
{
	return read_object(rd, f->table, v, field_at(obj, f->at), e);
}

PARSER(get_objects)
{
	size_t size = f->table->size, *n = field_at(obj, f->n_at);
	char *list;

	if (v->type != JSON_ARRAY)
		return wrong_type(rd, v, "an array of objects", e);
	*n = 0;
	if (!v->count)
		return 0;
	list = arena_alloc(rd->arena, v->count * size);
	if (!list)
		return no_memory(e);
	for (const struct json *j = v->first; j; j = j->next) {
		int r = j->wrong ? 0 : read_object(rd, f->table, j, list + *n * size, e);

		if (r < 0)
			return err_index(e, v, j);
		(*n)++;
	}
	*(void **)field_at(obj, f->at) = list;
	return 0;
}

PARSER(get_object_map)
{
	size_t size = f->table->size, *n = field_at(obj, f->n_at);
	char *list;

	if (v->type != JSON_OBJECT)
		return wrong_type(rd, v, "an object of objects", e);
	*n = 0;
	if (!v->count)
		return 0;
	list = arena_alloc(rd->arena, v->count * size);
	if (!list)
		return no_memory(e);
	for (const struct json *m = v->first; m; m = m->next) {
		char **key = (char **)(void *)(list + *n * size);
		int r =
		    m->key[0] ? read_object(rd, f->table, m, key, e) : bad(rd, m, e, EINVAL, "a key must not be empty");

		if (r < 0) {
			err_ctx(e, "[\"%s\"]", shown(m->key).s);
			return r;
		}
		*key = arena_strdup(rd->arena, m->key);
		if (!*key)
			return no_memory(e);
		(*n)++;
	}
	*(void **)field_at(obj, f->at) = list;
	return 0;
}

/* Known keys that this document may not have. */
static int check_refused(struct reader *rd, const struct table *t, const struct json *m, struct err *e)
{
	for (const struct refused *x = rd->refused; x && x->table; x++) {
		if (x->table != t || !str_eq(x->key, m->key))
			continue;
		bad(rd, m, e, x->code, "%s", x->why);
		err_ctx(e, "%s", m->key);
		return -x->code;
	}
	return 0;
}

static int unknown_key(struct reader *rd, const struct table *t, const struct json *m, struct err *e)
{
	size_t least = SIZE_MAX;
	const char *nearest = "";

	if (t->closed)
		return bad(rd, m, e, EINVAL, "unknown key \"%s\": %s", shown(m->key).s, t->closed);
	for (size_t i = 0; i < t->n && strlen(m->key) < 80; i++) {
		size_t d = str_distance(m->key, t->fields[i].key);

		if (d < least) {
			least = d;
			nearest = t->fields[i].key;
		}
	}
	return bad(rd, m, e, EINVAL, "unknown key \"%s\"; the nearest known key is \"%s\"", shown(m->key).s,
		   *nearest ? nearest : t->fields[0].key);
}

/* Finds the value of each field of the table; NULL where there is none. */
static int find_fields(struct reader *rd, const struct table *t, const struct json *v, const struct json **found,
		       struct err *e)
{
	for (const struct json *m = v->first; m; m = m->next) {
		int r = m->wrong ? 0 : check_refused(rd, t, m, e);
		size_t i = 0;

		while (i < t->n && !str_eq(t->fields[i].key, m->key))
			i++;
		if (r == 0 && i == t->n && !m->wrong && (rd->strict || t->closed))
			r = unknown_key(rd, t, m, e);
		if (r < 0)
			return r;
		if (i == t->n)
			continue;
		if (m->type != JSON_NULL || rd->strict) /* engines in Go write null for what they do not set */
			found[i] = m;
	}
	return 0;
}

/* What one field makes of its value, which may be missing. */
static int read_field(struct reader *rd, const struct field *f, const struct json *v, const struct json *object,
		      void *obj, struct err *e)
{
	int r = 0;

	if (v)
		r = f->parse(rd, f, v, obj, e);
	else if (f->required)
		r = bad(rd, object, e, EINVAL, "is required: add it");
	if (r < 0 && f->called)
		err_before(e, "%s: ", f->called);
	if (r < 0)
		err_ctx(e, "%s", f->key);
	return r;
}

int read_object(struct reader *rd, const struct table *t, const struct json *v, void *obj, struct err *e)
{
	const struct json *found[FIELDS_MAX] = {0};
	bool whole = true;
	int r;

	if (v->type != JSON_OBJECT)
		return wrong_type(rd, v, "an object", e);
	r = find_fields(rd, t, v, found, e);
	if (r < 0)
		return r;
	/* Where all errors are wanted, what is missing comes last: the object counts as read with it. */
	for (int pass = 0; pass < (rd->all ? 2 : 1); pass++)
		for (size_t i = 0; i < t->n && r >= 0; i++) {
			if (found[i] && found[i]->wrong)
				whole = false;
			else if (!rd->all || pass == (found[i] == NULL))
				r = read_field(rd, &t->fields[i], found[i], v, obj, e);
		}
	if (r < 0)
		return r;
	if (t->set_at)
		*(bool *)field_at(obj, t->set_at - 1) = true;
	return t->check && whole ? t->check(rd, v, obj, e) : 0;
}

void err_document(struct err *e, const struct err *own, const char *name)
{
	if (!e || e->code)
		return;
	*e = *own;
	snprintf(e->path, sizeof(e->path), "%s%s%.*s", name, own->path[0] ? ": " : "",
		 (int)(sizeof(e->path) - 1 - strnlen(name, sizeof(e->path) - 3)), own->path);
}

int read_document(struct reader *rd, const struct table *t, const char *text, size_t len, const char *name, void *obj,
		  struct err *e)
{
	struct arena nodes = {0};
	struct err own = {0}; /* an error that e has already must not get this path */
	const struct json *root;
	int r;

	rd->text = text;
	r = json_parse(text, len, rd->strict ? JSON_COMMENTS | JSON_STRICT : 0, &nodes, rd->arena, &root, &own);
	if (r == 0)
		r = read_object(rd, t, root, obj, &own);
	arena_free(&nodes);
	if (r < 0)
		err_document(e, &own, name);
	return r;
}

/* ---- patterns ---- */

static bool is_absolute(const char *s)
{
	return s[0] == '/';
}

static bool is_one_line(const char *s)
{
	return !strchr(s, '\n');
}

static bool is_cpu_list(const char *s)
{
	return s[strspn(s, "0123456789,- ")] == '\0';
}

static bool is_filled(const char *s)
{
	return s[0] != '\0';
}

const struct pattern absolute_path = {is_absolute, "an absolute path"};
const struct pattern one_line = {is_one_line, "a single line"};
const struct pattern cpu_list = {is_cpu_list, "a list of numbers and ranges such as \"0-3,7\""};
const struct pattern filled = {is_filled, "a string that is not empty"};
