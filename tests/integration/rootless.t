#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Containers of a user without root: a single-id map and subordinate ids, no cgroup and a delegated one.
[ -n "${PRIVATE_MOUNTS-}" ] || PRIVATE_MOUNTS=1 exec unshare --mount --propagation private bash "$0" "$@"
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command setpriv newuidmap newgidmap
need_runtime
uid=54321
user=(setpriv --reuid "$uid" --regid "$uid" --clear-groups --inh-caps=-all --bounding-set=-all)
"${user[@]}" unshare -Ur true 2>/dev/null || skip_all "this host lets no user make a user namespace"
mkdir -p "$T/u"
make_busybox_rootfs "$T/u/rootfs"
chown -Rh $uid:$uid "$T/u"
cp "$JAILRUN" "$T/jailrun" && chmod 755 "$T/jailrun"
cd "$T/u" || exit 1
ok "spec --rootless" "${user[@]}" "$T/jailrun" spec --rootless
is "maps the user to root" "$(jq -c '.linux.uidMappings' config.json)" "[{\"containerID\":0,\"hostID\":$uid,\"size\":1}]"
cp config.json spec.json

# as_run POLICY FILTER: runs the changed bundle as the user.
as_run() {
	jq ".process.terminal = false | .root.readonly = false | $2" spec.json >config.json
	chown $uid config.json
	run "${user[@]}" env XDG_RUNTIME_DIR="$T/u/run" PATH="$PATH" "$T/jailrun" --policy "$1" --audit - run --bundle "$T/u" "jt-$$-u"
}
for policy in none default; do
	as_run $policy "$(sh_filter 'id -u; id -g; touch /tmp/x; stat -c %u /tmp/x; hostname inside && hostname; exit 7')"
	is "policy $policy: exit status" "$rc" 7 || diag "$err"
	is "policy $policy: root inside" "$(head -n 3 <<<"$out" | tr '\n' ' ')" '0 0 0 '
	is "policy $policy: the user outside" "$(stat -c %u "$T/u/rootfs/tmp/x")" $uid
	as_run $policy "$(sh_filter 'tr -s " " </proc/self/uid_map; cat /proc/self/setgroups')"
	is "policy $policy: the map, setgroups denied" "$(tr '\n' ';' <<<"$out")" " 0 $uid 1;deny;"
	as_run $policy "$(sh_filter 'echo x >/dev/null; ls /dev/null /dev/zero; ls /sys >/dev/null; echo 1 >/proc/sys/kernel/panic') "
	like "policy $policy: devices are there" "$out" '/dev/null'
	unlike "policy $policy: and the host's settings are out of reach" "$err" '^$'
	as_run $policy "$(args_filter /bin/true) | .linux.resources = {pids: {limit: 10}}"
	[ "$rc" = 0 ] || like "policy $policy: a limit that cannot be set is refused and named" "$err" 'pids'
