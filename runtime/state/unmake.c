/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "cgroups/cgroups.h"
#include "namespaces/namespaces.h"
#include "state.h"

/* Whether another container of this root uses the rootfs. */
static bool is_used(const char *root, const struct rt_store *s, const char *rootfs)
{
	struct arena a = {0};
	struct strv ids;
	/* What cannot be read may use it. */
	bool used = rt_store_list(root, &a, &ids, NULL) < 0;

	for (size_t i = 0; !used && i < ids.n; i++) {
		AUTO_STORE other = RT_STORE_INIT;
		struct spec_state state;

		if (!str_eq(ids.v[i], s->id) && rt_store_open(root, ids.v[i], RT_LOCK_NONE, &other, NULL) >= 0)
			used = rt_store_load(&other, &a, &state, NULL) < 0 || str_eq(state.rootfs, rootfs);
	}
	arena_free(&a);
	return used;
}

enum above { ABOVE_NONE, ABOVE_CREATED, ABOVE_CREATING };

/* Whether other containers of this root may have mounted their rootfs over that of s. They are given the mounts of made, if any. */
static enum above find_above(const char *root, const struct rt_store *s, const char *rootfs, const char *made)
{
	struct arena a = {0};
	struct strv ids = {0};
	enum above above = ABOVE_NONE;

	(void)rt_store_list(root, &a, &ids, NULL);
	for (size_t i = 0; i < ids.n; i++) {
		AUTO_STORE other = RT_STORE_INIT;
		struct spec_state state;

		if (str_eq(ids.v[i], s->id) || rt_store_open(root, ids.v[i], RT_LOCK_NONE, &other, NULL) < 0 ||
		    rt_store_load(&other, &a, &state, NULL) < 0 || !str_eq(state.rootfs, rootfs) ||
		    (state.created && !state.mounts_shared))
			continue;
		above = state.created && above != ABOVE_CREATING ? ABOVE_CREATED : ABOVE_CREATING;
		if (made)
			(void)rt_store_mounts_add(&other, made, NULL);
	}
	arena_free(&a);
	return above;
}

/* A container that lies on top would lose all its mounts with those of s, which go with the last of them then. */
static void unmount(const char *root, const struct rt_store *s, const char *rootfs, char *made)
{
	const enum above above = find_above(root, s, rootfs, NULL);

	if (above != ABOVE_CREATING)
		ns_unmount(rootfs, made, above == ABOVE_CREATED);
	if (above != ABOVE_NONE)
		find_above(root, s, rootfs, made);
}

static bool has_mounts(const char *made)
{
	return str_starts(made, "m ") || strstr(made, "\nm ");
}

void rt_unmake(const char *root, struct rt_store *s, const char *rootfs, bool created)
{
	AUTO_FREE char *look = NULL, *made = NULL;

	/* What a container has used stays, as with other runtimes: images are made of it. */
	if (!rootfs || rt_store_made_read(s, &look, NULL) < 0 || !*look || (created && !has_mounts(look)))
		return;
	/* A container that is reserved in between waits: it is seen here, or makes its mounts and mount points afterwards. */
	if (flock(s->root_fd, LOCK_EX) < 0)
		return;
	if (rt_store_made_read(s, &made, NULL) >= 0) {
		if (has_mounts(made))
			unmount(root, s, rootfs, made);
		if (!created && !is_used(root, s, rootfs))
			ns_unmake(rootfs, made);
	}
	flock(s->root_fd, LOCK_UN);
}

/* Its processes and its cgroup are gone by now, so that systemd lets a scope go by itself; without systemd nothing can be done, and
 * the container must not stay for ever for that. */
static void unit_remove(const struct spec_state *state)
{
	const struct cg_unit unit = {state->cgroup_unit, state->cgroup_user};
	char text[sizeof(struct err)];
	struct err e = {0};

	if (cg_unit_remove(&unit, &e) < 0)
		log_warn("container %s: its unit %s may be left: %s", state->id, unit.name,
			 err_str(&e, text, sizeof(text)));
}

int rt_destroy(const char *root, struct rt_store *s, const struct spec_state *state, struct err *e)
{
	AUTO_BUF text = {0};
	struct jsonw w = {.out = &text};
	int r = state->cgroup_path ? cg_remove(state->cgroup_path, e) : 0;

	if (r >= 0 && state->cgroup_above && !state->created)
		cg_remove_unmarked(state->cgroup_path, state->cgroup_above);
	if (r >= 0)
		unit_remove(state);
	if (r >= 0)
		r = cg_rdt_remove(state->rdt_remove ? state->rdt_path : NULL, state->rdt_monitor, e);
	if (r < 0)
		return r;
	rt_unmake(root, s, state->rootfs, state->created);
	spec_state_print(state, STATUS_STOPPED, false, &w);
	if (!text.failed)
		rt_hooks_run_all(&state->hooks[HOOK_POSTSTOP], HOOK_POSTSTOP, state->bundle, text.data);
	return rt_store_remove(s, e);
}
