/* SPDX-License-Identifier: Apache-2.0 */
/* policy explain: by what each rule of a policy is held, what that costs, and what this host lacks for it. */
#include <errno.h>
#include <string.h>

#include "commands.h"
#include "runtime/host/host.h"
#include "runtime/life/life.h"

struct explained {
	struct doctor d;
	struct spec_policy policy;
	struct jail_plan plan;
	struct jsonw w; /* where JSON is wanted */
	struct buf *out;
	bool json, bundle;
};

/* A list of objects is told by its elements, any other value as a whole. */
static bool is_told(const struct spec_said_list *l, size_t i)
{
	const struct spec_said *s = &l->v[i];

	if (s->part)
		return s->text[0] == '{';
	return i + 1 == l->n || !l->v[i + 1].part || l->v[i + 1].text[0] != '{';
}

/* What the links of the bundle's rootfs add to a list of paths. */
static void links_of(const struct explained *x, const char *key, struct arena *a, struct strv *ret)
{
	const struct jail_policy *p = &x->plan.policies[0];
	const struct spec_policy *s = &x->policy;
	const struct {
		const char *key;
		const struct strv *had, *has;
	} lists[] = {
	    {"exec.allow", &s->exec.allow, &p->exec_allow},
	    {"exec.deny", &s->exec.deny, &p->exec_deny},
	    {"signals.protect", &s->signals.protect, &p->protect},
	};

	for (size_t i = 0; i < ARRAY_LEN(lists) && x->bundle; i++) {
		if (!str_eq(lists[i].key, key))
			continue;
		ret->v = arena_alloc(a, (lists[i].has->n + 1) * sizeof(char *));
		for (size_t k = 0; ret->v && k < lists[i].has->n; k++)
			if (!strv_has(lists[i].had, lists[i].has->v[k]))
				ret->v[ret->n++] = lists[i].has->v[k];
	}
}

static void print_text(const struct explained *x, const char *key, const struct spec_said *said,
		       const struct jail_mechanism *m, const char *lacks, const struct strv *links)
{
	struct buf *out = x->out;

	buf_printf(out, "%-26s %-14s %-10s %-8s %s\n", key, m->mechanism, m->race_free ? "yes" : "no",
		   lacks ? "no" : "yes", m->cost);
	if (said)
		buf_printf(out, "    %s%sline %zu: %.160s%s\n", said->of ? said->of : "", said->of ? ", " : "",
			   said->line, said->text, strlen(said->text) > 160 ? "..." : "");
	for (size_t i = 0; i < links->n; i++)
		buf_printf(out, "    through a link, also %s\n", links->v[i]);
	if (!m->race_free)
		buf_printf(out, "    a race can get round it: %s\n", m->why);
	if (lacks)
		buf_printf(out, "    this host lacks what it needs: %s\n", lacks);
}

static void print_json(struct explained *x, const char *key, const struct spec_said *said,
		       const struct jail_mechanism *m, const char *lacks, const struct strv *links)
{
	struct jsonw *w = &x->w;

	jw_object(w, NULL);
	jw_str(w, "rule", key);
	if (said) {
		if (said->of)
			jw_str(w, "file", said->of);
		jw_uint(w, "line", said->line);
		jw_str(w, "says", said->text);
	}
	if (links->n)
		jw_strv(w, "links", links);
	jw_str(w, "mechanism", m->mechanism);
	jw_bool(w, "race_free", m->race_free);
	jw_str(w, "why", m->why);
	jw_str(w, "cost", m->cost);
	jw_str(w, "test", m->test);
	jw_bool(w, "here", !lacks);
	if (lacks)
		jw_str(w, "lacks", lacks);
	jw_object_end(w);
}

static int explain_key(struct explained *x, const char *key, const struct spec_said *said, struct err *e)
{
	struct arena *a = &x->d.call->arena;
	const struct jail_mechanism *m = NULL;
	const char *line = NULL, *lacks = NULL;
	struct strv links = {0};

	links_of(x, key, a, &links);
	while ((m = jail_mechanism(key, m))) {
		int r = doctor_lacks(&x->d, m->needs, &line);

		if (!m->needs) /* it is about no call */
			continue;
		lacks = r < 0 ? arena_printf(a, "%s: %s", line, doctor_why(r)) : NULL;
		if (r < 0 && !lacks)
			return err_set(e, ENOMEM, "out of memory");
		if (x->json)
			print_json(x, key, said, m, lacks, &links);
		else
			print_text(x, key, said, m, lacks, &links);
	}
	return 0;
}

/* The keys for which the engine is trace. */
static int because(const struct explained *x, struct arena *a, struct strv *ret)
{
	const struct spec_said_list *l = &x->policy.said;

	*ret = (struct strv){.v = arena_alloc(a, (l->n + 1) * sizeof(char *))};
	for (size_t i = 0; ret->v && i < l->n && x->plan.engine == JAIL_TRACE; i++)
		for (const struct jail_mechanism *m = NULL; !l->v[i].part && (m = jail_mechanism(l->v[i].key, m));)
			if ((m->needs & JAIL_NEEDS_TRACE) && !str_eq(l->v[i].text, "[]") && !strv_has(ret, l->v[i].key))
				ret->v[ret->n++] = (char *)l->v[i].key;
	return ret->v ? 0 : -ENOMEM;
}

