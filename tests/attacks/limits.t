#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ways round the limits that end a container, and round those of files.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/attack.sh"
need_command jq busybox
need_prog outlive rlimits

# Whoever lives has a lock of the file.
# shellcheck disable=SC2317 # by ok
free() {
	flock -n -x "$T/b/rootfs/tmp/hold" true
}
ways='"daemon", "stopped", "vfork", "threads", "nested", "busy", "forks"'
outlive='.process.args = ["/bin/outlive", "/tmp/hold", '$ways']'
chmod 1777 "$T/b/rootfs/tmp"
echo >"$T/b/rootfs/tmp/hold"
chmod 666 "$T/b/rootfs/tmp/hold"

# nothing_outlives NAME POLICY FILTER
nothing_outlives() {
	RUN_TIMEOUT=30 milliseconds attack "$2" "$outlive | $3" --report "$T/report"
	rc=$?
	is "$1: ended by the limit" "$(jq -c '[.verdict, .limit, .signal, .exit]' "$T/report")" '["limit","limits.wall","SIGKILL",137]' || diag "$(cat "$T/timed")"
	ok "$1: nothing outlives it" free
	ok "$1: in time ($ms ms)" [ "$ms" -lt 15000 ]
	is "$1: the audit line" "$(jq -c 'select(.rule == "limits.wall") | [.policy, .action]' "$T/audit")" "[\"$T/policy.json\",\"kill\"]"
}
for who in as_root strong as_user; do
	nothing_outlives "wall, $who" '{"limits": {"wall": "400ms"}}' "${!who}"
done
# CPU time of others: what has gone away from its maker, and threads of a process whose first is gone.
attack '{"limits": {"cpu": "300ms", "wall": "20s"}}' '.process.args = ["/bin/outlive", "/tmp/hold", "busy", "daemon", "nested"]' --report "$T/report"
is "cpu: ended by that limit" "$(jq -c '[.verdict, .limit, .exit]' "$T/report")" '["limit","limits.cpu",137]'
ok "cpu: nothing outlives it" free
nothing_outlives "wall, traced" '{"limits": {"wall": "400ms", "processes": 200}}' "$strong"
nothing_outlives "wall, init: workload" '{"init": "workload", "limits": {"wall": "400ms"}}' "$strong"

rlimits='.process.args = ["/bin/rlimits", "64", "100000"]'
for who in as_root strong as_user in_userns; do
	more=
	# In a user namespace the capability is of that one, which raises no limit.
	[ $who != in_userns ] || more='| .process.capabilities.bounding += ["CAP_SYS_RESOURCE"] | .process.capabilities.permitted = .process.capabilities.bounding
		| .process.capabilities.effective = .process.capabilities.bounding | .process.user = {uid: 0, gid: 0}'
	attack '{"limits": {"open_files": 64, "file_size": 100000}}' "$rlimits | ${!who} $more"
	is "rlimits, $who: none is raised" "$out" end || diag "$err"
done
# Where the runtime has the capability to give.
capable='.process.capabilities.bounding += ["CAP_SYS_RESOURCE"] | .process.capabilities.permitted = .process.capabilities.bounding
	| .process.capabilities.effective = .process.capabilities.bounding'
attack '{"limits": {"wall": 60}}' "$rlimits | $capable"
if grep -q 'CAP_SYS_RESOURCE is left out' <<<"$err"; then
	skip "rlimits: CAP_SYS_RESOURCE" "the runtime does not have it itself"
else
	like "rlimits: without these limits they are raised (control)" "$out" 'prlimit raised it'
	for limit in open_files file_size; do
		attack "{\"limits\": {\"$limit\": 64}}" "$rlimits | $capable"
		like "rlimits: with $limit the capability is refused" "$rc $err" "^1 .*process\.capabilities: CAP_SYS_RESOURCE lets the workload raise its own limits.*limits\.$limit of policy"
	done
fi
done_testing
