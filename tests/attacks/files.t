#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ways to files that `files` does not name: by links, renames, handles, descriptors, mounts, io_uring, races. As root, with
# CAP_SYS_ADMIN, and in a user namespace; for the first program and for one by exec.
. "$(dirname "$0")/../lib/common.sh" || exit 1
. "$TOP_SRCDIR/tests/lib/bundle.sh"
. "$TOP_SRCDIR/tests/lib/attack.sh"
need_prog file_ways

# Each way has a file of its own; what the last round has made goes away.
fresh() {
	local way
	rm -rf "$T/b/rootfs/data" "$T/b/rootfs/work"
	mkdir -m 777 "$T/b/rootfs/data" "$T/b/rootfs/work"
	while read -r way; do echo SECRET >"$T/b/rootfs/data/$way"; done < <("$progs/file_ways" names)
	chmod 666 "$T/b/rootfs/data"/*
}
all=$("$progs/file_ways" names)
rules='"read": ["/bin/", "/proc/", "/work/"], "write": ["/proc/", "/work/"], "create": ["/work/"], "list": ["/work/", "/proc/"], "execute": ["/bin/"]'
strong_caps="$strong | .process.capabilities.bounding += [\"CAP_DAC_READ_SEARCH\", \"CAP_SYS_PACCT\"] |
	.process.capabilities.permitted = .process.capabilities.bounding | .process.capabilities.effective = .process.capabilities.bounding"

# The control: without the rules each of them gets there, but for what the kernel itself refuses to everybody.
fresh
attack '{}' "$(args_filter /bin/file_ways) | $strong_caps"
for way in $all; do
	case $way in
	executes_sealed_memfd | by_uring | by_bind_in_userns | by_tree | executes_by_tmpfs | accounts) continue ;; # where the host lets it
	esac
	like "without file rules $way gets there (control)" $'\n'"$out"$'\n' $'\n'"$way"$'\n' || diag "$err"
done

fresh
attack "{\"files\": {$rules}}" "$(args_filter /bin/file_ways)"
is "as root nothing does" "$rc:$out" 0:done || diag "$err"
for cap in SYS_ADMIN CHECKPOINT_RESTORE; do
	attack "{\"files\": {$rules}}" "$(args_filter /bin/file_ways) | .process.capabilities.bounding += [\"CAP_$cap\"]"
	like "CAP_$cap, which executes shared memory, does not go with execute" "$rc:$err" "^1:.*CAP_$cap lets the workload execute shared memory"
done
fresh
attack "{\"files\": {${rules%, \"execute\"*}}}" "$(args_filter /bin/file_ways) | $strong_caps"
is "with CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH nothing but to execute does" "$rc:$(grep -v '^executes' <<<"$out")" 0:done || diag "$err"
fresh
chown -Rh 100000:100000 "$T/b/rootfs"
attack "{\"files\": {$rules}}" "$(args_filter /bin/file_ways) | $in_userns | $strong"
is "in a user namespace neither" "$rc:$out" 0:done || diag "$err"
chown -Rh 0:0 "$T/b/rootfs"

# The workload puts a link in the place of a tree, and somebody executes a program in the container: the rules are about what lay there.
fresh
mkdir -p "$T/b/rootfs/in"
echo allowed >"$T/b/rootfs/in/file"
attack_start '{"files": {"read": ["/bin/", "/in/"], "write": []}}' "jt-$$-x" "$(sh_filter 'mv /in /was && ln -s data /in && exec sleep 100')"
ok "a workload has a tree lead elsewhere" eventually 10 test -L "$T/b/rootfs/in"
jrun exec "jt-$$-x" /bin/cat /in/plain
like "a program by exec does not get there" "$rc:$out:$err" "^1::.*can't open '/in/plain': Permission denied"
jrun exec "jt-$$-x" /bin/cat /was/file
is "what has been there may be read wherever it is" "$rc:$out" 0:allowed || diag "$err"
jrun exec "jt-$$-x" /bin/file_ways
unlike "of the ways that read or write, none gets anywhere by exec" $'\n'"$out"$'\n' $'\n(plain|by_[a-z_]*|writes[a-z_]*|truncates[a-z_]*)\n'
like "all of them were tried" "$out" 'done$'
done_testing
