/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "spec/spec.h"

#define HEAD      "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},"
#define LINUX(x)  HEAD "\"linux\":{" x "}}"
#define RES(x)    LINUX("\"resources\":{" x "}")
#define PROC(x)   HEAD "\"process\":{\"args\":[\"a\"],\"cwd\":\"/\"," x "}}"
#define MOUNT(x)  HEAD "\"mounts\":[{\"destination\":\"/a\"},{\"destination\":\"/b\"," x "}]}"
#define SECC(x)   LINUX("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"," x "}")
#define RULE(x)   SECC("\"syscalls\":[{\"names\":[\"read\"]," x "}]")
#define HOOK(x)   HEAD "\"hooks\":{\"poststop\":[" x "]}}"
#define DEVICE(x) LINUX("\"devices\":[{\"path\":\"/d\"," x "}]")
#define U64       "18446744073709551615"

static int parse_to(const char *text, struct arena *a, struct spec_config *c, struct err *e)
{
	size_t len = strlen(text);
	char *exact = malloc(len ? len : 1); /* so that a sanitizer sees a byte too many */
	int r;

	assert_non_null(exact);
	memcpy(exact, text, len); /* NOLINT(bugprone-not-null-terminated-result): no string on purpose */
	*e = (struct err){0};
	r = spec_config_parse(exact, len, "config.json", a, c, e);
	free(exact);
	return r;
}

static void good(const char *text)
{
	struct arena a = {0};
	struct spec_config c;
	struct err e;
	int r = parse_to(text, &a, &c, &e);

	arena_free(&a);
	if (r != 0)
		fail_msg("%s\n  is refused: %s: %s", text, e.path, e.text);
}

/* The whole message, literally. */
static void refused(const char *text, const char *message)
{
	struct arena a = {0};
	struct spec_config c;
	struct err e;
	char said[1024];
	int r = parse_to(text, &a, &c, &e);

	arena_free(&a);
	err_str(&e, said, sizeof(said));
	if (r != -EINVAL || !str_eq(said, message))
		fail_msg("%s\n  should be: %s\n  but was:   %d %s", text, message, r, r ? said : "accepted");
}

