# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034
# For the tests of real engines: TAP, and a world of their own. `enter` runs the test again as PID 1 of a pid namespace and
# in a private mount namespace, with /run, /dev/shm and the engines' directories in /var/lib empty: whatever an engine
# starts or mounts ends with the test, and nothing of the machine's own engines is seen or touched.
#
# JAILRUN: the runtime under test (default: ./jailrun of the build, as make sets it). The harness itself is proved by
# JAILRUN=/usr/sbin/runc: every test has to pass with it.

export PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}

# enter COMMAND...: skips when one of the commands is missing. ENGINE_GENERATION=SUITE: the engines of that Debian, in a root of their own.
enter() {
	[ -z "${ENGINE_WORK-}" ] || return 0
	local c base root=''
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	: "${JAILRUN:=$(pwd)/jailrun}"
	[ -x "$JAILRUN" ] || skip_all "no runtime at $JAILRUN"
	[ -z "${ENGINE_GENERATION-}" ] || set -- debootstrap
	for c in "$@" umoci skopeo busybox jq unshare script expect; do
		command -v "$c" >/dev/null || skip_all "no $c here (see tests/engines/packages)"
	done
	if [ -n "${ENGINE_GENERATION-}" ]; then
		root=$("$here/generation" "$ENGINE_GENERATION") || {
			echo "Bail out! no root directory of $ENGINE_GENERATION"
			exit 1
		}
	fi
	JAILRUN=$(realpath "$JAILRUN")
	ENGINE_WORK=$(mktemp -d "${TMPDIR:-/tmp}/engine-XXXXXX")
	export JAILRUN ENGINE_WORK
	set -- "$(realpath "$0")"
	[ -z "$root" ] || set -- "$here/in-root" "$root" "$@"
	unshare --mount --pid --fork --kill-child --mount-proc --propagation private "$@"
	local rc=$?
	# Cgroups are the only thing that outlives the namespaces.
	base=$(basename "$ENGINE_WORK")
	find /sys/fs/cgroup -mindepth 2 -depth -type d -path "*$base*" -exec rmdir {} + 2>/dev/null
	rm -rf --one-file-system "$ENGINE_WORK"
	exit $rc
}

# Of another generation the suites run with the jail alone: what they show without it is shown by the first.
both_ways() {
	[ -z "${ENGINE_GENERATION-}" ] || [ -z "$is_jailrun" ]
}

# The private world: called once, inside.
world() {
	local d
	W=$ENGINE_WORK
	N=$(basename "$W") # names the test's cgroups and namespaces
	for d in /run /dev/shm /var/lib/containers /var/lib/cni /var/lib/docker /var/lib/containerd; do
		[ ! -d "$d" ] || mount -t tmpfs -o mode=755 engine "$d"
	done
	chmod 1777 /dev/shm
	export HOME=$W TMPDIR=$W XDG_RUNTIME_DIR='' PATH=$W/bin:$PATH
	# until_true SECONDS COMMAND...
	command_file until_true <<-'EOF'
		n=$(($1 * 10))
		shift
		while ! "$@" >/dev/null 2>&1; do
			n=$((n - 1))
			[ $n -gt 0 ] || exit 1
			sleep 0.1
		done
	EOF
	command_file to_stderr <<-'EOF'
		exec "$@" >&2
	EOF
	# A command in a terminal of its own.
	command_file pty <<-'EOF'
		exec script -qec "$(printf '%q ' "$@")" /dev/null
	EOF
	is_jailrun=
	"$JAILRUN" --version 2>/dev/null | grep -q '^jailrun ' && is_jailrun=1
	echo "# runtime: $JAILRUN: $("$JAILRUN" --version | head -1)"
}

# ---- images ----

rootfs() {
	local r=$W/rootfs a
	[ -d "$r" ] && return
	mkdir -p "$r"/{bin,etc,proc,sys,dev,tmp,root,run}
	chmod 1777 "$r/tmp"
	cp /bin/busybox "$r/bin/busybox"
	for a in $("$r/bin/busybox" --list); do
		[ "$a" = busybox ] || ln -s busybox "$r/bin/$a"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n' >"$r/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\n' >"$r/etc/group"
	printf 'not a program\n' >"$r/etc/no-program"
	tar -C "$r" -cf "$W/rootfs.tar" .
}

# An OCI archive bb.tar with the image localhost/bb:latest.
oci_archive() {
	rootfs
	oci_image bb --config.cmd /bin/sh
}

# oci_image NAME OPTION...: the same files under another name, with options of umoci config.
oci_image() {
	local name=$1
	shift
	{
		umoci init --layout "$W/oci-$name" && umoci new --image "$W/oci-$name:latest" &&
			umoci insert --image "$W/oci-$name:latest" "$W/rootfs" / &&
			umoci config --image "$W/oci-$name:latest" --config.env PATH=/bin "$@" &&
			skopeo copy --insecure-policy "oci:$W/oci-$name:latest" "oci-archive:$W/$name.tar:localhost/$name:latest"
	} >"$W/image.log" 2>&1 || {
		sed 's/^/# /' "$W/image.log"
		echo "Bail out! the image could not be made"
		exit 1
	}
}

