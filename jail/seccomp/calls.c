/* SPDX-License-Identifier: Apache-2.0 */
/* libseccomp's tables as lists for people: names, numbers, ABIs. */
#include "jail/internal.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PREFIX          "SCMP_ARCH_"
#define ABI_OWN_NUMBERS 512 /* from here on numbers do not go by age: x32, and arm's own */

/* Where the numbers of an ABI are. */
struct range {
	uint32_t abi, first, n;
};
static const struct range ranges[] = {
    {SCMP_ARCH_X32, X32_BIT, CALL_NUMBERS},           {SCMP_ARCH_MIPS, 4000, CALL_NUMBERS},
    {SCMP_ARCH_MIPSEL, 4000, CALL_NUMBERS},           {SCMP_ARCH_MIPS64, 5000, CALL_NUMBERS},
    {SCMP_ARCH_MIPSEL64, 5000, CALL_NUMBERS},         {SCMP_ARCH_MIPS64N32, 6000, CALL_NUMBERS},
    {SCMP_ARCH_MIPSEL64N32, 6000, CALL_NUMBERS},      {SCMP_ARCH_ARM, 0, CALL_NUMBERS},
    {SCMP_ARCH_ARM, 0xf0000, 16} /* __ARM_NR_BASE */,
};

size_t jail_abis(uint32_t ret[JAIL_ABIS])
{
	struct arena a = {0};
	struct strv names = {0};
	size_t n = 0;

	ret[n++] = seccomp_arch_native();
	arch_names(&a, &names);
	for (size_t i = 0; i < names.n && n < JAIL_ABIS; i++)
		if (arch_token(names.v[i]) != ret[0])
			ret[n++] = arch_token(names.v[i]);
	arena_free(&a);
	return n;
}

const char *jail_abi_name(uint32_t abi, struct arena *a)
{
	char *s = arena_strdup(a, arch_name(abi) + strlen(PREFIX));

	for (char *p = s; p && *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return s;
}

int jail_abi_find(const char *name, uint32_t *ret, struct err *e)
{
	const char *own = strncasecmp(name, PREFIX, strlen(PREFIX)) == 0 ? name + strlen(PREFIX) : name;
	uint32_t abis[JAIL_ABIS];
	struct arena a = {0};
	size_t n = jail_abis(abis);
	char list[400] = "";
	size_t len = 0;

	*ret = str_eq(name, "native") ? abis[0] : 0;
	for (size_t i = 0; i < n && !*ret; i++)
		if (strcasecmp(own, arch_name(abis[i]) + strlen(PREFIX)) == 0)
			*ret = abis[i];
	for (size_t i = 0; i < n && !*ret && len < sizeof(list); i++)
		len +=
		    (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "", jail_abi_name(abis[i], &a));
	arena_free(&a);
	return *ret ? 0 : err_set(e, EINVAL, "no ABI of libseccomp is called '%s'; it knows %s", name, list);
}

/* Of an ABI that has numbers from `first` on. -1: none. */
static int64_t number_of(uint32_t abi, uint32_t first, const char *name)
{
	for (uint32_t i = 0; i < CALL_NUMBERS; i++) {
		AUTO_FREE char *own = seccomp_syscall_resolve_num_arch(abi, (int)(first + i));

		if (str_eq(own, name))
			return first + i;
	}
	return -1;
}

static uint32_t first_of(uint32_t abi)
{
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (ranges[i].abi == abi)
			return ranges[i].first;
	return 0;
}

static int call_fill(uint32_t abi, const char *name, struct jail_call *ret)
{
	struct abi_call call;
	int r = abi_find(abi, name, &call);

	*ret = (struct jail_call){.name = name, .number = -1, .mux = -1, .mux_call = -1};
	if (r == 1 && call.nr >= 0)
		ret->number = call.nr;
	if (r == 1 && call.mux_nr >= 0) {
		ret->mux = call.mux_nr;
		ret->mux_call = (int)call.mux_call;
	}
	if (r == -ENOTSUP) { /* a filter cannot have it, a list can */
		ret->number = number_of(abi, first_of(abi), name);
		ret->mux = seccomp_syscall_resolve_name_arch(abi, call.nr > -200 ? "socketcall" : "ipc");
		ret->mux_call = -call.nr % 100;
	}
	return r;
}

/* Adds what has a number in the range. */
static int range_add(uint32_t abi, uint32_t first, uint32_t n, struct arena *a, struct jail_calls *ret)
{
	for (uint32_t i = 0; i < n; i++) {
		AUTO_FREE char *name = seccomp_syscall_resolve_num_arch(abi, (int)(first + i));
		char *own = name ? arena_strdup(a, name) : NULL;

		if (!name)
			continue;
		if (!own)
			return -ENOMEM;
		call_fill(abi, own, &ret->v[ret->n]);
		ret->v[ret->n++].number = first + i;
	}
	return 0;
}

int jail_calls(uint32_t abi, struct arena *a, struct jail_calls *ret, struct err *e)
{
	bool own = false;
	int r = 0;

	*ret = (struct jail_calls){.v = arena_alloc(a, (CALL_NUMBERS + 16) * sizeof(*ret->v))};
	if (!ret->v)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = 0; i < ARRAY_LEN(ranges) && r == 0; i++) {
		if (ranges[i].abi != abi)
			continue;
		own = true;
		r = range_add(abi, ranges[i].first, ranges[i].n, a, ret);
	}
	if (!own)
		r = range_add(abi, 0, CALL_NUMBERS, a, ret);
	return r < 0 ? err_set(e, ENOMEM, "out of memory") : 0;
}

