/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as a blob and back, damaged at each byte; the helper's command line; the seal. */
#include "jail_util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* A plan with something in every field. */
static void make_plan(struct arena *a, struct jail_plan *p)
{
	static uint32_t groups[] = {10, 4294967294u};
	static struct spec_rlimit limits[] = {{7, 1024, 4096}, {0, UINT64_MAX, UINT64_MAX}};
	static char *paths[] = {"/a/", "/b", NULL};
	static char *words[] = {"one", "", "three", NULL};
	static struct spec_hook hooks[] = {{"/bin/hook", {words, 3}, {words, 1}, {true, 30}},
					   {"/bin/other", {0}, {0}, {0}},
					   {"/bin/bare", {0}, {words, 0}, {0}}};
	static struct sock_filter insns[] = {{0x20, 0, 0, 4}, {0x06, 1, 2, 0x7fff0000}};
	static unsigned long cpus[] = {5, 1ul << 31};
	static struct spec_policy policy;
	static struct spec_config config = {.process.capabilities.set = true};
	const struct jail_options o = {.id = "blob"};
	const char *text = "{\"exec\":{\"allow\":[\"/bin/\",{\"path\":\"/x\",\"as\":\"script\",\"times\":4,"
			   "\"argv\":[\"a\",\"**\"]}],\"deny\":[\"/bin/x\"],\"memfd\":true},\"on_violation\":\"kill\","
			   "\"limits\":{\"processes\":3,\"wall\":\"2s\",\"file_size\":0,\"syscalls\":{\"mkdir\":7}},"
			   "\"network\":{\"bind\":{}},"
			   "\"env\":{\"keep\":[\"A*\"],\"set\":{\"B\":\"1\"},"
			   "\"drop\":[\"AB\"]},\"signals\":{\"to_init\":\"refuse\",\"protect\":["
			   "\"/bin/g\"]}}";

	assert_int_equal(spec_policy_parse(text, strlen(text), "p", a, &policy, NULL), 0);
	assert_int_equal(jail_plan(&config, &policy, &host, &o, a, p, NULL), 0);
	p->policies[0].files =
	    (struct spec_files){.set = true,
				.list = {[FILES_READ] = {true, {paths, 2}}, [FILES_IOCTL] = {true, {paths, 0}}},
				.deny = {paths, 1}};
	p->seal = (struct jail_seal){.args = {words, 3},
				     .env = {words, 2},
				     .cwd = "/x",
				     .uid = 7,
				     .gid = 8,
				     .groups = groups,
				     .n_groups = 2,
				     .set_groups = true,
				     .umask = {true, 077},
				     .rlimits = limits,
				     .n_rlimits = 2,
				     .set_caps = true,
				     .caps = {1, 2, 3, 4, UINT64_MAX},
				     .no_new_privs = true,
				     .terminal = true,
				     .initial_affinity = {cpus, 1},
				     .affinity = {cpus, 2},
				     .oom_score_adj = {true, -7},
				     .scheduler = {true, 6, -5, 3, 1, 10, 20, UINT64_MAX},
				     .io_priority = {true, 0x4007},
				     .apparmor = "profile",
				     .selinux = "u:r:t",
				     .personality = {true, 8},
				     .mempolicy = {true, 2 | 1 << 15, {cpus, 1}},
				     .new_keyring = true,
				     .preserve_fds = 3,
				     .seccomp = {insns, 2, 4},
				     .start_hooks = {hooks, 3},
				     .hook_state = "{}"};
}

