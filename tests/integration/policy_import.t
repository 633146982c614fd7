#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# jailrun policy import: policies out of what is written for others. It needs no root.
. "$(dirname "$0")/../lib/common.sh" || exit 1
need_runtime
need_command jq
here=$(cd "$(dirname "$0")/.." && pwd)
same=$TOP_BUILDDIR/tests/lib/same_filter
[ -x "$same" ] || skip_all "needs $same: make tests/lib/same_filter"
import() { run "$JAILRUN" policy import "$@"; }
case $(uname -m) in
x86_64) arch=amd64 map=SCMP_ARCH_X86_64 ;;
aarch64) arch=arm64 map=SCMP_ARCH_AARCH64 ;;
*) skip_all "knows what an engine makes of a profile on x86_64 and aarch64 alone" ;;
esac

# ---- Docker's and Podman's profiles ----
# engine FILE CAPS KERNEL: what an engine would hand over, as config.json.
engine() {
	jq --arg arch "$arch" --arg map "$map" --argjson caps "$(jq -Rc 'split(",")' <<<"$2")" --argjson kernel "[${3/./,}]" \
		-f "$here/lib/profile.jq" "$1" >"$T/config.json"
}
# agrees WHAT FILE CAPS KERNEL: the import says of each call what the engine would.
agrees() {
	engine "$2" "$3" "$4"
	import "$2" --caps "$3" --kernel "$4" -o "$T/policy.json"
	is "$1: imported whole" "$rc:$out:$err" "0::"
	ok "$1: every call is judged alike" "$same" "$T/config.json" "$T/policy.json" || diag "$("$same" "$T/config.json" "$T/policy.json")"
	run "$JAILRUN" policy check "$T/policy.json"
	is "$1: policy check takes it" "$rc" 0 || diag "$out$err"
	mv "$T/policy.json" "$T/last.json"
}
profile=/usr/share/containers/seccomp.json
if [ -e "$profile" ]; then
	agrees "Podman's profile, usual capabilities" "$profile" CAP_CHOWN,CAP_KILL,CAP_SYS_CHROOT 6.1
	agrees "Podman's profile, CAP_SYS_ADMIN" "$profile" CAP_SYS_ADMIN,CAP_AUDIT_WRITE 4.4
	engine "$profile" CAP_SYS_ADMIN 6.1
	import "$profile" --caps chown,cap_kill -o "$T/policy.json"
	run "$same" "$T/config.json" "$T/policy.json"
	like "with other capabilities than those that are meant the calls differ" "$rc:$out" "^1:.*sethostname \\("
	rm "$T/policy.json"
else
	skip "Podman's profile" "needs $profile (golang-github-containers-common)"
fi

