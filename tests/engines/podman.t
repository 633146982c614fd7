#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# podman of Debian 12, which calls the runtime through conmon and by itself; the jail by --runtime-flag.
# shellcheck source=lib.sh disable=SC2016
. "$(dirname "$0")/lib.sh"
# shellcheck source=cli-suite.sh
. "$(dirname "$0")/cli-suite.sh"
# shellcheck source=cli-exec.sh
. "$(dirname "$0")/cli-exec.sh"
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
exec e run \$options "\$@"
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
update_options= # podman of this age has no update

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
}

export RUNTIME_FLAGS=
expect "import of the image" 0 "sha256:*" e import "$W/rootfs.tar" bb:latest
cli_suite runtime
cli_exec_suite runtime
health_suite runtime
init_suite runtime
if [ -n "$is_jailrun" ]; then
	export RUNTIME_FLAGS="--runtime-flag policy=default"
	cli_suite "with the jail"
	cli_exec_suite "with the jail"
	health_suite "with the jail"
	init_suite "with the jail"
	expect "with the jail: the program is not PID 1" 0 "[2-9]" er --rm bb /bin/sh -c 'echo $$'
fi
nothing_left "nothing is left" /run/runc /run/jailrun
finish
