#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What process says: the workload sees it, with the jail and without.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime

# caps SET: that line of the workload's own /proc/self/status.
status_field() {
	sed -n "s/^$1:[[:space:]]*//p" <<<"$out"
}

for POLICY in none default; do
	in_sh 'env | sort; pwd' '.process.env = ["PATH=/bin", "A=1", "B=two words", "EMPTY="] | .process.cwd = "/tmp"'
	is "$POLICY: exit status" "$rc" 0
	is "$POLICY: env and cwd" "$(grep -vE '^(SHLVL|_|OLDPWD|PWD|HOME)=' <<<"$out" | tr '\n' ';')" 'A=1;B=two words;EMPTY=;PATH=/bin;/tmp;'
	in_sh 'pwd' '.process.cwd = "/made/on/the/way"'
	is "$POLICY: a missing cwd is made" "$out" /made/on/the/way
	in_container "$(args_filter printf '%s|' a '' 'b c' '*' "\$HOME")"
	is "$POLICY: arguments as they are" "$out" "a||b c|*|\$HOME|"
	in_container "$(args_filter env)"' | .process.env = ["A=1", "PATH=/nowhere", "AB=3", "A=", "PATH=/bin", "A=2"]'
	is "$POLICY: of variables of one name the last counts" "$(grep -v '^HOME=' <<<"$out" | tr '\n' ';')" 'AB=3;PATH=/bin;A=2;'
	in_container "$(args_filter busybox echo by-path) | .process.env = [\"PATH=/nowhere:/bin\"]"
	is "$POLICY: the program is found in PATH" "$out" by-path
	in_container "$(args_filter ./bin/echo relative) | .process.cwd = \"/\""
	is "$POLICY: a program relative to cwd" "$out" relative

	in_sh 'id -u; id -g; id -G; umask; touch /tmp/f; stat -c %a:%u:%g /tmp/f; rm /tmp/f; cat /proc/self/status' \
		'.process.user = {uid: 1000, gid: 1001, umask: 63, additionalGids: [5, 20]}'
	is "$POLICY: user, groups, umask" "$(head -n 5 <<<"$out" | tr '\n' ';')" '1000;1001;1001 5 20;0077;600:1000:1001;'
	is "$POLICY: all four uids" "$(status_field Uid | tr '\t' ' ')" '1000 1000 1000 1000'
	is "$POLICY: all four gids" "$(status_field Gid | tr '\t' ' ')" '1001 1001 1001 1001'
	in_sh 'umask'
	is "$POLICY: umask 0022 by default" "$out" 0022

	# chown 0, kill 5, net_bind_service 10, sys_chroot 18
	in_sh 'cat /proc/self/status' '.process.capabilities = {bounding: ["CAP_CHOWN","CAP_KILL","CAP_NET_BIND_SERVICE","CAP_SYS_CHROOT"],
		permitted: ["CAP_CHOWN","CAP_KILL","CAP_NET_BIND_SERVICE"], effective: ["CAP_CHOWN","CAP_KILL"],
		inheritable: ["CAP_CHOWN"], ambient: ["CAP_CHOWN"]} | .process.user.uid = 1000 | .process.noNewPrivileges = true'
	is "$POLICY: bounding" "$(status_field CapBnd)" 0000000000040421
	# execve(2) as a user without root leaves the ambient set.
	is "$POLICY: permitted" "$(status_field CapPrm)" 0000000000000001
	is "$POLICY: effective" "$(status_field CapEff)" 0000000000000001
	is "$POLICY: inheritable" "$(status_field CapInh)" 0000000000000001
	is "$POLICY: ambient" "$(status_field CapAmb)" 0000000000000001
	is "$POLICY: no_new_privs" "$(status_field NoNewPrivs)" 1
	in_sh 'cat /proc/self/status' '.process.capabilities = {bounding: ["CAP_CHOWN","CAP_KILL"],
		permitted: ["CAP_CHOWN","CAP_KILL"], effective: ["CAP_CHOWN","CAP_KILL"]} | .process.noNewPrivileges = false'
	is "$POLICY: root keeps the bounding set across execve" "$(status_field CapPrm):$(status_field CapEff)" 0000000000000021:0000000000000021
	is "$POLICY: inheritable is empty unless asked for" "$(status_field CapInh):$(status_field CapAmb)" 0000000000000000:0000000000000000
	is "$POLICY: no_new_privs as config.json says" "$(status_field NoNewPrivs)" 0
	in_sh 'cat /proc/self/status' 'del(.process.capabilities)'
	is "$POLICY: no capabilities at all" "$(status_field CapBnd):$(status_field CapPrm):$(status_field CapEff)" \
		0000000000000000:0000000000000000:0000000000000000

	in_sh 'cat /proc/self/limits; cat /proc/self/oom_score_adj' \
		'.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}, {type: "RLIMIT_CORE", soft: 0, hard: 0},
			{type: "RLIMIT_CPU", soft: 50, hard: 60}, {type: "RLIMIT_FSIZE", soft: 1000000, hard: 1000000}] | .process.oomScoreAdj = 321'
	like "$POLICY: RLIMIT_NOFILE" "$out" 'Max open files +100 +200'
	like "$POLICY: RLIMIT_CORE" "$out" 'Max core file size +0 +0'
	like "$POLICY: RLIMIT_CPU" "$out" 'Max cpu time +50 +60'
	like "$POLICY: RLIMIT_FSIZE" "$out" 'Max file size +1000000 +1000000'
	is "$POLICY: oomScoreAdj" "$(tail -n 1 <<<"$out")" 321

	in_sh 'for i in $(seq 3 1100); do [ -L /proc/$$/fd/$i ] && readlink /proc/$$/fd/$i; done; echo end'
	is "$POLICY: no fd but the three" "$out" end
	exec 3<"$T/spec.json" 4</etc/hostname
	in_sh 'cat <&4; test -e /proc/self/fd/5 && echo five' '.' --preserve-fds 2
	is "$POLICY: --preserve-fds 2 hands over fd 4" "$out" "$(cat /etc/hostname)"
	in_sh 'cat <&4' '.' --preserve-fds 1
	isnt "$POLICY: --preserve-fds 1 does not" "$rc" 0
	exec 3<&- 4<&-

	in_sh 'test "$(cat /proc/self/sessionid 2>/dev/null)" != x; cut -d" " -f6 /proc/self/stat'
	like "$POLICY: it leads a session" "$out" '^[1-9]'
done
done_testing
