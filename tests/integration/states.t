#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every operation in every state (runtime.md, Lifecycle and Operations; where the specification leaves it open, runc): exit status, the
# text that callers match, and the state afterwards. What is in no row is no operation: the table is checked to be whole.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/leftovers.sh"
need_root
need_runtime
[ -n "$(cgroup2_mount)" ] || skip_all "needs a cgroup v2 tree"
id=jt-$$-states
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
program=$(sh_filter 'trap "exit 0" TERM; touch /ready; while :; do sleep 0.02; done')
make_bundle "$T/B" "$program"
# The state creating: a hook waits until it is let go.
hook=$(jq -cn --arg t "$T" '{createRuntime: [{path: "/bin/sh", args: ["sh", "-c", "touch \($t)/hook; until [ -e \($t)/go ]; do sleep 0.02; done"]}]}')
make_bundle "$T/H" "$program | .hooks = $hook"

# STATE | arguments; @ is the container, B its bundle | exit status | the state afterwards | part of the error, "" for none
cat >"$T/table" <<'TABLE'
none     | create --bundle B @  | 0   | created  |
none     | run -d --bundle B @  | 0   | running  |
none     | start @              | 1   | none     | container does not exist
none     | state @              | 1   | none     | container does not exist
none     | kill @               | 1   | none     | container does not exist
none     | kill @ KILL          | 1   | none     | container does not exist
none     | kill --all @ 9       | 1   | none     | container does not exist
none     | delete @             | 1   | none     | container does not exist
none     | delete --force @     | 0   | none     |
none     | pause @              | 1   | none     | container does not exist
none     | resume @             | 1   | none     | container does not exist
none     | exec @ /bin/true     | 255 | none     | container does not exist
none     | ps @                 | 1   | none     | container does not exist
none     | update @             | 1   | none     | container does not exist
none     | events --stats @     | 1   | none     | container does not exist
none     | list                 | 0   | none     |
creating | create --bundle B @  | 1   | creating | container with given ID already exists
creating | run -d --bundle B @  | 1   | creating | container with given ID already exists
creating | start @              | 1   | creating | cannot start a container in the creating state
creating | state @              | 0   | creating |
creating | kill @               | 1   | creating | cannot signal a container that is still being created
creating | kill @ KILL          | 1   | creating | cannot signal a container that is still being created
creating | kill --all @ 9       | 1   | creating | cannot signal a container that is still being created
creating | delete @             | 1   | creating | cannot delete container @ that is not stopped: creating
creating | delete --force @     | 0   | none     |
creating | pause @              | 1   | creating | container not running
creating | resume @             | 1   | creating | container not paused
creating | exec @ /bin/true     | 255 | creating | cannot exec in a container that is still being created
creating | ps @                 | 0   | creating |
creating | update @             | 1   | creating | container not running
creating | events --stats @     | 1   | creating | container with id @ is not running
creating | list                 | 0   | creating |
created  | create --bundle B @  | 1   | created  | container with given ID already exists
created  | run -d --bundle B @  | 1   | created  | container with given ID already exists
created  | start @              | 0   | running  |
created  | state @              | 0   | created  |
created  | kill @               | 0   | stopped  |
created  | kill @ KILL          | 0   | stopped  |
created  | kill --all @ 9       | 0   | stopped  |
created  | delete @             | 0   | none     |
created  | delete --force @     | 0   | none     |
created  | pause @              | 0   | paused   |
created  | resume @             | 1   | created  | container not paused
created  | exec @ /bin/true     | 0   | created  |
created  | ps @                 | 0   | created  |
created  | update @             | 0   | created  |
created  | events --stats @     | 0   | created  |
created  | list                 | 0   | created  |
running  | create --bundle B @  | 1   | running  | container with given ID already exists
running  | run -d --bundle B @  | 1   | running  | container with given ID already exists
running  | start @              | 1   | running  | cannot start an already running container
running  | state @              | 0   | running  |
running  | kill @               | 0   | stopped  |
running  | kill @ KILL          | 0   | stopped  |
running  | kill --all @ 9       | 0   | stopped  |
running  | delete @             | 1   | running  | cannot delete container @ that is not stopped: running
running  | delete --force @     | 0   | none     |
running  | pause @              | 0   | paused   |
running  | resume @             | 1   | running  | container not paused
running  | exec @ /bin/true     | 0   | running  |
running  | ps @                 | 0   | running  |
running  | update @             | 0   | running  |
running  | events --stats @     | 0   | running  |
running  | list                 | 0   | running  |
paused   | create --bundle B @  | 1   | paused   | container with given ID already exists
paused   | run -d --bundle B @  | 1   | paused   | container with given ID already exists
paused   | start @              | 1   | paused   | cannot start a container in the paused state
paused   | state @              | 0   | paused   |
paused   | kill @               | 0   | paused   |
paused   | kill @ KILL          | 0   | stopped  |
paused   | kill --all @ 9       | 0   | stopped  |
paused   | delete @             | 1   | paused   | cannot delete container @ that is not stopped: paused
paused   | delete --force @     | 0   | none     |
paused   | pause @              | 1   | paused   | container not running
paused   | resume @             | 0   | resumed  |
paused   | exec @ /bin/true     | 255 | paused   | cannot exec in a paused container (use --ignore-paused to override)
paused   | ps @                 | 0   | paused   |
paused   | update @             | 0   | paused   |
paused   | events --stats @     | 0   | paused   |
paused   | list                 | 0   | paused   |
stopped  | create --bundle B @  | 1   | stopped  | container with given ID already exists
stopped  | run -d --bundle B @  | 1   | stopped  | container with given ID already exists
stopped  | start @              | 1   | stopped  | cannot start a container that has stopped
stopped  | state @              | 0   | stopped  |
stopped  | kill @               | 1   | stopped  | container not running: no such process
stopped  | kill @ KILL          | 1   | stopped  | container not running: no such process
stopped  | kill --all @ 9       | 0   | stopped  |
stopped  | delete @             | 0   | none     |
stopped  | delete --force @     | 0   | none     |
stopped  | pause @              | 1   | stopped  | container not running
stopped  | resume @             | 1   | stopped  | container not paused
stopped  | exec @ /bin/true     | 255 | stopped  | cannot exec in a stopped container
stopped  | ps @                 | 0   | stopped  |
stopped  | update @             | 1   | stopped  | container not running
stopped  | events --stats @     | 1   | stopped  | container with id @ is not running
stopped  | list                 | 0   | stopped  |
TABLE

