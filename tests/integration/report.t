#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run --report: how a container ended and what it used, for every end; what this host does not count is null. tests/vm/limits/report.sh has
# the rest.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/leftovers.sh"
need_root
need_command jq busybox
need_runtime
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
has() {
	grep -qw "$1" "$(cgroup2_mount)/cgroup.controllers"
}
# reported SCRIPT [FILTER [OPTIONS]]
reported() {
	rm -f "$T/report"
	in_sh "$1" "${2-.}" --report "$T/report" "${@:3}"
	[ ! -e "$T/report" ] || cat "$T/report" >>"$T/all"
}
of() {
	jq -c "$1" "$T/report"
}
end='[.verdict, .exit, .signal, .error]'

for POLICY in none default; do
	reported 'exit 0'
	is "policy $POLICY: ok" "$rc $(of "$end")" '0 ["ok",0,null,null]'
	is "policy $POLICY: the ID" "$(of .id)" "\"jt-$$-$seq_id\""
	reported 'exit 7'
	is "policy $POLICY: an exit status" "$rc $(of "$end")" '7 ["exit",7,null,null]'
	# The first process of a pid namespace cannot kill itself.
	filter=.
	[ $POLICY = default ] || filter='.linux.namespaces |= map(select(.type != "pid"))'
	reported 'kill -TERM $$; sleep 1' "$filter"
	is "policy $POLICY: a signal" "$rc $(of "$end")" '143 ["signal",143,"SIGTERM",null]'
	for n in 129 137 139 152; do
		reported "exit $n"
		is "policy $POLICY: an exit with $n is no signal" "$rc $(of "$end")" "$n [\"exit\",$n,null,null]"
	done
	reported 'sh -c "kill -KILL \$\$"; exit $?'
	is "policy $POLICY: nor is a shell's word for one" "$rc $(of "$end")" '137 ["exit",137,null,null]'
	reported 'sleep 0.3'
	ok "policy $POLICY: the time that it took" jq -e '.wallUsec | . >= 250000 and . < 20000000' "$T/report"
	ok "policy $POLICY: and not by computing" jq -e '.userUsec + .systemUsec < 200000' "$T/report"
	ok "policy $POLICY: what came before it" jq -e '.setupUsec > 0' "$T/report"
	reported 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'
	ok "policy $POLICY: computing" jq -e '.userUsec > 20000 and .wallUsec >= .userUsec * 0.8' "$T/report" || diag "$(of .)"
	ok "policy $POLICY: the greatest process" jq -e '.maxRssBytes > 500000' "$T/report"
done
# What those used that live when the first process ends: dd holds what it has read until somebody takes it, who never comes.
POLICY=default
hold='dd if=/dev/zero bs=60000000 count=1 | (head -c 1 >/dev/null; echo >/began; sleep 100)'
left="($hold) & while [ ! -e /began ]; do sleep 0.1; done; exit 4"
reported 'exit 4'
ok "what is left when it ends: small without (control)" jq -e '.maxRssBytes < 30000000' "$T/report" || diag "$(of .)"
reported "$left"
is "what is left when it ends" "$rc $(of "$end")" '4 ["exit",4,null,null]'
ok "its memory counts" jq -e '.maxRssBytes > 50000000' "$T/report" || diag "$(of .)"
rm -f "$ROOTFS/began"
# Where the jail is not PID 1 nobody waits for them; the runtime has looked before. That it did is seen by its going to sleep again.
# shellcheck disable=SC2317 # by eventually
looked() { # NUMBER
	[ "$(awk '/^voluntary/ { print $2 }' "/proc/$runtime/status")" -ge "$1" ]
}
printf '{"init": "workload"}' >"$T/outer.json"
make_bundle "$T/l" "$(sh_filter "(i=0; while [ \$i -lt 150000 ]; do i=\$((i+1)); done; $hold) & while [ ! -e /end ]; do sleep 0.1; done; exit 4")"
for POLICY in none "$T/outer.json"; do
	rm -f "$ROOTFS/began" "$ROOTFS/end" "$T/report"
	"$JAILRUN" --root "$ROOT" --cgroup-manager disabled --policy "$POLICY" run --report "$T/report" --bundle "$T/l" "jt-$$-l" </dev/null >"$T/l.out" 2>&1 &
	runtime=$!
	eventually 20 test -e "$ROOTFS/began"
	ok "policy ${POLICY##*/}: the runtime looks at what lives" eventually 10 looked $(($(awk '/^voluntary/ { print $2 }' "/proc/$runtime/status") + 3))
	touch "$ROOTFS/end"
	wait $runtime
	rc=$?
	is "policy ${POLICY##*/}: what lives when it ends" "$rc $(of "$end")" '4 ["exit",4,null,null]' || diag "$(cat "$T/l.out")"
	ok "policy ${POLICY##*/}: its memory counts, and its time" jq -e '.maxRssBytes > 50000000 and .userUsec > 40000' "$T/report" || diag "$(of .)"
