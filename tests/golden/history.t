#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every case of SECURITY.md's table has its test: the files that a row names are there and speak of it.
. "$(dirname "$0")/../lib/common.sh" || exit 1
cd "$TOP_SRCDIR" || exit 1
rows=0
while IFS='|' read -r _ cases _ _ tests _; do
	rows=$((rows + 1))
	files=()
	for t in ${tests//,/ }; do
		[[ $t == */* ]] || t=tests/attacks/$t.t
		ok "$t is there" test -s "$t"
		files+=("$t")
	done
	mapfile -t named < <(grep -oE 'CVE-[0-9]+-[0-9]+' <<<"$cases")
	for c in "${named[@]}"; do
		ok "$c stands in one of ${files[*]}" grep -qF "$c" "${files[@]}"
	done
done < <(sed -n '/^## What broke others/,/^## What is not/p' SECURITY.md | grep -E '^\| (CVE|crun|seccomp)')
ok "the table has rows" test "$rows" -ge 14
done_testing
