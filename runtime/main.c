/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "runtime/cli/cli.h"
#include "runtime/commands/commands.h"

/* What this process was given by its caller and must not trip over. */
static int inherited_settle(struct err *e)
{
	int fd;

	/* A file of ours on one of the first three would be taken for the workload's. */
	do {
		fd = open("/dev/null", O_RDWR);
		if (fd < 0)
			return err_errno(e, "open /dev/null");
	} while (fd <= STDERR_FILENO);
	close(fd);
	/* Ignored, it would take the status of our children away. */
	signal(SIGCHLD, SIG_DFL);
	return 0;
}

static int log_open(const struct rt_globals *g, struct err *e)
{
	int fd = -1;

	if (g->log && *g->log) {
		fd = out_append(g->log, 0644, e);
		if (fd < 0)
			return err_ctx(e, "--log");
	}
	log_setup(fd, str_eq(g->log_format, "json"), g->debug);
	return 0;
}

static int call_run(struct rt_call *c, struct err *e)
{
	AUTO_BUF text = {0};
	int r;

	if (c->g.dump_options)
		rt_help_dump(c->table, &text);
	else if (c->g.version)
		rt_version(&text);
	else if (c->g.help || !c->command)
		rt_help(c->table, NULL, &text);
	else if (c->o.help)
		rt_help(c->table, c->command, &text);
	if (text.data)
		return rt_print(&text, e);
	r = rt_cli_finish(c, e);
	if (r < 0)
		return r;
	log_debug("%s: state root %s", c->command->name, c->g.root);
	return c->command->run(c, e);
}

static void say_error(const struct err *e)
{
	AUTO_BUF hint = {0};
	char text[sizeof(*e)];

	rt_outer_hint(e, &hint);
	log_error("%s%s", err_str(e, text, sizeof(text)), hint.data && !hint.failed ? hint.data : "");
}

static int failure_status(const struct rt_call *c, int parsed)
{
	const struct rt_command *k = c->command;

	if (parsed == -ENOENT)
		return RT_EXIT_NO_COMMAND;
	/* The mistake may stand before the command. */
	for (char **word = c->argv + 1; !k && parsed < 0 && *word; word++)
		k = rt_command_find(&rt_commands, *word);
	if (k && k->failure_of)
		return k->failure_of(c, parsed < 0);
	return k && k->failure && parsed == 0 ? k->failure : 1;
}

int main(int argc, char **argv)
{
	struct err e = {0}, log_err = {0};
	struct rt_call c = {0};
	int parsed = 0, r;

	r = inherited_settle(&e);
	if (r == 0)
		r = parsed = rt_cli_parse(&rt_commands, argc, argv, &c, &e);
	c.argv = argv;
	/* Even after an error: it is to be found in the log as well. */
	if (log_open(&c.g, &log_err) < 0 && r == 0) {
		e = log_err;
		r = -e.code;
	}
	if (r == 0)
		r = call_run(&c, &e);
	if (r < 0) {
		if (!e.code)
			err_set(&e, -r, "%s", strerror(-r));
		say_error(&e);
	}
	if (r < 0)
		r = failure_status(&c, parsed);
	rt_call_free(&c);
	return r;
}
