#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# jailrun-policy(5), which the build has made of docs/policy.md: all of it is there, and docs/policy.awk refuses what it does not know.
. "$(dirname "$0")/../lib/common.sh" || exit 1
source=$TOP_SRCDIR/docs/policy.md
page=$TOP_BUILDDIR/docs/jailrun-policy.5
make -s -C "$TOP_BUILDDIR" docs/jailrun-policy.5

# In their order, all words of both, without what marks them up.
words() { LC_ALL=C tr -cs 'A-Za-z0-9_' '\n' | tr '[:upper:]' '[:lower:]' | grep .; }
made() { LC_ALL=C awk -v version=0.0.0 -f "$TOP_SRCDIR/docs/policy.awk" /dev/stdin; }
plain() { # the page without its macros
	sed -e '1,/^\.SH DESCRIPTION/d' -e '/^\.SH SEE ALSO/,$d' -e '/^\.S[HS]/s/^...//' -e 's/^\.IP [0-9].*//' -e '/^\.[A-Z]/d; /^\.\(nf\|fi\|br\)/d' \
		-e 's/\\f[BIR]//g; s/\\-/-/g; s/\\&//g; s/\\e/\\/g'
}
# Tables are told by their columns, so words of their heads come more often, or not at all.
no_tables() { grep -v '^|' "$source" | sed -e 1d -e 's/^```[a-z]*//' -e 's/^[0-9]*\. //'; }
no_rows() { awk '/^\.TP/ { row = 1 } /^\.(PP|SH|SS|IP|RS)/ { row = 0 } !row' "$page"; }
no_tables | words >"$T/want"
no_rows | plain | words >"$T/got"
ok "control: there are many words" test "$(wc -l <"$T/want")" -gt 5000
is "each word of the page stands in the manual page, in its place" "$(diff "$T/want" "$T/got" | head -n 20)" ""
grep -v '^```' "$source" | words | sort -u >"$T/all"
is "also each of its tables" "$(plain <"$page" | words | sort -u | comm -23 "$T/all" - | grep -vxE "$(grep -B 1 '^| *---' "$source" | grep '^| [^-]' | words | sort -u | paste -sd '|')")" ""
is "each row of a table has its entry" "$(grep -c '^\.TP' "$page")" "$(($(grep -c '^|' "$source") - 2 * $(grep -c '^| *---' "$source")))"
is "nothing of the other language is left in it" "$(no_rows | awk '/^\.nf/ { code = 1 } /^\.fi/ { code = 0 } !code' | sed 's/\\fB[^\\]*\\fR//g' | grep -nE '`|\*\*|^#|^\|')" ""
like "it has a name and the version" "$(cat "$page")" '\.TH JAILRUN-POLICY 5 .*"jailrun [0-9]+\.[0-9]+\.[0-9]+".*jailrun\\-policy \\- '
if command -v groff >/dev/null; then
	is "groff has nothing to say" "$(groff -ww -man -Tutf8 -z "$page" 2>&1)" ""
else
	skip "groff has nothing to say" "needs groff"
fi

# What it does not know is an error. TEXT below the heading.
while IFS= read -r text; do
	# shellcheck disable=SC2317 # ok and not_ok call it
	try() { printf '# Policies\n%b\n' "$text" | made; }
	not_ok "refused: $text" try
done <<'ROWS'
A **word without its end.
A `word without its end.
# Another heading of the first level
#### One of the fourth
A [link](docs/other.md).
| a | b |\n| --- | --- |\n| 1 | 2 | 3 |
```\ncode without its end
A character: é
ROWS
text='Before `a` **and `b` c** *d*.\n\n- one\n  - two\n- three\n\n.request\n\n| a | b |\n| --- | --- |\n| `x|y` | **z** |'
is "what it knows" "$(try | sed '1,/^\.SH DESC/d; /^\.SH SEE/,$d' | tr '\n' '~')" \
	'.PP~Before \fBa\fR \fBand \fBb c\fR \fId\fR.~.IP \(bu 3~one~.RS 3~.IP \(bu 3~two~.RE~.IP \(bu 3~three~.PP~\&.request~.TP~\fBx|y\fR~\fBz\fR~'
done_testing