static const struct {
	const char *text, *message;
} bad_values[] = {
    {"", "config.json: line 1, column 1: not valid JSON: parse error: premature EOF"},
    {"[]", "config.json: must be an object, not an array"},
    {"{}", "config.json: ociVersion: is required: add it"},
    {"{\"ociVersion\":\"1.0.0\"}", "config.json: root: is required: add it"},
    {"{\"ociVersion\":\"0.9.0\"}",
     "config.json: ociVersion: must be a version 1.x.y of the OCI runtime specification, not \"0.9.0\""},
    {"{\"ociVersion\":\"\"}", "config.json: ociVersion: must not be empty"},
    {HEAD "\"process\":{\"cwd\":\"/\"}}", "config.json: process.args: is required: add it"},
    {HEAD "\"process\":{\"args\":[],\"cwd\":\"/\"}}", "config.json: process.args: must have at least one entry"},
    {HEAD "\"process\":{\"args\":[\"a\"],\"cwd\":\"tmp\"}}",
     "config.json: process.cwd: must be an absolute path, not \"tmp\""},
    {PROC("\"env\":[\"a=b\",7]"), "config.json: process.env[1]: must be a string, not a number"},
    {PROC("\"env\":[\"a=\",\"a\"]"), "config.json: process.env[1]: must be of the form NAME=VALUE, not \"a\""},
    {PROC("\"env\":[\"=a\"]"), "config.json: process.env[0]: must be of the form NAME=VALUE, not \"=a\""},
    {PROC("\"env\":[\"\"]"), "config.json: process.env[0]: must be of the form NAME=VALUE, not \"\""},
    {PROC("\"user\":{\"uid\":\"0\"}"), "config.json: process.user.uid: must be an integer, not a string"},
    {PROC("\"user\":{\"uid\":4294967295,\"gid\":0}"),
     "config.json: process.user.uid: must be an integer from 0 to 4294967294, not 4294967295"},
    {PROC("\"user\":{\"uid\":-1,\"gid\":0}"),
     "config.json: process.user.uid: must be an integer from 0 to 4294967294, not -1"},
    {PROC("\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[1,99999999999999999999999]}"),
     "config.json: process.user.additionalGids[1]: must be an integer from 0 to 4294967294, not "
     "99999999999999999999999"},
    {PROC("\"user\":{\"uid\":0,\"gid\":0,\"umask\":-1}"),
     "config.json: process.user.umask: must be an integer from 0 to 4294967295, not -1"},
    {PROC("\"consoleSize\":{\"height\":1}"), "config.json: process.consoleSize.width: is required: add it"},
    {PROC("\"terminal\":true,\"consoleSize\":{\"height\":65536,\"width\":1}"),
     "config.json: process.consoleSize.height: must be an integer from 0 to 65535, which is all that terminals have"},
    {PROC("\"terminal\":true,\"consoleSize\":{\"height\":1,\"width\":65536}"),
     "config.json: process.consoleSize.width: must be an integer from 0 to 65535, which is all that terminals have"},
    {PROC("\"oomScoreAdj\":-1001"),
     "config.json: process.oomScoreAdj: must be an integer from -1000 to 1000, not -1001"},
    {PROC("\"oomScoreAdj\":1e2"), "config.json: process.oomScoreAdj: must be an integer, not 1e2"},
    {PROC("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":2,\"hard\":1}]"),
     "config.json: process.rlimits[0].soft: must not exceed the hard limit (setrlimit(2)); lower it, or raise hard"},
    {PROC("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":0,\"hard\":1},{\"type\":\"RLIMIT_CPU\",\"soft\":0,\"hard\":1}"
	  "]"),
     "config.json: process.rlimits[1].type: there is an entry for RLIMIT_CPU already; leave one out"},
    {PROC("\"rlimits\":[{\"type\":\"RLIMIT_AS\",\"soft\":0,\"hard\":18446744073709551616}]"),
     "config.json: process.rlimits[0].hard: must be an integer from 0 to " U64 ", not 18446744073709551616"},
    {PROC("\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":20}"),
     "config.json: process.scheduler.nice: must be an integer from -20 to 19, not 20"},
    {PROC("\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"deadline\":1}"),
     "config.json: process.scheduler.deadline: can only be given for SCHED_DEADLINE, not for SCHED_FIFO"},
    {PROC("\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"priority\":1}"),
     "config.json: process.scheduler.priority: can only be given for SCHED_FIFO and SCHED_RR, not for SCHED_BATCH"},
    {PROC("\"execCPUAffinity\":{\"final\":\"3-1\"}"),
     "config.json: process.execCPUAffinity.final: the range 3-1 goes backwards"},
    {PROC("\"execCPUAffinity\":{\"initial\":\"a\"}"),
     "config.json: process.execCPUAffinity.initial: 'a' is no number; lists look like \"0-3,7\""},
    {LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\",\"nodes\":\"0\"}"),
     "config.json: linux.memoryPolicy.nodes: must not be given: MPOL_LOCAL mode requires 0 nodes but got 1"},
    {LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\"}"),
     "config.json: linux.memoryPolicy.nodes: MPOL_BIND needs one node at least"},
    {LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0,99999\"}"),
     "config.json: linux.memoryPolicy.nodes: invalid memory policy node: '99999' is beyond the last number that can "
     "be, 65535"},
    {LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"MPOL_F_STATIC_NODES\",\"MPOL_F_"
	   "RELATIVE_NODES\"]}"),
     "config.json: linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other"},
    {LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_PREFERRED\",\"flags\":[\"MPOL_F_STATIC_NODES\"]}"),
     "config.json: linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES are about nodes, and there "
     "are none"},
    {LINUX("\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"X\"]}"),
     "config.json: linux.personality.flags: the specification has no flags for a personality yet: it must be empty, or "
     "not there"},
    {PROC("\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}"),
     "config.json: process.ioPriority.priority: must be an integer from 0 to 7, not 8"},
    {PROC("\"ioPriority\":{\"class\":\"BE\",\"priority\":7}"),
     "config.json: process.ioPriority.class: must be one of IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, IOPRIO_CLASS_IDLE, not "
     "\"BE\""},
    {HEAD "\"hostname\":\"0123456789012345678901234567890123456789012345678901234567890123x\"}",
     "config.json: hostname: must have 64 characters at the most, not 65"},
    {HEAD "\"annotations\":{\"\":\"x\"}}",
     "config.json: annotations[\"\"]: each key must be a string that is not empty"},
    {HEAD "\"annotations\":{\"a\\nb\":1}}", "config.json: annotations[\"a?b\"]: must be a string, not a number"},
    {HEAD "\"annotations\":{\"a\":null}}", "config.json: annotations[\"a\"]: must be a string, not null"},
    {HEAD "\"mounts\":[{\"destination\":\"\"}]}", "config.json: mounts[0].destination: must not be empty"},
    {MOUNT("\"options\":[\"ro\",null]"), "config.json: mounts[1].options[1]: must be a string, not null"},
    {MOUNT("\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]"),
     "config.json: mounts[1].gidMappings: is required, because uidMappings is there"},
    {MOUNT("\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":0}]"),
     "config.json: mounts[1].gidMappings[0].size: must be an integer from 1 to 4294967295, not 0"},
    {HOOK("{\"path\":\"bin/x\"}"), "config.json: hooks.poststop[0].path: must be an absolute path, not \"bin/x\""},
    {HOOK("{\"path\":\"/a\"},{\"path\":\"/b\",\"timeout\":0}"),
     "config.json: hooks.poststop[1].timeout: must be an integer from 1 to 2147483647, not 0"},
    {LINUX("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]"),
     "config.json: linux.namespaces[1].type: there is a namespace of type pid already; leave one out"},
    {LINUX("\"namespaces\":[{\"type\":\"net\"}]"),
     "config.json: linux.namespaces[0].type: must be one of mount, pid, "
     "network, uts, ipc, user, cgroup, time, not \"net\"; did you mean network?"},
    {LINUX("\"namespaces\":[{\"type\":\"pid\",\"path\":\"x\"}]"),
     "config.json: linux.namespaces[0].path: must be an absolute path, not \"x\""},
    {LINUX("\"uidMappings\":[{\"containerID\":1,\"hostID\":0,\"size\":4294967295}]"),
     "config.json: linux.uidMappings[0].size: the range goes beyond the last id (4294967294)"},
    {LINUX("\"rootfsPropagation\":\"x\""),
     "config.json: linux.rootfsPropagation: must be one of private, shared, slave, unbindable, rprivate, rshared, "
     "rslave, runbindable, not \"x\""},
    {LINUX("\"maskedPaths\":[\"/a\",\"\"]"),
     "config.json: linux.maskedPaths[1]: must be a string that is not empty, not \"\""},
    {LINUX("\"readonlyPaths\":[\"\"]"),
     "config.json: linux.readonlyPaths[0]: must be a string that is not empty, not \"\""},
    {LINUX("\"sysctl\":{\"kernel.x\":1}"), "config.json: linux.sysctl[\"kernel.x\"]: must be a string, not a number"},
    {DEVICE("\"type\":\"c\",\"major\":1"), "config.json: linux.devices[0].minor: is required unless type is p"},
    {DEVICE("\"type\":\"c\",\"minor\":1,\"major\":null"),
     "config.json: linux.devices[0].major: is required unless type is p"},
    {DEVICE("\"type\":\"x\""), "config.json: linux.devices[0].type: must be one of c, b, u, p, not \"x\""},
    {DEVICE("\"type\":\"c\",\"major\":4096,\"minor\":1"),
     "config.json: linux.devices[0].major: must be an integer from 0 to 4095, not 4096"},
    {DEVICE("\"type\":\"p\",\"fileMode\":65536"),
     "config.json: linux.devices[0].fileMode: must be an integer from 0 to 65535, not 65536"},
    {LINUX("\"netDevices\":{\"\":{}}"), "config.json: linux.netDevices[\"\"]: a key must not be empty"},
    {LINUX("\"netDevices\":{\"eth0\":{\"name\":\"0123456789abcdef\"}}"),
     "config.json: linux.netDevices[\"eth0\"].name: must have 15 characters at the most, not 16"},
    {LINUX("\"timeOffsets\":{\"realtime\":{}}"), "config.json: linux.timeOffsets: unknown key \"realtime\": time "
						 "namespaces know the clocks boottime and monotonic"},
    {LINUX("\"timeOffsets\":{\"boottime\":{\"nanosecs\":1000000000}}"),
     "config.json: linux.timeOffsets.boottime.nanosecs: must be an integer from 0 to 999999999, not 1000000000"},
    {LINUX("\"intelRdt\":{\"memBwSchema\":\"L3:0=1\"}"),
     "config.json: linux.intelRdt.memBwSchema: must be a single line that begins with MB:, not \"L3:0=1\""},
    {LINUX("\"intelRdt\":{\"schemata\":[\"a\\nb\"]}"),
     "config.json: linux.intelRdt.schemata[0]: must be a single line, not \"a?b\""},
    {LINUX("\"intelRdt\":{\"closID\":\"../x\"}"),
     "config.json: linux.intelRdt.closID: must be the name of a directory or \"/\", not \"../x\""},
    {LINUX("\"personality\":{\"domain\":\"BSD\"}"),
     "config.json: linux.personality.domain: must be one of LINUX, LINUX32, not \"BSD\""},
    {LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"flags\":[\"X\"]}"),
     "config.json: linux.memoryPolicy.flags[0]: invalid memory policy flag: must be one of MPOL_F_NUMA_BALANCING, "
     "MPOL_F_RELATIVE_NODES, "
     "MPOL_F_STATIC_NODES, not \"X\""},
    {RES("\"memory\":{\"limit\":\"1g\"}"),
     "config.json: linux.resources.memory.limit: must be an integer, not a string"},
    {RES("\"memory\":{\"limit\":9223372036854775808}"), "config.json: linux.resources.memory.limit: must be an integer "
							"from -1 to 9223372036854775807, not 9223372036854775808"},
    {RES("\"memory\":{\"swappiness\":101}"),
     "config.json: linux.resources.memory.swappiness: must be an integer from 0 to 100, not 101"},
    {RES("\"memory\":{\"swap\":1}"), "config.json: linux.resources.memory.swap: is a limit of memory and swap "
				     "together, and needs memory.limit beside it"},
    {RES("\"memory\":{\"swap\":1,\"limit\":2}"),
     "config.json: linux.resources.memory.swap: is a limit of memory and swap together, and must not be less than "
     "memory.limit"},
    {RES("\"cpu\":{\"burst\":2,\"quota\":1}"),
     "config.json: linux.resources.cpu.burst: must not be larger than cpu.quota: it is 2, the quota 1"},
    {RES("\"cpu\":{\"idle\":2}"), "config.json: linux.resources.cpu.idle: must be an integer from 0 to 1, not 2"},
    {RES("\"pids\":{\"limit\":-2}"),
     "config.json: linux.resources.pids.limit: must be an integer from -1 to 9223372036854775807, not -2"},
    {RES("\"devices\":[{\"allow\":true,\"access\":\"xa\"}]"),
     "config.json: linux.resources.devices[0].access: must be a composition of r, w and m, not \"xa\""},
    {RES("\"devices\":[{\"type\":\"c\"}]"), "config.json: linux.resources.devices[0].allow: is required: add it"},
    {RES("\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0}]}"),
     "config.json: linux.resources.blockIO.weightDevice[0]: must have weight, leafWeight or both"},
    {RES("\"blockIO\":{\"weight\":65536}"),
     "config.json: linux.resources.blockIO.weight: must be an integer from 0 to 65535, not 65536"},
    {RES("\"hugepageLimits\":[{\"pageSize\":\"0MB\",\"limit\":1}]"),
     "config.json: linux.resources.hugepageLimits[0].pageSize: must be a size such as 64KB, 2MB or 1GB, not \"0MB\""},
    {RES("\"hugepageLimits\":[{\"pageSize\":\"2MiB\",\"limit\":1}]"),
     "config.json: linux.resources.hugepageLimits[0].pageSize: must be a size such as 64KB, 2MB or 1GB, not \"2MiB\""},
    {RES("\"rdma\":{\"mlx5_1\":{}}"),
     "config.json: linux.resources.rdma[\"mlx5_1\"]: must have hcaHandles, hcaObjects or both"},
    {RES("\"rdma\":{\"mlx5_1\":{\"hcaHandles\":4294967296}}"),
     "config.json: linux.resources.rdma[\"mlx5_1\"].hcaHandles: must be an integer from 0 to 4294967295, not "
     "4294967296"},
    {RES("\"unified\":{\"../x\":\"1\"}"),
     "config.json: linux.resources.unified[\"../x\"]: each key must be the name of a file of the cgroup"},
    {LINUX("\"seccomp\":{}"), "config.json: linux.seccomp.defaultAction: is required: add it"},
    {SECC("\"listenerMetadata\":\"x\""),
     "config.json: linux.seccomp.listenerMetadata: must not be set without listenerPath"},
    {SECC("\"defaultErrnoRet\":1"), "config.json: linux.seccomp.defaultErrnoRet: only SCMP_ACT_ERRNO and "
				    "SCMP_ACT_TRACE take it, SCMP_ACT_ALLOW does not"},
    {SECC("\"syscalls\":[{\"names\":[],\"action\":\"SCMP_ACT_LOG\"}]"),
     "config.json: linux.seccomp.syscalls[0].names: must have at least one entry"},
    {RULE("\"action\":\"SCMP_ACT_LOG\",\"errnoRet\":1"), "config.json: linux.seccomp.syscalls[0].errnoRet: only "
							 "SCMP_ACT_ERRNO and SCMP_ACT_TRACE take it, SCMP_ACT_LOG does "
							 "not"},
    {RULE("\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":4096"),
     "config.json: linux.seccomp.syscalls[0].errnoRet: must be an errno from 0 to 4095"},
    {RULE("\"action\":\"SCMP_ACT_LOG\",\"args\":[{\"index\":6,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]"),
     "config.json: linux.seccomp.syscalls[0].args[0].index: must be an integer from 0 to 5, not 6"},
    {RULE("\"action\":\"SCMP_ACT_LOG\",\"args\":[{\"index\":5,\"value\":0,\"op\":\"==\"}]"),
     "config.json: linux.seccomp.syscalls[0].args[0].op: must be one of SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE, "
     "SCMP_CMP_EQ, SCMP_CMP_GE, SCMP_CMP_GT, SCMP_CMP_MASKED_EQ, not \"==\""},
};

