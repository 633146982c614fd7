#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the jail does for a workload under a policy: exec rules, limits, denials, the choice of policy, init: workload.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime

# with_policy POLICY-JSON SCRIPT [FILTER]: runs the script under it; denials are in $T/audit.
with_policy() {
	printf '%s' "$1" >"$T/policy.json"
	rm -f "$T/audit"
	make_bundle "$T/b" "$(sh_filter "$2") | ${3-.}"
	jrun --policy "$T/policy.json" --audit "$T/audit" run --bundle "$T/b" "jt-$$-p"
}
denials() { # JQ CONDITION
	jq -s "[.[] | select($1)] | length" "$T/audit" 2>/dev/null || echo 0
}
mkdir -p "$T/b"
make_busybox_rootfs "$T/b/rootfs"
# Programs with files of their own: with links to busybox the target is always /bin/busybox.
for p in allowed denied; do cp "$(command -v busybox)" "$T/b/rootfs/bin/busybox-$p"; done
printf '#!/bin/sh\necho script ran\n' >"$T/b/rootfs/bin/script"
chmod 755 "$T/b/rootfs/bin/script"
exec_policy='{"exec": {"allow": ["/bin/busybox", "/bin/busybox-allowed"]}}'

with_policy "$exec_policy" '/bin/busybox-allowed echo one; /bin/busybox-denied echo two; echo status $?'
is "exec: the allowed runs, the other does not" "$(tr '\n' ' ' <<<"$out")" 'one status 126 '
like "exec: the errno is EACCES" "$err" '[Pp]ermission denied'
is "exec: one denial" "$(denials '.rule | startswith("exec")')" 1
for key in rule syscall exe pid; do
	is "exec: the denial has $key" "$(jq -s "all(.[]; has(\"$key\"))" "$T/audit")" true
done
like "exec: it says what was refused" "$(cat "$T/audit")" '/bin/busybox-denied'
with_policy '{"exec": {"allow": ["/bin/"]}}' '/bin/busybox-denied echo two'
is "exec: a tree allows all below it (control)" "$out" two
with_policy '{"exec": {"allow": ["/bin/"], "deny": ["/bin/busybox-denied"]}}' '/bin/busybox-denied echo two || echo no'
is "exec: deny goes before allow" "$out" no
with_policy '{"exec": {"allow": ["/bin/busybox", "/bin/busybox-a*"]}}' '/bin/busybox-allowed echo one; /bin/busybox-denied echo two || true'
is "exec: a star within a component" "$out" one
with_policy "$exec_policy" '/bin/script; echo status $?'
unlike "exec: a script that is not allowed does not run, though its interpreter is" "$out" 'script ran'
with_policy '{"exec": {"allow": ["/bin/busybox", "/bin/script"]}}' '/bin/script'
is "exec: an allowed script runs (control)" "$out" 'script ran'
with_policy '{"exec": {"allow": []}}' 'echo builtin; /bin/ls; echo status $?'
is "exec: an empty list: nothing but the first program" "$(grep -c bin <<<"$out"):$(grep -o 'status .*' <<<"$out")" '0:status 126' || diag "$out"
with_policy '{"exec": {"allow": ["/nothing"]}}' 'echo first'
is "exec: the first program is no exception" "$rc:$out" 1:
like "exec: and the message says which rule" "$err" 'exec: "/bin/(sh|busybox)" is refused by policy .*exec\.allow: permission denied'

limit='i=0; while [ $i -lt 30 ]; do sleep 20 & i=$((i + 1)); done; echo all'
with_policy '{"limits": {"processes": 5}}' "$limit"
unlike "limits: no thirty processes where five may be" "$out" all
like "limits: fork says so" "$err" "[Rr]esource temporarily unavailable|[Cc]an.t fork"
isnt "limits: a denial" "$(denials '.rule | startswith("limits")')" 0
with_policy '{"limits": {"processes": 40}}' "$limit"
is "limits: a larger limit lets them (control)" "$out" all
with_policy '{"limits": {"processes": 3}}' 'i=0; while [ $i -lt 200 ]; do /bin/true || exit 9; i=$((i + 1)); done; echo done'
is "limits: alive at once, not all in all" "$rc:$out" 0:done

with_policy '{"init": "workload"}' 'echo pid $$; ls -d /proc/[0-9]* | wc -l; exit 12'
is "init workload: the exit status" "$rc" 12 || diag "$err"
is "init workload: it is PID 1" "$(head -n 1 <<<"$out")" 'pid 1'
with_policy '{"init": "workload", "exec": {"allow": ["/bin/busybox"]}, "limits": {"processes": 4}}' '/bin/busybox-denied echo two || echo refused'
is "init workload: the rules hold" "$out" refused
with_policy '{"init": "workload"}' 'sleep 30 & (sleep 0.05; exit 3) & wait $!; echo $?; exit 4'
is "init workload: its children are its own" "$rc:$out" 4:3
with_policy '{}' 'echo $$; tr "\0" " " </proc/1/cmdline; readlink /proc/1/exe'
isnt "init jail: the workload is not PID 1" "$(head -n 1 <<<"$out")" 1
unlike "init jail: the helper's command line tells nothing of the host" "$out" "$T"

# Who chooses the policy.
make_bundle "$T/b" "$(sh_filter 'echo $$')"
jrun run --bundle "$T/b" "jt-$$-p"
is "run -b ID: runc's behaviour, the workload is PID 1" "$out" 1
jrun run "$T/b" "jt-$$-p"
isnt "run BUNDLE: the jail" "$out" 1
jrun --policy none run "$T/b" "jt-$$-p"
is "run BUNDLE with --policy none" "$out" 1
mkdir "$T/policies"
printf '{"exec": {"allow": []}}' >"$T/policies/strict.json"
make_bundle "$T/b" "$(sh_filter '/bin/ls / >/dev/null && echo listed') | .annotations = {\"jailrun.policy\": \"strict\"}"
jrun --policy-dir "$T/policies" run "$T/b" "jt-$$-p"
unlike "an annotation picks a policy of the administrator's directory" "$out" listed
make_bundle "$T/b" "$(args_filter /bin/true) | .annotations = {\"jailrun.policy\": \"$T/policy.json\"}"
jrun --policy-dir "$T/policies" run "$T/b" "jt-$$-p"
is "an annotation cannot name a file" "$rc" 125
make_bundle "$T/b" "$(sh_filter 'echo $$') | .annotations = {\"jailrun.policy\": \"none\"}"
jrun --policy-dir "$T/policies" run "$T/b" "jt-$$-p"
isnt "an annotation cannot take the jail away" "$rc:$out" 0:1
done_testing
