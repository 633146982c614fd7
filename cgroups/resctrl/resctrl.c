/* SPDX-License-Identifier: Apache-2.0 */
/* Intel RDT by resctrl: config-linux.md, IntelRdt; the kernel's Documentation/filesystems/resctrl.rst. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "cgroups/tree.h"

#define MOUNT      "/sys/fs/resctrl"
#define SCHEMA_MAX (1u << 20)

/* Directories that the kernel itself has in a group. */
static const char *const taken[] = {"info", "mon_groups", "mon_data"};

int cg_rdt_probe(const struct spec_linux *l, const char *id, struct arena *a, struct cg_rdt_facts *ret, struct err *e)
{
	const char *name = l->intel_rdt.clos_id ? l->intel_rdt.clos_id : id;
	const char *path;
	struct statfs fs;
	int r;

	*ret = (struct cg_rdt_facts){.mount = NULL};
	if (!l->intel_rdt.set)
		return 0;
	if (statfs(MOUNT, &fs) == 0 && fs.f_type == RDTGROUP_SUPER_MAGIC)
		ret->mount = MOUNT;
	else if ((r = cg_find_mount("resctrl", a, &ret->mount, e)) < 0)
		return r;
	if (!ret->mount)
		return 0;
	path = arena_printf(a, "%s/%s", ret->mount, name);
	if (!path)
		return err_set(e, ENOMEM, "out of memory");
	ret->exists = access(path, F_OK) == 0;
	return 0;
}

static char *join_lines(const struct strv *lines, struct arena *a)
{
	AUTO_BUF b = {0};

	for (size_t i = 0; i < lines->n; i++)
		buf_printf(&b, "%s\n", lines->v[i]);
	return b.failed ? NULL : arena_strdup(a, b.data);
}

static int plan_schemata(const struct spec_linux *l, struct arena *a, struct cg_rdt_plan *ret, struct err *e)
{
	if (l->intel_rdt.l3_cache_schema)
		ret->lines[ret->n_lines++] = arena_printf(a, "%s\n", l->intel_rdt.l3_cache_schema);
	if (l->intel_rdt.mem_bw_schema)
		ret->lines[ret->n_lines++] = arena_printf(a, "%s\n", l->intel_rdt.mem_bw_schema);
	ret->n_compared = ret->n_lines;
	if (l->intel_rdt.schemata.n)
		ret->lines[ret->n_lines++] = join_lines(&l->intel_rdt.schemata, a);
	for (size_t i = 0; i < ret->n_lines; i++)
		if (!ret->lines[i])
			return err_set(e, ENOMEM, "out of memory");
	return 0;
}

int cg_rdt_plan(const struct spec_linux *l, const struct cg_rdt_facts *f, const char *id, struct arena *a,
		struct cg_rdt_plan *ret, struct err *e)
{
	const char *clos = l->intel_rdt.clos_id, *name = clos ? clos : id;
	int r;

	*ret = (struct cg_rdt_plan){.path = NULL};
	if (!l->intel_rdt.set)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		if (str_eq(name, taken[i]))
			return err_set(e, EINVAL, "linux.intelRdt.closID: '%s' is a directory of the kernel's own",
				       name);
	if (!f->mount)
		return err_set(e, ENOTSUP,
			       "linux.intelRdt: no resctrl file system is mounted; remove it, or on a processor with "
			       "RDT: mount -t resctrl resctrl " MOUNT);
	r = plan_schemata(l, a, ret, e);
	if (r < 0)
		return err_ctx(e, "linux.intelRdt");
	if (clos && !f->exists && !ret->n_lines)
		return err_set(e, ENOENT,
			       "linux.intelRdt.closID: there is no '%s/%s', and without a schema none is made",
			       f->mount, clos);
	ret->path = str_eq(name, "/") ? f->mount : arena_printf(a, "%s/%s", f->mount, name);
	ret->mount = f->mount;
	ret->make = !f->exists;
	ret->compare = clos && f->exists;
	ret->remove = !clos && !f->exists;
	if (ret->path && l->intel_rdt.enable_monitoring)
		ret->monitor = arena_printf(a, "%s/mon_groups/%s", ret->path, id);
	if (!ret->path || (l->intel_rdt.enable_monitoring && !ret->monitor))
		return err_set(e, ENOMEM, "out of memory");
	return 0;
}

