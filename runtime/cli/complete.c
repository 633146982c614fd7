/* SPDX-License-Identifier: Apache-2.0 */
/* The answers of completion, from the table; the scripts of the shells only ask. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "runtime/host/host.h"
#include "runtime/state/state.h"

/* One thing that may stand at the cursor. description may be NULL. */
static void offer(struct buf *out, const char *typed, const char *word, const char *description)
{
	if (!str_starts(word, typed))
		return;
	buf_printf(out, description ? "%s\t%s\n" : "%s\n", word, description);
}

static void offer_commands(struct rt_call *c, const char *typed, struct buf *out)
{
	const struct rt_command *of = c->command;
	const char *group = !of ? NULL : of->group ? of->name : c->n_args ? c->args[0] : NULL;

	for (const struct rt_command *k = c->table->commands; k->name; k++) {
		const char *name = group ? rt_command_below(k, group) : strchr(k->name, ' ') ? NULL : k->name;

		if (name && !k->hidden)
			offer(out, typed, name, k->help);
	}
}

static void offer_options(const struct rt_option *list, const char *typed, struct buf *out)
{
	for (; list->name; list++) {
		char word[64];

		if (list->hidden)
			continue;
		snprintf(word, sizeof(word), "--%s", list->name);
		offer(out, typed, word, list->help);
		snprintf(word, sizeof(word), "-%c", list->short_name);
		if (list->short_name)
			offer(out, typed, word, list->help);
	}
}

static void offer_containers(struct rt_call *c, const char *typed, struct buf *out)
{
	struct err ignored = {0};
	struct strv ids;

	/* What is to be made has no ID yet. */
	if (c->command->makes || rt_cli_finish(c, &ignored) < 0 ||
	    rt_store_list(c->g.root, &c->arena, &ids, &ignored) < 0)
		return;
	for (size_t i = 0; i < ids.n; i++) {
		AUTO_CONTAINER k = RT_CONTAINER_INIT;
		unsigned int states = c->command->states;

		if (rt_container_open(c, ids.v[i], RT_LOCK_NONE, &k, &ignored) < 0)
			continue;
		if (!states || states & 1U << k.status)
			offer(out, typed, ids.v[i], spec_status_name(k.status));
	}
}

static void offer_signals(struct rt_call *c, const char *typed, struct buf *out)
{
	(void)c;
	for (int sig = 1; sig < 32; sig++)
		offer(out, typed, signal_name(sig) + (str_starts(typed, "S") ? 0 : strlen("SIG")), NULL);
}

static void offer_policies(struct rt_call *c, const char *typed, struct buf *out)
{
	struct spec_admin admin = {0};
	const struct dirent *d;
	DIR *dir;

	(void)rt_admin_load(c, &admin, NULL, NULL);
	dir = opendir(rt_policy_dir(c, &admin));

	for (size_t i = 0; jail_builtin_name(i); i++)
		offer(out, typed, jail_builtin_name(i), "built in");
	while (dir && (d = readdir(dir))) {
		const char *end = strrchr(d->d_name, '.');
		char *name = arena_strndup(&c->arena, d->d_name, end ? (size_t)(end - d->d_name) : 0);

		if (name && *name && str_eq(end, ".json") && !jail_builtin_policy(name))
			offer(out, typed, name, NULL);
	}
	if (dir)
		closedir(dir);
}

static void offer_abis(struct rt_call *c, const char *typed, struct buf *out)
{
	uint32_t abis[JAIL_ABIS];
	size_t n = jail_abis(abis);

	for (size_t i = 0; i < n; i++)
		offer(out, typed, jail_abi_name(abis[i], &c->arena), NULL);
	offer(out, typed, "all", NULL);
}

static void offer_syscalls(struct rt_call *c, const char *typed, struct buf *out)
{
	struct jail_calls calls;
	uint32_t native;

	if (jail_abi_find("native", &native, NULL) < 0 || jail_calls(native, &c->arena, &calls, NULL) < 0)
		return;
	for (size_t i = 0; i < calls.n; i++)
		offer(out, typed, calls.v[i].name, NULL);
}

