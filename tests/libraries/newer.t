#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# jailrun with the compilers and the libraries of newer Debians (libseccomp, libcap, libyajl, libmnl, cmocka): it builds without a warning, its
# unit tests pass, and a container runs in the jail.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
need_command debootstrap jq make
(cd "$TOP_BUILDDIR" && exec make -s distdir distdir="$T/dist" top_distdir="$T/dist") >"$T/log" 2>&1
is "the source, as it is handed out" $? 0 || diag "$(tail -n 5 "$T/log")"

# inside SUITE SCRIPT: with that Debian as the root, and the directory $T (in-root takes the one of $JAILRUN along).
inside() {
	rm -rf "${T:?}/$1" && mkdir "$T/$1"
	# shellcheck disable=SC2016 # for the inner shell
	RUN_TIMEOUT=800 run unshare --mount --propagation private env ENGINE_WORK="$T/$1" JAILRUN="$T/any" "$TOP_SRCDIR/tests/engines/in-root" "$root" \
		sh -c 'mount --bind "$1" /srv && mount --bind "$1/tmp" /tmp && cd /srv && unset JAILRUN && eval "$2"' sh "$T" "$2"
}
mkdir -m 1777 "$T/b" "$T/tmp"
make_busybox_rootfs "$T/rootfs"
make_bundle "$T/b" "$(sh_filter 'echo $$ in the jail') | .root.path = \"../rootfs\""
for suite in trixie sid; do
	if ! root=$("$TOP_SRCDIR/tests/engines/generation" "$suite" build 2>"$T/log"); then
		skip "$suite" "debootstrap cannot make it here: $(tail -n 1 "$T/log")"
		continue
	fi
	inside "$suite" 'mkdir -p build-'"$suite"' && cd build-'"$suite"' && ../dist/configure -q --enable-werror && make -s -j2 && ./jailrun --version'
	is "$suite: it builds without a warning ($(chroot "$root" dpkg-query -W -f '${Package} ${Version}, ' gcc libseccomp-dev libcap-dev libyajl-dev libmnl-dev))" "$rc" 0 ||
		diag "$(grep -E -A3 'error|warning' "$T/err" | head -n 20)"
	inside "$suite" 'cd build-'"$suite"' && make -s -k -j2 check'
	is "$suite: make check" "$rc $(sed -n 's/^# \(FAIL\|ERROR\): *//p' "$T/out" | xargs)" "0 0 0" ||
		diag "$(grep -E '^(FAIL|ERROR)' "$T/out")" "$(grep -hE '^not ok|ERROR' "$T/build-$suite"/tests/*/*.log | head -n 20)"
	ok "$suite: control: many tests ran" test "$(sed -n 's/^# PASS: *//p' "$T/out")" -gt 40
	inside "$suite" 'build-'"$suite"'/jailrun --root /tmp/state run b'
	is "$suite: a container in the jail" "$rc $out" "0 2 in the jail" || diag "$err"
done
done_testing
