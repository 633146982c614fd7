#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Id-mapped mounts: binds and new file systems, with the container's maps and with others, with a user namespace and without.
[ -n "${PRIVATE_MOUNTS-}" ] || PRIVATE_MOUNTS=1 exec unshare --mount --propagation private bash "$0" "$@"
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command jq mkfs.ext4 losetup
need_runtime
POLICY=none
make_busybox_rootfs "$T/rootfs"
chown -Rh 200000:200000 "$T/rootfs"
ROOTFS=$T/rootfs

mkdir -p "$T/vol/sub" && echo zero >"$T/vol/zero" && echo one >"$T/vol/one" && chown 1:2 "$T/vol/one"
mount -t tmpfs sub "$T/vol/sub" && touch "$T/vol/sub/file"

mounts() {
	printf '.mounts += [%s]' "$(IFS=, && echo "$*")"
}
mnt() { # DESTINATION TYPE SOURCE OPTION...
	jq -cn '{destination: $ARGS.positional[0], type: $ARGS.positional[1], source: $ARGS.positional[2], options: $ARGS.positional[3:]}' --args -- "$@"
}
maps() { # MOUNT [UID GID]: the mount with maps of its own, from 0 on
	jq -c --argjson u "${2-}" --argjson g "${3-$2}" '. + {uidMappings: [{containerID: 0, hostID: $u, size: 1000}], gidMappings: [{containerID: 0, hostID: $g, size: 1000}]}' <<<"$1"
}
userns='.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 200000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
bind=$(mnt /v bind "$T/vol" rbind)
idmap=$(mnt /v bind "$T/vol" rbind idmap)
ridmap=$(mnt /v bind "$T/vol" rbind ridmap)
look='stat -c "%u:%g" /v/zero /v/one /v/sub/file | tr "\n" " "'

# Without a user namespace: the mount's own maps.
in_sh "$look" "$(mounts "$bind")"
is "not mapped (control)" "$out" '0:0 1:2 0:0 '
in_sh "$look" "$(mounts "$(maps "$idmap" 5000)")"
is "idmap: the mount, not what is below it" "$out" '5000:5000 5001:5002 0:0 ' || diag "$err"
in_sh "$look" "$(mounts "$(maps "$ridmap" 5000 6000)")"
is "ridmap: what is below it too; gids by their own map" "$out" '5000:6000 5001:6002 5000:6000 '
in_sh "$look" "$(mounts "$(maps "$bind" 5000)")"
is "maps without the option are a map" "$out" '5000:5000 5001:5002 0:0 '
in_sh 'touch /v/new 2>&1; su user -c "touch /v/user-file"; stat -c %u:%g /v/user-file' \
	"$docker_caps | .process.noNewPrivileges = false | $(mounts "$(jq -c '.uidMappings = [{containerID: 0, hostID: 1000, size: 1}] | .gidMappings = .uidMappings' <<<"$idmap")")"
like "who is mapped to the owner writes, another cannot own" "$(tr '\n' ' ' <<<"$out")" 'Value too large.* 1000:1000 '
is "and on the host it is the owner's" "$(stat -c %u:%g "$T/vol/user-file")" 0:0
in_sh "$look" "$(mounts "$(maps "$idmap" 5000)" "$(maps "$(mnt /w bind "$T/vol" bind idmap)" 7000)" "$(maps "$(mnt /x bind "$T/vol" bind idmap)" 5000)") | .process.args[2] += \"; stat -c %u /w/zero /x/zero | tr '\\\\n' ' '\""
is "each mount has its own maps" "$out" '5000:5000 5001:5002 0:0 7000 5000 '

# With one.
in_sh "$look" "$userns | $(mounts "$bind")"
is "in a user namespace, not mapped (control)" "$out" '65534:65534 65534:65534 65534:65534 '
in_sh "$look" "$userns | $(mounts "$idmap")"
is "idmap by the container's maps" "$out" '0:0 1:2 65534:65534 '
in_sh "$look; touch /v/made" "$userns | $(mounts "$ridmap")"
is "ridmap by the container's maps" "$out" '0:0 1:2 0:0 '
is "what its root makes belongs to root" "$(stat -c %u "$T/vol/made")" 0
in_sh "$look" "$userns | $(mounts "$(maps "$ridmap" 200000)")"
is "maps that equal the container's" "$out" '0:0 1:2 0:0 '
in_sh "$look" "$userns | $(mounts "$(maps "$ridmap" 200007)")"
is "maps that differ" "$out" '7:7 8:9 7:7 '
in_sh "$look" "$userns | $(mounts "$(maps "$ridmap" 5000)")"
is "maps to ids that the container has not" "$out" '65534:65534 65534:65534 65534:65534 '

