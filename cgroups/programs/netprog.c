/* SPDX-License-Identifier: Apache-2.0 */
/* Network rules as eBPF programs. The kernel asks them with the address that it has copied from the caller's memory and will
 * use: no thread can change it after the check. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>

#include "cgroups/programs/code.h"
#include "cgroups/programs/netorder.h"
#include "cgroups/programs/network.h"

#define RULES_MAX 1024 /* of one list: more of them may be too much for the verifier */

/* The most that a rule takes: four instructions for each word of an address, three each for protocol, ports and port 0, and the verdict. */
#define RULE_INSNS 27
/* Everything that is not a rule: the beginning, the refusal and its report. */
#define FIXED_INSNS 256

/* Registers. R_ADDR4 is the IPv4 address; an IPv6 one is in r2 to r5, a word each. All in the host's byte order. */
enum { R_RET, R_TMP, R_WORD, R_CTX = 6, R_ADDR4, R_PORT, R_PROTO, R_FP };

/* struct wire_denied lies at the end of the stack, the key of a map below it. */
#define RECORD       (-(int)sizeof(struct wire_denied))
#define RECORD_AT(f) (RECORD + (int)offsetof(struct wire_denied, f))
#define KEY          (RECORD - 8)

_Static_assert(sizeof(struct wire_denied) % 8 == 0, "the stack is read and written by aligned words");

static void emit_map(struct code *c, uint8_t dst, enum cg_net_map map)
{
	/* The fd is put in when the program is loaded. */
	emit(c, CG_LD_IMM64, dst, BPF_PSEUDO_MAP_FD, 0, map);
	emit(c, 0, 0, 0, 0, 0);
}

/* Stores a register or a number into the record. */
static void put(struct code *c, uint8_t size, int at, uint8_t reg)
{
	emit(c, BPF_STX | BPF_MEM | size, R_FP, reg, at, 0);
}

static void put_number(struct code *c, uint8_t size, int at, int64_t number)
{
	emit(c, BPF_ST | BPF_MEM | size, R_FP, 0, at, number);
}

static void stack_at(struct code *c, uint8_t reg, int at)
{
	emit(c, BPF_ALU64 | BPF_MOV | BPF_X, reg, R_FP, 0, 0);
	emit(c, BPF_ALU64 | BPF_K, reg, 0, 0, at); /* BPF_ADD is 0 */
}

/* ---- verdicts ---- */

static void emit_pass(struct code *c)
{
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, R_RET, 0, 0, 1);
	emit(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void emit_allow(struct code *c)
{
	if (c->learns)
		emit_goto(c, TO_ALLOWANCE);
	else
		emit_pass(c);
}

static void emit_deny(struct code *c)
{
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, R_RET, 0, 0, 0);
	emit(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Who is refused: the pid is that of the container's pid namespace, 0 where the caller is in another one. r7: the state. */
static void emit_caller(struct code *c)
{
	emit(c, BPF_LDX | BPF_MEM | BPF_DW, R_TMP, 7, offsetof(struct cg_net_state, lost), 0);
	put(c, BPF_DW, RECORD_AT(lost), R_TMP);
	emit_call(c, BPF_FUNC_get_current_pid_tgid);
	emit(c, BPF_ALU64 | BPF_RSH | BPF_K, R_RET, 0, 0, 32);
	put(c, BPF_W, RECORD_AT(host_pid), R_RET);
	put_number(c, BPF_DW, RECORD_AT(tid), 0);
	put_number(c, BPF_DW, RECORD_AT(comm[0]), 0);
	put_number(c, BPF_DW, RECORD_AT(comm[8]), 0);
	emit(c, BPF_LDX | BPF_MEM | BPF_DW, R_TMP, 7, offsetof(struct cg_net_state, pidns_dev), 0);
	emit(c, BPF_LDX | BPF_MEM | BPF_DW, 2, 7, offsetof(struct cg_net_state, pidns_ino), 0);
	stack_at(c, 3, RECORD_AT(tid));
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, sizeof(struct bpf_pidns_info));
	emit_call(c, BPF_FUNC_get_ns_current_pid_tgid);
	stack_at(c, R_TMP, RECORD_AT(comm));
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, sizeof(((struct wire_denied *)0)->comm));
	emit_call(c, BPF_FUNC_get_current_comm);
}

