/* SPDX-License-Identifier: Apache-2.0 */
/* config.toml of containerd, containers.conf of Podman, crio.conf. What jailrun adds is one block at the end of the file: a table may
 * stand anywhere in TOML, and that it stands nowhere else is what the reader of the result sees. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/engine/engine.h"
#include "spec/toml.h"

#define BEGIN "# jailrun: begin"
#define END   "# jailrun: end"
#define K     TOML_KEY
#define E     TOML_ELEMENT

/* What Podman has when nobody says anything. */
static const char *const podman_json[] = {"crun", "runc", "kata", "runsc", "youki", "krun"};
static const char *const podman_nocgroups[] = {"crun", "krun"};

/* ---- reading ---- */

/* Where an engine has its runtimes: below `runtimes` a key for each, and of that the program's path. */
struct keys {
	const char *runtimes, *path, *systemd, *default_runtime;
	const char *plugin; /* containerd: the table of its plugin, as TOML writes it */
	const char *disabled;
};
#define CONTAINERD_KEYS(id, text)                                                                                      \
	{                                                                                                              \
		K "plugins" K id K "containerd" K "runtimes", K "options" K "BinaryName",                              \
		    K "options" K "SystemdCgroup", K "plugins" K id K "containerd" K "default_runtime_name",           \
		    "plugins." text ".containerd", id                                                                  \
	}

/* By config.toml's version. */
static const struct keys containerd_keys[] = {
    [1] = CONTAINERD_KEYS("cri", "cri"),
    [2] = CONTAINERD_KEYS("io.containerd.grpc.v1.cri", "\"io.containerd.grpc.v1.cri\""),
    [3] = CONTAINERD_KEYS("io.containerd.cri.v1.runtime", "\"io.containerd.cri.v1.runtime\""),
};
static const struct keys podman_keys = {
    .runtimes = K "engine" K "runtimes", .path = E "0", .default_runtime = K "engine" K "runtime"};
static const struct keys crio_keys = {.runtimes = K "crio" K "runtime" K "runtimes",
				      .path = K "runtime_path",
				      .default_runtime = K "crio" K "runtime" K "default_runtime"};

static int find_keys(enum spec_engine engine, const struct toml *t, const struct keys **ret, struct err *e)
{
	const struct toml_item *version = toml_get(t, K "version");
	uint64_t n = 1;

	*ret = engine == ENGINE_PODMAN ? &podman_keys : &crio_keys;
	if (engine != ENGINE_CONTAINERD)
		return 0;
	if (version &&
	    (!version->text || parse_u64(version->text, 10, &n) < 0 || !n || n >= ARRAY_LEN(containerd_keys)))
		return err_set(e, ENOTSUP, "line %zu: version: 1, 2 and 3 are known here", version->line);
	*ret = &containerd_keys[n];
	return 0;
}

static char *text_at(const struct toml *t, struct arena *a, const char *path, const char *more)
{
	char *whole = arena_printf(a, "%s%s", path, more);
	const struct toml_item *i = whole ? toml_get(t, whole) : NULL;

	return i ? (char *)i->text : NULL;
}

static bool cri_disabled(const struct toml *t, const char *id)
{
	for (const struct toml_item *i = t->first; i; i = i->next)
		if (str_starts(i->path, K "disabled_plugins" E) && i->text &&
		    (str_eq(i->text, id) || str_eq(i->text, "cri")))
			return true;
	return false;
}

/* Whether path is a key right below parent. */
static bool is_child(const char *path, const char *parent)
{
	size_t len = strlen(parent);

	return str_starts(path, parent) && path[len] == *K && !strpbrk(path + len + 1, K E);
}

static int read_config(const struct toml *t, const struct keys *k, struct arena *a, struct spec_engine_config *ret,
		       struct err *e)
{
	const struct toml_item *i = toml_get(t, k->default_runtime);

	ret->default_runtime = i ? (char *)i->text : NULL;
	ret->cri_disabled = k->disabled && cri_disabled(t, k->disabled);
	ret->runtimes = arena_alloc(a, (t->n + 1) * sizeof(*ret->runtimes));
	if (!ret->runtimes)
		return err_set(e, ENOMEM, "out of memory");
	for (i = t->first; i; i = i->next) {
		if (!is_child(i->path, k->runtimes))
			continue;
		ret->runtimes[ret->n_runtimes++] = (struct spec_engine_runtime){
		    .name = (char *)i->key,
		    .path = text_at(t, a, i->path, k->path),
		    .systemd_cgroup = k->systemd && str_eq(text_at(t, a, i->path, k->systemd), "true"),
		    .line = i->line,
		};
	}
	return 0;
}

int engine_toml_parse(enum spec_engine engine, const char *text, size_t len, struct arena *a,
		      struct spec_engine_config *ret, struct err *e)
{
	const struct keys *k;
	struct toml t;
	int r = toml_parse(text, len, a, &t, e);

