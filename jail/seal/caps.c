/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities: names to masks. One that is unknown, or that the runtime cannot give, is warned about and left out
 * (config.md, Linux Process). */
#include "jail/internal.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>
#include <sys/capability.h>

#include <errno.h>
#include <string.h>

#ifndef CAP_PERFMON
#define CAP_PERFMON 38 /* Linux 5.8 */
#endif

#ifndef CAP_CHECKPOINT_RESTORE
#define CAP_CHECKPOINT_RESTORE 40 /* Linux 5.9 */
#endif

static const char *const set_names[CAPS_COUNT] = {[CAPS_BOUNDING] = "bounding",
						  [CAPS_EFFECTIVE] = "effective",
						  [CAPS_INHERITABLE] = "inheritable",
						  [CAPS_PERMITTED] = "permitted",
						  [CAPS_AMBIENT] = "ambient"};

/* libcap's names are in small letters, and it takes capitals too; the specification's are in capitals alone. */
int jail_cap_number(const char *name)
{
	cap_value_t cap;

	if (!str_starts(name, "CAP_") || strpbrk(name, "abcdefghijklmnopqrstuvwxyz") || cap_from_name(name, &cap) < 0)
		return -1;
	return cap;
}

const char *jail_cap_name(int cap)
{
	static char names[64][32];
	char *low;

	if (cap < 0 || cap >= 64)
		return NULL;
	if (names[cap][0])
		return names[cap];
	low = cap_to_name(cap);
	if (!low || !str_starts(low, "cap_")) { /* it gives numbers as they are */
		cap_free(low);
		return NULL;
	}
	for (size_t i = 0; i < sizeof(names[cap]) - 1 && low[i]; i++)
		names[cap][i] = (char)(low[i] >= 'a' && low[i] <= 'z' ? low[i] - 'a' + 'A' : low[i]);
	cap_free(low);
	return names[cap];
}

/* Whether an earlier set of the same document names it. */
static bool named_before(const struct spec_capabilities *c, int set, size_t i)
{
	const char *name = c->list[set].v[i];

	for (size_t k = 0; k < i; k++)
		if (str_eq(c->list[set].v[k], name))
			return true;
	while (set-- > 0)
		if (strv_has(&c->list[set], name))
			return true;
	return false;
}

/* One warning for a set: engines give their defaults to every container. None for ambient, as in runc, whose own template has this. */
static void drop_extra(uint64_t ret[CAPS_COUNT], int set, uint64_t allowed, const char *why)
{
	const uint64_t extra = ret[set] & ~allowed;
	AUTO_BUF names = {0};

	for (int cap = 0; cap < 64; cap++)
		if (extra >> cap & 1)
			buf_printf(&names, "%s%s", names.len ? ", " : "", jail_cap_name(cap));
	if (extra)
		(set == CAPS_AMBIENT ? log_debug : log_warn)("process.capabilities.%s: left out: %s: %s",
							     set_names[set],
							     names.failed ? "(out of memory)" : names.data, why);
	ret[set] &= allowed;
}

/* A capability by which a rule of a policy would not hold. */
struct undoing {
	int cap;
	bool in_userns; /* also where it is one of the container's own user namespace */
	const char *does;
};

static int refuse_undoing(const struct jail_plan *p, const struct jail_facts *f, const struct undoing *rows, size_t n,
			  const char *rules, const char *policy, struct err *e)
{
	const uint64_t *sets = p->seal.caps;
	/* A process that names none keeps the runtime's. */
	const uint64_t has = p->seal.set_caps ? sets[CAPS_BOUNDING] | sets[CAPS_PERMITTED] : f->caps;

	for (size_t i = 0; i < n; i++) {
		if (!(has >> rows[i].cap & 1) || (p->userns && !rows[i].in_userns))
			continue;
		err_set(e, ENOTSUP, "%s lets the workload %s, so that %s of policy %s would not hold: %s",
			jail_cap_name(rows[i].cap), rows[i].does, rules, policy,
			p->seal.set_caps ? "leave it out" : "name the capabilities that it needs");
		err_ctx(e, "process.capabilities");
		return -ENOTSUP;
	}
	return 0;
}

