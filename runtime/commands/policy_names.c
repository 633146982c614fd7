/* SPDX-License-Identifier: Apache-2.0 */
/* policy names: system calls and their numbers. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "jail/jail.h"

/* Where the answer goes: w is used for JSON. */
struct answer {
	struct buf *out;
	struct jsonw *w;
	bool json;
};

static void print_json(const struct answer *to, const char *abi, const struct jail_call *k)
{
	jw_object(to->w, NULL);
	jw_str(to->w, "arch", abi);
	jw_str(to->w, "name", k->name);
	if (k->number >= 0)
		jw_int(to->w, "number", k->number);
	else
		jw_null(to->w, "number");
	if (k->mux >= 0) {
		jw_object(to->w, "multiplexed");
		jw_int(to->w, "number", k->mux);
		jw_int(to->w, "call", k->mux_call);
		jw_object_end(to->w);
	}
	jw_object_end(to->w);
}

static void print_text(const struct answer *to, const char *abi, const struct jail_call *k)
{
	char number[24] = "-";

	if (k->number >= 0)
		snprintf(number, sizeof(number), "%" PRId64, k->number);
	buf_printf(to->out, "%-12s %10s  %s", abi, number, k->name);
	if (k->mux >= 0)
		buf_printf(to->out, " (%sby %d with %d first)", k->number >= 0 ? "also " : "", k->mux, k->mux_call);
	buf_str(to->out, "\n");
}

static void print_call(const struct answer *to, const char *abi, const struct jail_call *k)
{
	(to->json ? print_json : print_text)(to, abi, k);
}

static int print_abi(struct rt_call *c, uint32_t abi, const struct answer *to, struct err *e)
{
	const char *name = jail_abi_name(abi, &c->arena);
	struct jail_calls all = {0};
	uint64_t number;
	int r = name ? 0 : err_set(e, ENOMEM, "out of memory");

	if (r == 0 && !c->n_args)
		r = jail_calls(abi, &c->arena, &all, e);
	for (size_t i = 0; i < all.n; i++)
		print_call(to, name, &all.v[i]);
	for (int i = 0; i < c->n_args && r == 0; i++) {
		struct jail_call k;

		r = parse_u64(c->args[i], 0, &number) == 0 ? jail_call_numbered(abi, number, &c->arena, &k, e)
							   : jail_call_named(abi, c->args[i], &k, e);
		if (r == 0)
			print_call(to, name, &k);
	}
	return r;
}

int cmd_policy_names(struct rt_call *c, struct err *e)
{
	AUTO_BUF out = {0};
	struct jsonw w = {.out = &out, .indent = 2};
	const struct answer to = {&out, &w, str_eq(c->o.format, "json")};
	const char *arch = c->o.arch ? c->o.arch : "native";
	uint32_t abis[JAIL_ABIS];
	size_t n = 1;
	int r = 0;

	if (str_eq(arch, "all"))
		n = jail_abis(abis);
	else
		r = jail_abi_find(arch, &abis[0], e);
	if (r < 0)
		return err_ctx(e, "--arch");
	if (to.json)
		jw_array(&w, NULL);
	for (size_t i = 0; i < n && r == 0; i++)
		r = print_abi(c, abis[i], &to, e);
	if (to.json) {
		jw_array_end(&w);
		buf_str(&out, "\n");
	}
	return r < 0 ? r : rt_print(&out, e);
}