/* What the words of a placeholder stand for; one that is not in capitals stands for itself, one that is not here for
 * something that only the caller knows. */
static const struct {
	const char *name;
	const char *kind; /* of what the shell itself completes, or NULL */
	void (*offer)(struct rt_call *c, const char *typed, struct buf *out);
} placeholders[] = {
    {"ARCH", NULL, offer_abis},
    {"BUNDLE", "dirs", NULL},
    {"COMMAND", NULL, offer_commands},
    {"CONTAINER", NULL, offer_containers},
    {"DIR", "dirs", NULL},
    {"FILE", "files", NULL},
    {"NAME", NULL, offer_policies},
    {"SIGNAL", NULL, offer_signals},
    {"SOCKET", "files", NULL},
    {"SYSCALL", NULL, offer_syscalls},
};

/* placeholder: "CONTAINER", "[BUNDLE]", "NAME|FILE|none". Returns the first line of the answer. */
static const char *offer_values(struct rt_call *c, const char *placeholder, const char *typed, struct buf *out)
{
	char *rest = arena_strdup(&c->arena, placeholder), *word;
	const char *kind = "words";

	while (rest && (word = str_field(&rest, "|[]."))) {
		if (*word && !(*word >= 'A' && *word <= 'Z'))
			offer(out, typed, word, NULL);
		for (size_t i = 0; i < ARRAY_LEN(placeholders); i++) {
			if (!str_eq(word, placeholders[i].name))
				continue;
			if (placeholders[i].kind)
				kind = placeholders[i].kind;
			else
				placeholders[i].offer(c, typed, out);
		}
	}
	return kind;
}

/* The placeholder of the command's next argument, or NULL. */
static const char *next_argument(struct rt_call *c)
{
	char *rest = arena_strdup(&c->arena, c->command->args), *word;

	for (int i = 0; rest && (word = str_field(&rest, " ")); i++)
		if (i == c->n_args || strstr(word, "..."))
			return *word ? word : NULL;
	return NULL;
}

static const char *answer(struct rt_call *c, const struct rt_place *place, const char *typed, struct buf *out)
{
	const struct rt_option *list = c->command ? c->command->options : c->table->globals;
	const struct rt_option *more = c->command ? c->table->common : NULL, *o = place->value_of;
	const char *argument, *value = strchr(typed, '=');

	if (!o && place->options && *typed == '-' && value) {
		const char *name = typed + 1 + (typed[1] == '-');

		o = rt_option_find(list, more, name, (size_t)(value - name));
		if (!o)
			return "words";
		typed = value + 1;
	}
	if (o)
		return offer_values(c, o->type == RT_BOOL ? "true|false" : o->arg, typed, out);
	if (place->options && *typed == '-') {
		offer_options(list, typed, out);
		if (more)
			offer_options(more, typed, out);
		return "words";
	}
	argument = c->command ? next_argument(c) : "COMMAND";
	return argument ? offer_values(c, argument, typed, out) : "words";
}

void rt_complete(struct rt_call *c, const char *const *words, int n_words, struct buf *out)
{
	const char *typed = n_words ? words[n_words - 1] : "";
	char **argv = arena_alloc(&c->arena, ((size_t)n_words + 2) * sizeof(*argv));
	const char *kind = "words";
	AUTO_BUF candidates = {0};
	struct rt_call said;
	struct rt_place place;

	if (!argv)
		return;
	argv[0] = "jailrun";
	if (n_words)
		memcpy(argv + 1, words, (size_t)(n_words - 1) * sizeof(*argv));
	if (rt_cli_place(c->table, n_words ? n_words : 1, argv, &said, &place) == 0)
		kind = answer(&said, &place, typed, &candidates);
	buf_printf(out, "%s\n", kind);
	buf_add(out, candidates.data, candidates.len);
	rt_call_free(&said);
}
