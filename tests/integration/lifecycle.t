#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# create, start, state, kill, delete, list: the states, and runc's texts, literally.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/leftovers.sh"
need_root
need_runtime

make_bundle "$T/b" "$(sh_filter 'trap "echo got-term; exit 3" TERM; echo started; while :; do sleep 0.05; done')"' | .annotations = {"a.b": "c d"}'
leftovers_begin "$T/b"
id=jt-$$-life

# refused TEXT ARGUMENTS...: the call fails with exit status 1, says the text on stderr, and nothing on stdout.
refused() {
	local text=$1
	shift
	jrun "$@"
	is "$*: exit status" "$rc" 1
	like "$*: says '$text'" "$err" "${text//[().\$]/.}"
	is "$*: nothing on stdout" "$out" ""
}

refused 'container does not exist' state "$id"
refused 'container does not exist' start "$id"
refused 'container does not exist' kill "$id"
refused 'container does not exist' delete "$id"
ok "delete --force without a container succeeds" jr delete --force "$id"
mkdir -p "$ROOT" && chmod 700 "$ROOT"
is "list without containers" "$(jr list -q)" ""
is "list -f json without containers" "$(jr list -f json | jq -c '. // []')" "[]"

before=$(date -u +%s)
# shellcheck disable=SC2317 # ok calls it
create_logged() { jr create --bundle "$T/b" --pid-file "$T/pid" "$id" >"$T/log.out" 2>&1; }
ok "create" create_logged
is "state after create" "$(jr state "$id" | jq -r .status)" created
state=$(jr state "$id")
pid=$(jq -r .pid <<<"$state")
is "the pid file has the pid and no newline" "$(od -An -c "$T/pid" | tr -d ' ')" "$(printf %s "$pid" | od -An -c | tr -d ' ')"
ok "the pid is alive" kill -0 "$pid"
is "state: id" "$(jq -r .id <<<"$state")" "$id"
is "state: bundle" "$(jq -r .bundle <<<"$state")" "$T/b"
is "state: rootfs" "$(jq -r .rootfs <<<"$state")" "$T/b/rootfs"
is "state: annotation" "$(jq -r '.annotations["a.b"]' <<<"$state")" "c d"
like "state: ociVersion" "$(jq -r .ociVersion <<<"$state")" '^1\.'
is "state: owner" "$(jq -r 'has("owner")' <<<"$state")" true
created=$(jq -r .created <<<"$state")
like "state: created is RFC 3339" "$created" '^20[0-9-]+T[0-9:]+\.[0-9]+Z$'
age=$(($(date -u -d "$created" +%s) - before))
ok "state: created is now" test "$age" -ge 0 -a "$age" -le 5
is "list -q" "$(jr list -q)" "$id"
is "list -f json: status" "$(jr list -f json | jq -r '.[0].status')" created
like "list: heading" "$(jr list | head -n 1)" '^ID +PID +STATUS +BUNDLE +CREATED +OWNER'
like "list: line" "$(jr list | sed -n 2p)" "^$id +$pid +created +$T/b +$created +root"
is "created: no memory file of the runtime's is open in it" "$(for f in /proc/"$pid"/fd/*; do readlink "$f"; done | grep -c memfd:)" 0
refused 'container with given ID already exists' create --bundle "$T/b" "$id"
ok "the refused create left the container alone" status_is "$id" created

ok "start" jr start "$id"
ok "running" eventually 5 status_is "$id" running
refused 'cannot start an already running container' start "$id"
refused "cannot delete container $id that is not stopped: running" delete "$id"
refused 'container with given ID already exists' create --bundle "$T/b" "$id"
ok "kill without a signal is SIGTERM" jr kill "$id"
ok "stopped" eventually 5 status_is "$id" stopped
is "pid of a stopped container" "$(jr state "$id" | jq -r '.pid // 0')" 0
is "list shows it as stopped" "$(jr list -f json | jq -r '.[0].status')" stopped
refused 'container not running' kill "$id"
refused 'cannot start a container that has stopped' start "$id"
ok "delete" jr delete "$id"
refused 'container does not exist' state "$id"
nothing_left "delete leaves nothing" "$id"

# A created container that is never started.
ok "create again with the same ID" jr create --bundle "$T/b" "$id"
ok "delete of a created container needs no --force" jr delete "$id"
nothing_left "and leaves nothing" "$id"
ok "create" jr create --bundle "$T/b" "$id"
ok "kill of a created container" jr kill "$id" KILL
ok "is stopped by it" eventually 5 status_is "$id" stopped
ok "delete" jr delete "$id"
ok "create" jr create --bundle "$T/b" "$id"
ok "start" jr start "$id"
ok "delete --force of a running one" jr delete --force "$id"
nothing_left "and leaves nothing" "$id"

