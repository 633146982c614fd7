#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Errors that people get: each names the field or the file, says why, and what to do where that is not plain. A row is a name, a filter of
# config.json (or "-"), a policy (or "-"), the words that the message has to have, and the command line after --root.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_command jq busybox
need_runtime
make_busybox_rootfs "$T/rootfs"
ROOTFS=$T/rootfs
mkdir "$T/empty"
make_bundle "$T/b" "$(args_filter true)"
cp "$T/b/config.json" "$T/good.json"
jrun run --bundle "$T/b" jt-$$-good
is "control: the container of these rows runs" "$rc" 0
row() { # NAME FILTER POLICY WORDS COMMAND...
	local name=$1 words=$4 word said=()
	if [ "$2" = - ]; then cp "$T/good.json" "$T/b/config.json"; else jq "$2" "$T/good.json" >"$T/b/config.json"; fi
	[ "$3" = - ] || { printf '%s' "$3" >"$T/policy.json"; said=(--policy "$T/policy.json"); }
	shift 4
	jrun "${said[@]}" "$@"
	isnt "$name: an error" "$rc" 0
	while read -r word; do
		if [[ $err == *"$word"* ]]; then pass "$name: says \"$word\""; else
			fail "$name: says \"$word\""
			diag "  got: $err"
		fi
	done <<<"${words//|/$'\n'}"
}
run=(run --bundle "$T/b" jt-$$-m)

# The command line.
row "a flag with letters swapped" - - 'did you mean --policy?' run --polciy x "$T/b"
row "a flag of the command" - - 'did you mean --report?' run --reprot x "$T/b"
row "a command" - - 'did you mean delete?' delte x
row "a flag that is like none" - - 'not defined: -frobnicate' list --frobnicate
row "no bundle" - - "config.json not found in '$T/empty'|--bundle|jailrun spec" run --bundle "$T/empty" x
row "a directory without a bundle" - - "$T/empty|no config.json" run "$T/empty"
row "a bundle and no ID" - - "container id cannot be empty|run -b $T/b ID" run -b "$T/b"
row "a report in no directory" - - '--report|/no/such' run --report /no/such/file "$T/b"
row "an audit file in no directory" - - "--audit|/no/such/file|make it, or name another" --audit /no/such/file run "$T/b"
unlike "an audit file in no directory: not in the words for a missing program" "$err" 'No such file|no such file'
row "a log in no directory" - - '--log|/no/such' --log /no/such/file list
row "a pid file in no directory" - - '--pid-file|/no/such' run --pid-file /no/such/pid -b "$T/b" x
row "a config that is not there" - - "--config: open '/no/such/config'" run --config /no/such/config -b "$T/b" x
printf '{"ociVersion": "1.0.0", "process": {"args": 5, "cwd": "/"}}' >"$T/p.json"
row "a config with a mistake" - - "--config: $T/p.json: process.args: must be an array" run --config "$T/p.json" -b "$T/b" x
row "a config that is a directory" - - "--config: '$T' is a directory" run --config "$T" -b "$T/b" x
row "a container that is not there" - - 'container does not exist' state nobody
row "a duration" - - 'interval' events --interval x nobody

# config.json.
row "an rlimit" '.process.rlimits = [{"type":"RLIMIT_FROB","soft":1,"hard":1}]' - 'process.rlimits[0].type|RLIMIT_FROB' "${run[@]}"
row "a soft limit above the hard one" '.process.rlimits = [{"type":"RLIMIT_NOFILE","soft":2,"hard":1}]' - 'process.rlimits[0]|must not exceed the hard limit' "${run[@]}"
row "a type" '.process.args = "true"' - 'process.args' "${run[@]}"
row "a sysctl of the host" '.linux.sysctl = {"kernel.panic":"1"}' - 'linux.sysctl["kernel.panic"]|would change the host' "${run[@]}"
for row in kernel.pid_max:6.14 vm.memfd_noexec:6.3; do
	want=needs first=$(printf '%s\n' "${row#*:}" "$(uname -r)" | sort -V | head -n 1)
	[ "$first" = "${row#*:}" ] || want="since Linux ${row#*:}|remove it"
	row "${row%:*}" "del(.linux.namespaces[] | select(.type == \"pid\")) | .linux.sysctl = {\"${row%:*}\":\"1\"}" - "${row%:*}|pid namespace|$want" "${run[@]}"
done
row "no program" '.process.args = ["/no/such"]' - '/no/such|no such file or directory' "${run[@]}"
row "no program in PATH" '.process.args = ["nosuch"]' - '"nosuch"|executable file not found in $PATH' "${run[@]}"
row "a directory as program" '.process.args = ["/etc"]' - '"/etc"|is a directory|permission denied' "${run[@]}"
row "no rootfs" '.root.path = "/no/such/rootfs"' - '/no/such/rootfs' "${run[@]}"
row "no source of a mount" '.mounts += [{"destination":"/mnt","type":"bind","source":"/no/such/source","options":["bind"]}]' - \
	'mounts[|/no/such/source' "${run[@]}"
