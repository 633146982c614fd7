#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# linux.devices, masked and read-only paths: what they are made of and what they refuse.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
POLICY=none
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
chmod 755 "$T"

devices() {
	printf '.linux.devices = [%s]' "$1"
}
umask 077
in_sh 'for d in /dev/c /dev/u /dev/b /dev/p /dev/deep/er/d /opt/outside /dev/plain; do stat -c "%n %F %t:%T %a %u:%g" $d; done' \
	"$(devices '{path: "/dev/c", type: "c", major: 1, minor: 5, fileMode: 438, uid: 3, gid: 4}, {path: "/dev/u", type: "u", major: 10, minor: 229, fileMode: 33188},
		{path: "/dev/b", type: "b", major: 7, minor: 200, fileMode: 416, gid: 6}, {path: "/dev/p", type: "p", fileMode: 384, uid: 9},
		{path: "/dev/deep/er/d", type: "c", major: 1, minor: 3}, {path: "/opt/outside", type: "c", major: 1, minor: 3, fileMode: 0}, {path: "/dev/plain", type: "c", major: 1, minor: 7}')"
umask 022
is "exit status" "$rc" 0 || diag "$err"
is "character: number, mode, owner" "$(grep '^/dev/c ' <<<"$out")" '/dev/c character special file 1:5 666 3:4'
is "u is the same; a whole st_mode is its permissions" "$(grep '^/dev/u ' <<<"$out")" '/dev/u character special file a:e5 644 0:0'
is "block" "$(grep '^/dev/b ' <<<"$out")" '/dev/b block special file 7:c8 640 0:6'
is "fifo" "$(grep '^/dev/p ' <<<"$out")" '/dev/p fifo 0:0 600 9:0'
is "directories are made" "$(grep '^/dev/deep' <<<"$out")" '/dev/deep/er/d character special file 1:3 666 0:0'
is "outside of /dev, mode 0" "$(grep '^/opt' <<<"$out")" '/opt/outside character special file 1:3 0 0:0'
is "no mode: 0666 under any umask" "$(grep '^/dev/plain' <<<"$out")" '/dev/plain character special file 1:7 666 0:0'
ok "what was made in the image stays, as with other runtimes" test -c "$T/rootfs/opt/outside"
in_sh 'echo x >/dev/null && head -c 2 /dev/zero | wc -c; stat -c %a /dev/null' "$(devices '{path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 384}')"
is "a default device may be named, with another mode" "$(tr '\n' ' ' <<<"$out")" '2 600 '

echo text >"$T/rootfs/home/file" && mknod "$T/rootfs/home/zero" c 1 5 && mkfifo "$T/rootfs/home/fifo"
for d in '/home/file|c|1|5' '/home/zero|c|1|3' '/home/zero|b|1|5' '/home/fifo|c|1|5' '/home|c|1|5'; do
	IFS='|' read -r path type major minor <<<"$d"
	in_container "$(args_filter /bin/true) | $(devices "{path: \"$path\", type: \"$type\", major: $major, minor: $minor}")"
	is "$path is there and is not $type $major:$minor" "$rc" 1
	like "and is named" "$err" "linux\.devices.*$path' exists"
done
in_container "$(args_filter /bin/true) | $(devices '{path: "/home/zero", type: "c", major: 1, minor: 5}, {path: "/home/fifo", type: "p"}')"
is "what matches is taken as it is (control)" "$rc" 0 || diag "$err"
# What a container with a user namespace has left, where /dev is not a file system of its own.
own_dev='.mounts |= map(select(.destination | startswith("/dev") | not))'
mkdir -p "$T/rootfs/dev" && : >"$T/rootfs/dev/null"
in_sh 'stat -c "%F %t:%T %a" /dev/null; echo x >/dev/null' "$own_dev"
is "an empty file is in the place of a device: the host's is bound there" "$rc $out" '0 character special file 1:3 666' || diag "$err"
is "and the file stays, which another container may have covered" "$(stat -c '%F %s' "$T/rootfs/dev/null")" 'regular empty file 0'
in_container "$(args_filter /bin/true) | $own_dev | $(devices '{path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 384}')"
like "but not when less is asked for than the host's lets do" "$rc $err" "^1 .*linux\.devices\[0\]: '/dev/null' exists"
rm -rf "$T/rootfs/dev"
for bad in '{path: "dev/x", type: "c", major: 1, minor: 5}|absolute' '{path: "/dev/x", type: "d", major: 1, minor: 5}|type' '{path: "/dev/x", type: "c", major: 1}|minor' \
	'{path: "/dev/x", type: "c", major: 4096, minor: 1}|major' '{path: "/dev/x", type: "c", major: 1, minor: 1, fileMode: 262144}|fileMode' '{path: "/", type: "p"}|absolute'; do
	in_container "$(args_filter /bin/true) | $(devices "${bad%|*}")"
	is "refused: ${bad%|*}" "$rc" 1
	like "and named" "$err" "linux\.devices\[0\].*${bad#*|}"
done

