#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The six hooks: when, where, with what on stdin and in the environment; and what becomes of a failure.
# shellcheck disable=SC2317 # ok calls functions
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/leftovers.sh"
need_root
need_command jq
need_runtime
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
id=jt-$$-h
mkdir -m 777 "$T/rec" "$T/rootfs/rec"
printf '{"init": "workload"}' >"$T/outer.json"

# What a hook sees of itself, into files D/NAME.*: of the host for those that are found there, of the container for startContainer.
cat >"$T/rec.sh" <<'SH'
n=$1 d=$2
cat >"$d/$n.stdin"
tr '\0' '\n' </proc/self/environ >"$d/$n.env"
for ns in mnt net pid uts ipc user; do readlink /proc/self/ns/$ns; done >"$d/$n.ns"
pwd >"$d/$n.cwd"
echo "$*" >"$d/$n.args"
echo "$n" >>"$d/order"
ls -d /rootfs-is-here >"$d/$n.fs" 2>/dev/null
ls /proc/self/fd | sort -n | tr '\n' ' ' >"$d/$n.fds"
: # the shell itself must not become the last command
SH
chmod 644 "$T/rec.sh"
cp "$T/rec.sh" "$T/rootfs/rec.sh"
touch "$T/rootfs/rootfs-is-here"

