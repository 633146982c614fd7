/* SPDX-License-Identifier: Apache-2.0 */
/* Documents as tables of fields, and the one walker that reads them. Internal to spec/. */
#ifndef SPEC_FIELD_H
#define SPEC_FIELD_H

#include <stddef.h>

#include "json.h"
#include "spec.h"

#define FIELDS_MAX 32               /* of one table */
#define ID_MAX     (UINT32_MAX - 1) /* (uid_t)-1 means "leave it" to setresuid(2), so it is no user */

struct reader;

/* A word of an enumeration and what it stands for. Lists end with a NULL name. */
struct word {
	const char *name;
	int64_t value;
};

/* What a string must look like. */
struct pattern {
	bool (*ok)(const char *s);
	const char *what; /* "an absolute path" */
};

/* One key of an object. `parse` puts the value into obj, the struct of the object, at `at` (and a count at n_at). */
struct field {
	const char *key;
	int (*parse)(struct reader *rd, const struct field *f, const struct json *v, void *obj, struct err *e);
	size_t at, n_at;
	bool required;
	int64_t min;  /* integers: the least value; strings and lists: the least length */
	uint64_t max; /* integers: the greatest value; strings: the greatest length, 0 for any */
	const struct word *words;
	const struct pattern *pattern;
	const struct table *table;
	const char *called; /* stands before the text of an error: the words by which callers know it */
};

/* An object. check holds the rules that span fields, and runs after all of them. */
struct table {
	const struct field *fields;
	size_t n;
	size_t size;        /* of the struct, for lists and maps of objects */
	size_t set_at;      /* of its `bool set`, plus 1; 0: it has none */
	const char *closed; /* what keys there can be, when an unknown one is an error also where they are ignored */
	int (*check)(struct reader *rd, const struct json *v, void *obj, struct err *e);
};

#define TABLE_FIELDS(f)     .fields = (f), .n = ARRAY_LEN(f) + 0 * sizeof(char[ARRAY_LEN(f) <= FIELDS_MAX ? 1 : -1])
#define SET_AT(type, field) .set_at = (offsetof(type, field) + 1)

/* Keys of a document that are known, and refused with a reason of their own. Ends with a NULL table. */
struct refused {
	const struct table *table;
	const char *key;
	int code;
	const char *why;
};

struct reader {
	struct arena *arena; /* of the results */
	const char *text;
	const struct spec_text *sources; /* the texts of the tree, by json.source; NULL: text is all of it */
	bool strict;                     /* unknown keys and null are errors; errors say their line */
	const struct refused *refused;
	const struct json **culprit; /* where bad() puts the value that an error is about; NULL: nobody asks */
	bool all;                    /* for read_errors: only what policies are made of goes on behind an error */
	bool tell;                   /* of a policy: what it says is wanted, key by key */
};

/* Reads the object v into obj by the table. The path in e starts below the object. Returns 0 or -errno. */
int read_object(struct reader *rd, const struct table *t, const struct json *v, void *obj, struct err *e);

/* e becomes own, with the name of the document before its path; one that is set stays. */
void err_document(struct err *e, const struct err *own, const char *name);

/* A whole document: text -> json_parse -> read_object. name leads the path of an error, as in "config.json: root". */
int read_document(struct reader *rd, const struct table *t, const char *text, size_t len, const char *name, void *obj,
		  struct err *e);

/* As read_object, but goes on behind an error: *ret has them all. size: of the struct at obj. The tree is changed. Returns 0, or the code
 * of the first. */
int read_errors(const struct reader *how, const struct table *t, struct json *root, void *obj, size_t size,
		struct spec_errors *ret);

