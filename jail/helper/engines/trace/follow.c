/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of exec and signals.protect that go through a link mean what it leads to, too. Of a link in the rootfs the runtime has found that
 * out, and `jailrun plan` shows it. What lies below a mount is there now alone: in the tree that the container begins with, before the
 * workload's first instruction. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "view.h"

struct follow {
	struct helper *h;
	int root;
};

/* Where the entry leads to, in `to`; false: to itself, to nothing, or it has wildcards, whose links nobody follows. */
static bool leads_elsewhere(const struct follow *f, const char *entry, char to[PATH_MAX])
{
	size_t len = strlen(entry);
	bool tree = len && entry[len - 1] == '/';
	char path[PATH_MAX];
	AUTO_CLOSE int fd = -1;

	if (len < 2 || len >= sizeof(path) || strpbrk(entry, JAIL_WILDCARDS))
		return false;
	snprintf(path, sizeof(path), "%.*s", (int)(len - tree), entry);
	fd = path_open_in(f->root, path, O_PATH | (tree ? O_DIRECTORY : 0), 0, NULL);
	if (fd < 0 || !name_of_fd(f->h, fd, to, PATH_MAX - 1) || *to != '/' || strcmp(path, to) == 0)
		return false;
	if (tree && to[1])
		strcat(to, "/");
	return true;
}

static int target_of(void *arg, const char *key, const char *entry, char **ret, struct err *e)
{
	const struct follow *f = arg;
	char to[PATH_MAX];

	if (!leads_elsewhere(f, entry, to))
		return 0;
	if (strpbrk(to, JAIL_WILDCARDS)) {
		err_set(e, ENOTSUP, "'%s' leads to '%s', which as an entry means other files too", entry, to);
		return err_ctx(e, "%s", key);
	}
	*ret = arena_strdup(&f->h->arena, to);
	return *ret ? 0 : err_set(e, ENOMEM, "out of memory");
}

int view_follow(struct helper *h, struct err *e)
{
	AUTO_CLOSE int root = -1;
	int r = 0;

	if (!jail_has_exec_rules(&h->plan) && !jail_has_protect(&h->plan))
		return 0;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_errno(e, "open /");
	for (uint64_t i = 0; i < h->plan.n_policies && r >= 0; i++) {
		r = jail_policy_follow(&h->plan.policies[i], &h->arena, target_of, &(struct follow){h, root}, e);
		if (r < 0)
			return err_file(e, h->plan.policies[i].name);
	}
	return 0;
}