# In a user namespace by bind: the numbers decide, and a fifo is made.
cp -a "$T/rootfs" "$T/urootfs" && chown -Rh 100000:100000 "$T/urootfs"
userns=".root.path = \"$T/urootfs\" | .linux.namespaces += [{type: \"user\"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings"
in_sh 'stat -c "%F %t:%T" /dev/zero /dev/other; stat -c "%F %a %u:%g" /dev/p; head -c 3 /dev/other | wc -c' \
	"$userns | $(devices '{path: "/dev/other", type: "c", major: 1, minor: 5}, {path: "/dev/p", type: "p", fileMode: 416, uid: 5, gid: 6}')"
is "user namespace: by bind, under any name; fifo" "$(tr '\n' ' ' <<<"$out")" 'character special file 1:5 character special file 1:5 fifo 640 5:6 3 ' || diag "$err"
for again in "" ", on the file that the first has left"; do
	in_sh 'stat -c "%n %t:%T" /dev/null /opt/null' "$userns | del(.mounts[] | select(.destination | startswith(\"/dev\"))) | $(devices '{path: "/opt/null", type: "c", major: 1, minor: 3}')"
	is "user namespace, a /dev of the image: by bind$again" "$(tr '\n' ' ' <<<"$out")" '/dev/null 1:3 /opt/null 1:3 ' || diag "$err"
done
in_container "$(args_filter /bin/true) | $userns | $(devices '{path: "/dev/none", type: "b", major: 250, minor: 99}')"
like "user namespace: what the host has not cannot be had: which, why, what to do" "$err" \
	'linux\.devices\[0\]: /dev/none: mknod.* not permitted in a user namespace.*/dev/none. is not there.*mknod /dev/none b 250 99.*leave the entry out'
in_container "$(args_filter /bin/true) | $userns | $(devices '{path: "/dev/zero", type: "c", major: 1, minor: 5}, {path: "//dev/full", type: "c", major: 240, minor: 99}')"
like "user namespace: nor where the host's is another" "$err" 'linux\.devices\[1\]: /dev/full: .*is another device.*mknod /dev/full c 240 99'

# Masked and read-only paths.
mkdir -p "$T/rootfs/m/dir/below" "$T/rootfs/m/ro/sub" && echo s >"$T/rootfs/m/file" && echo s >"$T/rootfs/m/dir/below/file" && echo s >"$T/rootfs/m/target"
ln -s target "$T/rootfs/m/link" && ln -s /etc/../m/target "$T/rootfs/m/abs" && ln -s nowhere "$T/rootfs/m/dangling" && mkfifo "$T/rootfs/m/fifo"
in_sh 'cd /m; wc -c <file; ls dir | wc -l; wc -c <target; stat -c %F fifo; ls /home | wc -l; touch dir/x 2>&1' \
	'.linux.maskedPaths = ["/m/file", "/m/dir", "/m/dir/below", "/m/link", "/m/dangling", "/m/fifo", "/m/file/under", "/m/file", "/none", "/home/../home/"]'
is "masks: files, directories, links, twice, below each other, through a file" "$(head -n 5 <<<"$out" | tr '\n' ' ')" '0 0 0 character special file 0 ' || diag "$err"
like "a masked directory is read-only" "$out" 'Read-only'
in_sh 'wc -c </m/target' '.linux.maskedPaths = ["/m/abs"]'
is "a link to an absolute path stays inside" "$out" 0
in_sh 'touch /m/ro/x 2>&1; touch /m/ro/sub/x 2>&1; echo x >/m/target 2>/dev/null || echo kept; touch /m/fine && echo fine; grep " /m/ro/sub " /proc/self/mountinfo | cut -d" " -f6' \
	'.mounts += [{destination: "/m/ro/sub", type: "tmpfs", source: "tmpfs", options: ["nosuid", "noexec"]}] | .linux.readonlyPaths = ["/m/ro", "/m/link", "/m/dangling", "/none", "/m/ro"]'
is "read-only: what is mounted below too, with the attributes it has" "$(grep -c 'Read-only' <<<"$out") $(tail -n 1 <<<"$out")" '2 ro,nosuid,noexec,relatime' || diag "$out"
like "read-only: a file, by a link; the rest is writable" "$(tr '\n' ' ' <<<"$out")" 'kept fine'
ln -s / "$T/rootfs/m/root"
for root in / /m/.. /m/root; do
	in_sh 'touch /m/x 2>&1; touch /dev/x 2>&1; grep -cv " ro," /proc/self/mountinfo' ".linux.readonlyPaths = [\"$root\"]"
	is "read-only: $root is the root, with all that is mounted" "$(grep -c 'Read-only' <<<"$out") $(tail -n 1 <<<"$out")" '2 0' || diag "$out"
	in_container "$(args_filter /bin/true) | .linux.maskedPaths = [\"$root\"]"
	like "masked: $root cannot be" "$err" 'linux\.maskedPaths\[0\]: .*root'
done
in_sh 'wc -c </m/target' '.linux.maskedPaths = ["/m/target"] | .linux.readonlyPaths = ["/m/target"]'
is "both of one path" "$out" 0
in_container "$(args_filter /bin/true) | .linux.maskedPaths = [\".\"]"
like "a relative one that is the root is refused" "$err" 'linux\.maskedPaths\[0\]: .*root'
rm -rf "$T/rootfs/m"
done_testing
