#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Podman as a user: a user of the test's own, with subordinate ids, below whom there is no cgroup that is delegated.
# shellcheck source=lib.sh disable=SC2016
. "$(dirname "$0")/lib.sh"
enter podman conmon newuidmap setpriv
world
echo "# $(podman --version), $(conmon --version | head -n 1)"

# The user is nobody of this machine: files of a private mount namespace say that he is there.
uid=4242
for f in passwd group subuid subgid; do cp "/etc/$f" "$W/$f" 2>/dev/null || : >"$W/$f"; done
echo "tester:x:$uid:$uid::$W/home:/bin/bash" >>"$W/passwd"
echo "tester:x:$uid:" >>"$W/group"
for f in subuid subgid; do echo "tester:500000:65536" >>"$W/$f"; done
for f in passwd group subuid subgid; do
	touch "/etc/$f"
	mount --bind "$W/$f" "/etc/$f"
done
mkdir -p "$W/home" "$W/home/run" "$W/shared"
cp "$JAILRUN" "$W/jailrun" # where he can read it
chmod 755 "$W" "$W/jailrun"
chmod 700 "$W/home/run"
cat >"$W/home/containers.conf" <<EOF
[containers]
default_ulimits = []
pids_limit = 0
[engine]
stop_timeout = 1
[engine.runtimes]
jailrun = ["$W/jailrun"]
EOF
chown -R $uid:$uid "$W/home" "$W/shared"

command_file as_user <<EOF
cd "$W/home"
exec setpriv --reuid $uid --regid $uid --clear-groups env -i PATH="$W/bin:/usr/sbin:/usr/bin:/sbin:/bin" HOME="$W/home" USER=tester LC_ALL=C \\
	XDG_RUNTIME_DIR="$W/home/run" CONTAINERS_CONF="$W/home/containers.conf" RUNTIME_FLAGS="\$RUNTIME_FLAGS" VERB="\${VERB-}" "\$@"
EOF
command_file e <<EOF
exec as_user podman --cgroup-manager cgroupfs --events-backend file --storage-driver vfs --runtime jailrun \$RUNTIME_FLAGS "\$@"
EOF
command_file er <<'EOF'
exec e "${VERB:-run}" --network none "$@"
EOF