done
rm -f "$ROOTFS/began" "$ROOTFS/end"
POLICY=none
reported true
is "one line, and a newline at its end" "$(wc -l <"$T/report")" 1

# Null, where nothing counts; a number where something does.
counts() { # KEY CONTROLLER
	if has "$2"; then
		ok "$1 is counted" jq -e ".$1 >= 0" "$T/report"
	else
		is "$1 is null and not 0: there is no controller $2" "$(of ".$1")" null
	fi
}
reported true
for key in memoryPeakBytes oomKills; do counts $key memory; done
for key in cpuPeriods cpuThrottledPeriods cpuThrottledUsec; do counts $key cpu; done
for key in ioReadBytes ioWriteBytes; do counts $key io; done
has pids || is "tasksPeak is null" "$(of .tasksPeak)" null
in_sh 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done' . --report "$T/report"
user=$(of .userUsec)
make_bundle "$T/b" "$(sh_filter 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done')"
jrun --cgroup-manager disabled run --report "$T/report" --bundle "$T/b" jt-$$-none
ok "without a cgroup the times are there all the same ($(of .userUsec), $user with one)" jq -e '.userUsec > 10000' "$T/report"

# A container whose cgroup was there before, and had been used.
if mkdir "$(cgroup2_mount)/jt-$$-old"; then
	old=$(cgroup2_mount)/jt-$$-old
	at_exit "rmdir $old"
	(echo "$BASHPID" >"$old/cgroup.procs" && exec sh -c 'while :; do :; done') >/dev/null 2>&1 &
	busy=$!
	ok "its cgroup has a past (control)" eventually 20 eval '[ "$(awk "/^user_usec/ { print \$2 }" "$old/cpu.stat")" -gt 200000 ]'
	kill $busy
	wait $busy
	eventually 5 eval '! grep -q "populated 1" "$old/cgroup.events"'
	reported true ".linux.cgroupsPath = \"/jt-$$-old\""
	ok "which is not the container's" jq -e '.userUsec < 200000' "$T/report" || diag "$(of .)"
fi

