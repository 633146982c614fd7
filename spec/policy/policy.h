/* SPDX-License-Identifier: Apache-2.0 */
/* Policies: the part of spec.h that is about them, which includes it behind what it needs. */
#ifndef SPEC_POLICY_H
#define SPEC_POLICY_H

/* ---- jail policies (docs/policy.md) ---- */

enum policy_init { POLICY_INIT_UNSAID, POLICY_INIT_JAIL, POLICY_INIT_WORKLOAD };

enum policy_profile { POLICY_PROFILE_SILENT, POLICY_PROFILE_REPORT };
/* Parts of a policy that can say `mode` and `on_violation` for themselves; of `syscalls` each rule can. */
enum policy_section {
	POLICY_SYSCALLS,
	POLICY_EXEC,
	POLICY_NETWORK,
	POLICY_SIGNALS,
	POLICY_LIMITS,
	POLICY_FILES,
	POLICY_SECTIONS
};

/* A rule on addresses, of a text such as "tcp:10.0.0.0/8:80-90". "*" for an address makes two, one for each family. */
struct spec_net_rule {
	char *text;
	int family;       /* AF_INET, AF_INET6 */
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP; 0: both */
	uint8_t bits;     /* of addr that count; the others are zero */
	uint8_t addr[16]; /* in the order of the network; four of them for AF_INET */
	uint16_t first, last;
};
struct spec_net_rules {
	bool set; /* the list is there, be it empty */
	struct spec_net_rule *v;
	size_t n;
};
/* Of the rules that match the closest decides (cgroups/programs/netorder.c). Without allow everything else may be, when there is a deny, else
 * nothing. */
struct spec_net_list {
	bool set;
	struct spec_net_rules allow, deny;
};
struct spec_network {
	bool set;
	struct spec_response response;
	struct spec_net_list connect, bind;
	struct spec_families {
		bool set;
		uint64_t mask; /* a bit for each AF_* that there may be */
		struct strv names;
	} families;
};
/* Without them a policy's `network` is about the kinds of sockets alone. */
static inline bool spec_net_has_rules(const struct spec_network *n)
{
	return n->connect.set || n->bind.set;
}
/* The families of sockets that there may be beside rules on addresses, where `families` does not say it: UNIX, IPv4, IPv6, netlink. */
#define SPEC_NET_FAMILIES (UINT64_C(1) << 1 | UINT64_C(1) << 2 | UINT64_C(1) << 10 | UINT64_C(1) << 16)

/* What a document says, for people: each key that it has, and behind a list its elements. */
struct spec_said {
	const char *key;  /* "limits.processes", "syscalls.syscalls", "syscalls.syscalls[2]" */
	const char *text; /* its value, JSON on one line */
	const char *of;   /* the document that it stands in, of those that are extended; NULL: the policy's own */
	size_t line;
	bool part; /* an element */
};
struct spec_said_list {
	struct spec_said *v;
	size_t n, room;
};
/* Where a key stands in the document; with an entry, where that one stands in the list of the key ("exec.allow", "/bin/sh"). NULL: nowhere. */
const struct spec_said *spec_said_find(const struct spec_said_list *l, const char *key, const char *entry);

/* Of the environment that a program is to have. keep.v NULL: all of it. */
struct spec_policy_env {
	bool set;
	struct strv keep, drop; /* patterns of names, with * and ?; drop goes before keep */
	struct spec_map assign; /* "set": goes before both */
};

/* limits of which the least holds, where there are two. */
enum policy_bound {
	BOUND_WALL, /* microseconds */
	BOUND_OPEN_FILES,
	BOUND_FILE_SIZE, /* bytes */
	BOUND_MEMORY,    /* bytes */
	BOUND_CPU,       /* microseconds */
	BOUND_IDLE,      /* microseconds */
	BOUND_EXECS,     /* how many, all in all */
	POLICY_BOUNDS
};

/* An entry of exec.allow or exec.deny that has terms beside its path. */
enum spec_exec_as { EXEC_AS_ANY, EXEC_AS_PROGRAM, EXEC_AS_INTERPRETER, EXEC_AS_SCRIPT };
#define EXEC_TIMES_MAX 64 /* entries of a policy with `times` */
struct spec_exec_entry {
	bool deny;
	char *path;
	char *sha256;         /* NULL: any */
	struct strv argv;     /* patterns; v is NULL: any */
	struct opt_u64 times; /* over the container's life */
	int as;               /* enum spec_exec_as */
};

