#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The administrator's configuration: which policy holds, the floor below what annotations ask for, and where denials go.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
need_command jq python3

mkdir -p "$T/b" "$T/policies" "$T/logs"
make_busybox_rootfs "$T/b/rootfs"
for p in one two three; do cp "$(command -v busybox)" "$T/b/rootfs/bin/busybox-$p"; done
policy() { # NAME JSON
	printf '%s' "$2" >"$T/policies/$1.json"
}
errno() { # CALL ERRNO
	printf '{"names": ["%s"], "action": "SCMP_ACT_ERRNO", "errnoRet": %d}' "$1" "$2"
}
policy site "{\"exec\": {\"deny\": [\"/bin/busybox-one\"]}, \"limits\": {\"processes\": 6},
	\"syscalls\": {\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [$(errno mkdir 30)]}}"
policy own "{\"exec\": {\"allow\": [\"/bin/\"], \"deny\": [\"/bin/busybox-two\"]}, \"limits\": {\"processes\": 60},
	\"syscalls\": {\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [$(errno rmdir 28)]}}"
policy wide '{"exec": {"allow": ["/"], "memfd": true}}'

# admin JSON: the configuration of the next calls.
admin() {
	printf '%s' "$1" | jq --arg dir "$T/policies" '{policyDir: $dir} + .' >"$T/admin.json"
}
seq=0
# in_admin ANNOTATIONS SCRIPT [OPTIONS...]: the script in a container as an engine makes it: create, then start; what it prints is in $T/c.out
# and $T/c.err. $id is its name.
in_admin() {
	make_bundle "$T/b" "$(sh_filter "$2") | .annotations = $1"
	shift 2
	id="jt-$$-a$((seq += 1))"
	"$JAILRUN" --root "$ROOT" --log "$T/log" --admin-config "$T/admin.json" "$@" create -b "$T/b" "$id" >"$T/c.out" 2>"$T/c.err" </dev/null
	rc=$?
	err=$(cat "$T/c.err")
	[ $rc = 0 ] || return 0
	jr start "$id" >"$T/start.out" 2>&1 || rc=200
	eventually 20 status_is "$id" stopped
	out=$(cat "$T/c.out") err=$(cat "$T/c.err")
	cp "$ROOT/$id/audit.jsonl" "$T/state.jsonl" 2>/dev/null || : >"$T/state.jsonl"
	jr delete "$id"
}
asks() { # POLICY
	printf '{"jailrun.policy": "%s"}' "$1"
}

# ---- which policy holds ----
admin '{}'
in_admin '{}' 'echo $$'
is "a configuration that says nothing: create is without policy" "$rc:$out" 0:1
admin '{"defaultPolicy": "own"}'
in_admin '{}' 'echo $$; rmdir /none; mkdir /tmp/x && echo made'
isnt "defaultPolicy: create brings the jail" "$(head -n 1 <<<"$out")" 1
like "defaultPolicy: its rules hold" "$err" 'No space left'
like "defaultPolicy: and nothing else does (control)" "$out" made
in_admin '{}' 'echo $$; rmdir /none' --policy none
is "--policy none goes before it" "$(head -n 1 <<<"$out")" 1
admin '{"defaultPolicy": "none"}'
make_bundle "$T/b" "$(sh_filter 'echo $$')"
jrun --admin-config "$T/admin.json" run "$T/b" "jt-$$-n"
is "defaultPolicy none: also where run BUNDLE brings its own" "$rc:$out" 0:1
admin '{"defaultPolicy": "nosuch"}'
in_admin '{}' true
like "a default that is not there is an error" "$rc:$err" "1:.*defaultPolicy: policy 'nosuch' is not built in, and there is no '$T/policies/nosuch.json'"

# ---- the floor ----
both='mkdir /tmp/x; rmdir /none; busybox-one true; busybox-two true; busybox-three echo three'
admin '{"floor": "site"}'
in_admin "$(asks own)" "$both"
like "floor: what the floor refuses is refused" "$err" "mkdir: .*Read-only file system"
like "floor: what the policy refuses is refused" "$err" "rmdir: .*No space left"
is "floor: a program has to be allowed by both" "$(grep -c 'busybox-.*Permission denied' <<<"$err"):$out" 2:three
is "floor: each line says whose refusal it is" \
	"$(jq -r '.policy + " " + .rule' "$T/state.jsonl" | sort -u | tr '\n' ',')" \
	'own exec,own syscalls.syscalls[0],site exec,site syscalls.syscalls[0],' || diag "$(cat "$T/state.jsonl")"
