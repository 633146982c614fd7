#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In a user namespace a program can open /dev/stdout and /dev/stderr anew: pipes and terminals that root made belong to the container's user.
# The host's files and devices stay whose they are.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command jq script setpriv
need_runtime
make_busybox_rootfs "$T/rootfs"
chown -Rh 200000:200000 "$T/rootfs"
chmod 755 "$T"
ROOTFS=$T/rootfs
id=jt-$$-stdio
userns='.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 200000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
user() { printf '.process.user = {uid: %s, gid: %s}' "$1" "$1"; }
again='echo out >/dev/stdout; echo err >/dev/stderr'
# shellcheck disable=SC2016
owners='stat -Lc %u /proc/self/fd/1'

for policy in none default; do
	for u in 0 1000; do
		make_bundle "$T/b" "$userns | $(user $u) | $(sh_filter "$again; $owners; exec sleep 60")"
		: >"$T/got"
		{
			"$JAILRUN" --policy $policy --root "$T/state" create --bundle "$T/b" "$id" </dev/null 2>&1
			"$JAILRUN" --root "$T/state" start "$id" </dev/null 2>&1
		} | cat >"$T/got" &
		reader=$!
		eventually 10 grep -q "^$u\$" "$T/got"
		is "$policy, uid $u: create" "$(tr '\n' ' ' <"$T/got")" "out err $u "
		got=$("$JAILRUN" --root "$T/state" exec --user "$u:$u" "$id" sh -c "$again; $owners" </dev/null 2>&1 | cat)
		is "$policy, uid $u: exec" "${got//$'\n'/ }" "out err $u"
		"$JAILRUN" --root "$T/state" delete --force "$id"
		wait "$reader"
		got=$(
			make_bundle "$T/b" "$userns | $(user $u) | $(sh_filter "$again; $owners")"
			"$JAILRUN" --policy $policy --root "$T/state" run --bundle "$T/b" "$id" </dev/null 2>&1 | cat
		)
		is "$policy, uid $u: run" "${got//$'\n'/ }" "out err $u"
	done
done

# A user namespace that is joined: its map is nowhere in config.json.
unshare --user sleep 100 &
holder=$!
at_exit "kill $holder"
# shellcheck disable=SC2317 # eventually calls it
apart() { [ "$(readlink "/proc/$holder/ns/user")" != "$(readlink /proc/self/ns/user)" ]; }
eventually 10 apart
echo 0 300000 65536 >"/proc/$holder/uid_map"
echo 0 300000 65536 >"/proc/$holder/gid_map"
chown -Rh 300000:300000 "$T/rootfs"
make_bundle "$T/b" ".linux.namespaces += [{type: \"user\", path: \"/proc/$holder/ns/user\"}] | $(user 1000) | $(sh_filter "$again; $owners")"
got=$("$JAILRUN" --root "$T/state" run --bundle "$T/b" "$id" </dev/null 2>&1 | cat)
is "a user namespace that is joined" "${got//$'\n'/ }" "out err 1000"
chown -Rh 200000:200000 "$T/rootfs"

# Control: what nobody has given away cannot be opened anew.
make_bundle "$T/b" "$userns | $(user 1000) | $(sh_filter "$again; $owners")"
got=$(setpriv --bounding-set=-chown --inh-caps=-chown "$JAILRUN" --root "$T/state" run --bundle "$T/b" "$id" </dev/null 2>&1 | cat)
like "without CAP_CHOWN they stay the caller's" "$got" 'Permission denied.*65534'

# Files and devices of the host are not given away.
make_bundle "$T/b" "$userns | $(user 1000) | $(sh_filter 'echo written')"
"$JAILRUN" --root "$T/state" run --bundle "$T/b" "$id" </dev/null >"$T/file" 2>/dev/full
is "a regular file is written" "$(cat "$T/file")" written
is "and stays root's" "$(stat -c %u "$T/file")" 0
is "so do devices" "$(stat -c %u /dev/null /dev/full | tr '\n' ' ')" '0 0 '
# A terminal of the caller's.
make_bundle "$T/b" "$userns | $(user 1000) | $(sh_filter 'echo again >/dev/stdout')"
like "a terminal that is handed on" "$(script -qec "$JAILRUN --root $T/state --policy none run --bundle $T/b $id" /dev/null </dev/null)" '^again'
done_testing
