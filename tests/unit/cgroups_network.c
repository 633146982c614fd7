/* SPDX-License-Identifier: Apache-2.0 */
/* Network rules: the programs against an oracle that reads the rules' texts by itself, for every list of a corpus and every probe; and
 * what both say. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#include <cmocka.h>

#include "cgroups_net_bpf.h"
#include "range.h"

#define LIST_MAX 8

struct list {
	const char *allow[LIST_MAX], *deny[LIST_MAX];
	bool has_allow;
};

static const struct list corpus[] = {
    {{NULL}, {NULL}, false},
    {{NULL}, {NULL}, true},
    {{"*:*"}, {NULL}, true},
    {{"10.0.0.0/8:443"}, {NULL}, true},
    {{"[2001:db8::]/32:80-90"}, {NULL}, true},
    {{"127.0.0.1:*", "[::1]:*"}, {NULL}, true},
    {{NULL}, {"10.0.0.0/8:*"}, false},
    {{NULL}, {"*:80"}, false},
    {{NULL}, {"tcp:[2001:db8::]/47:1-1024", "udp:10.1.2.3:53"}, false},
    {{"10.0.0.0/8:*"}, {"10.1.0.0/16:*"}, true},
    {{"*:*"}, {"10.1.2.3:80"}, true},
    {{"*:*"}, {"[2001:db8::1]:80"}, true},
    {{"tcp:*:80-90", "udp:*:53", "0.0.0.0:8080"}, {"udp:127.0.0.0/8:53"}, true},
    {{"0.0.0.0/0:80"}, {NULL}, true},
    {{"[::]/0:80", "0.0.0.0:90"}, {NULL}, true},
    {{"[::]:80", "0.0.0.0:80"}, {"127.0.0.1:80"}, true},
    {{"[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:0-65535", "[8000::]/1:1"}, {"[ff00::]/9:*"}, true},
    {{"0.0.0.0/1:1-79", "128.0.0.0/1:81-65534"}, {NULL}, true},
    {{"10.1.0.0/16:*", "10.0.0.0/8:443"}, {"10.0.0.0/8:*", "10.1.2.3:80"}, true}, /* 18: networks in each other */
    {{"*:80", "tcp:*:443"}, {"*:1-1023", "udp:*:443"}, true},                     /* 19: ports in ports */
    {{"tcp:*:53", "udp:10.0.0.0/8:53"}, {"*:53", "*:54-60"}, true},               /* 20: a protocol named */
    {{"10.1.2.3:80", "*:53-80"}, {"10.1.2.3:80", "*:79-106"}, true},              /* 21: ties */
    {{"udp:*:0", "udp:127.0.0.1:90"}, {"udp:*:80-65535"}, true},                  /* 22 */
};

static const char *const addresses[] = {
    "0.0.0.0",
    "127.0.0.1",
    "127.0.0.2",
    "10.0.0.0",
    "10.1.2.3",
    "10.255.255.255",
    "11.0.0.0",
    "192.168.7.1",
    "255.255.255.255",
    "::",
    "::1",
    "::2",
    "2001:db8::",
    "2001:db8::1",
    "2001:db8:1:ffff::",
    "2001:db8:2::",
    "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db9::",
    "8000::",
    "ff7f::1",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "::ffff:0.0.0.0",
    "::ffff:127.0.0.1",
    "::ffff:10.1.2.3",
    "::ffff:192.168.7.1",
    "::fffe:a01:203",
    "::10.1.2.3",
    "1::ffff:a01:203",
};
static const uint16_t ports[] = {0, 1, 53, 79, 80, 81, 90, 91, 443, 1024, 8080, 65534, 65535};
static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP};

/* ---- the oracle ---- */

struct probe {
	char address[INET6_ADDRSTRLEN]; /* IPv4 where it is one in the end */
	uint16_t port;
	uint8_t protocol;
};

