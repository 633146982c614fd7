# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # of the list in ../limits.t
# Processes: the fork above the limit is refused.
for POLICY in none default; do
	in_container "$(args_filter bite forks 6) | $(res '{pids: {limit: 30}}')"
	is "policy $POLICY: below pids.limit" "$rc $out" "0 made 6"
	in_container "$(args_filter bite forks 6) | $(res '{pids: {limit: 4}}')"
	like "policy $POLICY: above pids.limit the kernel refuses" "$out" "^made [1-3] EAGAIN$"
done
# The kernel gives pids away also where processes are, and what is below can hold none any more: the helper must be out of the way.
make_bundle "$T/jt-late" "$(args_filter bite forks 6) | $(res '{pids: {limit: 4}}')"
ok "create, with the jail" eval 'jr --policy default create --bundle "$T/jt-late" jt-late </dev/null >"$T/late.out" 2>&1'
ok "start, with the jail" jr start jt-late
ok "the limit is handed down by start" eventually 10 grep -qE '^made [1-3] EAGAIN$' "$T/late.out"
jr delete --force jt-late
POLICY=none
is "without a jail the limit is the workload's alone" "$(in_container "$(args_filter bite forks 6) | $(res '{pids: {limit: 4}}')"; echo "$out")" "made 3 EAGAIN"
in_sh 'echo first; /bin/true; echo second' "$(res '{pids: {limit: 0}}')"
like "pids.limit 0: the first process runs" "$out" "^first"
like "pids.limit 0: and cannot fork" "$err" "can't fork"

living jt-pids "$idle | $(res '{}')"
jrun exec jt-pids bite forks 6
is "no pids.limit" "$out" "made 6"
ok "update --pids-limit" jr update --pids-limit 4 jt-pids
jrun exec jt-pids bite forks 6
is "update --pids-limit bites" "$out" "made 2 EAGAIN"
ok "update --pids-limit 0" jr update --pids-limit 0 jt-pids
is "update --pids-limit 0 is a limit" "$(of jt-pids pids.max)" 1
ok "update --pids-limit with nothing" jr update --pids-limit "" jt-pids
is "update --pids-limit with nothing changes nothing" "$(of jt-pids pids.max)" 1
ok "update --pids-limit -1" jr update --pids-limit -1 jt-pids
jrun exec jt-pids bite forks 6
is "update --pids-limit -1 frees it" "$out" "made 6"
gone jt-pids
