/* SPDX-License-Identifier: Apache-2.0 */
/* The terms of entries of exec: what a program is executed as, its bytes, its arguments, how often. All is judged at
 * PTRACE_EVENT_EXEC, of the new program before its first instruction: its arguments lie in memory that the old one has never seen,
 * and the kernel keeps its file from being written until it ends. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "jail/helper/procfs.h"
#include "look.h"
#include "trace.h"
#include "view.h"

#define ARGS_MAX 256 /* that patterns can be about; what is behind them is `more` */

/* Arguments of a process. */
struct arguments {
	char text[65536];
	char *v[ARGS_MAX + 1];
	struct strv all, script; /* from the script's path on */
	bool more;
};

static void put_text(struct arguments *a, size_t len, bool cut)
{
	char *p = a->text, *end = a->text + len;

	a->all = (struct strv){a->v, 0};
	a->more = cut;
	while (p < end && a->all.n < ARGS_MAX) {
		char *nul = memchr(p, '\0', (size_t)(end - p));

		if (!nul) {
			a->more = true;
			break;
		}
		a->v[a->all.n++] = p;
		p = nul + 1;
	}
	a->more |= p < end;
	a->v[a->all.n] = NULL;
}

/* Those of the new program, as the kernel has put them. */
static bool read_arguments(struct helper *h, pid_t tid, struct arguments *a)
{
	ssize_t n = procfs_head(h, tid, "cmdline", a->text, sizeof(a->text));

	if (n <= 0)
		return false;
	put_text(a, (size_t)n, (size_t)n == sizeof(a->text) - 1);
	return true;
}

/* Those of the call, as its threads have them now: good for an errno, and no more. */
static bool guess_arguments(const struct look_ask *ask, struct arguments *a)
{
	size_t len = 0, step = ask->wide ? 8 : 4;
	uint64_t at = 0;

	for (size_t i = 0; i <= ARGS_MAX; i++) {
		struct iovec local = {&at, step}, remote = {(void *)(uintptr_t)(ask->argv + i * step), step};
		ssize_t n;

		at = 0;
		if (process_vm_readv(ask->tid, &local, 1, &remote, 1, 0) != (ssize_t)step)
			return false;
		if (!at) {
			put_text(a, len, false);
			return true;
		}
		n = len < sizeof(a->text) ? look_string(ask->tid, at, a->text + len, sizeof(a->text) - len) : -E2BIG;
		if (n < 0)
			break;
		len += (size_t)n + 1;
	}
	put_text(a, len, true);
	return true;
}

/* By a descriptor of the file, O_PATH. */
static bool hash_file(struct helper *h, int path_fd, char ret[SHA256_HEX])
{
	static unsigned char data[65536];
	AUTO_CLOSE int fd = look_is_hasty() ? -EAGAIN : open_to_read(h, path_fd);
	struct sha256 s;
	ssize_t n = -1;

	sha256_init(&s);
	while (fd >= 0 && (n = read(fd, data, sizeof(data))) > 0)
		sha256_add(&s, data, (size_t)n);
	sha256_hex(&s, ret);
	return n == 0;
}

void terms_guess(struct helper *h, const struct look_ask *ask, int fd, char *name, struct look_facts *f)
{
	static struct arguments program, script;
	static char path[PATH_MAX], hash[SHA256_HEX];

	if (name_of_fd(h, fd, path, sizeof(path)) && jail_exec_wants_sha256(&h->plan, path) && hash_file(h, fd, hash))
		f->sha256 = hash;
	if (!guess_arguments(ask, &program))
		return;
	memcpy(script.v, program.v, sizeof(script.v));
	script.v[0] = name; /* the kernel puts it there */
	script.all = (struct strv){script.v, program.all.n ? program.all.n : 1};
	f->argv[EXEC_AS_PROGRAM] = &program.all;
	f->argv[EXEC_AS_SCRIPT] = &script.all;
	f->more = program.more;
}

/* The new program's file, or the script's. */
struct part {
	int fd;
	enum spec_exec_as as;
	char path[PATH_MAX];
};

static bool same_link(const struct helper *h, pid_t tid, const char *name, const char *wanted)
{
	char path[64], text[PATH_MAX], own[PATH_MAX];
	ssize_t n, k;

	snprintf(path, sizeof(path), "%d/%s", (int)tid, name);
	n = readlinkat(h->proc_fd, path, text, sizeof(text));
	if (*wanted == '/')
		return n == 1 && text[0] == '/';
	k = readlinkat(h->proc_fd, wanted, own, sizeof(own));
	return n > 0 && n == k && memcmp(text, own, (size_t)n) == 0;
}

