/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "life.h"
#include "steps.h"

#define FILE_MODE 0644

static int open_path(struct rt_report *r, struct err *e)
{
	int n;

	if (str_eq(r->path, "-")) {
		r->out.fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
		return r->out.fd < 0 ? err_errno(e, "stderr is not open") : 0;
	}
	n = out_open(r->path, &r->out, e);
	/* The file itself must not be there before the end. */
	return n < 0 ? n : out_try(&r->out, FILE_MODE, e);
}

int rt_report_open(struct rt_report *r, const char *path, bool foreground, struct err *e)
{
	int n;

	r->path = path;
	r->opened_us = now_us();
	if (!foreground)
		n = err_set(e, EINVAL, "nobody waits for the container's end under --detach; leave one of them out");
	else
		n = open_path(r, e);
	return n < 0 ? err_ctx(e, "--report") : 0;
}

void rt_report_close(struct rt_report *r)
{
	out_close(&r->out);
	fd_close_p(&r->told[0]);
	fd_close_p(&r->told[1]);
}

int rt_report_ask(struct rt_report *r, struct err *e)
{
	return pipe2(r->told, O_CLOEXEC | O_NONBLOCK) < 0 ? err_errno(e, "--report: pipe") : 0;
}

void rt_report_cgroup(struct rt_report *r, const struct life *l)
{
	r->reused = l->cg.path && !l->cg_run.made && cg_usage(&l->cg, &l->cg_run, &r->before) == 0;
}

void rt_report_started(struct rt_report *r)
{
	r->begin_us = now_us();
}

bool rt_report_looks(const struct life *l)
{
	return !life_has_jail(l) || life_outer_init(l);
}

void rt_report_ended(struct rt_report *r, struct life *l, int code)
{
	struct jail_end end;

	r->end_us = now_us();
	r->ended = true;
	r->code = code;
	r->signal = l->signals.ended.signal;
	/* The workload cannot write there: it is the helper's word. */
	if (read(r->told[0], &end, sizeof(end)) == (ssize_t)sizeof(end)) {
		if (!r->signal && WIFSIGNALED(end.status))
			r->signal = WTERMSIG(end.status);
		r->limit = end.bound < 0 ? NULL : jail_bound_name((enum policy_bound)end.bound);
	}
	r->used = l->signals.ended.used;
	if (l->cg.path && cg_usage(&l->cg, &l->cg_run, &r->usage) == 0 && r->reused)
		cg_usage_since(&r->usage, &r->before);
	cg_let_go(&l->cg_run);
}

static uint64_t usec(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000000 + (uint64_t)t->tv_usec;
}

/* The workload got over it when it ended with 0: then only oomKills tells. */
static const char *verdict(const struct rt_report *r)
{
	if (!r->ended)
		return "error";
	if (r->limit)
		return "limit";
	if (r->code != 0 && r->usage.oom_kills.v)
		return "oom";
	return r->signal ? "signal" : r->code ? "exit" : "ok";
}

static void put(struct jsonw *w, const char *key, struct opt_u64 v)
{
	if (v.set)
		jw_uint(w, key, v.v);
	else
		jw_null(w, key);
}

static struct opt_u64 known(bool set, uint64_t v)
{
	return (struct opt_u64){set, v};
}

static void print(const struct rt_report *r, const char *id, const char *error, struct jsonw *w)
{
	const struct cg_usage *u = &r->usage;
	const bool began = r->begin_us != 0;

	jw_object(w, NULL);
	jw_str(w, "id", id);
	jw_str(w, "verdict", verdict(r));
	put(w, "exit", known(r->ended, (uint64_t)r->code));
	jw_str(w, "signal", r->signal ? signal_name(r->signal) : NULL);
	jw_str(w, "limit", r->limit);
	jw_str(w, "error", error);
	put(w, "setupUsec", known(began, r->begin_us - r->opened_us));
	put(w, "wallUsec", known(r->ended, r->end_us - r->begin_us));
	put(w, "userUsec", u->user_us.set ? u->user_us : known(r->ended, usec(&r->used.ru_utime)));
	put(w, "systemUsec", u->system_us.set ? u->system_us : known(r->ended, usec(&r->used.ru_stime)));
	put(w, "memoryPeakBytes", u->memory_peak);
	put(w, "swapPeakBytes", u->swap_peak);
	put(w, "maxRssBytes", known(r->ended, (uint64_t)r->used.ru_maxrss * 1024));
	put(w, "tasksPeak", u->tasks_peak);
	put(w, "oomKills", u->oom_kills);
	put(w, "cpuPeriods", u->periods);
	put(w, "cpuThrottledPeriods", u->throttled_periods);
	put(w, "cpuThrottledUsec", u->throttled_us);
	put(w, "ioReadBytes", u->read_bytes);
	put(w, "ioWriteBytes", u->write_bytes);
	jw_object_end(w);
}

int rt_report_write(struct rt_report *r, const char *id, int result, struct err *e)
{
	char error[sizeof(struct err)];
	struct err own = {0}, *mine = result < 0 ? &own : e;
	AUTO_BUF out = {0};
	struct jsonw w = {.out = &out};
	int n;

	print(r, id, result < 0 ? err_str(e, error, sizeof(error)) : NULL, &w);
	buf_str(&out, "\n");
	if (out.failed)
		n = err_set(mine, ENOMEM, "out of memory");
	else
		n = out_write(&r->out, out.data, out.len, FILE_MODE, mine);
	if (n >= 0)
		return result;
	err_ctx(mine, "--report");
	if (result < 0)
		log_warn("%s", err_str(mine, error, sizeof(error)));
	return result < 0 ? result : n;
}
