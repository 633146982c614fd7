/* SPDX-License-Identifier: Apache-2.0 */
/* The paths of a policy are those of the tree that the container began with. A workload that can mount puts other files in
 * their places: what it mounts, and what comes from outside later, is not in this copy. */
#include "view.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/stat.h> /* struct statx, which older headers of libc lack */

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef AT_STATX_DONT_SYNC
#define AT_STATX_DONT_SYNC 0x4000
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#define TREE_CLONE 1 /* OPEN_TREE_CLONE; in some headers, missing in others */

int open_path(int dirfd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {.flags = (uint64_t)(flags | O_PATH | O_CLOEXEC), .resolve = resolve};
	long fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

int open_link(const struct helper *h, pid_t tid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/%s", (int)tid, name);
	return open_path(h->proc_fd, path, 0, 0);
}

bool file_id(int fd, struct file_id *ret)
{
	struct statx st;

	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO, &st) < 0)
		return false;
	*ret = (struct file_id){
	    .dev = (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor, .ino = st.stx_ino, .mode = st.stx_mode};
	return true;
}

bool same_file(const struct file_id *a, const struct file_id *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

bool name_of_fd(const struct helper *h, int fd, char *path, size_t size)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "self/fd/%d", fd);
	n = readlinkat(h->proc_fd, link, path, size - 1);
	path[n > 0 ? n : 0] = '\0';
	return n > 0 && (size_t)n < size - 1;
}

int view_open(const struct helper *h, const char *path)
{
	return open_path(h->view_fd, path, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int view_open_same(const struct helper *h, const char *path, const struct file_id *id)
{
	AUTO_CLOSE int fd = open_path(h->view_fd, path, O_NOFOLLOW, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
	struct file_id own;

	if (fd < 0)
		return fd;
	return *path == '/' && file_id(fd, &own) && same_file(&own, id) ? take_fd(&fd) : -ESTALE;
}

int open_to_read(const struct helper *h, int path_fd)
{
	struct file_id id;
	char link[64];
	int fd;

	if (!file_id(path_fd, &id) || (id.mode & S_IFMT) != S_IFREG)
		return -EINVAL;
	snprintf(link, sizeof(link), "self/fd/%d", path_fd);
	fd = openat(h->proc_fd, link, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static int clone_tree(void)
{
	/* Private: what is mounted in the container's tree, or outside of it, must not come to this one. */
	const struct {
		uint64_t set, clear, propagation, userns_fd;
	} attr = {.propagation = MS_PRIVATE};
	AUTO_CLOSE int fd = (int)syscall(SYS_open_tree, AT_FDCWD, "/", TREE_CLONE | O_CLOEXEC | AT_RECURSIVE);

	if (fd < 0 || syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0)
		return -errno;
	return take_fd(&fd);
}

int view_make(struct helper *h, struct err *e)
{
	const uint64_t sys_admin = 1ull << 21;
	int r;

	if (!jail_has_exec_rules(&h->plan) && !jail_has_protect(&h->plan))
		return 0;
	r = clone_tree();
	/* Who cannot mount cannot change this tree either; in a mount namespace of its own it changes but its own. */
	if (r < 0 && !(h->plan.seal.set_caps && (h->plan.seal.caps[CAPS_BOUNDING] & sys_admin))) {
		h->view_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		return h->view_fd < 0 ? err_errno(e, "open /") : 0;
	}
	if (r < 0)
		return err_set(e, -r,
			       "policy %s: CAP_SYS_ADMIN lets the workload mount over the paths of exec and "
			       "signals.protect, and its tree cannot be copied before (%s): leave the capability out, "
			       "or use Linux 5.12 or later and a rootfsPropagation that is not unbindable",
			       h->plan.policy, strerror(-r));
	h->view_fd = r;
	return 0;
}