/* Whether the file that the interpreter opens by the script's path is this one: no link is in the path, and it begins at the
 * container's own root. Then only who can write to the script's directories can put another one there. */
static bool is_held(struct helper *h, pid_t tid, const struct script *s, const struct arguments *a)
{
	static char path[PATH_MAX];
	AUTO_CLOSE int same = -1;
	struct file_id id;

	if (s->proc || s->fds[0] < 0 || !a->script.n || !file_id(s->fds[0], &id) ||
	    !name_of_fd(h, s->fds[0], path, sizeof(path)) || strcmp(path, s->name) != 0)
		return false;
	same = view_open_same(h, path, &id);
	return same >= 0 && same_link(h, tid, "root", "/") && same_link(h, tid, "ns/mnt", "self/ns/mnt");
}

/* Whether this program might be executed with the same arguments without a script. Else it may only be because of that. */
static bool is_direct(struct helper *h, bool first, int exe, const struct look_facts *f, uint32_t *ret_policy)
{
	struct look_facts direct = *f;
	static char path[PATH_MAX];
	struct refusal by;
	bool ok;

	direct.as = 1u << EXEC_AS_PROGRAM;
	direct.strict = true;
	direct.argv[EXEC_AS_PROGRAM] = f->argv[EXEC_AS_INTERPRETER];
	ok = look_may_run(h, first, exe, &direct, path, sizeof(path), &by, NULL);
	*ret_policy = by.policy;
	return ok;
}

/* Where the kernel has put the script's path: behind the interpreter, and behind what the script gives it as an argument. */
static void find_script_argument(struct arguments *a, const char *name)
{
	a->script = (struct strv){0};
	for (size_t i = 1; i <= 2 && i < a->all.n && !a->script.n; i++)
		if (strcmp(a->all.v[i], name) == 0)
			a->script = (struct strv){a->all.v + i, a->all.n - i};
}

/* The files that the kernel was told of: -1 is put in the place of what is the program itself. Returns whether one is left. */
static bool leave_scripts(struct script *s, const struct file_id *exe)
{
	for (int i = 0; i < 2; i++) {
		struct file_id id;

		if (s->fds[i] >= 0 && file_id(s->fds[i], &id) && same_file(&id, exe))
			fd_close_p(&s->fds[i]);
	}
	return s->fds[0] >= 0 || s->fds[1] >= 0;
}

static bool script_may_run(struct helper *h, const struct look_ask *ask, int exe, const struct look_facts *program,
			   struct script *s, const struct arguments *a, struct look_answer *ret, struct refusal *by)
{
	struct look_facts f = {.as = 1u << EXEC_AS_SCRIPT, .more = a->more};
	struct spec_response how;
	uint32_t policy;

	f.argv[EXEC_AS_SCRIPT] = a->script.n ? &a->script : NULL;
	for (int i = 0; i < 2; i++) {
		if (s->fds[i] >= 0 &&
		    !look_may_run(h, ask->first, s->fds[i], &f, ret->path, sizeof(ret->path), by, NULL))
			return false;
		for (size_t k = 0; k < JAIL_POLICIES && s->fds[i] >= 0; k++)
			ret->counters[1][k] |= f.counters[k];
	}
	if (is_direct(h, ask->first, exe, program, &policy) || is_held(h, ask->tid, s, a))
		return true;
	snprintf(ret->path, sizeof(ret->path), "%s", s->name);
	*by = (struct refusal){.why =
				   "its interpreter is for allowed scripts alone, and this one was not executed by its "
				   "own path, without links, in the container's own root",
			       .allow = "execute the script by its own path, or allow its interpreter as a program",
			       .policy = policy};
	how = jail_response(&h->plan.policies[policy], "exec");
	if (jail_goes_on(&how))
		look_note(policy, false, by->allow, s->name);
	return jail_goes_on(&how);
}

