# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # what is set here is for the tests
# Attack programs in a container under a policy. Source it after common.sh and bundle.sh.

# need_prog NAME...: the rootfs in $T/b/rootfs, with these programs of tests/attacks/progs in its /bin.
need_prog() {
	local p
	need_root
	need_runtime
	progs=$TOP_BUILDDIR/tests/attacks/progs
	[ -d "$T/b/rootfs" ] || make_busybox_rootfs "$T/b/rootfs"
	for p; do
		[ -x "$progs/$p" ] || skip_all "tests/attacks/progs/$p is not built"
		cp "$progs/$p" "$T/b/rootfs/bin/"
	done
	chmod 755 "$T/b"
}

# Who attacks: jq filters.
as_root=.
as_user='.process.user = {uid: 1000, gid: 1000} | .process.capabilities = {} | .process.noNewPrivileges = true'
in_userns='.linux.namespaces += [{type: "user"}] |
	.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
strong='.process.capabilities.bounding += ["CAP_SYS_ADMIN","CAP_KILL","CAP_SETUID","CAP_SETGID","CAP_SYS_CHROOT"] |
	.process.capabilities.permitted = .process.capabilities.bounding | .process.capabilities.effective = .process.capabilities.bounding | .process.noNewPrivileges = false'
# Without what would not go with signals.protect.
able=${strong/'"CAP_SYS_ADMIN",'/}
no_rlimits='del(.process.rlimits)'

# attack POLICY-JSON|NAME FILTER [OPTIONS of jailrun run]: in the foreground; sets $rc, $out, $err; denials go to $T/audit.
attack() {
	local policy=$1 filter=$2
	shift 2
	attack_policy "$policy"
	make_bundle "$T/b" "$filter" || return 1
	rm -f "$T/audit"
	RUN_TIMEOUT=${RUN_TIMEOUT:-100} jrun --policy "$attack_policy" --audit "$T/audit" run --bundle "$T/b" "$@" "jt-$$-a"
}

# attack_start POLICY-JSON|NAME ID FILTER: the same in the background; its output goes to $T/inside.
attack_start() {
	attack_policy "$1"
	make_bundle "$T/b" "$3" || return 1
	rm -f "$T/audit"
	jr --policy "$attack_policy" --audit "$T/audit" run -d --bundle "$T/b" "$2" >"$T/inside" 2>&1 </dev/null
}

attack_policy() {
	attack_policy=$1
	case $1 in '{'*)
		printf '%s' "$1" >"$T/policy.json"
		attack_policy=$T/policy.json
		;;
	esac
}

# milliseconds COMMAND...: how long it took, in $ms; its output goes to $T/timed.
milliseconds() {
	local from=${EPOCHREALTIME/./} to
	"$@" >"$T/timed" 2>&1 </dev/null
	local status=$?
	to=${EPOCHREALTIME/./}
	ms=$(((to - from) / 1000))
	return $status
}

# valid_audit NAME: each line that was written is a JSON object.
valid_audit() {
	ok "$1: the audit stream is JSON lines" jq -es 'all(type == "object")' "$T/audit"
}

# observe_start ID LIMIT processes|threads: counts the container's from outside until observe_end, which sets $looks, $most and $over: the
# looks, the most that lived at once, and in how many looks more than LIMIT did.
observe_start() {
	local init
	init=$(jr state "$1" | jq -r .pid)
	"$progs/observe" "$init" "$2" "$3" >"$T/observed" &
	observer=$!
}
observe_end() {
	kill -TERM "$observer"
	wait "$observer"
	read -r looks most over <"$T/observed" || looks=0 most=0 over=0
}
