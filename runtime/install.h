/* SPDX-License-Identifier: Apache-2.0 */
/* Files of configuration that are others' too: read as they are, replaced whole or not at all, the old one kept. */
#ifndef RUNTIME_INSTALL_H
#define RUNTIME_INSTALL_H

#include <sys/stat.h>

#include "base/base.h"

struct rt_config_file {
	const char *path;   /* as it was named, absolute */
	const char *target; /* the file itself, links followed */
	bool exists, linked;
	struct stat st;
	char *text; /* "" where there is none; in the arena */
	size_t len;
};

/* Reads it; that there is none is no error. Returns 0; -ENOENT for a link that leads nowhere; -EINVAL for what is no regular file;
 * -errno. */
int rt_config_read(const char *path, struct arena *a, struct rt_config_file *ret, struct err *e);

/* Replaces it by text, in one step: mode, owner and extended attributes stay. What was there stays beside it as
 * FILE.jailrun-backup-TIME (ret_backup; NULL: there was nothing), which no later call overwrites. An empty text takes the file
 * away. Missing directories are made. Returns 0 or -errno: then all is as it was. -EBUSY: the file is not what was read any more. */
int rt_config_write(const struct rt_config_file *f, const struct buf *text, struct arena *a, const char **ret_backup,
		    struct err *e);

#endif
