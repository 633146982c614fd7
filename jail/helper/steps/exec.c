/* SPDX-License-Identifier: Apache-2.0 */
/* exec: the workload's first program. The messages are runc's, which engines match. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jail/helper/helper.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* With the effective ids; libc's own emulation of that forks. */
static int may_execute(const char *path)
{
	if (syscall(SYS_faccessat2, AT_FDCWD, path, X_OK, AT_EACCESS) == 0)
		return 0;
	if (errno != ENOSYS && errno != EPERM) /* EPERM: a filter around jailrun; of the file it would be EACCES */
		return -errno;
	return syscall(SYS_faccessat, AT_FDCWD, path, X_OK) < 0 ? -errno : 0;
}

static int check_program(const char *path, bool *ret_missing)
{
	struct stat st;

	*ret_missing = stat(path, &st) < 0;
	if (*ret_missing)
		return -errno;
	return S_ISDIR(st.st_mode) ? -EISDIR : may_execute(path);
}

static int find_in_path(struct helper *h, const char *name)
{
	const char *dirs = DEFAULT_PATH;
	bool missing;

	for (size_t i = 0; i < h->plan.seal.env.n; i++)
		if (str_starts(h->plan.seal.env.v[i], "PATH="))
			dirs = h->plan.seal.env.v[i] + 5;
	for (;;) {
		size_t n = strcspn(dirs, ":");
		int len = snprintf(h->program, sizeof(h->program), "%.*s%s%s", (int)n, dirs, n ? "/" : "./", name);

		if (len > 0 && (size_t)len < sizeof(h->program) && check_program(h->program, &missing) == 0)
			return 0;
		if (!dirs[n])
			return -ENOENT;
		dirs += n + 1;
	}
}

/* sd_listen_fds(3): the fds are for the process of that number, which is known now. */
static void fill_listen_pid(struct helper *h)
{
	static char assignment[32];

	snprintf(assignment, sizeof(assignment), "LISTEN_PID=%d", (int)getpid());
	for (size_t i = 0; i < h->plan.seal.env.n; i++)
		if (str_starts(h->plan.seal.env.v[i], "LISTEN_PID="))
			h->plan.seal.env.v[i] = assignment;
}

int find_program(struct helper *h, struct err *e)
{
	const char *name = h->plan.seal.args.n ? h->plan.seal.args.v[0] : "";
	char text[128], why[256];
	bool missing;
	int r;

	if (h->program[0])
		return 0;
	if (h->plan.seal.listen_pid)
		fill_listen_pid(h);
	if (!*name) {
		r = err_set(e, EINVAL, "process.args is empty: there is nothing to execute");
	} else if (!strchr(name, '/')) {
		r = find_in_path(h, name);
		if (r < 0)
			err_set(e, -r, "exec: \"%s\": executable file not found in $PATH: " PROGRAM_NAME_IT, name);
	} else if (strlen(name) >= sizeof(h->program)) {
		r = err_set(e, ENAMETOOLONG, "exec: \"%.128s…\": file name too long", name);
	} else {
		strcpy(h->program, name);
		r = check_program(name, &missing);
		if (r < 0 && missing)
			err_set(e, -r, "exec: \"%s\": stat %s: %s%s%s", name, name, go_strerror(-r, text, sizeof(text)),
				r == -EACCES ? ": " : "", r == -EACCES ? program_denied(name, why, sizeof(why)) : "");
		else if (r < 0)
			err_set(e, -r, "exec: \"%s\": %s%s%s", name, go_strerror(-r, text, sizeof(text)),
				r == -EACCES ? ": " : "", r == -EACCES ? program_denied(name, why, sizeof(why)) : "");
	}
	if (r < 0) {
		snprintf(e->step, sizeof(e->step), "exec");
		return r;
	}
	program_why(h->program, h->why, sizeof(h->why));
	return 0;
}

/* Landlock says no more than EACCES, and that for what cannot be read, too. */
static void why_files(const struct helper *h, char *why, size_t size)
{
	for (uint64_t i = 0; i < h->plan.n_policies; i++) {
		const struct spec_files *f = &h->plan.policies[i].files;

		if (!f->list[FILES_READ].set && !f->list[FILES_EXECUTE].set)
			continue;
		snprintf(why, size,
			 "files.%s of policy %.64s has to name the program, and the interpreter that it names: the ELF "
			 "loader, or that of a script",
			 !f->list[FILES_EXECUTE].set ? "read"
			 : f->list[FILES_READ].set   ? "execute, and files.read,"
						     : "execute",
			 h->plan.policies[i].name);
		return;
	}
}

int step_exec(struct helper *h, struct err *e)
{
	char *none[] = {NULL}, text[128];
	int r = find_program(h, e);

	if (r < 0)
		return r;
	execve(h->program, h->plan.seal.args.v, h->plan.seal.env.v ? h->plan.seal.env.v : none);
	r = errno;
	if (r == EACCES && !h->why[0])
		why_files(h, h->why, sizeof(h->why));
	if (r == E2BIG)
		snprintf(h->why, sizeof(h->why),
			 "process.args and process.env may have a quarter of RLIMIT_STACK, and "
			 "each entry 128 KiB");
	return err_set(e, r, "exec %s: %s%s%s", h->program, go_strerror(r, text, sizeof(text)), h->why[0] ? ": " : "",
		       h->why);
}
