/* SPDX-License-Identifier: Apache-2.0 */
/* Id maps of user namespaces: user_namespaces(7), newuidmap(1). */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

int idmap_check(const struct spec_idmaps *m, struct err *e)
{
	if (m->n > IDMAP_MAX)
		return err_set(e, EINVAL, "%zu maps; the kernel takes %d", m->n, IDMAP_MAX);
	for (size_t i = 0; i < m->n; i++) {
		const struct spec_idmap *x = &m->v[i];

		if (x->size == 0) {
			err_set(e, EINVAL, "must not be 0");
			return err_ctx(e, "[%zu].size", i);
		}
		if ((uint64_t)x->container_id + x->size > UINT32_MAX || (uint64_t)x->host_id + x->size > UINT32_MAX) {
			err_set(e, EINVAL, "goes beyond the largest id, 4294967294");
			return err_ctx(e, "[%zu]", i);
		}
		for (size_t k = 0; k < i; k++) {
			const struct spec_idmap *y = &m->v[k];
			bool inside =
			    x->container_id < y->container_id + y->size && y->container_id < x->container_id + x->size;
			bool outside = x->host_id < y->host_id + y->size && y->host_id < x->host_id + x->size;

			if (!inside && !outside)
				continue;
			err_set(e, EINVAL, "overlaps with [%zu] in its %s", k, inside ? "containerID" : "hostID");
			return err_ctx(e, "[%zu]", i);
		}
	}
	return 0;
}

static bool has_id(const struct spec_idmaps *m, uint32_t id)
{
	for (size_t i = 0; i < m->n; i++)
		if (id >= m->v[i].container_id && id - m->v[i].container_id < m->v[i].size)
			return true;
	return false;
}

/* setuid(2) and its like would only say EINVAL. */
static int check_mapped(const struct spec_idmaps *m, uint32_t id, const char *maps, const char *field, struct err *e)
{
	if (has_id(m, id))
		return 0;
	err_set(e, EINVAL, "%u is not mapped into the user namespace by linux.%s", id, maps);
	return err_ctx(e, "process.user.%s", field);
}

static int plan_user(const struct spec_config *c, struct err *e)
{
	const struct spec_linux *l = &c->linux_;
	const struct spec_user *u = &c->process.user;
	int r = check_mapped(&l->uid_mappings, u->uid, "uidMappings", "uid", e);

	if (r == 0)
		r = check_mapped(&l->gid_mappings, u->gid, "gidMappings", "gid", e);
	for (size_t i = 0; r == 0 && i < u->n_additional_gids; i++)
		r = check_mapped(&l->gid_mappings, u->additional_gids[i], "gidMappings", "additionalGids", e);
	return r;
}

static int plan_maps(const struct spec_idmaps *m, const char *name, bool fresh, bool joined, struct err *e)
{
	int r = idmap_check(m, e);

	if (r == 0 && fresh && !m->n)
		r = err_set(e, EINVAL, "a new user namespace needs at least one map");
	if (r == 0 && fresh && !has_id(m, 0))
		r = err_set(e, EINVAL, "the container's root (containerID 0) has to be mapped");
	if (r == 0 && !fresh && !joined && m->n)
		r = err_set(e, EINVAL, "needs a user namespace in linux.namespaces");
	return r < 0 ? err_ctx(e, "linux.%s", name) : 0;
}

int idmap_plan(const struct spec_config *c, const struct ns_plan *p, struct err *e)
{
	bool fresh = p->clone_flags & CLONE_NEWUSER, joined = p->join[NS_USER] != NULL;
	int r = plan_maps(&c->linux_.uid_mappings, "uidMappings", fresh, joined, e);

	if (r == 0)
		r = plan_maps(&c->linux_.gid_mappings, "gidMappings", fresh, joined, e);
	return r == 0 && fresh ? plan_user(c, e) : r;
}

bool idmap_equal(const struct spec_idmaps *a, const struct spec_idmaps *b)
{
	/* Field by field is byte by byte: the struct has no holes. */
	return a->n == b->n && (a->n == 0 || memcmp(a->v, b->v, a->n * sizeof(*a->v)) == 0);
}

