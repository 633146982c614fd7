/* SPDX-License-Identifier: Apache-2.0 */
/* The mount options of config.md's table, and what each is made of. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "namespaces/internal.h"

enum act {
	ACT_ATTR,    /* set and clr of this mount; with an r before the name: of all mounts below it too */
	ACT_PROP,    /* propagation: set is MS_* */
	ACT_FS,      /* a flag of the superblock, given to fsconfig(2) under its name */
	ACT_FS_OFF,  /* the opposite of one, which is how a new superblock starts */
	ACT_NONE,    /* what the kernel does anyway */
	ACT_BIND,    /* set: recursive */
	ACT_REMOUNT, /* */
	ACT_COPYUP,  /* */
	ACT_IDMAP,   /* set: recursive */
	ACT_LINK,    /* set: enum ns_links; crun's */
};

#define RD  MOUNT_ATTR_RDONLY
#define SU  MOUNT_ATTR_NOSUID
#define DEV MOUNT_ATTR_NODEV
#define EX  MOUNT_ATTR_NOEXEC
#define SYM MOUNT_ATTR_NOSYMFOLLOW
#define DIR MOUNT_ATTR_NODIRATIME
#define AT  MOUNT_ATTR__ATIME

/* For ACT_ATTR: `unset` is taken out of what is set so far, `clr` is added to what is cleared, then `set` is set. The
 * four ways of atime are one field of the kernel's, which has to be cleared as a whole; relatime is its 0. */
static const struct option {
	const char *name;
	enum act act;
	uint64_t set, unset, clr;
	bool no_recursive; /* there is no r… of it */
} table[] = {
    {"async", ACT_FS_OFF},
    {"atime", ACT_ATTR, 0, MOUNT_ATTR_NOATIME, AT},
    {"bind", ACT_BIND, 0},
    {"copy-symlink", ACT_LINK, NS_LINK_COPY},
    {"defaults", ACT_NONE},
    {"dest-nofollow", ACT_LINK, NS_LINK_DESTINATION},
    {"dev", ACT_ATTR, 0, DEV, DEV},
    {"diratime", ACT_ATTR, 0, DIR, DIR},
    {"dirsync", ACT_FS},
    {"exec", ACT_ATTR, 0, EX, EX},
    {"idmap", ACT_IDMAP, 0},
    {"iversion", ACT_FS},
    {"lazytime", ACT_FS},
    {"loud", ACT_NONE}, /* fsopen(2) says what it has to say to its caller, not to the log */
    {"mand", ACT_FS},
    {"noatime", ACT_ATTR, MOUNT_ATTR_NOATIME, AT, AT},
    {"nodev", ACT_ATTR, DEV, 0, 0},
    {"nodiratime", ACT_ATTR, DIR, 0, 0},
    {"noexec", ACT_ATTR, EX, 0, 0},
    {"noiversion", ACT_FS_OFF},
    {"nolazytime", ACT_FS_OFF},
    {"nomand", ACT_FS_OFF},
    {"norelatime", ACT_ATTR, 0, 0, 0}, /* relatime is the kernel's default: mount(8) */
    {"nostrictatime", ACT_ATTR, 0, MOUNT_ATTR_STRICTATIME, AT},
    {"nosuid", ACT_ATTR, SU, 0, 0},
    {"nosymfollow", ACT_ATTR, SYM, 0, 0},
    {"private", ACT_PROP, MS_PRIVATE},
    {"rbind", ACT_BIND, 1},
    {"relatime", ACT_ATTR, 0, AT, AT},
    {"remount", ACT_REMOUNT},
    {"ridmap", ACT_IDMAP, 1},
    {"ro", ACT_ATTR, RD, 0, 0},
    {"rprivate", ACT_PROP, MS_PRIVATE | MS_REC},
    {"rshared", ACT_PROP, MS_SHARED | MS_REC},
    {"rslave", ACT_PROP, MS_SLAVE | MS_REC},
    {"runbindable", ACT_PROP, MS_UNBINDABLE | MS_REC},
    {"rw", ACT_ATTR, 0, RD, RD},
    {"shared", ACT_PROP, MS_SHARED},
    {"silent", ACT_NONE},
    {"slave", ACT_PROP, MS_SLAVE},
    {"src-nofollow", ACT_LINK, NS_LINK_SOURCE},
    {"strictatime", ACT_ATTR, MOUNT_ATTR_STRICTATIME, AT, AT},
    {"suid", ACT_ATTR, 0, SU, SU},
    {"symfollow", ACT_ATTR, 0, SYM, SYM},
    {"sync", ACT_FS},
    {"tmpcopyup", ACT_COPYUP},
    {"unbindable", ACT_PROP, MS_UNBINDABLE},
};

static int compare(const void *name, const void *option)
{
	return strcmp(name, ((const struct option *)option)->name);
}

/* *ret_recursive: name is the r… form of an attribute. */
static const struct option *find(const char *name, bool *ret_recursive)
{
	const struct option *o = bsearch(name, table, ARRAY_LEN(table), sizeof(table[0]), compare);

	*ret_recursive = false;
	if (o || name[0] != 'r')
		return o;
	o = bsearch(name + 1, table, ARRAY_LEN(table), sizeof(table[0]), compare);
	*ret_recursive = true;
	return o && o->act == ACT_ATTR ? o : NULL;
}

static void attr(const struct option *o, uint64_t *set, uint64_t *clr)
{
	*set = (*set & ~o->unset) | o->set;
	*clr = (*clr | o->clr) & ~(o->set & ~AT);
}

