#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# process.scheduler and ioPriority, linux.memoryPolicy and personality: read back from inside the container, and bad values refused. The labels
# of AppArmor and SELinux where there is neither; tests/vm/lsm.t has both.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime

# What the shell itself, the container's workload, is under: nice, real-time priority and policy (proc(5), fields 19, 40 and 41).
stat='read -r line </proc/$$/stat; set -- ${line##*) }; echo "${17} ${38} ${39}"'
sched() {
	printf '.process.scheduler = %s' "$1"
}
# bad NAME FILTER FIELD TEXT: refused, with the field and the reason.
bad() {
	in_sh true "$2"
	is "$POLICY: $1: refused" "$rc" 1
	like "$POLICY: $1: names the field" "$err" "$3"
	like "$POLICY: $1: says why" "$err" "$4"
}

for POLICY in none default; do
	in_sh "$stat"
	is "$POLICY: no scheduler: as it was" "$out" "0 0 0"
	while read -r want value; do
		in_sh "$stat" "$(sched "$value")"
		is "$POLICY: scheduler $value" "$rc ${out// /,}" "0 $want"
	done <<-'END'
		-7,0,0 {policy: "SCHED_OTHER", nice: -7}
		6,0,3 {policy: "SCHED_BATCH", nice: 6}
		5,0,5 {policy: "SCHED_IDLE", nice: 5}
		0,17,1 {policy: "SCHED_FIFO", priority: 17}
		4,99,2 {policy: "SCHED_RR", priority: 99, nice: 4}
		0,0,0 {policy: "SCHED_FIFO", flags: ["SCHED_FLAG_KEEP_POLICY", "SCHED_FLAG_KEEP_PARAMS"]}
	END
	# A child of a process with SCHED_FLAG_RESET_ON_FORK is an ordinary one.
	in_sh "$stat; /bin/sh -c '$stat'; :" "$(sched '{policy: "SCHED_FIFO", priority: 3}')"
	is "$POLICY: without SCHED_FLAG_RESET_ON_FORK" "${out//$'\n'/;}" "0 3 1;0 3 1"
	in_sh "$stat; /bin/sh -c '$stat'; :" "$(sched '{policy: "SCHED_FIFO", priority: 3, flags: ["SCHED_FLAG_RESET_ON_FORK"]}')"
	is "$POLICY: SCHED_FLAG_RESET_ON_FORK" "${out//$'\n'/;}" "0 3 1;0 0 0"
	deadline='policy: "SCHED_DEADLINE", runtime: 10000000, deadline: 20000000'
	for more in "" ', period: 30000000, flags: ["SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN"]'; do
		in_sh "$stat" "$(sched "{$deadline$more}")"
		is "$POLICY: SCHED_DEADLINE${more:+ with all it has}" "$rc $out" "0 0 0 6"
	done
	# A deadline task may not fork without the flag: sched(7).
	in_sh "$stat; /bin/true && echo forked" "$(sched "{$deadline, flags: [\"SCHED_FLAG_RESET_ON_FORK\"]}")"
	is "$POLICY: SCHED_DEADLINE with SCHED_FLAG_RESET_ON_FORK" "${out//$'\n'/;}" "0 0 6;forked"
	in_sh "$stat" "$(sched '{policy: "SCHED_OTHER", flags: ["SCHED_FLAG_UTIL_CLAMP_MIN", "SCHED_FLAG_UTIL_CLAMP_MAX"]}')"
	if [ "$rc" = 0 ]; then
		is "$POLICY: SCHED_FLAG_UTIL_CLAMP_*" "$out" "0 0 0"
	else
		like "$POLICY: SCHED_FLAG_UTIL_CLAMP_* in a kernel without" "$err" "process.scheduler.*CONFIG_UCLAMP_TASK"
	fi
	bad "a policy that no kernel has" "$(sched '{policy: "SCHED_ISO"}')" process.scheduler.policy "no Linux kernel"
	bad "no priority" "$(sched '{policy: "SCHED_RR"}')" process.scheduler.priority "from 1 to 99"
	bad "a priority for an ordinary policy" "$(sched '{policy: "SCHED_OTHER", priority: 1}')" process.scheduler.priority "SCHED_FIFO and SCHED_RR"
	bad "nice beyond 19" "$(sched '{policy: "SCHED_OTHER", nice: 20}')" process.scheduler.nice "from -20 to 19"
	bad "a deadline for another policy" "$(sched '{policy: "SCHED_FIFO", priority: 1, runtime: 5}')" process.scheduler.runtime SCHED_DEADLINE
	bad "deadline below runtime" "$(sched '{policy: "SCHED_DEADLINE", runtime: 9000, deadline: 8000}')" process.scheduler.runtime 8000
	bad "an unknown flag" "$(sched '{policy: "SCHED_OTHER", flags: ["SCHED_FLAG_X"]}')" 'process.scheduler.flags\[0\]' SCHED_FLAG_RECLAIM

	while read -r class priority want; do
		in_sh 'ionice -p $$' ".process.ioPriority = {class: \"$class\", priority: $priority}"
		is "$POLICY: ioPriority $class $priority" "$rc $out" "0 $want"
	done <<-'END'
		IOPRIO_CLASS_RT 0 realtime: prio 0
		IOPRIO_CLASS_BE 7 best-effort: prio 7
		IOPRIO_CLASS_IDLE 0 idle
	END
	bad "an ioPriority beyond 7" '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}' process.ioPriority.priority "from 0 to 7"
	bad "no class of I/O" '.process.ioPriority = {class: "NONE", priority: 0}' process.ioPriority.class IOPRIO_CLASS_RT

	in_sh 'uname -m; cat /proc/$$/personality' '.linux.personality = {domain: "LINUX32"}'
	is "$POLICY: LINUX32" "${out//$'\n'/;}" "$(setarch linux32 uname -m);00000008"
	run setarch linux32 true
	make_bundle "$T/b" "$(sh_filter 'cat /proc/$$/personality') | .linux.personality = {domain: \"LINUX\", flags: []}"
	run setarch linux32 "$JAILRUN" --root "$ROOT" --policy "$POLICY" run --bundle "$T/b" "jt-$$-linux-$POLICY"
	is "$POLICY: LINUX, from a caller who is not" "$rc $out" "0 00000000"
	bad "a flag of personality" '.linux.personality = {domain: "LINUX", flags: ["ADDR_NO_RANDOMIZE"]}' linux.personality.flags "no flags"
	bad "another system" '.linux.personality = {domain: "BSD"}' linux.personality.domain LINUX32

	bad "two kinds of nodes" '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"]}' \
		linux.memoryPolicy.flags exclude
	bad "no nodes" '.linux.memoryPolicy = {mode: "MPOL_INTERLEAVE"}' linux.memoryPolicy.nodes "one node at least"
	bad "nodes for a mode without" '.linux.memoryPolicy = {mode: "MPOL_DEFAULT", nodes: "0"}' linux.memoryPolicy.nodes MPOL_DEFAULT
	bad "no list of nodes" '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0-"}' linux.memoryPolicy.nodes "no number"
	if [ ! -e /proc/self/numa_maps ]; then
		bad "a kernel without NUMA" '.linux.memoryPolicy = {mode: "MPOL_DEFAULT"}' linux.memoryPolicy CONFIG_NUMA
		continue
	fi
	# numa_maps has the policy in effect in its second column, in the kernel's own words (mpol_to_str).
	while read -r want value; do
		in_sh 'read -r _ line </proc/$$/numa_maps; echo "${line%% file=*}"' ".linux.memoryPolicy = $value"
		if [ "$rc" = 1 ] && [[ $value == *WEIGHTED* || $value == *MANY* ]]; then
			like "$POLICY: memoryPolicy $value: this kernel has it not" "$err" "linux.memoryPolicy.*EINVAL.*does not know the mode"
			continue
		fi
		is "$POLICY: memoryPolicy $value" "$rc ${out// /_}" "0 $want"
	done <<-'END'
		default {mode: "MPOL_DEFAULT"}
		local {mode: "MPOL_LOCAL"}
		bind:0 {mode: "MPOL_BIND", nodes: "0"}
		bind=static:0 {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"]}
		interleave:0 {mode: "MPOL_INTERLEAVE", nodes: " 0-0,"}
		interleave=relative:0 {mode: "MPOL_INTERLEAVE", nodes: "0-3", flags: ["MPOL_F_RELATIVE_NODES"]}
		prefer:0 {mode: "MPOL_PREFERRED", nodes: "0"}
		local {mode: "MPOL_PREFERRED"}
		prefer_(many):0 {mode: "MPOL_PREFERRED_MANY", nodes: "0"}
		weighted_interleave:0 {mode: "MPOL_WEIGHTED_INTERLEAVE", nodes: "0"}
	END
	in_sh true '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_NUMA_BALANCING"]}'
	is "$POLICY: MPOL_F_NUMA_BALANCING with MPOL_BIND" "$rc" 0
	bad "MPOL_F_NUMA_BALANCING with another" '.linux.memoryPolicy = {mode: "MPOL_INTERLEAVE", nodes: "0", flags: ["MPOL_F_NUMA_BALANCING"]}' \
		linux.memoryPolicy MPOL_F_NUMA_BALANCING
	bad "a node that is not there" '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "1000"}' linux.memoryPolicy "none of the nodes"
done

# It is for processes that are executed in a container: the first one takes none.
in_sh 'grep Cpus_allowed_list /proc/self/status' '.process.execCPUAffinity = {initial: "0", final: "0"}'
is "execCPUAffinity is not the first process's" "$rc ${out#*:[[:space:]]}" "0 $(sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status)"

# The mask of whoever calls is not the container's, as in runc 1.3.
all=$(sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status) one=${all##*[-,]}
if [ "$all" != "$one" ]; then
	make_bundle "$T/m" "$(sh_filter 'grep Cpus_allowed_list /proc/self/status; exec sleep 60')"
	for policy in none default; do
		run taskset -c "$one" grep Cpus_allowed_list /proc/self/status
		is "$policy: a program of the caller has its mask (control)" "${out#*:[[:space:]]}" "$one"
		taskset -c "$one" "$JAILRUN" --root "$ROOT" --policy $policy run --detach --bundle "$T/m" "jt-$$-m" </dev/null >"$T/mask" 2>&1
		eventually 10 grep -q Cpus "$T/mask"
		is "$policy: run: not the caller's mask" "$(sed 's/.*:\t//' "$T/mask")" "$all"
		run taskset -c "$one" "$JAILRUN" --root "$ROOT" exec "jt-$$-m" grep Cpus_allowed_list /proc/self/status
		is "$policy: exec: not the caller's mask" "$rc ${out#*:[[:space:]]}" "0 $all"
		for key in initial final; do
			jq -n --arg one "$one" "{cwd: \"/\", env: [\"PATH=/bin\"], args: [\"grep\", \"Cpus_allowed_list\", \"/proc/self/status\"], user: {uid: 0, gid: 0}, execCPUAffinity: {$key: \$one}}" >"$T/p.json"
			jrun exec --process "$T/p.json" "jt-$$-m"
			want=$all
			[ $key = initial ] || want=$one
			is "$policy: exec with $key alone: the mask of the program" "$rc ${out#*:[[:space:]]}" "0 $want"
		done
		jr delete --force "jt-$$-m"
	done
else skip "the caller's mask" "there is one CPU"; fi
bad "no list of CPUs" '.process.execCPUAffinity = {final: "2-1"}' process.execCPUAffinity.final "backwards"

if [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ]; then
	skip "AppArmor absent" "this kernel has it"
else
	bad "a profile without AppArmor" '.process.apparmorProfile = "unconfined"' process.apparmorProfile "without AppArmor"
fi
if grep -q selinuxfs /proc/filesystems; then
	skip "SELinux absent" "this kernel has it"
else
	bad "a label without SELinux" '.process.selinuxLabel = "system_u:system_r:container_t:s0:c1,c2"' process.selinuxLabel "without SELinux"
	bad "a label of mounts without SELinux" '.linux.mountLabel = "system_u:object_r:container_file_t:s0"' linux.mountLabel "without SELinux"
fi
done_testing
