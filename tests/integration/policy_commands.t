#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# jailrun policy …: the commands for who writes policies. They need no root.
. "$(dirname "$0")/../lib/common.sh" || exit 1
need_runtime
need_command jq
policy() { run "$JAILRUN" --policy-dir "$T/policies" policy "$@"; }
mkdir "$T/policies"

# ---- the group ----
policy
like "alone it names its commands" "$rc:$out" '^0:.*jailrun policy names '
for words in "policy --help" "help policy"; do
	# shellcheck disable=SC2086 # words
	is "$words says the same" "$("$JAILRUN" $words)" "$out"
done
ok "options may stand before the command" "$JAILRUN" policy --policy-dir / names read
is "help policy names: that command's" "$("$JAILRUN" help policy names)" "$("$JAILRUN" policy names --help)"
like "and no other's" "$("$JAILRUN" help policy names)" '^NAME:.   jailrun policy names - '
policy nams
like "a command that is not there" "$rc:$err" "^3:.*'policy nams': no such command, did you mean policy names\\?"
run "$JAILRUN" help policy nams
is "nor is its help" "$rc" 3
run "$JAILRUN" 'policy names' read
is "the name is two words" "$rc" 3

# ---- check ----
# written NAME TEXT: a policy of the directory
written() { printf '%s' "$2" >"$T/policies/$1.json"; }
# An allow-list and one of exceptions, with rules that mean nothing.
rules() { printf '"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [%s]}' "$1"; }
written good '{"limits": {"processes": 5}}'
written many $'{"stop_at": "x",\n"exec": {"allow": ["usr/bin",\n3],\n"deney": []}, "limits": {"processes": 0}}'
written refuses "{$(rules '{"names": ["ptrac", "opn"], "action": "SCMP_ACT_ERRNO"}, {"names": ["nonsens"], "action": "SCMP_ACT_ALLOW"}')}"
written wide "{$(rules '{"names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 8589934592, "op": "SCMP_CMP_EQ"}]}, {"names": ["read", "kexec_laod"], "action": "SCMP_ACT_ALLOW"}')}"
written either "{$(rules '{"names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 8589934592, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 16, "op": "SCMP_CMP_EQ"}]}')}"
written starts "{$(rules '{"names": ["execve"], "action": "SCMP_ACT_ERRNO"}')}"
written broken '{"limits":'
written net '{"network": {"connect": {"allow": ["127.0.0.1:*"]}}}'
written families '{"network": {"families": ["unix", "inet"]}}'
written shield '{"signals": {"protect": ["/bin/x"]}}'
if [ "$(id -u)" = 0 ]; then chown -R 0:0 "$T/policies"; fi
# NAME|STATUS|ENGINE|LINE FIELD of errors|of warnings
while IFS='|' read -r name status engine errors warnings; do
	policy check --format json "$name"
	is "check $name" "$rc|$(jq -r '[.engine, (.errors, .warnings | [.[] | "\(.line // "-") \(.field // "-")"] | join(","))] | join("|")' "$T/out")" \
		"$status|$engine|$errors|$warnings" || diag "$out$err"
	is "check $name: ok, and no word on stderr" "$(jq .ok "$T/out"):$err" "$([ -n "$errors" ] && echo false: || echo true:)"
done <<'ROWS'
default|0|notify||
good|0|trace||
either|0|notify||
shield|0|trace||
families|0|notify||
many|1||1 stop_at,2 exec.allow[0],3 exec.allow[1],4 exec,4 limits.processes|
refuses|1||- syscalls.syscalls[0].names[0],- syscalls.syscalls[0].names[1]|- syscalls.syscalls[1].names[0]
wide|2|notify||- syscalls.syscalls[0].names[0],- syscalls.syscalls[1].names[1]
starts|1||- -|
broken|1||- -|
nosuch|1||- -|
ROWS
policy check good many refuses
is "as text: an exit status for all" "$rc" 1
like "the file, the line, the field, and what was meant" "$out" "$T/policies/many.json:4: error: exec: unknown key \"deney\"; the nearest known key is \"deny\""
like "a name that cannot be refused" "$out" "refuses.json: error: syscalls.syscalls\\[0\\].names\\[0\\]: .*'ptrac', so it cannot be refused; did you mean ptrace\\?"
like "a name that allows nothing" "$out" "refuses.json: warning: syscalls.syscalls\\[1\\].names\\[0\\]: .*'nonsens', so nothing is allowed"
like "and what is right" "$out" "good.json: ok, engine trace"
policy check wide
like "args that never hold" "$rc:$out" "^2:.*names\\[0\\]: its args hold for no value that the kernel takes of socket"
ok "a file by its path, and by its name alone" sh -c 'cd "$0" && "$1" policy check ./good.json good.json' "$T/policies" "$JAILRUN"
# What create says is what check says.
rootless=
[ "$(id -u)" = 0 ] || rootless=--rootless
mkdir -p "$T/b/rootfs" && "$JAILRUN" spec ${rootless:+"$rootless"} -b "$T/b"
jq '.process.terminal = false' "$T/b/config.json" >"$T/config.json" && mv "$T/config.json" "$T/b"
for name in many broken starts refuses; do
	run "$JAILRUN" --policy "$T/policies/$name.json" plan "$T/b"
	said=${err##*.json: }
	policy check --format json "$T/policies/$name.json"
	ok "plan says one of them: $name" jq -e --arg said "$said" 'any(.errors[]; .text as $t | $said | contains($t))' "$T/out" || diag "$said" "$out"
done
if [ "$(id -u)" = 0 ]; then
	cp "$JAILRUN" "$T/jailrun"
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$T/jailrun" --policy-dir "$T/policies" policy check net families good
	like "as a user: what cannot be enforced is a warning" "$rc:$out" "^2:.*net.json: warning: cannot be enforced here: network: .*families.json: ok.*good.json: ok"
else
	policy check net
	like "as a user: what cannot be enforced is a warning" "$rc:$out" "^2:.*net.json: warning: cannot be enforced here: network: "
fi
written bounds '{"limits": {"memory": "64M", "cpu": "1m", "wall": "1m"}}'
written watched '{"mode": "watch", "limits": {"memory": "64M"}}'
if [ "$(id -u)" = 0 ]; then chown -R 0:0 "$T/policies"; fi
for row in 'bounds|2:.*warning: cannot be enforced here: limits.cpu: ' 'watched|0:'; do
	policy check --cgroup-manager disabled "${row%%|*}"
	like "limits that need a cgroup, without one: ${row%%|*}" "$rc:$out" "^${row#*|}"
done
policy explain --cgroup-manager disabled --format json bounds
is "and explain says which" "$(jq -r '[.rules[] | select(.rule | startswith("limits")) | "\(.rule) \(.here) \(.lacks // "" | sub(":.*"; ""))"] | join(",")' "$T/out")" \
	"limits.memory false cgroup.make,limits.cpu false cgroup.make,limits.wall true "
policy check
like "it wants a policy" "$rc:$err" '^1:.*"policy check" requires a minimum of 1'

# ---- explain ----
written told '{"limits": {"processes": 5},
"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
{"names": ["ptrace"], "action": "SCMP_ACT_ERRNO"},
{"names": ["bpf"], "action": "SCMP_ACT_ERRNO"}]},
"exec": {"allow": ["/bin/sh", "/opt/"]}, "signals": {"to_init": "refuse", "protect": []}}'
# The rules, with lines, what holds them, and whether that is here.
table() { jq -r '[.rules[] | "\(.rule) \(.line // "-") \(.mechanism) \(.here)"] | join(",")' "$T/out"; }
policy explain --format json told
is "explain: each rule, where it stands and what holds it" "$rc:$(table)" \
	"0:limits.processes 1 trace true,syscalls.defaultAction 2 BPF true,syscalls.syscalls[0] 3 BPF true,syscalls.syscalls[1] 4 BPF true,exec.allow 5 trace true,signals.to_init 5 BPF true,signals.protect 5 trace true,self - BPF true,engine - BPF true"
