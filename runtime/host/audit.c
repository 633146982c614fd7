/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "host.h"

#define KEY_MAX     128 /* bytes of an annotation's key and value that go into a line, */
#define VALUE_MAX   256
#define SELECT_MAX  16   /* how many do, */
#define SELECT_SIZE 1024 /* and how many bytes of them in all */

static const struct {
	const char *name, *socket;
	uint32_t form; /* enum jail_audit_form */
} kinds[] = {
    [RT_AUDIT_STATE] = {"state"},
    [RT_AUDIT_STDERR] = {"stderr"},
    [RT_AUDIT_FILE] = {"file"},
    [RT_AUDIT_JOURNALD] = {"journald", "/run/systemd/journal/socket", JAIL_AUDIT_JOURNALD},
    [RT_AUDIT_SYSLOG] = {"syslog", "/dev/log", JAIL_AUDIT_SYSLOG},
    [RT_AUDIT_NONE] = {"none"},
};

/* What containerd, CRI-O and Podman say of where a container belongs. */
static char *usual[] = {"io.kubernetes.cri.container-name",
			"io.kubernetes.cri.sandbox-id",
			"io.kubernetes.cri.sandbox-name",
			"io.kubernetes.cri.sandbox-namespace",
			"io.kubernetes.container.name",
			"io.kubernetes.pod.name",
			"io.kubernetes.pod.namespace",
			"io.kubernetes.pod.uid",
			"io.podman.annotations.*",
			"io.container.manager",
			"org.opencontainers.image.title",
			"org.opencontainers.image.version",
			NULL};

int rt_audit_choose(struct rt_call *c, const struct spec_admin *admin, bool by_hand, struct rt_audit *ret,
		    struct err *e)
{
	const char *asked = c->g.audit, *colon = asked ? strchr(asked, ':') : NULL;

	*ret = (struct rt_audit){.to = by_hand ? RT_AUDIT_STDERR : RT_AUDIT_STATE, .said = "--audit"};
	if (!asked) {
		static const int to[] = {[SPEC_AUDIT_FILE] = RT_AUDIT_FILE,
					 [SPEC_AUDIT_JOURNALD] = RT_AUDIT_JOURNALD,
					 [SPEC_AUDIT_SYSLOG] = RT_AUDIT_SYSLOG,
					 [SPEC_AUDIT_NONE] = RT_AUDIT_NONE};

		if (admin->audit.to == SPEC_AUDIT_UNSAID)
			return 0;
		ret->to = to[admin->audit.to];
		ret->path = admin->audit.path ? admin->audit.path : kinds[ret->to].socket;
		ret->said = "audit.path";
		return 0;
	}
	if (str_eq(asked, "-")) {
		ret->to = RT_AUDIT_STDERR;
		return 0;
	}
	ret->to = RT_AUDIT_FILE;
	ret->path = asked;
	for (int k = RT_AUDIT_JOURNALD; colon && k <= RT_AUDIT_SYSLOG; k++) {
		if (strncmp(kinds[k].name, asked, (size_t)(colon - asked)) != 0 || kinds[k].name[colon - asked])
			continue;
		if (colon[1] && colon[1] != '/')
			return err_set(e, EINVAL,
				       "--audit: '%s': after the colon comes nothing, or the absolute path of a socket",
				       asked);
		ret->to = k;
		ret->path = colon[1] ? colon + 1 : kinds[k].socket;
	}
	return 0;
}

static bool selected(const struct spec_admin *admin, const char *key)
{
	char *const *patterns = admin->audit.annotations.v ? admin->audit.annotations.v : usual;

	for (size_t i = 0; patterns[i]; i++)
		if (fnmatch(patterns[i], key, 0) == 0)
			return true;
	return false;
}

/* At most max bytes of s, not cut inside of a character. */
static char *bounded(struct arena *a, const char *s, size_t max)
{
	size_t n = strnlen(s, max + 1);

	if (n <= max)
		return arena_strdup(a, s);
	for (n = max; n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80;)
		n--;
	return arena_printf(a, "%.*s...", (int)n, s);
}

static int64_t utc_offset(void)
{
	time_t now = time(NULL);
	struct tm tm;

	return localtime_r(&now, &tm) ? tm.tm_gmtoff : 0;
}

