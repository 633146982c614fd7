/* SPDX-License-Identifier: Apache-2.0 */
/* The rows that the container's first process runs between its clone and the helper. It is a copy of the runtime, inside
 * the new namespaces; nothing of the container's own has run yet, so it may still trust its memory, but no path. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "runtime/state/state.h"
#include "steps.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Dies with the runtime until the container is created: nobody else knows of it before. */
static int die_with_parent(struct err *e)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ? err_errno(e, "PR_SET_PDEATHSIG") : 0;
}

/* Host fds are open here, and the host's root is: none who sees this process may look (CVE-2016-9962). */
int child_hide(struct err *e)
{
	return prctl(PR_SET_DUMPABLE, 0) < 0 ? err_errno(e, "PR_SET_DUMPABLE") : 0;
}

/* user_namespaces(7): where the maps were written without privilege, groups can neither be set nor dropped. */
static int read_setgroups(struct life *l, struct err *e)
{
	AUTO_FREE char *text = NULL;
	int r = file_read(AT_FDCWD, "/proc/self/setgroups", 64, &text, NULL, e);

	if (r < 0)
		return r;
	if (str_starts(text, "deny")) {
		if (l->config.process.user.n_additional_gids && !l->ns.keep_groups)
			return err_set(e, EPERM,
				       "process.user.additionalGids: setgroups(2) is denied in this user "
				       "namespace; map ids by newgidmap, or leave them out");
		l->jail.seal.set_groups = false;
	}
	return 0;
}

int child_guard(struct life *l, struct err *e)
{
	/* In a new user namespace that comes with the change of uid, after the id maps, which the runtime could not write
	 * otherwise; before one that exists is joined it was done. */
	if (!l->ns.userns &&
	    (child_hide(e) < 0 || read_setgroups(l, e) < 0)) /* the runtime's own may be no first one */
		return -e->code;
	return die_with_parent(e);
}

int child_join(struct life *l, struct err *e)
{
	return ns_join(&l->ns, &l->ns_run, e);
}

int child_rest(struct life *l, struct err *e)
{
	return ns_rest(&l->ns, &l->ns_run, e);
}

int child_become_root(struct life *l, struct err *e)
{
	int r = read_setgroups(l, e);

	if (r >= 0)
		r = ns_become_root(&l->ns, &l->ns_run, e);
	if (r < 0)
		return r;
	if (child_hide(e) < 0)
		return -e->code;
	return die_with_parent(e); /* a change of credentials clears it, prctl(2) */
}

/* What the helper is told, in memfds that it is executed from and reads. */
static int prepare_helper(struct life *l, struct err *e)
{
	AUTO_BUF blob = {0}, state = {0};
	int r;

	if (l->blob_fd >= 0)
		return 0;
	if (l->config.hooks[HOOK_START_CONTAINER].n > 0) {
		r = life_hook_state(l, STATUS_CREATED, getpid(), &state, e);
		if (r < 0)
			return r;
		l->jail.seal.hook_state = state.data;
	}
	jail_blob_write(&l->jail, &blob);
	l->jail.seal.hook_state = NULL;
	if (blob.failed)
		return err_set(e, ENOMEM, "out of memory for the plan of the helper");
	l->blob_fd = memfd_sealed("jailrun-plan", blob.data, blob.len, e);
	if (l->blob_fd < 0)
		return l->blob_fd;
	if (l->helper_fd < 0)
		l->helper_fd = jail_helper_open(e);
	return l->helper_fd < 0 ? l->helper_fd : 0;
}

/* The helper's index of a row that shall fail, or -1 when it is none of the helper's. */
static int jail_step_of(const struct life *l, int row)
{
	for (int i = 0; row >= 0 && i < jail_n_steps; i++)
		if (str_eq(jail_steps[i].name, l->table->rows[row].name))
			return i;
	return -1;
}

