# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034
# What docker and podman have in common: their command line. `e` is the engine's client, `er` its `run` with no network and
# the runtime chosen; both are commands in $W/bin.

# Says "refused" where the engine's own seccomp profile is in force.
profile_probe='unshare -U true 2>/dev/null && echo allowed || echo refused'

# cli_suite WHAT: everything that a container's first process, its files and its end have to show.
cli_suite() {
	local what=$1

	cli_process "$what"
	cli_files "$what"
	cli_walls "$what"
	cli_errors "$what"
	cli_detached "$what"
	cli_signals "$what"
	cli_living "$what"
}

cli_process() {
	local what=$1

	expect "$what: output and exit code 0" 0 hi er --rm bb /bin/echo hi
	expect "$what: exit code 37" 37 "" er --rm bb /bin/sh -c 'exit 37'
	expect "$what: stderr apart from stdout" 0 out er --rm bb /bin/sh -c 'echo out; echo err >&2'
	input='through the pipe'
	expect "$what: -i: stdin" 0 'through the pipe' er --rm -i bb /bin/cat
	input=
	expect "$what: a megabyte through a pipe" 0 1048576 bash -c 'head -c 1048576 /dev/zero | er --rm -i bb /bin/cat | wc -c'
	expect "$what: -t: a terminal" 0 "*/dev/pts/0*" pty er --rm -t bb /bin/tty
	expect "$what: -t: the exit code" 5 "*" pty er --rm -t bb /bin/sh -c 'exit 5'
	expect "$what: -it: a shell" 0 "*sum 42*" bash -c '(sleep 1; echo "echo sum \$((40+2))"; echo exit) | pty er --rm -it bb /bin/sh'
	expect "$what: environment, user, working directory" 0 "v 1000:1000 /tmp" er --rm -e A=v -u 1000:1000 -w /tmp bb \
		/bin/sh -c 'echo $A $(id -u):$(id -g) $PWD'
	expect "$what: a user by name, and more groups" 0 "1000 1000 4242" er --rm -u user --group-add 4242 bb /bin/sh -c \
		'echo $(id -u) $(id -G)'
	expect "$what: --hostname" 0 there er --rm --hostname there bb /bin/hostname
	expect "$what: --ulimit" 0 333 er --rm --ulimit nofile=333:333 --ulimit nproc=32768:32768 bb /bin/sh -c 'ulimit -n'
	expect "$what: --init" 0 "*" er --rm --init bb /bin/sh -c 'exit 0'
}

cli_files() {
	local what=$1

	expect "$what: -v, read-only" 0 "seen refused" er --rm -v "$W/shared:/mnt:ro" bb /bin/sh -c \
		'echo $(cat /mnt/file) $(echo x 2>/dev/null >/mnt/file || echo refused)'
	expect "$what: -v, to write" 0 "" bash -c \
		'er --rm -v "$0/shared:/mnt" bb /bin/sh -c "echo written >/mnt/new" && grep -q written "$0/shared/new"' "$W"
	expect "$what: --tmpfs" 0 "tmpfs" er --rm --tmpfs /scratch:size=1m bb /bin/sh -c 'stat -f -c %T /scratch'
	expect "$what: --read-only" 0 refused er --rm --read-only bb /bin/sh -c 'echo x 2>/dev/null >/file || echo refused'
	expect "$what: --device" 0 "1 5" er --rm --device /dev/zero:/dev/other bb /bin/stat -c '%t %T' /dev/other
	expect "$what: a device that was not granted" 0 refused er --rm bb /bin/sh -c \
		'mknod /dev/sd b 254 0 && head -c 1 /dev/sd >/dev/null 2>&1 || echo refused'
	expect "$what: masked and read-only paths" 0 "0 refused" er --rm bb /bin/sh -c \
		'echo $(cat /proc/keys | wc -c) $(echo 1 2>/dev/null >/proc/sys/kernel/panic || echo refused)'
	expect "$what: --shm-size" 0 "*size=2048k*" er --rm --shm-size 2m bb /bin/grep /dev/shm /proc/mounts
}

cli_walls() {
	local what=$1

	expect "$what: --cap-drop ALL" 0 0000000000000000 er --rm --cap-drop ALL bb /bin/sh -c "awk '/CapBnd/ {print \$2}' /proc/self/status"
	expect "$what: --cap-add" 0 "*2000" er --rm --cap-drop ALL --cap-add NET_RAW bb /bin/sh -c \
		"awk '/CapBnd/ {print \$2}' /proc/self/status"
	expect "$what: no-new-privileges" 0 1 er --rm --security-opt no-new-privileges bb /bin/sh -c \
		"awk '/NoNewPrivs/ {print \$2}' /proc/self/status"
	expect "$what: the engine's seccomp profile" 0 refused er --rm bb /bin/sh -c "$profile_probe"
	expect "$what: seccomp unconfined" 0 allowed er --rm --security-opt seccomp=unconfined bb /bin/sh -c \
		'unshare -U true && echo allowed'
	expect "$what: --sysctl" 0 7 er --rm --sysctl net.ipv4.ip_default_ttl=7 bb /bin/cat /proc/sys/net/ipv4/ip_default_ttl
	expect "$what: only loopback, and that is up" 0 "1 *LOOPBACK,UP*" er --rm bb /bin/sh -c 'echo $(ip -o link | wc -l) $(ip -o link)'
	expect "$what: --network host" 0 "*$(readlink /proc/self/ns/net | tr -dc 0-9)*" er --rm --network host bb /bin/readlink /proc/self/ns/net
	# Where it shares a pid namespace the built-in policy has nothing to protect: the container runs.
	expect "$what: --pid host" 0 "*$(readlink /proc/self/ns/pid | tr -dc 0-9)*" er --rm --pid host bb /bin/readlink /proc/self/ns/pid
	expect "$what: --ipc host" 0 "*$(readlink /proc/self/ns/ipc | tr -dc 0-9)*" er --rm --ipc host bb /bin/readlink /proc/self/ns/ipc
	expect_memory_limit "$what: a memory limit is honoured or refused" er --rm --memory LIMITb bb /bin/sleep 1
}

