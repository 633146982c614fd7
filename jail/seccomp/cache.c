/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled filters on disk: three ABIs of a Docker-size profile take libseccomp some 25 ms. A file is named by a hash of the
 * key, and holds the key, which is compared: no collision and no renamed file can bring in another filter. Whoever could
 * write a wrong filter into a directory of the runtime's own user with mode 0700 could as well change the runtime. */
#include "jail/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAGIC        0x4650424a /* "JBPF" */
#define MAX_FILE     (1u << 20)
#define NAME_MAX_LEN 32

/* FNV-1a, 64 bits. */
static uint64_t hash(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

static void file_name(const struct buf *key, char name[NAME_MAX_LEN])
{
	snprintf(name, NAME_MAX_LEN, "%016llx.bpf", (unsigned long long)hash(key->data, key->len));
}

/* The directory, when nobody else can write into it; -1 otherwise. */
static int open_dir(const char *dir, bool make)
{
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (make && mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -1;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 077)) {
		log_debug("cache of filters: '%s' is not a directory of this user with mode 0700: not used", dir);
		return -1;
	}
	return take_fd(&fd);
}

static bool read_all(int dir_fd, const char *name, struct arena *a, const char **ret_data, size_t *ret_len)
{
	AUTO_CLOSE int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	char *data;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_size > MAX_FILE)
		return false;
	data = arena_alloc(a, (size_t)st.st_size + 1);
	if (!data || read(fd, data, (size_t)st.st_size) != st.st_size)
		return false;
	*ret_data = data;
	*ret_len = (size_t)st.st_size;
	return true;
}

bool cache_load(const char *dir, const struct buf *key, struct arena *a, struct jail_bpf *ret)
{
	AUTO_CLOSE int fd = open_dir(dir, false);
	const char *data, *insns, *stored;
	size_t len, n, n_key, body;
	char name[NAME_MAX_LEN];
	struct blob b;
	uint32_t flags;

	file_name(key, name);
	if (fd < 0 || !read_all(fd, name, a, &data, &len) || len < sizeof(uint64_t))
		return false;
	body = len - sizeof(uint64_t);
	b = (struct blob){.p = (const unsigned char *)data, .end = (const unsigned char *)data + body, .arena = a};
	if (blob_get_u32(&b) != MAGIC)
		return false;
	stored = blob_get_bytes(&b, &n_key);
	if (b.bad || n_key != key->len || memcmp(stored, key->data, n_key) != 0)
		return false;
	flags = blob_get_u32(&b);
	insns = blob_get_bytes(&b, &n);
	if (b.bad || b.p != b.end || !n || n % sizeof(*ret->insns) || n / sizeof(*ret->insns) > BPF_MAXINSNS)
		return false;
	/* A file that a crash left half on the disk. */
	b = (struct blob){.p = b.end, .end = b.end + sizeof(uint64_t), .arena = a};
	if (blob_get_u64(&b) != hash(data, body))
		return false;
	ret->insns = arena_alloc(a, n);
	if (!ret->insns)
		return false;
	memcpy(ret->insns, insns, n);
	ret->len = (uint16_t)(n / sizeof(*ret->insns));
	ret->flags = flags;
	return true;
}

void cache_store(const char *dir, const struct buf *key, const struct jail_bpf *f)
{
	AUTO_CLOSE int fd = open_dir(dir, true);
	char name[NAME_MAX_LEN];
	AUTO_BUF out = {0};
	struct err e = {0};

	if (fd < 0)
		return;
	file_name(key, name);
	blob_put_u32(&out, MAGIC);
	blob_put_bytes(&out, key->data, key->len);
	blob_put_u32(&out, f->flags);
	blob_put_bytes(&out, f->insns, f->len * sizeof(*f->insns));
	if (!out.failed)
		blob_put_u64(&out, hash(out.data, out.len));
	if (out.failed || out.len > MAX_FILE)
		return;
	if (file_replace(fd, name, out.data, out.len, 0600, &e) < 0)
		log_debug("cache of filters: '%s': %s", dir, e.text);
}
