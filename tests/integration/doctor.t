#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2317 # the inner shells expand; functions are called by ok
# jailrun doctor: its lines against facts that the test finds out by itself, here and in surroundings that it changes.
. "$(dirname "$0")/../lib/common.sh" || exit 1
need_root
need_runtime
own_etc() { find /etc/jailrun /etc/docker /etc/containerd /etc/containers /etc/crio -printf '%p %T@\n' 2>/dev/null | sort; }
etc=$(own_etc)
need_command jq unshare setpriv
mkdir "$T/policies"

doctor() { run "$@" "$JAILRUN" --policy-dir "$T/policies" doctor; }
# line ID: its line of the last answer.
line() { grep -F "  $1: " "$T/out"; }
begins() { is "$1" "$(line "$2" | cut -c 1-2)" "$3"; }

# ---- this host ----
doctor
is "it works here" "$rc" 0
is "nothing on stderr" "$err" ""
is "every line has its form" "$(grep -cvE '^(ok|no|--)  [a-zA-Z0-9._-]+: .' "$T/out")" 0
is "no id is there twice" "$(sed 's/^..  //; s/: .*//' "$T/out" | sort | uniq -d)" ""
is "no cgroup is left" "$(find /sys/fs/cgroup -mindepth 2 -maxdepth 4 -name 'doctor-*' 2>/dev/null)" ""
# Where nobody else mounts meanwhile.
ok "no mount is left" unshare --mount sh -c 'before=$(cat /proc/self/mountinfo)
	"$0" doctor >/dev/null; [ "$before" = "$(cat /proc/self/mountinfo)" ]' "$JAILRUN"
like "the kernel" "$(line kernel)" "Linux $(uname -r)"
like "the greatest number of files" "$(line limit.nofile)" "$(ulimit -Hn)"
for ns in mount:mnt pid:pid network:net uts:uts ipc:ipc user:user cgroup:cgroup time:time; do
	flag=--${ns%:*}
	case ${ns%:*} in network) flag=--net ;; time) flag=--time ;; esac
	if [ -e "/proc/self/ns/${ns#*:}" ] && unshare "$flag" --fork true; then want=ok; else want=no; fi
	begins "namespace ${ns%:*}" "kernel.namespace.${ns%:*}" $want
done
v2=/sys/fs/cgroup
[ -e $v2/cgroup.controllers ] || v2=/sys/fs/cgroup/unified
if [ -e $v2/cgroup.controllers ]; then
	for controller in cpu cpuset io memory pids hugetlb rdma; do
		if grep -qw $controller $v2/cgroup.controllers; then want=ok; else want=no; fi
		begins "controller $controller" "cgroup.controller.$controller" $want
	done
else
	skip "controllers" "no cgroup v2 at the usual places"
fi
if [ -r /proc/pressure/memory ]; then want=ok; else want=no; fi
begins "pressure" kernel.psi $want
modules=$(cat /sys/kernel/security/lsm 2>/dev/null || echo "not to be known: securityfs is not mounted")
is "security modules" "$(line security.modules | cut -d ' ' -f 4-)" "$modules"
if grep -q Y /sys/module/apparmor/parameters/enabled 2>/dev/null; then want=ok; else want=--; fi
begins "AppArmor" security.apparmor $want
if [ "$(capsh --decode="$(awk '/CapBnd/ { print $2 }' /proc/self/status)" 2>/dev/null | grep -c sys_resource)" = 1 ]; then
	unlike "CAP_SYS_RESOURCE can be granted" "$(line capabilities)" CAP_SYS_RESOURCE
else
	like "CAP_SYS_RESOURCE cannot be granted" "$(line capabilities)" CAP_SYS_RESOURCE
fi

cp "$T/out" "$T/text"
run "$JAILRUN" --policy-dir "$T/policies" doctor --format json
is "as JSON" "$rc $(jq -r .works "$T/out")" "0 true"
is "which has the same lines" "$(jq -r '.checks[] | "\({ok: "ok", no: "no", none: "--"}[.status])  \(.id): \(.text)\(if .needed then " (needed)" else "" end)\(if .remedy then "; " + .remedy else "" end)"' "$T/out")" \
	"$(sed '$d' "$T/text")"

# ---- other surroundings ----
if unshare --mount mount -t securityfs securityfs /sys/kernel/security 2>/dev/null; then
	doctor unshare --mount sh -c 'mount -t securityfs securityfs /sys/kernel/security; cat /sys/kernel/security/lsm >"$0"; exec "$@"' "$T/lsm"
	is "security modules, where they can be read" "$(line security.modules | cut -d ' ' -f 4-)" "$(cat "$T/lsm")"
else
	skip "security modules, where they can be read" "securityfs cannot be mounted here"
