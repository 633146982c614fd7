#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What broke other runtimes, played: hostile root file systems and configurations that lean on what they hold.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime

# hostile NAME: a fresh rootfs to spoil in $T/b/rootfs, and a directory of the host that must stay as it is.
hostile() {
	rm -rf "$T/b" "$T/host"
	mkdir -p "$T/host/dev" "$T/b"
	echo precious >"$T/host/file"
	make_busybox_rootfs "$T/b/rootfs"
	(cd "$T/host" && find . -printf '%P %y %m %l\n' && cat file) | sort >"$T/host.before"
}
unharmed() {
	is "$1: the host's directory is as it was" "$( (cd "$T/host" && find . -printf '%P %y %m %l\n' && cat file) | sort | diff "$T/host.before" -)" ""
}

for POLICY in none default; do
	# CVE-2019-16884, -19921, CVE-2023-28642: /proc and /sys are no place for symlinks.
	for where in proc sys; do
		hostile
		rmdir "$T/b/rootfs/$where" && mkdir "$T/b/rootfs/elsewhere" && ln -s /elsewhere "$T/b/rootfs/$where"
		in_sh 'echo ran'
		is "$POLICY: /$where is a symlink: refused" "$rc:$out" 1: || diag "$err"
		like "$POLICY: /$where is a symlink: named" "$err" "/$where"
	done
	hostile
	in_sh 'cat /proc/self/comm'
	is "$POLICY: /proc is a directory (control)" "$rc" 0

	# CVE-2026-41579, -47766 and CVE-2021-30465: /dev and mount targets that lead out.
	hostile
	rmdir "$T/b/rootfs/dev" && ln -s "../../host/dev" "$T/b/rootfs/dev"
	in_sh 'echo ran; ls -la /dev'
	unharmed "$POLICY: /dev is a symlink that climbs out"
	hostile
	rmdir "$T/b/rootfs/dev" && ln -s "$T/host/dev" "$T/b/rootfs/dev"
	in_sh 'echo ran'
	unharmed "$POLICY: /dev is an absolute symlink"
	hostile
	ln -s "$T/host" "$T/b/rootfs/way"
	in_sh 'echo x >/way/sub/made' '.mounts += [{destination: "/way/sub", type: "tmpfs", source: "tmpfs"}]'
	unharmed "$POLICY: a mount target below a symlink"
	hostile
	ln -s "../../../../../../../../$T/host/made" "$T/b/rootfs/way"
	in_sh 'true' ".mounts += [{destination: \"/way\", type: \"bind\", source: \"$T/spec.json\", options: [\"bind\"]}]"
	unharmed "$POLICY: the file to be made for a bind is a symlink"
	hostile
	ln -s "$T/host" "$T/b/rootfs/cwd"
	in_sh 'pwd; ls' '.process.cwd = "/cwd/made"'
	unharmed "$POLICY: cwd below a symlink"

	# CVE-2025-31133: masked paths and a /dev/null that is none.
	hostile
	echo secret >"$T/b/rootfs/secret"
	in_sh 'cat /secret' '.linux.maskedPaths = ["/secret"]'
	is "$POLICY: a masked path (control)" "$out" ""
	bind_dev="del(.mounts[] | select(.destination | startswith(\"/dev\"))) | .mounts += [{destination: \"/dev\", type: \"bind\", source: \"$T/hostdev\", options: [\"bind\"]}]"
	rm -rf "$T/hostdev" && mkdir "$T/hostdev"
	ln -s /proc/sys/kernel/core_pattern "$T/hostdev/null"
	in_sh 'cat /secret; echo x 2>/dev/null >/secret; cat /proc/sys/kernel/core_pattern' "$bind_dev | .linux.maskedPaths = [\"/secret\"]"
	unlike "$POLICY: /dev/null is a symlink: the secret stays masked" "$out" '^secret'
	# CVE-2025-52565, CVE-2025-52881: links below /proc for what the runtime writes.
	hostile
	mkdir -p "$T/fakeproc/sys/net/ipv4" && echo 7 >"$T/fakeproc/sys/net/ipv4/ip_forward"
	in_sh 'echo ran' "del(.mounts[] | select(.destination == \"/proc\")) | .mounts += [{destination: \"/proc\", type: \"bind\", source: \"$T/fakeproc\", options: [\"bind\"]}] | .linux.sysctl = {\"net.ipv4.ip_forward\": \"1\"} | del(.linux.maskedPaths, .linux.readonlyPaths)"
	is "$POLICY: a false /proc takes no sysctl in" "$(cat "$T/fakeproc/sys/net/ipv4/ip_forward")" 7

	# CVE-2024-21626: a leaked directory as cwd.
	hostile
	for fd in 3 5 7 8 9 10 12; do
		in_sh 'pwd; ls ../../../../../../..' ".process.cwd = \"/proc/self/fd/$fd\""
		unlike "$POLICY: cwd /proc/self/fd/$fd does not lead out" "$out" 'sbin.*srv|initrd|lost\+found'
	done
	exec 7</
	in_sh 'pwd; ls ../..' '.process.cwd = "/proc/self/fd/7"'
	unlike "$POLICY: nor by a directory that the caller left open" "$out" 'sbin.*srv|lost\+found'
	exec 7<&-
	hostile
	in_container '.process.args = ["/proc/self/fd/7/../../../../bin/true"]'
	isnt "$POLICY: a program by a leaked fd" "$rc" 0

	# CVE-2016-9962 and others: no fd of the host is left.
	in_sh 'ls -l /proc/self/fd /proc/$$/fd | grep -c "/sys/fs/cgroup\|socket:\|memfd:"'
	is "$POLICY: no fd of the runtime's in the workload" "$out" 0
	# CVE-2022-24769.
	in_sh 'grep CapInh /proc/self/status'
	like "$POLICY: inheritable capabilities are empty" "$out" 'CapInh:.0+$'
done

# CVE-2023-25809: what is seen of cgroups is not to be written.
in_sh 'for d in /sys/fs/cgroup /sys/fs/cgroup/*/; do mkdir "$d/x" 2>/dev/null && echo "made $d/x" && rmdir "$d/x"; done; echo end' \
	'.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["nosuid","noexec","nodev","ro"]}] | .mounts |= unique_by(.destination)'
like "cgroups are read-only where config.json says so" "$out" '^end$' || diag "$err"
# The container's environment never reaches a program on the host.
jq -n 1 >/dev/null
hostile
make_bundle "$T/b" "$(args_filter /bin/true) | .process.env += [\"LD_PRELOAD=/evil.so\"] | .hooks = {createRuntime: [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"env >$T/hook.env\"]}]}"
jrun run --bundle "$T/b" "jt-$$-h"
unlike "no LD_PRELOAD of the container in a hook" "$(cat "$T/hook.env")" LD_PRELOAD
# In a pid namespace that others share the first process is seen from the start: its program is a sealed copy, in its own
# namespace it is nobody's business. The hook runs as its child.
for shared in true false; do
	make_bundle "$T/b" "$(args_filter /bin/true) | .hooks.createContainer = [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"readlink /proc/\$PPID/exe >$T/exe; true\"]}]
		| if $shared then del(.linux.namespaces[] | select(.type == \"pid\")) else . end"
	jrun --policy none run --bundle "$T/b" "jt-$$-sealed"
	is "shared pid namespace: $shared: it runs" "$rc" 0 || diag "$err"
	if [ $shared = true ]; then
		like "shared pid namespace: the program of the first process is in sealed memory" "$(cat "$T/exe")" '^/memfd:jailrun'
	fi
done
done_testing
