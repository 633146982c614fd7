/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's daemon.json. A change is one of its text: the tree says what is there, and a walk along the text where, so that all else
 * stays as it was written. */
#include <errno.h>
#include <string.h>

#include "spec/engine/engine.h"
#include "spec/json.h"

/* ---- where things are, in a text that is known to be JSON ---- */

static size_t skip_space(const char *s, size_t i)
{
	return i + strspn(s + i, " \t\r\n");
}

static size_t skip_string(const char *s, size_t i)
{
	for (i++; s[i] != '"'; i++)
		i += s[i] == '\\';
	return i + 1;
}

static size_t skip_value(const char *s, size_t i)
{
	size_t depth = 0;

	do {
		if (s[i] == '"') {
			i = skip_string(s, i);
			continue;
		}
		if (!strchr("{}[]", s[i])) {
			i += depth ? 1 : strcspn(s + i, ",]} \t\r\n");
			continue;
		}
		if (s[i] == '{' || s[i] == '[')
			depth++;
		else
			depth--;
		i++;
	} while (depth);
	return i;
}

/* A member in its object: what is before it since the bracket or the comma, its key, its value. */
struct place {
	size_t before, key, value, end;
};

/* object: where its bracket is. */
static struct place find_place(const char *s, size_t object, size_t index)
{
	struct place p = {.before = object + 1};

	for (;; index--) {
		p.key = skip_space(s, p.before);
		p.value = skip_space(s, skip_space(s, skip_string(s, p.key)) + 1);
		p.end = skip_value(s, p.value);
		if (index == 0)
			return p;
		p.before = skip_space(s, p.end) + 1;
	}
}

static size_t index_of(const struct json *object, const struct json *member)
{
	size_t n = 0;

	for (const struct json *m = object->first; m != member; m = m->next)
		n++;
	return n;
}

/* ---- a change ---- */

/* How the document is laid out. */
struct layout {
	const char *eol; /* "" on a single line */
	char unit[32];   /* one step of indentation */
};

static void layout_of(const char *s, const struct json *root, struct layout *ret)
{
	const size_t start = skip_space(s, 0) + 1, key = skip_space(s, start);
	const char *line = memrchr(s + start, '\n', key - start);
	size_t len;

	*ret = (struct layout){.eol = memchr(s + start, '\r', key - start) ? "\r\n" : "\n", .unit = "  "};
	if (!root->count)
		return;
	if (!line) {
		ret->eol = "";
		ret->unit[0] = '\0';
		return;
	}
	len = (size_t)(s + key - line) - 1;
	if (len < sizeof(ret->unit)) {
		memcpy(ret->unit, line + 1, len);
		ret->unit[len] = '\0';
	}
}

static void new_line(const struct layout *l, size_t depth, struct buf *out)
{
	buf_str(out, l->eol);
	for (size_t i = 0; i < depth; i++)
		buf_str(out, l->unit);
}

/* value is JSON as jsonw writes it with an indentation of 1. */
static void add_value(const char *value, const struct layout *l, size_t depth, struct buf *out)
{
	for (; *value; value++) {
		if (*value != '\n') {
			buf_add(out, value, 1);
			continue;
		}
		if (!*l->eol && value[-1] == ',')
			buf_str(out, " ");
		new_line(l, depth + strspn(value + 1, " "), out);
		value += strspn(value + 1, " ");
	}
}

static bool equal(const struct json *a, const struct json *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == JSON_STRING || a->type == JSON_NUMBER)
		return str_eq(a->text, b->text);
	if (a->type == JSON_BOOL)
		return a->truth == b->truth;
	if (a->type == JSON_NULL)
		return true;
	a = a->first;
	for (b = b->first; a && b; a = a->next, b = b->next)
		if (!str_eq(a->key, b->key) || !equal(a, b))
			return false;
	return !a && !b;
}

static int parse(const char *text, size_t len, struct arena *a, const struct json **ret, struct err *e)
{
	int r = json_parse(text, len, JSON_STRICT, a, a, ret, e);

	if (r == 0 && (*ret)->type != JSON_OBJECT)
		return err_set(e, EINVAL, "line %zu: must be an object, not %s", json_line(text, (*ret)->offset),
			       json_type_name((*ret)->type));
	return r;
}

static void add_member(const char *key, const char *value, const struct layout *l, size_t depth, struct buf *out)
{
	struct jsonw w = {.out = out};

	jw_str(&w, NULL, key);
	buf_str(out, ": ");
	add_value(value, l, depth, out);
}

/* Puts a member into an object that has none of that name. */
static void insert(const char *s, size_t object, const struct json *node, const struct layout *l, size_t depth,
		   const char *key, const char *value, struct buf *out)
{
	size_t at = node->count ? find_place(s, object, node->count - 1).end : object + 1;

	buf_add(out, s, at);
	if (node->count)
		buf_str(out, ",");
	if (node->count && !*l->eol)
		buf_str(out, " ");
	new_line(l, depth, out);
	add_member(key, value, l, depth, out);
	if (!node->count) {
		new_line(l, depth - 1, out);
		at = skip_space(s, at);
	}
	buf_str(out, s + at);
}

static void cut(const char *s, size_t object, const struct json *node, const struct json *member, struct buf *out)
{
	size_t index = index_of(node, member);
	struct place p = find_place(s, object, index);
	size_t from = index ? find_place(s, object, index - 1).end : p.before;
	size_t to = index ? p.end : node->count > 1 ? skip_space(s, p.end) + 1 : skip_space(s, p.end);

	buf_add(out, s, from);
	buf_str(out, s + to);
}