int jail_call_named(uint32_t abi, const char *name, struct jail_call *ret, struct err *e)
{
	return call_fill(abi, name, ret) == -ENOENT ? call_unknown(name, "", e) : 0;
}

int jail_call_numbered(uint32_t abi, uint64_t number, struct arena *a, struct jail_call *ret, struct err *e)
{
	uint32_t nr = (uint32_t)number | (arch_is_x32(abi) ? X32_BIT : 0);
	AUTO_FREE char *name = number <= INT32_MAX ? seccomp_syscall_resolve_num_arch(abi, (int)nr) : NULL;
	char *own = name ? arena_strdup(a, name) : NULL;

	if (!name)
		return err_set(e, EINVAL, "libseccomp %u.%u.%u knows no system call %" PRIu64 " of %s",
			       seccomp_version()->major, seccomp_version()->minor, seccomp_version()->micro, number,
			       arch_name(abi));
	if (!own)
		return err_set(e, ENOMEM, "out of memory");
	call_fill(abi, own, ret);
	ret->number = nr;
	return 0;
}

const char *jail_libseccomp(struct arena *a)
{
	const struct scmp_version *v = seccomp_version();

	return arena_printf(a, "%u.%u.%u", v->major, v->minor, v->micro);
}

bool jail_list_refuses(const struct spec_list *list)
{
	static const char *const others[] = {"SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE"};

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (str_eq(list->default_action, others[i]))
			return false;
	return list->default_action != NULL;
}

/* Calls that were never there, or are not any more: no program can miss them. */
static bool is_gone(const char *name)
{
	return str_has_word("_sysctl afs_syscall bdflush break create_module epoll_ctl_old epoll_wait_old ftime "
			    "get_kernel_syms getpmsg gtty idle lock lookup_dcookie madvise1 mpx multiplexer nfsservctl "
			    "prof profil putpmsg query_module security stty tuxcall ulimit vserver",
			    name);
}

int jail_calls_unnamed(uint32_t abi, const struct spec_list *list, struct arena *a, struct jail_calls *ret,
		       struct jail_call *ret_newest, struct err *e)
{
	int64_t own = first_of(abi) + ABI_OWN_NUMBERS;
	struct jail_calls all = {0};
	int r = jail_calls(abi, a, &all, e);

	*ret_newest = (struct jail_call){.number = -1};
	*ret = (struct jail_calls){.v = arena_alloc(a, (all.n + 1) * sizeof(*ret->v))};
	if (r < 0 || !ret->v)
		return err_set(e, ENOMEM, "out of memory");
	for (size_t i = all.n; i-- > 0;) {
		const struct jail_call *k = &all.v[i];

		if (strv_has(&list->names, k->name)) {
			if (!ret_newest->name && k->number < own)
				*ret_newest = *k;
		} else if (!is_gone(k->name) && !(list->form == LIST_POLICY && policy_allows_unasked(k->name))) {
			ret->v[ret->n++] = *k;
		}
	}
	return 0;
}
