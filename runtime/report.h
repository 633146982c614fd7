/* SPDX-License-Identifier: Apache-2.0 */
/* `run --report FILE`: one JSON document that says how a container of the foreground ended and what it used. */
#ifndef RUNTIME_REPORT_H
#define RUNTIME_REPORT_H

#include "life.h"

struct rt_report {
	const char *path;             /* as it was said */
	int dir_fd;                   /* where the file is put in one step, or -1 */
	int fd;                       /* what is no regular file is written to, or -1 */
	uint64_t opened_us, begin_us; /* now_us(): the call's begin, the workload's; 0: it never began */
	uint64_t end_us;
	bool ended; /* the container ran and ended; else it failed */
	int code, signal;
	struct rusage used;
	bool reused; /* its cgroup was there before, and had used so much: */
	struct cg_usage before, usage;
};
#define RT_REPORT_INIT ((struct rt_report){.dir_fd = -1, .fd = -1})
#define AUTO_REPORT    __attribute__((cleanup(rt_report_close))) struct rt_report

/* Before anything is done: whether the file can be written. A regular file, or one that is not there, is replaced in one step at the
 * end; a pipe or a device is written to; "-" is stderr. Returns 0 or -errno; -EINVAL for a container that is not waited for. */
int rt_report_open(struct rt_report *r, const char *path, bool foreground, struct err *e);
void rt_report_close(struct rt_report *r);

/* What is noted on the way: the cgroup was made, the workload was executed, and (before the cgroup is removed) the container ended with
 * this status. */
void rt_report_cgroup(struct rt_report *r, const struct life *l);
void rt_report_started(struct rt_report *r);
void rt_report_ended(struct rt_report *r, struct life *l, int code);

/* Writes the document. result is the call's, and e its error when it is below 0. Returns result, or -errno when the file could not be
 * written. */
int rt_report_write(struct rt_report *r, const char *id, int result, struct err *e);

#endif
