# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The tests' own start, whoever calls them: nice, batch and pinned shells, small limits, `su` without a login, a closed input. A test of what
# comes from a caller sets that itself. What cannot be had (for a user, in a sandbox) stays.
umask 022
{ : <&0; } 2>/dev/null || exec </dev/null
{
	chrt -o -p 0 $$
	renice -n 0 -p $$
	ionice -c 0 -p $$
	taskset -p ffffffffffffffff $$
	[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 4096 ] || ulimit -Hn 4096
	[ "$(ulimit -Sn)" = unlimited ] || [ "$(ulimit -Sn)" -ge 1024 ] || ulimit -Sn 1024
	prlimit --pid $$ --fsize=unlimited --data=unlimited --as=unlimited --cpu=unlimited --nproc=unlimited
} >/dev/null 2>&1
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin
HOME=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}
export PATH HOME LC_ALL=C.UTF-8
unset TMPDIR LANGUAGE CDPATH GREP_OPTIONS POSIXLY_CORRECT BASH_ENV ENV
