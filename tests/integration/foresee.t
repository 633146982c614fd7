#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `plan` warns of what `create` refuses as the host is now, and says nothing where that works. Nothing is changed by it.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime

# foresee NAME FILTER WORDS: the plan comes, with a warning of WORDS; `run` fails.
foresee() {
	make_bundle "$T/b" "$(args_filter true) | $2"
	jrun plan "$T/b"
	is "$1: the plan" "$rc:$(jq -r 'has("namespaces")' <<<"$out")" 0:true
	like "$1: the warning" "$err" "warning: create would fail: $3"
	jrun run --bundle "$T/b" "jt-$$-f"
	ok "$1: run fails" test "$rc" != 0
}
quiet() { # NAME FILTER
	make_bundle "$T/b" "$(args_filter true) | $2"
	jrun plan "$T/b"
	is "$1: no warning" "$rc:$err" 0:
	jrun run --bundle "$T/b" "jt-$$-f"
	is "$1: run works" "$rc" 0
}

quiet "as it should be" .
quiet "a working directory that is made" '.process.cwd = "/made"'
quiet "a bind below an earlier mount" '.mounts += [{destination: "/t", type: "tmpfs", source: "tmpfs"}]'
mounts=$(wc -l </proc/self/mountinfo)
foresee "a source" '.mounts += [{destination: "/x", type: "bind", source: "/no/such", options: ["bind"]}]' "mounts\[[0-9]+\]\.source: .*'/no/such'"
foresee "the rootfs" '.root.path = "none"' "root\.path: .*none'"
foresee "the program" '.process.args = ["/no/such"]' 'exec: "/no/such": stat /no/such: no such file or directory'
foresee "a program in PATH" '.process.args = ["nosuch"]' 'exec: "nosuch": executable file not found in \$PATH'
foresee "a limit" '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 1, hard: 99999999999}]' 'process\.rlimits\[0\]\.hard: RLIMIT_NOFILE'
foresee "a hook" '.hooks = {createRuntime: [{path: "/no/hook"}]}' "hooks\.createRuntime\[0\]\.path: '/no/hook' cannot be executed"
foresee "a namespace" '(.linux.namespaces[] | select(.type == "ipc")).path = "/no/ns"' "linux\.namespaces\[ipc\]\.path: .*'?/no/ns"
foresee "a sysctl" '.linux.sysctl = {"net.ipv4.no_such": "1"}' 'linux\.sysctl\["net\.ipv4\.no_such"\]: there is no /proc/sys/net/ipv4/no_such'
foresee "an agent" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/no/sock", syscalls: [{names: ["getcwd"], action: "SCMP_ACT_NOTIFY"}]}' \
	"linux\.seccomp\.listenerPath: no agent listens at '/no/sock'"
is "no mount is left" "$(wc -l </proc/self/mountinfo)" "$mounts"
is "no state is left" "$(ls -A "$ROOT" 2>/dev/null)" ""
done_testing
