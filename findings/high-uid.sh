#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Finding: runc refuses user and group ids of 2147483648 and above, which the kernel has, the specification's uint32 allows, and crun
# takes.
# Seen with runc 1.1.5+ds1-1+deb12u1 and crun 1.8.1-1+deb12u1 of Debian 12.
# Expected: ids up to 4294967294. What follows: users of a directory service that hands out ids from the upper half, or a container in
# the upper half of a large map, run under the one alone.
. "$(dirname "$0")/peers.bash"
runtimes
{
	for id in 2147483647 2147483648 3000000000; do
		echo "uid and gid $id"
		bundle 'id -u; id -g' <<<"s/\"uid\": 0, \"gid\": 0/\"uid\": $id, \"gid\": $id/"
		both
	done
	grep -o 'uids and gids must be in range.*[0-9]' runc.err
} | tee seen
diff - seen <<'SEEN'
uid and gid 2147483647
runc: 2147483647
runc: 2147483647
crun: 2147483647
crun: 2147483647
uid and gid 2147483648
runc: fails
crun: 2147483648
crun: 2147483648
uid and gid 3000000000
runc: fails
crun: 3000000000
crun: 3000000000
uids and gids must be in range 0-2147483647
SEEN
echo "as found"
