#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# mode and on_violation: what is watched is reported and goes on, and loosens nothing else.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime

mkdir -p "$T/b" "$T/etc"
make_busybox_rootfs "$T/b/rootfs"
cp "$(command -v busybox)" "$T/b/rootfs/bin/busybox-denied"
printf '#!/bin/sh\necho script ran\n' >"$T/b/rootfs/bin/script"
chmod 755 "$T/b/rootfs/bin/script"
printf '{"policyDir": "%s", "floor": "site"}' "$T/etc" >"$T/admin.json"

# with_policy POLICY SCRIPT [FLOOR]: runs the script under it; what is reported is in $T/audit.
with_policy() {
	printf '%s' "$1" >"$T/policy.json"
	printf '%s' "${3-}" >"$T/etc/site.json"
	rm -f "$T/audit"
	make_bundle "$T/b" "$(sh_filter "$2")"
	if [ -n "${3-}" ]; then
		jq '.annotations = {"jailrun.policy": "own"}' "$T/b/config.json" >"$T/b/c" && mv "$T/b/c" "$T/b/config.json"
		cp "$T/policy.json" "$T/etc/own.json"
		jrun --admin-config "$T/admin.json" --audit "$T/audit" run "$T/b" "mt-$$"
	else
		jrun --policy "$T/policy.json" --audit "$T/audit" run --bundle "$T/b" "mt-$$"
	fi
}
# said JQ: of each report.
said() { jq -r "$1" "$T/audit" 2>/dev/null | sort -u | tr '\n' ' '; }
no_mkdir='"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 30}]}'

# Under notify.
with_policy "{\"mode\": \"watch\", $no_mkdir}" 'mkdir /tmp/one && echo made'
is "watch: the call goes on" "$out" made || diag "$err"
is "and the report has the action that it would have had" "$(said '[.rule, .mode, .action, .engine] | join(" ")')" 'syscalls.syscalls[0] watch EROFS notify '
with_policy "{\"mode\": \"enforce\", $no_mkdir}" 'mkdir /tmp/one && echo made'
is "enforce: it does not (control)" "$out:$(said .mode)" ':null '
with_policy '{"mode": "watch", "on_violation": "kill", "syscalls": {"defaultAction": "SCMP_ACT_KILL_PROCESS"}}' 'mkdir /tmp/two && echo made'
is "watch: a list that allows nothing lets all go on" "$out" made || diag "$err"
is "each call that is not in it is told of" "$(said 'select(.syscall == "mkdir" or .syscall == "mkdirat") | .action')" 'kill '
with_policy '{"mode": "watch", "signals": {"to_init": "refuse"}}' 'kill -URG 1 && echo sent; ulimit -c 0; grep -c "Max core" /proc/1/limits; echo 0 >/proc/1/timerslack_ns; renice -n 5 -p 1 || echo refused'
like "watch: signals.to_init" "$out" sent
like "what keeps the jail standing stays" "$out$err" refused
is "and each says which it is" "$(said 'select(.syscall | test("kill|setpriority")) | [.rule, .mode // "enforced"] | join(" ")')" 'self enforced signals.to_init watch '
with_policy '{"mode": "watch", "signals": {"to_init": "refuse"}}' 'trap "echo got" URG; kill -URG 1; sleep 0.2'
is "and the signal comes to the workload" "$out $(said '[.rule, .mode] | join(" ")')" 'got signals.to_init watch '

# Under trace.
with_policy '{"mode": "watch", "exec": {"allow": ["/bin/busybox"]}}' '/bin/busybox-denied echo two; /bin/script'
is "watch: programs run" "$(tr '\n' ' ' <<<"$out")" 'two script ran ' || diag "$err"
is "exec: one report of each" "$(jq -r '[.rule, .mode, .action, .path] | join(" ")' "$T/audit" | tr '\n' ';')" 'exec watch EACCES /bin/busybox-denied;exec watch EACCES /bin/script;'
with_policy '{"mode": "watch", "limits": {"processes": 2}}' 'sleep 0.3 & sleep 0.3 & sleep 0.3 & wait; echo all'
is "watch: limits" "$out:$(said '[.rule, .mode, .action] | join(" ")')" 'all:limits watch EAGAIN '

