/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as JSON. Only what is there is printed. */
#include <sched.h>
#include <string.h>

#include "namespaces/internal.h"

static const struct {
	uint64_t bit;
	const char *set, *clr;
} attrs[] = {
    {MOUNT_ATTR_RDONLY, "ro", "rw"},
    {MOUNT_ATTR_NOSUID, "nosuid", "suid"},
    {MOUNT_ATTR_NODEV, "nodev", "dev"},
    {MOUNT_ATTR_NOEXEC, "noexec", "exec"},
    {MOUNT_ATTR_NODIRATIME, "nodiratime", "diratime"},
    {MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow", "symfollow"},
};

static void print_attrs(struct jsonw *w, const char *key, uint64_t set, uint64_t clr)
{
	if (!set && !clr)
		return;
	jw_array(w, key);
	for (size_t i = 0; i < ARRAY_LEN(attrs); i++) {
		if (set & attrs[i].bit)
			jw_str(w, NULL, attrs[i].set);
		else if (clr & attrs[i].bit)
			jw_str(w, NULL, attrs[i].clr);
	}
	if (set & MOUNT_ATTR_NOATIME)
		jw_str(w, NULL, "noatime");
	else if (set & MOUNT_ATTR_STRICTATIME)
		jw_str(w, NULL, "strictatime");
	else if (clr & MOUNT_ATTR__ATIME)
		jw_str(w, NULL, "relatime");
	jw_array_end(w);
}

static void print_propagation(struct jsonw *w, uint64_t flags)
{
	const uint64_t one = flags & ~(uint64_t)MS_REC;
	const char *name = one == MS_SHARED    ? "shared"
			   : one == MS_SLAVE   ? "slave"
			   : one == MS_PRIVATE ? "private"
					       : "unbindable";

	if (flags)
		jw_fmt(w, "propagation", "%s%s", flags & MS_REC ? "r" : "", name);
}

static void print_maps(struct jsonw *w, const char *key, const struct spec_idmaps *m)
{
	if (!m->n)
		return;
	jw_array(w, key);
	for (size_t i = 0; i < m->n; i++)
		jw_fmt(w, NULL, "%u %u %u", m->v[i].container_id, m->v[i].host_id, m->v[i].size);
	jw_array_end(w);
}

static void print_mount(struct jsonw *w, const struct ns_mount *m)
{
	static const char *const kinds[] = {
	    [NS_MNT_BIND] = "bind", [NS_MNT_FS] = "mount", [NS_MNT_REMOUNT] = "remount", [NS_MNT_CGROUP] = "cgroup"};

	jw_object(w, NULL);
	jw_str(w, "destination", m->destination);
	jw_str(w, "kind", kinds[m->kind]);
	if (m->kind == NS_MNT_FS || m->kind == NS_MNT_CGROUP)
		jw_str(w, "type", m->type);
	if (m->source)
		jw_str(w, "source", m->source);
	if (m->recursive)
		jw_bool(w, "recursive", true);
	print_attrs(w, "attributes", m->attr_set, m->attr_clr);
	print_attrs(w, "recursiveAttributes", m->attr_rec_set, m->attr_rec_clr);
	print_propagation(w, m->propagation);
	if (m->fs_options.n)
		jw_strv(w, "options", &m->fs_options);
	if (m->fs_ro)
		jw_bool(w, "readonlyFilesystem", true);
	if (m->tmpcopyup)
		jw_bool(w, "tmpcopyup", true);
	if (m->links & (NS_LINK_SOURCE | NS_LINK_COPY))
		jw_str(w, "sourceLink", m->links & NS_LINK_COPY ? "copied" : "mounted");
	if (m->links & NS_LINK_DESTINATION)
		jw_str(w, "destinationLink", "covered");
	if (m->idmap) {
		jw_str(w, "idmap", m->idmap_recursive ? "recursive" : "mount");
		print_maps(w, "uidMappings", &m->spec->uid_mappings);
		print_maps(w, "gidMappings", &m->spec->gid_mappings);
	}
	if (m->note)
		jw_str(w, "note", m->note);
	jw_object_end(w);
}

static void print_device(struct jsonw *w, const struct spec_device *d)
{
	jw_object(w, NULL);
	jw_str(w, "path", d->path);
	jw_fmt(w, "type", "%c", d->type);
	if (d->type != 'p')
		jw_fmt(w, "number", "%lld:%lld", (long long)d->major, (long long)d->minor);
	jw_fmt(w, "mode", "%04llo", (unsigned long long)d->file_mode.v);
	if (d->uid.v || d->gid.v)
		jw_fmt(w, "owner", "%llu:%llu", (unsigned long long)d->uid.v, (unsigned long long)d->gid.v);
	jw_object_end(w);
}

static void print_namespaces(const struct ns_plan *p, struct jsonw *w)
{
	jw_object(w, "namespaces");
	for (int i = 0; i < NS_COUNT; i++) {
		uint64_t flag = spec_ns_flag((enum spec_ns)i);
		const char *name = spec_ns_name((enum spec_ns)i);

		if (p->join[i])
			jw_fmt(w, name, "join %s", p->join[i]);
		else if (p->clone_flags & flag)
			jw_str(w, name, "new, by clone3");
		else if (p->rest_flags & flag)
			jw_str(w, name, "new, after the clone");
	}
	jw_object_end(w);
}

static void print_names(const struct ns_plan *p, struct jsonw *w)
{
	const struct spec_config *c = p->config;
	const struct spec_linux *l = &c->linux_;

	if (c->hostname && *c->hostname)
		jw_str(w, "hostname", c->hostname);
	if (c->domainname && *c->domainname)
		jw_str(w, "domainname", c->domainname);
	if (p->clone_flags & CLONE_NEWNET)
		jw_bool(w, "loopback", true);
	if (l->n_net_devices) {
		jw_object(w, "netDevices");
		for (size_t i = 0; i < l->n_net_devices; i++) {
			const struct spec_net_device *d = &l->net_devices[i];

			jw_str(w, d->host_name, d->name && *d->name ? d->name : d->host_name);
		}
		jw_object_end(w);
	}
	if (l->monotonic.set)
		jw_fmt(w, "monotonicOffset", "%lld.%09u s", (long long)l->monotonic.secs, l->monotonic.nanosecs);
	if (l->boottime.set)
		jw_fmt(w, "boottimeOffset", "%lld.%09u s", (long long)l->boottime.secs, l->boottime.nanosecs);
	if (l->sysctl.n) {
		jw_object(w, "sysctl");
		for (size_t i = 0; i < l->sysctl.n; i++)
			jw_str(w, l->sysctl.v[i].key, l->sysctl.v[i].value);
		jw_object_end(w);
	}
	if (p->userns) {
		print_maps(w, "uidMappings", &l->uid_mappings);
		print_maps(w, "gidMappings", &l->gid_mappings);
	}
}

void ns_plan_print(const struct ns_plan *p, struct jsonw *w, const char *key)
{
	const struct spec_config *c = p->config;

	jw_object(w, key);
	print_namespaces(p, w);
	print_names(p, w);
	jw_str(w, "rootfs", p->rootfs);
	if (!c->linux_.namespaces[NS_MOUNT].set)
		jw_str(w, "root", "mounted on root.path until the container is deleted, and chroot");
	else
		jw_str(w, "root", p->no_pivot ? "move and chroot" : "pivot_root");
	print_propagation(w, p->propagation);
	jw_array(w, "mounts");
	for (size_t i = 0; i < p->n_mounts; i++)
		print_mount(w, &p->mounts[i]);
	jw_array_end(w);
	if (p->cgroup_owner.set)
		jw_uint(w, "cgroupOwner", p->cgroup_owner.v);
	if (p->keep_dev)
		jw_str(w, "dev", "bound from elsewhere: nothing is made in it");
	if (p->n_devices)
		jw_str(w, "devicesBy", p->bind_devices ? "bind mount" : "mknod");
	jw_array(w, "devices");
	for (size_t i = 0; i < p->n_devices; i++)
		print_device(w, &p->devices[i]);
	jw_array_end(w);
	if (c->linux_.masked_paths.n)
		jw_strv(w, "maskedPaths", &c->linux_.masked_paths);
	if (c->linux_.readonly_paths.n)
		jw_strv(w, "readonlyPaths", &c->linux_.readonly_paths);
	if (c->root.readonly)
		jw_bool(w, "readonlyRoot", true);
	jw_object_end(w);
}
