#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Replays the corpus of each fuzz target, tests/fuzz/corpus/NAME for fuzz_NAME.
. "$(dirname "$0")/../lib/common.sh" || exit 1
for target in "$TOP_BUILDDIR"/tests/fuzz/fuzz_*; do
	if [ ! -f "$target" ] || [ ! -x "$target" ]; then continue; fi
	name=${target##*/fuzz_}
	run timeout 120 "$target" "$TOP_SRCDIR/tests/fuzz/corpus/$name"
	is "corpus of $name: exit status" "$rc" 0
	[ "$rc" = 0 ] || diag "$(tail -n 20 "$T/err")"
done
[ "$count" -gt 0 ] || skip_all "no fuzz target is built"
done_testing
