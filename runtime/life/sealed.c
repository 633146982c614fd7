/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "life.h"

#define PROGRAM_MAX (256u << 20)
#define MEMFD_NAME  "jailrun"

int rt_run_sealed(const struct rt_call *c, bool pid_shared, struct err *e)
{
	AUTO_FREE char *program = NULL;
	AUTO_CLOSE int fd = -1;
	char link[64] = "";
	size_t len;
	int r;

	if (!c->argv || !pid_shared)
		return 0;
	if (readlink("/proc/self/exe", link, sizeof(link) - 1) < 0)
		return err_errno(e, "read the link /proc/self/exe");
	if (str_starts(link, "/memfd:" MEMFD_NAME))
		return 0;
	r = file_read(AT_FDCWD, "/proc/self/exe", PROGRAM_MAX, &program, &len, e);
	if (r < 0)
		return r;
	fd = memfd_sealed(MEMFD_NAME, program, len, e);
	if (fd < 0)
		return fd;
	fexecve(fd, c->argv, environ);
	return err_errno(e, "execute a sealed copy of this program");
}