static bool bits_of(const char *address, unsigned char bits[128], int *n)
{
	unsigned char a[16];
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;

	if (inet_pton(family, address, a) != 1)
		return false;
	*n = family == AF_INET ? 32 : 128;
	for (int i = 0; i < *n; i++)
		bits[i] = (a[i / 8] >> (7 - i % 8)) & 1;
	return true;
}

/* Whether the rule's text speaks of the probe; any_address: of its port and protocol, in that family (0: in either). */
static bool speaks(const char *text, const struct probe *p, bool any_address, int family)
{
	char copy[128], *s = copy, *colon, *slash, *dash;
	unsigned char want[128] = {0}, have[128] = {0};
	int n_want = 0, n_have = 0, len;
	int first, last;

	snprintf(copy, sizeof(copy), "%s", text);
	if (strncmp(s, "tcp:", 4) == 0 || strncmp(s, "udp:", 4) == 0) {
		if ((*s == 't') != (p->protocol == IPPROTO_TCP))
			return false;
		s += 4;
	}
	colon = strrchr(s, ':');
	*colon++ = '\0';
	dash = strchr(colon, '-');
	first = *colon == '*' ? 0 : atoi(colon);
	last = *colon == '*' ? 65535 : dash ? atoi(dash + 1) : first;
	if (p->port < first || p->port > last)
		return false;
	if (*s == '*')
		return true;
	slash = strrchr(s, '/');
	len = slash ? atoi(slash + 1) : 128;
	if (slash)
		*slash = '\0';
	if (*s == '[') {
		s++;
		s[strcspn(s, "]")] = '\0';
	}
	if (any_address)
		return !family || family == (strchr(s, ':') ? AF_INET6 : AF_INET);
	assert_true(bits_of(s, want, &n_want) && bits_of(p->address, have, &n_have));
	return n_want == n_have && memcmp(want, have, (size_t)(len < n_want ? len : n_want)) == 0;
}

static bool any_speaks(const char *const list[LIST_MAX], const struct probe *p, bool any_address, int family)
{
	for (int i = 0; i < LIST_MAX && list[i]; i++)
		if (speaks(list[i], p, any_address, family))
			return true;
	return false;
}

static bool opens(const struct list *l)
{
	return !l->has_allow && l->deny[0];
}

/* The network of a rule's text as a text of its own, in one family; false: it has none there. */
static bool network_of(const char *text, int family, char ret[64], int *ret_bits)
{
	const char *s = text, *end;

	if (strncmp(s, "tcp:", 4) == 0 || strncmp(s, "udp:", 4) == 0)
		s += 4;
	end = strrchr(s, ':');
	snprintf(ret, 64, "%.*s", (int)(end - s), s);
	if (*s == '*') {
		strcpy(ret, family == AF_INET ? "0.0.0.0/0" : "[::]/0");
	} else if ((*s == '[') != (family == AF_INET6)) {
		return false;
	} else if (!strchr(ret, '/')) {
		strcat(ret, family == AF_INET ? "/32" : "/128");
	}
	*ret_bits = atoi(strchr(ret, '/') + 1);
	return true;
}

/* How close a rule is to what it speaks of: its prefix, its ports, its protocol, in this order. */
static int closeness(const char *text, int family)
{
	const char *colon = strrchr(text, ':') + 1, *dash = strchr(colon, '-');
	int bits = 0, span = *colon == '*' ? 65535 : dash ? atoi(dash + 1) - atoi(colon) : 0;
	char network[64];

	assert_true(network_of(text, family, network, &bits));
	return (bits * 65536 + 65535 - span) * 2 + (text[0] == 't' || text[0] == 'u');
}

static int closest(const char *const list[LIST_MAX], const struct probe *p)
{
	const int family = strchr(p->address, ':') ? AF_INET6 : AF_INET;
	int best = -1;

	for (int i = 0; i < LIST_MAX && list[i]; i++)
		if (speaks(list[i], p, false, 0) && closeness(list[i], family) > best)
			best = closeness(list[i], family);
	return best;
}

static bool judge(const struct list *l, const struct probe *p)
{
	const int deny = closest(l->deny, p), allow = closest(l->allow, p);

	return allow > deny || (deny < 0 && opens(l));
}

