#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The root file system, mounts, /dev, masked and read-only paths.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime

mkdir -p "$T/host/sub" && echo from-host >"$T/host/file"
bind() { # DESTINATION OPTIONS
	printf '.mounts += [{destination: "%s", type: "bind", source: "%s", options: %s}]' "$1" "$T/host" "$2"
}

for POLICY in none default; do
	in_sh 'touch /x 2>&1 || true; echo done' '.root.readonly = true'
	like "$POLICY: a read-only root" "$out" 'Read-only file system.*done'
	in_sh 'touch /x && rm /x && echo writable'
	is "$POLICY: a writable root" "$out" writable
	in_sh 'ls -di / | cut -d" " -f1; cat /proc/self/mountinfo | wc -l; grep -c . /proc/1/mountinfo'
	is "$POLICY: / is the rootfs" "$(head -n 1 <<<"$out")" "$(stat -c %i "$T/b/rootfs")"
	in_sh 'cat /proc/self/mountinfo'
	unlike "$POLICY: no mount of the host is seen" "$(cut -d' ' -f5 <<<"$out")" "$T|/var|/home"

	in_sh 'cat /mnt/file; touch /mnt/new && echo made' "$(bind /mnt '["bind"]')"
	is "$POLICY: bind mount" "$out" from-host$'\n'made
	in_sh 'cat /mnt/file; touch /mnt/new2 2>&1 || true' "$(bind /mnt '["bind","ro"]')"
	like "$POLICY: read-only bind" "$out" '^from-host.*Read-only'
	in_sh 'grep " /mnt " /proc/self/mountinfo' "$(bind /mnt '["rbind","nosuid","nodev","noexec","relatime"]')"
	like "$POLICY: options of a bind" "$out" 'nosuid,nodev,noexec'
	in_sh 'cat /etc/one' ".mounts += [{destination: \"/etc/one\", type: \"bind\", source: \"$T/host/file\", options: [\"bind\",\"ro\"]}]"
	is "$POLICY: bind of a file onto a file that is not there" "$out" from-host
	rm -rf "$T/b/rootfs/scratch"
	in_sh 'df -k /scratch | tail -n 1 | tr -s " " | cut -d" " -f2; stat -c %a /scratch; grep " /scratch " /proc/self/mountinfo' \
		'.mounts += [{destination: "/scratch", type: "tmpfs", source: "tmpfs", options: ["nosuid","size=64k","mode=1750"]}]'
	like "$POLICY: tmpfs with size and mode" "$(tr '\n' ' ' <<<"$out")" '^64 1750 .*nosuid'
	in_container '.mounts += [{destination: "/scratch", type: "tmpfs", source: "tmpfs", options: ["nonsense=1"]}]'
	is "$POLICY: an option that the file system does not know fails" "$rc" 1
	like "$POLICY: and the mount is named" "$err" 'mounts\[[0-9]+\]|/scratch'
	in_container '.mounts += [{destination: "/scratch", type: "bind", source: "/no/such/source", options: ["bind"]}]'
	is "$POLICY: a source that is not there fails" "$rc" 1
	like "$POLICY: and is named" "$err" '/no/such/source'

	in_sh 'for d in null zero full random urandom tty; do stat -c "%n %F %t:%T %a" /dev/$d; done; for l in fd stdin stdout stderr ptmx; do readlink /dev/$l; done; echo x >/dev/null; head -c 4 /dev/zero | od -An -tx1'
	is "$POLICY: default devices" "$(grep -c 'character special file' <<<"$out")" 6
	like "$POLICY: /dev/null" "$out" '/dev/null character special file 1:3 666'
	like "$POLICY: /dev/full" "$out" '/dev/full character special file 1:7 666'
	like "$POLICY: /dev/tty" "$out" '/dev/tty character special file 5:0 666'
	like "$POLICY: links of /dev" "$(tr '\n' ' ' <<<"$out")" '/proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 (/dev/)?pts/ptmx'
	in_sh 'stat -c "%F %t:%T %a %u:%g" /dev/own /dev/pipe' \
		'.linux.devices = [{path: "/dev/own", type: "c", major: 1, minor: 5, fileMode: 416, uid: 7, gid: 8}, {path: "/dev/pipe", type: "p", fileMode: 384}]'
	like "$POLICY: devices of config.json" "$out" 'character special file 1:5 640 7:8'
	like "$POLICY: a fifo among them" "$out" 'fifo 0:0 600'

	mkdir -p "$T/b/rootfs/masked" && echo a >"$T/b/rootfs/masked/inside" && echo secret >"$T/b/rootfs/etc/secret"
	in_sh 'cat /proc/kcore 2>/dev/null | wc -c; ls /masked | wc -l; cat /etc/secret | wc -c; echo x 2>/dev/null >/etc/passwd || echo refused; echo 1 2>/dev/null >/proc/sys/kernel/hostname || echo refused' \
		'.linux.maskedPaths = ["/proc/kcore", "/masked", "/etc/secret", "/not/there"] | .linux.readonlyPaths = ["/etc/passwd", "/proc/sys", "/not/there/either"]'
	is "$POLICY: masked and read-only paths" "$(tr '\n' ' ' <<<"$out")" '0 0 0 refused refused '
	ok "$POLICY: the host's files are as they were" grep -q secret "$T/b/rootfs/etc/secret"
	in_sh 'ls /masked; cat /etc/secret' 'del(.linux.maskedPaths, .linux.readonlyPaths)'
	is "$POLICY: not masked, they are seen (control)" "$out" inside$'\n'secret
	rm -rf "$T/b/rootfs/masked"

	for p in private slave shared rprivate rslave rshared; do
		in_sh 'grep " / / \| / " /proc/self/mountinfo | head -n 1' ".linux.rootfsPropagation = \"$p\""
		is "$POLICY: rootfsPropagation $p works" "$rc" 0 || diag "$err"
	done
	in_container '.linux.rootfsPropagation = "sideways"'
	is "$POLICY: rootfsPropagation sideways is refused" "$rc" 1

	echo content >"$T/file"
	umask 077
	in_sh 'umask; pwd; cat /made/by/file; cat /sys/fs/cgroup/cgroup.type' ".process.user = {uid: 1000, gid: 1000} | .process.cwd = \"/made/cwd\"
		| .mounts += [{destination: \"/made/by/file\", type: \"bind\", source: \"$T/file\", options: [\"bind\"]}]"
	umask 022
	is "$POLICY: what is made is for the container's users, whatever the caller's umask" "$rc ${out//$'\n'/ }" \
		'0 0022 /made/cwd content domain' || diag "$err"
	in_sh 'ls -di / | cut -d" " -f1' '.' --no-pivot
	is "$POLICY: --no-pivot: / is the rootfs" "$out" "$(stat -c %i "$T/b/rootfs")"
	ok "$POLICY: no mount is left on the host" test -z "$(grep -F "$T" /proc/self/mountinfo)"
done

# A /proc that leads elsewhere would have the kernel's files where the image wants them (CVE-2019-19921, CVE-2023-27561).
make_busybox_rootfs "$T/linked"
rm -rf "$T/linked/proc"
ln -s /tmp "$T/linked/proc"
ROOTFS=$T/linked in_container "$(args_filter true)"
like "a /proc that is a link is refused, in runc's words" "$rc:$err" "^1:.*'/proc' must be mounted on ordinary directory"
done_testing
