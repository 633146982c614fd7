# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # what is set here is for the tests
# TAP for bash, a directory of the test's own, and its removal. Source it first:
#	. "$(dirname "$0")/../lib/common.sh" || exit 1
# and end with done_testing. Each check prints one line; the exit status is 1 when one failed.
set -u

TOP_SRCDIR=${TOP_SRCDIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
TOP_BUILDDIR=${TOP_BUILDDIR:-$TOP_SRCDIR/build}
JAILRUN=${JAILRUN:-$TOP_BUILDDIR/jailrun}
export TOP_SRCDIR TOP_BUILDDIR JAILRUN
# The caller's own configuration must not leak into what is tested.
unset XDG_RUNTIME_DIR XDG_CONFIG_HOME NOTIFY_SOCKET LISTEN_FDS LISTEN_PID
# shellcheck source=tests/lib/neutral.sh
. "$(dirname "${BASH_SOURCE[0]}")/neutral.sh"

# On a real file system: /tmp may be a tmpfs without exec, and overlays refuse some mounts.
T=$(mktemp -d "${TEST_TMP:-/var/tmp}/jailrun-test.XXXXXX")
chmod 755 "$T"
ROOT=$T/state
out="" err="" rc=0
count=0 failures=0
on_exit=()

# at_exit COMMAND: run at the end, last first.
at_exit() {
	on_exit=("$*" "${on_exit[@]}")
}

cleanup() {
	local status=$? c id
	trap - EXIT INT TERM HUP
	for c in "${on_exit[@]}"; do eval "$c"; done >/dev/null 2>&1
	if [ -d "$ROOT" ]; then
		for id in "$ROOT"/*/; do
			id=${id%/}
			timeout 20 "$JAILRUN" --root "$ROOT" delete --force "${id##*/}" >/dev/null 2>&1
		done
	fi
	rm -rf --one-file-system "$T" 2>/dev/null || true
	exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

diag() {
	printf '%s\n' "$*" | sed 's/^/# /' >&2
}

pass() {
	count=$((count + 1))
	printf 'ok %d - %s\n' "$count" "${*//#/\\#}"
}

fail() {
	count=$((count + 1)) failures=$((failures + 1))
	printf 'not ok %d - %s\n' "$count" "${*//#/\\#}"
	diag "failed at ${BASH_SOURCE[2]-${BASH_SOURCE[1]}}:${BASH_LINENO[1]-${BASH_LINENO[0]}}: $*"
}

# ok NAME COMMAND...: the command succeeds.
ok() {
	local name=$1
	shift
	if "$@" >"$T/ok.log" 2>&1; then pass "$name"; else
		fail "$name"
		diag "command: $*" "$(head -n 5 "$T/ok.log")"
		return 1
	fi
}

# not_ok NAME COMMAND...: the command fails.
not_ok() {
	local name=$1
	shift
	if "$@" >"$T/ok.log" 2>&1; then
		fail "$name"
		diag "command succeeded: $*"
		return 1
	else pass "$name"; fi
}

is() {
	if [ "$2" = "$3" ]; then pass "$1"; else
		fail "$1"
		diag "  got: $2" "  not: $3"
		return 1
	fi
}

isnt() {
	if [ "$2" != "$3" ]; then pass "$1"; else
		fail "$1"
		diag "  got: $2"
		return 1
	fi
}

# like NAME GOT ERE, unlike NAME GOT ERE
like() {
	if [[ $2 =~ $3 ]]; then pass "$1"; else
		fail "$1"
		diag "  got: $2" "  no match for: $3"
		return 1
	fi
}

unlike() {
	if [[ ! $2 =~ $3 ]]; then pass "$1"; else
		fail "$1"
		diag "  got: $2" "  matches: $3"
		return 1
	fi
}

# skip NAME REASON: a test that cannot run on this host.
skip() {
	if [ -n "${JAILRUN_MUST_WORK-}" ]; then
		fail "$1 (must work, but: $2)"
	else
		count=$((count + 1))
		printf 'ok %d - %s # SKIP %s\n' "$count" "$1" "$2"
	fi
}

# skip_all REASON: the whole file, before its first test.
skip_all() {
	if [ -n "${JAILRUN_MUST_WORK-}" ]; then
		fail "must work, but: $*"
		done_testing
	fi
	echo "1..0 # SKIP $*"
	exit 0
}

done_testing() {
	echo "1..$count"
	[ "$failures" = 0 ]
	exit
}

# fits SCHEMA WHAT FILE...: whether the documents in the files are as docs/SCHEMA.schema.json says.
fits() {
	local rc=0
	said=$(/usr/bin/python3 "$TOP_SRCDIR/tests/lib/fits.py" "$TOP_SRCDIR/docs/$1.schema.json" "${@:3}" 2>&1) || rc=$?
	if [ "$rc" = 77 ]; then skip "$2" "needs python3-jsonschema"; else is "$2" "$rc" 0 || diag "$said"; fi
}

# run COMMAND...: standard input is empty; sets $rc, $out and $err (also in $T/out and $T/err). At most a minute.
run() {
	# The group keeps bash's word on a killed command out of the test's output.
	{ timeout -k 5 "${RUN_TIMEOUT:-60}" "$@" >"$T/out" 2>"$T/err" </dev/null; } 2>/dev/null
	rc=$?
	# Null bytes go away; bash says so.
	{ out=$(<"$T/out") err=$(<"$T/err"); } 2>/dev/null
}

# The runtime under test with a state root of this test's own, and the global options of $JAILRUN_FLAGS.
# shellcheck disable=SC2086 # words
jr() {
	"$JAILRUN" --root "$ROOT" ${JAILRUN_FLAGS-} "$@"
}
# jrun ARGUMENTS...: the same through run.
# shellcheck disable=SC2086 # words
jrun() {
	run "$JAILRUN" --root "$ROOT" ${JAILRUN_FLAGS-} "$@"
}

# eventually SECONDS COMMAND...: polls until the command succeeds.
eventually() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.02
	done
}

status_is() {
	[ "$(jr state "$1" 2>/dev/null | jq -r .status)" = "$2" ]
}

# tap_summary of a control: need_root, need_command NAME...
need_root() {
	[ "$(id -u)" = 0 ] || skip_all "needs root"
}
need_command() {
	local c
	for c in "$@"; do
		command -v "$c" >/dev/null || skip_all "needs the command $c"
	done
}
need_runtime() {
	[ -x "$JAILRUN" ] || {
		echo "Bail out! $JAILRUN is not built"
		exit 1
	}
	# Tests call it as other users, who cannot enter every place that a clone is in (/root), and in scripts that they write: no blanks.
	if [[ $JAILRUN == *[[:space:]]* ]] ||
		{ [ "$(id -u)" = 0 ] && ! setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$JAILRUN"; }; then
		install -D -m 755 "$JAILRUN" "$T/.jailrun/jailrun" && JAILRUN=$T/.jailrun/jailrun
	fi
}
