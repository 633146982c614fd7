/* SPDX-License-Identifier: Apache-2.0 */
#include "toml.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

struct parser {
	const char *s, *end;
	size_t line;
	unsigned int depth;
	struct arena *a;
	struct toml *toml;
	struct err *e;
};

static int fail(struct parser *p, const char *what)
{
	return err_set(p->e, EINVAL, "line %zu: not valid TOML: %s", p->line, what);
}

static int no_memory(struct parser *p)
{
	return err_set(p->e, ENOMEM, "out of memory");
}

/* ---- what is defined ---- */

static uint32_t hash(const char *s)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

static struct toml_item *find(const struct toml *t, const char *path)
{
	uint32_t h = hash(path);

	for (struct toml_item *i = t->first; i; i = i->next)
		if (i->hash == h && str_eq(i->path, path))
			return i;
	return NULL;
}

const struct toml_item *toml_get(const struct toml *t, const char *path)
{
	return find(t, path);
}

static struct toml_item *add(struct parser *p, const char *path, enum toml_type type)
{
	struct toml_item *i;

	if (p->toml->n++ >= TOML_ITEMS_MAX) {
		err_set(p->e, EFBIG, "line %zu: more than %d keys", p->line, TOML_ITEMS_MAX);
		return NULL;
	}
	i = arena_alloc(p->a, sizeof(*i));
	if (!i) {
		no_memory(p);
		return NULL;
	}
	*i = (struct toml_item){.path = path, .line = p->line, .type = type, .hash = hash(path)};
	i->key = path + strlen(path);
	while (i->key > path && i->key[-1] != *TOML_KEY && i->key[-1] != *TOML_ELEMENT)
		i->key--;
	*p->toml->tail = i;
	p->toml->tail = &i->next;
	return i;
}

static int defined_twice(struct parser *p, const struct toml_item *old)
{
	return err_set(p->e, EINVAL, "line %zu: '%.64s' is there already, in line %zu", p->line, old->key, old->line);
}

/* ---- the text ---- */

static void skip_blanks(struct parser *p)
{
	while (p->s < p->end && (*p->s == ' ' || *p->s == '\t'))
		p->s++;
}

static bool take(struct parser *p, char c)
{
	if (p->s >= p->end || *p->s != c)
		return false;
	p->s++;
	return true;
}

static bool take_word(struct parser *p, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(p->end - p->s) < len || memcmp(p->s, word, len) != 0)
		return false;
	p->s += len;
	return true;
}

/* A comment, when there is one, and the end of the line. Returns 0, or 1 when something else stands there. */
static int take_line_end(struct parser *p)
{
	skip_blanks(p);
	if (p->s < p->end && *p->s == '#')
		while (p->s < p->end && *p->s != '\n')
			p->s++;
	take(p, '\r');
	if (p->s < p->end && !take(p, '\n'))
		return 1;
	p->line++;
	return 0;
}

static void skip_lines(struct parser *p)
{
	while (p->s < p->end && take_line_end(p) == 0)
		;
	skip_blanks(p);
}