# Signals by every name.
make_bundle "$T/b" "$(sh_filter 'for s in HUP USR1 USR2 INT; do trap "echo $s >>/got" $s; done; touch /ready; while :; do sleep 0.02; done')"
for signal in HUP SIGHUP 1 hup; do
	rm -f "$T/b/rootfs/got" "$T/b/rootfs/ready"
	jr create --bundle "$T/b" "$id" && jr start "$id"
	eventually 5 test -e "$T/b/rootfs/ready"
	ok "kill $signal" jr kill "$id" "$signal"
	ok "kill $signal arrives" eventually 5 grep -qx HUP "$T/b/rootfs/got"
	jr delete --force "$id"
done
jr create --bundle "$T/b" "$id" && jr start "$id"
for bad in SIGNONSENSE 65 -1 0x9; do
	jrun kill "$id" "$bad"
	is "kill '$bad' is refused" "$rc" 1
done
ok "and harms nobody" status_is "$id" running
ok "kill --all" jr kill --all "$id" KILL
ok "stops it" eventually 5 status_is "$id" stopped
jr delete "$id"

# A second process in the container: the end of the first is the end of all.
make_bundle "$T/b" "$(sh_filter 'sleep 1000 & sleep 1000 & touch /ready; wait')"
rm -f "$T/b/rootfs/ready"
leftovers_begin "$T/b"
jr create --bundle "$T/b" "$id" && jr start "$id"
eventually 5 test -e "$T/b/rootfs/ready"
jr kill "$id" KILL
eventually 5 status_is "$id" stopped
rm -f "$T/b/rootfs/ready"
ok "delete after children were left" jr delete "$id"
nothing_left "no child is left" "$id"

# --pidfd-socket: what comes is a pidfd of the first process.
python3 "$TOP_SRCDIR/tests/lib/pidfd.py" "$T/pidfd.sock" >"$T/pidfd.out" &
eventually 5 grep -q listening "$T/pidfd.out"
ok "create with --pidfd-socket" jr create --bundle "$T/b" --pidfd-socket "$T/pidfd.sock" "$id-p"
wait $!
is "the pidfd names the first process" "$(tail -n 1 "$T/pidfd.out")" "$(jr state "$id-p" | jq -r .pid)"
jr delete -f "$id-p"
not_ok "a socket that is not there fails the create" jr create --bundle "$T/b" --pidfd-socket "$T/nope.sock" "$id-p"

# Mount points that a container needed stay in the rootfs, as with other runtimes. Those of a create that fails go, unless another container uses the rootfs.
rm -rf "$T/two"
make_bundle "$T/two" "$(args_filter sleep 300) | .mounts += [{destination: \"/one/point\", type: \"tmpfs\", source: \"tmpfs\"}]"
rmdir "$T/two/rootfs/proc"
leftovers_begin "$T/two"
not_ok "a create that fails" jr create --fail-step +state.created --bundle "$T/two" "$id-1"
nothing_left "takes its mount points away" "$id-1"
ok "the first of two of one rootfs" jr run -d --bundle "$T/two" "$id-1"
jq '.mounts += [{destination: "/two", type: "tmpfs", source: "tmpfs"}]' "$T/two/config.json" >"$T/c" && mv "$T/c" "$T/two/config.json"
not_ok "the second fails" jr create --fail-step +state.created --bundle "$T/two" "$id-2"
is "its mount point stays, for the first uses the rootfs" "$(stat -c %a "$T/two/rootfs/two")" 755
ok "delete the first" jr delete -f "$id-1"
is "its mount points stay" "$(stat -c '%a' "$T/two/rootfs"/{proc,one,one/point} | tr '\n' ' ')" "755 755 755 "

refused 'invalid container ID format' create --bundle "$T/b" 'a/b'
refused 'invalid container ID format' create --bundle "$T/b" '..'
refused 'invalid container ID format' create --bundle "$T/b" '.'
refused 'invalid container ID format' create --bundle "$T/b" 'a b'
refused 'container id cannot be empty' create --bundle "$T/b" ''
ok "an ID of all the characters that it may have" jr run --bundle "$T/b" --detach "$id-aZ09_+.-"
ok "delete it" jr delete -f "$id-aZ09_+.-"
not_ok "a state root that is / is refused" "$JAILRUN" --root / list
done_testing
