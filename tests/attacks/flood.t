#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A workload that keeps the jail's helper busy with one thing for ever: the rest is done all the same. A signal comes to the
# workload, a program is executed in the container, the container is deleted.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
progs=$TOP_BUILDDIR/tests/attacks/progs
[ -x "$progs/flood" ] || skip_all "tests/attacks/progs is not built"
make_busybox_rootfs "$T/b/rootfs"
cp "$progs/flood" "$T/b/rootfs/bin/"
id=jt-$$-flood
refuse='"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getpgid"], "action": "SCMP_ACT_ERRNO"}]}'
echo "{$refuse}" >"$T/notify.json"
# Forwarded, each signal would stop the traced workload itself.
echo "{$refuse, \"signals\": {\"to_init\": \"refuse\"}, \"limits\": {\"processes\": 1000, \"threads\": 1000}}" >"$T/trace.json"

# flood POLICY WHAT N
flood() {
	make_bundle "$T/b" "$(args_filter /bin/flood "$2" "$3") | del(.process.rlimits)"
	jr --policy "$T/$1.json" run -d --bundle "$T/b" "$id" >"$T/inside" 2>&1 </dev/null || fail "start of the container: $(cat "$T/inside")"
	ok "$1, $3 of $2: it runs" eventually 10 grep -q ready "$T/inside"
	sleep 0.5
	RUN_TIMEOUT=15 jrun exec "$id" /bin/echo executed
	is "$1, $3 of $2: a program is executed" "$rc:$out" 0:executed || diag "$err"
	jr kill "$id" TERM
	ok "$1, $3 of $2: a signal is heard" eventually 15 grep -q heard "$T/inside"
	ok "$1, $3 of $2: it is deleted" jr delete -f "$id"
}

flood notify calls 1
for policy in notify trace; do
	flood $policy calls 300
	flood $policy signals 8
	flood $policy forks 20
done

# The runtime in the foreground, as the proxy of a service manager's socket.
for n in 1 16; do
	make_bundle "$T/b" "$(args_filter /bin/flood words $n)"
	NOTIFY_SOCKET=$T/manager "$JAILRUN" --root "$ROOT" --policy none run --bundle "$T/b" "$id" >"$T/inside" 2>&1 </dev/null &
	runtime=$!
	ok "$n of words: it runs" eventually 10 grep -q ready "$T/inside"
	sleep 0.5
	kill "$runtime"
	ok "$n of words: a signal is passed on" eventually 10 grep -q heard "$T/inside" || diag "$(cat "$T/inside")"
	jr kill "$id" KILL
	wait "$runtime"
	is "$n of words: the runtime ends with it" $? 137
done
done_testing