static void test_bad_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_values); i++)
		refused(bad_values[i].text, bad_values[i].message);
}

/* The controls of the above, and what engines write. */
static void test_good_values(void **state)
{
	static const char *const texts[] = {
	    HEAD "\"unknown\":{\"a\":[1,null]},\"process\":null,\"linux\":null,\"hooks\":null}",
	    HEAD "\"hostname\":\"0123456789012345678901234567890123456789012345678901234567890123\"}",
	    PROC("\"user\":{\"uid\":4294967294,\"gid\":0,\"umask\":512,\"additionalGids\":[]}"),
	    PROC("\"user\":{}"),
	    LINUX("\"maskedPaths\":[\"a\"],\"readonlyPaths\":[\"b/c\"]"),
	    PROC("\"oomScoreAdj\":-1000,\"capabilities\":{},\"rlimits\":[],\"apparmorProfile\":\"\",\"env\":null"),
	    PROC("\"rlimits\":[{\"type\":\"RLIMIT_RTTIME\",\"soft\":" U64 ",\"hard\":" U64 "}]"),
	    MOUNT("\"type\":\"\",\"options\":null,\"uidMappings\":[],\"gidMappings\":null"),
	    "{\"ociVersion\":\"1.0.2-dev\",\"root\":{\"path\":\"r\",\"readonly\":false}}",
	    "{\"ociVersion\":\"1.2.0-rc.1+build-7\",\"root\":{\"path\":\"r\"}}",
	    "{\"ociVersion\":\"1.10.0\",\"root\":{\"path\":\"r\"},\"windows\":7}",
	    LINUX("\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":4294967295}]"),
	    LINUX("\"timeOffsets\":{},\"netDevices\":{\"eth0\":{}},\"devices\":[],\"rootfsPropagation\":\"\""),
	    LINUX("\"timeOffsets\":{\"boottime\":{\"secs\":-9223372036854775808,\"nanosecs\":999999999}}"),
	    RES("\"memory\":{\"limit\":5,\"swap\":5},\"cpu\":{\"burst\":1,\"quota\":1},\"blockIO\":{},\"network\":{}"),
	    RES("\"memory\":{\"limit\":-1,\"swap\":-1},\"pids\":{\"limit\":0},\"cpu\":{\"burst\":1,\"quota\":-1}"),
	    RES("\"memory\":{\"swap\":0},\"pids\":{},\"devices\":[{\"allow\":true,\"type\":\"\",\"access\":\"\"}]"),
	    RES("\"devices\":[{\"allow\":true,\"access\":\"rwa\"}]"),
	    RULE("\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":65535,\"args\":null"),
	    RULE("\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":4095,\"args\":[]"),
	};
	static const char *const bad_versions[] = {"1",        "1.0",    "1.0.",   "1.0.0.",   "1.00.0",
						   "01.0.0",   "1.0.0-", "1.0.0+", "1.0.0-a.", "1.0.0 ",
						   "1.0.0-a_", "2.0.0",  "v1.0.0"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		good(texts[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad_versions); i++) {
		char text[200], message[200];

		snprintf(text, sizeof(text), "{\"ociVersion\":\"%s\",\"root\":{\"path\":\"r\"}}", bad_versions[i]);
		snprintf(
		    message, sizeof(message),
		    "config.json: ociVersion: must be a version 1.x.y of the OCI runtime specification, not \"%s\"",
		    bad_versions[i]);
		refused(text, message);
	}
}

