#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Where vm.memfd_noexec is 2 no memory file can be executed: the helper, and the runtime where others see it, run from a read-only tmpfs.
# The sysctl is of a pid namespace, and the test's own has it.
[ -n "${OWN_PIDNS-}" ] || OWN_PIDNS=1 exec unshare --pid --fork --kill-child --mount-proc bash "$0" "$@"
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command setpriv
need_runtime
[ -e /proc/sys/vm/memfd_noexec ] || skip_all "this kernel has no sysctl vm.memfd_noexec"
echo 2 >/proc/sys/vm/memfd_noexec
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
chmod 755 "$T"
id=jt-$$-noexec
echo '{"exec": {"allow": ["/bin/"]}}' >"$T/exec.json"

for POLICY in none default "$T/exec.json"; do
	in_sh 'cat /proc/sys/vm/memfd_noexec; exit 7'
	is "policy $POLICY: it runs, under the same sysctl" "$rc $out" '7 2' || diag "$err"
done
in_sh 'cat /proc/sys/vm/memfd_noexec' '.linux.sysctl = {"vm.memfd_noexec": "1"}'
like "less than around it is not to be had" "$rc $err" '^1 .*linux\.sysctl\["vm\.memfd_noexec"\].*Invalid argument'
make_bundle "$T/b" "$(args_filter /bin/true)"
ok "create" jr --policy none create --bundle "$T/b" $id </dev/null
is "PID 1 is the helper, of a tmpfs that is mounted nowhere" "$(readlink "/proc/$(jr state $id | jq .pid)/exe")" /jailrun-init
jrun exec --cap CAP_SYS_PTRACE $id sh -c 'readlink /proc/1/exe; echo x >/proc/1/exe'
like "nobody in the container can write to it" "$out:$err" '^/jailrun-init:.*/proc/1/exe: Read-only file system'
ok "start" jr start $id
jr delete --force $id

# In a pid namespace that others share.
hook=".hooks.createContainer = [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"readlink /proc/\$PPID/exe >$T/exe; true\"]}]"
make_bundle "$T/b" "$(args_filter /bin/true) | del(.linux.namespaces[] | select(.type == \"pid\")) | $hook"
jrun --policy none run --bundle "$T/b" $id
is "shared pid namespace: it runs" "$rc" 0 || diag "$err"
is "shared pid namespace: and the runtime from a copy" "$(cat "$T/exe")" /jailrun

# Who may not mount, and where a user namespace is no way out either.
user=(setpriv --reuid 54321 --regid 54321 --clear-groups --inh-caps=-all --bounding-set=-all)
doctor() {
	cp "$JAILRUN" "$T/jailrun" && run "$@" "$T/jailrun" doctor
	out=$(grep ' kernel\.helper:' <<<"$out")
}
if "${user[@]}" unshare -Ur true 2>/dev/null; then
	doctor "${user[@]}"
	like "a user: by a user namespace" "$out" '^ok '
	doctor unshare --user --map-root-user sh -c 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"' sh setpriv --inh-caps=-all --bounding-set=-all
	like "no way: the sysctl is named" "$out" '^no .*EACCES.*vm\.memfd_noexec'
else skip "a user" "this host lets no user make a user namespace"; fi
done_testing
