/* SPDX-License-Identifier: Apache-2.0 */
/* sigsys [block|keep]: keep: says whether a call has left the registers of its arguments alone. Else it makes calls that may be trapped, and says what its handler got. The handler gives mkdir(2) the result 7. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

static void handler(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	char text[128];
	int n = snprintf(text, sizeof(text), "sig %d code %d errno %d arch %x %s\n", sig, info->si_code, info->si_errno,
			 (unsigned int)info->si_arch, info->si_syscall == SYS_mkdirat ? "mkdirat" : "another call");

	(void)!write(1, text, (size_t)n);
#if defined(__x86_64__)
	u->uc_mcontext.gregs[REG_RAX] = 7;
#elif defined(__aarch64__)
	u->uc_mcontext.regs[0] = 7;
#endif
}

static int keep(void)
{
#if defined(__x86_64__)
	register long result __asm__("rax") = SYS_mkdirat;
	register long at __asm__("rdi") = -100;
	register const char *path __asm__("rsi") = "/tmp/kept";
	register long mode __asm__("rdx") = 0700;

	__asm__ volatile("syscall" : "+r"(result), "+r"(at), "+r"(path), "+r"(mode) : : "rcx", "r11", "memory");
#else
	register long result __asm__("x0") = -100;
	register const char *path __asm__("x1") = "/tmp/kept";
	register long mode __asm__("x2") = 0700;
	register long nr __asm__("x8") = SYS_mkdirat;

	__asm__ volatile("svc 0" : "+r"(result), "+r"(path), "+r"(mode) : "r"(nr) : "memory");
#endif
	long got = result, left = mode;

	printf("result %ld mode %lo\n", got, left);
	return 0;
}

int main(int argc, char **argv)
{
	struct sigaction act = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
	sigset_t set;

	if (argc > 1 && strcmp(argv[1], "keep") == 0)
		return keep();
	sigaction(SIGSYS, &act, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	if (argc > 1 && strcmp(argv[1], "block") == 0)
		sigprocmask(SIG_BLOCK, &set, NULL);
	printf("result %ld\n", syscall(SYS_mkdirat, -100, "/tmp/made", 0700));
	fflush(stdout);
	printf("made %d\n", access("/tmp/made", F_OK) == 0);
	return 0;
}
