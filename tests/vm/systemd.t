#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The systemd cgroup manager, in a machine that systemd has booted: units, slices, properties, annotations, what is left after a failure, and
# a user's own manager. The limits themselves: limits_systemd.t. On any host this starts the machine and itself in it.
export JAILRUN_TEST_MANAGER=systemd
. "$(cd "$(dirname "$0")/../.." && pwd)/tests/lib/common.sh"
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/vm/lib.sh"
if ! in_guest; then
	"$JAILRUN" features | jq -e .linux.cgroup.systemd >/dev/null || skip_all "built without the systemd cgroup manager"
	need_command dbus-daemon /lib/systemd/systemd
	DEBIAN=$(make_debian_rootfs systemd systemd-sysv,dbus) || skip_all "debootstrap does not work here"
	export DEBIAN
	machine --timeout 850 -- "$TOP_SRCDIR/tests/vm/systemd.t"
	exit
fi
# The option comes with create and run alone, as from the callers.
JAILRUN_FLAGS=
# shellcheck disable=SC2317 # ok calls it
sd() { jr --systemd-cgroup "$@"; }
sdrun() { jrun --systemd-cgroup "$@"; }
prop() { systemctl show -P "$2" "$1"; }
# files DIR FILE…: what they hold, with blanks between.
files() {
	local dir=$1 f words=""
	shift
	for f; do words+=" $(tr '\n' ' ' <"$dir/$f" | sed 's/ $//')"; done
	echo "${words# }"
}
units() { systemctl list-units --all --plain --no-legend '*jt-*' | awk '{ print $1 }'; }
nothing_left() { # NAME
	eventually 5 eval '[ -z "$(left_here)$(units)" ]'
	is "$1" "$(left_here)$(units)$(find /run/systemd/transient -name '*jt-*' 2>/dev/null)" ""
}
idle='.process.args = ["/bin/sleep", "1000"]'

# ---- a scope, from create to delete ----

limits='{memory: {limit: 67108864, reservation: 33554432}, pids: {limit: 20}, cpu: {shares: 512, quota: 33333, period: 100000, cpus: "0"},
	devices: [{allow: false, access: "rwm"}], hugepageLimits: [{pageSize: "2MB", limit: 2097152}], unified: {"memory.high": "67000000", "cpu.max.burst": "1000"}}'
make_bundle "$T/c" "$idle | $(res "$limits") | $docker_caps"
dir=$cg/system.slice/jailrun-jt-1.scope
ok "create" sd create -b "$T/c" jt-1
is "the container's process is in the scope" "$(cat $dir/cgroup.procs)" "$(jr state jt-1 | jq .pid)"
is "and nothing else of it" "$(prop jailrun-jt-1.scope TasksCurrent)" 1
is "the unit: what it is" "$(for p in ActiveState Slice Delegate DefaultDependencies CollectMode Description; do prop jailrun-jt-1.scope $p; done | xargs)" \
	"active system.slice yes no inactive-or-failed jailrun container jt-1"
is "the unit: limits" "$(for p in MemoryMax MemoryLow MemoryHigh TasksMax CPUWeight CPUQuotaPerSecUSec CPUQuotaPeriodUSec AllowedCPUs; do prop jailrun-jt-1.scope $p; done | xargs)" \
	"67108864 33554432 67000000 20 59 340ms 100ms 0"