void cg_rdt_plan_print(const struct cg_rdt_plan *p, struct jsonw *w, const char *key)
{
	jw_object(w, key);
	jw_str(w, "path", p->path);
	jw_bool(w, "make", p->make);
	jw_bool(w, "remove", p->remove);
	jw_array(w, "schemata");
	for (size_t i = 0; i < p->n_lines; i++)
		jw_str(w, NULL, p->lines[i]);
	jw_array_end(w);
	jw_str(w, "monitor", p->monitor);
	jw_object_end(w);
}

/* The last failure in the kernel's words, from the root of resctrl, which is path or above; "" when it has none. */
static const char *kernel_says(const char *path, char *buf, size_t size)
{
	char dir[PATH_MAX], file[PATH_MAX + 32], *slash = NULL;

	snprintf(dir, sizeof(dir), "%s", path);
	do {
		ssize_t n;

		if (slash)
			*slash = '\0';
		snprintf(file, sizeof(file), "%s/info/last_cmd_status", dir);
		n = cg_read(AT_FDCWD, file, buf + 2, size - 2);
		if (n < 0)
			continue;
		memcpy(buf, "; ", 2);
		buf[2 + strcspn(buf + 2, "\n")] = '\0';
		return str_eq(buf + 2, "ok") || !buf[2] ? "" : buf;
	} while ((slash = strrchr(dir, '/')));
	return "";
}

static int make_group(const char *path, const char *field, struct err *e)
{
	char status[256];
	int code;

	if (mkdir(path, 0755) == 0)
		return 0;
	code = errno;
	err_set(e, code, "make '%s': %s (%s)%s%s", path, strerror(code), errno_name(code),
		code == ENOSPC ? "; the processor has no more of them" : "", kernel_says(path, status, sizeof(status)));
	return err_ctx(e, "linux.intelRdt%s", field);
}

static int write_schemata(const char *path, const char *lines, struct err *e)
{
	char file[PATH_MAX], status[256];
	int r;

	snprintf(file, sizeof(file), "%s/schemata", path);
	r = file_write(AT_FDCWD, file, lines, NULL);
	if (r == 0)
		return 0;
	return err_set(e, -r, "the kernel refuses '%.*s' in %s: %s (%s)%s", (int)strcspn(lines, "\n"), lines, file,
		       strerror(-r), errno_name(-r), kernel_says(path, status, sizeof(status)));
}

/* The line of a resource ("L3:…") in a schemata file, after its colon; NULL: none. */
static const char *line_of(const char *text, const char *resource, size_t len)
{
	for (const char *p = text; p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
		p += strspn(p, " \t");
		if (strncmp(p, resource, len) == 0)
			return p + len;
	}
	return NULL;
}

/* Two values, "0f" and "F", up to the end of their domain. */
static bool same_value(const char *a, const char *b)
{
	a += strspn(a, " 0");
	b += strspn(b, " 0");
	while (isxdigit((unsigned char)*a) && tolower((unsigned char)*a) == tolower((unsigned char)*b)) {
		a++;
		b++;
	}
	return !isxdigit((unsigned char)*a) && !isxdigit((unsigned char)*b);
}

/* Whether each domain that wanted names ("L3:0=f;1=ff") has its value in the text of a schemata file. */
static bool has_schema(const char *text, const char *wanted)
{
	const size_t len = strcspn(wanted, ":") + 1;
	const char *line = wanted[len - 1] ? line_of(text, wanted, len) : NULL;

	for (const char *p = wanted + len; line && *p && *p != '\n'; p += *p == ';') {
		const size_t key = strcspn(p, "=;\n") + 1; /* with its '=' */
		const char *q = line;

		while (q && (strncmp(q, p, key) != 0 || p[key - 1] != '=')) {
			q += strcspn(q, ";\n");
			q = *q == ';' ? q + 1 : NULL;
		}
		if (!q || !same_value(p + key, q + key))
			return false;
		p += strcspn(p, ";\n");
	}
	return line != NULL;
}

/* A class that was there before belongs to others, too: it must be as the container wants it. */
static int compare(const struct cg_rdt_plan *p, struct err *e)
{
	AUTO_FREE char *text = NULL;
	char file[PATH_MAX];
	int r;

	if (!p->n_compared)
		return 0;
	snprintf(file, sizeof(file), "%s/schemata", p->path);
	r = file_read(AT_FDCWD, file, SCHEMA_MAX, &text, NULL, e);
	for (size_t i = 0; r >= 0 && i < p->n_compared; i++)
		if (!has_schema(text, p->lines[i]))
			r = err_set(e, EEXIST, "the class %s is there already, and its schemata do not say '%.*s'",
				    p->path, (int)strcspn(p->lines[i], "\n"), p->lines[i]);
	return r < 0 ? err_ctx(e, "linux.intelRdt.closID") : 0;
}

