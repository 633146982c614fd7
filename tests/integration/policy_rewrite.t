#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Rules that replace arguments ("set") or results ("return"), and what the other policy says of a rewritten call.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
[ -x "$TOP_BUILDDIR/tests/attacks/progs/sigsys" ] || skip_all "tests/attacks/progs is not built"
make_busybox_rootfs "$T/b/rootfs"
cp "$TOP_BUILDDIR/tests/attacks/progs/sigsys" "$T/b/rootfs/bin/"
mkdir -p "$T/policies"
printf '{"floor": "lid", "policyDir": "%s"}' "$T/policies" >"$T/admin.json"
n=0

rule() { # REST-OF-RULE: a policy with that rule
	printf '{"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdirat"], %s}]}}' "$1"
}
# rewritten RULE [LID]: the rule alone, or under a floor of another one
rewritten() {
	rm -rf "$T/b/rootfs/tmp/kept" "$T/audit"
	rule "$1" >"$T/policies/own.json"
	rule "${2-\"action\": \"SCMP_ACT_ALLOW\"}" >"$T/policies/lid.json"
	make_bundle "$T/b" "$(sh_filter 'sigsys keep; stat -c %a /tmp/kept') | .annotations = {\"jailrun.policy\": \"own\"}"
	jrun --admin-config "$T/admin.json" --audit "$T/audit" run --bundle "$T/b" "jt-$$-t$((n += 1))"
}
set='"action": "SCMP_ACT_ALLOW", "set": {"args": [{"index": 2, "value": 457}]}'
rewritten '"action": "SCMP_ACT_ALLOW"'
is "control" "$out" "result 0 mode 700
700" || diag "$err"
rewritten "$set"
is "another argument, and the register as it was" "$out" "result 0 mode 700
711" || diag "$err"
is "it is reported" "$(jq -r '[.rule, .action, .args[2]] | join(" ")' "$T/audit")" 'syscalls.syscalls[0] set 0x1c0'
rewritten '"action": "SCMP_ACT_ALLOW"' "$set"
is "by the floor" "$out" "result 0 mode 700
711" || diag "$err"
rewritten "$set"', "args": [{"index": 2, "value": 449, "op": "SCMP_CMP_EQ"}]'
is "only where the conditions hold" "$out" "result 0 mode 700
700" || diag "$err"
rewritten "$set" '"action": "SCMP_ACT_ERRNO", "errnoRet": 13, "args": [{"index": 2, "value": 457, "op": "SCMP_CMP_EQ"}]'
like "what the floor refuses of the new arguments is refused" "$out$err" '^result -13 mode 700'
rewritten "$set" '"action": "SCMP_ACT_KILL_PROCESS", "args": [{"index": 2, "value": 448, "op": "SCMP_CMP_EQ"}]'
unlike "what it refuses of the caller's own is refused" "$out" result
rewritten "$set" "$set"
like "two that replace: an error" "$rc $err" '^1 .*cannot be replaced, since policy lid logs, checks or replaces'
rewritten "$set" '"action": "SCMP_ACT_LOG"'
like "one that logs, and one that replaces: an error" "$rc $err" '^1 .*cannot be replaced, since policy lid'
rewritten '"action": "SCMP_ACT_ERRNO", "return": 7'
like "a result without the call" "$out$err" '^result 7 mode 700.*No such file'
is "it is reported, too" "$(jq -r .action "$T/audit")" return
rewritten '"action": "SCMP_ACT_ERRNO", "return": 7, "mode": "watch"'
is "one that only watches gives none" "$out:$(jq -r .mode "$T/audit")" "result 0 mode 700
700:watch"
rewritten '"action": "SCMP_ACT_ERRNO", "return": 7' '"action": "SCMP_ACT_KILL_PROCESS"'
unlike "a result under a floor that kills" "$out" result
while IFS='|' read -r text want; do
	printf '%s' "$text" >"$T/policy.json"
	jrun --policy "$T/policy.json" plan "$T/b"
	like "$want" "$rc $err" "^1 .*$want"
done <<ROWS
$(rule "$set, \"return\": 1")|replaces arguments of a call that is made
$(rule '"action": "SCMP_ACT_LOG", "return": 1')|goes with SCMP_ACT_ERRNO
$(rule '"action": "SCMP_ACT_ALLOW", "set": {"args": []}')|sets nothing
$(rule "$set" | sed s/mkdirat/clone/)|the arguments of clone cannot be replaced
ROWS
done_testing
