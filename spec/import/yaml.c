/* SPDX-License-Identifier: Apache-2.0 */
/* YAML as the text of JSON, so that one walker reads both. Built with libyaml where it is there (configure --with-yaml). Anchors and tags
 * are refused: nobody writes them into a policy, and by them a small file becomes a large one. */
#include "yaml_json.h"

#include <errno.h>
#include <string.h>

#include "base/base.h"

#ifdef HAVE_YAML
#include <yaml.h>

#include "spec/json.h"

struct maker {
	struct jsonw w;
	struct arena *arena;
	bool map[JSON_DEPTH_MAX]; /* of each level: a mapping, not a sequence */
	unsigned int depth;
	const char *key; /* of the value that comes next; NULL in a mapping: a key comes */
	size_t values;
};

static int bad_yaml(const yaml_mark_t *at, struct err *e, const char *what)
{
	return err_set(e, EINVAL, "line %zu: %s", at->line + 1, what);
}

/* A word without quotes may be a number or a truth, in the words of YAML 1.2 and of those who write 1.1. */
static void put_plain(struct maker *m, const char *s)
{
	int64_t n;

	if (!*s || str_eq(s, "~") || str_eq(s, "null"))
		jw_null(&m->w, m->key);
	else if (str_has_word("true True TRUE yes on", s) || str_has_word("false False FALSE no off", s))
		jw_bool(&m->w, m->key, str_has_word("true True TRUE yes on", s));
	else if (parse_i64(s, 10, &n) == 0)
		jw_int(&m->w, m->key, n);
	else
		jw_str(&m->w, m->key, s);
}

static int put_scalar(struct maker *m, const yaml_event_t *v, struct err *e)
{
	const char *s = (const char *)v->data.scalar.value;

	if (strlen(s) != v->data.scalar.length)
		return bad_yaml(&v->start_mark, e, "a NUL in a string");
	if (m->depth && m->map[m->depth - 1] && !m->key) {
		m->key = arena_strdup(m->arena, s);
		return m->key ? 0 : err_set(e, ENOMEM, "no memory left");
	}
	if (v->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		put_plain(m, s);
	else
		jw_str(&m->w, m->key, s);
	m->key = NULL;
	return 0;
}

static int open_level(struct maker *m, const yaml_event_t *v, bool map, struct err *e)
{
	if (m->depth && m->map[m->depth - 1] && !m->key)
		return bad_yaml(&v->start_mark, e, "a key is a word");
	if (m->depth == JSON_DEPTH_MAX)
		return bad_yaml(&v->start_mark, e, "too deep");
	(map ? jw_object : jw_array)(&m->w, m->key);
	m->map[m->depth++] = map;
	m->key = NULL;
	return 0;
}

static bool is_marked(const yaml_event_t *v)
{
	switch (v->type) {
	case YAML_SCALAR_EVENT:
		return v->data.scalar.anchor || (v->data.scalar.tag && strcmp((char *)v->data.scalar.tag, "!") != 0);
	case YAML_MAPPING_START_EVENT:
		return v->data.mapping_start.anchor || v->data.mapping_start.tag;
	case YAML_SEQUENCE_START_EVENT:
		return v->data.sequence_start.anchor || v->data.sequence_start.tag;
	default:
		return v->type == YAML_ALIAS_EVENT;
	}
}

/* Returns 1 at the end. */
static int take(struct maker *m, const yaml_event_t *v, struct err *e)
{
	if (is_marked(v))
		return bad_yaml(&v->start_mark, e, "anchors, aliases and tags are not read; write it out");
	if (++m->values > JSON_VALUES_MAX)
		return bad_yaml(&v->start_mark, e, "too many values");
	switch (v->type) {
	case YAML_SCALAR_EVENT:
		return put_scalar(m, v, e);
	case YAML_MAPPING_START_EVENT:
		return open_level(m, v, true, e);
	case YAML_SEQUENCE_START_EVENT:
		return open_level(m, v, false, e);
	case YAML_MAPPING_END_EVENT:
		m->depth--;
		jw_object_end(&m->w);
		return 0;
	case YAML_SEQUENCE_END_EVENT:
		m->depth--;
		jw_array_end(&m->w);
		return 0;
	case YAML_DOCUMENT_END_EVENT:
		return 1;
	default:
		return 0;
	}
}

int yaml_to_json(const char *text, size_t len, struct arena *a, struct buf *out, struct err *e)
{
	struct maker m = {.w = {.out = out}, .arena = a};
	yaml_parser_t p;
	int r = 0;

	if (!yaml_parser_initialize(&p))
		return err_set(e, ENOMEM, "no memory left");
	yaml_parser_set_input_string(&p, (const unsigned char *)text, len);
	while (r == 0) {
		yaml_event_t v;

		if (!yaml_parser_parse(&p, &v)) {
			r = bad_yaml(&p.problem_mark, e, p.problem ? p.problem : "no YAML");
			break;
		}
		r = v.type == YAML_STREAM_END_EVENT ? 1 : take(&m, &v, e);
		yaml_event_delete(&v);
	}
	yaml_parser_delete(&p);
	if (r < 0)
		return r;
	return out->failed ? err_set(e, ENOMEM, "no memory left") : 0;
}
#else
int yaml_to_json(const char *text, size_t len, struct arena *a, struct buf *out, struct err *e)
{
	(void)text;
	(void)len;
	(void)a;
	(void)out;
	return err_set(
	    e, ENOTSUP,
	    "this jailrun reads no YAML: build it with configure --with-yaml (package libyaml-dev), or write the "
	    "file as JSON");
}
#endif
