#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# root's state, list, kill and delete of a user's containers: as that user, whatever that user has written into the state.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command setpriv jq mkfifo
need_runtime
uid=54321
user=(setpriv --reuid "$uid" --regid "$uid" --clear-groups --inh-caps=-all --bounding-set=-all)
"${user[@]}" unshare -Ur true 2>/dev/null || skip_all "this host lets no user make a user namespace"
mkdir -p "$T/u"
make_busybox_rootfs "$T/u/rootfs"
cp "$JAILRUN" "$T/jailrun" && chmod 755 "$T/jailrun" "$T"
chown -Rh $uid:$uid "$T/u"
R=$T/u/run
cd "$T/u" || exit 1
"${user[@]}" "$T/jailrun" spec --rootless
printf '#!/bin/sh\nid -u >>%s/u/hook\n' "$T" >"$T/u/poststop" && chmod 755 "$T/u/poststop"
jq ".process.terminal = false | .root.readonly = false | .hooks.poststop = [{path: \"$T/u/poststop\"}] | $(args_filter sleep 300)" config.json >c && mv c config.json
chown $uid:$uid config.json
as_user() { "${user[@]}" env XDG_RUNTIME_DIR="$T/u/run" PATH="$PATH" "$T/jailrun" --root "$R" "$@"; }
root() { run "$T/jailrun" --root "$R" "$@"; }
started() { as_user run -d --bundle "$T/u" "$1" >"$T/log" 2>&1 </dev/null || diag "$(cat "$T/log")"; }

started one
root state one
is "state" "$rc:$(jq -r '.id + " " + .status' "$T/out")" '0:one running' || diag "$err"
root list
like "list" "$rc:$out" '^0:.*one .*running' || diag "$err"
root kill one KILL
is "kill" "$rc" 0 || diag "$err"
ok "and it ends" eventually 10 sh -c "'$T/jailrun' --root '$R' state one | grep -q stopped"
root delete one
is "delete" "$rc" 0 || diag "$err"
not_ok "removes its state" test -e "$R/one"
like "the hook of the user's choice is not run" "$err" 'poststop hooks are not run'
not_ok "and has written nothing" test -e "$T/u/hook"
started two
as_user delete --force two
is "but for the user it is (control)" "$(cat "$T/u/hook")" $uid
started three
root delete --force three
is "delete --force of one that runs" "$rc:$(ls "$R")" 0: || diag "$err"

# A state that names a process of root's.
sleep 300 &
victim=$!
at_exit "kill $victim 2>/dev/null"
forged() { # ROOT OWNER JQ-FILTER
	mkdir -p "$1/four"
	chmod 700 "$1" "$1/four"
	jq --argjson pid $victim --argjson start "$(awk '{ print $22 }' /proc/$victim/stat)" ".id = \"four\" | $3" "$T/state.json" >"$1/four/state.json"
	chown -R "$2" "$1"
}
started four
cp "$R/four/state.json" "$T/state.json"
as_user delete --force four
keys=$(jq -c '[paths | map(tostring) | join(".")] | map(select(test("pid|start"; "i")))' "$T/state.json")
pid_key=$(jq -r 'map(select(test("^(init_process_)?pid$")))[0] // "pid"' <<<"$keys")
start_key=$(jq -r 'map(select(test("start")))[0] // "pidStart"' <<<"$keys")
name_it=".[\"$pid_key\"] = \$pid | .[\"$start_key\"] = \$start"
forged "$R" $uid:$uid "$name_it"
root kill four KILL
like "a process of root's is not signalled" "$rc:$err" '^1:.*(not permitted|EPERM)'
root delete --force four
like "nor by delete --force" "$rc:$err" '^1:.*(not permitted|EPERM)'
ok "it lives" kill -0 $victim
forged "$T/own" 0:0 "$name_it"
run "$T/jailrun" --root "$T/own" kill four KILL
is "in a state of root's it is (control)" "$rc" 0 || diag "$keys $err"
wait $victim
is "and ends" $? 137
# What leads elsewhere, and what never ends.
rm "$R/four/state.json"
ln -s "$T/own/four/state.json" "$R/four/state.json"
root state four
isnt "a link in place of the state is not followed" "$rc" 0
rm "$R/four/state.json"
mkfifo "$R/four/state.json"
chown -h $uid "$R/four/state.json"
root state four
like "a FIFO is not waited for" "$rc:$err" '^1:.*no regular file'
rm -r "$R/four"
ln -s "$T/own" "$T/u/link"
chown -h $uid "$T/u/link"
run "$T/jailrun" --root "$T/u/link" state four
like "a state root that is a user's link is refused" "$rc:$err" '^1:.*symbolic link of user'
run "$T/jailrun" --root "$T/own" state four
is "its target is not (control)" "$rc" 0
# No state root: an error for the one that was named, as in runc. The default one is made with the first container.
run "$T/jailrun" --root "$T/nowhere" list
like "list: a --root that is not there" "$rc:$err" "^1:jailrun: open $T/nowhere: no such file or directory: "
mkdir "$T/xdg"
chown $uid "$T/xdg"
run "${user[@]}" env XDG_RUNTIME_DIR="$T/xdg" "$T/jailrun" list
is "list: the default root that is not there" "$rc:$(wc -l <"$T/out"):$(ls "$T/xdg")" 0:1:
caps='["CAP_KILL"]'
in_sh 'echo $HOME' ".process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps, ambient: $caps} | .process.env += [\"HOME=\"]"
is "an empty HOME is none" "$out" /root
is "ambient capabilities as runc's template has them: no warning" "$err" ''
done_testing