/* The address and its family are in the record already. */
static void emit_report(struct code *c, const struct cg_net_rules *r, uint32_t allowed)
{
	struct jumps out = {0};

	put(c, BPF_W, RECORD_AT(port), R_PORT);
	put(c, BPF_W, RECORD_AT(protocol), R_PROTO);
	put_number(c, BPF_W, RECORD_AT(rule), (r->bind ? WIRE_DENIED_BIND : WIRE_DENIED_CONNECT) | allowed);
	put_number(c, BPF_W, RECORD_AT(set), r->set);
	put_number(c, BPF_DW, KEY, 0);
	emit_map(c, R_TMP, CG_NET_STATE);
	stack_at(c, 2, KEY);
	emit_call(c, BPF_FUNC_map_lookup_elem);
	jump_to(&out, emit(c, BPF_JMP | BPF_JEQ | BPF_K, R_RET, 0, 0, 0)); /* never, but the verifier asks */
	emit(c, BPF_ALU64 | BPF_MOV | BPF_X, 7, R_RET, 0, 0);
	emit_caller(c);
	emit_map(c, R_TMP, CG_NET_RING);
	stack_at(c, 2, RECORD);
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, sizeof(struct wire_denied));
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, 0);
	emit_call(c, BPF_FUNC_ringbuf_output);
	jump_to(&out, emit(c, BPF_JMP | BPF_JEQ | BPF_K, R_RET, 0, 0, 0));
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, R_TMP, 0, 0, 1);
	emit(c, BPF_STX | BPF_ATOMIC | BPF_DW, 7, R_TMP, offsetof(struct cg_net_state, lost), BPF_ADD);
	land_all(c, &out);
}

static void emit_refuse(struct code *c, const struct cg_net_rules *r)
{
	emit_report(c, r, 0);
	if (r->watch) {
		emit_pass(c);
		return;
	}
	if (r->kill) {
		emit(c, BPF_ALU64 | BPF_MOV | BPF_K, R_TMP, 0, 0, SIGKILL);
		emit_call(c, BPF_FUNC_send_signal);
	}
	emit_deny(c);
}

/* ---- the address ---- */

#define CTX(f) ((int)offsetof(struct bpf_sock_addr, f))

static void load_word(struct code *c, uint8_t reg, int at)
{
	emit(c, BPF_LDX | BPF_MEM | BPF_W, reg, R_CTX, at, 0);
}

static void to_host_order(struct code *c, uint8_t reg, int bits)
{
	emit(c, BPF_ALU | BPF_END | BPF_TO_BE, reg, 0, 0, bits);
}

/* To connect to the unspecified address is to connect to this host: it becomes what the kernel would make of it, so that it is
 * judged as that, and is that. */
static void emit_loopback(struct code *c, int at, uint8_t reg, uint32_t loopback)
{
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, reg, 0, 0, loopback);
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, R_TMP, 0, 0, (int32_t)htonl(loopback));
	emit(c, BPF_STX | BPF_MEM | BPF_W, R_CTX, R_TMP, at, 0);
}

/* R_ADDR4, as it was loaded from `at`, goes into the record. */
static void emit_address4(struct code *c, const struct cg_net_rules *r, int at)
{
	if (!r->bind) {
		size_t other = emit(c, BPF_JMP32 | BPF_JNE | BPF_K, R_ADDR4, 0, 0, 0);

		emit_loopback(c, at, R_ADDR4, INADDR_LOOPBACK);
		land(c, other);
	}
	put_number(c, BPF_W, RECORD_AT(family), AF_INET);
	put_number(c, BPF_DW, RECORD_AT(addr[8]), 0);
	put_number(c, BPF_W, RECORD_AT(addr[4]), 0);
	emit(c, BPF_ALU64 | BPF_MOV | BPF_X, R_TMP, R_ADDR4, 0, 0);
	to_host_order(c, R_TMP, 32);
	put(c, BPF_W, RECORD_AT(addr[0]), R_TMP);
}

