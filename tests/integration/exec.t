#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# exec: each option, each property of a process file, exit codes and texts, kinds of containers, and that nothing is left of it. Streams,
# terminals, signals and many at once are exec_io.t's; hostile containers tests/attacks/exec_into.t's.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/leftovers.sh"
need_root
need_command python3 musl-gcc setpriv
need_runtime
id=jt-$$-exec
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
musl-gcc -std=gnu11 -D_GNU_SOURCE -Wall -Werror -O1 -static -o "$T/rootfs/bin/call" "$TOP_SRCDIR/tests/lib/seccomp_call.c" ||
	skip_all "a program to make system calls with does not build"
cp "$(command -v busybox)" "$T/rootfs/busybox-denied"
mkdir -p "$T/host" "$T/rootfs/work"
printf '{"exec": {"allow": ["/bin/"]}, "limits": {"processes": 64}}' >"$T/trace.json"
printf '{"init": "workload", "exec": {"allow": ["/bin/"]}}' >"$T/outer.json"
sleeping=$(args_filter /bin/sleep 1000)

# container [FILTER [OPTIONS of run]]: one that sleeps, under $POLICY.
container() {
	local filter=${1-.}
	shift
	jr delete -f "$id" 2>/dev/null
	make_bundle "$T/b" "$sleeping | $filter"
	jr --policy "$POLICY" run -d --bundle "$T/b" "$@" "$id" >"$T/run.log" 2>&1 </dev/null || fail "$name: start: $(cat "$T/run.log")"
}
into() { # OPTIONS... -- PROGRAM...
	local options=()
	while [ "$1" != -- ]; do options+=("$1") && shift; done
	shift
	jrun exec "${options[@]}" "$id" "$@"
}
# says NAME WANTED OPTIONS... -- PROGRAM...: it succeeds and prints that.
says() {
	local name=$1 want=$2
	shift 2
	into "$@"
	is "$name" "$rc:$out" "0:$want" || diag "$err"
}
# refused NAME TEXT OPTIONS... -- PROGRAM...: 255, one line on stderr, nothing else, no pid file.
refused() {
	local name=$1 text=$2
	shift 2
	rm -f "$T/pid"
	into --pid-file "$T/pid" "$@"
	is "$name: refused" "$rc:$out:$(wc -l <"$T/err")" 255::1 || diag "$err"
	like "$name: in so many words" "$err" "$text"
	not_ok "$name: no pid file" test -e "$T/pid"
}
# process FILTER: a file for --process, of the container's own process.
process() {
	jq ".process | .args = [\"/bin/true\"] | $1" "$T/b/config.json" >"$T/process.json"
}
# file_says NAME WANTED SCRIPT FILTER: the same for a process file.
file_says() {
	process ".args = [\"/bin/sh\", \"-c\", $(jq -cn --arg s "$3" '$s')] | $4"
	jrun exec --process "$T/process.json" "$id"
	is "$1" "$rc:$out" "0:$2" || diag "$err"
}
status() { # of /proc/self/status, a script
	echo "sed -n 's/^$1:[[:space:]]*//p' /proc/self/status"
}
of_workload() { # the same of the container's own process, which is the supervisor's first child
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$(jr ps -f json "$id" | jq '.[1] // .[0]')/status"
}

