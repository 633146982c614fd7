/* SPDX-License-Identifier: Apache-2.0 */
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_file(const struct helper *h, pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/%s", (int)pid, name);
	return openat(h->proc_fd, path, O_RDONLY | O_CLOEXEC);
}

ssize_t procfs_head(const struct helper *h, pid_t pid, const char *name, char *text, size_t size)
{
	AUTO_CLOSE int fd = open_file(h, pid, name);
	size_t len = 0;
	ssize_t n = 0;

	text[0] = '\0';
	if (fd < 0)
		return -errno;
	while (len < size - 1 && (n = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	return n < 0 && !len ? -errno : (ssize_t)len;
}

long procfs_number(const char *status, const char *field)
{
	const char *p = strstr(status, field);

	return p ? strtol(p + strlen(field), NULL, 10) : -1;
}

bool procfs_kin(const struct helper *h, pid_t tid, struct procfs_kin *ret)
{
	char text[1024];
	const char *state;

	if (procfs_head(h, tid, "status", text, sizeof(text)) <= 0)
		return false;
	state = strstr(text, "\nState:\t");
	ret->tgid = (pid_t)procfs_number(text, "\nTgid:\t");
	ret->ppid = (pid_t)procfs_number(text, "\nPPid:\t");
	ret->tracer = (pid_t)procfs_number(text, "\nTracerPid:\t");
	ret->dead = state && (state[8] == 'Z' || state[8] == 'X');
	return state && ret->tgid > 0 && ret->ppid >= 0 && ret->tracer >= 0;
}

char procfs_state(const struct helper *h, pid_t tid)
{
	const char *end;
	char text[512];

	if (procfs_head(h, tid, "stat", text, sizeof(text)) <= 0)
		return 0;
	end = strrchr(text, ')'); /* of its name, which may have some in it */
	return end && end[1] && end[2] ? end[2] : '?';
}

/* The numbers of a line, after its first tab. */
static int parse_list(const char *p, int64_t ret[PID_LEVELS])
{
	int n = 0;

	while (*p == '\t') {
		char *end;

		if (n == PID_LEVELS)
			return 0;
		ret[n++] = strtol(p, &end, 10);
		p = end;
	}
	return *p == '\n' ? n : 0;
}

int procfs_list(const struct helper *h, pid_t tid, const char *field, size_t *room, int64_t ret[PID_LEVELS])
{
	AUTO_CLOSE int fd = open_file(h, tid, "status");
	static char text[8192];
	size_t len = 0,
	       keep = 512; /* a list of numbers for all levels, and its name, may lie on the border of two reads */
	ssize_t n;

	while (fd >= 0 && *room > 0 && (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0) {
		const char *p;

		*room -= (size_t)n < *room ? (size_t)n : *room;
		len += (size_t)n;
		text[len] = '\0';
		p = strstr(text, field);
		if (p && strchr(p + 1, '\n'))
			return parse_list(p + strlen(field) - 1, ret);
		if (len > keep) {
			memmove(text, text + len - keep, keep);
			len = keep;
		}
	}
	return 0;
}

static ssize_t ns_name(const struct helper *h, const char *of, char *name, size_t size)
{
	return readlinkat(h->proc_fd, of, name, size);
}

bool procfs_in_own_ns(const struct helper *h, pid_t tid)
{
	static char own[64];
	static ssize_t n_own;
	char path[64], name[64];
	ssize_t n;

	if (n_own <= 0)
		n_own = ns_name(h, "self/ns/pid", own, sizeof(own));
	snprintf(path, sizeof(path), "%d/ns/pid", (int)tid);
	n = ns_name(h, path, name, sizeof(name));
	return n > 0 && n == n_own && memcmp(name, own, (size_t)n) == 0;
}

bool listing_open(const struct helper *h, struct listing *l, const char *path)
{
	l->fd = openat(h->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	l->at = l->len = 0;
	return l->fd >= 0;
}

void listing_close(struct listing *l)
{
	fd_close_p(&l->fd);
}

pid_t listing_next(struct listing *l)
{
	for (;;) {
		const struct dirent *d = (const struct dirent *)(l->data + l->at);
		pid_t number;
		long n;

		if (l->at < l->len) {
			l->at += d->d_reclen;
			number = (pid_t)atol(d->d_name);
			if (number > 0)
				return number;
			continue;
		}
		n = syscall(SYS_getdents64, l->fd, l->data, sizeof(l->data));
		if (n <= 0) {
			listing_close(l);
			return 0;
		}
		l->len = (size_t)n;
		l->at = 0;
	}
}
