#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What --report, --pid-file, --log and --audit name: a regular file is replaced or added to; a device, a pipe and a link keep their name. The
# devices are those of a mount namespace of the test's own, in which /dev is a copy.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command jq busybox unshare
need_runtime
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
make_bundle "$T/b" "$(sh_filter 'kill -TERM 1; exit 3')"
echo '{"name":"refuses","signals":{"to_init":"refuse"}}' >"$T/policy.json"

# A /dev of our own: what is lost there is nobody's.
mkdir "$T/dev"
at_exit "umount -l $T/dev"
mount -t tmpfs none "$T/dev"
cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty "$T/dev/"
ln -s /proc/self/fd "$T/dev/fd"
ln -s fd/0 "$T/dev/stdin"
ln -s fd/1 "$T/dev/stdout"
ln -s fd/2 "$T/dev/stderr"
mkdir "$T/dev/pts" "$T/dev/shm" "$T/dev/mqueue"
listing() {
	find "$T/dev" -printf '%P %y %l\n' | sort
}
# inside OPTIONS...: run in that namespace
inside() {
	unshare -m --propagation private bash -c 'mount --bind "$0/dev" /dev; "$@"' "$T" \
		"$JAILRUN" --root "$ROOT" --policy "$T/policy.json" "$@"
}
runs() { # OPTIONS-BEFORE -- OPTIONS-AFTER
	local before=()
	while [ "$1" != -- ]; do
		before+=("$1")
		shift
	done
	shift
	seq=$((${seq-0} + 1))
	inside "${before[@]}" run "$@" -b "$T/b" "jt-$$-$seq"
}
was=$(listing)
end='[.verdict, .exit]'

# The way is there: a rename over the link makes a file of it.
cp -a "$T/dev/stdout" "$T/dev/victim"
unshare -m --propagation private bash -c 'mount --bind "$0/dev" /dev; echo x >/dev/victim.new; mv /dev/victim.new /dev/victim' "$T"
is "control: a device's name can be replaced in this /dev" "$(stat -c %F "$T/dev/victim")" "regular file"
rm "$T/dev/victim"

for to in /dev/stdout /dev/fd/1 /proc/self/fd/1 /dev/stderr; do
	runs -- --report $to >"$T/file" 2>&1 </dev/null
	is "--report $to, a file: it is in there" "$(grep '"verdict"' "$T/file" | jq -c "$end")" '["exit",3]'
	runs -- --report $to 2>&1 </dev/null | cat >"$T/piped"
	is "--report $to, a pipe" "$(grep '"verdict"' "$T/piped" | jq -c "$end")" '["exit",3]'
	runs --audit $to -- >"$T/file" 2>&1 </dev/null
	is "--audit $to" "$(grep '"rule"' "$T/file" | head -n 1 | jq -r .rule)" "signals.to_init"
	runs --log $to -- --report /no/such >"$T/file" 2>&1 </dev/null
	like "--log $to" "$(<"$T/file")" 'level=error msg="--report'
	runs -- --pid-file $to >"$T/file" 2>&1 </dev/null
	like "--pid-file $to" "$(grep -oE "[0-9]{2,}" "$T/file" | head -n 1)" "^[0-9]+"
	is "$to: nothing of /dev has changed" "$(listing)" "$was"
done
for option in --report --pid-file; do
	runs -- $option /dev/null </dev/null >/dev/null 2>&1
	is "$option /dev/null: no file of it" "$? $(stat -c %F "$T/dev/null")" "3 character special file"
done
runs -- --fail-step hooks.poststart --pid-file /dev/stdout </dev/null >/dev/null 2>&1
inside create --pid-file /dev/stdout --fail-step +state.created -b "$T/b" jt-$$-undo </dev/null >/dev/null 2>&1
is "a create that fails takes no device away" "$(listing)" "$was"
runs -- --report /dev/full </dev/null >/dev/null 2>"$T/err"
like "a full device is an error" "$? $(<"$T/err")" "^1 .*jailrun: --report: write 'full': No space left"
mkfifo "$T/fifo"
timeout 20 "$JAILRUN" --root "$ROOT" create --pid-file "$T/fifo" --fail-step mounts -b "$T/b" jt-$$-fifo </dev/null >/dev/null 2>&1
is "a create that fails does not wait for the reader of a pipe" "$?" 1
ok "and leaves it there" test -p "$T/fifo"

# Links.
mkdir "$T/real"
ln -s real/report "$T/link"
ln -s link "$T/link2"
runs -- --report "$T/link2" </dev/null >/dev/null 2>&1
is "a link to a file that is not there yet: that is made" "$(readlink "$T/link") $(jq -c "$end" "$T/real/report")" 'real/report ["exit",3]'
echo old >"$T/real/report"
ln "$T/real/report" "$T/real/second"
runs -- --report "$T/link" </dev/null >/dev/null 2>&1
is "to one that is there: replaced, not written into" "$(<"$T/real/second") $(jq -c "$end" "$T/real/report")" 'old ["exit",3]'
is "the links stay" "$(readlink "$T/link") $(readlink "$T/link2")" "real/report link"
ln -s real/pid "$T/pid"
inside create --pid-file "$T/pid" -b "$T/b" jt-$$-pid </dev/null >/dev/null 2>&1
like "--pid-file" "$(readlink "$T/pid") $(<"$T/real/pid")" '^real/pid [0-9]+$'
is "without a newline" "$(tail -c 1 "$T/real/pid" | tr -d 0-9)" ""
"$JAILRUN" --root "$ROOT" delete --force jt-$$-pid
inside create --pid-file "$T/pid" --fail-step +state.created -b "$T/b" jt-$$-pid2 </dev/null >/dev/null 2>&1
ok "one that fails: the file is gone" test ! -e "$T/real/pid"
ok "and the link stays" test -h "$T/pid"
ln -s loop "$T/loop"
runs -- --report "$T/loop" </dev/null >/dev/null 2>"$T/err"
like "links in a circle" "$? $(<"$T/err")" "^1 jailrun: --report: '.*loop': links lead to each other"
mkdir -m 1777 "$T/sticky"
echo precious >"$T/real/precious"
ln -s "$T/real/precious" "$T/sticky/report"
ln -s "$T/real/precious" "$T/sticky/theirs"
chown -h 1234 "$T/sticky/theirs"
runs -- --report "$T/sticky/theirs" </dev/null >/dev/null 2>"$T/err"
like "somebody else's link in a directory for all" "$? $(<"$T/err") $(<"$T/real/precious")" "^1 .*is a link of somebody else.* precious$"
runs -- --report "$T/sticky/report" </dev/null >/dev/null 2>&1
is "control: the caller's own is followed" "$(jq -c "$end" "$T/real/precious")" '["exit",3]'
done_testing
