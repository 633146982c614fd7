# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # what is set here is for the tests, and they for this
# For tests that run in the machine. Source it after common.sh and bundle.sh. Two variables say where they run:
#	JAILRUN_TEST_MANAGER	cgroupfs (default) or systemd: who makes the cgroups
#	JAILRUN_TEST_KERNEL	a package as of tests/vm/run --kernel
manager=${JAILRUN_TEST_MANAGER:-cgroupfs}
kernel=${JAILRUN_TEST_KERNEL:-linux-image-amd64}
cg=/sys/fs/cgroup
case $manager in systemd) JAILRUN_FLAGS="--cgroup-manager systemd" ;; esac

in_guest() {
	[ -e /.jailrun-vm ]
}

# machine OPTION... -- TEST: makes the rootfs, which the guest sees through its overlay (a fork costs a tenth here), and runs the test there.
machine() {
	need_command qemu-system-x86_64 python3 busybox jq gcc
	need_runtime
	[ "$manager" = cgroupfs ] || set -- "--$manager" "$@"
	make_busybox_rootfs "$T/rootfs"
	gcc -O1 -static -D_GNU_SOURCE -o "$T/rootfs/bin/bite" "$TOP_SRCDIR/tests/vm/bite.c" || skip_all "no static C library"
	ROOTFS=$T/rootfs TEST_TMP=/run "$TOP_SRCDIR/tests/vm/run" --kernel "$kernel" "$@"
}

# unit_test NAME: cgroups_NAME of tests/unit, on the host: build it; in the guest: run it.
unit_test() {
	local program=$TOP_BUILDDIR/tests/unit/cgroups_$1
	if ! in_guest; then
		make -s -C "$TOP_BUILDDIR" "tests/unit/cgroups_$1" >&2 || diag "no unit test to run in the machine"
	elif [ -x "$program" ]; then
		ok "the unit test of cgroups: $1" env JAILRUN_MUST_WORK=1 "$program" || diag "$(grep -A3 'ERROR\|LINE' "$T/ok.log")"
	else
		fail "the unit test of cgroups is not built: $1"
	fi
}

res() {
	printf '.linux.resources = %s' "$1"
}

# path_filter PARENT NAME: the jq filter of a linux.cgroupsPath below a cgroup that containers can share.
path_filter() {
	case $manager in
	cgroupfs) printf '.linux.cgroupsPath = "/%s/%s"' "$1" "$2" ;;
	systemd) printf '.linux.cgroupsPath = "%s.slice:jt:%s"' "$1" "$2" ;;
	esac
}
# The directory of that parent.
parent_dir() {
	case $manager in
	cgroupfs) echo "$cg/$1" ;;
	systemd) echo "$cg/$1.slice" ;;
	esac
}

# cgroup_of ID: sets $dir, the directory that has the container's limits. The helper of a jail has a cgroup of its own beside the workload's.
cgroup_of() {
	local state path
	state=$(jr state "$1")
	[[ $state =~ \"pid\":\ *([0-9]+) ]]
	path=$(<"/proc/${BASH_REMATCH[1]}/cgroup")
	[[ $path =~ 0::([^$'\n']*) ]]
	path=${BASH_REMATCH[1]}
	[ ! -d "$cg${path%/*}/box" ] || path=${path%/*}/box
	dir=$cg$path
}
# of ID FILE: a file of it, or, of a controller that is not handed down so far, of the cgroup around it.
of() {
	local dir
	cgroup_of "$1" || return 1
	[ -e "$dir/$2" ] || dir=${dir%/box}
	echo "$(<"$dir/$2")"
}
# counted ID FILE KEY: the value of a line "KEY VALUE".
counted() {
	local key value
	while read -r key value; do
		[ "$key" != "$3" ] || echo "$value"
	done <<<"$(of "$1" "$2")"
}

# living ID FILTER: a container that runs from here on; its own bundle.
living() {
	make_bundle "$T/$1" "$2" || return 1
	# Its output must not be this test's: it would be waited for.
	if ! jr ${POLICY:+--policy "$POLICY"} run --detach --bundle "$T/$1" "$1" </dev/null >"$T/$1.out" 2>"$T/$1.err"; then
		fail "run -d $1"
		diag "$(cat "$T/$1.err")"
		return 1
	fi
}
idle='.process.args = ["/bin/sleep", "1000"]'
gone() { # ID...
	local id
	for id; do jr delete --force "$id"; done
}

# share_is NAME MIN MAX: jt-a gets so many percent of what it and jt-b get; `had ID` says how much one has had. A busy host may make one
# measurement worthless, and what went before is made up for at first: twenty tries.
share_is() {
	local a b percent i
	for ((i = 0; i < 20; i++)); do
		a=$(had jt-a) b=$(had jt-b)
		sleep 1
		a=$(($(had jt-a) - a)) b=$(($(had jt-b) - b))
		percent=$((100 * a / (a + b + 1)))
		[ $percent -lt "$2" ] || [ $percent -gt "$3" ] || break
	done
	ok "$1 ($percent %)" test $percent -ge "$2" -a $percent -le "$3"
}

# refuses NAME RESOURCES ERE: create fails with this error.
refuses() {
	in_sh true "$(res "$2")"
	like "$1" "$rc $err" "^1 .*$3"
}

# What a test left: cgroups with its names.
left_here() {
	find $cg -mindepth 1 -type d \( -name '*jt-*' -o -name '*jailrun*' \) | sort
}
nothing_left_here() {
	eventually 5 eval '[ -z "$(left_here)" ]'
	is "$1" "$(left_here)" ""
}
