/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "commands.h"
#include "runtime/host/host.h"

static const char *const words[] = {[DOCTOR_OK] = "ok", [DOCTOR_NO] = "no", [DOCTOR_BAD] = "no", [DOCTOR_NONE] = "--"};

static void print_text(const struct doctor *d, bool works, struct buf *out)
{
	for (const struct doctor_line *l = d->first; l; l = l->next)
		buf_printf(out, "%s  %s: %s%s%s%s\n", words[l->mark], l->id, l->text,
			   l->mark == DOCTOR_BAD ? " (needed)" : "", l->remedy ? "; " : "", l->remedy ? l->remedy : "");
	buf_printf(out, "%s  jailrun: %s\n", words[works ? DOCTOR_OK : DOCTOR_BAD],
		   works ? "containers can be made here" : "what is marked as needed above is missing");
}

static void print_json(const struct doctor *d, bool works, struct buf *out)
{
	struct jsonw w = {.out = out, .indent = 2};

	jw_object(&w, NULL);
	jw_bool(&w, "works", works);
	jw_array(&w, "checks");
	for (const struct doctor_line *l = d->first; l; l = l->next) {
		jw_object(&w, NULL);
		jw_str(&w, "id", l->id);
		jw_str(&w, "status", l->mark == DOCTOR_NONE ? "none" : words[l->mark]);
		jw_bool(&w, "needed", l->mark == DOCTOR_BAD);
		jw_str(&w, "text", l->text);
		if (l->remedy)
			jw_str(&w, "remedy", l->remedy);
		jw_object_end(&w);
	}
	jw_array_end(&w);
	jw_object_end(&w);
	buf_str(out, "\n");
}

int cmd_doctor(struct rt_call *c, struct err *e)
{
	static void (*const parts[])(struct doctor *) = {
	    doctor_kernel, doctor_cgroups, doctor_security, doctor_user, doctor_engines, doctor_policies,
	};
	struct doctor d = {.call = c, .tail = &d.first, .rootless = rt_is_rootless(c)};
	AUTO_BUF out = {0};
	bool works = true;
	int r;

	if ((r = ns_probe(&d.ns, e)) < 0 || (r = cg_probe(&c->arena, &d.cg, e)) < 0 || (r = jail_probe(&d.jail, e)) < 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		parts[i](&d);
	if (d.failed)
		return err_set(e, ENOMEM, "out of memory");
	for (const struct doctor_line *l = d.first; l; l = l->next)
		works = works && l->mark != DOCTOR_BAD;
	(str_eq(c->o.format, "json") ? print_json : print_text)(&d, works, &out);
	r = rt_print(&out, e);
	return r < 0 ? r : !works;
}