is "explain: the engine, and what brought it" "$(jq -r '.engine, .engine_because[]' "$T/out" | tr '\n' ' ')" "trace limits.processes exec.allow "
is "explain: what it says" "$(jq -r '.rules[4].says' "$T/out")" '["/bin/sh","/opt/"]'
ok "explain: nothing is left out" jq -e 'all(.rules[]; .why != "" and .cost != "" and (.test | startswith("tests/")))' "$T/out"
policy explain told
like "as text: for what the tracer is there" "$out" "^policy told: engine trace, for the sake of limits.processes, exec.allow"
like "as text: a rule" "$out" 'limits.processes +trace +yes +yes +fork \+[^
]*
    line 1: 5'
policy explain default
like "explain default" "$rc:$out" "^0:policy default: engine notify.*signals.to_init.*self .*reports +listener "
# What a mode leaves, of the policy's keys.
n=0
while IFS='|' read -r text want; do
	written "mode$n" "$text"
	if [ "$(id -u)" = 0 ]; then chown 0:0 "$T/policies/mode$n.json"; fi
	policy explain --format json "mode$n"
	is "not enforced: $text" "$rc:$(jq -r '.not_enforced | join(",")' "$T/out")" "0:$want" || diag "$err"
	policy check --format json "mode$n"
	is "and check says the same" "$(jq -r '.not_enforced | join(",")' "$T/out")" "$want"
	n=$((n + 1))
