/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec/spec.h"

static char *hook_args[] = {"h", "a b", NULL}, *hook_env[] = {"K=\"v\"", NULL};
static struct spec_hook hooks[] = {
    {.path = "/bin/h", .args = {hook_args, 2}, .env = {hook_env, 1}, .timeout = {true, 5}},
    {.path = "/bin/i"},
};
static struct spec_pair annotations[] = {{"org.example", "x\n\"y\""}, {"empty", ""}};

static struct spec_state sample(void)
{
	return (struct spec_state){
	    .id = "c1",
	    .pid = 4422,
	    .pid_start = UINT64_MAX,
	    .created = true,
	    .bundle = "/b",
	    .rootfs = "/b/rootfs",
	    .created_at = "2026-01-02T03:04:05.000000006Z",
	    .owner = "root",
	    .owner_uid = UINT32_MAX,
	    .cgroup_manager = "cgroupfs",
	    .cgroup_path = "/sys/fs/cgroup/c1",
	    .cgroup_above = "/sys/fs",
	    .cgroup_box = "/sys/fs/cgroup/c1/box",
	    .rdt_path = "/sys/fs/resctrl/c1",
	    .rdt_remove = true,
	    .rdt_monitor = "/sys/fs/resctrl/c1/mon_groups/c1",
	    .policy = "default",
	    .seccomp_listener_path = "/run/agent",
	    .seccomp_listener_metadata = "m=\"1\"",
	    .notify = true,
	    .annotations = {annotations, 2},
	    .hooks = {[HOOK_POSTSTOP] = {hooks, 2}, [HOOK_START_CONTAINER] = {hooks + 1, 1}},
	};
}

static void test_round_trip(void **state)
{
	struct spec_state s = sample(), t;
	struct arena a = {0};
	struct err e = {0};
	AUTO_BUF b = {0}, again = {0};

	(void)state;
	spec_state_write(&s, &b);
	assert_int_equal(spec_state_parse(b.data, b.len, &a, &t, &e), 0);
	spec_state_write(&t, &again);
	assert_string_equal(b.data, again.data);
	assert_string_equal(t.id, "c1");
	assert_true(t.pid == 4422 && t.pid_start == UINT64_MAX && t.created && t.owner_uid == UINT32_MAX);
	assert_string_equal(t.rootfs, "/b/rootfs");
	assert_string_equal(t.created_at, s.created_at);
	assert_string_equal(t.cgroup_path, s.cgroup_path);
	assert_string_equal(t.cgroup_above, s.cgroup_above);
	assert_string_equal(t.cgroup_box, s.cgroup_box);
	assert_string_equal(t.seccomp_listener_path, "/run/agent");
	assert_string_equal(t.seccomp_listener_metadata, "m=\"1\"");
	assert_string_equal(t.rdt_path, s.rdt_path);
	assert_string_equal(t.rdt_monitor, s.rdt_monitor);
	assert_true(t.rdt_remove);
	assert_string_equal(spec_map_get(&t.annotations, "org.example"), "x\n\"y\"");
	assert_int_equal(t.hooks[HOOK_POSTSTOP].n, 2);
	assert_string_equal(t.hooks[HOOK_POSTSTOP].v[0].env.v[0], "K=\"v\"");
	assert_true(t.hooks[HOOK_POSTSTOP].v[0].timeout.set && !t.hooks[HOOK_POSTSTOP].v[1].timeout.set);
	assert_int_equal(t.hooks[HOOK_START_CONTAINER].n, 1);
	assert_int_equal(t.hooks[HOOK_POSTSTART].n, 0);
	arena_free(&a);
}

/* What create writes before it knows more. */
static void test_little(void **state)
{
	struct spec_state s = {.id = "x"}, t;
	struct arena a = {0};
	struct err e = {0};
	AUTO_BUF b = {0};

	(void)state;
	spec_state_write(&s, &b);
	assert_int_equal(spec_state_parse(b.data, b.len, &a, &t, &e), 0);
	assert_true(!t.created && !t.pid && !t.bundle && !t.cgroup_path && !t.cgroup_box && !t.rdt_path &&
		    !t.rdt_remove && !t.policy && !t.annotations.n);
	arena_free(&a);
}

static void test_bad(void **state)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
	    {"{}", "state.json: id: is required: add it"},
	    {"{\"id\":\"\"}", "state.json: id: must not be empty"},
	    {"{\"id\":\"x\",\"pid\":-1}", "state.json: pid: must be an integer from 0 to 2147483647, not -1"},
	    {"{\"id\":\"x\",\"bundle\":\"b\"}", "state.json: bundle: must be an absolute path, not \"b\""},
	    {"{\"id\":\"x\",\"hooks\":{\"poststop\":[{}]}}", "state.json: hooks.poststop[0].path: is required: add it"},
	    {"{\"id\":\"x\"", "state.json: line 1, column 10: not valid JSON: parse error: premature EOF"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct arena a = {0};
		struct spec_state s;
		struct err e = {0};
		char said[1024];

		assert_int_equal(spec_state_parse(bad[i].text, strlen(bad[i].text), &a, &s, &e), -EINVAL);
		assert_string_equal(err_str(&e, said, sizeof(said)), bad[i].message);
		arena_free(&a);
	}
}

