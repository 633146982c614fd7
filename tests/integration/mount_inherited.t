#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Containers without a mount namespace of their own: they inherit the runtime's, a chroot confines them, and nothing of theirs stays.
[ -n "${PRIVATE_MOUNTS-}" ] || PRIVATE_MOUNTS=1 exec unshare --mount --propagation private bash "$0" "$@"
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime

# On a shared mount, of which another mount namespace has a peer: as on most hosts.
mount --bind "$T" "$T" && mount --make-shared "$T"
at_exit "umount -l $T"
unshare --mount --propagation unchanged sleep 100 &
peer=$!
at_exit "kill $peer"
own=$(readlink /proc/self/ns/mnt)
eventually 5 test "$(readlink "/proc/$peer/ns/mnt")" != "$own"
make_bundle "$T/b"
rootfs=$T/b/rootfs
mounted() { # PROCESS: how many mounts are on the rootfs and below it
	grep -c " ${rootfs}[ /]" "/proc/$1/mountinfo"
}
no_mount_left() {
	is "$1: no mount is left, here and where the host's mounts propagate" "$(mounted self) $(mounted $peer)" '0 0'
}
nothing_left() {
	no_mount_left "$1"
	is "$1: nor what was made for them" "$(ls "$rootfs/dev" "$rootfs/proc" "$rootfs/sys")" "$rootfs/dev:"$'\n\n'"$rootfs/proc:"$'\n\n'"$rootfs/sys:"
}

none='.linux.namespaces |= map(select(.type != "mount"))'
path='.linux.namespaces |= map(if .type == "mount" then .path = "/proc/self/ns/mnt" else . end)'
maps='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
bare='.mounts = [] | del(.linux.maskedPaths, .linux.readonlyPaths)'
inside="pwd; [ -e /bin/busybox ] && ! [ -e /../../../..$T ] && echo confined"
see="readlink /proc/self/ns/mnt; $inside; head -c 1 /proc/timer_list | wc -c; touch /x 2>&1; touch /proc/sys/x 2>&1; exit 7"
for POLICY in none default; do
	for how in "none $none" "path $path"; do
		in_sh "$see" "${how#* } | .root.readonly = true"
		like "$POLICY, ${how%% *}: mounts, masks, read-only root, all in the runtime's namespace" "$rc:$(tr '\n' ' ' <<<"$out")" \
			"^7:${own/[/\\[} / confined 0 touch: /x: Read-only file system touch: /proc/sys/x: "
		nothing_left "$POLICY, ${how%% *}"
	done
done
POLICY=none
in_sh 'ls / | grep -c .; ls /proc; cat /dev/zero | head -c 3 | wc -c; echo made >/new; exit 7' "$none | $bare"
is "nothing to mount: nothing is mounted" "$rc:$(tr '\n' ' ' <<<"$out")$(mounted self)" '7:11 3 0' || diag "$err"
is "and it runs in root.path" "$(cat "$rootfs/new")" made
no_mount_left "nothing to mount"
rm -rf "$rootfs/new" "${rootfs:?}/dev/"* # its devices are made in root.path, and stay as with any container

# Rules of the network stand at the container's cgroup: it may not write to those above.
echo '{"network": {"connect": {}}}' >"$T/policy.json"
POLICY=$T/policy.json in_sh 'grep -c " /cg[^ ]* r[o]" /proc/self/mountinfo; grep -c " /cg[^ ]* r[w].* cgroup" /proc/self/mountinfo' \
	"$none | .mounts += [{destination: \"/cg\", type: \"bind\", source: \"/sys/fs/cgroup\", options: [\"rbind\", \"rw\"]}]"
if [ "$rc:${err:0:8}" = 1: ]; then like "the host's cgroups are read-only under rules of the network" "$(tr '\n' ' ' <<<"$out")" '^[1-9][0-9]* 0 $'; else
	skip "the host's cgroups are read-only under rules of the network" "no rules of the network here: $err"
fi

# A container that lives: exec, hooks, what others have mounted over it.
make_bundle "$T/b" "$(sh_filter 'sleep 100') | $none | .hooks = {createRuntime: [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"ls $rootfs/proc/1/status >$T/seen\"]}]}"
jr --policy none run --detach --bundle "$T/b" jt-$$-mi >/dev/null 2>"$T/err" </dev/null || diag "$(cat "$T/err")"
is "hooks see the container's mounts" "$(cat "$T/seen")" "$rootfs/proc/1/status"
isnt "its mounts are the host's" "$(mounted self)" 0
is "but for the rootfs itself they are nobody else's" "$(mounted $peer)" 1
jrun exec jt-$$-mi /bin/sh -c "readlink /proc/self/ns/mnt; $inside"
is "exec: in its root" "$rc:$(tr '\n' ' ' <<<"$out")" "0:$own / confined " || diag "$err"
unshare --mount --propagation private "$JAILRUN" --root "$ROOT" exec jt-$$-mi /bin/sh -c "readlink /proc/self/ns/mnt; $inside" >"$T/out" 2>&1
is "exec by a caller in another mount namespace" "$(tr '\n' ' ' <"$T/out")" "$own / confined "
mount -t tmpfs over "$rootfs"
jr delete --force jt-$$-mi
nothing_left "deleted under another's mount"