fi
doctor unshare --mount sh -c 'umount -R /sys/fs/cgroup; exec "$@"' sh
is "without cgroups: it does not work" "$rc" 1
like "without cgroups: the line" "$(line cgroup.layout)" '^no .*\(needed\); '
like "without cgroups: network rules cannot be enforced" "$(line policy.key.network)" '^no .*cgroup\.ebpf-network'
like "the last line says so" "$(tail -n 1 "$T/out")" '^no  jailrun: '

cp "$JAILRUN" "$T/jailrun"
doctor_as_user() {
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$@" "$T/jailrun" --policy-dir "$T/policies" doctor
}
chmod 755 "$T" "$T/jailrun"
doctor_as_user
is "as a user: it works" "$rc" 0
begins "as a user: no cgroup" cgroup.make no
begins "as a user: no device rules" cgroup.ebpf-devices no
like "as a user: who it is" "$(line user)" "nobody \(65534\), without root"
begins "as a user: user namespaces" kernel.namespace.user ok
subids=$(grep -cE '^(nobody|65534):' /etc/subuid 2>/dev/null)
if [ "$subids" = 0 ]; then want=no; else want=ok; fi
begins "as a user: ranges of ids" user.subids $want
doctor_as_user env PATH=/nonexistent
begins "as a user: no newuidmap in PATH" user.newuidmap no

# In a user namespace its own root sets the sysctl for those below.
doctor unshare --user --map-root-user sh -c 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"' sh
is "no user namespaces: it does not work" "$rc" 1
like "no user namespaces: the sysctl is named" "$(line kernel.namespace.user)" '^no .*\(needed\); the sysctl user\.max_user_namespaces forbids them'
# Of a pid namespace.
if [ -e /proc/sys/vm/memfd_noexec ]; then
	doctor unshare --pid --fork --mount-proc sh -c 'echo 2 >/proc/sys/vm/memfd_noexec; "$@"' sh
	is "memfds that cannot be executed: it works" "$rc" 0
	begins "memfds that cannot be executed: by other means" kernel.helper ok
else
	skip "memfds that cannot be executed" "no such sysctl"
fi

# In an engine's container, as its root and as a user, under a filter as engines have it and without: what is in the way is named, and neither a newer
# kernel nor a sysctl that would not help.
. "$TOP_SRCDIR/tests/lib/bundle.sh"
make_busybox_rootfs "$T/rootfs"
tree='(["/usr", "/lib", "/lib64", $t] | map({destination: ., source: ., type: "none", options: ["rbind"]}))'
engine_caps='(["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "MKNOD", "SETGID", "SETUID", "SETPCAP", "SYS_CHROOT"] | map("CAP_" + .)) as $c |
	.process.capabilities = {bounding: $c, effective: $c, permitted: $c}'
engine_filter='{defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["bpf", "fsopen", "mount", "mount_setattr", "open_tree", "ptrace", "setns", "unshare"], action: "SCMP_ACT_ERRNO"}]}'
inside() { # FILTER…: doctor in a container
	make_bundle "$T/b" "$(args_filter "$T/jailrun" --policy-dir "$T/policies" doctor) | .mounts += $tree | $engine_caps | $*" --arg t "$T"
	jrun --policy none run --bundle "$T/b" "jt-$$-doctor"
}
no_cap='root has no CAP_SYS_ADMIN here' filter='under a seccomp filter of a container or a sandbox around it'
inside .
is "in a container without privileges: it does not work" "$rc" 1
for id in kernel.mount-api kernel.idmapped-mounts kernel.namespace.mount kernel.namespace.pid; do
	like "in a container without privileges: $id" "$(line $id)" "^no .*\(EPERM\).*; $no_cap"
done
like "in a container without privileges: cgroups" "$(line cgroup.make)" '^no .*; in a container, give it a cgroup tree that may be written to'
like "in a container without privileges: eBPF" "$(line cgroup.ebpf-devices)" '; it takes a cgroup: see cgroup.make$'
inside ".linux.seccomp = $engine_filter"
for id in kernel.mount-api kernel.namespace.mount; do
	like "under an engine's filter: $id" "$(line $id)" "^no .*\(EPERM\).*; jailrun runs $filter, whose root has no CAP_SYS_ADMIN"
done
for id in kernel.namespace.user kernel.ptrace; do
	like "under an engine's filter: $id" "$(line $id)" "^no .*\(EPERM\).*; jailrun runs $filter: let it allow"
done
inside ".linux.seccomp = $engine_filter | .process.user = {uid: 1000, gid: 1000}"
like "as a user there" "$rc $(line kernel.namespace.user)" "^1 no .*\(needed\); jailrun runs $filter: let it allow"
inside '.process.user = {uid: 1000, gid: 1000}'
is "a user in a container without a filter: it works" "$rc" 0

