#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sockets of the caller: those that it opened for the workload (LISTEN_FDS), and the one on which it waits for its word (NOTIFY_SOCKET).
# shellcheck disable=SC2317 # ok calls functions
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/leftovers.sh"
need_root
need_command python3 jq
need_runtime
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
id=jt-$$-s

# ---- LISTEN_FDS ----

printf 'first\n' >"$T/1"
printf 'second\n' >"$T/2"
printf 'third\n' >"$T/3"
# activated N ARGUMENTS...: the runtime with LISTEN_FDS=N for it, and fds 3, 4 and 5.
activated() {
	local n=$1
	shift
	LISTEN_FDS=$n run bash -c 'export LISTEN_PID=$BASHPID; exec "$@"' x "$JAILRUN" --root "$ROOT" "$@" 3<"$T/1" 4<"$T/2" 5<"$T/3"
}
show='echo "$LISTEN_FDS|$LISTEN_FDNAMES|$LISTEN_PID|$$"; for i in 3 4 5 6; do [ ! -e /proc/$$/fd/$i ] || eval "cat <&$i"; done'
seen() {
	tr '\n' ' ' <<<"$out" | sed 's/ *$//'
}
outer=$T/outer.json
printf '{"init": "workload"}' >"$outer"
for POLICY in none default "$outer"; do
	pid=1
	[ "$POLICY" != default ] || pid=2
	export LISTEN_FDNAMES=web:admin
	make_bundle "$T/b" "$(sh_filter "$show")"' | .process.env += ["LISTEN_PID=77", "LISTEN_FDS=99", "LISTEN_FDNAMES=x"]'
	activated 2 --policy "$POLICY" run --bundle "$T/b" "$id"
	is "${POLICY##*/}: LISTEN_FDS=2: number, names, the pid of the workload, fds 3 and 4 alone" "$(seen)" "2|web:admin|$pid|$pid first second"
	unset LISTEN_FDNAMES
	make_bundle "$T/b" "$(sh_filter "$show")"
	activated 1 --policy "$POLICY" run --bundle "$T/b" "$id"
	is "${POLICY##*/}: LISTEN_FDS=1" "$(seen)" "1||$pid|$pid first"
	activated 1 --policy "$POLICY" run --preserve-fds 2 --bundle "$T/b" "$id"
	is "${POLICY##*/}: --preserve-fds counts from those on" "$(seen)" "1||$pid|$pid first second third"
	LISTEN_FDS=2 LISTEN_PID=1 run bash -c 'exec "$@"' x "$JAILRUN" --root "$ROOT" --policy "$POLICY" run --bundle "$T/b" "$id" 3<"$T/1" 4<"$T/2"
	is "${POLICY##*/}: LISTEN_PID of another process: not for us" "$(seen)" "|||$pid"
done
LISTEN_FDS=2 run bash -c 'exec "$@"' x "$JAILRUN" --root "$ROOT" run --bundle "$T/b" "$id" 3<"$T/1" 4<"$T/2"
is "no LISTEN_PID: not for us" "$(seen)" "|||1"
activated nonsense run --bundle "$T/b" "$id"
is "LISTEN_FDS that is no number: none" "$(seen)" "|||1"
activated 4 run --bundle "$T/b" "$id"
is "more than are open: refused" "$rc" 1
like "and said" "$err" 'LISTEN_FDS=4: fd 6 is not open'
activated 1 run --preserve-fds 3 --bundle "$T/b" "$id"
like "and so for --preserve-fds" "$err" '--preserve-fds: fd 6 is not open'
jrun run --preserve-fds 18446744073709551615 --bundle "$T/b" "$id"
like "an absurd --preserve-fds" "$err" '--preserve-fds: 18446744073709551615 are more'
# create and start: what create was given.
make_bundle "$T/b" "$(sh_filter "{ $show; } >/listen.out")"
activated 2 --policy default create --bundle "$T/b" "$id"
is "create with LISTEN_FDS" "$rc" 0
ok "start" jr start "$id"
ok "it ends" eventually 5 status_is "$id" stopped
out=$(cat "$T/rootfs/listen.out")
is "the workload of create and start has them" "$(seen)" "2||2|2 first second"
jr delete -f "$id"
# A shared pid namespace: the runtime executes itself anew, as the same process; the workload's pid is one of the host's.
make_bundle "$T/b" "$(sh_filter "$show")"' | del(.linux.namespaces[] | select(.type == "pid"))'
activated 1 run --bundle "$T/b" "$id"
like "shared pid namespace: the fd is there" "$(seen)" '^1\|\|[0-9]{2,}\|[0-9]{2,} first$'
is "and LISTEN_PID is the real one" "$(head -n 1 <<<"$out" | cut -d'|' -f3)" "$(head -n 1 <<<"$out" | cut -d'|' -f4)"
# A real socket: the client connects before the container is there.
cat >"$T/activate.py" <<'PYTHON'
import os, socket, sys
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen()
p = os.fork()
if p == 0:
    os.dup2(s.fileno(), 3)
    os.set_inheritable(3, True)
    os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
    os.execv(sys.argv[1], sys.argv[1:])
