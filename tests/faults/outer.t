#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A seccomp filter around jailrun, as of a container or a sandbox: each system call that jailrun lives on, refused with ENOSYS and with
# EPERM. Each command works another way, or its error names the call and that filter as the likely cause; none hangs, nothing is left.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/leftovers.sh"
need_root
need_command gcc
need_runtime
. "$TOP_SRCDIR/tests/lib/without.sh"
make_bundle "$T/b" "$(sh_filter 'echo ran; exit 3') | .process.cwd = \"/made\""
make_bundle "$T/s" "$(args_filter sleep 60)"
leftovers_begin "$T/b"
RUN_TIMEOUT=20

# refused ARGUMENTS of jailrun...
refused() {
	run "$T/without" "$code" "$call" "$JAILRUN" --root "$ROOT" "$@"
}
# works_or_says NAME STATUS: any other status comes with the cause.
works_or_says() {
	if [ "$rc" = "$2" ]; then
		pass "$1"
	else
		like "$1: the call and the filter are named" "$rc $err" "^(1|255) jailrun: .*likely cause: .*seccomp filter.* refuses ([a-z0-9_() ,]* )?$call\(2\)"
	fi
}
jrun run --bundle "$T/b" "jt-$$-c"
is "with all calls (control)" "$rc:$out" 3:ran
run "$T/without" 1 getcpu "$JAILRUN" --root "$ROOT" exec "jt-$$-none" true
like "a filter that has nothing to do with it is not named (control)" "$err" 'container does not exist: .*--root$'
run "$T/without" 1 getcpu "$JAILRUN" --root "$ROOT" run --bundle "$T/b" "jt-$$-c"
is "under a filter that refuses another call it runs (control)" "$rc:$out" 3:ran
rmdir "$T/b/rootfs/made"

for call in bpf clone3 close_range execveat faccessat2 fsconfig fsmount fsopen landlock_create_ruleset memfd_create mount mount_setattr \
	move_mount open_tree openat2 pidfd_getfd pidfd_open pidfd_send_signal pivot_root prlimit64 seccomp setns statx umount2 unshare; do
	for code in 38 1; do
		what="$call with errno $code" id=jt-$$-$code
		run "$T/without" $code $call try
		is "$what: it is refused (control)" "$rc" $code
		refused --policy default run --bundle "$T/b" "$id"
		works_or_says "$what: run" 3
		if [ "$rc" = 3 ]; then
			rmdir "$T/b/rootfs/made" # it stays after what has run
		else
			unlike "$what: the workload of what was refused did not run" "$out" ran
		fi
		nothing_left "$what: nothing is left" "$id"
		refused --policy default create --bundle "$T/s" "$id"
		works_or_says "$what: create" 0
		if [ "$rc" = 0 ]; then
			refused start "$id"
			works_or_says "$what: start" 0
		fi
		if [ "$rc" != 0 ]; then
			jrun delete --force "$id"
			jrun --policy default run --detach --bundle "$T/s" "$id"
		fi
		refused exec "$id" sh -c 'exit 4'
		works_or_says "$what: exec" 4
		refused kill "$id" CONT
		works_or_says "$what: kill" 0
		refused delete --force "$id"
		works_or_says "$what: delete" 0
		[ "$rc" = 0 ] || jrun delete --force "$id"
		nothing_left "$what: nothing is left of it all" "$id"
	done
done

run "$T/without" 1 openat2 "$JAILRUN" doctor
line=$(grep 'openat2(2)' "$T/out")
like "doctor: the filter is to allow it" "$line" 'EPERM.*seccomp filter of a container or a sandbox'
unlike "doctor: no newer kernel is the remedy" "$line" 'Linux 5'

# The error comes also under a filter that kills for other calls: they are asked for in a process of its own.
sed -i 's/seccomp_load(c) < 0)/seccomp_rule_add(c, SCMP_ACT_KILL_PROCESS, SCMP_SYS(setns), 0) < 0 || &/' "$T/without.c"
gcc -o "$T/without" "$T/without.c" -lseccomp
call=openat2 code=1
refused run --bundle "$T/b" "jt-$$-k"
works_or_says "a filter that kills for setns(2): run" 3
like "a filter that kills for setns(2): it is named too" "$err" 'refuses openat2\(2\) and setns\(2\)'
[ "$rc" != 3 ] || rmdir "$T/b/rootfs/made"
nothing_left "a filter that kills for setns(2): nothing is left" "jt-$$-k"
done_testing
