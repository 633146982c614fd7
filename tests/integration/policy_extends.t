#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a policy extends: by name and by path, for whom, whose the files have to be, and that all of it holds.
. "$(dirname "$0")/../lib/common.sh" || exit 1
need_runtime
need_command jq
rootless=
[ "$(id -u)" = 0 ] || rootless=--rootless
mkdir -p "$T/policies" "$T/own/lib" "$T/b/rootfs" && "$JAILRUN" spec ${rootless:+"$rootless"} -b "$T/b"
jq '.process.terminal = false' "$T/b/config.json" >"$T/config.json" && mv "$T/config.json" "$T/b"
written() { printf '%s' "$2" >"$T/$1.json"; } # FILE TEXT
plan() { run "$JAILRUN" --root "$ROOT" --policy-dir "$T/policies" "$@" plan "$T/b"; }
check() { run "$JAILRUN" --policy-dir "$T/policies" policy check --format json "$@"; }

written policies/base '{"limits": {"processes": 5}, "exec": {"allow": ["/usr/"]}}'
written policies/site '{"extends": ["default", "base"], "exec": {"allow": ["/bin/"]}}'
written policies/beside '{"extends": "./base.json"}'
written policies/default '{"extends": "default", "limits": {"threads": 9}}'
written policies/circle '{"extends": "site2"}'
written policies/site2 '{"extends": ["base",'$'\n''"circle"]}'
written policies/lost '{"extends": "bsae"}'
written policies/wrong '{"limits":'$'\n''{"processes": 0}}'
written policies/on-wrong '{"extends": "wrong", "limits": {"threads": -1}}'
written own/mine '{"extends": ["lib/more.json", "base"], "limits": {"processes": 3}}'
written own/lib/more '{"extends": "../top.json", "limits": {"threads": 2}}'
written own/top '{"exec": {"deny": ["/bin/x"]}}'
written own/nosuch '{"extends": "./lib/none.json"}'
written own/beside '{"extends": "top.json"}'
written own/odd '{"extends": "a b"}'
if [ "$(id -u)" = 0 ]; then chown -R 0:0 "$T/policies" "$T/own"; fi
chmod -R go-w "$T/policies" "$T/own"
extends() { jq -r '[.. | .extends? | arrays | .[]] | join(" ")' "$T/out" | sed "s|$T/||g"; }

