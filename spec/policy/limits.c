/* SPDX-License-Identifier: Apache-2.0 */
/* `limits`: counts, times and sizes. */
#include "limits.h"
#include "spec/policy/response.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define P struct spec_policy

#define SECOND UINT64_C(1000000)
#define TIME_MAX                                                                                                       \
	(UINT64_C(100) * 365 * 86400) /* seconds: nothing runs for longer, and no sum of such times overflows */
#define FILES_MIN 16                  /* the last steps before the program have some open */

/* A number and one of the units. Returns microseconds, or 0: it is none. */
static uint64_t time_of(const char *s)
{
	static const struct {
		const char *unit;
		uint64_t us;
	} units[] = {{"ms", 1000}, {"s", SECOND}, {"m", 60 * SECOND}, {"h", 3600 * SECOND}};
	size_t digits = strspn(s, "0123456789");
	uint64_t n = digits && digits < 19 ? strtoull(s, NULL, 10) : 0;

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (str_eq(s + digits, units[i].unit))
			return n <= TIME_MAX * SECOND / units[i].us ? n * units[i].us : 0;
	return 0;
}

/* The same in seconds as a number. */
static PARSER(get_time)
{
	struct opt_u64 *o = field_at(obj, f->at);
	struct field whole = *f;
	int r;

	if (v->type == JSON_STRING) {
		o->v = time_of(v->text);
		o->set = o->v != 0;
		return o->set ? 0
			      : bad(rd, v, e, EINVAL,
				    "must be a time such as \"500ms\", \"10s\", \"5m\" or \"2h\", of a millisecond at "
				    "least, not \"%s\"",
				    shown(v->text).s);
	}
	if (v->type != JSON_NUMBER)
		return bad(rd, v, e, EINVAL, "must be a time such as \"10s\", or seconds as an integer, not %s",
			   json_type_name(v->type));
	whole.min = 1;
	whole.max = TIME_MAX;
	r = get_opt_u64(rd, &whole, v, obj, e);
	if (r == 0)
		o->v *= SECOND;
	return r;
}

static PARSER(get_size)
{
	struct opt_u64 *o = field_at(obj, f->at);

	if (v->type == JSON_NUMBER)
		return get_opt_u64(rd, f, v, obj, e);
	if (v->type != JSON_STRING)
		return bad(rd, v, e, EINVAL, "must be a size such as \"64M\", or bytes as an integer, not %s",
			   json_type_name(v->type));
	if (parse_size(v->text, 10, &o->v) < 0 || o->v > f->max || o->v < (uint64_t)f->min)
		return bad(rd, v, e, EINVAL,
			   "must be a size such as \"64M\" or \"1G\", from %" PRId64 " to %" PRIu64
			   " bytes, not \"%s\"",
			   f->min, f->max, shown(v->text).s);
	o->set = true;
	return 0;
}

/* An object of names and numbers. */
static PARSER(get_counts)
{
	const struct field number = {.min = 0, .max = INT64_MAX};
	P *p = obj;

	(void)f;
	if (v->type != JSON_OBJECT)
		return bad(rd, v, e, EINVAL, "must be an object of system calls and numbers, not %s",
			   json_type_name(v->type));
	if (v->count > POLICY_COUNTS_MAX)
		return bad(rd, v, e, EINVAL, "names %zu system calls, and can %d", (size_t)v->count, POLICY_COUNTS_MAX);
	p->n_counts = 0;
	p->counts = arena_alloc(rd->arena, (v->count + 1) * sizeof(*p->counts));
	for (const struct json *m = v->first; p->counts && m; m = m->next) {
		struct opt_u64 n = {0};

		if (get_opt_u64(rd, &number, m, &n, e) < 0)
			return err_ctx(e, "[\"%s\"]", shown(m->key).s);
		p->counts[p->n_counts] = (struct spec_policy_count){arena_strdup(rd->arena, m->key), n.v};
		if (!p->counts[p->n_counts++].syscall)
			p->counts = NULL;
	}
	return p->counts ? 0 : err_set(e, ENOMEM, "no memory left");
}

static const struct field limits_fields[] = {
    FIELD_INT("processes", get_opt_u64, P, max_processes, 1, INT32_MAX),
    FIELD_INT("threads", get_opt_u64, P, max_threads, 0, INT32_MAX),
    FIELD("wall", get_time, P, bounds[BOUND_WALL]),
    FIELD_INT("execs", get_opt_u64, P, bounds[BOUND_EXECS], 0, INT64_MAX),
    FIELD("syscalls", get_counts, P, counts),
    FIELD("cpu", get_time, P, bounds[BOUND_CPU]),
    FIELD("idle", get_time, P, bounds[BOUND_IDLE]),
    FIELD_INT("memory", get_size, P, bounds[BOUND_MEMORY], 1, INT64_MAX),
    FIELD_INT("open_files", get_opt_u64, P, bounds[BOUND_OPEN_FILES], FILES_MIN, INT32_MAX),
    FIELD_INT("file_size", get_size, P, bounds[BOUND_FILE_SIZE], 0, INT64_MAX),
    RESPONSE_FIELDS(P, limits),
};
const struct table limits_table = {TABLE_FIELDS(limits_fields), .check = check_section};
