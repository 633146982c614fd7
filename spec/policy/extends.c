/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy extends is laid under it before anything is read of it. So every key can be inherited, and none has to know. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spec/policy/extends.h"

#define KEYS_SQUARE (1u << 24) /* keys of an object by those that it is laid on: each is compared with each */

struct loader {
	struct policy_tree *tree;
	const struct spec_bases *bases;
	struct arena *strings;
	size_t n, n_under, values;
	size_t chain[POLICY_DEPTH]; /* the sources that are being read, the policy's own first */
	size_t depth;
	struct err *e;
};

/* What a document says of itself alone. */
static const char *const own_keys[] = {"$schema", "name", "description", "extends"};

/* Takes the member out of the object. */
static struct json *take(struct json *object, const char *key)
{
	for (struct json **at = &object->first; *at; at = &(*at)->next) {
		struct json *m = *at;

		if (!str_eq(m->key, key))
			continue;
		*at = m->next;
		m->next = NULL;
		object->count--;
		return m;
	}
	return NULL;
}

/* Puts the elements of more behind those of list. */
static void append(struct json *list, struct json *more)
{
	struct json **end = &list->first;

	while (*end)
		end = &(*end)->next;
	*end = more->first;
	list->count += more->count;
}

/* over becomes what over and under say together. first: its elements go before those of under. */
static void join(struct json *under, struct json *over, bool first)
{
	if (!first) {
		append(under, over);
		over->first = under->first;
		over->count = under->count;
	} else {
		append(over, under);
	}
}

static bool are(const struct json *a, const struct json *b, enum json_type type)
{
	return a->type == type && b->type == type;
}

/* Lays over on under: over becomes what both say together. in: the key that it stands at. Of system calls the first rule that matches
 * decides, so there the upper ones come first. */
static int lay(struct loader *l, struct json *under, struct json *over, size_t level, const char *in)
{
	struct json *m;

	if ((uint64_t)under->count * over->count > KEYS_SQUARE)
		return err_set(l->e, EFBIG, "too many keys to be laid on each other");
	for (struct json **at = &over->first; (m = *at);) {
		struct json *base = take(under, m->key);
		int r = 0;

		if (base && m->type == JSON_NULL) {
			*at = m->next;
			over->count--;
			continue;
		}
		if (base && are(base, m, JSON_OBJECT))
			r = lay(l, base, m, level + 1, m->key);
		else if (base && are(base, m, JSON_ARRAY))
			join(base, m, level == 1 && str_eq(in, "syscalls") && str_eq(m->key, "syscalls"));
		if (r < 0)
			return r;
		at = &m->next;
	}
	append(over, under);
	return 0;
}

/* Says of each value which text it is from, and counts them. */
static size_t mark(struct json *v, unsigned int source)
{
	size_t n = 1;

	v->source = source;
	if (v->type == JSON_ARRAY || v->type == JSON_OBJECT)
		for (struct json *m = v->first; m; m = m->next)
			n += mark(m, source);
	return n;
}

/* "a -> b -> c", of what is being read. */
static void print_chain(const struct loader *l, struct buf *out)
{
	for (size_t i = 0; i < l->depth; i++)
		buf_printf(out, "%s -> ", l->tree->sources[l->chain[i]].name);
}

/* Whether it can be read now. */
static int check_base(struct loader *l, const struct reader *rd, const struct json *v, const struct spec_text *base)
{
	AUTO_BUF chain = {0};
	bool again = false;

	for (size_t i = 0; i < l->depth; i++)
		again |= str_eq(l->tree->sources[l->chain[i]].id, base->id);
	if (!again && l->depth < POLICY_DEPTH && l->n < POLICY_SOURCES)
		return 0;
	print_chain(l, &chain);
	buf_str(&chain, base->name);
	if (!chain.data)
		return err_set(l->e, ENOMEM, "no memory left");
	if (again)
		return bad(rd, v, l->e, ELOOP, "goes in a circle, take one out: %s", chain.data);
	if (l->depth == POLICY_DEPTH)
		return bad(rd, v, l->e, ELOOP, "a policy can stand on %d others, one above the other, not on more: %s",
			   POLICY_DEPTH - 1, chain.data);
	return bad(rd, v, l->e, EFBIG,
		   "a policy can be made of %d documents at the most, each counted as often as it is named",
		   POLICY_SOURCES);
}

static int load(struct loader *l, const struct spec_text *t, struct json **ret);

