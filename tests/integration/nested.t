#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# jailrun in jailrun: which policies go into each other, that both hold, and which of the two reports.
# shellcheck disable=SC2016 # the inner shells and jq expand
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command jq capsh
need_runtime
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
ln -s usr/lib "$T/rootfs/lib" && ln -s usr/lib64 "$T/rootfs/lib64"
refuse_mkdir='{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 122}]}'
echo '{"limits": {"processes": 40}}' >"$T/trace.json"
echo "{\"syscalls\": $refuse_mkdir}" >"$T/notify.json"
echo "{\"syscalls\": $refuse_mkdir, \"limits\": {\"processes\": 20}}" >"$T/inner-trace.json"
cp "$JAILRUN" "$T/jailrun"

# The outer container has what a container engine in a container is given: all capabilities, its own proc and cgroup, and here the host's libraries.
caps=$("$JAILRUN" features | jq -c .linux.capabilities)

mine=$(capsh --decode="$(awk '/CapBnd/ { print $2 }' /proc/self/status)" 2>/dev/null | sed 's/.*=//' | tr '[:lower:]' '[:upper:]' | jq -R 'split(",")')
privileged="(\$caps - (\$caps - \$mine)) as \$c | .process.capabilities = {bounding: \$c, effective: \$c, permitted: \$c, inheritable: \$c}
	| .process.noNewPrivileges = false | .linux.maskedPaths = [] | .linux.readonlyPaths = []
	| .mounts |= map(if .type == \"cgroup\" then .options -= [\"ro\"] else . end)
	| .mounts += ([\"$T\", \"/usr\"] | map({destination: ., source: ., type: \"none\", options: [\"rbind\"]}))"
# nested OUTER INNER COMMAND...: the inner container, run by the outer one; the denials of both in $T/outer.jsonl and $T/inner.jsonl.
nested() {
	local outer=$1 inner=$2
	shift 2
	make_bundle "$T/inner" "$(args_filter "$@")"
	make_bundle "$T/outer" "$(args_filter "$T/jailrun" --root /run/jailrun --policy "$inner" --audit "$T/inner.jsonl" run --bundle "$T/inner" inner) | $privileged" \
		--argjson caps "$caps" --argjson mine "$mine"
	rm -f "$T"/*.jsonl
	RUN_TIMEOUT=30 jrun --policy "$outer" --audit "$T/outer.jsonl" run --bundle "$T/outer" "jt-$$-nested"
}
denied() { if [ -e "$T/$1.jsonl" ]; then grep -c '"syscall":"mkdir' "$T/$1.jsonl"; else echo 0; fi; }

work='mkdir /tmp/x 2>&1; echo "as $$"; exit 3'
refused="mkdir: can't create directory '/tmp/x': Disk quota exceeded"
n="$T/notify.json" t="$T/trace.json" it="$T/inner-trace.json"
# OUTER INNER REFUSES REPORTED PID
while read -r outer inner refuses reported pid; do
	name="${inner##*/} in ${outer##*/}"
	rmdir "$T/rootfs/tmp/x" 2>/dev/null
	nested "$outer" "$inner" /bin/sh -c "$work"
	if [ "$refuses" = yes ]; then want=$refused$'\n'; else want=; fi
	is "$name: it runs, and the inner policy holds" "$rc:$out" "3:${want}as $pid" || diag "$err"
	is "$name: the inner jail reports" "$(denied inner)" "$reported"
	if [ "$reported:$inner" = "0:$n" ]; then
		like "$name: it says that it does not report" "$err" 'its denials are not reported here'
	else
		unlike "$name: nothing is said about reports" "$err" 'its denials are not reported'
	fi
done <<END
none none no 0 1
none $n yes 1 2
default none no 0 1
default $n yes 0 2
default $it yes 1 2
$t none no 0 1
$t $n yes 0 2
END
nested default default /bin/true
is "default in default" "$rc" 0 || diag "$err"
nested "$t" default /bin/true
is "default in trace" "$rc" 0 || diag "$err"
nested default "$t" /bin/true
is "trace in default" "$rc" 0 || diag "$err"
nested "$t" "$t" /bin/true
like "trace in trace is refused, with the reason" "$rc:$err" '^1:.*trace the workload.*around jailrun'

# The outer policy holds in the inner container, and is reported by the outer jail.
rmdir "$T/rootfs/tmp/x" 2>/dev/null
nested "$n" none /bin/sh -c "mkdir /tmp/x 2>&1"
like "what the outer policy refuses is refused to the inner runtime, too" "$rc:$(denied outer)" '^1:[1-9]'

# What plan says of it; and an agent of linux.seccomp can have no listener.
make_bundle "$T/inner" "$(args_filter /bin/true)"
make_bundle "$T/outer" "$(args_filter "$T/jailrun" --policy default plan "$T/inner") | $privileged" --argjson caps "$caps" --argjson mine "$mine"
jrun --policy default run --bundle "$T/outer" "jt-$$-nested"
is "plan: not reported" "$(jq -r .jail.reported <<<"$out")" false || diag "$err"
like "plan: why" "$(jq -r .jail.why_not_reported <<<"$out")" 'itself runs under'
jrun --policy none run --bundle "$T/outer" "jt-$$-nested"
is "plan: where nothing is around it is (control)" "$(jq -r .jail.reported <<<"$out")" true
agent=".linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", listenerPath: \"/run/agent\", syscalls: [{names: [\"mkdir\"], action: \"SCMP_ACT_NOTIFY\"}]}"
make_bundle "$T/inner" "$(args_filter /bin/true) | $agent"
jrun --policy default run --bundle "$T/outer" "jt-$$-nested"
like "SCMP_ACT_NOTIFY inside: refused, with the reason" "$rc:$err" '^1:.*itself runs under has a listener'
done_testing
