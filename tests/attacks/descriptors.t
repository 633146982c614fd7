#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the runtime holds while it makes a container, and what a workload would do with it: its program (CVE-2019-5736), its
# descriptors (CVE-2016-9962), directories of the host as cwd or as the way to a program (CVE-2024-21626).
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/hostile.sh"
need_root
need_runtime
progs=$TOP_BUILDDIR/tests/attacks/progs
[ -x "$progs/spy" ] || skip_all "tests/attacks/progs is not built"
sum=$(sha256sum <"$JAILRUN")

hostile
cp "$progs/spy" "$progs/overwrite" "$T/image/bin/"

# share_pids FILTER PID: a container in the pid namespace of that process.
share_pids() {
	make_bundle "$T/second" "$1"' | (.linux.namespaces[] | select(.type == "pid")) += {path: $ns}' --arg ns "/proc/$2/ns/pid"
}
for POLICY in none default; do
	hostile
	cp "$T/image/bin/busybox" "$T/b/rootfs/bin/busybox-victim"
	# The controls: both programs do see and write what is a plain process's.
	in_sh '/bin/busybox sh -c "exec 5</etc; cd /var; sleep 3" & sleep 0.2; spy 1' "$docker_caps"
	like "$POLICY: descriptors of a process of one's own are seen (control)" "$out" 'saw fd/5 -> /etc'
	like "$POLICY: so is its directory (control)" "$out" 'saw cwd -> another'
	like "$POLICY: it can be seized (control)" "$out" 'saw seized -> /bin/busybox'
	in_sh '/bin/busybox-victim sleep 1 & overwrite 2' "$docker_caps"
	like "$POLICY: a program that no longer runs is written to (control)" "$out" 'wrote /bin/busybox-victim'

	# CVE-2016-9962: nothing of what the runtime holds in a pid namespace that the workload of another container sees.
	for prog in spy overwrite; do
		hostile
		make_bundle "$T/b" "$(args_filter "/bin/$prog" 8) | $docker_caps"
		jr --policy "$POLICY" create --bundle "$T/b" "jt-$$-spy" >"$T/$prog.out" 2>&1 </dev/null
		jr start "jt-$$-spy"
		pid=$(jr state "jt-$$-spy" | jq .pid)
		ROOTFS=$T/b/rootfs share_pids "$(args_filter /bin/true)" "$pid"
		ran=0
		while status_is "jt-$$-spy" running; do
			jrun --policy "$POLICY" run --bundle "$T/second" "jt-$$-x"
			[ "$rc" != 0 ] || ran=$((ran + 1))
		done
		ok "$POLICY, $prog: $ran containers ran beside it" test "$ran" -gt 3 || diag "$err"
		if [ $prog = spy ]; then
			is "$POLICY: of the runtime nothing but the workload's own is seen" \
				"$(grep -vE '^saw (fd/[012] -> .*|(exe|seized) -> /bin/busybox)$' "$T/spy.out")" ""
		else
			unlike "$POLICY: the runtime's program is not written to" "$(cat "$T/overwrite.out")" 'wrote .*(jailrun|memfd)'
			is "$POLICY: it is what it was" "$(sha256sum <"$JAILRUN")" "$sum"
		fi
		jr delete -f "jt-$$-spy"
	done

	# CVE-2019-5736: a hostile rootfs lets the runtime execute its own program, with the rootfs's loader and libraries.
	for path in /proc/self/exe /proc/1/exe script; do
		hostile
		mkdir -p "$T/b/rootfs"/{lib,lib64}
		for loader in lib64/ld-linux-x86-64.so.2 lib/ld-linux-aarch64.so.1 lib/ld-musl-x86_64.so.1; do
			cp "$progs/overwrite" "$T/b/rootfs/$loader"
		done
		[ $path != script ] || { printf '#!/proc/self/exe\n' >"$T/b/rootfs/script" && chmod 755 "$T/b/rootfs/script"; }
		in_container "$(args_filter "/${path#/}" 1)"
		unlike "$POLICY: $path: nothing is written" "$out" wrote
		is "$POLICY: $path: the runtime is what it was" "$(sha256sum <"$JAILRUN")" "$sum"
	done
	in_container "$(args_filter /lib64/ld-linux-x86-64.so.2 1)"
	like "$POLICY: that loader does run and hold its own program (control)" "$out" 'held /lib64/ld-linux'

	# CVE-2024-21626: a directory of the host, left open by the caller, as cwd, as the program's place, as its link.
	hostile
	cp "$T/image/bin/busybox" "$T/host/cat"
	exec 3<"$T/host" 7<"$T/host"
	in_sh 'cd /proc/self/fd/3 && cat file' . --preserve-fds 1
	is "$POLICY: a descriptor that is handed over leads to the host (control)" "$out" precious
	for fd in 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
		in_sh 'pwd; cat file; cat ../../../../../../..'"$T"'/host/file' ".process.cwd = \"/proc/self/fd/$fd\""
		unlike "$POLICY: cwd /proc/self/fd/$fd does not lead out" "$out" precious
	done
	for cwd in /proc/self/fd/3/. /proc/1/fd/3 /proc/thread-self/fd/3 /link; do
		ln -sfn /proc/self/fd/3 "$T/b/rootfs/link"
		in_sh 'cat file' ".process.cwd = \"$cwd\""
		unlike "$POLICY: cwd $cwd does not lead out" "$out" precious
		in_sh 'cat file' ".process.cwd = \"$cwd\"" --preserve-fds 1
		unlike "$POLICY: nor where it is handed over" "$out" precious
	done
	for program in /proc/self/fd/3/cat /proc/self/fd/3/../host/cat /link/cat; do
		in_container "$(args_filter $program cat /proc/self/exe)"
		isnt "$POLICY: the program $program is not found" "$rc" 0
	done
	exec 3<&- 7<&-
	in_sh 'ls -l /proc/self/fd /proc/$$/fd | grep -c "/sys/fs/cgroup\|socket:\|memfd:"'
	is "$POLICY: no descriptor of the runtime's in the workload" "$out" 0
	in_sh 'pwd; readlink /proc/self/cwd' '.process.cwd = "/var"'
	is "$POLICY: a cwd of the container (control)" "$out" /var$'\n'/var
done

# exec, held up where it is between two worlds: in a frozen cgroup its first process stops before it has joined anything. In a pid
# namespace that the container shares it can be seen there, so it is a sealed copy; in the container's own it cannot.
for shared in true false; do
	hostile
	make_bundle "$T/b" "$(args_filter /bin/sleep 1000) | if $shared then del(.linux.namespaces[] | select(.type == \"pid\")) else . end"
	ok "shared pid namespace: $shared: it runs" jr --policy none run -d --bundle "$T/b" "jt-$$-frozen" </dev/null
	pid=$(jr state "jt-$$-frozen" | jq .pid)
	jr pause "jt-$$-frozen"
	jr exec --ignore-paused "jt-$$-frozen" /bin/true &
	procs=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")/cgroup.procs
	[ -e "$procs" ] || procs=/sys/fs/cgroup/unified${procs#/sys/fs/cgroup}
	eventually 10 grep -vqx "$pid" "$procs"
	held=$(grep -vx "$pid" "$procs")
	if [ $shared = true ]; then
		like "shared pid namespace: the program of exec's first process is in sealed memory" "$(readlink "/proc/$held/exe")" '^/memfd:jailrun'
	else
		isnt "exec's first process is not in the container's pid namespace" "$(readlink "/proc/$held/ns/pid")" "$(readlink "/proc/$pid/ns/pid")"
	fi
	jr resume "jt-$$-frozen"
	ok "shared pid namespace: $shared: exec goes on when the container is resumed" wait $!
	jr delete --force "jt-$$-frozen"
done
done_testing
