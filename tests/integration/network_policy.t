#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The policy key network: a container in a network namespace of its own, connected to another host, which is a namespace, too.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
need_command ip nsenter unshare python3
cgroups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
[ -n "$cgroups" ] || skip_all "no cgroup v2 tree is mounted"

make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
gcc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -O1 -static -pthread -o "$T/rootfs/bin/netcall" "$TOP_SRCDIR/tests/lib/netcall.c" ||
	fail "a program to make calls with"

# here: the container's namespace; there: the other host.
unshare -n sleep 600 &
here=$!
unshare -n sleep 600 &
there=$!
at_exit "kill $here $there"
sleep 0.1
in_here() { nsenter -t "$here" -n "$@"; }
in_there() { nsenter -t "$there" -n "$@"; }
in_here ip link set lo up
link="nb-here nb-there"
if ! ip link add nb-here netns "$here" type veth peer name nb-there netns "$there" 2>"$T/veth"; then
	diag "no veth ($(cat "$T/veth")): the other host is this one, by other addresses"
	there=$here link="lo lo"
fi
in_here ip link set "${link% *}" up && in_here ip address add 10.7.0.1/24 dev "${link% *}" && in_here ip address add 2001:db8:7::1/64 dev "${link% *}" nodad
in_there ip link set "${link#* }" up
for i in 2 3; do
	in_there ip address add 10.7.0.$i/24 dev "${link#* }" && in_there ip address add 2001:db8:7::$i/64 dev "${link#* }" nodad
done
nsenter -t "$there" -n python3 "$TOP_SRCDIR/tests/lib/netserve.py" "$T/arrived" 10.7.0.2 10.7.0.3 2001:db8:7::2 2001:db8:7::3 -- 8000 8001 8002 &
at_exit "kill $!"
ok "the other host serves (control)" eventually 10 test -e "$T/arrived"

netns=".linux.namespaces |= map(select(.type != \"network\")) + [{type: \"network\", path: \"/proc/$here/ns/net\"}]"
id=0
# with_policy POLICY SCRIPT [FILTER [OPTIONS]]: runs the script; denials are in $T/audit.
with_policy() {
	printf '%s' "$1" >"$T/policy.json"
	rm -f "$T/audit"
	id=$((id + 1))
	make_bundle "$T/b" "$netns | $(sh_filter "$2") | ${3-.}"
	jrun --policy "$T/policy.json" --audit "$T/audit" run --bundle "$T/b" "nt-$$-$id"
}
# calls POLICY: runs the calls of $table, and compares what each says with what it should. A line of the table is "netcall's arguments = verdict".
calls() {
	local name=$1 policy=$2 line script=
	while read -r line; do
		[ -n "$line" ] && script+="echo \"${line%% =*} = \$(netcall ${line%% =*} | tr '\\n' ' ' | sed 's/ \$//')\"; "
	done <<<"$table"
	with_policy "$policy" "$script"
	while read -r line; do
		[ -z "$line" ] || is "$name: ${line%% =*}" "$(grep -F "${line%% =*} = " <<<"$out" | head -n 1)" "$line"
	done <<<"$table"
}
denials() { # JQ CONDITION
	jq -s "[.[] | select($1)] | length" "$T/audit" 2>/dev/null || echo 0
}

