#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The options of create and run, as runc has them: the bundle and its config.json, the pid file, the keyring, the root, who reaps.
# shellcheck disable=SC2317 # ok calls functions
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/leftovers.sh"
need_root
need_command jq python3
need_runtime
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
id=jt-$$-o
make_bundle "$T/b" "$(args_filter echo ran)"

# ---- --bundle, --config ----

here() { cd "$1" && "$JAILRUN" --root "$ROOT" "${@:2}"; }
is "without --bundle it is the working directory" "$(here "$T/b" run "$id")" ran
is "--bundle relative to it" "$(here "$T" run --bundle b "$id")" ran
is "-b=DIR, with a slash at its end" "$(here "$T" run -b="b/" "$id")" ran
ln -s b "$T/link"
(cd "$T" && "$JAILRUN" --root "$ROOT" create --bundle link "$id" >/dev/null)
is "the state has its real path" "$(jr state "$id" | jq -r .bundle)" "$T/b"
jr delete -f "$id"
mkdir "$T/empty"
jrun run --bundle "$T/empty" "$id"
like "a bundle without a config.json" "$rc:$err" '^1:.*JSON specification file config.json not found'
jrun run --bundle "$T/nosuch" "$id"
like "a bundle that is not there" "$rc:$err" "^1:.*bundle '$T/nosuch'.*No such file"
jq '.process.args = ["echo", "other"]' "$T/b/config.json" >"$T/other.json"
is "--config instead of the bundle's" "$(here "$T" run --bundle b --config other.json "$id")" other
is "-f, and a root that is relative to the bundle" "$(jq '.root.path = "../rootfs"' "$T/other.json" >"$T/rel.json" && here / run -b "$T/b" -f "$T/rel.json" "$id")" other
jrun run --bundle "$T/b" --config "$T/nosuch.json" "$id"
like "--config that is not there is named" "$rc:$err" "^1:.*nosuch\\.json"
jr create --bundle "$T/b" "$id" >/dev/null
echo broken >"$T/b/config.json"
ok "start, state and delete do not read config.json again" jr start "$id"
jr delete -f "$id"
is "and nothing is left" "$(left_state)" ""

# ---- --pid-file ----

make_bundle "$T/b" "$(args_filter sleep 1000)"
echo old >"$T/pid"
jr run -d --pid-file "$T/pid" --bundle "$T/b" "$id"
is "run -d --pid-file: the pid, no newline, over what was there" "$(od -An -c "$T/pid" | tr -d ' \n')" "$(jr state "$id" | jq -j .pid | od -An -c | tr -d ' \n')"
is "its mode" "$(stat -c %a "$T/pid")" 644
is "nothing beside it" "$(find "$T" -maxdepth 1 -name '*pid*')" "$T/pid"
jr delete -f "$id"
ok "delete leaves it to the caller" test -e "$T/pid"
rm "$T/pid"
(cd "$T" && "$JAILRUN" --root "$ROOT" create --pid-file pid --bundle b "$id" >/dev/null)
is "create --pid-file, relative to the working directory" "$(cat "$T/pid")" "$(jr state "$id" | jq .pid)"
jr delete -f "$id"
rm "$T/pid"
for what in 'nosuch-program' '/etc/passwd'; do
	make_bundle "$T/b" "$(args_filter "$what")"
	jrun create --pid-file "$T/pid" --bundle "$T/b" "$id"
	is "create that fails ($what)" "$rc:$(test -e "$T/pid" && echo file)" "1:"
	jrun run --pid-file "$T/pid" --bundle "$T/b" "$id"
	is "run that fails ($what)" "$rc:$(test -e "$T/pid" && echo file)" "1:"
done
make_bundle "$T/b" "$(args_filter sleep 1000)"
leftovers_begin "$T/b"
jrun run -d --pid-file "$T/nosuch/pid" --bundle "$T/b" "$id"
like "a pid file that cannot be written fails the call" "$rc:$err" '^1:.*--pid-file.*nosuch'
nothing_left "and nothing is left" "$id"

# ---- --no-new-keyring ----

