/* SPDX-License-Identifier: Apache-2.0 */
/* File descriptors: owned by one variable, closed on exec, never leaked. */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

#include "err.h"

#define AUTO_CLOSE __attribute__((cleanup(fd_close_p)))
#define AUTO_FREE  __attribute__((cleanup(mem_free_p)))

/* Closes *fd when it is open, keeps errno, and sets it to -1. */
void fd_close_p(int *fd);

/* Frees the pointer that p points to. For AUTO_FREE. */
void mem_free_p(void *p);

/* Gives *fd away: returns it and leaves -1 behind. */
static inline int take_fd(int *fd)
{
	int v = *fd;

	*fd = -1;
	return v;
}

/* Writes all of data, across EINTR and short writes. Returns 0 or -errno; e is left alone, since only the caller
 * knows the name of the file. */
int fd_write_all(int fd, const void *data, size_t len);

/* How a line ends there: "\r\n" on a terminal that does not make it of "\n" itself (raw mode), else "\n". */
const char *fd_line_end(int fd);

/* Sends data, and fd along with it (SCM_RIGHTS) when fd >= 0, in one sendmsg(2) without SIGPIPE. Returns 0 or -errno. */
int fd_send(int sock, const void *data, size_t len, int fd);

/* Reads to the end, at most max bytes, into fresh memory with a NUL after it (free with free). Returns 0; -EFBIG when there is
 * more; -errno. e is left alone, as in fd_write_all. */
int fd_read_all(int fd, size_t max, char **ret_data, size_t *ret_len);

/* Reads a file of at most max bytes into fresh memory with a NUL after it (free with free). path is relative to
 * dirfd. Returns 0; -EFBIG when it is larger than max; -errno. Names the path in e. */
int file_read(int dirfd, const char *path, size_t max, char **ret_data, size_t *ret_len, struct err *e);

/* Writes data to an existing file by one write(2), as kernel files (cgroupfs, procfs) want it. Returns 0 or -errno. */
int file_write(int dirfd, const char *path, const char *data, struct err *e);

/* Whether there is such a name, be it a link that leads nowhere. libc's faccessat(3) would ask by a call that older filters around this
 * program refuse. errno says why not. */
bool file_is_there(int dirfd, const char *path);

/* The path of what fd (or AT_FDCWD) is open on, as the kernel names it now (proc(5), /proc/PID/fd). Returns 0 or -errno. */
int fd_path(int fd, char ret[PATH_MAX]);

/* err_no_room, of a directory by its fd. */
int err_no_room_at(struct err *e, int dirfd);

/* Replaces a file atomically: writes a temporary one beside it, then renames. An error of a full file system names the directory.
 * Returns 0 or -errno; on failure the old content stands and nothing is left beside it. */
int file_replace(int dirfd, const char *name, const void *data, size_t len, mode_t mode, struct err *e);

/* An empty memfd (memfd_create(2)) that cannot be executed, as the sysctl vm.memfd_noexec may want it. Returns the fd or -errno. memfd.c */
int memfd_data(const char *name, struct err *e);

/* The same, holding data and sealed against any change (F_ADD_SEALS). */
int memfd_sealed(const char *name, const void *data, size_t len, struct err *e);

/* A program to be executed that nobody can write to, neither by an fd nor by /proc/PID/exe: a sealed memfd. Where vm.memfd_noexec=2
 * forbids that, a file of a tmpfs that is mounted nowhere and read-only as a whole. Returns the fd or -errno. */
int exec_copy(const char *name, const void *data, size_t len, struct err *e);

/* Whether this process was executed from an exec_copy of that name. Returns 1, 0 or -errno. */
int exec_is_copy(const char *name, struct err *e);

/* Marks every fd from first on close-on-exec (close_range(2); /proc/self/fd where it is missing). Returns 0 or -errno. */
int fd_cloexec_from(unsigned int first, struct err *e);

#endif