/* Rights to files, each with a list of its own; one that is not there leaves its right alone. */
enum spec_file_right { FILES_READ, FILES_WRITE, FILES_CREATE, FILES_EXECUTE, FILES_LIST, FILES_IOCTL, FILES_RIGHTS };
struct spec_file_list {
	bool set;          /* the list is there, be it empty */
	struct strv paths; /* "/dir/" for a whole tree */
};
struct spec_files {
	bool set;
	struct spec_response response;
	struct spec_file_list list[FILES_RIGHTS];
	struct strv deny; /* hidden whatever the lists say; "/dir/" or a path */
};
/* Whether there are lists, and not holes alone. */
static inline bool spec_files_has_lists(const struct spec_files *f)
{
	bool any = false;

	for (int i = 0; i < FILES_RIGHTS; i++)
		any |= f->list[i].set;
	return any;
}

#define POLICY_COUNTS_MAX 64 /* calls that limits.syscalls may name */

struct spec_policy {
	bool builtin;     /* not the document's: it is the runtime's own `default`, which nobody wrote */
	const char *file; /* where it was read from, for messages; NULL: no file. Set by who read it */
	char *name;
	char *description;
	char *schema;               /* for editors */
	struct spec_said_list said; /* by spec_policy_check alone */
	struct strv
	    extends; /* the documents that it stands on, the undermost first: files, and names of built-in ones */
	enum policy_init init;
	struct spec_response response;
	enum policy_profile profile;  /* whether refusals by linux.seccomp are reported */
	struct spec_seccomp syscalls; /* set when the policy has the key; the OCI seccomp shape */
	struct {
		bool set;
		struct spec_response response;
		struct strv
		    allow; /* paths, "/dir/" for a whole tree, with * and ? within one component, ** for any; empty, and no entry: nothing but the first program */
		struct strv deny;                /* goes before allow */
		struct spec_exec_entry *entries; /* of both keys */
		size_t n_entries;
		bool denies; /* there is something in deny */
		bool memfd;  /* may memfds and deleted files be executed */
	} exec;
	struct {
		struct spec_response response;
		bool refuse_to_init; /* "to_init": "refuse" (true) or "forward" */
		struct strv protect; /* executables whose processes others may not signal, trace or limit */
	} signals;
	struct spec_policy_env env;
	struct spec_network network;
	struct spec_response limits; /* `mode` and `on_violation` of the limits */
	struct spec_files files;
	struct opt_u64 max_processes; /* alive at once, the first one counted */
	struct opt_u64 max_threads;   /* alive at once beyond the first of each process, over the whole container */
	struct opt_u64 bounds[POLICY_BOUNDS];
	/* How often a system call may be made, all in all. */
	struct spec_policy_count {
		char *syscall;
		uint64_t max;
	} * counts;
	size_t n_counts;
};

/* A text of a policy, and where it is from. */
struct spec_text {
	const char *text;
	size_t len;
	const char *name; /* for messages and reports: the path of its file, or the name of a built-in one */
	const char *file; /* NULL: built in */
	const char *id;   /* the same for the same document, whatever path leads to it */
};

/* How what a policy extends is found: `name` as it stands in the document `by`. *ret's strings live as long as the arena of the result. */
struct spec_bases {
	int (*find)(void *arg, const struct spec_text *by, const char *name, struct spec_text *ret, struct err *e);
	void *arg;
};

/* Reads a policy: strict JSON, comments allowed; an unknown key is an error with its line and the nearest known key; a
 * key of the design that this version cannot enforce yet is refused by name. What it extends is laid under it first (policy/extends.c).
 * Returns 0 or -EINVAL, -ENOTSUP, -ENOMEM, -ELOOP, -EFBIG, or what bases->find does. */
int spec_policy_read(const struct spec_text *t, const struct spec_bases *bases, struct arena *a,
		     struct spec_policy *ret, struct err *e);

/* One that extends nothing. */
int spec_policy_parse(const char *text, size_t len, const char *name, struct arena *a, struct spec_policy *ret,
		      struct err *e);

/* What a part of a policy says of its violations, or the policy does where the part does not: nothing is unsaid. */
struct spec_response spec_policy_response(const struct spec_policy *p, enum policy_section section);
/* Likewise, where `own` goes before what is around it. */
struct spec_response spec_response_in(const struct spec_response *own, const struct spec_response *around);

