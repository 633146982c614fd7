/* SPDX-License-Identifier: Apache-2.0 */
/* What a cgroup has used: the files of its controllers (cgroup-v2.rst), and runc's words for them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroups/cgroups.h"
#include "cgroups/limits/split.h"
#include "cgroups/tree.h"

#define TEXT_MAX (64u << 10)

/* ---- reading ---- */

/* A file of the cgroup, whole; free with free. NULL: the kernel or this cgroup has none. */
static char *slurp(int dir_fd, const char *file)
{
	char *text = NULL;

	return file_read(dir_fd, file, TEXT_MAX, &text, NULL, NULL) < 0 ? NULL : text;
}

/* A file with one number; "max" and a file that is missing are `otherwise`. */
static uint64_t number(int dir_fd, const char *file, uint64_t otherwise)
{
	char text[64];
	uint64_t v;

	if (cg_read(dir_fd, file, text, sizeof(text)) < 0)
		return otherwise;
	text[strcspn(text, "\n")] = '\0';
	return parse_u64(text, 10, &v) < 0 ? otherwise : v;
}

/* "KEY VALUE" lines: the value of a key, 0 when it is not there. */
static uint64_t keyed(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = text; p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		if (strncmp(p, key, len) == 0 && p[len] == ' ')
			return strtoull(p + len + 1, NULL, 10);
	return 0;
}

static uint64_t keyed_file(int dir_fd, const char *file, const char *key)
{
	AUTO_FREE char *text = slurp(dir_fd, file);

	return keyed(text, key);
}

/* Pressure stall information. Since Linux 5.13 cpu.pressure has a "full" line as well. */
static void psi_read(int dir_fd, const char *file, struct cg_psi *ret)
{
	AUTO_FREE char *text = slurp(dir_fd, file);
	char *rest = text, *line;

	while (rest && (line = str_field(&rest, "\n"))) {
		struct cg_psi_line *l = str_starts(line, "some ") ? &ret->some : &ret->full;

		if (sscanf(line, "%*s avg10=%lf avg60=%lf avg300=%lf total=%" SCNu64, &l->avg10, &l->avg60, &l->avg300,
			   &l->total) == 4)
			ret->set = true;
	}
}

static void cpu_read(int dir_fd, struct cg_stats *s)
{
	AUTO_FREE char *text = slurp(dir_fd, "cpu.stat");

	s->cpu.total = keyed(text, "usage_usec") * 1000;
	s->cpu.user = keyed(text, "user_usec") * 1000;
	s->cpu.kernel = keyed(text, "system_usec") * 1000;
	s->cpu.periods = keyed(text, "nr_periods");
	s->cpu.throttled_periods = keyed(text, "nr_throttled");
	s->cpu.throttled_time = keyed(text, "throttled_usec") * 1000;
	psi_read(dir_fd, "cpu.pressure", &s->cpu.psi);
}

static int line_copy(int dir_fd, const char *file, struct arena *a, const char **ret)
{
	AUTO_FREE char *text = slurp(dir_fd, file);

	if (!text)
		return 0;
	*ret = arena_strndup(a, text, strcspn(text, "\n"));
	return *ret ? 0 : -ENOMEM;
}

/* memory.stat, as it is. */
static int raw_read(int dir_fd, struct arena *a, struct cg_stats *s)
{
	AUTO_FREE char *text = slurp(dir_fd, "memory.stat");
	char *rest = text, *line;
	size_t max = 1;

	for (const char *p = text; p && *p; p++)
		max += *p == '\n';
	s->memory.raw = arena_alloc(a, max * sizeof(*s->memory.raw));
	if (!s->memory.raw)
		return -ENOMEM;
	while (rest && (line = str_field(&rest, "\n"))) {
		char *value = strchr(line, ' ');
		struct cg_raw *raw = &s->memory.raw[s->memory.n_raw];

		if (!value || s->memory.n_raw >= max)
			continue;
		*value++ = '\0';
		raw->key = arena_strdup(a, line);
		if (!raw->key)
			return -ENOMEM;
		if (parse_u64(value, 10, &raw->value) == 0)
			s->memory.n_raw++;
		if (str_eq(raw->key, "file"))
			s->memory.cache = raw->value;
	}
	return 0;
}

