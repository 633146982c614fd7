/* SPDX-License-Identifier: Apache-2.0 */
/* New limits for a container that lives: all of them, or none. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/limits/limits.h"
#include "cgroups/limits/split.h"
#include "cgroups/programs/devices.h"
#include "cgroups/systemd/unit.h"
#include "cgroups/tree.h"

/* What a file held before it was written; key: the device that the write was for, or "". */
struct saved {
	int dir_fd;
	const char *file, *key;
	char *text;
};

/* What a line for a device becomes that had none. */
static const struct {
	const char *file, *value;
} unset[] = {
    {"io.max", "rbps=max wbps=max riops=max wiops=max"},
    {"io.weight", "default"},
    {"io.bfq.weight", "default"},
};

static void save(int dir_fd, const char *file, const char *value, struct arena *a, struct saved *list, size_t *n)
{
	AUTO_FREE char *text = NULL;
	struct saved *s = &list[*n];

	/* What cannot be read (memory.reclaim, say) is no setting that could be put back. */
	if (!file || file_read(dir_fd, file, 1u << 20, &text, NULL, NULL) < 0)
		return;
	s->dir_fd = dir_fd;
	s->file = file;
	s->text = arena_strdup(a, *text ? text : "\n");
	s->key = strchr(value, ' ') ? arena_strndup(a, value, strcspn(value, " ")) : "";
	if (s->text && s->key)
		++*n;
}

static bool has_line(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = text; p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		if (strncmp(p, key, len) == 0 && p[len] == ' ')
			return true;
	return false;
}

static void restore(const struct saved *s)
{
	char value[128], *rest = s->text, *line;
	const int dir_fd = s->dir_fd;

	for (size_t i = 0; i < ARRAY_LEN(unset); i++) {
		if (!str_eq(s->file, unset[i].file) || !*s->key || has_line(s->text, s->key))
			continue;
		snprintf(value, sizeof(value), "%s %s", s->key, unset[i].value);
		(void)file_write(dir_fd, s->file, value, NULL);
	}
	if (str_eq(s->text, "\n")) /* an empty list */
		(void)file_write(dir_fd, s->file, "\n", NULL);
	else
		while ((line = str_field(&rest, "\n")))
			if (*line)
				(void)file_write(dir_fd, s->file, line, NULL);
}

/* "max" is -1. */
static int64_t number(const char *text)
{
	int64_t v;

	return parse_i64(text, 10, &v) == 0 ? v : -1;
}

/* What is of two properties and given as one of them takes the other from the living cgroup. */
static void complete(struct spec_resources *r, bool divided, int dir_fd)
{
	char text[64], buf[CG_VALUE_MAX];

	if (r->memory.swap.set && r->memory.swap.v > 0 && !(r->memory.limit.set && r->memory.limit.v) &&
	    cg_read(dir_fd, "memory.max", text, sizeof(text)) > 0) {
		text[strcspn(text, "\n")] = '\0';
		r->memory.limit =
		    (struct opt_i64){true, number(divided ? cg_without_share("memory.max", text, buf) : text)};
	}
	if ((r->cpu.quota.set || r->cpu.period.set) && cg_read(dir_fd, "cpu.max", text, sizeof(text)) > 0) {
		char *rest = divided ? (char *)cg_without_share("cpu.max", text, buf) : text,
		     *quota = str_field(&rest, " \n"), *period = str_field(&rest, " \n");

		if (!(r->cpu.quota.set && r->cpu.quota.v) && r->cpu.period.set && r->cpu.period.v)
			r->cpu.quota = (struct opt_i64){true, number(quota)};
		if (!(r->cpu.period.set && r->cpu.period.v) && period)
			r->cpu.period = (struct opt_u64){r->cpu.quota.v != 0, (uint64_t)number(period)};
	}
}

/* The kernel keeps the burst within the quota at each write: a quota below the present burst comes after the new one. */
static void order(struct cg_plan *p, int dir_fd)
{
	char text[32];

	for (size_t i = 0; i + 1 < p->n_writes; i++) {
		struct cg_write *quota = &p->writes[i], *burst = quota + 1, swap = *quota;

		if (!str_eq(quota->file, "cpu.max") || !str_eq(burst->file, "cpu.max.burst") ||
		    cg_read(dir_fd, burst->file, text, sizeof(text)) <= 0 ||
		    strtoull(text, NULL, 10) <= strtoull(quota->value, NULL, 10) || str_starts(quota->value, "max"))
			continue;
		*quota = *burst;
		*burst = swap;
	}
}

