#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The callers that Debian does not have, or not of this age, played literally: the command lines, files, environments and streams that they give to
# a runtime, and what they make of its answers. BuildKit, CRI-O, conmon, containerd's shim, Podman's own calls, Docker's start-up, buildah.
# tests/integration/callers.t has the single habits behind them.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/leftovers.sh"
need_root
need_runtime
need_command python3 jq script
echo "# $("$JAILRUN" --version | head -n 1)"
id=jt-$$-lit
make_bundle "$T/b" "$(sh_filter 'trap "exit 11" TERM; while :; do sleep 0.05; done')"
leftovers_begin "$T/b"
program() { jq -c --argjson args "$1" '.process | .args = $args' "$T/b/config.json" >"$T/process.json"; }
words() { jq -cn '$ARGS.positional' --args -- "$@"; }
shim=(--root "$ROOT" --log "$T/log.json" --log-format json)

# ---- Podman: the whole log is one JSON object, the text is matched, the environment is bare ----
# shellcheck disable=SC2317 # run calls it
podman() { env -i PATH="$PATH" XDG_RUNTIME_DIR= "$JAILRUN" --root "$ROOT" --log "$T/log.json" --log-format=json "$@"; }
# one_object NAME TEXT ARGUMENTS...: fails, and Podman's reader (one json.Unmarshal of the file) finds the text.
one_object() {
	local name=$1 text=$2
	shift 2
	rm -f "$T/log.json"
	run podman "$@"
	isnt "Podman: $name: fails" "$rc" 0
	is "Podman: $name: exactly one object in the log" "$(jq -s 'length' "$T/log.json" 2>&1)" 1
	like "Podman: $name: its text" "$(jq -r 'select(.level == "error").msg' "$T/log.json")" "$text"
	like "Podman: $name: and on stderr, where conmon looks" "$err" "$text"
}
export -f podman
run() { # of functions too
	{ "$@" >"$T/out" 2>"$T/err" </dev/null; } 2>/dev/null
	rc=$?
	out=$(tr -d '\0' <"$T/out") err=$(tr -d '\0' <"$T/err")
}
one_object "start of none" 'container does not exist' start "$id"
one_object "create without a configuration" 'config.json' create --bundle "$T" --pid-file "$T/pid" "$id"
make_bundle "$T/x" "$(args_filter no-such-program)"
one_object "create of a missing program" 'executable file not found in \$PATH' create --bundle "$T/x" --pid-file "$T/pid" "$id"
not_ok "conmon: no pid file after a failed create" test -e "$T/pid"
rm -f "$T/log.json"
ok "Podman: create" podman create --bundle "$T/b" --pid-file "$T/pid" "$id"
one_object "create twice" 'container with given ID already exists' create --bundle "$T/b" --pid-file "$T/pid2" "$id"
rm -f "$T/log.json"
ok "Podman: start" podman start "$id"
one_object "start twice" 'cannot start an already running container' start "$id"
one_object "delete of a running one" 'that is not stopped: running' delete "$id"
one_object "resume of a running one" 'container not paused' resume "$id"
rm -f "$T/log.json"
for verb in pause resume "kill $id 0" "update --resources=$T/none.json"; do
	echo '{}' >"$T/none.json"
	# shellcheck disable=SC2086 # words
	case $verb in kill*) set -- $verb ;; *) set -- $verb "$id" ;; esac
	ok "Podman: ${verb%% *}" podman "$@"
done
is "Podman: what succeeds writes nothing into the log" "$(cat "$T/log.json" 2>/dev/null)" ""
run "$JAILRUN" checkpoint --help
if [ "$rc" = 0 ]; then
	run "$JAILRUN" restore --lsm-mount-context
	like "Podman: probe of restore --lsm-mount-context" "$err" 'flag needs an argument|requires an argument'
else
	isnt "Podman: probe of checkpoint: it is not there, and says so" "$rc" 0
	like "Podman: probe of checkpoint: by its name" "$err" "checkpoint"
	run "$JAILRUN" restore -no-subreaper --bundle "$T/b" "$id"
	like "containerd: restore with -no-subreaper: the command is what is missing, not the option" "$err" "'restore'.*does not have that command"
fi
ok "Podman: kill --all" podman kill --all "$id" 9
ok "Podman: it is stopped" eventually 5 status_is "$id" stopped
rm -f "$T/log.json"
run podman kill "$id" 15
# Podman, CRI-O and containerd look for these words in lower case.
like "CRI-O: the text for a process that is gone" "$err" 'container not running|no such process'
like "CRI-O: in lower case" "$err" 'no such process'
like "containerd: the same in the log" "$(jq -r .msg "$T/log.json")" 'process already finished|container not running|no such process'
ok "Podman: delete --force" podman delete --force "$id"
ok "Podman: delete --force once more" podman delete --force "$id"
rm -f "$T/pid" "$T/pid2"

