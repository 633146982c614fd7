/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_QUANTITY_H
#define RUNTIME_QUANTITY_H

#include <stdint.h>

/* A duration as Go's time package writes it: "5s", "1m30s", "1.5h", "300ms"; units ns, us, ms, s, m, h. Returns 0, or -EINVAL
 * (also for a sign: none here may be negative, and for a number without a unit). */
int rt_duration_ns(const char *s, uint64_t *ret);

/* A size in bytes as engines write it: "1024", "512k", "1.5g", "2MiB", "-1" for no limit. Units are powers of 1024. Returns 0
 * or -EINVAL. */
int rt_size_bytes(const char *s, int64_t *ret);

#endif