/* A limit as it was asked for; share: the directory is that around a box, whose limit has the helper's share. */
static uint64_t limit_of(int dir_fd, const char *file, bool share, uint64_t otherwise)
{
	char text[64], buf[CG_VALUE_MAX];
	uint64_t v;

	if (cg_read(dir_fd, file, text, sizeof(text)) < 0)
		return otherwise;
	text[strcspn(text, "\n")] = '\0';
	return parse_u64(share ? cg_without_share(file, text, buf) : text, 10, &v) < 0 ? otherwise : v;
}

/* Without the controller all is 0; without a limit, the limit is the greatest number. */
static int memory_read(int dir_fd, bool share, struct arena *a, struct cg_stats *s)
{
	struct cg_memory *m = &s->memory.usage, *swap = &s->memory.swap;

	psi_read(dir_fd, "memory.pressure", &s->memory.psi);
	if (!file_is_there(dir_fd, "memory.current"))
		return 0;
	m->usage = number(dir_fd, "memory.current", 0);
	m->limit = limit_of(dir_fd, "memory.max", share, UINT64_MAX);
	m->max = number(dir_fd, "memory.peak", 0); /* Linux 5.19 */
	m->failcnt = keyed_file(dir_fd, "memory.events", "max");
	/* To callers swap is what it was in cgroup v1: memory and swap together. */
	if (file_is_there(dir_fd, "memory.swap.current")) {
		swap->usage = m->usage + number(dir_fd, "memory.swap.current", 0);
		swap->limit = number(dir_fd, "memory.swap.max", UINT64_MAX);
		swap->failcnt = keyed_file(dir_fd, "memory.swap.events", "max");
		if (swap->limit != UINT64_MAX)
			swap->limit = m->limit == UINT64_MAX ? UINT64_MAX : swap->limit + m->limit;
	}
	return raw_read(dir_fd, a, s);
}

static void pids_read(int dir_fd, const char *path, bool share, struct cg_stats *s)
{
	AUTO_FREE pid_t *pids = NULL;
	int n;

	s->pids.limit = limit_of(dir_fd, "pids.max", share, 0);
	s->pids.peak = number(dir_fd, "pids.peak", 0); /* Linux 6.9 */
	s->pids.current = number(dir_fd, "pids.current", 0);
	if (s->pids.current)
		return;
	/* Without the controller they can still be counted, by process. */
	n = cg_pids(path, &pids, NULL);
	s->pids.current = n > 0 ? (uint64_t)n : 0;
}

/* io.stat: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6"; what else there is has no word in runc's document. */
static int io_read(int dir_fd, struct arena *a, struct cg_stats *s)
{
	AUTO_FREE char *text = slurp(dir_fd, "io.stat");
	char *rest = text, *line;
	size_t max = 1;

	psi_read(dir_fd, "io.pressure", &s->io.psi);
	for (const char *p = text; p && *p; p++)
		max += *p == '\n';
	s->io.devices = arena_alloc(a, max * sizeof(*s->io.devices));
	if (!s->io.devices)
		return -ENOMEM;
	while (rest && (line = str_field(&rest, "\n"))) {
		struct cg_io *io = &s->io.devices[s->io.n_devices];
		const struct {
			const char *key;
			uint64_t *value;
		} keys[] = {
		    {"rbytes=", &io->read_bytes},
		    {"wbytes=", &io->write_bytes},
		    {"rios=", &io->reads},
		    {"wios=", &io->writes},
		};
		char *words = line, *word = str_field(&words, " ");

		if (s->io.n_devices >= max || !word || sscanf(word, "%u:%u", &io->major, &io->minor) != 2)
			continue;
		while ((word = str_field(&words, " ")))
			for (size_t i = 0; i < ARRAY_LEN(keys); i++)
				if (str_starts(word, keys[i].key))
					*keys[i].value = strtoull(word + strlen(keys[i].key), NULL, 10);
		s->io.n_devices++;
	}
	return 0;
}

/* hugetlb.SIZE.*: reserved pages count as soon as they are mapped (Linux 5.7), which is what engines show. */
static void huge_read_one(int dir_fd, const char *size, struct cg_huge *h)
{
	char file[80];

	snprintf(file, sizeof(file), "hugetlb.%s.rsvd.current", size);
	h->usage = number(dir_fd, file, 0);
	snprintf(file, sizeof(file), "hugetlb.%s.rsvd.max", size);
	h->limit = number(dir_fd, file, 0);
	if (h->limit > INT64_MAX / 2) /* how some kernels say "max" here */
		h->limit = 0;
	snprintf(file, sizeof(file), "hugetlb.%s.events", size);
	h->failcnt = keyed_file(dir_fd, file, "max");
}

