/* SPDX-License-Identifier: Apache-2.0 */
/* What reads a policy, for the test that compares it with docs/policy.schema.json. Inside spec/ and that test only. */
#ifndef SPEC_POLICY_TABLES_H
#define SPEC_POLICY_TABLES_H

#include "spec/field.h"

const struct table *policy_top_table(void);
const struct refused *policy_refused_keys(void); /* ends with a NULL table */

#endif
