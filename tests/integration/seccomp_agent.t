#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SCMP_ACT_NOTIFY: a real agent gets the listener and the container process state, and answers for the kernel.
[ -n "${PRIVATE_MOUNTS-}" ] || PRIVATE_MOUNTS=1 exec unshare --mount --propagation private bash "$0" "$@"
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command python3
need_runtime
agent=$T/agent log=$T/agent.log

# serve [SOCKET [LOG]]: an agent in the background; its pid is in $!.
serve() {
	python3 "$TOP_SRCDIR/tests/lib/seccomp_agent.py" "${1-$agent}" "${2-$log}" 2>"$T/agent.err" &
	at_exit "kill $!"
	eventually 10 test -S "${1-$agent}"
}
# notify NAMES METADATA [MORE]: linux.seccomp gives the calls ("mkdir","chmod") to the agent.
notify() {
	printf '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"], listenerPath: "%s", listenerMetadata: "%s", syscalls: [{names: [%s], action: "SCMP_ACT_NOTIFY"}]} %s' "$agent" "$2" "$1" "${3-}"
}
# The states that came for a container: the last of in_sh, or that of the name. Those of others may come late, when no call waited.
states() {
	jq -c --arg id "jt-$$-${1-$seq_id}" 'select(.state.state.id == $id)' "$log" 2>/dev/null
}
answers() { # NR
	jq -c "select(.nr == $1)" "$log" | wc -l
}
forget() {
	rm -f "$log"
}
serve
agent_pid=$!
printf '{"exec": {"deny": ["/bin/nothing"]}}' >"$T/trace.json"
printf '{"init": "workload"}' >"$T/outer.json"

for POLICY in none default "$T/trace.json" "$T/outer.json"; do
	p=${POLICY##*/}
	forget
	in_sh 'mkdir /tmp/d && ls -d /tmp/d; rmdir /tmp/d; chmod 700 /tmp; stat -c %a /tmp; chmod 1777 /tmp'
	is "$p: without a profile (control)" "$out" $'/tmp/d\n700'
	is "$p: and without an agent" "$(states)" ""
	in_sh 'mkdir /tmp/d && echo made; ls -d /tmp/d /tmp/agent/d; rm -r /tmp/agent; chmod 700 /tmp; stat -c %a /tmp; rmdir /tmp/nothing' \
		"$(notify '"mkdir","chmod","rmdir"' 'mkdir=elsewhere,chmod=ENOMEDIUM' '| .annotations = {"org.example": "a\"b"}')"
	is "$p: the agent does it elsewhere" "$out" $'made\n/tmp/agent/d\n1777' || diag "$err"
	like "$p: or answers with an error" "$err" 'chmod: /tmp: No medium found'
	like "$p: or lets the call go on" "$err" "'/tmp/nothing': No such file"
	is "$p: exit status" "$rc" 1
	is "$p: one state, in one message, with one fd" "$(states | jq -c '[.fds, .messages]')" '[1,1]'
	pids=$(states | jq -c '.state | [.pid > 1, .pid == .state.pid]')
	if [ "$POLICY" = none ]; then is "$p: the process is the container's init" "$pids" '[true,true]'; else is "$p: the process is not the jail" "$pids" '[true,false]'; fi
	is "$p: the state, whole" "$(states | jq -cS '.state | del(.pid, .state.pid)')" \
		"$(jq -cnS --arg b "$(realpath "$T/b")" --arg id "jt-$$-$seq_id" '{ociVersion: "1.3.0", fds: ["seccompFd"], metadata: "mkdir=elsewhere,chmod=ENOMEDIUM", state: {ociVersion: "1.3.0", id: $id, status: "creating", bundle: $b, annotations: {"org.example": "a\"b"}}}')"
	in_sh 'ls -l /proc/self/fd | grep -v /proc' "$(notify '"mkdir"' '')"
	unlike "$p: no fd of it is left in the container" "$out" 'anon_inode|memfd|socket' || diag "$out"

	# create does not speak to the agent, start does; and the calls of the helper itself may all be notified.
	forget
	make_bundle "$T/b" "$(sh_filter 'mkdir /tmp/d; echo $? >/tmp/done; exec sleep 60') | $(notify '"mkdir"' 'mkdir=EPERM')"
	jrun --policy "$POLICY" create --bundle "$T/b" "jt-$$-c"
	is "$p: create" "$rc" 0 || diag "$err"
	is "$p: the agent knows nothing of it yet" "$(states c)" ""
	jrun start "jt-$$-c"
	is "$p: start" "$rc" 0 || diag "$err"
	ok "$p: the workload runs" eventually 10 test -s "$T/b/rootfs/tmp/done"
	is "$p: under the agent" "$(cat "$T/b/rootfs/tmp/done")" 1
	is "$p: the state says that it was created, and its pid" "$(states c | jq -c '.state.state | [.status, .pid]')" "[\"created\",$(jr state "jt-$$-c" | jq .pid)]"
	is "$p: and who is under the filter" "$(tr '\0' ' ' <"/proc/$(states c | jq .state.pid)/cmdline")" 'sleep 60 '
	jr delete --force "jt-$$-c"
	rm -f "$T/b/rootfs/tmp/done"
	forget
	jrun --policy "$POLICY" run -d --bundle "$T/b" --pid-file "$T/pid" "jt-$$-d"
	is "$p: run -d" "$rc" 0 || diag "$err"
	ok "$p: its workload runs" eventually 10 test -s "$T/b/rootfs/tmp/done"
	is "$p: its pid in the state" "$(states d | jq '.state.state.pid')" "$(cat "$T/pid")"
	jr delete --force "jt-$$-d"
	rm -f "$T/b/rootfs/tmp/done"
