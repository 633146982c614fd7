/* SPDX-License-Identifier: Apache-2.0 */
/* One failure, as a plain value: it crosses clone and sockets as it is. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

struct err {
	int code;       /* positive errno; 0 while nothing has failed */
	char step[24];  /* row of the life table in which it failed, or "" */
	char path[168]; /* field of config.json, file or mount at fault, or "" */
	char text[768]; /* what failed, and why */
};

/* Records a failure: errno code (positive) and the message. An error that is already set is kept (the first
 * cause wins). e may be NULL. Returns -code. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As err_set with the present errno, and ": <strerror> (<NAME>)" after the message. Returns -errno. */
int err_errno(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts the name of the enclosing thing before the path: err_ctx(e, "mounts[%d]", i) makes "mounts[3].options" of
 * "options". Returns -e->code. */
int err_ctx(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts words before the message of an error that is set. Returns -code. */
int err_before(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts words behind the message of an error that is set. Returns -code. */
int err_after(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Where the error is one of a full file system (ENOSPC, EDQUOT), says behind it where to make room: in dir. Returns -code. */
int err_no_room(struct err *e, const char *dir);

/* Puts the name of the file before the path: "judge.json: exec.allow[0]". Returns -e->code. */
int err_file(struct err *e, const char *file);

/* Writes "path: text (step NAME)" into buf, leaving out what is empty: the row of the table says little to who has not
 * read the table. Returns buf. */
char *err_str(const struct err *e, char *buf, size_t size);

/* As strerror, in the words of runc's messages (Go's): lower case. Returns buf, or a text of its own. */
const char *go_strerror(int code, char *buf, size_t size);

/* The symbol of an errno, "EPERM" for 1; "E?" when unknown. */
const char *errno_name(int code);
/* "EACCES" -> EACCES; 0: no such name. */
int errno_number(const char *name);

#endif
