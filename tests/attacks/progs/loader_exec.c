/* SPDX-License-Identifier: Apache-2.0 */
/* loader_exec root|mount|race DENIED ALLOWED LOADER [N]: executes an allowed dynamic program so that the kernel takes the denied
 * one for its ELF interpreter, whose path is LOADER. root: in a root of its own, from a working directory outside; mount: the denied
 * one is bound over the loader in a mount namespace of its own; race: while it comes and goes there, N times. The denied one is a copy of
 * this program, which ends with 42 when it is run with --report. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/loader_exec.XXXXXX";

static void fail(const char *what)
{
	printf("loader_exec: %s: %s\n", what, strerror(errno));
	exit(3);
}

/* A user namespace of its own, when the capability is missing. */
static void need_caps(void)
{
	if (unshare(CLONE_NEWNS) < 0 && (errno != EPERM || unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0))
		fail("unshare");
}

static void copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	if (in < 0 || out < 0)
		fail(to);
	while (sendfile(out, in, NULL, 1 << 20) > 0)
		;
	close(in);
	close(out);
}

static void own_root(const char *denied, const char *loader)
{
	char path[512];

	if (!mkdtemp(dir))
		fail("mkdtemp");
	snprintf(path, sizeof(path), "%s%s", dir, loader);
	for (char *p = path + strlen(dir) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(path, 0755);
		*p = '/';
	}
	copy(denied, path);
	if (chdir("/") < 0 || (chroot(dir) < 0 && (unshare(CLONE_NEWUSER) < 0 || chroot(dir) < 0)))
		fail("chroot");
}

static int run(const char *allowed)
{
	char *args[] = {(char *)"allowed", (char *)"--report", NULL}, *env[] = {NULL};
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execve(allowed, args, env);
		_exit(errno == EACCES ? 13 : 15);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		fail("fork");
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void race(const char *denied, const char *allowed, const char *loader, int n)
{
	int ran = 0, killed = 0, refused = 0, escaped = 0;
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			if (usleep(300), mount(denied, loader, NULL, MS_BIND, NULL) == 0)
				usleep(300), umount2(loader, MNT_DETACH);
	while (n-- > 0) {
		int how = run(allowed);

		ran += how == 0;
		killed += how < 0;
		refused += how == 13;
		escaped += how == 42;
	}
	kill(pid, SIGKILL);
	printf("loader_exec: ran=%d killed=%d refused=%d escaped=%d\n", ran, killed, refused, escaped);
}

int main(int argc, char **argv)
{
	int how;

	if (argc == 2)
		return 42;
	if (argc < 5)
		return 2;
	setbuf(stdout, NULL);
	if (strcmp(argv[1], "root") == 0) {
		own_root(argv[2], argv[4]);
		how = run(argv[3] + 1);
	} else {
		need_caps();
		if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
			fail("mount");
		if (strcmp(argv[1], "race") == 0) {
			race(argv[2], argv[3], argv[4], argc > 5 ? atoi(argv[5]) : 1000);
			return 0;
		}
		if (mount(argv[2], argv[4], NULL, MS_BIND, NULL) < 0)
			fail("bind");
		how = run(argv[3]);
	}
	printf("loader_exec: %s\n", how < 0 ? "killed" : how == 13 ? "refused" : how == 42 ? "escaped" : "ran");
	return 0;
}
