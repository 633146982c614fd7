/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#define HELP_COLUMN 42

static void option_help(const struct rt_option *o, struct buf *out)
{
	size_t start = out->len;

	if (o->hidden)
		return;
	buf_printf(out, "   --%s", o->name);
	if (o->arg)
		buf_printf(out, " %s", o->arg);
	if (o->short_name)
		buf_printf(out, ", -%c", o->short_name);
	if (o->short_name && o->arg)
		buf_printf(out, " %s", o->arg);
	if (out->len - start + 2 > HELP_COLUMN) {
		buf_str(out, "\n");
		start = out->len;
	}
	buf_printf(out, "%*s%s\n", (int)(HELP_COLUMN - (out->len - start)), "", o->help);
}

static void options_help(const struct rt_option *list, struct buf *out)
{
	for (; list->name; list++)
		option_help(list, out);
}

static bool any_shown(const struct rt_option *list)
{
	while (list->name && list->hidden)
		list++;
	return list->name;
}

static void usage_line(const struct rt_command *k, struct buf *out)
{
	buf_printf(out, "jailrun %s%s%s%s", k->name, any_shown(k->options) ? " [OPTIONS]" : "", k->args[0] ? " " : "",
		   k->args);
}

static void command_lines(const struct rt_command *k, struct buf *out)
{
	buf_str(out, "\n   ");
	usage_line(k, out);
	buf_printf(out, "\n      %s\n", k->help);
	options_help(k->options, out);
}

static void command_help(const struct rt_table *table, const struct rt_command *k, struct buf *out)
{
	buf_printf(out, "NAME:\n   jailrun %s - %s\n\nUSAGE:\n   ", k->name, k->help);
	usage_line(k, out);
	buf_str(out, "\n\nOPTIONS:\n");
	options_help(k->options, out);
	options_help(table->common, out);
	if (k->group)
		buf_str(out, "\nCOMMANDS:\n");
	for (const struct rt_command *m = table->commands; k->group && m->name; m++)
		if (rt_command_below(m, k->name))
			command_lines(m, out);
}

void rt_help(const struct rt_table *table, const struct rt_command *command, struct buf *out)
{
	if (command) {
		command_help(table, command, out);
		return;
	}
	buf_str(out, "NAME:\n   jailrun - run OCI containers in a jail\n\n"
		     "USAGE:\n   jailrun [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]\n\n"
		     "GLOBAL OPTIONS:\n");
	options_help(table->globals, out);
	buf_str(out, "\nCOMMANDS:\n");
	for (const struct rt_command *k = table->commands; k->name; k++)
		if (!k->hidden)
			command_lines(k, out);
}

static void options_dump(const char *command, const struct rt_option *list, struct buf *out)
{
	for (; list->name; list++) {
		char letter[3] = {'-', list->short_name, '\0'};

		buf_printf(out, "%s\t--%s\t%s\t%s\t%s\t%s\n", command, list->name, letter, list->arg ? list->arg : "-",
			   list->hidden ? "hidden" : "shown", list->help);
	}
}

void rt_help_dump(const struct rt_table *table, struct buf *out)
{
	options_dump("-", table->globals, out);
	for (const struct rt_command *k = table->commands; k->name; k++) {
		buf_printf(out, "%s\t-\t-\t%s\t%s\t%s\n", k->name, k->args[0] ? k->args : "-",
			   k->hidden ? "hidden" : "shown", k->help);
		options_dump(k->name, k->options, out);
		options_dump(k->name, table->common, out);
	}
}
