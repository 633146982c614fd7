/* SPDX-License-Identifier: Apache-2.0 */
/* Talks to systemd by sd-bus(3). libsystemd is loaded when the systemd manager is asked for, and not before: linked, it would
 * cost every call of jailrun more than reading and planning do. */
#include "cgroups/systemd/bus.h"

#include <errno.h>
#include <string.h>

bool cg_has_systemd(void)
{
#ifdef HAVE_SYSTEMD
	return true;
#else
	return false;
#endif
}

#ifndef HAVE_SYSTEMD

/* The command line and cg_plan refuse the manager; a container that another build made is what comes here. */
int cg_bus_open(bool user, struct cg_bus **ret, struct err *e)
{
	(void)user;
	*ret = NULL;
	return err_set(e, ENOTSUP, "this jailrun was built without the systemd cgroup manager");
}

void cg_bus_close_p(struct cg_bus **b)
{
	(void)b;
}

int cg_bus_start(struct cg_bus *b, const char *unit, const struct cg_property *list, size_t n, pid_t pid, struct err *e)
{
	(void)b, (void)unit, (void)list, (void)n, (void)pid, (void)e;
	return -ENOTSUP;
}

int cg_bus_stop(struct cg_bus *b, const char *unit, struct err *e)
{
	(void)b, (void)unit, (void)e;
	return -ENOTSUP;
}

void cg_bus_reset(struct cg_bus *b, const char *unit)
{
	(void)b, (void)unit;
}

int cg_bus_set(struct cg_bus *b, const char *unit, const struct cg_property *list, size_t n, struct err *e)
{
	(void)b, (void)unit, (void)list, (void)n, (void)e;
	return -ENOTSUP;
}

#else

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define LIBRARY        "libsystemd.so.0"
#define SERVICE        "org.freedesktop.systemd1"
#define OBJECT         "/org/freedesktop/systemd1"
#define MANAGER        "org.freedesktop.systemd1.Manager"
#define CALL_US        (25u * 1000 * 1000)
#define JOB_US         (100u * 1000 * 1000) /* longer than DefaultTimeoutStopSec=, after which systemd itself gives up */
#define NAME_MAX_BYTES 256

#define FUNCTIONS(X)                                                                                                   \
	X(sd_bus_open_system)                                                                                          \
	X(sd_bus_open_user)                                                                                            \
	X(sd_bus_new)                                                                                                  \
	X(sd_bus_set_address)                                                                                          \
	X(sd_bus_start)                                                                                                \
	X(sd_bus_flush_close_unref)                                                                                    \
	X(sd_bus_match_signal)                                                                                         \
	X(sd_bus_process)                                                                                              \
	X(sd_bus_wait)                                                                                                 \
	X(sd_bus_call)                                                                                                 \
	X(sd_bus_get_property_string)                                                                                  \
	X(sd_bus_error_free)                                                                                           \
	X(sd_bus_message_new_method_call)                                                                              \
	X(sd_bus_message_append)                                                                                       \
	X(sd_bus_message_append_array)                                                                                 \
	X(sd_bus_message_append_strv)                                                                                  \
	X(sd_bus_message_open_container)                                                                               \
	X(sd_bus_message_close_container)                                                                              \
	X(sd_bus_message_read)                                                                                         \
	X(sd_bus_message_unref)

#define POINTER(name) __typeof__(name) *(name);
static struct {
	FUNCTIONS(POINTER)
} lib;

#define OFFSET(name) {#name, offsetof(__typeof__(lib), name)},
static const struct {
	const char *name;
	size_t offset;
} functions[] = {FUNCTIONS(OFFSET)};

struct cg_bus {
	sd_bus *bus;
	const char *who;      /* "the system's manager" */
	unsigned int version; /* of systemd; 0: not asked yet */
	const char *job;      /* the job that is waited for */
	char result[32];      /* what became of it; "": nothing yet */
};

