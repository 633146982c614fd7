/* SPDX-License-Identifier: Apache-2.0 */
/* The floor of the benchmark: what every runtime has to ask of the kernel for the bundle that `jailrun spec` writes, by the
 * cheapest calls and with nothing around them: no config.json, no state, no checks, constant paths. What a runtime takes
 * beyond this is its own.
 *
 *     floor [-c CGROUP2-DIR] ROOTFS PROGRAM [ARGUMENT...]
 *
 * -c: also make a cgroup in that directory of a cgroup2 mount, start in it, guard it with a device program, and remove it.
 * Classic mount(2) is one call a mount where fsopen(2) needs four: that is why it is here and not in the runtime, which
 * has to hold the targets by their fds. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static void die(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	_exit(125);
}

static const struct mount_row {
	const char *type, *target;
	unsigned long flags;
	const char *data;
	bool mkdir, optional;
} mounts[] = {
    {"proc", "proc", 0, NULL, false, false},
    {"tmpfs", "dev", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k", false, false},
    {"devpts", "dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5", true, false},
    {"tmpfs", "dev/shm", MS_NOSUID | MS_NOEXEC | MS_NODEV, "mode=1777,size=65536k", true, false},
    {"mqueue", "dev/mqueue", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL, true, false},
    {"sysfs", "sys", MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY, NULL, false, false},
    {"cgroup2", "sys/fs/cgroup", MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RELATIME | MS_RDONLY, NULL, false, true},
};

static const struct {
	const char *path;
	unsigned major, minor;
} devices[] = {
    {"dev/null", 1, 3},   {"dev/zero", 1, 5},    {"dev/full", 1, 7},
    {"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0},
};

static const char *const links[][2] = {
    {"/proc/self/fd", "dev/fd"},       {"/proc/self/fd/0", "dev/stdin"}, {"/proc/self/fd/1", "dev/stdout"},
    {"/proc/self/fd/2", "dev/stderr"}, {"/proc/kcore", "dev/core"},      {"pts/ptmx", "dev/ptmx"},
};

static const char *const masked[] = {
    "proc/acpi",       "proc/asound",      "proc/kcore",       "proc/keys",    "proc/latency_stats",
    "proc/timer_list", "proc/timer_stats", "proc/sched_debug", "sys/firmware", "proc/scsi",
};

static const char *const read_only[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger"};

/* After a chdir to the rootfs, which is a mount of its own already. */
static void fill_rootfs(void)
{
	for (size_t i = 0; i < LENGTH(mounts); i++) {
		const struct mount_row *m = &mounts[i];
		if (m->mkdir && mkdir(m->target, 0755) < 0)
			die(m->target);
		if (mount(m->type, m->target, m->type, m->flags, m->data) < 0 && !m->optional)
			die(m->target);
	}
	umask(0);
	for (size_t i = 0; i < LENGTH(devices); i++)
		if (mknod(devices[i].path, S_IFCHR | 0666, makedev(devices[i].major, devices[i].minor)) < 0)
			die(devices[i].path);
	for (size_t i = 0; i < LENGTH(links); i++)
		if (symlink(links[i][0], links[i][1]) < 0)
			die(links[i][1]);
	umask(022);
}

/* A file is covered by /dev/null, a directory by an empty tmpfs: the first mount tells which it is. */
static void mask(void)
{
	for (size_t i = 0; i < LENGTH(read_only); i++) {
		if (mount(read_only[i], read_only[i], NULL, MS_BIND | MS_REC, NULL) < 0) {
			if (errno == ENOENT)
				continue;
			die(read_only[i]);
		}
		if (mount(NULL, read_only[i], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
			  NULL) < 0)
			die(read_only[i]);
	}
	for (size_t i = 0; i < LENGTH(masked); i++) {
		if (mount("dev/null", masked[i], NULL, MS_BIND, NULL) == 0 || errno == ENOENT)
			continue;
		if (errno != ENOTDIR || mount("tmpfs", masked[i], "tmpfs", MS_RDONLY, "size=0k,nr_inodes=2") < 0)
			die(masked[i]);
	}
}