# Small ones. A profile of rules that are each written short: NAMES ACTION[=ERRNO] [INDEX OP VALUE [VALUETWO]]... [{MORE}]
profile() {
	jq -n --arg rules "$3" --arg default "$2" --arg map "$map" '
		def action: split("=") as $p | {action: "SCMP_ACT_\($p[0])", errnoRet: ($p[1] // null | if . then tonumber else . end)};
		def rule: (capture("(?<short>[^{]*)(?<more>\\{.*)?") | .more as $more | .short | split(" ") | map(select(. != ""))) as $w
			| {names: ($w[0] | split(",")), args: [$w[2:] | recurse(.[3:]; length > 0) | select(length > 0) |
				(.[0] | tonumber) as $index | .[1] as $op | (.[2] | split("/") | map(tonumber)) as $v
				| {index: $index, op: "SCMP_CMP_\($op)", value: $v[0], valueTwo: ($v[1] // 0)}]}
			+ ($w[1] | action) + (capture("(?<short>[^{]*)(?<more>\\{.*)?").more // "{}" | fromjson);
		($default | action) as $d | {defaultAction: $d.action, defaultErrnoRet: $d.errnoRet,
			archMap: [{architecture: $map, subArchitectures: ["SCMP_ARCH_X86"]}, {architecture: "SCMP_ARCH_S390X", subArchitectures: []}],
			syscalls: [$rules | split(";")[] | rule]} | del(.. | nulls)' >"$T/$1.json"
}
must=exit,exit_group,execve,sendmsg
# Rules for calls of their own each, so that many go into one profile. First where no rule is against what the default says, then where the
# default is one of two refusals.
profile case ERRNO "$must,read ALLOW;getuid ERRNO=2;getgid ERRNO=1;getgid,chdir ALLOW;nonsense,getpid ERRNO=2;\
personality ALLOW 0 EQ 0 0 EQ 8;socket ALLOW 0 EQ 16 2 EQ 9;clone ALLOW 0 MASKED_EQ 2114060288/0;socketpair ALLOW 0 LT 3;socketpair ALLOW 0 GE 40;\
bind ALLOW 0 EQ 2;bind ALLOW;mount LOG;\
kill ALLOW{\"includes\":{\"caps\":[\"CAP_KILL\"]}};umount2 ALLOW{\"includes\":{\"caps\":[\"CAP_KILL\",\"CAP_SYS_ADMIN\"]}};\
getppid ALLOW{\"includes\":{\"arches\":[\"s390x\",\"$arch\"]}};write ALLOW{\"includes\":{\"arches\":[\"s390x\"]}};\
dup ALLOW{\"excludes\":{\"arches\":[\"$arch\"]}};close ALLOW{\"excludes\":{\"arches\":[\"s390x\"]}};\
ptrace ALLOW{\"includes\":{\"minKernel\":\"4.8\"}};readv ALLOW{\"includes\":{\"minKernel\":\"5.10\"}};writev ALLOW{\"includes\":{\"minKernel\":\"5.11\"}};\
dup3 ALLOW{\"includes\":{\"minKernel\":\"6.0\"}};fsync ALLOW{\"excludes\":{\"minKernel\":\"5.10\"}};pipe2 ALLOW{\"excludes\":{\"minKernel\":\"5.11\"}}"
agrees "EPERM by default" "$T/case.json" CAP_KILL 5.10
is "what is not for this host, or says nothing new, is left out" \
	"$(jq -c '[.syscalls.syscalls[].names[]] as $n | [("umount2", "write", "dup", "writev", "dup3", "fsync", "nonsense") as $c | $n | index([$c])]' "$T/last.json")" \
	'[null,null,null,null,null,null,null]'
is "of two without conditions the first that says something new decides" \
	"$(jq -c '[.syscalls.syscalls[] | select(.names | index(["getgid"])).action]' "$T/last.json")" '["SCMP_ACT_ALLOW"]'
profile case ERRNO=38 "$must,getpid ALLOW;getpid ERRNO=13;getuid ERRNO=13;getuid ALLOW;\
socket ERRNO=22 0 EQ 16 2 EQ 9;socket ALLOW 2 NE 9;socket ALLOW 0 NE 16;\
kill ERRNO=1{\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\",\"CAP_KILL\"]}};mount ERRNO=1{\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}}"
agrees "ENOSYS by default" "$T/case.json" CAP_KILL 5.10
profile case KILL "$must ALLOW;getuid ERRNO=13"
agrees "killed by default" "$T/case.json" CAP_KILL 5.10
profile case ALLOW "mount,swapon ERRNO=13;reboot KILL_PROCESS"
agrees "exceptions" "$T/case.json" CAP_KILL 5.10
# imported JSON [OPTION...]: one that is written out.
imported() {
	printf '%s' "$1" >"$T/one.json"
	shift
	import "$T/one.json" "$@"
}
allow="{\"names\": [\"${must//,/\", \"}\"], \"action\": \"SCMP_ACT_ALLOW\"}"
imported "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrno\": \"ENOSYS\", \"defaultErrnoRet\": 1, \"syscalls\": [$allow,
	{\"name\": \"read\", \"comment\": \"old\", \"action\": \"SCMP_ACT_ERRNO\", \"errno\": \"EINVAL\", \"errnoRet\": 1, \"args\": null}]}"
is "words for errnos, the name of old, null" "$rc:$(jq -c '.syscalls | [.defaultErrnoRet, .architectures, .syscalls[1]]' "$T/out")" \
	"0:[38,[\"$map\"],{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":22}]"
imported '{"defaultAction": "SCMP_ACT_ALLOW", "archMap": [{"architecture": "SCMP_ARCH_S390X", "subArchitectures": ["SCMP_ARCH_S390"]}]}' --arch s390x
is "of another host" "$rc:$(jq -c .syscalls.architectures "$T/out")" '0:["SCMP_ARCH_S390X","SCMP_ARCH_S390"]'
# What a policy cannot say is said, and stricter in the policy.
while IFS='|' read -r name document says want; do
	imported "$document"
	is "$name: what becomes of it" "$rc:$(jq -c ".syscalls | [.defaultAction, (.syscalls[] | .action, .errnoRet)] - [null]" "$T/out")" "2:$want"
	like "$name: it is said" "$err" "one.json: not taken over: $says"
done <<'ROWS'
an agent|{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/x", "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_NOTIFY"}]}|SCMP_ACT_NOTIFY: .* fail with ENOSYS|["SCMP_ACT_ALLOW","SCMP_ACT_ERRNO",38]
a tracer|{"defaultAction": "SCMP_ACT_TRACE", "syscalls": []}|SCMP_ACT_TRACE: |["SCMP_ACT_ERRNO","SCMP_ACT_ERRNO",38]
a default that logs|{"defaultAction": "SCMP_ACT_LOG", "syscalls": []}|defaultAction: .*unlogged|["SCMP_ACT_ALLOW"]
a call that cannot be refused|{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["nonsens"], "action": "SCMP_ACT_ERRNO"}]}|nonsens: .*cannot be refused|["SCMP_ACT_ALLOW"]
two that meet|{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 2}]}, {"names": ["socket"], "action": "SCMP_ACT_LOG", "args": [{"index": 1, "op": "SCMP_CMP_EQ", "value": 2}]}]}|socket: two rules .*stands first|["SCMP_ACT_ERRNO","SCMP_ACT_ALLOW","SCMP_ACT_LOG","SCMP_ACT_ERRNO"]
ROWS
while IFS='|' read -r document says; do
	imported "$document"
	like "wrong: $document" "$rc:$out:$err" "^1::.*one.json: $says"
done <<'ROWS'
{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["a"], "name": "b", "action": "SCMP_ACT_ALLOW"}]}|syscalls\[0\]: has both name and names
{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"action": "SCMP_ACT_ALLOW"}]}|syscalls\[0\]: names no call
{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["a"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4"}}]}|syscalls\[0\].includes.minKernel: '4' is no version
{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["a"], "action": "SCMP_ACT_ERRNO", "errno": "EWHAT"}]}|syscalls\[0\].errno: 'EWHAT' is no errno
{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86"], "archMap": [{"architecture": "SCMP_ARCH_X86_64"}]}|has both architectures and archMap
{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["a"], "action": "ALLOW"}]}|syscalls\[0\].action: 
{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": {}}|syscalls: must be an array
{"x": 1}|has none of the forms
ROWS
# ---- minijail's policies ----
# Short for a rule: ACTION[=ERRNO] and its conditions. jq rounds what has more than 53 bits.
short='[.syscalls.syscalls[] | "\(.names[0]) \(.action | sub("SCMP_ACT_"; ""))\(if .errnoRet then "=\(.errnoRet)" else "" end)\([.args[]? | " \(.index) \(.op | sub("SCMP_CMP_"; "")) \(.value)\(if .valueTwo then "/\(.valueTwo)" else "" end)"] | add // "")"] | join("; ")'
needed='execve: 1\nexit_group: 1\nexit: 1\n'
ended='; execve ALLOW; exit_group ALLOW; exit ALLOW'
while IFS='|' read -r line want; do
	printf '%b\n%b' "${line//@@/|}" "$needed" >"$T/one.policy"
	import "$T/one.policy"
	is "minijail: $line" "$rc:$(jq -r "$short" "$T/out"):$err" "0:${want:+$want}$ended:" || diag "$out"
done <<'ROWS'
read: 1|read ALLOW
read:allow # so it is|read ALLOW
# nothing\n\nread: 1|read ALLOW
read: kill-process|read KILL_PROCESS
read: return EACCES|read ERRNO=13
read: return 5|read ERRNO=5
read: log|read LOG
@frequency ./x\nread: 1|read ALLOW
socket: arg0 == AF_INET|socket ALLOW 0 EQ 2
socket: arg0 == AF_UNIX @@@@ arg0 == 0xa; return EACCES|socket ALLOW 0 EQ 1; socket ALLOW 0 EQ 10; socket ERRNO=13
socket: arg0 == 2 && arg1 != SOCK_RAW|socket ALLOW 0 EQ 2 1 NE 3
socket: arg0 < 3 && arg1 <= 2 @@@@ \\\narg2 > 1 && arg3 >= 4|socket ALLOW 0 LT 3 1 LE 2; socket ALLOW 2 GT 1 3 GE 4
mmap: arg2 in ~PROT_EXEC|mmap ALLOW 2 MASKED_EQ 4/0
mmap: arg2 in PROT_READ@@PROT_WRITE|mmap ALLOW 2 MASKED_EQ 18446744073709552000/0
mmap: arg2 == (PROT_READ@@PROT_WRITE)|mmap ALLOW 2 EQ 3
clone: arg0 & (1 @@ 4) && arg1 == 0|clone ALLOW 0 MASKED_EQ 1/1 1 EQ 0; clone ALLOW 0 MASKED_EQ 4/4 1 EQ 0
ROWS
printf 'read: 1\n' >"$T/one.policy"
import "$T/one.policy"
is "minijail: killed by default, and of this ABI alone" "$rc:$(jq -c '.syscalls | [.defaultAction, .architectures]' "$T/out")" "2:[\"SCMP_ACT_KILL_PROCESS\",[\"$map\"]]"
is "minijail: the filter is put on behind the execve: nothing is executed but the first program" \
	"$(jq -c '[.exec, .syscalls.syscalls[1]]' "$T/out")" '[{"allow":[]},{"names":["execve"],"action":"SCMP_ACT_ALLOW"}]'
like "minijail: what a program cannot end without" "$err" "exit_group is not allowed: programs could not end"
import "$T/one.policy" -o "$T/minijail.json"
run "$JAILRUN" policy check "$T/minijail.json"
is "minijail: policy check takes it" "$rc" 0 || diag "$out$err"
printf '@include ./inner/more.policy\n@default return ENOSYS\n%b' "$needed" >"$T/one.policy"
mkdir "$T/inner" && printf 'read: 1\n' >"$T/inner/more.policy"
import "$T/one.policy"
is "minijail: @include, beside the file, and @default" "$rc:$(jq -r "$short" "$T/out"):$(jq -c '.syscalls | [.defaultAction, .defaultErrnoRet]' "$T/out")" \
	"0:read ALLOW$ended:[\"SCMP_ACT_ERRNO\",38]"
printf 'socket: arg0 > 1 && arg0 < 5 || arg0 == 16\n%b' "$needed" >"$T/one.policy"
import "$T/one.policy"
is "minijail: two that must hold of one argument: not allowed, and said" "$rc:$(jq -r "$short" "$T/out")" "2:socket ALLOW 0 EQ 16$ended"
like "with the line" "$err" "one.policy, line 1: socket: .*such calls are not allowed"
while IFS='|' read -r line says; do
	printf '%b\n' "read: 1\n${line//@@/|}" >"$T/one.policy"
	import "$T/one.policy" --from minijail
	like "minijail, wrong: $line" "$rc:$out:$err" "^1::.*one.policy: line 2: $says"
done <<'ROWS'
read: 1|a second line for 'read'
write|a line is NAME: CONDITIONS
write: arg6 == 1|a condition is argN
write: arg0 = 1|an operator is
write: arg0 == WHAT_IS_IT|a value is a number
write: arg0 == 1 & arg1 == 2|conditions are joined
write: arg0 == (1@@2|a \( without
write: arg0 & 0|& 0 holds never
write: return EWHAT|no errno: 'EWHAT'
write: arg0 == 1; maybe|after ; stands
{read, write}: 1|no name of a system call
@defaults kill|not known: '@defaults'
@default maybe|@default takes
ROWS
echo '@include loop.policy' >"$T/loop.policy"
import "$T/loop.policy" --from minijail
like "minijail: a circle of files" "$rc:$out:$err" "^1::.*loop.policy: line 1: too many files"
# ---- sandbox-runtime's settings ----
imported '{"network": {"allowedDomains": ["example.org"], "deniedDomains": ["a.example.org"], "allowLocalBinding": true}, "filesystem": {"denyRead": ["~/.ssh"],
	"allowRead": ["."], "allowWrite": ["."], "denyWrite": [".env"]}, "allowPty": true, "ripgrep": {"command": "rg"}, "later": 1}'
is "sandbox-runtime: nothing can be reached" "$rc:$(jq -c '[.network, .syscalls]' "$T/out")" '2:[{"connect":{"allow":[]}},null]'
for key in network.allowedDomains network.deniedDomains network.allowUnixSockets filesystem.denyRead filesystem.allowRead filesystem.allowWrite \
	filesystem.denyWrite later; do
	like "sandbox-runtime: $key is said" "$err" "not taken over: $key: "
done
is "sandbox-runtime: what means nothing in a container is not" "$(grep -cE 'ripgrep|allowPty' <<<"$err")" 0
is "sandbox-runtime: nothing can be written where nobody knows the directories" "$(jq -c .files "$T/out")" '{"write":[],"create":[]}'
# FILESYSTEM|FILES|NOT TAKEN OVER, BUT FOR WHAT IS ALWAYS SAID (a pattern)
while IFS='|' read -r lists want says; do
	imported "{\"network\": {}, \"filesystem\": {$lists}}" --home /root/ --cwd /work/./x/..
	is "sandbox-runtime: $lists" "$rc:$(jq -c .files "$T/out")" "2:$want"
	like "and what is left out: $says" "$(sed -n 's/.*not taken over: filesystem[.]*//p' <<<"$err" |
		grep -vE '^allowWrite: (mode, owner|what srt protects)|^: what is allowed is taken for directories')" "^${says:-$}"
	cp "$T/out" "$T/sandbox.json"
	run "$JAILRUN" policy check "$T/sandbox.json"
	is "and policy check takes it" "$rc" 0 || diag "$out$err"
