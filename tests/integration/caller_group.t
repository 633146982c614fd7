#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A container is in no session and in no process group of its caller: Ctrl-C, a hangup or the end of a batch job does not reach it but by
# the runtime that waits in the foreground.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command jq setsid
need_runtime

make_bundle "$T/b" "$(sh_filter 'trap "echo int >>/tmp/heard" INT; trap "echo hup >>/tmp/heard" HUP; echo up >/tmp/up; while :; do sleep .05; done')"

# in_group COMMAND...: a process group of its own, $group, in which COMMAND was called; beside it one of the caller's, $beside.
in_group() {
	rm -f "$T/done" "$T/beside"
	setsid sh -c 'sleep 60 & echo $! >"$0/beside"; "$@" </dev/null >/dev/null 2>&1; touch "$0/done"; exec sleep 60' "$T" "$@" &
	group=$!
	eventually 10 test -e "$T/done"
	beside=$(cat "$T/beside")
}
# shellcheck disable=SC2317 # by eventually
gone() { ! kill -0 "$1" 2>/dev/null; }
field() { awk -v n="$2" '{ sub(/.*\) /, ""); print $(n - 2) }' "/proc/$1/stat" 2>/dev/null; }

for policy in none default; do
	for verb in create "run --detach"; do
		id=jt-$$-${verb%% *} want=running
		[ "$verb" = create ] && want=created
		rm -f "$T"/b/rootfs/tmp/*
		# shellcheck disable=SC2086 # words
		in_group "$JAILRUN" --root "$ROOT" --policy $policy $verb --bundle "$T/b" "$id"
		pid=$("$JAILRUN" --root "$ROOT" state "$id" | jq .pid)
		[ $want = created ] || eventually 10 test -e "$T/b/rootfs/tmp/up"
		isnt "policy $policy, $verb: the process group is not the caller's" "$(field "$pid" 5)" "$group"
		isnt "policy $policy, $verb: nor is the session" "$(field "$pid" 6)" "$group"
		is "policy $policy: what the caller has beside it is in its group (control)" "$(field "$beside" 5)" "$group"
		kill -HUP -- "-$group"
		ok "policy $policy: a hangup ends what is in the group (control)" eventually 10 gone "$beside"
		kill -KILL -- "-$group" 2>/dev/null
		wait $group 2>/dev/null
		sleep 0.2
		ok "policy $policy, $verb: the container is still $want" status_is "$id" $want
		not_ok "policy $policy, $verb: the workload heard of nothing" test -e "$T/b/rootfs/tmp/heard"
		jr delete --force "$id"
	done

	# What is executed in the background of a container.
	jr --policy $policy run --detach --bundle "$T/b" "jt-$$-x" </dev/null >/dev/null 2>&1
	in_group "$JAILRUN" --root "$ROOT" exec --detach --pid-file "$T/pid" "jt-$$-x" sleep 50
	pid=$(cat "$T/pid")
	isnt "policy $policy, exec --detach: the process group is not the caller's" "$(field "$pid" 5)" "$group"
	isnt "policy $policy, exec --detach: nor is the session" "$(field "$pid" 6)" "$group"
	kill -KILL -- "-$group"
	wait $group 2>/dev/null
	ok "policy $policy, exec --detach: a kill of the caller's group ends what is there (control)" eventually 10 gone "$beside"
	ok "policy $policy, exec --detach: and not what was executed" kill -0 "$pid"
	jr delete --force "jt-$$-x"

	# From the first moment on: a hook of the set-up sees the process before it is the helper.
	printf '#!/bin/sh\npid=$(jq .pid)\nsed "s/.*) //" /proc/$pid/stat | cut -d" " -f3,4 >%s\n' "$T/early" >"$T/hook"
	chmod +x "$T/hook"
	make_bundle "$T/h" "$(args_filter /bin/true) | .hooks = {prestart: [{path: \"$T/hook\", env: [\"PATH=$PATH\"]}]}"
	rm -f "$T/early"
	in_group "$JAILRUN" --root "$ROOT" --policy $policy run --bundle "$T/h" "jt-$$-h"
	ok "policy $policy: the hook saw it" test -s "$T/early"
	unlike "policy $policy: neither group nor session before the helper runs" " $(cat "$T/early") " " $group "
	kill -KILL -- "-$group"
	wait $group 2>/dev/null

	# In the foreground Ctrl-C goes to the runtime, and from there to the container.
	rm -f "$T"/b/rootfs/tmp/*
	setsid "$JAILRUN" --root "$ROOT" --policy $policy run --bundle "$T/b" "jt-$$-f" </dev/null >/dev/null 2>&1 &
	group=$!
	eventually 10 test -e "$T/b/rootfs/tmp/up"
	kill -INT -- "-$group"
	ok "policy $policy: Ctrl-C in the foreground is passed on" eventually 10 grep -qx int "$T/b/rootfs/tmp/heard"
	is "policy $policy: once" "$(wc -l <"$T/b/rootfs/tmp/heard")" 1
	jr kill "jt-$$-f" KILL
	wait $group 2>/dev/null
	jr delete --force "jt-$$-f" 2>/dev/null
done

# Slurm's create and start, literally: each command line of oci.conf is run by a shell of its own, and what is left of its process group is
# killed when it has ended. `beside` stands for what a command line may leave behind.
slurm() { # COMMAND LINE
	rm -f "$T/beside"
	setsid /bin/sh -c "sleep 60 & echo \$! >$T/beside; $*" </dev/null >"$T/out" 2>"$T/err" &
	group=$!
	wait $group
	rc=$?
	kill -KILL -- "-$group"
}
for policy in none default; do
	id=n1.root.$$.$policy.0
	R="$JAILRUN --root=$ROOT"
	rm -f "$T"/b/rootfs/tmp/*
	slurm "exec $R --policy $policy create --bundle $T/b $id"
	is "Slurm, policy $policy: create" "$rc" 0
	ok "Slurm, policy $policy: its group is killed (control)" eventually 10 gone "$(cat "$T/beside")"
	slurm "$R state $id 2>/dev/null || echo '{}'"
	is "Slurm, policy $policy: the query says created" "$(jq -r .status "$T/out")" created
	slurm "exec $R start $id"
	is "Slurm, policy $policy: start" "$rc" 0 || diag "$(cat "$T/err")"
	ok "Slurm, policy $policy: the workload runs" eventually 10 test -e "$T/b/rootfs/tmp/up"
	slurm "$R state $id 2>/dev/null || echo '{}'"
	is "Slurm, policy $policy: the query says running" "$(jq -r .status "$T/out")" running
	not_ok "Slurm, policy $policy: the workload heard of nothing" test -e "$T/b/rootfs/tmp/heard"
	slurm "$R kill -a $id KILL"
	is "Slurm, policy $policy: kill" "$rc" 0
	ok "Slurm, policy $policy: ends it" eventually 10 status_is "$id" stopped
	slurm "$R delete --force $id"
	is "Slurm, policy $policy: delete" "$rc" 0
	slurm "$R state $id 2>/dev/null || echo '{}'"
	is "Slurm, policy $policy: the query of one that is gone" "$(cat "$T/out")" "{}"
done
done_testing
