#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A seccomp filter of the workload's own that traces (SECCOMP_RET_TRACE) does not choose the rule that a call is judged by, whatever its
# data; where it traces, the call is answered as by the kernel without a tracer, ENOSYS. Other filters of one's own work.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/attack.sh"
need_prog own_filter
for p in allowed denied guarded; do cp "$progs/own_filter" "$T/b/rootfs/bin/$p"; done
chown -R 100000:100000 "$T/b/rootfs/tmp" && chmod 1777 "$T/b/rootfs/tmp"
all_data=302

exec='"exec": {"allow": ["/bin/own_filter", "/bin/allowed", "/bin/guarded", "/bin/busybox"]}'
limits='"limits": {"processes": 2, "threads": 2}'
more='"limits": {"processes": 9, "threads": 9}'
protect='"signals": {"protect": ["/bin/guarded"]}'
calls='"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
	{"names": ["getcpu"], "action": "SCMP_ACT_LOG"}]}'

# refused WHO NAME POLICY CALL: refused without a filter of one's own, and never done with one.
refused() {
	attack "{$3}" "$(args_filter /bin/own_filter plain "$4") | ${!1}"
	like "$1, $2, $4: refused, without an own filter" "$out" 'done=0 enosys=[01] refused=[01] other=0' || diag "$err"
	ok "$1, $2, $4: reported, without an own filter" test -s "$T/audit"
	attack "{$3}" "$(args_filter /bin/own_filter sweep "$4") | ${!1}"
	like "$1, $2, $4: never done with an own filter" "$(grep "^$4:" <<<"$out")" "^$4: done=0 " ||
		diag "$err" "$(grep ': done$' <<<"$out" | head -n 5)"
	if [[ $out != *enosys=$all_data* ]]; then ok "$1, $2, $4: what was refused was reported" test -s "$T/audit"; fi
	[ "$4" != kill ] || like "$1, $2, $4: the protected process lives" "$out" 'guarded lives'
	like "$1, $2, $4: tried with all data" "$(awk -F'[= ]' '/done=.*enosys=/ { print $3 + $5 + $7 + $9 }' <<<"$out")" "^$all_data$"
}

# answered WHO NAME POLICY CALL: the own filter's RET_TRACE is ENOSYS, and without the filter the call goes on.
answered() {
	attack "{$3}" "$(args_filter /bin/own_filter plain "$4") | ${!1}"
	is "$1, $2, $4: goes on without an own filter" "$(tail -n 1 <<<"$out")" "$4: done=1 enosys=0 refused=0 other=0" || diag "$err"
	attack "{$3}" "$(args_filter /bin/own_filter sweep "$4") | ${!1}"
	is "$1, $2, $4: ENOSYS whatever the own filter's data" "$(grep "^$4:" <<<"$out")" "$4: done=0 enosys=$all_data refused=0 other=0" ||
		diag "$err" "$(head -n 3 <<<"$out")"
}

# Without the rules everything can be done, and a traced call is ENOSYS.
for call in exec-denied exec-allowed mkdir kill fork untraced listener getppid; do
	attack none "$(args_filter /bin/own_filter plain $call)"
	like "$call (control): without rules it can be done" "$out" "$call: done=1" || diag "$err"
	attack none "$(args_filter /bin/own_filter sweep $call)"
	like "$call (control): without a tracer an own filter that traces means ENOSYS" "$out" "$call: done=0 enosys=$all_data" || diag "$err"
done
attack none "$(args_filter /bin/own_filter plain kill)"
like "kill (control): the process died" "$out" 'guarded died'

refused as_root exec "$exec" exec-denied
refused as_root exec "$exec" listener
refused as_root exec "$exec" untraced
refused as_root limits "$limits" fork
refused as_root limits "$limits" listener
refused as_root protect "$protect" kill
refused as_root syscalls "$calls" mkdir
for call in exec-allowed fork getppid; do
	answered as_root exec "$exec" $call
	answered as_root limits "$more" $call
done
answered as_root protect "$protect" getppid
answered as_root syscalls "$calls" getppid
for who in as_root as_user in_userns; do
	for call in exec-denied mkdir kill untraced listener; do refused $who all "$exec, $more, $protect, $calls" $call; done
	refused $who "all, at the limit" "$exec, $limits, $protect, $calls" fork
	for call in exec-allowed fork getppid; do answered $who all "$exec, $more, $protect, $calls" $call; done
done
valid_audit "all"

for policy in none "{$exec, $more, $protect, $calls}"; do
	[ "$policy" = none ] && name="control" || name="in the jail"
	for kind in errno trap kill-thread log many tsync; do
		attack "$policy" "$(args_filter /bin/own_filter works $kind) | $as_user"
		is "an own filter that ends in $kind works ($name)" "$out" "works $kind" || diag "$err"
	done
	attack "$policy" "$(args_filter /bin/busybox unshare -m -u -i -p -f -r /bin/busybox echo nested) | $as_user"
	is "busybox unshare works ($name)" "$out" nested || diag "$err"
done

# Bubblewrap is a program of the host's C library: it and what it is linked with go in beside busybox.
if command -v bwrap >/dev/null; then
	bwrap=$(command -v bwrap)
	cp "$bwrap" "$T/b/rootfs/bin/bwrap"
	for lib in $(ldd "$bwrap" | grep -o '/[^ ]*'); do
		mkdir -p "$T/b/rootfs${lib%/*}" && cp -L "$lib" "$T/b/rootfs$lib"
	done
	nested=(/bin/bwrap --unshare-user --unshare-pid --unshare-ipc --unshare-uts --ro-bind / / --tmpfs /tmp --die-with-parent)
	# Bubblewrap makes directories, which the rules on calls above refuse.
	for policy in none "{${exec/\/bin\/busybox/\/bin\/bwrap\", \"\/bin\/busybox}, $more, $protect}"; do
		[ "$policy" = none ] && name="control" || name="in the jail"
		attack "$policy" "$(args_filter "${nested[@]}" /bin/busybox echo nested) | $as_user"
		is "bubblewrap works ($name)" "$out" nested || diag "$err"
		attack "$policy" "$(args_filter "${nested[@]}" /bin/denied) | $as_user"
		if [ "$policy" = none ]; then
			is "bubblewrap runs any program ($name)" "$rc" 42
		else
			isnt "bubblewrap does not run a denied program ($name)" "$rc" 42
		fi
	done
else skip "bubblewrap in the jail" "needs the package bubblewrap"; fi
done_testing
