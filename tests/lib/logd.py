#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A log daemon of the tests: logd.py SOCKET FILE [deaf]

Binds the datagram socket and appends what comes to FILE: one JSON object for each datagram, {"pid": of the sender, "fields": of
journald's protocol, or "text": all else}. deaf: it never reads."""
import json
import os
import signal
import socket
import struct
import sys


def fields(data):
    """journald's native protocol, or None where it is not."""
    found, at = {}, 0
    while at < len(data):
        end = data.find(b"\n", at)
        if end < 0:
            return None
        key, eq, value = data[at:end].partition(b"=")
        at = end + 1
        if not eq:  # its length is before it
            if at + 8 > len(data):
                return None
            (size,) = struct.unpack_from("<Q", data, at)
            value = data[at + 8 : at + 8 + size]
            at += 8 + size
            if data[at : at + 1] != b"\n":
                return None
            at += 1
        if not key or not all(c in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_" for c in key):
            return None
        found[key.decode()] = value.decode()
    return found


def main():
    path, out = sys.argv[1:3]
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    if os.path.exists(path):
        os.unlink(path)
    sock.bind(path)
    os.chmod(path, 0o666)
    with open(out, "a", encoding="utf-8") as file:
        file.flush()
        if sys.argv[3:] == ["deaf"]:
            signal.pause()
        while True:
            data, ancillary, _, _ = sock.recvmsg(1 << 18, 256)
            pid = struct.unpack("iII", ancillary[0][2][:12])[0] if ancillary else None
            known = fields(data)
            file.write(json.dumps({"pid": pid, "fields": known} if known else {"pid": pid, "text": data.decode()}) + "\n")
            file.flush()


main()