suite() {
	local what=$1 name=c$RANDOM

	expect "$what: output and exit code 0" 0 hi er --rm bb /bin/echo hi
	expect "$what: exit code 37" 37 "" er --rm bb /bin/sh -c 'exit 37'
	input='through the pipe'
	expect "$what: -i: stdin" 0 'through the pipe' er --rm -i bb /bin/cat
	input=
	expect "$what: root inside is the user outside, and the others are his subordinate ids" 0 "0 $uid 1 1 500000 65536" \
		er --rm bb /bin/sh -c 'echo $(cat /proc/self/uid_map)'
	expect "$what: user, working directory, environment" 0 "v 1000:1000 /tmp" er --rm -e A=v -u 1000:1000 -w /tmp bb \
		/bin/sh -c 'echo $A $(id -u):$(id -g) $PWD'
	expect "$what: a volume: what root writes belongs to the user" 0 "$uid" bash -c \
		'er --rm -v "$0/shared:/mnt" bb /bin/touch /mnt/f && stat -c %u "$0/shared/f"; rm -f "$0/shared/f"' "$W"
	expect "$what: --userns keep-id: the user keeps his id" 0 "$uid" er --rm --userns keep-id bb /bin/id -u
	expect "$what: --read-only" 0 refused er --rm --read-only bb /bin/sh -c 'echo x 2>/dev/null >/file || echo refused'
	expect "$what: --tmpfs" 0 tmpfs er --rm --tmpfs /scratch bb /bin/sh -c 'stat -f -c %T /scratch'
	expect "$what: --cap-drop ALL" 0 0000000000000000 er --rm --cap-drop ALL bb /bin/sh -c "awk '/CapBnd/ {print \$2}' /proc/self/status"
	expect "$what: --hostname" 0 there er --rm --hostname there bb /bin/hostname
	expect "$what: --init" 0 "*" er --rm --init bb /bin/sh -c 'exit 0'
	expect "$what: the engine's seccomp profile" 0 2 er --rm bb /bin/sh -c "awk '/^Seccomp:/ {print \$2}' /proc/self/status"
	expect "$what: -t: a terminal" 0 "*/dev/pts/0*" pty er --rm -t bb /bin/tty
	session "$what: run -it" er -it --rm -e TERM=dumb -e 'PS1=READY> ' bb /bin/sh -i
	expect_error "$what: a missing program: 127" 127 'not found' er --rm bb no-such-program
	expect_error "$what: a file that is no program: 126" 126 '[Pp]ermission denied' er --rm bb /etc/no-program

	expect "$what: -d" 0 "*" er -d --name "$name" bb /bin/sh -c 'echo logged; trap "exit 11" TERM; while :; do sleep 0.1; done'
	expect "$what: inspect" 0 running e inspect -f '{{.State.Status}}' "$name"
	expect "$what: logs" 0 "" until_true 5 bash -c 'e logs "$0" | grep -q logged' "$name"
	expect "$what: exec: output and exit code 0" 0 hi e exec "$name" /bin/echo hi
	expect "$what: exec: exit code 37" 37 "" e exec "$name" /bin/sh -c 'exit 37'
	expect "$what: exec: another user" 0 1000 e exec -u 1000 "$name" /bin/id -u
	session "$what: exec -it" e exec -it -e TERM=dumb -e 'PS1=READY> ' "$name" /bin/sh -i
	expect_error "$what: exec of a missing program: 127" 127 'executable file not found in \$PATH' e exec "$name" no-such-program
	expect "$what: cp to it" 0 "*" e cp "$W/passwd" "$name:/tmp/copied"
	expect "$what: stop: the handler's exit code" 0 11 bash -c 'e stop "$0" >/dev/null && e wait "$0"' "$name"
	expect "$what: start, and kill -s KILL" 0 137 bash -c 'e start "$0" >/dev/null && e kill -s KILL "$0" >/dev/null && e wait "$0"' "$name"
	expect "$what: restart" 0 "*" e restart "$name"
	expect "$what: rm -f" 0 "*" e rm -f "$name"
	pod "$what"
	build "$what"
}

pod() {
	local what=$1 name=p$RANDOM

	expect "$what: pod create" 0 "*" e pod create --name "$name" --network none --share pid,ipc,net,uts
	expect "$what: pod: two containers, shared namespaces" 0 "*sleep 311*sleep 312*" bash -c '
		e run -d --pod "$0" --name "$0-a" bb /bin/sleep 311 >/dev/null
		e run -d --pod "$0" --name "$0-b" bb /bin/sleep 312 >/dev/null
		e exec "$0-a" /bin/sh -c "ps -o args | sort"' "$name"
	expect "$what: pod rm -f" 0 "*" e pod rm -f "$name"
}

build() {
	local what=$1

	mkdir -p "$W/home/context"
	printf 'FROM bb:latest\nRUN id -u >/who && echo built >>/who\nUSER user\nRUN id -u >/tmp/who\nCMD cat /who /tmp/who\n' \
		>"$W/home/context/Dockerfile"
	chown -R $uid "$W/home/context"
	# shellcheck disable=SC2086 # words
	expect "$what: build with RUN steps" 0 "*" as_user podman --cgroup-manager cgroupfs --storage-driver vfs --runtime "$W/jailrun" \
		build $RUNTIME_FLAGS --isolation oci --network none -t built "$W/home/context"
	expect "$what: build: what the steps made" 0 "0
built
1000" er --rm built
	e rmi -f built >/dev/null 2>&1
}

rootfs
chmod 644 "$W/rootfs.tar"
export RUNTIME_FLAGS=
expect "import of the image" 0 "sha256:*" e import "$W/rootfs.tar" bb:latest
suite runtime
if [ -n "$is_jailrun" ]; then
	export RUNTIME_FLAGS="--runtime-flag policy=default"
	suite "with the jail"
	expect "with the jail: the program is not PID 1" 0 "[2-9]" er --rm bb /bin/sh -c 'echo $$'
fi
expect "nothing is left: no process of the user's containers" 1 "" pgrep -u $uid busybox
expect "nothing is left: no state" 0 "" find "$W/home/run/jailrun" -mindepth 1 -maxdepth 1 ! -name '.*' ! -name 'jailrun-cache'
features some
finish
