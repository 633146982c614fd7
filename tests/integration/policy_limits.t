#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The limits of a policy that end a container, and those of files: that they hold, for how long, by which of two policies, and how it is told.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/leftovers.sh"
need_root
need_command jq
need_runtime
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
mkdir "$T/policies"
# policy NAME JSON
policy() {
	printf '%s' "$2" >"$T/policies/$1.json"
}
printf '{"policyDir": "%s"}' "$T/policies" >"$T/none.json"
printf '{"policyDir": "%s", "floor": "floor"}' "$T/policies" >"$T/floor.json"
# limited JSON SCRIPT [FILTER [OPTIONS]]: under this policy; the report is in $T/report, the audit stream in $T/audit.
ADMIN=none
limited() {
	policy own "$1"
	rm -f "$T/report" "$T/audit"
	make_bundle "$T/b" "$(sh_filter "$2") | .annotations = {\"jailrun.policy\": \"own\"} | ${3-.}"
	n=$((${n:-0} + 1))
	jrun --admin-config "$T/$ADMIN.json" --audit "$T/audit" run --report "$T/report" --bundle "$T/b" "${@:4}" "jt-$$-$n"
}
of() {
	jq -c "$1" "$T/report"
}
end='[.verdict, .limit, .exit, .signal]'
ended_by() { # NAME LIMIT POLICY
	is "$1: ends it" "$rc $(of "$end")" "137 [\"limit\",\"$2\",137,\"SIGKILL\"]" || diag "$(cat "$T/audit") $err"
	is "$1: the audit line" "$(jq -c 'select(.rule | startswith("limits")) | [.policy, .rule, .action, .allow]' "$T/audit")" \
		"[\"$3\",\"$2\",\"kill\",\"raise $2\"]"
}

# ---- wall ----
limited '{"limits": {"wall": "300ms"}}' 'trap "" TERM; sleep 100'
ended_by wall limits.wall own
ok "wall: not before" jq -e '.wallUsec >= 295000' "$T/report" || diag "$(of .)"
limited '{"limits": {"wall": "10s"}}' 'exit 3'
is "wall: who is done before is not ended (control)" "$rc $(of "$end")" '3 ["exit",null,3,null]'
is "wall: nor is anything said" "$(cat "$T/audit" 2>/dev/null)" ""
limited '{"limits": {"wall": "60s"}}' 'kill -KILL $$; exit 1'
is "wall: another SIGKILL is no limit" "$rc $(of "$end")" '137 ["signal",null,137,"SIGKILL"]'
policy floor '{"limits": {"wall": "200ms"}}'
ADMIN=floor
limited '{"limits": {"wall": "1h"}}' 'sleep 100'
ended_by "wall: the floor's, which is shorter" limits.wall floor
policy floor '{"limits": {"wall": "1h"}}'
limited '{"limits": {"wall": "200ms"}}' 'sleep 100'
ended_by "wall: the policy's, which is shorter" limits.wall own
ADMIN=none

no_rlimits='del(.process.rlimits)'

# What lives apart from run: exec'd processes; the time before start is none, and that of a pause is.
policy own '{"limits": {"wall": "700ms"}}'
make_bundle "$T/b" "$(sh_filter 'sleep 100')"
jr --admin-config "$T/none.json" --policy own create -b "$T/b" "jt-$$-c" >"$T/out" 2>&1 </dev/null
sleep 0.8
ok "wall: the time before start does not count" status_is "jt-$$-c" created
jr start "jt-$$-c"
jrun exec "jt-$$-c" sleep 100
is "wall: a process by exec ends with it" "$rc" 137
ok "wall: the container too" eventually 10 status_is "jt-$$-c" stopped
is "wall: its audit line, in the state" "$(jq -c '[.rule, .action]' "$ROOT/jt-$$-c/audit.jsonl")" '["limits.wall","kill"]'
jr delete "jt-$$-c"
jr --admin-config "$T/none.json" --policy own run -d -b "$T/b" "jt-$$-p" >"$T/out" 2>&1 </dev/null
if jrun pause "jt-$$-p" && [ "$rc" = 0 ]; then
	sleep 0.8
	ok "wall: paused it is, and not ended" status_is "jt-$$-p" paused
	jr resume "jt-$$-p"
	ok "wall: the time of the pause counts" eventually 1 status_is "jt-$$-p" stopped
else
	skip "wall: a pause" "$err"
fi
jr delete --force "jt-$$-p"

