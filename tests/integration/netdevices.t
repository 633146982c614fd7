#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# linux.netDevices: devices of the runtime's network namespace go into the container's, with what belongs to them. "The host" is a network
# namespace of this test's own.
# shellcheck disable=SC2317 # ok calls functions
if [ -z "${JAILRUN_TEST_NETNS-}" ] && [ "$(id -u)" = 0 ]; then
	JAILRUN_TEST_NETNS=1 exec unshare --net "$0" "$@"
fi
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/leftovers.sh"
need_root
need_command ip jq nsenter
need_runtime
ip link add probe0 type veth peer name probe1 2>/dev/null || skip_all "this kernel makes no veth devices"
ip link del probe0
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs

# device NAME PEER: a pair, one end up with addresses of each kind.
device() {
	ip link add "$1" mtu 1400 txqueuelen 77 type veth peer name "$2"
	ip link set "$1" address 02:00:00:aa:bb:01 alias "alias of $1"
	ip link set "$1" up && ip link set "$2" up
	ip addr add 10.9.8.1/24 brd + dev "$1" label "$1"
	ip addr add 10.9.8.2/24 dev "$1" label "$1:web" noprefixroute
	ip addr add 10.7.0.1 peer 10.7.0.2/32 dev "$1"
	ip addr add 10.6.0.1/24 dev "$1" valid_lft 1000 preferred_lft 900 # of a lease: not permanent
	ip addr add 169.254.1.1/16 dev "$1" scope link
	ip -6 addr add fd00:9::1/64 dev "$1" nodad
	ip -6 addr add fd00:9::2/128 dev "$1" nodad
}
# host_facts NAME: what undoing has to bring back.
host_facts() {
	ip -d -j addr show dev "$1" | jq -cS '.[0] | {ifname, mtu, address, ifalias, txqlen, up: (.flags | index("UP") != null),
		addr: [.addr_info[] | select(.scope == "global" and .valid_life_time == 4294967295) | {local, prefixlen, "label": .label, noprefixroute}] | sort}'
}
no_device() { ! ip link show dev "$1"; }
# in_netns PID COMMAND...
in_netns() {
	local pid=$1
	shift
	nsenter --net="/proc/$pid/ns/net" -- "$@"
}
addresses='[.[0].addr_info[] | select(.scope == "global") | .local + "/" + (.prefixlen | tostring) + (if .label then " " + .label else "" end)] | sort | join(";")'

net=".linux.netDevices"
sleeper=$(sh_filter 'while :; do sleep 1; done')
id=jt-$$-net
# start_with FILTER: creates and starts $id; sets $pid.
start_with() {
	make_bundle "$T/b" "$sleeper | $1" || return 1
	jrun ${POLICY:+--policy "$POLICY"} run -d --bundle "$T/b" "$id"
	pid=$(jr state "$id" 2>/dev/null | jq -r .pid)
	[ "$rc" = 0 ]
}