/* Whether a rule that is closer, for the very same network, takes back what this one denies. */
static bool taken_back(const struct list *l, const char *deny, const struct probe *p, int family)
{
	char network[64], other[64];
	int bits;

	if (!network_of(deny, family, network, &bits))
		return true; /* it is not of this family */
	for (int i = 0; i < LIST_MAX && l->allow[i]; i++)
		if (network_of(l->allow[i], family, other, &bits) && strcmp(network, other) == 0 &&
		    speaks(l->allow[i], p, true, family) && closeness(l->allow[i], family) > closeness(deny, family))
			return true;
	return false;
}

static bool denied_somewhere(const struct list *l, const struct probe *p, bool six)
{
	for (int i = 0; i < LIST_MAX && l->deny[i]; i++)
		if (speaks(l->deny[i], p, true, six ? 0 : AF_INET) &&
		    !(taken_back(l, l->deny[i], p, AF_INET) && (!six || taken_back(l, l->deny[i], p, AF_INET6))))
			return true;
	return false;
}

static bool judge_wildcard(const struct list *l, const struct probe *p, bool six)
{
	struct probe four = *p, other = *p;

	snprintf(four.address, sizeof(four.address), "0.0.0.0");
	snprintf(other.address, sizeof(other.address), "::");
	if (denied_somewhere(l, p, six))
		return false;
	if (opens(l))
		return true;
	return any_speaks(l->allow, &four, false, 0) && (!six || any_speaks(l->allow, &other, false, 0));
}

/* An IPv4 address in IPv6 is the former. */
static struct probe canonical(const char *address, uint16_t port, uint8_t protocol)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct probe p = {.port = port, .protocol = protocol};
	unsigned char a[16];

	snprintf(p.address, sizeof(p.address), "%s", address);
	if (inet_pton(AF_INET6, address, a) == 1 && memcmp(a, mapped, 12) == 0)
		inet_ntop(AF_INET, a + 12, p.address, sizeof(p.address));
	return p;
}

static bool oracle(const struct list *l, bool bind, struct probe *p)
{
	const bool zero4 = strcmp(p->address, "0.0.0.0") == 0, zero6 = strcmp(p->address, "::") == 0;

	if (bind && (zero4 || zero6))
		return judge_wildcard(l, p, zero6);
	if (zero4)
		snprintf(p->address, sizeof(p->address), "127.0.0.1");
	if (zero6)
		snprintf(p->address, sizeof(p->address), "::1");
	return judge(l, p);
}

/* ---- the programs ---- */

/* The rules as the reader of policies makes them. */
static void parse(const struct list *l, struct arena *a, struct spec_net_list *ret)
{
	static const char *const names[] = {"allow", "deny"};
	const char *const *const lists[] = {l->allow, l->deny};
	struct spec_policy p;
	struct err e = {0};
	AUTO_BUF text = {0};

	buf_str(&text, "{\"network\": {\"connect\": {");
	for (size_t k = 0, n = 0; k < 2; k++) {
		if (k == 0 ? !l->has_allow : !l->deny[0])
			continue;
		buf_printf(&text, "%s\"%s\": [", n++ ? ", " : "", names[k]);
		for (int i = 0; i < LIST_MAX && lists[k][i]; i++)
			buf_printf(&text, "%s\"%s\"", i ? ", " : "", lists[k][i]);
		buf_str(&text, "]");
	}
	buf_str(&text, "}}}");
	if (spec_policy_parse(text.data, text.len, "p", a, &p, &e) < 0)
		fail_msg("%s: %s: %s", text.data, e.path, e.text);
	*ret = p.network.connect;
}