in_admin "$(asks wide)" "$both"
is "floor: an annotation that asks for more does not get it" "$(grep -c 'busybox-one' <<<"$err"):$out" 1:three
in_admin '{}' "$both"
is "floor: it holds for who asks for nothing" "$(grep -c 'Read-only\|busybox-one' <<<"$err"):$out" 2:three
in_admin "$(asks site)" "$both"
is "floor: who asks for the floor has it" "$(grep -c 'Read-only\|busybox-one' <<<"$err"):$out" 2:three
in_admin "$(asks own)" "$both" --policy own
is "--policy goes below the floor" "$(grep -c 'Read-only\|busybox-one' <<<"$err")" 0
in_admin "$(asks own)" 'i=0; while [ $i -lt 20 ]; do sleep 20 & i=$((i + 1)); done; echo all'
unlike "floor: the lesser limit holds" "$out" all
is "floor: which is the floor's" "$(jq -r 'select(.rule == "limits") | .policy' "$T/state.jsonl" | sort -u)" site
admin '{"floor": "own"}'
in_admin "$(asks site)" 'i=0; while [ $i -lt 20 ]; do sleep 20 & i=$((i + 1)); done; echo all'
unlike "floor: the lesser limit holds, whose ever it is" "$out" all
admin '{}'
in_admin "$(asks own)" 'i=0; while [ $i -lt 20 ]; do sleep 0.1 & i=$((i + 1)); done; echo all'
is "without a floor the policy's own limit does (control)" "$out" all
policy first '{"init": "workload"}'
policy self '{"init": "jail"}'
admin '{"floor": "self"}'
in_admin "$(asks first)" true
like "floor: two that disagree about init are an error" "$rc:$err" '1:.*policies first and self .*disagree about `init`'
admin '{"floor": "site"}'
in_admin "$(asks first)" "echo \$\$; $both"
is "floor: one that does not say init goes with either" "$(grep -c 'Read-only\|busybox-one' <<<"$err"):$(head -n 1 <<<"$out")" 2:1
make_bundle "$T/b" "$(sh_filter true) | .annotations = $(asks own)"
jrun --admin-config "$T/admin.json" plan "$T/b"
is "plan prints both" "$(jq -c '[.jail.policy, (.jail.policies | map(.name)), (.jail.rules | map(.policy) | unique)]' <<<"$out")" \
	'["own+site",["own","site"],["own","site"]]'
in_admin "$(asks own)" 'busybox-two true'
: >"$T/exec.err"
make_bundle "$T/b" "$(sh_filter 'sleep 60') | .annotations = $(asks own)"
jr --admin-config "$T/admin.json" create -b "$T/b" "jt-$$-e" </dev/null >/dev/null 2>&1
jr start "jt-$$-e"
run "$JAILRUN" --root "$ROOT" exec "jt-$$-e" /bin/busybox-one echo one
like "floor: it holds for exec" "$rc:$err" '255:.*"/bin/busybox-one" is refused by policy site'
run "$JAILRUN" --root "$ROOT" exec "jt-$$-e" /bin/busybox-three echo three
is "floor: which lets the others (control)" "$rc:$out" 0:three
jr delete -f "jt-$$-e"

# ---- annotations ----
admin '{}'
for bad in ../policies/own /etc/passwd ./own own/../own .own '' 'own.json/' 'a b' none; do
	in_admin "$(asks "$bad")" true
	like "annotation '$bad' is refused" "$rc:$err" '1:.*annotations\["jailrun.policy"\]: '
