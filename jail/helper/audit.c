/* SPDX-License-Identifier: Apache-2.0 */
/* Audit lines. They must cost the jail little, however the workload behaves: of like denials the first few of each second
 * are written, the others counted; a reader who does not read loses lines, and is told how many. */
#include "audit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "arch.h"
#include "facts.h"
#include "jail/helper/engines/engine.h"
#include "procfs.h"

#define WINDOW_US       1000000u
#define FIRST           10u        /* like denials that are written in each window */
#define CHAIN           8          /* ancestors in a line */
#define STATUS_ROOM     (1u << 20) /* bytes of status files for one line: with 65,536 groups one has 700,000 */
#define LINE_MAX_       PIPE_BUF
#define PATH_ROOM       700u /* bytes of a line that a path may take: whatever it is named, the line has room for all else */
#define SYSLOG_PRIORITY (10 * 8 + 4) /* LOG_AUTHPRIV, LOG_WARNING */

/* Denials are alike when rule, call, errno and path are. Two kinds in one slot only share their counts' window. */
static struct slot {
	uint32_t key;
	uint32_t seen, held; /* in this window; of these, not written */
	uint64_t begin;
	char rule[64], syscall[24];
	const char *policy;
} slots[32];
static struct buf line, datagram;
static const char *line_policy, *line_rule; /* of the line that is being made */
static uint64_t dropped;                    /* lines that were not taken */
static int why_dropped;                     /* errno of the last of them */
static bool torn;                           /* half a line was written: the next one begins anew */

static uint32_t hash_str(uint32_t x, const char *s)
{
	while (s && *s)
		x = (x ^ (unsigned char)*s++) * 16777619u;
	return x;
}

/* A field of journald's protocol. Text with line ends goes with its length before it. */
static void put_field(struct buf *b, const char *key, const char *value)
{
	size_t len = value ? strlen(value) : 0;

	if (!value)
		return;
	if (!strchr(value, '\n')) {
		buf_printf(b, "%s=%s\n", key, value);
		return;
	}
	buf_printf(b, "%s\n", key);
	for (int i = 0; i < 8; i++)
		buf_add(b, &(char){(char)((uint64_t)len >> (8 * i))}, 1);
	buf_add(b, value, len);
	buf_str(b, "\n");
}

static void put_syslog_header(const struct helper *h, struct buf *b)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct timespec now;
	struct tm tm = {0};

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += (time_t)h->plan.audit.utc_offset;
	gmtime_r(&now.tv_sec, &tm);
	buf_printf(b, "<%d>%.3s %2d %02d:%02d:%02d jailrun: ", SYSLOG_PRIORITY, months + 3 * tm.tm_mon, tm.tm_mday,
		   tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* The line in the form that its reader wants. */
static const struct buf *message(struct helper *h)
{
	const char *end = h->plan.audit.form == JAIL_AUDIT_LINES ? fd_line_end(h->h.audit_fd) : "";
	struct buf *b = &datagram;

	if (h->plan.audit.form == JAIL_AUDIT_LINES && !torn && str_eq(end, "\n"))
		return &line;
	b->len = 0;
	switch ((enum jail_audit_form)h->plan.audit.form) {
	case JAIL_AUDIT_LINES:
		buf_str(b, torn ? end : "");
		buf_add(b, line.data, line.len - 1);
		buf_str(b, end);
		break;
	case JAIL_AUDIT_JOURNALD:
		buf_printf(b, "PRIORITY=%d\nSYSLOG_FACILITY=%d\n", SYSLOG_PRIORITY % 8, SYSLOG_PRIORITY / 8);
		put_field(b, "SYSLOG_IDENTIFIER", "jailrun");
		put_field(b, "JAILRUN_CONTAINER", h->plan.id);
		put_field(b, "JAILRUN_POLICY", line_policy);
		put_field(b, "JAILRUN_RULE", line_rule);
		buf_str(b, "MESSAGE=");
		buf_add(b, line.data, line.len); /* with its line end */
		break;
	case JAIL_AUDIT_SYSLOG:
		put_syslog_header(h, b);
		buf_add(b, line.data, line.len - 1);
		break;
	}
	return b;
}

/* Never blocks: a pipe that polls as writable has room for PIPE_BUF bytes, and sockets are O_NONBLOCK. */
static int write_message(struct helper *h, const struct buf *b)
{
	struct pollfd p = {.fd = h->h.audit_fd, .events = POLLOUT};
	ssize_t n;

	if (b->failed || line.failed || line.len > LINE_MAX_)
		return -ENOBUFS;
	if (h->plan.audit.form == JAIL_AUDIT_LINES) {
		if (poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT))
			return -EAGAIN;
		if (p.revents & (POLLERR | POLLHUP))
			return -EPIPE;
	}
	do
		n = write(h->h.audit_fd, b->data, b->len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	torn = n != (ssize_t)b->len; /* the disk is full */
	return torn ? -ENOSPC : 0;
}

/* A daemon that was restarted has another socket by the same name, in a directory that can be reached by its descriptor alone. */
static bool reconnect(struct helper *h)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const char *name = h->plan.audit.socket;
	AUTO_CLOSE int fd = -1;
	static uint64_t last;
	bool done;

	if (h->h.audit_dir_fd < 0 || !name || strlen(name) >= sizeof(to.sun_path) ||
	    (last && now_us() - last < WINDOW_US))
		return false;
	last = now_us();
	memcpy(to.sun_path, name, strlen(name));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || fchdir(h->h.audit_dir_fd) < 0)
		return false;
	done = connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0;
	if (chdir("/") < 0) /* never seen; the directory shows nothing that is not there for all */
		return false;
	if (!done)
		return false;
	close(h->h.audit_fd);
	h->h.audit_fd = take_fd(&fd);
	return true;
}

