# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # of the list in ../limits.t
# Memory: the same allocation below and above each limit; swap is compressed memory of the kernel's.
modprobe zram && echo 256M >/sys/block/zram0/disksize && mkswap /dev/zram0 >/dev/null && swapon /dev/zram0
like "the machine has swap" "$(cat /proc/swaps)" zram0

touches() { # MB: what the shell in the container says of it
	sh_filter "bite touch $1; echo \$?; cd /sys/fs/cgroup && cat memory.swap.current && grep '^oom_kill ' memory.events"
}
MB=1048576
for POLICY in none default; do
	in_container "$(args_filter bite touch 48) | $(res "{memory: {limit: $((128 * MB))}}")"
	is "policy $POLICY: below memory.limit" "$rc $out" "0 touched"
	in_container "$(args_filter bite touch 48) | $(res "{memory: {limit: $((32 * MB)), swap: $((32 * MB))}}")"
	is "policy $POLICY: above memory.limit: killed" "$rc $out" "137 "
done
# The policy's own, which the controller's share for the helper does not widen; the lesser of two, and no more by update.
printf '{"limits": {"memory": "32M"}}' >"$T/memory.json"
for limit in 0 $((16 * MB)) $((128 * MB)); do
	POLICY=$T/memory.json
	in_container "$(sh_filter 'cat /sys/fs/cgroup/memory.max') | $(res "{memory: {limit: $limit}}")"
	is "limits.memory, and $limit of config.json" "$out" $((limit && limit < 32 * MB ? limit : 32 * MB)) || diag "$err"
done
in_container "$(args_filter bite touch 48) | $(res "{memory: {swap: $((128 * MB)), limit: $((128 * MB))}}")"
is "limits.memory: killed above it" "$rc $out" "137 "
living jt-bound "$(args_filter sleep 1000) | $(res "{memory: {limit: $((16 * MB))}}")"
ok "limits.memory: update below it" jr update --memory $((24 * MB)) jt-bound
is "limits.memory: which holds" "$(jr exec jt-bound cat /sys/fs/cgroup/memory.max)" $((24 * MB))
ok "limits.memory: update above it" jr update --memory $((64 * MB)) jt-bound
is "limits.memory: is no more than it" "$(jr exec jt-bound cat /sys/fs/cgroup/memory.max)" $((32 * MB))
gone jt-bound
POLICY=none
in_container "$(touches 48) | $(res "{memory: {limit: $((32 * MB)), swap: $((32 * MB))}}")"
is "memory.swap as memory.limit, no swap: the kernel counts the kill" "$(xargs <<<"$out")" "137 0 oom_kill 1"
in_container "$(args_filter bite touch 48) | $(res "{memory: {limit: $((32 * MB)), swap: $((96 * MB))}}")"
is "memory.swap above memory.limit: swapped out instead" "$rc $out" "0 touched"
in_container "$(args_filter bite touch 120) | $(res "{memory: {limit: $((32 * MB)), swap: $((96 * MB))}}")"
is "above memory.swap: killed" "$rc" 137
shows() { # what the container sees
	in_container "$(sh_filter "bite touch 48 5 >/dev/null & sleep 3; cd /sys/fs/cgroup; cat memory.current; grep '^high ' memory.events") | $(res "$1")"
	# shellcheck disable=SC2086 # words
	set -- $out
	current=$(($1 / MB)) events=$3
}
shows "{memory: {limit: $((128 * MB))}}"
ok "without memory.high: all stays ($current MB, $events events)" test "$current" -ge 48 -a "$events" -eq 0
shows "{unified: {\"memory.high\": \"$((24 * MB))\"}}"
ok "memory.high: reclaimed, and nobody is killed ($current MB, $events events)" test "$rc" -eq 0 -a "$current" -le 32 -a "$events" -gt 0

