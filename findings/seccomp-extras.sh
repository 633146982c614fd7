#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Finding: two halves of a seccomp profile that do not go together are judged the other way round by the two runtimes. An errno beside an
# action that returns none: crun has an error, runc leaves the errno out. A call given to an agent, and no agent's socket: runc has an
# error, crun starts the container, where the call fails as if the kernel did not have it.
# Seen with runc 1.1.5+ds1-1+deb12u1 and crun 1.8.1-1+deb12u1 of Debian 12, libseccomp 2.5.4-1+deb12u1.
# Expected: an error for both from both; for the first the specification asks for one. What follows: a profile that was tried with one of
# them may not start, or not do what it says, under the other.
. "$(dirname "$0")/peers.bash"
runtimes
{
	for action in '"SCMP_ACT_ALLOW", "errnoRet": 5' '"SCMP_ACT_NOTIFY"'; do
		echo "action $action"
		profile='"seccomp": { "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "names": ["mkdir"], "action": '$action' } ] }'
		# shellcheck disable=SC2016 # the container's shell's
		bundle 'busybox mkdir /d 2>/dev/null && echo made || echo refused; busybox rmdir /d 2>/dev/null; true' <<<"s/\"namespaces\"/$profile, &/"
		chmod 777 bundle/rootfs
		both
	done
} | tee seen
diff - seen <<'SEEN'
action "SCMP_ACT_ALLOW", "errnoRet": 5
runc: made
crun: fails
action "SCMP_ACT_NOTIFY"
runc: fails
crun: refused
SEEN
echo "as found"
