/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "runtime/state/state.h"

#define COLUMNS    6
#define COLUMN_MIN 12 /* as runc's table: at least this wide, and 3 blanks between */
#define COLUMN_GAP 3

struct row {
	const char *cell[COLUMNS];
};

/* What a terminal would obey is not for a table: another user may have written it. */
static const char *plain(struct arena *a, const char *text)
{
	char *copy = arena_strdup(a, text ? text : "");

	for (char *c = copy; c && *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return copy ? copy : "";
}

static int row_fill(struct rt_call *c, const struct rt_container *k, struct row *ret, struct err *e)
{
	const struct spec_state *s = &k->state;
	const char *pid = arena_printf(&c->arena, "%d", k->status == STATUS_STOPPED ? 0 : (int)s->pid);

	if (!pid)
		return err_set(e, ENOMEM, "out of memory");
	*ret = (struct row){{s->id, pid, spec_status_name(k->status), plain(&c->arena, s->bundle),
			     plain(&c->arena, s->created_at), plain(&c->arena, s->owner)}};
	return 0;
}

static void table_print(const struct row *rows, size_t n, struct buf *out)
{
	size_t width[COLUMNS];

	for (size_t i = 0; i < COLUMNS; i++) {
		width[i] = COLUMN_MIN;
		for (size_t j = 0; j < n; j++)
			if (strlen(rows[j].cell[i]) + COLUMN_GAP > width[i])
				width[i] = strlen(rows[j].cell[i]) + COLUMN_GAP;
	}
	for (size_t j = 0; j < n; j++) {
		for (size_t i = 0; i < COLUMNS - 1; i++)
			buf_printf(out, "%-*s", (int)width[i], rows[j].cell[i]);
		buf_printf(out, "%s\n", rows[j].cell[COLUMNS - 1]);
	}
}

/* Prints nothing yet: one container that cannot be read must not hide the others. */
static int container_add(struct rt_call *c, const char *id, struct row *rows, size_t *n, struct jsonw *w, struct err *e)
{
	AUTO_CONTAINER k = RT_CONTAINER_INIT;
	struct err local = {0};
	char text[sizeof(local)];
	int r = rt_container_open(c, id, RT_LOCK_NONE, &k, &local);

	if (r == -ENOENT) /* deleted in between */
		return 0;
	if (r < 0) {
		log_warn("%s", err_str(&local, text, sizeof(text)));
		return 0;
	}
	spec_state_print(&k.state, k.status, true, w);
	r = row_fill(c, &k, &rows[*n], e);
	*n += r == 0;
	return r;
}

/* The default root is made with the first container. One that was named and is not there is mistyped more often than new. */
static int check_root(const struct rt_call *c, struct err *e)
{
	if (c->root_given && access(c->g.root, F_OK) < 0 && errno == ENOENT)
		return err_set(e, ENOENT, "open %s: no such file or directory: no container was made with this --root",
			       c->g.root);
	return 0;
}

int cmd_list(struct rt_call *c, struct err *e)
{
	AUTO_BUF json = {0}, out = {0};
	struct jsonw w = {.out = &json};
	struct strv ids;
	struct row *rows;
	size_t n = 1;
	int r = check_root(c, e);

	if (r >= 0)
		r = rt_as_owner(c, NULL, e);
	if (r >= 0)
		r = rt_store_list(c->g.root, &c->arena, &ids, e);
	if (r < 0)
		return r;
	rows = arena_alloc(&c->arena, (ids.n + 1) * sizeof(*rows));
	if (!rows)
		return err_set(e, ENOMEM, "out of memory");
	rows[0] = (struct row){{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
	jw_array(&w, NULL);
	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		if (c->o.quiet)
			buf_printf(&out, "%s\n", ids.v[i]);
		else
			r = container_add(c, ids.v[i], rows, &n, &w, e);
	}
	jw_array_end(&w);
	buf_str(&json, "\n");
	if (r < 0)
		return r;
	if (!c->o.quiet && str_eq(c->o.format, "json"))
		return rt_print(&json, e);
	if (!c->o.quiet)
		table_print(rows, n, &out);
	return rt_print(&out, e);
}
