/* SPDX-License-Identifier: Apache-2.0 */
/* A system call in a process that has not run yet: what differs between processors. */
#ifndef JAIL_HELPER_INJECT_H
#define JAIL_HELPER_INJECT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>

#include "jail/helper/arch.h"

/* The calls that are made there. */
enum call { CALL_EXECVE, CALL_PRCTL, CALL_SETITIMER };

#if defined(__x86_64__)

struct cpu {
	struct user_regs_struct r;
};

/* PTRACE_GETREGS has the 64-bit registers of a 32-bit program, too. */
static inline bool cpu_get(pid_t tid, struct cpu *ret)
{
	return ptrace(PTRACE_GETREGS, tid, NULL, &ret->r) == 0;
}

static inline bool cpu_set(pid_t tid, const struct cpu *c)
{
	return ptrace(PTRACE_SETREGS, tid, NULL, &c->r) == 0;
}

/* Runs the calls of 32 bits: __USER32_CS of the kernel. */
static inline bool cpu_narrow(const struct cpu *c)
{
	return c->r.cs == 0x23;
}

static inline uint64_t cpu_ip(const struct cpu *c)
{
	return c->r.rip;
}

static inline uint64_t cpu_sp(const struct cpu *c)
{
	return c->r.rsp;
}

static inline int64_t cpu_result(const struct cpu *c)
{
	return cpu_narrow(c) ? (int32_t)c->r.rax : (int64_t)c->r.rax;
}

/* Puts the instruction that makes a system call over the first bytes of a word. */
static inline uint64_t cpu_trap(const struct cpu *c, uint64_t word)
{
	static const uint8_t syscall_insn[] = {0x0f, 0x05}, int80[] = {0xcd, 0x80};

	memcpy(&word, cpu_narrow(c) ? int80 : syscall_insn, 2);
	return word;
}

static inline void cpu_call(struct cpu *c, enum call call, const uint64_t args[3])
{
	static const int wide[] = {SYS_execve, SYS_prctl, SYS_setitimer}, narrow[] = {11, 172, 104};

	c->r.orig_rax = (unsigned long long)-1;
	c->r.rax = (unsigned long long)(cpu_narrow(c) ? narrow[call] : wide[call]);
	if (cpu_narrow(c)) {
		c->r.rbx = args[0];
		c->r.rcx = args[1];
		c->r.rdx = args[2];
	} else {
		c->r.rdi = args[0];
		c->r.rsi = args[1];
		c->r.rdx = args[2];
	}
	/* prctl(2) wants what it does not use to be 0. */
	if (cpu_narrow(c))
		c->r.rsi = c->r.rdi = 0;
	else
		c->r.r10 = c->r.r8 = 0;
}

#elif defined(__aarch64__)

struct cpu {
	struct user_regs_struct r;
};

/* A 32-bit program has a smaller set: there is none to be had here. */
static inline bool cpu_get(pid_t tid, struct cpu *ret)
{
	struct iovec iov = {&ret->r, sizeof(ret->r)};

	return ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &iov) == 0 && iov.iov_len == sizeof(ret->r);
}

static inline bool cpu_set(pid_t tid, const struct cpu *c)
{
	struct iovec iov = {(void *)&c->r, sizeof(c->r)};

	return ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &iov) == 0;
}

static inline bool cpu_narrow(const struct cpu *c)
{
	(void)c;
	return false;
}

static inline uint64_t cpu_ip(const struct cpu *c)
{
	return c->r.pc;
}

static inline uint64_t cpu_sp(const struct cpu *c)
{
	return c->r.sp;
}

static inline int64_t cpu_result(const struct cpu *c)
{
	return (int64_t)c->r.regs[0];
}

static inline uint64_t cpu_trap(const struct cpu *c, uint64_t word)
{
	(void)c;
	return (word & ~0xffffffffull) | 0xd4000001u; /* svc #0 */
}

static inline void cpu_call(struct cpu *c, enum call call, const uint64_t args[3])
{
	static const int wide[] = {SYS_execve, SYS_prctl, SYS_setitimer};

	c->r.regs[8] = (uint64_t)wide[call];
	memcpy(c->r.regs, args, 3 * sizeof(args[0]));
	c->r.regs[3] = c->r.regs[4] = 0; /* prctl(2) wants what it does not use to be 0 */
}

#endif
#endif
