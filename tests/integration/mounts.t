#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# config.json's mounts, each option seen from inside: attributes, recursion, propagation, kinds of sources and file systems.
[ -n "${PRIVATE_MOUNTS-}" ] || PRIVATE_MOUNTS=1 exec unshare --mount --propagation private bash "$0" "$@"
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command jq python3
need_runtime
POLICY=none
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs

# A tree with a mount below it that has every attribute; and one below which nothing has any.
hard=nosuid,nodev,noexec,noatime,nodiratime
for tree in hard soft; do
	mkdir -p "$T/$tree/sub" "$T/$tree/dir"
	echo "$tree" >"$T/$tree/file"
	mount --bind "$T/$tree" "$T/$tree"
done
mount -t tmpfs -o "$hard,nosymfollow" hard "$T/hard/sub"
mount -t tmpfs -o relatime soft "$T/soft/sub"
mount -o "remount,bind,$hard" "$T/hard"
mount -o remount,bind,suid,dev,exec,relatime "$T/soft"

# mounts JSON...: the filter that adds them. mnt DESTINATION TYPE SOURCE OPTION...
mounts() {
	printf '.mounts += [%s]' "$(IFS=, && echo "$*")"
}
mnt() {
	jq -cn '{destination: $ARGS.positional[0], type: $ARGS.positional[1], source: $ARGS.positional[2], options: $ARGS.positional[3:]}' --args -- "$@"
}
# attrs PATH: the mount's own options, of the mountinfo in $out. shares PATH: its propagation.
attrs() {
	awk -v p="$1" '$5 == p { print $6 }' <<<"$out" | tail -n 1
}
shares() {
	awk -v p="$1" '$5 == p { o = ""; for (i = 7; $i != "-"; i++) o = o " " $i; print substr(o, 2) }' <<<"$out" | tail -n 1
}

