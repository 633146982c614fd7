/* SPDX-License-Identifier: Apache-2.0 */
/* Out of memory: the kernel's own count in memory.events. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/cgroups.h"
#include "cgroups/tree.h"

int cg_oom_open(const char *path, struct err *e)
{
	AUTO_CLOSE int dir = cg_open(path, e);
	int fd;

	if (dir < 0)
		return dir == -ENOENT ? err_set(e, ENODEV, "there is no cgroup '%s'", path) : dir;
	fd = openat(dir, "memory.events", O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT)
		return err_errno(e, "open memory.events of cgroup '%s'", path);
	return fd < 0 ? -ENOENT : fd;
}

int64_t cg_oom_count(int fd)
{
	static const char key[] = "\noom_kill ";
	char text[512];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	const char *p;

	if (n < 0)
		return -errno;
	text[n] = '\0';
	p = strstr(text, key);
	return p ? strtoll(p + strlen(key), NULL, 10) : 0;
}
