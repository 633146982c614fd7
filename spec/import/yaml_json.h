/* SPDX-License-Identifier: Apache-2.0 */
/* The one door to libyaml. */
#ifndef SPEC_IMPORT_YAML_JSON_H
#define SPEC_IMPORT_YAML_JSON_H

#include <stddef.h>

#include "base/base.h"

/* Puts the first document of a YAML text into out, as JSON. Returns 0; -EINVAL with the line; -ENOTSUP where this program was built without
 * libyaml; -ENOMEM. */
int yaml_to_json(const char *text, size_t len, struct arena *a, struct buf *out, struct err *e);

#endif
