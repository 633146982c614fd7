#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# buildah, which calls the runtime by itself (isolation oci): create, start, a polled state, kill, delete; and a terminal by a console socket.
# shellcheck source=lib.sh disable=SC2016
. "$(dirname "$0")/lib.sh"
enter buildah
world
echo "# $(buildah --version)"

cat >"$W/containers.conf" <<EOF
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]
EOF
export CONTAINERS_CONF=$W/containers.conf
command_file e <<EOF
exec buildah --root "$W/data" --runroot "$W/run" --storage-driver overlay "\$@"
EOF
# er CONTAINER [OPTION...] -- COMMAND...
command_file er <<EOF
c=\$1
shift
options=()
while [ "\$1" != -- ]; do
	options+=("\$1")
	shift
done
exec e run --runtime "$JAILRUN" \$RUNTIME_FLAGS --isolation oci --network none "\${options[@]}" "\$c" "\$@"
EOF

suite() {
	local what=$1 c

	c=$(e from --pull-never localhost/bb)
	expect "$what: run: output and exit code 0" 0 hi er "$c" -- /bin/echo hi
	expect_error "$what: run: exit code 37" 37 "exit status 37" er "$c" -- /bin/sh -c 'exit 37'
	expect "$what: run: stderr apart from stdout" 0 out er "$c" -- /bin/sh -c 'echo out; echo err >&2'
	input='through the pipe'
	expect "$what: run: stdin" 0 'through the pipe' er "$c" -- /bin/cat
	input=
	expect "$what: run -t: a terminal, its size" 0 "*/dev/pts/0*24 80*" pty bash -c 'stty rows 24 cols 80; er "$0" -t -- /bin/sh -c "tty; until stty size | grep -x \"24 80\"; do sleep 0.1; done"' "$c"
	expect "$what: run: what it writes is kept" 0 kept bash -c 'er "$0" -- /bin/sh -c "echo kept >/file" && er "$0" -- /bin/cat /file' "$c"
	expect "$what: run --user, --workingdir, --env" 0 "v 1000:1000 /tmp" er "$c" --user 1000:1000 --workingdir /tmp --env A=v -- \
		/bin/sh -c 'echo $A $(id -u):$(id -g) $PWD'
	expect "$what: run --hostname" 0 there er "$c" --hostname there -- /bin/hostname
	expect "$what: run -v, read-only" 0 "seen refused" er "$c" -v "$W/shared:/mnt:ro" -- /bin/sh -c \
		'echo $(cat /mnt/file) $(echo x 2>/dev/null >/mnt/file || echo refused)'
	expect "$what: run --cap-drop ALL" 0 0000000000000000 er "$c" --cap-drop ALL -- /bin/sh -c "awk '/CapBnd/ {print \$2}' /proc/self/status"
	expect_error "$what: run of a missing program" any 'no such file' er "$c" -- /bin/no-such-program
	expect_error "$what: run of a missing program on PATH" any 'executable file not found in \$PATH' er "$c" -- no-such-program
	expect "$what: four at once" 0 "1234" bash -c 'for i in 1 2 3 4; do er "$0" -- /bin/echo $i & done | sort | tr -d "\n"; wait' "$c"
	expect "$what: a signal ends it and leaves nothing" 0 "" bash -c \
		'timeout -s TERM 2 bash -c "er $0 -- /bin/sleep 4173" >/dev/null 2>&1; sleep 0.5; ! pgrep -fx "/bin/sleep 4173"' "$c"
	e rm "$c" >/dev/null
	build "$what"
}

build() {
	local what=$1

	mkdir -p "$W/context"
	echo seen >"$W/context/file"
	cat >"$W/context/Dockerfile" <<-'END'
		FROM localhost/bb
		ENV WORD=said
		WORKDIR /work
		COPY file /work/file
		RUN echo $WORD >>file && test "$PWD" = /work && id -u >>file
		USER user
		RUN ["/bin/sh", "-c", "id -u >/tmp/user"]
	END
	# shellcheck disable=SC2086 # words
	expect "$what: bud with RUN steps" 0 "*" e bud --runtime "$JAILRUN" $RUNTIME_FLAGS --isolation oci --network none -t built "$W/context"
	expect "$what: bud: what the steps made" 0 "seen said 0 1000" bash -c \
		'c=$(e from --pull-never localhost/built); echo $(er "$c" -- /bin/cat /work/file /tmp/user); e rm "$c" >/dev/null'
	printf 'FROM localhost/bb\nRUN exit 9\n' >"$W/context/Dockerfile"
	# shellcheck disable=SC2086 # words
	expect_error "$what: bud: a step that fails fails the build with its status" 9 'exit status 9' e bud --runtime "$JAILRUN" $RUNTIME_FLAGS \
		--isolation oci --network none -t built-x "$W/context"
}

mkdir -m 777 "$W/shared"
echo seen >"$W/shared/file"
oci_archive
export RUNTIME_FLAGS=
expect "import of the image" 0 "*" bash -c 'e pull "oci-archive:$0" && e tag localhost/bb:latest localhost/bb' "$W/bb.tar"
suite runtime
if [ -n "$is_jailrun" ]; then
	export RUNTIME_FLAGS="--runtime-flag policy=default"
	suite "with the jail"
	expect "with the jail: the program is not PID 1" 0 "[2-9]" bash -c 'c=$(e from --pull-never localhost/bb); er "$c" -- /bin/sh -c "echo \$\$"'
fi
nothing_left "nothing is left" /run/jailrun /run/runc
features some
finish
