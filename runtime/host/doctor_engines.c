/* SPDX-License-Identifier: Apache-2.0 */
/* The engines of this host: which are there, and what their configuration says of this runtime. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"

#define VERSION_MS 2000 /* that an engine has to say its version */
#define ANSWER_MAX 512

static const struct engine {
	const char *program;
	const char *files[4];      /* of root; a directory: its *.conf, *.toml */
	const char *user_files[3]; /* below the user's configuration */
} engines[ENGINE_COUNT] = {
    [ENGINE_DOCKER] = {"dockerd", {"/etc/docker/daemon.json"}, {"docker/daemon.json"}},
    [ENGINE_CONTAINERD] = {"containerd", {"/etc/containerd/config.toml", "/etc/containerd/conf.d"}, {NULL}},
    [ENGINE_PODMAN] = {"podman",
		       {"/usr/share/containers/containers.conf", "/etc/containers/containers.conf",
			"/etc/containers/containers.conf.d"},
		       {"containers/containers.conf", "containers/containers.conf.d"}},
    [ENGINE_CRIO] = {"crio", {"/etc/crio/crio.conf", "/etc/crio/crio.conf.d"}, {NULL}},
};

/* What is asked of an engine, and what it has said so far. */
struct question {
	const char *path; /* of the program; NULL: it is not here */
	pid_t pid;
	int fd;
	char answer[ANSWER_MAX];
	size_t len;
};