static int check_network(const struct jail_plan *p, const struct jail_facts *f, struct err *e)
{
	static const struct undoing rows[] = {
	    {CAP_NET_ADMIN, true, "rewrite addresses behind them (NAT, routes, tunnels)"},
	    {CAP_SYS_ADMIN, false, "leave the cgroup at which they stand"},
	    {CAP_DAC_READ_SEARCH, false, "reach cgroups above its own by their handles (open_by_handle_at(2))"},
	    {CAP_SYS_MODULE, false, "change the kernel that keeps them"},
	    {CAP_SYS_RAWIO, false, "change the kernel that keeps them"},
	};
	const char *policy = NULL;

	for (uint64_t i = 0; i < p->n_policies; i++)
		if (p->policies[i].network)
			policy = p->policies[i].name;
	return policy ? refuse_undoing(p, f, rows, ARRAY_LEN(rows), "the network rules", policy, e) : 0;
}

static int check_protect(const struct jail_plan *p, const struct jail_facts *f, struct err *e)
{
	static const struct undoing rows[] = {
	    {CAP_SYS_PTRACE, true, "open the memory of protected processes"},
	    {CAP_SYS_BOOT, true, "end all processes of the container at once (reboot(2))"},
	    {CAP_SYS_ADMIN, false, "signal and change protected processes by eBPF and by cgroups"},
	    {CAP_PERFMON, false, "signal protected processes by eBPF"},
	    {CAP_SYS_MODULE, false, "change the kernel that keeps others out"},
	    {CAP_SYS_RAWIO, false, "change the kernel that keeps others out"},
	};
	const char *policy = NULL;

	for (uint64_t i = 0; i < p->n_policies; i++)
		if (p->policies[i].protect.n)
			policy = p->policies[i].name;
	return policy ? refuse_undoing(p, f, rows, ARRAY_LEN(rows), "signals.protect", policy, e) : 0;
}

/* do_prlimit of the kernel: a hard limit is raised by this capability of the first user namespace alone. */
static int check_rlimits(const struct jail_plan *p, const struct jail_facts *f, struct err *e)
{
	static const struct undoing rows[] = {{CAP_SYS_RESOURCE, false, "raise its own limits (prlimit(2))"}};
	static const enum policy_bound bounds[] = {BOUND_OPEN_FILES, BOUND_FILE_SIZE};

	for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
		int64_t max;
		int of = jail_bound(p, bounds[i], &max);
		int r = of < 0 ? 0
			       : refuse_undoing(p, f, rows, ARRAY_LEN(rows), jail_bound_name(bounds[i]),
						p->policies[of].name, e);

		if (r < 0)
			return r;
	}
	return 0;
}

static int check_scripts(const struct jail_plan *p, const struct jail_facts *f, struct err *e)
{
	static const struct undoing rows[] = {
	    {CAP_SYS_ADMIN, true, "mount another file over a script before its interpreter opens it"},
	};
	const char *policy = NULL;

	for (uint64_t i = 0; i < p->n_policies; i++)
		if (jail_exec_has_interpreters(&p->policies[i]))
			policy = p->policies[i].name;
	return policy ? refuse_undoing(p, f, rows, ARRAY_LEN(rows), "\"as\" in exec", policy, e) : 0;
}

/* What is kept or counted at the container's cgroup. */
static int check_cgroup(const struct jail_plan *p, const struct jail_facts *f, struct err *e)
{
	static const struct undoing rows[] = {
	    {CAP_SYS_ADMIN, false, "leave the cgroup at which they stand"},
	    {CAP_DAC_READ_SEARCH, false, "reach cgroups above its own by their handles (open_by_handle_at(2))"},
	    {CAP_SYS_MODULE, false, "change the kernel that keeps them"},
	    {CAP_SYS_RAWIO, false, "change the kernel that keeps them"},
	};
	static const enum policy_bound bounds[] = {BOUND_MEMORY, BOUND_CPU, BOUND_IDLE};
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(bounds) && r >= 0; i++) {
		int64_t max;
		int of = jail_bound(p, bounds[i], &max);

		if (of >= 0)
			r = refuse_undoing(p, f, rows, ARRAY_LEN(rows), jail_bound_name(bounds[i]),
					   p->policies[of].name, e);
	}
	return r;
}