table='
tcp 10.7.0.2 8000 = ok
tcp 10.7.0.3 8000 = ok
tcp 2001:db8:7::3 8001 = ok
tcp ::ffff:10.7.0.3 8000 = ok
sendto46 10.7.0.3 8000 = ok
fastopen 10.7.0.3 8000 = ok
sendmmsg 10.7.0.2 8000 10.7.0.3 8000 = 2
again 10.7.0.2 8000 10.7.0.3 8000 = ok
accepted 10.7.0.1 10.7.0.3 8000 = ok
x86 connect 10.7.0.3 8000 = ok
x86 socketcall 10.7.0.3 8000 = ok
source_route option 10.7.0.3 10.7.0.2 8000 = ok
source_route message 10.7.0.3 10.7.0.2 8000 = ok
route6 2001:db8:7::2 2001:db8:7::3 8000 = ok
bind tcp 0.0.0.0 8000 = ok
bind udp ::1 8000 = ok
socket 16 3 12 = ok
socket 17 3 0 = ok
socket 2 3 17 = ok
socket 2 1 262 = ok'
arch=$(uname -m)
[ "$arch" = x86_64 ] || table=$(grep -v '^x86' <<<"$table")
caps=".process.capabilities |= with_entries(.value += [\"CAP_NET_RAW\"])"
calls_without() {
	local line script=
	while read -r line; do
		[ -n "$line" ] && script+="echo \"${line%% =*} = \$(netcall ${line%% =*})\"; "
	done <<<"$table"
	make_bundle "$T/b" "$netns | $(sh_filter "$script") | $caps"
	jrun --policy default run --bundle "$T/b" "nt-$$-without"
	while read -r line; do
		[ -z "$line" ] || is "without rules: ${line%% =*}" "$(grep -F "${line%% =*} = " <<<"$out" | head -n 1)" "$line"
	done <<<"$table"
}
calls_without

table='
tcp 10.7.0.2 8000 = ok
tcp 10.7.0.2 8001 = ok
tcp 10.7.0.2 8002 = EPERM
tcp 10.7.0.3 8000 = EPERM
udp 10.7.0.2 8000 = ok
udp 10.7.0.3 8000 = EPERM
sendto 10.7.0.2 8000 = ok
sendto 10.7.0.3 8000 = EPERM
sendto46 10.7.0.2 8000 = ok
sendto46 10.7.0.3 8000 = EPERM
unspec 10.7.0.2 8000 = ok
unspec 10.7.0.3 8000 = EPERM
sendto ::ffff:10.7.0.2 8000 = ok
sendto ::ffff:10.7.0.3 8000 = EPERM
sendmsg 10.7.0.2 8001 = ok
sendmsg 10.7.0.3 8001 = EPERM
sendmmsg 10.7.0.2 8000 10.7.0.2 8001 = 2
sendmmsg 10.7.0.2 8000 10.7.0.3 8000 = 1
fastopen 10.7.0.2 8000 = ok
fastopen 10.7.0.3 8000 = EPERM
tcp ::ffff:10.7.0.2 8000 = ok
tcp ::ffff:10.7.0.3 8000 = EPERM
tcp 2001:db8:7::2 8002 = ok
tcp 2001:db8:7::3 8002 = EPERM
sendto 2001:db8:7::2 8000 = ok
sendto 2001:db8:7::3 8000 = EPERM
fastopen 2001:db8:7::3 8000 = EPERM
again 10.7.0.2 8000 10.7.0.2 8001 = ok
again 10.7.0.2 8000 10.7.0.3 8000 = EPERM
accepted 10.7.0.1 10.7.0.2 8000 = ok
accepted 10.7.0.1 10.7.0.3 8000 = EPERM
sendto 0.0.0.0 8000 = ok
sendto :: 8000 = EPERM
x86 connect 10.7.0.2 8000 = ENOSYS
source_route option 10.7.0.3 10.7.0.2 8000 = EPERM
source_route message 10.7.0.3 10.7.0.2 8000 = EPERM
route6 2001:db8:7::3 2001:db8:7::2 8000 = EPERM
bind tcp 0.0.0.0 8000 = ok
bind udp ::1 8000 = ok'
table=${table/x86 connect 10.7.0.2 8000 = ENOSYS/$(
	[ "$arch" != x86_64 ] || printf '%s\n' 'x86 connect 10.7.0.2 8000 = ok' 'x86 connect 10.7.0.3 8000 = EPERM' 'x86 socketcall 10.7.0.2 8000 = ok' \
		'x86 socketcall 10.7.0.3 8000 = EPERM'
)}
allow='{"network": {"connect": {"allow": ["10.7.0.2:8000-8001", "[2001:db8:7::]/127:*", "[2001:db8:7::2]:*", "127.0.0.1:*", "10.7.0.1:*"]}}}'
: >"$T/arrived"
calls "allow" "$allow"
unlike "what was refused did not arrive" "$(cat "$T/arrived")" '10\.7\.0\.3|db8:7::3'
like "what was allowed did (control)" "$(cat "$T/arrived")" 'udp 10\.7\.0\.2 8000 sendto'
is "every refusal of rules is in the audit stream or counted" \
	"$(jq -s 'map(select(.rule == "network.connect")) | map(if .more then .more else 1 end) | add' "$T/audit")" \
	"$(grep -c ' = \(EPERM\|1\)$' <<<"$(grep -v 'route' <<<"$table")")"
