/* SPDX-License-Identifier: Apache-2.0 */
/* A container that exists: ROOT/ID with its state.json, the journal "made" of its mount points, the plan of its helper, and the
 * sockets on which it waits; its hooks, its processes, and its end. */
#ifndef RUNTIME_STATE_H
#define RUNTIME_STATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/base.h"
#include "runtime/runtime.h"
#include "spec/spec.h"

/* ---- its directory, locked by flock(2) on its own fd: store.c ---- */

enum rt_lock { RT_LOCK_NONE, RT_LOCK_SHARED, RT_LOCK_EXCLUSIVE };

struct rt_store {
	int root_fd, dir_fd; /* O_DIRECTORY; the lock belongs to dir_fd and ends when its last copy is closed */
	int made_fd; /* the journal, opened by rt_store_reserve: a process of another user namespace could not */
	enum rt_lock held;
	const char *id; /* the caller's */
};
#define RT_STORE_INIT ((struct rt_store){-1, -1, -1, RT_LOCK_NONE, NULL})
#define AUTO_STORE    __attribute__((cleanup(rt_store_close))) struct rt_store

/* The state root: option (may be NULL), or $XDG_RUNTIME_DIR/jailrun for one without root (rootless; xdg NULL or
 * empty: not set), or /run/jailrun. Pure but for getcwd(3) and realpath(3). Refuses "/". Returns 0 or -errno. */
int rt_root_path(const char *option, const char *xdg, bool rootless, struct arena *a, const char **ret, struct err *e);

/* The ids in root, sorted. No root: none. Returns 0 or -errno. */
int rt_store_list(const char *root, struct arena *a, struct strv *ret, struct err *e);

/* "container id cannot be empty", "invalid container ID format: X". Returns 0 or -EINVAL. */
int rt_store_check_id(const char *id, struct err *e);

/* Makes the directory (and root, 0700; sticky, so that nothing prunes it in XDG_RUNTIME_DIR), takes the lock, and writes the first
 * state (NULL: none). Returns 0; -EEXIST "container with given ID already exists"; -EINVAL for the id; -errno. *ret is RT_STORE_INIT on failure. */
int rt_store_reserve(const char *root, const char *id, const struct spec_state *first, struct rt_store *ret,
		     struct err *e);

/* Opens an existing directory. A lock is waited for, 10 seconds at the most (-EBUSY). Returns 0; -ENOENT "container does
 * not exist" (also when it went away while the lock was waited for); -EPERM when the directory is not ours or others may write
 * to it, since hooks and pids are believed as they stand there; -errno. */
int rt_store_open(const char *root, const char *id, enum rt_lock lock, struct rt_store *ret, struct err *e);
/* Takes another kind of lock (RT_LOCK_NONE: lets it go), as rt_store_open does. */
int rt_store_lock(struct rt_store *s, enum rt_lock lock, struct err *e);
/* Closes; lets the lock go. In a child that shares the fds it closes the child's copies only. */
void rt_store_close(struct rt_store *s);

/* Replaces state.json. Returns 0 or -errno. */
int rt_store_write(struct rt_store *s, const struct spec_state *state, struct err *e);
/* Reads state.json. Where there is none yet (a create that was killed, or still runs) *ret has the id, created false, all
 * else empty. Returns 0; -EINVAL when it is corrupt; -errno. */
int rt_store_load(struct rt_store *s, struct arena *a, struct spec_state *ret, struct err *e);

/* A path_made_fn with a struct rt_store as its argument: appends "d /path" or "f /path" to the journal. A path with a
 * newline is refused, -EINVAL. */
int rt_store_made(void *store, const char *path, bool is_dir, struct err *e);
/* The same of the rootfs, mounted in the host's mount namespace: an ns_run's `mounted`. */
int rt_store_mounted(void *store, uint64_t id, uint64_t ns, struct err *e);
/* Adds those lines of another container's journal that are of mounts. Returns 0 or -errno. */
int rt_store_mounts_add(struct rt_store *s, const char *lines, struct err *e);
/* The journal, "" when there is none; free with free. Returns 0 or -errno. */
int rt_store_made_read(struct rt_store *s, char **ret, struct err *e);

/* A socket of the directory: the container's end, listening (SOCK_SEQPACKET, SO_PASSCRED), and the end of who wants something of it.
 * Both work for paths of any length, through /proc/self/fd. Return the fd or -errno; connect: -ENOENT or
 * -ECONNREFUSED when nobody waits. */
#define RT_START_SOCKET "start.sock" /* a created container waits on it for `start` */
#define RT_JAIL_SOCKET  "jail.sock"  /* on it the jail's supervisor lets processes of `exec` in */
int rt_store_listen(struct rt_store *s, const char *name, struct err *e);
int rt_store_connect(struct rt_store *s, const char *name, struct err *e);
/* Removes start.sock: from now on the container counts as started. No such file is 0. */
int rt_store_started(struct rt_store *s, struct err *e);