c = socket.create_connection(s.getsockname())
print(c.makefile().readline().strip())
os.waitpid(p, 0)
PYTHON
cat >"$T/serve.c" <<'C'
#include <sys/socket.h>
#include <unistd.h>
int main(void)
{
	return write(accept(3, 0, 0), "served\n", 7) != 7;
}
C
gcc -static -o "$T/rootfs/bin/serve" "$T/serve.c" || exit 1
make_bundle "$T/b" "$(args_filter serve)"
run python3 "$T/activate.py" "$JAILRUN" --root "$ROOT" --policy default run --bundle "$T/b" "$id"
is "a socket that was opened outside of the container's network serves" "$out" served || diag "$err"

# ---- NOTIFY_SOCKET ----

# manager NAME [OPTIONS]: starts one; $socket, $log, and $manager, its standard input.
manager() {
	log=$T/notify.$1.log socket=$T/$1.sock
	[ "${1#@}" = "$1" ] || socket=@jailrun-test-$$
	rm -f "$log" "$socket"
	exec {manager}> >(exec python3 "$TOP_SRCDIR/tests/lib/notify.py" "$socket" "$log" "${@:2}")
	eventually 10 grep -q listening "$log"
}
manager_ends() { exec {manager}>&-; }
heard() { jq -rs '[.[] | select(.text) | (.text | rtrimstr("\n")) + (if .fds > 0 then "+fd" else "" end)] | join(" ")' "$log"; }
# Busybox sends no datagrams to a socket; a small static program does.
cat >"$T/say.c" <<'C'
#include <string.h>
#include <stdlib.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_DGRAM, 0), pair[2];
	char c, control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec v = {(char *)"BARRIER=1", 9};
	struct msghdr m = {.msg_name = &sa, .msg_namelen = sizeof(sa), .msg_iov = &v, .msg_iovlen = 1,
			   .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	if (!getenv("NOTIFY_SOCKET"))
		return 9;
	strcpy(sa.sun_path, getenv("NOTIFY_SOCKET"));
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "BARRIER=1") == 0) {
			pipe(pair);
			h->cmsg_level = SOL_SOCKET;
			h->cmsg_type = SCM_RIGHTS;
			h->cmsg_len = CMSG_LEN(sizeof(int));
			memcpy(CMSG_DATA(h), &pair[1], sizeof(int));
			if (sendmsg(s, &m, 0) < 0)
				return 8;
			close(pair[1]);
			if (read(pair[0], &c, 1) != 0)
				return 7;
			puts("barrier");
			fflush(stdout);
		} else if (sendto(s, argv[i], strlen(argv[i]), 0, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
			perror(argv[i]);
			return 1;
		}
	}
}
C
gcc -static -o "$T/rootfs/bin/say" "$T/say.c" || exit 1