	if (r == 0)
		r = find_keys(engine, &t, &k, e);
	return r == 0 ? read_config(&t, k, a, ret, e) : r;
}

/* ---- the block ---- */

static void add_names(const char *key, const char *const *usual, size_t n_usual, const struct spec_engine_config *c,
		      struct buf *out)
{
	buf_printf(out, "%s = [", key);
	for (size_t i = 0; i < n_usual; i++)
		buf_printf(out, "%s\"%s\"", i ? ", " : "", usual[i]);
	for (size_t i = 0; i < c->n_runtimes; i++)
		buf_printf(out, ", \"%s\"", c->runtimes[i].name);
	buf_str(out, "]\n");
}

static void add_string(const char *key, const char *value, struct buf *out)
{
	buf_printf(out, "%s = ", key);
	toml_quote(value, out);
	buf_str(out, "\n");
}

/* What a block is made of. */
struct block {
	const struct keys *keys;
	const struct spec_engine_config *c;
	const char *conmon;
	bool alone; /* no other runtime stands in the file */
};

static void podman_block(const struct block *b, struct buf *out)
{
	const struct spec_engine_config *c = b->c;

	buf_str(out, "[engine]\n");
	if (c->default_runtime)
		add_string("runtime", c->default_runtime, out);
	buf_str(out, "# These lists take the place of those of other files.\n");
	add_names("runtime_supports_json", podman_json, ARRAY_LEN(podman_json), c, out);
	add_names("runtime_supports_nocgroups", podman_nocgroups, ARRAY_LEN(podman_nocgroups), c, out);
	buf_str(out, "\n[engine.runtimes]\n");
	for (size_t i = 0; i < c->n_runtimes; i++) {
		buf_printf(out, "%s = [", c->runtimes[i].name);
		toml_quote(c->runtimes[i].path, out);
		buf_str(out, "]\n");
	}
}

static void crio_block(const struct block *b, struct buf *out)
{
	const struct spec_engine_config *c = b->c;

	if (c->default_runtime) {
		buf_str(out, "[crio.runtime]\n");
		add_string("default_runtime", c->default_runtime, out);
		buf_str(out, "\n");
	}
	for (size_t i = 0; i < c->n_runtimes; i++) {
		buf_printf(out, "%s[crio.runtime.runtimes.%s]\n", i ? "\n" : "", c->runtimes[i].name);
		add_string("runtime_path", c->runtimes[i].path, out);
		buf_str(out, "runtime_type = \"oci\"\nruntime_root = \"/run/jailrun\"\n");
		if (b->conmon)
			add_string("monitor_path", b->conmon, out);
	}
}

static void containerd_block(const struct block *b, struct buf *out)
{
	const struct spec_engine_config *c = b->c;
	const char *plugin = b->keys->plugin;

	if (c->default_runtime) {
		buf_printf(out, "[%s]\n", plugin);
		add_string("default_runtime_name", c->default_runtime, out);
		buf_str(out, "\n");
	}
	/* Up to 1.7 the first runtime of a file takes the place of the one that is there without any, which is the default. */
	if (b->alone)
		buf_printf(out, "[%s.runtimes.runc]\nruntime_type = \"io.containerd.runc.v2\"\n\n", plugin);
	for (size_t i = 0; i < c->n_runtimes; i++) {
		const struct spec_engine_runtime *r = &c->runtimes[i];

		buf_printf(out, "%s[%s.runtimes.%s]\n", i ? "\n" : "", plugin, r->name);
		buf_str(out, "runtime_type = \"io.containerd.runc.v2\"\npod_annotations = [\"jailrun.*\"]\n");
		buf_printf(out, "[%s.runtimes.%s.options]\n", plugin, r->name);
		add_string("BinaryName", r->path, out);
		if (r->systemd_cgroup)
			buf_str(out, "SystemdCgroup = true\n");
	}
}

static void add_block(enum spec_engine engine, const struct block *b, struct buf *out)
{
	static void (*const blocks[])(const struct block *, struct buf *) = {
	    [ENGINE_CONTAINERD] = containerd_block,
	    [ENGINE_PODMAN] = podman_block,
	    [ENGINE_CRIO] = crio_block,
	};

	buf_printf(out, BEGIN " (by `jailrun install %s`; what stands in this block is written anew)\n",
		   spec_engine_name(engine));
	blocks[engine](b, out);
	buf_str(out, END "\n");
}

/* ---- a change ---- */

/* The text without the block, and the block. */
struct parts {
	const char *block; /* NULL: there is none */
	size_t block_len, before, after;
};

