/* SPDX-License-Identifier: Apache-2.0 */
#include "namespaces/mounts/mountapi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "namespaces/internal.h"

int mnt_clone(int fd, const char *path, bool recursive)
{
	int tree = open_tree(fd, path,
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (path[0] ? 0U : AT_EMPTY_PATH) |
				 (recursive ? AT_RECURSIVE : 0U));

	return tree < 0 ? -errno : tree;
}

int mnt_clone_source(const struct ns_mount *m)
{
	int tree;

	if (!(m->links & (NS_LINK_SOURCE | NS_LINK_COPY)))
		return mnt_clone(AT_FDCWD, m->source, m->recursive);
	tree =
	    open_tree(AT_FDCWD, m->source,
		      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW | (m->recursive ? AT_RECURSIVE : 0U));
	return tree < 0 ? -errno : tree;
}

int mnt_attach(int tree, int target)
{
	if (move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

int mnt_change(int fd, bool recursive, const struct mnt_change *c)
{
	struct mount_attr attr = {
	    .attr_set = c->set,
	    .attr_clr = c->clr,
	    .propagation = c->propagation,
	    .userns_fd = c->set & MOUNT_ATTR_IDMAP ? (uint64_t)c->userns_fd : 0,
	};

	if (mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U), &attr, sizeof(attr)) < 0)
		return -errno;
	return 0;
}

/* The kernel's own words about the failed call, one message a read: "e tmpfs: Unknown parameter 'x'". */
static const char *kernel_says(int fs, char *buf, size_t size)
{
	char line[256];
	size_t used = 0;
	ssize_t n;

	buf[0] = '\0';
	while ((n = read(fs, line, sizeof(line) - 1)) > 0) {
		line[n] = '\0';
		line[strcspn(line, "\n")] = '\0';
		if (used + 1 < size)
			used += (size_t)snprintf(buf + used, size - used, "%s%s",
						 used ? "; " : " (kernel: ", n > 2 && line[1] == ' ' ? line + 2 : line);
	}
	if (used && used + 1 < size)
		snprintf(buf + used, size - used, ")");
	return buf;
}

static int set_option(int fs, const char *type, const char *option, struct err *e)
{
	const char *value = strchr(option, '=');
	char key[128], says[300];
	int r;

	if (!value) {
		r = fsconfig(fs, FSCONFIG_SET_FLAG, option, NULL, 0);
	} else {
		if ((size_t)(value - option) >= sizeof(key))
			return err_set(e, EINVAL, "option '%.40s…' of file system '%s' is too long", option, type);
		snprintf(key, sizeof(key), "%.*s", (int)(value - option), option);
		r = fsconfig(fs, FSCONFIG_SET_STRING, key, value + 1, 0);
	}
	if (r == 0)
		return 0;
	r = errno;
	kernel_says(fs, says, sizeof(says));
	errno = r;
	err_errno(e, "file system '%s' refuses the option '%s'%s", type, option, says);
	if (strstr(says, "Unknown parameter"))
		err_after(e, "%s", option_hint(option));
	return -r;
}

static int set_options(int fs, const char *type, const struct strv *options, bool ro, struct err *e)
{
	int r = 0;

	for (size_t i = 0; options && i < options->n && r == 0; i++)
		r = set_option(fs, type, options->v[i], e);
	if (r == 0 && ro)
		r = set_option(fs, type, "ro", e);
	return r;
}

static int fail_options(int fs, const char *what, const char *type, const struct strv *options, struct err *e)
{
	int code = errno;
	char says[300], list[200] = "";
	size_t used = 0;

	for (size_t i = 0; options && i < options->n && used + 1 < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? "," : " with options ",
					 options->v[i]);
	kernel_says(fs, says, sizeof(says));
	errno = code;
	return err_errno(e, "%s file system '%s'%s%s", what, type, list, says);
}

int mnt_new(const char *type, const char *source, const struct strv *options, bool ro, uint64_t attr, struct err *e)
{
	AUTO_CLOSE int fs = fsopen(type, FSOPEN_CLOEXEC);
	int mnt, r;

	if (fs < 0 && errno == ENODEV)
		return err_set(e, ENODEV, "this kernel has no file system '%s' (or its module is not loaded)", type);
	if (fs < 0 && errno == ENOSYS)
		return err_set(e, ENOSYS,
			       "fsopen(2) is missing or blocked: jailrun needs Linux 5.12 or later, and a "
			       "seccomp filter around it must allow the new mount calls");
	if (fs < 0)
		return err_errno(e, "fsopen '%s'", type);
	if (source && fsconfig(fs, FSCONFIG_SET_STRING, "source", source, 0) < 0)
		return fail_options(fs, "set source of", type, NULL, e);
	r = set_options(fs, type, options, ro, e);
	if (r < 0)
		return r;
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fail_options(fs, "create", type, options, e);
	mnt = fsmount(fs, FSMOUNT_CLOEXEC, (unsigned int)attr);
	if (mnt < 0)
		return fail_options(fs, "mount", type, options, e);
	return mnt;
}

int mnt_reconfigure(int fd, const struct strv *options, bool ro, struct err *e)
{
	AUTO_CLOSE int fs = fspick(fd, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH | FSPICK_NO_AUTOMOUNT);
	int r;

	if (fs < 0)
		return err_errno(e, "fspick");
	r = set_options(fs, "of the mount", options, ro, e);
	if (r < 0)
		return r;
	if (fsconfig(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
		return fail_options(fs, "reconfigure", "of the mount", options, e);
	return 0;
}
