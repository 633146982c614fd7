/* SPDX-License-Identifier: Apache-2.0 */
/* A program of the container's rootfs, for who asks before there is a container: where its path leads to, and whose script it is. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "life.h"

#define HEAD 256 /* of a script that the kernel looks at */

/* "#!/bin/sh -e" -> "/bin/sh"; NULL: it is none. The file is a regular one, so that reading it does not wait. */
static const char *interpreter_of(int path_fd, struct arena *a)
{
	char name[40], head[HEAD + 1];
	AUTO_CLOSE int fd = -1;
	struct stat st;
	size_t from, len;
	ssize_t n;

	if (fstat(path_fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	n = fd < 0 ? -1 : read(fd, head, HEAD);
	if (n < 2 || head[0] != '#' || head[1] != '!')
		return NULL;
	head[n] = '\0';
	from = 2 + strspn(head + 2, " \t");
	len = strcspn(head + from, " \t\n");
	return len ? arena_strndup(a, head + from, len) : NULL;
}

int life_program(const struct life *l, const char *path, struct arena *a, struct life_program *ret, struct err *e)
{
	AUTO_CLOSE int root = l->ns.rootfs ? open(l->ns.rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	AUTO_CLOSE int fd = -1;
	char real[PATH_MAX], name[PATH_MAX];
	struct stat st;
	size_t len;

	*ret = (struct life_program){.path = path};
	for (size_t i = 0; i < l->config.n_mounts; i++)
		if (l->config.mounts[i].destination && path_is_below(path, l->config.mounts[i].destination))
			return 0; /* what lies there is not in the rootfs */
	if (root < 0 || fd_path(root, real) < 0)
		return err_set(e, ENOENT, "the bundle has no rootfs to look at");
	fd = path_open_in(root, path, O_PATH, 0, NULL);
	if (fd < 0)
		return err_set(e, -fd, "'%s' in the bundle's rootfs: %s (%s)", path, strerror(-fd), errno_name(-fd));
	len = strcmp(real, "/") == 0 ? 0 : strlen(real);
	if (fd_path(fd, name) < 0 || strncmp(name, real, len) != 0 || name[len] != '/')
		return err_set(e, EINVAL, "'%s' leads out of the bundle's rootfs", path);
	ret->directory = fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
	ret->path = arena_strdup(a, name + len);
	ret->interpreter = interpreter_of(fd, a);
	return ret->path ? 0 : err_set(e, ENOMEM, "out of memory");
}
