#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# dockerd of Debian 12: the runtime registered in daemon.json, plain and with the jail by runtimeArgs.
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
enter dockerd /usr/bin/docker containerd
world
echo "# $(dockerd --version)"

# configure RUNTIME: the one that containers get which do not ask, as those of a build.
configure() {
	jq -n --arg r "$JAILRUN" --arg jail "$is_jailrun" --arg default "$1" --arg admin "$W/admin.json" --arg keeper "$W/bin/keeper" '{"default-runtime": $default, runtimes: ({underTest: {path: $r}, keeper: {path: $keeper}} +
		if $jail == "" then {} else {jailed: {path: $r, runtimeArgs: ["--policy", "default"]}, administered: {path: $r, runtimeArgs: ["--admin-config", $admin]}} end)}' \
		>"$W/daemon.json"
}
# start_docker OPTION...
start_docker() {
	configure underTest
	engine_log=$W/dockerd.log
	dockerd --data-root "$W/data" --exec-root "$W/exec" --pidfile "$W/pid" -H "unix://$W/sock" --iptables=false \
		--ip6tables=false --ip-masq=false --ip-forward=false --bridge=none --config-file "$W/daemon.json" \
		--cgroup-parent "/$N" --log-level warn "$@" >"$engine_log" 2>&1 &
	daemon=$!
	until_true 30 e version || {
		diag <"$engine_log"
		echo "Bail out! dockerd does not start"
		exit 1
	}
}

command_file e <<EOF
exec /usr/bin/docker -H "unix://$W/sock" "\$@"
EOF
# \$RUNTIME: which of the registered ones.
command_file er <<'EOF'
case " $* " in
*" --network "*) exec e "${VERB:-run}" --runtime "$RUNTIME" "$@" ;;
esac
exec e "${VERB:-run}" --network none --runtime "$RUNTIME" "$@"
EOF

can_annotate=
! /usr/bin/docker run --help | grep -q -- --annotation || can_annotate=1
# It has 126 for whatever goes wrong in exec.
exec_missing=126
exec_restarted=137
attach_exits=7
runtime_refuses=125
stats_of_v1=
event_option='--until=$(date +%s.%N)' # its "now" has whole seconds
event_format='{{.Action}} {{.Actor.Attributes.exitCode}}'
update_options="--memory 71303168 --memory-swap -1"

command_file health_is <<'EOF'
[ "$(e inspect -f '{{.State.Health.Status}}' "$1")" = "$2" ]
EOF
# The engine runs the check by exec, on its own.
health_suite() {
	local what=$1 name=h$RANDOM

	er -d --name "$name" --health-cmd 'test -e /healthy && echo well' --health-interval 0.5s --health-timeout 5s --health-retries 1 \
		bb /bin/sleep 300 >/dev/null
	expect "$what: a failing health check" 0 "" until_true 15 health_is "$name" unhealthy
	e exec "$name" /bin/touch /healthy
	expect "$what: a passing one" 0 "" until_true 15 health_is "$name" healthy
	expect "$what: its output" 0 "*well*" e inspect -f '{{json .State.Health.Log}}' "$name"
	e rm -f "$name" >/dev/null
}

# The classic builder runs its steps by the default runtime, which the daemon reads again at SIGHUP.
command_file is_default <<'EOF'
[ "$(e info -f '{{.DefaultRuntime}}')" = "$1" ]
EOF
build_suite() {
	configure "$RUNTIME"
	kill -HUP "$daemon"
	until_true 5 is_default "$RUNTIME"
	DOCKER_BUILDKIT=0 cli_build_suite "$1" e build --network none
}

# A daemon of its own: all ids of its containers are mapped, and its images lie elsewhere.
remap_suite() {
	local f
	kill "$daemon"
	wait "$daemon"
	for f in subuid subgid; do
		echo "daemon:200000:65536" >"$W/$f"
		mount --bind "$W/$f" "/etc/$f"
	done
	chmod 755 "$W"
	start_docker --userns-remap daemon
	e import "$W/rootfs.tar" bb:latest >/dev/null
	for RUNTIME in underTest ${is_jailrun:+jailed}; do
		export RUNTIME
		expect "$RUNTIME: remapped: root is 200000 outside" 0 "0 200000 65536" er --rm bb /bin/sh -c 'echo $(cat /proc/self/uid_map)'
		expect "$RUNTIME: remapped: what it writes belongs to that" 0 200000 bash -c \
			'er --rm -v "$0/shared:/mnt" bb /bin/touch /mnt/mapped && stat -c %u "$0/shared/mapped"; rm -f "$0/shared/mapped"' "$W"
		expect "$RUNTIME: remapped: exec, and a terminal" 0 "*0:0*/dev/pts/*200000*" bash -c 'er -d --name "$0" bb /bin/sleep 300 >/dev/null
			pty e exec -t "$0" /bin/sh -c "echo \$(id -u):\$(id -g); tty"; stat -c %u "/proc/$(e inspect -f "{{.State.Pid}}" "$0")"
			e rm -f "$0" >/dev/null' "m$RANDOM"
		expect "$RUNTIME: remapped: the host's namespace where it is asked for" 0 "0 0 4294967295" er --rm --userns host bb \
			/bin/sh -c 'echo $(cat /proc/self/uid_map)'
	done
}

may_lose_output=1
mkdir -m 777 "$W/shared"
echo seen >"$W/shared/file"
rootfs
keeper
start_docker
expect "import of the image" 0 "sha256:*" e import "$W/rootfs.tar" bb:latest
expect "docker info lists the runtime" 0 "*underTest*" e info -f '{{json .Runtimes}}'
export RUNTIME=underTest
if both_ways; then
	cli_suite runtime
	cli_exec_suite runtime
	health_suite runtime
	cli_more_suite runtime
	build_suite runtime
fi
if [ -n "$is_jailrun" ]; then
	# This dockerd does not read an errno of the default.
	profile=$W/engines.json
	jq 'del(.defaultErrnoRet, .defaultErrno)' /usr/share/containers/seccomp.json >"$profile"
	import_suite "a profile by --security-opt" "$profile" env RUNTIME=keeper er --rm --security-opt seccomp="$profile" --cap-add SYS_ADMIN bb /bin/true
	export RUNTIME=jailed
	cli_suite "with the jail"
	cli_exec_suite "with the jail"
	health_suite "with the jail"
	cli_more_suite "with the jail"
	build_suite "with the jail"
	expect "with the jail: the program is not PID 1" 0 "[2-9]" er --rm bb /bin/sh -c 'echo $$'
	admin_config >/dev/null
	RUNTIME=administered CAN_ANNOTATE=$can_annotate cli_admin_suite
fi
remap_suite
# dockerd keeps the runtime's state below its exec-root.
nothing_left "nothing is left" "$W/exec/runtime-runc/moby" "$W/exec/runtime-underTest/moby" "$W/exec/runtime-jailed/moby" \
	"$W/exec/runtime-administered/moby"
cannot pods "docker has none; see shared namespaces"
[ -n "$can_annotate" ] || cannot "policy by annotation" "docker run has --annotation from 25 on (newer-docker.t); here a runtime is registered for each policy"
features all
finish
