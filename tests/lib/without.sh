# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A seccomp filter around a command. Source it after common.sh; it makes $T/without:
# without ERRNO CALL COMMAND...: that system call is refused with this errno. "try" as the command tells, by its status, with which one it is.
cat >"$T/without.c" <<'C'
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ALLOW);
	int nr = argc > 3 ? seccomp_syscall_resolve_name(argv[2]) : -1;

	if (!c || nr < 0 || seccomp_attr_set(c, SCMP_FLTATR_CTL_NNP, 0) < 0 ||
	    seccomp_rule_add(c, SCMP_ACT_ERRNO(atoi(argv[1])), nr, 0) < 0 || seccomp_load(c) < 0)
		return 125;
	if (strcmp(argv[3], "try") == 0)
		return syscall(nr, -1L, -1L, -1L, -1L, -1L) < 0 ? errno : 0;
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 126;
}
C
gcc -o "$T/without" "$T/without.c" -lseccomp || skip_all "no compiler for the wrapper"
