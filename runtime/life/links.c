/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of a policy that go through a link of the container's rootfs. The kernel names a program by its own path, so that "/bin/sh" would
 * match nothing where /bin is a link: what the entry leads to is put beside it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "life.h"
#include "steps.h"

struct links {
	const struct life *l;
	struct arena *a;
	int root;            /* of the container */
	char real[PATH_MAX]; /* its path, as the kernel names it */
	const char *policy, *key;
};

/* What lies below a mount is not in the rootfs as it is on the host. */
static bool is_mounted_over(const struct links *k, const char *path)
{
	const struct spec_config *c = &k->l->config;

	for (size_t i = 0; i < c->n_mounts; i++)
		if (c->mounts[i].destination && path_is_below(path, c->mounts[i].destination))
			return true;
	return false;
}

/* Whether the way to a path that is not there goes below a mount by a link: "/bin/sh" where /bin leads to usr/bin, and /usr is mounted. */
static bool leads_below_mount(const struct links *k, const char *path)
{
	const size_t len = strcmp(k->real, "/") == 0 ? 0 : strlen(k->real);
	char part[PATH_MAX], name[PATH_MAX], whole[2 * PATH_MAX], link[PATH_MAX];
	size_t n = (size_t)snprintf(part, sizeof(part), "%s", path);

	while (n > 1) {
		AUTO_CLOSE int fd = path_open_in(k->root, part, O_PATH, 0, NULL);
		AUTO_CLOSE int at = fd < 0 ? path_open_in(k->root, part, O_PATH | O_NOFOLLOW, 0, NULL) : -1;
		ssize_t to = at < 0 ? -1 : readlinkat(at, "", link, sizeof(link) - 1);

		if (to > 0) { /* to what is not there before something is mounted */
			link[to] = '\0';
			n = strrchr(part, '/') - part;
			snprintf(whole, sizeof(whole), "%.*s/%s", *link == '/' ? 0 : (int)n, part,
				 link + (*link == '/'));
			return is_mounted_over(k, whole);
		}
		if (fd >= 0 && fd_path(fd, name) >= 0 && strncmp(name, k->real, len) == 0) {
			snprintf(whole, sizeof(whole), "%s%s", name + len, path + n);
			return is_mounted_over(k, whole);
		}
		n = (size_t)(strrchr(part, '/') - part);
		part[n] = '\0';
	}
	return false;
}

/* Where path leads to in the container: "" for nothing. Returns 1, or 0 when that cannot be known. */
static int lead(const struct links *k, const char *path, char ret[PATH_MAX])
{
	const size_t len = strcmp(k->real, "/") == 0 ? 0 : strlen(k->real);
	AUTO_CLOSE int fd = path_open_in(k->root, path, O_PATH, 0, NULL);
	char name[PATH_MAX];

	*ret = '\0';
	if (fd == -ENOENT || fd == -ELOOP) {
		AUTO_CLOSE int link = path_open_in(k->root, path, O_PATH | O_NOFOLLOW, 0, NULL);

		/* A program that this image just has not is no link. */
		return link >= 0 && !leads_below_mount(k, path);
	}
	if (fd < 0 || fd_path(fd, name) < 0 || strncmp(name, k->real, len) != 0 || (name[len] && name[len] != '/'))
		return 0;
	snprintf(ret, PATH_MAX, "%s", name[len] ? name + len : "/");
	return !is_mounted_over(k, ret);
}

/* What of an entry can be looked for: all of it, or what stands before the first component with a wildcard. False: nothing. */
static bool part_of(const struct links *k, const char *entry, char ret[PATH_MAX], bool *ret_wild)
{
	size_t fixed = strcspn(entry, JAIL_WILDCARDS), len = strlen(entry);
	bool wild = fixed < len, tree = !wild && entry[len - 1] == '/';

	while (wild && fixed > 0 && entry[fixed - 1] != '/')
		fixed--;
	len = wild ? fixed : len;
	if (len > 1 && (wild || tree))
		len--;
	*ret_wild = wild;
	return len > 1 && snprintf(ret, PATH_MAX, "%.*s", (int)len, entry) < PATH_MAX && !is_mounted_over(k, ret);
}