static void check_record(const struct net_run *r, const struct probe *p, bool bind, const char *what)
{
	char text[INET6_ADDRSTRLEN] = "";
	const struct wire_denied *d = &r->record;

	inet_ntop((int)d->family, d->addr, text, sizeof(text));
	if (r->records != 1 || strcmp(text, p->address) != 0 || d->port != p->port || d->protocol != p->protocol ||
	    d->rule != (bind ? WIRE_DENIED_BIND : WIRE_DENIED_CONNECT) || d->set != 3 || d->pid != 11 || d->tid != 12 ||
	    d->host_pid != 4711 || strcmp(d->comm, "caller") != 0 || d->lost != 7)
		fail_msg("%s: %s port %u: the report says %s port %u", what, p->address, p->port, text, d->port);
}

struct programs {
	struct bpf_insn *four, *six, *ingress;
	int n_four, n_six, n_ingress;
};

static void check_call(const struct list *l, const struct programs *g, bool bind, const char *address, uint16_t port,
		       uint8_t protocol, const char *what)
{
	struct net_run r = {.ctx = {.user_port = htons(port), .protocol = protocol}, .state = {7, 1, 2}};
	struct probe p = canonical(address, port, protocol);
	const bool six = strchr(address, ':');
	bool want = oracle(l, bind, &p), got;
	char text[INET6_ADDRSTRLEN];
	struct probe kept;

	inet_pton(six ? AF_INET6 : AF_INET, address, six ? (void *)r.ctx.user_ip6 : (void *)&r.ctx.user_ip4);
	got = net_run(&r, six ? g->six : g->four, (size_t)(six ? g->n_six : g->n_four));
	if (got != want)
		fail_msg("%s: %s %s port %u protocol %u: the program says %d", what, bind ? "bind" : "connect", address,
			 port, protocol, got);
	if (!got)
		check_record(&r, &p, bind, what);
	else if (r.records || r.signal)
		fail_msg("%s: %s: reported, and allowed", what, address);
	/* What the kernel goes on with is what was judged. */
	inet_ntop(six ? AF_INET6 : AF_INET, six ? (void *)r.ctx.user_ip6 : (void *)&r.ctx.user_ip4, text, sizeof(text));
	kept = canonical(text, port, protocol);
	if (strcmp(kept.address, p.address) != 0)
		fail_msg("%s: %s was judged as %s, and becomes %s", what, address, p.address, kept.address);
}

/* Who asks beforehand hears the same, and which rule it is. */
static void check_judge(const struct list *l, const struct spec_net_list *rules, bool bind, const char *address,
			uint16_t port, uint8_t protocol, struct arena *a, const char *what)
{
	const bool six = strchr(address, ':');
	struct cg_net_ask q = {.bind = bind, .family = six ? AF_INET6 : AF_INET, .protocol = protocol, .port = port};
	struct probe p = canonical(address, port, protocol);
	struct cg_net_answer answer;
	bool allows = false;

	inet_pton(q.family, address, q.addr);
	assert_int_equal(cg_net_judge(rules, &q, a, &answer), 0);
	if (answer.allowed != oracle(l, bind, &p))
		fail_msg("%s: %s %s port %u protocol %u: to who asks it is said %d", what, bind ? "bind" : "connect",
			 address, port, protocol, answer.allowed);
	for (int i = 0; answer.rule && i < LIST_MAX && l->allow[i]; i++)
		allows |= strcmp(l->allow[i], answer.rule->text) == 0;
	if (answer.rule ? !(answer.allowed && allows) && !speaks(answer.rule->text, &p, bind, 0)
			: answer.allowed != opens(l))
		fail_msg("%s: %s port %u: no such rule decides: %s", what, address, port,
			 answer.rule ? answer.rule->text : "none");
}