static const char *find_line(const char *text, const char *start)
{
	const char *p = text;

	while (p && !str_starts(p, start)) {
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	return p;
}

static int split(const char *text, size_t len, struct parts *ret, struct err *e)
{
	const char *begin = find_line(text, BEGIN), *end = begin ? find_line(begin, END) : NULL;

	*ret = (struct parts){.before = len, .after = len};
	if (!begin)
		return 0;
	if (!end)
		return err_set(e, EINVAL, "a line begins with '" BEGIN "', and none after it with '" END "'");
	end = strchr(end, '\n') ? strchr(end, '\n') + 1 : text + len;
	ret->block = begin;
	ret->block_len = (size_t)(end - begin);
	ret->before = (size_t)(begin - text);
	ret->after = (size_t)(end - text);
	return 0;
}

/* The one that containerd_block adds. */
static bool is_runc(const struct spec_engine_runtime *r)
{
	return str_eq(r->name, "runc") && !r->path;
}

/* What the block holds, with the change. */
static int change_list(const struct spec_engine_edit *edit, const struct spec_engine_config *all, struct arena *a,
		       struct spec_engine_config *c, struct err *e)
{
	struct spec_engine_runtime *now = arena_alloc(a, (c->n_runtimes + 1) * sizeof(*now)), *mine = NULL;
	size_t n = 0;

	if (!now)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = 0; i < c->n_runtimes; i++) {
		if ((str_eq(c->runtimes[i].name, edit->name) && !edit->path) || is_runc(&c->runtimes[i]))
			continue;
		now[n] = c->runtimes[i];
		if (str_eq(now[n].name, edit->name))
			mine = &now[n];
		n++;
	}
	if (edit->path && !mine)
		mine = &now[n++];
	if (mine) {
		*mine = (struct spec_engine_runtime){.name = (char *)edit->name, .path = (char *)edit->path};
		/* The host's manager of cgroups is the one that its other runtimes are told. */
		for (size_t i = 0; i < all->n_runtimes; i++)
			mine->systemd_cgroup = mine->systemd_cgroup || all->runtimes[i].systemd_cgroup;
	}
	if (edit->path && edit->make_default)
		c->default_runtime = (char *)edit->name;
	else if (!edit->path && str_eq(c->default_runtime, edit->name))
		c->default_runtime = NULL;
	for (size_t i = 0; i < n; i++)
		if (!now[i].path)
			return err_set(e, EINVAL, "the block of jailrun: '%s' has no path; take the block out",
				       now[i].name);
	c->runtimes = now;
	c->n_runtimes = n;
	return 0;
}

static int check_result(const struct buf *out, struct arena *a, struct err *e)
{
	struct err why = {0};
	struct toml t;

	if (out->failed)
		return err_set(e, ENOMEM, "out of memory");
	if (toml_parse(out->data, out->len, a, &t, &why) == 0)
		return 0;
	/* The line that it speaks of first is one of the block. */
	return err_set(e, why.code == EINVAL ? EEXIST : why.code,
		       "what jailrun would add cannot stand in this file: %s",
		       strchr(why.text, ':') ? strchr(why.text, ':') + 2 : why.text);
}

static bool is_blank(const char *text, size_t len)
{
	return strspn(text, " \t\r\n") >= len;
}

int engine_toml_change(enum spec_engine engine, const char *text, size_t len, const struct spec_engine_edit *edit,
		       struct arena *a, struct buf *out, struct err *e)
{
	static const char fresh[] = "version = 2\n"; /* which every containerd of today takes */
	struct spec_engine_config all = {0}, c = {0};
	struct block b = {.c = &c, .conmon = edit->conmon};
	const struct keys *k;
	struct parts p;
	struct toml t;
	int r = toml_parse(text, len, a, &t, e);

	if (r < 0 || (r = split(text, len, &p, e)) < 0)
		return r;
	if (engine == ENGINE_CONTAINERD && edit->path && is_blank(text, len)) {
		text = fresh;
		len = strlen(fresh);
		p = (struct parts){.before = len, .after = len};
		r = toml_parse(text, len, a, &t, e);
	}
	if (r < 0 || (r = find_keys(engine, &t, &k, e)) < 0 || (r = read_config(&t, k, a, &all, e)) < 0)
		return r;
	if (p.block && ((r = toml_parse(p.block, p.block_len, a, &t, e)) < 0 || (r = read_config(&t, k, a, &c, e)) < 0))
		return r;
	b.keys = k;
	b.alone = all.n_runtimes == c.n_runtimes;
	r = change_list(edit, &all, a, &c, e);
	if (r < 0)
		return r;
	buf_add(out, text, p.before);
	if (c.n_runtimes) {
		if (p.before && text[p.before - 1] != '\n')
			buf_str(out, "\n");
		if (p.before && !p.block)
			buf_str(out, "\n");
		add_block(engine, &b, out);
	} else if (p.block && p.before >= 2 && p.after == len && text[p.before - 1] == '\n' &&
		   text[p.before - 2] == '\n') {
		out->data[--out->len] = '\0'; /* the empty line that came with the block */
	}
	buf_add(out, text + p.after, len - p.after);
	if (engine == ENGINE_CONTAINERD && !c.n_runtimes && out->data && str_eq(out->data, fresh) && p.block)
		out->data[out->len = 0] = '\0';
	return check_result(out, a, e);
}
