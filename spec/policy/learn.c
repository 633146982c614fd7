/* SPDX-License-Identifier: Apache-2.0 */
/* Facts become a policy: one rule for the calls that are allowed whatever they are for, rules for those that are told apart, lists of
 * programs and addresses. */
#include "spec/policy/learn.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_MAX 48 /* a call with more than so many kinds is allowed whatever it is for */
#define PORTS_MAX  8  /* an address with more than so many ports has them all */

/* By which every program begins and ends, whether one was seen to end or not. */
static const char *const always[] = {"execve", "exit", "exit_group"};

static int by_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare(const void *p, const void *q)
{
	const struct fact *a = p, *b = q;
	int r = (int)a->kind - (int)b->kind;

	if (!r)
		r = by_text(a->what, b->what);
	if (!r)
		r = by_text(a->protocol, b->protocol);
	for (int i = 0; !r && i < FACT_ARGS; i++)
		r = (a->args[i] > b->args[i]) - (a->args[i] < b->args[i]);
	if (!r)
		r = (a->port > b->port) - (a->port < b->port);
	return r ? r : by_text(a->exe, b->exe);
}

static bool same_but_exe(const struct fact *a, const struct fact *b)
{
	struct fact x = *a, y = *b;

	x.exe = y.exe = NULL;
	return compare(&x, &y) == 0;
}

static void sort(struct spec_learn *l)
{
	size_t n = 0;

	if (l->n)
		qsort(l->facts, l->n, sizeof(*l->facts), compare);
	for (size_t i = 0; i < l->n; i++)
		if (!n || compare(&l->facts[n - 1], &l->facts[i]) != 0)
			l->facts[n++] = l->facts[i];
	l->n = n;
}

/* The facts of the same kind and name as the first, from i on; *ret_kinds: how many there are of them, whoever did them. */
static size_t group(const struct spec_learn *l, size_t i, size_t *ret_kinds)
{
	size_t n = 1;

	*ret_kinds = 1;
	while (i + n < l->n && l->facts[i + n].kind == l->facts[i].kind &&
	       str_eq(l->facts[i + n].what, l->facts[i].what) &&
	       str_eq(l->facts[i + n].protocol, l->facts[i].protocol)) {
		*ret_kinds += !same_but_exe(&l->facts[i + n - 1], &l->facts[i + n]);
		n++;
	}
	return n;
}

static bool learnt(const struct spec_learn *l, const char *section)
{
	return strv_has(&l->sections, section);
}

static bool is_plain(const struct spec_learn *l, size_t i, size_t kinds)
{
	return !learn_call_kind(l->facts[i].what) || kinds > VALUES_MAX;
}

static void write_plain(const struct spec_learn *l, struct jsonw *w)
{
	bool done[ARRAY_LEN(always)] = {false};
	size_t kinds;

	jw_object(w, NULL);
	jw_array(w, "names");
	for (size_t i = 0, n; i < l->n; i += n) {
		n = group(l, i, &kinds);
		if (l->facts[i].kind != FACT_CALL || !is_plain(l, i, kinds))
			continue;
		jw_str(w, NULL, l->facts[i].what);
		for (size_t k = 0; k < ARRAY_LEN(always); k++)
			done[k] |= str_eq(always[k], l->facts[i].what);
	}
	for (size_t k = 0; k < ARRAY_LEN(always); k++)
		if (!done[k])
			jw_str(w, NULL, always[k]);
	jw_array_end(w);
	jw_str(w, "action", "SCMP_ACT_ALLOW");
	jw_object_end(w);
}

static void write_kind(const struct fact *f, struct jsonw *w)
{
	const struct call_kind *kind = learn_call_kind(f->what);

	jw_object(w, NULL);
	jw_array(w, "names");
	jw_str(w, NULL, f->what);
	jw_array_end(w);
	jw_str(w, "action", "SCMP_ACT_ALLOW");
	jw_array(w, "args");
	for (uint32_t i = 0; i < kind->n; i++) {
		jw_object(w, NULL);
		jw_uint(w, "index", kind->args[i].index);
		jw_uint(w, "value", kind->args[i].mask);
		jw_uint(w, "valueTwo", f->args[i]);
		jw_str(w, "op", "SCMP_CMP_MASKED_EQ");
		jw_object_end(w);
	}
	jw_array_end(w);
	jw_object_end(w);
}

