# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2154
# What docker and podman have in common, third part: what several containers share, what lasts longer than one, and what a user
# does at the terminal. Commands and variables as in cli-suite.sh; `features` has a row for each.

# cli_more_suite WHAT
cli_more_suite() {
	local what=$1

	cli_more_commands
	cli_terminal "$what"
	cli_restart_policy "$what"
	cli_failures "$what"
	cli_events "$what"
	cli_volume "$what"
	cli_profiles "$what"
	cli_pids_limit "$what"
	cli_shared "$what"
}

cli_more_commands() {
	# restarted FILE LINES
	command_file restarted <<-'END'
		[ "$(wc -l <"$1")" -ge "$2" ]
	END
	# inspected NAME FIELD VALUE
	command_file inspected <<-'END'
		[ "$(e inspect -f "{{$2}}" "$1")" = "$3" ]
	END
	# has_other_pid NAME PID: it runs, and under another pid.
	command_file has_other_pid <<-'END'
		pid=$(e inspect -f '{{.State.Pid}}' "$1")
		[ "$pid" != "$2" ] && [ "$pid" -gt 0 ] && kill -0 "$pid"
	END
	# namespaces_of NAME TYPE...
	command_file namespaces_of <<-'END'
		pid=$(e inspect -f '{{.State.Pid}}' "$1")
		shift
		for n; do readlink "/proc/$pid/ns/$n"; done | tr -d '[]'
	END
}

# A shell in a terminal of its own; and left by Ctrl-P Ctrl-Q and come back to.
cli_terminal() {
	local what=$1 name=t$RANDOM

	session "$what: run -it" er -it --name "$name" -e TERM=dumb -e 'PS1=READY> ' bb /bin/sh -i
	expect "$what: run -it: the engine has the exit code too" 0 37 e inspect -f '{{.State.ExitCode}}' "$name"
	e rm -f "$name" >/dev/null 2>&1
	name=t$RANDOM
	tap_of "$what: detach" "$(type -P expect)" "$here/detach.exp" 'READY> ' \
		"er -it --name $name -e TERM=dumb -e {PS1=READY> } bb /bin/sh -i" "e attach $name" "$attach_exits"
	expect "$what: detach: it ended with the attached shell" 0 7 e wait "$name"
	e rm -f "$name" >/dev/null 2>&1
	expect "$what: attach without a terminal: stdin, stdout, exit code" 3 "got line" bash -c \
		'VERB=create er -i --name "$0" bb /bin/sh -c "read -r a; echo got \$a; exit 3" >/dev/null; echo line | e start -a -i "$0"' "$name"
	e rm -f "$name" >/dev/null 2>&1
}

cli_restart_policy() {
	local what=$1 name=p$RANDOM pid

	rm -f "$W/shared/starts"
	er -d --name "$name" --restart on-failure:2 -v "$W/shared:/mnt" bb /bin/sh -c 'echo x >>/mnt/starts; exit 5' >/dev/null
	expect "$what: restart policy on-failure:2: two more starts" 0 "" until_true 20 restarted "$W/shared/starts" 3
	expect "$what: restart policy on-failure:2: then no more" 0 5 bash -c \
		'until_true 10 inspected "$0" .State.Status exited; sleep 0.5; [ $(wc -l <"$1") = 3 ] && e inspect -f "{{.State.ExitCode}}" "$0"' \
		"$name" "$W/shared/starts"
	e rm -f "$name" >/dev/null 2>&1
	er -d --name "$name" --restart always bb /bin/sleep 300 >/dev/null
	pid=$(e inspect -f '{{.State.Pid}}' "$name")
	kill -KILL "$pid"
	expect "$what: restart policy always: killed from outside, it runs again" 0 "" until_true 15 has_other_pid "$name" "$pid"
	expect "$what: restart policy always: stop stops it" 0 "*" e stop -t 1 "$name"
	expect "$what: restart policy always: and it stays so" 0 exited bash -c 'sleep 0.5; e inspect -f "{{.State.Status}}" "$0"' "$name"
	e rm -f "$name" >/dev/null 2>&1
}

# What is not the program's failure is 125, from the engine itself and from the runtime.
cli_failures() {
	local what=$1

	expect_error "$what: an option that there is not: 125" 125 'unknown flag' er --rm --no-such-option bb /bin/true
	expect_error "$what: a sysctl that the runtime refuses: $runtime_refuses" "$runtime_refuses" 'kernel.no_such|no_such' \
		er --rm --sysctl net.ipv4.no_such=1 bb /bin/true
	expect_error "$what: a directory as the program: 126" 126 'is a directory|[Pp]ermission denied' er --rm bb /etc
	expect_error "$what: -t: a missing program: 127" 127 'not found' to_stderr pty er --rm -t bb no-such-program
}