with_policy '{"mode": "watch", "limits": {"wall": "50ms"}}' 'sleep 0.3; echo done'
is "watch: the time" "$out:$(said '[.rule, .mode, .action] | join(" ")')" 'done:limits.wall watch kill '

# In a section, in a rule.
with_policy '{"exec": {"allow": ["/bin/busybox"], "mode": "watch"}, '"$no_mkdir"'}' '/bin/busybox-denied echo two; mkdir /tmp/three || echo no'
is "exec.mode is for exec alone" "$(tr '\n' ' ' <<<"$out")" 'two no '
is "and the others are enforced" "$(said '[.rule, .mode] | join(" ")')" 'exec watch syscalls.syscalls[0]  '
with_policy '{"mode": "watch", "syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
	{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "mode": "enforce"},
	{"names": ["rmdir", "unlinkat"], "action": "SCMP_ACT_ERRNO"}]}}' 'mkdir /tmp/four || mkdir /tmp/five || rmdir /tmp/three; rmdir /tmp/one && echo gone'
is "a rule may be enforced in a policy that watches" "$(grep -c 'not permitted' <<<"$err"):$out" 2:gone
with_policy '{"exec": {"allow": ["/bin/busybox"], "on_violation": "ENOENT"}}' '/bin/busybox-denied echo two; echo $?'
is "exec.on_violation: an errno" "$out:$(said .action)" '127:ENOENT '
with_policy '{"exec": {"allow": ["/bin/busybox"], "on_violation": "kill"}, '"$no_mkdir"'}' 'mkdir /tmp/six || echo no; sh -c "exec /bin/busybox-denied echo two"; echo $?'
is "exec.on_violation: kill, for exec alone" "$(tr '\n' ' ' <<<"$out")$(said .action)" 'no 137 EROFS kill '
with_policy '{"limits": {"processes": 2, "on_violation": "log"}, "exec": {"allow": ["/"], "on_violation": "kill"}}' 'sleep 0.2 & sleep 0.2 & wait; echo all'
is "limits.on_violation: log lets it go on" "$out:$(said '[.rule, .action, .mode] | join(" ")')" 'all:limits log  '
with_policy '{"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
	{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "on_violation": "ENOSPC"},
	{"names": ["rmdir", "unlinkat"], "action": "SCMP_ACT_ERRNO", "on_violation": "log"},
	{"names": ["chmod", "fchmodat"], "action": "SCMP_ACT_ERRNO", "on_violation": "kill"}]}}' 'mkdir /tmp/x; mkdir -p /tmp; rmdir /tmp/two && echo gone; chmod 700 /tmp; echo $?'
like "a rule's on_violation: an errno" "$err" 'No space left'
is "log, and kill" "$(tr '\n' ' ' <<<"$out")$(said '.action')" 'gone 137 ENOSPC kill log '

# A floor.
with_policy "{\"mode\": \"watch\", $no_mkdir, \"exec\": {\"allow\": []}}" 'mkdir /tmp/seven && echo made; /bin/busybox-denied echo two' '{"exec": {"deny": ["/bin/busybox-denied"]}}'
is "a policy that watches does not loosen the floor" "$out" made
is "each report says whose it is" "$(said 'select(.path != "/bin/busybox") | [.policy, .rule, .mode] | join(" ")')" 'own exec watch own syscalls.syscalls[0] watch site exec  '
with_policy '{"mode": "watch", "syscalls": {"defaultAction": "SCMP_ACT_ERRNO"}, "signals": {"to_init": "refuse"}, "limits": {"processes": 1}}' \
	'mkdir /tmp/eight || echo no; kill -URG 1 || echo no; sleep 0.1 & sleep 0.1 & sleep 0.1 & wait; echo all' \
	"{$no_mkdir, \"signals\": {\"to_init\": \"refuse\"}, \"limits\": {\"processes\": 2}}"
