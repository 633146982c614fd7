#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# signals.protect against others of the same user: each way is tried on a program that is not protected, and on one that is.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
need_root
need_runtime
progs=$TOP_BUILDDIR/tests/attacks/progs
[ -x "$progs/shield_ways" ] || skip_all "tests/attacks/progs is not built"
make_busybox_rootfs "$T/b/rootfs"
cp "$progs/shield_ways" "$T/b/rootfs/bin/attacker"
cp "$progs/shield_ways" "$T/b/rootfs/bin/guard"
cp "$progs/shield_ways" "$T/b/rootfs/bin/other"
policy='{"signals": {"protect": ["/bin/guard"]}}'
tries=${ATTACK_TRIES:-100}
[ "$tries" -le 100 ] || tries=100
user='.process.user = {uid: 1000, gid: 1000}'
userns='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
hidden='(.mounts[] | select(.type == "proc") | .options) += ["hidepid=4"]'

# attack FILTER WORD...: the attacker with these words under the policy.
attack() {
	local filter=$1
	shift
	printf '%s' "$policy" >"$T/policy.json"
	make_bundle "$T/b" "$docker_caps | $(args_filter /bin/attacker "$@") | $filter" || return
	rm -f "$T/audit"
	RUN_TIMEOUT=100 jrun --policy "$T/policy.json" --audit "$T/audit" run --bundle "$T/b" "jt-$$-a"
	[ -z "$err" ] || diag "$err"
}

# Which ways there are at all depends on the kernel, and on who one is; these are everywhere.
always="mem process_vm_writev kill prlimit itimer_real pdeathsig oom_score_adj coredump_filter clear_refs"
# What the filter refuses in the one who arms it fails there for every program; its control has no rules.
armed="setown setown_ex fiosetown lease dnotify clone_fs"

for who in "uid 1000" "uid 0" "user namespace, uid 1000" "user namespace, uid 0"; do
	filter=.
	[[ $who != *1000 ]] || filter=$user
	[[ $who != user* ]] || filter="$filter | $userns"
	# As root the files of /proc are one's own: another procfs is what closes them.
	[[ $who != *"uid 0" ]] || filter="$filter | $hidden"
	attack "$filter" /bin/other
	others=$out
	for way in $always; do
		like "$who: $way works on another program (control)" $'\n'"$others"$'\n' $'\n'"$way hit"
	done
	attack "$filter" /bin/guard
	for way in $always; do
		like "$who: $way does not on the protected one" $'\n'"$out"$'\n' $'\n'"$way held"
	done
	unlike "$who: nor does any other way" "$out" ' hit'
	like "$who: and all were tried" "$out" 'clone_fs held'
	policy='{"exec": {"allow": ["/bin/"]}}'
	attack "$filter" /bin/guard
	policy='{"signals": {"protect": ["/bin/guard"]}}'
	for way in $armed; do
		like "$who: $way works without the rule (control)" $'\n'"$out"$'\n' $'\n'"$way hit"
	done
done

# What is left open, so that its description in docs/policy.md stays true.
attack . /bin/guard
like "uid 0 without hidepid: oom_score_adj can be written" "$out" 'oom_score_adj hit'
like "uid 0 without hidepid: the memory cannot" "$out" 'mem held'
like "uid 0 without hidepid: create says so" "$err" 'hidepid=4'
attack "$hidden" /bin/guard oom_score_adj
unlike "uid 0 with hidepid: no warning" "$err" 'hidepid=4'
attack "$user" /bin/guard oom_score_adj
unlike "uid 1000: no warning" "$err" 'hidepid=4'

# /proc/PID/mem is opened all the time while the program is executed.
for who in "uid 1000" "uid 0"; do
	filter=.
	[[ $who != *1000 ]] || filter=$user
	attack "$filter" /bin/other race "$tries"
	diag "$who: control: $out"
	like "$who: the memory of another program is open in time (control)" "$out" 'written=[1-9]'
	attack "$filter" /bin/guard race "$tries"
	diag "$who: $out"
	is "$who: $tries times, never that of the protected one" "$out" "written=0 ran=$tries other=0"
done

# A program of 32 bits, without a C library: says that it is there, works for a while, and ends as the other does.
cat >"$T/narrow.c" <<'END'
static int call(int nr, int a, const void *b, int c)
{
	int r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory");
	return r;
}
__attribute__((used)) static void begin(int *sp)
{
	const char *fd = (const char *)sp[3]; /* argv[2] */
	const int span[] = {0, 900000000};
	int n = 0;

	for (; *fd; fd++)
		n = 10 * n + *fd - '0';
	call(4, n, "", 1);
	call(162, (int)span, 0, 0);
	call(1, 7, 0, 0);
}
__asm__(".globl _start\n_start: mov %esp, %eax\npush %eax\ncall begin\n");
END
if cc -m32 -O1 -static -nostdlib -fno-pie -no-pie -fno-stack-protector -mregparm=0 -o "$T/b/rootfs/bin/guard32" "$T/narrow.c" 2>"$T/cc.log"; then
	cp "$T/b/rootfs/bin/guard32" "$T/b/rootfs/bin/other32"
	policy='{"signals": {"protect": ["/bin/guard32"]}, "syscalls": {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]}}'
	for way in mem itimer_real pdeathsig; do
		attack "$user" /bin/other32 "$way"
		like "a program of 32 bits: $way (control)" "$out" "^$way hit"
		attack "$user" /bin/guard32 "$way"
		is "a program of 32 bits: $way does not work on the protected one" "$out" "$way held (status 7)" || diag "$(cat "$T/audit")"
	done
	policy='{"signals": {"protect": ["/bin/guard"]}}'
else skip "a program of 32 bits" "the compiler makes none: $(head -n 1 "$T/cc.log")"; fi

# Capabilities that would undo it.
for cap in CAP_SYS_PTRACE CAP_SYS_ADMIN CAP_PERFMON CAP_SYS_BOOT; do
	attack ".process.capabilities.bounding += [\"$cap\"]" /bin/guard
	is "$cap: refused" "$rc:$out" 1:
	like "$cap: by its name" "$err" "process\.capabilities: $cap lets the workload.*signals\.protect"
done
make_bundle "$T/b" "$docker_caps | $(args_filter /bin/sleep 100)"
jr --policy "$T/policy.json" run -d --bundle "$T/b" "jt-$$-x" >/dev/null 2>&1 </dev/null
jrun exec "jt-$$-x" true
is "exec (control)" "$rc" 0 || diag "$err"
jrun exec --cap CAP_SYS_PTRACE "jt-$$-x" true
like "exec: CAP_SYS_PTRACE, too" "$rc:$err" '^255:.*CAP_SYS_PTRACE lets the workload'
done_testing
