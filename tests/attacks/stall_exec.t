#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An exec whose path makes who reads or follows it wait for the workload for ever: PID 1 does not. A program is executed in the container
# meanwhile, and a signal is heard, each within a second or so of a machine that has other things to do.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
progs=$TOP_BUILDDIR/tests/attacks/progs
[ -x "$progs/stall_exec" ] || skip_all "tests/attacks/progs is not built"
make_busybox_rootfs "$T/b/rootfs"
cp "$progs/stall_exec" "$T/b/rootfs/bin/"
id=jt-$$-stall
echo '{"exec": {"allow": ["/bin/"], "memfd": true}}' >"$T/policy.json"
caps='["CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_KILL"]'
filter=".process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps} | del(.process.rlimits)
	| .linux.devices += [{path: \"/dev/fuse\", type: \"c\", major: 10, minor: 229, fileMode: 438}]
	| .linux.resources.devices += [{allow: true, type: \"c\", major: 10, minor: 229, access: \"rwm\"}]"

begin() {
	make_bundle "$T/b" "$(args_filter /bin/stall_exec "$@") | $filter"
	jr --policy "$T/policy.json" --audit "$T/audit" run -d --bundle "$T/b" "$id" >"$T/inside" 2>&1 </dev/null || fail "start of the container: $(cat "$T/inside")"
}

end() {
	jr kill "$id" TERM
	ok "$1: a signal is heard" eventually 3 grep -q heard "$T/inside" || diag "$(cat "$T/inside")"
	ok "$1: it is deleted" timeout 10 "$JAILRUN" --root "$ROOT" delete -f "$id"
}

# stall WHAT N
stall() {
	begin "$@"
	eventually 10 grep -Eq 'ready|stall:' "$T/inside"
	if grep -q stall: "$T/inside"; then
		skip "$2 of $1" "$(cat "$T/inside")"
		jr delete -f "$id"
		return
	fi
	ok "$2 of $1 (control): who looks waits" grep -q blocked "$T/inside"
	for i in 1 2 3; do
		RUN_TIMEOUT=10 jrun exec "$id" /bin/busybox echo executed
		is "$2 of $1: a program is executed, time $i" "$rc:$out" 0:executed || diag "$err"
	done
	end "$2 of $1"
}

for what in page path; do
	for n in 1 40; do stall $what $n; done
done

# The last look does not end, at the script or at the program's file: it is killed, whatever the server does.
# last WHAT ANSWERS: so many the kernel needs itself.
last() {
	begin "$1" 1 "$2"
	eventually 10 grep -Eq 'ended|killed|stall:' "$T/inside"
	if grep -q stall: "$T/inside"; then
		skip "$1" "$(cat "$T/inside")"
		jr delete -f "$id"
		return
	fi
	like "$1: what cannot be looked at is killed" "$(cat "$T/inside")" 'killed by 9'
	like "$1: reported" "$(cat "$T/audit")" '"action":"kill"'
	unlike "$1: it has not run" "$(cat "$T/inside")" 'escaped|ended'
	RUN_TIMEOUT=10 jrun exec "$id" /bin/busybox echo executed
	is "$1: a program is executed" "$rc:$out" 0:executed || diag "$err"
	end "$1"
	begin "$1" 1 100
	ok "$1 (control): it runs when it can be looked at" eventually 10 grep -q 'ended with 0' "$T/inside" || diag "$(cat "$T/inside" "$T/audit")"
	end "$1 (control)"
}
cp "$(command -v busybox)" "$T/b/rootfs/bin/listened"
last script 2
last listener 1
done_testing