done
ln -s own.json "$T/policies/link.json"
in_admin "$(asks link)" 'rmdir /none'
like "a link in the administrator's directory is his own doing" "$rc:$err" '0:.*No space left'
admin '{"annotations": false, "defaultPolicy": "site"}'
in_admin "$(asks own)" true
like "annotations false: one that is there is an error" "$rc:$err" '1:.*annotations\["jailrun.policy"\]: .*not heard'
in_admin '{"other": "x"}' 'mkdir /tmp/x'
like "annotations false: without one the default holds (control)" "$rc:$err" '0:.*Read-only'
admin '{"annotations": true, "defaultPolicy": "site"}'
in_admin "$(asks own)" 'mkdir /tmp/y && echo made'
is "annotations true: it goes before the default" "$rc:$out" 0:made

# ---- the file ----
bad_file() { # NAME JSON ERE
	printf '%s' "$2" >"$T/admin.json"
	in_admin '{}' true
	like "file: $1" "$rc:$err" "1:.*$3"
}
bad_file "an unknown key has its line and the nearest" $'{\n\n"flor": "x"}' "admin.json: line 3: unknown key \"flor\".*\"floor\""
bad_file "a floor is no path" '{"floor": "../x"}' 'admin.json: floor: line 1: .*name of a policy'
bad_file "a floor of none is none" '{"floor": "none"}' 'admin.json: floor: line 1: '
bad_file "a policy directory is absolute" '{"policyDir": "x"}' 'admin.json: policyDir: line 1: '
bad_file "an audit file needs its path" '{"audit": {"to": "file"}}' 'admin.json: audit: line 1: .*"path"'
bad_file "a destination that is none" '{"audit": {"to": "kafka"}}' 'admin.json: audit.to: line 1: .*journald'
bad_file "no JSON" '{"floor"' 'admin.json'
admin '{"defaultPolicy": "site"}'
for mode in 664 646 666; do
	chmod $mode "$T/admin.json"
	in_admin '{}' true
	like "file: mode $mode is refused" "$rc:$err" "1:.*'$T/admin.json' has mode 0$mode: .*chmod go-w"
done
chmod 640 "$T/admin.json"
in_admin '{}' 'mkdir /tmp/x'
like "file: mode 640 is not (control)" "$rc:$err" '0:.*Read-only'
chown 1000 "$T/admin.json"
in_admin '{}' true
like "file: one of another user is refused" "$rc:$err" "1:.*belongs to user 1000: .*chown root"
chown 0 "$T/admin.json"
admin '{"floor": "site"}'
chmod 666 "$T/policies/site.json"
in_admin '{}' true
like "floor: a policy that others can write to is none" "$rc:$err" "1:.*floor: '$T/policies/site.json' has mode 0666: .*chmod go-w"
run "$JAILRUN" --root "$ROOT" --policy "$T/policies/site.json" plan "$T/b"
is "floor: by its path it is the caller's to judge (control)" "$rc" 0
chmod 644 "$T/policies/site.json"
chown 1000 "$T/policies/site.json"
in_admin '{}' true
like "floor: nor is one of another user" "$rc:$err" "1:.*floor: '$T/policies/site.json' belongs to user 1000: "
chown 0 "$T/policies/site.json"
in_admin '{}' 'mkdir /tmp/x'
like "floor: root's own is (control)" "$rc:$err" '0:.*Read-only'
rm -f "$T/admin.json"
in_admin '{}' true
like "file: one that was named has to be there" "$rc:$err" "1:.*--admin-config: there is no '$T/admin.json'"
mkdir "$T/admin.json"
in_admin '{}' true
like "file: a directory is none" "$rc:$err" '1:.*is no regular file'
rmdir "$T/admin.json"
# Its own place, in a mount namespace of the test's own.
mkdir -p "$T/etc/jailrun"
cp /etc/passwd /etc/group "$T/etc/"
printf '// a comment\n{"floor": "site", "policyDir": "%s"}' "$T/policies" >"$T/etc/jailrun/jailrun.json"
make_bundle "$T/b" "$(sh_filter 'mkdir /tmp/x')"
# shellcheck disable=SC2016 # for the inner shell
run unshare -m sh -c 'mount --bind "$1/etc" /etc && exec "$2" --root "$3" run -b "$1/b" "jt-$$-w"' - "$T" "$JAILRUN" "$ROOT"
like "file: /etc/jailrun/jailrun.json is the place" "$rc:$err" '1:.*Read-only'
mkdir -p "$T/home/.config/jailrun" "$T/xdg/jailrun"
chmod 755 "$T/b" "$T/policies"
admin '{"floor": "site"}' && mv "$T/admin.json" "$T/home/.config/jailrun/jailrun.json"
admin '{"floor": "own"}' && mv "$T/admin.json" "$T/xdg/jailrun/jailrun.json"
as_user() { run setpriv --reuid 1000 --regid 1000 --clear-groups env "$@" "$JAILRUN" --root "$T/none" plan "$T/b"; }
make_bundle "$T/b" '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 1000, size: 1}]
	| .linux.gidMappings = .linux.uidMappings'
