#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# jailrun policy test: what is said of a call is what becomes of it. Unit tests prove that the filter, the lists and what is said agree.
. "$(dirname "$0")/../lib/common.sh" || exit 1
need_runtime
need_command jq
policy() { run "$JAILRUN" --policy-dir "$T/policies" policy "$@"; }
mkdir "$T/policies"
cat >"$T/policies/p.json" <<'EOF2'
{"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
 {"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38},
 {"names": ["socket"], "action": "SCMP_ACT_KILL_PROCESS", "args": [{"index": 0, "value": 16, "op": "SCMP_CMP_EQ"}]},
 {"names": ["mount"], "action": "SCMP_ACT_LOG"}]},
"exec": {"allow": ["/bin/", "/usr/bin/"],
 "deny": ["/usr/bin/gdb"]},
"limits": {"processes": 5},
"network": {"connect": {"allow": ["10.0.0.0/8:443"], "deny": ["10.1.0.0/16:*"]},
 "bind": {"deny": ["*:1-1023"]}}}
EOF2
echo '{"syscalls": {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["execve", "exit", "exit_group", "read", "mkdir"], "action": "SCMP_ACT_ALLOW"}]}}' >"$T/policies/list.json"
echo '{"on_violation": "kill", "exec": {"allow": ["/usr/"]}, "network": {"connect": {"deny": ["10.2.0.0/16:*"]}}}' >"$T/policies/floor.json"
echo '{"exec": {}}' >"$T/policies/first.json"
if [ "$(id -u)" = 0 ]; then chown -R 0:0 "$T/policies"; fi
native=$(uname -m)
# ARGUMENTS|STATUS|VERDICT|RULE and line|POLICY
while IFS='|' read -r arguments status verdict rule of; do
	# shellcheck disable=SC2086 # words
	policy test --format json $arguments
	is "test $arguments" "$rc|$(jq -r '[.verdict + (if .errno then " " + .errno else "" end), .rule + (if .line then ":\(.line)" else "" end), .policy] | join("|")' "$T/out")" \
		"$status|$verdict|$rule|$of" || diag "$out$err"
done <<'ROWS'
p syscall mkdir|1|errno ENOSYS|syscalls.syscalls[0]:2|p
p syscall mkdirat|0|allow|syscalls.defaultAction:1|p
p syscall socket 16|1|kill|syscalls.syscalls[1]:3|p
p syscall socket 0x100000010|1|kill|syscalls.syscalls[1]:3|p
p syscall socket 2 1 132|1|errno EPROTONOSUPPORT|network|p
p syscall mount|0|log|syscalls.syscalls[2]:4|p
p syscall clone3|1|errno ENOSYS|engine|p
p syscall ptrace 0|1|errno EPERM|engine|p
p syscall fork|0|allow|limits|p
p syscall execve|0|allow|exec|p
p syscall pidfd_open 1|1|errno EPERM|self|p
p syscall pidfd_open 2|0|allow|syscalls.defaultAction:1|p
default syscall ioctl 0 21522|1|errno EPERM|syscalls.syscalls[0]:7|default
default syscall kill 1 9|0|allow|syscalls.defaultAction:5|default
default syscall read -- -1|0|allow|syscalls.defaultAction:5|default
list syscall write|1|errno EPERM|syscalls.defaultAction:1|list
list syscall rt_sigreturn|0|allow|syscalls.defaultAction:1|list
list syscall io_uring_setup|1|errno ENOSYS|engine|list
p exec /bin/ls|0|allow|exec.allow[0]:5|p
p exec /usr/bin/gdb|1|errno EACCES|exec.deny[0]:6|p
p exec /opt/x|1|errno EACCES|exec.allow:5|p
p exec /usr/bin/../gdb|1|errno EACCES|exec.allow:5|p
p exec /usr/bin/ld.so|1|errno EACCES|exec.allow:5|p
first exec /bin/sh|1|errno EACCES|exec.allow|first
default exec /bin/sh|0|allow|syscalls.defaultAction:5|default
p connect tcp:10.1.2.3:443|1|errno EPERM|network.connect.deny[0]:8|p
p connect tcp:10.2.2.3:443|0|allow|network.connect.allow[0]:8|p
p connect tcp:11.2.2.3:443|1|errno EPERM|network.connect|p
p bind tcp:0.0.0.0:80|1|errno EPERM|network.bind.deny[0]:9|p
p bind tcp:[::]:8080|0|allow|network.bind|p
default connect tcp:11.2.2.3:443|0|allow|syscalls.defaultAction:5|default
list connect tcp:11.2.2.3:443|1|errno EPERM|syscalls.defaultAction:1|list
p syscall read --floor list|0|allow|syscalls.defaultAction:1|p
p syscall write --floor list|1|errno EPERM|syscalls.defaultAction:1|list
p syscall mkdir --floor list|1|errno ENOSYS|syscalls.syscalls[0]:2|p
p syscall socket 16 --floor list|1|kill|syscalls.syscalls[1]:3|p
p exec /bin/ls --floor floor|1|kill|exec.allow:1|floor
p exec /usr/bin/gdb --floor floor|1|errno EACCES|exec.deny[0]:6|p
p connect tcp:10.2.2.3:443 --floor floor|1|kill|network.connect.deny[0]:1|floor
p connect tcp:10.3.2.3:443 --floor floor|0|allow|network.connect.allow[0]:8|p
ROWS
if [ "$native" = x86_64 ]; then
	policy test p syscall read --arch x86
	like "an ABI that is not there" "$rc:$out" "^1:kill: syscalls.architectures of policy p: programs of this ABI are killed"
	policy test list syscall read --arch x86
	is "one that is" "$rc" 0
	policy test list --arch x86 syscall semop
	like "a call that is multiplexed there" "$rc:$out" "^1:errno EPERM: syscalls.defaultAction"