static int huge_read(int dir_fd, struct arena *a, struct cg_stats *s)
{
	static const char prefix[] = "hugetlb.", suffix[] = ".max";
	DIR *dir = cg_opendir(dir_fd);
	struct dirent *d;
	int r = 0;

	if (!dir)
		return -errno;
	while (r == 0 && (d = readdir(dir))) {
		const char *size = d->d_name + strlen(prefix);
		struct cg_huge *h = &s->huge[s->n_huge];
		size_t len;

		if (!str_starts(d->d_name, prefix) || s->n_huge == ARRAY_LEN(s->huge))
			continue;
		len = strcspn(size, ".");
		if (!str_eq(size + len, suffix))
			continue;
		h->size = arena_strndup(a, size, len);
		r = h->size ? 0 : -ENOMEM;
		if (r == 0) {
			huge_read_one(dir_fd, h->size, h);
			s->n_huge++;
		}
	}
	closedir(dir);
	return r;
}

/* Where a controller counts: in the box, or, as long as it was not handed down, around it. */
static int counted_in(int box_fd, int dir_fd, const char *file)
{
	return box_fd >= 0 && file_is_there(box_fd, file) ? box_fd : dir_fd;
}

int cg_stats(const char *path, const char *box, struct arena *a, struct cg_stats *ret, struct err *e)
{
	AUTO_CLOSE int fd = cg_open(path, e), box_fd = box && fd >= 0 ? cg_open(box, NULL) : -1;
	const int memory = counted_in(box_fd, fd, "memory.current"), pids = counted_in(box_fd, fd, "pids.current");
	int r;

	*ret = (struct cg_stats){0};
	if (fd == -ENOENT)
		return err_set(e, ENOENT, "there is no cgroup '%s'", path);
	if (fd < 0)
		return fd;
	cpu_read(fd, ret);
	pids_read(pids, pids == fd ? path : box, box_fd >= 0 && pids == fd, ret);
	if ((r = line_copy(fd, "cpuset.cpus.effective", a, &ret->cpus)) < 0 ||
	    (r = line_copy(fd, "cpuset.mems.effective", a, &ret->mems)) < 0 ||
	    (r = memory_read(memory, box_fd >= 0 && memory == fd, a, ret)) < 0 || (r = io_read(fd, a, ret)) < 0 ||
	    (r = huge_read(fd, a, ret)) < 0)
		return err_set(e, -r, "read the statistics of cgroup '%s': %s", path, strerror(-r));
	return 0;
}

/* ---- writing ---- */

/* Go's omitempty: a 0 is left out. */
static void put(struct jsonw *w, const char *key, uint64_t v)
{
	if (v)
		jw_uint(w, key, v);
}

static void put_psi_line(struct jsonw *w, const char *key, const struct cg_psi_line *l)
{
	jw_object(w, key);
	jw_real(w, "avg10", l->avg10);
	jw_real(w, "avg60", l->avg60);
	jw_real(w, "avg300", l->avg300);
	jw_uint(w, "total", l->total);
	jw_object_end(w);
}

static void put_psi(struct jsonw *w, const struct cg_psi *p)
{
	if (!p->set)
		return;
	jw_object(w, "psi");
	put_psi_line(w, "some", &p->some);
	put_psi_line(w, "full", &p->full);
	jw_object_end(w);
}

/* "0-2,5" as [0,1,2,5]; nothing for an empty list. */
static void put_list(struct jsonw *w, const char *key, const char *list)
{
	if (!list || !*list)
		return;
	jw_array(w, key);
	for (const char *p = list; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
		unsigned int first, last;
		int n = sscanf(p, "%u-%u", &first, &last);

		for (unsigned int i = first; n > 0 && i <= (n == 2 ? last : first) && i <= UINT16_MAX; i++)
			jw_uint(w, NULL, i);
	}
	jw_array_end(w);
}