static char *read_full(size_t *ret_len)
{
	const char *top = getenv("TOP_SRCDIR");
	char path[4096], *text;
	struct err e = {0};

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/config/full.json", top ? top : ".");
	assert_int_equal(file_read(AT_FDCWD, path, SPEC_FILE_MAX, &text, ret_len, &e), 0);
	return text;
}

static void test_full_process(void **state)
{
	struct arena a = {0};
	struct spec_config c;
	struct err e = {0};
	size_t len;
	char *text = read_full(&len);
	const struct spec_process *p = &c.process;

	(void)state;
	assert_int_equal(spec_config_parse(text, len, "config.json", &a, &c, &e), 0);
	free(text); /* nothing of the result may point into it */
	assert_string_equal(c.oci_version, "1.3.0");
	assert_true(p->set && p->terminal && p->no_new_privileges);
	assert_true(p->console_height.set && p->console_height.v == 25 && p->console_width.v == 80);
	assert_true(p->user.uid == 1 && p->user.gid == 2 && p->user.umask.set && p->user.umask.v == 077);
	assert_true(p->user.n_additional_gids == 2 && p->user.additional_gids[1] == 6);
	assert_true(p->args.n == 3 && !p->args.v[3] && str_eq(p->args.v[2], "echo \xc3\xbc \xf0\x9f\x98\x80"));
	assert_true(p->capabilities.set && p->capabilities.list[CAPS_INHERITABLE].n == 1);
	assert_string_equal(p->capabilities.list[CAPS_BOUNDING].v[0], "CAP_AUDIT_WRITE");
	assert_true(p->n_rlimits == 2 && p->rlimits[0].type == RLIMIT_NOFILE && p->rlimits[0].hard == UINT64_MAX);
	assert_true(p->oom_score_adj.set && p->oom_score_adj.v == -100);
	assert_true(p->scheduler.policy == 6 && p->scheduler.flags == 5 && p->scheduler.period == INT64_MAX);
	assert_true(p->io_priority.set && p->io_priority.class == 2 && p->io_priority.priority == 4);
	assert_string_equal(bits_list(&p->exec_cpu_affinity.final, &a), "0-3,7");
	assert_string_equal(bits_list(&p->exec_cpu_affinity.initial, &a), "7");
	assert_true(c.root.set && c.root.readonly && c.n_mounts == 2);
	assert_true(c.mounts[0].options.n == 3 && c.mounts[0].gid_mappings.v[0].host_id == 1000);
	assert_true(c.mounts[1].options.n == 0 && c.mounts[1].uid_mappings.n == 0);
	assert_true(c.hooks[HOOK_POSTSTOP].n == 1 && c.hooks[HOOK_POSTSTOP].v[0].timeout.v == 6);
	assert_string_equal(c.hooks[HOOK_PRESTART].v[0].args.v[1], "x");
	assert_string_equal(spec_map_get(&c.annotations, "com.example.key"), "value");
	assert_string_equal(spec_map_get(&c.annotations, "com.example.empty"), "");
	assert_null(spec_map_get(&c.annotations, "missing"));
	arena_free(&a);
}