# New file systems.
in_sh 'stat -c %u:%g:%a /t /t/x' "$(mounts "$(maps "$(mnt /t tmpfs tmpfs idmap mode=755 uid=3)" 5000)") | .process.args[2] = \"stat -c %u:%g:%a /t; touch /t/x 2>&1\""
like "a tmpfs, mapped" "$(tr '\n' ' ' <<<"$out")" '^5003:5000:755 .*touch' || diag "$err"
in_sh 'stat -c %u:%g /t; touch /t/x && stat -c %u:%g /t/x; df -k /t | tail -n 1 | tr -s " " | cut -d" " -f2' "$userns | $(mounts "$(mnt /t tmpfs tmpfs idmap size=64k)")"
is "a tmpfs in a user namespace, by its maps" "$(tr '\n' ' ' <<<"$out")" '0:0 0:0 64 ' || diag "$err"
in_sh 'stat -c %u:%g /t; touch /t/x 2>&1' "$userns | $(mounts "$(maps "$(mnt /t tmpfs tmpfs idmap ro)" 200005)")"
like "a tmpfs by other maps, read-only" "$(tr '\n' ' ' <<<"$out")" '^5:5 .*Read-only'
mkdir -p "$T/rootfs/kept" && echo kept >"$T/rootfs/kept/file" && chown -R 200000:200000 "$T/rootfs/kept"
in_sh 'cat /kept/file; stat -c %u /kept/file' "$userns | $(mounts "$(mnt /kept tmpfs tmpfs ridmap tmpcopyup)")"
is "with tmpcopyup" "$(tr '\n' ' ' <<<"$out")" 'kept 0 ' || diag "$err"

truncate -s 8M "$T/disk" && mkfs.ext4 -q -E root_owner=11:12 "$T/disk"
if loop=$(losetup --show -f "$T/disk" 2>/dev/null); then
	at_exit "losetup -d $loop"
	in_sh 'stat -c %u:%g /d' "$(mounts "$(mnt /d ext4 "$loop")")"
	is "ext4 on a disk, not mapped (control)" "$out" 11:12 || diag "$err"
	in_sh 'stat -c %u:%g /d; stat -f -c %T /d' "$(mounts "$(maps "$(mnt /d ext4 "$loop" idmap)" 5000)")"
	is "ext4 on a disk, mapped" "$(tr '\n' ' ' <<<"$out")" '5011:5012 ext2/ext3 ' || diag "$err"
	in_sh 'stat -c %u:%g /d' "$userns | $(mounts "$(mnt /d ext4 "$loop" idmap ro)")"
	is "ext4 on a disk, in a user namespace, by its maps" "$out" 11:12 || diag "$err"
	eventually 5 losetup -d "$loop"
else
	skip "ext4 on a disk, mapped" "no loop device here"
fi

# What the kernel refuses is said with the file system's name.
for type in proc sysfs mqueue; do
	in_container "$(args_filter /bin/true) | $(mounts "$(maps "$(mnt /x $type $type idmap)" 5000)")"
	is "$type: no ids can be mapped" "$rc" 1
	like "$type: and the error names it" "$err" "mounts\[7\]\.options: .*$type"
done
mount -t overlay overlay -o "lowerdir=$T/vol:$T/rootfs" "$T/vol/sub"
in_container "$(args_filter /bin/true) | $(mounts "$(maps "$(mnt /x bind "$T/vol/sub" bind idmap)" 5000)")"
if [ "$rc" = 1 ]; then
	like "a bind of an overlay: the error names its file system" "$err" "mounts\[7\]\.options: .*overlay"
else
	pass "this kernel maps ids on an overlay"
fi
in_container "$(args_filter /bin/true) | $(mounts "$(maps "$(mnt /x bind "$T/vol" rbind ridmap)" 5000)")"
if [ "$rc" = 1 ]; then
	like "ridmap over one: the error says that it is below" "$err" 'below it'
else
	pass "this kernel maps ids on an overlay below a mount"
fi
umount "$T/vol/sub"

# What makes no sense.
for row in 'idmap without any maps|user namespace|.mounts += ['"$idmap"']' 'uidMappings alone|gidMappings|.mounts += ['"$(maps "$idmap" 5000)"'] | del(.mounts[-1].gidMappings)' \
	'idmap with remount|remount|.mounts += ['"$(maps "$(mnt /tmp none none remount idmap)" 5000)"']' \
	'overlapping maps|overlaps|.mounts += ['"$(maps "$idmap" 5000)"'] | .mounts[-1].uidMappings += [{containerID: 5, hostID: 9000, size: 1}]'; do
	IFS='|' read -r name words filter <<<"$row"
	in_container "$(args_filter /bin/true) | $filter"
	is "$name is refused" "$rc" 1
	like "$name: and said why" "$err" "mounts\[7\].*$words"
done
done_testing
