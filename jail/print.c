/* SPDX-License-Identifier: Apache-2.0 */
/* The plan for people: `jailrun plan`. Which rule is enforced by what, and whether a race can get round it. */
#include "internal.h"

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/seccomp.h>

const char *jail_engine_name(uint32_t engine)
{
	static const char *const names[] = {[JAIL_NONE] = "none", [JAIL_NOTIFY] = "notify", [JAIL_TRACE] = "trace"};

	return names[engine];
}

static const struct {
	const char *does, *mechanism;
} traps[] = {
    [JAIL_TRAP_REFUSE] = {"refuse", "seccomp on scalar arguments"},
    [JAIL_TRAP_KILL] = {"kill", "seccomp on scalar arguments"},
    [JAIL_TRAP_RETURN] = {"give a result", "the tracer, in the place of the call"},
    [JAIL_TRAP_SET] = {"replace arguments", "the tracer, in the registers; the filters are asked again"},
    [JAIL_TRAP_SIGSYS] = {"send SIGSYS", "seccomp on scalar arguments"},
    [JAIL_TRAP_LOG] = {"log", "seccomp on scalar arguments"},
    [JAIL_TRAP_EXEC] = {"check the program", "an early answer by path; the new image at PTRACE_EVENT_EXEC decides"},
    [JAIL_TRAP_CLONE] = {"count", "the tracer's own count, reserved before the call goes on"},
    [JAIL_TRAP_COUNT] = {"count", "the helper's own count of this call, taken before it goes on"},
    [JAIL_TRAP_TARGET] = {"check the target", "the pid in a register, looked up by the tracer"},
};

static const char *const op_texts[] = {
    [JAIL_NE] = "!=", [JAIL_LT] = "<", [JAIL_LE] = "<=", [JAIL_EQ] = "==", [JAIL_GE] = ">=", [JAIL_GT] = ">"};

static const char *abi_of(const struct jail_rule *r)
{
	if (r->arch == arch_audit(arch_token("SCMP_ARCH_X32")) && r->nr != JAIL_ANY_CALL && ((uint32_t)r->nr & X32_BIT))
		return "SCMP_ARCH_X32";
	return arch_name(r->arch);
}

static void print_args(const struct jail_rule *r, struct jsonw *w)
{
	jw_array(w, "args");
	for (uint32_t i = 0; i < r->n_args; i++) {
		const struct jail_rule_arg *c = &r->args[i];

		if (c->op == JAIL_MASKED_EQ && c->a == COMPARE_32)
			jw_fmt(w, NULL, "(int) arg%u == %#llx", c->index, (unsigned long long)c->b);
		else if (c->op == JAIL_MASKED_EQ)
			jw_fmt(w, NULL, "(arg%u & %#llx) == %#llx", c->index, (unsigned long long)c->a,
			       (unsigned long long)c->b);
		else if (c->b == COMPARE_32)
			jw_fmt(w, NULL, "(int) arg%u %s %#llx", c->index, op_texts[c->op], (unsigned long long)c->a);
		else if (c->b)
			jw_fmt(w, NULL, "(arg%u & %#llx) %s %#llx", c->index, (unsigned long long)c->b, op_texts[c->op],
			       (unsigned long long)c->a);
		else
			jw_fmt(w, NULL, "arg%u %s %#llx", c->index, op_texts[c->op], (unsigned long long)c->a);
	}
	jw_array_end(w);
}

/* The same rule in another ABI. */
static bool same_rule(const struct jail_rule *a, const struct jail_rule *b)
{
	if (a->policy != b->policy || !str_eq(a->name, b->name) || !str_eq(a->syscall, b->syscall) ||
	    a->trap != b->trap || a->n_args != b->n_args || a->value != b->value || a->set != b->set ||
	    a->note.policy != b->note.policy || !str_eq(a->note.rule, b->note.rule))
		return false;
	for (uint32_t i = 0; i < a->n_args; i++)
		if (a->args[i].index != b->args[i].index || a->args[i].op != b->args[i].op ||
		    a->args[i].a != b->args[i].a || a->args[i].b != b->args[i].b)
			return false;
	return true;
}

