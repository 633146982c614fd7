#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What `features` says is what the runtime does: each name of it is taken, and what it does not name is refused.
# shellcheck disable=SC2317 # not_ok calls a function
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command jq
need_runtime
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
jrun features
is "features" "$rc" 0
is "nothing on stderr" "$err" ""
is "it is the same without a state root, and as another user" "$(env -i "$JAILRUN" features | md5sum)" "$(md5sum <"$T/out")"
F=$T/features.json
cp "$T/out" "$F"
f() { jq -r "$1" "$F"; }
is "its properties are those of features.md" "$(jq -c 'keys' "$F")" \
	'["annotations","hooks","linux","mountOptions","ociVersionMax","ociVersionMin","potentiallyUnsafeConfigAnnotations"]'
is "and of features-linux.md" "$(jq -c '.linux | keys' "$F")" \
	'["apparmor","capabilities","cgroup","intelRdt","memoryPolicy","mountExtensions","namespaces","netDevices","seccomp","selinux"]'
is "annotations are strings" "$(jq -c '[.annotations[] | type] | unique' "$F")" '["string"]'

# plan FILTER [OPTIONS]: sets $rc, $err and $T/out.
plan() {
	local filter=$1
	shift
	make_bundle "$T/b" "$filter" && jrun --policy none plan "$@" "$T/b"
}
# all NAME LIST FILTER: a plan for every name of the list, as $x in the filter; each must be taken.
all() {
	local x bad="" n=0
	while read -r x; do
		n=$((n + 1))
		make_bundle "$T/b" "$3" --arg x "$x"
		jrun --policy none plan "$T/b"
		# A capability that this host cannot give is known all the same, and an agent that is not there.
		[[ $rc == 0 && (-z $err || $err == *"the runtime does not have it itself" || $err == *"no agent listens at"*) ]] || bad+="$x: $err "
	done < <(f "$2[]")
	is "$1: each is taken" "$bad" ""
	ok "$1: there are some" test "$n" -gt 0
}
# none NAME FILTER [TEXT]: a name that is not in the list is refused.
none() {
	make_bundle "$T/b" "$2" --arg x "${3-NOSUCH}"
	jrun --policy none plan "$T/b"
	isnt "$1: another name is refused" "$rc:$err" "0:"
}

for v in ociVersionMin ociVersionMax; do
	plan ".ociVersion = \"$(f ".$v")\""
	is "$v is accepted" "$rc:$err" "0:"
done
plan '.ociVersion = "2.0.0"'
is "another version is not" "$rc" 1

hook='.hooks = {($x): [{path: "/bin/true"}]}'
all hooks .hooks "$hook"
is "hooks: all that the specification has" "$(f '.hooks | sort | join(" ")')" "createContainer createRuntime poststart poststop prestart startContainer"

space='del(.hostname) | .mounts = [] | .linux.namespaces = ([{type: "mount"}, {type: $x}] | unique) | .linux.uidMappings = (if $x == "user" then [{containerID: 0, hostID: 0, size: 9999}] else [] end) | .linux.gidMappings = .linux.uidMappings'
all namespaces .linux.namespaces "$space"
none namespaces "$space" nosuch
in_sh 'for n in mnt pid net uts ipc user cgroup time; do readlink /proc/self/ns/$n; done' "$(f '.linux.namespaces | map("{type: \"" + . + "\"}") | ".linux.namespaces = [" + join(",") + "]"') |
	.linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}] | .linux.gidMappings = .linux.uidMappings"
is "namespaces: all of them in one container" "$rc" 0 || diag "$err"
is "namespaces: each is another than the runtime's" \
	"$( (cd /proc/self/ns && readlink mnt pid net uts ipc user cgroup time) | grep -cxF "$out")" 0
is "namespaces: as many as there are" "$(wc -l <<<"$out")" "$(f '.linux.namespaces | length')"

cap='.process.capabilities = {bounding: [$x]}'
all capabilities .linux.capabilities "$cap"
none capabilities "$cap" CAP_NOSUCH
list=$(jq -c .linux.capabilities "$F")
in_sh 'sed -n "s/^CapBnd:.//p" /proc/self/status' ".process.capabilities = {bounding: $list}"
is "capabilities: all of them are all that this host can give" "$out" "$(sed -n 's/^CapBnd:.//p' /proc/self/status)"

