/* SPDX-License-Identifier: Apache-2.0 */
/* Which file is the ELF interpreter of a new program. The kernel looks for it in the root of who executes, which may be one of
 * the workload's choice, and then runs it instead of the program. A new address space maps the program, the interpreter and nothing
 * else of a file; the kernel's list of it (proc(5), maps) says what lies there, whatever the paths meant meanwhile.
 *
 * The device that the list has may be another than stat(2) has (overlayfs, btrfs): the file that should be there is mapped here, too,
 * and both are compared as the list shows them. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "look.h"
#include "trace.h"
#include "view.h"

#define LINE_ROOM (PATH_MAX + 128)
#define MAPS_MAX  (1u << 20) /* bytes of a list that are read: a program of a thousand segments has a tenth */
#define PHDRS_MAX 64u        /* that are looked at for the interpreter; linkers write about a dozen */

/* A file as maps shows it. */
struct mapped {
	char start[24], dev[24], ino[24], path[PATH_MAX];
};

/* "start-end perms offset dev ino   path". False: none that this can read. */
static bool parse_line(char *line, struct mapped *ret)
{
	char *field[5], *p = line;

	for (size_t i = 0; i < ARRAY_LEN(field); i++) {
		field[i] = p;
		p += strcspn(p, " ");
		if (i < 4 && !*p)
			return false;
		if (*p)
			*p++ = '\0';
	}
	p += strspn(p, " ");
	field[0][strcspn(field[0], "-")] = '\0';
	if (strlen(field[0]) >= sizeof(ret->start) || strlen(field[3]) >= sizeof(ret->dev) ||
	    strlen(field[4]) >= sizeof(ret->ino) || strlen(p) >= sizeof(ret->path))
		return false;
	strcpy(ret->start, field[0]);
	strcpy(ret->dev, field[3]);
	strcpy(ret->ino, field[4]);
	strcpy(ret->path, p);
	return true;
}

static bool same_mapped(const struct mapped *a, const struct mapped *b)
{
	return strcmp(a->dev, b->dev) == 0 && strcmp(a->ino, b->ino) == 0 && strcmp(a->path, b->path) == 0;
}

/* Calls found() of each line until it returns false, which goes on to the caller; false, too, for a list that cannot be
 * read to its end. */
