/* SPDX-License-Identifier: Apache-2.0 */
/* What can be seen of a program: the path that a call names, as its caller would resolve it, the program that a process runs,
 * its interpreter, its script. Whoever looks may have to wait for the workload: a scout does, PID 1 looks only at what is there. */
#include "look.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/auxvec.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "jail/helper/procfs.h"
#include "trace.h"
#include "view.h"

/* A string of the tracee, page by page, since the next page may be missing. Returns its length or -errno. */
static ssize_t read_string(pid_t tid, uint64_t from, char *text, size_t size)
{
	size_t len = 0;

	while (len < size) {
		size_t step = 4096 - ((from + len) & 4095);
		struct iovec local = {text + len, step < size - len ? step : size - len};
		struct iovec remote = {(void *)(uintptr_t)(from + len), local.iov_len};
		ssize_t n = process_vm_readv(tid, &local, 1, &remote, 1, 0);
		char *nul;

		if (n <= 0)
			return n < 0 ? -errno : -EFAULT;
		nul = memchr(text + len, '\0', (size_t)n);
		if (nul)
			return nul - text;
		len += (size_t)n;
	}
	return -ENAMETOOLONG;
}

/* What /proc/self and its like are to the tracee, as a path below the helper's procfs; NULL: nothing of the sort. */
static const char *own_proc_path(pid_t tid, const char *path, char *buf, size_t size)
{
	static const struct {
		const char *prefix, *below;
	} own[] = {{"/proc/self/", ""}, {"/proc/thread-self/", ""}, {"/dev/fd/", "fd/"}};

	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (str_starts(path, own[i].prefix)) {
			snprintf(buf, size, "%d/%s%s", (int)tid, own[i].below, path + strlen(own[i].prefix));
			return buf;
		}
	/* By number: only where the tracee's numbers are the helper's. */
	if (str_starts(path, "/proc/") && path[6] >= '0' && path[6] <= '9')
		return path + 6;
	return NULL;
}

/* RESOLVE_CACHED in PID 1, which must not wait: what the kernel has not in its cache, it cannot look at. */
static uint64_t resolve_how;

/* Opens what the tracee means by path, relative to dirfd (AT_FDCWD: its working directory). */
static int open_as_tracee(struct helper *h, pid_t tid, int dirfd, const char *path, bool nofollow)
{
	AUTO_CLOSE int base = -1;
	char name[PATH_MAX + 32];
	const char *own = own_proc_path(tid, path, name, sizeof(name));
	int flags = nofollow ? O_NOFOLLOW : 0;

	if (own)
		return open_path(h->proc_fd, own, flags, resolve_how);
	if (*path == '/') {
		base = open_link(h, tid, "root");
		return base < 0 ? base : open_path(base, path, flags, RESOLVE_IN_ROOT | resolve_how);
	}
	if (dirfd == AT_FDCWD)
		snprintf(name, sizeof(name), "cwd");
	else
		snprintf(name, sizeof(name), "fd/%d", dirfd);
	base = open_link(h, tid, name);
	if (base < 0 || !*path)
		return take_fd(&base);
	return open_path(base, path, flags, resolve_how);
}

/* What one policy says of a program; at: it has a path that can be judged. */
static bool policy_allows(const struct jail_policy *p, bool first, bool at, char *path, struct refusal *ret)
{
	if (!at) {
		ret->why = "a memfd, a deleted file, or one of another mount namespace or a later mount";
		ret->allow = "set exec.memfd to true";
		return p->exec_memfd;
	}
	ret->allow = jail_exec_denied(p, path) ? "take what names it out of exec.deny" : "name it in exec.allow";
	if (first && p->exec_allow.n == 0) { /* an empty list: nothing but the first program */
		struct jail_policy own = *p;
		char *only[] = {path, NULL};

		own.exec_allow = (struct strv){only, 1};
		return jail_exec_allowed(&own, path, &ret->why);
	}
	return jail_exec_allowed(p, path, &ret->why);
}

/* Of the look that is under way. */
static struct look_notes notes;

static void add_note(uint32_t policy, bool allowed, const char *allow, const char *path)
{
	struct look_note *n = &notes.v[notes.n];

	for (uint32_t i = 0; i < notes.n; i++)
		if (notes.v[i].policy == policy && strncmp(notes.v[i].path, path, sizeof(n->path) - 1) == 0)
			return;
	if (notes.n == LOOK_NOTES)
		return;
	*n = (struct look_note){.policy = policy, .allowed = allowed};
	snprintf(n->allow, sizeof(n->allow), "%s", allow && !allowed ? allow : "");
	snprintf(n->path, sizeof(n->path), "%s", path);
	notes.n++;
}