static int load(struct err *e)
{
	static bool loaded;
	void *handle;

	if (loaded)
		return 0;
	handle = dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL);
	if (!handle)
		return err_set(e, ENOTSUP,
			       "the systemd cgroup manager needs %s: %s; install it (package libsystemd0), or use the "
			       "cgroupfs manager",
			       LIBRARY, dlerror());
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		void *f = dlsym(handle, functions[i].name);

		if (!f)
			return err_set(e, ENOTSUP, "%s has no %s: it is too old", LIBRARY, functions[i].name);
		memcpy((char *)&lib + functions[i].offset, &f, sizeof(f));
	}
	loaded = true;
	return 0;
}

/* ---- the connection ---- */

/* The manager's own socket, as systemctl(1) uses it where there is no bus. */
static int open_direct(const char *socket, sd_bus **ret)
{
	char address[PATH_MAX + 16];
	int r;

	if ((size_t)snprintf(address, sizeof(address), "unix:path=%s", socket) >= sizeof(address))
		return -ENAMETOOLONG;
	r = lib.sd_bus_new(ret);
	if (r >= 0)
		r = lib.sd_bus_set_address(*ret, address);
	if (r >= 0)
		r = lib.sd_bus_start(*ret);
	if (r < 0 && *ret)
		*ret = lib.sd_bus_flush_close_unref(*ret);
	return r;
}

static int explain_open(bool user, const char *runtime_dir, int bus, int direct, struct err *e)
{
	if (!user)
		return err_set(e, -bus,
			       "no systemd to talk to: the system bus: %s, and the manager's own socket "
			       "/run/systemd/private: %s; the systemd cgroup manager needs a host that was booted with "
			       "systemd: leave out --systemd-cgroup (let the caller use its cgroupfs manager)",
			       strerror(-bus), strerror(-direct));
	if (!runtime_dir)
		return err_set(
		    e, -bus,
		    "no user manager to talk to: neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set: %s; "
		    "log in by a session of systemd-logind (su and sudo make none), or have `loginctl enable-linger` "
		    "and set "
		    "XDG_RUNTIME_DIR=/run/user/%u",
		    strerror(-bus), (unsigned int)geteuid());
	return err_set(
	    e, -bus,
	    "no user manager to talk to: the user's bus (DBUS_SESSION_BUS_ADDRESS, or %s/bus): %s, and the "
	    "manager's own socket %s/systemd/private: %s; is user@%u.service running (loginctl enable-linger)? "
	    "Else leave out --systemd-cgroup (let the caller use its cgroupfs manager)",
	    runtime_dir, strerror(-bus), runtime_dir, strerror(-direct), (unsigned int)geteuid());
}

static int connect_to(bool user, sd_bus **ret, bool *ret_direct, struct err *e)
{
	const char *dir = user ? getenv("XDG_RUNTIME_DIR") : "/run";
	char socket[PATH_MAX];
	int bus = user ? lib.sd_bus_open_user(ret) : lib.sd_bus_open_system(ret), direct = -ENOENT;

	if (bus >= 0)
		return 0;
	*ret = NULL;
	dir = dir && *dir ? dir : NULL;
	if (dir && (size_t)snprintf(socket, sizeof(socket), "%s/systemd/private", dir) < sizeof(socket))
		direct = open_direct(socket, ret);
	*ret_direct = direct >= 0;
	return direct >= 0 ? 0 : explain_open(user, dir, bus, direct, e);
}

/* Of the signal JobRemoved(u, o, s, s): the job's path and what became of it. */
static int on_job_removed(sd_bus_message *m, void *arg, sd_bus_error *ret_error)
{
	struct cg_bus *b = arg;
	const char *job, *unit, *result;
	uint32_t id;

	(void)ret_error;
	if (lib.sd_bus_message_read(m, "uoss", &id, &job, &unit, &result) >= 0 && str_eq(job, b->job))
		snprintf(b->result, sizeof(b->result), "%s", result);
	return 0;
}

