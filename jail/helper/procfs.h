/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of the helper's procfs. What decides is read whole, or counts as not there. */
#ifndef JAIL_HELPER_PROCFS_H
#define JAIL_HELPER_PROCFS_H

#include <dirent.h>

#include "helper.h"

/* A file of /proc/PID, of which the first size - 1 bytes are wanted and no more. Returns their number or -errno. */
ssize_t procfs_head(const struct helper *h, pid_t pid, const char *name, char *text, size_t size);

/* The number after `field` ("\nPPid:\t") in the head of a status file, or -1. The fields up to TracerPid stand before any
 * that the process can make longer, and a newline in its name is escaped. */
long procfs_number(const char *status, const char *field);

/* Of a task: who it is a thread of, whose child it is, who traces it, and whether it is dead. False: there is none. */
struct procfs_kin {
	pid_t tgid, ppid, tracer;
	bool dead;
};
bool procfs_kin(const struct helper *h, pid_t tid, struct procfs_kin *ret);

/* The state of a task, as proc(5) has it: 'R', 'S', 'D', 'Z' …; 0: there is none, '?': it cannot be told. */
char procfs_state(const struct helper *h, pid_t tid);

/* A list of numbers in the status of a task, one for each pid namespace from the helper's down to the task's own. The file is read
 * whole: lists of groups before it may make it long. *room: how many bytes may still be read; what is read is taken off.
 * Returns how many numbers there are; 0: not to be had. */
#define PID_LEVELS 33 /* MAX_PID_NS_LEVEL of the kernel, and the first */
int procfs_list(const struct helper *h, pid_t tid, const char *field, size_t *room, int64_t ret[PID_LEVELS]);

/* Whether the task's own pid namespace is the helper's. Where it cannot be told, it is not. */
bool procfs_in_own_ns(const struct helper *h, pid_t tid);

/* A directory of numbers that is read a few at a time. */
struct listing {
	int fd;
	size_t at, len;
	_Alignas(struct dirent) char data[2048];
};
/* `path` below the procfs. False: it cannot be opened. */
bool listing_open(const struct helper *h, struct listing *l, const char *path);
/* The next number, or 0 at the end, where the descriptor is closed. */
pid_t listing_next(struct listing *l);
void listing_close(struct listing *l);

#endif
