/* SPDX-License-Identifier: Apache-2.0 */
/* process.rlimits before the container is there. The process that becomes the program sets them (seal.rlimits). But a hard limit is raised
 * by CAP_SYS_RESOURCE of the host alone, which in a user namespace nobody has; and what nobody can set is to be found at create. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "steps.h"

/* struct rlimit64 of the kernel. */
struct limit {
	uint64_t soft, hard;
};

static int prlimit_of(pid_t pid, int type, const struct limit *set, struct limit *ret)
{
	return syscall(SYS_prlimit64, pid, type, set, ret) < 0 ? -errno : 0;
}

/* Sets the hard limit alone where it is below. */
static int raise_hard(pid_t pid, const struct spec_rlimit *l, struct limit *ret_before)
{
	int r = prlimit_of(pid, l->type, NULL, ret_before);

	if (r < 0 || ret_before->hard >= l->hard)
		return r;
	return prlimit_of(pid, l->type, &(struct limit){ret_before->soft, l->hard}, NULL);
}

static int refused(const struct spec_rlimit *l, const struct limit *before, struct err *e)
{
	static const char file[] = "/proc/sys/fs/nr_open";
	AUTO_FREE char *text = NULL;
	const char *name = rlimit_name(l->type);

	if (l->type == RLIMIT_NOFILE && file_read(AT_FDCWD, file, 64, &text, NULL, NULL) >= 0 &&
	    l->hard > strtoull(text, NULL, 10)) {
		text[strcspn(text, "\n")] = '\0';
		return err_set(e, EPERM, "%s: %llu is more than the kernel lets be open (fs.nr_open): lower it to %s",
			       name, (unsigned long long)l->hard, text);
	}
	return err_set(
	    e, EPERM,
	    "%s: %llu is above the hard limit of whoever calls (%llu), and only CAP_SYS_RESOURCE of the host could "
	    "raise that: lower this one, or raise the caller's (ulimit -H, Limit…= of its unit)",
	    name, (unsigned long long)l->hard, (unsigned long long)before->hard);
}

int life_check_rlimits(const struct jail_seal *s, struct err *e)
{
	for (uint64_t i = 0; i < s->n_rlimits; i++) {
		const struct spec_rlimit *l = &s->rlimits[i];
		struct limit before = {0};
		int r = raise_hard(0, l, &before);

		if (r == 0)
			r = before.hard < l->hard ? prlimit_of(0, l->type, &before, NULL) : 0;
		else if (r == -EPERM)
			r = refused(l, &before, e);
		else
			err_set(e, -r, "%s: %s", rlimit_name(l->type), strerror(-r));
		if (r < 0) {
			err_ctx(e, "process.rlimits[%llu].hard", (unsigned long long)i);
			return r;
		}
	}
	return 0;
}

void life_raise_rlimits(const struct jail_seal *s, pid_t pid)
{
	struct limit before;

	for (uint64_t i = 0; i < s->n_rlimits; i++)
		(void)raise_hard(pid, &s->rlimits[i], &before);
}