static int hand_over(struct life *l, enum jail_role role, int peer_fd, pid_t peer, struct err *e)
{
	struct jail_handover h = {
	    .role = role,
	    .blob_fd = l->blob_fd,
	    .sync_fd = l->sock,
	    .start_fd = role == JAIL_ROLE_INNER ? -1 : l->start_fd,
	    .audit_fd = role == JAIL_ROLE_INNER ? -1 : l->audit_fd,
	    .audit_dir_fd = role == JAIL_ROLE_INNER ? -1 : l->audit_dir_fd,
	    .ring_fd = role == JAIL_ROLE_INNER ? -1 : l->cg_run.ring_fd,
	    .join_fd = role == JAIL_ROLE_INNER ? -1 : l->join_fd,
	    .cpu_fd = role == JAIL_ROLE_INNER ? -1 : l->cpu_fd,
	    .cpus = (int)sysconf(_SC_NPROCESSORS_CONF),
	    .cpu_alone = l->cg.box != NULL,
	    .peer_fd = peer_fd,
	    .cgroup_fd = role == JAIL_ROLE_EXEC ? l->cg_run.box_fd : -1,
	    .cgroup_ns_fd = role == JAIL_ROLE_EXEC && l->ns.cgroup_late ? l->ns_run.join_fds[NS_CGROUP] : -1,
	    .end_fd = l->report && (role == JAIL_ROLE_INIT || role == JAIL_ROLE_OUTER) ? l->report->told[1] : -1,
	    .peer = peer,
	    .trace_steps = l->trace,
	    .fail_step = jail_step_of(l, l->fail_row),
	    .fail_after = l->fail_after,
	    .die_step = jail_step_of(l, l->die_row),
	};

	return jail_handover(l->helper_fd, &h, e);
}

/* init: workload. This process becomes the outer init, which supervises; its child, PID 1 of the inner namespace, lives
 * on through the table. */
int child_inner(struct life *l, struct err *e)
{
	int pair[2], r = prepare_helper(l, e);
	pid_t pid;

	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(e, "socketpair");
	/* It is the workload already: what it makes of the container is counted where that is. */
	pid = proc_clone(CLONE_NEWPID, l->cg_run.box_fd, NULL);
	if (pid < 0)
		return err_set(e, -pid, "clone of the inner pid namespace: %s", strerror(-pid));
	if (pid > 0) {
		close(pair[1]);
		return hand_over(l, JAIL_ROLE_OUTER, pair[0], pid, e);
	}
	close(pair[0]);
	l->peer_fd = pair[1];
	if (l->jail.cgroup_ns && unshare(CLONE_NEWCGROUP) < 0)
		return err_errno(e, "make a cgroup namespace");
	return die_with_parent(e);
}

int child_loopback(struct life *l, struct err *e)
{
	return ns_loopback(&l->ns, &l->ns_run, e);
}

int child_uts(struct life *l, struct err *e)
{
	return ns_uts(&l->ns, &l->ns_run, e);
}

int child_rootfs(struct life *l, struct err *e)
{
	return ns_rootfs_prepare(&l->ns, &l->ns_run, e);
}

int child_rootfs_show(struct life *l, struct err *e)
{
	return ns_rootfs_show(&l->ns, &l->ns_run, e);
}

int child_mounts(struct life *l, struct err *e)
{
	return ns_mounts(&l->ns, &l->ns_run, e);
}

int child_dev(struct life *l, struct err *e)
{
	return ns_dev(&l->ns, &l->ns_run, e);
}

int child_sysctl(struct life *l, struct err *e)
{
	return ns_sysctl(&l->ns, &l->ns_run, e);
}

int child_hooks_create_container(struct life *l, struct err *e)
{
	AUTO_BUF state = {0};
	int r = life_hook_state(l, STATUS_CREATING, getpid(), &state, e);

	return r < 0 ? r
		     : rt_hooks_run(&l->config.hooks[HOOK_CREATE_CONTAINER], HOOK_CREATE_CONTAINER, l->bundle,
				    state.data, e);
}

