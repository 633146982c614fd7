/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "namespaces/internal.h"

/* What of /proc may be covered: files that lxcfs and its like emulate. Anything else there is what the runtime, LSMs and
 * the masks rely on (CVE-2019-16884, CVE-2019-19921, CVE-2023-28642). */
bool proc_target_allowed(const char *destination)
{
	static const char *const allowed[] = {
	    "/proc/cpuinfo",
	    "/proc/diskstats",
	    "/proc/meminfo",
	    "/proc/stat",
	    "/proc/swaps",
	    "/proc/uptime",
	    "/proc/loadavg",
	    "/proc/slabinfo",
	    "/proc/net/dev",
	    "/proc/version",
	    "/proc/sys/kernel/ns_last_pid",
	    "/proc/sys/crypto/fips_enabled",
	};

	for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
		if (str_eq(destination, allowed[i]))
			return true;
	return false;
}

/* Types whose superblock is shared by all mounts of a namespace, or has to be writable until the container stands. */
static bool mount_is_ro_alone(const char *type)
{
	static const char *const types[] = {"proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup2"};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_eq(type, types[i]))
			return true;
	return false;
}

static int plan_bind(const struct ns_plan *p, struct arena *a, struct ns_mount *m, struct err *e)
{
	const char *source = m->spec->source;

	if (!source || !*source) {
		err_set(e, EINVAL, "required for a bind mount");
		return err_ctx(e, "source");
	}
	m->source = *source == '/' ? source : arena_printf(a, "%s/%s", p->bundle, source);
	if (m->links & NS_LINK_COPY && m->links != NS_LINK_COPY) {
		err_set(e, EINVAL,
			"'copy-symlink' makes a link, and 'src-nofollow' and 'dest-nofollow' mount: leave one out");
		return err_ctx(e, "options");
	}
	if (m->fs_options.n) {
		err_set(
		    e, EINVAL,
		    "'%.64s' is an option of a file system: the kernel ignores it for a bind mount, which has those "
		    "of its source's; leave it out, or mount a file system of its own%s",
		    m->fs_options.v[0], option_hint(m->fs_options.v[0]));
		return err_ctx(e, "options");
	}
	if (m->tmpcopyup) {
		err_set(e, EINVAL, "'tmpcopyup' is for tmpfs");
		return err_ctx(e, "options");
	}
	return 0;
}

/* Options of cgroup v2 are of the whole tree. Whether it has them is seen when it is mounted. */
static int check_cgroup(const struct ns_facts *f, const struct ns_mount *m, struct err *e)
{
	static const char *const known[] = {"nsdelegate",           "favordynmods",     "memory_localevents",
					    "memory_recursiveprot", "pids_localevents", "memory_hugetlb_accounting"};

	for (size_t i = 0; i < m->fs_options.n; i++) {
		const char *option = m->fs_options.v[i];
		size_t k = 0;

		while (k < ARRAY_LEN(known) && !str_eq(known[k], option))
			k++;
		if (k == ARRAY_LEN(known))
			return err_set(e, EINVAL, "cgroup v2 has no option '%.64s'; remove it", option);
		if (!f->has_cgroup2)
			return err_set(e, ENOTSUP, "'%.64s': there is no cgroup v2 on this host; remove it", option);
	}
	return 0;
}

static void plan_cgroup(const struct spec_config *c, const struct ns_facts *f, bool rootless, struct ns_mount *m)
{
	if (!f->has_cgroup2) { /* nothing to show: an empty directory is in its place */
		m->kind = NS_MNT_FS;
		m->type = "tmpfs";
		m->source = "tmpfs";
		m->note = "no cgroup v2 on this host: an empty read-only directory instead";
		m->attr_set |= MOUNT_ATTR_RDONLY;
		return;
	}
	m->type = "cgroup2";
	m->source = "cgroup";
	if (c->linux_.namespaces[NS_CGROUP].set)
		return;
	m->note = "no cgroup namespace: the container's own cgroup by a bind mount";
	if (rootless || !(m->attr_clr & MOUNT_ATTR_RDONLY))
		m->attr_set |= MOUNT_ATTR_RDONLY;
}