# ---- containerd's shim: one log for the life of a container, the last error of the stream counts ----
rm -f "$T/log.json"
ok "shim: create" "$JAILRUN" "${shim[@]}" create --bundle "$T/b" --pid-file "$T/init.pid" "$id"
"$JAILRUN" "${shim[@]}" pause no-such >/dev/null 2>&1
"$JAILRUN" "${shim[@]}" resume "$id" >/dev/null 2>&1
is "shim: a stream of objects with level, msg and an RFC 3339 time; the last error is the last call's" "$(jq -rs \
	'(map(has("level") and has("msg") and (.time | fromdateiso8601? // (.time | test("^[0-9-]+T[0-9:.]+(Z|[+-][0-9:]+)$")) | . != false)) | all), (map(select(.level == "error")) | last.msg | test("not paused"))' \
	"$T/log.json" 2>&1 | tr '\n' ' ')" "true true "
ok "shim: start" "$JAILRUN" "${shim[@]}" start "$id"
is "shim: the init is in its final cgroup when create returns" "$(grep -c "$id" "/proc/$(cat "$T/init.pid")/cgroup")" 1
is "shim: ps --format json is an array of numbers" "$("$JAILRUN" "${shim[@]}" ps --format json "$id" | jq -c 'map(type) | unique')" '["number"]'
ok "shim: update --resources=-" bash -c 'echo "{}" | "$0" "$@"' "$JAILRUN" "${shim[@]}" update --resources=- "$id"
ok "shim: kill --all ID NUM" "$JAILRUN" "${shim[@]}" kill --all "$id" 15
ok "shim: it is stopped" eventually 5 status_is "$id" stopped
ok "shim: kill --all of a stopped one is none, or says that it is gone" bash -c \
	'text=$("$0" "$@" 2>&1) || grep -qE "process already finished|container not running|no such process" <<<"$text"' "$JAILRUN" "${shim[@]}" kill --all "$id" 9
ok "shim: delete" "$JAILRUN" "${shim[@]}" delete "$id"

# ---- Docker: what it asks at its start ----
run "$JAILRUN" --version
is "Docker: exactly one line with the word version" "$(grep -c version <<<"$out")" 1
like "Docker: its name and version" "$(grep version <<<"$out")" '^jailrun version [0-9.]+'
run "$JAILRUN" features
is "Docker, CRI-O: features: nothing on stderr, both versions" "$err$(jq -r 'has("ociVersionMin") and has("ociVersionMax")' <<<"$out")" true
ok "containerd's CRI: features: recursive read-only and idmapped mounts" jq -e \
	'(.mountOptions | index("rro")) and (.linux.namespaces | index("user")) and .linux.mountExtensions.idmap.enabled' <<<"$out"
make_bundle "$T/x" "$(args_filter /bin/true) | .linux.namespaces += [{type: \"time\"}]"
ok "Docker 29: a time namespace in every configuration" jr run --bundle "$T/x" "$id"

