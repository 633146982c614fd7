#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The exit status of a foreground run is that of the workload: 0 to 255, and 128 plus the signal; what it reads and writes is
# passed on byte by byte. With the jail and without.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime

make_bundle "$T/b" "$(sh_filter 'read -r code </code; exit "$code"')"
for policy in none default; do
	wrong=()
	for ((code = 0; code < 256; code++)); do
		echo "$code" >"$T/b/rootfs/code"
		timeout 20 "$JAILRUN" --root "$ROOT" --policy $policy run --bundle "$T/b" "jt-$$-$code" </dev/null >"$T/out" 2>&1
		got=$?
		[ $got = $code ] || wrong+=("$code:$got")
	done
	is "policy $policy: exit codes 0 to 255" "${wrong[*]}" ""
done

# PID 1 of a namespace is immune to its own signals: under policy none they come from the kernel or from outside.
make_bundle "$T/b" "$(sh_filter 'ulimit -c 0; read -r sig </sig; kill -"$sig" $$; sleep 1; exit 77')"
wrong=()
for sig in 1 2 4 5 6 7 8 9 10 11 12 13 14 15 16 24 25 26 27 29 30 31; do
	echo "$sig" >"$T/b/rootfs/sig"
	timeout 20 "$JAILRUN" --root "$ROOT" --policy default run --bundle "$T/b" "jt-$$-s$sig" </dev/null >"$T/out" 2>&1
	got=$?
	[ $got = $((128 + sig)) ] || wrong+=("$sig:$got")
done
is "policy default: death by each deadly signal of 1 to 31 gives 128 + n" "${wrong[*]}" ""
# Busybox's shell ignores SIGQUIT, so that one comes from outside, as the others do here.
make_bundle "$T/b" "$(args_filter /bin/sleep 20)"
wrong=()
for sig in 1 2 3 10 12 15 36 64; do
	"$JAILRUN" --root "$ROOT" --policy default run --bundle "$T/b" "jt-$$-o$sig" </dev/null >"$T/out" 2>&1 &
	eventually 10 status_is "jt-$$-o$sig" running
	until jr kill "jt-$$-o$sig" "$sig" 2>/dev/null; do sleep 0.01; done
	wait $!
	got=$?
	[ $got = $((128 + sig)) ] || wrong+=("$sig:$got")
done
is "policy default: death by a signal from outside" "${wrong[*]}" ""
wrong=()
for sig in 17 18 23 28; do
	make_bundle "$T/b" "$(sh_filter "kill -$sig \$\$; exit 5")"
	timeout 20 "$JAILRUN" --root "$ROOT" --policy default run --bundle "$T/b" "jt-$$-s$sig" </dev/null >"$T/out" 2>&1
	got=$?
	[ $got = 5 ] || wrong+=("$sig:$got")
done
is "policy default: signals that are ignored by default leave it alive" "${wrong[*]}" ""
wrong=()
for sig in 19 20 21 22; do
	make_bundle "$T/b" "$(sh_filter "(sleep 0.1; kill -CONT 2>/dev/null \$PPID; kill -CONT -1) & sh -c 'kill -$sig \$\$; exit 6'")"
	timeout 20 "$JAILRUN" --root "$ROOT" --policy default run --bundle "$T/b" "jt-$$-s$sig" </dev/null >"$T/out" 2>&1
	got=$?
	[ $got = 6 ] || wrong+=("$sig:$got")
done
is "policy default: stop and continue" "${wrong[*]}" ""

for policy in none default; do
	make_bundle "$T/b" "$(sh_filter 'echo ready; while :; do sleep 0.05; done')"
	"$JAILRUN" --root "$ROOT" --policy $policy run --bundle "$T/b" "jt-$$-k" </dev/null >"$T/out" 2>&1 &
	eventually 10 grep -q ready "$T/out"
	jr kill "jt-$$-k" KILL
	wait $!
	is "policy $policy: kill KILL from outside gives 137" $? 137

	make_bundle "$T/b" "$(sh_filter 'trap "exit 42" TERM; echo ready; while :; do sleep 0.05; done')"
	: >"$T/out"
	"$JAILRUN" --root "$ROOT" --policy $policy run --bundle "$T/b" "jt-$$-k" </dev/null >"$T/out" 2>&1 &
	runtime=$!
	eventually 10 grep -q ready "$T/out"
	kill -TERM $runtime
	wait $runtime
	is "policy $policy: a signal to the foreground runtime reaches the workload" $? 42

	# Bytes in, bytes out: all values, more than a pipe holds.
	make_bundle "$T/b" "$(sh_filter 'cat; echo to-stderr >&2')"
	head -c 3000000 /dev/urandom >"$T/in"
	jr --policy $policy run --bundle "$T/b" "jt-$$-io" <"$T/in" >"$T/out" 2>"$T/err"
	ok "policy $policy: stdin reaches stdout unchanged" cmp "$T/in" "$T/out"
	is "policy $policy: stderr is apart" "$(cat "$T/err")" to-stderr
	make_bundle "$T/b" "$(args_filter /bin/cat)"
	head -c 100 "$T/in" | jr --policy $policy run --bundle "$T/b" "jt-$$-io" | cmp - <(head -c 100 "$T/in")
	is "policy $policy: from pipe to pipe" "${PIPESTATUS[*]}" "0 0 0"
	make_bundle "$T/b" "$(args_filter /bin/yes)"
	timeout 20 "$JAILRUN" --root "$ROOT" --policy $policy run --bundle "$T/b" "jt-$$-yes" </dev/null 2>/dev/null | head -n 1 >/dev/null
	isnt "policy $policy: a closed stdout ends the workload" "${PIPESTATUS[0]}" 124
	ok "policy $policy: run leaves no state" test -z "$(ls "$ROOT")"
done

# Orphans are reaped, and end with the workload.
POLICY=default in_sh 'for i in 1 2 3 4 5 6 7 8; do (sleep 0.01 & ); done; sleep 0.5; ps -o stat | grep -c Z'
is "no zombie stays" "$out" 0
begin=$SECONDS
POLICY=default in_sh '(sleep 300 &) ; exit 4'
is "the end of the workload is the end, whatever it left behind" "$rc" 4
ok "at once" test $((SECONDS - begin)) -lt 10
done_testing