set -- memory.max memory.low memory.high pids.max cpu.weight cpuset.cpus hugetlb.2MB.max cpu.max.burst
written="67108864 33554432 66998272 20 59 0 2097152 1000"
is "the files" "$(files $dir "$@" cpu.max)" "$written 33333 100000"
ok "start without the option" jr start jt-1
systemctl daemon-reload
is "after a daemon-reload: the files, but for systemd's percents" "$(files $dir "$@" cpu.max)" "$written 34000 100000"
jrun exec jt-1 bite forks 30
like "after a daemon-reload: pids.limit bites" "$out" "made 1[789] EAGAIN"
jrun exec jt-1 bite touch 80
is "after a daemon-reload: memory.limit bites" "$rc" 137
jrun exec jt-1 sh -c 'mknod /dev/k c 1 11; echo x >/dev/k'
like "after a daemon-reload: no device is opened" "$err" "Operation not permitted"
ok "pause" jr pause jt-1
systemctl daemon-reload
ok "paused after a daemon-reload, too" status_is jt-1 paused
ok "resume" jr resume jt-1
jrun events --stats jt-1
is "statistics" "$(jq -c '.data | [.memory.usage.limit, .pids.limit]' <<<"$out")" '[67108864,20]'
ok "update" jr update --memory 48m --pids-limit 9 --cpu-quota 50000 jt-1
is "update: the unit follows" "$(for p in MemoryMax TasksMax CPUQuotaPerSecUSec MemoryLow; do prop jailrun-jt-1.scope $p; done | xargs)" "50331648 9 500ms 33554432"
systemctl daemon-reload
is "update: a daemon-reload changes nothing" "$(files $dir memory.max pids.max cpu.max memory.low)" "50331648 9 50000 100000 33554432"
jq -n '{memory: {limit: 40000000}, pids: {limit: 5}, unified: {"memory.high": "nonsense"}}' >"$T/bad.json"
jrun update -r "$T/bad.json" jt-1
is "update that the kernel refuses" "$rc" 1
is "update that the kernel refuses: nothing is changed" "$(files $dir memory.max pids.max) $(prop jailrun-jt-1.scope TasksMax)" "50331648 9 9"
jrun --debug update --memory 52m jt-1
DBUS_SYSTEM_BUS_ADDRESS=unix:path=/none unshare -m sh -c 'mount -t tmpfs none /run/systemd; exec "$@"' sh "$JAILRUN" --root "$ROOT" update --memory 60m jt-1 2>"$T/err" && fail "update without systemd"
like "update without systemd is an error" "$(cat "$T/err")" "no systemd to talk to: the system bus: .*/run/systemd/private: "
is "and changes nothing" "$(files $dir memory.max)" 54525952
ok "update over the manager's own socket" env DBUS_SYSTEM_BUS_ADDRESS=unix:path=/none "$JAILRUN" --root "$ROOT" update --memory 50m jt-1
ok "kill without the option" jr kill jt-1 KILL
ok "stopped" eventually 5 status_is jt-1 stopped
ok "delete without the option" jr delete jt-1
nothing_left "nothing is left of it"

# ---- where it is ----

# at PATH SLICES UNIT: what linux.cgroupsPath means.
at() {
	make_bundle "$T/c" "$idle | .linux.cgroupsPath = \"$1\" | $(res '{pids: {limit: 20}}')"
	ok "$1: create" sd create -b "$T/c" jt-2
	is "$1: the cgroup" "$(cat "/proc/$(jr state jt-2 | jq .pid)/cgroup")" "0::$2/$3"
	ok "$1: delete --force" jr delete --force jt-2
	is "$1: it is gone" "$(find "$cg$2/$3" -maxdepth 0 2>/dev/null)$(systemctl is-active "$3")" inactive
}
at system.slice:docker:jt-0123 /system.slice docker-jt-0123.scope
at machine.slice:libpod:jt-77 /machine.slice libpod-jt-77.scope
at -.slice:jt:top "" jt-top.scope
# Kubernetes has the limits of a pod on its slice.
systemctl set-property --runtime kubepods-besteffort-podjt.slice MemoryMax=100M TasksMax=50 CPUWeight=7 2>"$T/err" || diag "$(cat "$T/err")"
pod=kubepods-besteffort-podjt.slice:cri-containerd:jt-abc poddir=/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podjt.slice
make_bundle "$T/c" "$idle | .linux.cgroupsPath = \"$pod\" | $(res '{memory: {limit: 50331648}}')"
ok "a container in a pod" sd run -d -b "$T/c" jt-3
at kubepods-besteffort-podjt.slice:cri-containerd:jt-two $poddir cri-containerd-jt-two.scope
is "the limits of the slice are as they were" "$(files $cg$poddir memory.max pids.max cpu.weight)" "104857600 50 7"
is "and those of the first container" "$(files $cg$poddir/cri-containerd-jt-abc.scope memory.max)" 50331648
ok "delete" jr delete --force jt-3
systemctl stop kubepods-besteffort-podjt.slice
systemctl revert kubepods-besteffort-podjt.slice
make_bundle "$T/c" "$idle | .linux.cgroupsPath = \"jt.slice::jt-x.slice\" | $(res '{pids: {limit: 20}}')"
ok "a slice as the container's unit: create" sd run -d -b "$T/c" jt-4
is "it is in it" "$(cat "/proc/$(jr state jt-4 | jq .pid)/cgroup") $(prop jt-x.slice TasksMax)" "0::/jt.slice/jt-x.slice 20"
ok "delete" jr delete --force jt-4
is "it is stopped" "$(systemctl is-active jt-x.slice)" inactive
systemctl stop jt.slice
for path in /docker/abc a:b system:p:n a--b.slice:p:n; do
	make_bundle "$T/c" "$idle | .linux.cgroupsPath = \"$path\""
	sdrun run -b "$T/c" jt-5
	like "$path: refused" "$rc $err" "^1 .*linux.cgroupsPath: "