/* Nothing is mounted below a new file system: what is said of all mounts there is said of itself, and goes before the
 * plain attributes, as in a bind. */
static void fold_recursive(struct ns_mount *m)
{
	const uint64_t set = m->attr_rec_set, clr = m->attr_rec_clr;

	m->attr_set = (m->attr_set & ~clr) | set;
	m->attr_clr = (m->attr_clr & ~set) | clr;
	m->attr_rec_set = m->attr_rec_clr = 0;
}

static const struct {
	const char *type, *host;
	enum spec_ns ns;
} shows[] = {{"proc", "/proc", NS_PID}, {"sysfs", "/sys", NS_NETWORK}, {"mqueue", "/dev/mqueue", NS_IPC}};

static size_t shown_by(const struct ns_mount *m)
{
	size_t i = 0;

	while (i < ARRAY_LEN(shows) && !(m->kind == NS_MNT_FS && str_eq(m->type, shows[i].type)))
		i++;
	return i;
}

bool shows_foreign(const struct spec_config *c, const struct ns_mount *m)
{
	const size_t i = shown_by(m);
	const struct spec_namespace *ns = i < ARRAY_LEN(shows) ? &c->linux_.namespaces[shows[i].ns] : NULL;

	return ns && (!ns->set || ns->path);
}

int shown_refused(const struct spec_config *c, const struct ns_mount *m, struct err *e)
{
	const size_t i = shown_by(m);
	const char *name = spec_ns_name(shows[i].ns), *path = c->linux_.namespaces[shows[i].ns].path;

	err_set(
	    e, EINVAL,
	    "in a user namespace '%s' can be mounted only of a %s namespace that belongs to it, and %s%.128s%s does "
	    "not: add {\"type\": \"%s\"} to linux.namespaces, or bind the host's (type 'bind', source '%s', options "
	    "'rbind' and 'ro')",
	    m->type, name, path ? "'" : "the host's", path ? path : "", path ? "'" : "", name, shows[i].host);
	return err_ctx(e, "type");
}

/* What shows a namespace can only be mounted by one who has rights over it, and the root of a new user namespace has none
 * over those of the host; that of a joined one may have them. As in crun the host's /sys stands in where it is to be read-only. */
static int check_shown(const struct spec_config *c, const struct ns_plan *p, struct ns_mount *m, struct err *e)
{
	const bool fresh = p->clone_flags & CLONE_NEWUSER;

	if (!p->rootless || !shows_foreign(c, m))
		return 0;
	if (str_eq(m->type, "sysfs") && m->attr_set & MOUNT_ATTR_RDONLY) {
		m->or_host = true;
		if (fresh && !c->linux_.namespaces[NS_NETWORK].set)
			m->note = "the network namespace is not of the user namespace: the host's /sys instead, by a "
				  "read-only bind mount";
		return 0;
	}
	return fresh && !c->linux_.namespaces[shows[shown_by(m)].ns].set ? shown_refused(c, m, e) : 0;
}

static int plan_fs(const struct spec_config *c, const struct ns_facts *f, bool rootless, struct arena *a,
		   struct ns_mount *m, struct err *e)
{
	const struct spec_mount *s = m->spec;

	fold_recursive(m);
	if (!s->type || !*s->type || str_eq(s->type, "none")) {
		err_set(e, EINVAL, "required, unless the options have 'bind', 'rbind' or 'remount'");
		return err_ctx(e, "type");
	}
	m->type = s->type;
	m->source = s->source && *s->source ? s->source : s->type;
	if (m->tmpcopyup && !str_eq(m->type, "tmpfs")) {
		err_set(e, EINVAL, "'tmpcopyup' is for tmpfs");
		return err_ctx(e, "options");
	}
	if (str_eq(m->type, "cgroup") || str_eq(m->type, "cgroup2")) {
		m->kind = NS_MNT_CGROUP;
		if (check_cgroup(f, m, e) < 0)
			return err_ctx(e, "options");
		plan_cgroup(c, f, rootless, m);
		return 0;
	}
	m->fs_ro = (m->attr_set & MOUNT_ATTR_RDONLY) && !mount_is_ro_alone(m->type);
	if (c->linux_.mount_label && !str_eq(m->type, "proc") && !str_eq(m->type, "sysfs") &&
	    !str_eq(m->type, "mqueue")) {
		m->fs_options.v[m->fs_options.n] = arena_printf(a, "context=%s", c->linux_.mount_label);
		if (!m->fs_options.v[m->fs_options.n++])
			return err_set(e, ENOMEM, "out of memory");
	}
	return 0;
}

