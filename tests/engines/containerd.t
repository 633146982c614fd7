#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# containerd of Debian 12 by its client ctr: both outputs, exit codes, detached tasks, terminals, failures.
# shellcheck source=lib.sh disable=SC2016
. "$(dirname "$0")/lib.sh"
enter containerd ctr
world
echo "# $(containerd --version)"

start_containerd() {
	mkdir -p "$W/root" "$W/state"
	cat >"$W/config.toml" <<-EOF
		version = 2
		root = "$W/root"
		state = "$W/state"
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		[grpc]
		  address = "$W/sock"
		[ttrpc]
		  address = "$W/sock.ttrpc"
	EOF
	engine_log=$W/containerd.log
	containerd -c "$W/config.toml" -l warn >"$engine_log" 2>&1 &
	until_true 20 ctr -a "$W/sock" version || {
		diag <"$engine_log"
		echo "Bail out! containerd does not start"
		exit 1
	}
}

# c ARGS...: ctr on our own containerd. run RUNTIME [OPTION...] -- COMMAND...: ctr run --rm.
command_file c <<EOF
exec ctr -a "$W/sock" -n "$N" "\$@"
EOF
# cr --runc-binary RUNTIME ARGS...: ctr run. By the shim of $SHIM, to which ctr cannot say which runtime: it takes the one of that name.
command_file cr <<EOF
[ -n "\$SHIM" ] || exec c run "\$@"
ln -sf "\$2" "$W/bin/runc"
shift 2
exec c run --runtime "\$SHIM" "\$@"
EOF
command_file run <<'EOF'
options=(--runc-binary "$1")
shift
while [ "$1" != -- ]; do
	options+=("$1")
	shift
done
shift
exec cr "${options[@]:0:2}" --rm "${options[@]:2}" localhost/bb:latest "r$$" "$@"
EOF
# x [OPTION...] ID COMMAND...: ctr task exec.
command_file x <<'EOF'
exec c task exec --exec-id "x$$" "$@"
EOF
# said ID WORD: an exec that says the word; ctr may lose it (may_lose_output).
command_file said <<'EOF'
for try in 1 2 3; do x "$1" /bin/echo "$2" | grep . && exit; done
EOF
command_file task_is <<'EOF'
for i in $(seq 50); do
	c task ls | grep -qE "^$1 .* $2\$" && exit
	sleep 0.1
done
c task ls
exit 1
EOF
image=localhost/bb:latest

suite() {
	local r=$1 what=$2

	expect "$what: output and exit code 0" 0 hi run "$r" -- /bin/echo hi
	expect "$what: exit code 37" 37 "" run "$r" -- /bin/sh -c 'exit 37'
	expect "$what: stderr apart from stdout" 0 out run "$r" -- /bin/sh -c 'echo out; echo err >&2'
	expect "$what: environment, working directory" 0 "v /tmp" run "$r" --env A=v --cwd /tmp -- /bin/sh -c 'echo $A $PWD'
	expect "$what: the image's files, /proc and /dev" 0 "root:x:0:0:root:/root:/bin/sh ok" run "$r" -- /bin/sh -c \
		'echo $(head -1 /etc/passwd) $(test -c /dev/null && test -e /proc/self/status && echo ok)'
	expect "$what: a bind mount, read-only" 0 "seen refused" run "$r" \
		--mount "type=bind,src=$W/shared,dst=/mnt,options=rbind:ro" -- /bin/sh -c \
		'echo $(cat /mnt/file) $(echo x 2>/dev/null >/mnt/file || echo refused)'
	expect "$what: a read-only root" 0 refused run "$r" --read-only -- /bin/sh -c 'echo x 2>/dev/null >/file || echo refused'
	expect "$what: containerd's seccomp profile" 0 "refused" run "$r" --seccomp -- /bin/sh -c \
		'unshare -m true 2>/dev/null && echo allowed || echo refused'
	expect "$what: --privileged" 0 "*sysfs /sys sysfs rw*" run "$r" --privileged -- /bin/cat /proc/mounts
	expect "$what: the host's network" 0 "*$(readlink /proc/self/ns/net | tr -dc 0-9)*" run "$r" --net-host -- /bin/readlink /proc/self/ns/net
	expect "$what: a terminal" 0 "*/dev/pts/0*" pty run "$r" -t -- /bin/tty
	expect "$what: a terminal's exit code" 5 "*" pty run "$r" -t -- /bin/sh -c 'exit 5'
	expect_error "$what: a missing program" any 'no such file|not found' run "$r" -- /bin/no-such-program
	expect_error "$what: a file that is no program" any 'permission denied' run "$r" -- /etc/no-program
	expect_memory_limit "$what: a memory limit is honoured or refused" run "$r" --memory-limit LIMIT -- /bin/sleep 1
	more "$r" "$what"
	detached "$r" "$what"
	executed "$r" "$what"
	nothing_left "$what: nothing is left" "/run/containerd/runc/$N"
}

