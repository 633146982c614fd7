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

# A look at the program's script that does not end: the program is killed, whatever the server does.
begin script 1 2
eventually 10 grep -Eq 'ended|killed|stall:' "$T/inside"
if grep -q stall: "$T/inside"; then skip "a script" "$(cat "$T/inside")"; else
	like "a script that cannot be looked at is killed" "$(cat "$T/inside")" 'killed by 9'
	like "a script that cannot be looked at: reported" "$(cat "$T/audit")" '"action":"kill"'
	unlike "a script that cannot be looked at: it has not run" "$(cat "$T/inside")" escaped
	RUN_TIMEOUT=10 jrun exec "$id" /bin/busybox echo executed
	is "a script: a program is executed" "$rc:$out" 0:executed || diag "$err"
	end "a script"
	begin script 1 100
	ok "a script (control): it runs when it can be looked at" eventually 10 grep -q escaped "$T/inside" || diag "$(cat "$T/inside" "$T/audit")"
	end "a script (control)"
fi
done_testing
