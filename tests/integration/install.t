#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2059,SC2317 # formats are files; functions are called by ok
# jailrun install: what it makes of the engines' files, those with odd contents too, and what it leaves alone. That the engines
# start with these files is shown by tests/engines/docs.t.
. "$(dirname "$0")/../lib/common.sh" || exit 1
need_root
need_runtime
own_etc() { find /etc/jailrun /etc/docker /etc/containerd /etc/containers /etc/crio -printf '%p %T@\n' 2>/dev/null | sort; }
etc=$(own_etc)
need_command jq python3
at_exit 'umount "$T/small"'

# install ENGINE OPTION...: on the file $F.
F=$T/config
install() { run "$JAILRUN" install "$1" --file "$F" --path /bin/true "${@:2}"; }
sum() { sha256sum <"$F"; }
backups() { find "$(dirname "$F")" -name '*.jailrun-backup-*' | wc -l; }
fresh() {
	rm -rf "$F" "$F".jailrun-backup-*
	[ $# = 0 ] || printf "$@" >"$F"
}
# toml FILE: as JSON. tomllib is of Python 3.11.
toml() { python3 -c 'import json, sys, tomllib; json.dump(tomllib.load(open(sys.argv[1], "rb")), sys.stdout)' "$1"; }

declare -A want=(
	[docker]='.runtimes.jailrun == {path: "/bin/true", runtimeArgs: ["--policy", "default"]}'
	[containerd]='.version == 2 and .plugins["io.containerd.grpc.v1.cri"].containerd.runtimes.jailrun == {runtime_type: "io.containerd.runc.v2", pod_annotations: ["jailrun.*"], options: {BinaryName: "/bin/true"}}'
	[podman]='.engine.runtimes.jailrun == ["/bin/true"] and (.engine.runtime_supports_json | index("jailrun") and index("crun")) and (.engine.runtime_supports_nocgroups | index("jailrun"))'
	[crio]='.crio.runtime.runtimes.jailrun | .runtime_path == "/bin/true" and .runtime_type == "oci" and .runtime_root == "/run/jailrun"'
)
declare -A default=(
	[docker]='."default-runtime"'
	[containerd]='.plugins["io.containerd.grpc.v1.cri"].containerd.default_runtime_name'
	[podman]=.engine.runtime
	[crio]=.crio.runtime.default_runtime
)
declare -A broken=([docker]='{\n  "debug": true,\n  "runtimes" {}\n}\n' [containerd]='version = 2\n\n[plugins\n'
	[podman]='[engine]\n# x\nruntime = crun\n' [crio]='[crio]\n[crio.runtime]\n[crio.runtime]\n')
holds() { if [ "$1" = docker ]; then cat "$F"; else toml "$F"; fi | jq -e "$2" >/dev/null; }

for engine in docker containerd podman crio; do
	fresh
	install "$engine"
	is "$engine: printing succeeds" "$rc" 0
	is "$engine: it says where" "${out%%$'\n'*}" "==> $F <=="
	like "$engine: it says what to do next" "$err" "nothing was written: --write does it"
	like "$engine: and where denials are found" "$err" "denials: in audit.jsonl .*\"audit\" in /etc/jailrun/jailrun.json keeps them"
	ok "$engine: nothing was written" test ! -e "$F"
	printed=$(tail -n +2 "$T/out")

	install "$engine" --write
	is "$engine: --write succeeds" "$rc" 0
	is "$engine: it writes what it has printed" "$(cat "$F")" "$printed"
	ok "$engine: the engine finds what it needs" holds "$engine" "${want[$engine]}"
	is "$engine: mode of a new file" "$(stat -c %a "$F")" 644
	is "$engine: no backup of what was not there" "$(backups)" 0
	before=$(sum)
	install "$engine" --write
	is "$engine: the second time nothing is changed" "$rc $out" "0 $F: nothing to change"
	is "$engine: the file is the same" "$(sum)" "$before"

	install "$engine" --write --default
	ok "$engine: --default" holds "$engine" "${default[$engine]} == \"jailrun\""
	is "$engine: a backup was made" "$(backups) $(sha256sum <"$(echo "$F".jailrun-backup-*)")" "1 $before"
	install "$engine" --write
	is "$engine: --default stays" "$out" "$F: nothing to change"
	install "$engine" --write --name second --path /bin/false
	ok "$engine: a second runtime" holds "$engine" '.. | select(. == "/bin/false")?'
	ok "$engine: beside the first" holds "$engine" "${want[$engine]}"
	is "$engine: every backup stays" "$(backups)" 2

	run "$JAILRUN" install "$engine" --file "$F" --remove --write
	not_ok "$engine: --remove takes it out" holds "$engine" '.. | select(. == "/bin/true")?'
	not_ok "$engine: and no default names it" holds "$engine" "${default[$engine]} == \"jailrun\""
	ok "$engine: the other one stays" holds "$engine" '.. | select(. == "/bin/false")?'
	run "$JAILRUN" install "$engine" --file "$F" --remove --write
	is "$engine: --remove of what is not there" "$rc $out" "0 $F: nothing to change"

	fresh "${broken[$engine]}"
	before=$(sum)
	install "$engine" --write
	is "$engine: a broken file is refused" "$rc" 1
	like "$engine: and the line named" "$err" "$F: line 3"
	is "$engine: it is left as it was" "$(sum) $(backups)" "$before 0"
done
is "nothing is left beside the files" "$(find "$T" -name '.*jailrun*')" ""

# ---- what stands there stays ----

# same_but NAME ENGINE CONTENT: a line or member more, and gone again.
there_and_back() {
	local name=$1 engine=$2 before
	printf '%s' "$3" >"$T/original"
	fresh
	cp "$T/original" "$F"
	install "$engine" --write
	is "$name: installed" "$rc" 0
	before=$(diff "$T/original" "$F" | grep -c '^<')
	is "$name: no line is lost" "$((before <= ${4-0}))" 1
	run "$JAILRUN" install "$engine" --file "$F" --remove --write
	ok "$name: and taken out again, to the byte" cmp "$T/original" "$F"
}
there_and_back "docker: tabs, other keys, numbers, escapes" docker $'{\n\t"log-level": "warn",\n\t"max-concurrent-downloads": 1.0E+1,\n\t"x": [1, {"}": "\\u00e9\\"{"}],\n\t"runtimes": {\n\t\t"crun": {"path": "/usr/bin/crun"}\n\t},\n\t"big": 12345678901234567890123\n}\n' 2
there_and_back "docker: all on one line" docker '{"debug":true,"labels":["a=b"]}' 1
there_and_back "docker: Windows line ends" docker $'{\r\n    "debug": true\r\n}\r\n' 1
there_and_back "docker: an object without members" docker $'{}\n' 1
there_and_back "containerd: comments, odd strings" containerd $'# "[plugins'"'"$'\nversion = 2 # two\nimports = [\n  "/etc/x/*.toml", # ]\n]\nroot = """\\\n  /a"""\n[plugins]\n [plugins."io.containerd.grpc.v1.cri".cni]\n  bin_dir = '"'/usr/lib/cni'"$'\n[[x]]\na = {b = 1, c.d = [1979-05-27 07:32:00]}\n[[x]]\n'
there_and_back "containerd: the last line without an end" containerd $'version = 2\n[debug]\nlevel = "warn"\n'
there_and_back "crio: beside other runtimes" crio $'[crio.runtime]\ndefault_runtime = "crun"\n[crio.runtime.runtimes.crun]\nruntime_path = ""\n'
there_and_back "podman: beside other tables" podman $'[containers]\ndefault_ulimits = ["nofile=20000:20000"]\n'
there_and_back "docker: control: the comparison sees a change" docker $'{"runtimes": {"jailrun": {"path": "/x"}}}' 1 >"$T/control" 2>&1
count=$((count - 3)) failures=$((failures - 1))
is "control: a runtime of that name that was there is not put back" "$(grep -c '^not ok' "$T/control")" 1

fresh '{"runtimes": {"jailrun": {"runtimeArgs": ["--policy", "default"], "path": "/bin/true"}, "a": {"path": "/a"}}}'
install docker --write
ok "docker: the order of the members says nothing" holds docker '.runtimes | keys_unsorted == ["jailrun", "a"]'
fresh '{"runtimes": {"jailrun": {"path": "/old"}, "a": {"path": "/a"}}}'
install docker --write --policy none
ok "docker: an old one is replaced, in its place" holds docker \
	'.runtimes.jailrun == {path: "/bin/true", runtimeArgs: ["--policy", "none"]} and (.runtimes | keys_unsorted) == ["jailrun", "a"]'
fresh '{"runtimes": 5}'
install docker --write
like "docker: runtimes that are none" "$err" "line 1.*runtimes: must be an object, not a number"
fresh '{"a": 1,\n "a": 2}'
install docker --write
like "docker: a key that is there twice" "$err" "line 2: the key \"a\" is there twice"

for version in 1 2 3; do
	declare -A plugin=([1]=cri [2]=io.containerd.grpc.v1.cri [3]=io.containerd.cri.v1.runtime)
	fresh 'version = %s\n' $version
	install containerd --write
	ok "containerd: version $version" holds containerd ".plugins[\"${plugin[$version]}\"].containerd.runtimes.jailrun.options.BinaryName == \"/bin/true\""
done
fresh 'root = "/x"\n'
install containerd --write
ok "containerd: a file that says no version is of the first" holds containerd .plugins.cri.containerd.runtimes.jailrun
fresh 'version = 2\n'
install containerd --write
ok "containerd: where there is no runtime yet, its own is not lost" holds containerd \
	'.plugins["io.containerd.grpc.v1.cri"].containerd.runtimes.runc.runtime_type == "io.containerd.runc.v2"'
fresh 'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun]\nruntime_type = "io.containerd.runc.v2"\n'
install containerd --write
not_ok "containerd: where there is one, none is added" holds containerd \
	'.plugins["io.containerd.grpc.v1.cri"].containerd.runtimes.runc'
fresh 'version = 4\n'
install containerd --write
like "containerd: a version to come" "$err" "line 1: version: 1, 2 and 3 are known here"
fresh 'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]\nSystemdCgroup = true\n'
install containerd --write
ok "containerd: the manager of cgroups is that of the other runtimes" holds containerd \
	'.plugins["io.containerd.grpc.v1.cri"].containerd.runtimes.jailrun.options.SystemdCgroup'
fresh 'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd]\nsnapshotter = "overlayfs"\n'
install containerd --write --default
like "containerd: a table that cannot stand twice" "$err" "'containerd' is there already, in line 2"
fresh 'version = 2\ndisabled_plugins = ["cri"]\n'
install containerd --write
like "containerd: a word about a plugin that is switched off" "$err" "disabled_plugins"
fresh '[engine]\nruntime = "crun"\n'
install podman --write
like "podman: a table that cannot stand twice" "$err" "'engine' is there already, in line 1: name a file of its own"

# ---- files ----

fresh '{}'
chown 12:34 "$F" && chmod 640 "$F"
xattr() { python3 -c 'import os, sys; print(os.getxattr(sys.argv[1], "user.test").decode())' "$1"; }
python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.test", b"kept")' "$F" || diag "no extended attributes here"
mkdir -p "$T/elsewhere"
mv "$F" "$T/elsewhere/daemon.json"
ln -s elsewhere/daemon.json "$F"
install docker --write
ok "a link stays a link" test -L "$F"
ok "its target is replaced" holds docker "${want[docker]}"
is "mode and owner stay" "$(stat -c '%a %u:%g' "$T/elsewhere/daemon.json")" "640 12:34"
is "the backup lies beside the target" "$(cat "$T"/elsewhere/daemon.json.jailrun-backup-*)" "{}"
is "with the same mode and owner" "$(stat -c '%a %u:%g' "$T"/elsewhere/daemon.json.jailrun-backup-*)" "640 12:34"
is "extended attributes stay" "$(xattr "$T/elsewhere/daemon.json") $(xattr "$T"/elsewhere/daemon.json.jailrun-backup-*)" "kept kept"
rm -r "$T/elsewhere"
install docker --write
like "a link that leads nowhere" "$err" "a symbolic link that leads nowhere"
fresh
F=$T/new/directory/daemon.json
install docker --write
ok "missing directories are made" test -f "$F"
rm -rf "$T/new"
F=$T/config

fresh '{}'
for _ in 1 2 3; do
	install docker --write
	"$JAILRUN" install docker --file "$F" --remove --write >/dev/null 2>&1
done
is "backups of one second do not meet" "$(backups)" 6

mkdir "$T/small"
mount -t tmpfs -o size=64k tmpfs "$T/small"
F=$T/small/daemon.json
jq -n '{x: ("y" * 20000)}' >"$F"
before=$(sum)
head -c 1M /dev/zero >"$T/small/filler" 2>/dev/null
install docker --write
is "a full disk is an error" "$rc" 1
like "which says so" "$err" "ENOSPC"
is "the file is as it was, and nothing beside it" "$(sum) $(ls -A "$T/small")" "$before daemon.json"$'\n'filler
rm "$T/small/filler"
install docker --write
is "with room it is written" "$rc" 0
umount "$T/small"
F=$T/config

# ---- words ----
refused() { # NAME TEXT ARGUMENTS...
	run "$JAILRUN" install "${@:3}"
	is "$1: is refused" "$rc" 1
	like "$1: in words" "$err" "$2"
}
fresh '{}'
refused "an engine that there is not" "it takes docker, containerd, podman or crio" rkt
refused "a relative program" "must be absolute" docker --file "$F" --path bin/true
refused "a program that is not there" "ENOENT" docker --file "$F" --path /nonexistent
refused "a program that cannot be executed" "EACCES" docker --file "$F" --path /etc/passwd
refused "a policy that is not there" "policy: policy 'nonsense' is not built in" docker --file "$F" --policy nonsense
refused "a policy where there are no arguments" "podman gives a runtime no arguments: say .*jailrun.json" podman --file "$T/none.conf" --policy none
refused "a name with a blank" "cannot be the name of a runtime" docker --file "$F" --name 'a b'
refused "--remove with a policy" "stands with" docker --file "$F" --remove --policy none
echo '{"audit": {"to": "journald"}}' >"$T/admin.json"
run "$JAILRUN" --admin-config "$T/admin.json" install docker --file "$T/none.json"
unlike "where denials go is not said to who has said it" "$err" "denials:"
for say in '{"defaultPolicy": "default"}' '{"floor": "default"}' '{"annotations": true}'; do
	echo "$say" >"$T/admin.json"
	"$JAILRUN" --admin-config "$T/admin.json" install docker --file "$T/admin-docker.json" --write >/dev/null 2>&1
	is "$say: who names the policy" "$(jq -c .runtimes.jailrun.runtimeArgs "$T/admin-docker.json")" \
		"$(case $say in *annotations*) echo '["--policy","default"]' ;; *) echo null ;; esac)"
done
echo '{"exec": {"allow": "x"}}' >"$T/bad.json"
refused "a policy that is broken" "exec.allow" docker --file "$F" --policy "$T/bad.json"
is "nothing of this has touched the file" "$(cat "$F")" "{}"
echo '{"name": "mine"}' >"$T/mine.json"
(cd "$T" && "$JAILRUN" install docker --file config --policy ./mine.json --write) >/dev/null 2>&1
ok "a policy by its path is named absolutely" holds docker ".runtimes.jailrun.runtimeArgs == [\"--policy\", \"$T/mine.json\"]"
ok "the program itself by default" holds docker ".runtimes.jailrun.path == \"$(realpath "$JAILRUN")\""

# Where the engine has no arguments for it, the policy goes into the administrator's configuration, of which this test has one of its own.
mkdir "$T/etc"
# in_etc SCRIPT: with an /etc whose changes are nobody else's.
in_etc() {
	# shellcheck disable=SC2016
	run "$TOP_SRCDIR/tests/lib/private-etc" "$T/etc" sh -c 'jailrun=$1
		install() { "$jailrun" install "$@" --path /bin/true; }
		eval "$2"' sh "$JAILRUN" "$1"
	[ "$rc" != 99 ] || skip "an overlay over /etc" "cannot be mounted here"
}
for engine in containerd podman crio; do
	in_etc "install $engine"
	is "$engine: the policy is shown" "$(head -n 4 <<<"$out" | tr -d ' \n')" '==>/etc/jailrun/jailrun.json<=={"defaultPolicy":"default"}'
	in_etc "install $engine --write >/dev/null 2>&1; cat /etc/jailrun/jailrun.json; stat -c '%a %u' /etc/jailrun/jailrun.json; install $engine --write"
	is "$engine: and written, once" "$(head -n 4 <<<"$out" | tr -d ' \n')" '{"defaultPolicy":"default"}6440'
	like "$engine: the second time nothing is changed" "$out" "nothing to change$"
	in_etc "install $engine --write --policy none >/dev/null 2>&1; cat /etc/jailrun/jailrun.json"
	like "$engine: --policy" "$out" '"defaultPolicy": "none"'
	in_etc "mkdir -p /etc/jailrun; echo '{\"floor\": \"default\"}' >/etc/jailrun/jailrun.json; install $engine --write; install $engine --policy none"
	is "$engine: a floor will do, and the file is its owner's" "$(grep -c jailrun.json <<<"$out")" 0
	like "$engine: what it does not say is to be said there" "$err" 'say "defaultPolicy": "none" in /etc/jailrun/jailrun.json'
	in_etc "mkdir -p /etc/jailrun; echo '{}' >/etc/jailrun/jailrun.json; install $engine --write; cat /etc/jailrun/jailrun.json"
	like "$engine: a file that says nothing stays" "$out" '\{\}$'
	like "$engine: with a word about it" "$err" "no policy: /etc/jailrun/jailrun.json has no defaultPolicy"
	in_etc "mkdir -p /etc/jailrun; echo '{' >/etc/jailrun/jailrun.json; install $engine --write"
	like "$engine: a broken one is an error" "$rc $out $err" "^1  .*jailrun.json: line"
done

# A user has files of his own.
command install -d -o 65534 -g 65534 "$T/home"
run setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$T/home" "$JAILRUN" install podman --path /bin/true --write
is "a user's files" "$rc $(sort <<<"$out")" "0 $T/home/.config/containers/containers.conf.d/jailrun.conf: written"$'\n'"$T/home/.config/jailrun/jailrun.json: written"
run setpriv --reuid 65534 --regid 65534 --clear-groups "$JAILRUN" install crio --path /bin/true --write
like "an engine that is root's" "$err" "call it as root"
is "the machine's own /etc is as it was" "$(own_etc)" "$etc"
done_testing
