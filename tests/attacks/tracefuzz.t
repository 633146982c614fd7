#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A fuzzer of the tracer: random calls, processes, threads, programs, signals and filters inside of a container with every kind of rule. No
# denied program runs, no refused call succeeds, the protected process is whole, the counts hold, and PID 1 does its work at the end.
# TRACEFUZZ_SECONDS=20, TRACEFUZZ_SEED=N.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/attack.sh"
need_prog tracefuzz observe
seconds=${TRACEFUZZ_SECONDS:-20}
seed=${TRACEFUZZ_SEED:-$((RANDOM * 32768 + RANDOM + 1))}
for p in keeper guarded denied allowed; do cp "$progs/tracefuzz" "$T/b/rootfs/bin/$p"; done
mkdir "$T/b/rootfs/mark"
rules='{
	"exec": {"allow": ["/bin/keeper", "/bin/guarded", "/bin/allowed", "/bin/tracefuzz"]},
	"limits": {"processes": 16, "threads": 2},
	"signals": {"to_init": "refuse", "protect": ["/bin/keeper", "/bin/guarded"]},
	"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"},
		{"names": ["getpgid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13}, {"names": ["getsid"], "action": "SCMP_ACT_LOG"}]}
}'

# fuzz POLICY-JSON SECONDS ID [spare]: in the background, with an observer of each count.
fuzz() {
	id=$3
	attack_policy "$1"
	rm -rf "$T/audit" "$T/b/rootfs/mark" && mkdir "$T/b/rootfs/mark" && chmod 777 "$T/b/rootfs/mark"
	make_bundle "$T/b" "$(args_filter /bin/keeper "$seed" "$2" "${@:4}") | $no_rlimits | $able"
	"$JAILRUN" --root "$ROOT" --policy "$attack_policy" --audit "$T/audit" run --bundle "$T/b" "$id" >"$T/inside" 2>&1 </dev/null &
	runtime=$!
	eventually 20 grep -q ready "$T/inside" || diag "it does not come to run: $(cat "$T/inside")"
	init=$(jr state "$id" | jq -r .pid)
	"$progs/observe" "$init" 16 processes helpers >"$T/processes" &
	observers=($!)
	"$progs/observe" "$init" 2 threads >"$T/threads" &
	observers+=($!)
	eventually $(($2 + 40)) ended || diag "it does not come to an end: $(cat "$T/inside")"
	kill -TERM "${observers[@]}"
	wait "${observers[@]}"
	read -r looks most_processes over_processes <"$T/processes" || looks=0 most_processes=-1 over_processes=-1
	read -r _ most_threads over_threads <"$T/threads" || most_threads=-1 over_threads=-1
	diag "$id: $(tr '\n' ' ' <"$T/inside"); $looks looks, most processes $most_processes, most threads $most_threads"
}
# shellcheck disable=SC2317 # by eventually
ended() {
	grep -q settled "$T/inside" || ! kill -0 "$runtime"
}

# shellcheck disable=SC2317 # by eventually
not_running() {
	! kill -0 "$runtime"
}

diag "TRACEFUZZ_SEED=$seed"
# Only who keeps it going is protected, and there is an end to what is made.
fuzz '{"limits": {"processes": 100, "threads": 100}, "signals": {"to_init": "refuse", "protect": ["/bin/keeper"]}}' 3 "jt-$$-control" spare
ok "(control) without rules the other program runs" test -e "$T/b/rootfs/mark/denied"
ok "(control) without rules the call succeeds" test -e "$T/b/rootfs/mark/dir"
ok "(control) without rules the observer sees more processes" test "$over_processes" -gt 0
ok "(control) without rules the observer sees more threads" test "$over_threads" -gt 0
jr kill "$id" TERM
eventually 10 not_running || jr kill "$id" KILL
wait "$runtime"
like "(control) without the rule what would be protected is killed or changed" "$(grep guarded: "$T/inside")" 'killed|changed|gone'

fuzz "$rules" "$seconds" "jt-$$-fuzz"
like "all ends when it is over" "$(grep settled "$T/inside")" '^settled: [1-9][0-9]* started, 0 left$'
not_ok "no denied program ran" test -e "$T/b/rootfs/mark/denied"
not_ok "no refused call succeeded" test -e "$T/b/rootfs/mark/dir"
is "never more than 16 processes, in $looks looks" "$over_processes" 0
is "never more than 2 threads beyond the first" "$over_threads" 0
ok "the observer looked often" test "$looks" -gt $((100 * seconds))
RUN_TIMEOUT=10 jrun exec "$id" /bin/allowed
is "PID 1 lets a program in at the end" "$rc" 0 || diag "$err"
RUN_TIMEOUT=10 jrun exec "$id" /bin/denied
isnt "and refuses another one" "$rc" 0
jr kill "$id" TERM
eventually 20 not_running || jr kill "$id" KILL
wait "$runtime"
is "the container's status is the workload's" $? 7
is "the protected process lives, and its memory is as it was" "$(grep guarded: "$T/inside")" "guarded: whole"
ok "denials were reported" test -s "$T/audit"
valid_audit fuzz
diag "$(jq -r .rule "$T/audit" 2>/dev/null | sort | uniq -c | sort -rn | head -n 12)"
done_testing
