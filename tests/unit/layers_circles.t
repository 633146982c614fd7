#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/circles, by which `make layers` proves that no files of a folder call each other in a circle: on circles that are planted.
. "$(dirname "$0")/../lib/common.sh" || exit 1
cc=${CC:-cc}
need_command "$cc"
need_command nm

# file NAME TEXT: a file of the folder toy/.
file() {
	printf '%s\n' "$2" >"$T/$1.c"
	$cc -c -o "$T/$1.o" "$T/$1.c" || exit 1
}
circles() { # [-k]
	# shellcheck disable=SC2317 # called by ok
	(cd "$T" && printf '%s\n' *.o) | sed "s|\(.*\)\.o|toy/\1.c $T/&|" | "$TOP_SRCDIR/tests/circles" "$@" toy >"$T/said" 2>&1
}

file a 'int b1(void); int a1(void); int a1(void) { return b1(); }'
file b 'int c1(void); int b1(void); int b1(void) { return c1() + 1; }'
file c 'static int a1(void) { return 1; } int c1(void); int c1(void) { return a1(); }'
file d 'int a1(void); int c1(void); int d1(void); int d1(void) { return a1() + c1(); }'
ok "calls in one direction are none, nor is a static function of the same name" circles
is "and nothing is said" "$(cat "$T/said")" ""

file c 'int a1(void); int c1(void); int c1(void) { return a1(); }'
not_ok "a circle of three files fails" circles
is "it is printed once, with a symbol of each" "$(cat "$T/said")" \
	"circles: toy: toy/a.c -> toy/b.c (b1) -> toy/c.c (c1) -> toy/a.c (a1)"
ok "where it is known it does not" circles -k
is "nor is it printed" "$(cat "$T/said")" ""

file c 'extern int d2; int c1(void); int c1(void) { return d2; }'
file d 'int c1(void); int d2; int d1(void); int d1(void) { return c1(); }'
not_ok "a variable closes a circle, too" circles
is "of two files" "$(cat "$T/said")" "circles: toy: toy/c.c -> toy/d.c (d2) -> toy/c.c (c1)"

file c 'int c1(void); int c1(void) { return 1; }'
ok "without that it passes again" circles
not_ok "but not where circles are said to be known" circles -k
is "and says what to do" "$(cat "$T/said")" "circles: toy has no circle any more: take it out of the list"

rm "$T/b.o"
echo "toy/b.c $T/b.o" | "$TOP_SRCDIR/tests/circles" toy >"$T/said" 2>&1
is "an object that is not there is no proof" $? 2
"$TOP_SRCDIR/tests/circles" toy </dev/null >"$T/said" 2>&1
is "nor is an empty folder" $? 2
done_testing
