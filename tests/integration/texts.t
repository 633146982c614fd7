#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The texts that callers match, literally: each with the command that makes it, its exit status, and how it comes: one line on
# stderr, one JSON object or one line in --log, nothing on stdout, no pid file.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
id=jt-$$-text
rfc3339='^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$'

# says STATUS TEXT ARGUMENTS...: the call fails with this status and this text, whatever the form of the log, each time.
says() {
	local status=$1 text=$2 log
	shift 2
	for form in json text; do
		rm -f "$T/log"
		jrun --log "$T/log" --log-format $form "$@"
		is "$*: exit status" "$rc" "$status"
		is "$*: nothing on stdout" "$out" ""
		is "$*: one line on stderr" "$(wc -l <"$T/err")" 1
		ok "$*: stderr says it" grep -qF -e "$text" "$T/err" || diag "got: $err" "not: $text"
		if [ $form = json ]; then
			is "$*: one object, with level, msg and time" "$(jq -s 'length' "$T/log"):$(jq -rc 'keys' "$T/log")" '1:["level","msg","time"]'
			log=$(jq -r 'select(.level == "error") | .msg' "$T/log")
			ok "$*: the object says it" grep -qF -e "$text" <<<"$log" || diag "got: $log"
			like "$*: the time is RFC 3339" "$(jq -r .time "$T/log")" "$rfc3339"
		else
			is "$*: one line in the log" "$(wc -l <"$T/log")" 1
			like "$*: it has time, level and msg" "$(cat "$T/log")" '^time="20[0-9T:.Z-]+" level=error msg=".*"$'
			ok "$*: the line says it" grep -qF -e "${text//\"/\\\"}" "$T/log"
		fi
	done
	not_ok "$*: no pid file" test -e "$T/pid"
}

# No container.
make_bundle "$T/b" "$(sh_filter 'while :; do sleep 0.05; done')"
for command in state start kill delete pause resume ps events; do
	says 1 'container does not exist' $command "$id"
done
says 1 'container does not exist' update --pids-limit 5 "$id"
says 255 'container does not exist' exec --pid-file "$T/pid" "$id" true
for command in create 'run -d'; do
	# shellcheck disable=SC2086 # words
	{
		says 1 'invalid container ID format' $command --bundle "$T/b" --pid-file "$T/pid" a/b
		says 1 'container id cannot be empty' $command --bundle "$T/b" --pid-file "$T/pid" ''
	}
done
says 1 'JSON specification file config.json not found' create --bundle "$T" --pid-file "$T/pid" "$id"

# What the engines make exit statuses of: 127, 127, 126, 126.
programs='x|exec: "x": executable file not found in $PATH
/bin/x|no such file or directory
/etc/passwd/x|not a directory
/bin|is a directory: permission denied
/etc/passwd|permission denied'
while IFS='|' read -r program text; do
	make_bundle "$T/x" "$(args_filter "$program")"
	chmod 644 "$T/x/rootfs/etc/passwd"
	says 1 "$text" create --bundle "$T/x" --pid-file "$T/pid" "$id"
done <<<"$programs"
make_bundle "$T/x" '.process.terminal = true'
says 1 'cannot allocate tty if jailrun will detach without setting console socket' create --bundle "$T/x" --pid-file "$T/pid" "$id"
says 1 'cannot allocate tty if jailrun will detach without setting console socket' run -d --bundle "$T/x" --pid-file "$T/pid" "$id"
make_bundle "$T/x"
says 1 'cannot use console socket' create --bundle "$T/x" --console-socket "$T/s" --pid-file "$T/pid" "$id"

# A container in each of its states.
ok "create" jr create --bundle "$T/b" "$id"
says 1 'container with given ID already exists' create --bundle "$T/b" --pid-file "$T/pid" "$id"
says 1 'container with given ID already exists' run -d --bundle "$T/b" --pid-file "$T/pid" "$id"
ok "start" jr start "$id"
says 1 'cannot start an already running container' start "$id"
says 1 "cannot delete container $id that is not stopped: running" delete "$id"
while IFS='|' read -r program text; do
	says 255 "$text" exec --pid-file "$T/pid" "$id" "$program"
done <<<"$programs"
says 255 'cannot allocate tty if jailrun will detach without setting console socket' exec -t -d --pid-file "$T/pid" "$id" true
says 1 'unknown signal "NONSENSE"' kill "$id" NONSENSE
says 1 'container not paused' resume "$id"
if jr pause "$id" 2>"$T/pause.err"; then
	says 1 'container not running or created: paused' pause "$id"
	says 1 'cannot start a container in the paused state' start "$id"
	says 255 'cannot exec in a paused container (use --ignore-paused to override)' exec --pid-file "$T/pid" "$id" true
	says 1 "cannot delete container $id that is not stopped: paused" delete "$id"
	ok "resume" jr resume "$id"
else
	skip "the texts of a paused container" "no freezer here: $(cat "$T/pause.err")"
fi
ok "kill" jr kill "$id" KILL
ok "stopped" eventually 5 status_is "$id" stopped
says 1 'cannot start a container that has stopped' start "$id"
says 1 'container not running: no such process' kill "$id" 9
says 255 'cannot exec in a stopped container' exec --pid-file "$T/pid" "$id" true
says 1 'container not running' pause "$id"
says 1 'container not running' update --pids-limit 5 "$id"
says 1 'container not paused' resume "$id"
says 1 "container with id $id is not running" events --stats "$id"
says 1 'container with given ID already exists' create --bundle "$T/b" --pid-file "$T/pid" "$id"
ok "delete" jr delete "$id"

# The command line: Go's words.
says 1 'flag provided but not defined: -nonsense' --nonsense list
says 1 'flag provided but not defined: -nonsense' create --nonsense "$id"
says 1 'flag needs an argument: -bundle' create --bundle
says 1 'invalid value "x" for flag -preserve-fds: parse error' create --preserve-fds=x "$id"
says 1 'invalid boolean value "x" for -detach: parse error' run --detach=x "$id"
says 1 '"create" requires exactly 1 argument(s)' create
says 1 '"list" requires exactly 0 argument(s)' list "$id"
says 1 '"kill" requires a minimum of 1 argument(s)' kill
says 1 '"exec" requires a minimum of 1 argument(s)' exec
says 1 'flag provided but not defined: -nonsense' exec --nonsense "$id" true
says 1 '"ps" requires a minimum of 1 argument(s)' ps
says 1 'invalid value "x" for flag -interval: parse error' events --interval x "$id"
says 3 "No help topic for 'nonsense'" nonsense
says 3 "No help topic for 'nonsense'" help nonsense
# Podman asks these two, and must not believe that containers can be checkpointed: it takes 0 for yes, and "flag needs an argument".
says 3 "No help topic for 'checkpoint'" checkpoint --help
says 3 "No help topic for 'restore'" restore --lsm-mount-context
done_testing
