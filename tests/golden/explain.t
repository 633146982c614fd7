#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# By what each rule of the built-in policies is held, against tests/golden/explain.expected; UPDATE=1 writes it. What says something of this
# host (whether it can be had here) and the costs are left out.
. "$(dirname "$0")/../lib/common.sh" || exit 1
need_runtime
need_command jq

for file in "$TOP_SRCDIR"/jail/policy/builtin/*.json; do
	name=${file##*/} name=${name%.json}
	run "$JAILRUN" policy explain --format json "$name"
	is "explain $name: exit status" "$rc" 0 || diag "$err"
	jq -r '"\(.policy) \(.engine)", (.rules[] | "    \(.rule) \(.mechanism) \(if .race_free then "" else "with a race" end)" | sub(" $"; ""))' "$T/out" >>"$T/got"
done
ok "control: the policies have rules" test "$(wc -l <"$T/got")" -gt 50
if [ -n "${UPDATE-}" ]; then cp "$T/got" "$TOP_SRCDIR/tests/golden/explain.expected"; fi
is "by what each rule is held" "$(diff -u "$TOP_SRCDIR/tests/golden/explain.expected" "$T/got" 2>&1 | head -n 40)" ""

# The README's own policy: it is right, and no other answers to its name.
sed -n '/^## A first policy/,/^## Where/{/^    {$/,/^    }$/p}' "$TOP_SRCDIR/README.md" >"$T/readme.json"
run "$JAILRUN" policy explain --format json "$T/readme.json"
is "the README's policy" "$rc:$(jq -r .policy "$T/out")" 0:submission
run "$JAILRUN" --policy-dir "$T" policy check submission
like "none that is built in has its name" "$rc:$out" "^1:.*policy 'submission' is not built in"
done_testing