static bool write_line(struct helper *h)
{
	const struct buf *b = message(h);
	int r = write_message(h, b);

	if ((r == -ECONNREFUSED || r == -ENOTCONN || r == -EPIPE) && reconnect(h))
		r = write_message(h, b);
	if (r < 0)
		why_dropped = -r;
	return r == 0;
}

static void begin_line(struct helper *h, struct jsonw *w, const char *policy, const char *rule)
{
	char text[NOW_UTC_SIZE];

	line.len = 0;
	line_policy = policy;
	line_rule = rule;
	*w = (struct jsonw){.out = &line};
	now_utc(text, 6);
	jw_object(w, NULL);
	jw_str(w, "time", text);
	jw_str(w, "container", h->plan.id);
	jw_str(w, "policy", policy);
	if (rule)
		jw_str(w, "rule", rule);
}

/* What the engine says of the container; left out where the line has no room for it. */
static void put_annotations(struct helper *h, struct jsonw *w)
{
	const struct strv *l = &h->plan.audit.annotations;
	struct jsonw before = *w;
	size_t len = line.len;

	if (!l->n)
		return;
	jw_object(w, "annotations");
	for (size_t i = 0; i + 1 < l->n; i += 2)
		jw_str(w, l->v[i], l->v[i + 1]);
	jw_object_end(w);
	if (line.len + 2 <= LINE_MAX_)
		return;
	line.len = len;
	*w = before;
}

/* False: it was not taken. */
static bool end_line(struct helper *h, struct jsonw *w)
{
	bool taken;

	put_annotations(h, w);
	jw_object_end(w);
	buf_str(&line, "\n");
	taken = write_line(h);
	dropped += !taken;
	return taken;
}

/* A string of the workload's, cut where it would take more than its room in the line. */
static void put_bounded(struct jsonw *w, const char *key, const char *s, size_t len)
{
	size_t n = 0, room = PATH_ROOM;

	for (; n < len; n++) {
		unsigned char c = (unsigned char)s[n];
		size_t cost = c < 0x20 ? 6 : c == '"' || c == '\\' ? 2 : c < 0x80 ? 1 : 3;

		if (cost > room)
			break;
		room -= cost;
	}
	while (n < len && n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80) /* not inside a character */
		n--;
	jw_strn(w, key, s, n);
}

/* The name of a process, without the newline behind it. */
static bool comm_of(const struct helper *h, pid_t pid, char *text, size_t size)
{
	ssize_t n = h->proc_fd < 0 ? -1 : procfs_head(h, pid, "comm", text, size);

	if (n > 0 && text[n - 1] == '\n')
		text[n - 1] = '\0';
	return n > 0;
}

/* Its number in its own pid namespace; where that cannot be read, the helper's. */
static int64_t own_pid(const struct helper *h, pid_t tid, size_t *room)
{
	int64_t v[PID_LEVELS];
	int n = h->proc_fd < 0 ? 0 : procfs_list(h, tid, "\nNStgid:\t", room, v);

	return n ? v[n - 1] : tid;
}

