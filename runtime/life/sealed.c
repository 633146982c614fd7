/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "life.h"

#define PROGRAM_MAX (256u << 20)
#define COPY_NAME   "jailrun"

int rt_run_sealed(const struct rt_call *c, bool pid_shared, struct err *e)
{
	AUTO_FREE char *program = NULL;
	AUTO_CLOSE int fd = -1;
	size_t len;
	int r;

	if (!c->argv || !pid_shared)
		return 0;
	r = exec_is_copy(COPY_NAME, e);
	if (r != 0)
		return r < 0 ? r : 0;
	r = file_read(AT_FDCWD, "/proc/self/exe", PROGRAM_MAX, &program, &len, e);
	if (r < 0)
		return r;
	fd = exec_copy(COPY_NAME, program, len, e);
	if (fd < 0)
		return fd;
	fexecve(fd, c->argv, environ);
	return err_errno(e, "execute a sealed copy of this program");
}
