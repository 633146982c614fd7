#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Many at once, and the deaths of those above: fifty containers started together through dockerd and through containerd, half of them in the
# jail, a hundred execs, the daemon killed and started again in the middle (dockerd with live-restore), a shim killed. Nothing is lost, nothing
# is left, and what the engine says is what the runtime says.
# shellcheck source=lib.sh disable=SC2016
. "$(dirname "$0")/lib.sh"
enter dockerd /usr/bin/docker containerd ctr
world
echo "# $(dockerd --version)"
echo "# $(containerd --version)"
many=50

# What both engines' parts have in common: `e_run I` starts the Ith container, `e_exec I COMMAND...`, `e_pids` lists "I PID" of what runs, `e_rm I`.
# at_once FIRST LAST COMMAND...: the command with each number as its last argument, all at once; prints the number of those that failed.
command_file at_once <<'EOF'
first=$1 last=$2 failed=0
shift 2
for ((i = first; i <= last; i++)); do "$@" "$i" & done
for job in $(jobs -p); do wait "$job" || failed=$((failed + 1)); done
echo "$failed failed"
EOF
# echo_in N: an exec in one of them; it says N. ctr can lose all that a program said, and is then asked once more.
command_file echo_in <<EOF
for try in 1 2 3; do
	said=\$(e_exec \$((\$1 % $many + 1)) /bin/echo "said \$1") || exit 1
	[ -z "\$said" ] || break
done
[ "\$said" = "said \$1" ]
EOF
# The runtime's view of all state roots: "PID STATUS" of each container.
command_file runtime_states <<'EOF'
for root in $STATE_ROOTS; do
	[ ! -d "$root" ] || "$JAILRUN" --root "$root" list -f json
done | jq -r '.[]? | "\(.pid) \(.status)"' | sort
EOF
command_file engine_states <<'EOF'
e_pids | while read -r _ pid; do echo "$pid running"; done | sort
EOF
command_file agree <<'EOF'
[ "$(engine_states)" = "$(runtime_states)" ]
EOF
mounts() { grep -c . /proc/self/mountinfo; }
command_file shim_of <<'EOF'
# The shim is the parent of the container's first process.
awk '{ sub(/.*\) /, ""); print $2 }' "/proc/$1/stat"
EOF
command_file gone <<'EOF'
! [ -d "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
EOF

# load ENGINE: started by start_ENGINE.
load() {
	local what=$1 before pids pid shim mounted
	mounted=$(mounts)
	expect "$what: $many started at once" 0 "0 failed" at_once 1 $many e_run
	expect "$what: all run" 0 $many bash -c 'e_pids | wc -l'
	expect "$what: the runtime says the same" 0 "" until_true 5 agree
	expect "$what: a hundred execs at once" 0 "0 failed" at_once 1 100 echo_in
	pids=$(e_pids | sort)

	# A hundred execs are under way when it dies: theirs is the failure, not the containers'.
	at_once 1 100 echo_in >/dev/null 2>&1 &
	before=$!
	sleep 0.7
	kill -KILL "$daemon"
	wait "$daemon" 2>/dev/null
	wait $before
	expect "$what: the daemon killed: every container lives on" 0 "" bash -c 'while read -r _ pid; do kill -0 "$pid" || exit; done <<<"$0"' "$pids"
	expect "$what: the runtime's state is the same without it" 0 "$(awk '{ print $2, "running" }' <<<"$pids" | sort)" runtime_states
	"start_$what"
	expect "$what: the daemon started again: it has them all, under the same pids" 0 "$pids" bash -c 'until_true 20 agree; e_pids | sort'
	expect "$what: a hundred execs at once, afterwards" 0 "0 failed" at_once 1 100 echo_in
	expect "$what: nothing of the execs is left but the containers' own processes" 0 "" bash -c \
		'for i in 1 2 3 4 5 6 7 8 9; do pgrep -fx "/bin/echo said.*" >/dev/null || exit 0; sleep 0.3; done; pgrep -fax "/bin/echo said.*"'

	# The shim of one in the jail and of one without.
	for i in 1 2; do
		pid=$(awk -v i=$i '$1 == i { print $2 }' <<<"$pids")
		shim=$(shim_of "$pid")
		kill -KILL "$shim"
		expect "$what: shim killed: the container $i ends" 0 "" until_true 20 gone "$pid"
		expect "$what: shim killed: the engine knows, and the runtime" 0 "" until_true 20 agree
	done
	expect "$what: the others run" 0 $((many - 2)) bash -c 'e_pids | wc -l'
	expect "$what: a new one starts" 0 "*" bash -c 'e_rm 1 >/dev/null 2>&1; e_run 1 && e_exec 1 /bin/echo hi'
	expect "$what: all removed at once" 0 "0 failed" at_once 1 $many e_rm
	# shellcheck disable=SC2086 # words
	nothing_left "$what: nothing is left" $STATE_ROOTS
	expect "$what: no mount is left" 0 "$mounted" bash -c 'for i in $(seq 30); do [ "$(grep -c . /proc/self/mountinfo)" -gt "$0" ] || break; sleep 0.2; done
		grep -c . /proc/self/mountinfo' "$mounted"
}

rootfs
jail_wrapper >/dev/null

# ---- dockerd ----
jq -n --arg r "$JAILRUN" --arg jail "$is_jailrun" '{"live-restore": true, runtimes: {plain: {path: $r},
	jailed: ({path: $r} + if $jail == "" then {} else {runtimeArgs: ["--policy", "default"]} end)}}' >"$W/daemon.json"