static void emit_start(struct code *c)
{
	emit(c, BPF_ALU64 | BPF_MOV | BPF_X, R_CTX, 1, 0, 0);
	load_word(c, R_PORT, CTX(user_port));
	to_host_order(c, R_PORT, 16);
	load_word(c, R_PROTO, CTX(protocol));
}

/* ---- rules ---- */

/* Leaves the rule unless w1 is as wanted. The comparisons are made on copies that are spoiled by them (w1 ^= value, instead of a jump
 * on the register itself): what the verifier would learn of the register on each way would keep these ways apart, and the ways
 * through a thousand rules are too many for it. */
static void emit_unless_equal(struct code *c, uint8_t reg, uint32_t value, int ignored_bits, struct jumps *no)
{
	emit(c, BPF_ALU | BPF_MOV | BPF_X, R_TMP, reg, 0, 0);
	emit(c, BPF_ALU | BPF_XOR | BPF_K, R_TMP, 0, 0, value);
	if (ignored_bits)
		emit(c, BPF_ALU | BPF_RSH | BPF_K, R_TMP, 0, 0, ignored_bits);
	jump_to(no, emit(c, BPF_JMP | BPF_JNE | BPF_K, R_TMP, 0, 0, 0));
}

static void emit_prefix(struct code *c, const struct spec_net_rule *rule, struct jumps *no)
{
	for (int i = 0; i * 32 < rule->bits; i++) {
		const int bits = rule->bits - i * 32;
		uint32_t word;

		memcpy(&word, rule->addr + (ptrdiff_t)4 * i, sizeof(word));
		emit_unless_equal(c, rule->family == AF_INET6 ? (uint8_t)(R_WORD + i) : R_ADDR4, ntohl(word),
				  bits < 32 ? 32 - bits : 0, no);
	}
}

static void emit_ports(struct code *c, const struct spec_net_rule *rule, struct jumps *no)
{
	const int span = rule->last - rule->first;

	if (rule->protocol)
		emit_unless_equal(c, R_PROTO, rule->protocol, 0, no);
	if (span == UINT16_MAX)
		return;
	/* A port below the first one becomes a very large number. */
	emit(c, BPF_ALU | BPF_MOV | BPF_X, R_TMP, R_PORT, 0, 0);
	emit(c, BPF_ALU | BPF_SUB | BPF_K, R_TMP, 0, 0, rule->first);
	jump_to(no, emit(c, BPF_JMP32 | BPF_JGT | BPF_K, R_TMP, 0, 0, span));
}

/* Who may bind UDP to port 0 may hear at whichever port that became. */
static bool hears_any_port(const struct spec_net_rule *rule)
{
	return rule->first == 0 && rule->protocol != IPPROTO_TCP;
}

/* The same for a rule that allows the wildcard. */
static void emit_allowed_ports(struct code *c, const struct spec_net_rule *rule, struct jumps *no)
{
	size_t udp;

	if (!c->packets || !hears_any_port(rule)) {
		emit_ports(c, rule, no);
		return;
	}
	emit(c, BPF_ALU | BPF_MOV | BPF_X, R_TMP, R_PROTO, 0, 0);
	emit(c, BPF_ALU | BPF_XOR | BPF_K, R_TMP, 0, 0, IPPROTO_UDP);
	udp = emit(c, BPF_JMP | BPF_JEQ | BPF_K, R_TMP, 0, 0, 0);
	emit_ports(c, rule, no);
	land(c, udp);
}

/* Where no rule has decided: a port that UDP may have got from port 0. */
static void emit_zero_ports(struct code *c, const struct net_order *o, int family)
{
	for (size_t i = 0; c->packets && i < o->n; i++) {
		const struct spec_net_rule *rule = o->v[i].rule;
		struct jumps no = {0};

		if (!o->v[i].allows || rule->family != family || !hears_any_port(rule))
			continue;
		emit_prefix(c, rule, &no);
		emit_unless_equal(c, R_PROTO, IPPROTO_UDP, 0, &no);
		emit_allow(c);
		land_all(c, &no);
	}
}

