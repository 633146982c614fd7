/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a command line, read by a table of commands. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "runtime/state/state.h"

/* Commands of runc that are yet to come: a message of their own, so that nobody looks for a spelling mistake. */
static const char *const later[] = {"checkpoint", "restore", NULL};

/* As Go's strconv.ParseBool. */
static int parse_bool(const char *s, bool *ret)
{
	static const char *const words[2][6] = {{"0", "f", "F", "false", "FALSE", "False"},
						{"1", "t", "T", "true", "TRUE", "True"}};

	for (int v = 0; v < 2; v++) {
		for (size_t i = 0; i < 6; i++) {
			if (str_eq(s, words[v][i])) {
				*ret = v;
				return 0;
			}
		}
	}
	return -EINVAL;
}

static bool is_choice(const char *choices, const char *value)
{
	size_t len = strlen(value);

	for (const char *p = choices; p; p = strchr(p, '|')) {
		p += *p == '|';
		if (len == strcspn(p, "|") && strncmp(p, value, len) == 0)
			return true;
	}
	return false;
}

/* What is being parsed: the next word is argv[i]. */
struct words {
	int argc, i;
	char **argv;
	struct arena *arena;
	const struct rt_option *globals;
	const struct rt_option *waiting; /* whose value is missing */
	bool ended;                      /* "--" was there: no more options */
};

static int list_add(struct words *w, struct strv *list, const char *value, struct err *e)
{
	/* No option can come more often than there are words. */
	if (!list->v)
		list->v = arena_alloc(w->arena, ((size_t)w->argc + 1) * sizeof(*list->v));
	if (!list->v)
		return err_set(e, ENOMEM, "out of memory");
	list->v[list->n++] = (char *)value;
	return 0;
}

static int option_set(struct words *w, const struct rt_option *o, char *base, const char *value, struct err *e)
{
	void *field = base + o->offset;

	if (o->choices && !is_choice(o->choices, value))
		return err_set(e, EINVAL, "invalid %s: %s (it takes %s)", o->name, value, o->choices);
	switch (o->type) {
	case RT_BOOL:
		if (parse_bool(value, field) < 0)
			return err_set(e, EINVAL,
				       "invalid boolean value \"%s\" for -%s: parse error: it takes true or false",
				       value, o->name);
		break;
	case RT_UINT:
		if (parse_u64(value, 0, field) < 0)
			return err_set(e, EINVAL,
				       "invalid value \"%s\" for flag -%s: parse error: it takes a number from 0 on",
				       value, o->name);
		break;
	case RT_STRING:
		*(const char **)field = value;
		break;
	case RT_LIST:
		return list_add(w, field, value, e);
	}
	return 0;
}

const struct rt_option *rt_option_find(const struct rt_option *list, const struct rt_option *more, const char *name,
				       size_t len)
{
	for (; list->name; list++)
		if ((strlen(list->name) == len && strncmp(list->name, name, len) == 0) ||
		    (len == 1 && list->short_name == *name))
			return list;
	return more ? rt_option_find(more, NULL, name, len) : NULL;
}

static const char *nearest_option(const struct rt_option *list, const char *word, const char *found, size_t *least)
{
	for (; list && list->name; list++)
		if (!list->hidden && str_nearer(word, list->name, least))
			found = list->name;
	return found;
}

static int not_defined(const struct words *w, const struct rt_option *list, const struct rt_option *more,
		       const char *name, size_t len, struct err *e)
{
	char word[40];
	size_t least = SIZE_MAX;
	const char *near;

	snprintf(word, sizeof(word), "%.*s", (int)len, name);
	near = nearest_option(list, word, NULL, &least);
	near = nearest_option(more, word, near, &least);
	near = nearest_option(w->globals, word, near, &least);
	return err_set(e, EINVAL, "flag provided but not defined: -%.*s%s%s%s", (int)len, name,
		       near ? " (did you mean --" : ": see --help", near ? near : "", near ? "?)" : "");
}