# ---- TAP ----

tests=0
failures=0
engine_log=

passed=()
# cannot FEATURE REASON: why this engine has no check for a row of `features`.
declare -A cannot=()
cannot() {
	cannot[$1]=$2
}

ok() {
	tests=$((tests + 1))
	passed+=("$1")
	echo "ok $tests - $1"
}
not_ok() {
	tests=$((tests + 1))
	failures=$((failures + 1))
	echo "not ok $tests - $1"
}
skip() {
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}
diag() {
	sed 's/^/#   /' | head -12
}
# The engine's column of the table of features: each row is shown by checks that passed, or has a reason why not. `table` joins the
# columns. features all; features some: of a test that is about other things as well; what it does not show stays empty.
features() {
	local which=$1 name pattern count missing='' column=/dev/null
	if [ -n "${TOP_BUILDDIR-}" ]; then
		mkdir -p "$TOP_BUILDDIR/engines"
		column=$TOP_BUILDDIR/engines/${ENGINE_GENERATION:+newer-}$(basename "$0" .t).features
		: >"$column"
	fi
	echo "# feature: checks that passed"
	while IFS=$'\t' read -r name pattern; do
		[[ $name == "#"* ]] && continue
		count=$(printf '%s\n' "${passed[@]}" | grep -cE -- "$pattern")
		if [ "$count" != 0 ]; then count="ok ($count)"; elif [ "$which" = some ]; then continue; else count=${cannot[$name]-MISSING}; fi
		[ "$count" != MISSING ] || missing+="$name; "
		printf '# %-26s %s\n' "$name:" "$count"
		printf '%s\t%s\n' "$name" "$count" >>"$column"
	done <"$here/features"
	[ "$which" = all ] || return 0
	if [ -z "$missing" ]; then ok "every feature is shown, or has its reason"; else
		not_ok "every feature is shown, or has its reason"
		echo "# missing: $missing"
	fi
}

finish() {
	echo "1..$tests"
	[ "$failures" = 0 ]
	exit
}

# expect NAME STATUS PATTERN COMMAND...: the status, and a glob for stdout without carriage returns. `input` is its stdin.
# may_lose_output: of an engine that can lose all that a program has said is asked once more. containerd's client library, in ctr, dockerd and the
# CRI, cancels its FIFOs when the program ends, and when it has not come to open them by then, on a busy machine, the output is lost.
input=
may_lose_output=
expect() {
	local name=$1 status=$2 pattern=$3 got try
	shift 3
	printf '%s' "$input" >"$W/stdin"
	for try in 1 2 3; do
		timeout -k 5 60 "$@" <"$W/stdin" >"$W/stdout" 2>"$W/stderr"
		got=$?
		if [ -z "$may_lose_output" ] || [ -z "${pattern//\*/}" ] || [ $got != "$status" ] || [ -s "$W/stdout" ]; then break; fi
		echo "# output lost, try $try: $name"
	done
	tr -d '\r' <"$W/stdout" >"$W/stdout.text"
	# shellcheck disable=SC2053
	if [ $got = "$status" ] && [[ $(cat "$W/stdout.text") == $pattern ]]; then
		ok "$name"
		return 0
	fi
	not_ok "$name"
	echo "# command: $*"
	echo "# status $got, expected $status; stdout, expected '$pattern':"
	diag <"$W/stdout.text"
	echo "# stderr:"
	diag <"$W/stderr"
	if [ -n "$engine_log" ]; then
		echo "# the engine's log:"
		grep -vE 'level=info|failed to load plugin' "$engine_log" | tail -3 | cut -c1-700 | diag
	fi
	return 1
}

# expect_error NAME STATUS TEXT COMMAND...: the status (or "any" but 0), and a regular expression for stderr.
expect_error() {
	local name=$1 status=$2 text=$3 got
	shift 3
	timeout -k 5 60 "$@" </dev/null >"$W/stdout" 2>"$W/stderr"
	got=$?
	if { [ $got = "$status" ] || { [ "$status" = any ] && [ $got != 0 ]; }; } && grep -qE "$text" "$W/stderr"; then
		ok "$name"
		return 0
	fi
	not_ok "$name"
	echo "# command: $*"
	echo "# status $got, expected $status; stderr, expected /$text/:"
	diag <"$W/stderr"
	return 1
}

# command_file NAME: makes what stands on stdin a command of that name (timeout and script start no shell functions).
command_file() {
	mkdir -p "$W/bin"
	{
		echo '#!/bin/bash'
		cat
	} >"$W/bin/$1"
	chmod 755 "$W/bin/$1"
}

# A runtime that brings the jail to engines which cannot pass arguments to theirs.
jail_wrapper() {
	printf '#!/bin/sh\nexec %q --policy default "$@"\n' "$JAILRUN" >"$W/jailrun-policy"
	chmod 755 "$W/jailrun-policy"
	echo "$W/jailrun-policy"
}

