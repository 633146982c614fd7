#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The policy key `files`: what each list allows, for whom, with a floor, without root, and what is said of entries that mean nothing.
[ -n "${PRIVATE_MOUNTS-}" ] || PRIVATE_MOUNTS=1 exec unshare --mount --propagation private bash "$0" "$@"
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
mkdir -p "$ROOTFS"/{data/sub,work,real}
echo secret >"$ROOTFS/data/file"
echo deep >"$ROOTFS/data/sub/deep"
echo conf >"$ROOTFS/etc/conf"
echo real >"$ROOTFS/real/file"
ln -s /real "$ROOTFS/link"
ln -s /data/file "$ROOTFS/filelink"
ln -s /nowhere "$ROOTFS/dangling"
chmod 777 "$ROOTFS/work"

# under FILES SCRIPT [FILTER]: the script under {"files": {FILES}}.
under() {
	printf '{"name": "p", "files": {%s}}' "$1" >"$T/policy.json"
	POLICY=$T/policy.json in_sh "$2" "${3-.}"
}
# Each word of the script's output is what worked.
works='t() { w=$1; shift; if "$@" >/dev/null 2>&1; then printf "%s " "$w"; fi; }
	reads() { read x <"$1"; }; writes() { echo x >>"$1"; }; cuts() { true >"$1"; }
