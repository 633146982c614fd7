#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Under a seccomp filter that refuses clone3(2) as older sandboxes and other containers do, ENOSYS or EPERM: a container starts, is
# executed into, and ends; its processes are in its cgroup.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/leftovers.sh"
need_root
need_command gcc
need_runtime
. "$TOP_SRCDIR/tests/lib/without.sh"
make_bundle "$T/b" "$(sh_filter 'cat /proc/self/cgroup; sleep 60 & exit 3')"
make_bundle "$T/s" "$(args_filter sleep 60)"
leftovers_begin "$T/b"
for policy in none default; do
	jrun --policy $policy run --bundle "$T/b" "jt-$$-c"
	control=$rc:${out//jt-$$-c/}
	like "policy $policy: with clone3 it runs (control)" "$control" "^3:"
	for code in 38 1; do
		id=jt-$$-$code
		run "$T/without" $code clone3 try
		is "policy $policy: clone3 is refused with $code (control)" "$rc" $code
		run "$T/without" $code clone3 "$JAILRUN" --root "$ROOT" --policy $policy run --bundle "$T/b" "$id"
		is "policy $policy, errno $code: run, in the same cgroup as with it" "$rc:${out//$id/}" "$control" || diag "$err"
		nothing_left "policy $policy, errno $code: nothing is left" "$id"
		run "$T/without" $code clone3 "$JAILRUN" --root "$ROOT" --policy $policy create --bundle "$T/s" "$id"
		is "policy $policy, errno $code: create" "$rc" 0 || diag "$err"
		run "$T/without" $code clone3 "$JAILRUN" --root "$ROOT" start "$id"
		is "policy $policy, errno $code: start" "$rc" 0 || diag "$err"
		run "$T/without" $code clone3 "$JAILRUN" --root "$ROOT" exec "$id" sh -c 'cat /proc/1/cgroup; exit 4'
		is "policy $policy, errno $code: exec" "$rc" 4 || diag "$err"
		not_ok "policy $policy, errno $code: exec of what is not there fails" "$T/without" $code clone3 "$JAILRUN" --root "$ROOT" exec "$id" /none
		run "$T/without" $code clone3 "$JAILRUN" --root "$ROOT" delete --force "$id"
		is "policy $policy, errno $code: delete" "$rc" 0
	done
done
done_testing
