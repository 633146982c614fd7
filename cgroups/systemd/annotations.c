/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations org.systemd.property.NAME: properties of the unit that somebody who is not trusted asks for. Pure: no system calls. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cgroups/systemd/unit.h"

#define SEC_US   1000000u
#define LIST_MAX 64

/* A value of GVariant's text form, as far as one of the properties below can have it. */
struct value {
	enum { VALUE_BOOL, VALUE_NUMBER, VALUE_STRING, VALUE_STRINGS } kind;
	const char *type; /* of a number that says its own: "uint64"; or NULL */
	bool negative;
	uint64_t number; /* the integral part */
	uint64_t micros; /* the fraction */
	bool fraction;
	const char *text;
	struct strv list;
};

/* What may be set: when and how the unit ends, what it waits for, what it is called. All else could loosen something: start or
 * stop other units (Wants, Conflicts, OnFailure …), leave the slice or its limits (Slice, Delegate, MemoryMax …: linux.cgroupsPath and
 * linux.resources say those), open devices, or let processes outlive the unit (KillMode none, SendSIGKILL). */
static const struct allowed {
	const char *name;
	enum cg_kind kind;
	const char *seconds; /* the same in seconds */
	uint64_t min, max;   /* of a number */
	const char *words;   /* of a string, with blanks between; NULL: all */
	unsigned int since;
} allowed[] = {
    {"After", KIND_STRINGS},
    {"CollectMode", KIND_STRING, .words = "inactive inactive-or-failed ", .since = 236},
    {"DefaultDependencies", KIND_BOOL},
    {"Description", KIND_STRING},
    {"KillMode", KIND_STRING, .words = "control-group mixed "},
    {"KillSignal", KIND_INT32, .min = 1, .max = 64},
    {"OOMPolicy", KIND_STRING, .words = "continue stop kill ", .since = 253},
    {"RuntimeMaxUSec", KIND_UINT64, "RuntimeMaxSec", .max = UINT64_MAX, .since = 244},
    {"SendSIGHUP", KIND_BOOL},
    {"TimeoutStopUSec", KIND_UINT64, "TimeoutStopSec", .max = UINT64_C(86400) * SEC_US}, /* a shutdown waits for it */
};

static void skip_blanks(const char **p)
{
	*p += strspn(*p, " \t\n");
}

static bool take_word(const char **p, const char *word)
{
	const size_t len = strlen(word);

	if (strncmp(*p, word, len) != 0 || strchr("abcdefghijklmnopqrstuvwxyz0123456789", (*p)[len] ? (*p)[len] : ' '))
		return false;
	*p += len;
	skip_blanks(p);
	return true;
}

/* 'text' or "text"; \' \" \\ are the only escapes, others are refused. */
static int take_string(const char **p, struct arena *a, char **ret)
{
	const char quote = *(*p)++;
	char *out = arena_alloc(a, strlen(*p) + 1);

	*ret = out;
	if (!out)
		return -ENOMEM;
	while (**p != quote) {
		if (**p == '\\' && !strchr("'\"\\", *++*p))
			return -EINVAL;
		if (!**p || (unsigned char)**p < ' ')
			return -EINVAL;
		*out++ = *(*p)++;
	}
	++*p;
	return 0;
}

static int take_list(const char **p, struct arena *a, struct value *v)
{
	v->kind = VALUE_STRINGS;
	v->list.v = arena_alloc(a, (LIST_MAX + 1) * sizeof(*v->list.v));
	if (!v->list.v)
		return -ENOMEM;
	for (++*p; skip_blanks(p), **p != ']';) {
		int r = v->list.n == LIST_MAX || (**p != '\'' && **p != '"')
			    ? -EINVAL
			    : take_string(p, a, &v->list.v[v->list.n++]);

		if (r < 0)
			return r;
		skip_blanks(p);
		if (**p == ',')
			++*p;
		else if (**p != ']')
			return -EINVAL;
	}
	++*p;
	return 0;
}

static int take_number(const char **p, struct arena *a, struct value *v)
{
	static const char *const types[] = {"byte", "int16", "uint16", "int32", "uint32", "int64", "uint64", "double"};
	size_t len;
	const char *digits;

	v->kind = VALUE_NUMBER;
	for (size_t i = 0; !v->type && i < ARRAY_LEN(types); i++)
		if (take_word(p, types[i]))
			v->type = types[i];
	v->negative = **p == '-';
	*p += v->negative || **p == '+';
	len = strspn(*p, "0123456789");
	digits = arena_strndup(a, *p, len);
	if (!digits)
		return -ENOMEM;
	if (parse_u64(digits, 10, &v->number) < 0)
		return -EINVAL;
	*p += len;
	if (**p != '.')
		return 0;
	v->fraction = true;
	len = strspn(++*p, "0123456789");
	for (size_t i = 0; i < 6; i++)
		v->micros = v->micros * 10 + (i < len ? (uint64_t)((*p)[i] - '0') : 0);
	*p += len;
	return 0;
}