done
make_bundle "$T/c" "$(args_filter true) | .linux.cgroupsPath = \"system.slice:docker:abc\""
jrun run -b "$T/c" jt-5
is "systemd's path with the other manager is a path like others" "$rc" 0 || diag "$err"
nothing_left "nothing is left of these"

# ---- limits that leave no room ----

make_bundle "$T/c" "$(args_filter true) | $(res '{pids: {limit: 1}}')"
sdrun run -b "$T/c" jt-6
is "pids.limit 1: a program runs" "$rc" 0 || diag "$err"
make_bundle "$T/c" "$(sh_filter 'read -r n </sys/fs/cgroup/pids.max; echo "$n"; /bin/true; echo second') | $(res '{pids: {limit: 1}}')"
sdrun run -b "$T/c" jt-6
like "and none beside it" "$out $err" "^1[^0-9].*can't fork"

# ---- annotations ----

make_bundle "$T/c" "$idle"' | .annotations = {"org.systemd.property.TimeoutStopUSec": "uint64 5000000", "org.systemd.property.After": "[\"dbus.service\"]",
	"org.systemd.property.DefaultDependencies": "true", "org.systemd.property.CollectMode": "'"'inactive'"'", "org.systemd.property.KillSignal": "37",
	"org.systemd.property.Description": "'"'of mine'"'", "org.systemd.property.RuntimeMaxSec": "3600"}'
ok "properties by annotation" sd run -d -b "$T/c" jt-7
is "they are set" "$(for p in TimeoutStopUSec DefaultDependencies CollectMode KillSignal Description RuntimeMaxUSec; do prop jailrun-jt-7.scope $p; done | xargs)" \
	"5s yes inactive 37 of mine 1h"
like "they are set: After" "$(prop jailrun-jt-7.scope After)" "dbus.service"
jr delete --force jt-7
for name in Slice Delegate Wants MemoryMax DeviceAllow; do
	make_bundle "$T/c" "$idle | .annotations = {\"org.systemd.property.$name\": \"['x.service']\"}"
	sdrun run -b "$T/c" jt-8
	like "$name by annotation: refused" "$rc $err" "^1 .*annotations\[\"org.systemd.property.$name\"\]: an annotation may not set"
done

# ---- units that are there ----

make_bundle "$T/c" "$idle"
systemd-run -q --scope --unit jailrun-jt-9 -p RuntimeMaxSec=1 sleep 100 >/dev/null 2>&1
eventually 10 systemctl -q is-failed jailrun-jt-9.scope
is "a unit of that name has failed (control)" "$(systemctl is-failed jailrun-jt-9.scope)" failed
ok "it is reset" sd run -d -b "$T/c" jt-9
sdrun --root "$T/other" run -b "$T/c" jt-9
like "a unit of that name that runs is somebody's" "$rc $err" "^1 .*jailrun-jt-9.scope is there already"
ok "and lives" status_is jt-9 running
systemctl stop jailrun-jt-9.scope
ok "systemctl stop ends a container" eventually 5 status_is jt-9 stopped
ok "which is deleted" jr delete jt-9
ok "a name is free at once" eval 'for i in 1 2 3; do sd run -d -b "$T/c" jt-9 && jr delete --force jt-9 || exit 1; done'
nothing_left "nothing is left of these"