static const char *find_program(struct arena *a, const char *name)
{
	static const char *const dirs[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
					   "/usr/bin",        "/sbin",          "/bin"};

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		const char *path = arena_printf(a, "%s/%s", dirs[i], name);

		if (path && access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

static void ask(struct question *q)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return;
	q->pid = fork();
	if (q->pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		dup2(null, STDIN_FILENO);
		dup2(fds[1], STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		setpgid(0, 0);
		execl(q->path, q->path, "--version", (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	q->fd = fds[0];
}

/* Takes what is there. Returns whether more may come. */
static bool hear(struct question *q)
{
	ssize_t n = read(q->fd, q->answer + q->len, sizeof(q->answer) - 1 - q->len);

	if (n > 0)
		q->len += (size_t)n;
	return n > 0 && q->len < sizeof(q->answer) - 1;
}

/* All at once: an engine in Go takes a tenth of a second to say it. */
static void ask_all(struct question q[ENGINE_COUNT])
{
	const uint64_t end = now_us() + VERSION_MS * 1000;
	struct pollfd p[ENGINE_COUNT];
	int open = 0;

	for (int i = 0; i < ENGINE_COUNT; i++) {
		q[i].fd = -1;
		q[i].pid = -1;
		if (q[i].path)
			ask(&q[i]);
		p[i] = (struct pollfd){.fd = q[i].fd, .events = POLLIN};
		open += q[i].fd >= 0;
	}
	while (open && now_us() < end) {
		if (poll(p, ENGINE_COUNT, (int)((end - now_us()) / 1000) + 1) <= 0)
			break;
		for (int i = 0; i < ENGINE_COUNT; i++)
			if (p[i].fd >= 0 && p[i].revents && !hear(&q[i])) {
				p[i].fd = -1;
				open--;
			}
	}
	for (int i = 0; i < ENGINE_COUNT; i++) {
		fd_close_p(&q[i].fd);
		if (q[i].pid <= 0)
			continue;
		if (p[i].fd >= 0) /* it has not come to an end */
			kill(-q[i].pid, SIGKILL);
		proc_wait(q[i].pid, NULL, 0);
	}
}

/* The first word that begins with a digit: "20.10.24+dfsg1," without its comma. */
static const char *version_in(char *answer)
{
	char *p = answer;

	while (*p && !(*p >= '0' && *p <= '9' && (p == answer || p[-1] == ' ' || p[-1] == 'v')))
		p++;
	p[strcspn(p, " ,\n~")] = '\0';
	return *p ? p : NULL;
}

/* ---- what the files say ---- */

struct registered {
	struct doctor *d;
	enum spec_engine engine;
	const char *self; /* this program */
	const char *id;   /* of its line */
	const char *name, *file, *policy;
	bool broken;
};

static bool is_ours(const struct registered *g, const struct spec_engine_runtime *r)
{
	char real[PATH_MAX];

	if (!r->path)
		return false;
	return str_eq(realpath(r->path, real) ? real : r->path, g->self) ||
	       str_eq(strrchr(r->path, '/') ? strrchr(r->path, '/') + 1 : r->path, "jailrun");
}

static void read_one(struct registered *g, const char *path)
{
	struct arena *a = &g->d->call->arena;
	struct spec_engine_config c = {0};
	AUTO_FREE char *text = NULL;
	char why[sizeof(struct err)];
	struct err e = {0};
	size_t len;
	int r = file_read(AT_FDCWD, path, 1u << 20, &text, &len, &e);

	if (r == -ENOENT || r == -ENOTDIR || r == -EACCES)
		return;
	if (r == 0)
		r = spec_engine_parse(g->engine, arena_strndup(a, text, len), len, path, a, &c, &e);
	if (r < 0) {
		doctor_add(g->d, DOCTOR_NO, g->id, "mend it", "%s", err_str(&e, why, sizeof(why)));
		g->broken = true;
		return;
	}
	for (size_t i = 0; i < c.n_runtimes && !g->name; i++) {
		const struct spec_engine_runtime *x = &c.runtimes[i];

		if (!is_ours(g, x))
			continue;
		g->name = x->name;
		g->file = arena_strdup(a, path);
		for (size_t k = 0; k + 1 < x->args.n; k++)
			if (str_eq(x->args.v[k], "--policy"))
				g->policy = x->args.v[k + 1];
	}
}

static void read_path(struct registered *g, const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	if (!dir) {
		read_one(g, path);
		return;
	}
	while ((entry = readdir(dir))) {
		const char *end = strrchr(entry->d_name, '.');
		char file[PATH_MAX];

		if (entry->d_name[0] == '.' || !end || (!str_eq(end, ".conf") && !str_eq(end, ".toml")))
			continue;
		if (snprintf(file, sizeof(file), "%s/%s", path, entry->d_name) < (int)sizeof(file))
			read_one(g, file);
	}
	closedir(dir);
}

static void read_files(struct registered *g)
{
	const struct engine *engine = &engines[g->engine];
	const char *config = rt_user_config(&g->d->call->arena);

	for (size_t i = 0; i < ARRAY_LEN(engine->files) && engine->files[i]; i++)
		read_path(g, engine->files[i]);
	for (size_t i = 0; config && geteuid() != 0 && i < ARRAY_LEN(engine->user_files) && engine->user_files[i];
	     i++) {
		char path[PATH_MAX];

		if (snprintf(path, sizeof(path), "%s/%s", config, engine->user_files[i]) < (int)sizeof(path))
			read_path(g, path);
	}
}

static void add_engine(struct doctor *d, enum spec_engine engine, struct question *q, const char *self)
{
	struct registered g = {.d = d, .engine = engine, .self = self};
	const char *version = q->path ? version_in(q->answer) : NULL;
	char id[32], remedy[64];

	snprintf(id, sizeof(id), "engine.%s", spec_engine_name(engine));
	g.id = id;
	if (!q->path) {
		doctor_add(d, DOCTOR_NONE, id, NULL, "not here");
		return;
	}
	read_files(&g);
	snprintf(remedy, sizeof(remedy), "jailrun install %s --write", spec_engine_name(engine));
	if (g.name)
		doctor_add(d, DOCTOR_OK, id, NULL, "%s %s: registered as %s in %s%s%s", q->path,
			   version ? version : "(says no version)", g.name, g.file, g.policy ? ", policy " : "",
			   g.policy ? g.policy : "");
	else if (!g.broken)
		doctor_add(d, DOCTOR_NO, id, remedy, "%s %s: jailrun is not registered", q->path,
			   version ? version : "(says no version)");
}

void doctor_engines(struct doctor *d)
{
	struct question q[ENGINE_COUNT] = {{0}};
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = '\0';
	for (int i = 0; i < ENGINE_COUNT; i++)
		q[i].path = find_program(&d->call->arena, engines[i].program);
	ask_all(q);
	for (int i = 0; i < ENGINE_COUNT; i++)
		add_engine(d, (enum spec_engine)i, &q[i], self);
}
