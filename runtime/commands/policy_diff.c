/* SPDX-License-Identifier: Apache-2.0 */
/* policy diff: what becomes possible, and what impossible, from one policy to another. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "runtime/host/host.h"

/* One thing of which the two say something else. */
struct change {
	struct change *next;
	char sign;             /* '+' becomes possible, '-' impossible, '~' neither */
	const char *kind;      /* "syscall", "exec", "connect", "bind", or "key" */
	const char *name;      /* "mkdir", "socket(0x10)", a path, an address, a key */
	const char *from, *to; /* what is said of it */
	uint32_t abis;         /* of a system call: bits of compared.abis; 0: it is none */
	bool told;
};

struct compared {
	struct doctor d;
	struct spec_policy policies[2];
	struct jail_plan plans[2];
	struct change *first, **tail;
	uint32_t abis[JAIL_ABIS]; /* of this host */
	size_t n_abis;
};

static struct arena *arena_of(struct compared *k)
{
	return &k->d.call->arena;
}

static int add(struct compared *k, char sign, const char *kind, const char *name, const char *from, const char *to,
	       uint32_t abis)
{
	struct change *c;

	for (c = k->first; c; c = c->next)
		if (str_eq(c->kind, kind) && str_eq(c->name, name) && str_eq(c->from, from) && str_eq(c->to, to)) {
			c->abis |= abis;
			return 0;
		}
	c = arena_alloc(arena_of(k), sizeof(*c));
	if (!c || !name || !from || !to)
		return -ENOMEM;
	*c = (struct change){.sign = sign, .kind = kind, .name = name, .from = from, .to = to, .abis = abis};
	*k->tail = c;
	k->tail = &c->next;
	return 0;
}

/* ---- system calls ---- */

static const char *verdict(struct compared *k, const struct jail_judgement *j)
{
	switch (j->says) {
	case JAIL_SAYS_LOG:
		return "log";
	case JAIL_SAYS_REFUSE:
		return arena_printf(arena_of(k), "errno %s", errno_name(j->err));
	case JAIL_SAYS_TRAP:
		return "trap";
	case JAIL_SAYS_KILL:
		return "kill";
	case JAIL_SAYS_ALLOW:
	case JAIL_SAYS_CHECK: /* what the check says is compared by the lists and limits */
		break;
	}
	return "allow";
}

static uint32_t abi_bit(const struct compared *k, uint32_t abi)
{
	for (size_t i = 0; i < k->n_abis; i++)
		if (k->abis[i] == abi)
			return 1u << i;
	return 0;
}

static int note_call(void *arg, const struct jail_difference *d)
{
	struct compared *k = arg;
	const bool was = d->says[0].says < JAIL_SAYS_REFUSE, is = d->says[1].says < JAIL_SAYS_REFUSE;
	const char *from = verdict(k, &d->says[0]), *to = verdict(k, &d->says[1]);

	if (str_eq(from, to))
		return 0;
	return add(k,
		   was == is ? '~'
		   : is      ? '+'
			     : '-',
		   "syscall", jail_difference_call(d, arena_of(k)), from, to, abi_bit(k, d->abi));
}

/* ---- lists of programs: each entry stands for one program that it is about ---- */

/* "/opt/ *" -> "/opt/x" */
static const char *program_of(struct compared *k, const char *entry)
{
	AUTO_BUF text = {0};

	for (const char *p = entry; *p; p++)
		buf_add(&text, *p == '*' || *p == '?' ? "x" : p, 1);
	if (text.len && text.data[text.len - 1] == '/')
		buf_str(&text, "x");
	return text.failed || !text.data ? NULL : arena_strdup(arena_of(k), text.data);
}

static bool may_run(const struct jail_plan *p, const char *path)
{
	const struct jail_exec_facts f = {.path = path, .as = EXEC_AS_PROGRAM, .guess = true};
	struct jail_exec_verdict v = {.ok = true};

	if (p->policies[0].exec_rules)
		jail_exec_judge(&p->policies[0], &f, &v);
	return v.ok;
}

