#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Terminals: the console socket of managers, and the foreground terminal of people: shells of busybox and of Debian, with the
# jail and without.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/pty.sh"
need_root
need_command expect python3
need_runtime

cat >"$T/trace.json" <<'POLICY'
{"exec": {"allow": ["/bin/", "/usr/bin/", "/sbin/"]}, "limits": {"processes": 64}}
POLICY
terminal='.process.terminal = true | .process.env += ["TERM=dumb", "PS1=READY> "]'

for policy in none default "$T/trace.json"; do
	name=${policy##*/}
	make_bundle "$T/b" "$(args_filter /bin/sh -i) | $terminal"
	pty_session "busybox, policy $name" 'READY> ' "$JAILRUN" --root "$ROOT" --policy "$policy" run --bundle "$T/b" "jt-$$-pty"
done
if rootfs=$(make_debian_rootfs minbase); then
	for policy in none default "$T/trace.json"; do
		name=${policy##*/}
		ROOTFS=$rootfs make_bundle "$T/d" "$(args_filter /bin/bash --norc --noprofile -i) | $terminal"
		pty_session "Debian's bash, policy $name" 'READY> ' "$JAILRUN" --root "$ROOT" --policy "$policy" run --bundle "$T/d" "jt-$$-pty"
	done
else skip "Debian's bash" "debootstrap does not work here"; fi

for policy in none default; do
	id=jt-$$-console
	# shellcheck disable=SC2094 # the socket is no file
	make_bundle "$T/b" "$(sh_filter 'tty; stty size; ls -l /dev/console | cut -c1; read -r line; echo "read $line"; test -t 2 && echo tty2') | $terminal | .process.consoleSize = {height: 21, width: 43}"
	rm -f "$T/socket" "$T/console.err"
	mkfifo "$T/type" 2>/dev/null
	python3 "$TOP_SRCDIR/tests/lib/console.py" "$T/socket" <"$T/type" >"$T/console.out" 2>"$T/console.err" &
	receiver=$!
	exec 7>"$T/type"
	eventually 5 grep -q listening "$T/console.err"
	ok "policy $policy: create with a console socket" jr --policy "$policy" create --bundle "$T/b" --console-socket "$T/socket" "$id" </dev/null
	eventually 5 grep -q 'name: ' "$T/console.err"
	like "policy $policy: one fd came" "$(cat "$T/console.err")" 'name: '
	ok "policy $policy: start" jr start "$id"
	echo typed >&7
	eventually 10 grep -q tty2 "$T/console.out"
	exec 7>&-
	eventually 10 status_is "$id" stopped
	jr delete -f "$id"
	wait $receiver
	text=$(tr -d '\r' <"$T/console.out")
	like "policy $policy: a terminal, with the size of consoleSize" "$text" '/dev/(pts/[0-9]+|console).*21 43'
	like "policy $policy: what is typed arrives" "$text" 'read typed'
	like "policy $policy: stderr is the terminal" "$text" 'tty2'
done

# The caller's terminal has no size (expect, script, CI), and has one.
for policy in none default; do
	make_bundle "$T/b" "$(sh_filter 'stty size') | $terminal | .process.consoleSize = {height: 33, width: 99}"
	run script -qec "'$JAILRUN' --root '$ROOT' --policy $policy run --bundle '$T/b' jt-$$-size" /dev/null </dev/null
	like "policy $policy: consoleSize holds where the caller's terminal has no size" "$rc $out" '^0 .*33 99'
	run script -qec "stty rows 11 cols 22; '$JAILRUN' --root '$ROOT' --policy $policy run --bundle '$T/b' jt-$$-size" /dev/null </dev/null
	like "policy $policy: where it has one that one is taken (control)" "$rc $out" '^0 .*11 22'
	# (script types ^@ at the end of its input.) Line ends are made once, by the caller's terminal, and not where there is none.
	make_bundle "$T/b" "$(sh_filter 'echo one; echo two') | $terminal"
	script -qec "'$JAILRUN' --root '$ROOT' --policy $policy run --bundle '$T/b' jt-$$-ends >'$T/ends'" /dev/null </dev/null >/dev/null
	is "policy $policy: a file gets the line ends that were written" "$(od -An -c "$T/ends" | tr -d ' \n^@')" 'one\ntwo\n'
	script -qec "'$JAILRUN' --root '$ROOT' --policy $policy run --bundle '$T/b' jt-$$-ends" /dev/null </dev/null >"$T/ends"
	like "policy $policy: a terminal gets its own" "$(od -An -c "$T/ends" | tr -d ' \n^@')" 'one\\r\\ntwo\\r\\n$'
done

# Of a policy's denials each ends as all lines do, also while the terminal is raw.
echo '{"exec": {"allow": ["/bin/"], "deny": ["/bin/denied"]}}' >"$T/policy.json"
rm -f "$T/b/rootfs/bin/denied"
cp "$T/b/rootfs/bin/busybox" "$T/b/rootfs/bin/denied"
make_bundle "$T/b" "$(sh_filter '/bin/denied true 2>/dev/null; sleep 0.3; echo end') | $terminal"
run script -qec "'$JAILRUN' --root '$ROOT' --policy '$T/policy.json' --audit - run --bundle '$T/b' jt-$$-raw" /dev/null </dev/null
like "a denial comes to the terminal (control)" "$out" 'bin/denied'
is "and it ends in CR LF, as all there does" "$(grep -c '[^'$'\r'']$' "$T/out")" 0
make_bundle "$T/b" "$(sh_filter '/bin/denied true 2>/dev/null; sleep 0.3; echo end')"
jrun --policy "$T/policy.json" --audit - run --bundle "$T/b" "jt-$$-raw"
like "without a terminal it comes (control)" "$err" 'bin/denied'
is "and has no CR" "$(tr -cd '\r' <"$T/err" | wc -c)" 0

# No terminal at all: none of the three, and none of the session.
make_bundle "$T/b" "$(args_filter /bin/true) | .process.terminal = true"
RUN_TIMEOUT=20 run setsid "$JAILRUN" --root "$ROOT" run --bundle "$T/b" "jt-$$-none"
is "run with a terminal where there is none is refused" "$rc" 1
like "in runc's words" "$err" 'process.terminal .*open /dev/tty: '
is "nothing is left of it" "$(jr list -q)" ""
run script -qec "'$JAILRUN' --root '$ROOT' run --bundle '$T/b' jt-$$-none </dev/null" /dev/null </dev/null
is "stdin at /dev/null, and a terminal beside it: it runs (control)" "$rc" 0

jrun create --bundle "$T/b" "jt-$$-x"
is "create with a terminal and no console socket is refused" "$rc" 1
like "in runc's words" "$err" 'cannot allocate tty if .* will detach without setting console socket'
jrun run --detach --bundle "$T/b" "jt-$$-x"
like "and run --detach so too" "$err" 'cannot allocate tty if .* will detach without setting console socket'
make_bundle "$T/b" "$(args_filter /bin/true)"
jrun create --bundle "$T/b" --console-socket "$T/socket" "jt-$$-x"
is "a console socket without a terminal is refused" "$rc" 1
make_bundle "$T/b" "$(args_filter /bin/true) | .process.terminal = true"
jrun create --bundle "$T/b" --console-socket "$T/no-socket" "jt-$$-x"
is "a console socket that is not there is refused" "$rc" 1
like "and named" "$err" 'no-socket'
is "nothing is left of all those" "$(jr list -q)" ""

# By hand the form of engines has no jail: said once, to a terminal alone.
make_bundle "$T/b" "$(args_filter /bin/true)"
for said in "" "--policy none" "--policy default"; do
	run script -qec "'$JAILRUN' --root '$ROOT' $said run --bundle '$T/b' jt-$$-bare" /dev/null </dev/null
	is "run --bundle on a terminal, ${said:-no policy}" "$rc $(grep -c 'runs without a jail' "$T/out")" "0 $([ -n "$said" ] && echo 0 || echo 1)"
done
jrun run --bundle "$T/b" "jt-$$-bare"
is "without a terminal nothing is said" "$rc:$err" 0:
done_testing
