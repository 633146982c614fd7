#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Finding: with no container, "runc list --format json" prints null, where crun prints an empty list.
# Seen with runc 1.1.5+ds1-1+deb12u1 and crun 1.8.1-1+deb12u1 of Debian 12.
# Expected: [] from both. What follows: a script that goes through the list ("jq '.[]'") works until the last container ends, and then
# has an error.
. "$(dirname "$0")/peers.bash"
runtimes
{
	mkdir state
	echo "runc: $(runc --root state list --format json | tr -d '[:space:]')"
	echo "crun: $(crun --root state list --format json | tr -d '[:space:]')"
} | tee seen
diff - seen <<'SEEN'
runc: null
crun: []
SEEN
echo "as found"