static int compare_program(struct compared *k, const char *path, const char *entry)
{
	const bool was = path && may_run(&k->plans[0], path), is = path && may_run(&k->plans[1], path);

	if (!path)
		return -ENOMEM;
	return was == is ? 0
			 : add(k, is ? '+' : '-', "exec", entry, was ? "allow" : "errno EACCES",
			       is ? "allow" : "errno EACCES", 0);
}

static int compare_programs(struct compared *k)
{
	int r = 0;

	for (int i = 0; i < 2; i++) {
		const struct jail_policy *p = &k->plans[i].policies[0];
		const struct strv *const lists[] = {&p->exec_allow, &p->exec_deny};

		for (size_t l = 0; l < 2; l++)
			for (size_t n = 0; p->exec_rules && n < lists[l]->n && r == 0; n++)
				r = compare_program(k, program_of(k, lists[l]->v[n]), lists[l]->v[n]);
		for (size_t n = 0; n < p->n_exec_entries && r == 0; n++)
			r = compare_program(k, program_of(k, p->exec_entries[n].path), p->exec_entries[n].path);
	}
	return r < 0 ? r : compare_program(k, "/any/other", "any other program");
}

/* ---- addresses: each rule stands for its first and last address, at and beside its ports ---- */

static int compare_address(struct compared *k, const struct cg_net_ask *q, const char *text)
{
	struct cg_net_answer says[2] = {{.allowed = true}, {.allowed = true}};

	for (int i = 0; i < 2; i++) {
		const struct spec_network *n = &k->policies[i].network;

		if (cg_net_judge(q->bind ? &n->bind : &n->connect, q, arena_of(k), &says[i]) < 0)
			return -ENOMEM;
	}
	return says[0].allowed == says[1].allowed
		   ? 0
		   : add(k, says[1].allowed ? '+' : '-', q->bind ? "bind" : "connect", text,
			 says[0].allowed ? "allow" : "errno EPERM", says[1].allowed ? "allow" : "errno EPERM", 0);
}

static int compare_rule(struct compared *k, bool bind, const struct spec_net_rule *rule)
{
	const uint16_t ports[] = {rule->first, rule->last, (uint16_t)(rule->first - 1), (uint16_t)(rule->last + 1)};
	const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP};
	const unsigned int bits = rule->family == AF_INET ? 32 : 128;
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(ports) * 4 && r == 0; i++) {
		struct cg_net_ask q = {
		    .bind = bind, .family = rule->family, .protocol = protocols[i & 1], .port = ports[i / 4]};
		char address[INET6_ADDRSTRLEN] = "";

		memcpy(q.addr, rule->addr, sizeof(q.addr));
		for (unsigned int bit = rule->bits; (i & 2) && bit < bits; bit++)
			q.addr[bit / 8] |= (uint8_t)(1 << (7 - bit % 8));
		inet_ntop(q.family, q.addr, address, sizeof(address));
		r = compare_address(k, &q,
				    arena_printf(arena_of(k), q.family == AF_INET ? "%s:%s:%u" : "%s:[%s]:%u",
						 i & 1 ? "udp" : "tcp", address, q.port));
	}
	return r;
}

static int compare_addresses(struct compared *k)
{
	const struct cg_net_ask other = {.family = AF_INET, .protocol = IPPROTO_TCP, .addr = {192, 0, 2, 1}, .port = 9};
	int r = 0;

	for (int i = 0; i < 4; i++) {
		const bool bind = i & 1;
		const struct spec_network *n = &k->policies[i / 2].network;
		const struct spec_net_list *l = bind ? &n->bind : &n->connect;
		struct cg_net_ask q = other;

		q.bind = bind;
		for (size_t m = 0; m < l->allow.n && r == 0; m++)
			r = compare_rule(k, bind, &l->allow.v[m]);
		for (size_t m = 0; m < l->deny.n && r == 0; m++)
			r = compare_rule(k, bind, &l->deny.v[m]);
		if (r == 0)
			r = compare_address(k, &q, "any other address");
	}
	return r;
}