is "with address, port, protocol, pid, program, and what to do" \
	"$(jq -c 'select(.address == "2001:db8:7::3") | [.rule, .address, .port, .protocol, .action, .comm, ((.pid // .host_pid) | type), .allow]' "$T/audit" | head -n 1)" \
	'["network.connect","2001:db8:7::3",8002,"tcp","EPERM","netcall","number","name the address and port in network.connect.allow"]'

table='
tcp 10.7.0.2 8000 = EPERM
tcp 10.7.0.3 8000 = EPERM
tcp 10.7.0.3 8001 = ok
udp 10.7.0.3 8000 = ok
udp 10.7.0.2 8001 = EPERM
tcp 2001:db8:7::2 8000 = ok
tcp 2001:db8:7::3 8002 = EPERM'
calls "deny alone" '{"network": {"connect": {"deny": ["tcp:10.7.0.0/24:8000", "udp:*:8001", "*:8002"]}}}'
table='
tcp 10.7.0.2 8000 = ok
tcp 10.7.0.3 8000 = EPERM'
calls "deny inside allow" '{"network": {"connect": {"allow": ["*:*"], "deny": ["10.7.0.3:*"]}}}'
table='
tcp 10.7.0.2 8000 = ok
udp 10.7.0.2 8000 = EPERM
tcp 10.7.0.2 8001 = EPERM
tcp 10.7.0.3 8001 = ok
tcp 10.7.0.3 8002 = EPERM
tcp 2001:db8:7::2 8002 = ok
bind tcp 0.0.0.0 80 = ok
bind tcp 0.0.0.0 81 = EPERM'
calls "allow inside deny inside allow" '{"network": {"connect": {"allow": ["*:*", "tcp:10.7.0.2:8000", "10.7.0.3:8001"], "deny": ["10.7.0.0/24:*", "10.7.0.2:8000"]},
	"bind": {"allow": ["*:*", "*:80"], "deny": ["*:1-1023"]}}}'
table='
tcp 10.7.0.2 8000 = EPERM
sendto 2001:db8:7::2 8000 = EPERM
bind tcp 0.0.0.0 0 = ok'
calls "nothing" '{"network": {"connect": {}}}'

table='
bind tcp 127.0.0.1 8080 = ok
bind udp 127.0.0.1 8080 = EPERM
bind tcp 127.0.0.1 8081 = EPERM
bind tcp 0.0.0.0 8080 = EPERM
bind tcp :: 8080 = EPERM
bind tcp ::1 8080 = EPERM
bind tcp ::ffff:127.0.0.1 8080 = ok
bind tcp ::ffff:10.7.0.1 8080 = EPERM
bind udp :: 9000 = ok
bind udp 0.0.0.0 9000 = ok
tcp 10.7.0.3 8000 = ok'
calls "bind" '{"network": {"bind": {"allow": ["tcp:127.0.0.1:8080", "*:9000"]}}}'
is "bind: the rule is named" "$(denials '.rule == "network.bind" and .address == "0.0.0.0" and .port == 8080')" 1
table='
bind tcp 10.7.0.1 8080 = EPERM
bind tcp 127.0.0.1 8080 = ok
bind tcp 0.0.0.0 8080 = EPERM
bind tcp :: 8080 = EPERM
bind tcp :: 8081 = ok'
calls "bind: the wildcard has the denied address, too" '{"network": {"bind": {"deny": ["10.7.0.1:8080"]}}}'

