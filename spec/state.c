/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>

#include "field.h"

#define S struct spec_state
static const struct field state_fields[] = {
    FIELD("id", get_string, S, id, .required = true, .min = 1),
    FIELD_INT("pid", get_int, S, pid, 0, INT_MAX),
    FIELD_INT("pidStart", get_u64, S, pid_start, 0, UINT64_MAX),
    FIELD("created", get_bool, S, created),
    FIELD("bundle", get_string, S, bundle, .pattern = &absolute_path),
    FIELD("rootfs", get_string, S, rootfs, .pattern = &absolute_path),
    FIELD("createdAt", get_string, S, created_at),
    FIELD("owner", get_string, S, owner),
    FIELD_INT("ownerUid", get_u32, S, owner_uid, 0, UINT32_MAX),
    FIELD("cgroupManager", get_string, S, cgroup_manager),
    FIELD("cgroupPath", get_string, S, cgroup_path, .pattern = &absolute_path),
    FIELD("cgroupAbove", get_string, S, cgroup_above, .pattern = &absolute_path),
    FIELD("cgroupUnit", get_string, S, cgroup_unit),
    FIELD("cgroupUser", get_bool, S, cgroup_user),
    FIELD("cgroupBox", get_string, S, cgroup_box, .pattern = &absolute_path),
    FIELD("rdtPath", get_string, S, rdt_path, .pattern = &absolute_path),
    FIELD("rdtRemove", get_bool, S, rdt_remove),
    FIELD("rdtMonitor", get_string, S, rdt_monitor, .pattern = &absolute_path),
    FIELD("policy", get_string, S, policy),
    FIELD("pidShared", get_bool, S, pid_shared),
    FIELD("mountsShared", get_bool, S, mounts_shared),
    FIELD("seccompListenerPath", get_string, S, seccomp_listener_path, .pattern = &absolute_path),
    FIELD("seccompListenerMetadata", get_string, S, seccomp_listener_metadata),
    FIELD("notify", get_bool, S, notify),
    FIELD("annotations", get_map, S, annotations, .pattern = &filled),
    FIELD("hooks", get_object, S, hooks, .table = &hooks_table),
};
static const struct table state_table = {TABLE_FIELDS(state_fields)};

int spec_state_parse(const char *text, size_t len, struct arena *a, struct spec_state *ret, struct err *e)
{
	struct reader rd = {.arena = a};

	*ret = (struct spec_state){0};
	return read_document(&rd, &state_table, text, len, "state.json", ret, e);
}

static void write_str(struct jsonw *w, const char *key, const char *value)
{
	if (value)
		jw_str(w, key, value);
}

static void write_map(struct jsonw *w, const char *key, const struct spec_map *m)
{
	if (!m->n)
		return;
	jw_object(w, key);
	for (size_t i = 0; i < m->n; i++)
		jw_str(w, m->v[i].key, m->v[i].value);
	jw_object_end(w);
}

static void write_hook(struct jsonw *w, const struct spec_hook *h)
{
	jw_object(w, NULL);
	jw_str(w, "path", h->path);
	if (h->args.n)
		jw_strv(w, "args", &h->args);
	if (h->env.v) /* an empty one is not none */
		jw_strv(w, "env", &h->env);
	if (h->timeout.set)
		jw_int(w, "timeout", h->timeout.v);
	jw_object_end(w);
}

static void write_hooks(struct jsonw *w, const struct spec_hook_list hooks[HOOK_COUNT])
{
	jw_object(w, "hooks");
	for (int k = 0; k < HOOK_COUNT; k++) {
		if (!hooks[k].n)
			continue;
		jw_array(w, spec_hook_name((enum spec_hook_kind)k));
		for (size_t i = 0; i < hooks[k].n; i++)
			write_hook(w, &hooks[k].v[i]);
		jw_array_end(w);
	}
	jw_object_end(w);
}

void spec_state_write(const struct spec_state *s, struct buf *out)
{
	struct jsonw w = {.out = out, .indent = 2};

	jw_object(&w, NULL);
	jw_str(&w, "id", s->id);
	jw_int(&w, "pid", s->pid);
	jw_uint(&w, "pidStart", s->pid_start);
	jw_bool(&w, "created", s->created);
	write_str(&w, "bundle", s->bundle);
	write_str(&w, "rootfs", s->rootfs);
	write_str(&w, "createdAt", s->created_at);
	write_str(&w, "owner", s->owner);
	jw_uint(&w, "ownerUid", s->owner_uid);
	write_str(&w, "cgroupManager", s->cgroup_manager);
	write_str(&w, "cgroupPath", s->cgroup_path);
	write_str(&w, "cgroupAbove", s->cgroup_above);
	write_str(&w, "cgroupUnit", s->cgroup_unit);
	if (s->cgroup_user)
		jw_bool(&w, "cgroupUser", true);
	write_str(&w, "cgroupBox", s->cgroup_box);
	write_str(&w, "rdtPath", s->rdt_path);
	if (s->rdt_remove)
		jw_bool(&w, "rdtRemove", true);
	write_str(&w, "rdtMonitor", s->rdt_monitor);
	write_str(&w, "policy", s->policy);
	jw_bool(&w, "pidShared", s->pid_shared);
	jw_bool(&w, "mountsShared", s->mounts_shared);
	write_str(&w, "seccompListenerPath", s->seccomp_listener_path);
	write_str(&w, "seccompListenerMetadata", s->seccomp_listener_metadata);
	if (s->notify)
		jw_bool(&w, "notify", true);
	write_map(&w, "annotations", &s->annotations);
	write_hooks(&w, s->hooks);
	jw_object_end(&w);
	buf_str(out, "\n");
}

static void print_state(const struct spec_state *s, enum spec_status status, bool full, struct jsonw *w,
			const char *key)
{
	jw_object(w, key);
	jw_str(w, "ociVersion", SPEC_VERSION);
	jw_str(w, "id", s->id);
	jw_int(w, "pid", status == STATUS_STOPPED ? 0 : s->pid);
	jw_str(w, "status", spec_status_name(status));
	jw_str(w, "bundle", s->bundle ? s->bundle : "");
	if (full) {
		jw_str(w, "rootfs", s->rootfs ? s->rootfs : "");
		jw_str(w, "created", s->created_at ? s->created_at : "");
	}
	write_map(w, "annotations", &s->annotations);
	if (full)
		jw_str(w, "owner", s->owner ? s->owner : "");
	jw_object_end(w);
}

void spec_state_print(const struct spec_state *s, enum spec_status status, bool full, struct jsonw *w)
{
	print_state(s, status, full, w, NULL);
}

void spec_process_state_print(const struct spec_state *s, enum spec_status status, pid_t pid, struct jsonw *w)
{
	jw_object(w, NULL);
	jw_str(w, "ociVersion", SPEC_VERSION);
	jw_array(w, "fds");
	jw_str(w, NULL, "seccompFd");
	jw_array_end(w);
	jw_int(w, "pid", pid);
	write_str(w, "metadata", s->seccomp_listener_metadata);
	print_state(s, status, false, w, "state");
	jw_object_end(w);
}
