#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What engines rely on without saying so: pid files, options that come at one call and not at the next, an empty environment, the
# lines of --version, a wrapper around the runtime.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
need_command python3 script
id=jt-$$-call
make_bundle "$T/b" "$(sh_filter 'while :; do sleep 0.05; done')"

# The pid file: a number without a newline, which takes the place of what was there at once and is whole from the start.
echo 'of old' >"$T/pid" && ln "$T/pid" "$T/pid.old"
ok "create with a pid file" jr create --bundle "$T/b" --pid-file "$T/pid" "$id"
is "the pid file: the pid" "$(cat "$T/pid")" "$(jr state "$id" | jq .pid)"
is "the pid file: no newline" "$(wc -l <"$T/pid")" 0
is "it was renamed over the old one, which nobody wrote to" "$(cat "$T/pid.old")" 'of old'
is "nothing else is left beside it" "$(find "$T" -maxdepth 1 -name '*pid*' | wc -l)" 2
jr delete -f "$id"
rm -f "$T/pid"
make_bundle "$T/x" "$(args_filter no-such-program)"
not_ok "a create that fails" jr create --bundle "$T/x" --pid-file "$T/pid" "$id"
not_ok "writes no pid file" test -e "$T/pid"

# The option for the cgroup comes with create alone.
ok "create without a cgroup" jr --cgroup-manager disabled create --bundle "$T/b" "$id"
is "there is none" "$(find /sys/fs/cgroup -type d -name "*$id*" | wc -l)" 0
for verb in start state kill; do
	ok "$verb without the option" jr $verb "$id"
done
ok "kill -a without the option" jr kill -a "$id" KILL
ok "it is stopped" eventually 5 status_is "$id" stopped
ok "delete without the option" jr delete "$id"
ok "create with one" jr create --bundle "$T/b" "$id"
for option in --systemd-cgroup '--cgroup-manager disabled' '--cgroup-manager systemd'; do
	# shellcheck disable=SC2086 # words
	{
		ok "$option: state" jr $option state "$id"
		ok "$option: kill" jr $option kill "$id" 0
	}
done
ok "delete --force with another manager than the container's" jr --systemd-cgroup delete --force "$id"
is "the container's cgroup is gone all the same" "$(find /sys/fs/cgroup -type d -name "*$id*" | wc -l)" 0

# An environment with nothing but PATH and an empty XDG_RUNTIME_DIR, as Podman's: the root is the one of all calls of root.
# shellcheck disable=SC2317 # ok calls it
bare() { env -i PATH="$PATH" XDG_RUNTIME_DIR= "$JAILRUN" "$@"; }
ok "create in an almost empty environment" bare create --bundle "$T/b" "$id"
at_exit "'$JAILRUN' delete -f $id"
ok "its state is below /run/jailrun" test -e "/run/jailrun/$id/state.json"
is "the same as with HOME and USER" "$(env HOME=/nowhere USER=x "$JAILRUN" state "$id" | jq -r .status)" created
ok "delete" bare delete "$id"
# as_nobody XDG: the IDs that a user without root is shown.
as_nobody() {
	env -i PATH="$PATH" XDG_RUNTIME_DIR="$1" setpriv --reuid=65534 --regid=65534 --clear-groups "$JAILRUN" list -q
}
mkdir -p "$T/xdg/jailrun/of-a-user" && chmod -R 700 "$T/xdg" && chown -R 65534:65534 "$T/xdg"
is "a user's root is below XDG_RUNTIME_DIR" "$(as_nobody "$T/xdg")" of-a-user
unlike "but not when it is empty" "$(as_nobody '' 2>&1)" of-a-user

# The time namespace, which Docker puts into every configuration.
make_bundle "$T/x" "$(args_filter /bin/readlink /proc/self/ns/time) | .linux.namespaces += [{type: \"time\"}]"
jrun run --bundle "$T/x" "$id"
like "a time namespace" "$out" '^time:\[[0-9]+\]$'
isnt "is a new one" "$out" "$(readlink /proc/self/ns/time)"
jrun features
is "features has it" "$(jq '.linux.namespaces | index("time") != null' <<<"$out")" true
is "features: nothing on stderr" "$err" ""
is "features: versions" "$(jq -r '.ociVersionMin, .ociVersionMax | test("^1\\.[0-9]+\\.[0-9]+$")' <<<"$out" | sort -u)" true

