# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Source it after common.sh.

# pty_session NAME PROMPT COMMAND...: the hand-worked session of pty.exp as tests of ours.
pty_session() {
	local name=$1 result rest
	shift
	timeout -k 5 180 expect "$TOP_SRCDIR/tests/lib/pty.exp" "$@" >"$T/pty.out" 2>&1
	while read -r result rest; do
		case $result in
		ok) pass "$name: $rest" ;;
		not) fail "$name: ${rest#ok }" ;;
		*) diag "$result $rest" ;;
		esac
	done <"$T/pty.out"
	ok "$name: came to its end" grep -q 'exit status is the' "$T/pty.out"
}
