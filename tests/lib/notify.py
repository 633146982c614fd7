#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A service manager: notify.py SOCKET FILE. Listens on SOCKET ("@name" is an abstract one) and appends each datagram to FILE
as a line of JSON: its text, and whether an fd came along. An fd is closed, which is the answer to BARRIER=1, unless
--deaf is given. Ends when its standard input does."""
import array
import json
import os
import select
import socket
import sys

path, log = sys.argv[1:3]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\0" + path[1:] if path[0] == "@" else path)
with open(log, "w") as f:
    print(json.dumps({"listening": True}), file=f, flush=True)
    while True:
        ready, _, _ = select.select([s, sys.stdin], [], [])
        if s in ready:
            data, control, _, _ = s.recvmsg(65536, 1024)
            fds = array.array("i")
            for level, kind, payload in control:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    fds.frombytes(payload)
            print(json.dumps({"text": data.decode(), "fds": len(fds)}), file=f, flush=True)
            if "--deaf" not in sys.argv:
                for fd in fds:
                    os.close(fd)
        elif not os.read(0, 1):
            break