cli_events() {
	local what=$1 name=v$RANDOM

	er --name "$name" bb /bin/sh -c 'exit 6' >/dev/null
	e rm "$name" >/dev/null
	expect "$what: events: a life" 0 "*create*start*di*6*@(remove|destroy)*" e events --since 2m "$(eval echo "$event_option")" \
		--filter "container=$name" --format "$event_format"
}

cli_volume() {
	local what=$1 name=n$RANDOM

	expect "$what: volume create" 0 "$name" e volume create "$name"
	expect "$what: a volume, written" 0 "" er --rm -v "$name:/data" bb /bin/sh -c 'echo kept >/data/file'
	expect "$what: a volume, read by the next one" 0 kept er --rm -v "$name:/data:ro" bb /bin/cat /data/file
	expect "$what: a volume of another's by --volumes-from" 0 kept bash -c \
		'er -d --name "$0-c" -v "$0:/data" bb /bin/sleep 300 >/dev/null; er --rm --volumes-from "$0-c" bb /bin/cat /data/file' "$name"
	e rm -f "$name-c" >/dev/null
	expect "$what: volume rm" 0 "$name" e volume rm "$name"
}

cli_profiles() {
	local what=$1

	jq -n '{defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 122},
		{names: ["sethostname"], action: "SCMP_ACT_KILL_PROCESS"}]}' >"$W/profile.json"
	expect "$what: a seccomp profile of one's own: its errno" 0 "*quota*" er --rm --security-opt "seccomp=$W/profile.json" bb \
		/bin/sh -c 'mkdir /tmp/x 2>&1 || true'
	expect "$what: a seccomp profile of one's own: killed, 159" 159 "*" er --rm --cap-add SYS_ADMIN \
		--security-opt "seccomp=$W/profile.json" bb /bin/sh -c 'exec hostname x'
	expect "$what: a seccomp profile of one's own: exec has it" 0 "*quota*" bash -c \
		'er -d --name "$0" --security-opt "seccomp=$1" bb /bin/sleep 300 >/dev/null
		e exec "$0" /bin/sh -c "mkdir /tmp/x 2>&1 || true"; e rm -f "$0" >/dev/null' "q$RANDOM" "$W/profile.json"
}

cli_pids_limit() {
	local what=$1 name=l$RANDOM

	expect_honoured_or_refused "$what: a limit of processes is honoured or refused" pids 77 er -d --name "$name" --pids-limit 77 bb /bin/sleep 300
	e rm -f "$name" >/dev/null 2>&1
}

# A group as compose makes it: one holds the namespaces, the others join it.
cli_shared() {
	local what=$1 name=g$RANDOM

	er -d --name "$name-a" --ipc shareable bb /bin/sleep 311 >/dev/null
	er -d --name "$name-b" --network "container:$name-a" --ipc "container:$name-a" --pid "container:$name-a" bb /bin/sleep 312 >/dev/null
	er -d --name "$name-c" --network "container:$name-a" bb /bin/sh -c 'echo served | nc -l -p 4711' >/dev/null
	expect "$what: shared namespaces: pid, ipc and net are the other's" 0 "$(namespaces_of "$name-a" pid ipc net)" \
		namespaces_of "$name-b" pid ipc net
	expect "$what: shared namespaces: mnt and uts are not" 0 "different" bash -c \
		'for n in mnt uts; do [ "$(namespaces_of "$0-a" $n)" != "$(namespaces_of "$0-b" $n)" ] || exit; done; echo different' "$name"
	expect "$what: shared namespaces: one serves, the other asks, on loopback" 0 served bash -c \
		'for i in 1 2 3 4 5 6 7 8 9; do e exec "$0-b" /bin/nc 127.0.0.1 4711 2>/dev/null && exit; sleep 0.2; done' "$name"
	expect "$what: shared namespaces: exec sees both" 0 "*sleep 311*sleep 312*" e exec "$name-b" /bin/sh -c 'ps -o args | sort'
	expect "$what: shared namespaces: an end of the second leaves the first" 0 "running" bash -c \
		'e rm -f "$0-b" >/dev/null && e inspect -f "{{.State.Status}}" "$0-a"' "$name"
	er -d --name "$name-b" --pid "container:$name-a" bb /bin/sleep 313 >/dev/null
	e kill "$name-a" >/dev/null
	expect "$what: shared namespaces: the end of the holder is the end of both" 0 137 e wait "$name-b"
	e rm -f "$name-a" "$name-b" "$name-c" >/dev/null 2>&1
}