/* What mount(8) reads in fstab(5) and keeps to itself: the kernel never sees it, and no mount is the other for it. */
static bool is_comment(const char *name)
{
	static const char *const names[] = {"_netdev", "auto", "noauto", "nofail", "nouser"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(name, names[i]))
			return true;
	return str_starts(name, "x-") || str_starts(name, "comment=");
}

/* crun.1, mount options: the kernel knows none of them, and to take one for an option of the file system would say nothing. */
static int refuse_crun(const char *option, struct err *e)
{
	static const struct {
		const char *name, *instead;
	} options[] = {
	    {"idmap=", "say the mapping in uidMappings and gidMappings of the mount"},
	    {"rasync", "leave it out"},
	    {"rdirsync", "leave it out, it is of a whole file system"},
	    {"rmand", "leave it out, it is of a whole file system"},
	    {"rnomand", "leave it out"},
	    {"rsync", "leave it out, it is of a whole file system"},
	};

	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (str_starts(option, options[i].name) &&
		    (strchr(options[i].name, '=') || str_eq(option, options[i].name)))
			return err_set(e, ENOTSUP, "'%.64s' is an option of crun's alone: %s", option,
				       options[i].instead);
	return 0;
}

static int add_data(struct ns_mount *m, char *option)
{
	m->fs_options.v[m->fs_options.n++] = option;
	return 0;
}

/* The last of two options that contradict each other counts, as in mount(8). */
static void drop_data(struct ns_mount *m, const char *option)
{
	size_t n = 0;

	for (size_t i = 0; i < m->fs_options.n; i++)
		if (!str_eq(m->fs_options.v[i], option))
			m->fs_options.v[n++] = m->fs_options.v[i];
	m->fs_options.n = n;
}

static int apply(const struct option *o, bool recursive, char *name, struct ns_mount *m, struct err *e)
{
	switch (o->act) {
	case ACT_ATTR:
		if (recursive)
			attr(o, &m->attr_rec_set, &m->attr_rec_clr);
		else
			attr(o, &m->attr_set, &m->attr_clr);
		return 0;
	case ACT_PROP:
		if (m->propagation && m->propagation != o->set)
			return err_set(e, EINVAL, "'%s' contradicts another propagation option of this mount", name);
		m->propagation = o->set;
		return 0;
	case ACT_FS:
		return add_data(m, name);
	case ACT_BIND:
		m->kind = m->kind == NS_MNT_REMOUNT ? NS_MNT_REMOUNT : NS_MNT_BIND;
		m->recursive |= o->set;
		return 0;
	case ACT_REMOUNT:
		m->kind = NS_MNT_REMOUNT;
		return 0;
	case ACT_COPYUP:
		m->tmpcopyup = true;
		return 0;
	case ACT_IDMAP:
		m->idmap = true;
		m->idmap_recursive |= o->set;
		return 0;
	case ACT_LINK:
		m->links |= (unsigned int)o->set;
		return 0;
	case ACT_FS_OFF:
		drop_data(m, str_eq(name, "async") ? "sync" : name + strlen("no"));
		return 0;
	case ACT_NONE:
		return 0;
	}
	return 0;
}

int options_parse(struct ns_mount *m, struct arena *a, struct err *e)
{
	const struct strv *options = &m->spec->options;

	m->fs_options.v = arena_alloc(a, (options->n + 2) * sizeof(char *));
	if (!m->fs_options.v)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = 0; i < options->n; i++) {
		char *name = options->v[i];
		const struct option *o;
		bool recursive;
		int r = 0;

		o = find(name, &recursive);
		if (o)
			r = apply(o, recursive, name, m, e);
		else if (!*name || *name == '=')
			r = err_set(e, EINVAL, "must be the name of a mount option");
		else if (is_comment(name))
			log_debug("mounts[%zu].options[%zu]: '%.64s' says nothing to the kernel", m->index, i, name);
		else if ((r = refuse_crun(name, e)) == 0)
			add_data(m, name);
		if (r < 0)
			return err_ctx(e, "options[%zu]", i);
	}
	return 0;
}

const char *option_hint(const char *option)
{
	/* Of the file systems that containers have. */
	static const char *const data[] = {"context",  "gid",  "hidepid", "huge",      "inode64",   "lowerdir",
					   "mode",     "mpol", "noswap",  "nr_blocks", "nr_inodes", "nsdelegate",
					   "ptmxmode", "size", "subset",  "uid",       "upperdir",  "workdir"};
	static char hint[64];
	const char *near = NULL;
	size_t least = SIZE_MAX;
	char key[64];

	snprintf(key, sizeof(key), "%.*s", (int)strcspn(option, "="), option);
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (str_nearer(key, table[i].name, &least))
			near = table[i].name;
	for (size_t i = 0; i < ARRAY_LEN(data); i++)
		if (str_nearer(key, data[i], &least))
			near = data[i];
	if (!near || !least)
		return "";
	snprintf(hint, sizeof(hint), ": did you mean '%s'?", near);
	return hint;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void ns_mount_options(struct arena *a, struct strv *ret)
{
	size_t n = 0;

	ret->n = 0;
	ret->v = arena_alloc(a, 2 * ARRAY_LEN(table) * sizeof(char *) + sizeof(char *));
	if (!ret->v)
		return;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		ret->v[n] = arena_strdup(a, table[i].name);
		n += ret->v[n] != NULL;
		if (table[i].act != ACT_ATTR)
			continue;
		ret->v[n] = arena_printf(a, "r%s", table[i].name);
		n += ret->v[n] != NULL;
	}
	qsort(ret->v, n, sizeof(char *), by_name);
	ret->n = n;
}
