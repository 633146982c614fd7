/* SPDX-License-Identifier: Apache-2.0 */
/* The irreversible steps of the process that becomes the workload, in an order that matters: what needs privileges comes
 * before they go. Where the specification leaves room, this does what runc does. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jail/helper/helper.h"

static int join_keyring(struct helper *h, struct err *e)
{
	/* All for the possessor but changing it; view, read, link and search for the user: what runc sets, so that
	 * programs of the container can find keys in it. */
	const long perm = 0x3f1b0000;
	char name[256];
	long id;

	snprintf(name, sizeof(name), "_ses.%s", h->plan.id ? h->plan.id : "jailrun");
	id = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);
	if (id >= 0) {
		(void)syscall(SYS_keyctl, KEYCTL_SETPERM, id, perm);
		return 0;
	}
	/* No keyrings, a filter in front of them, or the user's quota is used up: the workload can do without. */
	if (errno == ENOSYS || errno == EPERM || errno == EACCES || errno == EDQUOT)
		return 0;
	return err_errno(e, "join a new session keyring");
}

int step_session(struct helper *h, struct err *e)
{
	const struct jail_seal *s = &h->plan.seal;
	int r;

	if (setsid() < 0 && errno != EPERM) /* EPERM: it leads a session already */
		return err_errno(e, "setsid");
	if (s->terminal && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
		return err_errno(e, "make stdin the controlling terminal");
	r = signals_default();
	if (r < 0)
		return err_set(e, -r, "unblock the signals: %s", strerror(-r));
	if (s->umask.set)
		umask((mode_t)s->umask.v);
	return s->new_keyring ? join_keyring(h, e) : 0;
}

/* Never above what config.json says, or what it would have been without a policy. */
static int lower_rlimit(const struct helper *h, int type, enum policy_bound which, struct err *e)
{
	uint64_t v[2];
	int64_t max;
	int of = jail_bound(&h->plan, which, &max);

	if (of < 0)
		return 0;
	if (syscall(SYS_prlimit64, 0, type, NULL, v) < 0)
		return err_errno(e, "read %s", rlimit_name(type));
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		v[i] = v[i] < (uint64_t)max ? v[i] : (uint64_t)max;
	if (syscall(SYS_prlimit64, 0, type, v, NULL) < 0)
		return err_errno(e, "policy %s: %s: lower %s", h->plan.policies[of].name, jail_bound_name(which),
				 rlimit_name(type));
	return 0;
}

int step_rlimits(struct helper *h, struct err *e)
{
	int r;

	for (uint64_t i = 0; i < h->plan.seal.n_rlimits; i++) {
		const struct spec_rlimit *l = &h->plan.seal.rlimits[i];
		uint64_t v[2] = {l->soft, l->hard};

		if (syscall(SYS_prlimit64, 0, l->type, v, NULL) < 0) {
			err_errno(e, "set %s to soft %llu, hard %llu", rlimit_name(l->type),
				  (unsigned long long)l->soft, (unsigned long long)l->hard);
			return err_ctx(e, "process.rlimits[%llu]", (unsigned long long)i);
		}
	}
	r = lower_rlimit(h, RLIMIT_NOFILE, BOUND_OPEN_FILES, e);
	return r < 0 ? r : lower_rlimit(h, RLIMIT_FSIZE, BOUND_FILE_SIZE, e);
}

/* Programs open /dev/stdout anew: pipes and terminals that root made must belong to the container's user. */
static void give_stdio(const struct jail_seal *s)
{
	const dev_t null = (1 << 8) | 3;
	struct stat st;

	for (int fd = 0; fd <= 2; fd++) {
		if (fstat(fd, &st) < 0 || st.st_uid == s->uid || (S_ISCHR(st.st_mode) && st.st_rdev == null))
			continue;
		/* Fails where the owner is outside the user namespace, or the file is read-only: as it was, then. */
		(void)!fchown(fd, s->uid, st.st_gid);
	}
}

static int change_user(const struct jail_seal *s, struct err *e)
{
	if (s->set_groups && syscall(SYS_setgroups, s->n_groups, s->groups) < 0)
		return err_errno(e, "setgroups to %llu groups", (unsigned long long)s->n_groups);
	if (syscall(SYS_setresgid, s->gid, s->gid, s->gid) < 0)
		return err_errno(e, "setgid to %u", s->gid);
	if (syscall(SYS_setresuid, s->uid, s->uid, s->uid) < 0)
		return err_errno(e, "setuid to %u", s->uid);
	return 0;
}

static int cwd_error(const struct jail_seal *s, int code, struct err *e)
{
	char text[128];

	return err_set(e, code, "chdir to cwd (\"%s\") set in config.json failed: %s", s->cwd,
		       go_strerror(code, text, sizeof(text)));
}

/* The kernel's own word, unlike libc's, shows a directory that lies outside of the root (CVE-2024-21626). */
static int check_cwd(struct err *e)
{
	char path[PATH_MAX];

	if (syscall(SYS_getcwd, path, sizeof(path)) < 0)
		return err_errno(e, "getcwd in the container");
	if (path[0] != '/')
		return err_set(e, EPERM,
			       "current working directory is outside of container mount namespace root "
			       "-- possible container breakout detected");
	return 0;
}

/* "name:password:uid:gid:gecos:home:shell" -> the home of uid; the line is changed. */
static const char *home_in_line(char *line, uint32_t uid)
{
	const char *field[6] = {0};
	uint64_t id;

	for (size_t i = 0; i < ARRAY_LEN(field); i++)
		field[i] = str_field(&line, ":");
	return field[5] && parse_u64(field[2], 10, &id) == 0 && id == uid ? field[5] : NULL;
}

/* A program may count on HOME: when config.json has none it is that of the container's passwd; where a policy does not keep it, there is
 * none. */
static int set_home(struct helper *h, struct err *e)
{
	struct strv *env = &h->plan.seal.env;
	const char *home = NULL;
	size_t at = env->n;
	char **v, *text = NULL, *line;
	AUTO_CLOSE int fd = -1;
	size_t size = 65536;
	ssize_t n;

	if (!jail_env_keeps(&h->plan, "HOME"))
		return 0;
	for (size_t i = 0; i < env->n; i++)
		if (str_starts(env->v[i], "HOME=") && env->v[i][5])
			return 0;
		else if (str_starts(env->v[i], "HOME=")) /* empty is none, as in runc */
			at = i;
	fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0 && (text = malloc(size))) {
		n = read(fd, text, size - 1);
		text[n > 0 ? n : 0] = '\0';
	}
	while (text && !home && (line = str_field(&text, "\n")))
		home = home_in_line(line, h->plan.seal.uid);
	v = arena_alloc(&h->arena, (env->n + 2) * sizeof(*v));
	if (v && env->n)
		memcpy(v, env->v, env->n * sizeof(*v));
	if (!v || !(v[at] = arena_printf(&h->arena, "HOME=%s", home && *home ? home : "/")))
		return err_set(e, ENOMEM, "out of memory for HOME");
	*env = (struct strv){v, env->n + (at == env->n)};
	return 0;
}

