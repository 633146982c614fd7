/* SPDX-License-Identifier: Apache-2.0 */
/* The file rules of the policies as Landlock rulesets. They are made once, in policy.arm, by PID 1 and in the tree that the container
 * begins with: what a path leads to then is what the rule is about, whatever the workload puts there later. Each process
 * that is to be under them takes them in seal.seccomp. Two policies are two domains, one in the other: each has to allow. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "jail/helper/helper.h"

#define RULE_PATH_BENEATH 1 /* LANDLOCK_RULE_PATH_BENEATH; an enum */

static int add_rule(int ruleset, uint64_t access, int fd)
{
	const struct {
		uint64_t access;
		int32_t fd;
	} __attribute__((packed)) rule = {access, fd};

	return syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) < 0 ? -errno : 0;
}

static bool goes_by_link(int root, const char *path)
{
	AUTO_CLOSE int fd = path_open_in(root, path, O_PATH, RESOLVE_NO_SYMLINKS, NULL);

	return fd < 0;
}

/* Returns 1 when the entry is about something; 0 when there is nothing at its path, or no tree where it says one. */
static int add_path(int ruleset, const struct jail_file_right *right, int root, const char *path, struct err *e)
{
	bool tree = path[strlen(path) - 1] == '/';
	AUTO_CLOSE int fd = path_open_in(root, path, O_PATH | (tree ? O_DIRECTORY : 0), 0, NULL);
	struct stat st;
	int r;

	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
		return 0;
	if (fd < 0)
		return err_set(e, -fd, "look up '%s': %s (%s)", path, strerror(-fd), errno_name(-fd));
	if (!right->by_links && goes_by_link(root, path))
		return err_set(
		    e, ELOOP,
		    "'%s' goes through a link of the container's root, which may lead anywhere: an image chooses "
		    "where; name what it leads to",
		    path);
	if (fstat(fd, &st) < 0)
		return err_errno(e, "stat '%s'", path);
	if (!tree && S_ISDIR(st.st_mode)) /* the kernel has no rule for a directory without what is below */
		return err_set(e, EISDIR, "'%s' is a directory: write \"%s/\" for the tree", path, path);
	r = add_rule(ruleset, tree ? right->access : right->of_file, fd);
	return r < 0 ? err_set(e, -r, "make a rule of Landlock for '%s': %s (%s)", path, strerror(-r), errno_name(-r))
		     : 1;
}

static int add_list(int ruleset, int root, const struct spec_files *files, int right, struct err *e)
{
	const struct jail_file_right *what = &jail_file_rights[right];
	const struct strv *paths = &files->list[right].paths;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < paths->n && r >= 0; i++) {
		r = add_path(ruleset, what, root, paths->v[i], e);
		n += r > 0;
	}
	if (r >= 0 && !n && paths->n)
		r = err_set(e, ENOENT,
			    "the container has nothing at '%s'%s, so that nothing could be done by it: correct the "
			    "paths (what ends in \"/\" is a tree), or write [] where that is meant",
			    paths->v[0], paths->n > 1 ? " and the other paths" : "");
	return r < 0 ? err_ctx(e, "files.%s", what->name) : 0;
}

/* Without these hardly a program runs, and there is nothing in them. Only the kernel's own are meant, not what an image has put there. */
static int add_devices(int ruleset, int root, uint64_t access)
{
	static const struct {
		const char *path;
		unsigned int minor;
	} devices[] = {{"/dev/null", 3}, {"/dev/zero", 5}, {"/dev/full", 7}, {"/dev/random", 8}, {"/dev/urandom", 9}};
	int r = 0;

	for (size_t i = 0; access && i < ARRAY_LEN(devices) && r >= 0; i++) {
		AUTO_CLOSE int fd = path_open_in(root, devices[i].path, O_PATH | O_NOFOLLOW, 0, NULL);
		struct stat st;

		if (fd >= 0 && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, devices[i].minor))
			r = add_rule(ruleset, access, fd);
	}
	return r;
}

static int make_ruleset(const struct spec_files *files, int root, struct err *e)
{
	uint64_t handled = JAIL_LANDLOCK_REFER, of_devices = 0; /* without REFER nothing could be moved at all */
	AUTO_CLOSE int fd = -1;
	int r = 0;

	for (int i = 0; i < FILES_RIGHTS; i++)
		if (files->list[i].set) {
			handled |= jail_file_rights[i].access;
			of_devices |= i == FILES_READ || i == FILES_WRITE ? jail_file_rights[i].of_file : 0;
		}
	fd = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
	if (fd < 0)
		return err_errno(e, "make a ruleset of Landlock");
	for (int i = 0; i < FILES_RIGHTS && r >= 0; i++)
		if (files->list[i].set)
			r = add_list(fd, root, files, i, e);
	if (r < 0)
		return r;
	r = add_devices(fd, root, of_devices);
	if (r >= 0 && !files->list[FILES_CREATE].set)
		r = add_rule(fd, JAIL_LANDLOCK_REFER, root);
	return r < 0 ? err_set(e, -r, "make a rule of Landlock: %s (%s)", strerror(-r), errno_name(-r)) : take_fd(&fd);
}

int files_arm(struct helper *h, struct err *e)
{
	AUTO_CLOSE int root = -1;

	if (!jail_has_files(&h->plan))
		return 0;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_errno(e, "open /");
	for (uint64_t i = 0; i < h->plan.n_policies; i++) {
		if (!spec_files_has_lists(&h->plan.policies[i].files))
			continue;
		h->rulesets[i] = make_ruleset(&h->plan.policies[i].files, root, e);
		if (h->rulesets[i] < 0)
			return err_file(e, h->plan.policies[i].name);
	}
	return 0;
}

int files_send(const struct helper *h, int sock)
{
	int r = 0;

	for (int i = 0; i < JAIL_POLICIES && r >= 0; i++)
		if (h->rulesets[i] >= 0)
			r = wire_send(sock, &(struct wire){.kind = WIRE_FD, .row = i}, h->rulesets[i]);
	return r;
}

int files_receive(struct helper *h, struct wire *m, int *ret_fd)
{
	int r;

	*ret_fd = -1;
	while ((r = wire_recv(h->peer, m, ret_fd)) > 0 && m->kind == WIRE_FD && *ret_fd >= 0 && m->row >= 0 &&
	       m->row < JAIL_POLICIES)
		h->rulesets[m->row] = take_fd(ret_fd);
	return r;
}

int files_restrict(struct helper *h, struct err *e)
{
	for (uint64_t i = 0; i < h->plan.n_policies; i++) {
		if (!spec_files_has_lists(&h->plan.policies[i].files))
			continue;
		if (h->rulesets[i] < 0)
			return err_set(e, EBADF, "policy %s: files: the jail's supervisor has given no rules",
				       h->plan.policies[i].name);
		if (syscall(SYS_landlock_restrict_self, h->rulesets[i], 0) < 0)
			return err_errno(e, "policy %s: files: restrict the workload by Landlock%s",
					 h->plan.policies[i].name,
					 errno == EPERM   ? "; without CAP_SYS_ADMIN it needs process.noNewPrivileges"
					 : errno == E2BIG ? "; there are sixteen domains around this container already"
							  : "");
		fd_close_p(&h->rulesets[i]);
	}
	return 0;
}
