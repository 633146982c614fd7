/* SPDX-License-Identifier: Apache-2.0 */
/* Devices and the links of /dev, all made under fds of their directories. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "internal.h"

/* The directory of the device before, since most are in /dev. */
struct dir_cache {
	int fd;
	char *path; /* up to its last slash, of the plan's device */
	size_t len;
	bool own; /* target_is_own */
};

int null_check(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3) ? 0 : -EINVAL;
}

static mode_t type_of(const struct spec_device *d)
{
	return d->type == 'p' ? S_IFIFO : d->type == 'b' ? S_IFBLK : S_IFCHR;
}

static bool is_device(const struct stat *st, const struct spec_device *d)
{
	if ((st->st_mode & S_IFMT) != type_of(d))
		return false;
	return d->type == 'p' || st->st_rdev == makedev((unsigned int)d->major, (unsigned int)d->minor);
}

/* A copy of the host's node: of the same name, or of another with the same numbers. Returns the fd or -errno. */
static int host_node(const struct ns_plan *p, const struct spec_device *d, struct stat *ret, struct err *e)
{
	char by_number[48];
	const char *path = d->path;
	size_t i = 0;
	int first = 0;

	snprintf(by_number, sizeof(by_number), "/dev/%s/%lld:%lld", d->type == 'b' ? "block" : "char",
		 (long long)d->major, (long long)d->minor);
	for (;;) {
		AUTO_CLOSE int tree = mnt_clone(AT_FDCWD, path, false);

		if (tree >= 0 && fstat(tree, ret) == 0 && is_device(ret, d))
			return take_fd(&tree);
		if (path == d->path)
			first = tree;
		if (path == by_number)
			break;
		while (i < p->n_devices && (p->devices[i].type != d->type || p->devices[i].major != d->major ||
					    p->devices[i].minor != d->minor || str_eq(p->devices[i].path, d->path)))
			i++;
		path = i < p->n_devices ? p->devices[i++].path : by_number;
	}
	if (first >= 0 || first == -ENOENT)
		return err_set(
		    e, ENODEV,
		    "%s: mknod(2) is not permitted in a user namespace, so that a node of the host has to be "
		    "bound, and there '%.128s' %s and '%s' is not there: make the node on the host "
		    "(mknod %s %c %lld %lld), or leave the entry out",
		    d->path, d->path, first >= 0 ? "is another device" : "is not there", by_number, d->path, d->type,
		    (long long)d->major, (long long)d->minor);
	return err_set(
	    e, -first,
	    "%s: mknod(2) is not permitted in a user namespace, and of the host's '%.128s' or '%s' no copy can "
	    "be had: %s (%s): let the caller reach one of them, or leave the entry out",
	    d->path, d->path, by_number, strerror(-first), errno_name(-first));
}

/* What a bind of an earlier container has left. */
static bool is_empty_file(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_size == 0;
}

