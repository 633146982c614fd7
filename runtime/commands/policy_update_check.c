/* SPDX-License-Identifier: Apache-2.0 */
/* policy update-check: calls of which a list says nothing, and which fail under it. */
#include <errno.h>
#include <inttypes.h>

#include "commands.h"
#include "runtime/host/host.h"

/* One list, and what it lacks. */
struct lacking {
	const char *asked, *file, *abi, *libseccomp;
	struct spec_list list;
	bool refuses;
	struct jail_call newest; /* that it names; name NULL: none */
	struct jail_calls calls;
	size_t n_newer; /* of them: they are the first */
};

static const char *const forms[] = {
    [LIST_POLICY] = "policy",
    [LIST_PROFILE] = "profile",
    [LIST_CONFIG] = "config.json",
};

static int look(struct rt_call *c, const char *dir, uint32_t abi, struct lacking *k, struct err *e)
{
	struct rt_bases found = {c, dir, RT_BY_PATH};
	const struct spec_bases bases = {rt_policy_find_base, &found};
	AUTO_POLICY_TEXT text = {0};
	struct spec_text t;
	int r = rt_policy_read(c, dir, k->asked, true, &text, e);

	if (r < 0)
		return r;
	k->file = text.file;
	t = rt_policy_spec_text(&text, k->asked);
	r = spec_list_parse(&t, &bases, &c->arena, &k->list, e);
	if (r < 0)
		return r;
	k->abi = jail_abi_name(abi, &c->arena);
	k->libseccomp = jail_libseccomp(&c->arena);
	if (!k->abi || !k->libseccomp)
		return err_set(e, ENOMEM, "out of memory");
	k->refuses = jail_list_refuses(&k->list);
	if (!k->refuses)
		return 0;
	r = jail_calls_unnamed(abi, &k->list, &c->arena, &k->calls, &k->newest, e);
	while (k->n_newer < k->calls.n && k->calls.v[k->n_newer].number > k->newest.number)
		k->n_newer++;
	if (c->o.newer)
		k->calls.n = k->n_newer;
	return r;
}

static void print_text(const struct lacking *k, struct buf *out)
{
	buf_printf(out, "%s: ", k->file ? k->file : k->asked);
	if (!k->list.default_action)
		buf_str(out, "it says nothing of system calls\n");
	else if (!k->refuses)
		buf_printf(out, "what it does not name does not fail: %s\n", k->list.default_action);
	else
		buf_printf(out, "not named are %zu of %s that libseccomp %s knows, %zu newer than %s\n", k->calls.n,
			   k->abi, k->libseccomp, k->n_newer, k->newest.name ? k->newest.name : "all of the list");
	for (size_t i = 0; i < k->calls.n; i++)
		buf_printf(out, "%10" PRId64 "  %s%s\n", k->calls.v[i].number, k->calls.v[i].name,
			   i < k->n_newer ? "  newer" : "");
}

static void print_json(const struct lacking *k, struct buf *out)
{
	struct jsonw w = {.out = out};

	jw_object(&w, NULL);
	jw_str(&w, "list", k->asked);
	jw_str(&w, "file", k->file);
	jw_str(&w, "form", forms[k->list.form]);
	jw_str(&w, "defaultAction", k->list.default_action);
	jw_bool(&w, "refuses", k->refuses);
	jw_str(&w, "arch", k->abi);
	jw_str(&w, "libseccomp", k->libseccomp);
	jw_str(&w, "newestNamed", k->newest.name);
	jw_array(&w, "unnamed");
	for (size_t i = 0; i < k->calls.n; i++) {
		jw_object(&w, NULL);
		jw_int(&w, "number", k->calls.v[i].number);
		jw_str(&w, "name", k->calls.v[i].name);
		jw_bool(&w, "newer", i < k->n_newer);
		jw_object_end(&w);
	}
	jw_array_end(&w);
	jw_object_end(&w);
	buf_str(out, "\n");
}

/* Exit status: 0; 1 a list lacks calls. */
int cmd_policy_update_check(struct rt_call *c, struct err *e)
{
	struct spec_admin admin = {0};
	AUTO_BUF out = {0};
	bool any = false;
	uint32_t abi;
	int r;

	if (jail_abi_find(c->o.arch ? c->o.arch : "native", &abi, e) < 0)
		return err_ctx(e, "--arch");
	r = rt_admin_load(c, &admin, NULL, e);
	for (int i = 0; i < c->n_args && r >= 0; i++) {
		struct lacking k = {.asked = c->args[i]};

		r = look(c, rt_policy_dir(c, &admin), abi, &k, e);
		if (r >= 0)
			(str_eq(c->o.format, "json") ? print_json : print_text)(&k, &out);
		any |= k.calls.n > 0;
	}
	if (r >= 0)
		r = rt_print(&out, e);
	return r < 0 ? r : any;
}
