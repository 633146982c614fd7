/* SPDX-License-Identifier: Apache-2.0 */
/* What is opened in the host's mount namespace, with the runtime's privileges: with a user namespace the container's
 * first process could neither search every directory of the host nor map ids on its mounts. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "internal.h"

void ns_run_init(struct ns_run *r)
{
	*r = (struct ns_run){
	    .rootfs_fd = -1, .proc_fd = -1, .userns_fd = -1, .cgroup_dir_fd = -1, .devices_null_fd = -1};
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
	fd_close_p(&r->proc_fd);
	fd_close_p(&r->userns_fd);
	fd_close_p(&r->devices_null_fd);
}

/* Without privileges the tree can be made later, by the container's process in a mount namespace of its own. */
static bool later(const struct ns_plan *p, int r)
{
	return r == -EPERM && p->userns;
}

static int source_rootfs(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	struct stat st;
	int fd;

	if (stat(p->rootfs, &st) < 0)
		return err_errno(e, "'%.200s'", p->rootfs);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ENOTDIR, "'%.200s' is no directory", p->rootfs);
	fd = mnt_clone(AT_FDCWD, p->rootfs, true);
	if (later(p, fd))
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

static int source_idmap(int tree, int userns, const struct ns_mount *m, struct err *e)
{
	int r =
	    mnt_change(tree, m->idmap_recursive, &(struct mnt_change){.set = MOUNT_ATTR_IDMAP, .userns_fd = userns});

	if (r == 0)
		return 0;
	errno = -r;
	return err_errno(e, "map the ids of '%.128s' (EINVAL: its file system knows no id-mapped mounts)", m->source);
}

static int source_bind(const struct ns_plan *p, struct ns_run *r, const struct ns_mount *m,
		       const struct ns_mount **last, struct err *e)
{
	AUTO_CLOSE int tree = mnt_clone(AT_FDCWD, m->source, m->recursive);
	int userns, result;

	if (later(p, tree)) {
		if (m->idmap)
			return err_set(e, EPERM, "id-mapped mounts need a runtime with privileges");
		return 0;
	}
	if (tree < 0) {
		errno = -tree;
		err_errno(e, "open_tree '%.200s'", m->source);
		return err_ctx(e, "source");
	}
	if (m->idmap) {
		userns = idmap_fd(p, r, m, last, e);
		result = userns < 0 ? userns : source_idmap(tree, userns, m, e);
		if (result < 0)
			return result;
	}
	r->source_fds[m->index] = take_fd(&tree);
	return 0;
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
	for (size_t i = 0; i < p->n_mounts; i++) {
		const struct ns_mount *m = &p->mounts[i];

		if (m->kind == NS_MNT_BIND && source_bind(p, r, m, &last, e) < 0)
			return err_ctx(e, "mounts[%zu]", i);
		/* A copy of the directory's mount has to be made here: to another mount namespace this one is foreign. */
		if (m->kind == NS_MNT_CGROUP && r->cgroup_dir_fd >= 0 && !p->config->linux_.namespaces[NS_CGROUP].set) {
			result = mnt_clone(r->cgroup_dir_fd, "", false);
			if (result >= 0)
				r->source_fds[i] = result;
		}
	}
	return 0;
}