static void write_arch(struct jsonw *w, const char *name)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "SCMP_ARCH_%s", name);

	for (int i = 0; i < n && text[i]; i++)
		text[i] = (char)toupper((unsigned char)text[i]);
	jw_str(w, NULL, text);
}

static void write_calls(const struct spec_learn *l, const struct spec_learn_options *o, struct jsonw *w)
{
	size_t kinds;

	jw_object(w, "syscalls");
	jw_str(w, "defaultAction", "SCMP_ACT_ERRNO");
	if (l->archs.n > 1 || (l->archs.n && !str_eq(l->archs.v[0], o->native))) {
		jw_array(w, "architectures");
		for (size_t i = 0; i < l->archs.n; i++)
			write_arch(w, l->archs.v[i]);
		jw_array_end(w);
	}
	jw_array(w, "syscalls");
	write_plain(l, w);
	for (size_t i = 0, n; i < l->n; i += n) {
		n = group(l, i, &kinds);
		if (l->facts[i].kind != FACT_CALL || is_plain(l, i, kinds))
			continue;
		for (size_t k = 0; k < n; k++)
			if (k == 0 || !same_but_exe(&l->facts[i + k - 1], &l->facts[i + k]))
				write_kind(&l->facts[i + k], w);
	}
	jw_array_end(w);
	jw_object_end(w);
}

/* ---- programs ---- */

/* Where programs lie that have nothing to do with each other: no such directory becomes a tree, however many were used. */
static bool is_common(const char *dir, size_t len)
{
	static const char *const dirs[] = {"/usr/bin",       "/usr/sbin",  "/usr/lib",       "/usr/lib64",
					   "/usr/libexec",   "/usr/local", "/usr/local/bin", "/usr/local/sbin",
					   "/usr/local/lib", "/usr/share", "/usr/games",     "/var/lib",
					   "/var/tmp",       "/run/user",  "/dev/shm",       "/etc/init.d"};
	const char *second = memchr(dir + 1, '/', len - 1);

	if (!second) /* "/", "/etc", "/bin", "/tmp", "/home" */
		return true;
	if (!memchr(second + 1, '/', len - (size_t)(second + 1 - dir)) && str_starts(dir, "/home/"))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		if (strlen(dirs[i]) == len && strncmp(dirs[i], dir, len) == 0)
			return true;
	return false;
}

static size_t dir_length(const char *path)
{
	return (size_t)(strrchr(path, '/') - path);
}

/* A tree never allows the dynamic loader: it stays by its own path. */
static bool is_loader(const char *path)
{
	const char *base = strrchr(path, '/') + 1;

	return str_starts(base, "ld-") || str_starts(base, "ld.so") || str_starts(base, "ld64.so");
}

int learn_collapse(const char **paths, size_t n, uint64_t least, struct arena *a, struct strv *ret, struct err *e)
{
	*ret = (struct strv){.v = arena_alloc(a, (n + 1) * sizeof(char *))};
	if (!ret->v)
		return err_set(e, ENOMEM, "no memory left");
	for (size_t i = 0; i < n && least; i++) {
		size_t len = paths[i] ? dir_length(paths[i]) : 0, of = 0;

		if (!len || is_common(paths[i], len) || is_loader(paths[i]))
			continue;
		for (size_t k = i; k < n; k++)
			of += paths[k] && dir_length(paths[k]) == len && strncmp(paths[k], paths[i], len) == 0 &&
			      !is_loader(paths[k]);
		if (of < least)
			continue;
		ret->v[ret->n] = arena_printf(a, "%.*s/", (int)len, paths[i]);
		if (!ret->v[ret->n])
			return err_set(e, ENOMEM, "no memory left");
		for (size_t k = 0; k < n; k++)
			if (paths[k] && k != i && str_starts(paths[k], ret->v[ret->n]) && !is_loader(paths[k]))
				paths[k] = NULL;
		paths[i] = NULL;
		ret->n++;
	}
	return 0;
}

