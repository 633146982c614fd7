#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""console.py SOCKET: listens there as containerd's shim and conmon do, takes one terminal by SCM_RIGHTS, and joins it to the
standard streams until its other end is closed. Prints "listening" on stderr when it may be connected to."""
import array
import os
import select
import socket
import sys

server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
server.bind(sys.argv[1])
server.listen(1)
print("listening", file=sys.stderr, flush=True)
conn, _ = server.accept()
data, ancillary, _, _ = conn.recvmsg(4096, socket.CMSG_SPACE(64))
fds = array.array("i")
for level, kind, payload in ancillary:
    if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
        fds.frombytes(payload[: len(payload) - len(payload) % fds.itemsize])
if len(fds) != 1:
    sys.exit(f"{len(fds)} fds came, not one")
print("name:", data.decode(errors="replace"), file=sys.stderr, flush=True)
master = fds[0]
inputs = [master, 0]
while master in inputs:
    for fd in select.select(inputs, [], [])[0]:
        try:
            chunk = os.read(fd, 4096)
        except OSError:  # EIO: the container's end is closed
            chunk = b""
        if not chunk:
            inputs.remove(fd)
        elif fd == master:
            os.write(1, chunk)
        else:
            os.write(master, chunk)
