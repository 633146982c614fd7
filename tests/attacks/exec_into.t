#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a hostile container does to those who execute something in it: their program (CVE-2019-5736), their descriptors
# (CVE-2016-9962), their working directory (CVE-2024-21626), their terminal (CVE-2025-52565); and what they are given there without
# asking (CVE-2022-29162, crun CVE-2022-27650, crun CVE-2026-30892).
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/hostile.sh"
need_root
need_command python3
need_runtime
progs=$TOP_BUILDDIR/tests/attacks/progs
[ -x "$progs/spy" ] || skip_all "tests/attacks/progs is not built"
sum=$(sha256sum <"$JAILRUN")
core_pattern=$(cat /proc/sys/kernel/core_pattern)
id=jt-$$-into
hostile
cp "$progs/spy" "$progs/overwrite" "$T/image/bin/"

# container FILTER: starts one with a fresh rootfs; its output is in $T/inside.
container() {
	jr delete -f "$id" 2>/dev/null
	hostile
	make_bundle "$T/b" "$1"
	jr --policy "$POLICY" run -d --bundle "$T/b" "$id" >"$T/inside" 2>&1 </dev/null || fail "$POLICY: start of the container"
}
# into OPTIONS... PROGRAM...: exec, in the container.
into() {
	jrun exec "$@"
}
sleeping="$(sh_filter 'while :; do sleep 1; done') | $docker_caps"

