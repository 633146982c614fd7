/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of CPUs and of NUMA nodes, as large as the kernel may know them: what sched_setaffinity(2) and set_mempolicy(2) take. */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>

#include "str.h"

#define BITS_MAX 65536 /* numbers of a set are below this; no kernel has so many CPUs or nodes */

/* Bit i of the set is bit i % (8 * sizeof(long)) of v[i / (8 * sizeof(long))]. */
struct bits {
	unsigned long *v; /* NULL: the empty set */
	size_t n;         /* longs */
};

/* "0-3,7" to a set in the arena: the kernel's list format, in which blanks around numbers and empty elements are let pass, as runc does.
 * Returns 0, or -EINVAL (-ERANGE, -ENOMEM) and names what is wrong in e: an empty list, a range that goes backwards, a number
 * from BITS_MAX on. */
int bits_parse(const char *list, struct arena *a, struct bits *ret, struct err *e);

/* Whether i, from 0 on, is in the set. */
bool bits_has(const struct bits *b, size_t i);

/* How many are in the set. */
size_t bits_count(const struct bits *b);

/* The set in the list format, or NULL when there is no memory. */
char *bits_list(const struct bits *b, struct arena *a);

#endif
