#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# jailrun doctor where cgroup v2 is all there is, under systemd, on an older kernel: what is there, and what that kernel has not yet. Run on
# any host it starts the machine and itself in it.
. "$(cd "$(dirname "$0")/../.." && pwd)/tests/lib/common.sh"
here=$TOP_SRCDIR/tests/vm
if [ ! -e /.jailrun-vm ]; then
	need_command qemu-system-x86_64 python3
	need_runtime
	# Called from where the machine has a mount of its own.
	shm=$(mktemp -d /dev/shm/jailrun-test.XXXXXX) && at_exit "rm -r $shm"
	touch "$shm/callers" && cd "$shm" || exit 1
	TEST_TMP=/run "$here/run" --systemd --timeout 300 -- "$here/doctor.t"
	exit
fi
is "the machine has the caller's directory below /dev/shm" "$(ls)" callers
is "and nothing there empties or covers /tmp" "$(systemctl is-enabled tmp.mount systemd-tmpfiles-setup.service 2>&1 | xargs)" "masked-runtime masked-runtime"

doctor() { run "$JAILRUN" doctor; }
line() { grep -F "  $1: " "$T/out"; }
begins() { is "$1" "$(line "$2" | cut -c 1-2)" "$3" || diag "$(line "$2")"; }

tree=$(find /sys/fs/cgroup -type d -path '*jailrun*')
doctor
is "it works here" "$rc" 0 || diag "$out" "$err"
begins "cgroup v2 alone" cgroup.layout ok
mine=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
for controller in cpu cpuset io memory pids hugetlb rdma; do
	if grep -qw $controller /sys/fs/cgroup/cgroup.controllers; then want=ok; else want=no; fi
	begins "controller $controller" "cgroup.controller.$controller" $want
done
if [ ! -e "$mine/memory.max" ]; then want=--; elif [ -e "$mine/memory.swap.max" ]; then want=ok; else want=no; fi
begins "swap" cgroup.swap $want
begins "systemd" cgroup.systemd ok
begins "eBPF programs for devices" cgroup.ebpf-devices ok
begins "and for the network" cgroup.ebpf-network ok
is "no cgroup is left" "$(find /sys/fs/cgroup -type d -path '*jailrun*')" "$tree"
begins "AppArmor" security.apparmor ok
begins "CAP_SYS_RESOURCE is among the capabilities" capabilities ok
like "limits can be raised" "$(line limit.nofile)" '^ok .*(CAP_SYS_RESOURCE|unlimited)'

# What this kernel, 6.1, has not.
is "the kernel" "$(uname -r | cut -d. -f 1-2)" 6.1
like "Landlock without scopes" "$(line kernel.landlock)" '^no .*ABI 2 of 6'
begins "SYNC_WAKE_UP" kernel.seccomp-sync-wake-up no
like "no id maps for an overlay" "$(line kernel.idmapped-mounts)" '^no .*an overlay does not'
like "flags of seccomp" "$(line kernel.seccomp-flags)" '^ok .*WAIT_KILLABLE_RECV'

# A user in a cgroup that is delegated to him, and in one that is not.
cp "$JAILRUN" "$T/jailrun" && chmod 755 "$T" "$T/jailrun"
for who in delegated other; do
	group=$mine/$who
	mkdir -p "$group/leaf"
	[ $who = other ] || chown 1000 "$group" "$group"/cgroup.{procs,threads,subtree_control} "$group/leaf" "$group/leaf"/cgroup.{procs,threads,subtree_control}
	run sh -c 'echo 0 >"$1/leaf/cgroup.procs" && exec setpriv --reuid 1000 --regid 1000 --clear-groups "$2" doctor' sh "$group" "$T/jailrun"
	is "a user, $who: it works" "$rc" 0
	if [ $who = delegated ]; then
		like "a user: a delegated cgroup" "$(line cgroup.make)" '^ok .*/delegated/jailrun'
	else
		like "a user: one that is not his" "$(line cgroup.make)" '^no .*; delegate one'
	fi
	begins "a user: no device rules" cgroup.ebpf-devices no
done
# What boots without user namespaces for users.
echo 0 >/proc/sys/kernel/unprivileged_userns_clone
run setpriv --reuid 1000 --regid 1000 --clear-groups "$T/jailrun" doctor
like "a user: Debian's sysctl" "$rc:$(line kernel.namespace.user)" '^1:no .*kernel\.unprivileged_userns_clone forbids them'
echo 1 >/proc/sys/kernel/unprivileged_userns_clone
# The last one: Yama does not go back from 3.
for scope in 2 3; do
	echo $scope >/proc/sys/kernel/yama/ptrace_scope
	run setpriv --bounding-set -sys_ptrace sh -c 'exec "$0" doctor' "$JAILRUN"
	like "Yama at $scope: tracing" "$rc $(line kernel.ptrace)" "^0 no .*exec, limits or signals\\.protect are refused \\(EPERM\\); the sysctl kernel\\.yama\\.ptrace_scope is $scope, "
	begins "Yama at $scope: what policies need it for" policy.key.limits.processes no
done
begins "Yama at 3: what needs no tracing" policy.key.syscalls ok
done_testing
