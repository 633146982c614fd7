/* SPDX-License-Identifier: Apache-2.0 */
/* The state directories of containers, ROOT/ID: state.json, the journal "made" of mount points, the socket start.sock on
 * which a created container waits. The directory is locked by flock(2) on its own fd. */
#ifndef RUNTIME_STORE_H
#define RUNTIME_STORE_H

#include <stdbool.h>

#include "base/base.h"
#include "spec/spec.h"

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

/* "container id cannot be empty", "invalid container ID format: X". Returns 0 or -EINVAL. */
int rt_store_check_id(const char *id, struct err *e);

/* Makes the directory (and root, 0700; sticky, so that nothing prunes it in XDG_RUNTIME_DIR) and takes the lock and writes the first state (NULL: none). Returns 0; -EEXIST "container with given ID already exists";
 * -EINVAL for the id; -errno. *ret is RT_STORE_INIT on failure. */
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
/* Removes the directory with all in it; unlock by closing. Returns 0 or -errno. */
int rt_store_remove(struct rt_store *s, struct err *e);
/* The ids in root, sorted. No root: none. Returns 0 or -errno. */
int rt_store_list(const char *root, struct arena *a, struct strv *ret, struct err *e);

/* A path_made_fn with a struct rt_store as its argument: appends "d /path" or "f /path" to the journal. A path with a
 * newline is refused, -EINVAL. */
int rt_store_made(void *store, const char *path, bool is_dir, struct err *e);
/* The journal, "" when there is none; free with free. Returns 0 or -errno. */
int rt_store_made_read(struct rt_store *s, char **ret, struct err *e);
/* Adds lines of another container's journal. Returns 0 or -errno. */
int rt_store_made_add(struct rt_store *s, const char *lines, struct err *e);

/* A socket of the directory: the container's end, listening (SOCK_SEQPACKET, SO_PASSCRED), and the end of who wants something of it.
 * Both work for paths of any length, through /proc/self/fd. Return the fd or -errno; connect: -ENOENT or
 * -ECONNREFUSED when nobody waits. */
#define RT_START_SOCKET "start.sock" /* a created container waits on it for `start` */
#define RT_JAIL_SOCKET  "jail.sock"  /* on it the jail's supervisor lets processes of `exec` in */
int rt_store_listen(struct rt_store *s, const char *name, struct err *e);
int rt_store_connect(struct rt_store *s, const char *name, struct err *e);
/* Removes start.sock: from now on the container counts as started. No such file is 0. */
int rt_store_started(struct rt_store *s, struct err *e);

/* What the helper was told (jail_blob_write), for those that are executed in the container later. Return 0 or -errno; read: free with free. */
int rt_store_keep_plan(struct rt_store *s, const struct buf *blob, struct err *e);
int rt_store_read_plan(struct rt_store *s, char **ret, size_t *ret_len, struct err *e);

/* Whether the process of the state is alive: same pid, same start time, no zombie. */
bool rt_state_alive(const struct spec_state *state);
/* A pidfd of the state's process, which is certainly that process. Returns the fd, or -ESRCH when it is gone. */
int rt_state_pidfd(const struct spec_state *state);

/* stopped: the process is gone. creating: create has not finished, and its process or the one that runs create is there.
 * created: start.sock is there. Else running. That it is paused the cgroup knows. */
enum spec_status rt_store_status(struct rt_store *s, const struct spec_state *state);

#endif
