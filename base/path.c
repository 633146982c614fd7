/* SPDX-License-Identifier: Apache-2.0 */
#include "path.h"

#include <errno.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"

int path_open_in(int rootfd, const char *path, int flags, uint64_t resolve, struct err *e)
{
	struct open_how how = {
	    .flags = (uint64_t)(flags | O_CLOEXEC),
	    .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve,
	};
	long fd;
	int tries = 0;

	do /* EAGAIN: a rename or a mount went on while ".." was walked */
		fd = syscall(SYS_openat2, rootfd, path[0] ? path : ".", &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || (errno == EAGAIN && tries++ < 100)));
	if (fd < 0)
		return err_errno(e, "open '%s' in the rootfs", path);
	return (int)fd;
}

/* One component below dirfd, made when it is missing. */
static int step_in(int rootfd, const char *so_far, const char *parent, const char *name, mode_t mode,
		   path_made_fn *made, void *arg, struct err *e)
{
	AUTO_CLOSE int dirfd = -1;
	int r, fd = path_open_in(rootfd, so_far, O_PATH | O_DIRECTORY, 0, NULL);

	if (fd >= 0)
		return fd;
	if (fd != -ENOENT) {
		errno = -fd;
		return err_errno(e, "open directory '%s' in the rootfs", so_far);
	}
	dirfd = path_open_in(rootfd, parent, O_PATH | O_DIRECTORY, 0, e);
	if (dirfd < 0)
		return dirfd;
	r = made ? made(arg, so_far, true, e) : 0;
	if (r < 0)
		return r;
	if (mkdirat(dirfd, name, mode) < 0 && errno != EEXIST)
		return err_errno(e, "make directory '%s' in the rootfs", so_far);
	fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, "open the new directory '%s' in the rootfs", so_far);
	return fd;
}

int path_mkdirs_in(int rootfd, const char *path, mode_t mode, path_made_fn *made, void *arg, struct err *e)
{
	char so_far[PATH_MAX] = "/", parent[PATH_MAX] = "/", copy[PATH_MAX];
	char *rest = copy, *name;
	int fd = path_open_in(rootfd, path, O_PATH | O_DIRECTORY, 0, NULL);

	if (fd >= 0)
		return fd;
	if (strlen(path) >= sizeof(copy) - 1)
		return err_set(e, ENAMETOOLONG, "path of %zu bytes in the rootfs", strlen(path));
	strcpy(copy, path);
	fd = -1;
	while ((name = str_field(&rest, "/"))) {
		if (!*name || str_eq(name, "."))
			continue;
		if (str_eq(name, "..")) {
			fd_close_p(&fd);
			return err_set(e, EINVAL, "path '%s' with '..' cannot be made in the rootfs", path);
		}
		strcpy(parent, so_far);
		if (so_far[1])
			strcat(so_far, "/");
		strcat(so_far, name);
		fd_close_p(&fd);
		fd = step_in(rootfd, so_far, parent, name, mode, made, arg, e);
		if (fd < 0)
			return fd;
	}
	return fd >= 0 ? fd : path_open_in(rootfd, "/", O_PATH | O_DIRECTORY, 0, e);
}

int path_mkfile_in(int rootfd, const char *path, mode_t mode, path_made_fn *made, void *arg, struct err *e)
{
	AUTO_CLOSE int dirfd = -1, fd = -1;
	const char *name = strrchr(path, '/');
	char parent[PATH_MAX];
	int r = path_open_in(rootfd, path, O_PATH, 0, NULL);

	if (r >= 0)
		return r;
	if (r != -ENOENT) {
		errno = -r;
		return err_errno(e, "open '%s' in the rootfs", path);
	}
	name = name ? name + 1 : path;
	snprintf(parent, sizeof(parent), "/%.*s", (int)(name - path), path);
	dirfd = path_mkdirs_in(rootfd, parent, 0755, made, arg, e);
	if (dirfd < 0)
		return dirfd;
	r = made ? made(arg, path, false, e) : 0;
	if (r < 0)
		return r;
	fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0 && errno != EEXIST)
		return err_errno(e, "make file '%s' in the rootfs", path);
	r = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (r < 0)
		return err_errno(e, "open the new file '%s' in the rootfs", path);
	return r;
}

char *path_clean(struct arena *a, const char *path)
{
	char *out = arena_alloc(a, strlen(path) + 2), *end = out;
	char *copy = arena_strdup(a, path), *name;

	if (!out || !copy)
		return NULL;
	while ((name = str_field(&copy, "/"))) {
		if (!*name || str_eq(name, "."))
			continue;
		if (str_eq(name, "..")) {
			while (end > out && *--end != '/')
				;
			*end = '\0';
			continue;
		}
		*end++ = '/';
		end = stpcpy(end, name);
	}
	if (end == out)
		strcpy(out, "/");
	return out;
}

bool path_is_clean(const char *path)
{
	if (*path != '/')
		return false;
	while (*path) {
		size_t n = strcspn(++path, "/");

		if ((n == 0 && *path) || (n == 1 && path[0] == '.') || (n == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		path += n;
	}
	return true;
}

bool path_is_below(const char *path, const char *parent)
{
	size_t n = strlen(parent);

	if (n == 1)
		return true;
	return strncmp(path, parent, n) == 0 && (path[n] == '\0' || path[n] == '/');
}
