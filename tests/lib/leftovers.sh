# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Is anything left of a container? Source it after common.sh. What counts is what names this test's directory ($T) or the
# container's ID, so that tests running beside this one are not seen.

cgroup2_mount() {
	awk '$0 ~ / - cgroup2 / { print $5; exit }' /proc/self/mountinfo
}

# Processes that were started for $T, or whose mount namespace has something of it; the test's own shell is not one.
left_processes() {
	local p pid own
	own=$(readlink /proc/self/ns/mnt)
	for p in /proc/[0-9]*; do
		pid=${p#/proc/}
		[ "$pid" = "$$" ] || [ "$pid" = "$BASHPID" ] && continue
		[ "$(cut -d' ' -f3 "$p/stat" 2>/dev/null)" = Z ] && continue
		if { tr '\0' ' ' <"$p/cmdline"; } 2>/dev/null | grep -qF -e "--root $ROOT" -e "$T/"; then
			:
		elif [ "$(readlink "$p/ns/mnt" 2>/dev/null)" != "$own" ] && grep -qF "$T" "$p/mountinfo" 2>/dev/null; then
			:
		else
			continue
		fi
		echo "process $(cat "$p/comm" 2>/dev/null)"
	done
}

left_mounts() {
	grep -F "$T" /proc/self/mountinfo | awk '{ print "mount", $5 }'
}

# left_cgroups ID
left_cgroups() {
	local mount
	mount=$(cgroup2_mount)
	[ -n "$mount" ] && find "$mount" -type d -name "*$1*" -printf 'cgroup %p\n' 2>/dev/null
}

left_state() {
	[ -d "$ROOT" ] && find "$ROOT" -mindepth 1 ! -name '.*' -printf 'state %P\n'
}

# bundle_files DIR: all that is in it, with types, modes and owners.
bundle_files() {
	find "$1" -printf 'file %P %y %m %U:%G %l\n' | sort
}

# leftovers_begin DIR: remembers the bundle as it is.
leftovers_begin() {
	leftovers_bundle=$1
	bundle_files "$1" >"$T/files.before"
}

# leftovers ID: prints what is left; processes get two seconds to end.
leftovers() {
	local end=$((SECONDS + 3)) found
	while :; do
		found=$(
			left_processes
			left_mounts
			left_cgroups "$1"
			left_state
			bundle_files "$leftovers_bundle" | diff "$T/files.before" - | sed -n 's/^[<>]/&/p'
		)
		[ -z "$found" ] || [ $SECONDS -ge $end ] && break
		sleep 0.05
	done
	echo "$found"
}

# nothing_left NAME ID
nothing_left() {
	is "$1" "$(leftovers "$2")" ""
}
