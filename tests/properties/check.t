#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The property table is whole: every property of spec.tsv has a row, every row is of a property, and each is well formed. Needs no root and
# runs no container.
. "$(dirname "$0")/../lib/common.sh" || exit 1
here=$TOP_SRCDIR/tests/properties
need_command python3

grep -v '^#' "$here/spec.tsv" | cut -f 1 | sort >"$T/spec"
ok "every row is well formed" "$here/run" --table
"$here/run" --table | cut -f 1 | sort -u >"$T/rows"
is "properties without a row" "$(comm -23 "$T/spec" "$T/rows")" ""
is "rows without a property" "$(comm -13 "$T/spec" "$T/rows")" ""
is "properties that are listed twice" "$(uniq -d "$T/spec")" ""
is "the properties of the specification 1.3.0 on Linux" "$(wc -l <"$T/spec")" 278
"$here/run" --table | awk -F '\t' '$NF ~ /=> is required/ { print $1 }' | sort -u >"$T/missed"
awk -F '\t' '$1 ~ /^config\./ && $3 == "required" { print $1 }' "$here/spec.tsv" | sort >"$T/required"
# Every runtime takes 0 for these when they are left out, and so does jailrun; a row of each says so.
printf 'config.process.%s\n' ioPriority.priority user.gid user.uid >"$T/taken"
is "required properties whose absence nobody tests" "$(comm -23 "$T/required" "$T/missed" | comm -23 - "$T/taken")" ""
isnt "there are some (control)" "$(wc -l <"$T/required")" 0
# Controls: a property that nobody tests, a row of none, and rows that are not whole are found.
echo zz.telepathy >>"$T/spec"
is "a property without a row is found" "$(comm -23 "$T/spec" "$T/rows")" zz.telepathy
# not_well_formed NAME ERE LINE...
not_well_formed() {
	local name=$1 want=$2
	shift 2
	printf '%s\n' "$@" >"$T/bad.rows"
	run "$here/run" --table "$T/bad.rows"
	is "$name: exit status" "$rc" 1
	like "$name: is found" "$out" "$want"
}
good=(config.hostname $'\tset .hostname = "x"' $'\twant x' $'\tbad .hostname = 1 => string')
printf '%s\n' "${good[@]}" >"$T/good.rows"
ok "a good row (control)" "$here/run" --table "$T/good.rows"
not_well_formed "no expectation" 'neither want nor refused' "${good[@]:0:2}" "${good[3]}"
not_well_formed "nothing set" 'sets nothing' "${good[0]}" "${good[@]:2}"
not_well_formed "no bad value" 'no bad value' "${good[@]:0:3}"
not_well_formed "a key that is unknown" 'no such key' "${good[@]}" $'\twnat x'
not_well_formed "a key that is there twice" 'there twice' "${good[@]}" $'\twant y'
not_well_formed "a bad value without its error" 'with the error' "${good[@]}" $'\tbad .hostname = 2'

# The unit test of the parser has the same properties.
sed -n 's/^    {"\([a-zA-Z0-9.<>[]*[^"]*\)", [A-Z]*, [A-Z]*},$/config.\1/p' "$TOP_SRCDIR/tests/unit/spec_properties.c" | sort >"$T/unit"
grep '^config\.' "$here/spec.tsv" | cut -f 1 | sort >"$T/spec"
is "tests/unit/spec_properties.c has them too" "$(comm -23 "$T/spec" "$T/unit")" "config.linux.timeOffsets.<key>.nanosecs"$'\n'"config.linux.timeOffsets.<key>.secs"
done_testing