/* Takes the next word, an option of one of the lists, and its value, which may be the word after it. */
static int option_take(struct words *w, const struct rt_option *list, const struct rt_option *more, char *base,
		       char *globals, struct err *e)
{
	const char *arg = w->argv[w->i++], *name = arg + 1 + (arg[1] == '-');
	size_t len = strcspn(name, "=");
	const char *value = name[len] ? name + len + 1 : NULL;
	const struct rt_option *o;

	if (len == 0 || *name == '-')
		return err_set(e, EINVAL, "bad flag syntax: %s", arg);
	o = rt_option_find(list, more, name, len);
	if (!o && globals && (o = rt_option_find(w->globals, NULL, name, len)))
		base = globals; /* they may stand behind the command, too */
	if (!o)
		return not_defined(w, list, more, name, len, e);
	if (!value && o->type == RT_BOOL)
		value = "true";
	if (!value) {
		if (w->i >= w->argc) {
			w->waiting = o;
			return err_set(e, EINVAL, "flag needs an argument: -%.*s: %s, %s", (int)len, name, o->arg,
				       o->help);
		}
		value = w->argv[w->i++];
	}
	return option_set(w, o, base, value, e);
}

static bool is_option(const char *arg)
{
	return arg[0] == '-' && arg[1];
}

const struct rt_command *rt_command_find(const struct rt_table *table, const char *name)
{
	for (const struct rt_command *k = table->commands; k->name; k++)
		if (str_eq(k->name, name) && !strchr(name, ' ')) /* one of a group has two words */
			return k;
	return NULL;
}

const char *rt_command_below(const struct rt_command *k, const char *group)
{
	size_t n = strlen(group);

	return str_starts(k->name, group) && k->name[n] == ' ' ? k->name + n + 1 : NULL;
}

const struct rt_command *rt_command_named(const struct rt_table *table, const char *const *words, int n)
{
	if (n < 2)
		return n ? rt_command_find(table, words[0]) : NULL;
	for (const struct rt_command *k = table->commands; n == 2 && k->name; k++)
		if (str_eq(rt_command_below(k, words[0]), words[1]))
			return k;
	return NULL;
}

int rt_command_missing(const struct rt_table *table, const char *name, struct err *e)
{
	size_t least = SIZE_MAX;
	const char *near = NULL;

	for (size_t i = 0; later[i]; i++)
		if (str_eq(later[i], name))
			return err_set(e, ENOENT, "No help topic for '%s': this version does not have that command",
				       name);
	for (const struct rt_command *k = table->commands; k->name; k++)
		if (!k->hidden && str_nearer(name, k->name, &least))
			near = k->name;
	return err_set(e, ENOENT, "No help topic for '%s': no such command, %s%s%ssee jailrun --help", name,
		       near ? "did you mean " : "", near ? near : "", near ? "? Else " : "");
}

static int count_check(const struct rt_call *c, struct err *e)
{
	const struct rt_command *k = c->command;
	char usage[160];

	if (c->n_args >= k->min_args && (c->n_args <= k->max_args || k->max_args == RT_ANY_ARGS))
		return 0;
	snprintf(usage, sizeof(usage), "not %d: jailrun %s%s%s%s", c->n_args, k->name, k->options ? " [OPTIONS]" : "",
		 k->args ? " " : "", k->args ? k->args : "");
	if (k->min_args == k->max_args)
		return err_set(e, EINVAL, "\"%s\" requires exactly %d argument(s), %s", k->name, k->min_args, usage);
	if (c->n_args < k->min_args)
		return err_set(e, EINVAL, "\"%s\" requires a minimum of %d argument(s), %s", k->name, k->min_args,
			       usage);
	return err_set(e, EINVAL, "\"%s\" requires a maximum of %d argument(s), %s", k->name, k->max_args, usage);
}

static int globals_take(struct words *w, struct rt_call *c, struct err *e)
{
	while (w->i < w->argc && !w->ended && is_option(w->argv[w->i])) {
		w->ended = str_eq(w->argv[w->i], "--");
		if (w->ended)
			w->i++;
		else if (option_take(w, c->table->globals, NULL, (char *)&c->g, NULL, e) < 0)
			return -e->code;
	}
	return 0;
}

