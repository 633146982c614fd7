/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "cgroups/cgroups.h"
#include "commands.h"
#include "runtime/state/state.h"

#define INTERVAL_DEFAULT "5s"

static int say_oom(const char *id, struct err *e)
{
	AUTO_BUF out = {0};
	struct jsonw w = {.out = &out};

	jw_object(&w, NULL);
	jw_str(&w, "type", "oom");
	jw_str(&w, "id", id);
	jw_object_end(&w);
	buf_str(&out, "\n");
	return rt_print(&out, e);
}

static int say_stats(const struct rt_container *k, struct err *e)
{
	struct arena arena = {0}; /* of one round: events may go on for ever */
	AUTO_BUF out = {0};
	struct jsonw w = {.out = &out};
	struct cg_stats stats;
	int r = cg_stats(k->state.cgroup_path, k->state.cgroup_box, &arena, &stats, e);

	if (r == 0) {
		jw_object(&w, NULL);
		jw_str(&w, "type", "stats");
		jw_str(&w, "id", k->state.id);
		jw_object(&w, "data");
		cg_stats_print(&stats, &w);
		jw_object(&w, "intel_rdt");
		cg_rdt_stats_print(k->state.rdt_path, k->state.rdt_monitor, &w);
		jw_object_end(&w);
		/* Those of interfaces that the runtime itself made: there are none, as there are none in runc. */
		jw_null(&w, "network_interfaces");
		jw_object_end(&w);
		jw_object_end(&w);
		buf_str(&out, "\n");
	}
	arena_free(&arena);
	return r < 0 ? r : rt_print(&out, e);
}

/* *known: how many were reported. One object for each change of the kernel's count. */
static int report_oom(int fd, int64_t *known, const char *id, struct err *e)
{
	int64_t now = cg_oom_count(fd);

	if (now <= *known)
		return 0;
	*known = now;
	return say_oom(id, e);
}

static int timer_make(uint64_t ns, struct err *e)
{
	const struct timespec t = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
	const struct itimerspec every = {.it_interval = t, .it_value = t};
	AUTO_CLOSE int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	if (fd < 0 || timerfd_settime(fd, 0, &every, NULL) < 0)
		return err_errno(e, "make a timer");
	return take_fd(&fd);
}

/* Until the container's first process ends. */
static int watch(const struct rt_container *k, int pidfd, uint64_t interval, struct err *e)
{
	AUTO_CLOSE int oom = cg_oom_open(k->state.cgroup_path, e), timer = -1;
	int64_t known = oom >= 0 ? cg_oom_count(oom) : 0;
	struct pollfd p[3] = {{.fd = pidfd, .events = POLLIN}, {.events = POLLIN}, {.fd = oom, .events = POLLPRI}};
	uint64_t expired;
	int r;

	if (oom < 0 && oom != -ENOENT)
		return oom;
	r = timer_make(interval, e);
	if (r < 0)
		return r;
	p[1].fd = timer = r;
	for (;;) {
		r = poll(p, ARRAY_LEN(p), -1);
		if (r < 0 && errno != EINTR)
			return err_errno(e, "wait for events of container %s", k->state.id);
		if (r < 0)
			continue;
		/* Before the end is looked at: the kill may have been the end. */
		if (oom >= 0 && report_oom(oom, &known, k->state.id, e) < 0)
			return -e->code;
		if (p[0].revents)
			return 0;
		if (p[1].revents && read(timer, &expired, sizeof(expired)) > 0) {
			struct err local = {0};

			r = say_stats(k, &local);
			if (r == -ENOENT || r == -ENODEV) /* removed: its end is about to be heard */
				continue;
			if (r < 0) {
				*e = local;
				return r;
			}
		}
	}
}

int cmd_events(struct rt_call *c, struct err *e)
{
	const char *text = c->o.interval ? c->o.interval : INTERVAL_DEFAULT;
	AUTO_CONTAINER k = RT_CONTAINER_INIT;
	AUTO_CLOSE int pidfd = -1;
	uint64_t interval;
	int r;

	if (*text != '-' && rt_duration_ns(text, &interval) < 0)
		return err_set(e, EINVAL, "invalid value \"%s\" for flag -interval: parse error", text);
	r = rt_container_open(c, c->args[0], RT_LOCK_NONE, &k, e);
	if (r < 0)
		return r;
	if (*text == '-' || interval == 0)
		return err_set(e, EINVAL, "duration interval must be greater than 0");
	pidfd = rt_state_pidfd(&k.state);
	if (pidfd < 0 || k.status == STATUS_STOPPED || k.status == STATUS_CREATING)
		return err_set(e, ESRCH, "container with id %s is not running", k.state.id);
	r = rt_container_cgroup(&k, "nothing is counted", e);
	if (r < 0)
		return r;
	return c->o.stats ? say_stats(&k, e) : watch(&k, pidfd, interval, e);
}
