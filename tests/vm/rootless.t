#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A user's limits in a delegated cgroup, cgroup mounts where v2 is all there is, and id-mapped mounts of an older kernel. Run on any
# host it starts the machine and itself in it.
. "$(cd "$(dirname "$0")/../.." && pwd)/tests/lib/common.sh"
. "$TOP_SRCDIR/tests/lib/bundle.sh"
here=$TOP_SRCDIR/tests/vm
if [ ! -e /.jailrun-vm ]; then
	need_command qemu-system-x86_64 python3 busybox jq mkfs.ext4
	need_runtime
	make_busybox_rootfs "$T/rootfs"
	# The overlay of the machine's files takes no id maps: what the tests need lies on this disk.
	truncate -s 24M "$T/disk"
	mkfs.ext4 -q -d "$T/rootfs" "$T/disk"
	DISK=$T/disk TEST_TMP=/run "$here/run" --timeout 600 -- "$here/rootless.t"
	exit
fi
cg=/sys/fs/cgroup
uid=1000
mine=$cg/top/mine
session=$mine/session
before=$(find $cg -mindepth 1 -type d | sort)
modprobe loop 2>/dev/null
modprobe ext4 2>/dev/null
mkdir -p "$T/rootfs"
if ! mount -o loop "$DISK" "$T/rootfs" 2>"$T/err"; then
	diag "$(cat "$T/err")"
	fail "an ext4 on a loop device"
	done_testing
fi
rm -rf "$T/rootfs/lost+found"
chown -Rh $uid:$uid "$T/rootfs"
ROOTFS=$T/rootfs

mkdir -p "$session" "$T/u" "$T/u/run"
echo "+pids +memory" >$cg/top/cgroup.subtree_control
for d in "$mine" "$session"; do chown $uid "$d" "$d"/cgroup.{procs,threads,subtree_control}; done
echo "+pids +memory" >$mine/cgroup.subtree_control
chown -R $uid "$T/u"
cp "$JAILRUN" "$T/jailrun"
(cd "$T/u" && setpriv --reuid $uid --regid $uid --clear-groups "$T/jailrun" spec --rootless) && mv "$T/u/config.json" "$T/u/spec.json"

# as_user POLICY FILTER: from the delegated session.
as_user() {
	jq ".process.terminal = false | .root = {path: \"$ROOTFS\"} | $2" "$T/u/spec.json" >"$T/u/config.json"
	# shellcheck disable=SC2016 # the inner shell's
	run sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' sh $session \
		setpriv --reuid $uid --regid $uid --clear-groups env XDG_RUNTIME_DIR="$T/u/run" "$T/jailrun" --policy "$1" run --bundle "$T/u" "vm-u"
}
no_cgroupns='del(.linux.namespaces[] | select(.type == "cgroup"))'
as_user none "$(sh_filter 'cat /proc/self/cgroup; cd /sys/fs/cgroup; cat pids.max memory.max; mkdir x 2>&1') | .linux.resources = {pids: {limit: 9}, memory: {limit: 67108864}}"
is "a user's limits, where his cgroup is delegated" "$(head -n 3 <<<"$out" | tr '\n' ' ')" '0::/ 9 67108864 ' || diag "$err"
like "read-only, as the template has it" "$out" 'Read-only'
as_user default "$(sh_filter 'sleep 9 & sleep 9 & sleep 9 & sleep 9 & sleep 9 & echo all') | .linux.resources = {pids: {limit: 4}}"
like "and they hold" "$err" "can't fork"
as_user none "$(sh_filter 'cat /proc/self/cgroup; mkdir /sys/fs/cgroup/x 2>&1; ls /sys/fs/cgroup | grep -c procs') | $no_cgroupns | (.mounts[] | select(.type == \"cgroup\") | .options) = [\"rw\"]"
is "without a cgroup namespace: its own cgroup, read-only" "$(head -n 1 <<<"$out") $(grep -c 'Read-only' <<<"$out") $(tail -n 1 <<<"$out")" '0::/top/mine/jailrun/vm-u 1 1' || diag "$out" "$err"
as_user none "$(sh_filter "mkdir /s/fs/cgroup/top/mine/session/x 2>&1; ls -d /s/fs/cgroup/top/mine") | $no_cgroupns | .mounts += [{destination: \"/s\", type: \"bind\", source: \"/sys\", options: [\"rbind\", \"rw\"]}]"
like "rbind of /sys: read-only there" "$(tr '\n' ' ' <<<"$out")" 'Read-only.* /s/fs/cgroup/top/mine ' || diag "$err"
ok "what the user may write outside (control)" setpriv --reuid $uid --regid $uid --clear-groups mkdir $session/x
rmdir $session/x
as_user none "$(args_filter /bin/true) | .linux.resources = {cpu: {cpus: \"0\"}}"
isnt "a controller that was not delegated" "$rc" 0
like "is named, and where it is missing" "$err" "linux.resources.cpu.cpus: the cpuset controller .*\($mine/cgroup.controllers does not list it\)"

# Root, where the v2 tree is at /sys/fs/cgroup.
chown -Rh 0:0 "$T/rootfs"
in_sh 'cat /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.procs; grep -c " /sys/fs/cgroup .*cgroup2" /proc/self/mountinfo'
is "cgroup namespace: the mount's root is the container's" "$(head -n 2 <<<"$out" | tr '\n' ' ') $(tail -n 1 <<<"$out")" '0::/ 1  1' || diag "$out" "$err"
in_sh 'cat /sys/fs/cgroup/cgroup.procs; mkdir /sys/fs/cgroup/x && rmdir /sys/fs/cgroup/x && echo made' "$no_cgroupns | (.mounts[] | select(.type == \"cgroup\") | .options) = [\"rw\"]"
like "none: its own cgroup by a bind, and root may have it writable" "$(tr '\n' ' ' <<<"$out")" '^1 .*made $' || diag "$err"

# Id maps: ext4 from Linux 5.12 on, tmpfs from 6.3.
maps='.mounts[-1].uidMappings = [{containerID: 0, hostID: 5000, size: 1000}] | .mounts[-1].gidMappings = .mounts[-1].uidMappings'
in_sh 'stat -c %u /v' ".mounts += [{destination: \"/v\", type: \"bind\", source: \"$T/rootfs/home\", options: [\"bind\", \"idmap\"]}] | $maps"
is "ids of an ext4 are mapped" "$out" 5000 || diag "$err"
in_sh 'stat -c %u /v' ".mounts += [{destination: \"/v\", type: \"tmpfs\", source: \"tmpfs\", options: [\"idmap\"]}] | $maps"
if [ "$rc" = 0 ]; then
	is "those of a tmpfs too" "$out" 5000
else
	like "a tmpfs whose ids this kernel does not map is named" "$err" "mounts\[7\]\.options: .*tmpfs"
fi
rmdir $mine/jailrun $session $mine $cg/top 2>/dev/null
is "no cgroup is left" "$(find $cg -mindepth 1 -type d | sort)" "$before"
umount "$T/rootfs"
done_testing