# --version: Docker takes name and version from the line with the word, containerd from the first one.
jrun --version
is "--version: the words before the colons" "$(sed '1d; s/:.*//' <<<"$out" | head -n 2 | tr '\n' ' ')" 'commit spec '
like "--version: the first line" "$(head -n 1 <<<"$out")" '^jailrun version [0-9]+\.[0-9]+\.[0-9]+$'
is "--version: spec" "$(sed -n 's/^spec: //p' <<<"$out")" 1.3.0
is "--version: one line with the word" "$(grep -ci version <<<"$out")" 1
is "--version: all the others are key and value" "$(sed 1d <<<"$out" | grep -vcE '^[a-z]+: [^ ].*$')" 0
is "--version: nothing on stderr" "$err" ""
is "-v is the same" "$(jr -v)" "$out"

# One dash, after the ID, as containerd's shim gives it.
make_bundle "$T/x" "$(sh_filter 'echo ran')"
jrun run -bundle "$T/x" "$id" -no-subreaper -no-pivot=false -pid-file="$T/pid"
is "long options with one dash" "$rc:$out" 0:ran
rm -f "$T/pid"

# Docker's wrapper for runtimeArgs: a shell that stays around the runtime.
printf '#!/bin/sh\n%s --root %s --debug=false $@\n' "$JAILRUN" "$ROOT" >"$T/wrapper"
chmod 755 "$T/wrapper"
ok "create through a wrapper" "$T/wrapper" create --bundle "$T/b" --pid-file "$T/pid" "$id"
ok "start through a wrapper" "$T/wrapper" start "$id"
ok "the container outlives the wrapper" status_is "$id" running
ok "kill through a wrapper" "$T/wrapper" kill --all "$id" 9
ok "it is stopped" eventually 5 status_is "$id" stopped
ok "delete through a wrapper" "$T/wrapper" delete "$id"
# ---- exec ----

# The file of a process as engines write it: all of config.json's process, with the program to be executed in it.
process_file() {
	jq --argjson args "$1" '.process | .args = $args | .apparmorProfile = ""'" | ${2-.}" "$T/b/config.json" >"$T/process.json"
}
# words WORD...: a JSON array of them.
words() {
	jq -cn '$ARGS.positional' --args -- "$@"
}
# The subreaper that both are: it says what the runtime exited with, and what the process did, for which it has waited itself.
# reaped ARGUMENTS...: of the runtime, with --pid-file $T/pid among them.
reaped() {
	rm -f "$T/pid"
	run python3 "$TOP_SRCDIR/tests/lib/shim.py" "$T/pid" "$JAILRUN" --root "$ROOT" "$@"
}
# on_console ARGUMENTS...: the same with a console socket, which comes in the place of the word SOCKET; "typed" is typed.
on_console() {
	local receiver
	rm -f "$T/socket" "$T/type" "$T/console.err"
	mkfifo "$T/type"
	python3 "$TOP_SRCDIR/tests/lib/console.py" "$T/socket" <"$T/type" >"$T/console.out" 2>"$T/console.err" &
	receiver=$!
	exec 7>"$T/type"
	eventually 5 grep -q listening "$T/console.err"
	echo typed >&7
	reaped "${@/#SOCKET/$T/socket}"
	exec 7>&-
	# Of a call that failed early there was nothing to receive.
	[[ $out == "runtime 0"* ]] || kill $receiver 2>/dev/null
	wait $receiver 2>/dev/null
	console=$(tr -d '\r' <"$T/console.out")
}
talk=$(words /bin/sh -c 'test -t 0 && test -t 1 && test -t 2 && tty; read -r line; echo "read $line"; exit 4')

for policy in none default; do
	name="policy $policy"
	jr --policy "$policy" run -d --bundle "$T/b" "$id" </dev/null >/dev/null 2>&1
	shim=(--log "$T/log.json" --log-format json exec --process "$T/process.json")

	process_file "$(words /bin/sh -c 'echo out; echo err >&2; exit 7')"
	rm -f "$T/log.json"
	reaped "${shim[@]}" --detach --pid-file "$T/pid" "$id"
	is "$name: the shim's exec: the process is the shim's own child" "$out" "out
