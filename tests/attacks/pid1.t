#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The table of docs/policy.md: what the workload can do to PID 1, by who it is.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
progs=$TOP_BUILDDIR/tests/attacks/progs
[ -x "$progs/self_ways" ] || skip_all "tests/attacks/progs is not built"
make_busybox_rootfs "$T/b/rootfs"
cp "$progs/self_ways" "$T/b/rootfs/bin/"

all='["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_DAC_READ_SEARCH","CAP_FOWNER","CAP_FSETID","CAP_KILL","CAP_SETGID","CAP_SETUID","CAP_SETPCAP","CAP_LINUX_IMMUTABLE","CAP_NET_BIND_SERVICE","CAP_NET_ADMIN","CAP_NET_RAW","CAP_IPC_LOCK","CAP_IPC_OWNER","CAP_SYS_MODULE","CAP_SYS_RAWIO","CAP_SYS_CHROOT","CAP_SYS_PTRACE","CAP_SYS_PACCT","CAP_SYS_ADMIN","CAP_SYS_BOOT","CAP_SYS_NICE","CAP_SYS_RESOURCE","CAP_SYS_TIME","CAP_SYS_TTY_CONFIG","CAP_MKNOD","CAP_LEASE","CAP_AUDIT_WRITE","CAP_AUDIT_CONTROL","CAP_SETFCAP","CAP_SYSLOG","CAP_WAKE_ALARM","CAP_BLOCK_SUSPEND","CAP_AUDIT_READ","CAP_PERFMON","CAP_BPF","CAP_CHECKPOINT_RESTORE"]'
caps() { printf '.process.capabilities = {bounding: %s, effective: %s, permitted: %s} | .process.noNewPrivileges = false' "$1" "$1" "$1"; }
userns='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'

# ways PID FILTER: the names of what worked
ways() {
	make_bundle "$T/b" "$(args_filter /bin/self_ways "$1") | $2"
	RUN_TIMEOUT=60 jrun --policy default run --bundle "$T/b" "jt-$$-p"
	[ $rc = 0 ] || fail "self_ways: $rc $err"
}
# table WHO FILTER WORKS [MAY]: what is in neither list does not work; MAY depends on the kernel.
table() {
	local way
	ways 1 "$2"
	diag "$1: $out"
	for way in $3; do like "$1: $way goes, as the table says" " $out" " $way "; done
	for way in $out; do like "$1: of $way the table knows" " $3 ${4-} . " " $way "; done
}

ways 0 "$(caps "$all")"
diag "at a child of its own: $out"
for way in prlimit ptrace vm affinity scheduler param attr robust nice ioprio perf pidfd getfd user-nice oom_score_adj clear_refs maps environ auxv io syscall mem exe fd map_files; do
	like "at a child of its own: $way (control)" " $out" " $way "
done
files="oom_score_adj coredump_filter"
# By the kernel's configuration and version.
more="handle keyring autogroup clear_refs sched" maps="maps environ auxv pagemap"
table "root with the usual capabilities" "$docker_caps" "$files" "$more"
table "root with CAP_SYS_NICE" "$(caps '["CAP_SYS_NICE"]')" "$files user-nice user-ioprio" "$more timerslack_ns"
for cap in PERFMON SYS_ADMIN; do
	table "root with CAP_$cap" "$(caps "[\"CAP_$cap\"]")" "$files" "$more $maps"
done
for cap in SYS_PTRACE CHECKPOINT_RESTORE DAC_READ_SEARCH DAC_OVERRIDE SYS_RESOURCE KILL; do
	table "root with CAP_$cap" "$(caps "[\"CAP_$cap\"]")" "$files" "$more"
done
table "root with all" "$(caps "$all")" "$files user-nice user-ioprio" "$more $maps timerslack_ns madvise"
table "user 1000" "$(caps '[]') | .process.user = {uid: 1000, gid: 1000}" "" handle
table "root of a user namespace" "$userns | $docker_caps" "$files" "$more"
table "root of a user namespace with all" "$userns | $(caps "$all")" "$files user-nice user-ioprio" "$more timerslack_ns"

# What PID 1 has to show.
make_bundle "$T/b" "$(sh_filter 'cat /proc/1/environ | wc -c; cat /proc/self/environ | wc -c') | $(caps '["CAP_PERFMON"]')"
SECRET_OF_THE_HOST=1 jrun --policy default run --bundle "$T/b" "jt-$$-p"
like "the environment of PID 1 is empty" "$out" $'^0\n[1-9]'

# The scheduling group of /proc/1 is not that of the session in which the runtime was called.
nice_of() { sed -n 's/.* nice //p' /proc/self/autogroup; }
if [ "$(cat /proc/sys/kernel/sched_autogroup_enabled 2>/dev/null)" = 1 ]; then
	before=$(nice_of)
	make_bundle "$T/b" "$(sh_filter 'for p in 1 self; do echo 9 >/proc/$p/autogroup; sleep 0.2; cat /proc/$p/autogroup; done')"
	jrun --policy default run --bundle "$T/b" "jt-$$-p"
	like "a scheduling group of its own can be set (control)" "$out" 'nice 9'
	is "that of the caller's session is as it was" "$(nice_of)" "$before"
else
	skip "the scheduling group of the caller's session" "no sched_autogroup"
fi
done_testing