uint32_t look_authority(const struct helper *h, bool *ret_enforced)
{
	int by = -1;

	*ret_enforced = false;
	for (int i = 0; i < (int)h->plan.n_policies; i++) {
		const struct spec_response how = jail_response(&h->plan.policies[i], "exec");

		if (!h->plan.policies[i].exec_rules)
			continue;
		*ret_enforced |= !jail_goes_on(&how);
		by = jail_stricter(&h->plan, "exec", by, i);
	}
	return by < 0 ? 0 : (uint32_t)by;
}

/* What cannot be judged is refused by whoever enforces; where nobody does, it is noted. */
static bool unknown_may_run(struct helper *h, const char *path, struct refusal *by)
{
	bool enforced;

	by->policy = look_authority(h, &enforced);
	if (!enforced)
		add_note(by->policy, false, by->allow, path);
	return !enforced;
}

/* The judgement of one open file; first: it is a process's first program. path comes out for the report. Returns true when
 * it may be executed, by each policy. ret_same, when it is not NULL: the file in the view, or -1 where it is none of it. */
bool look_may_run(struct helper *h, bool first, int fd, char *path, size_t size, struct refusal *ret, int *ret_same)
{
	AUTO_CLOSE int same = -1;
	struct refusal one;
	struct file_id id;
	int by = -1;
	bool enforced;

	*ret = (struct refusal){.why = "its file cannot be seen", .policy = look_authority(h, &enforced)};
	if (!name_of_fd(h, fd, path, size) || !file_id(fd, &id))
		return false;
	same = view_open_same(h, path, &id);
	for (uint64_t i = 0; i < h->plan.n_policies; i++) {
		const struct jail_policy *p = &h->plan.policies[i];
		const struct spec_response how = jail_response(p, "exec");
		bool allowed;

		one = (struct refusal){.policy = (uint32_t)i};
		if (!p->exec_rules)
			continue;
		allowed = policy_allows(p, first, same >= 0, path, &one);
		if (jail_goes_on(&how)) {
			if (!allowed || how.mode == POLICY_LEARN)
				add_note((uint32_t)i, allowed, one.allow, path);
			continue;
		}
		if (allowed || jail_stricter(&h->plan, "exec", by, (int)i) == by)
			continue;
		by = (int)i;
		*ret = one;
	}
	if (ret_same)
		*ret_same = take_fd(&same);
	return by < 0;
}

static void put_refusal(struct look_answer *a, const struct refusal *by, const char *path)
{
	a->ok = false;
	a->policy = by->policy;
	snprintf(a->why, sizeof(a->why), "%s", by->why);
	snprintf(a->allow, sizeof(a->allow), "%s", by->allow ? by->allow : "");
	if (path != a->path)
		snprintf(a->path, sizeof(a->path), "%s", path);
}

static void look_early(struct helper *h, const struct look_ask *ask, struct look_answer *ret)
{
	struct refusal by = {.why = "its path cannot be read"};
	static char path[PATH_MAX];
	AUTO_CLOSE int fd = -1;
	struct file_id id;
	ssize_t n = read_string(ask->tid, ask->at, path, sizeof(path));

	ret->ok = true;
	if (n < 0) {
		ret->err = n == -EFAULT ? EFAULT : EACCES;
		put_refusal(ret, &by, "");
		return;
	}
	fd = open_as_tracee(h, ask->tid, ask->dirfd, path, ask->flags & AT_SYMLINK_NOFOLLOW);
	/* What is not there the kernel will not find either; should it by then, the last word is still to come. */
	if (fd < 0)
		return;
	ret->err = EACCES;
	if (!look_may_run(h, ask->first, fd, ret->path, sizeof(ret->path), &by, NULL)) {
		put_refusal(ret, &by, ret->path[0] ? ret->path : path);
	} else if (file_id(fd, &id)) {
		ret->known = true;
		ret->dev = id.dev;
		ret->ino = id.ino;
	}
}

static uint64_t auxv_get(const char *data, size_t len, bool wide, uint64_t type)
{
	size_t word = wide ? 8 : 4;

	for (size_t i = 0; i + 2 * word <= len; i += 2 * word) {
		uint64_t v[2] = {0};

		memcpy(&v[0], data + i, word);
		memcpy(&v[1], data + i + word, word);
		if (v[0] == type)
			return v[1];
	}
	return 0;
}

