/* SPDX-License-Identifier: Apache-2.0 */
/* A policy and what it extends, as one tree. Internal to spec/policy/. */
#ifndef SPEC_POLICY_EXTENDS_H
#define SPEC_POLICY_EXTENDS_H

#include "spec/field.h"

#define POLICY_SOURCES 32 /* documents that one policy can be made of; at most JSON_SOURCES */
#define POLICY_DEPTH   8  /* bases of bases */

struct policy_tree {
	struct arena nodes; /* of the tree: to be freed, also after an error */
	struct json *root;
	struct spec_text sources[POLICY_SOURCES]; /* by json.source; 0 is the policy's own */
	struct strv under;                        /* the names of all others, as struct spec_policy has them */
	size_t wrong, line;                       /* after an error: in which of them, and where (0: not known) */
};

/* Reads t and, found by bases (NULL: there can be none), what it extends. Strings live in a, as long as the texts. The path of an error
 * is that of the field alone. Returns 0, -EINVAL, -ELOOP, -EFBIG, -ENOMEM, or what bases->find does. */
int policy_tree_read(struct policy_tree *ret, const struct spec_text *t, const struct spec_bases *bases,
		     struct arena *a, struct err *e);

/* Of a text that is no JSON: where it is YAML, TOML, or has comments of theirs, e becomes an error that says so. Returns 0 or -EINVAL. */
int policy_other_form(const char *text, size_t len, struct err *e);

#endif
