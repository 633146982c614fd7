#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Finding: one config.json is two containers: runc and crun read a key that is there twice, a key in other case, a comment, and what
# follows the document, each in its own way.
# Seen with runc 1.1.5+ds1-1+deb12u1 and crun 1.8.1-1+deb12u1 of Debian 12.
# Expected: one reading, or an error. What follows: whoever checks a config.json before a runtime gets it has to read it as that runtime
# does, or refuse what has two readings. The specification asks for JSON, and leaves keys that are unknown without effect.
. "$(dirname "$0")/peers.bash"
runtimes
{
	echo "a key twice"
	bundle hostname <<<'s/"hostname": "first",/"hostname": "first", "hostname": "last",/'
	both
	echo "a key in other case, behind the right one"
	bundle hostname <<<'s/"hostname": "first",/"hostname": "first", "HostName": "other case",/;s/other case/other-case/'
	both
	echo "a second document behind the first"
	bundle hostname <<<'$a {}'
	both
	echo "a comment"
	bundle hostname <<<'1s,^,// a comment\n,'
	both
} | tee seen
diff - seen <<'SEEN'
a key twice
runc: last
crun: first
a key in other case, behind the right one
runc: other-case
crun: first
a second document behind the first
runc: first
crun: fails
a comment
runc: fails
crun: first
SEEN
echo "as found"
