#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The manual page that the build has made, against the help of the program: each command with its arguments, and each of its
# options with its short form and its placeholder, the same on both sides. And docs/man.awk on templates that are wrong.
. "$(dirname "$0")/../lib/common.sh" || exit 1
need_runtime
page=$TOP_BUILDDIR/docs/jailrun.1

# command, tab, the option as help shows it: "--bundle DIR, -b DIR". --help stands in the page once, for all commands.
options_of() { # COMMAND HELP
	sed -n 's/^   \(--[^ ].*\)/\1/p' <<<"$2" | sed 's/   .*//; s/ *$//' | grep -v '^--help, -h$' | sed "s/^/$1	/"
}
"$JAILRUN" --help | sed -n 's/^   jailrun \([a-z]\)/\1/p' | sort >"$T/usage"
{
	options_of - "$("$JAILRUN" --help | sed '/^COMMANDS:/,$d')"
	printf -- '-\t--help, -h\n'
	while read -r command member _; do
		words=("$command")
		[[ ! $member =~ ^[a-z-]+$ ]] || words+=("$member") # one of a group, whose own help shows its members' too
		options_of "${words[*]}" "$("$JAILRUN" "${words[@]}" --help | sed '/^COMMANDS:/,$d')"
	done <"$T/usage"
} | sort >"$T/help"

# The page: an option is a line after .TP that begins with dashes.
sed 's/\\f[BIRP]//g; s/\\-/-/g' "$page" | awk '
	/^\.SH/ { command = /GLOBAL OPTIONS/ ? "-" : "" }
	/^\.SS/ { gsub(/"/, ""); gsub(/\\-/, "-"); command = $3 ~ /^[a-z-]+$/ ? $2 " " $3 : $2 }
	command != "" && tag && /^--/ { print command "\t" $0 }
	{ tag = /^\.TP/ }' | sort >"$T/page"

ok "help has options" test "$(wc -l <"$T/help")" -gt 30
is "each option of the help stands in the page, and the other way round" "$(diff "$T/help" "$T/page")" ""
sed -n 's/^\.SS "\(.*\)"$/\1/p' "$page" | sed 's/\\-/-/g' | sort >"$T/headings"
is "each command stands in the page with its arguments, and the other way round" "$(diff "$T/usage" "$T/headings")" ""
is "nothing of the template's own language is left in it" "$(grep -c '^@' "$page")" 0
like "it has the version" "$(grep '^\.TH' "$page")" '"jailrun [0-9]+\.[0-9]+\.[0-9]+"'
unlike "hidden options are not in it" "$(cat "$page")" 'fail.{1,2}step'

# The control: the comparison sees a missing option and a wrong placeholder.
grep -v -- '--keep' "$T/help" | sed 's/--log FILE/--log PATH/' >"$T/broken"
is "a difference is seen" "$(diff "$T/broken" "$T/page" | grep -c '^[<>]')" 3

"$JAILRUN" --dump-options >"$T/options"
man() { printf '%b' "$1" | awk -f "$TOP_SRCDIR/docs/man.awk" "$T/options" -; }
ok "man.awk: a text for an option" man '@commands@\n@run --keep@\nMore of it.\n@end@\n'
like "it stands after the table's line" "$(man '@commands@\n@run --keep@\nMore of it.\n@end@\n')" 'ended\.'$'\n''More of it\.'
not_ok "man.awk: a text for a command that does not exist" man '@commands@\n@nonsense@\nText\n@end@\n'
not_ok "man.awk: a text for an option that does not exist" man '@commands@\n@start --keep@\nText\n@end@\n'
not_ok "man.awk: a block without an end" man '@commands@\n@run@\nText\n'
not_ok "man.awk: a text that belongs to nothing" man '@commands@\nText\n@end@\n'

if command -v groff >/dev/null; then
	is "groff has nothing to say" "$(groff -ww -man -Tutf8 -z "$page" 2>&1)" ""
else
	skip "groff has nothing to say" "needs groff"
fi
done_testing
