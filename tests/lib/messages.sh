# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # what is set in common.sh, and for the tests
# Errors, provoked as a user would, and what each has to say: WORDS is "field or file|why|what to do". Where one phrase is two of them
# ("must be a string, not a number"), each is named with its own half. Source it after bundle.sh.

# said NAME WORDS: the last call failed; it says each of the words, in one line, and no name of a row stands before them.
said() {
	local name=$1 word missing=() words first
	IFS='|' read -ra words <<<"$2"
	[ ${#words[@]} -ge 3 ] || fail "$name: the test names field, why, and what to do"
	if [ "$rc" = 0 ]; then
		fail "$name: an error"
		return
	fi
	for word in "${words[@]}"; do
		[[ $err == *"$word"* ]] || missing+=("$word")
	done
	[[ $err != *$'\n'* ]] || missing+=("one line")
	first=${err#jailrun: }
	[[ $'\n'$rows$'\n' != *$'\n'"${first%%: *}"$'\n'* ]] || missing+=("words before the name of a row")
	if [ ${#missing[@]} = 0 ]; then pass "$name"; else
		fail "$name"
		diag "  got: $err" "  not said: ${missing[*]}"
	fi
}
# messages_begin: a bundle that runs, as control.
messages_begin() {
	# "exec" is a word of runc's, too.
	rows=$({ "$JAILRUN" life && "$JAILRUN" life exec; } | awk '$2 ~ /[.]/ { print $2 }')
	make_busybox_rootfs "$T/rootfs"
	ROOTFS=$T/rootfs
	mkdir -p "$T/empty"
	make_bundle "$T/b" "$(args_filter true)"
	cp "$T/b/config.json" "$T/good.json"
	jrun run --bundle "$T/b" "jt-$$-good"
	is "control: the container of these rows runs" "$rc" 0
}
# config NAME FILTER WORDS, text NAME JSON WORDS, policy NAME JSON WORDS, call NAME WORDS ARGUMENTS...
config() {
	jq "$2" "$T/good.json" >"$T/b/config.json" || fail "$1: the filter"
	jrun run --bundle "$T/b" "jt-$$-m"
	said "$1" "$3"
}
text() {
	printf '%s' "$2" >"$T/b/config.json"
	jrun run --bundle "$T/b" "jt-$$-m"
	said "$1" "$3"
}
policy() {
	printf '%s' "$2" >"$T/policy.json"
	jrun --policy "$T/policy.json" run --bundle "$T/b" "jt-$$-m"
	said "$1" "$T/policy.json|$3"
}
call() {
	local name=$1 words=$2
	shift 2
	jrun "$@"
	said "$name" "$words"
}
