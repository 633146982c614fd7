/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "commands.h"
#include "runtime/life/life.h"

/* No program of engines calls this form, which may so tell its own failures from the workload's 1, as docker run and podman run do. */
#define RUN_FAILED 125

static bool is_bundle(const char *path)
{
	char config[4200];
	struct stat st;

	snprintf(config, sizeof(config), "%.4096s/config.json", path);
	return stat(config, &st) == 0 && S_ISREG(st.st_mode);
}

/* Whether the bundle is, or was meant to be, an argument: no ID has a slash. Behind a mistake in the command line no word has been
 * looked at yet. */
int cmd_run_failure(const struct rt_call *c, bool mistake)
{
	bool named = !mistake && c->n_args && (is_bundle(c->args[0]) || strchr(c->args[0], '/'));
	bool option = c->o.bundle != NULL;

	for (char **word = c->argv; mistake && *word; word++) {
		named |= is_bundle(*word);
		option |= **word == '-' && (*word)[strspn(*word, "-")] == 'b'; /* -b, --bundle and no other */
	}
	return named && !option ? RUN_FAILED : 1;
}

/* run BUNDLE [ID], run ID, run -b BUNDLE ID: an argument that is a directory with a config.json is the bundle, unless
 * --bundle named one. Only the first form, jailrun's own, brings the jail by itself. */
static int run_arguments(struct rt_call *c, const char **ret_bundle, const char **ret_id, const char **ret_policy,
			 struct err *e)
{
	uint32_t random;
	int n = 0;

	*ret_bundle = *ret_id = *ret_policy = NULL;
	if (n < c->n_args && !c->o.bundle && is_bundle(c->args[n])) {
		*ret_bundle = c->args[n++];
		*ret_policy = "default";
	}
	if (n < c->n_args && !*ret_bundle && strchr(c->args[n], '/'))
		return err_set(e, EINVAL, "invalid container ID format: %s: and no bundle, since it has no config.json",
			       c->args[n]);
	if (n < c->n_args) {
		*ret_id = c->args[n++];
	} else if (*ret_bundle) {
		if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
			return err_errno(e, "getrandom");
		*ret_id = arena_printf(&c->arena, "jr-%08x", random);
	} else if (c->o.bundle) {
		return err_set(e, EINVAL, "container id cannot be empty: it follows the bundle, as in run -b %s ID",
			       c->o.bundle);
	} else {
		return err_set(e, EINVAL, "container id cannot be empty");
	}
	if (n < c->n_args)
		return err_set(e, EINVAL, "run: '%s' is one argument too many%s", c->args[n],
			       *ret_bundle ? "" : ": the first one is no bundle (a directory with a config.json)");
	return *ret_id ? 0 : err_set(e, ENOMEM, "out of memory");
}

static int run_foreground(struct rt_call *c, struct life *l, struct err *e)
{
	int code, r;

	/* The container may be asked for, and killed, by others from now on. */
	r = rt_store_lock(&l->store, RT_LOCK_NONE, e);
	if (r < 0)
		return r;
	if (l->notify.fd >= 0)
		l->signals.notify = &l->notify;
	l->signals.looks = l->report && rt_report_looks(l);
	code = rt_foreground_wait(&l->signals, l->pid, l->pidfd, l->console_fd, e);
	if (code >= 0 && l->report)
		rt_report_ended(l->report, l, code);
	if (code < 0 || c->o.keep)
		return code;
	r = rt_store_lock(&l->store, RT_LOCK_EXCLUSIVE, NULL);
	if (r < 0) /* somebody deleted it while it ended */
		return r == -ENOENT ? code : r;
	cg_run_close(&l->cg_run);
	r = rt_destroy(l->root, &l->store, &l->state, e);
	return r < 0 && r != -ENOENT ? r : code;
}

/* By hand the other way of calling is `run BUNDLE`, which has a jail: once, who left it out is told so. */
static void tell_of_no_jail(const struct rt_call *c, const struct life *l)
{
	if (l->foreground && !l->jail.policy && !c->g.policy && isatty(STDERR_FILENO))
		log_warn("this container runs without a jail, as engines ask for it: say --policy default for one, or "
			 "--policy none to have it so");
}

int cmd_run(struct rt_call *c, struct err *e)
{
	const char *bundle, *id, *policy;
	AUTO_REPORT report = RT_REPORT_INIT;
	struct life l;
	int r;

	life_init(&l, &life_of_container);
	l.start_now = true;
	l.foreground = !c->o.detach;
	r = run_arguments(c, &bundle, &id, &policy, e);
	if (r >= 0 && c->o.report && (r = rt_report_open(&report, c->o.report, l.foreground, e)) >= 0)
		l.report = &report;
	if (r >= 0)
		r = rt_prepare(c, bundle, id, policy, &l, e);
	if (r >= 0)
		tell_of_no_jail(c, &l);
	if (r >= 0 && l.foreground && !c->o.no_subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		r = err_errno(e, "PR_SET_CHILD_SUBREAPER");
	if (r >= 0)
		r = life_create(&l, e);
	if (r >= 0 && l.report)
		rt_report_started(l.report);
	if (r >= 0 && l.foreground)
		r = run_foreground(c, &l, e);
	rt_foreground_end(&l.signals);
	if (l.report)
		r = rt_report_write(l.report, id, r, e);
	if (r >= 0 && !l.foreground)
		life_wait_ready(&l, l.pid);
	life_close(&l);
	return r;
}
