/* SPDX-License-Identifier: Apache-2.0 */
/* What a call is asked by all: whose it is, and where its answer goes. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime.h"

static bool has_no_root(void)
{
	AUTO_FREE char *map = NULL;
	unsigned long inside, outside, size;

	if (geteuid() != 0)
		return true;
	if (file_read(AT_FDCWD, "/proc/self/uid_map", 4096, &map, NULL, NULL) < 0)
		return false;
	return sscanf(map, "%lu %lu %lu", &inside, &outside, &size) != 3 || outside != 0 || size != UINT32_MAX;
}

bool rt_is_rootless(struct rt_call *c)
{
	if (!c->no_root.set)
		c->no_root = (struct opt_bool){true, has_no_root()};
	return c->no_root.v;
}

const char *rt_user_name(uid_t uid, struct arena *a)
{
	FILE *f = fopen("/etc/passwd", "re");
	const char *name = NULL;
	struct passwd *p;

	while (f && !name && (p = fgetpwent(f)))
		if (p->pw_uid == uid)
			name = arena_strdup(a, p->pw_name);
	if (f)
		fclose(f);
	return name ? name : arena_printf(a, "%u", uid);
}

const char *rt_user_config(struct arena *a)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (config && *config == '/')
		return config;
	return home && *home == '/' ? arena_printf(a, "%s/.config", home) : NULL;
}

int rt_print(const struct buf *text, struct err *e)
{
	int r = text->failed ? -ENOMEM : text->len ? fd_write_all(STDOUT_FILENO, text->data, text->len) : 0;

	if (r == 0)
		return 0;
	errno = -r;
	return err_errno(e, "write to stdout");
}