static void print_head(struct explained *x, const struct strv *why, const struct strv *unenforced)
{
	const struct spec_policy *p = &x->policy;

	if (x->json) {
		jw_object(&x->w, NULL);
		jw_str(&x->w, "policy", p->name);
		jw_str(&x->w, "file", p->file);
		jw_str(&x->w, "engine", jail_engine_name(x->plan.engine));
		jw_strv(&x->w, "engine_because", why);
		jw_strv(&x->w, "not_enforced", unenforced);
		jw_array(&x->w, "rules");
		return;
	}
	buf_printf(x->out, "policy %s: engine %s", p->name, jail_engine_name(x->plan.engine));
	for (size_t i = 0; i < why->n; i++)
		buf_printf(x->out, "%s%s", i ? ", " : ", for the sake of ", why->v[i]);
	for (size_t i = 0; i < unenforced->n; i++)
		buf_printf(x->out, "%s%s",
			   i ? ", " : "\nby its mode only reported, and not enforced: ", unenforced->v[i]);
	buf_printf(x->out, "\n\n%-26s %-14s %-10s %-8s %s\n", "RULE", "MECHANISM", "RACE-FREE", "HERE", "COST");
}

static int explain(struct explained *x, struct err *e)
{
	const struct spec_said_list *l = &x->policy.said;
	struct strv why, unenforced;
	int r = rt_policy_unenforced(x->d.call, &x->policy, &unenforced, e);

	if (r < 0)
		return r;
	if (because(x, &x->d.call->arena, &why) < 0)
		return err_set(e, ENOMEM, "out of memory");
	print_head(x, &why, &unenforced);
	for (size_t i = 0; i < l->n && r == 0; i++)
		if (is_told(l, i))
			r = explain_key(x, l->v[i].key, &l->v[i], e);
	if (r == 0 && x->plan.init == POLICY_INIT_JAIL)
		r = explain_key(x, JAIL_KEY_SELF, NULL, e);
	if (r == 0 && x->plan.engine == JAIL_TRACE)
		r = explain_key(x, JAIL_KEY_ENGINE, NULL, e);
	if (r == 0 && x->plan.engine == JAIL_NOTIFY)
		r = explain_key(x, JAIL_KEY_REPORTS, NULL, e);
	if (x->json) {
		jw_array_end(&x->w);
		jw_object_end(&x->w);
		buf_str(x->out, "\n");
	}
	return r;
}

/* The plan, for a bundle or for what `jailrun spec` writes. */
static int plan_of(struct explained *x, struct err *e)
{
	struct rt_call *c = x->d.call;
	struct life l;
	int r;

	if (!c->o.bundle)
		return doctor_plan(&x->d, &x->policy, &x->plan, e);
	life_init(&l, &life_of_container);
	l.foreground = true;
	c->g.policy = c->args[0];
	r = rt_prepare(c, c->o.bundle, "explain", NULL, &l, e);
	x->plan = l.jail;
	x->bundle = true;
	if (r >= 0 && l.jail.engine == JAIL_NONE)
		r = err_set(e, EINVAL, "'none' is no policy, and nothing holds under it");
	life_close(&l);
	return r < 0 ? r : 0;
}

/* Without a policy: all that one can say. */
static void print_language(struct explained *x)
{
	if (x->json)
		jw_array(&x->w, NULL);
	else
		buf_printf(x->out, "%-26s %-14s %-10s %-38s %s\n", "KEY", "MECHANISM", "RACE-FREE", "TEST", "COST");
	for (const struct jail_mechanism *m = jail_mechanisms(); m->key; m++) {
		if (!x->json) {
			buf_printf(x->out, "%-26s %-14s %-10s %-38s %s\n", m->key, m->mechanism,
				   m->race_free ? "yes" : "no", m->test, m->cost);
			continue;
		}
		jw_object(&x->w, NULL);
		jw_str(&x->w, "key", m->key);
		jw_str(&x->w, "mechanism", m->mechanism);
		jw_bool(&x->w, "race_free", m->race_free);
		jw_str(&x->w, "why", m->why);
		jw_str(&x->w, "cost", m->cost);
		jw_str(&x->w, "test", m->test);
		jw_object_end(&x->w);
	}
	if (x->json)
		jw_array_end(&x->w);
	if (x->json)
		buf_str(x->out, "\n");
}

int cmd_policy_explain(struct rt_call *c, struct err *e)
{
	struct explained x = {.d = {.call = c, .tail = &x.d.first, .rootless = rt_is_rootless(c)}};
	struct spec_admin admin = {0};
	AUTO_BUF out = {0};
	int r;

	x.out = &out;
	x.w = (struct jsonw){.out = &out, .indent = 2};
	x.json = str_eq(c->o.format, "json");
	if (!c->n_args) {
		print_language(&x);
		return rt_print(&out, e);
	}
	if ((r = rt_admin_load(c, &admin, NULL, e)) < 0 || (r = cg_probe(&c->arena, &x.d.cg, e)) < 0 ||
	    (r = jail_probe(&x.d.jail, e)) < 0 ||
	    (r = rt_policy_told(c, rt_policy_dir(c, &admin), c->args[0], &x.policy, e)) < 0)
		return r;
	doctor_jail(&x.d);
	if (spec_net_has_rules(&x.policy.network))
		cg_try(&x.d.cg, &c->arena, &x.d.cgroup);
	r = plan_of(&x, e);
	if (r >= 0)
		r = explain(&x, e);
	return r < 0 ? r : rt_print(&out, e);
}
