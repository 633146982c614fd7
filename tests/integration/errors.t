#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What callers see when something is wrong: exit status, texts, log, pid file; and what they ask for on the command line.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/leftovers.sh"
need_root
need_runtime
id=jt-$$-err

# bad NAME FILTER ERE: create of such a config.json fails with 1, says why on stderr, and leaves nothing.
bad() {
	make_bundle "$T/b" "$2" || fail "$1: bundle"
	jrun create --bundle "$T/b" --pid-file "$T/pid" "$id"
	is "$1: exit status" "$rc" 1
	like "$1: message" "$err" "$3"
	not_ok "$1: no pid file" test -e "$T/pid"
	is "$1: one line on stderr" "$(wc -l <"$T/err")" 1
	nothing_left "$1: nothing is left" "$id"
}
make_bundle "$T/b"
leftovers_begin "$T/b"
# config.json itself changes from test to test; its type and mode do not.
bad "no process.args" '.process.args = []' 'process\.args'
bad "process.cwd relative" '.process.cwd = "tmp"' 'process\.cwd'
bad "no root" 'del(.root)' 'root'
bad "rootfs missing" '.root.path = "nowhere"' 'nowhere'
bad "ociVersion too new" '.ociVersion = "9.0.0"' 'ociVersion'
bad "ociVersion missing" 'del(.ociVersion)' 'ociVersion'
bad "a string for a number" '.process.user.uid = "0"' 'process\.user\.uid'
bad "a number out of range" '.process.user.uid = -1' 'process\.user\.uid'
bad "unknown namespace" '.linux.namespaces += [{"type": "gravity"}]' 'linux\.namespaces'
bad "the same namespace twice" '.linux.namespaces += [{"type": "pid"}, {"type": "pid"}]' 'linux\.namespaces'
bad "unknown rlimit" '.process.rlimits = [{type: "RLIMIT_HOPE", soft: 1, hard: 1}]' 'process\.rlimits'
bad "rlimit twice" '.process.rlimits = [{type: "RLIMIT_CORE", soft: 1, hard: 1}, {type: "RLIMIT_CORE", soft: 1, hard: 1}]' 'process\.rlimits'
bad "mount with a relative destination that climbs" '.mounts += [{destination: "", type: "tmpfs", source: "tmpfs"}]' 'mounts\['
bad "memory limit as text" '.linux.resources.memory.limit = "1G"' 'linux\.resources\.memory\.limit'
bad "seccomp action" '.linux.seccomp = {defaultAction: "SCMP_ACT_MAYBE"}' 'linux\.seccomp\.defaultAction'
bad "sysctl of the host" '.linux.sysctl = {"kernel.panic": "1"}' 'sysctl'
bad "hostname without a uts namespace" 'del(.linux.namespaces[] | select(.type == "uts")) | .hostname = "x"' 'hostname|uts'
bad "program not found" "$(args_filter no-such-program)" 'exec: "no-such-program": executable file not found in \$PATH'
bad "program not found by path" "$(args_filter /bin/no-such-program)" '/bin/no-such-program.*[Nn]o such file or directory'
bad "program is a directory" "$(args_filter /bin)" '(/bin.*([Pp]ermission denied|is a directory))'
chmod 644 "$T/b/rootfs/etc/passwd"
bad "program may not be executed" "$(args_filter /etc/passwd)" '[Pp]ermission denied'
bad "apparmor profile where there is no AppArmor" '.process.apparmorProfile = "x"' 'apparmor'
bad "intelRdt where there is no resctrl" '.linux.intelRdt = {closID: "a"}' 'intelRdt'

printf '{' >"$T/b/config.json"
jrun create --bundle "$T/b" "$id"
like "broken JSON is said to be" "$err" 'config\.json'
mv "$T/b/config.json" "$T/b/other.json"
jrun create --bundle "$T/b" "$id"
is "no config.json: exit status" "$rc" 1
like "no config.json" "$err" 'JSON specification file config.json not found'
jrun create --bundle "$T/none" "$id"
is "no bundle: exit status" "$rc" 1
rm "$T/b/other.json"

# --log: one JSON object a failing call, and stderr besides.
make_bundle "$T/b" "$(args_filter no-such-program)"
jrun --log "$T/log" --log-format json create --bundle "$T/b" "$id"
is "--log-format json: exit status" "$rc" 1
is "--log-format json: one object, level error" "$(jq -s 'length' "$T/log"):$(jq -r .level "$T/log")" "1:error"
like "--log-format json: msg" "$(jq -r .msg "$T/log")" 'executable file not found in \$PATH'
like "--log-format json: time" "$(jq -r .time "$T/log")" '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)$'
like "--log: stderr has the error too" "$err" 'executable file not found in \$PATH'
rm -f "$T/log"
jrun --log "$T/log" create --bundle "$T/b" "$id"
like "--log-format text" "$(cat "$T/log")" 'level=error.*executable file not found'
rm -f "$T/log"
make_bundle "$T/b" "$(args_filter /bin/true)"
jrun --log "$T/log" --log-format json run --bundle "$T/b" "$id"
is "a call that succeeds writes nothing to --log" "$(cat "$T/log" 2>/dev/null)" ""
jrun --log-format yaml list
is "--log-format yaml is refused" "$rc" 1

