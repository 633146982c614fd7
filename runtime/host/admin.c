/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "host.h"

#define OVERFLOW_UID 65534 /* in a user namespace: of whoever has no number there, root of the host among them */

int rt_admin_check_owner(struct rt_call *c, int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(e, "look at '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EINVAL, "'%s' is no regular file", path);
	if (st.st_uid != 0 && st.st_uid != geteuid() && !(st.st_uid == OVERFLOW_UID && rt_is_rootless(c)))
		return err_set(
		    e, EPERM, "'%s' belongs to user %u: it decides for containers, so it has to be root's (chown root)",
		    path, st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(e, EPERM,
			       "'%s' has mode %04o: it decides for containers, so nobody but its owner may write "
			       "to it (chmod go-w)",
			       path, (unsigned int)st.st_mode & 07777);
	return 0;
}

/* own: below HOME, which may be somebody else's, as after setpriv(1). Returns 1; 0: it is not there; -errno. */
static int read_admin(struct rt_call *c, const char *path, bool own, struct spec_admin *ret, struct err *e)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	AUTO_FREE char *text = NULL;
	size_t len;
	int r;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || (own && errno == EACCES)))
		return 0;
	if (fd < 0)
		return err_errno(e, "open '%s'", path);
	r = rt_admin_check_owner(c, fd, path, e);
	if (r < 0)
		return r;
	r = fd_read_all(fd, SPEC_FILE_MAX, &text, &len);
	if (r < 0)
		return err_set(e, -r, "read '%s': %s", path, strerror(-r));
	r = spec_admin_parse(text, len, path, &c->arena, ret, e);
	ret->file = path;
	return r < 0 ? r : 1;
}

/* What a user has of his own; NULL: nothing. */
static const char *own_file(struct rt_call *c)
{
	const char *config = rt_is_rootless(c) ? rt_user_config(&c->arena) : NULL;

	return config ? arena_printf(&c->arena, "%s/jailrun/jailrun.json", config) : NULL;
}

const char *rt_admin_file(struct rt_call *c)
{
	const char *own = own_file(c);

	return c->g.admin_config ? c->g.admin_config : own ? own : RT_ADMIN_FILE;
}

int rt_admin_load(struct rt_call *c, struct spec_admin *ret, const char **ret_path, struct err *e)
{
	const char *named = c->g.admin_config, *path = named ? named : own_file(c);
	int r = path ? read_admin(c, path, !named, ret, e) : 0;

	if (r == 0 && named)
		return err_set(e, ENOENT, "--admin-config: there is no '%s'", named);
	if (r == 0) {
		path = RT_ADMIN_FILE;
		r = read_admin(c, path, false, ret, e);
	}
	if (r == 0)
		*ret = (struct spec_admin){.audit.to = SPEC_AUDIT_UNSAID};
	if (ret_path)
		*ret_path = r > 0 ? path : NULL;
	return r < 0 ? r : 0;
}

const char *rt_policy_dir(const struct rt_call *c, const struct spec_admin *a)
{
	return c->g.policy_dir ? c->g.policy_dir : a->policy_dir ? a->policy_dir : RT_POLICY_DIR;
}