static void test_truncated(void **state)
{
	struct spec_state s = sample(), t;
	AUTO_BUF b = {0};

	(void)state;
	spec_state_write(&s, &b);
	for (size_t n = 0; n < b.len - 1; n++) {
		struct arena a = {0};
		struct err e = {0};

		assert_int_equal(spec_state_parse(b.data, n, &a, &t, &e), -EINVAL);
		arena_free(&a);
	}
}

static void test_print(void **state)
{
	struct spec_state s = sample();
	AUTO_BUF b = {0};

	(void)state;
	spec_state_print(&s, STATUS_RUNNING, true, &(struct jsonw){.out = &b});
	assert_string_equal(
	    b.data, "{\"ociVersion\":\"1.3.0\",\"id\":\"c1\",\"pid\":4422,\"status\":\"running\",\"bundle\":\"/b\","
		    "\"rootfs\":\"/b/rootfs\",\"created\":\"2026-01-02T03:04:05.000000006Z\","
		    "\"annotations\":{\"org.example\":\"x\\n\\\"y\\\"\",\"empty\":\"\"},\"owner\":\"root\"}");
	buf_free(&b);
	s.annotations.n = 0;
	spec_state_print(&s, STATUS_STOPPED, false, &(struct jsonw){.out = &b});
	assert_string_equal(
	    b.data, "{\"ociVersion\":\"1.3.0\",\"id\":\"c1\",\"pid\":0,\"status\":\"stopped\",\"bundle\":\"/b\"}");
}

/* What goes to a seccomp agent: the process under the filter is not always the container's init. */
static void test_process_state(void **state)
{
	struct spec_state s = sample();
	AUTO_BUF b = {0};

	(void)state;
	spec_process_state_print(&s, STATUS_CREATING, 4423, &(struct jsonw){.out = &b});
	assert_string_equal(
	    b.data,
	    "{\"ociVersion\":\"1.3.0\",\"fds\":[\"seccompFd\"],\"pid\":4423,\"metadata\":\"m=\\\"1\\\"\",\"state\":{"
	    "\"ociVersion\":\"1.3.0\",\"id\":\"c1\",\"pid\":4422,\"status\":\"creating\",\"bundle\":\"/b\","
	    "\"annotations\":{\"org.example\":\"x\\n\\\"y\\\"\",\"empty\":\"\"}}}");
	buf_free(&b);
	s.seccomp_listener_metadata = NULL;
	s.annotations.n = 0;
	spec_process_state_print(&s, STATUS_RUNNING, 1, &(struct jsonw){.out = &b});
	assert_string_equal(b.data,
			    "{\"ociVersion\":\"1.3.0\",\"fds\":[\"seccompFd\"],\"pid\":1,\"state\":{\"ociVersion\":"
			    "\"1.3.0\",\"id\":\"c1\",\"pid\":4422,\"status\":\"running\",\"bundle\":\"/b\"}}");
}

static void test_features(void **state)
{
	char *options[] = {"bind", "ro", NULL}, *actions[] = {"SCMP_ACT_ALLOW", NULL};
	struct spec_features f = {
	    .mount_options = {options, 2},
	    .seccomp_actions = {actions, 1},
	    .seccomp = true,
	    .version = "0.1.0",
	    .commit = "abc",
	    .libseccomp = "2.5.4",
	};
	static const char *const wants[] = {
	    "\"ociVersionMin\": \"1.0.0\"",
	    "\"ociVersionMax\": \"1.3.0\"",
	    "\"mountOptions\": [\n        \"bind\",\n        \"ro\"\n    ]",
	    "\"poststop\"\n    ]",
	    "\"namespaces\": [\n            \"mount\",",
	    "\"time\"\n        ]",
	    "\"v1\": false,\n            \"v2\": true,",
	    "\"rdma\": true\n",
	    ("\"intelRdt\": {\n            \"enabled\": true,\n            \"schemata\": true,\n            "
	     "\"monitoring\": true"),
	    "\"actions\": [\n                \"SCMP_ACT_ALLOW\"\n            ]",
	    "\"idmap\": {\n                \"enabled\": true\n            }",
	    "\"netDevices\": {\n            \"enabled\": true\n        }",
	    "\"io.github.seccomp.libseccomp.version\": \"2.5.4\"",
	    "\"org.jailrun.version\": \"0.1.0\"",
	    "\"potentiallyUnsafeConfigAnnotations\": [\n        \"jailrun.\",\n        "
	    "\"run.oci.keep_original_groups\"\n    ]",
	};
	AUTO_BUF b = {0};

	(void)state;
	spec_features_print(&f, &b);
	for (size_t i = 0; i < ARRAY_LEN(wants); i++)
		if (!strstr(b.data, wants[i]))
			fail_msg("%s\n  is not in\n%s", wants[i], b.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_little), cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_truncated),     cmocka_unit_test(test_print),  cmocka_unit_test(test_features),
	    cmocka_unit_test(test_process_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
