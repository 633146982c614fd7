# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A rootfs to spoil, and a directory of the host that must stay as it is. Source it after common.sh and bundle.sh.

host_listing() {
	(cd "$T/host" && find . -printf '%P %y %m %U %l\n' && cat file) | LC_ALL=C sort
}

# hostile: a fresh busybox in $T/b/rootfs, and $T/host. The image is kept, since it is made anew for every attack.
hostile() {
	rm -rf "$T/b" "$T/host"
	mkdir -p "$T/host/dev" "$T/b"
	echo precious >"$T/host/file"
	[ -d "$T/image" ] || make_busybox_rootfs "$T/image"
	cp -a "$T/image" "$T/b/rootfs"
	host_listing >"$T/host.before"
}

# unharmed NAME
unharmed() {
	is "$1: the host's directory is as it was" "$(host_listing | diff "$T/host.before" -)" ""
}
