/* SPDX-License-Identifier: Apache-2.0 */
/* Inside cgroups/ only: one cgroup's directory, and the way down to it. */
#ifndef CGROUPS_TREE_H
#define CGROUPS_TREE_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cgroups/cgroups.h"

/* ---- one directory (dir.c) ---- */

/* Opens the directory of a cgroup; anything else is refused (-EINVAL): what is no cgroup v2, and the mount itself, whose
 * processes are everybody's. -ENOENT leaves e alone. */
int cg_open(const char *path, struct err *e);

/* Reads a small file of the cgroup, NUL-terminated. Returns its length or -errno. */
ssize_t cg_read(int dir_fd, const char *file, char *buf, size_t size);

/* As opendir(3) of the directory of dir_fd, which stays the caller's. NULL with errno set. */
DIR *cg_opendir(int dir_fd);

/* The value of a key of cgroup.events, -1 when it cannot be read. */
int cg_event(int dir_fd, const char *key);

/* Waits until a key of cgroup.events has the value, or until now_us() reaches deadline. True when it has; a cgroup that
 * somebody removes meanwhile has 0 for all. */
bool cg_wait_event(int dir_fd, const char *key, int value, uint64_t deadline);

/* "domain", "domain threaded" (the root of threaded ones), "threaded" or "domain invalid" (below such a root, and not threaded yet: no
 * process can be in it); "": it has none. cgroup-v2.rst, Threads. Returns ret. */
#define CG_TYPE_SIZE 24
const char *cg_type(int dir_fd, char ret[CG_TYPE_SIZE]);

/* Makes one that can hold no process otherwise threaded, as runc and crun do. It stays so for ever. Returns 0 or -errno. */
int cg_make_threaded(int dir_fd, const char *path, struct err *e);

/* The list of its processes, one a line; of a threaded one, which has none, of its threads. Free with free. Returns 0, 1: they are
 * threads, or -errno. */
int cg_read_procs(int dir_fd, char **ret, struct err *e);

/* Below a cgroup with processes of its own no container can be limited: the kernel refuses most controllers (EBUSY), and takes
 * those that count threads, by which no cgroup below it can hold a process any more. Only the top of the whole tree,
 * which has no type, is another matter. */
bool cg_holds_processes(int dir_fd);

/* Gives a cgroup's directory and those of its files that delegation is about to uid. Returns 0 or -errno. */
int cg_own_dir(int dir_fd, uint32_t uid, struct err *e);

/* ---- where things are (probe.c) ---- */

/* The first mount of a file system type in /proc/self/mountinfo; *ret stays NULL when there is none. Returns 0 or -errno. */
int cg_find_mount(const char *type, struct arena *a, const char **ret, struct err *e);

/* The cgroup of a process ("self", or its number) in the v2 tree, as the reader's cgroup namespace shows it; "/" where
 * there is none (cgroups(7), /proc/PID/cgroup). Returns 0 or -errno. */
int cg_of_process(const char *who, struct arena *a, const char **ret, struct err *e);

/* ---- the way down to a cgroup (tree.c) ---- */

/* Marks a directory above a container's cgroup that jailrun made (xattr(7); cgroups have them since Linux 5.7). */
#define CG_MADE "user.jailrun.made"

/* Gives the controllers that the plan's writes need to the children of dir_fd (cgroup-v2.rst, "Enabling and Disabling").
 * dir: its name, for messages. Returns 0 or -errno. */
int cg_enable(const struct cg_plan *p, int dir_fd, const char *dir, struct err *e);

/* Walks from the mount down to the plan's cgroup, and gives each directory on the way the controllers that the plan's writes need.
 * r: makes what is missing, and remembers what it made; NULL: makes nothing. Returns the cgroup's fd; -EAGAIN when a
 * directory went away meanwhile (e is left alone); -errno. */
int cg_descend(const struct cg_plan *p, struct cg_run *r, struct err *e);

/* ---- one limit (write.c) ---- */

/* Whether w can be written as things are: its usage is not above it, the host's setting is the same. Returns 0, -EBUSY,
 * -ENOTSUP. */
int cg_check(const struct cg_write *w, int dir_fd, struct err *e);

/* Writes one file of the cgroup. path: the cgroup's, for messages. Returns 0 or -errno; w->field is not in e. */
int cg_write_one(const struct cg_write *w, const char *path, int dir_fd, struct err *e);

/* ---- the cgroup divided (hand_down.c) ---- */

/* Marks a box that the container may write to. */
#define CG_SHOWN "user.jailrun.shown"

/* Makes the two cgroups in that of r, for a plan with a box; and removes them when r made them. */
int cg_divide(const struct cg_plan *p, struct cg_run *r, struct err *e);
void cg_unite(struct cg_run *r);

#endif
