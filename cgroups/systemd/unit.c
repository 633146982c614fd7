/* SPDX-License-Identifier: Apache-2.0 */
/* From linux.cgroupsPath to the unit that systemd starts, and to the cgroup that it will have. Pure: no system calls. */
#include "cgroups/systemd/unit.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define NAME_SIZE 256 /* systemd's UNIT_NAME_MAX, and the kernel's NAME_MAX + 1 */
#define FORM      "slice:prefix:name"

static int bad_form(const char *path, const char *why, struct err *e)
{
	return err_set(e, EINVAL,
		       "expected cgroupsPath to be of format \"" FORM
		       "\" for systemd cgroups, got \"%.128s\" instead%s; "
		       "each of the three may be empty, or the whole be left out",
		       path, why);
}

static bool has_suffix(const char *s, const char *suffix)
{
	const size_t len = strlen(s), n = strlen(suffix);

	return len > n && str_eq(s + len - n, suffix);
}

/* systemd.slice(5): the name says where a slice is, "a-b.slice" is in "a.slice". *ret: the path below the manager's cgroup, ""
 * for the root slice. */
static int expand_slice(const char *slice, struct arena *a, const char **ret, struct err *e)
{
	AUTO_BUF path = {0};
	size_t len;

	*ret = "";
	if (str_eq(slice, "-") || str_eq(slice, "-.slice"))
		return 0;
	if (!has_suffix(slice, ".slice") || strchr(slice, '/') || strlen(slice) >= NAME_SIZE)
		return err_set(e, EINVAL, "'%.128s' is no name of a slice, as in system.slice or a-b.slice", slice);
	len = strlen(slice) - strlen(".slice");
	if (slice[0] == '-' || slice[len - 1] == '-' || memmem(slice, len, "--", 2))
		return err_set(
		    e, EINVAL,
		    "'%.128s' is no name of a slice: each \"-\" goes one slice down, and there is one without "
		    "a name in it",
		    slice);
	for (size_t i = 1; i <= len; i++)
		if (slice[i] == '-' || i == len)
			buf_printf(&path, "/%.*s.slice", (int)i, slice);
	*ret = path.failed ? NULL : arena_strdup(a, path.data);
	return *ret ? 0 : err_set(e, ENOMEM, "out of memory");
}

/* Container IDs may have a "+", names of units may not: it is escaped as systemd-escape(1) does. */
static int unit_name(const char *prefix, const char *name, struct arena *a, const char **ret, struct err *e)
{
	AUTO_BUF unit = {0};
	const char *whole = arena_printf(a, "%s-%s", prefix, name);

	for (const char *p = whole; p && *p; p++) {
		if (*p == '/')
			return err_set(e, EINVAL, "'%.128s': a unit's name cannot have a \"/\"", whole);
		if (isalnum((unsigned char)*p) || strchr(":-_.\\@", *p))
			buf_add(&unit, p, 1);
		else
			buf_printf(&unit, "\\x%02x", (unsigned char)*p);
	}
	buf_str(&unit, ".scope");
	if (unit.len >= NAME_SIZE)
		return err_set(e, EINVAL, "'%.64s…': a unit's name is at most %d bytes long", whole, NAME_SIZE - 1);
	*ret = whole && !unit.failed ? arena_strdup(a, unit.data) : NULL;
	return *ret ? 0 : err_set(e, ENOMEM, "out of memory");
}

/* Where a name ends in ".slice" it is the unit's, as from runc; a slice is in the one that its name says. */
static int slice_name(const char *name, const char *slice, const char *below, struct arena *a, const char **ret,
		      struct err *e)
{
	const char *own, *last;
	int r = expand_slice(name, a, &own, e);

	if (r < 0)
		return r;
	last = strrchr(own, '/');
	if (!last || strlen(below) != (size_t)(last - own) || strncmp(own, below, strlen(below)) != 0)
		return err_set(e, EINVAL, "the slice '%.100s' cannot be in '%.100s': its name says where it is", name,
			       slice);
	*ret = name;
	return 0;
}

bool cg_is_scope(const struct cg_unit *unit)
{
	return has_suffix(unit->name, ".scope");
}

int cg_plan_unit(const char *wanted, const struct cg_facts *f, const char *id, struct arena *a, struct cg_plan *p,
		 struct err *e)
{
	char *rest = arena_strdup(a, wanted ? wanted : "::"), *parts[4] = {0};
	const char *below;
	size_t n = 0;
	int r;

	if (!rest)
		return err_set(e, ENOMEM, "out of memory");
	while (n < ARRAY_LEN(parts) && (parts[n] = str_field(&rest, ":")))
		n++;
	if (wanted && (n != 3 || strchr(wanted, '/')))
		return bad_form(wanted, strchr(wanted, '/') ? " (that is a path, for the cgroupfs manager)" : "", e);
	p->slice = n > 0 && *parts[0] ? parts[0] : f->user ? "user.slice" : "system.slice";
	r = expand_slice(p->slice, a, &below, e);
	if (r == 0 && n == 3 && has_suffix(parts[2], ".slice"))
		r = slice_name(parts[2], p->slice, below, a, &p->unit.name, e);
	else if (r == 0)
		r = unit_name(n > 1 && *parts[1] ? parts[1] : "jailrun", n > 2 && *parts[2] ? parts[2] : id, a,
			      &p->unit.name, e);
	if (r < 0)
		return r;
	if (f->layout == CG_NONE)
		return err_set(e, ENOTSUP, "no cgroup v2 tree is mounted: mount one at /sys/fs/cgroup");
	p->unit.user = f->user;
	p->mount = f->mount;
	p->path = arena_printf(a, "%s%s%s/%s", f->mount, f->units ? f->units : "", below, p->unit.name);
	return p->path ? 0 : err_set(e, ENOMEM, "out of memory");
}
