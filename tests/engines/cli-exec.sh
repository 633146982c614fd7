# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# What docker and podman have in common, second part: what is done to a container that runs. Commands and variables as in
# cli-suite.sh.

# cli_exec_suite WHAT: everything that exec, and what is built upon it, have to show.
cli_exec_suite() {
	local what=$1 name=x$RANDOM

	er -d --init --name "$name" -e FIRST=f -v "$W/shared:/mnt" bb /bin/sh -c 'echo x >>/count; echo logged; sleep 300' >/dev/null
	until_true 10 e exec "$name" /bin/test -e /count
	cli_exec_process "$what" "$name"
	cli_exec_terminal "$what" "$name"
	cli_exec_errors "$what" "$name"
	cli_exec_walls "$what"
	cli_exec_many "$what" "$name"
	cli_watch "$what" "$name"
	cli_update "$what"
	cli_copy "$what" "$name"
	cli_exec_ends "$what" "$name"
	e rm -f "$name" >/dev/null 2>&1
}

cli_exec_process() {
	local what=$1 c=$2

	expect "$what: exec: output and exit code 0" 0 hi e exec "$c" /bin/echo hi
	expect "$what: exec: exit code 37" 37 "" e exec "$c" /bin/sh -c 'exit 37'
	expect "$what: exec: ended by a signal: 137" 137 "" e exec "$c" /bin/sh -c 'kill -9 $$'
	expect "$what: exec: stderr apart from stdout" 0 out e exec "$c" /bin/sh -c 'echo out; echo err >&2'
	expect "$what: exec: a program on PATH" 0 hi e exec "$c" echo hi
	input='through the pipe'
	expect "$what: exec -i: stdin" 0 'through the pipe' e exec -i "$c" /bin/cat
	expect "$what: exec without -i: no stdin" 0 0 bash -c 'e exec "$0" /bin/cat | wc -c' "$c"
	input=
	expect "$what: exec: a megabyte through a pipe, both ways" 0 "$(head -c 1048576 /dev/zero | md5sum)" \
		bash -c 'head -c 1048576 /dev/zero | e exec -i "$0" /bin/cat | md5sum' "$c"
	expect "$what: exec: environment of the container's, user, working directory" 0 "v f 1000:1000 /tmp" e exec -e A=v \
		-u 1000:1000 -w /tmp "$c" /bin/sh -c 'echo $A $FIRST $(id -u):$(id -g) $PWD'
	expect "$what: exec: a user by name" 0 "1000 1000" e exec -u user "$c" /bin/sh -c 'echo $(id -u) $(id -G)'
	expect "$what: exec -d returns" 0 "*" e exec -d "$c" /bin/sh -c 'echo detached >/mnt/detached; sleep 200'
	expect "$what: exec -d: the program runs" 0 "" until_true 5 grep -q detached "$W/shared/detached"
	expect "$what: exec: sees the other's processes" 0 "*sleep 200*" e exec "$c" /bin/ps -o args
	rm -f "$W/shared/detached"
}

cli_exec_terminal() {
	local what=$1 c=$2

	expect "$what: exec -t: a terminal" 0 "*/dev/pts/[0-9]*" pty e exec -t "$c" /bin/tty
	expect "$what: exec -t: of the container's devpts" 0 "*[0-9]*" pty e exec -t "$c" /bin/sh -c 'test -c "$(tty)" && ls /dev/pts'
	expect "$what: exec -t: the exit code" 5 "*" pty e exec -t "$c" /bin/sh -c 'exit 5'
	expect "$what: exec -t -u: the terminal is the user's" 0 "*1000*" pty e exec -t -u 1000 "$c" \
		/bin/sh -c 'stat -c %u "$(tty)"; echo x >"$(tty)"'
	expect "$what: exec -t: 100000 lines" 0 "100000" bash -c 'pty e exec -t "$0" /bin/seq 100000 | wc -l' "$c"
	session "$what: exec -it" e exec -it -e TERM=dumb -e 'PS1=READY> ' "$c" /bin/sh -i
}

# docker of this age has 126 for all that goes wrong in exec, and its words on stdout.
cli_exec_errors() {
	local what=$1 c=$2

	expect_error "$what: exec of a missing program: $exec_missing" "$exec_missing" 'no such file|not found' \
		to_stderr e exec "$c" /bin/no-such-program
	expect_error "$what: exec of a missing program on PATH: $exec_missing" "$exec_missing" 'executable file not found in \$PATH' \
		to_stderr e exec "$c" no-such-program
	expect_error "$what: exec of a file that is no program: 126" 126 '[Pp]ermission denied' to_stderr e exec "$c" /etc/no-program
	expect_error "$what: exec of a directory" any 'is a directory|[Pp]ermission denied' to_stderr e exec "$c" /etc
	expect_error "$what: exec -t of a missing program: $exec_missing" "$exec_missing" 'executable file not found in \$PATH' \
		to_stderr pty e exec -t "$c" no-such-program
	expect_error "$what: exec -d of a missing program" any 'executable file not found in \$PATH' to_stderr e exec -d "$c" no-such-program
	expect_error "$what: exec -w of a file" any 'not a directory|Not a directory|working dir|chdir' \
		to_stderr e exec -w /etc/passwd "$c" /bin/true
	expect_error "$what: exec -u of nobody known" any 'no.*user|unable to find user' to_stderr e exec -u nobody-known "$c" /bin/true
	expect "$what: the container is none the worse" 0 hi e exec "$c" /bin/echo hi
}