done <<'ROWS'
"denyRead": ["~/.ssh", "/etc/shadow/", "k/**"]|{"write":[],"create":[],"deny":["/root/.ssh","/etc/shadow","/work/k"]}|
"allowRead": ["/usr"]|{"write":[],"create":[]}|
"denyRead": ["~"], "allowRead": ["~/x"]|{"write":[],"create":[],"deny":["/root"]}|allowRead: '/root/x' is hidden with '/root'
"denyRead": ["~/x"], "allowRead": ["~"]|{"write":[],"create":[],"deny":["/root/x"]}|denyRead: '/root/x' is hidden, and srt would let
"denyRead": ["/", "/usr/x"], "allowRead": ["/usr", "/lib"]|{"read":["/usr/","/lib/"],"write":[],"create":[],"list":["/usr/","/lib/"],"deny":["/usr/x"]}|denyRead: '/usr/x' is hidden.*denyRead: of what cannot be read
"denyRead": ["//"]|{"read":[],"write":[],"create":[],"list":[]}|denyRead: of what cannot be read
"denyRead": ["/a/*.key", "/a/../b", "/proc/self/mem"]|{"write":[],"create":[]}|denyRead: '/a/\*.key' is a pattern.*it can be read.*denyRead: '/a/../b' is nothing.*denyRead: '/proc/self/mem' is nothing
"allowWrite": ["../src", "/", "/tmp/*"]|{"write":["/src/","/"],"create":["/src/","/"]}|allowWrite: '/tmp/\*' is a pattern.*it cannot be written
"allowWrite": [".", "/etc/x"], "denyWrite": [".env", "/etc", "/work/k[0]"]|{"write":["/work/"],"create":["/work/"],"deny":["/work/.env"]}|denyWrite: '/work/k\[0\]' is a pattern.*where allowWrite lets it.*denyWrite: '/work/.env' is hidden.*denyWrite: '/etc' is in nothing
"allowWrite": ["."], "denyWrite": ["."]|{"write":[],"create":[]}|
"allowWrite": ["."], "denyRead": ["k"], "denyWrite": ["k/x"]|{"write":["/work/"],"create":["/work/"],"deny":["/work/k"]}|
ROWS
imported '{"network": {}, "filesystem": {"allowWrite": ["/tmp"]}}'
like "sandbox-runtime: a path is a tree, and it is said" "$(jq -c .files "$T/out") $err" '^\{"write":\["/tmp/"\],"create":\["/tmp/"\]\} .*taken for directories; a file gets nothing until'
imported '{"network": {}, "filesystem": {}}'
is "sandbox-runtime: nor may anything be listened at" "$rc:$(jq -c .network "$T/out")" '2:{"connect":{"allow":[]},"bind":{"allow":[]}}'
imported '{"network": {"allowedDomains": "all"}}'
like "sandbox-runtime, wrong" "$rc:$out:$err" "^1::.*one.json: network.allowedDomains: must be an array"
# ---- backend.ai-jail's policies ----
cat >"$T/one.yml" <<'YAML'
# a comment
diff_to_default: false
whitelist_paths:
  OP_OPEN: ["*"]
  OP_CHMOD:
    - "/home/work/*"
    - /tmp/*
  OP_EXEC: ['*']
  OP_ACCESS: ["/*"]
  OP_STAT: ["**"]
exec_allowance: 0
fork_allowance: -1
max_child_procs: 32
extra_envs: [ "LANG=C.UTF-8" ]
preserved_env_keys: [HOME, "PATH"]
traced_syscalls: [openat, execve]
allowed_syscalls:
  - read
  - write
YAML
import "$T/one.yml"
if [ "$rc" = 1 ] && [[ $err == *"built"* || $err == *"configure --with-yaml"* ]]; then
	like "YAML: built without it, and it says how" "$err" 'reads no YAML: build it with configure --with-yaml'
	# The same as JSON, which is YAML.
	printf '%s' '{"diff_to_default": false, "whitelist_paths": {"OP_OPEN": ["*"], "OP_CHMOD": ["/tmp/*"], "OP_EXEC": ["*"], "OP_ACCESS": ["*"], "OP_STAT": ["*"]}, "fork_allowance": -1, "max_child_procs": 32, "extra_envs": ["LANG=C.UTF-8"],
		"preserved_env_keys": ["HOME", "PATH"], "traced_syscalls": ["openat", "execve"], "allowed_syscalls": ["read", "write"]}' >"$T/one.yml"
	import "$T/one.yml" --from backend.ai
else
	cp "$T/one.yml" "$T/two.yml"
	# TEXT|WHAT IT SAYS
	while IFS='|' read -r text says; do
		printf '%b\n' "$text" >"$T/bad.yml"
		import "$T/bad.yml" --from backend.ai
		like "YAML, wrong: $text" "$rc:$out:$err" "^1::.*bad.yml: $says"
	done <<-'ROWS'
		a: &x 1\nb: *x|line 1: anchors
		a: !!str 1|line 1: anchors
		? [a]\n: b|line 1: a key is a word
		a: [1|line 2: 
		allowed_syscalls: read|allowed_syscalls: must be an array
		max_child_procs: -2|max_child_procs: must be an integer
		extra_envs: [NOTHING]|extra_envs\[0\]: 'NOTHING' is not NAME=VALUE
	ROWS
	import "$T/one.yml"
fi
is "backend.ai-jail: calls, counts and the environment" "$rc:$(jq -c '[.syscalls.defaultAction, .syscalls.syscalls, .limits, .env]' "$T/out")" \
	'2:["SCMP_ACT_ERRNO",[{"names":["read","write","openat","execve","exit_group","exit"],"action":"SCMP_ACT_ALLOW"}],{"processes":32,"threads":31},{"keep":["HOME","PATH"],"set":{"LANG":"C.UTF-8"}}]'
like "backend.ai-jail: rules on paths are said" "$err" "not taken over: whitelist_paths.OP_CHMOD: "
unlike "but not what allows all" "$err" "OP_OPEN|OP_EXEC|exec_allowance|fork_allowance|diff_to"
printf '%s' '{"diff_to_default": true, "whitelist_paths": {"OpExec": ["/usr/bin/python"], "OpOpen": ["/tmp/*"], "OpAccess": ["/x"], "OpStat": ["/x"]}, "exec_allowance": 3, "fork_allowance": 9, "allowed_syscalls": []}' >"$T/more.yml"
import "$T/more.yml" --from backend.ai
for key in diff_to_default whitelist_paths.OP_EXEC whitelist_paths.OP_OPEN whitelist_paths.OP_ACCESS whitelist_paths.OP_STAT exec_allowance fork_allowance; do
	like "backend.ai-jail: $key is said" "$rc:$err" "^2:.*not taken over: $key: "
done
is "backend.ai-jail: what rules on paths and counts become" "$(jq -c '[.files, .limits]' "$T/out")" \
	'[{"read":["/tmp/"],"write":["/tmp/"],"create":["/tmp/"],"list":["/tmp/"]},{"execs":3,"syscalls":{"fork":9,"vfork":9,"clone":9}}]'
# KEYS, WITH CHILDREN -1, FORKS -1 AND ALL PATHS WHERE THEY ARE NOT SAID|A FILTER OF THE POLICY|WHAT IT GIVES|NOT TAKEN OVER (a pattern)
while IFS='|' read -r keys filter want says; do
	jq -n --argjson with "$keys" '{diff_to_default: false, exec_allowance: 0, traced_syscalls: ["chmod", "access", "clone3", "clone"], allowed_syscalls: ["fchmodat", "read"],
		whitelist_paths: ({OpOpen: ["*"], OpAccess: ["*"], OpExec: ["*"], OpStat: ["*"], OpChmod: ["*"]} + $with.paths)} + ($with | del(.paths))' >"$T/one.json"
	import "$T/one.json" --from backend.ai --arch "${map#SCMP_ARCH_}"
	is "backend.ai-jail: $keys" "$rc:$(jq -c "$filter" "$T/out")" "$([ -z "$says" ] && echo 0 || echo 2):$want"
	like "and what is left out: $says" "$(sed -n 's/.*not taken over: //p' <<<"$err")" "^${says:-$}"
	cp "$T/out" "$T/backend.json"
	run "$JAILRUN" policy check "$T/backend.json"
	is "and policy check takes it" "$rc" 0 || diag "$out$err"
done <<'ROWS'
{}|[.files, .limits, .env]|[null,null,{"keep":[],"set":{}}]|
{"paths": {"OpOpen": []}}|.files|{"read":[],"write":[],"create":[],"list":[]}|whitelist_paths.OP_OPEN: a tree .* O_PATH
{"paths": {"OpOpen": ["/a/**/*", "/b/**", "/c", "/d/", "/e*", "/f/*/*", "x/*", "/g/[ab]/*"]}}|.files|{"read":["/a/","/b/","/c"],"write":["/a/","/b/","/c"],"create":["/a/","/b/"],"list":["/a/","/b/"]}|whitelist_paths.OP_OPEN: '/d/' is.*'/e\*' is.*'/f/\*/\*' is.*'x/\*' is.*'/g/\[ab\]/\*' is.*cannot be opened
{"paths": {"OpChmod": [], "OpAccess": []}}|[.syscalls.syscalls[].names]|[["read","clone3","clone","execve","exit_group","exit"]]|
{"paths": {"OpChmod": null}}|.files|null|whitelist_paths.OP_CHMOD: is not there
{"paths": {"OpExec": []}}|.limits|{"execs":0}|
{"paths": {"OpExec": []}, "exec_allowance": -1}|.limits|null|
{"paths": {"OpExec": ["/bin/sh"]}, "exec_allowance": -1}|.limits|null|
{"fork_allowance": 0}|[.limits.syscalls.clone, .syscalls.syscalls[]]|[0,{"names":["clone3"],"action":"SCMP_ACT_ERRNO","errnoRet":38},{"names":["fchmodat","read","chmod","access","clone","execve","exit_group","exit"],"action":"SCMP_ACT_ALLOW"}]|
{"max_child_procs": 1}|.limits|{"processes":1,"threads":0}|
{"max_child_procs": 0}|.limits|{"processes":1,"threads":0}|
{"max_child_procs": 9}|.limits|{"processes":9,"threads":8}|max_child_procs: .* 8 more threads
{"extra_envs": ["A=1", "B=", "A=2=3", "C*=1"], "preserved_env_keys": ["A*", "", "D=E", "F"]}|.env|{"keep":["F"],"set":{"B":"","A":"2=3"}}|preserved_env_keys: 'A\*' .*extra_envs: 'C\*=1'
ROWS
import "$T/one.yml" --from backend.ai -o "$T/backend2.json"
run "$JAILRUN" policy check "$T/backend2.json"
is "backend.ai-jail: policy check takes it" "$rc" 0 || diag "$out$err"
# ---- the command line ----
good='{"defaultAction": "SCMP_ACT_ALLOW"}'
while IFS='|' read -r arguments says; do
	# shellcheck disable=SC2086 # words
	imported "$good" $arguments
	like "$arguments" "$rc:$out:$err" "$says"