static int explain(const struct cg_bus *b, int r, const sd_bus_error *error, const char *what, const char *unit,
		   struct err *e)
{
	return err_set(e, -r, "systemd (%s): %s%s: %s%s%s%s", b->who, what, unit,
		       error->message ? error->message : strerror(-r), error->name ? " (" : "",
		       error->name ? error->name : "", error->name ? ")" : "");
}

static int subscribe(struct cg_bus *b, bool direct, struct err *e)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL;
	/* From anybody else on the bus it would be a lie; on the manager's own socket nobody has a name. */
	int r = lib.sd_bus_match_signal(b->bus, NULL, direct ? NULL : SERVICE, OBJECT, MANAGER, "JobRemoved",
					on_job_removed, b);

	if (r >= 0)
		r = lib.sd_bus_message_new_method_call(b->bus, &m, SERVICE, OBJECT, MANAGER, "Subscribe");
	if (r >= 0)
		r = lib.sd_bus_call(b->bus, m, CALL_US, &error, NULL);
	if (r < 0)
		explain(b, r, &error, "listen to the ends of jobs", "", e);
	lib.sd_bus_message_unref(m);
	lib.sd_bus_error_free(&error);
	return r;
}

int cg_bus_open(bool user, struct cg_bus **ret, struct err *e)
{
	struct cg_bus *b;
	bool direct = false;
	int r = load(e);

	*ret = NULL;
	if (r < 0)
		return r;
	b = calloc(1, sizeof(*b));
	if (!b)
		return err_set(e, ENOMEM, "out of memory");
	b->who = user ? "the user's manager" : "the system's manager";
	r = connect_to(user, &b->bus, &direct, e);
	if (r >= 0)
		r = subscribe(b, direct, e);
	if (r < 0)
		cg_bus_close_p(&b);
	else
		*ret = b;
	return r < 0 ? r : 0;
}

void cg_bus_close_p(struct cg_bus **b)
{
	if (!*b)
		return;
	if ((*b)->bus)
		lib.sd_bus_flush_close_unref((*b)->bus);
	free(*b);
	*b = NULL;
}

/* ---- jobs ---- */

/* systemd.unit(5) and the D-Bus interface: done, canceled, timeout, failed, dependency, skipped. */
static int check_result(const struct cg_bus *b, const char *what, const char *unit, struct err *e)
{
	if (str_eq(b->result, "done"))
		return 0;
	if (!*b->result)
		return err_set(e, ETIMEDOUT, "systemd (%s) did not %s %s within %u seconds", b->who, what, unit,
			       JOB_US / 1000000);
	return err_set(
	    e, str_eq(b->result, "timeout") ? ETIMEDOUT : EIO,
	    "systemd (%s) could not %s %s: the job ended as '%s'; `systemctl%s status %s` and the journal say "
	    "why",
	    b->who, what, unit, b->result, b->who[4] == 'u' ? " --user" : "", unit);
}

/* Messages that came before it was known which job it is are still in the queue. */
static int wait_job(struct cg_bus *b, const char *what, const char *unit, struct err *e)
{
	const uint64_t deadline = now_us() + JOB_US;
	int r = 0;

	while (!*b->result && r >= 0) {
		uint64_t now = now_us();

		if (now >= deadline)
			break;
		r = lib.sd_bus_process(b->bus, NULL);
		if (r == 0)
			r = lib.sd_bus_wait(b->bus, deadline - now);
	}
	if (r < 0 && r != -EINTR)
		return err_set(e, -r, "systemd (%s): wait until %s is there: %s", b->who, unit, strerror(-r));
	return check_result(b, what, unit, e);
}

