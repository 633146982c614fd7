/* SPDX-License-Identifier: Apache-2.0 */
/* The way from the mount down to a cgroup: makes the directories and enables controllers. All below one fd of the mount: the tree belongs
 * to everybody, and a name in it may come and go at any time. */
#include "cgroups/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/* Whether a write before the i-th needs the same controller. */
static bool needed_before(const struct cg_plan *p, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (str_eq(p->writes[j].controller, p->writes[i].controller))
			return true;
	return false;
}

/* What would only be counted is no reason to fail: without it nothing is told. all: also what a manager in the container may want for the
 * cgroups that it makes. One at a time: what cannot be had shall not keep the others away. */
static void enable_counters(int dir_fd, const char *have, bool all)
{
	static const char counters[] = "cpu io memory pids";
	char there[512], want[64], *rest = there, *name;
	bool asked = false;

	if (cg_read(dir_fd, "cgroup.controllers", there, sizeof(there)) < 0)
		return;
	while ((name = str_field(&rest, " \n"))) {
		if (!*name || str_has_word(have, name) || (!all && !str_has_word(counters, name)) ||
		    (size_t)snprintf(want, sizeof(want), "+%s", name) >= sizeof(want))
			continue;
		if (!asked && cg_holds_processes(dir_fd))
			return;
		asked = true;
		(void)file_write(dir_fd, "cgroup.subtree_control", want, NULL);
	}
}

static int explain_enable(int code, const char *want, const char *dir, struct err *e)
{
	switch (code) {
	case EBUSY:
		return err_set(
		    e, EBUSY,
		    "cannot hand '%s' to the cgroups below %s: it holds processes itself, and in cgroup v2 only the "
		    "leaves may (\"no internal processes\"); move them into a cgroup of their own",
		    want, dir);
	case ENOENT:
		return err_set(
		    e, ENOENT,
		    "cannot hand '%s' to the cgroups below %s: it is not in its cgroup.controllers; remove the limit, "
		    "or enable it in cgroup.subtree_control of the one above",
		    want, dir);
	case EOPNOTSUPP:
		return err_set(
		    e, EOPNOTSUPP,
		    "cannot hand '%s' to the cgroups below %s: it is threaded, or the root of threaded ones, and this "
		    "is no controller of threads; remove the limit, or let linux.cgroupsPath be elsewhere",
		    want, dir);
	case EACCES:
	case EPERM:
	case EROFS:
		return err_set(
		    e, code,
		    "cannot hand '%s' to the cgroups below %s: %s (%s): its cgroup.subtree_control is not this user's; "
		    "remove the limit, or have all of that cgroup delegated (the directory, cgroup.procs, "
		    "cgroup.threads and cgroup.subtree_control)",
		    want, dir, strerror(code), errno_name(code));
	default:
		errno = code;
		return err_errno(e, "cannot hand '%s' to the cgroups below %s", want, dir);
	}
}

/* What can be limited in a threaded cgroup (cgroup-v2.rst, Threads). */
static bool is_of_threads(const char *controller)
{
	return str_has_word("cpu cpuset perf_event pids", controller);
}

/* The write whose controller cannot be had: one that is not there at all, or else the first of those that were asked for. */
static const struct cg_write *to_blame(const struct cg_plan *p, int dir_fd, int code, const char *have)
{
	const struct cg_write *first = NULL;
	char there[512] = "";

	(void)cg_read(dir_fd, "cgroup.controllers", there, sizeof(there));
	for (size_t i = 0; i < p->n_writes; i++) {
		const struct cg_write *w = &p->writes[i];

		if (!w->controller || str_has_word(have, w->controller))
			continue;
		if (code == EOPNOTSUPP ? !is_of_threads(w->controller)
				       : code == ENOENT && !str_has_word(there, w->controller))
			return w;
		first = first ? first : w;
	}
	return first;
}

static int refuse(const struct cg_plan *p, int dir_fd, int code, const char *have, const char *want, const char *dir,
		  struct err *e)
{
	char type[CG_TYPE_SIZE];
	const struct cg_write *w;

	/* A threaded one does not list the others. */
	if (code == ENOENT && str_eq(cg_type(dir_fd, type), "threaded"))
		code = EOPNOTSUPP;
	w = to_blame(p, dir_fd, code, have);
	explain_enable(code, code != EBUSY && w ? w->controller : want, dir, e);
	return w ? err_ctx(e, "%s", w->field) : -code;
}

int cg_enable(const struct cg_plan *p, int dir_fd, const char *dir, struct err *e)
{
	char have[512], want[256] = "", type[CG_TYPE_SIZE];
	size_t n = 0;
	ssize_t r = cg_read(dir_fd, "cgroup.subtree_control", have, sizeof(have));

	if (r < 0 && !p->n_writes) /* whoever has taken it away is seen at the next step */
		return 0;
	if (r < 0)
		return err_set(e, (int)-r, "read %s/cgroup.subtree_control: %s", dir, strerror((int)-r));
	if (p->count || p->count_all)
		enable_counters(dir_fd, have, p->count_all);
	for (size_t i = 0; i < p->n_writes; i++) {
		const char *c = p->writes[i].controller;

		if (c && !str_has_word(have, c) && !needed_before(p, i) && n < sizeof(want))
			n += (size_t)snprintf(want + n, sizeof(want) - n, "%s+%s", n ? " " : "", c);
	}
	if (!n)
		return 0;
	if (cg_holds_processes(dir_fd) && !str_eq(cg_type(dir_fd, type), "domain threaded"))
		return refuse(p, dir_fd, EBUSY, have, want, dir, e);
	r = file_write(dir_fd, "cgroup.subtree_control", want, NULL);
	return r < 0 ? refuse(p, dir_fd, (int)-r, have, want, dir, e) : 0;
}

