/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal: every file here is reached by the fd of the one before it (CVE-2025-52565). */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <termios.h>

#include "internal.h"

#ifndef DEVPTS_SUPER_MAGIC
#define DEVPTS_SUPER_MAGIC 0x1cd1
#endif

static int open_master(struct ns_run *r, struct err *e)
{
	/* O_PATH first: to open what poses as ptmx could do anything. */
	AUTO_CLOSE int dir = path_open_in(r->rootfs_fd, "/dev/pts", O_PATH | O_DIRECTORY, 0, e), fd = -1;
	const struct open_how how = {
	    .flags = O_RDWR | O_NOCTTY | O_CLOEXEC,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};
	struct statfs fs;

	if (dir < 0)
		return dir;
	if (fstatfs(dir, &fs) < 0)
		return err_errno(e, "statfs /dev/pts");
	if (fs.f_type != DEVPTS_SUPER_MAGIC)
		return err_set(e, EINVAL, "/dev/pts is no devpts: a terminal needs a mount of that type there");
	fd = (int)syscall(SYS_openat2, dir, "ptmx", &how, sizeof(how));
	if (fd < 0)
		return err_errno(e, "open /dev/pts/ptmx");
	return take_fd(&fd);
}

static int open_slave(int master, struct err *e)
{
	int unlock = 0, fd;

	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return err_errno(e, "unlock the pseudoterminal");
	fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? err_errno(e, "open the pseudoterminal's slave (TIOCGPTPEER)") : fd;
}

static int bind_console(struct ns_run *r, int slave, struct err *e)
{
	AUTO_CLOSE int dev = path_open_in(r->rootfs_fd, "/dev", O_PATH | O_DIRECTORY, 0, e);
	AUTO_CLOSE int tree = -1, target = -1;
	struct stat st;
	int result;

	if (dev < 0)
		return dev;
	/* With a /dev that ns_dev leaves alone it may be missing still. */
	target = openat(dev, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0 && errno == ENOENT) {
		target = openat(dev, "console", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		fd_close_p(&target);
		target = openat(dev, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	}
	if (target < 0 || fstat(target, &st) < 0)
		return err_errno(e, "open /dev/console");
	if (S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode))
		return err_set(e, ELOOP, "/dev/console in the rootfs is a %s: it must be a file or a device",
			       S_ISLNK(st.st_mode) ? "symbolic link" : "directory");
	tree = mnt_clone(slave, "", false);
	result = tree < 0 ? tree : mnt_attach(tree, target);
	if (result == 0)
		return 0;
	errno = -result;
	return err_errno(e, "bind the terminal on /dev/console");
}

int ns_terminal(const struct ns_plan *p, struct ns_run *r, int *ret_master, int *ret_slave, struct err *e)
{
	const struct spec_process *process = &p->config->process;
	AUTO_CLOSE int master = open_master(r, e), slave = -1;
	const struct winsize size = {
	    .ws_row = (unsigned short)process->console_height.v,
	    .ws_col = (unsigned short)process->console_width.v,
	};

	if (master < 0)
		return err_ctx(e, "process.terminal");
	slave = open_slave(master, e);
	if (slave < 0)
		return err_ctx(e, "process.terminal");
	if (size.ws_row && size.ws_col && ioctl(master, TIOCSWINSZ, &size) < 0) {
		err_errno(e, "set the window size %ux%u", size.ws_col, size.ws_row);
		return err_ctx(e, "process.consoleSize");
	}
	*ret_master = take_fd(&master);
	*ret_slave = take_fd(&slave);
	return 0;
}

int ns_console(const struct ns_plan *p, struct ns_run *r, int *ret_master, int *ret_slave, struct err *e)
{
	int result = ns_terminal(p, r, ret_master, ret_slave, e);

	if (result < 0)
		return result;
	result = bind_console(r, *ret_slave, e);
	if (result == 0)
		return 0;
	fd_close_p(ret_master);
	fd_close_p(ret_slave);
	return err_ctx(e, "process.terminal");
}