static void put_cpu(struct jsonw *w, const struct cg_stats *s)
{
	jw_object(w, "cpu");
	jw_object(w, "usage");
	put(w, "total", s->cpu.total);
	jw_uint(w, "kernel", s->cpu.kernel);
	jw_uint(w, "user", s->cpu.user);
	jw_object_end(w);
	jw_object(w, "throttling");
	put(w, "periods", s->cpu.periods);
	put(w, "throttledPeriods", s->cpu.throttled_periods);
	put(w, "throttledTime", s->cpu.throttled_time);
	jw_object_end(w);
	put_psi(w, &s->cpu.psi);
	jw_object_end(w);
}

static void put_cpuset(struct jsonw *w, const struct cg_stats *s)
{
	/* Of cgroup v1; v2 has nothing for them. */
	static const char *const zero[] = {"cpu_exclusive",   "mem_hardwall",       "mem_exclusive",
					   "memory_migrate",  "memory_spread_page", "memory_spread_slab",
					   "memory_pressure", "sched_load_balance", "sched_relax_domain_level"};

	jw_object(w, "cpuset");
	put_list(w, "cpus", s->cpus);
	put_list(w, "mems", s->mems);
	for (size_t i = 0; i < ARRAY_LEN(zero); i++)
		jw_uint(w, zero[i], 0);
	jw_object_end(w);
}

static void put_memory_entry(struct jsonw *w, const char *key, const struct cg_memory *m)
{
	jw_object(w, key);
	jw_uint(w, "limit", m->limit);
	put(w, "usage", m->usage);
	put(w, "max", m->max);
	jw_uint(w, "failcnt", m->failcnt);
	jw_object_end(w);
}

static void put_memory(struct jsonw *w, const struct cg_stats *s)
{
	static const struct cg_memory none;

	jw_object(w, "memory");
	put(w, "cache", s->memory.cache);
	put_memory_entry(w, "usage", &s->memory.usage);
	put_memory_entry(w, "swap", &s->memory.swap);
	/* Kernel memory is part of the usage in cgroup v2. */
	put_memory_entry(w, "kernel", &none);
	put_memory_entry(w, "kernelTCP", &none);
	if (s->memory.n_raw) {
		jw_object(w, "raw");
		for (size_t i = 0; i < s->memory.n_raw; i++)
			jw_uint(w, s->memory.raw[i].key, s->memory.raw[i].value);
		jw_object_end(w);
	}
	put_psi(w, &s->memory.psi);
	jw_object_end(w);
}

static void put_io_entry(struct jsonw *w, const struct cg_io *io, const char *op, uint64_t value)
{
	jw_object(w, NULL);
	put(w, "major", io->major);
	put(w, "minor", io->minor);
	jw_str(w, "op", op);
	put(w, "value", value);
	jw_object_end(w);
}

static void put_io(struct jsonw *w, const struct cg_stats *s)
{
	jw_object(w, "blkio");
	if (s->io.n_devices) {
		jw_array(w, "ioServiceBytesRecursive");
		for (size_t i = 0; i < s->io.n_devices; i++) {
			put_io_entry(w, &s->io.devices[i], "Read", s->io.devices[i].read_bytes);
			put_io_entry(w, &s->io.devices[i], "Write", s->io.devices[i].write_bytes);
		}
		jw_array_end(w);
		jw_array(w, "ioServicedRecursive");
		for (size_t i = 0; i < s->io.n_devices; i++) {
			put_io_entry(w, &s->io.devices[i], "Read", s->io.devices[i].reads);
			put_io_entry(w, &s->io.devices[i], "Write", s->io.devices[i].writes);
		}
		jw_array_end(w);
	}
	put_psi(w, &s->io.psi);
	jw_object_end(w);
}

void cg_stats_print(const struct cg_stats *s, struct jsonw *w)
{
	put_cpu(w, s);
	put_cpuset(w, s);
	put_memory(w, s);
	jw_object(w, "pids");
	put(w, "current", s->pids.current);
	put(w, "limit", s->pids.limit);
	put(w, "peak", s->pids.peak);
	jw_object_end(w);
	put_io(w, s);
	jw_object(w, "hugetlb");
	for (size_t i = 0; i < s->n_huge; i++) {
		jw_object(w, s->huge[i].size);
		put(w, "usage", s->huge[i].usage);
		put(w, "max", s->huge[i].limit);
		jw_uint(w, "failcnt", s->huge[i].failcnt);
		jw_object_end(w);
	}
	jw_object_end(w);
}
