/* SPDX-License-Identifier: Apache-2.0 */
/* Which programs may be executed. Before the call the path is read from the caller's memory and resolved as the caller
 * would: that gives an errno one can understand, and any of its threads can make it wrong. After it, at
 * PTRACE_EVENT_EXEC, the kernel says what was executed, and nothing of it has run: that is the decision. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "jail/helper/session.h"
#include "look.h"
#include "scout.h"
#include "shield.h"
#include "trace.h"
#include "view.h"

/* A first program: its refusal is the runtime's to tell. The container's own is its end. */
static void refuse_first(struct helper *h, pid_t tid, const char *path, const struct refusal *by)
{
	struct session *s = session_of(tid);
	struct err e = {0};

	err_set(&e, EACCES, "exec: \"%s\" is refused by policy %s (rule exec): %s: permission denied", path,
		h->plan.policies[by->policy].name, by->why);
	snprintf(e.step, sizeof(e.step), "exec");
	if (tid == h->main || !s) {
		audit_flush(h, true);
		helper_fail(h, &e);
	}
	session_refuse(s, &e);
}

static uint32_t hash_of(const char *path)
{
	uint32_t x = 2166136261u;

	for (size_t i = 0; i < sizeof(((struct look_note *)NULL)->path) - 1 && path[i]; i++)
		x = (x ^ (unsigned char)path[i]) * 16777619u;
	return x | 1;
}

/* Reports what the policies say that are not enforced. c: the call; NULL: the program is there. What was told of at the call is not
 * told again; a policy that learns hears of what came to be alone. */
static void tell_notes(struct helper *h, struct task *t, const struct trapped *c, const struct look_notes *notes)
{
	for (uint32_t i = 0; i < notes->n; i++) {
		const struct look_note *n = &notes->v[i];
		const struct spec_response how = jail_response(&h->plan.policies[n->policy], "exec");
		struct denial d = {.rule = "exec",
				   .err = n->allowed ? 0 : EACCES,
				   .allowed = n->allowed,
				   .target = NO_TARGET,
				   .path = n->path,
				   .tid = t->tid,
				   .allow = n->allow[0] ? n->allow : NULL};

		if (c ? how.mode == POLICY_LEARN : t->told == hash_of(n->path))
			continue;
		if (c) {
			trace_fill(c, &d);
			t->told = hash_of(n->path);
		}
		d.policy = n->policy;
		if (n->allowed) {
			d.mode = POLICY_LEARN;
			audit_denial(h, &d);
		} else {
			(void)audit_violation(h, &d);
		}
	}
	if (!c)
		t->told = 0;
}

/* After the look before the call. */
static enum answer early_done(struct helper *h, const struct trapped *c, const struct look_answer *a)
{
	struct refusal by = {.why = a->why, .allow = a->allow[0] ? a->allow : NULL, .policy = a->policy};
	struct denial d = {.rule = c->rule->name, .err = a->err, .target = NO_TARGET};
	struct task *t = task_find(c->tid);

	tell_notes(h, t, c, &a->notes);
	if (a->ok && terms_count(h, a, false, &by)) {
		t->exec_seen = a->known;
		t->exec_dev = a->dev;
		t->exec_ino = a->ino;
		return ANSWER_GO;
	}
	d.path = a->path[0] ? a->path : NULL;
	d.allow = by.allow;
	d.policy = by.policy;
	if (a->ok)
		d.err = EACCES;
	if (!t->starting)
		return trace_refuse(h, c, &d) ? ANSWER_DONE : ANSWER_GO;
	trace_fill(c, &d);
	d.policy = by.policy;
	audit_denial(h, &d);
	refuse_first(h, c->tid, a->path, &by);
	return ANSWER_DONE;
}

static bool has_wide_pointers(const struct trapped *c)
{
	const unsigned int x32 = 0x40000000;

	return (c->arch & __AUDIT_ARCH_64BIT) && !(c->arch == AUDIT_ARCH_X86_64 && ((unsigned int)c->nr & x32));
}