/* A request for a connection passes when a socket that was bound as the rules want could be there. */
static void check_packet(const struct list *l, const struct programs *g, const char *address, uint16_t port,
			 const char *what)
{
	const bool six = strchr(address, ':');
	struct net_run r = {.packet = {0}, .packet_len = 60};
	unsigned char *tcp = r.packet + (six ? 40 : 24);
	struct probe p = {.port = port, .protocol = IPPROTO_TCP};
	bool want;

	snprintf(p.address, sizeof(p.address), "%s", address);
	if (strcmp(canonical(address, port, IPPROTO_TCP).address, address) != 0)
		return; /* never in a packet */
	want = judge_wildcard(l, &p, six) || judge(l, &p);
	r.packet[0] = six ? 0x60 : 0x46;
	r.packet[six ? 6 : 9] = IPPROTO_TCP;
	inet_pton(six ? AF_INET6 : AF_INET, address, r.packet + (six ? 24 : 16));
	tcp[2] = (unsigned char)(port >> 8);
	tcp[3] = (unsigned char)port;
	tcp[13] = 0xc2; /* SYN, and what congestion control adds */
	if (net_run(&r, g->ingress, (size_t)g->n_ingress) != want)
		fail_msg("%s: request to %s port %u: the program says %d", what, address, port, !want);
	tcp[13] = 0x12;
	if (!net_run(&r, g->ingress, (size_t)g->n_ingress))
		fail_msg("%s: an answer is dropped", what);
}

/* The oracle's word on a datagram: as for a request, but that who may bind to port 0 may have got any port that is not denied. */
static bool may_hear(const struct list *l, const struct probe *p, bool six)
{
	struct probe zero = *p;

	zero.port = 0;
	if (judge_wildcard(l, p, six) || judge(l, p))
		return true;
	if (!l->has_allow)
		return false;
	if (!denied_somewhere(l, p, six)) {
		const struct probe *ports_of[] = {p, &zero};
		struct probe four, other;
		bool f = false, o = !six;

		for (size_t i = 0; i < ARRAY_LEN(ports_of); i++) {
			four = other = *ports_of[i];
			snprintf(four.address, sizeof(four.address), "0.0.0.0");
			snprintf(other.address, sizeof(other.address), "::");
			f |= any_speaks(l->allow, &four, false, 0);
			o |= any_speaks(l->allow, &other, false, 0);
		}
		if (f && o)
			return true;
	}
	return !any_speaks(l->deny, p, false, 0) && any_speaks(l->allow, &zero, false, 0);
}

/* A datagram for a socket that is not connected passes when one that was bound as the rules want could be there. */
static void check_datagram(const struct list *l, const struct programs *g, const char *address, uint16_t port,
			   const char *what)
{
	const bool six = strchr(address, ':');
	struct net_run r = {.packet = {0}, .packet_len = six ? 48 : 32, .sock = {.state = BPF_TCP_CLOSE}};
	unsigned char *udp = r.packet + (six ? 40 : 24);
	struct probe p = {.port = port, .protocol = IPPROTO_UDP};
	bool want;

	snprintf(p.address, sizeof(p.address), "%s", address);
	if (strcmp(canonical(address, port, IPPROTO_UDP).address, address) != 0)
		return; /* never in a packet */
	want = may_hear(l, &p, six);
	r.packet[0] = six ? 0x60 : 0x46;
	r.packet[six ? 6 : 9] = IPPROTO_UDP;
	inet_pton(six ? AF_INET6 : AF_INET, address, r.packet + (six ? 24 : 16));
	udp[2] = (unsigned char)(port >> 8);
	udp[3] = (unsigned char)port;
	if (net_run(&r, g->ingress, (size_t)g->n_ingress) != want)
		fail_msg("%s: datagram to %s port %u: the program says %d", what, p.address, p.port, !want);
	r.sock.state = BPF_TCP_ESTABLISHED;
	if (!net_run(&r, g->ingress, (size_t)g->n_ingress))
		fail_msg("%s: what a connected socket hears is dropped", what);
}

