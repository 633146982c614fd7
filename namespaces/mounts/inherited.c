/* SPDX-License-Identifier: Apache-2.0 */
/* A container without a mount namespace of its own: it inherits the runtime's (config-linux.md, Namespaces). Its rootfs is mounted on
 * root.path there, as a private mount that all others of the container lie below, so that to unmount it takes all of them away.
 * Then the first process is confined to it by chroot(2). Where nothing is to be mounted, nothing is. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "namespaces/internal.h"

#define MAX_ON_TOP 64 /* mounts that others have put on root.path over the container's */

#define ADD_ONE "add {\"type\": \"mount\"} to linux.namespaces, or leave it out"

static bool mounts_anything(const struct ns_plan *p)
{
	const struct spec_config *c = p->config;

	return p->n_mounts || c->linux_.masked_paths.n || c->linux_.readonly_paths.n || c->root.readonly ||
	       c->process.terminal;
}

/* The one property that asks for a mount where there is no right to make one. */
static int refuse_mounts(const struct ns_plan *p, struct err *e)
{
	const struct spec_config *c = p->config;

	if (!mounts_anything(p))
		return 0;
	err_set(e, EINVAL,
		"cannot be had without a mount namespace of the container's own: in a user namespace nothing can be "
		"mounted "
		"in the host's, which it inherits; " ADD_ONE);
	if (p->n_mounts)
		return err_ctx(e, "mounts[0]");
	if (c->linux_.masked_paths.n)
		return err_ctx(e, "linux.maskedPaths");
	if (c->linux_.readonly_paths.n)
		return err_ctx(e, "linux.readonlyPaths");
	return err_ctx(e, c->root.readonly ? "root.readonly" : "process.terminal");
}

int inherited_check(const struct ns_plan *p, struct err *e)
{
	if (str_eq(p->rootfs, "/")) {
		err_set(
		    e, EINVAL,
		    "'/' is the host's own root, and nothing would confine the container, which inherits the host's "
		    "mount namespace: name another directory, or add {\"type\": \"mount\"} to linux.namespaces");
		return err_ctx(e, "root.path");
	}
	if (p->propagation & ~(uint64_t)(MS_PRIVATE | MS_REC)) {
		err_set(e, EINVAL,
			"would let mounts of the container and of the host reach each other, whose mount namespace it "
			"inherits: " ADD_ONE);
		return err_ctx(e, "linux.rootfsPropagation");
	}
	return p->rootless ? refuse_mounts(p, e) : 0;
}

int inherited_open(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	if (mounts_anything(p))
		return 0;
	r->rootfs_fd = open(p->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	r->bare = r->rootfs_fd >= 0;
	return r->bare ? 0 : err_errno(e, "open '%.200s'", p->rootfs);
}

/* Noted before it is done: who undoes it looks whether it is there. */
static int note(const struct ns_run *r, int mnt, uint64_t ns, struct err *e)
{
	uint64_t id;

	return mount_id(mnt, "", &id, e) < 0 || (r->mounted && r->mounted(r->made_arg, id, ns, e) < 0) ? -e->code : 0;
}

/* On a shared mount it has become shared: what is mounted on it is nobody else's. */
static int attach_private(int tree, int place)
{
	const struct mnt_change private = {.propagation = MS_PRIVATE};
	int result = mnt_change(tree, true, &private);

	if (result == 0)
		result = mnt_attach(tree, place);
	return result < 0 ? result : mnt_change(tree, true, &private);
}

/* Where root.path is on a shared mount, the first one appears in other mount namespaces, too; and goes there with this one's, but not if
 * others were below it there. So the whole tree is on another one, which is private. */
int inherited_attach(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	AUTO_CLOSE int place = -1, base = -1;
	struct stat ns;
	int result;

	if (r->bare)
		return 0;
	place = open(p->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place < 0 || stat("/proc/self/ns/mnt", &ns) < 0)
		return err_errno(e, "open '%.200s'", p->rootfs);
	base = mnt_clone(AT_FDCWD, p->rootfs, false);
	if (base >= 0 && (note(r, r->rootfs_fd, ns.st_ino, e) < 0 || note(r, base, ns.st_ino, e) < 0))
		return -e->code;
	result = base < 0 ? base : attach_private(base, place);
	if (result == 0)
		result = attach_private(r->rootfs_fd, base);
	return result < 0 ? err_set(e, -result, "mount the rootfs on '%.200s': %s (%s)", p->rootfs, strerror(-result),
				    errno_name(-result))
			  : 0;
}

static bool is_elsewhere(const char *rootfs, uint64_t ns)
{
	struct stat own;

	if (stat("/proc/self/ns/mnt", &own) < 0 || own.st_ino == ns)
		return false;
	log_warn("the container's rootfs may be mounted on '%.200s' still, in the mount namespace mnt:[%llu], "
		 "which is not the caller's: umount -l it there, twice",
		 rootfs, (unsigned long long)ns);
	return true;
}

static void unmount(const char *rootfs, uint64_t id)
{
	AUTO_FREE char *real = realpath(rootfs, NULL);
	int i = 0;

	if (mount_is_at(id, NULL) && !(real && mount_is_at(id, real))) {
		log_warn("the container's rootfs is no more on '%.200s', but may be mounted still (mount %llu in "
			 "/proc/self/mountinfo): umount -l it",
			 rootfs, (unsigned long long)id);
		return;
	}
	/* What lies on top goes first: it could not be reached without the container's. */
	for (; real && i < MAX_ON_TOP && mount_is_at(id, real); i++)
		if (umount2(real, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
			break;
	if (real && mount_is_at(id, real))
		log_warn("the container's rootfs is mounted on '%.200s' still: %s; umount -l it", real,
			 i == MAX_ON_TOP ? "too much is mounted on top of it" : strerror(errno));
}

/* By descriptor: what somebody mounts over it meanwhile stays. */
static bool unmount_top(const char *rootfs, uint64_t id)
{
	AUTO_CLOSE int fd = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char link[40];
	uint64_t top;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return fd >= 0 && mount_id(fd, "", &top, NULL) == 0 && top == id && umount2(link, MNT_DETACH) == 0;
}

void ns_unmount(const char *rootfs, char *lines, bool top_alone)
{
	unsigned long long id, ns, said = 0;

	for (char *line = lines; line && *line; line = strchr(line, '\n'), line += line != NULL) {
		if (sscanf(line, "m %llu %llu\n", &id, &ns) != 2)
			continue;
		if (ns == said || is_elsewhere(rootfs, ns))
			said = ns;
		else if (!top_alone)
			unmount(rootfs, id);
		else if (!unmount_top(rootfs, id))
			continue;
		*line = 'x'; /* done: it is not to be handed on */
	}
}