done

# shellcheck disable=SC2317 # by eventually
told() { [ -n "$(states e)" ]; }

# exec: the process has a listener of its own, and the agent is told whose.
for POLICY in none default "$T/trace.json" "$T/outer.json"; do
	p=${POLICY##*/}
	make_bundle "$T/b" "$(args_filter /bin/sleep 60) | $(notify '"mkdir"' 'mkdir=EROFS') | .annotations = {\"org.example\": \"x\"}"
	forget
	jrun --policy "$POLICY" run -d --bundle "$T/b" "jt-$$-e"
	is "$p: exec: the container runs" "$rc" 0 || diag "$err"
	forget # its own state
	jrun exec "jt-$$-e" /bin/true
	is "$p: exec: one that makes no such call" "$rc" 0 || diag "$err"
	eventually 5 told # what the agent writes down late is not the next one's
	forget
	jrun exec "jt-$$-e" /bin/sh -c 'mkdir /tmp/d; echo $?; rmdir /tmp/nothing; ls -l /proc/self/fd | grep -v /proc'
	is "$p: exec: the agent answers: exit status of the call" "$(head -n 1 <<<"$out")" 1 || diag "$err"
	like "$p: exec: with its errno" "$err" 'Read-only file system'
	like "$p: exec: other calls are not its (control)" "$err" 'nothing.*No such file'
	unlike "$p: exec: no fd of it is left in the process" "$out" 'anon_inode|memfd|socket'
	is "$p: exec: one state, in one message, with one fd" "$(states e | jq -c '[.fds, .messages]')" '[1,1]'
	is "$p: exec: of a container that runs, with its own pid" "$(states e | jq -c '.state.state | [.status, .pid]')" "[\"running\",$(jr state "jt-$$-e" | jq .pid)]"
	is "$p: exec: its metadata and annotations" "$(states e | jq -c '.state | [.metadata, .state.annotations]')" '["mkdir=EROFS",{"org.example":"x"}]'
	forget
	jrun exec -d --pid-file "$T/pid" "jt-$$-e" /bin/sh -c 'mkdir /tmp/d 2>/tmp/said; exec sleep 60'
	is "$p: exec -d" "$rc" 0 || diag "$err"
	ok "$p: exec -d: the agent answers" eventually 10 grep -q 'Read-only' "$T/b/rootfs/tmp/said"
	is "$p: exec -d: the process under the filter is that of the pid file" "$(states e | jq .state.pid)" "$(cat "$T/pid")"
	rm -f "$T/b/rootfs/tmp/said" "$T/pid"
	kill -9 "$agent_pid"
	wait "$agent_pid" 2>/dev/null
	jrun exec --pid-file "$T/pid" "jt-$$-e" /bin/sh -c 'echo ran'
	is "$p: exec without the agent: exit status, and nothing has run" "$rc:$out" 255:
	like "$p: exec without the agent: the error says so" "$err" 'linux\.seccomp\.listenerPath: failed to connect with seccomp agent'
	not_ok "$p: exec without the agent: no pid file" test -e "$T/pid"
	ok "$p: exec without the agent: the container runs on" status_is "jt-$$-e" running
	rm -f "$agent"
	serve
	agent_pid=$!
	jrun exec "jt-$$-e" /bin/sh -c 'mkdir /tmp/d; echo $?'
	is "$p: exec when the agent is back (control)" "$rc:$out" 0:1 || diag "$err"
	jr delete --force "jt-$$-e"
done

# What the helper could need after its filter: nothing of that hangs.
for POLICY in none default; do
	forget
	in_sh 'cd /tmp; pwd' "$(notify '"read","write","close","sendmsg","recvmsg","execve","chdir","exit_group","mmap","dup","seccomp","poll","ppoll","futex"' '*=continue')"
	is "$POLICY: every call of a start may be notified" "$out" /tmp || diag "$err"
	is "$POLICY: execve is among them" "$(answers 59)" 1
	make_bundle "$T/b" "$(args_filter /bin/sleep 60) | $(notify '"read","write","close","sendmsg","recvmsg","execve","chdir","exit_group","mmap","dup","seccomp","poll","ppoll","futex","prctl","setpgid"' '*=continue')"
	jr --policy "$POLICY" run -d --bundle "$T/b" "jt-$$-a"
	jrun exec "jt-$$-a" /bin/sh -c 'cd /tmp; pwd'
	is "$POLICY: every call of an exec may be notified" "$rc:$out" 0:/tmp || diag "$err"
	jr delete --force "jt-$$-a"
	in_sh 'echo no' "$(notify '"execve"' 'execve=EACCES')"
	is "$POLICY: the agent forbids the workload: exit status" "$rc" 1
	like "$POLICY: and it is an error of the start" "$err" 'exec.*permission denied'
	forget
	in_sh 'mkdir /tmp/d; echo $?' "$(notify '' '*=continue,mkdir=EROFS' '| .linux.seccomp.defaultAction = "SCMP_ACT_NOTIFY" | del(.linux.seccomp.syscalls)')"
	is "$POLICY: as the default action" "$out" 1
	like "$POLICY: which the agent answers" "$err" 'Read-only file system'
	in_sh 'mkdir /tmp/d; id -u' "$(notify '"mkdir"' 'mkdir=EDQUOT' '| .process.user.uid = 1000 | .process.capabilities = {} | .process.noNewPrivileges = false')"
	is "$POLICY: a user without root and no_new_privs" "$out" 1000
	like "$POLICY: has the agent" "$err" 'quota exceeded'
	in_sh 'mkdir /tmp/d' "$(notify '"mkdir"' 'mkdir=EDQUOT' '| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings | .linux.namespaces += [{type: "user"}]')"
	like "$POLICY: in a user namespace" "$err" 'quota exceeded'
	in_sh 'mkdir /tmp/d' "$(notify '"mkdir"' 'mkdir=EDQUOT' '| .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 16, hard: 16}]')"
	like "$POLICY: with few fds" "$err" 'quota exceeded'
done
POLICY=$T/trace.json
in_sh 'echo no' "$(notify '' '*=continue' '| .linux.seccomp.defaultAction = "SCMP_ACT_NOTIFY" | del(.linux.seccomp.syscalls)')"
like "beside a tracer the agent cannot have all calls" "$err" "linux\.seccomp: SCMP_ACT_NOTIFY gives .* to the agent, whose answer would go before that of policy .*trace"
in_sh 'echo no' "$(notify '"ptrace"' '*=continue')"
like "nor one that the policy has to judge" "$err" "SCMP_ACT_NOTIFY gives ptrace to the agent"
forget
in_sh '/bin/nothing; echo $?; mkdir /tmp/d' "$(notify '"execve","mkdir"' 'mkdir=EROFS')"
like "the policy judges what the agent lets execute" "$err" 'Read-only file system'
cp "$T/b/rootfs/bin/busybox" "$T/b/rootfs/bin/nothing"
in_sh '/bin/nothing true; echo "status $?"' "$(notify '"execve"' '')"
unlike "the policy judges what the agent lets execute" "$out" 'status 0'

POLICY=none
# One listener for each startContainer hook, and one for the workload.
forget
in_sh 'cat /tmp/hook; rm /tmp/hook' "$(notify '"mkdir"' 'mkdir=ENOSPC') | .hooks.startContainer = [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"mkdir /tmp/x 2>/tmp/hook; ls /proc/self/fd | wc -l >>/tmp/hook\"]}]"
is "a startContainer hook has the agent, and no fd of it" "$out" $'mkdir: can\'t create directory \'/tmp/x\': No space left on device\n4'
# shellcheck disable=SC2317 # called by eventually
two_states() {
	[ "$(states | wc -l)" = 2 ]
}
ok "by a listener of its own" eventually 10 two_states

# A signal while the agent thinks: without the flag the call is broken off.
slow='trap ":" USR1; (sleep 0.2; kill -USR1 1) & cd /tmp; echo $?; sleep 1'
in_sh "$slow" "$(notify '"chdir"' 'chdir=slow')"
isnt "a signal breaks off what the agent has in hand (control)" "$out" 0
like "with EINTR" "$err" 'Interrupted system call'
in_sh "$slow" "$(notify '"chdir"' 'chdir=slow' '| .linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV","SECCOMP_FILTER_FLAG_TSYNC","SECCOMP_FILTER_FLAG_LOG"]')"
is "not with WAIT_KILLABLE_RECV" "$out" 0 || diag "$err"

