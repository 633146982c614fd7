/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "spec.h"

struct parser {
	const char *text;
	size_t len;
	unsigned int flags;
	struct arena *nodes, *strings;
	yajl_handle yajl;
	struct json *open[JSON_DEPTH_MAX];  /* the arrays and objects around the next value */
	struct json **tail[JSON_DEPTH_MAX]; /* where the next element of each goes */
	struct json *root;
	const char *key; /* of the next member */
	size_t depth, values;
	struct err *e;
};

size_t json_line(const char *text, size_t offset)
{
	size_t line = 1;

	for (size_t i = 0; i < offset; i++)
		line += text[i] == '\n';
	return line;
}

static int fail_at(struct parser *p, size_t offset, int code, const char *what)
{
	size_t start = offset;

	while (start && p->text[start - 1] != '\n')
		start--;
	return err_set(p->e, code, "line %zu, column %zu: %s", json_line(p->text, offset), offset - start + 1, what);
}

/* ---- what yajl lets through: checked in one pass before it ---- */

/* The length of the well-formed UTF-8 sequence of two bytes or more at s (RFC 3629), or 0. */
static size_t utf8_len(const unsigned char *s, size_t left)
{
	static const struct {
		unsigned char first, last, low, high; /* lead bytes, and the bounds of the second byte */
		size_t len;
	} form[] = {
	    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
	    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
	    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < ARRAY_LEN(form); i++) {
		if (s[0] < form[i].first || s[0] > form[i].last)
			continue;
		if (left < form[i].len || s[1] < form[i].low || s[1] > form[i].high)
			return 0;
		for (size_t k = 2; k < form[i].len; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return form[i].len;
	}
	return 0;
}

/* The value of a \uXXXX at s, or -1. */
static int unicode_escape(const char *s, size_t left)
{
	int v = 0;

	if (left < 6 || s[0] != '\\' || s[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int c = (unsigned char)s[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;

		if (digit < 0)
			return -1;
		v = v * 16 + digit;
	}
	return v;
}

/* The escape at i: sets *ret_len. yajl would replace half a pair silently, and C strings end at U+0000. */
static int check_escape(struct parser *p, size_t i, size_t *ret_len)
{
	const char *s = p->text + i;
	size_t left = p->len - i;
	int c;

	*ret_len = 2;
	if (left < 2 || s[1] != 'u')
		return 0;
	c = unicode_escape(s, left);
	if (c < 0)
		return fail_at(p, i, EINVAL, "\\u without four hexadecimal digits");
	if (c == 0)
		return fail_at(p, i, EINVAL, "a string with a NUL byte (\\u0000)");
	*ret_len = 6;
	if (c >= 0xd800 && c <= 0xdbff) {
		int low = unicode_escape(s + 6, left - 6);

		if (low < 0xdc00 || low > 0xdfff)
			return fail_at(p, i, EINVAL, "half of a surrogate pair");
		*ret_len = 12;
	} else if (c >= 0xdc00 && c <= 0xdfff) {
		return fail_at(p, i, EINVAL, "half of a surrogate pair");
	}
	return 0;
}

/* Where the comment that begins at i ends. yajl takes an open one at the end of the text for white space. */
static int find_comment(struct parser *p, size_t i, size_t *ret_end)
{
	const char *s = p->text + i, *end = NULL;
	size_t left = p->len - i;

	if (left >= 2 && s[1] == '/') {
		end = memchr(s, '\n', left);
		*ret_end = end ? (size_t)(end - p->text) + 1 : p->len;
		return 0;
	}
	if (left >= 2 && s[1] == '*')
		end = memmem(s + 2, left - 2, "*/", 2);
	if (!end)
		return fail_at(p, i, EINVAL, "not valid JSON: a comment without its end");
	*ret_end = (size_t)(end - p->text) + 2;
	return 0;
}

/* The next byte that check_text has to look at: most are none. */
static size_t skip_plain(const struct parser *p, size_t i)
{
	static const bool special[256] = {['"'] = true, ['\\'] = true, ['/'] = true, [0x80 ... 0xff] = true};
	const unsigned char *s = (const unsigned char *)p->text;

	while (i < p->len && !special[s[i]])
		i++;
	return i;
}

static int check_text(struct parser *p)
{
	size_t comment = 0; /* we are in one up to there */
	bool in_string = false;

	for (size_t i = skip_plain(p, 0), len; i < p->len; i = skip_plain(p, i + len)) {
		unsigned char c = (unsigned char)p->text[i];
		int r = 0;

		len = 1;
		if (c >= 0x80) {
			len = utf8_len((const unsigned char *)p->text + i, p->len - i);
			if (!len)
				r = fail_at(p, i, EINVAL, "invalid UTF-8");
		} else if (i < comment) {
			continue;
		} else if (c == '"') {
			in_string = !in_string;
		} else if (in_string && c == '\\') {
			r = check_escape(p, i, &len);
		} else if (!in_string && c == '/' && (p->flags & JSON_COMMENTS)) {
			r = find_comment(p, i, &comment);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- yajl's callbacks build the tree; they return 0 to stop ---- */

static int stop(struct parser *p, int code, const char *what)
{
	fail_at(p, yajl_get_bytes_consumed(p->yajl), code, what);
	return 0;
}

static struct json *add(struct parser *p, enum json_type type)
{
	struct json *j;

	if (p->values++ >= JSON_VALUES_MAX) {
		stop(p, EFBIG, "too many values");
		return NULL;
	}
	j = arena_alloc(p->nodes, sizeof(*j));
	if (!j) {
		err_set(p->e, ENOMEM, "no memory left");
		return NULL;
	}
	j->type = type;
	j->key = p->key;
	j->offset = (uint32_t)yajl_get_bytes_consumed(p->yajl);
	p->key = NULL;
	if (p->depth) {
		*p->tail[p->depth - 1] = j;
		p->tail[p->depth - 1] = &j->next;
		p->open[p->depth - 1]->count++;
	} else {
		p->root = j;
	}
	return j;
}

static int on_null(void *arg)
{
	return add(arg, JSON_NULL) != NULL;
}

static int on_bool(void *arg, int value)
{
	struct json *j = add(arg, JSON_BOOL);

	if (j)
		j->truth = value != 0;
	return j != NULL;
}

static int add_text(struct parser *p, enum json_type type, struct arena *a, const char *s, size_t len)
{
	struct json *j = add(p, type);

	if (!j)
		return 0;
	j->text = arena_strndup(a, s, len);
	if (!j->text)
		err_set(p->e, ENOMEM, "no memory left");
	return j->text != NULL;
}

static int on_number(void *arg, const char *s, size_t len)
{
	struct parser *p = arg;

	return add_text(p, JSON_NUMBER, p->nodes, s, len);
}

static int on_string(void *arg, const unsigned char *s, size_t len)
{
	struct parser *p = arg;

	return add_text(p, JSON_STRING, p->strings, (const char *)s, len);
}

static int on_key(void *arg, const unsigned char *s, size_t len)
{
	struct parser *p = arg;

	p->key = arena_strndup(p->nodes, (const char *)s, len);
	if (!p->key)
		err_set(p->e, ENOMEM, "no memory left");
	return p->key != NULL;
}

static int open_nest(struct parser *p, enum json_type type)
{
	struct json *j;

	if (p->depth == JSON_DEPTH_MAX)
		return stop(p, EINVAL, "nested too deeply");
	j = add(p, type);
	if (!j)
		return 0;
	p->open[p->depth] = j;
	p->tail[p->depth++] = &j->first;
	return 1;
}

static int on_object(void *arg)
{
	return open_nest(arg, JSON_OBJECT);
}

static int on_array(void *arg)
{
	return open_nest(arg, JSON_ARRAY);
}

static int on_array_end(void *arg)
{
	struct parser *p = arg;

	p->depth--;
	return 1;
}

static uint32_t hash(const char *s)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

/* Takes the members of an object out that a later one of the same name replaces. slots: a power of two, empty, more
 * than there are members. Returns the second member of a name when there is one, else NULL. */
static const struct json *drop_duplicates(struct json *o, struct json **slot, size_t slots)
{
	const struct json *twice = NULL;

	for (struct json *m = o->first; m; m = m->next) {
		size_t i = hash(m->key) & (slots - 1);

		while (slot[i] && !str_eq(slot[i]->key, m->key))
			i = (i + 1) & (slots - 1);
		if (slot[i]) {
			slot[i]->key = NULL;
			if (!twice)
				twice = m;
		}
		slot[i] = m;
	}
	if (!twice)
		return NULL;
	for (struct json **at = &o->first; *at;) {
		if ((*at)->key) {
			at = &(*at)->next;
		} else {
			*at = (*at)->next;
			o->count--;
		}
	}
	return twice;
}

static int on_object_end(void *arg)
{
	struct parser *p = arg;
	struct json *o = p->open[--p->depth];
	struct json *few[64] = {0}, **slot = few;
	size_t slots = ARRAY_LEN(few);
	const struct json *twice;

	if (o->count < 2)
		return 1;
	while (slots < 2u * o->count)
		slots *= 2;
	if (slots > ARRAY_LEN(few)) {
		slot = calloc(slots, sizeof(struct json *));
		if (!slot)
			return err_set(p->e, ENOMEM, "no memory left") > 0;
	}
	twice = drop_duplicates(o, slot, slots);
	if (slot != few)
		free(slot);
	if (!twice || !(p->flags & JSON_STRICT))
		return 1;
	err_set(p->e, EINVAL, "line %zu: the key \"%.60s\" is there twice", json_line(p->text, twice->offset),
		twice->key);
	return 0;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_bool,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_object,
    .yajl_map_key = on_key,
    .yajl_end_map = on_object_end,
    .yajl_start_array = on_array,
    .yajl_end_array = on_array_end,
};

/* yajl's own words ("parse error: premature EOF\n"), without the line end. */
static int grammar_error(struct parser *p, size_t offset)
{
	unsigned char *said = yajl_get_error(p->yajl, 0, NULL, 0);
	char what[160];
	int r;

	snprintf(what, sizeof(what), "not valid JSON: %s", said ? (const char *)said : "unknown error");
	if (said)
		yajl_free_error(p->yajl, said);
	what[strcspn(what, "\n")] = '\0';
	r = fail_at(p, offset, EINVAL, what);
	return r;
}

static int run(struct parser *p)
{
	yajl_status status = yajl_parse(p->yajl, (const unsigned char *)p->text, p->len);
	size_t offset = yajl_get_bytes_consumed(p->yajl);

	if (offset) /* yajl stands behind the token that it does not like */
		offset--;
	if (status == yajl_status_ok) {
		status = yajl_complete_parse(p->yajl);
		offset = p->len;
	}
	if (status == yajl_status_client_canceled)
		return -p->e->code;
	if (status != yajl_status_ok || !p->root)
		return grammar_error(p, offset);
	return 0;
}

int json_parse(const char *text, size_t len, unsigned int flags, struct arena *nodes, struct arena *strings,
	       const struct json **ret, struct err *e)
{
	struct err own = {0};
	struct parser p = {.text = text, .len = len, .flags = flags, .nodes = nodes, .strings = strings, .e = &own};
	int r;

	*ret = NULL;
	if (len > SPEC_FILE_MAX)
		return err_set(e, EFBIG, "larger than %u bytes", SPEC_FILE_MAX);
	r = check_text(&p);
	if (r == 0) {
		p.yajl = yajl_alloc(&callbacks, NULL, &p);
		if (!p.yajl)
			return err_set(e, ENOMEM, "no memory left");
		yajl_config(p.yajl, yajl_allow_comments, (flags & JSON_COMMENTS) != 0);
		yajl_config(p.yajl, yajl_dont_validate_strings, 1); /* check_text has, and more strictly */
		r = run(&p);
		yajl_free(p.yajl);
	}
	if (r < 0)
		return err_set(e, own.code, "%s", own.text);
	*ret = p.root;
	return 0;
}

const struct json *json_get(const struct json *object, const char *key)
{
	const struct json *m = object->type == JSON_OBJECT ? object->first : NULL;

	while (m && !str_eq(m->key, key))
		m = m->next;
	return m;
}

const char *json_type_name(enum json_type type)
{
	static const char *const names[] = {
	    [JSON_NULL] = "null",       [JSON_BOOL] = "a boolean", [JSON_NUMBER] = "a number",
	    [JSON_STRING] = "a string", [JSON_ARRAY] = "an array", [JSON_OBJECT] = "an object",
	};

	return names[type];
}
