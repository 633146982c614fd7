/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of what a policy refuses. */
#include "spec/policy/response.h"

#include <errno.h>

const struct word mode_words[] = {
    {"enforce", POLICY_ENFORCE}, {"watch", POLICY_WATCH}, {"learn", POLICY_LEARN}, {NULL}};

static const struct word violation_words[] = {
    {"errno", POLICY_ERRNO}, {"kill", POLICY_KILL}, {"log", POLICY_LOG}, {NULL}};

/* A word, or the name of an errno, of which there is no list to be told from: whatever looks like one. */
static int read_violation(struct reader *rd, const struct field *f, const struct json *v, void *obj,
			  const struct word *known, struct err *e)
{
	struct spec_response *to = field_at(obj, f->at);
	struct field words = *f;
	int r;

	if (v->type == JSON_STRING && v->text[0] == 'E') {
		to->violation = POLICY_ERRNO;
		to->err = errno_number(v->text);
		return to->err ? 0 : bad(rd, v, e, EINVAL, "no errno is called \"%s\"", shown(v->text).s);
	}
	words.words = known;
	words.at = offsetof(struct spec_response, violation);
	r = get_word(rd, &words, v, to, e);
	if (r >= 0)
		to->err = 0;
	else if (v->type == JSON_STRING)
		err_after(e, "; the name of an errno, such as \"EACCES\", is right as well");
	return r;
}

PARSER(get_violation)
{
	if (v->type == JSON_STRING && str_eq(v->text, "trap"))
		return bad(rd, v, e, EINVAL,
			   "\"trap\" is for system calls: put it into rules of syscalls.syscalls; SIGSYS tells of a "
			   "call, and of nothing else");
	return read_violation(rd, f, v, obj, violation_words, e);
}

PARSER(get_rule_violation)
{
	static const struct word words[] = {
	    {"errno", POLICY_ERRNO}, {"kill", POLICY_KILL}, {"log", POLICY_LOG}, {"trap", POLICY_TRAP}, {NULL}};

	return read_violation(rd, f, v, obj, words, e);
}

int check_section(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	const struct json *said = NULL;

	(void)obj;
	for (const struct json *j = v->first; j; j = j->next) {
		if (!str_eq(j->key, "mode") && !str_eq(j->key, "on_violation"))
			return 0;
		said = j;
	}
	return said ? bad(rd, said, e, EINVAL, "%s is about rules, and there are none beside it", said->key) : 0;
}

static int contradiction(struct reader *rd, const struct json *v, const char *key, const char *why, struct err *e)
{
	int r;

	for (const struct json *j = v->first; j; j = j->next)
		if (str_eq(j->key, key))
			v = j;
	r = bad(rd, v, e, EINVAL, "%s", why);
	err_ctx(e, "%s", key);
	return r;
}

int check_response(struct reader *rd, const struct json *v, const struct spec_seccomp_rule *s, struct err *e)
{
	const struct spec_response *r = &s->response;
	const char *on = "on_violation";

	if (str_eq(s->action, "SCMP_ACT_ALLOW") && r->mode == POLICY_WATCH)
		return contradiction(rd, v, "mode", "SCMP_ACT_ALLOW refuses nothing that could be watched", e);
	if (str_eq(s->action, "SCMP_ACT_LOG") && (r->mode == POLICY_ENFORCE || r->mode == POLICY_WATCH))
		return contradiction(rd, v, "mode", "SCMP_ACT_LOG refuses nothing: it has no mode but \"learn\"", e);
	if (!r->violation)
		return 0;
	if (str_eq(s->action, "SCMP_ACT_ALLOW") || str_eq(s->action, "SCMP_ACT_LOG"))
		return contradiction(rd, v, on, "this action refuses nothing", e);
	if (!str_eq(s->action, "SCMP_ACT_ERRNO") && r->violation != POLICY_KILL)
		return contradiction(rd, v, on,
				     "the action says what becomes of it; write SCMP_ACT_ERRNO, or leave this out", e);
	if (r->err && s->errno_ret.set)
		return contradiction(rd, v, on, "errnoRet says the errno already; leave one of them out", e);
	if (r->violation != POLICY_ERRNO && r->violation != POLICY_TRAP && s->errno_ret.set)
		return contradiction(rd, v, on, "errnoRet says that the call fails; leave one of them out", e);
	return 0;
}

struct spec_response spec_response_in(const struct spec_response *own, const struct spec_response *around)
{
	struct spec_response r = *own;

	if (!r.mode)
		r.mode = around->mode ? around->mode : POLICY_ENFORCE;
	if (!r.violation) {
		r.violation = around->violation ? around->violation : POLICY_ERRNO;
		r.err = around->err;
	}
	return r;
}

struct spec_response spec_policy_response(const struct spec_policy *p, enum policy_section section)
{
	const struct spec_response none = {0}, *own = &none;

	switch (section) {
	case POLICY_EXEC:
		own = &p->exec.response;
		break;
	case POLICY_NETWORK:
		own = &p->network.response;
		break;
	case POLICY_SIGNALS:
		own = &p->signals.response;
		break;
	case POLICY_LIMITS:
		own = &p->limits;
		break;
	case POLICY_FILES:
		own = &p->files.response;
		break;
	case POLICY_SYSCALLS:
	case POLICY_SECTIONS:
		break;
	}
	return spec_response_in(own, &p->response);
}