done <<'ROWS'
--caps CAP_SYS_ADMI|^1::.*--caps: 'CAP_SYS_ADMI' is no capability; did you mean CAP_SYS_ADMIN
--caps all|^0:
--caps none|^0:
--arch x87|^1::.*--arch: no ABI
--arch arm64|^0:.*SCMP_ARCH_AARCH64
--kernel six|^1::.*--kernel: 'six' is no version
--home x|^1::.*--home: 'x' is no absolute path
--cwd x|^1::.*--cwd: 'x' is no absolute path
--from lxc|^1::.*invalid
ROWS
imported "$good" -o "$T/new.json"
is "--output: into a file" "$rc:$out:$(jq -r .syscalls.defaultAction "$T/new.json")" "0::SCMP_ACT_ALLOW"
imported "$good" -o "$T/new.json"
like "and never over one that is there" "$rc:$err" "^1:.*new.json' is there already"
import "$T/nosuch.json"
like "a file that is not there" "$rc:$err" "^1:.*nosuch.json"
# Who gives the profile itself is told of this.
printf '{"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "archMap": []}}' >"$T/docker.json"
run "$JAILRUN" policy check "$T/docker.json"
like "a policy in Docker's form names the command" "$rc:$out" "^1:.*archMap.*jailrun policy import FILE"

done_testing