/* What is wrong with a document, in the order of its lines. */
struct spec_error {
	size_t line;         /* 0: not known */
	unsigned int source; /* which of the documents: 0 is the policy's own, */
	const char *name;    /* and this is its name */
	struct err err;      /* its path is that of the field alone */
};
struct spec_errors {
	struct spec_error *v;
	size_t n;
	bool more; /* there are more */
};

/* As spec_policy_read, with all errors. *ret, whose name is that of the document or NULL, is whole when there are none. Returns 0 or the
 * code of one. */
int spec_policy_check(const struct spec_text *t, const struct spec_bases *bases, struct arena *a,
		      struct spec_policy *ret, struct spec_errors *errors);

/* A rule as a policy's network has it. Returns how many it is, 1 or 2; -EINVAL, -ENOMEM. */
int spec_net_rule_parse(const char *text, struct arena *a, struct spec_net_rule ret[2], struct err *e);

/* All keys that a policy can have, those of objects below them: "limits.processes". Returns 0 or -ENOMEM. */
int spec_policy_keys(struct arena *a, struct strv *ret, struct err *e);

/* The system calls that a document names. */
enum spec_list_form { LIST_POLICY, LIST_PROFILE, LIST_CONFIG };
struct spec_list {
	enum spec_list_form form;
	char *default_action; /* what is done with all others; NULL: it says nothing of calls */
	struct strv names;    /* of all rules, with or without conditions, as they stand there */
};

/* Reads a policy, a seccomp profile alone (of the specification, or in Docker's form), or a config.json: of these two only the names and
 * the default. Returns 0 or -EINVAL, -ENOTSUP, -ENOMEM. */
int spec_list_parse(const struct spec_text *t, const struct spec_bases *bases, struct arena *a, struct spec_list *ret,
		    struct err *e);

/* ---- policies out of what others write: spec/import ---- */

enum spec_import_from { IMPORT_GUESS, IMPORT_DOCKER, IMPORT_BACKEND, IMPORT_MINIJAIL, IMPORT_SANDBOX };
struct spec_import {
	enum spec_import_from from;
	const char *file;       /* for messages, and for files that it names */
	const char *arch;       /* of the host that is meant, as the specification names it */
	struct strv caps;       /* that the container will have: "CAP_CHOWN" */
	const char *home, *cwd; /* in the container, absolute: where paths begin; NULL: not known */
	unsigned int kernel[2];
	bool (*has_call)(const char *name); /* whether any ABI has it */
};

/* The name that --from takes; NULL at the end of the list. */
const char *spec_import_name(enum spec_import_from from);

/* Writes a policy that says what the text says. *ret_left_out: what it does not say, a sentence each. Returns 0; -EINVAL for a text that
 * is not right; -ENOTSUP for a form that this program was built without; -ENOMEM. */
int spec_import(const char *text, size_t len, const struct spec_import *how, struct arena *a, struct buf *out,
		struct strv *ret_left_out, struct err *e);

/* ---- policies out of what programs do: spec/policy/learn.c ---- */

/* What audit streams say of `mode: learn`. Begin with the arena alone. */
struct spec_learn {
	struct arena *arena;
	struct fact *facts;
	size_t n, room;
	uint64_t runs;
	struct strv sections; /* that were learnt: "syscalls", "network.bind" */
	struct strv archs;    /* as the lines name them */
	bool memfd;
	struct strv doubts; /* why the policy may not be all that is needed, a sentence each */
};
struct spec_learn_options {
	const char *name;   /* of the policy */
	const char *native; /* the host's ABI, as the lines name it */
	uint64_t collapse;  /* so many programs of one directory become its tree; 0: none do */
};

/* Takes a line of a stream. Returns 0, -EINVAL for what is no such line, -ENOMEM. */
int spec_learn_line(struct spec_learn *l, const char *text, size_t len, struct err *e);
/* Writes the policy under which what was learnt is allowed, and nothing else that the same keys are about. Returns 0, -ENOMEM. */
int spec_learn_policy(struct spec_learn *l, const struct spec_learn_options *o, struct buf *out, struct err *e);
/* Writes what each program did, as an array. Call it after the policy. */
void spec_learn_programs(const struct spec_learn *l, struct jsonw *w, const char *key);

/* A name that a policy can be asked for by: no path, and no dot at its beginning. */
bool spec_is_policy_name(const char *s);

/* NAME=VALUE with a NAME: what environ(7) is made of. */
bool spec_is_variable(const char *s);

#endif