done
as_run none "$(args_filter /bin/true) | del(.linux.namespaces[] | select(.type == \"user\")) | del(.linux.uidMappings, .linux.gidMappings)"
like "without a user namespace: an error that says what to add" "$rc:$err" '^1:.*without root a container needs a user namespace: add .*linux\.namespaces'
printf '{"exec": {"allow": ["/bin/busybox"]}, "limits": {"processes": 4}}' >"$T/u/policy.json"
cp "$(command -v busybox)" "$T/u/rootfs/bin/busybox-denied"
as_run "$T/u/policy.json" "$(sh_filter '/bin/busybox-denied true || echo refused; sleep 9 & sleep 9 & sleep 9 & sleep 9 & echo all')"
like "a policy with exec rules and limits holds without root too" "$out" refused
unlike "the limit too" "$out" all
# A configuration of the user's own; the denials go to a daemon, whose directory cannot be kept without root.
mkdir -p "$T/u/config/jailrun" "$T/u/policies"
printf '{"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 30}]}}' >"$T/u/policies/own.json"
printf '{"defaultPolicy": "own", "policyDir": "%s", "audit": {"to": "journald", "path": "%s"}}' "$T/u/policies" "$T/u/log.sock" >"$T/u/config/jailrun/jailrun.json"
python3 "$TOP_SRCDIR/tests/lib/logd.py" "$T/u/log.sock" "$T/u/log" &
at_exit "kill $!"
eventually 10 test -e "$T/u/log"
chown -R $uid:$uid "$T/u/config" "$T/u/policies"
jq ".process.terminal = false | .root.readonly = false | $(sh_filter 'mkdir /tmp/y; exit 5')" spec.json >config.json
own_run() {
	run "${user[@]}" env XDG_RUNTIME_DIR="$T/u/run" XDG_CONFIG_HOME="$T/u/config" PATH="$PATH" "$T/jailrun" run --bundle "$T/u" "jt-$$-u"
}
own_run
like "a configuration of one's own: its policy holds" "$rc:$err" '5:.*Read-only'
eventually 10 test -s "$T/u/log"
is "a configuration of one's own: and the denial goes where it says" "$(jq -r .fields.JAILRUN_POLICY "$T/u/log")" own
touch "$T/u/config/foreign" && chown 1 "$T/u/config/foreign"
mv "$T/u/config/foreign" "$T/u/config/jailrun/jailrun.json"
own_run
like "a configuration that is somebody else's is refused" "$rc:$err" '1:.*belongs to user 1'
rm -r "$T/u/config"
ok "nothing is left" test -z "$(ls "$T/u/run/jailrun" 2>/dev/null)"
as_run none "$(args_filter /bin/true) | .linux.uidMappings[0].hostID = 0"
is "a map of an id that is not the user's is refused" "$rc" 1
as_run none "$(args_filter /bin/true) | .process.user.uid = 33"
is "a user that is not mapped is refused" "$rc" 1
like "and named" "$err" 'process\.user|uid 33'
as_run none "$(args_filter /bin/true) | .process.user.additionalGids = [0]"
like "more groups cannot be had with a single id" "$err" 'process\.user\.additionalGids.*setgroups'
as_run none "$(args_filter /bin/true) | .mounts += [{destination: \"/x\", type: \"bind\", source: \"$T/u\", options: [\"bind\", \"idmap\"]}]"
like "nor can ids of a mount be mapped" "$err" 'mounts\[7\]\.options: .*privileges'
as_run none "$(sh_filter 'cat /proc/net/dev | wc -l')"
is "without a network namespace the host's devices are there" "$out" "$(wc -l </proc/net/dev)"
as_run none "$(sh_filter 'ls /sys/class/net; ip -o addr show lo; ping -c 1 -W 1 127.0.0.1 >/dev/null 2>&1; cat /proc/net/dev | wc -l') | .linux.namespaces += [{\"type\": \"network\"}]"
like "with one it has lo alone, and that is up" "$(tr '\n' ' ' <<<"$out")" '127\.0\.0\.1/8.* 3 $'
as_run none "$(sh_filter 'stat -c "%F %t:%T" /dev/own /dev/null /dev/pipe') | .linux.devices = [{path: \"/dev/own\", type: \"c\", major: 1, minor: 5}, {path: \"/dev/pipe\", type: \"p\", fileMode: 384}]"
like "a device under another name is the host's, bound; a fifo is made" "$(tr '\n' ' ' <<<"$out")" 'file 1:5 character special file 1:3 fifo 0:0' || diag "$err"
as_run none "$(args_filter /bin/true) | .linux.devices = [{path: \"/dev/own\", type: \"b\", major: 250, minor: 77}]"
like "a device that the host has not is refused" "$err" 'linux\.devices\[0\]: /dev/own: mknod.*not permitted in a user namespace.*leave the entry out'

# ---- as the root of an outer user namespace (unshare -Ur), without one of the container's own ----
plain=("${user[@]}")
alone='.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
for policy in none default; do
	for flags in -Ur -Urm; do
		user=("${plain[@]}" unshare "$flags")
		as_run $policy "$(sh_filter 'id -u; echo x >/dev/null && exit 9') | $alone"
		is "inside unshare $flags: no user namespace of its own, policy $policy" "$rc:$out" 9:0 || diag "$err"
	done
done
as_run none "$(sh_filter 'ls /sys/class/net; touch /sys/x 2>&1') | $alone | del(.linux.namespaces[] | select(.type == \"network\")) | .mounts |= (map(select(.destination != \"/sys\")) + [{destination: \"/sys\", type: \"sysfs\", source: \"sysfs\", options: [\"ro\"]}])"
is "inside it: sysfs of the host's network namespace is the host's /sys" "$out" "$(ls /sys/class/net)"$'\n''touch: /sys/x: Read-only file system' || diag "$err"
as_run none "$(args_filter /bin/true) | $alone | .process.user.additionalGids = [7]"
like "inside it: groups cannot be set" "$err" 'process\.user\.additionalGids: setgroups.* denied'
as_run none "$(args_filter /bin/true) | .linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 77"
like "inside it: a map to an id that it has not, in one line" "$err" '^jailrun: linux\.gidMappings: the kernel refuses 0 77 1 .*correct hostID.*\)$'
user=("${plain[@]}")