# Whole: each state has each operation once, and each command of the help that works on a container is there.
rows() { awk -F '|' -v s="$1" '{ gsub(/ +/, " ") } $1 == s " " { print $2 }' "$T/table" | sort; }
for state in creating created running paused stopped; do
	is "the table has every operation in the state $state" "$(rows "$state")" "$(rows none)"
done
commands=$("$JAILRUN" --dump-options | awk -F '\t' '$2 == "-" && $4 ~ /CONTAINER/ && $5 != "hidden" { print $1 }' | sort)
is "every command that takes a container stands in the table" \
	"$(comm -23 <(grep -vxE 'checkpoint|restore' <<<"$commands") <(rows none | awk '{ print $1 }' | sort -u))" ""

now() { jr state "$id" 2>/dev/null | jq -r .status || echo none; }
state_is() { # STATE; nothing printed is no container
	local s
	s=$(now)
	[ "${s:-none}" = "$1" ]
}
# The container is brought into the state. "frozen" is paused before it was started.
bring() {
	rm -f "$T/go" "$T/hook" "$T/rootfs/ready"
	case $1 in
	none) return ;;
	creating)
		jr create --bundle "$T/H" "$id" >"$T/create.log" 2>&1 </dev/null &
		eventually 5 test -e "$T/hook"
		;;
	*) jr create --bundle "$T/B" "$id" >"$T/create.log" 2>&1 </dev/null ;;
	esac
	case $1 in
	running | paused | stopped) jr start "$id" && eventually 5 test -e "$T/rootfs/ready" ;;
	esac
	case $1 in
	paused | frozen) jr pause "$id" ;;
	stopped) jr kill "$id" KILL && eventually 5 state_is stopped ;;
	esac
}
# play STATE SETUP ARGUMENTS STATUS AFTER TEXT
play() {
	local name="$1: $3" words
	bring "$2"
	state_is "$1" || diag "$name: could not be brought there: $(cat "$T/create.log")"
	read -ra words <<<"${3//@/$id}"
	words=("${words[@]/#B/$T/B}")
	# A create that is under way is waited for.
	[ "$name" != "creating: delete --force @" ] || (sleep 0.3; touch "$T/go") &
	jrun "${words[@]}"
	is "$name: exit status" "$rc" "$4"
	if [ -n "$6" ]; then
		ok "$name: says '$6'" grep -qF -- "${6//@/$id}" <<<"$err"
		is "$name: and nothing on stdout" "$out" ""
	else
		unlike "$name: no error" "$err" 'jailrun: [^w]'
	fi
	if [[ $3 == list ]]; then
		is "$name: shows it as it is" "$(awk -v id="$id" '$1 == id { print $3 }' <<<"$out")" "${1/none/}"
	fi
	ok "$name: then it is $5" eventually 5 state_is "$5" || diag "it is $(now)"
	[ "$4" = 0 ] || ok "$name: and stays" state_is "$5"
	touch "$T/go"
	wait
	jr delete --force "$id"
}
while IFS='|' read -r state arguments status after text; do
	read -r state <<<"$state"
	read -r arguments <<<"$arguments"
	read -r status <<<"$status"
	read -r after <<<"$after"
	read -r text <<<"$text"
	play "$state" "$state" "$arguments" "$status" "${after/resumed/running}" "$text"
	# Once more, paused before it was started: what differs is where resume leads.
	[ "$state" != paused ] || play "$state" frozen "$arguments" "$status" "${after/resumed/created}" "$text"