# ---- mounts ----

option='.mounts += [if $x | test("^(dirsync|iversion|lazytime|mand|sync|tmpcopyup)$") then {destination: "/x", type: "tmpfs", source: "x", options: [$x]}
	else {destination: "/x", type: "bind", source: "/tmp", options: ["bind", $x]} end] | if $x | test("^r?idmap$") then
	.mounts[-1] += {uidMappings: [{containerID: 0, hostID: 0, size: 9}], gidMappings: [{containerID: 0, hostID: 0, size: 9}]} else . end'
all mountOptions .mountOptions "$option"
is "mountOptions: sorted, each once" "$(jq -c '.mountOptions == (.mountOptions | unique)' "$F")" true
# None of them is taken for an option of the file system.
make_bundle "$T/b" ".mounts += [$(f '[.mountOptions[] | select(test("^(r?bind|remount|r?idmap|tmpcopyup|iversion|mand|lazytime|dirsync|sync|copy-symlink|(src|dest)-nofollow)$") | not) |
	"{destination: \"/m/\(.)\", type: \"tmpfs\", source: \"x\", options: [\"\(.)\"]}"] | join(",")')]"
jrun --policy none plan "$T/b"
is "mountOptions: none that is of the mount goes to the file system" "$(jq -c '[.namespaces.mounts[] | select(.destination | startswith("/m/")) | .options // []] | add' "$T/out")" "[]"
make_bundle "$T/b" "$(args_filter true) | $(jq -r '.mounts[-1:] | "."' "$T/b/config.json") | .mounts += $(jq -c '[.mounts[] | select(.destination | startswith("/m/"))]' "$T/b/config.json")"
jrun run --bundle "$T/b" "jt-$$-m"
is "mountOptions: each is carried out" "$rc:$err" "0:"
in_container "$(args_filter true) | .mounts += [{destination: \"/x\", type: \"tmpfs\", source: \"x\", options: [\"nosuchoption\"]}]"
is "mountOptions: what neither the runtime nor the kernel knows is refused" "$rc" 1
like "mountOptions: and named" "$err" 'mounts\[[0-9]+\].*nosuchoption'
is "mountExtensions.idmap" "$(f .linux.mountExtensions.idmap.enabled)" true
mkdir -p "$T/src" && touch "$T/src/file"
in_sh 'stat -c %u:%g /x/file' ".mounts += [{destination: \"/x\", type: \"bind\", source: \"$T/src\", options: [\"bind\", \"idmap\"],
	uidMappings: [{containerID: 0, hostID: 5000, size: 10}], gidMappings: [{containerID: 0, hostID: 6000, size: 10}]}]"
is "mountExtensions.idmap: is carried out" "$out" 5000:6000 || diag "$err"

# ---- seccomp ----

seccomp='.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/run/nobody", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}'
is "seccomp: enabled" "$(f .linux.seccomp.enabled)" true
rule="$seccomp | .linux.seccomp.syscalls[0].action = \$x"
all "seccomp actions" .linux.seccomp.actions "$rule"
none "seccomp actions" "$rule" SCMP_ACT_NOSUCH
op="$seccomp | .linux.seccomp.syscalls[0] += {names: [\"personality\"], args: [{index: 0, value: 1, valueTwo: 1, op: \$x}]}"
all "seccomp operators" .linux.seccomp.operators "$op"
none "seccomp operators" "$op" SCMP_CMP_NOSUCH
arch="$seccomp | .linux.seccomp.architectures = [\$x]"
all "seccomp archs" .linux.seccomp.archs "$arch"
none "seccomp archs" "$arch" SCMP_ARCH_NOSUCH
flag="$seccomp | .linux.seccomp.flags = [\$x] | if \$x == \"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\" then .linux.seccomp.syscalls[0].action = \"SCMP_ACT_NOTIFY\" else . end"
all "seccomp supportedFlags" .linux.seccomp.supportedFlags "$flag"
none "seccomp flags" "$flag" SECCOMP_FILTER_FLAG_NOSUCH
is "seccomp: what is supported is known" "$(jq -c '.linux.seccomp | .supportedFlags - .knownFlags' "$F")" "[]"
for flag in $(f '.linux.seccomp.supportedFlags[]'); do
	[ "$flag" != SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV ] || continue
	in_sh 'mkdir /no || echo refused' "$seccomp | del(.linux.seccomp.listenerPath) | .linux.seccomp.flags = [\"$flag\"]"
	is "seccomp: a filter with $flag works" "$out" refused || diag "$err"
