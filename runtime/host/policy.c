/* SPDX-License-Identifier: Apache-2.0 */
/* Which policies a container is under. */
#include <errno.h>
#include <string.h>

#include "host.h"
#include "jail/jail.h"

/* The built-in one of all containers. The other built-in ones are there where somebody asked for them. */
static bool is_default(const struct rt_policy_text *t)
{
	return !t->file && str_eq(t->id, "default");
}

int rt_policy_load(struct rt_call *c, const char *dir, const char *name, enum rt_policy_way way,
		   struct spec_policy *ret, struct err *e)
{
	struct rt_bases found = {c, dir, way};
	const struct spec_bases bases = {rt_policy_find_base, &found};
	AUTO_POLICY_TEXT text = {0};
	struct spec_text t;
	int r = rt_policy_read(c, dir, name, way == RT_BY_PATH, &text, e);

	if (r < 0)
		return r;
	t = rt_policy_spec_text(&text, name);
	r = spec_policy_read(&t, &bases, &c->arena, ret, e);
	ret->file = text.file;
	ret->builtin = r >= 0 && is_default(&text);
	if (r >= 0 && text.file && str_eq(ret->name, text.file)) /* it gives itself none */
		ret->name = arena_strdup(&c->arena, name);
	return r < 0 || ret->name ? r : err_set(e, ENOMEM, "out of memory");
}

int rt_policy_check(struct rt_call *c, const char *dir, const char *name, struct spec_policy *ret,
		    struct spec_errors *errors, struct err *e)
{
	struct rt_bases found = {c, dir, RT_BY_PATH};
	const struct spec_bases bases = {rt_policy_find_base, &found};
	AUTO_POLICY_TEXT text = {0};
	struct spec_text t;
	int r = rt_policy_read(c, dir, name, true, &text, e);

	if (r < 0)
		return r;
	t = rt_policy_spec_text(&text, name);
	(void)spec_policy_check(&t, &bases, &c->arena, ret, errors);
	ret->file = text.file;
	ret->builtin = is_default(&text);
	if (!ret->name)
		ret->name = arena_strdup(&c->arena, name);
	return errors->v && ret->name ? 0 : err_set(e, ENOMEM, "out of memory");
}

int rt_policy_told(struct rt_call *c, const char *dir, const char *name, struct spec_policy *ret, struct err *e)
{
	struct spec_errors errors = {0};
	int r = rt_policy_check(c, dir, name, ret, &errors, e);

	if (r < 0 || !errors.n)
		return r;
	*e = errors.v[0].err;
	err_file(e, errors.v[0].source ? errors.v[0].name : ret->file ? ret->file : name);
	return -e->code;
}

static bool says(const struct spec_policy *p, const char *section)
{
	size_t len = strlen(section);

	for (size_t i = 0; i < p->said.n; i++)
		if (str_starts(p->said.v[i].key, section) && p->said.v[i].key[len] == '.')
			return true;
	return false;
}

static bool is_watched(const struct spec_response *how)
{
	return how->mode == POLICY_WATCH || how->mode == POLICY_LEARN;
}

/* One that says its own mode has the others told one by one. */
static void add_syscalls(struct arena *a, const struct spec_policy *p, struct strv *ret)
{
	const struct spec_seccomp *s = &p->syscalls;
	bool own = false;

	for (size_t i = 0; i < s->n_rules; i++)
		own |= s->rules[i].response.mode != POLICY_MODE_UNSAID;
	if (is_watched(&p->response))
		ret->v[ret->n++] = own ? "syscalls.defaultAction" : "syscalls";
	for (size_t i = 0; own && i < s->n_rules; i++) {
		const struct spec_response how = spec_response_in(&s->rules[i].response, &p->response);

		if (!str_eq(s->rules[i].action, "SCMP_ACT_ALLOW") && is_watched(&how))
			ret->v[ret->n++] = arena_printf(a, "syscalls.syscalls[%zu]", i);
	}
}