/* The rules for one family: the first that matches decides. */
static void emit_rules(struct code *c, const struct net_order *o, int family)
{
	for (size_t i = 0; i < o->n; i++) {
		struct jumps no = {0};

		if (o->v[i].rule->family != family)
			continue;
		emit_prefix(c, o->v[i].rule, &no);
		emit_ports(c, o->v[i].rule, &no);
		if (o->v[i].allows)
			emit_allow(c);
		else
			emit_goto(c, TO_REFUSAL);
		land_all(c, &no);
	}
	emit_zero_ports(c, o, family);
	if (o->opens)
		emit_allow(c);
	else
		emit_goto(c, TO_REFUSAL);
}

/* Is the wildcard among the rule's addresses? */
static bool covers_wildcard(const struct spec_net_rule *rule)
{
	static const uint8_t zero[16];

	return memcmp(rule->addr, zero, rule->family == AF_INET ? 4 : 16) == 0;
}

/* r0 becomes 1 where a rule of the family allows the wildcard and the port. */
static void emit_wildcard_allowed(struct code *c, const struct net_order *o, int family)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct spec_net_rule *rule = o->v[i].rule;
		struct jumps no = {0};

		if (!o->v[i].allows || rule->family != family || !covers_wildcard(rule))
			continue;
		emit_allowed_ports(c, rule, &no);
		emit(c, BPF_ALU64 | BPF_MOV | BPF_K, R_RET, 0, 0, 1);
		land_all(c, &no);
	}
}

/* The rules of one network, from `from` on and as far as the last that denies: goes to TO_RULES where it is such a one that decides about
 * the port. Returns where the next network begins. */
static size_t emit_network_denied(struct code *c, const struct net_order *o, size_t from)
{
	size_t end = from, last = from;
	bool skips = false;

	for (; end < o->n && net_same_network(o->v[from].rule, o->v[end].rule); end++)
		if (!o->v[end].allows)
			last = end + 1;
	for (size_t i = from; i < last; i++) {
		struct jumps no = {0};

		emit_ports(c, o->v[i].rule, &no);
		emit_goto(c, o->v[i].allows ? TO_NETWORK : TO_RULES);
		skips |= o->v[i].allows;
		land_all(c, &no);
	}
	if (skips)
		land_marked(c, TO_NETWORK);
	return end;
}

/* Allows the port when it may be bound to the wildcard, else goes to TO_RULES. The wildcard takes every address, so that nowhere an
 * exception may be about the port; only a closer rule for the very same network takes that back. That of IPv6 takes IPv4 as well
 * (unless IPV6_V6ONLY is set, which is not seen here): both families have to agree. */
static void emit_wildcard(struct code *c, const struct net_order *o, int family)
{
	for (size_t i = 0; i < o->n;)
		if (family == AF_INET && o->v[i].rule->family != family)
			i++;
		else
			i = emit_network_denied(c, o, i);
	for (int f = family; f && !o->opens; f = f == AF_INET6 ? AF_INET : 0) {
		size_t yes;

		emit(c, BPF_ALU64 | BPF_MOV | BPF_K, R_RET, 0, 0, 0);
		emit_wildcard_allowed(c, o, f);
		yes = emit(c, BPF_JMP | BPF_JNE | BPF_K, R_RET, 0, 0, 0);
		emit_goto(c, TO_RULES);
		land(c, yes);
	}
	emit_allow(c);
}

/* The address of a call, in its registers. */
static void emit_judge(struct code *c, const struct cg_net_rules *r, const struct net_order *o, int family)
{
	struct jumps other = {0};

	if (r->bind) {
		if (family == AF_INET)
			jump_to(&other, emit(c, BPF_JMP32 | BPF_JNE | BPF_K, R_ADDR4, 0, 0, 0));
		for (int i = 0; i < 4 && family == AF_INET6; i++)
			jump_to(&other, emit(c, BPF_JMP32 | BPF_JNE | BPF_K, (uint8_t)(R_WORD + i), 0, 0, 0));
		emit_wildcard(c, o, family);
		land_marked(c, TO_RULES);
		emit_goto(c, TO_REFUSAL);
		land_all(c, &other);
	}
	emit_rules(c, o, family);
}

