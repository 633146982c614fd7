/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of config.json that stand in it more than once, or in other documents too: id maps and hooks. */
#include <errno.h>
#include <limits.h>

#include "spec/field.h"

static const struct field idmap_fields[] = {
    FIELD_REQ_INT("containerID", get_u32, struct spec_idmap, container_id, 0, ID_MAX),
    FIELD_REQ_INT("hostID", get_u32, struct spec_idmap, host_id, 0, ID_MAX),
    FIELD_REQ_INT("size", get_u32, struct spec_idmap, size, 1, UINT32_MAX),
};

static int check_idmap(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	const struct spec_idmap *m = obj;
	uint64_t first = m->container_id > m->host_id ? m->container_id : m->host_id;

	if (first + m->size <= UINT32_MAX)
		return 0;
	bad(rd, v, e, EINVAL, "the range goes beyond the last id (%u)", ID_MAX);
	err_ctx(e, "size");
	return -EINVAL;
}

const struct table idmap_table = {
    TABLE_FIELDS(idmap_fields),
    .size = sizeof(struct spec_idmap),
    .check = check_idmap,
};

static const struct field hook_fields[] = {
    FIELD("path", get_string, struct spec_hook, path, .required = true, .pattern = &absolute_path),
    FIELD("args", get_strv, struct spec_hook, args),
    FIELD("env", get_strv, struct spec_hook, env),
    FIELD_INT("timeout", get_opt_i64, struct spec_hook, timeout, 1, INT_MAX),
};
static const struct table hook_table = {TABLE_FIELDS(hook_fields), .size = sizeof(struct spec_hook)};

#define HOOK(k, kind)                                                                                                  \
	{                                                                                                              \
		.key = (k), .parse = get_objects, .table = &hook_table,                                                \
		.at = (kind) * sizeof(struct spec_hook_list) + offsetof(struct spec_hook_list, v),                     \
		.n_at = (kind) * sizeof(struct spec_hook_list) + offsetof(struct spec_hook_list, n)                    \
	}
static const struct field hooks_fields[] = {
    HOOK("prestart", HOOK_PRESTART),
    HOOK("createRuntime", HOOK_CREATE_RUNTIME),
    HOOK("createContainer", HOOK_CREATE_CONTAINER),
    HOOK("startContainer", HOOK_START_CONTAINER),
    HOOK("poststart", HOOK_POSTSTART),
    HOOK("poststop", HOOK_POSTSTOP),
};
const struct table hooks_table = {TABLE_FIELDS(hooks_fields)};
