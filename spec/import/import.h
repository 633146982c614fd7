/* SPDX-License-Identifier: Apache-2.0 */
/* What is imported comes together in a draft, and is written as a policy at the end. Internal to spec/import. */
#ifndef SPEC_IMPORT_IMPORT_H
#define SPEC_IMPORT_IMPORT_H

#include "spec/spec.h"

struct draft {
	const struct spec_import *how;
	struct arena *arena;
	const char *text;
	size_t len;
	struct err *e;
	struct strv left_out;
	bool failed; /* no memory left */

	struct spec_seccomp calls; /* rules: the first that matches decides, as in policies */
	struct {
		bool set; /* with an empty list: nothing but the first program */
	} exec;
	struct {
		bool set; /* nothing may be connected to */
		bool bind_nothing;
	} network;
	struct {
		bool set;
		struct strv keep, assign; /* names; NAME=VALUE */
	} env;
	struct spec_files files;
	struct opt_u64 processes, threads, execs;
	struct opt_u64 forks; /* how often each of the calls for it */
};

/* ---- draft.c ---- */

/* Says what the policy will not have. */
void left_out(struct draft *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void list_add(struct draft *d, struct strv *list, const char *s);
/* Adds a rule like *r, and returns it; NULL: no memory. */
struct spec_seccomp_rule *rule_add(struct draft *d, const struct spec_seccomp_rule *r);
/* Lets files have an entry. */
void files_add(struct draft *d, enum spec_file_right right, const char *path);
/* The calls by which processes and threads are made on the host that is meant, but for clone3; NULL at the end. */
const char *const *import_forks(const char *arch);
/* The number of an errno by its name; -1: there is none. */
int errno_named(const char *name);
/* What of the draft the language does not have becomes what it has, or is left out. */
void draft_settle(struct draft *d);

/* ---- write.c ---- */

void draft_write(const struct draft *d, const char *form, struct buf *out);

/* ---- a file for each form; they return 0 or -errno ---- */

int import_backend(struct draft *d);
int import_docker(struct draft *d);
int import_minijail(struct draft *d);
int import_sandbox(struct draft *d);

/* sandbox_files.c: the lists of paths of sandbox-runtime's settings. */
struct sandbox_lists {
	struct strv deny_read, allow_read, allow_write, deny_write;
};
void sandbox_files(struct draft *d, const struct sandbox_lists *lists);

/* order.c: from libseccomp's rules, which have no order, to those of a policy. */
void order_rules(struct draft *d, struct spec_seccomp_rule *rules, size_t n);

#endif
