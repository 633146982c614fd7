/* SPDX-License-Identifier: Apache-2.0 */
/* New file systems of config.json's mounts, before they are mounted anywhere. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "namespaces/internal.h"

bool fs_has_key(const struct ns_mount *m, const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; i < m->fs_options.n; i++)
		if (strncmp(m->fs_options.v[i], key, n) == 0 && m->fs_options.v[i][n] == '=')
			return true;
	return false;
}

bool fs_wants_mode(const struct ns_mount *m)
{
	return str_eq(m->type, "tmpfs") && !fs_has_key(m, "mode");
}

int fs_new(const struct ns_mount *m, int mode, struct err *e)
{
	struct strv options = {malloc((m->fs_options.n + 1) * sizeof(char *)), 0};
	uint64_t attr = m->attr_set;
	char text[16];
	int mnt;

	if (!options.v)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = 0; i < m->fs_options.n; i++)
		if (!str_eq(m->fs_options.v[i], "iversion")) /* by remount, when it is attached */
			options.v[options.n++] = m->fs_options.v[i];
	snprintf(text, sizeof(text), "mode=%o", (unsigned int)mode);
	if (mode >= 0)
		options.v[options.n++] = text;
	if (str_eq(m->type, "tmpfs")) /* what is mounted and made in it comes first: ns_masks makes it read-only */
		attr &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	mnt = mnt_new(m->type, m->source, &options, m->fs_ro, attr, e);
	free(options.v);
	return mnt;
}
