#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# podman of Debian 12, which calls the runtime through conmon and by itself; the jail by --runtime-flag.
# shellcheck source=lib.sh disable=SC2016
. "$(dirname "$0")/lib.sh"
# shellcheck source=cli-suite.sh
. "$(dirname "$0")/cli-suite.sh"
# shellcheck source=cli-exec.sh
. "$(dirname "$0")/cli-exec.sh"
# shellcheck source=cli-more.sh
. "$(dirname "$0")/cli-more.sh"
# shellcheck source=imported.sh
. "$(dirname "$0")/imported.sh"
enter podman conmon
world
echo "# $(podman --version), $(conmon --version | head -1)"

cat >"$W/containers.conf" <<EOF
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]
# Its default of 2048 needs a pids controller that a machine of both cgroup versions has not in v2.
pids_limit = 0
[engine]
stop_timeout = 1
static_dir = "$W/libpod"
EOF
export CONTAINERS_CONF=$W/containers.conf
export PODMAN_IGNORE_CGROUPSV1_WARNING=1
command_file e <<EOF
exec podman --root "$W/data" --runroot "$W/run" --tmpdir "$W/tmp" --cgroup-manager cgroupfs --events-backend file \\
	--storage-driver overlay --runtime "$JAILRUN" \$RUNTIME_FLAGS "\$@"
EOF
command_file er <<EOF
options="--cgroup-parent /$N"
case " \$* " in
*" --network "*) ;;
*) options+=" --network none" ;;
esac
exec e \${VERB:-run} \$options "\$@"
EOF

mkdir "$W/shared" "$W/libpod" "$W/tmp"
chmod 777 "$W/shared"
echo seen >"$W/shared/file"
rootfs
# Its profile lets unshare pass, and nothing in busybox shows what it does not: only that there is one.
profile_probe="grep -q '^Seccomp:.*2' /proc/self/status && echo refused"

exec_missing=127
# Its restart takes the sessions of exec away, now and then before the one who waits has read the exit code.
exec_restarted='@(137|255)'
# Where a machine has both versions of cgroups it asks for the container's files in the trees of v1 alone.
stats_of_v1=
[ ! -e /sys/fs/cgroup/memory/cgroup.procs ] || stats_of_v1=1
event_option=--stream=false
event_format='{{.Status}} {{.ContainerExitCode}}'
attach_exits=0 # of this age
runtime_refuses=127 # where the error has the words of a program that is missing
# Which version it is.
major=$(podman --version | sed 's/^[^0-9]*//; s/\..*//')
update_options= # it has update from 4.4 on
[ "$major" -lt 5 ] || update_options="--memory 71303168"

# There is no systemd here to run the checks by timers.
export DISABLE_HC_SYSTEMD=true
health_suite() {
	local what=$1 name=h$RANDOM

	er -d --name "$name" --health-cmd 'test -e /healthy && echo well' --health-retries 1 bb /bin/sleep 300 >/dev/null
	expect "$what: a failing health check" 1 "*unhealthy*" e healthcheck run "$name"
	e exec "$name" /bin/touch /healthy
	expect "$what: a passing one" 0 "" e healthcheck run "$name"
	expect "$what: its output" 0 "*healthy*well*" e inspect -f '{{json .State.Health}}' "$name"
	e rm -f "$name" >/dev/null
}

# `podman init` is the runtime's create without its start.
init_suite() {
	local what=$1 name=i$RANDOM

	e create --cgroup-parent "/$N" --network none --name "$name" bb /bin/echo started >/dev/null
	expect "$what: init" 0 "*" e init "$name"
	expect "$what: init leaves it there, not running" 0 "*ed" e inspect -f '{{.State.Status}}' "$name"
	expect "$what: start of an initialised one" 0 started e start -a "$name"
	e rm "$name" >/dev/null
	e create --cgroup-parent "/$N" --network none --name "$name" bb /bin/echo started >/dev/null
	e init "$name" >/dev/null
	expect "$what: rm -f of an initialised one" 0 "*" e rm -f "$name"
	# conmon kills its own process group then: whoever waits for the container must see it end.
	expect "$what: run --timeout" 0 ended bash -c 'er --rm --timeout 1 bb /bin/sleep 4174 >/dev/null 2>&1; pgrep -fx "/bin/sleep 4174" || echo ended'
}

build_suite() {
	# Its build has options for the runtime of its own.
	# shellcheck disable=SC2046,SC2086 # words
	cli_build_suite "$1" env RUNTIME_FLAGS= podman --root "$W/data" --runroot "$W/run" --tmpdir "$W/tmp" --cgroup-manager cgroupfs \
		--storage-driver overlay --runtime "$JAILRUN" build $RUNTIME_FLAGS --isolation oci --network none --cgroup-parent "/$N/build"
}