more() {
	local r=$1 what=$2 id=m$RANDOM pid

	session "$what: run -it" run "$r" -t -- /bin/env TERM=dumb 'PS1=READY> ' /bin/sh -i
	! ctr run --help | grep -q -- '--user ' || expect "$what: user and group" 0 1000:1000 run "$r" --user 1000:1000 -- /bin/sh -c 'echo $(id -u):$(id -g)'
	expect "$what: tmpfs" 0 tmpfs run "$r" --mount type=tmpfs,src=tmpfs,dst=/tmp -- /bin/stat -f -c %T /tmp
	expect "$what: --cap-drop" 0 00000000a80425fa run "$r" --cap-drop CAP_CHOWN -- /bin/sh -c "awk '/CapBnd/ {print \$2}' /proc/self/status"
	jq -n '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 122}]}' >"$W/profile.json"
	expect "$what: a seccomp profile of one's own" 0 "*quota*" run "$r" --seccomp --seccomp-profile "$W/profile.json" -- \
		/bin/sh -c 'mkdir /tmp/x 2>&1 || true'
	expect "$what: without a seccomp profile" 0 allowed run "$r" --cap-add CAP_SYS_ADMIN -- /bin/sh -c 'unshare -m true && echo allowed'
	cr --runc-binary "$r" -d "$image" "$id" /bin/sleep 311
	pid=$(c task ls | awk -v id="$id" '$1 == id { print $2 }')
	expect "$what: shared namespaces: pid, ipc and net of another's" 0 "*sleep 311*" run "$r" --with-ns "pid:/proc/$pid/ns/pid" \
		--with-ns "ipc:/proc/$pid/ns/ipc" --with-ns "network:/proc/$pid/ns/net" -- /bin/ps -o args
	expect "$what: inspect" 0 "*\"ID\": \"$id\"*" c container info "$id"
	expect "$what: events of an exec" 0 "*exec-started*" bash -c 'timeout 5 ctr -a "$1/sock" -n "$2" events >"$1/events" & sleep 0.5
		x "$0" /bin/true; until_true 4 grep -q exec-started "$1/events"; cat "$1/events"; kill %1 2>/dev/null' "$id" "$W" "$N"
	c task delete --force "$id" >/dev/null 2>&1
	c container rm "$id"
}

detached() {
	local r=$1 what=$2 id=d$RANDOM

	expect "$what: run -d returns" 0 "" cr --runc-binary "$r" -d "$image" "$id" /bin/sleep 300
	expect "$what: the task is running" 0 "" task_is "$id" RUNNING
	expect "$what: pause" 0 "" c task pause "$id"
	expect "$what: the task is paused" 0 "" task_is "$id" PAUSED
	expect "$what: resume" 0 "" c task resume "$id"
	expect "$what: the task is running again" 0 "" task_is "$id" RUNNING
	expect "$what: task ps" 0 "*PID*[0-9]*" c task ps "$id"
	expect "$what: kill" 0 "" c task kill -s SIGKILL "$id"
	expect "$what: the task has stopped" 0 "" task_is "$id" STOPPED
	expect_error "$what: delete gives status 137" 0 'exit code 137' c task delete "$id"
	expect "$what: the container can be removed" 0 "" c container rm "$id"

	id=e$RANDOM
	expect "$what: a container that is kept, exit code 9" 9 "" cr --runc-binary "$r" "$image" "$id" /bin/sh -c 'exit 9'
	expect "$what: its task once more, exit code 9" 9 "" c task start "$id"
	expect "$what: and removed" 0 "" c container rm "$id"

	id=f$RANDOM
	cr --runc-binary "$r" -d "$image" "$id" /bin/sh -c 'trap "exit 11" TERM; while :; do sleep 0.1; done' 2>"$W/stderr"
	sleep 0.5
	c task kill -s SIGTERM "$id"
	task_is "$id" STOPPED | diag
	expect_error "$what: SIGTERM reaches the program's handler" 0 'exit code 11' c task delete "$id"
	c container rm "$id"

	id=g$RANDOM
	cr --runc-binary "$r" -d "$image" "$id" /bin/sleep 300
	expect_error "$what: delete --force of a running task" 0 'exit code 137' c task delete --force "$id"
	c container rm "$id"
}