/* One of the documents that `by` names. */
static int load_base(struct loader *l, const struct reader *rd, size_t by, const char *name, const struct json *v,
		     struct json **ret)
{
	struct spec_text base = {0};
	struct err why = {0};
	int r;

	if (!l->bases)
		return bad(rd, v, l->e, ENOTSUP, "there is nothing here that a policy can extend");
	r = l->bases->find(l->bases->arg, &l->tree->sources[by], name, &base, &why);
	if (r < 0)
		return bad(rd, v, l->e, -r, "%s", why.text);
	r = check_base(l, rd, v, &base);
	if (r < 0)
		return r;
	r = load(l, &base, ret);
	if (r < 0)
		return r;
	l->tree->under.v[l->n_under++] = arena_strdup(l->strings, base.name);
	l->tree->under.n = l->n_under;
	if (!l->tree->under.v[l->n_under - 1])
		return err_set(l->e, ENOMEM, "no memory left");
	for (size_t i = 0; (*ret)->type == JSON_OBJECT && i < ARRAY_LEN(own_keys); i++)
		(void)take(*ret, own_keys[i]);
	if ((*ret)->type == JSON_OBJECT)
		return 0;
	return bad(rd, *ret, l->e, EINVAL, "must be an object, not %s", json_type_name((*ret)->type));
}

/* What the document extends, laid on each other in their order; NULL: nothing. */
static int load_bases(struct loader *l, size_t by, const struct json *root, struct json **ret)
{
	static const struct field names_field = {.key = "extends", .min = 1, .pattern = &filled};
	const struct json *v = json_get(root, "extends"), *culprit = NULL, *j;
	struct reader rd = {.arena = l->strings, .sources = l->tree->sources, .strict = true, .culprit = &culprit};
	struct strv names = {0};
	int r = v ? get_str_or_strv(&rd, &names_field, v, &names, l->e) : 0;

	*ret = NULL;
	j = v && v->type == JSON_ARRAY ? v->first : v;
	for (size_t i = 0; r == 0 && i < names.n; i++, j = j->next) {
		struct json *base = NULL;

		r = load_base(l, &rd, by, names.v[i], j, &base);
		if (r < 0 && culprit == j && v->type == JSON_ARRAY)
			err_index(l->e, v, j);
		if (r == 0 && *ret)
			r = lay(l, *ret, base, 0, "");
		if (r == 0)
			*ret = base;
	}
	if (r < 0 && culprit) {
		l->tree->wrong = culprit->source;
		l->tree->line = line_of(&rd, culprit);
		if (culprit->source == by)
			err_ctx(l->e, "extends");
	}
	return r;
}

/* A document on what it extends. */
static int load(struct loader *l, const struct spec_text *t, struct json **ret)
{
	size_t own = l->n++;
	const struct json *root;
	struct json *base;
	int r;

	l->tree->sources[own] = *t;
	l->chain[l->depth++] = own;
	r = json_parse(t->text, t->len, JSON_COMMENTS | JSON_STRICT, &l->tree->nodes, l->strings, &root, l->e);
	if (r < 0) {
		l->tree->wrong = own;
		if (r == -EINVAL)
			(void)policy_other_form(t->text, t->len, l->e);
		return r;
	}
	*ret = (struct json *)root; /* the nodes are the loader's own */
	l->values += mark(*ret, (unsigned int)own);
	if (l->values > JSON_VALUES_MAX)
		return err_set(l->e, EFBIG, "too many values, with those of what it extends");
	r = root->type == JSON_OBJECT ? load_bases(l, own, root, &base) : 0;
	if (r == 0 && root->type == JSON_OBJECT && base)
		r = lay(l, base, *ret, 0, "");
	l->depth--;
	return r;
}

int policy_tree_read(struct policy_tree *ret, const struct spec_text *t, const struct spec_bases *bases,
		     struct arena *a, struct err *e)
{
	struct loader l = {.tree = ret, .bases = bases, .strings = a, .e = e};

	_Static_assert(POLICY_SOURCES <= JSON_SOURCES, "json.source has room for all");
	*ret = (struct policy_tree){.sources[0] = *t};
	ret->under.v = arena_alloc(a, (POLICY_SOURCES + 1) * sizeof(*ret->under.v));
	if (!ret->under.v)
		return err_set(e, ENOMEM, "no memory left");
	return load(&l, t, &ret->root);
}
