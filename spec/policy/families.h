/* SPDX-License-Identifier: Apache-2.0 */
/* Inside spec/ only. */
#ifndef SPEC_POLICY_FAMILIES_H
#define SPEC_POLICY_FAMILIES_H

#include "spec/field.h"

PARSER(get_families); /* struct spec_families */

/* The name of a family whose sockets go where rules on addresses do not see it; NULL: none of them does. */
const char *family_round(const struct spec_families *f);

#endif