# The command line.
jrun nonsense
is "an unknown command: exit status of urfave/cli" "$rc" 3
jrun create
is "create without an ID" "$rc" 1
like "says how many arguments" "$err" '"?create"? requires exactly 1 argument'
jrun create --nonsense x
like "an unknown option" "$err" 'flag provided but not defined: -nonsense'
jrun create --bundle
like "an option without its argument" "$err" 'flag needs an argument: -bundle'
jrun --version
is "--version: exit status" "$rc" 0
is "--version: one line has the word version" "$(grep -c version <<<"$out")" 1
like "--version: first line" "$(head -n 1 <<<"$out")" '^jailrun version [0-9]+\.[0-9]+\.[0-9]+'
like "--version: commit and spec" "$out" 'commit: .*spec: 1\.[0-9]'
jrun features
is "features: exit status, silence on stderr" "$rc:$err" "0:"
like "features: versions" "$(jq -r '.ociVersionMin, .ociVersionMax' <<<"$out" | tr '\n' ' ')" '^1\.0\.[0-9]+ 1\.[0-9]+\.[0-9]+ $'
is "features: linux" "$(jq -r '.linux.namespaces | index("time") != null' <<<"$out")" true
for c in create start run state kill delete list spec features; do
	jrun "$c" --help
	is "$c --help: exit status" "$rc" 0
	like "$c --help: usage" "$out" "$c"
done
mkdir "$T/spec1" && cd "$T/spec1" || exit 1
ok "spec" "$JAILRUN" spec
ok "spec writes JSON with a process" jq -e .process.args[0] config.json
not_ok "spec does not overwrite" "$JAILRUN" spec
ok "spec --bundle" "$JAILRUN" spec --rootless --bundle "$T" && mv "$T/config.json" "$T/rootless.json"
is "spec --rootless maps one id" "$(jq '.linux.uidMappings | length' "$T/rootless.json")" 1
cd / || exit 1

# run: the bundle as an argument, -b, one dash, =, --keep, --detach, the working directory.
make_bundle "$T/b" "$(sh_filter 'echo ran')"
jrun run "$T/b"
is "run BUNDLE" "$rc:$out" 0:ran
jrun run "$T/b" "$id"
is "run BUNDLE ID" "$rc:$out" 0:ran
for options in "--bundle $T/b" "-bundle $T/b" "-b $T/b" "--bundle=$T/b" "-b=$T/b"; do
	# shellcheck disable=SC2086 # words
	jrun run $options "$id"
	is "run $options ID" "$rc:$out" 0:ran
done
(cd "$T/b" && jr run "$id") >"$T/out" 2>&1 </dev/null
is "run ID in the bundle" "$(cat "$T/out")" ran
is "nothing is left of them" "$(jr list -q)" ""
jrun run --keep --bundle "$T/b" "$id"
is "run --keep keeps it, stopped" "$(jr state "$id" | jq -r .status)" stopped
jr delete "$id"
make_bundle "$T/b" "$(sh_filter 'sleep 100')"
ok "run --detach" jr run --detach --bundle "$T/b" --pid-file "$T/pid" "$id"
ok "it runs" status_is "$id" running
is "the pid file names it" "$(cat "$T/pid")" "$(jr state "$id" | jq -r .pid)"
jr delete -f "$id"
rm -f "$T/pid"
jrun create --config "$T/b/config.json" --bundle "$T/b" "$id"
is "create --config" "$rc" 0
jr delete -f "$id"
env -i PATH="$PATH" XDG_RUNTIME_DIR= "$JAILRUN" list -q >"$T/out" 2>&1
is "an almost empty environment is enough" $? 0

# Hooks: the host's environment and not the container's; a failure undoes.
hook() { # KIND SCRIPT
	jq -cn --arg s "$2" --arg k "$1" '{($k): [{path: "/bin/sh", args: ["sh", "-c", $s], env: ["PATH=/usr/bin:/bin"]}]}'
}
make_bundle "$T/b" "$(args_filter /bin/true) | .process.env += [\"LD_PRELOAD=/evil.so\"] | .hooks = ($(hook createRuntime "cat >$T/hook.state; env >$T/hook.env") + $(hook poststart "echo poststart >>$T/hook.order") + $(hook poststop "cat >$T/hook.stop; echo poststop >>$T/hook.order"))"
jrun run --bundle "$T/b" "$id"
is "run with hooks" "$rc" 0 || diag "$err"
is "createRuntime: state on stdin" "$(jq -r '.id + " " + .status' "$T/hook.state")" "$id creating"
like "createRuntime: pid" "$(jq -r .pid "$T/hook.state")" '^[1-9]'
unlike "a hook's environment is its own" "$(cat "$T/hook.env")" 'LD_PRELOAD'
is "poststop: state" "$(jq -r .status "$T/hook.stop")" stopped
is "poststart before poststop" "$(tr '\n' ' ' <"$T/hook.order")" 'poststart poststop '
bad "a createRuntime hook that fails" "$(args_filter /bin/true) | .hooks = $(hook createRuntime 'echo why >&2; exit 9')" 'createRuntime'
done_testing
