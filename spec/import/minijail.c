/* SPDX-License-Identifier: Apache-2.0 */
/* minijail's policies: a line for each system call, with what its arguments have to be. */
#include "minijail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define INCLUDES_MAX 4

struct lines {
	struct draft *d;
	const char *file;
	size_t line; /* from 1 */
	unsigned int depth;
	struct strv *seen; /* calls that have a line */
};

static int wrong(const struct lines *l, const char *what, const char *word)
{
	err_set(l->d->e, EINVAL, "line %zu: %s%s%s%s", l->line, what, word ? " '" : "", word ? word : "",
		word ? "'" : "");
	return err_file(l->d->e, l->file);
}

static char *trim(char *s)
{
	size_t n;

	s += strspn(s, " \t\r");
	n = strlen(s);
	while (n && strchr(" \t\r", s[n - 1]))
		s[--n] = '\0';
	return s;
}

/* "allow", "kill", "return EPERM". Returns 1, 0 for what is no action, -errno. */
static int read_action(const struct lines *l, const char *s, struct spec_seccomp_rule *r)
{
	static const char *const words[][2] = {
	    {"1", "SCMP_ACT_ALLOW"},
	    {"allow", "SCMP_ACT_ALLOW"},
	    {"kill", "SCMP_ACT_KILL_PROCESS"},
	    {"kill-process", "SCMP_ACT_KILL_PROCESS"},
	    {"kill-thread", "SCMP_ACT_KILL_PROCESS"},
	    {"trap", "SCMP_ACT_TRAP"},
	    {"log", "SCMP_ACT_LOG"},
	    {"user-notify", "SCMP_ACT_NOTIFY"},
	    {"trace", "SCMP_ACT_TRACE"},
	};
	int named;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq(s, words[i][0])) {
			r->action = (char *)words[i][1];
			return 1;
		}
	if (!str_starts(s, "return") || !strchr(" \t", s[6]) || !s[6])
		return 0;
	s += 6 + strspn(s + 6, " \t");
	r->action = (char *)"SCMP_ACT_ERRNO";
	named = errno_named(s);
	r->errno_ret = (struct opt_u64){true, named > 0 ? (uint64_t)named : 0};
	if (named < 0 && (parse_u64(s, 0, &r->errno_ret.v) < 0 || r->errno_ret.v > 4095))
		return wrong(l, "no errno:", s);
	return 1;
}

/* What stands behind "name:". */
static int read_filter(const struct lines *l, const char *name, char *s)
{
	struct spec_seccomp_rule r = {.action = (char *)"SCMP_ACT_ALLOW"}, otherwise = {.action = NULL};
	char *tail = strchr(s, ';');
	struct ways ways = {.n = 0};
	const char *why = NULL;
	int got;

	list_add(l->d, &r.names, name);
	otherwise.names = r.names;
	if (tail) {
		*tail++ = '\0';
		got = read_action(l, trim(tail), &otherwise);
		if (got <= 0)
			return got < 0 ? got
				       : wrong(l, "after ; stands an action such as return EPERM, not", trim(tail));
	}
	s = trim(s);
	got = read_action(l, s, &r);
	if (got) {
		if (got > 0)
			rule_add(l->d, &r);
		return got;
	}
	if (read_ways(s, l->d->arena, &ways, &why) < 0)
		return wrong(l, why, NULL);
	for (size_t i = 0; i < ways.n; i++) {
		r.args = ways.v[i].args;
		r.n_args = ways.v[i].n;
		if (ways.v[i].twice)
			left_out(l->d,
				 "%s, line %zu: %s: conditions of one argument that have to hold together; such calls "
				 "are not allowed",
				 l->file, l->line, name);
		else
			rule_add(l->d, &r);
	}
	if (otherwise.action)
		rule_add(l->d, &otherwise);
	return 0;
}

static int read_text(struct lines *l, char *text);

