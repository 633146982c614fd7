/* SPDX-License-Identifier: Apache-2.0 */
/* config.json's mounts: each is made detached, gets its attributes there, and is then attached to an fd of its target. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "namespaces/internal.h"

#define PROC_ROOT_INO 1
#define AT_BITS       MOUNT_ATTR__ATIME

static int fail(int result, struct err *e, const char *what, const struct ns_mount *m)
{
	errno = -result;
	return err_errno(e, "%s '%.128s'", what, m->destination);
}

static bool is_procfs(int fd, bool root)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return false;
	return !root || (fstat(fd, &st) == 0 && st.st_ino == PROC_ROOT_INO);
}

/* The plan has looked at the words of the destination; a link in the rootfs may lead into /proc all the same. */
static int check_target(int target, int tree, const struct ns_mount *m, struct err *e)
{
	const bool on_proc = str_eq(m->destination, "/proc");

	if (str_eq(m->destination, "/") && is_procfs(tree, false))
		return err_set(e, EINVAL, "a procfs cannot be the container's root");
	if (m->kind == NS_MNT_BIND && on_proc && !is_procfs(tree, true))
		return err_set(e, EINVAL, "only a procfs may be mounted on /proc, and '%.128s' is none", m->source);
	if (proc_target_allowed(m->destination) || (on_proc && (m->kind == NS_MNT_BIND || str_eq(m->type, "proc"))))
		return 0;
	if (is_procfs(target, false))
		return err_set(e, EINVAL, "'%.128s' leads into /proc, which may not be covered by a mount",
			       m->destination);
	return 0;
}

/* Engines write "rw" where nobody said anything. What is read-only on the host and locked stays so, as with runc. To ask for
 * less of the other locked attributes is somebody's wish, and an error. */
static int change_top(const struct ns_mount *m, int tree, struct mnt_change *top)
{
	int r = mnt_change(tree, false, top);

	if (r != -EPERM || !(top->clr & MOUNT_ATTR_RDONLY))
		return r;
	top->clr &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	r = top->set || top->clr || top->propagation ? mnt_change(tree, false, top) : 0;
	if (r == 0)
		log_debug("mounts[%zu]: '%.128s' is locked read-only by the host's mount, and stays so", m->index,
			  m->destination);
	return r;
}

/* Propagation and attributes of a tree, before it is attached. peer: what the tree was copied from may be shared with the
 * host, and is not left so unless both the mount and the rootfs ask for it. */
static int change_tree(const struct ns_plan *p, const struct ns_mount *m, int tree, bool peer, struct err *e)
{
	const uint64_t prop = m->propagation & ~(uint64_t)MS_REC, settled = MS_PRIVATE | MS_UNBINDABLE | MS_SLAVE;
	const bool rec = m->propagation & MS_REC, keep = prop == MS_SHARED && p->propagation & MS_SHARED && !p->userns;
	struct mnt_change all = {.set = m->attr_rec_set, .clr = m->attr_rec_clr};
	struct mnt_change top = {.set = m->attr_set & ~m->attr_rec_clr, .clr = m->attr_clr & ~m->attr_rec_set};
	int r = 0;

	if (m->attr_rec_clr & AT_BITS)
		top.clr &= ~(uint64_t)AT_BITS;
	if (rec && prop & settled)
		all.propagation = prop;
	else if (peer && !keep)
		all.propagation = MS_SLAVE;
	if (all.set || all.clr || all.propagation)
		r = mnt_change(tree, true, &all);
	if (!rec)
		top.propagation = prop;
	if (r == 0 && (top.set || top.clr || top.propagation))
		r = change_top(m, tree, &top);
	if (r == 0 && rec && !(prop & settled) && prop)
		r = mnt_change(tree, true, &(struct mnt_change){.propagation = prop});
	if (r == 0)
		return 0;
	fail(r, e,
	     r == -EPERM ? "attributes (some are locked by the host's mount and cannot be cleared) of"
			 : "attributes of",
	     m);
	return err_ctx(e, "options");
}

/* move_mount(2) says EINVAL where mount(2) says ENOTDIR, by which callers know that a file met a directory. */
static int attach_error(int r, int tree, int target, const struct ns_mount *m, struct err *e)
{
	struct stat from, to;

	if (r != -EINVAL || fstat(tree, &from) < 0 || fstat(target, &to) < 0 ||
	    S_ISDIR(from.st_mode) == S_ISDIR(to.st_mode))
		return fail(r, e, "mount on", m);
	return err_set(e, ENOTDIR, "mount on '%.128s': not a directory: the %s is a file, the other is not",
		       m->destination, S_ISDIR(to.st_mode) ? "source" : "destination");
}

