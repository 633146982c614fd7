/* SPDX-License-Identifier: Apache-2.0 */
/* own_listener: a seccomp filter of one's own whose listener answers "continue": before a tracer's or supervisor's
 * filter it would take every decision. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	struct sock_filter insns[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog prog = {.len = 1, .filter = insns};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog) < 0) {
		printf("own_listener: refused: %s\n", strerror(errno));
		return 1;
	}
	printf("own_listener: installed\n");
	return 0;
}
