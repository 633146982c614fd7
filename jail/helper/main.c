/* SPDX-License-Identifier: Apache-2.0 */
/* The jail's helper: PID 1 of the container. It is executed from a sealed memfd with a few fds on its command line, waits
 * for the start, and then either becomes the workload (no policy) or forks it and stays as its supervisor. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jail/helper/engines/engine.h"

/* By name: the order, and who runs a row, are those of jail_steps[]. */
static const struct {
	const char *name;
	int (*run)(struct helper *h, struct err *e);
} rows[] = {
    {"wait.start", step_wait_start},
    {"hooks.startContainer", step_hooks},
    {"policy.arm", step_arm},
    {"fork", step_fork},
    {"seal.labels", step_labels},
    {"clone.exec", step_clone_exec},
    {"jail.join", step_join},
    {"seal.session", step_session},
    {"seal.rlimits", step_rlimits},
    {"seal.schedule", step_schedule},
    {"seal.user", step_user},
    {"seal.caps", step_caps},
    {"seal.fds", step_fds},
    {"seal.seccomp", step_seccomp},
    {"exec", step_exec},
};

/* Tests only: has the runtime kill itself at this row, and goes with it. */
static void die_here(struct helper *h, int row)
{
	struct wire m = {.kind = WIRE_DIE, .row = row};

	wire_send(h->sock, &m, -1);
	while (wire_recv(h->sock, &m, NULL) > 0)
		;
	_exit(1);
}

static int run_row(struct helper *h, int i, struct err *e)
{
	bool fail = h->h.fail_step == i, last = strcmp(jail_steps[i].name, "exec") == 0;
	uint64_t begin = h->h.trace_steps ? now_us() : 0;
	int sock = h->sock, r = -ENOSYS;

	/* Nothing comes after exec: what shall happen after it happens before it. */
	if (fail && (!h->h.fail_after || last))
		return err_set(e, EIO, "failure injected before the row (EIO)");
	if (h->h.die_step == i && last)
		die_here(h, JAIL_ROW + i);
	for (size_t k = 0; k < ARRAY_LEN(rows); k++)
		if (strcmp(rows[k].name, jail_steps[i].name) == 0)
			r = rows[k].run(h, e);
	if (r == -ENOSYS && !e->code)
		return err_set(e, ENOSYS, "the helper has no such row");
	if (r < 0)
		return r;
	if (h->workload && h->engine && jail_steps[i].role == 'J') /* the new child: the rest is its parent's */
		return 0;
	if (h->h.trace_steps && h->sock >= 0)
		wire_send(h->sock,
			  &(struct wire){.kind = WIRE_TIME, .row = JAIL_ROW + i, .value = (int64_t)(now_us() - begin)},
			  -1);
	if (fail)
		return err_set(e, EIO, "failure injected after the row (EIO)");
	if (h->h.die_step == i && sock >= 0)
		die_here(h, JAIL_ROW + i);
	return 0;
}

static void walk(struct helper *h, char role)
{
	struct err e = {0};

	for (int i = 0; i < jail_n_steps; i++) {
		if (jail_steps[i].role != role || run_row(h, i, &e) >= 0)
			continue;
		if (!e.code)
			err_set(&e, EIO, "the row failed without a word");
		if (!e.step[0])
			snprintf(e.step, sizeof(e.step), "%s", jail_steps[i].name);
		helper_fail(h, &e);
	}
}

static int read_plan(struct helper *h, struct err *e)
{
	struct stat st;
	void *p;

	if (fstat(h->h.blob_fd, &st) < 0)
		return err_errno(e, "stat the helper's plan");
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, h->h.blob_fd, 0);
	if (p == MAP_FAILED)
		return err_errno(e, "map the helper's plan");
	if (jail_blob_read(p, (size_t)st.st_size, &h->arena, &h->plan) < 0)
		return err_set(e, EBADMSG, "the helper cannot read its plan of %lld bytes", (long long)st.st_size);
	munmap(p, (size_t)st.st_size);
	fd_close_p(&h->h.blob_fd);
	return 0;
}

/* The fds that the runtime gave may not lie where the workload's preserved ones are; all of them end at exec. */
static int guard_fds(struct helper *h, struct err *e)
{
	const int given[] = {h->h.blob_fd,      h->h.sync_fd,      h->h.start_fd, h->h.audit_fd,
			     h->h.audit_dir_fd, h->h.join_fd,      h->h.peer_fd,  h->h.ring_fd,
			     h->h.cgroup_fd,    h->h.cgroup_ns_fd, h->h.end_fd,   h->h.cpu_fd};

	for (size_t i = 0; i < ARRAY_LEN(given); i++)
		if (given[i] >= 3 && (uint32_t)given[i] - 3 < h->plan.seal.preserve_fds)
			return err_set(e, EBADF, "fd %d of the helper lies among the %u fds to be preserved", given[i],
				       h->plan.seal.preserve_fds);
	return fd_cloexec_from(3 + h->plan.seal.preserve_fds, e);
}

static int choose_engine(struct helper *h, struct err *e)
{
	static const struct jail_engine_ops *const engines[] = {
	    [JAIL_NONE] = NULL,
	    [JAIL_NOTIFY] = &engine_notify,
	    [JAIL_TRACE] = &engine_trace,
	};

	if (h->plan.engine >= ARRAY_LEN(engines))
		return err_set(e, EINVAL, "the helper has no engine %u", h->plan.engine);
	h->engine = engines[h->plan.engine];
	return 0;
}

static int setup(struct helper *h, struct err *e)
{
	int r;

	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_errno(e, "PR_SET_DUMPABLE");
	/* From here on the end of the socket says that the runtime died: its ending after `create` is none. */
	if (prctl(PR_SET_PDEATHSIG, 0) < 0)
		return err_errno(e, "PR_SET_PDEATHSIG");
	r = read_plan(h, e);
	if (r >= 0)
		r = choose_engine(h, e);
	return r < 0 ? r : guard_fds(h, e);
}

/* ps shows the name alone: the numbers were for this process, and say nothing to the workload. */
static void show_name(int argc, char **argv)
{
	prctl(PR_SET_NAME, argv[0]);
	memset(argv[1], 0, (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) - argv[1]));
}

int main(int argc, char **argv)
{
	static struct helper h = {.sock = -1,
				  .peer = -1,
				  .signal_fd = -1,
				  .cgroup_fd = -1,
				  .proc_fd = -1,
				  .view_fd = -1,
				  .rulesets = {-1, -1}};
	struct err e = {0};

	if (jail_handover_parse(argc, argv, &h.h) < 0)
		return 2;
	show_name(argc, argv);
	h.sock = h.h.sync_fd;
	h.peer = h.h.peer_fd;
	if (setup(&h, &e) < 0) {
		snprintf(e.step, sizeof(e.step), "wait.start");
		helper_fail(&h, &e);
	}
	if (h.h.role == JAIL_ROLE_INNER) {
		h.workload = true;
		signal(SIGCHLD, SIG_IGN); /* of what hooks have left here nobody is to be waited for */
		if (wait_for_go(&h, &e) < 0)
			helper_fail(&h, &e);
	} else if (h.h.role == JAIL_ROLE_EXEC) {
		/* From here on the runtime hears of what fails; its end of file is the program's beginning. */
		wire_send(h.sock, &(struct wire){.kind = WIRE_BATON, .row = JAIL_ROW}, -1);
		walk(&h, 'E');
	} else {
		walk(&h, 'J');
	}
	if (!h.workload)
		supervise(&h);
	walk(&h, 'C');
	return 1; /* the last row executed the workload */
}
