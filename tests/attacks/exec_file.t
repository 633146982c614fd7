#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the kernel executes beside the program: its interpreter, its script, and what lies at a path after mounts of the workload's own.
# Each way has a control without the rule. As root, as uid 1000, and in a user namespace.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
progs=$TOP_BUILDDIR/tests/attacks/progs
[ -x "$progs/loader_exec" ] || skip_all "tests/attacks/progs is not built"
true_bin=$(readlink -f /usr/bin/true)
loader=$(ldd "$true_bin" | awk '/ld-linux|ld64|ld\.so/ { print $1; exit }')
[ -n "$loader" ] || skip_all "/usr/bin/true is not dynamic"
real_loader=$(readlink -f "$loader")
R=$T/b/rootfs
make_busybox_rootfs "$R"
cp "$progs"/* "$R/bin/"
# A dynamic program, with the loader and the library as the host has them.
mkdir -p "$R$(dirname "$loader")" "$R$(dirname "$real_loader")" "$R/opt"
cp "$true_bin" "$R/opt/dynamic"
cp "$real_loader" "$R$real_loader"
[ "$loader" = "$real_loader" ] || ln -s "$real_loader" "$R$loader"
libc=$(ldd "$true_bin" | awk '/libc\.so/ { print $3; exit }')
mkdir -p "$R$(dirname "$libc")"
cp "$libc" "$R$libc"
cp "$progs/loader_exec" "$R/opt/denied"
cp "$progs/race_exec" "$R/opt/prog_a"
cp "$progs/race_exec" "$R/bin/prog_d"
cp "$(command -v busybox)" "$R/opt/busybox-box"
printf '#!opt/busybox-box sh\necho escaped\n' >"$R/tmp/script"
chmod 755 "$R/tmp/script"
tries=${ATTACK_TRIES:-300}
none='{}'
rules='{"exec": {"allow": ["/bin/busybox", "/bin/loader_exec", "/bin/script_fd", "/bin/mount_exec", "/opt/dynamic", "/opt/busybox-box", "/opt/prog_a"]}}'
admin='.process.capabilities.bounding += ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT"] | .process.capabilities.effective += ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT"]
	| .process.capabilities.permitted += ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT"]'
ptrace=${admin//CAP_SYS_CHROOT/CAP_SYS_PTRACE}
user='.process.user = {uid: 1000, gid: 1000}'
userns='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'

# attack POLICY SCRIPT [FILTER]
attack() {
	printf '%s' "$1" >"$T/policy.json"
	make_bundle "$T/b" "$(sh_filter "$2") | ${3-.}"
	rm -f "$T/audit"
	RUN_TIMEOUT=120 jrun --policy "$T/policy.json" --audit "$T/audit" run --bundle "$T/b" "jt-$$-a"
}

# way NAME WORD SCRIPT [FILTER]: prints WORD where it works.
way() {
	attack "$none" "$3" "${4-.}"
	like "$1 (control)" "$out" "$2" || diag "$out $err"
	attack "$rules" "$3" "${4-.}"
	unlike "$1: refused" "$out" "$2" || diag "$out $err"
	like "$1: reported" "$(cat "$T/audit" 2>&1)" '"rule":"exec"'
}

as() {
	case $1 in
	root) echo "$admin" ;;
	"uid 1000") echo "$user" ;;
	*) echo "$userns" ;;
	esac
}

for who in root "uid 1000" "a user namespace"; do
	filter=$(as "$who")
	attack "$rules" '/opt/dynamic && echo ran' "$filter"
	like "as $who: a dynamic program runs without naming its loader" "$out" ran || diag "$err" "$(cat "$T/audit")"
	way "as $who: an interpreter of the workload's own in a root of its own" escaped "/bin/loader_exec root /opt/denied /opt/dynamic $loader" "$filter"
	way "as $who: an interpreter under a mount of the workload's own" escaped "/bin/loader_exec mount /opt/denied /opt/dynamic $real_loader" "$filter"
	for round in 1 2 3 4 5; do
		attack "$none" "/bin/loader_exec race /opt/denied /opt/dynamic $real_loader $((tries * round))" "$filter"
		[[ $out != *escaped=[1-9]* ]] || break
	done
	like "as $who: an interpreter that changes (control)" "$out" 'escaped=[1-9]' || diag "$err"
	attack "$rules" "/bin/loader_exec race /opt/denied /opt/dynamic $real_loader $tries" "$filter"
	diag "$out"
	like "as $who: an interpreter that changes: none ran" "$out" 'escaped=0$' || diag "$err"
	way "as $who: a script by its descriptor" escaped '/bin/script_fd fd /tmp/script' "$filter | .process.cwd = \"/\""
	way "as $who: a script in a /dev/fd of the workload's own" escaped '/bin/script_fd dir /tmp/script' "$filter"
done

# The named loader may be the interpreter from another root, since it may run anything anyway. Another file of that name may not.
attack '{"exec": {"allow": ["/bin/busybox", "/bin/loader_exec", "/opt/dynamic", "'"$real_loader"'"]}}' "/bin/loader_exec root /opt/denied /opt/dynamic $loader" "$admin"
unlike "a named loader: not another file of its name" "$out" escaped

# Who decides: a scout is as far out of reach as PID 1.
scout='/bin/busybox true; for p in /proc/[0-9]*; do read -r c <$p/comm; [ "$c" = jailrun-init ] && s=${p#/proc/}; done; [ $s != 1 ] && echo scout; /bin/touch_init $s'
touching='{"exec": {"allow": ["/bin/"]}}'
attack "$touching" 'sleep 60 & sleep 0.2; /bin/touch_init $!' "$ptrace"
like "with CAP_SYS_PTRACE (control): there are ways into a process" "$out" 'touch_init:.* mem( |$)' || diag "$err"
for who in "$admin" "$ptrace"; do
	attack "$touching" "$scout" "$who"
	diag "$out"
	like "there is a scout" "$out" '^scout'
	unlike "no way into its memory and its files" "$out" 'touch_init:.* (mem|vm|ptrace|pidfd|fd)( |$)'
done

for ro in false true; do
	filter="$admin | .root.readonly = $ro | .mounts += [{destination: \"/tmp\", type: \"tmpfs\", source: \"tmpfs\"}]"
	way "read-only $ro: a bind over an allowed program" ': ran' '/bin/mount_exec /opt/prog_a /bin/prog_d here' "$filter"
	way "read-only $ro: a file system over its directory" ': ran' '/bin/mount_exec /opt/prog_a /bin/prog_d tree' "$filter"
done

# A root that cannot be copied: only where nobody may mount.
attack "$rules" 'echo began' "$admin | .linux.rootfsPropagation = \"unbindable\""
like "an unbindable root and CAP_SYS_ADMIN: refused" "$rc $err" '^1 .*linux.rootfsPropagation: "unbindable" and CAP_SYS_ADMIN' || diag "$out $err"
attack "$rules" '/opt/dynamic && echo ran; /opt/denied --report || echo $?' '.linux.rootfsPropagation = "unbindable"'
is "an unbindable root without it: judged all the same" "$out" "ran
126" || diag "$err"

# What the container's own tree is made of.
mkdir -p "$T/vol/sub" "$T/lower" "$T/upper" "$T/work" "$T/merged"
cp "$progs/race_exec" "$T/vol/prog_a"
cp "$progs/race_exec" "$T/vol/sub/prog_a"
volumes='.mounts += [{destination: "/vol", type: "bind", source: $vol, options: ["rbind"]}, {destination: "/vol/sub", type: "bind", source: ($vol + "/sub"), options: ["rbind", "ro"]}]'
printf '%s' '{"exec": {"allow": ["/bin/busybox", "/vol/"]}}' >"$T/policy.json"
make_bundle "$T/b" "$(sh_filter '/vol/prog_a --report && /vol/sub/prog_a --report && echo both') | $volumes" --arg vol "$T/vol"
jrun --policy "$T/policy.json" run --bundle "$T/b" "jt-$$-v"
is "programs of volumes, one in the other" "$out" both || diag "$err"
attack '{"exec": {"allow": ["/bin/busybox", "/opt/prog_a"]}}' 'cp /opt/prog_a /opt/new && mv /opt/new /opt/prog_a && /opt/prog_a --report && echo new; cp /bin/prog_d /opt/prog_d; /opt/prog_d; echo $?'
like "a file that was replaced by rename is judged by its path" "$out" "new.126" || diag "$out $err"
if mount -t overlay none -o "lowerdir=$R,upperdir=$T/upper,workdir=$T/work" "$T/merged" 2>"$T/ok.log"; then
	at_exit "umount -l '$T/merged'"
	printf '%s' "$rules" >"$T/policy.json"
	ROOTFS=$T/merged make_bundle "$T/b" "$(sh_filter '/opt/dynamic && cp /opt/dynamic /opt/x && mv /opt/x /opt/dynamic && /opt/dynamic && echo ran; /opt/denied --report || echo $?') | $admin"
	jrun --policy "$T/policy.json" run --bundle "$T/b" "jt-$$-o"
	is "an overlay as the root, before and after a copy up" "$out" "ran
126" || diag "$err"
	ROOTFS=$T/merged attack "$rules" "/bin/loader_exec mount /opt/denied /opt/dynamic $real_loader" "$admin"
	unlike "an overlay as the root: an interpreter under a mount: refused" "$out" escaped
else skip "an overlay as the root" "it cannot be mounted here: $(cat "$T/ok.log")"; fi
done_testing