# ---- attributes of binds: OPTIONS | of the mount | of the one below ----
table() { # TREE; the rows on stdin
	local n=0 options top below list=() rows=()
	while IFS='|' read -r options top below; do
		IFS=, read -ra words <<<"${options// /}"
		list+=("$(mnt "/m/$n" none "$T/$1" "${words[@]}")")
		rows+=("$options|$top|$below")
		n=$((n + 1))
	done
	in_sh 'cat /proc/self/mountinfo' "$(mounts "${list[@]}")"
	is "$1: exit status" "$rc" 0 || diag "$err"
	for n in "${!rows[@]}"; do
		IFS='|' read -r options top below <<<"${rows[n]// /}"
		is "$1 $options: the mount" "$(attrs "/m/$n")" "$top"
		is "$1 $options: below it" "$(attrs "/m/$n/sub")" "$below"
	done
}
h=nosuid,nodev,noexec,noatime,nodiratime
table soft <<E2
rbind            | rw,relatime        | rw,relatime
rbind,ro         | ro,relatime        | rw,relatime
rbind,rro        | ro,relatime        | ro,relatime
rbind,rro,rw     | ro,relatime        | ro,relatime
rbind,ro,rrw     | rw,relatime        | rw,relatime
rbind,rw,ro      | ro,relatime        | rw,relatime
rbind,rrw,rro    | ro,relatime        | ro,relatime
rbind,nosuid     | rw,nosuid,relatime | rw,relatime
rbind,rnosuid    | rw,nosuid,relatime | rw,nosuid,relatime
rbind,nodev      | rw,nodev,relatime  | rw,relatime
rbind,rnodev     | rw,nodev,relatime  | rw,nodev,relatime
rbind,noexec     | rw,noexec,relatime | rw,relatime
rbind,rnoexec    | rw,noexec,relatime | rw,noexec,relatime
rbind,noatime    | rw,noatime         | rw,relatime
rbind,rnoatime   | rw,noatime         | rw,noatime
rbind,strictatime| rw                 | rw,relatime
rbind,rstrictatime | rw               | rw
rbind,rnodiratime  | rw,nodiratime,relatime | rw,nodiratime,relatime
rbind,nosymfollow  | rw,relatime,nosymfollow | rw,relatime
rbind,rnosymfollow | rw,relatime,nosymfollow | rw,relatime,nosymfollow
rbind,rnoatime,strictatime | rw,noatime | rw,noatime
rbind,noatime,rstrictatime | rw       | rw
rbind,nosuid,rnodev,ro | ro,nosuid,nodev,relatime | rw,nodev,relatime
rbind,rnorelatime | rw,relatime       | rw,relatime
rbind,defaults,async,silent,loud | rw,relatime | rw,relatime
E2
table hard <<E2
rbind             | rw,$h              | rw,$h,nosymfollow
rbind,suid        | rw,nodev,noexec,noatime,nodiratime | rw,$h,nosymfollow
rbind,rsuid       | rw,nodev,noexec,noatime,nodiratime | rw,nodev,noexec,noatime,nodiratime,nosymfollow
rbind,rdev        | rw,nosuid,noexec,noatime,nodiratime | rw,nosuid,noexec,noatime,nodiratime,nosymfollow
rbind,rexec       | rw,nosuid,nodev,noatime,nodiratime | rw,nosuid,nodev,noatime,nodiratime,nosymfollow
rbind,ratime      | rw,nosuid,nodev,noexec,nodiratime,relatime | rw,nosuid,nodev,noexec,nodiratime,relatime,nosymfollow
rbind,rrelatime   | rw,nosuid,nodev,noexec,nodiratime,relatime | rw,nosuid,nodev,noexec,nodiratime,relatime,nosymfollow
rbind,rdiratime   | rw,nosuid,nodev,noexec,noatime | rw,nosuid,nodev,noexec,noatime,nosymfollow
rbind,rsymfollow  | rw,$h              | rw,$h
rbind,rnostrictatime | rw,nosuid,nodev,noexec,nodiratime,relatime | rw,nosuid,nodev,noexec,nodiratime,relatime,nosymfollow
rbind,rsuid,nosuid | rw,nodev,noexec,noatime,nodiratime | rw,nodev,noexec,noatime,nodiratime,nosymfollow
E2
in_sh 'touch /a/x && touch /a/sub/x && echo both; touch /b/x; touch /b/sub/x && echo below; touch /c/x; touch /c/sub/x; cp /bin/busybox /a/sub/; /a/sub/busybox echo runs; /d/sub/busybox echo runs' \
	"$(mounts "$(mnt /a none "$T/soft" rbind)" "$(mnt /b none "$T/soft" rbind ro)" "$(mnt /c none "$T/soft" rbind rro)" "$(mnt /d none "$T/soft" rbind rnoexec)")"
is "ro is of the mount, rro of all below, rnoexec too" "$(tr '\n' ' ' <<<"$out")" 'both below runs '
is "and what they forbid fails" "$(grep -c 'Read-only file system' <<<"$err") $(grep -c 'Permission denied' <<<"$err")" '3 1'
in_sh 'cat /proc/self/mountinfo' "$(mounts "$(mnt /x bind "$T/soft" bind)")"
is "bind without r has nothing below it" "$(attrs /x) $(attrs /x/sub)" 'rw,relatime '

# ---- new file systems: the recursive ones are their own ----
in_sh 'cat /proc/self/mountinfo' "$(mounts "$(mnt /n/1 tmpfs tmpfs rro)" "$(mnt /n/2 tmpfs tmpfs ro rrw)" "$(mnt /n/3 tmpfs tmpfs rnoatime)" \
	"$(mnt /n/4 tmpfs tmpfs strictatime rnosuid nodiratime)" "$(mnt /n/5 tmpfs tmpfs nosymfollow,x-systemd.any nofail | sed 's/nosymfollow,x-systemd.any/nosymfollow","x-systemd.any/')" "$(mnt /n/6 tmpfs tmpfs sync lazytime)" \
	"$(mnt /n/7 tmpfs tmpfs sync lazytime mand iversion nodev)" "$(mnt /n/8 tmpfs tmpfs iversion sync async)")"
