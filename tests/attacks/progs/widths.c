/* SPDX-License-Identifier: Apache-2.0 */
/* widths: makes calls whose arguments have bits on top that the kernel does not take, and says which were refused by the errno of the rules.
 * widths rules: prints the rules, as syscalls.syscalls of a policy. */
#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REFUSED 77 /* EBADFD, which none of these calls gives by itself */
#define NO_FD   1099

struct call {
	const char *name;
	long nr;
	int index; /* of the argument that the rule is about: args[index] */
	int bits;  /* that the kernel takes of it */
	unsigned long args[6];
};

#define AT(path) (unsigned long)(path)
static const struct call calls[] = {
    {"setreuid", SYS_setreuid, 0, 32, {0xffffffff, -1ul}},
    {"setresgid", SYS_setresgid, 2, 32, {-1ul, -1ul, 0xffffffff}},
    {"fchownat", SYS_fchownat, 4, 32, {AT_FDCWD, AT("/nosuch"), 7, 7, 0x100}},
    {"reboot", SYS_reboot, 0, 32, {9, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_CAD_ON}},
    {"sendmmsg", SYS_sendmmsg, 0, 32, {NO_FD, 0, 0, 0}},
    {"execveat", SYS_execveat, 4, 32, {NO_FD, AT("nosuch"), 0, 0, 0x100}},
    {"ptrace", SYS_ptrace, 1, 32, {PTRACE_DETACH, 0x3ffffff}},
    {"readv", SYS_readv, 0, 32, {NO_FD, 0, 0}},
    {"writev", SYS_writev, 2, 32, {NO_FD, 0, 3}},
    {"mmap", SYS_mmap, 4, 32, {0, 4096, PROT_READ, MAP_PRIVATE, NO_FD, 0}},
    {"mbind", SYS_mbind, 2, 32, {4096, 4096, 99}},
    {"mount", SYS_mount, 3, 32, {AT("/nosuch"), AT("/nosuch"), AT("nosuch"), 0x1000, 0}},
    {"ioctl", SYS_ioctl, 2, 32, {NO_FD, 5, 7}},
    {"fcntl", SYS_fcntl, 2, 32, {NO_FD, F_SETFL, 7}},
    {"lseek", SYS_lseek, 0, 32, {NO_FD, 0, SEEK_CUR}},
    {"openat", SYS_openat, 3, 16, {AT_FDCWD, AT("/nosuch/file"), O_CREAT, 04755}},
    {"mkdirat", SYS_mkdirat, 2, 16, {NO_FD, AT("d"), 0755}},
    {"mknodat", SYS_mknodat, 2, 16, {NO_FD, AT("d"), S_IFCHR | 0644}},
    {"fchmod", SYS_fchmod, 1, 16, {NO_FD, 04755}},
    {"fchmodat", SYS_fchmodat, 2, 16, {NO_FD, AT("d"), 04755}},
#ifdef SYS_open /* newer ABIs have the calls with at alone */
    {"chown", SYS_chown, 1, 32, {AT("/nosuch"), 7, 7}},
    {"open", SYS_open, 2, 16, {AT("/nosuch/file"), O_CREAT, 04755}},
    {"creat", SYS_creat, 1, 16, {AT("/nosuch/file"), 04755}},
    {"mkdir", SYS_mkdir, 1, 16, {AT("/nosuch/d"), 0755}},
    {"mknod", SYS_mknod, 1, 16, {AT("/nosuch/d"), S_IFIFO | 0644}},
    {"chmod", SYS_chmod, 1, 16, {AT("/nosuch"), 04755}},
#endif
};

static long make(const struct call *c, unsigned long value)
{
	unsigned long a[6];

	memcpy(a, c->args, sizeof(a));
	a[c->index] = value;
	errno = 0;
	return syscall(c->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void say(const char *name, const char *how, unsigned long value, int refused)
{
	printf("%s %s %#lx: %s\n", name, how, value, refused ? "refused" : "through");
}

#ifdef __x86_64__
/* lseek of i386, from a 64-bit program: its registers stay what they are. */
static void old_way(unsigned long value, const char *how)
{
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(19ul), "b"(value), "c"(0ul), "d"(1ul)
			 : "memory", "r8", "r9", "r10", "r11");
	say("lseek-i386", how, value, r == -REFUSED);
}
#endif

/* That it is not the number that is refused, nor whatever comes: the kernel makes a directory of mode 0755 of this. */
static void made(void)
{
	struct stat st;
	long r = syscall(SYS_mkdirat, AT_FDCWD, "/tmp/widths", 0x10000ul | 0755);

	if (r == 0 && stat("/tmp/widths", &st) == 0)
		printf("made a directory of mode %o\n", st.st_mode & 07777);
	rmdir("/tmp/widths");
}

int main(int argc, char **argv)
{
	static const int tops[] = {16, 20, 31, 32, 47, 63};
	const size_t n = sizeof(calls) / sizeof(*calls);

	(void)argv;
	for (size_t i = 0; i < n && argc > 1; i++)
		printf("%s{\"names\":[\"%s\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":%d,\"args\":[{\"index\":%d,"
		       "\"value\":%lu,"
		       "\"op\":\"SCMP_CMP_EQ\"}]}%s",
		       i ? "," : "[", calls[i].name, REFUSED, calls[i].index, calls[i].args[calls[i].index],
		       i + 1 < n ? "" : "]\n");
	if (argc > 1)
		return 0;
	umask(0);
	for (size_t i = 0; i < n; i++) {
		unsigned long value = calls[i].args[calls[i].index];

		make(&calls[i], value);
		say(calls[i].name, "plain", value, errno == REFUSED);
		for (size_t k = 0; k < sizeof(tops) / sizeof(*tops); k++) {
			if (tops[k] < calls[i].bits)
				continue;
			make(&calls[i], value | 1ul << tops[k]);
			say(calls[i].name, "on-top", value | 1ul << tops[k], errno == REFUSED);
		}
		make(&calls[i], value ^ 2);
		say(calls[i].name, "other", value ^ 2, errno == REFUSED);
	}
#ifdef __x86_64__
	old_way(NO_FD, "plain");
	old_way(NO_FD | 1ul << 32, "on-top");
	old_way(NO_FD ^ 2, "other");
#endif
	made();
	return 0;
}