bool terms_may_run(struct helper *h, const struct look_ask *ask, struct look_answer *ret, struct refusal *by)
{
	static struct arguments a;
	static struct script s;
	static char hash[SHA256_HEX];
	AUTO_CLOSE int exe = open_link(h, ask->tid, "exe");
	struct look_facts f = {0};
	bool ok = false, script = false;
	struct file_id id;

	*by = (struct refusal){.why = "its arguments, or its script, cannot be told"};
	s.fds[0] = s.fds[1] = -1;
	if (exe < 0 || !file_id(exe, &id) || !name_of_fd(h, exe, ret->path, sizeof(ret->path)))
		return false;
	/* What was seen at the call is allowed as a program, or not at all: nobody wins by swapping a script for it. */
	if (!ask->seen) {
		ok = look_script(h, ask->tid, &s) && (s.fds[0] >= 0 || s.fds[1] >= 0);
		script = ok && leave_scripts(&s, &id);
	}
	if ((ask->seen || ok) && read_arguments(h, ask->tid, &a)) {
		find_script_argument(&a, s.name);
		f.as = 1u << (script ? EXEC_AS_INTERPRETER : EXEC_AS_PROGRAM);
		f.argv[script ? EXEC_AS_INTERPRETER : EXEC_AS_PROGRAM] = &a.all;
		f.more = a.more;
		if (jail_exec_wants_sha256(&h->plan, ret->path) && hash_file(h, exe, hash))
			f.sha256 = hash;
		ok = look_may_run(h, ask->first, exe, &f, ret->path, sizeof(ret->path), by, NULL);
		memcpy(ret->counters[0], f.counters, sizeof(f.counters));
		if (ok && script)
			ok = script_may_run(h, ask, exe, &f, &s, &a, ret, by);
	} else {
		ok = false;
	}
	fd_close_p(&s.fds[0]);
	fd_close_p(&s.fds[1]);
	return ok;
}

/* ---- how often ---- */

static int64_t used[JAIL_POLICIES][EXEC_TIMES_MAX];

static int64_t times_of(const struct jail_policy *p, uint32_t counter)
{
	for (uint64_t i = 0; i < p->n_exec_entries; i++)
		if (p->exec_entries[i].times >= 0 && p->exec_entries[i].counter == counter)
			return p->exec_entries[i].times;
	return 0;
}

/* The first of these that has a time left, or -1. */
static int free_counter(const struct helper *h, size_t policy, uint64_t counters)
{
	for (uint32_t c = 0; c < EXEC_TIMES_MAX; c++)
		if ((counters >> c & 1) && used[policy][c] < times_of(&h->plan.policies[policy], c))
			return (int)c;
	return -1;
}

bool terms_count(struct helper *h, const struct look_answer *a, bool take, struct refusal *ret)
{
	int taken[2][JAIL_POLICIES];
	bool ok = true;

	memset(taken, -1, sizeof(taken));
	for (size_t file = 0; file < 2 && ok; file++)
		for (size_t i = 0; i < h->plan.n_policies && ok; i++) {
			if (!a->counters[file][i])
				continue;
			taken[file][i] = free_counter(h, i, a->counters[file][i]);
			ok = taken[file][i] >= 0;
			if (ok)
				used[i][taken[file][i]]++;
			else
				*ret = (struct refusal){.why = "executed as often as exec.allow has it",
							.allow = "raise `times` of its entry in exec.allow",
							.policy = (uint32_t)i};
		}
	for (size_t file = 0; file < 2 && !(ok && take); file++)
		for (size_t i = 0; i < JAIL_POLICIES; i++)
			if (taken[file][i] >= 0)
				used[i][taken[file][i]]--;
	return ok;
}

/* ---- the file of a running program ---- */

/* Linux 6.11 let it be written, and took that back in the course of 6.12. */
static bool kernel_is_in_doubt(void)
{
	struct utsname u;

	return uname(&u) < 0 || str_starts(u.release, "6.11.") || str_starts(u.release, "6.12.");
}

/* Asked of the helper itself, whose own file everyone could write else. */
int terms_arm(struct helper *h, struct err *e)
{
	AUTO_CLOSE int fd = -1;

	if (!jail_has_exec_sha256(&h->plan))
		return 0;
	fd = openat(h->proc_fd, "self/exe", O_WRONLY | O_CLOEXEC);
	if (fd < 0 && (errno == ETXTBSY || !kernel_is_in_doubt()))
		return 0;
	return err_set(
	    e, ENOTSUP,
	    "policy %s: sha256 in exec.allow: this kernel lets the file of a running program be written (as Linux "
	    "6.11 does), so that a hash would not hold: use another kernel, or leave sha256 out",
	    h->plan.policy);
}
