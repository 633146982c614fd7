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

#define WILDCARDS "*?"

/* Where the entry leads to, in `to`; false: to itself, to nothing, or it has wildcards, whose links nobody follows. */
static bool leads_elsewhere(const struct helper *h, int root, const char *entry, char to[PATH_MAX])
{
	size_t len = strlen(entry);
	bool tree = len && entry[len - 1] == '/';
	char path[PATH_MAX];
	AUTO_CLOSE int fd = -1;

	if (len < 2 || len >= sizeof(path) || strpbrk(entry, WILDCARDS))
		return false;
	snprintf(path, sizeof(path), "%.*s", (int)(len - tree), entry);
	fd = path_open_in(root, path, O_PATH | (tree ? O_DIRECTORY : 0), 0, NULL);
	if (fd < 0 || !name_of_fd(h, fd, to, PATH_MAX - 1) || *to != '/' || strcmp(path, to) == 0)
		return false;
	if (tree && to[1])
		strcat(to, "/");
	return true;
}

static int add_targets(struct helper *h, int root, struct strv *list, struct err *e)
{
	struct strv both = {.v = arena_alloc(&h->arena, (2 * list->n + 1) * sizeof(char *))};
	char to[PATH_MAX];

	for (size_t i = 0; both.v && i < list->n; i++) {
		both.v[both.n++] = list->v[i];
		if (!leads_elsewhere(h, root, list->v[i], to) || strv_has(list, to) || strv_has(&both, to))
			continue;
		if (strpbrk(to, WILDCARDS))
			return err_set(e, ENOTSUP, "'%s' leads to '%s', which as an entry means other files too",
				       list->v[i], to);
		both.v[both.n] = arena_strdup(&h->arena, to);
		if (!both.v[both.n++])
			return err_set(e, ENOMEM, "out of memory");
	}
	if (!both.v)
		return err_set(e, ENOMEM, "out of memory");
	*list = both;
	return 0;
}

static int add_entry_targets(struct helper *h, int root, struct jail_policy *p, struct err *e)
{
	char to[PATH_MAX];

	for (uint64_t i = 0; i < p->n_exec_entries; i++) {
		struct jail_exec_entry *x = &p->exec_entries[i];

		if (x->target || !leads_elsewhere(h, root, x->path, to) || strpbrk(to, WILDCARDS))
			continue;
		x->target = arena_strdup(&h->arena, to);
		if (!x->target)
			return err_set(e, ENOMEM, "out of memory");
	}
	return 0;
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
		struct jail_policy *p = &h->plan.policies[i];

		r = add_targets(h, root, &p->exec_allow, e);
		if (r >= 0)
			r = add_targets(h, root, &p->exec_deny, e);
		if (r >= 0)
			r = add_targets(h, root, &p->protect, e);
		if (r >= 0)
			r = add_entry_targets(h, root, p, e);
		if (r < 0)
			return err_file(e, p->name);
	}
	return 0;
}