static const char *const modes[] = {[POLICY_ENFORCE] = "enforce", [POLICY_WATCH] = "watch", [POLICY_LEARN] = "learn"};

static const char *violation_name(const struct spec_response *r)
{
	if (r->violation == POLICY_ERRNO && r->err)
		return errno_name(r->err);
	return r->violation == POLICY_KILL ? "kill" : r->violation == POLICY_LOG ? "log" : "errno";
}

static void print_response(const struct jail_policy *p, struct jsonw *w)
{
	static const char *const names[] = {[POLICY_EXEC] = "exec",
					    [POLICY_NETWORK] = "network",
					    [POLICY_SIGNALS] = "signals",
					    [POLICY_LIMITS] = "limits",
					    [POLICY_FILES] = "files"};
	const struct spec_response *top = &p->response[POLICY_SYSCALLS];

	jw_str(w, "on_violation", violation_name(top));
	if (top->mode > POLICY_ENFORCE)
		jw_str(w, "mode", modes[top->mode]);
	for (size_t i = POLICY_EXEC; i < ARRAY_LEN(names); i++) {
		const struct spec_response *r = &p->response[i];

		if (r->mode == top->mode && r->violation == top->violation && r->err == top->err)
			continue;
		jw_object(w, names[i]);
		jw_str(w, "on_violation", violation_name(r));
		jw_str(w, "mode", modes[r->mode]);
		jw_object_end(w);
	}
}

/* What is reported before the call comes to its trap. */
static void print_note(const struct jail_plan *p, const struct jail_note *n, struct jsonw *w)
{
	if (!n->rule)
		return;
	jw_object(w, "reports");
	if (p->n_policies > 1)
		jw_str(w, "policy", p->policies[n->policy].name);
	jw_str(w, "rule", n->rule);
	jw_str(w, "mode", modes[n->mode]);
	jw_str(w, "action", n->kill ? "kill" : n->err ? errno_name(n->err) : n->allowed ? "allow" : "log");
	jw_object_end(w);
}

static void print_rules(const struct jail_plan *p, struct jsonw *w)
{
	jw_array(w, "rules");
	for (uint64_t i = 0; i < p->n_rules;) {
		const struct jail_rule *r = &p->rules[i];
		bool target = r->trap == JAIL_TRAP_TARGET;

		jw_object(w, NULL);
		if (p->n_policies > 1)
			jw_str(w, "policy", p->policies[r->policy].name);
		jw_str(w, "rule", r->name);
		jw_str(w, "syscall", r->nr == JAIL_ANY_CALL ? "any other" : jail_rule_foreign(r) ? "any" : r->syscall);
		if (r->nr != JAIL_ANY_CALL)
			jw_array(w, "abis");
		do {
			if (p->rules[i].nr != JAIL_ANY_CALL)
				jw_str(w, NULL, abi_of(&p->rules[i]));
			i++;
		} while (i < p->n_rules && p->rules[i].nr != JAIL_ANY_CALL && same_rule(r, &p->rules[i]));
		if (r->nr != JAIL_ANY_CALL)
			jw_array_end(w);
		print_args(r, w);
		if (target)
			jw_uint(w, "target_arg", r->arg);
		jw_str(w, "does", traps[r->trap].does);
		if (r->trap == JAIL_TRAP_RETURN)
			jw_int(w, "return", (int64_t)r->value);
		if (r->set) {
			jw_array(w, "set");
			for (int k = 0; k < 6; k++)
				if (r->set >> k & 1)
					jw_fmt(w, NULL, "arg%d = %#llx", k, (unsigned long long)r->to[k]);
			jw_array_end(w);
		}
		if (r->err)
			jw_str(w, "errno", errno_name(r->err));
		print_note(p, &r->note, w);
		jw_str(w, "mechanism", traps[r->trap].mechanism);
		jw_bool(w, "race_free", true);
		jw_object_end(w);
	}
	jw_array_end(w);
}