# ---- a create that fails, or dies ----

make_bundle "$T/c" "$idle | $(res '{pids: {limit: 20}}')"
for row in cgroup.create cgroup.limit clone cgroup.release cgroup.devices mounts exec; do
	for step in $row +$row; do
		sdrun run -d --fail-step "$step" -b "$T/c" jt-f
		is "fail $step: the status" "$rc" 1
		is "fail $step: nothing is left" "$(left_here)$(units)" ""
	done
	sdrun run -d --die-step $row -b "$T/c" jt-f
	is "die $row: the runtime was killed" "$rc" 137
	ok "die $row: delete --force" jr delete --force jt-f
	nothing_left "die $row: nothing is left"
done
ok "run" sd run -d -b "$T/c" jt-g
DBUS_SYSTEM_BUS_ADDRESS=unix:path=/none unshare -m sh -c 'mount -t tmpfs none /run/systemd; exec "$@"' sh "$JAILRUN" --root "$ROOT" delete --force jt-g 2>"$T/err"
like "delete without systemd warns" "$? $(cat "$T/err")" "^0 .*jailrun-jt-g.scope may be left: no systemd to talk to"
nothing_left "delete without systemd: systemd takes the scope away by itself"

# ---- a user's own manager ----

uid=1000
mkdir -p /run/user/$uid/systemd/user /run/systemd/system/user@$uid.service.d "$T/u/state"
printf '[Unit]\nRequires=\nAfter=\nDefaultDependencies=no\n[Service]\nPAMName=\nEnvironment=XDG_RUNTIME_DIR=/run/user/%s\nDelegate=yes\n' $uid \
	>/run/systemd/system/user@$uid.service.d/alone.conf
printf '[Socket]\nListenStream=%%t/bus\n' >/run/user/$uid/systemd/user/dbus.socket
printf '[Service]\nType=notify\nExecStart=/usr/bin/dbus-daemon --session --address=systemd: --nofork --nopidfile --systemd-activation\n' >/run/user/$uid/systemd/user/dbus.service
chown -R $uid:$uid /run/user/$uid "$T/u"
chmod 700 /run/user/$uid
systemctl daemon-reload
user=(setpriv --reuid "$uid" --regid "$uid" --clear-groups env "XDG_RUNTIME_DIR=/run/user/$uid")
as_user() { "${user[@]}" "$@"; }
mine() { as_user "$JAILRUN" --root "$T/u/state" "$@"; }
ok "the user's manager runs" systemctl start user@$uid.service || diag "$(systemctl status user@$uid.service)"
as_user sh -c 'cd "$1" && "$2" spec --rootless' sh "$T/u" "$JAILRUN"
jq ".process.terminal = false | .root = {path: \"$ROOTFS\"} | .process.args = [\"/bin/sleep\", \"1000\"] | $(res '{memory: {limit: 67108864}, pids: {limit: 20}}')" \
	"$T/u/config.json" >"$T/u/c" && cat "$T/u/c" >"$T/u/config.json"