/* /proc/PID, proven to be of a procfs. */
static int open_proc_pid(pid_t pid, struct err *e)
{
	AUTO_CLOSE int fd = -1;
	struct statfs fs;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, "open %s", path);
	if (fstatfs(fd, &fs) < 0)
		return err_errno(e, "statfs %s", path);
	if (fs.f_type != PROC_SUPER_MAGIC)
		return err_set(e, EINVAL, "%s is no procfs", path);
	return take_fd(&fd);
}

/* The kernel takes an id map in one write only. */
static int write_at(int proc, const char *file, const char *text, size_t len, struct err *e)
{
	struct open_how how = {
	    .flags = O_WRONLY | O_CLOEXEC,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	AUTO_CLOSE int fd = (int)syscall(SYS_openat2, proc, file, &how, sizeof(how));

	if (fd < 0)
		return err_errno(e, "open %s of the container's process", file);
	if (write(fd, text, len) != (ssize_t)len)
		return err_errno(e, "write to %s of the container's process", file);
	return 0;
}

static int write_map(int proc, const char *file, const struct spec_idmaps *m, struct err *e)
{
	AUTO_BUF text = {0};
	struct err why = {0};

	for (size_t i = 0; i < m->n; i++)
		buf_printf(&text, "%u %u %u\n", m->v[i].container_id, m->v[i].host_id, m->v[i].size);
	if (text.failed)
		return err_set(e, ENOMEM, "out of memory");
	if (write_at(proc, file, text.data, text.len, &why) == 0)
		return 0;
	if (why.code != EPERM) {
		*e = why;
		return -why.code;
	}
	/* Of several lines the kernel does not say which. */
	return err_set(e, EPERM,
		       "the kernel refuses %u %u %u%s (EPERM): each hostID has to be an id of the runtime's own user "
		       "namespace (/proc/self/%s); correct hostID and size",
		       m->v[0].container_id, m->v[0].host_id, m->v[0].size, m->n > 1 ? " or a map after it" : "", file);
}

/* newuidmap PID INSIDE OUTSIDE COUNT…: set-uid helpers that know /etc/subuid. */
static int spawn_helper(const char *program, pid_t pid, const struct spec_idmaps *m, struct err *e)
{
	struct arena a = {0};
	char **argv = arena_alloc(&a, (3 + 3 * m->n) * sizeof(char *));
	pid_t child;
	int r, status;

	if (!argv)
		return err_set(e, ENOMEM, "out of memory");
	argv[0] = arena_strdup(&a, program);
	argv[1] = arena_printf(&a, "%d", (int)pid);
	for (size_t i = 0; i < m->n; i++) {
		argv[2 + 3 * i] = arena_printf(&a, "%u", m->v[i].container_id);
		argv[3 + 3 * i] = arena_printf(&a, "%u", m->v[i].host_id);
		argv[4 + 3 * i] = arena_printf(&a, "%u", m->v[i].size);
	}
	r = posix_spawnp(&child, program, NULL, NULL, argv, environ);
	arena_free(&a);
	if (r != 0)
		return err_set(e, r, "run %s: %s; without root, ids beyond one's own need the package uidmap", program,
			       strerror(r));
	r = (int)proc_wait(child, &status, 0);
	if (r < 0)
		return err_set(e, -r, "wait for %s: %s", program, strerror(-r));
	if (proc_exit_code(status) != 0)
		return err_set(e, EPERM, "%s ended with status %d: are these ids granted in /etc/%s?", program,
			       proc_exit_code(status), strstr(program, "uid") ? "subuid" : "subgid");
	return 0;
}

static uint64_t effective_caps(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	if (syscall(SYS_capget, &head, data) < 0)
		return 0;
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

static bool is_own_id(const struct spec_idmaps *m, uint32_t id)
{
	return m->n == 1 && m->v[0].size == 1 && m->v[0].host_id == id;
}

static int write_maps(pid_t pid, const struct spec_idmaps *uids, const struct spec_idmaps *gids, struct err *e)
{
	const uint64_t caps = effective_caps();
	AUTO_CLOSE int proc = open_proc_pid(pid, e);
	int r = 0;

	if (proc < 0)
		return proc;
	/* user_namespaces(7): without CAP_SETGID one's own gid may be mapped, after setgroups(2) is given up. */
	if (caps & 1ULL << CAP_SETGID) {
		r = write_map(proc, "gid_map", gids, e);
	} else if (is_own_id(gids, getegid())) {
		r = write_at(proc, "setgroups", "deny", 4, e);
		if (r == 0)
			r = write_map(proc, "gid_map", gids, e);
	} else {
		r = spawn_helper("newgidmap", pid, gids, e);
	}
	if (r < 0)
		return err_ctx(e, "linux.gidMappings");
	if (caps & 1ULL << CAP_SETUID || is_own_id(uids, geteuid()))
		r = write_map(proc, "uid_map", uids, e);
	else
		r = spawn_helper("newuidmap", pid, uids, e);
	return r < 0 ? err_ctx(e, "linux.uidMappings") : 0;
}

int ns_idmap_write(const struct ns_plan *p, pid_t pid, struct err *e)
{
	const struct spec_linux *l = &p->config->linux_;

	if (!(p->clone_flags & CLONE_NEWUSER))
		return 0;
	return write_maps(pid, &l->uid_mappings, &l->gid_mappings, e);
}

int idmap_userns(const struct spec_idmaps *uids, const struct spec_idmaps *gids, struct err *e)
{
	AUTO_CLOSE int proc = -1;
	int fd = -1, r;
	pid_t pid = proc_clone(CLONE_NEWUSER, -1, NULL);

	if (pid < 0)
		return err_set(e, (int)-pid, "make a user namespace for an id-mapped mount: %s", strerror((int)-pid));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	r = write_maps(pid, uids, gids, e);
	proc = r < 0 ? r : open_proc_pid(pid, e);
	if (proc >= 0) {
		fd = openat(proc, "ns/user", O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			err_errno(e, "open the user namespace of an id-mapped mount");
	}
	kill(pid, SIGKILL);
	proc_wait(pid, NULL, 0);
	return fd >= 0 ? fd : e && e->code ? -e->code : -EIO;
}

/* Maps beside the path of a user namespace say what it has; engines write both. Read from inside, the file's second column
 * is of the namespace above (user_namespaces(7)), which is the runtime's. */
static int check_joined(const struct spec_idmaps *m, const char *file, struct err *e)
{
	AUTO_FREE char *text = NULL;
	struct spec_idmap is;
	size_t n = 0, same = 0;
	char *rest, *line;
	int r;

	if (!m->n)
		return 0;
	r = file_read(AT_FDCWD, file, 1u << 16, &text, NULL, e);
	if (r < 0)
		return r;
	for (rest = text; (line = str_field(&rest, "\n"));) {
		if (sscanf(line, "%u %u %u", &is.container_id, &is.host_id, &is.size) != 3)
			continue;
		n++;
		for (size_t i = 0; i < m->n; i++)
			same += memcmp(&m->v[i], &is, sizeof(is)) == 0;
	}
	if (n == m->n && same == n)
		return 0;
	return err_set(e, EINVAL,
		       "are not those of the user namespace that is joined: leave them out, or say the same");
}

int ns_become_root(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	const struct spec_linux *l = &p->config->linux_;

	if (!p->userns)
		return 0;
	if (!p->join[NS_MOUNT])
		rootfs_find_place(p, r);
	if (p->join[NS_USER]) {
		if (check_joined(&l->uid_mappings, "/proc/self/uid_map", e) < 0)
			return err_ctx(e, "linux.uidMappings");
		if (check_joined(&l->gid_mappings, "/proc/self/gid_map", e) < 0)
			return err_ctx(e, "linux.gidMappings");
	}
	/* EPERM: setgroups is denied in this namespace, and the groups are what they are (rootless). */
	if (!p->keep_groups && syscall(SYS_setgroups, 0, NULL) < 0 && errno != EPERM)
		return err_errno(e, "setgroups in the user namespace");
	if (syscall(SYS_setresgid, 0, 0, 0) < 0)
		return err_errno(e, "become group 0 in the user namespace: is gid 0 in linux.gidMappings?");
	if (syscall(SYS_setresuid, 0, 0, 0) < 0)
		return err_errno(e, "become uid 0 in the user namespace: is uid 0 in linux.uidMappings?");
	return 0;
}
