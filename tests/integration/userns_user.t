#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The container's user in a user namespace: directories that only it may enter, capabilities of exec, the caller's groups.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command jq setpriv
need_runtime
make_busybox_rootfs "$T/rootfs"
chown -Rh 200000:200000 "$T/rootfs"
# The group is not mapped: the capabilities of the container's root do not count here, as on a network file system (root_squash).
mkdir "$T/rootfs/own"
cp "$T/rootfs/bin/busybox" "$T/rootfs/own/pwd"
chown -R 201000:0 "$T/rootfs/own"
chmod 700 "$T/rootfs/own"
chmod 755 "$T"
ROOTFS=$T/rootfs
id=jt-$$-user
userns='.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 200000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
user() { printf '.process.user = {uid: %s, gid: %s}' "$1" "$1"; }

in_sh 'cd /own' "$userns"
like "its own root is not let in (control)" "$rc:$err" '^[12]:.*Permission denied'
for program in /bin/pwd ./pwd /own/pwd pwd; do
	in_container "$userns | $(user 1000) | .process.cwd = \"/own\" | .process.env = [\"PATH=/own\"] | $(args_filter $program)"
	is "cwd that only the user may enter, program $program" "$rc:$out" 0:/own || diag "$err"
done
in_container "$userns | $(user 1001) | .process.cwd = \"/own\" | $(args_filter /bin/pwd)"
like "another user is refused" "$rc:$err" '^1:.*cwd.*ermission denied'
in_container "$userns | $(user 1001) | $(args_filter /own/pwd)"
like "a program that it may not reach, too" "$rc:$err" '^1:.*ermission denied'

# As runc, by what the container's user namespace gives and not by what the caller has.
short=(setpriv --bounding-set=-sys_time --inh-caps=-sys_time)
for kind in own none; do
	[ $kind = own ] && filter=$userns || filter=.
	make_bundle "$T/b" "$filter | .process.capabilities = {bounding: [\"CAP_KILL\"]} | $(args_filter sleep 60)"
	"$JAILRUN" --root "$T/state" run -d --bundle "$T/b" "$id" >/dev/null 2>&1 </dev/null
	run "${short[@]}" "$JAILRUN" --root "$T/state" exec --cap CAP_SYS_TIME "$id" grep CapEff /proc/self/status
	if [ $kind = own ]; then
		like "exec --cap of a capability that the caller has not" "$out" 'CapEff:	0000000002000000'
	else
		like "is refused without a user namespace (control)" "$err" 'cannot be granted'
	fi
	if [ $kind = own ]; then
		run "$JAILRUN" --root "$T/state" exec --user 1000:1000 --cwd /own "$id" /bin/pwd
		is "exec: cwd that only the user may enter" "$rc:$out" 0:/own || diag "$err"
		run "$JAILRUN" --root "$T/state" exec --user 1001:1001 --cwd /own "$id" /bin/pwd
		like "exec: another user is refused" "$rc:$err" '^255:.*ermission denied'
	fi
	"$JAILRUN" --root "$T/state" delete --force "$id"
done

# ---- run.oci.keep_original_groups ----
keep='.annotations["run.oci.keep_original_groups"] = "1"'
grouped() { # FILTER
	make_bundle "$T/b" "$1 | .process.user.additionalGids = [7] | $(args_filter sleep 60)"
	setpriv --groups 0,4242 "$JAILRUN" --root "$T/state" run -d --bundle "$T/b" "$id" >"$T/log" 2>&1 </dev/null || cat "$T/log"
	grep Groups: "/proc/$("$JAILRUN" --root "$T/state" state "$id" | jq .pid)/status" | tr -s '\t ' ' '
	setpriv --groups 0,4242 "$JAILRUN" --root "$T/state" exec "$id" grep Groups: /proc/self/status | tr -s '\t ' ' '
	"$JAILRUN" --root "$T/state" delete --force "$id"
}
is "groups are those of config.json (control)" "$(grouped . | tr '\n' ';')" 'Groups: 7 ;Groups: 7 ;'
is "the annotation keeps the caller's" "$(grouped "$keep" | tr '\n' ';')" 'Groups: 0 4242 ;Groups: 0 4242 ;'
is "in a user namespace without it (control)" "$(grouped "$userns" | tr '\n' ';')" 'Groups: 200007 ;Groups: 7 ;'
is "and with it" "$(grouped "$userns | $keep" | tr '\n' ';')" 'Groups: 0 4242 ;Groups: 65534 65534 ;'
echo '{"annotations": false}' >"$T/admin.json"
make_bundle "$T/b" "$keep | $(args_filter true)"
jrun --admin-config "$T/admin.json" run --bundle "$T/b" "$id"
like "where the administrator lets no annotation be heard it is an error" "$rc:$err" '^1:.*keep_original_groups.*not heard'
done_testing
