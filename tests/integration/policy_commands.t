#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# jailrun policy …: the commands for who writes policies. They need no root.
. "$(dirname "$0")/../lib/common.sh" || exit 1
need_runtime
need_command jq
policy() { run "$JAILRUN" --policy-dir "$T/policies" policy "$@"; }
mkdir "$T/policies"

# ---- the group ----
policy
like "alone it names its commands" "$rc:$out" '^0:.*jailrun policy names '
for words in "policy --help" "help policy"; do
	# shellcheck disable=SC2086 # words
	is "$words says the same" "$("$JAILRUN" $words)" "$out"
done
ok "options may stand before the command" "$JAILRUN" policy --policy-dir / names read
is "help policy names: that command's" "$("$JAILRUN" help policy names)" "$("$JAILRUN" policy names --help)"
like "and no other's" "$("$JAILRUN" help policy names)" '^NAME:.   jailrun policy names - '
policy nams
like "a command that is not there" "$rc:$err" "^3:.*'policy nams': no such command, did you mean policy names\\?"
run "$JAILRUN" help policy nams
is "nor is its help" "$rc" 3
run "$JAILRUN" 'policy names' read
is "the name is two words" "$rc" 3

# ---- names ----
# The headers of the C library are another source of the same numbers.
numbers() { printf '#include <sys/syscall.h>\n' | cc -E -dM - 2>/dev/null | sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\2 \1/p' | sort; }
policy names
is "all names of this ABI" "$rc" 0
awk '{ print $2, $3 }' "$T/out" | sort >"$T/names"
if numbers >"$T/header" && [ "$(wc -l <"$T/header")" -gt 300 ]; then
	is "none has another number than in the header" "$(join -j 2 <(sort -k 2 "$T/names") <(sort -k 2 "$T/header") | awk '$2 != $3')" ""
	ok "nearly all are in both" test "$(comm -12 "$T/names" "$T/header" | wc -l)" -gt 300
else
	skip "against the header" "needs a C compiler and its headers"
fi
# ARGUMENTS|LINES, blanks squeezed
while IFS='|' read -r arguments want; do
	# shellcheck disable=SC2086 # words
	policy names $arguments
	is "names $arguments" "$rc:$(tr -s ' ' <"$T/out" | tr '\n' ';')" "0:$want"
done <<'ROWS'
openat 0 0x101 --arch x86_64|x86_64 257 openat;x86_64 0 read;x86_64 257 openat;
openat --arch SCMP_ARCH_AARCH64|aarch64 56 openat;
open --arch aarch64|aarch64 - open;
read 1 0x40000001 --arch X32|x32 1073741824 read;x32 1073741825 write;x32 1073741825 write;
socket semop --arch x86|x86 359 socket (also by 102 with 1 first);x86 - semop (by 117 with 1 first);
socket bind 4183 --arch mips|mips 4183 socket (also by 4102 with 1 first);mips 4169 bind (also by 4102 with 2 first);mips 4183 socket (also by 4102 with 1 first);
socket --arch ppc64le|ppc64le 326 socket (also by 102 with 1 first);
set_tls --arch arm|arm 983045 set_tls;
ROWS
policy names opennat
like "a name that no ABI has: the nearest" "$rc:$out:$err" "^1::.*knows no system call 'opennat'; did you mean openat\\?"
policy names 9999
like "a number that it has not" "$rc:$out:$err" "^1::.*knows no system call 9999 of"
policy names --arch x87 read
like "an ABI that is not there: those that are" "$rc:$err" "^1:.*--arch: .*'x87'; it knows .*x86_64.*aarch64"
policy names --arch all read
is "all ABIs: each once" "$(awk '{ print $1 }' "$T/out" | sort | uniq -d)" ""
ok "all ABIs: many" test "$(wc -l <"$T/out")" -gt 15
policy names --arch x86 --format json open socket semop
is "as JSON" "$(jq -c . "$T/out")" '[{"arch":"x86","name":"open","number":5},{"arch":"x86","name":"socket","number":359,"multiplexed":{"number":102,"call":1}},{"arch":"x86","name":"semop","number":null,"multiplexed":{"number":117,"call":1}}]'
done_testing