static int take_code_point(struct parser *p, int digits, struct buf *out)
{
	char hex[9] = {0}, utf8[4];
	uint64_t c;

	if (p->end - p->s < digits)
		return fail(p, "an escape without its digits");
	memcpy(hex, p->s, (size_t)digits);
	if (parse_u64(hex, 16, &c) < 0 || c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return fail(p, "an escape that is no character");
	p->s += digits;
	if (c < 0x80) {
		utf8[0] = (char)c;
		buf_add(out, utf8, 1);
		return 0;
	}
	utf8[3] = (char)(0x80 | (c & 0x3f));
	utf8[2] = (char)(0x80 | (c >> 6 & 0x3f));
	utf8[1] = (char)(0x80 | (c >> 12 & 0x3f));
	if (c < 0x800) {
		utf8[2] = (char)(0xc0 | c >> 6);
		buf_add(out, utf8 + 2, 2);
	} else if (c < 0x10000) {
		utf8[1] = (char)(0xe0 | c >> 12);
		buf_add(out, utf8 + 1, 3);
	} else {
		utf8[0] = (char)(0xf0 | c >> 18);
		buf_add(out, utf8, 4);
	}
	return 0;
}

static int take_escape(struct parser *p, bool lines, struct buf *out)
{
	static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
	const char *at;
	char c = p->s < p->end ? *p->s++ : '\0';

	if (c == 'u' || c == 'U')
		return take_code_point(p, c == 'u' ? 4 : 8, out);
	at = c ? strchr(from, c) : NULL;
	if (at) {
		buf_add(out, to + (at - from), 1);
		return 0;
	}
	/* The line goes on behind the blanks of the next ones. */
	p->s--;
	skip_blanks(p);
	if (!lines || p->s >= p->end || (*p->s != '\n' && *p->s != '\r'))
		return fail(p, "an escape that TOML does not have");
	while (p->s < p->end && strchr(" \t\r\n", *p->s))
		p->line += *p->s++ == '\n';
	return 0;
}

/* One of the four kinds of strings; p stands behind its opening quotes. */
static int take_string(struct parser *p, char quote, bool lines, struct buf *out)
{
	const char close[] = {quote, quote, quote, '\0'};

	if (lines) { /* the first line end is not part of it */
		const char *start = p->s;

		take(p, '\r');
		if (take(p, '\n'))
			p->line++;
		else
			p->s = start;
	}
	buf_add(out, "", 0);
	while (p->s < p->end) {
		if (lines ? take_word(p, close) : take(p, quote)) {
			/* """" and """"": what is before the last three belongs to it. */
			for (int i = 0; lines && i < 2 && take(p, quote); i++)
				buf_add(out, &quote, 1);
			return out->failed ? no_memory(p) : 0;
		}
		if (quote == '"' && take(p, '\\')) {
			if (take_escape(p, lines, out) < 0)
				return -EINVAL;
			continue;
		}
		if (*p->s == '\n' && !lines)
			break;
		if (*p->s == '\0' || ((unsigned char)*p->s < ' ' && !strchr("\t\r\n", *p->s)))
			return fail(p, "a control character in a string");
		p->line += *p->s == '\n';
		buf_add(out, p->s++, 1);
	}
	return fail(p, "a string without its end");
}

static bool is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static int take_key(struct parser *p, struct buf *out)
{
	const char *start = p->s;

	if (take(p, '"'))
		return take_string(p, '"', false, out);
	if (take(p, '\''))
		return take_string(p, '\'', false, out);
	while (p->s < p->end && is_bare(*p->s))
		p->s++;
	if (p->s == start)
		return fail(p, "a key was expected");
	buf_add(out, start, (size_t)(p->s - start));
	return out->failed ? no_memory(p) : 0;
}

/* The table that a key names on the way to what it is about. */
static int step_into(struct parser *p, const char **path, enum toml_type make)
{
	struct toml_item *i = find(p->toml, *path);

	if (!i)
		return add(p, *path, make) ? 0 : -p->e->code;
	if (i->type == TOML_TABLES) {
		*path = arena_printf(p->a, "%s" TOML_ELEMENT "%zu", *path, i->count - 1);
		return *path ? 0 : no_memory(p);
	}
	return i->type <= TOML_DOTTED ? 0 : defined_twice(p, i);
}

/* a."b.c".d below a table: to the path of d. make: what the tables on the way become. */
static int take_path(struct parser *p, const char *table, enum toml_type make, const char **ret)
{
	const char *path = table;

	for (;;) {
		AUTO_BUF key = {0};
		int r;

		skip_blanks(p);
		r = take_key(p, &key);
		if (r < 0)
			return r;
		path = arena_printf(p->a, "%s" TOML_KEY "%s", path, key.data ? key.data : "");
		if (!path)
			return no_memory(p);
		skip_blanks(p);
		if (!take(p, '.'))
			break;
		r = step_into(p, &path, make);
		if (r < 0)
			return r;
	}
	*ret = path;
	return 0;
}

/* ---- values ---- */

static int take_value(struct parser *p, const char *path);

static int take_text(struct parser *p, const char *path, char quote)
{
	const char more[] = {quote, quote, '\0'}; /* behind the first: three begin a string of lines */
	AUTO_BUF text = {0};
	struct toml_item *i = add(p, path, TOML_STRING);
	int r;

	if (!i)
		return -p->e->code;
	r = take_string(p, quote, take_word(p, more), &text);
	if (r < 0)
		return r;
	i->text = arena_strdup(p->a, text.data ? text.data : "");
	return i->text ? 0 : no_memory(p);
}

static int take_array(struct parser *p, const char *path)
{
	if (!add(p, path, TOML_ARRAY))
		return -p->e->code;
	for (size_t n = 0;; n++) {
		const char *element = arena_printf(p->a, "%s" TOML_ELEMENT "%zu", path, n);
		int r;

		if (!element)
			return no_memory(p);
		skip_lines(p);
		if (take(p, ']'))
			return 0;
		r = take_value(p, element);
		if (r < 0)
			return r;
		skip_lines(p);
		if (!take(p, ',') && (p->s >= p->end || *p->s != ']'))
			return fail(p, "a comma or ] was expected in the array");
	}
}

static int take_pair(struct parser *p, const char *table)
{
	const struct toml_item *old;
	const char *path = table;
	int r = take_path(p, table, TOML_DOTTED, &path);

	if (r < 0)
		return r;
	if (!take(p, '='))
		return fail(p, "= was expected behind the key");
	old = find(p->toml, path);
	if (old)
		return defined_twice(p, old);
	skip_blanks(p);
	return take_value(p, path);
}

static int take_inline(struct parser *p, const char *path)
{
	struct toml_item *i = add(p, path, TOML_IMPLIED); /* open to its own keys, until it ends */
	int r;

	if (!i)
		return -p->e->code;
	skip_blanks(p);
	if (!take(p, '}')) {
		do {
			r = take_pair(p, path);
			if (r < 0)
				return r;
			skip_blanks(p);
		} while (take(p, ','));
		if (!take(p, '}'))
			return fail(p, "a comma or } was expected in the table");
	}
	i->type = TOML_INLINE;
	return 0;
}

/* Integers, floats, dates and times, as the grammar of TOML has them. */
static bool is_number(const char *text)
{
#define DIGITS(set) "[" set "](_?[" set "])*"
#define TIME        "[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?"
	static const char grammar[] = "^([+-]?(0|[1-9](_?[0-9])*)(\\." DIGITS("0-9") ")?([eE][+-]?" DIGITS(
	    "0-9") ")?"
		   "|0x" DIGITS("0-9a-fA-F") "|0o" DIGITS("0-7") "|0b" DIGITS(
		       "01") "|[+-]?(inf|nan)"
			     "|[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ]" TIME "([Zz]|[+-][0-9]{2}:[0-9]{2})?)?|" TIME ")$";
	regex_t r;
	bool is;

	if (regcomp(&r, grammar, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	is = regexec(&r, text, 0, NULL, 0) == 0;
	regfree(&r);
	return is;
}

static int take_scalar(struct parser *p, const char *path)
{
	static const char ends[] = ",]}# \t\r\n";
	const char *start = p->s;
	struct toml_item *i;
	char *text;
	bool truth;

	while (p->s < p->end && !strchr(ends, *p->s))
		p->s++;
	/* A date and a time may have a blank between them. */
	if (p->s - start == 10 && start[4] == '-' && p->end - p->s > 2 && *p->s == ' ' && p->s[1] >= '0' &&
	    p->s[1] <= '9')
		for (p->s++; p->s < p->end && !strchr(ends, *p->s);)
			p->s++;
	text = arena_strndup(p->a, start, (size_t)(p->s - start));
	if (!text)
		return no_memory(p);
	truth = str_eq(text, "true") || str_eq(text, "false");
	if (!truth && !is_number(text))
		return fail(p, "a value was expected: a string in quotes, a number, true, false, an array or a table");
	i = add(p, path, truth ? TOML_BOOL : TOML_NUMBER);
	if (!i)
		return -p->e->code;
	i->text = text;
	return 0;
}

static int take_value(struct parser *p, const char *path)
{
	int r;

	if (p->depth == TOML_DEPTH_MAX)
		return fail(p, "nested too deeply");
	p->depth++;
	if (take(p, '"'))
		r = take_text(p, path, '"');
	else if (take(p, '\''))
		r = take_text(p, path, '\'');
	else if (take(p, '['))
		r = take_array(p, path);
	else if (take(p, '{'))
		r = take_inline(p, path);
	else
		r = take_scalar(p, path);
	p->depth--;
	return r;
}

/* [a.b] or [[a.b]]; p stands behind the first bracket. */
static int take_header(struct parser *p, const char **ret_table)
{
	bool array = take(p, '[');
	struct toml_item *old;
	const char *path = "";
	int r = take_path(p, "", TOML_IMPLIED, &path);

	if (r < 0)
		return r;
	if (!take(p, ']') || (array && !take(p, ']')))
		return fail(p, "] was expected behind the table's name");
	old = find(p->toml, path);
	if (old && (array ? old->type != TOML_TABLES : old->type != TOML_IMPLIED))
		return defined_twice(p, old);
	if (old && !array) {
		old->type = TOML_TABLE;
		old->line = p->line;
	} else if (!old) {
		old = add(p, path, array ? TOML_TABLES : TOML_TABLE);
	}
	if (!old)
		return -p->e->code;
	if (array)
		path = arena_printf(p->a, "%s" TOML_ELEMENT "%zu", path, old->count++);
	*ret_table = path;
	return path ? 0 : no_memory(p);
}

int toml_parse(const char *text, size_t len, struct arena *a, struct toml *ret, struct err *e)
{
	struct err own = {0};
	struct parser p = {.s = text, .end = text + len, .line = 1, .a = a, .toml = ret, .e = &own};
	const char *table = "";
	int r = 0;

	*ret = (struct toml){.tail = &ret->first};
	if (len > TOML_FILE_MAX)
		return err_set(e, EFBIG, "larger than %u bytes", TOML_FILE_MAX);
	for (skip_lines(&p); r == 0 && p.s < p.end; skip_lines(&p)) {
		r = take(&p, '[') ? take_header(&p, &table) : take_pair(&p, table);
		if (r == 0 && take_line_end(&p) != 0)
			r = fail(&p, "more on the line than one key and its value");
		if (r < 0)
			break;
	}
	return r < 0 ? err_set(e, own.code, "%s", own.text) : 0;
}

void toml_quote(const char *s, struct buf *out)
{
	buf_str(out, "\"");
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_printf(out, "\\%c", *s);
		else if ((unsigned char)*s < ' ' || *s == 0x7f)
			buf_printf(out, "\\u%04x", (unsigned char)*s);
		else
			buf_add(out, s, 1);
	}
	buf_str(out, "\"");
}