'
script=$works'
t data reads /data/file; t deep reads /data/sub/deep; t conf reads /etc/conf; t real reads /real/file; t link reads /filelink
t w-data writes /data/file; t w-work writes /work/a; t w-null writes /dev/null; t cut cuts /data/file
t new writes /work/new; t mkdir mkdir /work/dir; t mv mv /work/new /work/dir/; t mv-out mv /work/dir /data/dir; t rm rm -r /data/dir; t data-new writes /data/new
t ls-data ls /data; t ls-work ls /work; t ls-sub ls /data/sub
cp /bin/busybox /work/busybox 2>/dev/null; t run /bin/true; t run-work eval "test -s /work/busybox && /work/busybox true"; true'
# NAME#FILES#what works
while IFS='#' read -r name files want; do
	echo secret >"$ROOTFS/data/file"
	rm -rf "$ROOTFS"/data/new "$ROOTFS"/data/dir "$ROOTFS"/work/*
	[ "$files" != - ] || files='"ioctl": []'
	under "$files" "$script"
	is "$name" "$rc:${out% }" "0:$want" || diag "$err"
done <<'ROWS'
ioctl alone leaves all else alone (control)#-#data deep conf real link w-data w-work w-null cut new mkdir mv mv-out rm data-new ls-data ls-work ls-sub run run-work
programs alone may be read#"read": ["/bin/"]#w-data w-work w-null cut new mkdir mv mv-out rm data-new ls-data ls-work ls-sub run
a tree and a file may be read#"read": ["/bin/", "/data/sub/", "/etc/conf"]#deep conf w-data w-work w-null cut new mkdir mv mv-out rm data-new ls-data ls-work ls-sub run
by links, what they lead to#"read": ["/bin/", "/link/", "/filelink"]#data real link w-data w-work w-null cut new mkdir mv mv-out rm data-new ls-data ls-work ls-sub run
one tree may be written to#"write": ["/work/"]#data deep conf real link w-work w-null new mkdir mv mv-out rm ls-data ls-work ls-sub run run-work
one file may be written to#"write": ["/data/file"]#data deep conf real link w-data w-null cut mkdir mv mv-out rm ls-data ls-work ls-sub run
things may be made in one tree#"create": ["/work/"]#data deep conf real link w-data w-work w-null cut new mkdir mv ls-data ls-work ls-sub run run-work
one tree may be listed#"list": ["/data/sub/", "/work/"]#data deep conf real link w-data w-work w-null cut new mkdir mv mv-out data-new ls-work ls-sub run run-work
one tree may be executed from#"execute": ["/bin/"]#data deep conf real link w-data w-work w-null cut new mkdir mv mv-out rm data-new ls-data ls-work ls-sub run
all together#"read": ["/bin/", "/work/"], "write": ["/work/"], "create": ["/work/"], "list": ["/work/"], "execute": ["/bin/"]#w-work w-null new mkdir mv ls-work run
all of everything#"read": ["/"], "write": ["/"], "create": ["/"], "list": ["/"], "execute": ["/"], "ioctl": ["/"]#data deep conf real link w-data w-work w-null cut new mkdir mv mv-out rm data-new ls-data ls-work ls-sub run run-work
ROWS

# What `policy import` makes of another sandbox's settings means there what it says.
while IFS='#' read -r settings want; do
	echo secret >"$ROOTFS/data/file"
	rm -rf "$ROOTFS"/data/new "$ROOTFS"/data/dir "$ROOTFS"/work/*
	printf '{"filesystem": {%s}}' "$settings" >"$T/settings.json"
	rm -f "$T/policy.json"
	run "$JAILRUN" policy import "$T/settings.json" --home /data --cwd /work -o "$T/policy.json"
	POLICY=$T/policy.json in_sh "$script"
	is "imported: $settings" "$rc:${out% }" "0:$want" || diag "$err"
done <<'ROWS'
"denyRead": ["~/sub"], "allowWrite": ["."], "denyWrite": ["/data"]#data conf real link w-work w-null new mkdir mv ls-data ls-work ls-sub run run-work
"denyRead": ["/"], "allowRead": ["/bin", "./"], "allowWrite": []#w-null ls-work run
ROWS

# Of devices: what is open goes on, what is opened has to be named.
for allowed in "" '"/dev/tty"' '"/dev/"'; do
	under "\"ioctl\": [$allowed]" 'stty size </dev/ptmx >/dev/null 2>&1; echo $?' "$docker_caps"
	is "ioctl on /dev/ptmx with [$allowed]" "$rc:$out" "0:$([ "$allowed" = '"/dev/"' ] && echo 0 || echo 1)" || diag "$err"
done

# ---- who is under them ----
user='.process.user = {uid: 1000, gid: 1000} | .process.capabilities = {}'
only='"read": ["/bin/"], "execute": ["/bin/"]'
try='cat /data/file 2>/dev/null && echo read; /bin/true && echo ran; grep NoNewPrivs /proc/self/status 2>/dev/null || echo no proc'
for who in . "$user" '.process.noNewPrivileges = false' "$user | .process.noNewPrivileges = false"; do
	under "$only" "$try" "$who"
	is "for $who" "$rc:$out" $'0:ran\nno proc' || diag "$err"
done
for more in '"init": "workload"' '"exec": {"allow": ["/bin/busybox"]}' '"limits": {"processes": 9}'; do
	printf '{%s, "files": {%s}}' "$more" "$only" >"$T/policy.json"
	POLICY=$T/policy.json in_sh "$try"
	is "beside $more" "$rc:$out" $'0:ran\nno proc' || diag "$err"
	id=jt-$$-x
	make_bundle "$T/b" "$(args_filter /bin/sleep 100)"
	jr --policy "$T/policy.json" run -d --bundle "$T/b" "$id" >"$T/log" 2>&1 </dev/null || fail "start beside $more: $(cat "$T/log")"
	jrun exec "$id" /bin/sh -c "$try"
	is "beside $more, for a program by exec" "$rc:$out" $'0:ran\nno proc' || diag "$err"
	jrun exec --user 1000:1000 "$id" /bin/sh -c "$try"
	is "beside $more, and another user's" "$rc:$out" $'0:ran\nno proc' || diag "$err"
	jr delete --force "$id"
done

# ---- a floor: each has to allow ----
mkdir "$T/policies"
echo secret >"$ROOTFS/data/file"
printf '{"files": {"read": ["/data/", "/bin/"]}}' >"$T/policies/floor.json"
# CHOSEN#what may be read
while IFS='#' read -r files want; do
	printf '{"files": {%s}}' "$files" >"$T/policies/chosen.json"
	jq -n --arg dir "$T/policies" '{policyDir: $dir, floor: "floor"}' >"$T/admin.json"
	make_bundle "$T/b" "$(sh_filter "$works t data reads /data/file; t deep reads /data/sub/deep; t conf reads /etc/conf; t work writes /work/a") | .annotations = {\"jailrun.policy\": \"chosen\"}"
	jrun --admin-config "$T/admin.json" run --bundle "$T/b" "jt-$$-f"
	is "under a floor, $files" "$rc:${out% }" "0:$want" || diag "$err"
done <<'ROWS'
"read": ["/"]#data deep work
"read": ["/bin/", "/data/sub/", "/etc/"]#deep work
"read": ["/bin/", "/etc/"]#work
"write": []#data deep
ROWS

# ---- entries that mean nothing ----
under '"read": ["/nowhere/", "/bin/"]' 'cat /data/file; echo ran'
is "one that is not there stands beside others" "$rc:$out" 0:ran
for entry in /nowhere/ /nowhere /data/file/ /dangling/; do
	under "\"write\": [\"$entry\"]" 'echo ran'
	like "of $entry alone nothing is left" "$rc:$out:$err" "^1::.*p: files.write: the container has nothing at '$entry', .*write \[\] where that is meant"
done
under '"read": ["/bin/", "/data"]' 'echo ran'
like "a directory is no file, also beside others" "$rc:$out:$err" "^1::.*p: files.read: '/data' is a directory: write \"/data/\" for the tree"
run "$JAILRUN" --root "$ROOT" --policy "$T/policy.json" plan "$T/b"
like "of which plan warns" "$rc:$err" "^0:.*policy p: files.read: '/data' is a directory, .*write \"/data/\" for the tree"
# An image's link may lead to whatever is mounted.
for entry in '"write": ["/link/", "/work/"]' '"create": ["/link/"]' '"ioctl": ["/link/x/", "/link/"]' '"write": ["/filelink"]'; do
	under "$entry" 'echo ran'
	like "no link in $entry" "$rc:$out:$err" "^1::.*p: files.(write|create|ioctl): '/(link/|filelink)' goes through a link .*name what it leads to"
done
printf '{"name": "p", "files": {"read": ["/nowhere/", "/bin/"], "execute": ["/bin/"]}}' >"$T/policy.json"
run "$JAILRUN" --root "$ROOT" --policy "$T/policy.json" plan "$T/b"
like "plan warns of it" "$rc:$err" "^0:.*policy p: files.read: '/nowhere/': the container has no '/nowhere'"
is "and shows the lists" "$(jq -c .jail.files "$T/out")" \
	'{"read":["/nowhere/","/bin/"],"execute":["/bin/"],"mechanism":"Landlock, of the tree that the container begins with; refusals are not reported","race_free":true}'
under '"read": ["/data/"]' 'echo ran'
like "what may not be read may not be executed" "$rc:$out:$err" "^1::.*exec /bin/sh: permission denied: files.read of policy p has to name the program"
under '"execute": ["/data/"]' 'echo ran'
like "a first program that is not named" "$rc:$out:$err" "^1::.*exec /bin/sh: permission denied: files.execute of policy p has to name the program"

# What an image has at /dev/null is not the null device.
make_bundle "$T/b" "$(sh_filter 'cat /dev/null') | .mounts += [{destination: \"/dev/null\", type: \"bind\", source: \"$ROOTFS/data/file\", options: [\"bind\"]}]"
printf '{"files": {"read": ["/bin/"]}}' >"$T/policy.json"
jrun --policy "$T/policy.json" run --bundle "$T/b" "jt-$$-n"
unlike "a file in its place is no device" "$out" secret

# ---- what closes the ways around, reported ----
python3 - "$T" <<'PY'
import json, sys
json.dump({"name": "p", "files": {"execute": ["/bin/"]}}, open(sys.argv[1] + "/policy.json", "w"))
PY
cc -static -O1 -o "$ROOTFS/bin/memfd" -x c - <<'C' || fail "build a program"
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
int main(void) { int a = memfd_create("a", 0), b = memfd_create("b", 8); printf("%d %d\n", a < 0, b >= 0); return 0; }
C
make_bundle "$T/b" "$(args_filter /bin/memfd)"
jrun --policy "$T/policy.json" --audit "$T/audit" run --bundle "$T/b" "jt-$$-m"
is "memfd_create takes MFD_NOEXEC_SEAL" "$rc:$out" "0:1 1" || diag "$err"
is "and its refusal is reported" "$(jq -r '"\(.rule) \(.syscall) \(.action)"' "$T/audit")" "files.execute memfd_create EACCES"

# ---- without root ----
uid=54321
as_user=(setpriv --reuid "$uid" --regid "$uid" --clear-groups --inh-caps=-all --bounding-set=-all)
if "${as_user[@]}" unshare -Ur true 2>/dev/null; then
	mkdir -p "$T/u"
	cp -r "$ROOTFS" "$T/u/rootfs"
	printf '{"files": {%s}}' "$only" >"$T/u/policy.json"
	cp "$JAILRUN" "$T/jailrun" && chmod 755 "$T/jailrun"
	chown $uid "$T/u"
	(cd "$T/u" && "${as_user[@]}" "$T/jailrun" spec --rootless)
	jq ".process.terminal = false | .root.readonly = false | $(sh_filter "$try")" "$T/u/config.json" >"$T/u/c" && mv "$T/u/c" "$T/u/config.json"
	chown -Rh $uid:$uid "$T/u"
	run "${as_user[@]}" env XDG_RUNTIME_DIR="$T/u/run" PATH="$PATH" "$T/jailrun" --policy "$T/u/policy.json" run --bundle "$T/u" "jt-$$-u"
	is "without root" "$rc:$out" $'0:ran\nno proc' || diag "$err"
else
	skip "without root" "this host lets no user make a user namespace"
fi
done_testing