# The shim says --process FILE, --detach and a pid file, waits for the process itself, and makes the terminal.
executed() {
	local r=$1 what=$2 id=x$RANDOM

	cr --runc-binary "$r" -d --env FIRST=f --mount "type=bind,src=$W/shared,dst=/mnt,options=rbind:rw" "$image" "$id" \
		/bin/sh -c 'trap : TERM; while :; do sleep 0.1; done'
	expect "$what: exec: output and exit code 0" 0 hi x "$id" /bin/echo hi
	expect "$what: exec: exit code 37" 37 "" x "$id" /bin/sh -c 'exit 37'
	expect "$what: exec: ended by a signal: 137" 137 "" x "$id" /bin/sh -c 'kill -9 $$'
	expect "$what: exec: stderr apart from stdout" 0 out x "$id" /bin/sh -c 'echo out; echo err >&2'
	input='through the pipe'
	expect "$what: exec: stdin" 0 'through the pipe' x "$id" /bin/cat
	input=
	expect "$what: exec: a megabyte out of a pipe" 0 1048576 bash -c 'x "$0" /bin/head -c 1048576 /dev/zero | wc -c' "$id"
	expect "$what: exec: environment of the container's, user, working directory" 0 "f 1000:1000 /tmp" \
		x --user 1000:1000 --cwd /tmp "$id" /bin/sh -c 'echo $FIRST $(id -u):$(id -g) $PWD'
	expect "$what: exec -t: a terminal" 0 "*/dev/pts/[0-9]*" pty x -t "$id" /bin/tty
	expect "$what: exec -t: the exit code" 5 "*" pty x -t "$id" /bin/sh -c 'exit 5'
	session "$what: exec -t" x -t "$id" /bin/env TERM=dumb 'PS1=READY> ' /bin/sh -i
	expect_error "$what: exec of a missing program" any 'no such file|not found' x "$id" /bin/no-such-program
	expect_error "$what: exec of a missing program on PATH" any 'executable file not found in \$PATH' x "$id" no-such-program
	expect_error "$what: exec of a file that is no program" any 'permission denied' x "$id" /etc/no-program
	expect_error "$what: exec in a directory that is a file" any 'not a directory|Not a directory' x --cwd /etc/passwd "$id" /bin/true
	expect "$what: ten execs at once" 0 "0123456789" bash -c \
		'for i in 0 1 2 3 4 5 6 7 8 9; do said "$0" $i & done | sort | tr -d "\n"; wait' "$id"

	c task exec -d --exec-id left "$id" /bin/sh -c \
		'trap "echo term >/mnt/term; exit 3" TERM; echo >/mnt/ready; while :; do sleep 0.1; done'
	expect "$what: exec -d: the program runs" 0 "" until_true 5 test -e "$W/shared/ready"
	expect "$what: task ps has it" 0 "*left*" c task ps "$id"
	expect "$what: kill --exec-id" 0 "" c task kill -s SIGTERM --exec-id left "$id"
	expect "$what: its handler ran, and not the container's" 0 "" until_true 5 grep -q term "$W/shared/term"
	expect "$what: the task goes on" 0 "" task_is "$id" RUNNING
	expect "$what: task metrics" 0 "*$id*" c task metrics "$id"
	c task pause "$id"
	expect_error "$what: exec in a paused task is refused" any 'paused' x "$id" /bin/true
	expect "$what: resume" 0 "" c task resume "$id"
	expect "$what: exec after resume" 0 hi x "$id" /bin/echo hi

	c task exec -d --exec-id last "$id" /bin/sleep 100
	expect "$what: kill -a" 0 "" c task kill -a -s SIGKILL "$id"
	expect "$what: the task has stopped, with an exec in it" 0 "" task_is "$id" STOPPED
	expect_error "$what: exec in a stopped task is refused" any 'stopped|not running|not found' x "$id" /bin/true
	expect "$what: delete of the task and its exec" 0 "*" c task delete "$id"
	c container rm "$id"
	rm -f "$W"/shared/{ready,term}
}

may_lose_output=1
mkdir "$W/shared"
echo seen >"$W/shared/file"
oci_archive
start_containerd
expect "import of the image" 0 "*" ctr -a "$W/sock" -n "$N" images import "$W/bb.tar"
! both_ways || suite "$JAILRUN" runtime
if [ -n "$is_jailrun" ]; then
	suite "$(jail_wrapper)" "with the jail"
	expect "with the jail: the program is not PID 1" 0 "[2-9]" run "$W/jailrun-policy" -- /bin/sh -c 'echo $$'
fi
# The shims of old: one for each container, and the one of containerd's first interface.
for SHIM in io.containerd.runc.v1 io.containerd.runtime.v1.linux; do
	export SHIM
	run "$JAILRUN" -- /bin/true >/dev/null 2>"$W/stderr" || {
		skip "the shim $SHIM" "it does not start here: $(tail -n 1 "$W/stderr" | cut -c1-150)"
		continue
	}
	r=$JAILRUN
	[ -z "$is_jailrun" ] || r=$W/jailrun-policy
	expect "$SHIM: output and exit code 0" 0 hi run "$r" -- /bin/echo hi
	expect "$SHIM: exit code 37" 37 "" run "$r" -- /bin/sh -c 'exit 37'
	expect "$SHIM: a terminal's exit code" 5 "*" pty run "$r" -t -- /bin/sh -c 'exit 5'
	expect_error "$SHIM: a missing program" any 'no such file|not found' run "$r" -- /bin/no-such-program
	detached "$r" "$SHIM"
	executed "$r" "$SHIM"
done
nothing_left "of the other shims nothing is left" "/run/containerd/runc/$N"
while read -r feature; do
	cannot "$feature" "ctr does not have it"
done <<'EOF'
detach by Ctrl-P Ctrl-Q
logs
125, 126, 127
stop, its time-out
restart policy
update
cp
hostname
ids remapped
limit of processes
--init
health checks
build with RUN
policy by annotation
EOF
cannot pods "the CRI has them: cri.t"
features all
finish