int child_pivot(struct life *l, struct err *e)
{
	return ns_pivot(&l->ns, &l->ns_run, e);
}

int child_masks(struct life *l, struct err *e)
{
	return ns_masks(&l->ns, &l->ns_run, e);
}

/* stdin, stdout and stderr belong to the container's user, unless they are the null device or cannot be given away. */
static int own_stdio(const struct life *l, struct err *e)
{
	for (int fd = 0; fd < 3; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0)
			return err_errno(e, "stat of fd %d", fd);
		if (st.st_uid == l->config.process.user.uid || (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)))
			continue;
		if (fchown(fd, l->config.process.user.uid, (gid_t)-1) < 0 && errno != EINVAL && errno != EPERM &&
		    errno != EROFS)
			return err_errno(e, "give fd %d to uid %u", fd, l->config.process.user.uid);
	}
	return 0;
}

/* Before the workload can ask, and without telling it of a change that is none. */
static void size_of_caller(const struct life *l, int slave)
{
	struct winsize size;

	for (int fd = 0; l->foreground && fd <= 2; fd++) {
		if (ioctl(fd, TIOCGWINSZ, &size) < 0)
			continue;
		if (size.ws_row && size.ws_col)
			ioctl(slave, TIOCSWINSZ, &size);
		return;
	}
}

/* A file or a pipe gets the line ends that the workload wrote, as under runc. A terminal gets each byte as the container's made it: that
 * of a full-screen program would be another with line ends of the caller's. Who has a console socket decides for itself. */
static int plain_line_ends(const struct life *l, int slave, struct err *e)
{
	struct termios t;

	if (l->console_socket || isatty(STDOUT_FILENO))
		return 0;
	if (tcgetattr(slave, &t) < 0)
		return err_errno(e, "ask for the terminal's modes");
	t.c_oflag &= ~(tcflag_t)ONLCR;
	return tcsetattr(slave, TCSANOW, &t) < 0 ? err_errno(e, "set the terminal's modes") : 0;
}

int child_terminal(struct life *l,
		   int (*make)(const struct ns_plan *, struct ns_run *, int *ret_master, int *ret_slave, struct err *),
		   struct err *e)
{
	const struct spec_process *p = &l->config.process;
	AUTO_CLOSE int master = -1, slave = -1;
	int r;

	if (p->terminal) {
		r = make(&l->ns, &l->ns_run, &master, &slave, e);
		if (r >= 0)
			r = plain_line_ends(l, slave, e);
		if (r < 0)
			return r;
		size_of_caller(l, slave);
		r = wire_send(l->sock, &(struct wire){.kind = WIRE_FD}, master);
		if (r < 0)
			return err_set(e, -r, "send the terminal to the runtime: %s", strerror(-r));
		for (int fd = 0; fd < 3; fd++)
			if (dup2(slave, fd) < 0)
				return err_errno(e, "dup2 of the terminal to fd %d", fd);
	}
	return own_stdio(l, e);
}

int child_propagation(struct life *l, struct err *e)
{
	return ns_propagation(&l->ns, &l->ns_run, e);
}

int child_stdio(struct life *l, struct err *e)
{
	return child_terminal(l, ns_console, e);
}

/* One candidate: 0 when it can be executed by somebody. Where this process is not let in the container's user may be: the helper will see. */
static int check_program(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == EACCES ? 0 : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return -EACCES;
	return 0;
}

static const char *path_of(const struct strv *env)
{
	for (size_t i = 0; i < env->n; i++)
		if (str_starts(env->v[i], "PATH="))
			return env->v[i] + 5;
	return DEFAULT_PATH;
}

/* The directory that names are relative to, as the container's root sees it; links of procfs are not followed, since
 * they lead to the host's directories that are open here (CVE-2024-21626). Returns 1 when it was entered, 0 when only the container's user
 * may be able to: in a user namespace, in a network file system. */
