/* SPDX-License-Identifier: Apache-2.0 */
/* network.families: "inet", "AF_INET". */
#include "spec/policy/families.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The numbers are Linux' own, on every host. beside: its sockets carry no packets of IP, and lead where network rules say nothing about. */
static const struct family {
	const char *name;
	uint8_t number;
	bool beside;
} families[] = {
    {"unix", 1, true},      {"local", 1, true},      {"inet", 2, true},         {"ax25", 3, false},
    {"ipx", 4, false},      {"appletalk", 5, false}, {"netrom", 6, false},      {"bridge", 7, false},
    {"atmpvc", 8, false},   {"x25", 9, false},       {"inet6", 10, true},       {"rose", 11, false},
    {"decnet", 12, false},  {"key", 15, false},      {"netlink", 16, true},     {"packet", 17, false},
    {"atmsvc", 20, false},  {"rds", 21, false},      {"irda", 23, false},       {"pppox", 24, false},
    {"llc", 26, false},     {"ib", 27, false},       {"mpls", 28, false},       {"can", 29, true},
    {"tipc", 30, false},    {"bluetooth", 31, true}, {"iucv", 32, false},       {"rxrpc", 33, false},
    {"isdn", 34, false},    {"phonet", 35, false},   {"ieee802154", 36, false}, {"caif", 37, false},
    {"alg", 38, true},      {"nfc", 39, true},       {"vsock", 40, true},       {"kcm", 41, false},
    {"qipcrtr", 42, false}, {"smc", 43, false},      {"xdp", 44, false},        {"mctp", 45, false},
};

/* AF_INET is inet, and so is inet. */
static void plain_name(const char *s, char ret[16])
{
	const bool upper = str_starts(s, "AF_");

	snprintf(ret, 16, "%s", upper ? s + strlen("AF_") : s);
	for (size_t i = 0; upper && ret[i]; i++)
		ret[i] = (char)(ret[i] >= 'A' && ret[i] <= 'Z'   ? ret[i] | 0x20
				: ret[i] >= '0' && ret[i] <= '9' ? ret[i]
								 : '?');
}

static const struct family *find(const char *s)
{
	char name[16];

	plain_name(s, name);
	for (size_t i = 0; i < ARRAY_LEN(families); i++)
		if (str_eq(name, families[i].name))
			return &families[i];
	return NULL;
}

static const char *nearest(const char *s)
{
	const char *ret = NULL;
	size_t least = SIZE_MAX;
	char name[16];

	plain_name(s, name);
	for (size_t i = 0; i < ARRAY_LEN(families); i++)
		if (str_nearer(name, families[i].name, &least))
			ret = families[i].name;
	return ret;
}

static int add_family(struct reader *rd, const struct field *f, const struct json *v, const char *name, void *arg,
		      struct err *e)
{
	struct spec_families *ret = arg;
	const struct family *family = find(name);
	const char *near = family ? NULL : nearest(name);

	(void)f;
	if (!family)
		return bad(rd, v, e, EINVAL, "\"%s\" is no family of sockets%s%s%s", shown(name).s,
			   near ? "; the nearest is \"" : ": write inet, inet6, unix, netlink …, or AF_INET …",
			   near ? near : "", near ? "\"" : "");
	ret->mask |= UINT64_C(1) << family->number;
	return 0;
}

PARSER(get_families)
{
	struct spec_families *ret = field_at(obj, f->at);

	ret->set = true;
	ret->mask = 0;
	return get_strv_each(rd, f, v, &ret->names, add_family, ret, e);
}

const char *family_round(const struct spec_families *f)
{
	for (size_t i = 0; i < f->names.n; i++) {
		const struct family *family = find(f->names.v[i]);

		if (family && !family->beside)
			return f->names.v[i];
	}
	return NULL;
}
