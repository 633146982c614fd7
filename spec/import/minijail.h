/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about minijail share. */
#ifndef SPEC_IMPORT_MINIJAIL_H
#define SPEC_IMPORT_MINIJAIL_H

#include "import.h"

#define WAYS_MAX 64

/* Ways in which a call is allowed: of each all conditions hold together. */
struct ways {
	struct way {
		struct spec_seccomp_arg *args;
		size_t n;
		bool twice; /* two of them are about one argument: which a policy would take for alternatives */
	} v[WAYS_MAX];
	size_t n;
};

/* expression.c: "arg0 == A || arg1 & B && arg2 != C". Changes the text. Returns 0; -EINVAL, -ENOMEM, and *why. */
int read_ways(char *text, struct arena *a, struct ways *ret, const char **why);

/* constants.c: a number, or a word of the C headers. False: none is called so. */
bool constant(const char *word, uint64_t *ret);

#endif