as_user HOME="$T/home"
is "file: a user has one of his own" "$(jq -r .jail.policy <<<"$out")" 'default+site' || diag "$err"
as_user HOME="$T/home" XDG_CONFIG_HOME="$T/xdg"
is "file: where XDG_CONFIG_HOME says" "$(jq -r .jail.policy <<<"$out")" 'default+own' || diag "$err"
as_user HOME="$T/none"
is "file: and without one nothing is said" "$(jq -r .jail.policy <<<"$out")" default || diag "$err"

# ---- where denials go ----
noise='mkdir /tmp/x; echo said >&2'
pod='{"io.kubernetes.cri.container-name": "web", "io.kubernetes.cri.sandbox-name": "pod\"1\n", "other": "no", "site.example/team": "red"}'
audit() { # JSON
	admin "{\"defaultPolicy\": \"site\", \"audit\": $1}"
}
audit "{\"to\": \"file\", \"path\": \"$T/logs/denials\"}"
in_admin "$pod" "$noise"
is "file: the line has the container, the policy, the engine's annotations" \
	"$(jq -cs '.[] | [.container, .policy, .rule, .annotations]' "$T/logs/denials")" \
	"[\"$id\",\"site\",\"syscalls.syscalls[0]\",{\"io.kubernetes.cri.container-name\":\"web\",\"io.kubernetes.cri.sandbox-name\":\"pod\\\"1\\n\"}]"
is "file: and is one line" "$(wc -l <"$T/logs/denials")" 1
is "file: which others cannot read" "$(stat -c %a "$T/logs/denials")" 640
is "the workload's stderr shows what it would have shown" "$err" "mkdir: can't create directory '/tmp/x': Read-only file system
said"
is "and nothing lies beside the state" "$(cat "$T/state.jsonl")" ''
jrun --admin-config "$T/admin.json" plan "$T/b"
is "plan prints where they go" "$(jq -c '.audit | [.to, .path, (.annotations | keys | length)]' <<<"$out")" "[\"file\",\"$T/logs/denials\",2]"
audit "{\"to\": \"file\", \"path\": \"$T/logs/team\", \"annotations\": [\"site.example/*\"]}"
in_admin "$pod" "$noise"
is "file: the administrator says which annotations" "$(jq -c .annotations "$T/logs/team")" '{"site.example/team":"red"}'
audit "{\"to\": \"file\", \"path\": \"$T/logs/bare\", \"annotations\": []}"
in_admin "$pod" "$noise"
is "file: or none" "$(jq -c .annotations "$T/logs/bare")" null
audit "{\"to\": \"file\", \"path\": \"$T/logs/long\", \"annotations\": [\"*\"]}"
long=$(jq -cn '[range(40) | {key: "k\(.)", value: ("\u0001" * 300)}] | from_entries')
in_admin "$long" "$noise; exec \"/bin/busybox-\$(printf 'x%.0s' 1 2 3)\""
is "file: long annotations do not cost the line" "$(jq -r .rule "$T/logs/long" | head -n 1)" 'syscalls.syscalls[0]'
ok "file: which is not longer than a pipe takes at once" test "$(wc -L <"$T/logs/long")" -le 4096
# A program whose name would fill the line by itself.
dir=$(printf '\001%.0s' {1..200})
mkdir -p "$T/b/rootfs/opt/$dir/$dir/$dir" && cp "$T/b/rootfs/bin/busybox-one" "$T/b/rootfs/opt/$dir/$dir/$dir/p"
policy odd '{"exec": {"allow": ["/bin/"]}}'
audit "{\"to\": \"file\", \"path\": \"$T/logs/odd\"}"
in_admin "$(asks odd)" '/opt/*/*/*/p true'
is "file: nor does a name made to be too long" "$(jq -r '.rule + " " + (.path | .[:6])' "$T/logs/odd")" 'exec /opt/'$'\001'
rm -rf "$T/b/rootfs/opt"