/* ---- all other keys ---- */

/* What it means when a list has an element more, a number is greater, a key is there, or true. A key that is not here is told without a
 * sign. */
static const struct {
	const char *key; /* or what it begins with */
	char element, number, there, yes;
} meanings[] = {
    {"limits.", '-', '+', '-', '-'},  {"exec.memfd", '~', '~', '+', '+'}, {"signals.protect", '-', '~', '-', '~'},
    {"env.keep", '+', '~', '-', '~'}, {"env.drop", '-', '~', '-', '~'},   {"files.deny", '-', '~', '-', '~'},
    {"files.", '+', '~', '-', '~'},   {"", '~', '~', '~', '~'},
};

/* These are compared by what follows from them. */
static bool is_compared(const char *key)
{
	static const char *const keys[] = {
	    "name",      "description",     "extends",      "syscalls.",        "exec.allow",
	    "exec.deny", "network.connect", "network.bind", "network.families", "signals.to_init",
	    "$schema"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (str_starts(key, keys[i]))
			return true;
	return false;
}

static char opposite(char sign)
{
	return sign == '+' ? '-' : sign == '-' ? '+' : sign;
}

static const struct spec_said *find(const struct spec_said_list *l, const char *key, const char *text)
{
	const size_t len = strlen(key);

	for (size_t i = 0; i < l->n; i++)
		if (text ? l->v[i].part && str_starts(l->v[i].key, key) && l->v[i].key[len] == '[' &&
			       str_eq(l->v[i].text, text)
			 : str_eq(l->v[i].key, key))
			return &l->v[i];
	return NULL;
}

/* The elements that the other has not. */
static int compare_elements(struct compared *k, const char *key, char sign, int has, int lacks)
{
	const struct spec_said_list *l = &k->policies[has].said;
	const size_t len = strlen(key);
	int r = 0;

	for (size_t i = 0; i < l->n && r == 0; i++) {
		const struct spec_said *s = &l->v[i];

		if (!s->part || !str_starts(s->key, key) || s->key[len] != '[' ||
		    find(&k->policies[lacks].said, key, s->text))
			continue;
		r = add(k, has ? sign : opposite(sign), "key", arena_printf(arena_of(k), "%s: %s", key, s->text),
			has ? "not there" : "there", has ? "there" : "not there", 0);
	}
	return r;
}

static int compare_key(struct compared *k, const char *key)
{
	const struct spec_said *a = find(&k->policies[0].said, key, NULL), *b = find(&k->policies[1].said, key, NULL);
	uint64_t x, y;
	size_t m = 0;
	char sign;
	int r;

	while (!str_starts(key, meanings[m].key))
		m++;
	if (a && b && str_eq(a->text, b->text))
		return 0;
	if (a && b && a->text[0] == '[' && b->text[0] == '[') {
		r = compare_elements(k, key, meanings[m].element, 0, 1);
		return r < 0 ? r : compare_elements(k, key, meanings[m].element, 1, 0);
	}
	if (!a || !b)
		sign = b ? meanings[m].there : opposite(meanings[m].there);
	else if (parse_u64(a->text, 10, &x) == 0 && parse_u64(b->text, 10, &y) == 0)
		sign = y > x ? meanings[m].number : opposite(meanings[m].number);
	else
		sign = str_eq(b->text, "true")    ? meanings[m].yes
		       : str_eq(b->text, "false") ? opposite(meanings[m].yes)
						  : '~';
	return add(k, sign, "key", key, a ? a->text : "not said", b ? b->text : "not said", 0);
}

static int compare_keys(struct compared *k)
{
	int r = 0;

	for (int i = 0; i < 2; i++) {
		const struct spec_said_list *l = &k->policies[i].said;

		for (size_t n = 0; n < l->n && r == 0; n++)
			if (!l->v[n].part && !is_compared(l->v[n].key) &&
			    !(i == 1 && find(&k->policies[0].said, l->v[n].key, NULL)))
				r = compare_key(k, l->v[n].key);
	}
	return r;
}

/* ---- the answer ---- */

static bool goes_with(const struct change *a, const struct change *b)
{
	return a->abis && a->abis == b->abis && str_eq(a->from, b->from) && str_eq(a->to, b->to);
}

static void print_abis(struct compared *k, const struct change *c, struct buf *out)
{
	const char *before = " [";

	if (!c->abis || c->abis == (1u << k->n_abis) - 1)
		return;
	for (size_t i = 0; i < k->n_abis; i++)
		if (c->abis >> i & 1) {
			buf_printf(out, "%s%s", before, jail_abi_name(k->abis[i], arena_of(k)));
			before = ", ";
		}
	buf_str(out, "]");
}

/* System calls of which the same is said stand on one line. */
static void print_text(struct compared *k, struct buf *out)
{
	for (struct change *c = k->first; c; c = c->next) {
		if (c->told)
			continue;
		buf_printf(out, "%c %s %s", c->sign, c->kind, c->name);
		for (struct change *m = c->next; m; m = m->next)
			if (goes_with(c, m)) {
				buf_printf(out, ", %s", m->name);
				m->told = true;
			}
		print_abis(k, c, out);
		buf_printf(out, ": %s -> %s\n", c->from, c->to);
	}
}

static void print_json(struct compared *k, struct buf *out)
{
	struct jsonw w = {.out = out, .indent = 2};

	jw_object(&w, NULL);
	jw_str(&w, "from", k->policies[0].name);
	jw_str(&w, "to", k->policies[1].name);
	jw_bool(&w, "same", !k->first);
	jw_array(&w, "changes");
	for (const struct change *c = k->first; c; c = c->next) {
		jw_object(&w, NULL);
		jw_fmt(&w, "change", "%c", c->sign);
		jw_str(&w, "kind", c->kind);
		jw_str(&w, "name", c->name);
		if (c->abis)
			jw_array(&w, "abis");
		for (size_t i = 0; i < k->n_abis; i++)
			if (c->abis >> i & 1)
				jw_str(&w, NULL, jail_abi_name(k->abis[i], arena_of(k)));
		if (c->abis)
			jw_array_end(&w);
		jw_str(&w, "from", c->from);
		jw_str(&w, "to", c->to);
		jw_object_end(&w);
	}
	jw_array_end(&w);
	jw_object_end(&w);
	buf_str(out, "\n");
}

static int load(struct compared *k, struct err *e)
{
	struct rt_call *c = k->d.call;
	struct spec_admin admin = {0};
	int r;

	if ((r = rt_admin_load(c, &admin, NULL, e)) < 0 || (r = jail_probe(&k->d.jail, e)) < 0)
		return r;
	for (int i = 0; i < 2 && r >= 0; i++) {
		r = rt_policy_told(c, rt_policy_dir(c, &admin), c->args[i], &k->policies[i], e);
		if (r >= 0)
			r = doctor_plan_told(&k->d, &k->policies[i], NULL, true, &k->plans[i], e);
	}
	return r;
}

/* Exit status: 0 the same, 1 not, 2 a failure of any kind. */
int cmd_policy_diff(struct rt_call *c, struct err *e)
{
	struct compared k = {.d = {.call = c, .tail = &k.d.first, .rootless = rt_is_rootless(c)}};
	AUTO_BUF out = {0};
	int r;

	k.tail = &k.first;
	k.n_abis = jail_family(k.abis);
	r = load(&k, e);
	if (r >= 0)
		r = jail_compare(&k.plans[0], &k.plans[1], &c->arena, note_call, &k, e);
	if (r >= 0)
		r = compare_programs(&k);
	if (r >= 0)
		r = compare_addresses(&k);
	if (r >= 0)
		r = compare_keys(&k);
	if (r < 0)
		return e->code ? r : err_set(e, -r, "out of memory");
	(str_eq(c->o.format, "json") ? print_json : print_text)(&k, &out);
	r = rt_print(&out, e);
	return r < 0 ? r : k.first != NULL;
}
