# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Is anything left of a container? Source it after common.sh. What counts is what names this test's directory ($T) or the
# container's ID, so that tests running beside this one are not seen.

cgroup2_mount() {
	awk '$0 ~ / - cgroup2 / { print $5; exit }' /proc/self/mountinfo
}

# Processes that were started for $T, or whose mount namespace has something of it; the test's own shell is not one.
left_processes() {
	local own f pid files
	own=$(readlink /proc/self/ns/mnt)
	# Two greps over all of /proc, listed before they run so that they are not found themselves.
	files=(/proc/[0-9]*/cmdline)
	for f in $(grep -slF "$T/" "${files[@]}"); do left_process "${f%/*}"; done
	files=(/proc/[0-9]*/mountinfo)
	for f in $(grep -slF "$T" "${files[@]}"); do
		pid=${f%/*}
		[ "$(readlink "$pid/ns/mnt" 2>/dev/null)" = "$own" ] || left_process "$pid"
	done
}

left_process() {
	local name state
	{ read -r _ name state _ <"$1/stat"; } 2>/dev/null || return 0
	case $state in Z | X) ;; *) echo "process $name" ;; esac
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