static void print_limit(struct jsonw *w, const char *key, int64_t max)
{
	if (max >= 0)
		jw_int(w, key, max);
	else
		jw_null(w, key);
}

static void print_filter(struct jsonw *w, const char *key, const struct jail_bpf *f)
{
	if (!f->len) {
		jw_null(w, key);
		return;
	}
	jw_object(w, key);
	jw_uint(w, "instructions", f->len);
	jw_array(w, "flags");
	if (f->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)
		jw_str(w, NULL, "SECCOMP_FILTER_FLAG_NEW_LISTENER");
	for (const struct word *x = seccomp_flags; x->name; x++)
		if (f->flags & x->value)
			jw_str(w, NULL, x->name);
	jw_array_end(w);
	jw_object_end(w);
}

static void print_bits(struct jsonw *w, const char *key, const struct bits *b)
{
	struct arena a = {0};

	if (b->v)
		jw_str(w, key, bits_list(b, &a));
	arena_free(&a);
}

static void print_schedule(const struct jail_seal *s, struct jsonw *w)
{
	const struct spec_scheduler *c = &s->scheduler;

	print_bits(w, "exec_initial_affinity", &s->initial_affinity);
	print_bits(w, "exec_final_affinity", &s->affinity);
	if (c->set) {
		jw_object(w, "scheduler");
		jw_str(w, "policy", spec_sched_name(c->policy));
		jw_int(w, "nice", c->nice);
		jw_int(w, "priority", c->priority);
		jw_fmt(w, "flags", "%#llx", (unsigned long long)c->flags);
		jw_uint(w, "runtime", c->runtime);
		jw_uint(w, "deadline", c->deadline);
		jw_uint(w, "period", c->period);
		jw_object_end(w);
	}
	if (s->io_priority.set)
		jw_fmt(w, "io_priority", "class %u, level %u", (unsigned int)IOPRIO_PRIO_CLASS(s->io_priority.v),
		       (unsigned int)IOPRIO_PRIO_DATA(s->io_priority.v));
	if (s->mempolicy.set) {
		const unsigned int flags = (unsigned int)s->mempolicy.mode & MPOL_MODE_FLAGS;

		jw_object(w, "memory_policy");
		jw_str(w, "mode", spec_mempolicy_name(s->mempolicy.mode & ~MPOL_MODE_FLAGS));
		jw_fmt(w, "flags", "%#x", flags);
		print_bits(w, "nodes", &s->mempolicy.nodes);
		jw_object_end(w);
	}
	if (s->personality.set)
		jw_fmt(w, "personality", "%#llx", (unsigned long long)s->personality.v);
}