# ---- CPU time ----
burn='while :; do :; done'
limited '{"limits": {"cpu": "300ms"}}' "($burn) & ($burn) & $burn"
ended_by cpu limits.cpu own
ok "cpu: not before, and not long after" jq -e '.userUsec + .systemUsec | . >= 290000 and . < 450000' "$T/report" || diag "$(of .)"
limited '{"limits": {"cpu": "300ms"}}' 'sleep 0.5; for i in 1 2 3; do /bin/true; done; exit 4'
is "cpu: who sleeps uses none (control)" "$rc $(of "$end")" '4 ["exit",null,4,null]'
limited '{"limits": {"cpu": "300ms"}}' 'i=0; while :; do (exit); done' "$no_rlimits"
ended_by "cpu: that of processes that are gone" limits.cpu own
limited '{"init": "workload", "limits": {"cpu": "200ms"}}' "$burn"
ended_by "cpu: init: workload" limits.cpu own
limited '{"limits": {"idle": "300ms"}}' 'i=0; while [ $i -lt 8 ]; do i=$((i + 1)); k=0; while [ $k -lt 6000 ]; do k=$((k + 1)); done; sleep 0.1; done; date +%s%N; sleep 100'
ended_by idle limits.idle own
ok "idle: not while it works" [ -n "$out" ]
policy floor '{"limits": {"cpu": "10m", "idle": "200ms"}}'
ADMIN=floor
limited '{"limits": {"cpu": "200ms", "idle": "1m"}}' 'sleep 100'
ended_by "idle: the floor's, which is less" limits.idle floor
limited '{"limits": {"cpu": "200ms", "idle": "1m"}}' "$burn"
ended_by "cpu: the policy's, which is less" limits.cpu own
ADMIN=none
# A policy that watches is told of it, and the floor's holds.
policy floor '{"limits": {"cpu": "400ms"}}'
ADMIN=floor
limited '{"mode": "watch", "limits": {"cpu": "100ms", "memory": "1G"}}' "$burn"
is "cpu: one that watches loosens nothing" "$rc $(of "$end")" '137 ["limit","limits.cpu",137,"SIGKILL"]'
is "cpu: and says so once" "$(jq -c '[.policy, .rule, .mode, .action]' "$T/audit" | xargs)" '[own,limits.cpu,watch,kill] [floor,limits.cpu,null,kill]'
ADMIN=none
for limit in cpu idle; do
	policy own "{\"limits\": {\"$limit\": \"1s\"}}"
	make_bundle "$T/b" "$(args_filter true)"
	jrun --admin-config "$T/none.json" --policy own --cgroup-manager disabled run -b "$T/b" "jt-$$-d"
	like "$limit: without a cgroup it is an error" "$rc $err" "^1 .*policy own: limits\\.$limit: CPU time .* is counted by a cgroup, and this container has none\. The nearest .* limits\\.wall"
	n=$((n + 1))
	make_bundle "$T/b" "$(args_filter true) | .process.capabilities.bounding += [\"CAP_SYS_ADMIN\"]"
	jrun --admin-config "$T/none.json" --policy own run -b "$T/b" "jt-$$-$n"
	like "$limit: who could leave the cgroup is refused" "$rc $err" "^1 .*CAP_SYS_ADMIN lets the workload leave the cgroup.*limits\\.$limit of policy own"
done

# ---- memory: tests/vm/limits/memory.sh has it where there is a controller ----
policy own '{"limits": {"memory": "64M"}}'
make_bundle "$T/b" "$(args_filter true)"
if ! grep -qw memory "$(cgroup2_mount)/cgroup.controllers"; then
	jrun --admin-config "$T/none.json" --policy own run -b "$T/b" "jt-$$-m"
	like "memory: without a controller it is an error" "$rc $err" '^1 .*policy own: limits\.memory: the memory controller is not available.*The nearest that can be had is RLIMIT_AS'
	run "$JAILRUN" --policy-dir "$T/policies" policy check own
	like "memory: which policy check foretells" "$rc $out" '^2 .*warning: cannot be enforced here: limits\.memory: the memory controller is not available'
fi
jrun --admin-config "$T/none.json" --policy own --cgroup-manager disabled run -b "$T/b" "jt-$$-m"
like "memory: nor without a cgroup" "$rc $err" '^1 .*policy own: limits\.memory: cgroups are disabled.*The nearest that can be had is RLIMIT_AS'

# ---- files ----
show='ulimit -n; ulimit -Hn; ulimit -f; ulimit -Hf'
lines() {
	tr '\n' ' ' <<<"$out"
}
limited '{"limits": {"open_files": 64, "file_size": "1M"}}' "$show" "$no_rlimits"
is "files: the limits, soft and hard" "$(lines)" '64 64 2048 2048 '
is "files: need no tracer" "$(jr --admin-config "$T/none.json" --policy own plan "$T/b" | jq -r .jail.engine)" notify
limited '{"limits": {"file_size": "1M"}}' 'dd if=/dev/zero of=/tmp/x bs=4k count=1000; echo $?; wc -c </tmp/x; rm /tmp/x' "$no_rlimits"
is "files: a file grows no further" "$out" $'153\n1048576' || diag "$err"
rlimits='.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 20, hard: 100}, {type: "RLIMIT_FSIZE", soft: 512, hard: 10240}]'
limited '{"limits": {"open_files": 64, "file_size": "1M"}}' "$show" "$rlimits"
is "files: config.json's, where they are less" "$(lines)" '20 64 1 20 '
policy floor '{"limits": {"open_files": 32, "file_size": "1M"}}'
ADMIN=floor
limited '{"limits": {"open_files": 64, "file_size": 5120}}' "$show" "$no_rlimits"
is "files: of two policies the less" "$(lines)" '32 32 10 10 '
ADMIN=none
policy own '{"limits": {"open_files": 64}}'
make_bundle "$T/b" "$(sh_filter 'sleep 100') | $no_rlimits"
jr --admin-config "$T/none.json" --policy own run -d -b "$T/b" "jt-$$-e" >"$T/out" 2>&1 </dev/null
jrun exec "jt-$$-e" sh -c 'ulimit -n; ulimit -Hn'
is "files: of a process by exec" "$(lines)" '64 64 '
jr delete --force "jt-$$-e"
done_testing
