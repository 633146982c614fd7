/* SPDX-License-Identifier: Apache-2.0 */
/* Inside spec/policy/ only. */
#ifndef SPEC_POLICY_ENV_H
#define SPEC_POLICY_ENV_H

#include "spec/field.h"

extern const struct table env_table; /* of struct spec_policy_env */

#endif
