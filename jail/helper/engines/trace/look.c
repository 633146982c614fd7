/* SPDX-License-Identifier: Apache-2.0 */
/* What can be seen of a program: the path that a call names, as its caller would resolve it, the file that a process runs, its
 * script; and what the policies say of one file. Whoever looks may have to wait for the workload: a scout does, PID 1 looks only at what is there. */
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

/* Page by page, since the next page may be missing. */
ssize_t look_string(pid_t tid, uint64_t from, char *text, size_t size)
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

bool look_is_hasty(void)
{
	return resolve_how != 0;
}

void look_make_haste(bool on)
{
	resolve_how = on ? RESOLVE_CACHED : 0;
}

int look_open(struct helper *h, pid_t tid, int dirfd, const char *path, bool nofollow)
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
static bool policy_allows(const struct jail_policy *p, bool first, bool at, char *path, const struct look_facts *f,
			  uint64_t *ret_counters, struct refusal *ret)
{
	struct jail_policy own = *p;
	char *only[] = {path, NULL};
	bool ok = false;

	*ret_counters = 0;
	if (!at) {
		ret->why = "a memfd, a deleted file, or one of another mount namespace or a later mount";
		ret->allow = "set exec.memfd to true";
		return p->exec_memfd;
	}
	if (first && jail_exec_allows_none(p)) /* nothing but the first program */
		own.exec_allow = (struct strv){only, 1};
	for (unsigned int as = EXEC_AS_PROGRAM; as <= EXEC_AS_SCRIPT; as++) {
		const struct jail_exec_facts facts = {.path = path,
						      .as = (enum spec_exec_as)as,
						      .guess = f->guess,
						      .sha256 = f->sha256,
						      .argv = f->argv[as],
						      .more = f->more};
		struct jail_exec_verdict v;

		if (!(f->as >> as & 1))
			continue;
		jail_exec_judge(&own, &facts, &v);
		if (v.ok && !v.counters) {
			*ret_counters = 0;
			return true;
		}
		ok |= v.ok;
		*ret_counters |= v.counters;
		if (!ret->why) {
			ret->why = v.why;
			ret->allow = v.allow;
		}
	}
	return ok;
}

/* Of the look that is under way. */
static struct look_notes notes;

void look_notes_begin(void)
{
	notes.n = 0;
}

void look_notes_end(struct look_notes *ret)
{
	*ret = notes;
}

void look_note(uint32_t policy, bool allowed, const char *allow, const char *path)
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

bool look_unknown_may_run(struct helper *h, const char *path, struct refusal *by)
{
	bool enforced;

	by->policy = look_authority(h, &enforced);
	if (!enforced)
		look_note(by->policy, false, by->allow, path);
	return !enforced;
}

/* The judgement of one open file; first: it is a process's first program. path comes out for the report. Returns true when
 * it may be executed, by each policy. ret_same, when it is not NULL: the file in the view, or -1 where it is none of it. */
bool look_may_run(struct helper *h, bool first, int fd, struct look_facts *f, char *path, size_t size,
		  struct refusal *ret, int *ret_same)
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
		allowed = policy_allows(p, first, same >= 0, path, f, &f->counters[i], &one);
		if (jail_goes_on(&how) && !f->strict) {
			f->counters[i] = 0; /* counts are for what is enforced */
			if (!allowed || how.mode == POLICY_LEARN)
				look_note((uint32_t)i, allowed, one.allow, path);
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

/* Its name lies where the new program has not been yet, so no thread of the old one has written it. One that was executed by its
 * descriptor still has it: the kernel refuses scripts by a descriptor that exec closes. */
bool look_script(struct helper *h, pid_t tid, struct script *ret)
{
	static char auxv[1024], own[PATH_MAX + 32];
	ssize_t len = procfs_head(h, tid, "auxv", auxv, sizeof(auxv));
	uint64_t at;

	ret->fds[0] = ret->fds[1] = -1;
	/* A 32-bit program has entries of half the size; AT_PAGESZ is in each of them. */
	at =
	    len <= 0 ? 0 : auxv_get(auxv, (size_t)len, auxv_get(auxv, (size_t)len, true, AT_PAGESZ) == 4096, AT_EXECFN);
	if (!at || look_string(tid, at, ret->name, sizeof(ret->name)) < 0)
		return false;
	ret->proc = own_proc_path(tid, ret->name, own, sizeof(own));
	if (ret->proc)
		ret->fds[1] = open_plain(h, tid, ret->name);
	ret->fds[0] = look_open(h, tid, AT_FDCWD, ret->name, false);
	return true;
}
