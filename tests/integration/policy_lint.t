#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# jailrun policy lint: what is right in a policy, and hardly meant.
. "$(dirname "$0")/../lib/common.sh" || exit 1
need_runtime
need_command jq
mkdir "$T/policies"
written() {
	printf '%s' "$2" >"$T/policies/$1.json"
	if [ "$(id -u)" = 0 ]; then chown 0:0 "$T/policies/$1.json"; fi
}
lint() { run "$JAILRUN" --policy-dir "$T/policies" policy lint --format json "$@"; }
# The warnings, as "FIELD:LINE TEXT", each on a line.
told() { jq -r '.warnings[] | "\(.field):\(.line // "-") \(.text)"' "$T/out"; }
# shellcheck disable=SC2317 # called by eval
arg() { printf '{"index": %d, "value": %d, "op": "SCMP_CMP_%s"}' "$@"; }
# rule NAME ACTION [ARGS [MORE]]
# shellcheck disable=SC2317 # likewise
rule() { printf '{"names": ["%s"], "action": "SCMP_ACT_%s", "args": [%s]%s}' "$1" "$2" "${3-}" "${4:+, $4}"; }
# RULES|WARNINGS that stand at a rule: "INDEX:BEGINNING", with blanks between; none: clean
n=0
while IFS='|' read -r rules want; do
	written "r$n" "{\"extends\": \"default\", \"syscalls\": {\"syscalls\": [$(eval "printf '%s' \"$rules\"")]}}"
	lint "r$n"
	is "rules $n: $want" "$rc:$(told | sed -n 's/^syscalls.syscalls\[\([0-9]*\)\]:[-0-9]* \([a-z]*\).*/\1:\2/p' | tr '\n' ' ')" \
		"$([ -z "$want" ] && echo 0 || echo 2):${want:+$want }" || diag "$out$err"
	n=$((n + 1))
done <<'ROWS'
$(rule mkdir ERRNO)|
$(rule mkdir ERRNO), $(rule rmdir ERRNO)|
$(rule mkdir ERRNO), $(rule mkdir KILL)|1:never
$(rule mkdir ERRNO), $(rule mkdir KILL "$(arg 0 1 EQ)")|1:never
$(rule mkdir ERRNO "$(arg 1 1 EQ)"), $(rule mkdir KILL)|
$(rule socket ERRNO "$(arg 0 16 EQ)"), $(rule socket KILL "$(arg 1 1 EQ), $(arg 0 16 EQ)")|1:never
$(rule socket ERRNO "$(arg 0 16 EQ), $(arg 1 1 EQ)"), $(rule socket KILL "$(arg 0 16 EQ)")|
$(rule socket ALLOW "$(arg 0 16 EQ)"), $(rule socket ERRNO "$(arg 0 16 EQ)")|
$(rule socket ERRNO "$(arg 0 16 EQ), $(arg 0 17 EQ)"), $(rule socket ERRNO "$(arg 0 16 EQ)")|
$(rule 'mkdir", "mkdir' ERRNO)|0:names
$(rule nonsens ALLOW)|0:libseccomp
$(rule mkdir ERRNO '' '"mode": "watch"'), $(rule mkdir KILL)|
$(rule mkdir ERRNO '' '"on_violation": "log"'), $(rule mkdir KILL)|
$(rule mkdir ALLOW '' ''), $(rule mkdir KILL)|1:never
ROWS
# FIELDS of exec|WARNINGS
while IFS='|' read -r exec want; do
	written exec "{\"extends\": \"default\", \"exec\": {$exec}}"
	lint exec
	is "exec: $exec" "$rc:$(told | sed -n "s/^\(exec[^:]*\):[-0-9]* '[^']*' \([a-z]* [a-z]*\).*/\1 \2/p" | tr '\n' ';')" \
		"$([ -z "$want" ] && echo 0 || echo 2):$want" || diag "$out$err"
