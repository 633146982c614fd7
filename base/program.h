/* SPDX-License-Identifier: Apache-2.0 */
/* Why the kernel does not execute a file, in words: execve(2) says ENOENT of a loader that is missing, too. */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include <stddef.h>

/* What to do about a program that is not found in PATH. */
#define PROGRAM_NAME_IT "name it by its whole path, or correct PATH in process.env"

/* What is wrong with the content of the program at path, and what to do: its loader or interpreter is not there, it is made for
 * another machine, it is no program. Looks as who calls, in the caller's root; never waits for a FIFO. Writes the reason into
 * buf, or "" when nothing is seen to be wrong. Returns buf. */
char *program_why(const char *path, char *buf, size_t size);

/* Why the caller may not execute the file at path (EACCES): mode, mount or owner. Writes it into buf. Returns buf. */
char *program_denied(const char *path, char *buf, size_t size);

#endif