static void check_list(const struct list *l, const char *what)
{
	struct arena a = {0};
	struct spec_net_list list;

	parse(l, &a, &list);
	for (int bind = 0; bind < 2; bind++) {
		const struct cg_net_rules rules = {&list, bind, false, 3};
		struct programs g;

		g.n_four = cg_net_program(&rules, AF_INET, &a, &g.four, NULL);
		g.n_six = cg_net_program(&rules, AF_INET6, &a, &g.six, NULL);
		g.n_ingress = cg_net_ingress_program(&list, &a, &g.ingress, NULL);
		assert_true(g.n_four > 0 && g.n_six > 0 && g.n_ingress > 0);
		net_check_reached(g.four, (size_t)g.n_four);
		net_check_reached(g.six, (size_t)g.n_six);
		net_check_reached(g.ingress, (size_t)g.n_ingress);
		for (size_t i = 0; i < ARRAY_LEN(addresses); i++)
			for (size_t j = 0; j < ARRAY_LEN(ports); j++) {
				for (size_t k = 0; k < ARRAY_LEN(protocols); k++) {
					check_call(l, &g, bind, addresses[i], ports[j], protocols[k], what);
					check_judge(l, &list, bind, addresses[i], ports[j], protocols[k], &a, what);
				}
				if (!bind)
					continue;
				check_packet(l, &g, addresses[i], ports[j], what);
				check_datagram(l, &g, addresses[i], ports[j], what);
			}
	}
	arena_free(&a);
}

static void test_corpus(void **state)
{
	char what[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(corpus); i++) {
		snprintf(what, sizeof(what), "list %zu", i);
		check_list(&corpus[i], what);
	}
}

/* Few addresses, prefixes and ports, so that rules meet. */
static void test_random(void **state)
{
	static const char *const nets[] = {"*",
					   "*",
					   "0.0.0.0",
					   "0.0.0.0/0",
					   "0.0.0.0/7",
					   "10.0.0.0/7",
					   "10.0.0.0/8",
					   "10.1.2.3",
					   "127.0.0.0/8",
					   "192.168.7.0/24",
					   "[::]",
					   "[::]/0",
					   "[::1]",
					   "[::]/127",
					   "[2001:db8::]/31",
					   "[2001:db8::]/46",
					   "[2001:db8::]/64",
					   "[2001:db8::1]",
					   "[8000::]/1"};
	static const char *const some[] = {"*", "0", "80", "53-80", "1-79", "81-65535", "0-65534", "443"};
	static const char *const kinds[] = {"", "", "tcp:", "udp:"};

	(void)state;
	srandom(20261128);
	for (int round = 0; round < 150; round++) {
		char texts[2][LIST_MAX][64];
		struct list l = {.has_allow = random() % 3 > 0};
		char what[16];

		for (int k = 0; k < 2; k++)
			for (long n = random() % LIST_MAX, i = 0; i < n && (k || l.has_allow); i++) {
				snprintf(texts[k][i], sizeof(texts[k][i]), "%s%s:%s",
					 kinds[random() % (long)ARRAY_LEN(kinds)],
					 nets[random() % (long)ARRAY_LEN(nets)],
					 some[random() % (long)ARRAY_LEN(some)]);
				(k ? l.deny : l.allow)[i] = texts[k][i];
			}
		snprintf(what, sizeof(what), "round %d", round);
		check_list(&l, what);
	}
}

