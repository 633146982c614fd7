#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# docs/policy.schema.json says of a policy what `policy check` says: by the rows below, which is what an editor tells who writes one.
# tests/unit/spec_schema.c compares the keys. A key that is new gets rows here: what is right, and what is wrong, of it.
. "$(dirname "$0")/../lib/common.sh" || exit 1
need_runtime
need_command jq
schema=$TOP_SRCDIR/docs/policy.schema.json
python=
for p in python3 /usr/bin/python3; do
	if [ -z "$python" ] && "$p" -c 'import jsonschema; jsonschema.Draft202012Validator' 2>/dev/null; then python=$p; fi
done
[ -n "$python" ] || skip_all "needs python3-jsonschema"

# VERDICT POLICY: + right, - wrong.
cat >"$T/rows" <<'ROWS'
+ {}
- []
- {"nmae": "x"}
+ {"$schema": "policy.schema.json", "name": "x", "description": "y"}
- {"$schema": 1}
- {"name": ""}
- {"name": "0123456789012345678901234567890123456789012345678901234567890123456789"}
- {"description": null}
+ {"extends": "default"}
+ {"extends": ["default"], "syscalls": null, "signals": {"to_init": null}}
+ {"extends": "default", "syscalls": {"syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}}
- {"extends": []}
- {"extends": [1]}
- {"extends": ""}
- {"extends": null}
+ {"init": "workload", "on_violation": "kill"}
+ {"mode": "watch", "on_violation": "EACCES", "exec": {"mode": "learn", "on_violation": "log", "allow": []}}
- {"mode": "observe"}
- {"on_violation": "EVERYTHING!"}
- {"network": {"bind": {}, "mode": 1}}
- {"signals": {"protect": [], "on_violation": ["kill"]}}
+ {"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "mode": "watch", "on_violation": "kill"}]}}
- {"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "mode": null}]}}
+ {"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_TRAP"}, {"names": ["rmdir"], "action": "SCMP_ACT_ERRNO", "on_violation": "trap"}]}}
- {"on_violation": "trap"}
+ {"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "return": -1}, {"names": ["mkdir"], "action": "SCMP_ACT_ALLOW", "set": {"args": [{"index": 1, "value": 448}]}}]}}
- {"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "return": -4096}]}}
- {"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ALLOW", "set": {"args": []}}]}}
- {"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ALLOW", "set": {"args": [{"index": 6, "value": 448}]}}]}}
- {"init": "systemd"}
- {"init": null}
- {"on_violation": "explode"}
+ {"syscalls": {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "architectures": ["SCMP_ARCH_X86_64"], "flags": ["SECCOMP_FILTER_FLAG_LOG"], "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 18446744073709551615, "valueTwo": 1, "op": "SCMP_CMP_MASKED_EQ"}]}, {"names": ["write"], "action": "SCMP_ACT_ERRNO", "errnoRet": 5}]}}
- {"syscalls": {}}
- {"syscalls": {"defaultAction": "SCMP_ACT_NOTIFY"}}
- {"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_NOTIFY"}]}}
- {"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/x"}}
- {"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": [], "action": "SCMP_ACT_ALLOW"}]}}
- {"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"action": "SCMP_ACT_ALLOW"}]}}
- {"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 5000}]}}
- {"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]}]}}
- {"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_EQ"}]}]}}
- {"syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "includes": {}}]}}
+ {"exec": {"allow": ["/usr/", "/bin/s*", "/opt/**/x", "/", "/.a/..b/..."], "deny": [], "memfd": true}}
- {"exec": {"allow": ["bin/sh"]}}
+ {"exec": {"allow": ["/a", {"path": "/b", "as": "program", "argv": ["*", "**"], "times": 3, "sha256": "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"}], "deny": [{"path": "/c/"}]}}
- {"exec": {"allow": [{"as": "program"}]}}
- {"exec": {"allow": [{"path": "b"}]}}
- {"exec": {"allow": [{"path": "/b", "sha256": "5891"}]}}
- {"exec": {"allow": [{"path": "/b", "argv": []}]}}
- {"exec": {"allow": [{"path": "/b", "as": "library"}]}}
- {"exec": {"deny": [{"path": "/b", "sha1": "x"}]}}
+ {"profile": "report"}
- {"profile": true}
- {"exec": {"allow": ["/a//b"]}}
- {"exec": {"deny": ["/a/../b"]}}
- {"exec": {"deny": ["/a**/b"]}}
- {"exec": {"deny": "/bin/"}}
- {"exec": {"memfd": 1}}
+ {"signals": {"to_init": "refuse", "protect": ["/bin/x"]}}
- {"signals": {"to_init": true}}
- {"signals": {"protect": ["x"]}}
+ {"network": {"connect": {"allow": ["10.0.0.0/8:443", "tcp:*:53", "[2001:db8::]/32:80-90"], "deny": ["udp:*:*"]}, "bind": {}}}
- {"network": {"connect": {"allow": ["10.0.0.0/8"]}}}
- {"network": {"connect": ["*:1"]}}
- {"network": {"listen": {}}}
+ {"network": {"families": ["inet", "AF_UNIX"]}}
- {"network": {"families": "inet"}}
+ {"env": {"keep": ["LC_*", "?"], "set": {"A": ""}, "drop": ["B"]}}
- {"env": {"keep": ["A=b"]}}
- {"env": {"drop": [""]}}
- {"env": {"set": {"A*": "1"}}}
- {"env": {"set": {"A": 1}}}
+ {"limits": {"processes": 1, "threads": 0}}
- {"limits": {"processes": 0}}
- {"limits": {"threads": -1}}
- {"limits": {"processes": "5"}}
- {"limits": {"processes": 2147483648}}
+ {"limits": {"cpu": "10s", "idle": 5, "memory": "64M", "execs": 0, "syscalls": {"mkdir": 3}}}
- {"limits": {"execs": "1"}}
- {"limits": {"syscalls": {"mkdir": -1}}}
- {"limits": {"syscalls": ["mkdir"]}}
- {"limits": {"cpu": "1"}}
+ {"limits": {"wall": "10s", "open_files": 16, "file_size": "64M"}}
+ {"limits": {"wall": 10, "file_size": 0}}
- {"limits": {"wall": "10"}}
- {"limits": {"wall": "0s"}}
- {"limits": {"wall": 0}}
- {"limits": {"open_files": 15}}
- {"limits": {"file_size": "64X"}}
- {"limits": {"file_size": -1}}
ROWS
n=0
while read -r verdict text; do
	n=$((n + 1))
	printf '%s' "$text" >"$T/row$n.json"
	printf '%s\n' "$verdict $text" >>"$T/want"
	files+=("$T/row$n.json")
done <"$T/rows"
# Those of the tree are right.
for file in "$TOP_SRCDIR"/tests/golden/policy-*/policy.json; do
	printf '+ %s\n' "${file#"$TOP_SRCDIR/"}" >>"$T/want"
	files+=("$file")
done

# What an editor would say of each.
cat >"$T/validate.py" <<'EOP'
import json, sys
from jsonschema import Draft202012Validator
schema = json.load(open(sys.argv[1]))
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
for name in sys.argv[2:]:
    print("-" if list(validator.iter_errors(json.load(open(name)))) else "+")
EOP
run "$python" "$T/validate.py" "$schema" "${files[@]}"
is "the schema is one" "$rc:$err" 0: || diag "$err"
paste -d ' ' "$T/out" <(cut -d ' ' -f 2- "$T/want") >"$T/by-schema"
is "it says of each row what it should" "$(diff "$T/want" "$T/by-schema")" ""

# An error with a line is one of the document; others are of what becomes of it.
run "$JAILRUN" policy check --format json "${files[@]}"
jq -r 'if any(.errors[]; .line) then "-" else "+" end' "$T/out" >"$T/said"
paste -d ' ' "$T/said" <(cut -d ' ' -f 2- "$T/want") >"$T/by-check"
is "so does policy check: change the row, the schema or the parser" "$(diff "$T/want" "$T/by-check")" ""
done_testing