remap_suite() {
	local what=$1 ids=(--uidmap 0:200000:65536 --gidmap 0:200000:65536) name=u$RANDOM f

	for f in subuid subgid; do
		echo "containers:300000:65536" >"$W/$f"
		mount --bind "$W/$f" "/etc/$f"
	done

	expect "$what: ids remapped: root is 200000 outside" 0 "0 200000 65536" er --rm "${ids[@]}" bb /bin/sh -c 'echo $(cat /proc/self/uid_map)'
	expect "$what: ids remapped: what it writes belongs to that" 0 200000 bash -c \
		'er --rm "${@:1}" -v "$0/shared:/mnt" bb /bin/touch /mnt/mapped && stat -c %u "$0/shared/mapped"; rm -f "$0/shared/mapped"' "$W" "${ids[@]}"
	er -d --name "$name" "${ids[@]}" bb /bin/sleep 300 >/dev/null
	expect "$what: ids remapped: exec, and a terminal" 0 "*0:0*/dev/pts/*" pty e exec -t "$name" /bin/sh -c 'echo $(id -u):$(id -g); tty'
	expect "$what: ids remapped: exec runs as them outside" 0 "*200000*" e top "$name" huser,args
	e rm -f "$name" >/dev/null
	expect "$what: ids remapped: --userns auto" 0 "0 [1-9]* [1-9]*" er --rm --userns auto:size=5000 bb /bin/sh -c 'echo $(cat /proc/self/uid_map)'
}

pod_suite() {
	local what=$1 name=pod$RANDOM

	expect "$what: pod create" 0 "*" e pod create --name "$name" --network none --cgroup-parent "/$N" --share pid,ipc,net,uts --hostname of-pod
	expect "$what: pod: two containers in it" 0 "*" bash -c 'e run -d --pod "$0" --name "$0-a" bb /bin/sleep 311 >/dev/null &&
		e run -d --pod "$0" --name "$0-b" bb /bin/sh -c "echo served | nc -l -p 4711; sleep 312"' "$name"
	expect "$what: pod: they share pid, ipc, net and uts" 0 "$(namespaces_of "$name-a" pid ipc net uts)" namespaces_of "$name-b" pid ipc net uts
	expect "$what: pod: and its hostname" 0 of-pod e exec "$name-b" /bin/hostname
	expect "$what: pod: one serves, the other asks, on loopback" 0 served bash -c \
		'for i in 1 2 3 4 5 6 7 8 9; do e exec "$0-a" /bin/nc 127.0.0.1 4711 2>/dev/null && exit; sleep 0.2; done' "$name"
	expect "$what: pod: top has the processes of both" 0 "*sleep 311*sleep 312*" bash -c 'e pod top "$0" args | sort' "$name"
	expect "$what: pod pause, unpause" 0 "Paused Running" bash -c 'e pod pause "$0" >/dev/null; a=$(e pod inspect -f "{{.State}}" "$0")
		e pod unpause "$0" >/dev/null; echo "$a" "$(e pod inspect -f "{{.State}}" "$0")"' "$name"
	expect "$what: pod restart" 0 "*" e pod restart "$name"
	expect "$what: pod: exec after restart" 0 hi e exec "$name-a" /bin/echo hi
	expect "$what: pod stop" 0 "*" e pod stop -t 1 "$name"
	expect "$what: pod: all have ended" 0 "@(137|143) @(137|143)" bash -c 'echo $(e inspect -f "{{.State.ExitCode}}" "$0-a" "$0-b")' "$name"
	expect "$what: pod rm -f" 0 "*" e pod rm -f "$name"
}

export RUNTIME_FLAGS=
expect "import of the image" 0 "sha256:*" e import "$W/rootfs.tar" bb:latest
if both_ways; then
	cli_suite runtime
	cli_exec_suite runtime
	health_suite runtime
	init_suite runtime
	cli_more_suite runtime
	build_suite runtime
	remap_suite runtime
	pod_suite runtime
fi
if [ -n "$is_jailrun" ]; then
	keeper
	profile=/usr/share/containers/seccomp.json # the one that it takes unasked
	import_suite "usual capabilities" "$profile" env RUNTIME_FLAGS="--runtime $W/bin/keeper" er --rm --security-opt seccomp="$profile" bb /bin/true
	import_suite "more capabilities" "$profile" env RUNTIME_FLAGS="--runtime $W/bin/keeper" er --rm --security-opt seccomp="$profile" \
		--cap-add SYS_ADMIN --cap-add AUDIT_WRITE --cap-drop SYS_CHROOT bb /bin/true
	export RUNTIME_FLAGS="--runtime-flag policy=default"
	cli_suite "with the jail"
	cli_exec_suite "with the jail"
	health_suite "with the jail"
	init_suite "with the jail"
	cli_more_suite "with the jail"
	build_suite "with the jail"
	remap_suite "with the jail"
	pod_suite "with the jail"
	expect "with the jail: the program is not PID 1" 0 "[2-9]" er --rm bb /bin/sh -c 'echo $$'
	RUNTIME_FLAGS="--runtime-flag admin-config=$(admin_config)" CAN_ANNOTATE=1 cli_admin_suite
	expect "administrator: and what podman says of the container" 0 true jq -s 'any(.[]; .annotations["io.container.manager"] == "libpod")' "$W/audit.jsonl"
fi
nothing_left "nothing is left" /run/runc /run/jailrun
[ "$major" -gt 4 ] || cannot update "podman has it from 4.4 on: newer-podman.t"
[ -z "$stats_of_v1" ] || cannot stats "this podman asks for them in the trees of v1 where a machine has both versions: newer-podman.t, vm/engines.t"
features all
finish