/* Sends m, which is given away, and waits for the job that comes back. name: of the error, if systemd answers with one. */
static int run_job(struct cg_bus *b, sd_bus_message *m, const char *what, const char *unit, char name[NAME_MAX_BYTES],
		   struct err *e)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	char text[64];
	int r;

	b->job = NULL;
	b->result[0] = name[0] = '\0';
	snprintf(text, sizeof(text), "%s ", what);
	r = lib.sd_bus_call(b->bus, m, CALL_US, &error, &reply);
	if (r < 0 && error.name)
		snprintf(name, NAME_MAX_BYTES, "%s", error.name);
	if (r < 0)
		explain(b, r, &error, text, unit, e);
	else if ((r = lib.sd_bus_message_read(reply, "o", &b->job)) >= 0)
		r = wait_job(b, what, unit, e);
	b->job = NULL;
	lib.sd_bus_message_unref(reply);
	lib.sd_bus_error_free(&error);
	return r < 0 ? r : 0;
}

/* ---- properties ---- */

/* systemd opens the node, which udev names /dev/block/MAJ:MIN; where that is missing, as the kernel names it. */
static const char *device_node(const char *path, char buf[PATH_MAX])
{
	char link[PATH_MAX], target[PATH_MAX], *slash;
	ssize_t n;

	if (access(path, F_OK) == 0)
		return path;
	snprintf(link, sizeof(link), "/sys%s", path);
	n = readlink(link, target, sizeof(target) - 1);
	if (n < 0)
		return path;
	target[n] = '\0';
	slash = strrchr(target, '/');
	return slash && snprintf(buf, PATH_MAX, "/dev/%s", slash + 1) > 0 ? buf : path;
}

static int append_list(sd_bus_message *m, const struct cg_property *p)
{
	const bool bytes = p->kind == KIND_BYTES;
	int r = lib.sd_bus_message_open_container(m, 'r', "sv");

	if (r >= 0)
		r = lib.sd_bus_message_append(m, "s", p->name);
	if (r >= 0)
		r = lib.sd_bus_message_open_container(m, 'v', bytes ? "ay" : "as");
	if (r >= 0)
		r = bytes ? lib.sd_bus_message_append_array(m, 'y', p->bytes, p->n_bytes)
			  : lib.sd_bus_message_append_strv(m, p->list.v);
	if (r >= 0)
		r = lib.sd_bus_message_close_container(m);
	return r < 0 ? r : lib.sd_bus_message_close_container(m);
}

static int append_one(sd_bus_message *m, const struct cg_property *p)
{
	char node[PATH_MAX];

	switch (p->kind) {
	case KIND_BOOL:
		return lib.sd_bus_message_append(m, "(sv)", p->name, "b", (int)p->number);
	case KIND_INT32:
		return lib.sd_bus_message_append(m, "(sv)", p->name, "i", (int32_t)p->number);
	case KIND_UINT64:
		return lib.sd_bus_message_append(m, "(sv)", p->name, "t", p->number);
	case KIND_STRING:
		return lib.sd_bus_message_append(m, "(sv)", p->name, "s", p->text);
	case KIND_DEVICE:
		return lib.sd_bus_message_append(m, "(sv)", p->name, "a(st)", 1, device_node(p->text, node), p->number);
	default:
		return append_list(m, p);
	}
}

/* "252.36-1~deb12u1", "v253-rc1". */
static unsigned int version_of(struct cg_bus *b)
{
	char *text = NULL;

	if (!b->version &&
	    lib.sd_bus_get_property_string(b->bus, SERVICE, OBJECT, MANAGER, "Version", NULL, &text) >= 0)
		b->version = (unsigned int)strtoul(text + strcspn(text, "0123456789"), NULL, 10);
	free(text);
	return b->version;
}

