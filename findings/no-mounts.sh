#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Finding: neither runc nor crun runs a container without "mounts", which the specification makes optional: crun wants the key (an empty
# list will do), and runc cannot do without a /proc in the container.
# Seen with runc 1.1.5+ds1-1+deb12u1 and crun 1.8.1-1+deb12u1 of Debian 12.
# Expected: a container with nothing mounted, which is what the configuration says. What follows: the smallest config.json that works
# with both has a mount of proc.
. "$(dirname "$0")/peers.bash"
runtimes
{
	echo "no mounts"
	bundle hostname <<<'/"mounts"/,/^\t\]/d'
	both
	grep -o "no 'mounts' block" crun.err
	grep -o 'open /proc/self/fd: no such file' runc.err
	echo "an empty list"
	bundle hostname <<<'/"destination"/d'
	both
	echo "control: with /proc"
	bundle hostname </dev/null
	both
} | tee seen
diff - seen <<'SEEN'
no mounts
runc: fails
crun: fails
no 'mounts' block
open /proc/self/fd: no such file
an empty list
runc: fails
crun: first
control: with /proc
runc: first
crun: first
SEEN
echo "as found"