# ---- names ----
plan --policy site
is "plan says what was extended: the file in the place of a built-in one, and that" "$rc:$(extends)" "0:default policies/default.json policies/base.json" || diag "$err"
is "all of it holds" "$(jq -c '.jail | [.policy, .exec_allow, .max_processes, .max_threads]' "$T/out")" '["site",["/usr/","/bin/"],5,9]'
ok "and the rules of the built-in one" jq -e '.jail.rules | any(.syscall == "ioctl" and .rule == "syscalls.syscalls[0]")' "$T/out"
check site
is "so does policy check" "$rc:$(jq -r '.extends | join(" ")' "$T/out" | sed "s|$T/||g")" "0:default policies/default.json policies/base.json"
run "$JAILRUN" --policy-dir "$T/policies" policy check site
like "also as text" "$out" "policies/site.json: extends $T/policies/base.json"
check base
is "one that extends nothing" "$(jq -c .extends "$T/out")" '[]'
plan --policy lost
like "a name that is not there: what was meant" "$rc:$err" "^1:.*lost.json: extends: line 1: policy 'bsae' is not built in, and there is no .*; did you mean base\\?"
plan --policy "$T/own/beside.json"
like "a file beside wants a slash" "$rc:$err" "^1:.*beside.json: extends: line 1: .* has no policy 'top.json'; write \"./top.json\" for the file beside"
plan --policy nofile.json
like "a file that is not there" "$rc:$err" "^1:.*there is no file 'nofile.json' here; make it"
unlike "has one end" "$err" json.json
plan --policy circle
like "a circle names its chain" "$rc:$err" "site2.json: extends\\[1\\]: line 2: goes in a circle, take one out: $T/policies/circle.json -> $T/policies/site2.json -> $T/policies/circle.json"
plan --policy on-wrong
like "an error of a base names its file and line" "$rc:$err" "^1:.*/on-wrong.json: limits.threads: line 1: |^1:.*/wrong.json: limits.processes: line 2: "
check on-wrong
is "all of them" "$rc:$(jq -r '[.errors[] | "\(.file // "-") \(.line) \(.field)"] | join("|")' "$T/out" | sed "s|$T/||g")" "1:- 1 limits.threads|policies/wrong.json 2 limits.processes"
run "$JAILRUN" --policy-dir "$T/policies" policy check on-wrong
like "as text: file and line" "$out" "$T/policies/wrong.json:2: error: limits.processes: "

run "$JAILRUN" --policy-dir "$T/policies" policy explain --format json site
is "policy explain names the file of what is inherited" "$rc:$(jq -r '.. | objects | select(.rule == "limits.processes") | "\(.file) \(.line)"' "$T/out")" "0:$T/policies/base.json 1" || diag "$err"

# ---- paths ----
plan --policy "$T/own/mine.json"
is "files, from the directory of the one that names them" "$rc:$(extends)" "0:own/lib/../top.json own/lib/more.json policies/base.json" || diag "$err"
is "the nearest decides" "$(jq -c '.jail | [.exec_deny, .max_processes, .max_threads]' "$T/out")" '[["/bin/x"],3,2]'
cd "$T/own" || exit 1
plan --policy ./mine.json
is "also where the first is relative" "$rc:$(extends)" "0:./lib/../top.json ./lib/more.json policies/base.json" || diag "$err"
cd "$T" || exit 1
plan --policy "$T/own/nosuch.json"
like "a file that is not there" "$rc:$err" "^1:.*nosuch.json: extends: line 1: there is no file '$T/own/./lib/none.json': a path starts at"
plan --policy "$T/own/odd.json"
like "what is neither" "$rc:$err" "^1:.*odd.json: extends: line 1: 'a b' is no policy name; write a file with a slash, ./a b"
plan --policy beside
is "a policy of the directory extends a file beside it" "$rc:$(extends)" "0:policies/./base.json" || diag "$err"

# ---- an annotation: names alone ----
annotated() { jq --arg p "$1" '.annotations["jailrun.policy"] = $p' "$T/b/config.json" >"$T/config.json" && mv "$T/config.json" "$T/b"; }
annotated site
plan
is "an annotation's policy extends names" "$rc:$(jq -r .jail.policy "$T/out")" "0:site" || diag "$err"
annotated beside
plan
like "and no path" "$rc:$err" "^1:.*beside.json: extends: line 1: './base.json' is a path: a policy that an annotation asks for can extend names alone"
plan --policy beside
is "the command line alone decides that" "$rc" 0

# ---- whose they are ----
chmod g+w "$T/policies/base.json"
plan --policy site
like "a base that others can write to" "$rc:$err" "^1:.*site.json: extends\\[1\\]: line 1: '$T/policies/base.json' has mode 0664"
chmod g-w "$T/policies/base.json"
chmod o+w "$T/own/top.json"
plan --policy "$T/own/mine.json"
like "also one that is named by a path" "$rc:$err" "^1:.*more.json: extends: line 1: '$T/own/lib/../top.json' has mode 06.6: it decides"
chmod o-w "$T/own/top.json"
mkfifo "$T/own/lib/pipe.json"
written own/piped '{"extends": "./lib/pipe.json"}'
plan --policy "$T/own/piped.json"
like "a pipe is none, and nobody waits for it" "$rc:$err" "^1:.*pipe.json' is no regular file"

# ---- the floor, and the lists of calls ----
written policies/floor '{"extends": "base", "limits": {"processes": 4}}'
printf '{"floor": "floor"}' >"$T/admin.json"
chmod go-w "$T/policies/floor.json" "$T/admin.json"
annotated site
plan --admin-config "$T/admin.json"
is "a floor stands on others, too, and each policy says on which" "$rc:$(jq -c '[.jail.policies[] | [.name, .max_processes, (.extends | length)]]' "$T/out")" '0:[["site",5,3],["floor",4,1]]' || diag "$err"
written policies/listed '{"syscalls": {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}}'
written policies/more '{"extends": "listed", "syscalls": {"syscalls": [{"names": ["write"], "action": "SCMP_ACT_ALLOW"}]}}'
chmod go-w "$T"/policies/*.json
run "$JAILRUN" --policy-dir "$T/policies" policy update-check --format json more
is "update-check sees the calls of all" "$rc:$(jq '[.unnamed[].name] | (index("read") or index("write"))' "$T/out")" "1:false" || diag "$err"
done_testing