# The session keyring that the container's first process is in, by its name in /proc/keys.
make_bundle "$T/b" "$(sh_filter "grep -c '_ses\\.$id' /proc/keys")"' | .linux.maskedPaths = []'
if [ -r /proc/keys ]; then
	jrun run --bundle "$T/b" "$id"
	is "a session keyring of the container's own" "$out" 1
	make_bundle "$T/b" "$(sh_filter "grep -c '_ses\\.$id-2' /proc/keys")"' | .linux.maskedPaths = []' # the first one's may linger
	jrun run --no-new-keyring --bundle "$T/b" "$id-2"
	is "--no-new-keyring makes none" "$out" 0
else
	skip "keyrings" "this kernel has none"
fi

# ---- --no-pivot ----

root='ls -d /bin /proc/1; grep -c " / / " /proc/self/mountinfo; test -e /host-only && echo host; for i in 1 2 3; do cd ..; done; pwd; ls -d bin'
for option in "" --no-pivot; do
	in_sh "$root" . ${option:+"$option"}
	is "root ${option:-by pivot_root}: the container's, and no way out" "$rc:$(head -n 2 <<<"$out" | tr '\n' ' ')$(tail -n 2 <<<"$out" | tr '\n' ' ')" "0:/bin /proc/1 / bin " || diag "$err"
done

# ---- run: foreground, detached, --keep ----

make_bundle "$T/b" "$(sh_filter 'exit 7')"
leftovers_begin "$T/b"
jrun run --bundle "$T/b" "$id"
is "run: the status of the container" "$rc" 7
nothing_left "run deletes what is left" "$id"
jrun run --keep --bundle "$T/b" "$id"
is "run --keep: the status" "$rc" 7
is "run --keep: it is there, stopped" "$(jr state "$id" | jq -r .status)" stopped
jrun run --keep --bundle "$T/b" "$id"
like "the ID is taken" "$rc:$err" '^1:.*container with given ID already exists'
ok "delete" jr delete "$id"
nothing_left "nothing is left of a kept one" "$id"
jrun run --keep --bundle "$T/b" --fail-step masks "$id"
nothing_left "--keep keeps nothing of a create that fails" "$id"
make_bundle "$T/b" "$(args_filter sleep 1000)"
begin=$(date +%s)
jrun run -d --bundle "$T/b" "$id"
is "run -d: returns when it runs" "$rc:$(jr state "$id" | jq -r .status)" 0:running
ok "run -d: at once" test $(($(date +%s) - begin)) -lt 20
jr delete -f "$id"
make_bundle "$T/b" "$(args_filter nosuch)"
jrun run -d --bundle "$T/b" "$id"
is "run -d: a program that is not there is its error" "$rc" 1
make_bundle "$T/b" '.process.terminal = true'
jrun run -d --bundle "$T/b" "$id"
like "run -d with a terminal needs a console socket" "$rc:$err" '^1:.*cannot allocate tty if jailrun will detach without setting console socket'
make_bundle "$T/b" .
jrun run --console-socket "$T/x" --bundle "$T/b" "$id"
like "and without a terminal takes none" "$rc:$err" '^1:.*cannot use console socket if jailrun will not detach or allocate tty'

# ---- --no-subreaper: who is the parent of what outlives the first process of a shared pid namespace ----

shared='del(.linux.namespaces[] | select(.type == "pid"))'
printf '%s\n' 'sleep 1' "cut -d' ' -f4 /proc/\$\$/stat >/ppid" >"$T/rootfs/orphan.sh"
# orphan OPTIONS: prints the parent of an orphan in the container; sets $runtime.
orphan() {
	rm -f "$T/rootfs/ppid"
	make_bundle "$T/b" "$(sh_filter '(sh /orphan.sh &); sleep 3')"" | $shared"
	"$JAILRUN" --root "$ROOT" run "$@" --bundle "$T/b" "$id" >/dev/null 2>&1 &
	runtime=$!
	wait $runtime
	parent=$(cat "$T/rootfs/ppid")
}
orphan
is "the runtime is the reaper of the container's orphans" "$parent" "$runtime"
orphan --no-subreaper
isnt "--no-subreaper: it is not" "$parent" "$runtime"
ok "but somebody is" test "$parent" -ge 1