done

# ---- what is on or off ----

# matches NAME ENABLED FILTER: a plan with it is refused as not applied when features says no, and only then.
matches() {
	plan "$3"
	if [ "$2" = true ]; then
		unlike "$1: on, and not refused as unknown" "$err" 'does not apply it'
	else
		like "$1: off, and refused by name" "$rc:$err" '^1:.*does not apply it'
	fi
}
matches apparmor "$(f .linux.apparmor.enabled)" '.process.apparmorProfile = "unconfined"'
matches selinux "$(f .linux.selinux.enabled)" '.process.selinuxLabel = "a:b:c:s0"'
matches netDevices "$(f .linux.netDevices.enabled)" '.linux.netDevices = {"x0": {}}'
matches intelRdt "$(f .linux.intelRdt.enabled)" '.linux.intelRdt = {closID: "x"}'
matches intelRdt.schemata "$(f .linux.intelRdt.schemata)" '.linux.intelRdt = {closID: "x", schemata: ["L3:0=f"]}'
matches intelRdt.monitoring "$(f .linux.intelRdt.monitoring)" '.linux.intelRdt = {closID: "x", enableMonitoring: true}'
matches memoryPolicy "$(f '.linux.memoryPolicy.modes | length > 0')" '.linux.memoryPolicy = {mode: "MPOL_DEFAULT"}'
for mode in $(f '.linux.memoryPolicy.modes[]'); do
	matches "memoryPolicy $mode" true ".linux.memoryPolicy = {mode: \"$mode\", nodes: \"0\"}"
done
is "cgroup v1" "$(f .linux.cgroup.v1)" false
is "cgroup v2" "$(f .linux.cgroup.v2)" true
matches "cgroup rdma" "$(f .linux.cgroup.rdma)" '.linux.resources.rdma = {"mlx5_0": {hcaHandles: 1}}'
make_bundle "$T/b" "$(args_filter true)"
jrun --systemd-cgroup plan "$T/b"
is "cgroup systemd: as it says" "$([ "$rc" = 0 ] && echo true || echo false)" "$(f .linux.cgroup.systemd)"

# ---- annotations that change what the runtime does ----

# changed KEY: whether an annotation changes the plan, or is refused.
changed() {
	make_bundle "$T/b" ".annotations = {\"$1\": \"default\"}"
	jrun plan -b "$T/b" && jq -S 'del(.cgroup)' "$T/out" >"$T/with"
	[ "$rc" = 0 ] || return 0
	! cmp -s "$T/with" "$T/without"
}
printf '{"name": "base", "limits": {"processes": 7}}' >"$T/base.json"
make_bundle "$T/b" .
mkdir -p "$T/policies" && cp "$T/base.json" "$T/policies/other.json"
run "$JAILRUN" --policy-dir "$T/policies" plan "$T/b"
without=$(jq -cS .jail.policy "$T/out")
make_bundle "$T/b" '.annotations = {"jailrun.policy": "other"}'
run "$JAILRUN" --policy-dir "$T/policies" plan "$T/b"
isnt "jailrun.policy changes the plan" "$(jq -cS .jail.policy "$T/out")" "$without"
is "and is named as one that may" "$(jq -c '[.potentiallyUnsafeConfigAnnotations[] | . as $p | "jailrun.policy" | . == $p or (($p | endswith(".")) and startswith($p))] | any' "$F")" true
make_bundle "$T/b" .
jrun plan "$T/b"
jq -S 'del(.cgroup)' "$T/out" >"$T/without"
for key in bundle org.criu.config run.oci.hooks.stderr org.opencontainers.image.os com.example.any \
	io.kubernetes.cri.container-type; do
	not_ok "$key changes nothing" changed "$key"
done
ok "run.oci.keep_original_groups changes the plan" changed run.oci.keep_original_groups
ok "and is named as one that may" jq -e '.potentiallyUnsafeConfigAnnotations | index("run.oci.keep_original_groups")' "$F"
done_testing
