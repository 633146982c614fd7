/* SPDX-License-Identifier: Apache-2.0 */
/* limits that end the container. Asked in every turn of the loop, whatever else there is to do; what they measure goes on whether they
 * are asked or not. */
#include "limits.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit.h"

#define MS         1000        /* microseconds */
#define CPU_LEAST  (2 * MS)    /* between two looks */
#define IDLE_LEAST (10 * MS)   /* likewise */
#define IDLE_PARTS 8           /* so often is looked whether anything was done */
#define IDLE_NOISE MS          /* that much CPU time in all is none */
#define ABSENT     (1000 * MS) /* so late a look is, when this process has been stopped, too */
#define UNKNOWN    UINT64_MAX

static uint64_t began;
static int over = -1;
static uint64_t next[POLICY_BOUNDS]; /* when to look again, by now_us() */
static bool told[JAIL_POLICIES][POLICY_BOUNDS];

void limits_begin(void)
{
	if (!began)
		began = now_us();
}

int limits_over(void)
{
	return over;
}

static const char *how_to_allow(enum policy_bound which)
{
	static const char *const allow[POLICY_BOUNDS] = {
	    [BOUND_WALL] = "raise limits.wall", [BOUND_CPU] = "raise limits.cpu", [BOUND_IDLE] = "raise limits.idle"};

	return allow[which];
}

/* No process of the namespace, or of one below, is left out, stopped or not; the end of this process, which is its first, kills who
 * could be born meanwhile. */
static void end_all(struct helper *h, enum policy_bound which, int policy)
{
	if (h->first)
		kill(-1, SIGKILL);
	audit_denial(h, &(struct denial){.policy = (uint32_t)policy,
					 .rule = jail_bound_name(which),
					 .target = NO_TARGET,
					 .kill = true,
					 .allow = how_to_allow(which)});
	over = (int)which;
	h->status = SIGKILL;
	h->ended = true;
}

static int wait_ms(uint64_t us)
{
	return us > (uint64_t)INT_MAX ? INT_MAX / MS : (int)(us / MS) + 1;
}

static uint64_t own_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Microseconds of all that is, and was, in the workload's cgroup, without this process where it is in it. */
static uint64_t used_by_all(const struct helper *h)
{
	static const char key[] = "usage_usec ";
	uint64_t own = h->h.cpu_alone == 1 ? 0 : own_time(), used;
	char text[512];
	const char *at;
	ssize_t n;

	if (lseek(h->h.cpu_fd, 0, SEEK_SET) < 0 || (n = read(h->h.cpu_fd, text, sizeof(text) - 1)) <= 0)
		return UNKNOWN;
	text[n] = '\0';
	at = strstr(text, key);
	if (!at)
		return UNKNOWN;
	used = strtoull(at + strlen(key), NULL, 10);
	return used - (own < used ? own : used);
}

static uint64_t cpu_time(const struct helper *h, uint64_t now)
{
	static uint64_t begin;
	uint64_t used = used_by_all(h);

	(void)now;
	if (used == UNKNOWN)
		return used;
	if (!next[BOUND_CPU])
		begin = used;
	return used > begin ? used - begin : 0;
}

/* A time in which this process was stopped itself, by a pause or from outside, is none in which the workload was idle. */
static uint64_t idle_time(const struct helper *h, uint64_t now)
{
	static uint64_t last, since;
	uint64_t used = used_by_all(h);

	if (used == UNKNOWN)
		return used;
	if (!next[BOUND_IDLE] || used >= last + IDLE_NOISE || now - next[BOUND_IDLE] > ABSENT) {
		last = used;
		since = now;
	}
	return now - since;
}

static uint64_t wall_time(const struct helper *h, uint64_t now)
{
	(void)h;
	return now - began;
}

/* On n processors CPU time takes an n-th of what is left at the least. */
static uint64_t pause_for(const struct helper *h, enum policy_bound which, uint64_t most, uint64_t left)
{
	uint64_t part = which == BOUND_IDLE ? most / IDLE_PARTS : left / (h->h.cpus > 0 ? (uint64_t)h->h.cpus : 1);
	uint64_t least = which == BOUND_IDLE ? IDLE_LEAST : CPU_LEAST;

	if (which == BOUND_WALL)
		return left;
	part = part > least ? part : least;
	return which == BOUND_IDLE && part > left ? left : part;
}

/* What is not enforced is told of once. */
static void tell(struct helper *h, enum policy_bound which, uint32_t policy)
{
	told[policy][which] = true;
	(void)audit_violation(h, &(struct denial){.policy = policy,
						  .rule = jail_bound_name(which),
						  .target = NO_TARGET,
						  .kill = true,
						  .allow = how_to_allow(which)});
}

/* The least of those that have not been reached yet. False: there is none. */
static bool nearest(const struct helper *h, enum policy_bound which, uint64_t *ret)
{
	*ret = UNKNOWN;
	for (uint32_t i = 0; i < h->plan.n_policies; i++) {
		int64_t max = h->plan.policies[i].bounds[which];

		if (max >= 0 && !told[i][which] && (uint64_t)max < *ret)
			*ret = (uint64_t)max;
	}
	return *ret != UNKNOWN;
}

/* Returns the milliseconds until it is to be looked again, or -1. */
static int look(struct helper *h, enum policy_bound which, uint64_t (*measure)(const struct helper *h, uint64_t now))
{
	uint64_t most, past, now = now_us();
	int64_t max;
	int of;

	if (!nearest(h, which, &most))
		return -1;
	if (now < next[which])
		return wait_ms(next[which] - now);
	past = measure(h, now); /* what cannot be measured is over */
	of = jail_bound(&h->plan, which, &max);
	if (of >= 0 && past >= (uint64_t)max) {
		end_all(h, which, of);
		return 0;
	}
	for (uint32_t i = 0; i < h->plan.n_policies; i++) {
		const struct spec_response how = jail_response(&h->plan.policies[i], "limits");

		max = h->plan.policies[i].bounds[which];
		if (max >= 0 && past >= (uint64_t)max && !told[i][which] && jail_goes_on(&how))
			tell(h, which, i);
	}
	if (!nearest(h, which, &most))
		return -1;
	next[which] = now + pause_for(h, which, most, most > past ? most - past : 0);
	return wait_ms(next[which] - now);
}

int limits_tick(struct helper *h)
{
	static const struct {
		enum policy_bound which;
		uint64_t (*measure)(const struct helper *h, uint64_t now);
	} looks[] = {{BOUND_WALL, wall_time}, {BOUND_CPU, cpu_time}, {BOUND_IDLE, idle_time}};
	int wait = -1;

	for (size_t i = 0; i < ARRAY_LEN(looks) && began && !h->ended; i++) {
		int ms = look(h, looks[i].which, looks[i].measure);

		if (wait < 0 || (ms >= 0 && ms < wait))
			wait = ms;
	}
	return wait;
}
