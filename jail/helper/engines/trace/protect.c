/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes are protected: those whose program is in signals.protect of a policy. */
#include <limits.h>
#include <unistd.h>

#include "trace.h"
#include "view.h"

/* signals.protect has the patterns of exec.allow. */
static unsigned int is_protected(struct helper *h, const char *path)
{
	unsigned int by = 0;

	for (uint64_t i = 0; i < h->plan.n_policies; i++) {
		const struct jail_policy p = {.exec_allow = h->plan.policies[i].protect};

		by |= (unsigned int)(p.exec_allow.n > 0 && jail_exec_allowed(&p, path, NULL)) << i;
	}
	return by;
}

unsigned int protect_of(struct helper *h, pid_t tid)
{
	static char path[PATH_MAX];
	AUTO_CLOSE int fd = open_link(h, tid, "exe"), same = -1;
	struct file_id id;

	if (fd < 0 || !file_id(fd, &id) || !name_of_fd(h, fd, path, sizeof(path)))
		return 0;
	same = view_open_same(h, path, &id);
	return same < 0 ? 0 : is_protected(h, path);
}

unsigned int protect_enforced(const struct helper *h)
{
	unsigned int by = 0;

	for (uint64_t i = 0; i < h->plan.n_policies; i++) {
		const struct spec_response how = jail_response(&h->plan.policies[i], "signals.protect");

		by |= (unsigned int)(h->plan.policies[i].protect.n > 0 && !jail_goes_on(&how)) << i;
	}
	return by;
}

bool protect_same_program(struct helper *h, pid_t a, pid_t b)
{
	AUTO_CLOSE int one = open_link(h, a, "exe"), other = open_link(h, b, "exe");
	struct file_id x, y;

	return one >= 0 && other >= 0 && file_id(one, &x) && file_id(other, &y) && same_file(&x, &y);
}
