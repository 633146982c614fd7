/* SPDX-License-Identifier: Apache-2.0 */
/* A cgroup divided between the workload and the jail's helper: the two directories, and how the limits of the container's own
 * reach the one that is the workload's. What they are is written nowhere else than in the container's own: so they are
 * handed down at the start, and again by each update, in one and the same way. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cgroups/limits/split.h"
#include "cgroups/tree.h"

#define TRIES       32
#define JAIL_WEIGHT "10000" /* the greatest one: no workload keeps the helper from its turn */

static int make_one(int dir_fd, const char *name, struct cg_run *r, int *ret_fd, const char *path, struct err *e)
{
	if (mkdirat(dir_fd, name, 0755) == 0)
		r->divided = true;
	else if (errno != EEXIST)
		return err_errno(e, "make cgroup %s/%s", path, name);
	*ret_fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *ret_fd < 0 ? err_errno(e, "open cgroup %s/%s", path, name) : cg_make_threaded(*ret_fd, path, e);
}

/* clone3(2) into a cgroup asks for the right to write to cgroup.procs of where the process goes, and of what is above both
 * (cgroups(7), Delegation Containment). The container does not get to see the latter. */
static int own_procs(int dir_fd, uint64_t uid, const char *path, struct err *e)
{
	return fchownat(dir_fd, "cgroup.procs", (uid_t)uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0
		   ? err_errno(e, "give cgroup.procs of cgroup %s to uid %u", path, (unsigned int)uid)
		   : 0;
}

/* names: "+memory +pids", or without the signs. */
static void take_back(int dir_fd, const char *names)
{
	char all[256], *rest = all, *name;

	snprintf(all, sizeof(all), "%s", names);
	while ((name = str_field(&rest, " \n"))) {
		char text[64];

		snprintf(text, sizeof(text), "-%s", name + (*name == '+'));
		if (*name)
			(void)file_write(dir_fd, "cgroup.subtree_control", text, NULL);
	}
}

int cg_divide(const struct cg_plan *p, struct cg_run *r, struct err *e)
{
	int n = make_one(r->dir_fd, CG_JAIL, r, &r->jail_fd, p->path, e);

	if (n == 0)
		n = make_one(r->dir_fd, CG_BOX, r, &r->box_fd, p->path, e);
	/* Read when the helper has gone in: until then a cgroup with processes gives nothing away. */
	if (n == 0 && p->shown)
		(void)fsetxattr(r->box_fd, CG_SHOWN, "1", 1, 0);
	if (n == 0 && p->root.set)
		n = own_procs(r->dir_fd, p->root.v, p->path, e);
	if (n == 0 && p->root.set)
		n = own_procs(r->box_fd, p->root.v, p->box, e);
	if (n < 0)
		cg_unite(r);
	return n;
}

void cg_unite(struct cg_run *r)
{
	char have[256];

	if (!r->divided || r->dir_fd < 0)
		return;
	unlinkat(r->dir_fd, CG_BOX, AT_REMOVEDIR);
	unlinkat(r->dir_fd, CG_JAIL, AT_REMOVEDIR);
	/* It was there before, and shall be able to hold processes again. */
	if (cg_read(r->dir_fd, "cgroup.subtree_control", have, sizeof(have)) > 0)
		take_back(r->dir_fd, have);
	r->divided = false;
}

/* ---- handing down ---- */

struct pair {
	const char *path, *box_path;
	int outer, jail, box;
};

/* A file's text without its line feed. False: there is none. */
static bool value_of(int dir_fd, const char *file, char *text, size_t size)
{
	if (cg_read(dir_fd, file, text, size) < 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return true;
}

static void ask_for(char *ret, size_t size, const char *controller)
{
	const size_t n = strlen(ret);

	snprintf(ret + n, size - n, "%s+%s", n ? " " : "", controller);
}

/* The controllers that the two below do not have yet: "+memory +pids". All: those that there are; or those whose limits are not those of
 * a new cgroup. */
static void missing(const struct pair *p, bool all, char *ret, size_t size)
{
	char have[256] = "", text[256] = "", *rest = text, *name;
	const char *last = "";

	ret[0] = '\0';
	(void)cg_read(p->outer, "cgroup.subtree_control", have, sizeof(have));
	for (size_t i = 0; !all && i < cg_n_handed; i++) {
		const struct cg_handed *h = &cg_handed[i];

		if (!str_has_word(have, h->controller) && !str_eq(last, h->controller) &&
		    value_of(p->outer, h->file, text, sizeof(text)) && !str_eq(text, h->fresh))
			ask_for(ret, size, last = h->controller);
	}
	if (all && cg_read(p->outer, "cgroup.controllers", text, sizeof(text)) > 0)
		while ((name = str_field(&rest, " \n")))
			if (*name && !str_has_word(have, name))
				ask_for(ret, size, name);
}

static int move_out(const struct pair *p, struct err *e)
{
	AUTO_FREE char *text = NULL;
	char *rest, *pid;
	int r = cg_read_procs(p->outer, &text, e);

	rest = text;
	while (r >= 0 && (pid = str_field(&rest, "\n")))
		if (*pid && file_write(p->jail, "cgroup.procs", pid, NULL) < 0 && errno != ESRCH)
			return err_errno(e, "move process %s to cgroup %s/" CG_JAIL, pid, p->path);
	return r < 0 ? r : 0;
}

/* Only a cgroup without processes can give controllers away: where one is left the kernel refuses most of them (EBUSY), and takes those
 * that count threads, by which the two below could hold no process any more. The helper is in it until its workload starts, a
 * scope's holder longer, and whatever hooks have left; what forks meanwhile is found the next time. */
static int give(const struct pair *p, const char *want, struct err *e)
{
	int r = -EBUSY;

	for (int i = 0; i < TRIES && r == -EBUSY; i++) {
		if ((r = move_out(p, e)) < 0)
			return r;
		r = file_write(p->outer, "cgroup.subtree_control", want, NULL);
		if (r == 0 && cg_holds_processes(p->outer)) {
			take_back(p->outer, want);
			r = -EBUSY;
		}
	}
	return r < 0 ? err_set(e, -r, "cannot hand '%s' to the cgroups below %s: %s (%s)", want, p->path, strerror(-r),
			       errno_name(-r))
		     : 0;
}

static int copy_one(const struct pair *p, const struct cg_handed *h, struct err *e)
{
	char outer[256], box[256], buf[CG_VALUE_MAX];
	const char *value;

	if (!value_of(p->outer, h->file, outer, sizeof(outer)) || !value_of(p->box, h->file, box, sizeof(box)))
		return 0;
	value = cg_without_share(h->file, outer, buf);
	/* An empty list takes a line feed to be written. */
	if (str_eq(value, box) || file_write(p->box, h->file, *value ? value : "\n", NULL) == 0)
		return 0;
	return err_errno(e, "the kernel refuses '%.128s' in %s/%s", value, p->box_path, h->file);
}

static bool is_idle(int dir_fd)
{
	char text[16];

	return value_of(dir_fd, "cpu.idle", text, sizeof(text)) && str_eq(text, "1");
}

/* Twice, since some must come before others, in either order: a quota is not to be less than its burst. */
static int copy_all(const struct pair *p, struct err *e)
{
	const bool idle = is_idle(p->outer);
	int failed = 0, r;

	for (size_t i = 0; i < cg_n_handed; i++)
		if (!idle || !str_eq(cg_handed[i].file, "cpu.weight")) /* an idle group takes none */
			failed |= copy_one(p, &cg_handed[i], NULL);
	for (size_t i = 0; failed && i < cg_n_handed; i++)
		if ((!idle || !str_eq(cg_handed[i].file, "cpu.weight")) && (r = copy_one(p, &cg_handed[i], e)) < 0)
			return r;
	return 0;
}

/* What is new in the box belongs to its owner, as the rest. */
static int own_again(const struct pair *p, struct err *e)
{
	struct stat st;

	if (fstat(p->box, &st) < 0)
		return err_errno(e, "stat cgroup %s", p->box_path);
	return st.st_uid != geteuid() ? cg_own_dir(p->box, st.st_uid, e) : 0;
}

int cg_hand_down(const char *path, const char *box, struct err *e)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	AUTO_CLOSE int outer = cg_open(path, e), jail_fd = outer < 0 ? -1 : openat(outer, CG_JAIL, flags),
		       box_fd = jail_fd < 0 ? -1 : openat(outer, CG_BOX, flags);
	const struct pair p = {path, box, outer, jail_fd, box_fd};
	char want[256];
	bool shown;
	int r = 0;

	if (outer < 0)
		return outer == -ENOENT ? err_set(e, ENOENT, "there is no cgroup '%s'", path) : outer;
	if (box_fd < 0)
		return err_errno(e, "open %s and %s of cgroup %s", CG_JAIL, CG_BOX, path);
	shown = fgetxattr(box_fd, CG_SHOWN, NULL, 0) >= 0;
	missing(&p, shown, want, sizeof(want));
	r = *want ? give(&p, want, shown ? NULL : e) : 0;
	if (r < 0 && shown) { /* nothing that a limit needs */
		missing(&p, false, want, sizeof(want));
		r = *want ? give(&p, want, e) : 0;
	}
	if (r == 0 && *want)
		r = own_again(&p, e);
	if (r == 0 && *want)
		(void)file_write(p.jail, "cpu.weight", JAIL_WEIGHT, NULL); /* there is none without the controller */
	return r < 0 ? r : copy_all(&p, e);
}
