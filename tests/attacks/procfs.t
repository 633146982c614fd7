#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the runtime writes below /proc and binds over /dev, with files of the attacker's in their places: masks (CVE-2025-31133),
# the terminal (CVE-2025-52565), sysctl, oom_score_adj, id maps (CVE-2025-52881, CVE-2019-16884).
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/hostile.sh"
need_root
need_command python3
need_runtime
core_pattern=$(cat /proc/sys/kernel/core_pattern)

# volume DESTINATION SOURCE: the filter that puts a directory of the attacker's in the place of a mount.
volume() {
	jq -rn --arg d "$1" --arg s "$2" '"del(.mounts[] | select(.destination | startswith(\($d | @json)))) | .mounts += [{destination: \($d | @json), type: \"bind\", source: \($s | @json), options: [\"rbind\"]}]"'
}
# console FILTER: runs with a terminal, whose output goes to $T/console.
console() {
	rm -f "$T/s" "$T/console" "$T/console.err"
	make_bundle "$T/b" "$1 | .process.terminal = true"
	python3 "$TOP_SRCDIR/tests/lib/console.py" "$T/s" >"$T/console" 2>"$T/console.err" </dev/null &
	local listener=$!
	eventually 10 grep -q listening "$T/console.err"
	jrun --policy "$POLICY" create --bundle "$T/b" --console-socket "$T/s" "jt-$$-tty"
	if [ "$rc" = 0 ]; then
		jr start "jt-$$-tty"
		eventually 10 status_is "jt-$$-tty" stopped
		jr delete -f "jt-$$-tty"
	else
		kill $listener
	fi
	wait $listener 2>/dev/null
}

for POLICY in none default; do
	# Masks: the container's /dev/null is something else, and the mask would be bound from that.
	hostile
	echo secret >"$T/b/rootfs/secret"
	in_sh 'cat /secret'
	is "$POLICY: a file that is not masked (control)" "$out" secret
	in_sh 'cat /secret' '.linux.maskedPaths = ["/secret"]'
	is "$POLICY: a masked one (control)" "$rc:$out" 0:
	for null in 'ln -s /proc/sys/kernel/core_pattern' 'ln -s /secret' 'cp /etc/hostname' 'mkfifo' mkdir 'cp -a /dev/zero'; do
		rm -rf "$T/fakedev" && mkdir "$T/fakedev"
		$null "$T/fakedev/null"
		in_sh 'head -c 6 /secret; echo jailed >/secret; head -c 30 /proc/sys/kernel/core_pattern' "$(volume /dev "$T/fakedev") | .linux.maskedPaths = [\"/secret\"]"
		unlike "$POLICY: /dev/null by $null: the secret stays masked" "$out" '^secret'
		is "$POLICY: /dev/null by $null: the host's setting is what it was" "$(cat /proc/sys/kernel/core_pattern)" "$core_pattern"
		is "$POLICY: /dev/null by $null: the file below the mask is not written to" "$(cat "$T/b/rootfs/secret")" secret
	done

	# The terminal: /dev/console, /dev/ptmx and /dev/pts/0 are links of the attacker's to what the container must not write.
	console "$(sh_filter 'tty; ls -l /dev/console; echo typed >/dev/console')"
	like "$POLICY: a terminal (control)" "$(cat "$T/console")" '/dev/pts/0.*/dev/console.*typed' || diag "$err"
	for link in console ptmx pts/0; do
		rm -rf "$T/fakedev" && mkdir -p "$T/fakedev/pts"
		mknod "$T/fakedev/null" c 1 3
		ln -s /proc/sys/kernel/core_pattern "$T/fakedev/$link"
		for mounts in . '.mounts += [{destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0666", "mode=0620"]}]'; do
			console "$(sh_filter 'echo typed >/dev/console; grep core_pattern /proc/self/mountinfo && echo bound; echo end') | $(volume /dev "$T/fakedev") | $mounts"
			unlike "$POLICY: /dev/$link is a link: nothing is bound over what it leads to" "$(cat "$T/console")" bound
			is "$POLICY: /dev/$link is a link: the host's setting is what it was" "$(cat /proc/sys/kernel/core_pattern)" "$core_pattern"
		done
	done

	# /proc itself is a directory of the attacker's: what is written there is written nowhere, or in a real one.
	make_false() {
		rm -rf "$T/false" && mkdir -p "$T/false"/{self,thread-self,1}/attr "$T/false/sys/net/ipv4" "$T/false/sys/kernel"
		for f in self/oom_score_adj 1/oom_score_adj self/attr/exec thread-self/attr/exec self/setgroups self/uid_map sys/net/ipv4/ip_forward; do
			echo false >"$T/false/$f"
		done
		ln -s "$T/host/file" "$T/false/sys/kernel/domainname"
		(cd "$T/false" && find . -type f -exec cat {} +) >"$T/false.before"
	}
	what='.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .process.oomScoreAdj = 77 | del(.linux.maskedPaths, .linux.readonlyPaths)'
	hostile
	in_sh 'cat /proc/sys/net/ipv4/ip_forward /proc/self/oom_score_adj' "$what"
	is "$POLICY: sysctl and oomScoreAdj (control)" "$out" 1$'\n'77 || diag "$err"
	for destination in /proc /proc/self /proc/sys /proc/sys/net/ipv4 /proc/1; do
		hostile
		make_false
		in_sh 'mkdir -p /tmp/p && mount -t proc proc /tmp/p && cat /tmp/p/sys/net/ipv4/ip_forward /tmp/p/self/oom_score_adj; umount /tmp/p' \
			"$(volume "$destination" "$T/false${destination#/proc}") | $what | .process.capabilities = {bounding: [\"CAP_SYS_ADMIN\"], effective: [\"CAP_SYS_ADMIN\"], permitted: [\"CAP_SYS_ADMIN\"]}"
		is "$POLICY: a false $destination is not written to" "$(cd "$T/false" && find . -type f -exec cat {} + | diff "$T/false.before" -)" ""
		[ "$rc" != 0 ] || is "$POLICY: a false $destination: the real one is" "$out" 1$'\n'77
		unharmed "$POLICY: a false $destination"
	done
	# The same for the id maps and setgroups of a user namespace.
	make_false
	in_sh 'id -u' "$(volume /proc "$T/false") | .linux.namespaces += [{type: \"user\"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings"
	is "$POLICY: a false /proc and a user namespace: it is not written to" "$(cd "$T/false" && find . -type f -exec cat {} + | diff "$T/false.before" -)" ""
	# Where there is an AppArmor, its attribute must not land in a file either; where there is none, it is an error.
	in_sh 'echo ran' "$(volume /proc "$T/false") | .process.apparmorProfile = \"unconfined-no-such\""
	is "$POLICY: a profile and a false /proc" "$rc:$out" 1:
	is "$POLICY: it is not written to" "$(cat "$T/false/self/attr/exec" "$T/false/thread-self/attr/exec" | sort -u)" false
done
done_testing
