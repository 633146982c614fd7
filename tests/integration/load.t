#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A hundred containers at once: each is created, started, executed in, killed and deleted by a pipeline of its own, all of them beside
# each other, on one rootfs and in one state root. No error, and nothing is left.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/leftovers.sh"
need_root
need_runtime
n=100
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
make_bundle "$T/b" "$(args_filter /bin/sleep 1000)"

# pipeline NUMBER: what is wrong goes to stdout, with the number.
pipeline() {
	local id=jt-$$-load-$1 policy=$2 end=$((SECONDS + 60)) text
	step() {
		text=$(timeout 60 "$JAILRUN" --root "$ROOT" "$@" 2>&1 </dev/null) || {
			echo "$id: $*: status $?: $text"
			return 1
		}
	}
	# What create leaves behind must not hold its stdout.
	timeout 60 "$JAILRUN" --root "$ROOT" --policy "$policy" create --bundle "$T/b" "$id" >"$T/log.$1" 2>&1 </dev/null || {
		echo "$id: create: status $?: $(cat "$T/log.$1")"
		return
	}
	step start "$id"
	text=$(timeout 60 "$JAILRUN" --root "$ROOT" exec "$id" /bin/sh -c "echo number $1; exit $1" 2>&1 </dev/null)
	[ "$?:$text" = "$1:number $1" ] || echo "$id: exec: $text"
	step state "$id" && case $text in *'"running"'*) ;; *) echo "$id: does not run: $text" ;; esac
	step list -q && [[ $text == *"$id"* ]] || echo "$id: is not in the list"
	step kill "$id" KILL
	until step state "$id" && [[ $text == *'"stopped"'* ]]; do
		[ $SECONDS -lt $end ] || {
			echo "$id: does not stop: $text"
			break
		}
		sleep 0.05
	done
	step delete "$id"
}

leftovers_begin "$T/b"
find "$T/rootfs" | sort >"$T/rootfs.before"
for policy in none default; do
	began=$SECONDS
	for ((i = 1; i <= n; i++)); do
		pipeline $i $policy >"$T/wrong.$i" 2>&1 &
	done
	wait
	is "$policy: $n at once: each is created, started, executed in, killed and deleted" "$(cat "$T"/wrong.* | head -n 5)" ""
	is "$policy: none is in the list" "$(jr list -q)" ""
	nothing_left "$policy: no state, no cgroup, no mount, no process is left" "jt-$$-load"
	is "$policy: the rootfs is as it was" "$(find "$T/rootfs" | sort | diff "$T/rootfs.before" -)" ""
	diag "$policy: $((SECONDS - began)) s"
done
done_testing
