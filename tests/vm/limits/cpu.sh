# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # of the list in ../limits.t
# CPU time, measured from cpu.stat and from the work done.
in_sh 'cd /sys/fs/cgroup; cat cpu.weight cpu.max cpu.max.burst cpuset.cpus; grep Cpus_allowed_list /proc/self/status; bite cpus' \
	"$(res '{cpu: {shares: 2048, quota: 70000, period: 140000, burst: 5000, cpus: "1", mems: "0"}}')"
is "weight, quota, burst, cpus" "$(xargs <<<"$out")" "174 70000 140000 5000 1 Cpus_allowed_list: 1 1"
in_sh 'cat /sys/fs/cgroup/cpu.idle' "$(res '{cpu: {shares: 512, idle: 1}}')"
is "cpu.idle with cpu.shares" "$rc $out" "0 1"

for POLICY in none default; do
	for _ in 1 2 3 4 5; do # a busy host makes the free one slow, too
		in_sh 'bite spin 500; grep nr_throttled /sys/fs/cgroup/cpu.stat' "$(res '{cpu: {quota: -1, shares: 1000}}')"
		read -r free _ unthrottled <<<"$(xargs <<<"$out")"
		in_sh 'bite spin 500; grep nr_throttled /sys/fs/cgroup/cpu.stat' "$(res '{cpu: {quota: 10000, period: 50000}}')"
		read -r bound _ throttled <<<"$(xargs <<<"$out")"
		[ "$bound" -ge $((free / 2)) ] || break
	done
	is "policy $POLICY: no quota, nothing throttled" "$unthrottled" 0
	ok "policy $POLICY: a fifth of a CPU: $bound loops where there were $free, throttled $throttled times" \
		test "$bound" -lt $((free / 2)) -a "$bound" -gt 0 -a "$throttled" -gt 3
done
POLICY=none

living jt-cpu "$idle | $(res '{}')"
spin() { # [-lt|-gt THAN]: in $out: how much of half a second's work is done; a busy host has five chances
	for _ in 1 2 3 4 5; do
		jrun exec jt-cpu bite spin 500
		[ $# = 2 ] || break
		test "$out" "$1" "$2" && break
	done
}
spin
free=$out
ok "update --cpu-quota --cpu-period" jr update --cpu-quota 10000 --cpu-period 50000 jt-cpu
spin -lt $((free / 2))
bound=$out
ok "update --cpu-quota bites: $bound loops where there were $free" test "$bound" -lt $((free / 2))
ok "the statistics: it is throttled" test "$(counted jt-cpu cpu.stat nr_throttled)" -gt 3
ok "update --cpu-quota -1" jr update --cpu-quota -1 jt-cpu
spin -gt $((bound * 2))
ok "update --cpu-quota -1 frees it: $out loops" test "$out" -gt $((bound * 2))

# What was not used is saved up for a burst beyond the quota.
bursts() { # what it adds to nr_bursts, and to burst_usec, in milliseconds
	local n us
	n=$(counted jt-cpu cpu.stat nr_bursts) us=$(counted jt-cpu cpu.stat burst_usec)
	jrun exec jt-cpu bite bursts 5 30
	n=$(($(counted jt-cpu cpu.stat nr_bursts) - n)) us=$(($(counted jt-cpu cpu.stat burst_usec) - us))
	more="$n $((us / 1000))"
}
ok "update --cpu-quota" jr update --cpu-quota 20000 --cpu-period 100000 jt-cpu
bursts
is "no cpu.burst: no burst" "$more" "0 0"
ok "update --cpu-burst" jr update --cpu-burst 20000 jt-cpu
bursts
ok "update --cpu-burst: bursts beyond the quota, and milliseconds ($more)" test "${more% *}" -ge 3 -a "${more#* }" -ge 5
is "cpuset: both CPUs at first" "$(jr exec jt-cpu bite cpus </dev/null)" "0 1 "
ok "update --cpuset-cpus" jr update --cpuset-cpus 1 jt-cpu
is "update --cpuset-cpus bites" "$(jr exec jt-cpu bite cpus </dev/null)" "1 "
gone jt-cpu

# Two that want all of one CPU.
spins="$(args_filter sh -c 'while :; do :; done')"
had() { # ID: microseconds
	counted "$1" cpu.stat usage_usec
}
for POLICY in none default; do
	living jt-a "$spins | $(path_filter jtpair a) | $(res '{cpu: {shares: 1024, cpus: "0"}}')"
	living jt-b "$spins | $(path_filter jtpair b) | $(res '{cpu: {shares: 1024, cpus: "0"}}')"
	share_is "policy $POLICY: the same shares: half each" 30 70
	ok "policy $POLICY: the statistics: pressure" jq -e '.data.cpu.psi.some.total > 100000' <<<"$(jr events --stats jt-a)"
	ok "policy $POLICY: update --cpu-share" jr update --cpu-share 10240 jt-a
	share_is "policy $POLICY: ten times the shares: most of it" 75 100
	ok "policy $POLICY: update --cpu-share and --cpu-idle" jr update --cpu-idle 1 jt-a
	share_is "policy $POLICY: idle against a weight: next to nothing" 0 10
	[ $POLICY = none ] || {
		gone jt-b jt-a # what is idle beside somebody busy has hardly the time to die
		continue
	}
	ok "policy $POLICY: update --cpu-idle 0" jr update --cpu-idle 0 --cpu-share 1024 jt-a
	share_is "policy $POLICY: and half again" 30 70
	gone jt-a jt-b
done
POLICY=none

# What the kernel refuses, by its name.
refuses "CPUs that cannot be" '{cpu: {cpus: "0-4000"}}' "linux.resources.cpu.cpus: .*'0-4000'.*cpuset.cpus"
refuses "a quota below a millisecond" '{cpu: {quota: 5}}' "linux.resources.cpu.quota: .*'5 100000'"
refuses "cpu.realtimeRuntime" '{cpu: {realtimeRuntime: 1000}}' 'cpu.realtimeRuntime: real-time bandwidth'
refuses "cpu.realtimePeriod" '{cpu: {realtimePeriod: 1000}}' 'cpu.realtimePeriod: real-time bandwidth'
echo 0 >/sys/devices/system/cpu/cpu1/online
refuses "CPUs of which not all are online" '{cpu: {cpus: "0-1"}}' "linux.resources.cpu.cpus: of '0-1' this cgroup can have only '0'"
echo 1 >/sys/devices/system/cpu/cpu1/online

# Who has been killed needs CPU time to die.
living jt-slow ".process.args = [\"/bin/sh\", \"-c\", \"for i in \$(seq 40); do while :; do :; done & done; wait\"] | $(res '{pids: {limit: 1000}}')"
ok "forty loops" eventually 60 eval '[ "$(of jt-slow pids.current)" -gt 40 ]'
ok "a hundredth of a CPU" jr update --cpu-quota 1000 --cpu-period 100000 jt-slow
ok "delete --force all the same" jr delete --force jt-slow