/* Beside the file that includes it. */
static int include(const struct lines *l, const char *path)
{
	struct lines in = {.d = l->d, .depth = l->depth + 1, .seen = l->seen};
	const char *slash = strrchr(l->file, '/');
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	int r;

	in.file = *path == '/' || !slash ? arena_strdup(l->d->arena, path)
					 : arena_printf(l->d->arena, "%.*s/%s", (int)(slash - l->file), l->file, path);
	if (!in.file)
		return err_set(l->d->e, ENOMEM, "no memory left");
	if (in.depth > INCLUDES_MAX)
		return wrong(l, "too many files include each other:", path);
	r = file_read(AT_FDCWD, in.file, SPEC_FILE_MAX, &text, &len, l->d->e);
	if (r < 0)
		return r;
	if (strlen(text) != len)
		return wrong(l, "no text:", in.file);
	return read_text(&in, text);
}

static int read_at(struct lines *l, char *s)
{
	char *word = s, *rest = s + strcspn(s, " \t");
	struct spec_seccomp_rule r = {.action = NULL};
	int got;

	if (*rest)
		*rest++ = '\0';
	rest = trim(rest);
	if (str_eq(word, "@frequency")) /* an order that is faster, and means the same */
		return 0;
	if (str_eq(word, "@include"))
		return include(l, rest);
	if (!str_eq(word, "@default"))
		return wrong(l, "not known:", word);
	got = read_action(l, rest, &r);
	if (got <= 0)
		return got < 0 ? got : wrong(l, "@default takes an action, not", rest);
	l->d->calls.default_action = r.action;
	l->d->calls.default_errno_ret = r.errno_ret;
	return 0;
}

static int read_line(struct lines *l, char *s)
{
	char *colon, *name;

	s[strcspn(s, "#")] = '\0';
	s = trim(s);
	if (!*s)
		return 0;
	if (*s == '@')
		return read_at(l, s);
	colon = strchr(s, ':');
	if (!colon)
		return wrong(l, "a line is NAME: CONDITIONS, not", s);
	*colon = '\0';
	name = trim(s);
	if (!*name || name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")])
		return wrong(l, "no name of a system call:", name);
	if (strv_has(l->seen, name))
		return wrong(l, "a second line for", name);
	list_add(l->d, l->seen, name);
	return read_filter(l, name, colon + 1);
}

/* Lines, of which a backslash at the end takes in the next. */
static int read_text(struct lines *l, char *text)
{
	int r = 0;

	while (r >= 0 && text) {
		char *start = text, *end;
		size_t n = 1;

		while ((end = strchr(text, '\n')) && end > start && end[-1] == '\\') {
			end[-1] = end[0] = ' ';
			text = end + 1;
			n++;
		}
		text = end ? end + 1 : NULL;
		if (end)
			*end = '\0';
		l->line++;
		r = read_line(l, start);
		l->line += n - 1;
	}
	return r < 0 ? r : 0;
}

/* minijail puts the filter on when the program runs already, or right before: a policy holds from the execve on. */
static void add_needed(struct draft *d, const struct strv *seen)
{
	static const char *const ends[] = {"exit_group", "exit"};
	struct spec_seccomp_rule r = {.action = (char *)"SCMP_ACT_ALLOW"};

	if (!strv_has(seen, "execve")) {
		list_add(d, &r.names, "execve");
		rule_add(d, &r);
		d->exec.set = true; /* of an empty list: nothing but the first program */
	}
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		if (strv_has(seen, ends[i]))
			continue;
		r.names = (struct strv){0};
		list_add(d, &r.names, ends[i]);
		rule_add(d, &r);
		left_out(d, "that %s is not allowed: programs could not end", ends[i]);
	}
}

int import_minijail(struct draft *d)
{
	struct strv seen = {0};
	struct lines l = {.d = d, .file = d->how->file, .seen = &seen};
	char *text = arena_strndup(d->arena, d->text, d->len);
	int r;

	if (!text)
		return err_set(d->e, ENOMEM, "no memory left");
	if (strlen(text) != d->len)
		return wrong(&l, "no text", NULL);
	d->calls = (struct spec_seccomp){.set = true, .default_action = (char *)"SCMP_ACT_KILL_PROCESS"};
	list_add(d, &d->calls.architectures, d->how->arch);
	r = read_text(&l, text);
	if (r < 0)
		return r;
	add_needed(d, &seen);
	return 0;
}
