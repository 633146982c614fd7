/* SPDX-License-Identifier: Apache-2.0 */
/* A policy in a form that policies do not have. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "spec/policy/extends.h"

#define KEY_MAX 40 /* of one that is shown */

/* The first line that says something, without blanks around it; its number. NULL: there is none. */
static const char *first_line(const char *text, size_t len, size_t *ret_len, size_t *ret_number)
{
	const char *end = text + len;

	for (size_t n = 1; text < end; n++) {
		const char *eol = memchr(text, '\n', (size_t)(end - text)), *stop = eol ? eol : end;

		while (text < stop && isspace((unsigned char)*text))
			text++;
		while (stop > text && isspace((unsigned char)stop[-1]))
			stop--;
		if (text < stop && *text != '#') {
			*ret_len = (size_t)(stop - text);
			*ret_number = n;
			return text;
		}
		text = eol ? eol + 1 : end;
	}
	return NULL;
}

static size_t word_length(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && (isalnum((unsigned char)s[n]) || (s[n] && strchr("_-.", s[n]))))
		n++;
	return n && n <= KEY_MAX ? n : 0;
}

/* "key: value" and "key:"; also a document's beginning. *ret_key: as many bytes as *ret_n, 0: there is none. */
static bool is_yaml(const char *line, size_t len, const char **ret_key, size_t *ret_n)
{
	const char quote = *line == '"' || *line == '\'' ? *line : '\0';
	size_t n = word_length(line + (quote != '\0'), len - (quote != '\0')), at = n + 2 * (quote != '\0');

	*ret_key = line + (quote != '\0');
	*ret_n = 0;
	if ((len >= 3 && memcmp(line, "---", 3) == 0) || (len >= 5 && memcmp(line, "%YAML", 5) == 0))
		return true;
	if (!n || (quote && (at > len || line[at - 1] != quote)))
		return false;
	while (at < len && line[at] == ' ')
		at++;
	if (at >= len || line[at] != ':' || (at + 1 < len && !isspace((unsigned char)line[at + 1])))
		return false;
	*ret_n = n;
	return true;
}

/* "[table]" and "key = value". */
static bool is_toml(const char *line, size_t len, const char **ret_key, size_t *ret_n)
{
	bool table = *line == '[';
	size_t n, at;

	while (len > 1 && *line == '[') {
		line++;
		len--;
	}
	n = word_length(line, len);
	at = n;
	while (at < len && line[at] == ' ')
		at++;
	*ret_key = line;
	*ret_n = n;
	return n && at < len && line[at] == (table ? ']' : '=');
}

int policy_other_form(const char *text, size_t len, struct err *e)
{
	static const char name[] = "name";
	const char *line, *key, *form;
	size_t n, number, n_line;

	line = first_line(text, len, &n_line, &number);
	if (!line)
		return 0;
	if (*line == '{' && memchr(text, '#', (size_t)(line - text))) {
		*e = (struct err){0};
		return err_set(e, EINVAL,
			       "line 1: a comment begins with //, or stands between /* and */, and not behind #");
	}
	if (is_toml(line, n_line, &key, &n))
		form = "TOML";
	else if (is_yaml(line, n_line, &key, &n))
		form = "YAML";
	else
		return 0;
	*e = (struct err){0};
	return err_set(
	    e, EINVAL,
	    "line %zu: this is %s, and a policy is JSON, with comments if you like: write it between { and }, "
	    "with each key in double quotes: { \"%.*s\": ... }",
	    number, form, n ? (int)n : (int)strlen(name), n ? key : name);
}
