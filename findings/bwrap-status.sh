#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Finding: bubblewrap's own machine-readable report says "exit-code": 137 of a program that SIGKILL ended, and the same of one that
# called exit(137). It has no key for a signal.
# Seen with bubblewrap 0.8.0-2+deb12u1 of Debian 12.
# Expected: --json-status-fd, made for programs, keeps apart what the shell's convention mixes up. What follows: a judge on top of it
# cannot tell a killed submission (memory, CPU time) from one that ended with that number by itself.
. "$(dirname "$0")/peers.bash"
packages bubblewrap=0.8.0-2+deb12u1
{
	for program in 'kill -KILL $$' 'exit 137'; do
		rc=0
		bwrap --ro-bind / / --unshare-pid --json-status-fd 3 sh -c "$program" 3>report || rc=$?
		echo "$program: status $rc, $(tail -n 1 report), keys: $(grep -o '"[a-z-]*":' report | tr -d '":' | paste -sd' ')"
	done
} | tee seen
diff - seen <<'SEEN'
kill -KILL $$: status 137, { "exit-code": 137 }, keys: child-pid mnt-namespace pid-namespace exit-code
exit 137: status 137, { "exit-code": 137 }, keys: child-pid mnt-namespace pid-namespace exit-code
SEEN
echo "as found"
