/* SPDX-License-Identifier: Apache-2.0 */
/* What a resctrl group is given and has used, in the words of `runc events`. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroups/tree.h"

#define SCHEMATA_MAX (1u << 20)

/* The lines of schemata whose resource begins with the name, as one text; none: the member is left out. */
static void put_schema(const char *schemata, const char *name, const char *key, struct jsonw *w)
{
	AUTO_FREE char *copy = strdup(schemata);
	AUTO_BUF lines = {0};
	char *rest = copy, *line;

	while (rest && (line = str_field(&rest, "\n"))) {
		line += strspn(line, " ");
		if (str_starts(line, name))
			buf_printf(&lines, "%s%s", lines.len ? "\n" : "", line);
	}
	if (lines.len && !lines.failed)
		jw_str(w, key, lines.data);
}

/* A file of a domain; what the processor does not count is not there, or "Unavailable". */
static bool count(int domain_fd, const char *file, uint64_t *ret)
{
	char text[64];

	if (cg_read(domain_fd, file, text, sizeof(text)) < 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return parse_u64(text, 10, ret) == 0;
}

struct domain {
	char name[64];
	bool has_bandwidth, has_cache;
	uint64_t total, local, occupancy;
};

static int domain_order(const void *a, const void *b)
{
	return strcmp(((const struct domain *)a)->name, ((const struct domain *)b)->name);
}

/* mon_data/mon_L3_NN: one directory for each cache, which is one for each NUMA node. Returns how many. */
static size_t domains_read(const char *group, struct domain *list, size_t max)
{
	AUTO_BUF path = {0};
	size_t n = 0;
	struct dirent *d;
	DIR *dir;

	buf_printf(&path, "%s/mon_data", group);
	dir = path.failed ? NULL : opendir(path.data);
	while (dir && n < max && (d = readdir(dir))) {
		struct domain *m = &list[n];
		AUTO_CLOSE int fd = -1;

		if (!str_starts(d->d_name, "mon_L3_") || strlen(d->d_name) >= sizeof(m->name))
			continue;
		fd = openat(dirfd(dir), d->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			continue;
		memset(m, 0, sizeof(*m));
		memcpy(m->name, d->d_name, strlen(d->d_name) + 1);
		m->has_bandwidth = count(fd, "mbm_total_bytes", &m->total) && count(fd, "mbm_local_bytes", &m->local);
		m->has_cache = count(fd, "llc_occupancy", &m->occupancy);
		n++;
	}
	if (dir)
		closedir(dir);
	if (n)
		qsort(list, n, sizeof(*list), domain_order);
	return n;
}

static void put_domains(const struct domain *list, size_t n, struct jsonw *w)
{
	bool bandwidth = false, cache = false;

	for (size_t i = 0; i < n; i++) {
		bandwidth = bandwidth || list[i].has_bandwidth;
		cache = cache || list[i].has_cache;
	}
	if (bandwidth) {
		jw_array(w, "mbm_stats");
		for (size_t i = 0; i < n; i++) {
			jw_object(w, NULL);
			jw_uint(w, "mbm_total_bytes", list[i].total);
			jw_uint(w, "mbm_local_bytes", list[i].local);
			jw_object_end(w);
		}
		jw_array_end(w);
	}
	if (cache) {
		jw_array(w, "cmt_stats");
		for (size_t i = 0; i < n; i++) {
			jw_object(w, NULL);
			jw_uint(w, "llc_occupancy", list[i].occupancy);
			jw_object_end(w);
		}
		jw_array_end(w);
	}
}

void cg_rdt_stats_print(const char *path, const char *monitor, struct jsonw *w)
{
	AUTO_FREE char *schemata = NULL;
	struct domain domains[64];
	AUTO_BUF file = {0};

	if (!path)
		return;
	buf_printf(&file, "%s/schemata", path);
	if (!file.failed && file_read(AT_FDCWD, file.data, SCHEMATA_MAX, &schemata, NULL, NULL) == 0) {
		put_schema(schemata, "L3", "l3_cache_schema", w);
		put_schema(schemata, "MB", "mem_bw_schema", w);
	}
	put_domains(domains, domains_read(monitor ? monitor : path, domains, ARRAY_LEN(domains)), w);
}
