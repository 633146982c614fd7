#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Engines with every controller of cgroup v2: limits of memory and processes that they set and change, the statistics that they read from the cgroup of
# the container's first process, and their word of a container that is out of memory; with the jail and without. Run on any host it starts the
# machine and itself in it.
# shellcheck source=../engines/lib.sh disable=SC2016
here=$(cd "$(dirname "$0")/../.." && pwd)/tests/vm
if [ ! -e /.jailrun-vm ]; then
	for c in qemu-system-x86_64 python3 busybox jq containerd ctr podman conmon dockerd /usr/bin/docker; do
		command -v "$c" >/dev/null || {
			echo "1..0 # SKIP no $c here"
			exit 0
		}
	done
	JAILRUN=$(realpath "${JAILRUN:-${TOP_BUILDDIR:-$here/../../build}/jailrun}")
	export JAILRUN
	exec "$here/run" --smp 2 --mem 2G --timeout 800 -- "$here/engines.t"
fi
if [ -z "${ENGINE_WORK-}" ]; then
	mount -t tmpfs engines /mnt
	export TMPDIR=/mnt
fi
. "$here/../engines/lib.sh"
enter containerd ctr podman conmon dockerd /usr/bin/docker
world
echo "# $(containerd --version), $(podman --version), $(dockerd --version)"
mkdir -p "$W/rootfs"/{bin,etc,proc,sys,dev,tmp}
cp /bin/busybox "$W/rootfs/bin/busybox"
for a in sh sleep dd echo cat true test; do ln -s busybox "$W/rootfs/bin/$a"; done
jail_wrapper >/dev/null
# Does as it is told by files in its root: /big: 48 MB at once, /fork: eight children.
cat >"$W/rootfs/bin/box" <<'EOF'
#!/bin/sh
echo >/ready
while :; do
	if [ -e /big ]; then busybox rm /big; dd if=/dev/zero of=/dev/null bs=48M count=1 2>/dev/null; echo $? >/big.rc; fi
	if [ -e /fork ]; then busybox rm /fork; (sleep 2 & sleep 2 & sleep 2 & sleep 2 & sleep 2 & sleep 2 & sleep 2 & sleep 2 & true) 2>/fork.rc; echo end >>/fork.rc; fi
	sleep 0.3
done
EOF
chmod 755 "$W/rootfs/bin/box"
# told FILE: the container has done it.
command_file told <<EOF
rm -f "$W/rootfs/\$1.rc"
touch "$W/rootfs/\$1"
until_true 40 test -s "$W/rootfs/\$1.rc"
cat "$W/rootfs/\$1.rc"
EOF
fresh() { rm -f "$W"/rootfs/{ready,big,fork,big.rc,fork.rc}; }

# ---- containerd: metrics come from the cgroup that the first process is in when create returns ----
mkdir -p "$W/root" "$W/state"
cat >"$W/config.toml" <<EOF
version = 2
root = "$W/root"
state = "$W/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
	"io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "$W/sock"
[ttrpc]
  address = "$W/sock.ttrpc"
EOF
command_file c <<EOF
exec ctr -a "$W/sock" -n "$N" "\$@"
EOF
command_file metric <<'EOF'
c task metrics --format json "$1" | jq -r "$2"
EOF
command_file has_oom <<'EOF'
grep -q "/tasks/oom.*$2" "$1"
EOF
containerd -c "$W/config.toml" -l warn >"$W/containerd.log" 2>&1 &
until_true 90 c version || {
	diag <"$W/containerd.log"
	echo "Bail out! containerd does not start"
	exit 1
}
c events >"$W/events" 2>&1 &

