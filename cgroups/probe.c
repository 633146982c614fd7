/* SPDX-License-Identifier: Apache-2.0 */
/* What this host offers: where the v2 tree is, what is in it, what this caller may do. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "cgroups/tree.h"

/* The first user namespace's inode number is fixed: PROC_USER_INIT_INO of include/linux/proc_ns.h. */
#define USER_NS_INIT_INO 0xEFFFFFFDu

static bool is_cgroup2(const char *path)
{
	struct statfs s;

	return statfs(path, &s) == 0 && s.f_type == CGROUP2_SUPER_MAGIC;
}

/* proc(5), mountinfo: the fifth field is where it is mounted, the file system's type comes after " - ". */
int cg_find_mount(const char *type, struct arena *a, const char **ret, struct err *e)
{
	AUTO_FREE char *text = NULL;
	char *rest, *line, mark[32];
	int r = file_read(AT_FDCWD, "/proc/self/mountinfo", 16u << 20, &text, NULL, e);

	if (r < 0)
		return r;
	snprintf(mark, sizeof(mark), " - %s ", type);
	rest = text;
	while ((line = str_field(&rest, "\n"))) {
		char *where = line;

		if (!strstr(line, mark))
			continue;
		for (int i = 0; i < 4 && where; i++)
			where = strchr(where, ' ') ? strchr(where, ' ') + 1 : NULL;
		/* A blank in the path is written \040: such a mount is left alone. */
		if (!where || memchr(where, '\\', strcspn(where, " ")))
			continue;
		*ret = arena_strndup(a, where, strcspn(where, " "));
		return *ret ? 0 : err_set(e, ENOMEM, "out of memory");
	}
	return 0;
}

int cg_of_process(const char *who, struct arena *a, const char **ret, struct err *e)
{
	AUTO_FREE char *text = NULL;
	char path[64], *rest, *line;
	int r;

	snprintf(path, sizeof(path), "/proc/%s/cgroup", who);
	r = file_read(AT_FDCWD, path, 1u << 20, &text, NULL, e);
	if (r < 0)
		return r;
	rest = text;
	while ((line = str_field(&rest, "\n")))
		if (str_starts(line, "0::")) {
			*ret = arena_strdup(a, line + 3);
			return *ret ? 0 : err_set(e, ENOMEM, "out of memory");
		}
	*ret = "/";
	return 0;
}

/* With the effective ids, for which libc asks faccessat2(2), which a filter around jailrun may refuse: not without need. */
static bool writable(const char *path)
{
	const bool same = getuid() == geteuid() && getgid() == getegid();

	return (same ? access(path, W_OK) : faccessat(AT_FDCWD, path, W_OK, AT_EACCESS)) == 0;
}

static bool may_write(const char *dir, const char *file)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s", dir, file) < (int)sizeof(path) && writable(path);
}

/* cgroups(7), Delegation Containment: a process is moved by one who may write to the cgroup.procs of where it goes, and of
 * the place above both. */
static int find_base(struct arena *a, struct cg_facts *f, struct err *e)
{
	char *dir = arena_printf(a, "%s%s", f->mount, f->self);
	const size_t top = strlen(f->mount);

	if (!dir)
		return err_set(e, ENOMEM, "out of memory");
	/* Outside of what a cgroup namespace shows, or at the top. */
	if (strstr(f->self, "/..") || str_eq(f->self, "/") || !may_write(dir, ".") || !may_write(dir, "cgroup.procs"))
		return 0;
	f->writable = true;
	f->base = dir + top;
	dir = arena_strndup(a, dir, (size_t)(strrchr(dir, '/') - dir));
	if (!dir)
		return err_set(e, ENOMEM, "out of memory");
	if (strlen(dir) > top && may_write(dir, ".") && may_write(dir, "cgroup.procs"))
		f->base = dir + top;
	return 0;
}

static int read_controllers(struct arena *a, const char *mount, const char *below, struct strv *ret, struct err *e)
{
	AUTO_FREE char *text = NULL;
	char path[PATH_MAX], *rest, *word;
	size_t max = 1;
	int r;

	snprintf(path, sizeof(path), "%s%s/cgroup.controllers", mount, below);
	r = file_read(AT_FDCWD, path, 4096, &text, NULL, e);
	if (r < 0)
		return r;
	for (const char *p = text; *p; p++)
		max += *p == ' ';
	ret->v = arena_alloc(a, (max + 1) * sizeof(*ret->v));
	rest = arena_strdup(a, text);
	if (!ret->v || !rest)
		return err_set(e, ENOMEM, "out of memory");
	while ((word = str_field(&rest, " \n")))
		if (*word && ret->n < max)
			ret->v[ret->n++] = word;
	return 0;
}