static int plan_idmap(const struct spec_config *c, struct ns_mount *m, struct err *e)
{
	const struct spec_mount *s = m->spec;
	bool own = s->uid_mappings.n || s->gid_mappings.n;
	int r;

	if (!m->idmap && !own)
		return 0;
	/* Mappings without the option mean idmap: to ignore them would show files under wrong ids. */
	m->idmap = true;
	if (m->kind == NS_MNT_REMOUNT || m->kind == NS_MNT_CGROUP) {
		err_set(e, EINVAL, "%s",
			m->kind == NS_MNT_REMOUNT
			    ? "the ids of a mount are mapped when it is made: they cannot be by 'remount'"
			    : "the kernel maps no ids on a file system of type 'cgroup2'");
		return err_ctx(e, "options");
	}
	if (own && (!s->uid_mappings.n || !s->gid_mappings.n)) {
		err_set(e, EINVAL, "uidMappings and gidMappings must be given together");
		return err_ctx(e, s->uid_mappings.n ? "gidMappings" : "uidMappings");
	}
	if (!own && !c->linux_.namespaces[NS_USER].set) {
		err_set(e, EINVAL,
			"'idmap' needs uidMappings and gidMappings of the mount, or a user namespace of the "
			"container");
		return err_ctx(e, "options");
	}
	r = idmap_check(&s->uid_mappings, e);
	if (r < 0)
		return err_ctx(e, "uidMappings");
	r = idmap_check(&s->gid_mappings, e);
	if (r < 0)
		return err_ctx(e, "gidMappings");
	return 0;
}

/* A mount that covers root.path. pivot_root(2) wants it not shared. */
static int check_root(const struct ns_mount *m, struct err *e)
{
	if (m->kind == NS_MNT_CGROUP || (m->kind == NS_MNT_FS && (str_eq(m->type, "proc") || str_eq(m->type, "sysfs"))))
		return err_set(e, EINVAL, "a file system of type '%.32s' cannot be the container's root", m->type);
	if (m->propagation & MS_SHARED)
		return err_set(
		    e, EINVAL,
		    "the root cannot be mounted 'shared': say so in linux.rootfsPropagation, which is done last");
	return 0;
}

/* A source below root.path that an earlier mount of the container covers is there only when that one is made. With mapped
 * ids it stays what the host has there: to map them takes the runtime's rights. */
static int plan_inside(const struct ns_plan *p, struct arena *a, struct ns_mount *m, struct err *e)
{
	const char *source = strstr(m->source, "..") ? m->source : path_clean(a, m->source), *rest;

	if (!source)
		return err_set(e, ENOMEM, "out of memory");
	if (m->idmap || str_eq(p->rootfs, "/") || !path_is_below(source, p->rootfs))
		return 0;
	rest = source + strlen(p->rootfs);
	if (!*rest)
		rest = "/";
	for (size_t i = 0; i < m->index; i++)
		if (p->mounts[i].kind != NS_MNT_REMOUNT && path_is_below(rest, p->mounts[i].destination))
			m->inside = rest;
	return 0;
}

static int check_destination(const struct ns_mount *m, struct err *e)
{
	const char *d = m->destination;

	if (str_eq(d, "/") && m->kind != NS_MNT_REMOUNT)
		return check_root(m, e);
	if (m->kind == NS_MNT_REMOUNT || !path_is_below(d, "/proc"))
		return 0;
	if (str_eq(d, "/proc")) {
		if (m->kind == NS_MNT_BIND || str_eq(m->type, "proc"))
			return 0; /* that the bind's source is a procfs is seen when it is opened */
		return err_set(e, EINVAL, "only a procfs may be mounted on /proc, not '%s'", m->type);
	}
	if (proc_target_allowed(d))
		return 0;
	return err_set(e, EINVAL, "'%.100s' is inside /proc and may not be covered by a mount; leave it out", d);
}