static int write_exec(const struct spec_learn *l, const struct spec_learn_options *o, struct jsonw *w, struct err *e)
{
	const char **paths = arena_alloc(l->arena, (l->n + 1) * sizeof(*paths));
	struct strv trees;
	size_t n = 0;
	int r;

	if (!paths)
		return err_set(e, ENOMEM, "no memory left");
	for (size_t i = 0; i < l->n; i++)
		if (l->facts[i].kind == FACT_EXEC)
			paths[n++] = l->facts[i].what;
	r = learn_collapse(paths, n, o->collapse, l->arena, &trees, e);
	if (r < 0)
		return r;
	jw_object(w, "exec");
	jw_array(w, "allow");
	for (size_t i = 0; i < trees.n; i++)
		jw_str(w, NULL, trees.v[i]);
	for (size_t i = 0; i < n; i++)
		if (paths[i])
			jw_str(w, NULL, paths[i]);
	jw_array_end(w);
	if (l->memfd)
		jw_bool(w, "memfd", true);
	jw_object_end(w);
	return 0;
}

/* ---- addresses ---- */

static void write_addresses(const struct spec_learn *l, enum fact_kind kind, struct jsonw *w, const char *key)
{
	size_t ports;

	jw_object(w, key);
	jw_array(w, "allow");
	for (size_t i = 0, n; i < l->n; i += n) {
		const struct fact *f = &l->facts[i];
		const char *open = strchr(f->what, ':') ? "[" : "", *close = *open ? "]" : "";

		n = group(l, i, &ports);
		if (f->kind != kind)
			continue;
		if (ports > PORTS_MAX) {
			jw_fmt(w, NULL, "%s:%s%s%s:*", f->protocol, open, f->what, close);
			continue;
		}
		for (size_t k = 0; k < n; k++)
			jw_fmt(w, NULL, "%s:%s%s%s:%llu", f->protocol, open, f->what, close,
			       (unsigned long long)f[k].port);
	}
	jw_array_end(w);
	jw_object_end(w);
}

static void write_network(const struct spec_learn *l, struct jsonw *w)
{
	jw_object(w, "network");
	if (learnt(l, "network.connect"))
		write_addresses(l, FACT_CONNECT, w, "connect");
	if (learnt(l, "network.bind"))
		write_addresses(l, FACT_BIND, w, "bind");
	jw_object_end(w);
}

int spec_learn_policy(struct spec_learn *l, const struct spec_learn_options *o, struct buf *out, struct err *e)
{
	struct jsonw w = {.out = out, .indent = 2};
	int r = 0;

	sort(l);
	jw_object(&w, NULL);
	jw_str(&w, "name", o->name);
	jw_fmt(&w, "description", "learnt from what was done in %llu run%s", (unsigned long long)l->runs,
	       l->runs == 1 ? "" : "s");
	if (learnt(l, "syscalls"))
		write_calls(l, o, &w);
	if (learnt(l, "exec"))
		r = write_exec(l, o, &w, e);
	if (learnt(l, "network.connect") || learnt(l, "network.bind"))
		write_network(l, &w);
	jw_object_end(&w);
	buf_str(out, "\n");
	return r < 0 ? r : out->failed ? err_set(e, ENOMEM, "no memory left") : 0;
}

static int by_exe(const void *p, const void *q)
{
	const struct fact *a = p, *b = q;
	int r = by_text(a->exe, b->exe);

	return r ? r : compare(a, b);
}

void spec_learn_programs(const struct spec_learn *l, struct jsonw *w, const char *key)
{
	struct fact *v = arena_alloc(l->arena, (l->n + 1) * sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; v && i < l->n; i++)
		if (l->facts[i].kind == FACT_CALL)
			v[n++] = l->facts[i];
	if (n)
		qsort(v, n, sizeof(*v), by_exe);
	jw_array(w, key);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || !str_eq(v[i].exe, v[i - 1].exe)) {
			jw_object(w, NULL);
			jw_str(w, "exe", v[i].exe);
			jw_array(w, "syscalls");
		}
		if (i == 0 || !str_eq(v[i].exe, v[i - 1].exe) || !str_eq(v[i].what, v[i - 1].what))
			jw_str(w, NULL, v[i].what);
		if (i + 1 == n || !str_eq(v[i].exe, v[i + 1].exe)) {
			jw_array_end(w);
			jw_object_end(w);
		}
	}
	jw_array_end(w);
}
