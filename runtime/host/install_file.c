/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "host.h"

#define CONFIG_MAX (16u << 20)

int rt_config_read(const char *path, struct arena *a, struct rt_config_file *ret, struct err *e)
{
	AUTO_FREE char *text = NULL;
	char real[PATH_MAX];
	struct stat link;
	int r;

	*ret = (struct rt_config_file){.path = path, .target = path, .text = ""};
	if (lstat(path, &link) < 0)
		return errno == ENOENT ? 0 : err_errno(e, "look at '%s'", path);
	ret->linked = S_ISLNK(link.st_mode);
	if (!realpath(path, real)) {
		if (errno == ENOENT)
			return err_set(e, ENOENT,
				       "'%s' is a symbolic link that leads nowhere: remove it, or make its target",
				       path);
		return err_errno(e, "resolve '%s'", path);
	}
	ret->target = arena_strdup(a, real);
	if (stat(real, &ret->st) < 0)
		return err_errno(e, "look at '%s'", real);
	if (!S_ISREG(ret->st.st_mode))
		return err_set(e, EINVAL, "'%s' is no regular file", path);
	ret->exists = true;
	r = file_read(AT_FDCWD, real, CONFIG_MAX, &text, &ret->len, e);
	if (r < 0)
		return r;
	ret->text = arena_strndup(a, text, ret->len);
	return ret->text && ret->target ? 0 : err_set(e, ENOMEM, "out of memory");
}

/* As mkdir -p: what is there, however it is reached, is taken. */
static int make_dirs(const char *dir, struct err *e)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s", dir) >= (int)sizeof(path))
		return err_set(e, ENAMETOOLONG, "'%s'", dir);
	for (char *p = path + 1;; p++) {
		char c = *p;

		if (c && c != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return err_errno(e, "make the directory '%s'", path);
		if (!c)
			return 0;
		*p = c;
	}
}

/* The label of SELinux, ACLs: as far as this file system and this caller can. */
static void copy_attributes(const char *from, int to)
{
	char names[4096], value[4096];
	ssize_t len = listxattr(from, names, sizeof(names));

	for (ssize_t i = 0; i < len; i += (ssize_t)strlen(names + i) + 1) {
		ssize_t n = getxattr(from, names + i, value, sizeof(value));

		if (n >= 0)
			(void)fsetxattr(to, names + i, value, (size_t)n, 0);
	}
}

/* A new file beside the target, whole and on the disk. */
static int write_beside(const struct rt_config_file *f, int dir, const char *name, const char *data, size_t len,
			struct err *e)
{
	AUTO_CLOSE int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return err_errno(e, "make '%s' beside '%s'", name, f->target);
	r = fd_write_all(fd, data, len);
	if (r == 0 && f->exists)
		copy_attributes(f->target, fd);
	if (r == 0 && f->exists && fchown(fd, f->st.st_uid, f->st.st_gid) < 0)
		r = -errno;
	if (r == 0 && (fchmod(fd, f->exists ? f->st.st_mode & 07777 : 0644) < 0 || fsync(fd) < 0))
		r = -errno;
	if (r == 0)
		return 0;
	unlinkat(dir, name, 0);
	errno = -r;
	return err_errno(e, "write '%s', for '%s'", name, f->target);
}

/* A copy of the old file under a name that nothing has yet. */
static int keep_old(const struct rt_config_file *f, int dir, const char *base, struct arena *a, const char **ret,
		    struct err *e)
{
	char stamp[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	for (int i = 0; i < 1000; i++) {
		const char *name = i ? arena_printf(a, "%s.jailrun-backup-%s-%d", base, stamp, i)
				     : arena_printf(a, "%s.jailrun-backup-%s", base, stamp);
		struct err own = {0};
		int r =
		    name ? write_beside(f, dir, name, f->text, f->len, &own) : err_set(&own, ENOMEM, "out of memory");

		if (r == 0)
			*ret = name;
		else if (r != -EEXIST)
			*e = own;
		if (r != -EEXIST)
			return r;
	}
	return err_set(e, EEXIST, "keep '%s': there are a thousand backups of this second", f->target);
}

/* Whether the file is the one that was read. */
static bool is_same(const struct rt_config_file *f, int dir, const char *base)
{
	struct stat st;

	if (fstatat(dir, base, &st, 0) < 0)
		return !f->exists && errno == ENOENT;
	return f->exists && st.st_ino == f->st.st_ino && st.st_size == f->st.st_size &&
	       st.st_mtim.tv_sec == f->st.st_mtim.tv_sec && st.st_mtim.tv_nsec == f->st.st_mtim.tv_nsec;
}

/* The new text is in tmp (NULL: there is none, the file goes). */
static int put(const struct rt_config_file *f, int dir, const char *base, const char *tmp, struct arena *a,
	       const char **ret_backup, struct err *e)
{
	const char *backup = NULL;
	int r;

	if (!is_same(f, dir, base))
		return err_set(e, EBUSY, "'%s' was changed by somebody else just now: try again", f->target);
	r = f->exists ? keep_old(f, dir, base, a, &backup, e) : 0;
	if (r < 0)
		return r;
	if ((tmp ? renameat(dir, tmp, dir, base) : unlinkat(dir, base, 0)) < 0) {
		r = err_errno(e, "replace '%s'", f->target);
		if (backup)
			unlinkat(dir, backup, 0);
		return r;
	}
	(void)fsync(dir);
	*ret_backup = backup;
	return 0;
}

int rt_config_write(const struct rt_config_file *f, const struct buf *text, struct arena *a, const char **ret_backup,
		    struct err *e)
{
	const char *base = strrchr(f->target, '/') + 1, *tmp = NULL, *backup = NULL;
	char *where = arena_strndup(a, f->target, (size_t)(base - f->target));
	AUTO_CLOSE int dir = -1;
	int r;

	if (!where)
		return err_set(e, ENOMEM, "out of memory");
	r = make_dirs(where, e);
	if (r < 0)
		return r;
	dir = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_errno(e, "open the directory '%s'", where);
	if (text->len || f->linked) {
		tmp = arena_printf(a, ".%s.jailrun-%d", base, (int)getpid());
		r = tmp ? write_beside(f, dir, tmp, text->data ? text->data : "", text->len, e)
			: err_set(e, ENOMEM, "out of memory");
		if (r < 0)
			return r;
	}
	r = put(f, dir, base, tmp, a, &backup, e);
	if (r < 0 && tmp)
		unlinkat(dir, tmp, 0);
	*ret_backup = backup ? arena_printf(a, "%s%s", where, backup) : NULL;
	return r;
}
