/* SPDX-License-Identifier: Apache-2.0 */
/* Inside spec/ only. */
#ifndef SPEC_POLICY_FILES_H
#define SPEC_POLICY_FILES_H

#include "spec/field.h"

extern const struct table files_table; /* of struct spec_files */

/* Whether `files` can have an entry for it: "/dir/" for a tree, or a path. */
bool files_can_name(const char *path);

#endif
