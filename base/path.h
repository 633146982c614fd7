/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of a hostile tree: resolved once by openat2(2), inside a root, and then used by fd. */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"
#include "str.h"

/* Opens path below rootfd as if rootfd were "/" (RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS): symlinks, also absolute
 * ones, and ".." stay inside. flags are open(2)'s; O_CLOEXEC is added. resolve adds RESOLVE_* bits. Returns the fd or
 * -errno and sets e (NULL: not). */
int path_open_in(int rootfd, const char *path, int flags, uint64_t resolve, struct err *e);

/* Called before a directory or a file is made in a root, with its path below it, so that a failed create can take it
 * away again. Returns 0, or -errno to refuse. */
typedef int path_made_fn(void *arg, const char *path, bool is_dir, struct err *e);

/* mkdir -p below rootfd. Symlinks on the way that stay in the root are followed, each step is made under the fd of the
 * step before, and what another process makes in between is opened without following it. made may be NULL. Returns an
 * O_PATH fd of the directory or -errno. */
int path_mkdirs_in(int rootfd, const char *path, mode_t mode, path_made_fn *made, void *arg, struct err *e);

/* As path_mkdirs_in for the parents, and an empty regular file (mode) at the end when nothing is there. Returns an
 * O_PATH fd of what is at path, or -errno. */
int path_mkfile_in(int rootfd, const char *path, mode_t mode, path_made_fn *made, void *arg, struct err *e);

/* Lexical clean-up: "/a/./b/../c//" becomes "/a/c"; a relative path is taken as relative to "/". */
char *path_clean(struct arena *a, const char *path);

/* Whether a path is absolute and has no component that is empty, "." or ".."; one "/" at its end is none. */
bool path_is_clean(const char *path);

/* True when the path is parent itself or lies below it; both clean and absolute. */
bool path_is_below(const char *path, const char *parent);

#endif
