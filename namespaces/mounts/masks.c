/* SPDX-License-Identifier: Apache-2.0 */
/* Masked and read-only paths, and a read-only root. Links are followed inside the root; a path that is not there has nothing
 * to hide. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "namespaces/internal.h"

/* A mount to cover a directory or a file with: the first use attaches `tree` itself, the later ones copies of it. One
 * superblock serves all, and before Linux 6.15 only attached mounts can be copied. */
struct cover {
	int tree;
	bool attached;
};

static int fail(int r, const char *what, const char *path, struct err *e)
{
	errno = -r;
	return err_errno(e, "%s '%.128s'", what, path);
}

/* The root, and what it is: asked once for all paths. */
struct root {
	int fd;
	struct statx st;
};

static int look(int fd, struct statx *ret)
{
	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_INO | STATX_MNT_ID, ret) < 0)
		return -errno;
	return ret->stx_mask & STATX_MNT_ID ? 0 : -ENOTSUP; /* Linux 5.8 has it */
}

/* Opens what is at path, and says what it is; -ENOENT when nothing is there. */
static int find(const struct root *root, const char *path, struct statx *ret_st, struct err *e)
{
	AUTO_CLOSE int fd = path_open_in(root->fd, path, O_PATH, 0, NULL);
	int r;

	*ret_st = (struct statx){0};
	if (fd == -ENOTDIR || fd == -ENOENT)
		return -ENOENT;
	if (fd < 0)
		return fail(fd, "open", path, e);
	r = look(fd, ret_st);
	return r < 0 ? fail(r, "stat", path, e) : take_fd(&fd);
}

/* But for the number of slashes. As with other runtimes a relative path begins at the root. */
static bool is_same(const char *a, const char *b)
{
	size_t n;

	do {
		a += strspn(a, "/");
		b += strspn(b, "/");
		n = strcspn(a, "/");
		if (strcspn(b, "/") != n || strncmp(a, b, n) != 0)
			return false;
		a += n;
		b += n;
	} while (n);
	return true;
}

/* A path that is listed twice is mounted on once. */
static bool is_repeated(const struct strv *paths, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (is_same(paths->v[i], paths->v[k]))
			return true;
	return false;
}

static int cover_with(struct cover *c, int target)
{
	AUTO_CLOSE int copy = -1;
	int r;

	if (c->attached) {
		copy = mnt_clone(c->tree, "", false);
		return copy < 0 ? copy : mnt_attach(copy, target);
	}
	r = mnt_attach(c->tree, target);
	c->attached = r == 0;
	return r;
}

/* What is mounted on the root lies over it, where no path leads. */
static bool is_root(const struct root *root, const struct statx *st)
{
	return st->stx_ino == root->st.stx_ino && st->stx_mnt_id == root->st.stx_mnt_id;
}

static int mask(const struct ns_plan *p, const struct root *root, struct cover *dirs, struct cover *files,
		const char *path, struct err *e)
{
	struct statx st;
	AUTO_CLOSE int target = find(root, path, &st, e);
	int result;

	if (target < 0)
		return target == -ENOENT ? 0 : target;
	if (is_root(root, &st))
		return err_set(e, EINVAL, "'%.128s' is the root, which cannot be masked", path);
	if (!S_ISDIR(st.stx_mode)) {
		result = cover_with(files, target);
		return result < 0 ? fail(result, "mask file", path, e) : 0;
	}
	if (dirs->tree < 0) {
		AUTO_BUF label = {0};
		struct strv options = {&label.data, 0};

		if (p->config->linux_.mount_label) {
			buf_printf(&label, "context=%s", p->config->linux_.mount_label);
			options.n = 1;
		}
		if (label.failed)
			return err_set(e, ENOMEM, "out of memory");
		dirs->tree = mnt_new("tmpfs", "tmpfs", &options, true, MOUNT_ATTR_RDONLY, e);
		if (dirs->tree < 0)
			return dirs->tree;
	}
	result = cover_with(dirs, target);
	return result < 0 ? fail(result, "mask directory", path, e) : 0;
}

static int mask_all(const struct ns_plan *p, const struct ns_run *r, const struct root *root, struct err *e)
{
	const struct strv *paths = &p->config->linux_.masked_paths;
	struct cover dirs = {.tree = -1}, files = {.tree = r->devices_null_fd};
	AUTO_CLOSE int copy = -1;
	int result = 0;

	if (!paths->n)
		return 0;
	if (null_check(files.tree) < 0) {
		err_set(e, ENODEV, "no null device to mask files with");
		return err_ctx(e, "linux.maskedPaths");
	}
	/* The container's own node is attached already, and stays where it is; a copy of the host's is not. */
	copy = mnt_clone(files.tree, "", false);
	if (copy >= 0)
		files.tree = copy;
	for (size_t i = 0; i < paths->n && result == 0; i++) {
		result = is_repeated(paths, i) ? 0 : mask(p, root, &dirs, &files, paths->v[i], e);
		if (result < 0)
			err_ctx(e, "linux.maskedPaths[%zu]", i);
	}
	fd_close_p(&dirs.tree);
	return result;
}

/* Attributes other than read-only stay as they are; what is mounted below becomes read-only too. */
static int make_readonly(const struct root *root, const char *path, struct err *e)
{
	struct statx st;
	AUTO_CLOSE int target = find(root, path, &st, e), tree = -1;
	const struct mnt_change ro = {.set = MOUNT_ATTR_RDONLY};
	int result;

	if (target < 0)
		return target == -ENOENT ? 0 : target;
	if (is_root(root, &st)) {
		result = mnt_change(target, true, &ro);
		return result < 0 ? fail(result, "make read-only", path, e) : 0;
	}
	tree = mnt_clone(target, "", true);
	if (tree < 0)
		return fail(tree, "open_tree", path, e);
	result = mnt_change(tree, true, &ro);
	if (result == 0)
		result = mnt_attach(tree, target);
	return result < 0 ? fail(result, "make read-only", path, e) : 0;
}

int ns_masks(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	const struct strv *readonly = &p->config->linux_.readonly_paths;
	const struct mnt_change ro = {.set = MOUNT_ATTR_RDONLY};
	struct root root = {.fd = r->rootfs_fd};
	int result = look(root.fd, &root.st);

	if (result < 0)
		return fail(result, "stat", "/", e);
	for (size_t i = 0; i < readonly->n; i++)
		if (!is_repeated(readonly, i) && make_readonly(&root, readonly->v[i], e) < 0)
			return err_ctx(e, "linux.readonlyPaths[%zu]", i);
	result = mask_all(p, r, &root, e);
	if (result < 0)
		return result;
	for (size_t i = 0; i < r->n_sources; i++) {
		if (r->source_fds[i] < 0)
			continue;
		result = mnt_change(r->source_fds[i], false, &ro);
		fd_close_p(&r->source_fds[i]);
		if (result < 0) {
			fail(result, "make read-only", p->mounts[i].destination, e);
			return err_ctx(e, "mounts[%zu]", i);
		}
	}
	if (!p->config->root.readonly)
		return 0;
	result = mnt_change(r->rootfs_fd, false, &ro);
	if (result < 0) {
		fail(result, "make read-only", "/", e);
		return err_ctx(e, "root.readonly");
	}
	return 0;
}