cli_errors() {
	local what=$1

	expect_error "$what: a missing program: 127" 127 'no such file|not found' er --rm bb /bin/no-such-program
	expect_error "$what: a missing program on PATH: 127" 127 'not found' er --rm bb no-such-program
	expect_error "$what: a file that is no program: 126" 126 '[Pp]ermission denied' er --rm bb /etc/no-program
	expect_error "$what: a working directory that is a file" any 'not a directory|working dir|chdir' er --rm -w /etc/passwd bb /bin/true
}

cli_detached() {
	local what=$1 name=d$RANDOM

	expect "$what: -d" 0 "*" er -d --name "$name" bb /bin/sh -c 'echo logged; sleep 300'
	expect "$what: inspect says running, with a pid that lives" 0 "running" bash -c \
		'kill -0 $(e inspect -f "{{.State.Pid}}" $0) && e inspect -f "{{.State.Status}}" $0' "$name"
	sleep 0.3
	expect "$what: logs" 0 logged e logs "$name"
	expect "$what: joined by another with --pid container:" 0 "*sleep 300*" er --rm --pid "container:$name" bb /bin/ps -o args
	expect "$what: rm refuses a running one" 1 "" bash -c 'e rm "$0" >/dev/null 2>&1 || exit 1' "$name" ||
		true
	expect "$what: rm -f" 0 "*" e rm -f "$name"
	expect "$what: it is gone" 1 "" bash -c 'e inspect "$0" >/dev/null 2>&1 || exit 1' "$name"

	name=s$RANDOM
	expect "$what: one that ends" 4 "" er --name "$name" bb /bin/sh -c 'echo x >>/count; exit $(($(wc -l </count) + 3))'
	expect "$what: start it again" 5 "" e start -a "$name"
	expect "$what: restart it" 0 "6" bash -c 'e restart "$0" >/dev/null && e wait "$0"' "$name"
	expect "$what: rm" 0 "*" e rm "$name"

	name=r$RANDOM
	expect "$what: restart of a running one" 0 "2" bash -c 'er -d --name "$0" bb /bin/sh -c "echo x >>/count; sleep 300" >/dev/null &&
		sleep 0.5 && e restart -t 1 "$0" >/dev/null && sleep 0.5 && e cp "$0:/count" "$1/count" >/dev/null 2>&1 && wc -l <"$1/count"' "$name" "$W"
	e rm -f "$name" >/dev/null 2>&1
}

cli_signals() {
	local what=$1 name=k$RANDOM

	expect "$what: stop: the handler's exit code" 0 11 bash -c \
		'er -d --name "$0" bb /bin/sh -c "trap \"exit 11\" TERM; while :; do sleep 0.1; done" >/dev/null && sleep 0.5 &&
		e stop -t 5 "$0" >/dev/null && e wait "$0"' "$name"
	e rm -f "$name" >/dev/null 2>&1
	expect "$what: stop with time-out: 137" 0 137 bash -c \
		'er -d --name "$0" bb /bin/sh -c "trap : TERM; while :; do sleep 0.1; done" >/dev/null && sleep 0.5 &&
		e stop -t 1 "$0" >/dev/null 2>&1 && e wait "$0"' "$name"
	e rm -f "$name" >/dev/null 2>&1
	expect "$what: kill -s USR1" 0 usr1 bash -c \
		'er -d --name "$0" bb /bin/sh -c "trap \"echo usr1; exit 0\" USR1; while :; do sleep 0.1; done" >/dev/null && sleep 0.5 &&
		e kill -s USR1 "$0" >/dev/null && e wait "$0" >/dev/null && e logs "$0"' "$name"
	e rm -f "$name" >/dev/null 2>&1
	expect "$what: kill: 137" 0 137 bash -c 'er -d --name "$0" bb /bin/sleep 300 >/dev/null && e kill "$0" >/dev/null && e wait "$0"' "$name"
	e rm -f "$name" >/dev/null 2>&1
	expect "$what: four at once" 0 "1234" bash -c \
		'for i in 1 2 3 4; do er --rm bb /bin/echo $i & done | sort | tr -d "\n"; wait'
}

# What a container does between start and end: it stands still and goes on, and shows its processes.
cli_living() {
	local what=$1 name=l$RANDOM

	er -d --name "$name" -v "$W/shared:/mnt" bb /bin/sh -c 'while :; do echo >>/mnt/count; sleep 0.1; done' >/dev/null
	expect "$what: pause" 0 "*" e pause "$name"
	expect "$what: it is paused" 0 paused e inspect -f '{{.State.Status}}' "$name"
	expect "$what: it stands still" 0 "" bash -c 'a=$(wc -c <"$0/count"); sleep 0.5; [ "$a" = "$(wc -c <"$0/count")" ]' "$W/shared"
	expect "$what: unpause" 0 "*" e unpause "$name"
	expect "$what: it goes on" 0 "" bash -c 'a=$(wc -c <"$0/count"); sleep 1; [ "$a" != "$(wc -c <"$0/count")" ]' "$W/shared"
	expect "$what: top" 0 "*while :;*" e top "$name"
	e pause "$name" >/dev/null
	expect "$what: rm -f of a paused one" 0 "*" e rm -f "$name"
	rm -f "$W/shared/count"
}
