/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "state.h"

#define STATE_FILE   "state.json"
#define PLAN_FILE    "plan"
#define PLAN_MAX     (64u << 20)
#define JOURNAL_FILE "made"
#define LOCK_WAIT_US 10000000

/* ---- where ---- */

int rt_root_path(const char *option, const char *xdg, bool rootless, struct arena *a, const char **ret, struct err *e)
{
	char cwd[PATH_MAX], real[PATH_MAX];
	const char *path = "/run/jailrun";

	if (option && !*option)
		return err_set(e, EINVAL, "option --root argument should not be empty");
	if (option)
		path = option;
	else if (rootless && xdg && *xdg)
		path = arena_printf(a, "%s/jailrun", xdg);
	if (path && *path != '/') {
		if (!getcwd(cwd, sizeof(cwd)))
			return err_errno(e, "find the working directory, for --root '%s'", path);
		path = arena_printf(a, "%s/%s", cwd, path);
	}
	if (path)
		path = path_clean(a, path);
	if (!path)
		return err_set(e, ENOMEM, "out of memory");
	if (str_eq(path, "/") || (realpath(path, real) && str_eq(real, "/")))
		return err_set(e, EINVAL, "option --root argument should not be set to /");
	*ret = path;
	return 0;
}

int rt_store_check_id(const char *id, struct err *e)
{
	static const char valid[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+.-";

	if (!*id)
		return err_set(e, EINVAL, "container id cannot be empty");
	if (str_eq(id, ".") || str_eq(id, "..") || id[strspn(id, valid)])
		return err_set(e, EINVAL, "invalid container ID format: %s: it is made of letters, digits and _+.-",
			       id);
	if (strlen(id) > NAME_MAX)
		return err_set(e, EINVAL, "invalid container ID format: longer than %d characters", NAME_MAX);
	return 0;
}

/* ---- opening ---- */

static const char *root_hint(void)
{
	return geteuid() == 0 ? "" : " (a user's own is named by XDG_RUNTIME_DIR or --root)";
}

static int root_make(const char *root, struct err *e)
{
	char path[PATH_MAX];

	if (mkdir(root, S_ISVTX | 0700) == 0 || errno == EEXIST)
		return 0;
	if (snprintf(path, sizeof(path), "%s", root) >= (int)sizeof(path))
		return err_set(e, ENAMETOOLONG, "state root '%.64s…'", root);
	for (char *p = path + 1; errno == ENOENT && (p = strchr(p, '/')); p++) {
		*p = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			break;
		errno = ENOENT;
		*p = '/';
	}
	if (errno != ENOENT || (mkdir(root, S_ISVTX | 0700) < 0 && errno != EEXIST))
		return err_errno(e, "make the state root '%s'%s", root, root_hint());
	return 0;
}

void rt_store_close(struct rt_store *s)
{
	fd_close_p(&s->made_fd);
	fd_close_p(&s->dir_fd);
	fd_close_p(&s->root_fd);
	*s = RT_STORE_INIT;
}

int rt_store_lock(struct rt_store *s, enum rt_lock lock, struct err *e)
{
	static const int ops[] = {LOCK_UN, LOCK_SH | LOCK_NB, LOCK_EX | LOCK_NB};
	const struct timespec pause = {.tv_nsec = 5000000};
	uint64_t end = now_us() + LOCK_WAIT_US;
	struct stat st;

	while (flock(s->dir_fd, ops[lock]) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_errno(e, "lock the state of container %s", s->id);
		if (now_us() > end)
			return err_set(e, EBUSY,
				       "container %s is being worked on by another jailrun for 10 seconds now", s->id);
		nanosleep(&pause, NULL);
	}
	s->held = lock;
	if (fstat(s->dir_fd, &st) < 0)
		return err_errno(e, "stat the state directory of container %s", s->id);
	if (st.st_nlink == 0) /* deleted while we waited */
		return err_set(e, ENOENT, "container does not exist: %s has just been deleted", s->id);
	return 0;
}

static int no_container(const char *id, struct err *e)
{
	return err_set(e, ENOENT, "container does not exist: %s: jailrun list shows those of this --root", id);
}

static int dir_open(struct rt_store *s, struct err *e)
{
	struct stat st;

	s->dir_fd = openat(s->root_fd, s->id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->dir_fd < 0 && errno == ENOENT)
		return no_container(s->id, e);
	if (s->dir_fd < 0 || fstat(s->dir_fd, &st) < 0)
		return err_errno(e, "open the state directory of container %s", s->id);
	if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return err_set(
		    e, EPERM,
		    "the state directory of container %s can be written by others than user %u (owner %u, mode "
		    "%04o): it is not trusted",
		    s->id, geteuid(), st.st_uid, st.st_mode & 07777);
	return 0;
}

/* absent: what is said when there is no such directory; NULL: that the container is not there. */
static int root_open(const char *root, const char *id, const char *absent, struct rt_store *s, struct err *e)
{
	int r = rt_store_check_id(id, e);

	if (r < 0)
		return r;
	s->id = id;
	s->root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->root_fd < 0 && errno == ENOENT)
		return absent ? err_set(e, ENOENT, "%s", absent) : no_container(id, e);
	if (s->root_fd < 0)
		return errno == ENOTDIR ? err_errno(e, "the state root '%s' is no directory: name one by --root", root)
					: err_errno(e, "open the state root '%s'%s", root, root_hint());
	return 0;
}