static ssize_t exe_of(const struct helper *h, pid_t pid, char *text, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/exe", (int)pid);
	return h->proc_fd < 0 ? -1 : readlinkat(h->proc_fd, path, text, size);
}

/* Who it was: program, name, pid in the container, and the chain of parents. */
static void put_caller(struct helper *h, struct jsonw *w, const struct denial *d)
{
	char text[1024];
	struct procfs_kin kin;
	size_t room = STATUS_ROOM;
	pid_t pid = d->tid;
	ssize_t n;

	n = exe_of(h, pid, text, sizeof(text));
	if (n >= 0)
		put_bounded(w, "exe", text, (size_t)n);
	if (d->comm || comm_of(h, pid, text, sizeof(text)))
		jw_str(w, "comm", d->comm ? d->comm : text);
	jw_int(w, "pid", own_pid(h, pid, &room));
	if (h->proc_fd < 0)
		return;
	jw_array(w, "parents");
	for (int i = 0; i < CHAIN && procfs_kin(h, pid, &kin) && kin.ppid > 1; i++) {
		pid = kin.ppid;
		if (!comm_of(h, pid, text, sizeof(text)))
			break;
		jw_object(w, NULL);
		jw_int(w, "pid", own_pid(h, pid, &room));
		jw_str(w, "comm", text);
		jw_object_end(w);
	}
	jw_array_end(w);
}

/* One in a pid namespace that is not the supervisor's. */
static void put_stranger(struct jsonw *w, const struct denial *d)
{
	jw_str(w, "comm", d->comm);
	jw_int(w, "host_pid", d->host_pid);
}

/* By the plan's table. NULL: a call that is newer than libseccomp. */
static const char *name_of(const struct helper *h, uint32_t arch, int nr)
{
	char key[32];

	snprintf(key, sizeof(key), JAIL_NAME_KEY, arch, nr);
	for (size_t i = 0; i < h->plan.names.n; i++)
		if (str_starts(h->plan.names.v[i], key))
			return h->plan.names.v[i] + strlen(key);
	return NULL;
}

static void put_call(struct jsonw *w, const struct denial *d)
{
	if (d->from) {
		jw_str(w, "syscall", d->name ? d->name : "unknown");
		if (!d->from->syscall) /* the rule is for whatever no other names */
			jw_int(w, "nr", d->nr);
		jw_str(w, "arch", arch_name(d->arch));
		jw_array(w, "args");
		for (int i = 0; i < 6; i++)
			jw_fmt(w, NULL, "0x%llx", (unsigned long long)d->args[i]);
		jw_array_end(w);
	}
	if (d->path)
		put_bounded(w, "path", d->path, strlen(d->path));
	if (d->address) {
		jw_str(w, "address", d->address);
		jw_int(w, "port", d->port);
		jw_str(w, "protocol", d->protocol);
	}
	if (d->signal)
		jw_str(w, "signal", signal_name(d->signal));
	if (d->target != NO_TARGET)
		jw_int(w, "target", d->target);
}

static void report_held(struct helper *h, struct slot *s)
{
	struct jsonw w;

	begin_line(h, &w, s->policy, s->rule);
	if (s->syscall[0])
		jw_str(&w, "syscall", s->syscall);
	jw_uint(&w, "more", s->held);
	jw_fmt(&w, "note", "%u more like these within a second were not written", s->held);
	(void)end_line(h, &w);
	s->held = 0;
}

static const char *policy_name(const struct helper *h, const struct denial *d)
{
	return d->policy < h->plan.n_policies ? h->plan.policies[d->policy].name : h->plan.policy;
}

/* False when this one is only to be counted. */
static bool admit(struct helper *h, const struct denial *d)
{
	uint32_t key = hash_str(hash_str(2166136261u, d->rule), d->path ? d->path : d->address);
	uint64_t now = now_us();
	struct slot *s;

	key = hash_str(key, d->from ? d->from->syscall : NULL) * 31 + (uint32_t)d->err * 512 + (uint32_t)d->nr * 2 +
	      d->policy;
	s = &slots[key % ARRAY_LEN(slots)];
	if (s->key != key || now - s->begin >= WINDOW_US) {
		if (s->held)
			report_held(h, s);
		*s = (struct slot){.key = key, .begin = now, .policy = policy_name(h, d)};
		snprintf(s->rule, sizeof(s->rule), "%s", d->rule);
		snprintf(s->syscall, sizeof(s->syscall), "%s", d->from && d->from->syscall ? d->from->syscall : "");
	}
	if (s->seen++ < FIRST)
		return true;
	s->held++;
	return false;
}