# listen POLICY SOCKET: whether the other host gets a connection to a port that the kernel chose.
listen() {
	: >"$T/out"
	(
		eventually 10 grep -q port "$T/out"
		in_there "$T/rootfs/bin/netcall" tcp 10.7.0.1 "$(sed -n 's/^port //p' "$T/out")" >"$T/caller"
	) &
	with_policy "$1" "netcall listen $2"
	wait $!
}
listen '{"network": {"connect": {}}}' unbound
is "a socket that listens without bind is reached (control)" "$(tail -n 1 <<<"$out")" ok
listen '{"network": {"bind": {"allow": ["*:0", "*:1-1024"]}}}' unbound
is "not where bind has rules" "$(tail -n 1 <<<"$out")" EAGAIN
listen '{"network": {"bind": {"allow": ["*:0", "*:1-1024"]}}}' 0.0.0.0
is "nor one that bound to port 0" "$(tail -n 1 <<<"$out")" EAGAIN
listen '{"network": {"bind": {"allow": ["*:*"]}}}' 0.0.0.0
is "unless they allow the port that it got" "$(tail -n 1 <<<"$out")" ok

# UDP needs neither bind(2) nor listen(2) to be heard of. The other socket of `hear` is bound to 8000.
table='
hear unbound 8000 = ok
hear 0.0.0.0 8000 = ok
hear connected 8000 = ok'
calls "UDP is heard without rules (control)" '{"network": {"connect": {"deny": ["*:9"]}}}'
calls "UDP is heard where port 0 may be bound" '{"network": {"bind": {"allow": ["udp:127.0.0.1:8000", "udp:*:0"]}}}'
table='
hear unbound 8000 = EAGAIN
hear 0.0.0.0 8000 = EPERM
hear connected 8000 = ok'
calls "UDP is not heard at a port that may not be bound" '{"network": {"bind": {"allow": ["udp:127.0.0.1:8000", "tcp:*:*"]}}}'
table='
hear unbound 8000 = EAGAIN
hear 0.0.0.0 8000 = EAGAIN
hear connected 8000 = ok'
calls "nor at one that is denied" '{"network": {"bind": {"deny": ["udp:*:30000-65535"]}}}'