# Many containers, one file.
audit "{\"to\": \"file\", \"path\": \"$T/logs/many\"}"
many='i=0; while [ $i -lt 8 ]; do mkdir /tmp/$i; i=$((i + 1)); done 2>/dev/null'
make_bundle "$T/b" "$(sh_filter "$many")"
pids=()
for i in 1 2 3 4 5 6; do
	"$JAILRUN" --root "$ROOT" --admin-config "$T/admin.json" run -b "$T/b" "jt-$$-m$i" </dev/null >/dev/null 2>&1 &
	pids+=($!)
done
wait "${pids[@]}"
is "file: many containers write whole lines into one" "$(jq -r .container "$T/logs/many" | sort | uniq -c | awk '{ print $1 }' | tr '\n' ' ')" '8 8 8 8 8 8 '

# A full disk.
mkdir "$T/small"
mount -t tmpfs -o size=64k none "$T/small"
at_exit "umount '$T/small'"
audit "{\"to\": \"file\", \"path\": \"$T/small/denials\"}"
dd if=/dev/zero of="$T/small/fill" bs=1k count=60 2>/dev/null
make_bundle "$T/b" "$(sh_filter "$many; $many; touch /tmp/full; until [ -e /tmp/go ]; do sleep 0.05; done; sleep 1.2; mkdir /tmp/late; exit 7")"
rm -f "$T"/b/rootfs/tmp/{go,full}
dd if=/dev/zero of="$T/small/more" bs=1k count=60 2>/dev/null
"$JAILRUN" --root "$ROOT" --admin-config "$T/admin.json" run -b "$T/b" "jt-$$-f" </dev/null >/dev/null 2>&1 &
full=$!
eventually 20 test -e "$T/b/rootfs/tmp/full"
rm -f "$T/small/fill" "$T/small/more"
touch "$T/b/rootfs/tmp/go"
wait $full
is "full disk: the workload goes on, and its status is its own" $? 7
is "full disk: how many lines were lost is said" "$(jq -R 'fromjson? | select(.lost > 0) | .note' "$T/small/denials" | grep -c ENOSPC)" 1 ||
	diag "$(cut -c -300 "$T/small/denials")"
is "full disk: and what comes later is there" "$(jq -R 'fromjson? | select(.syscall == "mkdir") | .pid' "$T/small/denials" | wc -l | awk '{ print ($1 > 0) }')" 1
rm -rf "$T/b/rootfs/tmp/go"

# journald and syslog.
logd() { # SOCKET FILE [deaf]
	python3 "$TOP_SRCDIR/tests/lib/logd.py" "$@" &
	logd_pid=$!
	at_exit "kill $logd_pid"
	eventually 10 test -e "$2"
}
logd "$T/logs/journal.sock" "$T/logs/journal"
audit "{\"to\": \"journald\", \"path\": \"$T/logs/journal.sock\"}"
in_admin "$pod" "$noise"
eventually 5 test -s "$T/logs/journal"
is "journald: the fields" \
	"$(jq -c '.fields | [.SYSLOG_IDENTIFIER, .PRIORITY, .SYSLOG_FACILITY, .JAILRUN_CONTAINER, .JAILRUN_POLICY, .JAILRUN_RULE]' "$T/logs/journal")" \
	"[\"jailrun\",\"4\",\"10\",\"$id\",\"site\",\"syscalls.syscalls[0]\"]"
is "journald: the message is the line" "$(jq -r .fields.MESSAGE "$T/logs/journal" | jq -c '[.container, .annotations["io.kubernetes.cri.container-name"]]')" \
	"[\"$id\",\"web\"]"
