/* SPDX-License-Identifier: Apache-2.0 */
#include "unmake.h"

#include <stdlib.h>
#include <sys/file.h>

#include "namespaces/namespaces.h"

static bool used_by_another(const char *root, const struct rt_store *s, const char *rootfs)
{
	struct arena a = {0};
	struct strv ids;
	/* What cannot be read may use it. */
	bool used = rt_store_list(root, &a, &ids, NULL) < 0;

	for (size_t i = 0; !used && i < ids.n; i++) {
		AUTO_STORE other = RT_STORE_INIT;
		struct spec_state state;

		if (str_eq(ids.v[i], s->id) || rt_store_open(root, ids.v[i], RT_LOCK_NONE, &other, NULL) < 0)
			continue;
		used = rt_store_load(&other, &a, &state, NULL) < 0 || str_eq(state.rootfs, rootfs);
	}
	arena_free(&a);
	return used;
}

void rt_unmake(const char *root, struct rt_store *s, const char *rootfs)
{
	AUTO_FREE char *made = NULL;

	if (!rootfs || rt_store_made_read(s, &made, NULL) < 0 || !*made)
		return;
	/* A container that is reserved in between waits: it is seen here, or makes its mount points afterwards. */
	if (flock(s->root_fd, LOCK_EX) < 0)
		return;
	if (!used_by_another(root, s, rootfs))
		ns_unmake(rootfs, made);
	flock(s->root_fd, LOCK_UN);
}
