/* SPDX-License-Identifier: Apache-2.0 */
/* policy learn: a policy out of audit streams of mode learn. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "jail/jail.h"

#define COLLAPSE     8u /* programs of one directory */
#define COLLAPSE_MAX 1000000

/* Other lines than those of jailrun may be in a file: what is no JSON object is told of, and passed over. */
static int take_lines(struct spec_learn *l, FILE *f, const char *name, struct err *e)
{
	AUTO_FREE char *text = NULL;
	size_t room = 0, line = 0;
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = getline(&text, &room, f)) > 0) {
		struct err what = {0};

		line++;
		while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
			n--;
		r = n ? spec_learn_line(l, text, (size_t)n, &what) : 0;
		if (r == -EINVAL) {
			log_warn("%s:%zu: not a line of an audit stream: %s", name, line, what.text);
			r = 0;
		} else if (r < 0) {
			return err_set(e, -r, "%s:%zu: %s", name, line, what.text);
		}
	}
	return ferror(f) ? err_errno(e, "read '%s'", name) : r;
}

static int take_file(struct spec_learn *l, const char *name, struct err *e)
{
	FILE *f = str_eq(name, "-") ? stdin : fopen(name, "re");
	int r;

	if (!f)
		return err_errno(e, "open '%s'", name);
	r = take_lines(l, f, name, e);
	if (f != stdin)
		(void)fclose(f);
	return r;
}

static int options(struct rt_call *c, struct spec_learn_options *ret, struct err *e)
{
	uint32_t abi;

	*ret = (struct spec_learn_options){.name = c->o.name ? c->o.name : "learnt", .collapse = COLLAPSE};
	if (c->o.collapse &&
	    (parse_u64(c->o.collapse, 10, &ret->collapse) < 0 || ret->collapse > COLLAPSE_MAX || ret->collapse == 1))
		return err_set(e, EINVAL, "--collapse: '%s' is no number from 2 to %d, and not 0", c->o.collapse,
			       COLLAPSE_MAX);
	if (!spec_is_policy_name(ret->name))
		return err_set(e, EINVAL, "--name: '%s' is no name of a policy", ret->name);
	if (jail_abi_find("native", &abi, e) < 0)
		return err_ctx(e, "--arch");
	ret->native = jail_abi_name(abi, &c->arena);
	return ret->native ? 0 : err_set(e, ENOMEM, "out of memory");
}

static void print_json(const struct spec_learn *l, const struct buf *policy, struct buf *out)
{
	struct jsonw w = {.out = out};

	jw_object(&w, NULL);
	jw_uint(&w, "runs", l->runs);
	jw_strv(&w, "learnt", &l->sections);
	jw_strv(&w, "doubts", &l->doubts);
	spec_learn_programs(l, &w, "programs");
	jw_strn(&w, "policy", policy->data, policy->len);
	jw_object_end(&w);
	buf_str(out, "\n");
}

/* Exit status: 0; 2 where the policy may lack something. */
int cmd_policy_learn(struct rt_call *c, struct err *e)
{
	struct spec_learn l = {.arena = &c->arena};
	struct spec_learn_options o;
	AUTO_BUF policy = {0};
	AUTO_BUF out = {0};
	int r = options(c, &o, e);

	for (int i = 0; i < c->n_args && r == 0; i++)
		r = take_file(&l, c->args[i], e);
	if (r < 0)
		return r;
	if (!l.sections.n)
		return err_set(
		    e, EINVAL,
		    "nothing was learnt: no line says which keys were, as the first one of a run under a policy "
		    "with \"mode\": \"learn\" does");
	r = spec_learn_policy(&l, &o, &policy, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < l.doubts.n; i++)
		log_warn("%s", l.doubts.v[i]);
	if (str_eq(c->o.format, "json"))
		print_json(&l, &policy, &out);
	else
		buf_add(&out, policy.data, policy.len);
	r = rt_print(&out, e);
	return r < 0 ? r : l.doubts.n ? 2 : 0;
}