for POLICY in none default; do
	# While things are executed, a process of the container looks at, seizes and writes to all that it can.
	for prog in spy overwrite; do
		container "$(args_filter /bin/sh -c "/bin/$prog 8; sleep 1000") | $docker_caps"
		loader=$T/b/rootfs/lib64/ld-linux-x86-64.so.2
		mkdir -p "${loader%/*}" && cp "$progs/overwrite" "$loader"
		printf '#!/proc/self/exe\n' >"$T/b/rootfs/script" && chmod 755 "$T/b/rootfs/script"
		end=$((SECONDS + 8)) ran=0
		while [ $SECONDS -lt $end ]; do
			into "$id" /bin/true
			[ "$rc" != 0 ] || ran=$((ran + 1))
			[ $prog = spy ] || for path in /proc/self/exe /proc/1/exe /script; do into "$id" $path; done
		done
		ok "$POLICY, $prog: $ran programs were executed" test $ran -gt 3 || diag "$err"
		if [ $prog = spy ]; then
			is "$POLICY: of exec nothing but the program's own is seen" "$(grep -vE '^saw (fd/[012] -> .*|(exe|seized) -> /bin/busybox)$' "$T/inside")" ""
		else
			like "$POLICY: programs were held" "$(cat "$T/inside")" 'held /'
			unlike "$POLICY: none of the runtime's was written to" "$(cat "$T/inside")" 'wrote .*(jailrun|memfd)'
			is "$POLICY: it is what it was" "$(sha256sum <"$JAILRUN")" "$sum"
		fi
	done
	container "$(args_filter /bin/sh -c "sleep 0.5; /bin/spy 2; sleep 1000") | $docker_caps"
	jr exec "$id" /bin/sh -c 'exec 5</etc; cd /var; sleep 3' &
	eventually 10 grep -q 'saw fd/5' "$T/inside"
	wait $!
	like "$POLICY: what an executed program holds itself is seen (control)" "$(cat "$T/inside")" 'saw fd/5 -> /etc'

	container "$sleeping"
	# Directories of the host that the caller has open.
	exec 3<"$T/host" 7<"$T/host"
	into --preserve-fds 1 "$id" /bin/sh -c 'cd /proc/self/fd/3 && cat file'
	is "$POLICY: a descriptor that is handed over leads to the host (control)" "$out" precious
	for fd in 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
		into --cwd /proc/self/fd/$fd "$id" /bin/cat file
		unlike "$POLICY: --cwd /proc/self/fd/$fd does not lead out" "$out" precious
	done
	for cwd in /proc/self/fd/3/. /proc/1/fd/3 /proc/thread-self/fd/3 /link; do
		ln -sfn /proc/self/fd/3 "$T/b/rootfs/link"
		into --cwd $cwd "$id" /bin/cat file
		unlike "$POLICY: --cwd $cwd does not lead out" "$out" precious
		into --preserve-fds 1 --cwd $cwd "$id" /bin/cat file
		unlike "$POLICY: nor where it is handed over" "$out" precious
		into "$id" $cwd/../b/rootfs/bin/echo escaped
		unlike "$POLICY: nor does a program $cwd/.." "$out" escaped
	done
	into "$id" /bin/sh -c 'ls /proc/self/fd | wc -l'
	is "$POLICY: three descriptors, and the one of ls" "$out" 4
	exec 3<&- 7<&-
	into --cwd /var "$id" /bin/sh -c 'pwd; readlink /proc/self/cwd'
	is "$POLICY: --cwd of the container (control)" "$out" /var$'\n'/var

	# Inheritable capabilities, and the caller's environment.
	into "$id" /bin/sed -nE 's/^Cap(Inh|Amb):\t//p' /proc/self/status
	is "$POLICY: inheritable and ambient capabilities are empty" "$out" 0000000000000000$'\n'0000000000000000
	into --cap CAP_NET_ADMIN "$id" /bin/sed -nE 's/^Cap(Inh|Amb):\t//p' /proc/self/status
	is "$POLICY: with --cap, too" "$out" 0000000000000000$'\n'0000000000000000
	into --cap CAP_NET_ADMIN "$id" /bin/sed -nE 's/^CapPrm:\t.*([1357bdf])...$/\1/p' /proc/self/status
	like "$POLICY: which is given as it should (control)" "$out" '^[1357bdf]$'
	SECRET=1 into -e OWN=1 "$id" /bin/env
	like "$POLICY: a variable that is given (control)" "$out" 'OWN=1'
	unlike "$POLICY: none of the caller's" "$out" 'SECRET|JAILRUN'

	# Numbers.
	for user in '' ' 1' '1 ' +1 -1 0x1 1.0 1abc abc root 4294967295 4294967296 18446744073709551617 :1 1: 1:x 1:-1 1:4294967296 1:1:1; do
		into --user "$user" "$id" /bin/id -u
		is "$POLICY: --user '$user' is refused" "$rc:$out" 255:
		like "$POLICY: and named" "$err" '--user'
	done
	for gid in '' -1 x 1,2 4294967296; do
		into --additional-gids "$gid" "$id" /bin/id -G
		is "$POLICY: --additional-gids '$gid' is refused" "$rc:$out" 255:
	done
	for form in '-u 1' '-u=1' '--user=1' '-user 1'; do
		# shellcheck disable=SC2086 # words
		into $form "$id" /bin/id -u
		is "$POLICY: $form is 1 (control)" "$out" 1
	done
	into -u 1:2 -g 3 -g 4 "$id" /bin/sh -c 'echo $(id -u) $(id -g) $(id -G)'
	is "$POLICY: -u 1:2 -g 3 -g 4 (control)" "$out" '1 2 2 3 4'

	# A container that is allowed to mount has put something else in the place of what a terminal and a proc are.
	strong='(.process.capabilities[] |= (. + ["CAP_SYS_ADMIN"] | unique))'
	for spoil in 'umount -l /dev/pts; ln -sf /proc/sys/kernel/core_pattern /dev/pts/ptmx; ln -sf /proc/sys/kernel/core_pattern /dev/pts/0' \
		'ln -sf /proc/sys/kernel/core_pattern /dev/ptmx; rm -f /dev/console; ln -s /proc/sys/kernel/core_pattern /dev/console' \
		'mount -t tmpfs none /proc; mkdir -p /proc/self/attr /proc/self/fd; for f in oom_score_adj attr/exec setgroups; do echo false >/proc/self/$f; done'; do
		container "$(sh_filter "$spoil; touch /ready; while :; do sleep 1; done") | $docker_caps | $strong"
		ok "$POLICY: spoiled: ${spoil%%;*}" eventually 10 test -e "$T/b/rootfs/ready" || diag "$(cat "$T/inside")"
		rm -f "$T/s" "$T/console.err"
		python3 "$TOP_SRCDIR/tests/lib/console.py" "$T/s" >"$T/console" 2>"$T/console.err" </dev/null &
		listener=$!
		eventually 10 grep -q listening "$T/console.err"
		into -t -d --console-socket "$T/s" "$id" /bin/sh -c 'echo typed >/dev/tty'
		diag "exec -t: $rc $err"
		[ "$rc" = 0 ] || kill $listener
		wait $listener 2>/dev/null
		is "$POLICY: the host's setting is what it was" "$(cat /proc/sys/kernel/core_pattern)" "$core_pattern"
		into "$id" /bin/true
		[ "$rc" = 0 ] || like "$POLICY: exec without a terminal works, or says why not" "$err" '^jailrun: .+'
		unlike "$POLICY: and what is in the place of /proc was not written to" "$(jr exec "$id" /bin/cat /proc/self/oom_score_adj 2>/dev/null)" '^-?[1-9]'
	done
	jr delete -f "$id"
done
done_testing