fi
policy test p syscall socket 16
is "as text: the rule and what it says" "$rc:$out" "1:kill: syscalls.syscalls[1] of policy p ($T/policies/p.json:3)
    {\"names\":[\"socket\"],\"action\":\"SCMP_ACT_KILL_PROCESS\",\"args\":[{\"index\":0,\"value\":16,\"op\":\"SCMP_CMP_EQ\"}]}"

echo '{"extends": "p", "syscalls": {"syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_KILL"}]}}' >"$T/policies/over.json"
if [ "$(id -u)" = 0 ]; then chown 0:0 "$T/policies/over.json"; fi
policy test over syscall mkdir
like "what a policy extends comes after it" "$rc:$out" "^1:kill: syscalls.syscalls\\[0\\] of policy over \\($T/policies/over.json:1\\)"
policy test over syscall socket 16
like "and has its own file and line" "$rc:$out" "^1:kill: syscalls.syscalls\\[2\\] of policy over \\($T/policies/p.json:3\\)"

# ---- with a bundle: links, and the interpreters of scripts ----
rootless=
[ "$(id -u)" = 0 ] || rootless=--rootless
mkdir -p "$T/b/rootfs/usr/bin" "$T/b/rootfs/opt" && "$JAILRUN" spec ${rootless:+"$rootless"} -b "$T/b"
jq '.process.terminal = false' "$T/b/config.json" >"$T/config.json" && mv "$T/config.json" "$T/b"
ln -s usr/bin "$T/b/rootfs/bin"
: >"$T/b/rootfs/usr/bin/sh"
printf '#! /opt/run -x\n' >"$T/b/rootfs/usr/bin/script"
printf '#!/bin/sh\n' >"$T/b/rootfs/usr/bin/fine"
mkfifo "$T/b/rootfs/usr/bin/fifo"
echo '{"exec": {"allow": ["/bin/"]}}' >"$T/policies/links.json"
if [ "$(id -u)" = 0 ]; then chown 0:0 "$T/policies/links.json"; fi
while IFS='|' read -r path status rule; do
	policy test --bundle "$T/b" links exec "$path"
	like "with a bundle: $path" "$rc:$out:$err" "^$status:$rule"
done <<'ROWS'
/bin/sh|0|allow: exec.allow of policy links.*"/usr/bin/", through a link
/usr/bin/sh|0|allow: 
/usr/bin/script|1|errno EACCES: exec.allow of policy links .*: not in exec.allow
/usr/bin/fine|0|allow: 
/usr/bin/fifo|0|allow: 
/opt/none|2|:.*'/opt/none' in the bundle's rootfs: No such file
ROWS
policy test links exec /usr/bin/sh
like "without it: the path as it is" "$rc:$out" "^1:errno EACCES: "

# ---- mistakes: never 0 or 1 ----
while IFS='|' read -r arguments want; do
	# shellcheck disable=SC2086 # words
	policy test $arguments
	like "test $arguments" "$rc:$out:$err" "^2::.*$want"
done <<'ROWS'
p syscall|requires a minimum of 3
p syscall raed|knows no system call 'raed'; did you mean read
p syscall read 1 2 3 4 5 6 7|six arguments
p syscall read five|'five' is no number
p syscall read --arch x87|--arch: no ABI
p call read|'call' is nothing that can be asked
p exec bin/sh|path is absolute
p exec /bin/sh /bin/ls|exec takes one path
p exec /bin/sh --arch x86|--arch is for
p connect tcp:*:80|one address
p connect 10.0.0.1:80|one address
p connect tcp:10.0.0.1:80-81|one address
p connect tcp:10.0.0.1|is no rule
p connect tcp:10.0.0.1:80 --bundle b|--bundle is for
nosuch syscall read|there is no
p syscall read --floor nosuch|there is no
p syscall read --format yaml|invalid format
ROWS
done_testing
