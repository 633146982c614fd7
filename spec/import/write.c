/* SPDX-License-Identifier: Apache-2.0 */
/* A draft as the text of a policy. */
#include "import.h"

#include <string.h>

static void write_rule(const struct spec_seccomp_rule *r, struct jsonw *w)
{
	jw_object(w, NULL);
	jw_strv(w, "names", &r->names);
	jw_str(w, "action", r->action);
	if (r->errno_ret.set)
		jw_uint(w, "errnoRet", r->errno_ret.v);
	if (r->n_args)
		jw_array(w, "args");
	for (size_t i = 0; i < r->n_args; i++) {
		const struct spec_seccomp_arg *a = &r->args[i];

		jw_object(w, NULL);
		jw_uint(w, "index", a->index);
		jw_uint(w, "value", a->value);
		if (str_eq(a->op, "SCMP_CMP_MASKED_EQ"))
			jw_uint(w, "valueTwo", a->value_two);
		jw_str(w, "op", a->op);
		jw_object_end(w);
	}
	if (r->n_args)
		jw_array_end(w);
	jw_object_end(w);
}

static void write_calls(const struct spec_seccomp *s, struct jsonw *w)
{
	jw_object(w, "syscalls");
	jw_str(w, "defaultAction", s->default_action);
	if (s->default_errno_ret.set)
		jw_uint(w, "defaultErrnoRet", s->default_errno_ret.v);
	if (s->architectures.n)
		jw_strv(w, "architectures", &s->architectures);
	if (s->flags.v)
		jw_strv(w, "flags", &s->flags);
	jw_array(w, "syscalls");
	for (size_t i = 0; i < s->n_rules; i++)
		write_rule(&s->rules[i], w);
	jw_array_end(w);
	jw_object_end(w);
}

/* Rules of network that name nothing let nothing through. */
static void write_network(const struct draft *d, struct jsonw *w)
{
	jw_object(w, "network");
	jw_object(w, "connect");
	jw_strv(w, "allow", &(struct strv){0});
	jw_object_end(w);
	if (d->network.bind_nothing) {
		jw_object(w, "bind");
		jw_strv(w, "allow", &(struct strv){0});
		jw_object_end(w);
	}
	jw_object_end(w);
}

static void write_files(const struct spec_files *files, struct jsonw *w)
{
	static const char *const keys[FILES_RIGHTS] = {"read", "write", "create", "execute", "list", "ioctl"};

	jw_object(w, "files");
	for (int i = 0; i < FILES_RIGHTS; i++)
		if (files->list[i].set)
			jw_strv(w, keys[i], &files->list[i].paths);
	if (files->deny.n)
		jw_strv(w, "deny", &files->deny);
	jw_object_end(w);
}

/* Processes are made by each of these; clone3, whose flags nobody can look at, is not among what a policy lets be called then. */
static void write_limits(const struct draft *d, struct jsonw *w)
{
	jw_object(w, "limits");
	if (d->processes.set)
		jw_uint(w, "processes", d->processes.v);
	if (d->threads.set)
		jw_uint(w, "threads", d->threads.v);
	if (d->execs.set)
		jw_uint(w, "execs", d->execs.v);
	if (d->forks.set) {
		jw_object(w, "syscalls");
		for (const char *const *s = import_forks(d->how->arch); *s; s++)
			jw_uint(w, *s, d->forks.v);
		jw_object_end(w);
	}
	jw_object_end(w);
}

static void write_env(const struct draft *d, struct jsonw *w)
{
	jw_object(w, "env");
	jw_strv(w, "keep", &d->env.keep);
	jw_object(w, "set");
	for (size_t i = 0; i < d->env.assign.n; i++) {
		const char *s = d->env.assign.v[i], *value = strchr(s, '=');
		char *name = arena_strndup(d->arena, s, (size_t)(value - s));

		if (name)
			jw_str(w, name, value + 1);
	}
	jw_object_end(w);
	jw_object_end(w);
}

void draft_write(const struct draft *d, const char *form, struct buf *out)
{
	struct jsonw w = {.out = out, .indent = 2};

	jw_object(&w, NULL);
	jw_fmt(&w, "description", "imported from %s (%s)", d->how->file, form);
	if (d->calls.set)
		write_calls(&d->calls, &w);
	if (d->exec.set) {
		jw_object(&w, "exec");
		jw_strv(&w, "allow", &(struct strv){0});
		jw_object_end(&w);
	}
	if (d->network.set)
		write_network(d, &w);
	if (d->files.set)
		write_files(&d->files, &w);
	if (d->processes.set || d->threads.set || d->execs.set || d->forks.set)
		write_limits(d, &w);
	if (d->env.set)
		write_env(d, &w);
	jw_object_end(&w);
	buf_str(out, "\n");
}