enum answer trace_exec_early(struct helper *h, const struct trapped *c)
{
	bool at = c->rule->syscall && strcmp(c->rule->syscall, "execveat") == 0;
	struct look_ask ask = {.tid = c->tid,
			       .dirfd = at ? (int)c->args[0] : AT_FDCWD,
			       .flags = at ? (int)c->args[4] : 0,
			       .at = c->args[at ? 1 : 0],
			       .argv = c->args[at ? 2 : 1],
			       .wide = has_wide_pointers(c)};
	struct task *t = task_find(c->tid), *leader = task_find(c->tgid);

	if (!t || !jail_has_exec_rules(&h->plan))
		return ANSWER_GO;
	t->exec_seen = false;
	t->told = 0;
	ask.first = t->starting;
	/* Without a look a refusal is a kill later on, and no errno. */
	if (leader && leader->stalls)
		return ANSWER_GO;
	return scout_ask(h, &ask, c) ? ANSWER_LATER : ANSWER_GO;
}

static void kill_new_program(struct helper *h, pid_t tid, bool first, const char *path, const struct refusal *by)
{
	audit_denial(h, &(struct denial){.policy = by->policy,
					 .rule = "exec",
					 .tid = tid,
					 .path = path,
					 .kill = true,
					 .target = NO_TARGET,
					 .allow = by->allow});
	kill(tid, SIGKILL);
	if (first)
		refuse_first(h, tid, path, by);
}

static void final_done(struct helper *h, struct task *t)
{
	pid_t tid = t->tid;

	t->exec_seen = t->stalls = false;
	if (!t->starting)
		return;
	/* With the process's own copy of the socket, closed by its exec, the runtime sees the end. */
	t->starting = false;
	if (tid == h->main)
		fd_close_p(&h->sock);
	else
		session_end(session_of(tid));
}

static bool is_enforced(const struct helper *h)
{
	bool enforced;

	(void)look_authority(h, &enforced);
	return enforced;
}

/* A look that was not to be had, where nobody enforces what it is for: reported, and the program runs. */
static void tell_unseen(struct helper *h, const struct task *t, const char *path)
{
	bool enforced;

	(void)audit_violation(h, &(struct denial){.policy = look_authority(h, &enforced),
						  .rule = "exec",
						  .tid = t->tid,
						  .path = path,
						  .kill = true,
						  .target = NO_TARGET});
}

/* The shield of a protected program has it executed once more: its interpreter is another image than the one that was looked at. The script
 * is the same. */
static enum answer shield_and_look(struct helper *h, struct task *t, const struct look_ask *ask)
{
	struct look_ask again = *ask;
	static struct look_answer answer;

	if (!(t->protected_ & protect_enforced(h)) || t->shielded)
		return ANSWER_GO;
	if (!shield_raise(h, t))
		return ANSWER_DONE;
	t->shielded = again.seen = again.again = true;
	if (!jail_has_exec_rules(&h->plan))
		return ANSWER_GO;
	if (scout_ask(h, &again, NULL))
		return ANSWER_LATER;
	if (look_without_waiting(h, &again, &answer) || !is_enforced(h))
		return ANSWER_GO;
	kill_new_program(h, t->tid, t->starting, answer.path,
			 &(struct refusal){.why = answer.why, .policy = answer.policy});
	return ANSWER_DONE;
}