user='| .linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
for case in "plain|none|" "jail|default|" "user namespace|default|$user"; do
	IFS='|' read -r name POLICY more <<<"$case"
	more=${case#*|*|}
	device jt0 jp0
	ok "$name: run with a device" start_with "$net = {\"jt0\": {\"name\": \"net0\"}} $more" || diag "$err"
	is "$name: it is gone from the host" "$(ip -o link show dev jt0 2>&1 | grep -c 'does not exist')" 1
	is "$name: its addresses, permanent and global, are there" "$(in_netns "$pid" ip -j addr show dev net0 | jq -r "$addresses")" \
		"10.7.0.1/32 net0;10.9.8.1/24 net0;10.9.8.2/24 net0:web;fd00:9::1/64;fd00:9::2/128"
	is "$name: peer, broadcast, noprefixroute" "$(in_netns "$pid" ip -j addr show dev net0 | jq -rc '.[0].addr_info | [(.[] | select(.local == "10.7.0.1").address), (.[] | select(.local == "10.9.8.1").broadcast), (.[] | select(.local == "10.9.8.2").noprefixroute)]')" \
		'["10.7.0.2","10.9.8.255",true]'
	is "$name: MTU, hardware address, alias, queue, up" \
		"$(in_netns "$pid" ip -d -j addr show dev net0 | jq -rc '.[0] | [.mtu, .address, .ifalias, .txqlen, (.flags | index("UP") != null)]')" \
		'[1400,"02:00:00:aa:bb:01","alias of jt0",77,true]'
	is "$name: the kernel's own route came with the address" "$(in_netns "$pid" ip route show 10.9.8.0/24 | cut -d' ' -f1-3)" "10.9.8.0/24 dev net0"
	ip addr add 10.9.8.77/24 dev jp0
	ok "$name: packets go through" eventually 5 "$ROOTFS/bin/busybox" ping -c 1 -W 1 10.9.8.1
	ok "$name: delete" jr delete -f "$id"
	ok "$name: with the namespace the virtual device is gone, and its peer" eventually 10 no_device jp0
done
unset POLICY

# A device that was down comes up; without a name it keeps its own; two at once; a template.
ip link add jd0 type veth peer name jd1
ip link add jd2 type veth peer name jd3
ok "a device that was down, without a name" start_with "$net = {\"jd0\": {}, \"jd2\": {\"name\": \"eth%d\"}}"
is "keeps its name, is up" "$(in_netns "$pid" ip -j link show dev jd0 | jq -r '.[0].flags | index("UP") != null')" true
is "the template became the first free number" "$(in_netns "$pid" ip -o link show dev eth0 | grep -c UP)" 1
jr delete -f "$id"

# A joined namespace, in which names and numbers are taken.
ip netns add "$id" && at_exit "ip netns del $id"
joined="del(.linux.namespaces[] | select(.type == \"network\")) | .linux.namespaces += [{type: \"network\", path: \"/run/netns/$id\"}]"
ip -n "$id" link add eth0 index 40 type veth peer name other index 41
ip link add je0 index 40 type veth peer name je1
ok "into a joined namespace, by a template" start_with "$joined | $net = {\"je0\": {\"name\": \"eth%d\"}}"
is "the kernel chose the next number" "$(ip -n "$id" -o link show dev eth1 | grep -c UP)" 1
ok "delete" jr delete -f "$id"
ok "the device stays in the namespace, which is not the runtime's" ip -n "$id" link show dev eth1

# refused TEXT FILTER: run fails with the text, and what was on the host is there as it was.
device jr0 jq0
before=$(host_facts jr0)
refused() {
	local text=$1
	make_bundle "$T/b" "$sleeper | $2"
	leftovers_begin "$T/b"
	shift 2
	jrun run "$@" -d --bundle "$T/b" "$id"
	is "$text: refused" "$rc" 1
	like "$text: says so" "$err" "$text"
	is "$text: the device is on the host as it was" "$(host_facts jr0)" "$before"
	nothing_left "$text: nothing is left" "$id"
	jr delete -f "$id" # nothing, unless the test failed
}
refused "netDevices\\[\"nosuch\"\\].*No such device" "$net = {\"jr0\": {}, \"nosuch\": {}}"
refused "netDevices\\[\"lo\"\\]" "$net = {\"jr0\": {\"name\": \"x\"}, \"lo\": {\"name\": \"lo1\"}}"
refused "netDevices\\[\"jr0\"\\].*has a device 'eth0' already" "$joined | $net = {\"jr0\": {\"name\": \"eth0\"}}"
refused "netDevices.*runtime's own" "$net = {\"jr0\": {}} | del(.linux.namespaces[] | select(.type == \"network\")) | .linux.namespaces += [{type: \"network\", path: \"/proc/self/ns/net\"}]"
refused "netDevices: needs a new or joined network namespace" "$net = {\"jr0\": {}} | del(.linux.namespaces[] | select(.type == \"network\"))"
refused "netDevices\\[\"jr0\"\\]\\.name.*no name" "$net = {\"jr0\": {\"name\": \"a/b\"}}"
# What fails after the move takes it back, also when the container's process is gone by then.
refused "hooks.createRuntime" "$net = {\"jr0\": {\"name\": \"inside\"}} | .hooks = {createRuntime: [{path: \"/bin/false\"}]}"
refused "mounts" "$net = {\"jr0\": {\"name\": \"inside\"}} | .mounts += [{destination: \"/x\", type: \"nosuchfs\", source: \"x\"}]"
for step in net.devices +net.devices +mounts exec; do
	refused "failure injected" "$net = {\"jr0\": {}}" --fail-step "$step"
done
ip link set jr0 down
before=$(host_facts jr0)
refused "failure injected" "$net = {\"jr0\": {}}" --fail-step +net.devices
ok "the same device without a fault (control)" start_with "$net = {\"jr0\": {}}"
jr delete -f "$id"

# sysctls of the container name the device that came.
ip link add js0 type veth peer name js1
ok "a sysctl of a device that was moved" start_with "$net = {\"js0\": {\"name\": \"web\"}} | .linux.sysctl = {\"net.ipv4.conf.web.forwarding\": \"1\"}"
is "is set" "$(in_netns "$pid" cat /proc/sys/net/ipv4/conf/web/forwarding)" 1
jr delete -f "$id"
done_testing
