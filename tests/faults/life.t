#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every row of the life table made to fail, before it ran and after, and the runtime killed at every row: the message names row and
# errno, and nothing is left: no process, mount, cgroup, state, or file in the bundle.
# The network namespace is this test's own: it moves devices out of it.
if [ -z "${JAILRUN_TEST_NETNS-}" ] && [ "$(id -u)" = 0 ]; then
	JAILRUN_TEST_NETNS=1 exec unshare --net "$0" "$@"
fi
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/leftovers.sh"
need_root
need_runtime

"$JAILRUN" life >"$T/rows"
ok "the table has rows" test "$(wc -l <"$T/rows")" -gt 30
hook() {
	jq -cn '["prestart","createRuntime","createContainer","startContainer","poststart","poststop"] |
		map({key: ., value: [{path: "/bin/true"}]}) | from_entries'
}
mkdir -p "$T/src" && echo x >"$T/src/file"
# Mount points that are not there yet, files to be made, a device, a missing cwd: much to be taken away again.
everything=".hooks = $(hook) | .linux.sysctl = {\"net.ipv4.ip_forward\": \"1\"} | .process.oomScoreAdj = 100
	| .hostname = \"faults\" | .linux.rootfsPropagation = \"shared\" | .process.cwd = \"/made/cwd\" | .linux.maskedPaths += [\"/etc/group\"] | .root.readonly = false
	| .mounts += [{destination: \"/new/dir/sub\", type: \"tmpfs\", source: \"tmpfs\"},
		{destination: \"/new/file\", type: \"bind\", source: \"$T/src/file\", options: [\"bind\", \"ro\"]}]
	| .linux.devices = [{path: \"/dev/own\", type: \"c\", major: 1, minor: 3}]"
# A core file: it needs no controller in the v2 tree.
everything+=' | .linux.resources.unified = {"cgroup.max.depth": "7"}'
user='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
ns=jt$$
joined=true
if ip netns add "$ns" 2>/dev/null; then
	at_exit "ip netns del $ns"
	joined="del(.linux.namespaces[] | select(.type == \"network\")) | del(.linux.sysctl) | .linux.namespaces += [{type: \"network\", path: \"/run/netns/$ns\"}]"
fi
# NAME POLICY FILTER; the name `create` is played by that verb, all others by run.
configs=(
	"create default $everything"
	"plain none $everything"
	"jail default $everything"
	"trace $T/trace.json $everything"
	"outer $T/outer.json $everything"
	"user default $everything | $user | .linux.devices = [] | (.mounts[] | select(.type == \"cgroup\") | .options) = [\"rw\"]"
	"join default $everything | $joined"
	"notify default ."
	"device default .linux.netDevices = {jf0: {name: \"inside\"}}"
)
printf '{"exec": {"allow": ["/bin/"]}, "limits": {"processes": 20}, "network": {"bind": {"deny": ["*:9"]}}}' >"$T/trace.json"
printf '{"init": "workload", "exec": {"allow": ["/bin/"]}}' >"$T/outer.json"

# fresh_bundle LINE PROGRAM...: a bundle in which no mount point has been made yet.
fresh_bundle() {
	local line=$1
	shift
	rm -rf "$T/b"
	make_bundle "$T/b" "$(args_filter "$@") | $(tr '\n' ' ' <<<"${line#* * }")"
}
# The device of that configuration: it goes with the namespace of a container that was killed, when the kernel comes to it; its peer is there so long.
need_device() {
	[ "$name" != device ] || eventually 20 eval 'ip link show dev jf0 >/dev/null 2>&1 || ip link add jf0 type veth peer name jf1 2>/dev/null'
}
# nothing_left, and a fresh bundle when something was, so that one finding is not repeated by all the tests after it.
clean() {
	nothing_left "$1" "$2" || {
		fresh_bundle "$line" /bin/sleep 60
		leftovers_begin "$T/b"
	}
}

covered=" " # the rows that were played
n=0
for line in "${configs[@]}"; do
	read -r name policy filter <<<"$line"
	unset NOTIFY_SOCKET
	[ "$name" != notify ] || export NOTIFY_SOCKET=$T/nobody
	verb=run
	[ "$name" != create ] || verb=create
	fresh_bundle "$line" /bin/true
	need_device
	jrun --policy "$policy" $verb --trace-steps --bundle "$T/b" "jt-$$-control"
	is "$name: it runs when nothing is made to fail (control)" "$rc" 0 || {
		diag "$err"
		continue
	}
	[ $verb = run ] || ok "$name: delete" "$JAILRUN" --root "$ROOT" delete "jt-$$-control"
	mapfile -t rows < <(awk 'NR == FNR { table[$2]; next } ($1 ~ /^[PCJW]$/) && ($2 in table) { print $2 }' "$T/rows" "$T/err")
	rows+=(jail.enter)
	[ $verb = create ] || rows+=(exec)
	covered+=" ${rows[*]} "
	fresh_bundle "$line" /bin/sleep 60
	leftovers_begin "$T/b"
	created=""
	for row in "${rows[@]}"; do
		for step in "$row" "+$row"; do
			n=$((n + 1))
			id=jt-$$-f$n
			need_device
			RUN_TIMEOUT=20 jrun --policy "$policy" $verb --fail-step "$step" --bundle "$T/b" "$id"
			is "$name: fail $step: exit status" "$rc" 1
			like "$name: fail $step: the message names row and errno" "$err" "jailrun: .*E[A-Z]+.*[(]step $row"
			clean "$name: fail $step: nothing is left" "$id"
			[ "$name" != device ] || ok "$name: fail $step: the device is back" ip link show dev jf0
		done
		n=$((n + 1))
		id=jt-$$-d$n
		eventually 10 need_device
		RUN_TIMEOUT=20 jrun --policy "$policy" $verb --die-step "$row" --bundle "$T/b" "$id"
		is "$name: die $row: the runtime was killed" "$rc" 137
		ok "$name: die $row: delete --force" timeout 20 "$JAILRUN" --root "$ROOT" delete --force "$id"
		# From then on the mount points stay.
		[[ $row != state.@(created|running) ]] || created=1
		[ -z "$created" ] || fresh_bundle "$line" /bin/sleep 60
		clean "$name: die $row: nothing is left" "$id"
	done
done

# ---- killed after a directory for the cgroup was made, and before it was marked ----
above=$(cgroup2_mount)/jt-$$-above
mkdir "$above"
at_exit "rmdir $above/made $above"
make_bundle "$T/c" "$(args_filter /bin/sleep 60) | .linux.cgroupsPath = \"/${above##*/}/made/one/x\""
jrun create --die-step cgroup.create --bundle "$T/c" "jt-$$-above"
is "unmarked: the runtime was killed" "$rc" 137
ok "unmarked: nothing but the directory and no mark" sh -c "rmdir $above/made/one/x $above/made/one &&
	python3 -c 'import os, sys; os.removexattr(sys.argv[1], \"user.jailrun.made\")' $above/made"
ok "unmarked: delete --force" "$JAILRUN" --root "$ROOT" delete --force "jt-$$-above"
not_ok "unmarked: it goes" test -e "$above/made"
ok "unmarked: what was there before stays" test -d "$above"

missing=$(while read -r _ row; do [[ $covered == *" $row "* ]] || echo "$row"; done <"$T/rows")
# Intel RDT is a matter of the processor: the unit test plays it on a tree of its own.
grep -q ' - resctrl ' /proc/self/mountinfo || missing=$(grep -v '^resctrl\.' <<<"$missing")
# systemd's: tests/vm/systemd.t plays it.
missing=$(grep -vx 'cgroup\.release' <<<"$missing")
# Where cgroup v2 can limit neither memory nor processes nor CPU time, nothing is divided: tests/vm/split.t plays it.
grep -qwE 'memory|pids|cpu' "$(cgroup2_mount)/cgroup.controllers" || missing=$(grep -vxE 'cgroup\.(split|move)' <<<"$missing")
is "every row of the table was played" "$missing" ""
done_testing
