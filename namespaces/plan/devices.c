/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "namespaces/internal.h"

#define DEFAULT_MODE 0666

/* config-linux.md, Default Devices; ptmx is a link, console comes with the terminal. */
static const struct {
	const char *path;
	int major, minor;
} defaults[] = {
    {"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
    {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
};

/* A /dev that is bound from elsewhere has its devices, and they are not the container's to change. */
static bool dev_is_bound(const struct ns_plan *p)
{
	for (size_t i = 0; i < p->n_mounts; i++)
		if (p->mounts[i].kind == NS_MNT_BIND && str_eq(p->mounts[i].destination, "/dev"))
			return true;
	return false;
}

static int check_device(const struct spec_device *d, struct err *e)
{
	if (!d->path || d->path[0] != '/' || str_eq(d->path, "/")) {
		err_set(e, EINVAL, "must be absolute");
		return err_ctx(e, "path");
	}
	if (!strchr("cbp", d->type))
		return err_set(e, EINVAL, "type '%c' is none of c, b, u, p", d->type);
	if (d->type != 'p' && (d->major < 0 || d->minor < 0 || d->major >= 1 << 12 || d->minor >= 1 << 20))
		return err_set(e, EINVAL, "device %lld:%lld is out of the kernel's range (4095:1048575)",
			       (long long)d->major, (long long)d->minor);
	if (d->file_mode.set && d->file_mode.v & ~07777ULL & ~0170000ULL) {
		err_set(e, EINVAL, "0%llo is no file mode (the property is decimal in JSON)",
			(unsigned long long)d->file_mode.v);
		return err_ctx(e, "fileMode");
	}
	return 0;
}

int plan_devices(const struct spec_config *c, struct arena *a, struct ns_plan *p, struct err *e)
{
	const struct spec_linux *l = &c->linux_;
	struct spec_device *d = arena_alloc(a, (ARRAY_LEN(defaults) + l->n_devices + 1) * sizeof(*d));
	size_t n = 0;

	if (!d)
		return err_set(e, ENOMEM, "out of memory");
	p->bind_devices = p->rootless;
	p->devices = d;
	for (size_t i = 0; i < l->n_devices; i++)
		if (check_device(&l->devices[i], e) < 0)
			return err_ctx(e, "linux.devices[%zu]", i);
	p->keep_dev = dev_is_bound(p);
	if (p->keep_dev)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
		d[n++] = (struct spec_device){.path = (char *)(uintptr_t)defaults[i].path,
					      .type = 'c',
					      .major = defaults[i].major,
					      .minor = defaults[i].minor,
					      .file_mode = {true, DEFAULT_MODE}};
	for (size_t i = 0; i < l->n_devices; i++) {
		struct spec_device one = l->devices[i];
		size_t k = 0;

		one.path = path_clean(a, one.path);
		if (!one.path)
			return err_set(e, ENOMEM, "out of memory");
		if (!one.file_mode.set)
			one.file_mode = (struct opt_u64){true, DEFAULT_MODE};
		one.file_mode.v &= 07777;
		if (str_eq(one.path, "/dev/ptmx")) /* always the link to the container's own devpts */
			continue;
		while (k < n && !str_eq(d[k].path, one.path))
			k++;
		d[k] = one;
		n += k == n;
	}
	p->n_devices = n;
	return 0;
}
