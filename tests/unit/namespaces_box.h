/* SPDX-License-Identifier: Apache-2.0 */
/* A throw-away container for the tests of namespaces/: a rootfs in a temporary directory, a config.json of a few words, all
 * steps in a process of its own, and a check that runs inside. */
#ifndef TESTS_NAMESPACES_BOX_H
#define TESTS_NAMESPACES_BOX_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "namespaces/namespaces.h"

struct box {
	char dir[64], rootfs[80];
	struct arena arena;
	struct spec_config config;
	struct ns_plan plan;
	struct report {
		char step[24];
		struct err err;
		char why[200]; /* what the check inside found wrong */
		char made[2000];
	} * report;                                         /* shared with the processes of the container */
	const char *linux_, *mounts, *process, *more, *cwd; /* insides of the properties; more: with a comma after it */
	uint32_t as;                                        /* run the runtime as this user */
	bool no_pivot;
	void (*before)(struct box *b);       /* in the runtime, before anything */
	const char *(*check)(struct box *b); /* inside: NULL, or what is wrong */
};

#define NAMESPACES(more)                                                                                               \
	"\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"ipc\"},{\"type\":\"uts\"}" more "]"
/* A user namespace besides, with ids from 0 on mapped to those from `host` on. */
#define MAPPED(more, host, size)                                                                                       \
	NAMESPACES(",{\"type\":\"user\"}" more)                                                                        \
	",\"uidMappings\":[{\"containerID\":0,\"hostID\":" host ",\"size\":" size "}],"                                \
	"\"gidMappings\":[{\"containerID\":0,\"hostID\":" host ",\"size\":" size "}]"
#define PROC_MOUNT "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}"
#define DEV_MOUNT                                                                                                      \
	"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"nosuid\",\"mode=755\","      \
	"\"size=64k\"]}"
#define PTS_MOUNT                                                                                                      \
	"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\",\"options\":[\"nosuid\",\"noexec\","  \
	"\"newinstance\",\"ptmxmode=0666\",\"mode=0620\"]}"

static inline char *in_rootfs(const struct box *b, const char *path)
{
	static char full[4][512];
	static unsigned int i;
	char *p = full[i++ % 4];

	snprintf(p, sizeof(full[0]), "%s%s", b->rootfs, path);
	return p;
}

static inline struct box *box_new(void)
{
	struct box *b = calloc(1, sizeof(*b));

	strcpy(b->dir, "/tmp/jailrun-unit-XXXXXX");
	if (!mkdtemp(b->dir))
		fail_msg("mkdtemp: %s", strerror(errno));
	/* Others may search the parents of no rootfs: with a user namespace it must do without. */
	chmod(b->dir, 0700);
	snprintf(b->rootfs, sizeof(b->rootfs), "%s/rootfs", b->dir);
	mkdir(b->rootfs, 0755);
	b->report = mmap(NULL, sizeof(*b->report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(b->report != MAP_FAILED);
	b->linux_ = NAMESPACES("");
	b->mounts = b->process = b->more = "";
	b->cwd = "/";
	return b;
}

static inline void box_free(struct box *b)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf --one-file-system %s", b->dir);
	if (system(command) != 0)
		fail_msg("left behind: %s", b->dir);
	munmap(b->report, sizeof(*b->report));
	arena_free(&b->arena);
	free(b);
}

static inline int box_made(void *arg, const char *path, bool is_dir, struct err *e)
{
	struct box *b = arg;
	size_t n = strlen(b->report->made);

	(void)e;
	snprintf(b->report->made + n, sizeof(b->report->made) - n, "%c %s\n", is_dir ? 'd' : 'f', path);
	return 0;
}

static inline int box_inside(struct box *b, struct ns_run *r)
{
	static const struct {
		const char *name;
		int (*run)(const struct ns_plan *, struct ns_run *, struct err *);
	} steps[] = {
	    {"join", ns_join},     {"become_root", ns_become_root},
	    {"rest", ns_rest},     {"loopback", ns_loopback},
	    {"uts", ns_uts},       {"prepare", ns_rootfs_prepare},
	    {"mounts", ns_mounts}, {"dev", ns_dev},
	    {"sysctl", ns_sysctl}, {"pivot", ns_pivot},
	    {"masks", ns_masks},
	};
	int master, slave;

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		strcpy(b->report->step, steps[i].name);
		if (steps[i].run(&b->plan, r, &b->report->err) < 0)
			return 1;
	}
	strcpy(b->report->step, "console");
	if (b->config.process.terminal && ns_console(&b->plan, r, &master, &slave, &b->report->err) < 0)
		return 1;
	strcpy(b->report->step, "propagation");
	if (ns_propagation(&b->plan, r, &b->report->err) < 0)
		return 1;
	strcpy(b->report->step, "check");
	ns_run_close(r);
	if (b->check) {
		const char *why = b->check(b);

		snprintf(b->report->why, sizeof(b->report->why), "%s", why ? why : "");
	}
	b->report->step[0] = '\0';
	return 0;
}