/* From here on the container's root is this mount. What mount points are made in it is none of root.path's, and not for the
 * journal, after which they would be removed from there. */
static int become_root(struct ns_run *r, int tree, struct err *e)
{
	int fd = fcntl(tree, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return err_errno(e, "keep the new root");
	if (r->under_fd < 0)
		r->under_fd = take_fd(&r->rootfs_fd);
	fd_close_p(&r->rootfs_fd);
	r->rootfs_fd = fd;
	r->made = NULL;
	return 0;
}

static int attach(struct ns_run *r, const struct ns_mount *m, int tree, bool is_dir, struct err *e)
{
	const bool strict = str_eq(m->type, "proc") || str_eq(m->type, "sysfs");
	AUTO_CLOSE int target = m->links & NS_LINK_DESTINATION
				    ? target_open_link(r, m->destination, is_dir, e)
				    : target_open(r, m->destination, is_dir, strict, NULL, e);
	int result;

	if (target < 0)
		return err_ctx(e, "destination");
	result = check_target(target, tree, m, e);
	if (result < 0)
		return err_ctx(e, "destination");
	result = mnt_attach(tree, target);
	if (result < 0)
		return attach_error(result, tree, target, m, e);
	return str_eq(m->destination, "/") ? become_root(r, tree, e) : 0;
}

/* What an earlier mount of the container shows: in the container, where no link leads out of it. */
static int clone_inside(const struct ns_run *r, const struct ns_mount *m, struct err *e)
{
	const int link = m->links & (NS_LINK_SOURCE | NS_LINK_COPY) ? O_NOFOLLOW : 0;
	AUTO_CLOSE int from = path_open_in(r->rootfs_fd, m->inside, O_PATH | link, 0, e);
	int tree = from < 0 ? from : mnt_clone(from, "", m->recursive);

	if (tree >= 0)
		return tree;
	if (from >= 0)
		err_set(e, -tree, "open_tree '%.128s' in the rootfs: %s", m->inside, strerror(-tree));
	return err_ctx(e, "source");
}

static int mount_bind(const struct ns_plan *p, struct ns_run *r, const struct ns_mount *m, struct err *e)
{
	AUTO_CLOSE int tree = m->inside ? clone_inside(r, m, e) : take_fd(&r->source_fds[m->index]);
	struct stat st;
	int result;

	if (tree < 0)
		return tree;
	if (fstat(tree, &st) < 0)
		return err_errno(e, "stat '%.200s'", m->source);
	if (m->links & NS_LINK_COPY && S_ISLNK(st.st_mode))
		return target_link(r, m->destination, tree, e) < 0 ? err_ctx(e, "destination") : 0;
	result = change_tree(p, m, tree, true, e);
	if (result == 0)
		result = attach(r, m, tree, S_ISDIR(st.st_mode), e);
	return result == 0 && p->guard_cgroups ? guard_cgroups(r, m, e) : result;
}

/* What mount(8) hands over as a flag, and fsconfig(2) knows of few file systems: by remount of the attached mount. The
 * remount takes away every flag of the superblock that it can change and that is not named again. */
static int set_iversion(const struct ns_mount *m, int mnt, struct err *e)
{
	static const struct {
		const char *name;
		unsigned long flag;
	} kept[] = {{"lazytime", MS_LAZYTIME}, {"mand", MS_MANDLOCK}, {"sync", MS_SYNCHRONOUS}};
	unsigned long flags = MS_REMOUNT | MS_I_VERSION | (m->fs_ro ? MS_RDONLY : 0);
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		flags |= strv_has(&m->fs_options, kept[i].name) ? kept[i].flag : 0;
	if (fchdir(mnt) < 0 || mount(NULL, ".", NULL, flags, NULL) < 0)
		r = err_errno(e, "option 'iversion' of '%.128s'", m->destination);
	if (chdir("/") < 0 && r == 0)
		r = err_errno(e, "chdir to /");
	if (r < 0)
		return r;
	/* The remount took the attributes away. */
	r = mnt_change(mnt, false, &(struct mnt_change){.set = m->attr_set, .clr = MOUNT_ATTR__ATIME});
	return r < 0 ? fail(r, e, "attributes of", m) : 0;
}

/* A tmpfs shows what was there; its root is as the directory was. */
static int fill_tmpfs(struct ns_run *r, const struct ns_mount *m, int mnt, struct err *e)
{
	AUTO_CLOSE int from = path_open_in(r->rootfs_fd, m->destination, O_RDONLY | O_DIRECTORY, 0, e);
	AUTO_CLOSE int to = openat(mnt, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (from < 0)
		return from;
	if (to < 0 || fstat(from, &st) < 0)
		return err_errno(e, "open the new tmpfs");
	if (!fs_has_key(m, "uid") && !fs_has_key(m, "gid") && fchown(to, st.st_uid, st.st_gid) < 0)
		return err_errno(e, "owner of the new tmpfs");
	return copy_up(from, to, e);
}

/* The new file system: with mapped ids it was made by ns_sources. A tmpfs that names no mode has that of the directory it
 * covers. */
static int make_fs(struct ns_run *r, const struct ns_mount *m, struct err *e)
{
	AUTO_CLOSE int target = -1;
	struct stat st = {0};
	bool made = true;
	int mnt;

	if (r->source_fds[m->index] >= 0 && !m->or_host)
		return take_fd(&r->source_fds[m->index]);
	if (fs_wants_mode(m)) {
		target = target_open(r, m->destination, true, false, &made, e);
		if (target < 0)
			return err_ctx(e, "destination");
		if (fstat(target, &st) < 0)
			return fail(-errno, e, "stat", m);
	}
	mnt = fs_new(m, made ? -1 : (int)(st.st_mode & 07777), e);
	return mnt < 0 ? err_ctx(e, "options") : mnt;
}

/* A message queue file system belongs to its namespace, and may have been mounted without a label before: it takes none as an option. */
static int label_mqueue(const struct ns_plan *p, const struct ns_mount *m, int mnt, struct err *e)
{
	const char *label = p->config->linux_.mount_label;
	char path[32];

	if (!label || !str_eq(m->type, "mqueue"))
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", mnt);
	if (setxattr(path, "security.selinux", label, strlen(label), 0) < 0) {
		err_errno(e, "label '%.128s' of the message queues", label);
		err_ctx(e, "linux.mountLabel");
		return -e->code;
	}
	return 0;
}

/* All of it read-only, and what the host mounts there later stays there. */
static int mount_host_sys(const struct ns_plan *p, struct ns_run *r, const struct ns_mount *m, int tree, struct err *e)
{
	struct ns_mount as_bind = *m;
	int result;

	as_bind.attr_rec_set |= m->attr_set;
	as_bind.propagation = MS_REC | MS_PRIVATE;
	result = change_tree(p, &as_bind, tree, true, e);
	return result < 0 ? result : attach(r, m, tree, true, e);
}

static int mount_fs(const struct ns_plan *p, struct ns_run *r, const struct ns_mount *m, struct err *e)
{
	const bool tmpfs = str_eq(m->type, "tmpfs"), ro = m->attr_set & MOUNT_ATTR_RDONLY;
	AUTO_CLOSE int mnt = make_fs(r, m, e), host = m->or_host ? take_fd(&r->source_fds[m->index]) : -1;
	int result;

	if (mnt == -EPERM && p->rootless && shows_foreign(p->config, m)) {
		*e = (struct err){0};
		return host >= 0 ? mount_host_sys(p, r, m, host, e) : shown_refused(p->config, m, e);
	}
	if (mnt < 0)
		return mnt;
	if (m->tmpcopyup) {
		bool made;
		AUTO_CLOSE int target = target_open(r, m->destination, true, false, &made, e);

		result = target < 0 ? target : fill_tmpfs(r, m, mnt, e);
		if (result < 0)
			return result;
	}
	if (m->propagation) {
		struct ns_mount propagation = {.destination = m->destination, .propagation = m->propagation};

		result = change_tree(p, &propagation, mnt, false, e);
		if (result < 0)
			return result;
	}
	result = label_mqueue(p, m, mnt, e);
	if (result == 0)
		result = attach(r, m, mnt, true, e);
	if (result == 0 && strv_has(&m->fs_options, "iversion"))
		result = set_iversion(m, mnt, e);
	if (result < 0)
		return result;
	if (tmpfs && ro)
		r->source_fds[m->index] = take_fd(&mnt);
	else if (str_eq(m->type, "proc") && !ro && r->proc_fd < 0)
		r->proc_fd = take_fd(&mnt);
	return 0;
}

static int mount_again(const struct ns_plan *p, struct ns_run *r, const struct ns_mount *m, struct err *e)
{
	AUTO_CLOSE int target = path_open_in(r->rootfs_fd, m->destination, O_PATH, 0, e);
	struct mnt_change top = {.set = m->attr_set, .clr = m->attr_clr};
	struct mnt_change all = {.set = m->attr_rec_set, .clr = m->attr_rec_clr};
	int result;

	if (target < 0)
		return err_ctx(e, "destination");
	result = mnt_change(target, false, &top);
	if (result == 0 && (all.set || all.clr))
		result = mnt_change(target, true, &all);
	if (result == -EINVAL)
		return err_set(e, EINVAL, "remount: '%.128s' is no mount point", m->destination);
	if (result < 0)
		return fail(result, e, "remount", m);
	if (m->fs_options.n && mnt_reconfigure(target, &m->fs_options, m->fs_ro, e) < 0)
		return err_ctx(e, "options");
	return p->guard_cgroups ? guard_cgroups(r, m, e) : 0;
}

/* The directory's path, for when only this process may copy its mount; checked to be the same directory. */
static int clone_by_path(int dir, struct err *e)
{
	char path[PATH_MAX];
	AUTO_CLOSE int tree = -1;
	struct stat a, b;
	int result = fd_path(dir, path);

	if (result < 0) {
		errno = -result;
		return err_errno(e, "path of the container's cgroup");
	}
	tree = mnt_clone(AT_FDCWD, path, false);
	if (tree < 0) {
		errno = -tree;
		return err_errno(e, "open_tree '%.200s'", path);
	}
	if (fstat(dir, &a) < 0 || fstat(tree, &b) < 0 || a.st_ino != b.st_ino || a.st_dev != b.st_dev)
		return err_set(e, EAGAIN, "the container's cgroup '%.200s' has moved", path);
	return take_fd(&tree);
}

/* The whole tree, read-only: what there is to see without a cgroup namespace or rights to one's own. */
static int clone_whole_tree(struct err *e)
{
	static const char *const places[] = {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"};
	int tree = -ENOENT;

	for (size_t i = 0; i < ARRAY_LEN(places) && tree < 0; i++)
		tree = mnt_clone(AT_FDCWD, places[i], true);
	if (tree >= 0)
		return tree;
	errno = -tree;
	return err_errno(e, "open_tree /sys/fs/cgroup");
}

static int mount_cgroup(const struct ns_plan *p, struct ns_run *r, const struct ns_mount *m, struct err *e)
{
	AUTO_CLOSE int tree = take_fd(&r->source_fds[m->index]);
	struct ns_mount as_bind = *m;
	struct err first = {0};
	int result;

	if (m->fs_options.n && check_cgroup_options(m, e) < 0)
		return -e->code;
	if (p->config->linux_.namespaces[NS_CGROUP].set && !p->cgroup_late) {
		if (p->guard_cgroups && p->config->linux_.namespaces[NS_CGROUP].path)
			as_bind.attr_set |= MOUNT_ATTR_RDONLY;
		tree = mnt_new("cgroup2", m->source, NULL, false, as_bind.attr_set, &first);
		if (tree >= 0)
			return attach(r, m, tree, true, e);
		/* EPERM: a cgroup namespace that was joined belongs to another user namespace. */
		if (tree != -EPERM) {
			*e = first;
			return -first.code;
		}
		as_bind.attr_set |= MOUNT_ATTR_RDONLY;
		as_bind.attr_rec_set |= MOUNT_ATTR_RDONLY;
		tree = clone_whole_tree(e);
	} else if (tree < 0 && r->cgroup_dir_fd >= 0) {
		tree = clone_by_path(r->cgroup_dir_fd, e);
		if (p->cgroup_late && !as_bind.propagation) /* as a mount of its own would be */
			as_bind.propagation = MS_PRIVATE;
	} else if (tree < 0) {
		as_bind.attr_set |= MOUNT_ATTR_RDONLY;
		as_bind.attr_rec_set |= MOUNT_ATTR_RDONLY;
		tree = clone_whole_tree(e);
	}
	if (tree < 0)
		return tree;
	result = change_tree(p, &as_bind, tree, true, e);
	return result < 0 ? result : attach(r, m, tree, true, e);
}

static int mount_one(const struct ns_plan *p, struct ns_run *r, const struct ns_mount *m, struct err *e)
{
	switch (m->kind) {
	case NS_MNT_BIND:
		return mount_bind(p, r, m, e);
	case NS_MNT_FS:
		return mount_fs(p, r, m, e);
	case NS_MNT_REMOUNT:
		return mount_again(p, r, m, e);
	case NS_MNT_CGROUP:
		return mount_cgroup(p, r, m, e);
	}
	return err_set(e, EINVAL, "unknown kind of mount");
}

int ns_mounts(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	const char *cwd = p->config->process.cwd;
	AUTO_CLOSE int fd = -1;

	for (size_t i = 0; i < p->n_mounts; i++)
		if (mount_one(p, r, &p->mounts[i], e) < 0)
			return err_ctx(e, "mounts[%zu]", i);
	if (!cwd || *cwd != '/' || str_eq(cwd, "/"))
		return 0;
	fd = target_open(r, cwd, true, false, NULL, e);
	return fd < 0 ? err_ctx(e, "process.cwd") : 0;
}
