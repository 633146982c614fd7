/* SPDX-License-Identifier: Apache-2.0 */
/* Files, fds, sockets and the paths of a hostile tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

static char top[64], outside[80];
static int root = -1;

static int setup(void **state)
{
	(void)state;
	strcpy(top, "/tmp/jailrun-base-XXXXXX");
	if (!mkdtemp(top))
		return -1;
	snprintf(outside, sizeof(outside), "%s/outside", top);
	mkdir(outside, 0755);
	root = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	mkdirat(root, "r", 0755);
	fd_close_p(&root);
	strcat(top, "/r");
	root = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	fd_close_p(&root);
	snprintf(command, sizeof(command), "rm -rf '%.*s'", (int)strlen(top) - 2, top);
	return system(command);
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* Links out of the tree lead into it. */
static void links_stay_inside(void **state)
{
	AUTO_CLOSE int fd = -1;
	char path[160];
	struct err e = {0};

	(void)state;
	assert_int_equal(symlinkat(outside, root, "absolute"), 0);
	assert_int_equal(symlinkat("../../../../../../etc", root, "dots"), 0);
	assert_int_equal(path_open_in(root, "/absolute", O_PATH, 0, &e), -ENOENT);
	assert_non_null(strstr(e.text, "'/absolute' in the rootfs"));
	assert_int_equal(path_open_in(root, "dots", O_PATH, 0, NULL), -ENOENT);
	/* With the same names inside they are followed there. */
	snprintf(path, sizeof(path), "%s/etc", top);
	assert_int_equal(mkdir(path, 0755), 0);
	fd = path_open_in(root, "dots", O_PATH, 0, NULL);
	assert_true(fd >= 0);
	/* And what is made through them is made inside. */
	fd_close_p(&fd);
	e = (struct err){0};
	fd = path_mkdirs_in(root, "/dots/a/b", 0755, NULL, NULL, &e);
	assert_true(fd >= 0);
	snprintf(path, sizeof(path), "%s/etc/a/b", top);
	assert_true(exists(path));
	assert_false(exists("/etc/a/b"));
}

static int remember(void *arg, const char *path, bool is_dir, struct err *e)
{
	struct buf *b = arg;

	(void)e;
	buf_printf(b, "%c%s ", is_dir ? 'd' : 'f', path);
	return 0;
}

static int refuse(void *arg, const char *path, bool is_dir, struct err *e)
{
	(void)arg, (void)is_dir;
	return err_set(e, ENOSPC, "no room for '%s'", path);
}

static void what_is_made_is_told_before(void **state)
{
	AUTO_BUF made = {0};
	AUTO_CLOSE int fd = -1;
	struct err e = {0};

	(void)state;
	fd = path_mkfile_in(root, "/new/dir/file", 0600, remember, &made, &e);
	assert_true(fd >= 0);
	assert_string_equal(made.data, "d/new d/new/dir f/new/dir/file ");
	made.len = 0;
	fd_close_p(&fd);
	fd = path_mkfile_in(root, "/new/dir/file", 0600, remember, &made, &e);
	assert_true(fd >= 0);
	assert_int_equal(made.len, 0);
	assert_int_equal(path_mkdirs_in(root, "/other", 0755, refuse, NULL, &e), -ENOSPC);
	assert_int_equal(path_open_in(root, "/other", O_PATH, 0, NULL), -ENOENT);
	assert_int_equal(path_mkdirs_in(root, "/x/../y", 0755, NULL, NULL, NULL), -EINVAL);
	assert_int_equal(path_mkdirs_in(root, "/new/dir/file/sub", 0755, NULL, NULL, NULL), -ENOTDIR);
}

static void files_are_replaced_whole(void **state)
{
	AUTO_CLOSE int dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FREE char *data = NULL;
	struct err e = {0};
	size_t len;

	(void)state;
	assert_int_equal(file_replace(dir, "f", "old", 3, 0600, &e), 0);
	assert_int_equal(file_replace(dir, "f", "new\0x", 5, 0600, &e), 0);
	assert_int_equal(file_read(dir, "f", 100, &data, &len, &e), 0);
	assert_int_equal(len, 5);
	assert_memory_equal(data, "new\0x", 6);
	assert_int_equal(file_read(dir, "f", 4, &data, &len, &e), -EFBIG);
	e = (struct err){0};
	assert_int_equal(file_read(dir, ".", 4, &data, &len, &e), -EISDIR);
	e = (struct err){0};
	assert_int_equal(file_read(dir, "nope", 4, &data, &len, &e), -ENOENT);
	assert_non_null(strstr(e.text, "'nope'"));
	/* Endless and of no size. */
	e = (struct err){0};
	assert_int_equal(file_read(AT_FDCWD, "/dev/zero", 100000, &data, &len, &e), -EFBIG);
}

