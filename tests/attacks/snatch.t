#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A container in the host's pid namespace, with a user namespace in which it has CAP_SYS_PTRACE, sees the processes that enter this user
# namespace, by exec or for another container of it. Until they have left the host's root, none may be its prey (CVE-2016-9962).
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/hostile.sh"
need_root
need_runtime
progs=$TOP_BUILDDIR/tests/attacks/progs
[ -x "$progs/snatch" ] || skip_all "tests/attacks/progs is not built"
id=jt-$$-snatch
hostile
cp "$progs/snatch" "$T/image/bin/"
hostile
chmod 755 "$T" "$T/b"
chown -R 100000:100000 "$T/b/rootfs"
maps='[{containerID: 0, hostID: 100000, size: 65536}]'
make_bundle "$T/b" "$(args_filter /bin/snatch 5 "$T/host/file") | $docker_caps | .process.capabilities[] += [\"CAP_SYS_PTRACE\"]
	| .linux.uidMappings = $maps | .linux.gidMappings = $maps
	| .linux.namespaces |= map(select(.type != \"pid\")) + [{type: \"user\"}]
	| .mounts |= map(select(.destination != \"/sys\") | if .destination == \"/proc\" then
		{destination: \"/proc\", type: \"bind\", source: \"/proc\", options: [\"rbind\"]} else . end)"

# prey WHAT WORD...: runs the command again and again for as long as the container hunts.
prey() {
	local what=$1 ran=0
	shift
	jr delete -f "$id" 2>/dev/null
	jr --policy none run -d --bundle "$T/b" "$id" >"$T/inside" 2>&1 </dev/null || fail "start of the container: $(cat "$T/inside")"
	mkdir -p "$T/c"
	jq --arg path "/proc/$(jr state "$id" | jq .pid)/ns/user" --arg rootfs "$T/b/rootfs" '.process.args = ["/bin/true"] | .root.path = $rootfs
		| .linux.namespaces |= map(if .type == "user" then .path = $path else . end)' "$T/b/config.json" >"$T/c/config.json"
	while [ "$(jr state "$id" | jq -r .status)" = running ]; do
		jrun "$@"
		[ "$rc" != 0 ] || ran=$((ran + 1))
	done
	ok "$what: programs were run" test $ran -gt 3 || diag "$err"
	inside=$(sort -u "$T/inside")
	like "$what: some were seized when they had entered (control)" "$inside" 'snatched /(bin/busybox|memfd:jailrun-init)'
	unlike "$what: none of the host's program" "$inside" 'snatched .*jailrun( |$)'
	unlike "$what: and the host's root was not reached" "$inside" reached
}

prey exec exec "$id" /bin/true
prey "another container" --policy none run --bundle "$T/c" "$id-2"
jr delete -f "$id"
done_testing
