/* SPDX-License-Identifier: Apache-2.0 */
/* Inside spec/ only. */
#ifndef SPEC_POLICY_NETWORK_H
#define SPEC_POLICY_NETWORK_H

#include "spec/field.h"

extern const struct table network_table; /* of struct spec_network */

#endif