static bool each_mapping(struct helper *h, const char *name, bool (*found)(const struct mapped *m, void *arg),
			 void *arg)
{
	static char text[2 * LINE_ROOM];
	static struct mapped m;
	size_t len = 0, total = 0;
	AUTO_CLOSE int fd = openat(h->proc_fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	while (fd >= 0 && total < MAPS_MAX && (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0) {
		char *line = text, *end;

		len += (size_t)n;
		total += (size_t)n;
		text[len] = '\0';
		while ((end = strchr(line, '\n'))) {
			*end = '\0';
			if (!parse_line(line, &m) || !found(&m, arg))
				return false;
			line = end + 1;
		}
		len -= (size_t)(line - text);
		memmove(text, line, len);
	}
	return n == 0 && len == 0;
}

struct own {
	char start[24];
	struct mapped *ret;
	bool found;
};

static bool is_own(const struct mapped *m, void *arg)
{
	struct own *own = arg;

	if (strcmp(m->start, own->start) != 0)
		return true;
	*own->ret = *m;
	own->found = true;
	return true;
}

/* What maps shows of an open file. */
static bool key_of(struct helper *h, int fd, struct mapped *ret)
{
	struct own own = {.ret = ret};
	void *p = mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0); /* never touched */
	bool ok;

	if (p == MAP_FAILED)
		return false;
	snprintf(own.start, sizeof(own.start), "%08lx", (unsigned long)p);
	ok = each_mapping(h, "self/maps", is_own, &own) && own.found;
	munmap(p, 1);
	return ok;
}

struct loader {
	struct mapped program, interp;
	bool has;
};

static bool is_file(const struct mapped *m)
{
	return strcmp(m->ino, "0") != 0 || strspn(m->dev, "0:") != strlen(m->dev) || *m->path == '/';
}

static bool note_loader(const struct mapped *m, void *arg)
{
	struct loader *l = arg;

	if (!is_file(m) || same_mapped(m, &l->program))
		return true;
	if (l->has)
		return same_mapped(m, &l->interp);
	l->interp = *m;
	l->has = true;
	return true;
}

static bool read_at(int fd, uint64_t at, void *to, size_t len)
{
	size_t done = 0;
	ssize_t n;

	if (at > INT64_MAX || lseek(fd, (off_t)at, SEEK_SET) < 0)
		return false;
	while (done < len && (n = read(fd, (char *)to + done, len - done)) > 0)
		done += (size_t)n;
	return done == len;
}

/* The path of the first PT_INTERP, the one that the kernel takes. */
static bool read_interp(int fd, char path[PATH_MAX])
{
	union {
		unsigned char ident[EI_NIDENT];
		Elf32_Ehdr e32;
		Elf64_Ehdr e64;
	} e = {{0}};
	uint64_t at, size = 0;
	uint32_t n, step;
	bool wide;

	if (!read_at(fd, 0, &e, sizeof(e.e32)) || memcmp(e.ident, ELFMAG, SELFMAG) != 0)
		return false;
	wide = e.ident[EI_CLASS] == ELFCLASS64;
	if (wide && !read_at(fd, 0, &e, sizeof(e.e64)))
		return false;
	at = wide ? e.e64.e_phoff : e.e32.e_phoff;
	n = wide ? e.e64.e_phnum : e.e32.e_phnum;
	step = wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	if ((wide ? e.e64.e_phentsize : e.e32.e_phentsize) != step)
		return false;
	for (uint32_t i = 0; i < n && i < PHDRS_MAX && !size; i++) {
		union {
			Elf32_Phdr p32;
			Elf64_Phdr p64;
		} p;

		if (!read_at(fd, at + (uint64_t)i * step, &p, step))
			return false;
		if ((wide ? p.p64.p_type : p.p32.p_type) != PT_INTERP)
			continue;
		size = wide ? p.p64.p_filesz : p.p32.p_filesz;
		if (size < 2 || size > PATH_MAX || !read_at(fd, wide ? p.p64.p_offset : p.p32.p_offset, path, size))
			return false;
	}
	return size && path[size - 1] == '\0' && path[0] == '/';
}

/* Named by its own path, by each policy that is enforced. */
static bool named(const struct jail_plan *plan, const char *path)
{
	for (uint64_t i = 0; i < plan->n_policies; i++) {
		const struct jail_policy *p = &plan->policies[i];
		const struct spec_response how = jail_response(p, "exec");
		bool is = !p->exec_rules || jail_goes_on(&how);

		for (size_t k = 0; !is && k < p->exec_allow.n; k++)
			is = strcmp(p->exec_allow.v[k], path) == 0 && jail_exec_allowed(p, path, NULL);
		if (!is)
			return false;
	}
	return true;
}

/* Is it this file of the view, an O_PATH fd? */
static bool is_mapped(struct helper *h, int path_fd, const struct mapped *m)
{
	static struct mapped own;
	AUTO_CLOSE int fd = path_fd < 0 ? -1 : open_to_read(h, path_fd);

	return fd >= 0 && key_of(h, fd, &own) && same_mapped(&own, m);
}

bool loader_may_run(struct helper *h, pid_t tid, int program, char *path, size_t size, const char **ret_why)
{
	static char wanted[PATH_MAX];
	static struct loader l;
	AUTO_CLOSE int fd = open_to_read(h, program), by_path = -1, by_name = -1;
	char name[32];

	*ret_why = "its interpreter cannot be told";
	l.has = false;
	snprintf(name, sizeof(name), "%d/maps", (int)tid);
	if (fd < 0 || !key_of(h, fd, &l.program) || !each_mapping(h, name, note_loader, &l))
		return false;
	if (!l.has)
		return true;
	snprintf(path, size, "%s", l.interp.path);
	if (!read_interp(fd, wanted))
		return false;
	by_path = view_open(h, wanted);
	if (is_mapped(h, by_path, &l.interp))
		return true;
	by_name = open_path(h->view_fd, l.interp.path, O_NOFOLLOW, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
	if (named(&h->plan, l.interp.path) && is_mapped(h, by_name, &l.interp))
		return true;
	*ret_why = "as the interpreter of an allowed program: it is not the container's own at the path that the "
		   "program names";
	return false;
}