/* What came of a look; a is NULL: nothing within the time. c: the call that it was for; NULL: a final one. */
static void look_done(struct helper *h, const struct look_ask *ask, const struct trapped *c,
		      const struct look_answer *a)
{
	struct task *t = task_find(ask->tid), *leader;
	bool enforced;
	struct refusal by = {.why = "the look at its interpreter and its script did not come to an end",
			     .policy = look_authority(h, &enforced)};
	static char path[PATH_MAX];
	enum answer answer = ANSWER_GO;
	AUTO_CLOSE int fd = -1;

	t->look = 0;
	if (c && a) {
		answer = early_done(h, c, a);
	} else if (c) { /* on to the kernel's own look, which may wait as long as it likes, and to the last word */
		leader = task_find(t->tgid);
		if (leader)
			leader->stalls = true;
	} else if (a && a->ok && (ask->again || terms_count(h, a, true, &by))) {
		tell_notes(h, t, NULL, &a->notes);
		answer = shield_and_look(h, t, ask);
		if (answer == ANSWER_LATER)
			return;
		if (answer == ANSWER_GO)
			final_done(h, t);
	} else if (a) {
		if (!a->ok)
			by = (struct refusal){
			    .why = a->why, .allow = a->allow[0] ? a->allow : NULL, .policy = a->policy};
		kill_new_program(h, ask->tid, t->starting, a->path, &by);
	} else {
		fd = open_link(h, ask->tid, "exe");
		if (fd < 0 || !name_of_fd(h, fd, path, sizeof(path)))
			path[0] = '\0';
		if (is_enforced(h)) {
			kill_new_program(h, ask->tid, t->starting, path, &by);
		} else {
			tell_unseen(h, t, path);
			answer = shield_and_look(h, t, ask);
			if (answer == ANSWER_LATER)
				return;
			if (answer == ANSWER_GO)
				final_done(h, t);
		}
	}
	if (c)
		trace_answer(c, answer);
	else
		trace_resume(ask->tid, PTRACE_CONT, 0);
}

/* The program itself: no path of the workload's is followed for that, and no memory read. */
static enum answer judge_program(struct helper *h, struct task *t)
{
	struct look_ask ask = {.tid = t->tid, .final = true, .first = t->starting};
	static char path[PATH_MAX];
	static struct look_answer answer;
	AUTO_CLOSE int fd = open_link(h, t->tid, "exe");
	struct look_facts f = {.as = 1u << EXEC_AS_PROGRAM | 1u << EXEC_AS_INTERPRETER, .guess = true};
	struct refusal by = {.why = "its file cannot be seen"};
	bool ok, rules = jail_has_exec_rules(&h->plan);
	struct file_id id;

	path[0] = '\0';
	ok = fd >= 0 && file_id(fd, &id);
	if (ok && rules)
		ok = look_may_run(h, t->starting, fd, &f, path, sizeof(path), &by, NULL);
	if (ok)
		task_protect(t, protect_of(h, t->tid));
	if (ok && rules) {
		ask.seen = t->exec_seen && t->exec_dev == id.dev && t->exec_ino == id.ino;
		if (scout_ask(h, &ask, NULL))
			return ANSWER_LATER;
		ok = look_without_waiting(h, &ask, &answer);
		if (ok)
			tell_notes(h, t, NULL, &answer.notes);
		else if (!is_enforced(h))
			tell_unseen(h, t, path);
		ok |= !is_enforced(h);
		by = (struct refusal){.why = answer.why, .policy = answer.policy};
		ok = ok && terms_count(h, &answer, true, &by);
	}
	if (ok)
		return shield_and_look(h, t, &ask);
	kill_new_program(h, t->tid, t->starting, path, &by);
	return ANSWER_DONE;
}

enum answer trace_exec_final(struct helper *h, pid_t tid)
{
	struct task *t = task_find(tid);
	enum answer verdict = ANSWER_GO;

	if (!t) {
		kill(tid, SIGKILL);
		return ANSWER_DONE;
	}
	t->look = 0;
	t->shielded = false;
	if (jail_has_exec_rules(&h->plan) || jail_has_protect(&h->plan))
		verdict = judge_program(h, t);
	if (verdict == ANSWER_GO)
		final_done(h, t);
	return verdict;
}

void trace_take_looks(struct helper *h)
{
	static struct scout_result r;

	while (scout_result(&r))
		look_done(h, &r.ask, r.early ? &r.call : NULL, r.ended ? &r.answer : NULL);
}