kinds=(prestart createRuntime createContainer startContainer poststart poststop)
# hook KIND NAME [DIR]: as an entry of config.json.
hook() {
	local script=$T/rec.sh dir=$T/rec
	[ "$1" != startContainer ] || script=/rec.sh dir=/rec
	jq -cn --arg n "$2" --arg s "$script" --arg d "$dir" '{path: "/bin/sh", args: ["sh", $s, $n, $d, "two words"], env: ["A=\($n)", "PATH=/bin:/usr/bin"]}'
}
all_hooks() {
	for k in "${kinds[@]}"; do
		jq -cn --arg k "$k" --argjson a "$(hook "$k" "$k-0")" --argjson b "$(hook "$k" "$k-1")" '{($k): [$a, $b]}'
	done | jq -cs add
}
# rec NAME SUFFIX: what was recorded.
rec() {
	local dir=$T/rec
	[[ $1 != startContainer-* ]] || dir=$T/rootfs/rec
	cat "$dir/$1.$2" 2>/dev/null
}
order() { tr '\n' ' ' <"$T/rec/order"; }
namespaces_of() { for ns in mnt net pid uts ipc user; do readlink "/proc/$1/ns/$ns"; done; }
clean() {
	rm -f "$T"/rec/* "$T"/rootfs/rec/*
	: >"$T/rec/order" && chmod 666 "$T/rec/order" # also for the root of a user namespace
}

user='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
sleeper=$(args_filter sleep 1000)
own=$(namespaces_of self)
# KIND NAMESPACE STATUS PID: of the runtime or of the container.
table=(
	"prestart runtime creating host"
	"createRuntime runtime creating host"
	"createContainer container creating inside"
	"startContainer container created inside"
	"poststart runtime running host"
	"poststop runtime stopped none"
)
chmod 755 "$T"
for case in "plain|none|." "jail|default|." "outer|$T/outer.json|." "user namespace|default|$user"; do
	IFS='|' read -r name policy _ <<<"$case"
	filter=${case#*|*|}
	clean
	chown -R 100000:100000 "$T/rootfs/rec"
	make_bundle "$T/b" "$sleeper | .hooks = $(all_hooks) | .annotations = {\"a.b\": \"c \\\" d\", \"com.example.x\": \"\"} | $filter"
	ok "$name: create" "$JAILRUN" --root "$ROOT" --policy "$policy" create --bundle "$T/b" "$id"
	is "$name: hooks of create, in order" "$(order)" "prestart-0 prestart-1 createRuntime-0 createRuntime-1 createContainer-0 createContainer-1 "
	is "$name: startContainer waits for start" "$(ls "$T/rootfs/rec")" ""
	pid=$(jr state "$id" | jq .pid)
	# With init: workload the container's pid namespace is the inner one.
	inside=$(namespaces_of "$([ "$name" = outer ] && pgrep -P "$pid" || echo "$pid")")
	ok "$name: start" env LEAK=1 "$JAILRUN" --root "$ROOT" start "$id"
	is "$name: hooks of start" "$(tr '\n' ' ' <"$T/rootfs/rec/order")$(tail -n 2 "$T/rec/order" | tr '\n' ' ')" \
		"startContainer-0 startContainer-1 poststart-0 poststart-1 "
	state=$(jr state "$id")
	ok "$name: delete" jr delete -f "$id"
	is "$name: hooks of delete" "$(tail -n 2 "$T/rec/order" | tr '\n' ' ')" "poststop-0 poststop-1 "
	for row in "${table[@]}"; do
		read -r kind where status whose <<<"$row"
		n=$kind-1
		case $whose in
		host) want_pid=$pid ;;
		inside) want_pid=1 ;;
		none) want_pid=0 ;;
		esac
		is "$name: $kind: the state on stdin, whole" "$(rec "$n" stdin | jq -cS .)" \
			"$(jq -cS --arg s "$status" --argjson p "$want_pid" '{ociVersion, id, status: $s, pid: $p, bundle, annotations}' <<<"$state")"
		is "$name: $kind: environment, the hook's alone" "$(rec "$n" env | grep -vE '^(PWD|OLDPWD|SHLVL|_)=' | sort | tr '\n' ';')" "A=$n;PATH=/bin:/usr/bin;"
		if [ "$kind" = startContainer ]; then
			is "$name: $kind: arguments" "$(rec "$n" args)" "$n /rec two words"
			is "$name: $kind: the path is the container's" "$(rec "$n" fs)" /rootfs-is-here
			is "$name: $kind: cwd is the process's" "$(rec "$n" cwd)" /
		else
			is "$name: $kind: arguments" "$(rec "$n" args)" "$n $T/rec two words"
			is "$name: $kind: the path is the runtime's" "$(rec "$n" fs)" ""
			is "$name: $kind: cwd is the bundle" "$(rec "$n" cwd)" "$T/b"
		fi
		[ "$where" = runtime ] && want=$own || want=$inside
		is "$name: $kind: in the namespaces of the $where" "$(rec "$n" ns | tr '\n' ' ')" "$(tr '\n' ' ' <<<"$want")"
		like "$name: $kind: no fds but the three" "$(rec "$n" fds)" '^0 1 2 3 $'
	done
done

# ---- failures: FORM KIND, what is left of the container, which hooks ran ----

bad='{"path": "/bin/sh", "args": ["sh", "-c", "echo some words; exit 7"]}'
stop="$(hook poststop poststop-0)"
for kind in prestart createRuntime createContainer startContainer poststart; do
	for form in run create; do
		clean
		make_bundle "$T/b" "$sleeper | .hooks = {$kind: [$bad, $(hook "$kind" second)], poststop: [$bad, $stop]}"
		leftovers_begin "$T/b"
		case $form:$kind in
		run:*) jrun --policy default run -d --pid-file "$T/pid" --bundle "$T/b" "$id" ;;
		create:poststart | create:startContainer)
			jr --policy default create --bundle "$T/b" "$id" >/dev/null
			jrun start "$id"
			;;
		*) jrun --policy default create --pid-file "$T/pid" --bundle "$T/b" "$id" ;;
		esac
		is "$form: a $kind hook that fails is an error" "$rc" 1
		like "$form: $kind: which names the hook, its status and its words" "$err" "hooks\\.$kind\\[0\\].*/bin/sh.*7.*some words"
		like "$form: $kind: a poststop hook that fails is a warning" "$err" "(warn|WARN).*hooks\\.poststop\\[0\\].*7"
		is "$form: $kind: the one after it is not run, those of poststop are" "$(order)$(ls "$T/rootfs/rec")" "poststop-0 "
		is "$form: $kind: poststop is told of a stopped container" "$(rec poststop-0 stdin | jq -r .status)" stopped
		clean
		nothing_left "$form: $kind: nothing is left" "$id"
		not_ok "$form: $kind: no pid file" test -e "$T/pid"
		jr delete -f "$id"
	done
done
# The control of those: the same without the bad one. And a failure that is none of a hook's, before their time and after.
clean
make_bundle "$T/b" "$(args_filter true) | .hooks = {createRuntime: [$(hook createRuntime c)], poststop: [$stop]}"
jrun run --bundle "$T/b" "$id"
is "a run without a failure (control)" "$rc:$(order)" "0:c poststop-0 "
clean
make_bundle "$T/b" "$(args_filter true) | .hooks = {createRuntime: [$(hook createRuntime c)], poststop: [$stop]} | .mounts += [{destination: \"/x\", type: \"nosuchfs\"}]"
jrun run --bundle "$T/b" "$id"
is "what fails before the hooks runs none" "$rc:$(order)" "1:"
make_bundle "$T/b" "$(args_filter nosuch) | .hooks = {createRuntime: [$(hook createRuntime c)], poststop: [$stop]}"
jrun run --bundle "$T/b" "$id"
is "what fails after them runs poststop" "$rc:$(order)" "1:c poststop-0 "
clean

# ---- hooks that misbehave ----

# one KIND HOOK [SECONDS]: runs a container with that hook; sets $rc, $err, $took (ms).
one() {
	local begin
	make_bundle "$T/b" "$(args_filter true) | .hooks = {$1: [$2]}"
	begin=$(date +%s%N)
	jrun --policy "${policy:-none}" run --bundle "$T/b" "$id"
	took=$((($(date +%s%N) - begin) / 1000000))
}
script() { jq -cn --arg s "$1" '{path: "/bin/sh", args: ["sh", "-c", $s], env: ["PATH=/bin:/usr/bin"]}'; }
for kind in createRuntime createContainer startContainer poststop; do
	[ $kind = poststop ] && fails=0 || fails=1
	for policy in none default; do
		# Only those of startContainer are the helper's.
		[ $policy:$kind != default:"${kind#startContainer}" ] || continue
		what="$kind, $policy"
		one $kind "$(script "echo begun; sleep 531$$ & sleep 531$$" | jq -c '.timeout = 1')"
		is "$what: a hook that exceeds its timeout" "$rc" "$fails"
		like "$what: is told of" "$err" "hooks.$kind\\[0\\].*timeout of 1 s.*"
		ok "$what: after its time, and not long after" test "$took" -ge 1000 -a "$took" -lt 8000
		not_ok "$what: its process group went with it" pgrep -f "sleep 531$$"
		one $kind "$(script 'kill -9 $$')"
		is "$what: a hook that is killed" "$rc" "$fails"
		one $kind '{"path": "/nosuch/hook"}'
		is "$what: a hook that is not there" "$rc" "$fails"
		like "$what: is named" "$err" "hooks.$kind\\[0\\].*/nosuch/hook.*No such file"
		one $kind "$(script 'dd if=/dev/zero bs=1000000 count=50 2>/dev/null; echo; echo last words >&2; exit 1')"
		is "$what: 50 MB of output before a failure" "$rc" "$fails"
		like "$what: the end of it is told" "$err" 'last words'
		one $kind "$(script 'dd if=/dev/zero bs=1000000 count=50 2>/dev/null')"
		is "$what: 50 MB of output" "$rc" 0
		one $kind "$(script 'exec <&- >&- 2>&-; exit 0')"
		is "$what: a hook that closes its stdin unread" "$rc" 0
		# What it leaves running holds nobody up: not by its open output, nor by writing there without end.
		one $kind "$(script "(for i in \$(seq 600); do echo x; sleep 0.01; done) & sleep 6.32 & exit 0")"
		is "$what: a hook that daemonizes" "$rc" 0
		ok "$what: and holds nobody up" test "$took" -lt 5000
		one $kind "$(script 'true')"
		is "$what: control" "$rc" 0
	done
done
# A hook without args has its path as argv[0]. Without env it has the environment of its side: the runtime's, or that of the
# container's process, as with runc; but no hook of the host has the latter, whatever it leaves out (CVE-2025-23266).
cat >"$T/self.c" <<'C'
#include <stdio.h>
int main(int argc, char **argv, char **envp)
{
	FILE *f = fopen(OUT, "w");
	int n = fprintf(f, "%d %s", argc, argv[0]);
	while (*envp)
		fprintf(f, " %s", *envp++);
	return n < 0 || fprintf(f, "\n") < 0;
}
C
gcc -DOUT="\"$T/rec/self\"" -o "$T/self" "$T/self.c" && gcc -static -DOUT='"/rec/self"' -o "$T/rootfs/self" "$T/self.c"
self_hook() { # KIND FIELDS
	local path=$T/self dir=$T/rec
	[ "$1" != startContainer ] || path=/self dir=$T/rootfs/rec
	make_bundle "$T/b" "$(args_filter true) | .process.env = [\"OF=process\"] | .hooks = {$1: [{path: \"$path\"$2}]}"
	rm -f "$dir/self"
	rc=0
	env -i "PATH=$PATH" OF=runtime "$JAILRUN" --root "$ROOT" --policy none run --bundle "$T/b" "$id" || rc=$?
	hook_saw=$rc:$(cat "$dir/self")
}
for kind in "${kinds[@]}"; do
	path=$T/self env=" PATH=$PATH OF=runtime"
	[ "$kind" != startContainer ] || path=/self env=" OF=process HOME=/root"
	self_hook "$kind" ""
	is "no args, no env: $kind" "$hook_saw" "0:1 $path$env"
	self_hook "$kind" ', env: []'
	is "an empty env is an empty environment: $kind" "$hook_saw" "0:1 $path"
	self_hook "$kind" ', env: ["OF=config.json"]'
	is "its own env is all of it: $kind (control)" "$hook_saw" "0:1 $path OF=config.json"
done
# The paths: a program of the host alone, and one of the container alone.
one startContainer "{\"path\": \"$T/self\"}"
is "startContainer does not find a program of the host" "$rc" 1
for kind in prestart createRuntime createContainer; do
	one $kind '{"path": "/self"}'
	is "$kind does not find one of the container" "$rc" 1
	one $kind "{\"path\": \"$T/self\"}"
	is "$kind finds one of the host" "$rc" 0
done
# The environment of the container's process reaches no hook of the host (CVE-2025-23266).
make_bundle "$T/b" "$(args_filter true) | .process.env += [\"LD_PRELOAD=/evil.so\", \"A=evil\"] | .hooks = {createContainer: [$(hook createContainer c)]}"
jrun run --bundle "$T/b" "$id"
is "a hook has nothing of process.env" "$rc:$(grep -c -e LD_PRELOAD -e evil "$T/rec/c.env")" "0:0"
# startContainer hooks are confined as the workload is.
make_bundle "$T/b" "$(args_filter true) | .process.user = {uid: 1000, gid: 1000} | .process.capabilities = {} | .hooks = {startContainer: [$(script 'id -u; grep -E "^(CapEff|CapBnd)" /proc/self/status; exit 1')]}"
jrun run --bundle "$T/b" "$id"
like "startContainer: user and capabilities of the process" "$(tr -d '\n' <<<"$err")" '1000.*CapEff:.0000000000000000.*CapBnd:.0000000000000000'
# ---- hooks see the container at root.path, and what they mount there is the container's ----

echo of-the-host >"$T/gift" && mkdir -p "$T/rootfs/gift.d" "$T/rootfs/scratch" && : >"$T/rootfs/gift.d/file"
chmod 644 "$T/gift"
# As hooks for graphics cards do it: from outside, into the mount namespace of the pid on stdin.
cat >"$T/enter.sh" <<'SH'
pid=$(jq .pid)
nsenter -m -t "$pid" sh -c "ls -d $1/proc/self $1/dev/null $1/scratch/. && mount --bind $2 $1/gift.d/file" >"$3" 2>&1
SH
# And from inside the container's namespaces, in its mount namespace before pivot_root; as CDI's hooks, which execute ldconfig of the
# container's root.
cat >"$T/inside.sh" <<'SH'
cat >/dev/null
{ ls -d "$1/proc/self" "$1/dev/null" "$1/scratch/." && mount --bind "$2" "$1/gift.d/file" && chroot "$1" /bin/grep -q of-the-host /gift.d/file; } >"$3" 2>&1
SH
sees() { # KIND ROOTFS
	local script=$T/enter.sh
	[ "$1" != createContainer ] || script=$T/inside.sh
	jq -cn --arg s "$script" --arg r "$2" --arg g "$T/gift" --arg o "$T/rec/seen" '{path: "/bin/sh", args: ["sh", $s, $r, $g, $o], env: ["PATH=/usr/sbin:/usr/bin:/bin"]}'
}
scratch='.mounts += [{destination: "/scratch", type: "tmpfs", source: "tmpfs"}]'
look='cat /gift.d/file; grep -c . /proc/self/mountinfo; ls -a /; ls -di /'
closed=$T/closed
mkdir -m 700 "$closed" && mkdir -p "$closed/r" && mount --bind "$T/rootfs" "$closed/r" && at_exit umount -l "$closed/r"
for case in "plain|none|$T/rootfs|.|" "jail|default|$T/rootfs|.|" "outer|$T/outer.json|$T/rootfs|.|" "user namespace|none|$T/rootfs|user|" \
	"user namespace, closed directory|none|$closed/r|user|" "outer in a user namespace|$T/outer.json|$closed/r|user|" \
	"no-pivot|none|$T/rootfs|.|--no-pivot" "slave|none|$T/rootfs|.linux.rootfsPropagation = \"rslave\"|" \
	"shared|none|$T/rootfs|.linux.rootfsPropagation = \"rshared\"|"; do
	IFS='|' read -r name policy at filter option <<<"$case"
	[ "$filter" != user ] || filter=$user
	base="$(sh_filter "$look") | $filter | $scratch | .root.path = \"$at\""
	: >"$T/rec/seen" && chmod 666 "$T/rec/seen"
	make_bundle "$T/b" "$base"
	jrun --policy "$policy" run ${option:+"$option"} --bundle "$T/b" "$id"
	plain=$out
	like "$name: without the hook there is nothing in the file (control)" "$rc:$plain" '^0:[0-9]+'
	for kind in prestart createRuntime createContainer; do
		# A createContainer hook is the container's root, who cannot search that directory.
		[ "$at:$kind" != "$closed/r:createContainer" ] || continue
		make_bundle "$T/b" "$base | .hooks = {$kind: [$(sees $kind "$at")]}"
		jrun --policy "$policy" run ${option:+"$option"} --bundle "$T/b" "$id"
		is "$name: $kind sees the mounts at root.path" "$rc:$(tr '\n' ' ' <"$T/rec/seen")" "0:$at/dev/null $at/proc/self $at/scratch/. " || diag "$err"
		is "$name: $kind: its mount is in the container, and nothing else is new" "$out" \
			"of-the-host"$'\n'"$(awk 'NR == 1 { $1++ } 1' <<<"$plain")"
	done
done
is "no hook's mount came to the host" "$(cat "$T/rootfs/gift.d/file"; grep -c "$T/rootfs\|gift" /proc/self/mountinfo)" 1
# Who cannot find root.path is told, and the container starts.
chown 12345 "$closed"
make_bundle "$T/b" "$(args_filter true) | $user | .root.path = \"$closed/r\" | .hooks = {createRuntime: [$(script true)]}"
jrun run --bundle "$T/b" "$id"
is "a directory that the container's root cannot search: the container starts" "$rc" 0 || diag "$err"
like "and it is said that hooks do not see it" "$err" "cannot find '$closed/r'"
done_testing