/* The words, in r2 to r5, and in the record. An IPv4 address in IPv6 is one, and judged as such. */
static void emit_program6(struct code *c, const struct cg_net_rules *r, const struct net_order *o)
{
	struct jumps six = {0};

	for (int i = 0; i < 4; i++) {
		load_word(c, (uint8_t)(R_WORD + i), CTX(user_ip6[0]) + 4 * i);
		put(c, BPF_W, RECORD_AT(addr[0]) + 4 * i, (uint8_t)(R_WORD + i));
		to_host_order(c, (uint8_t)(R_WORD + i), 32);
	}
	for (int i = 0; i < 3; i++)
		jump_to(&six, emit(c, BPF_JMP32 | BPF_JNE | BPF_K, (uint8_t)(R_WORD + i), 0, 0, i == 2 ? 0xffff : 0));
	emit(c, BPF_ALU64 | BPF_MOV | BPF_X, R_ADDR4, R_WORD + 3, 0, 0);
	emit_address4(c, r, CTX(user_ip6[3]));
	emit_judge(c, r, o, AF_INET);
	land_all(c, &six);
	put_number(c, BPF_W, RECORD_AT(family), AF_INET6);
	if (!r->bind) {
		for (int i = 0; i < 4; i++)
			jump_to(&six, emit(c, BPF_JMP32 | BPF_JNE | BPF_K, (uint8_t)(R_WORD + i), 0, 0, 0));
		emit_loopback(c, CTX(user_ip6[3]), R_WORD + 3, 1);
		put(c, BPF_W, RECORD_AT(addr[12]), R_TMP);
		land_all(c, &six);
	}
	emit_judge(c, r, o, AF_INET6);
}

/* The rules in their order, and room for those of both families: one can stand in a program some times, since IPv6's has those of IPv4, and
 * with the wildcard's; there it has no address. */
static int start(const struct spec_net_list *l, struct arena *a, struct code *c, struct net_order *o, struct err *e)
{
	if (l->allow.n > RULES_MAX || l->deny.n > RULES_MAX)
		return err_set(e, E2BIG,
			       "more than %d rules in one list (an address * counts twice) do not fit into a program; "
			       "use larger networks",
			       RULES_MAX);
	if (net_order(l, a, o) < 0)
		return err_set(e, ENOMEM, "out of memory");
	return code_start(c, 3 * RULE_INSNS * o->n + FIXED_INSNS, a, e);
}

int cg_net_program(const struct cg_net_rules *r, int family, struct arena *a, struct bpf_insn **ret, struct err *e)
{
	struct code c = {0};
	struct net_order o = {0};
	int n = start(r->list, a, &c, &o, e);

	if (n < 0)
		return n;
	c.learns = r->learn;
	emit_start(&c);
	if (family == AF_INET) {
		load_word(&c, R_ADDR4, CTX(user_ip4));
		to_host_order(&c, R_ADDR4, 32);
		emit_address4(&c, r, CTX(user_ip4));
		emit_judge(&c, r, &o, AF_INET);
	} else {
		emit_program6(&c, r, &o);
	}
	land_marked(&c, TO_REFUSAL);
	emit_refuse(&c, r);
	if (r->learn) {
		land_marked(&c, TO_ALLOWANCE);
		emit_report(&c, r, WIRE_ALLOWED);
		emit_pass(&c);
	}
	return code_finish(&c, a, ret, e);
}

/* ---- packets ---- */

/* Where a packet is loaded to. */
#define PACKET (-40)
enum { IPV4_LEN = 20, IPV6_LEN = 40, UDP_LEN = 8, TCP_LEN = 14 /* as far as its flags */, TCP_SYN = 2, TCP_ACK = 16 };

/* Loads bytes of the packet, from the offset in r2 on, to PACKET; gives up when there are fewer. */
static void emit_load(struct code *c, int len, int mark)
{
	size_t ok;

	emit(c, BPF_ALU64 | BPF_MOV | BPF_X, R_TMP, R_CTX, 0, 0);
	stack_at(c, 3, PACKET);
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, len);
	emit_call(c, BPF_FUNC_skb_load_bytes);
	ok = emit(c, BPF_JMP | BPF_JEQ | BPF_K, R_RET, 0, 0, 0);
	emit_goto(c, mark);
	land(c, ok);
}