int rt_store_open(const char *root, const char *id, enum rt_lock lock, struct rt_store *ret, struct err *e)
{
	AUTO_STORE s = RT_STORE_INIT;
	int r = root_open(root, id, NULL, &s, e);

	*ret = RT_STORE_INIT;
	if (r >= 0)
		r = dir_open(&s, e);
	if (r >= 0 && lock != RT_LOCK_NONE)
		r = rt_store_lock(&s, lock, e);
	if (r < 0)
		return r;
	*ret = s;
	s = RT_STORE_INIT;
	return 0;
}

/* The new directory's fds and its lock. */
static int reserve_open(struct rt_store *s, struct err *e)
{
	int r = dir_open(s, e);

	if (r >= 0)
		r = rt_store_lock(s, RT_LOCK_EXCLUSIVE, e);
	if (r < 0)
		return r;
	s->made_fd = openat(s->dir_fd, JOURNAL_FILE, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (s->made_fd >= 0)
		return 0;
	r = err_errno(e, "make the journal '" JOURNAL_FILE "' of container %s", s->id);
	err_no_room_at(e, s->dir_fd);
	return r;
}

int rt_store_reserve(const char *root, const char *id, const struct spec_state *first, struct rt_store *ret,
		     struct err *e)
{
	AUTO_STORE s = RT_STORE_INIT;
	int r = rt_store_check_id(id, e);

	*ret = RT_STORE_INIT;
	if (r >= 0)
		r = root_make(root, e);
	if (r >= 0)
		r = root_open(root, id, "the state root is a symbolic link that leads nowhere", &s, e);
	if (r < 0)
		return r;
	/* rt_unmake looks for containers that use a rootfs: it sees all that are reserved, and what they use. */
	if (flock(s.root_fd, LOCK_SH) < 0)
		return err_errno(e, "lock the state root '%s'", root);
	if (mkdirat(s.root_fd, id, 0700) < 0) {
		if (errno == EEXIST)
			return err_set(e, EEXIST,
				       "container with given ID already exists: %s: delete it, or take another ID", id);
		return err_errno(e, "make the state directory '%s/%s'", root, id);
	}
	r = reserve_open(&s, e);
	if (r >= 0 && first)
		r = rt_store_write(&s, first, e);
	flock(s.root_fd, LOCK_UN);
	if (r < 0) {
		unlinkat(s.dir_fd, JOURNAL_FILE, 0);
		unlinkat(s.root_fd, id, AT_REMOVEDIR);
		return r;
	}
	*ret = s;
	s = RT_STORE_INIT;
	return 0;
}

/* ---- what is in it ---- */

int rt_store_write(struct rt_store *s, const struct spec_state *state, struct err *e)
{
	AUTO_BUF out = {0};

	spec_state_write(state, &out);
	if (out.failed)
		return err_set(e, ENOMEM, "out of memory");
	return file_replace(s->dir_fd, STATE_FILE, out.data, out.len, 0600, e);
}

int rt_store_load(struct rt_store *s, struct arena *a, struct spec_state *ret, struct err *e)
{
	AUTO_FREE char *text = NULL;
	struct err local = {0};
	char field[sizeof(local.path)];
	size_t len = 0;
	struct stat st;
	int r;

	*ret = (struct spec_state){0};
	/* A FIFO would keep root waiting where a user has put it. */
	if (fstatat(s->dir_fd, STATE_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode))
		r = err_set(&local, EINVAL, "is no regular file");
	else
		r = file_read(s->dir_fd, STATE_FILE, SPEC_FILE_MAX, &text, &len, &local);
	if (r == -ENOENT) {
		ret->id = arena_strdup(a, s->id);
		return ret->id ? 0 : err_set(e, ENOMEM, "out of memory");
	}
	if (r == 0)
		r = spec_state_parse(text, len, a, ret, &local);
	if (r == 0 && !str_eq(ret->id, s->id))
		r = err_set(&local, EINVAL, "is the state of container '%s'", ret->id ? ret->id : "");
	if (r == 0)
		return 0;
	memcpy(field, local.path, sizeof(field));
	local.path[0] = '\0';
	err_ctx(&local, "container %s: %s", s->id, field[0] ? field : STATE_FILE);
	if (e && !e->code)
		*e = local;
	return r;
}

/* All but state.json, of the state directory or of a directory in it. */
static int entries_remove(struct rt_store *s, const char *name, struct err *e)
{
	int fd = openat(s->dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir) {
		r = err_errno(e, "read the state directory of container %s", s->id);
		fd_close_p(&fd);
		return r;
	}
	while (r == 0 && (d = readdir(dir))) {
		if (str_eq(d->d_name, ".") || str_eq(d->d_name, "..") || str_eq(d->d_name, STATE_FILE))
			continue;
		if (d->d_type == DT_DIR)
			r = entries_remove(s, d->d_name, e);
		if (r == 0 && unlinkat(dirfd(dir), d->d_name, d->d_type == DT_DIR ? AT_REMOVEDIR : 0) < 0 &&
		    errno != ENOENT)
			r = err_errno(e, "remove '%s' of the state of container %s", d->d_name, s->id);
	}
	closedir(dir);
	return r;
}

int rt_store_remove(struct rt_store *s, struct err *e)
{
	int r = entries_remove(s, ".", e);

	if (r < 0)
		return r;
	/* Last, so that a removal that is interrupted can be done again with all that is known of the container. */
	if (unlinkat(s->dir_fd, STATE_FILE, 0) < 0 && errno != ENOENT)
		return err_errno(e, "remove " STATE_FILE " of container %s", s->id);
	if (unlinkat(s->root_fd, s->id, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_errno(e, "remove the state directory of container %s", s->id);
	return 0;
}

static int id_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Room for one more string and the NULL: the old array stays in the arena. */
static int ids_grow(struct strv *ids, size_t *size, struct arena *a)
{
	char **more;

	if (ids->n + 1 < *size)
		return 0;
	*size = *size ? *size * 2 : 16;
	more = arena_alloc(a, *size * sizeof(*more));
	if (!more)
		return -ENOMEM;
	if (ids->n)
		memcpy(more, ids->v, ids->n * sizeof(*more));
	ids->v = more;
	return 0;
}

int rt_store_list(const char *root, struct arena *a, struct strv *ret, struct err *e)
{
	DIR *dir = opendir(root);
	size_t size = 0;
	struct dirent *d;
	int r = 0;

	*ret = (struct strv){0};
	if (!dir)
		return errno == ENOENT ? 0 : err_errno(e, "open the state root '%s'", root);
	while (r == 0 && (d = readdir(dir))) {
		if ((d->d_type != DT_DIR && d->d_type != DT_UNKNOWN) || rt_store_check_id(d->d_name, NULL) < 0)
			continue;
		r = ids_grow(ret, &size, a);
		if (r == 0 && !(ret->v[ret->n++] = arena_strdup(a, d->d_name)))
			r = -ENOMEM;
	}
	closedir(dir);
	if (r < 0)
		return err_set(e, -r, "out of memory");
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), id_order);
	return 0;
}

/* ---- the journal ---- */

static int note(const struct rt_store *s, const struct buf *line, struct err *e)
{
	int r;

	if (line->failed)
		return err_set(e, ENOMEM, "out of memory");
	r = fd_write_all(s->made_fd, line->data, line->len);
	if (r < 0) {
		errno = -r;
		err_errno(e, "write the journal of what is made in the rootfs");
		err_no_room_at(e, s->dir_fd);
	}
	return r < 0 ? r : 0;
}

int rt_store_made(void *store, const char *path, bool is_dir, struct err *e)
{
	AUTO_BUF line = {0};

	if (strchr(path, '\n'))
		return err_set(e, EINVAL, "a path with a newline cannot be made in the rootfs: '%s'", path);
	buf_printf(&line, "%c %s\n", is_dir ? 'd' : 'f', path);
	return note(store, &line, e);
}

int rt_store_mounted(void *store, uint64_t id, uint64_t ns, struct err *e)
{
	AUTO_BUF line = {0};

	buf_printf(&line, "m %llu %llu\n", (unsigned long long)id, (unsigned long long)ns);
	return note(store, &line, e);
}

int rt_store_made_read(struct rt_store *s, char **ret, struct err *e)
{
	struct err local = {0};
	int r = file_read(s->dir_fd, JOURNAL_FILE, SPEC_FILE_MAX, ret, NULL, &local);

	if (r == -ENOENT) {
		*ret = strdup("");
		return *ret ? 0 : err_set(e, ENOMEM, "out of memory");
	}
	if (r < 0 && e && !e->code)
		*e = local;
	return r;
}

int rt_store_mounts_add(struct rt_store *s, const char *lines, struct err *e)
{
	AUTO_BUF mounts = {0};
	AUTO_CLOSE int fd = -1;
	int r;

	for (const char *line = lines; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (*line == 'm')
			buf_printf(&mounts, "%.*s\n", (int)strcspn(line, "\n"), line);
	if (mounts.failed)
		return err_set(e, ENOMEM, "out of memory");
	if (!mounts.len)
		return 0;
	fd = openat(s->dir_fd, JOURNAL_FILE, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(e, "open the journal of container %s", s->id);
	r = fd_write_all(fd, mounts.data, mounts.len);
	return r < 0 ? err_set(e, -r, "write the journal of container %s: %s", s->id, strerror(-r)) : 0;
}

/* ---- sockets ---- */

static int address(const struct rt_store *s, const char *name, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s", s->dir_fd, name);
	return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
}

int rt_store_listen(struct rt_store *s, const char *name, struct err *e)
{
	struct sockaddr_un sa;
	AUTO_CLOSE int fd = address(s, name, &sa);
	int on = 1;

	if (fd < 0)
		return err_errno(e, "socket for %s", name);
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return err_errno(e, "SO_PASSCRED for %s", name);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 64) < 0)
		return err_errno(e, "listen on %s of container %s", name, s->id);
	return take_fd(&fd);
}

int rt_store_connect(struct rt_store *s, const char *name, struct err *e)
{
	struct sockaddr_un sa;
	AUTO_CLOSE int fd = address(s, name, &sa);

	if (fd < 0)
		return err_errno(e, "socket for %s", name);
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return err_errno(e, "connect to %s of container %s", name, s->id);
	return take_fd(&fd);
}

int rt_store_started(struct rt_store *s, struct err *e)
{
	if (unlinkat(s->dir_fd, RT_START_SOCKET, 0) < 0 && errno != ENOENT)
		return err_errno(e, "remove " RT_START_SOCKET " of container %s", s->id);
	return 0;
}

/* ---- the plan of the jail ---- */

int rt_store_keep_plan(struct rt_store *s, const struct buf *blob, struct err *e)
{
	AUTO_CLOSE int fd = openat(s->dir_fd, PLAN_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int r;

	r = fd < 0 ? -errno : fd_write_all(fd, blob->data, blob->len);
	if (r >= 0)
		return 0;
	errno = -r;
	err_errno(e, "write the file '" PLAN_FILE "' of container %s", s->id);
	err_no_room_at(e, s->dir_fd);
	return r;
}

int rt_store_read_plan(struct rt_store *s, char **ret, size_t *ret_len, struct err *e)
{
	return file_read(s->dir_fd, PLAN_FILE, PLAN_MAX, ret, ret_len, e);
}

/* ---- status ---- */

bool rt_state_alive(const struct spec_state *state)
{
	uint64_t start;
	char letter;

	if (state->pid <= 0 || proc_start_time(state->pid, &start, &letter) < 0)
		return false;
	return proc_start_is(start, state->pid_start) && letter != 'Z' && letter != 'X' && letter != 'x';
}

int rt_state_pidfd(const struct spec_state *state)
{
	AUTO_CLOSE int fd = -1;
	int r;

	if (state->pid <= 0)
		return -ESRCH;
	r = proc_pidfd_open(state->pid);
	if (r < 0)
		return r;
	fd = r;
	/* In this order: what the pidfd names cannot become another process after the look at the start time. */
	return rt_state_alive(state) ? take_fd(&fd) : -ESRCH;
}

/* Whether another process holds the exclusive lock. */
static bool is_locked(const struct rt_store *s)
{
	AUTO_CLOSE int fd = -1;

	if (s->held != RT_LOCK_NONE)
		return false;
	fd = openat(s->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

enum spec_status rt_store_status(struct rt_store *s, const struct spec_state *state)
{
	bool alive = rt_state_alive(state);

	if (!state->created)
		return alive || is_locked(s) ? STATUS_CREATING : STATUS_STOPPED;
	if (!alive)
		return STATUS_STOPPED;
	if (file_is_there(s->dir_fd, RT_START_SOCKET))
		return STATUS_CREATED;
	return STATUS_RUNNING;
}