/* Makes the class, or finds it as it must be. *ret_from: the first line that is still to be written. */
static int get_class(const struct cg_rdt_plan *p, struct cg_rdt_run *r, size_t *ret_from, struct err *e)
{
	/* Another container of the same class may have been quicker than this one since the plan. */
	bool shared = p->compare || (p->make && !p->remove && access(p->path, F_OK) == 0);
	int n = 0;

	*ret_from = shared ? p->n_compared : 0;
	if (shared)
		return compare(p, e);
	if (p->make) {
		n = make_group(p->path, ".closID", e);
		r->made = n == 0;
	}
	return n;
}

int cg_rdt_create(const struct cg_rdt_plan *p, struct cg_rdt_run *r, struct err *e)
{
	/* resctrl.rst, "Locking applications": who changes something holds the lock of its root. */
	AUTO_CLOSE int lock = open(p->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t from;
	int n;

	*r = (struct cg_rdt_run){false};
	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return err_errno(e, "linux.intelRdt: lock '%s'", p->mount);
	n = get_class(p, r, &from, e);
	for (size_t i = from; n == 0 && i < p->n_lines; i++)
		if ((n = write_schemata(p->path, p->lines[i], e)) < 0)
			err_ctx(e, "linux.intelRdt");
	if (n == 0 && p->monitor) {
		n = make_group(p->monitor, ".enableMonitoring", e);
		r->monitored = n == 0;
	}
	if (n < 0)
		cg_rdt_unmake(p, r);
	return n;
}

void cg_rdt_unmake(const struct cg_rdt_plan *p, struct cg_rdt_run *r)
{
	(void)cg_rdt_remove(r->made ? p->path : NULL, r->monitored ? p->monitor : NULL, NULL);
	*r = (struct cg_rdt_run){false};
}

int cg_rdt_enter(const char *path, const char *monitor, pid_t pid, struct err *e)
{
	/* The class first: a monitoring group takes only what is in its class. */
	const char *const groups[] = {path, monitor};
	char file[PATH_MAX], text[16], status[256];

	snprintf(text, sizeof(text), "%d", (int)pid);
	for (size_t i = 0; i < ARRAY_LEN(groups) && groups[i]; i++) {
		int r;

		snprintf(file, sizeof(file), "%s/tasks", groups[i]);
		r = file_write(AT_FDCWD, file, text, NULL);
		if (r < 0)
			return err_set(e, -r, "linux.intelRdt: write '%s' to '%s': %s (%s)%s", text, file, strerror(-r),
				       errno_name(-r), kernel_says(groups[i], status, sizeof(status)));
	}
	return 0;
}

int cg_rdt_update(const char *path, const char *l3_cache_schema, const char *mem_bw_schema, struct err *e)
{
	const char *const schemas[] = {l3_cache_schema, mem_bw_schema};
	AUTO_FREE char *before = NULL;
	char file[PATH_MAX];
	int r = 0;

	if (!path)
		return err_set(e, ENOTSUP,
			       "the container was made without linux.intelRdt: its processes are in the default class");
	snprintf(file, sizeof(file), "%s/schemata", path);
	if ((r = file_read(AT_FDCWD, file, SCHEMA_MAX, &before, NULL, e)) < 0)
		return r;
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(schemas); i++) {
		AUTO_BUF line = {0};

		if (!schemas[i])
			continue;
		buf_printf(&line, "%s\n", schemas[i]);
		r = line.failed ? err_set(e, ENOMEM, "out of memory") : write_schemata(path, line.data, e);
	}
	if (r < 0)
		(void)file_write(AT_FDCWD, file, before, NULL);
	return r;
}

int cg_rdt_remove(const char *path, const char *monitor, struct err *e)
{
	/* What was in them is in the groups above then (resctrl.rst). */
	const char *const groups[] = {monitor, path};

	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (groups[i] && rmdir(groups[i]) < 0 && errno != ENOENT)
			return err_errno(e, "remove the resctrl group '%s'", groups[i]);
	return 0;
}