/* What a path like /dev/fd/5 is in a tree that the workload has made: a file like others, and no link to its descriptors. */
static int open_plain(struct helper *h, pid_t tid, const char *path)
{
	AUTO_CLOSE int root = open_link(h, tid, "root");

	return root < 0 ? root : open_path(root, path, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve_how);
}

static bool file_may_run(struct helper *h, int fd, bool first, const struct file_id *exe, char *path, size_t size,
			 struct refusal *ret)
{
	struct file_id id;

	if (fd < 0 || !file_id(fd, &id))
		return false;
	return same_file(&id, exe) || look_may_run(h, first, fd, path, size, ret, NULL);
}

/* The file that exec was told of, when it is not the program itself: a script. Its name lies where the new program has not been
 * yet, so no thread of the old one has written it. One that was executed by its descriptor still has it: the kernel refuses
 * scripts by a descriptor that exec closes. False: refused. */
static bool script_may_run(struct helper *h, pid_t tid, bool first, const struct file_id *exe, char *path, size_t size,
			   struct refusal *ret)
{
	static char auxv[1024], own[PATH_MAX + 32], name[PATH_MAX];
	ssize_t len = procfs_head(h, tid, "auxv", auxv, sizeof(auxv));
	AUTO_CLOSE int fd = -1, plain = -1;
	uint64_t at;

	*ret = (struct refusal){.why = "its script cannot be told"};
	/* A 32-bit program has entries of half the size; AT_PAGESZ is in each of them. */
	at =
	    len <= 0 ? 0 : auxv_get(auxv, (size_t)len, auxv_get(auxv, (size_t)len, true, AT_PAGESZ) == 4096, AT_EXECFN);
	if (!at || read_string(tid, at, name, sizeof(name)) < 0)
		return false;
	snprintf(path, size, "%s", name);
	/* Which of the two the kernel meant cannot be told: both have to be allowed. */
	if (own_proc_path(tid, name, own, sizeof(own))) {
		plain = open_plain(h, tid, name);
		if (plain >= 0 && !file_may_run(h, plain, first, exe, path, size, ret))
			return false;
	}
	fd = open_as_tracee(h, tid, AT_FDCWD, name, false);
	if (fd < 0 && plain >= 0)
		return true;
	return file_may_run(h, fd, first, exe, path, size, ret);
}

/* The interpreter and the script of a program that may run itself. */
static bool look_final(struct helper *h, const struct look_ask *ask, struct look_answer *ret)
{
	AUTO_CLOSE int fd = open_link(h, ask->tid, "exe"), same = -1;
	struct refusal by = {.why = "its file cannot be seen"};
	struct file_id id;
	bool ok;

	ok = fd >= 0 && file_id(fd, &id) && look_may_run(h, ask->first, fd, ret->path, sizeof(ret->path), &by, &same);
	/* A program that is allowed without a path (exec.memfd) can hold any code: its interpreter adds nothing. */
	if (ok && same >= 0) {
		by = (struct refusal){.allow = "name the interpreter in exec.allow by its own path"};
		ok = loader_may_run(h, ask->tid, same, ret->path, sizeof(ret->path), &by.why) ||
		     unknown_may_run(h, ret->path, &by);
	}
	if (ok && !ask->seen)
		ok = script_may_run(h, ask->tid, ask->first, &id, ret->path, sizeof(ret->path), &by) ||
		     unknown_may_run(h, ret->path, &by);
	ret->ok = ok;
	if (!ok)
		put_refusal(ret, &by, ret->path);
	return ok;
}

void look(struct helper *h, const struct look_ask *ask, struct look_answer *ret)
{
	notes.n = 0;
	if (ask->final)
		(void)look_final(h, ask, ret);
	else
		look_early(h, ask, ret);
	ret->notes = notes;
}

/* When no process can be had for it (pids.max). By CAP_SYS_ADMIN, and so fanotify(7), the workload could make this one wait
 * where it opens the program and its interpreter. */
bool look_without_waiting(struct helper *h, const struct look_ask *ask, struct look_answer *ret)
{
	bool enforced;
	const bool admin = h->plan.seal.set_caps && (h->plan.seal.caps[CAPS_BOUNDING] >> 21 & 1);

	*ret = (struct look_answer){.why = "no process can be made to look at its interpreter and its script",
				    .policy = look_authority(h, &enforced)};
	if (admin && !(ask->first && ask->tid == h->main))
		return false;
	resolve_how = RESOLVE_CACHED;
	notes.n = 0;
	(void)look_final(h, ask, ret);
	ret->notes = notes;
	resolve_how = 0;
	return ret->ok;
}