done <<'ROWS'
{"exec": {"allow": ["/"]}}|
{"extends": "default", "mode": "watch"}|syscalls,signals
{"mode": "learn", "exec": {"allow": ["/"]}, "limits": {"wall": 5, "mode": "enforce"}}|exec
{"exec": {"allow": ["/"], "mode": "watch"}, "limits": {"wall": 5}}|exec
{"mode": "watch", "syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["bpf"], "action": "SCMP_ACT_ERRNO"}, {"names": ["ptrace"], "action": "SCMP_ACT_ERRNO", "mode": "enforce"}]}}|syscalls.defaultAction,syscalls.syscalls[0]
ROWS
policy explain mode1
like "as text" "$out" 'engine notify
by its mode only reported, and not enforced: syscalls, signals

RULE'
policy check mode1
like "check as text" "$rc:$out" "^0:.*ok, engine notify.*mode1.json: by its mode only reported, and not enforced: syscalls, signals"
mkdir -p "$T/b/rootfs/usr/bin" && ln -sf usr/bin "$T/b/rootfs/bin" && : >"$T/b/rootfs/usr/bin/sh"
policy explain --bundle "$T/b" told --format json
is "with a bundle: what a link means" "$rc:$(jq -c '[.rules[] | .links // empty]' "$T/out")" '0:[["/usr/bin/sh"]]' || diag "$err"
policy explain many
like "explain of a policy that is wrong: its error" "$rc:$out:$err" "^1::.*many.json: (stop_at|exec.allow\\[0\\]): "
policy explain --bundle "$T/b" none
is "explain none" "$rc:$out" "1:"
policy explain
is "alone: all keys, each once or more" "$rc:$(awk '$1 == "limits.processes" { print $2, $4 }' "$T/out")" "0:trace tests/attacks/counts.t"
policy explain --format json
ok "as JSON" jq -e 'any(.[]; .key == "exec.allow" and .race_free) and all(.[]; .test)' "$T/out"

# ---- names ----
# The headers of the C library are another source of the same numbers.
numbers() { printf '#include <sys/syscall.h>\n' | cc -E -dM - 2>/dev/null | sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\2 \1/p' | sort; }
policy names
is "all names of this ABI" "$rc" 0
awk '{ print $2, $3 }' "$T/out" | sort >"$T/names"
if numbers >"$T/header" && [ "$(wc -l <"$T/header")" -gt 300 ]; then
	is "none has another number than in the header" "$(join -j 2 <(sort -k 2 "$T/names") <(sort -k 2 "$T/header") | awk '$2 != $3')" ""
	ok "nearly all are in both" test "$(comm -12 "$T/names" "$T/header" | wc -l)" -gt 300
else
	skip "against the header" "needs a C compiler and its headers"
fi
# ARGUMENTS|LINES, blanks squeezed
while IFS='|' read -r arguments want; do
	# shellcheck disable=SC2086 # words
	policy names $arguments
	is "names $arguments" "$rc:$(tr -s ' ' <"$T/out" | tr '\n' ';')" "0:$want"
done <<'ROWS'
openat 0 0x101 --arch x86_64|x86_64 257 openat;x86_64 0 read;x86_64 257 openat;
openat --arch SCMP_ARCH_AARCH64|aarch64 56 openat;
open --arch aarch64|aarch64 - open;
read 1 0x40000001 --arch X32|x32 1073741824 read;x32 1073741825 write;x32 1073741825 write;
socket semop --arch x86|x86 359 socket (also by 102 with 1 first);x86 - semop (by 117 with 1 first);
socket bind 4183 --arch mips|mips 4183 socket (also by 4102 with 1 first);mips 4169 bind (also by 4102 with 2 first);mips 4183 socket (also by 4102 with 1 first);
socket --arch ppc64le|ppc64le 326 socket (also by 102 with 1 first);
set_tls --arch arm|arm 983045 set_tls;
ROWS
policy names opennat
like "a name that no ABI has: the nearest" "$rc:$out:$err" "^1::.*knows no system call 'opennat'; did you mean openat\\?"
policy names 9999
like "a number that it has not" "$rc:$out:$err" "^1::.*knows no system call 9999 of"
policy names --arch x87 read
like "an ABI that is not there: those that are" "$rc:$err" "^1:.*--arch: .*'x87'; it knows .*x86_64.*aarch64"
policy names --arch all read
is "all ABIs: each once" "$(awk '{ print $1 }' "$T/out" | sort | uniq -d)" ""
ok "all ABIs: many" test "$(wc -l <"$T/out")" -gt 15
policy names --arch x86 --format json open socket semop
is "as JSON" "$(jq -c . "$T/out")" '[{"arch":"x86","name":"open","number":5},{"arch":"x86","name":"socket","number":359,"multiplexed":{"number":102,"call":1}},{"arch":"x86","name":"semop","number":null,"multiplexed":{"number":117,"call":1}}]'
# ---- update-check ----
# allowing FILTER: a list of this ABI's calls, all that the filter leaves, as a profile; then in another form.
calls=$("$JAILRUN" policy names --format json)
allowing() { jq "{defaultAction: \"SCMP_ACT_ERRNO\", syscalls: [{action: \"SCMP_ACT_ALLOW\", names: [.[] | select($1) | .name]}]} | ${2-.}" <<<"$calls" >"$T/list.json"; }
# The numbers of those that are missing, with * for what is newer.
missing() { jq -r '[.unnamed[] | "\(.name)\(if .newer then "*" else "" end)"] | join(" ")' "$T/out"; }
newest=$(jq -r '[.[] | select(.number < 512)] | max_by(.number).name' <<<"$calls")
declare -A part=([all]='.name != "afs_syscall"' [some]='.name != "openat2" and .name != "getpid"'
	[docker]='.archMap = [{architecture: "SCMP_ARCH_X86_64", subArchitectures: []}] | .defaultErrnoRet = null | .syscalls[0] += {comment: "", includes: {caps: ["CAP_SYS_ADMIN"]}, args: null}'
	[old]='.syscalls[0] as $r | .syscalls = [$r.names[] | {name: ., action: $r.action, args: []}]')
# NAME|FILTER|FORM|STATUS|FORM|MISSING
while IFS='|' read -r name filter into status form want; do
	allowing "${part[$filter]-$filter}" "${part[$into]-$into}"
	policy update-check --format json "$T/list.json"
	is "update-check, $name" "$rc $(jq -r .form "$T/out"): $(missing)$err" "$status $form: $want"
done <<'ROWS'
all are named, but one that no kernel has|all|.|0|profile|
two are not|some|.|1|profile|openat2 getpid
two are not, default KILL|some|.defaultAction = "SCMP_ACT_KILL_PROCESS"|1|profile|openat2 getpid
the default allows|some|.defaultAction = "SCMP_ACT_ALLOW"|0|profile|
the default asks an agent|some|.defaultAction = "SCMP_ACT_NOTIFY"|0|profile|
a rule that refuses names as well|some|.syscalls += [{names: ["openat2"], action: "SCMP_ACT_ERRNO"}]|1|profile|getpid
Docker's form|some|docker|1|profile|openat2 getpid
Docker's form of old|some|old|1|profile|openat2 getpid
a config.json|some|{ociVersion: "1.0.2", linux: {seccomp: .}}|1|config.json|openat2 getpid
a config.json without a filter|some|{ociVersion: "1.0.2", linux: {seccomp: null}}|0|config.json|
a policy|some|{syscalls: .}|1|policy|openat2 getpid
a policy without a list|some|{limits: {processes: 1}}|0|policy|
a profile that lacks rt_sigreturn|.name != "rt_sigreturn"|.|1|profile|rt_sigreturn
a policy has it unasked|.name != "rt_sigreturn"|{syscalls: .}|0|policy|
ROWS
allowing '.number < 439 and .name != "getpid"'
policy update-check "$T/list.json"
like "as text: a line for the whole" "$rc:$out" "^1:$T/list.json: not named are [0-9]+ of [a-z0-9_]+ that libseccomp [0-9.]+ knows, [0-9]+ newer than pidfd_getfd"
is "the newest first" "$(awk 'NR == 2 { print $2, $3 }' "$T/out")" "$(jq -r 'max_by(.number).name' <<<"$calls") newer"
is "by their numbers" "$(awk 'NR > 1 { print $1 }' "$T/out" | sort -rnc 2>&1)" ""
is "the last is no newer one" "$(tail -n 1 "$T/out" | tr -s ' ')" " $(jq '.[] | select(.name == "getpid").number' <<<"$calls") getpid"
n=$(grep -c ' newer$' "$T/out")
policy update-check --newer "$T/list.json"
is "--newer: those alone" "$rc $(grep -c '^ ' "$T/out") $(grep -c ' newer$' "$T/out")" "1 $n $n"
allowing '.name != "getpid"'
policy update-check --newer "$T/list.json"
is "--newer: none" "$rc $(wc -l <"$T/out")" "0 1"
like "what is the newest" "$out" " 0 newer than $newest\$"
policy update-check --arch aarch64 --format json "$T/list.json"
is "another ABI" "$rc $(jq -r .arch "$T/out") $(jq -c '[.unnamed[] | select(.name == "getpid").number]' "$T/out")" "1 aarch64 [172]"
policy update-check default "$T/list.json"
like "more than one, and a policy by its name" "$rc:$out" "^1:default: what it does not name does not fail: SCMP_ACT_ALLOW.*list.json: not named are 1 "
echo '{"syscalls": 1}' >"$T/wrong.json"
echo '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": "read"}]}' >"$T/wrong2.json"
while IFS='|' read -r arguments want; do
	# shellcheck disable=SC2086 # words
	policy update-check $arguments
	like "update-check $arguments" "$rc:$out:$err" "$want"
done <<ROWS
$T/wrong.json|^2::.*wrong.json: syscalls: line 1: must be an object
$T/wrong2.json|^2::.*wrong2.json: syscalls\[0\].names: must be an array of strings
$T/nosuch.json|^2::.*there is no file
--arch x87 default|^2::.*--arch: no ABI
--format yaml default|^1::.*invalid format
ROWS

done_testing