static void test_full_linux(void **state)
{
	struct arena a = {0};
	struct spec_config c;
	struct err e = {0};
	size_t len;
	char *text = read_full(&len);
	const struct spec_linux *l = &c.linux_;
	const struct spec_resources *r = &l->resources;

	(void)state;
	assert_int_equal(spec_config_parse(text, len, "config.json", &a, &c, &e), 0);
	free(text);
	assert_true(l->set && l->uid_mappings.n == 1 && l->gid_mappings.v[0].size == 65536);
	assert_string_equal(l->namespaces[NS_NETWORK].path, "/var/run/netns/neta");
	for (int i = 0; i < NS_COUNT; i++)
		assert_true(l->namespaces[i].set && (i == NS_NETWORK || !l->namespaces[i].path));
	assert_true(l->n_devices == 2 && l->devices[0].type == 'c' && l->devices[0].minor == 229);
	assert_true(l->devices[0].file_mode.v == 0666 && l->devices[1].type == 'p' && !l->devices[1].file_mode.set);
	assert_true(r->set && r->n_devices == 2 && r->devices[1].type == 'a' && !r->devices[1].major.set);
	assert_true(!r->devices[1].access && str_eq(r->devices[0].access, "rw"));
	assert_true(r->memory.set && r->memory.swap.v == INT64_MAX && r->memory.kernel.v == -1);
	assert_true(r->memory.disable_oom_killer.set && !r->memory.disable_oom_killer.v);
	assert_true(r->cpu.idle.set && r->cpu.idle.v == 0 && r->cpu.burst.v == 1000000);
	assert_true(r->pids_limit.set && r->pids_limit.v == 32771);
	assert_true(r->block_io.n_weight_device == 1 && r->block_io.weight_device[0].leaf_weight.v == 300);
	assert_true(r->block_io.write_iops.v[0].rate == UINT64_MAX && r->block_io.write_iops.v[0].minor == 16);
	assert_true(r->n_hugepages == 1 && r->hugepages[0].limit == 209715200);
	assert_true(r->network.class_id.v == 1048577 && r->network.priorities[0].priority == 500);
	assert_true(r->n_rdma == 1 && str_eq(r->rdma[0].device, "mlx5_1") && r->rdma[0].hca_objects.v == 10000);
	assert_true(l->n_net_devices == 1 && str_eq(l->net_devices[0].host_name, "eth0"));
	assert_true(l->seccomp.set && l->seccomp.n_rules == 2 && l->seccomp.rules[0].args[0].value == UINT32_MAX);
	assert_true(l->seccomp.rules[0].args[0].value_two == UINT64_MAX && l->seccomp.rules[0].errno_ret.v == 1);
	assert_true(l->personality.set && l->personality.domain == 8 && l->intel_rdt.enable_monitoring);
	assert_true(l->memory_policy.set && l->memory_policy.mode == 3 && l->memory_policy.flags == 1 << 15);
	assert_string_equal(bits_list(&l->memory_policy.nodes, &a), "2-3");
	assert_true(l->boottime.set && l->boottime.secs == -5 && l->monotonic.secs == 172800);
	arena_free(&a);
}