/* In a user namespace mknod(2) is not allowed: the host's node is bound on an empty file. */
static int bind_device(const struct ns_plan *p, int dir, const char *name, const struct spec_device *d, struct err *e)
{
	struct stat st = {0};
	AUTO_CLOSE int tree = host_node(p, d, &st, e), target = -1;
	int r;

	if (tree < 0)
		return tree;
	if (d->uid.v || d->gid.v || (d->file_mode.v & 0777) != (st.st_mode & 0777))
		log_debug("linux.devices: '%s' is bound from the host: its owner and mode (%04o) are the host's",
			  d->path, st.st_mode & 07777);
	target = openat(dir, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (target < 0 && errno == EEXIST)
		target = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return err_errno(e, "make '%.128s'", d->path);
	r = mnt_change(tree, false, &(struct mnt_change){.set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC});
	if (r == 0)
		r = mnt_attach(tree, target);
	if (r < 0) {
		errno = -r;
		return err_errno(e, "bind the host's '%.128s'", d->path);
	}
	return 0;
}

static int own_device(int dir, const char *name, const struct spec_device *d, struct err *e)
{
	const uid_t uid = (uid_t)d->uid.v;
	const gid_t gid = (gid_t)d->gid.v;

	if ((!uid && !gid) || fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return err_errno(e, "owner %u:%u of '%.128s'", uid, gid, d->path);
}

/* What is there already: of an image, or of a bind mount. */
static int present_device(int dir, const char *name, const struct spec_device *d, struct err *e)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(e, "stat '%.128s'", d->path);
	if (!is_device(&st, d))
		return err_set(e, EEXIST, "'%.128s' exists in the rootfs and is not the device %c %lld:%lld", d->path,
			       d->type, (long long)d->major, (long long)d->minor);
	return 0;
}

/* A container with a user namespace leaves an empty file in the rootfs. It is not replaced, which would take the device away from
 * one that still has it bound there. Only a host's node that lets nobody do more than is asked for can stand in. */
static bool is_left_by_bind(const struct ns_run *r, int dir, const char *name, const struct spec_device *d)
{
	struct stat st, host;

	return !r->bare && d->type != 'p' && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && is_empty_file(&st) &&
	       stat(d->path, &host) == 0 && is_device(&host, d) && host.st_uid == (uid_t)d->uid.v &&
	       !(host.st_mode & 0777 & ~(mode_t)d->file_mode.v) &&
	       (host.st_gid == (gid_t)d->gid.v || !(host.st_mode >> 3 & 7 & ~(mode_t)d->file_mode.v));
}

static int make_device(const struct ns_plan *p, struct ns_run *r, struct dir_cache *dir, const struct spec_device *d,
		       struct err *e)
{
	const char *name = strrchr(d->path, '/') + 1;
	size_t len = (size_t)(name - d->path);
	struct stat st;
	int result;

	if (dir->fd < 0 || dir->len != len || strncmp(dir->path, d->path, len) != 0) {
		fd_close_p(&dir->fd);
		dir->fd = target_parent(r, d->path, &name, e);
		if (dir->fd < 0)
			return dir->fd;
		dir->path = d->path;
		dir->len = len;
		dir->own = target_is_own(r, d->path);
	}
	if (dir->own && fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT) {
		result = r->made(r->made_arg, d->path, false, e);
		if (result < 0)
			return result;
	}
	if (!p->bind_devices || d->type == 'p') {
		if (mknodat(dir->fd, name, type_of(d) | (mode_t)d->file_mode.v,
			    makedev((unsigned int)d->major, (unsigned int)d->minor)) == 0)
			return own_device(dir->fd, name, d, e);
		if (errno == EEXIST)
			return is_left_by_bind(r, dir->fd, name, d) ? bind_device(p, dir->fd, name, d, e)
								    : present_device(dir->fd, name, d, e);
		if (errno != EPERM || d->type == 'p')
			return err_errno(e, "mknod '%.128s'", d->path);
	}
	if (fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !is_empty_file(&st))
		return present_device(dir->fd, name, d, e);
	if (r->inherits_mounts)
		return err_set(
		    e, EPERM,
		    "'%.128s' is not in the rootfs: in a user namespace mknod(2) is not permitted, and without a "
		    "mount namespace of its own the container cannot bind the host's: make it in the rootfs, or "
		    "add {\"type\": \"mount\"} to linux.namespaces",
		    d->path);
	return bind_device(p, dir->fd, name, d, e);
}

/* Names the entry of config.json that d is of: the last of its path. The default devices have none. */
static int name_entry(const struct ns_plan *p, const struct spec_device *d, struct err *e)
{
	const struct spec_linux *l = &p->config->linux_;
	struct arena a = {0};
	size_t i = l->n_devices;

	while (i > 0 && !str_eq(path_clean(&a, l->devices[i - 1].path), d->path))
		i--;
	arena_free(&a);
	return i > 0 ? err_ctx(e, "linux.devices[%zu]", i - 1) : err_ctx(e, "linux.devices");
}

static int make_devices(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	struct dir_cache dir = {.fd = -1};
	mode_t mask = umask(0);
	int result = 0;

	for (size_t i = 0; i < p->n_devices && result == 0; i++) {
		result = make_device(p, r, &dir, &p->devices[i], e);
		if (result < 0)
			name_entry(p, &p->devices[i], e);
	}
	umask(mask);
	fd_close_p(&dir.fd);
	return result;
}

/* Tells the journal of /dev/NAME, unless it is there already. */
static int made_in_dev(struct ns_run *r, int dev, bool own, const char *name, struct err *e)
{
	char path[32];
	struct stat st;

	if (!own || fstatat(dev, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	snprintf(path, sizeof(path), "/dev/%s", name);
	return r->made(r->made_arg, path, false, e);
}

/* runtime-linux.md, Dev symbolic links; core as everybody has it. */
static int make_links(struct ns_run *r, int dev, bool own, struct err *e)
{
	static const struct {
		const char *name, *target;
	} links[] = {
	    {"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
	    {"stderr", "/proc/self/fd/2"}, {"core", "/proc/kcore"},
	};

	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		if (str_eq(links[i].name, "core") && access("/proc/kcore", F_OK) < 0)
			continue;
		if (made_in_dev(r, dev, own, links[i].name, e) < 0)
			return -e->code;
		if (symlinkat(links[i].target, dev, links[i].name) < 0 && errno != EEXIST)
			return err_errno(e, "link /dev/%s", links[i].name);
	}
	return 0;
}

/* Not the image's, which could be anything: the container's own devpts has one. */
static int make_ptmx(struct ns_run *r, int dev, bool own, struct err *e)
{
	if (unlinkat(dev, "ptmx", 0) < 0 && errno != ENOENT)
		return err_errno(e, "remove the image's /dev/ptmx");
	if (made_in_dev(r, dev, own, "ptmx", e) < 0)
		return -e->code;
	if (symlinkat("pts/ptmx", dev, "ptmx") < 0)
		return err_errno(e, "link /dev/ptmx");
	return 0;
}

/* Made now, since later the rootfs may be read-only. */
static int make_console(struct ns_run *r, int dev, bool own, struct err *e)
{
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (fstatat(dev, "console", &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0; /* ns_console looks at what it is */
	if (made_in_dev(r, dev, own, "console", e) < 0)
		return -e->code;
	fd = openat(dev, "console", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? err_errno(e, "make /dev/console") : 0;
}

/* What files are masked with: the container's null device, or when /dev has no proper one (CVE-2025-31133), the host's,
 * of which a copy has to be taken while the old root is there. */
static int find_null(struct ns_run *r, struct err *e)
{
	r->devices_null_fd = path_open_in(r->rootfs_fd, "/dev/null", O_PATH | O_NOFOLLOW, 0, NULL);
	if (r->devices_null_fd >= 0 && null_check(r->devices_null_fd) == 0)
		return 0;
	fd_close_p(&r->devices_null_fd);
	r->devices_null_fd = mnt_clone(AT_FDCWD, "/dev/null", false);
	if (r->devices_null_fd >= 0 && null_check(r->devices_null_fd) == 0)
		return 0;
	fd_close_p(&r->devices_null_fd);
	err_set(e, ENODEV, "neither the container's /dev/null nor the host's is the null device (1:3)");
	return err_ctx(e, "linux.maskedPaths");
}

static int fill_dev(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	AUTO_CLOSE int dev = -1;
	int result = make_devices(p, r, e);
	bool own;

	if (result < 0)
		return result;
	dev = target_open(r, "/dev", true, false, NULL, e);
	if (dev < 0)
		return dev;
	own = target_is_own(r, "/dev/null");
	result = make_links(r, dev, own, e);
	if (result == 0)
		result = make_ptmx(r, dev, own, e);
	if (result == 0 && p->config->process.terminal)
		result = make_console(r, dev, own, e);
	return result;
}

int ns_dev(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	int result = p->keep_dev ? 0 : fill_dev(p, r, e);

	if (result < 0)
		return result;
	return p->config->linux_.masked_paths.n ? find_null(r, e) : 0;
}
