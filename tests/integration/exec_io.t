#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# exec: its streams byte for byte, its terminals, the signals that it hands on, and many at once: none is lost, each has its exit code.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/leftovers.sh"
. "$TOP_SRCDIR/tests/lib/pty.sh"
need_root
need_command python3 expect script
need_runtime
id=jt-$$-io
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
printf '{"exec": {"allow": ["/bin/"]}, "limits": {"processes": 200}}' >"$T/trace.json"
printf '{"init": "workload", "exec": {"allow": ["/bin/"]}}' >"$T/outer.json"
head -c 10000000 /dev/urandom >"$T/rootfs/tmp/random"
random=$T/rootfs/tmp/random
into() {
	jrun exec "$@"
}
# under COMMAND...: in a terminal of its own, of 31 rows and 47 columns; stdout is the terminal's output, raw.
cat >"$T/under.py" <<'PYTHON'
import fcntl, os, pty, struct, sys, termios
pid, master = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 31, 47, 0, 0))
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    try:
        chunk = os.read(master, 65536)
    except OSError:
        break
    if not chunk:
        break
    sys.stdout.buffer.write(chunk)
sys.stdout.buffer.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) % 256)
PYTHON
under() {
	timeout 60 python3 "$T/under.py" "$@"
}
# background SCRIPT: a foreground exec of it, here in the background; it has said that it is ready. Its pid is $!.
background() {
	rm -f "$T/rootfs/tmp/ready" "$T/pid"
	"$JAILRUN" --root "$ROOT" exec --pid-file "$T/pid" "$id" sh -c "$1" >"$T/out" 2>"$T/err" </dev/null &
	eventually 5 test -e "$T/rootfs/tmp/ready" -a -s "$T/pid"
}
# many NAME COUNT OPTIONS...: that many at once; each prints its number and exits with it.
many() {
	local name=$1 n=$2 i pids=() wrong=()
	shift 2
	mkdir -p "$T/many"
	for ((i = 1; i <= n; i++)); do
		timeout 60 "$JAILRUN" --root "$ROOT" exec "$@" "$id" sh -c "echo number $i; exit $i" >"$T/many/out.$i" 2>"$T/many/err.$i" </dev/null &
		pids[i]=$!
	done
	for ((i = 1; i <= n; i++)); do
		wait "${pids[i]}"
		[ $? = "$i" ] && [ "$(tr -d '\r' <"$T/many/out.$i")" = "number $i" ] || wrong+=("$i: $(cat "$T/many/out.$i" "$T/many/err.$i")")
	done
	is "$name: each has printed its number and exited with it" "${wrong[*]}" ""
}