static int target_of(void *arg, const char *key, const char *entry, char **ret, struct err *e)
{
	struct links *k = arg;
	char path[PATH_MAX], to[PATH_MAX];
	bool wild, tree;

	k->key = key;
	if (!part_of(k, entry, path, &wild) || !lead(k, path, to) || strcmp(to, path) == 0)
		return 0;
	tree = !wild && entry[strlen(entry) - 1] == '/';
	if (!*to) {
		log_warn("policy %s: %s: '%s' is a link that leads to nothing in the container: the entry never "
			 "matches",
			 k->policy, k->key, entry);
	} else if (wild || strpbrk(to, JAIL_WILDCARDS)) {
		log_warn("policy %s: %s: '%s' goes through a link to '%s', and so never matches; name it by that path",
			 k->policy, k->key, entry, to);
	} else {
		*ret = arena_printf(k->a, "%s%s", to, tree ? "/" : "");
		return *ret ? 0 : err_set(e, ENOMEM, "out of memory");
	}
	return 0;
}

int life_policy_links(struct life *l, struct arena *a, struct err *e)
{
	AUTO_CLOSE int root = l->ns.rootfs ? open(l->ns.rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	struct links k = {.l = l, .a = a, .root = root};
	int r = 0;

	/* A plan may be made of a bundle without its files. */
	if (root < 0 || fd_path(root, k.real) < 0)
		return 0;
	for (uint64_t i = 0; i < l->jail.n_policies && r >= 0; i++) {
		struct jail_policy *p = &l->jail.policies[i];

		k.policy = p->name;
		r = jail_policy_follow(p, a, target_of, &k, e);
	}
	return r;
}

static bool is_directory(const struct links *k, const char *path)
{
	AUTO_CLOSE int fd = path_open_in(k->root, path, O_PATH | O_DIRECTORY, 0, NULL);

	return fd >= 0;
}

static void warn_of_absent(const struct links *k, const struct strv *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *entry = list->v[i];
		char path[PATH_MAX];
		AUTO_CLOSE int fd = -1;
		bool wild;

		if (!part_of(k, entry, path, &wild))
			continue;
		fd = path_open_in(k->root, path, O_PATH | O_NOFOLLOW, 0, NULL);
		if ((fd == -ENOENT || fd == -ENOTDIR) && !leads_below_mount(k, path))
			log_warn("policy %s: %s: '%s': the container has no '%s', so the entry never matches what it "
				 "has now; "
				 "correct the path, or leave the entry out",
				 k->policy, k->key, entry, path);
		else if (!wild && entry[strlen(entry) - 1] != '/' && !str_eq(k->key, "files.deny") &&
			 is_directory(k, path))
			log_warn("policy %s: %s: '%s' is a directory, and the entry is about a file: write \"%s/\" for "
				 "the tree",
				 k->policy, k->key, entry, entry);
	}
}

void life_policy_absent(const struct life *l)
{
	AUTO_CLOSE int root = l->ns.rootfs ? open(l->ns.rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	struct links k = {.l = l, .root = root};
	char key[32];

	for (uint64_t i = 0; root >= 0 && i < l->jail.n_policies; i++) {
		const struct jail_policy *p = &l->jail.policies[i];

		k.policy = p->name;
		k.key = "exec.allow";
		warn_of_absent(&k, &p->exec_allow);
		k.key = "exec.deny";
		warn_of_absent(&k, &p->exec_deny);
		k.key = "signals.protect";
		warn_of_absent(&k, &p->protect);
		for (uint64_t n = 0; n < p->n_exec_entries; n++) {
			k.key = p->exec_entries[n].deny ? "exec.deny" : "exec.allow";
			warn_of_absent(&k, &(struct strv){&p->exec_entries[n].path, 1});
		}
		k.key = "files.deny";
		warn_of_absent(&k, &p->files.deny);
		for (int right = 0; right < FILES_RIGHTS; right++) {
			snprintf(key, sizeof(key), "files.%s", jail_file_rights[right].name);
			k.key = key;
			warn_of_absent(&k, &p->files.list[right].paths);
		}
	}
}