static int plan_mount(const struct spec_config *c, const struct ns_facts *f, struct arena *a, const struct ns_plan *p,
		      struct ns_mount *m, struct err *e)
{
	int r;

	m->destination = path_clean(a, m->spec->destination);
	if (!m->destination)
		return err_set(e, ENOMEM, "out of memory");
	if (m->spec->destination[0] != '/')
		log_warn("config.json: mounts[%zu].destination: '%.100s' is relative, which is deprecated; it is taken "
			 "as '%.100s'",
			 m->index, m->spec->destination, m->destination);
	m->kind = str_eq(m->spec->type, "bind") ? NS_MNT_BIND : NS_MNT_FS;
	r = options_parse(m, a, e);
	if (r < 0)
		return r;
	if (m->links && m->kind != NS_MNT_BIND) {
		err_set(e, EINVAL, "'copy-symlink', 'src-nofollow' and 'dest-nofollow' are for bind mounts");
		return err_ctx(e, "options");
	}
	if (m->kind == NS_MNT_BIND)
		r = plan_bind(p, a, m, e);
	else if (m->kind == NS_MNT_FS)
		r = plan_fs(c, f, p->rootless, a, m, e);
	else
		m->fs_ro = m->fs_options.n && (m->attr_set & MOUNT_ATTR_RDONLY);
	if (r == 0 && m->kind == NS_MNT_FS)
		r = check_shown(c, p, m, e);
	if (r == 0)
		r = plan_idmap(c, m, e);
	if (r == 0 && m->kind == NS_MNT_BIND)
		r = plan_inside(p, a, m, e);
	if (r < 0)
		return r;
	if (m->kind == NS_MNT_BIND && str_eq(m->destination, "/") && !m->propagation)
		m->propagation = MS_REC | (p->propagation & MS_SLAVE ? MS_SLAVE : MS_PRIVATE); /* as root.path is */
	r = check_destination(m, e);
	return r < 0 ? err_ctx(e, "destination") : 0;
}

/* config-linux.md, Cgroup ownership: whoever sees it writable in a namespace of its own owns it. Without privileges it is the
 * caller's already. */
static void plan_cgroup_owner(const struct spec_config *c, const struct ns_facts *f, struct ns_plan *p)
{
	const struct spec_idmaps *maps = &c->linux_.uid_mappings;
	const uint32_t uid = c->process.user.uid;
	bool shown = false;

	for (size_t i = 0; i < p->n_mounts; i++)
		shown |= p->mounts[i].kind == NS_MNT_CGROUP && str_eq(p->mounts[i].destination, "/sys/fs/cgroup") &&
			 !(p->mounts[i].attr_set & MOUNT_ATTR_RDONLY);
	p->cgroup_shown = shown;
	if (!shown || f->euid != 0 || f->in_userns || !(p->rest_flags & CLONE_NEWCGROUP))
		return;
	if (!p->userns)
		p->cgroup_owner = (struct opt_u64){uid != 0, uid};
	for (size_t i = 0; p->clone_flags & CLONE_NEWUSER && i < maps->n; i++)
		if (uid >= maps->v[i].container_id && uid - maps->v[i].container_id < maps->v[i].size)
			p->cgroup_owner = (struct opt_u64){true, uid - maps->v[i].container_id + maps->v[i].host_id};
}

int plan_mounts(const struct spec_config *c, const struct ns_facts *f, struct arena *a, struct ns_plan *p,
		struct err *e)
{
	p->guard_cgroups = p->rootless && !c->linux_.namespaces[NS_CGROUP].set;
	p->mounts = arena_alloc(a, (c->n_mounts + 1) * sizeof(*p->mounts));
	if (!p->mounts)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = 0; i < c->n_mounts; i++) {
		struct ns_mount *m = &p->mounts[i];

		*m = (struct ns_mount){.index = i, .spec = &c->mounts[i]};
		if (plan_mount(c, f, a, p, m, e) < 0)
			return err_ctx(e, "mounts[%zu]", i);
	}
	p->n_mounts = c->n_mounts;
	plan_cgroup_owner(c, f, p);
	return 0;
}