static const char *action_of(const struct denial *d)
{
	if (d->kill)
		return "kill";
	if (d->trap)
		return "trap";
	if (d->does)
		return d->does;
	if (d->err)
		return errno_name(d->err);
	return d->allowed ? "allow" : d->log || d->from ? "log" : "drop";
}

static bool learns_calls(const struct helper *h, uint64_t policy)
{
	for (uint64_t i = 0; i < h->plan.n_rules; i++) {
		const struct jail_note *n = &h->plan.rules[i].note;

		if (n->mode == POLICY_LEARN && n->policy == policy && str_starts(n->rule, "syscalls."))
			return true;
	}
	return false;
}

/* False: the line was not taken. */
static bool tell_keys(struct helper *h, uint64_t policy)
{
	static const char *const keys[] = {"syscalls", "exec", "network.connect", "network.bind"};
	const struct jail_policy *p = &h->plan.policies[policy];
	const bool exec = jail_response(p, "exec").mode == POLICY_LEARN,
		   net = jail_response(p, "network").mode == POLICY_LEARN;
	const bool learns[] = {learns_calls(h, policy), exec && p->exec_rules, net && p->net_connect,
			       net && p->net_bind};
	struct jsonw w;

	if (!learns[0] && !learns[1] && !learns[2] && !learns[3])
		return true;
	begin_line(h, &w, p->name, NULL);
	jw_str(&w, "mode", "learn");
	jw_array(&w, "learns");
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (learns[i])
			jw_str(&w, NULL, keys[i]);
	jw_array_end(&w);
	return end_line(h, &w);
}

/* Before the first fact: which keys are learnt, since of what was never used there is no other line. */
static void tell_learns(struct helper *h)
{
	static uint64_t told;

	while (told < h->plan.n_policies && tell_keys(h, told))
		told++;
}

static void tell_full(struct helper *h, const struct denial *d)
{
	struct jsonw w;

	begin_line(h, &w, policy_name(h, d), d->rule);
	jw_str(&w, "mode", "learn");
	jw_uint(&w, "lost", 1);
	jw_str(&w, "note", "too many distinct facts: what comes from here on is not learnt");
	(void)end_line(h, &w);
}

/* Of what is learnt each is told once. */
static bool is_news(struct helper *h, const struct denial *d)
{
	char exe[1024];
	ssize_t n = d->tid > 0 ? exe_of(h, d->tid, exe, sizeof(exe) - 1) : -1;
	bool full, is_new;

	exe[n > 0 ? n : 0] = '\0';
	tell_learns(h);
	is_new = fact_is_new(d, exe, &full);
	if (full)
		tell_full(h, d);
	return is_new;
}

void audit_denial(struct helper *h, const struct denial *told)
{
	struct denial named = *told;
	const struct denial *d = &named;
	struct jsonw w;

	if (h->h.audit_fd < 0)
		return;
	if (d->mode != POLICY_LEARN &&
	    !admit(h, d)) /* before a name is looked for: a flood of like ones is but counted */
		return;
	if (d->from)
		named.name = d->from->syscall ? d->from->syscall : name_of(h, d->arch, d->nr);
	if (d->mode == POLICY_LEARN && !is_news(h, d))
		return;
	begin_line(h, &w, policy_name(h, d), d->rule);
	if (d->mode > POLICY_ENFORCE)
		jw_str(&w, "mode", d->mode == POLICY_LEARN ? "learn" : "watch");
	jw_str(&w, "engine", h->engine ? h->engine->name : "none");
	put_call(&w, d);
	if (d->tid > 0)
		put_caller(h, &w, d);
	else if (d->host_pid > 0)
		put_stranger(&w, d);
	jw_str(&w, "action", action_of(d));
	if (d->allow)
		jw_str(&w, "allow", d->allow);
	if (!end_line(h, &w) && d->mode == POLICY_LEARN)
		fact_forget();
}

bool audit_violation(struct helper *h, struct denial *d)
{
	const struct spec_response how = jail_response(&h->plan.policies[d->policy], d->rule);

	d->kill |= how.violation == POLICY_KILL;
	d->log = how.violation == POLICY_LOG;
	d->mode = (uint32_t)how.mode;
	if (d->log) {
		d->kill = false;
		d->err = 0;
	} else if (how.err) {
		d->err = how.err;
	}
	audit_denial(h, d);
	return jail_goes_on(&how);
}

