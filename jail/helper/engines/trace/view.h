/* SPDX-License-Identifier: Apache-2.0 */
/* The container's tree as it was before the workload's first instruction, and which file is which. */
#ifndef JAIL_HELPER_VIEW_H
#define JAIL_HELPER_VIEW_H

#include "jail/helper/helper.h"

/* Which file it is, and its mode. */
struct file_id {
	uint64_t dev, ino;
	uint32_t mode;
};

/* Sets h->view_fd, where the policy judges by paths. */
int view_make(struct helper *h, struct err *e);
/* Puts beside each entry of the policies what it leads to by links, as things are now (follow.c). */
int view_follow(struct helper *h, struct err *e);

/* openat2(2) with O_PATH. Returns the fd or -errno. */
int open_path(int dirfd, const char *path, int flags, uint64_t resolve);
/* What a link of /proc/PID leads to: exe, root, cwd, fd/5. An O_PATH fd or -errno. */
int open_link(const struct helper *h, pid_t tid, const char *name);
/* What lies at an absolute path of the view, links within it followed. Returns an O_PATH fd or -errno. */
int view_open(const struct helper *h, const char *path);
/* What is at this name in the view is this very file: an O_PATH fd, or -errno. A name alone proves little: a mount
 * namespace of the workload's own can show any file under any name. */
int view_open_same(const struct helper *h, const char *path, const struct file_id *id);
/* The same file for reading. Never waits for who holds a lease. Returns the fd or -errno. */
int open_to_read(const struct helper *h, int path_fd);

/* What the kernel knows without asking: of a file system of the workload's own nothing is waited for. */
bool file_id(int fd, struct file_id *ret);
bool same_file(const struct file_id *a, const struct file_id *b);
/* The kernel's name of an open file; false when it has none any more, or it is no file of a tree. */
bool name_of_fd(const struct helper *h, int fd, char *path, size_t size);

#endif
