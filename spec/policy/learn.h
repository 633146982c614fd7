/* SPDX-License-Identifier: Apache-2.0 */
/* What audit streams of `mode: learn` say, and the policy that follows from it. */
#ifndef SPEC_LEARN_H
#define SPEC_LEARN_H

#include "spec/spec.h"

enum fact_kind { FACT_CALL, FACT_EXEC, FACT_CONNECT, FACT_BIND };
#define FACT_ARGS 3 /* arguments that say what a call is for */

struct fact {
	enum fact_kind kind;
	const char *what; /* the call, the path, the address */
	const char *exe;  /* of a call: the program that made it */
	const char *protocol;
	uint64_t args[FACT_ARGS]; /* of a call that is told apart by them */
	uint64_t port;
};

/* Kinds of calls that are told apart by arguments: the argument, and its bits that count. */
struct call_kind {
	const char *name;
	uint32_t n;
	struct {
		uint32_t index;
		uint64_t mask;
	} args[FACT_ARGS];
};
/* NULL: all calls of the name are one. */
const struct call_kind *learn_call_kind(const char *name);

/* Trees and patterns in the place of many paths. paths are sorted; those that it takes in become NULL. Returns the trees. */
int learn_collapse(const char **paths, size_t n, uint64_t least, struct arena *a, struct strv *ret, struct err *e);

#endif
