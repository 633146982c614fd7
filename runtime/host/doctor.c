/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>

#include "host.h"

void doctor_add(struct doctor *d, enum doctor_mark mark, const char *id, const char *remedy, const char *fmt, ...)
{
	struct arena *a = &d->call->arena;
	struct doctor_line *l = arena_alloc(a, sizeof(*l));
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (char *p = text; *p; p++)
		if (*p == '\n' || *p == '\t') /* one line each */
			*p = ' ';
	if (!l) {
		d->failed = true;
		return;
	}
	*l = (struct doctor_line){.mark = mark, .id = arena_strdup(a, id), .text = arena_strdup(a, text)};
	l->remedy = remedy ? arena_strdup(a, remedy) : NULL;
	d->failed = d->failed || !l->id || !l->text || (remedy && !l->remedy);
	*d->tail = l;
	d->tail = &l->next;
}
