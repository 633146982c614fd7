#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The widths of arguments (jail/seccomp/widths_table.h) are those that the running kernel declares: tracefs has the types of its calls, BTF
# their sizes. tests/vm/widths.t runs it under other kernels.
. "$(dirname "$0")/../lib/common.sh" || exit 1
need_root
need_command python3 unshare

btf=/sys/kernel/btf/vmlinux
[ -e $btf ] || skip_all "this kernel has no BTF"
mkdir "$T/tracefs" "$T/formats"
# shellcheck disable=SC2016 # the inner shell expands
unshare -m sh -c 'mount -t tracefs tracefs "$1/tracefs" && cd "$1/tracefs" && cp --parents events/syscalls/sys_enter_*/format "$1/formats"' \
	sh "$T" 2>"$T/err" || skip_all "no formats of system calls: $(tail -n 1 "$T/err")"

compare() {
	run "$TOP_SRCDIR/tests/lib/widths.py" "$T/formats" $btf
}
compare
is "Linux $(uname -r): what it declares is in the table" "$rc" 0 || diag "$out" "$err"
diag "$(tail -n 1 <<<"$out")"
compared=${out%% *}
ok "most of its calls were compared" test "${compared:-0}" -ge 300

# wrong CALL SED ERE: what is changed in one format is found.
wrong() {
	local format=$T/formats/events/syscalls/sys_enter_$1/format
	cp "$format" "$T/kept"
	sed -i "$2" "$format"
	not_ok "$1: the format is another" cmp -s "$format" "$T/kept"
	compare
	like "$1: a difference is found (control)" "$rc $out" "^1 .*$3"
	cp "$T/kept" "$format"
}
wrong setreuid 's/field:uid_t euid/field:unsigned long euid/' 'setreuid: argument 1, unsigned long euid, has 64 bits, and is i'
wrong fchmodat 's/field:umode_t mode/field:int mode/' 'fchmodat: argument 2, int mode, has 32 bits, and is h'
wrong lseek 's/field:off_t offset/field:unsigned int offset/' 'lseek: argument 1, unsigned int offset, has 32 bits, and is l'
wrong kill '/field:int sig;/d' 'kill: 1 arguments, 2 in the table'
wrong close 's/field:unsigned int fd/field:no_such_t fd/' 'close: argument 0, no_such_t fd, has 0 bits'
compare
is "and nothing when it is as it was" "$rc" 0
done_testing
