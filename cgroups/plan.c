/* SPDX-License-Identifier: Apache-2.0 */
/* From linux.cgroupsPath and linux.resources to what will be made and written. Pure: no system calls. */
#include <errno.h>
#include <string.h>

#include "cgroups/cgroups.h"
#include "cgroups/limits/limits.h"
#include "cgroups/programs/devices.h"
#include "cgroups/programs/network.h"
#include "cgroups/systemd/unit.h"

/* systemd's way to name a scope, "slice:prefix:name", is a name like others here, as in runc: kubelets send it. */
static int check_path(const char *path, struct err *e)
{
	bool named = false;

	for (const char *p = path; *p;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && p[0] == '.' && p[1] == '.')
			return err_set(e, EINVAL, "'%.100s': '..' is not allowed", path);
		if (len > 255)
			return err_set(e, EINVAL, "'%.100s…': a name is longer than 255 bytes", path);
		if (memchr(p, '\n', len))
			return err_set(e, EINVAL, "a cgroup's name cannot hold a line feed");
		if (len && !(len == 1 && p[0] == '.'))
			named = true;
		p += len + (p[len] == '/');
	}
	if (!named)
		return err_set(e, EINVAL, "'%s' is the root of the tree, in which a container cannot be", path);
	return 0;
}

static bool may_lack(const struct cg_facts *f)
{
	return f->rootless == CG_ROOTLESS_AUTO ? !f->privileged : f->rootless == CG_ROOTLESS_TRUE;
}

static int plan_path(const char *wanted, const struct cg_facts *f, const char *id, struct arena *a, struct cg_plan *p,
		     struct err *e)
{
	const char *below;

	if (wanted && check_path(wanted, e) < 0)
		return err_ctx(e, "linux.cgroupsPath");
	if (f->layout == CG_NONE) {
		if (!wanted && may_lack(f))
			return 0;
		/* A container of root without a cgroup could open every device. */
		return err_set(
		    e, ENOTSUP,
		    "no cgroup v2 tree is mounted: mount one at /sys/fs/cgroup, or say --cgroup-manager disabled "
		    "to do without cgroup, limits and device rules");
	}
	/* What lies below a given path may be delegated even where the mount is not. */
	if (!wanted && !f->writable && may_lack(f))
		return 0;
	below = wanted && wanted[0] == '/'
		    ? wanted
		    : arena_printf(a, "%s/jailrun/%s", f->base ? f->base : "", wanted ? wanted : id);
	below = below ? path_clean(a, below) : NULL;
	p->path = below ? arena_printf(a, "%s%s", f->mount, below) : NULL;
	p->mount = f->mount;
	return p->path ? 0 : err_set(e, ENOMEM, "out of memory");
}

int cg_plan_devices(const struct spec_resources *r, const struct cg_facts *f, bool userns, struct arena *a,
		    struct cg_plan *p, struct err *e)
{
	int n;

	if (p->manager == CG_DISABLED)
		p->no_devices = "cgroups are disabled";
	else if (!p->path)
		p->no_devices = "no cgroup is made";
	else if (!f->privileged && userns)
		p->no_devices = "the container is in a user namespace, where no device node can be made";
	else if (!f->privileged)
		p->no_devices = "only CAP_SYS_ADMIN of the first user namespace can attach a program; without it no "
				"device node can be made either";
	/* Rules that make no sense are an error also where they go unused. */
	n = cg_device_program(r->devices, r->n_devices, a, &p->program, e);
	if (n < 0)
		return n;
	if (p->no_devices) {
		p->program = NULL;
		return 0;
	}
	p->devices = true;
	p->n_program = (size_t)n;
	return cg_device_rules_text(r->devices, r->n_devices, a, &p->device_rules, e);
}

int cg_plan(const struct spec_config *c, const struct cg_facts *f, enum cg_manager manager, const char *id, bool userns,
	    struct arena *a, struct cg_plan *ret, struct err *e)
{
	const char *wanted = c->linux_.cgroups_path;
	int r = 0;

	*ret = (struct cg_plan){.manager = manager, .count = f->count, .count_all = manager == CG_CGROUPFS};
	wanted = wanted && *wanted ? wanted : NULL;
	if (manager == CG_SYSTEMD && cg_plan_unit(wanted, f, id, a, ret, e) < 0)
		return wanted ? err_ctx(e, "linux.cgroupsPath") : -e->code;
	if (manager == CG_CGROUPFS)
		r = plan_path(wanted, f, id, a, ret, e);
	if (r == 0)
		r = cg_plan_limits(&c->linux_.resources, f, a, ret, e);
	if (r == 0 && manager == CG_SYSTEMD)
		r = cg_plan_properties(&c->annotations, id, a, ret, e);
	if (r == 0)
		r = cg_plan_devices(&c->linux_.resources, f, userns, a, ret, e);
	return r;
}

static void print_write(const struct cg_write *c, struct jsonw *w)
{
	jw_object(w, NULL);
	jw_str(w, c->same ? "compared" : "file", c->file);
	jw_str(w, "value", c->value);
	if (c->box)
		jw_str(w, "box", c->box);
	if (c->in_box)
		jw_bool(w, "inBox", true);
	if (c->or_file) {
		jw_str(w, "orFile", c->or_file);
		jw_str(w, "orValue", c->or_value);
	}
	if (c->usage)
		jw_str(w, "notBelow", c->usage);
	if (c->optional)
		jw_bool(w, "optional", true);
	jw_str(w, "field", c->field);
	jw_object_end(w);
}

static void print_unit(const struct cg_plan *p, struct jsonw *w)
{
	struct cg_property *list;
	struct arena a = {0};
	const int n = cg_properties_of(p, true, &a, &list, NULL);

	jw_object(w, "unit");
	jw_str(w, "name", p->unit.name);
	jw_str(w, "slice", p->slice);
	jw_str(w, "of", p->unit.user ? "user" : "system");
	jw_array(w, "properties");
	for (int i = 0; i < n; i++)
		cg_property_print(&list[i], w);
	jw_array_end(w);
	jw_object_end(w);
	arena_free(&a);
}

const char *cg_manager_name(enum cg_manager manager)
{
	static const char *const names[] = {
	    [CG_CGROUPFS] = "cgroupfs", [CG_SYSTEMD] = "systemd", [CG_DISABLED] = "disabled"};

	return names[manager];
}

void cg_plan_print(const struct cg_plan *p, struct jsonw *w, const char *key)
{
	jw_object(w, key);
	jw_str(w, "manager", cg_manager_name(p->manager));
	jw_str(w, "path", p->path);
	if (p->box)
		jw_str(w, "box", p->box);
	if (p->unit.name)
		print_unit(p, w);
	jw_array(w, "writes");
	for (size_t i = 0; i < p->n_writes; i++)
		print_write(&p->writes[i], w);
	jw_array_end(w);
	jw_object(w, "devices");
	jw_bool(w, "program", p->devices);
	if (p->devices) {
		jw_uint(w, "instructions", p->n_program);
		jw_strv(w, "rules", &p->device_rules);
	} else {
		jw_str(w, "why", p->no_devices);
	}
	jw_object_end(w);
	cg_network_print(p, w);
	jw_object_end(w);
}