# ---- binds of a mount whose attributes are locked ----
mkdir -p "$T/u/locked" && mount -t tmpfs -o nosuid,nodev,noexec,noatime locked "$T/u/locked" && chmod 1777 "$T/u/locked"
locked() { # OPTION...
	as_run none "$(sh_filter 'grep " /x " /proc/self/mountinfo | cut -d" " -f6') | .mounts += [{destination: \"/x\", type: \"bind\", source: \"$T/u/locked\", options: $(jq -cn '$ARGS.positional' --args bind "$@")}]"
}
locked ro
is "ro on a locked mount keeps the others" "$out" ro,nosuid,nodev,noexec,noatime || diag "$err"
locked nodev
is "what is there already may be said" "$out" rw,nosuid,nodev,noexec,noatime
locked exec
is "what is locked cannot be cleared" "$rc" 1
like "and is said to be locked" "$err" 'mounts\[7\]\.options: .*locked'
# Engines write "rw" where the user said nothing: it takes nothing away that is locked.
locked rw
is "rw on a locked mount that is writable" "$rc $out" '0 rw,nosuid,nodev,noexec,noatime' || diag "$err"
mount -o remount,bind,ro,nosuid,nodev,noexec,noatime "$T/u/locked"
for options in "rw" "rbind rw" "rw rprivate" "rw nosuid"; do
	# shellcheck disable=SC2086 # words
	locked $options
	is "$options on one that is read-only and locked: it starts, and stays read-only" "$rc $out$err" '0 ro,nosuid,nodev,noexec,noatime'
done
locked rw exec
is "what else is locked cannot be cleared with it" "$rc" 1
like "and is said to be locked, too" "$err" 'mounts\[7\]\.options: .*locked'
mount -o remount,bind,rw,nosuid,nodev,noexec,noatime "$T/u/locked"
locked rw
is "writable again, it is writable inside (control)" "$rc $out" '0 rw,nosuid,nodev,noexec,noatime' || diag "$err"

# ---- where the state is ----
spec() {
	jq ".process.terminal = false | .root.readonly = false | $1" spec.json >config.json
	chown $uid config.json
}
jr_user() { # as the user, with his state root
	"${user[@]}" env XDG_RUNTIME_DIR="$T/u/run" PATH="$PATH" "$T/jailrun" "$@"
}
spec "$(args_filter /bin/true)"
is "the state root is the user's alone, and sticky" "$(stat -c '%a %u' "$T/u/run/jailrun")" "1700 $uid"
for xdg in -u\ XDG_RUNTIME_DIR XDG_RUNTIME_DIR=; do
	# shellcheck disable=SC2086 # two words
	run "${user[@]}" env $xdg PATH="$PATH" "$T/jailrun" run --bundle "$T/u" "jt-$$-x"
	is "env $xdg: no state root" "$rc" 1
	like "env $xdg: the error says which and what to set" "$err" "'/run/jailrun'.*XDG_RUNTIME_DIR"
	# shellcheck disable=SC2086
	run "${user[@]}" env $xdg PATH="$PATH" "$T/jailrun" --root "$T/u/root" run --bundle "$T/u" "jt-$$-x"
	is "env $xdg: --root names one" "$rc" 0 || diag "$err"
done