static void round_trip(void **state)
{
	struct arena a = {0};
	struct jail_plan p, q;
	AUTO_BUF one = {0};
	AUTO_BUF two = {0};

	(void)state;
	make_plan(&a, &p);
	jail_blob_write(&p, &one);
	assert_false(one.failed);
	assert_int_equal(jail_blob_read(one.data, one.len, &a, &q), 0);
	jail_blob_write(&q, &two);
	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.data, two.data, one.len);
	assert_int_equal(q.policies[0].max_processes, 3);
	assert_int_equal(q.policies[0].max_threads, -1);
	assert_int_equal(q.policies[0].bounds[BOUND_WALL], 2000000);
	assert_int_equal(q.policies[0].bounds[BOUND_OPEN_FILES], -1);
	assert_int_equal(q.policies[0].bounds[BOUND_FILE_SIZE], 0);
	assert_int_equal(q.policies[0].n_counts, 1);
	assert_string_equal(q.policies[0].counts[0].syscall, "mkdir");
	assert_int_equal(q.policies[0].counts[0].max, 7);
	assert_true(q.policies[0].n_exec_entries == 1 && q.policies[0].exec_entries[0].times == 4 &&
		    q.policies[0].exec_entries[0].as == EXEC_AS_SCRIPT && q.policies[0].exec_entries[0].argv.n == 2);
	assert_true(q.policies[0].response[POLICY_EXEC].violation == POLICY_KILL && q.policies[0].exec_memfd &&
		    q.policies[0].network && q.policies[0].refuse_to_init && q.seal.start_hooks.v[0].timeout.set);
	assert_true(!q.seal.start_hooks.v[1].env.v && q.seal.start_hooks.v[2].env.v &&
		    !q.seal.start_hooks.v[2].env.v[0]);
	assert_int_equal(q.seal.caps[CAPS_AMBIENT], UINT64_MAX);
	assert_int_equal(q.seal.groups[1], 4294967294u);
	assert_true(q.seal.initial_affinity.n == 1 && q.seal.oom_score_adj.set && q.seal.oom_score_adj.v == -7);
	assert_true(q.seal.affinity.n == 2 && q.seal.affinity.v[1] == 1ul << 31);
	assert_true(q.seal.scheduler.nice == -5 && q.seal.scheduler.period == UINT64_MAX);
	assert_true(q.seal.mempolicy.nodes.n == 1 && q.seal.mempolicy.mode == (2 | 1 << 15));
	assert_string_equal(q.seal.selinux, "u:r:t");
	assert_int_equal(q.n_rules, p.n_rules);
	assert_int_equal(q.filter.len, p.filter.len);
	assert_string_equal(q.seal.args.v[2], "three");
	assert_null(q.seal.args.v[3]);
	arena_free(&a);
}

/* A copy of the exact size, so that a read beyond it is seen by ASan. */
static int read_copy(const char *data, size_t len)
{
	struct arena a = {0};
	struct jail_plan q;
	char *copy = malloc(len ? len : 1);
	int r;

	memcpy(copy, data, len);
	r = jail_blob_read(copy, len, &a, &q);
	free(copy);
	arena_free(&a);
	return r;
}

static void damaged(void **state)
{
	struct arena a = {0};
	struct jail_plan p;
	uint32_t magic;
	AUTO_BUF b = {0};

	(void)state;
	make_plan(&a, &p);
	p.n_rules = 3;
	p.filter.len = 5;
	jail_blob_write(&p, &b);
	assert_int_equal(read_copy(b.data, b.len), 0);
	for (size_t i = 0; i < b.len; i++)
		assert_int_equal(read_copy(b.data, i), -EBADMSG);
	for (size_t i = 0; i < b.len; i++) {
		char was = b.data[i];

		b.data[i] = (char)0xff;
		read_copy(b.data, b.len); /* whatever it says, no crash */
		b.data[i] = was;
	}
	buf_add(&b, "x", 1);
	assert_int_equal(read_copy(b.data, b.len), -EBADMSG);
	b.len--;
	memcpy(&magic, b.data, sizeof(magic));
	magic++; /* the next format */
	memcpy(b.data, &magic, sizeof(magic));
	assert_int_equal(read_copy(b.data, b.len), -EPROTONOSUPPORT);
	arena_free(&a);
}