export NOTIFY_SOCKET
chown 100000 "$T/rootfs/run" # the root of a user namespace has to make the mount point
user='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings | .process.user.uid = 1000'
for case in "plain|none|." "jail|default|." "user namespace|default|$user"; do
	IFS='|' read -r name policy filter <<<"$case"
	filter=${case#*|*|}
	for form in foreground detached start @abstract; do
		manager "$form"
		NOTIFY_SOCKET=$socket
		make_bundle "$T/b" "$(sh_filter 'echo "$NOTIFY_SOCKET"; say STATUS=up "WATCHDOG=1" && sleep 0.3; say "$(printf "READY=1\nSTATUS=x")"; sleep 0.3')"" | $filter"
		leftovers_begin "$T/b"
		case $form in
		foreground | @abstract)
			run "$JAILRUN" --root "$ROOT" --policy "$policy" run --pid-file "$T/pid" --bundle "$T/b" "$id"
			is "$name, $form: it ran" "$rc" 0 || diag "$err"
			is "$name, $form: NOTIFY_SOCKET inside" "$out" /run/notify/notify.sock
			like "$name, $form: READY, the runtime as the main process, a barrier; no more" "$(heard)" '^READY=1 MAINPID=[0-9]+ BARRIER=1\+fd$'
			isnt "$name, $form: which is not the container's" "$(heard | cut -d' ' -f2)" "MAINPID=$(cat "$T/pid")"
			;;
		detached)
			begin=$(date +%s%N)
			"$JAILRUN" --root "$ROOT" --policy "$policy" run -d --bundle "$T/b" "$id" >/dev/null
			is "$name, $form: heard by the end of run -d" "$(heard)" "READY=1 MAINPID=$(jq .pid "$ROOT/$id/state.json") BARRIER=1+fd"
			ok "$name, $form: which waited for it" test $((($(date +%s%N) - begin) / 1000000)) -ge 300
			is "$name, $form: the state remembers" "$(jq .notify "$ROOT/$id/state.json")" true
			;;
		start)
			"$JAILRUN" --root "$ROOT" --policy "$policy" create --bundle "$T/b" "$id" >/dev/null
			is "$name, $form: nothing at create" "$(heard)" ""
			jr start "$id"
			is "$name, $form: heard by the end of start" "$(heard)" "READY=1 MAINPID=$(jq .pid "$ROOT/$id/state.json") BARRIER=1+fd"
			;;
		esac
		NOTIFY_SOCKET=""
		manager_ends
		jr delete -f "$id"
		nothing_left "$name, $form: nothing is left" "$id"
	done
done

# The container's own barrier is answered; what comes after READY holds nobody up.
manager m
NOTIFY_SOCKET=$socket
make_bundle "$T/b" "$(sh_filter 'say READY=1 BARRIER=1; for i in $(seq 600); do echo X=$i; done | xargs say; echo end')"
jrun run --bundle "$T/b" "$id"
is "the container's barrier, and 600 words after READY" "$rc:$(seen)" "0:barrier end"
# No word: start ends when the container does.
make_bundle "$T/b" "$(args_filter sleep 0.5)"
ok "create" jr create --bundle "$T/b" "$id"
ok "start of a container that never says READY returns at its end" timeout 10 "$JAILRUN" --root "$ROOT" start "$id"
ok "which is not long after" eventually 2 status_is "$id" stopped
jr delete -f "$id"
# While start waits the container is everybody's.
make_bundle "$T/b" "$(args_filter sleep 1000)"
jr create --bundle "$T/b" "$id"
jr start "$id" &
start=$!
ok "start waits" eventually 5 status_is "$id" running
sleep 0.3
ok "and goes on waiting" kill -0 $start
ok "kill meanwhile" timeout 5 "$JAILRUN" --root "$ROOT" kill "$id" KILL
wait $start
is "start ends with it" $? 0
jr delete -f "$id"
# start without NOTIFY_SOCKET waits for nobody, as in runc; one of a container without is not surprised by it.
jr create --bundle "$T/b" "$id"
ok "start without NOTIFY_SOCKET of a container with it" env -u NOTIFY_SOCKET timeout 5 "$JAILRUN" --root "$ROOT" start "$id"
jr delete -f "$id"
env -u NOTIFY_SOCKET "$JAILRUN" --root "$ROOT" create --bundle "$T/b" "$id"
ok "start with NOTIFY_SOCKET of a container without" timeout 5 "$JAILRUN" --root "$ROOT" start "$id"
jr delete -f "$id"
manager_ends
# A manager that is not there is a warning.
NOTIFY_SOCKET=$T/nobody.sock
make_bundle "$T/b" "$(args_filter say READY=1)"
jrun run --bundle "$T/b" "$id"
is "nobody listens on NOTIFY_SOCKET: the container runs all the same" "$rc" 0
like "and it is said" "$err" 'NOTIFY_SOCKET: tell .*nobody.sock.*: No such file'
NOTIFY_SOCKET=""
in_sh 'grep -o /run/notify /proc/self/mountinfo; echo "$NOTIFY_SOCKET"'
is "an empty NOTIFY_SOCKET is none" "$(seen)" ""
done_testing