/* In a directory for all somebody may have guessed the name that the temporary file gets. */
static void a_planted_file_is_not_used(void **state)
{
	AUTO_CLOSE int dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC), planted = -1;
	struct stat theirs, ours;
	char name[64];

	(void)state;
	snprintf(name, sizeof(name), "f.tmp.%d", (int)getpid());
	planted = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	assert_int_equal(file_replace(dir, "f", "7", 1, 0644, NULL), 0);
	assert_int_equal(fstat(planted, &theirs), 0);
	assert_int_equal(fstatat(dir, "f", &ours, 0), 0);
	assert_int_equal(ours.st_size, 1);
	assert_true(theirs.st_ino != ours.st_ino && theirs.st_size == 0);
	/* A link is no way to write elsewhere, and is not in the way. */
	assert_int_equal(symlinkat(outside, dir, name), 0);
	assert_int_equal(file_replace(dir, "f", "8", 1, 0644, NULL), 0);
	assert_int_equal(fstatat(dir, name, &ours, AT_SYMLINK_NOFOLLOW), -1);
}

static void memfds_are_sealed(void **state)
{
	AUTO_CLOSE int fd = memfd_sealed("x", "data", 4, NULL);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "D", 1), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(fd, 2), -1);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void programs_are_sealed(void **state)
{
	AUTO_CLOSE int fd = exec_copy("x", "data", 4, NULL);
	struct err e = {0};
	struct stat st;

	(void)state;
	assert_true(fd >= 0 && fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(fd, "D", 1), -1);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_mode & 0100);
	assert_int_equal(exec_is_copy("x", &e), 0);
}

static void messages_carry_fds(void **state)
{
	struct wire m = {.kind = WIRE_FD, .row = 5, .value = -7}, got;
	AUTO_CLOSE int fd = -1, file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct stat a, b;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	err_set(&m.err, EIO, "text");
	assert_int_equal(wire_send(pair[0], &m, file), 0);
	assert_int_equal(wire_recv(pair[1], &got, &fd), 1);
	assert_memory_equal(&m, &got, sizeof(m));
	assert_true(fd >= 0 && fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fstat(fd, &a) == 0 && fstat(file, &b) == 0 && a.st_rdev == b.st_rdev);
	assert_int_equal(write(pair[0], "short", 5), 5);
	assert_int_equal(wire_recv(pair[1], &got, NULL), -EBADMSG);
	close(pair[0]);
	assert_int_equal(wire_recv(pair[1], &got, NULL), 0);
	assert_int_equal(wire_send(pair[1], &m, -1), -EPIPE);
	close(pair[1]);
}

/* What one side said last is heard, even when it left with words of ours unread. */
static void last_words_are_heard(void **state)
{
	struct wire m = {.kind = WIRE_ERR}, got;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(wire_send(pair[0], &(struct wire){.kind = WIRE_START}, -1), 0);
	assert_int_equal(wire_send(pair[1], &m, -1), 0);
	close(pair[1]);
	assert_int_equal(wire_recv(pair[0], &got, NULL), 1);
	assert_int_equal(got.kind, WIRE_ERR);
	assert_int_equal(wire_recv(pair[0], &got, NULL), 0);
	close(pair[0]);
}

static void a_process_has_a_start(void **state)
{
	uint64_t one, again;
	char letter;

	(void)state;
	assert_int_equal(proc_start_time(getpid(), &one, &letter), 0);
	assert_int_equal(letter, 'R');
	assert_int_equal(proc_start_time(getpid(), &again, NULL), 0);
	assert_true(one == again && one > 0);
	assert_int_equal(proc_start_time(4194305, &one, NULL), -ESRCH);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(links_stay_inside),
	    T(what_is_made_is_told_before),
	    T(files_are_replaced_whole),
	    T(a_planted_file_is_not_used),
	    cmocka_unit_test(memfds_are_sealed),
	    cmocka_unit_test(programs_are_sealed),
	    cmocka_unit_test(messages_carry_fds),
	    cmocka_unit_test(last_words_are_heard),
	    cmocka_unit_test(a_process_has_a_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
