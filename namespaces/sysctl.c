/* SPDX-License-Identifier: Apache-2.0 */
/* linux.sysctl: only what belongs to a namespace of the container's own. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "internal.h"

static const struct {
	const char *name;
	bool prefix;
	enum spec_ns ns;
	unsigned int since; /* NS_KERNEL: before that it was the whole host's, or was not there */
} namespaced[] = {
    {"fs/mqueue/", true, NS_IPC, 0},     {"kernel/domainname", false, NS_UTS, 0},
    {"kernel/msgmax", false, NS_IPC, 0}, {"kernel/msgmnb", false, NS_IPC, 0},
    {"kernel/msgmni", false, NS_IPC, 0}, {"kernel/pid_max", false, NS_PID, NS_KERNEL(6, 14)},
    {"kernel/sem", false, NS_IPC, 0},    {"kernel/shm_rmid_forced", false, NS_IPC, 0},
    {"kernel/shmall", false, NS_IPC, 0}, {"kernel/shmmax", false, NS_IPC, 0},
    {"kernel/shmmni", false, NS_IPC, 0}, {"net/", true, NS_NETWORK, 0},
    {"user/", true, NS_USER, 0},         {"vm/memfd_noexec", false, NS_PID, NS_KERNEL(6, 3)},
};

/* sysctl(8): the first separator decides. With dots, a slash stands for a dot in a name ("net.ipv4.conf.eth0/1"). */
char *sysctl_path(struct arena *a, const char *key)
{
	size_t first = strcspn(key, "./");
	char *path = arena_strdup(a, key), *part, *rest;

	if (!path || !key[0] || !key[first])
		return NULL;
	for (char *c = path; key[first] == '.' && *c; c++)
		if (*c == '.' || *c == '/')
			*c = *c == '.' ? '/' : '.';
	rest = arena_strdup(a, path);
	while ((part = str_field(&rest, "/")))
		if (!*part || str_eq(part, ".") || str_eq(part, ".."))
			return NULL;
	return path;
}

static int check_path(const char *path, const struct ns_plan *p, unsigned int kernel, struct err *e)
{
	size_t i = 0;

	while (i < ARRAY_LEN(namespaced) &&
	       !(namespaced[i].prefix ? str_starts(path, namespaced[i].name) : str_eq(path, namespaced[i].name)))
		i++;
	if (str_eq(path, "kernel/hostname"))
		return err_set(e, EINVAL, "use the property 'hostname' for it");
	if (i == ARRAY_LEN(namespaced))
		return err_set(e, EINVAL,
			       "is not of a namespace: it would change the host; remove it, or set it on the host");
	if (kernel < namespaced[i].since)
		return err_set(e, ENOTSUP, "is of a %s namespace since Linux %u.%u, and this is Linux %u.%u: remove it",
			       spec_ns_name(namespaced[i].ns), namespaced[i].since / NS_KERNEL(1, 0),
			       namespaced[i].since % NS_KERNEL(1, 0), kernel / NS_KERNEL(1, 0),
			       kernel % NS_KERNEL(1, 0));
	if (!p->config->linux_.namespaces[namespaced[i].ns].set)
		return err_set(e, EINVAL, "would change the host: it needs a %s namespace of the container's own",
			       spec_ns_name(namespaced[i].ns));
	return 0;
}

int sysctl_check(const char *key, const struct ns_plan *p, unsigned int kernel, struct err *e)
{
	struct arena a = {0};
	const char *path = sysctl_path(&a, key);
	int r = path ? check_path(path, p, kernel, e)
		     : err_set(e, EINVAL, "is no name of a sysctl, like net.ipv4.ip_forward");

	arena_free(&a);
	return r;
}

static int sysctl_write(int sys, const struct spec_pair *s, struct err *e)
{
	struct open_how how = {
	    .flags = O_WRONLY | O_CLOEXEC | O_NOCTTY,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	struct arena a = {0};
	const char *path = sysctl_path(&a, s->key);
	size_t len = strlen(s->value);
	AUTO_CLOSE int fd = -1;
	int r = 0;

	if (!path)
		r = err_set(e, EINVAL, "is no name of a sysctl");
	else if ((fd = (int)syscall(SYS_openat2, sys, path, &how, sizeof(how))) < 0)
		r = err_errno(e, "open /proc/sys/%s%s", path,
			      errno == EACCES ? ": only the host's root may, not that of a user namespace" : "");
	else if (write(fd, s->value, len) != (ssize_t)len)
		r = err_errno(e, "write '%.64s' to /proc/sys/%s", s->value, path);
	arena_free(&a);
	return r;
}

int ns_sysctl_look(const struct ns_plan *p, struct err *e)
{
	const struct spec_map *m = &p->config->linux_.sysctl;
	AUTO_CLOSE int sys = open("/proc/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct arena a = {0};
	int r = 0;

	for (size_t i = 0; sys >= 0 && i < m->n && r == 0; i++) {
		const char *path = sysctl_path(&a, m->v[i].key);

		if (!path || file_is_there(sys, path))
			continue;
		err_set(e, ENOENT, "there is no /proc/sys/%s: remove it, or load the module that brings it", path);
		r = err_ctx(e, "linux.sysctl[\"%s\"]", m->v[i].key);
	}
	arena_free(&a);
	return r;
}

int ns_sysctl(const struct ns_plan *p, struct ns_run *r, struct err *e)
{
	const struct spec_map *m = &p->config->linux_.sysctl;
	AUTO_CLOSE int sys = -1;
	int proc;

	if (!m->n)
		return 0;
	proc = proc_private(r, e);
	if (proc < 0)
		return err_ctx(e, "linux.sysctl");
	sys = openat(proc, "sys", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (sys < 0) {
		err_errno(e, "open /proc/sys");
		return err_ctx(e, "linux.sysctl");
	}
	for (size_t i = 0; i < m->n; i++)
		if (sysctl_write(sys, &m->v[i], e) < 0)
			return err_ctx(e, "linux.sysctl[\"%s\"]", m->v[i].key);
	return 0;
}
