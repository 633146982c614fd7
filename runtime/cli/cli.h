/* SPDX-License-Identifier: Apache-2.0 */
/* The command line by a table of commands, from which parsing, help, completion and the dump of options are made. The grammar is that
 * of runc (Go's flag package behind urfave/cli): one dash or two, "--opt value" or "--opt=value", the options of a command
 * before and after its arguments, "--" ends them. */
#ifndef RUNTIME_CLI_H
#define RUNTIME_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/runtime.h"

/* The field is a bool, a const char *, a uint64_t; of RT_LIST, which may be given more than once, a struct strv that
 * gathers all values in their order. */
enum rt_option_type { RT_BOOL, RT_STRING, RT_UINT, RT_LIST };

struct rt_option {
	const char *name;    /* without dashes; NULL ends a list */
	char short_name;     /* or 0 */
	const char *arg;     /* placeholder of its value in the help; NULL for RT_BOOL */
	const char *help;    /* one line */
	const char *choices; /* "text|json": nothing else is taken; NULL: anything */
	enum rt_option_type type;
	bool hidden;   /* not in the help: for tests and for callers of old */
	size_t offset; /* in struct rt_globals or struct rt_options */
};

struct rt_command {
	const char *name; /* NULL ends the list; "policy check" is one of the group "policy" */
	const char *args; /* as in "CONTAINER [SIGNAL]" */
	const char *help;
	const struct rt_option *options;
	int min_args, max_args; /* max_args RT_ANY_ARGS: no limit */
	bool makes;             /* makes a container, or plans to: the options that choose how are looked at */
	int (*run)(struct rt_call *c, struct err *e);
	bool options_first;  /* the first argument ends the options: what follows is another program's command line */
	bool hidden;         /* not in the help: for programs */
	bool names_command;  /* its arguments are the name of a command */
	bool group;          /* its first argument chooses a command: "NAME ARGUMENT" of the table */
	unsigned int states; /* which containers completion offers: bits 1 << STATUS_X; 0: all */
	int failure;         /* exit status of a call that fails; 0: 1, as for every mistake in the command line */
	/* Exit status of a call that fails, be it by a mistake in the command line (then argv alone is all there); NULL: see above. */
	int (*failure_of)(const struct rt_call *c, bool mistake);
};

#define RT_ANY_ARGS (-1)

struct rt_table {
	const struct rt_option *globals; /* before the command */
	const struct rt_option *common;  /* of every command */
	const struct rt_command *commands;
};

/* Exit status for an unknown command: that of urfave/cli. */
#define RT_EXIT_NO_COMMAND 3

/* Fills *ret from argv; its strings are argv's own or live in ret->arena (rt_call_free). command is NULL when none was
 * named, and for an unknown one, which is -ENOENT. The texts are those of Go's flag package ("flag provided but not
 * defined: -x", "flag needs an argument: -x"), which callers match. What was understood before an error stands in
 * *ret, so that --log is known when the error is reported. Returns 0 or -errno (-EINVAL). */
int rt_cli_parse(const struct rt_table *table, int argc, char **argv, struct rt_call *ret, struct err *e);

/* Where a word stands that is being typed. */
struct rt_place {
	const struct rt_option *value_of; /* it is the value of this option; NULL: it is none */
	bool options;                     /* an option may stand there */
};

/* As rt_cli_parse, for words after which more will be typed: neither a missing value nor a missing argument is an error.
 * Returns 0, or -EINVAL or -ENOENT when the words are wrong already. */
int rt_cli_place(const struct rt_table *table, int argc, char **argv, struct rt_call *ret, struct rt_place *place);

const struct rt_command *rt_command_find(const struct rt_table *table, const char *name); /* NULL: there is none */
/* The one that these words name: "policy", or "policy" and "check". NULL: there is none, or there are no words. */
const struct rt_command *rt_command_named(const struct rt_table *table, const char *const *words, int n);
/* What k is called in its group, or NULL when it is not of this one. */
const char *rt_command_below(const struct rt_command *k, const char *group);
/* Says so, in urfave/cli's words. Returns -ENOENT, the exit status of which is RT_EXIT_NO_COMMAND. */
int rt_command_missing(const struct rt_table *table, const char *name, struct err *e);
/* The option of this name, or of this letter; list and more (may be NULL) end with a name of NULL. NULL: there is none. */
const struct rt_option *rt_option_find(const struct rt_option *list, const struct rt_option *more, const char *name,
				       size_t len);

/* What follows from the options and from the environment: the state root, the cgroup manager. Returns 0 or -errno;
 * -ENOTSUP for the systemd manager. */
int rt_cli_finish(struct rt_call *c, struct err *e);

/* What may stand for the last of the words of a command line, after the program's name, of which the others are
 * complete: first a line "words", "files" or "dirs" (files or directories may stand there too), then one candidate a
 * line, with a tab and its description when there is one. Only what begins as the last word does; of --opt=value the
 * values alone. c->table is the table. */
void rt_complete(struct rt_call *c, const char *const *words, int n_words, struct buf *out);

/* What rt_cli_parse has made. */
void rt_call_free(struct rt_call *c);

/* Help of one command, or of the whole (NULL): every command with every option. */
void rt_help(const struct rt_table *table, const struct rt_command *command, struct buf *out);

/* The whole table, for programs. One option a line, tabs between: command (or "-"), --name, -short (or "-"), placeholder
 * (or "-"), "hidden" or "shown", help. Before those of a command comes the command itself: name, "-", "-", arguments (or
 * "-"), "hidden" or "shown", help. */
void rt_help_dump(const struct rt_table *table, struct buf *out);

/* What --version prints, one "key: value" a line after "jailrun version X". */
void rt_version(struct buf *out);

/* ---- quantities in options: quantity.c ---- */

/* A duration as Go's time package writes it: "5s", "1m30s", "1.5h", "300ms"; units ns, us, ms, s, m, h. Returns 0, or -EINVAL
 * (also for a sign: none here may be negative, and for a number without a unit). */
int rt_duration_ns(const char *s, uint64_t *ret);

/* A size in bytes as engines write it: "1024", "512k", "1.5g", "2MiB", "-1" for no limit. Units are powers of 1024. Returns 0
 * or -EINVAL. */
int rt_size_bytes(const char *s, int64_t *ret);

#endif
