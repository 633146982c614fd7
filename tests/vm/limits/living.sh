# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154,SC2034 # of the list in ../limits.t
# Freezer, statistics, and the word of the kernel when a container is out of memory.
stat_of() { jr events --stats jt-box | jq -c ".data.$1"; }
living jt-box "$(args_filter sh -c 'while :; do :; done') | $(res '{cpu: {shares: 1000, cpus: "0-1"}, memory: {limit: 67108864, swap: 67108864}, pids: {limit: 20}}')"
jrun events --stats jt-box
ok "statistics: memory" jq -e '.data.memory | .usage.usage > 0 and .usage.limit == 67108864 and .raw.anon > 0 and .usage.max > 0' <<<"$out"
ok "statistics: processes, CPUs" jq -e '.data | .pids.current >= 1 and .pids.limit == 20 and .cpuset.cpus == [0, 1]' <<<"$out"
ok "statistics: PSI of CPU, memory and I/O" jq -e '[.data | .cpu.psi, .memory.psi, .blkio.psi | .some.total] | all(. >= 0)' <<<"$out"

# Paused: it does nothing; exec waits until it is resumed.
used() { counted jt-box cpu.stat usage_usec; }
ok "pause" jr pause jt-box
ok "state" status_is jt-box paused
a=$(used)
sleep 0.5
is "a paused container computes nothing" "$(used)" "$a"
jrun exec jt-box true
like "exec into a paused one is refused" "$rc $err" "^255 .*paused"
jr exec --ignore-paused jt-box sh -c 'echo ran' </dev/null >"$T/late" 2>&1 &
late=$!
sleep 0.5
is "exec --ignore-paused waits" "$(cat "$T/late")" ""
ok "resume" jr resume jt-box
wait $late
is "and runs when it is resumed" "$? $(cat "$T/late")" "0 ran"
a=$(used)
sleep 0.5
ok "a resumed one computes" test "$(used)" -gt "$a"

# Out of memory: told at once, without looking again and again.
(
	strace -qq -f -e trace=poll,ppoll,select,pselect6,epoll_wait,nanosleep,clock_nanosleep,read,pread64 -o "$T/trace" \
		"$JAILRUN" --root "$ROOT" events --interval 1h jt-box >"$T/events" 2>"$T/events.err"
	echo "$?" >"$T/events.rc"
) &
events=$!
eventually 20 grep -q '^[0-9]* *p*poll(' "$T/trace"
calls=$(wc -l <"$T/trace")
sleep 2
is "events: it sleeps in the kernel, in two seconds not one call" "$(wc -l <"$T/trace")" "$calls"
jrun exec jt-box bite touch 100
is "out of memory: killed" "$rc" 137
ok "events: an oom object" eventually 20 test -s "$T/events"
is "events: exactly this" "$(jq -c . "$T/events")" '{"type":"oom","id":"jt-box"}'
unlike "events: no call has a timeout" "$(grep -E 'poll\(|epoll|select|sleep' "$T/trace" | grep -vE ', -1|, NULL' | head -n 1)" .
ok "the statistics: the limit was met" test "$(stat_of memory.usage.failcnt)" -gt 0
kill -0 $events && ok "events goes on until the end" test ! -e "$T/events.rc"
jr kill jt-box KILL
ok "events ends" eventually 20 test -e "$T/events.rc"
is "without an error" "$(cat "$T/events.rc") $(cat "$T/events.err")" "0 "
gone jt-box
# Out of memory at the first process: the word comes before the end. systemd removes a scope as soon as it is empty, and the kernel's count
# with it: on a busy machine now and then before anyone can read it.
oom_of_the_first() {
	make_bundle "$T/b" "$(args_filter bite touch 48) | $(res '{memory: {limit: 20971520, swap: 20971520}}')"
	jr create --bundle "$T/b" jt-box >/dev/null 2>&1 </dev/null
	# shellcheck disable=SC2086 # words
	"$JAILRUN" ${JAILRUN_FLAGS-} --root "$ROOT" events --interval 1h jt-box >"$T/events2" 2>&1 &
	events=$!
	eventually 20 eval 'find /proc/$events/fd -lname "*/memory.events" | grep -q .'
	jr start jt-box
	wait $events
	gone jt-box
	[ "$(cat "$T/events2")" = '{"type":"oom","id":"jt-box"}' ]
}
! oom_of_the_first && [ "$manager" = systemd ] && oom_of_the_first
is "out of memory at the first process" "$(cat "$T/events2")" '{"type":"oom","id":"jt-box"}'
