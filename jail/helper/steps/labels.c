/* SPDX-License-Identifier: Apache-2.0 */
/* seal.labels: what AppArmor and SELinux shall know the workload as, from its execve(2) on. The first of the seal's rows,
 * since a key ring that is made later has a label, too. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "jail/helper/helper.h"

#define PROC_ROOT_INO 1

/* The words must reach the kernel and nothing that the image has put in their way (CVE-2019-16884, CVE-2025-52881): a procfs that is
 * mounted nowhere, or the root of one, of which no other mount is entered. */
static int open_procfs(struct err *e)
{
	AUTO_CLOSE int fd = private_proc();
	struct statfs fs;
	struct stat st;

	if (fd < 0)
		fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_errno(e, "labels are set through a procfs, and there is none at /proc");
	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return err_errno(e, "stat /proc");
	if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != PROC_ROOT_INO)
		return err_set(e, EXDEV, "labels are set through a procfs, and what is at /proc is none");
	return take_fd(&fd);
}

/* An attribute of this thread: the link thread-self stays in the same procfs. Returns 0 or -errno, e is left alone. */
static int write_attr(int proc, const char *name, const char *value)
{
	char path[64];
	AUTO_CLOSE int fd = -1;
	size_t len = strlen(value);

	snprintf(path, sizeof(path), "thread-self/attr/%s", name);
	fd = path_open_in(proc, path, O_WRONLY, RESOLVE_NO_XDEV, NULL);
	if (fd < 0)
		return fd;
	return write(fd, value, len) == (ssize_t)len ? 0 : -errno;
}

static int set_apparmor(struct helper *h, int proc, struct err *e)
{
	const char *profile = h->plan.seal.apparmor;
	char *value = arena_printf(&h->arena, "exec %s", profile);
	int r;

	if (!value)
		return err_set(e, ENOMEM, "out of memory");
	r = write_attr(proc, "apparmor/exec", value);
	if (r == -ENOENT && !file_is_there(proc, "thread-self/attr/apparmor")) /* Linux before 5.8 */
		r = write_attr(proc, "exec", value);
	if (r == 0)
		return 0;
	if (r == -ENOENT)
		return lsm_no_profile(profile, e);
	err_set(e, -r, "apparmor failed to apply profile '%.128s': %s (%s)", profile, strerror(-r), errno_name(-r));
	err_ctx(e, "process.apparmorProfile");
	return r;
}

static int set_selinux(struct helper *h, int proc, struct err *e)
{
	const struct jail_seal *s = &h->plan.seal;
	int r = write_attr(proc, "exec", s->selinux);

	if (r == 0 && s->new_keyring)
		r = write_attr(proc, "keycreate", s->selinux);
	if (r == 0)
		return 0;
	err_set(e, -r, "SELinux does not take the label '%.128s': %s (%s)%s", s->selinux, strerror(-r), errno_name(-r),
		r == -EINVAL ? "; the policy that is loaded does not know it" : "");
	err_ctx(e, "process.selinuxLabel");
	return r;
}

int step_labels(struct helper *h, struct err *e)
{
	const struct jail_seal *s = &h->plan.seal;
	AUTO_CLOSE int proc = -1;
	int r = 0;

	if (!s->apparmor && !s->selinux)
		return 0;
	proc = open_procfs(e);
	if (proc < 0)
		return proc;
	if (s->apparmor)
		r = set_apparmor(h, proc, e);
	if (r == 0 && s->selinux)
		r = set_selinux(h, proc, e);
	return r;
}