row "a time that is too far" '.linux.namespaces += [{"type":"time"}] | .linux.timeOffsets = {"boottime":{"secs":9000000000000}}' - \
	'linux.timeOffsets|9000000000000 is too large|take a smaller one' "${run[@]}"

# Policies.
row "a key of a policy" - '{"exce":{}}' '"exce"|nearest known key is "exec"' "${run[@]}"
row "a call of a policy" - '{"syscalls":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdri"],"action":"SCMP_ACT_ERRNO"}]}}' "'mkdri'|syscalls.syscalls[0]" "${run[@]}"
row "a key that is yet to come" - '{"stop_at":{}}' 'stop_at: line 1|cannot enforce it yet|remove it' "${run[@]}"
row "no policy" - - '/no/such/policy' --policy /no/such/policy "${run[@]}"
row "the first program is refused" - '{"exec":{"allow":["/usr/bin/nothing"]}}' 'rule exec|policy' "${run[@]}"

# A signal: of a container that runs.
make_bundle "$T/b" "$(args_filter sleep 100)"
cp "$T/b/config.json" "$T/good.json"
jr run --detach --bundle "$T/b" jt-$$-sig >/dev/null 2>&1
row "a process that is not there" - - "--process: open '/no/such/process'" exec -p /no/such/process jt-$$-sig
row "a process with a mistake" - - "--process: $T/p.json: args: is required" exec -p "$T/p.json" jt-$$-sig
for option in --nosuch '-o nosuch' -Q; do
	# shellcheck disable=SC2086 # words
	row "ps $option" - - 'ps: exit status 1: error: un|options of the host' ps jt-$$-sig $option
	unlike "ps $option: one line" "$err" $'\n'
done
row "a signal" - - '"TREM"|did you mean TERM?' kill jt-$$-sig TREM
jr delete --force jt-$$-sig
# Global flags stand behind the command as well.
ok "a global flag behind the command" "$JAILRUN" list --root "$ROOT"

# A full disk: the directory is named. First without room for data, with one file more; then without room for a file.
F=$T/full
mkdir "$F"
mount -t tmpfs -o size=8m,nr_inodes=1000 none "$F" && at_exit "umount '$F'"
mkdir "$F/state" "$F/state/x"
make_busybox_rootfs "$F/rootfs"
dd if=/dev/zero of="$F/data" bs=4k 2>/dev/null
make_bundle "$T/b" "$(args_filter true)"
cp "$T/b/config.json" "$T/good.json"
row "a full disk: the state root" - - "write 'state.json|No space left on device|make room in '$F/state/jt-$$-m'" --root "$F/state" "${run[@]}"
row "a full disk: the report, before anything starts" '.process.args = ["nosuch"]' - "--report|No space left on device|make room in '$F'" run --report "$F/r" -b "$T/b" "jt-$$-m"
row "a full disk: the pid file" - - "--pid-file|No space left on device|make room in '$F'" run --pid-file "$F/pid" -b "$T/b" "jt-$$-m"
row "a full disk: spec" - - "write '$F/config.json'|No space left on device" spec --bundle "$F"
i=0
while : 2>/dev/null >"$F/state/x/$i"; do i=$((i + 1)); done
isnt "control: there was room for a file" "$i" 0
row "no room for a file: the state root" - - "make the state directory '$F/state/jt-$$-m'|No space left on device" --root "$F/state" "${run[@]}"
row "no room for a file: the report" - - "--report|No space left on device|make room in '$F'" run --report "$F/r" -b "$T/b" "jt-$$-m"
row "no room for a file: the pid file" - - "--pid-file|No space left on device|make room in '$F'" run --pid-file "$F/pid" -b "$T/b" "jt-$$-m"
row "no room for a file: the log" - - "--log: open '$F/log'|No space left on device" --log "$F/log" "${run[@]}"
row "no room for a file: the audit file" - - "--audit: open '$F/log'|No space left on device" --audit "$F/log" run "$T/b"
row "no room for a file: spec" - - "make '$F/config.json'|No space left on device" spec --bundle "$F"
root=".root.path = \"$F/rootfs\""
row "no room for a file: a mount point" "$root | .mounts += [{\"destination\":\"/mnt/new/dir\",\"type\":\"tmpfs\",\"source\":\"x\"}]" - \
	"mounts[7].destination|'/mnt' in the rootfs|No space left on device|make room in '$F/rootfs'" "${run[@]}"
row "no room for a file: a file to mount on" "$root | .mounts += [{\"destination\":\"/etc/new\",\"type\":\"bind\",\"source\":\"/etc/passwd\",\"options\":[\"bind\"]}]" - \
	"mounts[7].destination|'/etc/new' in the rootfs|No space left on device|make room in '$F/rootfs'" "${run[@]}"
row "no room for a file: cwd" "$root | .process.cwd = \"/new/cwd\"" - \
	"process.cwd|'/new' in the rootfs|No space left on device|make room in '$F/rootfs'" "${run[@]}"
is "a full disk: no container is left" "$(ls "$F/state")$(jr list -q | grep -c "jt-$$-m")" x0
done_testing