/* Go's decoder takes the last one of a key that is there twice. */
static void test_last_wins(void **state)
{
	struct arena a = {0};
	struct spec_config c;
	struct err e;

	(void)state;
	assert_int_equal(
	    parse_to(HEAD "\"hostname\":7,\"annotations\":{\"k\":1,\"k\":\"2\"},\"hostname\":\"b\"}", &a, &c, &e), 0);
	assert_string_equal(c.hostname, "b");
	assert_int_equal(c.annotations.n, 1);
	assert_string_equal(c.annotations.v[0].value, "2");
	arena_free(&a);
}

/* The error that is there already stays, and no struct err at all is fine. */
static void test_errors_kept(void **state)
{
	struct arena a = {0};
	struct spec_config c;
	struct err e = {0};

	(void)state;
	err_set(&e, EPERM, "first");
	assert_int_equal(spec_config_parse("{}", 2, "config.json", &a, &c, &e), -EINVAL);
	assert_string_equal(e.text, "first");
	assert_string_equal(e.path, "");
	assert_int_equal(spec_config_parse("{}", 2, "config.json", &a, &c, NULL), -EINVAL);
	arena_free(&a);
}

static void test_truncated(void **state)
{
	size_t len;
	char *text = read_full(&len);

	(void)state;
	while (len && text[len - 1] != '}')
		len--;
	for (size_t n = 0; n < len; n++) {
		struct arena a = {0};
		struct spec_config c;
		struct err e = {0};

		assert_int_equal(spec_config_parse(text, n, "config.json", &a, &c, &e), -EINVAL);
		assert_string_equal(e.path, "config.json");
		arena_free(&a);
	}
	free(text);
}

