#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Namespaces, new and joined by path; what is set in them.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime

own() { readlink "/proc/self/ns/$1"; }
with_ns() { # JSON of more namespaces
	printf '.linux.namespaces += %s' "$1"
}
without_ns() {
	printf 'del(.linux.namespaces[] | select(.type == "%s"))' "$1"
}

for POLICY in none default; do
	in_sh 'for n in mnt pid net uts ipc cgroup user time; do echo $n=$(readlink /proc/self/ns/$n); done' "$(with_ns '[{"type":"cgroup"}]') | .linux.namespaces |= unique"
	is "$POLICY: exit status" "$rc" 0
	for n in mnt pid net uts ipc cgroup; do
		inside=$(sed -n "s/^$n=//p" <<<"$out")
		like "$POLICY: $n namespace: there is one" "$inside" "^$n:\[[0-9]+\]$"
		isnt "$POLICY: $n namespace is new" "$inside" "$(own $n)"
	done
	for n in user time; do
		is "$POLICY: $n namespace is the host's" "$(sed -n "s/^$n=//p" <<<"$out")" "$(own $n)"
	done
	in_sh 'readlink /proc/self/ns/net; readlink /proc/self/ns/uts' "$(without_ns network) | $(without_ns uts) | del(.hostname)"
	is "$POLICY: namespaces that are not named are the host's" "$out" "$(own net)"$'\n'"$(own uts)"

	in_sh 'hostname; cat /proc/sys/kernel/domainname; cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shm_rmid_forced' \
		'.hostname = "box.example" | .domainname = "example.org" | .linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shm_rmid_forced": "1"}'
	is "$POLICY: hostname, domainname, sysctl" "$(tr '\n' ' ' <<<"$out")" 'box.example example.org 1 1 '
	isnt "$POLICY: the host's name is left" "$(hostname)" box.example
	in_sh 'ip -o addr show lo'
	like "$POLICY: loopback is up" "$out" '127\.0\.0\.1/8'
	in_sh 'ps -o pid | tail -n +2 | head -n 1 | tr -d " "; echo $$'
	is "$POLICY: the first process is PID 1" "$(head -n 1 <<<"$out")" 1

	# Joined by path.
	ns=jt$$
	if ip netns add "$ns" 2>/dev/null; then
		at_exit "ip netns del $ns"
		ip -n "$ns" link set lo up
		in_sh 'readlink /proc/self/ns/net; ip -o addr show lo' "$(without_ns network) | $(with_ns "[{\"type\":\"network\",\"path\":\"/run/netns/$ns\"}]")"
		is "$POLICY: joins a network namespace by path" "$(head -n 1 <<<"$out")" "$(ip netns exec "$ns" readlink /proc/self/ns/net)"
		ip netns del "$ns"
	else skip "$POLICY: joins a network namespace by path" "ip netns add does not work here"; fi
	unshare --fork --pid --uts --ipc --cgroup sh -c 'hostname joined; echo ready; exec sleep 100' >"$T/ready" &
	holder=$!
	eventually 5 grep -q ready "$T/ready"
	child=$(pgrep -P $holder)
	in_sh 'readlink /proc/self/ns/uts; readlink /proc/self/ns/ipc; hostname' \
		"$(without_ns uts) | $(without_ns ipc) | del(.hostname) | $(with_ns "[{\"type\":\"uts\",\"path\":\"/proc/$child/ns/uts\"},{\"type\":\"ipc\",\"path\":\"/proc/$child/ns/ipc\"}]")"
	is "$POLICY: joins uts and ipc by path" "$out" "$(readlink "/proc/$child/ns/uts")"$'\n'"$(readlink "/proc/$child/ns/ipc")"$'\n'joined
	in_sh 'readlink /proc/self/ns/pid' "$(without_ns pid) | $(with_ns "[{\"type\":\"pid\",\"path\":\"/proc/$child/ns/pid\"}]")"
	# The built-in policy has no jail to protect there; rules that somebody wrote need one.
	is "$POLICY: joins a pid namespace by path" "$out" "$(readlink "/proc/$child/ns/pid")" || diag "$err"
	echo '{"limits": {"processes": 5}}' >"$T/limits.json"
	jrun --policy "$T/limits.json" run --bundle "$T/b" "jt-$$-pid"
	is "rules in another's pid namespace are refused" "$rc" 1
	like "and create says why" "$err" 'config.json: linux.namespaces: policy .* needs a pid namespace of the container'
	kill -KILL "$child" "$holder" 2>/dev/null
	wait $holder 2>/dev/null
	in_container "$(without_ns uts) | del(.hostname) | $(with_ns '[{"type":"uts","path":"/proc/self/ns/ipc"}]')"
	is "$POLICY: a namespace of another kind is refused" "$rc" 1
	in_container "$(without_ns uts) | del(.hostname) | $(with_ns "[{\"type\":\"uts\",\"path\":\"$T/nothing\"}]")"
	is "$POLICY: a path that is not there is refused" "$rc" 1
	like "$POLICY: and named" "$err" "$T/nothing"

	# User namespace: the rootfs belongs to the mapped root.
	cp -a "$T/b/rootfs" "$T/urootfs"
	chown -Rh 100000:100000 "$T/urootfs"
	chmod 755 "$T"
	userns="$(with_ns '[{"type":"user"}]') | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings | .root.path = \"$T/urootfs\""
	in_sh 'id -u; id -g; tr -s " " </proc/self/uid_map; tr -s " " </proc/self/gid_map; touch /tmp/x; stat -c %u /tmp/x; readlink /proc/self/ns/user' "$userns"
	is "$POLICY: user namespace: exit status" "$rc" 0 || diag "$err"
	is "$POLICY: user namespace: ids" "$(head -n 5 <<<"$out" | tr '\n' ';')" '0;0; 0 100000 65536; 0 100000 65536;0;'
	isnt "$POLICY: user namespace: new" "$(sed -n 6p <<<"$out")" "$(own user)"
	is "$POLICY: user namespace: what root makes belongs to the mapped id" "$(stat -c %u "$T/urootfs/tmp/x")" 100000
	in_sh 'id -u; cat /proc/self/status | grep CapEff' "$userns | .process.user = {uid: 33, gid: 33}"
	is "$POLICY: user namespace: a user in it" "$(head -n 1 <<<"$out")" 33
	rm -rf "$T/urootfs"
	in_container "$(with_ns '[{"type":"user"}]') | .linux.uidMappings = []"
	is "$POLICY: a new user namespace without maps is refused" "$rc" 1

	if [ -e /proc/self/ns/time ]; then
		in_sh 'cut -d. -f1 /proc/uptime; readlink /proc/self/ns/time' "$(with_ns '[{"type":"time"}]') | .linux.timeOffsets = {boottime: {secs: 1000000, nanosecs: 0}, monotonic: {secs: 50}}"
		up=$(cut -d. -f1 /proc/uptime)
		ok "$POLICY: time namespace: boottime is offset" test "$(head -n 1 <<<"$out")" -ge $((up + 999990)) || diag "$out $err"
		isnt "$POLICY: time namespace: new" "$(sed -n 2p <<<"$out")" "$(own time)"
	else skip "$POLICY: time namespace" "this kernel has none"; fi
done
POLICY=none

# ---- every kind at once, joined: those of a user namespace that somebody else made ----
ROOTFS=$T/jrootfs
cp -a "$T/b/rootfs" "$ROOTFS"
chown -Rh 100000:100000 "$ROOTFS"
unshare --user --mount --uts --ipc --net --cgroup --time --monotonic 77 --fork sh -c 'echo ready; exec sleep 100' >"$T/all" &
outer=$!
eventually 5 grep -q ready "$T/all"
holder=$(pgrep -P $outer)
for m in uid_map gid_map; do echo "0 100000 65536" >"/proc/$holder/$m"; done
all=$(for n in user:user mount:mnt network:net uts:uts ipc:ipc cgroup:cgroup time:time; do
	jq -cn --arg t "${n%:*}" --arg p "/proc/$holder/ns/${n#*:}" '{type: $t, path: $p}'
done | jq -cs '. + [{type: "pid"}]')
in_sh 'id -u; for n in user mnt net uts ipc cgroup time; do readlink /proc/self/ns/$n; done; cat /proc/self/timens_offsets | grep monotonic | tr -s " "' ".linux.namespaces = $all | del(.hostname)"
is "joined: seven at once: exit status" "$rc" 0 || diag "$err"
is "joined: each is the one that was named" "$(sed -n 2,8p <<<"$out")" "$(for n in user mnt net uts ipc cgroup time; do readlink "/proc/$holder/ns/$n"; done)"
is "joined: as its root, with its offsets" "$(sed -n '1p;9p' <<<"$out" | tr '\n' ' ')" '0 monotonic 77 0 '
same='.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
in_container "$(args_filter /bin/true) | .linux.namespaces = $all | del(.hostname) | $same"
is "joined user namespace: maps that say the same" "$rc" 0 || diag "$err"
in_container "$(args_filter /bin/true) | .linux.namespaces = $all | del(.hostname) | $same | .linux.gidMappings[0].size = 9"
is "joined user namespace: maps that do not are refused" "$rc" 1
like "and named" "$err" 'linux\.gidMappings: are not those'
in_container "$(args_filter /bin/true) | .linux.namespaces = $all | .linux.timeOffsets = {monotonic: {secs: 1}} | del(.hostname)"
like "joined time namespace: offsets are refused" "$err" 'linux\.timeOffsets'
for n in user:uts mount:net pid:user network:mnt ipc:time cgroup:ipc time:cgroup uts:user; do
	in_container "$(args_filter /bin/true) | del(.hostname) | .linux.namespaces |= (map(select(.type != \"${n%:*}\" and .type != \"time\")) + [{type: \"${n%:*}\", path: \"/proc/$holder/ns/${n#*:}\"}])"
	is "a path of another kind for ${n%:*} is refused" "$rc" 1
	like "and named" "$err" "linux\.namespaces\[${n%:*}\]\.path: .* namespace, not a ${n%:*} one"
done
in_container "$(args_filter /bin/true) | .linux.namespaces += [{type: \"time\", path: \"$T/b/config.json\"}]"
like "a path that is no namespace" "$err" 'linux\.namespaces\[time\]\.path: .*no namespace'

# ---- each kind beside a user namespace: new, the host's, the host's by path, that of the joined one ----
shown='.mounts = [{destination: "/proc", type: "bind", source: "/proc", options: ["rbind"]}] | del(.linux.maskedPaths, .linux.readonlyPaths, .hostname)'
unshare --net --ipc sleep 100 &
other=$!
eventually 5 test "$(readlink "/proc/$other/ns/ipc")" != "$(own ipc)"
for user in new joined none; do
	case $user in
	new) of="$same | .linux.namespaces += [{type: \"user\"}]" ;;
	joined) of=".linux.namespaces += [{type: \"user\", path: \"/proc/$holder/ns/user\"}]" ;;
	none) of=. ;;
	esac
	for n in network:net ipc:ipc uts:uts cgroup:cgroup time:time pid:pid; do
		link=/proc/self/ns/${n#*:}
		for how in new host path of-joined; do
			case $how in
			new) entry="[{type: \"${n%:*}\"}]" ;;
			host) entry='[]' ;;
			path) entry="[{type: \"${n%:*}\", path: \"$link\"}]" ;;
			of-joined) entry="[{type: \"${n%:*}\", path: \"/proc/$holder/ns/${n#*:}\"}]" ;;
			esac
			in_sh "readlink $link; readlink /proc/self/ns/user" "$shown | .linux.namespaces |= map(select(.type != \"${n%:*}\")) + $entry | $of"
			is "user $user, ${n%:*} $how: exit status" "$rc" 0 || diag "$err"
			got=$(head -n 1 <<<"$out")
			case $how in
			new) isnt "user $user, ${n%:*} $how: not the host's" "$got" "$(readlink "$link")" ;;
			of-joined) is "user $user, ${n%:*} $how" "$got" "$(readlink "/proc/$holder/ns/${n#*:}")" ;;
			*) is "user $user, ${n%:*} $how: the host's" "$got" "$(readlink "$link")" ;;
			esac
		done
	done
	case $user in
	new) isnt "user $user: not the host's" "$(sed -n 2p <<<"$out")" "$(readlink /proc/self/ns/user)" ;;
	joined) is "user $user: the one that was named" "$(sed -n 2p <<<"$out")" "$(readlink "/proc/$holder/ns/user")" ;;
	none) is "user $user: the host's" "$(sed -n 2p <<<"$out")" "$(readlink /proc/self/ns/user)" ;;
	esac
	[ "$user" != none ] || continue
	# What shows a namespace of the host's: its /sys, read-only; the others say why not, and what to do.
	for row in 'host|.' 'path|.linux.namespaces += [{type: "network", path: "/proc/self/ns/net"}]'; do
		in_sh 'ls /sys/class/net; touch /sys/x 2>&1; grep -c " /sys[^ ]* r[o],nosuid,nodev,noexec" /proc/self/mountinfo; grep -c " /sys[^ ]* rw" /proc/self/mountinfo' \
			"$shown | .mounts += [{destination: \"/sys\", type: \"sysfs\", source: \"sysfs\", options: [\"nosuid\", \"noexec\", \"nodev\", \"ro\"]}] | $(without_ns network) | $of | ${row#*|}"
		is "user $user, network ${row%%|*}: the host's /sys" "$(grep -vE 'touch|^[0-9]+$' <<<"$out")" "$(ls /sys/class/net)" || diag "$err"
		like "user $user, network ${row%%|*}: read-only, with all below it" "$(tail -n 3 <<<"$out" | tr '\n' ' ')" 'touch: /sys/x: Read-only file system [1-9][0-9]* 0 $'
	done
	for row in 'sysfs|network|net|/sys' 'proc|pid|pid|/proc' 'mqueue|ipc|ipc|/dev/mqueue'; do
		IFS='|' read -r type kind file source <<<"$row"
		in_container "$(args_filter /bin/true) | del(.linux.maskedPaths, .linux.readonlyPaths, .hostname) | .mounts = [{destination: \"$source\", type: \"$type\", source: \"x\"}] | $(without_ns "$kind") | $of"
		like "user $user: $type of the host's $kind namespace: why not, and what to do" "$err" "mounts\[0\]\.type: in a user namespace '$type' .*of a $kind namespace.*the host's does not: add .*$kind.*bind the host's .*$source"
		[ "$kind" != pid ] || continue
		in_container "$(args_filter /bin/true) | del(.linux.maskedPaths, .linux.readonlyPaths, .hostname) | .mounts = [{destination: \"$source\", type: \"$type\", source: \"x\", options: [\"ro\"]}] | .linux.namespaces |= map(if .type == \"$kind\" then .path = \"/proc/$other/ns/$file\" else . end) | $of"
		like "user $user: $type of another's $kind namespace" "$err" "mounts\[0\]\.type: .*and '/proc/$other/ns/$file' does not"
	done
