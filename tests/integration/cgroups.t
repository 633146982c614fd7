#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Cgroups that are not as a new one: cgroup.kill was written to before, or those around it are threaded; and the options of a cgroup mount.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/leftovers.sh"
need_root
need_runtime
need_command jq busybox

make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
RUN_TIMEOUT=20
id=jt-$$-cg
mount=$(cgroup2_mount)
{ [ -n "$mount" ] && mkdir "$mount/$id"; } || skip_all "needs a cgroup v2 tree"
at_exit "jr delete --force '$id' 2>/dev/null; find '$mount/$id' -depth -type d -exec rmdir {} \\;"
printf '{"init": "workload"}' >"$T/outer.json"

# Some kernels kill every newborn of a cgroup in which cgroup.kill was ever written, and judges use theirs again. Each place where a
# process is born in one: create and run, the helper's, exec's, and who joins namespaces first.
killed() { # CGROUP
	mkdir -p "$1"
	{ echo 1 >"$1/cgroup.kill"; } 2>/dev/null
}
zombies() { # of the process $1
	local child children
	read -ra children <"/proc/$1/task/$1/children"
	for child in "${children[@]}"; do
		grep -l '^State:.Z' "/proc/$child/status"
	done
}
killed "$mount/$id/k" || skip "cgroup.kill" "Linux 5.14 has it"
for policy in none default "$T/outer.json"; do
	name=${policy##*/}
	make_bundle "$T/b" "$(sh_filter 'tail -n 1 /proc/self/cgroup; exit 3') | .linux.cgroupsPath = \"/$id/k\" |
		del(.linux.namespaces[] | select(.type == \"cgroup\"))"
	killed "$mount/$id/k"
	jrun --policy "$policy" run --bundle "$T/b" "$id"
	like "$name: run in a cgroup once killed" "$rc $out" "^3 .*/$id/k" || diag "$err"
	make_bundle "$T/b" "$(args_filter sleep 60) | .linux.cgroupsPath = \"/$id/k\" | del(.linux.namespaces[] | select(.type == \"cgroup\"))"
	killed "$mount/$id/k"
	ok "$name: create" eval 'jr --policy "$policy" create --bundle "$T/b" "$id" </dev/null >"$T/create.out" 2>&1'
	killed "$mount/$id/other"
	ok "$name: start" jr start "$id"
	jrun exec "$id" tail -n 1 /proc/self/cgroup
	like "$name: exec" "$rc $out" "^0 .*/$id/k" || diag "$err"
	cgroup=$mount/$id/k
	[ -d "$cgroup/box" ] && cgroup+=/box
	killed "$cgroup/sub"
	for i in 1 2; do
		jrun exec --cgroup sub "$id" tail -n 1 /proc/self/cgroup
		like "$name: exec --cgroup into one killed $i times" "$rc $out" "^0 .*/sub$" || diag "$err"
		killed "$cgroup/sub"
	done
	"$JAILRUN" --root "$ROOT" exec --cgroup sub "$id" sleep 60 </dev/null >"$T/exec.out" 2>&1 &
	ok "$name: a long one" eventually 5 grep -q . "$cgroup/sub/cgroup.procs"
	exec_pid=$!
	eventually 5 eval '[ -z "$(zombies $exec_pid)" ]' # it is waited for once the second one is there
	is "$name: no zombie is left by exec" "$(zombies $exec_pid)" ""
	jr delete --force "$id"
	wait $!
done
make_bundle "$T/b" "$(args_filter sleep 60) | .linux.namespaces += [{type: \"user\"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}] |
	.linux.gidMappings = .linux.uidMappings"
jr run --detach --bundle "$T/b" "$id-u" </dev/null >"$T/run.out" 2>&1 || fail "$(cat "$T/run.out")"
at_exit "jr delete --force '$id-u'"
make_bundle "$T/j" "$(args_filter sleep 60) | .linux.cgroupsPath = \"/$id/k\" |
	.linux.namespaces += [{type: \"user\", path: \"/proc/$(jr state "$id-u" | jq .pid)/ns/user\"}]"
killed "$mount/$id/k"
"$JAILRUN" --root "$ROOT" run --bundle "$T/j" "$id" </dev/null >"$T/run.out" 2>&1 &
ok "a container that joins a user namespace runs" eventually 5 status_is "$id" running || diag "$(cat "$T/run.out")"
run_pid=$!
eventually 5 eval '[ -z "$(zombies $run_pid)" ]'
is "no zombie is left of it" "$(zombies $run_pid)" ""
jr delete --force "$id"
wait $!

# Below a threaded one a cgroup can only be threaded; it has no list of processes and no cgroup.kill.
mkdir -p "$mount/$id/t/x"
echo threaded >"$mount/$id/t/x/cgroup.type"
has() {
	grep -qw "$1" "$mount/cgroup.controllers"
}
# shellcheck disable=SC2317 # by eventually
all_there() { # NUMBER
	[ "$(jr ps -f json "$id" | jq length)" = "$1" ]
}
limits={}
has pids && limits='{pids: {limit: 20}}'
for policy in none default; do
	make_bundle "$T/t" "$(sh_filter 'sleep 60 & sleep 61') | .linux.cgroupsPath = \"/$id/t/a/b\" | .linux.resources = $limits"
	ok "threaded, $policy: create" eval 'jr --policy $policy create --bundle "$T/t" "$id" </dev/null >"$T/create.out" 2>&1' || diag "$(cat "$T/create.out")"
	is "threaded, $policy: it is" "$(cat "$mount/$id/t/a/b/cgroup.type")" threaded
	ok "threaded, $policy: start" jr start "$id"
	[ $policy = none ] && want=2 || want=3
	ok "threaded, $policy: ps knows all processes" eventually 5 all_there "$want" || diag "$(jr ps "$id")"
	jrun exec "$id" sh -c 'echo ran; exit 3'
	is "threaded, $policy: exec" "$rc $out" "3 ran" || diag "$err"
	ok "threaded, $policy: pause" jr pause "$id"
	ok "threaded, $policy: resume" jr resume "$id"
	ok "threaded, $policy: delete --force" jr delete --force "$id"
	is "threaded, $policy: nothing is left" "$(find "$mount/$id/t" -mindepth 1 -type d)" "$mount/$id/t/x"
done
has hugetlb && limits='{hugepageLimits: [{pageSize: "2MB", limit: 4194304}]}' || limits='{memory: {limit: 100000000}}'
make_bundle "$T/t" "$(args_filter true) | .linux.cgroupsPath = \"/$id/t/a/b\" | .linux.resources = $limits"
jrun run --bundle "$T/t" "$id"
like "threaded: a limit that is not one of threads" "$rc $err" '^1 jailrun: linux\.resources\.(hugepageLimits|memory).*threaded.* no controller of threads; remove the limit, or'
is "threaded: nothing is left" "$(find "$mount/$id/t" -mindepth 1 -type d)" "$mount/$id/t/x"

# Options of a mount of cgroup v2 are of the whole tree: what the host's has is there, and nothing else can be.
super=$(awk '/ - cgroup2 / { print $NF; exit }' /proc/self/mountinfo)
for option in nsdelegate memory_recursiveprot memory_localevents; do
	make_bundle "$T/m" "$(sh_filter 'grep " - cgroup2 " /proc/self/mountinfo') |
		(.mounts[] | select(.type == \"cgroup\") | .options) += [\"$option\"]"
	jrun run --bundle "$T/m" "$id"
	case ,$super, in
	*,$option,*) like "$option, which the host's has" "$rc $out" "^0 .*[ ,]$option" || diag "$err" ;;
	*) like "$option, which the host's has not" "$rc $err" "^1 jailrun: mounts\[[0-9]+\]\.options: '$option' is .*\($super\).*; remove it" ;;
	esac
done
done_testing