# A mount of the host's below root.path is not left in other mount namespaces.
mkdir "$rootfs/vol" && mount -t tmpfs vol "$rootfs/vol" && touch "$rootfs/vol/seen"
POLICY=none in_sh 'ls /vol' "$none"
is "a mount of the host's below root.path" "$rc:$out" 0:seen || diag "$err"
umount "$rootfs/vol" && rmdir "$rootfs/vol"
no_mount_left "with a mount of the host's below root.path"

# Two with one rootfs: what is mounted for the second lies on the first's, and lives as long as the second.
make_bundle "$T/b" "$(sh_filter 'sleep 100') | $none"
for id in a b c; do jr --policy none run --detach --bundle "$T/b" jt-$$-$id >/dev/null 2>"$T/err" </dev/null || diag "$(cat "$T/err")"; done
jr delete --force jt-$$-a
jr delete --force jt-$$-c
jrun exec jt-$$-b /bin/sh -c 'ls /proc/self/status /dev/null; head -c 1 /proc/timer_list | wc -c'
is "the first and the last of three with one rootfs are deleted: the second has its mounts and masks" "$(tr '\n' ' ' <<<"$out")" '/dev/null /proc/self/status 0 ' || diag "$err"
jr delete --force jt-$$-b
no_mount_left "all of them are deleted"

# Where delete cannot unmount, it says so.
jr --policy none run --detach --bundle "$T/b" jt-$$-d >/dev/null 2>&1 </dev/null
mv "$T/b" "$T/moved"
jrun delete --force jt-$$-d
like "delete when root.path has another name: it says which mount is left" "$err" "no more on '$rootfs', but may be mounted still \(mount [0-9]+"
umount -l "$T/moved/rootfs" && umount -l "$T/moved/rootfs" && mv "$T/moved" "$T/b"
jr --policy none run --detach --bundle "$T/b" jt-$$-d >/dev/null 2>&1 </dev/null
unshare --mount --propagation private "$JAILRUN" --root "$ROOT" delete --force jt-$$-d 2>"$T/err"
is "delete in another mount namespace: it says so, once" "$(grep -cF "mounted on '$rootfs' still, in the mount namespace $own, which" "$T/err")" 1
umount -l "$rootfs" && umount -l "$rootfs"

# What fails or is killed on the way.
for step in +rootfs.prepare mounts +masks; do
	in_container "$(args_filter /bin/true) | $none" --fail-step "$step"
	is "--fail-step $step" "$rc" 1
	nothing_left "--fail-step $step"
done
make_bundle "$T/b" "$(args_filter /bin/true) | $none"
jrun run --bundle "$T/b" --die-step masks jt-$$-mi
isnt "killed on the way: mounts stay" "$(mounted self)" 0
jr delete --force jt-$$-mi
nothing_left "and are gone with delete"

# In a user namespace there is no right to mount in the host's: a chroot alone, and by name what needs more.
in_container "$(args_filter /bin/true) | $none | $maps | $bare"
like "user namespace: a default device that the rootfs has not" "$err" "linux\.devices: '/dev/null' is not in the rootfs: .*make it in the rootfs, or add"
chown -R 100000:100000 "$rootfs"
for d in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
	IFS=: read -r name major minor <<<"$d"
	mknod -m 666 "$rootfs/dev/$name" c "$major" "$minor"
done
for how in "none $none" "path $path"; do
	in_sh "id -u; $inside; echo x >/dev/null; exit 7" "${how#* } | $maps | $bare"
	is "user namespace, ${how%% *}: confined by chroot" "$rc:$(tr '\n' ' ' <<<"$out")" '7:0 / confined ' || diag "$err"
done
while IFS='|' read -r field filter; do
	for how in "none $none" "path $path"; do
		in_container "$(args_filter /bin/true) | ${how#* } | $maps | $bare | $filter"
		like "user namespace, ${how%% *}: $field needs a mount namespace" "$err" "^jailrun: $field: cannot be had .*nothing can be mounted.*add \{\"type\": \"mount\"\}"
	done
done <<'ROWS'
mounts\[0\]|.mounts = [{destination: "/tmp", type: "tmpfs", source: "t"}]
linux\.maskedPaths|.linux.maskedPaths = ["/etc"]
linux\.readonlyPaths|.linux.readonlyPaths = ["/etc"]
root\.readonly|.root.readonly = true
ROWS
in_container "$(args_filter /bin/true) | $none | .linux.rootfsPropagation = \"shared\""
like "what would reach the host is refused" "$err" 'linux\.rootfsPropagation: .*add'
in_container "$(args_filter /bin/true) | $none | .root.path = \"/\""
like "the host's root is no rootfs" "$err" 'root\.path: .*nothing would confine'
in_container "$(args_filter /bin/true) | $none | $docker_caps"
like "a capability that leaves a chroot is told" "$err" 'linux\.namespaces: .*CAP_SYS_CHROOT'
# In a pid namespace of its own, whose pid 1 is a shell that has stayed where it was.
make_bundle "$T/b" "$(args_filter /bin/true) | ${path/self/1}"
run unshare --pid --fork --kill-child --mount-proc sh -c 'unshare --mount "$@"; exit $?' sh "$JAILRUN" --root "$ROOT" run --bundle "$T/b" "jt-$$-1"
like "the mount namespace of pid 1, which is another, is left alone" "$rc $err" '^1 .*linux\.namespaces\[mount\]\.path: .*of pid 1'
done_testing