int rt_audit_plan(struct rt_call *c, struct rt_audit *a, const struct spec_admin *admin,
		  const struct spec_map *annotations, struct jail_audit *ret, struct err *e)
{
	char resolved[PATH_MAX], *real;
	size_t size = 0;

	*ret = (struct jail_audit){.form = kinds[a->to].form};
	if (ret->form == JAIL_AUDIT_SYSLOG)
		ret->utc_offset = utc_offset();
	if (ret->form != JAIL_AUDIT_LINES) {
		/* A link (/dev/log is one) would lead the helper astray, in the container. */
		real = arena_strdup(&c->arena, realpath(a->path, resolved) ? resolved : a->path);
		if (!real)
			return err_set(e, ENOMEM, "out of memory");
		a->real = real;
		ret->socket = strrchr(real, '/') + 1;
	}
	if (a->to == RT_AUDIT_NONE || !annotations->n)
		return 0;
	ret->annotations.v = arena_alloc(&c->arena, (2 * SELECT_MAX + 1) * sizeof(char *));
	if (!ret->annotations.v)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = 0; i < annotations->n && ret->annotations.n < 2 * SELECT_MAX; i++) {
		const struct spec_pair *p = &annotations->v[i];
		char *key, *value;

		if (!selected(admin, p->key))
			continue;
		key = bounded(&c->arena, p->key, KEY_MAX);
		value = bounded(&c->arena, p->value, VALUE_MAX);
		if (!key || !value)
			return err_set(e, ENOMEM, "out of memory");
		size += strlen(key) + strlen(value);
		if (size > SELECT_SIZE) {
			log_debug("audit: annotation %s and what follows is left out of the lines: too long", key);
			break;
		}
		ret->annotations.v[ret->annotations.n++] = key;
		ret->annotations.v[ret->annotations.n++] = value;
	}
	return 0;
}

/* A datagram socket that is connected here, in the host's mount namespace: inside of the container there is no such path. */
static int open_socket(const struct rt_audit *a, struct err *e)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	AUTO_CLOSE int fd = -1;

	if (strlen(a->path) >= sizeof(to.sun_path))
		return err_set(e, ENAMETOOLONG, "%s: '%s' is too long for a socket", a->said, a->path);
	memcpy(to.sun_path, a->path, strlen(a->path));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(e, "%s: make a socket", a->said);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return err_errno(e, "%s: connect to %s at '%s' (does it run?)", a->said, kinds[a->to].name, a->path);
	return take_fd(&fd);
}

/* What the helper gets of the host is this one directory: a mount of its own, out of which ".." leads nowhere, and on which
 * nothing can be written, made or opened as a device. Where that cannot be had (without root), a daemon that is restarted is lost to it. */
static int open_directory(const char *path)
{
	struct mount_attr attr = {.attr_set =
				      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
	const char *slash = strrchr(path, '/');
	AUTO_CLOSE int fd = -1;
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	fd = open_tree(AT_FDCWD, dir, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0) {
		log_debug("audit: '%s' cannot be kept for the jail: %s", dir, strerror(errno));
		return -1;
	}
	return take_fd(&fd);
}

int rt_audit_open(const struct rt_audit *a, int state_dir_fd, int *ret_fd, int *ret_dir_fd, struct err *e)
{
	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY;

	*ret_dir_fd = -1;
	switch (a->to) {
	case RT_AUDIT_NONE:
		*ret_fd = -1;
		return 0;
	case RT_AUDIT_STDERR:
		*ret_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
		return *ret_fd < 0 ? err_errno(e, "--audit: stderr is not open") : 0;
	case RT_AUDIT_STATE:
		*ret_fd = openat(state_dir_fd, "audit.jsonl", flags, 0640);
		return *ret_fd < 0 ? err_errno(e, "open 'audit.jsonl' of the state") : 0;
	case RT_AUDIT_FILE:
		*ret_fd = out_append(a->path, 0640, e);
		return *ret_fd < 0 ? err_ctx(e, "%s", a->said) : 0;
	case RT_AUDIT_JOURNALD:
	case RT_AUDIT_SYSLOG:
		break;
	}
	*ret_fd = open_socket(a, e);
	if (*ret_fd < 0)
		return *ret_fd;
	*ret_dir_fd = open_directory(a->real);
	return 0;
}

void rt_audit_print(const struct rt_audit *a, const struct jail_audit *j, struct jsonw *w, const char *key)
{
	if (a->to == RT_AUDIT_STATE || a->to == RT_AUDIT_STDERR)
		return;
	jw_object(w, key);
	jw_str(w, "to", kinds[a->to].name);
	if (a->path)
		jw_str(w, "path", a->path);
	jw_object(w, "annotations");
	for (size_t i = 0; i < j->annotations.n; i += 2)
		jw_str(w, j->annotations.v[i], j->annotations.v[i + 1]);
	jw_object_end(w);
	jw_object_end(w);
}