static void command_line(void **state)
{
	char *good[] = {"jailrun-init", "outer",  "blob=5",       "sync=6", "start=-1", "audit=7", "peer_fd=8",
			"peer=99",      "fail=3", "fail_after=1", "die=-1", "trace=1",  NULL};
	char *bad[][3] = {{"x", "nobody", NULL},  {"x", "init", "blob"},    {"x", "init", "blob=5x"},
			  {"x", "init", "blo=5"}, {"x", "init", "blobs=5"}, {"x", "init", "blob=99999999999"},
			  {"x", "init", "blob=5"}};
	struct jail_handover h;

	(void)state;
	assert_int_equal(jail_handover_parse(12, good, &h), 0);
	assert_int_equal(h.role, JAIL_ROLE_OUTER);
	assert_int_equal(h.blob_fd, 5);
	assert_int_equal(h.start_fd, -1);
	assert_int_equal(h.peer, 99);
	assert_int_equal(h.fail_step, 3);
	assert_int_equal(h.fail_after, 1);
	assert_int_equal(h.die_step, -1);
	assert_true(h.trace_steps);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(jail_handover_parse(bad[i][2] ? 3 : 2, bad[i], &h), -EINVAL);
	assert_int_equal(jail_handover_parse(1, good, &h), -EINVAL);
}

/* What arrives at the other side: a program that prints its arguments and environment stands for the helper. */
static void executed(void **state)
{
	int helper = open("/usr/bin/env", O_RDONLY | O_CLOEXEC), out[2], status;
	struct jail_handover h = {.audit_dir_fd = -1,
				  .ring_fd = -1,
				  .end_fd = -1,
				  .blob_fd = 0,
				  .sync_fd = 0,
				  .start_fd = -1,
				  .audit_fd = -1,
				  .peer_fd = -1,
				  .cgroup_fd = -1,
				  .cgroup_ns_fd = -1,
				  .die_step = -1};
	char text[512] = {0};
	pid_t pid;

	(void)state;
	/* env takes "init" for a program: that none is found proves argv[1]. */
	assert_int_equal(pipe(out), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		dup2(out[1], STDERR_FILENO);
		jail_handover(helper, &h, NULL);
		_exit(1);
	}
	close(out[1]);
	assert_true(read(out[0], text, sizeof(text) - 1) > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 127);
	assert_non_null(strstr(text, "init"));
	close(out[0]);
	close(helper);
	h.blob_fd = 9999;
	{
		struct err e = {0};

		assert_int_equal(jail_handover(-1, &h, &e), -EBADF);
		assert_non_null(strstr(e.text, "blob"));
	}
}

static void seal(void **state)
{
	static uint32_t groups[] = {5};
	struct spec_config c = {
	    .process = {.set = true,
			.user = {.uid = 3, .gid = 4, .additional_gids = groups, .n_additional_gids = 1},
			.no_new_privileges = true}};
	struct jail_options o = {.id = "s", .preserve_fds = 2};
	struct arena a = {0};
	struct jail_plan p;
	struct err e = {0};

	(void)state;
	assert_int_equal(jail_plan(&c, NULL, &host, &o, &a, &p, &e), 0);
	assert_true(p.seal.set_groups && p.seal.new_keyring && p.seal.no_new_privs && !p.seal.set_caps);
	assert_int_equal(p.seal.uid, 3);
	assert_int_equal(p.seal.preserve_fds, 2);
	arena_free(&a);
}

