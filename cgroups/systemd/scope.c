/* SPDX-License-Identifier: Apache-2.0 */
/* The container's unit of systemd. A scope begins with a process in it and ends when the last one is gone, but the container's
 * first process is to be born in its cgroup and under its limits: so a child of the runtime, the holder, is in it until then. It
 * dies with the runtime (PR_SET_PDEATHSIG), and systemd removes the empty scope. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroups/systemd/bus.h"
#include "cgroups/systemd/unit.h"
#include "cgroups/tree.h"

#define TRIES    100
#define PAUSE_MS 10

static void __attribute__((noreturn)) hold(pid_t runtime)
{
	/* What the runtime has open is not the holder's: the lock of the state, above all. */
	syscall(SYS_close_range, 0, ~0u, 0);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
		while (getppid() == runtime)
			pause();
	_exit(0);
}

static int start_holder(struct cg_run *r, struct err *e)
{
	const pid_t runtime = getpid();
	pid_t pid = proc_clone(0, -1, NULL);

	if (pid == 0)
		hold(runtime);
	if (pid < 0)
		return err_set(e, -pid, "clone3: %s (for a process that holds the scope)", strerror(-pid));
	r->holder = pid;
	return 0;
}

void cg_unit_unhold(struct cg_run *r)
{
	int status;

	if (r->holder <= 0)
		return;
	kill(r->holder, SIGKILL); /* our own child, not waited for: the pid is still its */
	proc_wait(r->holder, &status, 0);
	r->holder = 0;
}

/* A unit that has failed keeps its name until it is reset; one that has just ended, until systemd comes to it. One that
 * runs belongs to somebody. */
static int start(struct cg_bus *b, const struct cg_plan *p, const struct cg_property *list, int n, pid_t pid,
		 struct err *e)
{
	struct stat st;
	int r = 0;

	for (int i = 0; i < TRIES; i++) {
		r = cg_bus_start(b, p->unit.name, list, (size_t)n, pid, e);
		if (r != -EEXIST || stat(p->path, &st) == 0)
			break;
		cg_bus_reset(b, p->unit.name);
		if (i > 0)
			poll(NULL, 0, PAUSE_MS);
	}
	if (r != -EEXIST)
		return r;
	return err_set(e, EBUSY,
		       "the unit %s is there already: it belongs to another container, or is left of one; "
		       "`systemctl%s stop %s` ends it with all that runs in it",
		       p->unit.name, p->unit.user ? " --user" : "", p->unit.name);
}

/* Where the manager really put it: its own cgroup may be another one than was found out. */
static int check_place(const struct cg_plan *p, pid_t pid, struct err *e)
{
	const char *expected = p->path + strlen(p->mount), *now = "/", *who;
	struct arena a = {0};
	int r;

	who = arena_printf(&a, "%d", (int)pid);
	r = who ? cg_of_process(who, &a, &now, e) : err_set(e, ENOMEM, "out of memory");
	if (r == 0 && !str_eq(now, expected))
		r = err_set(e, EXDEV, "systemd put %s into the cgroup %s, where %s was expected", p->unit.name, now,
			    expected);
	arena_free(&a);
	return r;
}

int cg_unit_start(const struct cg_plan *p, struct cg_run *run, struct err *e)
{
	const bool scope = cg_is_scope(&p->unit);
	AUTO_BUS *b = NULL;
	struct cg_property *list;
	struct arena a = {0};
	int n = cg_properties_of(p, true, &a, &list, e);
	/* Before libsystemd is loaded: the holder has less to copy. */
	int r = n < 0 ? n : scope ? start_holder(run, e) : 0;

	if (r == 0)
		r = cg_bus_open(p->unit.user, &b, e);
	if (r == 0)
		r = start(b, p, list, n, run->holder, e);
	arena_free(&a);
	run->made = r == 0;
	if (r == 0 && scope)
		r = check_place(p, run->holder, e);
	if (r == 0)
		return 0;
	cg_unit_unhold(run);
	if (run->made)
		cg_bus_stop(b, p->unit.name, NULL);
	run->made = false;
	return r;
}

int cg_unit_set(const struct cg_unit *unit, const struct cg_plan *p, struct arena *a, struct err *e)
{
	AUTO_BUS *b = NULL;
	struct cg_property *list;
	int n = cg_properties_of(p, false, a, &list, e), r;

	if (n <= 0)
		return n;
	r = cg_bus_open(unit->user, &b, e);
	return r < 0 ? r : cg_bus_set(b, unit->name, list, (size_t)n, e);
}

int cg_unit_remove(const struct cg_unit *unit, struct err *e)
{
	AUTO_BUS *b = NULL;
	int r;

	if (!unit->name)
		return 0;
	r = cg_bus_open(unit->user, &b, e);
	if (r == 0)
		r = cg_bus_stop(b, unit->name, e);
	if (b)
		cg_bus_reset(b, unit->name);
	return r;
}
