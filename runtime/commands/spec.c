/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "commands.h"
#include "spec/spec.h"

int cmd_spec(struct rt_call *c, struct err *e)
{
	const char *bundle = c->o.bundle ? c->o.bundle : ".";
	AUTO_CLOSE int dir = open(bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1;
	AUTO_BUF out = {0};
	int r;

	if (dir < 0)
		return err_errno(e, "open the bundle '%s'", bundle);
	spec_config_template(&out, c->o.rootless, geteuid(), getegid());
	if (out.failed)
		return err_set(e, ENOMEM, "out of memory");
	fd = openat(dir, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		return err_set(e, EEXIST, "File config.json exists. Remove it first");
	if (fd < 0)
		return err_errno(e, "make '%s/config.json'", bundle);
	r = fd_write_all(fd, out.data, out.len);
	if (r < 0) {
		unlinkat(dir, "config.json", 0);
		errno = -r;
		return err_errno(e, "write '%s/config.json'", bundle);
	}
	return 0;
}
