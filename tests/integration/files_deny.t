#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# files.deny: holes in what is allowed, by mounts that the workload cannot take away.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
mkdir -p "$ROOTFS"/data/{open,hidden}
for f in open/file hidden/file file; do echo SECRET >"$ROOTFS/data/$f"; done
ln -s data/hidden "$ROOTFS/link"
under() { # FILES SCRIPT [FILTER]
	printf '{"name": "p", "files": {%s}}' "$1" >"$T/policy.json"
	POLICY=$T/policy.json in_sh "$2" "${3-.}"
}
look='cat /data/open/file /data/hidden/file /data/file 2>/dev/null | wc -l; ls /data/hidden | wc -l'

under '"deny": ["/nowhere"]' "$look"
is "nothing is hidden (control)" "$rc:${out//$'\n'/ }" "0:3 1" || diag "$err"
under '"deny": ["/data/hidden/"]' "$look"
is "a tree is hidden" "$rc:${out//$'\n'/ }" "0:2 0" || diag "$err"
under '"deny": ["/link/", "/data/file"]' "$look"
is "a file, and where a link leads" "$rc:${out//$'\n'/ }" "0:1 0" || diag "$err"
under '"read": ["/bin/", "/data/"], "write": ["/data/"], "create": ["/data/"], "list": ["/data/"], "deny": ["/data/hidden/", "/data/file"]' \
	"$look; echo x 2>/dev/null >/data/hidden/new; mv /data/hidden /data/shown 2>/dev/null; mv /data/file /data/shown 2>/dev/null; rm -rf /data/hidden /data/file 2>/dev/null; ls /data/shown 2>/dev/null"
is "in a tree where all else is allowed, and it cannot be moved or removed" "$rc:${out//$'\n'/ }" "1:1 0" || diag "$err"
is "it is as it was" "$(cat "$ROOTFS/data/hidden/file" "$ROOTFS/data/file" | sort -u)" SECRET
under '"deny": ["/data/hidden/"]' 'unshare -Urm sh -c "echo inside; umount /data/hidden; umount -l /data/hidden; cat /data/hidden/file; mkdir /tmp/m; mount --bind /data /tmp/m; cat /tmp/m/hidden/file"' \
	"$docker_caps"
is "a user namespace inside does not get below" "$out" inside || diag "$err"

# By exec, and what of capabilities undoes it.
id=jt-$$-x
printf '{"name": "p", "files": {"deny": ["/data/hidden/"]}}' >"$T/policy.json"
make_bundle "$T/b" "$(args_filter /bin/sleep 100)"
jr --policy "$T/policy.json" run -d --bundle "$T/b" "$id" >"$T/log" 2>&1 </dev/null || fail "start: $(cat "$T/log")"
jrun exec "$id" /bin/sh -c "$look"
is "a program by exec does not see it" "$rc:${out//$'\n'/ }" "0:2 0" || diag "$err"
jrun exec --cap CAP_SYS_ADMIN "$id" /bin/true
like "nor is it given what looks below" "$rc:$err" '^255:.*CAP_SYS_ADMIN lets the workload look below the mounts that hide files, so that files.deny of policy p would not hold'
jr delete --force "$id"
under '"deny": ["/data/hidden/"]' true '.process.capabilities.bounding += ["CAP_SYS_ADMIN"]'
like "as at create" "$rc:$err" '^1:.*process.capabilities: CAP_SYS_ADMIN lets'
under '"deny": ["/data/hidden/"]' true 'del(.linux.namespaces[] | select(.type == "mount"))'
like "without a mount namespace" "$rc:$err" '^1:.*files.deny: .*add \{"type": "mount"\}'

# Of two policies, both.
mkdir "$T/policies"
printf '{"files": {"deny": ["/data/hidden/"]}}' >"$T/policies/floor.json"
printf '{"files": {"deny": ["/data/file"]}}' >"$T/policies/chosen.json"
jq -n --arg dir "$T/policies" '{policyDir: $dir, floor: "floor"}' >"$T/admin.json"
make_bundle "$T/b" "$(sh_filter "$look") | .annotations = {\"jailrun.policy\": \"chosen\"}"
jrun --admin-config "$T/admin.json" run --bundle "$T/b" "jt-$$-f"
is "a floor's as well" "$rc:${out//$'\n'/ }" "0:1 0" || diag "$err"

# Warned of, and shown.
printf '{"name": "p", "files": {"deny": ["/nowhere", "/data/file"]}}' >"$T/policy.json"
run "$JAILRUN" --root "$ROOT" --policy "$T/policy.json" plan "$T/b"
like "plan warns of what is not there" "$rc:$err" "^0:.*policy p: files.deny: '/nowhere': the container has no '/nowhere'"
is "and shows what is hidden" "$(jq -c .jail.files "$T/out")" '{"deny":["/nowhere","/data/file"],"mechanism":"mounts over what is denied, as by linux.maskedPaths","race_free":true}'
done_testing
