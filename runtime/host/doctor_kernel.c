/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel: each of what jailrun uses is used once, most of it in a process that ends with it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS _IOW('!', 4, uint64_t)
#endif
#define SYNC_WAKE_UP 1
#define OTHER_ID     100000 /* any but ours */

/* A probe returns 0 or -errno. */
typedef int probe_fn(uint64_t arg);

/* Runs it in a process of its own. */
static int in_child(probe_fn *probe, uint64_t arg)
{
	pid_t pid = fork();
	int status = 0;

	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(-probe(arg) & 0xff);
	if (proc_wait(pid, &status, 0) < 0)
		return -ECHILD;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

static int answer(long r)
{
	return r < 0 ? -errno : 0;
}

/* Whoever has no privileges makes containers in a user namespace of his own. */
static int become_able(void)
{
	return geteuid() == 0 ? 0 : answer(unshare(CLONE_NEWUSER));
}

static int try_namespace(uint64_t flag)
{
	int r = flag == CLONE_NEWUSER ? 0 : become_able();

	return r < 0 ? r : answer(unshare((int)flag));
}

static int try_clone3(uint64_t arg)
{
	pid_t pid = proc_clone(arg, -1, NULL);

	if (pid == 0)
		_exit(0);
	return pid < 0 ? (int)pid : (int)(proc_wait(pid, NULL, 0) & 0);
}

static int try_pidfd(uint64_t arg)
{
	AUTO_CLOSE int fd = proc_pidfd_open(getpid());

	(void)arg;
	return fd < 0 ? fd : proc_pidfd_signal(fd, 0);
}

static int try_openat2(uint64_t arg)
{
	AUTO_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;

	fd = root < 0 ? -errno : path_open_in(root, "proc", O_PATH, arg, NULL);
	return fd < 0 ? fd : 0;
}

static int try_mounts(uint64_t arg)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	AUTO_CLOSE int fs = -1, mnt = -1, tree = -1;
	int r = become_able();

	(void)arg;
	if (r < 0 || (r = answer(unshare(CLONE_NEWNS))) < 0)
		return r;
	fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	if (fs < 0 || (r = answer(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))) < 0)
		return fs < 0 ? -errno : r;
	mnt = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	if (mnt < 0 || (r = answer(syscall(SYS_mount_setattr, mnt, "", AT_EMPTY_PATH, &attr, sizeof(attr)))) < 0)
		return mnt < 0 ? -errno : r;
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	return tree < 0 ? -errno : 0;
}

/* A copy of the root's mount, attached nowhere, with other ids. */
static int try_idmap(uint64_t arg)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP};
	AUTO_CLOSE int tree = -1, userns = -1;
	pid_t pid = proc_clone(CLONE_NEWUSER, -1, NULL);
	char path[64], map[64];
	int r;

	(void)arg;
	if (pid < 0)
		return (int)pid;
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
	snprintf(map, sizeof(map), "0 %d 1", OTHER_ID);
	r = file_write(AT_FDCWD, path, map, NULL);
	snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)pid);
	r = r < 0 ? r : file_write(AT_FDCWD, path, map, NULL);
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	userns = r < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (r == 0 && userns < 0)
		r = -errno;
	attr.userns_fd = (uint64_t)userns;
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (r == 0 && tree < 0)
		r = -errno;
	if (r == 0)
		r = answer(syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)));
	kill(pid, SIGKILL);
	proc_wait(pid, NULL, 0);
	return r;
}