int rt_policy_unenforced(struct rt_call *c, const struct spec_policy *p, struct strv *ret, struct err *e)
{
	static char *const names[] = {
	    [POLICY_SYSCALLS] = "syscalls", [POLICY_EXEC] = "exec",     [POLICY_NETWORK] = "network",
	    [POLICY_SIGNALS] = "signals",   [POLICY_LIMITS] = "limits", [POLICY_FILES] = "files"};
	bool failed = false;

	*ret = (struct strv){.v = arena_alloc(&c->arena, (p->syscalls.n_rules + POLICY_SECTIONS + 1) * sizeof(char *))};
	if (!ret->v)
		return err_set(e, ENOMEM, "out of memory");
	for (int i = 0; i < POLICY_SECTIONS; i++) {
		const struct spec_response how = spec_policy_response(p, (enum policy_section)i);

		if (!says(p, names[i]))
			continue;
		if (i == POLICY_SYSCALLS)
			add_syscalls(&c->arena, p, ret);
		else if (is_watched(&how))
			ret->v[ret->n++] = names[i];
	}
	for (size_t i = 0; i < ret->n; i++)
		failed |= !ret->v[i];
	return failed ? err_set(e, ENOMEM, "out of memory") : 0;
}

/* An annotation is untrusted: it can ask for a policy, and never for none. */
static int check_asked(const char *asked, const struct spec_admin *admin, struct err *e)
{
	if (admin->annotations.set && !admin->annotations.v)
		return err_set(
		    e, EPERM,
		    "the administrator's configuration says that annotations are not heard (\"annotations\": false): "
		    "leave it out");
	if (str_eq(asked, "none"))
		return err_set(e, EPERM, "an annotation cannot switch the jail off; use --policy none");
	return 0;
}

static int add_floor(struct rt_call *c, const char *dir, const char *floor, const char *chosen, struct rt_policies *ret,
		     struct err *e)
{
	int r;

	if (!floor || (chosen && str_eq(floor, chosen)))
		return 0;
	r = rt_policy_load(c, dir, floor, c->o.floor ? RT_BY_PATH : RT_BY_NAME, ret->has ? &ret->floor : &ret->chosen,
			   e);
	if (r < 0)
		return err_ctx(e, "floor");
	ret->has_floor = ret->has;
	ret->has = true;
	return 0;
}

/* The jail is PID 1 of a pid namespace. In one that is shared with others there is none to protect, so the built-in policy
 * has nothing to do; rules that somebody wrote would go unenforced. */
static int check_pid_namespace(struct rt_policies *p, struct err *e)
{
	const struct spec_policy *written = !p->chosen.builtin                  ? &p->chosen
					    : p->has_floor && !p->floor.builtin ? &p->floor
										: NULL;

	if (!written) {
		log_debug("policy %s: the pid namespace is shared, there is no jail", p->chosen.name);
		p->has = p->has_floor = false;
		return 0;
	}
	return err_set(
	    e, ENOTSUP,
	    "config.json: linux.namespaces: policy %s needs a pid namespace of the container's own, in which "
	    "the jail is PID 1; add {\"type\": \"pid\"} without a path, or use --policy none",
	    written->name);
}

int rt_policies_choose(struct rt_call *c, const struct spec_map *annotations, const struct spec_admin *admin,
		       const char *fallback, bool shares_pids, struct rt_policies *ret, struct err *e)
{
	const char *asked = spec_map_get(annotations, RT_ANNOTATION_POLICY), *dir = rt_policy_dir(c, admin), *name;
	int r = 0;

	*ret = (struct rt_policies){.has = false};
	name = c->g.policy ? c->g.policy : asked ? asked : admin->default_policy ? admin->default_policy : fallback;
	if (!c->g.policy && asked)
		r = check_asked(asked, admin, e);
	ret->has = name && !str_eq(name, "none");
	if (r >= 0 && ret->has)
		r = rt_policy_load(c, dir, name,
				   c->g.policy ? RT_BY_PATH
				   : asked     ? RT_BY_ANNOTATION
					       : RT_BY_NAME,
				   &ret->chosen, e);
	if (r < 0 && !c->g.policy && asked)
		return err_ctx(e, "config.json: annotations[\"" RT_ANNOTATION_POLICY "\"]");
	if (r < 0 && !c->g.policy && admin->default_policy) {
		err_ctx(e, "defaultPolicy");
		return err_file(e, admin->file);
	}
	if (r >= 0 && (!c->g.policy || c->o.floor))
		r = add_floor(c, dir, c->o.floor ? c->o.floor : admin->floor, ret->has ? name : NULL, ret, e);
	if (r < 0 && str_starts(e->path, "floor"))
		err_file(e, admin->file);
	if (r < 0 || !ret->has || !shares_pids)
		return r;
	return check_pid_namespace(ret, e);
}