static int check_deny(const struct jail_plan *p, const struct jail_facts *f, struct err *e)
{
	static const struct undoing rows[] = {
	    {CAP_SYS_ADMIN, true, "look below the mounts that hide files"},
	    {CAP_DAC_READ_SEARCH, false, "open hidden files by their handles (open_by_handle_at(2))"},
	};
	const char *policy = NULL;

	for (uint64_t i = 0; i < p->n_policies; i++)
		if (p->policies[i].files.deny.n)
			policy = p->policies[i].name;
	return policy ? refuse_undoing(p, f, rows, ARRAY_LEN(rows), "files.deny", policy, e) : 0;
}

/* Shared memory is a file that lies nowhere, and /proc/PID/map_files leads to it. */
static int check_execute(const struct jail_plan *p, const struct jail_facts *f, struct err *e)
{
	static const struct undoing rows[] = {
	    {CAP_SYS_ADMIN, false, "execute shared memory (/proc/PID/map_files)"},
	    {CAP_CHECKPOINT_RESTORE, false, "execute shared memory (/proc/PID/map_files)"},
	};
	const char *policy = NULL;

	for (uint64_t i = 0; i < p->n_policies; i++)
		if (p->policies[i].files.list[FILES_EXECUTE].set)
			policy = p->policies[i].name;
	return policy ? refuse_undoing(p, f, rows, ARRAY_LEN(rows), "files.execute", policy, e) : 0;
}

int jail_check_caps(const struct jail_plan *p, const struct jail_facts *f, struct err *e)
{
	int r = check_deny(p, f, e);

	if (r >= 0)
		r = check_execute(p, f, e);
	if (r >= 0)
		r = check_network(p, f, e);
	if (r >= 0)
		r = check_protect(p, f, e);
	if (r >= 0)
		r = check_scripts(p, f, e);
	if (r >= 0)
		r = check_cgroup(p, f, e);
	return r < 0 ? r : check_rlimits(p, f, e);
}

const char *jail_cap_nearest(const char *name)
{
	const char *near = NULL;
	size_t least = SIZE_MAX;
	char full[64];

	snprintf(full, sizeof(full), "%s%.48s", strncasecmp(name, "CAP_", 4) == 0 ? "" : "CAP_", name);
	for (char *p = full; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	for (int cap = 0; cap < 64 && jail_cap_name(cap); cap++)
		if (str_nearer(full, jail_cap_name(cap), &least))
			near = jail_cap_name(cap);
	return near;
}

static const char *unknown_cap(const char *name)
{
	static char text[96];
	const char *near = jail_cap_nearest(name);

	snprintf(text, sizeof(text), "it is not known here%s%s%s", near ? " (did you mean " : "", near ? near : "",
		 near ? "?)" : "");
	return text;
}

int caps_plan(const struct spec_capabilities *c, const struct jail_facts *f, bool userns, uint64_t ret[CAPS_COUNT])
{
	const uint64_t all = f->last_cap >= 63 ? UINT64_MAX : (1ull << (f->last_cap + 1)) - 1;
	const uint64_t can = userns ? all : f->caps & all; /* a new user namespace gives them all */

	memset(ret, 0, CAPS_COUNT * sizeof(*ret));
	for (int set = 0; set < CAPS_COUNT; set++)
		for (size_t i = 0; i < c->list[set].n; i++) {
			const char *name = c->list[set].v[i];
			int cap = jail_cap_number(name);

			if (cap >= 0 && (can >> cap & 1))
				ret[set] |= 1ull << cap;
			else if (!named_before(c, set, i))
				log_warn("process.capabilities: %s is left out: %s", name,
					 cap < 0 || !(all >> cap & 1) ? unknown_cap(name)
								      : "the runtime does not have it itself");
		}
	/* capset(2) and PR_CAP_AMBIENT_RAISE would refuse these. */
	drop_extra(ret, CAPS_EFFECTIVE, ret[CAPS_PERMITTED], "not in permitted");
	drop_extra(ret, CAPS_AMBIENT, ret[CAPS_PERMITTED] & ret[CAPS_INHERITABLE],
		   "ambient needs them in permitted and in inheritable");
	return 0;
}
