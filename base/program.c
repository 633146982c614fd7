/* SPDX-License-Identifier: Apache-2.0 */
#include "program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "fd.h"
#include "str.h"

#define HEAD_MAX   4096u /* where linkers put what is asked here; the kernel reads 256 bytes of a script */
#define LEVELS_MAX 4     /* interpreters of interpreters, as in the kernel */

struct head {
	unsigned char b[HEAD_MAX + 1];
	size_t n;
	bool big; /* endian */
	bool wide;
};

static const struct {
	unsigned machine;
	bool wide;
	const char *name;
} machines[] = {
    {EM_X86_64, true, "x86_64"}, {EM_X86_64, false, "x32"},   {EM_386, false, "i386"},    {EM_AARCH64, true, "aarch64"},
    {EM_ARM, false, "arm"},      {EM_RISCV, true, "riscv64"}, {EM_PPC64, true, "ppc64"},  {EM_S390, true, "s390x"},
    {EM_MIPS, false, "mips"},    {EM_MIPS, true, "mips64"},   {EM_PPC, false, "powerpc"}, {258, true, "loongarch64"},
};

#if defined(__x86_64__)
#define NATIVE "x86_64"
static const unsigned natives[] = {EM_X86_64, EM_386};
#elif defined(__aarch64__)
#define NATIVE "aarch64"
static const unsigned natives[] = {EM_AARCH64, EM_ARM};
#else
#define NATIVE "this machine"
static const unsigned natives[] = {0};
#endif

static uint64_t number(const struct head *h, size_t at, size_t size)
{
	uint64_t v = 0;

	for (size_t i = 0; i < size; i++)
		v = v << 8 | h->b[at + (h->big ? i : size - 1 - i)];
	return v;
}

static bool is_native(unsigned machine)
{
	for (size_t i = 0; i < ARRAY_LEN(natives); i++)
		if (natives[i] == machine || natives[i] == 0)
			return true;
	return false;
}

static int other_machine(const struct head *h, unsigned machine, char *buf, size_t size)
{
	char name[24];

	snprintf(name, sizeof(name), "ELF machine %u", machine);
	for (size_t i = 0; i < ARRAY_LEN(machines); i++)
		if (machines[i].machine == machine && machines[i].wide == h->wide)
			snprintf(name, sizeof(name), "%s", machines[i].name);
	return snprintf(buf, size,
			"is a program for %s, this host is %s: take an image for this host, or register an emulator "
			"(binfmt_misc)",
			name, NATIVE);
}

/* The path of the ELF interpreter; "" for none. Returns -1 when the file ends before what its header promises. */
static int loader_of(const struct head *h, char loader[PATH_MAX])
{
	size_t phoff_at = h->wide ? 32 : 28, counts_at = h->wide ? 54 : 42, word = h->wide ? 8 : 4;
	uint64_t at, each, n;

	*loader = '\0';
	if (h->n < (h->wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)))
		return -1;
	at = number(h, phoff_at, word);
	each = number(h, counts_at, 2);
	n = number(h, counts_at + 2, 2);
	if (each != (h->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)) || n > 512 || at > HEAD_MAX)
		return 0;
	if (at + n * each > h->n)
		return h->n < HEAD_MAX ? -1 : 0;
	for (; n > 0; n--, at += each) {
		uint64_t offset, len;

		if (number(h, at, 4) != PT_INTERP)
			continue;
		offset = number(h, at + (h->wide ? 8 : 4), word);
		len = number(h, at + (h->wide ? 32 : 16), word);
		if (offset < h->n && len > 0 && len < PATH_MAX && len <= h->n - offset) {
			memcpy(loader, h->b + offset, len);
			loader[len] = '\0';
		}
		return 0;
	}
	return 0;
}

