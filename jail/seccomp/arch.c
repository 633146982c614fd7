/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between the ABIs, and the words of the specification for seccomp. */
#include "jail/internal.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>

static const struct word archs[] = {
    {"SCMP_ARCH_X86", SCMP_ARCH_X86},
    {"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64},
    {"SCMP_ARCH_X32", SCMP_ARCH_X32},
    {"SCMP_ARCH_ARM", SCMP_ARCH_ARM},
    {"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64},
    {"SCMP_ARCH_MIPS", SCMP_ARCH_MIPS},
    {"SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64},
    {"SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32},
    {"SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL},
    {"SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64},
    {"SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32},
    {"SCMP_ARCH_PPC", SCMP_ARCH_PPC},
    {"SCMP_ARCH_PPC64", SCMP_ARCH_PPC64},
    {"SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE},
    {"SCMP_ARCH_S390", SCMP_ARCH_S390},
    {"SCMP_ARCH_S390X", SCMP_ARCH_S390X},
    {"SCMP_ARCH_PARISC", SCMP_ARCH_PARISC},
    {"SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64},
    {"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64},
#ifdef SCMP_ARCH_LOONGARCH64 /* the following are of libseccomp 2.6 */
    {"SCMP_ARCH_LOONGARCH64", SCMP_ARCH_LOONGARCH64},
#endif
#ifdef SCMP_ARCH_M68K
    {"SCMP_ARCH_M68K", SCMP_ARCH_M68K},
#endif
#ifdef SCMP_ARCH_SH
    {"SCMP_ARCH_SH", SCMP_ARCH_SH},
    {"SCMP_ARCH_SHEB", SCMP_ARCH_SHEB},
#endif
    {NULL, 0},
};

const struct word seccomp_actions[] = {
    {"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
    {"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
    {"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
    {"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
    {"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
    {"SCMP_ACT_LOG", SECCOMP_RET_LOG},
    {"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF},
    {"SCMP_ACT_TRACE", SECCOMP_RET_TRACE},
    {"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
    {NULL, 0},
};

const struct word seccomp_operators[] = {
    {"SCMP_CMP_EQ", JAIL_EQ}, {"SCMP_CMP_GE", JAIL_GE},
    {"SCMP_CMP_GT", JAIL_GT}, {"SCMP_CMP_LE", JAIL_LE},
    {"SCMP_CMP_LT", JAIL_LT}, {"SCMP_CMP_MASKED_EQ", JAIL_MASKED_EQ},
    {"SCMP_CMP_NE", JAIL_NE}, {NULL, 0},
};

const struct word seccomp_flags[] = {
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    {"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
    {NULL, 0},
};

const struct word *word_find(const struct word *table, const char *name)
{
	for (; name && table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

void word_names(const struct word *table, struct arena *a, struct strv *ret)
{
	size_t n = 0;

	while (table[n].name)
		n++;
	*ret = (struct strv){.v = arena_alloc(a, (n + 1) * sizeof(char *))};
	for (size_t i = 0; ret->v && i < n; i++)
		ret->v[ret->n++] = (char *)table[i].name;
}

uint32_t arch_token(const char *name)
{
	const struct word *w = word_find(archs, name);

	return w ? w->value : 0;
}

int arch_find(const char *name, uint32_t *ret, struct err *e)
{
	const struct scmp_version *v = seccomp_version();

	*ret = arch_token(name);
	if (*ret)
		return 0;
	return err_set(e, EINVAL, "libseccomp %u.%u.%u, which jailrun runs with, does not know %s; leave it out",
		       v->major, v->minor, v->micro, name);
}

const char *arch_name(uint32_t token)
{
	for (const struct word *w = archs; w->name; w++)
		if (w->value == token)
			return w->name;
	return "unknown";
}

void arch_names(struct arena *a, struct strv *ret)
{
	word_names(archs, a, ret);
}

bool arch_is_x32(uint32_t token)
{
	return token == SCMP_ARCH_X32;
}

uint32_t arch_audit(uint32_t token)
{
	return arch_is_x32(token) ? AUDIT_ARCH_X86_64 : token;
}

size_t arch_family(uint32_t token, uint32_t ret[MAX_ARCHS])
{
	static const uint32_t families[][3] = {
	    {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32},
	    {SCMP_ARCH_AARCH64, SCMP_ARCH_ARM},
	    {SCMP_ARCH_S390X, SCMP_ARCH_S390},
	    {SCMP_ARCH_MIPS64, SCMP_ARCH_MIPS, SCMP_ARCH_MIPS64N32},
	    {SCMP_ARCH_MIPSEL64, SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64N32},
	    {SCMP_ARCH_PPC64, SCMP_ARCH_PPC},
	    {SCMP_ARCH_PARISC64, SCMP_ARCH_PARISC},
	};
	size_t n = 0;

	ret[n++] = token;
	for (size_t i = 0; i < ARRAY_LEN(families); i++)
		for (size_t k = 1; families[i][0] == token && k < 3 && families[i][k]; k++)
			ret[n++] = families[i][k];
	return n;
}

/* libseccomp gives multiplexed calls pseudo numbers: -100 minus the argument of socketcall(2), -200 minus that of
 * ipc(2). Since Linux 4.3 and 5.1 the same calls have numbers of their own as well, alike on x86 and s390. */
static int direct_number(uint32_t token, int pseudo)
{
	static const short socketcalls[] = {-1, 359, 361, 362, 363, -1,  367, 368, 360, -1,
					    -1, 369, 371, 373, 366, 365, 370, 372, 364};
	static const short ipcs[25] = {[2] = 393,  [3] = 394,  [11] = 400, [12] = 401, [13] = 399,
				       [14] = 402, [21] = 397, [22] = 398, [23] = 395, [24] = 396};
	int call = -pseudo % 100;

	if (pseudo > -200) {
		if (call == 19)
			return token == SCMP_ARCH_X86 ? 337 : 357; /* recvmmsg */
		if (call == 20)
			return token == SCMP_ARCH_X86 ? 345 : 358; /* sendmmsg */
		return call < (int)ARRAY_LEN(socketcalls) ? socketcalls[call] : -1;
	}
	return call < (int)ARRAY_LEN(ipcs) && ipcs[call] ? ipcs[call] : -1;
}

/* The ABIs with a multiplexer whose direct numbers are not written down here. */
static bool has_multiplexer(uint32_t token)
{
	static const uint32_t tokens[] = {
	    SCMP_ARCH_PPC,  SCMP_ARCH_PPC64, SCMP_ARCH_PPC64LE, SCMP_ARCH_MIPS, SCMP_ARCH_MIPSEL,
#ifdef SCMP_ARCH_M68K
	    SCMP_ARCH_M68K,
#endif
#ifdef SCMP_ARCH_SH
	    SCMP_ARCH_SH,   SCMP_ARCH_SHEB,
#endif
	};

	for (size_t i = 0; i < ARRAY_LEN(tokens); i++)
		if (tokens[i] == token)
			return true;
	return false;
}

/* Calls of guards and built-in policies that libseccomp may be too old for. From 424 on all ABIs have the same numbers, but for where they begin. */
static int newer_number(uint32_t token, const char *name)
{
	static const struct {
		const char *name;
		int nr;
	} calls[] = {{"mount_setattr", 442}, {"quotactl_fd", 443}, {"open_tree_attr", 467}};
	int first = token == SCMP_ARCH_X32                                           ? (int)X32_BIT
		    : token == SCMP_ARCH_MIPS || token == SCMP_ARCH_MIPSEL           ? 4000
		    : token == SCMP_ARCH_MIPS64 || token == SCMP_ARCH_MIPSEL64       ? 5000
		    : token == SCMP_ARCH_MIPS64N32 || token == SCMP_ARCH_MIPSEL64N32 ? 6000
										     : 0;

	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		if (str_eq(calls[i].name, name))
			return first + calls[i].nr;
	return __NR_SCMP_ERROR;
}

int abi_find(uint32_t token, const char *name, struct abi_call *ret)
{
	int nr = seccomp_syscall_resolve_name_arch(token, name);

	if (nr == __NR_SCMP_ERROR)
		nr = newer_number(token, name);

	*ret = (struct abi_call){.nr = nr, .mux_nr = -1};
	if (nr >= 0)
		return 1;
	if (nr == __NR_SCMP_ERROR)
		return -ENOENT;
	if (nr > -100 || nr <= -300)
		return 0;
	if (token != SCMP_ARCH_X86 && token != SCMP_ARCH_S390 && token != SCMP_ARCH_S390X)
		return has_multiplexer(token) ? -ENOTSUP : 0;
	ret->nr = direct_number(token, nr);
	ret->mux_nr = nr > -200 ? 102 : 117;
	ret->mux_mask = nr > -200 ? COMPARE_32 : 0xffff; /* ipc(2): a version stands in the upper half */
	ret->mux_call = (uint32_t)(-nr % 100);
	return 1;
}

uint32_t abi_clone_flags(uint32_t token)
{
	return token == SCMP_ARCH_S390 || token == SCMP_ARCH_S390X; /* CONFIG_CLONE_BACKWARDS2 */
}