is "tmpfs rro" "$(attrs /n/1)" ro,relatime || diag "$err"
is "tmpfs ro,rrw" "$(attrs /n/2)" rw,relatime
is "tmpfs rnoatime" "$(attrs /n/3)" rw,noatime
is "tmpfs strictatime,rnosuid,nodiratime" "$(attrs /n/4)" rw,nosuid,nodiratime
is "tmpfs nosymfollow, and comments of fstab" "$(attrs /n/5)" rw,relatime,nosymfollow
like "tmpfs sync,lazytime: of its superblock" "$(grep ' /n/6 ' <<<"$out")" ' rw,sync,lazytime'
like "iversion, which comes by remount, takes none of them away" "$(grep ' /n/7 ' <<<"$out")" ' /n/7 rw,nodev,relatime .* rw,sync,mand,lazytime'
unlike "and adds none" "$(grep ' /n/8 ' <<<"$out")" 'sync|mand|lazytime'

# ---- options that a bind mount cannot have ----
in_container "$(args_filter /bin/true) | $(mounts "$(mnt /x bind "$T/soft" bind size=64k)")"
is "size= on a bind is refused" "$rc" 1
like "and named" "$err" "mounts\[7\]\.options: 'size=64k' is an option of a file system"
in_sh 'cat /x/file' "$(mounts "$(mnt /x bind "$T/soft" bind nofail _netdev x-mount.any comment=c)")"
is "comments of fstab on a bind are none" "$rc $out" '0 soft'

# ---- destinations ----
in_sh 'cat /rel/ative/file' "$(mounts "$(mnt rel/../rel/ative bind "$T/soft" bind)")"
is "a relative destination is taken from the root" "$rc $out" '0 soft'
like "with a warning" "$err" "destination: 'rel/../rel/ative' is relative.* as '/rel/ative'"
ln -sfn /run/elsewhere "$T/rootfs/link"
in_sh 'cat /run/elsewhere/file' "$(mounts "$(mnt /link bind "$T/soft" bind)")"
is "a dangling link of the image is followed inside" "$rc $out" '0 soft'
rm "$T/rootfs/link"
in_sh 'cat /x/file; ls /x/sub | wc -l; cat /x/dir/file' "$(mounts "$(mnt /x bind "$T/soft" bind)" "$(mnt /x/dir bind "$T/hard" bind)")"
is "a mount in a mount, in order" "$(tr '\n' ' ' <<<"$out")" 'soft 0 hard '
in_sh 'cat /x/dir/file' "$(mounts "$(mnt /x/dir bind "$T/hard" bind)" "$(mnt /x bind "$T/soft" bind)")"
isnt "the other way round the later covers the earlier" "$rc" 0

# ---- on the root itself ----
cp -a "$T/rootfs" "$T/other" && echo other >"$T/other/mark" && echo own >"$T/rootfs/mark"
at() { # FILTER that puts the mount before the others
	printf '.mounts = [%s] + .mounts' "$1"
}
mkdir "$T/rootfs/point" && : >"$T/rootfs/file-point"
in_sh 'cat /mark; ls -di / | cut -d" " -f1; stat -c %F /dev/null /proc/self; cut -d" " -f5 /proc/self/mountinfo | grep -cx /; ls -d /../mark /../var/tmp/jailrun-test* 2>/dev/null; cat /point/file /file-point; touch /new && echo made' \
	"$(at "$(mnt / bind "$T/other" rbind)") | $(mounts "$(mnt /point bind "$T/soft" bind)" "$(mnt /file-point bind "$T/soft/file" bind)")"
is "a bind on /: it is the root, with all that is mounted later" "$rc $(tr '\n' ' ' <<<"$out")" \
	"0 other $(stat -c %i "$T/other") character special file symbolic link 1 /../mark soft soft made " || diag "$err"
