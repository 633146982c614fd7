/* SPDX-License-Identifier: Apache-2.0 */
/* A file that the caller names for what is written at the end. Only a regular file is replaced: what else bears the name (a device, a
 * pipe, a link) keeps it. */
#ifndef BASE_OUT_H
#define BASE_OUT_H

#include <limits.h>
#include <sys/types.h>

#include "err.h"

struct out {
	int dir_fd;              /* where the regular file is, or will be, or -1 */
	int fd;                  /* else: what is written to, or -1 */
	char name[NAME_MAX + 1]; /* in dir_fd */
};
#define OUT_INIT ((struct out){.dir_fd = -1, .fd = -1})

/* Links are followed to what they mean; those of /dev/fd and /proc/self/fd (/dev/stdout is one) are the open file itself, whatever its
 * kind. In a directory for all (sticky, writable by everybody) a link is followed only when it is the caller's or the directory's
 * owner's, as fs.protected_symlinks has it. Nothing is made or changed. Returns 0 or -errno. */
int out_open(const char *path, struct out *ret, struct err *e);
/* That a file can be made where the regular one will be: one is made beside it, and removed. Returns 0 or -errno. */
int out_try(const struct out *o, mode_t mode, struct err *e);
/* Replaces the regular file atomically, or writes to what is none. Returns 0 or -errno. */
int out_write(const struct out *o, const void *data, size_t len, mode_t mode, struct err *e);
/* Removes the regular file that path means; what is none stays. */
void out_remove(const char *path);
void out_close(struct out *o);

/* For lines at the end of a file: makes it where there is none. Of /dev/fd and its like it is the open file itself, also a socket, which
 * open(2) refuses. Returns the fd or -errno. */
int out_append(const char *path, mode_t mode, struct err *e);

#endif
