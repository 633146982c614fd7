/* SPDX-License-Identifier: Apache-2.0 */
/* What a cgroup has used in its life. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroups/tree.h"

#define TEXT_MAX (256u << 10)

/* Where a number is: of a file with one, of the line that begins with key, or of all words "KEY=NUMBER" together. */
static const struct {
	const char *file, *key;
	char after; /* what stands between key and number */
	size_t offset;
	bool ever; /* a counter, which a cgroup that was there before has not at 0 */
} numbers[] = {
    {"cpu.stat", "user_usec", ' ', offsetof(struct cg_usage, user_us), true},
    {"cpu.stat", "system_usec", ' ', offsetof(struct cg_usage, system_us), true},
    {"cpu.stat", "nr_periods", ' ', offsetof(struct cg_usage, periods), true},
    {"cpu.stat", "nr_throttled", ' ', offsetof(struct cg_usage, throttled_periods), true},
    {"cpu.stat", "throttled_usec", ' ', offsetof(struct cg_usage, throttled_us), true},
    {"memory.peak", NULL, 0, offsetof(struct cg_usage, memory_peak), false},
    {"memory.swap.peak", NULL, 0, offsetof(struct cg_usage, swap_peak), false},
    {"memory.events", "oom_kill", ' ', offsetof(struct cg_usage, oom_kills), true},
    {"pids.peak", NULL, 0, offsetof(struct cg_usage, tasks_peak), false},
    {"io.stat", "rbytes", '=', offsetof(struct cg_usage, read_bytes), true},
    {"io.stat", "wbytes", '=', offsetof(struct cg_usage, write_bytes), true},
};

static struct opt_u64 *field(struct cg_usage *u, size_t i)
{
	return (struct opt_u64 *)((char *)u + numbers[i].offset);
}

/* Words are at the beginning of a line or after a blank. */
static struct opt_u64 find(const char *text, const char *key, char after)
{
	struct opt_u64 sum = {after == '=', 0};
	size_t len = strlen(key);

	for (const char *p = text; (p = strstr(p, key)); p += len) {
		if ((p != text && p[-1] != '\n' && p[-1] != ' ') || p[len] != after)
			continue;
		sum = (struct opt_u64){true, sum.v + strtoull(p + len + 1, NULL, 10)};
	}
	return sum;
}

static void read_into(int dir_fd, struct cg_usage *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		AUTO_FREE char *text = NULL;
		struct opt_u64 *v = field(ret, i);

		if (v->set || file_read(dir_fd, numbers[i].file, TEXT_MAX, &text, NULL, NULL) < 0)
			continue;
		if (numbers[i].key)
			*v = find(text, numbers[i].key, numbers[i].after);
		else
			*v = (struct opt_u64){*text >= '0' && *text <= '9', strtoull(text, NULL, 10)};
	}
}

int cg_usage(const struct cg_plan *p, const struct cg_run *r, struct cg_usage *ret)
{
	const char *const paths[] = {p->box, p->path};

	*ret = (struct cg_usage){0};
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		AUTO_CLOSE int fd = paths[i] ? cg_open(paths[i], NULL) : -1;

		if (fd >= 0)
			read_into(fd, ret);
		else if (paths[i] && i == ARRAY_LEN(paths) - 1)
			return fd;
	}
	if (r->holder > 0 && ret->tasks_peak.v)
		ret->tasks_peak.v--;
	return 0;
}

void cg_usage_since(struct cg_usage *u, const struct cg_usage *before)
{
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		const struct opt_u64 *b = (const struct opt_u64 *)((const char *)before + numbers[i].offset);
		struct opt_u64 *v = field(u, i);

		if (numbers[i].ever)
			v->v -= b->set && b->v <= v->v ? b->v : 0;
		else /* whose it is cannot be told */
			*v = (struct opt_u64){0};
	}
}
