/* SPDX-License-Identifier: Apache-2.0 */
/* The judgement of a program as a whole: early, of what the caller names, and at last, of the image that the kernel has put in place,
 * with its interpreter and its script. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "look.h"
#include "trace.h"
#include "view.h"

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
	struct look_facts f = {.as = 1u << EXEC_AS_PROGRAM | 1u << EXEC_AS_SCRIPT, .guess = true};
	struct refusal by = {.why = "its path cannot be read"};
	static char path[PATH_MAX];
	AUTO_CLOSE int fd = -1;
	struct file_id id;
	ssize_t n = look_string(ask->tid, ask->at, path, sizeof(path));

	ret->ok = true;
	if (n < 0) {
		ret->err = n == -EFAULT ? EFAULT : EACCES;
		put_refusal(ret, &by, "");
		return;
	}
	fd = look_open(h, ask->tid, ask->dirfd, path, ask->flags & AT_SYMLINK_NOFOLLOW);
	/* What is not there the kernel will not find either; should it by then, the last word is still to come. */
	if (fd < 0)
		return;
	ret->err = EACCES;
	if (jail_has_exec_entries(&h->plan))
		terms_guess(h, ask, fd, path, &f);
	if (!look_may_run(h, ask->first, fd, &f, ret->path, sizeof(ret->path), &by, NULL)) {
		put_refusal(ret, &by, ret->path[0] ? ret->path : path);
	} else if (file_id(fd, &id)) {
		ret->known = true;
		ret->dev = id.dev;
		ret->ino = id.ino;
	}
	memcpy(ret->counters[0], f.counters, sizeof(f.counters));
}

/* The file that exec was told of, when it is not the program itself: a script. Which of two the kernel meant cannot be told: both have
 * to be allowed. False: refused. */
static bool script_may_run(struct helper *h, pid_t tid, bool first, const struct file_id *exe, char *path, size_t size,
			   struct refusal *ret)
{
	struct look_facts f = {.as = 1u << EXEC_AS_SCRIPT};
	static struct script s;
	bool ok;

	*ret = (struct refusal){.why = "its script cannot be told"};
	if (!look_script(h, tid, &s))
		return false;
	snprintf(path, size, "%s", s.name);
	ok = s.fds[0] >= 0 || s.fds[1] >= 0;
	for (int i = 1; i >= 0; i--) {
		AUTO_CLOSE int fd = s.fds[i];
		struct file_id id;

		if (fd < 0 || !ok)
			continue;
		ok = file_id(fd, &id) && (same_file(&id, exe) || look_may_run(h, first, fd, &f, path, size, ret, NULL));
	}
	return ok;
}

/* The interpreter and the script of a program that may run itself. */
static bool look_final(struct helper *h, const struct look_ask *ask, struct look_answer *ret)
{
	AUTO_CLOSE int fd = open_link(h, ask->tid, "exe"), same = -1;
	struct look_facts f = {.as = 1u << EXEC_AS_PROGRAM | 1u << EXEC_AS_INTERPRETER, .guess = true};
	struct refusal by = {.why = "its file cannot be seen"};
	struct file_id id;
	bool ok, enforced;

	ok = fd >= 0 && file_id(fd, &id) &&
	     look_may_run(h, ask->first, fd, &f, ret->path, sizeof(ret->path), &by, &same);
	/* A program that is allowed without a path (exec.memfd) can hold any code: its interpreter adds nothing. */
	if (ok && same >= 0) {
		by = (struct refusal){.allow = "name the interpreter in exec.allow by its own path"};
		ok = loader_may_run(h, ask->tid, same, ret->path, sizeof(ret->path), &by.why) ||
		     look_unknown_may_run(h, ret->path, &by);
	}
	if (ok && jail_has_exec_entries(&h->plan))
		ok = ask->again || terms_may_run(h, ask, ret, &by) ||
		     ((void)look_authority(h, &enforced), !enforced && look_unknown_may_run(h, ret->path, &by));
	else if (ok && !ask->seen)
		ok = script_may_run(h, ask->tid, ask->first, &id, ret->path, sizeof(ret->path), &by) ||
		     look_unknown_may_run(h, ret->path, &by);
	ret->ok = ok;
	if (!ok)
		put_refusal(ret, &by, ret->path);
	return ok;
}

void look(struct helper *h, const struct look_ask *ask, struct look_answer *ret)
{
	look_notes_begin();
	if (ask->final)
		(void)look_final(h, ask, ret);
	else
		look_early(h, ask, ret);
	look_notes_end(&ret->notes);
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
	look_make_haste(true);
	look_notes_begin();
	(void)look_final(h, ask, ret);
	look_notes_end(&ret->notes);
	look_make_haste(false);
	return ret->ok;
}