ok "what is made there is there" test -e "$T/other/new"
ok "and its mount points are not taken for those of root.path, which stay" test -d "$T/rootfs/point" -a -e "$T/rootfs/file-point" -a ! -e "$T/rootfs/new"
in_sh 'cat /mark; touch /x 2>&1' "$(at "$(mnt / bind "$T/other" rbind)") | .root.readonly = true"
like "root.readonly is of it" "$out" 'other.*Read-only'
in_sh 'cat /mark' "$(at "$(mnt / bind "$T/other" rbind)")" --no-pivot
is "with --no-pivot" "$rc $out" '0 other' || diag "$err"
in_sh 'cat /mark' "$(at "$(mnt / bind "$T/soft" rbind),$(mnt / bind "$T/other" rbind)")"
is "two of them: the later counts" "$rc $out" '0 other' || diag "$err"
in_sh 'cat /mark; stat -f -c %T /' "$(at "$(mnt / tmpfs tmpfs tmpcopyup)")"
is "a tmpfs with the root's contents" "$rc $(tr '\n' ' ' <<<"$out")" '0 own tmpfs ' || diag "$err"
for word in private slave shared; do
	in_sh 'cat /mark; cat /proc/self/mountinfo' "$(at "$(mnt / bind "$T/other" rbind)") | .linux.rootfsPropagation = \"$word\""
	is "rootfsPropagation $word: $(shares /)" "$rc $(head -n 1 <<<"$out")" '0 other' || diag "$err"