/* The member parent.key (parent NULL: of the document itself) gets the value, or is cut out (NULL), with a parent that
 * it leaves empty. */
static int set_member(const char *s, size_t len, const char *parent, const char *key, const char *value,
		      struct arena *a, struct buf *out, struct err *e)
{
	const struct json *root, *node, *member, *wanted;
	size_t object = skip_space(s, 0);
	AUTO_BUF nested = {0};
	struct layout l;
	int r = parse(s, len, a, &root, e);

	if (r < 0)
		return r;
	layout_of(s, root, &l);
	node = parent ? json_get(root, parent) : root;
	member = node ? json_get(node, key) : NULL;
	if (node && node->type != JSON_OBJECT) {
		err_set(e, EINVAL, "must be an object, not %s", json_type_name(node->type));
		return err_ctx(e, "line %zu: %s", json_line(s, node->offset), parent);
	}
	if (value && (r = json_parse(value, strlen(value), 0, a, a, &wanted, e)) < 0)
		return r;
	if (value ? member && equal(member, wanted) : !member) {
		buf_str(out, s);
		return 0;
	}
	if (!value && parent && node->count == 1) {
		cut(s, object, root, node, out);
		return 0;
	}
	if (!node) {
		buf_str(&nested, "{\n ");
		add_member(key, value, &(struct layout){.eol = "\n", .unit = " "}, 1, &nested);
		buf_str(&nested, "\n}");
		insert(s, object, root, &l, 1, parent, nested.data, out);
		return nested.failed ? err_set(e, ENOMEM, "out of memory") : 0;
	}
	if (parent)
		object = find_place(s, object, index_of(root, node)).value;
	if (!value) {
		cut(s, object, node, member, out);
	} else if (!member) {
		insert(s, object, node, &l, parent ? 2 : 1, key, value, out);
	} else {
		struct place p = find_place(s, object, index_of(node, member));

		buf_add(out, s, p.value);
		add_value(value, &l, parent ? 2 : 1, out);
		buf_str(out, s + p.end);
	}
	return 0;
}

static bool is_blank(const char *text)
{
	return !text[strspn(text, " \t\r\n")];
}

int engine_json_change(const char *text, size_t len, const struct spec_engine_edit *edit, struct arena *a,
		       struct buf *out, struct err *e)
{
	AUTO_BUF entry = {0}, quoted = {0}, first = {0};
	struct jsonw w = {.out = &entry, .indent = 1}, q = {.out = &quoted};
	struct spec_engine_config now = {0};
	int r;

	if (is_blank(text)) {
		text = edit->path ? "{}\n" : text;
		len = strlen(text);
	}
	r = engine_json_parse(text, len, a, &now, e);
	if (r < 0)
		return r;
	if (is_blank(text)) { /* nothing to take out of it */
		buf_str(out, text);
		return 0;
	}
	jw_object(&w, NULL);
	jw_str(&w, "path", edit->path);
	if (edit->args.n)
		jw_strv(&w, "runtimeArgs", &edit->args);
	jw_object_end(&w);
	jw_str(&q, NULL, edit->name);
	r = set_member(text, len, "runtimes", edit->name, edit->path ? entry.data : NULL, a, &first, e);
	if (r < 0)
		return r;
	if (!first.data || first.failed || entry.failed || quoted.failed)
		return err_set(e, ENOMEM, "out of memory");
	if (edit->path ? edit->make_default : str_eq(now.default_runtime, edit->name))
		return set_member(first.data, first.len, NULL, "default-runtime", edit->path ? quoted.data : NULL, a,
				  out, e);
	buf_add(out, first.data, first.len);
	return 0;
}

/* ---- reading ---- */

static char *string_of(const struct json *object, const char *key)
{
	const struct json *m = json_get(object, key);

	return m && m->type == JSON_STRING ? m->text : NULL;
}

static int read_runtime(const char *text, const struct json *m, struct arena *a, struct spec_engine_runtime *r,
			struct err *e)
{
	const struct json *args = json_get(m, "runtimeArgs"), *options = json_get(m, "options");

	*r = (struct spec_engine_runtime){
	    .name = (char *)m->key, .path = string_of(m, "path"), .line = json_line(text, m->offset)};
	if (!r->path && options)
		r->path = string_of(options, "BinaryName");
	if (!args || args->type != JSON_ARRAY)
		return 0;
	r->args.v = arena_alloc(a, (args->count + 1) * sizeof(*r->args.v));
	if (!r->args.v)
		return err_set(e, ENOMEM, "out of memory");
	for (const struct json *x = args->first; x; x = x->next)
		if (x->type == JSON_STRING)
			r->args.v[r->args.n++] = x->text;
	return 0;
}

int engine_json_parse(const char *text, size_t len, struct arena *a, struct spec_engine_config *ret, struct err *e)
{
	const struct json *root, *runtimes;
	int r;

	if (is_blank(text)) /* as Docker takes it */
		return 0;
	r = parse(text, len, a, &root, e);
	if (r < 0)
		return r;
	ret->default_runtime = string_of(root, "default-runtime");
	runtimes = json_get(root, "runtimes");
	if (!runtimes || runtimes->type != JSON_OBJECT)
		return 0;
	ret->runtimes = arena_alloc(a, (runtimes->count + 1) * sizeof(*ret->runtimes));
	if (!ret->runtimes)
		return err_set(e, ENOMEM, "out of memory");
	for (const struct json *m = runtimes->first; r == 0 && m; m = m->next)
		r = read_runtime(text, m, a, &ret->runtimes[ret->n_runtimes++], e);
	return r;
}