# ---- policies ----
echo '{"name": "good", "description": "a policy of the test", "limits": {"processes": 5}}' >"$T/policies/good.json"
echo '{"exec": {"alow": []}}' >"$T/policies/bad.json"
echo '{"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["nonsense"], "action": "SCMP_ACT_ERRNO"}]}}' >"$T/policies/unknown.json"
echo '{"network": {"connect": {"allow": ["tcp:10.0.0.0/8:443"]}}}' >"$T/policies/net.json"
echo 'not a policy' >"$T/policies/README"
doctor
is "broken policies do not keep it from working" "$rc" 0
like "their number" "$(line policies)" ': 4$'
like "a good one" "$(line policy.good)" '^ok  policy\.good: engine trace: a policy of the test'
like "a broken one" "$(line policy.bad)" '^no .*line 1.*alow'
like "one that cannot be compiled" "$(line policy.unknown)" '^no .*nonsense'
if [ "$(line cgroup.ebpf-network | cut -c 1-2)" = ok ]; then want=ok; else want=no; fi
begins "one with network rules" policy.net $want
begins "the built-in one" policy.default ok
doctor_as_user
like "one with network rules, as a user" "$(line policy.net)" '^no .*network: '
doctor

# ---- the administrator's configuration ----
mkdir "$T/etc"
doctor "$TOP_SRCDIR/tests/lib/private-etc" "$T/etc"
like "the configuration: none" "$(line configuration)" '^-- .*/etc/jailrun/jailrun.json is not there'
echo '{"floor": "good", "annotations": false, "audit": {"to": "syslog"}}' >"$T/admin.json"
run "$JAILRUN" --admin-config "$T/admin.json" --policy-dir "$T/policies" doctor
like "the configuration: what it says" "$(line configuration)" "^ok .*$T/admin.json: default policy none, floor good, annotations are refused, denials go to syslog"
echo '{"floor": "bad", "policyDir": "'"$T/policies"'"}' >"$T/admin.json"
run "$JAILRUN" --admin-config "$T/admin.json" doctor
like "the configuration: a floor that is broken" "$rc:$(line configuration.floor)" '^1:no .*alow'
is "the configuration: its directory of policies" "$(line policies | grep -c ': 4$')" 1
echo '{"flor": "x"}' >"$T/admin.json"
run "$JAILRUN" --admin-config "$T/admin.json" doctor
like "the configuration: a broken one" "$rc:$(line configuration)" '^1:no .*unknown key "flor"'
rm "$T"/policies/*

# ---- engines ----
# engines SCRIPT: doctor after it, with an /etc that is nobody else's.
engines() {
	doctor "$TOP_SRCDIR/tests/lib/private-etc" "$T/etc" sh -c 'eval "$0"; exec "$@"' "$1"
}
for engine in docker:dockerd containerd:containerd podman:podman; do
	IFS=: read -r name program <<<"$engine"
	path=$(command -v "$program")
	[ -n "$path" ] || {
		skip "$name" "$program is not here"
		continue
	}
	engines true
	like "$name: not registered" "$(line "engine.$name")" "^no  engine\.$name: $path .*: jailrun is not registered; jailrun install $name --write"
	like "$name: its version" "$(line "engine.$name")" " $("$program" --version | grep -oE '[0-9]+\.[0-9.]+' | head -1)"
	engines "'$JAILRUN' install $name --write >/dev/null 2>&1"
	like "$name: registered" "$(line "engine.$name")" "^ok .*: registered as jailrun in /etc/"
done
if command -v dockerd >/dev/null; then
	like "docker: an engine's file is read" "$(engines "'$JAILRUN' install docker --write --policy none --name walled >/dev/null 2>&1"; line engine.docker)" \
		"registered as walled in /etc/docker/daemon.json, policy none"
	engines 'mkdir -p /etc/docker; echo "{ broken" >/etc/docker/daemon.json'
	like "docker: a file that is broken" "$(line engine.docker)" "^no .*daemon.json: line 1.*; mend it"
	printf '#!/bin/sh\nsleep 31415 &\nwait\n' >"$T/hangs"
	chmod 755 "$T/hangs"
	start=$SECONDS
	engines "mount --bind '$T/hangs' $(command -v dockerd)"
	like "an engine that says nothing" "$(line engine.docker)" 'says no version'
	is "is not waited for long" "$((SECONDS - start < 10))" 1
	not_ok "and is killed with its children" pgrep -f 'sleep 31415'
fi
is "the machine's own /etc is as it was" "$(own_etc)" "$etc"
done_testing