static void test_long_paths(void **state)
{
	struct arena a = {0};
	struct spec_config c;
	struct err e = {0};
	AUTO_BUF b = {0};

	(void)state;
	buf_str(&b, HEAD "\"annotations\":{\"");
	for (int i = 0; i < 5000; i++)
		buf_str(&b, "\xc3\xa4");
	buf_str(&b, "\":7}}");
	assert_int_equal(spec_config_parse(b.data, b.len, "config.json", &a, &c, &e), -EINVAL);
	assert_true(str_starts(e.path, "config.json: annotations[\"\xc3\xa4\xc3\xa4"));
	assert_string_equal(e.path + strlen(e.path) - 7, "\xc3\xa4...\"]");
	arena_free(&a);
}

/* What has no effect passes. */
static void test_no_effect(void **state)
{
	static const char *const texts[] = {
	    RES("\"blockIO\":{\"weight\":0,\"weightDevice\":[]},\"network\":{\"classID\":0},\"hugepageLimits\":[],"
		"\"rdma\":{}"),
	    RES("\"memory\":{\"kernel\":-1,\"kernelTCP\":0,\"disableOOMKiller\":false},\"cpu\":{\"realtimePeriod\":0},"
		"\"unified\":{}"),
	    LINUX("\"personality\":{\"domain\":\"LINUX\"},\"netDevices\":{},\"mountLabel\":\"\",\"intelRdt\":null"),
	    PROC("\"apparmorProfile\":\"\",\"selinuxLabel\":\"\",\"execCPUAffinity\":{\"initial\":\"0\"}"),
	    HOOK("{\"path\":\"/a\"}"),
	    SECC("\"listenerPath\":\"/x\",\"syscalls\":[{\"names\":[\"b\"],\"action\":\"SCMP_ACT_NOTIFY\"}]"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		good(texts[i]);
}

/* The document of `update`: the same properties at the top, swap without its limit allowed, all other rules kept. */
static void test_resources_alone(void **state)
{
	static const struct {
		const char *text;
		int r;
		const char *path;
	} rows[] = {
	    {"{}", 0, NULL},
	    {"{\"memory\":{\"swap\":9},\"pids\":{\"limit\":7}}", 0, NULL},
	    {"{\"memory\":{\"limit\":\"9\"}}", -EINVAL, "update: memory.limit"},
	    {"{\"cpu\":{\"burst\":9,\"quota\":5}}", -EINVAL, "update: cpu.burst"},
	    {"{\"pids\":{\"limit\":-2}}", -EINVAL, "update: pids.limit"},
	    {"[]", -EINVAL, "update"},
	    {"", -EINVAL, "update"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = {0};
		struct spec_resources r;
		struct err e = {0};

		if (spec_resources_parse(rows[i].text, strlen(rows[i].text), "update", &a, &r, &e) != rows[i].r ||
		    (rows[i].path && strncmp(e.path, rows[i].path, strlen(rows[i].path)) != 0))
			fail_msg("%s: %s: %s", rows[i].text, e.path, e.text);
		if (i == 1)
			assert_true(r.memory.swap.v == 9 && r.pids_limit.v == 7);
		arena_free(&a);
	}
}

/* ---- spec_config_template, spec_config_load ---- */

static void test_template(void **state)
{
	(void)state;
	for (int rootless = 0; rootless < 2; rootless++) {
		struct arena a = {0};
		struct spec_config c;
		struct err e = {0};
		AUTO_BUF b = {0};
		const struct spec_linux *l = &c.linux_;

		spec_config_template(&b, rootless, 1000, 1001);
		assert_false(b.failed);
		assert_int_equal(spec_config_parse(b.data, b.len, "config.json", &a, &c, &e), 0);
		assert_string_equal(c.hostname, "jailrun");
		assert_string_equal(c.process.args.v[0], "sh");
		assert_true(c.process.terminal && c.process.no_new_privileges && c.root.readonly);
		assert_int_equal(c.n_mounts, 7);
		assert_string_equal(c.mounts[5].destination, "/sys");
		assert_int_equal(strv_has(&c.mounts[5].options, "rbind"), rootless);
		assert_int_equal(strv_has(&c.mounts[2].options, "gid=5"), !rootless);
		assert_int_equal(l->namespaces[NS_USER].set, rootless);
		assert_int_equal(l->namespaces[NS_NETWORK].set, !rootless);
		assert_true(l->namespaces[NS_PID].set && l->namespaces[NS_CGROUP].set && !l->namespaces[NS_TIME].set);
		assert_int_equal(l->uid_mappings.n, rootless);
		assert_int_equal(l->resources.n_devices, !rootless);
		if (rootless)
			assert_true(l->uid_mappings.v[0].host_id == 1000 && l->gid_mappings.v[0].host_id == 1001);
		arena_free(&a);
	}
}

static void test_load(void **state)
{
	char dir[] = "/tmp/spec_config.XXXXXX";
	struct arena a = {0};
	struct spec_config c;
	struct err e = {0};
	AUTO_CLOSE int fd = -1;
	AUTO_BUF b = {0};

	(void)state;
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(spec_config_load(fd, &a, &c, &e), -ENOENT);
	assert_string_equal(e.text, "JSON specification file config.json not found");
	spec_config_template(&b, false, 0, 0);
	e = (struct err){0};
	assert_int_equal(file_replace(fd, "config.json", b.data, b.len, 0644, &e), 0);
	assert_int_equal(spec_config_load(fd, &a, &c, &e), 0);
	assert_string_equal(c.root.path, "rootfs");
	assert_int_equal(unlinkat(fd, "config.json", 0), 0);
	assert_int_equal(mkdirat(fd, "config.json", 0755), 0);
	assert_int_equal(spec_config_load(fd, &a, &c, &e), -EISDIR);
	assert_int_equal(unlinkat(fd, "config.json", AT_REMOVEDIR), 0);
	rmdir(dir);
	arena_free(&a);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(spec_ns_name(NS_MOUNT), "mount");
	assert_string_equal(spec_ns_name(NS_TIME), "time");
	assert_int_equal(spec_ns_flag(NS_MOUNT), 0x00020000);
	assert_int_equal(spec_ns_flag(NS_TIME), 0x00000080);
	assert_string_equal(spec_hook_name(HOOK_PRESTART), "prestart");
	assert_string_equal(spec_hook_name(HOOK_POSTSTOP), "poststop");
	assert_string_equal(rlimit_name(0), "RLIMIT_CPU");
	assert_string_equal(rlimit_name(99), "rlimit 99");
	assert_string_equal(spec_status_name(STATUS_PAUSED), "paused");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bad_values),
	    cmocka_unit_test(test_good_values),
	    cmocka_unit_test(test_full_process),
	    cmocka_unit_test(test_full_linux),
	    cmocka_unit_test(test_last_wins),
	    cmocka_unit_test(test_errors_kept),
	    cmocka_unit_test(test_truncated),
	    cmocka_unit_test(test_long_paths),
	    cmocka_unit_test(test_no_effect),
	    cmocka_unit_test(test_template),
	    cmocka_unit_test(test_load),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_resources_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