/* A filter that allows all; returns what seccomp(2) does. */
static long load_filter(unsigned long flags)
{
	struct sock_filter allow = {.code = BPF_RET | BPF_K, .k = SECCOMP_RET_ALLOW};
	struct sock_fprog prog = {.len = 1, .filter = &allow};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

static int try_filter(uint64_t flags)
{
	return answer(load_filter(flags));
}

static int try_sync_wake_up(uint64_t arg)
{
	long fd = load_filter(SECCOMP_FILTER_FLAG_NEW_LISTENER);

	return fd < 0 ? -errno : answer(ioctl((int)fd, SECCOMP_IOCTL_NOTIF_SET_FLAGS, arg));
}

static int try_trace(uint64_t options)
{
	pid_t pid = fork();
	int r;

	if (pid < 0)
		return -errno;
	if (pid == 0)
		for (;;)
			pause();
	r = answer(ptrace(PTRACE_SEIZE, pid, NULL, options));
	kill(pid, SIGKILL);
	proc_wait(pid, NULL, __WALL);
	return r;
}

/* The jail's helper, out of its sealed copy. What it says about its missing arguments goes nowhere. */
static int try_helper(uint64_t arg)
{
	struct err e = {0};
	int fd = jail_helper_open(&e), fds[2], r = 0;
	char *argv[] = {"jailrun", NULL}, *env[] = {NULL};
	pid_t pid;

	(void)arg;
	if (fd < 0)
		return fd;
	if (pipe2(fds, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		return -errno;
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		for (int i = 0; i < 3 && null >= 0; i++)
			dup2(null, i);
		syscall(SYS_execveat, fd, "", argv, env, AT_EMPTY_PATH);
		r = -errno;
		(void)!write(fds[1], &r, sizeof(r));
		_exit(1);
	}
	close(fds[1]);
	if (read(fds[0], &r, sizeof(r)) != sizeof(r)) /* its end was closed by execve */
		r = 0;
	proc_wait(pid, NULL, 0);
	return r;
}

static const struct feature {
	const char *id;
	probe_fn *probe;
	uint64_t arg;
	enum doctor_mark without;
	const char *what;    /* there is when it works */
	const char *lacking; /* or what there is not */
	const char *remedy;
	size_t keep;   /* where in struct doctor the answer is wanted, plus 1 */
	bool root_cap; /* CAP_SYS_ADMIN is needed */
} features[] = {
#define KEEP(field) (offsetof(struct doctor, field) + 1)
    {"kernel.clone3", try_clone3, 0, DOCTOR_BAD, "clone3(2)", "no process can be made", "Linux 5.7 has it", 0},
    {"kernel.pidfd", try_pidfd, 0, DOCTOR_BAD, "pidfd_open(2), pidfd_send_signal(2)",
     "no process can be named for good", "Linux 5.3 has it", 0},
    {"kernel.openat2", try_openat2, 0, DOCTOR_BAD, "openat2(2)", "no path can be resolved safely in a rootfs",
     "Linux 5.6 has it", 0},
    {"kernel.mount-api", try_mounts, 0, DOCTOR_BAD, "fsopen(2), fsmount(2), open_tree(2), mount_setattr(2)",
     "nothing can be mounted", "Linux 5.12 has all of it", 0, true},
    {"kernel.idmapped-mounts", try_idmap, 0, DOCTOR_NO, "idmapped mounts, on the file system of /",
     "mounts with uidMappings of that file system are refused",
     "as root, Linux 5.12 or newer, and a file system that takes them: ext4, xfs, btrfs; an overlay does not", 0, true},
    {"kernel.helper", try_helper, 0, DOCTOR_BAD, "the jail's helper can be executed from a sealed copy",
     "the jail's helper cannot be executed", "look at the sysctl vm.memfd_noexec and at the security module",
     KEEP(helper)},
    {"kernel.seccomp", try_filter, 0, DOCTOR_BAD, "seccomp filters", "no filter can be loaded",
     "a kernel with CONFIG_SECCOMP_FILTER", KEEP(filter)},
    {"kernel.seccomp-notify", try_filter, SECCOMP_FILTER_FLAG_NEW_LISTENER, DOCTOR_NO, "seccomp user notification",
     "refused calls are not reported, and SCMP_ACT_NOTIFY is refused",
     "Linux 5.0 has it; one filter of a process tree can have it", KEEP(listener)},
    {"kernel.seccomp-sync-wake-up", try_sync_wake_up, SYNC_WAKE_UP, DOCTOR_NO, "its SYNC_WAKE_UP",
     "each call that is reported costs some microseconds more", "Linux 6.6 has it", 0},
    {"kernel.ptrace", try_trace, PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP, DOCTOR_NO, "PTRACE_SEIZE of one's children",
     "policies with exec, limits or signals.protect are refused", "look at the security module", KEEP(trace)},
};

/* What bars the way though the kernel has it: a newer kernel or a sysctl is no help then. root_cap: root needs CAP_SYS_ADMIN for it. */
static const char *barred(const struct doctor *d, int r, bool root_cap)
{
	const bool filter = (r == -EPERM || r == -ENOSYS) && proc_is_filtered();
	const bool cap = r == -EPERM && root_cap && !d->rootless && !(d->jail.caps & 1ull << CAP_SYS_ADMIN);

	if (filter && cap)
		return "jailrun runs under a seccomp filter of a container or a sandbox around it, whose root has no "
		       "CAP_SYS_ADMIN: let the filter allow these calls and grant that, as docker and podman do with "
		       "--privileged";
	if (filter)
		return "jailrun runs under a seccomp filter of a container or a sandbox around it: let it allow these "
		       "calls";
	if (cap)
		return "root has no CAP_SYS_ADMIN here, as in the container of an engine: grant it (docker, podman: "
		       "--privileged)";
	return NULL;
}

/* What Yama says of tracing, or NULL. */
static const char *yama(const struct doctor *d)
{
	AUTO_FREE char *text = NULL;

	if (file_read(AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", 64, &text, NULL, NULL) < 0)
		return NULL;
	if (*text == '3')
		return "the sysctl kernel.yama.ptrace_scope is 3, until the next boot: take a smaller one in "
		       "/etc/sysctl.d";
	if (*text == '2' && !d->rootless && !(d->jail.caps & 1ull << CAP_SYS_PTRACE))
		return "the sysctl kernel.yama.ptrace_scope is 2, which wants CAP_SYS_PTRACE";
	return NULL;
}

static const char *remedy_of(const struct doctor *d, const struct feature *f, int r)
{
	const char *remedy = f->probe == try_trace ? yama(d) : NULL;

	if (!remedy)
		remedy = barred(d, r, f->root_cap);
	return remedy ? remedy : f->remedy;
}

static void add_features(struct doctor *d)
{
	for (size_t i = 0; i < ARRAY_LEN(features); i++) {
		const struct feature *f = &features[i];
		int r = in_child(f->probe, f->arg);

		if (f->keep)
			*(int *)((char *)d + f->keep - 1) = r;
		if (r == 0)
			doctor_add(d, DOCTOR_OK, f->id, NULL, "%s", f->what);
		else if (f->probe == try_idmap && d->rootless)
			doctor_add(d, DOCTOR_NONE, f->id, NULL, "idmapped mounts: needs root (%s)", doctor_why(r));
		else
			doctor_add(d, f->without, f->id, remedy_of(d, f, r), "%s: %s (%s)", f->what, f->lacking,
				   doctor_why(r));
	}
}

void doctor_jail(struct doctor *d)
{
	for (size_t i = 0; i < ARRAY_LEN(features); i++)
		if (features[i].keep)
			*(int *)((char *)d + features[i].keep - 1) = in_child(features[i].probe, features[i].arg);
}

/* The first of these files whose content is the one that forbids. */
static const char *forbidding_sysctl(void)
{
	static const struct {
		const char *name, *path, *value;
	} rows[] = {
	    {"user.max_user_namespaces", "/proc/sys/user/max_user_namespaces", "0\n"},
	    {"kernel.unprivileged_userns_clone", "/proc/sys/kernel/unprivileged_userns_clone", "0\n"},
	    {"kernel.apparmor_restrict_unprivileged_userns", "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
	     "1\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_FREE char *text = NULL;

		if (file_read(AT_FDCWD, rows[i].path, 64, &text, NULL, NULL) == 0 && str_eq(text, rows[i].value))
			return rows[i].name;
	}
	return NULL;
}

static void add_namespaces(struct doctor *d)
{
	int user = in_child(try_namespace, CLONE_NEWUSER);
	const char *sysctl = user < 0 ? forbidding_sysctl() : NULL;
	char id[48], remedy[128];

	for (int i = 0; i < NS_COUNT; i++) {
		const char *name = spec_ns_name((enum spec_ns)i);
		bool needed = i == NS_MOUNT || (i == NS_USER && d->rootless);
		int r = i == NS_USER ? user : in_child(try_namespace, spec_ns_flag((enum spec_ns)i));
		const char *bar = barred(d, r, i != NS_USER);

		snprintf(id, sizeof(id), "kernel.namespace.%s", name);
		snprintf(remedy, sizeof(remedy), "the sysctl %s forbids them", sysctl ? sysctl : "");
		if (r == 0)
			doctor_add(d, DOCTOR_OK, id, NULL, "can be made");
		else if (d->rootless && user < 0 && i != NS_USER)
			doctor_add(d, DOCTOR_NONE, id, NULL, "not to be known without a user namespace (%s)",
				   doctor_why(r));
		else
			doctor_add(d, needed ? DOCTOR_BAD : DOCTOR_NO, id,
				   i == NS_USER && sysctl ? remedy
				   : bar                  ? bar
				   : d->ns.kernel_has[i]
				       ? "look at the sysctls user.max_*_namespaces and at the security module"
				       : "a kernel that has them",
				   "cannot be made (%s): containers with one are refused", doctor_why(r));
	}
}

static void add_landlock(struct doctor *d)
{
	const int scopes = 6; /* hides PID 1 from who has CAP_SYS_PTRACE: jail_plan_hiding */

	if (d->jail.landlock_abi >= scopes)
		doctor_add(d, DOCTOR_OK, "kernel.landlock", NULL, "ABI %d", d->jail.landlock_abi);
	else
		doctor_add(d, DOCTOR_NO, "kernel.landlock", "Linux 6.12 has that, with landlock among lsm=",
			   "ABI %d of %d: a workload with CAP_SYS_PTRACE comes at the memory of the jail",
			   d->jail.landlock_abi, scopes);
}

static void add_filter_flags(struct doctor *d)
{
	struct spec_features f = {0};
	AUTO_BUF has = {0}, lacks = {0};

	jail_features(&d->call->arena, &f);
	for (size_t i = 0; i < f.seccomp_known_flags.n; i++)
		buf_printf(strv_has(&f.seccomp_supported_flags, f.seccomp_known_flags.v[i]) ? &has : &lacks, " %s",
			   f.seccomp_known_flags.v[i] + strlen("SECCOMP_FILTER_FLAG_"));
	doctor_add(d, lacks.len ? DOCTOR_NO : DOCTOR_OK, "kernel.seccomp-flags", NULL, "of linux.seccomp.flags%s%s%s",
		   has.data ? has.data : " none", lacks.len ? "; refused:" : "", lacks.data ? lacks.data : "");
}

static void add_psi(struct doctor *d)
{
	AUTO_FREE char *text = NULL;

	if (file_read(AT_FDCWD, "/proc/pressure/memory", 4096, &text, NULL, NULL) == 0)
		doctor_add(d, DOCTOR_OK, "kernel.psi", NULL, "pressure is counted");
	else
		doctor_add(d, DOCTOR_NO, "kernel.psi", "boot with psi=1", "pressure is not counted: events has no psi");
}

void doctor_kernel(struct doctor *d)
{
	struct utsname u;

	if (uname(&u) == 0)
		doctor_add(d, DOCTOR_OK, "kernel", NULL, "%s %s, %s", u.sysname, u.release, u.machine);
	add_features(d);
	add_filter_flags(d);
	add_namespaces(d);
	add_landlock(d);
	add_psi(d);
}
