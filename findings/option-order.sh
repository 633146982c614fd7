#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Finding: of two mount options that contradict each other, runc takes the last one; crun takes the one that sets a flag, wherever it
# stands.
# Seen with runc 1.1.5+ds1-1+deb12u1 and crun 1.8.1-1+deb12u1 of Debian 12.
# Expected: as in mount(8), the last one. What follows: a tool that appends "rw" to an entry's options to make it writable does so under
# one runtime alone.
. "$(dirname "$0")/peers.bash"
runtimes
{
	for options in '"ro", "rw"' '"rw", "ro"'; do
		echo "options $options"
		bundle 'while read s d t o r; do [ $d != /t ] || echo ${o%%,*}; done </proc/mounts' \
			<<<'/"destination": "\/proc"/s/$/, { "destination": "\/t", "type": "tmpfs", "source": "t", "options": ['"$options"'] }/'
		both
	done
} | tee seen
diff - seen <<'SEEN'
options "ro", "rw"
runc: rw
crun: ro
options "rw", "ro"
runc: ro
crun: ro
SEEN
echo "as found"
