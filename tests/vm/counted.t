#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A container without limits, with all of cgroup v2: what it uses is counted, and a manager in it finds every controller. Run on any
# host it starts the machine and itself in it.
. "$(cd "$(dirname "$0")/../.." && pwd)/tests/lib/common.sh"
. "$TOP_SRCDIR/tests/lib/bundle.sh"
here=$TOP_SRCDIR/tests/vm

if [ ! -e /.jailrun-vm ]; then
	need_command qemu-system-x86_64 python3 busybox jq
	need_runtime
	make_busybox_rootfs "$T/rootfs"
	ROOTFS=$T/rootfs TEST_TMP=/run "$here/run" --kernel "${JAILRUN_TEST_KERNEL:-linux-image-amd64}" --timeout 300 -- "$here/counted.t"
	exit
fi

cg=/sys/fs/cgroup
started() { # PATH
	make_bundle "$T/b" "del(.linux.resources) | .linux.cgroupsPath = \"$1\" | $(sh_filter 'dd if=/dev/zero of=/tmp/f bs=1M count=20 2>/dev/null; touch /tmp/ready; exec sleep 300') | .mounts += [{destination: \"/tmp\", type: \"tmpfs\", source: \"tmpfs\"}]"
	jrun run -d --bundle "$T/b" c1
	ok "$1: starts" [ "$rc" = 0 ] || diag "$err"
	eventually 20 jr exec c1 test -e /tmp/ready
}
used() { jr events --stats c1 | jq '.data.memory.usage.usage // 0'; }

started /counted/a/c
is "every controller is handed down" "$(cat $cg/counted/a/c/cgroup.controllers)" "$(cat $cg/cgroup.controllers)"
ok "memory is counted" [ "$(used)" -gt 20000000 ]
ok "so are processes" [ "$(jr events --stats c1 | jq .data.pids.current)" -ge 1 ]
jr delete --force c1
# With the jail the container's cgroup is one of the two below; what the container may write to has them all as well.
in_jail() { # OPTION SHELL
	make_bundle "$T/b" "del(.linux.resources) | .linux.cgroupsPath = \"/counted/a/c\" | (.mounts[] | select(.type == \"cgroup\") | .options) = [\"$1\"] |
		$(sh_filter "$2")"
	jrun --policy default run --bundle "$T/b" c1
}
in_jail rw 'cd /sys/fs/cgroup; cat cgroup.controllers; mkdir own; echo $$ >own/cgroup.procs; echo +memory +pids >cgroup.subtree_control; cat own/cgroup.controllers'
is "in the jail: a manager finds every controller, and hands on what it wants" "$(xargs <<<"$out")" "$(cat $cg/cgroup.controllers) memory pids"
in_jail ro 'cat /sys/fs/cgroup/cgroup.controllers'
is "in the jail: none where nobody could hand one on" "$out" ""
# What cannot be had is no reason to fail: this cgroup holds a process, and hands nothing down.
mkdir $cg/held
sleep 1000 &
echo $! >$cg/held/cgroup.procs
started /held/c
is "below a cgroup with processes there is none (control)" "$(cat $cg/held/c/cgroup.controllers)" ''
is "and memory is not counted" "$(used)" 0
jr delete --force c1
done_testing
