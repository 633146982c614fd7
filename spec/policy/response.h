/* SPDX-License-Identifier: Apache-2.0 */
/* `mode` and `on_violation`, for a whole policy, a section of it, or one rule. */
#ifndef SPEC_RESPONSE_H
#define SPEC_RESPONSE_H

#include "spec/field.h"

extern const struct word mode_words[]; /* enum policy_mode */
PARSER(get_violation);                 /* struct spec_response: violation and err */
PARSER(get_rule_violation);            /* likewise, of a rule on calls, which can trap */

/* NOLINTBEGIN(bugprone-macro-parentheses): a member's name takes none */
#define RESPONSE_FIELDS(type, member)                                                                                  \
	FIELD("mode", get_word, type, member.mode, .words = mode_words),                                               \
	    FIELD("on_violation", get_violation, type, member)

#define RULE_RESPONSE_FIELDS(type, member)                                                                             \
	FIELD("mode", get_word, type, member.mode, .words = mode_words),                                               \
	    FIELD("on_violation", get_rule_violation, type, member)
/* NOLINTEND(bugprone-macro-parentheses) */

/* The two keys of a section that has nothing to be violated. A table's check. */
int check_section(struct reader *rd, const struct json *v, void *obj, struct err *e);
/* Those of a rule on calls, against its action. Returns 0, -EINVAL. */
int check_response(struct reader *rd, const struct json *v, const struct spec_seccomp_rule *s, struct err *e);

#endif
