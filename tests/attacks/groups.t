#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a protected process can do to what /proc says of it: its supplementary groups make its lines long, and so does its number in
# each of many nested pid namespaces. It is protected all the same, and another program with as many is not.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/attack.sh"
need_prog many_groups
for p in guarded other; do cp "$progs/many_groups" "$T/b/rootfs/bin/$p"; done
protect='{"signals": {"protect": ["/bin/guarded"]}}'
# In a user namespace: elsewhere CAP_SYS_ADMIN, which makes pid namespaces, does not go with signals.protect.
refused=" pid refused:lives group refused:lives tkill refused:lives tgkill refused:lives all refused:lives"
sent=" pid sent:died group sent:died tkill sent:died tgkill sent:died all sent:died"

# attack_all NAME GROUPS DEPTH inside|outside
attack_all() {
	attack '{}' "$(args_filter /bin/many_groups "$2" "$3" "$4" /bin/guarded) | $strong | $in_userns"
	is "$1 (control): without the rule it is signalled" "$out" "$sent" || diag "$err"
	attack "$protect" "$(args_filter /bin/many_groups "$2" "$3" "$4" /bin/other) | $strong | $in_userns"
	is "$1: another program is signalled" "$out" "$sent" || diag "$err"
	attack "$protect" "$(args_filter /bin/many_groups "$2" "$3" "$4" /bin/guarded) | $strong | $in_userns"
	is "$1: a protected program is not" "$out" "$refused" || diag "$err"
	ok "$1: reported, with the number that the caller has" jq -es 'all(.[]; .more or .pid > 0)' "$T/audit"
}

for groups in 0 20 300 65000; do attack_all "$groups groups" $groups 0 inside; done
# The container's pid namespace is one below the host's, and 32 is the kernel's limit.
for depth in 1 2 7 8 12 30; do
	for from in inside outside; do attack_all "$depth pid namespaces deeper, from $from" 0 $depth $from; done
done
attack_all "300 groups, 8 pid namespaces deeper, from outside" 300 8 outside

# Signal 0's group is the caller's own, also where its members have no number in the caller's pid namespace.
for depth in 0 1 3; do
	attack '{}' "$(args_filter /bin/many_groups beside $depth /bin/guarded) | $strong | $in_userns"
	is "its own group, from $depth namespaces deeper (control): without the rule it is signalled" "$out" "zero sent:died" || diag "$err"
	attack "$protect" "$(args_filter /bin/many_groups beside $depth /bin/other) | $strong | $in_userns"
	is "its own group, from $depth namespaces deeper: another program is signalled" "$out" "zero sent:died" || diag "$err"
	attack "$protect" "$(args_filter /bin/many_groups beside $depth /bin/guarded) | $strong | $in_userns"
	is "its own group, from $depth namespaces deeper: a protected program is not" "$out" "zero refused:lives" || diag "$err"
done
done_testing
