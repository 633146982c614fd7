#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a line of the audit stream says is true: the name of the call, and the change of the policy that lets it through.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command jq busybox
need_runtime
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
about=true
# denied POLICY SCRIPT: runs it; *line* is the first line that is about the call or the rule in $about.
denied() {
	rm -f "$T/audit"
	printf '%s' "$1" >"$T/policy.json"
	make_bundle "$T/b" "$(sh_filter "$2")"
	n=$((${n-0} + 1))
	jrun --policy "$T/policy.json" --audit "$T/audit" run --bundle "$T/b" "jt-$$-w$n"
	line=$(jq -c "select($about)" "$T/audit" 2>/dev/null | head -n 1)
}
allow() {
	jq -r .allow <<<"$line"
}

# An allow-list of all that the shell does, but for mkdir.
denied '{}' 'mkdir /tmp/made-$$' 
is "control: without a policy of its own it may" "$rc" 0
calls='read write open openat close stat fstat lstat newfstatat mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn ioctl access
	getpid getppid gettid getuid getgid geteuid getegid setgid setuid setgroups execve execveat exit exit_group wait4 uname fcntl getcwd arch_prctl
	futex set_tid_address set_robust_list rseq prlimit64 getrandom clock_gettime prctl readlink readlinkat poll sendmsg recvmsg clone fork vfork
	rt_sigsuspend umask statx faccessat faccessat2 dup dup2 pipe pipe2 sysinfo lseek sendfile'
list=$(jq -nc --arg c "$calls" '$c | [splits("\\s+") | select(. != "")]')
rule() { # MORE
	printf '{"syscalls":{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":%s,"action":"SCMP_ACT_ALLOW"}%s]}}' "$list" "${1-}"
}
about='.rule == "syscalls.defaultAction" and (.syscall == "mkdir" or .syscall == "mkdirat")'
denied "$(rule)" 'mkdir /tmp/listed-$$'
isnt "a call that no rule names is refused" "$rc" 0
call=$(jq -r .syscall <<<"$line")
like "the line has its name" "$call" '^mkdir'
like "and says what allows it" "$(allow)" 'syscalls.syscalls, with SCMP_ACT_ALLOW'
denied "$(rule ",{\"names\":[\"$call\"],\"action\":\"SCMP_ACT_ALLOW\"}")" 'mkdir /tmp/listed-$$'
is "done so, it goes through" "$rc" 0
about='has("syscall") | not'
denied "$(rule)" 'mkdir /tmp/x; sync; mount x /x; chroot /x'
is "every line has a name" "$line" ""
about='.rule | startswith("syscalls.syscalls")'
denied '{"syscalls":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["sync"],"action":"SCMP_ACT_ERRNO"}]}}' 'sync'
like "a rule: its advice" "$(allow)" 'before this one'
denied '{"syscalls":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["sync"],"action":"SCMP_ACT_ALLOW"},
	{"names":["sync"],"action":"SCMP_ACT_ERRNO"}]}}' 'sync; :'
is "done so: no line" "$line" ""
about='.rule == "exec"'
mkdir -p "$ROOTFS/opt" && cp "$(command -v busybox)" "$ROOTFS/opt/id"
denied '{"exec":{"deny":["/opt/id"],"allow":["/"]}}' '/opt/id; :'
like "exec.deny goes before exec.allow, which is no advice" "$(allow)" 'out of exec.deny'
denied '{"exec":{"allow":["/bin/", "/usr/", "/lib/", "/lib64/"]}}' '/opt/id; :'
is "exec.allow" "$(allow)" "name it in exec.allow"
denied '{"exec":{"allow":["/bin/", "/usr/", "/lib/", "/lib64/", "/opt/id"]}}' '/opt/id'
is "done so" "$rc" 0
about='.rule == "self"'
denied '{}' 'renice -n 5 -p 1'
like "self: nothing allows it" "$(allow)" '^nothing does'
about='.rule == "signals.to_init"'
denied '{"signals":{"to_init":"refuse"}}' 'kill -USR1 1'
is "signals.to_init" "$(allow)" 'set signals.to_init to "forward"'
denied '{"signals":{"to_init":"forward"}}' 'trap : USR1; kill -USR1 1'
is "done so" "$rc$line" 0