for policy in none default; do
	# What a wrapper of Docker's runtimeArgs does: sh stays around, nothing is quoted.
	printf '#!/bin/sh\n%s --policy %s $@\n' "$JAILRUN" "$policy" >"$T/runtime"
	chmod 755 "$T/runtime"
	R=$T/runtime name="policy $policy"
	# ---- BuildKit: run in the foreground, state polled, exec in the foreground, kill 9, delete ----
	rm -f "$T/log.json"
	{ "$R" "${shim[@]}" run --bundle "$T/b" --keep "$id" >"$T/run.out" 2>&1 </dev/null; echo $? >"$T/run.rc"; } &
	ok "$name: BuildKit: state says running, with bundle and rootfs" eventually 10 bash -c \
		'"$0" "$@" | jq -e --arg b "'"$T/b"'" ".status == \"running\" and .bundle == \$b and (.rootfs | length > 0) and .pid > 0"' "$R" "${shim[@]}" state "$id"
	program "$(words /bin/sh -c 'cat; echo err >&2; exit 6')"
	run bash -c 'echo piped | "$0" "$@"' "$R" "${shim[@]}" exec --process "$T/process.json" --pid-file "$T/pid" "$id"
	is "$name: BuildKit: exec in the foreground, on pipes" "$rc $out $err" "6 piped err"
	program "$(words /bin/sh -c 'sleep 60')"
	{ "$R" "${shim[@]}" exec --process "$T/process.json" --pid-file "$T/pid2" "$id" </dev/null >/dev/null 2>&1; echo $? >"$T/exec.rc"; } &
	ok "$name: BuildKit: the pid file of a foreground exec comes while it runs" eventually 5 test -s "$T/pid2"
	kill -KILL "$(cat "$T/pid2")"
	ok "$name: BuildKit: killed by its pid: the runtime returns" eventually 5 test -s "$T/exec.rc"
	is "$name: BuildKit: with 137" "$(cat "$T/exec.rc")" 137
	program "$(words /bin/sh -c 'test -t 0 && test -t 1 && stty size; exit 5')"
	jq -c '.terminal = true' "$T/process.json" >"$T/p" && mv "$T/p" "$T/process.json"
	run bash -c 'script -qec "stty rows 21 cols 43; $0 --root $1 exec --process $2 $3" /dev/null' "$R" "$ROOT" "$T/process.json" "$id"
	# script(1) itself types the end of its own input, which may be echoed before.
	like "$name: BuildKit, CRI-O: exec with a pty's slave as its streams: size and exit code" "$rc $(tr -d '\r' <<<"$out")" '^5 .*21 43$'
	ok "$name: BuildKit: kill 9" "$R" "${shim[@]}" kill "$id" 9
	ok "$name: BuildKit: run returns" eventually 5 test -s "$T/run.rc"
	is "$name: BuildKit: with 137" "$(cat "$T/run.rc")" 137
	is "$name: BuildKit: --keep: it is there, stopped, with pid 0" "$("$R" "${shim[@]}" state "$id" | jq -c '[.status, .pid]')" '["stopped",0]'
	ok "$name: BuildKit: delete" "$R" "${shim[@]}" delete "$id"
	rm -f "$T"/run.rc "$T"/exec.rc "$T"/pid "$T"/pid2

	# ---- CRI-O: through conmon, then its own verbs ----
	ok "$name: CRI-O: conmon's create" "$R" --root "$ROOT" create --bundle "$T/b" --pid-file "$T/pid" "$id" </dev/null
	is "$name: CRI-O: state: created" "$("$R" --root "$ROOT" state "$id" | jq -r .status)" created
	ok "$name: CRI-O: start" "$R" --root "$ROOT" start "$id"
	run bash -c 'echo "{\"cpu\": {}, \"memory\": {}}" | "$0" --root "$1" update --resources - "$2"' "$R" "$ROOT" "$id"
	is "$name: CRI-O: update --resources -" "$rc$err" 0
	program "$(words /bin/sh -c 'echo probe; exit 3')"
	run "$R" --root "$ROOT" exec --process "$T/process.json" "$id"
	is "$name: CRI-O: a probe: exec in the foreground" "$rc $out" "3 probe"
	ok "$name: CRI-O: pause" "$R" --root "$ROOT" pause "$id"
	is "$name: CRI-O: state: paused" "$("$R" --root "$ROOT" state "$id" | jq -r .status)" paused
	ok "$name: CRI-O: resume" "$R" --root "$ROOT" resume "$id"
	ok "$name: CRI-O: kill ID TERM" "$R" --root "$ROOT" kill "$id" TERM
	ok "$name: CRI-O: state: stopped" eventually 5 status_is "$id" stopped
	ok "$name: CRI-O: kill -a ID 9 of what is stopped: success, or gone" bash -c \
		'text=$("$0" --root "$1" kill -a "$2" 9 2>&1) || grep -qE "no such process|container not running" <<<"$text"' "$R" "$ROOT" "$id"
	ok "$name: CRI-O: delete --force" "$R" --root "$ROOT" delete --force "$id"
	rm -f "$T/pid"

	# ---- buildah: create, start, state polled until stopped, delete; its terminal by a console socket is conmon's ----
	make_bundle "$T/step" "$(sh_filter 'echo step; exit 8')"
	"$R" --root "$ROOT" create --bundle "$T/step" --pid-file "$T/pid" "$id" >"$T/step.out" 2>&1 </dev/null
	ok "$name: buildah: start" "$R" --root "$ROOT" start "$id"
	ok "$name: buildah: state is polled until it is stopped" eventually 5 status_is "$id" stopped
	is "$name: buildah: what the step said" "$(cat "$T/step.out")" step
	ok "$name: buildah: delete" "$R" --root "$ROOT" delete "$id"
	rm -f "$T/pid"
done
# The pid file of every kind of call has no newline, and takes its place at once: conmon, BuildKit and go-runc read it as it is.
ok "go-runc: create with a pid file" jr create --bundle "$T/b" --pid-file "$T/pid" "$id"
ok "go-runc: a number and nothing else (Atoi of the whole file)" grep -qzE '^[0-9]+$' "$T/pid"
is "go-runc: no newline" "$(wc -l <"$T/pid")" 0
ok "delete" jr delete --force "$id"
rm -rf "$T/pid" "$T/x" "$T/step"
nothing_left "nothing is left" "$id"
done_testing