done
kill -KILL "$other"
wait "$other" 2>/dev/null
kill -KILL "$holder" "$outer" 2>/dev/null
wait $outer 2>/dev/null
unset ROOTFS

# ---- what is of a namespace needs it ----
for row in 'hostname|del(.linux.namespaces[] | select(.type == "uts")) | .hostname = "x"' 'domainname|del(.hostname, (.linux.namespaces[] | select(.type == "uts"))) | .domainname = "x"' \
	'linux\.timeOffsets|.linux.timeOffsets = {boottime: {secs: 1}}' 'linux\.uidMappings|.linux.uidMappings = [{containerID: 0, hostID: 1, size: 1}]' \
	'linux\.sysctl\["net\.ipv4\.ip_forward"\]|del(.linux.namespaces[] | select(.type == "network")) | .linux.sysctl = {"net.ipv4.ip_forward": "1"}' \
	'linux\.sysctl\["kernel\.shmmax"\]|del(.linux.namespaces[] | select(.type == "ipc")) | .linux.sysctl = {"kernel.shmmax": "1"}' \
	'linux\.sysctl\["user\.max_net_namespaces"\]|.linux.sysctl = {"user.max_net_namespaces": "1"}' \
	'linux\.namespaces|.linux.namespaces += [{type: "pid"}]' 'linux\.namespaces|.linux.namespaces += [{type: "uts", path: "/proc/self/ns/uts"}]' \
	'mounts\[5\]\.type|del(.mounts[5].options) | .linux.namespaces |= map(select(.type != "network")) + [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 1, size: 1}] | .linux.gidMappings = .linux.uidMappings'; do
	in_container "$(args_filter /bin/true) | ${row#*|}"
	is "without its namespace ${row%%|*} is refused" "$rc" 1
	like "and named" "$err" "config\.json: ${row%%|*}|jailrun: ${row%%|*}"