/* A domain that PID 1 is not in: Landlock lets nobody out of a domain trace, or open /proc/PID/mem, fd, exe and root of, a
 * process outside, whatever its capabilities. A ruleset has to handle something: abstract sockets of processes outside. */
static int hide_init(struct err *e)
{
	const struct {
		uint64_t fs, net, scoped;
	} attr = {.scoped = 1}; /* LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, Linux 6.12 */
	AUTO_CLOSE int fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);

	if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		return err_errno(e, "hide PID 1 from the workload's CAP_SYS_PTRACE by Landlock");
	return 0;
}

int step_user(struct helper *h, struct err *e)
{
	const struct jail_seal *s = &h->plan.seal;
	const char *cwd = s->cwd ? s->cwd : "/";
	int code = 0, r;

	if (s->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_errno(e, "PR_SET_NO_NEW_PRIVS");
	if (h->plan.hide_init && (r = hide_init(e)) < 0)
		return r;
	if (chdir(cwd) < 0) /* the user may be let in where root is not: network file systems, user namespaces */
		code = errno;
	if (code && code != EACCES && code != EPERM)
		return cwd_error(s, code, e);
	if (s->uid != 0) {
		give_stdio(s);
		if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
			return err_errno(e, "PR_SET_KEEPCAPS");
	}
	r = change_user(s, e);
	if (r < 0)
		return r;
	if (code && chdir(cwd) < 0)
		return cwd_error(s, errno, e);
	r = check_cwd(e);
	return r < 0 ? r : set_home(h, e);
}

struct caps {
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[2];
};

static int capget_now(struct caps *c, struct err *e)
{
	*c = (struct caps){.header = {.version = _LINUX_CAPABILITY_VERSION_3}};
	return syscall(SYS_capget, &c->header, c->data) < 0 ? err_errno(e, "capget") : 0;
}

static int capset_to(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct caps c = {.header = {.version = _LINUX_CAPABILITY_VERSION_3}};

	for (int i = 0; i < 2; i++)
		c.data[i] = (struct __user_cap_data_struct){
		    .effective = (uint32_t)(effective >> (32 * i)),
		    .permitted = (uint32_t)(permitted >> (32 * i)),
		    .inheritable = (uint32_t)(inheritable >> (32 * i)),
		};
	return syscall(SYS_capset, &c.header, c.data) < 0 ? -errno : 0;
}

static int drop_bounding(uint64_t keep, struct err *e)
{
	for (int cap = 0; cap < 64; cap++) {
		int has;

		if (keep >> cap & 1)
			continue;
		has = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
		if (has < 0) /* the kernel knows no more */
			break;
		if (has && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return err_errno(e, "drop capability %d from the bounding set", cap);
	}
	return 0;
}

static int raise_ambient(uint64_t set, struct err *e)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && set)
		return err_errno(e, "clear the ambient capabilities");
	for (int cap = 0; cap < 64; cap++)
		if ((set >> cap & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return err_errno(e, "raise ambient capability %d", cap);
	return 0;
}

/* No process.capabilities means none at all, as in runc. */
int step_caps(struct helper *h, struct err *e)
{
	static const uint64_t none[CAPS_COUNT];
	const struct jail_seal *s = &h->plan.seal;
	const uint64_t *want = s->set_caps ? s->caps : none, sys_admin = 1ull << CAP_SYS_ADMIN;
	uint64_t permitted, extra = 0;
	struct caps now;
	int r = capget_now(&now, e);

	if (r < 0)
		return r;
	permitted = now.data[0].permitted | (uint64_t)now.data[1].permitted << 32;
	if (s->uid != 0) { /* the change of user has emptied the effective set */
		r = capset_to(permitted, permitted, now.data[0].inheritable | (uint64_t)now.data[1].inheritable << 32);
		if (r < 0)
			return err_set(e, -r, "make the permitted capabilities effective: %s", strerror(-r));
	}
	r = drop_bounding(want[CAPS_BOUNDING], e);
	if (r < 0)
		return r;
	/* Without no_new_privs a filter, or a domain of Landlock, needs CAP_SYS_ADMIN. It stays until execve(2), which computes both sets anew
	 * from the bounding, inheritable and ambient ones: no capset is left that the filters could refuse. */
	if (!s->no_new_privs && (s->seccomp.len || h->plan.filter.len || jail_has_files(&h->plan)))
		extra = permitted & sys_admin;
	r = capset_to(want[CAPS_EFFECTIVE] | extra, want[CAPS_PERMITTED] | extra, want[CAPS_INHERITABLE]);
	if (r < 0)
		return err_set(e, -r, "set the capabilities: %s (%s)", strerror(-r), errno_name(-r));
	return raise_ambient(want[CAPS_AMBIENT], e);
}

int step_fds(struct helper *h, struct err *e)
{
	return fd_cloexec_from(3 + h->plan.seal.preserve_fds, e);
}
