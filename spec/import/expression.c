/* SPDX-License-Identifier: Apache-2.0 */
/* The conditions of a line of minijail's. */
#include "minijail.h"

#include <errno.h>
#include <string.h>

#define CONDITIONS_MAX 6

/* One condition: a way is open when any of its alternatives holds ("arg1 & FLAGS": one for each bit). */
struct condition {
	struct spec_seccomp_arg v[64];
	size_t n;
};

static const char *skip(const char *s)
{
	return s + strspn(s, " \t");
}

/* TERM: a number or a word, perhaps with ~ before it, or (TERM | TERM…). Returns what follows it, or NULL with *why. */
static const char *read_value(const char *s, uint64_t *ret, unsigned int depth, const char **why)
{
	*ret = 0;
	do {
		bool inverted = *s == '~';
		uint64_t v = 0;
		char word[64];
		size_t n;

		s = skip(s + inverted);
		if (*s == '(' && depth < 4) {
			s = read_value(skip(s + 1), &v, depth + 1, why);
			if (!s)
				return NULL;
			s = skip(s);
			if (*s++ != ')') {
				*why = "a ( without its )";
				return NULL;
			}
		} else {
			n = strcspn(s, " \t|&()~");
			*why = "a value is a number, or a name of the C headers that jailrun knows; write the number";
			if (!n || n >= sizeof(word))
				return NULL;
			memcpy(word, s, n);
			word[n] = '\0';
			if (!constant(word, &v))
				return NULL;
			s += n;
		}
		*ret |= inverted ? ~v : v;
		s = skip(s);
	} while (*s == '|' && s[1] != '|' && (s = skip(s + 1)));
	return s;
}

static void add(struct condition *c, unsigned int index, const char *op, uint64_t value, uint64_t two)
{
	c->v[c->n++] = (struct spec_seccomp_arg){index, value, two, (char *)op};
}

/* argN OP VALUE. Returns what follows it, or NULL with *why. */
static const char *read_condition(const char *s, struct condition *ret, const char **why)
{
	static const char *const ops[][2] = {
	    {"==", "SCMP_CMP_EQ"}, {"!=", "SCMP_CMP_NE"}, {"<=", "SCMP_CMP_LE"},
	    {">=", "SCMP_CMP_GE"}, {"<", "SCMP_CMP_LT"},  {">", "SCMP_CMP_GT"},
	};
	const char *op = NULL;
	unsigned int index;
	uint64_t v;
	bool in, any;

	ret->n = 0;
	*why = "a condition is argN OP VALUE, with N from 0 to 5";
	if (!str_starts(s, "arg") || s[3] < '0' || s[3] > '5')
		return NULL;
	index = (unsigned int)(s[3] - '0');
	s = skip(s + 4);
	for (size_t i = 0; i < ARRAY_LEN(ops) && !op; i++)
		if (str_starts(s, ops[i][0])) {
			op = ops[i][1];
			s += strlen(ops[i][0]);
		}
	in = !op && str_starts(s, "in ");
	any = !op && !in && *s == '&' && s[1] != '&';
	*why = "an operator is ==, !=, <, <=, >, >=, & or in";
	if (!op && !in && !any)
		return NULL;
	s = read_value(skip(s + (in ? 2 : any ? 1 : 0)), &v, 0, why);
	if (!s)
		return NULL;
	if (op)
		add(ret, index, op, v, 0);
	if (in) /* nothing but these bits */
		add(ret, index, "SCMP_CMP_MASKED_EQ", ~v, 0);
	for (unsigned int bit = 0; any && bit < 64; bit++) /* one of them */
		if (v >> bit & 1)
			add(ret, index, "SCMP_CMP_MASKED_EQ", 1ull << bit, 1ull << bit);
	*why = "& 0 holds never";
	return ret->n ? s : NULL;
}

static struct way way_with(const struct way *w, const struct spec_seccomp_arg *c, struct arena *a)
{
	struct way r = {arena_alloc(a, CONDITIONS_MAX * sizeof(*c)), w->n, w->twice};

	if (!r.args)
		return r;
	for (size_t i = 0; i < w->n; i++) {
		r.args[i] = w->args[i];
		r.twice |= w->args[i].index == c->index;
	}
	r.args[r.n++] = *c;
	return r;
}

/* Each way that there is, with each of the alternatives. */
static int multiply(struct ways *w, const struct condition *c, struct arena *a, const char **why)
{
	struct ways all = {.n = 0};

	*why = "too many conditions in one line";
	for (size_t i = 0; i < w->n; i++)
		for (size_t k = 0; k < c->n; k++) {
			if (all.n == WAYS_MAX || w->v[i].n == CONDITIONS_MAX)
				return -EINVAL;
			all.v[all.n] = way_with(&w->v[i], &c->v[k], a);
			if (!all.v[all.n++].args) {
				*why = "no memory left";
				return -ENOMEM;
			}
		}
	*w = all;
	return 0;
}

int read_ways(char *text, struct arena *a, struct ways *ret, const char **why)
{
	const char *s = skip(text);

	ret->n = 0;
	for (;;) {
		struct ways one = {.n = 1};

		for (;;) {
			struct condition c;

			s = read_condition(s, &c, why);
			if (!s)
				return -EINVAL;
			if (multiply(&one, &c, a, why) < 0)
				return -EINVAL;
			if (!str_starts(s, "&&"))
				break;
			s = skip(s + 2);
		}
		for (size_t i = 0; i < one.n; i++) {
			if (ret->n == WAYS_MAX) {
				*why = "too many conditions in one line";
				return -EINVAL;
			}
			ret->v[ret->n++] = one.v[i];
		}
		if (!*s)
			return 0;
		*why = "conditions are joined by && and ||";
		if (!str_starts(s, "||"))
			return -EINVAL;
		s = skip(s + 2);
	}
}