is "journald: the workload's stderr is its own" "$(tail -n 1 <<<"$err")" said
: >"$T/logs/journal"
admin '{"audit": {"to": "none"}}'
in_admin "$pod" "$noise" --policy site --policy-dir "$T/policies" --audit "journald:$T/logs/journal.sock"
eventually 5 test -s "$T/logs/journal"
is "--audit journald: goes before the configuration" "$(jq -r .fields.JAILRUN_CONTAINER "$T/logs/journal")" "$id"
in_admin '{}' "$noise" --policy site --policy-dir "$T/policies"
is "to none: nothing is written" "$rc:$(cat "$T/state.jsonl"):$(tail -n 1 <<<"$err")" "0::said"

logd "$T/logs/syslog.sock" "$T/logs/syslog"
audit "{\"to\": \"syslog\", \"path\": \"$T/logs/syslog.sock\"}"
before=$(date '+%b %e %H:%M')
in_admin "$pod" "$noise"
eventually 5 test -s "$T/logs/syslog"
text=$(jq -r .text "$T/logs/syslog")
like "syslog: priority, time, name" "$text" '^<84>[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} jailrun: \{'
ok "syslog: the time is local" grep -qF -e "$before" -e "$(date '+%b %e %H:%M')" <<<"$text"
is "syslog: then the line" "$(jq -r .container <<<"{${text#*{}")" "$id"

policy inner "{\"init\": \"workload\", \"syscalls\": {\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [$(errno mkdir 30)]}}"
: >"$T/logs/syslog"
in_admin "$(asks inner)" "echo \$\$; $noise"
eventually 5 test -s "$T/logs/syslog"
is "syslog: also where the workload is PID 1" "$out:$(jq -r .text "$T/logs/syslog" | grep -c '"policy":"inner"')" 1:1

# A daemon that is restarted: its socket is another one then.
ln -s syslog.sock "$T/logs/link.sock"
audit "{\"to\": \"syslog\", \"path\": \"$T/logs/link.sock\"}"
make_bundle "$T/b" "$(sh_filter 'mkdir /tmp/x; until [ -e /tmp/1 ]; do sleep 0.05; done; mkdir /tmp/x; touch /tmp/done1
	until [ -e /tmp/2 ]; do sleep 0.05; done; sleep 1.1; mkdir /tmp/x; mkdir /tmp/y; exit 3')"
: >"$T/logs/syslog"
rm -f "$T"/b/rootfs/tmp/{1,2,done1}
"$JAILRUN" --root "$ROOT" --admin-config "$T/admin.json" run -b "$T/b" "jt-$$-r" </dev/null >/dev/null 2>&1 &
restarted=$!
eventually 10 test -s "$T/logs/syslog"
kill $logd_pid && wait $logd_pid 2>/dev/null
touch "$T/b/rootfs/tmp/1"
eventually 10 test -e "$T/b/rootfs/tmp/done1"
logd "$T/logs/syslog.sock" "$T/logs/again" # which is made when the socket is there
touch "$T/b/rootfs/tmp/2"
wait $restarted
is "a daemon that is restarted: the workload goes on" $? 3
is "a daemon that is restarted: it is found again" "$(jq -r .text "$T/logs/again" | grep -c '"syscall":"mkdir"')" 2 || diag "$(cat "$T/logs/again")"
is "a daemon that is restarted: what was lost is said" "$(jq -r .text "$T/logs/again" | grep -c '"lost":1,.*\(ECONNREFUSED\|ENOTCONN\)')" 1
rm -f "$T"/b/rootfs/tmp/{1,2,done1}

policy odd-name "{\"name\": \"two\\nlines\", \"syscalls\": {\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [$(errno mkdir 30)]}}"
logd "$T/logs/odd.sock" "$T/logs/odd-journal"
audit "{\"to\": \"journald\", \"path\": \"$T/logs/odd.sock\"}"
in_admin "$(asks odd-name)" "$noise"
eventually 5 test -s "$T/logs/odd-journal"
is "journald: a name of two lines is no second field" "$(jq -c '.fields | [.JAILRUN_POLICY, .JAILRUN_RULE]' "$T/logs/odd-journal")" \
	'["two\nlines","syscalls.syscalls[0]"]'

audit "{\"to\": \"journald\", \"path\": \"$T/logs/none.sock\"}"
in_admin '{}' true
ok "a daemon that does not run: and nothing is left of the container" test ! -e "$ROOT/$id"
like "a daemon that does not run is an error" "$rc:$err" "1:.*audit.path: connect to journald at '$T/logs/none.sock' \(does it run\?\)"
jrun --policy default --audit journald:x run -b "$T/b" "jt-$$-x"
like "--audit: a socket's path is absolute" "$rc:$err" '1:.*--audit: .journald:x.: after the colon'

# The real one, in a mount namespace with a /run of its own.
journald=/lib/systemd/systemd-journald
if [ -x $journald ] && command -v journalctl >/dev/null && [ -s /etc/machine-id ]; then
	admin '{"defaultPolicy": "site", "audit": {"to": "journald"}}'
	make_bundle "$T/b" "$(sh_filter "$noise") | .annotations = $pod"
	cat >"$T/journald.sh" <<-'END'
		mount -t tmpfs none /run && mkdir -p /run/log/journal /run/systemd/journald.conf.d
		printf '[Journal]\nAudit=no\nReadKMsg=no\nStorage=volatile\n' >/run/systemd/journald.conf.d/test.conf
		"$4" >/dev/null 2>&1 &
		daemon=$!
		i=0
		until [ -S /run/systemd/journal/socket ] || [ $((i += 1)) -gt 200 ]; do sleep 0.05; done
		"$2" --root "$3" --admin-config "$1/admin.json" run -b "$1/b" "$5" </dev/null >/dev/null 2>&1
		i=0
		until journalctl -D /run/log/journal -t jailrun -o json --no-pager 2>/dev/null | grep . || [ $((i += 1)) -gt 100 ]; do sleep 0.1; done
		kill $daemon
	END
	run unshare -m bash "$T/journald.sh" "$T" "$JAILRUN" "$ROOT" $journald "jt-$$-j"
	is "journald itself has the line, by its fields" \
		"$(jq -c '[.JAILRUN_CONTAINER, .JAILRUN_RULE, .PRIORITY, (.MESSAGE | fromjson | .annotations["io.kubernetes.cri.sandbox-name"])]' <<<"$out")" \
		"[\"jt-$$-j\",\"syscalls.syscalls[0]\",\"4\",\"pod\\\"1\\n\"]" || diag "$err"
else
	skip "journald itself has the line, by its fields" "needs systemd-journald, journalctl and a machine ID"
fi

# A daemon that does not read.
logd "$T/logs/deaf.sock" "$T/logs/deaf" deaf
audit "{\"to\": \"syslog\", \"path\": \"$T/logs/deaf.sock\"}"
in_admin '{}' 'i=0; while [ $i -lt 400 ]; do mkdir /tmp/$i; i=$((i + 1)); done 2>/dev/null; busybox-three echo alive'
is "a daemon that does not read holds nobody up" "$rc:$out" 0:alive

# ---- stderr ----
make_bundle "$T/b" "$(sh_filter "$noise")"
jrun --policy-dir "$T/policies" --policy site run -b "$T/b" "jt-$$-s"
is "run -b, as engines call it: the container's stderr is its own" "$(tail -n 1 <<<"$err"):$(wc -l <<<"$err")" said:2
jrun --policy-dir "$T/policies" --policy site run "$T/b" "jt-$$-s"
like "run BUNDLE, by hand: the denial is on the terminal (control)" "$err" '"rule":"syscalls.syscalls\[0\]"'

# ---- a directory that cannot be looked into ----
ln -s loop "$T/loop"
for name in build nosuch; do
	jrun --policy-dir "$T/loop" --policy $name run "$T/b" "jt-$$-l"
	like "a directory that cannot be looked into: no built-in policy in the place of $name" "$rc:$err" "^125:.*$T/loop/$name.json.*ELOOP"
done
jrun --policy-dir "$T/nowhere" --policy default run "$T/b" "jt-$$-l"
is "one that is not there has none (control)" "$rc" 0
done_testing
