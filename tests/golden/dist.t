#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The source archive has every file of the repository, so that what it holds can be built and checked in full.
. "$(dirname "$0")/../lib/common.sh" || exit 1
need_command make

(cd "$TOP_BUILDDIR" && exec make -s distdir distdir="$T/dist" top_distdir="$T/dist") >"$T/log" 2>&1
is "make distdir" $? 0 || diag "$(tail -n 5 "$T/log")"
ok "./check is in it, and can be run" test -x "$T/dist/check"
# In an unpacked archive there is no list to compare it with.
if [ -e "$TOP_SRCDIR/.git" ]; then
	git -c safe.directory='*' -C "$TOP_SRCDIR" ls-files >"$T/files"
	ok "control: the repository has files" test -s "$T/files"
	is "every file of the repository is in it" \
		"$(cd "$T/dist" && while read -r f; do [ -e "$f" ] || echo "$f"; done <"$T/files")" ""
fi
done_testing