udir=/user.slice/user-$uid.slice/user@$uid.service/user.slice/jailrun-jt-u.scope
for bus in "its bus" "its own socket"; do
	if [ "$bus" = "its bus" ]; then as_user systemctl --user start dbus.socket; else user+=(DBUS_SESSION_BUS_ADDRESS=unix:path=/none); fi
	run "${user[@]}" systemd-run -q --user --scope "$JAILRUN" --root "$T/u/state" --systemd-cgroup run -d -b "$T/u" jt-u
	is "a user's container, by $bus" "$rc" 0 || diag "$err"
	is "its cgroup" "$(cat "/proc/$(mine state jt-u | jq .pid)/cgroup")" "0::$udir"
	is "its limits" "$(files $cg$udir memory.max pids.max)" "67108864 20"
	ok "update" mine update --memory 48m jt-u
	is "update: the unit follows" "$(as_user systemctl --user show -P MemoryMax jailrun-jt-u.scope) $(files $cg$udir memory.max)" "50331648 50331648"
	as_user systemctl --user daemon-reload
	is "after a daemon-reload" "$(files $cg$udir memory.max pids.max)" "50331648 20"
	ok "exec" as_user systemd-run -q --user --scope "$JAILRUN" --root "$T/u/state" exec jt-u true
	ok "delete --force" mine delete --force jt-u
	is "it is gone" "$(left_here)$(as_user systemctl --user list-units --all --plain --no-legend 'jailrun*')" ""
done
unset 'user[-1]'
run "${user[@]}" "$JAILRUN" --root "$T/u/state" --systemd-cgroup run -d -b "$T/u" jt-u
like "from outside of the user's manager: what to do" "$rc $err" "^1 .*systemd-run --user --scope"
is "and nothing is left" "$(left_here)" ""
run setpriv --reuid $uid --regid $uid --clear-groups "$JAILRUN" --root "$T/u/state" --systemd-cgroup run -d -b "$T/u" jt-u
like "without XDG_RUNTIME_DIR: what to do" "$rc $err" "^1 .*no user manager to talk to: .*XDG_RUNTIME_DIR"
systemctl stop user@$uid.service
run "${user[@]}" "$JAILRUN" --root "$T/u/state" --systemd-cgroup run -d -b "$T/u" jt-u
like "without a user manager: what is missing" "$rc $err" "^1 .*no user manager to talk to: .*/run/user/$uid/bus.*loginctl enable-linger"

# ---- a container that runs systemd: its cgroup is delegated to it, whoever made it ----

printf '{"init": "workload", "exec": {"allow": ["/"]}}' >"$T/outer.json"
tmpfs() { printf '{destination: "%s", type: "tmpfs", source: "tmpfs", options: ["mode=755"]}' "$1"; }
userns='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
# boots NAME DIRECTORY FILTER OPTION…
boots() {
	local name=$1 below=$2 filter=$3
	shift 3
	ROOTFS=$DEBIAN make_bundle "$T/i" "$(args_filter /sbin/init) | .process.env += [\"container=oci\"] | .process.noNewPrivileges = false | $docker_caps
		| .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .mounts += [$(tmpfs /run), $(tmpfs /run/lock), $(tmpfs /tmp)]
		| (.mounts[] | select(.destination == \"/sys/fs/cgroup\") | .options) = [\"rw\", \"nosuid\", \"noexec\", \"nodev\"] | $filter"
	jr "$@" run -d -b "$T/i" jt-i </dev/null >"$T/i.out" 2>&1
	is "$name: run" $? 0 || diag "$(cat "$T/i.out")"
	ok "$name: systemd comes up in it" eventually 60 eval '[[ $(jr exec jt-i systemctl is-system-running) =~ running|degraded ]]'
	is "$name: multi-user.target" "$(jr exec jt-i systemctl is-active multi-user.target)" active
	is "$name: its services have cgroups of their own" \
		"$(find "$cg/$below" \( -path '*/system.slice/dbus.service' -o -path '*/init.scope' \) -printf '%f\n' | sort | xargs)" "dbus.service init.scope"
	ok "$name: delete --force" jr delete --force jt-i
	nothing_left "$name: nothing is left"
}
boots "systemd in a cgroup of jailrun's" jailrun/jt-i .
boots "systemd in a scope and a jail" system.slice/jailrun-jt-i.scope . --systemd-cgroup --policy "$T/outer.json"
boots "systemd in a scope and a user namespace" system.slice/jailrun-jt-i.scope "$userns" --systemd-cgroup
nothing_left "nothing is left at the end"
done_testing