/* The runtime's side; ends in _exit. */
static inline void box_runtime(struct box *b)
{
	struct ns_facts facts;
	struct ns_run r;
	int go[2], status;
	pid_t pid;
	char x;

	if (b->as && (setregid(b->as, b->as) < 0 || setreuid(b->as, b->as) < 0))
		_exit(3);
	if (b->as)
		prctl(PR_SET_DUMPABLE, 1); /* as after the execve that a user's runtime begins with */
	if (b->before)
		b->before(b);
	strcpy(b->report->step, "plan");
	if (ns_probe(&facts, &b->report->err) < 0 ||
	    ns_plan(&b->config, &facts, b->dir, b->no_pivot, &b->arena, &b->plan, &b->report->err) < 0)
		_exit(1);
	strcpy(b->report->step, "sources");
	ns_run_init(&r);
	r.made = box_made;
	r.made_arg = b;
	if (ns_sources(&b->plan, &r, &b->report->err) < 0)
		_exit(1);
	if (pipe(go) < 0)
		_exit(3);
	pid = proc_clone(b->plan.clone_flags, -1, NULL);
	if (pid == 0)
		close(go[1]);
	if (pid == 0)
		_exit(read(go[0], &x, 1) == 1 ? box_inside(b, &r) : 3);
	if (pid < 0) {
		strcpy(b->report->step, "clone");
		err_set(&b->report->err, (int)-pid, "clone3");
		_exit(1);
	}
	if (ns_idmap_write(&b->plan, pid, &b->report->err) < 0) {
		strcpy(b->report->step, "idmap");
		_exit(1); /* the pipe closes, the child ends */
	}
	if (write(go[1], "x", 1) != 1 || proc_wait(pid, &status, 0) < 0)
		_exit(3);
	if (!WIFEXITED(status))
		snprintf(b->report->why, sizeof(b->report->why), "died of signal %d", WTERMSIG(status));
	_exit(0);
}

static inline void box_run(struct box *b)
{
	AUTO_BUF text = {0};
	struct err e = {0};
	pid_t pid;

	buf_printf(
	    &text,
	    "{\"ociVersion\":\"1.0.2\",%s\"root\":{\"path\":\"rootfs\"},\"process\":{%s\"args\":[\"x\"],\"cwd\":\"%s\","
	    "\"user\":{\"uid\":0,\"gid\":0}},\"mounts\":[%s],\"linux\":{%s}}",
	    b->more, b->process, b->cwd, b->mounts, b->linux_);
	if (spec_config_parse(text.data, text.len, "config.json", &b->arena, &b->config, &e) < 0)
		fail_msg("the test's own config.json: %s: %s", e.path, e.text);
	*b->report = (struct report){.step = ""};
	pid = fork();
	if (pid == 0)
		box_runtime(b);
	assert_int_equal(proc_wait(pid, NULL, 0), pid);
}

static inline void box_works(struct box *b)
{
	char text[1100];

	box_run(b);
	if (b->report->err.code)
		fail_msg("%s: %s", b->report->step, err_str(&b->report->err, text, sizeof(text)));
	if (b->report->why[0])
		fail_msg("inside: %s", b->report->why);
	assert_string_equal(b->report->step, "");
}

static inline void box_fails(struct box *b, const char *step, int code, const char *path, const char *text)
{
	box_run(b);
	if (!b->report->err.code)
		fail_msg("it works, but should have failed in %s", step);
	if (!str_eq(b->report->step, step) || b->report->err.code != code || !str_eq(b->report->err.path, path) ||
	    !strstr(b->report->err.text, text))
		fail_msg("%s: %s: %s (%d)", b->report->step, b->report->err.path, b->report->err.text,
			 b->report->err.code);
}

/* Reason not to run: what these tests need, and a container around them may not give. */
static inline const char *box_impossible(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(geteuid() != 0 ? 2 : unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS) < 0 ? 1 : 0);
	if (proc_wait(pid, &status, 0) < 0 || !WIFEXITED(status))
		return "fork fails";
	return WEXITSTATUS(status) == 2 ? "not root" : WEXITSTATUS(status) ? "unshare(2) is not permitted" : NULL;
}

static inline int box_setup(void **state)
{
	const char *why = box_impossible();

	*state = (void *)(uintptr_t)why;
	if (why && getenv("JAILRUN_MUST_WORK")) {
		fprintf(stderr, "must work: %s\n", why);
		return -1;
	}
	return 0;
}

#define SKIP_WHERE_IMPOSSIBLE(state)                                                                                   \
	do {                                                                                                           \
		if (*(state)) {                                                                                        \
			print_message("skip: %s\n", (const char *)*(state));                                           \
			skip();                                                                                        \
		}                                                                                                      \
	} while (0)

static inline void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0)
		fail_msg("write %s: %s", path, strerror(errno));
	close(fd);
}

static inline bool is_null(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

static inline bool holds(const char *path, const char *text)
{
	char *data = NULL;
	bool same = file_read(AT_FDCWD, path, 4096, &data, NULL, NULL) == 0 && str_eq(data, text);

	free(data);
	return same;
}

#endif
