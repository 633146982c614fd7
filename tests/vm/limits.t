#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every limit of linux.resources bites, at create and by update, in a machine with every controller of cgroup v2: the list in limits/, one
# boot for each kernel and manager (lib.sh). On any host this starts the machine and itself in it. VM_PARTS: only these of the list.
. "$(cd "$(dirname "$0")/../.." && pwd)/tests/lib/common.sh"
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/vm/lib.sh"
list=$TOP_SRCDIR/tests/vm/limits

if ! in_guest; then
	for name in tree update living; do unit_test $name; done
	machine --smp 2 --timeout 800 -- "$TOP_SRCDIR/tests/vm/limits.t"
	exit
fi

is "every controller is there" "$(cat $cg/cgroup.controllers)" "cpuset cpu io memory hugetlb pids rdma misc"
for part in ${VM_PARTS:-units memory pids cpu io huge rdma unified devices living report tree}; do
	begin=$SECONDS
	# shellcheck source=/dev/null # each by itself
	. "$list/$part.sh"
	[ -z "${VM_TIMES-}" ] || diag "$part: $((SECONDS - begin)) s"
done
nothing_left_here "nothing is left at the end"
done_testing
