/* SPDX-License-Identifier: Apache-2.0 */
/* What is mounted where: proc(5), /proc/PID/mountinfo. Read where nothing else says it, since it is slow. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "namespaces/internal.h"

#define MOUNTINFO_MAX (16u << 20)

struct line {
	uint64_t id;
	char *mount_point; /* decoded */
	const char *type;
	const char *super; /* options of the file system, not of the mount */
};

/* A blank, tab, line feed or backslash of the path is written as \ooo. */
static void decode(char *s)
{
	char *to = s;

	for (; *s; to++) {
		unsigned int code;

		if (*s == '\\' && sscanf(s + 1, "%3o", &code) == 1) {
			*to = (char)code;
			s += 4;
		} else {
			*to = *s++;
		}
	}
	*to = '\0';
}

/* The next line of *rest. Returns false at the end. */
static bool next_line(char **rest, struct line *ret)
{
	char *text, *word, *type;

	while ((text = str_field(rest, "\n"))) {
		type = strstr(text, " - ");
		word = str_field(&text, " ");
		if (!type || parse_u64(word, 10, &ret->id) < 0)
			continue;
		for (int i = 0; i < 4 && word; i++) /* parent, device, root, mount point */
			word = str_field(&text, " ");
		if (!word)
			continue;
		type += strlen(" - ");
		ret->type = str_field(&type, " ");
		str_field(&type, " "); /* source */
		ret->super = type ? type : "";
		decode(word);
		ret->mount_point = word;
		return true;
	}
	return false;
}

static bool has_option(const char *list, const char *option)
{
	const size_t n = strlen(option);

	for (const char *p = list; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (strncmp(p, option, n) == 0 && (p[n] == ',' || p[n] == '\0'))
			return true;
	return false;
}

bool mount_type(uint64_t id, char *ret, size_t size)
{
	AUTO_FREE char *text = NULL;
	struct line l;
	char *rest;

	if (file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL, NULL) < 0)
		return false;
	for (rest = text; next_line(&rest, &l);) {
		if (l.id != id)
			continue;
		snprintf(ret, size, "%s", l.type);
		return true;
	}
	return false;
}

int check_cgroup_options(const struct ns_mount *m, struct err *e)
{
	AUTO_FREE char *text = NULL;
	char *rest;
	struct line l = {0};
	int result = file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL, e);
	bool found = false;

	for (rest = text; result == 0 && !found && next_line(&rest, &l);)
		found = str_eq(l.type, "cgroup2");
	for (size_t i = 0; result == 0 && i < m->fs_options.n; i++) {
		const char *option = m->fs_options.v[i];

		if (found && has_option(l.super, option))
			continue;
		result =
		    err_set(e, EINVAL,
			    "'%.64s' is an option of the whole cgroup tree, which the host's mount of it does not have "
			    "(%.128s), and which can be set only there; remove it, or remount the host's with it",
			    option, found ? l.super : "there is none");
	}
	return result < 0 ? err_ctx(e, "options") : 0;
}

bool mount_is_at(uint64_t id, const char *mount_point)
{
	AUTO_FREE char *text = NULL;
	struct line l;
	char *rest;

	if (file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL, NULL) < 0)
		return false;
	for (rest = text; next_line(&rest, &l);)
		if (l.id == id)
			return !mount_point || str_eq(l.mount_point, mount_point);
	return false;
}

int mount_id(int dir, const char *path, uint64_t *ret, struct err *e)
{
	struct statx st;

	/* libc's own would make up an answer without a mount where the call is refused. */
	if (syscall(SYS_statx, dir, path, *path ? 0 : AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0)
		return err_errno(e, "statx of the new root");
	if (!(st.stx_mask & STATX_MNT_ID))
		return err_set(e, ENOTSUP, "statx of the new root tells no mount: Linux 5.8 has it");
	*ret = st.stx_mnt_id;
	return 0;
}

static bool is_cgroup(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (fs.f_type == CGROUP2_SUPER_MAGIC || fs.f_type == CGROUP_SUPER_MAGIC);
}

/* Where the container's mounts begin in a mount namespace that is inherited. Returns the length of the path or -errno. */
static int path_of_root(const struct ns_run *r, char ret[PATH_MAX], struct err *e)
{
	int result = fd_path(r->rootfs_fd, ret);

	if (result == 0)
		return (int)strlen(ret);
	errno = -result;
	return err_errno(e, "path of the rootfs");
}

/* The container's mounts and the host's have the same kind of path here: the root of this process is the old one, and the
 * container's lies on top of it. So each is looked at in the container's. */
int guard_cgroups(const struct ns_run *r, const struct ns_mount *m, struct err *e)
{
	AUTO_FREE char *text = NULL;
	char root[PATH_MAX] = "", *rest;
	struct line l;
	int skip = r->inherits_mounts ? path_of_root(r, root, e) : 0;
	int result = skip < 0 ? skip : file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL, e);

	for (rest = text; result == 0 && next_line(&rest, &l);) {
		AUTO_CLOSE int fd = -1;

		if (skip && !path_is_below(l.mount_point, root))
			continue;
		l.mount_point += skip;
		if (!str_starts(l.type, "cgroup") || !path_is_below(l.mount_point, m->destination))
			continue;
		fd = path_open_in(r->rootfs_fd, l.mount_point, O_PATH, 0, NULL);
		if (fd < 0 || !is_cgroup(fd))
			continue;
		result = mnt_change(fd, false, &(struct mnt_change){.set = MOUNT_ATTR_RDONLY});
		if (result == -EINVAL) /* the host's was here, and in the container this is no mount */
			result = 0;
		if (result < 0)
			err_set(e, -result, "make the host's cgroups at '%.128s' read-only: %s", l.mount_point,
				strerror(-result));
	}
	return result;
}