static int append_all(struct cg_bus *b, sd_bus_message *m, const struct cg_property *list, size_t n, pid_t pid)
{
	int r = lib.sd_bus_message_open_container(m, 'a', "(sv)");

	for (size_t i = 0; r >= 0 && i < n; i++)
		if (!list[i].since || version_of(b) >= list[i].since)
			r = append_one(m, &list[i]);
	if (r >= 0 && pid > 0)
		r = lib.sd_bus_message_append(m, "(sv)", "PIDs", "au", 1, (uint32_t)pid);
	return r < 0 ? r : lib.sd_bus_message_close_container(m);
}

/* ---- calls ---- */

/* A call whose answer is a job. */
struct job {
	const char *method, *what; /* what: for messages, "start" */
	const char *mode;          /* of a job that is in the way: "fail", "replace" */
	const char *expected;      /* the error that is an answer as well, and what it means here: */
	int meaning;
	bool transient; /* the unit comes along: list, and pid is in it (0: none) */
	const struct cg_property *list;
	size_t n;
	pid_t pid;
};

static int call_job(struct cg_bus *b, const char *unit, const struct job *j, struct err *e)
{
	char name[NAME_MAX_BYTES] = "";
	sd_bus_message *m = NULL;
	struct err local = {0};
	int r = lib.sd_bus_message_new_method_call(b->bus, &m, SERVICE, OBJECT, MANAGER, j->method);

	if (r >= 0)
		r = lib.sd_bus_message_append(m, "ss", unit, j->mode);
	if (r >= 0 && j->transient)
		r = append_all(b, m, j->list, j->n, j->pid);
	if (r >= 0 && j->transient)
		r = lib.sd_bus_message_append(m, "a(sa(sv))", 0);
	if (r < 0)
		err_set(&local, -r, "make the message for systemd: %s", strerror(-r));
	else
		r = run_job(b, m, j->what, unit, name, &local);
	lib.sd_bus_message_unref(m);
	if (str_eq(name, j->expected))
		return j->meaning;
	if (r < 0 && e && !e->code)
		*e = local;
	return r;
}

int cg_bus_start(struct cg_bus *b, const char *unit, const struct cg_property *list, size_t n, pid_t pid, struct err *e)
{
	const struct job job = {
	    .method = "StartTransientUnit",
	    .what = "start",
	    .mode = "fail",
	    .expected = SERVICE ".UnitExists",
	    .meaning = -EEXIST,
	    .transient = true,
	    .list = list,
	    .n = n,
	    .pid = pid,
	};

	return call_job(b, unit, &job, e);
}

int cg_bus_stop(struct cg_bus *b, const char *unit, struct err *e)
{
	const struct job job = {"StopUnit", "stop", "replace", .expected = SERVICE ".NoSuchUnit", .meaning = 0};

	return call_job(b, unit, &job, e);
}

void cg_bus_reset(struct cg_bus *b, const char *unit)
{
	sd_bus_message *m = NULL;

	if (lib.sd_bus_message_new_method_call(b->bus, &m, SERVICE, OBJECT, MANAGER, "ResetFailedUnit") >= 0 &&
	    lib.sd_bus_message_append(m, "s", unit) >= 0)
		lib.sd_bus_call(b->bus, m, CALL_US, NULL, NULL);
	lib.sd_bus_message_unref(m);
}

int cg_bus_set(struct cg_bus *b, const char *unit, const struct cg_property *list, size_t n, struct err *e)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL;
	int r = lib.sd_bus_message_new_method_call(b->bus, &m, SERVICE, OBJECT, MANAGER, "SetUnitProperties");

	if (r >= 0)
		r = lib.sd_bus_message_append(m, "sb", unit, 1);
	if (r >= 0)
		r = append_all(b, m, list, n, 0);
	if (r >= 0)
		r = lib.sd_bus_call(b->bus, m, CALL_US, &error, NULL);
	if (r < 0)
		explain(b, r, &error, "set properties of ", unit, e);
	lib.sd_bus_message_unref(m);
	lib.sd_bus_error_free(&error);
	return r < 0 ? r : 0;
}

#endif