static void load_packet(struct code *c, uint8_t size, uint8_t reg, int at)
{
	emit(c, BPF_LDX | BPF_MEM | size, reg, R_FP, PACKET + at, 0);
}

/* Lets pass what is no request for a TCP connection. r7: where TCP begins. */
static void emit_tcp(struct code *c)
{
	size_t syn;

	emit(c, BPF_ALU64 | BPF_MOV | BPF_X, 2, 7, 0, 0);
	emit_load(c, TCP_LEN, TO_REFUSAL);
	load_packet(c, BPF_B, R_TMP, 13);
	emit(c, BPF_ALU64 | BPF_AND | BPF_K, R_TMP, 0, 0, TCP_SYN | TCP_ACK);
	syn = emit(c, BPF_JMP | BPF_JEQ | BPF_K, R_TMP, 0, 0, TCP_SYN);
	emit_allow(c);
	land(c, syn);
}

/* Lets pass what a connected socket hears: it comes from where the socket was allowed to go. */
static void emit_udp(struct code *c)
{
	size_t none, open;

	emit(c, BPF_LDX | BPF_MEM | BPF_DW, R_TMP, R_CTX, offsetof(struct __sk_buff, sk), 0);
	none = emit(c, BPF_JMP | BPF_JEQ | BPF_K, R_TMP, 0, 0, 0); /* never, but the verifier asks */
	emit(c, BPF_LDX | BPF_MEM | BPF_W, R_TMP, R_TMP, offsetof(struct bpf_sock, state), 0);
	open = emit(c, BPF_JMP | BPF_JNE | BPF_K, R_TMP, 0, 0, BPF_TCP_ESTABLISHED);
	emit_allow(c);
	land(c, none);
	land(c, open);
	emit(c, BPF_ALU64 | BPF_MOV | BPF_X, 2, 7, 0, 0);
	emit_load(c, UDP_LEN, TO_REFUSAL);
}

/* What is for a socket that hears others comes on, with the port in R_PORT. r7: where TCP or UDP begins, which is in R_PROTO. */
static void emit_request(struct code *c)
{
	size_t udp = emit(c, BPF_JMP | BPF_JEQ | BPF_K, R_PROTO, 0, 0, IPPROTO_UDP), both;

	emit_tcp(c);
	both = emit(c, BPF_JMP | BPF_JA, 0, 0, 0, 0);
	land(c, udp);
	emit_udp(c);
	land(c, both);
	load_packet(c, BPF_H, R_PORT, 2);
	to_host_order(c, R_PORT, 16);
}

/* Loads an IP header and goes on with TCP and UDP alone. What is between an IPv6 header and these could hide the request: dropped. */
static void emit_header(struct code *c, bool six)
{
	struct jumps known = {0};

	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 0);
	emit_load(c, six ? IPV6_LEN : IPV4_LEN, TO_REFUSAL);
	load_packet(c, BPF_B, R_PROTO, six ? 6 : 9);
	jump_to(&known, emit(c, BPF_JMP | BPF_JEQ | BPF_K, R_PROTO, 0, 0, IPPROTO_TCP));
	jump_to(&known, emit(c, BPF_JMP | BPF_JEQ | BPF_K, R_PROTO, 0, 0, IPPROTO_UDP));
	if (six)
		emit_goto(c, TO_REFUSAL);
	else
		emit_allow(c);
	land_all(c, &known);
}

/* The destination of an IPv6 header, into r2 to r5. */
static void emit_request6(struct code *c)
{
	emit_header(c, true);
	/* Past the calls to come, which leave none of r1 to r5. */
	for (int i = 0; i < 2; i++) {
		load_packet(c, BPF_DW, R_TMP, 24 + 8 * i);
		emit(c, BPF_STX | BPF_MEM | BPF_DW, R_FP, R_TMP, PACKET - 16 + 8 * i, 0);
	}
	emit(c, BPF_ALU64 | BPF_MOV | BPF_K, 7, 0, 0, IPV6_LEN);
	emit_request(c);
	for (int i = 0; i < 4; i++) {
		load_packet(c, BPF_W, (uint8_t)(R_WORD + i), -16 + 4 * i);
		to_host_order(c, (uint8_t)(R_WORD + i), 32);
	}
}

