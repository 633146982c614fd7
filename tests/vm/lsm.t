#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# process.apparmorProfile, in a machine whose kernel runs AppArmor: the profile bites, and one that is not loaded is an error.
. "$(cd "$(dirname "$0")/../.." && pwd)/tests/lib/common.sh"
. "$TOP_SRCDIR/tests/lib/bundle.sh"
here=$TOP_SRCDIR/tests/vm

if [ ! -e /.jailrun-vm ]; then
	need_command qemu-system-x86_64 python3 busybox jq apparmor_parser
	need_runtime
	make_busybox_rootfs "$T/rootfs"
	echo secret >"$T/rootfs/etc/forbidden"
	ROOTFS=$T/rootfs TEST_TMP=/run "$here/run" --timeout 300 -- "$here/lsm.t"
	exit
fi

mount -t securityfs securityfs /sys/kernel/security
is "this kernel runs AppArmor" "$(cat /sys/module/apparmor/parameters/enabled)" Y
cat >"$T/profile" <<'END'
profile jailrun-test flags=(attach_disconnected,mediate_deleted) {
	file,
	capability,
	network,
	signal,
	deny /etc/forbidden rwklx,
}
END
ok "the profile is loaded" apparmor_parser -K -T -r "$T/profile"

look='cat /proc/self/attr/current; cat /etc/passwd >/dev/null && echo read; cat /etc/forbidden'
confined='.process.apparmorProfile = "jailrun-test"'
user='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
printf '{"exec": {"allow": ["/bin/"]}}' >"$T/trace.json"
printf '{"init": "workload", "exec": {"allow": ["/bin/"]}}' >"$T/outer.json"
current='cat /proc/self/attr/current'
# What exec says is taken, and where it says nothing, the container's.
in_container_exec() {
	make_bundle "$T/c" "$(args_filter /bin/sleep 1000) | $confined"
	jr --policy "$POLICY" run -d --bundle "$T/c" living >"$T/log" 2>&1 </dev/null
	jrun exec living sh -c "$look"
	is "$name: exec" "${out//$'\n'/;}" "jailrun-test (enforce);read"
	jrun exec --apparmor unconfined living sh -c "$current"
	is "$name: exec --apparmor" "$out" unconfined
	jrun exec --apparmor jailrun-none living true
	like "$name: exec --apparmor of none that is there" "$rc $err" "^255 .*'jailrun-none' is loaded"
	jq --arg s "$current" '.process | .args = ["/bin/sh", "-c", $s] | .apparmorProfile = "unconfined"' "$T/c/config.json" >"$T/process.json"
	jrun exec --process "$T/process.json" living
	is "$name: exec --process" "$out" unconfined
	jq 'del(.apparmorProfile)' "$T/process.json" >"$T/without.json"
	jrun exec --process "$T/without.json" living
	is "$name: exec --process of a file without a profile" "$out" "jailrun-test (enforce)"
	jr delete -f living
}
for POLICY in none default "$T/trace.json" "$T/outer.json"; do
	name=${POLICY##*/}
	in_sh "$look"
	is "$name: without a profile" "${out//$'\n'/;}" "unconfined;read;secret"
	in_sh "$look" "$confined"
	is "$name: with one" "${out//$'\n'/;}" "jailrun-test (enforce);read"
	like "$name: it bites" "$err" "/etc/forbidden.*Permission denied"
	in_sh "$look" "$confined | .process.noNewPrivileges = false | .process.user = {uid: 1000, gid: 1000} | .process.capabilities = {}"
	is "$name: of a user" "${out//$'\n'/;}" "jailrun-test (enforce);read"
	in_sh "$look" '.process.apparmorProfile = "unconfined"'
	is "$name: unconfined" "${out//$'\n'/;}" "unconfined;read;secret"
	in_sh "$look" '.process.apparmorProfile = "jailrun-none"'
	is "$name: a profile that is not there: nothing runs" "$rc $out" "1 "
	like "$name: a profile that is not there: the error" "$err" "process.apparmorProfile: .*'jailrun-none' is loaded.*apparmor_parser"
	in_container_exec
done
POLICY=default
in_sh "$look" "$confined | $user"
is "in a user namespace" "${out//$'\n'/;}" "jailrun-test (enforce);read"
# The words go to the kernel, whatever the image has at /proc.
in_sh "echo ran" "$confined | del(.mounts[] | select(.destination == \"/proc\")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []"
is "without a procfs in the container" "$rc $out" "0 ran"
in_sh "cat /etc/forbidden" "$confined | del(.mounts[] | select(.destination == \"/proc\")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []"
like "without a procfs in the container it bites" "$err" "Permission denied"
make_bundle "$T/c" "$(sh_filter true) | .process.apparmorProfile = \"jailrun-none\""
jrun create --bundle "$T/c" early
is "create says it already: exit status" "$rc" 1
like "create says it already" "$err" "'jailrun-none' is loaded"
done_testing
