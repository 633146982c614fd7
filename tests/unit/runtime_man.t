#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# docs/jailrun.1 against the table of options: each command with its arguments, and each of its options with its short form and
# its placeholder, the same on both sides.
. "$(dirname "$0")/../lib/common.sh" || exit 1
need_runtime
page=$TOP_SRCDIR/docs/jailrun.1

# command, tab, the option as help and page show it: "--bundle DIR, -b DIR". Help itself is described once, for all.
"$JAILRUN" --dump-options | awk -F '\t' '
	$5 == "hidden" || ($1 != "-" && $2 == "--help") { next }
	{ arg = $4 == "-" ? "" : " " $4; print $1 "\t" $2 arg ($3 == "-" ? "" : ", " $3 arg) }' | sort >"$T/table"

# The page: an option is a line after .TP or .TQ that begins with dashes.
sed 's/\\f[BIRP]//g; s/\\-/-/g' "$page" | awk '
	/^\.SH/ { command = /GLOBAL OPTIONS/ ? "-" : "" }
	/^\.SS/ { gsub(/"/, ""); command = $2 }
	command == "create" && tag && /^--/ { print "run\t" $0 } # "All options of create"
	command != "" && tag && /^--/ { print command "\t" $0 }
	{ tag = /^\.T[PQ]/ }' | sort >"$T/page"

ok "the table has options" test "$(wc -l <"$T/table")" -gt 30
is "each option of the table stands in the page, and the other way round" "$(diff "$T/table" "$T/page")" ""
ok "the sentence that stands for create's options is there" grep -qx 'All options of' "$page"

"$JAILRUN" --help | sed -n 's/^   jailrun \([a-z]\)/\1/p' | sort >"$T/usage"
sed -n 's/^\.SS "\(.*\)"$/\1/p' "$page" | sort >"$T/headings"
is "each command stands in the page with its arguments, and the other way round" "$(diff "$T/usage" "$T/headings")" ""

# The control: the comparison sees a missing option and a wrong placeholder.
grep -v -- '--keep' "$T/table" | sed 's/--log FILE/--log PATH/' >"$T/broken"
is "a difference is seen" "$(diff "$T/broken" "$T/page" | grep -c '^[<>]')" 3

if command -v groff >/dev/null; then
	is "groff has nothing to say" "$(groff -ww -man -Tutf8 -z "$page" 2>&1)" ""
else
	skip "groff has nothing to say" "needs groff"
fi
done_testing