static void print_seal(const struct jail_seal *s, struct jsonw *w)
{
	static const char *const sets[CAPS_COUNT] = {[CAPS_BOUNDING] = "bounding",
						     [CAPS_EFFECTIVE] = "effective",
						     [CAPS_INHERITABLE] = "inheritable",
						     [CAPS_PERMITTED] = "permitted",
						     [CAPS_AMBIENT] = "ambient"};

	jw_object(w, "seal");
	jw_strv(w, "args", &s->args);
	jw_str(w, "cwd", s->cwd);
	jw_uint(w, "uid", s->uid);
	jw_uint(w, "gid", s->gid);
	jw_array(w, "groups");
	for (uint64_t i = 0; i < s->n_groups; i++)
		jw_uint(w, NULL, s->groups[i]);
	jw_array_end(w);
	jw_bool(w, "setgroups", s->set_groups);
	if (s->umask.set)
		jw_fmt(w, "umask", "%04llo", (unsigned long long)s->umask.v);
	print_schedule(s, w);
	jw_array(w, "rlimits");
	for (uint64_t i = 0; i < s->n_rlimits; i++) {
		jw_object(w, NULL);
		jw_str(w, "type", rlimit_name(s->rlimits[i].type));
		jw_uint(w, "soft", s->rlimits[i].soft);
		jw_uint(w, "hard", s->rlimits[i].hard);
		jw_object_end(w);
	}
	jw_array_end(w);
	if (s->set_caps)
		jw_object(w, "capabilities");
	for (int set = 0; s->set_caps && set < CAPS_COUNT; set++) {
		jw_array(w, sets[set]);
		for (int cap = 0; cap < 64; cap++)
			if (s->caps[set] >> cap & 1)
				jw_str(w, NULL, jail_cap_name(cap));
		jw_array_end(w);
	}
	if (s->set_caps)
		jw_object_end(w);
	jw_bool(w, "no_new_privileges", s->no_new_privs);
	if (s->apparmor)
		jw_str(w, "apparmor", s->apparmor);
	if (s->selinux)
		jw_str(w, "selinux", s->selinux);
	jw_bool(w, "new_keyring", s->new_keyring);
	jw_bool(w, "terminal", s->terminal);
	jw_uint(w, "preserve_fds", s->preserve_fds);
	if (s->listen_pid)
		jw_bool(w, "listen_pid", true);
	print_filter(w, "seccomp", &s->seccomp);
	jw_object_end(w);
}

/* Those that there are. */
static void print_bounds(const struct jail_policy *p, struct jsonw *w)
{
	static const char *const units[POLICY_BOUNDS] = {[BOUND_WALL] = "usec",
							 [BOUND_FILE_SIZE] = "bytes",
							 [BOUND_MEMORY] = "bytes",
							 [BOUND_CPU] = "usec",
							 [BOUND_IDLE] = "usec"};
	bool any = false;

	for (int i = 0; i < POLICY_BOUNDS; i++) {
		const struct jail_mechanism *m = jail_mechanism(jail_bound_name((enum policy_bound)i), NULL);

		if (p->bounds[i] < 0)
			continue;
		if (!any)
			jw_array(w, "limits");
		any = true;
		jw_object(w, NULL);
		jw_str(w, "rule", jail_bound_name((enum policy_bound)i));
		jw_int(w, "most", p->bounds[i]);
		if (units[i])
			jw_str(w, "unit", units[i]);
		jw_str(w, "mechanism", m->mechanism);
		jw_bool(w, "race_free", m->race_free);
		jw_object_end(w);
	}
	if (any)
		jw_array_end(w);
}

/* Paths, and the entries that have terms, as the policy writes them; to: where the links in the path lead. */
static void print_programs(const struct jail_policy *p, bool deny, struct jsonw *w)
{
	static const char *const as[] = {
	    [EXEC_AS_PROGRAM] = "program", [EXEC_AS_INTERPRETER] = "interpreter", [EXEC_AS_SCRIPT] = "script"};
	const struct strv *paths = deny ? &p->exec_deny : &p->exec_allow;

	jw_array(w, deny ? "exec_deny" : "exec_allow");
	for (size_t i = 0; i < paths->n; i++)
		jw_str(w, NULL, paths->v[i]);
	for (uint64_t i = 0; i < p->n_exec_entries; i++) {
		const struct jail_exec_entry *x = &p->exec_entries[i];

		if (x->deny != deny)
			continue;
		jw_object(w, NULL);
		jw_str(w, "path", x->path);
		if (x->target)
			jw_str(w, "to", x->target);
		if (x->as != EXEC_AS_ANY)
			jw_str(w, "as", as[x->as]);
		if (x->sha256)
			jw_str(w, "sha256", x->sha256);
		if (x->argv.n)
			jw_strv(w, "argv", &x->argv);
		if (x->times >= 0)
			jw_int(w, "times", x->times);
		jw_object_end(w);
	}
	jw_array_end(w);
}