/* One step of mkdir -p; ret_made NULL: nothing is made. Returns the fd, or -EAGAIN when a neighbour's clean-up has just taken
 * the directory above, -EDQUOT when one above allows no more. */
static int step(int dir_fd, const char *name, bool *ret_made)
{
	int fd;

	if (ret_made) {
		*ret_made = mkdirat(dir_fd, name, 0755) == 0;
		if (!*ret_made && errno != EEXIST)
			return errno == ENOENT || errno == ENODEV ? -EAGAIN : errno == EAGAIN ? -EDQUOT : -errno;
	}
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 ? fd : errno == ENOENT ? -EAGAIN : -errno;
}

static uint64_t number_of(const char *dir, const char *file, const char *key)
{
	AUTO_CLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char text[256];
	const char *p = fd >= 0 && cg_read(fd, file, text, sizeof(text)) > 0 ? strstr(text, key) : NULL;

	p = p ? p + strlen(key) : NULL;
	return p && *p >= '0' && *p <= '9' ? strtoull(p, NULL, 10) : UINT64_MAX;
}

/* Which of the cgroups above has had enough (cgroup-v2.rst, cgroup.max.descendants and cgroup.max.depth). */
static int explain_full(const char *mount, const char *dir, struct err *e)
{
	char above[PATH_MAX], *slash;

	snprintf(above, sizeof(above), "%s", dir);
	for (uint64_t depth = 1; strlen(above) > strlen(mount) && (slash = strrchr(above, '/')); depth++) {
		uint64_t max, have;

		*slash = '\0';
		max = number_of(above, "cgroup.max.descendants", "");
		have = number_of(above, "cgroup.stat", "nr_descendants ");
		if (have != UINT64_MAX && have >= max)
			return err_set(e, EDQUOT,
				       "cannot make cgroup %s: there are %" PRIu64
				       " below %s, and its cgroup.max.descendants allows no more",
				       dir, have, above);
		max = number_of(above, "cgroup.max.depth", "");
		if (depth > max)
			return err_set(e, EDQUOT,
				       "cannot make cgroup %s: cgroup.max.depth of %s allows only %" PRIu64
				       " levels below it",
				       dir, above, max);
	}
	return err_set(e, EDQUOT, "cannot make cgroup %s: one above it allows no more below it", dir);
}

static int explain_step(int r, const char *mount, const char *dir, struct err *e)
{
	char text[128];

	if (r == -EDQUOT)
		return explain_full(mount, dir, e);
	if (r == -EACCES || r == -EPERM || r == -EROFS)
		return err_set(
		    e, -r,
		    "unable to apply cgroup configuration: cannot make cgroup %s: %s; run as root, have a cgroup "
		    "delegated, or leave out linux.cgroupsPath and all limits",
		    dir, go_strerror(-r, text, sizeof(text)));
	if (r == -EOPNOTSUPP)
		return err_set(e, -r, "cannot make cgroup %s: the one above is threaded", dir);
	return err_set(e, -r, "cannot make cgroup %s: %s (%s)", dir, strerror(-r), errno_name(-r));
}

/* A cgroup on the way that is to be used: below a threaded one it is threaded, too, which not every limit can be. */
static int fit(const struct cg_plan *p, int dir_fd, const char *dir, struct err *e)
{
	char type[CG_TYPE_SIZE];

	cg_type(dir_fd, type);
	if (!str_eq(type, "threaded") && !str_eq(type, "domain invalid"))
		return 0;
	for (size_t i = 0; i < p->n_writes; i++) {
		const struct cg_write *w = &p->writes[i];

		if (!w->controller || is_of_threads(w->controller))
			continue;
		err_set(e, EOPNOTSUPP,
			"cgroup %s can only be threaded (cgroup.type: %s), and '%s' is no controller of threads; "
			"remove the "
			"limit, or let linux.cgroupsPath be elsewhere",
			dir, type, w->controller);
		return err_ctx(e, "%s", w->field);
	}
	return cg_make_threaded(dir_fd, dir, e);
}

int cg_descend(const struct cg_plan *p, struct cg_run *r, struct err *e)
{
	const size_t mount_len = strlen(p->mount);
	AUTO_CLOSE int dir = open(p->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char path[PATH_MAX], *slash;
	bool last = false;

	if (dir < 0)
		return err_errno(e, "open '%s'", p->mount);
	if ((size_t)snprintf(path, sizeof(path), "%s", p->path) >= sizeof(path))
		return err_set(e, ENAMETOOLONG, "cgroup '%.100s…': the path is too long", p->path);
	for (slash = path + mount_len; !last;) {
		char *name = slash + 1;
		int fd;

		*slash = '\0';
		if ((p->n_writes || p->count || p->count_all) && cg_enable(p, dir, path, e) < 0)
			return -e->code;
		*slash = '/';
		slash = strchr(name, '/');
		last = !slash;
		if (slash)
			*slash = '\0';
		fd = step(dir, name, r ? &r->made : NULL);
		if (r && r->made && !r->made_len)
			r->made_len = strlen(path);
		if (fd == -EAGAIN)
			return fd;
		if (fd < 0)
			return r ? explain_step(fd, p->mount, path, e)
				 : err_set(e, -fd, "open cgroup '%s': %s (%s)", path, strerror(-fd), errno_name(-fd));
		if (r && r->made && !last) /* whoever removes the last cgroup below it removes it, too */
			(void)fsetxattr(fd, CG_MADE, "1", 1, 0);
		close(dir);
		dir = fd;
		if (r && fit(p, dir, path, e) < 0)
			return -e->code;
	}
	return take_fd(&dir);
}