command_file e <<EOF
exec /usr/bin/docker -H "unix://$W/sock" "\$@"
EOF
start_dockerd() {
	engine_log=$W/dockerd.log
	rm -f "$W/pid"
	dockerd --data-root "$W/data" --exec-root "$W/exec" --pidfile "$W/pid" -H "unix://$W/sock" --iptables=false --ip6tables=false \
		--ip-masq=false --ip-forward=false --bridge=none --config-file "$W/daemon.json" --cgroup-parent "/$N" --log-level warn >>"$engine_log" 2>&1 &
	daemon=$!
	until_true 30 e version || {
		diag <"$engine_log"
		echo "Bail out! dockerd does not start"
		exit 1
	}
}
command_file e_run <<'EOF'
runtime=plain
[ $(($1 % 2)) = 0 ] || runtime=jailed
exec e run -d --network none --runtime $runtime --name "n$1" bb /bin/sleep 1000 >/dev/null
EOF
command_file e_exec <<'EOF'
i=$1
shift
exec e exec "n$i" "$@"
EOF
command_file e_pids <<'EOF'
e inspect -f '{{.Name}} {{.State.Pid}}' $(e ps -q) | sed 's,^/n,,'
EOF
command_file e_rm <<'EOF'
exec e rm -f "n$1" >/dev/null
EOF
export STATE_ROOTS="$W/exec/runtime-plain/moby $W/exec/runtime-jailed/moby $W/exec/runtime-runc/moby"
start_dockerd
expect "import of the image" 0 "sha256:*" e import "$W/rootfs.tar" bb:latest
load dockerd
kill "$daemon"
wait "$daemon"

# ---- containerd ----
oci_archive
mkdir -p "$W/root" "$W/state"
cat >"$W/config.toml" <<EOF
version = 2
root = "$W/root"
state = "$W/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$W/csock"
[ttrpc]
  address = "$W/csock.ttrpc"
EOF
command_file c <<EOF
exec ctr -a "$W/csock" -n "$N" "\$@"
EOF
start_containerd() {
	engine_log=$W/containerd.log
	containerd -c "$W/config.toml" -l warn >>"$engine_log" 2>&1 &
	daemon=$!
	until_true 20 c version
}
command_file e_run <<EOF
runtime=$JAILRUN
[ \$((\$1 % 2)) = 0 ] || [ -z "$is_jailrun" ] || runtime=$W/jailrun-policy
exec c run -d --cgroup "/$N/n\$1" --runc-binary "\$runtime" localhost/bb:latest "n\$1" /bin/sleep 1000
EOF
command_file e_exec <<'EOF'
i=$1
shift
exec c task exec --exec-id "x$$" "n$i" "$@"
EOF
command_file e_pids <<'EOF'
c task ls | awk '$3 == "RUNNING" { sub(/^n/, "", $1); print $1, $2 }'
EOF
command_file e_rm <<'EOF'
c task delete --force "n$1" >/dev/null 2>&1
exec c container rm "n$1"
EOF
export STATE_ROOTS=/run/containerd/runc/$N
start_containerd
expect "import of the image" 0 "*" c images import "$W/bb.tar"
load containerd
finish