done
like "shared is what it says" "$(shares /)" '^shared:[0-9]+$'
make_bundle "$T/b" "$(sh_filter 'cat /mark; cat /point/file') | $(at "$(mnt / bind "$T/other" rbind)") | .hooks = {createRuntime: [{path: \"/bin/sh\",
	args: [\"sh\", \"-c\", \"nsenter -m -t \$(jq .pid) mount --bind $T/soft $T/rootfs/point\"]}]}"
jrun run --bundle "$T/b" "jt-$$-root"
is "a hook finds it at root.path" "$rc $(tr '\n' ' ' <<<"$out")" '0 other soft ' || diag "$err"
# Whatever lies on the host's "/" of the container's mount namespace goes with it.
for over in "$T/soft" /; do
	for at_root in . "$(at "$(mnt / bind "$T/other" rbind)")"; do
		make_bundle "$T/b" "$(sh_filter 'cut -d" " -f5 /proc/self/mountinfo | grep -cx /; ls -di / /.. | cut -d" " -f1 | uniq | grep -c .') | $at_root | .hooks = {createRuntime: [{path: \"/bin/sh\",
			args: [\"sh\", \"-c\", \"nsenter -m -t \$(jq .pid) mount --bind $over /\"]}]}"
		jrun run --bundle "$T/b" "jt-$$-root"
		is "a hook mounts $over on the host's /: nothing of it is left" "$rc $(tr '\n' ' ' <<<"$out")" '0 1 1 ' || diag "$err"
	done
done
in_sh 'cat /mark'
is "without a mount on it the root is root.path's (control)" "$rc $out" '0 own'
in_container "$(args_filter /bin/true) | $(at "$(mnt / bind /proc rbind)")"
is "a procfs is no root" "$rc" 1
like "and the message says so" "$err" 'mounts\[0\]\.destination: a procfs'
in_container "$(args_filter /bin/true) | $(at "$(mnt / bind "$T/soft/file" bind)")"
is "a file is none" "$rc" 1

# ---- sources that an earlier mount brings ----
ln -sfn / "$T/soft/out"
early() { # SOURCE [OPTION]: with $T/soft at /e
	in_sh 'cat /x/file /x' "$(mounts "$(mnt /e bind "$T/soft" rbind)" "$(mnt /x bind "$1" "${2-bind}")")"
}
mkdir -p "$T/rootfs/e" && echo hard >"$T/soft/sub/file"
early "$T/rootfs/e"
is "the destination of an earlier mount as a source" "$out" soft || diag "$err"
early "$T/rootfs/e/sub" rbind
is "a mount below it" "$out" hard || diag "$err"
early "$T/rootfs/../$(basename "$T/rootfs")/e/file"
isnt "by a path that is not root.path's in words, it is the host's (control)" "$rc" 0
early "$T/rootfs/e/nosuch"
like "what is not there is named" "$err" "mounts\[8\]\.source.*/e/nosuch"
mkdir -p "$T/rootfs/hostless" && echo inside >"$T/rootfs/hostless/file" && ln -sfn "$T/hard" "$T/soft/escape"
early "$T/rootfs/e/escape"
isnt "a link there does not lead to the host" "$rc$out" 0hard
in_sh 'cat /x/file' "$(mounts "$(mnt /x bind "$T/rootfs/hostless" bind)" "$(mnt /hostless bind "$T/soft" bind)")"
is "a mount that comes later is not in it" "$rc $out" '0 inside' || diag "$err"
in_sh 'cat /y/f' "$(mounts "$(mnt /e bind "$T/soft" rbind)" "$(mnt /x tmpfs tmpfs)" "$(mnt /x/f bind "$T/rootfs/e/file" bind)" "$(mnt /y bind "$T/rootfs/x" rbind)")"
is "three in a row, through each other" "$rc $out" '0 soft' || diag "$err"

# ---- sources that are no directories ----
mkfifo "$T/fifo"
python3 -c 'import socket,sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1])' "$T/socket"
in_sh 'stat -c %F /k/file /k/fifo /k/socket /k/null; cat /k/file; touch /k/file 2>&1' \
	"$(mounts "$(mnt /k/file bind "$T/soft/file" bind ro)" "$(mnt /k/fifo bind "$T/fifo" bind)" "$(mnt /k/socket bind "$T/socket" bind)" "$(mnt /k/null bind /dev/null bind)")"
like "file, fifo, socket and device" "$(tr '\n' ' ' <<<"$out")" '^regular file fifo socket character special file soft touch: .*Read-only'
in_container "$(args_filter /bin/true) | $(mounts "$(mnt /etc bind "$T/soft/file" bind)")"
isnt "a file on a directory is refused" "$rc" 0
like "in the words that callers know" "$err" "mounts\\[7\\].*mount on '/etc': not a directory"
in_container "$(args_filter /bin/true) | $(mounts "$(mnt /etc/passwd bind "$T/soft" bind)")"
isnt "a directory on a file is refused" "$rc" 0
like "and said why" "$err" 'mounts\[7\]\.destination.*not a directory'

# ---- tmpcopyup ----
mkdir -p "$T/rootfs/data/deep" && echo one >"$T/rootfs/data/one" && echo two >"$T/rootfs/data/deep/two"
ln -sfn deep/two "$T/rootfs/data/link" && chmod 4711 "$T/rootfs/data/one" && chown 7:8 "$T/rootfs/data" && chmod 2775 "$T/rootfs/data"
in_sh 'cat /data/one /data/link; stat -c "%a %u %g" /data/one /data; readlink /data/link; echo changed >/data/one; stat -f -c %T /data' \
	"$(mounts "$(mnt /data tmpfs tmpfs tmpcopyup nodev)")"
is "tmpcopyup: content, modes, owners, links" "$(tr '\n' ' ' <<<"$out")" 'one two 4711 0 0 2775 7 8 deep/two tmpfs '
is "and the image is as it was" "$(cat "$T/rootfs/data/one")" one
in_sh 'ls /data; touch /data/x 2>&1' "$(mounts "$(mnt /data tmpfs tmpfs tmpcopyup ro)")"
like "tmpcopyup, read-only" "$(tr '\n' ' ' <<<"$out")" 'deep link one .*Read-only'
rm -rf "$T/rootfs/data"

# ---- remount ----
in_sh 'cat /proc/self/mountinfo' "$(mounts "$(mnt /x tmpfs tmpfs rw)" "$(mnt /x none none remount ro nosuid size=4k)" "$(mnt /y none "$T/soft" rbind)" "$(mnt /y none none remount bind rro)")"
is "remount of a tmpfs: attributes" "$(attrs /x)" ro,nosuid,relatime || diag "$err"
like "and its size" "$(grep ' /x ' <<<"$out")" 'size=4k'
is "remount of a bind, recursive" "$(attrs /y) $(attrs /y/sub)" 'ro,relatime ro,relatime'
in_container "$(args_filter /bin/true) | $(mounts "$(mnt /etc none none remount ro)")"
like "remount of what is no mount" "$err" 'no mount point'

# ---- other file systems ----
in_sh 'cat /proc/self/mountinfo; ls /lower' "$(mounts "$(mnt /lower overlay overlay "lowerdir=$T/hard:$T/soft")")"
like "overlay" "$out" ' /lower .* - overlay overlay '
in_container "$(args_filter /bin/true) | $(mounts "$(mnt /x nosuchfs nosuchfs)")"
like "a file system that is not there" "$err" "mounts\[7\].*no file system 'nosuchfs'"
in_sh 'mkdir /dev/mqueue/q 2>/dev/null; touch /dev/mqueue/q && ls /dev/mqueue; stat -f -c %t /dev/mqueue'
is "mqueue is the container's own" "$(tr '\n' ' ' <<<"$out")" 'q 19800202 '

# ---- propagation of the root ----
mount --bind "$T/rootfs" "$T/rootfs" && mount --make-shared "$T/rootfs"
mkdir -p "$T/rootfs/from-host" "$T/rootfs/under"
mount -t tmpfs under "$T/rootfs/under"
for row in 'shared|^shared:[0-9]+$|^$' 'rshared|^shared:[0-9]+$|^shared' 'slave|^master:[0-9]+$|^master' 'rslave|^master:[0-9]+$|^master' 'private|^$|^$' 'rprivate|^$|^$' \
	'unbindable|^unbindable$|^$' 'runbindable|^unbindable$|^unbindable'; do
	IFS='|' read -r word top below <<<"$row"
	in_sh 'cat /proc/self/mountinfo' ".linux.rootfsPropagation = \"$word\""
	like "rootfsPropagation $word: /" "$(shares /)" "$top"
	like "rootfsPropagation $word: below" "$(shares /under)" "$below"
done
# By real mounts: a running container, and one that is made while it runs.
seen() { # PROPAGATION
	make_bundle "$T/p" "$(sh_filter 'while ! [ -e /tmp/go ]; do sleep 0.05; done; grep -c " /from-host " /proc/self/mountinfo') | .linux.rootfsPropagation = \"$1\""
	rm -f "$T/rootfs/tmp/go"
	jr --policy none run --bundle "$T/p" "jt-$$-p" >"$T/seen" 2>"$T/seen.err" </dev/null &
	eventually 10 status_is "jt-$$-p" running
	mount -t tmpfs from-host "$T/rootfs/from-host"
	touch "$T/rootfs/tmp/go"
	wait $!
	umount "$T/rootfs/from-host"
	cat "$T/seen"
}
is "slave: the host's later mount is seen" "$(seen slave)" 1
is "rslave: likewise" "$(seen rslave)" 1
is "private: it is not" "$(seen private)" 0
is "shared: a peer group of its own, not the host's" "$(seen shared)" 0
admin='.process.capabilities = {bounding: ["CAP_SYS_ADMIN"], effective: ["CAP_SYS_ADMIN"], permitted: ["CAP_SYS_ADMIN"]}'
peers='mount --bind / /mnt2 && mount -t tmpfs new /mnt2/tmp && grep -c " /tmp " /proc/self/mountinfo'
mkdir -p "$T/rootfs/mnt2"
in_sh "$peers" "$admin | .linux.rootfsPropagation = \"shared\""
is "shared: a mount in a copy is seen in the root" "$rc $out" '0 1' || diag "$err"
in_sh "$peers" "$admin | .linux.rootfsPropagation = \"private\""
is "private: it is not" "$out" 0
in_sh "$peers" "$admin | .linux.rootfsPropagation = \"unbindable\""
like "unbindable: there is no copy" "$err" 'Invalid argument'
not_ok "and nothing of it is on the host" grep -q "$T/rootfs/tmp" /proc/self/mountinfo

# ---- propagation of binds ----
mkdir -p "$T/vol/in" "$T/vol/out" && mount --bind "$T/vol" "$T/vol" && mount --make-shared "$T/vol"
bound() { # OPTION ROOT: "host's mount seen inside, inside's mount seen on the host"
	make_bundle "$T/p" "$(sh_filter 'mount -t tmpfs out /vol/out; touch /vol/go1; while ! [ -e /vol/go2 ]; do sleep 0.05; done; grep -c " /vol/in " /proc/self/mountinfo; umount /vol/out') | $admin | .linux.rootfsPropagation = \"$2\" | $(mounts "$(mnt /vol none "$T/vol" rbind "$1")")"
	rm -f "$T/vol"/go?
	jr --policy none run --bundle "$T/p" "jt-$$-p" >"$T/seen" 2>"$T/seen.err" </dev/null &
	eventually 10 test -e "$T/vol/go1"
	out_seen=$(grep -c "$T/vol/out" /proc/self/mountinfo)
	mount -t tmpfs in "$T/vol/in"
	touch "$T/vol/go2"
	wait $!
	umount "$T/vol/in"
	echo "$(cat "$T/seen") $out_seen"
}
is "rshared in a shared root: both ways" "$(bound rshared rshared)" '1 1'
is "rslave: from the host alone" "$(bound rslave rslave)" '1 0'
is "rprivate: neither" "$(bound rprivate rslave)" '0 0'

# ---- crun's options for links: the link itself, not what it leads to ----
mkdir "$T/links" && echo source >"$T/links/file" && ln -s file "$T/links/link" && ln -s /etc/passwd "$T/links/abs"
echo covered >"$T/rootfs/home/file" && ln -s /home/file "$T/rootfs/home/link"
linked() { # DESTINATION SOURCE SCRIPT OPTION...: runs the script
	in_sh "$3" "$(mounts "$(mnt "$1" bind "$T/links/$2" bind "${@:4}")")"
}
linked /home/link file 'cat /home/link /home/file' dest-nofollow
is "dest-nofollow: the link is covered" "$out" $'source\ncovered' || diag "$err"
linked /home/link file 'cat /home/link /home/file; readlink /home/link' ro
is "dest-nofollow: without it, what the link leads to" "$out" $'source\nsource\n/home/file'
linked /home/new file 'cat /home/new' dest-nofollow
is "dest-nofollow: where there is none" "$out" source || diag "$err"
linked /home/abs abs 'readlink /home/abs; grep -c " /home/abs " /proc/self/mountinfo; head -n 1 /home/abs' src-nofollow
is "src-nofollow: the link is mounted" "$out" $'/etc/passwd\n1\nroot:x:0:0:root:/root:/bin/sh' || diag "$err"
for what in "a link is made, and no mount" "one that is there stays"; do
	linked /home/made link 'readlink /home/made; grep -c " /home/made " /proc/self/mountinfo' copy-symlink
	is "copy-symlink: $what" "$out" $'file\n0' || diag "$err"
	is "copy-symlink: the rootfs has it" "$(readlink "$T/rootfs/home/made")" file
done
linked /home/file link true copy-symlink
like "copy-symlink: what is no such link is in the way" "$rc $err" "1 .*destination: '/home/file' is in the rootfs, and is no link to 'file'"
linked /home/new file 'cat /home/new' copy-symlink
is "copy-symlink: what is no link is mounted" "$out" source || diag "$err"
linked /home/link link true copy-symlink src-nofollow
like "copy-symlink: not with the others" "$rc $err" '1 .*mounts\[[0-9]+\]\.options: .*leave one out'
in_sh true '.mounts += [{destination: "/m", type: "tmpfs", source: "tmpfs", options: ["src-nofollow"]}]'
like "of a bind only" "$rc $err" '1 .*mounts\[[0-9]+\]\.options: .*for bind mounts'
done_testing