# Protection, under pressure by a sibling: what one has that uses nothing of it any more.
parent=$(parent_dir jtpress)
pressed() { # NAME RESOURCES [OPTION of update]: how many of its 20 MB it has after the sibling's hour; in $kept
	living jt-held "$(args_filter bite touch 20 1000) | $(path_filter jtpress held) | $(res "$2")" || return
	eventually 20 eval '[ "$(of jt-held memory.current)" -gt $((20 * MB)) ]'
	[ $# = 2 ] || ok "$1" jr update "$3" jt-held
	echo $((48 * MB)) >"$parent/memory.max"
	in_container "$(args_filter bite touch 80) | $(path_filter jtpress eats) | $(res "{memory: {limit: $((200 * MB))}}")"
	is "$1: the sibling gets on" "$rc" 0 || diag "$err"
	kept=$(($(of jt-held memory.current) / MB))
	gone jt-held
}
for POLICY in none default; do
	pressed "unprotected" "{memory: {limit: $((200 * MB))}}"
	ok "policy $POLICY: unprotected memory is taken ($kept of 20 MB are left)" test "$kept" -lt 17
	pressed "memory.reservation" "{memory: {reservation: $((64 * MB))}}"
	ok "policy $POLICY: memory.reservation protects it ($kept of 20 MB are left)" test "$kept" -ge 19
done
POLICY=none
pressed "update --memory-reservation" "{memory: {limit: $((200 * MB))}}" --memory-reservation=64m
ok "update --memory-reservation protects it ($kept of 20 MB are left)" test "$kept" -ge 19
pressed "memory.min" "{unified: {\"memory.min\": \"$((64 * MB))\"}}"
ok "memory.min protects it ($kept of 20 MB are left)" test "$kept" -ge 19

# The living one.
living jt-mem "$idle | $(res '{}')"
ok "update --memory without a limit before" jr update --memory 32m --memory-swap 32m jt-mem
jrun exec jt-mem bite touch 48
is "update --memory bites" "$rc $out" "137 "
ok "update --memory-swap" jr update --memory 32m --memory-swap 96m jt-mem
jrun exec jt-mem bite touch 48
is "update --memory-swap: swapped out" "$rc $out" "0 touched"
ok "update --memory -1" jr update --memory -1 jt-mem
jrun exec jt-mem bite touch 60
is "update --memory -1 frees it" "$rc $out" "0 touched"
gone jt-mem
living jt-mem "$(args_filter bite touch 40 1000) | $(res "{memory: {limit: $((128 * MB)), swap: $((128 * MB))}}")"
eventually 20 eval '[ "$(of jt-mem memory.current)" -gt $((40 * MB)) ]'
small="{\"memory\": {\"limit\": $((16 * MB)), \"swap\": $((16 * MB))}}"
jq -c '.memory.checkBeforeUpdate = true' <<<"$small" >"$T/small.json"
jrun update --resources "$T/small.json" jt-mem
like "checkBeforeUpdate: a limit below what is in use is refused" "$rc $err" "^1 .*memory.limit: .*less than what is in use \(memory.current: [0-9]+\).*checkBeforeUpdate"
is "checkBeforeUpdate: nothing is changed" "$(of jt-mem memory.max)" $((128 * MB))
ok "checkBeforeUpdate: it lives" status_is jt-mem running
echo "$small" >"$T/small.json"
jrun update --resources "$T/small.json" jt-mem
ok "without it the same limit kills" eventually 10 status_is jt-mem stopped
gone jt-mem

refuses "memory.disableOOMKiller" '{memory: {disableOOMKiller: true}}' 'memory.disableOOMKiller: .*cannot be switched off'
refuses "memory.kernel" '{memory: {kernel: 1048576}}' 'memory.kernel: cgroup v2 counts'
refuses "memory.kernelTCP" '{memory: {kernelTCP: 1048576}}' 'memory.kernelTCP: cgroup v2 counts'
swappiness=$(cat /proc/sys/vm/swappiness)
refuses "memory.swappiness" "{memory: {swappiness: $((swappiness - 1))}}" "memory.swappiness: .*the host's is $swappiness "
in_sh true "$(res "{memory: {swappiness: $swappiness, disableOOMKiller: false, useHierarchy: true, kernel: -1}}")"
is "memory.swappiness as the host has it" "$rc" 0 || diag "$err"
swapoff /dev/zram0
