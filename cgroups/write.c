/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the limits into a cgroup. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cgroups/systemd/unit.h"
#include "cgroups/tree.h"

/* Without CONFIG_SWAP or with swap accounting off the file is missing. Nothing is lost then when no limit was asked for,
 * or when the host has no swap. */
static bool needs_no_swap_file(const struct cg_write *w)
{
	char text[512];

	if (!str_eq(w->file, "memory.swap.max"))
		return false;
	if (str_eq(w->value, "max"))
		return true;
	/* proc(5): one line of titles, then one for each swap area. */
	return str_eq(w->value, "0") && (cg_read(AT_FDCWD, "/proc/swaps", text, sizeof(text)) <= 0 ||
					 !strchr(text, '\n') || !strchr(text, '\n')[1]);
}

/* The kernel takes any list of possible CPUs and then uses those it has; when none is left, those of the parent. A
 * container must not get other CPUs than it asked for and not know. */
static int check_effective(const struct cg_write *w, int dir_fd, struct err *e)
{
	char wanted[4096], given[4096], file[64];

	if (!str_eq(w->file, "cpuset.cpus") && !str_eq(w->file, "cpuset.mems"))
		return 0;
	snprintf(file, sizeof(file), "%s.effective", w->file);
	if (cg_read(dir_fd, w->file, wanted, sizeof(wanted)) <= 1 || cg_read(dir_fd, file, given, sizeof(given)) < 0 ||
	    str_eq(wanted, given))
		return 0;
	given[strcspn(given, "\n")] = '\0';
	return err_set(e, EINVAL,
		       "of '%.128s' this cgroup can have only '%.128s' (%s): name what is online and not taken",
		       w->value, given, file);
}

int cg_check(const struct cg_write *w, int dir_fd, struct err *e)
{
	char text[64];
	uint64_t used, limit;
	const char *file = w->usage ? w->usage : w->file, *value = w->box ? w->box : w->value;

	if (!w->usage && !w->same)
		return 0;
	if (cg_read(dir_fd, file, text, sizeof(text)) < 0)
		return w->same ? err_errno(e, "read %s, which must hold %s", file, w->value) : 0;
	text[strcspn(text, "\n")] = '\0';
	if (w->same && !str_eq(text, w->value))
		return err_set(e, ENOTSUP,
			       "cgroup v2 has none for each cgroup: the host's is %s (%s), not %s; remove it or make "
			       "them the same",
			       text, w->file, w->value);
	if (w->usage && parse_u64(text, 10, &used) == 0 && parse_u64(value, 10, &limit) == 0 && used > limit)
		return err_set(e, EBUSY,
			       "%s is less than what is in use (%s: %s), and memory.checkBeforeUpdate forbids that",
			       value, w->usage, text);
	return 0;
}

/* What the kernel means, where its errno does not say it. */
static const char *hint(const char *file, int code)
{
	if (code == ENODEV && str_starts(file, "io."))
		return "; there is no such block device, or it is a partition";
	if (code == EOPNOTSUPP && str_eq(file, "io.weight"))
		return "; the device has neither the scheduler bfq nor a line in io.cost.qos";
	if (code == ENODEV && str_starts(file, "rdma."))
		return "; there is no such RDMA device";
	if (code == EINVAL && str_eq(file, "cpu.max"))
		return "; times are in microseconds, from 1000 on, and the quota must not be less than cpu.max.burst";
	if (code == EINVAL && str_eq(file, "cpu.max.burst"))
		return "; it must not be more than the quota in cpu.max";
	if (code == EINVAL && str_eq(file, "cpu.weight"))
		return "; a cgroup with cpu.idle takes none";
	return "";
}

int cg_write_one(const struct cg_write *w, const char *path, int dir_fd, struct err *e)
{
	const char *file = w->file, *value = w->value, *asked = w->box ? w->box : w->value;
	int r;

	if (w->same)
		return 0;
	r = file_write(dir_fd, file, value, NULL);
	/* A device without the scheduler of file: EOPNOTSUPP. */
	if ((r == -ENOENT || r == -EOPNOTSUPP) && w->or_file) {
		file = w->or_file;
		value = asked = w->or_value;
		r = file_write(dir_fd, file, value, NULL);
	}
	if (r == 0)
		return check_effective(w, dir_fd, e);
	if (r == -ENOENT && (w->optional || needs_no_swap_file(w)))
		return 0;
	if (r == -ENOENT && w->or_file)
		return err_set(e, ENOTSUP, "this kernel has neither %s nor %s in %s: load the module bfq, or remove it",
			       w->file, w->or_file, path);
	if (r == -ENOENT)
		return err_set(
		    e, ENOTSUP,
		    "this kernel has no %s in %s, to which '%.128s' would be written: no such file or directory", file,
		    path, asked);
	return err_set(e, -r, "the kernel refuses '%.128s' in %s/%s: %s (%s)%s", asked, path, file, strerror(-r),
		       errno_name(-r), hint(file, -r));
}

static bool counts_tasks(const struct cg_write *w, uint64_t *ret)
{
	return str_eq(w->file, "pids.max") && parse_u64(w->value, 10, ret) == 0;
}

int cg_limit(const struct cg_plan *p, struct cg_run *r, struct err *e)
{
	for (size_t i = 0; i < p->n_writes; i++) {
		struct cg_write w = p->writes[i];
		int n = cg_check(&w, r->dir_fd, e);
		const bool in_box = p->box && w.in_box;
		uint64_t tasks;
		char more[24];

		/* The holder of a scope is one of them until cg_release; the share of a helper has room for it. */
		if (r->holder > 0 && !w.box && counts_tasks(&w, &tasks)) {
			snprintf(more, sizeof(more), "%" PRIu64, tasks + 1);
			w.value = more;
		}
		if (n == 0)
			n = cg_write_one(&w, in_box ? p->box : p->path, in_box ? r->box_fd : r->dir_fd, e);
		if (n < 0)
			return err_ctx(e, "%s", w.field);
	}
	return 0;
}

/* The limit comes first: at no time may the container have one more than it says. */
int cg_release(const struct cg_plan *p, struct cg_run *r, struct err *e)
{
	int n = 0;

	/* systemd removes a scope, and all that was counted, when its last process ends: this one stays until cg_let_go. */
	if (p->count)
		return 0;
	for (size_t i = 0; n == 0 && i < p->n_writes; i++) {
		const struct cg_write *w = &p->writes[i];
		uint64_t tasks;

		if (counts_tasks(w, &tasks) && (n = cg_write_one(w, p->path, r->dir_fd, e)) < 0)
			err_ctx(e, "%s", w->field);
	}
	cg_unit_unhold(r);
	return n;
}

void cg_let_go(struct cg_run *r)
{
	cg_unit_unhold(r);
}

int cg_own(const struct cg_run *r, uint32_t uid, struct err *e)
{
	return cg_own_dir(r->box_fd >= 0 ? r->box_fd : r->dir_fd, uid, e);
}
