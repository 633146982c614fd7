#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Finding: yajl's json_reformat prints nothing, and ends with 0, for a document that is a number with no byte behind it. With one space
# behind the number it is printed. Every other kind of value is printed either way.
# Seen with yajl-tools 2.1.0-3+deb12u2 of Debian 12.
# Expected: the number. A parser knows the end of a number only from what follows; the tool writes out what it has before it tells the
# parser that the input is over. What follows: a program that feeds yajl in pieces has to look at its results again after
# yajl_complete_parse().
. "$(dirname "$0")/peers.bash"
packages yajl-tools=2.1.0-3+deb12u2 libyajl2=2.1.0-3+deb12u2
{
	for document in 12 '12 ' '[12]' true '"a"'; do
		rc=0
		out=$(printf '%s' "$document" | json_reformat -m) || rc=$?
		echo "<$document>: <$out>, status $rc"
	done
} | tee seen
diff - seen <<'SEEN'
<12>: <>, status 0
<12 >: <12>, status 0
<[12]>: <[12]>, status 0
<true>: <true>, status 0
<"a">: <"a">, status 0
SEEN
echo "as found"