/* What both agree upon must also be right. */
static void test_meaning(void **state)
{
	static const struct {
		size_t list;
		bool bind;
		const char *address;
		uint16_t port;
		uint8_t protocol;
		bool allowed;
	} rows[] = {
	    {0, false, "127.0.0.1", 80, IPPROTO_TCP, false},
	    {1, true, "127.0.0.1", 80, IPPROTO_UDP, false},
	    {2, false, "192.168.7.1", 80, IPPROTO_UDP, true},
	    {2, true, "::", 80, IPPROTO_TCP, true},
	    {3, false, "10.1.2.3", 443, IPPROTO_TCP, true},
	    {3, false, "::ffff:10.1.2.3", 443, IPPROTO_TCP, true},
	    {3, false, "::ffff:192.168.7.1", 443, IPPROTO_TCP, false},
	    {3, false, "10.1.2.3", 444, IPPROTO_TCP, false},
	    {3, false, "11.0.0.0", 443, IPPROTO_TCP, false},
	    {4, false, "2001:db8::1", 90, IPPROTO_UDP, true},
	    {4, false, "2001:db8::1", 91, IPPROTO_UDP, false},
	    {4, false, "2001:db9::", 80, IPPROTO_TCP, false},
	    {5, false, "0.0.0.0", 80, IPPROTO_TCP, true}, /* it is this host */
	    {5, false, "::", 80, IPPROTO_TCP, true},
	    {5, true, "0.0.0.0", 80, IPPROTO_TCP, false}, /* it is every address */
	    {6, false, "10.1.2.3", 80, IPPROTO_TCP, false},
	    {6, false, "11.0.0.0", 80, IPPROTO_TCP, true},
	    {6, true, "0.0.0.0", 80, IPPROTO_TCP, false}, /* among them the one that is excepted */
	    {6, true, "::", 80, IPPROTO_TCP, false},
	    {8, true, "0.0.0.0", 53, IPPROTO_TCP, true},
	    {8, true, "0.0.0.0", 53, IPPROTO_UDP, false},
	    {9, false, "10.1.2.3", 80, IPPROTO_TCP, false},
	    {9, false, "10.0.0.0", 80, IPPROTO_TCP, true},
	    {13, true, "::", 80, IPPROTO_TCP, false}, /* IPv6 is not allowed */
	    {13, true, "0.0.0.0", 80, IPPROTO_TCP, true},
	    {14, true, "::", 80, IPPROTO_TCP, false}, /* nor is IPv4 */
	    {15, false, "0.0.0.0", 80, IPPROTO_TCP, false},
	    {18, false, "10.0.0.0", 80, IPPROTO_TCP, false},
	    {18, false, "10.0.0.0", 443, IPPROTO_TCP, true},
	    {18, false, "10.1.2.3", 443, IPPROTO_TCP, true},
	    {18, false, "10.1.2.3", 80, IPPROTO_TCP, false},
	    {18, false, "11.0.0.0", 443, IPPROTO_TCP, false},
	    {19, true, "0.0.0.0", 80, IPPROTO_UDP, true},
	    {19, true, "::", 80, IPPROTO_TCP, true},
	    {19, true, "::", 53, IPPROTO_TCP, false},
	    {19, true, "::", 443, IPPROTO_TCP, true},
	    {19, true, "::", 443, IPPROTO_UDP, false},
	    {20, false, "::1", 53, IPPROTO_TCP, true},
	    {20, false, "::1", 53, IPPROTO_UDP, false},
	    {20, false, "10.1.2.3", 53, IPPROTO_UDP, true},
	    {20, true, "0.0.0.0", 53, IPPROTO_TCP, true},
	    {20, true, "0.0.0.0", 53, IPPROTO_UDP, false},
	    {21, false, "10.1.2.3", 80, IPPROTO_TCP, false},
	    {21, false, "::1", 80, IPPROTO_TCP, false},
	    {21, false, "::1", 53, IPPROTO_TCP, true},
	    {22, false, "127.0.0.1", 90, IPPROTO_UDP, true},
	    {22, true, "0.0.0.0", 90, IPPROTO_UDP, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct probe p = canonical(rows[i].address, rows[i].port, rows[i].protocol);

		if (oracle(&corpus[rows[i].list], rows[i].bind, &p) != rows[i].allowed)
			fail_msg("row %zu", i);
	}
}

static int compile(size_t n, bool kill, int family, struct arena *a, struct bpf_insn **ret, struct err *e)
{
	const struct spec_net_rule rule = {
	    .family = AF_INET, .bits = 32, .addr = {10, 1, 2, 3}, .first = 80, .last = 80};
	struct spec_net_list list = {.set = true, .allow = {.set = true, .n = n}};
	const struct cg_net_rules rules = {&list, true, kill, 0};

	list.allow.v = arena_alloc(a, (n + 1) * sizeof(*list.allow.v));
	for (size_t i = 0; i < n; i++)
		list.allow.v[i] = rule;
	return cg_net_program(&rules, family, a, ret, e);
}

static void test_report(void **state)
{
	struct net_run r = {.ctx = {.user_port = htons(80), .protocol = IPPROTO_TCP}, .state = {0, 1, 2}};
	struct arena a = {0};
	struct bpf_insn *prog;
	int n = compile(0, false, AF_INET, &a, &prog, NULL);

	(void)state;
	r.ring_full = true;
	for (int i = 1; i <= 3; i++) {
		assert_false(net_run(&r, prog, (size_t)n));
		assert_int_equal(r.state.lost, i);
	}
	assert_int_equal(r.signal, 0);
	r.ring_full = false;
	n = compile(0, true, AF_INET, &a, &prog, NULL);
	assert_false(net_run(&r, prog, (size_t)n));
	assert_int_equal(r.record.lost, 3);
	assert_int_equal(r.signal, 9);
	arena_free(&a);
}

static void test_many(void **state)
{
	struct arena a = {0};
	struct bpf_insn *prog;
	struct err e = {0};

	(void)state;
	assert_uint_in_range(compile(1024, false, AF_INET6, &a, &prog, &e), 1, 32000);
	assert_int_equal(compile(1025, false, AF_INET6, &a, &prog, &e), -E2BIG);
	assert_non_null(strstr(e.text, "more than 1024 rules"));
	arena_free(&a);
}

/* What would take another way than to the address that was judged. */
static void test_egress(void **state)
{
	static const struct {
		unsigned char first, next;
		bool pass;
	} rows[] = {
	    {0x45, 0, true},  {0x46, 0, false}, {0x4f, 0, false},  {0x60, 6, true},   {0x6f, 17, true},
	    {0x60, 58, true}, {0x60, 0, false}, {0x60, 43, false}, {0x60, 60, false}, {0x50, 6, false},
	};
	struct arena a = {0};
	struct bpf_insn *prog;
	int n = cg_net_egress_program(&a, &prog, NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct net_run r = {.packet = {rows[i].first, [6] = rows[i].next}, .packet_len = 40};

		if (net_run(&r, prog, (size_t)n) != rows[i].pass)
			fail_msg("row %zu", i);
	}
	arena_free(&a);
}

static void test_plan(void **state)
{
	static const struct {
		struct cg_facts facts;
		enum cg_manager manager;
		const char *path;
		int result;
		const char *text;
	} rows[] = {
	    {{.privileged = true}, CG_CGROUPFS, "/c", 0, ""},
	    {{.privileged = true}, CG_DISABLED, NULL, -ENOTSUP, "--cgroup-manager disabled"},
	    {{.privileged = true}, CG_CGROUPFS, NULL, -ENOTSUP, "none can be made here"},
	    {{.privileged = false}, CG_CGROUPFS, "/c", -EPERM, "not to be had without root"},
	};
	const struct spec_network both = {.set = true, .connect = {.set = true}, .bind = {.set = true}},
				  connect = {.set = true, .connect = {.set = true}}, none = {0};
	const struct cg_net_set sets[] = {
	    {&both, "p", false}, {NULL, NULL, false}, {&none, "q", false}, {&connect, "r", true}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cg_plan p = {.manager = rows[i].manager, .path = rows[i].path};
		struct arena a = {0};
		struct err e = {0};

		assert_int_equal(cg_plan_network(sets, 4, &rows[i].facts, &a, &p, &e), rows[i].result);
		if (rows[i].result < 0 && (!strstr(e.text, rows[i].text) || !str_eq(e.path, "policy p.network")))
			fail_msg("row %zu: %s: %s", i, e.path, e.text);
		/* four for connect, two for bind, two for packets; the second set has the first four again */
		assert_int_equal(p.n_network, rows[i].result ? 0 : 12);
		/* Where nobody asks for rules, nothing is in the way. */
		assert_int_equal(cg_plan_network(sets + 1, 2, &rows[i].facts, &a, &p, NULL), 0);
		arena_free(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_corpus), cmocka_unit_test(test_random), cmocka_unit_test(test_meaning),
	    cmocka_unit_test(test_report), cmocka_unit_test(test_many),   cmocka_unit_test(test_egress),
	    cmocka_unit_test(test_plan),
	};

	return cmocka_run_group_tests_name("cgroups: network rules", tests, NULL, NULL);
}