/* The name of a command of the group. */
static int member_take(struct words *w, struct rt_call *c, struct err *e)
{
	const char *words[2] = {c->command->name, w->argv[w->i]};
	const struct rt_command *k = rt_command_named(c->table, words, 2);
	const char *name = k ? k->name : arena_printf(w->arena, "%s %s", words[0], words[1]);

	if (!k)
		return rt_command_missing(c->table, name ? name : words[1], e);
	c->command = k;
	w->i++;
	return 0;
}

static int options_take(struct words *w, struct rt_call *c, struct err *e)
{
	w->ended = false;
	while (w->i < w->argc) {
		const char *arg = w->argv[w->i];

		if (!w->ended && str_eq(arg, "--")) {
			w->ended = true;
			w->i++;
		} else if (!w->ended && is_option(arg)) {
			if (option_take(w, c->command->options, c->table->common, (char *)&c->o, (char *)&c->g, e) < 0)
				return -e->code;
		} else if (c->command->group) {
			if (member_take(w, c, e) < 0)
				return -e->code;
		} else {
			c->args[c->n_args++] = arg;
			w->i++;
			w->ended = w->ended || c->command->options_first;
		}
	}
	return 0;
}

static int words_take(struct words *w, const struct rt_table *table, struct rt_call *c, struct err *e)
{
	int r;

	w->globals = table->globals;
	*c = (struct rt_call){.table = table,
			      .g = {.log_format = "text", .rootless = "auto", .cgroup_manager = "cgroupfs"},
			      .o = {.format = "table"}};
	c->args = arena_alloc(&c->arena, ((size_t)w->argc + 1) * sizeof(*c->args));
	if (!c->args)
		return err_set(e, ENOMEM, "out of memory");
	r = globals_take(w, c, e);
	if (r < 0 || w->i >= w->argc || c->g.help || c->g.version)
		return r;
	c->command = rt_command_find(table, w->argv[w->i]);
	if (!c->command)
		return rt_command_missing(table, w->argv[w->i], e);
	w->i++;
	return options_take(w, c, e);
}

int rt_cli_parse(const struct rt_table *table, int argc, char **argv, struct rt_call *ret, struct err *e)
{
	struct words w = {.argc = argc, .i = 1, .argv = argv, .arena = &ret->arena};
	int r = words_take(&w, table, ret, e);

	if (r < 0 || !ret->command || ret->o.help)
		return r;
	r = count_check(ret, e);
	if (r == 0 && ret->command->names_command && ret->n_args && !rt_command_named(table, ret->args, ret->n_args))
		r = rt_command_missing(table, ret->args[ret->n_args - 1], e);
	return r;
}

int rt_cli_place(const struct rt_table *table, int argc, char **argv, struct rt_call *ret, struct rt_place *place)
{
	struct words w = {.argc = argc, .i = 1, .argv = argv, .arena = &ret->arena};
	struct err e = {0};
	int r = words_take(&w, table, ret, &e);

	*place = (struct rt_place){w.waiting, !w.ended};
	return w.waiting ? 0 : r;
}

static int manager_choose(struct rt_call *c, struct err *e)
{
	bool systemd = c->g.systemd_cgroup || str_eq(c->g.cgroup_manager, "systemd");

	c->manager = str_eq(c->g.cgroup_manager, "disabled") ? CG_DISABLED : CG_CGROUPFS;
	if (!systemd)
		return 0;
	c->manager = CG_SYSTEMD;
	/* A container that exists carries its manager in its state: to kill or delete it, the option says nothing. */
	if (!c->command || !c->command->makes || cg_has_systemd())
		return 0;
	return err_set(
	    e, ENOTSUP,
	    "%s: this jailrun was built without the systemd cgroup manager (configure --with-systemd, which needs "
	    "libsystemd): leave the option out, and let the caller use its cgroupfs manager",
	    c->g.systemd_cgroup ? "--systemd-cgroup" : "--cgroup-manager systemd");
}

int rt_cli_finish(struct rt_call *c, struct err *e)
{
	int r = manager_choose(c, e);

	if (r < 0)
		return r;
	c->root_given = c->g.root != NULL;
	return rt_root_path(c->g.root, getenv("XDG_RUNTIME_DIR"), !c->g.root && rt_is_rootless(c), &c->arena,
			    &c->g.root, e);
}

void rt_call_free(struct rt_call *c)
{
	arena_free(&c->arena);
}