# The path.
in_sh 'mkdir /tmp/d' "$(notify '"mkdir"' '' '| del(.linux.seccomp.listenerPath, .linux.seccomp.listenerMetadata)')"
like "without a path to the agent" "$err" 'linux\.seccomp\.listenerPath: SCMP_ACT_NOTIFY needs it'
in_sh 'mkdir /tmp/d' "$(notify '"mkdir"' 'x' '| del(.linux.seccomp.listenerPath)')"
like "metadata for nobody" "$err" 'linux\.seccomp\.listenerMetadata: must not be set without listenerPath'
in_sh 'mkdir /tmp/d && rmdir /tmp/d && echo made' "$(notify '"mkdir"' 'x' '| .linux.seccomp.syscalls[0].action = "SCMP_ACT_ALLOW" | .linux.seccomp.listenerPath = "/nothing"')"
is "a path that no action uses is ignored, as the specification says" "$out" made
serve "$T/b/agent" && agent=agent in_sh 'mkdir /tmp/d' "$(agent=agent notify '"mkdir"' 'mkdir=EROFS')"
like "a relative path is one of the bundle" "$err" 'Read-only file system'
: >"$T/file"
for where in "$T/nothing" "$T/no/where" "$T/file"; do
	rm -f "$T/b/rootfs/tmp/ran"
	forget
	agent=$where in_sh 'echo >/tmp/ran' "$(agent=$where notify '"mkdir"' 'mkdir=EROFS')"
	is "no agent at $where: exit status" "$rc" 1
	like "and the error says so" "$err" 'linux\.seccomp\.listenerPath: failed to connect with seccomp agent: .*'"$where"
	not_ok "and nothing has run" test -e "$T/b/rootfs/tmp/ran"
	not_ok "and nothing is left" jr state "jt-$$-$seq_id"