/* Its files appear with the controllers of those above. */
static int enable_down(const struct cg_plan *p, struct err *e)
{
	AUTO_CLOSE int fd = cg_descend(p, NULL, e);

	if (fd == -EAGAIN)
		return err_set(e, ENOENT, "there is no cgroup '%s' any more", p->path);
	return fd < 0 ? fd : 0;
}

/* The workload's memory before that of all: less of the latter must not make the kernel look for somebody to kill who may be
 * the helper. Where the box has the limit; else, and whatever else there is, cg_hand_down() brings it. */
static void write_box_first(const struct cg_write *w, int box_fd)
{
	if (box_fd >= 0 && w->box && str_eq(w->file, "memory.max"))
		(void)file_write(box_fd, w->file, w->box, NULL);
}

/* box_fd: -1, when the cgroup is not divided. */
static int write_all(const struct cg_plan *p, int dir_fd, int box_fd, struct arena *a, struct saved *saved,
		     size_t *n_saved, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n_writes; i++) {
		const struct cg_write *w = &p->writes[i];
		const bool in_box = w->usage && box_fd >= 0 && file_is_there(box_fd, w->usage);

		r = cg_check(w, in_box ? box_fd : dir_fd, e);
		if (r < 0)
			err_ctx(e, "%s", w->field);
	}
	for (size_t i = 0; r == 0 && i < p->n_writes; i++) {
		const struct cg_write *w = &p->writes[i];
		const bool in_box = box_fd >= 0 && w->in_box;
		const int to = in_box ? box_fd : dir_fd;

		if (w->same)
			continue;
		save(to, w->file, w->value, a, saved, n_saved);
		save(to, w->or_file, w->value, a, saved, n_saved);
		write_box_first(w, box_fd);
		r = cg_write_one(w, in_box ? p->box : p->path, to, e);
		if (r < 0)
			err_ctx(e, "%s", w->field);
	}
	return r == 0 && p->n_writes && p->box ? cg_hand_down(p->path, p->box, e) : r;
}

/* Also what had come to the box: it has what the cgroup around it has. */
static void put_back(const struct cg_plan *p, const struct saved *saved, size_t n)
{
	while (n)
		restore(&saved[--n]);
	if (p->box)
		(void)cg_hand_down(p->path, p->box, NULL);
}

int cg_update(const struct spec_resources *r, const struct cg_facts *f, const char *path, const char *box,
	      const struct cg_unit *unit, struct arena *a, struct err *e)
{
	struct cg_plan p = {.manager = CG_CGROUPFS, .path = path, .box = box, .mount = f->mount};
	struct spec_resources whole = *r;
	struct saved *saved;
	size_t n_saved = 0;
	AUTO_CLOSE int dir_fd = path ? cg_open(path, e) : -1, box_fd = -1;
	int n = 0;

	if (!path)
		return err_set(
		    e, ENOTSUP,
		    "the container has no cgroup in which limits could be set: it was made without (rootless, or "
		    "--cgroup-manager disabled)");
	if (dir_fd == -ENOENT)
		return err_set(e, ENOENT, "there is no cgroup '%s'", path);
	if (dir_fd < 0)
		return dir_fd;
	if (!f->mount || !path_is_below(path, f->mount))
		return err_set(e, EINVAL, "cgroup '%s' is not in the cgroup v2 tree of this host (%s)", path,
			       f->mount ? f->mount : "none is mounted");
	if (box && (box_fd = cg_open(box, e)) < 0)
		return box_fd == -ENOENT ? err_set(e, ENOENT, "there is no cgroup '%s'", box) : box_fd;
	complete(&whole, box, dir_fd);
	if ((n = cg_plan_limits(&whole, f, a, &p, e)) < 0 || (n = box ? cg_split_writes(&p, a, e) : 0) < 0 ||
	    (n = r->n_devices ? cg_plan_devices(&whole, f, false, a, &p, e) : 0) < 0)
		return n;
	saved = arena_alloc(a, 2 * (p.n_writes + 1) * sizeof(*saved));
	if (!saved)
		return err_set(e, ENOMEM, "out of memory");
	if (p.n_writes && (n = enable_down(&p, e)) < 0)
		return n;
	order(&p, dir_fd);
	n = write_all(&p, dir_fd, box_fd, a, saved, &n_saved, e);
	/* The kernel's word comes before systemd's, which knows less of what can be had. */
	if (n == 0 && unit->name)
		n = cg_unit_set(unit, &p, a, e);
	if (n == 0 && p.devices)
		n = cg_devices_attach(&p, dir_fd, true, e);
	if (n < 0)
		put_back(&p, saved, n_saved);
	return n;
}