# ---- a life, step by step, and two users with one ID ----
spec "$(args_filter /bin/sleep 100)"
ok "create" jr_user create --bundle "$T/u" --pid-file "$T/u/pid" "jt-$$-life"
is "state" "$(jr_user state "jt-$$-life" | jq -r '.status, .owner' | tr '\n' ' ')" "created $uid "
ok "start" jr_user start "jt-$$-life"
is "list" "$(jr_user list -f json | jq -r '.[] | .id + " " + .status')" "jt-$$-life running"
is "ps: found by their pid namespace" "$(jr_user ps -f json "jt-$$-life" | jq '.[0]')" "$(jr_user state "jt-$$-life" | jq .pid)"
like "ps: the table" "$(jr_user ps "jt-$$-life" -o pid,args -e)" "PID COMMAND. *$(jr_user state "jt-$$-life" | jq .pid) "
for policy in none default "$T/u/policy.json"; do # exec
	name=${policy##*/}
	jr_user --policy "$policy" run -d --bundle "$T/u" "jt-$$-into" >/dev/null 2>&1 </dev/null
	run "${user[@]}" env XDG_RUNTIME_DIR="$T/u/run" PATH="$PATH" "$T/jailrun" exec "jt-$$-into" sh -c 'id -u; tr -s " " </proc/self/uid_map; cat /proc/self/setgroups; exit 7'
	is "exec, $name: exit status, ids and map" "$rc:$(tr '\n' ';' <<<"$out")" "7:0; 0 $uid 1;deny;" || diag "$err"
	run "${user[@]}" env XDG_RUNTIME_DIR="$T/u/run" PATH="$PATH" "$T/jailrun" exec -t "jt-$$-into" sh -c 'tty; stat -c %u /dev/pts/0'
	is "exec, $name: a terminal of its own" "$rc:$(tr -d '\r' <<<"$out" | tr '\n' ';')" "0:/dev/pts/0;0;" || diag "$err"
	run "${user[@]}" env XDG_RUNTIME_DIR="$T/u/run" PATH="$PATH" "$T/jailrun" exec -u 5 "jt-$$-into" true
	like "exec, $name: a user that is not mapped is refused" "$rc $err" '^255 .*5'
	run "${user[@]}" env XDG_RUNTIME_DIR="$T/u/run" PATH="$PATH" "$T/jailrun" exec -g 5 "jt-$$-into" true
	like "exec, $name: nor is there another group" "$rc $err" '^255 .*(setgroups|group)'
	[ "$policy" = none ] || is "exec, $name: the jail's filter" "$(jr_user exec "jt-$$-into" sed -n 's/^Seccomp:[[:space:]]*//p' /proc/self/status </dev/null)" 2
	jr_user delete -f "jt-$$-into"
done
for what in pause "events --stats" "update --pids-limit 5"; do
	# shellcheck disable=SC2086 # words
	run "${user[@]}" env XDG_RUNTIME_DIR="$T/u/run" PATH="$PATH" "$T/jailrun" $what "jt-$$-life"
	like "$what: not without a cgroup, and said so" "$rc $err" "^1 .*has no cgroup"
done
other=54322
user2=(setpriv --reuid "$other" --regid "$other" --clear-groups --inh-caps=-all --bounding-set=-all env XDG_RUNTIME_DIR="$T/v/run" PATH="$PATH")
mkdir -p "$T/v" && cp -a "$T/u/rootfs" "$T/v/rootfs" && chown -Rh $other:$other "$T/v"
jq ".linux.uidMappings[0].hostID = $other | .linux.gidMappings[0].hostID = $other" config.json >"$T/v/config.json"
ok "another user has a container of the same name" "${user2[@]}" "$T/jailrun" run -d --bundle "$T/v" "jt-$$-life"
is "and sees his own alone" "$("${user2[@]}" "$T/jailrun" list -f json | jq -r '.[].owner')" $other
for what in "state" "kill" "delete --force"; do
	# shellcheck disable=SC2086 # two words
	run "${user2[@]}" "$T/jailrun" --root "$T/u/run/jailrun" $what "jt-$$-life"
	[ "$what" = "delete --force" ] || is "$what of the first user's is refused" "$rc" 1
done
is "nothing befell it" "$(jr_user state "jt-$$-life" | jq -r .status)" running
ok "kill" jr_user kill "jt-$$-life" KILL
ok "it stops" eventually 10 test "$(jr_user state "jt-$$-life" | jq -r .status)" = stopped
is "the other user's runs on" "$("${user2[@]}" "$T/jailrun" state "jt-$$-life" | jq -r .status)" running
ok "delete" jr_user delete --force "jt-$$-life"
ok "the other deletes his" "${user2[@]}" "$T/jailrun" delete --force "jt-$$-life"
is "nothing is left" "$(find "$T/u/run/jailrun" "$T/v/run/jailrun" -name 'jt-*')" ""

# ---- subordinate ids ----
cp /etc/passwd "$T/passwd" && echo "jt$$:x:$uid:$uid::/:/bin/sh" >>"$T/passwd"
echo "jt$$:300000:65536" >"$T/subid"
touch "$T/empty"
mount --bind "$T/passwd" /etc/passwd
for f in subuid subgid; do
	[ -e /etc/$f ] || continue
	mount --bind "$T/subid" /etc/$f
done
single=("${user[@]}")
user=(setpriv --reuid "$uid" --regid "$uid" --clear-groups --inh-caps=-all) # the set-uid helpers need their capabilities
maps=".linux.uidMappings += [{containerID: 1, hostID: 300000, size: 65536}] | .linux.gidMappings += [{containerID: 1, hostID: 300000, size: 65536}]"
if [ -e /etc/subuid ] && [ -u "$(command -v newuidmap)" ]; then
	chmod 1777 "$T/u/rootfs/tmp"
	for policy in none default; do
		as_run $policy "$(sh_filter 'tr -s " " </proc/self/uid_map; id; touch /tmp/sub; cat /proc/self/setgroups') | .process.user = {uid: 33, gid: 34, additionalGids: [35, 36]} | $maps"
		is "subordinate ids, policy $policy: exit status" "$rc" 0 || diag "$err"
		is "subordinate ids, policy $policy: the maps" "$(head -n 2 <<<"$out" | tr '\n' ';')" " 0 $uid 1; 1 300000 65536;"
		like "subordinate ids, policy $policy: user and groups" "$out" 'uid=33 gid=34 groups=(34,)?35,36.*allow'
		is "subordinate ids, policy $policy: on the host" "$(stat -c %u:%g "$T/u/rootfs/tmp/sub")" 300032:300033
		rm -f "$T/u/rootfs/tmp/sub"
	done
	as_run none "$(sh_filter 'touch /tmp/o && chown 5:6 /tmp/o && stat -c %u:%g /tmp/o; rm /tmp/o') | $maps | $docker_caps"
	is "root inside gives files away within its range" "$out" 5:6
	as_run none "$(args_filter /bin/true) | $maps | .linux.uidMappings[1].hostID = 500000"
	is "ids that are not granted are refused" "$rc" 1
	like "by newuidmap, and said so" "$err" 'linux\.uidMappings.*newuidmap.*/etc/subuid'
	mount --bind "$T/empty" /etc/subuid
	as_run none "$(args_filter /bin/true) | $maps"
	like "no grant at all: likewise" "$err" 'linux\.uidMappings.*newuidmap'
else
	skip "subordinate ids" "no set-uid newuidmap, or no /etc/subuid"
fi
user=("${single[@]}")

# ---- cgroups ----
cg=/sys/fs/cgroup/unified
[ "$(stat -f -c %T $cg 2>/dev/null)" = cgroup2fs ] || cg=/sys/fs/cgroup
if [ "$(stat -f -c %T $cg)" = cgroup2fs ] && mkdir "$cg/jt-$$" 2>/dev/null; then
	at_exit "rmdir $cg/jt-$$/jailrun $cg/jt-$$/* $cg/jt-$$"
	as_run none "$(args_filter /bin/true) | .linux.resources = {unified: {\"cgroup.max.depth\": \"3\"}}"
	isnt "no cgroup may be made: a limit is refused" "$rc" 0
	spec "$(args_filter /bin/true)"
	run "${user[@]}" env XDG_RUNTIME_DIR="$T/u/run" "$T/jailrun" --rootless false run --bundle "$T/u" "jt-$$-r"
	is "--rootless false: no cgroup, no container" "$rc" 1
	like "and the error says why" "$err" 'cannot make cgroup .*delegated'
	run "${user[@]}" env XDG_RUNTIME_DIR="$T/u/run" "$T/jailrun" --rootless true run --bundle "$T/u" "jt-$$-r"
	is "--rootless true: without (control)" "$rc" 0 || diag "$err"
	run "${user[@]}" env XDG_RUNTIME_DIR="$T/u/run" "$T/jailrun" --rootless false --cgroup-manager disabled run --bundle "$T/u" "jt-$$-r"
	is "nor where they are disabled" "$rc" 0

	[ "$(jr features | jq .linux.cgroup.systemd)" = true ] && for dir in "$T/u/run" ""; do
		run "${user[@]}" env -u DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR="$dir" "$T/jailrun" --root "$T/u/state" --cgroup-manager systemd run --bundle "$T/u" "jt-$$-r"
		like "--cgroup-manager systemd without a session, XDG_RUNTIME_DIR=${dir:+set}: what is missing" "$rc $err" "^1 .*no user manager to talk to: .*(user@$uid.service running|/run/user/$uid)"
	done

	mkdir "$cg/jt-$$/session"
	for d in "$cg/jt-$$" "$cg/jt-$$/session"; do
		chown $uid "$d" "$d"/cgroup.{procs,threads,subtree_control}
	done
	# As from a session whose cgroup was delegated.
	cat >"$T/session" <<-E2
		#!/bin/sh
		echo \$\$ >"\$1/cgroup.procs" || exit 99
		shift
		exec "\$@"
	E2
	chmod 755 "$T/session"
	session=$cg/jt-$$/session
	user=("$T/session" "$session" "${single[@]}")
	for policy in none default; do
		as_run $policy "$(sh_filter 'cat /proc/self/cgroup | tail -n 1') | del(.linux.namespaces[] | select(.type == \"cgroup\"))"
		is "delegated, policy $policy: beside the user's session" "$out" "0::/jt-$$/jailrun/jt-$$-u" || diag "$err"
	done
	not_ok "and it is removed" test -e "$cg/jt-$$/jailrun"
	as_run none "$(sh_filter 'cat /proc/self/cgroup | tail -n 1; mkdir /sys/fs/cgroup/own && rmdir /sys/fs/cgroup/own && echo made') | (.mounts[] | select(.type == \"cgroup\") | .options) = [\"rw\"]"
	is "with a cgroup namespace it is the root, and writable when that is asked" "$(tr '\n' ' ' <<<"$out")" '0::/ made ' || diag "$err"
	as_run none "$(sh_filter 'cat /sys/fs/cgroup/cgroup.max.depth') | .linux.resources = {unified: {\"cgroup.max.depth\": \"3\"}}"
	is "limits are set" "$out" 3 || diag "$err"
	as_run none "$(sh_filter 'cat /proc/self/cgroup | tail -n 1') | del(.linux.namespaces[] | select(.type == \"cgroup\")) | .linux.cgroupsPath = \"/jt-$$/a/b\""
	is "cgroupsPath in the delegated tree" "$out" "0::/jt-$$/a/b" || diag "$err"
	as_run none "$(args_filter /bin/true) | .linux.cgroupsPath = \"/jt-other\""
	like "cgroupsPath outside of it is refused" "$err" 'cannot make cgroup .*/jt-other'
	chown 0 "$cg/jt-$$"
	as_run none "$(sh_filter 'cat /proc/self/cgroup | tail -n 1') | del(.linux.namespaces[] | select(.type == \"cgroup\"))"
	is "where only the session's own cgroup is delegated: below that" "$out" "0::/jt-$$/session/jailrun/jt-$$-u" || diag "$err"
	pages="$(args_filter /bin/true) | .linux.resources = {hugepageLimits: [{pageSize: \"2MB\", limit: 4194304}]}"
	if grep -qw hugetlb "$cg/jt-$$/cgroup.controllers"; then
		for d in "$session" "$cg/jt-$$"; do echo -hugetlb >"$d/cgroup.subtree_control"; done
		as_run none "$pages"
		like "a controller that the delegated one has not" "$rc $err" "^1 .*hugepageLimits.*not delegated \($session/cgroup.controllers does not list it\); remove the limit, or"
	fi
	chown $uid "$cg/jt-$$"
	if grep -qw hugetlb "$cg/jt-$$/cgroup.controllers"; then
		chown 0 "$cg/jt-$$/cgroup.subtree_control"
		as_run none "$pages"
		like "one that may not be handed down" "$rc $err" "^1 .*hugepageLimits.*'\+?hugetlb' .*below $cg/jt-$$: .*EACCES.*cgroup.subtree_control is not this user's; remove the limit, or"
		chown $uid "$cg/jt-$$/cgroup.subtree_control"
		as_run none "$pages"
		is "and one that may (control)" "$rc" 0 || diag "$err"
	fi
	user=("${single[@]}")
	as_run none "$(args_filter /bin/true) | .linux.cgroupsPath = \"/jt-$$/c\""
	is "a caller from outside cannot move a process there" "$rc" 1
	like "and is told the rule" "$err" 'cgroups\(7\), Delegation Containment'
	user=("$T/session" "$session" "${single[@]}")

	# CVE-2023-25809: without a cgroup namespace nothing of the tree can be written, however it comes in.
	ok "the user may write there (control)" "${user[@]}" sh -c "mkdir $session/x && rmdir $session/x"
	ln -s /sys "$T/u/link"
	own=${session#/sys/}
	write='for d in "$@"; do [ -d "$d" ] || echo "$d is missing"; mkdir "$d/x" 2>&1 || true; echo $$ 2>&1 >"$d/cgroup.procs"; done; touch /plain/ok && echo plain'
	tried() { # NAME DIRECTORY MOUNT: tries to write to DIRECTORY
		as_run none ".process.args = [\"/bin/sh\", \"-c\", $(jq -cn --arg w "$write" '$w'), \"sh\", \"$2\"] | del(.linux.namespaces[] | select(.type == \"cgroup\")) | .mounts += [$3, {destination: \"/plain\", type: \"bind\", source: \"$T/u/plain\", options: [\"bind\"]}]"
		is "$1: can be neither a new cgroup nor one to enter" "$(grep -c 'Read-only file system' <<<"$out$err")" 2 || diag "$out" "$err"
		like "$1: and a plain bind can be written (control)" "$out" 'plain$'
		unlike "$1: the directory is there" "$out" missing
		not_ok "$1: nothing was made" test -e "$session/x"
	}
	mkdir "$T/u/plain" && chown $uid "$T/u/plain"
	bind() { # DESTINATION SOURCE OPTION...
		jq -cn '{destination: $ARGS.positional[0], type: "bind", source: $ARGS.positional[1], options: $ARGS.positional[2:]}' --args -- "$@"
	}
	tried "bind of the cgroup" /c "$(bind /c "$session" bind)"
	tried "bind of the tree" "/c/jt-$$/session" "$(bind /c "$cg" bind rw)"
	tried "rbind of /sys" "/c/$own" "$(bind /c /sys rbind)"
	tried "rbind of /sys/fs, rrw" "/c/${own#fs/}" "$(bind /c /sys/fs rbind rrw)"
	tried "rbind through a link" "/c/$own" "$(bind /c "$T/u/link" rbind)"
	tried "rbind of /" "/c/sys/$own" "$(bind /c / rbind)"
	tried "remounted writable" "/c/jt-$$/session" "$(bind /c "$cg" bind), {destination: \"/c\", type: \"none\", source: \"none\", options: [\"remount\", \"bind\", \"rw\"]}"
	tried "type cgroup, rw" /c '{destination: "/c", type: "cgroup", source: "cgroup", options: ["rw"]}'
	user=("${single[@]}")
else
	skip "delegated cgroups" "no cgroup can be made here"
fi

# ---- the jail ----
printf '{"exec": {"allow": ["/bin/busybox"]}, "limits": {"processes": 4, "threads": 2}, "signals": {"to_init": "refuse", "protect": ["/bin/guarded"]}}' >"$T/u/policy.json"
cp "$(command -v busybox)" "$T/u/rootfs/bin/sleep-guarded"
for nnp in true false; do
	as_run "$T/u/policy.json" "$(sh_filter '/bin/busybox-denied true 2>&1; kill -HUP 1 2>&1; (sleep 5 & sleep 5 & sleep 5 & sleep 5 & echo all) 2>&1; cat /proc/self/status | grep Seccomp: ') | .process.noNewPrivileges = $nnp"
	like "trace, noNewPrivileges $nnp: exec rules" "$out" "busybox-denied.*Permission denied" || diag "$err"
	like "trace, noNewPrivileges $nnp: signals to PID 1" "$out" "kill.*Operation not permitted"
	like "trace, noNewPrivileges $nnp: limits" "$out" "can't fork"
	unlike "trace, noNewPrivileges $nnp: not all" "$out" all
	like "trace, noNewPrivileges $nnp: each denial is reported" "$err" '"rule":"exec".*"rule":"signals.to_init"'
	as_run default "$(sh_filter 'kill -0 1 && echo alive; grep Seccomp: /proc/self/status') | .process.noNewPrivileges = $nnp"
	like "default, noNewPrivileges $nnp: a filter is there" "$(tr -s '[:space:]' ' ' <<<"$out")" 'alive Seccomp: 2'
done
as_run "$T/u/policy.json" "$(args_filter /bin/true) | del(.linux.namespaces[] | select(.type == \"pid\"))"
is "what cannot be enforced is refused" "$rc" 1
like "and said why" "$err" 'pid namespace'
done_testing
