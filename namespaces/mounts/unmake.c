/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>

#include "namespaces/internal.h"

/* One line of the journal: only what is still as it was made goes, and nothing on another file system. */
static void unmake_one(int root, char *path, bool is_dir)
{
	char *name = strrchr(path, '/');
	AUTO_CLOSE int dir = -1;
	struct stat st;

	if (path[0] != '/' || !name[1] || str_eq(name + 1, ".") || str_eq(name + 1, ".."))
		return;
	*name++ = '\0';
	dir = path_open_in(root, *path ? path : "/", O_PATH | O_DIRECTORY, RESOLVE_NO_XDEV, NULL);
	if (dir < 0)
		return;
	if (is_dir) {
		unlinkat(dir, name, AT_REMOVEDIR); /* not empty: somebody uses it */
		return;
	}
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode) ||
	    (S_ISREG(st.st_mode) && st.st_size > 0))
		return;
	unlinkat(dir, name, 0);
}

void ns_unmake(const char *rootfs, char *lines)
{
	AUTO_CLOSE int root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	size_t end = strlen(lines);

	while (root >= 0 && end > 0) {
		char *line;

		while (end > 0 && lines[end - 1] == '\n')
			lines[--end] = '\0';
		line = memrchr(lines, '\n', end);
		line = line ? line + 1 : lines;
		if ((line[0] == 'd' || line[0] == 'f') && line[1] == ' ')
			unmake_one(root, line + 2, line[0] == 'd');
		end = (size_t)(line - lines);
	}
}