done <"$T/table"
is "nothing is left" "$(left_state; left_cgroups "$id")" ""
# From another time namespace, where procfs tells other start times: what runs is running there too, and what was made there here.
make_bundle "$T/t" "$(args_filter sleep 60)"
if unshare --time --boottime 1 true 2>/dev/null; then
	elsewhere=(unshare --time --boottime 7000 --monotonic 5000)
	id=jt-$$-time
	jrun run --detach --bundle "$T/t" "$id"
	is "another time namespace: its procfs tells another time (control)" "$(($("${elsewhere[@]}" sh -c 'cut -d" " -f22 /proc/1/stat') - $(cut -d' ' -f22 /proc/1/stat)))" 700000
	run "${elsewhere[@]}" "$JAILRUN" --root "$ROOT" state "$id"
	is "another time namespace: state" "$(jq -r .status <<<"$out")" running
	run "${elsewhere[@]}" "$JAILRUN" --root "$ROOT" list
	like "another time namespace: list" "$out" "$id +[1-9][0-9]* +running"
	run "${elsewhere[@]}" "$JAILRUN" --root "$ROOT" kill "$id" CONT
	is "another time namespace: kill" "$rc $err" "0 "
	run "${elsewhere[@]}" "$JAILRUN" --root "$ROOT" delete "$id"
	like "another time namespace: delete forgets nothing that runs" "$rc $err" '^1 .*not stopped: running'
	run "${elsewhere[@]}" "$JAILRUN" --root "$ROOT" delete --force "$id"
	is "another time namespace: delete --force" "$rc $err" "0 "
	run "${elsewhere[@]}" "$JAILRUN" --root "$ROOT" run --detach --bundle "$T/t" "$id"
	is "made in another time namespace (control)" "$rc" 0
	ok "made in another time namespace: it is running here too" status_is "$id" running
	jrun delete --force "$id"
	is "made in another time namespace: delete --force" "$rc $err" "0 "
else skip "another time namespace" "no time namespaces here"; fi

# Of another build: a key that this one does not know, and a plan of another format.
id=jt-$$-build
jrun run --detach --bundle "$T/t" "$id"
jrun exec "$id" true
is "of this build: exec (control)" "$rc" 0
jq -c '. + {newKey: {a: 1}}' "$ROOT/$id/state.json" >"$T/other" && cat "$T/other" >"$ROOT/$id/state.json"
ok "a key of another build: state" status_is "$id" running
jrun exec "$id" true
is "a key of another build: exec" "$rc" 0
printf '\x01' | dd of="$ROOT/$id/plan" conv=notrunc status=none
jrun exec "$id" true
like "a plan of another build: exec says what to do" "$rc $err" "^255 .*$id was created by another version of jailrun: start it anew"
jrun delete --force "$id"
is "a plan of another build: delete --force" "$rc $err" "0 "
is "a plan of another build: nothing is left" "$(jr list -q)" ""
done_testing