for POLICY in none default "$T/trace.json" "$T/outer.json"; do
	name=${POLICY##*/} name=${name%.json}
	container '.process.env += ["TWICE=1", "OTHER=2"] | .process.user.umask = 63 | .process.cwd = "/work"'

	# ---- options ----
	says "$name: its directory is the container's" /work -- pwd
	says "$name: --cwd" /var --cwd /var -- pwd
	says "$name: its environment is the container's" $'1\n2' -- sh -c 'echo $TWICE; echo $OTHER'
	says "$name: -e replaces one and adds one, --env too" 'TWICE=3 OTHER=2 NEW=a=b EMPTY=' -e TWICE=2 --env TWICE=3 -e NEW=a=b --env=EMPTY= -- \
		sh -c 'echo $(env | grep TWICE) $(env | grep OTHER) $(env | grep NEW) $(env | grep EMPTY)'
	refused "$name: -e without a value" "--env: must be of the form NAME=VALUE, not \"TWICE\"" -e TWICE -- true
	says "$name: HOME is that of the passwd file" /root -- sh -c 'echo $HOME'
	says "$name: also of another user" /home -u 1000 -- sh -c 'echo $HOME'
	says "$name: of nobody there /" / -u 4321 -- sh -c 'echo $HOME'
	says "$name: and what is given" /own -e HOME=/own -u 1000 -- sh -c 'echo $HOME'
	says "$name: -u UID" '1000 0' -u 1000 -- sh -c 'echo $(id -u) $(id -g)'
	says "$name: -u UID:GID and -g" '7 8 8 9 10' --user 7:8 -g 9 --additional-gids 10 -- sh -c 'echo $(id -u) $(id -g) $(id -G)'
	for user in root 1: :1 -1 0x1 ' 1' 4294967295 1:1:1; do
		refused "$name: -u '$user'" '--user' --user "$user" -- true
	done
	refused "$name: -g x" '--additional-gids' -g x -- true
	says "$name: the umask is the container's" 0077 -- sh -c umask
	says "$name: no_new_privs is the container's" 1 -- sh -c "$(status NoNewPrivs)"
	says "$name: no inheritable and no ambient capabilities" $'0000000000000000\n0000000000000000' -- sh -c "$(status CapInh); $(status CapAmb)"
	says "$name: the others are the container's" "$(of_workload CapBnd)" -- sh -c "$(status CapBnd)"
	says "$name: -c adds one" 0000000020001420 -c CAP_NET_ADMIN -- sh -c "$(status CapEff)"
	refused "$name: -c of an unknown one" "'CAP_FOO' is no capability" -c CAP_FOO -- true
	says "$name: three fds, and that of ls" '0 1 2 3' -- sh -c 'echo $(ls /proc/self/fd)'
	exec 3<"$T/spec.json" 4</etc/hostname 5</etc/passwd
	says "$name: --preserve-fds 2" "$(cat /etc/hostname)" --preserve-fds 2 -- sh -c 'cat <&4; test -e /proc/self/fd/5 && echo five; true'
	exec 4</etc/hostname
	run env LISTEN_FDNAMES=a:b sh -c 'LISTEN_FDS=2 LISTEN_PID=$$ exec "$@"' sh "$JAILRUN" --root "$ROOT" exec "$id" sh -c 'test "$LISTEN_PID" = $$ && echo $LISTEN_FDS $LISTEN_FDNAMES; cat <&4; test -e /proc/self/fd/5 && echo five; true'
	is "$name: LISTEN_FDS" "$rc:$out" $'0:2 a:b\n'"$(cat /etc/hostname)" || diag "$err"
	exec 3<&- 4<&- 5<&-
	refused "$name: --preserve-fds of a closed one" 'fd 3 is not open' --preserve-fds 1 -- true
	into --pid-file "$T/pid" -- sh -c 'sed -n "s/^Pid:[[:space:]]*//p" /proc/self/status'
	like "$name: --pid-file in the foreground: a number, no newline" "$(cat "$T/pid"; echo .)" '^[1-9][0-9]*\.$'
	into --pid-file "$T/none/pid" -- true
	is "$name: a pid file that cannot be written" "$rc" 255
	like "$name: is named" "$err" 'none/'
	rm -f "$T/pidfd.out" # of the last round
	python3 "$TOP_SRCDIR/tests/lib/pidfd.py" "$T/pidfd.sock" >"$T/pidfd.out" &
	eventually 5 grep -q listening "$T/pidfd.out"
	into --pidfd-socket "$T/pidfd.sock" --pid-file "$T/pid" -- sleep 0.1
	wait $!
	is "$name: --pidfd-socket names the process" "$rc:$(tail -n 1 "$T/pidfd.out")" "0:$(cat "$T/pid")"
	rm -f "$T/pidfd.sock"

	# ---- exit codes and texts ----
	for code in 0 1 3 126 127 255; do
		into -- sh -c "exit $code"
		is "$name: exit code $code" "$rc:$err" "$code:"
	done
	for sig in 9 11 15; do
		into -- sh -c "ulimit -c 0; kill -$sig \$\$"
		is "$name: death by signal $sig" "$rc" $((128 + sig))
	done
	refused "$name: a program that is not there" 'exec: "nosuch": executable file not found in \$PATH' -- nosuch
	refused "$name: a path that is not there" 'exec: "/bin/nosuch": stat /bin/nosuch: no such file or directory' -- /bin/nosuch
	refused "$name: no program" 'exec: "/etc/passwd": permission denied' -- /etc/passwd
	refused "$name: a directory" 'exec: "/etc": is a directory' -- /etc
	refused "$name: a directory that is not there" 'chdir to cwd .*/nowhere' --cwd /nowhere -- true
	refused "$name: a directory that is not absolute" '--cwd' --cwd work -- true
	refused "$name: no program at all" 'name the program' --
	refused "$name: -t -d without a socket" 'cannot allocate tty if jailrun will detach without setting console socket' -t -d -- true
	case $name in
	trace | outer) refused "$name: a program that the policy refuses" 'refused by policy .*exec\.allow' -- /busybox-denied true ;;
	*) says "$name: a program that no policy refuses (control)" x -- /busybox-denied echo x ;;
	esac

	# ---- a file ----
	file_says "$name: file: user" '5 6 6 7 0027' 'echo $(id -u) $(id -g) $(id -G) $(umask)' '.user = {uid: 5, gid: 6, additionalGids: [7], umask: 23}'
	file_says "$name: file: env alone" $'A=1\nHOME=/root' '' '.env = ["A=1"] | .args = ["/bin/env"]'
	file_says "$name: file: cwd" /var pwd '.cwd = "/var"'
	file_says "$name: file: capabilities" '0000000000000021 0000000000000021' "echo \$($(status CapPrm)) \$($(status CapBnd))" '.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL"], permitted: ["CAP_CHOWN", "CAP_KILL"], effective: ["CAP_CHOWN"]}'
	file_says "$name: file: ambient ones of a user" '0000000000000400' "$(status CapEff)" '.user.uid = 5 | .capabilities |= (.inheritable = ["CAP_NET_BIND_SERVICE"] | .ambient = ["CAP_NET_BIND_SERVICE"])'
	file_says "$name: file: without capabilities: the container's" "$(of_workload CapPrm) $(of_workload CapBnd)" "echo \$($(status CapPrm)) \$($(status CapBnd))" 'del(.capabilities)'
	file_says "$name: file: capabilities of none" '0000000000000000 0000000000000000' "echo \$($(status CapPrm)) \$($(status CapBnd))" '.capabilities = {}'
	file_says "$name: file: rlimits" '77' 'ulimit -n' '.rlimits = [{type: "RLIMIT_NOFILE", soft: 77, hard: 88}]'
	file_says "$name: file: noNewPrivileges" 0 "$(status NoNewPrivs)" '.noNewPrivileges = false'
	file_says "$name: file: oomScoreAdj" 321 'cat /proc/self/oom_score_adj' '.oomScoreAdj = 321'
	file_says "$name: file: scheduler" '3 5' 'echo $(cut -d" " -f41 /proc/self/stat) $(cut -d" " -f19 /proc/self/stat)' '.scheduler = {policy: "SCHED_BATCH", nice: 5}'
	file_says "$name: file: execCPUAffinity" 1 "$(status Cpus_allowed_list)" '.execCPUAffinity = {initial: "0", final: "1"}'
	file_says "$name: file: ioPriority" 'best-effort: prio 6' 'ionice -p $$' '.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
	# Without a policy nothing but the file decides; a file may not loosen the jail.
	file_says "$name: file: the filters are the container's" "$(of_workload Seccomp_filters)" "$(status Seccomp_filters)" .
	process '.args = "x"'
	refused "$name: file: a wrong type" 'process\.args|args' --process "$T/process.json" --
	process '.rlimits = [{type: "RLIMIT_NONSENSE", soft: 1, hard: 1}]'
	refused "$name: file: a wrong value is named" 'rlimits\[0\].*RLIMIT_NONSENSE' --process "$T/process.json" --
	process .
	for option in '--cwd /' '-e A=1' '-u 1' '-g 1' '-c CAP_KILL' '--no-new-privs'; do
		# shellcheck disable=SC2086 # words
		refused "$name: ${option%% *} beside a file" 'beside --process' --process "$T/process.json" $option --
	done
	refused "$name: a program beside a file" 'beside --process' -p "$T/process.json" -- true
	refused "$name: a file that is not there" 'nosuch' -p "$T/nosuch" --
	echo '{' >"$T/process.json"
	refused "$name: a file that is none" 'process\.json' -p "$T/process.json" --

	# ---- the caller is its parent ----
	python3 "$TOP_SRCDIR/tests/lib/reaper.py" "$T/pid" "$JAILRUN" --root "$ROOT" exec -d --pid-file "$T/pid" "$id" sh -c 'sleep 0.1; exit 33' >"$T/out" 2>&1 </dev/null
	is "$name: -d: a subreaper waits for the process as for its child" "$(cat "$T/out")" '0 33'
	python3 "$TOP_SRCDIR/tests/lib/reaper.py" "$T/pid" "$JAILRUN" --root "$ROOT" exec -d --pid-file "$T/pid" "$id" sh -c 'kill -9 $$' >"$T/out" 2>&1 </dev/null
	is "$name: -d: and hears of its death" "$(cat "$T/out")" '0 -9'

	# ---- nothing is left ----
	pid=$(jr state "$id" | jq .pid)
	fds() { for fd in "/proc/$pid/fd"/*; do readlink "$fd"; done | sed 's/[0-9]\{4,\}/N/' | sort; }
	# shellcheck disable=SC2317 # eventually calls it
	alone() { [ "$(jr ps "$id" | grep -c '[j]ailrun-init')" -le 1 ]; } # the supervisor, when its scouts have gone
	eventually 5 alone
	fds >"$T/fds.before" && find "$ROOT/$id" | sort >"$T/state.before"
	jr ps -f json "$id" | jq length >"$T/ps.before"
	for _ in 1 2 3; do
		into -- sh -c 'true; true'
		into -- nosuch
		into -t -- true
		into -- sh -c 'kill -9 $$'
	done
	# shellcheck disable=SC2317 # eventually calls it
	as_before() {
		fds | cmp -s - "$T/fds.before" && find "$ROOT/$id" | sort | cmp -s - "$T/state.before" && jr ps -f json "$id" | jq length | cmp -s - "$T/ps.before"
	}
	ok "$name: no process, no fd of PID 1 and no file of the state is left" eventually 3 as_before ||
		diag "$(fds | diff - "$T/fds.before")" "$(find "$ROOT/$id" | sort | diff - "$T/state.before")" "$(jr ps "$id")"
	# What it leaves running goes with the container.
	into -- sh -c 'sleep 1000 >/dev/null 2>&1 & exit 4'
	is "$name: it may leave a child behind" "$rc" 4
	ok "$name: which runs on" test "$(jr ps -f json "$id" | jq length)" -gt "$(cat "$T/ps.before")"
	jr exec "$id" sleep 1000 </dev/null >/dev/null 2>&1 &
	eventually 5 eval 'jr ps "$id" | grep -c "sleep 1000" | grep -q 3'
	leftovers_begin "$T/b"
	ok "$name: kill of the container" jr kill "$id" KILL
	wait $!
	is "$name: is the end of a foreground exec" $? 137
	eventually 5 status_is "$id" stopped
	refused "$name: into the stopped one" 'cannot exec in a stopped container' -- true
	ok "$name: delete" jr delete "$id"
	nothing_left "$name: nothing is left of the container" "$id"
	refused "$name: into none" 'container does not exist' -- true

	# The kernel lets PID 1 end only when all of its namespace were waited for, the exec'd ones by their own parents.
	container .
	mkfifo "$T/hold" 2>/dev/null
	python3 "$TOP_SRCDIR/tests/lib/reaper.py" "$T/pid" "$JAILRUN" --root "$ROOT" exec -d --pid-file "$T/pid" "$id" sleep 1000 <"$T/hold" >"$T/out" 2>&1 &
	exec 7>"$T/hold"
	eventually 5 eval 'jr ps "$id" | grep -c "sleep 1000" | grep -q 2'
	jr kill "$id" KILL
	sleep 0.1
	refused "$name: into one that is ending" 'container not running: its first process is ending' -- true
	exec 7>&-
	wait $!
	is "$name: whose exec'd process was killed with it" "$(cat "$T/out")" '0 -9'

	# ---- kinds of containers ----
	jr delete -f "$id" 2>/dev/null
	make_bundle "$T/b" "$sleeping"
	jr --policy "$POLICY" create --bundle "$T/b" "$id" >/dev/null 2>&1 </dev/null
	if [ "$name" = none ]; then
		says "$name: into one that is created" 1 -- sh -c 'test -d /proc/1 && echo 1'
		jr start "$id"
		says "$name: and started then" x -- echo x
	else
		refused "$name: into one that is created" 'not started: the jail of policy' -- true
		jr start "$id"
		says "$name: which works from the start on" x -- echo x
	fi
	container '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}]'
	says "$name: user namespace: root inside" '0 0 100000' -- sh -c 'echo $(id -u) $(id -g) $(tr -s " " </proc/self/uid_map | cut -d" " -f3)'
	into --pid-file "$T/pid" -- true
	says "$name: user namespace: another user" '1000 5 5 6' -u 1000:5 -g 6 -- sh -c 'echo $(id -u) $(id -g) $(id -G)'
	says "$name: user namespace: the bounding set" "$(of_workload CapBnd)" -- sh -c "$(status CapBnd)"
	refused "$name: user namespace: one that is not mapped" '70000' -u 70000 -- true
	says "$name: user namespace: a terminal" /dev/pts/0 -t -- tty
	ip netns add "jt-$$" 2>/dev/null && at_exit "ip netns del jt-$$"
	if [ -e "/run/netns/jt-$$" ]; then
		container ".linux.namespaces |= map(select(.type != \"network\")) + [{type: \"network\", path: \"/run/netns/jt-$$\"}]"
		says "$name: a joined network namespace" "$(stat -Lc %i "/run/netns/jt-$$")" -- stat -Lc %i /proc/self/ns/net
	else skip "$name: a joined network namespace" "ip netns does not work here"; fi
	container '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"], syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 28}]}'
	into -- mkdir /tmp/d
	like "$name: a profile of the container refuses" "$rc $err" '^1 .*No space left'
	says "$name: and lets the rest (control)" x -- sh -c 'touch /tmp/f && echo x; rm /tmp/f'
	says "$name: as many filters as the container's own process" "$(of_workload Seccomp_filters)" -- sh -c "$(status Seccomp_filters)"
	process '.args = ["/bin/mkdir", "/tmp/d"] | .noNewPrivileges = false | .user.uid = 1000 | .capabilities = {}'
	into -p "$T/process.json" --
	like "$name: also a user, by a file, without no_new_privs" "$rc $err" '^1 .*No space left'
	container '.process.args = ["/bin/sh", "-c", "call 250 0 0xfffffffffffffffd 0 | head -n 1 >/tmp/ring; sleep 1000"]'
	eventually 5 test -s "$T/rootfs/tmp/ring"
	says "$name: the session keyring is the container's" "$(cat "$T/rootfs/tmp/ring")" -- sh -c 'call 250 0 0xfffffffffffffffd 0 | head -n 1'
	like "$name: and is one (control)" "$out" '^[1-9]'
	rm -f "$T/rootfs/tmp/ring"
	container 'del(.linux.namespaces[] | select(.type == "cgroup"))'
	like "$name: it is in the container's cgroup" "$(jr exec "$id" tail -n 1 /proc/self/cgroup)" "/$id\$"
	cgroup=$(left_cgroups "$id" | head -n 1) cgroup=${cgroup#cgroup }
	if [ -n "$cgroup" ] && mkdir "$cgroup/sub"; then
		into --cgroup sub -- tail -n 1 /proc/self/cgroup
		like "$name: --cgroup" "$rc $out" "^0 .*/$id/sub\$" || diag "$err"
		into --cgroup /sub -- tail -n 1 /proc/self/cgroup
		like "$name: --cgroup of an absolute path is below the container's, too" "$rc $out" "^0 .*/$id/sub\$" || diag "$err"
		refused "$name: --cgroup of one that is not there" 'nosuch' --cgroup nosuch -- true
		refused "$name: --cgroup out of it" '--cgroup: bad sub cgroup path' --cgroup .. -- true
		refused "$name: --cgroup of a controller" 'cgroup v2 has one tree' --cgroup cpu:sub -- true
		ok "$name: pause" jr pause "$id"
		refused "$name: into a paused one" 'cannot exec in a paused container \(use --ignore-paused to override\)' -- true
		jr exec --ignore-paused "$id" echo went on >"$T/paused" 2>&1 </dev/null &
		sleep 0.2
		is "$name: --ignore-paused: nothing runs" "$(cat "$T/paused")" ""
		ok "$name: resume" jr resume "$id"
		wait $!
		is "$name: and then it does" "$?:$(cat "$T/paused")" "0:went on"
	else skip "$name: --cgroup and --ignore-paused" "no cgroup can be made here"; fi
	jr delete -f "$id"
done
done_testing
