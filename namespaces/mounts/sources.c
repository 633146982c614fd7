/* SPDX-License-Identifier: Apache-2.0 */
/* What is opened in the host's mount namespace, with the runtime's privileges: with a user namespace the container's
 * first process could neither search every directory of the host nor map ids on its mounts. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "namespaces/internal.h"

void ns_run_init(struct ns_run *r)
{
	*r = (struct ns_run){.rootfs_fd = -1,
			     .under_fd = -1,
			     .place_fd = -1,
			     .proc_fd = -1,
			     .userns_fd = -1,
			     .cgroup_dir_fd = -1,
			     .netns_fd = -1,
			     .devices_null_fd = -1};
	for (int i = 0; i < NS_COUNT; i++)
		r->join_fds[i] = -1;
}

void ns_run_close(struct ns_run *r)
{
	for (size_t i = 0; i < r->n_sources; i++)
		fd_close_p(&r->source_fds[i]);
	free(r->source_fds);
	r->source_fds = NULL;
	r->n_sources = 0;
	for (int i = 0; i < NS_COUNT; i++)
		fd_close_p(&r->join_fds[i]);
	fd_close_p(&r->rootfs_fd);
	fd_close_p(&r->under_fd);
	fd_close_p(&r->place_fd);
	fd_close_p(&r->proc_fd);
	fd_close_p(&r->userns_fd);
	fd_close_p(&r->devices_null_fd);
	net_devices_close(r);
}

/* Who has no rights over its own mount namespace (no root, or the root of a user namespace) leaves the tree to the container's process,
 * which has a mount namespace of its own. */
static bool later(int r)
{
	return r == -EPERM;
}

static int source_rootfs(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	struct stat st;
	int fd;

	if (stat(p->rootfs, &st) < 0)
		return err_errno(e, "make it, or correct root.path: '%.200s'", p->rootfs);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ENOTDIR, "'%.200s' is no directory: name the one that has the root file system",
			       p->rootfs);
	r->rootfs = p->rootfs;
	if (r->inherits_mounts && (inherited_open(p, r, e) < 0 || r->bare))
		return r->bare ? 0 : -e->code;
	fd = mnt_clone(AT_FDCWD, p->rootfs, true);
	if (later(fd))
		return 0;
	if (fd < 0) {
		errno = -fd;
		return err_errno(e, "open_tree '%.200s'", p->rootfs);
	}
	r->rootfs_fd = fd;
	return 0;
}

/* The user namespace with the maps of mount m; one is kept for the mounts to come. */
static int idmap_fd(const struct ns_plan *p, struct ns_run *r, const struct ns_mount *m, const struct ns_mount **last,
		    struct err *e)
{
	const struct spec_linux *l = &p->config->linux_;
	bool own = m->spec->uid_mappings.n;
	const struct spec_idmaps *uids = own ? &m->spec->uid_mappings : &l->uid_mappings;
	const struct spec_idmaps *gids = own ? &m->spec->gid_mappings : &l->gid_mappings;
	const struct spec_mount *s = *last ? (*last)->spec : NULL;

	if (!own && r->join_fds[NS_USER] >= 0)
		return r->join_fds[NS_USER];
	if (s && idmap_equal(s->uid_mappings.n ? &s->uid_mappings : &l->uid_mappings, uids) &&
	    idmap_equal(s->uid_mappings.n ? &s->gid_mappings : &l->gid_mappings, gids))
		return r->userns_fd;
	fd_close_p(&r->userns_fd);
	r->userns_fd = idmap_userns(uids, gids, e);
	*last = r->userns_fd >= 0 ? m : NULL;
	return r->userns_fd;
}

/* What the file system at a bind's source is called, for a message. */
static const char *type_of(const struct ns_mount *m, char *buf, size_t size)
{
	struct statx st;

	if (m->kind == NS_MNT_FS)
		return m->type;
	if (statx(AT_FDCWD, m->source, 0, STATX_MNT_ID, &st) < 0 || !mount_type(st.stx_mnt_id, buf, size))
		return "of unknown type";
	return buf;
}