done <<'ROWS'
"allow": ["/usr/", "/bin/sh"]|
"allow": ["/usr/", "/usr/bin/gcc"]|exec.allow[1] is spare;
"allow": ["/usr/bin/gcc", "/usr/"]|exec.allow[0] is spare;
"allow": ["/bin/sh", "/bin/sh"]|exec.allow[0] is spare;
"allow": ["/usr/*/gcc", "/usr/bin/gcc"]|exec.allow[1] is spare;
"allow": ["/usr/", "/usr/lib/ld-linux.so.2"]|
"allow": ["/usr/", "/opt/x/"], "deny": ["/opt/"]|exec.allow[1] is denied;
"allow": ["/usr/"], "deny": ["/usr/bin/gdb"]|
"allow": ["/usr/bin/gdb"], "deny": ["/usr/**"]|exec.allow[0] is denied;
"deny": ["/usr/", "/usr/bin/x"]|exec.deny[1] is spare;
ROWS
written loose '{"limits": {"processes": 3}}'
lint loose
is "looser than default" "$rc:$(told)" '2:syscalls:- looser than the policy default, which refuses ioctl(0, 0x5412); take that over by "extends": "default"'
written watches '{"extends": "default", "mode": "watch"}'
lint watches
is "looser by its mode" "$rc:$(told)" '2:mode:1 looser than the policy default, which refuses ioctl(0, 0x5412): by this mode it is only reported'
written loose '{"mode": "learn", "limits": {"processes": 3}}'
lint loose
like "by its mode, and without it" "$rc:$(told)" '^2:syscalls:- looser .*"extends": "default"$'
lint default
is "default is clean" "$rc:$(jq -c '[.ok, .warnings]' "$T/out")" '0:[true,[]]'
list='"names": ["execve", "exit", "exit_group", "mmap", "mprotect", "brk", "openat", "read", "close", "newfstatat", "arch_prctl", "munmap", "rt_sigaction", "rt_sigprocmask", "futex"], "action": "SCMP_ACT_ALLOW"'
written list "{\"syscalls\": {\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{$list}]}}"
lint list
is "what the C library needs: another errno than ENOSYS" "$rc:$(told | sed 's/.*refuses \([a-z0-9]*\).*/\1/' | tr '\n' ' ')" "2:clone3 statx faccessat2 "
written list38 "{\"syscalls\": {\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38, \"syscalls\": [{${list/\"mmap\", /}}]}}"
lint list38
is "what no program starts without" "$rc:$(told)" "2:syscalls.defaultAction:1 refuses mmap, which the C library calls: no dynamic program starts"
written names "{\"syscalls\": {\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38, \"syscalls\": [{${list/\"mmap\", /}}, {\"names\": [\"mmap\"], \"action\": \"SCMP_ACT_KILL\"}]}}"
lint names
is "what a rule names was meant" "$rc:$(told)" "0:"
written same '{"extends": "python", "network": {"families": ["unix"]}}'
lint same
is "what is inherited, and said again" "$rc:$(told)" '2:network.families[4]:1 "unix" adds nothing: inherited from python; lists are put together, null takes one away'
written more '{"extends": "python", "network": {"families": ["packet"]}}'
lint more
is "what is not (control)" "$rc:$(told)" 0:
# By what the documents say of it, a list is made narrower.
written none '{"network": {"families": null}}'
written narrow '{"extends": ["python", "./none.json"], "network": {"families": ["unix"]}}'
lint narrow
is "a list that is taken away, and written anew" "$rc:$(told)" 0:
for row in 'narrow EAFNOSUPPORT' 'same 0'; do
	run "$JAILRUN" --policy-dir "$T/policies" policy test --format json "${row% *}" syscall socket 2 1
	is "and what it allows: $row" "$(jq -r '.errno // 0' "$T/out")" "${row#* }" || diag "$out$err"
done

# ---- errors, text, a bundle ----
written wrong '{"limits": {"processes": 0}}'
lint wrong
like "an error" "$rc:$(jq -c '[.ok, .error]' "$T/out")" '^1:\[false,".*wrong.json: limits.processes: '
run "$JAILRUN" --policy-dir "$T/policies" policy lint r2
like "as text" "$rc:$out" "^2:$T/policies/r2.json:1: warning: syscalls.syscalls\\[1\\]: never decides about mkdir: syscalls.syscalls\\[0\\] matches"
run "$JAILRUN" policy lint default
is "as text: clean" "$rc:$out" "0:default: clean"
run "$JAILRUN" policy lint nosuch
like "a policy that is not there" "$rc:$out" "^1:error: .*nosuch"
rootless=
[ "$(id -u)" = 0 ] || rootless=--rootless
mkdir -p "$T/b/rootfs/usr/bin" && "$JAILRUN" spec ${rootless:+"$rootless"} -b "$T/b"
jq '.process.terminal = false' "$T/b/config.json" >"$T/config.json" && mv "$T/config.json" "$T/b"
ln -s usr/bin "$T/b/rootfs/bin"
ln -s nowhere "$T/b/rootfs/usr/bin/dangling"
: >"$T/b/rootfs/usr/bin/sh"
written there '{"extends": "default", "exec": {"allow": ["/bin/sh", "/usr/bin/", "/usr/bin/none", "/usr/bin/dangling", "/opt/", "/usr/bin/n*"]}}'
lint --bundle "$T/b" there
is "with a bundle: what it lacks" "$rc:$(told | sed -n 's/^\(exec[^:]*\):.*: .\(\/[^ ]*\)..* in the bundle.*/\1 \2/p' | tr "\n'" '; ')" \
	"2:exec.allow[2] /usr/bin/none;exec.allow[3] /usr/bin/dangling;exec.allow[4] /opt;" || diag "$out$err"
written dirs '{"extends": "default", "exec": {"allow": ["/usr", "/usr/bin/sh", "/bin/"], "deny": ["/bin"]}, "files": {"read": ["/usr", "/"]}}'
lint --bundle "$T/b" dirs
is "with a bundle: directories without a slash" "$rc:$(told | sed -n 's/^\([^:]*\):[-0-9]* .\(\/[^ ]*\). is a directory.*write \("[^"]*"\) .*/\1 \2 \3/p' | tr "\n" ';')" \
	'2:exec.allow[0] /usr "/usr/";exec.deny[0] /bin "/bin/";files.read[0] /usr "/usr/";' || diag "$out$err"
done_testing
