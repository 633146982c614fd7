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
} namespaced[] = {
    {"fs/mqueue/", true, NS_IPC},
    {"kernel/domainname", false, NS_UTS},
    {"kernel/msgmax", false, NS_IPC},
    {"kernel/msgmnb", false, NS_IPC},
    {"kernel/msgmni", false, NS_IPC},
    {"kernel/sem", false, NS_IPC},
    {"kernel/shm_rmid_forced", false, NS_IPC},
    {"kernel/shmall", false, NS_IPC},
    {"kernel/shmmax", false, NS_IPC},
    {"kernel/shmmni", false, NS_IPC},
    {"net/", true, NS_NETWORK},
    {"user/", true, NS_USER},
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

int sysctl_check(const char *key, const struct ns_plan *p, struct err *e)
{
	struct arena a = {0};
	const char *path = sysctl_path(&a, key);
	int r = 0;

	if (!path) {
		r = err_set(e, EINVAL, "is no name of a sysctl, like net.ipv4.ip_forward");
	} else if (str_eq(path, "vm/memfd_noexec")) {
		r = err_set(e, EINVAL, "jailrun executes its helper from a memfd after this would hold; leave it out");
	} else if (str_eq(path, "kernel/pid_max")) {
		r = err_set(e, EINVAL,
			    "is of a pid namespace since Linux 6.14 and the whole host's before that, so it is not set "
			    "here; use linux.resources.pids.limit");
	} else if (str_eq(path, "kernel/hostname")) {
		r = err_set(e, EINVAL, "use the property 'hostname' for it");
	} else {
		size_t i = 0;

		while (i < ARRAY_LEN(namespaced) && !(namespaced[i].prefix ? str_starts(path, namespaced[i].name)
									   : str_eq(path, namespaced[i].name)))
			i++;
		if (i == ARRAY_LEN(namespaced))
			r = err_set(
			    e, EINVAL,
			    "is not of a namespace: it would change the host; remove it, or set it on the host");
		else if (!p->config->linux_.namespaces[namespaced[i].ns].set)
			r = err_set(e, EINVAL, "would change the host: it needs a %s namespace of the container's own",
				    spec_ns_name(namespaced[i].ns));
	}
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
		r = err_errno(e, "open /proc/sys/%s", path);
	else if (write(fd, s->value, len) != (ssize_t)len)
		r = err_errno(e, "write '%.64s' to /proc/sys/%s", s->value, path);
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