for POLICY in none default "$T/trace.json" "$T/outer.json"; do
	name=${POLICY##*/} name=${name%.json}
	make_bundle "$T/b" "$(args_filter /bin/sleep 1000) | .process.env += [\"TERM=dumb\", \"PS1=READY> \"]"
	jr --policy "$POLICY" run -d --bundle "$T/b" "$id" >"$T/run.log" 2>&1 </dev/null || fail "$name: start: $(cat "$T/run.log")"
	pid=$(jr state "$id" | jq .pid)
	fds() { for fd in "/proc/$pid/fd"/*; do readlink "$fd"; done | sed 's/[0-9]\{4,\}/N/' | sort; }
	# Who has looked at the first program stays for a moment.
	# shellcheck disable=SC2317 # eventually calls it
	alone() { ! pgrep -P "$pid" -x jailrun-init; }
	ok "$name: nobody is left of those who looked at its program" eventually 5 alone
	fds >"$T/fds.before" && find "$ROOT/$id" | sort >"$T/state.before"

	# ---- streams ----
	ok "$name: 10 MB through pipes, in and out" cmp <(jr exec "$id" cat <"$random" 2>&1 | cat) "$random"
	# shellcheck disable=SC2002 # a pipe is what is wanted
	ok "$name: the same from a pipe" cmp <(cat "$random" | jr exec "$id" cat 2>&1) "$random"
	jr exec "$id" sh -c 'cat >&2' <"$random" 2>"$T/copy"
	ok "$name: and to stderr" cmp "$T/copy" "$random"
	is "$name: the end of stdin is the program's" "$(printf 'a\nb' | jr exec "$id" wc -c)" 3
	is "$name: no stdin" "$(jr exec "$id" sh -c 'read -r line; echo "$?:$line"' <&-)" 1:
	is "$name: no stdout" "$(jr exec "$id" sh -c 'echo x; echo y >&2' 2>&1 >&-)" y
	jr exec "$id" sh -c 'while echo x; do :; done' 2>/dev/null | head -n 1 >"$T/out"
	is "$name: a reader that goes away ends it by SIGPIPE" "${PIPESTATUS[0]}:$(cat "$T/out")" 141:x
	for n in 1 2; do
		under "$JAILRUN" --root "$ROOT" exec -t "$id" sh -c 'stty raw; cat /tmp/random; exit 9' >"$T/copy"
		is "$name: 10 MB out of a terminal, round $n: exit status" $? 9
		ok "$name: each byte" cmp "$T/copy" "$random"
	done
	jr exec -t "$id" sh -c 'stty raw; cat /tmp/random; exit 8' >"$T/copy" </dev/null
	is "$name: 10 MB of a terminal into a pipe: exit status" $? 8
	ok "$name: each byte" cmp "$T/copy" "$random"
	(sleep 0.2; cat "$random") | jr exec -t "$id" sh -c 'stty raw -echo; touch /tmp/ready; head -c 10000000 | md5sum -' >"$T/copy" 2>&1
	is "$name: 10 MB into a terminal" "$(head -c 200 "$T/copy" | tr -d '\r')" "$(md5sum - <"$random")"

	# ---- terminals ----
	under "$JAILRUN" --root "$ROOT" exec -t "$id" sh -c 'tty; stty size; test -t 0 && test -t 1 && test -t 2 && echo all; echo line >/dev/tty; exit 7' >"$T/out"
	is "$name: -t: exit status" $? 7
	like "$name: -t: its name, the size of ours, all three, and /dev/tty" "$(tr -d '\r' <"$T/out" | tr '\n' ' ')" '^/dev/pts/[0-9]+ 31 47 all line $'
	script -qec "$JAILRUN --root $ROOT exec -t $id sh -c 'tty; exit 6'" /dev/null >"$T/out" 2>&1 </dev/null
	is "$name: in script(1)" "$?:$(tr -d '\r' <"$T/out" | grep -c '/dev/pts/[0-9]*$')" 6:1
	pty_session "$name" 'READY> ' "$JAILRUN" --root "$ROOT" exec -t "$id" /bin/sh -i
	rm -f "$T/s" "$T/console.err"
	(sleep 0.5; echo typed; sleep 0.5) | timeout 30 python3 "$TOP_SRCDIR/tests/lib/console.py" "$T/s" >"$T/console" 2>"$T/console.err" &
	eventually 5 grep -q listening "$T/console.err"
	jq '.process | .args = ["/bin/sh", "-c", "stty size; tty; read -r line; echo got $line"] | .terminal = true | .consoleSize = {height: 21, width: 43}' "$T/b/config.json" >"$T/process.json"
	into -d --console-socket "$T/s" --process "$T/process.json" "$id"
	is "$name: --console-socket, detached, by a file" "$rc:$out$err" 0:
	eventually 10 grep -q 'got typed' "$T/console"
	like "$name: its size, its name, and what is typed" "$(tr -d '\r' <"$T/console" | tr '\n' ' ')" '21 43 /dev/pts/[0-9]+ .*got typed'
	wait $!
	into -d -t --console-socket "$T/nosuch" "$id" true
	is "$name: a console socket that is not there" "$rc" 255
	like "$name: is named" "$err" 'nosuch'
	into --console-socket "$T/s" "$id" true
	like "$name: a console socket without a terminal" "$rc $err" '^255 .*console socket'

	# ---- signals ----
	for sig in TERM INT HUP USR1 USR2 WINCH QUIT; do
		background "trap 'echo heard $sig; exit 5' $sig; touch /tmp/ready; while :; do sleep 0.01; done"
		kill -$sig $!
		wait $!
		is "$name: SIG$sig is handed on" "$?:$(cat "$T/out" "$T/err")" "5:heard $sig"
	done
	background 'touch /tmp/ready; exec sleep 100'
	kill -TERM $!
	wait $!
	is "$name: and kills who does not mind it" $? 143
	background 'touch /tmp/ready; exec sleep 100'
	kill -KILL $!
	wait $! 2>/dev/null
	ok "$name: a runtime that is killed leaves its program" test -d "/proc/$(cat "$T/pid")"
	kill -KILL "$(cat "$T/pid")"

	# ---- many ----
	wrong=()
	for ((i = 1; i <= 200; i++)); do
		got=$(timeout 20 "$JAILRUN" --root "$ROOT" exec "$id" sh -c "echo number $i; exit $((i % 256))" 2>&1 </dev/null)
		[ "$?:$got" = "$((i % 256)):number $i" ] || wrong+=("$i:$got")
	done
	is "$name: 200 in a row" "${wrong[*]}" ""
	many "$name: 50 at once" 50
	many "$name: 50 at once, each with a terminal" 50 -t
	# shellcheck disable=SC2317 # eventually calls it
	as_before() {
		fds | cmp -s - "$T/fds.before" && find "$ROOT/$id" | sort | cmp -s - "$T/state.before" && ! jr ps "$id" | grep -qE ' sh$| sh -c'
	}
	ok "$name: none is left, and nothing of them" eventually 5 as_before || diag "$(fds | diff - "$T/fds.before")" "$(jr ps "$id")"
	leftovers_begin "$T/b"
	ok "$name: delete" jr delete -f "$id"
	nothing_left "$name: nothing is left of the container" "$id"
done
done_testing
