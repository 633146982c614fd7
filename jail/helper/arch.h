/* SPDX-License-Identifier: Apache-2.0 */
/* All that differs between processors. */
#ifndef JAIL_HELPER_ARCH_H
#define JAIL_HELPER_ARCH_H

#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>

#if defined(__x86_64__)

#define ARCH_NATIVE AUDIT_ARCH_X86_64

/* Lets others go first while this processor waits for a word in memory. */
static inline void arch_pause(void)
{
	__builtin_ia32_pause();
}

/* Makes the system call at whose entry tid stands return `result` without being run. */
static inline int arch_cancel_syscall(pid_t tid, int64_t result)
{
	if (ptrace(PTRACE_POKEUSER, tid, offsetof(struct user_regs_struct, orig_rax), -1L) < 0 ||
	    ptrace(PTRACE_POKEUSER, tid, offsetof(struct user_regs_struct, rax), (long)result) < 0)
		return -errno;
	return 0;
}

/* Sets argument i, at the entry of a call or at its end. */
static inline int arch_set_argument(pid_t tid, uint32_t arch, int i, uint64_t value)
{
#define AT(reg) offsetof(struct user_regs_struct, reg)
	static const size_t wide[6] = {AT(rdi), AT(rsi), AT(rdx), AT(r10), AT(r8), AT(r9)};
	static const size_t narrow[6] = {AT(rbx), AT(rcx), AT(rdx), AT(rsi), AT(rdi), AT(rbp)};
#undef AT
	const size_t at = arch == AUDIT_ARCH_I386 ? narrow[i] : wide[i];

	return ptrace(PTRACE_POKEUSER, tid, at, (long)value) < 0 ? -errno : 0;
}

/* The six arguments of a call that was rolled back: the registers are as the caller set them. */
static inline int arch_arguments(pid_t tid, uint32_t arch, uint64_t ret[6])
{
	struct user_regs_struct r;

	if (ptrace(PTRACE_GETREGS, tid, NULL, &r) < 0)
		return -errno;
	if (arch == AUDIT_ARCH_I386) {
		const uint64_t v[6] = {r.rbx, r.rcx, r.rdx, r.rsi, r.rdi, r.rbp};

		for (int i = 0; i < 6; i++)
			ret[i] = v[i] & 0xffffffffu;
	} else {
		const uint64_t v[6] = {r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9};

		for (int i = 0; i < 6; i++)
			ret[i] = v[i];
	}
	return 0;
}

#elif defined(__aarch64__)

#define ARCH_NATIVE AUDIT_ARCH_AARCH64

#ifndef NT_ARM_SYSTEM_CALL
#define NT_ARM_SYSTEM_CALL 0x404
#endif

static inline void arch_pause(void)
{
	__asm__ volatile("isb" ::: "memory");
}

/* The number is a register set of its own here: writing x8 skips nothing. */
static inline int arch_cancel_syscall(pid_t tid, int64_t result)
{
	struct user_regs_struct regs;
	struct iovec iov = {&regs, sizeof(regs)};
	int none = -1;
	struct iovec nr = {&none, sizeof(none)};

	if (ptrace(PTRACE_SETREGSET, tid, NT_ARM_SYSTEM_CALL, &nr) < 0 ||
	    ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov) < 0)
		return -errno;
	regs.regs[0] = (uint64_t)result;
	return ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &iov) < 0 ? -errno : 0;
}

static inline int arch_arguments(pid_t tid, uint32_t arch, uint64_t ret[6])
{
	union {
		struct user_regs_struct wide;
		uint32_t narrow[18];
	} regs;
	struct iovec iov = {&regs, sizeof(regs)};

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov) < 0)
		return -errno;
	for (int i = 0; i < 6; i++)
		ret[i] = arch == AUDIT_ARCH_ARM ? regs.narrow[i] : regs.wide.regs[i];
	return 0;
}

/* At the end of a call the first register has its result. */
static inline int arch_set_argument(pid_t tid, uint32_t arch, int i, uint64_t value)
{
	union {
		struct user_regs_struct wide;
		uint32_t narrow[18];
	} regs;
	struct iovec iov = {&regs, sizeof(regs)};

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov) < 0)
		return -errno;
	if (arch == AUDIT_ARCH_ARM)
		regs.narrow[i] = (uint32_t)value;
	else
		regs.wide.regs[i] = value;
	return ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &iov) < 0 ? -errno : 0;
}

#else
#error "the jail's helper knows x86_64 and aarch64"
#endif

/* "x86_64" for AUDIT_ARCH_X86_64, for the audit lines. */
static inline const char *arch_name(uint32_t arch)
{
	switch (arch) {
	case AUDIT_ARCH_X86_64:
		return "x86_64";
	case AUDIT_ARCH_I386:
		return "x86";
	case AUDIT_ARCH_AARCH64:
		return "aarch64";
	case AUDIT_ARCH_ARM:
		return "arm";
	default:
		return "unknown";
	}
}

#endif
