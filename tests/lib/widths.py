#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""widths.py TRACEFS BTF: compares jail/seccomp/widths_table.h with what this kernel says of its calls, and prints what differs.

TRACEFS/events/syscalls/sys_enter_*/format has the declared types of the arguments in the native ABI, BTF (/sys/kernel/btf/vmlinux) the sizes of
the types. The last line says how many calls were compared, and which of the kernel's the table lacks. The exit status is 1 when something differs.
"""
import glob
import importlib.util
import os
import platform
import re
import struct
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Where an entry's name is not its call's.
CALLS = {"newfstat": "fstat", "newstat": "stat", "newlstat": "lstat", "sendfile64": "sendfile", "newuname": "uname", "umount": "umount2",
         "fadvise64_64": "fadvise64", "arm64_personality": "personality"}
# Bytes behind the twelve that each type of BTF has, by kind: fixed, and for each member.
EXTRA = {1: (4, 0), 3: (12, 0), 4: (0, 12), 5: (0, 12), 6: (0, 8), 13: (0, 8), 14: (4, 0), 15: (0, 12), 17: (4, 0), 19: (0, 12)}
COMPILERS = {"unsigned": "unsigned int", "long": "long int", "unsigned long": "long unsigned int"}
POINTERS = ("cap_user_header_t", "cap_user_data_t", "__sighandler_t")
INT, ENUM, TYPEDEF = 1, 6, 8


def sizes_of(path):
    """{name of a type: bits}, of integers and what is one by another name (Documentation/bpf/btf.rst)."""
    with open(path, "rb") as f:
        data = f.read()
    _, _, _, head, types, length, strings, _ = struct.unpack_from("=HBBIIIII", data)
    entries = [("", 0, 0, 0)]
    at = head + types
    while at < head + types + length:
        name, info, size = struct.unpack_from("=III", data, at)
        kind = info >> 24 & 31
        start = head + strings + name
        entries.append((data[start:data.index(b"\0", start)].decode(), kind, size, len(entries)))
        fixed, each = EXTRA.get(kind, (0, 0))
        at += 12 + fixed + each * (info & 0xffff)
    sizes = {}
    for name, kind, size, _ in entries:
        of = kind
        while of == TYPEDEF or of in (9, 10, 11, 18):
            _, of, size, _ = entries[size]
        if name and of in (INT, ENUM) and kind in (INT, ENUM, TYPEDEF):
            sizes[("enum " if kind == ENUM else "") + name] = size * 8
    return sizes


def fields_of(path):
    with open(path, encoding="ascii") as f:
        for kind, name in re.findall(r"field:(.*?)\s*(\w+);", f.read().split("\n\n")[1]):
            if name != "__syscall_nr":
                yield re.sub(r"\bconst\s+", "", kind), name


def tables():
    """The table of the native ABI, {name: letters}."""
    with open(f"{TOP}/jail/seccomp/widths_table.h", encoding="ascii") as f:
        parts = re.findall(r"(\w+)_widths\[\] = \{(.*?)\};", f.read(), re.S)
    table = {}
    for abi, rows in parts:
        if abi in ("common", platform.machine()):
            table.update(re.findall(r'\{"(\w+)", "(\w*)"\}', rows))
    return table


def main():
    spec = importlib.util.spec_from_file_location("maker", f"{TOP}/jail/seccomp/widths.py")
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    sizes, table, lacks, compared, differ = sizes_of(sys.argv[2]), tables(), [], 0, 0
    for path in sorted(glob.glob(f"{sys.argv[1]}/events/syscalls/sys_enter_*/format")):
        entry = path.split("/")[-2][len("sys_enter_"):]
        call = CALLS.get(entry, entry)
        if call not in table:
            lacks.append(call)
            continue
        fields = list(fields_of(path))
        compared += 1
        if len(fields) != len(table[call]):
            print(f"{call}: {len(fields)} arguments, {len(table[call])} in the table")
            differ += 1
        for i, ((kind, name), letter) in enumerate(zip(fields, table[call])):
            pointer = "*" in kind or kind in POINTERS
            bits = 64 if pointer else sizes.get(COMPILERS.get(kind, kind), 0)
            if bits == {"h": 16, "i": 32, "l": 64}.get(letter):
                continue
            # What is declared as a long and taken as an int, by hand.
            if bits == 64 and maker.NARROWED.get(call, {}).get(i) == letter:
                continue
            print(f"{call}: argument {i}, {kind} {name}, has {bits} bits, and is {letter} in the table")
            differ += 1
    print(f"{compared} compared, not in the table: {' '.join(lacks) or '-'}")
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main()