of_containerd() {
	local runtime=$1 what=$2 id=b$RANDOM cg

	fresh
	expect "$what: run with a limit of memory" 0 "" c run -d --runc-binary "$runtime" --memory-limit 125829120 --cgroup "/$N/$id" \
		--rootfs "$W/rootfs" "$id" /bin/box
	until_true 30 test -e "$W/rootfs/ready"
	# With the jail the workload has a cgroup of its own below, and the limit there; the one above has the helper's share as well.
	cg=/sys/fs/cgroup/$N/$id
	[ ! -d "$cg/box" ] || cg=$cg/box
	expect "$what: the limit is the kernel's" 0 125829120 cat "$cg/memory.max"
	expect "$what: metrics: memory is used, and its limit" 0 "true @(125829120|13421????)" bash -c \
		'echo $(metric "$0" "(.memory.usage | tonumber) > 100000") $(metric "$0" ".memory.usage_limit")' "$id"
	expect "$what: metrics: processes are counted" 0 true metric "$id" '(.pids.current | tonumber) >= 1'
	expect "$what: metrics: processor time is counted" 0 true metric "$id" '(.cpu.usage_usec | tonumber) > 0'
	expect "$what: 48 MB below the limit" 0 0 told big
	expect "$what: pause, resume" 0 "" bash -c 'c task pause "$0" && c task resume "$0"' "$id"
	expect "$what: exec is in the limits" 0 "*$id*" c task exec --exec-id x1 "$id" /bin/cat /proc/self/cgroup
	echo 20000000 >"$cg/memory.max"
	expect "$what: 48 MB above it: killed" 0 137 told big
	expect "$what: the event of it" 0 "" until_true 20 has_oom "$W/events" "$id"
	expect "$what: the container lives on" 0 "*RUNNING*" bash -c 'c task ls | grep "$0"' "$id"
	c task delete --force "$id" >/dev/null 2>&1
	c container rm "$id"
	expect "$what: no cgroup is left" 1 "" test -e "/sys/fs/cgroup/$N/$id"
}
of_containerd "$JAILRUN" "containerd"
[ -z "$is_jailrun" ] || of_containerd "$W/jailrun-policy" "containerd, with the jail"

# ---- Podman: conmon watches memory.events; stats, update by its own reading of the cgroup ----
mkdir "$W/libpod" "$W/tmp"
cat >"$W/containers.conf" <<EOF
[containers]
default_ulimits = ["nofile=20000:20000"]
[engine]
stop_timeout = 1
static_dir = "$W/libpod"
EOF
export CONTAINERS_CONF=$W/containers.conf
command_file e <<EOF
exec podman --root "$W/data" --runroot "$W/run" --tmpdir "$W/tmp" --cgroup-manager cgroupfs --events-backend file \\
	--storage-driver vfs --runtime "$JAILRUN" \$RUNTIME_FLAGS "\$@"
EOF
of_podman() {
	local what=$1 name=p$RANDOM pid cg

	fresh
	expect "$what: run with limits of memory and processes" 0 "*" e run -d --name "$name" --network none --cgroup-parent "/$N" --memory 120m \
		--pids-limit 6 --rootfs "$W/rootfs" /bin/box
	until_true 30 test -e "$W/rootfs/ready"
	pid=$(e inspect -f '{{.State.Pid}}' "$name")
	cg=$(find /sys/fs/cgroup/"$N" -type d -path '*libpod*' -exec sh -c 'grep -qx 125829120 "$1/memory.max"' sh {} \; -print | head -n 1)
	expect "$what: the limits are the kernel's" 0 "125829120 6" sh -c 'echo $(cat "$0/memory.max" "$0/pids.max")' "$cg"
	expect "$what: stats: memory and processes" 0 "*125.8MB*" e stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' "$name"
	expect "$what: the stats are of something" 1 "" grep -qE '^0B|^-- ' "$W/stdout"
	expect "$what: exec is in the limits" 0 "*sleep 50*" bash -c 'e exec -d "$0" /bin/sleep 50 >/dev/null
		for p in $(find "$1" -name cgroup.procs -exec cat {} +); do tr "\0" " " <"/proc/$p/cmdline"; done 2>/dev/null; true' "$name" "$cg"
	expect "$what: the limit of processes bites" 0 "*can?t fork*" told fork
	expect "$what: rm -f" 0 "*" e rm -f "$name"
	expect "$what: no cgroup is left" 1 "" test -e "$cg"

	# That inspect says so is conmon's part, which in this age does not see it with runc either.
	fresh
	name=o$RANDOM
	e run -d --name "$name" --network none --cgroup-parent "/$N" --memory 20m --rootfs "$W/rootfs" /bin/box >/dev/null
	until_true 30 test -e "$W/rootfs/ready"
	expect "$what: out of memory: killed" 0 137 told big
	e rm -f "$name" >/dev/null
}
export RUNTIME_FLAGS=
of_podman podman
if [ -n "$is_jailrun" ]; then
	export RUNTIME_FLAGS="--runtime-flag policy=default"
	of_podman "podman, with the jail"