static int take(const char *text, struct arena *a, struct value *v)
{
	int r;

	*v = (struct value){0};
	skip_blanks(&text);
	/* A type that an empty list needs and others may have. */
	if (str_starts(text, "@as"))
		text += 3;
	skip_blanks(&text);
	if (take_word(&text, "true")) {
		*v = (struct value){.kind = VALUE_BOOL, .number = 1};
		r = 0;
	} else if (take_word(&text, "false")) {
		*v = (struct value){.kind = VALUE_BOOL};
		r = 0;
	} else if (*text == '\'' || *text == '"') {
		char *string;

		r = take_string(&text, a, &string);
		*v = (struct value){.kind = VALUE_STRING, .text = string};
	} else {
		r = *text == '[' ? take_list(&text, a, v) : take_number(&text, a, v);
	}
	skip_blanks(&text);
	return r < 0 || !*text ? r : -EINVAL;
}

static const struct allowed *find(const char *key, bool *ret_seconds)
{
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
		*ret_seconds = str_eq(key, allowed[i].seconds);
		if (*ret_seconds || str_eq(key, allowed[i].name))
			return &allowed[i];
	}
	return NULL;
}

static int refuse(const char *key, struct err *e)
{
	AUTO_BUF names = {0};

	for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
		buf_printf(&names, "%s%s", i ? ", " : "", allowed[i].name);
	return err_set(
	    e, EPERM,
	    "an annotation may not set the property %.64s of a unit, since it could loosen what holds the "
	    "container: linux.cgroupsPath and linux.resources say where it is and what it may use. Allowed are %s",
	    key, names.failed ? "others" : names.data);
}

static int take_unit_names(const struct value *v, struct err *e)
{
	for (char **name = v->list.v; name && *name; name++)
		if (!strchr(*name, '.') || strchr(*name, '/'))
			return err_set(e, EINVAL, "'%.64s' is no name of a unit, as in network.target", *name);
	return 0;
}

static int fill_number(const struct allowed *row, const struct value *v, bool seconds, struct cg_property *p,
		       struct err *e)
{
	uint64_t n = v->number;

	if (v->type && !seconds && !str_eq(v->type, row->kind == KIND_INT32 ? "int32" : "uint64"))
		return err_set(e, EINVAL, "systemd wants %s for it, not %s",
			       row->kind == KIND_INT32 ? "an int32" : "a uint64", v->type);
	if (seconds && (__builtin_mul_overflow(n, SEC_US, &n) || __builtin_add_overflow(n, v->micros, &n)))
		return err_set(e, ERANGE, "more seconds than systemd can count");
	if (v->negative || (v->fraction && !seconds) || n < row->min || n > row->max)
		return err_set(e, EINVAL, "must be a whole number from %" PRIu64 " to %" PRIu64, row->min, row->max);
	p->number = n;
	return 0;
}

static int fill(const struct allowed *row, const struct value *v, bool seconds, struct cg_property *p, struct err *e)
{
	static const struct {
		int value;
		const char *what;
	} wanted[] = {
	    [KIND_BOOL] = {VALUE_BOOL, "true or false"},
	    [KIND_INT32] = {VALUE_NUMBER, "a number"},
	    [KIND_UINT64] = {VALUE_NUMBER, "a number, as in uint64 5000000"},
	    [KIND_STRING] = {VALUE_STRING, "a string in quotes, as in 'text'"},
	    [KIND_STRINGS] = {VALUE_STRINGS, "a list of strings, as in ['a.service', 'b.service']"},
	};

	if ((int)v->kind != wanted[row->kind].value)
		return err_set(e, EINVAL, "must be %s", wanted[row->kind].what);
	switch (row->kind) {
	case KIND_BOOL:
		p->number = v->number;
		return 0;
	case KIND_STRINGS:
		p->list = v->list;
		return take_unit_names(v, e);
	case KIND_STRING:
		p->text = v->text;
		return !row->words || str_has_word(row->words, v->text)
			   ? 0
			   : err_set(e, EPERM, "'%.64s' is none of: %s", v->text, row->words);
	default:
		return fill_number(row, v, seconds, p, e);
	}
}

int cg_property_of_annotation(const char *key, const char *value, struct arena *a, struct cg_property *ret,
			      struct err *e)
{
	bool seconds;
	const struct allowed *row = find(key, &seconds);
	struct value v;
	int r = row ? take(value, a, &v) : refuse(key, e);

	if (!row)
		return r;
	if (r == -ENOMEM)
		return err_set(e, ENOMEM, "out of memory");
	if (r < 0)
		return err_set(e, EINVAL,
			       "'%.64s' is no value that a property can have here: see GVariant's text format", value);
	*ret = (struct cg_property){.name = row->name, .kind = row->kind, .since = row->since};
	return fill(row, &v, seconds, ret, e);
}
