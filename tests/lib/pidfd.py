#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pidfd.py SOCKET: listens there, takes a pidfd by SCM_RIGHTS, and prints the pid of the process that it names. Prints "listening"
before, when it may be connected to."""
import array
import socket
import sys

server = socket.socket(socket.AF_UNIX)
server.settimeout(20)
server.bind(sys.argv[1])
server.listen()
print("listening", flush=True)
conn, _ = server.accept()
_, control, _, _ = conn.recvmsg(64, socket.CMSG_SPACE(4))
fd = array.array("i", control[0][2])[0]
with open(f"/proc/self/fdinfo/{fd}", encoding="ascii") as f:
    print(next(line.split()[1] for line in f if line.startswith("Pid:")), flush=True)
