#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The ways round an exec allow-list, each with a control that shows the way exists where no rule stands.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
progs=$TOP_BUILDDIR/tests/attacks/progs
[ -x "$progs/race_exec" ] || skip_all "tests/attacks/progs is not built"
make_busybox_rootfs "$T/b/rootfs"
cp "$progs"/* "$T/b/rootfs/bin/"
cp "$progs/race_exec" "$T/b/rootfs/bin/race_a"
cp "$progs/race_exec" "$T/b/rootfs/bin/race_d"
for p in allowed denied; do cp "$(command -v busybox)" "$T/b/rootfs/bin/busybox-$p"; done
printf '#!/bin/busybox-denied sh\necho script escaped\n' >"$T/b/rootfs/bin/script"
chmod 755 "$T/b/rootfs/bin/script"
tries=${ATTACK_TRIES:-3000}
none='{}'
rules='{"exec": {"allow": ["/bin/busybox", "/bin/busybox-allowed", "/bin/race_a", "/bin/race_exec", "/bin/memfd_exec", "/bin/mount_exec", "/bin/untraced", "/lib*/"]}}'

# attack POLICY SCRIPT [FILTER]
attack() {
	printf '%s' "$1" >"$T/policy.json"
	make_bundle "$T/b" "$(sh_filter "$2") | ${3-.}"
	rm -f "$T/audit"
	RUN_TIMEOUT=200 jrun --policy "$T/policy.json" --audit "$T/audit" run --bundle "$T/b" "jt-$$-a"
}

# How soon the race is won depends on what else the machine does.
for round in 1 2 3 4 5 6 7 8 9 10; do
	attack "$none" "/bin/race_exec /bin/race_a /bin/race_d 1000"
	diag "race, control, round $round: $out $err"
	[[ $out != *escaped=[1-9]* ]] || break
done
like "race (control): without a rule the other program does run" "$out" '(escape[sd]?|denied)[^0-9]*[1-9]|[1-9][0-9]* (escape|denied)'
attack "$rules" "/bin/race_exec /bin/race_a /bin/race_d $tries"
diag "race: $tries tries: $out $err"
unlike "race: $tries tries, no escape" "$out" '(escape[sd]?|denied)[^0-9]*[1-9]|[1-9][0-9]* (escape|denied)'
ok "race: denials were reported" test -s "$T/audit"

# way NAME SCRIPT: prints "escaped" where it works.
way() {
	attack "$none" "$2" "${3-.}"
	like "$1 (control)" "$out" escaped || diag "$err"
	attack "$rules" "$2" "${3-.}"
	unlike "$1: refused" "$out" escaped
	ok "$1: reported" test -s "$T/audit"
}
way "a program that is not allowed" '/bin/busybox-denied echo escaped'
way "a script whose interpreter is not allowed" /bin/script
way "/proc/self/fd/N" 'exec 5</bin/race_d; /proc/self/fd/5 --report; [ $? = 42 ] && echo escaped'
way "a symbolic link" 'ln -sf /bin/busybox-denied /tmp/busybox-allowed; /tmp/busybox-allowed echo escaped'
way "a hard link" 'ln -f /bin/busybox-denied /tmp/busybox-hard; /tmp/busybox-hard echo escaped'
way "a copy" 'cp /bin/busybox /tmp/busybox-copy; /tmp/busybox-copy echo escaped'
for kind in empty proc deleted; do
	attack "$none" "/bin/memfd_exec $kind /bin/busybox-denied; echo status \$?"
	control=$out$err
	attack "$rules" "/bin/memfd_exec $kind /bin/busybox-denied; echo status \$?"
	isnt "memfd_exec $kind: another end than without rules" "$out$err" "$control"
	ok "memfd_exec $kind: reported" test -s "$T/audit"
done
rm -f "$T/b/rootfs/tmp/"*

# The dynamic loader with a program as its argument.
if rootfs=$(make_debian_rootfs minbase); then
	ROOTFS=$rootfs
	loader=$(readlink -f "$rootfs/lib64/ld-linux-x86-64.so.2")
	loader=${loader#"$rootfs"}
	for policy in '{}' '{"exec": {"allow": ["/usr/bin/bash", "/usr/bin/dash"]}}'; do
		printf '%s' "$policy" >"$T/policy.json"
		make_bundle "$T/d" "$(args_filter /bin/bash -c '/lib64/ld-linux-x86-64.so.2 /usr/bin/echo escaped')"
		jrun --policy "$T/policy.json" run --bundle "$T/d" "jt-$$-ld"
		if [ "$policy" = '{}' ]; then is "the loader with a program (control)" "$out" escaped; else unlike "the loader with a program: refused" "$out" escaped; fi
	done
	unset ROOTFS
else skip "the loader with a program" "debootstrap does not work here"; fi

attack "$none" '/bin/untraced /bin/busybox-denied; echo status $?'
control=$out
attack "$rules" '/bin/untraced /bin/busybox-denied; echo status $?'
isnt "a child that no tracer follows" "$out" "$control"
done_testing