static bool in_first_userns(void)
{
	struct stat st;

	return stat("/proc/self/ns/user", &st) == 0 && st.st_ino == USER_NS_INIT_INO;
}

/* A program of type CGROUP_DEVICE wants CAP_SYS_ADMIN (or CAP_BPF with CAP_NET_ADMIN) in the first user namespace. */
static bool is_privileged(void)
{
	struct __user_cap_header_struct h = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &h, d) < 0 || !(d[0].effective & (1u << CAP_SYS_ADMIN)))
		return false;
	return in_first_userns();
}

/* The host's id of this user, by the first line of the map that says it: another user namespace is one step away. */
static uid_t user_outside(void)
{
	AUTO_FREE char *map = NULL;
	unsigned long inside, outside, size;
	const uid_t uid = geteuid();
	char *rest, *line;

	if (file_read(AT_FDCWD, "/proc/self/uid_map", 65536, &map, NULL, NULL) < 0)
		return uid;
	rest = map;
	while ((line = str_field(&rest, "\n")))
		if (sscanf(line, "%lu %lu %lu", &inside, &outside, &size) == 3 && uid >= inside && uid - inside < size)
			return (uid_t)(outside + (uid - inside));
	return uid;
}

/* The user's manager is above the caller in most cases; who has logged in by something else has it at the usual place. */
static const char *user_units(const struct cg_facts *f, struct arena *a)
{
	const char *p = strstr(f->self, "/user@");
	const size_t len = p ? 1 + strcspn(p + 1, "/") : 0;
	const unsigned int uid = user_outside();

	if (len > 8 && strncmp(p + len - 8, ".service", 8) == 0)
		return arena_strndup(a, f->self, (size_t)(p - f->self) + len);
	return arena_printf(a, "/user.slice/user-%u.slice/user@%u.service", uid, uid);
}

int cg_probe_units(struct cg_facts *f, struct arena *a, struct err *e)
{
	const char *init = "/", *dir;
	size_t len;
	int r;

	f->user = geteuid() != 0 || !in_first_userns();
	if (!f->mount)
		return 0;
	/* systemd itself is in init.scope of its own cgroup, also where that is not the top of the tree. */
	r = f->user ? 0 : cg_of_process("1", a, &init, e);
	if (r < 0)
		return r;
	len = strlen(init);
	if (len >= 11 && str_eq(init + len - 11, "/init.scope"))
		len -= 11;
	f->units = f->user ? user_units(f, a) : str_eq(init, "/") ? "" : arena_strndup(a, init, len);
	if (!f->units)
		return err_set(e, ENOMEM, "out of memory");
	/* Where there is no such manager, the bus says it better. */
	dir = arena_printf(a, "%s%s", f->mount, f->units);
	if (!dir || access(dir, F_OK) < 0)
		return dir ? 0 : err_set(e, ENOMEM, "out of memory");
	f->controllers = (struct strv){0};
	return read_controllers(a, f->mount, f->units, &f->controllers, e);
}

int cg_probe(struct arena *a, struct cg_facts *ret, struct err *e)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->self = "/";
	ret->privileged = is_privileged();
	ret->uid = geteuid();
	if (is_cgroup2("/sys/fs/cgroup")) {
		ret->layout = CG_UNIFIED;
		ret->mount = "/sys/fs/cgroup";
	} else if (is_cgroup2("/sys/fs/cgroup/unified")) {
		ret->layout = CG_HYBRID;
		ret->mount = "/sys/fs/cgroup/unified";
	} else {
		r = cg_find_mount("cgroup2", a, &ret->mount, e);
		if (r < 0)
			return r;
		if (!ret->mount)
			return 0;
		/* An unusual place: with v1 hierarchies at the usual one it is their companion. */
		ret->layout = access("/sys/fs/cgroup/memory", F_OK) == 0 || access("/sys/fs/cgroup/cpu", F_OK) == 0
				  ? CG_HYBRID
				  : CG_UNIFIED;
	}
	ret->writable = writable(ret->mount);
	r = cg_of_process("self", a, &ret->self, e);
	if (r >= 0 && !ret->writable)
		r = find_base(a, ret, e);
	if (r >= 0)
		r = read_controllers(a, ret->mount, "", &ret->of_top, e);
	ret->controllers = ret->of_top;
	if (r >= 0 && ret->base) {
		ret->controllers = (struct strv){0};
		r = read_controllers(a, ret->mount, ret->base, &ret->controllers, e);
	}
	return r;
}