# An administrator's configuration and policies: `judge` is for every container that asks for nothing else, and refuses to make directories. Prints
# the configuration's path; denials go to $W/audit.jsonl.
admin_config() {
	local name
	mkdir -p "$W/policies"
	for name in judge strict; do
		jq -n --arg name "$name" '{name: $name, syscalls: {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
			{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: (if $name == "judge" then 122 else 28 end)}]}}' >"$W/policies/$name.json"
	done
	jq -n --arg w "$W" '{defaultPolicy: "judge", policyDir: ($w + "/policies"),
		audit: {to: "file", path: ($w + "/audit.jsonl"), annotations: ["org.example.*", "io.container.*"]}}' >"$W/admin.json"
	chmod 644 "$W/admin.json" "$W"/policies/*
	echo "$W/admin.json"
}

# denial_of ID FILTER: what the administrator's log says of the container.
denial_of() {
	jq -r "select(.container == \"$1\") | $2" "$W/audit.jsonl" | head -n 1
}

# What a memory limit comes to: honoured, or refused in words; never dropped in silence. COMMAND... runs a program of some
# seconds; LIMIT in it stands for the number of bytes, which no other test has.
expect_memory_limit() {
	local name=$1 limit=$((67108864 + 4096 * (RANDOM % 4000))) pid n=0 found=
	shift
	timeout -k 5 20 "${@//LIMIT/$limit}" >"$W/stdout" 2>"$W/stderr" </dev/null &
	pid=$!
	while [ -z "$found" ] && [ $n -lt 50 ] && kill -0 $pid 2>/dev/null; do
		found=$(find /sys/fs/cgroup -mindepth 2 \( -name memory.limit_in_bytes -o -name memory.max \) -exec grep -lx $limit {} + 2>/dev/null)
		n=$((n + 1))
		sleep 0.1
	done
	if wait $pid; then
		[ -n "$found" ] && ok "$name" && return
	elif grep -qi memory "$W/stderr"; then
		ok "$name (refused)"
		return
	fi
	not_ok "$name"
	cat "$W/stdout" "$W/stderr" | diag
}

# session NAME COMMAND...: the command is a shell with the prompt "READY> ", worked by hand in a terminal by tests/lib/pty.exp.
session() {
	local name=$1
	shift
	tap_of "$name" "$(type -P expect)" "$here/../lib/pty.exp" 'READY> ' "$@"
}

# tap_of NAME COMMAND...: the command prints TAP without a plan.
tap_of() {
	local name=$1 result rest
	shift
	timeout -k 5 90 "$@" >"$W/session" 2>&1
	echo "end $?" >>"$W/session"
	while read -r result rest; do
		case $result in
		ok) ok "$name: $rest" ;;
		not) not_ok "$name: ${rest#ok }" ;;
		end) [ "$rest" = 0 ] || not_ok "$name: the session came to its end" ;;
		*) echo "$result $rest" | diag ;;
		esac
	done <"$W/session"
}

# expect_honoured_or_refused NAME CONTROLLER VALUE COMMAND...: it succeeds and the value stands in a file of the controller, or
# it is refused and the error names the controller.
expect_honoured_or_refused() {
	local name=$1 controller=$2 value=$3
	shift 3
	if timeout -k 5 60 "$@" </dev/null >"$W/stdout" 2>"$W/stderr"; then
		find /sys/fs/cgroup -mindepth 2 -name "$controller.*" -exec grep -qx "$value" {} \; -print 2>/dev/null | grep -q . &&
			ok "$name" && return
	elif grep -qi "$controller" "$W/stderr"; then
		ok "$name (refused)"
		return
	fi
	not_ok "$name"
	echo "# command: $*"
	cat "$W/stdout" "$W/stderr" | diag
}

# The processes with a mount namespace of their own in which a file system of this test is mounted; other tests run beside it.
container_processes() {
	local p own
	own=$(readlink /proc/self/ns/mnt)
	for p in /proc/[0-9]*; do
		[ "$(readlink "$p/ns/mnt" 2>/dev/null || echo "$own")" != "$own" ] || continue
		! grep -qs "$W" "$p/mountinfo" || echo "${p#/proc/}: $(tr '\0' ' ' <"$p/cmdline" 2>/dev/null)"
	done
}

# nothing_left NAME ROOT...: no container in these state roots, no process of a container, no cgroup of the test.
nothing_left() {
	local name=$1 left="" r
	shift
	for r in "$@"; do
		[ ! -d "$r" ] || left+=$(find "$r" -mindepth 1 -maxdepth 1 -type d ! -name '.*' ! -name cache 2>/dev/null)
	done
	left+=$(container_processes)
	left+=$(find /sys/fs/cgroup -mindepth 2 -type d -path "*$N*/*" ! -name conmon 2>/dev/null)
	if [ -z "$left" ]; then
		ok "$name"
	else
		not_ok "$name"
		echo "$left" | diag
	fi
}