# Entries through links: /bin is usr/bin, sh is ash. The kernel names the program /usr/bin/ash.
mkdir -p "$T/merged/rootfs"/{usr/bin,proc,dev,sys,tmp,etc}
ln -s usr/bin "$T/merged/rootfs/bin"
cp "$(command -v busybox)" "$T/merged/rootfs/usr/bin/busybox"
cp "$(command -v busybox)" "$T/merged/rootfs/usr/bin/ash"
ln -s ash "$T/merged/rootfs/usr/bin/sh"
ln -s nowhere "$T/merged/rootfs/usr/bin/lost"
ln -s '/usr/bin/b*' "$T/merged/rootfs/usr/bin/star"
cp "$(command -v busybox)" "$T/merged/rootfs/usr/bin/b*"
ROOTFS=$T/merged/rootfs
filter="$(args_filter /usr/bin/busybox env /bin/sh -c 'echo RAN')"
make_bundle "$T/b" "$filter"
n=0
linked() {
	n=$((n + 1))
	printf '%s' "$1" >"$T/policy.json"
	jrun --policy "$T/policy.json" run --bundle "$T/b" "jt-$$-l$n"
}
linked '{"exec":{"allow":["/usr/bin/busybox"]}}'
unlike "control: what is not named is refused" "$out" RAN
linked '{"exec":{"allow":["/usr/bin/busybox","/bin/sh"]}}'
is "exec.allow through links" "$out$err" RAN
linked '{"exec":{"allow":["/bin/"]}}'
is "a tree through a link" "$out$err" RAN
linked '{"exec":{"deny":["/usr/bin/nothing"]}}'
is "control: what is not denied" "$out" RAN
linked '{"exec":{"deny":["/bin/sh"]}}'
unlike "exec.deny through links" "$out" RAN
linked '{"exec":{"allow":["/"],"deny":["/bin/a*"]}}'
like "a wildcard behind a link: a warning" "$err" "exec.deny: '/bin/a\*' goes through a link to '/usr/bin', and so never matches"
linked '{"exec":{"allow":["/"],"deny":["/bin/lost"]}}'
like "a link to nothing: a warning" "$err" "'/bin/lost' is a link that leads to nothing"
linked '{"exec":{"allow":["/usr/bin/busybox","/usr/bin/star"]}}'
unlike "a link to a file with a wildcard in its name widens nothing" "$out" RAN
printf '{"exec":{"allow":["/bin/sh"]},"signals":{"protect":["/bin/sh"]}}' >"$T/policy.json"
is "jailrun plan shows both" \
	"$("$JAILRUN" --policy "$T/policy.json" plan "$T/b" 2>/dev/null | jq -c '[.. | objects | select(has("exec_allow"))][0] | [.exec_allow, .protect]')" \
	'[["/bin/sh","/usr/bin/ash"],["/bin/sh","/usr/bin/ash"]]'
printf '{"exec":{"allow":["/bin/sh","/usr/bin/gone","/opt/*/x","/proc/gone"]}}' >"$T/policy.json"
"$JAILRUN" --policy "$T/policy.json" plan "$T/b" >/dev/null 2>"$T/err"
is "jailrun plan warns of paths that the rootfs lacks" "$(grep -o "exec.allow: .*the container has no '[^']*'" "$T/err")" \
	"exec.allow: '/usr/bin/gone': the container has no '/usr/bin/gone'
exec.allow: '/opt/*/x': the container has no '/opt'"

# Below a mount, and by a link of the rootfs into it: what is there in the container, and not in the rootfs.
mkdir -p "$T/mnt/bin" "$ROOTFS/m"
cp "$(command -v busybox)" "$T/mnt/bin/true-1.0"
ln -s true-1.0 "$T/mnt/bin/true"
ln -s m/bin "$ROOTFS/byway"
about='.rule == "exec"'
below() { # EXEC-RULES PROGRAM
	printf '{"exec": %s}' "$1" >"$T/policy.json"
	rm -f "$T/audit"
	make_bundle "$T/b" "$(sh_filter "$2") | .mounts += [{destination: \"/m\", type: \"bind\", source: \"$T/mnt\", options: [\"bind\", \"ro\"]}]"
	n=$((n + 1))
	jrun --policy "$T/policy.json" --audit "$T/audit" run --bundle "$T/b" "jt-$$-w$n"
}
below '{"deny": ["/nowhere"]}' '/m/bin/true && /byway/true && echo ran'
is "below a mount (control)" "$rc:$out" 0:ran
for entry in /m/bin/true /byway/true /byway/; do
	below "{\"deny\": [\"$entry\"]}" '/m/bin/true; /m/bin/true-1.0; /byway/true'
	is "deny $entry, below a mount" "$rc:$(jq -r .action "$T/audit" | xargs)" "126:EACCES EACCES EACCES"
	run "$JAILRUN" --policy "$T/policy.json" plan --bundle "$T/b"
	unlike "and plan does not say that it is not there" "$err" 'never matches'
	below "{\"allow\": [\"/bin/\", \"$entry\"]}" '/m/bin/true && echo ran'
	is "allow $entry, below a mount" "$rc:$out" 0:ran || diag "$err"
done
below '{"deny": ["/m/bin/true"]}' 'true; echo others'
is "others may" "$rc:$out" 0:others
done_testing