# ---- the state document, whole, and annotations ----

make_bundle "$T/b" "$(args_filter sleep 1000)"' | .annotations = {"org.opencontainers.image.os": "linux", "org.systemd.property.X": "1", "bundle": "x", "a": "", "ü": "\u0001\"\\"}'
jr create --bundle "$T/b" "$id"
jr state "$id" >"$T/doc"
is "state: its properties" "$(jq -c keys "$T/doc")" '["annotations","bundle","created","id","ociVersion","owner","pid","rootfs","status"]'
is "state: annotations as they are" "$(jq -cS .annotations "$T/doc")" "$(jq -cS .annotations "$T/b/config.json")"
is "list has the same" "$(jr list -f json | jq -cS '.[0]')" "$(jq -cS . "$T/doc")"
is "types" "$(jq -c '[.ociVersion, .id, .pid, .status, .bundle, .rootfs, .created, .owner, .annotations | type]' "$T/doc")" \
	'["string","string","number","string","string","string","string","string","object"]'
jr delete -f "$id"
make_bundle "$T/b" 'del(.annotations) | '"$(args_filter sleep 1000)"
jr create --bundle "$T/b" "$id"
is "no annotations: none, or an empty map" "$(jr state "$id" | jq -c '.annotations // {}')" "{}"
jr delete -f "$id"

# ---- --debug, and a root that is a link ----

make_bundle "$T/b" "$(args_filter true)"
jr --log "$T/quiet.log" --log-format json run --bundle "$T/b" "$id" 2>"$T/said"
is "without --debug nothing is said, nor logged" "$(cat "$T/said" "$T/quiet.log")" ""
jr --debug --log "$T/debug.log" --log-format json run --bundle "$T/b" "$id" 2>"$T/said"
is "--debug logs the runtime's steps, as JSON" "$(jq -r 'select(.level == "debug").msg' "$T/debug.log" | grep -cx 'step clone')" 1
is "and says nothing of it" "$(cat "$T/said")" ""
# Without --log: on stderr, in the same form. The words are those by which runc's debug lines are found.
said() { # WHAT WORDS: which of the words, one a line, are not there
	is "$1" "$(grep -vxF -f <(sed -E 's/^time="[^"]*" level=debug msg="(.*)"$/\1/; s/ ?process [0-9]+$//' "$T/said") <<<"$2")" ""
}
make_bundle "$T/b" "$(args_filter sleep 300) | .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", flags: [\"SECCOMP_FILTER_FLAG_LOG\"]}"
"$JAILRUN" --root "$ROOT" --debug run -d --bundle "$T/b" "$id" 2>"$T/said" >"$T/out" </dev/null
said "--debug of run: runc's words" 'seccomp filter flags: 2
nsexec container setup:
child process in init()
init: closing the pipe to signal completion'
jq -n '{args: ["true"], cwd: "/", execCPUAffinity: {initial: "0"}}' >"$T/process.json"
jr --debug exec --process "$T/process.json" "$id" 2>"$T/said"
said "--debug of exec: runc's words" 'nsexec container setup: affinity: 0x1
nsexec container setup:
child process in init():
setns_init: about to exec: its end of the socket is closed'
jr --debug --log-format json exec "$id" true 2>"$T/said"
is "--debug without --log keeps to --log-format" "$(jq -r .msg "$T/said" | grep -cx 'step clone')" 1
jr delete -f "$id"
make_bundle "$T/b" "$(args_filter true)"
ln -s nowhere "$T/dangling"
out=$("$JAILRUN" --root "$T/dangling" run --bundle "$T/b" "$id" 2>&1)
like "a root that is a link to nothing is named" "$?:$out" "^1:.*the state root is a symbolic link that leads nowhere"
mkdir -m 700 "$T/nowhere"
ok "and works when it leads to a directory" "$JAILRUN" --root "$T/dangling" run --bundle "$T/b" "$id"
done_testing