done
for POLICY in none default "$T/trace.json"; do
	make_bundle "$T/b" "$(sh_filter 'echo >/tmp/ran; sleep 60') | $(agent=$T/nothing notify '"mkdir"' '')"
	jrun --policy "$POLICY" create --bundle "$T/b" "jt-$$-n"
	is "${POLICY##*/}: create needs no agent" "$rc" 0 || diag "$err"
	jrun start "jt-$$-n"
	is "${POLICY##*/}: start does: exit status" "$rc" 1
	like "${POLICY##*/}: and it says so" "$err" 'failed to connect with seccomp agent'
	ok "${POLICY##*/}: the container is stopped" eventually 10 status_is "jt-$$-n" stopped
	not_ok "${POLICY##*/}: nothing has run" test -e "$T/b/rootfs/tmp/ran"
	jr delete "jt-$$-n"
done
# Nobody takes the connection: the queue of one that is full.
python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(0); c = socket.socket(socket.AF_UNIX); c.connect(sys.argv[1]); time.sleep(60)' "$T/full" &
at_exit "kill $!"
eventually 10 test -S "$T/full"
POLICY=none
agent=$T/full in_sh 'echo >/tmp/ran' "$(agent=$T/full notify '"mkdir"' '')"
like "an agent that takes no connection is given up, not waited for" "$err" 'failed to connect with seccomp agent.*EAGAIN'
# Without root: the listener is that of a process in the user's own user namespace.
uid=54321
user=(setpriv --reuid "$uid" --regid "$uid" --clear-groups --inh-caps=-all --bounding-set=-all)
if "${user[@]}" unshare -Ur true 2>/dev/null; then
	mkdir -p "$T/u/run" && cp -r "$T/b/rootfs" "$T/u/" && cp "$JAILRUN" "$T/u/jailrun"
	chown -Rh $uid:$uid "$T/u"
	(cd "$T/u" && "${user[@]}" "$T/u/jailrun" spec --rootless && jq ".process.terminal = false | .root.readonly = false | $(sh_filter 'mkdir /tmp/d') | $(notify '"mkdir"' 'mkdir=EROFS')" config.json >new && mv new config.json)
	chmod 666 "$agent"
	for policy in none default; do
		run "${user[@]}" env XDG_RUNTIME_DIR="$T/u/run" "$T/u/jailrun" --policy $policy run --bundle "$T/u" "jt-$$-u"
		like "rootless, $policy: the agent answers" "$err" 'Read-only file system'
	done
else
	skip "rootless" "this host lets no user make a user namespace"
fi
# An agent that is gone: the kernel answers for it.
forget
in_sh 'mkdir /tmp/d' "$(notify '"mkdir"' leave)"
ok "an agent that goes away with its listener" eventually 10 test ! -e "/proc/$agent_pid"
like "leaves ENOSYS" "$err" 'Function not implemented'
rm -f "$agent"
serve
agent_pid=$!
make_bundle "$T/b" "$(sh_filter 'mkdir /tmp/d 2>/tmp/first; until mkdir /tmp/e 2>&1 | grep -q implemented; do sleep 0.05; done; echo >/tmp/gone; sleep 60') | $(notify '"mkdir"' 'mkdir=EROFS')"
jrun --policy none run -d --bundle "$T/b" "jt-$$-k"
ok "the agent answers" eventually 10 grep -q 'Read-only' "$T/b/rootfs/tmp/first"
kill -9 "$agent_pid"
ok "and when it is killed the container goes on without it" eventually 10 test -e "$T/b/rootfs/tmp/gone"
jr delete --force "jt-$$-k"
done_testing
