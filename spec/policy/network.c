/* SPDX-License-Identifier: Apache-2.0 */
/* The network rules of a policy: "tcp:10.0.0.0/8:443", "[2001:db8::]/32:80-90", "*:53". */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "spec/policy/families.h"
#include "spec/policy/network.h"
#include "spec/policy/response.h"

#define N struct spec_network

/* What is left of a rule while it is read, and why it is none. */
struct rest {
	char *s;
	const char *why;
};

static bool take(struct rest *r, const char *prefix)
{
	if (!str_starts(r->s, prefix))
		return false;
	r->s += strlen(prefix);
	return true;
}

/* Decimal, without sign, space or needless zero. */
static bool take_number(struct rest *r, uint32_t max, uint32_t *ret)
{
	size_t n = strspn(r->s, "0123456789");
	uint32_t v = 0;

	if (n == 0 || n > 5 || (n > 1 && *r->s == '0'))
		return false;
	for (size_t i = 0; i < n; i++)
		v = v * 10 + (uint32_t)(r->s[i] - '0');
	r->s += n;
	*ret = v;
	return v <= max;
}

/* Bits of the address behind the prefix would say something that does not count. */
static bool is_network(const struct spec_net_rule *rule)
{
	for (uint32_t bit = rule->bits; bit < (rule->family == AF_INET ? 32 : 128); bit++)
		if (rule->addr[bit / 8] >> (7 - bit % 8) & 1)
			return false;
	return true;
}

static bool is_mapped(const struct spec_net_rule *rule)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return rule->family == AF_INET6 && rule->bits >= 96 && memcmp(rule->addr, prefix, sizeof(prefix)) == 0;
}

/* "10.0.0.0/8", "[2001:db8::]/32", each also without the slash. */
static bool take_address(struct rest *r, struct spec_net_rule *rule)
{
	bool six = take(r, "[");
	size_t len = strcspn(r->s, six ? "]" : "/:");
	char text[INET6_ADDRSTRLEN] = "";
	uint32_t bits;

	rule->family = six ? AF_INET6 : AF_INET;
	bits = six ? 128 : 32;
	if (len < sizeof(text))
		memcpy(text, r->s, len);
	if (inet_pton(rule->family, text, rule->addr) != 1) {
		r->why =
		    six ? "between [ and ] belongs an IPv6 address"
			: "the address is IPv4 (10.0.0.0/8), IPv6 in brackets ([2001:db8::]/32), or *; names are not "
			  "looked up";
		return false;
	}
	r->s += len;
	if (six && !take(r, "]"))
		r->why = "the ] is missing";
	else if (take(r, "/") && !take_number(r, bits, &bits))
		r->why = six ? "behind / belongs a number from 0 to 128" : "behind / belongs a number from 0 to 32";
	rule->bits = (uint8_t)bits;
	if (!r->why && !is_network(rule))
		r->why = "the address has bits behind its prefix: write the network's own, or a longer prefix";
	else if (!r->why && is_mapped(rule))
		r->why = "an IPv4 address in IPv6 is judged by the rules for IPv4: write it as such";
	return !r->why;
}

/* "443", "80-90", "*". */
static bool take_ports(struct rest *r, struct spec_net_rule *rule)
{
	static const char ports[] = "behind the last : belongs a port from 0 to 65535, a range (80-90), or *";
	uint32_t first = 0, last = UINT16_MAX;

	if (!take(r, ":")) {
		r->why = "the ports are missing: ADDRESS:PORT, ADDRESS:FIRST-LAST or ADDRESS:*";
		return false;
	}
	if (!take(r, "*")) {
		if (!take_number(r, UINT16_MAX, &first))
			r->why = ports;
		last = first;
		if (!r->why && take(r, "-") && !take_number(r, UINT16_MAX, &last))
			r->why = ports;
		else if (!r->why && last < first)
			r->why = "the range ends before it begins";
	}
	if (!r->why && *r->s)
		r->why = ports;
	rule->first = (uint16_t)first;
	rule->last = (uint16_t)last;
	return !r->why;
}

/* One text is one rule, or two where it is for both families. Returns their number, or 0 with r->why. */
static size_t read_rule(struct rest *r, struct spec_net_rule rules[2])
{
	bool any;

	rules[0].protocol = take(r, "tcp:") ? IPPROTO_TCP : take(r, "udp:") ? IPPROTO_UDP : 0;
	any = take(r, "*");
	if (any)
		rules[0].family = AF_INET;
	if ((!any && !take_address(r, &rules[0])) || !take_ports(r, &rules[0]))
		return 0;
	rules[1] = rules[0];
	rules[1].family = AF_INET6;
	return any ? 2 : 1;
}

int spec_net_rule_parse(const char *text, struct arena *a, struct spec_net_rule ret[2], struct err *e)
{
	struct rest rest = {.s = arena_strdup(a, text)};
	size_t n;

	if (!rest.s)
		return err_set(e, ENOMEM, "no memory left");
	memset(ret, 0, 2 * sizeof(*ret));
	ret[0].text = (char *)text;
	n = read_rule(&rest, ret);
	return n ? (int)n : err_set(e, EINVAL, "\"%s\" is no rule: %s", shown(text).s, rest.why);
}

static int add_rule(struct reader *rd, const struct field *f, const struct json *v, const char *text, void *arg,
		    struct err *e)
{
	struct spec_net_rules *list = arg;
	struct spec_net_rule two[2] = {{.text = v->text}};
	struct rest rest = {.s = v->text};
	size_t n = read_rule(&rest, two);

	(void)f;
	if (!n)
		return bad(rd, v, e, EINVAL, "\"%s\" is no rule: %s", shown(text).s, rest.why);
	memcpy(list->v + list->n, two, n * sizeof(*two));
	list->n += n;
	return 0;
}

static PARSER(get_rules)
{
	struct spec_net_rules *list = field_at(obj, f->at);
	struct strv texts;

	list->set = true;
	list->n = 0;
	list->v = arena_alloc(rd->arena, (2 * (size_t)v->count + 1) * sizeof(*list->v));
	return list->v ? get_strv_each(rd, f, v, &texts, add_rule, list, e) : err_set(e, ENOMEM, "no memory left");
}

#define LIST struct spec_net_list
static const struct field list_fields[] = {
    FIELD("allow", get_rules, LIST, allow),
    FIELD("deny", get_rules, LIST, deny),
};
static const struct table list_table = {TABLE_FIELDS(list_fields), SET_AT(LIST, set)};

static const struct field network_fields[] = {
    FIELD("connect", get_object, N, connect, .table = &list_table),
    FIELD("bind", get_object, N, bind, .table = &list_table),
    FIELD("families", get_families, N, families),
    RESPONSE_FIELDS(N, response),
};

static int check_network(struct reader *rd, const struct json *v, void *obj, struct err *e)
{
	const N *n = obj;

	const char *family = spec_net_has_rules(n) ? family_round(&n->families) : NULL;

	if (family) {
		bad(rd, v, e, EINVAL,
		    "\"%s\" has sockets that go round the rules of connect and bind: leave it out, or the rules",
		    family);
		err_ctx(e, "families");
		return -EINVAL;
	}
	if (spec_net_has_rules(n) || n->families.set)
		return 0;
	return bad(rd, v, e, EINVAL, "says nothing: name connect, bind or families");
}

const struct table network_table = {TABLE_FIELDS(network_fields), SET_AT(N, set), .check = check_network};