# cli_build_suite WHAT BUILD-COMMAND...: a Dockerfile whose steps run in containers; the command gets the context last.
cli_build_suite() {
	local what=$1 tag=built$RANDOM
	shift
	mkdir -p "$W/context"
	echo seen >"$W/context/file"
	cat >"$W/context/Dockerfile" <<-'END'
		FROM bb:latest
		ENV WORD=said
		WORKDIR /work
		COPY file /work/file
		RUN echo $WORD >>file && test "$PWD" = /work && id -u >>file
		USER user
		RUN ["/bin/sh", "-c", "id -u >/tmp/user"]
		RUN cat /work/file /tmp/user && ps -o pid,args | grep 'p[s] -o' && cat /proc/1/comm
		CMD ["/bin/cat", "/work/file", "/tmp/user"]
	END
	expect "$what: build with RUN steps" 0 "*" "$@" -t "$tag" "$W/context"
	expect "$what: build: what the steps made" 0 "seen
said
0
1000" er --rm "$tag"
	printf 'FROM bb:latest\nRUN exit 9\n' >"$W/context/Dockerfile"
	expect_error "$what: build: a step that fails fails the build with its status" any '(code|status):? 9' \
		to_stderr "$@" -t "$tag-x" "$W/context"
	printf 'FROM bb:latest\nRUN ["/bin/no-such-program"]\n' >"$W/context/Dockerfile"
	expect_error "$what: build: a step whose program is missing" any 'no such file or directory' to_stderr "$@" -t "$tag-x" "$W/context"
	e rmi -f "$tag" >/dev/null 2>&1
}

# cli_admin_suite: the runtime has admin_config. CAN_ANNOTATE: the client has --annotation.
cli_admin_suite() {
	local name=a$RANDOM id options=() said="mkdir: can't create directory '/tmp/x': Disk quota exceeded"

	[ -z "$CAN_ANNOTATE" ] || options=(--annotation org.example.team=red --annotation com.example.other=1)
	rm -f "$W/audit.jsonl"
	expect "administrator: the default policy refuses, and the program says so" 1 "$said" bash -c 'er "$@" 2>&1' er --name "$name" "${options[@]}" bb /bin/mkdir /tmp/x
	expect "administrator: the logs have what the program said, nothing else" 0 "$said" bash -c 'e logs "$0" 2>&1' "$name"
	id=$(e inspect -f '{{.Id}}' "$name")
	expect "administrator: the denial is in the log, with the container's id" 0 "judge mkdir* $id" echo \
		"$(denial_of "$id" '"\(.policy) \(.syscall) \(.container)"')"
	[ -z "$CAN_ANNOTATE" ] || expect "administrator: and the engine's annotations that were chosen" 0 'red null' echo \
		"$(denial_of "$id" '.annotations | "\(.["org.example.team"]) \(.["com.example.other"])"')"
	e rm "$name" >/dev/null
	er -d --name "$name" bb /bin/sleep 300 >/dev/null
	id=$(e inspect -f '{{.Id}}' "$name")
	expect "administrator: exec is refused as well" 1 "$said" bash -c 'e exec "$0" /bin/mkdir /tmp/x 2>&1' "$name"
	expect "administrator: and is in the log" 0 "judge" echo "$(denial_of "$id" .policy)"
	e rm -f "$name" >/dev/null
	[ -n "$CAN_ANNOTATE" ] || return 0
	expect "annotation: the policy that it names" 1 "*No space left*" bash -c 'er "$@" 2>&1' er --rm --annotation jailrun.policy=strict bb /bin/mkdir /tmp/x
	expect "annotation: exec has the policy" 1 "*No space left*" bash -c \
		'er -d --name "$0" --annotation jailrun.policy=strict bb /bin/sleep 300 >/dev/null; e exec "$0" /bin/mkdir /tmp/x 2>&1; r=$?
		e rm -f "$0" >/dev/null; exit $r' "a$RANDOM"
	expect_error "annotation: a policy that there is not" any "policy 'no-such' is not built in" er --rm --annotation jailrun.policy=no-such bb /bin/true
	expect_error "annotation: it cannot switch the jail off" any 'annotation cannot switch the jail off' \
		er --rm --annotation jailrun.policy=none bb /bin/true
	expect_error "annotation: no path" any 'is no policy name' er --rm --annotation "jailrun.policy=$W/policies/strict.json" bb /bin/true
	jq '.floor = "strict"' "$W/admin.json" >"$W/admin.new" && chmod 644 "$W/admin.new" && mv "$W/admin.new" "$W/admin.json"
	expect "annotation: it is under the floor" 1 "*mkdir*" bash -c 'er "$@" 2>&1' er --rm --annotation jailrun.policy=default bb /bin/mkdir /tmp/x
	jq '.annotations = false' "$W/admin.json" >"$W/admin.new" && chmod 644 "$W/admin.new" && mv "$W/admin.new" "$W/admin.json"
	expect_error "annotation: refused where the administrator does not hear them" any 'annotation' \
		er --rm --annotation jailrun.policy=strict bb /bin/true
}
