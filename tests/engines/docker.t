#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# dockerd of Debian 12: the runtime registered in daemon.json, plain and with the jail by runtimeArgs.
# shellcheck source=lib.sh disable=SC2016
. "$(dirname "$0")/lib.sh"
# shellcheck source=cli-suite.sh
. "$(dirname "$0")/cli-suite.sh"
# shellcheck source=cli-exec.sh
. "$(dirname "$0")/cli-exec.sh"
enter dockerd /usr/bin/docker containerd
world
echo "# $(dockerd --version)"

start_docker() {
	jq -n --arg r "$JAILRUN" --arg jail "$is_jailrun" '{runtimes: ({underTest: {path: $r}} +
		if $jail == "" then {} else {jailed: {path: $r, runtimeArgs: ["--policy", "default"]}} end)}' >"$W/daemon.json"
	engine_log=$W/dockerd.log
	dockerd --data-root "$W/data" --exec-root "$W/exec" --pidfile "$W/pid" -H "unix://$W/sock" --iptables=false \
		--ip6tables=false --ip-masq=false --ip-forward=false --bridge=none --config-file "$W/daemon.json" \
		--cgroup-parent "/$N" --log-level warn >"$engine_log" 2>&1 &
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
*" --network "*) exec e run --runtime "$RUNTIME" "$@" ;;
esac
exec e run --network none --runtime "$RUNTIME" "$@"
EOF

# It has 126 for whatever goes wrong in exec.
exec_missing=126
exec_restarted=137
stats_of_v1=
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

mkdir -m 777 "$W/shared"
echo seen >"$W/shared/file"
rootfs
start_docker
expect "import of the image" 0 "sha256:*" e import "$W/rootfs.tar" bb:latest
expect "docker info lists the runtime" 0 "*underTest*" e info -f '{{json .Runtimes}}'
export RUNTIME=underTest
cli_suite runtime
cli_exec_suite runtime
health_suite runtime
if [ -n "$is_jailrun" ]; then
	export RUNTIME=jailed
	cli_suite "with the jail"
	cli_exec_suite "with the jail"
	health_suite "with the jail"
	expect "with the jail: the program is not PID 1" 0 "[2-9]" er --rm bb /bin/sh -c 'echo $$'
fi
# dockerd keeps the runtime's state below its exec-root.
nothing_left "nothing is left" "$W/exec/runtime-runc/moby" "$W/exec/runtime-underTest/moby" "$W/exec/runtime-jailed/moby"
finish