/* An executed process has its own process part, and the container's linux.*. */
static void seal_of_an_exec(void **state)
{
	static unsigned long cpus[] = {6}, nodes[] = {1};
	struct spec_config c = {
	    .process = {.user = {.uid = 3}, .exec_cpu_affinity = {.set = true, .final = {cpus, 1}}},
	    .linux_ = {.personality = {.set = true, .domain = 8}, .memory_policy = {true, 2, 1 << 15, {nodes, 1}}}};
	struct spec_process other = {
	    .user = {.uid = 9}, .exec_cpu_affinity = c.process.exec_cpu_affinity, .io_priority = {true, 2, 7}};
	struct jail_options o = {.id = "s"};
	struct arena a = {0};
	struct jail_plan p;
	struct err e = {0};

	(void)state;
	assert_int_equal(jail_plan(&c, NULL, &host, &o, &a, &p, &e), 0);
	assert_true(p.seal.uid == 3 && p.seal.affinity.v == cpus && !p.seal.io_priority.set);
	assert_true(p.seal.personality.v == 8 && p.seal.mempolicy.mode == (2 | 1 << 15));
	assert_int_equal(jail_seal_process(&other, &host, &o, &p.seal, &e), 0);
	assert_true(p.seal.uid == 9 && p.seal.affinity.v == cpus && p.seal.io_priority.v == (2 << 13 | 7));
	assert_true(p.seal.personality.v == 8 && p.seal.mempolicy.nodes.v == nodes && p.seal.new_keyring);
	arena_free(&a);
}

static void seal_refuses(void **state)
{
	static const struct {
		struct spec_process p;
		int code;
		const char *path, *text;
	} cases[] = {
	    {{.scheduler = {true, 4}}, ENOTSUP, "process.scheduler.policy", "SCHED_ISO"},
	    {{.scheduler = {true, 1}}, EINVAL, "process.scheduler.priority", "from 1 to 99"},
	    {{.scheduler = {true, 2}}, EINVAL, "process.scheduler.priority", "SCHED_RR"},
	    {{.scheduler = {true, 6}}, EINVAL, "process.scheduler.runtime", "1024"},
	    {{.scheduler = {true, 6, .runtime = 2000, .deadline = 1999}}, EINVAL, "process.scheduler.runtime", "1999"},
	    {{.scheduler = {true, 6, .runtime = 2000, .deadline = 3000, .period = 2999}},
	     EINVAL,
	     "process.scheduler.deadline",
	     "2999"},
	    {{.scheduler = {true, 6, .runtime = 2000, .deadline = 3000, .period = UINT64_MAX}},
	     EINVAL,
	     "process.scheduler.period",
	     "2^63"},
	    {{.apparmor_profile = "p"}, ENOTSUP, "process.apparmorProfile", "without AppArmor"},
	    {{.selinux_label = "l"}, ENOTSUP, "process.selinuxLabel", "without SELinux"},
	};
	static const struct spec_process good[] = {
	    {.scheduler = {true, 1, .priority = 1}},
	    {.scheduler = {true, 1, .flags = 8}}, /* SCHED_FLAG_KEEP_POLICY */
	    {.scheduler = {true, 6, .runtime = 2000, .deadline = 2000}},
	    {.apparmor_profile = "p", .selinux_label = "l"},
	};
	struct jail_facts labels = host;
	struct jail_options o = {.id = "s"};
	struct jail_seal s = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = {0};

		assert_int_equal(jail_seal_process(&cases[i].p, &host, &o, &s, &e), -cases[i].code);
		assert_string_equal(e.path, cases[i].path);
		assert_non_null(strstr(e.text, cases[i].text));
	}
	labels.apparmor = labels.selinux = LSM_PRESENT;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(jail_seal_process(&good[i], &labels, &o, &s, NULL), 0);
	assert_string_equal(s.apparmor, "p");
}

static void rows(void **state)
{
	int exec = 0;

	(void)state;
	for (int i = 0; i < jail_n_steps; i++) {
		exec += jail_steps[i].role == 'E';
		assert_non_null(strchr("JEC", jail_steps[i].role));
	}
	assert_int_equal(exec, 2);
	assert_string_equal(jail_steps[jail_n_steps - 1].name, "exec");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trip),      cmocka_unit_test(damaged),      cmocka_unit_test(command_line),
	    cmocka_unit_test(executed),        cmocka_unit_test(seal),         cmocka_unit_test(rows),
	    cmocka_unit_test(seal_of_an_exec), cmocka_unit_test(seal_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
