/* SPDX-License-Identifier: Apache-2.0 */
#include "jsonw.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void newline(struct jsonw *w)
{
	if (!w->indent)
		return;
	buf_str(w->out, "\n");
	for (unsigned int i = 0; i < w->depth * w->indent; i++)
		buf_str(w->out, " ");
}

/* The length of the well-formed UTF-8 sequence at s, or 0. */
static size_t utf8_len(const unsigned char *s, size_t left)
{
	static const struct {
		unsigned char mask, lead, low, high; /* bounds of the second byte for the lead at the edge */
	} form[] = {{0xe0, 0xc0, 0x80, 0xbf}, {0xf0, 0xe0, 0x80, 0xbf}, {0xf8, 0xf0, 0x80, 0xbf}};

	if (s[0] < 0x80)
		return 1;
	for (size_t k = 0; k < 3; k++) {
		size_t len = k + 2;

		if ((s[0] & form[k].mask) != form[k].lead)
			continue;
		if (left < len || s[0] == 0xc0 || s[0] == 0xc1 || s[0] > 0xf4)
			return 0;
		for (size_t i = 1; i < len; i++)
			if ((s[i] & 0xc0) != 0x80)
				return 0;
		if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
		    (s[0] == 0xf4 && s[1] > 0x8f))
			return 0;
		return len;
	}
	return 0;
}

static void quoted(struct jsonw *w, const char *value, size_t len)
{
	const unsigned char *s = (const unsigned char *)value;

	buf_str(w->out, "\"");
	for (size_t i = 0; i < len;) {
		size_t n = utf8_len(s + i, len - i);

		if (!n) {
			buf_str(w->out, "\xef\xbf\xbd");
			n = 1;
		} else if (s[i] == '"' || s[i] == '\\') {
			buf_printf(w->out, "\\%c", s[i]);
		} else if (s[i] == '\n') {
			buf_str(w->out, "\\n");
		} else if (s[i] == '\t') {
			buf_str(w->out, "\\t");
		} else if (s[i] < 0x20 || s[i] == 0x7f) {
			buf_printf(w->out, "\\u%04x", s[i]);
		} else {
			buf_add(w->out, s + i, n);
		}
		i += n;
	}
	buf_str(w->out, "\"");
}

static void start(struct jsonw *w, const char *key)
{
	if (w->comma)
		buf_str(w->out, ",");
	if (w->depth)
		newline(w);
	if (key) {
		quoted(w, key, strlen(key));
		buf_str(w->out, w->indent ? ": " : ":");
	}
	w->comma = true;
}

static void open_nest(struct jsonw *w, const char *key, const char *bracket)
{
	start(w, key);
	buf_str(w->out, bracket);
	w->depth++;
	w->comma = false;
}

static void close_nest(struct jsonw *w, const char *bracket)
{
	bool empty = !w->comma;

	w->depth--;
	if (!empty)
		newline(w);
	buf_str(w->out, bracket);
	w->comma = true;
}

void jw_object(struct jsonw *w, const char *key)
{
	open_nest(w, key, "{");
}

void jw_object_end(struct jsonw *w)
{
	close_nest(w, "}");
}

void jw_array(struct jsonw *w, const char *key)
{
	open_nest(w, key, "[");
}

void jw_array_end(struct jsonw *w)
{
	close_nest(w, "]");
}

void jw_strn(struct jsonw *w, const char *key, const char *value, size_t len)
{
	start(w, key);
	quoted(w, value, len);
}

void jw_str(struct jsonw *w, const char *key, const char *value)
{
	if (value)
		jw_strn(w, key, value, strlen(value));
	else
		jw_null(w, key);
}

void jw_fmt(struct jsonw *w, const char *key, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	jw_str(w, key, text);
}

void jw_int(struct jsonw *w, const char *key, int64_t value)
{
	start(w, key);
	buf_printf(w->out, "%" PRId64, value);
}

void jw_uint(struct jsonw *w, const char *key, uint64_t value)
{
	start(w, key);
	buf_printf(w->out, "%" PRIu64, value);
}

void jw_real(struct jsonw *w, const char *key, double value)
{
	start(w, key);
	buf_printf(w->out, "%.2f", value);
}

void jw_bool(struct jsonw *w, const char *key, bool value)
{
	start(w, key);
	buf_str(w->out, value ? "true" : "false");
}

void jw_null(struct jsonw *w, const char *key)
{
	start(w, key);
	buf_str(w->out, "null");
}

void jw_strv(struct jsonw *w, const char *key, const struct strv *list)
{
	jw_array(w, key);
	for (size_t i = 0; i < list->n; i++)
		jw_str(w, NULL, list->v[i]);
	jw_array_end(w);
}
