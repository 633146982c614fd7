/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime says beside its results. Warnings go to stderr, and to --log when --debug is on: callers parse --log as one
 * JSON object a failing call, so nothing else may be written there unasked. Debug lines go to --log, or to stderr when there is
 * none: always in the form of --log, by which those who know runc find them. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

/* fd: where --log points, or -1. Valid until the process ends; nothing is duplicated. */
void log_setup(int fd, bool json, bool debug);

/* The one error of a failing call: to --log in its format, and always to stderr as "jailrun: <text>". */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* What does not go as asked. */
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* What --debug alone shows. */
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