fi

# ---- Docker: the same, and update ----
command_file d <<EOF
exec /usr/bin/docker -H "unix://$W/docker.sock" "\$@"
EOF
jq -n --arg r "$JAILRUN" --arg jail "$is_jailrun" '{runtimes: ({underTest: {path: $r}} +
	if $jail == "" then {} else {jailed: {path: $r, runtimeArgs: ["--policy", "default"]}} end)}' >"$W/daemon.json"
dockerd --containerd "$W/sock" --data-root "$W/docker" --exec-root "$W/exec" --pidfile "$W/docker.pid" -H "unix://$W/docker.sock" --iptables=false \
	--ip6tables=false --ip-masq=false --ip-forward=false --bridge=none --config-file "$W/daemon.json" --storage-driver vfs \
	--cgroup-parent "/$N" --log-level warn >"$W/dockerd.log" 2>&1 &
until_true 90 d version || {
	diag <"$W/dockerd.log"
	echo "Bail out! dockerd does not start"
	exit 1
}
tar -C "$W/rootfs" -c . | d import - box >/dev/null
of_docker() {
	local runtime=$1 what=$2 name=d$RANDOM id cg

	fresh
	expect "$what: run with limits of memory and processes" 0 "*" d run -d --name "$name" --runtime "$runtime" --network none --memory 120m \
		--memory-swap 120m --pids-limit 12 -v "$W/rootfs:/r" -v /dev/zero:/r/dev/zero -v /dev/null:/r/dev/null box busybox chroot /r /bin/box
	until_true 30 test -e "$W/rootfs/ready"
	id=$(d inspect -f '{{.Id}}' "$name")
	cg=/sys/fs/cgroup/$N/$id
	[ ! -d "$cg/box" ] || cg=$cg/box
	expect "$what: the limits are the kernel's" 0 "125829120 12" sh -c 'echo $(cat "$0/memory.max" "$0/pids.max")' "$cg"
	expect "$what: stats: memory and processes" 0 "+([0-9.])[KM]iB / @(120|128)MiB [1-9]" d stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' "$name"
	expect "$what: 48 MB below the limit" 0 0 told big
	expect "$what: update" 0 "*" d update --memory 60m --memory-swap 60m --pids-limit 6 "$name"
	expect "$what: the new limits are the kernel's" 0 "62914560 6" sh -c 'echo $(cat "$0/memory.max" "$0/pids.max")' "$cg"
	expect "$what: the new limit of processes bites" 0 "*can?t fork*" told fork
	expect "$what: update of the memory alone" 0 "*" d update --memory 20m --memory-swap 20m "$name"
	expect "$what: 48 MB above it: killed" 0 137 told big
	expect "$what: rm -f" 0 "$name" d rm -f "$name"
	expect "$what: no cgroup is left" 1 "" test -e "/sys/fs/cgroup/$N/$id"

	# The word of the kernel (10 ms apart at the least) and the end of the container race for the engine's eye.
	for _ in 1 2 3 4 5; do
		d rm -f "o$name" >/dev/null 2>&1
		expect "$what: out of memory: 137" 137 "" d run --name "o$name" --runtime "$runtime" --network none --memory 20m box \
			sh -c 'dd if=/dev/zero of=/dev/null bs=48M count=1; code=$?; sleep 1; exit $code'
		[ "$(d inspect -f '{{.State.OOMKilled}}' "o$name")" != true ] || break
	done
	expect "$what: inspect says why" 0 true d inspect -f '{{.State.OOMKilled}}' "o$name"
	d rm -f "o$name" >/dev/null
}
of_docker underTest docker
[ -z "$is_jailrun" ] || of_docker jailed "docker, with the jail"
kill "$(<"$W/docker.pid")"
finish