static void loopback_up(void)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};

	if (s < 0 || ioctl(s, SIOCSIFFLAGS, &ifr) < 0)
		die("lo");
	close(s);
}

/* The bundle's limits, the three capabilities that it leaves, no_new_privs, a session keyring of its own. */
static void seal(void)
{
	const uint64_t keep = 1u << CAP_KILL | 1u << CAP_NET_BIND_SERVICE | 1u << CAP_AUDIT_WRITE;
	struct rlimit nofile = {1024, 1024};
	struct __user_cap_header_struct hdr = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{(uint32_t)keep, (uint32_t)keep, 0}, {0, 0, 0}};

	if (setrlimit(RLIMIT_NOFILE, &nofile) < 0)
		die("setrlimit");
	syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, "_ses.floor", 0, 0, 0);
	for (unsigned c = 0; c < 64; c++)
		if (!(keep >> c & 1) && prctl(PR_CAPBSET_DROP, c, 0, 0, 0) < 0)
			break; /* past the last one */
	if (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, 0, 0, 0) < 0 ||
	    syscall(SYS_setresuid, 0, 0, 0) < 0)
		die("credentials");
	if (syscall(SYS_capset, &hdr, data) < 0)
		die("capset");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		die("no_new_privs");
}

static void child(const char *rootfs, char **argv)
{
	char *env[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm", NULL};

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (setsid() < 0)
		die("setsid");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		die("private");
	if (mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL) < 0 || chdir(rootfs) < 0)
		die(rootfs);
	loopback_up();
	if (sethostname("floor", 5) < 0)
		die("sethostname");
	fill_rootfs();
	mask();
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		die("pivot_root");
	if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0)
		die("read-only root");
	seal();
	syscall(SYS_close_range, 3, ~0u, 0);
	execve(argv[0], argv, env);
	die(argv[0]);
}

/* The device rules of a default bundle come to some twenty instructions; the kernel checks and attaches them in a time
 * that hardly depends on how many there are, so this one allows all. */
static void guard_devices(int cgroup)
{
	static const struct bpf_insn allow[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1},
	    {.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr load, attach;
	int prog;

	memset(&load, 0, sizeof(load));
	load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	load.insns = (uintptr_t)allow;
	load.insn_cnt = LENGTH(allow);
	load.license = (uintptr_t) "Apache-2.0";
	prog = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));
	if (prog < 0)
		die("device program");
	memset(&attach, 0, sizeof(attach));
	attach.target_fd = (uint32_t)cgroup;
	attach.attach_bpf_fd = (uint32_t)prog;
	attach.attach_type = BPF_CGROUP_DEVICE;
	attach.attach_flags = BPF_F_ALLOW_MULTI;
	if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof(attach)) < 0)
		die("attach");
	close(prog);
}

int main(int argc, char **argv)
{
	char cgroup[4096] = "";
	struct clone_args args = {.flags = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS |
					   CLONE_NEWCGROUP,
				  .exit_signal = SIGCHLD};
	int status, first = 1;
	pid_t pid;

	if (argc > 2 && strcmp(argv[1], "-c") == 0) {
		int fd;
		snprintf(cgroup, sizeof(cgroup), "%s/floor-%d", argv[2], (int)getpid());
		if (mkdir(cgroup, 0755) < 0 || (fd = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
			die(cgroup);
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)fd;
		guard_devices(fd);
		first = 3;
	}
	if (argc < first + 2) {
		fprintf(stderr, "usage: floor [-c CGROUP2-DIR] ROOTFS PROGRAM [ARGUMENT...]\n");
		return 125;
	}
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		child(argv[first], argv + first + 1);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		status = 125 << 8;
	if (cgroup[0] && rmdir(cgroup) < 0)
		die(cgroup);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