static int enter_cwd(const char *cwd, struct err *e)
{
	AUTO_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), dir = -1;
	int r;

	if (root < 0)
		return err_errno(e, "open the container's root");
	dir = path_open_in(root, cwd, O_PATH | O_DIRECTORY, 0, NULL);
	r = dir < 0 ? dir : fchdir(dir) < 0 ? -errno : 1;
	if (r == -EACCES)
		return 0;
	return r < 0 ? err_set(e, -r, "chdir to cwd (\"%s\") set in config.json failed: %s", cwd, strerror(-r)) : 1;
}

static int find_in_path(const char *name, const char *dirs, struct err *e)
{
	AUTO_FREE char *copy = strdup(dirs);
	char full[PATH_MAX], *rest = copy, *dir;
	int best = ENOENT;

	while ((dir = str_field(&rest, ":"))) {
		int r;

		if (snprintf(full, sizeof(full), "%s/%s", *dir ? dir : ".", name) >= (int)sizeof(full))
			continue;
		r = check_program(full);
		if (r == 0)
			return 0;
		if (r == -EACCES)
			best = EACCES;
	}
	return err_set(e, best, "exec: \"%s\": %s: " PROGRAM_NAME_IT, name,
		       best == EACCES ? "permission denied" : "executable file not found in $PATH");
}

/* That the program is missing is said by create, in words that engines look for; the search that counts is the
 * helper's, as the container's user. */
int child_find_program(struct life *l, struct err *e)
{
	const struct spec_process *p = &l->config.process;
	const char *name = p->args.v[0];
	char why[256];
	int r = enter_cwd(p->cwd, e);

	if (r < 0)
		return r;
	if (r == 0 && *name != '/' && strchr(name, '/')) /* relative to what only the helper will see */
		return 0;
	if (!strchr(name, '/')) {
		r = find_in_path(name, path_of(&p->env), e);
	} else if ((r = check_program(name)) == -ENOENT || r == -ENOTDIR) {
		err_set(
		    e, -r,
		    "exec: \"%s\": stat %s: %s: it is looked for in the rootfs and its mounts; correct process.args[0]",
		    name, name, r == -ENOENT ? "no such file or directory" : "not a directory");
	} else if (r < 0) {
		/* Docker up to 25 exits with 126 at these two words alone. */
		err_set(e, -r, "exec: \"%s\": %spermission denied: %s", name, r == -EISDIR ? "is a directory: " : "",
			r == -EISDIR ? "name a program" : program_denied(name, why, sizeof(why)));
	}
	if (chdir("/") < 0)
		return err_errno(e, "chdir to the container's root");
	return r;
}

/* Nothing of this process comes after the helper's execution: what tests want after the row happens before that. */
static int end_of_enter(struct life *l, struct err *e)
{
	int row = life_row(l, "jail.enter");

	if (l->fail_row == row && l->fail_after)
		return err_set(e, EIO, "failure injected after the row (EIO)");
	if (l->die_row == row)
		life_die(l, row);
	return 0;
}

int child_enter(struct life *l, struct err *e)
{
	int r = prepare_helper(l, e);

	if (r >= 0)
		r = end_of_enter(l, e);
	if (r < 0)
		return r;
	if (l->table->executes)
		return hand_over(l, JAIL_ROLE_EXEC, l->peer_fd, 0, e);
	if (l->peer_fd >= 0)
		return hand_over(l, JAIL_ROLE_INNER, l->peer_fd, 0, e);
	return hand_over(l, JAIL_ROLE_INIT, -1, 0, e);
}

_Noreturn void life_born(struct life *l, int *theirs)
{
	struct wire m = {.kind = WIRE_ERR};

	child_forget_caller(l);
	fd_close_p(&l->sock);
	l->sock = take_fd(theirs);
	l->pid = 0;
	life_walk(l, ROLE_CHILD, life_row(l, "clone") + 1, l->table->n, &m.err);
	wire_send(l->sock, &m, -1);
	_exit(1);
}
