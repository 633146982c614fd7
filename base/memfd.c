/* SPDX-License-Identifier: Apache-2.0 */
/* Data and programs in memory that nobody can write to. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fd.h"
#include "proc.h"
#include "str.h"
#include "wire.h"

#ifndef MFD_EXEC
#define MFD_NOEXEC_SEAL 0x0008U
#define MFD_EXEC        0x0010U
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif

/* memfd_create(2); before Linux 6.3 there is no word about execution. */
static int create(const char *name, unsigned int flags, unsigned int exec)
{
	int fd = memfd_create(name, flags | exec);

	return fd < 0 && errno == EINVAL ? memfd_create(name, flags) : fd;
}

static int refused(const char *name, struct err *e)
{
	return err_errno(e, "memfd_create '%s'%s", name,
			 errno == ENOSYS || errno == EPERM ? " (a seccomp filter around this program refuses it)" : "");
}

static int fill(int fd, const char *name, const void *data, size_t len, struct err *e)
{
	const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	int r = fd_write_all(fd, data, len);

	if (r < 0) {
		errno = -r;
		return err_errno(e, "write memfd '%s'", name);
	}
	if (fcntl(fd, F_ADD_SEALS, seals | F_SEAL_EXEC) < 0 && fcntl(fd, F_ADD_SEALS, seals) < 0)
		return err_errno(e, "seal memfd '%s'", name);
	return lseek(fd, 0, SEEK_SET) < 0 ? err_errno(e, "seek memfd '%s'", name) : 0;
}

int memfd_data(const char *name, struct err *e)
{
	int fd = create(name, MFD_CLOEXEC, MFD_NOEXEC_SEAL);

	return fd < 0 ? refused(name, e) : fd;
}

int memfd_sealed(const char *name, const void *data, size_t len, struct err *e)
{
	AUTO_CLOSE int fd = create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING, MFD_NOEXEC_SEAL);
	int r;

	if (fd < 0)
		return refused(name, e);
	r = fill(fd, name, data, len, e);
	return r < 0 ? r : take_fd(&fd);
}

static int fsconfig(int fs, unsigned int cmd, const char *key)
{
	return (int)syscall(SYS_fsconfig, fs, cmd, key, NULL, 0);
}

/* A file of a tmpfs that is mounted nowhere and read-only as a whole: no other mount of it can be made writable. */
static int on_tmpfs(const char *name, const void *data, size_t len, struct err *e)
{
	AUTO_CLOSE int fs = (int)syscall(SYS_fsopen, "tmpfs", 1 /* FSOPEN_CLOEXEC */), mnt = -1, out = -1, in = -1;
	int r;

	if (fs < 0)
		return err_errno(e, "fsopen of a tmpfs");
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL) < 0)
		return err_errno(e, "make a tmpfs");
	mnt = (int)syscall(SYS_fsmount, fs, 1 /* FSMOUNT_CLOEXEC */, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (mnt < 0)
		return err_errno(e, "fsmount of a tmpfs");
	out = openat(mnt, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0500);
	if (out < 0)
		return err_errno(e, "make '%s' in a tmpfs", name);
	r = fd_write_all(out, data, len);
	if (r < 0 || fchmod(out, 0555) < 0) { /* under any umask */
		errno = r < 0 ? -r : errno;
		return err_errno(e, "write '%s' in a tmpfs", name);
	}
	fd_close_p(&out); /* one that is open for writing keeps a file system writable */
	in = openat(mnt, name, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return err_errno(e, "open '%s' in a tmpfs", name);
	if (fsconfig(fs, FSCONFIG_SET_FLAG, "ro") < 0 || fsconfig(fs, FSCONFIG_CMD_RECONFIGURE, NULL) < 0)
		return err_errno(e, "make a tmpfs read-only");
	return take_fd(&in);
}

/* The caller's own ids, so that files can be made. */
static int map_self(uid_t uid, gid_t gid, struct err *e)
{
	char map[32];
	int r = file_write(AT_FDCWD, "/proc/self/setgroups", "deny", e);

	snprintf(map, sizeof(map), "%u %u 1\n", uid, uid);
	if (r >= 0)
		r = file_write(AT_FDCWD, "/proc/self/uid_map", map, e);
	snprintf(map, sizeof(map), "%u %u 1\n", gid, gid);
	return r < 0 ? r : file_write(AT_FDCWD, "/proc/self/gid_map", map, e);
}

/* Who may not mount makes a user namespace for it; the file outlives that. */
static int by_userns(const char *name, const void *data, size_t len, struct err *e)
{
	const uid_t uid = geteuid();
	const gid_t gid = getegid();
	struct wire m = {.kind = WIRE_FD};
	int pair[2], r, fd = -1;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(e, "socketpair");
	pid = proc_clone(CLONE_NEWUSER | CLONE_NEWNS, -1, NULL);
	if (pid == 0) {
		close(pair[0]);
		if (map_self(uid, gid, &m.err) < 0 || (fd = on_tmpfs(name, data, len, &m.err)) < 0)
			m.kind = WIRE_ERR;
		wire_send(pair[1], &m, fd);
		_exit(0);
	}
	close(pair[1]);
	r = pid < 0 ? pid : wire_recv(pair[0], &m, &fd);
	close(pair[0]);
	if (pid < 0)
		return err_set(e, -pid, "clone3 with a user namespace: %s", strerror(-pid));
	proc_wait(pid, NULL, 0);
	if (r > 0 && m.kind == WIRE_FD && fd >= 0)
		return fd;
	fd_close_p(&fd);
	if (r > 0 && m.kind == WIRE_ERR) {
		*e = m.err;
		return -e->code;
	}
	return err_set(e, EPIPE, "the process in a user namespace was killed");
}

int exec_copy(const char *name, const void *data, size_t len, struct err *e)
{
	AUTO_CLOSE int fd = create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING, MFD_EXEC);
	struct err root = {0}, user = {0};
	int r;

	if (fd < 0 && errno == EACCES) {
		if ((fd = on_tmpfs(name, data, len, &root)) >= 0 || (fd = by_userns(name, data, len, &user)) >= 0)
			return take_fd(&fd);
		return err_set(e, EACCES,
			       "memfd_create '%s': the sysctl vm.memfd_noexec is 2 and forbids it: set it to 1; "
			       "instead of it, %s; in a user namespace, %s",
			       name, root.text, user.text);
	}
	if (fd < 0)
		return refused(name, e);
	r = fill(fd, name, data, len, e);
	return r < 0 ? r : take_fd(&fd);
}

int exec_is_copy(const char *name, struct err *e)
{
	AUTO_CLOSE int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char link[64] = "", plain[64];
	struct statfs fs;
	int seals;

	if (fd < 0 || readlink("/proc/self/exe", link, sizeof(link) - 1) < 0 || fstatfs(fd, &fs) < 0)
		return err_errno(e, "look at /proc/self/exe");
	seals = fcntl(fd, F_GET_SEALS);
	if (seals >= 0 && (seals & F_SEAL_WRITE))
		return true;
	snprintf(plain, sizeof(plain), "/%s", name);
	return fs.f_type == TMPFS_MAGIC && (fs.f_flags & ST_RDONLY) && str_eq(link, plain);
}
