# SPDX-License-Identifier: Apache-2.0
# What the findings about other runtimes share: pinned packages of Debian 12 in a temporary folder, a bundle, and a way to run it.
# shellcheck shell=bash
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# packages NAME=VERSION...: into $dir/root, with nothing installed
packages() {
	apt-get -qq -o APT::Sandbox::User=root download "$@"
	for deb in ./*.deb; do dpkg -x "$deb" root; done
	LD_LIBRARY_PATH=$(find "$dir/root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
	export LD_LIBRARY_PATH
	PATH=$dir/root/usr/bin:$dir/root/usr/sbin:$PATH
}

runtimes() {
	packages runc=1.1.5+ds1-1+deb12u1 crun=1.8.1-1+deb12u1 busybox-static=1:1.35.0-4+deb12u1+b1 \
		libyajl2=2.1.0-3+deb12u2 libseccomp2=2.5.4-1+deb12u1
}

# bundle COMMAND: a bundle whose program is a shell with this command; standard input is a sed script for its config.json
bundle() {
	mkdir -p bundle/rootfs/bin bundle/rootfs/proc
	cp root/bin/busybox bundle/rootfs/bin/busybox
	for name in sh hostname id grep cat; do ln -sf busybox "bundle/rootfs/bin/$name"; done
	cat >plain.json <<JSON
{
	"ociVersion": "1.0.2",
	"process": {
		"user": { "uid": 0, "gid": 0 },
		"args": ["/bin/sh", "-c", "$1"],
		"env": ["PATH=/bin"],
		"cwd": "/"
	},
	"root": { "path": "rootfs" },
	"hostname": "first",
	"mounts": [
		{ "destination": "/proc", "type": "proc", "source": "proc" }
	],
	"linux": { "namespaces": [ { "type": "mount" }, { "type": "pid" }, { "type": "uts" } ] }
}
JSON
	sed -f /dev/stdin plain.json >bundle/config.json
}

# both: what the two runtimes print, each line with the runtime's name before it, and "fails" where one does
both() {
	{ runc --root "$dir/runc" run --bundle bundle "finding-$$" </dev/null 2>runc.err || echo fails; } | sed 's/^/runc: /'
	# crun 1.8.1 refuses a host with both versions of cgroups. So it sees none, in a mount namespace of its own.
	# shellcheck disable=SC2016 # for the inner shell
	{ unshare --mount sh -c 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"' sh \
		crun --cgroup-manager disabled --root "$dir/crun" run --bundle bundle "finding-$$" </dev/null 2>crun.err || echo fails; } |
		sed 's/^/crun: /'
}
