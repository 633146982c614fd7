#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a workload is given without being told so: inheritable capabilities (CVE-2022-24769), cgroups of the host to write to
# (CVE-2023-25809), its environment in the host's hooks (CVE-2025-23266), the runtime's own program where its pid is seen, a uid
# that is no number (crun CVE-2026-30892).
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command setpriv
need_runtime
make_busybox_rootfs "$T/b/rootfs"

for POLICY in none default; do
	# CVE-2022-24769, CVE-2022-29162: only what config.json names is inheritable, whatever the runtime was started with.
	in_sh 'grep -E "CapInh|CapAmb" /proc/self/status' "$docker_caps"
	like "$POLICY: inheritable and ambient capabilities are empty" "$out" 'CapInh:.0{16}.CapAmb:.0{16}$'
	for more in inheritable ambient; do
		in_sh 'grep -E "CapInh|CapAmb" /proc/self/status' "$docker_caps | .process.capabilities |= (.inheritable = [\"CAP_KILL\"] | .$more = [\"CAP_KILL\"])"
		like "$POLICY: those that are named are there (control, $more)" "$out" 'CapInh:.0{14}20'
	done
	make_bundle "$T/b" "$(sh_filter 'grep -E "CapInh|CapAmb" /proc/self/status') | $docker_caps"
	run setpriv --inh-caps=+kill,+chown --ambient-caps=+kill "$JAILRUN" --root "$ROOT" --policy "$POLICY" run --bundle "$T/b" "jt-$$-inh"
	like "$POLICY: not those of the runtime's caller either" "$out" 'CapInh:.0{16}.CapAmb:.0{16}$' || diag "$err"
	is "$POLICY: which do reach a plain program (control)" "$(setpriv --inh-caps=+kill,+chown --ambient-caps=+kill sed -n 's/CapAmb:\t//p' /proc/self/status)" 0000000000000020

	# CVE-2026-30892 and the like: a number is a number.
	for uid in '"1"' 1.5 -1 4294967296 true '"1abc"' null; do
		in_sh 'id -u' ".process.user.uid = $uid"
		if [ "$uid" = null ]; then
			unlike "$POLICY: uid $uid is no other user" "$out" '[1-9]'
		else
			is "$POLICY: uid $uid is refused" "$rc:$out" 1:
			like "$POLICY: and named" "$err" 'process\.user\.uid'
		fi
	done
	in_sh 'id -u' '.process.user.uid = 1'
	is "$POLICY: uid 1 is 1 (control)" "$out" 1

	# CVE-2025-23266: a hook of the host has the environment that config.json gives it, and nothing else.
	make_bundle "$T/b" "$(sh_filter 'env') | .process.env += [\"LD_PRELOAD=/evil.so\", \"BASH_ENV=/evil\"] | .hooks = ([\"prestart\", \"createRuntime\", \"poststart\", \"poststop\"]
		| map({key: ., value: [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"env >>$T/hook.env\"], env: [\"OWN=1\"]}]}) | from_entries)"
	rm -f "$T/hook.env"
	LD_LIBRARY_PATH=/evil jrun --policy "$POLICY" run --bundle "$T/b" "jt-$$-h"
	like "$POLICY: the workload has its environment (control)" "$out" 'LD_PRELOAD=/evil\.so'
	is "$POLICY: four hooks have theirs (control)" "$(grep -c '^OWN=1$' "$T/hook.env")" 4
	is "$POLICY: and nothing else" "$(grep -vE '^(OWN|PWD|SHLVL|_)=' "$T/hook.env")" ""

	# CVE-2023-25809: cgroups of the host that are bound into a container without a cgroup namespace.
	cgroups=$(awk '$0 ~ / - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
	try='for d in /cg /cg/*/; do mkdir "$d/jt-made" 2>/dev/null && echo "made in $d" && rmdir "$d/jt-made"; done; ls /cg | grep -c cgroup.procs; echo end'
	# shellcheck disable=SC2089,SC2090 # jq
	bind="del(.linux.namespaces[] | select(.type == \"cgroup\")) | del(.mounts[] | select(.destination == \"/sys/fs/cgroup\")) | .mounts += [{destination: \"/cg\", type: \"bind\", source: \"$cgroups\", options: [\"rbind\", \"rw\"]}]"
	maps='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
	if [ -n "$cgroups" ]; then
		in_sh "$try" "$bind"
		like "$POLICY: root with the host's cgroups does what it may (control)" "$out" 'made in .*1.end'
		in_sh "$try" "$bind | $maps"
		unlike "$POLICY: in a user namespace they are read-only" "$out" made
		[ "$rc" != 0 ] || like "$POLICY: and there" "$out" '1.end'
		in_sh "$try" "$bind | $maps | .mounts[-1].options = [\"rbind\", \"ro\"]"
		is "$POLICY: read-only as config.json says" "$rc:$out" 0:1$'\n'end || diag "$err"
	else skip "$POLICY: cgroups of the host" "no cgroup v2 here"; fi
done

# In a pid namespace that others share the first process is seen from the start: its program is a sealed copy. In its own
# namespace it is nobody's business. The hook runs as its child.
for shared in true false; do
	make_bundle "$T/b" "$(args_filter /bin/true) | .hooks.createContainer = [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"readlink /proc/\$PPID/exe >$T/exe; true\"]}]
		| if $shared then del(.linux.namespaces[] | select(.type == \"pid\")) else . end"
	jrun --policy none run --bundle "$T/b" "jt-$$-sealed"
	is "shared pid namespace: $shared: it runs" "$rc" 0 || diag "$err"
	if [ $shared = true ]; then
		like "shared pid namespace: the program of the first process is in sealed memory" "$(cat "$T/exe")" '^/memfd:jailrun'
	fi
done
done_testing