static void print_files(const struct spec_files *f, struct jsonw *w)
{
	jw_object(w, "files");
	for (int i = 0; i < FILES_RIGHTS; i++)
		if (f->list[i].set)
			jw_strv(w, jail_file_rights[i].name, &f->list[i].paths);
	if (f->deny.n)
		jw_strv(w, "deny", &f->deny);
	if (!spec_files_has_lists(f))
		jw_str(w, "mechanism", "mounts over what is denied, as by linux.maskedPaths");
	else
		jw_str(w, "mechanism",
		       "Landlock, of the tree that the container begins with; refusals are not reported");
	jw_bool(w, "race_free", true);
	jw_object_end(w);
}

static void print_policy(const struct jail_policy *p, struct jsonw *w)
{
	if (p->extends.n)
		jw_strv(w, "extends", &p->extends);
	jw_bool(w, "exec_rules", p->exec_rules);
	if (p->exec_rules) {
		print_programs(p, false, w);
		print_programs(p, true, w);
		jw_bool(w, "exec_memfd", p->exec_memfd);
	}
	jw_str(w, "signals_to_init", p->refuse_to_init ? "refuse" : "forward");
	jw_strv(w, "protect", &p->protect);
	if (p->io_uring)
		jw_fmt(w, "io_uring", "ENOSYS: it could do %s; to allow it, name io_uring_setup in syscalls.syscalls",
		       p->io_uring);
	if (p->family_names.v)
		jw_strv(w, "families", &p->family_names);
	if (p->network)
		jw_str(w, "network", "see cgroup.network; sockets of other kinds are refused by the rules below");
	if (p->files.set)
		print_files(&p->files, w);
	print_limit(w, "max_processes", p->max_processes);
	print_limit(w, "max_threads", p->max_threads);
	print_bounds(p, w);
	if (p->n_counts)
		jw_object(w, "limits_syscalls");
	for (uint64_t i = 0; i < p->n_counts; i++)
		jw_int(w, p->counts[i].syscall, p->counts[i].max);
	if (p->n_counts)
		jw_object_end(w);
}

/* Of more than one, each has to allow. */
static void print_policies(const struct jail_plan *p, struct jsonw *w)
{
	jw_array(w, "policies");
	for (uint64_t i = 0; i < p->n_policies; i++) {
		jw_object(w, NULL);
		jw_str(w, "name", p->policies[i].name);
		print_response(&p->policies[i], w);
		print_policy(&p->policies[i], w);
		jw_object_end(w);
	}
	jw_array_end(w);
}

void jail_plan_print(const struct jail_plan *p, struct jsonw *w, const char *key)
{
	jw_object(w, key);
	jw_str(w, "policy", p->policy);
	jw_str(w, "engine", jail_engine_name(p->engine));
	if (p->engine != JAIL_NONE) {
		bool silent =
		    p->engine == JAIL_NOTIFY && p->filter.len && !(p->filter.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER);

		jw_str(w, "init", p->init == POLICY_INIT_JAIL ? "jail" : "workload");
		if (p->n_policies == 1)
			print_response(&p->policies[0], w);
		jw_bool(w, "reported", !silent);
		if (silent)
			jw_str(w, "why_not_reported",
			       "no listener can be had: the kernel has none (seccomp_unotify(2)), config.json takes "
			       "it, or a "
			       "filter that jailrun itself runs under has it or refuses it (an outer jail, a sandbox)");
		if (p->n_policies == 1)
			print_policy(&p->policies[0], w);
		else
			print_policies(p, w);
		policy_print_env(p, w);
		if (p->hide_init)
			jw_str(w, "hides_init", "Landlock: the workload has CAP_SYS_PTRACE");
		if (p->joined.len)
			jw_str(w, "profile", "reported: what linux.seccomp refuses goes to the audit stream");
		print_filter(w, "filter", jail_loaded_filter(p));
		print_rules(p, w);
	}
	print_seal(&p->seal, w);
	jw_object_end(w);
}