/* Each of these: buf is the reason, and ret_next what to look at next, or "". */
static void look_at_elf(struct head *h, const char *path, char next[PATH_MAX], char *buf, size_t size)
{
	unsigned machine;
	struct stat st;

	h->wide = h->n > EI_CLASS && h->b[EI_CLASS] == ELFCLASS64;
	h->big = h->n > EI_DATA && h->b[EI_DATA] == ELFDATA2MSB;
	*next = '\0';
	if (h->n < 20) {
		snprintf(buf, size, "'%s' is cut off: copy it again", path);
		return;
	}
	machine = (unsigned)number(h, 18, 2);
	if (!is_native(machine)) {
		int n = snprintf(buf, size, "'%s' ", path);

		if (n > 0 && (size_t)n < size)
			other_machine(h, machine, buf + n, size - (size_t)n);
	} else if (loader_of(h, next) < 0) {
		snprintf(buf, size, "'%s' is cut off, its ELF header promises more: copy it again", path);
	} else if (*next && stat(next, &st) < 0 && errno == ENOENT) {
		snprintf(
		    buf, size,
		    "the loader '%s' of '%s' is not in the container: add it with the libraries, or take a program "
		    "that is linked statically",
		    next, path);
	}
	*next = '\0'; /* a loader has none */
}

static void look_at_script(const struct head *h, const char *path, char next[PATH_MAX], char *buf, size_t size)
{
	const char *line = (const char *)h->b + 2;
	size_t end = strcspn(line, "\n"), n;
	struct stat st;

	line += strspn(line, " \t");
	n = strcspn(line, " \t\n");
	if (n >= PATH_MAX || line + n > (const char *)h->b + 2 + end)
		n = 0;
	memcpy(next, line, n);
	next[n] = '\0';
	if (!*next) {
		snprintf(buf, size, "the first line of '%s' names no interpreter: write #!/bin/sh, or the like", path);
	} else if (stat(next, &st) < 0 && errno == ENOENT) {
		bool dos = n > 0 && next[n - 1] == '\r';

		next[n - dos] = '\0';
		snprintf(
		    buf, size,
		    dos ? "the first line of '%s' ends in a carriage return, which becomes part of the name of the "
			  "interpreter '%s': save the file with Unix line ends"
			: "the interpreter of '%s', '%s', is not in the container: add it, or correct the first line",
		    path, next);
	}
}

static bool read_head(const char *path, struct head *h)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	n = pread(fd, h->b, HEAD_MAX, 0);
	if (n < 0)
		return false;
	h->n = (size_t)n;
	h->b[n] = '\0';
	return true;
}

char *program_why(const char *path, char *buf, size_t size)
{
	char at[PATH_MAX], next[PATH_MAX];
	struct head h;

	*buf = '\0';
	snprintf(at, sizeof(at), "%s", path);
	for (int i = 0; i < LEVELS_MAX && !*buf && read_head(at, &h); i++) {
		*next = '\0';
		if (h.n >= SELFMAG && memcmp(h.b, ELFMAG, SELFMAG) == 0)
			look_at_elf(&h, at, next, buf, size);
		else if (h.n >= 2 && memcmp(h.b, "#!", 2) == 0)
			look_at_script(&h, at, next, buf, size);
		else if (h.n == 0)
			snprintf(buf, size, "'%s' is empty: put the program there", at);
		else
			snprintf(buf, size,
				 "'%s' is no program: it is not ELF, and does not begin with #! and an interpreter",
				 at);
		if (!*next)
			break;
		strcpy(at, next);
	}
	return buf;
}

char *program_denied(const char *path, char *buf, size_t size)
{
	struct statvfs fs;
	struct stat st;

	if (stat(path, &st) < 0)
		snprintf(buf, size,
			 "uid %u may not search a directory on the way: chmod o+x it, or run as another user",
			 (unsigned)geteuid());
	else if (!(st.st_mode & 0111))
		snprintf(buf, size, "its mode is %04o: chmod +x it", (unsigned)(st.st_mode & 07777));
	else if (statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOEXEC))
		snprintf(buf, size,
			 "its file system is mounted noexec: mount it with exec, or put the program elsewhere");
	else
		snprintf(buf, size, "its mode is %04o, of uid %u and gid %u, and it is executed by uid %u",
			 (unsigned)(st.st_mode & 07777), (unsigned)st.st_uid, (unsigned)st.st_gid, (unsigned)geteuid());
	return buf;
}
