/* SPDX-License-Identifier: Apache-2.0 */
/* rlimits FILES BYTES: tries to have more files open, and to write more into one, than that. Prints what it reached. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void raise_limit(const char *what, int type, unsigned long most)
{
	struct rlimit64 up = {most * 4, most * 4}, now;
	struct rlimit old = {most * 4, most * 4};

	if (prlimit64(0, type, &up, NULL) == 0)
		printf("%s: prlimit raised it\n", what);
	if (syscall(SYS_setrlimit, type, &old) == 0)
		printf("%s: setrlimit raised it\n", what);
	if (prlimit64(getppid(), type, &up, NULL) == 0)
		printf("%s: raised that of its parent\n", what);
	getrlimit64(type, &now);
	if (now.rlim_max > most || now.rlim_cur > most)
		printf("%s: is %llu\n", what, (unsigned long long)now.rlim_max);
}

static void open_all(unsigned long most)
{
	int fd, top = -1;

	while ((fd = open("/", O_RDONLY)) >= 0)
		top = fd;
	if (dup2(0, (int)most) >= 0 || fcntl(0, F_DUPFD, (int)most) >= 0)
		printf("open_files: a number above\n");
	if (top >= (int)most)
		printf("open_files: %d\n", top);
	for (fd = 3; fd <= top; fd++)
		close(fd);
}

static void grow(unsigned long most)
{
	static char page[4096];
	struct stat st;
	int fd = open("/tmp/big", O_RDWR | O_CREAT | O_TRUNC, 0600), twin;

	while (write(fd, page, sizeof(page)) > 0)
		;
	(void)!pwrite(fd, page, sizeof(page), (off_t)most);
	(void)!ftruncate(fd, (off_t)most + 1);
	(void)!truncate("/tmp/big", (off_t)most + 1);
	(void)!posix_fallocate(fd, 0, (off_t)most + 1);
	twin = open("/bin/busybox", O_RDONLY);
	(void)!copy_file_range(twin, NULL, fd, &(loff_t){(off_t)most}, 4096, 0);
	fstat(fd, &st);
	if (st.st_size != (off_t)most)
		printf("file_size: %lld\n", (long long)st.st_size);
	fd = memfd_create("m", 0);
	if (ftruncate(fd, (off_t)most + 1) == 0)
		printf("file_size: a memfd is larger\n");
	unlink("/tmp/big");
}

int main(int argc, char **argv)
{
	unsigned long files = argc > 2 ? strtoul(argv[1], NULL, 10) : 0,
		      bytes = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;

	signal(SIGXFSZ, SIG_IGN);
	raise_limit("open_files", RLIMIT_NOFILE, files);
	raise_limit("file_size", RLIMIT_FSIZE, bytes);
	open_all(files);
	grow(bytes);
	puts("end");
	return 0;
}
