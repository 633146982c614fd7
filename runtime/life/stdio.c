/* SPDX-License-Identifier: Apache-2.0 */
/* Whom stdin, stdout and stderr belong to where the container has a user namespace. Their owner is the caller, who is mapped there
 * in few cases: only the runtime, outside, can give them away. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "steps.h"

/* The id here of an id in the user namespace of pid. -ENOENT: it is not mapped. */
static int id_here(pid_t pid, uint32_t id, uid_t *ret, struct err *e)
{
	AUTO_FREE char *map = NULL;
	unsigned long inside, here, size;
	char path[48], *rest, *line;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
	r = file_read(AT_FDCWD, path, 65536, &map, NULL, e);
	if (r < 0)
		return r;
	rest = map;
	while ((line = str_field(&rest, "\n")))
		if (sscanf(line, "%lu %lu %lu", &inside, &here, &size) == 3 && id >= inside && id - inside < size) {
			*ret = (uid_t)(here + (id - inside));
			return 0;
		}
	return -ENOENT;
}

/* Programs open /dev/stdout anew. What is a file or a device of the host stays whose it is: it will be there when the container is gone. */
static bool is_to_be_given(int fd, uid_t uid)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid != uid && (S_ISFIFO(st.st_mode) || (S_ISCHR(st.st_mode) && isatty(fd)));
}

bool life_gives_stdio(const struct life *l)
{
	return l->ns.userns && !l->config.process.terminal;
}

int parent_stdio(struct life *l, struct err *e)
{
	struct err local = {0};
	uid_t uid;
	int r = id_here(l->state.pid, l->config.process.user.uid, &uid, &local);

	if (r == -ENOENT || r == -ESRCH) /* not mapped, or gone: whoever needs it says so better */
		return 0;
	if (r < 0) {
		*e = local;
		return r;
	}
	/* A number that was given to another process meanwhile has another map. */
	if (!rt_state_alive(&l->state))
		return 0;
	for (int fd = 0; fd <= 2; fd++)
		/* Without privilege, or on a read-only file system: as it was, then. */
		if (is_to_be_given(fd, uid) && fchown(fd, uid, (gid_t)-1) < 0 && errno != EPERM && errno != EROFS &&
		    errno != EINVAL)
			return err_errno(e, "give fd %d to uid %u", fd, (unsigned int)uid);
	return 0;
}
