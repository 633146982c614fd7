#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Finding: of the three small inits that engines put before a program, tini and catatonit take the program's options for their own
# unless "--" stands before it; dumb-init does not.
# Seen with tini 0.19.0-1+b3, catatonit 0.1.7-1+b2 and dumb-init 1.2.5-2 of Debian 12.
# Expected: as with env(1), timeout(1) and sudo(8), the first word that is no option ends the options. What follows: an entrypoint that
# works with one of them ends with a usage message under another, when the program has options.
. "$(dirname "$0")/peers.bash"
packages tini=0.19.0-1+b3 catatonit=0.1.7-1+b2 dumb-init=1.2.5-2
export TINI_SUBREAPER=1
{
	for init in tini catatonit dumb-init; do
		for words in "" "--"; do
			rc=0
			# shellcheck disable=SC2086 # no word, or one
			"$init" $words sh -c 'exit 3' >/dev/null 2>err || rc=$?
			echo "$init $words: status $rc $(grep -o 'invalid option.*' err || :)"
		done
	done
} | sed 's/ *$//; s/ :/:/' | tee seen
diff - seen <<'SEEN'
tini: status 1 invalid option -- 'c'
tini --: status 3
catatonit: status 1 invalid option -- 'c'
catatonit --: status 3
dumb-init: status 3
dumb-init --: status 3
SEEN
echo "as found"
