/* SPDX-License-Identifier: Apache-2.0 */
/* A main for the fuzz targets where there is no libFuzzer: feeds every file of the named directories to the target, and
 * besides every prefix of small ones and each with one byte changed, so that a corpus is more than its files. */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SMALL 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long fed;

/* From the heap, and of the exact size, so that AddressSanitizer sees one byte too many. */
static void feed(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	fed++;
}

static int feed_file(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *data;
	ssize_t n;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return 0;
	}
	data = malloc((size_t)st.st_size + 1);
	n = data ? read(fd, data, (size_t)st.st_size) : -1;
	close(fd);
	if (n < 0) {
		free(data);
		return -1;
	}
	feed(data, (size_t)n);
	for (size_t i = 0; n <= SMALL && i < (size_t)n; i++) {
		uint8_t was = data[i];

		feed(data, i);
		data[i] = (uint8_t)(was ^ (1u << (i % 8)));
		feed(data, (size_t)n);
		data[i] = was;
	}
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long files = 0;

	for (int i = 1; i < argc; i++) {
		DIR *d = opendir(argv[i]);

		if (!d) {
			perror(argv[i]);
			return 1;
		}
		for (struct dirent *entry = readdir(d); entry; entry = readdir(d)) {
			if (entry->d_name[0] == '.')
				continue;
			if (feed_file(dirfd(d), entry->d_name) < 0) {
				perror(entry->d_name);
				closedir(d);
				return 1;
			}
			files++;
		}
		closedir(d);
	}
	printf("%lu files, %lu inputs\n", files, fed);
	return files == 0;
}
