#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Containers of a user without root: a single-id map, no cgroup of their own.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command setpriv
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
	run "${user[@]}" env XDG_RUNTIME_DIR="$T/u/run" PATH="$PATH" "$T/jailrun" --policy "$1" run --bundle "$T/u" "jt-$$-u"
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
printf '{"exec": {"allow": ["/bin/busybox"]}, "limits": {"processes": 4}}' >"$T/u/policy.json"
cp "$(command -v busybox)" "$T/u/rootfs/bin/busybox-denied"
as_run "$T/u/policy.json" "$(sh_filter '/bin/busybox-denied true || echo refused; sleep 9 & sleep 9 & sleep 9 & sleep 9 & echo all')"
like "a policy with exec rules and limits holds without root too" "$out" refused
unlike "the limit too" "$out" all
ok "nothing is left" test -z "$(ls "$T/u/run/jailrun" 2>/dev/null)"
as_run none "$(args_filter /bin/true) | .linux.uidMappings[0].hostID = 0"
is "a map of an id that is not the user's is refused" "$rc" 1
done_testing
