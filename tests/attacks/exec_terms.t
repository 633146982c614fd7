#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The terms of entries of exec (as, sha256, argv, times), and the ways round each, with a control that shows that what is allowed runs.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
progs=$TOP_BUILDDIR/tests/attacks/progs
[ -x "$progs/race_argv" ] || skip_all "tests/attacks/progs is not built"
R=$T/b/rootfs
make_busybox_rootfs "$R"
cp "$progs"/{race_argv,swap,script_fd,memfd_exec,race_exec} "$R/bin/"
mkdir -p "$R/opt/s"
cp "$R/bin/busybox" "$R/opt/busybox-i"
cp "$R/bin/busybox" "$R/opt/busybox-h"
cp "$R/bin/race_argv" "$R/opt/evil"
printf '#!/opt/busybox-i sh\necho script "$@"\n' >"$R/opt/s/ok"
printf '#!/opt/busybox-i sh\necho escaped\n' >"$R/tmp/evil"
chmod 755 "$R/opt/s/ok" "$R/tmp/evil"
hash=$(sha256sum "$R/opt/busybox-h" | cut -d' ' -f1)
own='"/bin/busybox", "/bin/swap", "/bin/script_fd"'
n=0

# attack POLICY SCRIPT [FILTER [OPTION...]]
attack() {
	printf '%s' "$1" >"$T/policy.json"
	make_bundle "$T/b" "$(sh_filter "$2") | ${3-.}"
	rm -f "$T/audit"
	RUN_TIMEOUT=60 jrun --policy "$T/policy.json" --audit "$T/audit" run --bundle "$T/b" "jt-$$-t$((n += 1))"
}

# What a program is executed as.
as='{"exec": {"allow": ['"$own"', {"path": "/opt/busybox-i", "as": "interpreter"}, {"path": "/opt/s/**", "as": "script"}]}}'
attack "$as" '/opt/s/ok 1 2; /opt/busybox-i sh -c "echo escaped"; echo $?; /opt/busybox-i sh /tmp/evil; /opt/busybox-i sh /opt/s/ok; /tmp/evil; echo $?
	ln -s /opt/s/ok /tmp/link; /tmp/link; echo $?; cd /opt; s/ok; echo $?; script_fd fd /opt/s/ok; exec 5</opt/s/ok; /proc/self/fd/5; echo $?
	ln -s /opt/busybox-i /tmp/busybox-i; /tmp/busybox-i echo escaped; echo end'
is "a script runs by its own path, and its interpreter for nothing else" "$out" "script 1 2
126
126
137
137
137
end" || diag "$err" "$(cat "$T/audit")"
like "reported" "$(cat "$T/audit")" 'execute the script by its own path'
attack '{"exec": {"allow": ['"$own"', "/opt/", "/tmp/", {"path": "/opt/s/ok", "as": "script"}], "deny": [{"path": "/opt/busybox-i", "as": "program"}]}}' \
	'/opt/s/ok; /opt/busybox-i sh -c "echo escaped"; ln -s /opt/s/ok /tmp/link; /tmp/link; echo end'
is "a program that is denied as such stays an interpreter" "$out" "script
end" || diag "$err"
attack "$as" true '.process.capabilities.bounding += ["CAP_SYS_ADMIN"]'
like "who can mount over scripts is refused" "$rc $err" '^1 .*CAP_SYS_ADMIN lets the workload mount another file over a script'

# Bytes.
sha='{"exec": {"allow": ['"$own"', {"path": "/opt/**", "sha256": "'$hash'"}]}}'
attack "$sha" '/opt/busybox-h echo right; cp /opt/busybox-h /opt/s/busybox-c; /opt/s/busybox-c echo copy; /opt/evil echo; echo $?; echo >>/opt/s/busybox-c; /opt/s/busybox-c echo escaped
	echo $?; /opt/busybox-h sleep 60 & until [ "$(readlink /proc/$!/exe)" = /opt/busybox-h ]; do :; done; sh -c "echo x >/opt/busybox-h" || echo busy; kill $!'
is "a program is known by its bytes, and keeps them while it runs" "$out" "right
copy
126
126
busy" || diag "$err"
like "the report says so" "$(cat "$T/audit")" '"path":"/opt/evil".*sha256'
attack "$sha" 'swap /opt/busybox-h /opt/evil & i=0 ran=; while [ $i -lt 8 ] || [ -z "$ran" -a $i -lt 400 ]; do ran=$ran$(/opt/busybox-h echo ran); i=$((i + 1)); done; kill $!; echo "$ran"'
like "two programs that are exchanged (control): the right one runs" "$out" ran || diag "$err"
unlike "two programs that are exchanged: never the other" "$out" escaped
cp "$R/bin/busybox" "$R/opt/busybox-h"
cp "$R/bin/race_argv" "$R/opt/evil"

# Arguments.
argv='{"exec": {"allow": ['"$own"', {"path": "/bin/race_argv", "argv": ["*/race_argv", "??"]}, {"path": "/bin/race_argv", "argv": ["race_argv", "--report", "a"]},
	{"path": "/opt/busybox-i", "argv": ["*", "echo", "**"]}, {"path": "/opt/s/ok", "argv": ["/opt/s/ok", "yes"]}, {"path": "/opt/busybox-i", "as": "interpreter"}]}}'
attack "$argv" '/opt/busybox-i echo any of it; /opt/busybox-i echo; /opt/busybox-i sh -c "echo escaped"; echo $?; /opt/s/ok yes; /opt/s/ok no; echo $?; /opt/s/ok yes no; /opt/s/ok; echo end'
is "arguments are matched one by one" "$out" "any of it

126
script yes
126
end" || diag "$err" "$(cat "$T/audit")"
attack '{}' '/bin/race_argv 60'
like "arguments that a thread changes (control)" "$out" 'escaped=[1-9]' || diag "$err"
attack "$argv" '/bin/race_argv 60'
diag "$out"
like "arguments that a thread changes: none slips through" "$out" 'escaped=0$' || diag "$err"

# How often: each policy counts for itself.
times='{"exec": {"allow": ['"$own"', {"path": "/opt/busybox-?", "times": 3}, "/opt/s/"]}}'
attack "$times" '/opt/busybox-h echo 1; /opt/s/ok; (/opt/busybox-i echo 3); /opt/busybox-h echo 4; echo $?; /opt/s/ok; echo $?'
is "so often, and no more" "$out" "1
script
3
126
137" || diag "$err"
like "the report says how to have it more often" "$(cat "$T/audit")" 'raise `times`'
mkdir -p "$T/policies"
printf '%s' '{"exec": {"allow": ["/bin/", {"path": "/opt/**", "times": 1}, {"path": "/opt/**", "times": 1, "argv": ["*", "echo", "x"]}]}}' >"$T/policies/lid.json"
printf '{"floor": "lid", "policyDir": "%s"}' "$T/policies" >"$T/admin.json"
printf '%s' "$times" >"$T/policies/own.json"
make_bundle "$T/b" "$(sh_filter '/opt/busybox-h echo 1; /opt/busybox-h echo x; /opt/busybox-h echo x; echo $?; /opt/busybox-h echo y; echo $?') | .annotations = {\"jailrun.policy\": \"own\"}"
jrun --admin-config "$T/admin.json" run --bundle "$T/b" "jt-$$-floor"
is "under a floor both count" "$out" "1
x
126
126" || diag "$err"
done_testing
