# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # of the list in ../limits.t
# run --report, where all is counted: also without a single limit, from the container's own cgroup, before that is removed.
reported() { # NAME WHAT-JQ-SAYS FILTER
	rm -f "$T/report"
	in_container "$3" --report "$T/report"
	ok "report, policy $POLICY: $1" jq -e "$2" "$T/report" || diag "$(cat "$T/report")"
}
for POLICY in none default; do
	reported "no limit: counted all the same" '.verdict == "ok" and .memoryPeakBytes >= 48 * 1048576 and .oomKills == 0 and .cpuThrottledUsec == 0 and
		.userUsec + .systemUsec > 0' "$(args_filter bite touch 48)"
	reported "out of memory" '.verdict == "oom" and .exit == 137 and .oomKills == 1 and .memoryPeakBytes <= 20971520 and .memoryPeakBytes > 10000000' \
		"$(args_filter bite touch 48) | $(res '{memory: {limit: 20971520, swap: 20971520}}')"
	reported "out of memory, in a child of the shell" '.verdict == "oom" and .exit == 9 and .signal == null and .oomKills == 1' \
		"$(sh_filter 'bite touch 48 || exit 9') | $(res '{memory: {limit: 20971520, swap: 20971520}}')"
	reported "a child out of memory, which the shell got over" '.verdict == "ok" and .oomKills == 1' \
		"$(sh_filter 'bite touch 48; exit 0') | $(res '{memory: {limit: 20971520, swap: 20971520}}')"
done
POLICY=none
reported "throttled" '.cpuPeriods > 5 and .cpuThrottledPeriods > 3 and .cpuThrottledUsec > 100000 and .wallUsec >= 450000' \
	"$(args_filter bite spin 500) | $(res '{cpu: {quota: 10000, period: 50000}}')"
reported "the most processes at once" '.tasksPeak == 7' "$(args_filter bite forks 6)"
[ -e /sys/block/nullb0 ] || modprobe null_blk nr_devices=1 gb=1 queue_mode=2
disk=$(cat /sys/block/nullb0/dev) major=${disk%:*} minor=${disk#*:}
reported "a megabyte read and half of one written" '.ioReadBytes == 1048576 and .ioWriteBytes == 524288' \
	"$(sh_filter 'dd if=/dev/disk of=/dev/null bs=64k count=16 iflag=direct; dd if=/dev/zero of=/dev/disk bs=64k count=8 oflag=direct') |
	$docker_caps | .linux.devices = [{path: \"/dev/disk\", type: \"b\", major: $major, minor: $minor}] |
	$(res "{devices: [{allow: true, type: \"b\", major: $major, minor: $minor, access: \"rw\"}]}")"