# The walls of an exec'd process are those of the container's own: the same question, asked of both.
cli_exec_walls() {
	local what=$1 c=w$RANDOM status='grep -E "^(Cap(Inh|Prm|Eff|Bnd|Amb)|NoNewPrivs|Seccomp):" /proc/self/status'

	er -d --name "$c" --cap-drop ALL --cap-add CHOWN --security-opt no-new-privileges --ulimit nofile=333:333 \
		--ulimit nproc=32768:32768 --read-only -u 1000:1000 -v "$W/shared:/mnt" bb \
		/bin/sh -c "$status >/mnt/status; ulimit -n >>/mnt/status; sleep 300" >/dev/null
	until_true 5 grep -qx 333 "$W/shared/status"
	expect "$what: exec: capabilities, no_new_privs, seccomp and limits of the container" 0 "$(cat "$W/shared/status")" \
		e exec "$c" /bin/sh -c "$status; ulimit -n"
	expect "$what: exec: the engine's seccomp profile" 0 refused e exec "$c" /bin/sh -c "$profile_probe"
	expect "$what: exec: the read-only root" 0 refused e exec "$c" /bin/sh -c 'echo x 2>/dev/null >/file || echo refused'
	expect "$what: exec: the container's cgroup" 0 "same" bash -c \
		'[ "$(e exec "$0" /bin/cat /proc/1/cgroup)" = "$(e exec "$0" /bin/cat /proc/self/cgroup)" ] && echo same' "$c"
	e rm -f "$c" >/dev/null
	rm -f "$W/shared/status"
}

cli_exec_many() {
	local what=$1 c=$2

	expect "$what: ten execs at once" 0 "0123456789" bash -c \
		'for i in 0 1 2 3 4 5 6 7 8 9; do e exec "$0" /bin/echo $i & done | sort | tr -d "\n"; wait' "$c"
	expect "$what: ten at once, each with its exit code" 0 "*145*" bash -c 'for i in 10 11 12 13 14 15 16 17 18 19; do
		e exec "$0" /bin/sh -c "sleep 0.2; exit $i" & done; sum=0; for j in $(jobs -p); do wait $j; sum=$((sum + $?)); done; echo $sum' "$c"
}

# top, stats, logs, pause.
cli_watch() {
	local what=$1 c=$2

	expect "$what: top shows the executed one too" 0 "*sleep 200*sleep 300*" bash -c 'e top "$0" | grep -o "sleep [23]00" | sort' "$c"
	if [ -n "$stats_of_v1" ] && [ -n "$is_jailrun" ]; then
		expect_error "$what: stats looks into cgroup v1, and says so" any 'unable to load cgroup' e stats --no-stream "$c"
	else
		expect "$what: stats --no-stream" 0 "*$c*[0-9]%*" e stats --no-stream "$c"
	fi
	expect "$what: logs have nothing of exec" 0 logged e logs "$c"
	e pause "$c" >/dev/null
	expect_error "$what: exec in a paused one is refused" any 'paused|not running|state improper' e exec "$c" /bin/true
	expect "$what: unpause" 0 "*" e unpause "$c"
	expect "$what: exec after unpause" 0 hi e exec "$c" /bin/echo hi
}

# Limits of a living container: what this machine's cgroup v2 has not is refused, and the engine says so.
cli_update() {
	local what=$1 c=u$RANDOM

	[ -n "$update_options" ] || return 0
	# One of its own: podman 5 remembers what the runtime has refused, and would not start it again.
	er -d --name "$c" bb /bin/sleep 300 >/dev/null
	# shellcheck disable=SC2086 # words
	expect_honoured_or_refused "$what: update of a limit is honoured or refused" memory 71303168 e update $update_options "$c"
	expect "$what: it goes on after update" 0 hi e exec "$c" /bin/echo hi
	e rm -f "$c" >/dev/null 2>&1
}

cli_copy() {
	local what=$1 c=$2

	head -c 100000 /dev/urandom >"$W/random"
	expect "$what: cp to a running one" 0 "*" e cp "$W/random" "$c:/tmp/random"
	expect "$what: exec sees it" 0 "$(md5sum <"$W/random" | cut -d' ' -f1)*" e exec "$c" /bin/md5sum /tmp/random
	e exec "$c" /bin/sh -c 'echo by exec >/tmp/written'
	expect "$what: cp of what exec has written" 0 "by exec" bash -c \
		'e cp "$0:/tmp/written" "$1/written" >/dev/null 2>&1 && cat "$1/written"' "$c" "$W"
}

# The ends: of the exec with the container, of the container with an exec, and after a new beginning.
cli_exec_ends() {
	local what=$1 c=$2

	expect "$what: restart ends an exec: 137" 0 "$exec_restarted" bash -c \
		'e exec "$0" /bin/sh -c "trap : TERM; while :; do sleep 0.1; done" &
		until_true 20 sh -c "e top \"\$0\" | grep -q trap" "$0"
		e restart -t 1 "$0" >/dev/null 2>&1; wait $!; echo $?' "$c"
	expect "$what: exec after restart" 0 "2" e exec "$c" /bin/sh -c 'wc -l </count'
	e kill "$c" >/dev/null
	e wait "$c" >/dev/null
	expect_error "$what: exec in a stopped one is refused" any 'not running|state improper' e exec "$c" /bin/true
	expect "$what: start, and exec at once" 0 "hi" bash -c 'e start "$0" >/dev/null && e exec "$0" /bin/echo hi' "$c"
	expect "$what: kill ends an exec: 137" 0 137 bash -c \
		'e exec "$0" /bin/sleep 100 & until_true 20 sh -c "e top \"\$0\" | grep -q \"sleep 100\"" "$0"; e kill "$0" >/dev/null; wait $!; echo $?' "$c"
	expect "$what: rm -f with an exec in it" 0 "*" bash -c \
		'e start "$0" >/dev/null; e exec -d "$0" /bin/sleep 100 >/dev/null; e rm -f "$0"' "$c"
}
