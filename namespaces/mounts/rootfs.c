/* SPDX-License-Identifier: Apache-2.0 */
/* The root of the container: attached over the old one, and later turned into it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "namespaces/internal.h"

static const char *as_whom(const struct ns_plan *p)
{
	return p->userns ? " as the container's root user" : "";
}

/* The rootfs as a detached tree, when the runtime had not the rights to make it. */
static int late_rootfs(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	if (r->rootfs_fd >= 0)
		return 0;
	r->rootfs_fd = mnt_clone(AT_FDCWD, p->rootfs, true);
	if (r->rootfs_fd >= 0)
		return 0;
	errno = -r->rootfs_fd;
	r->rootfs_fd = -1;
	err_errno(e, "open_tree '%.200s'%s", p->rootfs, as_whom(p));
	return err_ctx(e, "root.path");
}

/* Copied here and not by the runtime: in this mount namespace, which belongs to the user namespace, what covers parts of the host's
 * /sys is locked to it. Where there is no copy, the mount will say why the kernel refuses a new one. */
static void late_sys(const struct ns_plan *p, struct ns_run *r)
{
	for (size_t i = 0; r->host_net && i < p->n_mounts; i++)
		if (p->mounts[i].or_host)
			r->source_fds[i] = mnt_clone(AT_FDCWD, "/sys", true);
}

/* The sources of binds likewise; before the rootfs is attached, since from then on it is part of "/". */
static int late_sources(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	for (size_t i = 0; i < p->n_mounts; i++) {
		const struct ns_mount *m = &p->mounts[i];
		int tree;

		if (m->kind != NS_MNT_BIND || m->inside || r->source_fds[i] >= 0)
			continue;
		tree = mnt_clone_source(m);
		if (tree < 0) {
			errno = -tree;
			err_errno(e, "open_tree '%.200s'%s%s", m->source, as_whom(p),
				  tree == -EINVAL && !m->recursive ? " (with mounts below it: use 'rbind')" : "");
			err_ctx(e, "source");
			return err_ctx(e, "mounts[%zu]", i);
		}
		r->source_fds[i] = tree;
	}
	return 0;
}

int ns_rootfs_prepare(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	const bool slave = p->propagation & MS_SLAVE;
	AUTO_CLOSE int root = -1;
	int result = join_one(p, r, NS_MOUNT, e);

	if (result == 0)
		result = late_rootfs(p, r, e);
	if (result < 0)
		return result;
	if (r->inherits_mounts)
		return inherited_attach(p, r, e);
	/* Nothing that is mounted from here on may reach the host; what the host mounts may reach bind mounts that ask for
	 * it (rslave), which are copies of its mounts. */
	if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return err_errno(e, "make the old root a slave of the host's");
	result = late_sources(p, r, e);
	if (result < 0)
		return result;
	late_sys(p, r);
	/* The copy is a peer of the host's mount until this. pivot_root(2) wants it not shared. */
	result = mnt_change(r->rootfs_fd, true, &(struct mnt_change){.propagation = slave ? MS_SLAVE : MS_PRIVATE});
	if (result < 0) {
		errno = -result;
		return err_errno(e, "set the propagation of the rootfs");
	}
	/* Over "/", whose lookup needs no right on any directory of the host. The root of this process stays below it. */
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_errno(e, "open the old root");
	result = mnt_attach(r->rootfs_fd, root);
	if (result < 0) {
		errno = -result;
		return err_errno(e, "attach the rootfs");
	}
	return 0;
}

/* Before this process becomes the container's root: that one may not be able to search the host's directories, and the
 * caller, whose files they are, can. The directory is only kept, and used when it is the rootfs. */
void rootfs_find_place(const struct ns_plan *p, struct ns_run *r)
{
	if (p->show_rootfs && r->place_fd < 0)
		r->place_fd = open(p->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* What root.path is, with all that is mounted on it. */
static int bottom(const struct ns_run *r)
{
	return r->under_fd >= 0 ? r->under_fd : r->rootfs_fd;
}

static bool same_directory(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Only now, and not where the mounts are made: there the rootfs lies over "/", where no path of the host can be mistaken for
 * one of the container's. */
int ns_rootfs_show(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	AUTO_CLOSE int place = -1;
	int result;

	if (r->inherits_mounts) /* there it is */
		return 0;
	rootfs_find_place(p, r);
	place = take_fd(&r->place_fd);
	if (place < 0 || !same_directory(place, bottom(r))) {
		log_warn(
		    "the container's root cannot find '%.200s' in its mount namespace: hooks do not see the container "
		    "there; let others search the directories on the way to it",
		    p->rootfs);
		return 0;
	}
	result = mnt_attach(bottom(r), place);
	if (result < 0) {
		errno = -result;
		err_errno(e, "show the rootfs to hooks at '%.200s'", p->rootfs);
		return err_ctx(e, "root.path");
	}
	return 0;
}

/* --no-pivot, for hosts whose root is an initramfs, which cannot be pivoted from. */
static int move_root(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	/* A procfs or sysfs that stays below could let a user namespace mount them anew without the masks. EINVAL: not
	 * mounted; EPERM: locked, and so not to be had by the container either. */
	umount2("/proc", MNT_DETACH);
	umount2("/sys", MNT_DETACH);
	/* Hooks saw the rootfs elsewhere: what lies there could be left by chdir(".."), what lies over "/" cannot. */
	if (p->show_rootfs) {
		AUTO_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		int result = root < 0 ? -errno : mnt_attach(bottom(r), root);

		if (result < 0)
			return err_set(e, -result, "move the rootfs over the old root: %s", strerror(-result));
	}
	if (chroot(".") < 0)
		return err_errno(e, "chroot into the rootfs");
	return 0;
}

/* umount2(2) takes what is on top, and that is not always the old root: on its "/" may lie root.path's mount, when another covers
 * that, or what a hook has mounted there. "/.." leads to the top; when that is the new root, nothing of the host is left. */
static int let_go(const struct ns_run *r, struct err *e)
{
	uint64_t own = 0, top = 0;

	if (mount_id(r->rootfs_fd, "", &own, e) < 0)
		return -e->code;
	do {
		if (umount2(".", MNT_DETACH) < 0)
			return err_errno(e, "let the old root go");
		if (mount_id(AT_FDCWD, "/..", &top, e) < 0)
			return -e->code;
	} while (top != own);
	return 0;
}

int ns_pivot(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	int result;

	if (fchdir(r->rootfs_fd) < 0)
		return err_errno(e, "enter the rootfs");
	if (r->inherits_mounts) {
		if (chroot(".") < 0)
			return err_errno(e, "chroot into the rootfs");
	} else if (p->no_pivot) {
		result = move_root(p, r, e);
		if (result < 0)
			return result;
	} else {
		/* The old root comes to lie on top of the new one, where "." finds it. */
		if (syscall(SYS_pivot_root, ".", ".") < 0)
			return err_errno(e, "pivot_root%s",
					 errno == EINVAL ? " (is the host's root an initramfs? then --no-pivot)" : "");
		result = let_go(r, e);
		if (result < 0)
			return result;
	}
	if (chdir("/") < 0)
		return err_errno(e, "chdir to the new root");
	return 0;
}

int ns_propagation(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	(void)r;
	/* Private or slave it is already. */
	if (!(p->propagation & (MS_SHARED | MS_UNBINDABLE)) || mount(NULL, "/", NULL, p->propagation, NULL) == 0)
		return 0;
	err_errno(e, "set the propagation of the new root");
	return err_ctx(e, "linux.rootfsPropagation");
}