void audit_note(struct helper *h, const struct denial *d, const struct jail_note *note)
{
	const struct jail_rule rule = {.name = note->rule};
	struct denial one = *d;

	one.rule = note->rule;
	one.policy = note->policy;
	one.mode = note->mode;
	one.err = note->err;
	one.kill = note->kill;
	one.trap = note->trap;
	one.allowed = note->allowed;
	one.log = !one.kill && !one.trap && !one.err && !one.allowed;
	one.allow = one.allowed || one.log ? NULL : audit_how_to_allow(&rule);
	audit_denial(h, &one);
}

int audit_profile(struct helper *h, pid_t tid, uint32_t arch, int nr, const uint64_t args[6])
{
	static const struct jail_rule profile = {.name = "linux.seccomp", .nr = JAIL_ANY_CALL};
	struct denial d = {.rule = profile.name,
			   .policy = (uint32_t)h->plan.n_policies, /* of none */
			   .from = &profile,
			   .tid = tid,
			   .arch = arch,
			   .nr = nr,
			   .target = NO_TARGET,
			   .err = jail_profile_refuses(&h->plan, arch, nr, args)};

	if (!d.err)
		return 0;
	memcpy(d.args, args, sizeof(d.args));
	d.allow = audit_how_to_allow(&profile);
	audit_denial(h, &d);
	return d.err;
}

const char *audit_how_to_allow(const struct jail_rule *rule)
{
	/* syscalls.syscalls come after the first four: no rule there allows what these refuse. */
	static const struct {
		const char *rule, *allow;
	} known[] = {
	    {"self", "nothing does: it would harm the jail, which is PID 1; init: \"workload\" has no such rules"},
	    {"engine", "nothing does, as long as the policy has exec, limits, signals.protect, network or files.ioctl"},
	    {"linux.seccomp",
	     "allow the call in linux.seccomp of config.json: it is the engine's profile that refuses"},
	    {"signals.to_init", "set signals.to_init to \"forward\""},
	    {"signals.protect", "take signals.protect out of the policy"},
	    {"syscalls.architectures", "name the ABI in syscalls.architectures"},
	    {"network.families", "name the family in network.families"},
	    {"network", "take network out of the policy: beside its rules there are TCP, UDP and UNIX sockets alone"},
	    {"files", "take files out of the policy: a file that is opened by its handle has no path to judge by"},
	    {"files.execute", "call memfd_create with MFD_NOEXEC_SEAL, or take files.execute out of the policy"},
	    {"syscalls.defaultAction", "name the call in syscalls.syscalls, with SCMP_ACT_ALLOW"},
	};

	for (size_t i = 0; rule && i < ARRAY_LEN(known); i++)
		if (str_eq(rule->name, known[i].rule))
			return known[i].allow;
	return "put a rule with SCMP_ACT_ALLOW for the call before this one in syscalls.syscalls, or take this one out";
}

void audit_lost(uint64_t n)
{
	dropped += n;
	why_dropped = ENOBUFS;
}

int audit_timeout(void)
{
	uint64_t now = 0, soonest = UINT64_MAX;

	for (size_t i = 0; i < ARRAY_LEN(slots); i++)
		if (slots[i].held && slots[i].begin + WINDOW_US < soonest)
			soonest = slots[i].begin + WINDOW_US;
	if (soonest == UINT64_MAX)
		return dropped ? 1000 : -1;
	now = now_us();
	return soonest <= now ? 0 : (int)((soonest - now) / 1000 + 1);
}

void audit_flush(struct helper *h, bool last)
{
	uint64_t now = now_us(), lost = dropped;
	struct jsonw w;

	if (h->h.audit_fd < 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(slots); i++)
		if (slots[i].held && (last || now - slots[i].begin >= WINDOW_US))
			report_held(h, &slots[i]);
	if (!lost)
		return;
	begin_line(h, &w, h->plan.policy, NULL);
	jw_uint(&w, "lost", lost);
	jw_fmt(&w, "note", "lines were lost: the audit stream did not take them (%s)", errno_name(why_dropped));
	dropped = 0;
	(void)end_line(h, &w);
	if (dropped)
		dropped = lost;
}
