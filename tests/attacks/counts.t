#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# limits.processes and limits.threads are exact: whatever is killed in the middle of what, never more live at once, as an observer
# outside of the container sees it, and afterwards as many as before can be made. ATTACK_SECONDS=20 for each storm, ATTACK_SEED=N.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/attack.sh"
need_prog storm observe
seconds=${ATTACK_SECONDS:-20}
seed=${ATTACK_SEED:-$RANDOM}
id=jt-$$-counts
diag "ATTACK_SEED=$seed"

# storm WHAT PROCESSES THREADS SECONDS: sets $said, and what the observer saw of WHAT against the limit $4.
storm() {
	local what=$1 limit=$4
	attack_start "{\"limits\": {\"processes\": $2, \"threads\": $3}}" $id \
		"$(args_filter /bin/storm "$what" "$5" "$seed" 100) | $no_rlimits" || diag "$(cat "$T/inside")"
	# The numbers of its pid namespace come round soon. Before Linux 6.14 the file is the host's, and is left alone.
	if [ "$what" = processes ] && own_pid_max; then
		echo 400 | nsenter -p -t "$(jr state $id | jq -r .pid)" tee /proc/sys/kernel/pid_max >/dev/null 2>&1
	fi
	observe_start $id "$limit" "$what"
	eventually $((seconds + 60)) status_is $id stopped || diag "the storm does not end"
	observe_end
	jr delete -f $id
	said=$(grep '^storm' "$T/inside")
	diag "$what, limits $2 and $3: $said; from outside: $looks looks, most $most, more than $limit in $over"
}
own_pid_max() {
	[ "$(printf '%s\n' 6.14 "$(uname -r)" | sort -V | head -n 1)" = 6.14 ]
}

storm processes 24 200 8 0
ok "processes (control): the observer sees more than 8 where 24 may be" test "$over" -gt 0
is "processes (control): without a storm there are 24" "$said, $most" "storm: least=24 most=24, 24"
storm processes 8 200 8 "$seconds"
is "processes: never more than 8, in $looks looks" "$over" 0
ok "processes: the observer looked often" test "$looks" -gt 1000
ok "processes: the limit was reached" test "$most" -ge 8
is "processes: 8 can be made after the storm" "$said" "storm: least=8 most=8"

storm threads 20 24 6 0
ok "threads (control): the observer sees more than 6 where 24 may be" test "$over" -gt 0
is "threads (control): without a storm there are 24" "$said, $most" "storm: least=24 most=24, 24"
storm threads 20 6 6 "$seconds"
is "threads: never more than 6, in $looks looks" "$over" 0
ok "threads: the observer looked often" test "$looks" -gt 1000
ok "threads: the limit was reached" test "$most" -ge 6
is "threads: 6 can be made after the storm" "$said" "storm: least=6 most=6"

# A thread that was joined is gone: another one can be made at once.
attack '{"limits": {"processes": 4, "threads": 0}}' "$(args_filter /bin/storm joins 100)"
is "joins (control): with no thread allowed each is refused" "$out" "joins: refused=100"
attack '{"limits": {"processes": 4, "threads": 1}}' "$(args_filter /bin/storm joins 2000)"
is "joins: one thread at a time, 2000 times: never refused" "$out" "joins: refused=0" || diag "$err"
attack '{"limits": {"processes": 4, "threads": 4}}' "$(args_filter /bin/storm joins 1000 4)"
is "joins: one thread at a time in each of four processes: never refused" "$(sort -u <<<"$out")" "joins: refused=0" || diag "$out $err"
attack '{"limits": {"processes": 4, "threads": 1}}' "$(args_filter /bin/storm detaches 2000)"
diag "$out"
like "detaches: one thread at a time that ends by itself: none waits for long" "$out" '^detaches: refused=[0-9]+ longest=[0-9]{1,3} ms$' || diag "$err"
done_testing