fits report "all of them are as docs/report.schema.json says" "$T/all"
# Where it goes.
in_sh 'echo out; exit 3' . --report -
is "-: stderr" "$rc $out $(jq -c "$end" <<<"$err")" '3 out ["exit",3,null,null]'
mkfifo "$T/fifo"
cat "$T/fifo" >"$T/read" &
in_sh 'exit 3' . --report "$T/fifo"
wait $!
is "a pipe is written to" "$rc $(jq -c "$end" "$T/read")" '3 ["exit",3,null,null]'
echo old >"$T/report"
ln "$T/report" "$T/second"
(cd "$T" && "$JAILRUN" --root "$ROOT" run --report report -b b jt-$$-rel)
is "a file that was there is replaced, not written into" "$(cat "$T/second") $(of .verdict)" 'old "exit"'
rm -f "$T/second"
make_bundle "$T/b" "$(args_filter sleep 100)"
echo old >"$T/report"
"$JAILRUN" --root "$ROOT" run --report "$T/report" --bundle "$T/b" jt-$$-long &
pid=$!
eventually 10 status_is jt-$$-long running
is "while it runs nothing is written" "$(cat "$T/report")" old
kill -TERM $pid
sleep 0.2
kill -KILL "$(jr state jt-$$-long | jq .pid)"
wait $pid
is "somebody kills it" "$? $(of "$end")" '137 ["signal",137,"SIGKILL",null]'
is "nothing else is left beside it" "$(find "$T" -maxdepth 1 -name 'report?*')" ""
"$JAILRUN" --root "$ROOT" run --report "$T/report" --bundle "$T/b" jt-$$-gone &
pid=$!
eventually 10 status_is jt-$$-gone running
jr delete --force jt-$$-gone
wait $pid
is "somebody deletes it meanwhile" "$? $(of "$end")" '137 ["signal",137,"SIGKILL",null]'
make_bundle "$T/b" "$(args_filter true)"
jrun run --keep --report "$T/report" --bundle "$T/b" jt-$$-keep
is "--keep" "$rc $(of .verdict)" '0 "ok"'
jr delete jt-$$-keep

# What goes wrong.
jrun run --fail-step mounts --report "$T/report" --bundle "$T/b" jt-$$-fail
is "what could not be made" "$rc $(of "$end")" '1 ["error",null,null,"failure injected before the row (EIO) (step mounts)"]'
is "has used nothing that could be told" "$(of '[.wallUsec, .userUsec, .maxRssBytes, .setupUsec] | unique')" '[null]'
reported true '.process.args = ["/no/such"]'
like "a program that is not there" "$rc $(of .verdict) $(of .error)" '^1 "error" ".*/no/such'
for file in /nosuch/report "$T" "$T/" /proc/report "$T/b/config.json/x" ""; do
	touch "$T/began"
	make_bundle "$T/b" "$(sh_filter 'echo began')"
	jrun run --report "$file" --bundle "$T/b" jt-$$-bad
	like "'$file' cannot be written: an error" "$rc $err" "^1 jailrun: --report: "
	is "'$file': before anything starts" "$out" ""
done
for status in 125:"$T/b" 1:"--bundle $T/b jt-$$-status"; do
	# shellcheck disable=SC2086 # words
	jrun run --fail-step mounts --report "$T/report" ${status#*:}
	is "run ${status#*:}: the exit status of a failure that is not the workload's" "$rc $(of .verdict)" "${status%%:*} \"error\""
done
# By hand a mistake in the command line is no workload's 1 either.
while IFS='|' read -r status words; do
	# shellcheck disable=SC2086 # words
	jrun $words
	is "$words: the exit status" "$rc" "$status"
done <<ROWS
125|run --nosuch $T/b
125|run $T/b --nosuch
125|run $T/b a b
125|run /no/such/bundle
125|--log /no/such/log run $T/b
125|--log-format odd run $T/b
125|--policy /no/such run $T/b
125|run --detach --fail-step mounts $T/b
1|run --nosuch -b $T/b jt-$$-status
1|run --bundle=$T/b --nosuch
1|--log /no/such/log run -b $T/b jt-$$-status
1|run -b $T/b a/b
1|run --nosuch jt-$$-status
1|run
1|exec --nosuch jt-$$-status true
255|exec jt-$$-status true
3|nosuch $T/b
3|help nosuch
1|--nosuch
1|list --nosuch
1|state jt-$$-status
0|--version
ROWS
jrun run --detach --report "$T/report" --bundle "$T/b" jt-$$-bad
like "--detach" "$rc $err" "^1 jailrun: --report: nobody waits for the container's end under --detach"
is "nothing is left" "$(left_state)" ""
done_testing
