/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of sandbox-runtime (srt). What reaches the network there is a proxy that knows names; a policy has no rules about names, so
 * nothing is let through, and that is said. */
#include "import.h"

#include "spec/field.h"

struct settings {
	struct {
		bool set;
		struct strv allowed, denied, unix_sockets;
		bool all_unix_sockets, local_binding;
		struct opt_u64 http_port, socks_port;
	} network;
	struct {
		bool set;
		struct strv deny_read, allow_read, allow_write, deny_write;
	} files;
	bool weaker, pty;
};

#define S struct settings
static const struct field network_fields[] = {
    FIELD("allowedDomains", get_strv, S, network.allowed),
    FIELD("deniedDomains", get_strv, S, network.denied),
    FIELD("allowUnixSockets", get_strv, S, network.unix_sockets),
    FIELD("allowAllUnixSockets", get_bool, S, network.all_unix_sockets),
    FIELD("allowLocalBinding", get_bool, S, network.local_binding),
    FIELD_INT("httpProxyPort", get_opt_u64, S, network.http_port, 1, UINT16_MAX),
    FIELD_INT("socksProxyPort", get_opt_u64, S, network.socks_port, 1, UINT16_MAX),
};
static const struct table network_table = {TABLE_FIELDS(network_fields), SET_AT(S, network.set)};

static const struct field files_fields[] = {
    FIELD("denyRead", get_strv, S, files.deny_read),
    FIELD("allowRead", get_strv, S, files.allow_read),
    FIELD("allowWrite", get_strv, S, files.allow_write),
    FIELD("denyWrite", get_strv, S, files.deny_write),
};
static const struct table files_table = {TABLE_FIELDS(files_fields), SET_AT(S, files.set)};

static const struct field settings_fields[] = {
    {.key = "network", .parse = get_object, .table = &network_table},
    {.key = "filesystem", .parse = get_object, .table = &files_table},
    FIELD("enableWeakerNestedSandbox", get_bool, S, weaker),
    FIELD("allowPty", get_bool, S, pty),
};
static const struct table settings_table = {TABLE_FIELDS(settings_fields)};

/* Keys that mean nothing in a container: where reports go, which tools are used, and what weakens the sandbox itself. */
static bool means_nothing(const char *key)
{
	return str_has_word("ignoreViolations mandatoryDenySearchDepth allowGitConfig ripgrep $schema", key);
}

static void name_unknown(struct draft *d, const struct table *t, const struct json *object, const char *where)
{
	for (const struct json *m = object ? object->first : NULL; m; m = m->next) {
		bool known = means_nothing(m->key);

		for (size_t i = 0; i < t->n; i++)
			known |= str_eq(t->fields[i].key, m->key);
		if (!known)
			left_out(d, "%s%s: not known", where, shown(m->key).s);
	}
}

static void take_network(struct draft *d, const S *s)
{
	d->network.set = true; /* without the key nothing is let through either */
	d->network.bind_nothing = !s->network.local_binding;
	if (s->network.allowed.n)
		left_out(d, "network.allowedDomains: names are no addresses; nothing can be reached until you put "
			    "addresses into network.connect.allow");
	if (s->network.denied.n)
		left_out(d, "network.deniedDomains: names are no addresses; keep it in mind for network.connect");
	if (!s->network.all_unix_sockets)
		left_out(d, "network.allowUnixSockets: sockets of files are not told apart; give the container none "
			    "that it must not use");
	if (s->network.http_port.set || s->network.socks_port.set)
		left_out(d, "network.httpProxyPort, socksProxyPort: allow the proxy's address in network.connect");
}

int import_sandbox(struct draft *d)
{
	struct reader rd = {.arena = d->arena};
	const struct json *root;
	S s = {.pty = false};
	int r = read_document(&rd, &settings_table, d->text, d->len, d->how->file, &s, d->e);

	if (r >= 0)
		r = json_parse(d->text, d->len, 0, d->arena, d->arena, &root, d->e);
	if (r < 0)
		return r;
	name_unknown(d, &settings_table, root, "");
	name_unknown(d, &network_table, json_get(root, "network"), "network.");
	name_unknown(d, &files_table, json_get(root, "filesystem"), "filesystem.");
	take_network(d, &s);
	sandbox_files(
	    d, &(struct sandbox_lists){s.files.deny_read, s.files.allow_read, s.files.allow_write, s.files.deny_write});
	return 0;
}