# A workload that leaves its cgroup leaves the rules: the host's cgroups, which the configuration may show it, cannot be written to.
leave='netcall tcp 10.7.0.3 8000; echo $$ 2>/dev/null >/host/cgroup.procs && echo left; netcall tcp 10.7.0.3 8000'
shown=".mounts += [{destination: \"/host\", type: \"bind\", source: \"$cgroups\", options: [\"rbind\", \"rw\"]}]"
joined=".linux.namespaces |= map(if .type == \"cgroup\" then .path = \"/proc/$$/ns/cgroup\" else . end) |
	.mounts += [{destination: \"/host\", type: \"cgroup\", source: \"cgroup\", options: [\"rw\"]}]"
for how in "$shown" "$joined"; do
	with_policy '{}' "$leave" "$how"
	like "who may write to the host's cgroups leaves its own (control)" "$out" left || diag "$err"
	with_policy '{"network": {"connect": {"allow": ["10.7.0.2:8000"]}}}' "$leave" "$how"
	is "not where there are rules" "${out//$'\n'/ }" "EPERM EPERM" || diag "$err"
done

# What goes round the rules.
table='
socket 1 1 0 = ok
socket 16 3 0 = ok
socket 2 1 6 = ok
socket 10 2 17 = ok
socket 16 3 12 = EAFNOSUPPORT
socket 17 3 0 = EAFNOSUPPORT
socket 38 5 0 = EAFNOSUPPORT
socket 40 1 0 = EAFNOSUPPORT
socket 2 1 262 = EPROTONOSUPPORT
socket 2 1 132 = EPROTONOSUPPORT
socket 2 2 136 = EPROTONOSUPPORT
socket 2 2 1 = EPROTONOSUPPORT
socket 2 3 17 = EPROTONOSUPPORT
call 321 = EPERM
call 425 = ENOSYS'
[ "$arch" = x86_64 ] || table=${table/call 321/call 280}
calls "closed" "$allow"
is "and reported" "$(denials '.rule == "network" and .syscall == "socket" and .action == "EAFNOSUPPORT"')" 4
table='
socket 1 1 0 = ok
socket 2 1 0 = ok
socket 2 3 17 = EPERM
socket 2 10 0 = EAFNOSUPPORT
socket 10 1 0 = EAFNOSUPPORT
socket 16 3 0 = EAFNOSUPPORT
socket 17 3 0 = EAFNOSUPPORT
socket 38 5 0 = EAFNOSUPPORT
tcp 10.7.0.2 8000 = ok
call 425 = ENOSYS'
calls "families" '{"network": {"families": ["unix", "AF_INET"]}}'
is "and reported" "$(denials '.rule == "network.families" and .syscall == "socket" and .action == "EAFNOSUPPORT" and .allow == "name the family in network.families"')" 5
for cap in CAP_NET_ADMIN CAP_SYS_ADMIN; do
	with_policy "$allow" true ".process.capabilities.bounding += [\"$cap\"]"
	is "$cap would undo the rules" "$rc" 1
	like "and the error says so" "$err" "process\.capabilities: $cap lets the workload"
done

# A thread changes the address while the call is on its way in: the kernel copies it once, and the rules judge the copy.
: >"$T/arrived"
with_policy "$allow" 'netcall race 10.7.0.2 10.7.0.3 8000 30000'
like "the race: both verdicts came" "$out" 'sent [1-9][0-9]* refused [1-9]'
unlike "and none got through" "$(cat "$T/arrived")" '10\.7\.0\.3'
like "while the others did (control)" "$(cat "$T/arrived")" '10\.7\.0\.2'
if [ "$(denials 'has("host_pid")')" = 0 ]; then
	isnt "the program that asked is named" "$(denials '.exe == "/bin/netcall"')" 0
else
	is "before Linux 6.10 by the name of the process alone" "$(denials '.comm == "netcall" and has("exe")'):$(denials '.comm == "netcall" and .host_pid > 1' | sed 's/^[1-9].*/some/')" 0:some
fi
isnt "of the like refusals most are counted, not written" "$(denials 'has("more")')" 0
is "and not more than ten a second" "$(denials '(has("more") | not) and .rule == "network.connect"' | awk '{ print ($1 <= 10 * 20) }')" 1

# on_violation.
with_policy '{"on_violation": "kill", "network": {"connect": {"allow": ["10.7.0.2:8000"]}}}' 'netcall tcp 10.7.0.2 8000; netcall tcp 10.7.0.3 8000; echo "ended by $?"'
if [[ $err == *bpf_send_signal* || $err == *"cannot be had for network rules"* ]]; then
	skip "kill" "this kernel's network programs may not send signals"
else
	is "kill: the process that called is killed, and it alone" "$(tr '\n' ' ' <<<"$out")" 'ok ended by 137 '
	is "and reported" "$(denials '.rule == "network.connect" and .action == "kill"')" 1
fi

# mode: what is watched goes on, and learning hears of what is allowed as well.
with_policy '{"network": {"mode": "watch", "connect": {"allow": ["10.7.0.2:8000"]}, "bind": {}}}' 'netcall tcp 10.7.0.3 8000; netcall bind tcp 0.0.0.0 8000; netcall source_route option 10.7.0.3 10.7.0.2 8000; netcall tcp 10.7.0.2 8000; netcall socket 16 3 12' "$caps"
is "watch: all goes on" "$(tr '\n' ' ' <<<"$out")" 'ok ok ok ok ok ' || diag "$err"
is "and is reported" "$(jq -r 'select(.mode == "watch") | [.rule, .action, .address // .syscall] | join(" ")' "$T/audit" | sort -u | tr '\n' ';')" 'network EAFNOSUPPORT socket;network.bind EPERM 0.0.0.0;network.connect EPERM 10.7.0.3;'
with_policy '{"mode": "learn", "network": {"connect": {"allow": ["10.7.0.2:8000"]}}}' 'i=0; while [ $i -lt 15 ]; do netcall tcp 10.7.0.3 8000; netcall udp 10.7.0.2 8000; i=$((i + 1)); done'
is "learn: each address once" "$(jq -r 'select(.learns | not) | [.rule, .mode, .action, .protocol, .address, .port] | join(" ")' "$T/audit" | sort | tr '\n' ';')" 'network.connect learn EPERM tcp 10.7.0.3 8000;network.connect learn allow udp 10.7.0.2 8000;'

# Other engines, other inits.
with_policy '{"network": {"connect": {"allow": ["10.7.0.2:*"]}}, "limits": {"processes": 10}}' 'netcall tcp 10.7.0.2 8000; netcall tcp 10.7.0.3 8000; netcall socket 17 3 0'
is "under the engine trace" "$(tr '\n' ' ' <<<"$out")" 'ok EPERM EAFNOSUPPORT '
is "reported" "$(denials '.rule == "network.connect" and .engine == "trace"')" 1
with_policy '{"init": "workload", "network": {"connect": {"allow": ["10.7.0.2:*"]}}}' 'netcall tcp 10.7.0.2 8000; netcall tcp 10.7.0.3 8000'
is "init: workload" "$(tr '\n' ' ' <<<"$out")" 'ok EPERM '
is "reported, by the host's pid" "$(denials '.rule == "network.connect" and .host_pid > 1 and .comm == "netcall"')" 1

# A user namespace, and a cgroup of its own making below.
with_policy "$allow" 'netcall tcp 127.0.0.2 8000; netcall tcp 127.0.0.1 8000' \
	'.linux.namespaces |= map(del(.path)) + [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings |
	.process.capabilities.bounding += ["CAP_SYS_ADMIN"]'
is "in a user namespace" "$(tr '\n' ' ' <<<"$out")" 'EPERM ECONNREFUSED ' || diag "$err"

# exec, update, and what is left.
printf '%s' "$allow" >"$T/policy.json"
make_bundle "$T/b" "$netns | $(args_filter sleep 100)"
jr --policy "$T/policy.json" --audit "$T/audit" run -d --bundle "$T/b" "nt-$$-exec" >/dev/null 2>&1 </dev/null
jrun exec "nt-$$-exec" sh -c 'netcall tcp 10.7.0.2 8000; netcall tcp 10.7.0.3 8000'
is "exec: the same rules" "$(tr '\n' ' ' <<<"$out")" 'ok EPERM '
ok "reported" eventually 5 test "$(denials '.comm == "netcall" and .address == "10.7.0.3"')" -gt 0
jrun exec --cap CAP_NET_ADMIN "nt-$$-exec" true
like "exec: no capability that would undo them" "$err" 'CAP_NET_ADMIN lets the workload'
cgroup=$cgroups/jailrun/nt-$$-exec
mkdir "$cgroup/below" && jrun exec --cgroup below "nt-$$-exec" netcall tcp 10.7.0.3 8000
is "exec: below the container's cgroup, too" "$out" EPERM
jrun exec --cgroup ../.. "nt-$$-exec" netcall tcp 10.7.0.3 8000
isnt "exec: nowhere else" "$out" ok
programs() { python3 - "$cgroup" <<'PY'; }
import ctypes, os, struct, sys
# bpf(BPF_PROG_QUERY) of one way to be attached: how many programs stand there
nr = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
fd = os.open(sys.argv[1], os.O_RDONLY)
libc = ctypes.CDLL(None, use_errno=True)
for kind in (10, 11, 14, 15, 1):
    ids = (ctypes.c_uint32 * 64)()
    attr = ctypes.create_string_buffer(struct.pack("<IIIIQI", fd, kind, 0, 0, ctypes.addressof(ids), 64).ljust(128, b"\0"), 128)
    libc.syscall(nr, 16, attr, 128)
    print(struct.unpack_from("<I", attr, 24)[0], end=" ")
PY
is "each way has its program" "$(programs)" '1 1 1 1 1 '
jrun update --pids-limit 50 "nt-$$-exec"
printf '{"devices": [{"allow": false, "access": "rwm"}]}' | jr update -r - "nt-$$-exec" >/dev/null 2>&1
jrun exec "nt-$$-exec" netcall tcp 10.7.0.3 8000
is "update leaves them" "$out" EPERM
jr delete --force "nt-$$-exec" >/dev/null 2>&1
not_ok "delete leaves no cgroup" test -e "$cgroup"
loaded() { python3 - <<'PY'; }
import ctypes, os, struct
# how many programs of the name there are in the kernel
nr = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
libc = ctypes.CDLL(None, use_errno=True)
last, n = 0, 0
while True:
    attr = ctypes.create_string_buffer(struct.pack("<II", last, 0).ljust(128, b"\0"), 128)
    if libc.syscall(nr, 11, attr, 128) < 0:
        break
    last = struct.unpack_from("<I", attr, 4)[0]
    get = ctypes.create_string_buffer(struct.pack("<I", last).ljust(128, b"\0"), 128)
    fd = libc.syscall(nr, 13, get, 128)
    if fd < 0:
        continue
    info = ctypes.create_string_buffer(256)
    ask = ctypes.create_string_buffer(struct.pack("<IIQ", fd, 256, ctypes.addressof(info)).ljust(128, b"\0"), 128)
    libc.syscall(nr, 15, ask, 128)
    os.close(fd)
    n += info.raw[64:80].startswith(b"jailrun_conn4")
print(n)
PY
# shellcheck disable=SC2317 # by eventually
none_loaded() { [ "$(loaded)" = "${1-0}" ]; }
before=$(loaded)
for step in network.maps +network.maps cgroup.network +cgroup.network mounts; do
	jrun --policy "$T/policy.json" create --fail-step "$step" --bundle "$T/b" "nt-$$-fail"
	like "a failure at $step" "$err" "failure injected.*[(]step ${step#+}[)]"
	not_ok "leaves no cgroup" test -e "$cgroups/jailrun/nt-$$-fail"
done
for step in network.maps cgroup.network; do
	jrun --policy "$T/policy.json" create --die-step "$step" --bundle "$T/b" "nt-$$-die"
	is "killed at $step" "$rc" 137
	jr delete --force "nt-$$-die" >/dev/null 2>&1
	not_ok "delete leaves no cgroup" test -e "$cgroups/jailrun/nt-$$-die"
done
mkdir "$cgroups/nt-$$" && at_exit "rmdir $cgroups/nt-$$"
make_bundle "$T/b2" "$netns | $(args_filter true) | .linux.cgroupsPath = \"/nt-$$\""
cgroup=$cgroups/nt-$$
jrun --policy "$T/policy.json" create --fail-step mounts --bundle "$T/b2" "nt-$$-fail"
is "nor programs at a cgroup that was there before" "$(programs)" '0 0 0 0 0 '
ok "nor programs in the kernel" eventually 10 none_loaded "$before"

# Where they cannot be had.
jrun --policy "$T/policy.json" --cgroup-manager disabled run --bundle "$T/b" "nt-$$-no"
is "no cgroup, no container" "$rc" 1
like "and the reason" "$err" 'network: the rules stand at the container.s cgroup.*--cgroup-manager disabled'
jrun --policy "$T/policy.json" plan --bundle "$T/b"
is "plan: the programs" "$(jq -c '[.cgroup.network.programs[].hook]' <<<"$out")" '["connect4","connect6","sendmsg4","sendmsg6","inet_egress"]'
is "plan: their rules" "$(jq -r '.cgroup.network.programs[0].allow[0]' <<<"$out")" 10.7.0.2:8000-8001

# Under the administrator's floor both have to allow, and each refusal says whose it is.
mkdir "$T/policies"
printf '{"network": {"families": ["inet", "netlink"], "connect": {"allow": ["10.7.0.0/24:8000-8001"]}}}' >"$T/policies/site.json"
printf '{"network": {"connect": {"allow": ["*:*", "10.7.0.2:8002"], "deny": ["*:8001"]}, "bind": {"deny": ["*:9999"]}, "families": ["inet", "unix", "alg"]}}' >"$T/policies/own.json"
jq -n --arg dir "$T/policies" '{policyDir: $dir, floor: "site"}' >"$T/admin.json"
make_bundle "$T/b" "$netns | $(sh_filter 'for a in "tcp 10.7.0.2 8000" "tcp 10.7.0.2 8001" "tcp 10.7.0.2 8002" "bind tcp 0.0.0.0 9999" "socket 16 3 0" "socket 38 5 0"; do netcall $a; done; sleep 0.1') |
	.annotations = {\"jailrun.policy\": \"own\"}"
jrun --admin-config "$T/admin.json" --audit "$T/audit-floor" run --bundle "$T/b" "nt-$$-floor"
is "a floor: both have to allow" "$(tr '\n' ' ' <<<"$out")" 'ok EPERM EPERM EPERM EAFNOSUPPORT EAFNOSUPPORT ' || diag "$err"
is "and each refusal says whose it is" "$(jq -r '[.policy, .rule, .port | tostring] | join(" ")' "$T/audit-floor" | sort | tr '\n' ',')" \
	'own network.bind 9999,own network.connect 8001,own network.families null,site network.connect 8002,site network.families null,'

# Nothing of the machinery is in the workload's reach.
with_policy "$allow" 'ls -l /proc/self/fd | grep -c bpf; exec 3</proc/1/fd/0; ls /proc/1/fd 2>&1 | head -n 1'
like "no descriptor of a map or a program" "$out" '^0'
like "nor those of PID 1" "$out$err" '[Pp]ermission denied'

# Some hundreds of networks.
{
	printf '{"network": {"connect": {"allow": ["10.7.0.2:8000"'
	for i in $(seq 1 500); do printf ', "10.%d.%d.0/24:%d", "[2001:db8:%x::]/48:1-%d"' $((i % 200 + 20)) $((i % 256)) "$i" "$((i + 256))" "$i"; done
	printf ']}}}'
} >"$T/many.json"
with_policy "$(cat "$T/many.json")" 'netcall tcp 10.7.0.2 8000; netcall tcp 10.7.0.3 8000; netcall tcp 2001:db8:7::2 8000'
is "a thousand networks" "$(tr '\n' ' ' <<<"$out")" 'ok EPERM EPERM ' || diag "$err"

# What they cost: medians of interleaved rounds.
many=$(sed 's/"10.7.0.2:8000", \(.*\)\]}}}/\1, "10.7.0.2:8000"]}}}/' "$T/many.json")
make_bundle "$T/b" "$netns | $(args_filter netcall cost 10.7.0.2 8000 20000)"
for _ in 1 2 3 4 5; do
	for what in without four many; do
		case $what in without) printf '{}' ;; four) printf '%s' "$allow" ;; many) printf '%s' "$many" ;; esac >"$T/policy.json"
		jrun --policy "$T/policy.json" run --bundle "$T/b" "nt-$$-cost"
		echo "$out" >>"$T/cost-$what"
	done
done
median() { awk -v i="$2" '{ print $i }' "$T/cost-$1" | sort -n | sed -n 3p; }
for i in 1 2; do
	without=$(median without $i) four=$(median four $i)
	diag "$([ $i = 1 ] && echo connect || echo sendto) of UDP: $without ns, with four rules $four, with a thousand before the one that matches $(median many $i)"
	ok "four rules do not cost as much as the call itself" test "$four" -lt $((without * 2 + 500))
done
done_testing
