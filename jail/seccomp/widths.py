#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes jail/seccomp/widths_table.h: how many bits of each argument of each system call the kernel takes.

usage: widths.py TREE >jail/seccomp/widths_table.h

TREE is an unpacked kernel source, 6.11 or later. The committed table is of Debian's package linux-source-6.12, version
6.12.117-1~deb12u1:
	apt-get download linux-source-6.12 && dpkg-deb -x linux-source-6.12_*.deb . && tar -xJf usr/src/linux-source-6.12.tar.xz
	jail/seccomp/widths.py linux-source-6.12 >jail/seccomp/widths_table.h

An ABI's table of numbers says which entry a name leads to; the entry's SYSCALL_DEFINEn says the types. The wrapper that the macro
makes casts each register to its type before anything looks at it. A type, an entry or a difference that is not known here ends the
program: a guess would be a hole.
"""
import os
import re
import sys

# One letter an argument: h 16 bits, i 32, l 64; e: 32 or 64, by what the call is for.
TYPES = {
    "h": "umode_t compat_mode_t old_uid_t old_gid_t",
    "i": "int unsigned u32 __u32 __s32 uid_t gid_t pid_t qid_t clockid_t timer_t mqd_t rwf_t key_t key_serial_t landlock_rule_type "
         "compat_size_t compat_ssize_t compat_ulong_t compat_long_t compat_pid_t compat_off_t compat_uptr_t compat_aio_context_t",
    "l": "long size_t loff_t off_t __u64 aio_context_t __sighandler_t old_sigset_t cap_user_header_t cap_user_data_t",
}
WIDTH = {name: letter for letter, names in TYPES.items() for name in names.split()}

# What is declared as a long, and taken as an int further down. Both of `e` can be true: it is by the command, or those who count
# in an int see no more than a few.
NARROWED = {
    "clone": {0: "i"},  # lower_32_bits
    "mbind": {2: "i"},  # int lmode = mode
    "mmap": {2: "e", 3: "e", 4: "i"},  # no bits of prot and flags are above; fget takes an unsigned int
    "mount": {3: "e"},  # no flags are above
    "ptrace": {1: "i"},  # find_get_task_by_vpid takes a pid_t
    # fdget takes an unsigned int, and so does import_iovec.
    "readv": {0: "i", 2: "e"}, "writev": {0: "i", 2: "e"},
    "preadv": {0: "i", 2: "e"}, "pwritev": {0: "i", 2: "e"}, "preadv2": {0: "i", 2: "e"}, "pwritev2": {0: "i", 2: "e"},
    "process_madvise": {2: "e"}, "vmsplice": {2: "e"},
    "process_vm_readv": {2: "e", 4: "e"}, "process_vm_writev": {2: "e", 4: "e"},
    # By the command.
    "fcntl": {2: "e"}, "ioctl": {2: "e"}, "semctl": {3: "e"}, "sysfs": {1: "e"}, "futex": {3: "e"}, "kcmp": {3: "e", 4: "e"},
    "prctl": {1: "e", 2: "e", 3: "e", 4: "e"}, "keyctl": {1: "e", 2: "e", 3: "e", 4: "e"},
}

# ABI: table, which of its rows, folders of arch/ that may define entries, whether arguments are registers of 32 bits.
ABIS = {
    "x86_64": ("arch/x86/entry/syscalls/syscall_64.tbl", "common 64", "x86", False),
    "aarch64": ("arch/arm64/tools/syscall_64.tbl", "common 64 renameat rlimit memfd_secret", "arm64", False),
    "x32": ("arch/x86/entry/syscalls/syscall_64.tbl", "common x32", "x86", False),
    "i386": ("arch/x86/entry/syscalls/syscall_32.tbl", "i386", "x86", True),
    "arm": ("arch/arm64/tools/syscall_32.tbl", "common oabi eabi", "arm64", True),
}
# Numbers without a call on a kernel of the host family.
ABSENT = {"arm": {"pciconfig_iobase"}}
DEFINE = re.compile(r"^(?:COMPAT_SYSCALL|SYSCALL32|SYSCALL)_DEFINE([0-6])\s*\(([^)]*)\)", re.M)


def die(text):
    sys.exit(f"widths.py: {text}")


def letter(kind, where):
    if "*" in kind:
        return "l"
    words = [w for w in kind.split() if w not in ("const", "enum", "__user")]
    if words in (["unsigned", "int"], ["unsigned", "long"]):
        words = words[1:]
    if len(words) != 1 or words[0] not in WIDTH:
        die(f"{where}: the width of '{kind}' is not known; add it to TYPES")
    return WIDTH[words[0]]


def definitions(tree):
    """{entry: {folder of arch/ or "": set of widths}}"""
    found = {}
    for folder, _, files in os.walk(tree):
        parts = os.path.relpath(folder, tree).split(os.sep)
        arch = parts[1] if parts[0] == "arch" and len(parts) > 1 else ""
        if arch not in ("", "x86", "arm64") or parts[0] in ("tools", "Documentation", "samples"):
            continue
        for name in files:
            if not name.endswith(".c"):
                continue
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8", errors="replace") as f:
                text = f.read()
            if "_DEFINE" not in text:
                continue
            text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
            text = re.sub(r"\b(?:compat_arg_u64(?:_dual)?|arg_u32p|SC_ARG64)\((\w+)\)", r"u32, \1_a, u32, \1_b", text)
            for m in DEFINE.finditer(text):
                words = [" ".join(w.split()) for w in m.group(2).split(",")]
                entry = ("compat_sys_" if m.group(0).startswith(("COMPAT", "SYSCALL32")) else "sys_") + words[0]
                kinds = [w for w in words[1:] if w][::2]
                widths = "".join(letter(k, f"{path}: {entry}") for k in kinds)
                found.setdefault(entry, {}).setdefault(arch, set()).add(widths)
    return found


def rows(tree, abi):
    """(name, entry) of each call of an ABI."""
    table, wanted, _, narrow = ABIS[abi]
    path = os.path.join(tree, table)
    if os.path.getsize(path) < 100:  # a link that was unpacked as a file
        path = os.path.join(tree, "scripts/syscall.tbl")
    with open(path, encoding="utf-8") as f:
        for line in f:
            words = line.split("#")[0].split()
            if len(words) < 4 or words[1] not in wanted.split():
                continue
            entry = words[4] if narrow and len(words) > 4 and words[4] != "-" else words[3]
            if entry != "sys_ni_syscall" and words[2] not in ABSENT.get(abi, ()):
                yield words[2], entry


def widths_of(found, abi, name, entry):
    arch = found.get(entry) or die(f"{abi}: {name}: no definition of {entry}")
    sets = arch.get(ABIS[abi][2]) or arch.get("")
    if not sets:  # a number without a call: its one definition is another architecture's
        return None
    # Variants by configuration: of 32-bit ABIs it only matters where there is less than a register.
    sets = {w.replace("l", "i") for w in sets} if ABIS[abi][3] else set(sets)
    if name == "clone":
        sets.discard("lliiii" if ABIS[abi][3] else "llilll")  # CONFIG_CLONE_BACKWARDS3, of microblaze
    if len({w.replace("i", "") for w in sets} if ABIS[abi][3] else sets) != 1:
        die(f"{abi}: {name}: {entry} is defined as {sorted(sets)}")
    result = list(max(sets, key=len))
    for index, by in NARROWED.get(name, {}).items() if not ABIS[abi][3] else ():
        if result[index] == "l":
            result[index] = by
    return "".join(result)


def put(name, calls):
    print(f"static const struct call_widths {name}[] = {{")
    line = "   "
    for call, widths in sorted(calls.items()):
        word = f' {{"{call}", "{widths}"}},'
        if len(line.expandtabs(8)) + len(word) > 120:
            print(line)
            line = "   "
        line += word
    print(line + "\n};")


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    tree = sys.argv[1]
    found = definitions(tree)
    tables = {abi: {n: w for n, e in rows(tree, abi) if (w := widths_of(found, abi, n, e)) is not None} for abi in ABIS}
    for abi, (_, _, _, narrow) in ABIS.items():
        if len(tables[abi]) < 300:
            die(f"{abi}: only {len(tables[abi])} calls")
        if narrow:
            tables[abi] = {n: w for n, w in tables[abi].items() if "h" in w}
    common = {n: w for n, w in tables["x86_64"].items() if tables["aarch64"].get(n, w) == w}
    common.update({n: w for n, w in tables["aarch64"].items() if n not in tables["x86_64"]})
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* Made by jail/seccomp/widths.py, which says from what: change that, not this.")
    print(" *")
    print(" * A letter an argument: h 16 bits, i 32, l 64, e 32 or 64. The calls of x86_64 and aarch64, then what differs in an ABI;")
    print(" * of those with registers of 32 bits the calls that take less of one. */")
    print("/* clang-format off */")
    put("common_widths", common)
    for abi in ABIS:
        calls = tables[abi] if ABIS[abi][3] else {n: w for n, w in tables[abi].items() if common.get(n) != w}
        if calls:
            put(f"{abi}_widths", calls)
    print("/* clang-format on */")


if __name__ == "__main__":
    main()
