#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What goes from the caller to the container, and what does not: the table of docs/inherited.md, row by row.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command gcc
need_runtime
gcc -D_GNU_SOURCE -static -o "$T/inherited" "$TOP_SRCDIR/tests/lib/inherited.c" || skip_all "no static C library"

# KEY none|kept, a line for each attribute.
awk -F '|' '/^\| `/ { n = split($2, names, ","); for (i = 1; i <= n; i++) { gsub(/[ `]/, "", names[i]); gsub(/ /, "", $3); print names[i], $3 } }' \
	"$TOP_SRCDIR/docs/inherited.md" | sort >"$T/table"
"$T/inherited" look >"$T/clean"
"$T/inherited" set "$T/inherited" look >"$T/set"
is "every attribute that is looked at is in docs/inherited.md, and the other way round" "$(cut -d ' ' -f 1 "$T/clean" | sort)" "$(cut -d ' ' -f 1 "$T/table")"

value() { sed -n "s/^$2 //p" "$1"; }

# compare NAME PLAIN SEEN: what was seen inside of a caller that has set all, and of one that has set nothing.
compare() {
	local key what set
	while read -r key what; do
		set=$(value "$T/set" "$key")
		if [ "$key" = memory-policy ] && [ "$set" -lt 1 ] || [ "$key" = cpus ] && [ "$set" = "$(value "$T/clean" cpus)" ]; then
			skip "$1: $key" "this host knows one value"
		elif [ "$what" = kept ]; then
			isnt "$1: $key: the caller has set it (control)" "$set" "$(value "$T/clean" "$key")"
			is "$1: $key: kept" "$(value "$3" "$key")" "$set"
		else
			isnt "$1: $key: the caller's is another (control)" "$set" "$(value "$2" "$key")"
			is "$1: $key: not the caller's" "$(value "$3" "$key")" "$(value "$2" "$key")"
		fi
	done <"$T/table"
}

# in_all FILE PREFIX...: what run, create with start, and exec show, called through PREFIX.
in_all() {
	local file=$1 id=jt-$$-i
	shift
	"$@" "$JAILRUN" --root "$ROOT" --policy $policy run --bundle "$T/b" "$id" >"$file.run" 2>"$file.err" </dev/null
	"$@" "$JAILRUN" --root "$ROOT" --policy $policy create --bundle "$T/b" "$id" >"$file.create" 2>>"$file.err" </dev/null
	"$@" "$JAILRUN" --root "$ROOT" start "$id" 2>>"$file.err"
	eventually 10 status_is "$id" stopped
	jr delete --force "$id"
	jr --policy $policy run --detach --bundle "$T/s" "$id" </dev/null >/dev/null 2>&1
	"$@" "$JAILRUN" --root "$ROOT" exec "$id" /bin/inherited look >"$file.exec" 2>>"$file.err" </dev/null
	jr delete --force "$id"
}

make_bundle "$T/b" "$(args_filter /bin/inherited look) | .process.rlimits = [] | .process.noNewPrivileges = false | del(.process.oomScoreAdj, .process.user.umask)"
cp "$T/inherited" "$T/b/rootfs/bin/inherited"
ROOTFS=$T/b/rootfs make_bundle "$T/s" "$(args_filter sleep 60) | .process.rlimits = [] | .process.noNewPrivileges = false | del(.process.oomScoreAdj, .process.user.umask)"
for policy in none default; do
	in_all "$T/plain" env
	in_all "$T/seen" "$T/inherited" set
	for verb in run create exec; do
		is "policy $policy: $verb works under such a caller" "$(cat "$T/seen.err")" ""
		compare "policy $policy: $verb" "$T/plain.$verb" "$T/seen.$verb"
	done
done
done_testing