/* That of an IPv4 header, into R_ADDR4. */
static void emit_request4(struct code *c)
{
	emit_header(c, false);
	load_packet(c, BPF_W, R_TMP, 16);
	emit(c, BPF_STX | BPF_MEM | BPF_W, R_FP, R_TMP, PACKET - 16, 0);
	load_packet(c, BPF_B, 7, 0);
	emit(c, BPF_ALU64 | BPF_AND | BPF_K, 7, 0, 0, 0xf);
	emit(c, BPF_ALU64 | BPF_LSH | BPF_K, 7, 0, 0, 2);
	emit_request(c);
	load_packet(c, BPF_W, R_ADDR4, -16);
	to_host_order(c, R_ADDR4, 32);
}

/* listen(2) on a socket that was not bound takes a free port of every address, as does a first sendto(2); who binds to port 0 takes
 * one, and IP_LOCAL_PORT_RANGE says which: nobody is asked about that port. So what comes in for it is: the request for a
 * connection, and each datagram for a socket that is not connected. */
int cg_net_ingress_program(const struct spec_net_list *l, struct arena *a, struct bpf_insn **ret, struct err *e)
{
	static const int families[] = {AF_INET6, AF_INET};
	struct code c = {0};
	struct net_order o = {0};
	int n = start(l, a, &c, &o, e);

	if (n < 0)
		return n;
	c.packets = true;
	emit(&c, BPF_ALU64 | BPF_MOV | BPF_X, R_CTX, 1, 0, 0);
	emit(&c, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 0);
	emit_load(&c, 1, TO_REFUSAL);
	load_packet(&c, BPF_B, R_TMP, 0);
	emit(&c, BPF_ALU64 | BPF_RSH | BPF_K, R_TMP, 0, 0, 4);
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		const bool six = families[i] == AF_INET6;
		size_t other = six ? emit(&c, BPF_JMP | BPF_JNE | BPF_K, R_TMP, 0, 0, 6) : SIZE_MAX;

		if (six)
			emit_request6(&c);
		else
			emit_request4(&c);
		emit_wildcard(&c, &o, families[i]);
		land_marked(&c, TO_RULES);
		emit_rules(&c, &o, families[i]);
		if (six)
			land(&c, other);
	}
	land_marked(&c, TO_REFUSAL);
	emit_deny(&c);
	return code_finish(&c, a, ret, e);
}

/* A source route (IP_OPTIONS, IPV6_RTHDR, or a control message of sendmsg(2)) would send a packet elsewhere than to the address
 * that was judged: what has options or extension headers does not go out. */
int cg_net_egress_program(struct arena *a, struct bpf_insn **ret, struct err *e)
{
	static const uint8_t extensions[] = {IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS};
	struct jumps drop = {0}, pass = {0};
	struct code c;

	if (code_start(&c, 48, a, e) < 0)
		return -ENOMEM;
	/* Seven bytes have the length of IPv4's header, and IPv6's next header. */
	emit(&c, BPF_ALU64 | BPF_MOV | BPF_X, R_CTX, 1, 0, 0);
	emit(&c, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 0);
	emit_load(&c, 7, TO_REFUSAL);
	load_packet(&c, BPF_B, R_TMP, 0);
	jump_to(&pass, emit(&c, BPF_JMP | BPF_JEQ | BPF_K, R_TMP, 0, 0, 0x45));
	emit(&c, BPF_ALU64 | BPF_RSH | BPF_K, R_TMP, 0, 0, 4);
	jump_to(&drop, emit(&c, BPF_JMP | BPF_JNE | BPF_K, R_TMP, 0, 0, 6));
	load_packet(&c, BPF_B, R_TMP, 6);
	for (size_t i = 0; i < ARRAY_LEN(extensions); i++)
		jump_to(&drop, emit(&c, BPF_JMP | BPF_JEQ | BPF_K, R_TMP, 0, 0, extensions[i]));
	land_all(&c, &pass);
	emit_allow(&c);
	land_all(&c, &drop);
	land_marked(&c, TO_REFUSAL);
	emit_deny(&c);
	return code_finish(&c, a, ret, e);
}