/* An error about v: err_set, with the line before the text when the reader is strict. Returns -code. */
int bad(const struct reader *rd, const struct json *v, struct err *e, int code, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* The line of v in its text. */
size_t line_of(const struct reader *rd, const struct json *v);

/* Puts "[i]" before the path of an error about an element of a list: its index in the text that it is from. Returns -code. */
int err_index(struct err *e, const struct json *list, const struct json *element);

/* As get_strv, whatever f->at is; then `each` is asked about every entry, and its error gets the entry's index. */
typedef int each_string_fn(struct reader *rd, const struct field *f, const struct json *element, const char *text,
			   void *arg, struct err *e);
int get_strv_each(struct reader *rd, const struct field *f, const struct json *v, struct strv *ret,
		  each_string_fn *each, void *arg, struct err *e);

/* A string of the document, fit for a message: short, and without control characters. */
struct shown {
	char s[84];
};
struct shown shown(const char *s);

/* ---- parsers of values; the comment says what stands at `at` ---- */

#define PARSER(name) int name(struct reader *rd, const struct field *f, const struct json *v, void *obj, struct err *e)
PARSER(get_bool);        /* bool */
PARSER(get_opt_bool);    /* struct opt_bool */
PARSER(get_int);         /* int */
PARSER(get_u32);         /* uint32_t */
PARSER(get_i64);         /* int64_t */
PARSER(get_u64);         /* uint64_t */
PARSER(get_opt_i64);     /* struct opt_i64 */
PARSER(get_opt_u64);     /* struct opt_u64 */
PARSER(get_string);      /* char *; checked against words and pattern; an optional one that is empty counts as absent */
PARSER(get_word);        /* int: the value of the word */
PARSER(get_word_char);   /* char: likewise */
PARSER(get_word_bits);   /* uint64_t: the values of a list of words, or-ed */
PARSER(get_bits);        /* struct bits, of a list such as "0-3,7"; an empty one counts as absent */
PARSER(get_strv);        /* struct strv; each string checked against words and pattern; min: how many at least */
PARSER(get_u32s);        /* uint32_t *, and their count at n_at */
PARSER(get_str_or_strv); /* struct strv, of a string or of a list of them; as get_strv */
PARSER(get_map);         /* struct spec_map; the keys checked against pattern */
PARSER(get_object);      /* the struct of `table`, in place */
PARSER(get_objects);     /* an array of them by pointer, and their count at n_at */
PARSER(get_object_map);  /* likewise, of a map whose key goes into the first member, a char * */

/* A pointer to the member of obj at the offset. */
static inline void *field_at(void *obj, size_t offset)
{
	return (char *)obj + offset;
}

#define FIELD_INT(k, f, type, member, lo, hi)                                                                          \
	{                                                                                                              \
		.key = (k), .parse = (f), .at = offsetof(type, member), .min = (lo), .max = (uint64_t)(hi)             \
	}
#define FIELD_REQ_INT(k, f, type, member, lo, hi)                                                                      \
	{                                                                                                              \
		.key = (k), .parse = (f), .at = offsetof(type, member), .required = true, .min = (lo),                 \
		.max = (uint64_t)(hi)                                                                                  \
	}
#define FIELD(k, f, type, member, ...)                                                                                 \
	{                                                                                                              \
		.key = (k), .parse = (f), .at = offsetof(type, member), __VA_ARGS__                                    \
	}
#define FIELD_LIST(k, f, type, member, count, ...)                                                                     \
	{                                                                                                              \
		.key = (k), .parse = (f), .at = offsetof(type, member), .n_at = offsetof(type, count), __VA_ARGS__     \
	}

/* ---- patterns and tables that documents share ---- */

extern const struct pattern absolute_path; /* begins with / */
extern const struct pattern one_line;      /* no line ends */
extern const struct pattern cpu_list;      /* "0-3,7" */
extern const struct pattern filled;        /* not empty */

extern const struct table hooks_table; /* of struct spec_hook_list[HOOK_COUNT] */
extern const struct table linux_table;
extern const struct table resources_table;
extern const struct table seccomp_table;
extern const struct table seccomp_rule_table;
extern const struct table seccomp_arg_table;
extern const struct table policy_seccomp_table; /* seccomp_table, with what a policy says more of a rule */
extern const struct table policy_rule_table;
extern const struct table idmap_table;
extern const struct word seccomp_action_words[]; /* their values mean nothing */
extern const struct word ns_words[];             /* value: enum spec_ns */
extern const struct word rlimit_words[];         /* value: RLIMIT_* */
extern const struct word sched_words[];          /* value: SCHED_* */
extern const struct word mempolicy_words[];      /* value: MPOL_* */
extern const struct word mempolicy_flag_words[]; /* value: MPOL_F_* */

#endif