is "nor by the same key" "$(grep -c no <<<"$out")" 2
like "nor a limit" "$err" "[Rr]esource temporarily unavailable|[Cc]an.t fork"
with_policy "{$no_mkdir}" 'mkdir /tmp/eight || echo no' '{"mode": "watch", "syscalls": {"defaultAction": "SCMP_ACT_ERRNO"}}'
is "a floor that watches loosens nothing" "$out" no
with_policy '{"mode": "learn", "syscalls": {"defaultAction": "SCMP_ACT_ERRNO"}, "exec": {"allow": []}}' 'mkdir /tmp/nine || echo no' "{$no_mkdir}"
is "nor does one that learns" "$out" no
is "whose keys the first line says" "$(jq -c 'select(has("learns")) | [.policy, .learns]' "$T/audit")" '["own",["syscalls","exec"]]'

# A signal to all reaches many that one policy would let it reach, and one that another does not.
cp "$T/b/rootfs/bin/busybox-denied" "$T/b/rootfs/bin/busybox-guarded"
# shellcheck disable=SC2016 # the container's shell's
with_policy '{"mode": "watch", "signals": {"protect": ["/bin/busybox-denied"]}}' 'for i in 1 2 3 4; do /bin/busybox-denied sleep 100 & done
	/bin/busybox-guarded sleep 100 & g=$!; for i in 5 6 7 8; do /bin/busybox-denied sleep 100 & done; sleep 0.5
	kill -9 -1; sleep 0.1; grep -c "^State:.*sleeping" /proc/$g/status' '{"signals": {"protect": ["/bin/busybox-guarded"]}}'
is "protected programs of a policy that watches do not stand before those of the floor" "$out" 1 || diag "$err"

# Learning.
with_policy '{"mode": "learn", "syscalls": {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["getpid"], "action": "SCMP_ACT_ALLOW"}]}, "exec": {"allow": ["/bin/busybox"]}}' \
	'i=0; while [ $i -lt 30 ]; do mkdir -p /tmp/l$i; i=$((i + 1)); done; /bin/script; /bin/script; /bin/true'
is "learn: it goes on" "$out" "$(printf 'script ran\nscript ran')" || diag "$err"
is "each program once, be it allowed or not" "$(jq -r 'select(.path) | [.action, .path] | join(" ")' "$T/audit" | sort | tr '\n' ';')" 'EACCES /bin/script;allow /bin/busybox;'
is "each call once, by program" "$(jq -r 'select(.syscall) | [.syscall, .exe, (if .syscall == "ioctl" then .args[1] elif .syscall == "prctl" then .args[0] else "" end)] | join(" ")' "$T/audit" | sort | uniq -d)" ''
is "nothing is left out" "$(jq -r 'select(has("more") or has("lost"))' "$T/audit")" ''
is "what is allowed as well" "$(said 'select(.syscall == "getpid") | .action')" 'allow '
like "what is refused with its action" "$(said 'select(.syscall | test("mkdir")?) | [.mode, .action] | join(" ")')" '^learn EPERM $'

# Contradictions are told of.
policy_says() {
	printf '%s' "$2" >"$T/policy.json"
	run "$JAILRUN" policy check "$T/policy.json"
	like "check: $1" "$rc:$out" "$3"
}
policy_says "a mode for nothing" '{"signals": {"mode": "watch"}}' '^1:.*signals.*mode is about rules'
policy_says "an allowed call is not watched" '{"syscalls": {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["execve", "exit", "exit_group"], "action": "SCMP_ACT_ALLOW", "mode": "watch"}]}}' '^1:.*mode.*refuses nothing'
policy_says "nor refused" '{"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_LOG", "on_violation": "kill"}]}}' '^1:.*on_violation.*refuses nothing'
policy_says "two errnos" '{"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 5, "on_violation": "EPERM"}]}}' '^1:.*errnoRet says the errno'
policy_says "an errno that is none" '{"on_violation": "EACCESS"}' '^1:.*no errno is called "EACCESS"'
done_testing
