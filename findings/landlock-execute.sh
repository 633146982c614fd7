#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Finding: under Landlock a program that may be executed, but not read, is not executed. The mode of a file knows that state (0111), and
# Landlock has a right for each of the two; but LANDLOCK_ACCESS_FS_EXECUTE is worth nothing without LANDLOCK_ACCESS_FS_READ_FILE.
# Seen with Linux 6.18 (x86_64), the program compiled by tcc 0.9.27+git20200814.62c30a4a-1, busybox-static 1:1.35.0-4+deb12u1+b1 of Debian 12.
# Expected: the rights hold each for itself, as the kernel's page has them. What follows: a sandbox that hides what its programs
# consist of, and lets them run, has no programs; and a list of what may be read decides what may be executed, too.
. "$(dirname "$0")/peers.bash"
packages tcc=0.9.27+git20200814.62c30a4a-1 busybox-static=1:1.35.0-4+deb12u1+b1
cat >rights.c <<'C'
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXECUTE   1UL
#define READ_FILE 4UL

/* What is handled is refused, but for what is granted for all files. 0 0: no Landlock. */
static void try(const char *name, unsigned long handled, unsigned long granted, const char *program)
{
	struct __attribute__((packed)) {
		unsigned long access;
		int fd;
	} rule = {granted, open("/", O_PATH)};
	int status;

	fflush(stdout);
	if (fork() == 0) {
		if (handled) {
			int set = syscall(444, &handled, sizeof(handled), 0);

			if (set < 0 || (granted && syscall(445, set, 1, &rule, 0)) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(446, set, 0))
				_exit(2);
		} else if (setuid(65534)) {
			_exit(2);
		}
		execl(program, "true", (char *)NULL);
		_exit(errno == EACCES ? 1 : 2);
	}
	wait(&status);
	status = WEXITSTATUS(status);
	printf("%s: %s\n", name, status == 0 ? "runs" : status == 1 ? "EACCES" : "?");
	close(rule.fd);
}

int main(int argc, char **argv)
{
	try("mode 0111, another user", 0, 0, argv[1]);
	try("Landlock, execute granted, read not asked about", EXECUTE, EXECUTE, argv[1]);
	try("Landlock, execute granted, read refused", EXECUTE | READ_FILE, EXECUTE, argv[1]);
	try("Landlock, execute not asked about, read refused", READ_FILE, 0, argv[1]);
	try("Landlock, both granted", EXECUTE | READ_FILE, EXECUTE | READ_FILE, argv[1]);
	return 0;
}
C
lib=root/usr/lib/$(uname -m)-linux-gnu/tcc
root/usr/bin/tcc -B"$lib" -o rights rights.c
chmod 755 "$dir" root root/bin
chmod 0111 root/bin/busybox
timeout 30 ./rights "$dir/root/bin/busybox" | tee seen
diff - seen <<'SEEN'
mode 0111, another user: runs
Landlock, execute granted, read not asked about: runs
Landlock, execute granted, read refused: EACCES
Landlock, execute not asked about, read refused: EACCES
Landlock, both granted: runs
SEEN
echo "as found, on Linux $(uname -r)"
