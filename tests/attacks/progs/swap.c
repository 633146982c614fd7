/* SPDX-License-Identifier: Apache-2.0 */
/* swap A B: exchanges two names as fast as it can until it is killed: who resolves A more than once sees both. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXCHANGE 2 /* RENAME_EXCHANGE */

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	for (;;) {
		if (syscall(SYS_renameat2, AT_FDCWD, argv[1], AT_FDCWD, argv[2], EXCHANGE) < 0) {
			perror("renameat2");
			return 1;
		}
	}
}