static int source_idmap(const struct ns_plan *p, struct ns_run *r, const struct ns_mount *m,
			const struct ns_mount **last, int tree, struct err *e)
{
	int userns = idmap_fd(p, r, m, last, e), result;
	char buf[64];

	if (userns < 0)
		return userns;
	result =
	    mnt_change(tree, m->idmap_recursive, &(struct mnt_change){.set = MOUNT_ATTR_IDMAP, .userns_fd = userns});
	if (result == 0)
		return 0;
	if (result == -EINVAL)
		err_set(e, EINVAL,
			"the kernel maps no ids on '%.128s': its file system, %s,%s has no id-mapped mounts in this "
			"kernel",
			m->source, type_of(m, buf, sizeof(buf)),
			m->idmap_recursive ? " or one that is mounted below it," : "");
	else
		err_set(e, -result, "map the ids of '%.128s' (%s): %s (%s)", m->source, type_of(m, buf, sizeof(buf)),
			strerror(-result), errno_name(-result));
	return err_ctx(e, "options");
}

/* The device program of the container's cgroup may forbid its process the disk that it shall show. */
static bool is_on_disk(const struct ns_mount *m)
{
	struct stat st;

	return m->source[0] == '/' && stat(m->source, &st) == 0 && S_ISBLK(st.st_mode);
}

/* Made here and not by the container's process: to map ids takes rights over the user namespace that the file system belongs
 * to, and that of the container has its own ids, mapped already. */
static int source_fs(const struct ns_plan *p, struct ns_run *r, const struct ns_mount *m, const struct ns_mount **last,
		     struct err *e)
{
	AUTO_CLOSE int mnt = -1, target = -1;
	struct stat st;
	int mode = -1, result;

	if (fs_wants_mode(m)) {
		target = path_open_in(r->rootfs_fd, m->destination, O_PATH | O_DIRECTORY, 0, NULL);
		if (target >= 0 && fstat(target, &st) == 0)
			mode = (int)(st.st_mode & 07777);
	}
	mnt = fs_new(m, mode, e);
	if (mnt < 0)
		return err_ctx(e, "options");
	result = m->idmap ? source_idmap(p, r, m, last, mnt, e) : 0;
	if (result == 0)
		r->source_fds[m->index] = take_fd(&mnt);
	return result;
}

static int source_bind(const struct ns_plan *p, struct ns_run *r, const struct ns_mount *m,
		       const struct ns_mount **last, struct err *e)
{
	AUTO_CLOSE int tree = mnt_clone_source(m);
	int result;

	if (later(tree))
		return 0;
	if (tree < 0) {
		errno = -tree;
		err_errno(e, errno == ENOENT ? "make it on the host, or correct it: '%.200s'" : "open_tree '%.200s'",
			  m->source);
		return err_ctx(e, "source");
	}
	if (m->idmap) {
		result = source_idmap(p, r, m, last, tree, e);
		if (result < 0)
			return result;
	}
	r->source_fds[m->index] = take_fd(&tree);
	return 0;
}

static int source_one(const struct ns_plan *p, struct ns_run *r, const struct ns_mount *m, const struct ns_mount **last,
		      struct err *e)
{
	if (m->idmap && r->rootfs_fd < 0) {
		err_set(e, EPERM, "to map the ids of a mount takes a runtime with privileges, and this one has none");
		return err_ctx(e, "options");
	}
	if (m->kind == NS_MNT_BIND)
		return m->inside ? 0 : source_bind(p, r, m, last, e);
	return m->kind == NS_MNT_FS && (m->idmap || is_on_disk(m)) ? source_fs(p, r, m, last, e) : 0;
}

int ns_sources(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	const struct ns_mount *last = NULL;
	int result = join_open(p, r, e);

	if (result < 0)
		return result;
	if (source_rootfs(p, r, e) < 0)
		return err_ctx(e, "root.path");
	r->source_fds = malloc((p->n_mounts + 1) * sizeof(int));
	if (!r->source_fds)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = 0; i < p->n_mounts; i++)
		r->source_fds[i] = -1;
	r->n_sources = p->n_mounts;
	for (size_t i = 0; i < p->n_mounts; i++)
		if (source_one(p, r, &p->mounts[i], &last, e) < 0)
			return err_ctx(e, "mounts[%zu]", i);
	return 0;
}
