/* SPDX-License-Identifier: Apache-2.0 */
/* The administrator's configuration: found, judged by whose it is, and read. */
#ifndef RUNTIME_ADMIN_H
#define RUNTIME_ADMIN_H

#include "runtime.h"

#define RT_ADMIN_FILE "/etc/jailrun/jailrun.json"

/* Reads --admin-config; else, for users, jailrun/jailrun.json of their own configuration; else RT_ADMIN_FILE. One that is
 * not there says nothing, unless it was named. ret_path (NULL: not wanted): the file that was read, or NULL. Returns 0; -EPERM for a file that
 * others than root and the caller can write to; -EINVAL. The strings live in c->arena. */
int rt_admin_load(struct rt_call *c, struct spec_admin *ret, const char **ret_path, struct err *e);

/* The file that it looks at first: where the caller's own configuration belongs. */
const char *rt_admin_file(struct rt_call *c);

/* Whoever can write to such a file decides what holds for others' containers. Returns 0; -EPERM for one that is not root's or the
 * caller's, or that others can write to; -EINVAL for no regular file. path: for the message. */
int rt_admin_check_owner(struct rt_call *c, int fd, const char *path, struct err *e);

/* Where policies are looked up by name. */
const char *rt_policy_dir(const struct rt_call *c, const struct spec_admin *a);

#endif
