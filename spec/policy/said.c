/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy's document says, key by key, for who looks at policies. */
#include "said.h"

#include <errno.h>
#include <string.h>

static int no_memory(struct err *e)
{
	return err_set(e, ENOMEM, "no memory left");
}

/* A value as JSON on one line. Of numbers, policies have whole ones only. */
static void write_value(const struct json *v, const char *key, struct jsonw *w)
{
	uint64_t n;

	switch (v->type) {
	case JSON_NULL:
		jw_null(w, key);
		return;
	case JSON_BOOL:
		jw_bool(w, key, v->truth);
		return;
	case JSON_NUMBER:
		if (parse_u64(v->text, 10, &n) == 0)
			jw_uint(w, key, n);
		else
			jw_str(w, key, v->text);
		return;
	case JSON_STRING:
		jw_str(w, key, v->text);
		return;
	case JSON_ARRAY:
		jw_array(w, key);
		break;
	case JSON_OBJECT:
		jw_object(w, key);
		break;
	}
	for (const struct json *j = v->first; j; j = j->next)
		write_value(j, v->type == JSON_OBJECT ? j->key : NULL, w);
	(v->type == JSON_OBJECT ? jw_object_end : jw_array_end)(w);
}

static int add(const struct reader *rd, const char *key, const struct json *v, bool part, struct spec_said_list *ret,
	       struct err *e)
{
	AUTO_BUF text = {0};
	struct jsonw w = {.out = &text};
	struct spec_said *s;

	if (ret->n == ret->room) {
		size_t room = ret->room ? ret->room * 2 : 32;

		s = arena_alloc(rd->arena, room * sizeof(*s));
		if (!s)
			return no_memory(e);
		if (ret->n)
			memcpy(s, ret->v, ret->n * sizeof(*s));
		ret->v = s;
		ret->room = room;
	}
	write_value(v, NULL, &w);
	s = &ret->v[ret->n++];
	*s = (struct spec_said){.key = key, .line = line_of(rd, v), .part = part};
	if (v->source)
		s->of = rd->sources[v->source].name;
	s->text = text.failed || !text.data ? NULL : arena_strdup(rd->arena, text.data);
	return s->text && key ? 0 : no_memory(e);
}

static const struct field *field_of(const struct table *t, const char *key)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_eq(t->fields[i].key, key))
			return &t->fields[i];
	return NULL;
}

static char *below(struct arena *a, const char *prefix, const char *key)
{
	return arena_printf(a, "%s%s%s", prefix, *prefix ? "." : "", key);
}

static int walk(const struct reader *rd, const struct table *t, const char *prefix, const struct json *v,
		struct spec_said_list *ret, struct err *e)
{
	int r = 0;

	for (const struct json *m = v->first; m && r == 0; m = m->next) {
		const struct field *f = field_of(t, m->key);
		const char *key = below(rd->arena, prefix, m->key);
		size_t i = 0;

		if (!key)
			return no_memory(e);
		if (f && f->parse == get_object && m->type == JSON_OBJECT && m->count)
			r = walk(rd, f->table, key, m, ret, e);
		else
			r = add(rd, key, m, false, ret, e);
		if (m->type != JSON_ARRAY)
			continue;
		for (const struct json *j = m->first; j && r == 0; j = j->next)
			r = add(rd, arena_printf(rd->arena, "%s[%zu]", key, i++), j, true, ret, e);
	}
	return r;
}

int said_of(const struct reader *rd, const struct table *t, const struct json *v, struct spec_said_list *ret,
	    struct err *e)
{
	*ret = (struct spec_said_list){0};
	return v->type == JSON_OBJECT ? walk(rd, t, "", v, ret, e) : 0;
}

const struct spec_said *spec_said_find(const struct spec_said_list *l, const char *key, const char *entry)
{
	const size_t len = strlen(key), n = entry ? strlen(entry) : 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct spec_said *s = &l->v[i];

		if (!entry ? str_eq(s->key, key)
			   : s->part && str_starts(s->key, key) && s->key[len] == '[' && strlen(s->text) == n + 2 &&
				 strncmp(s->text + 1, entry, n) == 0)
			return s;
	}
	return NULL;
}

static size_t count(const struct table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->fields[i].parse == get_object ? count(t->fields[i].table) : 1;
	return n;
}

static bool is_refused(const struct refused *x, const struct table *t, const char *key)
{
	while (x->table && (x->table != t || !str_eq(x->key, key)))
		x++;
	return x->table != NULL;
}

static int list_keys(const struct table *t, const struct refused *refused, const char *prefix, struct arena *a,
		     struct strv *ret, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < t->n && r == 0; i++) {
		char *key = below(a, prefix, t->fields[i].key);

		if (!key)
			return no_memory(e);
		if (t->fields[i].parse == get_object)
			r = list_keys(t->fields[i].table, refused, key, a, ret, e);
		else if (!is_refused(refused, t, t->fields[i].key))
			ret->v[ret->n++] = key;
	}
	return r;
}

int said_keys(const struct table *t, const struct refused *refused, struct arena *a, struct strv *ret, struct err *e)
{
	*ret = (struct strv){.v = arena_alloc(a, (count(t) + 1) * sizeof(char *))};
	return ret->v ? list_keys(t, refused, "", a, ret, e) : no_memory(e);
}