done
in_container "$(args_filter /bin/true) | .hostname = \"$(printf 'x%.0s' $(seq 65))\""
like "a name that the kernel does not take" "$err" 'hostname: must have 64'

# ---- sysctl: each kind of namespace ----
in_sh 'cd /proc/sys; cat net/core/somaxconn net/ipv4/conf/lo/forwarding kernel/msgmax kernel/sem kernel/shmmni fs/mqueue/msg_max kernel/domainname | tr -s "[:space:]" " "' \
	'.linux.sysctl = {"net.core.somaxconn": "777", "net/ipv4/conf/lo/forwarding": "1", "kernel.msgmax": "4321", "kernel.sem": "100 200 30 40", "kernel.shmmni": "99", "fs.mqueue.msg_max": "12", "kernel.domainname": "sys.example"}'
is "sysctl of network, ipc and uts" "$out" '777 1 4321 100 200 30 40 99 12 sys.example ' || diag "$err"
mkdir -p "$T/urootfs" && cp -a "$T/b/rootfs/." "$T/urootfs" && chown -Rh 100000:100000 "$T/urootfs"
in_sh 'cat /proc/sys/user/max_net_namespaces' "$userns | .linux.sysctl = {\"user.max_net_namespaces\": \"5\"}"
is "sysctl of user" "$out" 5 || diag "$err"
isnt "and not of the host" "$(cat /proc/sys/user/max_net_namespaces)" 5
# Of a pid namespace: each where this kernel has it, with the helper as PID 1 and beside it.
from() { # VERSION: whether the kernel is that old
	[ "$(printf '%s\n' "$1" "$(uname -r)" | sort -V | head -n 1)" = "$1" ]
}
for row in 6.14:kernel.pid_max:1234 6.3:vm.memfd_noexec:2; do
	IFS=: read -r since key value <<<"$row"
	file=/proc/sys/${key//.//}
	from "$since" || { skip "sysctl of pid: $key" "Linux $since has it"; continue; }
	before=$(cat "$file")
	echo "{\"init\": \"workload\"}" >"$T/workload.json"
	for POLICY in none default "$T/workload.json"; do
		in_sh "cat $file" ".linux.sysctl = {\"$key\": \"$value\"}"
		is "policy $POLICY: sysctl of pid: $key" "$out" "$value" || diag "$err"
	done
	POLICY=none
	make_bundle "$T/b" "$(args_filter /bin/sleep 1000)"
	jr --policy none run -d --bundle "$T/b" "jt-$$-pid" </dev/null
	in_sh "cat $file" ".linux.sysctl = {\"$key\": \"$value\"} | .linux.namespaces |= map(if .type == \"pid\" then .path = \"/proc/$(jr state "jt-$$-pid" | jq .pid)/ns/pid\" else . end)"
	is "in a joined pid namespace: $key" "$out $(jr exec "jt-$$-pid" cat "$file")" "$value $value" || diag "$err"
	jr delete --force "jt-$$-pid"
	in_container "$(args_filter /bin/true) | .linux.sysctl = {\"$key\": \"$value\"} | .linux.namespaces |= map(if .type == \"pid\" then .path = \"/proc/self/ns/pid\" else . end)"
	like "in a joined one that is the host's" "$err" "linux\.sysctl\[\"$key\"\].*change the host.*pid namespace"
	is "and not of the host" "$(cat "$file")" "$before"
done
if from 6.3; then
	in_container "$(args_filter /bin/true) | $userns | .linux.sysctl = {\"vm.memfd_noexec\": \"1\"}"
	like "vm.memfd_noexec in a user namespace" "$err" "memfd_noexec: only the host's root may"
fi
in_container "$(args_filter /bin/true) | .linux.sysctl = {\"net.core.no_such\": \"1\"}"
like "a sysctl that is not there is named" "$err" 'linux\.sysctl\["net\.core\.no_such"\]'
in_container "$(args_filter /bin/true) | .linux.sysctl = {\"net.ipv4.ip_forward\": \"maybe\"}"
like "a value that is not taken likewise" "$err" 'linux\.sysctl\["net\.ipv4\.ip_forward"\].*maybe'

# ---- clocks ----
if [ -e /proc/self/ns/time ]; then
	time_ns=$(with_ns '[{"type":"time"}]')
	in_sh 'tr -s " " </proc/self/timens_offsets; cut -d. -f1 /proc/uptime' "$time_ns | .linux.timeOffsets = {boottime: {secs: -60, nanosecs: 5}, monotonic: {secs: -1, nanosecs: 999999999}}"
	is "offsets below zero, and nanoseconds" "$(head -n 2 <<<"$out" | tr '\n' ';')" 'monotonic -1 999999999;boottime -60 5;' || diag "$err"
	ok "and the clock shows it" test "$(tail -n 1 <<<"$out")" -lt $(($(cut -d. -f1 /proc/uptime) - 50))
	in_sh 'tr -s " " </proc/self/timens_offsets' "$time_ns | .linux.timeOffsets = {monotonic: {nanosecs: 3}}"
	is "one clock alone, nanoseconds alone" "$(tr '\n' ';' <<<"$out")" 'monotonic 0 3;boottime 0 0;'
	in_sh 'tr -s " " </proc/self/timens_offsets; id -u' "$userns | $time_ns | .linux.timeOffsets = {boottime: {secs: 9}}"
	is "in a user namespace" "$(tr '\n' ';' <<<"$out")" 'monotonic 0 0;boottime 9 0;0;' || diag "$err"
	in_container "$(args_filter /bin/true) | $time_ns | .linux.timeOffsets = {boottime: {secs: -9999999999}}"
	like "a clock below zero is refused" "$err" 'linux\.timeOffsets.*(negative|range)'
	in_container "$(args_filter /bin/true) | $time_ns | .linux.timeOffsets = {realtime: {secs: 1}}"
	like "a clock that no namespace has" "$err" 'linux\.timeOffsets'
	in_container "$(args_filter /bin/true) | $time_ns | .linux.timeOffsets = {boottime: {nanosecs: 1000000000}}"
	like "nanoseconds out of range" "$err" 'linux\.timeOffsets\.boottime\.nanosecs'
fi

# ---- config-linux.md, Cgroup ownership ----
cg=$(grep -m1 ' - cgroup2 ' /proc/self/mountinfo | cut -d' ' -f5)
if [ -n "$cg" ] && [ -w "$cg" ]; then
	rw='(.mounts[] | select(.type == "cgroup") | .options) = ["rw"]'
	owners() { # FILTER: owner of the directory, of cgroup.procs and of a file that is not to be given away
		make_bundle "$T/b" "$(sh_filter 'mkdir /sys/fs/cgroup/sub && rmdir /sys/fs/cgroup/sub && echo made; sleep 50') | .linux.cgroupsPath = \"/jt-$$-own\" | $1"
		jr --policy none run --bundle "$T/b" "jt-$$-own" >"$T/own.out" 2>&1 </dev/null &
		eventually 10 status_is "jt-$$-own" running
		eventually 3 grep -qE 'made|mkdir' "$T/own.out"
		out=$(stat -c %u "$cg/jt-$$-own" "$cg/jt-$$-own/cgroup.procs" "$cg/jt-$$-own/cgroup.max.depth" | tr '\n' ' ')$(cat "$T/own.out")
		jr delete --force "jt-$$-own"
		wait $! 2>/dev/null
	}
	owners "$userns | $rw"
	is "writable in a user namespace: its root owns the cgroup, and what may be delegated" "$out" '100000 100000 0 made'
	owners "$userns"
	like "read-only: it does not" "$out" '^0 0 0 mkdir.*Read-only'
	owners "$rw | .process.user = {uid: 77, gid: 77}"
	is "a user without a user namespace" "$out" '77 77 0 made'
else skip "ownership of the cgroup" "no cgroup v2 tree that can be written"; fi

# ---- exec into a container in a user namespace that shows a network namespace of the host's ----
unshare --net sleep 1000 &
host=$!
at_exit "kill $host"
eventually 100 test "$(readlink "/proc/$host/ns/net")" != "$(own net)"
make_bundle "$T/b" ".linux.namespaces += [{type: \"user\"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1000}] | .linux.gidMappings = .linux.uidMappings
	| .linux.namespaces |= map(if .type == \"network\" then .path = \"/proc/$host/ns/net\" else . end)
	| .mounts |= map(select(.destination == \"/proc\")) | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | $(args_filter sleep 1000)"
jr run --detach --bundle "$T/b" jt-$$-host >/dev/null 2>"$T/err" || diag "$(cat "$T/err")"
jrun exec jt-$$-host readlink /proc/self/ns/net
is "exec: joins the host's network namespace as well" "${out:-nothing}" "$(readlink "/proc/$host/ns/net")" || diag "$err"
jr delete --force jt-$$-host
done_testing
