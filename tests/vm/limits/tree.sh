# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # of the list in ../limits.t
# The tree itself: what a path means to cgroupfs. Another manager has its own words for it.
[ "$manager" = cgroupfs ] || return 0

# A path of the caller's own, shared by nobody.
make_bundle "$T/p" "$(sh_filter 'sleep 100 & sleep 100') | .linux.cgroupsPath = \"/jt-tree/one\" | $(res '{pids: {limit: 10}}')"
ok "create with cgroupsPath" timeout 60 "$JAILRUN" --root "$ROOT" create --bundle "$T/p" one
pid=$(jr state one | jq .pid)
like "the container's process is in it" "$(cat "$cg"/jt-tree/one/cgroup.procs)" "(^|"$'\n'")$pid(\$|"$'\n'")"
is "its limit stands before start" "$(cat "$cg"/jt-tree/one/pids.max)" 10
jrun create --bundle "$T/p" two
isnt "a second container in the same cgroup: exit status" "$rc" 0
like "a second container in the same cgroup: the error" "$err" "cgroup $cg/jt-tree/one is not empty"
ok "and the first one lives" status_is one created
ok "start" jr start one
eventually 10 test "$(wc -l <"$cg"/jt-tree/one/cgroup.procs)" -ge 2
ok "delete --force" jr delete --force one
not_ok "the cgroup is gone with all its processes, and its parent" test -e "$cg"/jt-tree
