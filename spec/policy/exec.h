/* SPDX-License-Identifier: Apache-2.0 */
/* Inside spec/ only. */
#ifndef SPEC_POLICY_EXEC_H
#define SPEC_POLICY_EXEC_H

#include "spec/field.h"

extern const struct pattern rule_path; /* of a program */
extern const struct table exec_table;  /* of struct spec_policy */

#endif
