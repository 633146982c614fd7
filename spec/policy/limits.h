/* SPDX-License-Identifier: Apache-2.0 */
/* Inside spec/ only. */
#ifndef SPEC_POLICY_LIMITS_H
#define SPEC_POLICY_LIMITS_H

#include "spec/field.h"

extern const struct table limits_table; /* of struct spec_policy */

#endif
