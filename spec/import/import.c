/* SPDX-License-Identifier: Apache-2.0 */
/* From another program's policy to one of ours: which form it has, the draft of it, and its text. */
#include "import.h"

#include <errno.h>
#include <string.h>

#include "spec/json.h"

struct form {
	const char *name, *called;
	int (*import)(struct draft *d);
};
static const struct form forms[] = {
    [IMPORT_GUESS] = {"", "", NULL},
    [IMPORT_DOCKER] = {"docker", "a seccomp profile of Docker or Podman", import_docker},
    [IMPORT_BACKEND] = {"backend.ai", "a policy of backend.ai-jail", import_backend},
    [IMPORT_MINIJAIL] = {"minijail", "a policy of minijail", import_minijail},
    [IMPORT_SANDBOX] = {"sandbox-runtime", "settings of sandbox-runtime", import_sandbox},
};

const char *spec_import_name(enum spec_import_from from)
{
	return from < ARRAY_LEN(forms) ? forms[from].name : NULL;
}

/* Has a line "name: 1", or one with an argument or an action behind the colon. */
static bool looks_like_minijail(const char *text, size_t len)
{
	for (const char *s = text, *end; s < text + len; s = end + 1) {
		const char *colon;

		end = memchr(s, '\n', (size_t)(text + len - s));
		end = end ? end : text + len;
		colon = memchr(s, ':', (size_t)(end - s));
		if (!colon || *s == '#')
			continue;
		do
			colon++;
		while (colon < end && *colon == ' ');
		if ((end - colon >= 1 && *colon == '1') || (end - colon >= 3 && memcmp(colon, "arg", 3) == 0) ||
		    (end - colon >= 5 && memcmp(colon, "allow", 5) == 0) ||
		    (end - colon >= 6 && memcmp(colon, "return", 6) == 0))
			return true;
	}
	return false;
}

static bool looks_like_backend(const struct draft *d)
{
	return memmem(d->text, d->len, "allowed_syscalls", strlen("allowed_syscalls")) ||
	       memmem(d->text, d->len, "whitelist_paths", strlen("whitelist_paths"));
}

/* By what it looks like. */
static enum spec_import_from guess(const struct draft *d)
{
	enum spec_import_from from = IMPORT_GUESS;
	struct arena a = {0};
	const struct json *root;

	if (json_parse(d->text, d->len, JSON_COMMENTS, &a, &a, &root, NULL) == 0) {
		if (root->type == JSON_OBJECT && json_get(root, "defaultAction"))
			from = IMPORT_DOCKER;
		else if (root->type == JSON_OBJECT && (json_get(root, "network") || json_get(root, "filesystem")))
			from = IMPORT_SANDBOX;
	} else if (looks_like_backend(d)) {
		from = IMPORT_BACKEND;
	} else if (looks_like_minijail(d->text, d->len)) {
		from = IMPORT_MINIJAIL;
	}
	arena_free(&a);
	return from;
}

int spec_import(const char *text, size_t len, const struct spec_import *how, struct arena *a, struct buf *out,
		struct strv *ret_left_out, struct err *e)
{
	struct draft d = {.how = how, .arena = a, .text = text, .len = len, .e = e};
	enum spec_import_from from = how->from ? how->from : guess(&d);
	struct spec_policy policy;
	int r;

	if (from == IMPORT_GUESS) {
		err_set(e, EINVAL, "has none of the forms that can be imported; say which it is with --from");
		return err_file(e, how->file);
	}
	r = forms[from].import(&d);
	if (r < 0)
		return r;
	draft_settle(&d);
	draft_write(&d, forms[from].called, out);
	*ret_left_out = d.left_out;
	if (d.failed || out->failed)
		return err_set(e, ENOMEM, "no memory left");
	return spec_policy_parse(out->data, out->len, how->file, a, &policy, e);
}