runtime 0
process 7"
	is "$name: the shim's exec: stderr" "$err" err
	is "$name: the shim's exec: nothing in the log" "$(cat "$T/log.json" 2>/dev/null)" ""
	reaped exec --pid-file "$T/pid" --process "$T/process.json" --detach "$id"
	is "$name: conmon's exec" "$out" "out
runtime 0
process 7"
	process_file "$(words /bin/sh -c 'kill -TERM $$; sleep 9')"
	reaped exec --pid-file "$T/pid" --process "$T/process.json" --detach "$id"
	is "$name: conmon's exec: a signal" "$out" "runtime 0
process -15"
	# What holds the other end of an engine's pipe when the process has closed it: nothing.
	process_file "$(words /bin/sh -c 'exec >/dev/null 2>&1 </dev/null; sleep 50')"
	began=$SECONDS
	got=$(jr exec -d --process "$T/process.json" --pid-file "$T/pid" "$id" 2>&1 | cat)
	is "$name: nobody else holds the streams of a detached process" "$got $((SECONDS - began < 10))" " 1"
	is "$name: its pid file: a number without a newline" "$(tr -d 0-9 <"$T/pid" | wc -c) $(wc -l <"$T/pid")" "0 0"
	ok "$name: the number is the process's" grep -qa 'sleep 50\|sleep.50' "/proc/$(cat "$T/pid")/cmdline"
	kill -KILL "$(cat "$T/pid")"

	process_file "$talk" '.terminal = true | .consoleSize = {height: 21, width: 43}'
	on_console "${shim[@]}" --console-socket SOCKET --detach --pid-file "$T/pid" "$id"
	is "$name: the shim's exec with a terminal" "$out" "runtime 0
process 4"
	like "$name: what is typed and said goes through the terminal" "$console" '/dev/pts/[0-9]+.*read typed'
	on_console exec --pid-file "$T/pid" --process "$T/process.json" --detach --console-socket SOCKET "$id"
	is "$name: conmon's exec with a terminal" "$out" "runtime 0
process 4"
	like "$name: its terminal" "$console" '/dev/pts/[0-9]+.*read typed'

	# In the foreground the caller's own terminal is passed on: CRI-O, and BuildKit with a pid file.
	for option in '' "--pid-file $T/pid"; do
		rm -f "$T/pid"
		run bash -c '(sleep 0.5; echo typed) | script -qec "$0" /dev/null' \
			"$JAILRUN --root $ROOT exec --process $T/process.json $option $id"
		is "$name: exec in the foreground on a terminal $option: the exit code" "$rc" 4
		like "$name: exec in the foreground on a terminal $option: what is said" "$(tr -d '\r' <<<"$out")" '/dev/pts/[0-9]+.*read typed'
	done
	process_file "$(words /bin/sh -c 'cat; echo err >&2; exit 6')"
	run bash -c 'echo piped | "$0" "$@"' "$JAILRUN" --root "$ROOT" exec --process "$T/process.json" --pid-file "$T/pid" "$id"
	is "$name: exec in the foreground on pipes" "$rc $out $err" "6 piped err"

	# A failure: one object in the log, the same on stderr, and no pid file, which is the only sign that conmon takes.
	process_file "$(words no-such-program)"
	rm -f "$T/log.json"
	reaped "${shim[@]}" --detach --pid-file "$T/pid" "$id"
	is "$name: exec of what is not there: the exit code, and no process" "$out" "runtime 255
process none"
	like "$name: the log: one object" "$(jq -rs 'length, .[].level, .[].msg, (.[].time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]{5})$"))' \
		"$T/log.json")" '^1.error.*exec: "no-such-program": executable file not found in \$PATH.*.true$'
	like "$name: and stderr" "$err" 'exec: "no-such-program": executable file not found in \$PATH'
	process_file "$(words no-such-program)" '.terminal = true'
	on_console exec --pid-file "$T/pid" --process "$T/process.json" --detach --console-socket SOCKET "$id"
	is "$name: the same with a console socket" "$out" "runtime 255
process none"
	ok "$name: delete" jr delete --force "$id"
done
ok "delete --force of what does not exist is success" jr delete --force "$id"
done_testing
