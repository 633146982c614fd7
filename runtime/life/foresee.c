/* SPDX-License-Identifier: Apache-2.0 */
/* What `plan` sees of the walk to come: the host as it is now, looked at and left alone. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "steps.h"

static void foretell(const struct err *e)
{
	char text[1024];

	if (e->code)
		log_warn("create would fail: %s", err_str(e, text, sizeof(text)));
}

static void foresee_hooks(const struct life *l)
{
	for (int kind = 0; kind < HOOK_COUNT; kind++)
		for (size_t i = 0; kind != HOOK_START_CONTAINER && i < l->config.hooks[kind].n; i++) {
			const struct spec_hook *h = &l->config.hooks[kind].v[i];
			struct err e = {0};

			if (access(h->path, X_OK) == 0)
				continue;
			err_errno(&e, "'%.200s' cannot be executed: make it, or correct the path", h->path);
			err_ctx(&e, "hooks.%s[%d].path", spec_hook_name(kind), (int)i);
			foretell(&e);
		}
}

static void foresee_agent(const struct life *l)
{
	const char *path = l->config.linux_.seccomp.listener_path;
	struct err e = {0};
	struct stat st;

	if (!jail_has_agent(&l->jail) || !path || (stat(path, &st) == 0 && S_ISSOCK(st.st_mode)))
		return;
	err_set(&e, ENOENT, "no agent listens at '%.200s': start it before", path);
	err_ctx(&e, "linux.seccomp.listenerPath");
	foretell(&e);
}

/* Nothing but what the kernel makes is mounted over the rootfs: there is no telling what else a mount would bring. */
static bool rootfs_is_all(const struct life *l)
{
	static const char *const own[] = {"/proc", "/sys", "/dev", "/run", "/tmp"};

	for (size_t i = 0; i < l->ns.n_mounts; i++) {
		size_t k = 0;

		while (k < ARRAY_LEN(own) && !path_is_below(l->ns.mounts[i].destination, own[k]))
			k++;
		if (k == ARRAY_LEN(own))
			return false;
	}
	return true;
}

/* By the container's own step, in a process that has the rootfs as its root. The directory that it begins in is made by another step. */
static void foresee_program(struct life *l)
{
	struct wire m = {.kind = WIRE_ERR};
	int pair[2];
	pid_t pid;

	if (!l->config.process.set || !rootfs_is_all(l) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return;
	pid = proc_clone(0, -1, NULL);
	if (pid == 0) {
		static char root[] = "/";

		l->config.process.cwd = root;
		if (fchdir(l->ns_run.rootfs_fd) == 0 && chroot(".") == 0 && child_find_program(l, &m.err) < 0)
			wire_send(pair[1], &m, -1);
		_exit(0);
	}
	close(pair[1]);
	if (pid > 0 && wire_recv(pair[0], &m, NULL) > 0)
		foretell(&m.err);
	close(pair[0]);
	if (pid > 0)
		proc_wait(pid, NULL, 0);
}

void life_foresee(struct life *l)
{
	struct err limits = {0}, sources = {0}, sysctl = {0};

	life_check_rlimits(&l->jail.seal, &limits);
	foretell(&limits);
	parent_sources(l, &sources);
	foretell(&sources);
	ns_sysctl_look(&l->ns, &sysctl);
	foretell(&sysctl);
	foresee_hooks(l);
	foresee_agent(l);
	life_policy_absent(l);
	if (!sources.code && l->ns_run.rootfs_fd >= 0)
		foresee_program(l);
}
