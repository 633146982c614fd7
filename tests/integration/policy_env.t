#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The environment that a policy leaves to a container's program and to what is executed in it, and which program PATH then finds.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
id=jt-$$-env
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
mkdir "$T/rootfs/opt" "$T/policies"
printf '#!/bin/sh\necho of opt\n' >"$T/rootfs/opt/which"
printf '#!/bin/sh\necho of usr\n' >"$T/rootfs/usr/which"
chmod 755 "$T"/rootfs/*/which
policy() { printf '{"env": %s}' "$2" >"$T/policies/$1.json" && chmod go-w "$T/policies/$1.json"; }
process='.process.env = ["PATH=/usr:/bin", "TERM=x", "API_TOKEN=secret", "KEEP_A=1"]'
under() { # POLICY ARGS...: runs them under it
	local name=$1
	shift
	make_bundle "$T/b" "$process | $(args_filter "$@")"
	jrun --policy-dir "$T/policies" --policy "$name" run --bundle "$T/b" "$id"
}
sorted() { sort <<<"$out" | tr '\n' ' '; }

policy none '{}'
policy keeps '{"keep": ["PATH", "KEEP_*"], "set": {"LANG": "C"}}'
policy home '{"drop": ["*_TOKEN"]}'
policy path '{"set": {"PATH": "/opt:/bin"}}'
policy bare '{"keep": []}'
under none /bin/env
is "an env that says nothing leaves all (control), and the helper finds HOME" "$rc:$(sorted)" "0:API_TOKEN=secret HOME=/root KEEP_A=1 PATH=/usr:/bin TERM=x " || diag "$err"
under keeps /bin/env
is "what is kept and set, and no HOME" "$rc:$(sorted)" "0:KEEP_A=1 LANG=C PATH=/usr:/bin " || diag "$err"
under home /bin/env
is "what is dropped" "$rc:$(sorted)" "0:HOME=/root KEEP_A=1 PATH=/usr:/bin TERM=x " || diag "$err"
under bare /bin/busybox env
is "nothing" "$rc:$out" "0:" || diag "$err"
under none which
is "PATH of config.json finds the program (control)" "$rc:$out" "0:of usr" || diag "$err"
under path which
is "PATH of the policy does" "$rc:$out" "0:of opt" || diag "$err"

# ---- plan: names, no values ----
run "$JAILRUN" --root "$ROOT" --policy-dir "$T/policies" --policy keeps plan "$T/b"
is "plan says which" "$rc:$(jq -c .jail.env "$T/out")" '0:{"kept":["PATH","KEEP_A"],"set":["LANG"],"dropped":["TERM","API_TOKEN"]}' || diag "$err"
unlike "and shows no value" "$out" 'secret'
run "$JAILRUN" --root "$ROOT" --policy-dir "$T/policies" --policy default plan "$T/b"
is "nothing of one that says nothing" "$rc:$(jq -c .jail.env "$T/out")" "0:null"

# ---- exec, and the floor ----
printf '{"floor": "keeps"}' >"$T/admin.json" && chmod go-w "$T/admin.json"
for init in jail workload; do
	printf '{"init": "%s", "env": {"set": {"API_TOKEN": "mine", "KEEP_B": "2", "LANG": "de"}}}' "$init" >"$T/policies/asks.json"
	chmod go-w "$T/policies/asks.json"
	make_bundle "$T/b" "$process"' | .annotations["jailrun.policy"] = "asks" | '"$(args_filter /bin/sh -c '/bin/env >/env; exec sleep 1000')"
	rm -f "$T/rootfs/env"
	jrun --policy-dir "$T/policies" --admin-config "$T/admin.json" run -d --bundle "$T/b" "$id" </dev/null
	is "init $init: a container under a floor" "$rc" 0 || diag "$err"
	ok "its program has written" eventually 5 grep -q LANG "$T/rootfs/env"
	is "it has what both keep, and the floor's word is the last" "$(grep -vE '^(PWD|SHLVL|_)=' "$T/rootfs/env" | sort | tr '\n' ' ')" "KEEP_A=1 KEEP_B=2 LANG=C PATH=/usr:/bin "
	jrun exec --env API_TOKEN=again --env KEEP_C=3 --env LANG=fr --env HOME=/home "$id" /bin/env
	is "so has what is executed" "$rc:$(sorted)" "0:KEEP_A=1 KEEP_B=2 KEEP_C=3 LANG=C PATH=/usr:/bin " || diag "$err"
	jq '.process | .args = ["env"] | .env = ["PATH=/bin", "API_TOKEN=x", "KEEP_D=4"] | del(.capabilities)' "$T/b/config.json" >"$T/process.json"
	jrun exec --process "$T/process.json" "$id"
	is "also by a file" "$rc:$(sorted)" "0:KEEP_B=2 KEEP_D=4 LANG=C PATH=/bin " || diag "$err"
	jr delete --force "$id"
done
done_testing
