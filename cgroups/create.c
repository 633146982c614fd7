/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a container's cgroup fit for it, by cgroupfs or by systemd, and takes that back. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cgroups/systemd/unit.h"
#include "cgroups/tree.h"

#define TRIES 32

/* Removes the last directories of path, as long as what is left is at least keep bytes long. The very last may never have
 * been made, or be a file of the kernel's. */
static void remove_made(const char *path, size_t keep)
{
	char dir[PATH_MAX];

	if (!keep || (size_t)snprintf(dir, sizeof(dir), "%s", path) >= sizeof(dir))
		return;
	while (strlen(dir) >= keep && (rmdir(dir) == 0 || errno == ENOENT || errno == ENOTDIR))
		*strrchr(dir, '/') = '\0';
}

/* systemd makes the directories, and hands down the controllers that it knows. */
static int create_unit(const struct cg_plan *p, struct cg_run *r, struct err *e)
{
	int n = cg_unit_start(p, r, e);

	if (n < 0)
		return n;
	n = cg_descend(p, NULL, e);
	if (n == -EAGAIN)
		err_set(e, EAGAIN, "the cgroup %s of %s is gone", p->path, p->unit.name);
	if (n >= 0) {
		r->dir_fd = n;
		n = cg_check_thawed(p->path, e);
	}
	if (n >= 0 && p->box)
		n = cg_divide(p, r, e);
	if (n < 0) {
		cg_unmake(p, r);
		return n;
	}
	/* It is idle from the start where CPUWeight=0 said so; but its weight is written first, which an idle one refuses. */
	(void)file_write(r->dir_fd, "cpu.idle", "0", NULL);
	return 0;
}

int cg_create(const struct cg_plan *p, struct cg_run *r, struct err *e)
{
	struct err own = {0};
	int tries = TRIES, n;

	*r = (struct cg_run){.dir_fd = -1, .box_fd = -1, .jail_fd = -1, .ring_fd = -1, .state_fd = -1};
	if (!p->path)
		return 0;
	if (p->unit.name)
		return create_unit(p, r, e);
	/* cg_descend() reads its error's code. */
	e = e ? e : &own;
	do
		n = cg_descend(p, r, e);
	while (n == -EAGAIN && --tries);
	if (n >= 0)
		r->dir_fd = n;
	if (n == -EAGAIN)
		err_set(e, EAGAIN, "cannot make cgroup %s: the directories above it were removed %d times", p->path,
			TRIES);
	/* config-linux.md, Control groups: a cgroup that is not fit for a new container is an error. */
	else if (n >= 0 && !r->made && cg_event(r->dir_fd, "populated") != 0)
		err_set(e, EBUSY, "cgroup %s is not empty: it belongs to another container, or to one that still runs",
			p->path);
	else if (n >= 0 && cg_event(r->dir_fd, "frozen") == 1) /* of an empty one at once, also where one above is */
		(void)cg_check_thawed(p->path, e);
	if (!e->code && (!p->box || cg_divide(p, r, e) == 0))
		return 0;
	cg_run_close(r);
	remove_made(p->path, r->made_len);
	r->made = false;
	r->made_len = 0;
	return -e->code;
}

void cg_run_close(struct cg_run *r)
{
	fd_close_p(&r->dir_fd);
	fd_close_p(&r->box_fd);
	fd_close_p(&r->jail_fd);
}

void cg_unmake(const struct cg_plan *p, struct cg_run *r)
{
	if (!r->made)
		cg_unite(r);
	cg_run_close(r);
	cg_unit_unhold(r);
	if (r->made)
		cg_remove(p->path, NULL);
	if (r->made)
		cg_unit_remove(&p->unit, NULL);
	if (r->made_len)
		remove_made(p->path, r->made_len);
	r->made = false;
	r->made_len = 0;
}
