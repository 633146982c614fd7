/* SPDX-License-Identifier: Apache-2.0 */
/* Inside cgroups/ only. */
#ifndef CGROUPS_WEIGHT_H
#define CGROUPS_WEIGHT_H

#include <stdint.h>

/* cpu.weight (1 to 10000) for cpu.shares (2 to 262144), as runc 1.3.2 and crun 1.23 convert it: with l = log2(shares),
 * ceil(10 ^ ((l^2 + 125 l) / 612 - 7/34)). It takes both ends and the defaults (1024 and 100) to each other; the linear
 * formula before it made 39 of 1024. */
uint64_t cg_weight_of_shares(uint64_t shares);

#endif