/* What the helper was told (jail_blob_write), for those that are executed in the container later. Return 0 or -errno; read: free
 * with free. */
int rt_store_keep_plan(struct rt_store *s, const struct buf *blob, struct err *e);
int rt_store_read_plan(struct rt_store *s, char **ret, size_t *ret_len, struct err *e);

/* Whether the process of the state is alive: same pid, same start time, no zombie. */
bool rt_state_alive(const struct spec_state *state);
/* A pidfd of the state's process, which is certainly that process. Returns the fd, or -ESRCH when it is gone. */
int rt_state_pidfd(const struct spec_state *state);

/* stopped: the process is gone. creating: create has not finished, and its process or the one that runs create is there.
 * created: start.sock is there. Else running. That it is paused the cgroup knows. */
enum spec_status rt_store_status(struct rt_store *s, const struct spec_state *state);

/* ---- the container in it, for commands: container.c ---- */

/* A container that exists, with its status of this moment. Start with RT_CONTAINER_INIT. */
struct rt_container {
	struct rt_store store;
	struct spec_state state;
	enum spec_status status;
};
#define RT_CONTAINER_INIT ((struct rt_container){.store = RT_STORE_INIT})
#define AUTO_CONTAINER    __attribute__((cleanup(rt_container_close))) struct rt_container

/* Opens and reads it; the strings of the state live in c->arena. Returns 0, -ENOENT "container does not exist", -errno. */
int rt_container_open(struct rt_call *c, const char *id, enum rt_lock lock, struct rt_container *ret, struct err *e);
/* Where root looks at a container of a user (id NULL: at a user's state root): goes on as that user, for good. Returns 1 then, 0 when nothing
 * is to be done, -errno. owner.c */
int rt_as_owner(struct rt_call *c, const char *id, struct err *e);
/* Reads the state again, after the wait for a lock. */
int rt_container_reload(struct rt_call *c, struct rt_container *k, struct err *e);
/* Opens one whose first process lives, and takes the exclusive lock. Returns 0; -ESRCH "container not running"; -EINVAL while it
 * is still being created, at once; otherwise as rt_container_open. */
int rt_container_alive(struct rt_call *c, const char *id, struct rt_container *ret, struct err *e);
/* -ENOTSUP for a container without a cgroup; what: what cannot be done then, as in "nothing can be frozen". */
int rt_container_cgroup(const struct rt_container *k, const char *what, struct err *e);
void rt_container_close(struct rt_container *k);

/* ---- hooks (config.md, POSIX-platform Hooks): hooks.c ---- */

/* Runs the hooks of one kind in order, each with its own args and env alone (the runtime's when it names none), with state_json on stdin, and in the directory
 * cwd (the bundle; where it cannot be entered, in the caller's). Stops at the first that fails: non-zero exit, death by a signal, longer than its timeout (it and its process group are killed). The error
 * names "hooks.prestart[2]" with the path, the status and the end of what it wrote to stdout and stderr. Returns 0 or
 * -errno (-ECANCELED for a hook that failed by itself, -ETIMEDOUT). */
int rt_hooks_run(const struct spec_hook_list *list, enum spec_hook_kind kind, const char *cwd, const char *state_json,
		 struct err *e);

/* As rt_hooks_run, for poststop (runtime.md, Lifecycle): a failure is logged as a warning, and the next one is run. */
void rt_hooks_run_all(const struct spec_hook_list *list, enum spec_hook_kind kind, const char *cwd,
		      const char *state_json);

/* ---- its processes, where there is no cgroup: pidns.c ---- */

/* The processes in the pid namespace of `init`, and in those below it, found in /proc; for containers without a cgroup.
 * *ret is malloc'ed. Returns their number; -ENOTSUP when that namespace is the caller's own; -ESRCH when init is gone;
 * -errno. */
int rt_pidns_pids(pid_t init, pid_t **ret, struct err *e);

/* ---- its end: store.c, unmake.c ---- */

/* Removes the directory with all in it; unlock by closing. Returns 0 or -errno. */
int rt_store_remove(struct rt_store *s, struct err *e);

/* Takes away, by the journal, the rootfs where it was mounted in the host's mount namespace; and, when the create did not come to its
 * end (created is false), the mount points and directories that it made in the rootfs, unless another container of this root
 * uses the same rootfs, since removing a directory takes away what any mount namespace has mounted on it. What holds
 * something by now stays. Never fails. */
void rt_unmake(const char *root, struct rt_store *s, const char *rootfs, bool created);

/* Removes what is left of a container whose first process has ended: its cgroup and resctrl group, its
 * state, and the mount points of a create that was killed; the poststop hooks are run in between (runtime.md, Lifecycle 12 and 13). Returns 0, or -errno with the state kept, so
 * that it can be done again. */
int rt_destroy(const char *root, struct rt_store *s, const struct spec_state *state, struct err *e);

#endif
