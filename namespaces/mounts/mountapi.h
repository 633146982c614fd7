/* SPDX-License-Identifier: Apache-2.0 */
/* Thin wrappers of the mount API of Linux 5.2 (fsopen, fsconfig, fsmount, open_tree, move_mount) and 5.12
 * (mount_setattr). All work on fds: no path of the rootfs is ever resolved here. */
#ifndef NAMESPACES_MOUNTAPI_H
#define NAMESPACES_MOUNTAPI_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>

#include "base/base.h"

/* What mount_setattr(2) does to one tree. userns_fd is used when set has MOUNT_ATTR_IDMAP. */
struct mnt_change {
	uint64_t set, clr, propagation;
	int userns_fd;
};

struct ns_mount;

/* A detached copy of the mount at fd (path ""), or at path below fd. Returns the fd or -errno. */
int mnt_clone(int fd, const char *path, bool recursive);
/* The source of the bind m likewise. */
int mnt_clone_source(const struct ns_mount *m);

/* Attaches the detached tree (or moves the attached one) onto the directory or file of the O_PATH fd target. Returns 0
 * or -errno. */
int mnt_attach(int tree, int target);

/* Changes the mount that fd is the root of, and those below it. Returns 0 or -errno. */
int mnt_change(int fd, bool recursive, const struct mnt_change *c);

/* A new instance of a file system, detached. options are "key" or "key=value"; ro: of the superblock; attr: MOUNT_ATTR_*.
 * Errors name the option that the kernel refused, with its own words. Returns the fd or -errno. */
int mnt_new(const char *type, const char *source, const struct strv *options, bool ro, uint64_t attr, struct err *e);

/* Changes the options of the file system that is mounted at fd. Returns 0 or -errno. */
int mnt_reconfigure(int fd, const struct strv *options, bool ro, struct err *e);

#endif
